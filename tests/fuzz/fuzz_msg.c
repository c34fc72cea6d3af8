/* SPDX-License-Identifier: ISC */
/* fuzz_msg - payloads of every message but listings; the first byte says which. What was decoded is encoded again. */
#include "config.h"
#include "proto/line.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRY(number, word, type)                                                                                \
    if (size && data[0] == (number)) {                                                                         \
        struct type m;                                                                                         \
        if (sl_##word##_decode(&r, &m, NULL) == SL_OK)                                                         \
            sl_##word##_encode(&b, &m);                                                                        \
    }

/* What is a set can be read to its end, ACLs too. */
static void set(const uint8_t *data, size_t size)
{
    struct sl_attrs_rd r;
    struct sl_acl_rd acl;
    struct sl_attr a;
    struct sl_acl_entry e;
    struct sl_attrs_brief brief;
    if (!sl_attrs_ok(data, size))
        return;
    sl_attrs_brief(&brief, data, size);
    sl_attrs_open(&r, data, size);
    while (sl_attrs_next(&r, &a)) {
        sl_acl_open(&acl, &a);
        while (sl_attr_is_acl(a.name, a.name_len) && sl_acl_next(&acl, &e)) {
        }
    }
    if (r.p != r.end)
        abort();
}

static void chunk_list(const uint8_t *data, size_t size)
{
    struct sl_msg_chunked m = { .last = size & 1 };
    struct sl_chunk_record c;
    struct sl_rd r;
    sl_r_init(&r, data, size);
    if (sl_chunked_decode(&r, &m, NULL) == SL_OK)
        while (sl_r_left(&r) && sl_chunk_record_next(&r, &(struct sl_chunk_form){ size & 2 ? SL_CHUNKS_GRID | (size & 4 ? SL_CHUNKS_MARKS : 0u) : 0, 4u + (unsigned)(size % 5) }, &c, NULL) == SL_OK) {
        }
}

static void records(const uint8_t *data, size_t size)
{
    char name[SL_NAME_MAX + 1] = "";
    struct sl_content content;
    struct sl_msg_put put;
    struct sl_entry_codec *codec = sl_entry_codec_new();
    uint32_t id;
    struct sl_rd r;
    sl_r_init(&r, data, size);
    r.hash_len = size & 1 ? 32 : 16;
    while (sl_content_decode(&r, &content, NULL) == SL_OK) {
    }
    sl_r_init(&r, data, size);
    for (size_t len; sl_read_open(&r, &id) == SL_OK && sl_read_next(&r, name, &len) == SL_OK;) {
    }
    for (int type = SL_MSG_PUT; type <= SL_MSG_SET_META + 1; type++) {
        sl_r_init(&r, data, size);
        r.hash_len = size & 1 ? 32 : 16;
        (void)sl_put_decode(&r, codec, type > SL_MSG_SET_META ? SL_MSG_JOIN : (enum sl_msg)type, &put, NULL);
    }
    sl_entry_codec_free(codec);
}

/* RESERVE and STAGE_IN. */
static void number(const uint8_t *data, size_t size)
{
    struct sl_buf b = { 0 };
    struct sl_rd r;
    uint64_t len;
    uint32_t id;
    sl_r_init(&r, data + (size > 0), size - (size > 0));
    if (size && data[0] == 28 && sl_reserve_decode(&r, &len, NULL) == SL_OK)
        sl_reserve_encode(&b, &len);
    if (size && data[0] == 29 && sl_stage_in_decode(&r, &id, NULL) == SL_OK)
        sl_stage_in_encode(&b, &id);
    if (sl_buf_len(&b) && (sl_buf_len(&b) != size - 1 || memcmp(sl_buf_ptr(&b), data + 1, size - 1) != 0))
        abort();
    sl_buf_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sl_buf b = { 0 };
    struct sl_rd r;
    sl_r_init(&r, data + (size > 0), size - (size > 0));
    TRY(0, attach, sl_msg_attach)
    TRY(1, attached, sl_msg_attached)
    TRY(2, list_request, sl_msg_list)
    TRY(3, open, sl_msg_open)
    TRY(4, remove, sl_msg_remove)
    TRY(5, owner, sl_msg_owner)
    TRY(6, name, sl_msg_name)
    TRY(7, fail, sl_msg_fail)
    TRY(8, owner_is, sl_msg_owner_is)
    TRY(9, hash_is, sl_msg_hash_is)
    TRY(10, module, sl_msg_module)
    TRY(11, basis, sl_msg_basis)
    TRY(12, copy, sl_msg_copy)
    TRY(16, kept_in, sl_msg_kept_in)
    TRY(13, chunks, sl_msg_chunks)
    TRY(14, read_ranges, sl_msg_read_ranges)
    TRY(15, steer, sl_steer)
    TRY(16, line, sl_line_view)
    TRY(17, part, sl_msg_part)
    TRY(18, drop, sl_msg_drop)
    TRY(19, move, sl_msg_move)
    TRY(20, statfs, sl_msg_statfs)
    TRY(21, statfs_is, sl_msg_statfs_is)
    TRY(22, attrs, sl_msg_attrs)
    TRY(23, get_attrs, sl_msg_get_attrs)
    TRY(24, attrs_are, sl_msg_attrs_are)
    if (size && data[0] == 22)
        set(data + 1, size - 1);
    TRY(25, backup, sl_msg_backup)
    TRY(26, read_some, sl_msg_read_some)
    TRY(27, release, sl_msg_release)
    number(data, size);
    if (size && data[0] == 15)
        chunk_list(data + 1, size - 1);
    if (size && data[0] > 24)
        records(data + 1, size - 1);
    sl_buf_clear(&b);
    return 0;
}

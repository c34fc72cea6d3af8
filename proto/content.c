/* SPDX-License-Identifier: ISC */
/* content - the records of CONTENT, and the requests that make or change an entry. */
#include "config.h"
#include "proto/msg.h"

#include <string.h>

/* ---- CONTENT ---- */

size_t sl_content_head(uint8_t *p, enum sl_content_kind kind, size_t len)
{
    p[0] = (uint8_t)kind;
    return 1 + sl_uv_put(p + 1, len);
}

void sl_content_put_hole(struct sl_buf *b, uint64_t len)
{
    sl_w_u8(b, SL_CONTENT_HOLE);
    sl_w_uv(b, len);
}

void sl_content_put_end(struct sl_buf *b, uint8_t flags, const uint8_t *hash, size_t hash_len, uint64_t version)
{
    sl_w_u8(b, SL_CONTENT_END);
    sl_w_u8(b, flags);
    sl_w_hash(b, hash, hash_len);
    if (flags & SL_CONTENT_VERSION)
        sl_w_u64(b, version);
}

void sl_content_put_failed(struct sl_buf *b, enum sl_code code, const char *text)
{
    size_t len = strlen(text);
    sl_w_u8(b, SL_CONTENT_FAILED);
    sl_w_code(b, code);
    sl_w_bs(b, text, len < SL_TEXT_MAX ? len : SL_TEXT_MAX);
}

static void read_end(struct sl_rd *r, struct sl_content *c)
{
    c->flags = sl_r_u8(r);
    c->hash = sl_r_hash(r);
}

enum sl_code sl_content_decode(struct sl_rd *r, struct sl_content *out, struct sl_error *err)
{
    uint8_t kind = sl_r_u8(r);
    struct sl_content got = { .kind = (enum sl_content_kind)kind };
    switch (kind) {
    case SL_CONTENT_DATA:
        got.data = sl_r_bs(r, SL_FRAME_MAX, &got.len);
        break;
    case SL_CONTENT_WHOLE:
        got.data = sl_r_bs(r, SL_FRAME_MAX, &got.len);
        read_end(r, &got);
        break;
    case SL_CONTENT_HOLE:
        got.hole = sl_r_uv(r, INT64_MAX);
        if (got.hole == 0)
            r->bad = true;
        break;
    case SL_CONTENT_END:
        read_end(r, &got);
        if (got.flags & SL_CONTENT_VERSION)
            got.version = sl_r_u64(r);
        break;
    case SL_CONTENT_FAILED:
        got.code = sl_r_code(r);
        got.text = (const char *)sl_r_bs(r, SL_TEXT_MAX, &got.text_len);
        break;
    default:
        r->bad = true;
    }
    if (!sl_r_ok(r))
        return sl_fail(err, SL_E_PROTOCOL, "a record of a file's content is malformed");
    *out = got;
    return SL_OK;
}

/* ---- PUT, WRITE, MKDIR, SYMLINK, MKNOD, SET_META ---- */

enum { PUT_FLAGS = SL_PUT_REPLACE | SL_PUT_SPARSE | SL_PUT_UNKEPT | SL_PUT_PARTIAL | SL_PUT_INPLACE | SL_PUT_FSYNC |
                 SL_PUT_HOLD };

void sl_put_encode(struct sl_buf *b, struct sl_entry_codec *c, const struct sl_msg_put *m)
{
    sl_w_uv(b, m->id);
    sl_w_u8(b, (uint8_t)m->meta);
    sl_w_u8(b, (uint8_t)m->flags);
    sl_entry_encode(c, b, &m->entry);
    if (m->hash)
        sl_w_hash(b, m->hash, m->hash_len);
    if (m->token)
        sl_w_raw(b, m->token, SL_TOKEN_LEN);
}

/* Which types of entry a request of the family is for. */
static bool type_fits(enum sl_msg request, enum sl_type type)
{
    switch (request) {
    case SL_MSG_PUT:
    case SL_MSG_WRITE:
    case SL_MSG_JOIN:
        return type == SL_TYPE_FILE;
    case SL_MSG_MKDIR:
        return type == SL_TYPE_DIR;
    case SL_MSG_SYMLINK:
        return type == SL_TYPE_LINK;
    case SL_MSG_MKNOD:
        return type >= SL_TYPE_CHAR;
    default:
        return true;
    }
}

static enum sl_code put_fault(struct sl_error *err)
{
    return sl_fail(err, SL_E_PROTOCOL, "a request that makes or changes an entry is malformed");
}

enum sl_code sl_put_decode(struct sl_rd *r, struct sl_entry_codec *c, enum sl_msg type, struct sl_msg_put *m,
                           struct sl_error *err)
{
    struct sl_msg_put got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.meta = sl_r_u8(r);
    got.flags = sl_r_u8(r);
    if (!sl_r_ok(r) || got.meta > SL_META_ALL || got.flags & ~(unsigned)PUT_FLAGS)
        return put_fault(err);
    enum sl_code rc = sl_entry_decode(c, r, &got.entry, type == SL_MSG_SET_META, err);
    if (rc != SL_OK)
        return rc;
    if (type == SL_MSG_PUT) {
        got.hash = sl_r_hash(r);
        got.data_len = sl_r_left(r);
        got.data = sl_r_raw(r, got.data_len);
    }
    if (type == SL_MSG_JOIN)
        got.token = sl_r_token(r);
    if (!sl_r_done(r) || !type_fits(type, got.entry.type) || got.data_len > SL_PUT_MAX)
        return put_fault(err);
    *m = got;
    return SL_OK;
}

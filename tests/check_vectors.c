/* SPDX-License-Identifier: ISC */
/*
 * check_vectors - the bytes of tests/vectors are decoded and encoded again: what doc/PROTOCOL.md says and what the code
 * does are the same. A file is hex bytes; '#' begins a comment that ends with its line.
 */
#include "config.h"
#include "proto/msg.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next character that is neither space nor comment, or EOF. */
static int next_char(FILE *f)
{
    int c = getc(f);
    while (c == '#' || isspace(c)) {
        if (c == '#')
            while (c != '\n' && c != EOF)
                c = getc(f);
        else
            c = getc(f);
    }
    return c;
}

static void load(const char *name, struct sl_buf *b)
{
    char path[4096];
    const char *dir = getenv("srcdir");
    snprintf(path, sizeof path, "%s/tests/vectors/%s.hex", dir ? dir : ".", name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "cannot open '%s'", path);
    for (int c = next_char(f); c != EOF; c = next_char(f)) {
        char digits[3] = { (char)c, (char)getc(f), '\0' };
        if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1]))
            ck_abort_msg("'%s' has '%s'", path, digits);
        sl_w_u8(b, (uint8_t)strtoul(digits, NULL, 16));
    }
    fclose(f);
}

/* ---- payloads ---- */

#define PASS(word, type)                                                                                       \
    static enum sl_code pass_##word(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)                  \
    {                                                                                                          \
        struct type m;                                                                                         \
        enum sl_code rc = sl_##word##_decode(r, &m, err);                                                      \
        if (rc == SL_OK)                                                                                       \
            sl_##word##_encode(out, &m);                                                                       \
        return rc;                                                                                             \
    }
#define PASS_NUMBER(word, type)                                                                                 \
    static enum sl_code pass_##word(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)                  \
    {                                                                                                          \
        type m;                                                                                                \
        enum sl_code rc = sl_##word##_decode(r, &m, err);                                                      \
        if (rc == SL_OK)                                                                                       \
            sl_##word##_encode(out, &m);                                                                       \
        return rc;                                                                                             \
    }
PASS(attach, sl_msg_attach)
PASS(attached, sl_msg_attached)
PASS(list_request, sl_msg_list)
PASS(open, sl_msg_open)
PASS(backup, sl_msg_backup)
PASS(release, sl_msg_release)
PASS_NUMBER(reserve, uint64_t)
PASS_NUMBER(stage_in, uint32_t)
PASS(remove, sl_msg_remove)
PASS(owner, sl_msg_owner)
PASS(name, sl_msg_name)
PASS(fail, sl_msg_fail)
PASS(owner_is, sl_msg_owner_is)
PASS(hash_is, sl_msg_hash_is)
PASS(module, sl_msg_module)
PASS(basis, sl_msg_basis)
PASS(copy, sl_msg_copy)
PASS(kept_in, sl_msg_kept_in)
PASS(part, sl_msg_part)
PASS(drop, sl_msg_drop)
PASS(move, sl_msg_move)
PASS(statfs_is, sl_msg_statfs_is)
PASS(attrs, sl_msg_attrs)
PASS(get_attrs, sl_msg_get_attrs)
PASS(attrs_are, sl_msg_attrs_are)

static enum sl_code pass_keep(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    uint64_t n = sl_r_uv(r, INT64_MAX);
    if (!sl_r_done(r))
        return sl_fail(err, SL_E_PROTOCOL, "malformed");
    sl_w_uv(out, n);
    return SL_OK;
}

static void pass_ranges(struct sl_rd ranges, struct sl_buf *out)
{
    uint64_t in_end = 0, out_end = 0, at, len;
    while (sl_range_next(&ranges, &in_end, &at, &len))
        sl_range_add(out, &out_end, at, len);
}

static enum sl_code pass_chunks(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    struct sl_msg_chunks m;
    enum sl_code rc = sl_chunks_decode(r, &m, err);
    if (rc != SL_OK)
        return rc;
    sl_chunks_encode(out, &m);
    pass_ranges(m.ranges, out);
    return SL_OK;
}

static enum sl_code pass_read_ranges(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    struct sl_msg_read_ranges m;
    enum sl_code rc = sl_read_ranges_decode(r, &m, err);
    if (rc != SL_OK)
        return rc;
    sl_read_ranges_encode(out, &m);
    pass_ranges(m.ranges, out);
    return SL_OK;
}

static enum sl_code pass_read_some(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    struct sl_msg_read_some m;
    enum sl_code rc = sl_read_some_decode(r, &m, err);
    if (rc != SL_OK)
        return rc;
    uint64_t in_end = m.from, out_end = m.from, at, len;
    sl_read_some_encode(out, &m);
    while (sl_range_next(&m.ranges, &in_end, &at, &len))
        sl_range_add(out, &out_end, at, len);
    return SL_OK;
}

/* A last frame, with hashes of 5 bytes. */
static enum sl_code pass_list(struct sl_rd *r, struct sl_buf *out, unsigned flags, struct sl_error *err)
{
    const struct sl_chunk_form form = { flags, 5 };
    struct sl_msg_chunked m = { .last = true };
    struct sl_chunk_record c;
    enum sl_code rc = sl_chunked_decode(r, &m, err);
    if (rc == SL_OK)
        sl_chunked_encode(out, &m);
    while (rc == SL_OK && sl_r_left(r) && (rc = sl_chunk_record_next(r, &form, &c, err)) == SL_OK)
        sl_chunk_record_put(out, &c, &form);
    return rc;
}

static enum sl_code pass_chunked(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    return pass_list(r, out, 0, err);
}

static enum sl_code pass_chunked_grid(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    return pass_list(r, out, SL_CHUNKS_GRID, err);
}

static enum sl_code pass_chunked_marks(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    return pass_list(r, out, SL_CHUNKS_GRID | SL_CHUNKS_MARKS, err);
}

static enum sl_code pass_read(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    char name[SL_NAME_MAX + 1] = "", before[SL_NAME_MAX + 1] = "";
    uint32_t id = 0;
    size_t len = 0, before_len = 0;
    enum sl_code rc = sl_read_open(r, &id);
    (void)err;
    sl_read_begin(out, id);
    while (rc == SL_OK && (rc = sl_read_next(r, name, &len)) == SL_OK) {
        sl_read_add(out, before, before_len, name, len);
        memcpy(before, name, sizeof before);
        before_len = len;
    }
    return rc == SL_EOF ? SL_OK : rc;
}

static enum sl_code pass_records(struct sl_rd *r, struct sl_buf *out, bool times, struct sl_error *err)
{
    struct sl_entry_codec *enc = sl_entry_codec_new(), *dec = sl_entry_codec_new();
    struct sl_list_record m;
    enum sl_code rc = SL_OK;
    while (!sl_r_done(r) && (rc = sl_list_decode(dec, r, &m, err)) == SL_OK) {
        char text[100] = "";
        if (m.kind == SL_LIST_ENTRY) {
            sl_list_put_entry(out, enc, &m.entry);
            sl_list_put_attrs(enc, out, &m.entry.attrs);
            if (times && m.entry.type != SL_TYPE_DIR)
                sl_list_put_atime(out, &m.entry);
        } else if (m.kind == SL_LIST_END)
            sl_list_put_end(out);
        else
            sl_list_put_error(out, m.code, m.name, m.name_len, memcpy(text, m.text, m.text_len));
    }
    sl_entry_codec_free(enc);
    sl_entry_codec_free(dec);
    return rc;
}

static enum sl_code pass_listed(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    return pass_records(r, out, false, err);
}

static enum sl_code pass_listed_attrs(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    return pass_records(r, out, true, err);
}

static void put_content(struct sl_buf *out, const struct sl_content *m)
{
    uint8_t head[SL_CONTENT_HEAD];
    char text[100] = "";
    switch (m->kind) {
    case SL_CONTENT_DATA:
    case SL_CONTENT_WHOLE:
        sl_w_raw(out, head, sl_content_head(head, m->kind, m->len));
        sl_w_raw(out, m->data, m->len);
        if (m->kind == SL_CONTENT_WHOLE) {
            sl_w_u8(out, m->flags);
            sl_w_raw(out, m->hash, SL_HASH_LEN);
        }
        break;
    case SL_CONTENT_HOLE:
        sl_content_put_hole(out, m->hole);
        break;
    case SL_CONTENT_END:
        sl_content_put_end(out, m->flags, m->hash, 0, m->version);
        break;
    case SL_CONTENT_FAILED:
        sl_content_put_failed(out, m->code, memcpy(text, m->text, m->text_len));
        break;
    }
}

static enum sl_code pass_content(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    struct sl_content m;
    enum sl_code rc = SL_OK;
    while (!sl_r_done(r) && (rc = sl_content_decode(r, &m, err)) == SL_OK)
        put_content(out, &m);
    return rc;
}

static enum sl_code pass_family(struct sl_rd *r, struct sl_buf *out, enum sl_msg type, struct sl_error *err)
{
    struct sl_entry_codec *enc = sl_entry_codec_new(), *dec = sl_entry_codec_new();
    struct sl_msg_put m = { 0 };
    enum sl_code rc = sl_put_decode(r, dec, type, &m, err);
    if (rc == SL_OK) {
        sl_put_encode(out, enc, &m);
        sl_w_raw(out, m.data, m.data_len);
    }
    sl_entry_codec_free(enc);
    sl_entry_codec_free(dec);
    return rc;
}

static enum sl_code pass_put(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    return pass_family(r, out, SL_MSG_PUT, err);
}

static enum sl_code pass_join(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    return pass_family(r, out, SL_MSG_JOIN, err);
}

static enum sl_code pass_set_meta(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    return pass_family(r, out, SL_MSG_SET_META, err);
}

static enum sl_code pass_steer(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    struct sl_steer m;
    enum sl_code rc = sl_steer_decode(r, &m, err);
    if (rc == SL_OK)
        sl_steer_encode(out, &m);
    return rc;
}

static enum sl_code pass_line(struct sl_rd *r, struct sl_buf *out, struct sl_error *err)
{
    struct sl_line_view m;
    enum sl_code rc = sl_line_decode(r, &m, err);
    if (rc == SL_OK)
        sl_line_encode(out, &m);
    return rc;
}

static const struct { const char *file; enum sl_code (*pass)(struct sl_rd *, struct sl_buf *, struct sl_error *); } payloads[] = {
    { "attach", pass_attach },     { "attached", pass_attached }, { "list", pass_list_request }, { "open-dir", pass_open },
    { "remove", pass_remove },     { "remove-as", pass_remove },     { "owner", pass_owner },       { "owner-is", pass_owner_is }, { "owner-is-not", pass_owner_is },
    { "hash", pass_name },         { "hash-is", pass_hash_is },   { "fail", pass_fail },         { "module", pass_module },
    { "read", pass_read },         { "listed", pass_listed },     { "content", pass_content },   { "put", pass_put },         { "put-fsync", pass_put },
    { "set-meta", pass_set_meta }, { "chunks", pass_chunks },     { "chunked", pass_chunked }, { "chunks-grid", pass_chunks }, { "chunked-grid", pass_chunked_grid }, { "chunks-marks", pass_chunks }, { "chunked-marks", pass_chunked_marks },   { "read-ranges", pass_read_ranges },
    { "basis", pass_basis },       { "copy", pass_copy },         { "keep", pass_keep },
    { "kept-in", pass_kept_in },   { "attach-sha256", pass_attach }, { "attach-fake", pass_attach }, { "steer", pass_steer }, { "line", pass_line },
    { "part", pass_part },         { "join", pass_join },         { "drop", pass_drop },         { "link", pass_move },         { "statfs-is", pass_statfs_is },         { "content-version", pass_content },
    { "list-links", pass_list_request }, { "listed-links", pass_listed }, { "listed-mounts", pass_listed }, { "listed-devices", pass_listed },
    { "attrs", pass_attrs },       { "get-attrs", pass_get_attrs }, { "attrs-are", pass_attrs_are }, { "listed-attrs", pass_listed_attrs },
    { "backup", pass_backup },     { "read-some", pass_read_some },
    { "release", pass_release },
    { "reserve", pass_reserve },     { "stage-in", pass_stage_in },
};

START_TEST(payload)
{
    struct sl_buf in = { 0 }, out = { 0 };
    struct sl_rd r;
    struct sl_error err = { 0 };
    load(payloads[_i].file, &in);
    sl_r_init(&r, sl_buf_ptr(&in), sl_buf_len(&in));
    ck_assert_msg(payloads[_i].pass(&r, &out, &err) == SL_OK, "%s: %s", payloads[_i].file, err.text);
    ck_assert_uint_eq(sl_buf_len(&in), sl_buf_len(&out));
    ck_assert_mem_eq(sl_buf_ptr(&in), sl_buf_ptr(&out), sl_buf_len(&in));
    sl_buf_clear(&in);
    sl_buf_clear(&out);
}
END_TEST

/* ---- frames ---- */

static enum sl_code refuse(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    (void)ctx;
    return sl_fail(err, SL_E_PROTOCOL, "unexpected frame of type %u", f->type);
}

static const struct sl_conn_ops ops = { .frame = refuse };

static void check_output(struct sl_conn *c, const char *file)
{
    struct sl_buf want = { 0 };
    size_t len = 0;
    const uint8_t *p = sl_conn_output(c, &len);
    load(file, &want);
    ck_assert_uint_eq(len, sl_buf_len(&want));
    ck_assert_mem_eq(p, sl_buf_ptr(&want), len);
    sl_buf_clear(&want);
}

static enum sl_code feed(struct sl_conn *c, const char *file, struct sl_error *err)
{
    struct sl_buf in = { 0 };
    load(file, &in);
    enum sl_code rc = sl_conn_feed(c, sl_buf_ptr(&in), sl_buf_len(&in), err);
    sl_buf_clear(&in);
    return rc;
}

START_TEST(greetings)
{
    static const char *const features[] = { "zlib", NULL }, *const none[] = { NULL };
    struct sl_hello client = { 1, 1, 262144, 8388608, 0, "superlifter 0.1", features, true, "0123456789abcde" };
    struct sl_hello server = { 1, 1, 262144, 8388608, 4096, "server 0.1", none, false, { 0 } };
    struct sl_error err = { 0 };
    struct sl_conn *c = sl_conn_new(SL_ROLE_CLIENT, &client, 6, &ops, NULL);
    struct sl_conn *s = sl_conn_new(SL_ROLE_SERVER, &server, 0, &ops, NULL);
    check_output(c, "client-hello");
    ck_assert_int_eq(feed(s, "client-hello", &err), SL_OK);
    ck_assert_int_eq(feed(s, "ping", &err), SL_OK);
    check_output(s, "server-hello");
    ck_assert_int_eq(feed(c, "server-hello", &err), SL_OK);
    ck_assert_uint_eq(sl_conn_peer(c)->dirs_max, 4096);
    ck_assert_str_eq(sl_conn_peer(c)->program, "server 0.1");
    ck_assert_int_eq(feed(c, "error", &err), SL_E_LIMIT);
    ck_assert_str_eq(err.text, "busy");
    sl_conn_free(c);
    sl_conn_free(s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vectors");
    TCase *t = tcase_create("vectors");
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, payload, 0, (int)(sizeof payloads / sizeof *payloads));
    tcase_add_test(t, greetings);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

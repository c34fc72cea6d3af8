/* SPDX-License-Identifier: ISC */
/* listing - the records of LISTED that are no entries, and the names of READ. */
#include "config.h"
#include "proto/msg.h"
#include "proto/prefix.h"

#include <string.h>

/* First bytes of records. Entries have their type in the three low bits, which are 0 here. */
enum { TYPE_BITS = 0x07, RECORD_END = 0x00, RECORD_ERROR = 0x08, RECORD_LINK = 0x10, RECORD_ATTRS = 0x18, RECORD_TIMES = 0x20, RECORD_MOUNT = 0x28, RECORD_DEVICE = 0x30 };
enum { NAMES_LEAST = 2 };
/* What stands in ATTRS in the place of a length: no set is so short. */
enum { ATTRS_SAME = 0, ATTRS_UNKNOWN = 1, ATTRS_LEAST = 3, NS_MAX = 999999999 };

void sl_list_put_entry(struct sl_buf *b, struct sl_entry_codec *c, const struct sl_entry *e)
{
    sl_entry_encode(c, b, e);
    if (e->mount && e->type == SL_TYPE_DIR)
        sl_w_u8(b, RECORD_MOUNT);
    if (e->size && e->type == SL_TYPE_BLOCK) {
        sl_w_u8(b, RECORD_DEVICE);
        sl_w_uv(b, e->size);
    }
    if (e->names < NAMES_LEAST || e->type == SL_TYPE_DIR)
        return;
    sl_w_u8(b, RECORD_LINK);
    sl_w_uv(b, e->dev);
    sl_w_uv(b, e->ino);
    sl_w_uv(b, e->names);
}

void sl_list_put_end(struct sl_buf *b)
{
    sl_w_u8(b, RECORD_END);
}

void sl_list_put_error(struct sl_buf *b, enum sl_code code, const char *name, size_t name_len, const char *text)
{
    size_t len = strlen(text);
    sl_w_u8(b, RECORD_ERROR);
    sl_w_code(b, code);
    sl_w_bs(b, name, name_len);
    sl_w_bs(b, text, len < SL_TEXT_MAX ? len : SL_TEXT_MAX);
}

static enum sl_code decode_error(struct sl_rd *r, struct sl_list_record *out, struct sl_error *err)
{
    struct sl_list_record got = { .kind = SL_LIST_ERROR };
    got.code = sl_r_code(r);
    got.name = (const char *)sl_r_bs(r, SL_NAME_MAX, &got.name_len);
    got.text = (const char *)sl_r_bs(r, SL_TEXT_MAX, &got.text_len);
    if (!sl_r_ok(r) || (got.name_len && !sl_name_ok(got.name, got.name_len)))
        return sl_fail(err, SL_E_PROTOCOL, "an error record in a listing is malformed");
    *out = got;
    return SL_OK;
}

static enum sl_code decode_mount(struct sl_rd *r, struct sl_entry *e, struct sl_error *err)
{
    (void)sl_r_u8(r);
    e->mount = e->type == SL_TYPE_DIR;
    return e->mount ? SL_OK : sl_fail(err, SL_E_PROTOCOL, "a mount record in a listing is of no directory");
}

static enum sl_code decode_device(struct sl_rd *r, struct sl_entry *e, struct sl_error *err)
{
    (void)sl_r_u8(r);
    e->size = sl_r_uv(r, INT64_MAX);
    bool ok = sl_r_ok(r) && e->size && e->type == SL_TYPE_BLOCK;
    return ok ? SL_OK : sl_fail(err, SL_E_PROTOCOL, "a device record in a listing is malformed");
}

/* Which file the entry in front of it is. */
static enum sl_code decode_link(struct sl_rd *r, struct sl_entry *e, struct sl_error *err)
{
    (void)sl_r_u8(r);
    uint64_t dev = sl_r_uv(r, UINT64_MAX), ino = sl_r_uv(r, UINT64_MAX), names = sl_r_uv(r, UINT32_MAX);
    if (!sl_r_ok(r) || names < NAMES_LEAST || e->type == SL_TYPE_DIR)
        return sl_fail(err, SL_E_PROTOCOL, "a link record in a listing is malformed");
    e->dev = dev;
    e->ino = ino;
    e->names = (uint32_t)names;
    return SL_OK;
}

void sl_list_put_attrs(struct sl_entry_codec *c, struct sl_buf *b, const struct sl_attrs_brief *attrs)
{
    struct sl_attrs_brief *last = sl_entry_codec_attrs(c);
    if (!attrs->len)
        return;
    sl_w_u8(b, RECORD_ATTRS);
    if (attrs->len == SL_ATTRS_UNKNOWN) {
        sl_w_u8(b, ATTRS_UNKNOWN);
        sl_w_code(b, (enum sl_code)attrs->bytes[0]);
    } else if (sl_attrs_same(attrs, last)) {
        sl_w_u8(b, ATTRS_SAME);
    } else {
        sl_w_uv(b, attrs->len);
        sl_w_raw(b, attrs->bytes, sl_attrs_brief_bytes(attrs));
        *last = *attrs;
    }
}

void sl_list_put_atime(struct sl_buf *b, const struct sl_entry *e)
{
    sl_w_u8(b, RECORD_TIMES);
    sl_w_sv(b, (int64_t)((uint64_t)e->atime_s - (uint64_t)e->mtime_s));
    sl_w_uv(b, e->atime_ns);
}

static void decode_attrs(struct sl_entry_codec *c, struct sl_rd *r, struct sl_attrs_brief *out)
{
    struct sl_attrs_brief *last = sl_entry_codec_attrs(c), got = { 0 };
    got.len = (uint32_t)sl_r_uv(r, SL_ATTRS_MAX);
    if (got.len == ATTRS_SAME && last->len) {
        *out = *last;
    } else if (got.len == ATTRS_UNKNOWN) {
        *out = (struct sl_attrs_brief){ .len = SL_ATTRS_UNKNOWN, .bytes = { (uint8_t)sl_r_code(r) } };
    } else {
        size_t n = sl_attrs_brief_bytes(&got);
        const uint8_t *p = sl_r_raw(r, n);
        if (!p || got.len < ATTRS_LEAST || (got.len <= SL_ATTRS_SHORT && !sl_attrs_ok(p, n))) {
            r->bad = true;
            return;
        }
        memcpy(got.bytes, p, n);
        *out = *last = got;
    }
}

static void decode_atime(struct sl_rd *r, struct sl_entry *e)
{
    e->atime_s = (int64_t)((uint64_t)e->mtime_s + (uint64_t)sl_r_sv(r));
    e->atime_ns = (uint32_t)sl_r_uv(r, NS_MAX);
}

/* What follows an entry and belongs to it. */
static enum sl_code decode_more(struct sl_entry_codec *c, struct sl_rd *r, struct sl_entry *e, struct sl_error *err)
{
    uint8_t head = 0;
    while (sl_r_left(r) && (*r->p == RECORD_ATTRS || *r->p == RECORD_TIMES)) {
        if (*r->p <= head)
            r->bad = true;               /* each once, in this order */
        head = sl_r_u8(r);
        if (head == RECORD_ATTRS)
            decode_attrs(c, r, &e->attrs);
        else
            decode_atime(r, e);
    }
    return sl_r_ok(r) ? SL_OK : sl_fail(err, SL_E_PROTOCOL, "the attributes of an entry are malformed");
}

enum sl_code sl_list_decode(struct sl_entry_codec *c, struct sl_rd *r, struct sl_list_record *out, struct sl_error *err)
{
    struct sl_list_record got = { .kind = SL_LIST_ENTRY };
    if (sl_r_left(r) && *r->p & TYPE_BITS) {
        enum sl_code rc = sl_entry_decode(c, r, &got.entry, true, err);
        if (rc == SL_OK && sl_r_left(r) && *r->p == RECORD_MOUNT)
            rc = decode_mount(r, &got.entry, err);
        if (rc == SL_OK && sl_r_left(r) && *r->p == RECORD_DEVICE)
            rc = decode_device(r, &got.entry, err);
        if (rc == SL_OK && sl_r_left(r) && *r->p == RECORD_LINK)
            rc = decode_link(r, &got.entry, err);
        if (rc == SL_OK)
            rc = decode_more(c, r, &got.entry, err);
        if (rc == SL_OK)
            *out = got;
        return rc;
    }
    uint8_t head = sl_r_u8(r);
    if (!sl_r_ok(r) || (head != RECORD_END && head != RECORD_ERROR))
        return sl_fail(err, SL_E_PROTOCOL, "a record of a listing begins with an illegal byte");
    if (head == RECORD_ERROR)
        return decode_error(r, out, err);
    *out = (struct sl_list_record){ .kind = SL_LIST_END };
    return SL_OK;
}

/* ---- READ ---- */

void sl_read_begin(struct sl_buf *b, uint32_t id)
{
    sl_w_uv(b, id);
}

void sl_read_add(struct sl_buf *b, const char *prev, size_t prev_len, const char *name, size_t name_len)
{
    sl_prefix_encode(b, prev, prev_len, name, name_len);
}

enum sl_code sl_read_open(struct sl_rd *r, uint32_t *id)
{
    uint32_t got = (uint32_t)sl_r_uv(r, UINT32_MAX);
    if (!sl_r_ok(r))
        return SL_E_PROTOCOL;
    *id = got;
    return SL_OK;
}

enum sl_code sl_read_next(struct sl_rd *r, char *scratch, size_t *name_len)
{
    if (sl_r_done(r))
        return SL_EOF;
    size_t len = strlen(scratch);
    sl_prefix_decode(r, scratch, &len);
    if (!sl_r_ok(r) || !sl_name_ok(scratch, len)) {
        r->bad = true;
        return SL_E_PROTOCOL;
    }
    *name_len = len;
    return SL_OK;
}

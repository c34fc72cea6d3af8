/* SPDX-License-Identifier: ISC */
/* attrs - the requests and the answer that carry sets of attributes, in pieces. What is in a set is base/attrs.h's. */
#include "config.h"
#include "proto/msg.h"

enum {
    WANT_FLAGS = SL_ATTRS_SETS | SL_ATTRS_ATIME | SL_ATTRS_USER | SL_ATTRS_RSYNC | SL_ATTRS_MORE | SL_ATTRS_GOES_ON,
    GET_FLAGS = SL_ATTRS_NUMERIC | SL_ATTRS_SETS | SL_ATTRS_USER | SL_ATTRS_RSYNC,
    NS_MAX = 999999999
};

static enum sl_code whole(const struct sl_rd *r, const char *what, struct sl_error *err)
{
    return sl_r_done(r) ? SL_OK : sl_fail(err, SL_E_PROTOCOL, "the message %s is malformed", what);
}

static bool has_atime(uint32_t flags)
{
    return flags & SL_ATTRS_ATIME && !(flags & SL_ATTRS_GOES_ON);
}

void sl_attrs_encode(struct sl_buf *b, const struct sl_msg_attrs *m)
{
    sl_w_uv(b, m->flags);
    if (has_atime(m->flags)) {
        sl_w_sv(b, m->atime_s);
        sl_w_uv(b, m->atime_ns);
    }
    sl_w_raw(b, m->piece, m->len);
}

enum sl_code sl_attrs_decode(struct sl_rd *r, struct sl_msg_attrs *m, struct sl_error *err)
{
    struct sl_msg_attrs got = { .flags = (uint32_t)sl_r_uv(r, WANT_FLAGS) };
    if (got.flags & ~(uint32_t)WANT_FLAGS)
        r->bad = true;
    if (has_atime(got.flags)) {
        got.atime_s = sl_r_sv(r);
        got.atime_ns = (uint32_t)sl_r_uv(r, NS_MAX);
    }
    got.len = sl_r_left(r);
    got.piece = sl_r_raw(r, got.len);
    if (got.len && !(got.flags & SL_ATTRS_SETS))
        r->bad = true;
    enum sl_code rc = whole(r, "ATTRS", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

void sl_get_attrs_encode(struct sl_buf *b, const struct sl_msg_get_attrs *m)
{
    sl_w_uv(b, m->id);
    sl_w_uv(b, m->flags);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_get_attrs_decode(struct sl_rd *r, struct sl_msg_get_attrs *m, struct sl_error *err)
{
    struct sl_msg_get_attrs got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.flags = (uint32_t)sl_r_uv(r, GET_FLAGS);
    got.name = (const char *)sl_r_bs(r, SL_NAME_MAX, &got.name_len);
    if (got.flags & ~(uint32_t)GET_FLAGS || !got.name || (got.name_len && !sl_name_ok(got.name, got.name_len)))
        r->bad = true;
    enum sl_code rc = whole(r, "GET_ATTRS", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

void sl_attrs_are_encode(struct sl_buf *b, const struct sl_msg_attrs_are *m)
{
    sl_w_uv(b, m->request);
    sl_w_raw(b, m->piece, m->len);
}

enum sl_code sl_attrs_are_decode(struct sl_rd *r, struct sl_msg_attrs_are *m, struct sl_error *err)
{
    struct sl_msg_attrs_are got = { .request = sl_r_uv(r, UINT64_MAX) };
    got.len = sl_r_left(r);
    got.piece = sl_r_raw(r, got.len);
    if (!got.request)
        r->bad = true;
    enum sl_code rc = whole(r, "ATTRS_ARE", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

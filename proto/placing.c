/* SPDX-License-Identifier: ISC */
/* placing - payloads of the requests that say where files are while they are written, and when they get their names. */
#include "config.h"
#include "proto/msg.h"

static enum sl_code whole(const struct sl_rd *r, const char *what, struct sl_error *err)
{
    return sl_r_done(r) ? SL_OK : sl_fail(err, SL_E_PROTOCOL, "the message %s is malformed", what);
}

/* ---- RELEASE ---- */

void sl_release_encode(struct sl_buf *b, const struct sl_msg_release *m)
{
    sl_w_uv(b, m->id);
    sl_w_u8(b, m->flags);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_release_decode(struct sl_rd *r, struct sl_msg_release *m, struct sl_error *err)
{
    struct sl_msg_release got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.flags = sl_r_u8(r);
    got.name = (const char *)sl_r_bs(r, SL_NAME_MAX, &got.name_len);
    if (!got.name || !sl_name_ok(got.name, got.name_len) || got.flags & ~(unsigned)(SL_PUT_REPLACE | SL_PUT_FSYNC))
        r->bad = true;
    enum sl_code rc = whole(r, "RELEASE", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- RESERVE ---- */

void sl_reserve_encode(struct sl_buf *b, const uint64_t *len)
{
    sl_w_uv(b, *len);
}

enum sl_code sl_reserve_decode(struct sl_rd *r, uint64_t *len, struct sl_error *err)
{
    uint64_t got = sl_r_uv(r, INT64_MAX);
    enum sl_code rc = whole(r, "RESERVE", err);
    if (rc == SL_OK)
        *len = got;
    return rc;
}

/* ---- STAGE_IN ---- */

void sl_stage_in_encode(struct sl_buf *b, const uint32_t *id)
{
    sl_w_uv(b, *id);
}

enum sl_code sl_stage_in_decode(struct sl_rd *r, uint32_t *id, struct sl_error *err)
{
    uint32_t got = (uint32_t)sl_r_uv(r, SL_DIR_ID_MAX);
    enum sl_code rc = whole(r, "STAGE_IN", err);
    if (rc == SL_OK)
        *id = got;
    return rc;
}

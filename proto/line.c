/* SPDX-License-Identifier: ISC */
/* line - the layout of STEER and LINE. */
#include "config.h"
#include "proto/line.h"

enum { LEVEL_MAX = 22, PACK_BITS = 7, PACK_WAYS = 3 };

void sl_steer_encode(struct sl_buf *b, const struct sl_steer *m)
{
    sl_w_u8(b, m->pack);
    sl_w_u8(b, m->level);
    sl_w_uv(b, m->rate);
}

enum sl_code sl_steer_decode(struct sl_rd *r, struct sl_steer *m, struct sl_error *err)
{
    struct sl_steer got = { .pack = sl_r_u8(r), .level = 0, .rate = 0 };
    got.level = sl_r_u8(r);
    got.rate = sl_r_uv(r, SL_LINE_RATE_MAX);
    if (!sl_r_done(r) || got.pack > PACK_BITS || (got.pack && !(got.pack & PACK_WAYS)) || got.level > LEVEL_MAX)
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent a malformed STEER");
    *m = got;
    return SL_OK;
}

void sl_line_encode(struct sl_buf *b, const struct sl_line_view *m)
{
    sl_w_u8(b, m->packs);
    sl_w_uv(b, m->now_us);
    sl_w_uv(b, m->held_us);
    sl_w_uv(b, m->idle_us);
    sl_w_uv(b, m->packing_us);
    sl_w_uv(b, m->plain);
    sl_w_uv(b, m->wire);
    sl_w_uv(b, m->came_plain);
    sl_w_uv(b, m->came_wire);
}

enum sl_code sl_line_decode(struct sl_rd *r, struct sl_line_view *m, struct sl_error *err)
{
    uint8_t packs = sl_r_u8(r);
    struct sl_line_view got = { .packs = packs == 1, .now_us = sl_r_uv(r, UINT64_MAX) };
    got.held_us = sl_r_uv(r, UINT64_MAX);
    got.idle_us = sl_r_uv(r, UINT64_MAX);
    got.packing_us = sl_r_uv(r, UINT64_MAX);
    got.plain = sl_r_uv(r, UINT64_MAX);
    got.wire = sl_r_uv(r, UINT64_MAX);
    got.came_plain = sl_r_uv(r, UINT64_MAX);
    got.came_wire = sl_r_uv(r, UINT64_MAX);
    if (!sl_r_done(r) || packs > 1)
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent a malformed LINE");
    *m = got;
    return SL_OK;
}

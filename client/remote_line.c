/* SPDX-License-Identifier: ISC */
/* remote_line - how the two sides of a connection send: the rate of --bwlimit, and compression where the line is slower than that. */
#include "config.h"
#include "client/remote_priv.h"

enum { ASK_MS = 50, ASK_SOON_MS = 20, ASK_BYTES = 64 * 1024, LEVEL_FAST = 1, LEVEL_USUAL = 0 };

/* What a compressor makes at its fast level, bytes a second, to begin with: less than what it does on text, so that nothing is lost. */
static const uint64_t zstd_makes = 125000000, zlib_makes = 40000000;
/* Below this a better level is no slower. */
static const uint64_t slow_line = 30000000;

static void steer(struct sl_remote *r)
{
    struct sl_steer how = { .pack = r->server_packs, .level = r->server_level, .rate = r->o->bwlimit };
    sl_conn_steer(r->conn, &how);
}

void sl_remote_line_begin(struct sl_remote *r)
{
    if (!sl_conn_has(r->conn, SL_FEATURE_STEER))
        return;
    r->line = (struct sl_line_view){ 0 };
    r->greeted_us = sl_pace_now() / 1000;
    bool zstd = sl_conn_has(r->conn, "zstd"), any = zstd || sl_conn_has(r->conn, "zlib");
    r->judged = r->compress == SL_COMPRESS_AUTO && any;
    r->server_packs = any && r->compress != 0 && !r->judged ? sl_conn_wants(r->conn) : 0;
    sl_taste_begin(r);
    sl_judge_init(&r->push, SL_SENDER_HERE, zstd ? zstd_makes : zlib_makes);
    sl_judge_init(&r->pull, SL_SENDER_FAR, zstd ? zstd_makes : zlib_makes);
    if (r->o->bwlimit)
        steer(r);
}

static uint8_t level_for(const struct sl_judge *j)
{
    return j->made < slow_line ? LEVEL_USUAL : LEVEL_FAST;
}

static struct sl_line_view own_line(const struct sl_remote *r)
{
    struct sl_line_view own = r->line;
    own.packs = sl_conn_packing(r->conn);
    own.now_us = sl_pace_now() / 1000 - r->greeted_us;
    own.plain = sl_conn_plain_sent(r->conn);
    own.wire = r->wire_out;
    own.came_plain = sl_conn_bytes_in(r->conn);
    own.came_wire = r->wire_in;
    return own;
}

void sl_remote_line_told(void *ctx, const struct sl_line_view *peer)
{
    struct sl_remote *r = ctx;
    struct sl_line_view own = own_line(r);
    r->asked = false;
    enum sl_verdict push = sl_judge_look(&r->push, &own, peer), pull = sl_judge_look(&r->pull, peer, &own);
    if (push == SL_VERDICT_PACK)
        sl_conn_pack(r->conn, sl_conn_wants(r->conn), level_for(&r->push));
    else if (push == SL_VERDICT_PLAIN)
        sl_conn_unpacked(r->conn);
    sl_taste_told(r, peer, sl_conn_packing(r->conn), !r->push.trial);
    if (pull == SL_VERDICT_KEEP)
        return;
    r->server_packs = pull == SL_VERDICT_PACK ? sl_conn_wants(r->conn) | SL_STEER_WHEN_HELD : 0;
    r->server_level = level_for(&r->pull);
    steer(r);
}

void sl_remote_line_look(struct sl_remote *r)
{
    uint64_t now = sl_now_ms(), moved = r->wire_in + r->wire_out;
    sl_taste_look(r);
    if (!r->judged || r->asked || now - r->asked_ms < (r->taste.out ? ASK_SOON_MS : ASK_MS) || moved - r->asked_moved < ASK_BYTES)
        return;
    r->asked = true;
    r->asked_ms = now;
    r->asked_moved = moved;
    sl_conn_ask(r->conn);
    sl_taste_asked(r);
}

void sl_remote_line_data(struct sl_remote *r)
{
    if (!sl_taste_has_time(r) || sl_conn_packing(r->conn) || !sl_conn_pack(r->conn, sl_conn_wants(r->conn), LEVEL_USUAL))
        return;
    sl_judge_try(&r->push);
}

/* A server whose first bytes came slowly is told at once, for it does not know that it will be held. */
void sl_remote_line_got(struct sl_remote *r, size_t got, bool full)
{
    uint64_t made = 0;
    if (!sl_taste_got(r, got, full, &made) || r->server_packs)
        return;
    sl_judge_slow(&r->pull, made);
    r->server_packs = sl_conn_wants(r->conn);
    r->server_level = level_for(&r->pull);
    steer(r);
}

/* ---- the rate ---- */

/* A server that can be steered holds itself to it. */
static bool paced(const struct sl_remote *r, bool out)
{
    return r->o->bwlimit && (out || !sl_conn_has(r->conn, SL_FEATURE_STEER));
}

uint64_t sl_remote_line_wait(const struct sl_remote *r, bool out)
{
    return paced(r, out) ? sl_pace_wait(out ? &r->pace_out : &r->pace_in, r->o->bwlimit, sl_pace_now()) : 0;
}

size_t sl_remote_line_piece(const struct sl_remote *r, bool out, size_t most)
{
    size_t piece = paced(r, out) ? sl_pace_piece(r->o->bwlimit) : most;
    return piece < most ? piece : most;
}

void sl_remote_line_moved(struct sl_remote *r, bool out, size_t n)
{
    if (paced(r, out))
        sl_pace_moved(out ? &r->pace_out : &r->pace_in, r->o->bwlimit, n, sl_pace_now());
}

void sl_remote_line_waited(struct sl_remote *r, uint64_t us)
{
    if (sl_conn_queued(r->conn) || r->short_of_room)
        r->line.held_us += us;
    else
        r->line.idle_us += us;
    r->short_of_room = false;
}

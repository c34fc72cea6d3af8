/* SPDX-License-Identifier: ISC */
/*
 * remote_taste - how fast a line is, before much is on it: some megabytes are soon in the buffers of a line that nobody has measured yet, and can't be
 * compressed any more. So at first no more is under way than a line has on it that needs no compression.
 *
 * What is sent: until some answers have come, bytes behind the last ASK are held back. What is received: of the first file that is put together the
 * first piece is asked for alone, and timed as it comes.
 */
#include "config.h"
#include "client/remote_priv.h"

enum {
    UNDER_WAY = 512 * 1024,          /* and what a line of FAST_PER_US has on the way in a round trip */
    FAST_PER_US = 125,
    LOOKS = 4, LOOK_BYTES = 128 * 1024, HOLD_MS = 250,
    COPIED_LEAST = 64 * 1024 * 1024, /* bytes: some 25 ms, in which as much is compressed as the window lets through */
    TIMED = 512 * 1024               /* bytes of the first piece; half of it, so that the rest is asked for while the other half comes */
};
static const uint64_t slow_line = 30000000;

static uint64_t under_way(const struct sl_remote *r)
{
    return UNDER_WAY + r->e.rtt_us * FAST_PER_US;
}

void sl_taste_begin(struct sl_remote *r)
{
    if (r->taste.in || r->taste.looks)
        return;
    r->taste = (struct sl_taste){ .out = r->judged };
    r->e.taste = r->judged ? TIMED + under_way(r) : 0;
}

/* ---- what is sent ---- */

void sl_taste_asked(struct sl_remote *r)
{
    r->taste.ask_at = r->wire_out + sl_conn_queued(r->conn);
}

void sl_taste_told(struct sl_remote *r, const struct sl_line_view *peer, bool packs, bool known)
{
    if (peer->came_wire - r->taste.came >= LOOK_BYTES)
        r->taste.looks++;
    r->taste.came = peer->came_wire;
    r->taste.out &= r->taste.looks < LOOKS && (!packs || (r->taste.tried && !known));
}

bool sl_taste_has_time(struct sl_remote *r)
{
    if (!r->taste.out || r->taste.tried || r->taste.copied < COPIED_LEAST)
        return false;
    return r->taste.tried = true;
}

bool sl_taste_holds(const struct sl_remote *r)
{
    if (!r->taste.out || !r->asked || (r->taste.tried && !r->taste.looks) || r->wire_out < r->taste.ask_at + under_way(r))
        return false;
    return sl_now_ms() - r->asked_ms < HOLD_MS;
}

/* ---- what is received ---- */

void sl_taste_wanted(struct sl_remote *r)
{
    if (!r->e.taste || r->taste.in)
        return;
    r->taste.in = true;
    r->taste.since_ms = sl_now_ms();
}

static void end(struct sl_remote *r)
{
    r->taste.in = false;
    r->e.taste = 0;
}

/* There may be less of it than was asked for, and who takes it may wait for what comes behind it. */
void sl_taste_look(struct sl_remote *r)
{
    if (r->taste.in && sl_now_ms() - r->taste.since_ms > HOLD_MS + r->e.rtt_us / 1000)
        end(r);
}

bool sl_taste_waits(const struct sl_remote *r)
{
    return r->taste.in || sl_taste_holds(r);
}

bool sl_taste_got(struct sl_remote *r, size_t got, bool full, uint64_t *made)
{
    struct sl_taste *t = &r->taste;
    uint64_t now = sl_pace_now() / 1000;
    if (!t->in)
        return false;
    t->full |= full;
    t->got += t->first_us ? got : 0;
    t->first_us = t->first_us ? t->first_us : now;
    if (t->got < TIMED)
        return false;
    uint64_t us = now - t->first_us;
    *made = t->got * 1000000 / (us + !us);
    end(r);
    return r->e.slow = !t->full && *made < slow_line;
}

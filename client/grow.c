/* SPDX-License-Identifier: ISC */
/* grow - see grow.h. */
#include "config.h"
#include "client/grow.h"
#include "base/io.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_STEP = 4, FIRST_STEP_SSH = 8, AUTO_MAX = 8,   /* a channel of SSH has a smaller window than ours */
    NEAR_US = 4000,                  /* of a line with a shorter round trip one connection takes all */
    LOOK_MS = 400,                   /* how long a number of lanes is tried at least, */
    LOOK_ROUNDS = 4,                 /* and how many round trips */
    WORTH_BYTES = 4 * 1024 * 1024, WORTH_FILES = 200,   /* less is done before others would help */
    LATE_MS = 5000, LATE_ROUNDS = 20,   /* who has not let one in after so long will not */
    IN_VAIN_MAX = 3, REST_MS = 2000  /* lanes lost in a row that had done nothing, and how long none is opened after that */
};

/* The connections of one remote side that wait for those of the other. */
struct side {
    struct sl_endpoint *first;       /* NULL: the side is local */
    struct sl_endpoint *fresh[SL_LANES_MAX];
    size_t fresh_len;
    unsigned asked;                  /* no answer yet */
    bool closed;                     /* no more are to be had */
};

struct sl_grow {
    struct sl_layout *l;
    struct sl_plan *p;
    struct side source, dest;
    unsigned wanted, most;           /* lanes besides the first */
    unsigned in_vain;
    uint64_t lost_ms;                /* when the last one was lost */
    bool by_itself;                  /* the number is not given */
    uint64_t since_ms, moved;        /* when the last look began, and the bytes that had moved then */
    uint64_t rate;                   /* with fewer lanes, bytes a second; 0: not known */
    unsigned at_look;                /* lanes at the last look */
    uint64_t gone_out, gone_in;      /* traffic of lanes that are no more */
};

/* ---- before ---- */

bool sl_grow_wanted(const struct sl_options *o)
{
    return o->lanes != 1 && o->dest && !o->list_only && !o->dry_run && !o->bwlimit;
}

static void prepare(struct sl_layout *l, struct sl_endpoint *e)
{
    struct sl_error err = { 0 };
    if (e && e->remote && sl_remote_prepare(e, &err) != SL_OK && l->o->lanes)
        sl_report_warning(l->report, &err, NULL);
}

void sl_grow_prepare(struct sl_layout *l)
{
    if (!sl_grow_wanted(l->o))
        return;
    prepare(l, l->remote_source);
    prepare(l, l->dest);
}

/* ---- lanes ---- */

static void drop(struct sl_grow *g, struct sl_endpoint *e)
{
    sl_remote_traffic(e, &g->gone_out, &g->gone_in);
    e->failed = NULL;
    e->chunked = NULL;
    e->ops->free(e);
}

/* This lane's endpoint in the place of one of the first lane's; NULL when there can be none. */
static struct sl_endpoint *twin_of(struct sl_endpoint *of)
{
    struct sl_endpoint *e = NULL;
    struct sl_error err;
    if (sl_local_beside(&e, of, &err) != SL_OK)
        return NULL;
    e->busy = of->busy;
    e->busy_ctx = of->busy_ctx;
    e->chunked = of->chunked;
    return e;
}

static bool has_fresh(const struct side *s)
{
    return !s->first || s->fresh_len;
}

static void adopt(struct sl_endpoint *e, const struct sl_endpoint *first)
{
    e->seed = first->seed;
    e->chunked = first->chunked;
    e->rtt_us = first->rtt_us;
}

static bool twins(struct sl_grow *g, struct sl_lane *lane)
{
    for (size_t i = 0; !g->source.first && i < g->l->locals_len; i++) {
        struct sl_endpoint *own = twin_of(g->l->locals[i]);
        if (!own)
            return false;
        sl_lane_twin(lane, g->l->locals[i], own);
    }
    return true;
}

static void free_endpoints(struct sl_grow *g, struct sl_lane *lane)
{
    for (size_t i = 0; i < lane->twins_len; i++)
        drop(g, lane->twins[i].own);
    drop(g, lane->dest);
}

static void lose(struct sl_grow *g, size_t i)
{
    struct sl_lane *lane = g->p->lanes[i];
    bool in_vain = !lane->dest->acked[SL_JOB_WORK];
    g->in_vain = in_vain ? g->in_vain + 1 : 0;
    g->lost_ms = sl_now_ms();
    sl_pending_reap(g->p);
    free_endpoints(g, lane);
    sl_lane_remove(g->p, i);
}

/* A lane of what is there for it; false when a part of it can't be had. */
static bool add_lane(struct sl_grow *g)
{
    struct sl_endpoint *from = g->source.first ? g->source.fresh[--g->source.fresh_len] : NULL;
    struct sl_endpoint *to = g->dest.first ? g->dest.fresh[--g->dest.fresh_len] : twin_of(g->l->dest);
    if (!to) {
        if (from)
            drop(g, from);
        return false;
    }
    if (g->dest.first)
        adopt(to, g->dest.first);
    struct sl_lane *lane = sl_lane_add(g->p, to);
    if (from) {
        adopt(from, g->source.first);
        sl_lane_twin(lane, g->source.first, from);
    }
    if (g->dest.first && sl_layout_keeps_in(g->l))
        to->ops->kept_in(to, g->l->o->partial_dir);
    if (twins(g, lane))
        return true;
    lose(g, g->p->lanes_len - 1);
    return false;
}

/* ---- what comes up ---- */

static void told(struct sl_grow *g, const struct sl_error *err)
{
    if (g->l->o->verbose > 1)
        sl_report_note(g->l->report, 2, "a lane was refused: %s", err->text);
}

static void drop_fresh(struct sl_grow *g, struct side *s, size_t i)
{
    drop(g, s->fresh[i]);
    s->fresh[i] = s->fresh[--s->fresh_len];
}

/* No more than there are: the server's limit, or nobody opens any. */
static void refused(struct sl_grow *g, struct side *s, const struct sl_error *err)
{
    told(g, err);
    s->closed = true;
}

static void take_answers(struct sl_grow *g, struct side *s)
{
    struct sl_endpoint *e = NULL;
    struct sl_error err = { 0 };
    enum sl_code rc;
    while (s->asked && (rc = sl_remote_take_beside(&e, s->first, &err)) != SL_AGAIN) {
        s->asked = rc == SL_E_CLOSED ? 0 : s->asked - 1;
        if (rc == SL_OK) {
            s->fresh[s->fresh_len++] = e;
        } else {
            refused(g, s, &err);
        }
    }
}

static void ask(struct sl_grow *g, struct side *s)
{
    struct sl_error err;
    while (s->first && !s->closed && g->p->lanes_len - 1 + s->fresh_len + s->asked < g->wanted) {
        if (sl_remote_ask_beside(s->first, &err) == SL_OK)
            s->asked++;
        else
            refused(g, s, &err);
    }
}

/* ---- how many ---- */

static uint64_t longest_rtt(const struct sl_grow *g)
{
    uint64_t a = g->source.first ? g->source.first->rtt_us : 0, b = g->dest.first ? g->dest.first->rtt_us : 0;
    return a > b ? a : b;
}

/* So that one connection does not fill the line; not known yet is not far. */
static bool is_far(const struct sl_grow *g)
{
    return longest_rtt(g) >= NEAR_US;
}

static uint64_t moved(const struct sl_grow *g)
{
    uint64_t out = g->gone_out, in = g->gone_in;
    for (size_t i = 0; i < g->p->lanes_len; i++) {
        const struct sl_lane *lane = g->p->lanes[i];
        for (size_t k = 0; k < lane->twins_len; k++)
            sl_remote_traffic(lane->twins[k].own, &out, &in);
        sl_remote_traffic(lane->dest, &out, &in);
    }
    if (g->source.first)
        sl_remote_traffic(g->source.first, &out, &in);
    return out + in;
}

static bool worth_it(const struct sl_grow *g)
{
    const struct sl_progress *p = &g->p->progress;
    return p->bytes_total > p->bytes_done + WORTH_BYTES || p->files_total > p->files_done + WORTH_FILES;
}

/* Which of a lane's connections has not been let in for so long; NULL: none. */
static struct sl_endpoint *waiting(const struct sl_grow *g, const struct sl_lane *lane, uint64_t ms)
{
    struct sl_endpoint *from = g->source.first && lane->twins_len ? lane->twins[0].own : NULL;
    return from && sl_remote_waits(from, ms) ? from : sl_remote_waits(lane->dest, ms) ? lane->dest : NULL;
}

/* Whether all that were asked for are there and have been let in, or refused. */
static bool complete(const struct sl_grow *g)
{
    for (size_t i = 1; i < g->p->lanes_len; i++)
        if (waiting(g, g->p->lanes[i], 0))
            return false;
    return !g->source.asked && !g->dest.asked && !g->source.fresh_len && !g->dest.fresh_len;
}

/* It was given work and never was let in: others do it, and no more are asked for. */
static void lose_refused(struct sl_grow *g, size_t i, struct sl_endpoint *e, struct sl_error *err)
{
    unsigned in_vain = g->in_vain;
    sl_remote_not_greeted(e, err);
    refused(g, e == g->p->lanes[i]->dest ? &g->dest : &g->source, err);
    lose(g, i);
    g->in_vain = in_vain;
}

static void drop_late(struct sl_grow *g)
{
    uint64_t rounds = LATE_ROUNDS * longest_rtt(g) / 1000, ms = rounds > LATE_MS ? rounds : LATE_MS;
    for (size_t i = g->p->lanes_len; i-- > 1;) {
        struct sl_error err = { 0 };
        struct sl_endpoint *e = waiting(g, g->p->lanes[i], ms);
        if (!e)
            continue;
        sl_fail(&err, SL_E_TIMEOUT, "no answer within %llu ms", (unsigned long long)ms);
        lose_refused(g, i, e, &err);
    }
}

static void begin_look(struct sl_grow *g, uint64_t now)
{
    g->since_ms = now;
    g->moved = moved(g);
    g->at_look = (unsigned)g->p->lanes_len - 1;
}

static unsigned first_step(const struct sl_layout *l)
{
    bool ssh = l->addresses[0].kind == SL_ADDR_SSH || l->dest_address.kind == SL_ADDR_SSH;
    return ssh ? FIRST_STEP_SSH : FIRST_STEP;
}

/* Twice as many, as long as that brings a quarter more. */
static void consider(struct sl_grow *g)
{
    uint64_t now = sl_now_ms(), rtt = longest_rtt(g), span = now - g->since_ms;
    unsigned have = (unsigned)g->p->lanes_len - 1;
    if (!is_far(g) || !worth_it(g) || !complete(g))
        return;
    if (!have && !g->wanted) {
        g->wanted = first_step(g->l);
        begin_look(g, now);
        return;
    }
    if (have != g->at_look) {            /* they have just come */
        begin_look(g, now);
        return;
    }
    if (span < LOOK_MS || span < LOOK_ROUNDS * rtt / 1000 || have < g->wanted)
        return;
    uint64_t rate = (moved(g) - g->moved) * 1000 / span;
    bool faster = !g->rate || rate > g->rate + g->rate / 4;
    g->rate = rate;
    if (faster && have * 2 <= g->most)
        g->wanted = have * 2;
    else
        g->by_itself = false;
    begin_look(g, now);
}

void sl_grow_turn(struct sl_grow *g)
{
    if (!g->most)
        return;
    struct side *sides[] = { &g->source, &g->dest };
    for (size_t i = 0; i < 2; i++)
        take_answers(g, sides[i]);
    drop_late(g);
    while (has_fresh(&g->source) && has_fresh(&g->dest))
        if (!add_lane(g))
            break;
    if (!g->p->line.rtt_us)
        g->p->line.rtt_us = longest_rtt(g);
    g->p->spreads = g->p->lanes_len > 1 || g->wanted || (g->by_itself && is_far(g));
    if (g->by_itself)
        consider(g);
    if (g->in_vain < IN_VAIN_MAX || sl_now_ms() - g->lost_ms >= REST_MS) {
        ask(g, &g->source);
        ask(g, &g->dest);
    }
}

/* ---- the network ---- */

static size_t all_of(const struct sl_grow *g, struct sl_endpoint **out)
{
    size_t n = 0;
    out[n++] = g->l->remote_source;
    out[n++] = g->l->dest;
    for (size_t i = 1; i < g->p->lanes_len; i++) {
        out[n++] = g->p->lanes[i]->dest;
        if (g->source.first)
            out[n++] = g->p->lanes[i]->twins[0].own;
    }
    for (size_t i = 0; i < g->source.fresh_len; i++)
        out[n++] = g->source.fresh[i];
    for (size_t i = 0; i < g->dest.fresh_len; i++)
        out[n++] = g->dest.fresh[i];
    return n;
}

/* The connection is gone: with it goes its lane, if that isn't the first. */
static bool survives(struct sl_grow *g, const struct sl_endpoint *e, struct sl_error *err)
{
    struct side *sides[] = { &g->source, &g->dest };
    if (e == g->l->remote_source || e == g->l->dest || err->code == SL_E_PROTOCOL)
        return false;
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < sides[s]->fresh_len; i++)
            if (sides[s]->fresh[i] == e) {
                sl_remote_not_greeted(sides[s]->fresh[i], err);
                drop_fresh(g, sides[s], i);
                refused(g, sides[s], err);
                return true;
            }
    for (size_t i = 1; i < g->p->lanes_len; i++) {
        const struct sl_lane *lane = g->p->lanes[i];
        if (waiting(g, lane, 0) == e) {
            lose_refused(g, i, (struct sl_endpoint *)(uintptr_t)e, err);
            return true;
        }
        if (lane->dest == e || (lane->twins_len && lane->twins[0].own == e)) {
            sl_report_note(g->l->report, 1, "a lane was lost: %s", err->text);
            lose(g, i);
            return true;
        }
    }
    return false;
}

enum sl_code sl_grow_pump(struct sl_grow *g, bool wait, struct sl_error *err)
{
    struct sl_endpoint *all[SL_PUMP_MAX];
    size_t which, n = all_of(g, all);
    enum sl_code rc = sl_remote_pump_all(all, n, wait, &which, err);
    return rc != SL_OK && which < n && !sl_remote_interrupted && survives(g, all[which], err) ? SL_OK : rc;
}

void sl_grow_keep_alive(struct sl_grow *g)
{
    struct sl_endpoint *all[SL_PUMP_MAX];
    struct sl_error ignored;
    size_t which, n = all_of(g, all);
    while (sl_remote_pump_all(all, n, false, &which, &ignored) != SL_OK && which < n)
        all[which] = NULL;
}

size_t sl_grow_queued(const struct sl_grow *g)
{
    struct sl_endpoint *all[SL_PUMP_MAX];
    size_t most = 0, n = all_of(g, all);
    for (size_t i = 0; i < n; i++)
        if (all[i] && sl_remote_queued(all[i]) > most)
            most = sl_remote_queued(all[i]);
    return most;
}

void sl_grow_finish(struct sl_grow *g)
{
    struct sl_endpoint *all[SL_PUMP_MAX];
    size_t n = all_of(g, all);
    for (size_t i = n; i-- > 0;)
        if (all[i])
            sl_remote_finish(all[i]);
}

/* ---- beginning and end ---- */

struct sl_grow *sl_grow_new(struct sl_layout *l, struct sl_plan *p)
{
    struct sl_grow *g = sl_calloc(1, sizeof *g);
    g->l = l;
    g->p = p;
    g->source.first = l->remote_source;
    g->dest.first = l->dest->remote ? l->dest : NULL;
    g->by_itself = !l->o->lanes;
    bool shared = (!g->source.first || sl_remote_shares(g->source.first)) && (!g->dest.first || sl_remote_shares(g->dest.first));
    if (sl_grow_wanted(l->o) && (g->source.first || g->dest.first) && (l->o->lanes || shared))
        g->most = l->o->lanes ? (unsigned)l->o->lanes : AUTO_MAX;
    if (l->o->lanes > 1)
        g->wanted = g->most;
    return g;
}

void sl_grow_free(struct sl_grow *g, uint64_t *wire_out, uint64_t *wire_in)
{
    struct side *sides[] = { &g->source, &g->dest };
    for (size_t s = 0; s < 2; s++)
        while (sides[s]->fresh_len)
            drop_fresh(g, sides[s], 0);
    while (g->p->lanes_len > 1) {
        free_endpoints(g, g->p->lanes[g->p->lanes_len - 1]);
        sl_lane_remove(g->p, g->p->lanes_len - 1);
    }
    *wire_out += g->gone_out;
    *wire_in += g->gone_in;
    free(g);
}

/* SPDX-License-Identifier: ISC */
/*
 * deal - which lane does what, and when. The planner's order is kept where it matters, by numbers:
 *
 *   What makes or opens a directory, or removes something, is done by the first lane in that order. A file that another lane has waits
 *   before it is written until the last of these that stand before it is confirmed (`needs`).
 *   What a directory gets when it is left (`closing`) waits until everything before it is settled on all lanes.
 *   Files are dealt in runs, to the lane that has the least to do: neighbours share a directory and a request.
 */
#include "config.h"
#include "client/hard.h"
#include "client/parts.h"
#include "base/io.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    ALONE_MAX = 8192,                /* actions that the only lane has at a time */
    LANE_MAX = 8192,                 /* one of several */
    CLOSINGS_MAX = 65536,
    HELD_MAX = 8192,                 /* links that wait for what they are to be linked to: some 6 MB */
    LOSSES_MAX = 3,                  /* lanes lost with a file before the first one has it: if that is lost too, it is told */
    RUN = 64,                        /* files that go to one lane in a row */
    FILE_WEIGHT = 16 * 1024,         /* what a file costs besides its bytes */
    OTHER_WEIGHT = 1024,             /* and what is no file, such as a deletion */
    COPY_CHEAPER = 16
};
/* Of a lane, and of the first one while others are expected: what they will wait for goes behind that. */
static const uint64_t lane_bytes_max = 16 * 1024 * 1024, first_bytes_max = 8 * 1024 * 1024;

/* ---- what is settled ---- */

static uint8_t *flag(const struct sl_settled *s, uint64_t seq)
{
    return &s->done[(s->head + (size_t)(seq - s->low)) & (s->cap - 1)];
}

static void settled_room(struct sl_settled *s, uint64_t seq)
{
    if (seq - s->low < s->cap)
        return;
    size_t cap = s->cap ? s->cap * 2 : 1024;
    while (seq - s->low >= cap)
        cap *= 2;
    uint8_t *done = sl_calloc(cap, 1);
    for (size_t i = 0; i < s->cap; i++)
        done[i] = s->done[(s->head + i) & (s->cap - 1)];
    free(s->done);
    s->done = done;
    s->head = 0;
    s->cap = cap;
}

void sl_settle(struct sl_plan *p, uint64_t seq)
{
    struct sl_settled *s = &p->settled;
    if (seq < s->low)
        return;
    *flag(s, seq) = 1;
    while (s->low <= p->dealt && *flag(s, s->low)) {
        *flag(s, s->low) = 0;
        s->head = (s->head + 1) & (s->cap - 1);
        s->low++;
    }
}

bool sl_is_settled(const struct sl_plan *p, uint64_t seq)
{
    return seq < p->settled.low || *flag(&p->settled, seq);
}

static void number(struct sl_plan *p, struct sl_action *a)
{
    a->seq = ++p->dealt;
    settled_room(&p->settled, a->seq + 1);
}

/* ---- what stands before what ---- */

/* Whether others may not go before this one is confirmed. */
static bool is_structural(const struct sl_action *a)
{
    return a->kind == SL_ACT_REMOVE || (a->entry.type == SL_TYPE_DIR && (a->kind == SL_ACT_MAKE || a->kind == SL_ACT_META));
}

static bool is_file(const struct sl_action *a)
{
    return a->kind == SL_ACT_FILE || a->kind == SL_ACT_COMPARE || a->kind == SL_ACT_PART || a->kind == SL_ACT_TAKE;
}

/* A directory that is opened up while what it is to get in the end has not been given yet: once more after deletions. */
static bool is_closing_still(struct sl_plan *p, const struct sl_action *a)
{
    if (a->kind != SL_ACT_META || a->entry.type != SL_TYPE_DIR)
        return false;
    for (size_t i = 0; i < p->closings.len; i++)
        if (strcmp(sl_queue_at(&p->closings, i)->path, a->path) == 0)
            return true;
    return false;
}

/* ---- who ---- */

static bool has_room(const struct sl_plan *p, const struct sl_lane *l)
{
    if (!p->spreads || (p->lanes_len > 1 && l == p->lanes[0]))
        return l->queue.len < ALONE_MAX;
    size_t has = l->queue.len + l->pending_len;
    return has < LANE_MAX && (!has || l->cost < (p->lanes_len > 1 ? lane_bytes_max : first_bytes_max));
}

static struct sl_lane *least_to_do(struct sl_plan *p)
{
    struct sl_lane *best = NULL;
    for (size_t i = 1; i < p->lanes_len; i++) {
        struct sl_lane *l = p->lanes[i];
        if (!has_room(p, l) || (best && l->cost >= best->cost))
            continue;
        best = l;
        p->run_lane = i;
    }
    p->run_left = RUN;
    return best;
}

static struct sl_lane *lane_for(struct sl_plan *p, const struct sl_action *a)
{
    struct sl_lane *first = p->lanes[0];
    if (p->lanes_len == 1 || !is_file(a) || a->append || a->losses >= LOSSES_MAX)
        return has_room(p, first) ? first : NULL;
    struct sl_lane *same = p->run_left && p->run_lane < p->lanes_len ? p->lanes[p->run_lane] : NULL;
    return same && has_room(p, same) ? same : least_to_do(p);
}

/* ---- dealing ---- */

/* What is copied at the destination is not free: it takes a sixteenth of what a line of some 60 MB/s does. */
static uint64_t bytes_to_move(const struct sl_action *a)
{
    if (a->kind == SL_ACT_PART)
        return a->part_sent + (a->part_len - a->part_sent) / COPY_CHEAPER;
    return is_file(a) && a->kind != SL_ACT_TAKE && !a->copied ? a->entry.size : 0;
}

/* What has a role may have been numbered as something else. */
static void hand(struct sl_plan *p, struct sl_lane *l, struct sl_queue *from)
{
    struct sl_action *a = sl_queue_push(&l->queue);
    sl_queue_take(from, a);
    bool fresh = !a->seq;
    if (fresh)
        number(p, a);
    if (fresh || a->role.group) {
        a->needs = l == p->lanes[0] ? 0 : p->structural;
        a->weight = is_file(a) ? FILE_WEIGHT + bytes_to_move(a) : OTHER_WEIGHT;
    }
    if (is_structural(a))
        p->structural = a->seq;
    l->cost += a->weight;
    p->run_left -= is_file(a) && p->run_left;
}

static bool is_too_early(const struct sl_action *a)
{
    return a->not_before_ms && sl_now_ms() < a->not_before_ms;
}

static void to_the_back(struct sl_queue *q)
{
    struct sl_action a;
    sl_queue_take(q, &a);
    *sl_queue_push(q) = a;
}

/* A LINK waits beside the queue; what comes after it, its directory's metadata too, goes by its number. */
static bool hold(struct sl_plan *p, struct sl_queue *from)
{
    struct sl_action *a = sl_queue_at(from, 0);
    if (from == &p->queue && p->held >= HELD_MAX)
        return false;
    if (!a->seq)
        number(p, a);
    sl_hard_hold(p, from);
    return true;
}

static bool deal_one(struct sl_plan *p, struct sl_queue *from)
{
    struct sl_action *a = sl_queue_at(from, 0);
    if (a->waits || is_too_early(a))
        return false;
    if (a->kind == SL_ACT_LINK && sl_hard_waits(p, a))
        return hold(p, from);
    a = sl_queue_at(from, 0);            /* others may have come into its queue */
    if (a->closing) {
        if (p->closings.len >= CLOSINGS_MAX)
            return false;
        struct sl_action *c = sl_queue_push(&p->closings);
        sl_queue_take(from, c);
        c->needs = p->dealt;
        return true;
    }
    struct sl_lane *l = is_closing_still(p, a) ? NULL : lane_for(p, a);
    if (l)
        hand(p, l, from);
    return l != NULL;
}

/* A part of some file, to the lane that has the least to do. */
static bool deal_part(struct sl_plan *p)
{
    struct sl_action a;
    struct sl_lane *l = !p->parts ? NULL : p->lanes_len > 1 ? least_to_do(p) : has_room(p, p->lanes[0]) ? p->lanes[0] : NULL;
    if (!l || !sl_parts_next(p, &a))
        return false;
    p->run_left = 0;
    *sl_queue_push(&p->again) = a;
    hand(p, l, &p->again);
    return true;
}

/* All before it is settled; what is before it in this queue goes before it on the wire. */
static bool close_one(struct sl_plan *p)
{
    if (!p->closings.len)
        return false;
    struct sl_lane *first = p->lanes[0];
    struct sl_action *a = sl_queue_at(&p->closings, 0);
    if (a->needs >= p->settled.low)
        return false;
    if (first->queue.len >= ALONE_MAX)
        return false;
    struct sl_action *c = sl_queue_push(&first->queue);
    sl_queue_take(&p->closings, c);
    c->needs = 0;
    return true;
}

bool sl_deal(struct sl_plan *p)
{
    bool any = false;
    for (size_t n = p->again.len; n-- > 0 && is_too_early(sl_queue_at(&p->again, 0));)
        to_the_back(&p->again);
    while (p->again.len && deal_one(p, &p->again))
        any = true;
    while (!p->again.len && deal_part(p))
        any = true;
    while (!p->again.len && p->queue.len && deal_one(p, &p->queue))
        any = true;
    while (close_one(p))
        any = true;
    return any;
}

bool sl_deal_left(const struct sl_plan *p)
{
    return p->queue.len || p->again.len || p->closings.len || p->parts || p->held;
}

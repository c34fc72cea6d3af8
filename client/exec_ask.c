/* SPDX-License-Identifier: ISC */
/*
 * exec_ask - asks ahead for what the actions of a lane's queue need: hashes that decide, lists of chunks, content. Content comes back in
 * the order asked, so the first action of the queue is always the one whose content arrives.
 */
#include "config.h"
#include "client/exec_priv.h"
#include "client/parts.h"
#include "client/permit.h"
#include "client/plan_priv.h"
#include "base/mem.h"

#include <string.h>

enum {
    BATCH_MAX = 256,
    HASHES_MAX = 1024,
    SETTLED_BYTES_MAX = 16 * 1024 * 1024     /* that a local tree may have to hash in one go */
};

enum sl_code sl_exec_move_to(struct sl_lane *l, struct sl_cursor *c, const struct sl_action *a, uint32_t *id)
{
    enum sl_code rc = sl_cursor_move(c, sl_lane_source(l, a->origin->e), a->origin->root, a->real ? "" : a->origin->base);
    if (a->real)
        return rc == SL_OK ? sl_cursor_goto(c, a->real, sl_path_dir_len(a->real, strlen(a->real)), id) : rc;
    return rc == SL_OK ? sl_cursor_goto(c, a->path, a->dir_len, id) : rc;
}

const char *sl_exec_source_name(const struct sl_action *a)
{
    if (a->real)
        return strrchr(a->real, '/') ? strrchr(a->real, '/') + 1 : a->real;
    return a->origin->rename_from ? a->origin->rename_from : a->entry.name;
}

static bool same_place(const struct sl_action *a, const struct sl_action *b)
{
    if (a->real || b->real) {
        size_t n = a->real ? sl_path_dir_len(a->real, strlen(a->real)) : 0;
        return a->real && b->real && a->origin == b->origin && n == sl_path_dir_len(b->real, strlen(b->real)) && memcmp(a->real, b->real, n) == 0;
    }
    return a->origin == b->origin && a->dir_len == b->dir_len && memcmp(a->path, b->path, a->dir_len) == 0;
}

/* One READ for as many files of one directory as stand in a row. */
static enum sl_code ask_batch(struct sl_lane *l)
{
    struct sl_plan *p = l->plan;
    struct sl_queue *q = &l->queue;
    struct sl_action *first = sl_queue_at(q, q->issued);
    const char *names[BATCH_MAX];
    uint32_t id = 0;
    enum sl_code rc = sl_exec_move_to(l, &l->read_at, first, &id);
    struct sl_endpoint *e = sl_lane_source(l, first->origin->e);
    size_t room = e->ops->room(e, SL_JOB_WORK), used = 16, n = 0;
    if (rc != SL_OK || room < SL_NAME_MAX + 64)
        return SL_AGAIN;
    while (q->issued < q->len && n < BATCH_MAX) {
        struct sl_action *a = sl_queue_at(q, q->issued);
        sl_permit_action(p, a);
        if (sl_exec_delta_wanted(p, a) || sl_parts_wanted(p, a) || a->kind == SL_ACT_PART)
            break;
        if (a->kind == SL_ACT_FILE && same_place(a, first)) {
            const char *name = sl_exec_source_name(a);
            used += strlen(name) + 4;
            if (used > room)
                break;
            names[n++] = name;
            a->asked = true;
        } else if (a->kind == SL_ACT_FILE || a->kind == SL_ACT_COMPARE) {
            break;
        }
        q->issued++;
    }
    e->ops->read(e, id, names, n);
    return SL_OK;
}

enum sl_code sl_exec_ask_one(struct sl_lane *l, struct sl_action *a)
{
    struct sl_endpoint *e = sl_lane_source(l, a->origin->e);
    const char *name = sl_exec_source_name(a);
    uint32_t id = 0;
    if (sl_exec_move_to(l, &l->read_at, a, &id) != SL_OK || e->ops->room(e, SL_JOB_WORK) < SL_NAME_MAX + 64 + SL_RANGE_BYTES_MAX)
        return SL_AGAIN;
    if (a->kind == SL_ACT_PART)
        e->ops->read_part(e, id, name, a->part_from, a->part_len);
    else
        e->ops->read(e, id, &name, 1);
    a->asked = true;
    return SL_OK;
}

/* ---- hashes ---- */

static enum sl_code ask_hash_there(struct sl_lane *l, struct sl_action *a)
{
    struct sl_endpoint *e = sl_lane_source(l, a->origin->e);
    uint32_t id = 0;
    enum sl_code rc = sl_exec_move_to(l, &l->hash_there, a, &id);
    if (rc != SL_OK || e->ops->room(e, SL_JOB_HASH) < SL_NAME_MAX + 64)
        return SL_AGAIN;
    a->asked_there = true;               /* first: while a local tree hashes, the queue may grow */
    e->ops->hash(e, id, sl_exec_source_name(a));
    return SL_OK;
}

static enum sl_code ask_hash_here(struct sl_lane *l, struct sl_action *a)
{
    uint32_t id = 0;
    enum sl_code rc = sl_cursor_goto(&l->hash_here, a->path, a->dir_len, &id);
    if (rc != SL_OK || l->dest->ops->room(l->dest, SL_JOB_HASH) < SL_NAME_MAX + 64)
        return SL_AGAIN;
    a->asked_here = true;
    l->dest->ops->hash(l->dest, id, a->entry.name);
    return SL_OK;
}

/* Asks for the hashes of a COMPARE. A local tree answers one at a time, so only of the one that is `next`, which does not keep others from being asked for
 * far away. SL_AGAIN: no room for more. */
static enum sl_code ask_hashes(struct sl_lane *l, size_t i, bool next)
{
    struct sl_action *a = sl_queue_at(&l->queue, i);
    if (a->kind != SL_ACT_COMPARE)
        return SL_OK;
    if (!a->asked_there && (next || a->origin->e->remote) && ask_hash_there(l, a) != SL_OK)
        return SL_AGAIN;
    a = sl_queue_at(&l->queue, i);
    if (a->pick && (next || l->dest->remote) && sl_exec_candidates_ask(l, a) != SL_OK)
        return l->dest->remote ? SL_AGAIN : SL_OK;
    return !a->asked_here && (next || l->dest->remote) ? ask_hash_here(l, a) : SL_OK;
}

/* The verdict on a file whose hashes are in. */
static void settle(struct sl_plan *p, struct sl_action *a)
{
    bool same = a->hash_ok && memcmp(a->hash_there, a->hash_here, sizeof a->hash_here) == 0;
    if (!same && a->keeps_content) {
        a->kind = SL_ACT_NOTHING;
        a->update = SL_UPDATE_NONE;
        a->meta = a->changes = 0;
        a->quiet = true;
        a->takes_source = false;
        p->progress.bytes_total -= a->entry.size;
        return;
    }
    if (!same) {
        a->kind = SL_ACT_FILE;
        return;
    }
    a->kind = a->meta_same ? SL_ACT_META : SL_ACT_NOTHING;
    a->meta = a->meta_same;
    if (a->touched && !a->quiet) {
        p->progress.bytes_done += a->entry.size;
        p->stats.matched += a->entry.size;
        sl_exec_count_sent(p, a);
        return;
    }
    p->progress.bytes_total -= a->entry.size;
    a->changes = a->changes_same;
    a->update = SL_UPDATE_NONE;
}

static enum sl_code compare(struct sl_lane *l, struct sl_action *a)
{
    struct sl_plan *p = l->plan;
    struct sl_endpoint *source = sl_lane_source(l, a->origin->e);
    struct sl_error why = { 0 };
    enum sl_code rc;
    if (a->asked_there && !a->got_there) {
        rc = source->ops->hash_next(source, a->hash_there, &why);
        if (rc == SL_AGAIN)
            return rc;
        a->got_there = true;
        if (rc != SL_OK) {
            why.side = SL_SIDE_SOURCE;
            p->source_error |= rc != SL_E_NOT_FOUND;
            sl_plan_entry_failed(p, &why, a->path);
            a->meta_same = a->changes_same = 0;
            a->quiet = a->role.lost = true;
        }
    }
    if (a->pick && (sl_exec_candidates_take(l, a) != SL_OK || (!a->asked_here && ask_hash_here(l, a) != SL_OK)))
        return SL_AGAIN;
    if (a->asked_here && !a->got_here) {
        rc = l->dest->ops->hash_next(l->dest, a->hash_here, &why);
        if (rc == SL_AGAIN)
            return rc;
        a->got_here = true;
        a->hash_ok = rc == SL_OK || a->quiet;
        if (a->quiet)
            memcpy(a->hash_here, a->hash_there, sizeof a->hash_here);
    }
    if (!a->got_there || !a->got_here)
        return SL_AGAIN;
    if (!a->pick || !sl_pick_settle(p, a))
        settle(p, a);
    else if (sl_pick_left_out(p, a))     /* nothing can be linked to it */
        a->role.lost = true;
    return SL_OK;
}

/* Verdicts in the order of the queue, as far as hashes are in: those ahead of their turn as well, so that deltas of what proves changed are under way
 * beside each other. Whether there is more to do now. */
static bool settle_ahead(struct sl_lane *l)
{
    struct sl_queue *q = &l->queue;
    uint64_t bytes = 0;
    size_t asked = q->issued;
    for (size_t i = q->issued; i < q->len && i < q->issued + HASHES_MAX; i++) {
        if (sl_queue_at(q, i)->kind != SL_ACT_COMPARE)
            continue;
        if (bytes >= SETTLED_BYTES_MAX)
            return true;
        asked = asked > i ? asked : i + 1;
        bool room = ask_hashes(l, i, true) == SL_OK;
        while (room && asked < q->len && asked < q->issued + HASHES_MAX && (room = ask_hashes(l, asked, false) == SL_OK))
            asked++;
        struct sl_action *a = sl_queue_at(q, i);
        if (compare(l, a) != SL_OK)
            return false;
        bytes += a->entry.size;
    }
    return false;
}

static void issue(struct sl_lane *l)
{
    struct sl_plan *p = l->plan;
    struct sl_queue *q = &l->queue;
    while (q->issued < q->len) {
        struct sl_action *a = sl_queue_at(q, q->issued);
        if (a->kind == SL_ACT_COMPARE)
            return;
        sl_permit_action(p, a);
        if (sl_exec_delta_wanted(p, a)) {
            if (!a->delta || !a->delta->done)
                sl_exec_delta_prepare(l);
            if (!a->delta || !a->delta->done)
                return;
            sl_exec_delta_decide(p, a);
        }
        if (sl_parts_wanted(p, a))
            sl_parts_split(l, a);
        if (a->kind == SL_ACT_PART && !a->delta)
            a->delta = sl_parts_portion(a);
        if (a->kind == SL_ACT_PART && a->origin->e->reads_ahead) {
            if ((a->delta ? sl_exec_part_ask(l, a) : sl_exec_ask_one(l, a)) != SL_OK)
                return;
            q->issued++;
        } else if (a->kind == SL_ACT_FILE && a->origin->e->reads_ahead && !p->o->dry_run) {
            if ((a->delta ? sl_exec_delta_ask(l, a) : ask_batch(l)) != SL_OK)
                return;
            q->issued += a->delta != NULL;
        } else {
            q->issued++;
        }
    }
}

bool sl_exec_issue(struct sl_lane *l)
{
    bool more = settle_ahead(l);
    issue(l);
    return more;
}

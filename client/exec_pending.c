/* SPDX-License-Identifier: ISC */
/*
 * exec_pending - what a lane has asked for and its destination has not confirmed: success comes as a ticket that moves on, failure by the
 * `failed` hook. What can be mended by sending the file once more goes back into the lane's queue, and stays unsettled.
 */
#include "config.h"
#include "client/backup.h"
#include "client/backup_priv.h"
#include "client/delay.h"
#include "client/exec_priv.h"
#include "client/hard.h"
#include "client/parts.h"
#include "client/staging.h"
#include "client/take_source.h"
#include "base/mem.h"
#include "base/ring.h"

#include <stdlib.h>
#include <string.h>

struct sl_pending *sl_pending_push(struct sl_lane *l)
{
    if (l->pending_len == l->pending_cap)
        l->pending = sl_ring_room(l->pending, sizeof *l->pending, &l->pending_head, &l->pending_cap, 64);
    struct sl_pending *n = &l->pending[(l->pending_head + l->pending_len++) % l->pending_cap];
    *n = (struct sl_pending){ .ticket = l->dest->issued[SL_JOB_WORK] };
    return n;
}

static void free_action(struct sl_action *a)
{
    if (a)
        sl_action_clear(a);
    free(a);
}

/* It failed for good: no other lane has to do it. */
static void forget_action(struct sl_pending *n)
{
    free_action(n->action);
    n->action = NULL;
    n->role.lost = true;
}

void sl_pending_clear(struct sl_pending *n)
{
    free_action(n->redo);
    free_action(n->taken);
    free_action(n->action);
    free_action(n->link);
    sl_take_forget(n->source_taken);
    free(n->path);
}

void sl_pending_take_backup(struct sl_pending *n, struct sl_lane *l)
{
    n->backup_from = l->backup_from;
    n->backup_to = l->backup_to;
    n->backup_failed = l->backup_failed;
    l->backup_from = 0;
    l->backup_failed = false;
}

static void reap(struct sl_plan *p, struct sl_lane *l)
{
    while (l->pending_len && sl_pending_at(l, 0)->ticket <= l->dest->acked[SL_JOB_WORK]) {
        struct sl_pending *n = sl_pending_at(l, 0);
        if (n->taken)
            sl_exec_report(p, n->taken, 0);
        p->done += n->changed || n->deleted;
        p->deleted += n->deleted;
        sl_delay_confirmed(p, n);
        l->cost -= n->weight;
        sl_settle(p, n->seq);
        if (n->kind == SL_ACT_LINK)
            sl_hard_linked(p, n);
        else
            sl_hard_over(p, n->seq, &n->role, n->kind);
        sl_take_now(p, n->source_taken);
        n->source_taken = NULL;
        if (n->parts)
            sl_parts_settled(p, n->parts, n->kind, !n->failed);
        sl_pending_clear(n);
        l->pending_head = (l->pending_head + 1) % l->pending_cap;
        l->pending_len--;
    }
}

void sl_pending_reap(struct sl_plan *p)
{
    for (size_t i = 0; i < p->lanes_len; i++)
        reap(p, p->lanes[i]);
}

/* ---- failures ---- */

bool sl_plan_below_failed(const struct sl_plan *p, const char *path)
{
    size_t n = p->failed_dir ? strlen(p->failed_dir) : 0;
    return n && strncmp(path, p->failed_dir, n) == 0 && path[n] == '/';
}

void sl_plan_failed_dir(struct sl_plan *p, const char *path)
{
    free(p->failed_dir);
    p->failed_dir = sl_strdup(path);
}

static struct sl_pending *under_way(struct sl_lane *l, uint64_t ticket)
{
    for (size_t i = 0; i < l->pending_len; i++)
        if (sl_pending_at(l, i)->ticket >= ticket)
            return sl_pending_at(l, i);
    return NULL;
}

/* Parts are mended or told of by their group. */
static bool part_failed(struct sl_lane *l, struct sl_pending *n, const struct sl_error *why)
{
    struct sl_action *a = !n && l->current && l->queue.len ? sl_queue_at(&l->queue, 0) : NULL;
    enum sl_action_kind kind = n ? n->kind : a ? a->kind : SL_ACT_NOTHING;
    if (kind != SL_ACT_PART && kind != SL_ACT_JOIN)
        return kind == SL_ACT_DROP;
    sl_parts_failed(l->plan, n ? n->parts : a->parts, kind, why);
    if (n) {
        n->failed = true;
        n->seq = kind == SL_ACT_JOIN ? 0 : n->seq;
    } else {
        l->current_failed = true;
        l->swallow |= l->begun;
    }
    return true;
}

void sl_exec_failed(void *ctx, struct sl_endpoint *e, enum sl_job job, uint64_t ticket, const struct sl_error *err)
{
    struct sl_lane *l = ctx;
    struct sl_plan *p = l->plan;
    struct sl_error why = *err;
    if (job != SL_JOB_WORK || e != l->dest)
        return;
    why.side = e->side;
    struct sl_pending *n = under_way(l, ticket);
    if (sl_staging_unreserved(l, n, ticket, &why) || (why.code == SL_E_EXISTS && sl_backup_is_mkdir(l, ticket)))
        return;
    const char *path = !n ? l->current : n->link ? n->link->path : n->path;
    bool dir = n ? n->dir : l->current_dir;
    l->took_failure |= !n;
    if (n) {                             /* what did not arrive whole stays at the source, attributes included */
        sl_take_forget(n->source_taken);
        n->source_taken = NULL;
    }
    if (why.code == SL_E_ATTRS) {        /* all else of it is done, or goes on */
        p->failed = true;
        sl_plan_entry_failed(p, &why, path);
        return;
    }
    if (n)
        n->changed = n->deleted = false;
    else
        l->failed_ticket = ticket;
    if (!l->opening_alternate && sl_backup_failure(l, n, ticket, &why)) {
        l->swallow |= l->begun && ticket >= l->write_ticket;
        if (n) {
            n->failed = true;
            free_action(n->taken);
            n->taken = NULL;
            forget_action(n);
        }
        return;
    }
    if (part_failed(l, n, &why) || l->opening_alternate)
        return;
    if (sl_exec_link_failed(l, n, why.code))
        return;
    if (n && n->kind == SL_ACT_LINK && sl_hard_refused(p, n, &why))
        return;
    if (l->begun && ticket >= l->write_ticket) {
        l->swallow_redo = !l->swallow && sl_exec_delta_faulty(l, ticket, why.code);
        l->swallow = true;
        if (l->swallow_redo)
            return;
    }
    if (n ? sl_exec_delta_again(l, n, why.code) : sl_exec_delta_current_again(l, ticket, why.code))
        return;
    /* A directory that could not be seen to be there already, or was made by its other name; nor is its metadata this run's to set then. */
    if (dir && ((p->blind && why.code == SL_E_RIGHTS) || ((p->blind || p->o->keep_dirlinks) && why.code == SL_E_EXISTS)))
        return;
    p->failed = true;
    l->current_lost |= !n;
    if (n)
        forget_action(n);
    if (path && sl_plan_below_failed(p, path)) {
        p->stats.errors++;
        return;
    }
    sl_plan_entry_failed(p, &why, path);
    if (path && dir && why.code != SL_E_EXISTS)
        sl_plan_failed_dir(p, path);
}

/* ---- the first action leaves the queue ---- */

/* Whether a failure of it is one of its directory's, too. */
static bool of_dir(const struct sl_plan *p, const struct sl_action *a)
{
    return a->entry.type == SL_TYPE_DIR && (a->kind == SL_ACT_MAKE || (p->blind && a->kind == SL_ACT_META));
}

void sl_exec_current(struct sl_lane *l, const struct sl_action *a)
{
    l->current = a->path;
    l->current_dir = of_dir(l->plan, a);
    l->current_failed &= l->begun;
    l->current_lost &= l->begun;
}

/* What another lane needs to do it once more: it was told and counted, and is not asked for yet. */
static struct sl_action *for_another_lane(const struct sl_action *a)
{
    struct sl_action *copy = sl_exec_copy(a);
    copy->whole = a->whole;
    copy->redo = a->kind != SL_ACT_TAKE;
    return copy;
}

void sl_exec_finish(struct sl_lane *l)
{
    struct sl_plan *p = l->plan;
    struct sl_action *a = sl_queue_at(&l->queue, 0);
    struct sl_pending *n = sl_pending_push(l);
    n->seq = a->seq;
    n->weight = a->weight;
    n->dir = of_dir(p, a);
    if (a->delta && !a->append && a->kind == SL_ACT_FILE)
        n->redo = sl_exec_delta_copy(a);
    if (a->kind == SL_ACT_TAKE && !l->current_failed)
        n->taken = sl_exec_copy(a);
    if (l != p->lanes[0] && a->seq && !(l->swallow || l->current_failed))
        n->action = for_another_lane(a);
    n->kind = a->kind;
    n->parts = a->parts;
    n->failed = l->current_failed || l->swallow;
    n->role = a->role;
    n->role.lost |= l->current_lost || l->swallow;
    if (n->failed && a->kind == SL_ACT_JOIN)
        n->seq = 0;
    n->changed = (a->kind == SL_ACT_FILE && !l->swallow) || a->kind == SL_ACT_JOIN || a->kind == SL_ACT_TAKE ||
                 (a->kind == SL_ACT_MAKE && (a->changes & SL_CHANGE_NEW || a->fresh));
    n->deleted = a->kind == SL_ACT_REMOVE && a->update == SL_UPDATE_DELETED;
    bool whole = a->kind == SL_ACT_FILE || a->kind == SL_ACT_JOIN || a->kind == SL_ACT_MAKE || a->kind == SL_ACT_META || a->kind == SL_ACT_TAKE;
    n->source_taken = whole && !n->failed && !l->took_failure ? sl_take_of(p, a) : NULL;
    if (a->kind == SL_ACT_RELEASE && !l->took_failure) {
        n->source_taken = a->taken;
        a->taken = NULL;
    }
    sl_delay_mark(l, n, a);
    n->reserve_ticket = l->reserve_ticket;
    l->reserve_ticket = 0;
    l->took_failure = false;
    sl_pending_take_backup(n, l);
    n->path = a->path;
    a->path = NULL;
    sl_queue_pop(&l->queue);
    l->current = NULL;
    l->current_failed = l->current_lost = false;
}

void sl_exec_skip(struct sl_lane *l)
{
    struct sl_action *a = sl_queue_at(&l->queue, 0);
    l->plan->progress.path = NULL;
    l->cost -= a->weight;
    l->backup_from = 0;
    l->backup_failed = l->took_failure = false;
    if (a->kind == SL_ACT_NOTHING)
        sl_take_now(l->plan, sl_take_of(l->plan, a));
    sl_settle(l->plan, a->seq);
    a->role.lost |= l->current_lost;
    sl_hard_over(l->plan, a->seq, &a->role, a->kind);
    sl_queue_pop(&l->queue);
    l->current = NULL;
    l->current_lost = false;
}

/* ---- once more ---- */

struct sl_action *sl_exec_copy(const struct sl_action *a)
{
    struct sl_action *copy = sl_calloc(1, sizeof *copy);
    sl_action_fill(copy, a->kind, a->path, strlen(a->path), a->dir_len, &a->entry, a->origin);
    copy->real = a->real ? sl_strdup(a->real) : NULL;
    copy->meta = a->meta;
    copy->flags = a->flags;
    copy->changes = a->changes;
    copy->update = a->update;
    copy->retried = a->retried;
    copy->told = a->told;
    copy->quiet = a->quiet;
    copy->seq = a->seq;
    copy->needs = a->needs;
    copy->weight = a->weight;
    copy->losses = a->losses;
    copy->in_one = a->in_one;
    copy->alternate = a->alternate;
    copy->copied = a->copied;
    copy->fresh = a->fresh;
    copy->role = a->role;
    copy->parts = a->parts;
    copy->part_from = a->part_from;
    copy->part_len = a->part_len;
    copy->part_sent = a->part_sent;
    copy->takes_source = a->takes_source;
    copy->source_size = a->source_size;
    copy->backs_up = a->backs_up;
    copy->like = sl_backup_like_also(a->like);
    copy->old_size = a->old_size;
    copy->old_mtime_s = a->old_mtime_s;
    copy->old_mtime_ns = a->old_mtime_ns;
    return copy;
}

void sl_exec_once_more(struct sl_lane *l, struct sl_action *copy)
{
    l->cost += copy->weight;
    *sl_queue_push(&l->queue) = *copy;
    free(copy);
}

/* The source changed while it was read: once more, behind everything else. */
bool sl_exec_again(struct sl_lane *l, struct sl_action *a)
{
    if (a->retried)
        return false;
    struct sl_action *copy = sl_exec_copy(a);
    copy->retried = copy->whole = true;
    copy->redo = a->redo;
    a->seq = 0;
    a->takes_source = false; /* what was read is not used: the copy takes it */
    sl_exec_once_more(l, copy);
    return true;
}

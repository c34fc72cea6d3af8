/* SPDX-License-Identifier: ISC */
/* lanes - the lanes of a plan: each has its own endpoints, queue and cursors (doc/ARCHITECTURE.md, "Lanes"). */
#include "config.h"
#include "client/backup.h"
#include "client/exec_priv.h"
#include "client/hard.h"
#include "client/parts.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct sl_lane *sl_lane_add(struct sl_plan *p, struct sl_endpoint *dest)
{
    struct sl_lane *l = sl_calloc(1, sizeof *l);
    struct sl_endpoint *first = p->source.streams[0]->e;
    l->plan = p;
    l->dest = dest;
    sl_cursor_init(&l->write_at, dest, SL_JOB_WORK, p->dest_origin.root, p->dest_origin.base);
    sl_cursor_init(&l->link_at, dest, SL_JOB_WORK, p->dest_origin.root, p->dest_origin.base);
    sl_cursor_init(&l->hash_here, dest, SL_JOB_HASH, p->dest_origin.root, p->dest_origin.base);
    sl_cursor_init(&l->alternate_work, dest, SL_JOB_WORK, p->dest_origin.root, "");
    sl_cursor_init(&l->alternate_hash, dest, SL_JOB_HASH, p->dest_origin.root, "");
    l->write_at.detours = l->hash_here.detours = l->link_at.detours = &p->detours;
    sl_cursor_init(&l->read_at, first, SL_JOB_WORK, 0, "");
    sl_cursor_init(&l->hash_there, first, SL_JOB_HASH, 0, "");
    dest->failed = sl_exec_failed;
    dest->ctx = l;
    p->lanes = sl_realloc(p->lanes, (p->lanes_len + 1) * sizeof(struct sl_lane *));
    p->lanes[p->lanes_len++] = l;
    return l;
}

struct sl_endpoint *sl_lane_source(const struct sl_lane *l, struct sl_endpoint *of)
{
    for (size_t i = 0; i < l->twins_len; i++)
        if (l->twins[i].of == of)
            return l->twins[i].own;
    return of;
}

void sl_lane_twin(struct sl_lane *l, struct sl_endpoint *of, struct sl_endpoint *own)
{
    l->twins = sl_realloc(l->twins, (l->twins_len + 1) * sizeof *l->twins);
    l->twins[l->twins_len++] = (struct sl_twin){ of, own };
}

/* Nothing comes from its endpoints any more. */
static void lane_free(struct sl_lane *l)
{
    for (size_t i = 0; i < l->pending_len; i++)
        sl_pending_clear(sl_pending_at(l, i));
    sl_queue_clear(&l->queue);
    sl_cursor_clear(&l->write_at);
    sl_cursor_clear(&l->link_at);
    sl_cursor_clear(&l->read_at);
    sl_cursor_clear(&l->hash_there);
    sl_cursor_clear(&l->hash_here);
    sl_cursor_clear(&l->staging_at);
    sl_cursor_clear(&l->alternate_work);
    sl_cursor_clear(&l->alternate_hash);
    sl_backup_lane_clear(l);
    free(l->pending);
    free(l->twins);
    free(l);
}

void sl_lanes_clear(struct sl_plan *p)
{
    for (size_t i = 0; i < p->lanes_len; i++)
        lane_free(p->lanes[i]);
    free(p->lanes);
    p->lanes = NULL;
    p->lanes_len = 0;
}

/* ---- a lane that is lost ---- */

/* As the planner made it, but for what was decided: nothing is asked for, and what was told is not told again. */
static void start_over(struct sl_lane *l, struct sl_action *a, bool begun)
{
    sl_delta_job_free(a->delta);
    a->delta = NULL;
    sl_attrs_job_free(a->attrs);
    a->attrs = NULL;
    a->backup_asked = a->asked = a->asked_there = a->asked_here = a->got_there = a->got_here = a->hash_ok = false;
    if (!begun)
        return;
    l->plan->progress.bytes_done -= l->file_done;
    if (a->kind == SL_ACT_PART)
        return;
    sl_exec_count_sent(l->plan, a);
    a->redo = true;
    a->whole |= l->swallow_redo;
}

static void begin_again(struct sl_plan *p, const struct sl_action *a)
{
    if (a->kind == SL_ACT_PART && a->flags & SL_PUT_FIRST)
        sl_parts_lost_first(p, a->parts);
}

static void deal_again(struct sl_plan *p, struct sl_lane *l)
{
    for (size_t i = 0; i < l->pending_len; i++) {
        struct sl_pending *n = sl_pending_at(l, i);
        if (n->seq && n->action) {
            p->progress.bytes_done -= n->parts ? n->action->part_len : n->changed && n->kind != SL_ACT_TAKE ? n->action->entry.size : 0;
            begin_again(p, n->action);
            n->action->losses++;
            *sl_queue_push(&p->again) = *n->action;
            free(n->action);
            n->action = NULL;
        } else {
            sl_settle(p, n->seq);
            n->role.lost = true;
            sl_hard_over(p, n->seq, &n->role, n->kind);
            if (n->parts)
                sl_parts_settled(p, n->parts, n->kind, false);
        }
    }
    for (bool first = true; l->queue.len; first = false) {
        struct sl_action a;
        sl_queue_take(&l->queue, &a);
        bool begun = first && l->begun;
        if (begun && l->swallow && !l->swallow_redo) {
            sl_settle(p, a.seq);
            a.role.lost = true;
            sl_hard_over(p, a.seq, &a.role, a.kind);
            if (a.parts)
                sl_parts_settled(p, a.parts, a.kind, false);
            sl_action_clear(&a);
            continue;
        }
        start_over(l, &a, begun);
        a.losses += begun;
        if (begun)
            begin_again(p, &a);
        *sl_queue_push(&p->again) = a;
    }
}

void sl_lane_remove(struct sl_plan *p, size_t i)
{
    struct sl_lane *l = p->lanes[i];
    deal_again(p, l);
    lane_free(l);
    memmove(&p->lanes[i], &p->lanes[i + 1], (p->lanes_len - i - 1) * sizeof(struct sl_lane *));
    p->lanes_len--;
    p->run_left = 0;
    p->progress.path = NULL;
}

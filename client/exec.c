/* SPDX-License-Identifier: ISC */
/*
 * exec - carries out what was dealt to a lane, in its order: the first action of the queue is the one whose content arrives.
 */
#include "config.h"
#include "client/exec_priv.h"
#include "base/io.h"
#include "client/backup.h"
#include "client/delay.h"
#include "client/hard.h"
#include "client/parts.h"
#include "client/staging.h"
#include "client/plan_priv.h"
#include "client/take_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXEC_MAX = 256, EXEC_MS = 4 };

/* ---- carrying out ---- */

void sl_exec_report(struct sl_plan *p, const struct sl_action *a, uint64_t bytes)
{
    if (a->quiet || a->told || a->redo)
        return;
    const char *path = a->origin->rename_from ? a->origin->rename_from : a->path[0] ? a->path : ".";
    char *backup = sl_backup_shown(p, a);
    struct sl_report_item item = { .update = a->update, .changes = a->changes, .entry = &a->entry, .path = path,
                                   .front = a->origin->front, .bytes = bytes, .backup = backup };
    if (a->update == SL_UPDATE_DELETED)
        p->stats.deleted[a->entry.type]++;
    else if (a->changes & SL_CHANGE_NEW)
        p->stats.created[a->entry.type]++;
    sl_report_item(p->report, &item);
    free(backup);
}

/* How it ends when it is interrupted. A server that learns late that its lane is lost gives its part no name that another one has been given since; but
 * it may give it one before the file is sent once more, which then has to replace that. */
static uint32_t ending_of(const struct sl_lane *l, const struct sl_action *a)
{
    const struct sl_options *o = l->plan->o;
    if (a->kind != SL_ACT_FILE)
        return o->no_resume && (a->kind == SL_ACT_PART || a->kind == SL_ACT_DROP) ? SL_PUT_UNKEPT : 0;
    if (o->inplace)
        return SL_PUT_INPLACE | (o->write_devices ? SL_PUT_DEVICE : 0);
    if (o->partial && !*o->partial_dir && !a->backs_up && !l->plan->holds)
        return l == l->plan->lanes[0] || l->dest->rights & SL_RIGHT_OVERWRITE ? SL_PUT_PARTIAL : 0;
    return o->no_resume ? SL_PUT_UNKEPT : 0;
}

static uint32_t sparse_of(const struct sl_lane *l, const struct sl_action *a)
{
    bool content = a->kind == SL_ACT_FILE || a->kind == SL_ACT_PART;
    return l->plan->o->sparse && content ? SL_PUT_SPARSE : 0;
}

static struct sl_new new_of(const struct sl_lane *l, const struct sl_action *a, uint32_t dir)
{
    bool synced = l->plan->o->fsync && (a->kind == SL_ACT_FILE || a->kind == SL_ACT_JOIN || a->kind == SL_ACT_RELEASE);
    uint32_t more = (synced ? (uint32_t)SL_PUT_FSYNC : 0) | (sl_delay_holds(l->plan, a) ? (uint32_t)SL_PUT_HOLD : 0);
    return (struct sl_new){ .dir = dir, .meta = a->meta, .flags = a->flags | ending_of(l, a) | sparse_of(l, a) | more,
                            .entry = &a->entry };
}

void sl_exec_count_sent(struct sl_plan *p, const struct sl_action *a)
{
    if (a->redo)
        return;
    p->stats.files_sent++;
    p->stats.sent_size += a->entry.size;
}

/* Still changing at the second reading: what was read is kept (its times are the listing's, so the next run looks again). */
void sl_exec_still_changing(struct sl_plan *p, struct sl_action *a)
{
    struct sl_error err = { .code = SL_E_CHANGED, .side = SL_SIDE_SOURCE };
    snprintf(err.text, sizeof err.text, "'%s' changed while it was read; the copy may mix two versions", a->entry.name);
    p->vanished = true;
    a->takes_source = false;
    sl_report_warning(p->report, &err, a->path);
}

/* Whether what was read is not used, because the source changed meanwhile. */
static bool will_redo(const struct sl_action *a, const struct sl_piece *c)
{
    return c->changed && !a->retried;
}

static enum sl_code piece_whole(struct sl_lane *l, struct sl_action *a, uint32_t dir, const struct sl_piece *c)
{
    struct sl_plan *p = l->plan;
    if (l->dest->ops->room(l->dest, SL_JOB_WORK) < c->len + SL_HEAD_ROOM)
        return SL_AGAIN;
    if (!will_redo(a, c) && sl_backup_send(l, a, dir, c->len + SL_HEAD_ROOM) != SL_OK)
        return SL_AGAIN;
    bool redo = c->changed && sl_exec_again(l, a);
    a = sl_queue_at(&l->queue, 0);
    if (!redo) {
        if (sl_exec_attrs_send(l, a) != SL_OK || l->dest->ops->room(l->dest, SL_JOB_WORK) < c->len + SL_HEAD_ROOM)
            return SL_AGAIN;
        if (c->changed)
            sl_exec_still_changing(p, a);
        p->progress.bytes_done += a->entry.size;
        a->entry.size = c->len;
        struct sl_new n = new_of(l, a, dir);
        sl_exec_count_sent(p, a);
        p->stats.literal += c->len;
        sl_exec_report(p, a, c->len);
        l->dest->ops->put(l->dest, &n, c->data, c->len, c->hash);
        sl_exec_finish(l);
    } else {
        sl_exec_skip(l);
    }
    return SL_OK;
}

enum sl_code sl_exec_begin(struct sl_lane *l, struct sl_action *a, uint32_t dir)
{
    struct sl_plan *p = l->plan;
    if (l->begun)
        return SL_OK;
    /* First: a set of attributes is of the request that follows it, and a backup is more than one. */
    if (p->o->inplace && a->kind == SL_ACT_FILE && sl_backup_send(l, a, dir, SL_HEAD_ROOM) != SL_OK)
        return SL_AGAIN;
    if ((!a->parts && sl_exec_attrs_send(l, a) != SL_OK) || l->dest->ops->room(l->dest, SL_JOB_WORK) < SL_HEAD_ROOM)
        return SL_AGAIN;
    struct sl_new n = new_of(l, a, dir);
    l->begun = true;
    l->swallow = false;
    l->file_done = 0;
    l->write_ticket = l->dest->issued[SL_JOB_WORK] + 1;
    l->reserve_ticket = 0;
    if (a->parts) {
        if (!a->parts->told)
            sl_exec_report(p, a, a->parts->delta ? sl_delta_unknown_bytes(&a->parts->delta->delta) : a->entry.size);
        a->parts->told = true;
        l->dest->ops->part(l->dest, &n, a->parts->token, a->part_from);
        sl_staging_reserve(l, a);
        return SL_OK;
    }
    sl_exec_report(p, a, a->delta ? sl_delta_unknown_bytes(&a->delta->delta) : a->entry.size);
    a->told = true;
    l->dest->ops->write(l->dest, &n);
    sl_staging_reserve(l, a);
    return SL_OK;
}

static enum sl_code piece_data(struct sl_lane *l, const struct sl_piece *c)
{
    struct sl_plan *p = l->plan;
    while (l->offset < c->len && !l->swallow) {
        size_t n = c->len - l->offset, room = l->dest->ops->room(l->dest, SL_JOB_WORK);
        if (room < 4096 && room < n)
            return SL_AGAIN;
        n = n < room ? n : room;
        l->dest->ops->data(l->dest, (const char *)c->data + l->offset, n);
        l->offset += n;
    }
    l->offset = 0;
    l->file_done += c->len;
    p->stats.literal += c->len;
    p->progress.bytes_done += c->len;
    return SL_OK;
}

static enum sl_code piece_end(struct sl_lane *l, struct sl_action *a, uint32_t dir, const struct sl_piece *c)
{
    struct sl_plan *p = l->plan;
    if (l->dest->ops->room(l->dest, SL_JOB_WORK) < 64)
        return SL_AGAIN;
    if (!l->swallow && !will_redo(a, c) && sl_backup_send(l, a, dir, 64) != SL_OK)
        return SL_AGAIN;
    bool redo = !l->swallow && c->changed && sl_exec_again(l, a);
    a = sl_queue_at(&l->queue, 0);
    if (redo || l->swallow) {
        l->dest->ops->abort(l->dest);
    } else {
        if (c->changed)
            sl_exec_still_changing(p, a);
        a->entry.size = l->file_done;
        sl_exec_count_sent(p, a);
        l->dest->ops->commit(l->dest, c->hash);
    }
    sl_exec_finish(l);
    l->begun = l->swallow = false;
    return SL_OK;
}

enum sl_code sl_exec_piece_failed(struct sl_lane *l, struct sl_action *a, const struct sl_piece *c)
{
    struct sl_plan *p = l->plan;
    if (l->begun && l->dest->ops->room(l->dest, SL_JOB_WORK) < 64)
        return SL_AGAIN;
    struct sl_error why = c->error;
    if (a->parts) {
        why.side = SL_SIDE_SOURCE;
        return sl_exec_part_failed(l, a, &why);
    }
    if (l->begun)
        l->dest->ops->abort(l->dest);
    l->begun = l->swallow = false;
    why.side = SL_SIDE_SOURCE;
    if (why.code == SL_E_CHANGED && sl_exec_again(l, a)) {
        sl_exec_skip(l);
        return SL_OK;
    }
    p->source_error |= why.code != SL_E_NOT_FOUND;
    sl_plan_entry_failed(p, &why, a->path);
    l->current_lost = true;
    sl_exec_skip(l);
    return SL_OK;
}

/* One piece of the first action's content. */
static enum sl_code do_file(struct sl_lane *l, struct sl_action *a, struct sl_error *err)
{
    struct sl_plan *p = l->plan;
    struct sl_endpoint *src = sl_lane_source(l, a->origin->e);
    struct sl_piece c;
    uint32_t dir = 0;
    if (!a->asked && sl_exec_ask_one(l, a) != SL_OK)
        return SL_AGAIN;
    enum sl_code rc = sl_cursor_goto(&l->write_at, a->path, a->dir_len, &dir);
    if (rc == SL_OK)
        rc = src->ops->piece(src, &c, err);
    if (rc != SL_OK)
        return rc;
    switch (c.kind) {
    case SL_PIECE_WHOLE:
        rc = piece_whole(l, a, dir, &c);
        break;
    case SL_PIECE_DATA:
        rc = sl_exec_begin(l, a, dir);
        if (rc == SL_OK)
            rc = piece_data(l, &c);
        break;
    case SL_PIECE_HOLE:
        rc = sl_exec_begin(l, a, dir);
        if (rc == SL_OK && !l->swallow) {
            if (l->dest->ops->room(l->dest, SL_JOB_WORK) < 64)
                return SL_AGAIN;
            l->dest->ops->hole(l->dest, c.hole);
        }
        if (rc == SL_OK) {
            l->file_done += c.hole;
            p->progress.bytes_done += c.hole;
        }
        break;
    case SL_PIECE_END:
        rc = sl_exec_begin(l, a, dir);
        if (rc == SL_OK)
            rc = a->parts ? sl_exec_part_end(l, a, &c) : piece_end(l, a, dir, &c);
        break;
    case SL_PIECE_FAILED:
        rc = sl_exec_piece_failed(l, a, &c);
        break;
    }
    if (rc == SL_OK)
        src->ops->piece_taken(src);
    return rc;
}

static enum sl_code do_other(struct sl_lane *l, struct sl_action *a)
{
    struct sl_plan *p = l->plan;
    uint32_t dir = 0;
    if (a->kind == SL_ACT_TAKE)
        return sl_exec_link(l, a);
    if (a->kind == SL_ACT_NOTHING) {
        sl_exec_report(p, a, 0);
        sl_exec_skip(l);
        return SL_OK;
    }
    if (a->kind == SL_ACT_LINK)
        return sl_hard_link(l, a);
    if (a->kind == SL_ACT_REMOVE && a->entry.type == SL_TYPE_DIR) {
        sl_cursor_leave(&l->write_at, a->path, strlen(a->path));
        sl_cursor_leave(&l->link_at, a->path, strlen(a->path));
    }
    /* A kept link's metadata is that of the directory. */
    const char *real = a->kind == SL_ACT_META ? sl_detours_find(&p->detours, a->path, strlen(a->path)) : NULL;
    enum sl_code rc = real ? sl_cursor_goto_real(&l->write_at, real, sl_path_dir_len(real, strlen(real)), &dir)
                           : sl_cursor_goto(&l->write_at, a->path, a->dir_len, &dir);
    if (rc != SL_OK || l->dest->ops->room(l->dest, SL_JOB_WORK) < SL_HEAD_ROOM)
        return SL_AGAIN;
    if (sl_backup_send(l, a, dir, SL_HEAD_ROOM) != SL_OK)
        return SL_AGAIN;
    bool gives = a->kind == SL_ACT_MAKE || a->kind == SL_ACT_META || a->kind == SL_ACT_JOIN;
    if (gives && (sl_exec_attrs_send(l, a) != SL_OK || l->dest->ops->room(l->dest, SL_JOB_WORK) < SL_HEAD_ROOM))
        return SL_AGAIN;
    struct sl_new n = new_of(l, a, dir);
    struct sl_entry there = a->entry;
    if (a->device) {
        there.type = a->device;
        n.entry = &there;
    }
    if (real) {
        there.name = strrchr(real, '/') ? strrchr(real, '/') + 1 : real;
        there.name_len = strlen(there.name);
        n.entry = &there;
    }
    if (a->kind != SL_ACT_JOIN && a->kind != SL_ACT_DROP && a->kind != SL_ACT_RELEASE)
        sl_exec_report(p, a, 0);
    if (a->kind == SL_ACT_MAKE)
        l->dest->ops->make(l->dest, &n);
    else if (a->kind == SL_ACT_META)
        l->dest->ops->set_meta(l->dest, &n);
    else if (a->kind == SL_ACT_JOIN)
        l->dest->ops->join(l->dest, &n, a->parts->token);
    else if (a->kind == SL_ACT_RELEASE)
        l->dest->ops->release(l->dest, dir, a->entry.name, n.flags);
    else if (a->kind == SL_ACT_DROP)
        l->dest->ops->drop(l->dest, dir, a->entry.name, a->token, n.flags);
    else
        l->dest->ops->remove(l->dest, dir, a->entry.type, a->entry.name);
    sl_exec_finish(l);
    return SL_OK;
}

static void pretend(struct sl_lane *l, struct sl_action *a)
{
    struct sl_plan *p = l->plan;
    if (a->kind == SL_ACT_FILE) {
        if (!a->copied)
            sl_exec_count_sent(p, a);
        p->progress.bytes_done += a->entry.size;
    }
    if (a->kind == SL_ACT_LINK)
        sl_hard_pretend(p, a);
    else
        sl_exec_report(p, a, 0);
    sl_exec_skip(l);
}

static enum sl_code do_one(struct sl_lane *l, struct sl_action *a, struct sl_error *err)
{
    struct sl_plan *p = l->plan;
    sl_exec_current(l, a);
    if (sl_exec_attrs_ready(l, a) != SL_OK)
        return SL_AGAIN;
    if (p->o->dry_run) {
        pretend(l, a);
        return SL_OK;
    }
    bool file = a->kind == SL_ACT_FILE || a->kind == SL_ACT_PART;
    p->progress.path = file ? a->path : NULL;
    p->progress.file_size = file ? a->entry.size : 0;
    p->progress.file_done = (l->begun ? l->file_done : 0) + a->part_from;
    if (!file)
        return do_other(l, a);
    if (!a->delta)
        return do_file(l, a, err);
    return a->parts ? sl_exec_part_step(l, a, err) : sl_exec_delta_step(l, a, err);
}

/* SL_OK: something was done. */
static enum sl_code lane_step(struct sl_lane *l, uint64_t ms, struct sl_error *err)
{
    struct sl_plan *p = l->plan;
    enum sl_code rc = SL_OK;
    uint64_t until = sl_now_ms() + ms;
    bool moved = sl_exec_delta_work(l) == SL_OK;
    if (sl_staging_begin(l) != SL_OK)
        return moved ? SL_OK : SL_AGAIN;
    moved |= sl_exec_issue(l);
    sl_exec_attrs_ask(l);
    for (int i = 0; i < EXEC_MAX && l->queue.issued && (!i || sl_now_ms() < until); i++) {
        struct sl_action *a = sl_queue_at(&l->queue, 0);
        if (!sl_is_settled(p, a->needs)) {
            rc = SL_AGAIN;
            break;
        }
        rc = do_one(l, a, err);
        if (rc != SL_OK)
            break;
        moved = true;
    }
    if (rc != SL_OK && rc != SL_AGAIN)
        return rc;
    /* What was asked of a local tree since: nobody else would say that there is something to do. */
    return moved || sl_exec_delta_work(l) == SL_OK ? SL_OK : SL_AGAIN;
}

static bool at_rest(const struct sl_lane *l)
{
    return !l->queue.len && l->dest->acked[SL_JOB_WORK] >= l->dest->issued[SL_JOB_WORK];
}

static void count_done(struct sl_plan *p)
{
    size_t left = p->queue.len + p->again.len + p->held;
    for (size_t i = 0; i < p->lanes_len; i++)
        left += p->lanes[i]->queue.len;
    p->progress.files_done = p->progress.files_total > left ? p->progress.files_total - left : 0;
}

enum sl_code sl_exec_step(struct sl_plan *p, struct sl_error *err)
{
    bool rest = true;
    p->progress.path = NULL;             /* it may be gone with its action */
    p->progress.file_size = 0;
    sl_pending_reap(p);
    bool moved = sl_deal(p);
    moved |= sl_take_step(p);
    for (size_t i = 0; i < p->lanes_len; i++) {
        enum sl_code rc = lane_step(p->lanes[i], p->lanes_len > 1 ? 1 : EXEC_MS, err);
        if (rc != SL_OK && rc != SL_AGAIN)
            return rc;
        moved |= rc == SL_OK;
        rest &= at_rest(p->lanes[i]);
    }
    count_done(p);
    if (moved)
        return SL_OK;
    sl_pending_reap(p);
    if (sl_take_step(p) || sl_deal(p))
        return SL_OK;
    return rest && !sl_deal_left(p) && !sl_take_left(p) ? SL_EOF : SL_AGAIN;
}

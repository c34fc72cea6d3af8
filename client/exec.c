/* SPDX-License-Identifier: ISC */
/*
 * exec - carries out the queued actions in their order. Content is asked of a remote source ahead of its turn; it comes back
 * in the same order, so the first action of the queue is always the one whose content arrives.
 */
#include "config.h"
#include "client/permit.h"
#include "client/exec_priv.h"
#include "base/io.h"
#include "base/mem.h"
#include "proto/msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 256, HASHES_MAX = 1024, EXEC_MAX = 256, EXEC_MS = 4 };

/* ---- what is under way ---- */

static struct sl_pending *pending_push(struct sl_plan *p, char *path, bool dir)
{
    if (p->pending_len == p->pending_cap) {
        size_t cap = p->pending_cap ? p->pending_cap * 2 : 64;
        struct sl_pending *at = sl_malloc(cap * sizeof *at);
        for (size_t i = 0; i < p->pending_len; i++)
            at[i] = p->pending[(p->pending_head + i) % p->pending_cap];
        free(p->pending);
        p->pending = at;
        p->pending_head = 0;
        p->pending_cap = cap;
    }
    struct sl_pending *n = &p->pending[(p->pending_head + p->pending_len++) % p->pending_cap];
    *n = (struct sl_pending){ .ticket = p->dest->issued[SL_JOB_WORK], .path = path, .dir = dir };
    return n;
}

void sl_pending_clear(struct sl_pending *n)
{
    if (n->redo)
        sl_action_clear(n->redo);
    if (n->meta)
        sl_action_clear(n->meta);
    free(n->redo);
    free(n->meta);
    free(n->path);
}

void sl_pending_reap(struct sl_plan *p)
{
    while (p->pending_len && p->pending[p->pending_head].ticket <= p->dest->acked[SL_JOB_WORK]) {
        struct sl_pending *n = &p->pending[p->pending_head];
        p->done += n->changed || n->deleted;
        p->deleted += n->deleted;
        sl_pending_clear(n);
        p->pending_head = (p->pending_head + 1) % p->pending_cap;
        p->pending_len--;
    }
}

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

void sl_exec_failed(void *ctx, struct sl_endpoint *e, enum sl_job job, uint64_t ticket, const struct sl_error *err)
{
    struct sl_plan *p = ctx;
    struct sl_error why = *err;
    const char *path = p->current;
    bool dir = p->current_dir;
    struct sl_pending *under_way = NULL;
    if (job != SL_JOB_WORK || e != p->dest)
        return;
    why.side = e->side;
    for (size_t i = 0; i < p->pending_len; i++) {
        struct sl_pending *n = &p->pending[(p->pending_head + i) % p->pending_cap];
        if (n->ticket < ticket)
            continue;
        path = n->path;
        dir = n->dir;
        n->changed = n->deleted = false;
        under_way = n;
        break;
    }
    if (p->begun && ticket >= p->write_ticket) {
        p->swallow_redo = !p->swallow && sl_exec_delta_faulty(p, ticket, why.code);
        p->swallow = true;
        if (p->swallow_redo)
            return;
    }
    if (under_way ? sl_exec_delta_again(p, under_way, why.code) : sl_exec_delta_current_again(p, ticket, why.code))
        return;
    /* A directory that could not be seen to be there already; nor is its metadata this run's to set then. */
    if (dir && p->blind && (why.code == SL_E_EXISTS || why.code == SL_E_RIGHTS))
        return;
    p->failed = true;
    if (path && sl_plan_below_failed(p, path)) {
        p->stats.errors++;
        return;
    }
    sl_plan_entry_failed(p, &why, path);
    if (path && dir && why.code != SL_E_EXISTS)
        sl_plan_failed_dir(p, path);
}

/* ---- asking ahead ---- */

enum sl_code sl_exec_move_to(struct sl_cursor *c, const struct sl_action *a, uint32_t *id)
{
    enum sl_code rc = sl_cursor_move(c, a->origin->e, a->origin->root, a->origin->base);
    return rc == SL_OK ? sl_cursor_goto(c, a->path, a->dir_len, id) : rc;
}

const char *sl_exec_source_name(const struct sl_action *a)
{
    return a->origin->rename_from ? a->origin->rename_from : a->entry.name;
}

static bool same_place(const struct sl_action *a, const struct sl_action *b)
{
    return a->origin == b->origin && a->dir_len == b->dir_len && memcmp(a->path, b->path, a->dir_len) == 0;
}

/* One READ for as many files of one directory as stand in a row. */
static enum sl_code ask_batch(struct sl_plan *p)
{
    struct sl_queue *q = &p->queue;
    struct sl_action *first = sl_queue_at(q, q->issued);
    const char *names[BATCH_MAX];
    uint32_t id = 0;
    enum sl_code rc = sl_exec_move_to(&p->read_at, first, &id);
    struct sl_endpoint *e = first->origin->e;
    size_t room = e->ops->room(e, SL_JOB_WORK), used = 16, n = 0;
    if (rc != SL_OK || room < SL_NAME_MAX + 64)
        return SL_AGAIN;
    while (q->issued < q->len && n < BATCH_MAX) {
        struct sl_action *a = sl_queue_at(q, q->issued);
        if (a->waits)
            break;
        sl_permit_action(p, a);
        if (sl_exec_delta_wanted(p, a))
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

static enum sl_code ask_hash(struct sl_cursor *c, struct sl_action *a, struct sl_origin *o, const char *name, bool *asked)
{
    uint32_t id = 0;
    enum sl_code rc = sl_cursor_move(c, o->e, o->root, o->base);
    if (rc == SL_OK)
        rc = sl_cursor_goto(c, a->path, a->dir_len, &id);
    if (rc != SL_OK || o->e->ops->room(o->e, SL_JOB_HASH) < SL_NAME_MAX + 64)
        return SL_AGAIN;
    o->e->ops->hash(o->e, id, name);
    *asked = true;
    return SL_OK;
}

/* Asks for the hashes of the COMPAREs that stand in the queue; a local tree answers one at a time, so only of the first. */
static void ask_hashes(struct sl_plan *p)
{
    for (size_t i = p->queue.issued; i < p->queue.len && i < p->queue.issued + HASHES_MAX; i++) {
        struct sl_action *a = sl_queue_at(&p->queue, i);
        bool first = i == p->queue.issued;
        if (a->kind != SL_ACT_COMPARE)
            continue;
        if (!a->asked_there && (first || a->origin->e->remote) &&
            ask_hash(&p->hash_there, a, a->origin, sl_exec_source_name(a), &a->asked_there) != SL_OK)
            return;
        if (!a->asked_here && (first || p->dest->remote) &&
            ask_hash(&p->hash_here, a, &p->dest_origin, a->entry.name, &a->asked_here) != SL_OK)
            return;
    }
}

/* The verdict on a file whose hashes are in. */
static void settle(struct sl_plan *p, struct sl_action *a)
{
    if (!a->hash_ok || memcmp(a->hash_there, a->hash_here, sizeof a->hash_here) != 0) {
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

static enum sl_code compare(struct sl_plan *p, struct sl_action *a)
{
    struct sl_error why = { 0 };
    enum sl_code rc;
    if (a->asked_there && !a->got_there) {
        rc = a->origin->e->ops->hash_next(a->origin->e, a->hash_there, &why);
        if (rc == SL_AGAIN)
            return rc;
        a->got_there = true;
        if (rc != SL_OK) {
            why.side = SL_SIDE_SOURCE;
            p->source_error |= rc != SL_E_NOT_FOUND;
            sl_plan_entry_failed(p, &why, a->path);
            a->meta_same = a->changes_same = 0;
            a->quiet = true;
        }
    }
    if (a->asked_here && !a->got_here) {
        rc = p->dest->ops->hash_next(p->dest, a->hash_here, &why);
        if (rc == SL_AGAIN)
            return rc;
        a->got_here = true;
        a->hash_ok = rc == SL_OK || a->quiet;
        if (a->quiet)
            memcpy(a->hash_here, a->hash_there, sizeof a->hash_here);
    }
    if (!a->got_there || !a->got_here)
        return SL_AGAIN;
    settle(p, a);
    return SL_OK;
}

/* Moves `issued` on as far as it goes. */
static void issue(struct sl_plan *p)
{
    struct sl_queue *q = &p->queue;
    while (q->issued < q->len) {
        struct sl_action *a = sl_queue_at(q, q->issued);
        if (a->waits)
            return;
        if (a->kind == SL_ACT_COMPARE) {
            ask_hashes(p);
            if (compare(p, a) != SL_OK)
                return;
        }
        sl_permit_action(p, a);
        if (sl_exec_delta_wanted(p, a)) {
            sl_exec_delta_prepare(p);
            if (!a->delta->done)
                return;
            sl_exec_delta_decide(p, a);
        }
        if (a->kind == SL_ACT_FILE && a->origin->e->reads_ahead && !p->o->dry_run) {
            if ((a->delta ? sl_exec_delta_ask(p, a) : ask_batch(p)) != SL_OK)
                return;
            q->issued += a->delta != NULL;
        } else {
            q->issued++;
        }
    }
}

/* ---- carrying out ---- */

void sl_exec_report(struct sl_plan *p, const struct sl_action *a, uint64_t bytes)
{
    if (a->quiet || a->redo)
        return;
    struct sl_report_item item = { .update = a->update, .changes = a->changes, .entry = &a->entry, .path = a->path[0] ? a->path : ".",
                                   .bytes = bytes };
    if (a->update == SL_UPDATE_DELETED)
        p->stats.deleted[a->entry.type]++;
    else if (a->changes & SL_CHANGE_NEW)
        p->stats.created[a->entry.type]++;
    sl_report_item(p->report, &item);
}

static bool sets_times(const struct sl_action *a)
{
    return a->kind == SL_ACT_META && a->entry.type == SL_TYPE_DIR && a->meta & SL_META_MTIME;
}

static struct sl_action *copy_of(const struct sl_action *a)
{
    struct sl_action *copy = sl_calloc(1, sizeof *copy);
    sl_action_fill(copy, a->kind, a->path, strlen(a->path), a->dir_len, &a->entry, a->origin);
    copy->meta = a->meta;
    copy->flags = a->flags;
    copy->changes = a->changes;
    copy->update = a->update;
    return copy;
}

static bool is_dir_of(const struct sl_action *dir, const struct sl_action *a)
{
    return dir && sets_times(dir) && strlen(dir->path) == a->dir_len && memcmp(dir->path, a->path, a->dir_len) == 0;
}

/* The times of the directory that an action works in, if they were set already or are in the queue. */
static const struct sl_action *times_of_dir(struct sl_plan *p, const struct sl_action *a)
{
    for (size_t i = 0; i < p->queue.len; i++)
        if (is_dir_of(sl_queue_at(&p->queue, i), a))
            return sl_queue_at(&p->queue, i);
    for (size_t i = 0; i < p->pending_len; i++) {
        const struct sl_action *done = p->pending[(p->pending_head + i) % p->pending_cap].meta;
        if (is_dir_of(done, a))
            return done;
    }
    return NULL;
}

void sl_exec_once_more(struct sl_plan *p, struct sl_action *copy)
{
    const struct sl_action *times = times_of_dir(p, copy);
    struct sl_action *after = times ? copy_of(times) : NULL;
    *sl_queue_push(&p->queue) = *copy;
    free(copy);
    if (!after)
        return;
    after->quiet = true;
    *sl_queue_push(&p->queue) = *after;
    free(after);
}

void sl_exec_finish(struct sl_plan *p)
{
    struct sl_action *a = sl_queue_at(&p->queue, 0);
    struct sl_pending *n = pending_push(p, NULL, a->entry.type == SL_TYPE_DIR && (a->kind == SL_ACT_MAKE || (p->blind && a->kind == SL_ACT_META)));
    if (a->delta && !a->append)
        n->redo = sl_exec_delta_copy(a);
    if (sets_times(a))
        n->meta = copy_of(a);
    n->changed = a->kind == SL_ACT_FILE || (a->kind == SL_ACT_MAKE && a->changes & SL_CHANGE_NEW);
    n->deleted = a->kind == SL_ACT_REMOVE && a->update == SL_UPDATE_DELETED;
    n->path = a->path;
    a->path = NULL;
    sl_queue_pop(&p->queue);
    p->current = NULL;
}

void sl_exec_skip(struct sl_plan *p)
{
    sl_queue_pop(&p->queue);
    p->current = NULL;
}

static struct sl_new new_of(const struct sl_plan *p, const struct sl_action *a, uint32_t dir)
{
    uint32_t ending = a->kind != SL_ACT_FILE ? 0 : p->o->inplace ? SL_PUT_INPLACE : p->o->partial && !*p->o->partial_dir ? SL_PUT_PARTIAL : p->o->no_resume ? SL_PUT_UNKEPT : 0;
    return (struct sl_new){ .dir = dir, .meta = a->meta, .flags = a->flags | ending, .entry = &a->entry };
}

void sl_exec_count_sent(struct sl_plan *p, const struct sl_action *a)
{
    if (a->redo)
        return;
    p->stats.files_sent++;
    p->stats.sent_size += a->entry.size;
}

/* The source changed while it was read: once more, behind everything else. */
bool sl_exec_again(struct sl_plan *p, const struct sl_action *a)
{
    if (a->retried)
        return false;
    struct sl_action *copy = copy_of(a);
    copy->retried = copy->whole = true;
    copy->redo = a->redo;
    sl_exec_once_more(p, copy);
    return true;
}

/* Still changing at the second reading: what was read is kept (its times are the listing's, so the next run looks again). */
void sl_exec_still_changing(struct sl_plan *p, const struct sl_action *a)
{
    struct sl_error err = { .code = SL_E_CHANGED, .side = SL_SIDE_SOURCE };
    snprintf(err.text, sizeof err.text, "'%s' changed while it was read; the copy may mix two versions", a->entry.name);
    p->vanished = true;
    sl_report_warning(p->report, &err, a->path);
}

static enum sl_code piece_whole(struct sl_plan *p, struct sl_action *a, uint32_t dir, const struct sl_piece *c)
{
    if (p->dest->ops->room(p->dest, SL_JOB_WORK) < c->len + SL_HEAD_ROOM)
        return SL_AGAIN;
    bool redo = c->changed && sl_exec_again(p, a);
    a = sl_queue_at(&p->queue, 0);
    if (!redo) {
        if (c->changed)
            sl_exec_still_changing(p, a);
        p->progress.bytes_done += a->entry.size;
        a->entry.size = c->len;
        struct sl_new n = new_of(p, a, dir);
        sl_exec_count_sent(p, a);
        p->stats.literal += c->len;
        sl_exec_report(p, a, c->len);
        p->dest->ops->put(p->dest, &n, c->data, c->len, c->hash);
        sl_exec_finish(p);
    } else {
        sl_exec_skip(p);
    }
    return SL_OK;
}

enum sl_code sl_exec_begin(struct sl_plan *p, struct sl_action *a, uint32_t dir)
{
    if (p->begun)
        return SL_OK;
    if (p->dest->ops->room(p->dest, SL_JOB_WORK) < SL_HEAD_ROOM)
        return SL_AGAIN;
    struct sl_new n = new_of(p, a, dir);
    p->begun = true;
    p->swallow = false;
    p->file_done = p->data_done = 0;
    p->write_ticket = p->dest->issued[SL_JOB_WORK] + 1;
    sl_exec_report(p, a, a->delta ? sl_delta_unknown_bytes(&a->delta->delta) : a->entry.size);
    p->dest->ops->write(p->dest, &n);
    return SL_OK;
}

static enum sl_code piece_data(struct sl_plan *p, const struct sl_piece *c)
{
    while (p->offset < c->len && !p->swallow) {
        size_t n = c->len - p->offset, room = p->dest->ops->room(p->dest, SL_JOB_WORK);
        if (room < 4096 && room < n)
            return SL_AGAIN;
        n = n < room ? n : room;
        p->dest->ops->data(p->dest, (const char *)c->data + p->offset, n);
        p->offset += n;
    }
    p->offset = 0;
    p->file_done += c->len;
    p->data_done += c->len;
    p->stats.literal += c->len;
    p->progress.bytes_done += c->len;
    return SL_OK;
}

static enum sl_code piece_end(struct sl_plan *p, struct sl_action *a, const struct sl_piece *c)
{
    if (p->dest->ops->room(p->dest, SL_JOB_WORK) < 64)
        return SL_AGAIN;
    bool redo = !p->swallow && c->changed && sl_exec_again(p, a);
    a = sl_queue_at(&p->queue, 0);
    if (redo || p->swallow) {
        p->dest->ops->abort(p->dest);
    } else {
        if (c->changed)
            sl_exec_still_changing(p, a);
        a->entry.size = p->file_done;
        sl_exec_count_sent(p, a);
        p->dest->ops->commit(p->dest, c->hash);
    }
    p->begun = p->swallow = false;
    sl_exec_finish(p);
    return SL_OK;
}

enum sl_code sl_exec_piece_failed(struct sl_plan *p, struct sl_action *a, const struct sl_piece *c)
{
    if (p->begun && p->dest->ops->room(p->dest, SL_JOB_WORK) < 64)
        return SL_AGAIN;
    struct sl_error why = c->error;
    if (p->begun)
        p->dest->ops->abort(p->dest);
    p->begun = p->swallow = false;
    why.side = SL_SIDE_SOURCE;
    if (why.code == SL_E_CHANGED && sl_exec_again(p, a)) {
        sl_exec_skip(p);
        return SL_OK;
    }
    p->source_error |= why.code != SL_E_NOT_FOUND;
    sl_plan_entry_failed(p, &why, a->path);
    sl_exec_skip(p);
    return SL_OK;
}

/* One piece of the first action's content. */
static enum sl_code do_file(struct sl_plan *p, struct sl_action *a, struct sl_error *err)
{
    struct sl_endpoint *src = a->origin->e;
    struct sl_piece c;
    uint32_t dir = 0, from = 0;
    if (!a->asked) {
        const char *name = sl_exec_source_name(a);
        if (sl_exec_move_to(&p->read_at, a, &from) != SL_OK)
            return SL_AGAIN;
        src->ops->read(src, from, &name, 1);
        a->asked = true;
    }
    enum sl_code rc = sl_cursor_goto(&p->write_at, a->path, a->dir_len, &dir);
    if (rc == SL_OK)
        rc = src->ops->piece(src, &c, err);
    if (rc != SL_OK)
        return rc;
    switch (c.kind) {
    case SL_PIECE_WHOLE:
        rc = piece_whole(p, a, dir, &c);
        break;
    case SL_PIECE_DATA:
        rc = sl_exec_begin(p, a, dir);
        if (rc == SL_OK)
            rc = piece_data(p, &c);
        break;
    case SL_PIECE_HOLE:
        rc = sl_exec_begin(p, a, dir);
        if (rc == SL_OK && !p->swallow) {
            if (p->dest->ops->room(p->dest, SL_JOB_WORK) < 64)
                return SL_AGAIN;
            p->dest->ops->hole(p->dest, c.hole);
        }
        if (rc == SL_OK) {
            p->file_done += c.hole;
            p->progress.bytes_done += c.hole;
        }
        break;
    case SL_PIECE_END:
        rc = sl_exec_begin(p, a, dir);
        if (rc == SL_OK)
            rc = piece_end(p, a, &c);
        break;
    case SL_PIECE_FAILED:
        rc = sl_exec_piece_failed(p, a, &c);
        break;
    }
    if (rc == SL_OK)
        src->ops->piece_taken(src);
    return rc;
}

static enum sl_code do_other(struct sl_plan *p, struct sl_action *a)
{
    uint32_t dir = 0;
    if (a->kind == SL_ACT_NOTHING) {
        sl_exec_report(p, a, 0);
        sl_exec_skip(p);
        return SL_OK;
    }
    if (a->kind == SL_ACT_REMOVE && a->entry.type == SL_TYPE_DIR)
        sl_cursor_leave(&p->write_at, a->path, strlen(a->path));
    enum sl_code rc = sl_cursor_goto(&p->write_at, a->path, a->dir_len, &dir);
    if (rc != SL_OK || p->dest->ops->room(p->dest, SL_JOB_WORK) < SL_HEAD_ROOM)
        return SL_AGAIN;
    struct sl_new n = new_of(p, a, dir);
    sl_exec_report(p, a, 0);
    if (a->kind == SL_ACT_MAKE)
        p->dest->ops->make(p->dest, &n);
    else if (a->kind == SL_ACT_META)
        p->dest->ops->set_meta(p->dest, &n);
    else
        p->dest->ops->remove(p->dest, dir, a->entry.type, a->entry.name);
    sl_exec_finish(p);
    return SL_OK;
}

static void pretend(struct sl_plan *p, struct sl_action *a)
{
    if (a->kind == SL_ACT_FILE) {
        sl_exec_count_sent(p, a);
        p->progress.bytes_done += a->entry.size;
    }
    sl_exec_report(p, a, 0);
    sl_exec_skip(p);
}

enum sl_code sl_exec_step(struct sl_plan *p, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    int i = 0;
    uint64_t until = sl_now_ms() + EXEC_MS;
    sl_pending_reap(p);
    bool worked = sl_exec_delta_work(p) == SL_OK;
    issue(p);
    for (; i < EXEC_MAX && p->queue.issued && (!i || sl_now_ms() < until); i++) {
        struct sl_action *a = sl_queue_at(&p->queue, 0);
        p->current = a->path;
        p->current_dir = a->entry.type == SL_TYPE_DIR && (a->kind == SL_ACT_MAKE || (p->blind && a->kind == SL_ACT_META));
        if (p->o->dry_run) {
            pretend(p, a);
            continue;
        }
        bool file = a->kind == SL_ACT_FILE;
        p->progress.path = file ? a->path : NULL;
        p->progress.file_size = file ? a->entry.size : 0;
        p->progress.file_done = p->begun ? p->file_done : 0;
        rc = !file ? do_other(p, a) : a->delta ? sl_exec_delta_step(p, a, err) : do_file(p, a, err);
        if (rc != SL_OK)
            break;
    }
    p->progress.files_done = p->progress.files_total - p->queue.len;
    if (rc != SL_OK && rc != SL_AGAIN)
        return rc;
    if (i || worked)
        return SL_OK;
    return p->queue.len || p->dest->acked[SL_JOB_WORK] < p->dest->issued[SL_JOB_WORK] ? SL_AGAIN : SL_EOF;
}

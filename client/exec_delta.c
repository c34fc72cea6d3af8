/* SPDX-License-Identifier: ISC */
/*
 * exec_delta - files of which the destination has something already: which are worth a delta, what is asked for, and how the new file is put
 * together from copies, holes and what was sent. A delta that proves wrong (a hash that does not match, a basis that changed) is no
 * failure yet: the file is sent once more, whole.
 */
#include "config.h"
#include "client/backup.h"
#include "client/exec_priv.h"
#include "base/io.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT_LEAST = 256 * 1024,         /* of the source: what an interrupted run may have kept is asked for */
    SIZE_LEAST = 1024,               /* of both files: below that the lists cost what they save */
    AHEAD_MAX = 512                  /* jobs under way */
};
static const uint64_t ahead_bytes_max = UINT64_C(4) << 30;
static const size_t ahead_memory_max = 64 << 20;     /* of a lane's jobs, those whose files are being written as well */

/* ---- which ---- */

static bool can_hash(const struct sl_endpoint *e)
{
    const uint32_t needed = SL_RIGHT_READ | SL_RIGHT_HASH;
    return !e->remote || (e->rights & needed) == needed;
}

static bool has_basis(const struct sl_action *a)
{
    return a->entry.size >= SIZE_LEAST && a->basis_size >= SIZE_LEAST;
}

static bool may_resume(const struct sl_plan *p, const struct sl_action *a)
{
    return a->entry.size >= KEPT_LEAST && !p->o->no_resume;
}

/* What an alternate tree has is copied whole whatever the options say of deltas; it was seen before that it can be. */
static bool is_copy(const struct sl_plan *p, const struct sl_action *a)
{
    return a->kind == SL_ACT_FILE && a->copied && !a->whole && !p->o->dry_run;
}

bool sl_exec_delta_wanted(const struct sl_plan *p, const struct sl_action *a)
{
    if (is_copy(p, a))
        return !a->delta || !a->delta->decided;
    if (a->kind != SL_ACT_FILE || a->waits || a->whole || a->quiet || p->o->dry_run || p->o->whole_file > 0)
        return false;
    if (a->append)
        return !a->delta || !a->delta->decided;
    if ((a->delta && a->delta->decided) || !(has_basis(a) || a->similar || may_resume(p, a)))
        return false;
    if (!p->dest->remote && !a->origin->e->remote && p->o->whole_file == 0 && !p->o->append_verify && !a->device)
        return false;
    return can_hash(p->dest) && can_hash(a->origin->e);
}

/* ---- jobs ---- */

static void begin_job(const struct sl_plan *p, struct sl_action *a)
{
    a->delta = sl_delta_job_new(sl_exec_source_name(a), a->entry.size);
    if (a->append) {
        sl_delta_job_append(a->delta, a->basis_size);
        return;
    }
    if (a->copied) {
        sl_delta_job_basis(a->delta, a->entry.name, 0, a->entry.size);
        sl_delta_job_elsewhere(a->delta);
        sl_delta_job_copy(a->delta);
        return;
    }
    a->delta->inplace = p->o->inplace && has_basis(a) && !a->alternate;
    a->delta->collide = p->o->test_mask && strstr(p->o->test_mask, "chunk-hashes");
    if (has_basis(a))
        sl_delta_job_basis(a->delta, a->entry.name, 0, a->basis_size);
    if (has_basis(a) && a->device)       /* what is behind is not looked at: it may be a thousand times as much */
        sl_ranges_add(&a->delta->of_bases[0], 0, a->basis_size);
    if (has_basis(a) && a->alternate)
        sl_delta_job_elsewhere(a->delta);
    if (a->similar)
        sl_delta_job_basis(a->delta, a->similar, 0, a->similar_size);
    if (a->similar && a->similar_alternate)
        sl_delta_job_elsewhere(a->delta);
    if (may_resume(p, a))
        sl_delta_job_basis(a->delta, a->entry.name, SL_CHUNKS_KEPT, a->entry.size);
}

/* The alternate tree that one of its bases is in; 0: none. */
static size_t elsewhere(const struct sl_action *a)
{
    return a->similar && a->similar_alternate ? a->similar_alternate : a->alternate;
}

/* The action whose source is being read portion by portion, if there is one. */
static struct sl_action *carrier(struct sl_lane *l)
{
    for (size_t i = l->queue.issued; i < l->queue.len; i++) {
        struct sl_action *a = sl_queue_at(&l->queue, i);
        if (a->delta && sl_delta_job_carries(a->delta))
            return a;
    }
    return NULL;
}

static enum sl_code sides_of(struct sl_lane *l, const struct sl_action *a, struct sl_job_sides *s)
{
    struct sl_plan *p = l->plan;
    const struct sl_action *other = sl_delta_job_may_carry(a->delta) ? carrier(l) : NULL;
    *s = (struct sl_job_sides){ .source = sl_lane_source(l, a->origin->e), .dest = l->dest, .line = p->line, .key = p->match_key };
    s->carrier = other ? other->delta : NULL;
    enum sl_code rc = a->copied ? SL_OK : sl_exec_move_to(l, &l->hash_there, a, &s->source_dir);
    if (rc == SL_OK && elsewhere(a))
        rc = sl_exec_alternate_dir(l, &l->alternate_hash, a, elsewhere(a), &s->other_dir);
    return rc == SL_OK ? sl_cursor_goto(&l->hash_here, a->path, a->dir_len, &s->dest_dir) : rc;
}

/* One action's job as far as it goes. SL_AGAIN: no room to ask for more, by anybody. */
static enum sl_code advance(struct sl_lane *l, struct sl_action *a)
{
    struct sl_job_sides s;
    if (!a->delta)
        begin_job(l->plan, a);
    for (;;) {
        struct sl_delta_job *j = a->delta;
        if (j->done || (j->waiting && !sl_delta_job_asks(j)))
            return SL_OK;
        if (sides_of(l, a, &s) != SL_OK)
            return SL_AGAIN;
        if (sl_delta_job_asks(j) && sl_delta_job_ask(j, &s) != SL_OK)
            return SL_AGAIN;
        if (j->waiting)
            return SL_OK;
        sl_delta_job_settle(j, &s);
    }
}

void sl_exec_delta_prepare(struct sl_lane *l)
{
    uint64_t bytes = 0;
    size_t memory = 0;
    struct sl_action *first = carrier(l);
    if (first && advance(l, first) != SL_OK)
        return;
    for (size_t i = 0; i < l->queue.issued; i++)
        memory += sl_queue_at(&l->queue, i)->delta ? sl_delta_job_memory(sl_queue_at(&l->queue, i)->delta) : 0;
    for (size_t i = l->queue.issued; i < l->queue.len && i < l->queue.issued + AHEAD_MAX && bytes < ahead_bytes_max; i++) {
        struct sl_action *a = sl_queue_at(&l->queue, i);
        if (!sl_exec_delta_wanted(l->plan, a))
            continue;
        if ((memory > ahead_memory_max && i) || advance(l, a) != SL_OK)
            return;
        if (i == l->queue.issued)
            sl_exec_early(l, a);
        bytes += a->entry.size;
        memory += sl_delta_job_memory(a->delta);
    }
}

enum sl_code sl_exec_delta_work(struct sl_lane *l)
{
    struct sl_plan *p = l->plan;
    enum sl_code rc = l->dest->ops->work(l->dest);
    struct sl_endpoint *last = NULL;
    for (size_t i = 0; i < p->source.count; i++) {
        struct sl_endpoint *e = sl_lane_source(l, p->source.streams[i]->e);
        if (e != last && e->ops->work(e) == SL_OK)
            rc = SL_OK;
        last = e;
    }
    return rc;
}

static void failed(struct sl_plan *p, struct sl_action *a)
{
    struct sl_error why = { .code = a->delta->err.code, .side = a->delta->err.side };
    snprintf(why.text, sizeof why.text, "cannot compare '%.255s': %.300s", a->entry.name, a->delta->err.text);
    sl_plan_entry_failed(p, &why, a->path);
    p->progress.bytes_total -= a->entry.size;
    a->kind = SL_ACT_NOTHING;
    a->quiet = a->role.lost = true;
}

void sl_exec_delta_decide(struct sl_plan *p, struct sl_action *a)
{
    struct sl_delta_job *j = a->delta;
    j->decided = true;
    if (!j->useless)
        return;
    if (j->lied)
        failed(p, a);
    a->whole = true;
    sl_delta_job_free(j);
    a->delta = NULL;
}

/* ---- content ---- */

enum sl_code sl_exec_delta_ask(struct sl_lane *l, struct sl_action *a)
{
    struct sl_delta_job *j = a->delta;
    struct sl_endpoint *e = sl_lane_source(l, a->origin->e);
    uint32_t id = 0;
    if (!j->of_source.len && !j->asked_content)
        sl_delta_unknown(&j->delta, &j->of_source);
    while (j->asked_content < j->of_source.len) {
        size_t n = sl_exec_ranges_now(j, e);
        if (!n && j->asked_content < j->of_source.len)
            return SL_AGAIN;
        if (!n)
            break;
        if (sl_exec_move_to(l, &l->read_at, a, &id) != SL_OK || e->ops->room(e, SL_JOB_WORK) < SL_NAME_MAX + 64 + n * SL_RANGE_BYTES_MAX)
            return SL_AGAIN;
        e->ops->read_ranges(e, id, j->name, j->of_source.at + j->asked_content, n);
        j->asked_content += n;
        j->reads++;
        if (!e->reads_ahead)
            break;                       /* a local tree reads one request at a time */
    }
    a->asked = true;
    return SL_OK;
}

/* ---- putting it together ---- */

enum sl_code sl_exec_delta_start(struct sl_lane *l, struct sl_action *a, uint32_t dir)
{
    struct sl_delta_job *j = a->delta;
    if (l->begun)
        return SL_OK;
    uint32_t other = 0;
    if (elsewhere(a) && sl_exec_alternate_dir(l, &l->alternate_work, a, elsewhere(a), &other) != SL_OK)
        return SL_AGAIN;
    if (l->dest->ops->room(l->dest, SL_JOB_WORK) < 2 * SL_HEAD_ROOM + j->bases_len * (SL_NAME_MAX + 64))
        return SL_AGAIN;
    /* First: a local tree tells within the calls below what fails. */
    l->span = 0;
    l->span_done = 0;
    l->swallow_redo = false;
    enum sl_code rc = sl_exec_begin(l, a, dir);
    if (rc != SL_OK)
        return rc;
    unsigned number = 0;
    for (unsigned b = 0; b < j->bases_len; b++) {
        if (j->bases[b].gone)
            continue;
        j->bases[b].number = number++;
        l->dest->ops->basis(l->dest, j->bases[b].elsewhere ? other : dir, j->bases[b].name, j->bases[b].flags);
    }
    if (j->by_blocks)
        l->dest->ops->hash_blocks(l->dest, j->by_blocks);
    if (j->append) {
        l->dest->ops->keep(l->dest, j->append);
        l->file_done = j->append;
        l->plan->progress.bytes_done += j->append;
    }
    return SL_OK;
}

static void wrote(struct sl_lane *l, uint64_t n)
{
    l->span_done += n;
    l->file_done += n;
    l->plan->progress.bytes_done += n;
}

enum sl_code sl_exec_delta_put(struct sl_lane *l, const struct sl_action *a, const struct sl_span *s)
{
    const struct sl_job_basis *bases = a->delta->bases;
    struct sl_endpoint *d = l->dest;
    while (l->span_done < s->len) {
        uint64_t n = s->len - l->span_done;
        if (d->ops->room(d, SL_JOB_WORK) < 64)
            return SL_AGAIN;
        if (s->kind == SL_SPAN_HOLE) {
            d->ops->hole(d, n);
        } else {
            n = n < SL_COPY_MAX ? n : SL_COPY_MAX;
            d->ops->copy(d, bases[s->basis].number, s->from + l->span_done, (uint32_t)n);
            if (!a->copied)
                l->plan->stats.matched += n;
        }
        wrote(l, n);
        if (s->kind == SL_SPAN_COPY)
            return SL_OK;                /* a local one took its time: the network has its turn */
    }
    return SL_OK;
}

static enum sl_code changed(struct sl_error *err)
{
    return sl_fail(err, SL_E_CHANGED, "the file changed while it was read");
}

/* Gives the write up; the rest of the content is taken and dropped. */
static void give_up(struct sl_lane *l)
{
    l->swallow = true;
    l->swallow_redo = true;
}

enum sl_code sl_exec_delta_data(struct sl_lane *l, const struct sl_piece *c)
{
    struct sl_endpoint *d = l->dest;
    while (l->offset < c->len && !l->swallow) {
        size_t n = c->len - l->offset, room = d->ops->room(d, SL_JOB_WORK);
        if (room < 4096 && room < n)
            return SL_AGAIN;
        n = n < room ? n : room;
        d->ops->data(d, (const char *)c->data + l->offset, n);
        l->offset += n;
        l->plan->stats.literal += n;
        wrote(l, n);
    }
    l->offset = 0;
    return SL_OK;
}

/* One piece of the content that was asked for. */
static enum sl_code take_piece(struct sl_lane *l, struct sl_action *a, const struct sl_piece *c, uint64_t want)
{
    switch (c->kind) {
    case SL_PIECE_DATA:
        if (!l->swallow && c->len - l->offset > want)
            give_up(l);
        return sl_exec_delta_data(l, c);
    case SL_PIECE_END:
        a->delta->reads--;
        if (c->changed && !l->swallow)
            give_up(l);
        if (a->append && c->hash)
            memcpy(a->delta->hash, c->hash, sl_hash_size(l->dest->digest));
        a->delta->has_hash |= a->append && c->hash;
        return SL_OK;
    case SL_PIECE_FAILED:
        a->delta->reads--;
        if (!l->swallow)
            give_up(l);
        return SL_OK;
    case SL_PIECE_WHOLE:
    case SL_PIECE_HOLE:
        break;
    }
    give_up(l);
    return SL_OK;
}

static enum sl_code next_piece(struct sl_lane *l, struct sl_action *a, uint64_t want, struct sl_error *err)
{
    struct sl_endpoint *src = sl_lane_source(l, a->origin->e);
    struct sl_piece c;
    enum sl_code rc = src->ops->piece(src, &c, err);
    if (rc == SL_OK)
        rc = take_piece(l, a, &c, want);
    if (rc == SL_OK)
        src->ops->piece_taken(src);
    return rc;
}

/* It is not sent whole instead: what the destination has was not to be touched. */
static void append_failed(struct sl_plan *p, const struct sl_action *a)
{
    struct sl_error why = { .code = SL_E_CHANGED, .side = SL_SIDE_SOURCE };
    snprintf(why.text, sizeof why.text, "'%.255s' changed while its rest was read", a->entry.name);
    sl_plan_entry_failed(p, &why, a->path);
}

/* Everything is written, or given up, and nothing is to come any more. */
static enum sl_code end(struct sl_lane *l, struct sl_action *a, uint32_t dir)
{
    struct sl_plan *p = l->plan;
    struct sl_endpoint *d = l->dest;
    if (d->ops->room(d, SL_JOB_WORK) < 64)
        return SL_AGAIN;
    if (!l->swallow && sl_backup_send(l, a, dir, 64) != SL_OK)
        return SL_AGAIN;
    l->begun = false;                    /* a local tree says within commit what is wrong with it */
    if (!l->swallow) {
        a->entry.size = l->file_done;
        if (!a->copied)
            sl_exec_count_sent(p, a);
        d->ops->commit(d, a->delta->has_hash ? a->delta->hash : NULL);
    } else {
        d->ops->abort(d);
        p->progress.bytes_done -= l->file_done;
        if (l->swallow_redo && a->append) {
            append_failed(p, a);
        } else if (l->swallow_redo) {
            struct sl_action *copy = sl_exec_delta_copy(a);
            copy->redo = a->redo;        /* nothing of it counts as sent yet */
            sl_exec_once_more(l, copy);
            a = sl_queue_at(&l->queue, 0);
            a->seq = 0;
        }
    }
    sl_exec_finish(l);
    l->swallow = false;
    return SL_OK;
}

enum sl_code sl_exec_delta_step(struct sl_lane *l, struct sl_action *a, struct sl_error *err)
{
    struct sl_delta_job *j = a->delta;
    uint32_t dir = 0;
    enum sl_code rc = sl_cursor_goto(&l->write_at, a->path, a->dir_len, &dir);
    if (rc == SL_OK)
        rc = sl_exec_delta_start(l, a, dir);
    if (rc != SL_OK)
        return rc;
    if (l->swallow)
        l->span = j->delta.len;
    while (l->span < j->delta.len && l->span_done == j->delta.spans[l->span].len) {
        l->span++;
        l->span_done = 0;
    }
    if (l->span < j->delta.len && j->delta.spans[l->span].kind != SL_SPAN_NEW)
        return sl_exec_delta_put(l, a, &j->delta.spans[l->span]);
    if (!j->reads && j->asked_content < j->of_source.len && !l->swallow)
        return sl_exec_delta_ask(l, a);
    if (!j->asked_content && j->of_source.len == 0 && !a->asked)
        return sl_exec_delta_ask(l, a);
    if (!j->reads)
        return l->span < j->delta.len ? changed(err) : end(l, a, dir);
    return next_piece(l, a, l->span < j->delta.len ? j->delta.spans[l->span].len - l->span_done : 0, err);
}

/* ---- when it was wrong ---- */

static bool mendable(enum sl_code code)
{
    return code == SL_E_CORRUPT || code == SL_E_CHANGED || code == SL_E_NOT_FOUND || code == SL_E_TYPE || code == SL_E_DENIED ||
           code == SL_E_RIGHTS || code == SL_E_INVALID || code == SL_E_UNSUPPORTED || code == SL_E_IO;
}

bool sl_exec_delta_faulty(const struct sl_lane *l, uint64_t ticket, enum sl_code code)
{
    const struct sl_action *a = l->queue.len ? sl_queue_at((struct sl_queue *)&l->queue, 0) : NULL;
    return a && a->delta && !a->append && ticket >= l->write_ticket && mendable(code);
}

struct sl_action *sl_exec_delta_copy(const struct sl_action *a)
{
    struct sl_action *copy = sl_exec_copy(a);
    copy->kind = SL_ACT_FILE;
    copy->whole = copy->redo = true;
    return copy;
}

bool sl_exec_delta_again(struct sl_lane *l, struct sl_pending *n, enum sl_code code)
{
    if (n->mended)
        return true;
    if (!n->redo || !mendable(code))
        return false;
    struct sl_action *copy = n->redo;
    n->mended = true;
    n->redo = NULL;
    copy->seq = n->seq;
    n->seq = 0;
    sl_exec_once_more(l, copy);
    return true;
}

bool sl_exec_delta_current_again(struct sl_lane *l, uint64_t ticket, enum sl_code code)
{
    struct sl_action *a = l->queue.len ? sl_queue_at(&l->queue, 0) : NULL;
    if (!a || l->begun || !a->delta || a->append || !a->asked || ticket < l->write_ticket || !mendable(code))
        return false;
    struct sl_action *copy = sl_exec_delta_copy(a);
    a->seq = 0;
    sl_exec_once_more(l, copy);
    return true;
}

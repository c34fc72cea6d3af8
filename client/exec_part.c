/* SPDX-License-Identifier: ISC */
/*
 * exec_part - parts of files: how they end, and those that are portions of a delta (client/parts.h). Such a part is put
 * together from copies at the destination and from what the source sends of it; the source's hash is that of the whole
 * part, so the copies are verified as well.
 */
#include "config.h"
#include "client/exec_priv.h"
#include "client/parts.h"

/* ---- the end of one ---- */

enum sl_code sl_exec_part_end(struct sl_lane *l, struct sl_action *a, const struct sl_piece *c)
{
    if (l->dest->ops->room(l->dest, SL_JOB_WORK) < 64)
        return SL_AGAIN;
    l->swallow |= !sl_parts_take(a->parts, a, l->file_done, c);
    if (l->swallow)
        l->dest->ops->abort(l->dest);
    else
        l->dest->ops->commit(l->dest, c->hash);
    if (l->swallow)
        l->plan->progress.bytes_done -= l->file_done;
    sl_exec_finish(l);
    l->begun = l->swallow = false;
    return SL_OK;
}

enum sl_code sl_exec_part_failed(struct sl_lane *l, struct sl_action *a, const struct sl_error *why)
{
    struct sl_parts *g = a->parts;
    sl_parts_failed(l->plan, g, SL_ACT_PART, why);
    if (!l->begun) {
        sl_exec_skip(l);
        sl_parts_settled(l->plan, g, SL_ACT_PART, false);
        return SL_OK;
    }
    l->dest->ops->abort(l->dest);
    l->plan->progress.bytes_done -= l->file_done;
    l->swallow = true;
    sl_exec_finish(l);
    l->begun = l->swallow = false;
    return SL_OK;
}

/* ---- a portion of a delta ---- */

enum sl_code sl_exec_part_ask(struct sl_lane *l, struct sl_action *a)
{
    struct sl_delta_job *j = a->delta;
    struct sl_endpoint *e = sl_lane_source(l, a->origin->e);
    struct sl_range all = { a->part_from, a->part_len };
    uint32_t id = 0;
    if (!j->of_source.len)
        sl_delta_unknown(&j->delta, &j->of_source);
    size_t room = SL_NAME_MAX + 64 + j->of_source.len * SL_RANGE_BYTES_MAX;
    if (sl_exec_move_to(l, &l->read_at, a, &id) != SL_OK || e->ops->room(e, SL_JOB_WORK) < room)
        return SL_AGAIN;
    e->ops->read_some(e, id, j->name, &all, &j->of_source);
    a->asked = true;
    return SL_OK;
}

/* What comes is not what was asked for: the rest of it is taken and dropped. */
static void give_up(struct sl_lane *l, const struct sl_action *a)
{
    struct sl_error err = { .side = SL_SIDE_SOURCE };
    sl_fail(&err, SL_E_CHANGED, "'%s' changed while it was read", a->entry.name);
    sl_parts_failed(l->plan, a->parts, SL_ACT_PART, &err);
    l->swallow = true;
}

static enum sl_code take_piece(struct sl_lane *l, struct sl_action *a, const struct sl_piece *c, uint64_t want)
{
    switch (c->kind) {
    case SL_PIECE_DATA:
        if (!l->swallow && c->len - l->offset > want)
            give_up(l, a);
        return sl_exec_delta_data(l, c);
    case SL_PIECE_END:
        return sl_exec_part_end(l, a, c);
    case SL_PIECE_FAILED:
        return sl_exec_piece_failed(l, a, c);
    case SL_PIECE_WHOLE:
    case SL_PIECE_HOLE:
        break;
    }
    give_up(l, a);
    return SL_OK;
}

/* The span that is to be written next; NULL: none. */
static const struct sl_span *next_span(struct sl_lane *l, const struct sl_delta *d)
{
    if (l->swallow)
        l->span = d->len;
    while (l->span < d->len && l->span_done == d->spans[l->span].len) {
        l->span++;
        l->span_done = 0;
    }
    return l->span < d->len ? &d->spans[l->span] : NULL;
}

enum sl_code sl_exec_part_step(struct sl_lane *l, struct sl_action *a, struct sl_error *err)
{
    struct sl_endpoint *src = sl_lane_source(l, a->origin->e);
    struct sl_piece c;
    uint32_t dir = 0;
    enum sl_code rc = sl_cursor_goto(&l->write_at, a->path, a->dir_len, &dir);
    if (rc == SL_OK)
        rc = sl_exec_delta_start(l, a, dir);
    if (rc != SL_OK)
        return rc;
    const struct sl_span *s = next_span(l, &a->delta->delta);
    if (s && s->kind != SL_SPAN_NEW)
        return sl_exec_delta_put(l, a, s);
    if (!a->asked)
        return sl_exec_part_ask(l, a);
    rc = src->ops->piece(src, &c, err);
    if (rc == SL_OK)
        rc = take_piece(l, a, &c, s ? s->len - l->span_done : 0);
    if (rc == SL_OK)
        src->ops->piece_taken(src);
    return rc;
}

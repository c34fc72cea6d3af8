/* SPDX-License-Identifier: ISC */
/*
 * extra - what only the destination has, or has in the way of something else. With --delete it is spooled, for the last phase
 * (deletion.c); without, it is passed over.
 */
#include "config.h"
#include "client/backup.h"
#include "client/hard.h"
#include "client/plan_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

bool sl_extra_closed(const struct sl_plan *p, const struct sl_level *l)
{
    bool will = l->meta & SL_META_MODE && (l->entry.mode & 0300) != 0300;
    return l->readonly || (will && !l->made && p->dest->uid != 0 && !p->dest->fake);
}

void sl_extra_meta(struct sl_plan *p, char kind, struct sl_level *l, uint32_t mode)
{
    struct sl_buf b = { 0 };
    struct sl_error err;
    uint64_t head[4] = { l->meta | (sl_keeps_time(p->o, SL_TYPE_DIR) && l->has_source ? (uint32_t)SL_META_MTIME : 0), mode, (uint64_t)l->entry.mtime_s, l->entry.mtime_ns };
    if (kind == 'o' || sl_extra_closed(p, l))
        head[0] |= SL_META_MODE;
    sl_buf_add(&b, &kind, 1);
    sl_buf_add(&b, head, sizeof head);
    sl_buf_add(&b, p->path, l->path_len);
    if (head[0] && l->has_source && sl_spool_push(p->deletions, sl_buf_ptr(&b), sl_buf_len(&b), &err) != SL_OK)
        sl_plan_entry_failed(p, &err, NULL);
    sl_buf_clear(&b);
}

void sl_extra_noted(struct sl_plan *p, struct sl_level *l)
{
    if (!l->extra_noted) {
        l->extra_noted = true;
        sl_extra_meta(p, 'm', l, l->entry.mode);
    }
}

/* kind: 'd', or 'w' for what is in the way of something else, which alone is told of, as rsync has it. */
static void spool_delete(struct sl_plan *p, char kind, const struct sl_entry *d, size_t path_len)
{
    struct sl_buf b = { 0 };
    struct sl_error err;
    char head[2] = { kind, (char)d->type };
    sl_buf_add(&b, head, 2);
    sl_buf_add(&b, p->path, path_len);
    if (sl_spool_push(p->deletions, sl_buf_ptr(&b), sl_buf_len(&b), &err) != SL_OK)
        sl_plan_entry_failed(p, &err, p->path);
    else
        p->delete_count++;
    sl_buf_clear(&b);
}

/* Something in a directory that goes is protected, so that directory stays, and those around it. Deletions are popped from the spool last
 * first: what says so stands behind these directories and in front of what is yet to come in them. */
static void note_protected(struct sl_plan *p, size_t dir_len)
{
    struct sl_buf b = { 0 };
    struct sl_error err;
    p->delete_count -= p->extra_depth - p->extra_kept;
    p->extra_kept = p->extra_depth;
    if (p->conflict)
        p->deferred[p->deferred_len - 1].blocked = true;
    sl_buf_add(&b, "k", 1);
    sl_buf_add(&b, p->path, dir_len);
    if (sl_spool_push(p->deletions, sl_buf_ptr(&b), sl_buf_len(&b), &err) != SL_OK)
        sl_plan_entry_failed(p, &err, p->path);
    sl_buf_clear(&b);
}

/* An entry that goes, with dir_len bytes of path in front; a directory's content follows in extra_step. */
static void extra_entry(struct sl_plan *p, const struct sl_entry *d, size_t dir_len, bool wanted_gone)
{
    wanted_gone = wanted_gone && !d->mount && (p->extra_depth || !sl_backup_is_new(p, d));   /* mounts: -x */
    size_t n = sl_plan_path_put(p, dir_len, d);
    bool dir = d->type == SL_TYPE_DIR;
    bool protected = wanted_gone && sl_stream_excludes(&p->dest_stream, p->extra_depth ? SL_VIEW_DYING : SL_VIEW_LIVING);
    /* Without --delete only what a missing argument names goes, and a directory only when it is empty. */
    bool spooled = !p->conflict || p->o->del || p->o->force;
    if ((protected || !wanted_gone) && p->extra_depth && spooled)
        note_protected(p, dir_len);
    if (!wanted_gone || protected) {
        p->path[dir_len] = '\0';
        sl_stream_drop(&p->dest_stream);
        return;
    }
    spool_delete(p, 'd', d, n);
    if (!dir && p->extra_depth && sl_backup_stays(p->o) && sl_backup_wanted(p->o, d->type, d->name))
        note_protected(p, dir_len);
    if (dir) {
        p->extra_depth++;
        p->extra_path_len = n;
    } else {
        p->path[dir_len] = '\0';
    }
    sl_stream_pop(&p->dest_stream);
}

void sl_extra_missing(struct sl_plan *p, const char *name)
{
    struct sl_level *l = sl_plan_level(p);
    l->missing = sl_realloc(l->missing, (l->missing_len + 1) * sizeof *l->missing);
    l->missing[l->missing_len++] = sl_strdup(name);
}

void sl_extra_missing_clear(struct sl_level *l)
{
    for (size_t i = 0; i < l->missing_len; i++)
        free(l->missing[i]);
    free(l->missing);
    l->missing = NULL;
    l->missing_len = l->missing_at = 0;
}

/* Both come in the order of names. */
static bool is_missing(struct sl_level *l, const struct sl_entry *d)
{
    while (l->missing_at < l->missing_len && strcmp(l->missing[l->missing_at], d->name) < 0)
        l->missing_at++;
    return l->missing_at < l->missing_len && strcmp(l->missing[l->missing_at], d->name) == 0;
}

void sl_extra_unnamed(struct sl_plan *p, const struct sl_event *d)
{
    if (!sl_stream_excludes(&p->dest_stream, p->extra_depth ? SL_VIEW_DYING : SL_VIEW_LIVING))
        sl_plan_entry_failed(p, &d->error, p->path);
    sl_stream_pop(&p->dest_stream);
}

void sl_extra_entry(struct sl_plan *p, const struct sl_entry *d)
{
    struct sl_level *l = sl_plan_level(p);
    /* What an argument named and is not sent is not of a directory that is made like another. */
    bool goes = p->dest_stream.ev.named ? is_missing(l, d) : p->o->del && p->pass != SL_PASS_REST && !l->mount;
    if (goes)
        sl_extra_noted(p, l);
    p->extra_count = 0;
    p->extra_path_len = l->path_len;
    extra_entry(p, d, l->path_len, goes);
}

/* Inside a directory that goes (or, without --delete, one in the way of something else). */
enum sl_code sl_extra_step(struct sl_plan *p, struct sl_error *err)
{
    struct sl_event *d = NULL;
    enum sl_code rc = sl_stream_peek(&p->dest_stream, &d, err);
    if (rc != SL_OK)
        return rc == SL_EOF ? sl_fail(err, SL_E_PROTOCOL, "the destination's listing ended within a directory") : rc;
    if (d->kind == SL_EVENT_ERROR && d->unnamed) {
        p->extra_count++;
        if (!p->conflict || p->o->del || p->o->force)
            note_protected(p, p->extra_path_len);
        sl_extra_unnamed(p, d);
    } else if (d->kind == SL_EVENT_ERROR) {
        sl_plan_entry_failed(p, &d->error, p->path);
        sl_stream_pop(&p->dest_stream);
    } else if (d->kind == SL_EVENT_ENTRY) {
        p->extra_count++;
        p->dest_entries++;
        extra_entry(p, &d->entry, p->extra_path_len, p->o->del || (p->o->force && p->conflict));
    } else {
        sl_stream_pop(&p->dest_stream);
        p->extra_depth--;
        if (p->extra_kept > p->extra_depth)
            p->extra_kept = p->extra_depth;
        p->extra_path_len = sl_path_dir_len(p->path, p->extra_path_len);
        p->path[p->extra_depth ? p->extra_path_len : sl_plan_level(p)->path_len] = '\0';
        if (!p->extra_depth && p->conflict) {
            p->conflict = false;
            if (!p->extra_count && !p->o->del && !p->o->force) {
                struct sl_action *last = &p->deferred[--p->deferred_len], *a;
                struct sl_entry gone = { .type = SL_TYPE_DIR, .name = last->entry.name, .name_len = last->entry.name_len };
                a = sl_plan_push(p, SL_ACT_REMOVE, &gone, last->origin);
                a->quiet = true;
                a = sl_queue_push(&p->queue);
                *a = *last;
                sl_hard_deferred(p, a);
            }
        }
    }
    return SL_OK;
}

enum sl_code sl_extra_in_the_way(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin,
                                 struct sl_pick *pick)
{
    bool empty = true;
    /* With --existing it has to be there still when the rest is done. */
    if (p->o->ignore_existing || !sl_plan_wanted(p, s) || (p->pass == SL_PASS_LOOK && p->o->existing)) {
        sl_merge_drop(&p->source);
        sl_stream_drop(&p->dest_stream);
        return SL_OK;
    }
    if (!sl_in_the_way_listed(p) && sl_in_the_way_look(p, d, &empty) != SL_OK)
        return SL_AGAIN;
    struct sl_level *l = sl_plan_level(p);
    sl_extra_noted(p, l);
    if (p->deferred_len == p->deferred_cap) {
        p->deferred_cap = p->deferred_cap ? p->deferred_cap * 2 : 8;
        p->deferred = sl_realloc(p->deferred, p->deferred_cap * sizeof *p->deferred);
    }
    size_t n = sl_plan_path_put(p, l->path_len, s);
    struct sl_action *a = &p->deferred[p->deferred_len++];
    bool file = s->type == SL_TYPE_FILE;
    sl_action_fill(a, file ? SL_ACT_FILE : SL_ACT_MAKE, p->path, n, l->path_len, s, origin);
    a->real = p->real ? sl_strdup(p->real) : NULL;
    sl_decide_shape_new(p, a, s, pick);
    a->dir_readonly = sl_extra_closed(p, l);
    a->dir_meta = l->has_source ? (sl_keeps_time(p->o, SL_TYPE_DIR) ? (uint32_t)SL_META_MTIME : 0) | (a->dir_readonly ? (uint32_t)SL_META_MODE : 0) : 0;
    a->dir_mode = l->entry.mode;
    a->dir_mtime_s = l->entry.mtime_s;
    a->dir_mtime_ns = l->entry.mtime_ns;
    sl_hard_defer(p, a, s);
    sl_plan_touch(p);
    p->conflict = true;
    p->extra_count = !empty;
    if (p->o->del || p->o->force)
        spool_delete(p, 'w', d, n);
    p->extra_depth = 1;
    p->extra_path_len = n;
    sl_merge_pop(&p->source);
    sl_stream_pop(&p->dest_stream);
    return SL_OK;
}

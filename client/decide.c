/* SPDX-License-Identifier: ISC */
/*
 * decide - what becomes of an entry that the source has: of one that is new, of a directory, and of one that the destination has as
 * something else. What both have and is no directory is decided in decide_same.c.
 */
#include "config.h"
#include "client/backup.h"
#include "client/hard.h"
#include "client/info.h"
#include "client/plan_priv.h"
#include "client/write_devices.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Takes the source's entry; a directory becomes the open one. */
static void enter_source(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin, struct sl_level **out)
{
    sl_alternates_enter(&p->alternates, p->depth);
    size_t n = sl_plan_path_put(p, sl_plan_level(p)->path_len, s);
    *out = sl_plan_enter(p, n);
    sl_plan_level_entry(*out, s, origin);
    (*out)->real = p->real ? sl_strdup(p->real) : NULL;
    (*out)->has_source = !p->bare;
    sl_merge_pop(&p->source);
}

static void new_dir(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin, const struct sl_pick *pick)
{
    struct sl_level *l;
    struct sl_action *a = sl_plan_push(p, SL_ACT_MAKE, s, origin);
    uint32_t meta = sl_meta_of_new(p, s);
    if (p->bare) {
        meta = SL_META_MODE | SL_META_UMASK;
        a->entry.mode = 0777;
        a->quiet = true;                 /* as with rsync */
    }
    if (!p->o->perms)
        a->entry.mode &= 0777;
    a->meta = meta & ~(uint32_t)SL_META_MTIME;
    a->update = SL_UPDATE_LOCAL;
    a->changes = SL_CHANGE_NEW;
    if (!p->bare)
        sl_pick_shape(p, a, pick);
    uint32_t mode = a->entry.mode;
    enter_source(p, s, origin, &l);
    if (!p->bare)
        l->entry.mode = mode;
    l->made = l->own = true;
    l->meta = meta & SL_META_MTIME;
    if ((s->mode & 0700) != 0700)
        l->meta |= meta & (SL_META_MODE | SL_META_UMASK);
}

void sl_decide_shape_new(struct sl_plan *p, struct sl_action *a, const struct sl_entry *s, struct sl_pick *pick)
{
    bool file = s->type == SL_TYPE_FILE;
    a->meta = sl_meta_of_new(p, s);
    if (!p->o->perms)
        a->entry.mode &= 0777;
    a->flags = SL_PUT_REPLACE;
    a->update = file ? sl_plan_direction(p) : SL_UPDATE_LOCAL;
    a->changes = SL_CHANGE_NEW;
    if (pick->ask)
        sl_pick_ask(a, pick);
    else
        sl_pick_shape(p, a, pick);
    a->takes_source = file || a->kind != SL_ACT_NOTHING;     /* --compare-dest left it out: rsync takes files then, and nothing else */
}

/* pick: what the alternates have for it. */
static void make_new(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin, struct sl_pick *pick)
{
    if (s->type == SL_TYPE_DIR) {
        new_dir(p, s, origin, pick);
        return;
    }
    bool file = s->type == SL_TYPE_FILE;
    struct sl_action *a = sl_plan_push(p, file ? SL_ACT_FILE : SL_ACT_MAKE, s, origin);
    sl_decide_shape_new(p, a, s, pick);
    a->waits = a->kind == SL_ACT_FILE && !a->alternate && sl_plan_waits_for_similar(p);
    sl_plan_level(p)->waiting += a->waits;
    if (file && a->kind != SL_ACT_TAKE && a->kind != SL_ACT_NOTHING)
        p->progress.bytes_total += s->size;
    if (a->kind != SL_ACT_NOTHING)       /* --compare-dest leaves it out: nothing can be linked to it */
        sl_hard_action(p, a, s, NULL);
    if (a->kind == SL_ACT_LINK && a->changes)
        a->changes = SL_CHANGE_NEW;      /* as a link it is that, whatever an alternate has */
    sl_merge_pop(&p->source);
}

enum skipped { NOT_CREATED, EXISTS, NEWER };

/* rsync's words for what an option passes over. */
static void tell_skipped(struct sl_plan *p, const struct sl_entry *s, enum skipped why)
{
    size_t keep = sl_plan_level(p)->path_len;
    if (!sl_info_level(p->o, SL_INFO_SKIP))
        return;
    sl_plan_path_put(p, keep, s);
    if (why == NOT_CREATED)
        sl_report_info(p->report, SL_INFO_SKIP, "not creating new %s \"%s\"", s->type == SL_TYPE_DIR ? "directory" : "file", p->path);
    else
        sl_report_info(p->report, SL_INFO_SKIP, "%s %s", p->path, why == EXISTS ? "exists" : "is newer");
    p->path[keep] = '\0';
}

enum sl_code sl_decide_new(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin)
{
    struct sl_pick pick;
    enum sl_code rc = SL_OK;
    bool wanted = sl_plan_wanted(p, s);
    if (wanted && p->o->existing)
        tell_skipped(p, s, NOT_CREATED);
    if (p->o->existing || !wanted)
        sl_merge_drop(&p->source);
    else if ((rc = sl_pick(p, s, &pick)) == SL_OK)
        make_new(p, s, origin, &pick);
    return rc;
}

static enum sl_code both_dirs(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin)
{
    uint32_t changes = 0, meta = 0;
    struct sl_level *l;
    if (!sl_plan_wanted(p, s)) {
        sl_merge_drop(&p->source);
        sl_stream_drop(&p->dest_stream);
        return SL_OK;
    }
    enum sl_code rc = p->bare ? SL_OK : sl_compare_meta(p, s, d, &changes, &meta);
    if (rc != SL_OK)
        return rc;
    if (!p->bare && sl_plan_told(p, changes))
        sl_plan_push(p, SL_ACT_NOTHING, s, origin)->changes = changes;
    bool readonly = sl_plan_level_early(p, s, d);
    uint32_t old_mode = d->mode;
    enter_source(p, s, origin, &l);
    sl_plan_level_there(l, d);
    l->in_dest = !p->cut;
    l->mount = d->mount;
    l->meta = meta;
    l->changes = changes;
    l->readonly = readonly;
    if (!p->o->perms || p->pass == SL_PASS_LOOK)
        l->entry.mode = old_mode;
    if (p->pass == SL_PASS_LOOK)
        sl_delete_first_level(l, d);
    if (p->cut)
        sl_stream_drop(&p->dest_stream);
    else
        sl_stream_pop(&p->dest_stream);
    return SL_OK;
}

/* A directory of the source in whose place something else stays: what is in it has none. */
static void enter_nowhere(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin)
{
    struct sl_level *l;
    enter_source(p, s, origin, &l);
    l->has_source = false;
    l->nowhere = true;
}

enum sl_code sl_decide_nowhere(struct sl_plan *p, const struct sl_entry *s)
{
    struct sl_level *l = sl_plan_level(p);
    struct sl_error err = { .code = SL_E_NOT_DIR, .side = p->dest->side };
    struct sl_pick pick = { 0 };
    bool left_out = !sl_plan_wanted(p, s);
    enum sl_code rc = s->type == SL_TYPE_DIR || left_out ? SL_OK : sl_pick(p, s, &pick);
    if (rc != SL_OK)
        return rc;
    /* What --compare-dest leaves out is not to be made. */
    left_out |= pick.how == SL_MATCH_EXACT && sl_pick_leaves_out(p, &pick);
    sl_pick_clear(&pick);
    if (left_out) {
        sl_merge_drop(&p->source);
        return SL_OK;
    }
    if (!l->nowhere_told) {
        snprintf(err.text, sizeof err.text, "cannot make '%s' in what is not a directory, and stays", s->name);
        sl_plan_entry_failed(p, &err, p->path);
    }
    l->nowhere_told = true;
    sl_merge_drop(&p->source);
    return SL_OK;
}

static bool left_alone(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    bool newer = p->o->update && sl_time_newer(p->o, s, d) && s->type == SL_TYPE_FILE && d->type == SL_TYPE_FILE;
    if (p->o->ignore_existing)
        tell_skipped(p, s, EXISTS);
    else if (newer)
        tell_skipped(p, s, NEWER);
    return p->o->ignore_existing || newer;
}

enum sl_code sl_decide_both(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin)
{
    enum sl_code rc = SL_OK;
    struct sl_pick pick = { 0 };
    if (p->o->keep_dirlinks && s->type == SL_TYPE_DIR && d->type == SL_TYPE_LINK && sl_plan_wanted(p, s))
        rc = sl_plan_keep_dirlink(p, s);
    if (rc != SL_OK)
        return rc == SL_EOF ? SL_OK : rc;
    if (s->type == SL_TYPE_DIR && d->type == SL_TYPE_DIR)
        return both_dirs(p, s, d, origin);
    if (d->type == SL_TYPE_DIR) {
        if (p->o->ignore_existing)
            tell_skipped(p, s, EXISTS);
        if (!p->o->ignore_existing && sl_delete_first_gone(p, s)) {
            sl_stream_drop(&p->dest_stream);
            return sl_decide_new(p, s, origin);
        }
        /* In the second pass of a run it would be gone. */
        if ((s->type == SL_TYPE_FILE || p->pass == SL_PASS_REST) && (rc = sl_pick(p, s, &pick)) != SL_OK)
            return rc;
        rc = sl_extra_in_the_way(p, s, d, origin, &pick);
        sl_pick_clear(&pick);
        return rc;
    }
    bool wanted = sl_plan_wanted(p, s);
    if (!wanted || left_alone(p, s, d)) {
        if (wanted && s->type == SL_TYPE_DIR && p->o->ignore_existing)
            enter_nowhere(p, s, origin);
        else
            sl_merge_drop(&p->source);
        sl_stream_pop(&p->dest_stream);
        return SL_OK;
    }
    bool device = sl_device_is_written(p, s, d);
    if (device && sl_device_refused(p, s, d)) {
        sl_merge_drop(&p->source);
        sl_stream_pop(&p->dest_stream);
        return SL_OK;
    }
    if (s->type != d->type && !device && !sl_decide_of_a_kind(s, d)) {
        if ((s->type == SL_TYPE_FILE || s->type == SL_TYPE_DIR) && (rc = sl_pick(p, s, &pick)) != SL_OK)
            return rc;
        if (s->type == SL_TYPE_DIR || sl_pick_leaves_out(p, &pick)) {
            struct sl_entry gone = { .type = d->type, .name = s->name, .name_len = s->name_len };
            struct sl_action *a = sl_plan_push(p, SL_ACT_REMOVE, &gone, origin);
            a->quiet = true;
            sl_backup_mark(p, a, d);
        }
        bool dir = s->type == SL_TYPE_DIR;
        struct sl_entry old = *d;
        sl_stream_pop(&p->dest_stream);
        make_new(p, s, origin, &pick);
        if (!dir) {
            struct sl_action *a = sl_queue_at(&p->queue, p->queue.len - 1);
            sl_decide_keep_mode(p, a, &old);
            sl_backup_mark(p, a, &old);
        }
        return SL_OK;
    }
    rc = s->type == SL_TYPE_FILE ? sl_decide_files(p, s, d, origin) : sl_decide_special(p, s, d, origin);
    if (rc != SL_OK)
        return rc;
    sl_merge_pop(&p->source);
    sl_stream_pop(&p->dest_stream);
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/*
 * plan - the merge of the two listings and the decision about each entry. Memory follows the depth of the tree and the
 * bounded queue, not the number of files; deletions wait in a spool.
 */
#include "config.h"
#include "client/attrs.h"
#include "client/backup.h"
#include "client/hard.h"
#include "client/info.h"
#include "client/plan_priv.h"
#include "client/parts.h"
#include "client/superuser.h"
#include "client/take_source.h"
#include "base/io.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* More where somebody looks at the progress: 65536 actions are about 50 MB, and then the total is known early. */
enum { QUEUE_MAX = 1024, QUEUE_AHEAD = 65536, STEP_MAX = 512 };
enum { TOUCHED_MOST = 1024 * 1024, TOUCHED_RIGHTS = SL_RIGHT_READ | SL_RIGHT_HASH | SL_RIGHT_META };

void sl_plan_init(struct sl_plan *p, const struct sl_options *o, struct sl_report *report, struct sl_endpoint *dest,
                  struct sl_stream **sources, size_t count)
{
    *p = (struct sl_plan){ .o = o, .report = report, .dest = dest, .start_ms = sl_now_ms() };
    p->queue_max = sl_report_draws(report) ? QUEUE_AHEAD : QUEUE_MAX;
    sl_random(&p->match_key, sizeof p->match_key);
    sl_merge_init(&p->source, sources, count);
    sl_stream_init(&p->dest_stream, dest);
    p->deletions = sl_spool_new();
    p->path = sl_calloc(1, p->path_cap = 4096);
    p->settled.low = 1;
    sl_hard_init(p);
}

void sl_plan_clear(struct sl_plan *p)
{
    sl_merge_clear(&p->source);
    sl_stream_clear(&p->dest_stream);
    sl_alternates_clear(&p->alternates);
    sl_lanes_clear(p);
    sl_parts_clear(p);
    sl_queue_clear(&p->queue);
    sl_queue_clear(&p->again);
    sl_queue_clear(&p->closings);
    sl_groups_free(p->groups);
    free(p->settled.done);
    sl_spool_free(p->deletions);
    free(p->stays);
    for (size_t i = 0; i < p->deferred_len; i++)
        sl_action_clear(&p->deferred[i]);
    free(p->deferred);
    sl_backup_clear(p);
    sl_take_clear(p);
    free(p->failed_dir);
    free(p->path);
    for (size_t i = 0; i < p->depth; i++)
        sl_similar_free(p->levels[i].similar), sl_extra_missing_clear(&p->levels[i]), free(p->levels[i].real);
    free(p->levels);
    sl_detours_clear(&p->detours);
    free(p->dest_origin.base);
    free(p->dest_origin.top);
}

/* ---- the cases ---- */

static void count_file(struct sl_plan *p, const struct sl_entry *s)
{
    p->progress.bytes_total += s->size;
}

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

/* ---- --fuzzy ---- */

static bool looks_for_similar(const struct sl_plan *p)
{
    bool both_here = !p->dest->remote && !p->source.streams[0]->e->remote;
    return p->o->fuzzy && (p->o->whole_file < 0 || (p->o->whole_file == 0 && !both_here));
}

static void note_similar(struct sl_plan *p, const struct sl_entry *d)
{
    struct sl_level *l = sl_plan_level(p);
    if (d->type != SL_TYPE_FILE || !looks_for_similar(p))
        return;
    if (!l->similar)
        l->similar = sl_similar_new();
    sl_similar_add(l->similar, d);
}

/* The files that waited for this directory's listing wait no longer: it is over, or the queue is full. */
static void choose_similar(struct sl_plan *p, struct sl_level *l)
{
    for (size_t i = 0; l->waiting && i < p->queue.len; i++) {
        struct sl_action *a = sl_queue_at(&p->queue, i);
        if (!a->waits || a->dir_len != l->path_len || memcmp(a->path, p->path, l->path_len) != 0)
            continue;
        const struct sl_similar_file *f = l->similar ? sl_similar_find(l->similar, &a->entry) : NULL;
        a->similar = f ? sl_strdup(f->name) : NULL;
        a->similar_size = f ? f->size : 0;
        a->waits = false;
        l->waiting--;
    }
}

static void choose_now(struct sl_plan *p)
{
    for (size_t i = 0; i < p->depth; i++)
        choose_similar(p, &p->levels[i]);
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
    a->waits = a->kind == SL_ACT_FILE && !a->alternate && sl_plan_level(p)->in_dest && looks_for_similar(p);
    sl_plan_level(p)->waiting += a->waits;
    if (file && a->kind != SL_ACT_TAKE && a->kind != SL_ACT_NOTHING)
        count_file(p, s);
    if (a->kind != SL_ACT_NOTHING)       /* --compare-dest leaves it out: nothing can be linked to it */
        sl_hard_action(p, a, s, NULL);
    if (a->kind == SL_ACT_LINK && a->changes)
        a->changes = SL_CHANGE_NEW;      /* as a link it is that, whatever an alternate has */
    sl_merge_pop(&p->source);
}

static void drop_source(struct sl_plan *p, const struct sl_entry *s)
{
    (void)s;
    sl_merge_drop(&p->source);
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

static enum sl_code source_only(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin)
{
    struct sl_pick pick;
    enum sl_code rc = SL_OK;
    bool wanted = sl_plan_wanted(p, s);
    if (wanted && p->o->existing)
        tell_skipped(p, s, NOT_CREATED);
    if (p->o->existing || !wanted)
        drop_source(p, s);
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
    if (sl_plan_told(p, changes))
        sl_plan_push(p, SL_ACT_NOTHING, s, origin)->changes = changes;
    bool readonly = p->dest->uid != 0 && (d->mode & 0300) != 0300;
    uint32_t old_mode = d->mode;
    enter_source(p, s, origin, &l);
    l->in_dest = !p->cut;
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

/* The content is to be transferred: what the itemised line shows and what is set. */
static void transfer(struct sl_plan *p, struct sl_action *a, const struct sl_entry *s, const struct sl_entry *d, uint32_t changes)
{
    a->kind = SL_ACT_FILE;
    a->basis_size = d->size;
    a->append = p->o->append && !p->o->append_verify && d->size;
    sl_backup_mark(p, a, d);
    a->update = sl_plan_direction(p);
    a->changes = changes | (s->size != d->size ? (uint32_t)SL_CHANGE_SIZE : 0);
    if (!p->o->times)
        a->changes |= SL_CHANGE_TIME_NOW;
    if (p->o->checksum)
        a->changes |= SL_CHANGE_CHECKSUM;
    a->meta = sl_meta_of_new(p, s) | sl_attrs_of_new(p, s, d);
    if (!p->o->perms) {
        a->entry.mode = sl_mode_over(p->o, s, d);
        a->meta = (a->meta & ~(uint32_t)SL_META_UMASK) | SL_META_MODE;
    }
    a->flags = SL_PUT_REPLACE;
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

enum verdict { SAME, DIFFERENT, ASK_HASHES, TOUCHED };

/* A file of the same size and another time is often the same: a clone, a build, an unpacked archive. One hash of each side is less than a
 * list of its chunks, and then nothing is written but the time. Not where the destination's file has other names, which would
 * get that time too; nor where it is another user's, who alone may set it; nor of large files, whose list is small for their size. */
static bool may_be_touched(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, const struct sl_endpoint *source)
{
    bool both_here = !p->dest->remote && !source->remote;
    if (p->o->backup)                    /* what is there is to keep its time */
        return false;
    bool delta = p->o->whole_file < 0 || (p->o->whole_file == 0 && !both_here);
    bool able = source->rights & SL_RIGHT_HASH && (p->dest->rights & TOUCHED_RIGHTS) == TOUCHED_RIGHTS;
    bool own = p->dest->uid == 0 || d->uid == p->dest->uid;
    return delta && able && own && p->o->times && !p->o->dry_run && !d->linked && s->size && s->size <= TOUCHED_MOST;
}

static enum verdict content(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, const struct sl_endpoint *source)
{
    if (s->size != d->size)
        return DIFFERENT;
    if (p->o->checksum)
        return s->size ? ASK_HASHES : SAME;
    if (p->o->size_only || (!p->o->ignore_times && sl_times_equal(p->o, s, d)))
        return SAME;
    if (p->o->ignore_times)
        return DIFFERENT;
    return may_be_touched(p, s, d, source) ? TOUCHED : DIFFERENT;
}

/* Whether --append passes a file over that would be sent. */
static bool not_shorter(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    return (p->o->append || p->o->append_verify) && d->size >= s->size;
}

static enum sl_code both_files(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin)
{
    uint32_t changes = 0, meta = 0;
    struct sl_pick pick;
    enum verdict v = content(p, s, d, origin->e);
    enum sl_code rc = sl_compare_meta(p, s, d, &changes, &meta);
    if (rc == SL_OK)
        rc = sl_pick_existing(p, s, d, &pick);
    if (rc != SL_OK)
        return rc;
    if (pick.how == SL_MATCH_EXACT) {
        struct sl_action *a = sl_plan_push(p, p->alternates.kind == SL_ALTERNATE_LINK ? SL_ACT_TAKE : SL_ACT_REMOVE, s, origin);
        sl_pick_replace(p, a, &pick);
        sl_backup_mark(p, a, d);
        a->takes_source = a->kind == SL_ACT_TAKE;
        if (a->kind == SL_ACT_TAKE)
            sl_hard_action(p, a, s, d);
        return SL_OK;
    }
    if (v != SAME && not_shorter(p, s, d)) {
        sl_pick_clear(&pick);
        return SL_OK;
    }
    if (v == SAME && !meta && !sl_plan_told(p, changes) && !p->o->remove_source_files) {
        sl_hard_unchanged(p, s, d, origin);
        return SL_OK;
    }
    sl_hard_before(p, s, d);
    struct sl_action *a;
    if (v == SAME) {
        a = sl_plan_push(p, meta ? SL_ACT_META : SL_ACT_NOTHING, s, origin);
        a->changes = changes;
        a->meta = meta;
        a->entry.mode = sl_mode_over(p->o, s, d);
        a->takes_source = true;
        a->quiet = !meta && !sl_plan_told(p, changes);
    } else {
        a = sl_plan_push(p, v == DIFFERENT || pick.ask ? SL_ACT_FILE : SL_ACT_COMPARE, s, origin);
        transfer(p, a, s, d, changes);
        if (pick.ask) {
            sl_pick_ask(a, &pick);
            a->exists = true;
            a->asked_here = a->got_here = v == DIFFERENT;
        }
        a->takes_source = true;
        if (v != DIFFERENT) {
            a->kind = SL_ACT_COMPARE;
            a->touched = v == TOUCHED;
            a->changes_same = changes;
            a->meta_same = meta;
            sl_plan_level(p)->touched = true;
        }
        count_file(p, s);
    }
    sl_hard_action(p, a, s, d);
    return SL_OK;
}

static enum sl_code both_special(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin)
{
    uint32_t changes = 0, meta = 0;
    bool link = s->type == SL_TYPE_LINK;
    bool device = s->type == SL_TYPE_CHAR || s->type == SL_TYPE_BLOCK;
    enum sl_code rc = sl_compare_meta(p, s, d, &changes, &meta);
    if (rc != SL_OK)
        return rc;
    bool target = link && (s->target_len != d->target_len || memcmp(s->target, d->target, s->target_len) != 0);
    bool number = device && (s->rdev_major != d->rdev_major || s->rdev_minor != d->rdev_minor);
    bool told = target || number || meta || sl_plan_told(p, changes);
    if (!told && !p->o->remove_source_files) {
        sl_hard_unchanged(p, s, d, origin);
        return SL_OK;
    }
    sl_hard_before(p, s, d);
    struct sl_action *a = sl_plan_push(p, target || number ? SL_ACT_MAKE : meta ? SL_ACT_META : SL_ACT_NOTHING, s, origin);
    a->takes_source = true;
    a->quiet = !told;
    a->changes = changes | (target || number ? (uint32_t)SL_CHANGE_TARGET : 0);
    if (link && target && !sl_keeps_time(p->o, SL_TYPE_LINK))
        a->changes |= p->o->times ? SL_CHANGE_TIME : SL_CHANGE_TIME_NOW;
    a->update = target || number ? SL_UPDATE_LOCAL : SL_UPDATE_NONE;
    a->meta = target || number ? sl_meta_of_new(p, s) : meta;
    a->flags = SL_PUT_REPLACE;
    if (target || number)
        sl_backup_mark(p, a, d);
    sl_hard_action(p, a, s, d);
    return SL_OK;
}

static enum sl_code both(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin)
{
    enum sl_code rc = SL_OK;
    struct sl_pick pick = { 0 };
    if (p->o->keep_dirlinks && s->type == SL_TYPE_DIR && d->type == SL_TYPE_LINK && sl_plan_wanted(p, s))
        rc = sl_plan_keep_dirlink(p, s);
    if (rc != SL_OK)
        return rc == SL_EOF ? SL_OK : rc;
    if (s->type == SL_TYPE_DIR && d->type == SL_TYPE_DIR)
        return both_dirs(p, s, d, origin);
    if (d->type == SL_TYPE_DIR && p->pass == SL_PASS_REST && !p->o->existing && !p->o->ignore_existing && sl_plan_wanted(p, s)) {
        sl_stream_drop(&p->dest_stream);
        make_new(p, s, origin, &pick);
        return SL_OK;
    }
    if (d->type == SL_TYPE_DIR) {
        if (p->o->ignore_existing)
            tell_skipped(p, s, EXISTS);
        if (s->type == SL_TYPE_FILE && (rc = sl_pick(p, s, &pick)) != SL_OK)
            return rc;
        sl_extra_in_the_way(p, s, d, origin, &pick);
        sl_pick_clear(&pick);
        return SL_OK;
    }
    if (!sl_plan_wanted(p, s) || left_alone(p, s, d)) {
        sl_merge_drop(&p->source);
        sl_stream_pop(&p->dest_stream);
        return SL_OK;
    }
    if (s->type != d->type) {
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
        if (!dir)
            sl_backup_mark(p, sl_queue_at(&p->queue, p->queue.len - 1), &old);
        return SL_OK;
    }
    rc = s->type == SL_TYPE_FILE ? both_files(p, s, d, origin) : both_special(p, s, d, origin);
    if (rc != SL_OK)
        return rc;
    sl_merge_pop(&p->source);
    sl_stream_pop(&p->dest_stream);
    return SL_OK;
}

/* ---- the merge ---- */

static void leave(struct sl_plan *p)
{
    struct sl_level *l = sl_plan_level(p);
    uint32_t meta = l->meta;
    if (l->has_source && (l->touched || l->made) && sl_keeps_time(p->o, SL_TYPE_DIR))
        meta |= SL_META_MTIME;
    if (l->has_source && meta) {
        struct sl_action *a = sl_plan_push_dir(p, SL_ACT_META, l);
        a->meta = meta;
        a->quiet = a->closing = true;
        a->own_dir = l->own;
    }
    choose_similar(p, l);
    sl_similar_free(l->similar);
    free(l->real);
    sl_extra_missing_clear(l);
    if (l->extra_noted && l->readonly)
        sl_extra_meta(p, 'o', l, l->entry.mode | 0700);
    p->depth--;
    if (p->depth)
        p->path[sl_plan_level(p)->path_len] = '\0';
}

static void note_listed(struct sl_plan *p)
{
    p->listed = true;
    p->listed_ms = sl_now_ms();
    p->stats.list_ms = p->listed_ms - p->start_ms;
    p->progress.total_final = true;
}

static void count_entry(struct sl_plan *p, const struct sl_entry *s)
{
    sl_stats_entry(&p->stats, s);
    p->progress.files_total++;
    if (p->depth == 1)
        p->top_entries++;
}

/* An argument that is not there: whether that is as it may be. */
static bool may_be_missing(struct sl_plan *p, const struct sl_event *s)
{
    if (!s->named || s->error.code != SL_E_NOT_FOUND)
        return false;
    if (p->o->delete_missing_args && !s->implied)
        sl_extra_missing(p, s->name);
    return p->o->ignore_missing_args || p->o->delete_missing_args;
}

static void source_failed(struct sl_plan *p, struct sl_event *s)
{
    if (may_be_missing(p, s)) {
        sl_merge_pop(&p->source);
        return;
    }
    size_t keep = sl_plan_level(p)->path_len;
    struct sl_entry e = { .name = s->name ? s->name : "", .name_len = s->name ? strlen(s->name) : 0 };
    if (e.name_len)
        sl_plan_path_put(p, keep, &e);
    p->source_error = true;
    if (s->named) {
        p->failed = true;
        p->stats.errors++;
        sl_report_error(p->report, &s->error, p->path);
    } else {
        sl_plan_entry_failed(p, &s->error, p->path);
    }
    p->path[keep] = '\0';
    sl_merge_pop(&p->source);
}

/* One decision. s is peeked and an ENTRY or NULL at the end of the directory; likewise d. */
static enum sl_code judge(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin, const struct sl_entry *d)
{
    if (d && (!s || sl_entry_order(s, d) >= 0))
        note_similar(p, d);
    int order = !s ? 1 : !d ? -1 : sl_entry_order(s, d);
    if (order > 0) {
        p->dest_entries++;
        sl_extra_entry(p, d);
        return SL_OK;
    }
    p->keeps_group = false;
    if (p->o->super && sl_plan_type_wanted(p, s)) {
        enum sl_code look = sl_superuser_look(p, s, order ? NULL : d);
        if (look != SL_OK)
            return look;
    }
    uint64_t before = p->top_entries;
    struct sl_stats stats = p->stats;
    struct sl_progress progress = p->progress;
    count_entry(p, s);
    enum sl_code rc = order < 0 ? source_only(p, s, origin) : both(p, s, d, origin);
    if (rc == SL_AGAIN) {            /* it will be decided again */
        p->stats = stats;
        p->progress = progress;
        p->top_entries = before;
    }
    p->dest_entries += rc == SL_OK && order == 0;
    return rc;
}

/* That the source can't say what attributes an entry has is told once. */
static enum sl_code decide(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin, const struct sl_entry *d)
{
    struct sl_attrs_brief attrs = { .len = s ? s->attrs.len : 0 };
    size_t keep = sl_plan_level(p)->path_len;
    if (attrs.len != SL_ATTRS_UNKNOWN || (d && sl_entry_order(s, d) > 0))
        return judge(p, s, origin, d);
    attrs = s->attrs;
    sl_plan_path_put(p, keep, s);
    char *path = sl_strdup(p->path);
    p->path[keep] = '\0';
    enum sl_code rc = judge(p, s, origin, d);
    if (rc != SL_AGAIN)
        sl_attrs_unread(p, &attrs, path);
    free(path);
    return rc;
}

/* -d: of a directory that the source only names nothing is missing there. */
static bool is_shut(const struct sl_plan *p, const struct sl_event *s)
{
    return !p->o->recurse && s->entry.type == SL_TYPE_DIR && !s->entered;
}

static enum sl_code merge_step(struct sl_plan *p, struct sl_error *err)
{
    struct sl_event *s = NULL, *d = NULL;
    struct sl_origin *origin = NULL;
    enum sl_code rs = sl_merge_peek(&p->source, &s, &origin, err), rd = SL_EOF, ra;
    if (rs != SL_OK && rs != SL_EOF)
        return rs;
    if (rs == SL_OK && s->kind == SL_EVENT_ERROR) {
        source_failed(p, s);
        return SL_OK;
    }
    bool s_end = rs == SL_EOF || s->kind == SL_EVENT_END, d_end = true;
    if (sl_plan_level(p)->in_dest) {
        rd = sl_stream_peek(&p->dest_stream, &d, err);
        if (rd != SL_OK && rd != SL_EOF)
            return rd;
        if (rd == SL_OK && d->kind == SL_EVENT_ERROR) {
            sl_plan_entry_failed(p, &d->error, p->path);
            sl_stream_pop(&p->dest_stream);
            return SL_OK;
        }
        d_end = rd == SL_EOF || d->kind == SL_EVENT_END;
    }
    if (!s_end)
        sl_compare_disarm(p, &s->entry);
    p->real = s_end ? NULL : s->real;
    p->bare = !s_end && s->implied && !p->o->implied_dirs;
    if (!s_end && (ra = sl_alternates_seek(&p->alternates, p->depth, &s->entry, err)) != SL_OK)
        return ra;
    p->cut = !s_end && ((p->o->max_depth && !s->implied && p->depth >= (size_t)p->o->max_depth) || is_shut(p, s));
    if (!s_end || !d_end)
        return decide(p, s_end ? NULL : &s->entry, origin, d_end ? NULL : &d->entry);
    if ((ra = sl_alternates_leave(&p->alternates, p->depth, err)) != SL_OK)
        return ra;
    if (rs == SL_OK)
        sl_merge_pop(&p->source);
    if (rd == SL_OK)
        sl_stream_pop(&p->dest_stream);
    leave(p);
    if (!p->depth)
        note_listed(p);
    return SL_OK;
}

static const struct sl_stream *rooted(const struct sl_plan *p)
{
    for (size_t i = 0; i < p->source.count; i++)
        if (p->source.streams[i]->has_root)
            return p->source.streams[i];
    return NULL;
}

/* The first events tell whether the transfer has a root directory of its own ("./"). */
static enum sl_code start(struct sl_plan *p, struct sl_error *err)
{
    struct sl_event *s = NULL, *d = NULL;
    struct sl_origin *origin = NULL;
    uint32_t changes = 0, meta = 0;
    struct sl_pick pick;
    enum sl_code rc = sl_merge_peek(&p->source, &s, &origin, err);
    if (rc != SL_OK && rc != SL_EOF)
        return rc;
    rc = sl_stream_peek(&p->dest_stream, &d, err);
    if (rc != SL_OK && rc != SL_EOF)
        return rc;
    const struct sl_stream *root = rooted(p);
    const struct sl_entry *there = p->dest_stream.has_root ? &p->dest_stream.root : NULL;
    if (root && there && (rc = sl_compare_meta(p, &root->root, there, &changes, &meta)) != SL_OK)
        return rc;
    if ((rc = sl_alternates_begin(&p->alternates, err)) != SL_OK || (rc = sl_pick_root(p, root ? &root->root : NULL, &pick)) != SL_OK)
        return rc;
    p->started = true;
    if (root && root->root.attrs.len == SL_ATTRS_UNKNOWN)
        sl_attrs_unread(p, &root->root.attrs, ".");
    struct sl_level *l = sl_plan_enter(p, 0);
    l->in_dest = !p->dest_new && !p->blind;
    if (!root)
        return SL_OK;
    sl_plan_level_entry(l, &root->root, origin ? origin : &p->dest_origin);
    p->stats.entries[SL_TYPE_DIR]++;
    p->progress.files_total++;
    l->changes = there ? changes : (uint32_t)SL_CHANGE_NEW;
    l->meta = there ? meta : sl_meta_of_new(p, &root->root);
    l->made = !there && !p->blind;
    l->own = l->made && p->dest_new;
    if (p->blind)
        l->meta = 0;
    l->readonly = there && p->dest->uid != 0 && (there->mode & 0300) != 0300;
    if (there && (!p->o->perms || p->pass == SL_PASS_LOOK))
        l->entry.mode = there->mode;
    if (there && p->pass == SL_PASS_LOOK)
        sl_delete_first_level(l, there);
    struct sl_action *a = sl_plan_push_dir(p, SL_ACT_NOTHING, l);
    a->changes = l->changes;
    a->update = there ? SL_UPDATE_NONE : SL_UPDATE_LOCAL;
    if (!there)
        sl_pick_shape(p, a, &pick);
    a->quiet = !there && p->o->existing && p->o->dry_run;    /* it would not be made, but for what is below it */
    if (a->fresh)
        a->changes &= ~(uint32_t)SL_CHANGE_TIME;     /* rsync's line for the root it made has none */
    return SL_OK;
}

enum sl_code sl_plan_step(struct sl_plan *p, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    if (p->listed)
        return SL_EOF;
    if (p->queue.len >= p->queue_max) {
        choose_now(p);
        return SL_AGAIN;
    }
    if (!p->started) {
        rc = start(p, err);
        if (rc != SL_OK)
            return rc;
    }
    for (int i = 0; i < STEP_MAX && p->queue.len < p->queue_max && !p->listed; i++) {
        rc = p->extra_depth ? sl_extra_step(p, err) : merge_step(p, err);
        if (rc != SL_OK)
            return rc == SL_AGAIN && i > 0 ? SL_OK : rc;
    }
    return SL_OK;
}

void sl_plan_entry_failed(struct sl_plan *p, const struct sl_error *err, const char *path)
{
    if (err->side == SL_SIDE_SOURCE && err->code == SL_E_NOT_FOUND && path) {
        p->vanished = true;
        sl_report_warning(p->report, err, path);
        return;
    }
    p->failed = true;
    p->stats.errors++;
    sl_report_error(p->report, err, path);
}

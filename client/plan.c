/* SPDX-License-Identifier: ISC */
/*
 * plan - the merge of the two listings; each entry goes to a decision (decide.c). Memory follows the depth of the tree and the
 * bounded queue, not the number of files; deletions wait in a spool.
 */
#include "config.h"
#include "client/attrs.h"
#include "client/backup.h"
#include "client/delay.h"
#include "client/staging.h"
#include "client/hard.h"
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
    sl_in_the_way_clear(p);
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
    for (size_t i = 0; i < p->gone.len; i++)
        free(p->gone.at[i]);
    free(p->gone.at);
    sl_backup_clear(p);
    sl_delay_clear(p);
    sl_staging_clear(p);
    sl_take_clear(p);
    free(p->failed_dir);
    free(p->path);
    for (size_t i = 0; i < p->depth; i++)
        sl_similar_free(p->levels[i].similar), sl_extra_missing_clear(&p->levels[i]), sl_backup_level_clear(&p->levels[i]), free(p->levels[i].real), sl_backup_like_drop(p->levels[i].like);
    free(p->levels);
    sl_detours_clear(&p->detours);
    free(p->dest_origin.base);
    free(p->dest_origin.top);
}

/* ---- the merge ---- */

static void leave(struct sl_plan *p)
{
    struct sl_level *l = sl_plan_level(p);
    uint32_t meta = l->meta;
    if (l->has_source && (l->touched || l->made) && sl_keeps_time(p->o, SL_TYPE_DIR))
        meta |= SL_META_MTIME;
    if (l->has_source && (meta = sl_delay_dir(p, l, meta)) != 0) {
        struct sl_action *a = sl_plan_push_dir(p, SL_ACT_META, l);
        a->meta = meta;
        a->quiet = a->closing = true;
        a->own_dir = l->own;
    }
    sl_plan_choose_similar(p, l);
    sl_similar_free(l->similar);
    free(l->real);
    sl_backup_like_drop(l->like);
    sl_extra_missing_clear(l);
    sl_backup_level_clear(l);
    if (l->extra_noted && sl_extra_closed(p, l))
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

/* An argument that is not there, or a link that is followed and leads to nothing: whether that is as it may be. */
static bool may_be_missing(struct sl_plan *p, const struct sl_event *s)
{
    bool is_missing = s->error.code == SL_E_NOT_FOUND || (s->of_link && s->error.code == SL_E_LINK);
    if (!s->named || !is_missing)
        return false;
    if (p->o->delete_missing_args && !s->implied)
        sl_extra_missing(p, s->name);
    return p->o->ignore_missing_args || p->o->delete_missing_args;
}

/* Below the directory that is open, of something that may be in one that is held back. */
static char *path_of_failed(struct sl_plan *p, const struct sl_event *s)
{
    size_t len = sl_plan_level(p)->path_len;
    char *way = sl_merge_way(&p->source);
    char *path = sl_asprintf("%.*s%s%s%s", (int)len, p->path, len ? "/" : "", way, s->name ? s->name : "");
    size_t n = strlen(path);
    if (n && path[n - 1] == '/')
        path[n - 1] = '\0';
    free(way);
    return path;
}

static void source_failed(struct sl_plan *p, struct sl_event *s)
{
    if (may_be_missing(p, s)) {
        sl_merge_pop(&p->source);
        return;
    }
    char *path = path_of_failed(p, s);
    p->source_error = true;
    if (s->named) {
        p->failed = true;
        p->stats.errors++;
        sl_report_error(p->report, &s->error, path);
    } else {
        sl_plan_entry_failed(p, &s->error, path);
    }
    free(path);
    sl_merge_pop(&p->source);
}

/* One decision. s is peeked and an ENTRY or NULL at the end of the directory; likewise d. */
static enum sl_code judge(struct sl_plan *p, const struct sl_entry *s, struct sl_origin *origin, const struct sl_entry *d)
{
    if (d && (!s || sl_entry_order(s, d) >= 0))
        sl_plan_note_similar(p, d);
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
    enum sl_code rc = order < 0 ? sl_decide_new(p, s, origin) : sl_decide_both(p, s, d, origin);
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
        if (rd == SL_OK && d->kind == SL_EVENT_ERROR && d->unnamed) {
            sl_extra_unnamed(p, d);
            return SL_OK;
        }
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
    p->way = !s_end && s->implied;
    p->bare = p->way && !p->o->implied_dirs;
    if (!s_end && (ra = sl_alternates_seek(&p->alternates, p->depth, &s->entry, err)) != SL_OK)
        return ra;
    bool deep = !s_end && p->o->max_depth && !s->implied && p->depth >= (size_t)p->o->max_depth;
    p->cut = !s_end && (deep || is_shut(p, s) || (p->o->one_fs && s->entry.mount));
    if (!s_end && sl_plan_level(p)->nowhere)
        return sl_decide_nowhere(p, &s->entry);
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
    sl_plan_similar_alternates(p);
    if ((rc = sl_alternates_begin(&p->alternates, err)) != SL_OK || (rc = sl_pick_root(p, root ? &root->root : NULL, &pick)) != SL_OK)
        return rc;
    if (root && p->o->super < 0 && (rc = sl_superuser_look(p, &root->root, there)) != SL_OK)
        return rc;
    p->started = true;
    if (root && root->root.attrs.len == SL_ATTRS_UNKNOWN)
        sl_attrs_unread(p, &root->root.attrs, ".");
    struct sl_level *l = sl_plan_enter(p, 0);
    l->in_dest = !p->dest_new && !p->blind;
    if (there)
        sl_plan_level_there(l, there);
    if (!root)
        return SL_OK;
    /* Where nothing comes after it, it yet is the source's. */
    sl_plan_level_entry(l, &root->root, origin ? origin : root->origin ? root->origin : &p->dest_origin);
    if (!there && !p->o->perms)          /* what --mkpath makes is there by then */
        l->entry.mode = p->o->mkpath ? 0777 : l->entry.mode & 0777;
    p->stats.entries[SL_TYPE_DIR]++;
    p->progress.files_total++;
    l->changes = there ? changes : (uint32_t)SL_CHANGE_NEW;
    l->meta = there ? meta : sl_meta_of_new(p, &root->root);
    l->made = !there && !p->blind;
    l->own = l->made && p->dest_new;
    if (p->blind)
        l->meta = 0;
    l->readonly = there && sl_plan_level_early(p, &root->root, there);
    if (there && (!p->o->perms || p->pass == SL_PASS_LOOK))
        l->entry.mode = there->mode;
    if (there && p->pass == SL_PASS_LOOK)
        sl_delete_first_level(l, there);
    if (there && p->backup) {            /* a --backup-dir may be made in it, early or late */
        l->touched = true;
        sl_extra_noted(p, l);
    }
    struct sl_action *a = sl_plan_push_dir(p, SL_ACT_NOTHING, l);
    a->changes = l->changes;
    a->update = there ? SL_UPDATE_NONE : SL_UPDATE_LOCAL;
    if (!there)
        sl_pick_shape(p, a, &pick);
    a->quiet = !there && p->o->existing && p->o->dry_run;    /* it would not be made, but for what is below it */
    if (a->fresh && !p->o->omit_dir_times)
        a->changes &= ~(uint32_t)SL_CHANGE_TIME;     /* rsync's line for the root it made has none */
    return SL_OK;
}

enum sl_code sl_plan_step(struct sl_plan *p, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    if (p->listed)
        return SL_EOF;
    if (p->queue.len >= p->queue_max) {
        sl_plan_choose_now(p);
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

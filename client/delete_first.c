/* SPDX-License-Identifier: ISC */
/* delete_first - see delete_first.h. */
#include "config.h"
#include "client/delete_first.h"
#include "client/grow.h"
#include "client/plan_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A directory that loses something keeps its times and its mode: what the run makes of them is the second pass's. */
void sl_delete_first_level(struct sl_level *l, const struct sl_entry *there)
{
    l->entry.mtime_s = there->mtime_s;
    l->entry.mtime_ns = there->mtime_ns;
    l->meta = 0;
}

/* What waits for deletions waits for nothing in the second pass, where they are done. */
static void drop_deferred(struct sl_plan *p)
{
    p->gone.at = sl_calloc(p->deferred_len + 1, sizeof *p->gone.at);
    for (size_t i = 0; i < p->deferred_len; i++) {
        if (p->o->dry_run && !p->deferred[i].blocked)
            p->gone.at[p->gone.len++] = sl_strdup(p->deferred[i].path);
        sl_action_clear(&p->deferred[i]);
    }
    p->deferred_len = 0;
}

bool sl_delete_first_gone(struct sl_plan *p, const struct sl_entry *s)
{
    struct sl_gone *g = &p->gone;
    size_t dir = sl_plan_level(p)->path_len;
    if (g->next == g->len)
        return false;
    sl_plan_path_put(p, dir, s);
    bool is = strcmp(g->at[g->next], p->path) == 0;
    p->path[dir] = '\0';
    g->next += is;
    return is;
}

void sl_delete_first_clear(struct sl_first *f)
{
    for (size_t i = 0; i < f->gone.len; i++)
        free(f->gone.at[i]);
    free(f->gone.at);
    f->gone = (struct sl_gone){ 0 };
}

enum sl_code sl_delete_first_turn(struct sl_plan *p, enum sl_code planned)
{
    if (p->pass != SL_PASS_LOOK)
        return planned;
    sl_queue_clear(&p->queue);
    if (planned == SL_EOF) {
        drop_deferred(p);
        sl_report_mute(p->report, false);
        p->progress = (struct sl_progress){ 0 };
        p->errors_before = p->stats.errors;
        p->pass = SL_PASS_DELETE;
    }
    return planned;
}

/* Nothing is made yet, and one connection is enough. */
static struct sl_options looking(const struct sl_options *o)
{
    struct sl_options look = *o;
    look.dry_run = true;
    look.lanes = 1;
    return look;
}

static enum sl_code list_and_delete(struct sl_layout *l, struct sl_plan *p, struct sl_error *err)
{
    sl_merge_clear(&p->source);
    sl_merge_init(&p->source, l->streams, l->streams_len);
    sl_layout_prune(l, &p->source, &p->dest_origin);
    sl_lane_add(p, l->dest);
    p->pass = SL_PASS_LOOK;
    p->source_error = l->failed;
    struct sl_grow *g = sl_grow_new(l, p);
    enum sl_code rc = sl_drive(l, p, g, err);
    sl_pending_reap(p);
    sl_grow_free(g, &p->stats.wire_out, &p->stats.wire_in);
    l->dest->failed = NULL;
    return rc == SL_EOF ? SL_OK : rc;
}

static void note(struct sl_first *f, struct sl_plan *p)
{
    for (size_t i = 0; i < sizeof f->stats.deleted / sizeof f->stats.deleted[0]; i++)
        f->stats.deleted[i] = p->stats.deleted[i];
    f->stats.errors = p->stats.errors - p->errors_before;
    f->confirmed = p->done;
    f->deleted = p->deleted;
    f->failed = p->failed;
    f->refused = p->delete_refused;
    f->done = p->pass == SL_PASS_DELETE && !p->delete_refused;
    if (f->done && p->o->dry_run) {
        f->gone = p->gone;
        p->gone = (struct sl_gone){ 0 };
    }
}

static enum sl_code pass(struct sl_layout *l, const struct sl_options *o, struct sl_first *f, struct sl_error *err)
{
    struct sl_plan p;
    struct sl_stream none, *streams[] = { &none };
    struct sl_error why = { 0 };
    int status = 0;
    if (sl_layout_sources(l, &why, &status) != SL_OK || (!l->streams_len && !l->items_len))
        return SL_OK;
    sl_stream_init(&none, l->remote_source ? l->remote_source : l->locals[0]);
    sl_plan_init(&p, o, l->report, l->dest, streams, 1);
    sl_spool_give(p.deletions, l->spool_file);
    l->spool_file = NULL;
    p.deleted_before = l->attempts ? l->attempts->deleted : 0;
    enum sl_code rc = sl_layout_dest(l, &p, &why, &status);
    bool there = rc == SL_OK && !p.dest_new && !l->rename_to;
    rc = there ? list_and_delete(l, &p, err) : SL_OK;
    if (there)
        note(f, &p);
    l->spool_file = sl_spool_yield(p.deletions);     /* the second pass can make none any more */
    sl_plan_clear(&p);
    sl_stream_clear(&none);
    return rc;
}

enum sl_code sl_delete_first(struct sl_layout *l, struct sl_first *f, struct sl_error *err)
{
    const struct sl_options *o = l->o;
    struct sl_options look = looking(o);
    l->o = &look;
    sl_report_mute(l->report, true);
    enum sl_code rc = pass(l, o, f, err);
    sl_report_mute(l->report, false);
    f->then = *o;
    /* In a dry run what is in the way is there still: whether it would have gone is seen from what would be deleted. */
    f->then.del = o->dry_run && f->done && !o->existing;
    f->then.delete_before = false;
    if (f->then.delete_missing_args)
        f->then.ignore_missing_args = true;
    f->then.delete_missing_args = false;
    f->then.force |= f->done && f->then.existing;
    l->o = &f->then;
    sl_layout_again(l);
    return rc;
}

void sl_delete_first_done(struct sl_first *f, struct sl_plan *p)
{
    for (size_t i = 0; i < sizeof f->stats.deleted / sizeof f->stats.deleted[0]; i++)
        p->stats.deleted[i] = f->stats.deleted[i];
    p->stats.errors = f->stats.errors;
    p->done = f->confirmed;
    p->deleted = f->deleted;
    p->deleted_before += f->deleted;
    p->failed = f->failed;
    p->delete_refused = f->refused;
    p->gone = f->gone;
    f->gone = (struct sl_gone){ 0 };
    p->pass = f->done ? SL_PASS_REST : SL_PASS_ALL;
}

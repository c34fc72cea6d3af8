/* SPDX-License-Identifier: ISC */
/* run_transfer - a run with a destination: what is set up around planner and executor, and what is told at the end. */
#include "config.h"
#include "client/run_priv.h"
#include "client/attrs.h"
#include "client/delay.h"
#include "client/delete_first.h"
#include "client/delta_job.h"
#include "client/grow.h"
#include "client/parts.h"
#include "client/remote.h"
#include "client/stop.h"
#include "client/take_source.h"
#include "base/io.h"
#include "proto/msg.h"

static void keep_alive(void *ctx)
{
    sl_grow_keep_alive(ctx);
}

static int exit_status(const struct sl_layout *l, const struct sl_plan *p)
{
    if (p->failed || l->failed)
        return 23;
    if (p->delete_refused)
        return 25;
    return p->vanished ? 24 : 0;
}

static void finish_stats(struct sl_layout *l, struct sl_plan *p)
{
    struct sl_stats *s = &p->stats;
    if (l->remote_source)
        sl_run_traffic(s, l->remote_source);
    sl_run_traffic(s, l->dest);
    s->elapsed_ms = sl_now_ms() - p->start_ms;
}

/* A remote one was told when it was opened. */
static void digest_of(const struct sl_layout *l, struct sl_endpoint *e)
{
    if (!e->remote)
        sl_local_digest(e, l->o->sha256 ? SL_HASH_SHA256 : SL_HASH_XXH128);
}

/* Both sides cut and hash alike, and nobody can tell how before. */
static void share_seed(struct sl_layout *l)
{
    uint64_t seed;
    sl_random(&seed, sizeof seed);
    l->dest->seed = seed;
    digest_of(l, l->dest);
    l->dest->chunked = sl_delta_job_chunked;
    for (size_t i = 0; i < l->streams_len; i++) {
        l->streams[i]->e->seed = seed;
        digest_of(l, l->streams[i]->e);
        l->streams[i]->e->chunked = sl_delta_job_chunked;
    }
}

bool sl_layout_keeps_in(const struct sl_layout *l)
{
    const uint32_t needed = SL_RIGHT_OVERWRITE | SL_RIGHT_DELETE | (l->o->delay_updates ? (uint32_t)SL_RIGHT_RENAME : 0);
    return *l->o->partial_dir && !l->o->dry_run && (!l->dest->remote || (l->dest->rights & needed) == needed);
}

static void keep_in(const struct sl_layout *l)
{
    if (sl_layout_keeps_in(l))
        l->dest->ops->kept_in(l->dest, l->o->partial_dir);
}

/* The figures of all attempts, unless there is to be another one. */
static void conclude(struct sl_layout *l, struct sl_plan *p, bool again, int status)
{
    if (again)
        return;
    sl_retries_total(l->attempts, &p->stats);
    sl_report_end(l->report, &p->stats, status);
}

static bool lost(struct sl_layout *l, struct sl_plan *p, struct sl_error *err)
{
    sl_pending_reap(p);
    return !sl_stop_due(l->o) && sl_retries_lost(l->attempts, l->o, &(struct sl_achieved){ &p->stats, p->done, p->deleted }, err);
}

static void start_attempt(struct sl_layout *l)
{
    struct sl_attempts *a = l->attempts;
    if (!a || !a->told)
        sl_report_start(l->report);
    if (a)
        a->told = true;
}

/* No argument is left that could be copied. */
static void tell_nothing(struct sl_layout *l, bool started)
{
    if (!started)
        sl_report_start(l->report);
    if (l->remote_source)
        sl_run_traffic(&l->listed, l->remote_source);
    sl_report_end(l->report, &l->listed, l->failed ? 23 : 0);
}

/* The session was lost before anything could be copied. */
static int lost_first(struct sl_layout *l, struct sl_first *f, enum sl_code rc, struct sl_error *err)
{
    struct sl_plan p = { 0 };
    sl_delete_first_clear(f);
    sl_delete_first_done(f, &p);
    sl_run_traffic(&p.stats, l->dest);
    bool again = lost(l, &p, err);
    sl_run_tell_failure(l, err, again);
    conclude(l, &p, again, sl_run_session_status(rc));
    return sl_run_session_status(rc);
}

/* Whatever takes long on this side keeps the connections alive; g NULL: no more. */
static void busy_with(struct sl_layout *l, struct sl_grow *g)
{
    for (size_t i = 0; i < l->locals_len; i++) {
        l->locals[i]->busy = g ? keep_alive : NULL;
        l->locals[i]->busy_ctx = g;
    }
    l->dest->busy = g ? keep_alive : NULL;
    l->dest->busy_ctx = g;
}

/* The destination is known: everything up to the last confirmation. SL_EOF: it went to its end, as *status says. */
static enum sl_code carry_out(struct sl_layout *l, struct sl_plan *p, struct sl_error *err, int *status)
{
    sl_merge_clear(&p->source);
    sl_merge_init(&p->source, l->streams, l->streams_len);
    sl_layout_prune(l, &p->source, &p->dest_origin);
    sl_layout_share_rules(l, &p->dest_stream);
    sl_lane_add(p, l->dest);
    share_seed(l);
    keep_in(l);
    sl_attrs_agree(p);
    sl_take_begin(p);
    struct sl_grow *g = sl_grow_new(l, p);
    busy_with(l, g);
    p->source_error = l->failed;      /* an argument that is missing counts like a directory that can't be read */
    enum sl_code rc = sl_drive(l, p, g, err);
    *status = rc == SL_EOF ? exit_status(l, p) : sl_run_session_status(rc);
    if (rc == SL_EOF)
        sl_grow_finish(g);
    sl_pending_reap(p);
    sl_grow_free(g, &p->stats.wire_out, &p->stats.wire_in);
    busy_with(l, NULL);
    finish_stats(l, p);
    return rc;
}

/* Streams exist only once the destination is known: the planner is set up in between. */
int sl_run_transfer(struct sl_layout *l, struct sl_error *err)
{
    struct sl_plan p;
    struct sl_stream *none = NULL;
    struct sl_first begun = { 0 };
    int status = 0;
    bool again = false, driven = false;
    bool in_two = l->o->delete_before;
    if (in_two)
        start_attempt(l);
    enum sl_code rc = in_two ? sl_delete_first(l, &begun, err) : SL_OK;
    if (rc != SL_OK)
        return lost_first(l, &begun, rc, err);
    rc = sl_layout_sources(l, err, &status);
    if (rc != SL_OK || (!l->streams_len && !l->items_len)) {
        if (rc != SL_OK)
            sl_run_tell_failure(l, err, sl_retries_lost(l->attempts, l->o, NULL, err));
        else
            tell_nothing(l, in_two);
        sl_delete_first_clear(&begun);
        return rc != SL_OK ? status : l->failed ? 23 : 0;
    }
    struct sl_stream first;
    sl_stream_init(&first, l->remote_source ? l->remote_source : l->locals[0]);
    none = &first;
    sl_plan_init(&p, l->o, l->report, l->dest, &none, 1);
    sl_spool_give(p.deletions, l->spool_file);
    l->spool_file = NULL;
    p.deleted_before = l->attempts ? l->attempts->deleted : 0;
    sl_delay_init(&p, l->delay_files);
    sl_delete_first_done(&begun, &p);
    if (!in_two)
        start_attempt(l);
    rc = sl_layout_dest(l, &p, err, &status);
    if (rc == SL_OK) {
        rc = carry_out(l, &p, err, &status);
        driven = true;
    }
    again = rc != SL_EOF && lost(l, &p, err);
    if (driven && !again)
        sl_report_progress(l->report, &p.progress, true);
    if (rc != SL_EOF)
        sl_run_tell_failure(l, err, again);
    conclude(l, &p, again, status);
    sl_take_end(&p);
    l->dest->failed = NULL;
    l->dest->chunked = NULL;
    if (driven && rc != SL_EOF)
        sl_parts_leave(&p);
    for (size_t i = 0; i < l->streams_len; i++)
        l->streams[i]->e->chunked = NULL;
    sl_plan_clear(&p);
    sl_stream_clear(&first);
    return status;
}

/* SPDX-License-Identifier: ISC */
/* run - from options to exit status. */
#include "config.h"
#include "client/run.h"
#include "client/attrs.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/confine_client.h"
#include "client/delete_first.h"
#include "client/delta_job.h"
#include "client/grow.h"
#include "client/links.h"
#include "client/permit.h"
#include "client/remote.h"
#include "client/stop.h"
#include "client/take_source.h"
#include "client/wind_up.h"
#include "proto/msg.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_AT = 256 * 1024, APART_MS = 4, SOON_MS = 10, LOG_FAILED = 11 };

static struct sl_report *notes_to;       /* sl_remote_open's note hook has no context */

static void note(const char *line)
{
    struct sl_error err = { .code = SL_E_UNSUPPORTED };
    snprintf(err.text, sizeof err.text, "%s", line);
    sl_report_warning(notes_to, &err, NULL);
}

/* A session's failure; if there is to be another attempt it is only a warning. */
static void tell_failure(struct sl_layout *l, const struct sl_error *err, bool again)
{
    if (again)
        sl_report_warning(l->report, err, NULL);
    else
        sl_report_error(l->report, err, NULL);
}

static int session_status(enum sl_code rc)
{
    return sl_remote_interrupted ? 20 : rc == SL_E_TIMEOUT ? 30 : rc == SL_E_CONFIG ? 1 : rc == SL_E_VERSION || rc == SL_E_PEER ? 2 : 12;
}

/* ssh has an option of its own for it. */
static enum sl_code check_bind(const struct sl_layout *l, struct sl_error *err)
{
    enum sl_address_kind source = l->addresses[0].kind, dest = l->o->dest ? l->dest_address.kind : SL_ADDR_LOCAL;
    if (source == SL_ADDR_SSH || dest == SL_ADDR_SSH)
        return sl_fail(err, SL_E_CONFIG, "--address is for superlifter:// only; over SSH use -e 'ssh -b %s'", l->o->bind_address);
    if (source == SL_ADDR_LOCAL && dest == SL_ADDR_LOCAL)
        return sl_fail(err, SL_E_CONFIG, "--address: nothing is connected to between local trees");
    return SL_OK;
}

static enum sl_code parse_addresses(struct sl_layout *l, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    l->addresses = sl_calloc(l->o->source_count, sizeof *l->addresses);
    for (size_t i = 0; i < l->o->source_count && rc == SL_OK; i++) {
        rc = sl_address_parse(&l->addresses[i], l->o->sources[i], err);
        l->count += rc == SL_OK;
        if (rc == SL_OK && i && !sl_address_same_host(&l->addresses[0], &l->addresses[i]))
            rc = sl_fail(err, SL_E_CONFIG, "all SRC must be on one host: '%s' and '%s' are not", l->o->sources[0], l->o->sources[i]);
    }
    if (rc == SL_OK && l->o->dest)
        rc = sl_address_parse(&l->dest_address, l->o->dest, err);
    if (rc == SL_OK && l->o->dest && l->dest_address.modules && !l->dest_address.module)
        rc = sl_fail(err, SL_E_CONFIG, "'%s' names no module", l->o->dest);
    if (rc == SL_OK && l->o->munge_links && l->o->dest)
        rc = sl_links_may_munge(l->addresses[0].kind != SL_ADDR_LOCAL, l->dest_address.kind != SL_ADDR_LOCAL, err);
    if (rc == SL_OK && l->o->bind_address)
        rc = check_bind(l, err);
    bool local = rc == SL_OK && l->o->dest && l->addresses[0].kind == SL_ADDR_LOCAL && l->dest_address.kind == SL_ADDR_LOCAL;
    if (local && l->o->bwlimit)
        return sl_fail(err, SL_E_CONFIG, "--bwlimit: nothing is sent between local trees, so there is no rate to hold");
    return rc;
}

static void read_above_one(struct sl_filters *f, const struct sl_address *a)
{
    if (a->kind != SL_ADDR_LOCAL)
        return;
    char *path = sl_filters_absolute(a->path);
    sl_filters_read_parents(f, path);
    free(path);
}

static enum sl_code read_list(struct sl_layout *l, struct sl_error *err)
{
    const struct sl_options *o = l->o;
    struct sl_files_from_how how = { .file = o->files_from, .from0 = o->from0, .relative = o->relative, .recurse = o->recurse,
                                     .flags = sl_layout_flags(o, false) };
    return o->files_from ? sl_files_from_read(&l->list, &how, err) : SL_OK;
}

/* Merge files above a local tree, while they can be read. */
static void read_above(struct sl_layout *l)
{
    for (size_t i = 0; i < l->count; i++)
        read_above_one(l->o->filters, &l->addresses[i]);
    if (l->o->dest)
        read_above_one(l->o->filters, &l->dest_address);
}

static void show_motd(struct sl_layout *l, struct sl_endpoint *e)
{
    size_t n = 0;
    const char *text = sl_remote_motd(e, &n);
    if (n && l->o->motd && !(l->attempts && l->attempts->told))
        sl_report_motd(l->report, text, n);
}

/* Whether it has all that the options ask of a server. */
static enum sl_code suits(const struct sl_layout *l, const struct sl_endpoint *e, struct sl_error *err, int *exit_status)
{
    bool tree = !(l->addresses[0].modules && !l->addresses[0].module) || l->o->dest;
    enum sl_code rc = tree ? sl_attrs_possible(l->o, e, err) : SL_OK;
    if (rc != SL_OK)
        *exit_status = session_status(rc);
    return rc;
}

static enum sl_code open_sides(struct sl_layout *l, struct sl_error *err, int *exit_status)
{
    const struct sl_address *s = &l->addresses[0], *d = &l->dest_address;
    enum sl_code rc = SL_OK;
    if (s->kind != SL_ADDR_LOCAL) {
        rc = sl_remote_open(&l->remote_source, SL_SIDE_SOURCE, s, l->o, note, err, exit_status);
        if (rc == SL_OK)
            show_motd(l, l->remote_source);
        if (rc == SL_OK)
            rc = suits(l, l->remote_source, err, exit_status);
    }
    if (rc != SL_OK || !l->o->dest || d->kind == SL_ADDR_LOCAL)
        return rc;
    rc = sl_remote_open(&l->dest, SL_SIDE_DEST, d, l->o, note, err, exit_status);
    if (rc == SL_OK)
        show_motd(l, l->dest);
    return rc == SL_OK ? suits(l, l->dest, err, exit_status) : rc;
}

/* What has to be before this process is confined, and after. */
static enum sl_code settle_in(struct sl_layout *l, struct sl_error *err, int *exit_status)
{
    bool remote = l->addresses[0].kind != SL_ADDR_LOCAL;
    bool local_dest = l->o->dest && l->dest_address.kind == SL_ADDR_LOCAL;
    bool told = l->attempts && l->attempts->told;
    if (told)
        ;                                /* by an attempt before */
    else if (l->remote_source && !(l->addresses[0].modules && !l->addresses[0].module))
        sl_permit_tell(l->o, l->report, l->remote_source, l->dest);
    else if (l->dest)
        sl_permit_tell(l->o, l->report, NULL, l->dest);
    if ((l->o->del || l->o->force || l->o->delete_missing_args) && (remote || !local_dest))
        l->spool_file = sl_io_temporary();
    sl_grow_prepare(l);
    enum sl_code rc = sl_client_confine(l, err);
    *exit_status = 1;
    if (rc == SL_OK && local_dest)
        l->dest = sl_local_new(SL_SIDE_DEST, remote, l->helper);
    if (rc == SL_OK && local_dest && l->o->keep_dirlinks)
        sl_local_from_slash(l->dest);
    return rc;
}

static void traffic_of(struct sl_stats *s, const struct sl_endpoint *e)
{
    sl_remote_traffic(e, &s->wire_out, &s->wire_in);
    s->list_bytes += sl_remote_listed(e);
}

/* ---- listing ---- */

static void each_module(void *ctx, const char *name, size_t name_len, const char *comment, size_t comment_len)
{
    sl_report_module(ctx, name, name_len, comment, comment_len);
}

struct list_path { char *text; size_t len, cap; size_t *marks; size_t depth, depth_cap; };

static void list_enter(struct list_path *lp, size_t mark)
{
    if (lp->depth == lp->depth_cap) {
        lp->depth_cap = lp->depth_cap ? lp->depth_cap * 2 : 32;
        lp->marks = sl_realloc(lp->marks, lp->depth_cap * sizeof *lp->marks);
    }
    lp->marks[lp->depth++] = mark;
}

static void list_entry(struct sl_layout *l, struct sl_merge *m, struct list_path *lp, struct sl_event *ev)
{
    size_t mark = lp->len, need = lp->len + ev->entry.name_len + 2;
    if (need > lp->cap)
        lp->text = sl_realloc(lp->text, lp->cap = need * 2);
    if (lp->len)
        lp->text[lp->len++] = '/';
    memcpy(lp->text + lp->len, ev->entry.name, ev->entry.name_len + 1);
    lp->len += ev->entry.name_len;
    bool dir = ev->entry.type == SL_TYPE_DIR;
    sl_stats_entry(&l->listed, &ev->entry);
    sl_report_list(l->report, &ev->entry, lp->text);
    if (dir)
        list_enter(lp, mark);
    else
        lp->len = mark;
    sl_merge_pop(m);
}

static int list_all(struct sl_layout *l, struct sl_error *err)
{
    struct sl_merge m;
    struct sl_event *ev = NULL;
    struct sl_origin *origin = NULL;
    struct list_path lp = { .text = sl_calloc(1, 4096), .cap = 4096 };
    enum sl_code rc;
    bool root = false, failed = l->failed;
    sl_merge_init(&m, l->streams, l->streams_len);
    sl_layout_prune(l, &m, NULL);
    for (;;) {
        rc = sl_merge_peek(&m, &ev, &origin, err);
        if (rc == SL_AGAIN && (rc = sl_remote_pump(l->remote_source, NULL, true, err)) == SL_OK)
            continue;
        if (!root && l->streams_len && l->streams[0]->has_root) {
            sl_stats_entry(&l->listed, &l->streams[0]->root);
            sl_report_list(l->report, &l->streams[0]->root, ".");
        }
        root |= l->streams_len && l->streams[0]->has_root;
        if (rc != SL_OK)
            break;
        if (ev->kind == SL_EVENT_ENTRY) {
            list_entry(l, &m, &lp, ev);
        } else {
            if (ev->kind == SL_EVENT_ERROR) {
                failed = true;
                sl_report_error(l->report, &ev->error, ev->name);
            } else if (lp.depth) {
                lp.len = lp.marks[--lp.depth];
            }
            sl_merge_pop(&m);
        }
    }
    sl_merge_clear(&m);
    free(lp.text);
    free(lp.marks);
    if (rc != SL_EOF) {
        sl_report_error(l->report, err, NULL);
        return session_status(rc);
    }
    return failed ? 23 : 0;
}

/* As with rsync: a listing, too, has figures for those who ask. */
static void finish_list(struct sl_layout *l, int status)
{
    if (l->remote_source)
        traffic_of(&l->listed, l->remote_source);
    l->listed.elapsed_ms = l->listed.list_ms = sl_now_ms() - l->start_ms;
    sl_report_end(l->report, &l->listed, status);
}

static int list(struct sl_layout *l, struct sl_error *err)
{
    int status = 0;
    enum sl_code rc;
    if (l->addresses[0].modules && !l->addresses[0].module) {
        rc = sl_remote_modules(l->remote_source, each_module, l->report, err);
        if (rc != SL_OK) {
            sl_report_error(l->report, err, NULL);
            return session_status(rc);
        }
        return 0;
    }
    rc = sl_layout_sources(l, err, &status);
    if (rc != SL_OK) {
        sl_report_error(l->report, err, NULL);
        return status;
    }
    sl_layout_named(l);
    for (size_t i = 0; i < l->streams_len; i++)
        sl_attrs_list(l->o, l->streams[i]->e);
    sl_report_start(l->report);
    status = list_all(l, err);
    finish_list(l, status);
    return status;
}

/* ---- copying ---- */

static void keep_alive(void *ctx)
{
    sl_grow_keep_alive(ctx);
}

/* So much that no lane has to wait for the planner, but not for long. */
static enum sl_code plan_ahead(struct sl_plan *p, struct sl_error *err)
{
    uint64_t until = sl_now_ms() + APART_MS;
    enum sl_code rc;
    bool any = false;
    do {
        rc = sl_plan_step(p, err);
        any |= rc == SL_OK;
        if (p->lanes_len > 1)
            sl_deal(p);
    } while (rc == SL_OK && p->lanes_len > 1 && sl_now_ms() < until);
    return rc == SL_AGAIN && any ? SL_OK : rc;
}

/* One turn of planner, executor and deletion. SL_OK: something moved. */
static enum sl_code turn(struct sl_plan *p, struct sl_error *err)
{
    enum sl_code plan = sl_delete_first_turn(p, plan_ahead(p, err));
    if (plan != SL_OK && plan != SL_AGAIN && plan != SL_EOF)
        return plan;
    enum sl_code exec = sl_exec_step(p, err);
    if (exec != SL_OK && exec != SL_AGAIN && exec != SL_EOF)
        return exec;
    if (plan == SL_OK || exec == SL_OK)
        return SL_OK;
    if (plan == SL_EOF && exec == SL_EOF)
        return sl_delete_step(p, err);
    return SL_AGAIN;
}

/* The network has its turn when nothing else can go on, when much is to be sent, and at least every few milliseconds: while this side
 * reads and hashes, the other one has to know what it is asked for. */
enum sl_code sl_drive(struct sl_layout *l, struct sl_plan *p, struct sl_grow *g, struct sl_error *err)
{
    uint64_t last = sl_now_ms();
    for (;;) {
        if (sl_remote_interrupted)
            return sl_fail(err, SL_E_CLOSED, "interrupted by signal %d", sl_remote_interrupted);
        if (sl_stop_due(l->o))
            return sl_wind_up(p, g, err);
        sl_grow_turn(g);
        enum sl_code rc = turn(p, err);
        if (rc != SL_OK && rc != SL_AGAIN)
            return rc;
        sl_report_progress(l->report, &p->progress, false);
        if (rc == SL_AGAIN || sl_grow_queued(g) > FLUSH_AT || sl_now_ms() >= last + APART_MS) {
            /* Something is to be tried again in a moment. */
            bool soon = p->again.len > 0 && sl_queue_at(&p->again, 0)->kind != SL_ACT_LINK;
            if (rc == SL_AGAIN && soon)
                poll(NULL, 0, SOON_MS);
            rc = sl_grow_pump(g, rc == SL_AGAIN && !soon, err);
            if (rc != SL_OK)
                return rc;
            last = sl_now_ms();
        }
    }
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
        traffic_of(s, l->remote_source);
    traffic_of(s, l->dest);
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
    const uint32_t needed = SL_RIGHT_OVERWRITE | SL_RIGHT_DELETE;
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

/* What listing has begun to print is not to be begun again. */
static bool only_shows(const struct sl_options *o)
{
    return o->dry_run || o->list_only || !o->dest;
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
        traffic_of(&l->listed, l->remote_source);
    sl_report_end(l->report, &l->listed, l->failed ? 23 : 0);
}

/* The session was lost before anything could be copied. */
static int lost_first(struct sl_layout *l, const struct sl_first *f, enum sl_code rc, struct sl_error *err)
{
    struct sl_plan p = { 0 };
    sl_delete_first_done(f, &p);
    traffic_of(&p.stats, l->dest);
    bool again = lost(l, &p, err);
    tell_failure(l, err, again);
    conclude(l, &p, again, session_status(rc));
    return session_status(rc);
}

/* Streams exist only once the destination is known: the planner is set up in between. */
static int copy(struct sl_layout *l, struct sl_error *err)
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
            tell_failure(l, err, sl_retries_lost(l->attempts, l->o, NULL, err));
        else
            tell_nothing(l, in_two);
        return rc != SL_OK ? status : l->failed ? 23 : 0;
    }
    struct sl_stream first;
    sl_stream_init(&first, l->remote_source ? l->remote_source : l->locals[0]);
    none = &first;
    sl_plan_init(&p, l->o, l->report, l->dest, &none, 1);
    sl_spool_give(p.deletions, l->spool_file);
    l->spool_file = NULL;
    p.deleted_before = l->attempts ? l->attempts->deleted : 0;
    sl_delete_first_done(&begun, &p);
    if (!in_two)
        start_attempt(l);
    rc = sl_layout_dest(l, &p, err, &status);
    if (rc == SL_OK) {
        sl_merge_clear(&p.source);
        sl_merge_init(&p.source, l->streams, l->streams_len);
        sl_layout_prune(l, &p.source, &p.dest_origin);
        sl_layout_share_rules(l, &p.dest_stream);
        sl_lane_add(&p, l->dest);
        share_seed(l);
        keep_in(l);
        sl_attrs_agree(&p);
        sl_take_begin(&p);
        struct sl_grow *g = sl_grow_new(l, &p);
        for (size_t i = 0; i < l->locals_len; i++) {
            l->locals[i]->busy = keep_alive;
            l->locals[i]->busy_ctx = g;
        }
        l->dest->busy = keep_alive;
        l->dest->busy_ctx = g;
        p.source_error = l->failed;      /* an argument that is missing counts like a directory that can't be read */
        rc = sl_drive(l, &p, g, err);
        status = rc == SL_EOF ? exit_status(l, &p) : session_status(rc);
        if (rc == SL_EOF)
            sl_grow_finish(g);
        driven = true;
        sl_pending_reap(&p);
        sl_grow_free(g, &p.stats.wire_out, &p.stats.wire_in);
        for (size_t i = 0; i < l->locals_len; i++)
            l->locals[i]->busy = NULL;
        l->dest->busy = NULL;
        finish_stats(l, &p);
    }
    again = rc != SL_EOF && lost(l, &p, err);
    if (driven && !again)
        sl_report_progress(l->report, &p.progress, true);
    if (rc != SL_EOF)
        tell_failure(l, err, again);
    conclude(l, &p, again, status);
    sl_take_end(&p);
    l->dest->failed = NULL;
    l->dest->chunked = NULL;
    for (size_t i = 0; i < l->streams_len; i++)
        l->streams[i]->e->chunked = NULL;
    sl_plan_clear(&p);
    sl_stream_clear(&first);
    return status;
}

int sl_run(const struct sl_options *o)
{
    return sl_run_attempt(o, NULL);
}

int sl_run_attempt(const struct sl_options *o, struct sl_attempts *a)
{
    struct sl_layout l = { .o = o, .attempts = a, .start_ms = sl_now_ms() };
    struct sl_error err = { 0 };
    int status = 1;
    enum sl_code rc = parse_addresses(&l, &err);
    bool push = rc == SL_OK && o->dest && l.dest_address.kind != SL_ADDR_LOCAL;
    l.report = notes_to = sl_report_new(o, push);
    if (rc == SL_OK && (rc = sl_report_log_open(l.report, &err)) != SL_OK)
        status = LOG_FAILED;
    if (rc == SL_OK)
        rc = read_list(&l, &err);
    if (rc == SL_OK)
        read_above(&l);
    if (rc == SL_OK)
        rc = open_sides(&l, &err, &status);
    if (rc == SL_OK)
        rc = settle_in(&l, &err, &status);
    if (rc == SL_OK && a)
        a->once = only_shows(o);
    if (rc != SL_OK)
        tell_failure(&l, &err, sl_retries_lost(a, o, NULL, &err));
    else
        status = o->dest && !o->list_only ? copy(&l, &err) : list(&l, &err);
    if (rc == SL_OK && l.remote_source)
        sl_remote_finish(l.remote_source);
    if (!a || !a->again)
        sl_report_conclude(l.report, status);
    sl_layout_clear(&l);
    sl_helper_stop(l.helper);
    if (l.spool_file)
        fclose(l.spool_file);
    sl_report_free(l.report);
    return status;
}

/* SPDX-License-Identifier: ISC */
/*
 * remote_way - see remote_way.h. A server follows no links: a component that turns out to be one is told by its text. Not by looking, as resolve.c:
 * a server that may not list can be asked for directories all the same, and tells a link's text when one is opened through it.
 */
#include "config.h"
#include "client/remote_way.h"
#include "base/io.h"

#include <errno.h>
#include <string.h>

/* Directories that are open for questions at a time, those of a single one apart: a server has 4,096. Bytes of a request beside its name. And what a
 * listing of one thing says. */
enum { DIRS_MOST = 1024, REQUEST_MOST = 32, RECORDS_MOST = 8 };

static uint32_t open_chain(struct sl_remote *r, uint32_t at, const struct sl_way_names *n, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = r->e.next_id++;
        sl_remote_ops.open_dir(&r->e, SL_JOB_LIST, at, id, n->at[i]);
        at = id;
    }
    return at;
}

static struct sl_reach reach_of(struct sl_way *w)
{
    sl_way_climb(w);
    size_t upto = sl_way_reach(w);
    bool final = upto == w->todo.len;
    return (struct sl_reach){ final && upto ? upto - 1 : upto, final && upto ? w->todo.at[upto - 1] : "", final };
}

static void close_at(struct sl_resolution *q, enum sl_code rc)
{
    q->over = true;
    q->code = rc;
}

/* Bytes that the question takes at most, on the wire; and directories. */
static size_t bytes_of(const struct sl_way *w)
{
    size_t n = REQUEST_MOST;
    for (size_t i = 0; i < w->done.len; i++)
        n += strlen(w->done.at[i]) + REQUEST_MOST;
    for (size_t i = 0; i < w->todo.len; i++)
        n += strlen(w->todo.at[i]) + REQUEST_MOST;
    return n;
}

bool sl_remote_way_fits(struct sl_remote *r, const struct sl_resolution *q)
{
    size_t open = q->way.done.len + q->way.todo.len;
    for (const struct sl_resolution *i = r->placing; i; i = i->behind)
        open += i->upto - i->from;
    return (open <= DIRS_MOST || !r->placing) && (!r->attached || sl_remote_ops.room(&r->e, SL_JOB_LIST) >= bytes_of(&q->way));
}

/* Opens what is resolved, then the components up to the last (or up to a ".."), then looks at the last. Where nothing may be listed, the
 * last is opened as well: what can be opened is a directory. */
void sl_remote_way_ask(struct sl_remote *r, struct sl_resolution *q)
{
    q->to = reach_of(&q->way);
    if (sl_way_too_long(&q->way)) {
        close_at(q, sl_fail_errno(&q->err, ENAMETOOLONG, "cannot use '%s'", q->path));
        return;
    }
    q->blind = r->attached && !(r->e.rights & SL_RIGHT_LIST);
    q->from = r->e.next_id;
    q->begin = r->e.issued[SL_JOB_LIST] + 1 + !r->attached_job[SL_JOB_LIST];   /* that of the ATTACH is in front */
    q->found = q->failed = false;
    q->opened = q->to.dirs + (q->blind && *q->to.last);
    q->first = q->begin + q->way.done.len;
    uint32_t id = open_chain(r, 0, &q->way.done, q->way.done.len);
    id = open_chain(r, id, &q->way.todo, q->opened);
    q->upto = r->e.next_id;
    if (!q->blind)
        sl_remote_ops.list(&r->e, id, q->to.last, r->list_owners);
    q->end = r->e.issued[SL_JOB_LIST];
    q->asked = true;
    q->behind = NULL;
    if (r->placing)
        r->placing_last->behind = q;
    else
        r->placing = q;
    r->placing_last = q;
    r->placed_upto = q->end;
}

bool sl_remote_place_fails(struct sl_remote *r, uint64_t ticket, const struct sl_error *why)
{
    for (struct sl_resolution *q = r->placing; q; q = q->behind) {
        if (ticket < q->begin || ticket > q->end)
            continue;
        if (!q->failed) {
            q->why = *why;
            q->failed_at = ticket;
        }
        q->failed = true;
        return true;
    }
    return r->placed_upto >= ticket && ticket > 1;   /* what follows a failure, or closes what was not opened; 1 is the ATTACH */
}

/* ---- answers ---- */

/* *said: what the listing says. Returns what ends the run. */
static enum sl_code read_stat(struct sl_remote *r, struct sl_resolution *q, enum sl_code *said, struct sl_error *err)
{
    struct sl_event ev;
    uint64_t start = sl_now_ms();
    unsigned records = 0;
    for (;;) {
        struct sl_error why = { 0 };
        enum sl_code rc = sl_remote_ops.list_next(&r->e, &ev, &why);
        records += rc == SL_OK;
        if (records > RECORDS_MOST || (rc == SL_OK && ev.kind == SL_EVENT_ENTRY && q->found))
            return sl_fail(err, SL_E_PROTOCOL, "the server's listing of '%s' says more than was asked for", q->path);
        if (rc == SL_AGAIN) {
            rc = sl_remote_wait_more(r, start, err);
            if (rc != SL_OK)
                return rc;
        } else if (rc == SL_OK && ev.kind == SL_EVENT_ENTRY) {
            q->found = true;
            q->entry = ev.entry;
            if (ev.entry.type == SL_TYPE_LINK)
                memcpy(q->target, ev.entry.target, ev.entry.target_len + 1);
            q->entry.target = NULL;
            q->entry.name = NULL;
        } else if (rc != SL_OK) {
            *said = rc == SL_EOF ? SL_OK : rc;
            if (*said != SL_OK && !q->failed)
                q->why = why;
            return SL_OK;
        }
    }
}

static enum sl_code read_opened(struct sl_remote *r, struct sl_resolution *q, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    uint64_t start = sl_now_ms();
    while (rc == SL_OK && !q->failed && r->e.acked[SL_JOB_LIST] < q->end)
        rc = sl_remote_wait_more(r, start, err);
    q->found = !q->failed;
    q->entry = (struct sl_entry){ .type = SL_TYPE_DIR, .mode = 0777 };
    return rc;
}

/* The first of todo is a link. */
static void expand(struct sl_resolution *q, const char *text)
{
    enum sl_code rc = sl_way_expand(&q->way, text, &q->err);
    if (rc == SL_OK)
        return;
    sl_error_context(&q->err, "cannot resolve '%s'", q->path);
    close_at(q, rc);
}

static void judge_failure(struct sl_resolution *q)
{
    size_t which = (size_t)(q->failed_at - q->first);
    if (q->failed_at >= q->first && which == q->to.dirs && which < q->opened && q->why.code == SL_E_NOT_FOUND) {
        sl_way_advance(&q->way, q->to.dirs);
        if (q->to.final)
            close_at(q, SL_OK);
        return;
    }
    if (q->failed_at >= q->first && which < q->opened) {
        sl_way_advance(&q->way, which);
        if (q->why.code == SL_E_LINK) {
            expand(q, q->why.text);
            return;
        }
    }
    q->err = q->why;
    close_at(q, q->err.code);
}

/* What the answer to its question means; rc: of the listing. */
static void judge(struct sl_resolution *q, enum sl_code rc)
{
    if (q->failed) {
        judge_failure(q);
        return;
    }
    if (rc != SL_OK && !(q->to.final && rc == SL_E_NOT_FOUND)) {
        q->err = q->why;
        close_at(q, rc);
        return;
    }
    sl_way_advance(&q->way, q->to.dirs);
    if (q->to.final && q->found && q->entry.type == SL_TYPE_LINK && q->follow)
        expand(q, q->target);
    else if (q->to.final)
        close_at(q, SL_OK);
}

enum sl_code sl_remote_way_hear(struct sl_remote *r, struct sl_error *err)
{
    struct sl_resolution *q = r->placing;
    enum sl_code said = SL_OK, rc = q->blind ? read_opened(r, q, err) : read_stat(r, q, &said, err);
    uint64_t start = sl_now_ms();
    while (rc == SL_OK && sl_remote_ops.room(&r->e, SL_JOB_LIST) < (q->upto - q->from) * REQUEST_MOST)
        rc = sl_remote_wait_more(r, start, err);
    if (rc != SL_OK)
        return rc;
    for (uint32_t i = q->upto; i-- > q->from;)
        sl_remote_ops.close_dir(&r->e, SL_JOB_LIST, i);
    r->placed_upto = r->e.issued[SL_JOB_LIST];
    r->placing = q->behind;
    q->asked = false;
    if (q->blind || r->e.rights & SL_RIGHT_LIST)     /* else it was put before that was known */
        judge(q, said);
    if (!q->over && q->wanted && sl_remote_way_fits(r, q))
        sl_remote_way_ask(r, q);
    return SL_OK;
}

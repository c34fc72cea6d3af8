/* SPDX-License-Identifier: ISC */
/*
 * remote_place - resolves paths that the user typed against a server that follows no links: component by component, many
 * at a time. A component that turns out to be a symlink is replaced by the link's text (way.h). Not by looking, as resolve.c: a
 * server that may not list can be asked for directories all the same, and tells a link's text when one is opened through it. All names are as
 * they are there: with --iconv who asks converts the path.
 *
 * Paths of which it is known that they will be asked for are resolved beside each other: each has one question under way at a time, and the
 * answers come in the order of the questions. So is the first of a run, whose question goes out behind the greeting: one round trip less. (A path
 * that --iconv changes is another one then, and that question was for nothing.)
 */
#include "config.h"
#include "client/remote_priv.h"
#include "client/way.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Directories that may be open for questions whose paths nobody waits for yet: where there are AHEAD_MAX, no more paths are begun, and none that
 * would go beyond AHEAD_MOST. A server has 4,096. */
enum { AHEAD_MAX = 256, AHEAD_MOST = 1024 };

/* How far one question goes. */
struct reach {
    size_t dirs;
    const char *last;            /* of way.todo; "": the directory itself */
    bool final;
};

/* A path that is resolved. A question opens done/todo[0..dirs) and, if the last is not to be a directory, looks at what follows them itself. */
struct sl_resolution {
    struct sl_resolution *next;  /* in no order */
    struct sl_resolution *behind;   /* of the next question that is under way */
    char *path;                  /* owned: as typed */
    bool follow;
    unsigned wanted;             /* so often it was announced and has not been taken */
    struct sl_way way;
    struct reach to;
    bool asked;                  /* a question is under way */
    bool over;
    enum sl_code code;           /* when it is over; with err */
    struct sl_error err;
    /* the question, and what it said */
    uint64_t begin, first, end;  /* its tickets: of the first directory, of todo[0]; the last */
    size_t opened;               /* how many of todo were */
    uint32_t from, upto;         /* the directory ids of it */
    bool blind;                  /* nothing may be listed */
    bool found, failed;
    uint64_t failed_at;          /* the first ticket that failed, with why */
    struct sl_error why;
    struct sl_entry entry;
    char target[SL_TARGET_MAX + 1];
};

/* ---- questions ---- */

static uint32_t open_chain(struct sl_remote *r, uint32_t at, const struct sl_way_names *n, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = r->e.next_id++;
        sl_remote_ops.open_dir(&r->e, SL_JOB_LIST, at, id, n->at[i]);
        at = id;
    }
    return at;
}

static struct reach reach_of(struct sl_way *w)
{
    sl_way_climb(w);
    size_t upto = sl_way_reach(w);
    bool final = upto == w->todo.len;
    return (struct reach){ final && upto ? upto - 1 : upto, final && upto ? w->todo.at[upto - 1] : "", final };
}

static void close_at(struct sl_resolution *q, enum sl_code rc)
{
    q->over = true;
    q->code = rc;
}

/* Opens what is resolved, then the components up to the last (or up to a ".."), then looks at the last. Where nothing may be listed, the
 * last is opened as well: what can be opened is a directory. */
static void ask(struct sl_remote *r, struct sl_resolution *q)
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

/* *rc: what the listing says. Returns what ends the run. */
static enum sl_code read_stat(struct sl_remote *r, struct sl_resolution *q, enum sl_code *said, struct sl_error *err)
{
    struct sl_event ev;
    for (;;) {
        struct sl_error why = { 0 };
        enum sl_code rc = sl_remote_ops.list_next(&r->e, &ev, &why);
        if (rc == SL_AGAIN) {
            rc = sl_remote_pump(&r->e, NULL, true, err);
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
    while (rc == SL_OK && !q->failed && r->e.acked[SL_JOB_LIST] < q->end)
        rc = sl_remote_pump(&r->e, NULL, true, err);
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

/* Hears the answer to the oldest question, and puts that path's next one. Failures are those that end the run. */
static enum sl_code hear(struct sl_remote *r, struct sl_error *err)
{
    struct sl_resolution *q = r->placing;
    enum sl_code said = SL_OK, rc = q->blind ? read_opened(r, q, err) : read_stat(r, q, &said, err);
    if (rc != SL_OK)
        return rc;
    for (uint32_t i = q->upto; i-- > q->from;)
        sl_remote_ops.close_dir(&r->e, SL_JOB_LIST, i);
    r->placed_upto = r->e.issued[SL_JOB_LIST];
    r->placing = q->behind;
    q->asked = false;
    if (q->blind || r->e.rights & SL_RIGHT_LIST)     /* else it was put before that was known */
        judge(q, said);
    if (!q->over && q->wanted)
        ask(r, q);
    return SL_OK;
}

/* ---- paths ---- */

static struct sl_resolution *begin(struct sl_remote *r, const char *path, bool follow)
{
    struct sl_resolution *q = sl_calloc(1, sizeof *q);
    q->path = sl_strdup(path);
    q->follow = follow;
    q->wanted = 1;
    if (path[0] != '/' && !r->addr->modules)
        sl_way_todo(&q->way, r->home);
    sl_way_todo(&q->way, path);
    q->next = r->resolutions;
    r->resolutions = q;
    return q;
}

static struct sl_resolution *find(struct sl_remote *r, const char *path, bool follow)
{
    struct sl_resolution *q = r->resolutions;
    while (q && (q->follow != follow || strcmp(q->path, path) != 0))
        q = q->next;
    return q;
}

static void drop(struct sl_remote *r, struct sl_resolution *q)
{
    struct sl_resolution **at = &r->resolutions;
    while (*at != q)
        at = &(*at)->next;
    *at = q->next;
    sl_way_clear(&q->way);
    free(q->path);
    free(q);
}

/* Those that nobody waits for, and that have no question under way. */
static void drop_unwanted(struct sl_remote *r)
{
    for (struct sl_resolution *q = r->resolutions, *next; q; q = next) {
        next = q->next;
        if (!q->wanted && !q->asked)
            drop(r, q);
    }
}

void sl_remote_place_free(struct sl_remote *r)
{
    while (r->resolutions)
        drop(r, r->resolutions);
    r->placing = NULL;
}

static bool follows(const char *path, bool follow)
{
    return follow || sl_path_names_directory(path);
}

/* The one that was begun before the server was there has been met, or is another one. */
static void settle_first(struct sl_remote *r, const char *path, bool follow)
{
    struct sl_resolution *q = r->place_first;
    r->place_first = NULL;
    if (q && (q->follow != follow || strcmp(q->path, path) != 0))
        q->wanted = 0;
}

void sl_remote_place_first(struct sl_remote *r, const char *path, bool follow)
{
    struct sl_resolution *q = begin(r, path, follows(path, follow));
    ask(r, q);
    if (q->over) {               /* too long; something has to be asked: the greeting is waited for with it */
        drop(r, q);
        q = begin(r, "/", true);
        ask(r, q);
    }
    r->place_first = q;
}

bool sl_remote_place_ahead(struct sl_endpoint *e, const char *path, bool follow)
{
    struct sl_remote *r = (struct sl_remote *)e;
    follow = follows(path, follow);
    bool first = r->place_first != NULL;
    settle_first(r, path, follow);
    struct sl_resolution *q = find(r, path, follow);
    if (q)
        q->wanted += !first;     /* else it is that one, which counts already */
    size_t open = 0;
    for (const struct sl_resolution *i = r->placing; i; i = i->behind)
        open += i->upto - i->from;
    if (!q) {
        q = begin(r, path, follow);
        size_t dirs = q->way.done.len + q->way.todo.len;
        if (open + dirs > AHEAD_MOST || sl_remote_ops.room(e, SL_JOB_LIST) < dirs * (SL_NAME_MAX + 16))
            drop(r, q);
        else
            ask(r, q);
        open += dirs;
    }
    return open < AHEAD_MAX;
}

enum sl_code sl_remote_placed(struct sl_endpoint *e, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    enum sl_code rc = SL_OK;
    for (struct sl_resolution *q = r->resolutions; q; q = q->next)
        q->wanted = 0;
    while (rc == SL_OK && r->placing)
        rc = hear(r, err);
    if (rc == SL_OK)
        drop_unwanted(r);
    return rc;
}

static enum sl_code take(struct sl_resolution *q, struct sl_place *out, struct sl_error *err)
{
    bool slash = sl_path_names_directory(q->path);
    if (q->code == SL_OK && q->found && q->entry.type != SL_TYPE_DIR && slash && q->way.todo.len)
        return sl_fail(err, SL_E_NOT_DIR, "'%s' is not a directory", q->path);
    if (q->code != SL_OK) {
        *err = q->err;
        return q->code;
    }
    *out = (struct sl_place){ .root = 0, .exists = q->found, .entry = q->entry };
    if (q->found && q->entry.type == SL_TYPE_DIR && q->follow)
        sl_way_advance(&q->way, q->way.todo.len);
    out->base = sl_way_path(&q->way, 0);
    out->top = *out->base ? sl_asprintf("/%s", out->base) : sl_strdup("");
    out->name = sl_strdup(q->way.todo.len ? q->way.todo.at[0] : "");
    return SL_OK;
}

enum sl_code sl_remote_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    enum sl_code rc = SL_OK;
    follow = follows(path, follow);
    settle_first(r, path, follow);
    struct sl_resolution *q = find(r, path, follow);
    if (!q)
        q = begin(r, path, follow);
    q->wanted += !q->wanted;
    if (!q->asked && !q->over)
        ask(r, q);
    while (rc == SL_OK && !q->over)
        rc = hear(r, err);
    if (rc == SL_OK) {
        rc = take(q, out, err);
        q->wanted--;
        drop_unwanted(r);
    }
    if (rc != SL_OK)
        err->side = e->side;
    return rc;
}

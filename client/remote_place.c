/* SPDX-License-Identifier: ISC */
/*
 * remote_place - resolves paths that the user typed against a server that follows no links: component by component, many
 * at a time (remote_way.h). A component that turns out to be a symlink is replaced by the link's text (way.h). All names are as
 * they are there: with --iconv who asks converts the path.
 *
 * Paths of which it is known that they will be asked for are resolved beside each other: each has one question under way at a time, and the
 * answers come in the order of the questions. So is the first of a run, whose question goes out behind the greeting: one round trip less. (A path
 * that --iconv changes is another one then, and that question was for nothing.)
 */
#include "config.h"
#include "client/remote_way.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Directories that are open for questions whose paths nobody waits for yet: where there are so many, no more are begun. */
enum { AHEAD_MAX = 256 };

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
    sl_remote_way_ask(r, q);
    if (q->over) {               /* too long; something has to be asked: the greeting is waited for with it */
        drop(r, q);
        q = begin(r, "/", true);
        sl_remote_way_ask(r, q);
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
        open += q->way.done.len + q->way.todo.len;
        if (sl_remote_way_fits(r, q))
            sl_remote_way_ask(r, q);
        else
            drop(r, q);
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
        rc = sl_remote_way_hear(r, err);
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
    uint64_t start = sl_now_ms();
    follow = follows(path, follow);
    settle_first(r, path, follow);
    struct sl_resolution *q = find(r, path, follow);
    if (!q)
        q = begin(r, path, follow);
    q->wanted += !q->wanted;
    while (rc == SL_OK && !q->over) {
        bool fits = q->asked || sl_remote_way_fits(r, q);
        if (fits && !q->asked)
            sl_remote_way_ask(r, q);
        else if (fits || r->placing)
            rc = sl_remote_way_hear(r, err);
        else
            rc = sl_remote_wait_more(r, start, err);
    }
    if (rc == SL_OK) {
        rc = take(q, out, err);
        q->wanted--;
        drop_unwanted(r);
    }
    if (rc != SL_OK)
        err->side = e->side;
    return rc;
}

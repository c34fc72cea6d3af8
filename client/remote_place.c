/* SPDX-License-Identifier: ISC */
/*
 * remote_place - resolves a path that the user typed against a server that follows no links: component by component, many
 * at a time. A component that turns out to be a symlink is replaced by the link's text (way.h). Not by looking, as resolve.c: a
 * server that may not list can be asked for directories all the same, and tells a link's text when one is opened through it. All names are as
 * they are there: with --iconv who asks converts the path.
 *
 * What a run will ask for first is known before the server is there: that question goes out behind the greeting, and its answer is
 * taken when the question is put. One round trip less. (A path that --iconv changes is another question then, and put again.)
 */
#include "config.h"
#include "client/remote_priv.h"
#include "client/way.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Opens done/todo[0..dirs) and, if the last is not to be a directory, looks at what follows them itself. */
struct attempt {
    uint64_t first;              /* ticket of todo[0]'s OPEN_DIR */
    size_t opened;               /* how many of todo were */
    uint32_t from, upto;         /* the directory ids of it */
    bool blind;                  /* nothing may be listed */
    bool found;
    struct sl_entry entry;
    char target[SL_TARGET_MAX + 1];
};

struct resolution {
    struct sl_remote *r;
    const char *path;            /* as typed */
    struct sl_way way;
    struct attempt *a;
};

struct sl_ahead {
    struct attempt a;
    char *path;
};

/* How far one round trip goes. */
struct reach {
    size_t dirs;
    const char *last;            /* "": the directory itself */
    bool final;
};

/* The first that is not looked at is a link. */
static enum sl_code expand(struct resolution *s, const char *text, struct sl_error *err)
{
    enum sl_code rc = sl_way_expand(&s->way, text, err);
    if (rc != SL_OK)
        sl_error_context(err, "cannot resolve '%s'", s->path);
    return rc;
}

static uint32_t open_chain(struct sl_remote *r, uint32_t at, const struct sl_way_names *n, size_t count, uint64_t *first)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = r->e.next_id++;
        sl_remote_ops.open_dir(&r->e, SL_JOB_LIST, at, id, n->at[i]);
        if (i == 0 && first)
            *first = r->e.issued[SL_JOB_LIST];
        at = id;
    }
    return at;
}

static enum sl_code read_stat(struct sl_remote *r, struct attempt *a, struct sl_error *err)
{
    struct sl_event ev;
    enum sl_code rc;
    for (;;) {
        rc = sl_remote_ops.list_next(&r->e, &ev, err);
        if (rc == SL_AGAIN) {
            rc = sl_remote_pump(&r->e, NULL, true, err);
            if (rc != SL_OK)
                return rc;
        } else if (rc == SL_OK && ev.kind == SL_EVENT_ENTRY) {
            a->found = true;
            a->entry = ev.entry;
            if (ev.entry.type == SL_TYPE_LINK)
                memcpy(a->target, ev.entry.target, ev.entry.target_len + 1);
            a->entry.target = NULL;
            a->entry.name = NULL;
        } else if (rc != SL_OK) {
            return rc == SL_EOF ? SL_OK : rc;
        }
    }
}

/* Opens what is resolved, then the components up to the last (or up to a ".."), then looks at the last. Where nothing may be listed, the
 * last is opened as well: what can be opened is a directory. */
static void ask(struct resolution *s, const struct reach *to, bool blind)
{
    struct sl_remote *r = s->r;
    struct attempt *a = s->a;
    a->from = r->e.next_id;
    r->sync = true;
    r->sync_failed = false;
    r->sync_from = r->e.issued[SL_JOB_LIST] + 1;
    a->found = false;
    a->blind = blind;
    uint32_t id = open_chain(r, 0, &s->way.done, s->way.done.len, NULL);
    a->first = r->e.issued[SL_JOB_LIST] + 1;
    a->opened = to->dirs + (blind && *to->last);
    id = open_chain(r, id, &s->way.todo, a->opened, &a->first);
    a->upto = r->e.next_id;
    if (!blind)
        sl_remote_ops.list(&r->e, id, to->last, r->list_owners);
}

static enum sl_code hear(struct sl_remote *r, struct attempt *a, struct sl_error *err)
{
    struct sl_error why = { 0 };
    enum sl_code rc;
    if (a->blind) {
        rc = sl_remote_wait(r, SL_JOB_LIST, r->e.issued[SL_JOB_LIST], &why);
        a->found = !r->sync_failed;
        a->entry = (struct sl_entry){ .type = SL_TYPE_DIR, .mode = 0777 };
    } else {
        rc = read_stat(r, a, &why);
    }
    for (uint32_t i = a->upto; i-- > a->from;)
        sl_remote_ops.close_dir(&r->e, SL_JOB_LIST, i);
    if (rc != SL_OK && !r->sync_failed)
        *err = why;
    return rc;
}

static struct reach reach_of(struct sl_way *w)
{
    sl_way_climb(w);
    size_t upto = sl_way_reach(w);
    bool final = upto == w->todo.len;
    return (struct reach){ final && upto ? upto - 1 : upto, final && upto ? w->todo.at[upto - 1] : "", final };
}

/* ---- ahead ---- */

void sl_remote_place_ahead(struct sl_remote *r, const char *path)
{
    struct sl_ahead *h = sl_calloc(1, sizeof *h);
    struct resolution s = { .r = r, .path = path, .a = &h->a };
    sl_way_todo(&s.way, path);
    bool asked = !sl_way_too_long(&s.way);
    if (!asked)                  /* something has to be: the greeting is waited for with it */
        sl_way_clear(&s.way);
    const struct reach to = reach_of(&s.way);
    ask(&s, &to, false);
    r->sync_from = 0;            /* the first request's failure is noticed as well */
    h->path = sl_strdup(asked ? path : "");
    sl_way_clear(&s.way);
    r->ahead = h;
}

void sl_remote_ahead_free(struct sl_ahead *h)
{
    if (h)
        free(h->path);
    free(h);
}

/* What hear() says of this question, which was put ahead. SL_AGAIN: none was, or another one, or one that may not be put. */
static enum sl_code take_ahead(struct sl_remote *r, const char *path, struct attempt *a, struct sl_error *err)
{
    struct sl_ahead *h = r->ahead;
    if (!h)
        return SL_AGAIN;
    r->ahead = NULL;
    bool same = strcmp(h->path, path) == 0;
    enum sl_code rc = hear(r, &h->a, err);
    *a = h->a;
    sl_remote_ahead_free(h);
    bool over = rc == SL_E_CLOSED || rc == SL_E_PROTOCOL || rc == SL_E_TIMEOUT || rc == SL_E_PEER;
    return over || (same && r->e.rights & SL_RIGHT_LIST) ? rc : SL_AGAIN;
}

/* ---- in steps ---- */

/* One step of the resolution; *over when nothing is left to do. first: the question may have been put ahead. */
static enum sl_code step(struct resolution *s, bool follow, bool first, bool *over, struct sl_error *err)
{
    struct sl_way *w = &s->way;
    struct attempt *a = s->a;
    const struct reach to = reach_of(w);
    enum sl_code rc = first ? take_ahead(s->r, s->path, a, err) : SL_AGAIN;
    if (rc == SL_AGAIN && sl_way_too_long(w))
        return sl_fail_errno(err, ENAMETOOLONG, "cannot use '%s'", s->path);
    if (rc == SL_AGAIN) {
        ask(s, &to, !(s->r->e.rights & SL_RIGHT_LIST));
        rc = hear(s->r, a, err);
    }
    if (s->r->sync_failed) {
        size_t which = (size_t)(s->r->sync_ticket - a->first);
        s->r->sync_failed = false;
        if (s->r->sync_ticket >= a->first && which == to.dirs && which < a->opened && s->r->sync_error.code == SL_E_NOT_FOUND) {
            sl_way_advance(w, to.dirs);
            *over = to.final;
            return SL_OK;
        }
        if (s->r->sync_ticket < a->first || which >= a->opened) {
            *err = s->r->sync_error;
            return err->code;
        }
        sl_way_advance(w, which);
        if (s->r->sync_error.code == SL_E_LINK)
            return expand(s, s->r->sync_error.text, err);
        *err = s->r->sync_error;
        return err->code;
    }
    if (rc != SL_OK && !(to.final && rc == SL_E_NOT_FOUND))
        return rc;
    sl_way_advance(w, to.dirs);
    if (to.final && a->found && a->entry.type == SL_TYPE_LINK && follow)
        return expand(s, a->target, err);
    *over = to.final;
    return SL_OK;
}

enum sl_code sl_remote_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    struct attempt *a = sl_calloc(1, sizeof *a);
    struct resolution s = { .r = r, .path = path, .a = a };
    bool over = false, slash = sl_path_names_directory(path);
    if (path[0] != '/' && !r->addr->modules)
        sl_way_todo(&s.way, r->home);
    sl_way_todo(&s.way, path);
    enum sl_code rc = step(&s, follow || slash, true, &over, err);
    while (rc == SL_OK && !over)
        rc = step(&s, follow || slash, false, &over, err);
    r->sync = false;
    if (rc == SL_OK && a->found && a->entry.type != SL_TYPE_DIR && slash && s.way.todo.len)
        rc = sl_fail(err, SL_E_NOT_DIR, "'%s' is not a directory", path);
    if (rc == SL_OK) {
        *out = (struct sl_place){ .root = 0, .exists = a->found, .entry = a->entry };
        if (a->found && a->entry.type == SL_TYPE_DIR && (follow || slash))
            sl_way_advance(&s.way, s.way.todo.len);
        out->base = sl_way_path(&s.way, 0);
        out->top = *out->base ? sl_asprintf("/%s", out->base) : sl_strdup("");
        out->name = sl_strdup(s.way.todo.len ? s.way.todo.at[0] : "");
    } else {
        err->side = e->side;
    }
    sl_way_clear(&s.way);
    free(a);
    return rc;
}

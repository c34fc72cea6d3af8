/* SPDX-License-Identifier: ISC */
/*
 * remote_place - resolves a path that the user typed against a server that follows no links: component by component, many
 * at a time. A component that turns out to be a symlink is replaced by the link's text (way.h). Not by looking, as resolve.c: a
 * server that may not list can be asked for directories all the same, and tells a link's text when one is opened through it.
 */
#include "config.h"
#include "client/remote_priv.h"
#include "client/way.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct resolution {
    struct sl_remote *r;
    const char *path;            /* as typed */
    struct sl_way way;
};

/* The first that is not looked at is a link. */
static enum sl_code expand(struct resolution *s, const char *text, struct sl_error *err)
{
    enum sl_code rc = sl_way_expand(&s->way, text, err);
    if (rc != SL_OK)
        sl_error_context(err, "cannot resolve '%s'", s->path);
    return rc;
}

/* Opens done/todo[0..n) and, if the last is not to be a directory, looks at todo[n-1] itself. */
struct attempt {
    uint64_t first;              /* ticket of todo[0]'s OPEN_DIR */
    size_t opened;               /* how many of todo were */
    bool found;
    struct sl_entry entry;
    char target[SL_TARGET_MAX + 1];
};

static uint32_t open_chain(struct sl_remote *r, uint32_t at, const struct sl_way_names *n, size_t count, uint64_t *first)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t id = r->e.next_id++;
        r->e.ops->open_dir(&r->e, SL_JOB_LIST, at, id, n->at[i]);
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
        rc = r->e.ops->list_next(&r->e, &ev, err);
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

/* One round trip: opens what is resolved, then the components up to the last (or up to a ".."), then looks at the last. Where
 * nothing may be listed, the last is opened as well: what can be opened is a directory. */
static enum sl_code try(struct resolution *s, size_t dirs, const char *last, struct attempt *a, struct sl_error *err)
{
    struct sl_remote *r = s->r;
    struct sl_error why = { 0 };
    uint32_t from = r->e.next_id;
    r->sync = true;
    r->sync_failed = false;
    r->sync_from = r->e.issued[SL_JOB_LIST] + 1;
    a->found = false;
    bool blind = !(r->e.rights & SL_RIGHT_LIST);
    uint32_t id = open_chain(r, 0, &s->way.done, s->way.done.len, NULL);
    a->first = r->e.issued[SL_JOB_LIST] + 1;
    a->opened = dirs + (blind && *last);
    id = open_chain(r, id, &s->way.todo, a->opened, &a->first);
    enum sl_code rc;
    if (blind) {
        rc = sl_remote_wait(r, SL_JOB_LIST, r->e.issued[SL_JOB_LIST], &why);
        a->found = !r->sync_failed;
        a->entry = (struct sl_entry){ .type = SL_TYPE_DIR, .mode = 0777 };
    } else {
        r->e.ops->list(&r->e, id, last, r->list_owners);
        rc = read_stat(r, a, &why);
    }
    for (uint32_t i = r->e.next_id; i-- > from;)
        r->e.ops->close_dir(&r->e, SL_JOB_LIST, i);
    if (rc != SL_OK && !r->sync_failed)
        *err = why;
    return rc;
}

/* One step of the resolution; *over when nothing is left to do. */
static enum sl_code step(struct resolution *s, bool follow, struct attempt *a, bool *over, struct sl_error *err)
{
    struct sl_way *w = &s->way;
    sl_way_climb(w);
    size_t upto = sl_way_reach(w);
    bool final = upto == w->todo.len;
    size_t dirs = final && upto ? upto - 1 : upto;
    enum sl_code rc = try(s, dirs, final && upto ? w->todo.at[upto - 1] : "", a, err);
    if (s->r->sync_failed) {
        size_t which = (size_t)(s->r->sync_ticket - a->first);
        s->r->sync_failed = false;
        if (s->r->sync_ticket >= a->first && which == dirs && which < a->opened && s->r->sync_error.code == SL_E_NOT_FOUND) {
            sl_way_advance(w, dirs);
            *over = final;
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
    if (rc != SL_OK && !(final && rc == SL_E_NOT_FOUND))
        return rc;
    sl_way_advance(w, dirs);
    if (final && a->found && a->entry.type == SL_TYPE_LINK && follow)
        return expand(s, a->target, err);
    *over = final;
    return SL_OK;
}

enum sl_code sl_remote_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    struct resolution s = { .r = r, .path = path };
    struct attempt *a = sl_calloc(1, sizeof *a);
    bool over = false, slash = sl_path_names_directory(path);
    if (path[0] != '/' && !r->addr->modules)
        sl_way_todo(&s.way, r->home);
    sl_way_todo(&s.way, path);
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && !over)
        rc = step(&s, follow || slash, a, &over, err);
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

/* SPDX-License-Identifier: ISC */
/*
 * remote_place - resolves a path that the user typed against a server that follows no links: component by component, many
 * at a time. A component that turns out to be a symlink is replaced by the link's text; an absolute text starts again at the
 * granted root; ".." is our own bookkeeping and never leaves that root.
 */
#include "config.h"
#include "client/remote_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS_MAX = 40, PARTS_MAX = 1024 };

struct names {
    char **at;
    size_t len;
};

static void names_add(struct names *n, const char *p, size_t len)
{
    n->at = sl_realloc(n->at, (n->len + 1) * sizeof *n->at);
    n->at[n->len++] = sl_memdup0(p, len);
}

static void names_cut(struct names *n, size_t len)
{
    while (n->len > len)
        free(n->at[--n->len]);
}

static void names_clear(struct names *n)
{
    names_cut(n, 0);
    free(n->at);
}

/* Appends the components of path but "." and empty ones. */
static void names_split(struct names *n, const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len && !(len == 1 && path[0] == '.'))
            names_add(n, path, len);
        path += len + (path[len] == '/');
    }
}

/* done: resolved and symlink-free; todo: still as typed; links met so far. */
struct resolution {
    struct sl_remote *r;
    const char *path;
    struct names done, todo;
    unsigned links;
};

/* Puts the text of a link in the place of todo[0]. */
static enum sl_code expand(struct resolution *s, const char *text, struct sl_error *err)
{
    struct names fresh = { 0 };
    if (++s->links > LINKS_MAX)
        return sl_fail(err, SL_E_LOOP, "too many symbolic links in '%s'", s->path);
    if (text[0] == '/')
        names_cut(&s->done, 0);
    names_split(&fresh, text);
    for (size_t i = 1; i < s->todo.len; i++)
        names_add(&fresh, s->todo.at[i], strlen(s->todo.at[i]));
    names_clear(&s->todo);
    s->todo = fresh;
    if (s->done.len + s->todo.len > PARTS_MAX)
        return sl_fail(err, SL_E_NAME, "path '%s' is too long", s->path);
    return SL_OK;
}

static void advance(struct resolution *s, size_t n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n; i++)
        names_add(&s->done, s->todo.at[i], strlen(s->todo.at[i]));
    for (size_t i = 0; i < s->todo.len; i++)
        if (i < n)
            free(s->todo.at[i]);
    memmove(s->todo.at, s->todo.at + n, (s->todo.len - n) * sizeof *s->todo.at);
    s->todo.len -= n;
}

/* Opens done/todo[0..n) and, if the last is not to be a directory, looks at todo[n-1] itself. */
struct attempt {
    uint64_t first;              /* ticket of todo[0]'s OPEN_DIR */
    size_t opened;               /* how many of todo were */
    bool found;
    struct sl_entry entry;
    char target[SL_TARGET_MAX + 1];
};

static uint32_t open_chain(struct sl_remote *r, uint32_t at, const struct names *n, size_t count, uint64_t *first)
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
    uint32_t id = open_chain(r, 0, &s->done, s->done.len, NULL);
    a->first = r->e.issued[SL_JOB_LIST] + 1;
    a->opened = dirs + (blind && *last);
    id = open_chain(r, id, &s->todo, a->opened, &a->first);
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

static size_t until_parent(const struct names *n)
{
    for (size_t i = 0; i < n->len; i++)
        if (strcmp(n->at[i], "..") == 0)
            return i;
    return n->len;
}

/* One step of the resolution; *over when nothing is left to do. */
static enum sl_code step(struct resolution *s, bool follow, struct attempt *a, bool *over, struct sl_error *err)
{
    if (s->todo.len && strcmp(s->todo.at[0], "..") == 0) {
        names_cut(&s->done, s->done.len ? s->done.len - 1 : 0);
        free(s->todo.at[0]);
        memmove(s->todo.at, s->todo.at + 1, --s->todo.len * sizeof *s->todo.at);
        if (s->todo.len)
            return SL_OK;
    }
    size_t upto = until_parent(&s->todo);
    bool final = upto == s->todo.len;
    size_t dirs = final && upto ? upto - 1 : upto;
    enum sl_code rc = try(s, dirs, final && upto ? s->todo.at[upto - 1] : "", a, err);
    if (s->r->sync_failed) {
        size_t which = (size_t)(s->r->sync_ticket - a->first);
        s->r->sync_failed = false;
        if (s->r->sync_ticket >= a->first && which == dirs && which < a->opened && s->r->sync_error.code == SL_E_NOT_FOUND) {
            advance(s, dirs);
            *over = final;
            return SL_OK;
        }
        if (s->r->sync_ticket < a->first || which >= a->opened) {
            *err = s->r->sync_error;
            return err->code;
        }
        advance(s, which);
        if (s->r->sync_error.code == SL_E_LINK)
            return expand(s, s->r->sync_error.text, err);
        *err = s->r->sync_error;
        return err->code;
    }
    if (rc != SL_OK && !(final && rc == SL_E_NOT_FOUND))
        return rc;
    advance(s, dirs);
    if (final && a->found && a->entry.type == SL_TYPE_LINK && follow)
        return expand(s, a->target, err);
    *over = final;
    return SL_OK;
}

static char *join(const struct names *n)
{
    size_t len = 1;
    for (size_t i = 0; i < n->len; i++)
        len += strlen(n->at[i]) + 1;
    char *out = sl_malloc(len), *p = out;
    for (size_t i = 0; i < n->len; i++) {
        if (i)
            *p++ = '/';
        p = stpcpy(p, n->at[i]);
    }
    *p = '\0';
    return out;
}

enum sl_code sl_remote_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    struct resolution s = { .r = r, .path = path };
    struct attempt *a = sl_calloc(1, sizeof *a);
    bool over = false, slash = sl_path_names_directory(path);
    if (path[0] != '/' && !r->addr->modules)
        names_split(&s.todo, r->home);
    names_split(&s.todo, path);
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && !over)
        rc = step(&s, follow || slash, a, &over, err);
    r->sync = false;
    if (rc == SL_OK && a->found && a->entry.type != SL_TYPE_DIR && slash && s.todo.len)
        rc = sl_fail(err, SL_E_NOT_DIR, "'%s' is not a directory", path);
    if (rc == SL_OK) {
        *out = (struct sl_place){ .root = 0, .exists = a->found, .entry = a->entry };
        if (a->found && a->entry.type == SL_TYPE_DIR && (follow || slash))
            advance(&s, s.todo.len);
        out->base = join(&s.done);
        out->top = *out->base ? sl_asprintf("/%s", out->base) : sl_strdup("");
        out->name = sl_strdup(s.todo.len ? s.todo.at[0] : "");
    } else {
        err->side = e->side;
    }
    names_clear(&s.done);
    names_clear(&s.todo);
    free(a);
    return rc;
}

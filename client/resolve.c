/* SPDX-License-Identifier: ISC */
/*
 * resolve - see resolve.h. All components up to the next ".." are looked at in one go; what is in front of the first that
 * is a link is real then, and the link's text takes its place. ".." is our own bookkeeping, and never leaves the root.
 */
#include "config.h"
#include "client/resolve.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS_MAX = 40, PARTS_MAX = 1024 };

struct names {
    char **at;
    size_t len;
};

struct sl_resolve {
    struct sl_cursor *c;
    uint32_t flags;
    struct names done, todo;
    struct sl_look **looks; /* owned: one for each of the first of todo, or one for done itself */
    size_t looks_len, asked;
    unsigned links;
    char *path; /* owned */
    bool found; /* entry is of todo[0], the last */
    struct sl_entry entry;
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

static void names_split(struct names *n, const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len && !(len == 1 && path[0] == '.'))
            names_add(n, path, len);
        path += len + (path[len] == '/');
    }
}

static void names_clear(struct names *n)
{
    names_cut(n, 0);
    free(n->at);
    *n = (struct names){ 0 };
}

/* The first of todo leaves it. */
static void shift(struct names *n)
{
    free(n->at[0]);
    memmove(n->at, n->at + 1, --n->len * sizeof *n->at);
}

struct sl_resolve *sl_resolve_new(struct sl_cursor *c, uint32_t flags, const char *dir, const char *target)
{
    struct sl_resolve *r = sl_calloc(1, sizeof *r);
    r->c = c;
    r->flags = flags;
    if (*target != '/')
        names_split(&r->done, dir);
    names_split(&r->todo, target);
    return r;
}

static void drop_looks(struct sl_resolve *r)
{
    for (size_t i = 0; i < r->looks_len; i++)
        sl_look_drop(r->looks[i]);
    free(r->looks);
    r->looks = NULL;
    r->looks_len = r->asked = 0;
}

void sl_resolve_free(struct sl_resolve *r)
{
    if (!r)
        return;
    drop_looks(r);
    names_clear(&r->done);
    names_clear(&r->todo);
    free(r->path);
    free(r);
}

/* done, and so many of todo. */
static char *path_of(const struct sl_resolve *r, size_t more)
{
    size_t len = 1;
    for (size_t i = 0; i < r->done.len; i++)
        len += strlen(r->done.at[i]) + 1;
    for (size_t i = 0; i < more; i++)
        len += strlen(r->todo.at[i]) + 1;
    char *out = sl_malloc(len), *p = out;
    for (size_t i = 0; i < r->done.len + more; i++) {
        if (i)
            *p++ = '/';
        p = stpcpy(p, i < r->done.len ? r->done.at[i] : r->todo.at[i - r->done.len]);
    }
    *p = '\0';
    return out;
}

/* ".." in front of todo. */
static void climb(struct sl_resolve *r)
{
    while (r->todo.len && strcmp(r->todo.at[0], "..") == 0) {
        names_cut(&r->done, r->done.len ? r->done.len - 1 : 0);
        shift(&r->todo);
    }
}

static size_t until_parent(const struct names *n)
{
    size_t i = 0;
    while (i < n->len && strcmp(n->at[i], "..") != 0)
        i++;
    return i;
}

/* Asks for what is not asked for yet; SL_AGAIN: no room now. */
static enum sl_code ask(struct sl_resolve *r)
{
    struct sl_endpoint *e = r->c->e;
    climb(r);
    if (!r->looks) {
        r->looks_len = until_parent(&r->todo);
        r->looks_len += !r->looks_len;           /* the directory itself */
        r->looks = sl_calloc(r->looks_len, sizeof(struct sl_look *));
        for (size_t i = 0; i < r->looks_len; i++)
            r->looks[i] = sl_look_new();
    }
    for (; r->asked < r->looks_len; r->asked++) {
        char *dir = path_of(r, r->asked);
        uint32_t id = 0;
        enum sl_code rc = sl_cursor_goto(r->c, dir, strlen(dir), &id);
        free(dir);
        if (rc != SL_OK || e->ops->room(e, SL_JOB_LOOK) < SL_NAME_MAX + 64)
            return SL_AGAIN;
        e->ops->look(e, id, r->todo.len ? r->todo.at[r->asked] : "", r->flags, r->looks[r->asked]);
    }
    return SL_OK;
}

/* A component that is a link: its text takes its place. */
static enum sl_code expand(struct sl_resolve *r, const char *text, struct sl_error *err)
{
    struct names fresh = { 0 };
    if (++r->links > LINKS_MAX)
        return sl_fail(err, SL_E_LOOP, "too many symbolic links");
    if (*text == '/')
        names_cut(&r->done, 0);
    names_split(&fresh, text);
    for (size_t i = 1; i < r->todo.len; i++)
        names_add(&fresh, r->todo.at[i], strlen(r->todo.at[i]));
    names_clear(&r->todo);
    r->todo = fresh;
    return r->done.len + r->todo.len > PARTS_MAX ? sl_fail(err, SL_E_NAME, "its path is too long") : SL_OK;
}

static enum sl_code nothing(const struct sl_look *k, struct sl_error *err)
{
    if (k->code == SL_E_NOT_FOUND || (k->code == SL_OK && !k->len))
        return sl_fail(err, SL_E_LINK, "it leads to nothing");
    *err = k->err;
    return k->code == SL_E_NOT_FOUND ? SL_E_LINK : k->code;
}

/* What was seen, in its order. SL_EOF: it is found; SL_OK: there is more to be asked. */
static enum sl_code see(struct sl_resolve *r, struct sl_error *err)
{
    for (size_t i = 0; i < r->looks_len; i++) {
        const struct sl_look *k = r->looks[i];
        if (k->code != SL_OK || !k->len || k->at[0].error)
            return nothing(k, err);
        const struct sl_entry *e = &k->at[0].entry;
        if (e->type == SL_TYPE_LINK)
            return expand(r, e->target ? e->target : "", err);
        bool last = r->todo.len <= 1;
        if (!last && e->type != SL_TYPE_DIR)
            return sl_fail(err, SL_E_LINK, "it leads to nothing");
        if (last) {
            r->entry = *e;
            r->path = path_of(r, r->todo.len);
            return SL_EOF;
        }
        names_add(&r->done, r->todo.at[0], strlen(r->todo.at[0]));
        shift(&r->todo);
    }
    return SL_OK;
}

static bool all_there(const struct sl_resolve *r)
{
    for (size_t i = 0; i < r->looks_len; i++)
        if (!r->looks[i]->done)
            return false;
    return true;
}

enum sl_code sl_resolve_step(struct sl_resolve *r, const char **path, struct sl_entry *e, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (rc == SL_OK) {
        if (ask(r) != SL_OK || !all_there(r))
            return SL_AGAIN;
        rc = see(r, err);
        drop_looks(r);
    }
    if (rc != SL_EOF)
        return rc;
    *path = r->path;
    *e = r->entry;
    e->name = e->target = NULL;
    e->name_len = e->target_len = 0;
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/* way - see way.h. Nothing here looks at a tree. */
#include "config.h"
#include "client/way.h"
#include "base/entry.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS_MAX = 40,             /* as the kernel has it: more are a loop */
       NAMES_MAX = 1024 };         /* real ones and those to come: each is asked for, and links can make a path ever longer */

static void add(struct sl_way_names *n, const char *p, size_t len)
{
    n->at = sl_realloc(n->at, (n->len + 1) * sizeof *n->at);
    n->at[n->len++] = sl_memdup0(p, len);
}

static void cut(struct sl_way_names *n, size_t len)
{
    while (n->len > len)
        free(n->at[--n->len]);
}

static void split(struct sl_way_names *n, const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len && !(len == 1 && path[0] == '.'))
            add(n, path, len);
        path += len + (path[len] == '/');
    }
}

static void clear(struct sl_way_names *n)
{
    cut(n, 0);
    free(n->at);
    *n = (struct sl_way_names){ 0 };
}

/* Takes the first n away, which are not freed. */
static void shift(struct sl_way_names *names, size_t n)
{
    names->len -= n;
    memmove(names->at, names->at + n, names->len * sizeof *names->at);
}

static bool is_parent(const char *name)
{
    return strcmp(name, "..") == 0;
}

void sl_way_clear(struct sl_way *w)
{
    clear(&w->done);
    clear(&w->todo);
}

void sl_way_done(struct sl_way *w, const char *path)
{
    split(&w->done, path);
}

void sl_way_todo(struct sl_way *w, const char *path)
{
    split(&w->todo, path);
}

bool sl_way_too_long(const struct sl_way *w)
{
    for (size_t i = 0; i < w->todo.len; i++)
        if (strlen(w->todo.at[i]) > SL_NAME_MAX)
            return true;
    return false;
}

size_t sl_way_reach(const struct sl_way *w)
{
    size_t i = 0;
    while (i < w->todo.len && !is_parent(w->todo.at[i]))
        i++;
    return i;
}

void sl_way_climb(struct sl_way *w)
{
    while (w->todo.len && is_parent(w->todo.at[0])) {
        cut(&w->done, w->done.len ? w->done.len - 1 : 0);
        free(w->todo.at[0]);
        shift(&w->todo, 1);
    }
}

void sl_way_advance(struct sl_way *w, size_t n)
{
    if (!n)
        return;
    w->done.at = sl_realloc(w->done.at, (w->done.len + n) * sizeof *w->done.at);
    memcpy(w->done.at + w->done.len, w->todo.at, n * sizeof *w->done.at);
    w->done.len += n;
    shift(&w->todo, n);
}

enum sl_code sl_way_expand(struct sl_way *w, const char *text, struct sl_error *err)
{
    struct sl_way_names fresh = { 0 };
    if (++w->links > LINKS_MAX)
        return sl_fail(err, SL_E_LOOP, "too many symbolic links");
    if (*text == '/')
        cut(&w->done, 0);
    split(&fresh, text);
    for (size_t i = 1; i < w->todo.len; i++)
        add(&fresh, w->todo.at[i], strlen(w->todo.at[i]));
    clear(&w->todo);
    w->todo = fresh;
    return w->done.len + w->todo.len > NAMES_MAX ? sl_fail(err, SL_E_NAME, "its path is too long") : SL_OK;
}

char *sl_way_path(const struct sl_way *w, size_t more)
{
    size_t len = 1, count = w->done.len + more;
    for (size_t i = 0; i < count; i++)
        len += strlen(i < w->done.len ? w->done.at[i] : w->todo.at[i - w->done.len]) + 1;
    char *out = sl_malloc(len), *p = out;
    for (size_t i = 0; i < count; i++) {
        if (i)
            *p++ = '/';
        p = stpcpy(p, i < w->done.len ? w->done.at[i] : w->todo.at[i - w->done.len]);
    }
    *p = '\0';
    return out;
}

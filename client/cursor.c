/* SPDX-License-Identifier: ISC */
/* cursor - keeps the chain of open directories of one job in step with the paths it is asked for. */
#include "config.h"
#include "client/cursor.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* An OPEN_DIR or CLOSE_DIR never needs more payload than this. */
enum { OPEN_ROOM = SL_NAME_MAX + 32 };

void sl_cursor_init(struct sl_cursor *c, struct sl_endpoint *e, enum sl_job job, uint32_t root, const char *base)
{
    *c = (struct sl_cursor){ .e = e, .job = job, .root = root, .base = sl_strdup(base) };
}

void sl_cursor_clear(struct sl_cursor *c)
{
    for (size_t i = 0; i < c->depth; i++)
        free(c->steps[i].name);
    free(c->steps);
    free(c->base);
    *c = (struct sl_cursor){ 0 };
}

/* The next component of path at *p; its length, 0 at the end. */
static size_t component(const char **p, const char *end)
{
    while (*p < end && **p == '/')
        (*p)++;
    const char *stop = memchr(*p, '/', (size_t)(end - *p));
    return (size_t)((stop ? stop : end) - *p);
}

static bool is_dot(const char *p, size_t n)
{
    return n == 1 && p[0] == '.';
}

/* How many of the open steps from `at` on agree with path; *rest is where the first other component starts. */
static size_t agree(const struct sl_cursor *c, size_t at, const char *p, const char *end, const char **rest)
{
    size_t n;
    while ((n = component(&p, end)) > 0) {
        if (!is_dot(p, n)) {
            if (at == c->depth || strlen(c->steps[at].name) != n || memcmp(c->steps[at].name, p, n) != 0)
                break;
            at++;
        }
        p += n;
    }
    *rest = p;
    return at;
}

static enum sl_code close_to(struct sl_cursor *c, size_t depth)
{
    while (c->depth > depth) {
        if (c->e->ops->room(c->e, c->job) < OPEN_ROOM)
            return SL_AGAIN;
        struct sl_cursor_step *s = &c->steps[--c->depth];
        c->e->ops->close_dir(c->e, c->job, s->id);
        free(s->name);
    }
    return SL_OK;
}

static enum sl_code open_rest(struct sl_cursor *c, const char *p, const char *end)
{
    size_t n;
    for (; (n = component(&p, end)) > 0; p += n) {
        if (is_dot(p, n))
            continue;
        if (c->e->ops->room(c->e, c->job) < OPEN_ROOM)
            return SL_AGAIN;
        if (c->depth == c->cap) {
            c->cap = c->cap ? c->cap * 2 : 16;
            c->steps = sl_realloc(c->steps, c->cap * sizeof *c->steps);
        }
        uint32_t parent = c->depth ? c->steps[c->depth - 1].id : c->root;
        struct sl_cursor_step *s = &c->steps[c->depth++];
        *s = (struct sl_cursor_step){ sl_memdup0(p, n), c->e->next_id++ };
        c->e->ops->open_dir(c->e, c->job, parent, s->id, s->name);
    }
    return SL_OK;
}

static enum sl_code go(struct sl_cursor *c, const char *base, const char *path, size_t path_len, uint32_t *id)
{
    const char *rest_base, *rest_path, *base_end = base + strlen(base), *path_end = path + path_len;
    size_t depth = agree(c, 0, base, base_end, &rest_base);
    rest_path = path;
    if (rest_base == base_end)
        depth = agree(c, depth, path, path_end, &rest_path);
    enum sl_code rc = close_to(c, depth);
    if (rc == SL_OK)
        rc = open_rest(c, rest_base, base_end);
    if (rc == SL_OK)
        rc = open_rest(c, rest_path, path_end);
    if (rc == SL_OK)
        *id = c->depth ? c->steps[c->depth - 1].id : c->root;
    return rc;
}

enum sl_code sl_cursor_goto(struct sl_cursor *c, const char *path, size_t path_len, uint32_t *id)
{
    char *real = c->detours ? sl_detours_real(c->detours, path, path_len) : NULL;
    enum sl_code rc = real ? go(c, "", real, strlen(real), id) : go(c, c->base, path, path_len, id);
    free(real);
    return rc;
}

enum sl_code sl_cursor_goto_real(struct sl_cursor *c, const char *path, size_t path_len, uint32_t *id)
{
    return go(c, "", path, path_len, id);
}

enum sl_code sl_cursor_move(struct sl_cursor *c, struct sl_endpoint *e, uint32_t root, const char *base)
{
    if (c->e == e && c->root == root && c->base && strcmp(c->base, base) == 0)
        return SL_OK;
    enum sl_code rc = c->e == e && c->root == root ? SL_OK : close_to(c, 0);
    if (rc != SL_OK)
        return rc;
    c->e = e;
    c->root = root;
    free(c->base);
    c->base = sl_strdup(base);
    return SL_OK;
}

static void leave(struct sl_cursor *c, const char *base, const char *path, size_t path_len)
{
    const char *rest, *base_end = base + strlen(base);
    size_t depth = agree(c, 0, base, base_end, &rest);
    if (rest != base_end || path_len == 0)
        return;
    size_t deeper = agree(c, depth, path, path + path_len, &rest);
    if (rest == path + path_len && deeper > depth)
        close_to(c, deeper - 1);
}

void sl_cursor_leave(struct sl_cursor *c, const char *path, size_t path_len)
{
    char *real = c->detours ? sl_detours_real(c->detours, path, path_len) : NULL;
    leave(c, real ? "" : c->base, real ? real : path, real ? strlen(real) : path_len);
    free(real);
}

bool sl_path_names_directory(const char *path)
{
    size_t n = strlen(path);
    const char *last = strrchr(path, '/');
    last = last ? last + 1 : path;
    return n == 0 || path[n - 1] == '/' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

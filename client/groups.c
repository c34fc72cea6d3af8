/* SPDX-License-Identifier: ISC */
/* groups - see groups.h. Chains hang off a table that doubles; a group of a short name takes some 130 bytes with its
 * place in it. */
#include "config.h"
#include "client/groups.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/plan.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES_LEAST_BITS = 6 };

struct sl_group_dir {
    size_t users, len;
    char path[];
};

struct sl_groups {
    struct sl_group **places; /* owned; a power of two */
    size_t cap, count;
    unsigned bits;            /* of cap */
    uint64_t factors[3];      /* random and odd: the other side chooses devices and inodes, and could make chains of them */
    struct sl_group_dir *last; /* the directory named last: neighbours share it */
    bool forget;
};

struct sl_groups *sl_groups_new(bool forget)
{
    struct sl_groups *g = sl_calloc(1, sizeof *g);
    g->bits = PLACES_LEAST_BITS;
    g->cap = (size_t)1 << g->bits;
    sl_random(g->factors, sizeof g->factors);
    for (size_t i = 0; i < sizeof g->factors / sizeof g->factors[0]; i++)
        g->factors[i] |= 1;
    g->places = sl_calloc(g->cap, sizeof *g->places);
    g->forget = forget;
    return g;
}

/* ---- directories ---- */

static void dir_drop(struct sl_group_dir *d)
{
    if (d && --d->users == 0)
        free(d);
}

static struct sl_group_dir *dir_of(struct sl_groups *g, const char *path, size_t len)
{
    struct sl_group_dir *d = g->last;
    if (!d || d->len != len || memcmp(d->path, path, len) != 0) {
        dir_drop(d);
        d = g->last = sl_malloc(sizeof *d + len + 1);
        *d = (struct sl_group_dir){ .users = 1, .len = len };
        memcpy(d->path, path, len);
        d->path[len] = '\0';
    }
    d->users++;
    return d;
}

void sl_group_call(struct sl_groups *g, struct sl_group *of, const char *path, size_t dir_len)
{
    struct sl_group_dir *old = of->dir;
    of->dir = dir_of(g, path, dir_len);
    dir_drop(old);
    free(of->name);
    of->name = sl_strdup(path + dir_len + (dir_len != 0));
}

const char *sl_group_dir(const struct sl_group *g, size_t *len)
{
    *len = g->dir->len;
    return g->dir->path;
}

char *sl_group_path(const struct sl_group *g)
{
    return g->dir->len ? sl_asprintf("%s/%s", g->dir->path, g->name) : sl_strdup(g->name);
}

/* ---- the table ---- */

static uint64_t mixed(uint64_t x)
{
    x ^= x >> 31;
    x *= 0x9e3779b97f4a7c15u;
    return x ^ x >> 29;
}

/* What two names of one file have in common. A file that was changed between the two, or whose inode is another file's
 * by then, is not taken for the same: then both names are copied, and the next run links them. */
static uint32_t check_of(const struct sl_entry *e)
{
    return (uint32_t)(mixed(e->size * 8 + e->type) ^ mixed((uint64_t)e->mtime_s ^ (uint64_t)e->mtime_ns << 32));
}

/* Multiply-shift (Dietzfelbinger and others, 1997), of three words. */
static struct sl_group **place(const struct sl_groups *g, uint64_t dev, uint64_t ino, uint32_t check)
{
    return &g->places[(dev * g->factors[0] + ino * g->factors[1] + check * g->factors[2]) >> (64 - g->bits)];
}

static void grow(struct sl_groups *g)
{
    struct sl_group **old = g->places;
    size_t cap = g->cap;
    g->bits++;
    g->cap *= 2;
    g->places = sl_calloc(g->cap, sizeof *g->places);
    for (size_t i = 0; i < cap; i++)
        while (old[i]) {
            struct sl_group *n = old[i], **at = place(g, n->dev, n->ino, n->check);
            old[i] = n->after;
            n->after = *at;
            *at = n;
        }
    free(old);
}

struct sl_group *sl_groups_find(const struct sl_groups *g, const struct sl_entry *e)
{
    uint32_t check = check_of(e);
    struct sl_group *n = *place(g, e->dev, e->ino, check);
    while (n && (n->ino != e->ino || n->dev != e->dev || n->check != check))
        n = n->after;
    return n;
}

struct sl_group *sl_groups_meet(struct sl_groups *g, const struct sl_entry *e)
{
    struct sl_group *n = sl_groups_find(g, e);
    if (n) {
        n->left -= n->left > 0;
        return n;
    }
    if (g->count >= g->cap)
        grow(g);
    struct sl_group **at = place(g, e->dev, e->ino, check_of(e));
    n = sl_calloc(1, sizeof *n);
    n->after = *at;
    n->dev = e->dev;
    n->ino = e->ino;
    n->check = check_of(e);
    n->left = e->names - 1;
    *at = n;
    g->count++;
    return n;
}

/* ---- those that wait ---- */

struct sl_held {
    struct sl_held *after;
    struct sl_action action;
};

void sl_group_hold(struct sl_group *g, const struct sl_action *a)
{
    struct sl_held *h = sl_malloc(sizeof *h);
    h->action = *a;
    h->after = h;
    if (g->waiting) {
        h->after = g->waiting->after;
        g->waiting->after = h;
    }
    g->waiting = h;
}

void sl_group_release(struct sl_group *g, struct sl_action *a)
{
    struct sl_held *first = g->waiting->after;
    *a = first->action;
    if (first == g->waiting)
        g->waiting = NULL;
    else
        g->waiting->after = first->after;
    free(first);
}

static void group_free(struct sl_group *n)
{
    dir_drop(n->dir);
    free(n->name);
    while (n->waiting) {
        struct sl_action a;
        sl_group_release(n, &a);
        sl_action_clear(&a);
    }
    free(n);
}

void sl_groups_done(struct sl_groups *g, struct sl_group *of)
{
    if (!g->forget || of->left || of->users || of->waiting || of->state == SL_GROUP_ON_ITS_WAY)
        return;
    struct sl_group **at = place(g, of->dev, of->ino, of->check);
    while (*at != of)
        at = &(*at)->after;
    *at = of->after;
    g->count--;
    group_free(of);
}

size_t sl_groups_count(const struct sl_groups *g)
{
    return g->count;
}

void sl_groups_free(struct sl_groups *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->cap; i++)
        while (g->places[i]) {
            struct sl_group *n = g->places[i];
            g->places[i] = n->after;
            group_free(n);
        }
    dir_drop(g->last);
    free(g->places);
    free(g);
}

/* SPDX-License-Identifier: ISC */
/*
 * follow - see follow.h. Of a directory that a link leads to, and of those below it, the entries of one directory at a time
 * are asked for and held: memory is that of the directories on the way down. A link that leads to a directory around it, or
 * around one that was entered on the way, is an error: there would be no end.
 */
#include "config.h"
#include "client/follow.h"
#include "base/mem.h"
#include "client/ahead.h"
#include "client/foresight.h"
#include "client/links.h"
#include "client/resolve.h"
#include "client/slashes.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

enum { LINKED_MAX = 40,            /* directories inside each other that links led to: what a server makes up need have no end */
       TOLD = SL_LIST_NUMERIC | SL_LIST_NO_OWNER | SL_LIST_LINKS };

struct level {
    size_t path_len; /* of its path of the transfer */
    char *real;      /* owned: its path below the root */
    bool nested;     /* it is no part of the endpoint's listing */
    bool linked;     /* by a link, and not below one */
    bool asked;
    struct sl_look *look; /* owned; nested: its entries; NULL: none are wanted */
    size_t at;
};

struct sl_follow {
    const struct sl_options *o;
    struct sl_endpoint *e;
    uint32_t flags;
    struct sl_cursor cursor;
    struct level *levels;
    size_t depth, cap;
    unsigned linked;
    bool on_demand;
    char *path; /* owned: of the open directory, of the transfer */
    size_t path_cap;
    uint64_t dirs;            /* of the endpoint's listing so far */
    struct sl_resolve *under; /* owned: the link of `ev`; NULL: none is under way */
    struct sl_event ev;       /* its entry */
    struct sl_resolve *base;  /* owned: the base of what is listed; NULL: none is looked for */
    struct outer {            /* what is named, where there is a link on the way to it */
        bool drained, seen;   /* the endpoint's listing is over; it was reported */
        struct sl_look *look; /* owned; NULL: not asked for */
        char *real;           /* owned: of the directory, found by `base`; NULL */
    } outer;
    struct sl_look_room room; /* of what was asked for ahead */
    char *real;               /* owned: of the last event */
    char *within;             /* owned: names lead nowhere else; NULL: anywhere */
    char name[SL_NAME_MAX + 1];
};

bool sl_follow_wanted(const struct sl_options *o)
{
    return o->copy_links || o->copy_dirlinks || o->copy_unsafe_links;
}

struct sl_follow *sl_follow_new(const struct sl_options *o, struct sl_endpoint *e, uint32_t flags)
{
    struct sl_follow *f = sl_calloc(1, sizeof *f);
    f->o = o;
    f->e = e;
    f->flags = flags & (TOLD | SL_LIST_CLEAN);
    f->path = sl_calloc(1, f->path_cap = 4096);
    sl_cursor_init(&f->cursor, e, SL_JOB_LOOK, 0, "");
    return f;
}

static struct level *top(struct sl_follow *f)
{
    return f->depth ? &f->levels[f->depth - 1] : NULL;
}

static void leave(struct sl_follow *f)
{
    struct level *l = top(f);
    f->linked -= l->linked;
    free(l->real);
    sl_look_drop(l->look);
    f->depth--;
    f->path[f->depth ? top(f)->path_len : 0] = '\0';
}

static void outer_over(struct sl_follow *f)
{
    sl_look_drop(f->outer.look);
    sl_resolve_free(f->base);
    free(f->outer.real);
    f->base = NULL;
    f->outer = (struct outer){ 0 };
}

void sl_follow_free(struct sl_follow *f)
{
    if (!f)
        return;
    while (f->depth)
        leave(f);
    sl_resolve_free(f->under);
    outer_over(f);
    sl_cursor_clear(&f->cursor);
    free(f->levels);
    free(f->path);
    free(f->real);
    free(f->within);
    free(f);
}

static char *join(const char *dir, const char *name)
{
    return !*dir ? sl_strdup(name) : !*name ? sl_strdup(dir) : sl_asprintf("%s/%s", dir, name);
}

/* The directory that the next entry is in: of the transfer, and in truth. */
static const char *here(struct sl_follow *f, const struct sl_follow_of *of)
{
    return f->depth ? f->path : of->dir;
}

static char *real_here(struct sl_follow *f, const struct sl_follow_of *of)
{
    const char *known = f->depth ? top(f)->real : f->outer.real ? f->outer.real : of->real;
    return known ? sl_strdup(known) : join(of->base, of->dir);
}

/* Whether the next entry is no part of the endpoint's listing. */
static bool is_nested(struct sl_follow *f, const struct sl_follow_of *of)
{
    return f->depth ? top(f)->nested : of->real || f->outer.drained;
}

/* Whether what is in the directory just entered is wanted. */
static bool is_entered(const struct sl_follow *f, const struct sl_follow_of *of)
{
    return of->flags & SL_LIST_RECURSE || (of->flags & SL_LIST_CHILDREN && f->depth == 1);
}

/* real is taken over. */
static struct level *enter(struct sl_follow *f, const struct sl_follow_of *of, const char *name, char *real)
{
    char *path = join(here(f, of), name);
    size_t n = strlen(path);
    if (f->depth == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 32;
        f->levels = sl_realloc(f->levels, f->cap * sizeof *f->levels);
    }
    if (n + 1 > f->path_cap)
        f->path = sl_realloc(f->path, f->path_cap = (n + 1) * 2);
    memcpy(f->path, path, n + 1);
    free(path);
    struct level *l = &f->levels[f->depth++];
    *l = (struct level){ .path_len = n, .real = real };
    return l;
}

static bool inside(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return !n || (strncmp(path, dir, n) == 0 && (!path[n] || path[n] == '/'));
}

/* Whether a directory is one of those around, or is around one of them. */
static bool loops(const struct sl_follow *f, const char *real)
{
    for (size_t i = 0; i < f->depth; i++)
        if (inside(f->levels[i].real, real))
            return true;
    return false;
}

/* ---- links ---- */

static bool is_slashed(const struct sl_follow *f, const struct sl_follow_of *of)
{
    return (of->slash || of->way) && !f->depth && !f->on_demand;
}

static enum sl_code is_allowed(const struct sl_follow *f, const char *real, struct sl_error *err)
{
    if (!f->within || inside(real, f->within))
        return SL_OK;
    return sl_fail(err, SL_E_DENIED, "it leads out of the source, and a list of the other side may name only what is in that (see --confinement)");
}

/* Whether a link in directory `dir` of the transfer is looked at. */
static bool is_looked_at(const struct sl_options *o, const char *dir, const struct sl_entry *e)
{
    if (o->copy_links || o->copy_dirlinks)
        return true;
    if (!o->copy_unsafe_links)
        return false;
    char *path = join(dir, e->name);
    bool unsafe = sl_link_unsafe(e->target, path);
    free(path);
    return unsafe;
}

static bool may_follow(struct sl_follow *f, const struct sl_follow_of *of, const struct sl_entry *e)
{
    if (e->type != SL_TYPE_LINK || f->on_demand)
        return false;
    return is_slashed(f, of) || (of->links && is_looked_at(f->o, here(f, of), e));
}

static bool foresees(const void *ctx, const char *dir, const struct sl_entry *e)
{
    const struct sl_follow *f = ctx;
    return f->on_demand || is_looked_at(f->o, dir, e);     /* of a destination it is not known which will be asked for */
}

void sl_follow_ahead(const struct sl_follow *f, struct sl_ahead *a)
{
    sl_ahead_links(a, foresees, f, f->flags);
}

/* Whether it is followed wherever it leads, not to a directory only. */
static bool is_wanted(struct sl_follow *f, const struct sl_follow_of *of)
{
    const struct sl_entry *e = &f->ev.entry;
    if (!of->links)
        return false;
    if (f->o->copy_links || f->on_demand)
        return !f->on_demand;
    char *path = join(here(f, of), e->name);
    bool yes = f->o->copy_unsafe_links && sl_link_unsafe(e->target, path);
    free(path);
    return yes;
}

static void failed(struct sl_follow *f, struct sl_event *ev, const struct sl_error *why)
{
    memcpy(f->name, f->ev.entry.name, f->ev.entry.name_len + 1);
    *ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .name = f->name, .error = *why, .of_link = true };
    ev->error.side = f->e->side;
    sl_error_context(&ev->error, "cannot follow the symbolic link '%s'", f->name);
}

/* The link is what it leads to. */
static void become(struct sl_follow *f, const struct sl_follow_of *of, const char *real, const struct sl_entry *there,
                   struct sl_event *ev)
{
    struct sl_error why = { 0 };
    bool dir = there->type == SL_TYPE_DIR;
    if (f->on_demand && !inside(real, of->base)) {
        sl_fail(&why, SL_E_LINK, "it leads out of the destination");
        failed(f, ev, &why);
        return;
    }
    if (dir && (loops(f, real) || f->linked == LINKED_MAX)) {
        sl_fail(&why, SL_E_LOOP, loops(f, real) ? "it leads back to a directory that it is in" : "too many of them inside each other");
        failed(f, ev, &why);
        return;
    }
    if (is_slashed(f, of) && (is_allowed(f, real, &why) != SL_OK ||
                              sl_slashes_check(f->o, f->ev.entry.name, of->way ? SL_SLASHES_WAY : SL_SLASHES_END, &why) != SL_OK)) {
        failed(f, ev, &why);
        return;
    }
    *ev = f->ev;
    ev->entry = *there;
    ev->entry.name = f->ev.entry.name;
    ev->entry.name_len = f->ev.entry.name_len;
    free(f->real);
    ev->real = f->real = sl_strdup(real);
    if (!dir)
        return;
    struct level *l = enter(f, of, ev->entry.name, sl_strdup(real));
    l->nested = l->linked = true;
    f->linked++;
    struct sl_look *known = is_entered(f, of) ? sl_look_claim(sl_resolve_take(f->under)) : NULL;
    l->asked = known != NULL;
    l->look = known ? known : is_entered(f, of) ? sl_look_new() : NULL;
}

/* ev is a link that is to be looked at. */
static void begin(struct sl_follow *f, const struct sl_follow_of *of, const struct sl_event *ev)
{
    f->ev = *ev;
    f->ev.link = NULL;
    if (ev->link && *ev->link) {
        f->under = *ev->link;
        *ev->link = NULL;
        return;
    }
    char *dir = real_here(f, of);
    f->under = sl_resolve_new(&f->cursor, f->flags & TOLD, dir, ev->entry.target);
    free(dir);
}

/* An entry that is what it is, and of a directory that a link led to where nested. */
static void plain(struct sl_follow *f, const struct sl_follow_of *of, bool nested, struct sl_event *ev)
{
    char *dir = real_here(f, of), *real = join(dir, ev->entry.name);
    free(dir);
    if (ev->entry.type == SL_TYPE_DIR) {
        struct level *l = enter(f, of, ev->entry.name, sl_strdup(real));
        l->nested = nested;
        if (nested && ev->below) {
            l->look = sl_look_claim(*ev->below);
            *ev->below = NULL;
        }
        l->asked = l->look != NULL;
        if (nested && !l->look && is_entered(f, of))
            l->look = sl_look_new();
        f->dirs += !nested;
    }
    free(f->real);
    f->real = real;
    ev->real = nested ? real : NULL;
}

/* Goes on with the link that is under way. */
static enum sl_code resolve(struct sl_follow *f, const struct sl_follow_of *of, struct sl_event *ev)
{
    struct sl_error why = { 0 };
    struct sl_entry there = { 0 };
    const char *real = NULL;
    enum sl_code rc = sl_resolve_step(f->under, &real, &there, &why);
    if (rc == SL_AGAIN)
        return rc;
    bool wanted = is_wanted(f, of);
    if (rc == SL_OK && (wanted || ((f->o->copy_dirlinks || f->on_demand || is_slashed(f, of)) && there.type == SL_TYPE_DIR))) {
        become(f, of, real, &there, ev);
    } else if (rc != SL_OK && wanted) {
        failed(f, ev, &why);
    } else {
        *ev = f->ev;
        ev->of_link = rc == SL_E_LINK && is_slashed(f, of) && of->way;
        plain(f, of, is_nested(f, of), ev);
    }
    sl_resolve_free(f->under);
    f->under = NULL;
    return SL_OK;
}

/* ---- events ---- */

/* The first of a look is the directory itself. */
static enum sl_code nested_next(struct sl_follow *f, struct level *l, struct sl_event *ev)
{
    char *slash = strrchr(l->real, '/');
    uint32_t id = 0;
    if (l->look && !l->asked) {
        if (sl_cursor_goto(&f->cursor, l->real, slash ? (size_t)(slash - l->real) : 0, &id) != SL_OK ||
            f->e->ops->room(f->e, SL_JOB_LOOK) < SL_NAME_MAX + 64)
            return SL_AGAIN;
        f->e->ops->look(f->e, id, slash ? slash + 1 : l->real, f->flags | SL_LIST_CHILDREN, l->look);
        l->asked = true;
    }
    if (l->look && !l->look->done)
        return SL_AGAIN;
    if (l->look && l->look->code != SL_OK && !l->at) {
        l->at = 1;
        *ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .name = "", .error = l->look->err };
        return SL_OK;
    }
    if (l->look && !l->at && (!l->look->len || l->look->at[0].entry.type != SL_TYPE_DIR)) {
        l->at = l->look->len + 1;
        *ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .name = "" };
        sl_fail(&ev->error, SL_E_CHANGED, "it was a directory, and is none any more");
        return SL_OK;
    }
    l->at += !l->at;
    if (!l->look || l->at >= l->look->len) {
        *ev = (struct sl_event){ .kind = SL_EVENT_END };
        return SL_OK;
    }
    struct sl_look_item *i = &l->look->at[l->at++];
    *ev = (struct sl_event){ .kind = i->error ? SL_EVENT_ERROR : SL_EVENT_ENTRY, .entry = i->entry, .name = i->entry.name, .unnamed = i->unnamed,
                             .below = &i->below, .link = i->link ? &i->link : NULL };
    if (i->error)
        ev->error = *i->error;
    return SL_OK;
}

static bool ends_session(enum sl_code rc)
{
    return rc == SL_E_PROTOCOL || rc == SL_E_CLOSED;
}

/* What the endpoint was asked for by a path with a link in it says nothing. */
static enum sl_code drain(struct sl_follow *f, sl_follow_raw *raw, void *ctx, struct sl_event *ev, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (!f->outer.drained && rc == SL_OK) {
        rc = raw(ctx, ev, err);
        f->outer.drained = rc != SL_OK && rc != SL_AGAIN && !ends_session(rc);
    }
    return f->outer.drained ? SL_OK : rc;
}

bool sl_follow_outside(const struct sl_follow *f)
{
    return f->outer.drained;
}

struct sl_look *sl_follow_look(struct sl_follow *f, uint32_t root, const char *real, const char *name)
{
    uint32_t id = 0;
    if (sl_cursor_move(&f->cursor, f->e, root, "") != SL_OK || sl_cursor_goto(&f->cursor, real, strlen(real), &id) != SL_OK ||
        f->e->ops->room(f->e, SL_JOB_LOOK) < SL_NAME_MAX + 64)
        return NULL;
    struct sl_look *k = sl_look_new();
    f->e->ops->look(f->e, id, name, f->flags, k);
    return k;
}

/* Of what is named itself, of which the directory is known by another path. */
static enum sl_code ask_outer(struct sl_follow *f, const struct sl_follow_of *of)
{
    struct outer *o = &f->outer;
    if (!o->look && !o->real && of->look) {
        o->look = *of->look;
        *of->look = NULL;
    }
    if (!o->look)
        o->look = sl_follow_look(f, of->root, o->real ? o->real : of->real, of->name);
    return o->look && o->look->done ? SL_OK : SL_AGAIN;
}

static enum sl_code find_base(struct sl_follow *f, struct sl_error *err)
{
    struct sl_entry there = { 0 };
    const char *real = NULL;
    enum sl_code rc = f->base ? sl_resolve_step(f->base, &real, &there, err) : SL_OK;
    if (rc == SL_OK && real && there.type != SL_TYPE_DIR)
        rc = sl_fail(err, SL_E_NOT_DIR, "a directory on the way to it is none");
    if (rc == SL_OK && real)
        rc = is_allowed(f, real, err);
    if (rc == SL_OK && real) {
        f->outer.real = sl_strdup(real);
        sl_resolve_free(f->base);
        f->base = NULL;
    }
    return rc;
}

/* The next event of what is named when there is a link on the way to it: of its own entry, then the end. */
static enum sl_code outer_next(struct sl_follow *f, const struct sl_follow_of *of, sl_follow_raw *raw, void *ctx, struct sl_event *ev,
                               struct sl_error *err)
{
    struct outer *o = &f->outer;
    enum sl_code rc = drain(f, raw, ctx, ev, err);
    if (rc == SL_OK)
        rc = o->seen ? SL_EOF : find_base(f, err);
    if (rc == SL_OK)
        rc = ask_outer(f, of);
    if (rc == SL_OK && (o->look->code != SL_OK || !o->look->len || o->look->at[0].error)) {
        bool told = o->look->code == SL_OK && o->look->len;
        *err = told ? *o->look->at[0].error : o->look->err;
        rc = o->look->code != SL_OK ? o->look->code : told ? err->code : sl_fail(err, SL_E_NOT_FOUND, "no such file or directory");
    }
    if (rc == SL_OK) {
        *ev = (struct sl_event){ .kind = SL_EVENT_ENTRY, .entry = o->look->at[0].entry, .name = o->look->at[0].entry.name };
        o->seen = true;
    } else if (rc != SL_AGAIN) {
        outer_over(f);
    }
    return rc;
}

bool sl_follow_base(struct sl_follow *f, const struct sl_follow_of *of)
{
    if (f->on_demand || f->outer.drained || of->real || !*of->base)
        return false;
    outer_over(f);
    f->outer.drained = true;
    f->base = sl_resolve_new(&f->cursor, f->flags & TOLD, "", of->base);
    return true;
}

enum sl_code sl_follow_next(struct sl_follow *f, const struct sl_follow_of *of, sl_follow_raw *raw, void *ctx, struct sl_event *ev,
                            struct sl_error *err)
{
    struct level *l = top(f);
    if (sl_cursor_move(&f->cursor, f->e, of->root, "") != SL_OK)
        return SL_AGAIN;
    if (f->under)
        return resolve(f, of, ev);
    bool nested = is_nested(f, of);
    enum sl_code rc = !nested ? raw(ctx, ev, err) : l ? nested_next(f, l, ev) : outer_next(f, of, raw, ctx, ev, err);
    if (rc != SL_OK) {
        if (rc != SL_AGAIN)
            f->dirs = 0;
        return rc;
    }
    ev->real = NULL;
    ev->of_link = false;
    if (ev->kind == SL_EVENT_END && f->depth)
        leave(f);
    if (ev->kind != SL_EVENT_ENTRY)
        return SL_OK;
    if (!may_follow(f, of, &ev->entry)) {
        plain(f, of, nested, ev);
        return SL_OK;
    }
    begin(f, of, ev);
    return resolve(f, of, ev);
}

void sl_follow_foresee(struct sl_follow *f, const struct sl_follow_of *of)
{
    struct sl_foresight pass = { .c = &f->cursor, .room = &f->room, .flags = f->flags, .may = foresees, .ctx = f };
    if (!f->e->remote || !(of->flags & SL_LIST_RECURSE) || sl_cursor_move(&f->cursor, f->e, of->root, "") != SL_OK)
        return;
    for (size_t i = f->depth; i-- > 0 && f->levels[i].nested;)
        if (f->levels[i].look) {
            char *path = sl_memdup0(f->path, f->levels[i].path_len);
            sl_foresight_look(&pass, f->levels[i].look, f->levels[i].at, f->levels[i].real, path);
            free(path);
        }
}

void sl_follow_within(struct sl_follow *f, const char *real)
{
    free(f->within);
    f->within = sl_strdup(real);
}

void sl_follow_on_demand(struct sl_follow *f)
{
    f->on_demand = true;
}

enum sl_code sl_follow_current(struct sl_follow *f, const struct sl_follow_of *of, struct sl_event *ev)
{
    if (!f->under)
        begin(f, of, ev);
    return resolve(f, of, ev);
}

bool sl_follow_skip(struct sl_follow *f, uint64_t *number)
{
    struct level *l = top(f);
    if (l && l->nested) {
        sl_look_drop(l->look);
        l->look = NULL;
        l->at = 1;
        return true;
    }
    *number = f->dirs - 1;
    return false;
}

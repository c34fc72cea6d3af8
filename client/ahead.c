/* SPDX-License-Identifier: ISC */
/* ahead - see ahead.h. Entries are copied, because the endpoint's are good only until the next. */
#include "config.h"
#include "client/ahead.h"
#include "base/mem.h"
#include "client/resolve.h"
#include "client/stream.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 4096, UNDER_WAY_MAX = 512, HELD_MAX = 16 * 1024 * 1024, LINKS_MAX = 256, CONTENTS_MAX = 16 };

struct item {
    const struct sl_origin *origin;
    enum sl_code code; /* SL_OK: an event; else what list_next said: the end of a listing */
    enum sl_event_kind kind;
    struct sl_entry entry;
    char *name, *target;    /* owned; NULL */
    bool unnamed;
    struct sl_error *error; /* owned; NULL */
    char *dir;               /* owned: of a link that is to be followed, where it really is; NULL: it is not */
    struct sl_resolve *link; /* owned, until it is taken; NULL */
    bool recursive;          /* what is in the directory that it leads to is wanted */
    bool content;            /* and was asked for */
};

struct wanted {
    char *dir, *name;   /* owned */
    struct sl_fetch *f; /* owned; NULL: taken */
};

struct sl_ahead {
    const struct sl_filters *filters;
    struct sl_endpoint *e;
    uint32_t side;
    struct item items[ENTRIES_MAX]; /* a ring */
    size_t head, len;
    struct item given; /* what was handed out last */
    sl_ahead_list *lists;
    const void *lists_ctx;
    size_t ends;  /* listings of which the end is among the items */
    bool listing; /* the one behind these has begun */
    char *path;   /* owned: of the directory that the listing is in */
    size_t path_len, path_cap;
    size_t *marks; /* owned: lengths of the paths of those around it */
    size_t depth, marks_cap;
    struct sl_cursor cursor;
    struct wanted files[UNDER_WAY_MAX]; /* a ring, in the order of the directories */
    size_t files_head, files_len;
    struct sl_fetch_room room; /* of these */
    struct sl_look_room looks; /* of what is behind links */
    sl_foresight_may *may; /* NULL: no links are followed */
    const void *may_ctx;
    uint32_t link_flags;
    struct sl_cursor looking;
    size_t links; /* under way, of items */
    size_t contents; /* likewise */
    size_t seen;  /* so many of the items were looked through for links */
};

struct sl_ahead *sl_ahead_new(const struct sl_filters *f, struct sl_endpoint *e, uint32_t side, sl_ahead_list *lists, const void *ctx)
{
    struct sl_ahead *a = sl_calloc(1, sizeof *a);
    a->filters = f;
    a->e = e;
    a->side = side;
    a->lists = lists;
    a->lists_ctx = ctx;
    a->room.most = HELD_MAX;
    sl_cursor_init(&a->cursor, e, SL_JOB_HASH, 0, "");
    sl_cursor_init(&a->looking, e, SL_JOB_LOOK, 0, "");
    return a;
}

void sl_ahead_links(struct sl_ahead *a, sl_foresight_may *may, const void *ctx, uint32_t flags)
{
    a->may = may;
    a->may_ctx = ctx;
    a->link_flags = flags;
}

static void item_clear(struct item *i)
{
    free(i->name);
    free(i->target);
    free(i->error);
    free(i->dir);
    sl_resolve_free(i->link);
    *i = (struct item){ 0 };
}

static void drop_first(struct sl_ahead *a)
{
    struct wanted *w = &a->files[a->files_head];
    free(w->dir);
    free(w->name);
    if (w->f)
        sl_fetch_drop(w->f);
    a->files_head = (a->files_head + 1) % UNDER_WAY_MAX;
    a->files_len--;
}

void sl_ahead_free(struct sl_ahead *a)
{
    if (!a)
        return;
    while (a->files_len)
        drop_first(a);
    for (; a->len; a->len--, a->head = (a->head + 1) % ENTRIES_MAX)
        item_clear(&a->items[a->head]);
    item_clear(&a->given);
    sl_cursor_clear(&a->cursor);
    sl_cursor_clear(&a->looking);
    free(a->path);
    free(a->marks);
    free(a);
}

bool sl_ahead_ended(const struct sl_ahead *a)
{
    return a->ends > 0;
}

/* ---- merge files ---- */

/* What can't be asked for now, for want of room, is asked for when it is needed. */
static void ask(struct sl_ahead *a, const struct sl_origin *o, const char *name)
{
    uint32_t id = 0;
    if (a->files_len == UNDER_WAY_MAX || a->room.used > HELD_MAX / 2 || sl_cursor_move(&a->cursor, a->e, o->root, o->base) != SL_OK ||
        sl_cursor_goto(&a->cursor, a->path, a->path_len, &id) != SL_OK ||
        a->e->ops->room(a->e, SL_JOB_HASH) < SL_NAME_MAX + 64)
        return;
    struct wanted *w = &a->files[(a->files_head + a->files_len++) % UNDER_WAY_MAX];
    *w = (struct wanted){ sl_memdup0(a->path, a->path_len), sl_strdup(name), sl_calloc(1, sizeof *w->f) };
    w->f->room = &a->room;
    a->e->ops->fetch(a->e, id, name, w->f);
}

static void ask_all(struct sl_ahead *a, const struct sl_origin *o)
{
    for (size_t i = 0; a->filters && i < a->filters->points.len; i++) {
        const struct sl_point *p = &a->filters->points.at[i];
        if (!p->gone && (!(p->flags & SL_RULE_SIDES) || p->flags & a->side))
            ask(a, o, p->name);
    }
}

struct sl_fetch *sl_ahead_take(struct sl_ahead *a, const char *dir, const char *name)
{
    for (size_t i = 0; i < a->files_len; i++) {
        struct wanted *w = &a->files[(a->files_head + i) % UNDER_WAY_MAX];
        if (!w->f || strcmp(w->dir, dir) != 0 || strcmp(w->name, name) != 0)
            continue;
        struct sl_fetch *f = w->f;
        w->f = NULL;
        /* Directories in front of this one were passed over. */
        while (a->files_len && strcmp(a->files[a->files_head].dir, dir) != 0)
            drop_first(a);
        sl_fetch_claim(f);
        if (!f->crowded)
            return f;
        sl_fetch_drop(f);
        return NULL;
    }
    return NULL;
}

/* ---- links ---- */

static void step(struct sl_resolve *r)
{
    struct sl_error ignored = { 0 };
    struct sl_entry there;
    const char *real;
    (void)sl_resolve_step(r, &real, &there, &ignored);
}

static char *dir_of_link(const struct sl_ahead *a, const struct sl_ahead_of *of, const struct sl_entry *e)
{
    const struct sl_origin *o = of->origin;
    if (!a->may || !e->target || !((!a->depth && of->follows) || a->may(a->may_ctx, a->path, e)))
        return NULL;
    return *o->base && a->path_len ? sl_asprintf("%s/%s", o->base, a->path) : sl_strdup(*o->base ? o->base : a->path);
}

/* As many of the next as may be under way. */
static void foresee(struct sl_ahead *a)
{
    for (; a->may && a->seen < a->len && a->links < LINKS_MAX; a->seen++) {
        struct item *i = &a->items[(a->head + a->seen) % ENTRIES_MAX];
        if (!i->dir)
            continue;
        if (sl_cursor_move(&a->looking, a->e, i->origin->root, "") != SL_OK)
            return;
        i->link = sl_resolve_new(&a->looking, a->link_flags & ~(uint32_t)SL_LIST_CLEAN, i->dir, i->target);
        a->links++;
        step(i->link);
    }
}

/* What is in the directory that a link leads to. */
static void look_into(struct sl_foresight *pass, const struct item *i)
{
    struct sl_look *content = sl_resolve_content(i->link);
    if (!content)
        return;
    size_t base = strlen(i->origin->base);
    const char *dir = i->dir + (i->dir[base] ? base + (base > 0) : base);
    char *path = *dir ? sl_asprintf("%s/%s", dir, i->name) : sl_strdup(i->name);
    sl_foresight_look(pass, content, 1, sl_resolve_dir(i->link), path);
    free(path);
}

void sl_ahead_follow(struct sl_ahead *a)
{
    struct sl_foresight pass = { .c = &a->looking, .room = &a->looks, .flags = a->link_flags, .may = a->may, .ctx = a->may_ctx };
    for (size_t i = 0; a->links && i < a->len; i++) {
        struct item *it = &a->items[(a->head + i) % ENTRIES_MAX];
        if (it->link)
            step(it->link);
        if (it->link && !it->content && it->recursive && a->contents < CONTENTS_MAX) {
            it->content = sl_resolve_look(it->link, a->link_flags, &a->looks);
            a->contents += it->content;
        }
        if (it->content)
            look_into(&pass, it);
    }
}

void sl_ahead_ways(const struct sl_ahead *a, bool over, const char **real, size_t count)
{
    size_t ends = over;
    bool first = over;
    memset(real, 0, count * sizeof *real);
    for (size_t i = 0; i < a->len && ends <= count; i++) {
        const struct item *it = &a->items[(a->head + i) % ENTRIES_MAX];
        if (first && it->link)
            real[ends - 1] = sl_resolve_dir(it->link);
        first = it->code != SL_OK;
        ends += first;
    }
}

/* ---- entries ---- */

static void enter(struct sl_ahead *a, const char *name)
{
    size_t n = strlen(name), at = a->path_len;
    if (a->depth == a->marks_cap) {
        a->marks_cap = a->marks_cap ? a->marks_cap * 2 : 32;
        a->marks = sl_realloc(a->marks, a->marks_cap * sizeof *a->marks);
    }
    a->marks[a->depth++] = at;
    if (at + n + 2 > a->path_cap)
        a->path = sl_realloc(a->path, a->path_cap = (at + n + 2) * 2);
    if (at && n)
        a->path[at++] = '/';
    memcpy(a->path + at, name, n + 1);
    a->path_len = at + n;
}

/* Back to the directory that the listed thing is in: its own entry comes first. */
static void begin(struct sl_ahead *a, const struct sl_ahead_of *of)
{
    a->listing = true;
    a->depth = a->path_len = 0;
    enter(a, of->dir);
    a->depth = 0;
}

static void keep(struct sl_ahead *a, const struct sl_ahead_of *of, const struct sl_event *ev)
{
    struct item *i = &a->items[(a->head + a->len++) % ENTRIES_MAX];
    *i = (struct item){ .origin = of->origin, .code = SL_OK, .kind = ev->kind, .entry = ev->entry, .recursive = of->recursive };
    if (ev->kind == SL_EVENT_ERROR) {
        i->error = sl_malloc(sizeof *i->error);
        *i->error = ev->error;
        i->name = ev->name ? sl_strdup(ev->name) : NULL;
        i->unnamed = ev->unnamed;
    } else if (ev->kind == SL_EVENT_ENTRY) {
        i->name = sl_strdup(ev->entry.name);
        i->target = ev->entry.target ? sl_memdup0(ev->entry.target, ev->entry.target_len) : NULL;
        if (ev->entry.type == SL_TYPE_DIR) {
            enter(a, a->depth ? ev->entry.name : of->name);
            ask_all(a, of->origin);
        } else if (ev->entry.type == SL_TYPE_LINK) {
            i->dir = dir_of_link(a, of, &ev->entry);
        }
    } else if (a->depth) {
        a->path_len = a->marks[--a->depth];
        a->path[a->path_len] = '\0';
    }
}

static void keep_end(struct sl_ahead *a, const struct sl_ahead_of *of, enum sl_code rc, const struct sl_error *err)
{
    struct item *i = &a->items[(a->head + a->len++) % ENTRIES_MAX];
    *i = (struct item){ .origin = of->origin, .code = rc, .error = sl_malloc(sizeof *err) };
    *i->error = *err;
    a->ends++;
    a->listing = false;
}

static void fill(struct sl_ahead *a)
{
    struct sl_event ev = { 0 };
    struct sl_ahead_of of;
    while (a->len < ENTRIES_MAX && a->files_len < UNDER_WAY_MAX && a->lists(a->lists_ctx, a->ends, &of)) {
        struct sl_error err = { 0 };
        enum sl_code rc = a->e->ops->list_next(a->e, &ev, &err);
        if (rc == SL_AGAIN)
            return;
        if (!a->listing)
            begin(a, &of);
        if (rc == SL_OK)
            keep(a, &of, &ev);
        else
            keep_end(a, &of, rc, &err);
    }
}

enum sl_code sl_ahead_next(struct sl_ahead *a, struct sl_event *ev, struct sl_error *err)
{
    fill(a);
    while (!a->len && a->files_len == UNDER_WAY_MAX) {
        drop_first(a); /* of a directory that nobody will enter any more: what is there to be read would wait for it */
        fill(a);
    }
    foresee(a);
    if (!a->len)
        return SL_AGAIN;
    item_clear(&a->given);
    struct item *i = &a->given;
    *i = a->items[a->head];
    a->head = (a->head + 1) % ENTRIES_MAX;
    a->len--;
    a->links -= i->link != NULL;
    a->contents -= i->content;
    a->seen -= a->seen > 0;
    if (i->code != SL_OK) {
        *err = *i->error;
        a->ends--;
        return i->code;
    }
    *ev = (struct sl_event){ .kind = i->kind, .entry = i->entry, .name = i->name, .unnamed = i->unnamed };
    ev->entry.name = i->name;
    ev->entry.target = i->target;
    ev->link = &i->link;
    if (i->error)
        ev->error = *i->error;
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/* take_source - see take_source.h. It goes by the first lane's connections, behind what is read there. */
#include "config.h"
#include "client/take_source.h"
#include "base/mem.h"
#include "client/exec_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct sl_taken {
    struct sl_taken *next;
    struct sl_origin *origin;
    char *path; /* owned; the name at the source is `name`, in path[0..dir_len) */
    char *name; /* owned */
    size_t dir_len;
    enum sl_type type;  /* and size and time: as it was listed */
    uint32_t mtime_ns;
    uint64_t size;
    int64_t mtime_s;
    bool linked;        /* it had other names, by which a listing has to see yet that they are one file's */
    uint64_t ticket;    /* 0: not asked for */
};

struct sl_taking { /* in this order: asked for, not asked for */
    struct sl_taken *first, **last, *ask;
    struct sl_taken *held;   /* until all is listed */
    struct sl_cursor at;
    bool begun;
};

enum sl_code sl_take_check(const struct sl_options *o, const struct sl_endpoint *source, struct sl_error *err)
{
    if (!o->remove_source_files || o->dry_run)
        return SL_OK;
    if (!(source->rights & SL_RIGHT_DELETE))
        return sl_fail(err, SL_E_CONFIG,
                       "--remove-source-files: at the source the right to delete is missing, so nothing is copied");
    if (!source->takes)
        return sl_fail(err, SL_E_CONFIG,
                       "--remove-source-files: the server at the source is too old for it, so nothing is copied");
    return SL_OK;
}

struct sl_taken *sl_take_of(const struct sl_plan *p, const struct sl_action *a)
{
    if (!p->o->remove_source_files || !a->takes_source || p->o->dry_run)
        return NULL;
    struct sl_taken *t = sl_calloc(1, sizeof *t);
    t->origin = a->origin;
    t->path = sl_strdup(a->path);
    t->name = sl_strdup(sl_exec_source_name(a));
    t->dir_len = a->dir_len;
    t->linked = p->o->hard_links && a->entry.names > 1;
    t->type = a->entry.type;
    t->size = a->source_size;
    t->mtime_s = a->entry.mtime_s;
    t->mtime_ns = a->entry.mtime_ns;
    return t;
}

void sl_take_forget(struct sl_taken *t)
{
    if (!t)
        return;
    free(t->path);
    free(t->name);
    free(t);
}

/* The struct, then both strings with their NULs. */
void sl_take_write(const struct sl_taken *t, struct sl_buf *b)
{
    sl_buf_add(b, t, sizeof *t);
    sl_buf_add(b, t->path, strlen(t->path) + 1);
    sl_buf_add(b, t->name, strlen(t->name) + 1);
}

struct sl_taken *sl_take_read(const void *record, size_t n)
{
    struct sl_taken *t = sl_malloc(sizeof *t);
    const char *path = (const char *)record + sizeof *t;
    assert(n > sizeof *t);
    memcpy(t, record, sizeof *t);
    t->path = sl_strdup(path);
    t->name = sl_strdup(path + strlen(path) + 1);
    return t;
}

static void enqueue(struct sl_taking *g, struct sl_taken *t)
{
    t->next = NULL;
    *g->last = t;
    g->last = &t->next;
    if (!g->ask)
        g->ask = t;
}

void sl_take_now(struct sl_plan *p, struct sl_taken *t)
{
    if (!t)
        return;
    struct sl_taking *g = p->taking;
    if (!t->linked || p->listed) {
        enqueue(g, t);
        return;
    }
    t->next = g->held;
    g->held = t;
}

/* No more names are to come. */
static void release(struct sl_taking *g)
{
    while (g->held) {
        struct sl_taken *t = g->held;
        g->held = t->next;
        enqueue(g, t);
    }
}

/* ---- asking ---- */

static bool ask(struct sl_plan *p, struct sl_taken *t)
{
    struct sl_taking *g = p->taking;
    struct sl_endpoint *e = t->origin->e;
    uint32_t dir = 0;
    if (!g->begun) {
        sl_cursor_init(&g->at, e, SL_JOB_WORK, t->origin->root, t->origin->base);
        g->begun = true;
    }
    enum sl_code rc = sl_cursor_move(&g->at, e, t->origin->root, t->origin->base);
    if (rc == SL_OK)
        rc = sl_cursor_goto(&g->at, t->path, t->dir_len, &dir);
    if (rc != SL_OK || e->ops->room(e, SL_JOB_WORK) < SL_NAME_MAX + 64)
        return false;
    struct sl_entry as = { .type = t->type, .size = t->size, .mtime_s = t->mtime_s, .mtime_ns = t->mtime_ns };
    t->ticket = e->issued[SL_JOB_WORK] + 1;
    e->ops->take(e, dir, t->name, &as);
    return true;
}

static void told(struct sl_plan *p, struct sl_taken *t)
{
    sl_report_removed(p->report, t->path);
    p->taking->first = t->next;
    if (!t->next)
        p->taking->last = &p->taking->first;
    sl_take_forget(t);
}

bool sl_take_step(struct sl_plan *p)
{
    struct sl_taking *g = p->taking;
    bool any = false;
    if (!g)
        return false;
    if (p->listed)
        release(g);
    for (struct sl_taken *t; (t = g->ask) && ask(p, t); any = true)
        if (g->ask == t) /* it has not failed within its call */
            g->ask = t->next;
    while (g->first && g->first->ticket && g->first->ticket <= g->first->origin->e->acked[SL_JOB_WORK]) {
        told(p, g->first);
        any = true;
    }
    return any;
}

bool sl_take_left(const struct sl_plan *p)
{
    return p->taking && (p->taking->first || p->taking->held);
}

/* ---- failures ---- */

static struct sl_taken **find(struct sl_taking *g, const struct sl_endpoint *e, uint64_t ticket)
{
    struct sl_taken **at = &g->first;
    while (*at && ((*at)->ticket != ticket || (*at)->origin->e != e))
        at = &(*at)->next;
    return at;
}

static void failed(void *ctx, struct sl_endpoint *e, enum sl_job job, uint64_t ticket, const struct sl_error *err)
{
    struct sl_plan *p = ctx;
    struct sl_error why = *err;
    if (job != SL_JOB_WORK || !p->taking)
        return;
    struct sl_taken **at = find(p->taking, e, ticket), *t = *at;
    if (!t)
        return; /* of reading: that is told where it matters */
    why.side = e->side;
    if (why.code == SL_E_NOT_FOUND) {
        sl_report_note(p->report, 0, "sender file already removed: %s", t->path);
    } else {
        p->failed = true;
        p->stats.errors++;
        sl_report_error(p->report, &why, t->path);
    }
    if (p->taking->ask == t)
        p->taking->ask = t->next;
    if (p->taking->last == &t->next)
        p->taking->last = at;
    *at = t->next;
    t->ticket = 0;
    t->next = p->taken_failed; /* its asker may still look at it */
    p->taken_failed = t;
}

void sl_take_begin(struct sl_plan *p)
{
    if (!p->o->remove_source_files || p->o->dry_run)
        return;
    p->taking = sl_calloc(1, sizeof *p->taking);
    p->taking->last = &p->taking->first;
    for (size_t i = 0; i < p->source.count; i++) {
        p->source.streams[i]->e->failed = failed;
        p->source.streams[i]->e->ctx = p;
    }
}

void sl_take_end(struct sl_plan *p)
{
    for (size_t i = 0; p->taking && i < p->source.count; i++)
        p->source.streams[i]->e->failed = NULL;
}

static void clear_list(struct sl_taken *t)
{
    while (t) {
        struct sl_taken *next = t->next;
        sl_take_forget(t);
        t = next;
    }
}

void sl_take_clear(struct sl_plan *p)
{
    clear_list(p->taken_failed);
    if (!p->taking)
        return;
    clear_list(p->taking->first);
    clear_list(p->taking->held);
    if (p->taking->begun)
        sl_cursor_clear(&p->taking->at);
    free(p->taking);
    p->taking = NULL;
}

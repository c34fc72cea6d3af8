/* SPDX-License-Identifier: ISC */
/*
 * merge - several streams as one, and --prune-empty-dirs. A directory is pruned when nothing but pruned directories was
 * found in it, so with that option directories are held back until something else comes: at most as many as are on the
 * way down.
 */
#include "config.h"
#include "client/stream.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sl_merge_init(struct sl_merge *m, struct sl_stream **streams, size_t count)
{
    *m = (struct sl_merge){ .streams = streams, .count = count, .level = sl_calloc(count, sizeof *m->level) };
}

struct sl_held {
    struct sl_entry entry;
    char name[SL_NAME_MAX + 1];
    struct sl_origin *origin;
    bool implied, entered;
    bool kept;      /* though nothing is in it, if anything of it was named */
    unsigned depth; /* of the directory that it is in */
    char *real;     /* owned: where it really is, as of an event; NULL */
};

void sl_merge_prune(struct sl_merge *m)
{
    m->prune = true;
}

void sl_merge_hold_ways(struct sl_merge *m)
{
    m->ways = true;
}

void sl_merge_clear(struct sl_merge *m)
{
    free(m->level);
    for (size_t i = 0; i < m->held_len; i++)
        free(m->held[i].real);
    free(m->held);
    *m = (struct sl_merge){ 0 };
}

/* Every stream of this level has come to the end of the directory. */
static enum sl_code end_level(struct sl_merge *m, struct sl_event **ev)
{
    if (m->depth == 0)
        return SL_EOF;
    m->ev = (struct sl_event){ .kind = SL_EVENT_END };
    m->chosen_ok = false;
    *ev = &m->ev;
    return SL_OK;
}

static enum sl_code peek(struct sl_merge *m, struct sl_event **ev, struct sl_origin **origin, struct sl_error *err)
{
    struct sl_event *best = NULL, *e = NULL;
    m->chosen_ok = false;
    for (size_t i = 0; i < m->count; i++) {
        struct sl_stream *s = m->streams[i];
        if (m->level[i] != m->depth)
            continue;
        enum sl_code rc = sl_stream_peek(s, &e, err);
        if (rc == SL_EOF || (rc == SL_OK && e->kind == SL_EVENT_END))
            continue;
        if (rc != SL_OK)
            return rc;
        int order = !best || e->kind == SL_EVENT_ERROR ? -1
                    : best->kind == SL_EVENT_ERROR     ? 1
                                                       : sl_entry_order(&e->entry, &best->entry);
        if (order == 0 && e->entry.type == SL_TYPE_DIR && best->entry.type == SL_TYPE_DIR)
            continue;
        if (order == 0) {
            m->chosen = i;
            m->chosen_ok = true;
            m->ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .name = e->entry.name };
            sl_fail(&m->ev.error, SL_E_INVALID, "two sources for one name: '%s'", e->entry.name);
            *ev = &m->ev;
            *origin = s->origin;
            return SL_OK;
        }
        if (order < 0) {
            best = e;
            m->chosen = i;
            *origin = s->origin;
        }
    }
    if (!best)
        return end_level(m, ev);
    m->chosen_ok = true;
    *ev = best;
    return SL_OK;
}

/* Whether stream i stands at a directory of the chosen entry's name. */
static bool same_dir(struct sl_merge *m, size_t i, const struct sl_entry *chosen)
{
    struct sl_stream *s = m->streams[i];
    return m->level[i] == m->depth && s->have && s->ev.kind == SL_EVENT_ENTRY && s->ev.entry.type == SL_TYPE_DIR &&
           sl_entry_order(&s->ev.entry, chosen) == 0;
}

static void pop_end(struct sl_merge *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->level[i] == m->depth) {
            sl_stream_pop(m->streams[i]);
            m->level[i]--;
        }
    m->depth--;
}

static void pop(struct sl_merge *m)
{
    if (!m->chosen_ok) {
        pop_end(m);
        return;
    }
    struct sl_stream *s = m->streams[m->chosen];
    if (m->ev.kind == SL_EVENT_ERROR && s->ev.kind == SL_EVENT_ENTRY && m->ev.name == s->ev.entry.name) {
        m->ev.name = NULL;
        sl_stream_drop(s);
        return;
    }
    if (s->ev.kind == SL_EVENT_ENTRY && s->ev.entry.type == SL_TYPE_DIR) {
        struct sl_entry chosen = s->ev.entry;
        for (size_t i = m->count; i-- > 0;)
            if (same_dir(m, i, &chosen)) {
                m->level[i]++;
                sl_stream_pop(m->streams[i]);
            }
        m->depth++;
        return;
    }
    sl_stream_pop(s);
}

static void drop(struct sl_merge *m)
{
    struct sl_stream *s = m->streams[m->chosen];
    struct sl_entry chosen = s->ev.entry;
    for (size_t i = m->count; i-- > 0;)
        if (i != m->chosen && same_dir(m, i, &chosen))
            sl_stream_drop(m->streams[i]);
    sl_stream_drop(s);
}

/* ---- directories held back ---- */

static bool is_dir(const struct sl_event *ev)
{
    return ev->kind == SL_EVENT_ENTRY && ev->entry.type == SL_TYPE_DIR;
}

/* Enters the directory that was peeked, without telling. */
static void hold(struct sl_merge *m, const struct sl_event *ev, struct sl_origin *origin)
{
    if (m->held_len == m->held_cap) {
        m->held_cap = m->held_cap ? m->held_cap * 2 : 16;
        m->held = sl_realloc(m->held, m->held_cap * sizeof *m->held);
    }
    struct sl_held *h = &m->held[m->held_len++];
    *h = (struct sl_held){ .entry = ev->entry, .origin = origin, .implied = ev->implied, .entered = ev->entered, .kept = ev->kept, .depth = m->depth,
                           .real = ev->real ? sl_strdup(ev->real) : NULL };
    memcpy(h->name, ev->entry.name, ev->entry.name_len + 1);
    for (size_t i = 0; i < m->held_len && !ev->implied; i++)     /* what is only on the way waits for what it leads to */
        m->confirmed = m->held[i].kept ? i + 1 : m->confirmed;
    pop(m);
}

/* The first directory held back, as an event. */
static void show_held(struct sl_merge *m, struct sl_event **ev, struct sl_origin **origin)
{
    struct sl_held *h = &m->held[0];
    m->held_ev = (struct sl_event){ .kind = SL_EVENT_ENTRY, .entry = h->entry, .implied = h->implied, .entered = h->entered, .real = h->real };
    m->held_ev.entry.name = h->name;
    *ev = &m->held_ev;
    *origin = h->origin;
}

static void forget_held(struct sl_merge *m, size_t n)
{
    for (size_t i = 0; i < n && i < m->held_len; i++)
        free(m->held[i].real);
    if (m->held_len > n)
        memmove(m->held, m->held + n, (m->held_len - n) * sizeof *m->held);
    m->held_len -= n;
    m->confirmed -= m->confirmed < n ? m->confirmed : n;
}

/* One event that is not to be reported: what is dropped, a directory that is held back, or the end of one that turned
 * out to be empty. True when there was one. */
static bool unreported(struct sl_merge *m, const struct sl_event *ev, struct sl_origin *origin)
{
    if (m->dropping) {
        if (is_dir(ev))
            drop(m);
        else
            pop(m);
        m->dropping = m->depth > m->drop_to;
    } else if (is_dir(ev) && (m->prune || ev->implied)) {
        hold(m, ev, origin);
    } else if (ev->kind == SL_EVENT_END && m->held_len) {
        pop(m);
        free(m->held[--m->held_len].real);
    } else {
        /* A name that is not there makes no directories on its way, and what could not be read fills none. */
        bool nothing = ev->kind == SL_EVENT_ERROR && (m->prune || (ev->named && m->ways));
        m->confirmed = nothing ? 0 : m->held_len;
        return false;
    }
    return true;
}

enum sl_code sl_merge_peek(struct sl_merge *m, struct sl_event **ev, struct sl_origin **origin, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    if (!m->prune && !m->ways)
        return peek(m, ev, origin, err);
    while (!m->confirmed && (rc = peek(m, ev, origin, err)) == SL_OK)
        if (!unreported(m, *ev, *origin) && !m->confirmed)
            return SL_OK;
    if (rc == SL_OK)
        show_held(m, ev, origin);
    return rc;
}

char *sl_merge_way(const struct sl_merge *m)
{
    char *path = sl_strdup("");
    for (size_t i = 0; i < m->held_len; i++) {
        char *longer = sl_asprintf("%s%s/", path, m->held[i].name);
        free(path);
        path = longer;
    }
    return path;
}

void sl_merge_pop(struct sl_merge *m)
{
    if (m->confirmed)
        forget_held(m, 1);
    else
        pop(m);
}

void sl_merge_drop(struct sl_merge *m)
{
    if (!m->confirmed) {
        drop(m);
        return;
    }
    m->dropping = true;
    m->drop_to = m->held[0].depth;
    forget_held(m, m->held_len);
}

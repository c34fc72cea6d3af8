/* SPDX-License-Identifier: ISC */
/* stream - segments to one nested sequence; and the merge of several sources. */
#include "config.h"
#include "client/stream.h"
#include "base/mem.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD_MAX = 64 };           /* LISTs asked for before they are read, of a remote tree */

void sl_stream_init(struct sl_stream *s, struct sl_endpoint *e)
{
    *s = (struct sl_stream){ .e = e };
    sl_cursor_init(&s->cursor, e, SL_JOB_LIST, 0, "");
}

void sl_stream_clear(struct sl_stream *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->segments[i].dir);
        free(s->segments[i].name);
        free(s->segments[i].as);
    }
    free(s->segments);
    free(s->kept);
    sl_cursor_clear(&s->cursor);
    *s = (struct sl_stream){ 0 };
}

void sl_stream_add(struct sl_stream *s, const struct sl_segment *seg)
{
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4;
        s->segments = sl_realloc(s->segments, s->cap * sizeof *s->segments);
    }
    s->segments[s->count++] = *seg;
}

/* Sends LISTs ahead of the reading. */
static void ask(struct sl_stream *s)
{
    size_t ahead = s->e->remote ? AHEAD_MAX : 1;
    while (s->asked < s->count && s->asked - s->at < ahead) {
        const struct sl_segment *g = &s->segments[s->asked];
        uint32_t id = 0;
        if (sl_cursor_move(&s->cursor, s->e, g->origin->root, g->origin->base) != SL_OK ||
            sl_cursor_goto(&s->cursor, g->dir, strlen(g->dir), &id) != SL_OK ||
            s->e->ops->room(s->e, SL_JOB_LIST) < SL_NAME_MAX + 64)
            return;
        s->e->ops->list(s->e, id, g->name, g->flags);
        s->asked++;
    }
}

static void keep(struct sl_stream *s, bool there)
{
    if (s->kept_len == s->kept_cap) {
        s->kept_cap = s->kept_cap ? s->kept_cap * 2 : 8;
        s->kept = sl_realloc(s->kept, s->kept_cap * sizeof *s->kept);
    }
    s->kept[s->kept_len++] = there;
}

/* The running segment is over; there: its own entry was a directory that stays open. */
static void next_segment(struct sl_stream *s, bool there)
{
    if (s->segments[s->at].keep_open)
        keep(s, there);
    s->at++;
    s->depth = 0;
    s->dirs = 0;
    s->started = false;
    s->closing = s->at < s->count ? s->segments[s->at].close_before : (unsigned)s->kept_len;
}

/* END of a directory that was kept open for later segments. True when there is one to report. */
static bool close_kept(struct sl_stream *s)
{
    while (s->closing) {
        s->closing--;
        if (s->kept[--s->kept_len]) {
            s->ev = (struct sl_event){ .kind = SL_EVENT_END };
            return true;
        }
    }
    return false;
}

static void rename_entry(struct sl_stream *s, const struct sl_segment *g)
{
    size_t n = strlen(g->as);
    memcpy(s->as_name, g->as, n + 1);
    s->ev.entry.name = s->as_name;
    s->ev.entry.name_len = n;
}

/* What an event of the running LIST means for the sequence. True when it is to be reported. */
static bool take(struct sl_stream *s)
{
    const struct sl_segment *g = &s->segments[s->at];
    bool outer = s->depth == 0, root = g->name[0] == '\0';
    s->origin = g->origin;
    s->ev.error.side = s->e->side;
    if (s->ev.kind == SL_EVENT_ENTRY) {
        bool dir = s->ev.entry.type == SL_TYPE_DIR;
        s->ev.implied = outer && g->keep_open;
        s->dirs += dir;
        s->depth += dir;
        if (outer)
            s->started = dir;
        if (outer && root) {
            s->has_root = true;
            s->root = s->ev.entry;
            s->root.name = "";
            s->root.name_len = 0;
            return false;
        }
        if (outer && g->as)
            rename_entry(s, g);
        return true;
    }
    if (s->ev.kind == SL_EVENT_END) {
        s->depth--;
        return !(s->depth == 0 && (root || g->keep_open));
    }
    return true;
}

static enum sl_code fetch(struct sl_stream *s, struct sl_error *err)
{
    for (;;) {
        if (close_kept(s))
            return SL_OK;
        if (s->at == s->count)
            return SL_EOF;
        ask(s);
        if (s->asked == s->at)
            return SL_AGAIN;
        struct sl_segment *g = &s->segments[s->at];
        bool was_dir = s->depth > 0 || s->started;
        struct sl_error why = { 0 };
        enum sl_code rc = s->e->ops->list_next(s->e, &s->ev, &why);
        if (rc == SL_AGAIN)
            return rc;
        if (rc == SL_EOF) {
            next_segment(s, was_dir);
        } else if (rc == SL_E_PROTOCOL || rc == SL_E_CLOSED) {
            *err = why;
            return rc;
        } else if (rc != SL_OK) {
            bool quiet = g->optional;
            s->origin = g->origin;
            s->ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .error = why, .name = g->name };
            s->ev.error.side = s->e->side;
            next_segment(s, false);
            if (!quiet)
                return SL_OK;
        } else if (take(s)) {
            return SL_OK;
        }
    }
}

enum sl_code sl_stream_peek(struct sl_stream *s, struct sl_event **ev, struct sl_error *err)
{
    while (!s->have) {
        enum sl_code rc = fetch(s, err);
        if (rc != SL_OK)
            return rc;
        s->have = true;
        if (s->dropping) {
            s->have = false;
            if (s->ev.kind == SL_EVENT_ENTRY && s->ev.entry.type == SL_TYPE_DIR)
                s->dropping++;
            else if (s->ev.kind == SL_EVENT_END)
                s->dropping--;
        }
    }
    *ev = &s->ev;
    return SL_OK;
}

void sl_stream_pop(struct sl_stream *s)
{
    s->have = false;
}

void sl_stream_drop(struct sl_stream *s)
{
    if (s->ev.kind == SL_EVENT_ENTRY && s->ev.entry.type == SL_TYPE_DIR) {
        s->dropping = 1;
        s->e->ops->list_skip(s->e, s->dirs - 1);
    }
    s->have = false;
}

/* ---- merge ---- */

void sl_merge_init(struct sl_merge *m, struct sl_stream **streams, size_t count)
{
    *m = (struct sl_merge){ .streams = streams, .count = count, .level = sl_calloc(count, sizeof *m->level) };
}

void sl_merge_clear(struct sl_merge *m)
{
    free(m->level);
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

enum sl_code sl_merge_peek(struct sl_merge *m, struct sl_event **ev, struct sl_origin **origin, struct sl_error *err)
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
        int order = !best || e->kind == SL_EVENT_ERROR ? -1 : best->kind == SL_EVENT_ERROR ? 1 : sl_entry_order(&e->entry, &best->entry);
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

void sl_merge_pop(struct sl_merge *m)
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

void sl_merge_drop(struct sl_merge *m)
{
    struct sl_stream *s = m->streams[m->chosen];
    struct sl_entry chosen = s->ev.entry;
    for (size_t i = m->count; i-- > 0;)
        if (i != m->chosen && same_dir(m, i, &chosen))
            sl_stream_drop(m->streams[i]);
    sl_stream_drop(s);
}

/* SPDX-License-Identifier: ISC */
/* stream - segments to one nested sequence. */
#include "config.h"
#include "client/stream.h"
#include "base/mem.h"
#include "client/alter.h"
#include "client/behind.h"
#include "client/links.h"
#include "proto/msg.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_MAX = 256,            /* LISTs asked for before they are read, of a remote tree */
       FORGET_AT = 256 };          /* segments that are over and still in memory */

void sl_stream_init(struct sl_stream *s, struct sl_endpoint *e)
{
    *s = (struct sl_stream){ .e = e };
    sl_cursor_init(&s->cursor, e, SL_JOB_LIST, 0, "");
}

static void segment_clear(struct sl_segment *g)
{
    free(g->dir);
    free(g->name);
    free(g->as);
    sl_behind_forget(g);
    *g = (struct sl_segment){ 0 };
}

void sl_stream_clear(struct sl_stream *s)
{
    for (size_t i = 0; i < s->count; i++)
        segment_clear(&s->segments[i]);
    free(s->segments);
    for (size_t i = 0; i < s->kept_len; i++)
        free(s->kept[i].real);
    free(s->kept);
    free(s->kept_real);
    sl_cursor_clear(&s->cursor);
    sl_select_free(s->select);
    sl_follow_free(s->follow);
    sl_ahead_free(s->ahead);
    sl_select_free(s->protects);
    free(s->munged);
    *s = (struct sl_stream){ 0 };
}

/* The number of LISTs in front is that of segments. */
static bool list_of(const void *ctx, size_t n, struct sl_ahead_of *of)
{
    const struct sl_stream *s = ctx;
    if (s->at + n >= s->asked)
        return false;
    const struct sl_segment *g = &s->segments[s->at + n];
    *of = (struct sl_ahead_of){ g->origin, g->dir, g->name, g->flags & SL_LIST_RECURSE, g->slash || g->keep_open };
    return true;
}

void sl_stream_select(struct sl_stream *s, const struct sl_filters *f, uint32_t side)
{
    if (sl_filters_empty(f))
        return;
    s->select = sl_select_new(f, s->e, side);
    if (!s->e->remote || !f->points.len)
        return;
    s->ahead = sl_ahead_new(f, s->e, side, list_of, s);
    sl_select_ahead(s->select, s->ahead);
}

void sl_stream_foresee(struct sl_stream *s)
{
    if (!s->e->remote)
        return;
    if (!s->ahead)
        s->ahead = sl_ahead_new(NULL, s->e, 0, list_of, s);
    sl_follow_ahead(s->follow, s->ahead);
}

void sl_stream_add(struct sl_stream *s, const struct sl_segment *seg)
{
    assert(seg->origin->e == s->e);
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4;
        s->segments = sl_realloc(s->segments, s->cap * sizeof *s->segments);
    }
    s->segments[s->count++] = *seg;
}

/* Segment number i, if there is one. SL_OK, SL_EOF or an error. */
static enum sl_code have_segment(struct sl_stream *s, size_t i, struct sl_error *err)
{
    while (i >= s->count) {
        enum sl_code rc = s->more && !s->over ? s->more(s->more_ctx, s, err) : SL_EOF;
        s->over |= rc == SL_EOF;
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

/* Sends LISTs ahead of the reading. */
static enum sl_code ask(struct sl_stream *s, struct sl_error *err)
{
    size_t ahead = s->e->remote ? AHEAD_MAX : 1;
    enum sl_code rc = SL_OK;
    while (s->asked - s->at < ahead && (rc = have_segment(s, s->asked, err)) == SL_OK) {
        const struct sl_segment *g = &s->segments[s->asked];
        uint32_t id = 0;
        if (sl_cursor_move(&s->cursor, s->e, g->origin->root, g->origin->base) != SL_OK ||
            sl_cursor_goto(&s->cursor, g->dir, strlen(g->dir), &id) != SL_OK ||
            s->e->ops->room(s->e, SL_JOB_LIST) < SL_NAME_MAX + 64)
            return SL_OK;
        s->e->ops->list(s->e, id, g->name, g->flags & ~s->without);
        s->asked++;
    }
    return rc == SL_EOF ? SL_OK : rc;
}

static void keep(struct sl_stream *s, bool there)
{
    if (s->kept_len == s->kept_cap) {
        s->kept_cap = s->kept_cap ? s->kept_cap * 2 : 8;
        s->kept = sl_realloc(s->kept, s->kept_cap * sizeof *s->kept);
    }
    there = there && (!s->kept_len || s->kept[s->kept_len - 1].there);
    s->kept[s->kept_len++] = (struct sl_kept){ there, s->kept_real };
    s->kept_real = NULL;
}

/* The running segment is over; there: its own entry was a directory that stays open. */
static enum sl_code next_segment(struct sl_stream *s, bool there, struct sl_error *err)
{
    if (s->segments[s->at].keep_open)
        keep(s, there);
    segment_clear(&s->segments[s->at]);
    s->at++;
    s->depth = 0;
    s->dirs = 0;
    s->started = false;
    enum sl_code rc = have_segment(s, s->at, err);
    assert(rc != SL_AGAIN);              /* who feeds has all of it here: what is kept open would be closed */
    s->closing = rc == SL_OK ? s->segments[s->at].close_before : (unsigned)s->kept_len;
    if (s->at >= FORGET_AT) {
        memmove(s->segments, s->segments + s->at, (s->count - s->at) * sizeof *s->segments);
        s->count -= s->at;
        s->asked -= s->at;
        s->at = 0;
    }
    return rc == SL_EOF ? SL_OK : rc;
}

/* END of a directory that was kept open for later segments. True when there is one to report. */
static bool close_kept(struct sl_stream *s)
{
    while (s->closing) {
        struct sl_kept *k = &s->kept[--s->kept_len];
        s->closing--;
        free(k->real);
        if (k->there) {
            s->ev = (struct sl_event){ .kind = SL_EVENT_END };
            return true;
        }
    }
    return false;
}

/* Whether it is only there for what is in it. */
static bool on_the_way(const struct sl_segment *g)
{
    return g->keep_open && !g->wanted;
}

/* The destination had no directory around it when that was asked for; there may be one by now, which this run has made. */
static bool is_too_late(const struct sl_stream *s, const struct sl_segment *g)
{
    return g->optional && s->kept_len && !s->kept[s->kept_len - 1].there;
}

static void rename_entry(struct sl_stream *s, const struct sl_segment *g)
{
    size_t n = strlen(g->as);
    memcpy(s->as_name, g->as, n + 1);
    s->ev.entry.name = s->as_name;
    s->ev.entry.name_len = n;
}

/* A link that can't be made unusable is not to come through as it is. */
static void too_long(struct sl_stream *s)
{
    s->ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .name = s->ev.entry.name };
    sl_fail(&s->ev.error, SL_E_NAME, "the target of '%s' is too long to be munged", s->ev.name);
    s->ev.error.side = s->e->side;
}

/* What is named behind a thing that is no directory is an error; behind a link that leads to nothing it is missing. */
static void no_way(struct sl_stream *s, const struct sl_segment *g)
{
    if (s->ev.of_link)
        sl_fail(&s->way, SL_E_NOT_FOUND, "'%s' is a symbolic link that leads to nothing", g->name);
    else if (s->ev.entry.type == SL_TYPE_LINK)
        sl_fail(&s->way, SL_E_NOT_DIR, "'%s' is a symbolic link that leads to no directory there", g->name);
    else
        sl_fail(&s->way, SL_E_NOT_DIR, "'%s' is not a directory", g->name);
}

/* What an event of the running LIST means for the sequence. True when it is to be reported. */
static bool take(struct sl_stream *s)
{
    const struct sl_segment *g = &s->segments[s->at];
    bool outer = s->depth == 0, root = g->name[0] == '\0';
    s->origin = g->origin;
    s->ev.error.side = s->e->side;
    s->ev.named = s->ev.kept = false;
    if (s->ev.kind == SL_EVENT_ENTRY && s->alters)
        sl_alter_entry(s->alters, &s->ev.entry);
    if (s->ev.kind == SL_EVENT_ENTRY && s->unmunges)
        sl_link_unmunge(&s->ev.entry);
    if (s->ev.kind == SL_EVENT_ENTRY && s->munged && !sl_link_munge(&s->ev.entry, s->munged))
        too_long(s);
    if (s->ev.kind == SL_EVENT_ENTRY) {
        bool dir = s->ev.entry.type == SL_TYPE_DIR;
        s->ev.implied = outer && g->keep_open && !g->wanted;
        s->ev.named = outer && !root;
        s->ev.entered = dir && (g->flags & SL_LIST_RECURSE || (outer && (g->keep_open || g->flags & SL_LIST_CHILDREN)));
        s->dirs += dir;
        s->depth += dir;
        if (outer)
            s->started = dir;
        if (outer && root) {
            if (s->select && dir)
                sl_select_enter(s->select, g->origin, "");
            s->has_root = true;
            s->root = s->ev.entry;
            s->root.name = "";
            s->root.name_len = 0;
            return false;
        }
        if (outer && g->as)
            rename_entry(s, g);
        if (outer && g->keep_open && !dir && !g->optional) {
            no_way(s, g);
            return g->wanted;
        }
        if (outer && g->keep_open && dir && s->ev.real)
            s->kept_real = sl_strdup(s->ev.real);
        return true;
    }
    if (s->ev.kind == SL_EVENT_ERROR && outer && g->keep_open && !g->optional) {
        s->way = s->ev.error;
        if (s->ev.of_link && s->way.code == SL_E_LINK)
            s->way.code = SL_E_NOT_FOUND;
        if (on_the_way(g))
            return false;
    }
    s->ev.named = s->ev.kind == SL_EVENT_ERROR && s->ev.of_link && outer && !root;
    if (s->ev.kind == SL_EVENT_END) {
        s->depth--;
        if (s->select && s->depth == 0 && root)
            sl_select_leave(s->select);
        return !(s->depth == 0 && (root || g->keep_open));
    }
    return true;
}

/* Whether all merge files are there that the open directory's entries are judged by. One that can't be read is an event. */
static enum sl_code ready(struct sl_stream *s, struct sl_error *err)
{
    struct sl_error why = { 0 };
    const char *name = NULL;
    bool failed = false;
    enum sl_code rc = sl_select_ready(s->select, &failed, &name, &why);
    why.side = s->e->side;
    if (rc != SL_OK && rc != SL_AGAIN)
        *err = why;
    if (!failed)
        return rc;
    sl_error_context(&why, "cannot use the merge file '%s', so nothing in its directory is touched", name);
    s->ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .error = why, .name = name };
    s->have = true;
    return SL_OK;
}

/* The segment's own thing can't be listed. What a directory on the way to names could not be is told for each of these names. */
static void failed(struct sl_stream *s, const struct sl_segment *g, struct sl_error *why)
{
    bool lost = why->code == SL_E_INVALID && s->way.code;
    if (lost)
        *why = s->way;
    if (on_the_way(g))
        s->way = *why;
    const char *dir = *g->dir || !g->origin->front_below ? g->dir : g->origin->front_below;
    if (*dir)
        sl_error_context(why, "'%s/%s'", dir, g->name);
    s->origin = g->origin;
    s->ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .error = *why, .name = s->as_name, .named = true, .implied = lost };
    memcpy(s->as_name, g->name, strlen(g->name) + 1);
    s->ev.error.side = s->e->side;
}

static enum sl_code raw_event(void *ctx, struct sl_event *ev, struct sl_error *why)
{
    struct sl_stream *s = ctx;
    if (!s->ahead)
        return s->e->ops->list_next(s->e, ev, why);
    return sl_ahead_next(s->ahead, ev, why);
}

static struct sl_follow_of follow_of(const struct sl_stream *s)
{
    struct sl_segment *g = &s->segments[s->at];
    const char *real = s->kept_len ? s->kept[s->kept_len - 1].real : NULL;
    return (struct sl_follow_of){ .root = g->origin->root, .base = g->origin->base, .dir = g->dir, .name = g->name,
                                  .links = !on_the_way(g), .slash = g->slash, .way = g->keep_open, .flags = g->flags,
                                  .real = real, .look = sl_behind_look(g, real) };
}

/* A list's name without its directories (--no-relative) can be behind a link. */
static bool may_be_behind(const struct sl_stream *s, const struct sl_segment *g, enum sl_code rc)
{
    return g->origin->front_below && *g->origin->front_below && !s->started && !*g->dir && !g->optional &&
           (rc == SL_E_INVALID || rc == SL_E_LINK || rc == SL_E_NOT_DIR);
}

static enum sl_code next_event(struct sl_stream *s, const struct sl_segment *g, struct sl_error *why)
{
    if (!s->follow)
        return raw_event(s, &s->ev, why);
    struct sl_follow_of of = follow_of(s);
    enum sl_code rc = sl_follow_next(s->follow, &of, raw_event, s, &s->ev, why);
    if (may_be_behind(s, g, rc) && sl_follow_base(s->follow, &of))
        rc = sl_follow_next(s->follow, &of, raw_event, s, &s->ev, why);
    if (rc == SL_AGAIN && s->ahead)
        sl_ahead_follow(s->ahead);
    if (rc == SL_AGAIN) {
        sl_follow_foresee(s->follow, &of);
        sl_behind_foresee(s);
    }
    return rc;
}

/* The rest of the directory just reported is not wanted. */
static void skip(struct sl_stream *s)
{
    uint64_t number = s->dirs - 1;
    if (s->follow && sl_follow_skip(s->follow, &number))
        return;
    if (!s->ahead || !sl_ahead_ended(s->ahead))
        s->e->ops->list_skip(s->e, number);
}

/* The next event; s->have when it is one of ours, not of the listing. */
static enum sl_code fetch(struct sl_stream *s, struct sl_error *err)
{
    for (;;) {
        enum sl_code rc = s->select ? ready(s, err) : SL_OK;
        if (rc != SL_OK || s->have)
            return rc;
        if (close_kept(s))
            return SL_OK;
        if ((rc = have_segment(s, s->at, err)) != SL_OK || (rc = ask(s, err)) != SL_OK)
            return rc;
        if (s->asked == s->at)
            return SL_AGAIN;
        struct sl_segment *g = &s->segments[s->at];
        bool was_dir = s->depth > 0 || s->started;
        struct sl_error why;
        sl_error_none(&why);
        rc = next_event(s, g, &why);
        if (rc == SL_AGAIN)
            return rc;
        if (rc == SL_EOF) {
            if ((rc = next_segment(s, was_dir, err)) != SL_OK)
                return rc;
        } else if (rc == SL_E_PROTOCOL || rc == SL_E_CLOSED) {
            *err = why;
            return rc;
        } else if (rc != SL_OK) {
            bool quiet = g->optional || on_the_way(g);
            failed(s, g, &why);
            if ((rc = next_segment(s, false, err)) != SL_OK)
                return rc;
            if (!quiet)
                return SL_OK;
        } else if (take(s) && !is_too_late(s, g)) {
            return SL_OK;
        }
    }
}

static bool is_dir(const struct sl_event *ev)
{
    return ev->kind == SL_EVENT_ENTRY && ev->entry.type == SL_TYPE_DIR;
}

/* What is passed over: the rest of a subtree that nobody wants, of a directory that is deep enough. */
static bool passed_over(struct sl_stream *s)
{
    unsigned *depth = s->dropping ? &s->dropping : &s->shallow;
    if (!*depth)
        return false;
    if (is_dir(&s->ev))
        ++*depth;
    else if (s->ev.kind == SL_EVENT_END && --*depth == 0)
        return depth == &s->dropping;
    return true;
}

bool sl_stream_excludes(struct sl_stream *s, enum sl_view_when when)
{
    return s->select && sl_select_excludes(s->select, s->origin, s->ev.entry.name, s->ev.entry.type == SL_TYPE_DIR, when, NULL);
}

/* A directory on the way to what was named is not asked about; a link that leads nowhere is hidden as file or as directory. */
static bool hidden(struct sl_stream *s)
{
    if (s->hides && s->select && s->ev.kind == SL_EVENT_ERROR && s->ev.of_link)
        return sl_select_excludes(s->select, s->origin, s->ev.name, false, SL_VIEW_LIVING, NULL) ||
               sl_select_excludes(s->select, s->origin, s->ev.name, true, SL_VIEW_LIVING, NULL);
    if (s->ev.kind == SL_EVENT_ERROR && s->ev.unnamed)
        return s->passes_unnamed || (s->hides && sl_stream_excludes(s, SL_VIEW_LIVING));
    if (s->leaves_mounts && s->ev.kind == SL_EVENT_ENTRY && s->ev.entry.mount)
        return true;
    return s->hides && s->ev.kind == SL_EVENT_ENTRY && !s->ev.implied && sl_stream_excludes(s, SL_VIEW_LIVING);
}

/* A directory of a list that is excluded is on the way to the names in it all the same. */
static bool becomes_way(struct sl_stream *s)
{
    bool is_left = s->leaves_mounts && s->ev.entry.mount;
    bool outer = s->ev.kind == SL_EVENT_ENTRY && s->ev.entry.type == SL_TYPE_DIR && s->depth == 1 && s->ev.named;
    s->ev.implied = outer && !is_left && s->segments[s->at].keep_open;
    return s->ev.implied;
}

/* --iconv: what has no name there becomes an error, and what is in it is passed over. */
static void look_where_it_goes(struct sl_stream *s)
{
    struct sl_error why = { 0 };
    char name[SL_NAME_MAX + 1];
    if (!s->goes || s->ev.kind != SL_EVENT_ENTRY || sl_charset_entry_goes(s->goes, &s->ev.entry, &why) == SL_OK)
        return;
    bool named = s->ev.named;
    memcpy(name, s->ev.entry.name, s->ev.entry.name_len + 1);
    sl_stream_drop(s);
    memcpy(s->as_name, name, strlen(name) + 1);
    s->ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .error = why, .name = s->as_name, .named = named };
    s->ev.error.side = s->e->side;
    s->have = true;
}

static const struct sl_origin *guarded(const struct sl_stream *s)
{
    return s->protected_at ? s->protected_at : s->origin;
}

enum sl_code sl_stream_peek(struct sl_stream *s, struct sl_event **ev, struct sl_error *err)
{
    while (!s->have) {
        enum sl_code rc = fetch(s, err);
        if (rc != SL_OK)
            return rc;
        if (s->have)
            break;
        s->have = !passed_over(s);
        if (s->have && hidden(s) && !becomes_way(s))
            sl_stream_drop(s);
        else if (s->have)
            look_where_it_goes(s);
        if (s->have && s->protects && is_dir(&s->ev))
            s->ev.kept = sl_select_excludes(s->protects, guarded(s), s->ev.entry.name, true, SL_VIEW_LIVING, NULL);
    }
    *ev = &s->ev;
    return SL_OK;
}

void sl_stream_pop(struct sl_stream *s)
{
    s->have = false;
    if (is_dir(&s->ev)) {
        s->level++;
        if (s->select)
            sl_select_enter(s->select, s->origin, s->ev.entry.name);
        if (s->select && s->ev.real)
            sl_select_real(s->select, s->ev.real);
        if (s->protects)
            sl_select_enter(s->protects, guarded(s), s->ev.entry.name);
        if (s->max_depth && s->level >= s->max_depth && !s->ev.implied) {
            s->shallow = 1;
            skip(s);
        }
    } else if (s->ev.kind == SL_EVENT_END) {
        s->level--;
        if (s->select)
            sl_select_leave(s->select);
        if (s->protects)
            sl_select_leave(s->protects);
    }
}

void sl_stream_drop(struct sl_stream *s)
{
    if (is_dir(&s->ev)) {
        s->dropping = 1;
        skip(s);
    }
    s->have = false;
}

enum sl_code sl_stream_follow_dir(struct sl_stream *s)
{
    struct sl_follow_of of = follow_of(s);
    enum sl_code rc = sl_follow_current(s->follow, &of, &s->ev);
    if (rc != SL_OK || !is_dir(&s->ev))
        return rc;
    s->started |= s->depth == 0;
    s->dirs++;
    s->depth++;
    return SL_OK;
}

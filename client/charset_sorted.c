/* SPDX-License-Identifier: ISC */
/*
 * charset_sorted - listings where the charsets do not keep the order of names: each directory is listed by itself and sorted, and its
 * subdirectories are asked for in the new order, some of them ahead, because each is a round trip. What is held are the directories
 * on the way down, and of each those that were asked for ahead.
 */
#include "config.h"
#include "client/charset_list.h"
#include "base/mem.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD_MAX = 128,           /* of one directory's subdirectories */
       HELD_MAX = 65536,          /* entries of what was asked for ahead; then it is asked for when it is needed */
       ROOM = 2 * (SL_NAME_MAX + 64) };

static struct sl_charset_list *list_of(const struct sl_endpoint *e)
{
    return e->charset->list;
}

bool sl_charset_has_room(struct sl_endpoint *e)
{
    return e->charset->inner->room(e, SL_JOB_LIST) >= ROOM;
}

/* ---- parts ---- */

/* Asks for name, as it is here, in dir, which is open. */
static struct sl_charset_part *ask(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_charset_part *p = sl_calloc(1, sizeof *p);
    p->look = sl_look_new();
    p->look->charset = l->c;
    sl_look_asked(p->look);
    *l->asked_end = p;
    l->asked_end = &p->next;
    name = sl_charset_there(e->charset, 0, name, &dir);
    e->charset->inner->list(e, dir, name, flags);
    return p;
}

static void not_ahead(struct sl_charset_list *l, struct sl_charset_part *p)
{
    l->held -= p->counted;
    p->counted = 0;
    p->ahead = false;
}

void sl_charset_part_drop(struct sl_charset_list *l, struct sl_charset_part *p)
{
    if (!p)
        return;
    not_ahead(l, p);
    bool done = p->look->done;
    sl_look_drop(p->look);
    if (done)
        free(p);
}

void sl_charset_answered(struct sl_charset_list *l, enum sl_code code)
{
    struct sl_charset_part *p = l->asked;
    bool dropped = p->look->dropped;
    l->asked = p->next;
    if (!l->asked)
        l->asked_end = &l->asked;
    p->counted = p->ahead ? p->look->len : 0;
    l->held += p->counted;
    sl_look_done(p->look, code);
    if (dropped)
        free(p);
}

/* What the endpoint says. SL_OK: something came; SL_AGAIN: nothing now. Else the session is over. */
static enum sl_code hear(struct sl_endpoint *e, struct sl_error *err)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_event ev = { 0 };
    if (!l->asked)
        return SL_AGAIN;
    struct sl_look *k = l->asked->look;
    enum sl_code rc = e->charset->inner->list_next(e, &ev, err);
    if (rc == SL_AGAIN || rc == SL_E_PROTOCOL || rc == SL_E_CLOSED)
        return rc;
    if (rc == SL_OK && ev.kind == SL_EVENT_ENTRY)
        sl_look_add(k, &ev.entry);
    else if (rc == SL_OK && ev.kind == SL_EVENT_ERROR)
        sl_look_add_error(k, ev.name ? ev.name : "", &ev.error);
    if (rc == SL_OK)
        return SL_OK;
    if (rc != SL_EOF && !k->dropped)
        k->err = *err;
    sl_charset_answered(l, rc == SL_EOF ? SL_OK : rc);
    return SL_OK;
}

static enum sl_code wait_for(struct sl_endpoint *e, const struct sl_charset_part *p, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && !p->look->done)
        rc = hear(e, err);
    return rc;
}

/* ---- directories ---- */

static struct sl_charset_level *top(struct sl_charset_list *l)
{
    return &l->levels[l->depth - 1];
}

static struct sl_charset_level *enter(struct sl_charset_list *l)
{
    if (l->depth == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 32;
        l->levels = sl_realloc(l->levels, l->cap * sizeof *l->levels);
    }
    struct sl_charset_level *v = &l->levels[l->depth++];
    *v = (struct sl_charset_level){ .at = 1, .asked = 1, .number = l->dirs++ };      /* entry 0 is the directory itself */
    return v;
}

void sl_charset_shut(struct sl_charset_list *l, struct sl_charset_level *v)
{
    while (v->ahead) {
        struct sl_charset_part *p = v->ahead;
        v->ahead = p->behind;
        sl_charset_part_drop(l, p);
    }
    sl_charset_part_drop(l, v->part);
    v->part = NULL;
    v->wanted = false;
}

void sl_charset_leave(struct sl_endpoint *e)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_charset_level *v = top(l);
    sl_charset_shut(l, v);
    if (v->open)
        e->charset->inner->close_dir(e, SL_JOB_LIST, v->id);
    l->depth--;
}

static const struct sl_entry *entry_of(const struct sl_charset_level *v, size_t item)
{
    const struct sl_look_item *i = &v->part->look->at[item];
    return i->error ? NULL : &i->entry;
}

/* The id of level i's directory, which is opened if it is not. What is around it is open: it was asked for there. */
static uint32_t id_of(struct sl_endpoint *e, size_t i)
{
    struct sl_charset_list *l = list_of(e);
    const struct sl_charset_outer *o = l->first;
    if (i == 0)
        return o->open ? o->id : o->dir;
    struct sl_charset_level *v = &l->levels[i], *around = &l->levels[i - 1];
    if (!v->open) {
        uint32_t parent = id_of(e, i - 1);
        const char *name = sl_charset_there(e->charset, 0, entry_of(around, around->at - 1)->name, &parent);
        v->id = e->next_id++;
        v->open = true;
        e->charset->inner->open_dir(e, SL_JOB_LIST, parent, v->id, name);
    }
    return v->id;
}

/* Whether a directory is gone into. */
static bool goes_into(const struct sl_charset_outer *o, const struct sl_entry *d)
{
    return d && d->type == SL_TYPE_DIR && o->flags & SL_LIST_RECURSE && !(o->flags & SL_LIST_ONE_FS && d->mount);
}

static uint32_t flags_of(const struct sl_charset_outer *o)
{
    return (o->flags & ~(uint32_t)SL_LIST_RECURSE) | (o->flags & SL_LIST_RECURSE ? (uint32_t)SL_LIST_CHILDREN : 0);
}

/* Subdirectories of the open directory that are not their turn yet. */
static void ask_ahead(struct sl_endpoint *e)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_charset_level *v = top(l);
    struct sl_charset_part **last = &v->ahead;
    size_t n = 0;
    for (; *last; last = &(*last)->behind)
        n++;
    if (v->asked < v->at)
        v->asked = v->at;
    for (; e->remote && v->asked < v->part->look->len && n < AHEAD_MAX && l->held < HELD_MAX; v->asked++) {
        const struct sl_entry *d = entry_of(v, v->asked);
        if (!goes_into(l->first, d))
            continue;
        if (!sl_charset_has_room(e))
            return;
        uint32_t id = id_of(e, l->depth - 1);
        *last = ask(e, id, d->name, flags_of(l->first));
        (*last)->item = v->asked;
        (*last)->ahead = true;
        last = &(*last)->behind;
        n++;
    }
}

/* What was asked for ahead for that entry; NULL: nothing was. */
static struct sl_charset_part *take_ahead(struct sl_charset_list *l, struct sl_charset_level *v, size_t item)
{
    struct sl_charset_part *p = v->ahead;
    if (!p || p->item != item)
        return NULL;
    v->ahead = p->behind;
    p->behind = NULL;
    not_ahead(l, p);
    return p;
}

/* ---- events ---- */

static void give_error(struct sl_event *ev, const struct sl_look_item *i)
{
    *ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .error = *i->error, .name = i->entry.name, .entry = i->entry, .unnamed = i->unnamed };
}

/* The next entry of the open directory; if it is a directory it is open then. */
static void give(struct sl_charset_list *l, struct sl_event *ev)
{
    struct sl_charset_level *v = top(l);
    size_t item = v->at++;
    const struct sl_look_item *i = &v->part->look->at[item];
    if (i->error) {
        give_error(ev, i);
        return;
    }
    *ev = (struct sl_event){ .kind = SL_EVENT_ENTRY, .entry = i->entry };
    ev->entry.mount |= v->mount && i->entry.type == SL_TYPE_DIR;
    if (i->entry.type != SL_TYPE_DIR)
        return;
    struct sl_charset_part *p = take_ahead(l, v, item);
    struct sl_charset_level *d = enter(l);
    d->part = p;
    d->wanted = goes_into(l->first, &i->entry);
    d->mount = ev->entry.mount;
}

/* The thing itself. SL_EOF: there is nothing to tell. */
static enum sl_code give_first(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_charset_outer *o = l->first;
    enum sl_code rc = wait_for(e, o->part, err);
    struct sl_look *k = o->part->look;
    if (rc != SL_OK)
        return rc;
    if (k->code != SL_OK) {
        *err = k->err;
        err->code = k->code;
        sl_charset_message(l->c, err);
        return k->code;
    }
    l->begun = true;
    if (!k->len)
        return SL_EOF;
    if (k->at[0].error) {
        give_error(ev, &k->at[0]);
        return SL_OK;
    }
    *ev = (struct sl_event){ .kind = SL_EVENT_ENTRY, .entry = k->at[0].entry };
    if (k->at[0].entry.type != SL_TYPE_DIR)
        return SL_OK;
    struct sl_charset_level *v = enter(l);
    v->part = o->part;
    o->part = NULL;
    return SL_OK;
}

/* The open directory's part is had, or why not is told. SL_EOF: it is there. */
static enum sl_code have_part(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_charset_level *v = top(l);
    if (!v->part && !sl_charset_has_room(e))
        return SL_AGAIN;
    if (!v->part) {
        const struct sl_charset_level *around = v - 1;
        uint32_t id = id_of(e, l->depth - 2);
        v->part = ask(e, id, entry_of(around, around->at - 1)->name, flags_of(l->first));
    }
    enum sl_code rc = wait_for(e, v->part, err);
    if (rc != SL_OK)
        return rc;
    v->wanted = false;
    const struct sl_look *k = v->part->look;
    if (k->code == SL_OK)
        return SL_EOF;
    *ev = (struct sl_event){ .kind = SL_EVENT_ERROR, .error = k->err, .name = "" };
    ev->error.code = k->code;
    sl_charset_message(l->c, &ev->error);
    sl_charset_shut(l, v);
    return SL_OK;
}

enum sl_code sl_charset_sorted_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    struct sl_charset_list *l = list_of(e);
    if (!l->begun)
        return give_first(e, ev, err);
    if (!l->depth)
        return SL_EOF;
    struct sl_charset_level *v = top(l);
    if (v->wanted && !v->skipped) {
        enum sl_code rc = have_part(e, ev, err);
        if (rc != SL_EOF)
            return rc;
    }
    if (v->part && !v->skipped && v->at < v->part->look->len) {
        ask_ahead(e);
        give(l, ev);
        return SL_OK;
    }
    if (!sl_charset_has_room(e))
        return SL_AGAIN;
    sl_charset_leave(e);
    *ev = (struct sl_event){ .kind = SL_EVENT_END };
    return SL_OK;
}

/* What is listed is opened at once, because the directory that it is in may be closed by the time that more is asked for in it. */
void sl_charset_begin_sorted(struct sl_endpoint *e, struct sl_charset_outer *o)
{
    uint32_t dir = o->dir;
    o->part = ask(e, dir, o->name, flags_of(o));
    if (!*o->name || !(o->flags & SL_LIST_RECURSE))
        return;
    const char *name = sl_charset_there(e->charset, 0, o->name, &dir);
    o->id = e->next_id++;
    o->open = true;
    e->charset->inner->open_dir(e, SL_JOB_LIST, dir, o->id, name);
}

/* SPDX-License-Identifier: ISC */
/*
 * charset_list - listings of an endpoint whose names are converted, in the order of the converted names. Where the charsets keep the order, the
 * endpoint's own listing goes through, entry by entry; elsewhere charset_sorted.c makes one.
 */
#include "config.h"
#include "client/charset_list.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct sl_charset_list *sl_charset_list_new(const struct sl_charset *c)
{
    struct sl_charset_list *l = sl_calloc(1, sizeof *l);
    l->c = c;
    l->end = &l->first;
    l->asked_end = &l->asked;
    return l;
}

static struct sl_charset_list *list_of(const struct sl_endpoint *e)
{
    return e->charset->list;
}

/* ---- where the listing goes through ---- */

/* An entry without a name here, and all in it. */
static bool is_dropped(struct sl_charset_list *l, const struct sl_event *ev)
{
    if (!l->dropping)
        return false;
    if (ev->kind == SL_EVENT_ENTRY)
        l->dropping += ev->entry.type == SL_TYPE_DIR;
    else if (ev->kind == SL_EVENT_END)
        l->dropping--;
    return true;
}

static void turn_entry(struct sl_charset_list *l, struct sl_event *ev)
{
    struct sl_error why = { 0 };
    free(l->target);
    l->target = NULL;
    if (sl_charset_entry_here(l->c, &ev->entry, &l->name, &l->target, &why) == SL_OK) {
        ev->entry.name = l->name.text;
        ev->entry.name_len = l->name.len;
        ev->entry.target = l->target;
        ev->entry.target_len = l->target ? strlen(l->target) : 0;
        return;
    }
    ev->kind = SL_EVENT_ERROR;
    ev->error = why;
    ev->name = ev->entry.name;
    ev->unnamed = true;
    l->dropping = ev->entry.type == SL_TYPE_DIR;
    l->dropped |= l->dropping;
}

static void turn_error(struct sl_charset_list *l, struct sl_event *ev)
{
    sl_charset_message(l->c, &ev->error);
    if (ev->name && *ev->name && sl_charset_name(l->c, SL_CHARSET_HERE, ev->name, strlen(ev->name), &l->name, NULL) == SL_OK)
        ev->name = l->name.text;
}

static enum sl_code next_through(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    struct sl_charset_list *l = list_of(e);
    enum sl_code rc;
    do {
        ev->unnamed = false;
        rc = e->charset->inner->list_next(e, ev, err);
    } while (rc == SL_OK && is_dropped(l, ev));
    if (rc == SL_OK && ev->kind == SL_EVENT_ENTRY)
        turn_entry(l, ev);
    else if (rc == SL_OK && ev->kind == SL_EVENT_ERROR)
        turn_error(l, ev);
    else if (rc != SL_OK && rc != SL_AGAIN && rc != SL_EOF)
        sl_charset_message(l->c, err);
    return rc;
}

/* ---- LISTs ---- */

static void outer_free(struct sl_charset_list *l, struct sl_charset_outer *o)
{
    sl_charset_part_drop(l, o->part);
    free(o->name);
    free(o);
}

/* The first is over. */
static void over(struct sl_endpoint *e)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_charset_outer *o = l->first;
    while (l->depth)
        sl_charset_leave(e);
    if (o->open)
        e->charset->inner->close_dir(e, SL_JOB_LIST, o->id);
    l->first = o->next;
    if (!l->first)
        l->end = &l->first;
    l->begun = l->dropped = false;
    l->dropping = 0;
    l->dirs = 0;
    outer_free(l, o);
}

void sl_charset_list_ask(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_charset_name there = { .len = 0 };
    struct sl_charset_outer *o = sl_calloc(1, sizeof *o);
    o->dir = dir;
    o->flags = flags;
    o->name = sl_strdup(name);
    *l->end = o;
    l->end = &o->next;
    if (*name && sl_charset_name(l->c, SL_CHARSET_THERE, name, strlen(name), &there, &o->err) != SL_OK) {
        o->failed = true;
        return;
    }
    o->sorted = !sl_charset_keeps_order(l->c);
    if (o->sorted)
        sl_charset_begin_sorted(e, o);
    else
        e->charset->inner->list(e, dir, there.len ? there.text : "", flags);
}

enum sl_code sl_charset_list_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    struct sl_charset_list *l = list_of(e);
    struct sl_charset_outer *o = l->first;
    enum sl_code rc;
    if (!o)
        return SL_AGAIN;
    if (o->failed) {
        *err = o->err;
        err->side = e->side;
        rc = err->code;
    } else {
        rc = o->sorted ? sl_charset_sorted_next(e, ev, err) : next_through(e, ev, err);
    }
    if (rc == SL_OK || rc == SL_AGAIN)
        return rc;
    if (o->open && rc != SL_E_CLOSED && rc != SL_E_PROTOCOL && !sl_charset_has_room(e))
        return SL_AGAIN;
    over(e);
    return rc;
}

/* It is dropped when it is left: what was told last may be in it. */
void sl_charset_list_skip(struct sl_endpoint *e, uint64_t number)
{
    struct sl_charset_list *l = list_of(e);
    if (!l->first || l->first->failed)
        return;
    if (!l->first->sorted) {
        if (!l->dropped)
            e->charset->inner->list_skip(e, number);
        return;
    }
    for (size_t i = 0, in = 0; i < l->depth; i++) {
        in |= l->levels[i].number == number;
        l->levels[i].skipped |= in;
    }
}

void sl_charset_list_free(struct sl_charset_list *l)
{
    while (l->asked)                 /* nobody answers any more */
        sl_charset_answered(l, SL_E_CLOSED);
    while (l->depth)
        sl_charset_shut(l, &l->levels[--l->depth]);
    while (l->first) {
        struct sl_charset_outer *o = l->first;
        l->first = o->next;
        outer_free(l, o);
    }
    free(l->levels);
    free(l->target);
    free(l);
}

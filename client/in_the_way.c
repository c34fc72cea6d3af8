/* SPDX-License-Identifier: ISC */
/*
 * in_the_way - whether a directory in the way of something else has anything in it, where the destination's listing does
 * not tell: without --recursive it does not go into directories, unless something is to be deleted in them.
 */
#include "config.h"
#include "client/look.h"
#include "client/plan_priv.h"
#include "proto/msg.h"

enum { ROOM = SL_NAME_MAX + 64 /* of a LIST of one name */ };

bool sl_in_the_way_listed(const struct sl_plan *p)
{
    return p->o->recurse || p->o->del || p->o->force;
}

void sl_in_the_way_clear(struct sl_plan *p)
{
    if (p->in_way)
        sl_look_drop(p->in_way);
    p->in_way = NULL;
    if (p->in_way_at.e)
        sl_cursor_clear(&p->in_way_at);
}

static enum sl_code ask(struct sl_plan *p, const struct sl_entry *d)
{
    uint32_t id = 0;
    if (!p->in_way_at.e) {
        sl_cursor_init(&p->in_way_at, p->dest, SL_JOB_LOOK, p->dest_origin.root, p->dest_origin.base);
        p->in_way_at.detours = &p->detours;
    }
    if (sl_cursor_goto(&p->in_way_at, p->path, sl_plan_level(p)->path_len, &id) != SL_OK || p->dest->ops->room(p->dest, SL_JOB_LOOK) < ROOM)
        return SL_AGAIN;
    p->in_way = sl_look_new();
    p->dest->ops->look(p->dest, id, d->name, SL_LIST_CHILDREN, p->in_way);
    return SL_OK;
}

enum sl_code sl_in_the_way_look(struct sl_plan *p, const struct sl_entry *d, bool *empty)
{
    if (!p->in_way && ask(p, d) != SL_OK)
        return SL_AGAIN;
    if (!p->in_way->done)
        return SL_AGAIN;
    *empty = p->in_way->code == SL_OK && p->in_way->len <= 1;      /* the first is the directory itself */
    sl_look_drop(p->in_way);
    p->in_way = NULL;
    return SL_OK;
}

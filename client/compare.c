/* SPDX-License-Identifier: ISC */
/* compare - what differs between a source entry and the destination's, by the options. */
#include "config.h"
#include "client/plan.h"
#include "proto/msg.h"

#include <string.h>

bool sl_keeps_time(const struct sl_options *o, enum sl_type type)
{
    return o->times && !(type == SL_TYPE_DIR && o->omit_dir_times);
}

bool sl_times_equal(const struct sl_entry *a, const struct sl_entry *b)
{
    return a->mtime_s == b->mtime_s && (!a->mtime_ns || !b->mtime_ns || a->mtime_ns == b->mtime_ns);
}

static bool same_name(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Whether the owner there is another one than the source's would become. */
static enum sl_code owner_differs(struct sl_plan *p, bool group, const struct sl_entry *s, const struct sl_entry *d, bool *differs)
{
    uint32_t from = group ? s->gid : s->uid, to = group ? d->gid : d->uid, there = 0;
    const char *name = group ? s->group : s->user, *old = group ? d->group : d->user;
    bool settable = false;
    *differs = false;
    if (same_name(name, old) || (!name && !old && from == to))
        return SL_OK;
    enum sl_code rc = p->dest->ops->owner(p->dest, group, from, name, &settable, &there);
    if (rc == SL_OK)
        *differs = settable && there != to;
    return rc;
}

enum sl_code sl_compare_meta(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, uint32_t *changes, uint32_t *meta)
{
    uint32_t c = 0, m = 0;
    bool differs = false;
    enum sl_code rc;
    if (p->o->perms && s->type != SL_TYPE_LINK && s->mode != d->mode) {
        c |= SL_CHANGE_PERMS;
        m |= SL_META_MODE;
    }
    if (sl_keeps_time(p->o, s->type) && !sl_times_equal(s, d)) {
        c |= SL_CHANGE_TIME;
        m |= SL_META_MTIME;
    }
    if (p->o->owner && p->dest->can_chown) {
        if ((rc = owner_differs(p, false, s, d, &differs)) != SL_OK)
            return rc;
        if (differs) {
            c |= SL_CHANGE_OWNER;
            m |= SL_META_UID;
        }
    }
    if (p->o->group && p->dest->rights & SL_RIGHT_META) {
        if ((rc = owner_differs(p, true, s, d, &differs)) != SL_OK)
            return rc;
        if (differs) {
            c |= SL_CHANGE_GROUP;
            m |= SL_META_GID;
        }
    }
    /* A change of owner clears setuid and setgid: the mode goes with it. */
    if (m & (SL_META_UID | SL_META_GID) && p->o->perms && s->type != SL_TYPE_LINK)
        m |= SL_META_MODE;
    *changes = c;
    *meta = m;
    return SL_OK;
}

void sl_compare_disarm(const struct sl_plan *p, struct sl_entry *s)
{
    if (s->type != SL_TYPE_FILE || p->dest->uid != 0)
        return;
    if (!p->o->owner)
        s->mode &= ~(uint32_t)04000;
    if (!p->o->group)
        s->mode &= ~(uint32_t)02000;
}

uint32_t sl_meta_of_new(const struct sl_plan *p, const struct sl_entry *s)
{
    uint32_t m = 0;
    if (s->type != SL_TYPE_LINK)
        m |= p->o->perms ? SL_META_MODE : SL_META_MODE | SL_META_UMASK;
    if (sl_keeps_time(p->o, s->type))
        m |= SL_META_MTIME;
    if (p->o->owner && p->dest->can_chown)
        m |= SL_META_UID;
    if (p->o->group)
        m |= SL_META_GID;
    return m;
}

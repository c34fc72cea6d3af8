/* SPDX-License-Identifier: ISC */
/* compare - what differs between a source entry and the destination's, by the options. */
#include "config.h"
#include "client/attrs.h"
#include "client/chmod.h"
#include "client/plan.h"
#include "client/superuser.h"
#include "proto/msg.h"

#include <string.h>

bool sl_keeps_time(const struct sl_options *o, enum sl_type type)
{
    return o->times && !(type == SL_TYPE_DIR && o->omit_dir_times) && !(type == SL_TYPE_LINK && o->omit_link_times);
}

/* a - b, as far as a window can reach. */
static int64_t apart(int64_t a, int64_t b)
{
    int64_t d = 0;
    return __builtin_sub_overflow(a, b, &d) ? a < b ? INT64_MIN : INT64_MAX : d;
}

bool sl_times_equal(const struct sl_options *o, const struct sl_entry *a, const struct sl_entry *b)
{
    if (o->modify_window_given && o->modify_window >= 0) {
        int64_t d = apart(a->mtime_s, b->mtime_s);
        return d <= o->modify_window && d >= -(int64_t)o->modify_window;
    }
    if (o->modify_window_given)
        return a->mtime_s == b->mtime_s && a->mtime_ns == b->mtime_ns;
    return a->mtime_s == b->mtime_s && (!a->mtime_ns || !b->mtime_ns || a->mtime_ns == b->mtime_ns);
}

/* As with rsync, a window counts towards leaving it. */
bool sl_time_newer(const struct sl_options *o, const struct sl_entry *s, const struct sl_entry *d)
{
    if (o->modify_window_given && o->modify_window >= 0)
        return apart(s->mtime_s, d->mtime_s) < o->modify_window;
    return d->mtime_s > s->mtime_s || (d->mtime_s == s->mtime_s && d->mtime_ns > s->mtime_ns && s->mtime_ns);
}

uint32_t sl_mode_over(const struct sl_options *o, const struct sl_entry *s, const struct sl_entry *d)
{
    if (o->perms)
        return s->mode;
    if (!o->executability || s->type != SL_TYPE_FILE || !(s->mode & 0111) == !(d->mode & 0111))
        return d->mode;
    return s->mode & 0111 ? d->mode | (d->mode & 0444) >> 2 : d->mode & ~(uint32_t)0111;
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
        *differs = sl_superuser_may(p, group, there, settable) && there != to;
    return rc;
}

enum sl_code sl_compare_meta(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, uint32_t *changes, uint32_t *meta)
{
    uint32_t c = 0, m = 0;
    bool differs = false;
    enum sl_code rc;
    if (s->type != SL_TYPE_LINK && sl_mode_over(p->o, s, d) != d->mode) {
        c |= SL_CHANGE_PERMS;
        m |= SL_META_MODE;
    }
    if (sl_keeps_time(p->o, s->type) && !sl_times_equal(p->o, s, d)) {
        c |= SL_CHANGE_TIME;
        m |= SL_META_MTIME;
    } else if (p->o->checksum && p->o->times && s->type == SL_TYPE_FILE && (s->mtime_s != d->mtime_s || s->mtime_ns != d->mtime_ns)) {
        m |= SL_META_MTIME;      /* as with rsync: who looks so closely gets the time to the nanosecond, and no line */
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
    if ((rc = sl_attrs_compare(p, s, d, &c, &m)) != SL_OK)
        return rc;
    /* A change of owner clears setuid and setgid: the mode goes with it. */
    if (m & (SL_META_UID | SL_META_GID) && p->o->perms && s->type != SL_TYPE_LINK)
        m |= SL_META_MODE;
    *changes = c;
    *meta = m;
    return SL_OK;
}

void sl_compare_disarm(const struct sl_plan *p, struct sl_entry *s)
{
    uint32_t asked = p->o->chmod ? sl_chmod_gives(p->o->chmod) : 0;
    if (s->type != SL_TYPE_FILE || (p->dest->uid != 0 && !p->dest->fake))
        return;
    if (!p->o->owner || p->o->super < 0)
        s->mode &= ~(uint32_t)04000 | asked;
    if (!p->o->group || p->o->super < 0)
        s->mode &= ~(uint32_t)02000 | asked;
}

/* What stands for a link is a file, with a time that can be set: -J only leaves that alone which a link would have. */
static bool gives_time(const struct sl_plan *p, enum sl_type type)
{
    return sl_keeps_time(p->o, type) || (type == SL_TYPE_LINK && p->o->times && p->dest->fake);
}

uint32_t sl_meta_of_new(const struct sl_plan *p, const struct sl_entry *s)
{
    uint32_t m = 0;
    if (s->type != SL_TYPE_LINK)
        m |= p->o->perms ? SL_META_MODE : SL_META_MODE | SL_META_UMASK;
    if (gives_time(p, s->type))
        m |= SL_META_MTIME;
    if (p->o->owner && p->dest->can_chown)
        m |= SL_META_UID;
    if (p->o->group && !p->keeps_group)
        m |= SL_META_GID;
    return m | sl_attrs_of_new(p, s, NULL);
}

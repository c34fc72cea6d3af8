/* SPDX-License-Identifier: ISC */
/*
 * superuser - see superuser.h. What an account may do, it does, whatever is said; --super only makes an error of what it
 * may not. --no-super holds root back, as rsync does: no owners, no devices, and no groups but those that it is in.
 */
#include "config.h"
#include "client/superuser.h"
#include "client/plan_priv.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum sl_code sl_superuser_begin(const struct sl_options *o, struct sl_endpoint *dest, struct sl_error *err)
{
    if (o->super >= 0)
        return SL_OK;
    if (dest->remote && dest->uid == 0 && o->group) {
        err->side = dest->side;
        return sl_fail(err, SL_E_CONFIG, "--no-super: which groups root is in there can't be known; use --no-group with it");
    }
    dest->can_chown = false;
    return SL_OK;
}

static bool is_in(uint32_t gid)
{
    gid_t groups[1024];
    int n = getgroups(1024, groups);
    for (int i = 0; i < n; i++)
        if (groups[i] == gid)
            return true;
    return gid == getegid();
}

bool sl_superuser_may(const struct sl_plan *p, bool group, uint32_t there, bool settable)
{
    if (p->o->super >= 0 || !group || p->dest->remote)
        return settable;
    return settable && is_in(there);
}

static void tell(struct sl_plan *p, bool group, const struct sl_entry *s)
{
    struct sl_error err = { .code = SL_E_DENIED, .side = p->dest->side };
    size_t keep = sl_plan_level(p)->path_len;
    snprintf(err.text, sizeof err.text, "cannot set the %s of '%s': the account there may not", group ? "group" : "owner", s->name);
    sl_plan_path_put(p, keep, s);
    sl_plan_entry_failed(p, &err, p->path);
    p->path[keep] = '\0';
}

static bool same(const char *a, const char *b, uint32_t x, uint32_t y)
{
    return a && b ? strcmp(a, b) == 0 : !a && !b && x == y;
}

/* Whether one half may be given, or need not be. */
static enum sl_code ask(struct sl_plan *p, bool group, const struct sl_entry *s, const struct sl_entry *d, bool *may)
{
    uint32_t number = group ? s->gid : s->uid, there = 0;
    const char *name = group ? s->group : s->user;
    bool settable = false;
    if (d && p->o->super > 0 && same(name, group ? d->group : d->user, number, group ? d->gid : d->uid))
        return SL_OK;
    enum sl_code rc = p->dest->ops->owner(p->dest, group, number, name, &settable, &there);
    if (rc == SL_OK)
        *may = sl_superuser_may(p, group, there, settable) || (!group && !d && number == p->dest->uid);
    return rc;
}

enum sl_code sl_superuser_look(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    bool user = true, group = true;
    enum sl_code rc = SL_OK;
    if (p->o->owner && p->o->super > 0)
        rc = ask(p, false, s, d, &user);
    if (rc == SL_OK && p->o->group)
        rc = ask(p, true, s, d, &group);
    if (rc != SL_OK)
        return rc;
    p->keeps_group = !group && p->o->super < 0;
    if (p->o->super > 0 && !user)
        tell(p, false, s);
    if (p->o->super > 0 && !group)
        tell(p, true, s);
    return SL_OK;
}

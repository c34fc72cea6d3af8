/* SPDX-License-Identifier: ISC */
/*
 * attrs - see attrs.h. Sets are compared as bytes first. ACLs that differ may yet be the same: their users and groups are who they
 * become at the destination.
 */
#include "config.h"
#include "client/alter_acls.h"
#include "client/attrs.h"
#include "client/attrs_rules.h"
#include "base/mem.h"
#include "proto/msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- before the run ---- */

static uint32_t asked_for(const struct sl_options *o)
{
    uint32_t f = o->xattrs ? SL_ATTRS_XATTRS | SL_ATTRS_RSYNC : 0;
    f |= o->acls ? SL_ATTRS_ACLS : 0;
    f |= o->numeric_ids && o->acls ? SL_ATTRS_NUMERIC : 0;
    return f | (o->atimes ? SL_ATTRS_ATIME : 0);
}

static const char *name_of(const struct sl_options *o)
{
    return o->xattrs ? "xattrs" : o->acls ? "acls" : o->atimes ? "atimes" : "open-noatime";
}

enum sl_code sl_attrs_possible(const struct sl_options *o, const struct sl_endpoint *e, struct sl_error *err)
{
    if (e->attrs || !(asked_for(o) & ~(uint32_t)SL_ATTRS_NUMERIC || o->open_noatime))
        return SL_OK;
    sl_fail(err, SL_E_VERSION, "--%s: the server has no such thing; it is older than this", name_of(o));
    err->side = e->side;
    return SL_E_VERSION;
}

/* As with rsync, who is not root keeps only what is of users. What the rights alone keep back was told (client/permit.c). */
static uint32_t settable(struct sl_plan *p, uint32_t f)
{
    const struct sl_endpoint *d = p->dest;
    if (!(d->rights & SL_RIGHT_META)) {
        p->failed = true;
        return 0;
    }
    if (!(f & SL_ATTRS_XATTRS) || d->fake || (d->uid == 0 && d->rights & SL_RIGHT_SPECIAL && p->o->super >= 0))
        return f;
    if (d->uid == 0 && p->o->super < 0)      /* root is to be held back */
        return f | SL_ATTRS_USER;
    p->failed |= d->uid == 0;
    return f | SL_ATTRS_USER;
}

/* rsync's own are not copied, and what the destination has of them is not the source's. */
uint32_t sl_attrs_of_source(const struct sl_plan *p)
{
    return p->o->xattrs > 1 ? p->attrs : p->attrs & ~(uint32_t)SL_ATTRS_RSYNC;
}

void sl_attrs_agree(struct sl_plan *p)
{
    uint32_t f = asked_for(p->o);
    p->attrs = f & (SL_ATTRS_SETS | SL_ATTRS_ATIME) ? settable(p, f) : 0;
    p->attrs_ruled = p->attrs & SL_ATTRS_XATTRS && sl_attrs_ruled(p->o->filters);
    p->dest->tells = p->attrs;
    p->dest->no_atime = p->o->open_noatime;
    for (size_t i = 0; i < p->alternates.len; i++)
        p->alternates.at[i].lists->tells = p->attrs;
    for (size_t i = 0; i < p->source.count; i++) {
        p->source.streams[i]->e->tells = sl_attrs_of_source(p);
        p->source.streams[i]->e->no_atime = p->o->open_noatime;
    }
}

void sl_attrs_list(const struct sl_options *o, struct sl_endpoint *e)
{
    e->tells = o->atimes ? SL_ATTRS_ATIME : 0;
}

/* ---- what differs ---- */

static bool named(const struct sl_acl_entry *e)
{
    return e->tag == SL_ACL_USER || e->tag == SL_ACL_GROUP;
}

/* The entries of an ACL in a fresh array. there: with the numbers that they get at the destination. */
static enum sl_code entries_of(struct sl_plan *p, const struct sl_attr *a, bool there, struct sl_acl_entry **out, size_t *count)
{
    struct sl_acl_rd r;
    struct sl_acl_entry e, *list = sl_calloc(a->value_len / 2 + 1, sizeof *list);
    enum sl_code rc = SL_OK;
    bool settable;
    *count = 0;
    sl_acl_open(&r, a);
    while (rc == SL_OK && sl_acl_next(&r, &e)) {
        char name[SL_OWNER_NAME_MAX + 1];
        if (e.name_len)
            memcpy(name, e.name, e.name_len);
        name[e.name_len] = '\0';
        if (there && named(&e))
            rc = p->dest->ops->owner(p->dest, e.tag == SL_ACL_GROUP, e.id, name, &settable, &e.id);
        list[(*count)++] = e;
    }
    *count = sl_acl_settle(list, *count);
    *out = list;
    return rc;
}

static enum sl_code acl_differs(struct sl_plan *p, const struct sl_attr *s, const struct sl_attr *d, bool *differs)
{
    struct sl_acl_entry *a = NULL, *b = NULL;
    size_t n = 0, m = 0;
    if (s->value_len == d->value_len && memcmp(s->value, d->value, s->value_len) == 0)
        return SL_OK;
    enum sl_code rc = entries_of(p, s, true, &a, &n);
    if (rc == SL_OK)
        rc = entries_of(p, d, false, &b, &m);
    if (rc == SL_OK) {
        *differs |= n != m;
        for (size_t i = 0; i < n && n == m; i++)
            *differs |= a[i].tag != b[i].tag || a[i].id != b[i].id || a[i].perms != b[i].perms;
    }
    free(a);
    free(b);
    return rc;
}

static uint32_t letter(const struct sl_attr *a)
{
    return sl_attr_is_acl(a->name, a->name_len) ? SL_CHANGE_ACL : SL_CHANGE_XATTR;
}

enum sl_code sl_attrs_judge(struct sl_plan *p, const struct sl_attr_sets *sets, uint32_t *changes)
{
    struct sl_attrs_rd there, here;
    struct sl_attr s, d;
    uint32_t c = 0;
    sl_attrs_open(&there, sets->there, sets->there_len);
    sl_attrs_open(&here, sets->here, sets->here_len);
    bool more_s = sl_attrs_next(&there, &s), more_d = sl_attrs_next(&here, &d);
    while (more_s || more_d) {
        int n = !more_s ? 1 : !more_d ? -1 : sl_attr_order(&s, &d);
        bool differs = n != 0;
        if (!n && letter(&s) == SL_CHANGE_ACL) {
            enum sl_code rc = acl_differs(p, &s, &d, &differs);
            if (rc != SL_OK)
                return rc;
        } else if (!n) {
            differs = s.value_len != d.value_len || memcmp(s.value, d.value, s.value_len) != 0;
        }
        c |= differs ? letter(n <= 0 ? &s : &d) : 0;
        more_s = n <= 0 ? sl_attrs_next(&there, &s) : more_s;
        more_d = n >= 0 ? sl_attrs_next(&here, &d) : more_d;
    }
    *changes |= c;
    return SL_OK;
}

static bool has_atime(const struct sl_plan *p, const struct sl_entry *s)
{
    return p->attrs & SL_ATTRS_ATIME && s->type != SL_TYPE_DIR;
}

static bool is_short(const struct sl_attrs_brief *b)
{
    return b->len <= SL_ATTRS_SHORT;
}

enum sl_code sl_attrs_compare(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, uint32_t *changes, uint32_t *meta)
{
    uint32_t c = 0;
    enum sl_code rc = SL_OK;
    /* A link's changes by looking where it leads. */
    if (has_atime(p, s) && s->type != SL_TYPE_LINK && (s->atime_s != d->atime_s || (s->atime_ns && d->atime_ns && s->atime_ns != d->atime_ns))) {
        *changes |= SL_CHANGE_ATIME;
        *meta |= SL_META_ATIME;
    }
    if (!(p->attrs & SL_ATTRS_SETS) || s->attrs.len == SL_ATTRS_UNKNOWN)
        return SL_OK;
    /* What a long one becomes is known when it was asked for. */
    bool maps = sl_alter_acls_wanted(p->o) && !is_short(&s->attrs);
    if (!maps && sl_attrs_same(&s->attrs, &d->attrs))
        return SL_OK;
    if (is_short(&s->attrs) && is_short(&d->attrs) && !p->attrs_ruled)
        rc = sl_attrs_judge(p, &(struct sl_attr_sets){ s->attrs.bytes, d->attrs.bytes, s->attrs.len, d->attrs.len }, &c);
    else
        c = SL_CHANGE_ATTRS;
    *changes |= c;
    *meta |= c ? (uint32_t)SL_META_ATTRS : 0;
    return rc;
}

uint32_t sl_attrs_of_new(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    uint32_t meta = has_atime(p, s) ? SL_META_ATIME : 0;
    /* Without any a new thing may yet have an ACL from its directory. */
    bool some = p->attrs & SL_ATTRS_ACLS && s->type != SL_TYPE_LINK;
    some = some || (p->attrs & SL_ATTRS_SETS && (s->attrs.len || (d && d->attrs.len)));
    return some && s->attrs.len != SL_ATTRS_UNKNOWN ? meta | SL_META_ATTRS : meta;
}

void sl_attrs_unread(struct sl_plan *p, const struct sl_attrs_brief *attrs, const char *path)
{
    struct sl_error err = { .code = (enum sl_code)attrs->bytes[0], .side = SL_SIDE_SOURCE };
    const char *why = err.code == SL_E_TOO_BIG ? "they are more than 1 MiB" : sl_code_text(err.code);
    snprintf(err.text, sizeof err.text, "cannot read the extended attributes of '%.255s': %s", path, why);
    p->failed = true;
    p->stats.errors++;
    sl_report_error(p->report, &err, path);
}

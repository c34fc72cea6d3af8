/* SPDX-License-Identifier: ISC */
/*
 * exec_attrs - the attributes of what is made or changed: sent ahead of the request that they belong to. A short set has come with
 * the listing. A long one is asked for ahead of its turn, and where only hashes could be compared also the destination's, so that what is told
 * is what differs. Only a bounded number of sets is held at a time.
 */
#include "config.h"
#include "client/alter_acls.h"
#include "client/attrs.h"
#include "client/attrs_rules.h"
#include "client/exec_priv.h"
#include "client/plan_priv.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_MAX = 512, HELD_MAX = 4 * 1024 * 1024, ROOM_LEAST = 4096 };

struct sl_attrs_job {
    struct sl_fetch *there, *here;   /* of the source, of the destination; NULL: not asked for */
    bool settled;
    struct sl_buf set;               /* where rules choose: what is to be given */
    struct sl_buf mapped;            /* of `there`, where owners in ACLs become others */
    size_t sent;
    bool all_sent;
};

void sl_attrs_job_free(struct sl_attrs_job *j)
{
    if (!j)
        return;
    if (j->there)
        sl_fetch_drop(j->there);
    if (j->here)
        sl_fetch_drop(j->here);
    sl_buf_clear(&j->set);
    sl_buf_clear(&j->mapped);
    free(j);
}

static struct sl_attrs_job *job_of(struct sl_action *a)
{
    if (!a->attrs)
        a->attrs = sl_calloc(1, sizeof *a->attrs);
    return a->attrs;
}

static bool is_long(const struct sl_action *a)
{
    return a->entry.attrs.len > SL_ATTRS_SHORT;
}

/* Whether only hashes were compared. */
static bool unsure(const struct sl_action *a)
{
    return a->changes & SL_CHANGE_ATTRS;
}

/* Whether it may set anything: what becomes another name of a file does not. */
static bool gives(const struct sl_action *a)
{
    return a->kind != SL_ACT_LINK;
}

/* Whether the source's set, which the listing did not have, is needed. A part of a file has none. */
static bool needs_there(const struct sl_plan *p, const struct sl_action *a)
{
    if (a->kind == SL_ACT_PART || a->kind == SL_ACT_DROP || a->kind == SL_ACT_REMOVE || !is_long(a))
        return false;
    return unsure(a) || (gives(a) && a->meta & SL_META_ATTRS && !p->o->dry_run);
}

/* Whether the destination's is: to be compared, or because some of it stays. What something takes the place of that an alternate has too is
 * not what it was compared with. */
static bool needs_here(const struct sl_plan *p, const struct sl_action *a)
{
    if (a->kind == SL_ACT_PART || a->kind == SL_ACT_DROP || a->kind == SL_ACT_REMOVE || a->fresh)
        return false;
    return unsure(a) || (gives(a) && p->attrs_ruled && a->meta & SL_META_ATTRS && !(a->changes & SL_CHANGE_NEW) && !p->o->dry_run);
}

static size_t held(const struct sl_fetch *f)
{
    return f && f->done ? f->len : 0;
}

/* ---- asking ---- */

static enum sl_code ask_there(struct sl_lane *l, struct sl_action *a)
{
    struct sl_endpoint *e = sl_lane_source(l, a->origin->e);
    uint32_t id = 0;
    if (sl_exec_move_to(l, &l->hash_there, a, &id) != SL_OK || e->ops->room(e, SL_JOB_HASH) < SL_NAME_MAX + 64)
        return SL_AGAIN;
    struct sl_fetch *f = job_of(a)->there = sl_calloc(1, sizeof *f);
    e->ops->get_attrs(e, id, sl_exec_source_name(a), sl_attrs_of_source(l->plan), f);
    return SL_OK;
}

static enum sl_code ask_here(struct sl_lane *l, struct sl_action *a)
{
    uint32_t id = 0;
    if (sl_cursor_goto(&l->hash_here, a->path, a->dir_len, &id) != SL_OK || l->dest->ops->room(l->dest, SL_JOB_HASH) < SL_NAME_MAX + 64)
        return SL_AGAIN;
    struct sl_fetch *f = job_of(a)->here = sl_calloc(1, sizeof *f);
    l->dest->ops->get_attrs(l->dest, id, a->entry.name, l->plan->attrs, f);
    return SL_OK;
}

static enum sl_code ask(struct sl_lane *l, struct sl_action *a)
{
    const struct sl_attrs_job *j = a->attrs;
    enum sl_code rc = SL_OK;
    if (j && j->settled)
        return SL_OK;
    if (needs_there(l->plan, a) && !(j && j->there))
        rc = ask_there(l, a);
    if (rc == SL_OK && needs_here(l->plan, a) && !(a->attrs && a->attrs->here))
        rc = ask_here(l, a);
    return rc;
}

void sl_exec_attrs_ask(struct sl_lane *l)
{
    size_t bytes = 0;
    if (!(l->plan->attrs & SL_ATTRS_SETS))
        return;
    for (size_t i = 0; i < l->queue.len && i < AHEAD_MAX && bytes < HELD_MAX; i++) {
        struct sl_action *a = sl_queue_at(&l->queue, i);
        if (ask(l, a) != SL_OK)
            return;
        bytes += a->attrs ? held(a->attrs->there) + held(a->attrs->here) : 0;
    }
}

/* ---- settling ---- */

/* The source's set can't be had: the thing goes without. */
static void lost_there(struct sl_plan *p, struct sl_action *a, struct sl_error *why)
{
    a->changes &= ~(uint32_t)SL_CHANGE_ATTRS;
    a->meta &= ~(uint32_t)SL_META_ATTRS;
    why->side = SL_SIDE_SOURCE;
    sl_plan_entry_failed(p, why, a->path);
}

/* NULL, or why it is none. */
static struct sl_error *fault(struct sl_fetch *f)
{
    if (f->code == SL_OK && !sl_attrs_ok((const uint8_t *)f->text, f->len))
        f->code = sl_fail(&f->err, SL_E_INVALID, "what came is no set of attributes");
    return f->code == SL_OK ? NULL : &f->err;
}

static struct sl_attr_sets sets_of(const struct sl_action *a)
{
    const struct sl_attrs_job *j = a->attrs;
    struct sl_attr_sets s = { .there = a->entry.attrs.bytes, .there_len = is_long(a) ? 0 : a->entry.attrs.len };
    if (j && j->there && j->there->code == SL_OK) {
        bool mapped = sl_buf_len(&j->mapped);
        s.there = mapped ? sl_buf_ptr(&j->mapped) : (const uint8_t *)j->there->text;
        s.there_len = mapped ? sl_buf_len(&j->mapped) : j->there->len;
    }
    if (j && j->here && j->here->code == SL_OK) {
        s.here = (const uint8_t *)j->here->text;
        s.here_len = j->here->len;
    }
    return s;
}

/* What was taken for a change and is none. */
static void no_change(struct sl_plan *p, struct sl_action *a)
{
    if (a->kind == SL_ACT_META || a->kind == SL_ACT_NOTHING)
        a->meta &= ~(uint32_t)SL_META_ATTRS;
    if (a->kind == SL_ACT_META && !a->meta)
        a->kind = SL_ACT_NOTHING;
    a->quiet = a->quiet || (a->kind == SL_ACT_NOTHING && !a->changes && !sl_plan_told(p, 0));
}

/* The letters of what differs, of what the rules leave. */
static enum sl_code judge(struct sl_plan *p, const struct sl_attr_sets *sets, uint32_t *changes)
{
    struct sl_buf there = { 0 }, here = { 0 };
    if (!p->attrs_ruled)
        return sl_attrs_judge(p, sets, changes);
    sl_attrs_joined(p->o->filters, &(struct sl_attr_sets){ .there = sets->there, .there_len = sets->there_len }, &there);
    sl_attrs_without(p->o->filters, sets->here, sets->here_len, SL_RULE_RECEIVER, &here);
    enum sl_code rc = sl_attrs_judge(p, &(struct sl_attr_sets){ sl_buf_ptr(&there), sl_buf_ptr(&here), sl_buf_len(&there), sl_buf_len(&here) },
                                     changes);
    sl_buf_clear(&there);
    sl_buf_clear(&here);
    return rc;
}

static enum sl_code settle(struct sl_plan *p, struct sl_action *a)
{
    struct sl_attrs_job *j = job_of(a);
    struct sl_error *why = j->there ? fault(j->there) : NULL;
    uint32_t c = 0;
    if (why)
        lost_there(p, a, why);
    else if (j->there && !sl_buf_len(&j->mapped) && sl_alter_acls_wanted(p->o))
        sl_alter_acls(p->o, (const uint8_t *)j->there->text, j->there->len, &j->mapped);
    if (j->here)
        (void)fault(j->here);            /* what is not to be known counts as none: then all of it is set */
    struct sl_attr_sets sets = sets_of(a);
    if (unsure(a)) {
        enum sl_code rc = judge(p, &sets, &c);
        if (rc != SL_OK)
            return rc;
        a->changes = (a->changes & ~(uint32_t)SL_CHANGE_ATTRS) | c;
        if (!c)
            no_change(p, a);
    }
    if (p->attrs_ruled)
        sl_attrs_joined(p->o->filters, &sets, &j->set);
    j->settled = true;
    return SL_OK;
}

enum sl_code sl_exec_attrs_ready(struct sl_lane *l, struct sl_action *a)
{
    if (a->attrs && a->attrs->settled)
        return SL_OK;
    if (!unsure(a) && !needs_here(l->plan, a) && !needs_there(l->plan, a) && !(l->plan->attrs_ruled && a->meta & SL_META_ATTRS))
        return SL_OK;
    enum sl_code rc = ask(l, a);
    const struct sl_attrs_job *j = a->attrs;
    if (rc != SL_OK || (j && j->there && !j->there->done) || (j && j->here && !j->here->done))
        return SL_AGAIN;
    return settle(l->plan, a);
}

/* ---- sending ---- */

/* Something new without any has none to lose but an ACL. */
static uint32_t flags_of(const struct sl_plan *p, const struct sl_action *a, size_t len)
{
    uint32_t f = a->meta & SL_META_ATTRS ? p->attrs & ~(uint32_t)SL_ATTRS_ATIME : 0;
    if (!len && a->changes & SL_CHANGE_NEW)
        f &= SL_ATTRS_ACLS;
    return f | (a->meta & SL_META_ATIME ? (uint32_t)SL_ATTRS_ATIME : 0);
}

enum sl_code sl_exec_attrs_send(struct sl_lane *l, struct sl_action *a)
{
    struct sl_endpoint *d = l->dest;
    if (!(a->meta & (SL_META_ATTRS | SL_META_ATIME)) || (a->attrs && a->attrs->all_sent))
        return SL_OK;
    struct sl_attrs_job *j = job_of(a);
    struct sl_attr_sets sets = sets_of(a);
    if (l->plan->attrs_ruled) {
        sets.there = sl_buf_ptr(&j->set);
        sets.there_len = sl_buf_len(&j->set);
    }
    struct sl_attrs_want w = { .flags = flags_of(l->plan, a, sets.there_len), .set = sets.there, .len = sets.there_len,
                               .atime_s = a->entry.atime_s, .atime_ns = a->entry.atime_ns };
    if (!(w.flags & SL_ATTRS_SETS))
        w.len = 0;
    do {
        size_t n = w.len - j->sent, room = d->ops->room(d, SL_JOB_WORK);
        if (room < ROOM_LEAST)
            return SL_AGAIN;
        n = n < SL_ATTRS_PIECE ? n : SL_ATTRS_PIECE;
        n = n < room - 64 ? n : room - 64;
        d->ops->attrs(d, &w, j->sent, n);
        j->sent += n;
    } while (j->sent < w.len);
    j->all_sent = true;
    return SL_OK;
}

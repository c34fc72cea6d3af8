/* SPDX-License-Identifier: ISC */
/* hard - see hard.h. */
#include "config.h"
#include "client/hard.h"
#include "client/backup.h"
#include "client/delay.h"
#include "client/follow.h"
#include "client/take_source.h"
#include "base/mem.h"
#include "client/exec_priv.h"
#include "client/plan_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Leaders in a row to which nothing could be linked, before the group is given up: a file system without hard links
 * refuses each. */
enum { VAIN_MAX = 3 };

void sl_hard_init(struct sl_plan *p)
{
    const struct sl_options *o = p->o;
    if (o->hard_links && p->dest->links)
        p->groups = sl_groups_new(o->source_count == 1 && !o->files_from && !sl_follow_wanted(o));
}

/* ---- roles ---- */

static bool is_content(enum sl_action_kind kind)
{
    return kind == SL_ACT_FILE || kind == SL_ACT_COMPARE;
}

/* Whether a name is the leader's file at the destination already. */
static bool is_same(const struct sl_group *g, uint64_t dev, uint64_t ino)
{
    return g->state == SL_GROUP_THERE && ino && g->there_ino == ino && g->there_dev == dev;
}

/* What is not rewritten is there already; so nobody has to wait for it. */
static void lead(struct sl_plan *p, struct sl_group *g, struct sl_action *a)
{
    bool there = a->kind == SL_ACT_NOTHING || a->kind == SL_ACT_META;
    sl_group_call(p->groups, g, a->path, a->dir_len);
    g->lead++;
    g->linked = g->waits = false;
    g->there_dev = a->role.there_dev;
    g->there_ino = a->role.there_ino;
    g->stays = p->o->inplace && is_content(a->kind) && a->role.there;
    g->state = there ? SL_GROUP_THERE : SL_GROUP_ON_ITS_WAY;
    a->role.group = there ? NULL : g;
    a->role.follows = false;
}

static void follow(struct sl_plan *p, struct sl_group *g, struct sl_action *a)
{
    if (a->waits) {
        a->waits = false;
        sl_plan_level(p)->waiting--;
    }
    a->role.otherwise = a->kind;
    a->role.group = g;
    a->role.follows = true;
    a->kind = SL_ACT_LINK;
    g->users++;
}

/* The name needs no link: it is one file with the leader. What its metadata lacks the leader's action gives it. */
static void same_already(const struct sl_plan *p, struct sl_action *a)
{
    a->kind = SL_ACT_NOTHING;
    a->update = SL_UPDATE_LINKED;
    a->changes = a->meta = 0;
    a->quiet = !sl_plan_told(p, 0);
}

static void take_role(struct sl_plan *p, struct sl_group *g, struct sl_action *a)
{
    if (g->state == SL_GROUP_NONE)
        lead(p, g, a);
    else if (is_same(g, a->role.there_dev, a->role.there_ino) && !is_content(a->kind))
        same_already(p, a);
    else
        follow(p, g, a);
    sl_groups_done(p->groups, g);
}

static void note_there(struct sl_action *a, const struct sl_entry *d)
{
    if (!d)
        return;
    a->role.there = true;
    a->role.there_dev = d->names ? d->dev : 0;
    a->role.there_ino = d->names ? d->ino : 0;
}

static bool concerns(struct sl_plan *p, const struct sl_entry *s)
{
    p->failed |= p->o->hard_links && s->names && !p->groups; /* the rights there do not cover it: that was told */
    return p->groups && s->names;
}

void sl_hard_before(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    const struct sl_group *g = p->groups && s->names ? sl_groups_find(p->groups, s) : NULL;
    if (g && g->state != SL_GROUP_NONE && !(d->names && is_same(g, d->dev, d->ino)))
        sl_plan_touch(p);
}

void sl_hard_action(struct sl_plan *p, struct sl_action *a, const struct sl_entry *s, const struct sl_entry *d)
{
    if (!concerns(p, s))
        return;
    note_there(a, d);
    take_role(p, sl_groups_meet(p->groups, s), a);
    if (a->kind == SL_ACT_LINK && d)
        sl_backup_mark(p, a, d);
    if (a->kind == SL_ACT_LINK && is_content(a->role.otherwise))
        p->progress.bytes_total -= s->size;
}

void sl_hard_unchanged(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin)
{
    if (!concerns(p, s))
        return;
    const struct sl_group *g = sl_groups_find(p->groups, s);
    struct sl_action none = { .kind = SL_ACT_NOTHING };
    note_there(&none, d);
    if (g && g->state != SL_GROUP_NONE && !is_same(g, none.role.there_dev, none.role.there_ino)) {
        struct sl_action *a = sl_plan_push(p, SL_ACT_LINK, s, origin);
        a->kind = SL_ACT_NOTHING;
        a->flags = SL_PUT_REPLACE;
        a->quiet = true;
        sl_hard_action(p, a, s, d);
        return;
    }
    struct sl_group *met = sl_groups_meet(p->groups, s);
    size_t dir = sl_plan_level(p)->path_len;
    if (met->state == SL_GROUP_NONE) {
        none.dir_len = dir;
        sl_plan_path_put(p, dir, s);         /* it may move */
        none.path = p->path;
        lead(p, met, &none);
        p->path[dir] = '\0';
    }
    sl_groups_done(p->groups, met);
}

void sl_hard_defer(struct sl_plan *p, struct sl_action *a, const struct sl_entry *s)
{
    if (!concerns(p, s))
        return;
    a->role.group = sl_groups_meet(p->groups, s);
    a->role.group->users++;
}

void sl_hard_deferred(struct sl_plan *p, struct sl_action *a)
{
    struct sl_group *g = a->role.group;
    if (!g)
        return;
    g->users--;
    a->role.group = NULL;
    take_role(p, g, a);
}

/* ---- waiting ---- */

/* Nothing can be linked, or there is nothing to link to: it is what it was. */
static void instead(struct sl_plan *p, struct sl_action *a)
{
    a->kind = a->role.otherwise;
    if (is_content(a->kind))
        p->progress.bytes_total += a->entry.size;
}

static void leave(struct sl_plan *p, struct sl_group *g, struct sl_hard_role *role)
{
    g->users--;
    role->group = NULL;
    sl_groups_done(p->groups, g);
}

/* All of them, or where the leader failed the first, which leads then. */
static void release(struct sl_plan *p, struct sl_group *g, bool all)
{
    while (g->waiting) {
        sl_group_release(g, sl_queue_push(&p->again));
        p->held--;
        if (!all)
            break;
    }
}

bool sl_hard_waits(struct sl_plan *p, struct sl_action *a)
{
    struct sl_group *g = a->role.group;
    if (g->vain >= VAIN_MAX) {
        instead(p, a);
        leave(p, g, &a->role);
    } else if (g->state == SL_GROUP_ON_ITS_WAY) {
        return true;
    } else if (g->state == SL_GROUP_NONE) {
        instead(p, a);
        g->users--;
        lead(p, g, a);
        if (g->state == SL_GROUP_THERE)                      /* nobody has to wait for it: nor those that waited for the one before it */
            release(p, g, true);
        sl_groups_done(p->groups, g);
    } else if (is_same(g, a->role.there_dev, a->role.there_ino)) {
        same_already(p, a);
        g->linked = true;
        leave(p, g, &a->role);
    }
    return false;
}

void sl_hard_hold(struct sl_plan *p, struct sl_queue *from)
{
    struct sl_action a;
    sl_queue_take(from, &a);
    sl_group_hold(a.role.group, &a);
    p->held++;
}

void sl_hard_over(struct sl_plan *p, uint64_t seq, const struct sl_hard_role *role, enum sl_action_kind kind)
{
    struct sl_group *g = role->group;
    if (!g || !seq)
        return;
    if (role->follows) {
        g->users--;
    } else {
        bool stays = kind == SL_ACT_META || kind == SL_ACT_NOTHING || g->stays;
        g->state = role->lost ? SL_GROUP_NONE : SL_GROUP_THERE;
        if (!stays)
            g->there_dev = g->there_ino = 0;
        release(p, g, !role->lost);
    }
    sl_groups_done(p->groups, g);
}

/* ---- links ---- */

static void tell(struct sl_plan *p, const struct sl_action *a)
{
    char *leader = sl_group_path(a->role.group);
    uint32_t changes = a->changes & ~(uint32_t)(SL_CHANGE_CHECKSUM | SL_CHANGE_TARGET);
    if (!p->o->times && !(changes & SL_CHANGE_NEW))
        changes |= SL_CHANGE_TIME_NOW;
    struct sl_report_item item = { .update = SL_UPDATE_LINKED,
                                   .changes = changes,
                                   .entry = &a->entry,
                                   .path = a->path,
                                   .front = a->origin->front,
                                   .leader = leader };
    if (changes & SL_CHANGE_NEW)
        p->stats.created[a->entry.type]++;
    if (!a->redo)
        sl_report_item(p->report, &item);
    free(leader);
}

/* The leader's directory may long have been left: it is opened anew from the root. */
enum sl_code sl_hard_link(struct sl_lane *l, struct sl_action *a)
{
    struct sl_endpoint *d = l->dest;
    struct sl_group *g = a->role.group;
    uint32_t from = 0, to = 0;
    size_t n = 0;
    if (is_same(g, a->role.there_dev, a->role.there_ino)) {   /* with a leader that came meanwhile */
        same_already(l->plan, a);
        g->linked = true;
        leave(l->plan, g, &a->role);
        sl_exec_report(l->plan, a, 0);
        sl_exec_skip(l);
        return SL_OK;
    }
    const char *dir = sl_group_dir(g, &n);
    bool beside = n == a->dir_len && memcmp(dir, a->path, n) == 0;
    if (sl_cursor_goto(&l->write_at, a->path, a->dir_len, &to) != SL_OK)
        return SL_AGAIN;
    from = to;
    if ((!beside && sl_cursor_goto(&l->link_at, dir, n, &from) != SL_OK) || d->ops->room(d, SL_JOB_WORK) < SL_HEAD_ROOM)
        return SL_AGAIN;
    if (sl_backup_send(l, a, to, SL_HEAD_ROOM) != SL_OK)
        return SL_AGAIN;
    a->role.lead = g->lead;
    struct sl_pending *under_way = sl_pending_push(l);
    under_way->link = sl_malloc(sizeof *a);
    sl_queue_take(&l->queue, under_way->link);
    a = under_way->link;
    under_way->kind = SL_ACT_LINK;
    under_way->seq = a->seq;
    under_way->weight = a->weight;
    under_way->changed = true;
    sl_pending_take_backup(under_way, l);
    l->took_failure = false;
    under_way->source_taken = sl_take_of(l->plan, a);
    sl_delay_mark(l, under_way, a);
    under_way->ticket = d->issued[SL_JOB_WORK] + 1; /* a local tree fails within the call */
    l->current = NULL;
    uint32_t flags = SL_PUT_REPLACE | (sl_delay_holds(l->plan, a) ? (uint32_t)SL_PUT_HOLD : 0);
    struct sl_names names = {
        .from_dir = from, .to_dir = to, .from = g->name, .to = a->entry.name, .flags = flags
    };
    d->ops->link(d, &names);
    under_way->ticket = d->issued[SL_JOB_WORK];
    return SL_OK;
}

void sl_hard_pretend(struct sl_plan *p, struct sl_action *a)
{
    tell(p, a);
}

/* The action of a LINK that is over. */
static void drop(struct sl_plan *p, struct sl_pending *n)
{
    leave(p, n->link->role.group, &n->link->role);
    sl_action_clear(n->link);
    free(n->link);
    n->link = NULL;
}

void sl_hard_linked(struct sl_plan *p, struct sl_pending *n)
{
    if (!n->link)
        return;
    struct sl_group *g = n->link->role.group;
    if (!n->failed) {
        tell(p, n->link);
        g->linked = true;
        g->vain = 0;
    }
    drop(p, n);
}

/* Copying would fail as well. */
static bool lasting(enum sl_code code)
{
    return code == SL_E_NO_SPACE || code == SL_E_QUOTA || code == SL_E_READ_ONLY || code == SL_E_RIGHTS ||
           code == SL_E_IS_DIR;
}

/* A file system without hard links, or one that allows none to this account. */
static bool refuses_all(enum sl_code code)
{
    return code == SL_E_UNSUPPORTED || code == SL_E_DENIED;
}

/* What may be said of each file of a tree is said once. */
static void warn(struct sl_plan *p, const struct sl_action *a, const struct sl_error *why)
{
    struct sl_error err = *why;
    sl_error_context(&err, refuses_all(why->code) ? "copies are made in place of hard links"
                                                  : "a copy is made in place of a hard link");
    p->failed = true;
    if (refuses_all(why->code) && p->links_refused)
        return;
    p->links_refused |= refuses_all(why->code);
    sl_report_warning(p->report, &err, a->path);
}

/* The first that the leader fails leads the next ones; others that had the same leader come to it. */
bool sl_hard_refused(struct sl_plan *p, struct sl_pending *n, const struct sl_error *why)
{
    if (!n->link)
        return true;
    struct sl_action *a = n->link;
    struct sl_group *g = a->role.group;
    if (lasting(why->code)) {
        n->failed = true;
        return false;
    }
    if (g->lead == a->role.lead && g->state == SL_GROUP_THERE) {
        g->vain = g->linked ? 0 : refuses_all(why->code) ? (uint8_t)VAIN_MAX : (uint8_t)(g->vain + 1);
        g->state = SL_GROUP_NONE;
        warn(p, a, why);
    }
    *sl_queue_push(&p->again) = *a;
    free(a);
    n->link = NULL;
    n->seq = 0;
    n->changed = false;
    return true;
}

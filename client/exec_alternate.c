/* SPDX-License-Identifier: ISC */
/*
 * exec_alternate - what is taken from alternate trees: hard links, and the hashes that decide. A link that can't be made (too many of one
 * file, another file system, no right to it) becomes a copy, and a copy that can't be made is sent: so nobody has to know before.
 */
#include "config.h"
#include "client/backup.h"
#include "client/exec_priv.h"
#include "client/plan_priv.h"

#include <stdlib.h>
#include <string.h>

enum sl_code sl_exec_alternate_dir(struct sl_lane *l, struct sl_cursor *c, const struct sl_action *a, size_t number, uint32_t *id)
{
    const struct sl_origin *o = &l->plan->alternates.at[number - 1].origin;
    l->opening_alternate = !l->dest->remote;
    enum sl_code rc = sl_cursor_move(c, l->dest, o->root, o->base);
    if (rc == SL_OK)
        rc = sl_cursor_goto(c, a->path, a->dir_len, id);
    l->opening_alternate = false;
    return rc;
}

/* ---- links ---- */

enum sl_code sl_exec_link(struct sl_lane *l, struct sl_action *a)
{
    struct sl_names n = { .from = a->entry.name, .to = a->entry.name, .flags = SL_PUT_REPLACE };
    enum sl_code rc = sl_cursor_goto(&l->write_at, a->path, a->dir_len, &n.to_dir);
    if (rc == SL_OK)
        rc = sl_exec_alternate_dir(l, &l->alternate_work, a, a->alternate, &n.from_dir);
    if (rc != SL_OK || l->dest->ops->room(l->dest, SL_JOB_WORK) < 2 * (SL_NAME_MAX + 64))
        return SL_AGAIN;
    if (sl_backup_send(l, a, n.to_dir, SL_HEAD_ROOM) != SL_OK)
        return SL_AGAIN;
    l->dest->ops->link(l->dest, &n);
    sl_exec_finish(l);
    return SL_OK;
}

/* The same from the alternate by a copy, or made anew. */
static struct sl_action *instead(const struct sl_plan *p, const struct sl_action *a)
{
    struct sl_action *copy = sl_exec_copy(a);
    bool file = a->entry.type == SL_TYPE_FILE;
    copy->kind = file ? SL_ACT_FILE : SL_ACT_MAKE;
    copy->copied = file;
    copy->meta = sl_meta_of_new(p, &a->entry);
    copy->update = file ? SL_UPDATE_COPIED : SL_UPDATE_LOCAL;
    copy->flags = SL_PUT_REPLACE;
    return copy;
}

static void note(struct sl_plan *p, const struct sl_action *a, enum sl_code code)
{
    if (code == SL_E_UNSUPPORTED)
        p->alternates.at[a->alternate - 1].links_fail = true;
}

bool sl_exec_link_failed(struct sl_lane *l, struct sl_pending *n, enum sl_code code)
{
    struct sl_action *now = !n && l->current && l->queue.len ? sl_queue_at(&l->queue, 0) : NULL;
    if (n ? n->kind != SL_ACT_TAKE : !now || now->kind != SL_ACT_TAKE)
        return false;
    if (n && n->mended)
        return true;
    struct sl_action *link = n ? n->taken : now;
    note(l->plan, link, code);
    struct sl_action *copy = instead(l->plan, link);
    if (n) {
        copy->seq = n->seq;
        n->seq = 0;
        n->mended = true;
        n->changed = false;
        n->taken = NULL;
        sl_action_clear(link);
        free(link);
    } else {
        now->seq = 0;
        l->current_failed = true;
    }
    sl_exec_once_more(l, copy);
    return true;
}

/* ---- hashes ---- */

static enum sl_code ask(struct sl_lane *l, struct sl_action *a, struct sl_candidate *c)
{
    uint32_t id = 0;
    enum sl_code rc = sl_exec_alternate_dir(l, &l->alternate_hash, a, c->which + 1, &id);
    if (rc != SL_OK || l->dest->ops->room(l->dest, SL_JOB_HASH) < SL_NAME_MAX + 64)
        return SL_AGAIN;
    c->asked = true;
    l->dest->ops->hash(l->dest, id, a->entry.name);
    return SL_OK;
}

/* A local tree answers one question at a time. */
enum sl_code sl_exec_candidates_ask(struct sl_lane *l, struct sl_action *a)
{
    struct sl_candidates *all = a->pick->ask;
    for (size_t i = 0; i < all->len; i++) {
        struct sl_candidate *c = &all->at[i];
        if (!c->asked && ask(l, a, c) != SL_OK)
            return SL_AGAIN;
        if (!l->dest->remote && !c->answered)
            return SL_AGAIN;
    }
    return SL_OK;
}

static enum sl_code take(struct sl_lane *l, struct sl_candidate *c)
{
    struct sl_error ignored = { 0 };
    enum sl_code rc = l->dest->ops->hash_next(l->dest, c->hash, &ignored);
    if (rc == SL_AGAIN)
        return rc;
    c->answered = true;
    c->hashed = rc == SL_OK;
    return SL_OK;
}

static void give_up_rest(struct sl_candidates *all, size_t from)
{
    for (size_t i = from; i < all->len; i++)
        all->at[i].asked = all->at[i].answered = true;
}

enum sl_code sl_exec_candidates_take(struct sl_lane *l, struct sl_action *a)
{
    struct sl_candidates *all = a->pick->ask;
    for (size_t i = 0; i < all->len; i++) {
        struct sl_candidate *c = &all->at[i];
        if (c->answered)
            continue;
        if (!c->asked && ask(l, a, c) != SL_OK)
            return SL_AGAIN;
        if (take(l, c) != SL_OK)
            return SL_AGAIN;
        /* Of those that were not asked yet none can be better. */
        if (!l->dest->remote && c->exact && sl_candidate_same(c, a))
            give_up_rest(all, i + 1);
    }
    return SL_OK;
}

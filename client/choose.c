/* SPDX-License-Identifier: ISC */
/*
 * choose - what becomes of an entry that an alternate tree has too (alternates.h). The levels and their order are rsync's: of several trees
 * the first that has the same in all that is preserved, else the first with the same content, else the first that has a file
 * of that name.
 */
#include "config.h"
#include "client/plan_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { COPY_RIGHTS = SL_RIGHT_READ | SL_RIGHT_HASH };

enum same { NO, YES, BY_HASH };

static enum same same_file(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *e)
{
    if (s->size != e->size)
        return NO;
    if (p->o->checksum)
        return s->size ? BY_HASH : YES;
    return p->o->size_only || (!p->o->ignore_times && sl_times_equal(p->o, s, e)) ? YES : NO;
}

/* Whether it is the same but for its metadata. */
static enum same same_thing(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *e)
{
    bool device = s->type == SL_TYPE_CHAR || s->type == SL_TYPE_BLOCK;
    if (s->type == SL_TYPE_FILE)
        return same_file(p, s, e);
    if (s->type == SL_TYPE_LINK)
        return s->target_len == e->target_len && memcmp(s->target, e->target, s->target_len) == 0 ? YES : NO;
    return !device || (s->rdev_major == e->rdev_major && s->rdev_minor == e->rdev_minor) ? YES : NO;
}

static void take(struct sl_pick *pick, enum sl_match how, size_t which, const struct sl_entry *e, uint32_t changes)
{
    if (how > pick->how) {
        pick->how = how;
        pick->which = which;
        pick->size = e->size;
        pick->mode = e->mode;
        pick->changes = changes;
    }
}

static void ask_hash(struct sl_pick *pick, size_t which, uint32_t changes)
{
    if (!pick->ask)
        pick->ask = sl_calloc(1, sizeof *pick->ask);
    pick->ask->at[pick->ask->len++] = (struct sl_candidate){ .which = which, .changes = changes, .exact = !changes };
}

enum sl_code sl_pick(struct sl_plan *p, const struct sl_entry *s, struct sl_pick *pick)
{
    *pick = (struct sl_pick){ 0 };
    for (size_t i = 0; i < p->alternates.len && pick->how < SL_MATCH_EXACT; i++) {
        const struct sl_entry *e = p->alternates.at[i].now;
        uint32_t changes = 0, meta = 0;
        if (!e || e->type != s->type)
            continue;
        enum sl_code rc = sl_compare_meta(p, s, e, &changes, &meta);
        if (rc != SL_OK) {
            sl_pick_clear(pick);
            return rc;
        }
        /* A directory that is not alike in all is told as of another time, where that is not kept (-O): rsync's letter for it. */
        if (s->type == SL_TYPE_DIR && p->o->times && p->o->omit_dir_times && (changes || !sl_times_equal(p->o, s, e)))
            changes |= SL_CHANGE_TIME;
        enum same same = same_thing(p, s, e);
        if (same == BY_HASH)
            ask_hash(pick, i, changes);
        take(pick, same != YES ? SL_MATCH_TYPE : changes ? SL_MATCH_CONTENT : SL_MATCH_EXACT, i, e, changes);
    }
    /* Nothing that its hash could prove is nearer. */
    if (pick->how == SL_MATCH_EXACT)
        sl_pick_clear(pick);
    return SL_OK;
}

void sl_pick_clear(struct sl_pick *pick)
{
    free(pick->ask);
    pick->ask = NULL;
}

/* ---- what it comes to ---- */

static bool can_copy(const struct sl_plan *p)
{
    return (p->dest->rights & COPY_RIGHTS) == COPY_RIGHTS;
}

static bool can_link(const struct sl_plan *p, size_t which)
{
    return p->alternates.kind == SL_ALTERNATE_LINK && p->dest->links && !p->alternates.at[which].links_fail;
}

static void shape_copy(const struct sl_plan *p, struct sl_action *a, const struct sl_pick *pick)
{
    a->copied = can_copy(p);
    a->changes = pick->changes;
    if (a->copied)
        a->update = SL_UPDATE_COPIED;
    if (!p->o->times)
        a->changes |= SL_CHANGE_TIME_NOW;
}

/* The content is sent; the alternate's file is what it is compared with. */
static void shape_basis(const struct sl_plan *p, struct sl_action *a, const struct sl_pick *pick)
{
    a->basis_size = pick->size;
    a->changes = pick->changes | (a->entry.size != pick->size ? (uint32_t)SL_CHANGE_SIZE : 0);
    if (!p->o->times)
        a->changes |= SL_CHANGE_TIME_NOW;
    if (p->o->checksum)
        a->changes |= SL_CHANGE_CHECKSUM;
    if (!p->o->perms) {                  /* as of a file that is written over */
        struct sl_entry alternate = { .mode = pick->mode };
        a->entry.mode = sl_mode_over(p->o, &a->entry, &alternate);
        a->meta = (a->meta & ~(uint32_t)SL_META_UMASK) | SL_META_MODE;
    }
}

static void left_out(struct sl_action *a)
{
    a->kind = SL_ACT_NOTHING;
    a->update = SL_UPDATE_NONE;
    a->changes = 0;
}

static void shape_link(struct sl_action *a)
{
    a->kind = SL_ACT_TAKE;
    a->update = SL_UPDATE_TAKEN;
    a->changes = 0;
}

static void shape_file(const struct sl_plan *p, struct sl_action *a, const struct sl_pick *pick)
{
    bool exact = pick->how == SL_MATCH_EXACT;
    if (exact && p->alternates.kind == SL_ALTERNATE_COMPARE)
        left_out(a);
    else if (exact && can_link(p, pick->which))
        shape_link(a);
    else if (pick->how >= SL_MATCH_CONTENT)
        shape_copy(p, a, pick);
    else
        shape_basis(p, a, pick);
}

/* A link, device, fifo or socket, which is made anew but where all of it is the same. */
static void shape_other(const struct sl_plan *p, struct sl_action *a, const struct sl_pick *pick)
{
    bool exact = pick->how == SL_MATCH_EXACT;
    if (exact && p->alternates.kind == SL_ALTERNATE_COMPARE) {
        left_out(a);
    } else if (exact && can_link(p, pick->which)) {
        shape_link(a);
    } else {
        a->changes = exact ? 0 : pick->changes | SL_CHANGE_TARGET;
        if (!exact && (!p->o->times || (a->entry.type == SL_TYPE_LINK && p->o->omit_link_times)))
            a->changes |= p->o->times ? SL_CHANGE_TIME : SL_CHANGE_TIME_NOW;
    }
}

void sl_pick_shape(const struct sl_plan *p, struct sl_action *a, const struct sl_pick *pick)
{
    if (pick->how == SL_MATCH_NONE)
        return;
    a->fresh = true;
    if (a->entry.type == SL_TYPE_DIR) {
        a->changes = pick->changes;
        if (pick->how != SL_MATCH_EXACT && !p->o->times)
            a->changes |= SL_CHANGE_TIME_NOW;
        return;
    }
    a->alternate = pick->which + 1;
    if (a->entry.type == SL_TYPE_FILE)
        shape_file(p, a, pick);
    else
        shape_other(p, a, pick);
}

/* ---- a file that is there ---- */

/* Whether what is there may be replaced by a link, or removed because an alternate has it. */
static bool replaces(const struct sl_plan *p)
{
    if (p->alternates.kind == SL_ALTERNATE_COMPARE)
        return p->dest->rights & SL_RIGHT_DELETE;
    return p->alternates.kind == SL_ALTERNATE_LINK && p->dest->links && p->dest->rights & SL_RIGHT_OVERWRITE;
}

void sl_pick_replace(const struct sl_plan *p, struct sl_action *a, const struct sl_pick *pick)
{
    a->alternate = pick->which + 1;
    a->changes = 0;
    if (p->alternates.kind == SL_ALTERNATE_LINK) {
        shape_link(a);
        a->flags = SL_PUT_REPLACE;
        return;
    }
    a->kind = SL_ACT_REMOVE;
    a->update = SL_UPDATE_NONE;
}

/* Whether what is there and what the alternate has are one file already. */
static bool is_linked(const struct sl_plan *p, const struct sl_entry *d, size_t which)
{
    const struct sl_entry *e = p->alternates.at[which].now;
    return p->alternates.kind == SL_ALTERNATE_LINK && d->names && e->names && d->dev == e->dev && d->ino == e->ino;
}

/* Of candidates only those are left that may replace what is there. */
static void only_exact(const struct sl_plan *p, struct sl_pick *pick, const struct sl_entry *d)
{
    struct sl_candidates *c = pick->ask;
    size_t kept = 0;
    for (size_t i = 0; c && i < c->len; i++)
        if (c->at[i].exact) {
            c->at[kept] = c->at[i];
            c->at[kept].itself = is_linked(p, d, c->at[i].which);
            kept++;
        }
    if (c)
        c->len = kept;
    if (c && !kept)
        sl_pick_clear(pick);
}

enum sl_code sl_pick_existing(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_pick *pick)
{
    *pick = (struct sl_pick){ 0 };
    enum sl_code rc = p->alternates.len && replaces(p) ? sl_pick(p, s, pick) : SL_OK;
    if (rc != SL_OK)
        return rc;
    only_exact(p, pick, d);
    if (pick->how < SL_MATCH_EXACT || is_linked(p, d, pick->which) || (p->alternates.kind == SL_ALTERNATE_LINK && !can_link(p, pick->which)))
        pick->how = SL_MATCH_NONE;
    return SL_OK;
}

/* ---- the root ---- */

enum sl_code sl_pick_root(struct sl_plan *p, const struct sl_entry *root, struct sl_pick *pick)
{
    *pick = (struct sl_pick){ 0 };
    if (!root)
        return SL_OK;
    for (size_t i = 0; i < p->alternates.len; i++) {
        struct sl_alternate *t = &p->alternates.at[i];
        t->now = t->stream.has_root ? &t->stream.root : NULL;
    }
    return sl_pick(p, root, pick);
}

/* ---- when hashes decide ---- */

void sl_pick_ask(struct sl_action *a, struct sl_pick *pick)
{
    a->kind = SL_ACT_COMPARE;
    a->asked_here = a->got_here = true;
    a->pick = sl_malloc(sizeof *a->pick);
    *a->pick = *pick;
    pick->ask = NULL;
}

bool sl_pick_leaves_out(const struct sl_plan *p, const struct sl_pick *pick)
{
    return p->alternates.kind == SL_ALTERNATE_COMPARE && (pick->how == SL_MATCH_EXACT || pick->ask);
}

bool sl_candidate_same(const struct sl_candidate *c, const struct sl_action *a)
{
    return c->hashed && memcmp(c->hash, a->hash_there, sizeof c->hash) == 0;
}

bool sl_pick_left_out(const struct sl_plan *p, const struct sl_action *a)
{
    bool gone = a->kind == SL_ACT_REMOVE || (a->kind == SL_ACT_NOTHING && !a->exists);
    return p->alternates.kind == SL_ALTERNATE_COMPARE && gone;
}

static struct sl_pick settled(const struct sl_action *a)
{
    const struct sl_candidates *all = a->pick->ask;
    struct sl_pick pick = *a->pick;
    pick.ask = NULL;
    for (size_t i = 0; i < all->len; i++) {
        const struct sl_candidate *c = &all->at[i];
        enum sl_match how = !sl_candidate_same(c, a) ? SL_MATCH_NONE : c->exact ? SL_MATCH_EXACT : SL_MATCH_CONTENT;
        pick.itself = how > pick.how ? c->itself : pick.itself;
        take(&pick, how, c->which, &a->entry, c->changes);
    }
    return pick;
}

/* Whether what is there is the source's, its metadata too. */
static bool same_here(const struct sl_action *a)
{
    return a->hash_ok && memcmp(a->hash_there, a->hash_here, sizeof a->hash_here) == 0 && !a->meta_same;
}

bool sl_pick_settle(struct sl_plan *p, struct sl_action *a)
{
    if (a->quiet) {                      /* the source's hash could not be had: that was told */
        a->kind = SL_ACT_NOTHING;
        p->progress.bytes_total -= a->entry.size;
        return true;
    }
    struct sl_pick pick = settled(a);
    if (a->exists && (pick.how != SL_MATCH_EXACT || pick.itself))
        return false;
    a->kind = SL_ACT_FILE;
    if (a->exists) {
        sl_pick_replace(p, a, &pick);
        a->backs_up &= a->kind != SL_ACT_TAKE || !same_here(a);      /* a link to what is the same in all loses nothing */
    } else {
        sl_pick_shape(p, a, &pick);
    }
    if (a->kind != SL_ACT_FILE)
        p->progress.bytes_total -= a->entry.size;
    return true;
}

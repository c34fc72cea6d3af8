/* SPDX-License-Identifier: ISC */
/* decide_same - what becomes of an entry that both sides have as the same type or kind, if that is no directory. */
#include "config.h"
#include "client/attrs.h"
#include "client/backup.h"
#include "client/hard.h"
#include "client/plan_priv.h"
#include "client/write_devices.h"

#include <string.h>

enum { TOUCHED_MOST = 1024 * 1024, TOUCHED_RIGHTS = SL_RIGHT_READ | SL_RIGHT_HASH | SL_RIGHT_META };

/* The content is to be transferred: what the itemised line shows and what is set. */
static void transfer(struct sl_plan *p, struct sl_action *a, const struct sl_entry *s, const struct sl_entry *d, uint32_t changes)
{
    a->kind = SL_ACT_FILE;
    a->basis_size = d->size;
    if (d->type != SL_TYPE_FILE)
        sl_device_action(a, s, d);
    a->append = p->o->append && !p->o->append_verify && d->size;
    sl_backup_mark(p, a, d);
    a->update = sl_plan_direction(p);
    a->changes = changes | (s->size != d->size ? (uint32_t)SL_CHANGE_SIZE : 0);
    if (!p->o->times)
        a->changes |= SL_CHANGE_TIME_NOW;
    if (p->o->checksum)
        a->changes |= SL_CHANGE_CHECKSUM;
    a->meta = sl_meta_of_new(p, s) | sl_attrs_of_new(p, s, d);
    if (!p->o->perms) {
        a->entry.mode = sl_mode_over(p->o, s, d);
        a->meta = (a->meta & ~(uint32_t)SL_META_UMASK) | SL_META_MODE;
    }
    a->flags = SL_PUT_REPLACE;
}

enum verdict { SAME, DIFFERENT, ASK_HASHES, TOUCHED };

/* A file of the same size and another time is often the same: a clone, a build, an unpacked archive. One hash of each side is less than a
 * list of its chunks, and then nothing is written but the time. Not where the destination's file has other names, which would
 * get that time too; nor where it is another user's, who alone may set it; nor of large files, whose list is small for their size. */
static bool may_be_touched(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, const struct sl_endpoint *source)
{
    bool both_here = !p->dest->remote && !source->remote;
    if (p->o->backup)                    /* what is there is to keep its time */
        return false;
    bool delta = p->o->whole_file < 0 || (p->o->whole_file == 0 && !both_here);
    bool able = source->rights & SL_RIGHT_HASH && (p->dest->rights & TOUCHED_RIGHTS) == TOUCHED_RIGHTS;
    bool own = p->dest->uid == 0 || p->dest->fake || d->uid == p->dest->uid;
    return delta && able && own && p->o->times && !p->o->dry_run && !d->linked && s->size && s->size <= TOUCHED_MOST;
}

static enum verdict content(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, const struct sl_endpoint *source)
{
    if (s->size != d->size)
        return DIFFERENT;
    if (d->type != SL_TYPE_FILE)
        return !s->size || p->o->size_only ? SAME : sl_device_compares(p, source) ? ASK_HASHES : DIFFERENT;
    if (p->o->checksum)
        return s->size ? ASK_HASHES : SAME;
    if (p->o->size_only || (!p->o->ignore_times && sl_times_equal(p->o, s, d)))
        return SAME;
    if (p->o->ignore_times)
        return DIFFERENT;
    return may_be_touched(p, s, d, source) ? TOUCHED : DIFFERENT;
}

/* Whether --append passes a file over that would be sent. */
static bool not_shorter(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    return (p->o->append || p->o->append_verify) && d->size >= s->size;
}

enum sl_code sl_decide_files(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin)
{
    uint32_t changes = 0, meta = 0;
    struct sl_pick pick;
    enum verdict v = content(p, s, d, origin->e);
    enum sl_code rc = sl_compare_meta(p, s, d, &changes, &meta);
    if (rc == SL_OK)
        rc = sl_pick_existing(p, s, d, &pick);
    if (rc != SL_OK)
        return rc;
    if (pick.how == SL_MATCH_EXACT) {
        struct sl_action *a = sl_plan_push(p, p->alternates.kind == SL_ALTERNATE_LINK ? SL_ACT_TAKE : SL_ACT_REMOVE, s, origin);
        sl_pick_replace(p, a, &pick);
        if (a->kind != SL_ACT_TAKE || v != SAME || meta || !sl_times_equal(p->o, s, d))    /* a link to what is the same in all loses nothing */
            sl_backup_mark(p, a, d);
        a->takes_source = a->kind == SL_ACT_TAKE;
        if (a->kind == SL_ACT_TAKE)
            sl_hard_action(p, a, s, d);
        return SL_OK;
    }
    bool left = v != SAME && not_shorter(p, s, d);
    if (left && (v != ASK_HASHES || pick.ask)) {     /* of the same content it has what else is the source's */
        sl_pick_clear(&pick);
        return SL_OK;
    }
    if (v == SAME && !meta && !sl_plan_told(p, changes) && !p->o->remove_source_files) {
        sl_hard_unchanged(p, s, d, origin);
        return SL_OK;
    }
    sl_hard_before(p, s, d);
    struct sl_action *a;
    if (v == SAME) {
        a = sl_plan_push(p, meta ? SL_ACT_META : SL_ACT_NOTHING, s, origin);
        a->changes = changes;
        a->meta = meta;
        a->entry.mode = sl_mode_over(p->o, s, d);
        a->takes_source = true;
        a->quiet = !meta && !sl_plan_told(p, changes);
        if (d->type != SL_TYPE_FILE)
            sl_device_action(a, s, d);
    } else {
        a = sl_plan_push(p, v == DIFFERENT || pick.ask ? SL_ACT_FILE : SL_ACT_COMPARE, s, origin);
        transfer(p, a, s, d, changes);
        if (pick.ask) {
            sl_pick_ask(a, &pick);
            a->exists = true;
            a->asked_here = a->got_here = v == DIFFERENT;
        }
        a->takes_source = true;
        if (v != DIFFERENT) {
            a->kind = SL_ACT_COMPARE;
            a->touched = v == TOUCHED;
            a->keeps_content = left;
            a->changes_same = changes;
            a->meta_same = meta;
            sl_plan_level(p)->touched = true;
        }
        p->progress.bytes_total += s->size;
    }
    sl_hard_action(p, a, s, d);
    return SL_OK;
}

static bool is_device(const struct sl_entry *e)
{
    return e->type == SL_TYPE_CHAR || e->type == SL_TYPE_BLOCK;
}

static bool is_channel(const struct sl_entry *e)
{
    return e->type == SL_TYPE_FIFO || e->type == SL_TYPE_SOCKET;
}

void sl_decide_keep_mode(const struct sl_plan *p, struct sl_action *a, const struct sl_entry *d)
{
    bool special = a->kind == SL_ACT_MAKE && a->entry.type != SL_TYPE_LINK;
    if (p->o->perms || !special || d->type == SL_TYPE_LINK)
        return;
    a->entry.mode = d->mode & 0777;
    a->meta = (a->meta & ~(uint32_t)SL_META_UMASK) | SL_META_MODE;
}

bool sl_decide_of_a_kind(const struct sl_entry *s, const struct sl_entry *d)
{
    return (is_device(s) && is_device(d)) || (is_channel(s) && is_channel(d));
}

enum sl_code sl_decide_special(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin)
{
    uint32_t changes = 0, meta = 0;
    bool link = s->type == SL_TYPE_LINK;
    enum sl_code rc = sl_compare_meta(p, s, d, &changes, &meta);
    if (rc != SL_OK)
        return rc;
    bool target = link && (s->target_len != d->target_len || memcmp(s->target, d->target, s->target_len) != 0);
    bool number = is_device(s) && (s->rdev_major != d->rdev_major || s->rdev_minor != d->rdev_minor);
    bool anew = target || number || s->type != d->type;
    bool told = anew || meta || sl_plan_told(p, changes);
    if (!told && !p->o->remove_source_files) {
        sl_hard_unchanged(p, s, d, origin);
        return SL_OK;
    }
    sl_hard_before(p, s, d);
    struct sl_action *a = sl_plan_push(p, anew ? SL_ACT_MAKE : meta ? SL_ACT_META : SL_ACT_NOTHING, s, origin);
    a->takes_source = true;
    a->quiet = !told;
    a->changes = changes | (anew ? (uint32_t)SL_CHANGE_TARGET : 0);
    if (anew && (!link || target) && !sl_keeps_time(p->o, s->type))
        a->changes |= p->o->times ? SL_CHANGE_TIME : SL_CHANGE_TIME_NOW;
    a->update = anew ? SL_UPDATE_LOCAL : SL_UPDATE_NONE;
    a->meta = anew ? sl_meta_of_new(p, s) : meta;
    a->flags = SL_PUT_REPLACE;
    sl_decide_keep_mode(p, a, d);
    if (anew)
        sl_backup_mark(p, a, d);
    sl_hard_action(p, a, s, d);
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/* parts - see parts.h. */
#include "config.h"
#include "client/parts.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/exec_priv.h"
#include "delta/portion.h"
#include "tree/stage.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILE_LEAST = 16 * 1024 * 1024,   /* bytes to be sent of a file that goes in parts */
    PART = 4 * 1024 * 1024, BUSY_MS = 10000, BUSY_EVERY_MS = 100
};
/* Of a delta: so many ranges fit a request on a channel without much credit; a copy of so much takes a lane some 50 ms. */
static const struct sl_portion_most portion_most = { .sent = PART, .len = 64 * 1024 * 1024, .ranges = 1024 };

/* How much of it is to be sent, and whether the sides can do it in parts. */
static bool can_part(const struct sl_action *a)
{
    const struct sl_endpoint *source = a->origin->e;
    if (!a->delta)
        return a->entry.size >= FILE_LEAST && source->versions;
    return a->delta->decided && !a->copied && sl_delta_unknown_bytes(&a->delta->delta) >= FILE_LEAST && source->reads_some &&
           sl_delta_size(&a->delta->delta) == a->entry.size;
}

bool sl_parts_wanted(const struct sl_plan *p, const struct sl_action *a)
{
    if (p->staging || (p->o->preallocate && p->o->sparse))   /* who writes the others would not know */
        return false;
    if (!p->spreads || p->no_parts || p->o->dry_run || p->o->inplace || a->kind != SL_ACT_FILE)
        return false;
    return !a->append && !a->in_one && p->dest->parts && can_part(a);
}

void sl_parts_split(struct sl_lane *l, struct sl_action *a)
{
    struct sl_plan *p = l->plan;
    struct sl_parts *g = sl_calloc(1, sizeof *g), **at = &p->parts;
    struct sl_action *copy = sl_exec_copy(a);
    copy->redo = a->redo;
    g->told = a->told || a->redo;
    g->file = *copy;
    free(copy);
    g->delta = a->delta;
    a->delta = NULL;
    sl_stage_token(g->token);
    while (*at)
        at = &(*at)->after;
    *at = g;
    a->kind = SL_ACT_NOTHING;
    a->quiet = true;
    a->takes_source = false;
    a->seq = 0;
    l->cost -= a->weight;
    a->weight = 0;
}

static struct sl_action *part_of(struct sl_parts *g, enum sl_action_kind kind)
{
    struct sl_action *a = sl_exec_copy(&g->file);
    a->kind = kind;
    a->parts = g;
    a->seq = 0;
    if (kind != SL_ACT_JOIN)
        a->role.group = NULL;
    return a;
}

/* Where the next part ends. */
static void measure(const struct sl_parts *g, struct sl_action *part)
{
    uint64_t left = g->file.entry.size - g->next;
    part->part_from = g->next;
    part->part_len = part->part_sent = left < PART ? left : PART;
    if (g->delta)
        part->part_len = sl_portion_len(&g->delta->delta, g->next, &portion_most, &part->part_sent);
}

struct sl_delta_job *sl_parts_portion(const struct sl_action *a)
{
    return a->parts->delta ? sl_delta_job_portion(a->parts->delta, a->part_from, a->part_len) : NULL;
}

bool sl_parts_next(struct sl_plan *p, struct sl_action *a)
{
    for (struct sl_parts *g = p->parts; g; g = g->after) {
        if (g->failed || g->next >= g->file.entry.size || (!g->made && g->out))
            continue;
        struct sl_action *part = part_of(g, SL_ACT_PART);
        measure(g, part);
        if (!g->made)
            part->flags |= SL_PUT_FIRST;
        g->next += part->part_len;
        g->out++;
        *a = *part;
        free(part);
        return true;
    }
    return false;
}

bool sl_parts_take(struct sl_parts *g, const struct sl_action *a, uint64_t got, const struct sl_piece *end)
{
    bool same = !g->version || g->version == end->version;
    bool last = a->part_from + a->part_len == a->entry.size;
    g->version = end->version;
    if (!g->failed && (end->changed || !same || !end->version || got != a->part_len || (last && end->more))) {
        g->failed = g->changed = true;
        sl_fail(&g->err, SL_E_CHANGED, "'%s' changed while it was read", a->entry.name);
        g->err.side = SL_SIDE_SOURCE;
    }
    g->taken += g->failed ? 0 : got;
    return !g->failed;
}

/* ---- the end of it ---- */

static void take_out(struct sl_plan *p, struct sl_parts *g)
{
    struct sl_parts **at = &p->parts;
    while (*at != g)
        at = &(*at)->after;
    *at = g->after;
    sl_delta_job_free(g->delta);
    sl_action_clear(&g->file);
    free(g);
}

static void push(struct sl_plan *p, struct sl_action *a)
{
    *sl_queue_push(&p->again) = *a;
    free(a);
}

/* Everything is written and confirmed. */
static void join(struct sl_plan *p, struct sl_parts *g)
{
    struct sl_action *a = part_of(g, SL_ACT_JOIN);
    a->seq = g->file.seq;
    a->weight = 0;
    g->out = 1;
    push(p, a);
}

/* The pointer is good until the next action is dealt again. */
static struct sl_action *push_drop(struct sl_plan *p, struct sl_parts *g, uint32_t flags)
{
    struct sl_action *drop = part_of(g, SL_ACT_DROP);
    memcpy(drop->token, g->token, sizeof drop->token);
    drop->parts = NULL;
    drop->flags |= flags;
    drop->backs_up = false;
    push(p, drop);
    return sl_queue_at(&p->again, p->again.len - 1);
}

/* Without its lane it can't be told whether the staged file was made: another one is. */
void sl_parts_lost_first(struct sl_plan *p, struct sl_parts *g)
{
    push_drop(p, g, SL_PUT_UNKEPT);
    sl_stage_token(g->token);
}

/* Then what there is of a file would keep it so. */
static bool is_full(enum sl_code code)
{
    return code == SL_E_NO_SPACE || code == SL_E_QUOTA;
}

static bool lasting(enum sl_code code)
{
    return is_full(code) || code == SL_E_LIMIT || code == SL_E_READ_ONLY;
}

/* A delta that is right as far as is known, and can't be carried out in parts: there are none there, or the source will not hash any more. */
static bool delta_in_one(const struct sl_parts *g)
{
    return g->delta && (g->err.code == SL_E_UNSUPPORTED || (g->err.code == SL_E_LIMIT && g->err.side == SL_SIDE_SOURCE));
}

/* Once more, in another way: a delta that proved wrong whole, what can't go in parts in one. */
static struct sl_action *in_another_way(struct sl_parts *g)
{
    struct sl_action *again = sl_exec_copy(&g->file);
    again->retried |= g->changed;
    again->redo = g->file.redo;
    again->told = g->told;
    if (delta_in_one(g)) {
        again->in_one = true;
        again->delta = g->delta;
        g->delta = NULL;
    } else {
        again->whole = true;
        again->in_one = !g->delta || g->changed;
    }
    return again;
}

/* The file goes in another way; or, where that would not help, it has failed. */
static void give_up(struct sl_plan *p, struct sl_parts *g)
{
    bool again = !lasting(g->err.code) || delta_in_one(g);
    struct sl_action *drop = push_drop(p, g, again || is_full(g->err.code) ? (uint32_t)SL_PUT_UNKEPT : 0);
    p->progress.bytes_done -= g->taken;
    if (again) {
        push(p, in_another_way(g));
    } else {
        p->source_error |= g->err.side == SL_SIDE_SOURCE;
        sl_plan_entry_failed(p, &g->err, g->file.path);
        drop->seq = g->file.seq;         /* then its directory's time comes after it */
        drop->role = g->file.role;
        drop->role.lost = true;
    }
    take_out(p, g);
}

static void look(struct sl_plan *p, struct sl_parts *g)
{
    if (g->out)
        return;
    if (g->failed)
        give_up(p, g);
    else if (g->next >= g->file.entry.size)
        join(p, g);
}

void sl_parts_failed(struct sl_plan *p, struct sl_parts *g, enum sl_action_kind kind, const struct sl_error *err)
{
    uint64_t now = sl_now_ms();
    if (kind == SL_ACT_JOIN && err->code == SL_E_BUSY && (!g->busy_since_ms || now - g->busy_since_ms < BUSY_MS)) {
        g->busy_since_ms = g->busy_since_ms ? g->busy_since_ms : now;
        return;
    }
    if (err->code == SL_E_UNSUPPORTED)
        p->no_parts = true;
    if (g->failed)
        return;
    g->failed = true;
    g->err = *err;
}

void sl_parts_settled(struct sl_plan *p, struct sl_parts *g, enum sl_action_kind kind, bool ok)
{
    g->out--;
    g->made |= ok;
    if (kind == SL_ACT_JOIN && ok) {
        sl_exec_count_sent(p, &g->file);
        take_out(p, g);                  /* its number was settled with the join */
    } else if (kind == SL_ACT_JOIN && !g->failed) {
        join(p, g);
        sl_queue_at(&p->again, p->again.len - 1)->not_before_ms = sl_now_ms() + BUSY_EVERY_MS;
    } else {
        look(p, g);
    }
}

void sl_parts_leave(struct sl_plan *p)
{
    struct sl_lane *l = p->lanes_len ? p->lanes[0] : NULL;
    uint32_t dir = 0;
    for (struct sl_parts *g = l && !p->dest->remote ? p->parts : NULL; g; g = g->after)
        if (sl_cursor_goto(&l->write_at, g->file.path, g->file.dir_len, &dir) == SL_OK)
            p->dest->ops->drop(p->dest, dir, g->file.entry.name, g->token, p->o->no_resume ? SL_PUT_UNKEPT : 0);
}

void sl_parts_clear(struct sl_plan *p)
{
    while (p->parts)
        take_out(p, p->parts);
}

/* SPDX-License-Identifier: ISC */
/*
 * delta_grid - the first round of a large file: block by block at equal offsets (delta/grid.h), portion by portion, two of them ahead. The
 * whole file's hash is had on the way: the source carries it from portion to portion (tree/carry.h). Where nothing matches any more, what is
 * left is cut by content, as all of a smaller file is; where blocks differ in places, finer rounds look at just those.
 */
#include "config.h"
#include "client/delta_job_priv.h"
#include "proto/msg.h"

#include <limits.h>

enum {
    SIZE_LEAST = 16 << 20,       /* of both files: cutting less costs no more than another turn */
    WHOLE_MOST = 32 << 20,       /* up to that it is one portion */
    AHEAD = 2,                   /* portions under way */
    BYTES_PER_US = 4096          /* that a side compares: a portion is to last as long as an answer takes to come */
};
static const uint64_t portion_most = 64 << 20, no_end = INT64_MAX;

static uint64_t larger(const struct sl_delta_job *j)
{
    uint64_t basis = sl_job_largest_basis(j);
    return j->size > basis ? j->size : basis;
}

void sl_job_grid_begin(struct sl_delta_job *j, const struct sl_job_sides *s, uint64_t basis)
{
    struct sl_job_grid *g = &j->grid;
    if (!s->source->grids || !s->dest->grids || j->size < SIZE_LEAST || basis < SIZE_LEAST)
        return;
    g->on = true;
    g->whole = j->size <= WHOLE_MOST;
    g->most = (s->line.rtt_us * BYTES_PER_US + portion_most) / portion_most * portion_most;
    j->grain = sl_delta_first_grain(2 * larger(j));      /* it is all in vain where the rest has to be cut: half as many as chunks */
    j->hash_bytes = sl_grid_hash_bytes(j->size, j->grain);
    sl_job_trail_begin(j, s);
}

/* The last portion has no end: the file may be longer than it was listed. */
static uint64_t portion_end(const struct sl_delta_job *j, unsigned which, uint64_t from)
{
    uint64_t size = which ? j->bases[which - 1].size : j->size, end = sl_grid_portion(from, j->grain, j->grid.most);
    return j->grid.whole || end >= size ? no_end : end;
}

bool sl_delta_job_may_carry(const struct sl_delta_job *j)
{
    return j->size > WHOLE_MOST;
}

bool sl_delta_job_carries(const struct sl_delta_job *j)
{
    return j->grid.asked[0] && !j->grid.whole && !j->grid.sum && !j->has_hash && !j->failed_source && !j->done;
}

enum { SEEMS_LEAST = 16 << 20 };

bool sl_delta_job_seems_appended(const struct sl_delta_job *j, uint64_t *from, uint64_t *like)
{
    const struct sl_job_grid *g = &j->grid;
    uint64_t end = 0;
    for (unsigned b = 0; b < j->bases_len; b++)
        end = j->bases[b].size > end ? j->bases[b].size : end;
    *from = end;
    *like = g->look.seen;
    return g->on && j->size > end && g->look.seen >= SEEMS_LEAST && g->look.last == g->look.seen && !g->trail.shifted;
}

/* ---- asking ---- */

static bool alive(const struct sl_delta_job *j, unsigned which)
{
    return !j->grid.ended[which] && !(which && j->bases[which - 1].gone);
}

static bool wanted(const struct sl_delta_job *j, unsigned which)
{
    const struct sl_job_grid *g = &j->grid;
    unsigned lowest = UINT_MAX;
    bool only = false;
    if (g->over || !alive(j, which) || (!which && (sl_job_only_hoped_for(j) || sl_job_hopeless(j))))
        return false;
    if (!sl_job_trail_wants(j, which, &only) || only)
        return only;
    for (unsigned i = 0; i <= j->bases_len; i++)
        if (alive(j, i) && g->answered[i] < lowest)
            lowest = g->answered[i];
    return g->asked[which] < lowest + AHEAD && g->asked_to[which] < no_end;
}

bool sl_job_grid_asks(const struct sl_delta_job *j)
{
    for (unsigned i = 0; i <= j->bases_len; i++)
        if (wanted(j, i))
            return true;
    return false;
}

static unsigned flags_of(const struct sl_delta_job *j, unsigned which)
{
    return SL_CHUNKS_PORTION | (which ? j->bases[which - 1].flags : j->grid.sum ? 0 : (unsigned)SL_CHUNKS_HASH);
}

static enum sl_code ask_portion(struct sl_delta_job *j, const struct sl_job_sides *s, unsigned which)
{
    struct sl_job_grid *g = &j->grid;
    bool follows = g->trails && which == g->follower;
    uint64_t from = g->asked_to[which], to = follows ? no_end : portion_end(j, which, from);
    struct sl_range range = { from, to - from };
    struct sl_ranges one = { &range, 1, 1 };
    struct sl_job_want want = { which, sl_job_trail_flags(j, which) | flags_of(j, which), j->grain, j->hash_bytes, &one, follows ? &g->trail : NULL };
    enum sl_code rc = sl_job_ask_list(j, s, &want);
    if (rc == SL_OK) {
        g->asked[which]++;
        g->asked_to[which] = follows ? from : to;
    }
    return rc;
}

/* The bases first, as ever. */
enum sl_code sl_job_grid_ask(struct sl_delta_job *j, const struct sl_job_sides *s)
{
    enum sl_code rc = !j->grid.whole && s->carrier && s->carrier != j ? SL_AGAIN : SL_OK;
    for (unsigned i = 1; i <= j->bases_len && rc == SL_OK; i++)
        while (rc == SL_OK && wanted(j, i))
            rc = ask_portion(j, s, i);
    while (rc == SL_OK && wanted(j, 0))
        rc = ask_portion(j, s, 0);
    return rc;
}

enum sl_code sl_job_ask_tail(struct sl_delta_job *j, const struct sl_job_sides *s, unsigned which)
{
    struct sl_job_grid *g = &j->grid;
    if (!g->tail[which])
        return SL_OK;
    struct sl_range range = { g->asked_to[which], no_end - g->asked_to[which] };
    struct sl_ranges one = { &range, 1, 1 };
    unsigned hash_bytes = g->sum && !which ? sizeof(uint64_t) : j->hash_bytes;
    struct sl_job_want want = { which, g->tail_flags | flags_of(j, which), g->tail_grain, hash_bytes, &one, NULL };
    enum sl_code rc = sl_job_ask_list(j, s, &want);
    if (rc != SL_OK)
        return rc;
    g->tail[which] = false;
    g->tailed |= !which;
    return SL_OK;
}

/* ---- answers ---- */

/* How far a list reaches that has ended. */
static uint64_t end_of(const struct sl_chunks *l)
{
    return l->len ? l->at[l->len - 1].at + l->at[l->len - 1].len : 0;
}

/* Where the longest basis ends, as far as that is known. */
static uint64_t end_of_bases(const struct sl_delta_job *j)
{
    uint64_t end = 0;
    for (unsigned b = 0; b < j->bases_len; b++) {
        uint64_t one = alive(j, 1 + b) ? no_end : end_of(&j->lists[b]);
        end = one > end ? one : end;
    }
    return end;
}

/* How far the source can be compared now: as far as it is there, and as any basis goes. */
static uint64_t comparable(const struct sl_delta_job *j)
{
    const struct sl_job_grid *g = &j->grid;
    uint64_t to = g->ended[0] ? no_end : g->answered_to[0], end = end_of_bases(j);
    for (unsigned b = 0; b < j->bases_len; b++)
        if (alive(j, 1 + b) && g->answered_to[1 + b] < to)
            to = g->answered_to[1 + b];
    return to < end ? to : end;
}

void sl_job_grid_answered(struct sl_delta_job *j, unsigned which, const struct sl_chunk_answer *a)
{
    struct sl_job_grid *g = &j->grid;
    g->answered[which]++;
    if (g->trails && which == g->follower) {
        g->asked_to[which] = g->answered_to[which] = sl_trail_position(&g->trail);
        g->ended[which] |= a->end;
    } else {
        g->answered_to[which] = portion_end(j, which, g->answered_to[which]);
        g->ended[which] |= a->end || g->answered_to[which] == no_end;
    }
    if (which && j->bases[which - 1].gone)
        sl_chunks_clear(&j->lists[which - 1]);
    sl_job_trail_answered(j);
    g->over |= j->failed_source || j->useless;
    if (g->trails) {
        g->look = (struct sl_grid_look){ .seen = g->trail.seen, .last = g->trail.last };
        g->over |= sl_job_trail_over(j) || sl_grid_diverged(&g->look, j->grain);
        return;
    }
    sl_grid_look(&g->look, &j->source, j->lists, j->bases_len, comparable(j));
    g->over |= g->ended[0] || g->answered_to[0] >= end_of_bases(j) || sl_grid_diverged(&g->look, j->grain);
}

/* ---- the round ---- */

/* From here on cut by content: all that is unknown and unused, and what is behind the portions. */
static void cut_the_rest(struct sl_delta_job *j)
{
    struct sl_job_grid *g = &j->grid;
    uint64_t basis = 0;
    for (unsigned b = 0; b < j->bases_len; b++) {
        sl_ranges_clear(&j->of_bases[b]);
        for (size_t i = 0; i < j->delta.unused[b].len; i++)
            sl_ranges_add(&j->of_bases[b], j->delta.unused[b].at[i].at, j->delta.unused[b].at[i].len);
        g->tail[1 + b] = alive(j, 1 + b);
        basis += j->bases[b].size;
    }
    sl_delta_unknown(&j->delta, &j->of_source);
    g->tail[0] = !g->ended[0];
    j->grain = sl_delta_first_grain(larger(j));
    g->tail_grain = g->sum ? g->sum_grain : j->grain;
    g->tail_flags = g->sum ? SL_CHUNKS_GRID : 0;
    j->hash_bytes = sl_delta_hash_bytes(j->size, basis, j->grain);
}

/* From the beginning, all cut by content: what was found of the source's blocks is not its whole file's hash. */
static void cut_all(struct sl_delta_job *j)
{
    uint64_t basis = sl_job_largest_basis(j);
    sl_delta_clear(&j->delta);
    sl_job_clear_lists(j);
    sl_hash_free(j->grid.sum);
    j->grid = (struct sl_job_grid){ 0 };
    j->grain = sl_delta_first_grain(larger(j));
    j->hash_bytes = sl_delta_hash_bytes(j->size, basis, j->grain);
    j->expected = (j->size + basis) >> j->grain;
}

/* What is behind all bases is new: only its hash is wanted, and where it has holes. */
static void hash_the_rest(struct sl_delta_job *j)
{
    j->grid.tail[0] = !j->grid.ended[0];
    j->grid.tail_grain = j->grid.sum ? j->grid.sum_grain : SL_GRAIN_MAX;
    j->grid.tail_flags = SL_CHUNKS_GRID;
}

void sl_job_grid_refine(struct sl_delta_job *j, unsigned grain, bool blocks)
{
    uint64_t basis = 0;
    sl_job_clear_lists(j);
    j->grain = grain;
    j->blocks = blocks;
    sl_grid_reach(&j->delta, &j->of_source);
    for (unsigned b = 0; b < j->bases_len; b++) {
        sl_grid_near(&j->delta, b, &j->of_bases[b]);
        basis += sl_ranges_total(&j->of_bases[b]);
        j->asked[b] = false;
    }
    j->asked_source = false;
    uint64_t source = sl_ranges_total(&j->of_source);
    j->expected = (source + basis) >> grain;
    j->hash_bytes = blocks ? sl_grid_hash_bytes(source, grain) : sl_delta_hash_bytes(source, basis, grain);
}

/* What is behind insertions is cut by content; the hash of what is behind all bases is had with it, or alone where only a sample is taken. */
static void refine_shifted(struct sl_delta_job *j, const struct sl_job_sides *s, bool many)
{
    unsigned grain = j->grain;
    enum sl_next next = many ? SL_NEXT_STOP : sl_delta_next(&j->delta, j->grain, &s->line, &grain);
    bool alone = next == SL_NEXT_STOP || (next == SL_NEXT_SAMPLE && !j->grid.ended[0]);
    j->blocks = false;
    if (alone)
        sl_job_clear_lists(j);
    else
        sl_job_next_round(j, grain, next == SL_NEXT_SAMPLE, s);
    j->asked_source = alone;
    hash_the_rest(j);
    if (next == SL_NEXT_STOP && !j->grid.tail[0])
        sl_job_finish(j);
}

/* Whether so much lies between matches that it may be what was moved. */
static bool moved(const struct sl_delta_job *j)
{
    const struct sl_job_grid *g = &j->grid;
    return g->trail.shifted ? sl_trail_moved(&j->delta, j->grain) : sl_grid_moved(&j->delta, j->grain);
}

void sl_job_grid_settle(struct sl_delta_job *j, const struct sl_job_sides *s)
{
    struct sl_job_grid *g = &j->grid;
    unsigned grain = j->grain;
    bool blocks = true, many;
    if (g->trails)
        sl_job_trail_round(j);
    else
        sl_grid_round(&j->delta, &j->source, j->lists, j->bases_len);
    many = sl_job_too_many(&j->delta);
    bool diverged = !many && sl_grid_diverged(&g->look, j->grain);
    g->on = false;
    if (diverged && g->sum) {
        cut_all(j);
        return;
    }
    if (diverged || (!many && moved(j))) {
        sl_job_clear_lists(j);
        cut_the_rest(j);
        return;
    }
    if (g->trail.shifted) {
        refine_shifted(j, s, many);
        return;
    }
    g->fits = true;
    enum sl_next next = many ? SL_NEXT_STOP : sl_grid_next(&j->delta, j->grain, &s->line, &grain, &blocks);
    if (next != SL_NEXT_STOP)
        sl_job_grid_refine(j, grain, blocks);
    else
        sl_job_clear_lists(j);
    j->blocks = blocks;
    j->asked_source = next == SL_NEXT_STOP;
    hash_the_rest(j);
    if (next == SL_NEXT_STOP && !g->tail[0])
        sl_job_finish(j);
}

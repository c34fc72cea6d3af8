/* SPDX-License-Identifier: ISC */
/*
 * delta_trail - the first round of a large file of which one side is here: that side's file is not listed but read along the other's blocks, as they
 * come, and found again behind insertions (delta/trail.h). So the other side, a server, need not cut by content.
 *
 * Where that is the source, its list says all that is needed to verify the file: the server hashes each byte once.
 */
#include "config.h"
#include "client/delta_job_priv.h"
#include "proto/msg.h"

static bool is_here(const struct sl_delta_job *j, unsigned which)
{
    return j->grid.marks && (which == 0) == (j->grid.follower == 0);
}

/* With one old file only, and nothing kept of an interrupted run. */
static void decide(struct sl_delta_job *j)
{
    struct sl_job_grid *g = &j->grid;
    unsigned alive = 0, basis = 0;
    if (!g->marks || g->decided)
        return;
    for (unsigned b = 0; b < j->bases_len; b++) {
        if (j->bases[b].gone)
            continue;
        if (j->bases[b].flags & SL_CHUNKS_KEPT && !j->bases[b].answered)
            return;
        alive++;
        basis = b;
    }
    g->decided = true;
    g->trails = alive == 1 && !(j->bases[basis].flags & SL_CHUNKS_KEPT);
    if (!g->trails)
        return;
    g->leader = g->follower == 0 ? 1 + basis : 0;
    g->follower = g->follower == 0 ? 0 : 1 + basis;
    if (!g->leader && g->may_sum) {
        j->hash_bytes = sizeof(uint64_t);
        g->sum = sl_hash_new();
        g->sum_grain = j->grain;
        sl_hash_by_blocks(g->sum, NULL, j->grain);
    }
    sl_trail_init(&g->trail, g->leader ? &j->lists[basis] : &j->source, j->grain, j->hash_bytes);
}

void sl_job_trail_begin(struct sl_delta_job *j, const struct sl_job_sides *s)
{
    struct sl_job_grid *g = &j->grid;
    const struct sl_endpoint *there = s->source->remote ? s->source : s->dest;
    g->marks = s->source->remote != s->dest->remote && there->marks;
    g->marks &= !j->of_bases[0].len;     /* of a device only some is looked at */
    g->follower = s->source->remote;     /* some basis; or the source */
    g->may_sum = s->source->digest == SL_HASH_XXH128 && s->dest->ops->hash_blocks;
    decide(j);
}

bool sl_job_trail_wants(const struct sl_delta_job *j, unsigned which, bool *only)
{
    const struct sl_job_grid *g = &j->grid;
    *only = g->trails && which == g->follower;
    if (*only)
        return *only = g->asked[which] == g->answered[which] && g->answered[g->leader] > g->answered[which];
    bool waits = is_here(j, which) || (!which && g->may_sum);
    return g->decided || !g->marks || !waits || (which && j->bases[which - 1].flags & SL_CHUNKS_KEPT);
}

unsigned sl_job_trail_flags(const struct sl_delta_job *j, unsigned which)
{
    if (j->grid.trails && which == j->grid.follower)
        return 0;
    bool marks = j->grid.marks && !is_here(j, which) && (j->grid.trails || !j->grid.decided);
    return SL_CHUNKS_GRID | (marks ? (unsigned)SL_CHUNKS_MARKS : 0);
}

bool sl_job_trail_refused(struct sl_delta_job *j, unsigned which, const struct sl_chunk_answer *a)
{
    struct sl_job_grid *g = &j->grid;
    if (!g->trails || which != g->follower || a->code != SL_E_UNSUPPORTED || g->answered[which])
        return false;
    g->trails = false;
    g->asked[which] = 0;
    return true;
}

void sl_job_trail_answered(struct sl_delta_job *j)
{
    struct sl_job_grid *g = &j->grid;
    decide(j);
    g->trail.complete = g->trails && g->ended[g->leader];
}

bool sl_job_trail_over(const struct sl_delta_job *j)
{
    const struct sl_job_grid *g = &j->grid;
    return g->trail.ended || (g->ended[g->leader] && g->answered[g->follower] >= g->answered[g->leader]);
}

/* How far a list reaches. */
static uint64_t end_of(const struct sl_chunks *l)
{
    return l->len ? l->at[l->len - 1].at + l->at[l->len - 1].len : 0;
}

void sl_job_trail_round(struct sl_delta_job *j)
{
    const struct sl_job_grid *g = &j->grid;
    unsigned basis = (g->leader ? g->leader : g->follower) - 1;
    uint64_t here = g->asked_to[g->follower];
    struct sl_trail_sides s = { .of_source = g->follower == 0, .basis = basis };
    s.other = s.of_source ? &j->lists[basis] : &j->source;
    s.found = s.of_source ? &j->source : &j->lists[basis];
    s.source_to = s.of_source ? here : end_of(&j->source);
    s.basis_to = s.of_source ? end_of(&j->lists[basis]) : here;
    sl_trail_round(&j->delta, &s);
}

void sl_job_sum(struct sl_delta_job *j, const struct sl_chunk_answer *a)
{
    struct sl_job_grid *g = &j->grid;
    for (size_t i = 0; i < a->chunks.len; i++) {
        const struct sl_chunk *c = &a->chunks.at[i];
        if (c->at != g->summed)
            continue;                    /* of a finer round, which is of what was summed already */
        if (c->hole)
            sl_hash_hole(g->sum, c->len);
        else
            sl_hash_block(g->sum, c->hash);
        g->summed += c->len;
    }
    if (!a->end)
        return;
    sl_hash_end(g->sum, j->hash);
    sl_hash_free(g->sum);
    g->sum = NULL;
    j->has_hash = true;
    j->by_blocks = g->sum_grain;
}

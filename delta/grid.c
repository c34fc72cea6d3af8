/* SPDX-License-Identifier: ISC */
/* grid - see grid.h. The lists are walked side by side; nothing is looked up. */
#include "config.h"
#include "delta/grid.h"
#include "delta/match_priv.h"

#include <assert.h>
#include <string.h>

enum {
    PAGE = 12,                    /* log2 of what databases and virtual machines write at a time: the finest grid */
    STEP_BITS = 4, LEAST = 8,     /* as in match.c; what the last round, cut by content, has */
    LIST_BYTES = 8, GAIN_LEAST = 3, FEW_CHUNKS = 8,
    PORTION_BLOCKS = 64,          /* of the first portion */
    GROWTH = 4,                   /* what is asked for next, times what was asked for before */
    LOST_BLOCKS = 8,              /* as many without a match are nothing yet */
    LOST_SHARE = 4,               /* what does not match is so much of all: give up; or: */
    MOVED_BLOCKS = 16,            /* in a row that were replaced: more than an edit */
    SAFE_BITS = 16                /* as in match.c */
};
static const uint64_t portion_least = 4 << 20, lost_most = 32 << 20;

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- walking ---- */

/* The basis's chunk at that offset, if it is the same. Those before it are passed over: matched ones are never among them. */
static bool same_there(const struct sl_chunks *basis, size_t *i, const struct sl_chunk *c, struct sl_ranges *unused)
{
    while (*i < basis->len && basis->at[*i].at < c->at) {
        const struct sl_chunk *passed = &basis->at[(*i)++];
        if (unused && !passed->hole)
            sl_ranges_add(unused, passed->at, passed->len);
    }
    const struct sl_chunk *b = *i < basis->len ? &basis->at[*i] : NULL;
    bool same = b && b->at == c->at && b->len == c->len && b->hash == c->hash && !b->hole && !c->hole;
    *i += same;
    return same;
}

/* ---- while the lists come ---- */

void sl_grid_look(struct sl_grid_look *l, const struct sl_chunks *source, const struct sl_chunks *bases, unsigned count, uint64_t upto)
{
    for (; l->source < source->len && source->at[l->source].at + source->at[l->source].len <= upto; l->source++) {
        const struct sl_chunk *c = &source->at[l->source];
        bool same = c->hole;
        for (unsigned b = 0; b < count; b++)
            same |= same_there(&bases[b], &l->bases[b], c, NULL);
        l->seen = c->at + c->len;
        l->last = same ? l->seen : l->last;
    }
}

bool sl_grid_diverged(const struct sl_grid_look *l, unsigned grain)
{
    uint64_t lost = l->seen - l->last;
    return lost >= (uint64_t)LOST_BLOCKS << grain && lost >= least(l->seen / LOST_SHARE, most_of(lost_most, (uint64_t)LOST_BLOCKS << grain));
}

uint64_t sl_grid_portion(uint64_t from, unsigned grain, uint64_t most)
{
    uint64_t first = most_of(portion_least, (uint64_t)PORTION_BLOCKS << grain);
    return from ? from + least(from * (GROWTH - 1), most_of(most, first)) : first;
}

unsigned sl_grid_hash_bytes(uint64_t bytes, unsigned grain)
{
    unsigned bits = SAFE_BITS + 2;
    for (uint64_t n = bytes >> grain; n; n >>= 1)
        bits++;
    return (bits + 7) / 8 < 4 ? 4 : (bits + 7) / 8 > 8 ? 8 : (bits + 7) / 8;
}

/* ---- a round ---- */

struct walk {
    const struct sl_chunks *source, *bases;
    unsigned count, last;         /* bases; the one of the last match */
    size_t at, of[SL_BASES_MAX];
    struct sl_delta *d;           /* its unused ranges are made anew */
    struct sl_spans out;
};

/* The basis of the last match goes first: spans become longer. All that have the block have a use for it. */
static void settle(struct walk *w, const struct sl_chunk *c)
{
    struct sl_span s = { .kind = c->hole ? SL_SPAN_HOLE : SL_SPAN_NEW, .at = c->at, .len = c->len };
    for (unsigned b = 0; b < w->count; b++) {
        if (!same_there(&w->bases[b], &w->of[b], c, &w->d->unused[b]))
            continue;
        if (s.kind == SL_SPAN_NEW || b == w->last)
            s = (struct sl_span){ .kind = SL_SPAN_COPY, .basis = b, .at = c->at, .len = c->len, .from = c->at };
    }
    w->last = s.kind == SL_SPAN_COPY ? s.basis : w->last;
    sl_spans_put(&w->out, &s);
}

static void settle_span(struct walk *w, uint64_t at, uint64_t end)
{
    for (; w->at < w->source->len && w->source->at[w->at].at < end; w->at++) {
        const struct sl_chunk *c = &w->source->at[w->at];
        sl_spans_new(&w->out, at, c->at);
        settle(w, c);
        at = c->at + c->len;
    }
    sl_spans_new(&w->out, at, end);
}

static void rest_is_unused(struct walk *w)
{
    const struct sl_chunk end = { .at = UINT64_MAX };
    for (unsigned b = 0; b < w->count; b++)
        (void)same_there(&w->bases[b], &w->of[b], &end, &w->d->unused[b]);
}

void sl_grid_round(struct sl_delta *d, const struct sl_chunks *source, const struct sl_chunks *bases, unsigned count)
{
    struct walk w = { .source = source, .bases = bases, .count = count, .d = d };
    const struct sl_chunk *last = source->len ? &source->at[source->len - 1] : NULL;
    for (unsigned b = 0; b < count; b++)
        sl_ranges_clear(&d->unused[b]);
    if (!d->rounds && last)
        settle_span(&w, 0, last->at + last->len);
    for (size_t k = 0; k < d->len; k++) {
        if (d->spans[k].kind == SL_SPAN_NEW)
            settle_span(&w, d->spans[k].at, d->spans[k].at + d->spans[k].len);
        else
            sl_spans_put(&w.out, &d->spans[k]);
    }
    rest_is_unused(&w);
    sl_spans_become(&w.out, d);
}

/* ---- what is in reach ---- */

/* Adds what both have; both ascend. */
static void both(const struct sl_ranges *a, const struct sl_ranges *b, struct sl_ranges *out)
{
    for (size_t i = 0, k = 0; i < a->len && k < b->len;) {
        const struct sl_range *x = &a->at[i], *y = &b->at[k];
        uint64_t at = most_of(x->at, y->at), x_end = x->at + x->len, y_end = y->at + y->len, end = least(x_end, y_end);
        if (at < end)
            sl_ranges_add(out, at, end - at);
        i += x_end <= y_end;
        k += y_end <= x_end;
    }
}

/* Adds what either has. */
static void either(const struct sl_ranges *a, const struct sl_ranges *b, struct sl_ranges *out)
{
    uint64_t done = 0;
    for (size_t i = 0, k = 0; i < a->len || k < b->len;) {
        bool from_a = k == b->len || (i < a->len && a->at[i].at <= b->at[k].at);
        const struct sl_range *r = from_a ? &a->at[i++] : &b->at[k++];
        uint64_t at = most_of(r->at, done), end = r->at + r->len;
        if (at < end)
            sl_ranges_add(out, at, end - at);
        done = most_of(done, end);
    }
}

void sl_grid_near(const struct sl_delta *d, unsigned basis, struct sl_ranges *out)
{
    struct sl_ranges unknown = { 0 };
    sl_delta_unknown(d, &unknown);
    both(&d->unused[basis], &unknown, out);
    sl_ranges_clear(&unknown);
}

void sl_grid_reach(const struct sl_delta *d, struct sl_ranges *out)
{
    struct sl_ranges all = { 0 }, unknown = { 0 };
    for (unsigned b = 0; b < SL_BASES_MAX; b++) {
        struct sl_ranges sum = { 0 };
        either(&all, &d->unused[b], &sum);
        sl_ranges_clear(&all);
        all = sum;
    }
    sl_delta_unknown(d, &unknown);
    both(&unknown, &all, out);
    sl_ranges_clear(&unknown);
    sl_ranges_clear(&all);
}

bool sl_grid_moved(const struct sl_delta *d, unsigned grain)
{
    struct sl_ranges reach = { 0 };
    bool moved = false;
    sl_grid_reach(d, &reach);
    for (size_t i = 0; i < reach.len; i++)
        moved |= reach.at[i].len >= (uint64_t)MOVED_BLOCKS << grain;
    sl_ranges_clear(&reach);
    return moved;
}

/* ---- which grain ---- */

static unsigned finer(unsigned grain)
{
    if (grain > PAGE + 1 && grain < PAGE + STEP_BITS)
        return PAGE;
    return grain > LEAST + STEP_BITS ? grain - STEP_BITS : LEAST;
}

enum sl_next sl_grid_next(const struct sl_delta *d, unsigned grain, const struct sl_line *line, unsigned *next, bool *grid)
{
    struct sl_ranges reach = { 0 };
    uint64_t bytes, saved = 0;
    sl_grid_reach(d, &reach);
    for (size_t i = 0; i < reach.len; i++)
        saved += least(reach.at[i].len / 2, (uint64_t)FEW_CHUNKS << grain);
    bytes = sl_ranges_total(&reach);
    sl_ranges_clear(&reach);
    for (*next = finer(grain); *next > LEAST && bytes < (uint64_t)FEW_CHUNKS << *next;)
        *next = finer(*next);
    *grid = *next >= PAGE;
    if (grain <= LEAST || bytes < (UINT64_C(2) << *next))
        return SL_NEXT_STOP;
    if (line->bytes_per_s && line->rtt_us && bytes / 2 < line->bytes_per_s / 1000 * line->rtt_us / 1000)
        return SL_NEXT_STOP;
    return saved > (bytes >> *next) * LIST_BYTES * GAIN_LEAST ? SL_NEXT_ROUND : SL_NEXT_STOP;
}

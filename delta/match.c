/* SPDX-License-Identifier: ISC */
/* match - a table of the bases' chunks, the source's looked up in it one by one, runs preferred. */
#include "config.h"
#include "delta/match_priv.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST = 16,
    STEP_BITS = 4,                /* each round's grain is a sixteenth of the one before: two lists of 1/16 cost less than one of 1/256 */
    FIRST_LEAST = 9, LEAST = 7,   /* log2 of the smallest grain of the first round, and of any */
    LIST_BYTES = 10,              /* of a chunk in a list, at most about */
    GAIN_LEAST = 3,               /* what a round might save, in costs of its list */
    FEW_CHUNKS = 8,
    CHUNKS_MAX = 1 << 22,         /* of a round's lists, about, which take 32 bytes each */
    BEHIND_CHUNKS = 1,            /* of the greatest length: up to there the chunk reaches that did not match any more */
    BEFORE_CHUNKS = 2,            /* cutting takes about one to be in step again */
    SAMPLED_LEAST = 1 << 17,      /* bytes below which no sample is taken */
    SAMPLE_CHUNKS = 32, SAMPLE_EVERY = 128,  /* stretches of so many chunks, one in so many */
    HITS_LEAST_PERCENT = 10,
    SAFE_BITS = 16                /* a false match sends one file whole, one in 65,536: more bytes of hashes would cost more than that */
};

/* ---- spans ---- */

void sl_delta_init(struct sl_delta *d)
{
    *d = (struct sl_delta){ 0 };
}

void sl_delta_clear(struct sl_delta *d)
{
    free(d->spans);
    for (size_t i = 0; i < SL_BASES_MAX; i++)
        sl_ranges_clear(&d->unused[i]);
    *d = (struct sl_delta){ 0 };
}

void sl_delta_settle(struct sl_delta *d)
{
    for (size_t i = 0; i < SL_BASES_MAX; i++)
        sl_ranges_clear(&d->unused[i]);
    if (d->len && d->len < d->cap) {
        d->spans = sl_realloc(d->spans, d->len * sizeof *d->spans);
        d->cap = d->len;
    }
}

static bool joins(const struct sl_span *a, const struct sl_span *b)
{
    return a->kind == b->kind && (a->kind != SL_SPAN_COPY || (a->basis == b->basis && a->from + a->len == b->from));
}

void sl_spans_put(struct sl_spans *s, const struct sl_span *span)
{
    if (s->len && joins(&s->at[s->len - 1], span)) {
        s->at[s->len - 1].len += span->len;
        return;
    }
    if (s->len == s->cap) {
        s->cap = s->cap ? s->cap * 2 : FIRST;
        s->at = sl_realloc(s->at, s->cap * sizeof *s->at);
    }
    s->at[s->len++] = *span;
}

void sl_spans_new(struct sl_spans *s, uint64_t from, uint64_t to)
{
    struct sl_span gap = { .kind = SL_SPAN_NEW, .at = from, .len = to - from };
    if (from < to)
        sl_spans_put(s, &gap);
}

void sl_spans_become(struct sl_spans *s, struct sl_delta *d)
{
    free(d->spans);
    d->spans = s->at;
    d->len = s->len;
    d->cap = s->cap;
    d->rounds++;
}

/* ---- the table ---- */

struct ref { uint32_t chunk; uint8_t basis; bool matched; };

struct table {
    const struct sl_chunks *bases;
    struct ref *refs;             /* open addressing; basis is 1 + the number, 0 is empty */
    size_t mask;
    unsigned shift;
    uint64_t key, of_len;         /* secret factors, odd: none follows from the other */
};

static const struct sl_chunk *chunk_of(const struct table *t, const struct ref *r)
{
    return &t->bases[r->basis - 1].at[r->chunk];
}

/* The place of such a chunk, or the empty one where it would go. */
static struct ref *find(const struct table *t, const struct sl_chunk *c)
{
    size_t i = (size_t)((c->hash * t->key + c->len * t->of_len) >> t->shift);
    for (;; i = (i + 1) & t->mask) {
        struct ref *r = &t->refs[i];
        if (!r->basis || (chunk_of(t, r)->hash == c->hash && chunk_of(t, r)->len == c->len))
            return r;
    }
}

static void table_init(struct table *t, const struct sl_chunks *bases, unsigned count, uint64_t key)
{
    size_t all = 0;
    for (unsigned b = 0; b < count; b++)
        all += bases[b].len;
    struct sl_seed s;
    sl_seed_init(&s, key);
    *t = (struct table){ .bases = bases, .shift = 60, .key = s.gear[0] | 1, .of_len = s.gear[1] | 1 };
    for (t->mask = 15; t->mask / 2 < all; t->mask = t->mask * 2 + 1)
        t->shift--;
    t->refs = sl_calloc(t->mask + 1, sizeof *t->refs);
    for (unsigned b = 0; b < count; b++)
        for (size_t i = 0; i < bases[b].len; i++) {
            struct ref *r = bases[b].at[i].hole ? NULL : find(t, &bases[b].at[i]);
            if (r && !r->basis)
                *r = (struct ref){ .chunk = (uint32_t)i, .basis = (uint8_t)(b + 1) };
        }
}

/* ---- a round ---- */

static bool same(const struct sl_chunk *a, const struct sl_chunk *b)
{
    return a->hash == b->hash && a->len == b->len && !b->hole;
}

/* A match of chunk c: the one that goes on where the last match ended, else the first there is. NULL: none. */
static const struct sl_chunk *match(const struct table *t, const struct sl_chunk *c, struct ref *last)
{
    struct ref *r = find(t, c);
    if (!r->basis)
        return NULL;
    r->matched = true;
    struct ref next = { .chunk = last->chunk + 1, .basis = last->basis };
    if (next.basis && next.chunk < t->bases[next.basis - 1].len && same(c, chunk_of(t, &next)))
        *last = next;
    else
        *last = *r;
    return chunk_of(t, last);
}

static void settle(struct table *t, struct sl_spans *out, const struct sl_chunk *c, struct ref *last)
{
    struct sl_span s = { .kind = c->hole ? SL_SPAN_HOLE : SL_SPAN_NEW, .at = c->at, .len = c->len };
    const struct sl_chunk *m = c->hole ? NULL : match(t, c, last);
    if (m) {
        s.kind = SL_SPAN_COPY;
        s.basis = last->basis - 1u;
        s.from = m->at;
    }
    sl_spans_put(out, &s);
}

static void add(struct sl_ranges *r, uint64_t from, uint64_t to)
{
    if (from < to)
        sl_ranges_add(r, from, to - from);
}

/* What was unused before from `*done` to `to`, where no list says anything of it. */
static void still_unused(const struct sl_ranges *before, size_t *k, uint64_t *done, uint64_t to, struct sl_ranges *out)
{
    for (; *k < before->len && before->at[*k].at < to; ++*k) {
        uint64_t at = before->at[*k].at, end = at + before->at[*k].len;
        add(out, at > *done ? at : *done, end < to ? end : to);
        if (end > to)
            break;
    }
    *done = to;
}

static void find_unused(struct sl_delta *d, const struct table *t, unsigned count)
{
    for (unsigned b = 0; b < count; b++) {
        const struct sl_chunks *list = &t->bases[b];
        struct sl_ranges out = { 0 };
        size_t k = 0;
        uint64_t done = 0;
        for (size_t i = 0; i < list->len; i++) {
            const struct sl_chunk *c = &list->at[i];
            still_unused(&d->unused[b], &k, &done, c->at, &out);
            if (!c->hole && !find(t, c)->matched)
                add(&out, c->at, c->at + c->len);
            done = c->at + c->len;
        }
        still_unused(&d->unused[b], &k, &done, UINT64_MAX, &out);
        sl_ranges_clear(&d->unused[b]);
        d->unused[b] = out;
    }
}

/* What the list says of an unknown span; what it says nothing of stays unknown. */
static void settle_span(struct table *t, struct sl_spans *out, const struct sl_span *s, const struct sl_chunks *source, size_t *i, struct ref *last)
{
    uint64_t at = s->at, end = s->at + s->len;
    for (; *i < source->len && source->at[*i].at < end; ++*i) {
        const struct sl_chunk *c = &source->at[*i];
        sl_spans_new(out, at, c->at);
        settle(t, out, c, last);
        at = c->at + c->len;
    }
    sl_spans_new(out, at, end);
}

void sl_delta_round(struct sl_delta *d, const struct sl_chunks *source, const struct sl_chunks *bases, unsigned count, uint64_t key)
{
    struct table t;
    struct sl_spans out = { 0 };
    struct ref last = { 0 };
    size_t i = 0;
    table_init(&t, bases, count, key);
    while (!d->rounds && i < source->len)
        settle(&t, &out, &source->at[i++], &last);
    for (size_t k = 0; k < d->len; k++) {
        if (d->spans[k].kind == SL_SPAN_NEW)
            settle_span(&t, &out, &d->spans[k], source, &i, &last);
        else
            sl_spans_put(&out, &d->spans[k]);
    }
    find_unused(d, &t, count);
    free(t.refs);
    sl_spans_become(&out, d);
}

void sl_delta_extend(struct sl_delta *d, uint64_t size)
{
    struct sl_spans s = { d->spans, d->len, d->cap };
    sl_spans_new(&s, sl_delta_size(d), size);
    d->spans = s.at;
    d->len = s.len;
    d->cap = s.cap;
}

/* ---- what is left ---- */

void sl_delta_unknown(const struct sl_delta *d, struct sl_ranges *out)
{
    for (size_t i = 0; i < d->len; i++)
        if (d->spans[i].kind == SL_SPAN_NEW)
            sl_ranges_add(out, d->spans[i].at, d->spans[i].len);
}

uint64_t sl_delta_unknown_bytes(const struct sl_delta *d)
{
    uint64_t n = 0;
    for (size_t i = 0; i < d->len; i++)
        n += d->spans[i].kind == SL_SPAN_NEW ? d->spans[i].len : 0;
    return n;
}

uint64_t sl_delta_size(const struct sl_delta *d)
{
    return d->len ? d->spans[d->len - 1].at + d->spans[d->len - 1].len : 0;
}

/* ---- which grain ---- */

static unsigned log2_up(uint64_t n)
{
    unsigned bits = 0;
    while (bits < 63 && (UINT64_C(1) << bits) < n)
        bits++;
    return bits;
}

/* A list of the whole file costs its size / grain, an edit costs the next list of one chunk: about the square root of the size keeps both
 * low for a handful of edits, and more edits are what the next rounds are for. */
unsigned sl_delta_first_grain(uint64_t size)
{
    unsigned grain = (log2_up(size) + 2) / 2;
    return grain < FIRST_LEAST ? FIRST_LEAST : grain > SL_GRAIN_MAX ? SL_GRAIN_MAX : grain;
}

static uint64_t unused_bytes(const struct sl_delta *d)
{
    uint64_t n = 0;
    for (unsigned b = 0; b < SL_BASES_MAX; b++)
        n += sl_ranges_total(&d->unused[b]);
    return n;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What the next round is expected to save: half of each unknown span, as long as it is a few chunks around an edit. Of long spans, where
 * edits may lie so close that no chunk was left whole or all may be new, this says little; then a sample tells. */
static uint64_t expected(const struct sl_delta *d, unsigned grain)
{
    uint64_t n = 0;
    for (size_t i = 0; i < d->len; i++)
        n += d->spans[i].kind == SL_SPAN_NEW ? least(d->spans[i].len / 2, (uint64_t)FEW_CHUNKS << grain) : 0;
    return n;
}

enum sl_next sl_delta_next(const struct sl_delta *d, unsigned grain, const struct sl_line *line, unsigned *next)
{
    uint64_t unknown = sl_delta_unknown_bytes(d), unused = unused_bytes(d), both = least(unknown, unused);
    *next = grain > LEAST + STEP_BITS ? grain - STEP_BITS : LEAST;
    while (*next < grain && (unknown >> *next) + (unused >> *next) > CHUNKS_MAX)
        ++*next;
    if (*next >= grain || unknown < (UINT64_C(2) << *next))
        return SL_NEXT_STOP;
    if (line->bytes_per_s && line->rtt_us && both / 2 < line->bytes_per_s / 1000 * line->rtt_us / 1000)
        return SL_NEXT_STOP;               /* all of it is sent before an answer could be here */
    uint64_t cost = (unknown >> *next) * LIST_BYTES, saved = least(both, expected(d, grain));
    if (saved > cost * GAIN_LEAST)
        return SL_NEXT_ROUND;
    return both > SAMPLED_LEAST ? SL_NEXT_SAMPLE : SL_NEXT_STOP;
}

void sl_delta_sample(const struct sl_ranges *all, unsigned grain, struct sl_ranges *out)
{
    uint64_t piece = (uint64_t)SAMPLE_CHUNKS << grain, every = piece * SAMPLE_EVERY, next = 0;
    for (size_t i = 0; i < all->len; i++) {
        const struct sl_range *r = &all->at[i];
        for (uint64_t at = r->at; at < r->at + r->len; at = next) {
            uint64_t end = r->at + r->len;
            if (at >= next) {
                sl_ranges_add(out, at, least(piece, end - at));
                next = at + every;
            }
            if (next >= end)
                break;
        }
    }
}

/* What lies behind a match, or before one, where there are such chunks. */
static uint64_t behind(unsigned grain) { return BEHIND_CHUNKS * sl_grain_most(grain); }
static uint64_t before(unsigned grain) { return BEFORE_CHUNKS * sl_grain_most(grain); }

void sl_delta_edges(const struct sl_ranges *all, uint64_t size, unsigned grain, struct sl_ranges *out)
{
    for (size_t i = 0; i < all->len; i++) {
        const struct sl_range *r = &all->at[i];
        uint64_t end = r->at + r->len;
        uint64_t head = r->at ? r->at + least(r->len, behind(grain)) : 0, tail = end == size ? end : end - least(r->len, before(grain));
        add(out, r->at, head);
        add(out, tail > head ? tail : head, end);
    }
}

/* Half a chunk is expected of each edge of a match, for a list of what may be a whole one: that is cheap, if it is worth a round trip. */
bool sl_delta_edges_pay(const struct sl_delta *d, unsigned grain, unsigned next, const struct sl_line *line)
{
    uint64_t edges = 0;
    for (size_t i = 0; i + 1 < d->len; i++)
        edges += (d->spans[i].kind == SL_SPAN_COPY) != (d->spans[i + 1].kind == SL_SPAN_COPY);
    uint64_t saved = least(least(sl_delta_unknown_bytes(d), unused_bytes(d)), edges << grain) / 2;
    uint64_t cost = (edges * (behind(grain) + before(grain)) / 2 >> next) * LIST_BYTES;
    return next < grain && saved > cost && !(line->bytes_per_s && line->rtt_us && saved < line->bytes_per_s / 1000 * line->rtt_us / 1000);
}

bool sl_delta_sample_hits(const struct sl_chunks *sample, const struct sl_chunks *wholes, unsigned count, uint64_t key)
{
    struct table t;
    uint64_t hit = 0, all = 0;
    table_init(&t, wholes, count, key);
    for (size_t i = 0; i < sample->len; i++) {
        all += sample->at[i].len;
        hit += find(&t, &sample->at[i])->basis ? sample->at[i].len : 0;
    }
    free(t.refs);
    return hit && hit > all / 100 * HITS_LEAST_PERCENT;
}

unsigned sl_delta_hash_bytes(uint64_t source_bytes, uint64_t basis_bytes, unsigned grain)
{
    unsigned bits = log2_up((source_bytes >> grain) + 1) + log2_up((basis_bytes >> grain) + 1) + SAFE_BITS;
    unsigned bytes = (bits + 7) / 8;
    return bytes < 4 ? 4 : bytes > 8 ? 8 : bytes;
}

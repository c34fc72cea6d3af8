/* SPDX-License-Identifier: ISC */
/* trail - see trail.h. */
#include "config.h"
#include "delta/trail.h"
#include "base/hash.h"
#include "delta/match_priv.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEARCH_LEAST = 3,            /* blocks lost in a row: fewer were changed where they are, most likely */
    BEFORE_MOST = 2,             /* so many of them may be where they would be if the last shift had been none */
    MARKS_MAX = 512,             /* of a search: the first, and the last, that were lost */
    FALSE_MAX = 4,               /* blocks that proved others, by one mark */
    PIECE = 64 * 1024,           /* that is rolled over at a time */
    LAST_MOST = 4 * 1024 * 1024, /* ahead, in the end */
    LATE = 4,                    /* as much behind this file's end, times what is left of it, is searched for there */
    SIEVE_BITS = 16,
    MOVED_BLOCKS = 16            /* as in grid.c */
};

void sl_trail_init(struct sl_trail *t, const struct sl_chunks *other, unsigned grain, unsigned hash_bytes)
{
    *t = (struct sl_trail){ .other = other, .grain = grain };
    t->mask = hash_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * hash_bytes)) - 1;
}

static uint64_t shifted(uint64_t there, int64_t shift)
{
    return shift < 0 && there < (uint64_t)-shift ? 0 : there + (uint64_t)shift;
}

/* Where something of the other file is expected here. */
static uint64_t place(const struct sl_trail *t, uint64_t there)
{
    uint64_t here = shifted(there, t->shift);
    return here > t->end ? here : t->end;
}

bool sl_trail_over(const struct sl_trail *t)
{
    return t->ended || (t->complete && t->next == t->other->len && (!t->lost || t->combed));
}

uint64_t sl_trail_position(const struct sl_trail *t)
{
    return sl_trail_over(t) ? t->size : t->end;
}

static enum sl_code hash_at(const struct sl_trail *t, const struct sl_trail_in *in, uint64_t at, uint64_t len, uint64_t *hash, struct sl_error *err)
{
    const uint8_t *p = in->ops->bytes(in->ctx, at, (size_t)len, err);
    if (!p)
        return err->code;
    *hash = sl_keyed_once(in->seed->secret, p, (size_t)len) & t->mask;
    return SL_OK;
}

/* Block i is at `here`. */
static void found(struct sl_trail *t, const struct sl_trail_in *in, size_t i, uint64_t here)
{
    struct sl_chunk c = t->other->at[i];
    int64_t shift = (int64_t)(here - c.at);
    t->before = shift != t->shift ? t->shift : t->before;
    t->shift = shift;
    t->shifted |= t->shift != 0;
    t->last = t->seen = c.at + c.len;
    t->end = here + c.len;
    t->next = i + 1;
    t->lost = 0;
    t->combed = false;
    c.at = here;
    sl_chunks_add(in->found, &c);
}

/* ---- searching ---- */

struct mark { uint32_t mark; unsigned wrong; size_t block; };
struct search {
    struct mark marks[MARKS_MAX];    /* by mark, then block */
    size_t len;
    uint64_t sieve[(1 << SIEVE_BITS) / 64];
    uint64_t budget;                 /* bytes that may be hashed */
};

static int by_mark(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    if (x->mark != y->mark)
        return x->mark < y->mark ? -1 : 1;
    return (x->block > y->block) - (x->block < y->block);
}

/* That of one byte, repeated: such stretches are everywhere, and say nothing of where a block is. */
static bool is_plain(const struct sl_seed *seed, uint32_t mark)
{
    for (size_t v = 0; v < 256; v++)
        if ((uint32_t)(-seed->gear[v] >> 32) == mark)
            return true;
    return false;
}

static void add_marks(struct search *s, const struct sl_trail *t, const struct sl_seed *seed, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        const struct sl_chunk *c = &t->other->at[i];
        if (c->hole || c->len < SL_MARK_BYTES || is_plain(seed, c->mark))
            continue;
        uint32_t top = c->mark >> (32 - SIEVE_BITS);
        s->marks[s->len++] = (struct mark){ .mark = c->mark, .block = i };
        s->sieve[top / 64] |= UINT64_C(1) << top % 64;
    }
}

static void search_init(struct search *s, const struct sl_trail *t, const struct sl_seed *seed, uint64_t budget)
{
    size_t first = t->next - t->lost;
    memset(s, 0, sizeof *s);
    s->budget = budget;
    if (t->lost <= MARKS_MAX) {
        add_marks(s, t, seed, first, t->next);
    } else {
        add_marks(s, t, seed, first, first + MARKS_MAX / 2);
        add_marks(s, t, seed, t->next - MARKS_MAX / 2, t->next);
    }
    qsort(s->marks, s->len, sizeof s->marks[0], by_mark);
}

static struct mark *first_of(struct search *s, uint32_t mark)
{
    size_t low = 0, high = s->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->marks[mid].mark < mark)
            low = mid + 1;
        else
            high = mid;
    }
    return &s->marks[low];
}

/* Whether a block with that mark is at `here`; blocks of one mark and length are hashed once. */
static enum sl_code try_blocks(struct sl_trail *t, const struct sl_trail_in *in, struct search *s, uint32_t mark, uint64_t here, bool *hit, struct sl_error *err)
{
    uint64_t len = 0, hash = 0;
    for (struct mark *m = first_of(s, mark); m < s->marks + s->len && m->mark == mark; m++) {
        const struct sl_chunk *c = &t->other->at[m->block];
        if (m->wrong == FALSE_MAX || c->len > t->size - here)
            continue;
        if (c->len != len && c->len > s->budget)
            continue;
        enum sl_code rc = c->len == len ? SL_OK : hash_at(t, in, here, c->len, &hash, err);
        if (rc != SL_OK)
            return rc;
        s->budget -= c->len == len ? 0 : c->len;
        len = c->len;
        if (c->hash == hash) {
            found(t, in, m->block, here);
            *hit = true;
            return SL_OK;
        }
        m->wrong++;
    }
    return SL_OK;
}

/* Rolls over [from, to) of this file until one of the lost blocks begins SL_MARK_BYTES before. */
static enum sl_code search(struct sl_trail *t, const struct sl_trail_in *in, struct search *s, uint64_t from, uint64_t to, struct sl_error *err)
{
    const uint64_t *gear = in->seed->gear;
    uint64_t h = 0;
    bool hit = false;
    for (uint64_t at = from; at < to && !hit;) {
        size_t n = to - at < PIECE ? (size_t)(to - at) : PIECE, i = 0;
        const uint8_t *p = in->ops->bytes(in->ctx, at, n, err);
        if (!p)
            return err->code;
        bool maybe = false;
        while (i < n && !maybe) {
            h = (h << 1) + gear[p[i++]];
            size_t top = (size_t)(h >> (64 - SIEVE_BITS));
            maybe = s->sieve[top / 64] >> top % 64 & 1;
        }
        at += i;
        if (maybe && at - from >= SL_MARK_BYTES && first_of(s, (uint32_t)(h >> 32)) < s->marks + s->len) {
            enum sl_code rc = try_blocks(t, in, s, (uint32_t)(h >> 32), at - SL_MARK_BYTES, &hit, err);
            if (rc != SL_OK)
                return rc;
        }
    }
    return SL_OK;
}

/* Looks for what was lost, from the last match on, so far ahead of what is expected. */
static enum sl_code search_ahead(struct sl_trail *t, const struct sl_trail_in *in, uint64_t ahead, uint64_t *done, struct sl_error *err)
{
    struct search s;
    uint64_t to = place(t, t->seen);
    to = to < t->size && ahead < t->size - to ? to + ahead : t->size;
    if (to <= t->end)
        return SL_OK;
    search_init(&s, t, in->seed, 2 * (to - t->end) + (UINT64_C(4) << t->grain));
    *done += to - t->end;
    return search(t, in, &s, t->end, to, err);
}

/* ---- block by block ---- */

static bool is_power_of_two(size_t n)
{
    return n && !(n & (n - 1));
}

/* Whether the block, which is the next, is as far from its place as it says. */
static enum sl_code try_shift(struct sl_trail *t, const struct sl_trail_in *in, size_t i, int64_t shift, uint64_t *done, struct sl_error *err)
{
    const struct sl_chunk *c = &t->other->at[i];
    uint64_t here = c->at + (uint64_t)shift, hash = 0;
    if (here != shifted(c->at, shift) || here < t->end || here > t->size || c->len > t->size - here)
        return SL_OK;
    enum sl_code rc = hash_at(t, in, here, c->len, &hash, err);
    *done += c->len;
    if (rc == SL_OK && hash == c->hash)
        found(t, in, i, here);
    return rc;
}

/* Whether nothing more can be here: what is left of the other file belongs behind the end of this one, and if something was put in before, all that is left
 * here would have been found by now. */
static bool is_over(const struct sl_trail *t, const struct sl_chunk *c)
{
    uint64_t left = t->size - t->end, block = UINT64_C(1) << t->grain, here = place(t, c->at);
    if (c->hole || (here <= t->size && c->len <= t->size - here))
        return false;
    return left < block || c->at - t->last > LATE * left + 2 * SEARCH_LEAST * block;
}

enum sl_code sl_trail_step(struct sl_trail *t, const struct sl_trail_in *in, uint64_t *done, struct sl_error *err)
{
    *done = 0;
    if (sl_trail_over(t) || (t->next == t->other->len && !t->complete))
        return SL_EOF;
    if (t->next == t->other->len) {
        t->combed = true;
        return search_ahead(t, in, LAST_MOST, done, err);
    }
    size_t i = t->next;
    const struct sl_chunk *c = &t->other->at[i];
    t->ended = is_over(t, c);
    if (t->ended)
        return SL_EOF;
    t->seen = c->at + c->len;
    t->next++;
    if (c->hole) {
        t->last = t->lost ? t->last : t->seen;
        return SL_OK;
    }
    t->lost++;
    enum sl_code rc = try_shift(t, in, i, t->shift, done, err);
    if (rc == SL_OK && t->lost && t->lost <= BEFORE_MOST && t->before != t->shift)
        rc = try_shift(t, in, i, t->before, done, err);
    if (rc == SL_OK && t->lost % SEARCH_LEAST == 0 && is_power_of_two(t->lost / SEARCH_LEAST))
        rc = search_ahead(t, in, t->seen - t->last, done, err);
    return rc;
}

/* ---- the round ---- */

struct settling {
    struct sl_delta *d;
    unsigned basis;
    struct sl_spans out;
    uint64_t at, from;               /* the new file is settled, and the basis looked at, up to here */
};

/* Up to `at` all is unknown, and up to `from` unused; unless it is a hole of the basis. */
static void skip_to(struct settling *w, uint64_t at, uint64_t from, bool hole)
{
    sl_spans_new(&w->out, w->at, at);
    if (from > w->from && !hole)
        sl_ranges_add(&w->d->unused[w->basis], w->from, from - w->from);
    w->at = at;
    w->from = from;
}

static void settle(struct settling *w, uint64_t at, uint64_t from, uint64_t len)
{
    struct sl_span s = { .kind = SL_SPAN_COPY, .basis = w->basis, .at = at, .len = len, .from = from };
    skip_to(w, at, from, false);
    sl_spans_put(&w->out, &s);
    w->at += len;
    w->from += len;
}

static void settle_hole(struct settling *w, const struct sl_chunk *c, bool of_source)
{
    struct sl_span s = { .kind = SL_SPAN_HOLE, .at = c->at, .len = c->len };
    if (of_source) {                 /* the hole is the basis's */
        skip_to(w, w->at, c->at, false);
        skip_to(w, w->at, c->at + c->len, true);
        return;
    }
    skip_to(w, c->at, w->from, false);
    sl_spans_put(&w->out, &s);
    w->at += c->len;
}

void sl_trail_round(struct sl_delta *d, const struct sl_trail_sides *s)
{
    struct settling w = { .d = d, .basis = s->basis };
    size_t k = 0;
    sl_ranges_clear(&d->unused[s->basis]);
    for (size_t i = 0; i < s->other->len; i++) {
        const struct sl_chunk *c = &s->other->at[i], *f = k < s->found->len ? &s->found->at[k] : NULL;
        if (c->hole) {
            settle_hole(&w, c, s->of_source);
        } else if (f && f->hash == c->hash && f->len == c->len) {
            settle(&w, s->of_source ? f->at : c->at, s->of_source ? c->at : f->at, c->len);
            k++;
        }
    }
    skip_to(&w, s->source_to > w.at ? s->source_to : w.at, s->basis_to > w.from ? s->basis_to : w.from, false);
    sl_spans_become(&w.out, d);
}

bool sl_trail_moved(const struct sl_delta *d, unsigned grain)
{
    uint64_t least = (uint64_t)MOVED_BLOCKS << grain, unused = 0, longest = 0;
    for (unsigned b = 0; b < SL_BASES_MAX; b++)
        unused += sl_ranges_total(&d->unused[b]);
    for (size_t i = 0; i < d->len; i++)
        if (d->spans[i].kind == SL_SPAN_NEW && d->spans[i].len > longest)
            longest = d->spans[i].len;
    return longest >= least && unused >= least;
}

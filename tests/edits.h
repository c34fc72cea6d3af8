/* SPDX-License-Identifier: ISC */
/* edits - content by chance and what people do to it, for the tests of deltas. */
#ifndef SL_TESTS_EDITS_H
#define SL_TESTS_EDITS_H

#include "base/mem.h"
#include "delta/match.h"
#include "scratch.h"

#include <stdint.h>

static uint64_t state;

SCRATCH_UNUSED static uint64_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

SCRATCH_UNUSED static size_t below(size_t n)
{
    return (size_t)(rnd() % n);
}

struct bytes { uint8_t *p; size_t n; };

SCRATCH_UNUSED static struct bytes noise(size_t n)
{
    struct bytes b = { sl_malloc(n + 1), n };
    for (size_t i = 0; i < n; i++)
        b.p[i] = (uint8_t)(rnd() >> 32);
    return b;
}

SCRATCH_UNUSED static struct bytes filled(size_t n, uint8_t with)
{
    struct bytes b = { sl_malloc(n + 1), n };
    memset(b.p, with, n);
    return b;
}

/* old with the `cut` bytes at `at` replaced by n others. */
SCRATCH_UNUSED static struct bytes spliced(struct bytes old, size_t at, size_t cut, const uint8_t *p, size_t n)
{
    struct bytes b = { sl_malloc(old.n - cut + n + 1), old.n - cut + n };
    memcpy(b.p, old.p, at);
    if (n)
        memcpy(b.p + at, p, n);
    memcpy(b.p + at + n, old.p + at + cut, old.n - at - cut);
    return b;
}

enum edit { INSERT, DELETE, OVERWRITE, MOVE, SWAP, TRUNCATE, APPEND, REPEAT, EDITS };

SCRATCH_UNUSED static struct bytes edited(struct bytes old, enum edit how)
{
    size_t at = below(old.n + 1), n = below(old.n - at + 1) % 5000, to;
    struct bytes fresh = noise(1 + below(5000)), out, cut;
    switch (how) {
    case INSERT: out = spliced(old, at, 0, fresh.p, fresh.n); break;
    case DELETE: out = spliced(old, at, n, NULL, 0); break;
    case OVERWRITE: out = spliced(old, at, n, fresh.p, n < fresh.n ? n : fresh.n); break;
    case TRUNCATE: out = spliced(old, at, old.n - at, NULL, 0); break;
    case APPEND: out = spliced(old, old.n, 0, fresh.p, fresh.n); break;
    case REPEAT: out = spliced(old, at, 0, old.p + at, n); break;
    case MOVE:
    case SWAP:
        cut = spliced(old, at, n, NULL, 0);
        to = below(cut.n + 1);
        out = spliced(cut, to, 0, old.p + at, n);
        free(cut.p);
        break;
    case EDITS:
        ck_abort();
    }
    free(fresh.p);
    return out;
}

/* Spans follow each other, and what is copied is the same there; returns how far they go. */
SCRATCH_UNUSED static uint64_t check_spans(const struct sl_delta *d, struct bytes new, const struct bytes *old)
{
    uint64_t at = 0;
    for (size_t i = 0; i < d->len; i++) {
        const struct sl_span *s = &d->spans[i];
        ck_assert_uint_eq(s->at, at);
        ck_assert_uint_gt(s->len, 0);
        if (s->kind == SL_SPAN_COPY) {
            ck_assert_uint_le(s->from + s->len, old[s->basis].n);
            ck_assert_mem_eq(new.p + s->at, old[s->basis].p + s->from, (size_t)s->len);
        }
        at += s->len;
    }
    ck_assert_uint_le(at, new.n);
    ck_assert_uint_eq(sl_delta_size(d), at);
    return at;
}

#endif

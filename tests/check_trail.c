/* SPDX-License-Identifier: ISC */
/* check_trail - what is found of another file's blocks is really there, whichever of the two files is the new one; insertions and deletions lose a
 * block or two; and no list makes it take more than linear time. */
#include "config.h"
#include "delta/trail.h"
#include "delta/match.h"
#include "edits.h"

static struct sl_seed seed;
static struct sl_error err;

static void list(struct bytes b, unsigned grain, struct sl_chunks *out)
{
    struct sl_chunker c;
    struct sl_chunk k = { 0 };
    bool have;
    sl_chunker_init(&c, &seed);
    c.marks = true;
    sl_chunker_begin_grid(&c, grain, 0);
    for (size_t at = 0; at < b.n;) {
        size_t n = 1 + below(9000);
        at += sl_chunker_next(&c, b.p + at, b.n - at < n ? b.n - at : n, &k, &have);
        if (have)
            sl_chunks_add(out, &k);
    }
    if (sl_chunker_end(&c, &k))
        sl_chunks_add(out, &k);
    sl_chunker_clear(&c);
    for (size_t i = 0; i < out->len; i++)
        out->at[i].hash &= UINT32_MAX;
}

static const uint8_t *bytes(void *ctx, uint64_t at, size_t n, struct sl_error *e)
{
    const struct bytes *b = ctx;
    (void)e;
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_le(at, b->n);
    ck_assert_uint_le(n, b->n - at);
    return b->p + at;
}

static const struct sl_trail_ops ops = { bytes };

/* Follows all of what is known of the other file; returns what work it was. */
static uint64_t go_on(struct sl_trail *f, struct bytes here, struct sl_chunks *found)
{
    struct sl_trail_in in = { &ops, &here, &seed, found };
    uint64_t all = 0, done = 0;
    while (sl_trail_step(f, &in, &done, &err) == SL_OK)
        all += done;
    return all + done;
}

/* By one side's list and the other's bytes; what is to be found out still, and what is unused. */
static uint64_t compare(struct bytes new, struct bytes old, unsigned grain, bool of_source, bool *shifted)
{
    struct sl_chunks all = { 0 }, known = { 0 }, found = { 0 };
    struct bytes here = of_source ? new : old;
    struct sl_trail f;
    struct sl_delta d;
    list(of_source ? old : new, grain, &all);
    sl_trail_init(&f, &known, grain, 4);
    f.size = here.n;
    for (size_t i = 0; i < all.len;) {
        for (size_t n = 1 + below(all.len); n-- && i < all.len; i++)
            sl_chunks_add(&known, &all.at[i]);
        f.complete = i == all.len;
        go_on(&f, here, &found);
    }
    for (size_t i = 0; i < found.len; i++)
        ck_assert_uint_ge(found.at[i].at, i ? found.at[i - 1].at + found.at[i - 1].len : 0);
    struct sl_trail_sides s = { &known, &found, of_source, 0, of_source ? sl_trail_position(&f) : new.n, of_source ? old.n : sl_trail_position(&f) };
    sl_delta_init(&d);
    sl_trail_round(&d, &s);
    ck_assert_uint_eq(check_spans(&d, new, &old), s.source_to);
    uint64_t unknown = sl_delta_unknown_bytes(&d) + new.n - s.source_to, used = s.source_to - sl_delta_unknown_bytes(&d);
    ck_assert_uint_eq(used + sl_ranges_total(&d.unused[0]), s.basis_to);
    *shifted = f.shifted;
    sl_delta_clear(&d);
    sl_chunks_clear(&all);
    sl_chunks_clear(&known);
    sl_chunks_clear(&found);
    return unknown;
}

START_TEST(edit_scripts)
{
    bool shifted;
    for (int run = 0; run < 80; run++) {
        struct bytes old = noise(1 + below(400000)), new = spliced(old, 0, 0, NULL, 0);
        for (size_t edits = below(20); edits--;) {
            struct bytes next = edited(new, (enum edit)below(EDITS));
            free(new.p);
            new = next;
        }
        compare(new, old, 8 + (unsigned)below(7), _i, &shifted);
        free(old.p);
        free(new.p);
    }
}
END_TEST

/* Pieces that were put in, and others that were taken out: each costs two blocks at most. */
START_TEST(insertions_cost_little)
{
    enum { GRAIN = 12, EDITED = 30 };
    struct bytes old = noise(6 << 20), new = spliced(old, 0, 0, NULL, 0);
    bool shifted;
    for (size_t i = 0; i < EDITED; i++) {
        struct bytes piece = noise(1 + below(3000)), next;
        next = spliced(new, 10000 + i * 200000, _i / 2 == 0 ? 0 : _i / 2 == 1 ? piece.n : below(3000), piece.p, _i / 2 == 1 ? 0 : piece.n);
        free(new.p);
        free(piece.p);
        new = next;
    }
    ck_assert_uint_lt(compare(new, old, GRAIN, _i % 2, &shifted), EDITED * (3000 + (3 << GRAIN)));
    ck_assert(shifted);
    free(old.p);
    free(new.p);
}
END_TEST

START_TEST(far_shifts_are_found)
{
    struct bytes old = noise(3 << 20), piece = noise(700001), more = spliced(old, 1 << 20, 0, piece.p, piece.n);
    bool shifted;
    uint64_t lost = 3 << 12;
    ck_assert_uint_le(compare(more, old, 12, false, &shifted), piece.n + lost);
    ck_assert_uint_le(compare(more, old, 12, true, &shifted), piece.n + lost);
    ck_assert_uint_le(compare(old, more, 12, false, &shifted), piece.n + lost);
    ck_assert_uint_le(compare(old, more, 12, true, &shifted), piece.n + lost);
    free(old.p);
    free(piece.p);
    free(more.p);
}
END_TEST

/* A few bytes in front of all; and the end of a file, where less follows than was put in. */
START_TEST(at_the_ends)
{
    struct bytes old = noise(100000), new = spliced(old, 0, 0, (const uint8_t *)"front", 5), late = spliced(old, 90000, 0, old.p, 30000);
    bool shifted;
    for (int of_source = 0; of_source < 2; of_source++) {
        ck_assert_uint_le(compare(new, old, 10, of_source, &shifted), 5 + 2048);
        ck_assert_uint_le(compare(old, new, 10, of_source, &shifted), 2048);
        ck_assert_uint_le(compare(late, old, 10, of_source, &shifted), 30000 + 3 * 1024);
        ck_assert_uint_le(compare(old, late, 10, of_source, &shifted), 3 * 1024);
    }
    free(old.p);
    free(new.p);
    free(late.p);
}
END_TEST

/* Where blocks are changed in place, also some in a row, nothing is searched for far away. */
START_TEST(in_place)
{
    struct bytes old = noise(4 << 20), new = spliced(old, 0, 0, NULL, 0);
    bool shifted = true;
    for (size_t i = 0; i < 40; i++)
        for (size_t k = 0; k < 1 + i % 7; k++)
            new.p[(i * 25 + k) * 4096 + below(4096)] ^= 1;
    ck_assert_uint_le(compare(new, old, 12, _i, &shifted), 160 * 4096);
    ck_assert(!shifted);
    free(old.p);
    free(new.p);
}
END_TEST

/* Zeros everywhere, and the same page again and again: what is found is right, and an edit does not lose all that follows. */
START_TEST(plain_content)
{
    struct bytes old = filled(2 << 20, 0), some = noise(5000), new;
    bool shifted;
    for (size_t i = 0; i < 20; i++)
        memcpy(old.p + i * 100000, some.p, some.n);
    new = spliced(old, 350000, 0, some.p, 3333);
    ck_assert_uint_le(compare(new, old, 11, _i, &shifted), 400000);
    free(new.p);
    new = spliced(old, 0, 0, NULL, 0);
    memcpy(new.p + 1000000, some.p, some.n);
    memset(new.p + 1500000, 7, 30000);
    ck_assert_uint_le(compare(new, old, 11, _i, &shifted), 60000);
    free(new.p);
    free(old.p);
    free(some.p);
}
END_TEST

START_TEST(nothing_and_something)
{
    struct bytes none = noise(0), some = noise(100000);
    bool shifted;
    for (int of_source = 0; of_source < 2; of_source++) {
        ck_assert_uint_eq(compare(none, some, 12, of_source, &shifted), 0);
        ck_assert_uint_eq(compare(some, none, 12, of_source, &shifted), some.n);
        ck_assert_uint_eq(compare(some, some, 12, of_source, &shifted), 0);
    }
    free(none.p);
    free(some.p);
}
END_TEST

START_TEST(holes)
{
    enum { GRAIN = 12, BLOCK = 1 << GRAIN };
    struct bytes here = noise(3 * BLOCK);
    struct sl_chunks other = { 0 }, found = { 0 };
    struct sl_trail f;
    struct sl_delta d;
    list(here, GRAIN, &other);
    for (size_t i = 1; i < other.len; i++)
        other.at[i].at += 50 * BLOCK;
    other.at[2] = other.at[1];
    other.at[1] = (struct sl_chunk){ .at = BLOCK, .len = 50 * BLOCK, .hole = true };
    sl_trail_init(&f, &other, GRAIN, 4);
    f.size = here.n;
    go_on(&f, here, &found);
    for (int of_source = 0; of_source < 2; of_source++) {
        sl_delta_init(&d);
        struct sl_trail_sides s = { &other, &found, of_source, 0, of_source ? here.n : 52 * BLOCK, of_source ? 52 * BLOCK : here.n };
        sl_trail_round(&d, &s);
        ck_assert_uint_eq(sl_delta_size(&d), s.source_to);
        ck_assert_int_eq(d.spans[0].kind, SL_SPAN_COPY);
        ck_assert_int_eq(d.spans[1].kind, of_source ? SL_SPAN_NEW : SL_SPAN_HOLE);
        sl_delta_clear(&d);
    }
    sl_chunks_clear(&other);
    sl_chunks_clear(&found);
    free(here.p);
}
END_TEST

/* Marks that are everywhere, and hashes that are nowhere. */
START_TEST(hostile_lists_stay_linear)
{
    enum { GRAIN = 9, BLOCK = 1 << GRAIN, BLOCKS = 40000 };
    struct bytes period = noise(SL_MARK_BYTES * 2), here = filled(BLOCKS * BLOCK, 0);
    struct sl_chunks other = { 0 }, found = { 0 };
    struct sl_trail f;
    for (size_t i = 0; i < here.n; i++)
        here.p[i] = period.p[i % period.n];
    list(here, GRAIN, &other);
    for (size_t i = 0; i < other.len; i++)
        other.at[i].hash = _i == 0 ? 7 : _i == 1 && i % 5 == 0 ? other.at[i].hash : i;
    sl_trail_init(&f, &other, GRAIN, 4);
    f.size = here.n;
    ck_assert_uint_lt(go_on(&f, here, &found), 30 * (uint64_t)here.n);
    sl_chunks_clear(&other);
    sl_chunks_clear(&found);
    free(here.p);
    free(period.p);
}
END_TEST

/* What is left between matches, there and here, is long enough for a piece that was moved; or not. */
START_TEST(pieces_may_have_moved)
{
    enum { GRAIN = 10 };
    const uint64_t block = 1 << GRAIN;
    struct sl_delta d;
    struct sl_span spans[3] = { { .kind = SL_SPAN_COPY, .len = 5 * block }, { .kind = SL_SPAN_NEW, .at = 5 * block, .len = 16 * block },
                                { .kind = SL_SPAN_COPY, .at = 21 * block, .len = block, .from = 40 * block } };
    sl_delta_init(&d);
    d.spans = spans;
    d.len = 3;
    ck_assert(!sl_trail_moved(&d, GRAIN));
    sl_ranges_add(&d.unused[0], 5 * block, 8 * block);
    ck_assert(!sl_trail_moved(&d, GRAIN));
    sl_ranges_add(&d.unused[0], 20 * block, 8 * block);
    ck_assert(sl_trail_moved(&d, GRAIN));
    ck_assert(!sl_trail_moved(&d, GRAIN + 1));
    sl_ranges_clear(&d.unused[0]);
}
END_TEST

static void add(TCase *tc)
{
    state = 0x2545f4914f6cdd1d;
    sl_seed_init(&seed, 42);
    tcase_add_loop_test(tc, edit_scripts, 0, 2);
    tcase_add_loop_test(tc, insertions_cost_little, 0, 6);
    tcase_add_test(tc, far_shifts_are_found);
    tcase_add_test(tc, at_the_ends);
    tcase_add_loop_test(tc, in_place, 0, 2);
    tcase_add_loop_test(tc, plain_content, 0, 2);
    tcase_add_test(tc, nothing_and_something);
    tcase_add_test(tc, pieces_may_have_moved);
    tcase_add_test(tc, holes);
    tcase_add_loop_test(tc, hostile_lists_stay_linear, 0, 3);
}

int main(void)
{
    return scratch_run("trail", add);
}

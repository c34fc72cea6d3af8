/* SPDX-License-Identifier: ISC */
/* check_grid - blocks at equal offsets: what follows from comparing them, portion by portion and in finer rounds, is right whatever was done to a
 * file, costs little where it was changed in place, and is given up early where nothing matches. */
#include "config.h"
#include "delta/grid.h"
#include "edits.h"

static struct sl_seed seed;

/* ---- lists ---- */

static void list_in(struct bytes b, uint64_t at, uint64_t to, unsigned grain, bool grid, struct sl_chunks *out)
{
    struct sl_chunker c;
    struct sl_chunk k = { 0 };
    bool have;
    sl_chunker_init(&c, &seed);
    (grid ? sl_chunker_begin_grid : sl_chunker_begin)(&c, grain, at);
    while (at < to) {
        uint64_t n = 1 + below(9000);
        at += sl_chunker_next(&c, b.p + at, (size_t)(to - at < n ? to - at : n), &k, &have);
        if (have)
            sl_chunks_add(out, &k);
    }
    if (sl_chunker_end(&c, &k))
        sl_chunks_add(out, &k);
    sl_chunker_clear(&c);
}

static void list(struct bytes b, const struct sl_ranges *r, unsigned grain, bool grid, struct sl_chunks *out)
{
    for (size_t i = 0; i < r->len; i++)
        list_in(b, r->at[i].at, r->at[i].at + r->at[i].len, grain, grid, out);
}

/* All rounds of files that differ in places; returns what is to be sent. */
static uint64_t compare(struct bytes new, const struct bytes *old, unsigned count, unsigned grain)
{
    static const struct sl_line no_line;
    struct sl_delta d;
    struct sl_ranges of_new = { 0 }, of_old[SL_BASES_MAX] = { { 0 } };
    enum sl_next next = SL_NEXT_ROUND;
    bool grid = true;
    sl_delta_init(&d);
    if (new.n)
        sl_ranges_add(&of_new, 0, new.n);
    for (unsigned b = 0; b < count; b++)
        if (old[b].n)
            sl_ranges_add(&of_old[b], 0, old[b].n);
    for (unsigned rounds = 0; next != SL_NEXT_STOP; rounds++) {
        struct sl_chunks source = { 0 }, bases[SL_BASES_MAX] = { { 0 } };
        ck_assert_uint_lt(rounds, 8);
        list(new, &of_new, grain, grid, &source);
        for (unsigned b = 0; b < count; b++)
            list(old[b], &of_old[b], grain, grid, &bases[b]);
        if (grid)
            sl_grid_round(&d, &source, bases, count);
        else
            sl_delta_round(&d, &source, bases, count, 0x123456789abcdef);
        ck_assert_uint_eq(check_spans(&d, new, old), new.n);
        next = sl_grid_next(&d, grain, &no_line, &grain, &grid);
        sl_ranges_clear(&of_new);
        sl_grid_reach(&d, &of_new);
        sl_chunks_clear(&source);
        for (unsigned b = 0; b < count; b++) {
            sl_chunks_clear(&bases[b]);
            sl_ranges_clear(&of_old[b]);
            sl_grid_near(&d, b, &of_old[b]);
        }
    }
    uint64_t unknown = sl_delta_unknown_bytes(&d);
    sl_ranges_clear(&of_new);
    for (unsigned b = 0; b < count; b++)
        sl_ranges_clear(&of_old[b]);
    sl_delta_clear(&d);
    return unknown;
}

/* ---- cutting ---- */

START_TEST(blocks_end_at_multiples)
{
    struct bytes b = noise(100000);
    struct sl_chunks l = { 0 }, from = { 0 };
    list_in(b, 0, b.n, 12, true, &l);
    list_in(b, 5000, b.n, 12, true, &from);
    ck_assert_uint_eq(l.len, (100000 + 4095) / 4096);
    for (size_t i = 0; i < l.len; i++) {
        ck_assert_uint_eq(l.at[i].at, i * 4096);
        ck_assert_uint_eq(l.at[i].len, i + 1 < l.len ? 4096 : 100000 % 4096);
        ck_assert_uint_eq(l.at[i].hash, sl_keyed_once(seed.secret, b.p + i * 4096, (size_t)l.at[i].len));
    }
    ck_assert_uint_eq(from.at[0].len, 8192 - 5000);
    ck_assert_uint_eq(from.at[1].hash, l.at[2].hash);
    sl_chunks_clear(&l);
    sl_chunks_clear(&from);
    free(b.p);
}
END_TEST

/* ---- rounds ---- */

START_TEST(edit_scripts)
{
    for (int run = 0; run < 60; run++) {
        struct bytes old = noise(1 + below(400000)), new = spliced(old, 0, 0, NULL, 0);
        for (size_t edits = below(20); edits--;) {
            struct bytes next = edited(new, (enum edit)below(EDITS));
            free(new.p);
            new = next;
        }
        compare(new, &old, 1, 12 + (unsigned)below(5));
        free(old.p);
        free(new.p);
    }
}
END_TEST

START_TEST(in_place_costs_little)
{
    struct bytes old = noise(8 << 20), new = spliced(old, 0, 0, NULL, 0);
    for (size_t i = 0; i < 20; i++)
        new.p[200000 + i * 400000] ^= 1;
    ck_assert_uint_lt(compare(new, &old, 1, 16), 20 * 700);
    free(old.p);
    free(new.p);
}
END_TEST

START_TEST(appended_and_cut_off)
{
    struct bytes old = noise(1000001), more = noise(300000), new = spliced(old, old.n, 0, more.p, more.n), less = { old.p, 777777 };
    uint64_t unknown = compare(new, &old, 1, 14);
    ck_assert_uint_ge(unknown, more.n);
    ck_assert_uint_lt(unknown, more.n + 4096);
    ck_assert_uint_lt(compare(less, &old, 1, 14), 4096);
    ck_assert_uint_eq(compare(old, &old, 1, 14), 0);
    free(old.p);
    free(more.p);
    free(new.p);
}
END_TEST

/* What was kept of an interrupted file has the beginning, the old file the pages that did not change. */
START_TEST(several_bases)
{
    struct bytes new = noise(2 << 20), old[2] = { spliced(new, 0, 0, NULL, 0), { new.p, 700000 } };
    for (size_t i = 0; i < 100; i++)
        old[0].p[below(old[0].n)] ^= 1;
    for (size_t i = 0; i < 5; i++)
        old[0].p[i * 100000] ^= 1;
    uint64_t both = compare(new, old, 2, 14), one = compare(new, old, 1, 14);
    ck_assert_uint_lt(both, one);
    ck_assert_uint_lt(both, 70 * 700);
    free(new.p);
    free(old[0].p);
}
END_TEST

START_TEST(nothing_and_something)
{
    struct bytes none = noise(0), some = noise(100000);
    ck_assert_uint_eq(compare(none, &some, 1, 12), 0);
    ck_assert_uint_eq(compare(some, &none, 1, 12), some.n);
    ck_assert_uint_eq(compare(some, &none, 0, 12), some.n);
    free(none.p);
    free(some.p);
}
END_TEST

START_TEST(holes_are_kept)
{
    struct sl_chunks source = { 0 }, basis = { 0 };
    struct sl_delta d;
    static const struct sl_chunk s[] = { { 0, 4096, 1, false, 0 }, { 4096, 8192, 0, true, 0 }, { 12288, 4096, 3, false, 0 } };
    static const struct sl_chunk b[] = { { 0, 8192, 0, true, 0 }, { 8192, 4096, 2, false, 0 }, { 12288, 4096, 3, false, 0 } };
    for (size_t i = 0; i < 3; i++) {
        sl_chunks_add(&source, &s[i]);
        sl_chunks_add(&basis, &b[i]);
    }
    sl_delta_init(&d);
    sl_grid_round(&d, &source, &basis, 1);
    ck_assert_uint_eq(d.len, 3);
    ck_assert(d.spans[0].kind == SL_SPAN_NEW && d.spans[1].kind == SL_SPAN_HOLE && d.spans[2].kind == SL_SPAN_COPY);
    ck_assert_uint_eq(d.unused[0].len, 1);
    ck_assert_uint_eq(d.unused[0].at[0].at, 8192);
    sl_delta_clear(&d);
    sl_chunks_clear(&source);
    sl_chunks_clear(&basis);
}
END_TEST

/* Lists in which all hashes are the same, or that are as fine as they can be made by holes: linear. */
START_TEST(hostile_lists_stay_linear)
{
    enum { MANY = 1000000 };
    struct sl_chunks source = { 0 }, basis = { 0 };
    struct sl_grid_look look = { 0 };
    struct sl_ranges reach = { 0 };
    struct sl_delta d;
    for (uint64_t i = 0; i < MANY; i++) {
        sl_chunks_add(&source, &(struct sl_chunk){ i * 64, 64, _i ? i : 7, i % 2, 0 });
        sl_chunks_add(&basis, &(struct sl_chunk){ i * 64, 64, 7, false, 0 });
    }
    sl_delta_init(&d);
    for (uint64_t to = 4096; to <= MANY * 64; to += 4096)
        sl_grid_look(&look, &source, &basis, 1, to);
    sl_grid_round(&d, &source, &basis, 1);
    ck_assert_uint_eq(sl_delta_size(&d), (uint64_t)MANY * 64);
    sl_grid_reach(&d, &reach);
    ck_assert_uint_eq(sl_ranges_total(&reach), _i ? MANY * UINT64_C(32) : 0);
    sl_ranges_clear(&reach);
    sl_delta_clear(&d);
    sl_chunks_clear(&source);
    sl_chunks_clear(&basis);
}
END_TEST

/* ---- when to give up ---- */

/* How far the grid is followed, in portions, before it is given up; SIZE_MAX: it is not. */
static uint64_t followed(struct bytes new, struct bytes old, unsigned grain)
{
    struct sl_chunks source = { 0 }, basis = { 0 };
    struct sl_grid_look look = { 0 };
    uint64_t at = 0, end = new.n < old.n ? new.n : old.n;
    list_in(new, 0, new.n, grain, true, &source);
    list_in(old, 0, old.n, grain, true, &basis);
    while (at < end && !sl_grid_diverged(&look, grain)) {
        at = sl_grid_portion(at, grain, 1 << 20);
        sl_grid_look(&look, &source, &basis, 1, at < end ? at : end);
    }
    bool diverged = sl_grid_diverged(&look, grain);
    sl_chunks_clear(&source);
    sl_chunks_clear(&basis);
    return diverged ? at : UINT64_MAX;
}

START_TEST(gives_up_where_nothing_matches)
{
    struct bytes old = noise(40 << 20), new = spliced(old, 1000, 0, (const uint8_t *)"x", 1);
    ck_assert_uint_eq(followed(new, old, 14), 4 << 20);
    free(new.p);
    new = spliced(old, 20 << 20, 0, (const uint8_t *)"x", 1);
    uint64_t at = followed(new, old, 14);
    ck_assert_uint_gt(at, 20 << 20);
    ck_assert_uint_le(at, 32 << 20);
    free(new.p);
    new = spliced(old, 0, 0, NULL, 0);
    for (size_t i = 0; i < 300; i++)
        new.p[below(new.n)] ^= 1;
    ck_assert_uint_eq(followed(new, old, 14), UINT64_MAX);
    free(new.p);
    free(old.p);
}
END_TEST

START_TEST(long_replaced_pieces_may_have_moved)
{
    struct bytes old = noise(4 << 20), new = spliced(old, 0, 0, NULL, 0);
    struct sl_chunks source = { 0 }, basis = { 0 };
    struct sl_delta d;
    memcpy(new.p + (2 << 20), old.p + 1000, 1 << 20);
    list_in(new, 0, new.n, 14, true, &source);
    list_in(old, 0, old.n, 14, true, &basis);
    sl_delta_init(&d);
    sl_grid_round(&d, &source, &basis, 1);
    ck_assert(sl_grid_moved(&d, 14));
    ck_assert(!sl_grid_moved(&d, 17));
    sl_delta_clear(&d);
    sl_chunks_clear(&source);
    sl_chunks_clear(&basis);
    free(new.p);
    free(old.p);
}
END_TEST

static void add(TCase *tc)
{
    state = 0x2545f4914f6cdd1d;
    sl_seed_init(&seed, 42);
    tcase_add_test(tc, blocks_end_at_multiples);
    tcase_add_test(tc, edit_scripts);
    tcase_add_test(tc, in_place_costs_little);
    tcase_add_test(tc, appended_and_cut_off);
    tcase_add_test(tc, several_bases);
    tcase_add_test(tc, nothing_and_something);
    tcase_add_test(tc, holes_are_kept);
    tcase_add_loop_test(tc, hostile_lists_stay_linear, 0, 2);
    tcase_add_test(tc, gives_up_where_nothing_matches);
    tcase_add_test(tc, long_replaced_pieces_may_have_moved);
}

int main(void)
{
    return scratch_run("grid", add);
}

/* SPDX-License-Identifier: ISC */
/* check_delta - cutting, chunk lists, matching in rounds: whatever was done to a file, the spans put it together again. */
#include "config.h"
#include "base/mem.h"
#include "delta/inplace.h"
#include "delta/match.h"
#include "edits.h"

static const struct sl_line no_line;
static struct sl_seed seed;

/* ---- lists, as either side makes them; turn: bytes at once ---- */

static void list(struct bytes b, const struct sl_ranges *ranges, unsigned grain, unsigned bytes, size_t turn, struct sl_chunks *out)
{
    struct sl_chunker c;
    struct sl_chunk k = { 0 };
    uint64_t mask = bytes == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * bytes)) - 1;
    bool have;
    sl_chunker_init(&c, &seed);
    for (size_t i = 0; i < ranges->len; i++) {
        const struct sl_range *r = &ranges->at[i];
        size_t first = out->len;
        sl_chunker_begin(&c, grain, r->at);
        for (uint64_t done = 0; done < r->len;) {
            uint64_t n = r->len - done < turn ? r->len - done : turn;
            done += sl_chunker_next(&c, b.p + r->at + done, (size_t)n, &k, &have);
            if (have)
                sl_chunks_add(out, &k);
        }
        if (sl_chunker_end(&c, &k))
            sl_chunks_add(out, &k);
        uint64_t at = r->at;
        for (size_t j = first; j < out->len; j++) {
            ck_assert_uint_eq(out->at[j].at, at);
            ck_assert_uint_le(out->at[j].len, sl_grain_most(grain));
            ck_assert(j + 1 == out->len || out->at[j].len >= sl_grain_least(grain));
            out->at[j].hash &= mask;
            at += out->at[j].len;
        }
        ck_assert_uint_eq(at, r->at + r->len);
    }
    sl_chunker_clear(&c);
}

/* Carries the spans out over the first basis, byte by byte: it becomes the new file. */
static void check_in_place(struct sl_delta *d, struct bytes new, const struct bytes *old)
{
    size_t most = new.n > old[0].n ? new.n : old[0].n;
    uint8_t *file = sl_calloc(1, most + 1);
    uint64_t at = 0;
    memcpy(file, old[0].p, old[0].n);
    sl_delta_in_place(d, 0);
    for (size_t i = 0; i < d->len; i++) {
        const struct sl_span *s = &d->spans[i];
        ck_assert_uint_eq(s->at, at);
        ck_assert_uint_gt(s->len, 0);
        const uint8_t *from = s->kind == SL_SPAN_COPY ? (s->basis ? old[s->basis].p : file) + s->from : new.p + at;
        for (uint64_t k = 0; k < s->len; k++)
            file[at + k] = from[k];
        at += s->len;
    }
    ck_assert_uint_eq(at, new.n);
    ck_assert_mem_eq(file, new.p, new.n);
    free(file);
}

/* All rounds; returns the bytes left to be sent. sampled: how often a sample was wanted. */
static uint64_t compare(struct bytes new, const struct bytes *old, unsigned count, size_t turn, unsigned *sampled)
{
    struct sl_delta d;
    struct sl_ranges of_new = { 0 }, of_old[SL_BASES_MAX] = { { 0 } };
    unsigned grain = sl_delta_first_grain(new.n);
    bool more = new.n > 0;
    sl_delta_init(&d);
    if (new.n)
        sl_ranges_add(&of_new, 0, new.n);
    for (unsigned b = 0; b < count; b++)
        if (old[b].n)
            sl_ranges_add(&of_old[b], 0, old[b].n);
    while (more) {
        struct sl_chunks source = { 0 }, bases[SL_BASES_MAX] = { { 0 } };
        unsigned bytes = sl_delta_hash_bytes(new.n, new.n, grain);
        list(new, &of_new, grain, bytes, turn, &source);
        for (unsigned b = 0; b < count; b++)
            list(old[b], &of_old[b], grain, bytes, turn, &bases[b]);
        sl_delta_round(&d, &source, bases, count, 0x123456789abcdef);
        ck_assert_uint_eq(check_spans(&d, new, old), new.n);
        enum sl_next next = sl_delta_next(&d, grain, &no_line, &grain);
        more = next != SL_NEXT_STOP;
        if (sampled)
            *sampled += next == SL_NEXT_SAMPLE;
        sl_ranges_clear(&of_new);
        sl_delta_unknown(&d, &of_new);
        sl_chunks_clear(&source);
        for (unsigned b = 0; b < count; b++) {
            sl_chunks_clear(&bases[b]);
            sl_ranges_clear(&of_old[b]);
            for (size_t i = 0; i < d.unused[b].len; i++)
                sl_ranges_add(&of_old[b], d.unused[b].at[i].at, d.unused[b].at[i].len);
        }
    }
    uint64_t unknown = sl_delta_unknown_bytes(&d);
    if (count)
        check_in_place(&d, new, old);
    sl_ranges_clear(&of_new);
    for (unsigned b = 0; b < count; b++)
        sl_ranges_clear(&of_old[b]);
    sl_delta_clear(&d);
    return unknown;
}

/* ---- cutting ---- */

START_TEST(cuts_alike_however_it_comes)
{
    static const size_t turns[] = { 1, 2, 3, 7, 4096 };
    struct bytes b = noise(200 * 1000);
    struct sl_ranges all = { 0 };
    sl_ranges_add(&all, 0, b.n);
    for (unsigned grain = SL_GRAIN_MIN; grain <= 14; grain += 2) {
        struct sl_chunks whole = { 0 };
        list(b, &all, grain, 8, b.n, &whole);
        for (size_t t = 0; t < sizeof turns / sizeof turns[0]; t++) {
            struct sl_chunks parts = { 0 };
            list(b, &all, grain, 8, turns[t], &parts);
            ck_assert_uint_eq(parts.len, whole.len);
            for (size_t i = 0; i < whole.len; i++) {
                ck_assert_uint_eq(parts.at[i].len, whole.at[i].len);
                ck_assert_uint_eq(parts.at[i].hash, whole.at[i].hash);
            }
            sl_chunks_clear(&parts);
        }
        sl_chunks_clear(&whole);
    }
    sl_ranges_clear(&all);
    free(b.p);
}
END_TEST

START_TEST(wanted_length)
{
    struct bytes b = noise(8 << 20);
    struct sl_ranges all = { 0 };
    struct sl_chunks l = { 0 };
    sl_ranges_add(&all, 0, b.n);
    list(b, &all, 12, 8, b.n, &l);
    ck_assert_uint_gt(b.n / l.len, 3500);
    ck_assert_uint_lt(b.n / l.len, 6000);
    sl_chunks_clear(&l);
    sl_ranges_clear(&all);
    free(b.p);
}
END_TEST

START_TEST(seeds_differ)
{
    struct bytes b = noise(1 << 20);
    struct sl_ranges all = { 0 };
    struct sl_chunks one = { 0 }, other = { 0 };
    sl_ranges_add(&all, 0, b.n);
    list(b, &all, 12, 8, b.n, &one);
    sl_seed_init(&seed, 43);
    list(b, &all, 12, 8, b.n, &other);
    sl_seed_init(&seed, 42);
    size_t same = 0;
    for (size_t i = 0; i < one.len && i < other.len; i++)
        same += one.at[i].hash == other.at[i].hash;
    ck_assert_uint_eq(same, 0);
    sl_chunks_clear(&one);
    sl_chunks_clear(&other);
    sl_ranges_clear(&all);
    free(b.p);
}
END_TEST

/* ---- matching ---- */

START_TEST(every_edit)
{
    static const size_t sizes[] = { 1, 500, 5000, 70000, 1000000 };
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (int how = 0; how < EDITS; how++) {
            struct bytes old = noise(sizes[s]), new = edited(old, (enum edit)how);
            uint64_t unknown = compare(new, &old, 1, 4096, NULL);
            ck_assert_uint_le(unknown, 5000 + 5000);
            free(old.p);
            free(new.p);
        }
}
END_TEST

START_TEST(edit_scripts)
{
    for (int run = 0; run < 40; run++) {
        struct bytes old = noise(1 + below(300000)), new = spliced(old, 0, 0, NULL, 0);
        for (size_t edits = below(30); edits--;) {
            struct bytes next = edited(new, (enum edit)below(EDITS));
            free(new.p);
            new = next;
        }
        compare(new, &old, 1, 4096, NULL);
        free(old.p);
        free(new.p);
    }
}
END_TEST

START_TEST(equal_costs_nothing)
{
    struct bytes b = noise(777777);
    ck_assert_uint_eq(compare(b, &b, 1, 4096, NULL), 0);
    free(b.p);
}
END_TEST

START_TEST(nothing_and_something)
{
    struct bytes none = noise(0), some = noise(100000);
    ck_assert_uint_eq(compare(none, &some, 1, 4096, NULL), 0);
    ck_assert_uint_eq(compare(some, &none, 1, 4096, NULL), some.n);
    ck_assert_uint_eq(compare(some, &none, 0, 4096, NULL), some.n);
    free(none.p);
    free(some.p);
}
END_TEST

START_TEST(scattered_edits_cost_little)
{
    struct bytes old = noise(8 << 20), new = spliced(old, 0, 0, NULL, 0);
    for (size_t i = 0; i < 20; i++)
        new.p[200000 + i * 400000] ^= 1;
    ck_assert_uint_lt(compare(new, &old, 1, 4096, NULL), 20 * 700);
    free(old.p);
    free(new.p);
}
END_TEST

START_TEST(several_bases)
{
    struct bytes old[3] = { noise(100000), noise(200000), noise(50000) }, new = { sl_malloc(350000), 350000 };
    memcpy(new.p, old[2].p, 50000);
    memcpy(new.p + 50000, old[1].p, 200000);
    memcpy(new.p + 250000, old[0].p, 100000);
    ck_assert_uint_lt(compare(new, old, 3, 4096, NULL), 3000);
    for (int i = 0; i < 3; i++)
        free(old[i].p);
    free(new.p);
}
END_TEST

START_TEST(zeros)
{
    struct bytes old = filled(3000000, 0), new = filled(5000001, 0);
    ck_assert_uint_lt(compare(new, &old, 1, 4096, NULL), 20000);
    free(old.p);
    free(new.p);
}
END_TEST

START_TEST(content_that_is_new_ends_early)
{
    struct bytes old = noise(4 << 20), new = noise(4 << 20);
    unsigned sampled = 0;
    ck_assert_uint_eq(compare(new, &old, 1, 1 << 20, &sampled), new.n);
    ck_assert_uint_ge(sampled, 1);
    free(old.p);
    free(new.p);
}
END_TEST

/* A few stretches of a file that is new otherwise: what the last chunk that fits leaves of them is found beside it, by lists of little more. */
START_TEST(edges_of_matches_are_found)
{
    struct bytes old = noise(8 << 20), new = noise(8 << 20);
    const struct sl_line slow = { 1 << 20, 10000 }, far = { 100 << 20, 100000 };
    unsigned grain = sl_delta_first_grain(new.n), bytes = sl_delta_hash_bytes(new.n, old.n, grain), next;
    struct sl_delta d;
    struct sl_chunks a = { 0 }, b = { 0 };
    struct sl_ranges all = { 0 }, some[2] = { { 0 } };
    for (size_t i = 0; i < 4; i++)
        memcpy(new.p + (1 << 20) + (i << 20), old.p + (2 << 20) + i * 777777, 200000);
    sl_delta_init(&d);
    sl_ranges_add(&all, 0, new.n);
    list(new, &all, grain, bytes, new.n, &a);
    list(old, &all, grain, bytes, old.n, &b);
    sl_delta_round(&d, &a, &b, 1, 99);
    ck_assert_int_eq(sl_delta_next(&d, grain, &no_line, &next), SL_NEXT_SAMPLE);
    ck_assert(sl_delta_edges_pay(&d, grain, next, &no_line) && sl_delta_edges_pay(&d, grain, next, &slow));
    ck_assert(!sl_delta_edges_pay(&d, grain, next, &far));
    uint64_t before = sl_delta_unknown_bytes(&d);
    sl_chunks_clear(&a);
    sl_chunks_clear(&b);
    sl_ranges_clear(&all);
    sl_delta_unknown(&d, &all);
    sl_delta_edges(&all, new.n, grain, &some[0]);
    sl_delta_edges(&d.unused[0], old.n, grain, &some[1]);
    ck_assert_uint_le(sl_ranges_total(&some[0]), 20 * sl_grain_most(grain));
    list(new, &some[0], next, 8, new.n, &a);
    list(old, &some[1], next, 8, old.n, &b);
    sl_delta_round(&d, &a, &b, 1, 99);
    ck_assert_uint_eq(check_spans(&d, new, &old), new.n);
    ck_assert_uint_lt(sl_delta_unknown_bytes(&d) - (new.n - 4 * 200000), (before - (new.n - 4 * 200000)) / 2);
    sl_chunks_clear(&a);
    sl_chunks_clear(&b);
    sl_ranges_clear(&all);
    sl_ranges_clear(&some[0]);
    sl_ranges_clear(&some[1]);
    sl_delta_clear(&d);
    free(old.p);
    free(new.p);
}
END_TEST

/* Where all lies beside something else, all is looked at, once; beside the ends of the file there is nothing. */
START_TEST(edges_that_meet)
{
    struct sl_ranges all = { 0 }, some = { 0 };
    uint64_t most = sl_grain_most(10);
    sl_ranges_add(&all, 5, 6 * most);
    sl_ranges_add(&all, 20 * most, 2 * most + 1);
    sl_ranges_add(&all, 40 * most, 1);
    sl_delta_edges(&all, 50 * most, 10, &some);
    ck_assert_uint_eq(some.len, 4);
    ck_assert_uint_eq(some.at[0].at, 5);
    ck_assert_uint_eq(some.at[0].len, most);
    ck_assert_uint_eq(some.at[1].at, 5 + 4 * most);
    ck_assert_uint_eq(some.at[1].len, 2 * most);
    ck_assert_uint_eq(some.at[2].at, 20 * most);
    ck_assert_uint_eq(some.at[2].len, 2 * most + 1);
    ck_assert_uint_eq(some.at[3].len, 1);
    sl_ranges_clear(&all);
    sl_ranges_clear(&some);
    sl_ranges_add(&all, 0, 10 * most);
    sl_ranges_add(&all, 20 * most, 10 * most);
    sl_delta_edges(&all, 30 * most, 10, &some);
    ck_assert_uint_eq(some.len, 2);
    ck_assert_uint_eq(some.at[0].at, 8 * most);
    ck_assert_uint_eq(some.at[1].at, 20 * most);
    ck_assert_uint_eq(some.at[1].len, most);
    sl_ranges_clear(&all);
    sl_ranges_clear(&some);
}
END_TEST

/* A round that looks at some of what is left: the rest of either side stays what it was. */
START_TEST(what_no_list_names_stays)
{
    struct sl_chunk chunks[3] = { { .at = 100, .len = 10, .hash = 1 }, { .at = 110, .len = 10, .hash = 2 }, { .at = 300, .len = 50, .hash = 3 } };
    struct sl_chunk others[2] = { { .at = 130, .len = 10, .hash = 1 }, { .at = 500, .len = 50, .hash = 4 } };
    struct sl_chunks source = { .at = others, .len = 2 }, basis = { .at = chunks, .len = 3 };
    struct sl_delta d;
    sl_delta_init(&d);
    sl_delta_extend(&d, 1000);
    d.rounds = 1;
    sl_ranges_add(&d.unused[0], 0, 10);
    sl_ranges_add(&d.unused[0], 90, 50);
    sl_ranges_add(&d.unused[0], 200, 20);
    sl_delta_round(&d, &source, &basis, 1, 99);
    const struct sl_ranges *u = &d.unused[0];
    ck_assert_uint_eq(u->len, 5);
    ck_assert(u->at[0].at == 0 && u->at[0].len == 10);
    ck_assert(u->at[1].at == 90 && u->at[1].len == 10);
    ck_assert(u->at[2].at == 110 && u->at[2].len == 30);
    ck_assert(u->at[3].at == 200 && u->at[3].len == 20);
    ck_assert(u->at[4].at == 300 && u->at[4].len == 50);
    ck_assert_uint_eq(sl_delta_unknown_bytes(&d), 1000 - 10);
    sl_delta_clear(&d);
}
END_TEST

/* Lists stay bounded: of a huge file of which nothing is known the next chunks are longer. */
START_TEST(a_round_has_a_most)
{
    struct sl_delta d;
    unsigned next;
    sl_delta_init(&d);
    sl_delta_extend(&d, UINT64_C(1) << 42);
    sl_ranges_add(&d.unused[0], 0, UINT64_C(1) << 42);
    ck_assert_int_ne(sl_delta_next(&d, 22, &no_line, &next), SL_NEXT_ROUND);
    ck_assert_uint_eq(next, 21);
    ck_assert_int_eq(sl_delta_next(&d, 21, &no_line, &next), SL_NEXT_STOP);
    sl_delta_clear(&d);
}
END_TEST

/* Every page changed a little: no coarse chunk is left, a sample of the fine ones tells that there is much to be had. */
START_TEST(samples_find_crowded_edits)
{
    struct bytes old = noise(16 << 20), new = spliced(old, 0, 0, NULL, 0);
    for (size_t i = 0; i < new.n; i += 8192)
        new.p[i] ^= 1;
    struct sl_ranges all = { 0 }, some = { 0 };
    struct sl_chunks a = { 0 }, b = { 0 };
    sl_ranges_add(&all, 0, new.n);
    sl_delta_sample(&all, 9, &some);
    ck_assert_uint_lt(sl_ranges_total(&some), new.n / 32);
    ck_assert_uint_gt(sl_ranges_total(&some), new.n / 256);
    list(new, &some, 9, 8, new.n, &a);
    list(old, &all, 9, 8, old.n, &b);
    ck_assert(sl_delta_sample_hits(&a, &b, 1, 99));
    sl_chunks_clear(&b);
    struct bytes other = noise(1 << 20);
    sl_ranges_clear(&all);
    sl_ranges_add(&all, 0, other.n);
    list(other, &all, 9, 8, other.n, &b);
    ck_assert(!sl_delta_sample_hits(&a, &b, 1, 99));
    sl_chunks_clear(&a);
    sl_chunks_clear(&b);
    sl_ranges_clear(&all);
    sl_ranges_clear(&some);
    free(other.p);
    free(old.p);
    free(new.p);
}
END_TEST

/* ---- what a hostile peer may claim ---- */

/* A million chunks with one hash, or with hashes that fall together in a table whose key is known: still linear. */
START_TEST(hostile_lists_stay_linear)
{
    enum { MANY = 1000000 };
    struct sl_chunks source = { 0 }, basis = { 0 };
    struct sl_delta d;
    uint64_t at = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        struct sl_chunk c = { .at = at, .len = _i == 3 ? 64 + i : 64, .hash = _i == 0 ? 7 : _i == 1 ? i << 40 : _i == 2 ? i : 0x5bd1e995a7 ^ (64 + i) };
        at += c.len;
        sl_chunks_add(&source, &c);
        sl_chunks_add(&basis, &c);
    }
    sl_delta_init(&d);
    sl_delta_round(&d, &source, &basis, 1, UINT64_C(0x9d8f3b2c71e5a647));
    ck_assert_uint_eq(sl_delta_unknown_bytes(&d), 0);
    ck_assert_uint_eq(sl_delta_size(&d), at);
    ck_assert_uint_eq(d.len, 1);
    sl_delta_clear(&d);
    sl_chunks_clear(&source);
    sl_chunks_clear(&basis);
}
END_TEST

START_TEST(holes_are_kept)
{
    struct sl_chunks source = { 0 }, basis = { 0 };
    struct sl_delta d;
    static const struct sl_chunk of_new[] = { { 0, 100, 5, false, 0 }, { 100, 1 << 30, 0, true, 0 }, { 100 + (1 << 30), 60, 6, false, 0 } };
    static const struct sl_chunk of_old[] = { { 0, 60, 6, false, 0 }, { 60, 1 << 30, 0, true, 0 } };
    for (int i = 0; i < 3; i++)
        sl_chunks_add(&source, &of_new[i]);
    for (int i = 0; i < 2; i++)
        sl_chunks_add(&basis, &of_old[i]);
    sl_delta_init(&d);
    sl_delta_round(&d, &source, &basis, 1, 1);
    ck_assert_uint_eq(d.len, 3);
    ck_assert_int_eq(d.spans[0].kind, SL_SPAN_NEW);
    ck_assert_int_eq(d.spans[1].kind, SL_SPAN_HOLE);
    ck_assert_uint_eq(d.spans[1].len, 1 << 30);
    ck_assert_int_eq(d.spans[2].kind, SL_SPAN_COPY);
    ck_assert_uint_eq(d.spans[2].from, 0);
    sl_delta_clear(&d);
    sl_chunks_clear(&source);
    sl_chunks_clear(&basis);
}
END_TEST

/* 0-9 stay; 20-29 come from behind; what 10-19 were is gone when 30-39 want it; 5-14 are half there. */
START_TEST(in_place_reads_nothing_that_was_written_over)
{
    static const struct sl_span spans[] = { { SL_SPAN_COPY, 0, 0, 10, 0 },   { SL_SPAN_COPY, 0, 10, 10, 50 }, { SL_SPAN_HOLE, 0, 20, 10, 0 },
                                            { SL_SPAN_COPY, 0, 30, 10, 10 }, { SL_SPAN_COPY, 0, 40, 10, 5 },  { SL_SPAN_COPY, 1, 50, 10, 10 },
                                            { SL_SPAN_COPY, 0, 60, 10, 55 } };
    static const struct sl_span want[] = { { SL_SPAN_COPY, 0, 0, 10, 0 }, { SL_SPAN_COPY, 0, 10, 10, 50 }, { SL_SPAN_HOLE, 0, 20, 10, 0 },
                                           { SL_SPAN_NEW, 0, 30, 10, 0 }, { SL_SPAN_COPY, 0, 40, 5, 5 },   { SL_SPAN_NEW, 0, 45, 5, 0 },
                                           { SL_SPAN_COPY, 1, 50, 10, 10 }, { SL_SPAN_NEW, 0, 60, 10, 0 } };
    struct sl_delta d;
    sl_delta_init(&d);
    d.spans = sl_malloc(sizeof spans);
    memcpy(d.spans, spans, sizeof spans);
    d.len = d.cap = sizeof spans / sizeof spans[0];
    sl_delta_in_place(&d, 0);
    ck_assert_uint_eq(d.len, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < d.len; i++) {
        ck_assert(d.spans[i].kind == want[i].kind && d.spans[i].basis == want[i].basis);
        ck_assert(d.spans[i].at == want[i].at && d.spans[i].len == want[i].len && d.spans[i].from == want[i].from);
    }
    sl_delta_append(&d, 7, 9);
    ck_assert(d.len == 1 && d.spans[0].kind == SL_SPAN_NEW && d.spans[0].at == 7 && d.spans[0].len == 2);
    sl_delta_append(&d, 9, 9);
    ck_assert_uint_eq(d.len, 0);
    sl_delta_clear(&d);
}
END_TEST

START_TEST(choices)
{
    ck_assert_uint_eq(sl_delta_first_grain(0), 9);
    ck_assert_uint_eq(sl_delta_first_grain(1 << 20), 11);
    ck_assert_uint_eq(sl_delta_first_grain(UINT64_C(1) << 30), 16);
    ck_assert_uint_eq(sl_delta_first_grain(UINT64_MAX), SL_GRAIN_MAX);
    ck_assert_uint_eq(sl_delta_hash_bytes(1000, 1000, 9), 4);
    ck_assert_uint_eq(sl_delta_hash_bytes(UINT64_C(1) << 30, UINT64_C(1) << 30, 16), 6);
    ck_assert_uint_eq(sl_delta_hash_bytes(UINT64_MAX, UINT64_MAX, 6), 8);
    /* 100 KB differ: worth a round here, not where a round takes as long as sending them. */
    struct sl_chunks source = { 0 }, basis = { 0 };
    struct sl_delta d;
    unsigned next = 0;
    struct sl_line fast = { 100000000, 200000 }, slow = { 1000000, 1000 };
    struct sl_chunk a = { 0, 100000, 1, false, 0 }, b = { 0, 100000, 2, false, 0 };
    sl_chunks_add(&source, &a);
    sl_chunks_add(&basis, &b);
    sl_delta_init(&d);
    sl_delta_round(&d, &source, &basis, 1, 1);
    ck_assert_int_eq(sl_delta_next(&d, 15, &no_line, &next), SL_NEXT_ROUND);
    ck_assert_uint_eq(next, 11);
    ck_assert_int_eq(sl_delta_next(&d, 15, &slow, &next), SL_NEXT_ROUND);
    ck_assert_int_eq(sl_delta_next(&d, 15, &fast, &next), SL_NEXT_STOP);
    ck_assert_int_eq(sl_delta_next(&d, 7, &no_line, &next), SL_NEXT_STOP);
    sl_delta_clear(&d);
    sl_chunks_clear(&source);
    sl_chunks_clear(&basis);
}
END_TEST

/* _i: which of so many ranges is split that there is no room for one more. */
START_TEST(a_range_becomes_two)
{
    struct sl_ranges r = { 0 };
    for (uint64_t i = 0; i < 16; i++)
        sl_ranges_add(&r, 100 * i, 50);
    size_t cap = r.cap, which = (size_t)_i;
    sl_ranges_split(&r, which, 50);
    sl_ranges_split(&r, which, 60);
    ck_assert_uint_eq(r.len, 16);
    sl_ranges_split(&r, which, 20);
    ck_assert_uint_eq(r.len, 17);
    ck_assert_uint_ge(r.cap, cap);
    for (size_t i = 0; i < r.len; i++) {
        size_t from = i > which ? i - 1 : i;
        ck_assert_uint_eq(r.at[i].at, 100 * from + (i == which + 1 ? 20 : 0));
        ck_assert_uint_eq(r.at[i].len, i == which ? 20 : i == which + 1 ? 30 : 50);
    }
    sl_ranges_clear(&r);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, a_range_becomes_two, 0, 16);
    state = 0x2545f4914f6cdd1d;
    sl_seed_init(&seed, 42);
    tcase_add_test(tc, cuts_alike_however_it_comes);
    tcase_add_test(tc, wanted_length);
    tcase_add_test(tc, seeds_differ);
    tcase_add_test(tc, every_edit);
    tcase_add_test(tc, edit_scripts);
    tcase_add_test(tc, equal_costs_nothing);
    tcase_add_test(tc, nothing_and_something);
    tcase_add_test(tc, scattered_edits_cost_little);
    tcase_add_test(tc, several_bases);
    tcase_add_test(tc, zeros);
    tcase_add_test(tc, content_that_is_new_ends_early);
    tcase_add_test(tc, samples_find_crowded_edits);
    tcase_add_test(tc, edges_of_matches_are_found);
    tcase_add_test(tc, edges_that_meet);
    tcase_add_test(tc, what_no_list_names_stays);
    tcase_add_test(tc, a_round_has_a_most);
    tcase_add_loop_test(tc, hostile_lists_stay_linear, 0, 4);
    tcase_add_test(tc, holes_are_kept);
    tcase_add_test(tc, in_place_reads_nothing_that_was_written_over);
    tcase_add_test(tc, choices);
}

int main(void)
{
    return scratch_run("delta", add);
}

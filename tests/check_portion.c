/* SPDX-License-Identifier: ISC */
/* check_portion - portions of a delta: together they are the file, none has more than it may; and the pieces of a
 * stretch. */
#include "config.h"
#include "delta/portion.h"
#include "tests/scratch.h"

#include <stdlib.h>

static void add(struct sl_delta *d, enum sl_span_kind kind, uint64_t len, uint64_t from)
{
    uint64_t at = sl_delta_size(d);
    d->spans = realloc(d->spans, (d->len + 1) * sizeof *d->spans);
    d->cap = d->len + 1;
    d->spans[d->len++] =
        (struct sl_span){ .kind = kind, .basis = kind == SL_SPAN_COPY, .at = at, .len = len, .from = from };
}

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Puts the portions' spans one behind the other: they are those of the whole, cut. */
static void check_all(const struct sl_delta *d, const struct sl_portion_most *most)
{
    uint64_t at = 0, size = sl_delta_size(d), sent_in_all = 0;
    size_t in = 0;
    while (at < size) {
        struct sl_delta part = { 0 };
        uint64_t sent = 0, len = sl_portion_len(d, at, most, &sent), new_bytes = 0, sum = 0;
        size_t ranges = 0;
        ck_assert_uint_ge(len, 1);
        ck_assert_uint_le(len, most->len);
        sl_portion_spans(d, at, len, &part);
        for (size_t i = 0; i < part.len; i++) {
            const struct sl_span *s = &part.spans[i];
            while (d->spans[in].at + d->spans[in].len <= s->at)
                in++;
            const struct sl_span *whole = &d->spans[in];
            ck_assert_uint_eq(s->at, at + sum);
            ck_assert(s->kind == whole->kind && s->basis == whole->basis && s->at + s->len <= whole->at + whole->len &&
                      s->len);
            if (s->kind == SL_SPAN_COPY)
                ck_assert_uint_eq(s->from - whole->from, s->at - whole->at);
            new_bytes += s->kind == SL_SPAN_NEW ? s->len : 0;
            ranges += s->kind == SL_SPAN_NEW;
            sum += s->len;
        }
        ck_assert_uint_eq(sum, len);
        ck_assert_uint_eq(new_bytes, sent);
        ck_assert(sent <= most->sent && ranges <= most->ranges);
        sl_delta_clear(&part);
        at += len;
        sent_in_all += sent;
    }
    ck_assert_uint_eq(at, size);
    ck_assert_uint_eq(sent_in_all, sl_delta_unknown_bytes(d));
}

START_TEST(fills_the_file)
{
    uint64_t state = (uint64_t)_i * 2654435761u + 88172645463325252u;
    for (int round = 0; round < 50; round++) {
        struct sl_delta d = { 0 };
        size_t spans = 1 + next(&state) % 40;
        struct sl_portion_most most = { 1 + next(&state) % 50, 1 + next(&state) % 200, 1 + next(&state) % 4 };
        while (spans--)
            add(&d, (enum sl_span_kind)(next(&state) % 3), 1 + next(&state) % 100, next(&state) % 10000);
        check_all(&d, &most);
        sl_delta_clear(&d);
    }
}
END_TEST

START_TEST(is_as_long_as_it_may_be)
{
    struct sl_delta d = { 0 };
    uint64_t sent = 7;
    const struct sl_portion_most most = { 10, 100, 2 };
    add(&d, SL_SPAN_COPY, 30, 5);
    add(&d, SL_SPAN_NEW, 10, 0);
    add(&d, SL_SPAN_HOLE, 20, 0);
    add(&d, SL_SPAN_NEW, 1, 0);
    add(&d, SL_SPAN_COPY, 500, 0);
    /* All that may be sent is in it, and what is behind that without anything sent. */
    ck_assert_uint_eq(sl_portion_len(&d, 0, &most, &sent), 60);
    ck_assert_uint_eq(sent, 10);
    ck_assert_uint_eq(sl_portion_len(&d, 60, &most, &sent), 100);
    ck_assert_uint_eq(sent, 1);
    ck_assert_uint_eq(sl_portion_len(&d, 400, &most, &sent), 100);
    ck_assert_uint_eq(sent, 0);
    ck_assert_uint_eq(sl_portion_len(&d, 560, &most, &sent), 1);
    ck_assert_uint_eq(sl_portion_len(&d, 561, &most, &sent), 0);
    /* Two ranges, and not a byte of the third. */
    const struct sl_portion_most long_one = { 1000, 1000, 1 };
    ck_assert_uint_eq(sl_portion_len(&d, 0, &long_one, &sent), 60);
    sl_delta_clear(&d);
}
END_TEST

/* ---- pieces of a stretch ---- */

static void expect(struct sl_stretch *s, uint64_t at, uint64_t len, bool sent)
{
    uint64_t got_at = 0, got_len = 0;
    bool got_sent = !sent;
    ck_assert(sl_stretch_next(s, &got_at, &got_len, &got_sent));
    ck_assert(got_at == at && got_len == len && got_sent == sent);
}

static void expect_end(struct sl_stretch *s)
{
    uint64_t at, len;
    bool sent;
    ck_assert(!sl_stretch_next(s, &at, &len, &sent));
    ck_assert(!sl_stretch_next(s, &at, &len, &sent));
}

START_TEST(stretches)
{
    struct sl_ranges r = { 0 };
    struct sl_stretch none = { &r, 0, 10, 20 };
    expect(&none, 10, 10, false);
    expect_end(&none);
    sl_ranges_add(&r, 10, 2);
    sl_ranges_add(&r, 15, 5);
    struct sl_stretch both = { &r, 0, 10, 20 }, around = { &r, 0, 9, 21 };
    expect(&both, 10, 2, true);
    expect(&both, 12, 3, false);
    expect(&both, 15, 5, true);
    expect_end(&both);
    expect(&around, 9, 1, false);
    expect(&around, 10, 2, true);
    expect(&around, 12, 3, false);
    expect(&around, 15, 5, true);
    expect(&around, 20, 1, false);
    expect_end(&around);
    sl_ranges_clear(&r);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, fills_the_file, 0, 40);
    tcase_add_test(tc, is_as_long_as_it_may_be);
    tcase_add_test(tc, stretches);
}

int main(void)
{
    return scratch_run("portion", add_tests);
}

/* SPDX-License-Identifier: ISC */
/* check_wire - integers and strings as bytes: boundaries, shortest form, faults that stay; names told from others. */
#include "config.h"
#include "proto/wire.h"
#include "proto/prefix.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(uv_round_trip)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t v = ((uint64_t)1 << bit) + (uint64_t)(int64_t)delta;
            struct sl_buf b = { 0 };
            struct sl_rd r;
            sl_w_uv(&b, v);
            sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
            ck_assert(sl_r_uv(&r, UINT64_MAX) == v && sl_r_done(&r));
            sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b) - 1);
            ck_assert(sl_r_uv(&r, UINT64_MAX) == 0 && !sl_r_ok(&r));
            sl_buf_clear(&b);
        }
    }
}
END_TEST

START_TEST(uv_lengths)
{
    static const struct { uint64_t v; size_t len; } cases[] = {
        { 0, 1 }, { 127, 1 }, { 128, 2 }, { 16383, 2 }, { 16384, 3 }, { UINT32_MAX, 5 }, { UINT64_MAX, 10 },
    };
    uint8_t p[SL_UV_MAX_BYTES];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_uint_eq(sl_uv_put(p, cases[i].v), cases[i].len);
}
END_TEST

START_TEST(uv_hostile)
{
    static const struct { const char *bytes; size_t len; } bad[] = {
        { "", 0 },
        { "\x80", 1 },
        { "\x80\x00", 2 },                                     /* 0 in two bytes */
        { "\xff\x00", 2 },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 },    /* 65 bits */
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81", 10 },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
        { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sl_rd r;
        sl_r_init(&r, bad[i].bytes, bad[i].len);
        ck_assert(sl_r_uv(&r, UINT64_MAX) == 0);
        ck_assert_msg(!sl_r_ok(&r), "case %zu", i);
    }
}
END_TEST

START_TEST(uv_limit)
{
    struct sl_rd r;
    sl_r_init(&r, "\x10\x11", 2);
    ck_assert_uint_eq(sl_r_uv(&r, 16), 16);
    ck_assert_uint_eq(sl_r_uv(&r, 16), 0);
    ck_assert(!sl_r_ok(&r) && !sl_r_done(&r) && sl_r_left(&r) == 0);
}
END_TEST

START_TEST(sv_round_trip)
{
    static const int64_t cases[] = { 0, 1, -1, 63, -64, 64, INT64_MAX, INT64_MIN, 1700000000, -1700000000 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sl_buf b = { 0 };
        struct sl_rd r;
        sl_w_sv(&b, cases[i]);
        sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
        ck_assert(sl_r_sv(&r) == cases[i] && sl_r_done(&r));
        sl_buf_clear(&b);
    }
}
END_TEST

START_TEST(fixed_are_big_endian)
{
    struct sl_buf b = { 0 };
    struct sl_rd r;
    sl_w_u8(&b, 1);
    sl_w_u32(&b, 0x02030405);
    sl_w_u64(&b, 0x060708090a0b0c0d);
    sl_w_raw(&b, "\x0e", 1);
    for (size_t i = 0; i < sl_buf_len(&b); i++)
        ck_assert_uint_eq(sl_buf_ptr(&b)[i], i + 1);
    sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
    ck_assert_uint_eq(sl_r_u8(&r), 1);
    ck_assert_uint_eq(sl_r_u32(&r), 0x02030405);
    ck_assert(sl_r_u64(&r) == 0x060708090a0b0c0d);
    ck_assert_uint_eq(*sl_r_raw(&r, 1), 0x0e);
    ck_assert(sl_r_done(&r));
    ck_assert_uint_eq(sl_r_u32(&r), 0);
    ck_assert(!sl_r_ok(&r));
    sl_buf_clear(&b);
}
END_TEST

START_TEST(strings)
{
    struct sl_buf b = { 0 };
    struct sl_rd r;
    size_t n = 9;
    sl_w_bs(&b, "abc", 3);
    sl_w_bs(&b, NULL, 0);
    sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
    ck_assert_mem_eq(sl_r_bs(&r, 3, &n), "abc", 3);
    ck_assert_uint_eq(n, 3);
    ck_assert_ptr_nonnull(sl_r_bs(&r, 3, &n));
    ck_assert_uint_eq(n, 0);
    ck_assert(sl_r_done(&r));
    sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
    ck_assert_ptr_null(sl_r_bs(&r, 2, &n));
    sl_r_init(&r, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 11);
    ck_assert_ptr_null(sl_r_bs(&r, SIZE_MAX, &n));
    ck_assert_uint_eq(n, 0);
    sl_buf_clear(&b);
}
END_TEST

START_TEST(codes)
{
    struct sl_buf b = { 0 };
    struct sl_rd r;
    sl_w_code(&b, SL_E_LOOP);
    sl_w_code(&b, SL_AGAIN);
    sl_w_u8(&b, SL_CODE_WIRE_MAX);
    sl_w_u8(&b, SL_CODE_WIRE_MAX + 1);
    sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
    ck_assert_int_eq(sl_r_code(&r), SL_E_LOOP);
    ck_assert_int_eq(sl_r_code(&r), SL_E_IO);
    ck_assert_int_eq(sl_r_code(&r), SL_E_IO);
    ck_assert(sl_r_ok(&r));
    sl_r_code(&r);
    ck_assert(!sl_r_ok(&r));
    sl_r_init(&r, "", 1);
    sl_r_code(&r);
    ck_assert(!sl_r_ok(&r));
    sl_buf_clear(&b);
}
END_TEST

START_TEST(prefixes_round_trip)
{
    static const size_t lens[] = { 1, 2, 13, 14, 15, 16, 29, 30, 31, 100, 254, 255 };
    enum { N = sizeof lens / sizeof *lens };
    char a[255], scratch[SL_NAME_MAX + 1];
    for (size_t i = 0; i < N * N * N; i++) {
        size_t before = lens[i % N], shared = lens[i / N % N], len = lens[i / N / N];
        struct sl_buf b = { 0 };
        struct sl_rd r;
        memset(a, 'a', sizeof a);
        memset(scratch, 'a', sizeof scratch);
        if (shared < len)
            a[shared] = 'b';
        size_t got = before;
        sl_prefix_encode(&b, scratch, before, a, len);
        sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
        sl_prefix_decode(&r, scratch, &got);
        ck_assert(sl_r_done(&r));
        ck_assert_uint_eq(got, len);
        ck_assert_mem_eq(scratch, a, len);
        ck_assert_int_eq(scratch[len], 0);
        sl_buf_clear(&b);
    }
}
END_TEST

START_TEST(prefixes_hostile)
{
    static const struct { const char *bytes; size_t len; } bad[] = {
        { "\x41x", 2 },              /* shares more than there is */
        { "\x02x", 2 },              /* cut short */
        { "\xf1\xf1\x01x", 4 },      /* shares 256 */
        { "\x0f\xf1\x01", 3 },       /* adds 256 */
        { "\xf0", 1 },
        { "", 0 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char scratch[SL_NAME_MAX + 1] = "abc";
        size_t len = 3;
        struct sl_rd r;
        sl_r_init(&r, bad[i].bytes, bad[i].len);
        sl_prefix_decode(&r, scratch, &len);
        ck_assert_msg(!sl_r_ok(&r), "case %zu", i);
        ck_assert_uint_eq(len, 3);
        ck_assert_str_eq(scratch, "abc");
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wire");
    TCase *t = tcase_create("wire");
    suite_add_tcase(s, t);
    tcase_add_test(t, uv_round_trip);
    tcase_add_test(t, uv_lengths);
    tcase_add_test(t, uv_hostile);
    tcase_add_test(t, uv_limit);
    tcase_add_test(t, sv_round_trip);
    tcase_add_test(t, fixed_are_big_endian);
    tcase_add_test(t, strings);
    tcase_add_test(t, codes);
    tcase_add_test(t, prefixes_round_trip);
    tcase_add_test(t, prefixes_hostile);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

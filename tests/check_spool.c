/* SPDX-License-Identifier: ISC */
/* check_spool - records come back last first, across the mark where they go to a file. */
#include "config.h"
#include "client/spool.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void round_trip(unsigned count, unsigned size)
{
    struct sl_spool *s = sl_spool_new();
    struct sl_buf out = { 0 };
    struct sl_error err;
    char *rec = calloc(1, size);
    for (unsigned i = 0; i < count; i++) {
        snprintf(rec, size, "record %u", i);
        ck_assert_int_eq(sl_spool_push(s, rec, size, &err), SL_OK);
    }
    for (unsigned i = count; i-- > 0;) {
        snprintf(rec, size, "record %u", i);
        ck_assert_int_eq(sl_spool_pop(s, &out, &err), SL_OK);
        ck_assert_uint_eq(sl_buf_len(&out), size);
        ck_assert_mem_eq(sl_buf_ptr(&out), rec, strlen(rec) + 1);
    }
    ck_assert_int_eq(sl_spool_pop(s, &out, &err), SL_EOF);
    free(rec);
    sl_buf_clear(&out);
    sl_spool_free(s);
}

START_TEST(empty)
{
    round_trip(0, 32);
}
END_TEST

START_TEST(in_memory)
{
    round_trip(100, 32);
}
END_TEST

START_TEST(through_a_file)
{
    round_trip(20000, 300);
}
END_TEST

START_TEST(interleaved)
{
    struct sl_spool *s = sl_spool_new();
    struct sl_buf out = { 0 };
    struct sl_error err;
    char rec[1000] = { 0 };
    unsigned top = 0;
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(rec, sizeof rec, "%u", top++);
        ck_assert_int_eq(sl_spool_push(s, rec, sizeof rec, &err), SL_OK);
        if (i % 3 == 2) {
            ck_assert_int_eq(sl_spool_pop(s, &out, &err), SL_OK);
            ck_assert_int_eq(atoi((const char *)sl_buf_ptr(&out)), (int)--top);
        }
    }
    while (top) {
        ck_assert_int_eq(sl_spool_pop(s, &out, &err), SL_OK);
        ck_assert_int_eq(atoi((const char *)sl_buf_ptr(&out)), (int)--top);
    }
    sl_buf_clear(&out);
    sl_spool_free(s);
}
END_TEST

START_TEST(too_long)
{
    struct sl_spool *s = sl_spool_new();
    struct sl_error err;
    char *big = calloc(1, 65 * 1024);
    ck_assert_int_eq(sl_spool_push(s, big, 64 * 1024, &err), SL_OK);
    ck_assert_int_eq(sl_spool_push(s, big, 64 * 1024 + 1, &err), SL_E_NAME);
    free(big);
    sl_spool_free(s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("spool");
    TCase *t = tcase_create("spool");
    tcase_add_test(t, empty);
    tcase_add_test(t, in_memory);
    tcase_add_test(t, through_a_file);
    tcase_add_test(t, interleaved);
    tcase_add_test(t, too_long);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

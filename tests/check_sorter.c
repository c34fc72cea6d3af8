/* SPDX-License-Identifier: ISC */
/* check_sorter - records come out in the order of listings, whether they fit in memory or not, and as often as they are read. */
#include "config.h"
#include "client/sorter.h"
#include "client/spool.h"
#include "scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static struct sl_error err;

START_TEST(order)
{
    static const char *const sorted[] = { "a", "a/b", "a/b/c", "a/c", "a!", "a-b", "ab", "b", "\377" };
    for (size_t i = 0; i < sizeof sorted / sizeof sorted[0]; i++)
        for (size_t j = 0; j < sizeof sorted / sizeof sorted[0]; j++)
            ck_assert_int_eq(sl_sorter_order(sorted[i], sorted[j]), (i > j) - (i < j));
}
END_TEST

static void add(struct sl_sorter *s, unsigned number)
{
    char record[64];
    int n = snprintf(record, sizeof record, "dir%02u/%06u", number % 7, number);
    memcpy(record + n + 1, "x", 2);
    ck_assert_int_eq(sl_sorter_add(s, record, (size_t)n + 3, &err), SL_OK);
}

static void read_all(const struct sl_sorter *s, unsigned want)
{
    struct sl_sorter_reader *r = sl_sorter_read(s);
    const char *record;
    char last[64] = "";
    size_t len;
    unsigned n = 0;
    enum sl_code rc;
    for (; (rc = sl_sorter_next(r, &record, &len, &err)) == SL_OK; n++) {
        ck_assert_int_lt(sl_sorter_order(last, record), 0);
        ck_assert_uint_eq(len, strlen(record) + 3);
        ck_assert_str_eq(record + strlen(record) + 1, "x");
        strcpy(last, record);
    }
    ck_assert_int_eq(rc, SL_EOF);
    ck_assert_uint_eq(n, want);
    sl_sorter_reader_free(r);
}

static const struct { size_t most; unsigned count; } sizes[] = { { 1 << 20, 0 }, { 1 << 20, 1 }, { 1 << 20, 5000 }, { 1000, 5000 }, { 1, 10 },
                                                                 { 100000, 40000 } };

START_TEST(in_memory_and_beyond)
{
    struct sl_sorter *s = sl_sorter_new(sizes[_i].most);
    for (unsigned i = 0; i < sizes[_i].count; i++)
        add(s, (i * 7919 + 13) % (sizes[_i].count | 1) + i / (sizes[_i].count | 1) * 100000);
    ck_assert_int_eq(sl_sorter_sort(s, &err), SL_OK);
    read_all(s, sizes[_i].count);
    read_all(s, sizes[_i].count);
    sl_sorter_free(s);
}
END_TEST

/* Descriptors that a program started now would get. */
static unsigned inherited(void)
{
    unsigned n = 0;
    for (int fd = 3; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);
        n += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return n;
}

START_TEST(temporary_files_are_not_inherited)
{
    char record[1000] = { 0 };
    unsigned before = inherited();
    struct sl_sorter *s = sl_sorter_new(1);
    struct sl_spool *spool = sl_spool_new();
    add(s, 1);
    add(s, 2);
    ck_assert_int_eq(sl_sorter_sort(s, &err), SL_OK);
    for (unsigned i = 0; i < 2000; i++)
        ck_assert_int_eq(sl_spool_push(spool, record, sizeof record, &err), SL_OK);
    ck_assert_uint_eq(inherited(), before);
    sl_sorter_free(s);
    sl_spool_free(spool);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, order);
    tcase_add_test(tc, temporary_files_are_not_inherited);
    tcase_add_loop_test(tc, in_memory_and_beyond, 0, sizeof sizes / sizeof sizes[0]);
}

int main(void)
{
    return scratch_run("sorter", add_tests);
}

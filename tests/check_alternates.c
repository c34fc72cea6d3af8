/* SPDX-License-Identifier: ISC */
/* check_alternates - where --link-dest and the like lead, and copies as deltas. */
#include "config.h"
#include "client/run.h"
#include "delta/inplace.h"
#include "scratch.h"

#include <stdlib.h>

static void leads(const char *dir, bool plain, const char *typed, const char *to)
{
    char *got = sl_alternate_path(dir, plain, typed);
    ck_assert_str_eq(got, to);
    free(got);
}

/* The system resolves what is there, so ".." is left to it. */
START_TEST(paths_of_a_directory_that_is_there)
{
    leads("dst", false, "../day1", "dst/../day1");
    leads("dst/", false, "../day1", "dst/../day1");
    leads("dst", false, "/abs/olute", "/abs/olute");
    leads("", false, "day1", "day1");
    leads("", false, "", ".");
    leads("/", false, "a", "/a");
}
END_TEST

START_TEST(paths_of_one_that_is_not)
{
    leads("a/dst", true, "../day1", "a/day1");
    leads("a/dst/", true, "..//./../day1/../x", "day1/../x");
    leads("dst", true, "../day1", "day1");
    leads("dst", true, "../../day1", "../day1");
    leads("dst", true, "..", ".");
    leads("dst", true, "..x", "dst/..x");
    leads("dst", true, "./x", "dst/x");
}
END_TEST

/* Below a server's root nothing leads out of it. */
START_TEST(paths_at_a_server)
{
    leads("/base/dst", true, "../day1", "/base/day1");
    leads("/base/dst", true, "../../../../day1", "/../../day1");
    leads("/", true, "../day1", "/../day1");
    leads("/", true, "day1", "/day1");
    leads("/dst", true, "..", "/");
}
END_TEST

START_TEST(a_copy_is_what_its_basis_is)
{
    struct sl_chunks list = { 0 };
    struct sl_delta d;
    sl_delta_init(&d);
    sl_chunks_add(&list, &(struct sl_chunk){ .at = 0, .len = 1000, .hash = 1 });
    sl_chunks_add(&list, &(struct sl_chunk){ .at = 1000, .len = 50000, .hole = true });
    sl_chunks_add(&list, &(struct sl_chunk){ .at = 51000, .len = 7, .hash = 1 });
    sl_delta_copy(&d, &list);
    ck_assert_uint_eq(d.len, 3);
    ck_assert_uint_eq(sl_delta_size(&d), 51007);
    ck_assert_uint_eq(sl_delta_unknown_bytes(&d), 0);
    ck_assert_int_eq(d.spans[0].kind, SL_SPAN_COPY);
    ck_assert_int_eq(d.spans[1].kind, SL_SPAN_HOLE);
    ck_assert_int_eq(d.spans[2].kind, SL_SPAN_COPY);
    ck_assert_uint_eq(d.spans[2].from, 51000);
    sl_chunks_clear(&list);
    sl_delta_copy(&d, &list);
    ck_assert_uint_eq(sl_delta_size(&d), 0);
    sl_delta_clear(&d);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, paths_of_a_directory_that_is_there);
    tcase_add_test(tc, paths_of_one_that_is_not);
    tcase_add_test(tc, paths_at_a_server);
    tcase_add_test(tc, a_copy_is_what_its_basis_is);
}

int main(void)
{
    return scratch_run("alternates", add_tests);
}

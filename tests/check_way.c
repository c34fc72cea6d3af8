/* SPDX-License-Identifier: ISC */
/* check_way - names that are real, and those that are still to be looked at. */
#include "config.h"
#include "client/way.h"
#include "base/entry.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scratch.h"

static struct sl_way w;
static struct sl_error err;

static void is(size_t more, const char *expected)
{
    char *path = sl_way_path(&w, more);
    ck_assert_str_eq(path, expected);
    free(path);
}

START_TEST(takes_names)
{
    sl_way_todo(&w, "a//./b/");
    ck_assert_uint_eq(sl_way_reach(&w), 2);
    is(0, "");
    is(1, "a");
    is(2, "a/b");
    sl_way_advance(&w, 0);
    sl_way_advance(&w, 2);
    is(0, "a/b");
    ck_assert_uint_eq(sl_way_reach(&w), 0);
    sl_way_clear(&w);
    is(0, "");
}
END_TEST

START_TEST(climbs_no_higher_than_the_root)
{
    sl_way_done(&w, "a/b");
    sl_way_todo(&w, "c/../../d");
    ck_assert_uint_eq(sl_way_reach(&w), 1);
    sl_way_climb(&w);
    is(1, "a/b/c");
    sl_way_advance(&w, 1);
    sl_way_climb(&w);
    is(0, "a");
    is(1, "a/d");
    sl_way_clear(&w);
    sl_way_done(&w, "a");
    sl_way_todo(&w, "../../..");
    sl_way_climb(&w);
    is(0, "");
    ck_assert_uint_eq(w.todo.len, 0);
    sl_way_clear(&w);
}
END_TEST

START_TEST(follows_links)
{
    sl_way_done(&w, "a");
    sl_way_todo(&w, "link/x");
    ck_assert_int_eq(sl_way_expand(&w, "../b/c", &err), SL_OK);
    sl_way_climb(&w);
    is(sl_way_reach(&w), "b/c/x");
    ck_assert_int_eq(sl_way_expand(&w, "/d", &err), SL_OK);
    is(sl_way_reach(&w), "d/c/x");
    sl_way_clear(&w);
    ck_assert_int_eq(sl_way_expand(&w, "e", &err), SL_OK);       /* a server says so of what was opened already */
    is(1, "e");
    sl_way_clear(&w);
}
END_TEST

START_TEST(has_bounds)
{
    w = (struct sl_way){ 0 };
    sl_way_todo(&w, "loop");
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(sl_way_expand(&w, "loop", &err), SL_OK);
    ck_assert_int_eq(sl_way_expand(&w, "loop", &err), SL_E_LOOP);
    sl_way_clear(&w);
    w.links = 0;
    char text[2 * 1023 + 1];
    for (size_t i = 0; i < sizeof text - 1; i += 2)
        text[i] = 'n', text[i + 1] = '/';
    text[sizeof text - 1] = '\0';
    sl_way_todo(&w, "link/x");
    ck_assert_int_eq(sl_way_expand(&w, text, &err), SL_OK);
    ck_assert_int_eq(sl_way_expand(&w, "n/n", &err), SL_E_NAME);
    sl_way_clear(&w);
}
END_TEST

START_TEST(knows_names_that_nothing_has)
{
    char name[SL_NAME_MAX + 2];
    w = (struct sl_way){ 0 };
    memset(name, 'n', sizeof name);
    name[SL_NAME_MAX] = '\0';
    sl_way_todo(&w, "a");
    sl_way_todo(&w, name);
    ck_assert(!sl_way_too_long(&w));
    name[SL_NAME_MAX] = 'n';
    name[SL_NAME_MAX + 1] = '\0';
    sl_way_todo(&w, name);
    ck_assert(sl_way_too_long(&w));
    sl_way_clear(&w);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, takes_names);
    tcase_add_test(tc, climbs_no_higher_than_the_root);
    tcase_add_test(tc, follows_links);
    tcase_add_test(tc, has_bounds);
    tcase_add_test(tc, knows_names_that_nothing_has);
}

int main(void)
{
    return scratch_run("way", add_tests);
}

/* SPDX-License-Identifier: ISC */
/* check_detours - where paths below kept links really are. */
#include "config.h"
#include "client/detours.h"

#include "tests/scratch.h"

static const char *real(const struct sl_detours *d, const char *path)
{
    static char out[256];
    char *got = sl_detours_real(d, path, strlen(path));
    snprintf(out, sizeof out, "%s", got ? got : "none");
    free(got);
    return out;
}

START_TEST(finds)
{
    struct sl_detours d = { 0 };
    ck_assert_str_eq(real(&d, "a"), "none");
    sl_detours_add(&d, "a", "x/y");
    sl_detours_add(&d, "a/b/c", "z");
    sl_detours_add(&d, "a b", "s");
    sl_detours_add(&d, "a-", "t");
    sl_detours_add(&d, "ab", "");
    ck_assert_str_eq(real(&d, "a"), "x/y");
    ck_assert_str_eq(real(&d, "a/b"), "x/y/b");
    ck_assert_str_eq(real(&d, "a/b/c"), "z");
    ck_assert_str_eq(real(&d, "a/b/c/d/e"), "z/d/e");
    ck_assert_str_eq(real(&d, "a/b/cc"), "x/y/b/cc");
    ck_assert_str_eq(real(&d, "a b/q"), "s/q");
    ck_assert_str_eq(real(&d, "a-/q"), "t/q");
    ck_assert_str_eq(real(&d, "ab/q"), "/q");
    ck_assert_str_eq(real(&d, "abc"), "none");
    ck_assert_str_eq(real(&d, ""), "none");
    ck_assert_ptr_null(sl_detours_find(&d, "a/b", 3));
    ck_assert_str_eq(sl_detours_find(&d, "a/b/c", 5), "z");
    sl_detours_clear(&d);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, finds);
}

int main(void)
{
    return scratch_run("detours", add_tests);
}

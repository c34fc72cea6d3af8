/* SPDX-License-Identifier: ISC */
/* check_hold - files that wait for their names: beside their place and in a partial directory, what replaces what, and
 * what is found again. */
#include "config.h"
#include "tree/hold.h"

#include "tests/scratch.h"
#include "tree/away.h"
#include "tree/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static struct sl_error err;
static int top;

static void setup(void)
{
    top = scratch_make();
    err = (struct sl_error){ 0 };
}

static void teardown(void)
{
    scratch_remove(top);
}

static enum sl_code hold(const char *name, const char *text, size_t n, const char *in)
{
    struct sl_entry e = { .type = SL_TYPE_FILE, .name = name, .name_len = strlen(name), .mode = 0640, .mtime_s = 1000000000, .size = n };
    return sl_away_put(top, &(struct sl_away_put){ &e, SL_META_MODE | SL_META_MTIME, SL_STAGE_REPLACE | SL_STAGE_HOLD, text, n, in, -1 }, NULL, &err);
}

static enum sl_code release(const char *name, uint32_t flags, const char *in)
{
    return sl_hold_release(top, &(struct sl_release){ name, in, flags }, &err);
}

START_TEST(waits)
{
    struct stat st;
    scratch_file(top, "f", "old", 3);
    ck_assert_int_eq(hold("f", "new!", 4, NULL), SL_OK);
    ck_assert(scratch_holds(top, "f", "old", 3));
    ck_assert_int_eq(scratch_count(top), 2);
    ck_assert_int_eq(hold("f", "newer", 5, NULL), SL_OK);            /* replaces what waited */
    ck_assert_int_eq(scratch_count(top), 2);
    ck_assert_int_eq(release("f", 0, NULL), SL_E_EXISTS);
    ck_assert_int_eq(release("f", SL_STAGE_REPLACE | SL_STAGE_FSYNC, NULL), SL_OK);
    ck_assert(scratch_holds(top, "f", "newer", 5));
    ck_assert_int_eq(fstatat(top, "f", &st, 0), 0);
    ck_assert(st.st_mtim.tv_sec == 1000000000 && (st.st_mode & 07777) == 0640);
    ck_assert_int_eq(scratch_count(top), 1);
    ck_assert_int_eq(release("f", SL_STAGE_REPLACE, NULL), SL_E_NOT_FOUND);
    ck_assert_int_eq(hold("g", "", 0, NULL), SL_OK);
    ck_assert_int_eq(release("g", 0, NULL), SL_OK);
    ck_assert_int_eq(scratch_count(top), 2);
}
END_TEST

START_TEST(directories_in_the_way)
{
    ck_assert_int_eq(mkdirat(top, "e", 0755), 0);
    ck_assert_int_eq(hold("e", "x", 1, NULL), SL_E_IS_DIR);
    ck_assert_int_eq(scratch_count(top), 1);                         /* nothing waits in vain */
    ck_assert_int_eq(hold("d", "x", 1, NULL), SL_OK);
    ck_assert_int_eq(mkdirat(top, "d", 0755), 0);                    /* meanwhile */
    ck_assert_int_eq(release("d", SL_STAGE_REPLACE, NULL), SL_E_IS_DIR);
    ck_assert_int_eq(release("d", 0, NULL), SL_E_IS_DIR);
    ck_assert_int_eq(unlinkat(top, "d", AT_REMOVEDIR), 0);
    ck_assert_int_eq(release("d", 0, NULL), SL_OK);                  /* it still waited */
    ck_assert(scratch_holds(top, "d", "x", 1));
}
END_TEST

START_TEST(in_a_directory)
{
    ck_assert_int_eq(hold("f", "one", 3, "part"), SL_OK);
    ck_assert_int_eq(hold("g", "two", 3, "part"), SL_OK);
    ck_assert_int_eq(scratch_count(top), 1);
    ck_assert_int_eq(release("f", 0, "part"), SL_OK);
    ck_assert_int_eq(scratch_count(top), 2);
    ck_assert_int_eq(release("g", 0, "part"), SL_OK);
    ck_assert_int_eq(faccessat(top, "part", F_OK, 0), -1);           /* gone with the last */
    ck_assert_int_eq(release("h", 0, "part"), SL_E_NOT_FOUND);
    ck_assert_int_eq(symlinkat("/tmp", top, "link"), 0);
    ck_assert_int_ne(hold("f", "one", 3, "link"), SL_OK);
    ck_assert_int_eq(scratch_count(top), 3);
}
END_TEST

START_TEST(links)
{
    struct stat a, b;
    struct sl_hold_link l = { .move = { top, top, "a", "b", 0 } };
    ck_assert_int_eq(sl_hold_link(&l, &err), SL_E_NOT_FOUND);
    ck_assert_int_eq(hold("a", "one", 3, NULL), SL_OK);
    ck_assert_int_eq(hold("b", "left", 4, NULL), SL_OK);
    ck_assert_int_eq(sl_hold_link(&l, &err), SL_OK);
    ck_assert_int_eq(sl_hold_link(&l, &err), SL_OK);                 /* once more: no staged name is left */
    ck_assert_int_eq(scratch_count(top), 2);
    ck_assert_int_eq(release("b", 0, NULL), SL_OK);
    ck_assert_int_eq(release("a", 0, NULL), SL_OK);
    ck_assert(fstatat(top, "a", &a, 0) == 0 && fstatat(top, "b", &b, 0) == 0 && a.st_ino == b.st_ino);
    /* What waits is a second name of what it replaces. */
    ck_assert_int_eq(hold("a", "one", 3, NULL), SL_OK);
    char held[SL_NAME_MAX + 1];
    sl_hold_name(held, "a");
    ck_assert_int_eq(unlinkat(top, held, 0), 0);
    ck_assert_int_eq(linkat(top, "a", top, held, 0), 0);
    ck_assert_int_eq(release("a", SL_STAGE_REPLACE, NULL), SL_OK);
    ck_assert_int_eq(scratch_count(top), 2);
    l.move.to = "../b";
    ck_assert_int_eq(sl_hold_link(&l, &err), SL_E_NAME);
}
END_TEST

START_TEST(names)
{
    char long_a[SL_NAME_MAX + 1], long_b[SL_NAME_MAX + 1], held_a[SL_NAME_MAX + 1], held_b[SL_NAME_MAX + 1];
    memset(long_a, 'n', SL_NAME_MAX);
    long_a[SL_NAME_MAX] = '\0';
    memcpy(long_b, long_a, sizeof long_b);
    long_b[SL_NAME_MAX - 1] = 'm';
    sl_hold_name(held_a, long_a);
    sl_hold_name(held_b, long_b);
    ck_assert_str_ne(held_a, held_b);
    ck_assert_uint_le(strlen(held_a), SL_NAME_MAX);
    ck_assert(sl_stage_is_temp(held_a, strlen(held_a)));
    ck_assert(!sl_stage_is_part(held_a));
    ck_assert(sl_stage_is_temp(".f.abcdefgh.slheld", 18));
    ck_assert(!sl_stage_is_temp(".f.abcdefgh.slhelp", 18));
    ck_assert_int_eq(release("..", 0, NULL), SL_E_NAME);
    ck_assert_int_eq(release("a/b", 0, NULL), SL_E_NAME);
}
END_TEST

/* Names of that form may be anybody's. */
START_TEST(what_it_is_not)
{
    char held[SL_NAME_MAX + 1];
    sl_hold_name(held, "f");
    ck_assert_int_eq(symlinkat("/etc/passwd", top, held), 0);
    ck_assert_int_eq(release("f", SL_STAGE_REPLACE, NULL), SL_E_TYPE);
    ck_assert_int_eq(unlinkat(top, held, 0), 0);
    ck_assert_int_eq(mkfifoat(top, held, 0600), 0);
    ck_assert_int_eq(release("f", SL_STAGE_REPLACE, NULL), SL_E_TYPE);
    ck_assert_int_eq(hold("f", "x", 1, NULL), SL_OK);                /* and is replaced */
    ck_assert_int_eq(release("f", 0, NULL), SL_OK);
}
END_TEST

/* What an earlier run left serves the next one, and goes when the file gets its name by another way. */
START_TEST(found_again)
{
    size_t n = SL_KEPT_LEAST;
    char *text = calloc(1, n);
    struct sl_kept_searched searched = { 0 };
    struct sl_reader r;
    memset(text, 'x', n);
    ck_assert_int_eq(hold("small", text, n - 1, NULL), SL_OK);
    ck_assert_int_eq(sl_kept_open(&r, top, "small", true, &searched, &err), SL_E_NOT_FOUND);
    ck_assert_int_eq(hold("f", text, n, NULL), SL_OK);
    ck_assert_int_eq(sl_kept_open(&r, top, "f", true, &searched, &err), SL_OK);
    ck_assert_uint_eq((uint64_t)r.st.st_size, n);
    sl_reader_close(&r);
    struct sl_entry e = { .type = SL_TYPE_FILE, .name = "f", .name_len = 1, .mode = 0644, .size = n };
    struct sl_stage s;
    ck_assert_int_eq(sl_stage_begin(&s, top, &e, 0, &err), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, text, n, &err), SL_OK);
    ck_assert_int_eq(sl_stage_commit(&s, &e, 0, SL_STAGE_REPLACE, NULL, &err), SL_OK);
    ck_assert_int_eq(scratch_count(top), 2);                         /* "small" waits, "f" does not */
    sl_stage_clean(top, ".f.abcdefgh.slheld");
    free(text);
}
END_TEST

START_TEST(not_stale)
{
    char held[SL_NAME_MAX + 1];
    sl_hold_name(held, "f");
    ck_assert_int_eq(hold("f", "x", 1, NULL), SL_OK);
    sl_stage_clean(top, held);                                       /* it was made just now */
    ck_assert_int_eq(faccessat(top, held, F_OK, 0), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hold");
    TCase *t = tcase_create("hold");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, waits);
    tcase_add_test(t, directories_in_the_way);
    tcase_add_test(t, in_a_directory);
    tcase_add_test(t, links);
    tcase_add_test(t, names);
    tcase_add_test(t, what_it_is_not);
    tcase_add_test(t, found_again);
    tcase_add_test(t, not_stale);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

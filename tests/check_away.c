/* SPDX-License-Identifier: ISC */
/* check_away - files that are staged in another directory: how they come home, by a rename and as a copy, and what is left
 * where they do not; and room that is taken ahead. */
#include "config.h"
#include "tree/away.h"

#include "tests/scratch.h"
#include "tree/hold.h"
#include "tree/kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONG = 5 * 1024 * 1024 };

static struct sl_error err;
static int top, there;
static char far_path[64];
static uint8_t *data;

static void setup(void)
{
    top = scratch_make();
    ck_assert_int_eq(mkdirat(top, "there", 0755), 0);
    there = openat(top, "there", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *far_path = '\0';
    data = malloc(LONG);
    for (size_t i = 0; i < LONG; i++)
        data[i] = (uint8_t)(i * 2654435761u >> 13);
    err = (struct sl_error){ 0 };
}

static void teardown(void)
{
    close(there);
    if (*far_path)
        rmdir(far_path);
    free(data);
    scratch_remove(top);
}

/* A directory of another file system in the place of `there`; false: there is none. */
static bool go_far(void)
{
    struct stat here, far;
    snprintf(far_path, sizeof far_path, "/dev/shm/slawayXXXXXX");
    if (!mkdtemp(far_path)) {
        *far_path = '\0';
        return false;
    }
    close(there);
    there = open(far_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fstat(top, &here) == 0 && fstat(there, &far) == 0 && here.st_dev != far.st_dev;
}

/* As scratch_holds, of a long one. */
static bool is_there(const char *name, size_t n)
{
    int fd = openat(top, name, O_RDONLY | O_CLOEXEC);
    uint8_t *is = malloc(n + 1);
    size_t got = 0;
    for (ssize_t k = 1; fd >= 0 && k > 0 && got <= n; got += k > 0 ? (size_t)k : 0)
        k = read(fd, is + got, n + 1 - got);
    bool same = got == n && memcmp(is, data, n) == 0;
    if (fd >= 0)
        close(fd);
    free(is);
    return same;
}

static struct sl_entry entry(const char *name)
{
    return (struct sl_entry){ .type = SL_TYPE_FILE, .name = name, .name_len = strlen(name), .mode = 0640, .mtime_s = 1000000000, .size = LONG };
}

static void begin(struct sl_stage *s, const char *name, size_t n)
{
    struct sl_entry e = entry(name);
    ck_assert_int_eq(sl_away_begin(s, &(struct sl_away){ top, there }, &e, SL_META_MODE | SL_META_MTIME, &err), SL_OK);
    ck_assert_int_eq(scratch_count(there), 1);
    ck_assert_int_eq(sl_stage_write(s, data, n, &err), SL_OK);
}

static enum sl_code commit(struct sl_stage *s, const char *name, uint32_t flags)
{
    struct sl_entry e = entry(name);
    return sl_stage_commit(s, &e, SL_META_MODE | SL_META_MTIME, flags, NULL, &err);
}

static void check_whole(const char *name, size_t n)
{
    struct stat st;
    ck_assert(is_there(name, n));
    ck_assert_int_eq(fstatat(top, name, &st, 0), 0);
    ck_assert(st.st_mtim.tv_sec == 1000000000 && (st.st_mode & 07777) == 0640);
    ck_assert_int_eq(scratch_count(there), 0);
}

START_TEST(comes_home)
{
    struct sl_stage s;
    begin(&s, "f", LONG);
    ck_assert_int_eq(commit(&s, "f", 0), SL_OK);
    check_whole("f", LONG);
    ck_assert_int_eq(scratch_count(top), 2);
    begin(&s, "f", 10);
    ck_assert_int_eq(commit(&s, "f", 0), SL_E_EXISTS);
    check_whole("f", LONG);
    ck_assert_int_eq(scratch_count(top), 2);
    begin(&s, "g", 10);
    sl_stage_abort(&s);
    ck_assert_int_eq(scratch_count(there), 0);
    ck_assert_int_eq(scratch_count(top), 2);
}
END_TEST

START_TEST(is_copied)
{
    struct sl_stage s;
    uint64_t bytes = 0;
    unsigned steps = 0;
    enum sl_code rc;
    if (!go_far())
        return;
    begin(&s, "f", LONG);
    ck_assert_int_eq(sl_stage_hole(&s, 1000000, &err), SL_OK);
    rc = sl_away_home(&s, &err);
    ck_assert_int_eq(rc, SL_AGAIN);
    ck_assert_int_eq(sl_away_home(&s, &err), SL_AGAIN);      /* asked twice, it is begun once */
    ck_assert_int_eq(scratch_count(there), 1);
    for (; rc == SL_AGAIN; steps++)
        rc = sl_away_step(&s, &bytes, &err);
    ck_assert_int_eq(rc, SL_OK);
    ck_assert_uint_ge(steps, 2);
    ck_assert_int_eq(faccessat(top, "f", F_OK, 0), -1);      /* nothing has its name before */
    ck_assert_int_eq(commit(&s, "f", 0), SL_OK);
    struct stat st;
    ck_assert(fstatat(top, "f", &st, 0) == 0 && st.st_size == LONG + 1000000);
    ck_assert_int_eq(scratch_count(there), 0);
    ck_assert_int_eq(scratch_count(top), 2);
    /* By commit alone. */
    begin(&s, "g", LONG);
    ck_assert_int_eq(commit(&s, "g", 0), SL_OK);
    check_whole("g", LONG);
}
END_TEST

START_TEST(given_up_within_a_copy)
{
    struct sl_stage s;
    uint64_t bytes = 0;
    if (!go_far())
        return;
    begin(&s, "f", LONG);
    ck_assert_int_eq(sl_away_home(&s, &err), SL_AGAIN);
    ck_assert_int_eq(sl_away_step(&s, &bytes, &err), SL_AGAIN);
    sl_kept_end(&s, 0);
    ck_assert_int_eq(scratch_count(there), 0);
    ck_assert_int_eq(scratch_count(top), 1);
}
END_TEST

/* What an interrupted file had so far is kept beside its place, unless it would have to be copied. */
START_TEST(is_kept_at_home)
{
    struct sl_stage s;
    char kept[SL_NAME_MAX + 1];
    begin(&s, "f", LONG);
    sl_kept_end(&s, 0);
    sl_kept_name(kept, "f");
    ck_assert(is_there(kept, LONG));
    ck_assert_int_eq(scratch_count(there), 0);
    begin(&s, "g", LONG);
    sl_kept_end(&s, SL_KEPT_NOTHING);
    ck_assert_int_eq(scratch_count(there), 0);
    ck_assert_int_eq(scratch_count(top), 2);
    if (!go_far())
        return;
    begin(&s, "g", LONG);
    sl_kept_end(&s, 0);
    ck_assert_int_eq(scratch_count(there), 0);
    ck_assert_int_eq(scratch_count(top), 2);
}
END_TEST

START_TEST(at_once)
{
    struct sl_entry e = entry("f");
    struct sl_away_put p = { &e, SL_META_MODE | SL_META_MTIME, 0, data, 1000, NULL, there };
    ck_assert_int_eq(sl_away_put(top, &p, NULL, &err), SL_OK);
    check_whole("f", 1000);
    ck_assert_int_eq(sl_away_put(top, &p, NULL, &err), SL_E_EXISTS);
    ck_assert_int_eq(scratch_count(there), 0);
    p.flags = SL_STAGE_HOLD;
    p.n = 500;
    ck_assert_int_eq(sl_away_put(top, &p, NULL, &err), SL_OK);
    check_whole("f", 1000);
    ck_assert_int_eq(sl_hold_release(top, &(struct sl_release){ "f", NULL, SL_STAGE_REPLACE }, &err), SL_OK);
    check_whole("f", 500);
    p.flags = SL_STAGE_REPLACE;
    if (go_far()) {
        p.away = there;
        p.n = 700;
        ck_assert_int_eq(sl_away_put(top, &p, NULL, &err), SL_OK);
        check_whole("f", 700);
    }
}
END_TEST

/* ---- room ahead ---- */

START_TEST(reserves)
{
    struct sl_stage s;
    struct stat st;
    struct sl_entry e = entry("f");
    for (int sparse = 0; sparse < 2; sparse++) {
        ck_assert_int_eq(sl_stage_begin(&s, top, &e, SL_META_MODE, &err), SL_OK);
        s.sparse = sparse;
        enum sl_code rc = sl_stage_reserve(&s, LONG, &err);
        ck_assert(rc == SL_OK || rc == SL_E_UNSUPPORTED);
        ck_assert_int_eq(sl_stage_write(&s, data, 10000, &err), SL_OK);
        ck_assert_int_eq(sl_stage_hole(&s, 1024 * 1024, &err), SL_OK);
        ck_assert_int_eq(sl_stage_write(&s, data, 10000, &err), SL_OK);
        ck_assert_int_eq(sl_stage_commit(&s, &e, SL_META_MODE, SL_STAGE_REPLACE, NULL, &err), SL_OK);
        ck_assert_int_eq(fstatat(top, "f", &st, 0), 0);
        ck_assert_uint_eq((uint64_t)st.st_size, 1024 * 1024 + 20000);
        if (rc == SL_OK && sparse)
            ck_assert_int_lt(st.st_blocks * 512, 512 * 1024);        /* what was taken for nothing is given back */
        else if (rc == SL_OK)
            ck_assert_int_lt(st.st_blocks * 512, LONG / 2);
    }
    ck_assert_int_eq(sl_stage_reserve(&s, 1, &err), SL_E_INVALID);
    ck_assert_int_eq(sl_stage_begin(&s, top, &e, SL_META_MODE, &err), SL_OK);
    ck_assert_int_eq(sl_stage_reserve(&s, (uint64_t)INT64_MAX + 1, &err), SL_E_TOO_BIG);
    enum sl_code rc = sl_stage_reserve(&s, INT64_MAX, &err);
    ck_assert_int_ne(rc, SL_OK);
    sl_stage_abort(&s);
    ck_assert_int_eq(scratch_count(top), 2);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("away");
    TCase *t = tcase_create("away");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, comes_home);
    tcase_add_test(t, is_copied);
    tcase_add_test(t, given_up_within_a_copy);
    tcase_add_test(t, is_kept_at_home);
    tcase_add_test(t, at_once);
    tcase_add_test(t, reserves);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

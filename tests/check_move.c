/* SPDX-License-Identifier: ISC */
/* check_move - second names and new names: what is replaced, what is refused, and what is left. */
#include "config.h"
#include "tree/move.h"

#include "tests/scratch.h"
#include "tree/stage.h"

#include <errno.h>

static struct sl_error err;
static int top, sub;

static void setup(void)
{
    top = scratch_make();
    ck_assert_int_eq(mkdirat(top, "sub", 0755), 0);
    sub = openat(top, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scratch_file(top, "a", "one", 3);
    scratch_file(sub, "b", "two", 3);
}

static void teardown(void)
{
    close(sub);
    scratch_remove(top);
}

static enum sl_code link_to(int to_fd, const char *from, const char *to, uint32_t flags)
{
    return sl_move_link(&(struct sl_move){ top, to_fd, from, to, flags }, &err);
}

static enum sl_code rename_to(int to_fd, const char *from, const char *to, uint32_t flags)
{
    return sl_move_rename(&(struct sl_move){ top, to_fd, from, to, flags }, &err);
}

static ino_t inode(int fd, const char *name)
{
    struct stat st;
    return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_ino : 0;
}

START_TEST(links)
{
    ck_assert_int_eq(link_to(sub, "a", "c", 0), SL_OK);
    ck_assert_uint_eq(inode(sub, "c"), inode(top, "a"));
    ck_assert_int_eq(link_to(sub, "a", "b", 0), SL_E_EXISTS);
    ck_assert(scratch_holds(sub, "b", "two", 3));
    ck_assert_int_eq(link_to(sub, "a", "b", SL_STAGE_REPLACE), SL_OK);
    ck_assert_uint_eq(inode(sub, "b"), inode(top, "a"));
    ck_assert_int_eq(link_to(sub, "a", "b", SL_STAGE_REPLACE), SL_OK);     /* it has that name already: no staged name is left */
    ck_assert_int_eq(link_to(top, "a", "a", SL_STAGE_REPLACE), SL_OK);
    ck_assert_int_eq(scratch_count(sub), 2);
    ck_assert_int_eq(scratch_count(top), 2);
}
END_TEST

START_TEST(links_links)
{
    ck_assert_int_eq(symlinkat("nowhere", top, "l"), 0);
    ck_assert_int_eq(link_to(sub, "l", "b", SL_STAGE_REPLACE), SL_OK);
    ck_assert_uint_eq(inode(sub, "b"), inode(top, "l"));
}
END_TEST

START_TEST(refuses_directories_and_odd_names)
{
    ck_assert_int_eq(link_to(top, "sub", "x", 0), SL_E_IS_DIR);
    ck_assert_int_eq(rename_to(top, "sub", "x", 0), SL_E_IS_DIR);
    ck_assert_int_eq(link_to(top, "a", "sub", 0), SL_E_IS_DIR);
    ck_assert_int_eq(link_to(top, "a", "sub", SL_STAGE_REPLACE), SL_E_IS_DIR);
    ck_assert_int_eq(rename_to(top, "a", "sub", 0), SL_E_IS_DIR);
    ck_assert_int_eq(rename_to(top, "a", "sub", SL_STAGE_REPLACE), SL_E_IS_DIR);
    static const char *const bad[] = { "", ".", "..", "a/b", "/" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(link_to(top, "a", bad[i], 0), SL_E_NAME);
        ck_assert_int_eq(link_to(top, bad[i], "x", 0), SL_E_NAME);
        ck_assert_int_eq(rename_to(top, "a", bad[i], 0), SL_E_NAME);
    }
    ck_assert_int_eq(link_to(top, "none", "x", 0), SL_E_NOT_FOUND);
    ck_assert_int_eq(rename_to(top, "none", "x", SL_STAGE_REPLACE), SL_E_NOT_FOUND);
    ck_assert_int_eq(scratch_count(top), 2);
}
END_TEST

START_TEST(renames)
{
    ino_t was = inode(top, "a");
    ck_assert_int_eq(rename_to(sub, "a", "b", 0), SL_E_EXISTS);
    ck_assert_int_eq(rename_to(sub, "a", "c", 0), SL_OK);
    ck_assert(inode(sub, "c") == was && inode(top, "a") == 0);
    scratch_file(top, "a", "new", 3);
    ck_assert_int_eq(rename_to(sub, "a", "b", SL_STAGE_REPLACE), SL_OK);
    ck_assert(scratch_holds(sub, "b", "new", 3));
    ck_assert_int_eq(scratch_count(top), 1);
}
END_TEST

/* POSIX lets rename(2) do nothing then; and a name that is renamed to itself must stay. */
START_TEST(renames_one_name_of_a_file_to_another)
{
    ck_assert_int_eq(link_to(sub, "a", "c", 0), SL_OK);
    ck_assert_int_eq(rename_to(sub, "a", "c", SL_STAGE_REPLACE), SL_OK);
    ck_assert(inode(top, "a") == 0 && scratch_holds(sub, "c", "one", 3));
    scratch_file(top, "a", "one", 3);
    ck_assert_int_eq(rename_to(top, "a", "a", SL_STAGE_REPLACE), SL_OK);
    ck_assert(scratch_holds(top, "a", "one", 3));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, links);
    tcase_add_test(tc, links_links);
    tcase_add_test(tc, refuses_directories_and_odd_names);
    tcase_add_test(tc, renames);
    tcase_add_test(tc, renames_one_name_of_a_file_to_another);
}

int main(void)
{
    return scratch_run("move", add);
}

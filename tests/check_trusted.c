/* SPDX-License-Identifier: ISC */
/* check_trusted - files that an administrator names, with links on the way that are root's, one's own, and somebody
 * else's. */
#include "config.h"
#include "base/io.h"
#include "base/trusted.h"
#include "tests/scratch.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STRANGER = 65534 };

static int root;

static void set_up(void)
{
    root = scratch_make();
    ck_assert_int_eq(fchdir(root), 0);
    ck_assert_int_eq(mkdir("d", 0755), 0);
    scratch_file(root, "d/file", "text", 4);
}

static void tear_down(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    scratch_remove(root);
}

static enum sl_code open_it(const char *path, int flags)
{
    struct sl_error err = { 0 };
    int fd = -1;
    enum sl_code rc = sl_trusted_open(path, flags, 0600, &fd, &err);
    ck_assert_int_eq(rc == SL_OK, fd >= 0);
    ck_assert_int_eq(rc == SL_OK, err.text[0] == '\0');
    sl_io_close(&fd);
    return rc;
}

static void link_of(const char *to, const char *name, uid_t owner)
{
    ck_assert_int_eq(symlink(to, name), 0);
    ck_assert_int_eq(lchown(name, owner, (gid_t)-1), 0);
}

START_TEST(opens_what_is_there)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s//d/./../d/file", scratch_path);
    ck_assert_int_eq(open_it("d/file", O_RDONLY), SL_OK);
    ck_assert_int_eq(open_it(whole, O_RDONLY), SL_OK);
    ck_assert_int_eq(open_it("d/new", O_WRONLY | O_CREAT | O_TRUNC), SL_OK);
    ck_assert_int_eq(open_it("d/nothing", O_RDONLY), SL_E_NOT_FOUND);
    ck_assert_int_eq(open_it("nothing/file", O_RDONLY), SL_E_NOT_FOUND);
    ck_assert_int_eq(open_it("d/file/x", O_RDONLY), SL_E_NOT_DIR);
    ck_assert_int_eq(open_it("/dev/null", O_RDONLY), SL_OK);
    ck_assert_int_eq(open_it("", O_RDONLY), SL_E_TYPE);
}
END_TEST

START_TEST(follows_links_of_its_own)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/d", scratch_path);
    link_of("d", "to-dir", geteuid());
    link_of(whole, "to-dir-from-the-top", geteuid());
    link_of("../to-dir/file", "d/to-file", geteuid());
    link_of("loop", "loop", geteuid());
    ck_assert_int_eq(open_it("to-dir/file", O_RDONLY), SL_OK);
    ck_assert_int_eq(open_it("to-dir-from-the-top/to-file", O_RDONLY), SL_OK);
    ck_assert_int_eq(open_it("loop", O_RDONLY), SL_E_LINK);
    ck_assert_int_eq(open_it("loop/file", O_RDONLY), SL_E_LINK);
}
END_TEST

START_TEST(follows_no_link_of_a_stranger)
{
    if (geteuid() != 0)
        return; /* only root can make one */
    link_of("d", "to-dir", STRANGER);
    link_of("file", "d/to-file", STRANGER);
    link_of("new", "d/to-new", STRANGER);
    link_of("d/to-file", "mine", 0);
    ck_assert_int_eq(open_it("to-dir/file", O_RDONLY), SL_E_LINK);
    ck_assert_int_eq(open_it("d/to-file", O_RDONLY), SL_E_LINK);
    ck_assert_int_eq(open_it("mine", O_RDONLY), SL_E_LINK);
    ck_assert_int_eq(open_it("d/to-new", O_WRONLY | O_CREAT | O_TRUNC), SL_E_LINK);
    ck_assert_int_ne(access("d/new", F_OK), 0);
}
END_TEST

START_TEST(opens_only_files)
{
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    ck_assert_int_eq(open_it("fifo", O_RDONLY), SL_E_TYPE);
    ck_assert_int_eq(open_it("d", O_RDONLY), SL_E_TYPE);
    ck_assert_int_eq(open_it("/dev/zero", O_RDONLY), SL_E_TYPE);
    ck_assert_int_eq(open_it("/", O_RDONLY), SL_E_TYPE);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, opens_what_is_there);
    tcase_add_test(t, follows_links_of_its_own);
    tcase_add_test(t, follows_no_link_of_a_stranger);
    tcase_add_test(t, opens_only_files);
}

int main(void)
{
    return scratch_run("trusted", add);
}

/* SPDX-License-Identifier: ISC */
/* check_dirs - directories by id: order of opening and closing, eviction, links and replaced directories. */
#include "config.h"
#include "tree/dirs.h"

#include "tests/scratch.h"

#include <errno.h>
#include <time.h>

static struct sl_error err;

static struct sl_dirs *rooted(int top, size_t ids, size_t fds)
{
    struct sl_dirs *d = sl_dirs_new(ids, fds);
    ck_assert_int_eq(sl_dirs_root(d, 1, fcntl(top, F_DUPFD_CLOEXEC, 0), &err), SL_OK);
    return d;
}

static ino_t inode(struct sl_dirs *d, uint32_t id)
{
    struct stat st;
    int fd = -1;
    ck_assert_int_eq(sl_dirs_fd(d, id, &fd, &err), SL_OK);
    ck_assert_int_eq(fstat(fd, &st), 0);
    return st.st_ino;
}

START_TEST(opens_and_closes)
{
    int top = scratch_make(), fd;
    struct sl_dirs *d = rooted(top, 100, 4);
    mkdirat(top, "a", 0755);
    mkdirat(top, "a/b", 0755);
    scratch_file(top, "file", "x", 1);
    ck_assert_int_eq(sl_dirs_open(d, 1, 2, "a", &err), SL_OK);
    ck_assert_int_eq(sl_dirs_open(d, 2, 0xffffffffu, "b", &err), SL_OK);
    ck_assert_int_eq(sl_dirs_open(d, 1, 2, "a", &err), SL_E_INVALID);
    ck_assert_int_eq(sl_dirs_open(d, 9, 3, "a", &err), SL_E_INVALID);
    ck_assert_int_eq(sl_dirs_open(d, 1, 3, "none", &err), SL_E_NOT_FOUND);
    ck_assert_str_eq(err.text, "cannot open directory 'none': No such file or directory");
    ck_assert_int_eq(sl_dirs_open(d, 1, 3, "file", &err), SL_E_NOT_DIR);
    ck_assert_int_eq(sl_dirs_open(d, 1, 3, "..", &err), SL_E_NAME);
    ck_assert_int_eq(sl_dirs_open(d, 1, 3, "a/b", &err), SL_E_NAME);
    ck_assert_int_eq(sl_dirs_open(d, 1, 3, "", &err), SL_E_NAME);
    ck_assert_int_eq(sl_dirs_close(d, 2, &err), SL_OK);
    ck_assert_int_eq(sl_dirs_close(d, 2, &err), SL_E_INVALID);
    ck_assert_int_eq(sl_dirs_fd(d, 2, &fd, &err), SL_E_INVALID);
    ck_assert_int_eq(sl_dirs_fd(d, 0xffffffffu, &fd, &err), SL_OK);
    ck_assert_int_eq(sl_dirs_open(d, 1, 2, "a", &err), SL_OK);
    ck_assert_int_eq(sl_dirs_root(d, 2, dup(top), &err), SL_E_INVALID);
    sl_dirs_free(d);
    scratch_remove(top);
}
END_TEST

START_TEST(tells_links)
{
    int top = scratch_make();
    char target[1001];
    memset(target, 'x', sizeof target);
    target[1000] = '\0';
    struct sl_dirs *d = rooted(top, 100, 4);
    ck_assert_int_eq(symlinkat("../some where/", top, "link"), 0);
    ck_assert_int_eq(symlinkat(target, top, "long"), 0);
    ck_assert_int_eq(sl_dirs_open(d, 1, 2, "link", &err), SL_E_LINK);
    ck_assert_str_eq(err.text, "../some where/");
    ck_assert_int_eq(sl_dirs_open(d, 1, 2, "long", &err), SL_E_NAME);
    sl_dirs_free(d);
    scratch_remove(top);
}
END_TEST

START_TEST(limits)
{
    int top = scratch_make();
    struct sl_dirs *d = rooted(top, 3, 4);
    mkdirat(top, "a", 0755);
    ck_assert_int_eq(sl_dirs_open(d, 1, 2, "a", &err), SL_OK);
    ck_assert_int_eq(sl_dirs_open(d, 1, 3, "a", &err), SL_OK);
    ck_assert_int_eq(sl_dirs_open(d, 1, 4, "a", &err), SL_E_LIMIT);
    ck_assert_int_eq(sl_dirs_close(d, 3, &err), SL_OK);
    ck_assert_int_eq(sl_dirs_open(d, 1, 4, "a", &err), SL_OK);
    sl_dirs_free(d);
    scratch_remove(top);
}
END_TEST

/* Ids that all fell on one slot made each close cost milliseconds. */
START_TEST(ids_do_not_collide)
{
    int top = scratch_make();
    struct sl_dirs *d = rooted(top, 4096, 4);
    mkdirat(top, "a", 0755);
    for (uint32_t i = 1; i <= 4000; i++)
        ck_assert_int_eq(sl_dirs_open(d, 1, i << 16, "a", &err), SL_OK);
    clock_t start = clock();
    for (uint32_t i = 1; i <= 2000; i++) {
        ck_assert_int_eq(sl_dirs_close(d, i << 16, &err), SL_OK);
        ck_assert_int_eq(sl_dirs_open(d, 1, i << 16, "a", &err), SL_OK);
    }
    ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 2);
    sl_dirs_free(d);
    scratch_remove(top);
}
END_TEST

enum { DEEP = 200 };

/* A chain top/d/d/d..., ids 2 and up, its inodes in inodes. */
static void open_chain(struct sl_dirs *d, int top, ino_t *inodes)
{
    int fd = -1;
    (void)top;
    for (uint32_t i = 0; i < DEEP; i++) {
        ck_assert_int_eq(sl_dirs_fd(d, 1 + i, &fd, &err), SL_OK);
        ck_assert_int_eq(mkdirat(fd, "d", 0755), 0);
        ck_assert_int_eq(sl_dirs_open(d, 1 + i, 2 + i, "d", &err), SL_OK);
        inodes[i] = inode(d, 2 + i);
    }
}

static int open_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

START_TEST(evicts_and_reopens)
{
    int top = scratch_make(), before = open_fds();
    ino_t inodes[DEEP];
    struct sl_dirs *d = rooted(top, 1000, 4);
    open_chain(d, top, inodes);
    ck_assert_int_le(open_fds() - before, 5);
    for (uint32_t i = 0; i < DEEP; i++)
        ck_assert(inode(d, 2 + i) == inodes[i]);
    for (uint32_t i = DEEP; i--;)
        ck_assert(inode(d, 2 + i) == inodes[i]);
    ck_assert(inode(d, 2 + DEEP - 1) == inodes[DEEP - 1]);
    ck_assert_int_le(open_fds() - before, 5);
    for (uint32_t i = 0; i < DEEP - 1; i++)
        ck_assert_int_eq(sl_dirs_close(d, 2 + i, &err), SL_OK);
    ck_assert(inode(d, 2 + DEEP - 1) == inodes[DEEP - 1]);
    ck_assert_int_eq(sl_dirs_close(d, 2 + DEEP - 1, &err), SL_OK);
    ck_assert_int_eq(open_fds() - before, 1);
    sl_dirs_free(d);
    ck_assert_int_eq(open_fds(), before);
    scratch_remove(top);
}
END_TEST

START_TEST(finds_replaced)
{
    int top = scratch_make(), fd;
    ino_t inodes[DEEP];
    struct sl_dirs *d = rooted(top, 1000, 4);
    open_chain(d, top, inodes);
    ck_assert_int_eq(renameat(top, "d/d", top, "elsewhere"), 0);
    ck_assert_int_eq(mkdirat(top, "d/d", 0755), 0);
    ck_assert_int_eq(sl_dirs_fd(d, 10, &fd, &err), SL_E_CHANGED);
    ck_assert_str_eq(err.text, "directory 'd' was replaced by another");
    ck_assert_int_eq(unlinkat(top, "d/d", AT_REMOVEDIR), 0);
    ck_assert_int_eq(sl_dirs_fd(d, 10, &fd, &err), SL_E_CHANGED);
    ck_assert_int_eq(symlinkat("../elsewhere", top, "d/d"), 0);
    ck_assert_int_eq(sl_dirs_fd(d, 10, &fd, &err), SL_E_CHANGED);
    ck_assert(inode(d, 2) == inodes[0]);
    sl_dirs_free(d);
    scratch_remove(top);
}
END_TEST

START_TEST(tells_paths)
{
    int top = scratch_make();
    char out[64];
    struct sl_dirs *d = rooted(top, 100, 4);
    mkdirat(top, "one", 0755);
    mkdirat(top, "one/two", 0755);
    mkdirat(top, "one/two/three", 0755);
    sl_dirs_open(d, 1, 2, "one", &err);
    sl_dirs_open(d, 2, 3, "two", &err);
    sl_dirs_open(d, 3, 4, "three", &err);
    sl_dirs_path(d, 1, out, sizeof out);
    ck_assert_str_eq(out, "");
    sl_dirs_path(d, 2, out, sizeof out);
    ck_assert_str_eq(out, "one");
    sl_dirs_path(d, 4, out, sizeof out);
    ck_assert_str_eq(out, "one/two/three");
    sl_dirs_path(d, 4, out, 14);
    ck_assert_str_eq(out, "one/two/three");
    sl_dirs_path(d, 4, out, 13);
    ck_assert_str_eq(out, "...two/three");
    sl_dirs_path(d, 4, out, 3);
    ck_assert_str_eq(out, "..");
    sl_dirs_path(d, 4, out, 1);
    ck_assert_str_eq(out, "");
    sl_dirs_free(d);
    scratch_remove(top);
}
END_TEST

START_TEST(searchable_only)
{
    int top = scratch_make();
    struct sl_dirs *d = rooted(top, 100, 4);
    mkdirat(top, "a", 0755);
    mkdirat(top, "a/b", 0755);
    ck_assert_int_eq(fchmodat(top, "a", 0311, 0), 0);
    ck_assert_int_eq(sl_dirs_open(d, 1, 2, "a", &err), SL_OK);
    ck_assert_int_eq(sl_dirs_open(d, 2, 3, "b", &err), SL_OK);
    sl_dirs_free(d);
    scratch_remove(top);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, opens_and_closes);
    tcase_add_test(tc, tells_links);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, ids_do_not_collide);
    tcase_add_test(tc, evicts_and_reopens);
    tcase_add_test(tc, finds_replaced);
    tcase_add_test(tc, tells_paths);
    tcase_add_test(tc, searchable_only);
}

int main(void)
{
    return scratch_run("dirs", add);
}

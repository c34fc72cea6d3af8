/* SPDX-License-Identifier: ISC */
/* scratch - for tests: a temporary directory that is removed with all that is in it, and short ways to fill it. */
#ifndef SL_TESTS_SCRATCH_H
#define SL_TESTS_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SCRATCH_UNUSED
#define SCRATCH_UNUSED __attribute__((unused))
#endif

static char scratch_path[256];

/* A new directory; returns a descriptor of it. */
SCRATCH_UNUSED static int scratch_make(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(scratch_path, sizeof scratch_path, "%s/sltestXXXXXX", tmp && *tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(scratch_path));
    int fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void scratch_empty(int fd)
{
    DIR *dir = fdopendir(fd);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || unlinkat(fd, e->d_name, 0) == 0)
            continue;
        fchmodat(fd, e->d_name, 0700, 0);
        int sub = openat(fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub >= 0)
            scratch_empty(sub);
        unlinkat(fd, e->d_name, AT_REMOVEDIR);
    }
    closedir(dir);
}

/* Removes what scratch_make made and closes fd. */
SCRATCH_UNUSED static void scratch_remove(int fd)
{
    fchmod(fd, 0700);
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scratch_empty(again);
    close(fd);
    ck_assert_int_eq(rmdir(scratch_path), 0);
}

SCRATCH_UNUSED static void scratch_file(int dirfd, const char *name, const void *data, size_t n)
{
    int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, n), (ssize_t)n);
    close(fd);
}

/* Whether the file holds exactly these bytes. */
SCRATCH_UNUSED static int scratch_holds(int dirfd, const char *name, const void *data, size_t n)
{
    static char buf[1 << 20];
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
    ssize_t k = fd < 0 ? -1 : read(fd, buf, sizeof buf);
    if (fd >= 0)
        close(fd);
    return k == (ssize_t)n && memcmp(buf, data, n) == 0;
}

/* Entries but "." and "..". */
SCRATCH_UNUSED static int scratch_count(int dirfd)
{
    int n = 0;
    DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

/* Runs a suite of one case; the fork mode is the environment's (CK_FORK). */
SCRATCH_UNUSED static int scratch_run(const char *name, void (*add)(TCase *))
{
    Suite *s = suite_create(name);
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 300);
    add(tc);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif

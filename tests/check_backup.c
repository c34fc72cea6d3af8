/* SPDX-License-Identifier: ISC */
/* check_backup - second names for what is to be replaced, copies of it, and what is not touched. */
#include "config.h"
#include "tree/backup.h"

#include "tests/scratch.h"

#include <signal.h>
#include <sys/wait.h>
#include <sys/xattr.h>

static struct sl_error err;
static int top, sub;

static void setup(void)
{
    top = scratch_make();
    ck_assert_int_eq(mkdirat(top, "sub", 0755), 0);
    sub = openat(top, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scratch_file(top, "a", "one", 3);
    scratch_file(top, "b", "two", 3);
}

static void teardown(void)
{
    close(sub);
    scratch_remove(top);
}

static enum sl_code back_up(const char *from, const char *to, unsigned flags, const struct stat *as)
{
    struct sl_backup b;
    struct sl_backup_what w = { .move = { top, sub, from, to, flags & SL_STAGE_REPLACE }, .flags = flags, .meta = SL_BACKUP_META, .special = true };
    uint64_t bytes = 0;
    if (as) {
        w.size = (uint64_t)as->st_size;
        w.mtime_s = as->st_mtim.tv_sec;
        w.mtime_ns = (uint32_t)as->st_mtim.tv_nsec;
    }
    enum sl_code rc = sl_backup_begin(&b, &w, &err);
    while (rc == SL_AGAIN)
        rc = sl_backup_step(&b, &bytes, &err);
    return rc;
}

static struct stat look(int fd, const char *name)
{
    struct stat st = { 0 };
    ck_assert_int_eq(fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st;
}

START_TEST(links)
{
    ck_assert_int_eq(back_up("a", "a~", 0, NULL), SL_OK);
    ck_assert_uint_eq(look(sub, "a~").st_ino, look(top, "a").st_ino);
    ck_assert_int_eq(back_up("b", "a~", 0, NULL), SL_E_EXISTS);
    ck_assert(scratch_holds(sub, "a~", "one", 3));
    ck_assert_int_eq(back_up("b", "a~", SL_STAGE_REPLACE, NULL), SL_OK);
    ck_assert(scratch_holds(sub, "a~", "two", 3));
    ck_assert_int_eq(back_up("absent", "x~", 0, NULL), SL_OK);
    ck_assert_int_eq(scratch_count(sub), 1);
    ck_assert_int_eq(back_up("a", "..", 0, NULL), SL_E_NAME);
    ck_assert_int_eq(mkdirat(sub, "d", 0755), 0);
    ck_assert_int_eq(back_up("a", "d", SL_STAGE_REPLACE, NULL), SL_E_IS_DIR);
}
END_TEST

START_TEST(copies)
{
    struct stat old = look(top, "a"), st;
    struct timespec times[2] = { { 1500000000, 5 }, { 1500000000, 7 } };
    ck_assert_int_eq(fchmodat(top, "a", 0640, 0), 0);
    ck_assert_int_eq(utimensat(top, "a", times, 0), 0);
    ck_assert_int_eq(back_up("a", "a~", SL_BACKUP_COPY, NULL), SL_OK);
    st = look(sub, "a~");
    ck_assert_uint_ne(st.st_ino, old.st_ino);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);
    ck_assert(st.st_mtim.tv_sec == 1500000000 && st.st_mtim.tv_nsec == 7);
    ck_assert(scratch_holds(sub, "a~", "one", 3));
    ck_assert_int_eq(back_up("b", "a~", SL_BACKUP_COPY, NULL), SL_E_EXISTS);
    ck_assert_int_eq(scratch_count(sub), 1);
}
END_TEST

/* Of the owner rw-, of user 1 rwx, of the group ---, the mask rwx, of others r--: without it the group would get what the mask is. */
static const uint8_t acl[] = { 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 7, 0, 1, 0, 0, 0, 4, 0, 0, 0, 255, 255, 255, 255,
                               16, 0, 7, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255 };

START_TEST(copies_attributes)
{
    char now[100];
    int fd = openat(top, "a", O_RDWR | O_CLOEXEC);
    bool any = fsetxattr(fd, "user.one", "1", 1, 0) == 0, acls = fsetxattr(fd, SL_ACL_ACCESS, acl, sizeof acl, 0) == 0;
    close(fd);
    ck_assert_int_eq(back_up("a", "a~", SL_BACKUP_COPY, NULL), SL_OK);
    if (any)
        ck_assert_int_eq(sl_attrs_get_one(sub, "a~", "user.one", now, sizeof now), 1);
    if (acls) {
        ck_assert_int_eq(sl_attrs_get_one(sub, "a~", SL_ACL_ACCESS, now, sizeof now), (ssize_t)sizeof acl);
        ck_assert_mem_eq(now, acl, sizeof acl);
        /* What is copied into a directory with a default ACL is not given that. */
        ck_assert_int_eq(fsetxattr(sub, SL_ACL_DEFAULT, acl, sizeof acl, 0), 0);
        ck_assert_int_eq(back_up("b", "b~", SL_BACKUP_COPY, NULL), SL_OK);
        ck_assert_int_eq(sl_attrs_get_one(sub, "b~", SL_ACL_ACCESS, now, sizeof now), -1);
        ck_assert_uint_eq(look(sub, "b~").st_mode & 07777, look(top, "b").st_mode & 07777);
    }
}
END_TEST

START_TEST(only_as)
{
    struct stat st = look(top, "a");
    ck_assert_int_eq(back_up("a", "same", SL_BACKUP_AS, &st), SL_OK);
    ck_assert_int_eq(scratch_count(sub), 1);
    st.st_size++;
    ck_assert_int_eq(back_up("a", "size", SL_BACKUP_AS, &st), SL_OK);
    st.st_size--;
    st.st_mtim.tv_nsec ^= 1;
    ck_assert_int_eq(back_up("a", "time", SL_BACKUP_AS, &st), SL_OK);
    ck_assert_int_eq(scratch_count(sub), 1);
}
END_TEST

START_TEST(other_kinds)
{
    ck_assert_int_eq(symlinkat("nowhere", top, "link"), 0);
    ck_assert_int_eq(mkfifoat(top, "fifo", 0600), 0);
    ck_assert_int_eq(mkdirat(top, "dir", 0710), 0);
    ck_assert_int_eq(mkdirat(top, "dir/in", 0755), 0);
    ck_assert_int_eq(back_up("link", "link~", 0, NULL), SL_OK);
    ck_assert(S_ISLNK(look(sub, "link~").st_mode));
    ck_assert_int_eq(back_up("fifo", "fifo~", SL_BACKUP_COPY, NULL), SL_OK);
    ck_assert(S_ISFIFO(look(sub, "fifo~").st_mode));
    ck_assert_int_eq(back_up("dir", "dir", 0, NULL), SL_OK);
    ck_assert_uint_eq(look(sub, "dir").st_mode & 07777, 0710);
    ck_assert_int_eq(back_up("dir", "dir", 0, NULL), SL_OK);
    ck_assert_int_eq(back_up("dir", "link~", 0, NULL), SL_E_EXISTS);
    ck_assert_int_eq(scratch_count(sub), 3);
}
END_TEST

/* One name is now a file that everybody may read, now one that nobody else may, until it is ended. */
static pid_t swapping(void)
{
    pid_t pid = fork();
    while (pid == 0) {
        (void)!linkat(top, "secret", top, "t", 0);
        (void)!renameat(top, "t", top, "from");
        (void)!linkat(top, "open", top, "t", 0);
        (void)!renameat(top, "t", top, "from");
    }
    return pid;
}

/* A copy has the mode of what was copied, not of what had its name a moment before. */
START_TEST(copies_what_it_looked_at)
{
    time_t end = time(NULL) + 2;
    scratch_file(top, "secret", "secret", 6);
    scratch_file(top, "open", "public", 6);
    ck_assert_int_eq(fchmodat(top, "secret", 0600, 0), 0);
    ck_assert_int_eq(fchmodat(top, "open", 0644, 0), 0);
    ck_assert_int_eq(linkat(top, "open", top, "from", 0), 0);
    pid_t pid = swapping();
    bool leaked = false;
    for (int i = 0; !leaked && i < 20000 && time(NULL) < end; i++) {
        enum sl_code rc = back_up("from", "copy", SL_BACKUP_COPY | SL_STAGE_REPLACE, NULL);
        leaked = rc == SL_OK && (look(sub, "copy").st_mode & 0777) == 0644 && scratch_holds(sub, "copy", "secret", 6);
    }
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert(!leaked);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, links);
    tcase_add_test(tc, copies);
    tcase_add_test(tc, copies_attributes);
    tcase_add_test(tc, only_as);
    tcase_add_test(tc, other_kinds);
    tcase_add_test(tc, copies_what_it_looked_at);
}

int main(void)
{
    return scratch_run("backup", add);
}

/* SPDX-License-Identifier: ISC */
/* check_meta - owners' names and numbers, entries from stat, and metadata set by descriptor and by name. */
#include "config.h"
#include "tree/meta.h"

#include "tests/scratch.h"

#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <pwd.h>
#include <sys/sysmacros.h>

static struct sl_error err;

static struct stat look(int top, const char *name)
{
    struct stat st;
    ck_assert_int_eq(fstatat(top, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st;
}

START_TEST(owners)
{
    struct sl_owners *o = sl_owners_new();
    struct passwd *pw = getpwuid(0);
    if (pw) {
        ck_assert_str_eq(sl_owners_user(o, 0), pw->pw_name);
        ck_assert_ptr_eq(sl_owners_user(o, 0), sl_owners_user(o, 0));
    }
    struct passwd *daemon = getpwnam("daemon");
    if (daemon)
        ck_assert_uint_eq(sl_owners_uid(o, 77777, "daemon"), daemon->pw_uid);
    struct group *gr = getgrnam("daemon");
    if (gr)
        ck_assert_uint_eq(sl_owners_gid(o, 77777, "daemon"), gr->gr_gid);
    ck_assert_ptr_null(sl_owners_user(o, 4000000001u));
    ck_assert_ptr_null(sl_owners_group(o, 4000000001u));
    ck_assert_ptr_null(sl_owners_user(o, 4000000001u));
    ck_assert_uint_eq(sl_owners_uid(o, 0, "daemon"), 0);
    ck_assert_uint_eq(sl_owners_gid(o, 0, "daemon"), 0);
    ck_assert_uint_eq(sl_owners_uid(o, 5, NULL), 5);
    ck_assert_uint_eq(sl_owners_uid(o, 5, ""), 5);
    ck_assert_uint_eq(sl_owners_uid(o, 5, "no such user \xff"), 5);
    ck_assert_uint_eq(sl_owners_uid(o, 6, "no such user \xff"), 6);
    ck_assert_uint_eq(sl_owners_gid(o, 5, "no such group"), 5);
    for (uint32_t i = 1; i < 200; i++)
        sl_owners_user(o, 3000000000u + i);
    for (uint32_t i = 1; i < 200; i++)
        ck_assert_ptr_null(sl_owners_user(o, 3000000000u + i));
    ck_assert(sl_owners_can_uid(o, 12345) == (geteuid() == 0));
    ck_assert(sl_owners_can_gid(o, getegid()));
    ck_assert(geteuid() == 0 || !sl_owners_can_gid(o, 4000000001u));
    sl_owners_free(o);
    sl_owners_free(NULL);
}
END_TEST

static size_t questions;

/* Has the numbers below 1000, and counts. */
static bool ask_counted(void *ctx, bool group, char *name, uint32_t *number)
{
    (void)ctx;
    (void)group;
    questions++;
    if (!name[0] && *number < 1000)
        snprintf(name, SL_OWNER_NAME_MAX, "n%u", *number);
    return name[0] && *number < 1000;
}

/* An ACL can name any number: those that nobody has are not kept without end, and are yet not asked for each time. */
START_TEST(unknown_owners_are_bounded)
{
    struct sl_owners *o = sl_owners_new_asking(ask_counted, NULL);
    const char *known = sl_owners_user(o, 7);
    for (uint32_t i = 0; i < 200000; i++)
        ck_assert_ptr_null(sl_owners_user(o, 1000 + i));
    size_t before = mallinfo2().uordblks;
    for (uint32_t i = 0; i < 500000; i++)
        ck_assert_ptr_null(sl_owners_user(o, 300000 + i));
    ck_assert_uint_eq(mallinfo2().uordblks, before);
    questions = 0;
    for (int i = 0; i < 100; i++) {
        ck_assert_ptr_null(sl_owners_user(o, 3000000));
        ck_assert_ptr_null(sl_owners_user(o, 1000));
    }
    ck_assert_uint_eq(questions, 1);
    ck_assert_ptr_eq(sl_owners_user(o, 7), known);
    ck_assert_str_eq(sl_owners_user(o, 0), "n0");
    ck_assert_str_eq(sl_owners_user(o, 999), "n999");
    ck_assert_uint_eq(questions, 3);
    ck_assert_ptr_null(sl_owners_group(o, 5000));
    sl_owners_free(o);
}
END_TEST

START_TEST(umask_is_kept)
{
    umask(027);
    ck_assert_uint_eq(sl_meta_umask(), 027);
    ck_assert_uint_eq(sl_meta_umask(), 027);
    umask(022);
}
END_TEST

START_TEST(stat_of_types)
{
    int top = scratch_make();
    char target[SL_TARGET_MAX + 1];
    struct sl_entry e;
    struct stat st;
    struct sl_owners *o = sl_owners_new();
    scratch_file(top, "f", "12345", 5);
    fchmodat(top, "f", 04711, 0);
    ck_assert_int_eq(symlinkat("to\n", top, "l"), 0);
    mkfifoat(top, "p", 0600);
    ck_assert_int_eq(sl_meta_stat(top, "f", o, &e, target, &st, &err), SL_OK);
    ck_assert(e.type == SL_TYPE_FILE && e.mode == 04711 && e.size == 5 && e.name_len == 1 && !e.target);
    ck_assert(e.uid == geteuid() && e.mtime_s == st.st_mtim.tv_sec && (long)e.mtime_ns == st.st_mtim.tv_nsec);
    ck_assert_int_eq(sl_meta_stat(top, "l", NULL, &e, target, NULL, &err), SL_OK);
    ck_assert(e.type == SL_TYPE_LINK && e.size == 3 && e.target_len == 3 && !e.user);
    ck_assert_str_eq(e.target, "to\n");
    ck_assert_int_eq(sl_meta_stat(top, "p", NULL, &e, NULL, NULL, &err), SL_OK);
    ck_assert(e.type == SL_TYPE_FIFO && e.size == 0);
    ck_assert_int_eq(sl_meta_stat(top, "", NULL, &e, target, NULL, &err), SL_OK);
    ck_assert(e.type == SL_TYPE_DIR && e.size == 0 && e.name_len == 0);
    ck_assert_int_eq(sl_meta_stat(top, "none", NULL, &e, target, NULL, &err), SL_E_NOT_FOUND);
    ck_assert_int_eq(sl_meta_stat(AT_FDCWD, "/dev/null", NULL, &e, target, NULL, &err), SL_OK);
    ck_assert(e.type == SL_TYPE_CHAR && e.rdev_major == 1 && e.rdev_minor == 3);
    sl_owners_free(o);
    scratch_remove(top);
}
END_TEST

static struct sl_entry wanted(enum sl_type type, const char *name, uint32_t mode)
{
    return (struct sl_entry){ .type = type,
                              .mode = mode,
                              .mtime_s = 1000000001,
                              .mtime_ns = 123456789,
                              .uid = geteuid(),
                              .gid = getegid(),
                              .name = name,
                              .name_len = strlen(name) };
}

START_TEST(sets_by_name)
{
    int top = scratch_make();
    struct sl_owners *o = sl_owners_new();
    scratch_file(top, "f", "x", 1);
    mkdirat(top, "d", 0700);
    mkfifoat(top, "p", 0600);
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 06751);
    struct stat before = look(top, "f");
    ck_assert_int_eq(sl_meta_set_at(top, "f", &e, SL_META_MODE | SL_META_MTIME | SL_META_UID | SL_META_GID, o, &err),
                     SL_OK);
    struct stat st = look(top, "f");
    ck_assert_uint_eq(st.st_mode & 07777, 06751);
    ck_assert(st.st_mtim.tv_sec == 1000000001 && st.st_mtim.tv_nsec == 123456789);
    ck_assert(st.st_atim.tv_sec == before.st_atim.tv_sec && st.st_atim.tv_nsec == before.st_atim.tv_nsec);
    usleep(20000);
    ck_assert_int_eq(sl_meta_set_at(top, "f", &e, SL_META_ALL & ~SL_META_UMASK, o, &err), SL_OK);
    struct stat again = look(top, "f");
    ck_assert(again.st_ctim.tv_sec == st.st_ctim.tv_sec && again.st_ctim.tv_nsec == st.st_ctim.tv_nsec);
    e = wanted(SL_TYPE_DIR, "d", 01500);
    ck_assert_int_eq(sl_meta_set_at(top, "d", &e, SL_META_MODE | SL_META_MTIME, o, &err), SL_OK);
    ck_assert_uint_eq(look(top, "d").st_mode & 07777, 01500);
    ck_assert_int_eq(look(top, "d").st_mtim.tv_sec, 1000000001);
    e = wanted(SL_TYPE_FIFO, "p", 0644);
    ck_assert_int_eq(sl_meta_set_at(top, "p", &e, SL_META_MODE, o, &err), SL_OK);
    ck_assert_uint_eq(look(top, "p").st_mode & 07777, 0644);
    ck_assert_int_eq(sl_meta_set_at(top, "f", &e, SL_META_MODE, o, &err), SL_E_TYPE);
    ck_assert_int_eq(sl_meta_set_at(top, "none", &e, SL_META_MODE, o, &err), SL_E_NOT_FOUND);
    sl_owners_free(o);
    scratch_remove(top);
}
END_TEST

START_TEST(links_are_not_followed)
{
    int top = scratch_make();
    scratch_file(top, "f", "x", 1);
    fchmodat(top, "f", 0600, 0);
    struct stat before = look(top, "f");
    ck_assert_int_eq(symlinkat("f", top, "l"), 0);
    struct sl_entry e = wanted(SL_TYPE_LINK, "l", 0666);
    ck_assert_int_eq(sl_meta_set_at(top, "l", &e, SL_META_ALL, NULL, &err), SL_OK);
    ck_assert_int_eq(look(top, "l").st_mtim.tv_sec, 1000000001);
    e.type = SL_TYPE_FILE;
    ck_assert_int_eq(sl_meta_set_at(top, "l", &e, SL_META_ALL, NULL, &err), SL_E_TYPE);
    struct stat st = look(top, "f");
    ck_assert(st.st_mode == before.st_mode && st.st_mtim.tv_sec == before.st_mtim.tv_sec);
    scratch_remove(top);
}
END_TEST

START_TEST(sets_the_directory_itself)
{
    int top = scratch_make();
    struct sl_entry e = wanted(SL_TYPE_DIR, "", 0711);
    ck_assert_int_eq(sl_meta_set_at(top, "", &e, SL_META_MODE | SL_META_MTIME, NULL, &err), SL_OK);
    ck_assert_uint_eq(look(top, ".").st_mode & 07777, 0711);
    ck_assert_int_eq(look(top, ".").st_mtim.tv_sec, 1000000001);
    int path = openat(top, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    e.mode = 0751;
    e.mtime_s = -5;
    ck_assert_int_eq(sl_meta_set_at(path, "", &e, SL_META_MODE | SL_META_MTIME, NULL, &err), SL_OK);
    ck_assert_uint_eq(look(top, ".").st_mode & 07777, 0751);
    ck_assert_int_eq(look(top, ".").st_mtim.tv_sec, -5);
    close(path);
    scratch_remove(top);
}
END_TEST

START_TEST(sets_by_descriptor)
{
    int top = scratch_make();
    scratch_file(top, "f", "x", 1);
    int fd = openat(top, "f", O_WRONLY | O_CLOEXEC);
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 0777);
    umask(027);
    ck_assert_int_eq(sl_meta_set_fd(fd, NULL, &e, SL_META_MODE | SL_META_UMASK | SL_META_MTIME, NULL, &err), SL_OK);
    umask(022);
    ck_assert_uint_eq(look(top, "f").st_mode & 07777, 0750);
    e.mode = 0;
    ck_assert_int_eq(sl_meta_set_fd(fd, NULL, &e, SL_META_MODE, NULL, &err), SL_OK);
    ck_assert_uint_eq(look(top, "f").st_mode & 07777, 0);
    ck_assert_int_eq(sl_meta_set_fd(fd, NULL, &e, 0, NULL, &err), SL_OK);
    ck_assert_int_eq(sl_meta_set_fd(-1, NULL, &e, SL_META_MTIME, NULL, &err), SL_E_IO);
    ck_assert(strstr(err.text, "cannot set the times of 'f': ") == err.text);
    close(fd);
    scratch_remove(top);
}
END_TEST

START_TEST(owner_as_root_or_not)
{
    int top = scratch_make();
    struct sl_owners *o = sl_owners_new();
    scratch_file(top, "f", "x", 1);
    ck_assert_int_eq(symlinkat("f", top, "l"), 0);
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 06755);
    e.uid = 12345;
    e.gid = 54321;
    ck_assert_int_eq(sl_meta_set_at(top, "f", &e, SL_META_UID | SL_META_GID | SL_META_MODE | SL_META_MTIME, o, &err),
                     SL_OK);
    struct stat st = look(top, "f");
    ck_assert_uint_eq(st.st_uid, geteuid() == 0 ? 12345 : geteuid());
    ck_assert_uint_eq(st.st_gid, geteuid() == 0 ? 54321 : getegid());
    ck_assert_uint_eq(st.st_mode & 07777, 06755); /* also after a change of owner took them away */
    ck_assert_int_eq(st.st_mtim.tv_sec, 1000000001);
    e.type = SL_TYPE_LINK;
    ck_assert_int_eq(sl_meta_set_at(top, "l", &e, SL_META_UID | SL_META_MTIME, o, &err), SL_OK);
    st = look(top, "l");
    ck_assert_uint_eq(st.st_uid, geteuid() == 0 ? 12345 : geteuid());
    ck_assert_int_eq(st.st_mtim.tv_sec, 1000000001);
    /* a refused owner is told, the rest is done, but not setuid */
    if (geteuid() != 0) {
        e = wanted(SL_TYPE_FILE, "f", 04700);
        e.uid = geteuid() + 1;
        ck_assert_int_eq(sl_meta_set_at(top, "f", &e, SL_META_UID | SL_META_MODE, NULL, &err), SL_E_DENIED);
        ck_assert_uint_eq(look(top, "f").st_mode & 07777, 0700);
    }
    sl_owners_free(o);
    scratch_remove(top);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, owners);
    tcase_add_test(tc, unknown_owners_are_bounded);
    tcase_add_test(tc, umask_is_kept);
    tcase_add_test(tc, stat_of_types);
    tcase_add_test(tc, sets_by_name);
    tcase_add_test(tc, links_are_not_followed);
    tcase_add_test(tc, sets_the_directory_itself);
    tcase_add_test(tc, sets_by_descriptor);
    tcase_add_test(tc, owner_as_root_or_not);
}

int main(void)
{
    return scratch_run("meta", add);
}

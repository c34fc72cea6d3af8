/* SPDX-License-Identifier: ISC */
/* check_stage - files, links, devices and directories made aside and renamed; what a failure leaves. */
#include "config.h"
#include "tree/stage.h"

#include "tests/scratch.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>

enum { PRESERVE = SL_META_MODE | SL_META_MTIME | SL_META_UID | SL_META_GID };

static struct sl_error err;

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

static struct stat look(int top, const char *name)
{
    struct stat st;
    ck_assert_int_eq(fstatat(top, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st;
}

static enum sl_code put(int top, const char *name, uint32_t mode, uint32_t meta, uint32_t flags)
{
    struct sl_owners *o = sl_owners_new();
    struct sl_entry e = wanted(SL_TYPE_FILE, name, mode);
    enum sl_code rc = sl_stage_put(top, &e, meta, flags, "content", 7, o, &err);
    sl_owners_free(o);
    return rc;
}

START_TEST(puts_files)
{
    static const uint32_t modes[] = { 0, 0400, 0444, 0600, 0644, 0666, 0755, 0777, 01644, 02755, 04711, 06777 };
    int top = scratch_make();
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        ck_assert_int_eq(put(top, "f", modes[i], PRESERVE, SL_STAGE_REPLACE), SL_OK);
        struct stat st = look(top, "f");
        ck_assert_uint_eq(st.st_mode & 07777, modes[i]);
        ck_assert(st.st_mtim.tv_sec == 1000000001 && st.st_mtim.tv_nsec == 123456789 && st.st_size == 7);
        ck_assert_int_eq(scratch_count(top), 1);
    }
    fchmodat(top, "f", 0600, 0);
    ck_assert(scratch_holds(top, "f", "content", 7));
    scratch_remove(top);
}
END_TEST

START_TEST(modes_through_the_umask)
{
    int top = scratch_make();
    umask(027);
    ck_assert_int_eq(put(top, "a", 0666, SL_META_MODE | SL_META_UMASK, 0), SL_OK);
    ck_assert_int_eq(put(top, "b", 04777, SL_META_MODE | SL_META_UMASK, 0), SL_OK);
    ck_assert_int_eq(put(top, "c", 0444, SL_META_MTIME, 0), SL_OK);
    umask(022);
    ck_assert_uint_eq(look(top, "a").st_mode & 07777, 0640);
    ck_assert_uint_eq(look(top, "b").st_mode & 07777, 04750);
    ck_assert_uint_eq(look(top, "c").st_mode & 07777, 0640);
    ck_assert_int_eq(look(top, "c").st_mtim.tv_sec, 1000000001);
    ck_assert_int_ne(look(top, "a").st_mtim.tv_sec, 1000000001);
    scratch_remove(top);
}
END_TEST

START_TEST(odd_names)
{
    static const char *const names[] = {
        "a b", "-rf", "new\nline", "\xff\xfe\x80", ".hidden", "...", "a'\"$`\\", "\t"
    };
    int top = scratch_make();
    char name[256];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(put(top, names[i], 0644, PRESERVE, 0), SL_OK);
        ck_assert(scratch_holds(top, names[i], "content", 7));
    }
    for (size_t len = 236; len <= 255; len++) {
        memset(name, 'n', len);
        name[len] = '\0';
        ck_assert_int_eq(put(top, name, 0644, PRESERVE, 0), SL_OK);
        ck_assert(scratch_holds(top, name, "content", 7));
    }
    ck_assert_int_eq(scratch_count(top), 8 + 20);
    ck_assert_int_eq(put(top, "..", 0644, PRESERVE, SL_STAGE_REPLACE), SL_E_NAME);
    ck_assert_int_eq(put(top, "", 0644, PRESERVE, SL_STAGE_REPLACE), SL_E_NAME);
    ck_assert_int_eq(put(top, "a/b", 0644, PRESERVE, SL_STAGE_REPLACE), SL_E_NAME);
    scratch_remove(top);
}
END_TEST

START_TEST(replaces_only_when_told)
{
    int top = scratch_make();
    scratch_file(top, "f", "old", 3);
    mkdirat(top, "d", 0755);
    ck_assert_int_eq(symlinkat("f", top, "l"), 0);
    ck_assert_int_eq(put(top, "f", 0644, PRESERVE, 0), SL_E_EXISTS);
    ck_assert_str_eq(err.text, "cannot rename staged file to 'f': File exists");
    ck_assert(scratch_holds(top, "f", "old", 3));
    ck_assert_int_eq(put(top, "d", 0644, PRESERVE, 0), SL_E_IS_DIR);
    ck_assert_int_eq(put(top, "d", 0644, PRESERVE, SL_STAGE_REPLACE), SL_E_IS_DIR);
    ck_assert_int_eq(put(top, "l", 0644, PRESERVE, 0), SL_E_EXISTS);
    ck_assert_int_eq(scratch_count(top), 3);
    ck_assert_int_eq(put(top, "l", 0644, PRESERVE, SL_STAGE_REPLACE), SL_OK);
    ck_assert(S_ISREG(look(top, "l").st_mode));
    ck_assert(scratch_holds(top, "f", "old", 3));
    ck_assert_int_eq(put(top, "f", 0644, PRESERVE, SL_STAGE_REPLACE), SL_OK);
    ck_assert(scratch_holds(top, "f", "content", 7));
    ck_assert_int_eq(scratch_count(top), 3);
    scratch_remove(top);
}
END_TEST

START_TEST(writes_in_pieces)
{
    static const size_t pieces[] = { 1, 2, 3, 7, 4096 };
    static char data[10000];
    int top = scratch_make();
    struct sl_stage s;
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 0640);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 11 + 3);
    for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
        scratch_file(top, "f", "old", 3);
        ck_assert_int_eq(sl_stage_begin(&s, top, &e, PRESERVE, &err), SL_OK);
        for (size_t at = 0, n; at < sizeof data; at += n) {
            n = sizeof data - at < pieces[k] ? sizeof data - at : pieces[k];
            ck_assert_int_eq(sl_stage_write(&s, data + at, n, &err), SL_OK);
        }
        ck_assert(scratch_holds(top, "f", "old", 3));
        ck_assert_int_eq(sl_stage_commit(&s, &e, PRESERVE, SL_STAGE_REPLACE, NULL, &err), SL_OK);
        ck_assert(scratch_holds(top, "f", data, sizeof data));
        ck_assert_uint_eq(look(top, "f").st_mode & 07777, 0640);
    }
    ck_assert_int_eq(scratch_count(top), 1);
    scratch_remove(top);
}
END_TEST

START_TEST(abort_leaves_nothing)
{
    int top = scratch_make();
    struct sl_stage s;
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 0644);
    scratch_file(top, "f", "old", 3);
    ck_assert_int_eq(sl_stage_begin(&s, top, &e, PRESERVE, &err), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, "new", 3, &err), SL_OK);
    ck_assert_int_eq(scratch_count(top), 2);
    ck_assert(sl_stage_is_temp(s.temp, strlen(s.temp)));
    sl_stage_abort(&s);
    sl_stage_abort(&s);
    ck_assert_int_eq(scratch_count(top), 1);
    ck_assert(scratch_holds(top, "f", "old", 3));
    ck_assert_int_eq(sl_stage_write(&s, "new", 3, &err), SL_E_INVALID);
    ck_assert_int_eq(sl_stage_commit(&s, &e, PRESERVE, 0, NULL, &err), SL_E_INVALID);
    ck_assert_int_eq(sl_stage_begin(&s, top, &e, PRESERVE, &err), SL_OK);
    ck_assert_int_eq(sl_stage_commit(&s, &e, PRESERVE, 0, NULL, &err), SL_E_EXISTS);
    sl_stage_abort(&s);
    ck_assert_int_eq(scratch_count(top), 1);
    scratch_remove(top);
}
END_TEST

START_TEST(holes)
{
    const uint64_t size = 5ull << 30;
    char buf[8];
    int top = scratch_make();
    struct sl_stage s;
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 0644);
    ck_assert_int_eq(sl_stage_begin(&s, top, &e, PRESERVE, &err), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, "start", 5, &err), SL_OK);
    ck_assert_int_eq(sl_stage_hole(&s, (3ull << 30) - 5, &err), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, "middle", 6, &err), SL_OK);
    ck_assert_int_eq(sl_stage_hole(&s, size - s.pos, &err), SL_OK);
    ck_assert_int_eq(sl_stage_hole(&s, 0, &err), SL_OK);
    ck_assert_int_eq(sl_stage_commit(&s, &e, PRESERVE, 0, NULL, &err), SL_OK);
    struct stat st = look(top, "f");
    ck_assert_int_eq(st.st_size, (off_t)size);
    ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
    ck_assert_int_eq(st.st_mtim.tv_sec, 1000000001);
    int fd = openat(top, "f", O_RDONLY);
    ck_assert_int_eq(pread(fd, buf, 8, 3ll << 30), 8);
    ck_assert_int_eq(memcmp(buf, "middle\0\0", 8), 0);
    close(fd);
    ck_assert_int_eq(sl_stage_begin(&s, top, &e, PRESERVE, &err), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, "x", 1, &err), SL_OK);
    ck_assert_int_eq(sl_stage_hole(&s, UINT64_MAX, &err), SL_E_TOO_BIG);
    ck_assert_int_eq(scratch_count(top), 1);
    scratch_remove(top);
}
END_TEST

START_TEST(sparse_data)
{
    enum { SIZE = 60000 };
    static char data[SIZE];
    int top = scratch_make();
    struct sl_stage s;
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 0644);
    memset(data, 'x', 100);
    data[30000] = 'y';
    ck_assert_int_eq(sl_stage_put(top, &e, PRESERVE, SL_STAGE_SPARSE, data, SIZE, NULL, &err), SL_OK);
    ck_assert(scratch_holds(top, "f", data, SIZE));
    ck_assert_int_le(look(top, "f").st_blocks * 512, 16384);
    static const size_t pieces[] = { 1000, 4096, 5000, 60000 };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        ck_assert_int_eq(sl_stage_begin(&s, top, &e, PRESERVE, &err), SL_OK);
        s.sparse = true;
        for (size_t at = 0, n; at < SIZE; at += n) {
            n = SIZE - at < pieces[i] ? SIZE - at : pieces[i];
            ck_assert_int_eq(sl_stage_write(&s, data + at, n, &err), SL_OK);
        }
        ck_assert_int_eq(sl_stage_commit(&s, &e, PRESERVE, SL_STAGE_REPLACE, NULL, &err), SL_OK);
        ck_assert(scratch_holds(top, "f", data, SIZE));
    }
    memset(data, 0, SIZE);
    ck_assert_int_eq(sl_stage_put(top, &e, PRESERVE, SL_STAGE_SPARSE | SL_STAGE_REPLACE, data, SIZE, NULL, &err),
                     SL_OK);
    ck_assert(scratch_holds(top, "f", data, SIZE));
    scratch_remove(top);
}
END_TEST

/* A limit on the file's size stands for a full disk: both are told by write. */
START_TEST(no_room)
{
    int top = scratch_make();
    struct sl_stage s;
    struct rlimit old, small;
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 0644);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){ 3, old.rlim_max };
    ck_assert_int_eq(sl_stage_begin(&s, top, &e, PRESERVE, &err), SL_OK);
    setrlimit(RLIMIT_FSIZE, &small);
    enum sl_code put_rc = sl_stage_put(top, &e, PRESERVE, 0, "content", 7, NULL, NULL);
    enum sl_code rc = sl_stage_write(&s, "content", 7, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert_int_eq(rc, SL_E_TOO_BIG);
    ck_assert_int_eq(put_rc, SL_E_TOO_BIG);
    ck_assert_str_eq(err.text, "cannot write 'f': File too large");
    ck_assert_int_eq(scratch_count(top), 0);
    scratch_remove(top);
}
END_TEST

START_TEST(links_and_specials)
{
    int top = scratch_make();
    struct sl_entry e = wanted(SL_TYPE_LINK, "l", 0777);
    e.target = "/no where\n";
    e.target_len = 10;
    char got[64] = "";
    ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, 0, NULL, &err), SL_OK);
    ck_assert_int_eq(readlinkat(top, "l", got, sizeof got), 10);
    ck_assert_str_eq(got, "/no where\n");
    ck_assert_int_eq(look(top, "l").st_mtim.tv_sec, 1000000001);
    ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, 0, NULL, &err), SL_E_EXISTS);
    ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, SL_STAGE_REPLACE, NULL, &err), SL_OK);
    e.target = NULL;
    ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, 0, NULL, &err), SL_E_INVALID);
    e = wanted(SL_TYPE_FIFO, "p", 0666);
    ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, 0, NULL, &err), SL_OK);
    ck_assert_uint_eq(look(top, "p").st_mode, S_IFIFO | 0666);
    ck_assert_int_eq(look(top, "p").st_mtim.tv_sec, 1000000001);
    e = wanted(SL_TYPE_SOCKET, "s", 0600);
    ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, 0, NULL, &err), SL_OK);
    ck_assert_uint_eq(look(top, "s").st_mode, S_IFSOCK | 0600);
    e = wanted(SL_TYPE_FILE, "f", 0600);
    ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, 0, NULL, &err), SL_E_INVALID);
    mkdirat(top, "d", 0755);
    e = wanted(SL_TYPE_FIFO, "d", 0666);
    ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, SL_STAGE_REPLACE, NULL, &err), SL_E_IS_DIR);
    ck_assert_int_eq(scratch_count(top), 4);
    scratch_remove(top);
}
END_TEST

START_TEST(devices)
{
    int top = scratch_make();
    struct sl_entry e = wanted(SL_TYPE_CHAR, "c", 0666);
    e.rdev_major = 1;
    e.rdev_minor = 3;
    enum sl_code rc = sl_stage_special(top, &e, PRESERVE, 0, NULL, &err);
    if (rc == SL_OK) {
        ck_assert_uint_eq(look(top, "c").st_mode, S_IFCHR | 0666);
        ck_assert(look(top, "c").st_rdev == makedev(1, 3));
        e = wanted(SL_TYPE_BLOCK, "b", 0600);
        e.rdev_major = 7;
        e.rdev_minor = 300;
        e.uid = 12345;
        ck_assert_int_eq(sl_stage_special(top, &e, PRESERVE, 0, NULL, &err), SL_OK);
        ck_assert_uint_eq(look(top, "b").st_mode, S_IFBLK | 0600);
        ck_assert(look(top, "b").st_rdev == makedev(7, 300) && look(top, "b").st_uid == 12345);
    } else {
        ck_assert_int_eq(rc, SL_E_DENIED); /* not root, or root without that power */
        ck_assert_int_eq(scratch_count(top), 0);
    }
    scratch_remove(top);
}
END_TEST

START_TEST(directories)
{
    int top = scratch_make();
    struct sl_entry e = wanted(SL_TYPE_DIR, "d", 0055);
    ck_assert_int_eq(sl_stage_mkdir(top, &e, PRESERVE, NULL, &err), SL_OK);
    ck_assert_uint_eq(look(top, "d").st_mode & 07777, 0755);
    ck_assert_int_ne(look(top, "d").st_mtim.tv_sec, 1000000001);
    ck_assert_int_eq(sl_stage_mkdir(top, &e, PRESERVE, NULL, &err), SL_E_EXISTS);
    e = wanted(SL_TYPE_DIR, "g", 03777);
    ck_assert_int_eq(sl_stage_mkdir(top, &e, PRESERVE, NULL, &err), SL_OK);
    ck_assert_uint_eq(look(top, "g").st_mode & 07777, 03777);
    e = wanted(SL_TYPE_DIR, "u", 0777);
    umask(027);
    ck_assert_int_eq(sl_stage_mkdir(top, &e, SL_META_MODE | SL_META_UMASK, NULL, &err), SL_OK);
    umask(022);
    ck_assert_uint_eq(look(top, "u").st_mode & 07777, 0750);
    e = wanted(SL_TYPE_DIR, "..", 0777);
    ck_assert_int_eq(sl_stage_mkdir(top, &e, PRESERVE, NULL, &err), SL_E_NAME);
    scratch_remove(top);
}
END_TEST

START_TEST(removes)
{
    int top = scratch_make();
    mkdirat(top, "d", 0755);
    scratch_file(top, "d/f", "", 0);
    ck_assert_int_eq(symlinkat("d", top, "l"), 0);
    ck_assert_int_eq(sl_stage_remove(top, "d", SL_TYPE_FILE, &err), SL_E_IS_DIR);
    ck_assert_int_eq(sl_stage_remove(top, "d", SL_TYPE_DIR, &err), SL_E_NOT_EMPTY);
    ck_assert_int_eq(sl_stage_remove(top, "l", SL_TYPE_DIR, &err), SL_E_NOT_DIR);
    ck_assert_int_eq(sl_stage_remove(top, "l", SL_TYPE_LINK, &err), SL_OK);
    ck_assert_int_eq(sl_stage_remove(top, "none", SL_TYPE_FILE, &err), SL_E_NOT_FOUND);
    ck_assert_str_eq(err.text, "cannot remove 'none': No such file or directory");
    ck_assert_int_eq(sl_stage_remove(top, "..", SL_TYPE_DIR, &err), SL_E_NAME);
    ck_assert_int_eq(unlinkat(top, "d/f", 0), 0);
    ck_assert_int_eq(sl_stage_remove(top, "d", SL_TYPE_DIR, &err), SL_OK);
    ck_assert_int_eq(scratch_count(top), 0);
    scratch_remove(top);
}
END_TEST

static bool temp(const char *name)
{
    return sl_stage_is_temp(name, strlen(name));
}

START_TEST(staged_names)
{
    char name[256], made[256];
    ck_assert(temp(".a.abcdef09.slpart"));
    ck_assert(temp("..abcdefgh.slpart.abcdefgh.slpart"));
    ck_assert(!temp("a.abcdef09.slpart"));
    ck_assert(!temp("..abcdef09.slpart"));
    ck_assert(!temp(".a.abcdef0.slpart"));
    ck_assert(!temp(".a-abcdef09.slpart"));
    ck_assert(!temp(".a.abcdefG9.slpart"));
    ck_assert(!temp(".a.abcdef09.slparT"));
    ck_assert(!temp(".slpart"));
    ck_assert(!temp(""));
    for (size_t len = 1; len <= 255; len++) {
        memset(name, 'n', len);
        name[len] = '\0';
        sl_stage_temp_name(made, name);
        ck_assert(temp(made));
        ck_assert_uint_eq(strlen(made), len + 17 < 255 ? len + 17 : 255);
    }
    /* one character of three bytes lies over the cut: it goes as a whole */
    memset(name, 'n', 237);
    memcpy(name + 237, "\xe2\x82\xac rest", 9);
    sl_stage_temp_name(made, name);
    ck_assert_uint_eq(strlen(made), 1 + 237 + 16);
    memset(name, 0x80, 255);
    sl_stage_temp_name(made, name);
    ck_assert_uint_eq(strlen(made), 255);
}
END_TEST

START_TEST(stale_ones)
{
    int top = scratch_make();
    int64_t now = time(NULL);
    scratch_file(top, ".f.abcdefgh.slpart", "", 0);
    scratch_file(top, "f", "", 0);
    struct stat st = look(top, ".f.abcdefgh.slpart");
    ck_assert(!sl_stage_is_stale(&st, now));
    st.st_ctim.tv_sec = now - SL_STAGE_STALE_S + 1;
    ck_assert(!sl_stage_is_stale(&st, now));
    st.st_ctim.tv_sec = now - SL_STAGE_STALE_S;
    ck_assert(sl_stage_is_stale(&st, now));
    st.st_uid++;
    ck_assert(!sl_stage_is_stale(&st, now));
    st.st_uid--;
    st.st_mode = S_IFDIR | 0755;
    ck_assert(!sl_stage_is_stale(&st, now));
    sl_stage_clean(top, ".f.abcdefgh.slpart");
    sl_stage_clean(top, "f");
    sl_stage_clean(top, "none");
    ck_assert_int_eq(scratch_count(top), 2);
    scratch_remove(top);
}
END_TEST

START_TEST(owners_and_groups)
{
    int top = scratch_make();
    struct sl_owners *o = sl_owners_new();
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 04755);
    e.uid = 12345;
    e.gid = 54321;
    e.user = "no such user";
    ck_assert_int_eq(sl_stage_put(top, &e, PRESERVE, 0, "x", 1, o, &err), SL_OK);
    struct stat st = look(top, "f");
    ck_assert_uint_eq(st.st_uid, geteuid() == 0 ? 12345 : geteuid());
    ck_assert_uint_eq(st.st_gid, geteuid() == 0 ? 54321 : getegid());
    ck_assert_uint_eq(st.st_mode & 07777, 04755);
    if (geteuid() == 0) { /* the directory's group is inherited, and then set right */
        mkdirat(top, "g", 0755);
        ck_assert_int_eq(fchownat(top, "g", 0, 777, 0), 0);
        ck_assert_int_eq(fchmodat(top, "g", 02755, 0), 0);
        int g = openat(top, "g", O_RDONLY | O_DIRECTORY);
        ck_assert_int_eq(put(g, "asked", 0644, PRESERVE, 0), SL_OK);
        ck_assert_int_eq(put(g, "not", 0644, SL_META_MODE, 0), SL_OK);
        ck_assert_uint_eq(look(g, "asked").st_gid, getegid());
        ck_assert_uint_eq(look(g, "not").st_gid, 777);
        close(g);
    }
    sl_owners_free(o);
    scratch_remove(top);
}
END_TEST

START_TEST(read_only_directory)
{
    int top = scratch_make();
    struct sl_stage s;
    struct sl_entry e = wanted(SL_TYPE_FILE, "f", 0644);
    mkdirat(top, "d", 0555);
    int d = openat(top, "d", O_RDONLY | O_DIRECTORY);
    if (geteuid() != 0) {
        ck_assert_int_eq(put(d, "f", 0644, PRESERVE, 0), SL_E_DENIED);
        ck_assert_str_eq(err.text, "cannot create 'f': Permission denied");
        ck_assert_int_eq(sl_stage_begin(&s, d, &e, PRESERVE, &err), SL_E_DENIED);
        sl_stage_abort(&s);
    } else {
        ck_assert_int_eq(put(d, "f", 0644, PRESERVE, 0), SL_OK);
    }
    close(d);
    scratch_remove(top);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, puts_files);
    tcase_add_test(tc, modes_through_the_umask);
    tcase_add_test(tc, odd_names);
    tcase_add_test(tc, replaces_only_when_told);
    tcase_add_test(tc, writes_in_pieces);
    tcase_add_test(tc, abort_leaves_nothing);
    tcase_add_test(tc, holes);
    tcase_add_test(tc, sparse_data);
    tcase_add_test(tc, no_room);
    tcase_add_test(tc, links_and_specials);
    tcase_add_test(tc, devices);
    tcase_add_test(tc, directories);
    tcase_add_test(tc, removes);
    tcase_add_test(tc, staged_names);
    tcase_add_test(tc, stale_ones);
    tcase_add_test(tc, owners_and_groups);
    tcase_add_test(tc, read_only_directory);
}

int main(void)
{
    return scratch_run("stage", add);
}

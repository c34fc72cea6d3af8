/* SPDX-License-Identifier: ISC */
/* check_part - one file written in parts: by several at a time, in any order, again; what may not be joined, and what is found of it later. */
#include "config.h"
#include "tree/kept.h"
#include "tree/part.h"

#include "tests/scratch.h"

#include <errno.h>
#include <sys/wait.h>

enum { PRESERVE = SL_META_MODE | SL_META_MTIME, MIB = 1024 * 1024, SIZE = 300 * 1024 + 7 };

static const char token[] = "0abcdefg", other[] = "1abcdefg";
static struct sl_error err;
static char data[SIZE];

static void fill(void)
{
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 + i / 251 + 1);
}

static struct sl_entry wanted(const char *name, uint64_t size)
{
    return (struct sl_entry){ .type = SL_TYPE_FILE,
                              .mode = 0640,
                              .mtime_s = 1000000001,
                              .size = size,
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

static const char *staged(const char *name, const char *of)
{
    static char temp[SL_NAME_MAX + 1];
    sl_stage_part_name(temp, name, of);
    return temp;
}

static enum sl_code begin(struct sl_stage *s, int top, uint64_t from, uint64_t size, bool first)
{
    struct sl_part p = { "f", token, from, size, first };
    return sl_part_begin(s, top, &p, &err);
}

static enum sl_code join_as(int top, uint64_t size, uint32_t meta, uint32_t flags)
{
    struct sl_entry e = wanted("f", size);
    struct sl_join j = { &e, token, meta, flags, NULL };
    return sl_part_join(top, &j, NULL, &err);
}

static enum sl_code join(int top, uint64_t size)
{
    return join_as(top, size, PRESERVE, SL_STAGE_REPLACE);
}

static enum sl_code drop(int top, uint32_t flags)
{
    struct sl_drop d = { "f", token, flags, NULL };
    return sl_part_drop(top, &d, &err);
}

static void write_part(int top, size_t from, size_t to, bool first)
{
    struct sl_stage s;
    ck_assert_int_eq(begin(&s, top, from, SIZE, first), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, data + from, to - from, &err), SL_OK);
    ck_assert_int_eq(sl_part_end(&s, &err), SL_OK);
    ck_assert_int_eq(s.dirfd, -1);
}

START_TEST(tokens)
{
    static const char *const bad[] = { "abcdefgh", "0abcdef/", "0abcdeF1", "0abc.def", "/abcdefg", "0abcdef\0", "0abcd\0fg", "0abcdef\xff", "        " };
    char t[SL_TOKEN_LEN], temp[SL_NAME_MAX + 1], before[SL_TOKEN_LEN] = "";
    for (int i = 0; i < 1000; i++) {
        sl_stage_token(t);
        ck_assert(sl_token_ok(t) && memcmp(t, before, sizeof t) != 0);
        memcpy(before, t, sizeof t);
        sl_stage_part_name(temp, "name", t);
        ck_assert(sl_stage_is_temp(temp, strlen(temp)) && sl_stage_is_part(temp) && sl_stage_is_part_of(temp, "name"));
        ck_assert(!sl_stage_is_part_of(temp, "nam") && !sl_stage_is_part_of(temp, "names"));
        sl_stage_temp_name(temp, "name");
        ck_assert(sl_stage_is_temp(temp, strlen(temp)) && !sl_stage_is_part(temp));
    }
    sl_kept_name(temp, "name");
    ck_assert(!sl_stage_is_part(temp));
    int top = scratch_make();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sl_stage s;
        struct sl_entry e = wanted("f", 1);
        struct sl_part p = { "f", bad[i], 0, 1, true };
        struct sl_join j = { &e, bad[i], 0, 0, NULL };
        struct sl_drop d = { "f", bad[i], 0, NULL };
        ck_assert(!sl_token_ok(bad[i]));
        ck_assert_int_eq(sl_part_begin(&s, top, &p, &err), SL_E_NAME);
        ck_assert_int_eq(sl_part_join(top, &j, NULL, &err), SL_E_NAME);
        ck_assert_int_eq(sl_part_drop(top, &d, &err), SL_E_NAME);
        p = (struct sl_part){ i % 2 ? "../f" : "", token, 0, 1, true };
        ck_assert_int_eq(sl_part_begin(&s, top, &p, &err), SL_E_NAME);
    }
    ck_assert_int_eq(scratch_count(top), 0);
    scratch_remove(top);
}
END_TEST

/* Three at a time, the last first, in pieces that end nowhere in particular. */
START_TEST(several_at_a_time)
{
    static const size_t cut[] = { 0, 100001, 200003, SIZE };
    int top = scratch_make();
    struct sl_stage s[3];
    size_t at[3];
    fill();
    scratch_file(top, "f", "old", 3);
    for (int i = 0; i < 3; i++) {
        at[i] = cut[i];
        ck_assert_int_eq(begin(&s[i], top, cut[i], SIZE, i == 0), SL_OK);
    }
    for (int left = 3; left;)
        for (int i = 2; i >= 0; i--) {
            size_t n = cut[i + 1] - at[i] < 7001 ? cut[i + 1] - at[i] : 7001;
            ck_assert_int_eq(sl_stage_write(&s[i], data + at[i], n, &err), SL_OK);
            at[i] += n;
            left -= n && at[i] == cut[i + 1];
        }
    ck_assert_uint_eq(look(top, staged("f", token)).st_mode & 07777, 0600);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(join(top, SIZE), SL_E_BUSY);
        ck_assert_int_eq(drop(top, 0), SL_E_BUSY);
        ck_assert(scratch_holds(top, "f", "old", 3));
        ck_assert_int_eq(sl_part_end(&s[i], &err), SL_OK);
    }
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    ck_assert(scratch_holds(top, "f", data, SIZE));
    struct stat st = look(top, "f");
    ck_assert(st.st_mtim.tv_sec == 1000000001 && (st.st_mode & 07777) == 0640);
    ck_assert_int_eq(scratch_count(top), 1);
    ck_assert_int_eq(join(top, SIZE), SL_E_NOT_FOUND);
    scratch_remove(top);
}
END_TEST

/* Every part in a process of its own. */
START_TEST(by_processes)
{
    enum { PARTS = 5 };
    int top = scratch_make(), how = 0;
    fill();
    write_part(top, 0, SIZE / PARTS, true);
    for (size_t i = 1; i < PARTS; i++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            write_part(top, SIZE / PARTS * i, i == PARTS - 1 ? SIZE : SIZE / PARTS * (i + 1), false);
            _exit(0);
        }
    }
    for (size_t i = 1; i < PARTS; i++) {
        ck_assert_int_gt(wait(&how), 0);
        ck_assert_int_eq(how, 0);
    }
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    ck_assert(scratch_holds(top, "f", data, SIZE));
    scratch_remove(top);
}
END_TEST

/* The first one makes the file, the others don't: what one of them has lost is never found by another. */
START_TEST(only_the_first_makes_it)
{
    int top = scratch_make();
    struct sl_stage s;
    fill();
    ck_assert_int_eq(begin(&s, top, 100, SIZE, false), SL_E_NOT_FOUND);
    ck_assert_int_eq(scratch_count(top), 0);
    write_part(top, 0, 100, true);
    ck_assert_int_eq(begin(&s, top, 0, SIZE, true), SL_E_EXISTS);
    write_part(top, 100, 200, false);
    ck_assert_int_eq(unlinkat(top, staged("f", token), 0), 0);
    ck_assert_int_eq(begin(&s, top, 200, SIZE, false), SL_E_NOT_FOUND);
    ck_assert_int_eq(join(top, SIZE), SL_E_NOT_FOUND);
    ck_assert_int_eq(drop(top, 0), SL_E_NOT_FOUND);
    ck_assert_int_eq(scratch_count(top), 0);
    scratch_remove(top);
}
END_TEST

START_TEST(ends_with_the_file)
{
    int top = scratch_make();
    struct sl_stage s;
    fill();
    int fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scratch_file(top, "basis", data, 1000);
    int basis = openat(fd, "basis", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(begin(&s, top, 101, 100, true), SL_E_INVALID);
    ck_assert_int_eq(begin(&s, top, 0, UINT64_MAX, true), SL_E_INVALID);
    ck_assert_int_eq(scratch_count(top), 1);
    ck_assert_int_eq(begin(&s, top, 90, 100, true), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, data, 10, &err), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, data, 1, &err), SL_E_INVALID);
    ck_assert_int_eq(sl_part_end(&s, &err), SL_E_INVALID);
    static const uint64_t holes[] = { 11, INT64_MAX, UINT64_MAX, UINT64_MAX - 89 };
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        ck_assert_int_eq(begin(&s, top, 90, 100, false), SL_OK);
        ck_assert_int_eq(sl_stage_hole(&s, holes[i], &err), SL_E_INVALID);
        ck_assert_int_eq(begin(&s, top, 90, 100, false), SL_OK);
        ck_assert_int_eq(sl_stage_copy(&s, basis, 0, holes[i], NULL, &err), SL_E_INVALID);
    }
    ck_assert_int_eq(begin(&s, top, 100, 100, false), SL_OK);
    ck_assert_int_eq(sl_stage_keep(&s, 100, &err), SL_E_INVALID);
    ck_assert_int_eq(begin(&s, top, 0, 100, false), SL_OK);
    ck_assert_int_eq(sl_stage_keep(&s, 100, &err), SL_E_CHANGED);
    ck_assert_int_eq(begin(&s, top, 0, 99, false), SL_E_INVALID);
    ck_assert_int_eq(look(top, staged("f", token)).st_size, 100);
    ck_assert_int_eq(join(top, 99), SL_E_INVALID);
    ck_assert_int_eq(join(top, 101), SL_E_INVALID);
    ck_assert_int_eq(join_as(top, 100, PRESERVE, SL_STAGE_INPLACE), SL_E_INVALID);
    ck_assert_int_eq(drop(top, SL_KEPT_NOTHING), SL_OK);
    ck_assert_int_eq(scratch_count(top), 1);
    close(basis);
    close(fd);
    scratch_remove(top);
}
END_TEST

/* Holes between and at the end; a hole where an attempt before had written. */
START_TEST(holes)
{
    int top = scratch_make();
    struct sl_stage s;
    fill();
    char *whole = calloc(1, MIB);
    memcpy(whole + MIB / 4, data, 1000);
    ck_assert_int_eq(begin(&s, top, MIB / 2, MIB, true), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, data, 100000, &err), SL_OK);
    sl_stage_abort(&s);
    ck_assert_int_eq(begin(&s, top, MIB / 2, MIB, false), SL_OK);
    ck_assert_int_eq(sl_stage_hole(&s, MIB / 2, &err), SL_OK);
    ck_assert_int_eq(sl_part_end(&s, &err), SL_OK);
    ck_assert_int_eq(look(top, staged("f", token)).st_size, MIB);
    ck_assert_int_eq(begin(&s, top, 0, MIB, false), SL_OK);
    s.sparse = true;
    ck_assert_int_eq(sl_stage_write(&s, whole, MIB / 4 + 1000, &err), SL_OK);
    ck_assert_int_eq(sl_stage_hole(&s, MIB / 4 - 1000, &err), SL_OK);
    ck_assert_int_eq(sl_part_end(&s, &err), SL_OK);
    ck_assert_int_eq(join(top, MIB), SL_OK);
    struct stat st = look(top, "f");
    ck_assert_int_eq(st.st_size, MIB);
    ck_assert_int_lt(st.st_blocks * 512, MIB / 8);
    ck_assert(scratch_holds(top, "f", whole, MIB));
    free(whole);
    scratch_remove(top);
}
END_TEST

/* A part that ends in a hole while the others are ahead of it cuts off nothing. */
START_TEST(a_hole_cuts_nothing_off)
{
    int top = scratch_make();
    struct sl_stage a, b;
    fill();
    ck_assert_int_eq(begin(&a, top, 0, SIZE, true), SL_OK);
    ck_assert_int_eq(begin(&b, top, 100000, SIZE, false), SL_OK);
    ck_assert_int_eq(sl_stage_write(&a, data, 1000, &err), SL_OK);
    ck_assert_int_eq(sl_stage_write(&b, data + 100000, SIZE - 100000, &err), SL_OK);
    ck_assert_int_eq(sl_part_end(&b, &err), SL_OK);
    ck_assert_int_eq(sl_stage_hole(&a, 99000, &err), SL_OK);
    ck_assert_int_eq(sl_part_end(&a, &err), SL_OK);
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    memset(data + 1000, 0, 99000);
    ck_assert(scratch_holds(top, "f", data, SIZE));
    scratch_remove(top);
}
END_TEST

START_TEST(copies)
{
    int top = scratch_make();
    struct sl_stage s;
    struct sl_hash *h = sl_hash_new();
    uint8_t mine[SL_HASH_BYTES], right[SL_HASH_BYTES];
    fill();
    scratch_file(top, "basis", data, SIZE);
    int basis = openat(top, "basis", O_RDONLY | O_CLOEXEC);
    write_part(top, 0, 100001, true);
    ck_assert_int_eq(begin(&s, top, 100001, SIZE, false), SL_OK);
    ck_assert_int_eq(sl_stage_copy(&s, basis, 100001, SIZE - 100001 - 5, h, &err), SL_OK);
    ck_assert_int_eq(sl_stage_copy(&s, basis, SIZE - 5, 5, h, &err), SL_OK);
    ck_assert_int_eq(sl_part_end(&s, &err), SL_OK);
    sl_hash_end(h, mine);
    sl_hash_once(data + 100001, SIZE - 100001, right);
    ck_assert_mem_eq(mine, right, sizeof right);
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    ck_assert(scratch_holds(top, "f", data, SIZE));
    sl_hash_free(h);
    close(basis);
    scratch_remove(top);
}
END_TEST

START_TEST(joins_as_it_commits)
{
    int top = scratch_make();
    fill();
    scratch_file(top, "f", "old", 3);
    write_part(top, 0, SIZE, true);
    ck_assert_int_eq(join_as(top, SIZE, PRESERVE, 0), SL_E_EXISTS);
    ck_assert(scratch_holds(top, "f", "old", 3) && scratch_count(top) == 1);
    write_part(top, 0, SIZE, true);
    umask(027);
    ck_assert_int_eq(join_as(top, SIZE, SL_META_MTIME, SL_STAGE_REPLACE), SL_OK);
    umask(022);
    ck_assert_uint_eq(look(top, "f").st_mode & 07777, 0640);
    unlinkat(top, "f", 0);
    mkdirat(top, "f", 0755);
    write_part(top, 0, SIZE, true);
    ck_assert_int_eq(join(top, SIZE), SL_E_IS_DIR);
    ck_assert_int_eq(scratch_count(top), 1);
    scratch_remove(top);
}
END_TEST

/* ---- what has the name and is not ours ---- */

static void refused(int top, enum sl_code why)
{
    struct sl_stage s;
    ck_assert_int_eq(begin(&s, top, 0, SIZE, false), why);
    ck_assert_int_eq(begin(&s, top, 0, SIZE, true), SL_E_EXISTS);
    ck_assert_int_eq(join(top, SIZE), why);
    ck_assert_int_eq(drop(top, SL_KEPT_NOTHING), why);
    ck_assert_int_eq(unlinkat(top, staged("f", token), 0), 0);
}

START_TEST(what_is_not_ours)
{
    int top = scratch_make();
    fill();
    scratch_file(top, "victim", data, SIZE);
    ck_assert_int_eq(symlinkat("victim", top, staged("f", token)), 0);
    refused(top, SL_E_TYPE);
    ck_assert_int_eq(symlinkat("nothing", top, staged("f", token)), 0);
    refused(top, SL_E_TYPE);
    ck_assert_int_eq(mkfifoat(top, staged("f", token), 0600), 0);
    refused(top, SL_E_TYPE);
    ck_assert_int_eq(linkat(top, "victim", top, staged("f", token), 0), 0);
    refused(top, SL_E_DENIED);
    ck_assert(scratch_holds(top, "victim", data, SIZE));
    if (geteuid() == 0) {
        scratch_file(top, staged("f", token), data, SIZE);
        ck_assert_int_eq(fchownat(top, staged("f", token), 12345, 12345, 0), 0);
        refused(top, SL_E_DENIED);
    }
    ck_assert_int_eq(scratch_count(top), 1);
    scratch_remove(top);
}
END_TEST

/* Who opened it before it was joined can't write into it after. */
START_TEST(nothing_is_written_after_joining)
{
    int top = scratch_make();
    struct sl_stage s;
    fill();
    write_part(top, 0, SIZE, true);
    struct stat before = look(top, staged("f", token));
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    int early = openat(top, staged("f", token), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    ck_assert_uint_eq(look(top, "f").st_ino, before.st_ino);
    ck_assert_int_eq(fcntl(early, F_OFD_SETLK, &l), 0);
    ck_assert_int_eq(begin(&s, top, 0, SIZE, false), SL_E_NOT_FOUND);
    write_part(top, 0, SIZE, true);      /* another file by now */
    ck_assert_uint_ne(look(top, staged("f", token)).st_ino, before.st_ino);
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    close(early);
    scratch_remove(top);
}
END_TEST

/* While it is being joined no part of it begins. */
START_TEST(busy_while_it_is_joined)
{
    int top = scratch_make();
    struct sl_stage s;
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    fill();
    write_part(top, 0, SIZE, true);
    int joiner = openat(top, staged("f", token), O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(fcntl(joiner, F_OFD_SETLK, &l), 0);
    ck_assert_int_eq(begin(&s, top, 0, SIZE, false), SL_E_BUSY);
    ck_assert_int_eq(join(top, SIZE), SL_E_BUSY);
    close(joiner);
    ck_assert_int_eq(begin(&s, top, 0, SIZE, false), SL_OK);
    sl_stage_abort(&s);
    sl_stage_abort(&s);
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    scratch_remove(top);
}
END_TEST

/* ---- given up ---- */

static enum sl_code kept_of(int top, const char *name, struct sl_kept_searched *searched, off_t *size)
{
    struct sl_reader r;
    enum sl_code rc = sl_kept_open(&r, top, name, true, searched, &err);
    if (rc != SL_OK)
        return rc;
    *size = r.st.st_size;
    sl_reader_close(&r);
    return rc;
}

START_TEST(drops)
{
    int top = scratch_make();
    struct sl_kept_searched searched = { 0 };
    off_t size = 0;
    fill();
    write_part(top, 0, SIZE, true);
    ck_assert_int_eq(drop(top, 0), SL_OK);
    ck_assert_int_eq(kept_of(top, "f", &searched, &size), SL_OK);
    ck_assert_int_eq(size, SIZE);
    write_part(top, 0, SIZE, true);
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    ck_assert_int_eq(scratch_count(top), 1);     /* what was kept is gone too */
    write_part(top, 0, 1000, true);
    ck_assert_int_eq(drop(top, 0), SL_OK);       /* too little */
    ck_assert_int_eq(scratch_count(top), 1);
    unlinkat(top, "f", 0);
    write_part(top, 0, 1000, true);
    ck_assert_int_eq(drop(top, SL_KEPT_NAMED), SL_OK);
    ck_assert(scratch_holds(top, "f", data, 1000) && scratch_count(top) == 1);
    write_part(top, 0, SIZE, true);
    ck_assert_int_eq(drop(top, SL_KEPT_NAMED), SL_OK);   /* without flag 1 nothing is replaced */
    ck_assert(scratch_holds(top, "f", data, 1000) && scratch_count(top) == 1);
    scratch_remove(top);
}
END_TEST

/* A stage of "f" that ends late, and gives it a part for a name if it may; `meanwhile` is what comes before that, NULL for nothing. */
static void ends_late(int top, size_t n, const char *meanwhile)
{
    struct sl_stage s;
    struct sl_entry e = { .type = SL_TYPE_FILE, .mode = 0644, .name = "f", .name_len = 1 };
    ck_assert_int_eq(sl_stage_begin(&s, top, &e, SL_META_MODE, &err), SL_OK);
    sl_stage_watch(&s);
    ck_assert_int_eq(sl_stage_write(&s, data, n, &err), SL_OK);
    if (meanwhile)
        ck_assert_int_eq(sl_stage_put(top, &e, SL_META_MODE, SL_STAGE_REPLACE, meanwhile, strlen(meanwhile), NULL, &err), SL_OK);
    sl_kept_end(&s, SL_KEPT_NAMED | SL_STAGE_REPLACE);
}

/* The session of a lane that was lost may end when another one has sent the whole file. */
START_TEST(a_late_end_replaces_nothing)
{
    int top = scratch_make();
    struct sl_kept_searched searched = { 0 };
    off_t size = 0;
    fill();
    ends_late(top, 1000, NULL);
    ck_assert(scratch_holds(top, "f", data, 1000) && scratch_count(top) == 1);
    ends_late(top, 500, NULL);                   /* what was there all the time is replaced */
    ck_assert(scratch_holds(top, "f", data, 500) && scratch_count(top) == 1);
    ends_late(top, 1000, "whole");
    ck_assert(scratch_holds(top, "f", "whole", 5) && scratch_count(top) == 1);
    unlinkat(top, "f", 0);
    ends_late(top, 100000, "whole");
    ck_assert(scratch_holds(top, "f", "whole", 5) && scratch_count(top) == 2);
    ck_assert_int_eq(kept_of(top, "f", &searched, &size), SL_OK);
    ck_assert_int_eq(size, 100000);
    scratch_remove(top);
}
END_TEST

START_TEST(is_found_by_a_later_run)
{
    int top = scratch_make();
    struct sl_kept_searched searched = { 0 };
    struct sl_stage s;
    off_t size = 0;
    fill();
    ck_assert_int_eq(begin(&s, top, 0, SIZE, true), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, data, 100000, &err), SL_OK);
    ck_assert_int_eq(kept_of(top, "f", &searched, &size), SL_E_NOT_FOUND);   /* it is being written */
    sl_kept_end(&s, 0);                          /* its session dies */
    ck_assert_int_eq(look(top, staged("f", token)).st_size, 100000);
    searched = (struct sl_kept_searched){ 0 };
    ck_assert_int_eq(kept_of(top, "f", &searched, &size), SL_OK);
    ck_assert_int_eq(size, 100000);
    ck_assert_int_eq(scratch_count(top), 1);
    scratch_remove(top);
}
END_TEST

/* Between two parts nobody holds it: a search for another file in the same directory leaves it alone, now and later. */
START_TEST(is_left_alone_between_parts)
{
    int top = scratch_make();
    struct sl_kept_searched searched = { 0 };
    off_t size = 0;
    fill();
    write_part(top, 0, 100000, true);
    ck_assert_int_eq(kept_of(top, "g", &searched, &size), SL_E_NOT_FOUND);
    ck_assert_int_eq(kept_of(top, "ff", &searched, &size), SL_E_NOT_FOUND);
    write_part(top, 100000, SIZE, false);
    ck_assert_int_eq(kept_of(top, "g", &searched, &size), SL_E_NOT_FOUND);
    ck_assert_uint_eq(searched.parts_len, 1);
    ck_assert_int_eq(join(top, SIZE), SL_OK);
    ck_assert(scratch_holds(top, "f", data, SIZE));
    ck_assert_int_eq(kept_of(top, "f", &searched, &size), SL_E_NOT_FOUND);
    scratch_remove(top);
}
END_TEST

/* One that a search for another file came by is still found when it is asked for. */
START_TEST(is_remembered)
{
    int top = scratch_make();
    struct sl_kept_searched searched = { 0 };
    char temp[SL_NAME_MAX + 1];
    off_t size = 0;
    fill();
    write_part(top, 0, 100000, true);
    for (unsigned i = 0; i < 2 * SL_KEPT_PARTS; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%u", i);
        sl_stage_part_name(temp, name, token);
        scratch_file(top, temp, data, SIZE);
    }
    ck_assert_int_eq(kept_of(top, "f", &searched, &size), SL_OK);
    ck_assert_uint_eq(searched.parts_len, SL_KEPT_PARTS);
    memcpy(temp, searched.parts[3], sizeof temp);
    *strrchr(temp, '.') = '\0';
    *strrchr(temp, '.') = '\0';
    ck_assert_int_eq(kept_of(top, temp + 1, &searched, &size), SL_OK);
    ck_assert_int_eq(size, SIZE);
    ck_assert_uint_eq(searched.parts_len, SL_KEPT_PARTS - 1);
    scratch_remove(top);
}
END_TEST

/* Of two that were interrupted the one with more content stays, not the one with the larger holes. */
START_TEST(holes_are_no_content)
{
    int top = scratch_make();
    struct sl_kept_searched searched = { 0 };
    struct sl_stage s;
    off_t size = 0;
    fill();
    write_part(top, 0, 200000, true);
    ck_assert_int_eq(drop(top, 0), SL_OK);
    ck_assert_int_eq(begin(&s, top, (uint64_t)1 << 40, (uint64_t)2 << 40, true), SL_OK);
    ck_assert_int_eq(sl_stage_write(&s, data, 70000, &err), SL_OK);
    sl_kept_end(&s, 0);
    ck_assert_int_eq(drop(top, 0), SL_OK);
    ck_assert_int_eq(kept_of(top, "f", &searched, &size), SL_OK);
    ck_assert_int_eq(size, 200000);
    ck_assert_int_eq(scratch_count(top), 1);
    scratch_remove(top);
}
END_TEST

/* Two files whose names are alike up to where they are cut. */
START_TEST(long_names)
{
    char a[SL_NAME_MAX + 1], b[SL_NAME_MAX + 1];
    int top = scratch_make();
    struct sl_stage s;
    fill();
    memset(a, 'n', SL_NAME_MAX);
    a[SL_NAME_MAX] = '\0';
    memcpy(b, a, sizeof a);
    b[SL_NAME_MAX - 1] = 'm';
    const char *names[] = { a, b }, *of[] = { token, other };
    for (int i = 0; i < 2; i++) {
        struct sl_part p = { names[i], of[i], 0, 1000, true };
        ck_assert_int_eq(sl_part_begin(&s, top, &p, &err), SL_OK);
        ck_assert_int_eq(sl_stage_write(&s, data + i, 1000, &err), SL_OK);
        ck_assert_int_eq(sl_part_end(&s, &err), SL_OK);
    }
    for (int i = 0; i < 2; i++) {
        struct sl_entry e = wanted(names[i], 1000);
        struct sl_join j = { &e, of[i], PRESERVE, 0, NULL };
        ck_assert_int_eq(sl_part_join(top, &j, NULL, &err), SL_OK);
        ck_assert(scratch_holds(top, names[i], data + i, 1000));
    }
    scratch_remove(top);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, tokens);
    tcase_add_test(tc, several_at_a_time);
    tcase_add_test(tc, by_processes);
    tcase_add_test(tc, only_the_first_makes_it);
    tcase_add_test(tc, ends_with_the_file);
    tcase_add_test(tc, holes);
    tcase_add_test(tc, a_hole_cuts_nothing_off);
    tcase_add_test(tc, copies);
    tcase_add_test(tc, joins_as_it_commits);
    tcase_add_test(tc, what_is_not_ours);
    tcase_add_test(tc, nothing_is_written_after_joining);
    tcase_add_test(tc, busy_while_it_is_joined);
    tcase_add_test(tc, drops);
    tcase_add_test(tc, a_late_end_replaces_nothing);
    tcase_add_test(tc, is_found_by_a_later_run);
    tcase_add_test(tc, is_left_alone_between_parts);
    tcase_add_test(tc, is_remembered);
    tcase_add_test(tc, holes_are_no_content);
    tcase_add_test(tc, long_names);
}

int main(void)
{
    return scratch_run("part", add);
}

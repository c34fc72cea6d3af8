/* SPDX-License-Identifier: ISC */
/* check_inplace - WRITE and PUT in place, KEEP, KEPT_IN: what is written, what stays as it is, and what is never
 * written through. */
#include "config.h"
#include "tests/session_peer.h"

enum { SIZE = 300000, INPLACE = SL_PUT_REPLACE | SL_PUT_INPLACE };
static uint8_t content[SIZE], want[SIZE + 1000];

static void fill(void)
{
    uint64_t x = 0x2545f4914f6cdd1d;
    for (size_t i = 0; i < SIZE; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        content[i] = (uint8_t)(x >> 24);
    }
    memcpy(want, content, SIZE);
    scratch_file(t.dir, "f", content, SIZE);
}

static uint64_t write_to(const char *name)
{
    return make(SL_MSG_WRITE, SL_TYPE_FILE, name, INPLACE, NULL);
}

static uint64_t copy(unsigned which, uint64_t from, uint32_t len)
{
    struct sl_buf b = { 0 };
    struct sl_msg_copy m = { which, from, len };
    sl_copy_encode(&b, &m);
    return send_buf(SL_MSG_COPY, &b);
}

static uint64_t number(enum sl_msg type, uint64_t n)
{
    struct sl_buf b = { 0 };
    sl_w_uv(&b, n);
    return send_buf(type, &b);
}

static uint64_t commit(const void *data, size_t n)
{
    uint8_t hash[SL_HASH_LEN];
    sl_hash_once(data, n, hash);
    return send_raw(SL_MSG_COMMIT, hash, sizeof hash);
}

static struct stat look(const char *name)
{
    struct stat st;
    ck_assert_int_eq(fstatat(t.dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st;
}

/* Bytes that this process has written so far, to whatever; 0 where the system does not tell. */
static unsigned long long written(void)
{
    unsigned long long n = 0;
    char line[100];
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "wchar: %llu", &n);
    if (f)
        fclose(f);
    return n;
}

static const size_t turns[] = { 1, 7, 4096 };

START_TEST(only_what_changed_is_written)
{
    fill();
    linkat(t.dir, "f", t.dir, "other", 0);
    struct stat before = look("f");
    memcpy(want + 100000, "something new", 13);
    begin(turns[_i]);
    attach();
    unsigned long long so_far = written();
    uint64_t w = write_to("f"), b = named(SL_MSG_BASIS, 0, "f"), c1 = copy(0, 0, 100000);
    uint64_t d = send_raw(SL_MSG_DATA, "something new", 13), c2 = copy(0, 100013, SIZE - 100013),
             done = commit(want, SIZE);
    pump();
    so_far = written() - so_far;
    uint64_t all[] = { w, b, c1, d, c2, done };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ck_assert_int_eq(result(all[i]), SL_OK);
    ck_assert(scratch_holds(t.dir, "f", want, SIZE) && scratch_holds(t.dir, "other", want, SIZE));
    ck_assert(look("f").st_ino == before.st_ino && look("f").st_mtim.tv_sec == 1000000000 &&
              (look("f").st_mode & 07777) == 0640);
    ck_assert_int_eq(scratch_count(t.dir), 2);
    if (written())
        ck_assert_uint_eq(so_far, 13);
    end();
}
END_TEST

/* What comes from further behind, also where it overlaps, is what was there; then the file ends. */
START_TEST(moves_towards_the_beginning)
{
    fill();
    begin(4096);
    attach();
    uint64_t all[] = { write_to("f"), named(SL_MSG_BASIS, 0, "f"), copy(0, 10, SIZE - 10),
                       commit(content + 10, SIZE - 10) };
    pump();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ck_assert_int_eq(result(all[i]), SL_OK);
    ck_assert(scratch_holds(t.dir, "f", content + 10, SIZE - 10));
    end();
}
END_TEST

START_TEST(holes_are_cleared)
{
    uint8_t hash[SL_HASH_LEN];
    struct sl_hash *h = sl_hash_new();
    fill();
    memset(want + 4096, 0, 200000);
    sl_hash_data(h, want, 4096);
    sl_hash_hole(h, 200000);
    sl_hash_data(h, want + 204096, SIZE - 204096);
    sl_hash_hole(h, 1000);
    sl_hash_end(h, hash);
    sl_hash_free(h);
    memset(want + SIZE, 0, 1000);
    begin(4096);
    attach();
    uint64_t all[] = { write_to("f"),
                       named(SL_MSG_BASIS, 0, "f"),
                       copy(0, 0, 4096),
                       number(SL_MSG_HOLE, 200000),
                       copy(0, 204096, SIZE - 204096),
                       number(SL_MSG_HOLE, 1000),
                       send_raw(SL_MSG_COMMIT, hash, sizeof hash) };
    pump();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ck_assert_int_eq(result(all[i]), SL_OK);
    ck_assert(scratch_holds(t.dir, "f", want, SIZE + 1000));
    end();
}
END_TEST

START_TEST(wrong_content_is_told_and_stays)
{
    fill();
    begin(4096);
    attach();
    uint64_t w = write_to("f"), d = send_raw(SL_MSG_DATA, "new", 3), wrong = commit("old", 3);
    uint64_t after = make(SL_MSG_PUT, SL_TYPE_FILE, "g", 0, "x");
    pump();
    ck_assert_int_eq(result(w), SL_OK);
    ck_assert_int_eq(result(d), SL_OK);
    ck_assert_int_eq(result(wrong), SL_E_CORRUPT);
    ck_assert_int_eq(result(after), SL_OK);
    memcpy(want, "new", 3);
    ck_assert(scratch_holds(t.dir, "f", want, SIZE));
    ck_assert_int_ne(look("f").st_mtim.tv_sec, 1000000000);
    end();
}
END_TEST

START_TEST(what_came_before_an_end_is_there)
{
    fill();
    begin(4096);
    attach();
    write_to("f");
    send_raw(SL_MSG_DATA, "new", 3);
    pump();
    end(); /* the session is over in the middle of it */
    memcpy(want, "new", 3);
    ck_assert(scratch_holds(t.dir, "f", want, SIZE));
    begin(4096);
    attach();
    write_to("g");
    send_raw(SL_MSG_DATA, "half", 4);
    uint64_t abort_of = send_raw(SL_MSG_ABORT, NULL, 0);
    pump();
    ck_assert_int_eq(result(abort_of), SL_OK);
    end();
    ck_assert(scratch_holds(t.dir, "g", "half", 4));
    ck_assert_int_eq(scratch_count(t.dir), 2);
}
END_TEST

START_TEST(small_ones)
{
    scratch_file(t.dir, "f", "longer than before", 18);
    struct stat before = look("f");
    begin(4096);
    attach();
    uint64_t old = make(SL_MSG_PUT, SL_TYPE_FILE, "f", INPLACE, "short"),
             fresh = make(SL_MSG_PUT, SL_TYPE_FILE, "g", INPLACE, "new");
    uint64_t taken = make(SL_MSG_PUT, SL_TYPE_FILE, "f", SL_PUT_INPLACE, "no");
    pump();
    ck_assert_int_eq(result(old), SL_OK);
    ck_assert_int_eq(result(fresh), SL_OK);
    ck_assert_int_eq(result(taken), SL_E_EXISTS);
    ck_assert(scratch_holds(t.dir, "f", "short", 5) && scratch_holds(t.dir, "g", "new", 3));
    ck_assert(look("f").st_ino == before.st_ino && look("f").st_mtim.tv_sec == 1000000000);
    end();
}
END_TEST

/* Links, fifos: replaced, not written through. A directory: an error. */
START_TEST(what_is_no_file)
{
    scratch_file(t.dir, "target", "untouched", 9);
    ck_assert_int_eq(symlinkat("target", t.dir, "link") | symlinkat("nowhere", t.dir, "dangling"), 0);
    ck_assert_int_eq(mkfifoat(t.dir, "fifo", 0600) | mkdirat(t.dir, "dir", 0700), 0);
    begin(4096);
    attach();
    static const char *const names[] = { "link", "dangling", "fifo" };
    for (size_t i = 0; i < 3; i++) {
        write_to(names[i]);
        send_raw(SL_MSG_DATA, "x", 1);
        uint64_t done = commit("x", 1), kept = (write_to("dir"), number(SL_MSG_KEEP, 0)), over = commit("", 0);
        pump();
        ck_assert_int_eq(result(done), SL_OK);
        ck_assert(S_ISREG(look(names[i]).st_mode) && scratch_holds(t.dir, names[i], "x", 1));
        ck_assert_int_eq(result(kept), SL_E_CHANGED);
        ck_assert_int_eq(result(over), SL_OK);
    }
    write_to("dir");
    uint64_t done = commit("", 0);
    pump();
    ck_assert_int_eq(result(done), SL_E_IS_DIR);
    ck_assert(scratch_holds(t.dir, "target", "untouched", 9));
    ck_assert_int_eq(scratch_count(t.dir), 5);
    end();
}
END_TEST

START_TEST(needs_the_right_to_overwrite)
{
    fill();
    t.policy.rights = SL_RIGHT_ALL & ~(uint32_t)SL_RIGHT_OVERWRITE;
    begin(4096);
    attach();
    uint64_t old = write_to("f"), d = send_raw(SL_MSG_DATA, "x", 1), done = commit("x", 1);
    uint64_t fresh = make(SL_MSG_WRITE, SL_TYPE_FILE, "g", SL_PUT_INPLACE, NULL), keep = number(SL_MSG_KEEP, SIZE),
             done2 = commit("", 0);
    uint64_t put = make(SL_MSG_PUT, SL_TYPE_FILE, "f", INPLACE, "x"),
             put2 = make(SL_MSG_PUT, SL_TYPE_FILE, "g", SL_PUT_INPLACE, "x");
    pump();
    ck_assert_int_eq(result(old), SL_E_RIGHTS);
    ck_assert_int_eq(result(fresh), SL_E_RIGHTS);
    ck_assert_int_eq(result(put), SL_E_RIGHTS);
    ck_assert_int_eq(result(put2), SL_E_RIGHTS);
    ck_assert(result(d) == SL_OK && result(done) == SL_OK && result(keep) == SL_OK && result(done2) == SL_OK);
    ck_assert(scratch_holds(t.dir, "f", content, SIZE));
    ck_assert_int_eq(scratch_count(t.dir), 1);
    end();
    t.policy.rights = SL_RIGHT_ALL;
}
END_TEST

START_TEST(appends)
{
    fill();
    begin(4096);
    attach();
    uint64_t all[] = { write_to("f"), number(SL_MSG_KEEP, SIZE), send_raw(SL_MSG_DATA, "more", 4), commit("more", 4) };
    uint64_t short_of = (write_to("f"), number(SL_MSG_KEEP, SIZE)), passed = send_raw(SL_MSG_DATA, "x", 1),
             over = commit("x", 1);
    write_to("f");
    send_raw(SL_MSG_DATA, "MORE", 4);
    uint64_t late = number(SL_MSG_KEEP, SIZE + 4), over2 = commit("", 0);
    uint64_t staged = (make(SL_MSG_WRITE, SL_TYPE_FILE, "f", SL_PUT_REPLACE, NULL), number(SL_MSG_KEEP, SIZE + 4)),
             over3 = commit("", 0);
    pump();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ck_assert_int_eq(result(all[i]), SL_OK);
    ck_assert_int_eq(result(short_of), SL_E_CHANGED);
    ck_assert_int_eq(result(late), SL_E_INVALID);
    ck_assert_int_eq(result(staged), SL_E_CHANGED);
    ck_assert(result(passed) == SL_OK && result(over) == SL_OK && result(over2) == SL_OK && result(over3) == SL_OK);
    memcpy(want, "MORE", 4);
    memcpy(want + SIZE, "more", 4);
    ck_assert(scratch_holds(t.dir, "f", want, SIZE + 4));
    ck_assert_int_eq(scratch_count(t.dir), 1);
    end();
}
END_TEST

/* What somebody else wrote behind the end meanwhile is not left there, under the time of the source. */
START_TEST(what_grew_meanwhile_is_cut)
{
    uint64_t all[3];
    fill();
    scratch_file(t.dir, "g", "short", 5);
    begin(4096);
    attach();
    all[0] = write_to("g");
    all[1] = send_raw(SL_MSG_DATA, content, 5000);
    pump();
    int fd = openat(t.dir, "g", O_WRONLY | O_APPEND | O_CLOEXEC);
    ck_assert_int_eq(write(fd, content, 700), 700);
    close(fd);
    all[2] = commit(content, 5000);
    pump();
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(result(all[i]), SL_OK);
    ck_assert(scratch_holds(t.dir, "g", content, 5000));
    end();
}
END_TEST

START_TEST(keeps_in_a_directory)
{
    uint64_t all[4];
    fill();
    begin(4096);
    attach();
    all[0] = kept_in("part");
    all[1] = make(SL_MSG_WRITE, SL_TYPE_FILE, "g", SL_PUT_REPLACE, NULL);
    all[2] = send_raw(SL_MSG_DATA, content, 100000);
    pump();
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(result(all[i]), SL_OK);
    end();
    int part = openat(t.dir, "part", O_RDONLY | O_DIRECTORY);
    ck_assert(scratch_holds(part, "g", content, 100000));
    ck_assert_int_eq(scratch_count(t.dir), 2);
    begin(4096);
    attach();
    struct sl_buf b = { 0 };
    struct sl_msg_basis m = { .flags = SL_CHUNKS_KEPT, .name = "g", .name_len = 1 };
    sl_basis_encode(&b, &m);
    kept_in("part");
    make(SL_MSG_WRITE, SL_TYPE_FILE, "g", SL_PUT_REPLACE, NULL);
    all[0] = send_buf(SL_MSG_BASIS, &b);
    all[1] = copy(0, 0, 100000);
    all[2] = commit(content, 100000);
    pump();
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(result(all[i]), SL_OK);
    ck_assert(scratch_holds(t.dir, "g", content, 100000));
    ck_assert_int_eq(scratch_count(t.dir), 2); /* f, g: the directory is gone */
    close(part);
    end();
}
END_TEST

START_TEST(a_directory_needs_rights)
{
    static const uint32_t missing[] = { SL_RIGHT_OVERWRITE, SL_RIGHT_DELETE };
    for (size_t i = 0; i < 2; i++) {
        t.policy.rights = SL_RIGHT_ALL & ~missing[i];
        begin(4096);
        attach();
        uint64_t n = kept_in("part");
        pump();
        ck_assert_int_eq(result(n), SL_E_RIGHTS);
        end();
    }
    t.policy.rights = SL_RIGHT_ALL;
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, only_what_changed_is_written, 0, (int)(sizeof turns / sizeof turns[0]));
    tcase_add_test(tc, moves_towards_the_beginning);
    tcase_add_test(tc, holes_are_cleared);
    tcase_add_test(tc, wrong_content_is_told_and_stays);
    tcase_add_test(tc, what_came_before_an_end_is_there);
    tcase_add_test(tc, small_ones);
    tcase_add_test(tc, what_is_no_file);
    tcase_add_test(tc, needs_the_right_to_overwrite);
    tcase_add_test(tc, appends);
    tcase_add_test(tc, what_grew_meanwhile_is_cut);
    tcase_add_test(tc, keeps_in_a_directory);
    tcase_add_test(tc, a_directory_needs_rights);
}

int main(void)
{
    return scratch_run("inplace", add);
}

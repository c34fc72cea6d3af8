/* SPDX-License-Identifier: ISC */
/* check_access - what a module excludes is as if it were not there, in every request; what a session may cost; what an
 * account that can only add may do to what it added. */
#include "config.h"
#include "subsystem/session.h"
#include "tree/stage.h"
#include "tests/scratch.h"
#include "tests/session_peer.h"

#include <errno.h>

static struct sl_config config;
static struct sl_who who;
static char log_text[4096];
static const size_t turns_of_access[] = { 1, 7, 4096 };
enum { ACCESS_TURNS = 3 };

static void note(void *ctx, enum sl_session_note kind, const char *text)
{
    size_t n = strlen(log_text);
    (void)ctx;
    snprintf(log_text + n, sizeof log_text - n, "%s%s\n", kind == SL_NOTE_REFUSED ? "! " : "", text);
}

/* A module "m" on the scratch directory with these lines. */
static void begin_module(const char *lines, size_t turn)
{
    struct sl_error err = { 0 };
    char *text = sl_asprintf("[m]\npath = %s\n%s\n", scratch_path, lines);
    sl_config_init(&config);
    ck_assert_msg(sl_config_parse(&config, "test.conf", text, strlen(text), &err) == SL_OK, "%s", err.text);
    free(text);
    who = (struct sl_who){ 0 };
    log_text[0] = '\0';
    t.policy = (struct sl_policy){ .rights = SL_RIGHT_ALL, .enforced = true, .config = &config, .who = &who, .note = note,
                                   .note_transfers = true, .quota = config.quota };
    begin(turn);
    attach_how(0, SL_ATTACH_MODULE, "m");
}

static void end_module(void)
{
    end();
    sl_config_clear(&config);
}

static void fill(void)
{
    ck_assert_int_eq(mkdirat(t.dir, "private", 0755), 0);
    ck_assert_int_eq(mkdirat(t.dir, "sub", 0755), 0);
    ck_assert_int_eq(mkdirat(t.dir, "sub/private", 0755), 0);
    scratch_file(t.dir, "private/secret", "s", 1);
    scratch_file(t.dir, "sub/private/open", "o", 1);
    scratch_file(t.dir, "sub/a.key", "k", 1);
    scratch_file(t.dir, "a.key", "k", 1);
    scratch_file(t.dir, "plain", "p", 1);
    scratch_file(t.dir, "sub/old", "p", 1);
}

static const char excluding[] = "allow = full\nexclude = /private/\nexclude = *.key\nexclude = sub/old";

START_TEST(lists_nothing_that_is_excluded)
{
    static const struct { const char *name; uint32_t flags; const char *want; } cases[] = {
        { "", SL_LIST_RECURSE, "/ plain sub private open . . ." },
        { "sub", SL_LIST_RECURSE, "sub private open . ." },
        { "", SL_LIST_CHILDREN, "/ plain sub . ." },
        { "plain", 0, "plain" },
    };
    char text[200];
    fill();
    begin_module(excluding, turns_of_access[_i]);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        forget();
        uint64_t n = list(0, cases[i].name, cases[i].flags);
        pump();
        ck_assert_int_eq(result(n), SL_OK);
        listing(text, sizeof text);
        ck_assert_str_eq(text, cases[i].want);
    }
    /* The same seen from below: the path counts, not where the listing began. */
    forget();
    open_dir(0, 1, "sub");
    uint64_t below = list(1, "", SL_LIST_RECURSE), none = list(0, "private", 0), key = list(1, "a.key", 0), old = list(1, "old", 0);
    pump();
    ck_assert_int_eq(result(below), SL_OK);
    ck_assert_int_eq(result(none), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(key), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(old), SL_E_NOT_FOUND);
    listing(text, sizeof text);
    ck_assert_str_eq(text, "/ private open . .");
    end_module();
}
END_TEST

START_TEST(touches_nothing_that_is_excluded)
{
    fill();
    begin_module(excluding, 4096);
    uint64_t open = open_dir(0, 1, "private"), hash = named(SL_MSG_HASH, 0, "a.key"), remove = named(SL_MSG_REMOVE, 0, "a.key");
    uint64_t meta = make(SL_MSG_SET_META, SL_TYPE_FILE, "a.key", 0, NULL), metadir = make(SL_MSG_SET_META, SL_TYPE_DIR, "private", 0, NULL);
    uint64_t put = make(SL_MSG_PUT, SL_TYPE_FILE, "new.key", SL_PUT_REPLACE, "x"), over = make(SL_MSG_PUT, SL_TYPE_FILE, "a.key", SL_PUT_REPLACE, "x");
    uint64_t dir = make(SL_MSG_MKDIR, SL_TYPE_DIR, "d.key", 0, NULL), link = make(SL_MSG_SYMLINK, SL_TYPE_LINK, "l.key", 0, NULL);
    uint64_t fifo = make(SL_MSG_MKNOD, SL_TYPE_FIFO, "f.key", 0, NULL), write = make(SL_MSG_WRITE, SL_TYPE_FILE, "w.key", 0, NULL);
    uint64_t file = make(SL_MSG_PUT, SL_TYPE_FILE, "private", SL_PUT_REPLACE, "x"), hashdir = named(SL_MSG_HASH, 0, "private");
    uint64_t data = send_raw(SL_MSG_DATA, "x", 1), commit = send_raw(SL_MSG_COMMIT, "0123456789abcdef", 16);
    /* A file called as the excluded directory is no directory. */
    uint64_t sub = open_dir(0, 2, "sub"), same = make_in(2, SL_MSG_MKDIR, SL_TYPE_DIR, "old", 0, NULL);
    pump();
    ck_assert_int_eq(result(open), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(hash), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(remove), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(meta), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(metadir), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(put), SL_E_RIGHTS);
    ck_assert_int_eq(result(over), SL_E_RIGHTS);
    ck_assert_int_eq(result(dir), SL_E_RIGHTS);
    ck_assert_int_eq(result(link), SL_E_RIGHTS);
    ck_assert_int_eq(result(fifo), SL_E_RIGHTS);
    ck_assert_int_eq(result(write), SL_E_RIGHTS);
    ck_assert_int_eq(result(file), SL_E_RIGHTS);
    ck_assert_int_eq(result(hashdir), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(data), SL_OK);
    ck_assert_int_eq(result(commit), SL_OK);
    ck_assert_int_eq(result(sub), SL_OK);
    ck_assert_int_eq(result(same), SL_E_RIGHTS);
    ck_assert(scratch_holds(t.dir, "a.key", "k", 1));
    ck_assert_int_eq(scratch_count(t.dir), 4);
    ck_assert_ptr_nonnull(strstr(log_text, "! refused to create an excluded name 'm/new.key'"));
    end_module();
}
END_TEST

START_TEST(reads_nothing_that_is_excluded)
{
    struct sl_buf b = { 0 };
    fill();
    begin_module(excluding, 4096);
    sl_read_begin(&b, 0);
    sl_read_add(&b, "", 0, "a.key", 5);
    sl_read_add(&b, "a.key", 5, "plain", 5);
    send_buf(SL_MSG_READ, &b);
    pump();
    const struct answer *a = find(SL_MSG_CONTENT);
    struct sl_content c;
    struct sl_rd r;
    ck_assert_ptr_nonnull(a);
    sl_r_init(&r, sl_buf_ptr(&a->data), sl_buf_len(&a->data));
    ck_assert_int_eq(sl_content_decode(&r, &c, NULL), SL_OK);
    ck_assert_int_eq(c.kind, SL_CONTENT_FAILED);
    ck_assert_int_eq(c.code, SL_E_NOT_FOUND);
    ck_assert_int_eq(sl_content_decode(&r, &c, NULL), SL_OK);
    ck_assert_int_eq(c.kind, SL_CONTENT_WHOLE);
    ck_assert_mem_eq(c.data, "p", 1);
    end_module();
}
END_TEST

/* Staged files are nobody's business but the run's that makes them. */
START_TEST(knows_no_staged_names)
{
    char staged[SL_NAME_MAX + 1];
    sl_stage_temp_name(staged, "plain");
    scratch_file(t.dir, staged, "half", 4);
    begin(4096);
    attach();
    uint64_t hash = named(SL_MSG_HASH, 0, staged), remove = named(SL_MSG_REMOVE, 0, staged);
    uint64_t put = make(SL_MSG_PUT, SL_TYPE_FILE, staged, SL_PUT_REPLACE, "x"), list_ = list(0, staged, 0);
    pump();
    ck_assert_int_eq(result(hash), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(remove), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(put), SL_E_RIGHTS);
    ck_assert_int_eq(result(list_), SL_E_NOT_FOUND);
    ck_assert(scratch_holds(t.dir, staged, "half", 4));
    end();
}
END_TEST

/* ---- limits ---- */

/* What a killed process left of an excluded file does not come to light in a partial directory. */
START_TEST(brings_nothing_excluded_to_light)
{
    static const char *const left[] = { "private.txt", "other.txt" };
    static char text[70000];
    struct stat st;
    struct sl_buf b = { 0 };
    struct sl_msg_kept_in in = { "part", 4 };
    struct sl_msg_chunks c = { .flags = SL_CHUNKS_KEPT, .grain = 10, .hash_bytes = 8, .name = "x", .name_len = 1 };
    for (size_t i = 0; i < 2; i++) {
        char *name = sl_asprintf(".%s.abcdefgh.slpart", left[i]);
        scratch_file(t.dir, name, text, sizeof text);
        free(name);
    }
    begin_module("allow = full\nexclude = /private.txt", 4096);
    sl_kept_in_encode(&b, &in);
    uint64_t n = send_buf(SL_MSG_KEPT_IN, &b);
    send_raw(SL_MSG_SEED, "12345678", 8);
    sl_chunks_encode(&b, &c);
    uint64_t none = send_buf(SL_MSG_CHUNKS, &b);
    pump();
    ck_assert_int_eq(result(n), SL_OK);
    ck_assert_int_eq(result(none), SL_E_NOT_FOUND);
    ck_assert_int_eq(fstatat(t.dir, "part/other.txt", &st, AT_SYMLINK_NOFOLLOW), 0);
    ck_assert_int_ne(fstatat(t.dir, "part/private.txt", &st, AT_SYMLINK_NOFOLLOW), 0);
    end_module();
}
END_TEST

START_TEST(stores_no_more_than_it_may)
{
    begin_module("allow = full\nmax stored = 10\nmax files = 100", 4096);
    uint64_t first = make(SL_MSG_PUT, SL_TYPE_FILE, "a", 0, "12345678"), second = make(SL_MSG_PUT, SL_TYPE_FILE, "b", 0, "123");
    uint64_t third = make(SL_MSG_PUT, SL_TYPE_FILE, "c", 0, "12");
    uint64_t write = make(SL_MSG_WRITE, SL_TYPE_FILE, "d", 0, NULL), data = send_raw(SL_MSG_DATA, "x", 1);
    uint64_t commit = send_raw(SL_MSG_COMMIT, "0123456789abcdef", 16);
    pump();
    ck_assert_int_eq(result(first), SL_OK);
    ck_assert_int_eq(result(second), SL_E_LIMIT);
    ck_assert_int_eq(result(third), SL_OK);
    ck_assert_int_eq(result(write), SL_OK);
    ck_assert_int_eq(result(data), SL_E_LIMIT);
    ck_assert_int_eq(result(commit), SL_OK);
    ck_assert_int_eq(scratch_count(t.dir), 2);
    end_module();
}
END_TEST

START_TEST(opens_no_more_than_it_may)
{
    begin_module("allow = full\nmax files = 2", 4096);
    scratch_file(t.dir, "there", "1", 1);
    uint64_t a = named(SL_MSG_HASH, 0, "there"), b = make(SL_MSG_MKDIR, SL_TYPE_DIR, "d", 0, NULL);
    uint64_t c = make(SL_MSG_PUT, SL_TYPE_FILE, "x", 0, "x"), d = named(SL_MSG_HASH, 0, "there"), e = list(0, "", 0);
    pump();
    ck_assert_int_eq(result(a), SL_OK);
    ck_assert_int_eq(result(b), SL_OK);
    ck_assert_int_eq(result(c), SL_E_LIMIT);
    ck_assert_int_eq(result(d), SL_E_LIMIT);
    ck_assert_int_eq(result(e), SL_OK);
    end_module();
}
END_TEST

START_TEST(hashes_no_more_than_it_may)
{
    begin_module("max hashed = 1500K", 4096);
    scratch_file(t.dir, "hole", "", 0);
    int fd = openat(t.dir, "hole", O_WRONLY);
    ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
    close(fd);
    uint64_t a = named(SL_MSG_HASH, 0, "hole"), b = named(SL_MSG_HASH, 0, "hole");
    pump();
    ck_assert_int_eq(result(a), SL_OK);
    ck_assert_int_eq(result(b), SL_E_LIMIT);
    end_module();
}
END_TEST

START_TEST(sends_no_more_than_it_may)
{
    char *text = sl_calloc(1, 60000);
    memset(text, 'x', 50000);
    scratch_file(t.dir, "big", text, 50000);
    begin_module("max sent = 120K", 1 << 20);
    for (int i = 0; i < 5; i++)
        named(SL_MSG_READ, 0, "big");
    pump();
    ck_assert_int_eq(t.served, SL_E_LIMIT);
    ck_assert_int_eq(t.error.code, SL_E_LIMIT);
    struct sl_session_figures f;
    sl_session_figures(t.s, &f);
    ck_assert_uint_le(f.bytes_out, 200000);
    end_module();
    free(text);
}
END_TEST

static enum sl_code full(void *ctx, const struct sl_module *m, struct sl_error *err)
{
    (void)ctx;
    sl_fail(err, SL_E_LIMIT, "module '%s' is full", m->name);
    err->retry_s = 17;
    return SL_E_LIMIT;
}

START_TEST(says_when_to_come_again)
{
    begin_module("allow = full", 4096);
    t.policy.admit = full;
    pump();
    ck_assert_int_eq(t.served, SL_E_LIMIT);
    ck_assert_int_eq(t.error.code, SL_E_LIMIT);
    ck_assert_uint_eq(t.error.retry_s, 17);
    ck_assert_str_eq(t.error.text, "module 'm' is full");
    end_module();
}
END_TEST

/* ---- an account that can only add ---- */

START_TEST(gives_its_own_directories_their_metadata_once)
{
    struct stat st;
    ck_assert_int_eq(mkdirat(t.dir, "old", 0700), 0);
    begin_module("allow = append-only", 4096);
    uint64_t make_ = make(SL_MSG_MKDIR, SL_TYPE_DIR, "new", 0, NULL), open = open_dir(0, 1, "new");
    uint64_t put = make_in(1, SL_MSG_PUT, SL_TYPE_FILE, "file", 0, "x");
    uint64_t first = make(SL_MSG_SET_META, SL_TYPE_DIR, "new", 0, NULL), again = make(SL_MSG_SET_META, SL_TYPE_DIR, "new", 0, NULL);
    uint64_t old = make(SL_MSG_SET_META, SL_TYPE_DIR, "old", 0, NULL), file = make_in(1, SL_MSG_SET_META, SL_TYPE_FILE, "file", 0, NULL);
    uint64_t root = make(SL_MSG_SET_META, SL_TYPE_DIR, "", 0, NULL);
    pump();
    ck_assert_int_eq(result(make_), SL_OK);
    ck_assert_int_eq(result(open), SL_OK);
    ck_assert_int_eq(result(put), SL_OK);
    ck_assert_int_eq(result(first), SL_OK);
    ck_assert_int_eq(result(again), SL_E_RIGHTS);
    ck_assert_int_eq(result(old), SL_E_RIGHTS);
    ck_assert_int_eq(result(file), SL_E_RIGHTS);
    ck_assert_int_eq(result(root), SL_E_RIGHTS);
    ck_assert_int_eq(fstatat(t.dir, "new", &st, 0), 0);
    ck_assert_int_eq(st.st_mtim.tv_sec, 1000000000);
    ck_assert_int_eq(st.st_mode & 07777, 0640);
    ck_assert_int_eq(fstatat(t.dir, "old", &st, 0), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0700);
    end_module();
}
END_TEST

START_TEST(loses_nothing)
{
    fill();
    begin_module("allow = append-only", 4096);
    uint64_t over = make(SL_MSG_PUT, SL_TYPE_FILE, "plain", SL_PUT_REPLACE, "x"), link = make(SL_MSG_SYMLINK, SL_TYPE_LINK, "plain", SL_PUT_REPLACE, NULL);
    uint64_t fifo = make(SL_MSG_MKNOD, SL_TYPE_FIFO, "plain", SL_PUT_REPLACE, NULL), remove = named(SL_MSG_REMOVE, 0, "plain");
    uint64_t write = make(SL_MSG_WRITE, SL_TYPE_FILE, "plain", SL_PUT_REPLACE, NULL);
    uint8_t hash[SL_HASH_LEN];
    sl_hash_once("", 0, hash);
    uint64_t commit = send_raw(SL_MSG_COMMIT, hash, sizeof hash), meta = make(SL_MSG_SET_META, SL_TYPE_FILE, "plain", 0, NULL);
    uint64_t dir = make(SL_MSG_MKDIR, SL_TYPE_DIR, "plain", 0, NULL);
    pump();
    ck_assert_int_eq(result(over), SL_E_RIGHTS);
    ck_assert_int_eq(result(link), SL_E_RIGHTS);
    ck_assert_int_eq(result(fifo), SL_E_RIGHTS);
    ck_assert_int_eq(result(remove), SL_E_RIGHTS);
    ck_assert_int_eq(result(write), SL_OK);
    ck_assert_int_eq(result(commit), SL_E_RIGHTS);
    ck_assert_int_eq(result(meta), SL_E_RIGHTS);
    ck_assert_int_eq(result(dir), SL_E_EXISTS);
    ck_assert(scratch_holds(t.dir, "plain", "p", 1));
    ck_assert_int_eq(scratch_count(t.dir), 4);
    ck_assert_ptr_nonnull(strstr(log_text, "! refused to delete (rule: allow, line 3) 'm/plain'"));
    end_module();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, lists_nothing_that_is_excluded, 0, ACCESS_TURNS);
    tcase_add_test(tc, touches_nothing_that_is_excluded);
    tcase_add_test(tc, reads_nothing_that_is_excluded);
    tcase_add_test(tc, knows_no_staged_names);
    tcase_add_test(tc, brings_nothing_excluded_to_light);
    tcase_add_test(tc, stores_no_more_than_it_may);
    tcase_add_test(tc, opens_no_more_than_it_may);
    tcase_add_test(tc, hashes_no_more_than_it_may);
    tcase_add_test(tc, sends_no_more_than_it_may);
    tcase_add_test(tc, says_when_to_come_again);
    tcase_add_test(tc, gives_its_own_directories_their_metadata_once);
    tcase_add_test(tc, loses_nothing);
}

int main(void)
{
    return scratch_run("access", add);
}

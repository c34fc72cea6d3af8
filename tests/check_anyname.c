/* SPDX-License-Identifier: ISC */
/*
 * check_anyname - what is left when the first wall falls: a build in which every text is a name (base/entry.c with
 * SL_TEST_ANY_NAME). Without confinement each of these requests gets out, which shows that the test can fail; with it the
 * kernel keeps the session in.
 */
#include "config.h"
#include "base/confine.h"
#include "base/entry.h"
#include "subsystem/guard.h"
#include "tests/scratch.h"
#include "tests/session_peer.h"

#include <sys/wait.h>

enum { ESCAPED = 1, KEPT_IN = 0, BROKEN = 2 };

static struct sl_config config;
static struct sl_who who;

static void fill(void)
{
    ck_assert_int_eq(mkdirat(t.dir, "in", 0755), 0);
    ck_assert_int_eq(mkdirat(t.dir, "out", 0755), 0);
    ck_assert_int_eq(mkdirat(t.dir, "out/gone", 0755), 0);
    scratch_file(t.dir, "in/file", "in", 2);
    scratch_file(t.dir, "out/secret", "hidden words", 12);
    scratch_file(t.dir, "out/victim", "victim", 6);
    scratch_file(t.dir, "out/victim.0abcdefg.slpart", "joined", 6);
}

/* ---- the ways out; each says whether it got there ---- */

static bool content_has(const char *text)
{
    for (size_t i = 0; i < t.count; i++)
        if (t.got[i].type == SL_MSG_CONTENT && memmem(sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data), text, strlen(text)))
            return true;
    return false;
}

static bool reads(void)
{
    named(SL_MSG_READ, 0, "../out/secret");
    pump();
    return content_has("hidden words");
}

static bool reads_an_absolute_path(void)
{
    char *path = sl_asprintf("%s/out/secret", scratch_path);
    named(SL_MSG_READ, 0, path);
    pump();
    free(path);
    return content_has("hidden words");
}

static bool opens_and_reads(void)
{
    open_dir(0, 1, "..");
    open_dir(1, 2, "out");
    named(SL_MSG_READ, 2, "secret");
    pump();
    return content_has("hidden words");
}

static bool hashes(void)
{
    named(SL_MSG_HASH, 0, "../out/secret");
    pump();
    return find(SL_MSG_HASH_IS) != NULL;
}

static bool lists(void)
{
    open_dir(0, 1, "../out");
    list(1, "", SL_LIST_CHILDREN);
    pump();
    for (size_t i = 0; i < t.count; i++)
        if (t.got[i].type == SL_MSG_LISTED && memmem(sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data), "victim", 6))
            return true;
    return false;
}

static bool there(const char *name)
{
    struct stat st;
    return fstatat(t.dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool makes(void)
{
    open_dir(0, 1, "../out");
    make_in(1, SL_MSG_PUT, SL_TYPE_FILE, "new", 0, "x");
    pump();
    return there("out/new");
}

static bool replaces(void)
{
    open_dir(0, 1, "../out");
    make_in(1, SL_MSG_PUT, SL_TYPE_FILE, "victim", SL_PUT_REPLACE, "x");
    pump();
    struct stat st;                      /* to be looked at also where it may not be read */
    return fstatat(t.dir, "out/victim", &st, 0) != 0 || st.st_size != 6;
}

static bool makes_a_directory(void)
{
    make(SL_MSG_MKDIR, SL_TYPE_DIR, "../out/dir", 0, NULL);
    pump();
    return there("out/dir");
}

static void begin_part(const char *name, const char *token)
{
    struct sl_buf b = { 0 };
    struct sl_msg_part m = { 0, SL_PUT_FIRST, token, name, strlen(name), 0, 1 };
    sl_part_encode(&b, &m);
    send_buf(SL_MSG_PART, &b);
    pump();
}

static bool writes_a_part(void)
{
    begin_part("/../out/new", "0abcdefg");
    return there("out/new.0abcdefg.slpart");
}

static bool writes_a_part_by_its_token(void)
{
    make(SL_MSG_MKDIR, SL_TYPE_DIR, ".f.", 0, NULL);
    begin_part("f", "/../../o");
    return there("o.slpart");
}

static bool joins(void)
{
    struct sl_buf b = { 0 };
    struct sl_msg_put m = { .flags = SL_PUT_REPLACE, .entry = entry_of(SL_TYPE_FILE, "/../out/victim", 6), .token = "0abcdefg" };
    sl_put_encode(&b, t.enc, &m);
    send_buf(SL_MSG_JOIN, &b);
    pump();
    return !there("out/victim.0abcdefg.slpart");         /* it has another name, or is removed because it could not have it */
}

static bool removes(void)
{
    named(SL_MSG_REMOVE, 0, "../out/victim");
    pump();
    return !there("out/victim");
}

static bool removes_a_directory(void)
{
    struct sl_buf b = { 0 };
    struct sl_msg_remove rm = { .kind = SL_TYPE_DIR, .name = "../out/gone", .name_len = 11 };
    sl_remove_encode(&b, &rm);
    send_buf(SL_MSG_REMOVE, &b);
    pump();
    return !there("out/gone");
}

static const struct { const char *name; bool (*run)(void); } ways[] = {
    { "read", reads }, { "read an absolute path", reads_an_absolute_path }, { "open and read", opens_and_reads }, { "hash", hashes },
    { "list", lists }, { "make", makes }, { "replace", replaces }, { "make a directory", makes_a_directory }, { "remove", removes },
    { "remove a directory", removes_a_directory },       { "write a part", writes_a_part },
    { "write a part by its token", writes_a_part_by_its_token }, { "join", joins },
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* One way out of a session on "in", in a process of its own. */
static int try(size_t way, bool confined)
{
    int how = 0;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct sl_guard guard;
        struct sl_error err = { 0 };
        char *root = sl_asprintf("%s/in", scratch_path);
        sl_config_init(&config);
        config.confinement = confined ? SL_CONFINEMENT_AVAILABLE : SL_CONFINEMENT_OFF;
        t.policy = (struct sl_policy){ .account = true, .root = root, .rights = SL_RIGHT_ALL, .enforced = true, .config = &config, .who = &who };
        if (sl_guard_enter(&guard, &t.policy, &config, &err) != SL_OK)
            _exit(BROKEN);
        begin(4096);
        attach();
        /* What is allowed must still work, or being kept in means nothing. */
        named(SL_MSG_READ, 0, "file");
        pump();
        bool well = content_has("in");
        forget();
        _exit(!well ? BROKEN : ways[way].run() ? ESCAPED : KEPT_IN);
    }
    ck_assert_int_eq(waitpid(pid, &how, 0), pid);
    return WIFEXITED(how) ? WEXITSTATUS(how) : 100 + WTERMSIG(how);
}

START_TEST(gets_out_where_nothing_holds)
{
    fill();
    ck_assert_msg(try((size_t)_i, false) == ESCAPED, "%s: the planted fault does not show", ways[_i].name);
}
END_TEST

START_TEST(is_kept_in_by_the_kernel)
{
    if (sl_confine_abilities().landlock < SL_LANDLOCK_MOVES)
        return;
    fill();
    ck_assert_msg(try((size_t)_i, true) == KEPT_IN, "%s", ways[_i].name);
    ck_assert(scratch_holds(t.dir, "out/victim", "victim", 6) && there("out/gone") && !there("out/new") && !there("out/dir"));
    ck_assert(scratch_holds(t.dir, "out/victim.0abcdefg.slpart", "joined", 6) && !there("out/new.0abcdefg.slpart") && !there("o.slpart"));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, gets_out_where_nothing_holds, 0, WAYS);
    tcase_add_loop_test(tc, is_kept_in_by_the_kernel, 0, WAYS);
}

int main(void)
{
    return scratch_run("anyname", add);
}

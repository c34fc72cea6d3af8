/* SPDX-License-Identifier: ISC */
/* check_walk - the order of a listing, its flags, skipping, depth beyond the descriptors, and what fails on the way. */
#include "config.h"
#include "tree/walk.h"

#include "tests/scratch.h"
#include "tree/stage.h"

#include <errno.h>
#include <sys/resource.h>

static struct sl_error err;

/* A listing as text: a name for an entry, "/" behind a directory's, ")" for its end, "!" for an error. */
static char *listed(int top, const char *name, uint32_t flags)
{
    static char out[4096];
    struct sl_walk *w;
    static struct sl_walk_event ev;
    size_t n = 0;
    enum sl_code rc;
    ck_assert_int_eq(sl_walk_new(&w, top, name, flags, NULL, &err), SL_OK);
    out[0] = '\0';
    while ((rc = sl_walk_next(w, &ev)) == SL_OK) {
        const char *text = ev.kind == SL_WALK_END ? ")" : ev.kind == SL_WALK_ERROR ? ev.name : ev.entry.name;
        const char *mark = ev.kind == SL_WALK_ERROR                                   ? "!"
                           : ev.kind == SL_WALK_ENTRY && ev.entry.type == SL_TYPE_DIR ? "/"
                                                                                      : "";
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s ", text, mark);
    }
    ck_assert_int_eq(rc, SL_EOF);
    ck_assert_int_eq(sl_walk_next(w, &ev), SL_EOF);
    sl_walk_free(w);
    return out;
}

static void small_tree(int top)
{
    mkdirat(top, "b", 0755);
    mkdirat(top, "b/sub", 0755);
    mkdirat(top, "empty", 0755);
    scratch_file(top, "b/z", "", 0);
    scratch_file(top, "b/sub/deep", "", 0);
    scratch_file(top, "b.c", "", 0);
    scratch_file(top, "a", "", 0);
    scratch_file(top, "ab", "", 0);
    scratch_file(top, "\xff", "", 0);
    scratch_file(top, "abcdefgh2", "", 0);
    scratch_file(top, "abcdefgh1", "", 0);
    scratch_file(top, "-x", "", 0);
    scratch_file(top, "Z\n", "", 0);
    ck_assert_int_eq(symlinkat("a", top, "l"), 0);
    mkfifoat(top, "p", 0600);
}

START_TEST(order_and_flags)
{
    int top = scratch_make();
    small_tree(top);
    ck_assert_str_eq(listed(top, "", SL_WALK_RECURSE),
                     "/ -x Z\n a ab abcdefgh1 abcdefgh2 b/ sub/ deep ) z ) b.c empty/ ) l p \xff ) ");
    ck_assert_str_eq(listed(top, "", SL_WALK_CHILDREN),
                     "/ -x Z\n a ab abcdefgh1 abcdefgh2 b/ ) b.c empty/ ) l p \xff ) ");
    ck_assert_str_eq(listed(top, "", 0), "/ ) ");
    ck_assert_str_eq(listed(top, "b", SL_WALK_RECURSE | SL_WALK_ONE_FS), "b/ sub/ deep ) z ) ");
    ck_assert_str_eq(listed(top, "a", SL_WALK_RECURSE), "a ");
    ck_assert_str_eq(listed(top, "l", SL_WALK_RECURSE), "l ");
    scratch_remove(top);
}
END_TEST

START_TEST(entries_are_whole)
{
    int top = scratch_make();
    char name[256];
    struct sl_walk *w;
    static struct sl_walk_event ev;
    struct sl_owners *o = sl_owners_new();
    memset(name, 'n', 255);
    name[255] = '\0';
    scratch_file(top, name, "123", 3);
    ck_assert_int_eq(symlinkat("target", top, "l"), 0);
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE, o, &err), SL_OK);
    ck_assert_int_eq(sl_walk_next(w, &ev), SL_OK);
    ck_assert_int_eq(sl_walk_next(w, &ev), SL_OK);
    ck_assert(ev.entry.type == SL_TYPE_LINK && ev.entry.target_len == 6);
    ck_assert_str_eq(ev.entry.target, "target");
    ck_assert_int_eq(sl_walk_next(w, &ev), SL_OK);
    ck_assert(ev.entry.name_len == 255 && ev.entry.size == 3 && ev.entry.uid == geteuid());
    ck_assert_ptr_eq(ev.entry.user, sl_owners_user(o, geteuid()));
    sl_walk_free(w);
    ck_assert_int_eq(sl_walk_new(&w, top, name, SL_WALK_NO_OWNER, o, &err), SL_OK);
    ck_assert_int_eq(sl_walk_next(w, &ev), SL_OK);
    ck_assert(ev.entry.uid == 0 && ev.entry.gid == 0 && !ev.entry.user && !ev.entry.group);
    sl_walk_free(w);
    ck_assert_int_eq(sl_walk_new(&w, top, name, SL_WALK_NUMERIC, o, &err), SL_OK);
    ck_assert_int_eq(sl_walk_next(w, &ev), SL_OK);
    ck_assert(ev.entry.uid == geteuid() && !ev.entry.user);
    sl_walk_free(w);
    sl_owners_free(o);
    scratch_remove(top);
}
END_TEST

START_TEST(names_of_one_file)
{
    int top = scratch_make();
    struct sl_walk *w;
    static struct sl_walk_event ev;
    uint64_t ino = 0;
    mkdirat(top, "d", 0755);
    mkdirat(top, "d/sub", 0755);
    scratch_file(top, "a", "1", 1);
    scratch_file(top, "single", "1", 1);
    ck_assert_int_eq(linkat(top, "a", top, "d/b", 0), 0);
    for (int asked = 0; asked < 2; asked++) {
        ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE | (asked ? SL_WALK_LINKS : 0), NULL, &err), SL_OK);
        while (sl_walk_next(w, &ev) == SL_OK) {
            if (ev.kind != SL_WALK_ENTRY)
                continue;
            bool two = strcmp(ev.entry.name, "a") == 0 || strcmp(ev.entry.name, "b") == 0;
            ck_assert_uint_eq(ev.entry.names, two && asked ? 2 : 0);
            ck_assert(!ev.entry.names || !ino || ev.entry.ino == ino);
            ck_assert(ev.entry.names || (!ev.entry.ino && !ev.entry.dev));
            ino = ev.entry.names ? ev.entry.ino : ino;
        }
        sl_walk_free(w);
    }
    ck_assert(ino != 0);
    scratch_remove(top);
}
END_TEST

START_TEST(start_fails)
{
    int top = scratch_make();
    struct sl_walk *w = NULL;
    ck_assert_int_eq(sl_walk_new(&w, top, "none", SL_WALK_RECURSE, NULL, &err), SL_E_NOT_FOUND);
    ck_assert_int_eq(sl_walk_new(&w, top, "..", SL_WALK_RECURSE, NULL, &err), SL_E_NAME);
    ck_assert_int_eq(sl_walk_new(&w, top, "a/b", SL_WALK_RECURSE, NULL, &err), SL_E_NAME);
    ck_assert_ptr_null(w);
    sl_walk_free(NULL);
    scratch_remove(top);
}
END_TEST

START_TEST(staged_files_are_hidden)
{
    int top = scratch_make();
    scratch_file(top, ".a.abcdefgh.slpart", "", 0);
    scratch_file(top, ".a.abcdefgH.slpart", "", 0);
    ck_assert_str_eq(listed(top, "", SL_WALK_RECURSE), "/ .a.abcdefgH.slpart ) ");
    ck_assert_str_eq(listed(top, "", SL_WALK_RECURSE | SL_WALK_CLEAN), "/ .a.abcdefgH.slpart ) ");
    ck_assert_int_eq(faccessat(top, ".a.abcdefgh.slpart", F_OK, 0), 0); /* it is new: another run's */
    scratch_remove(top);
}
END_TEST

/* The listing of small_tree with one directory skipped when the event at which it is asked for has come. */
static char *skipped(int top, int at, uint64_t number)
{
    static char out[4096];
    static struct sl_walk_event ev;
    struct sl_walk *w;
    size_t n = 0;
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE, NULL, &err), SL_OK);
    for (int i = 0; sl_walk_next(w, &ev) == SL_OK; i++) {
        n += (size_t)snprintf(out + n, sizeof out - n, "%s ", ev.kind == SL_WALK_END ? ")" : ev.entry.name);
        if (i == at)
            sl_walk_skip(w, number);
    }
    sl_walk_free(w);
    return out;
}

START_TEST(skips)
{
    int top = scratch_make();
    mkdirat(top, "a", 0755);
    mkdirat(top, "a/b", 0755);
    mkdirat(top, "a/c", 0755);
    scratch_file(top, "a/b/x", "", 0);
    scratch_file(top, "a/b/y", "", 0);
    scratch_file(top, "z", "", 0);
    ck_assert_str_eq(skipped(top, 99, 0), " a b x y ) c ) ) z ) ");
    ck_assert_str_eq(skipped(top, 0, 0), " ) ");
    ck_assert_str_eq(skipped(top, 1, 1), " a ) z ) ");
    ck_assert_str_eq(skipped(top, 2, 2), " a b ) c ) ) z ) ");
    ck_assert_str_eq(skipped(top, 3, 2), " a b x ) c ) ) z ) ");
    ck_assert_str_eq(skipped(top, 3, 1), " a b x ) ) z ) ");
    ck_assert_str_eq(skipped(top, 3, 0), " a b x ) ) ) ");
    ck_assert_str_eq(skipped(top, 5, 2), " a b x y ) c ) ) z ) ");
    ck_assert_str_eq(skipped(top, 3, 3), " a b x y ) c ) ) z ) ");
    ck_assert_str_eq(skipped(top, 3, 77), " a b x y ) c ) ) z ) ");
    scratch_remove(top);
}
END_TEST

enum { LONG = 100 };

/* depth directories in each other, with a file "f" beside each next one; the names are 100 bytes. */
static void chain(int top, int depth, const char *name)
{
    int at = dup(top);
    for (int i = 0; i < depth; i++) {
        ck_assert_int_eq(mkdirat(at, name, 0755), 0);
        scratch_file(at, "z", "", 0);
        int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = next;
    }
    close(at);
}

/* Takes a chain apart from below, for its path is too long for anything else. */
static void unchain(int top, int depth, const char *name)
{
    int at = dup(top);
    for (int i = 0; i < depth; i++) {
        int next = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(next, 0);
        close(at);
        at = next;
    }
    for (int i = 0; i < depth; i++) {
        int up = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(at);
        unlinkat(up, "z", 0);
        ck_assert_int_eq(unlinkat(up, name, AT_REMOVEDIR), 0);
        at = up;
    }
    close(at);
}

static void check_deep(int top, int depth)
{
    static struct sl_walk_event ev;
    struct sl_walk *w;
    int entries = 0, ends = 0, files = 0;
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE, NULL, &err), SL_OK);
    while (sl_walk_next(w, &ev) == SL_OK) {
        ck_assert_int_ne(ev.kind, SL_WALK_ERROR);
        files += ev.kind == SL_WALK_ENTRY && ev.entry.type == SL_TYPE_FILE;
        entries += ev.kind == SL_WALK_ENTRY;
        ends += ev.kind == SL_WALK_END;
    }
    sl_walk_free(w);
    ck_assert_int_eq(files, depth);
    ck_assert_int_eq(entries, 2 * depth + 1);
    ck_assert_int_eq(ends, depth + 1);
}

static int count_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

START_TEST(deep)
{
    enum { DEPTH = 5000 };
    char name[LONG + 1];
    int top = scratch_make(), before = count_fds();
    struct rlimit limit, old;
    memset(name, 'd', LONG);
    name[LONG] = '\0';
    chain(top, DEPTH, name);
    check_deep(top, DEPTH);
    getrlimit(RLIMIT_NOFILE, &old);
    static const rlim_t limits[] = { 100, 20 };
    for (size_t i = 0; i < 2; i++) {
        limit = (struct rlimit){ limits[i], old.rlim_max };
        setrlimit(RLIMIT_NOFILE, &limit);
        check_deep(top, DEPTH);
    }
    setrlimit(RLIMIT_NOFILE, &old);
    ck_assert_int_eq(count_fds(), before);
    unchain(top, DEPTH, name);
    scratch_remove(top);
}
END_TEST

/* Walks to the file called name. */
static void walk_to(struct sl_walk *w, struct sl_walk_event *ev, const char *name)
{
    do
        ck_assert_int_eq(sl_walk_next(w, ev), SL_OK);
    while (ev->kind != SL_WALK_ENTRY || strcmp(ev->entry.name, name) != 0);
}

START_TEST(replaced_before_entering)
{
    static struct sl_walk_event ev;
    int top = scratch_make();
    struct sl_walk *w;
    mkdirat(top, "a", 0755);
    mkdirat(top, "secret", 0755);
    scratch_file(top, "secret/s", "", 0);
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE, NULL, &err), SL_OK);
    walk_to(w, &ev, "a");
    ck_assert_int_eq(renameat(top, "a", top, "old"), 0);
    ck_assert_int_eq(symlinkat("secret", top, "a"), 0);
    ck_assert_int_eq(sl_walk_next(w, &ev), SL_OK);
    ck_assert(ev.kind == SL_WALK_ERROR && ev.error.code == SL_E_CHANGED && !*ev.name);
    ck_assert_str_eq(ev.error.text, "directory 'a' was replaced by another");
    ck_assert_int_eq(sl_walk_next(w, &ev), SL_OK);
    ck_assert_int_eq(ev.kind, SL_WALK_END);
    sl_walk_free(w);
    scratch_remove(top);
}
END_TEST

/* The directory that is depth levels down the chain becomes top/to, an empty one takes its place. */
static void move_away(int top, int depth, const char *to)
{
    int at = dup(top);
    for (int i = 1; i < depth; i++) {
        int next = openat(at, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = next;
    }
    ck_assert_int_eq(renameat(at, "d", top, to), 0);
    ck_assert_int_eq(mkdirat(at, "d", 0755), 0);
    close(at);
}

/* What is listed from below a chain of 200 to its end, of which the parts were moved: the number of errors. */
static int errors_on_the_way_up(int top, struct sl_walk *w)
{
    static struct sl_walk_event ev;
    int errors = 0, ends = 0;
    for (int i = 0; i < 200; i++)
        walk_to(w, &ev, "d");
    move_away(top, 51, "moved");
    if (faccessat(top, "twice", F_OK, 0) == 0)
        move_away(top, 31, "moved-too");
    while (sl_walk_next(w, &ev) == SL_OK) {
        errors += ev.kind == SL_WALK_ERROR;
        ends += ev.kind == SL_WALK_END;
        ck_assert(ev.kind != SL_WALK_ERROR || (ev.error.code == SL_E_CHANGED && !*ev.name));
    }
    ck_assert_int_eq(ends, 201);
    return errors;
}

/* ".." of what was moved leads elsewhere, and is not believed: the way down by names is taken, which is as it was. */
START_TEST(moved_while_below)
{
    int top = scratch_make();
    struct sl_walk *w;
    chain(top, 200, "d");
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE, NULL, &err), SL_OK);
    ck_assert_int_eq(errors_on_the_way_up(top, w), 0);
    sl_walk_free(w);
    scratch_remove(top);
}
END_TEST

/* Neither way leads back to levels 50..31: one error stands for the rest of each. */
START_TEST(lost_while_below)
{
    int top = scratch_make();
    struct sl_walk *w;
    chain(top, 200, "d");
    scratch_file(top, "twice", "", 0);
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE, NULL, &err), SL_OK);
    ck_assert_int_eq(errors_on_the_way_up(top, w), 20);
    sl_walk_free(w);
    scratch_remove(top);
}
END_TEST

START_TEST(unreadable_and_vanished)
{
    static struct sl_walk_event ev;
    int top = scratch_make();
    struct sl_walk *w;
    mkdirat(top, "a", 0755);
    mkdirat(top, "b", 0755);
    scratch_file(top, "c", "", 0);
    scratch_file(top, "d", "", 0);
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE, NULL, &err), SL_OK);
    walk_to(w, &ev, "b");
    ck_assert_int_eq(unlinkat(top, "c", 0), 0);
    walk_to(w, &ev, "d");
    sl_walk_free(w);
    if (geteuid() != 0) {
        fchmodat(top, "a", 0, 0);
        ck_assert_str_eq(listed(top, "", SL_WALK_RECURSE), "/ a/ ! ) b/ ) d ) ");
        ck_assert_str_eq(listed(top, "a", SL_WALK_RECURSE), "a/ ! ) ");
        fchmodat(top, "a", 0700, 0);
        scratch_file(top, "a/x", "", 0);
        fchmodat(top, "a", 0400, 0);
        ck_assert_str_eq(listed(top, "a", SL_WALK_RECURSE), "a/ x! ) ");
    }
    scratch_remove(top);
}
END_TEST

START_TEST(many_names)
{
    static struct sl_walk_event ev;
    int top = scratch_make(), n = 0;
    char name[40], last[256] = "";
    struct sl_walk *w;
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%s%u", i % 3 ? "common-prefix-" : "", i * 2654435761u);
        int fd = openat(top, name, O_WRONLY | O_CREAT, 0600);
        close(fd);
    }
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_CHILDREN, NULL, &err), SL_OK);
    while (sl_walk_next(w, &ev) == SL_OK) {
        if (ev.kind != SL_WALK_ENTRY || !*ev.entry.name)
            continue;
        ck_assert_int_lt(strcmp(last, ev.entry.name), 0);
        strcpy(last, ev.entry.name);
        n++;
    }
    sl_walk_free(w);
    ck_assert_int_eq(n, 5000);
    scratch_remove(top);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, order_and_flags);
    tcase_add_test(tc, entries_are_whole);
    tcase_add_test(tc, start_fails);
    tcase_add_test(tc, names_of_one_file);
    tcase_add_test(tc, staged_files_are_hidden);
    tcase_add_test(tc, skips);
    tcase_add_test(tc, deep);
    tcase_add_test(tc, replaced_before_entering);
    tcase_add_test(tc, moved_while_below);
    tcase_add_test(tc, lost_while_below);
    tcase_add_test(tc, unreadable_and_vanished);
    tcase_add_test(tc, many_names);
}

int main(void)
{
    return scratch_run("walk", add);
}

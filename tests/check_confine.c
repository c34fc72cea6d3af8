/* SPDX-License-Identifier: ISC */
/* check_confine - what a confined process can still do, tried in children; helper processes; rates. */
#include "config.h"
#include "base/confine.h"
#include "base/helper.h"
#include "base/io.h"
#include "base/pace.h"
#include "tests/scratch.h"
#include "tree/accounts.h"
#include "tree/meta.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int dir;

static void setup(void)
{
    dir = scratch_make();
    ck_assert_int_eq(mkdirat(dir, "in", 0755), 0);
    ck_assert_int_eq(mkdirat(dir, "out", 0755), 0);
    int in = openat(dir, "in", O_RDONLY), out = openat(dir, "out", O_RDONLY);
    scratch_file(in, "file", "in", 2);
    scratch_file(out, "file", "out", 3);
    close(in);
    close(out);
}

static void teardown(void)
{
    scratch_remove(dir);
}

/* What a child says: 0 well, else the number of the step that went wrong; 100 + N: it was ended by signal N. */
static int in_child(int (*run)(void))
{
    int how = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(run());
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &how, 0), pid);
    return WIFSIGNALED(how) ? 100 + WTERMSIG(how) : WEXITSTATUS(how);
}

static bool enter(uint32_t access, enum sl_confine_profile profile)
{
    struct sl_error err;
    struct sl_confine *c = sl_confine_new();
    int in = openat(dir, "in", O_PATH | O_DIRECTORY);
    bool well = sl_confine_begin(&err) == SL_OK && sl_confine_tree(c, in, access, &err) == SL_OK &&
                sl_confine_enter(c, profile, NULL, NULL, &err) == SL_OK;
    sl_confine_free(c);
    close(in);
    return well;
}

static bool can(const char *path, int flags)
{
    int fd = openat(dir, path, flags, 0644);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static int reads_only(void)
{
    if (!enter(SL_CONFINE_LIST | SL_CONFINE_READ, SL_CONFINE_READER))
        return 1;
    if (!can("in/file", O_RDONLY) || !can("in", O_RDONLY | O_DIRECTORY))
        return 2;
    if (can("out/file", O_RDONLY) || can("out", O_RDONLY | O_DIRECTORY) || can("/etc/passwd", O_RDONLY))
        return 3;
    if (can("in/file", O_WRONLY) || can("in/file", O_RDONLY | O_TRUNC) || can("in/new", O_WRONLY | O_CREAT))
        return 4;
    return unlinkat(dir, "in/file", 0) == 0 || mkdirat(dir, "in/d", 0755) == 0 ? 5 : 0;
}

/* What Landlock does not cover, the filter takes away: these change a file of its owner without opening it. */
static int reader_changes_nothing(void)
{
    struct timespec now[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } };
    if (!enter(SL_CONFINE_LIST | SL_CONFINE_READ, SL_CONFINE_READER))
        return 1;
    if (!sl_confine_abilities().seccomp)
        return 0;
    if (fchmodat(dir, "out/file", 0777, 0) == 0 || fchownat(dir, "out/file", geteuid(), getegid(), 0) == 0)
        return 2;
    return utimensat(dir, "out/file", now, 0) == 0 || renameat(dir, "out/file", dir, "out/other") == 0 ? 3 : 0;
}

static int writes_inside(void)
{
    if (!enter(SL_CONFINE_LIST | SL_CONFINE_READ | SL_CONFINE_WRITE, SL_CONFINE_WRITER))
        return 1;
    if (!can("in/new", O_WRONLY | O_CREAT) || renameat(dir, "in/new", dir, "in/newer") != 0 || mkdirat(dir, "in/d", 0755) != 0)
        return 2;
    if (can("out/new", O_WRONLY | O_CREAT) || can("out/file", O_WRONLY) || renameat(dir, "in/newer", dir, "out/newer") == 0)
        return 3;
    if (linkat(dir, "out/file", dir, "in/link", 0) == 0 || unlinkat(dir, "out/file", 0) == 0)
        return 4;
    /* Removing directories and making devices was not asked for. */
    return unlinkat(dir, "in/d", AT_REMOVEDIR) == 0 || mknodat(dir, "in/fifo", S_IFIFO | 0600, 0) == 0 ? 5 : 0;
}

static int opens_no_socket(void)
{
    return !enter(SL_CONFINE_READ, SL_CONFINE_READER) ? 1 : socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static int forks_nothing(void)
{
    return !enter(SL_CONFINE_READ, SL_CONFINE_READER) ? 1 : fork() >= 0;
}

static int runs_a_program(void)
{
    char *argv[] = { (char *)(uintptr_t)"true", NULL };
    if (!enter(SL_CONFINE_READ, SL_CONFINE_WRITER))
        return 1;
    execv("/bin/true", argv);
    return 2;
}

static int client_runs_a_program(void)
{
    char *argv[] = { (char *)(uintptr_t)"true", NULL };
    if (!enter(SL_CONFINE_READ, SL_CONFINE_CLIENT))
        return 1;
    execv("/bin/true", argv);
    return 2;
}

/* A descriptor from before is not a way out either. */
static int does_not_climb(void)
{
    int in = openat(dir, "in", O_RDONLY | O_DIRECTORY);
    if (!enter(SL_CONFINE_LIST | SL_CONFINE_READ | SL_CONFINE_WRITE, SL_CONFINE_WRITER))
        return 1;
    int fd = openat(in, "../out/file", O_RDONLY);
    if (fd >= 0)
        return 2;
    fd = openat(in, "../../../../../../../../etc/passwd", O_RDONLY);
    return fd >= 0 ? 3 : openat(in, "../new", O_WRONLY | O_CREAT, 0644) >= 0 ? 4 : 0;
}

/* Two pages of one file, of which the first is this process's: as long as it stays that long, the second one is out of reach. */
static int keeps_what_is_pinned(void)
{
    struct sl_error err;
    struct sl_confine_limits l = { 0 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int fd = openat(dir, "in/file", O_RDWR);
    uint8_t *own = ftruncate(fd, (off_t)(2 * page)) == 0 ? mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    uint8_t *other = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    l.pinned = own;
    if (own == MAP_FAILED || other == MAP_FAILED || close(fd) != 0 || sl_confine_enter(NULL, SL_CONFINE_WRITER, &l, NULL, &err) != SL_OK)
        return 1;
    if (mremap(own, page, 2 * page, MREMAP_MAYMOVE) != MAP_FAILED || mremap(own, 0, 2 * page, MREMAP_MAYMOVE) != MAP_FAILED)
        return 2;
    own[0] = 1;
    return mremap(other, page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED ? 3 : 0;
}

START_TEST(confines)
{
    struct sl_confine_abilities have = sl_confine_abilities();
    if (have.landlock < SL_LANDLOCK_MOVES)
        return;
    ck_assert_int_eq(in_child(reads_only), 0);
    ck_assert_int_eq(in_child(reader_changes_nothing), 0);
    ck_assert_int_eq(in_child(writes_inside), 0);
    ck_assert_int_eq(in_child(does_not_climb), 0);
    if (!have.seccomp)
        return;
    ck_assert_int_eq(in_child(opens_no_socket), 0);
    ck_assert_int_eq(in_child(keeps_what_is_pinned), 0);
    ck_assert_int_eq(in_child(forks_nothing), 0);
    ck_assert_int_eq(in_child(runs_a_program), 100 + SIGSYS);
    ck_assert_int_eq(in_child(client_runs_a_program), 100 + SIGSYS);
}
END_TEST

static int limited(void)
{
    struct sl_error err;
    struct sl_confine_limits l = { 1u << 28, 64, 77, NULL };
    struct rlimit r;
    if (sl_confine_enter(NULL, SL_CONFINE_CLIENT, &l, NULL, &err) != SL_OK)
        return 1;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_max != 64)
        return 2;
    if (getrlimit(RLIMIT_CPU, &r) != 0 || r.rlim_max != 77)
        return 3;
    return getrlimit(RLIMIT_CORE, &r) != 0 || r.rlim_max != 0 ? 4 : 0;
}

START_TEST(limits)
{
    ck_assert_int_eq(in_child(limited), 0);
}
END_TEST

/* ---- helper ---- */

static bool doubles(struct sl_helper_message *m)
{
    m->number *= 2;
    m->yes = true;
    return m->kind == 1;
}

START_TEST(helper_answers)
{
    struct sl_helper *h = NULL;
    struct sl_error err;
    ck_assert_int_eq(sl_helper_start(&h, doubles, &err), SL_OK);
    for (uint32_t i = 0; i < 100; i++) {
        struct sl_helper_message m = { .kind = 1, .number = i };
        memset(m.text, 'x', sizeof m.text);          /* not terminated: it is on the way */
        ck_assert(sl_helper_ask(h, &m));
        ck_assert(m.yes && m.number == 2 * i && strlen(m.text) == sizeof m.text - 1);
        struct sl_helper_message told = { .kind = 2 };
        sl_helper_tell(h, &told);
    }
    sl_helper_stop(h);
}
END_TEST

static int knows_names(void)
{
    struct sl_helper *h = NULL;
    struct sl_error err;
    if (sl_helper_start(&h, sl_account_serve, &err) != SL_OK)
        return 1;
    if (!enter(SL_CONFINE_READ, SL_CONFINE_READER))
        return 2;
    struct sl_owners *o = sl_owners_new_asking(sl_account_ask_helper, h);
    const char *root = sl_owners_user(o, 0), *group = sl_owners_group(o, 0);
    if (!root || strcmp(root, "root") != 0 || !group || strcmp(group, "root") != 0)
        return 3;
    if (sl_owners_uid(o, 77777, "root") != 0 || sl_owners_uid(o, 77777, "no such user") != 77777 || sl_owners_user(o, 4000000001u))
        return 4;
    sl_owners_free(o);
    sl_helper_stop(h);
    return 0;
}

/* What needs files and sockets that are out of reach. */
START_TEST(helper_knows_names)
{
    ck_assert_int_eq(in_child(knows_names), 0);
}
END_TEST

/* It must not hold the connection open, nor live on. */
START_TEST(helper_ends_with_its_owner)
{
    struct sl_helper *h = NULL;
    struct sl_error err;
    int p[2];
    char c;
    ck_assert_int_eq(pipe(p), 0);
    ck_assert_int_eq(sl_helper_start(&h, doubles, &err), SL_OK);
    close(p[1]);
    ck_assert_int_eq(read(p[0], &c, 1), 0);
    close(p[0]);
    sl_helper_stop(h);
    int how = 0;
    ck_assert_int_gt(wait(&how), 0);
    ck_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}
END_TEST

START_TEST(helper_that_is_gone)
{
    struct sl_helper *h = NULL;
    struct sl_error err;
    struct sl_helper_message m = { .kind = 1 };
    ck_assert_int_eq(sl_helper_start(&h, doubles, &err), SL_OK);
    char command[80];
    snprintf(command, sizeof command, "kill -9 $(pgrep -P %ld -x check_confine) 2>/dev/null", (long)getpid());
    ck_assert_int_ge(system(command), 0);
    int how = 0;
    ck_assert_int_gt(wait(&how), 0);
    ck_assert(!sl_helper_ask(h, &m));
    sl_helper_tell(h, &m);
    sl_helper_stop(h);
}
END_TEST

/* ---- rates ---- */

START_TEST(keeps_a_rate)
{
    struct sl_pace p = { 0 };
    uint64_t now = UINT64_C(5000000000), start = now, moved = 0, rate = 100000;
    while (now < start + UINT64_C(10000000000)) {
        uint64_t wait = sl_pace_wait(&p, rate, now);
        now += wait;
        size_t n = sl_pace_piece(rate);
        sl_pace_moved(&p, rate, n, now);
        moved += n;
        ck_assert_uint_le(wait, 1000000000);
        now += 1000;
    }
    ck_assert_uint_ge(moved, 990000);
    ck_assert_uint_le(moved, 1030000);
    ck_assert_uint_eq(sl_pace_wait(&p, 0, now), 0);
    /* A pause is not saved up. */
    now += UINT64_C(60000000000);
    moved = 0;
    while (sl_pace_wait(&p, rate, now) == 0) {
        sl_pace_moved(&p, rate, 2000, now);
        moved += 2000;
    }
    ck_assert_uint_le(moved, 14000);
}
END_TEST

START_TEST(moves_in_pieces)
{
    ck_assert_uint_eq(sl_pace_piece(0), 1024 * 1024);
    ck_assert_uint_eq(sl_pace_piece(1), 1024);
    ck_assert_uint_eq(sl_pace_piece(5000000), 100000);
    ck_assert_uint_eq(sl_pace_piece(UINT64_MAX), 1024 * 1024);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, confines);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, helper_answers);
    tcase_add_test(tc, helper_knows_names);
    tcase_add_test(tc, helper_ends_with_its_owner);
    tcase_add_test(tc, helper_that_is_gone);
    tcase_add_test(tc, keeps_a_rate);
    tcase_add_test(tc, moves_in_pieces);
}

int main(void)
{
    return scratch_run("confine", add);
}

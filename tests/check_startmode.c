/* SPDX-License-Identifier: ISC */
/* check_startmode - the table of ways to be started, and what it is made of on real descriptors. */
#include "config.h"
#include "subsystem/startmode.h"
#include "tests/scratch.h"

#include <netinet/in.h>
#include <sys/socket.h>

START_TEST(decides)
{
    static const struct { struct sl_start_facts f; enum sl_start want; } table[] = {
        { { .fd0 = SL_FD_TERMINAL }, SL_START_USAGE },
        { { .fd0 = SL_FD_NULL }, SL_START_USAGE },
        { { .fd0 = SL_FD_NONE }, SL_START_USAGE },
        { { .fd0 = SL_FD_PIPE }, SL_START_STDIO },
        { { .fd0 = SL_FD_UNIX }, SL_START_STDIO },
        { { .fd0 = SL_FD_OTHER }, SL_START_STDIO },
        { { .fd0 = SL_FD_INET }, SL_START_INETD },
        { { .fd0 = SL_FD_INET_LISTENING }, SL_START_LISTENING },
        { { .fd0 = SL_FD_NULL, .listen_fds = 1 }, SL_START_ACTIVATED },
        { { .fd0 = SL_FD_TERMINAL, .daemon = true }, SL_START_DAEMON },
        { { .fd0 = SL_FD_PIPE, .daemon = true }, SL_START_DAEMON },
        { { .fd0 = SL_FD_NULL, .daemon = true, .listen_fds = 2 }, SL_START_ACTIVATED },
        { { .fd0 = SL_FD_TERMINAL, .stdio = true }, SL_START_STDIO },
        { { .fd0 = SL_FD_INET, .stdio = true }, SL_START_STDIO },
        { { .fd0 = SL_FD_INET, .inetd = true }, SL_START_INETD },
        { { .fd0 = SL_FD_INET_LISTENING, .inetd = true }, SL_START_LISTENING },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        ck_assert_msg(sl_start_decide(&table[i].f) == table[i].want, "row %zu", i);
}
END_TEST

START_TEST(looks_at_descriptors)
{
    int p[2], u[2];
    struct sockaddr_in any = { .sin_family = AF_INET };
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(pipe(p), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, u), 0);
    int l = socket(AF_INET, SOCK_STREAM, 0), null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);
    ck_assert_int_eq(bind(l, (struct sockaddr *)&any, sizeof any), 0);
    ck_assert_int_eq(sl_start_look(l), SL_FD_INET);
    ck_assert_int_eq(listen(l, 1), 0);
    ck_assert_int_eq(sl_start_look(l), SL_FD_INET_LISTENING);
    ck_assert_int_eq(sl_start_look(p[0]), SL_FD_PIPE);
    ck_assert_int_eq(sl_start_look(u[0]), SL_FD_UNIX);
    ck_assert_int_eq(sl_start_look(null), SL_FD_NULL);
    ck_assert_int_eq(sl_start_look(zero), SL_FD_OTHER);
    ck_assert_int_eq(sl_start_look(999), SL_FD_NONE);
    close(p[0]);
    close(p[1]);
    close(u[0]);
    close(u[1]);
    close(l);
    close(null);
    close(zero);
}
END_TEST

START_TEST(reads_the_environment)
{
    struct sl_start_facts f = { 0 };
    char pid[20];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_PID", "1", 1);
    sl_start_gather(&f);
    ck_assert_int_eq(f.listen_fds, getpid() == 1 ? 2 : 0);
    setenv("LISTEN_PID", pid, 1);
    sl_start_gather(&f);
    ck_assert_int_eq(f.listen_fds, 2);
    setenv("LISTEN_FDS", "2x", 1);
    sl_start_gather(&f);
    ck_assert_int_eq(f.listen_fds, 0);
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, decides);
    tcase_add_test(tc, looks_at_descriptors);
    tcase_add_test(tc, reads_the_environment);
}

int main(void)
{
    return scratch_run("startmode", add);
}

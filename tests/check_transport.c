/* SPDX-License-Identifier: ISC */
/* check_transport - the words of -e, the argv of ssh, real small programs and real TCP, and why a program ended. */
#include "config.h"
#include "client/transport.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/ssh_ciphers.h"
#include "client/ssh_question.h"
#include "client/ssh_settings.h"
#include "client/ssh_socket.h"
#include "client/ssh_words.h"
#include "client/transport_priv.h"

#include "tests/scratch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static struct sl_error err;

/* ---- words and argv ---- */

static const char *joined(char **argv)
{
    static char text[1024];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; argv[i]; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s[%s]", i ? " " : "", argv[i]);
    return text;
}

START_TEST(an_option_goes_in_front)
{
    char **argv = sl_malloc(3 * sizeof *argv);
    argv[0] = sl_strdup("ssh");
    argv[1] = sl_strdup("host");
    argv[2] = NULL;
    argv = sl_ssh_argv_option(argv, "Ciphers", "a,b");
    ck_assert_str_eq(argv[0], "ssh");
    ck_assert_str_eq(argv[1], "-o");
    ck_assert_str_eq(argv[2], "Ciphers=a,b");
    ck_assert_str_eq(argv[3], "host");
    ck_assert_ptr_null(argv[4]);
    sl_argv_free(argv);
}
END_TEST

START_TEST(fast_ciphers_come_first)
{
    char *list = sl_ssh_ciphers_fast_first("chacha20-poly1305@openssh.com,aes128-ctr,aes256-gcm@openssh.com,aes128-gcm@openssh.com");
    ck_assert(strcmp(list, "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr") == 0 ||
              strncmp(list, "chacha20", 8) == 0);         /* a processor without instructions for AES */
    ck_assert_uint_eq(strlen(list), strlen("chacha20-poly1305@openssh.com,aes128-ctr,aes256-gcm@openssh.com,aes128-gcm@openssh.com"));
    free(list);
    list = sl_ssh_ciphers_fast_first("aes256-ctr");
    ck_assert_str_eq(list, "aes256-ctr");
    free(list);
    list = sl_ssh_ciphers_instead("user me\nciphers "
        "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com\n");
    ck_assert(!list || strncmp(list, "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,", 76) == 0);
    free(list);
    ck_assert_ptr_null(sl_ssh_ciphers_instead("ciphers chacha20-poly1305@openssh.com,aes128-gcm@openssh.com\n"));
    ck_assert_ptr_null(sl_ssh_ciphers_instead("user me\n"));
    ck_assert_ptr_null(sl_ssh_ciphers_instead(NULL));
}
END_TEST

START_TEST(splits_words)
{
    static const char *const cases[][2] = {
        { "ssh", "[ssh]" },
        { "  ssh\t-p  22 \n", "[ssh] [-p] [22]" },
        { "'a b' \"c d\" e\\ f", "[a b] [c d] [e f]" },
        { "x\"y z\"'w'v", "[xy zwv]" },
        { "s '' \"\"", "[s] [] []" },
        { "s '\\' \"\\\\\\\"\\n\"", "[s] [\\] [\\\"\\n]" },
        { "s $HOME `x` *;|&", "[s] [$HOME] [`x`] [*;|&]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char **argv = NULL;
        ck_assert_int_eq(sl_rsh_words(cases[i][0], &argv, &err), SL_OK);
        ck_assert_str_eq(joined(argv), cases[i][1]);
        sl_argv_free(argv);
    }
    static const char *const wrong[] = { "", "  ", "a 'b", "a \"b", "a\\", "a \"b\\", "''", "'' x" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char **argv = NULL;
        ck_assert_int_eq(sl_rsh_words(wrong[i], &argv, &err), SL_E_CONFIG);
        ck_assert_ptr_null(argv);
    }
}
END_TEST

static struct sl_options options(const char *rsh)
{
    return (struct sl_options){ .rsh = rsh, .subsystem = "superlifter" };
}

static void argv_is(const char *address, const struct sl_options *o, enum sl_transport_way way, const char *want,
                    bool want_sub)
{
    struct sl_address a;
    char **argv = NULL;
    bool sub = !want_sub;
    ck_assert_int_eq(sl_address_parse(&a, address, &err), SL_OK);
    ck_assert_msg(sl_ssh_argv(&a, o, way, &argv, &sub, &err) == SL_OK, "%s", err.text);
    ck_assert_str_eq(joined(argv), want);
    ck_assert_int_eq(sub, want_sub);
    sl_argv_free(argv);
    sl_address_clear(&a);
}

#define ALWAYS "[-a] [-x] [-T] [-o] [ClearAllForwardings=yes]"

START_TEST(builds_argv)
{
    struct sl_options o = options(NULL);
    argv_is("h:p", &o, SL_WAY_SUBSYSTEM, "[ssh] " ALWAYS " [-s] [--] [h] [superlifter]", true);
    argv_is("h:p", &o, SL_WAY_COMMAND, "[ssh] " ALWAYS " [--] [h] [superlifter-server]", false);
    argv_is("ssh://u@[::1]:2222/p", &o, SL_WAY_SUBSYSTEM,
            "[ssh] " ALWAYS " [-p] [2222] [-l] [u] [-s] [--] [::1] [superlifter]", true);
    o.subsystem = "other";
    o.address_family = AF_INET6;
    o.contimeout_s = 7;
    argv_is("h:p", &o, SL_WAY_SUBSYSTEM, "[ssh] " ALWAYS " [-6] [-o] [ConnectTimeout=7] [-s] [--] [h] [other]", true);
    o = options("/opt/bin/ssh -F 'my file'");
    o.port = 873;
    argv_is("u@h:p", &o, SL_WAY_SUBSYSTEM,
            "[/opt/bin/ssh] " ALWAYS " [-l] [u] [-F] [my file] [-s] [--] [h] [superlifter]", true);
    o.remote_path = "sudo superlifter-server";
    argv_is("h:p", &o, SL_WAY_SUBSYSTEM, "[/opt/bin/ssh] " ALWAYS " [-F] [my file] [--] [h] [sudo superlifter-server]",
            false);
    o = options("rsh -n");
    argv_is("u@h:p", &o, SL_WAY_SUBSYSTEM, "[rsh] [-n] [-l] [u] [h] [superlifter-server]", false);
    o.remote_path = "/x/srv";
    argv_is("h:p", &o, SL_WAY_SUBSYSTEM, "[rsh] [-n] [h] [/x/srv]", false);
}
END_TEST

START_TEST(refuses_port_for_others)
{
    struct sl_options o = options("rsh");
    struct sl_address a;
    char **argv = NULL;
    bool sub;
    ck_assert_int_eq(sl_address_parse(&a, "ssh://h:22/", &err), SL_OK);
    ck_assert_int_eq(sl_ssh_argv(&a, &o, SL_WAY_COMMAND, &argv, &sub, &err), SL_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "port"));
    sl_address_clear(&a);
}
END_TEST

static void lane_argv_is(const char *address, const struct sl_options *o, enum sl_transport_way way, const char *want)
{
    struct sl_address a;
    char **argv = NULL;
    ck_assert_int_eq(sl_address_parse(&a, address, &err), SL_OK);
    ck_assert_int_eq(sl_ssh_lane_argv(&a, o, way, "/t/50%/s", &argv, &err), SL_OK);
    ck_assert_str_eq(joined(argv), want);
    sl_argv_free(argv);
    sl_address_clear(&a);
}

#define NO_LOGIN "[-o] [ControlMaster=no] [-o] [ProxyCommand=false] [-o] [BatchMode=yes] [-o] [LogLevel=ERROR] [-S] [/t/50%%/s] "

START_TEST(builds_argv_of_lanes)
{
    struct sl_options o = options(NULL);
    lane_argv_is("u@h:p", &o, SL_WAY_SUBSYSTEM, "[ssh] " NO_LOGIN ALWAYS " [-l] [u] [-s] [--] [h] [superlifter]");
    lane_argv_is("h:p", &o, SL_WAY_COMMAND, "[ssh] " NO_LOGIN ALWAYS " [--] [h] [superlifter-server]");
    o = options("ssh -4qJ jump -p22 -M -S /x -oControlMaster=auto -F 'my file'");
    lane_argv_is("h:p", &o, SL_WAY_SUBSYSTEM,
                 "[ssh] " NO_LOGIN ALWAYS " [-4] [-p] [22] [-o] [ControlMaster=auto] [-F] [my file] [-s] [--] [h] [superlifter]");
    o.remote_path = "/x/srv";
    lane_argv_is("h:p", &o, SL_WAY_SUBSYSTEM,
                 "[ssh] " NO_LOGIN ALWAYS " [-4] [-p] [22] [-o] [ControlMaster=auto] [-F] [my file] [--] [h] [/x/srv]");
}
END_TEST

START_TEST(makes_a_master)
{
    char **argv = sl_malloc(3 * sizeof *argv);
    argv[0] = sl_strdup("ssh");
    argv[1] = sl_strdup("-oControlPersist=yes");
    argv[2] = NULL;
    argv = sl_ssh_argv_master(argv, "/t/s");
    ck_assert_str_eq(joined(argv), "[ssh] [-o] [ControlMaster=yes] [-o] [ControlPersist=no] [-S] [/t/s] [-oControlPersist=yes]");
    sl_argv_free(argv);
}
END_TEST

static bool words_share(const char *command)
{
    char **words = NULL;
    ck_assert_int_eq(sl_rsh_words(command, &words, &err), SL_OK);
    bool share = sl_ssh_words_share(words + 1);
    sl_argv_free(words);
    return share;
}

START_TEST(reads_words_as_ssh_does)
{
    static const char *const yes[] = { "ssh -M", "ssh -4M", "ssh -S x", "ssh -Sx", "ssh -p 22 -S x", "ssh -O check", "ssh -o ControlMaster=no",
                                       "ssh -oControlMaster=auto", "ssh -4o 'controlmaster auto'", "ssh -o ' ControlMaster\tyes'",
                                       "ssh -F x -o A=b -o CONTROLMASTER=no" };
    static const char *const no[] = { "ssh", "ssh -p 22", "ssh -o ControlPath=x", "ssh -o ControlMasters=x", "ssh -F -M", "ssh -lM",
                                      "ssh -i S", "ssh -- -M", "ssh x -M", "ssh -", "ssh -o", "ssh -o A=ControlMaster=x" };
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        ck_assert_msg(words_share(yes[i]), "%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        ck_assert_msg(!words_share(no[i]), "%s", no[i]);
}
END_TEST

/* ---- programs ---- */

static struct sl_transport t;
static struct sl_address addr;
static int top = -1;

/* A script of this name in a fresh directory; the result is good as an -e command. */
static const char *script(const char *name, const char *body)
{
    static char command[400];
    char text[2000];
    int n = snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
    if (top < 0)
        top = scratch_make();
    scratch_file(top, name, text, (size_t)n);
    ck_assert_int_eq(fchmodat(top, name, 0755, 0), 0);
    snprintf(command, sizeof command, "'%s/%s'", scratch_path, name);
    return command;
}

static enum sl_code open_with(const char *address, const char *rsh, enum sl_transport_way way)
{
    struct sl_options o = options(rsh);
    ck_assert_int_eq(sl_address_parse(&addr, address, &err), SL_OK);
    return sl_transport_open(&t, &addr, &o, way, &err);
}

static int done(unsigned grace_ms)
{
    int status = sl_transport_close(&t, grace_ms);
    ck_assert_int_eq(t.fd, -1);
    ck_assert_int_eq(t.stderr_fd, -1);
    ck_assert_int_eq(t.pid, 0);
    sl_address_clear(&addr);
    if (top >= 0)
        scratch_remove(top);
    top = -1;
    return status;
}

/* Reads until the end or n bytes. */
static size_t read_some(int fd, char *out, size_t n)
{
    size_t have = 0, got = 0;
    while (have < n) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        enum sl_code rc = sl_io_read(fd, out + have, n - have, &got);
        if (rc == SL_AGAIN)
            continue;
        if (rc != SL_OK)
            break;
        have += got;
    }
    return have;
}

START_TEST(moves_bytes)
{
    static char out[300000], in[300000];
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (char)(i * 31 + i / 256);
    ck_assert_int_eq(open_with("h:p", script("echoes", "exec cat"), SL_WAY_SUBSYSTEM), SL_OK);
    ck_assert_int_eq(t.subsystem, false);
    ck_assert_int_ge(fcntl(t.fd, F_GETFL), 0);
    ck_assert(fcntl(t.fd, F_GETFL) & O_NONBLOCK);
    ck_assert(fcntl(t.fd, F_GETFD) & FD_CLOEXEC);
    ck_assert(fcntl(t.stderr_fd, F_GETFD) & FD_CLOEXEC);
    size_t sent = 0, have = 0;
    while (have < sizeof in) {
        size_t put = 0, got = 0;
        struct pollfd p[] = { { .fd = t.fd, .events = POLLIN }, { .fd = sent < sizeof out ? t.out_fd : -1, .events = POLLOUT } };
        ck_assert_int_eq(poll(p, 2, 10000) > 0, 1);
        if (sent < sizeof out && sl_io_write(t.out_fd, out + sent, sizeof out - sent, &put) == SL_OK)
            sent += put;
        if (sl_io_read(t.fd, in + have, sizeof in - have, &got) == SL_OK)
            have += got;
    }
    ck_assert_mem_eq(in, out, sizeof out);
    int status = done(5000);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(passes_arguments)
{
    char text[200] = "";
    ck_assert_int_eq(open_with("u@h:p", script("shows", "printf '<%s>' \"$@\""), SL_WAY_COMMAND), SL_OK);
    text[read_some(t.fd, text, sizeof text - 1)] = '\0';
    ck_assert_str_eq(text, "<-l><u><h><superlifter-server>");
    done(5000);
}
END_TEST

START_TEST(tells_missing_program)
{
    int status = 0;
    ck_assert_int_eq(open_with("h:p", "/nonexistent/ssh", SL_WAY_SUBSYSTEM), SL_E_CONNECT);
    ck_assert_str_eq(err.text, "cannot run '/nonexistent/ssh': No such file or directory");
    ck_assert_int_eq(waitpid(-1, &status, WNOHANG), -1);
    done(0);
}
END_TEST

START_TEST(resets_signals)
{
    char text[100] = "";
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_DFL);             /* an ignored one is a nohup, and stays */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ck_assert_int_eq(open_with("h:p", script("masks", /* The last 7 digits are signals 1 to 28; what libc keeps for itself can't be reset. */
                                           "grep -E '^Sig(Blk|Ign)' /proc/self/status | sed 's/:.*\\(.......\\)$/:\\1/' | tr -d '0\\n'"),
                               SL_WAY_COMMAND),
                     SL_OK);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGTERM, SIG_DFL);
    text[read_some(t.fd, text, sizeof text - 1)] = '\0';
    if (*text)
        ck_assert_str_eq(text, "SigBlk:SigIgn:");
    done(5000);
}
END_TEST

START_TEST(leaks_no_descriptor)
{
    char text[400] = "";
    ck_assert_int_eq(open_with("h:p",
                               script("lists", "for i in 3 4 5 6 7 8 9; do "
                                               "( : <&$i ) 2>/dev/null && printf \"$i \"; done; printf end"),
                               SL_WAY_COMMAND),
                     SL_OK);
    text[read_some(t.fd, text, sizeof text - 1)] = '\0';
    ck_assert_ptr_nonnull(strstr(text, "end"));
    /* What the test was started with may be open as well; none of the pairs made here may. */
    struct sl_transport u = t;
    char digit[8];
    snprintf(digit, sizeof digit, "%d ", u.fd);
    ck_assert_ptr_null(strstr(text, digit));
    done(5000);
}
END_TEST

START_TEST(ends_stubborn_program)
{
    uint64_t start = sl_now_ms();
    char byte;
    ck_assert_int_eq(
        open_with("h:p", script("stubborn", "trap '' TERM; printf x; while :; do sleep 0.1; done"), SL_WAY_COMMAND),
        SL_OK);
    ck_assert_uint_eq(read_some(t.fd, &byte, 1), 1);
    int status = done(50);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_uint_lt(sl_now_ms() - start, 8000);
}
END_TEST

/* ---- standard error ---- */

static char said[70000];

static void sink(const char *line)
{
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%s|", line);
}

static void drain(void)
{
    for (enum sl_code rc = SL_OK; rc != SL_EOF;) {
        struct pollfd p = { .fd = t.stderr_fd, .events = POLLIN };
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
        rc = sl_transport_stderr(&t, sink);
    }
}

START_TEST(keeps_words)
{
    said[0] = '\0';
    ck_assert_int_eq(open_with("h:p", script("talks", "printf 'one\\r\\ntw\\033o\\nrest' >&2"), SL_WAY_COMMAND), SL_OK);
    drain();
    ck_assert_str_eq(said, "");
    ck_assert_uint_eq(sl_buf_len(&t.words), 14);
    ck_assert_int_eq(sl_transport_stderr(&t, sink), SL_EOF);
    t.relay = true;
    sl_transport_stderr(&t, sink);
    ck_assert_str_eq(said, "one|tw\\#033o|rest|");
    ck_assert_uint_eq(sl_buf_len(&t.words), 0);
    done(5000);
}
END_TEST

START_TEST(bounds_words)
{
    said[0] = '\0';
    const char *rsh = script("floods", "head -c 100000 /dev/zero | tr '\\0' x >&2; echo last >&2");
    ck_assert_int_eq(open_with("h:p", rsh, SL_WAY_COMMAND), SL_OK);
    drain();
    ck_assert_uint_eq(sl_buf_len(&t.words), SL_WORDS_MAX);
    ck_assert_mem_eq(sl_buf_ptr(&t.words) + SL_WORDS_MAX - 5, "last\n", 5);
    done(5000);
}
END_TEST

START_TEST(relays_lines)
{
    said[0] = '\0';
    ck_assert_int_eq(
        open_with("h:p", script("talks", "printf 'a' >&2; sleep 0.1; printf 'b\\nc\\n' >&2"), SL_WAY_COMMAND), SL_OK);
    t.relay = true;
    drain();
    ck_assert_str_eq(said, "ab|c|");
    done(5000);
}
END_TEST

/* ---- autopsy ---- */

struct death {
    const char *name, *body;
    enum sl_transport_way way;
    enum sl_code code;
    int exit_status;
    const char *says;
};

static const struct death deaths[] = {
    { "ssh", "echo 'ssh: Could not resolve hostname h: Name or service not known' >&2; exit 255", SL_WAY_SUBSYSTEM,
      SL_E_CONNECT, 10, "no such host" },
    { "ssh", "echo 'ssh: connect to host h port 22: Connection refused' >&2; exit 255", SL_WAY_SUBSYSTEM, SL_E_CONNECT,
      10, "nothing listens" },
    { "ssh", "echo 'ssh: connect to host h port 22: No route to host' >&2; exit 255", SL_WAY_SUBSYSTEM, SL_E_CONNECT,
      10, "not reached" },
    { "ssh", "echo 'ssh: connect to host h port 22: Connection timed out' >&2; exit 255", SL_WAY_SUBSYSTEM,
      SL_E_CONNECT, 10, "timed out" },
    { "ssh", "echo 'u@h: Permission denied (publickey).' >&2; exit 255", SL_WAY_SUBSYSTEM, SL_E_DENIED, 5, "log in" },
    { "ssh",
      "echo '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @' >&2; echo 'Host key verification failed.' >&2; exit "
      "255",
      SL_WAY_SUBSYSTEM, SL_E_DENIED, 5, "not the one known" },
    { "ssh", "echo 'Host key verification failed.' >&2; exit 255", SL_WAY_SUBSYSTEM, SL_E_DENIED, 5, "accept it" },
    { "ssh", "echo 'subsystem request failed on channel 0' >&2; exit 255", SL_WAY_SUBSYSTEM, SL_E_UNSUPPORTED, 5,
      "subsystem is refused" },
    { "ssh", "echo 'sh: 1: superlifter-server: not found' >&2; exit 127", SL_WAY_COMMAND, SL_E_NOT_FOUND, 5,
      "--remote-path" },
    { "ssh", "echo 'bash: superlifter-server: Permission denied' >&2; exit 126", SL_WAY_COMMAND, SL_E_DENIED, 5,
      "cannot be executed" },
    { "ssh", "echo 'This account is currently not available.' >&2; exit 1", SL_WAY_COMMAND, SL_E_DENIED, 5,
      "may not run" },
    { "ssh", "echo 'kex_exchange_identification: read: Connection reset by peer' >&2; exit 255", SL_WAY_COMMAND,
      SL_E_CLOSED, 12, "ended the connection" },
    { "ssh", "echo 'something new' >&2; echo >&2; exit 255", SL_WAY_COMMAND, SL_E_CONNECT, 10,
      "ssh failed (something new)" },
    { "other", "printf 'a\\nsuperlifter-server: bad \\033[1m option\\n' >&2; exit 1", SL_WAY_COMMAND, SL_E_CLOSED, 12,
      "(superlifter-server: bad \\#033[1m option)" },
    { "other", "exit 0", SL_WAY_COMMAND, SL_E_CLOSED, 12, "before a server answered" },
    { "other", "kill -9 $$", SL_WAY_COMMAND, SL_E_CLOSED, 12, "signal 9" },
    { "other", "exec 1>&- 0<&-; sleep 30", SL_WAY_COMMAND, SL_E_CLOSED, 12, "before a server answered" },
};

START_TEST(finds_cause)
{
    const struct death *d = &deaths[_i];
    int exit_status = -1;
    char byte;
    ck_assert_msg(open_with("host7:p", script(d->name, d->body), d->way) == SL_OK, "%s", err.text);
    ck_assert_uint_eq(read_some(t.fd, &byte, 1), 0);
    ck_assert_int_eq(sl_transport_autopsy(&t, &addr, &err, &exit_status), d->code);
    ck_assert_int_eq(err.code, d->code);
    ck_assert_int_eq(exit_status, d->exit_status);
    ck_assert_msg(strstr(err.text, d->says) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, "'host7'") != NULL && !strchr(err.text, '\n'), "%s", err.text);
    done(10);
}
END_TEST

START_TEST(tells_contimeout)
{
    struct sl_options o =
        options(script("ssh", "echo 'ssh: connect to host h port 22: Connection timed out' >&2; exit 255"));
    int exit_status = -1;
    o.contimeout_s = 1;
    ck_assert_int_eq(sl_address_parse(&addr, "h:", &err), SL_OK);
    ck_assert_int_eq(sl_transport_open(&t, &addr, &o, SL_WAY_SUBSYSTEM, &err), SL_OK);
    ck_assert_int_eq(sl_transport_autopsy(&t, &addr, &err, &exit_status), SL_E_TIMEOUT);
    ck_assert_int_eq(exit_status, 35);
    done(1000);
}
END_TEST

/* ---- TCP ---- */

/* A socket on the loopback; *port gets its number. */
static int listener(int backlog, int *port)
{
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof sin;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
    if (backlog >= 0)
        ck_assert_int_eq(listen(fd, backlog), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
    *port = ntohs(sin.sin_port);
    return fd;
}

static enum sl_code open_port(int port, int option_port, int contimeout_s)
{
    char text[80];
    struct sl_options o = options(NULL);
    o.contimeout_s = contimeout_s;
    o.port = option_port;
    if (port)
        snprintf(text, sizeof text, "superlifter://127.0.0.1:%d/m/", port);
    else
        snprintf(text, sizeof text, "superlifter://127.0.0.1/m/");
    ck_assert_int_eq(sl_address_parse(&addr, text, &err), SL_OK);
    return sl_transport_open(&t, &addr, &o, SL_WAY_SUBSYSTEM, &err);
}

START_TEST(connects)
{
    int port = 0, on = 0, fd = listener(4, &port);
    socklen_t len = sizeof on;
    char byte = 0;
    ck_assert_msg(open_port(_i ? 0 : port, _i ? port : 1, 5) == SL_OK, "%s", err.text);
    ck_assert_int_eq(t.pid, 0);
    ck_assert_int_eq(t.stderr_fd, -1);
    ck_assert_int_eq(sl_transport_stderr(&t, NULL), SL_EOF);
    ck_assert(fcntl(t.fd, F_GETFL) & O_NONBLOCK);
    ck_assert_int_eq(getsockopt(t.fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    ck_assert_int_ne(on, 0);
    int peer = accept(fd, NULL, NULL);
    ck_assert_int_eq(write(peer, "x", 1), 1);
    ck_assert_uint_eq(read_some(t.fd, &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
    close(peer);
    close(fd);
    ck_assert_int_eq(done(0), 0);
}
END_TEST

START_TEST(tells_refused)
{
    char want[100];
    int port = 0, fd = listener(-1, &port);
    ck_assert_int_eq(open_port(port, 0, _i), SL_E_CONNECT);
    snprintf(want, sizeof want, "cannot connect to '127.0.0.1:%d': Connection refused", port);
    ck_assert_str_eq(err.text, want);
    close(fd);
    done(0);
}
END_TEST

/* A listener whose queue is full drops what comes: the connect hangs. */
START_TEST(tells_timeout)
{
    int port = 0, fd = listener(0, &port), fill[8];
    struct sockaddr_in sin = { .sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                               .sin_port = htons((uint16_t)port) };
    for (size_t i = 0; i < sizeof fill / sizeof fill[0]; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fill[i], (struct sockaddr *)&sin, sizeof sin);
    }
    uint64_t start = sl_now_ms();
    ck_assert_int_eq(open_port(port, 0, 1), SL_E_TIMEOUT);
    ck_assert_uint_ge(sl_now_ms() - start, 900);
    ck_assert_ptr_nonnull(strstr(err.text, "--contimeout"));
    for (size_t i = 0; i < sizeof fill / sizeof fill[0]; i++)
        close(fill[i]);
    close(fd);
    done(0);
}
END_TEST

START_TEST(tells_unknown_host)
{
    struct sl_options o = options(NULL);
    ck_assert_int_eq(sl_address_parse(&addr, "superlifter://no-such-host.invalid/m", &err), SL_OK);
    ck_assert_int_eq(sl_transport_open(&t, &addr, &o, SL_WAY_SUBSYSTEM, &err), SL_E_CONNECT);
    ck_assert_ptr_nonnull(strstr(err.text, "'no-such-host.invalid:8730'"));
    done(0);
}
END_TEST

/* ---- one more of the same kind ---- */

/* Waits for the next answer. */
static enum sl_code next_lane(struct sl_transport_lane *lane)
{
    enum sl_code rc;
    while ((rc = sl_transport_more_ready(&t, lane, &err)) == SL_AGAIN) {
        struct pollfd p = { .fd = t.control_fd, .events = POLLIN };
        ck_assert_int_eq(poll(&p, 1, 10000), 1);
    }
    return rc;
}

static void close_lane(struct sl_transport_lane *lane)
{
    if (lane->out_fd != lane->fd)
        close(lane->out_fd);
    close(lane->fd);
    if (lane->stderr_fd >= 0)
        close(lane->stderr_fd);
}

START_TEST(opens_more_programs)
{
    enum { LANES = 3 };
    struct sl_options o = options(script("echoes", "echo said >&2; exec cat"));
    struct sl_transport_lane lane;
    char text[16] = "";
    uint32_t id = 0, seen = 0;
    ck_assert_int_eq(sl_address_parse(&addr, "h:p", &err), SL_OK);
    ck_assert_int_eq(sl_transport_open(&t, &addr, &o, SL_WAY_SUBSYSTEM, &err), SL_OK);
    ck_assert_int_eq(sl_transport_more(&t, &id, &err), SL_E_UNSUPPORTED);
    ck_assert_int_eq(sl_transport_prepare(&t, &addr, &o, &err), SL_OK);
    ck_assert_int_eq(sl_transport_prepare(&t, &addr, &o, &err), SL_OK);
    ck_assert_int_eq(sl_transport_more_ready(&t, &lane, &err), SL_AGAIN);
    for (int i = 0; i < LANES; i++) {
        ck_assert_int_eq(sl_transport_more(&t, &id, &err), SL_OK);
        ck_assert_uint_eq(id, (uint32_t)i + 1);
    }
    for (int i = 0; i < LANES; i++) {
        ck_assert_msg(next_lane(&lane) == SL_OK, "%s", err.text);
        ck_assert(!(seen & 1u << lane.id));
        seen |= 1u << lane.id;
        ck_assert(fcntl(lane.fd, F_GETFL) & O_NONBLOCK);
        ck_assert(fcntl(lane.fd, F_GETFD) & FD_CLOEXEC);
        ck_assert_int_eq(write(lane.out_fd, "abc", 3), 3);
        ck_assert_uint_eq(read_some(lane.fd, text, 3), 3);
        ck_assert_mem_eq(text, "abc", 3);
        ck_assert_uint_eq(read_some(lane.stderr_fd, text, 5), 5);
        ck_assert_mem_eq(text, "said\n", 5);
        close_lane(&lane);
    }
    ck_assert_uint_eq(seen, 0xe);
    done(5000);
}
END_TEST

START_TEST(tells_refused_lane)
{
    struct sl_options o = options(script("echoes", "exec cat"));
    struct sl_transport_lane lane;
    uint32_t id = 0;
    ck_assert_int_eq(sl_address_parse(&addr, "h:p", &err), SL_OK);
    ck_assert_int_eq(sl_transport_open(&t, &addr, &o, SL_WAY_SUBSYSTEM, &err), SL_OK);
    ck_assert_int_eq(unlinkat(top, "echoes", 0), 0);
    ck_assert_int_eq(sl_transport_prepare(&t, &addr, &o, &err), SL_OK);
    ck_assert_int_eq(sl_transport_more(&t, &id, &err), SL_OK);
    ck_assert_int_eq(next_lane(&lane), SL_E_CONNECT);
    ck_assert_uint_eq(lane.id, id);
    ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
    done(5000);
    ck_assert_int_eq(sl_transport_more(&t, &id, &err), SL_E_UNSUPPORTED);
    ck_assert_int_eq(sl_transport_more_ready(&t, &lane, &err), SL_E_CLOSED);
}
END_TEST

START_TEST(opens_more_connections)
{
    int port = 0, fd = listener(4, &port), peers[2];
    struct sl_options o = options(NULL);
    struct sl_transport_lane lane;
    uint32_t id = 0;
    char byte = 0;
    ck_assert_msg(open_port(port, 0, 5) == SL_OK, "%s", err.text);
    ck_assert_int_eq(sl_transport_prepare(&t, &addr, &o, &err), SL_OK);
    ck_assert_int_eq(sl_transport_more(&t, &id, &err), SL_OK);
    ck_assert_msg(next_lane(&lane) == SL_OK, "%s", err.text);
    ck_assert_int_eq(lane.fd, lane.out_fd);
    ck_assert_int_eq(lane.stderr_fd, -1);
    for (int i = 0; i < 2; i++)
        peers[i] = accept(fd, NULL, NULL);
    ck_assert_int_eq(write(peers[1], "x", 1), 1);
    ck_assert_uint_eq(read_some(lane.fd, &byte, 1), 1);
    close_lane(&lane);
    ck_assert_uint_eq((size_t)read(peers[1], &byte, 1), 0);
    close(fd);
    ck_assert_int_eq(sl_transport_more(&t, &id, &err), SL_OK);
    ck_assert_int_eq(next_lane(&lane), SL_E_CONNECT);
    for (int i = 0; i < 2; i++)
        close(peers[i]);
    done(0);
}
END_TEST

/* ---- what ssh -G says ---- */

static const char plain_words[] = "host h\nport 22\nciphers a,b\nproxyusefdpass no\nidentityfile ~/.ssh/id_rsa\ncertificatefile none\n";

static bool reads(struct sl_ssh_settings *s, const char *words, char *why, size_t size)
{
    why[0] = '\0';
    sl_ssh_settings_init(s);
    return sl_ssh_settings_read(s, words, plain_words, why, size);
}

START_TEST(reads_settings)
{
    struct sl_ssh_settings s;
    char why[240];
    ck_assert(reads(&s, "host h\nhostname real\nuser u\nport 2222\nciphers a,b\nproxyusefdpass no\nbatchmode yes\n"
                        "identityfile ~/my key\nidentityfile none\nstricthostkeychecking accept-new\n"
                        "userknownhostsfile /a  /b\nconnecttimeout none\nserveraliveinterval 5\nforwardagent yes\n",
                    why, sizeof why));
    ck_assert_str_eq(s.hostname, "real");
    ck_assert_str_eq(s.user, "u");
    ck_assert_int_eq(s.port, 2222);
    ck_assert(s.batch);
    ck_assert_uint_eq(s.identities.len, 1);
    ck_assert_str_eq(s.identities.at[0], "~/my key");
    ck_assert_uint_eq(s.known_user.len, 2);
    ck_assert_int_eq(s.strict, SL_STRICT_NEW);
    ck_assert_int_eq(s.connect_timeout_s, 0);
    ck_assert_int_eq(s.alive_interval_s, 5);
    ck_assert_uint_eq(s.named, 0);
    sl_ssh_settings_clear(&s);
    ck_assert(reads(&s, "ciphers b,a\n", why, sizeof why));
    ck_assert_uint_eq(s.named, SL_NAMED_CIPHERS);
    sl_ssh_settings_clear(&s);
}
END_TEST

START_TEST(leaves_to_program)
{
    static const char *const cases[][2] = {
        { "certificatefile /x\n", "CertificateFile /x" }, { "proxyjump j\n", "ProxyJump j" }, { "hostkeyalias a\n", "HostKeyAlias" },
        { "newkeyword on\n", "newkeyword on: it is not known here" }, { "port 0\n", "Port 0" }, { "port 65536\n", "Port 65536" },
        { "batchmode maybe\n", "BatchMode maybe" }, { "controlmaster auto\n", "ControlMaster" },
        { "pubkeyauthentication host-bound\n", "PubkeyAuthentication" }, { "proxyusefdpass yes\n", "ProxyUseFdpass" },
        { "setenv A=B\n", "SetEnv" }, { "connecttimeout 9999999999\n", "ConnectTimeout" }, { "verifyhostkeydns yes\n", "VerifyHostKeyDNS" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sl_ssh_settings s;
        char why[240];
        ck_assert_msg(!reads(&s, cases[i][0], why, sizeof why), "%s", cases[i][0]);
        ck_assert_msg(strstr(why, cases[i][1]) != NULL, "%s", why);
        sl_ssh_settings_clear(&s);
    }
}
END_TEST

START_TEST(completes_paths)
{
    struct sl_ssh_settings s;
    sl_ssh_settings_init(&s);
    s.hostname = strdup("H");
    s.user = strdup("U");
    static const char *const cases[][2] = { { "/a/%h-%r-%p-%%", "/a/H-U-22-%" }, { "/plain", "/plain" }, { "rel", "rel" }, { "", "" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = sl_ssh_settings_path(&s, cases[i][0]);
        ck_assert_str_eq(path, cases[i][1]);
        free(path);
    }
    char *home = sl_ssh_settings_path(&s, "~/x"), *same = sl_ssh_settings_path(&s, "%d/x");
    ck_assert_str_eq(home, same);
    ck_assert_int_eq(*home, '/');
    free(home);
    free(same);
    static const char *const not[] = { "~other/x", "/a/%C", "/a/%", "${HOME}/x", "/%n" };
    for (size_t i = 0; i < sizeof not / sizeof not[0]; i++)
        ck_assert_ptr_null(sl_ssh_settings_path(&s, not[i]));
    sl_ssh_settings_clear(&s);
}
END_TEST

START_TEST(finds_a_setting)
{
    static const char answer[] = "host h\ncontrolpath /a b/c\ncontrolpersist no\ncompression yes\n";
    char value[12];
    sl_ssh_setting(answer, "controlpath", value, sizeof value);
    ck_assert_str_eq(value, "/a b/c");
    sl_ssh_setting(answer, "compression", value, sizeof value);
    ck_assert_str_eq(value, "yes");
    sl_ssh_setting(answer, "control", value, sizeof value);
    ck_assert_str_eq(value, "");
    sl_ssh_setting(answer, "host", value, sizeof value);
    ck_assert_str_eq(value, "h");
    sl_ssh_setting("a 12345678901\nb 123456789012\n", "a", value, sizeof value);
    ck_assert_str_eq(value, "12345678901");
    sl_ssh_setting("a 12345678901\nb 123456789012\n", "b", value, sizeof value);
    ck_assert_str_eq(value, "");
    sl_ssh_setting("", "b", value, sizeof value);
    ck_assert_str_eq(value, "");
}
END_TEST

/* An ssh by its name alone, which notes each run and answers. */
static const char *noting_ssh(const char *answer)
{
    char body[1000];
    if (top < 0)
        top = scratch_make();
    unlinkat(top, "runs", 0);
    snprintf(body, sizeof body, "echo run >> '%s/runs'\n%s", scratch_path, answer);
    return script("ssh", body);
}

static int runs(void)
{
    struct stat st;
    return fstatat(top, "runs", &st, 0) == 0 ? (int)(st.st_size / 4) : 0;
}

static struct sl_ssh_question question;

static void ask_about(const char *rsh)
{
    static struct sl_options o;
    o = options(rsh);
    sl_ssh_question_init(&question, &addr, &o);
}

START_TEST(asks_once)
{
    ck_assert_int_eq(sl_address_parse(&addr, "h:", &err), SL_OK);
    ask_about(noting_ssh("echo compression yes; echo controlpath /x"));
    sl_ssh_ask(&question);
    ck_assert(sl_ssh_compresses(&question));
    ck_assert_str_eq(sl_ssh_said(&question, 1), "compression yes\ncontrolpath /x\n");
    ck_assert_int_eq(runs(), 1);
    sl_ssh_question_clear(&question);
    sl_address_clear(&addr);
    scratch_remove(top);
    top = -1;
}
END_TEST

START_TEST(tells_no_answer)
{
    ck_assert_int_eq(sl_address_parse(&addr, "h:", &err), SL_OK);
    ask_about(noting_ssh("echo compression yes; echo no such keyword >&2; exit 255"));
    ck_assert_ptr_null(sl_ssh_said(&question, 5000));
    ck_assert_str_eq(question.why, "ssh -G failed (no such keyword)");
    ck_assert(!sl_ssh_compresses(&question));
    ck_assert_int_eq(runs(), 1);
    sl_ssh_question_clear(&question);
    ask_about(noting_ssh("exec sleep 60"));
    ck_assert_ptr_null(sl_ssh_said(&question, 50));
    ck_assert_str_eq(question.why, "ssh -G did not end");
    sl_ssh_question_clear(&question);
    ask_about("/none/ssh");
    ck_assert_ptr_null(sl_ssh_said(&question, 5000));
    ck_assert_ptr_nonnull(strstr(question.why, "no ssh program"));
    ask_about("rsh -x");
    ck_assert_ptr_null(sl_ssh_said(&question, 5000));
    ck_assert_str_eq(question.why, "the program is not OpenSSH's");
    sl_address_clear(&addr);
    scratch_remove(top);
    top = -1;
}
END_TEST

START_TEST(knows_a_live_socket)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    char path[SL_SSH_SOCKET_MAX], longer[SL_SSH_SOCKET_MAX + 2];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    top = scratch_make();
    snprintf(path, sizeof path, "%.90s/socket", scratch_path);
    memcpy(at.sun_path, path, sizeof path);
    ck_assert(!sl_ssh_socket_lives(""));
    ck_assert(!sl_ssh_socket_lives(path));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert(!sl_ssh_socket_lives(path));
    ck_assert_int_eq(listen(fd, 0), 0);
    for (int i = 0; i < 4; i++)          /* also with its queue full */
        ck_assert(sl_ssh_socket_lives(path));
    close(fd);
    ck_assert(!sl_ssh_socket_lives(path));
    for (size_t n = SL_SSH_SOCKET_MAX - 1; n <= SL_SSH_SOCKET_MAX + 1; n++) {
        memset(longer, 'x', n);
        longer[n] = '\0';
        ck_assert(!sl_ssh_socket_lives(longer));
    }
    scratch_remove(top);
    top = -1;
}
END_TEST

static void put(const char *dir, const char *file)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.200s/%s", dir, file);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static bool has(const char *dir, const char *file)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.200s/%s", dir, file);
    return access(path, F_OK) == 0;
}

START_TEST(removes_its_socket_only)
{
    char path[SL_SSH_SOCKET_MAX], dir[SL_SSH_SOCKET_MAX], moved[SL_SSH_SOCKET_MAX + 8];
    top = scratch_make();
    setenv("XDG_RUNTIME_DIR", scratch_path, 1);
    ck_assert_int_eq(sl_ssh_socket_make(path, &err), SL_OK);
    snprintf(dir, sizeof dir, "%.*s", (int)(strlen(path) - 2), path);
    put(dir, "s");
    put(dir, "s.abcdefghijklmnop");
    sl_ssh_socket_remove(path);
    ck_assert(access(dir, F_OK) != 0);

    /* A link stands there now. */
    snprintf(moved, sizeof moved, "%s.moved", dir);
    ck_assert_int_eq(mkdir(moved, 0700), 0);
    put(moved, "s");
    ck_assert_int_eq(symlink(moved, dir), 0);
    sl_ssh_socket_remove(path);
    ck_assert(has(moved, "s"));
    ck_assert_int_eq(unlink(dir), 0);

    /* Other names. */
    ck_assert_int_eq(rename(moved, dir), 0);
    put(dir, "sx");
    put(dir, "t");
    sl_ssh_socket_remove(path);
    ck_assert(!has(dir, "s") && has(dir, "sx") && has(dir, "t"));

    /* Somebody else's. */
    put(dir, "s");
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(dir, 65534, 65534), 0);
        sl_ssh_socket_remove(path);
        ck_assert(has(dir, "s"));
    }
    unsetenv("XDG_RUNTIME_DIR");
    scratch_remove(top);
    top = -1;
}
END_TEST

/* doc/ssh-config.md has the table of the code: each keyword once, and no other. */
START_TEST(documents_keywords)
{
    const char *srcdir = getenv("srcdir");
    char path[512], line[1024], want[1024];
    snprintf(path, sizeof path, "%s/doc/ssh-config.md", srcdir ? srcdir : ".");
    FILE *f = fopen(path, "r");
    size_t at = 0;
    bool inside = false;
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f)) {
        bool row = line[0] == '|' && line[1] == ' ';
        if (inside && row) {
            ck_assert_uint_lt(at, sl_ssh_keyword_count);
            const struct sl_ssh_keyword *k = &sl_ssh_keywords[at++];
            snprintf(want, sizeof want, "| %s | %s | %s |\n", k->name, sl_ssh_how_word(k->how), k->text);
            ck_assert_str_eq(line, want);
        }
        inside |= strncmp(line, "| Keyword |", 11) == 0;
    }
    fclose(f);
    ck_assert_uint_eq(at, sl_ssh_keyword_count);
    ck_assert_uint_gt(at, 90);
}
END_TEST

static const struct {
    const char *words;
    enum sl_code code;
    const char *text;
} lane_deaths[] = {
    { "mux_client_request_session: session request failed: Session open refused by peer\r\nControlSocket /x already exists\r\n", SL_E_LIMIT,
      "'h': its ssh server refuses a channel (mux_client_request_session: session request failed: Session open refused by peer)" },
    { "first\nmux_client_request_session: session request failed: No mux\n", SL_E_LIMIT, "takes no further channel (mux_client" },
    { "Master refused session request: Permission denied\n", SL_E_DENIED, "refuses a channel (Master" },
    { "Connection closed by UNKNOWN port 65535\n", SL_E_CLOSED, "the shared connection has ended" },
    { "subsystem request failed on channel 3\n", SL_E_UNSUPPORTED, "the subsystem is refused there" },
    { "", SL_E_CLOSED, "'h': the connection ended before a server answered" },
    { "one\n\x1b[1mtwo\n\n", SL_E_CLOSED, "a server answered (\\#033[1mtwo)" },
};

START_TEST(tells_why_a_lane_ended)
{
    struct sl_transport lane = { .fd = -1, .out_fd = -1, .control_fd = -1 };
    int words[2];
    ck_assert_int_eq(sl_address_parse(&addr, "h:", &err), SL_OK);
    ck_assert_int_eq(pipe(words), 0);
    ck_assert_int_eq(write(words[1], lane_deaths[_i].words, strlen(lane_deaths[_i].words)), (ssize_t)strlen(lane_deaths[_i].words));
    close(words[1]);
    sl_io_nonblock(words[0]);
    lane.stderr_fd = words[0];
    ck_assert_int_eq(sl_transport_lane_autopsy(&lane, &addr, &err), lane_deaths[_i].code);
    ck_assert_int_eq(err.code, lane_deaths[_i].code);
    ck_assert_msg(strstr(err.text, lane_deaths[_i].text) != NULL, "%s", err.text);
    ck_assert_int_eq(lane.stderr_fd, -1);
    sl_transport_close(&lane, 0);
    sl_address_clear(&addr);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, an_option_goes_in_front);
    tcase_add_test(tc, fast_ciphers_come_first);
    tcase_add_test(tc, opens_more_programs);
    tcase_add_test(tc, tells_refused_lane);
    tcase_add_test(tc, opens_more_connections);
    tcase_add_test(tc, reads_settings);
    tcase_add_test(tc, leaves_to_program);
    tcase_add_test(tc, completes_paths);
    tcase_add_test(tc, documents_keywords);
    tcase_add_test(tc, builds_argv_of_lanes);
    tcase_add_test(tc, makes_a_master);
    tcase_add_test(tc, reads_words_as_ssh_does);
    tcase_add_test(tc, finds_a_setting);
    tcase_add_loop_test(tc, tells_why_a_lane_ended, 0, (int)(sizeof lane_deaths / sizeof lane_deaths[0]));
    tcase_add_test(tc, asks_once);
    tcase_add_test(tc, tells_no_answer);
    tcase_add_test(tc, knows_a_live_socket);
    tcase_add_test(tc, removes_its_socket_only);
    tcase_add_test(tc, splits_words);
    tcase_add_test(tc, builds_argv);
    tcase_add_test(tc, refuses_port_for_others);
    tcase_add_test(tc, moves_bytes);
    tcase_add_test(tc, passes_arguments);
    tcase_add_test(tc, tells_missing_program);
    tcase_add_test(tc, resets_signals);
    tcase_add_test(tc, leaks_no_descriptor);
    tcase_add_test(tc, ends_stubborn_program);
    tcase_add_test(tc, keeps_words);
    tcase_add_test(tc, bounds_words);
    tcase_add_test(tc, relays_lines);
    tcase_add_loop_test(tc, finds_cause, 0, (int)(sizeof deaths / sizeof deaths[0]));
    tcase_add_test(tc, tells_contimeout);
    tcase_add_loop_test(tc, connects, 0, 2);
    tcase_add_loop_test(tc, tells_refused, 0, 2);
    tcase_add_test(tc, tells_timeout);
    tcase_add_test(tc, tells_unknown_host);
}

int main(void)
{
    return scratch_run("transport", add);
}

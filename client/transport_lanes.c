/* SPDX-License-Identifier: ISC */
/*
 * transport_lanes - one more connection of the same kind. Over libssh the process with the session opens it; for the ssh program and
 * TCP there is a broker, forked before this process is confined, which forks once more for every request: a connection
 * that takes its time holds up nobody. A private master's socket is the broker's as well: it lives as long as the client does,
 * even one that is killed, and learns of its end by the control socket.
 */
#include "config.h"
#include "client/transport.h"
#include "base/io.h"
#include "client/lane.h"
#include "client/ssh_socket.h"
#include "client/transport_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTROL = 3 };

struct broker {
    const struct sl_address *address;
    const struct sl_options *options;
    enum sl_transport_way way;
    struct sl_ssh_shared shared;
};

static enum sl_code open_one(const struct broker *b, struct sl_transport *t, struct sl_error *err)
{
    char **argv = NULL;
    if (b->address->kind == SL_ADDR_TCP)
        return sl_transport_tcp(t, b->address, b->options, err);
    enum sl_code rc = b->shared.how == SL_SHARING_UNKNOWN
                          ? sl_ssh_argv(b->address, b->options, b->way, &argv, &t->subsystem, err)
                          : sl_ssh_lane_argv(b->address, b->options, b->way, b->shared.socket, &argv, err);
    if (rc == SL_OK)
        rc = sl_transport_spawn(t, argv, err);
    sl_argv_free(argv);
    return rc;
}

/* In a process of its own: one connection, and where it is a program, its end. */
static void serve_one(const struct broker *b, uint32_t id)
{
    struct sl_transport t = { .fd = -1, .out_fd = -1, .stderr_fd = -1, .control_fd = -1 };
    struct sl_error err = { 0 };
    struct sl_lane_answer a = { .id = id };
    signal(SIGCHLD, SIG_DFL);
    a.code = (int32_t)open_one(b, &t, &err);
    a.exit_status = sl_transport_exit((enum sl_code)a.code);
    snprintf(a.text, sizeof a.text, "%s", err.text);
    int fds[] = { t.fd, t.out_fd, t.stderr_fd };
    a.fds = a.code != SL_OK ? 0 : t.pid ? 3 : 1;
    sl_lane_answer(CONTROL, &a, fds);
    for (size_t i = 0; i < a.fds; i++)
        close(fds[i]);
    close(CONTROL);
    while (t.pid && waitpid(t.pid, NULL, 0) < 0 && errno == EINTR)
        ;
    _exit(0);
}

static void pass_over(int signo)
{
    (void)signo;
}

/* What ends the client reaches this process as well, by its name, or from a terminal. It ends when the client did, and not before: who
 * else would remove the socket? Handlers are gone in the programs that it runs; what the user had ignored stays ignored. With a
 * socket it also leaves the client's process group, which somebody may kill as a whole; the channels of a master ask nobody on the
 * terminal, which goes with that. */
static void outlive_signals(bool has_socket)
{
    if (has_socket)
        setsid();
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    sl_spawn_signals();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct sigaction sa = { .sa_handler = pass_over, .sa_flags = SA_RESTART }, old;
        sigemptyset(&sa.sa_mask);
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(ends[i], &sa, NULL);
    }
}

/* Only the control socket stays. Somebody may wait for the end of what the client writes. */
static void keep_control(int control)
{
    int high = fcntl(control, F_DUPFD_CLOEXEC, 10), nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; nothing >= 0 && fd < CONTROL; fd++)
        dup2(nothing, fd);
    if (high < 0 || dup2(high, CONTROL) != CONTROL)
        _exit(255);
    fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
    sl_io_close_from(CONTROL + 1);
}

/* For a private master: answers request 0 by where its socket is to be. */
static void make_socket(struct broker *b)
{
    struct sl_error err = { 0 };
    struct sl_lane_answer a = { .id = 0 };
    a.code = (int32_t)sl_ssh_socket_make(b->shared.socket, &err);
    snprintf(a.text, sizeof a.text, "%s", a.code == SL_OK ? b->shared.socket : err.text);
    sl_lane_answer(CONTROL, &a, NULL);
    if (a.code != SL_OK)
        _exit(0);
}

static void be_broker(struct broker *b, int control)
{
    struct sl_lane_request r;
    outlive_signals(b->shared.how == SL_SHARING_OWN);
    keep_control(control);
    if (b->shared.how == SL_SHARING_OWN)
        make_socket(b);
    while (sl_lane_asked(CONTROL, &r, SL_LANE_WAIT)) {
        pid_t pid = fork();
        if (pid == 0)
            serve_one(b, r.id);
        struct sl_lane_answer a = { .id = r.id, .code = SL_E_LIMIT, .exit_status = SL_EXIT_UNREACHABLE };
        if (pid < 0) {
            snprintf(a.text, sizeof a.text, "cannot start a process for a connection: %s", strerror(errno));
            sl_lane_answer(CONTROL, &a, NULL);
        }
    }
    if (b->shared.how == SL_SHARING_OWN)
        sl_ssh_socket_remove(b->shared.socket);
    _exit(0);
}

static enum sl_code start_broker(struct sl_transport *t, struct broker *b, struct sl_error *err)
{
    int control[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
        return sl_fail_errno(err, errno, "cannot make a socket to the process that opens connections");
    t->broker = fork();
    if (t->broker == 0)
        be_broker(b, control[1]);
    int why = errno;
    sl_io_close(&control[1]);
    if (t->broker < 0) {
        t->broker = 0;
        sl_io_close(&control[0]);
        return sl_fail_errno(err, why, "cannot start the process that opens connections");
    }
    t->control_fd = control[0];
    return SL_OK;
}

void sl_transport_end_broker(struct sl_transport *t)
{
    sl_io_close(&t->control_fd);
    while (t->broker && waitpid(t->broker, NULL, 0) < 0 && errno == EINTR)
        ;
    t->broker = 0;
}

/* Where the socket of a private master is to be, says the process that will remove it. */
static enum sl_code learn_socket(struct sl_transport *t, struct sl_error *err)
{
    struct sl_lane_answer a;
    int fds[SL_LANE_FDS];
    if (!sl_lane_answered(t->control_fd, &a, fds, SL_LANE_WAIT))
        return sl_fail(err, SL_E_CLOSED, "the process that opens connections does not answer");
    if (a.code != SL_OK)
        return sl_fail(err, (enum sl_code)a.code, "%s", a.text);
    snprintf(t->shared.socket, sizeof t->shared.socket, "%.*s", (int)sizeof t->shared.socket - 1, a.text);
    return SL_OK;
}

void sl_transport_share(struct sl_transport *t, struct sl_ssh_question *q, enum sl_transport_way way)
{
    struct sl_error err;
    sl_ssh_share(&t->shared, q);
    struct broker b = { .address = q->address, .options = q->options, .way = way, .shared = t->shared };
    if (t->shared.how != SL_SHARING_OWN || (start_broker(t, &b, &err) == SL_OK && learn_socket(t, &err) == SL_OK))
        return;
    sl_transport_end_broker(t);
    t->shared.how = SL_SHARING_NONE;
    snprintf(t->shared.why, sizeof t->shared.why, "one connection only: %.160s", err.text);
}

enum sl_code sl_transport_prepare(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o, struct sl_error *err)
{
    struct broker b = { .address = a, .options = o, .way = t->subsystem ? SL_WAY_SUBSYSTEM : SL_WAY_COMMAND, .shared = t->shared };
    return t->control_fd >= 0 || t->shared.how == SL_SHARING_NONE ? SL_OK : start_broker(t, &b, err);
}

enum sl_code sl_transport_more(struct sl_transport *t, uint32_t *id, struct sl_error *err)
{
    if (t->control_fd < 0)
        return sl_fail(err, SL_E_UNSUPPORTED, "%s", *t->shared.why ? t->shared.why : "this connection can have no other beside it");
    if (!sl_lane_ask(t->control_fd, t->lanes + 1))
        return sl_fail(err, SL_E_CLOSED, "nobody opens connections any more");
    *id = ++t->lanes;
    return SL_OK;
}

enum sl_code sl_transport_more_ready(struct sl_transport *t, struct sl_transport_lane *lane, struct sl_error *err)
{
    struct sl_lane_answer a;
    int fds[SL_LANE_FDS];
    if (t->control_fd < 0 || !sl_lane_answered(t->control_fd, &a, fds, SL_LANE_NO_WAIT)) {
        if (t->control_fd >= 0 && (errno == EAGAIN || errno == EINTR))
            return SL_AGAIN;
        return sl_fail(err, SL_E_CLOSED, "nobody opens connections any more");
    }
    *lane = (struct sl_transport_lane){ .id = a.id, .fd = fds[0], .out_fd = a.fds > 1 ? fds[1] : fds[0], .stderr_fd = fds[2] };
    return a.code == SL_OK ? SL_OK : sl_fail(err, (enum sl_code)a.code, "%s", a.text);
}

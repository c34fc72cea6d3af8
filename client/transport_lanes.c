/* SPDX-License-Identifier: ISC */
/*
 * transport_lanes - one more connection of the same kind. Over libssh the process with the session opens it; for the ssh program and
 * TCP there is a broker, forked before this process is confined, which forks once more for every request: a connection
 * that takes its time holds up nobody.
 */
#include "config.h"
#include "client/transport.h"
#include "base/io.h"
#include "client/lane.h"
#include "client/transport_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { CONTROL = 3 };

struct broker {
    const struct sl_address *address;
    const struct sl_options *options;
    enum sl_transport_way way;
};

static enum sl_code open_one(const struct broker *b, struct sl_transport *t, struct sl_error *err)
{
    char **argv = NULL;
    if (b->address->kind == SL_ADDR_TCP)
        return sl_transport_tcp(t, b->address, b->options, err);
    enum sl_code rc = sl_ssh_argv(b->address, b->options, b->way, &argv, &t->subsystem, err);
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

static void be_broker(const struct broker *b, int control)
{
    struct sl_lane_request r;
    sl_spawn_signals();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    if (dup2(control, CONTROL) != CONTROL)
        _exit(255);
    fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
    syscall(SYS_close_range, CONTROL + 1, ~0u, 0);
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
    _exit(0);
}

enum sl_code sl_transport_prepare(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o, struct sl_error *err)
{
    struct broker b = { .address = a, .options = o, .way = t->subsystem ? SL_WAY_SUBSYSTEM : SL_WAY_COMMAND };
    int control[2];
    if (t->control_fd >= 0)
        return SL_OK;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
        return sl_fail_errno(err, errno, "cannot make a socket to the process that opens connections");
    t->broker = fork();
    if (t->broker == 0)
        be_broker(&b, control[1]);
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

enum sl_code sl_transport_more(struct sl_transport *t, uint32_t *id, struct sl_error *err)
{
    if (t->control_fd < 0)
        return sl_fail(err, SL_E_UNSUPPORTED, "this connection can have no other beside it");
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

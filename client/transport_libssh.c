/* SPDX-License-Identifier: ISC */
/*
 * transport_libssh - forks the process that has the SSH session, and asks it for channels. It is not confined with this one, and
 * has nothing of this one's but the control socket and a pipe for its words.
 */
#include "config.h"
#include "client/transport_libssh.h"
#include "base/io.h"
#include "client/lane.h"
#include "client/transport_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef HAVE_LIBSSH
bool sl_libssh_built(void)
{
    return true;
}
#else
bool sl_libssh_built(void)
{
    return false;
}

bool sl_libssh_can(const struct sl_ssh_settings *s, char *why, size_t size)
{
    (void)s;
    snprintf(why, size, "this build has no libssh");
    return false;
}

bool sl_libssh_prefers_alike(const struct sl_ssh_settings *s, char *why, size_t size)
{
    return sl_libssh_can(s, why, size);
}

int sl_libssh_serve(const struct sl_libssh_job *job)
{
    (void)job;
    return 255;
}
#endif

enum { CONTROL = 3 };

/* In the child. Standard input and output are nobody's: what libssh or a program that it runs might print goes nowhere. */
static void be_session(const struct sl_libssh_job *job, int control, int words)
{
    struct sl_libssh_job own = *job;
    int high = fcntl(control, F_DUPFD, 10), said = fcntl(words, F_DUPFD, 10), nothing = open("/dev/null", O_RDWR);
    sl_spawn_signals();
    signal(SIGPIPE, SIG_IGN);
    if (high < 0 || said < 0 || nothing < 0 || dup2(nothing, 0) != 0 || dup2(nothing, 1) != 1 || dup2(said, 2) != 2 ||
        dup2(high, CONTROL) != CONTROL)
        _exit(255);
    fcntl(CONTROL, F_SETFD, FD_CLOEXEC);
    sl_io_close_from(CONTROL + 1);
    own.control_fd = CONTROL;
    setvbuf(stderr, NULL, _IOLBF, 0);
    _exit(sl_libssh_serve(&own));
}

static enum sl_code start(struct sl_transport *t, const struct sl_libssh_job *job, struct sl_error *err)
{
    int control[2], words[2] = { -1, -1 };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
        return sl_fail_errno(err, errno, "cannot make a socket to the transport");
    if (pipe2(words, O_CLOEXEC) != 0 || (t->pid = fork()) < 0) {
        sl_fail_errno(err, errno, "cannot start the transport");
        int *all[] = { &control[0], &control[1], &words[0], &words[1] };
        for (size_t i = 0; i < 4; i++)
            sl_io_close(all[i]);
        t->pid = 0;
        return SL_E_CONNECT;
    }
    if (t->pid == 0)
        be_session(job, control[1], words[1]);
    sl_io_close(&control[1]);
    sl_io_close(&words[1]);
    sl_io_nonblock(words[0]);
    t->control_fd = control[0];
    t->stderr_fd = words[0];
    return SL_OK;
}

static void show(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

/* Until the first channel is there. Its words are shown as they come: somebody may be asked something meanwhile. */
static enum sl_code await_first(struct sl_transport *t, const struct sl_libssh_job *job, struct sl_lane_answer *a, struct sl_error *err)
{
    const struct sl_options *o = job->options;
    uint64_t end = o->timeout_s ? sl_now_ms() + (uint64_t)o->timeout_s * 1000 : 0, now = 0;
    int fds[SL_LANE_FDS];
    t->relay = true;
    for (;;) {
        struct pollfd p[] = { { .fd = t->control_fd, .events = POLLIN }, { .fd = t->stderr_fd, .events = POLLIN } };
        if (end && (now = sl_now_ms()) >= end) {
            t->failed_exit = SL_EXIT_SILENT;
            return sl_fail(err, SL_E_TIMEOUT, "'%s' did not answer within %d seconds", job->address->host, o->timeout_s);
        }
        if (poll(p, 2, end ? (int)(end - now) : -1) < 0)
            return sl_fail(err, SL_E_CLOSED, "'%s': interrupted while connecting", job->address->host);
        if (p[1].revents)
            sl_transport_stderr(t, show);
        if (p[0].revents && sl_lane_answered(t->control_fd, a, fds, SL_LANE_NO_WAIT))
            break;
        if (p[0].revents && errno != EAGAIN) {
            t->failed_exit = SL_EXIT_BROKEN;
            return sl_fail(err, SL_E_CLOSED, "'%s': the process for the connection died", job->address->host);
        }
    }
    sl_transport_stderr(t, show);
    t->relay = false;
    if (a->code != SL_OK) {
        t->failed_exit = a->exit_status;
        sl_fail(err, (enum sl_code)a->code, "%s", a->text);
        err->lasting = a->lasting;
        return err->code;
    }
    t->fd = t->out_fd = fds[0];
    return SL_OK;
}

enum sl_code sl_transport_libssh(struct sl_transport *t, const struct sl_libssh_job *job, bool *left, struct sl_error *err)
{
    struct sl_lane_answer a = { .code = SL_OK };
    enum sl_code rc = start(t, job, err);
    *left = false;
    if (rc == SL_OK)
        rc = await_first(t, job, &a, err);
    *left = rc != SL_OK && a.unknown_host;
    t->fell_back = a.fell_back;
    return rc;
}

/* SPDX-License-Identifier: ISC */
/* capture - see capture.h: ssh -G, ssh -O check, ssh-keygen and SSH_ASKPASS are run by it. */
#include "config.h"
#include "client/capture.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { OUTPUT_MAX = 1024 * 1024, READ_MAX = 16384 };

/* A program wants its signals as they are from the start; what the user had ignored (nohup) stays ignored. */
static void usual_signals(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    struct sigaction hup;
    sigemptyset(&none);
    sigfillset(&all);
    if (sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler == SIG_IGN)
        sigdelset(&all, SIGHUP);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

enum sl_code sl_capture_start(struct sl_capture *c, char *const *argv, enum sl_capture_errors errors, struct sl_error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int ends[2];
    *c = (struct sl_capture){ .fd = -1 };
    if (pipe2(ends, O_CLOEXEC) != 0)
        return sl_fail_errno(err, errno, "cannot make a pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    usual_signals(&attributes);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    if (errors == SL_CAPTURE_ERRORS_TOO)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    int why = posix_spawnp(&c->pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    sl_io_close(&ends[1]);
    if (why != 0) {
        c->pid = 0;
        sl_io_close(&ends[0]);
        return sl_fail_errno(err, why, "cannot run '%s'", argv[0]);
    }
    c->fd = ends[0];
    sl_io_nonblock(c->fd);
    return SL_OK;
}

/* One wait and one read. SL_EOF at the end of what it writes. */
static enum sl_code take(struct sl_capture *c, uint64_t end, struct sl_buf *out)
{
    char data[READ_MAX];
    size_t got = 0;
    uint64_t now = sl_now_ms();
    struct pollfd p = { .fd = c->fd, .events = POLLIN };
    if (end && now >= end)
        return SL_E_TIMEOUT;
    poll(&p, 1, end ? (int)(end - now) : -1);
    enum sl_code rc = sl_io_read(c->fd, data, sizeof data, &got);
    if (rc == SL_OK && sl_buf_len(out) + got <= OUTPUT_MAX)
        sl_buf_add(out, data, got);
    return rc;
}

enum sl_code sl_capture_end(struct sl_capture *c, unsigned timeout_ms, struct sl_buf *out, int *exit_status)
{
    uint64_t end = timeout_ms ? sl_now_ms() + timeout_ms : 0;
    enum sl_code rc;
    int status = 0;
    do
        rc = take(c, end, out);
    while (rc == SL_OK || rc == SL_AGAIN);
    if (rc == SL_E_TIMEOUT)
        kill(c->pid, SIGKILL);
    sl_io_close(&c->fd);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    c->pid = 0;
    *exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return rc == SL_E_TIMEOUT ? rc : SL_OK;
}

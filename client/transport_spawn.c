/* SPDX-License-Identifier: ISC */
/*
 * transport_spawn - a program on two socketpairs, one each way: a pipe holds 64 KiB at most and a socket more. A program that cannot
 * be executed is told from one that failed by a pipe that closes on exec.
 */
#include "config.h"
#include "client/transport_priv.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOCKET_BYTES = 1024 * 1024 };

struct ends {
    int in[2], out[2], words[2], failure[2]; /* [0] is this process's; in: from the program, out: to it */
};

static void close_ends(struct ends *e)
{
    int *all[] = { &e->in[0], &e->in[1], &e->out[0], &e->out[1], &e->words[0], &e->words[1], &e->failure[0], &e->failure[1] };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sl_io_close(all[i]);
}

/* The kernel cuts what is above its limit for this user; less is slower, not wrong. */
static void widen(int fd)
{
    int n = SOCKET_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof n);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof n);
}

static enum sl_code make_ends(struct ends *e, struct sl_error *err)
{
    *e = (struct ends){ { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
    /* One pair each way: with one for both, a program that makes its output non-blocking would do so with the input of another
     * in front of it. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->in) != 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, e->out) != 0 || pipe2(e->words, O_CLOEXEC) != 0 ||
        pipe2(e->failure, O_CLOEXEC) != 0) {
        sl_fail_errno(err, errno, "cannot make socketpairs and pipes");
        close_ends(e);
        return SL_E_CONNECT;
    }
    widen(e->in[1]);
    widen(e->out[0]);
    return SL_OK;
}

/* Handlers are gone after exec, but what was ignored stays ignored: ssh and the programs it starts want SIGPIPE. An
 * ignored SIGHUP is the user's nohup and stays. */
void sl_spawn_signals(void)
{
    sigset_t none;
    for (int i = 1; i < NSIG; i++) {
        struct sigaction old;
        bool hup = i == SIGHUP && sigaction(i, NULL, &old) == 0 && old.sa_handler == SIG_IGN;
        if (!hup)
            signal(i, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: only functions that are safe after fork, then exec or _exit. */
static void become(const struct ends *e, char *const *argv)
{
    /* Above 2 first: any of them may have become 0, 1 or 2 where the caller had closed those. */
    int out = fcntl(e->out[1], F_DUPFD_CLOEXEC, 3), in = fcntl(e->in[1], F_DUPFD_CLOEXEC, 3);
    int words = fcntl(e->words[1], F_DUPFD_CLOEXEC, 3), failure = fcntl(e->failure[1], F_DUPFD_CLOEXEC, 3);
    sl_spawn_signals();
    if (in >= 0 && out >= 0 && words >= 0 && failure >= 0 && dup2(out, 0) == 0 && dup2(in, 1) == 1 &&
        dup2(words, 2) == 2)
        execvp(argv[0], argv);
    int why = errno;
    if (failure >= 0)
        (void)!write(failure, &why, sizeof why);
    _exit(127);
}

static enum sl_code learn_exec(const struct ends *e, pid_t pid, const char *program, struct sl_error *err)
{
    int why = 0;
    if (sl_io_read_all(e->failure[0], &why, sizeof why) != SL_OK)
        return SL_OK;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    sl_fail(err, SL_E_CONNECT, "cannot run '%s': %s", program, strerror(why));
    err->lasting = true;
    return SL_E_CONNECT;
}

enum sl_code sl_transport_spawn(struct sl_transport *t, char *const *argv, struct sl_error *err)
{
    struct ends e;
    enum sl_code rc = make_ends(&e, err);
    if (rc != SL_OK)
        return rc;
    pid_t pid = fork();
    if (pid == 0)
        become(&e, argv);
    if (pid < 0) {
        rc = sl_fail(err, SL_E_CONNECT, "cannot run '%s': %s", argv[0], strerror(errno));
    } else {
        sl_io_close(&e.in[1]);
        sl_io_close(&e.out[1]);
        sl_io_close(&e.words[1]);
        sl_io_close(&e.failure[1]);
        rc = learn_exec(&e, pid, argv[0], err);
    }
    if (rc == SL_OK) {
        sl_io_nonblock(e.in[0]);
        sl_io_nonblock(e.out[0]);
        sl_io_nonblock(e.words[0]);
        t->fd = e.in[0];
        t->out_fd = e.out[0];
        t->stderr_fd = e.words[0];
        t->pid = pid;
        t->is_ssh = sl_ssh_is_openssh(argv[0]);
        e.in[0] = e.out[0] = e.words[0] = -1;
    }
    close_ends(&e);
    return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * ssh_question - asks the ssh program for its configuration of a host, while another one connects. What it says decides only whether
 * compressing here would be done twice, so that whatever goes wrong means no.
 */
#include "config.h"
#include "client/transport_priv.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_MS = 2000, ANSWER_MAX = 256 * 1024 };

/* In the child: only functions that are safe after fork, then exec or _exit. */
static void become(int to, char *const *argv)
{
    int out = fcntl(to, F_DUPFD_CLOEXEC, 3), nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int none = nothing < 0 ? -1 : fcntl(nothing, F_DUPFD_CLOEXEC, 3);
    sl_spawn_signals();
    if (out >= 0 && none >= 0 && dup2(none, 0) == 0 && dup2(out, 1) == 1 && dup2(none, 2) == 2)
        execvp(argv[0], argv);
    _exit(127);
}

void sl_ssh_ask(struct sl_ssh_question *q, const struct sl_address *a, const struct sl_options *o)
{
    int ends[2] = { -1, -1 };
    *q = (struct sl_ssh_question){ .fd = -1 };
    char **argv = sl_ssh_question_argv(a, o);
    if (argv && pipe2(ends, O_CLOEXEC) == 0) {
        q->pid = fork();
        if (q->pid == 0)
            become(ends[1], argv);
        if (q->pid > 0)
            q->fd = ends[0];
        else
            sl_io_close(&ends[0]);
        sl_io_close(&ends[1]);
    }
    sl_argv_free(argv);
}

/* Whether a line of the configuration says so. */
static bool says_yes(const struct sl_buf *b)
{
    static const char yes[] = "\ncompression yes\n";
    return sl_buf_len(b) && memmem(sl_buf_ptr(b), sl_buf_len(b), yes, sizeof yes - 1) != NULL;
}

static void hear(int fd, struct sl_buf *b)
{
    char data[4096];
    size_t got = 0;
    uint64_t end = sl_now_ms() + ANSWER_MS, now;
    while (sl_buf_len(b) < ANSWER_MAX && (now = sl_now_ms()) < end) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, (int)(end - now)) > 0) {
            if (sl_io_read(fd, data, sizeof data, &got) != SL_OK)
                return;
            sl_buf_add(b, data, got);
        }
    }
}

bool sl_ssh_compresses(struct sl_ssh_question *q)
{
    struct sl_buf b = { 0 };
    if (q->pid <= 0 || q->fd < 0)
        return false;
    sl_buf_add(&b, "\n", 1);
    hear(q->fd, &b);
    bool yes = says_yes(&b);
    sl_io_close(&q->fd);
    kill(q->pid, SIGKILL);               /* one that has not answered by now; what has ended does not mind */
    while (waitpid(q->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    q->pid = 0;
    sl_buf_clear(&b);
    return yes;
}

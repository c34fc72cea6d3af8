/* SPDX-License-Identifier: ISC */
/* helper - see helper.h. A socket that keeps messages apart (SOCK_SEQPACKET): there is no framing that could be got wrong. */
#include "config.h"
#include "base/helper.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEPT = 3 };

struct sl_helper { int fd; };

static bool receive(int fd, struct sl_helper_message *m)
{
    ssize_t n;
    do
        n = recv(fd, m, sizeof *m, 0);
    while (n < 0 && errno == EINTR);
    m->text[SL_HELPER_TEXT - 1] = '\0';
    return n == (ssize_t)sizeof *m;
}

static bool transmit(int fd, const struct sl_helper_message *m, int flags)
{
    ssize_t n;
    do
        n = send(fd, m, sizeof *m, flags | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *m;
}

static void be_helper(int fd, int nothing, sl_helper_serve *serve)
{
    static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
    struct sl_helper_message m;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        signal(ends[i], SIG_IGN);
    if (dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(fd, KEPT) < 0)
        _exit(1);
    /* The peer's connection above all must not stay open here: its end would not be seen. */
    sl_io_close_from(KEPT + 1);
    while (receive(KEPT, &m))
        if (serve(&m) && !transmit(KEPT, &m, 0))
            break;
    _exit(0);
}

enum sl_code sl_helper_start(struct sl_helper **out, sl_helper_serve *serve, struct sl_error *err)
{
    int pair[2], nothing[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return sl_fail_errno(err, errno, "cannot make a socket to a helper process");
    /* For its standard input and output: nothing can be read from it or written to it. A chroot has no /dev/null. */
    if (pipe2(nothing, O_CLOEXEC) != 0) {
        enum sl_code rc = sl_fail_errno(err, errno, "cannot make a pipe for a helper process");
        sl_io_close(&pair[0]);
        sl_io_close(&pair[1]);
        return rc;
    }
    sl_io_close(&nothing[1]);
    pid_t pid = fork();
    if (pid == 0)
        be_helper(pair[1], nothing[0], serve);
    int why = errno;
    sl_io_close(&nothing[0]);
    sl_io_close(&pair[1]);
    if (pid < 0) {
        sl_io_close(&pair[0]);
        return sl_fail_errno(err, why, "cannot start a helper process");
    }
    *out = sl_calloc(1, sizeof **out);
    (*out)->fd = pair[0];
    return SL_OK;
}

void sl_helper_stop(struct sl_helper *h)
{
    if (!h)
        return;
    sl_io_close(&h->fd);
    free(h);
}

bool sl_helper_ask(struct sl_helper *h, struct sl_helper_message *m)
{
    return transmit(h->fd, m, 0) && receive(h->fd, m);
}

void sl_helper_tell(struct sl_helper *h, const struct sl_helper_message *m)
{
    transmit(h->fd, m, MSG_DONTWAIT);
}

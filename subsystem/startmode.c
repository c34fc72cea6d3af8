/* SPDX-License-Identifier: ISC */
/* startmode - see startmode.h. Programs that guess wrongly here open a port that nobody asked for, so the table names every
 * kind of descriptor, and only what listens already, or an option, makes a listener. */
#include "config.h"
#include "subsystem/startmode.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sl_start_kind socket_kind(int fd)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a, n = sizeof(int);
    int listening = 0;
    if (getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        return SL_FD_OTHER;
    if (a.ss_family != AF_INET && a.ss_family != AF_INET6)
        return SL_FD_UNIX;
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n);
    return listening ? SL_FD_INET_LISTENING : SL_FD_INET;
}

enum sl_start_kind sl_start_look(int fd)
{
    struct stat st, null;
    if (fstat(fd, &st) != 0)
        return SL_FD_NONE;
    if (isatty(fd))
        return SL_FD_TERMINAL;
    if (S_ISSOCK(st.st_mode))
        return socket_kind(fd);
    if (S_ISFIFO(st.st_mode))
        return SL_FD_PIPE;
    if (S_ISCHR(st.st_mode) && stat("/dev/null", &null) == 0 && st.st_rdev == null.st_rdev)
        return SL_FD_NULL;
    return SL_FD_OTHER;
}

void sl_start_gather(struct sl_start_facts *f)
{
    const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
    int n = 0, who = 0;
    f->fd0 = sl_start_look(0);
    f->listen_fds = 0;
    if (fds && pid && sl_num_int(fds, 1, 64, &n) == SL_OK && sl_num_int(pid, 1, 0x7fffffff, &who) == SL_OK && who == getpid())
        f->listen_fds = n;
}

enum sl_start sl_start_decide(const struct sl_start_facts *f)
{
    static const enum sl_start by_fd0[] = {
        [SL_FD_NONE] = SL_START_USAGE,  [SL_FD_TERMINAL] = SL_START_USAGE, [SL_FD_NULL] = SL_START_USAGE,
        [SL_FD_PIPE] = SL_START_STDIO,  [SL_FD_UNIX] = SL_START_STDIO,     [SL_FD_INET] = SL_START_INETD,
        [SL_FD_INET_LISTENING] = SL_START_LISTENING, [SL_FD_OTHER] = SL_START_STDIO,
    };
    if (f->stdio)
        return SL_START_STDIO;
    if (f->inetd)
        return f->fd0 == SL_FD_INET_LISTENING ? SL_START_LISTENING : SL_START_INETD;
    if (f->listen_fds)
        return SL_START_ACTIVATED;
    if (f->daemon)
        return SL_START_DAEMON;
    return by_fd0[f->fd0];
}

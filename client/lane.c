/* SPDX-License-Identifier: ISC */
/* lane - see lane.h: messages with descriptors. */
#include "config.h"
#include "client/lane.h"
#include "base/io.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

union fd_space {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * SL_LANE_FDS)];
};

bool sl_lane_ask(int fd, uint32_t id)
{
    struct sl_lane_request r = { .id = id };
    ssize_t n;
    do
        n = send(fd, &r, sizeof r, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof r;
}

bool sl_lane_asked(int fd, struct sl_lane_request *r, enum sl_lane_wait wait)
{
    ssize_t n;
    do
        n = recv(fd, r, sizeof *r, wait == SL_LANE_NO_WAIT ? MSG_DONTWAIT : 0);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = EPIPE;
    return n == (ssize_t)sizeof *r;
}

bool sl_lane_answer(int fd, const struct sl_lane_answer *a, const int *fds)
{
    union fd_space space;
    struct iovec io = { .iov_base = (void *)a, .iov_len = sizeof *a };
    struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
    if (a->fds) {
        memset(&space, 0, sizeof space);
        m.msg_control = space.bytes;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * a->fds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * a->fds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * a->fds);
    }
    ssize_t n;
    do
        n = sendmsg(fd, &m, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *a;
}

static int take_fds(struct msghdr *m, int fds[SL_LANE_FDS])
{
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return 0;
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(c), n * sizeof(int));
    return (int)n;
}

bool sl_lane_answered(int fd, struct sl_lane_answer *a, int fds[SL_LANE_FDS], enum sl_lane_wait wait)
{
    union fd_space space;
    struct iovec io = { .iov_base = a, .iov_len = sizeof *a };
    struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = sizeof space };
    for (int i = 0; i < SL_LANE_FDS; i++)
        fds[i] = -1;
    /* A signal ends a wait: who presses ^C does not want to wait for a password that nobody will type. */
    ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | (wait == SL_LANE_NO_WAIT ? MSG_DONTWAIT : 0));
    if (n == 0)
        errno = EPIPE;
    int got = n > 0 ? take_fds(&m, fds) : 0;
    if (n == (ssize_t)sizeof *a && got == a->fds) {
        a->text[sizeof a->text - 1] = '\0';
        return true;
    }
    for (int i = 0; i < SL_LANE_FDS; i++)
        sl_io_close(&fds[i]);
    return false;
}

/* SPDX-License-Identifier: ISC */
/* transport_tcp - a TCP connection to a listener: the addresses of a name in turn, each with its time. */
#include "config.h"
#include "client/transport_priv.h"
#include "base/io.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT_MAX_S = 1000000 }; /* poll counts milliseconds in an int */

struct target {
    const char *host;
    char port[8];
    int limit_s; /* 0: the system's own */
    const char *from; /* --address; NULL: any */
};

/* For messages: an IPv6 address gets its brackets back. */
static enum sl_code cannot(const struct target *t, enum sl_code code, const char *why, struct sl_error *err)
{
    bool v6 = strchr(t->host, ':') != NULL;
    return sl_fail(err, code, "cannot connect to '%s%s%s:%s': %s", v6 ? "[" : "", t->host, v6 ? "]" : "", t->port, why);
}

/* Waits for a connect under way. Any signal with a handler ends the wait: who presses ^C does not want the system's two
 * minutes. */
static enum sl_code await(int fd, const struct target *t, struct sl_error *err)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int ready = poll(&p, 1, t->limit_s ? t->limit_s * 1000 : -1), why = 0;
    socklen_t len = sizeof why;
    if (ready == 0) {
        char text[64];
        snprintf(text, sizeof text, "no answer within %d seconds (--contimeout)", t->limit_s);
        return cannot(t, SL_E_TIMEOUT, text, err);
    }
    if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0)
        why = errno;
    return why ? cannot(t, SL_E_CONNECT, strerror(why), err) : SL_OK;
}

/* --address. One of another family is as little use as one that this machine does not have. */
static enum sl_code bind_to(int fd, int family, const struct target *t, struct sl_error *err)
{
    struct addrinfo *list = NULL, hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    int gai = getaddrinfo(t->from, NULL, &hints, &list);
    bool bound = gai == 0 && bind(fd, list->ai_addr, list->ai_addrlen) == 0;
    const char *why = gai == 0 ? strerror(errno) : gai == EAI_SYSTEM ? strerror(errno) : gai_strerror(gai);
    if (gai == 0)
        freeaddrinfo(list);
    return bound ? SL_OK : sl_fail(err, SL_E_CONNECT, "cannot connect from '%s': %s", t->from, why);
}

static enum sl_code connect_one(int *out, const struct addrinfo *ai, const struct target *t, struct sl_error *err)
{
    int on = 1, fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, ai->ai_protocol);
    enum sl_code rc = SL_OK;
    if (fd < 0)
        return cannot(t, SL_E_CONNECT, strerror(errno), err);
    if (t->from && (rc = bind_to(fd, ai->ai_family, t, err)) != SL_OK) {
        close(fd);
        return rc;
    }
    if (connect(fd, ai->ai_addr, ai->ai_addrlen) != 0)
        rc = errno == EINPROGRESS ? await(fd, t, err) : cannot(t, SL_E_CONNECT, strerror(errno), err);
    if (rc != SL_OK) {
        close(fd);
        return rc;
    }
    /* Frames are gathered before they are written; a small question must not wait for the answer to the one before. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    *out = fd;
    return SL_OK;
}

enum sl_code sl_transport_tcp(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o,
                              struct sl_error *err)
{
    struct target target = { .host = a->host,
                             .from = o->bind_address,
                             .limit_s = o->contimeout_s > LIMIT_MAX_S ? LIMIT_MAX_S : o->contimeout_s };
    snprintf(target.port, sizeof target.port, "%d", a->port ? a->port : o->port ? o->port : SL_PORT_DEFAULT);
    struct addrinfo *list = NULL, hints = { .ai_family = o->address_family, .ai_socktype = SOCK_STREAM };
    int gai = getaddrinfo(a->host, target.port, &hints, &list);
    if (gai != 0) {
        cannot(&target, SL_E_CONNECT, gai == EAI_SYSTEM ? strerror(errno) : gai_strerror(gai), err);
        err->lasting = gai != EAI_SYSTEM && gai != EAI_AGAIN && gai != EAI_MEMORY;
        return SL_E_CONNECT;
    }
    enum sl_code rc = SL_E_CONNECT;
    for (const struct addrinfo *ai = list; ai && rc != SL_OK; ai = ai->ai_next)
        rc = connect_one(&t->fd, ai, &target, err);
    freeaddrinfo(list);
    t->out_fd = t->fd;
    return rc;
}

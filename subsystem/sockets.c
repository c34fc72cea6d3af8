/* SPDX-License-Identifier: ISC */
/* sockets - see sockets.h. */
#include "config.h"
#include "subsystem/sockets.h"
#include "base/io.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 512, NETWORK_BYTES = 8 };

static int new_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

enum sl_code sl_socket_listen(const struct sl_listen *where, int *out, struct sl_error *err)
{
    struct sockaddr_storage a = where->addr;
    socklen_t len = where->len;
    int one = 1, zero = 0, fd = new_socket(a.ss_family);
    struct sockaddr_in6 *any = (struct sockaddr_in6 *)(void *)&a;
    if (fd < 0 && a.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&any->sin6_addr)) {
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = any->sin6_port };
        memcpy(&a, &v4, sizeof v4);
        len = sizeof v4;
        fd = new_socket(AF_INET);
    }
    if (fd < 0)
        return sl_fail(err, SL_E_CONNECT, "cannot listen on '%s': %s", where->text, strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (a.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, BACKLOG) != 0) {
        sl_fail(err, SL_E_CONNECT, "cannot listen on '%s': %s", where->text, strerror(errno));
        sl_io_close(&fd);
        return SL_E_CONNECT;
    }
    *out = fd;
    return SL_OK;
}

enum sl_code sl_socket_adopt(int fd, struct sl_error *err)
{
    int listening = 0;
    socklen_t n = sizeof listening;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) != 0 || !listening)
        return sl_fail(err, SL_E_CONFIG, "descriptor %d, which was passed to listen on, is not a listening socket", fd);
    sl_io_nonblock(fd);
    sl_io_cloexec(fd);
    return SL_OK;
}

void sl_socket_name(const struct sockaddr *a, socklen_t len, char *text)
{
    char host[64], port[8];
    if (getnameinfo(a, len, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(text, SL_ADDRESS_TEXT, "an unknown address");
    else
        snprintf(text, SL_ADDRESS_TEXT, a->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

struct sl_source sl_source_of(const struct sockaddr *a)
{
    struct sl_source s = { { 0 } };
    if (a->sa_family == AF_INET) {
        s.bytes[10] = s.bytes[11] = 0xff;
        memcpy(s.bytes + 12, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
    } else if (a->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
        memcpy(s.bytes, v6, IN6_IS_ADDR_V4MAPPED(v6) ? sizeof s.bytes : NETWORK_BYTES);
    }
    return s;
}

bool sl_source_same(const struct sl_source *a, const struct sl_source *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* SPDX-License-Identifier: ISC */
/* ssh_socket - see ssh_socket.h. */
#include "config.h"
#include "client/ssh_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(sizeof((struct sockaddr_un *)0)->sun_path == SL_SSH_SOCKET_MAX, "the room for a socket's path");

bool sl_ssh_socket_lives(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    if (!*path || strlen(path) >= sizeof at.sun_path)
        return false;
    memcpy(at.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* EAGAIN: one that has much to do, and a full queue. */
    bool lives = fd >= 0 && (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return lives;
}

/* SPDX-License-Identifier: ISC */
/* ssh_socket - the file of a control socket, by which ssh programs share one connection (ControlPath of ssh_config). */
#ifndef SL_CLIENT_SSH_SOCKET_H
#define SL_CLIENT_SSH_SOCKET_H

#include <stdbool.h>

enum { SL_SSH_SOCKET_MAX = 108 }; /* bytes that the address of a socket has for its path, with the 0 at the end */

/* Whether somebody listens there: that is what ssh itself goes by. "" is nobody. */
bool sl_ssh_socket_lives(const char *path);

#endif

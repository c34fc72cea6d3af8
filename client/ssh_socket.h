/* SPDX-License-Identifier: ISC */
/* ssh_socket - the file of a control socket, by which ssh programs share one connection (ControlPath of ssh_config). */
#ifndef SL_CLIENT_SSH_SOCKET_H
#define SL_CLIENT_SSH_SOCKET_H

#include <stdbool.h>

#include "base/error.h"

enum { SL_SSH_SOCKET_MAX = 108 }; /* bytes that the address of a socket has for its path, with the 0 at the end */

/* Whether somebody listens there: that is what ssh itself goes by. "" is nobody. */
bool sl_ssh_socket_lives(const char *path);

/* Makes a directory that only this user may enter, and names a socket in it: under $XDG_RUNTIME_DIR, or if that does
 * not do under $TMPDIR, or /tmp where that is not set. SL_E_NAME: there is no room for such a long name; else why there
 * is no directory. */
enum sl_code sl_ssh_socket_make(char path[SL_SSH_SOCKET_MAX], struct sl_error *err);

/* Removes the socket and its directory, also while an ssh is about to make its socket there. Nothing else is touched: not what is
 * there by another name, nor what a link leads to, nor another user's directory. */
void sl_ssh_socket_remove(const char *path);

#endif

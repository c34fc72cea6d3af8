/* SPDX-License-Identifier: ISC */
/* ssh_words - the words behind the program in an -e command, read as OpenSSH's ssh reads its options. */
#ifndef SL_CLIENT_SSH_WORDS_H
#define SL_CLIENT_SSH_WORDS_H

#include <stdbool.h>

/* Whether they say themselves how a connection is shared: -M, -S, -O, or ControlMaster by -o. words: NULL-terminated.
 */
bool sl_ssh_words_share(char *const *words);

/* The words for a channel of a connection that is there, owned (sl_argv_free), NULL-terminated: without -M, -S and -O,
 * because its socket is known; without -J, which ssh does not take beside the ProxyCommand that keeps it from a login
 * of its own; and without -q, which would hide why a channel is refused. */
char **sl_ssh_words_for_lane(char *const *words);

#endif

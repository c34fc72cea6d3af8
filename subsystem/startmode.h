/* SPDX-License-Identifier: ISC */
/* startmode - how the server was started: told by options, else by what descriptor 0 is. Nothing is ever guessed to be a
 * daemon. */
#ifndef SL_SUBSYSTEM_STARTMODE_H
#define SL_SUBSYSTEM_STARTMODE_H

#include <stdbool.h>

enum sl_start {
    SL_START_USAGE,          /* a terminal, or nothing at all */
    SL_START_STDIO,          /* descriptors 0 and 1: sshd, a pipe, a socketpair */
    SL_START_INETD,          /* descriptor 0 is a connected network socket: a peer of the network, under its rules */
    SL_START_LISTENING,      /* descriptor 0 is a listening socket: inetd's wait style */
    SL_START_ACTIVATED,      /* listening sockets from descriptor 3 on (sd_listen_fds(3)) */
    SL_START_DAEMON          /* asked for */
};

enum sl_start_kind { SL_FD_NONE, SL_FD_TERMINAL, SL_FD_NULL, SL_FD_PIPE, SL_FD_UNIX, SL_FD_INET, SL_FD_INET_LISTENING, SL_FD_OTHER };

struct sl_start_facts {
    bool daemon, stdio, inetd;          /* the options */
    int listen_fds;                     /* LISTEN_FDS when LISTEN_PID is this process, else 0 */
    enum sl_start_kind fd0;
};

/* What descriptor fd is. */
enum sl_start_kind sl_start_look(int fd);
/* Fills listen_fds and fd0 from the environment; the options are the caller's. */
void sl_start_gather(struct sl_start_facts *f);
/* The table; a function of its argument alone. */
enum sl_start sl_start_decide(const struct sl_start_facts *f);

#endif

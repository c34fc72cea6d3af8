/* SPDX-License-Identifier: ISC */
/* ssh_sharing - whether more connections can be channels of one login of the ssh program, and by whose master. */
#ifndef SL_CLIENT_SSH_SHARING_H
#define SL_CLIENT_SSH_SHARING_H

#include <stddef.h>

#include "client/ssh_question.h"
#include "client/ssh_socket.h"

enum sl_ssh_sharing {
    SL_SHARING_UNKNOWN, /* no ssh program of OpenSSH's: one more is the same once more */
    SL_SHARING_NONE,    /* there can be no other connection */
    SL_SHARING_USERS,   /* through a master of the user's own, which is alive, or which the words of -e start */
    SL_SHARING_OWN      /* a private master is to be started */
};

struct sl_ssh_shared {
    enum sl_ssh_sharing how;
    char socket[SL_SSH_SOCKET_MAX]; /* of the user's master */
    char why[200];                  /* one line, for -v; "" where it is as usual */
};

/* Decides by the words of -e, --lanes, and what q answers. Waits for that, two seconds at most: who answers later has
 * one connection. */
void sl_ssh_share(struct sl_ssh_shared *s, struct sl_ssh_question *q);

#endif

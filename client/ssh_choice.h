/* SPDX-License-Identifier: ISC */
/* ssh_choice - whether a host is reached through libssh or by the ssh program, and why. */
#ifndef SL_CLIENT_SSH_CHOICE_H
#define SL_CLIENT_SSH_CHOICE_H

#include "client/address.h"
#include "client/options.h"
#include "client/ssh_question.h"
#include "client/ssh_settings.h"

struct sl_ssh_choice {
    bool libssh;
    char why[240];                   /* one line, for -v */
    struct sl_ssh_settings settings; /* of the host, where libssh is chosen */
    char *ciphers;                   /* owned; in what order the ssh program is to offer its own default; NULL: as it likes */
};

/* Decides by transport and rsh of q's options and by the user's ssh configuration, for which q is asked where it matters. SL_E_CONFIG:
 * libssh was asked for and would not do what that configuration says, or is not in this build; *err says which keyword. *c is cleared
 * by the caller in every case. */
enum sl_code sl_ssh_choose(struct sl_ssh_choice *c, struct sl_ssh_question *q, struct sl_error *err);
void sl_ssh_choice_clear(struct sl_ssh_choice *c);

#endif

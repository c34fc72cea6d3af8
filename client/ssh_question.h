/* SPDX-License-Identifier: ISC */
/*
 * ssh_question - asks the ssh program what its configuration means for one host (`ssh -G`): once, by one process, whose
 * answer serves everybody who needs to know.
 */
#ifndef SL_CLIENT_SSH_QUESTION_H
#define SL_CLIENT_SSH_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

#include "client/address.h"
#include "client/capture.h"
#include "client/options.h"

struct sl_ssh_question {
    const struct sl_address *address; /* borrowed, as the options */
    const struct sl_options *options;
    struct sl_capture run; /* while it is under way */
    bool asked;
    char *said;    /* owned; NULL: no answer, or not yet */
    char why[200]; /* there is no answer, one line */
};

/* Nothing is started yet. */
void sl_ssh_question_init(struct sl_ssh_question *q, const struct sl_address *a, const struct sl_options *o);
/* What is under way is ended. */
void sl_ssh_question_clear(struct sl_ssh_question *q);

/* Asks and does not wait; another time it does nothing. Any other program than OpenSSH's is not asked. */
void sl_ssh_ask(struct sl_ssh_question *q);

/* Asks if nobody did, and waits for the answer, at most timeout_ms the first time: `keyword value`, one a line,
 * keywords in small letters. NULL: there is none, q->why. The text is q's. */
const char *sl_ssh_said(struct sl_ssh_question *q, unsigned timeout_ms);

/* Copies what an answer says of one keyword; "" where it says nothing, or more than fits. */
void sl_ssh_setting(const char *said, const char *keyword, char *out, size_t size);

/* Whether the ssh program compresses what it carries. Waits for two seconds at most; without an answer: no. */
bool sl_ssh_compresses(struct sl_ssh_question *q);

#endif

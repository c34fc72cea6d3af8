/* SPDX-License-Identifier: ISC */
/*
 * helper - a process that is forked before this one is confined, and does for it what it then may not do itself: it answers
 * questions of a fixed size, one at a time. What they mean is the caller's.
 */
#ifndef SL_BASE_HELPER_H
#define SL_BASE_HELPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define SL_HELPER_TEXT 1024u

struct sl_helper_message {
    uint32_t kind, number;
    bool yes;                    /* of an answer */
    char text[SL_HELPER_TEXT];   /* NUL-terminated, whatever a peer sends */
};

/* In the helper: answers m in place. False: this kind wants no answer. */
typedef bool sl_helper_serve(struct sl_helper_message *m);

struct sl_helper;

/* Forks it. It keeps standard error and nothing else of this process; it ends when sl_helper_stop or the end of this process
 * closes their socket. Signals that end this process don't end it before. */
enum sl_code sl_helper_start(struct sl_helper **out, sl_helper_serve *serve, struct sl_error *err);
void sl_helper_stop(struct sl_helper *h);        /* NULL is allowed; does not wait */

/* Asks and waits for the answer, in m. False when there is none: the helper is gone. */
bool sl_helper_ask(struct sl_helper *h, struct sl_helper_message *m);
/* Something that wants no answer. Never waits: what the helper has no room for is lost. */
void sl_helper_tell(struct sl_helper *h, const struct sl_helper_message *m);

#endif

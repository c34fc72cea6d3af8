/* SPDX-License-Identifier: ISC */
/*
 * refusals - connections for which there is no room: each is told when to come again, by the listener itself, without a
 * process. A socket that is closed while the peer still sends would take the words back (RFC 1122, 4.2.2.13), so it lingers
 * a moment and what comes is thrown away.
 */
#ifndef SL_SUBSYSTEM_REFUSALS_H
#define SL_SUBSYSTEM_REFUSALS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SL_REFUSALS_MAX = 64 };
struct sl_refusals {
    struct { int fd; uint64_t until_ms; } at[SL_REFUSALS_MAX];
    size_t count;
};

/* Takes fd, and tells the peer why. */
void sl_refuse(struct sl_refusals *r, int fd, const struct sl_error *why);
/* Entries for poll, at most SL_REFUSALS_MAX; returns how many. *ms is lowered to when sl_refusals_step is due. */
size_t sl_refusals_poll(const struct sl_refusals *r, struct pollfd *p, int *ms);
/* Throws away what came, and ends what is over. */
void sl_refusals_step(struct sl_refusals *r);
/* Closes all, in a process that has nothing to do with them. */
void sl_refusals_close(struct sl_refusals *r);

#endif

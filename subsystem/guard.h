/* SPDX-License-Identifier: ISC */
/* guard - confines a session to what its peer may reach, before the first byte of that peer is parsed (base/confine.h). What
 * the session then may not do itself, names of owners and the system log, a helper process does that was forked before. */
#ifndef SL_SUBSYSTEM_GUARD_H
#define SL_SUBSYSTEM_GUARD_H

#include "base/confine.h"
#include "subsystem/session.h"

struct sl_guard {
    struct sl_helper *helper;            /* NULL: not confined */
    struct sl_confine_abilities now;     /* what is in force */
    bool whole;                          /* the peer may see every file: Landlock has nothing to hold */
};

/* Confines this process for policy's peer as config says, and lets policy's names of owners and the log go through the helper.
 * SL_E_CONFIG where confinement is required and something is missing. The process must end with the session. */
enum sl_code sl_guard_enter(struct sl_guard *g, struct sl_policy *policy, const struct sl_config *config, struct sl_error *err);
void sl_guard_leave(struct sl_guard *g);         /* ends the helper; the rest stays */

/* "landlock:7 seccomp", "none", for the log. Fresh memory. */
char *sl_guard_text(const struct sl_guard *g);

/* What is missing here for `rights`, as a sentence part; NULL: nothing. */
const char *sl_guard_lacks(const struct sl_confine_abilities *have, uint32_t rights);

#endif

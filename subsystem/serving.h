/* SPDX-License-Identifier: ISC */
/* serving - one peer from its first byte to the line in the log. */
#ifndef SL_SUBSYSTEM_SERVING_H
#define SL_SUBSYSTEM_SERVING_H

#include "subsystem/guard.h"
#include "subsystem/server_loop.h"

/* Confines this process, serves policy's peer over the two descriptors, and logs the session. Returns the exit status: 0; 1
 * where it could not be confined as required; 12 for a broken protocol, 30 for a deadline, 20 when a signal ended it. */
int sl_serve_one(int in_fd, int out_fd, struct sl_policy *policy, const struct sl_serve_limits *limits,
                 const struct sl_config *config, const volatile sig_atomic_t *drain);

#endif

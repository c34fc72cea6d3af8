/* SPDX-License-Identifier: ISC */
/* server_loop - one session over two descriptors, to its end. */
#ifndef SL_SUBSYSTEM_SERVER_LOOP_H
#define SL_SUBSYSTEM_SERVER_LOOP_H

#include <signal.h>

#include "base/pace.h"
#include "subsystem/session.h"

struct sl_serve_limits {
    unsigned handshake_timeout_s;    /* from the start until the peer's whole HELLO; 0: no limit */
    unsigned idle_timeout_s;         /* without a byte either way; 0: no limit */
    /* What all sessions share: the rate of each way, and memory that all of them have. NULL: nothing is shared. */
    uint64_t total_rate;
    struct sl_pace *total_in, *total_out;
};

/* Serves until the peer has said BYE and everything is sent. in_fd and out_fd may be the same; they are made non-blocking and
 * stay the caller's. *drain becoming true (SIGTERM) finishes what was asked, then says BYE. SIGPIPE must be ignored.
 * SL_E_TIMEOUT, SL_E_CLOSED, SL_E_PEER, SL_E_PROTOCOL..., with what the peer did in *err. figures: what
 * was done, also then. */
enum sl_code sl_serve(int in_fd, int out_fd, const struct sl_policy *policy, const struct sl_serve_limits *limits,
                      const volatile sig_atomic_t *drain, struct sl_session_figures *figures, struct sl_error *err);

#endif

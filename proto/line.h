/* SPDX-License-Identifier: ISC */
/*
 * line - how a side sends, and what it can tell of the line: whether it waits for it, in its own microseconds. A client steers a server
 * with STEER and asks it with ASK; the server answers with LINE. What to conclude is the client's (client/judge.c).
 */
#ifndef SL_PROTO_LINE_H
#define SL_PROTO_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "proto/wire.h"

#define SL_FEATURE_STEER "steer"
#define SL_LINE_RATE_MAX (UINT64_C(1) << 50) /* bytes a second that STEER may name */

/* All of it counts from the greeting. */
struct sl_line_view {
    bool packs;                          /* it compresses what it sends */
    uint64_t now_us;                     /* what has passed */
    uint64_t held_us;                    /* waited with something to send: for the line, for a rate, or for credit */
    uint64_t idle_us;                    /* waited for the peer with nothing to do */
    uint64_t packing_us;                 /* compressing */
    uint64_t plain;                      /* bytes of frames that were sent, headers included */
    uint64_t wire;                       /* what they took */
    uint64_t came_plain, came_wire;      /* the same of what came */
};

#define SL_STEER_WHEN_HELD 4u            /* not before half of some time was spent waiting with something to send */

struct sl_steer {
    uint8_t pack;                        /* 0: send plain; else compress, by one of these: bits as in HELLO's `wants`, and SL_STEER_WHEN_HELD */
    uint8_t level;                       /* of compression; 0: the usual one. It holds from the first time on */
    uint64_t rate;                       /* bytes a second to send at most; 0: no limit */
};

void sl_steer_encode(struct sl_buf *b, const struct sl_steer *m);
/* SL_E_PROTOCOL: malformed; *m is untouched then. */
enum sl_code sl_steer_decode(struct sl_rd *r, struct sl_steer *m, struct sl_error *err);
void sl_line_encode(struct sl_buf *b, const struct sl_line_view *m);
enum sl_code sl_line_decode(struct sl_rd *r, struct sl_line_view *m, struct sl_error *err);

#endif

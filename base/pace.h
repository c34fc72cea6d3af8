/* SPDX-License-Identifier: ISC */
/*
 * pace - a rate that is kept smoothly, alone or by several processes together. One number stands for all that was moved: the
 * time at which it would have been due at that rate (the virtual scheduling form of the leaky bucket, ITU-T I.371 annex A).
 */
#ifndef SL_BASE_PACE_H
#define SL_BASE_PACE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct sl_pace { _Atomic uint64_t due_ns; };     /* {0} to begin; may stand in shared memory */

/* Monotonic nanoseconds. */
uint64_t sl_pace_now(void);
/* Nanoseconds until something may move; 0: now. rate: bytes a second, 0: no limit. */
uint64_t sl_pace_wait(const struct sl_pace *p, uint64_t rate, uint64_t now_ns);
/* Says that n bytes moved. */
void sl_pace_moved(struct sl_pace *p, uint64_t rate, uint64_t n, uint64_t now_ns);
/* How much to move at a time, so that it stays smooth. */
size_t sl_pace_piece(uint64_t rate);

#endif

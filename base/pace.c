/* SPDX-License-Identifier: ISC */
/* pace - see pace.h. */
#include "config.h"
#include "base/pace.h"

#include <time.h>

enum { PIECES_A_SECOND = 50, PIECE_LEAST = 1024, PIECE_MOST = 1024 * 1024 };
#define SECOND_NS UINT64_C(1000000000)
#define AHEAD_NS (SECOND_NS / 10)    /* what may be moved before it is due: a pause of the scheduler is made up for */

uint64_t sl_pace_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

uint64_t sl_pace_wait(const struct sl_pace *p, uint64_t rate, uint64_t now_ns)
{
    uint64_t due = rate ? atomic_load(&p->due_ns) : 0;
    return due > now_ns + AHEAD_NS ? due - now_ns - AHEAD_NS : 0;
}

/* n is one piece, so the product stays far below 2^64. */
void sl_pace_moved(struct sl_pace *p, uint64_t rate, uint64_t n, uint64_t now_ns)
{
    if (!rate)
        return;
    uint64_t cost = n * SECOND_NS / rate, old = atomic_load(&p->due_ns), fresh;
    do
        fresh = (old > now_ns ? old : now_ns) + cost;
    while (!atomic_compare_exchange_weak(&p->due_ns, &old, fresh));
}

size_t sl_pace_piece(uint64_t rate)
{
    uint64_t n = rate / PIECES_A_SECOND;
    if (!rate || n > PIECE_MOST)
        return PIECE_MOST;
    return n < PIECE_LEAST ? PIECE_LEAST : (size_t)n;
}

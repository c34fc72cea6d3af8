/* SPDX-License-Identifier: ISC */
/*
 * cut - where the chunks of a file end, decided by its content alone, so that the same bytes are cut alike wherever they stand.
 *
 * FastCDC: W. Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for Data Deduplication", USENIX ATC 2016:
 * a gear hash (section 4.1), the minimum skipped (4.3), normalised chunking (4.4). A gear hash shifts left by one bit a byte, so its
 * value depends on the last 64 bytes and its top bits on all of them; a chunk ends where the top bits are zero, and more of
 * them have to be zero before the wanted length than behind it.
 */
#ifndef SL_DELTA_CUT_H
#define SL_DELTA_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The wanted length of a chunk is 1 << grain bytes; its least half of that, of a coarse one all of it; its greatest four times. What is below the
 * least length costs no rolling: one core cuts 9.0 GB/s coarsely, 3.9 with a half, 2.9 with a quarter. What the more uneven coarse chunks leave
 * open the finer rounds settle: the bytes of a whole delta are the same to 1%. In the finest rounds a larger least costs 6% more. */
enum { SL_GRAIN_MIN = 6, SL_GRAIN_COARSE = 14, SL_GRAIN_MAX = 26 };
static inline uint64_t sl_grain_least(unsigned grain) { return (uint64_t)1 << (grain < SL_GRAIN_COARSE ? grain - 1 : grain); }
static inline uint64_t sl_grain_most(unsigned grain) { return (uint64_t)1 << (grain + 2); }

/* A block's mark is the upper half of the gear hash's state behind its first SL_MARK_BYTES bytes, which it depends on alone: it can be looked for in another
 * file by rolling. A shorter block has none: 0. */
enum { SL_MARK_BYTES = 64 };

/* What cutting and hashing depend on besides the content: both sides derive it from one number. */
struct sl_seed {
    uint64_t gear[256];
    uint8_t secret[192];     /* of the chunk hash */
};

/* Numbers from SplitMix64 (G. Steele et al., "Fast splittable pseudorandom number generators", OOPSLA 2014), started at seed: first the gear table
 * in order, then the secret, eight bytes at a time, least significant byte first. */
void sl_seed_init(struct sl_seed *s, uint64_t seed);

struct sl_cut {
    const struct sl_seed *seed;   /* borrowed */
    unsigned grain;
    uint64_t len;                 /* bytes of the chunk so far */
    uint64_t gear;
    uint64_t left;                /* of a block of the grid; 0: cut by content */
};

/* SL_GRAIN_MIN <= grain <= SL_GRAIN_MAX. */
void sl_cut_init(struct sl_cut *c, const struct sl_seed *seed, unsigned grain);

/* Not by content: a chunk ends where the offset in the file is a multiple of 1 << grain, and the next byte is that at `at`. */
void sl_cut_grid(struct sl_cut *c, uint64_t at);

/* Goes on in the chunk with n more bytes. Returns how many of them belong to it; *end says whether it ends there: the next byte begins
 * another one. Work is linear in n, whatever the content. */
size_t sl_cut_next(struct sl_cut *c, const uint8_t *data, size_t n, bool *end);

/* A chunk begins at the next byte, whatever was before. */
static inline void sl_cut_restart(struct sl_cut *c) { c->len = 0; c->gear = 0; }

#endif

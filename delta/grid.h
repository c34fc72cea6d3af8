/* SPDX-License-Identifier: ISC */
/*
 * grid - comparing files block by block at equal offsets, which is all that it takes where one was changed in place or appended to: nothing is
 * rolled over, and a list has no lengths. It follows a list as it comes, and says when from some point on nothing matches any more, as
 * behind an insertion; what is behind that point is for match.h.
 *
 * Blocks are the chunks of lists that were made with sl_lister_grid: they end at multiples of 1 << grain.
 */
#ifndef SL_DELTA_GRID_H
#define SL_DELTA_GRID_H

#include "delta/match.h"

/* ---- while the lists come ---- */

struct sl_grid_look {
    size_t source, bases[SL_BASES_MAX];   /* the next chunk of each list */
    uint64_t seen;           /* up to here it was compared */
    uint64_t last;           /* where the last match ended */
};
/* Compares on, as far as `upto`: all lists reach that far or have ended. */
void sl_grid_look(struct sl_grid_look *l, const struct sl_chunks *source, const struct sl_chunks *bases, unsigned count, uint64_t upto);
/* Whether it does not pay to go on. */
bool sl_grid_diverged(const struct sl_grid_look *l, unsigned grain);
/* Where the portion ends that begins at `from`: each is longer than the one before, to a limit of at least `most`. */
uint64_t sl_grid_portion(uint64_t from, unsigned grain, uint64_t most);
/* As sl_delta_hash_bytes, where each block is compared with one other at most, of each basis. */
unsigned sl_grid_hash_bytes(uint64_t bytes, unsigned grain);

/* ---- when they are there ---- */

/* A round: as sl_delta_round, but a chunk matches only what is at its own offset. In the first round d becomes as long as the list. */
void sl_grid_round(struct sl_delta *d, const struct sl_chunks *source, const struct sl_chunks *bases, unsigned count);
/* What of the unknown spans some basis has unused data for at the same offsets; and what of one basis lies at unknown spans. */
void sl_grid_reach(const struct sl_delta *d, struct sl_ranges *out);
void sl_grid_near(const struct sl_delta *d, unsigned basis, struct sl_ranges *out);
/* Whether so long a piece was replaced that the rounds of match.h may find it elsewhere. */
bool sl_grid_moved(const struct sl_delta *d, unsigned grain);
/* As sl_delta_next, for what is in reach. *grid: whether the next round is one of these, or too fine for that. */
enum sl_next sl_grid_next(const struct sl_delta *d, unsigned grain, const struct sl_line *line, unsigned *next, bool *grid);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * portion - a part of a delta that is carried out by itself: a stretch of the new file, with the spans that lie in it.
 * All portions together are the file.
 */
#ifndef SL_DELTA_PORTION_H
#define SL_DELTA_PORTION_H

#include "delta/match.h"

struct sl_portion_most { /* what one may have, each at least 1 */
    uint64_t sent;       /* bytes of new data */
    uint64_t len;        /* bytes in all */
    size_t ranges;       /* spans of new data */
};

/* How long the portion is that begins at `from`, somewhere in the file: as long as it may be. *sent: how much of it is
 * new. */
uint64_t sl_portion_len(const struct sl_delta *d, uint64_t from, const struct sl_portion_most *most, uint64_t *sent);

/* The spans of such a portion; out is as after sl_delta_init. Their offsets are those in the file. */
void sl_portion_spans(const struct sl_delta *d, uint64_t from, uint64_t len, struct sl_delta *out);

/* ---- reading one where the new file is ---- */

/* A stretch, some ranges of which are to be sent and all of which is hashed: piece by piece. */
struct sl_stretch {
    const struct sl_ranges *ranges; /* in it; borrowed */
    size_t next;
    uint64_t pos, end; /* of what no piece was made of yet */
};
/* The next piece: `len` bytes at `at`, to be sent or not. False: there is none. */
bool sl_stretch_next(struct sl_stretch *s, uint64_t *at, uint64_t *len, bool *sent);

#endif

/* SPDX-License-Identifier: ISC */
/* chunk - a file as a list of chunks with their hashes: cut by content or into blocks of one length (cut.h), hashed with the secret of the same seed. */
#ifndef SL_DELTA_CHUNK_H
#define SL_DELTA_CHUNK_H

#include "base/hash.h"
#include "delta/cut.h"

struct sl_chunk {
    uint64_t at, len;        /* bytes, in the file */
    uint64_t hash;           /* the lowest bytes of it, as many as both lists have */
    bool hole;               /* no data: neither cut nor hashed */
    uint32_t mark;           /* cut.h, where they are wanted; else 0 */
};

struct sl_chunks {           /* in ascending order; at is owned */
    struct sl_chunk *at;
    size_t len, cap;
};
void sl_chunks_add(struct sl_chunks *l, const struct sl_chunk *c);
void sl_chunks_clear(struct sl_chunks *l);

struct sl_range { uint64_t at, len; };
struct sl_ranges {           /* ascending, apart from each other; at is owned */
    struct sl_range *at;
    size_t len, cap;
};
/* at >= the end of the last; one that touches it makes it longer. */
void sl_ranges_add(struct sl_ranges *r, uint64_t at, uint64_t len);
/* Makes two of the i-th where it is longer than len > 0: so long, and the rest. */
void sl_ranges_split(struct sl_ranges *r, size_t i, uint64_t len);
void sl_ranges_clear(struct sl_ranges *r);
uint64_t sl_ranges_total(const struct sl_ranges *r);

/* Cuts and hashes a stream of any piece size. Embedded; its memory is that of one hash state. */
struct sl_chunker {
    struct sl_cut cut;
    struct sl_keyed *hash;   /* of a chunk that came in pieces; owned */
    uint64_t at, len;        /* the chunk that is open */
    bool split;              /* its first bytes are in hash */
    bool marks;              /* to be set by who wants them */
    uint64_t mark;           /* the gear hash's state behind the first bytes of the chunk that is open */
};
void sl_chunker_init(struct sl_chunker *c, const struct sl_seed *seed);
void sl_chunker_clear(struct sl_chunker *c);
/* A stretch of the file begins at offset `at`: cutting starts afresh. */
void sl_chunker_begin(struct sl_chunker *c, unsigned grain, uint64_t at);
/* The same, cut at the multiples of 1 << grain instead. */
void sl_chunker_begin_grid(struct sl_chunker *c, unsigned grain, uint64_t at);
/* Takes up to n bytes, as far as the chunk's end; returns how many. true in *have: *out is a chunk. */
size_t sl_chunker_next(struct sl_chunker *c, const uint8_t *data, size_t n, struct sl_chunk *out, bool *have);
/* The stretch ends here: whether there is a last chunk. */
bool sl_chunker_end(struct sl_chunker *c, struct sl_chunk *out);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * trail - where the blocks of another file are in this one, behind insertions and deletions: only the other's side makes a list, of a grid, with a mark of
 * each block (cut.h); this side reads its file once and hashes each block where it is expected, as far from its old place as the one before. Where several
 * in a row are not there, their marks are looked for, in a stretch as long as what was lost. What moved farther, or in another order, is not found.
 *
 * That a sender rolls a weak hash over its file to find the receiver's blocks at any offset is A. Tridgell's and P. Mackerras's, "The rsync algorithm", 1996;
 * here it rolls over what changed only.
 */
#ifndef SL_DELTA_TRAIL_H
#define SL_DELTA_TRAIL_H

#include "base/error.h"
#include "delta/chunk.h"

struct sl_trail_ops {
    /* n > 0 bytes at `at` of this file, which are in it. They are there until the next call. NULL: they can't be had; *err. */
    const uint8_t *(*bytes)(void *ctx, uint64_t at, size_t n, struct sl_error *err);
};

struct sl_trail {
    const struct sl_chunks *other;   /* blocks of the other file from its beginning on, as far as they are known; borrowed */
    unsigned grain;
    uint64_t mask;                   /* of a hash's bytes */
    /* the state */
    uint64_t size;                   /* of this file */
    size_t next;                     /* block of the other's */
    size_t lost;                     /* so many in front of it were not found */
    int64_t shift, before;           /* of what is here from where it is there; the one before it */
    uint64_t seen, last;             /* there: compared up to here; where the last match ended */
    uint64_t end;                    /* here: where the last match ended */
    bool shifted;                    /* something was found at another offset */
    bool ended;                      /* what is left of the other's has no place here */
    bool complete;                   /* to be set when all of the other's blocks are known */
    bool combed;                     /* then, what is left here was searched since the last match */
};

void sl_trail_init(struct sl_trail *t, const struct sl_chunks *other, unsigned grain, unsigned hash_bytes);
/* Up to where this file is settled, which never goes back: the last match, or its end when nothing more is to be looked for in it. */
uint64_t sl_trail_position(const struct sl_trail *t);
bool sl_trail_over(const struct sl_trail *t);

struct sl_trail_in { const struct sl_trail_ops *ops; void *ctx; const struct sl_seed *seed; struct sl_chunks *found; };
/* One block, or one search. What is found is added to in->found: at its offset here, with its hash there, in ascending order. *done: bytes that were worked on.
 * SL_EOF: no block is left, or t->ended. Work is linear in the other file's length whatever its list says. */
enum sl_code sl_trail_step(struct sl_trail *t, const struct sl_trail_in *in, uint64_t *done, struct sl_error *err);

struct sl_delta;
struct sl_trail_sides {
    const struct sl_chunks *other, *found;   /* the blocks there; what of them sl_trail_step found here */
    bool of_source;                  /* this file is the new one */
    unsigned basis;                  /* which the old one is */
    uint64_t source_to, basis_to;    /* how far each was looked at */
};
/* The first round, with what was found: d becomes source_to bytes long; what was not found is unknown, or unused. */
void sl_trail_round(struct sl_delta *d, const struct sl_trail_sides *s);
/* Whether so long a piece was replaced, and so much of the basis is unused, that it may have been moved: a round of all that is left finds it. */
bool sl_trail_moved(const struct sl_delta *d, unsigned grain);

#endif

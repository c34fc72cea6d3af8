/* SPDX-License-Identifier: ISC */
/*
 * match - how a new file can be put together from what is there already. It starts as one unknown span; each round compares chunk lists of
 * one grain, of what is unknown still and of what no round has found a use for, and leaves less unknown. What is unknown in the end
 * has to be sent. Nothing here reads a file; the result is right only if equal chunk hashes mean equal content, so whoever
 * builds the file verifies it as a whole.
 *
 * Comparing content-defined chunks coarse first and fine where they differ follows A. Muthitacharoen et al., "A Low-bandwidth
 * Network File System", SOSP 2001, and D. Teodosiu et al., "Optimizing File Replication over Limited-Bandwidth Networks using Remote
 * Differential Compression", 2006 (section 4, recursive signatures).
 */
#ifndef SL_DELTA_MATCH_H
#define SL_DELTA_MATCH_H

#include "delta/chunk.h"

enum { SL_BASES_MAX = 4 };

enum sl_span_kind { SL_SPAN_NEW, SL_SPAN_HOLE, SL_SPAN_COPY };
struct sl_span {
    enum sl_span_kind kind;
    unsigned basis;          /* COPY: which */
    uint64_t at, len;        /* in the new file; spans follow each other without gaps */
    uint64_t from;           /* COPY: where in the basis */
};

struct sl_delta {
    struct sl_span *spans;   /* owned */
    size_t len, cap;
    struct sl_ranges unused[SL_BASES_MAX];   /* what of each basis no chunk has matched */
    unsigned rounds;
};
/* A new file of which nothing is known; its length follows from the first round's list. */
void sl_delta_init(struct sl_delta *d);
void sl_delta_clear(struct sl_delta *d);

/* One round. source: chunks (and, in the first round, holes) that fill the unknown spans, in order: the first round's list
 * is of the whole file. bases: lists of the same grain, of the whole basis in the first round and of its unused ranges in later ones. What later lists leave
 * out of the unknown spans and of the unused ranges stays what it was.
 * count <= SL_BASES_MAX and the same in every round. Linear in the lists' lengths; the key makes that hold whatever hashes a peer
 * claims: it is random and not known to anybody else. */
void sl_delta_round(struct sl_delta *d, const struct sl_chunks *source, const struct sl_chunks *bases, unsigned count, uint64_t key);

/* What the file has besides, up to `size`, is unknown. */
void sl_delta_extend(struct sl_delta *d, uint64_t size);

/* No round is to follow: gives back what only they need. */
void sl_delta_settle(struct sl_delta *d);

/* The unknown spans as ranges of the new file, for the next round or for sending. */
void sl_delta_unknown(const struct sl_delta *d, struct sl_ranges *out);
uint64_t sl_delta_unknown_bytes(const struct sl_delta *d);
uint64_t sl_delta_size(const struct sl_delta *d);

/* ---- which grain ---- */

struct sl_line {             /* what a round costs besides its bytes; 0: not known */
    uint64_t bytes_per_s, rtt_us;
};
/* For the first round of a file of that many bytes. */
unsigned sl_delta_first_grain(uint64_t size);
/* After a round of `grain`: whether another one, of *next, can save more than it costs; or whether that is to be found out by a sample. */
enum sl_next { SL_NEXT_STOP, SL_NEXT_ROUND, SL_NEXT_SAMPLE };
enum sl_next sl_delta_next(const struct sl_delta *d, unsigned grain, const struct sl_line *line, unsigned *next);
/* Stretches of `all`, about a 128th of it, for a sample of one side's list; the other side's list is to be whole. */
void sl_delta_sample(const struct sl_ranges *all, unsigned grain, struct sl_ranges *out);
/* Whether enough of the sample was found in the other side's whole lists to make a round worth its cost. */
bool sl_delta_sample_hits(const struct sl_chunks *sample, const struct sl_chunks *wholes, unsigned count, uint64_t key);
/* What of each range may belong to a match beside it, of which a round of `grain` found only the chunks that both had whole: what one more such chunk can
 * reach behind a match, and two in front of one. There is none beside the ends of the file, of `size` bytes. */
void sl_delta_edges(const struct sl_ranges *all, uint64_t size, unsigned grain, struct sl_ranges *out);
/* Where a round of all does not pay: whether one of the edges, with chunks of `next`, does. */
bool sl_delta_edges_pay(const struct sl_delta *d, unsigned grain, unsigned next, const struct sl_line *line);
/* Bytes of chunk hashes with which a false match is one in 65,536 such pairs of files. It costs that file's bytes once more; a byte more in each chunk costs about as much. */
unsigned sl_delta_hash_bytes(uint64_t source_bytes, uint64_t basis_bytes, unsigned grain);

#endif

/* SPDX-License-Identifier: ISC */
/* delta_job_priv - what delta_job.c and delta_grid.c have of each other. */
#ifndef SL_CLIENT_DELTA_JOB_PRIV_H
#define SL_CLIENT_DELTA_JOB_PRIV_H

#include "client/delta_job.h"

/* ---- delta_job.c ---- */
/* One list of one side: 0 the source's, 1 + number of a basis. SL_AGAIN: no room. */
struct sl_job_want { unsigned which, flags, grain, hash_bytes; const struct sl_ranges *ranges; struct sl_trail *trail; };
enum sl_code sl_job_ask_list(struct sl_delta_job *j, const struct sl_job_sides *s, const struct sl_job_want *want);
uint64_t sl_job_largest_basis(const struct sl_delta_job *j);   /* bytes */
bool sl_job_only_hoped_for(const struct sl_delta_job *j);
bool sl_job_hopeless(const struct sl_delta_job *j);
bool sl_job_too_many(const struct sl_delta *d);
/* Frees the lists, and what was asked for. */
void sl_job_clear_lists(struct sl_delta_job *j);
void sl_job_finish(struct sl_delta_job *j);
/* The next round is one of such chunks, of all that is unknown and unused; or a sample of that. */
void sl_job_next_round(struct sl_delta_job *j, unsigned grain, bool sample, const struct sl_job_sides *s);

/* ---- delta_grid.c ---- */
/* Before anything is asked for: whether the first round is one over a grid. */
void sl_job_grid_begin(struct sl_delta_job *j, const struct sl_job_sides *s, uint64_t basis);
bool sl_job_grid_asks(const struct sl_delta_job *j);
enum sl_code sl_job_grid_ask(struct sl_delta_job *j, const struct sl_job_sides *s);
/* A list came, or why there is none. */
void sl_job_grid_answered(struct sl_delta_job *j, unsigned which, const struct sl_chunk_answer *a);
/* No more is to come: compares, and begins the next round or is done. */
void sl_job_grid_settle(struct sl_delta_job *j, const struct sl_job_sides *s);
/* The next round is to be of so fine chunks, in reach. */
void sl_job_grid_refine(struct sl_delta_job *j, unsigned grain, bool blocks);
/* Asks for what is behind the portions, where that is to be known in this round. */
enum sl_code sl_job_ask_tail(struct sl_delta_job *j, const struct sl_job_sides *s, unsigned which);

/* ---- delta_trail.c ---- */
/* Before anything is asked for: whether the remote side's blocks are to have marks. */
void sl_job_trail_begin(struct sl_delta_job *j, const struct sl_job_sides *s);
/* Whether a list may be asked for as far as trails go; *only: and nothing else matters. */
bool sl_job_trail_wants(const struct sl_delta_job *j, unsigned which, bool *only);
/* Flags of a list of blocks of that side. */
unsigned sl_job_trail_flags(const struct sl_delta_job *j, unsigned which);
/* Whether that side's answer says that its file can't be followed so: it is listed then. */
bool sl_job_trail_refused(struct sl_delta_job *j, unsigned which, const struct sl_chunk_answer *a);
/* An answer came. Who follows may be known by that. */
void sl_job_trail_answered(struct sl_delta_job *j);
/* Whether all that can be followed was. */
bool sl_job_trail_over(const struct sl_delta_job *j);
void sl_job_trail_round(struct sl_delta_job *j);
/* A list of the source came: its blocks, where they are the next, are part of the file's hash. */
void sl_job_sum(struct sl_delta_job *j, const struct sl_chunk_answer *a);

#endif

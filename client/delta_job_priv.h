/* SPDX-License-Identifier: ISC */
/* delta_job_priv - what delta_job.c and delta_grid.c have of each other. */
#ifndef SL_CLIENT_DELTA_JOB_PRIV_H
#define SL_CLIENT_DELTA_JOB_PRIV_H

#include "client/delta_job.h"

/* ---- delta_job.c ---- */
/* One list of one side: 0 the source's, 1 + number of a basis. SL_AGAIN: no room. */
struct sl_job_want { unsigned which, flags, grain, hash_bytes; const struct sl_ranges *ranges; };
enum sl_code sl_job_ask_list(struct sl_delta_job *j, const struct sl_job_sides *s, const struct sl_job_want *want);
uint64_t sl_job_largest_basis(const struct sl_delta_job *j);   /* bytes */
bool sl_job_only_hoped_for(const struct sl_delta_job *j);
bool sl_job_hopeless(const struct sl_delta_job *j);
bool sl_job_too_many(const struct sl_delta *d);
/* Frees the lists, and what was asked for. */
void sl_job_clear_lists(struct sl_delta_job *j);
void sl_job_finish(struct sl_delta_job *j);

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

#endif

/* SPDX-License-Identifier: ISC */
/* staging - --temp-dir: files are staged in one directory at the destination; and --preallocate: room is taken for them ahead. */
#ifndef SL_CLIENT_STAGING_H
#define SL_CLIENT_STAGING_H

#include "client/plan.h"

/* Whether it can be done there; says option and side. Before anything is changed. */
enum sl_code sl_staging_check(const struct sl_options *o, const struct sl_endpoint *dest, struct sl_error *err);
/* Finds the directory, which has to be there; from: what a relative one is seen from. */
enum sl_code sl_staging_find(struct sl_plan *p, const char *from, struct sl_error *err);
void sl_staging_clear(struct sl_plan *p);

/* Before a lane writes anything: says where. SL_AGAIN: no room now. */
enum sl_code sl_staging_begin(struct sl_lane *l);

/* Behind the beginning of a file, or of its first part. */
void sl_staging_reserve(struct sl_lane *l, const struct sl_action *a);
/* Whether a failure is that no room could be taken ahead on that file system, which is told once and has no other effect. */
bool sl_staging_unreserved(struct sl_lane *l, const struct sl_pending *n, uint64_t ticket, const struct sl_error *why);

#endif

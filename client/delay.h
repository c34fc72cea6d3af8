/* SPDX-License-Identifier: ISC */
/*
 * delay - --delay-updates: files that are complete wait at the destination (tree/hold.h) until everything else is done,
 * and get their names together, before anything is deleted. What waits is noted in a spool, so memory does not follow
 * its number; directories in which something may wait are noted as well, for their times have to be set once more.
 */
#ifndef SL_CLIENT_DELAY_H
#define SL_CLIENT_DELAY_H

#include <stdio.h>

#include "client/plan.h"

#define SL_DELAY_SPOOLS 3

/* Whether it can be done there; says option and side. Before anything is changed. */
enum sl_code sl_delay_check(const struct sl_options *o, const struct sl_endpoint *dest, struct sl_error *err);
/* files: SL_DELAY_SPOOLS temporary files, from when they could still be made; NULL: none. Taken over. */
void sl_delay_init(struct sl_plan *p, FILE **files);
void sl_delay_clear(struct sl_plan *p);

/* Whether what this action makes waits. */
bool sl_delay_holds(const struct sl_plan *p, const struct sl_action *a);
/* The directory is left; meta: what it gets then. Returns what of that it gets before the files have their names. */
uint32_t sl_delay_dir(struct sl_plan *p, const struct sl_level *l, uint32_t meta);
/* The action is under way: what has to be known of it later. */
void sl_delay_mark(struct sl_lane *l, struct sl_pending *n, const struct sl_action *a);
/* It was confirmed: it waits, if it is to. */
void sl_delay_confirmed(struct sl_plan *p, struct sl_pending *n);

/* When all else is done: queues the next of those that wait, or what is due to their directories. SL_EOF: none is left. */
enum sl_code sl_delay_step(struct sl_plan *p, struct sl_error *err);

#endif

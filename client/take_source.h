/* SPDX-License-Identifier: ISC */
/*
 * take_source - --remove-source-files: what the destination has confirmed is removed at the source, if size and time
 * are still those that were listed. The side that removes looks at them itself, right before. With -H names of one file stay until all is
 * listed: whether there are others is what the listing tells of those to come.
 */
#ifndef SL_CLIENT_TAKE_SOURCE_H
#define SL_CLIENT_TAKE_SOURCE_H

#include "client/plan.h"

struct sl_taken; /* something that is to be removed, when it has arrived */

/* Whether it can be done there; says option and side. Before anything is changed. */
enum sl_code sl_take_check(const struct sl_options *o, const struct sl_endpoint *source, struct sl_error *err);
/* For the source endpoints of a plan's streams: to hear of failures. And no more. */
void sl_take_begin(struct sl_plan *p);
void sl_take_end(struct sl_plan *p);

/* What an action takes away when it has been done; NULL: nothing. The caller's, until it is given to one of the next
 * two. */
struct sl_taken *sl_take_of(const struct sl_plan *p, const struct sl_action *a);
void sl_take_now(struct sl_plan *p, struct sl_taken *t);
void sl_take_forget(struct sl_taken *t);
/* As a record of this process, for later: it holds a pointer to the origin. And back, in fresh memory. */
void sl_take_write(const struct sl_taken *t, struct sl_buf *b);
struct sl_taken *sl_take_read(const void *record, size_t n);

/* Asks for what can be asked for, and takes answers. Whether that was anything. */
bool sl_take_step(struct sl_plan *p);
/* Whether something is still to be asked for, or not answered. */
bool sl_take_left(const struct sl_plan *p);
void sl_take_clear(struct sl_plan *p);

#endif

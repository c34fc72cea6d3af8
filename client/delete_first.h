/* SPDX-License-Identifier: ISC */
/*
 * delete_first - --delete-before: both sides are listed to see what goes, that is deleted, and then the run begins anew
 * without anything left to delete. So a full disk has room before the first byte is written, and still nothing goes of
 * a source that could not be read in full.
 */
#ifndef SL_CLIENT_DELETE_FIRST_H
#define SL_CLIENT_DELETE_FIRST_H

#include "client/run.h"

/* What the first pass leaves to the second. */
struct sl_first {
    bool done;              /* there was one, and it was not refused: nothing is in the way of anything */
    struct sl_options then; /* the second one's: borrowed parts are the first one's */
    struct sl_stats stats;
    uint64_t confirmed, deleted;
    bool failed, refused;
    struct sl_gone gone; /* a dry run's: until the second pass has it */
};

/* The first pass. SL_OK: the layout is as it was before, and its options are f->then, which has to stay. Else the
 * session's failure; what was achieved is in f. Whatever else goes wrong is left to the second pass, which tells it. */
enum sl_code sl_delete_first(struct sl_layout *l, struct sl_first *f, struct sl_error *err);
/* Where there is no second pass. */
void sl_delete_first_clear(struct sl_first *f);
/* Hands on what the first pass did. */
void sl_delete_first_done(struct sl_first *f, struct sl_plan *p);
/* The planner has gone on, with this result: nothing that it queued is done. */
enum sl_code sl_delete_first_turn(struct sl_plan *p, enum sl_code planned);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * parts - a large file that several lanes send, each a part at a time. The first part makes the staged file; then the others go to whichever lane
 * has least to do; when all are confirmed the first lane joins them. Each part is verified by its own hash, and all come from the same version of
 * the source's file. Of a file with a delta a part is a portion of that (delta/portion.h), and its hash that of all that is in it, copies too. What goes
 * wrong is mended by sending the file whole: a delta in parts again, else on one lane.
 */
#ifndef SL_CLIENT_PARTS_H
#define SL_CLIENT_PARTS_H

#include "client/plan.h"

struct sl_parts {
    struct sl_action file;           /* owned; its number is not settled until the file is joined */
    struct sl_delta_job *delta;      /* owned, done: what it is put together from; NULL: all of it is sent */
    char token[SL_TOKEN_LEN + 1];
    uint64_t next;                   /* where the next part begins */
    unsigned out;                    /* parts that were dealt and are not confirmed */
    uint64_t taken;                  /* bytes that parts have brought */
    bool made;                       /* the first one was begun: the staged file is there */
    bool told;                       /* the line about it */
    bool failed;                     /* no more parts: err says why */
    bool changed;                    /* because the source changed */
    struct sl_error err;
    uint64_t version;                /* of the source's file; 0: not known yet */
    uint64_t busy_since_ms;          /* joining is refused because a lost lane still writes; 0: no */
    struct sl_parts *after;          /* the next in plan->parts */
};

/* Whether a file is to go in parts. */
bool sl_parts_wanted(const struct sl_plan *p, const struct sl_action *a);
/* Makes a group of an action, of which nothing is left but its place in the queue. Takes its delta over. */
void sl_parts_split(struct sl_lane *l, struct sl_action *a);
/* Puts the next part of some file into *a; false: there is none now. */
bool sl_parts_next(struct sl_plan *p, struct sl_action *a);

/* ---- of the executor ---- */
/* What a part's portion of its file's delta is: a job that is done; NULL where the file has none. The caller's. */
struct sl_delta_job *sl_parts_portion(const struct sl_action *a);
/* What was read for a part is all there: whether it belongs to the same file as the others. */
bool sl_parts_take(struct sl_parts *g, const struct sl_action *a, uint64_t got, const struct sl_piece *end);
/* A part, or joining, is confirmed (ok) or has failed before. */
void sl_parts_settled(struct sl_plan *p, struct sl_parts *g, enum sl_action_kind kind, bool ok);
/* A failure of a part or of joining. */
void sl_parts_failed(struct sl_plan *p, struct sl_parts *g, enum sl_action_kind kind, const struct sl_error *err);

/* The lane that had the first part is lost. */
void sl_parts_lost_first(struct sl_plan *p, struct sl_parts *g);

/* The run has failed, and no lane is left but the first: what a local destination has of files in parts is kept, or not, as of any other file. */
void sl_parts_leave(struct sl_plan *p);

void sl_parts_clear(struct sl_plan *p);

#endif

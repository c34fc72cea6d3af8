/* SPDX-License-Identifier: ISC */
/*
 * hard - what -H adds to planner and executor. The first name of a file, in the order of the listing, is handled as
 * ever and leads its group (groups.h); every later one becomes a LINK, which waits until the leader is settled and is
 * then made on the first lane. Where it can't be made, or the leader has failed, the name is what it would be without
 * -H, and leads those that come after it.
 */
#ifndef SL_CLIENT_HARD_H
#define SL_CLIENT_HARD_H

#include "client/groups.h"
#include "client/plan.h"

/* ---- planner ---- */
void sl_hard_init(struct sl_plan *p);
/* An entry that both sides have is about to be queued: its directory is opened up first where it will be linked. */
void sl_hard_before(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d);
/* The action on an entry was queued last. d: what has its name at the destination and may stay; NULL: nothing. */
void sl_hard_action(struct sl_plan *p, struct sl_action *a, const struct sl_entry *s, const struct sl_entry *d);
/* There is nothing to do for it, by itself. */
void sl_hard_unchanged(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, struct sl_origin *origin);
/* The action waits for a directory to go; and it waits no longer. */
void sl_hard_defer(struct sl_plan *p, struct sl_action *a, const struct sl_entry *s);
void sl_hard_deferred(struct sl_plan *p, struct sl_action *a);

/* ---- dealing ---- */
/* Whether a LINK waits for its leader. If not, it is made what it is to be: a LINK, or something else. */
bool sl_hard_waits(struct sl_plan *p, struct sl_action *a);
/* Takes the first of a queue to those that wait. */
void sl_hard_hold(struct sl_plan *p, struct sl_queue *from);

/* ---- executor ---- */
/* Carries out a LINK, the first of the queue. */
enum sl_code sl_hard_link(struct sl_lane *l, struct sl_action *a);
/* The same with -n. */
void sl_hard_pretend(struct sl_plan *p, struct sl_action *a);
/* An action is settled; seq 0: it is not, another of the same role goes on. */
void sl_hard_over(struct sl_plan *p, uint64_t seq, const struct sl_hard_role *role, enum sl_action_kind kind);
/* A LINK was confirmed. */
void sl_hard_linked(struct sl_plan *p, struct sl_pending *n);
/* It has failed: whether something else is done in its place, or was already. */
bool sl_hard_refused(struct sl_plan *p, struct sl_pending *n, const struct sl_error *why);

#endif

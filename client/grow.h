/* SPDX-License-Identifier: ISC */
/*
 * grow - opens further lanes of a run, as many as were asked for or, by itself, as long as they make it faster, and gets over the loss of
 * one. A lane has a connection to each remote side, and endpoints of its own for the local trees.
 */
#ifndef SL_CLIENT_GROW_H
#define SL_CLIENT_GROW_H

#include "client/plan.h"
#include "client/remote.h"
#include "client/run.h"

struct sl_grow;

/* Whether a run with these options may have more than one lane. What that needs is made by sl_grow_prepare, before this process is
 * confined; that it can't be had is no failure, unless a number of lanes was asked for: then it is told. */
bool sl_grow_wanted(const struct sl_options *o);
void sl_grow_prepare(struct sl_layout *l);

/* For a plan whose first lane exists; both are borrowed. */
struct sl_grow *sl_grow_new(struct sl_layout *l, struct sl_plan *p);
/* Closes all lanes but the first. The plan's work is over then, or given up; traffic is added to what has moved. */
void sl_grow_free(struct sl_grow *g, uint64_t *wire_out, uint64_t *wire_in);

/* Takes what came up, and decides: to be called at every turn. */
void sl_grow_turn(struct sl_grow *g);
/* Moves the bytes of all connections. A lost lane is no failure unless it is the first. */
enum sl_code sl_grow_pump(struct sl_grow *g, bool wait, struct sl_error *err);
/* Within an operation that takes long: what goes wrong comes up again in sl_grow_pump, and no lane goes away meanwhile. */
void sl_grow_keep_alive(struct sl_grow *g);
/* Bytes waiting to be sent on the connection that has most. */
size_t sl_grow_queued(const struct sl_grow *g);
/* Says BYE on all connections. */
void sl_grow_finish(struct sl_grow *g);

#endif

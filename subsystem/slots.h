/* SPDX-License-Identifier: ISC */
/*
 * slots - the connections of a listener, counted in memory that all its processes see: a slot for each, which the listener
 * fills before it forks and empties when the process has ended, so that one that is killed is not counted for ever. A child writes in its own
 * only. What counts against the limits are sessions. A client opens several connections for one session and says so by a token of its own choice in
 * its greeting: those that come from one source with one token count as one, up to `max lanes` of them.
 */
#ifndef SL_SUBSYSTEM_SLOTS_H
#define SL_SUBSYSTEM_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "proto/conn.h"
#include "subsystem/configuration.h"
#include "subsystem/sockets.h"

struct sl_slots;

struct sl_slots_view {               /* one process's look at them */
    struct sl_slots *all;
    size_t own;                      /* of a child */
    unsigned generation;             /* of the configuration whose modules are counted */
};

/* Seen by all processes that are forked from now on; NULL and errno. */
struct sl_slots *sl_slots_new(void);
void sl_slots_free(struct sl_slots *s);

enum sl_room { SL_ROOM_NONE, SL_ROOM, SL_ROOM_FOR_LANE /* of a session that is there: sl_slots_greeted decides */ };
/* Whether one more may come from there; why says why not (also with SL_ROOM_FOR_LANE). */
enum sl_room sl_slots_room(const struct sl_slots *s, const struct sl_config *c, const struct sl_source *source, struct sl_error *why);
/* Listener. take: a free slot, by its index, for what is about to be forked; there is one when there is room. begun: its process; 0: there is none
 * after all. ended: false: no such process. */
size_t sl_slots_take(struct sl_slots *s, const struct sl_source *source, unsigned generation, enum sl_room room);
void sl_slots_begun(struct sl_slots *s, size_t i, pid_t pid);
bool sl_slots_ended(struct sl_slots *s, pid_t pid);
size_t sl_slots_used(const struct sl_slots *s);
/* Calls `each` for every process. */
void sl_slots_each(const struct sl_slots *s, void (*each)(pid_t pid));

/* Child, first of all: gives up all but what it may write, its own word; it knows no process's id. */
void sl_slots_child(struct sl_slots *s, size_t own);
/* Child: the page of its own word, for the confinement to pin; NULL where it keeps more than that. */
const void *sl_slots_own_page(const struct sl_slots_view *v);
/* Child. The peer has greeted, with a token of SL_SESSION_LEN bytes or without one (NULL). SL_E_LIMIT: there was room for a lane only, and it is none. */
enum sl_code sl_slots_greeted(const struct sl_slots_view *v, const struct sl_config *c, const uint8_t *token, struct sl_error *err);
/* Child. It wants module m of c. SL_E_LIMIT. */
enum sl_code sl_slots_admit(const struct sl_slots_view *v, const struct sl_config *c, const struct sl_module *m, struct sl_error *err);

#endif

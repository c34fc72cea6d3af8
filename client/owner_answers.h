/* SPDX-License-Identifier: ISC */
/* owner_answers - what a server said of owners: which number stands there for a user or group of here, and whether it can be set. */
#ifndef SL_CLIENT_OWNER_ANSWERS_H
#define SL_CLIENT_OWNER_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_owner_answers;

struct sl_owner_asked {
    bool group;
    uint32_t number;
    const char *name;             /* borrowed; "": none */
};

struct sl_owner_answer {
    bool known, settable;
    uint32_t there;
};

/* Holds at most max answers: then it starts over, as soon as no question is open. */
struct sl_owner_answers *sl_owner_answers_new(size_t max);
void sl_owner_answers_free(struct sl_owner_answers *t);

/* What was asked for already, known or not yet; NULL: never, or not since it started over. Good until the next question. */
const struct sl_owner_answer *sl_owner_answers_find(const struct sl_owner_answers *t, const struct sl_owner_asked *of);

/* Makes room for one more question. Those of tickets up to `acked` that have no answer will never have one. False: it is full of open ones. */
bool sl_owner_answers_room(struct sl_owner_answers *t, uint64_t acked);

/* A question that was not asked yet, for which there is room; tickets grow. */
void sl_owner_answers_ask(struct sl_owner_answers *t, const struct sl_owner_asked *of, uint64_t ticket);

/* The answer to an open question. False: there is none of that ticket. */
bool sl_owner_answers_take(struct sl_owner_answers *t, uint64_t ticket, bool settable, uint32_t there);

#endif

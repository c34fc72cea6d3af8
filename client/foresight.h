/* SPDX-License-Identifier: ISC */
/*
 * foresight - what is behind links, asked for ahead. What a directory has that a link leads to can only be asked for directory by directory, and
 * where the links in it lead one by one (look.h, resolve.h): each would take a round trip. So what comes next, in the order in which it will be
 * used and as far as it is known, is asked for before its turn: so many directories, so many links, and so much of them in memory.
 */
#ifndef SL_CLIENT_FORESIGHT_H
#define SL_CLIENT_FORESIGHT_H

#include "client/cursor.h"
#include "client/look.h"

/* Whether a link in directory `dir` (of the transfer) is going to be followed. */
typedef bool sl_foresight_may(const void *ctx, const char *dir, const struct sl_entry *link);

struct sl_foresight { /* one pass; zero but for: */
    struct sl_cursor *c; /* borrowed; of the looking job, at the top of its root */
    struct sl_look_room *room; /* borrowed: where what is asked for counts */
    uint32_t flags; /* of LIST */
    sl_foresight_may *may;
    const void *ctx;
    size_t dirs, links; /* met so far */
    bool full;
};

/* Goes on with what was asked for, and asks for more: of directory `real` (a path below the root; of the transfer, `path`), from entry `from` of k
 * on and what is below these. */
void sl_foresight_look(struct sl_foresight *f, struct sl_look *k, size_t from, const char *real, const char *path);

#endif

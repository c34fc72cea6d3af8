/* SPDX-License-Identifier: ISC */
/*
 * ahead - reads the listings of a remote tree some way ahead of who uses it, asks for the merge files of the directories that it meets, and
 * finds out where links lead: else every directory, and every link, would wait for a round trip. Memory is bounded by so many entries,
 * so many files and links that are under way, and so much text of them: what is beyond that is asked for again when it is needed.
 */
#ifndef SL_CLIENT_AHEAD_H
#define SL_CLIENT_AHEAD_H

#include "client/cursor.h"
#include "client/filters.h"
#include "client/foresight.h"

struct sl_ahead;
struct sl_origin;

/* What is being listed: name in dir below the origin. Borrowed, and the same until that listing is over. */
struct sl_ahead_of {
    const struct sl_origin *origin;
    const char *dir, *name;
    bool recursive;
    bool follows;   /* where the named thing itself is a link it is looked at, whatever `may` says */
};
/* Of the listings asked for, number n from the one that is being used on. False: there are not so many. */
typedef bool sl_ahead_list(const void *ctx, size_t n, struct sl_ahead_of *of);

/* side: whose merge files; f may be NULL: none. f and e are borrowed. */
struct sl_ahead *sl_ahead_new(const struct sl_filters *f, struct sl_endpoint *e, uint32_t side, sl_ahead_list *lists, const void *ctx);
void sl_ahead_free(struct sl_ahead *a);

/* Links are followed ahead where `may` says so; ctx is its, flags are of LIST. */
void sl_ahead_links(struct sl_ahead *a, sl_foresight_may *may, const void *ctx, uint32_t flags);
/* Goes on with all of them, and what is behind them, as far as answers are there. */
void sl_ahead_follow(struct sl_ahead *a);

/* What the endpoint's list_next would say. */
enum sl_code sl_ahead_next(struct sl_ahead *a, struct sl_event *ev, struct sl_error *err);
/* Whether the listing that is being used has come to its end on the line: it can't be skipped any more. */
bool sl_ahead_ended(const struct sl_ahead *a);

/* Of the next `count` listings asked for, the one in use apart, where the links that they are of lead, as far as that is known and a directory; else
 * NULL. Borrowed. over: the end of that one was read. */
void sl_ahead_ways(const struct sl_ahead *a, bool over, const char **real, size_t count);

/* The merge file of a directory, if it was asked for; the caller's then. NULL: it was not. */
struct sl_fetch *sl_ahead_take(struct sl_ahead *a, const char *dir, const char *name);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * alternates - the trees of --compare-dest, --copy-dest and --link-dest: listings of the destination's side that are read
 * in step with the source. Each is entered only where the source has the directory. See doc/ARCHITECTURE.md, "Alternates".
 */
#ifndef SL_CLIENT_ALTERNATES_H
#define SL_CLIENT_ALTERNATES_H

#include "client/files_from.h"
#include "client/options.h"
#include "client/stream.h"

struct sl_alternate {
    struct sl_endpoint *lists;    /* an endpoint for its listing alone; owned where it is local */
    struct sl_stream stream;
    struct sl_origin origin;      /* strings owned */
    struct sl_files_from_feed *feed;   /* owned; NULL */
    size_t level;                 /* the depth of the merge up to which it has the same directories */
    const struct sl_entry *now;   /* its entry of the name in question; NULL: it has none */
    bool links_fail;              /* it turned out that nothing can be linked from there */
};

struct sl_alternates {
    enum sl_alternate_kind kind;
    struct sl_alternate *at;      /* owned, in the order of the options */
    size_t len;
    /* -yy: is told of each file that is passed over in the directory that is open; number: of the tree, from 1. NULL: nobody is */
    void (*passes)(void *ctx, size_t number, const struct sl_entry *e);
    void *passes_ctx;
};

void sl_alternates_clear(struct sl_alternates *a);

/* Depth 1 is the root: waits until it is known of each. SL_AGAIN; other errors end the session. */
enum sl_code sl_alternates_begin(struct sl_alternates *a, struct sl_error *err);
/* Moves each of them that is in step at that depth to the entry called like s, and sets `now`. */
enum sl_code sl_alternates_seek(struct sl_alternates *a, size_t depth, const struct sl_entry *s, struct sl_error *err);
/* Whether one of them is in step at that depth. */
bool sl_alternates_any(const struct sl_alternates *a, size_t depth);
/* The directory that was sought last is entered, from that depth. */
void sl_alternates_enter(struct sl_alternates *a, size_t depth);
/* The directory at that depth is over; what is left of it is passed over. SL_AGAIN: not all of it is known to be over yet;
 * nothing has been left then. */
enum sl_code sl_alternates_leave(struct sl_alternates *a, size_t depth, struct sl_error *err);

/* ---- what they have for an entry (choose.c) ---- */

/* How near an alternate's entry comes: rsync's levels. */
enum sl_match {
    SL_MATCH_NONE,
    SL_MATCH_TYPE,                /* something of that type: a basis */
    SL_MATCH_CONTENT,             /* the same by the quick check or its hash; what is preserved differs */
    SL_MATCH_EXACT
};

/* A file whose hash is to decide. */
struct sl_candidate {
    size_t which;
    bool exact, asked, answered, hashed;
    bool itself;                  /* it is the file that is at the destination already */
    uint32_t changes;
    uint8_t hash[SL_HASH_MOST];   /* when hashed */
};
struct sl_candidates { struct sl_candidate at[SL_ALTERNATES_MAX]; size_t len; };

struct sl_pick {
    enum sl_match how;
    size_t which;
    uint64_t size;
    uint32_t mode;
    uint32_t changes;             /* to the source's entry; enum sl_change */
    bool itself;                  /* as of the candidate that was chosen */
    struct sl_candidates *ask;    /* hashes decide whether it is better than that; owned; NULL */
};

#endif

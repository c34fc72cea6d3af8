/* SPDX-License-Identifier: ISC */
/* look - what one thing at a tree is, or a directory with its own entries, asked for beside the listing that runs. */
#ifndef SL_CLIENT_LOOK_H
#define SL_CLIENT_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/entry.h"
#include "base/error.h"

enum { SL_LOOK_MAX = 4 * 1024 * 1024 }; /* entries; a directory with more is told as one that can't be followed */

struct sl_resolve;
struct sl_look_item {
    struct sl_entry entry;  /* name and target are owned */
    struct sl_error *error; /* owned; it is an error of `entry.name`, or of the directory where that is "" */
    bool unnamed;           /* as of struct sl_event */
    struct sl_look *below;  /* owned; of a directory, its entries, asked for ahead (foresight.h): who takes them sets this to NULL; NULL: they were not */
    struct sl_resolve *link; /* likewise, of a link, where it leads */
};
enum { SL_LOOK_ROOM = 16 * 1024 * 1024 };
struct sl_look_room { /* what looks take together that nobody needs yet: SL_LOOK_ROOM bytes at most */
    size_t used;
};
struct sl_look { /* allocated by who asks, given up by sl_look_drop */
    bool asked, done, dropped;
    enum sl_code code; /* when done: SL_OK, or why there is nothing (err) */
    struct sl_error err;
    const struct sl_charset *charset; /* what comes is converted by it, and sorted then; borrowed; NULL: it stays as it is */
    struct sl_look_item *at; /* owned: the thing itself, then a directory's entries in their order */
    size_t len, cap;
    struct sl_look_room *room; /* for who asks to set, before: where it counts; borrowed; NULL: nowhere */
    size_t held; /* there */
    bool crowded; /* there was no room for it: it has nothing, and has to be asked for again */
    size_t *marks; /* owned: which of them are directories and links, once sl_look_mark was called */
    size_t marks_len, marked; /* marks[marked..) have not been used */
};

struct sl_look *sl_look_new(void);
/* Frees it, or leaves that to the endpoint when it was asked for and is still under way. */
void sl_look_drop(struct sl_look *k);

/* It is needed now, and counts nowhere any more. NULL: there was no room for it, and it is dropped. */
struct sl_look *sl_look_claim(struct sl_look *k);
/* Of one that is there: notes which entries are directories and links, and passes over those in front of entry `from`. */
void sl_look_mark(struct sl_look *k, size_t from);

/* For endpoints. It was asked for: */
void sl_look_asked(struct sl_look *k);
void sl_look_add(struct sl_look *k, const struct sl_entry *e);
void sl_look_add_error(struct sl_look *k, const char *name, const struct sl_error *err);
/* It is there, or will never be. */
void sl_look_done(struct sl_look *k, enum sl_code code);

#endif

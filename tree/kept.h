/* SPDX-License-Identifier: ISC */
/*
 * kept - what an interrupted file had so far, set aside under .NAME.HASH.slkept in the same directory until the file is complete or
 * SL_KEPT_STALE_S have gone by; or, where a partial directory is wanted, under its own name in a directory of a given name beside it, for as long as
 * it takes. It is never a file's content by itself: only what proves equal to the source's is copied from it.
 */
#ifndef SL_TREE_KEPT_H
#define SL_TREE_KEPT_H

#include "tree/reader.h"
#include "tree/stage.h"

#define SL_KEPT_LEAST (64u * 1024u)      /* bytes; less is sent again as fast as it is compared */
#define SL_KEPT_STALE_S (7 * 24 * 3600)

/* The name under which what was written of `name` is kept. Files whose names are alike up to where they are cut share one: the content
 * decides. */
void sl_kept_name(char kept[SL_NAME_MAX + 1], const char *name);

/* Ends a stage whose session or process ends, as its flags say: what it has is kept, unless that is too little or less than what is kept
 * already; or it is aborted (SL_KEPT_NOTHING); or what was written gets its name, as it is (SL_KEPT_NAMED; SL_STAGE_REPLACE: also where there
 * is something of that name), if what has that name is what had it at sl_stage_watch: else it is kept. The staged file is gone afterwards in any case, as after sl_stage_abort; a file
 * that was written in place, or of which this was a part, is left as it is. */
enum sl_kept_flag { SL_KEPT_NOTHING = 4, SL_KEPT_NAMED = 8 };    /* the values are those of enum sl_put_flag */
void sl_kept_end(struct sl_stage *s, uint32_t flags);

#define SL_KEPT_PARTS 16u
#define SL_KEPT_BEFORE 64u
#define SL_KEPT_AGAIN 64u                /* going to and fro between large directories must not cost a search of one with each request */
/* Where things are kept, and the directory that was searched last for what killed processes left. */
struct sl_kept_searched {
    const char *in;          /* one name: the partial directory; NULL: beside the file, under a kept name. Borrowed */
    /* Names that are not to come into the partial directory, where everybody sees them: what was staged of them stays. NULL: there are none. */
    bool (*hidden)(void *ctx, const char *name);
    void *hidden_ctx;
    dev_t dev;
    ino_t ino;
    bool any;
    struct sl_kept_dir_id { dev_t dev; ino_t ino; } before[SL_KEPT_BEFORE];    /* those before it, a ring */
    unsigned before_len, before_at;
    unsigned again;          /* how often one of them was searched once more */
    unsigned parts_len;      /* staged files in parts (tree/part.h) that were seen there, of other names */
    char parts[SL_KEPT_PARTS][SL_NAME_MAX + 1];
};

/* Opens what is kept of `name`, or waits for it (tree/hold.h); SL_E_NOT_FOUND when there is nothing. What a killed process left is found too: staged files of this user that
 * no process holds any more get kept names (may_change: names may be changed here). A directory is searched once in a row, and not again and again. What was written in parts
 * is held by nobody between two of them: only that of `name` itself is taken, which the caller is not writing. */
enum sl_code sl_kept_open(struct sl_reader *r, int dirfd, const char *name, bool may_change, struct sl_kept_searched *searched,
                          struct sl_error *err);

/* What a killed process left of `name` is kept from now on, if there is more of it than of what is kept; before any of that is compared. As above. */
void sl_kept_adopt(int dirfd, const char *name, struct sl_kept_searched *searched);
/* The directory that things are kept in: a new descriptor, or -1 and errno. in NULL: dirfd itself; a link of that name is not followed. */
int sl_kept_dir(int dirfd, const char *in, bool make);

/* Removes what is kept of `name`, if anything; and the partial directory `in` (or NULL), once it is empty. */
void sl_kept_remove(int dirfd, const char *name, const char *in);

#endif

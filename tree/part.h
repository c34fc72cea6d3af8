/* SPDX-License-Identifier: ISC */
/*
 * part - one file that is written by several at a time, each a part of it: into one staged file, whose name they all
 * know by a token. Nobody keeps a count of the parts. Whoever has them written (and knows that each was confirmed) has
 * the file joined, or dropped, by anyone.
 *
 * A part holds a shared lock of the staged file as long as it is written, joining and dropping take an exclusive one:
 * so nothing is written into a file that has its name. The first part makes the staged file, which must not be there;
 * the others find it: so all that was confirmed is in it.
 */
#ifndef SL_TREE_PART_H
#define SL_TREE_PART_H

#include "tree/stage.h"

/* Begins a part: content goes on at `from` by sl_stage_write and its like, to `size`, that of the whole file, at most.
 * p->first: makes the staged file, SL_E_EXISTS where there is one; else SL_E_NOT_FOUND where there is none. SL_E_BUSY:
 * it is being joined; SL_E_UNSUPPORTED: no lock can be had here; SL_E_TYPE, SL_E_DENIED, SL_E_CHANGED: what has that
 * name is no staged file of this user's, or not any more. sl_stage_abort ends the part and leaves what was written. */
struct sl_part {
    const char *name;  /* borrowed */
    const char *token; /* SL_TOKEN_LEN bytes, sl_stage_token; borrowed */
    uint64_t from, size;
    bool first;
};
enum sl_code sl_part_begin(struct sl_stage *s, int dirfd, const struct sl_part *p, struct sl_error *err);
/* All of the part is there: writes what is held back. It is not open any more then, also after a failure. */
enum sl_code sl_part_end(struct sl_stage *s, struct sl_error *err);

/* All parts are there: as sl_stage_commit of a file that was staged by one, of the entry's size. SL_E_BUSY: a part is
 * open still; SL_E_INVALID: it is of another size (then it stays staged). Without SL_META_MODE it gets the entry's
 * mode, user may read and write, through the umask. (That it goes through the umask is so also where a default ACL of
 * the directory would have held instead: a file that others open is made for this user alone.) */
struct sl_join {
    const struct sl_entry *entry;
    const char *token;
    uint32_t meta, flags; /* enum sl_meta; SL_STAGE_REPLACE */
    const char *kept_in;  /* as in struct sl_stage */
};
enum sl_code sl_part_join(int dirfd, const struct sl_join *j, struct sl_owners *owners, struct sl_error *err);

/* The parts are given up: the staged file ends as a stage does by sl_kept_end with these flags. SL_E_BUSY: a part is
 * open still. */
struct sl_drop {
    const char *name, *token;
    uint32_t flags; /* enum sl_kept_flag; SL_STAGE_REPLACE */
    const char *kept_in;
};
enum sl_code sl_part_drop(int dirfd, const struct sl_drop *d, struct sl_error *err);

#endif

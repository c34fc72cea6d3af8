/* SPDX-License-Identifier: ISC */
/*
 * hold - files that are complete, verified and have their metadata, and wait for their names (--delay-updates): under
 * .NAME.HASH.slheld beside their place or, where a partial directory is wanted, under their own name in it. Nothing is
 * remembered of them: a name has one place to wait in, so what an earlier run left is replaced by the next one, which
 * also takes what it can from it (tree/kept.h). What nobody comes for is stale after SL_KEPT_STALE_S.
 */
#ifndef SL_TREE_HOLD_H
#define SL_TREE_HOLD_H

#include "tree/move.h"
#include "tree/stage.h"

/* The name under which a file waits beside its place. HASH is of the whole name, so that names which are alike up to
 * where they are cut do not meet. */
void sl_hold_name(char held[SL_NAME_MAX + 1], const char *name);

/* For sl_stage_commit with SL_STAGE_HOLD: the staged file waits from now on. SL_E_IS_DIR: a directory has its name. On failure it is gone. */
enum sl_code sl_hold_keep(struct sl_stage *s, struct sl_error *err);

/* What waits as `name` gets that name: in one step, replacing a non-directory only with SL_STAGE_REPLACE; SL_STAGE_FSYNC:
 * the name is on the disk, too. SL_E_NOT_FOUND: nothing waits. After another failure it still does. */
struct sl_release {
    const char *name, *in;
    uint32_t flags;
};
enum sl_code sl_hold_release(int dirfd, const struct sl_release *r, struct sl_error *err);

/* What waits as m->from also waits as m->to, as a hard link. in: for both; from_in, to_in. Errors as of sl_move_link. */
struct sl_hold_link {
    struct sl_move move; /* flags do not matter */
    const char *from_in, *to_in;
};
enum sl_code sl_hold_link(const struct sl_hold_link *l, struct sl_error *err);

/* Opens what an earlier run left waiting beside its place, to take from; SL_E_NOT_FOUND also where it is another's. */
struct sl_reader;
enum sl_code sl_hold_open(struct sl_reader *r, int dirfd, const char *name, struct sl_error *err);
/* The file has its name by another way: what was left waiting beside it is of no use any more. */
void sl_hold_forget(int dirfd, const char *name);

#endif

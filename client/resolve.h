/* SPDX-License-Identifier: ISC */
/* resolve - follows one symbolic link of a tree whose server follows none: component by component, by looking. */
#ifndef SL_CLIENT_RESOLVE_H
#define SL_CLIENT_RESOLVE_H

#include "client/cursor.h"
#include "client/look.h"

struct sl_resolve;

/* The link `target` in directory `dir` (a real path below the cursor's root, at which absolute targets start again). c is
 * a cursor of the looking job, borrowed; flags: of LIST. */
struct sl_resolve *sl_resolve_new(struct sl_cursor *c, uint32_t flags, const char *dir, const char *target);
void sl_resolve_free(struct sl_resolve *r);

/* SL_AGAIN: not known yet. When it is known, each call says the same. SL_OK: *path is the real path, *e what it is, which is no link; both good until it is freed.
 * Else: why it leads nowhere. */
enum sl_code sl_resolve_step(struct sl_resolve *r, const char **path, struct sl_entry *e, struct sl_error *err);

/* Its path, where it is known to be a directory; borrowed. Else NULL. */
const char *sl_resolve_dir(const struct sl_resolve *r);
/* Where it is known to be one: asks for its entries, once. Whether it did. flags: of LIST; room: where they count. */
bool sl_resolve_look(struct sl_resolve *r, uint32_t flags, struct sl_look_room *room);
/* These: borrowed; or the caller's from then on. NULL: they were not asked for. */
struct sl_look *sl_resolve_content(const struct sl_resolve *r);
struct sl_look *sl_resolve_take(struct sl_resolve *r);

#endif

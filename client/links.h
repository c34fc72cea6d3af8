/* SPDX-License-Identifier: ISC */
/* links - what the text of a symbolic link says: whether it leads out of what is copied, and rsync's way of making it
 * unusable for a while. Nothing here looks at a file. */
#ifndef SL_CLIENT_LINKS_H
#define SL_CLIENT_LINKS_H

#include <stdbool.h>

#include "base/entry.h"
#include "base/error.h"

/* Whether a link at path (of the transfer) with this target is unsafe: it is absolute or empty, has a ".." that is not in
 * front, or climbs above the top. */
bool sl_link_unsafe(const char *target, const char *path);

/* Takes the prefix that makes a link unusable from it, or puts it in front, into room for SL_TARGET_MAX + 1 bytes: false
 * when it does not fit. Other entries are left alone. */
void sl_link_unmunge(struct sl_entry *e);
bool sl_link_munge(struct sl_entry *e, char *room);
/* Whether --munge-links makes sense between these. SL_E_CONFIG. */
enum sl_code sl_links_may_munge(bool from_remote, bool to_remote, struct sl_error *err);

#endif

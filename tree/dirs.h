/* SPDX-License-Identifier: ISC */
/*
 * dirs - directories by id: each was opened from its parent by one name, or is a root. Descriptors are a bounded cache; an
 * evicted one is reopened from its nearest open ancestor, component by component with O_NOFOLLOW, and must have the same
 * device and inode (else SL_E_CHANGED). Roots are never evicted. There is no other way to a directory.
 */
#ifndef SL_TREE_DIRS_H
#define SL_TREE_DIRS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sl_dirs;

/* At most ids_max directories open at a time and fds_max (>= 4) descriptors, roots apart. */
struct sl_dirs *sl_dirs_new(size_t ids_max, size_t fds_max);
void sl_dirs_free(struct sl_dirs *d);

/* Opens a directory by its path, for a root; for the path only where it may be searched and not read. -1 and errno. */
int sl_dirs_open_root(const char *path);
/* Takes the descriptor of a directory as root id; the table owns fd from then on, also on failure. */
enum sl_code sl_dirs_root(struct sl_dirs *d, uint32_t id, int fd, struct sl_error *err);

/* Gives `to` all roots of `from`, by the same ids, with descriptors of its own. */
enum sl_code sl_dirs_share_roots(struct sl_dirs *to, const struct sl_dirs *from, struct sl_error *err);

/* Opens name (sl_name_ok) in parent as id. SL_E_LINK (text: the target) for a symlink, SL_E_NOT_DIR, SL_E_NOT_FOUND,
 * SL_E_INVALID for an id in use or a parent that is not open, SL_E_LIMIT. A directory that may be searched but not read
 * opens as well (it cannot be listed then). */
enum sl_code sl_dirs_open(struct sl_dirs *d, uint32_t parent, uint32_t id, const char *name, struct sl_error *err);

/* Forgets id. A directory that others were opened from stays alive inside until they are closed; its id is free at once. */
enum sl_code sl_dirs_close(struct sl_dirs *d, uint32_t id, struct sl_error *err);

/* The descriptor of id, borrowed until the next call of this module. */
enum sl_code sl_dirs_fd(struct sl_dirs *d, uint32_t id, int *fd, struct sl_error *err);

/* The path of id below its root, "" for a root, cut at the front with "..." if it does not fit. Returns its whole length: less
 * than size when nothing was cut. */
size_t sl_dirs_path(const struct sl_dirs *d, uint32_t id, char *out, size_t size);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * move - another name for what has one, and a new name in place of the old. Both need two directories, and are atomic: whoever
 * looks finds the old thing of the new name, or the new one. Directories are neither linked nor renamed (what is excluded below
 * one is excluded by its path). A symbolic link is linked and renamed itself.
 */
#ifndef SL_TREE_MOVE_H
#define SL_TREE_MOVE_H

#include <stdint.h>

#include "base/error.h"

struct sl_move {
    int from_fd, to_fd;          /* directories, borrowed; may be the same */
    const char *from, *to;       /* names: sl_name_ok */
    uint32_t flags;              /* SL_STAGE_REPLACE: an existing non-directory of the name `to` may be replaced */
};

/* A hard link. SL_E_EXISTS without SL_STAGE_REPLACE; SL_E_IS_DIR; SL_E_LIMIT: it has all the names that it can have;
 * SL_E_UNSUPPORTED: another file system, or one without hard links; SL_E_DENIED also where the kernel's rules for hard links
 * forbid it (fs.protected_hardlinks), or the file system has none. */
enum sl_code sl_move_link(const struct sl_move *m, struct sl_error *err);
/* The same codes but for SL_E_LIMIT. When both are names of one file already, `from` goes all the same. */
enum sl_code sl_move_rename(const struct sl_move *m, struct sl_error *err);

#endif

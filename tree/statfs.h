/* SPDX-License-Identifier: ISC */
/* statfs - what can be told of the file system that a directory is on without changing it. */
#ifndef SL_TREE_STATFS_H
#define SL_TREE_STATFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct sl_statfs {
    uint64_t total, free;        /* bytes; free: for this user */
    uint64_t files_free;         /* names that can still be made; 0: not told, or none */
    uint32_t name_max;           /* bytes of a name */
    bool read_only;
    char type[16];               /* "ext4", "xfs", ...; the number in hexadecimal where it has no name here */
};

enum sl_code sl_statfs(int dirfd, struct sl_statfs *out, struct sl_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * confine - what the kernel can take from this process for good: Landlock (trees that may be used, and for what), a system
 * call filter (libseccomp), limits of resources. The second wall: the first is that trees are only used by descriptor and
 * one name (tree/). Landlock does not cover stat, chmod, chown, utimes or O_PATH; the filter takes the changing ones of
 * them away from a process that may not write.
 *
 * Order: sl_confine_begin, then whatever needs the old freedom (helper processes, opening trees), then sl_confine_enter.
 */
#ifndef SL_BASE_CONFINE_H
#define SL_BASE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum sl_confine_access {
    SL_CONFINE_LIST = 1,         /* read directories */
    SL_CONFINE_READ = 2,         /* read files */
    SL_CONFINE_WRITE = 4,        /* make, write, rename and remove: staging needs all of them */
    SL_CONFINE_REMOVE_DIR = 8,
    SL_CONFINE_SPECIAL = 16      /* make devices, fifos and sockets */
};

enum sl_confine_profile {
    SL_CONFINE_READER,           /* only the calls of a server, none that changes a file */
    SL_CONFINE_WRITER,           /* only the calls of a server */
    SL_CONFINE_CLIENT            /* all calls but those that start programs, open sockets or look into processes */
};

/* What the kernel and this build have. */
struct sl_confine_abilities {
    int landlock;                /* its ABI; 0: none */
    bool seccomp;
};
struct sl_confine_abilities sl_confine_abilities(void);
/* ABI from which Landlock lets files be renamed and linked between directories at all. */
#define SL_LANDLOCK_MOVES 2

struct sl_confine;               /* the trees that will be left */

/* no_new_privs, and no debugger of the same user. Never fails on Linux >= 3.5. */
enum sl_code sl_confine_begin(struct sl_error *err);

struct sl_confine *sl_confine_new(void);
void sl_confine_free(struct sl_confine *c);
/* What dirfd has open (a directory with all below it, or one file) may be used for `access`; several calls for one tree add
 * up. The descriptor is borrowed. Nothing happens where there is no Landlock. */
enum sl_code sl_confine_tree(struct sl_confine *c, int fd, uint32_t access, struct sl_error *err);
/* The same for a path of the administrator's or the user's; one that is not there is passed over. */
enum sl_code sl_confine_path(struct sl_confine *c, const char *path, uint32_t access, struct sl_error *err);

struct sl_confine_limits {       /* 0: as it is */
    uint64_t memory_bytes;       /* of address space */
    unsigned descriptors, cpu_s;
    const void *pinned;          /* what is mapped there can't be moved nor made longer any more, where there is a filter; not of a client */
};

/* Enters: limits, Landlock (trees NULL: every file stays usable), the filter. Failing half-way is a failure, and the process
 * should end. *done: what is in force now. */
enum sl_code sl_confine_enter(struct sl_confine *trees, enum sl_confine_profile profile, const struct sl_confine_limits *limits,
                              struct sl_confine_abilities *done, struct sl_error *err);

#endif

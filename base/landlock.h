/* SPDX-License-Identifier: ISC */
/* landlock - the kernel's interface (Documentation/userspace-api/landlock.rst, ABI 1 to 6), for libc has no wrapper and
 * the system's headers may be older than its kernel. */
#ifndef SL_BASE_LANDLOCK_H
#define SL_BASE_LANDLOCK_H

#include <stdint.h>

enum sl_landlock_fs {
    SL_LL_EXECUTE = 1 << 0, SL_LL_WRITE_FILE = 1 << 1, SL_LL_READ_FILE = 1 << 2, SL_LL_READ_DIR = 1 << 3,
    SL_LL_REMOVE_DIR = 1 << 4, SL_LL_REMOVE_FILE = 1 << 5, SL_LL_MAKE_CHAR = 1 << 6, SL_LL_MAKE_DIR = 1 << 7,
    SL_LL_MAKE_REG = 1 << 8, SL_LL_MAKE_SOCK = 1 << 9, SL_LL_MAKE_FIFO = 1 << 10, SL_LL_MAKE_BLOCK = 1 << 11,
    SL_LL_MAKE_SYM = 1 << 12, SL_LL_REFER = 1 << 13, SL_LL_TRUNCATE = 1 << 14, SL_LL_IOCTL_DEV = 1 << 15
};

/* The highest ABI that the kernel has; 0: none, or it is switched off. */
int sl_landlock_abi(void);
/* What there is to take away at an ABI: of enum sl_landlock_fs. */
uint64_t sl_landlock_all(int abi);

/* A rule set that takes away everything (files, TCP, and with `scoped` signals and abstract sockets to other processes).
 * -1 and errno. */
int sl_landlock_ruleset(int abi, int scoped);
/* Gives back `rights` (of enum sl_landlock_fs) below what fd has open. 0, or -1 and errno. */
int sl_landlock_allow(int ruleset, int fd, uint64_t rights);
int sl_landlock_enter(int ruleset);

#endif

/* SPDX-License-Identifier: ISC */
/* trusted - opens a file that an administrator named: whoever else can put symbolic links on the way does not choose it. */
#ifndef SL_BASE_TRUSTED_H
#define SL_BASE_TRUSTED_H

#include <sys/types.h>

#include "base/error.h"

/* open(2) with O_CLOEXEC, component by component: a symbolic link is followed only where it belongs to root or to whom this process
 * is, and what is opened must be a regular file, or /dev/null. *fd is the caller's. SL_E_LINK names a link of somebody else's; SL_E_TYPE; what
 * openat fails with. */
enum sl_code sl_trusted_open(const char *path, int flags, mode_t mode, int *fd, struct sl_error *err);

#endif

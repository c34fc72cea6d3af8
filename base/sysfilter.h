/* SPDX-License-Identifier: ISC */
/* sysfilter - the system calls that are left to a confined process, by libseccomp. */
#ifndef SL_BASE_SYSFILTER_H
#define SL_BASE_SYSFILTER_H

#include <stdbool.h>

#include "base/confine.h"
#include "base/error.h"

/* Whether this build can filter: libseccomp was there, and no sanitizer is compiled in (it needs calls of its own). */
bool sl_sysfilter_there(void);
bool sl_sysfilter_sanitized(void);

/* A call that is not on the list fails with EPERM; one that only an attacker makes ends the process. pinned: see struct
 * sl_confine_limits. *on: false where the kernel has no filters. */
enum sl_code sl_sysfilter_enter(enum sl_confine_profile profile, const void *pinned, bool *on, struct sl_error *err);

#endif

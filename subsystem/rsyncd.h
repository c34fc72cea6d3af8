/* SPDX-License-Identifier: ISC */
/* rsyncd - rsync's configuration of its daemon, rsyncd.conf, as one of ours: for --convert-rsyncd. */
#ifndef SL_SUBSYSTEM_RSYNCD_H
#define SL_SUBSYSTEM_RSYNCD_H

#include <stddef.h>

#include "base/error.h"

/* Text of a file called name, as rsync 3.5.0 understands it, becomes text that sl_config_parse takes; out is fresh memory. What
 * has no equivalent becomes comments. A module never lets in more than rsync did: where that can't be expressed it is closed
 * (`anonymous = no`, `allow = none`) and the comments say why. SL_E_CONFIG "NAME:LINE: what is wrong" for what rsync refuses as
 * a whole, for lines over 16 KiB, for NUL bytes, for more than 4096 modules or more text than a configuration may have. */
enum sl_code sl_rsyncd_convert(const char *name, const char *text, size_t len, char **out, struct sl_error *err);

#endif

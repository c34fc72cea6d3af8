/* SPDX-License-Identifier: ISC */
/* rsyncd - an rsyncd.conf as a configuration of ours, for an administrator to read, correct and use. */
#ifndef SL_SUBSYSTEM_RSYNCD_H
#define SL_SUBSYSTEM_RSYNCD_H

#include <stddef.h>

#include "base/error.h"

/* What has no equivalent becomes a comment; where leaving it out would let anybody do more than rsync did, the module is closed
 * (`anonymous = no`) and the comment says why. name: of the file, for messages. Fresh memory in *out, which sl_config_parse
 * takes. SL_E_CONFIG for what is no rsyncd.conf: a line without '=', a NUL byte, a file over 1 MiB. */
enum sl_code sl_rsyncd_convert(const char *name, const char *text, size_t len, char **out, struct sl_error *err);

#endif

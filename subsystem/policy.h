/* SPDX-License-Identifier: ISC */
/* policy - paths that an administrator writes with %u, %h and %%. */
#ifndef SL_SUBSYSTEM_POLICY_H
#define SL_SUBSYSTEM_POLICY_H

#include "base/error.h"

/* %u: the name of the user that this process runs as; %h: its home directory, by the user database and not by the environment,
 * which a peer may influence; %%: a percent sign. The result (fresh memory) must be absolute. SL_E_CONFIG. */
enum sl_code sl_policy_expand(const char *text, char **out, struct sl_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* superuser - --super and --no-super: what the account at the destination is taken to be able to. */
#ifndef SL_CLIENT_SUPERUSER_H
#define SL_CLIENT_SUPERUSER_H

#include "client/plan.h"

/* When the destination is known. SL_E_CONFIG: --no-super can't be kept there. */
enum sl_code sl_superuser_begin(const struct sl_options *o, struct sl_endpoint *dest, struct sl_error *err);
/* Whether the owner, or group, number `there` may be given; settable: what the destination says. */
bool sl_superuser_may(const struct sl_plan *p, bool group, uint32_t there, bool settable);
/* Looks at an entry that is about to be decided; d: the destination's, or NULL. Tells what --super is to tell of it, and
 * notes whether a group is to be left (plan->keeps_group). SL_AGAIN: it is not known yet. */
enum sl_code sl_superuser_look(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d);

#endif

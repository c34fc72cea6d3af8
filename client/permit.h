/* SPDX-License-Identifier: ISC */
/* permit - what the rights at the two sides let a run do: said before it starts, and held to, so that nothing is sent that the
 * server would refuse. */
#ifndef SL_CLIENT_PERMIT_H
#define SL_CLIENT_PERMIT_H

#include "client/plan.h"

/* Says on which points the rights fall short of what the options ask for, once a side. */
void sl_permit_tell(const struct sl_options *o, struct sl_report *report, const struct sl_endpoint *source,
                    const struct sl_endpoint *dest);

/* Turns an action that the destination's rights (or, for content, the source's) don't cover into nothing, and reports it like
 * a failure of that entry. An existing directory's time, which only follows from what changed in it, is passed over silently. */
void sl_permit_action(struct sl_plan *p, struct sl_action *a);

#endif

/* SPDX-License-Identifier: ISC */
/* wind_up - the end of a run whose time is over. */
#ifndef SL_CLIENT_WIND_UP_H
#define SL_CLIENT_WIND_UP_H

#include "client/grow.h"

/* What was sent whole is waited for a moment, and what was begun is kept as that of any run that is cut. SL_E_TIMEOUT,
 * or the session's failure. */
enum sl_code sl_wind_up(struct sl_plan *p, struct sl_grow *g, struct sl_error *err);

#endif

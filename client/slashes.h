/* SPDX-License-Identifier: ISC */
/* slashes - symbolic links in names of -R and --files-from that have a slash behind them, at the end or on the way: they stand for the directory that
 * the link leads to. */
#ifndef SL_CLIENT_SLASHES_H
#define SL_CLIENT_SLASHES_H

#include "client/run.h"

/* Whether there may be such a name: of this machine it is looked for, of another it is not known before the run. */
bool sl_slashes_any(const struct sl_layout *l);
enum sl_slashes_where { SL_SLASHES_END, SL_SLASHES_WAY };
/* SL_E_CONFIG: an option doesn't go with following one, which is called `name`. */
enum sl_code sl_slashes_check(const struct sl_options *o, const char *name, enum sl_slashes_where where, struct sl_error *err);

#endif

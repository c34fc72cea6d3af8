/* SPDX-License-Identifier: ISC */
/* info - which kinds of messages are wanted: --info=FLAGS over what -v, --progress and --stats mean by themselves. */
#ifndef SL_CLIENT_INFO_H
#define SL_CLIENT_INFO_H

#include "base/error.h"
#include "client/options.h"

/* The level of a kind: 0 is not at all. What --info says counts before all else. */
int sl_info_level(const struct sl_options *o, enum sl_info kind);

/* The words of --info and --debug, as rsync has them: names with a level behind them or none, separated by commas; ALL,
 * NONE. A kind that is not known, or of which there is nothing to tell here, is SL_E_CONFIG; that it is to be silent is
 * granted. */
enum sl_code sl_info_take(struct sl_options *o, const char *flags, struct sl_error *err);
enum sl_code sl_debug_take(const char *flags, struct sl_error *err);

/* Whether flags is HELP, and the text for it; fresh memory. */
bool sl_info_asks_help(const char *flags);
char *sl_info_help(void);
char *sl_debug_help(void);

#endif

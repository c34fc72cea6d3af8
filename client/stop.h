/* SPDX-License-Identifier: ISC */
/* stop - --stop-after and --stop-at: the time at which a run ends itself. */
#ifndef SL_CLIENT_STOP_H
#define SL_CLIENT_STOP_H

#include "client/options.h"
#include "client/options_table.h"

/* Takes an option that is one of these; SL_EOF: it is none. SL_E_CONFIG: option and value. */
enum sl_code sl_stop_take(struct sl_options *o, enum sl_option_id id, const char *value, struct sl_error *err);

/* The next time behind now, both in seconds since 1970, that text means: [[[Y-]M-]D][[T]H][:M], in local time; the date
 * may have slashes. */
enum sl_code sl_stop_parse(const char *text, int64_t now, int64_t *at, struct sl_error *err);

/* Whether that time has come. */
bool sl_stop_due(const struct sl_options *o);

#endif

/* SPDX-License-Identifier: ISC */
/* options_metadata - options that say what becomes of modes, owners and times. For options.c. */
#ifndef SL_CLIENT_OPTIONS_METADATA_H
#define SL_CLIENT_OPTIONS_METADATA_H

#include "client/options.h"
#include "client/options_table.h"

/* Takes an option that is one of these; SL_EOF: it is none. SL_E_CONFIG: option and value. */
enum sl_code sl_metadata_take(struct sl_options *o, enum sl_option_id id, const char *value, struct sl_error *err);
void sl_metadata_clear(struct sl_options *o);

#endif

/* SPDX-License-Identifier: ISC */
/* options_alternates - --compare-dest, --copy-dest and --link-dest. For options.c. */
#ifndef SL_CLIENT_OPTIONS_ALTERNATES_H
#define SL_CLIENT_OPTIONS_ALTERNATES_H

#include "client/options.h"
#include "client/options_table.h"

/* The name of the option, without dashes. */
const char *sl_alternates_option(enum sl_alternate_kind kind);

/* Takes an option that is one of these; SL_EOF: it is none. SL_E_CONFIG: option and value, or both options that don't go together. */
enum sl_code sl_alternates_take(struct sl_options *o, enum sl_option_id id, const char *value, struct sl_error *err);

#endif

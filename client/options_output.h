/* SPDX-License-Identifier: ISC */
/* options_output - the values of options that say where lines go and what they look like. */
#ifndef SL_CLIENT_OPTIONS_OUTPUT_H
#define SL_CLIENT_OPTIONS_OUTPUT_H

#include "base/error.h"
#include "client/options.h"
#include "client/options_table.h"

/* Takes an option that is one of these; SL_EOF: it is none. SL_E_CONFIG: option and value. */
enum sl_code sl_output_take(struct sl_options *o, const struct sl_option_row *row, const char *value, struct sl_error *err);

#endif

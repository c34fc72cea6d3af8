/* SPDX-License-Identifier: ISC */
/* options_each - takes a command line apart by the table of options; what an option means is the caller's matter. */
#ifndef SL_CLIENT_OPTIONS_EACH_H
#define SL_CLIENT_OPTIONS_EACH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "client/options_table.h"

struct sl_option_taken {
    const struct sl_option_row *row;
    bool negated;        /* it was --no-NAME */
    const char *value;   /* NULL: it takes none */
};
typedef enum sl_code sl_option_take(void *ctx, const struct sl_option_taken *t);

/* Calls take for each option in turn until it fails; options go in front of all else in argv, and *first is the place of what is no option.
 * SL_E_CONFIG: an unknown option, or one without its value or with one too many. */
enum sl_code sl_options_each(int argc, char **argv, sl_option_take *take, void *ctx, size_t *first, struct sl_error *err);

#endif

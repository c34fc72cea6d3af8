/* SPDX-License-Identifier: ISC */
/* options_transfer - options that say how content travels: connections, compression, hashes, what is kept. For options.c. */
#ifndef SL_CLIENT_OPTIONS_TRANSFER_H
#define SL_CLIENT_OPTIONS_TRANSFER_H

#include "client/options.h"
#include "client/options_table.h"

/* Takes an option that is one of these; SL_EOF: it is none. SL_E_CONFIG: option and value. */
enum sl_code sl_transfer_take(struct sl_options *o, enum sl_option_id id, const char *value, struct sl_error *err);

/* A name beside each file: where an absolute one leads on another machine is not this one's to say. said_by: the option or variable. */
enum sl_code sl_transfer_partial_dir(struct sl_options *o, const char *said_by, const char *value, struct sl_error *err);

#endif

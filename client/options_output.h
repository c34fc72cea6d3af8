/* SPDX-License-Identifier: ISC */
/* options_output - the values of options that say where lines go and what they look like. */
#ifndef SL_CLIENT_OPTIONS_OUTPUT_H
#define SL_CLIENT_OPTIONS_OUTPUT_H

#include "base/error.h"
#include "client/options.h"

/* --outbuf and --stderr: a word or its beginning. */
enum sl_code sl_take_outbuf(struct sl_options *o, const char *value, struct sl_error *err);
enum sl_code sl_take_stderr(struct sl_options *o, const char *value, struct sl_error *err);
/* A format of --OPTION; refused are the escapes of rsync that nothing stands behind here. *to is value. */
enum sl_code sl_take_format(const char *option, const char *value, const char **to, struct sl_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* host_options - the user's configuration, $XDG_CONFIG_HOME/superlifter/config: options for all runs, and for those
 * with certain hosts. */
#ifndef SL_CLIENT_HOST_OPTIONS_H
#define SL_CLIENT_HOST_OPTIONS_H

#include "client/options.h"

struct sl_host_options {
    struct sl_earlier *at; /* owned, as are its strings */
    size_t len;
};

/* What the file says of a run with this command line, in the order in which it counts: the later before the earlier.
 * The command line is not changed; where it can't be understood there is nothing, and whoever parses it tells why. No
 * file is no failure. SL_E_CONFIG: a line that is wrong ("FILE:LINE: ..."), wherever in the file; SL_E_DENIED: others
 * own the file or may write it. */
enum sl_code sl_host_options_read(struct sl_host_options *h, const struct sl_command_line *line, struct sl_error *err);
void sl_host_options_clear(struct sl_host_options *h);

#endif

/* SPDX-License-Identifier: ISC */
/* files_from_far - a list of names (--files-from) that is on the other side: ":FILE", or "HOST:FILE" and the forms of
 * addresses, of a host that the run goes to anyway. */
#ifndef SL_CLIENT_FILES_FROM_FAR_H
#define SL_CLIENT_FILES_FROM_FAR_H

#include "client/run.h"

/* Whether a name of a list is one of those. */
bool sl_files_from_is_far(const char *file);
/* Whether it is on a side of this run. SL_E_CONFIG: it is not. Before anything is connected. */
enum sl_code sl_files_from_far_check(const struct sl_layout *l, struct sl_error *err);
/* Before this process is confined, when the sides are open; and then: reads it. Waits. */
enum sl_code sl_files_from_far_begin(struct sl_layout *l, const struct sl_files_from_how *how, struct sl_error *err);
enum sl_code sl_files_from_far_read(struct sl_layout *l, struct sl_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* become - gives up root, and every capability, for good. */
#ifndef SL_SUBSYSTEM_BECOME_H
#define SL_SUBSYSTEM_BECOME_H

#include "subsystem/configuration.h"

/* When this process is root: becomes the configured user, with that user's groups and no others; SL_E_CONFIG when that is root
 * or nobody known. Else SL_E_CONFIG where the file asks for another user than this one. Either way no capability is left, nor
 * a way to one. */
enum sl_code sl_become(const struct sl_config *c, struct sl_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* become - gives up root, and capabilities, for good. */
#ifndef SL_SUBSYSTEM_BECOME_H
#define SL_SUBSYSTEM_BECOME_H

#include "subsystem/configuration.h"

/* When this process is root: becomes the configured user, with that user's groups and no others; SL_E_CONFIG when that is
 * nobody known. Else SL_E_CONFIG where the file asks for another user than this one. Either way no capability is left, nor a way
 * to one; where the file asks for root itself, those are left by which files can be read, made and given away. */
enum sl_code sl_become(const struct sl_config *c, struct sl_error *err);

#endif

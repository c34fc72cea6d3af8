/* SPDX-License-Identifier: ISC */
/* doubts - what in a configuration is well written, and yet can't be meant on this machine. */
#ifndef SL_SUBSYSTEM_DOUBTS_H
#define SL_SUBSYSTEM_DOUBTS_H

#include "subsystem/configuration.h"

/* Tells, a sentence each: directories and the motd that can't be used, directories that the user of a listener can't, users and groups that there are
 * not. Asks the user database and, as root, starts processes as that user, so it is for --check-config and not for every session. */
void sl_config_doubts(const struct sl_config *c, void (*tell)(const char *text));

#endif

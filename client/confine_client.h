/* SPDX-License-Identifier: ISC */
/* confine_client - confines the client once its transports run: to the local trees that the arguments name, and without the
 * means to start programs or open connections. */
#ifndef SL_CLIENT_CONFINE_CLIENT_H
#define SL_CLIENT_CONFINE_CLIENT_H

#include "client/run.h"

/* Names of owners go through l->helper from then on. A copy in which no server takes part is not confined: nothing comes from
 * anybody else. SL_E_CONFIG where --confinement=required can't be had. */
enum sl_code sl_client_confine(struct sl_layout *l, struct sl_error *err);

#endif

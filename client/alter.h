/* SPDX-License-Identifier: ISC */
/* alter - what options make of an entry of the source before anybody compares it: another mode, other owners. */
#ifndef SL_CLIENT_ALTER_H
#define SL_CLIENT_ALTER_H

#include "client/endpoint.h"
#include "client/options.h"

/* Whether the options have anything of the kind. */
bool sl_alter_wanted(const struct sl_options *o);
void sl_alter_entry(const struct sl_options *o, struct sl_entry *e);
/* Before the first entry: finds out at the destination what the names in the options stand for; waits. SL_E_CONFIG: one
 * is not known there. */
enum sl_code sl_alter_prepare(const struct sl_options *o, struct sl_endpoint *dest, struct sl_error *err);

#endif

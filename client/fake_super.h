/* SPDX-License-Identifier: ISC */
/*
 * fake_super - which side keeps what takes a superuser in attributes (tree/fake.h). As with rsync, --fake-super is of
 * the local side and -M--fake-super of the other one; where both are local, --fake-super is of both and what -M says of
 * the destination only. Between two other hosts --fake-super is of the source, and -M--fake-super of the destination.
 */
#ifndef SL_CLIENT_FAKE_SUPER_H
#define SL_CLIENT_FAKE_SUPER_H

#include "client/endpoint.h"
#include "client/options.h"

/* A -M OPTION; SL_E_CONFIG for any but --fake-super and --super. */
enum sl_code sl_fake_super_remote(struct sl_options *o, const char *value, struct sl_error *err);
/* When the sides are known: fills fake_source and fake_dest. SL_E_CONFIG: an option is of a side that there is not. */
enum sl_code sl_fake_super_settle(struct sl_options *o, struct sl_error *err);
/* Tells a new endpoint, by its side. */
void sl_fake_super_side(const struct sl_options *o, struct sl_endpoint *e);

#endif

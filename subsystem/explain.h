/* SPDX-License-Identifier: ISC */
/* explain - which rule of the configuration decides what somebody may do, for an administrator to read. */
#ifndef SL_SUBSYSTEM_EXPLAIN_H
#define SL_SUBSYSTEM_EXPLAIN_H

#include <stdbool.h>

#include "subsystem/configuration.h"

/* query: "user=bob,group=staff,key=SHA256:...,as=laptop,addr=192.0.2.1,module=backup,path=a/b": module is needed; without a
 * user, key and as, the peer is an anonymous one over TCP. Fresh memory in *out. SL_E_CONFIG for a query that makes no sense. */
enum sl_code sl_explain(const struct sl_config *c, const char *query, char **out, struct sl_error *err);

/* Whether a command that sshd forces, which it has the account's shell run, is this server and nothing beside it. */
bool sl_forces_only_us(const char *command);

#endif

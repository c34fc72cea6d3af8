/* SPDX-License-Identifier: ISC */
/* rights - the names of rights, for --allow and the configuration file. */
#ifndef SL_SUBSYSTEM_RIGHTS_H
#define SL_SUBSYSTEM_RIGHTS_H

#include <stdint.h>

#include "base/error.h"

/* A list separated by commas or blanks, of rights (list, read, hash, create, overwrite, delete, rename, meta, special, publish, device)
 * and sets: `write` is create,rename; `read-only` list,read,hash; `append-only` list,read,hash,create,special; `drop-box` create;
 * `full` everything but device; `none` nothing. The result is of enum sl_right (proto/msg.h). SL_E_CONFIG names what is not one of them. */
enum sl_code sl_rights_parse(const char *text, uint32_t *rights, struct sl_error *err);

/* The shortest name for rights: a set's, else the list. Fresh memory. */
char *sl_rights_text(uint32_t rights);

#endif

/* SPDX-License-Identifier: ISC */
/* config_priv - what the files of the configuration's parser share. */
#ifndef SL_SUBSYSTEM_CONFIG_PRIV_H
#define SL_SUBSYSTEM_CONFIG_PRIV_H

#include "subsystem/configuration.h"

struct sl_config_parser {
    struct sl_config *c;
    struct sl_module *m;             /* NULL before the first section */
    const char *file;
    unsigned line;
    const char *key;                 /* whose value is being read; NULL: none */
    uint64_t seen;                   /* keys of this section, by their place in the table */
    struct sl_error *err;
};

/* "FILE:LINE: KEY: ..." */
enum sl_code sl_config_wrong(struct sl_config_parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* config_keys.c: one `key = value`, both without blanks around them. */
enum sl_code sl_config_assign(struct sl_config_parser *p, const char *key, const char *value);
/* Puts file and line in front of what another parser said in p->err. */
enum sl_code sl_config_told(struct sl_config_parser *p, enum sl_code rc);
/* config_grant.c: `RIGHTS to PRINCIPAL...`, added to p->m. */
enum sl_code sl_config_grant(struct sl_config_parser *p, const char *value);
void sl_config_grants_clear(struct sl_module *m);

bool sl_config_name_ok(const char *name);
struct sl_module *sl_config_add_module(struct sl_config *c, const char *name);

#endif

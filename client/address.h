/* SPDX-License-Identifier: ISC */
/* address - what SRC and DST may be. Forms: PATH, [USER@]HOST:PATH, ssh://, superlifter://, superlifter+ssh:// */
#ifndef SL_CLIENT_ADDRESS_H
#define SL_CLIENT_ADDRESS_H

#include <stdbool.h>

#include "base/error.h"

enum sl_address_kind { SL_ADDR_LOCAL, SL_ADDR_SSH, SL_ADDR_TCP };

struct sl_address {
    enum sl_address_kind kind;
    char *user, *host;       /* owned; user NULL when not given; IPv6 without brackets */
    int port;                /* 0: not given (TCP: 8730) */
    bool modules;            /* superlifter:// and superlifter+ssh://: path starts with a module, or is empty: list modules */
    char *module;            /* owned; NULL unless modules and given */
    char *path;              /* owned; local and ssh: as typed (ssh://H/P: "/P"; ssh://H/~/P: "P"; HOST: -> ""); modules: the
                                part behind MODULE/, "" for the module itself; a trailing slash is kept */
    char *text;              /* owned; as typed, for messages */
};

/* SL_E_CONFIG with what is wrong (a host that starts with '-', control characters, an empty host, a bad port, HOST::MODULE
 * and rsync:// with what to use instead). "./a:b" and "/a:b" are local. %XX is decoded in the URL forms. */
enum sl_code sl_address_parse(struct sl_address *a, const char *text, struct sl_error *err);
void sl_address_clear(struct sl_address *a);
/* Whether both are reached over the same connection: kind, user, host, port, modules, module. */
bool sl_address_same_host(const struct sl_address *a, const struct sl_address *b);

#endif

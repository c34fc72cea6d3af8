/* SPDX-License-Identifier: ISC */
/* nets - lists of addresses and networks in CIDR notation (RFC 4632, RFC 4291), for hosts allow and hosts deny. */
#ifndef SL_SUBSYSTEM_NETS_H
#define SL_SUBSYSTEM_NETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

struct sl_net {              /* an address with a prefix length */
    int family;              /* AF_INET or AF_INET6 */
    uint8_t addr[16];
    unsigned bits;
};
struct sl_net_list {
    struct sl_net *nets;     /* owned */
    size_t count;
};

/* "192.0.2.7", "192.0.2.0/24", "2001:db8::/32". SL_E_CONFIG for anything else, for names too, and where bits behind the
 * prefix are not zero: somebody meant something else then. */
enum sl_code sl_net_parse(const char *text, struct sl_net *out, struct sl_error *err);

/* Several of them, separated by blanks or commas, added to list. */
enum sl_code sl_net_list_parse(struct sl_net_list *list, const char *text, struct sl_error *err);
void sl_net_list_clear(struct sl_net_list *list);

/* Whether peer is in one of them. An IPv4-mapped IPv6 address counts as IPv4. */
bool sl_net_list_has(const struct sl_net_list *list, const struct sockaddr *peer);

/* The address, without the prefix length, in text (INET6_ADDRSTRLEN bytes); returns text. */
const char *sl_net_text(const struct sl_net *net, char *text);

#endif

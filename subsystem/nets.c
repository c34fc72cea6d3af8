/* SPDX-License-Identifier: ISC */
/* nets - see nets.h. Names of hosts are not taken: whoever answers for a name's reverse zone would decide who is let in. */
#include "config.h"
#include "subsystem/nets.h"
#include "base/mem.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* ::ffff:192.0.2.0/120 is 192.0.2.0/24: peers are compared as IPv4 then, and the network must be too. */
static void unmap(struct sl_net *n)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    if (n->family != AF_INET6 || n->bits < 96 || memcmp(n->addr, mapped, sizeof mapped) != 0)
        return;
    memmove(n->addr, n->addr + 12, 4);
    memset(n->addr + 4, 0, 12);
    n->family = AF_INET;
    n->bits -= 96;
}

static bool tail_is_zero(const struct sl_net *n)
{
    unsigned whole = n->bits / 8, bytes = n->family == AF_INET ? 4 : 16;
    if (n->bits % 8 && n->addr[whole++] & (0xffu >> n->bits % 8))
        return false;
    for (; whole < bytes; whole++)
        if (n->addr[whole])
            return false;
    return true;
}

enum sl_code sl_net_parse(const char *text, struct sl_net *out, struct sl_error *err)
{
    struct sl_net n = { 0 };
    char addr[INET6_ADDRSTRLEN + 1];
    size_t len = strcspn(text, "/");
    uint64_t bits = 0;
    if (len >= sizeof addr)
        return sl_fail(err, SL_E_CONFIG, "'%s' is not an address", text);
    memcpy(addr, text, len);
    addr[len] = '\0';
    n.family = strchr(addr, ':') ? AF_INET6 : AF_INET;
    if (inet_pton(n.family, addr, n.addr) != 1)
        return sl_fail(err, SL_E_CONFIG, "'%s' is not an address or network (names of hosts are not taken)", text);
    unsigned most = n.family == AF_INET ? 32 : 128;
    n.bits = most;
    if (text[len] == '/') {
        if (sl_num_u64(text + len + 1, 0, most, &bits) != SL_OK)
            return sl_fail(err, SL_E_CONFIG, "'%s': the prefix length must be 0 to %u", text, most);
        n.bits = (unsigned)bits;
    }
    if (!tail_is_zero(&n))
        return sl_fail(err, SL_E_CONFIG, "'%s': bits behind the prefix are set", text);
    unmap(&n);
    *out = n;
    return SL_OK;
}

enum sl_code sl_net_list_parse(struct sl_net_list *list, const char *text, struct sl_error *err)
{
    static const char blanks[] = " \t,";
    enum sl_code rc = SL_OK;
    text += strspn(text, blanks);
    if (!*text)
        return sl_fail(err, SL_E_CONFIG, "no address is given");
    while (rc == SL_OK && *text) {
        size_t len = strcspn(text, blanks);
        char *one = sl_memdup0(text, len);
        struct sl_net n;
        rc = sl_net_parse(one, &n, err);
        free(one);
        if (rc == SL_OK) {
            list->nets = sl_realloc(list->nets, (list->count + 1) * sizeof *list->nets);
            list->nets[list->count++] = n;
        }
        text += len;
        text += strspn(text, blanks);
    }
    return rc;
}

void sl_net_list_clear(struct sl_net_list *list)
{
    free(list->nets);
    *list = (struct sl_net_list){ 0 };
}

static bool matches(const struct sl_net *n, int family, const uint8_t *addr)
{
    unsigned whole = n->bits / 8, rest = n->bits % 8;
    if (n->family != family || memcmp(n->addr, addr, whole) != 0)
        return false;
    return !rest || ((n->addr[whole] ^ addr[whole]) & (uint8_t)(0xff00u >> rest)) == 0;
}

bool sl_net_list_has(const struct sl_net_list *list, const struct sockaddr *peer)
{
    uint8_t addr[16];
    int family = peer->sa_family;
    if (family == AF_INET) {
        memcpy(addr, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
    } else if (family == AF_INET6) {
        const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(a)) {
            family = AF_INET;
            memcpy(addr, a->s6_addr + 12, 4);
        } else {
            memcpy(addr, a, 16);
        }
    } else {
        return false;
    }
    for (size_t i = 0; i < list->count; i++)
        if (matches(&list->nets[i], family, addr))
            return true;
    return false;
}

const char *sl_net_text(const struct sl_net *net, char *text)
{
    return inet_ntop(net->family, net->addr, text, INET6_ADDRSTRLEN);
}

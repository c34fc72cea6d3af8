/* SPDX-License-Identifier: ISC */
/*
 * rsyncd_hosts - the addresses of `hosts allow` and `hosts deny`. Names, patterns and netgroups are left out, for here whoever
 * answers for a reverse zone does not decide who is let in; so are masks with holes and addresses of one link.
 */
#include "config.h"
#include "subsystem/rsyncd_priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct net { int family; size_t bytes; unsigned bits; uint8_t addr[16]; };

static bool address(const char *text, int *family, uint8_t *out)
{
    *family = strchr(text, ':') ? AF_INET6 : AF_INET;
    return inet_pton(*family, text, out) == 1;
}

/* The number of ones in front; false: there are some behind a zero. */
static bool prefix_of(const uint8_t *mask, size_t bytes, unsigned *bits)
{
    unsigned n = 0;
    while (n < bytes * 8 && mask[n / 8] & (0x80u >> n % 8))
        n++;
    *bits = n;
    for (; n < bytes * 8; n++)
        if (mask[n / 8] & (0x80u >> n % 8))
            return false;
    return true;
}

/* rsync masks the address too: what is behind the prefix does not matter there, and is an error here. */
static void mask(struct net *n)
{
    for (unsigned i = n->bits; i < n->bytes * 8; i++)
        n->addr[i / 8] &= (uint8_t)~(0x80u >> i % 8);
}

static bool parse(const char *text, struct net *n)
{
    char copy[2 * INET6_ADDRSTRLEN];
    uint8_t ones[16];
    uint64_t bits = 0;
    int family;
    if (strlen(text) >= sizeof copy)
        return false;
    memcpy(copy, text, strlen(text) + 1);
    char *slash = strchr(copy, '/');
    if (slash)
        *slash = '\0';
    if (!address(copy, &n->family, n->addr))
        return false;
    n->bytes = n->family == AF_INET ? 4 : 16;
    n->bits = (unsigned)n->bytes * 8;
    if (slash && sl_num_u64(slash + 1, 0, n->bits, &bits) == SL_OK)
        n->bits = (unsigned)bits;
    else if (slash && (!address(slash + 1, &family, ones) || family != n->family || !prefix_of(ones, n->bytes, &n->bits)))
        return false;
    mask(n);
    return true;
}

/* Here ::ffff:192.0.2.1 is 192.0.2.1; rsync never finds it equal to any peer, so it would let in more. */
static bool is_mapped(const struct net *n)
{
    static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
    return n->family == AF_INET6 && n->bits >= 96 && memcmp(n->addr, prefix, sizeof prefix) == 0;
}

static bool add(struct sl_buf *b, const char *text)
{
    size_t n = strlen(text);
    if (sl_buf_len(b) + n + 1 > SL_RSYNCD_VALUE_MAX)
        return false;
    if (sl_buf_len(b))
        sl_buf_add(b, " ", 1);
    sl_buf_add(b, text, n);
    return true;
}

static bool add_token(struct sl_buf *b, const char *token, enum sl_rsyncd_side side)
{
    char addr[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4];
    struct net n;
    if (strcmp(token, "*") == 0)
        return add(b, "0.0.0.0/0 ::/0");
    if (!parse(token, &n) || (side == SL_RSYNCD_LETS_IN && is_mapped(&n)))
        return false;
    inet_ntop(n.family, n.addr, addr, sizeof addr);
    if (n.bits == n.bytes * 8)
        return add(b, addr);
    snprintf(text, sizeof text, "%s/%u", addr, n.bits);
    return add(b, text);
}

char *sl_rsyncd_nets(const struct sl_rsyncd_line *l, enum sl_rsyncd_side side, FILE *left_out, size_t *left)
{
    struct sl_buf b = { 0 };
    struct sl_rsyncd_line one = *l;
    char *copy = sl_strdup(l->value), *save = NULL;
    *left = l->vague;
    if (l->vague)
        sl_rsyncd_note(left_out, l, "only the environment of rsync says what %%...%% means");
    for (char *token = l->vague ? NULL : strtok_r(copy, ", \t\r\v\f", &save); token; token = strtok_r(NULL, ", \t\r\v\f", &save)) {
        if (add_token(&b, token, side))
            continue;
        one.value = token;
        if ((*left)++ < 20)
            sl_rsyncd_note(left_out, &one, "left out: only addresses, networks and netmasks can be taken");
    }
    if (*left > 20)
        fprintf(left_out, "# ... and %zu more are left out\n", *left - 20);
    free(copy);
    sl_buf_add(&b, "", 1);
    char *out = sl_strdup((const char *)sl_buf_ptr(&b));
    sl_buf_clear(&b);
    return out;
}

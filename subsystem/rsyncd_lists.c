/* SPDX-License-Identifier: ISC */
/* rsyncd_lists - rsyncd.conf's lists of hosts, patterns and users. Whatever can't be said is left out on the safe side: of those who
 * are let in it is missing, and where it would be missing of those who are kept out, nobody comes in. */
#include "config.h"
#include "subsystem/rsyncd_priv.h"
#include "base/mem.h"
#include "base/num.h"
#include "subsystem/nets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 4000 };               /* what a line of our file holds */

static const char everybody[] = "0.0.0.0/0 ::/0";

bool sl_rsyncd_plain(const char *text)
{
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == '\x7f')
            return false;
    return strlen(text) < VALUE_MAX;
}

/* 255.255.240.0 is 20 bits; -1 for what is no netmask. */
static int bits_of_mask(const char *text)
{
    struct in_addr a;
    if (inet_pton(AF_INET, text, &a) != 1)
        return -1;
    uint32_t mask = ntohl(a.s_addr);
    int bits = 0;
    while (bits < 32 && mask & 1u << (31 - bits))
        bits++;
    return bits < 32 && mask << bits ? -1 : bits;
}

/* Bits behind the prefix may be set in an rsyncd.conf; here they must not. */
static void clear_tail(uint8_t *addr, size_t size, unsigned bits)
{
    for (size_t i = 0; i < size; i++) {
        unsigned before = (unsigned)i * 8;
        if (before >= bits)
            addr[i] = 0;
        else if (bits - before < 8)
            addr[i] &= (uint8_t)(0xff00u >> (bits - before));
    }
}

/* An address, ADDR/BITS or ADDR/MASK as a network; NULL for names, wildcards and netgroups. Fresh memory. */
static char *network(const char *word)
{
    char *copy = sl_strdup(word), *slash = strchr(copy, '/'), *out = NULL, text[INET6_ADDRSTRLEN];
    uint8_t addr[16];
    int family = strchr(copy, ':') ? AF_INET6 : AF_INET, most = family == AF_INET ? 32 : 128, bits = most;
    if (slash)
        *slash++ = '\0';
    bool well = inet_pton(family, copy, addr) == 1;
    if (well && slash && sl_num_int(slash, 0, most, &bits) != SL_OK)
        well = family == AF_INET && (bits = bits_of_mask(slash)) >= 0;
    if (well) {
        clear_tail(addr, family == AF_INET ? 4 : 16, (unsigned)bits);
        out = sl_asprintf("%s/%d", inet_ntop(family, addr, text, sizeof text), bits);
    }
    free(copy);
    return out;
}

/* The list in our words; *lost: something of it could not be said. NULL when nothing could. Fresh memory. */
static char *networks(const char *list, bool *lost)
{
    char *copy = sl_strdup(list), *save = NULL, *out = NULL;
    for (char *word = strtok_r(copy, " \t,", &save); word; word = strtok_r(NULL, " \t,", &save)) {
        char *one = strcmp(word, "*") == 0 ? sl_strdup(everybody) : network(word);
        if (!one) {
            *lost = true;
            continue;
        }
        char *longer = out ? sl_asprintf("%s %s", out, one) : sl_strdup(one);
        free(one);
        free(out);
        out = longer;
    }
    free(copy);
    return out;
}

void sl_rsyncd_hosts(FILE *f, const char *allow, const char *deny, bool *closed)
{
    bool lost = false, lost_deny = false;
    char *in = allow ? networks(allow, &lost) : NULL, *out = deny ? networks(deny, &lost_deny) : NULL;
    bool in_fits = in && strlen(in) < VALUE_MAX, out_fits = out && strlen(out) < VALUE_MAX;
    if (lost || (in && !in_fits))
        sl_rsyncd_comment(f, "hosts allow", allow, "names, wildcards, netgroups and longer lists are not taken; those hosts do not get in");
    if (allow)
        fprintf(f, "hosts allow = %s\n", in_fits ? in : "255.255.255.255/32");
    if (lost_deny || (out && !out_fits)) {
        sl_rsyncd_comment(f, "hosts deny", deny, "names, wildcards, netgroups and longer lists are not taken, so nobody gets in over TCP");
        *closed = true;
    }
    if (out_fits)
        fprintf(f, "hosts deny = %s\n", out);
    if (allow && deny)
        fputs("# rsync lets those in who are in neither list; here they are kept out\n", f);
    free(in);
    free(out);
}

void sl_rsyncd_excludes(FILE *f, const char *value, bool *closed)
{
    char *copy = sl_strdup(value), *save = NULL;
    bool rule = false;
    for (char *word = strtok_r(copy, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
        if (strcmp(word, "+") == 0 || strcmp(word, "-") == 0 || strcmp(word, "!") == 0 || word[0] == '#' || !sl_rsyncd_plain(word))
            rule = true;
        else if (!rule)
            fprintf(f, "exclude = %s\n", word);
    }
    free(copy);
    if (!rule)
        return;
    sl_rsyncd_comment(f, "exclude", value, "it has rules in it that `exclude` does not know, so nobody gets in over TCP");
    *closed = true;
}

/* "joe:rw", "@staff:ro", "ann:deny". */
static void user_hint(FILE *f, char *word, bool read_only, const char *writing)
{
    char *colon = strrchr(word, ':');
    const char *how = colon ? colon + 1 : "";
    if (colon)
        *colon = '\0';
    bool group = word[0] == '@';
    const char *rights = strcmp(how, "deny") == 0 ? "none" : strcmp(how, "ro") == 0 || (strcmp(how, "rw") != 0 && read_only) ? "read-only" : writing;
    fprintf(f, "#grant = %s to %s%s\n", rights, group ? "group:" : "user:", word + group);
}

void sl_rsyncd_users(FILE *f, const char *value, bool read_only, bool keep)
{
    char *copy = sl_strdup(value), *save = NULL;
    sl_rsyncd_comment(f, "auth users", value, "there are no passwords here; these are accounts over SSH, if they are called so");
    for (char *word = strtok_r(copy, " \t,", &save); word; word = strtok_r(NULL, " \t,", &save))
        if (sl_rsyncd_plain(word))
            user_hint(f, word, read_only, keep ? "list,read,hash,create,overwrite,rename,meta,special" : "full");
    free(copy);
}

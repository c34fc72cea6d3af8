/* SPDX-License-Identifier: ISC */
/* principals - who a peer is, by what sshd, the kernel and the administrator say (never by what the peer says), and what a
 * module lets that peer do. The same over SSH and TCP. */
#ifndef SL_SUBSYSTEM_PRINCIPALS_H
#define SL_SUBSYSTEM_PRINCIPALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "subsystem/configuration.h"

struct sl_who {
    bool anonymous;              /* came over TCP: only an address is known, and only `anonymous` modules are offered */
    char *user;                  /* owned; NULL when anonymous */
    gid_t *groups;               /* owned: all of the account's */
    size_t group_count;
    char **keys;                 /* owned: "SHA256:..." of the public keys that were used to log in */
    size_t key_count;
    bool keys_known;             /* sshd told (ExposeAuthInfo); also when there was no key */
    char *methods;               /* owned: how the login was authenticated, for the log; NULL: not told */
    char *as;                    /* owned: --as; NULL */
    struct sockaddr_storage addr;
    bool addr_known;
};

/* Whom this process runs for when it was started over SSH or by hand: the real user and its groups, SSH_CONNECTION,
 * SSH_USER_AUTH. as: --as=NAME, or NULL. */
void sl_who_of_login(struct sl_who *w, const char *as);
/* A peer on a socket. */
void sl_who_of_socket(struct sl_who *w, const struct sockaddr *addr, socklen_t len);
void sl_who_clear(struct sl_who *w);
/* Address without port as text, or "unknown". */
const char *sl_who_addr(const struct sl_who *w, char *text, size_t size);
/* "192.0.2.1" or an IPv6 address, with or without a zone. */
bool sl_who_set_addr(struct sl_who *w, const char *text);

struct sl_decision {
    bool admitted;
    uint32_t rights;             /* 0 unless admitted */
    const char *rule;            /* the key that decided: "grant", "allow", "anonymous", "hosts allow", "hosts deny" */
    unsigned line;               /* of the configuration file; 0: the key's default */
    char why[160];               /* in words, where the key does not say it all; else "" */
};

/* What m lets w do. A rule that can't be judged (a group that there is not, a key where none were told, an unknown address)
 * refuses: passing it over could admit somebody whom it was to keep out. */
void sl_decide(const struct sl_module *m, const struct sl_who *w, struct sl_decision *d);

/* "user:", "group:", "key:", "as:", "addr:". */
const char *sl_principal_prefix(enum sl_principal_kind kind);

#endif

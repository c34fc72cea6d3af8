/* SPDX-License-Identifier: ISC */
/*
 * ssh_settings - what the user's ssh configuration says about one host, as ssh -G resolved it, and which of its keywords the
 * transport by libssh honours. No type of libssh's is in here.
 */
#ifndef SL_CLIENT_SSH_SETTINGS_H
#define SL_CLIENT_SSH_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct sl_ssh_names {
    char **at;               /* owned; NULL-terminated once there is one */
    size_t len;
};
void sl_ssh_names_add(struct sl_ssh_names *n, const char *text, size_t len);
void sl_ssh_names_clear(struct sl_ssh_names *n);

enum sl_ssh_strict { SL_STRICT_ASK, SL_STRICT_YES, SL_STRICT_NEW, SL_STRICT_NO };

enum sl_ssh_named {
    SL_NAMED_CIPHERS = 1, SL_NAMED_MACS = 2, SL_NAMED_KEX = 4, SL_NAMED_HOST_KEYS = 8, SL_NAMED_PUBKEY_TYPES = 16
};

struct sl_ssh_settings {
    char *hostname, *user;   /* owned */
    int port, family;
    struct sl_ssh_names identities, known_user, known_global; /* as written: ~ and % are not replaced yet */
    enum sl_ssh_strict strict;
    bool batch, password, keyboard, pubkey, identities_only, hash_hosts, tcp_keepalive, banner;
    bool gssapi, control_path;
    int prompts, connect_timeout_s, alive_interval_s, alive_max;
    char *agent;             /* owned; NULL: $SSH_AUTH_SOCK; "none" */
    char *ciphers, *macs, *kex, *host_keys, *pubkey_types; /* owned; as ssh has them */
    unsigned named;          /* bits of enum sl_ssh_named: the configuration's own list, not ssh's default */
};

enum sl_ssh_how {
    SL_SSH_HONOURED,         /* what it says is done */
    SL_SSH_NO_MATTER,        /* says nothing about a session that only runs the server */
    SL_SSH_DEPENDS,          /* on its value, see the text */
    SL_SSH_PROGRAM           /* anything but ssh's own default is for the ssh program */
};

/* The one table: doc/ssh-config.md shows the same. */
struct sl_ssh_keyword {
    const char *name;        /* as ssh_config(5) writes it; ssh -G in small letters */
    enum sl_ssh_how how;
    const char *text;        /* for people */
    const char *(*take)(struct sl_ssh_settings *s, const char *value); /* NULL, or why the ssh program is needed */
};
extern const struct sl_ssh_keyword sl_ssh_keywords[];
extern const size_t sl_ssh_keyword_count;
const char *sl_ssh_how_word(enum sl_ssh_how how);

void sl_ssh_settings_init(struct sl_ssh_settings *s);
void sl_ssh_settings_clear(struct sl_ssh_settings *s);

/* Takes in what ssh -G says of a host (`said`), by the table. `plain` is what it says without any configuration: what is in
 * there is a default. False, with one line in why: something is asked for that only the ssh program does. */
bool sl_ssh_settings_read(struct sl_ssh_settings *s, const char *said, const char *plain, char *why, size_t size);

/* path with ~ and the tokens %% %d %h %i %p %r %u replaced, in fresh memory; NULL where there is anything else to replace. */
char *sl_ssh_settings_path(const struct sl_ssh_settings *s, const char *path);

#endif

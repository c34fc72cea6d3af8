/* SPDX-License-Identifier: ISC */
/* configuration - superlifter.conf: `key = value` lines and [module] sections, read strictly: an unknown key, a bad value, a key
 * twice, a line over 4096 bytes are errors with file and line, and nothing is served. */
#ifndef SL_SUBSYSTEM_CONFIGURATION_H
#define SL_SUBSYSTEM_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "subsystem/nets.h"

#define SL_CONNECTIONS_MAX 10000u

struct sl_module {
    char *name, *path, *comment;     /* owned; path absolute, with %u %h %% not yet expanded; comment "" when not given */
    uint32_t rights;                 /* `allow`, enum sl_right of proto/msg.h; default read-only */
    bool anonymous;                  /* default no */
    struct sl_net_list hosts_allow, hosts_deny;
    unsigned max_connections;        /* 0: no limit */
    unsigned line;                   /* of its section, for messages */
};

struct sl_listen { char *text; struct sockaddr_storage addr; socklen_t len; };  /* owned */

struct sl_config {
    char *file;                      /* owned; NULL when none was read */
    struct sl_listen *listens;       /* `listen = ADDR:PORT` (repeatable; [v6]:PORT; PORT alone is every address) */
    size_t listen_count;
    char *user;                      /* `user`, default "nobody" */
    bool user_given;
    char *motd;                      /* `motd`: a file's path; NULL */
    bool namespace_modules;          /* `ssh namespace = modules`; default account */
    unsigned max_connections;        /* in all, from 1; default 200 */
    unsigned handshake_timeout_s;    /* default 30 */
    unsigned idle_timeout_s;         /* default 600 */
    struct sl_module *modules;
    size_t module_count;
};

void sl_config_init(struct sl_config *c);        /* the defaults */
void sl_config_clear(struct sl_config *c);
/* Reads FILE into c (on top of what it has). SL_E_NOT_FOUND when it isn't there; SL_E_CONFIG with "FILE:LINE: what is wrong". */
enum sl_code sl_config_read(struct sl_config *c, const char *file, struct sl_error *err);
/* Parses text as if read from a file called name; for the above, tests and fuzzing. */
enum sl_code sl_config_parse(struct sl_config *c, const char *name, const char *text, size_t len, struct sl_error *err);
/* --export NAME=DIR: a read-only anonymous module. */
enum sl_code sl_config_export(struct sl_config *c, const char *spec, struct sl_error *err);
enum sl_code sl_config_listen(struct sl_config *c, const char *spec, struct sl_error *err);
const struct sl_module *sl_config_module(const struct sl_config *c, const char *name, size_t len);
/* What --check-config prints: the effective settings as a configuration file. Fresh memory. */
char *sl_config_text(const struct sl_config *c);

/* hosts allow / hosts deny by rsync's order: a match in allow admits; else a match in deny refuses; else refused if there is an
 * allow list, else admitted. IPv4-mapped IPv6 addresses count as IPv4. */
bool sl_module_admits(const struct sl_module *m, const struct sockaddr *peer);

#endif

/* SPDX-License-Identifier: ISC */
/* configuration - superlifter.conf: `key = value` lines and [module] sections, read strictly: an unknown key, a bad value, a key
 * twice, a line over 4096 bytes are errors with file and line, and nothing is served. */
#ifndef SL_SUBSYSTEM_CONFIGURATION_H
#define SL_SUBSYSTEM_CONFIGURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/filter.h"
#include "subsystem/nets.h"

#define SL_CONNECTIONS_MAX 10000u
#define SL_LANES_LIMIT 64u

/* What one session may cost; 0: no limit. */
struct sl_quota {
    uint64_t sent, stored, hashed;   /* bytes: all that is sent; content written; content hashed for the peer */
    uint64_t files;                  /* opened to be read or hashed, and made */
    uint64_t rate;                   /* bytes a second, each way */
};
/* The stricter of both, each by itself. */
struct sl_quota sl_quota_least(const struct sl_quota *a, const struct sl_quota *b);

enum sl_principal_kind { SL_BY_USER, SL_BY_GROUP, SL_BY_KEY, SL_BY_AS, SL_BY_ADDR };
struct sl_principal {
    enum sl_principal_kind kind;
    char *name;                      /* owned: what stands behind the colon; of a key with SHA256: */
    struct sl_net net;               /* SL_BY_ADDR */
};
struct sl_grant {                    /* `grant = RIGHTS to PRINCIPAL...` */
    uint32_t rights;
    struct sl_principal *who;        /* owned */
    size_t who_count;
    unsigned line;
};

struct sl_module {
    char *name, *path, *comment;     /* owned; path absolute, with %u %h %% not yet expanded; comment "" when not given */
    uint32_t rights;                 /* `allow`, enum sl_right of proto/msg.h; default read-only */
    bool anonymous;                  /* default no */
    bool owners_kept;                /* `owner = xattr`: what takes a superuser is kept in attributes (tree/fake.h) */
    bool listed;                     /* `list`: in the list of modules; default yes */
    struct sl_grant *grants;         /* in the order of the file */
    size_t grant_count;
    struct sl_net_list hosts_allow, hosts_deny;
    struct sl_filter *exclude;       /* owned; NULL: nothing. Of a path below the root: it is as if it were not there */
    char **excludes;                 /* owned: the patterns as written */
    size_t exclude_count;
    unsigned max_connections;        /* 0: no limit */
    struct sl_quota quota;
    unsigned line, allow_line, anonymous_line, hosts_allow_line, hosts_deny_line;    /* for messages; 0: not said */
};

struct sl_listen { char *text; struct sockaddr_storage addr; socklen_t len; };  /* owned */

enum sl_confinement { SL_CONFINEMENT_AVAILABLE, SL_CONFINEMENT_REQUIRED, SL_CONFINEMENT_OFF };

struct sl_config {
    char *file;                      /* owned; NULL when none was read */
    struct sl_listen *listens;       /* `listen = ADDR:PORT` (repeatable; [v6]:PORT; PORT alone is every address) */
    size_t listen_count;
    char *user;                      /* `user`, default "nobody" */
    bool user_given;
    char *motd;                      /* `motd`: a file's path; NULL */
    bool namespace_modules;          /* `ssh namespace = modules`; default account */
    unsigned max_connections;        /* in all, from 1; default 200 */
    unsigned max_per_address;        /* of one IPv4 address or IPv6 /64; default 40; 0: no limit */
    unsigned max_lanes;              /* connections of one session that count as one, from 1; default 10 */
    unsigned retry_after_s;          /* told to those who find no connection left; default 30 */
    unsigned handshake_timeout_s;    /* default 30 */
    unsigned idle_timeout_s;         /* default 600 */
    enum sl_confinement confinement;
    uint64_t session_memory;         /* bytes of address space; default 1 GiB; 0: no limit */
    unsigned session_cpu_s;          /* default 4 h; 0: no limit; holds for peers that are restricted */
    struct sl_quota quota;           /* of each session */
    uint64_t total_rate;             /* bytes a second of all sessions of a listener, each way; 0: no limit */
    int log_level, log_facility;     /* enum sl_log_level; syslog's; -1: not said */
    struct sl_module *modules;
    size_t module_count;
};

void sl_config_init(struct sl_config *c);        /* the defaults */
void sl_config_clear(struct sl_config *c);
/* Reads FILE into c (on top of what it has). SL_E_NOT_FOUND when it isn't there; SL_E_CONFIG with "FILE:LINE: what is wrong". */
enum sl_code sl_config_read(struct sl_config *c, const char *file, struct sl_error *err);
/* All bytes of a file of at most a few MiB, into b. */
enum sl_code sl_config_file(struct sl_buf *b, const char *file, struct sl_error *err);
/* Parses text as if read from a file called name; for the above, tests and fuzzing. */
enum sl_code sl_config_parse(struct sl_config *c, const char *name, const char *text, size_t len, struct sl_error *err);
/* --export NAME=DIR: a read-only anonymous module. */
enum sl_code sl_config_export(struct sl_config *c, const char *spec, struct sl_error *err);
enum sl_code sl_config_listen(struct sl_config *c, const char *spec, struct sl_error *err);
/* One global key as if in the file; told: what a failure calls the place ("--max-sent"). */
enum sl_code sl_config_set(struct sl_config *c, const char *told, const char *key, const char *value, struct sl_error *err);
const struct sl_module *sl_config_module(const struct sl_config *c, const char *name, size_t len);
/* What --check-config prints: the effective settings as a configuration file. Fresh memory. */
char *sl_config_text(const struct sl_config *c);

/* "10M": bytes, as rsync takes sizes, but whole and without a sign. SL_E_CONFIG. */
enum sl_code sl_config_size(const char *text, uint64_t *out, struct sl_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/* libssh_priv - what the files with libssh's types share. Nobody else includes it. libssh_login.c: a session; libssh_hosts.c:
 * whether the host is the one it says; libssh_auth.c: the login; libssh_pump.c: the loop, with channels
 * (libssh_channel.c). */
#ifndef SL_CLIENT_LIBSSH_PRIV_H
#define SL_CLIENT_LIBSSH_PRIV_H

#include <libssh/libssh.h>

#include "client/lane.h"
#include "client/transport_libssh.h"

/* A connection under way: everything up to the login. */
struct sl_login {
    const struct sl_libssh_job *job;
    const struct sl_ssh_settings *settings;
    ssh_session session;             /* NULL before */
    bool no_secrets;                 /* the host's key is not sure: no password goes there */
    bool unknown_host;
    struct sl_error err;
};

/* Connects, checks the host's key, logs in. What fails is in l->err, with one line. The session is the caller's then, too. */
enum sl_code sl_login(struct sl_login *l);

/* libssh_hosts.c: SL_OK, or the reason in l->err. */
enum sl_code sl_login_check_host(struct sl_login *l);

/* libssh_auth.c: the same. */
enum sl_code sl_login_authenticate(struct sl_login *l);

/* One line to the user, on standard error. */
void sl_login_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

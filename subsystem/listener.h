/* SPDX-License-Identifier: ISC */
/* listener - the standalone TCP server: binds, becomes the configured user, forks for every connection. */
#ifndef SL_SUBSYSTEM_LISTENER_H
#define SL_SUBSYSTEM_LISTENER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "subsystem/configuration.h"
#include "subsystem/server_loop.h"

struct sl_listener_options {
    struct sl_config *config;            /* replaced by a reload */
    /* Reads the configuration again into a fresh one (SIGHUP). */
    enum sl_code (*reload)(void *ctx, struct sl_config *out, struct sl_error *err);
    void *reload_ctx;
    int fd_first, fd_count;              /* sockets that listen already; 0: bind what the configuration says */
    bool detach;                         /* the working directory stays: a reload reads names relative to it */
    bool log_stderr;                     /* goes on logging there when it is detached */
    const char *pid_file;                /* NULL: none */
    const char *test_mask;
    const volatile sig_atomic_t *ended;  /* set by a signal that came before the listener took over the signals */
};

/* Serves until SIGTERM or SIGINT; then lets the sessions finish what they were asked. SL_E_CONFIG when there is nothing to
 * serve or a descriptor passed to it doesn't listen, SL_E_CONNECT when an address can't be had; nothing is detached then. */
enum sl_code sl_listen(struct sl_listener_options *o, struct sl_error *err);

/* One peer on a connected socket (both ways), under the rules of the network; returns the exit status. admit may be NULL. The
 * process is confined and must end with the session. */
struct sl_peer_options {
    const struct sl_config *config;
    const char *test_mask;
    enum sl_code (*greeted)(void *ctx, const uint8_t *token, struct sl_error *err);    /* as in struct sl_policy, like the next two */
    enum sl_code (*admit)(void *ctx, const struct sl_module *m, struct sl_error *err);
    void *admit_ctx;
    const volatile sig_atomic_t *drain;
    struct sl_pace *total_in, *total_out;    /* shared by all sessions; NULL */
    const void *pinned;                      /* as in struct sl_policy */
};
int sl_serve_peer(int fd, const struct sl_peer_options *o);

#endif

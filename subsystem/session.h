/* SPDX-License-Identifier: ISC */
/* session - the server's side of one connection: bytes in, bytes out, requests executed on local trees. It owns no
 * descriptor of the connection, never prints, never exits; server_loop.c drives it over descriptors, tests drive it in memory. */
#ifndef SL_SUBSYSTEM_SESSION_H
#define SL_SUBSYSTEM_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "subsystem/configuration.h"

/* What this peer may reach. Borrowed for the session's life. */
struct sl_policy {
    bool account;                /* the plain namespace (HOST:PATH) is offered */
    const char *root;            /* of the plain namespace; NULL: "/" */
    uint32_t rights;             /* of the plain namespace; a module's are those of both */
    bool enforced;               /* the peer can do nothing else on this machine (forced command, TCP) */
    bool anonymous;              /* only modules with `anonymous` are offered, by address */
    const char *const *only;     /* --module=NAME...: NULL-terminated, or NULL: all */
    const struct sl_config *config;
    const struct sockaddr *peer; /* NULL when not over TCP; hosts allow/deny hold only then */
    char *motd;                  /* text, or NULL */
    const char *test_mask;       /* --test-without=FEATURE,...; NULL */
    /* Asked once when a module is attached; may refuse with SL_E_LIMIT. NULL: no limit. */
    enum sl_code (*admit)(void *ctx, const struct sl_module *m, struct sl_error *err);
    void *admit_ctx;
};

struct sl_session;
struct sl_session *sl_session_new(const struct sl_policy *policy);
void sl_session_free(struct sl_session *s);      /* aborts staged files */

/* Bytes from the peer; executes what is complete and may run. Failure: the session is over once the output has drained. */
enum sl_code sl_session_feed(struct sl_session *s, const void *data, size_t n, struct sl_error *err);
enum sl_code sl_session_feed_eof(struct sl_session *s, struct sl_error *err);

/* Goes on with long requests (LIST, READ, HASH, many frames waiting) for a bounded piece of work; SL_AGAIN when nothing can be
 * done before bytes come or go. */
enum sl_code sl_session_step(struct sl_session *s, struct sl_error *err);

const uint8_t *sl_session_output(struct sl_session *s, size_t *len);
void sl_session_sent(struct sl_session *s, size_t n);
/* True when the peer said BYE, everything was answered and the BYE of this side is queued. */
bool sl_session_over(const struct sl_session *s);
bool sl_session_greeted(const struct sl_session *s);     /* the whole hello was seen: the handshake deadline is met */
/* Bytes of whole frames that came. */
uint64_t sl_session_heard(const struct sl_session *s);
/* Sends something that needs no answer: whether anybody is there shows when it can't be delivered. */
void sl_session_probe(struct sl_session *s);
/* SIGTERM: finish what was asked, then BYE. */
void sl_session_drain(struct sl_session *s);

#endif

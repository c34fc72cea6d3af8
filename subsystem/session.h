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
#include "proto/line.h"
#include "subsystem/configuration.h"
#include "subsystem/principals.h"
#include "tree/accounts.h"

enum sl_session_note { SL_NOTE_TRANSFER, SL_NOTE_REFUSED };

/* What this peer may reach. Borrowed for the session's life. */
struct sl_policy {
    bool account;                /* the plain namespace (HOST:PATH) is offered */
    const char *root;            /* of the plain namespace; NULL: "/" */
    uint32_t rights;             /* of the plain namespace; a module's are those of both */
    bool limited;                /* they were said (--allow): else a module may have the right device, which is no part of all */
    bool enforced;               /* the peer can do nothing else on this machine (forced command, TCP) */
    const struct sl_who *who;    /* whom modules are decided for */
    const char *const *only;     /* --module=NAME...: NULL-terminated, or NULL: all */
    const struct sl_config *config;
    struct sl_quota quota;       /* of the session; a module may lower it */
    sl_account_ask *ask;         /* names of owners; NULL: the system's own service */
    void *ask_ctx;
    char *motd;                  /* text, or NULL */
    const char *test_mask;       /* --test-without=FEATURE,...; NULL */
    /* Told once when the peer has greeted, with its session's token of SL_SESSION_LEN bytes (NULL: none); may refuse with SL_E_LIMIT. NULL: nobody counts. */
    enum sl_code (*greeted)(void *ctx, const uint8_t *token, struct sl_error *err);
    /* Asked once when a module is attached; likewise. */
    enum sl_code (*admit)(void *ctx, const struct sl_module *m, struct sl_error *err);
    void *admit_ctx;             /* of both */
    const void *pinned;          /* for the confinement: shared memory of this process's own (slots.h) that it can't make longer; NULL: none */
    /* For the log: what was done, or refused by which rule, in words that hold names of the peer's as they are. NULL: no log. */
    void (*note)(void *ctx, enum sl_session_note kind, const char *text);
    void *note_ctx;
    bool note_transfers;         /* also SL_NOTE_TRANSFER, which costs a little for each file */
};

/* What a session did, for the log. */
struct sl_session_figures {
    uint64_t bytes_in, bytes_out;    /* on the connection */
    uint64_t stored, hashed;         /* bytes of content */
    uint64_t files_read, files_made; /* opened to be read or hashed; everything that was given a name */
    uint64_t removed, refused;
    const char *module;              /* the last one attached; NULL: the plain namespace, or nothing */
    uint32_t rights;                 /* of it */
    bool attached;
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
/* Bytes a second that may come, and that may go, now; 0: no limit. */
uint64_t sl_session_rate(const struct sl_session *s);
uint64_t sl_session_rate_out(const struct sl_session *s);
/* Who drives the session tells how long it waited: for the peer with nothing to do, or with something to send; and compressed. */
enum sl_session_wait { SL_WAIT_IDLE, SL_WAIT_HELD };
void sl_session_waited(struct sl_session *s, uint64_t us, enum sl_session_wait what);
void sl_session_packed(struct sl_session *s, uint64_t us);
/* Whether a request waits, be it for room. */
bool sl_session_working(const struct sl_session *s);
/* Whether the next sl_session_output compresses. */
bool sl_session_packs(const struct sl_session *s);
void sl_session_figures(const struct sl_session *s, struct sl_session_figures *out);
/* Bytes of whole frames that came. */
uint64_t sl_session_heard(const struct sl_session *s);
/* Sends something that needs no answer: whether anybody is there shows when it can't be delivered. */
void sl_session_probe(struct sl_session *s);
/* Nothing is to be sent or done now: what takes time and nobody waits for is done. */
void sl_session_rest(struct sl_session *s);
/* SIGTERM: finish what was asked, then BYE. */
void sl_session_drain(struct sl_session *s);

#endif

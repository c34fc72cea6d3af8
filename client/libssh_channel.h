/* SPDX-License-Identifier: ISC */
/* libssh_channel - what the loop of a session (libssh_pump.c) and its channels share. */
#ifndef SL_CLIENT_LIBSSH_CHANNEL_H
#define SL_CLIENT_LIBSSH_CHANNEL_H

#include "base/buf.h"
#include "client/libssh_priv.h"

#include <libssh/callbacks.h>
#include <libssh/server.h>

enum {
    SL_SSH_PAIRS = 32,                   /* channels that one session can have had; made before the filter forbids to make more */
    SL_SSH_FAILED = 255
};

enum sl_ssh_channel_state { SL_SSH_OPENING, SL_SSH_ASKING, SL_SSH_COMMANDING, SL_SSH_RUNNING, SL_SSH_OVER };

struct sl_ssh_channel {
    struct sl_pump *pump;
    uint32_t id;
    enum sl_ssh_channel_state state;
    uint64_t asked_ms;               /* when its opening was asked for */
    ssh_channel ch;
    struct ssh_channel_callbacks_struct callbacks;
    int fd;                          /* -1 once the other end is done with */
    uint8_t *down;                   /* ROOM bytes of address space; what the socket did not take yet */
    size_t down_start, down_end;
    bool stuck;                      /* the socket is full: more waits in libssh's buffer */
    uint32_t window;                 /* what the server is granted: more for a reader that keeps up, less for one that does not */
    bool was_stuck;                  /* since it was granted last */
    uint64_t since_grown;
    uint8_t *up;                     /* UP_MAX; what the session did not take yet */
    size_t up_start, up_end;
    bool up_eof, eof_sent, remote_eof, remote_closed, shut, words_left, fell_back;
};

struct sl_pump {
    const struct sl_libssh_job *job;
    ssh_session session;
    ssh_event event;
    struct sl_ssh_channel *channels[SL_SSH_PAIRS];
    size_t count;
    int pairs[SL_SSH_PAIRS][2];
    size_t pairs_used;
    struct sl_buf words;             /* for standard error */
    bool moved, control_gone, broken, first_answered;
    int exit_status;
    uint64_t round_trip_ms;          /* the shortest seen; counts once a channel is open */
    uint64_t heard_ms;
    int alive_sent;
};

/* A channel for who asked with this number, from 0; that there is no room for one is answered. */
void sl_ssh_channel_open(struct sl_pump *p, uint32_t id);
void sl_ssh_channel_end(struct sl_ssh_channel *c);
/* One step of a channel that does not run yet. */
void sl_ssh_channel_advance(struct sl_ssh_channel *c);
/* And of one that does; may_write: the session has room. */
void sl_ssh_channel_run(struct sl_ssh_channel *c, bool may_write);
/* Answers who asked for channel id that there is none. */
void sl_pump_refuse(struct sl_pump *p, uint32_t id, enum sl_code code, int exit_status, const char *text);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * conn - one connection: preface, HELLO, frames, channels with credit, ping, compression, orderly end. Bytes in, frames
 * out and the other way round; it knows no descriptor, no file and no clock.
 *
 * Preface: the 12 bytes "superlifter\n". The client sends it first, with its HELLO behind it and, without waiting, any
 * requests of the base protocol. The server says nothing until it has seen a right preface.
 *
 * Frame: length u24 (payload bytes), type u8, channel u8, flags u8, payload. Channel 0 is control and needs no credit.
 * On channels 1..SL_CHANNELS-1 every frame costs its length + SL_FRAME_HEADER of the receiver's credit for that
 * channel. Both sides start with SL_CREDIT_START for each channel; HELLO announces the window (>= SL_CREDIT_START) and
 * so adds the difference; CREDIT frames give back what was consumed. A frame beyond the credit ends the session.
 */
#ifndef SL_PROTO_CONN_H
#define SL_PROTO_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "proto/line.h"

#define SL_PREFACE "superlifter\n"
#define SL_PREFACE_LEN 12u
#define SL_FRAME_HEADER 6u
#define SL_FRAME_MAX (256u * 1024u)      /* payload bytes, both ways; HELLO may announce less, at least 64 KiB */
#define SL_CHANNELS 32u                  /* channel numbers 0..31, but: */
#define SL_CHANNELS_BASE 16u             /* 0..15 without the feature SL_FEATURE_CHANNELS */
#define SL_FEATURE_CHANNELS "channels"
#define SL_CREDIT_START (256u * 1024u)   /* bytes for each channel before HELLO was seen */
#define SL_PROTOCOL_MIN 1u
#define SL_PROTOCOL_MAX 1u
#define SL_FEATURES_MAX 64u              /* names in a HELLO, each 1..32 bytes of a-z 0-9 - */

/* In the flags of a frame that is sent: compressing its payload does not pay. It is not sent. */
#define SL_FRAME_AS_IS 0x80u

#define SL_SESSION_LEN 16u               /* bytes of a session's token */

enum sl_role { SL_ROLE_CLIENT, SL_ROLE_SERVER };

/* What one side says of itself. Strings are borrowed while sl_conn_new runs; the peer's live as long as the conn. */
struct sl_hello {
    uint32_t protocol_min, protocol_max;
    uint32_t frame_max;                  /* largest payload that this side takes, bytes */
    uint32_t window;                     /* bytes of credit for each channel */
    uint32_t dirs_max;                   /* directory ids that may be open on one channel (server) */
    const char *program;                 /* "superlifter 0.1", for people only */
    const char *const *features;         /* NULL-terminated */
    bool has_session;                    /* client: the token of its session, by which a server knows that several connections are one */
    uint8_t session[SL_SESSION_LEN];
};

struct sl_frame {
    uint8_t type, channel, flags;
    const uint8_t *data;                 /* borrowed while the handler runs */
    size_t len;
};

/* What the owner is told. frame: one frame on channel >= 1, in order; SL_AGAIN means "not now": it is kept (within the
 * credit) and offered again by sl_conn_resume; SL_OK means consumed, and its credit is given back; anything else ends
 * the session with that code. pong and bye may be NULL. */
struct sl_conn_ops {
    enum sl_code (*frame)(void *ctx, const struct sl_frame *f, struct sl_error *err);
    enum sl_code (*hello)(void *ctx, const struct sl_hello *peer, struct sl_error *err);  /* once, after negotiation */
    void (*pong)(void *ctx, uint64_t token);
    void (*bye)(void *ctx);              /* the peer will send nothing more */
    /* What goes with the feature "steer"; a side that names it has those of its role. */
    void (*steered)(void *ctx, const struct sl_steer *how);   /* server: compression has been seen to */
    void (*asked)(void *ctx, struct sl_line_view *own);            /* server: what it can tell */
    void (*told)(void *ctx, const struct sl_line_view *peer);      /* client */
};

struct sl_conn;

/* How many windows full may wait on all channels together before the session ends for it: at first SL_KEPT_WINDOWS. */
#define SL_KEPT_WINDOWS 4u
void sl_conn_keeps(struct sl_conn *c, unsigned windows);

/* compress: ask for compression in both directions, by what *self names ("zstd", "zlib") and the peer too (client), at that level, or -1:
 * the usual one; 0: don't. The server compresses what it sends when the client asked and it names the same itself, at the usual level. *self must
 * have a window and a frame_max in the ranges above. */
struct sl_conn *sl_conn_new(enum sl_role role, const struct sl_hello *self, int compress,
                            const struct sl_conn_ops *ops, void *ctx);
void sl_conn_free(struct sl_conn *c);

/* Takes n bytes from the peer; all of them, always (or ends the session). Handlers run from here.
 * SL_E_PEER: the first bytes are not ours (see sl_conn_strange); SL_E_VERSION; SL_E_PROTOCOL; a session error that the
 * peer sent comes as its own code with side SL_SIDE_SERVER; what a handler returned. After a failure the connection
 * only drains its output (an ERROR frame has been queued for the peer where that makes sense). */
enum sl_code sl_conn_feed(struct sl_conn *c, const void *data, size_t n, struct sl_error *err);

/* The peer closed its side. SL_E_CLOSED unless it had said BYE; before the preface SL_E_PEER when it had said something. */
enum sl_code sl_conn_feed_eof(struct sl_conn *c, struct sl_error *err);

/* Offers the kept frames of a channel to the handler again until it says SL_AGAIN or none are left; SL_OK either way. Not
 * from within a handler. */
enum sl_code sl_conn_resume(struct sl_conn *c, uint8_t channel, struct sl_error *err);

/* So many channel numbers, from 0, may be used. */
unsigned sl_conn_channels(const struct sl_conn *c);

/* Whether frames of a channel are kept. */
bool sl_conn_kept(const struct sl_conn *c, uint8_t channel);

/* Up to 4 KiB of the first bytes of a peer that is not ours. */
const struct sl_buf *sl_conn_strange(const struct sl_conn *c);

/* Bytes to be sent; *len may be 0. The pointer is good until the next call. Compression, when on, happens here. */
const uint8_t *sl_conn_output(struct sl_conn *c, size_t *len);
void sl_conn_sent(struct sl_conn *c, size_t n);
/* Whether the next sl_conn_output would compress: for who counts the time that it takes. */
bool sl_conn_packs(const struct sl_conn *c);
/* Whether what is sent is compressed at all. */
bool sl_conn_packing(const struct sl_conn *c);
/* Bytes queued and not yet sent: producers stop above a mark of their own. */
size_t sl_conn_queued(const struct sl_conn *c);

/* Payload bytes that one more frame on channel may carry now: limited by credit and the peer's frame_max; 0 also when
 * there is not even credit for the header, before a server has greeted, after BYE and after a failure. A sender must not
 * wait for more than 3/4 of the peer's window: up to a quarter is given back late. */
size_t sl_conn_room(const struct sl_conn *c, uint8_t channel);

/* A frame whose payload is complete. The caller has checked sl_conn_room. */
void sl_conn_send(struct sl_conn *c, uint8_t channel, uint8_t type, uint8_t flags, const void *data, size_t n);

/* A frame whose payload is written in place: reserve max bytes, fill some, finish with the count (or cancel with
 * sl_conn_abandon). Nothing else may be sent between. */
uint8_t *sl_conn_begin(struct sl_conn *c, size_t max);
void sl_conn_finish(struct sl_conn *c, uint8_t channel, uint8_t type, uint8_t flags, size_t n);
void sl_conn_abandon(struct sl_conn *c);

/* From the next frame on what is sent is compressed, by the best that both sides have of `wants` (bits as in HELLO), or is not. level: 0 the usual
 * one. Way and level hold from the first time on. False: the two have none in common. */
bool sl_conn_pack(struct sl_conn *c, uint8_t wants, int level);
void sl_conn_unpacked(struct sl_conn *c);
/* Client, where both have "steer": how the server is to send; for how it waits. */
void sl_conn_steer(struct sl_conn *c, const struct sl_steer *how);
void sl_conn_ask(struct sl_conn *c);
/* The bits of HELLO's `wants` for what this side names. */
uint8_t sl_conn_wants(const struct sl_conn *c);

/* A server that has not greeted yet pings nobody. */
void sl_conn_ping(struct sl_conn *c, uint64_t token);
/* What a server says that has no session left for a peer, before it hears a word: preface and ERROR frame, added to out. */
void sl_conn_refusal(struct sl_buf *out, const struct sl_error *err);
/* Queues an ERROR frame: the session ends with this. */
void sl_conn_fail(struct sl_conn *c, const struct sl_error *err);
/* Queues BYE: this side will send nothing more but control frames. Said before a server greets, it follows the greeting. */
void sl_conn_bye(struct sl_conn *c);

bool sl_conn_ready(const struct sl_conn *c);            /* the peer's HELLO was seen */
bool sl_conn_closed(const struct sl_conn *c);           /* the peer said BYE */
bool sl_conn_has(const struct sl_conn *c, const char *feature); /* both sides named it */
/* Client, at once: the peer is taken to have what that of `other`, which is ready, has, so that nothing has to wait for its greeting. A greeting
 * that names less or more of what this side has ends the session with SL_E_VERSION. */
void sl_conn_presume(struct sl_conn *c, const struct sl_conn *other);
const struct sl_hello *sl_conn_peer(const struct sl_conn *c);   /* NULL before its HELLO */
/* Payload and header bytes of frames moved so far, before compression. */
uint64_t sl_conn_bytes_in(const struct sl_conn *c);
uint64_t sl_conn_bytes_out(const struct sl_conn *c);
/* Of the latter, what is not queued any more (to within a run that is being compressed). */
uint64_t sl_conn_plain_sent(const struct sl_conn *c);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * conn_priv - what the files of the connection share. conn.c: life, output and what the owner asks; conn_in.c: bytes in,
 * frames out; control.c: the frames of channel 0; hello.c: preface and HELLO; pack.c: compression.
 */
#ifndef SL_PROTO_CONN_PRIV_H
#define SL_PROTO_CONN_PRIV_H


#include "proto/conn.h"
#include "proto/pack.h"
#include "proto/wire.h"

enum sl_control {
    SL_CONTROL_HELLO = 1,
    SL_CONTROL_CREDIT = 2,
    SL_CONTROL_PING = 3,
    SL_CONTROL_PONG = 4,
    SL_CONTROL_ERROR = 5,
    SL_CONTROL_BYE = 6,
    SL_CONTROL_DEFLATE = 7,
    SL_CONTROL_ZSTD = 8,
    SL_CONTROL_STEER = 9,
    SL_CONTROL_ASK = 10,
    SL_CONTROL_LINE = 11,
    SL_CONTROL_IGNORED = 128             /* unknown types from here on are passed over */
};

#define SL_CONTROL_MAX 8192u             /* payload bytes of control frames, DEFLATE and ZSTD apart */
#define SL_FRAME_LEAST 65536u            /* every peer takes payloads of this size */
#define SL_WINDOW_MAX (1024u * 1024u * 1024u)
#define SL_CREDIT_MAX ((uint64_t)2 * SL_WINDOW_MAX)  /* credit that a peer may give in all on one channel */
#define SL_PROGRAM_MAX 255u
#define SL_FEATURE_MAX 32u
#define SL_STRANGE_MAX 4096u
#define SL_ERROR_TEXT_MAX 4096u
#define SL_PACKED_PLAIN_MAX (1024u * 1024u)   /* plain bytes that one compressed frame may hold: bounds the work for it */
#define SL_KEPT_IDLE (64u * 1024u)       /* bytes of memory that an empty buffer of kept frames keeps */
#define SL_WANTS_ZLIB 1u                 /* bits of HELLO's `wants` */
#define SL_WANTS_ZSTD 2u

enum sl_conn_state { SL_CONN_PREFACE, SL_CONN_HELLO, SL_CONN_OPEN };

struct sl_conn_channel {
    uint64_t may_send;                   /* credit that the peer gave and that is not used up */
    uint64_t may_come;                   /* credit that the peer has left */
    uint64_t consumed;                   /* bytes whose credit is to be given back */
    struct sl_buf kept;                  /* whole frames, headers included, that the owner did not want yet */
};

struct sl_conn {
    enum sl_role role;
    enum sl_conn_state state;
    const struct sl_conn_ops *ops;
    void *ctx;
    struct sl_hello self, peer;          /* strings owned */
    struct sl_hello presumed;            /* of the peer, before it greets; features NULL: nothing is */
    int level;                           /* of compression, as asked for */
    bool wanted;                         /* compression is asked for (client) */
    const struct sl_packing *packing;    /* how this side compresses; NULL: it does not */
    const struct sl_packing *unpacking;  /* how the peer does, once it did */
    void *packer, *unpacker;             /* their states; owned */
    bool greeted;                        /* own preface and HELLO are queued */
    bool bye_in, bye_out, busy, begun;
    bool failed, peer_failed, http_answered;
    struct sl_error error;               /* why it failed */
    struct sl_buf strange;               /* the first bytes of the peer, until they proved right */
    struct sl_buf in;                    /* the beginning of a frame */
    struct sl_buf inner;                 /* unpacked bytes: the beginning of a frame inside compressed ones */
    struct sl_buf out;                   /* ready to be sent */
    struct sl_buf plain;                 /* whole frames waiting for compression */
    bool compressing;                    /* frames go to plain from now on, the other ones are as they are */
    size_t in_vain;                      /* bytes in a row that compression did not pay for */
    size_t rest, next_rest;              /* bytes still to be sent without compression, which did not pay; and after the next attempt that fails */
    bool pong_due, line_due;
    uint64_t pong_token;
    uint64_t bytes_in, bytes_out;
    uint64_t kept, kept_most;            /* bytes kept on all channels */
    struct sl_conn_channel channels[SL_CHANNELS];
};

/* ---- conn.c ---- */
/* A control frame. */
void sl_conn_control(struct sl_conn *c, enum sl_control type, const void *data, size_t n);
/* Remembers why the session ends and tells the peer where it can understand it. */
void sl_conn_settle(struct sl_conn *c, const struct sl_error *e);
void sl_frame_header(uint8_t *p, size_t len, uint8_t type, uint8_t channel, uint8_t flags);

/* ---- conn_in.c ---- */
/* Takes the whole frames at the start of p; *used counts their bytes. inner: these bytes came out of a compressed frame. */
enum sl_code sl_conn_frames(struct sl_conn *c, const uint8_t *p, size_t n, bool inner, size_t *used, struct sl_error *err);

/* ---- control.c ---- */
enum sl_code sl_control_frame(struct sl_conn *c, const struct sl_frame *f, bool inner, struct sl_error *err);
/* Answers a PING or an ASK that had to wait, once the output is short enough. */
void sl_control_late(struct sl_conn *c);
/* Gives credit back for bytes of a channel that were consumed. */
void sl_control_consumed(struct sl_conn *c, uint8_t channel, uint64_t bytes);

/* ---- hello.c ---- */
/* Takes bytes of the preface; *used counts them. SL_E_PEER at the first wrong one. */
enum sl_code sl_preface_take(struct sl_conn *c, const uint8_t *p, size_t n, size_t *used, struct sl_error *err);
/* More bytes of a peer that is not ours: kept up to a limit; *err says what it looks like. */
enum sl_code sl_preface_strange(struct sl_conn *c, const uint8_t *p, size_t n, struct sl_error *err);
/* Queues own preface and HELLO. */
void sl_hello_greet(struct sl_conn *c);
/* The peer's HELLO: checks, keeps, negotiates. */
enum sl_code sl_hello_take(struct sl_conn *c, const struct sl_frame *f, struct sl_error *err);
/* A copy that owns its strings. */
void sl_hello_copy(struct sl_hello *to, const struct sl_hello *from);
void sl_hello_clear(struct sl_hello *h);
bool sl_hello_has(const struct sl_hello *h, const char *feature);

/* ---- pack.c ---- */
/* The bits of `wants` for what a HELLO names. */
uint8_t sl_pack_wants(const struct sl_hello *h);
/* Settles how this side compresses: what both name and the client wants. */
void sl_pack_choose(struct sl_conn *c, uint8_t wants);
/* The packing whose frames have this type of control frame; NULL: none of this build. */
const struct sl_packing *sl_packing_of(uint8_t control);
/* Compresses some of what waits in plain, to out. */
void sl_pack_some(struct sl_conn *c);
/* The payload of a compressed frame: takes the frames in it. */
enum sl_code sl_unpack_frame(struct sl_conn *c, const struct sl_packing *how, const uint8_t *p, size_t n, struct sl_error *err);
void sl_pack_clear(struct sl_conn *c);
static inline bool sl_is_packed(uint8_t channel, uint8_t type)
{
    return channel == 0 && (type == SL_CONTROL_DEFLATE || type == SL_CONTROL_ZSTD);
}

#endif

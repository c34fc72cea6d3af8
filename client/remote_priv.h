/* SPDX-License-Identifier: ISC */
/* remote_priv - what the files of the remote endpoint share: its state. */
#ifndef SL_CLIENT_REMOTE_PRIV_H
#define SL_CLIENT_REMOTE_PRIV_H

#include "client/endpoint.h"
#include "client/listcheck.h"
#include "client/remote.h"
#include "client/transport.h"
#include "proto/conn.h"
#include "proto/msg.h"

struct sl_ring {                  /* a queue of small records, oldest first */
    uint64_t (*at)[2];            /* ticket, count */
    size_t head, len, cap;
};

struct sl_owner_answer {
    bool group, known, settable;
    uint32_t number, there;
    char *name;                   /* owned */
    uint64_t ticket;
};

struct sl_hash_answer { enum sl_code code; uint8_t hash[16]; struct sl_error err; };

struct sl_remote {
    struct sl_endpoint e;
    const struct sl_address *addr;
    const struct sl_options *o;
    struct sl_transport t;
    struct sl_conn *conn;
    uint64_t wire_out, wire_in, heard_ms, pinged_ms;
    bool eof;
    bool attached_job[SL_JOBS];
    struct sl_entry_codec *enc[SL_JOBS], *dec[SL_JOBS];
    struct sl_buf scratch;
    char *home, *motd;            /* owned */
    size_t motd_len;
    bool attached;
    /* set-up: the first failure against a ticket of the listing job */
    bool sync, sync_failed;
    uint64_t sync_from, sync_ticket;
    struct sl_error sync_error;
    /* listing */
    uint32_t list_owners;         /* LIST flags: a name once given to a number holds for the channel, so all LISTs are alike */
    struct sl_ring lists;         /* LISTs not yet over: ticket, and what was asked for (a char *, owned) */
    struct sl_listcheck check;    /* of the first of them */
    struct sl_buf list_buf;
    struct sl_rd list_rd;
    bool list_have, list_last, list_failed;
    struct sl_error list_error;
    struct sl_list_record record;
    char error_name[SL_NAME_MAX + 1];
    /* content */
    struct sl_ring reads;         /* ticket, files still to come */
    struct sl_buf content_buf;
    struct sl_rd content_rd;
    bool content_have, read_failed, piece_have;
    struct sl_error read_error;
    struct sl_piece piece;
    /* hashes */
    struct sl_ring hashes;
    struct sl_hash_answer *answers;
    size_t answers_head, answers_len, answers_cap;
    /* chunk lists */
    bool seeded;
    struct sl_chunk_wait *chunk_waits;   /* a ring of those asked for */
    size_t chunk_head, chunk_len, chunk_cap;
    /* owners */
    struct sl_owner_answer *owners;
    size_t owners_len, owners_cap;
    /* modules */
    void (*each_module)(void *ctx, const char *name, size_t name_len, const char *comment, size_t comment_len);
    void *each_ctx;
};

static inline uint8_t sl_job_channel(enum sl_job job) { return (uint8_t)(job + 1); }

void sl_ring_push(struct sl_ring *r, uint64_t ticket, uint64_t count);
void sl_ring_pop(struct sl_ring *r);

/* One request frame: takes the next ticket of the job; attaches the job's channel first when it is new. */
uint64_t sl_remote_send(struct sl_remote *r, enum sl_job job, enum sl_msg type, const void *data, size_t n);

/* remote_chunks.c */
void sl_remote_chunks(struct sl_endpoint *e, uint32_t dir, const struct sl_chunk_ask *ask, void *cookie);
enum sl_code sl_remote_on_chunked(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err);
/* Whether a failure is that of the first list asked for; if so it is handed over. */
bool sl_remote_chunks_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err);
void sl_remote_chunks_clear(struct sl_remote *r);

/* Handlers of the connection (remote_answers.c). */
extern const struct sl_conn_ops sl_remote_conn_ops;
/* Operations (remote_ops.c) and set-up (remote_place.c). */
extern const struct sl_endpoint_ops sl_remote_ops;
enum sl_code sl_remote_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err);
/* Pumps until every ticket of a job up to this one is answered, or one failed while `sync` is on. */
enum sl_code sl_remote_wait(struct sl_remote *r, enum sl_job job, uint64_t ticket, struct sl_error *err);

#endif

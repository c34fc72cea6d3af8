/* SPDX-License-Identifier: ISC */
/* local_priv - what the files of the local endpoint share: its state. */
#ifndef SL_CLIENT_LOCAL_PRIV_H
#define SL_CLIENT_LOCAL_PRIV_H

#include "base/hash.h"
#include "client/endpoint.h"
#include "client/local_puts.h"
#include "delta/lister.h"
#include "delta/portion.h"
#include "proto/msg.h"
#include "tree/carry.h"
#include "tree/dirs.h"
#include "tree/kept.h"
#include "tree/meta.h"
#include "tree/part.h"
#include "tree/reader.h"
#include "tree/stage.h"
#include "tree/walk.h"

enum { SL_LOCAL_PIECE = 128 * 1024, SL_LOCAL_HASH_STEP = 1024 * 1024 /* bytes that are hashed between two looks at the network */ };

struct sl_local_list {           /* a chunk list to be made */
    struct sl_reader reader;
    struct sl_chunk_ask ask;     /* its name is not kept */
    void *cookie;
    enum sl_code code;           /* why there is none */
    struct sl_error err;
};

struct sl_local {
    struct sl_endpoint e;
    struct sl_dirs *dirs;
    struct sl_owners *owners;
    bool from_slash;             /* places are below "/", which is this root; 0: not open yet */
    uint32_t slash;
    struct sl_helper *names;     /* borrowed, or NULL */
    /* listing */
    struct sl_walk *walk;
    enum sl_code walk_code;
    struct sl_error walk_error;
    bool listing;
    struct sl_walk_event walked;
    /* reading */
    struct sl_reader reader;
    bool reading;
    struct sl_hash *hash;
    struct sl_piece piece;
    bool have_piece;
    uint8_t digest[SL_HASH_MOST];
    char *buf;
    struct sl_ranges ranges;     /* to be read; none: the whole file */
    size_t range;
    bool holes;                  /* of a range are told apart */
    bool silent;                 /* what is read is only hashed */
    struct sl_stretch stretch;   /* in place of the ranges one by one: all of it is hashed; ranges NULL: none */
    /* content hashes; apart from reading and writing, which may be under way */
    struct sl_hash *hash_state;
    enum sl_code hash_code;
    struct sl_error hash_error;
    uint8_t hash_out[SL_HASH_MOST];
    /* chunk lists; likewise */
    struct sl_seed *seed;
    struct sl_local_list *lists; /* a ring, the first is being made */
    size_t lists_head, lists_len, lists_cap;
    struct sl_lister lister;
    struct sl_carry carry;       /* between portions of a file, with its hash */
    struct sl_chunk_answer answer;
    /* writing */
    struct sl_stage stage;
    bool staging;
    int away;                    /* the directory in which files are staged; -1: beside their places */
    struct sl_kept_searched searched;
    bool attrs_there;            /* what the next operation gives */
    struct sl_attrs_want attrs, w_attrs;   /* w_: of the file being written */
    struct sl_buf attrs_set, w_set;
    bool hashing;                /* what is written is hashed: it came from elsewhere, or is put together */
    struct sl_entry w_entry;
    char w_name[SL_NAME_MAX + 1];
    uint32_t w_meta, w_flags;
    struct sl_puts *puts;        /* NULL: small files are written within the call */
    unsigned put_count;          /* of them, up to when the thread is tried for */
    bool unbacked;               /* a backup failed: what it was for fails too */
    int bases[SL_BASES_OPEN_MAX];
    unsigned bases_len;
};

static inline struct sl_local *sl_local_of(struct sl_endpoint *e) { return (struct sl_local *)e; }

/* The outcome of an operation: takes the next ticket of the job. */
void sl_local_answer(struct sl_local *l, enum sl_job job, enum sl_code rc, const struct sl_error *err);

/* So that the queue of the thread, which there is, takes one more. */
void sl_local_place_for_answer(struct sl_local *l);
/* What is asked for from now on comes behind all that the thread has: everything is done, and answered. */
void sl_local_settle(struct sl_local *l);
/* Answers that are there are given; with none, and some to come, something is done for them. SL_AGAIN: none is to come. */
enum sl_code sl_local_reap(struct sl_local *l);

/* local_write.c */
void sl_local_put(struct sl_endpoint *e, const struct sl_new *n, const void *data, size_t len, const uint8_t *hash);
void sl_local_write(struct sl_endpoint *e, const struct sl_new *n);
void sl_local_data(struct sl_endpoint *e, const void *data, size_t len);
void sl_local_hole(struct sl_endpoint *e, uint64_t len);
void sl_local_basis(struct sl_endpoint *e, uint32_t dir, const char *name, unsigned flags);
void sl_local_copy(struct sl_endpoint *e, unsigned basis, uint64_t from, uint32_t len);
void sl_local_kept_in(struct sl_endpoint *e, const char *name);
void sl_local_stage_in(struct sl_endpoint *e, uint32_t dir);
void sl_local_reserve(struct sl_endpoint *e, uint64_t len);
void sl_local_keep(struct sl_endpoint *e, uint64_t len);
void sl_local_hash_blocks(struct sl_endpoint *e, unsigned grain);
void sl_local_commit(struct sl_endpoint *e, const uint8_t *hash);
void sl_local_abort(struct sl_endpoint *e);
void sl_local_part(struct sl_endpoint *e, const struct sl_new *n, const char *token, uint64_t from);
void sl_local_join(struct sl_endpoint *e, const struct sl_new *n, const char *token);
void sl_local_drop(struct sl_endpoint *e, uint32_t dir, const char *name, const char *token, uint32_t flags);
void sl_local_make(struct sl_endpoint *e, const struct sl_new *n);
void sl_local_set_meta(struct sl_endpoint *e, const struct sl_new *n);
void sl_local_link(struct sl_endpoint *e, const struct sl_names *n);
void sl_local_rename(struct sl_endpoint *e, const struct sl_names *n);
void sl_local_release(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags);
void sl_local_take(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_entry *as);
void sl_local_remove(struct sl_endpoint *e, uint32_t dir, enum sl_type kind, const char *name);
/* The process is about to end: what is being written is kept, or not. */
void sl_local_write_end(struct sl_local *l);
enum sl_code sl_local_open_basis(struct sl_local *l, struct sl_reader *r, uint32_t dir, const char *name, unsigned flags, struct sl_error *err);

/* local_chunks.c */
const struct sl_seed *sl_local_seed(struct sl_local *l);

/* local_attrs.c */
void sl_local_attrs(struct sl_endpoint *e, const struct sl_attrs_want *w, size_t from, size_t n);
void sl_local_get_attrs(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_fetch *f);
/* Hands what came to the entry of an operation; to that of the file being written, for later. */
void sl_local_attrs_take(struct sl_local *l, struct sl_entry *e);
void sl_local_attrs_hold(struct sl_local *l);
void sl_local_attrs_clear(struct sl_local *l);
/* Opens a file for reading as the endpoint is to. */
enum sl_code sl_local_open(struct sl_local *l, struct sl_reader *r, int dirfd, const char *name, struct sl_error *err);

/* local_backup.c */
void sl_local_backup(struct sl_endpoint *e, const struct sl_names *n, const struct sl_entry *as);
/* Whether the operation is not to be done, because its backup failed: it is answered then. */
bool sl_local_unbacked(struct sl_local *l);

/* local_fetch.c */
void sl_local_fetch(struct sl_endpoint *e, uint32_t dir, const char *name, struct sl_fetch *f);

/* local_place.c */
enum sl_code sl_local_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err);

/* local_look.c */
void sl_local_look(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_look *k);

/* local_chunks.c */
void sl_local_chunks(struct sl_endpoint *e, uint32_t dir, const struct sl_chunk_ask *ask, void *cookie);
enum sl_code sl_local_work(struct sl_endpoint *e);
void sl_local_chunks_clear(struct sl_local *l);

#endif

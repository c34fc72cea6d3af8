/* SPDX-License-Identifier: ISC */
/* lister - the chunk list of a file, a bounded piece of work at a time. It reads through its caller: no I/O here. */
#ifndef SL_DELTA_LISTER_H
#define SL_DELTA_LISTER_H

#include "base/error.h"
#include "base/hash.h"
#include "delta/chunk.h"

struct sl_lister_ops {
    /* From here on `read` gives the len bytes at `at`. Only called where ranges were asked for. */
    enum sl_code (*range)(void *ctx, uint64_t at, uint64_t len, struct sl_error *err);
    /* As sl_reader_view: *got bytes at *data, which are there until the next call, or a *hole; SL_EOF at the end of the range or file. */
    enum sl_code (*read)(void *ctx, const uint8_t **data, size_t *got, uint64_t *hole, struct sl_error *err);
    void (*chunk)(void *ctx, const struct sl_chunk *c);
};

struct sl_lister {
    const struct sl_lister_ops *ops;
    void *ctx;
    struct sl_chunker chunker;
    unsigned grain;
    uint64_t mask;               /* of a hash's bytes */
    struct sl_ranges ranges;     /* owned; empty: the whole file */
    size_t next;                 /* range */
    bool grid;
    bool open;                   /* a stretch is being cut */
    uint64_t pos;
    struct sl_hash *whole;       /* NULL: not wanted; owned. Its convention for holes is base/hash.h's */
    uint64_t hole;               /* bytes of one at the end that `whole` does not know of: it may go on in the next portion */
};

/* seed is borrowed; ranges is taken over and left empty. hash_bytes 1..8. */
void sl_lister_init(struct sl_lister *l, const struct sl_lister_ops *ops, void *ctx, const struct sl_seed *seed, unsigned grain,
                    unsigned hash_bytes);
void sl_lister_ranges(struct sl_lister *l, struct sl_ranges *ranges);
/* Chunks are blocks of one length, at equal offsets in all files; marks: each with its mark. */
void sl_lister_grid(struct sl_lister *l, bool marks);
/* A hash of the whole file is wanted too: goes on with that of what is in front of the range, which ends in `hole` bytes of a hole that it
 * does not know of yet. It is taken over. */
void sl_lister_go_on(struct sl_lister *l, struct sl_hash *hash, uint64_t hole);
/* The hash of the whole file, when all chunks were given. */
void sl_lister_whole(struct sl_lister *l, uint8_t *out);
/* Frees; may be called on what is zeroed. */
void sl_lister_clear(struct sl_lister *l);

/* At most one read's worth of work; *done is what was read. SL_OK: there is more; SL_EOF: all chunks were given. */
enum sl_code sl_lister_step(struct sl_lister *l, uint64_t *done, struct sl_error *err);

#endif

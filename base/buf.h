/* SPDX-License-Identifier: ISC */
/* buf - a growable byte buffer that is filled at its end and drained at its start. */
#ifndef SL_BASE_BUF_H
#define SL_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct sl_buf {
    uint8_t *data;        /* owned */
    size_t start, end;    /* the bytes held are data[start..end) */
    size_t cap;
};

/* An empty buffer owns nothing; {0} is one too. */
void sl_buf_init(struct sl_buf *b);

/* Frees what the buffer owns and leaves it empty. */
void sl_buf_clear(struct sl_buf *b);

static inline size_t sl_buf_len(const struct sl_buf *b) { return b->end - b->start; }
/* NULL while the buffer owns nothing. */
static inline uint8_t *sl_buf_ptr(const struct sl_buf *b) { return b->data ? b->data + b->start : NULL; }

/* Room for n more bytes; the pointer is good until the next call. Memory that is not to be had ends the process:
 * every size that a peer chose has met its limit before it gets here. */
uint8_t *sl_buf_reserve(struct sl_buf *b, size_t n);

/* Counts n of the reserved bytes as held. */
void sl_buf_commit(struct sl_buf *b, size_t n);

void sl_buf_add(struct sl_buf *b, const void *data, size_t n);

/* Drops n bytes at the start (n <= length); a buffer drained empty starts over and keeps its memory. */
void sl_buf_drop(struct sl_buf *b, size_t n);

/* Empties without freeing; a buffer that grew beyond keep bytes is freed. */
void sl_buf_reset(struct sl_buf *b, size_t keep);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * wire - integers and strings to bytes and back; the only file that knows byte order.
 *
 * uv: unsigned LEB128, 1..10 bytes, shortest form only. sv: zigzag of a signed number, then uv. bs: uv length, then
 * the bytes. Fixed-width integers are big-endian.
 */
#ifndef SL_PROTO_WIRE_H
#define SL_PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define SL_UV_MAX_BYTES 10u
#define SL_HASH_LEN 16u                    /* bytes of a whole file's hash, unless the session has another */
#define SL_CODE_WIRE_MAX 63u               /* error codes above SL_E_MAX up to this are a newer peer's */

void sl_w_u8(struct sl_buf *b, uint8_t v);
void sl_w_u32(struct sl_buf *b, uint32_t v);
void sl_w_u64(struct sl_buf *b, uint64_t v);
void sl_w_uv(struct sl_buf *b, uint64_t v);
void sl_w_sv(struct sl_buf *b, int64_t v);
void sl_w_bs(struct sl_buf *b, const void *data, size_t n);
void sl_w_raw(struct sl_buf *b, const void *data, size_t n);
/* The hash of a whole file; n 0: 16 bytes. */
void sl_w_hash(struct sl_buf *b, const void *hash, size_t n);
/* One byte; a code that has no place on the wire becomes SL_E_IO. */
void sl_w_code(struct sl_buf *b, enum sl_code code);
/* A uv at p, which has room for SL_UV_MAX_BYTES; returns its length. */
size_t sl_uv_put(uint8_t *p, uint64_t v);

/* A reader over borrowed bytes. Reading past the end, a uv that is not in shortest form or overflows, or a value above
 * its limit sets bad and yields zeros from then on; the caller checks once, with sl_r_done or sl_r_ok. */
struct sl_rd {
    const uint8_t *p, *end;
    bool bad;
    uint8_t hash_len;                      /* of a whole file's hash in this session; sl_r_init says 16 */
};

void sl_r_init(struct sl_rd *r, const void *data, size_t n);
uint8_t sl_r_u8(struct sl_rd *r);
uint32_t sl_r_u32(struct sl_rd *r);
uint64_t sl_r_u64(struct sl_rd *r);
uint64_t sl_r_uv(struct sl_rd *r, uint64_t max);
int64_t sl_r_sv(struct sl_rd *r);
/* The bytes stay where they are; *n <= max. NULL and 0 when bad. */
const uint8_t *sl_r_bs(struct sl_rd *r, size_t max, size_t *n);
const uint8_t *sl_r_raw(struct sl_rd *r, size_t n);
/* The hash of a whole file: r->hash_len bytes. */
const uint8_t *sl_r_hash(struct sl_rd *r);
/* A token (base/entry.h): SL_TOKEN_LEN bytes; NULL when bad. */
const char *sl_r_token(struct sl_rd *r);
/* 1..SL_CODE_WIRE_MAX; those that this build does not know are SL_E_IO. */
enum sl_code sl_r_code(struct sl_rd *r);
static inline size_t sl_r_left(const struct sl_rd *r) { return r->bad ? 0 : (size_t)(r->end - r->p); }
static inline bool sl_r_ok(const struct sl_rd *r) { return !r->bad; }
/* Read without fault, and to the last byte. */
static inline bool sl_r_done(const struct sl_rd *r) { return !r->bad && r->p == r->end; }

#endif

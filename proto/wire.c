/* SPDX-License-Identifier: ISC */
/*
 * wire - integers and strings to bytes and back, and the rule for error codes. The reader remembers a fault instead of
 * returning it, so that a decoder reads its fields in a row and asks once. uv is LEB128 (DWARF 5, section 7.6).
 */
#include "config.h"
#include "proto/wire.h"
#include "base/entry.h"

void sl_w_u8(struct sl_buf *b, uint8_t v)
{
    sl_buf_add(b, &v, 1);
}

static void fixed(struct sl_buf *b, uint64_t v, size_t bytes)
{
    uint8_t *p = sl_buf_reserve(b, bytes);
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
    sl_buf_commit(b, bytes);
}

void sl_w_u32(struct sl_buf *b, uint32_t v)
{
    fixed(b, v, 4);
}

void sl_w_u64(struct sl_buf *b, uint64_t v)
{
    fixed(b, v, 8);
}

size_t sl_uv_put(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        p[n++] = (uint8_t)(v | 0x80);
    p[n++] = (uint8_t)v;
    return n;
}

void sl_w_uv(struct sl_buf *b, uint64_t v)
{
    sl_buf_commit(b, sl_uv_put(sl_buf_reserve(b, SL_UV_MAX_BYTES), v));
}

void sl_w_sv(struct sl_buf *b, int64_t v)
{
    sl_w_uv(b, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

void sl_w_bs(struct sl_buf *b, const void *data, size_t n)
{
    sl_w_uv(b, n);
    sl_buf_add(b, data, n);
}

void sl_w_raw(struct sl_buf *b, const void *data, size_t n)
{
    sl_buf_add(b, data, n);
}

void sl_w_code(struct sl_buf *b, enum sl_code code)
{
    sl_w_u8(b, code >= 1 && code <= SL_E_MAX ? (uint8_t)code : SL_E_IO);
}

void sl_w_hash(struct sl_buf *b, const void *hash, size_t n)
{
    sl_w_raw(b, hash, n ? n : SL_HASH_LEN);
}

void sl_r_init(struct sl_rd *r, const void *data, size_t n)
{
    static const uint8_t nothing[1];
    r->p = n ? data : nothing;
    r->end = r->p + n;
    r->bad = false;
    r->hash_len = SL_HASH_LEN;
}

const uint8_t *sl_r_hash(struct sl_rd *r)
{
    return sl_r_raw(r, r->hash_len);
}

const char *sl_r_token(struct sl_rd *r)
{
    const char *token = (const char *)sl_r_raw(r, SL_TOKEN_LEN);
    if (token && !sl_token_ok(token))
        r->bad = true;
    return r->bad ? NULL : token;
}

const uint8_t *sl_r_raw(struct sl_rd *r, size_t n)
{
    if (r->bad || n > (size_t)(r->end - r->p)) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}

static uint64_t read_fixed(struct sl_rd *r, size_t bytes)
{
    const uint8_t *p = sl_r_raw(r, bytes);
    uint64_t v = 0;
    for (size_t i = 0; p && i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t sl_r_u8(struct sl_rd *r)
{
    return (uint8_t)read_fixed(r, 1);
}

uint32_t sl_r_u32(struct sl_rd *r)
{
    return (uint32_t)read_fixed(r, 4);
}

uint64_t sl_r_u64(struct sl_rd *r)
{
    return read_fixed(r, 8);
}

/* One uv of any value. The tenth byte holds one bit; a last byte of 0 behind others would be a longer form. */
static uint64_t read_uv(struct sl_rd *r)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < SL_UV_MAX_BYTES; i++) {
        uint8_t byte = sl_r_u8(r);
        if (r->bad || (i == SL_UV_MAX_BYTES - 1 && byte > 1))
            break;
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        if (byte == 0 && i > 0)
            break;
        return v;
    }
    r->bad = true;
    return 0;
}

uint64_t sl_r_uv(struct sl_rd *r, uint64_t max)
{
    uint64_t v = read_uv(r);
    if (v > max)
        r->bad = true;
    return r->bad ? 0 : v;
}

int64_t sl_r_sv(struct sl_rd *r)
{
    uint64_t v = read_uv(r);
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

const uint8_t *sl_r_bs(struct sl_rd *r, size_t max, size_t *n)
{
    size_t len = (size_t)sl_r_uv(r, max);
    const uint8_t *p = sl_r_raw(r, len);
    *n = p ? len : 0;
    return p;
}

enum sl_code sl_r_code(struct sl_rd *r)
{
    uint8_t v = sl_r_u8(r);
    if (v < 1 || v > SL_CODE_WIRE_MAX)
        r->bad = true;
    return v <= SL_E_MAX ? (enum sl_code)v : SL_E_IO;
}

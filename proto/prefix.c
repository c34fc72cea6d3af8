/* SPDX-License-Identifier: ISC */
/*
 * prefix - front coding of sorted names (Witten, Moffat, Bell: Managing Gigabytes, section 4.1). One byte holds both
 * lengths where they are small, which is nearly always.
 */
#include "config.h"
#include "proto/prefix.h"

#include <assert.h>
#include <string.h>

enum { NIBBLE_FULL = 15 };

void sl_prefix_encode(struct sl_buf *b, const char *prev, size_t prev_len, const char *name, size_t len)
{
    size_t shared = 0, most = prev_len < len ? prev_len : len;
    assert(len <= SL_NAME_MAX);
    while (shared < most && prev[shared] == name[shared])
        shared++;
    size_t rest = len - shared;
    size_t high = shared < NIBBLE_FULL ? shared : NIBBLE_FULL, low = rest < NIBBLE_FULL ? rest : NIBBLE_FULL;
    sl_w_u8(b, (uint8_t)(high << 4 | low));
    if (high == NIBBLE_FULL)
        sl_w_uv(b, shared - NIBBLE_FULL);
    if (low == NIBBLE_FULL)
        sl_w_uv(b, rest - NIBBLE_FULL);
    sl_buf_add(b, name + shared, rest);
}

void sl_prefix_decode(struct sl_rd *r, char scratch[SL_NAME_MAX + 1], size_t *len)
{
    uint8_t head = sl_r_u8(r);
    size_t shared = head >> 4, rest = head & 0x0f;
    if (shared == NIBBLE_FULL)
        shared += (size_t)sl_r_uv(r, SL_NAME_MAX);
    if (rest == NIBBLE_FULL)
        rest += (size_t)sl_r_uv(r, SL_NAME_MAX);
    const uint8_t *suffix = sl_r_raw(r, rest);
    if (!suffix || shared > *len || shared + rest > SL_NAME_MAX) {
        r->bad = true;
        return;
    }
    memcpy(scratch + shared, suffix, rest);
    *len = shared + rest;
    scratch[*len] = '\0';
}

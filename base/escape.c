/* SPDX-License-Identifier: ISC */
/* escape - one function between foreign bytes and a terminal. */
#include "config.h"
#include "base/escape.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t sl_utf8_len(const unsigned char *p, size_t n)
{
    static const unsigned min[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : 0;
    if (!len || len > n)
        return 0;
    unsigned v = p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (p[i] & 0x3f);
    }
    return v < min[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000) ? 0 : len;
}

/* The length of what may stay as it is at p, or 0. */
static size_t plain(const unsigned char *p, size_t n)
{
    size_t len = sl_utf8_len(p, n);
    if (len == 1)
        return p[0] >= 0x20 && p[0] != 0x7f;
    if (len == 2 && p[0] == 0xc2 && p[1] < 0xa0)
        return 0;
    return len;
}

/* Whether p is "\#ooo" to whoever reads it. */
static bool like_escape(const unsigned char *p, size_t n)
{
    if (n < 5 || p[0] != '\\' || p[1] != '#')
        return false;
    for (size_t i = 2; i < 5; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

static size_t plain_as(const unsigned char *p, size_t n, unsigned flags)
{
    if (flags & SL_ESCAPE_NAME && like_escape(p, n))
        return 0;
    size_t len = plain(p, n);
    return !len && flags & SL_ESCAPE_8BIT && p[0] >= 0xa0 && !sl_utf8_len(p, n) ? 1 : len;
}

size_t sl_escape(const char *in, size_t len, char *out, size_t size)
{
    return sl_escape_as(in, len, 0, out, size);
}

size_t sl_escape_as(const char *in, size_t len, unsigned flags, char *out, size_t size)
{
    const unsigned char *p = (const unsigned char *)in;
    size_t total = 0;
    bool full = size == 0;
    for (size_t i = 0; i < len;) {
        char piece[6];
        size_t n = plain_as(p + i, len - i, flags), took = n ? n : 1;
        if (n)
            memcpy(piece, p + i, n);
        else
            n = (size_t)snprintf(piece, sizeof piece, "\\#%03o", p[i]);
        if (!full && total + n < size)
            memcpy(out + total, piece, n);
        else if (!full) {
            out[total] = '\0';
            full = true;
        }
        total += n;
        i += took;
    }
    if (!full)
        out[total] = '\0';
    return total;
}

char *sl_escape_dup(const char *in, size_t len)
{
    size_t size = len * 5 + 1;
    char *out = sl_malloc(size);
    sl_escape(in, len, out, size);
    return out;
}

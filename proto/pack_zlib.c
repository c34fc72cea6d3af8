/* SPDX-License-Identifier: ISC */
/* pack_zlib - one zlib stream (RFC 1950, 1951), each piece ended by a sync flush. */
#include "config.h"
#include "proto/conn_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <zlib.h>

enum { LEVEL_USUAL = 6, LEVEL_MOST = 9 };

static void *pack_new(int level)
{
    z_stream *z = sl_calloc(1, sizeof *z);
    if (deflateInit(z, level < 1 ? LEVEL_USUAL : level > LEVEL_MOST ? LEVEL_MOST : level) != Z_OK)
        abort();
    return z;
}

static void pack_free(void *state)
{
    deflateEnd(state);
    free(state);
}

static size_t pack(void *state, const uint8_t *in, size_t n, size_t *used, uint8_t *to, size_t cap, bool *more)
{
    z_stream *z = state;
    z->next_in = (Bytef *)(uintptr_t)(in + *used);
    z->avail_in = (uInt)(n - *used);
    z->next_out = to;
    z->avail_out = (uInt)cap;
    int rc = deflate(z, Z_SYNC_FLUSH);
    if (rc != Z_OK && rc != Z_BUF_ERROR)
        abort();
    *used = n - z->avail_in;
    *more = z->avail_out == 0;
    return cap - z->avail_out;
}

static void *unpack_new(void)
{
    z_stream *z = sl_calloc(1, sizeof *z);
    if (inflateInit(z) != Z_OK)
        abort();
    return z;
}

static void unpack_free(void *state)
{
    inflateEnd(state);
    free(state);
}

static bool unpack(void *state, const uint8_t *in, size_t n, size_t *used, uint8_t *to, size_t cap, size_t *made)
{
    z_stream *z = state;
    z->next_in = (Bytef *)(uintptr_t)(in + *used);
    z->avail_in = (uInt)(n - *used);
    z->next_out = to;
    z->avail_out = (uInt)cap;
    int rc = inflate(z, Z_SYNC_FLUSH);
    *used = n - z->avail_in;
    *made = cap - z->avail_out;
    return rc == Z_OK || rc == Z_BUF_ERROR;
}

const struct sl_packing sl_packing_zlib = {
    .feature = "zlib", .wanted = SL_WANTS_ZLIB, .control = SL_CONTROL_DEFLATE,
    .pack_new = pack_new, .pack_free = pack_free, .pack = pack,
    .unpack_new = unpack_new, .unpack_free = unpack_free, .unpack = unpack,
};

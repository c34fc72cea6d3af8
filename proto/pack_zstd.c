/* SPDX-License-Identifier: ISC */
/* pack_zstd - one zstd frame (RFC 8878) that never ends, each piece ended by a flush. The window is bounded: a reader has to keep so much. */
#include "config.h"

#ifdef HAVE_ZSTD
#include "proto/conn_priv.h"

#include <stdlib.h>
#include <zstd.h>

enum { LEVEL_USUAL = 3, LEVEL_MOST = 19, WINDOW_LOG = 21 };

static void must(size_t rc)
{
    if (ZSTD_isError(rc))
        abort();
}

static void *pack_new(int level)
{
    ZSTD_CCtx *c = ZSTD_createCCtx();
    if (!c)
        abort();
    must(ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level < 1 ? LEVEL_USUAL : level > LEVEL_MOST ? LEVEL_MOST : level));
    must(ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, WINDOW_LOG));
    return c;
}

static void pack_free(void *state)
{
    ZSTD_freeCCtx(state);
}

static size_t pack(void *state, const uint8_t *in, size_t n, size_t *used, uint8_t *to, size_t cap, bool *more)
{
    ZSTD_inBuffer from = { in, n, *used };
    ZSTD_outBuffer out = { to, cap, 0 };
    size_t left = ZSTD_compressStream2(state, &out, &from, ZSTD_e_flush);
    must(left);
    *used = from.pos;
    *more = left > 0 || from.pos < n;
    return out.pos;
}

static void *unpack_new(void)
{
    ZSTD_DCtx *d = ZSTD_createDCtx();
    if (!d)
        abort();
    must(ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, WINDOW_LOG));
    return d;
}

static void unpack_free(void *state)
{
    ZSTD_freeDCtx(state);
}

static bool unpack(void *state, const uint8_t *in, size_t n, size_t *used, uint8_t *to, size_t cap, size_t *made)
{
    ZSTD_inBuffer from = { in, n, *used };
    ZSTD_outBuffer out = { to, cap, 0 };
    size_t rc = 1;
    /* It gives less than there is room for at the ends of its blocks. */
    for (size_t before = SIZE_MAX; !ZSTD_isError(rc) && rc != 0 && out.pos < cap && out.pos + from.pos != before;) {
        before = out.pos + from.pos;
        rc = ZSTD_decompressStream(state, &out, &from);
    }
    *used = from.pos;
    *made = out.pos;
    return !ZSTD_isError(rc) && rc != 0;     /* it never ends */
}

const struct sl_packing sl_packing_zstd = {
    .feature = "zstd", .wanted = SL_WANTS_ZSTD, .control = SL_CONTROL_ZSTD, .patience = 1024 * 1024,
    .pack_new = pack_new, .pack_free = pack_free, .pack = pack,
    .unpack_new = unpack_new, .unpack_free = unpack_free, .unpack = unpack,
};
#endif

/* SPDX-License-Identifier: ISC */
/*
 * deflate - runs of whole frames as pieces of one zlib stream each way (RFC 1950, 1951), so that small messages share a
 * dictionary. A piece ends with a sync flush: everything sent can be read. Data that does not get smaller is sent as it
 * is for a while, which costs a copy and not the processor.
 */
#include "config.h"
#include "proto/conn_priv.h"

#include <assert.h>
#include <stdlib.h>

enum {
    RUN_MAX = 128 * 1024,        /* plain bytes of a run, unless one frame is longer */
    PIECE_MAX = 64 * 1024,       /* payload of a DEFLATE frame: every peer takes that */
    INFLATE_STEP = 64 * 1024,
    RUN_JUDGED = 16 * 1024,      /* shorter runs say nothing about the data */
    REST = 1024 * 1024           /* bytes sent as they are before the next attempt */
};

/* ---- out ---- */

/* The bytes of the first whole frames of plain: at least one, at most RUN_MAX. */
static size_t run_length(const struct sl_conn *c)
{
    const uint8_t *p = sl_buf_ptr(&c->plain);
    size_t at = 0, len = sl_buf_len(&c->plain);
    while (at < len) {
        size_t frame = SL_FRAME_HEADER + ((size_t)p[at] << 16 | (size_t)p[at + 1] << 8 | p[at + 2]);
        if (at && at + frame > RUN_MAX)
            break;
        at += frame;
    }
    return at;
}

static void start_deflater(struct sl_conn *c)
{
    if (c->deflater_on)
        return;
    int level = c->level > 0 && c->level <= 9 ? c->level : SL_LEVEL_DEFAULT;
    if (deflateInit(&c->deflater, level) != Z_OK)
        abort();
    c->deflater_on = true;
}

/* Deflates n bytes to as many DEFLATE frames as they need; returns the bytes of those. */
static size_t deflate_run(struct sl_conn *c, uint8_t *p, size_t n)
{
    size_t total = 0;
    z_stream *z = &c->deflater;
    z->next_in = p;
    z->avail_in = (uInt)n;
    do {
        uint8_t *to = sl_buf_reserve(&c->out, SL_FRAME_HEADER + PIECE_MAX);
        z->next_out = to + SL_FRAME_HEADER;
        z->avail_out = PIECE_MAX;
        int rc = deflate(z, Z_SYNC_FLUSH);
        assert(rc == Z_OK || rc == Z_BUF_ERROR);
        (void)rc;
        size_t len = PIECE_MAX - z->avail_out;
        if (len) {
            sl_frame_header(to, len, SL_CONTROL_DEFLATE, 0, 0);
            sl_buf_commit(&c->out, SL_FRAME_HEADER + len);
            total += SL_FRAME_HEADER + len;
        }
    } while (z->avail_out == 0);
    return total;
}

void sl_deflate_some(struct sl_conn *c)
{
    size_t n = run_length(c);
    if (c->rest) {
        sl_buf_add(&c->out, sl_buf_ptr(&c->plain), n);
        c->rest -= n < c->rest ? n : c->rest;
    } else {
        start_deflater(c);
        size_t got = deflate_run(c, sl_buf_ptr(&c->plain), n);
        if (n >= RUN_JUDGED && got > n - n / 16)
            c->rest = REST;
    }
    sl_buf_drop(&c->plain, n);
}

/* ---- in ---- */

static enum sl_code broken(struct sl_error *err)
{
    return sl_fail(err, SL_E_PROTOCOL, "the peer sent compressed data that can't be read");
}

/* One bounded step: *more tells whether the payload may hold more. */
static enum sl_code inflate_step(struct sl_conn *c, bool *more, struct sl_error *err)
{
    z_stream *z = &c->inflater;
    z->next_out = sl_buf_reserve(&c->inner, INFLATE_STEP);
    z->avail_out = INFLATE_STEP;
    int rc = inflate(z, Z_SYNC_FLUSH);
    if (rc != Z_OK && rc != Z_BUF_ERROR)
        return broken(err);
    size_t used = 0;
    sl_buf_commit(&c->inner, INFLATE_STEP - z->avail_out);
    *more = z->avail_out == 0;
    if (!*more && z->avail_in)
        return broken(err);
    enum sl_code code = sl_conn_frames(c, sl_buf_ptr(&c->inner), sl_buf_len(&c->inner), true, &used, err);
    if (code == SL_OK)
        sl_buf_drop(&c->inner, used);
    return code;
}

enum sl_code sl_inflate_frame(struct sl_conn *c, const uint8_t *p, size_t n, struct sl_error *err)
{
    if (!c->inflater_on && inflateInit(&c->inflater) != Z_OK)
        abort();
    c->inflater_on = true;
    c->inflater.next_in = (Bytef *)(uintptr_t)p;
    c->inflater.avail_in = (uInt)n;
    enum sl_code rc = SL_OK;
    size_t total = 0;
    for (bool more = n > 0; more && rc == SL_OK; total += INFLATE_STEP) {
        if (total >= SL_DEFLATE_PLAIN_MAX)
            return sl_fail(err, SL_E_PROTOCOL, "the peer sent too much in one compressed frame");
        rc = inflate_step(c, &more, err);
    }
    return rc;
}

void sl_deflate_clear(struct sl_conn *c)
{
    if (c->deflater_on)
        deflateEnd(&c->deflater);
    if (c->inflater_on)
        inflateEnd(&c->inflater);
}

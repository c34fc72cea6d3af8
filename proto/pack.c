/* SPDX-License-Identifier: ISC */
/*
 * pack - runs of whole frames as pieces of one compressed stream each way, so that small messages share a dictionary. A piece ends with
 * a flush: everything sent can be read. Data that does not get smaller is sent as it is for a while, which costs a copy and
 * not the processor. Which compression it is, pack_zlib.c and pack_zstd.c know.
 */
#include "config.h"
#include "proto/conn_priv.h"

#include <assert.h>
#include <stdlib.h>

enum {
    RUN_MAX = 128 * 1024,        /* plain bytes of a run, unless one frame is longer */
    PIECE_MAX = 64 * 1024,       /* payload of a compressed frame: every peer takes that */
    UNPACK_STEP = 64 * 1024,
    RUN_JUDGED = 16 * 1024,      /* shorter runs say nothing about the data */
    REST_LEAST = 128 * 1024,     /* bytes sent as they are before the next attempt; doubled while attempts fail */
    REST_MOST = 4 * 1024 * 1024
};

static const struct sl_packing *const packings[] = {
#ifdef HAVE_ZSTD
    &sl_packing_zstd,            /* the first that both have is used */
#endif
    &sl_packing_zlib,
};
enum { PACKINGS = sizeof packings / sizeof packings[0] };

uint8_t sl_pack_wants(const struct sl_hello *h)
{
    uint8_t bits = 0;
    for (size_t i = 0; i < PACKINGS; i++)
        bits |= sl_hello_has(h, packings[i]->feature) ? packings[i]->wanted : 0;
    return bits;
}

void sl_pack_choose(struct sl_conn *c, uint8_t wants)
{
    for (size_t i = PACKINGS; i-- > 0;)
        if (sl_conn_has(c, packings[i]->feature) && wants & packings[i]->wanted)
            c->packing = packings[i];
    c->compressing = c->packing != NULL;
}

const struct sl_packing *sl_packing_of(uint8_t control)
{
    for (size_t i = 0; i < PACKINGS; i++)
        if (packings[i]->control == control)
            return packings[i];
    return NULL;
}

/* ---- out ---- */

enum { FLAGS_AT = 5 };

/* The bytes of the first whole frames of plain that are alike in whether to compress them: at least one, at most RUN_MAX. The mark is taken off. */
static size_t run_length(const struct sl_conn *c, bool *as_is)
{
    uint8_t *p = sl_buf_ptr(&c->plain);
    size_t at = 0, len = sl_buf_len(&c->plain);
    *as_is = p[FLAGS_AT] & SL_FRAME_AS_IS;
    while (at < len && !(p[at + FLAGS_AT] & SL_FRAME_AS_IS) == !*as_is) {
        size_t frame = SL_FRAME_HEADER + ((size_t)p[at] << 16 | (size_t)p[at + 1] << 8 | p[at + 2]);
        if (at && at + frame > RUN_MAX)
            break;
        p[at + FLAGS_AT] &= (uint8_t)~SL_FRAME_AS_IS;
        at += frame;
    }
    return at;
}

/* Compresses n bytes to as many frames as they need; returns the bytes of those. */
static size_t pack_run(struct sl_conn *c, const uint8_t *p, size_t n)
{
    size_t total = 0, used = 0;
    bool more = true;
    if (!c->packer)
        c->packer = c->packing->pack_new(c->level);
    while (more) {
        uint8_t *to = sl_buf_reserve(&c->out, SL_FRAME_HEADER + PIECE_MAX);
        size_t len = c->packing->pack(c->packer, p, n, &used, to + SL_FRAME_HEADER, PIECE_MAX, &more);
        if (len) {
            sl_frame_header(to, len, c->packing->control, 0, 0);
            sl_buf_commit(&c->out, SL_FRAME_HEADER + len);
            total += SL_FRAME_HEADER + len;
        }
    }
    assert(used == n);
    return total;
}

/* A run became got bytes of n. Data changes its kind at any place, so what does not pay at first is left alone for a short while only. */
static void judge_run(struct sl_conn *c, size_t n, size_t got)
{
    if (n < RUN_JUDGED)
        return;
    if (got <= n - n / 16) {
        c->next_rest = REST_LEAST;
        c->in_vain = 0;
        return;
    }
    c->in_vain += n;
    if (c->in_vain <= c->packing->patience)
        return;
    c->rest = c->next_rest ? c->next_rest : REST_LEAST;
    c->next_rest = c->rest < REST_MOST ? c->rest * 2 : REST_MOST;
}

void sl_pack_some(struct sl_conn *c)
{
    bool as_is;
    size_t n = run_length(c, &as_is);
    if (as_is || !c->compressing) {
        sl_buf_add(&c->out, sl_buf_ptr(&c->plain), n);
    } else if (c->rest) {
        sl_buf_add(&c->out, sl_buf_ptr(&c->plain), n);
        c->rest -= n < c->rest ? n : c->rest;
    } else {
        judge_run(c, n, pack_run(c, sl_buf_ptr(&c->plain), n));
    }
    sl_buf_drop(&c->plain, n);
}

/* ---- in ---- */

struct payload {                 /* of a compressed frame */
    const uint8_t *p;
    size_t len, at;
    size_t plain;                /* bytes that came out of it */
    bool more;                   /* it may hold more */
};

/* One bounded step. */
static enum sl_code unpack_step(struct sl_conn *c, struct payload *in, struct sl_error *err)
{
    size_t made = 0, used = 0;
    uint8_t *to = sl_buf_reserve(&c->inner, UNPACK_STEP);
    bool good = c->unpacking->unpack(c->unpacker, in->p, in->len, &in->at, to, UNPACK_STEP, &made);
    sl_buf_commit(&c->inner, made);
    in->plain += made;
    in->more = made == UNPACK_STEP;
    if (!good || (!in->more && in->at < in->len))
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent compressed data that can't be read");
    if (in->plain > SL_PACKED_PLAIN_MAX)
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent too much in one compressed frame");
    enum sl_code code = sl_conn_frames(c, sl_buf_ptr(&c->inner), sl_buf_len(&c->inner), true, &used, err);
    if (code == SL_OK)
        sl_buf_drop(&c->inner, used);
    return code;
}

enum sl_code sl_unpack_frame(struct sl_conn *c, const struct sl_packing *how, const uint8_t *p, size_t n, struct sl_error *err)
{
    if (c->unpacking && c->unpacking != how)
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent two kinds of compressed data");
    c->unpacking = how;
    if (!c->unpacker)
        c->unpacker = how->unpack_new();
    struct payload in = { .p = p, .len = n, .more = n > 0 };
    enum sl_code rc = SL_OK;
    while (in.more && rc == SL_OK)
        rc = unpack_step(c, &in, err);
    return rc;
}

void sl_pack_clear(struct sl_conn *c)
{
    if (c->packer)
        c->packing->pack_free(c->packer);
    if (c->unpacker)
        c->unpacking->unpack_free(c->unpacker);
}

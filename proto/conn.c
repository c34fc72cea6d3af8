/* SPDX-License-Identifier: ISC */
/*
 * conn - a connection's life, its output, and what its owner may ask. Credit windows are the idea of RFC 4254, section
 * 5.2, with the difference that nothing but credit ever holds a sender up: what has arrived is always taken in.
 */
#include "config.h"
#include "proto/conn_priv.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct sl_conn *sl_conn_new(enum sl_role role, const struct sl_hello *self, int compress,
                            const struct sl_conn_ops *ops, void *ctx)
{
    assert(self->window >= SL_CREDIT_START && self->window <= SL_WINDOW_MAX && self->frame_max >= SL_FRAME_LEAST);
    struct sl_conn *c = sl_calloc(1, sizeof *c);
    c->role = role;
    c->ops = ops;
    c->ctx = ctx;
    c->wanted = compress != 0;
    c->level = compress > 0 ? compress : SL_LEVEL_DEFAULT;
    sl_hello_copy(&c->self, self);
    sl_conn_keeps(c, SL_KEPT_WINDOWS);
    if (c->self.frame_max > SL_FRAME_MAX)
        c->self.frame_max = SL_FRAME_MAX;
    for (size_t i = 1; i < SL_CHANNELS; i++) {
        c->channels[i].may_send = SL_CREDIT_START;
        c->channels[i].may_come = c->self.window;
    }
    if (role == SL_ROLE_CLIENT)
        sl_hello_greet(c);
    return c;
}

unsigned sl_conn_channels(const struct sl_conn *c)
{
    return sl_conn_has(c, SL_FEATURE_CHANNELS) ? SL_CHANNELS : SL_CHANNELS_BASE;
}

void sl_conn_keeps(struct sl_conn *c, unsigned windows)
{
    c->kept_most = (uint64_t)windows * c->self.window;
}

void sl_conn_free(struct sl_conn *c)
{
    if (!c)
        return;
    sl_pack_clear(c);
    for (size_t i = 0; i < SL_CHANNELS; i++)
        sl_buf_clear(&c->channels[i].kept);
    sl_buf_clear(&c->strange);
    sl_buf_clear(&c->in);
    sl_buf_clear(&c->inner);
    sl_buf_clear(&c->out);
    sl_buf_clear(&c->plain);
    sl_hello_clear(&c->self);
    sl_hello_clear(&c->peer);
    sl_hello_clear(&c->presumed);
    free(c);
}

/* ---- frames out ---- */

void sl_frame_header(uint8_t *p, size_t len, uint8_t type, uint8_t channel, uint8_t flags)
{
    p[0] = (uint8_t)(len >> 16);
    p[1] = (uint8_t)(len >> 8);
    p[2] = (uint8_t)len;
    p[3] = type;
    p[4] = channel;
    p[5] = flags;
}

static struct sl_buf *tail(struct sl_conn *c)
{
    return c->compressing || sl_buf_len(&c->plain) ? &c->plain : &c->out;
}

uint8_t *sl_conn_begin(struct sl_conn *c, size_t max)
{
    assert(!c->begun);
    c->begun = true;
    return sl_buf_reserve(tail(c), SL_FRAME_HEADER + max) + SL_FRAME_HEADER;
}

void sl_conn_abandon(struct sl_conn *c)
{
    c->begun = false;
}

/* Frames of a connection that failed go nowhere: the ERROR was the last. */
static void finish(struct sl_conn *c, uint8_t channel, uint8_t type, uint8_t flags, size_t n)
{
    assert(c->begun);
    c->begun = false;
    if (c->failed)
        return;
    struct sl_buf *b = tail(c);
    /* The mark is for sl_pack_some, which takes it off. */
    sl_frame_header(b->data + b->end, n, type, channel, b == &c->plain ? flags : flags & (uint8_t)~SL_FRAME_AS_IS);
    sl_buf_commit(b, SL_FRAME_HEADER + n);
    c->bytes_out += SL_FRAME_HEADER + n;
}

void sl_conn_finish(struct sl_conn *c, uint8_t channel, uint8_t type, uint8_t flags, size_t n)
{
    assert(channel > 0 && channel < SL_CHANNELS);
    if (!c->failed) {
        assert(!c->bye_out && n <= sl_conn_room(c, channel) &&
               SL_FRAME_HEADER + n <= c->channels[channel].may_send);
        c->channels[channel].may_send -= SL_FRAME_HEADER + n;
    }
    finish(c, channel, type, flags, n);
}

void sl_conn_send(struct sl_conn *c, uint8_t channel, uint8_t type, uint8_t flags, const void *data, size_t n)
{
    uint8_t *p = sl_conn_begin(c, n);
    if (n)
        memcpy(p, data, n);
    sl_conn_finish(c, channel, type, flags, n);
}

void sl_conn_control(struct sl_conn *c, enum sl_control type, const void *data, size_t n)
{
    uint8_t *p = sl_conn_begin(c, n);
    if (n)
        memcpy(p, data, n);
    finish(c, 0, (uint8_t)type, 0, n);
}

size_t sl_conn_room(const struct sl_conn *c, uint8_t channel)
{
    size_t most = c->state == SL_CONN_OPEN ? c->peer.frame_max : SL_FRAME_LEAST;
    uint64_t credit = c->channels[channel].may_send;
    if (!c->greeted || c->failed || c->bye_out || credit <= SL_FRAME_HEADER)
        return 0;
    credit -= SL_FRAME_HEADER;
    return credit < most ? (size_t)credit : most;
}

/* ---- bytes out ---- */

const uint8_t *sl_conn_output(struct sl_conn *c, size_t *len)
{
    if (!sl_buf_len(&c->out) && sl_buf_len(&c->plain))
        sl_pack_some(c);
    *len = sl_buf_len(&c->out);
    return *len ? sl_buf_ptr(&c->out) : (const uint8_t *)"";
}

void sl_conn_sent(struct sl_conn *c, size_t n)
{
    sl_buf_drop(&c->out, n);
    if (c->pong_due || c->line_due)
        sl_control_late(c);
}

size_t sl_conn_queued(const struct sl_conn *c)
{
    return sl_buf_len(&c->out) + sl_buf_len(&c->plain);
}

/* ---- steering ---- */

bool sl_conn_packs(const struct sl_conn *c)
{
    return c->compressing && !sl_buf_len(&c->out) && sl_buf_len(&c->plain);
}

bool sl_conn_packing(const struct sl_conn *c)
{
    return c->compressing;
}

bool sl_conn_pack(struct sl_conn *c, uint8_t wants, int level)
{
    if (c->packing)
        c->compressing = true;
    else
        sl_pack_choose(c, wants);
    if (!c->packer)
        c->level = level;
    return c->compressing;
}

void sl_conn_unpacked(struct sl_conn *c)
{
    c->compressing = false;
}

uint8_t sl_conn_wants(const struct sl_conn *c)
{
    return sl_pack_wants(&c->self);
}

void sl_conn_steer(struct sl_conn *c, const struct sl_steer *how)
{
    struct sl_buf b = { 0 };
    assert(sl_conn_has(c, SL_FEATURE_STEER));
    sl_steer_encode(&b, how);
    sl_conn_control(c, SL_CONTROL_STEER, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

void sl_conn_ask(struct sl_conn *c)
{
    assert(sl_conn_has(c, SL_FEATURE_STEER));
    sl_conn_control(c, SL_CONTROL_ASK, NULL, 0);
}

/* ---- ends ---- */

void sl_conn_ping(struct sl_conn *c, uint64_t token)
{
    struct sl_buf b = { 0 };
    if (!c->greeted)
        return;
    sl_w_u64(&b, token);
    sl_conn_control(c, SL_CONTROL_PING, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

static void put_error(struct sl_buf *b, const struct sl_error *e)
{
    size_t len = strnlen(e->text, sizeof e->text);
    sl_w_code(b, e->code);
    sl_w_bs(b, e->text, len < SL_ERROR_TEXT_MAX ? len : SL_ERROR_TEXT_MAX);
    sl_w_uv(b, e->retry_s);
}

static void queue_error(struct sl_conn *c, const struct sl_error *e)
{
    struct sl_buf b = { 0 };
    put_error(&b, e);
    sl_conn_control(c, SL_CONTROL_ERROR, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

void sl_conn_refusal(struct sl_buf *out, const struct sl_error *err)
{
    struct sl_buf b = { 0 };
    put_error(&b, err);
    size_t n = sl_buf_len(&b);
    const uint8_t head[SL_FRAME_HEADER] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, SL_CONTROL_ERROR, 0, 0 };
    sl_buf_add(out, SL_PREFACE, SL_PREFACE_LEN);
    sl_buf_add(out, head, sizeof head);
    sl_buf_add(out, sl_buf_ptr(&b), n);
    sl_buf_clear(&b);
}

void sl_conn_settle(struct sl_conn *c, const struct sl_error *e)
{
    if (c->failed)
        return;
    c->error = *e;
    bool ours = c->state != SL_CONN_PREFACE || c->role == SL_ROLE_CLIENT;
    if (ours && !c->peer_failed && e->code != SL_E_PEER) {
        if (!c->greeted)
            sl_buf_add(&c->out, SL_PREFACE, SL_PREFACE_LEN);
        queue_error(c, e);
    }
    c->failed = true;
}

void sl_conn_fail(struct sl_conn *c, const struct sl_error *err)
{
    sl_conn_settle(c, err);
}

void sl_conn_bye(struct sl_conn *c)
{
    if (c->bye_out || c->failed)
        return;
    c->bye_out = true;
    if (c->greeted)                      /* else it follows the greeting */
        sl_conn_control(c, SL_CONTROL_BYE, NULL, 0);
}

/* ---- questions ---- */

bool sl_conn_kept(const struct sl_conn *c, uint8_t channel)
{
    return sl_buf_len(&c->channels[channel].kept) > 0;
}

bool sl_conn_ready(const struct sl_conn *c)
{
    return c->state == SL_CONN_OPEN;
}

bool sl_conn_closed(const struct sl_conn *c)
{
    return c->bye_in;
}

bool sl_conn_has(const struct sl_conn *c, const char *feature)
{
    return sl_hello_has(&c->self, feature) && sl_hello_has(c->state == SL_CONN_OPEN ? &c->peer : &c->presumed, feature);
}

void sl_conn_presume(struct sl_conn *c, const struct sl_conn *other)
{
    assert(c->role == SL_ROLE_CLIENT && c->state != SL_CONN_OPEN && other->state == SL_CONN_OPEN);
    sl_hello_copy(&c->presumed, &other->peer);
}

const struct sl_hello *sl_conn_peer(const struct sl_conn *c)
{
    return c->state == SL_CONN_OPEN ? &c->peer : NULL;
}

const struct sl_buf *sl_conn_strange(const struct sl_conn *c)
{
    return &c->strange;
}

uint64_t sl_conn_bytes_in(const struct sl_conn *c)
{
    return c->bytes_in;
}

uint64_t sl_conn_bytes_out(const struct sl_conn *c)
{
    return c->bytes_out;
}

uint64_t sl_conn_plain_sent(const struct sl_conn *c)
{
    uint64_t queued = sl_conn_queued(c);
    return c->bytes_out > queued ? c->bytes_out - queued : 0;
}

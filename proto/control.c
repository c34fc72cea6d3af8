/* SPDX-License-Identifier: ISC */
/*
 * control - the frames of channel 0. They need no credit, so nothing here may grow with their number: a PING that meets a
 * long output is remembered, not answered, and a later one takes its place.
 */
#include "config.h"
#include "proto/conn_priv.h"

#include <stdio.h>

/* Output beyond this means that the peer does not read as fast as it asks. */
enum { PONG_QUEUED_MAX = 64 * 1024, LINE_QUEUED_MAX = 2 * 1024 * 1024, SL_RETRY_MAX_S = 86400,
       STEER_LEVEL_MAX = 6                /* the peer does not choose that this side works for minutes */ };

static enum sl_code malformed(struct sl_error *err, const char *what)
{
    return sl_fail(err, SL_E_PROTOCOL, "the peer sent a malformed %s", what);
}

/* ---- credit ---- */

void sl_control_consumed(struct sl_conn *c, uint8_t channel, uint64_t bytes)
{
    struct sl_conn_channel *ch = &c->channels[channel];
    ch->consumed += bytes;
    if (ch->consumed < c->self.window / 4 || c->failed)
        return;
    uint8_t payload[1 + SL_UV_MAX_BYTES];
    payload[0] = channel;
    size_t n = 1 + sl_uv_put(payload + 1, ch->consumed);
    sl_conn_control(c, SL_CONTROL_CREDIT, payload, n);
    ch->may_come += ch->consumed;
    ch->consumed = 0;
}

static enum sl_code take_credit(struct sl_conn *c, struct sl_rd *r, struct sl_error *err)
{
    uint8_t channel = sl_r_u8(r);
    uint64_t bytes = sl_r_uv(r, SL_CREDIT_MAX);
    if (!sl_r_done(r) || channel == 0 || channel >= sl_conn_channels(c))
        return malformed(err, "CREDIT");
    struct sl_conn_channel *ch = &c->channels[channel];
    if (bytes > SL_CREDIT_MAX - ch->may_send)
        return sl_fail(err, SL_E_PROTOCOL, "the peer gave more credit than there can be");
    ch->may_send += bytes;
    return SL_OK;
}

/* ---- steering ---- */

static void queue_line(struct sl_conn *c)
{
    struct sl_buf b = { 0 };
    struct sl_line_view own = { 0 };
    c->ops->asked(c->ctx, &own);
    sl_line_encode(&b, &own);
    sl_conn_control(c, SL_CONTROL_LINE, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

static enum sl_code take_steer(struct sl_conn *c, struct sl_rd *r, struct sl_error *err)
{
    struct sl_steer how;
    enum sl_code rc = sl_steer_decode(r, &how, err);
    if (rc != SL_OK)
        return rc;
    if (how.level > STEER_LEVEL_MAX)
        how.level = STEER_LEVEL_MAX;
    if (!how.pack)
        sl_conn_unpacked(c);
    else if (!(how.pack & SL_STEER_WHEN_HELD) && !sl_conn_pack(c, how.pack, how.level))
        return sl_fail(err, SL_E_PROTOCOL, "the peer asks for a compression that is not had in common");
    c->ops->steered(c->ctx, &how);
    return SL_OK;
}

static enum sl_code take_ask(struct sl_conn *c, const struct sl_frame *f, struct sl_error *err)
{
    if (f->len)
        return malformed(err, "ASK");
    c->line_due = true;
    sl_control_late(c);
    return SL_OK;
}

static enum sl_code take_line(struct sl_conn *c, struct sl_rd *r, struct sl_error *err)
{
    struct sl_line_view peer;
    enum sl_code rc = sl_line_decode(r, &peer, err);
    if (rc == SL_OK)
        c->ops->told(c->ctx, &peer);
    return rc;
}

/* STEER and ASK go to a server, LINE to a client. */
static enum sl_code steering_frame(struct sl_conn *c, const struct sl_frame *f, struct sl_rd *r, struct sl_error *err)
{
    if (!sl_conn_has(c, SL_FEATURE_STEER) || (c->role == SL_ROLE_CLIENT) != (f->type == SL_CONTROL_LINE))
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent a control frame of type %u where none is allowed", f->type);
    return f->type == SL_CONTROL_STEER ? take_steer(c, r, err) : f->type == SL_CONTROL_ASK ? take_ask(c, f, err) : take_line(c, r, err);
}

/* ---- ping ---- */

static void queue_pong(struct sl_conn *c, uint64_t token)
{
    struct sl_buf b = { 0 };
    sl_w_u64(&b, token);
    sl_conn_control(c, SL_CONTROL_PONG, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

void sl_control_late(struct sl_conn *c)
{
    if (c->pong_due && sl_conn_queued(c) <= PONG_QUEUED_MAX) {
        c->pong_due = false;
        queue_pong(c, c->pong_token);
    }
    if (c->line_due && sl_conn_queued(c) <= LINE_QUEUED_MAX) {
        c->line_due = false;
        queue_line(c);
    }
}

static enum sl_code take_ping(struct sl_conn *c, struct sl_rd *r, struct sl_error *err)
{
    uint64_t token = sl_r_u64(r);
    if (!sl_r_done(r))
        return malformed(err, "PING");
    c->pong_due = true;
    c->pong_token = token;
    sl_control_late(c);
    return SL_OK;
}

static enum sl_code take_pong(struct sl_conn *c, struct sl_rd *r, struct sl_error *err)
{
    uint64_t token = sl_r_u64(r);
    if (!sl_r_done(r))
        return malformed(err, "PONG");
    if (c->ops->pong)
        c->ops->pong(c->ctx, token);
    return SL_OK;
}

/* ---- ends ---- */

static enum sl_code take_error(struct sl_conn *c, struct sl_rd *r, struct sl_error *err)
{
    size_t n = 0;
    enum sl_code code = sl_r_code(r);
    const char *text = (const char *)sl_r_bs(r, SL_ERROR_TEXT_MAX, &n);
    uint64_t retry_s = sl_r_uv(r, SL_RETRY_MAX_S);
    if (!sl_r_done(r))
        return malformed(err, "ERROR");
    c->peer_failed = true;
    sl_fail(err, code, "%.*s", (int)n, text);
    if (!err->text[0])
        sl_fail(err, code, "%s", sl_code_text(code));
    err->retry_s = (unsigned)retry_s;
    if (c->role == SL_ROLE_CLIENT)
        err->side = SL_SIDE_SERVER;
    return code;
}

static enum sl_code take_bye(struct sl_conn *c, const struct sl_frame *f, struct sl_error *err)
{
    if (f->len || c->bye_in)
        return malformed(err, "BYE");
    c->bye_in = true;
    if (c->ops->bye)
        c->ops->bye(c->ctx);
    return SL_OK;
}

static enum sl_code take_packed(struct sl_conn *c, const struct sl_frame *f, bool inner, struct sl_error *err)
{
    const struct sl_packing *how = sl_packing_of(f->type);
    if (inner || !how || !sl_conn_has(c, how->feature))
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent compressed data where none is allowed");
    return sl_unpack_frame(c, how, f->data, f->len, err);
}

enum sl_code sl_control_frame(struct sl_conn *c, const struct sl_frame *f, bool inner, struct sl_error *err)
{
    struct sl_rd r;
    sl_r_init(&r, f->data, f->len);
    if ((f->type == SL_CONTROL_HELLO) != (c->state == SL_CONN_HELLO) && f->type != SL_CONTROL_ERROR)
        return sl_fail(err, SL_E_PROTOCOL, c->state == SL_CONN_HELLO ? "the peer's first frame is not its greeting"
                                                                     : "the peer greeted twice");
    switch (f->type) {
    case SL_CONTROL_HELLO:
        return sl_hello_take(c, f, err);
    case SL_CONTROL_CREDIT:
        return take_credit(c, &r, err);
    case SL_CONTROL_PING:
        return take_ping(c, &r, err);
    case SL_CONTROL_PONG:
        return take_pong(c, &r, err);
    case SL_CONTROL_ERROR:
        return take_error(c, &r, err);
    case SL_CONTROL_BYE:
        return take_bye(c, f, err);
    case SL_CONTROL_DEFLATE:
    case SL_CONTROL_ZSTD:
        return take_packed(c, f, inner, err);
    case SL_CONTROL_STEER:
    case SL_CONTROL_ASK:
    case SL_CONTROL_LINE:
        return steering_frame(c, f, &r, err);
    default:
        return f->type >= SL_CONTROL_IGNORED
                   ? SL_OK
                   : sl_fail(err, SL_E_PROTOCOL, "the peer sent a control frame of unknown type %u", f->type);
    }
}

/* SPDX-License-Identifier: ISC */
/*
 * conn_in - bytes of the peer to frames to the owner. Whole frames are handed on from where they lie; only the beginning
 * of one that is not whole is copied. Lengths and channels are checked as soon as a header is there, before anything is
 * kept for them.
 */
#include "config.h"
#include "proto/conn_priv.h"

#include <assert.h>

static size_t frame_len(const uint8_t *p)
{
    return (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
}

static struct sl_frame frame_at(const uint8_t *p)
{
    return (struct sl_frame){ p[3], p[4], p[5], p + SL_FRAME_HEADER, frame_len(p) };
}

static enum sl_code check_header(const struct sl_conn *c, const uint8_t *p, struct sl_error *err)
{
    size_t len = frame_len(p);
    size_t most = p[4] == 0 && !sl_is_packed(p[4], p[3]) ? SL_CONTROL_MAX : c->self.frame_max;
    if (p[4] >= sl_conn_channels(c))
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent a frame on channel %u", p[4]);
    if (len > most)
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent a frame of %zu bytes where %zu are allowed", len, most);
    return SL_OK;
}

/* Offers a frame to the owner. Its result is taken at its word: a code without a text gets one. */
static enum sl_code offer(struct sl_conn *c, const struct sl_frame *f, struct sl_error *err)
{
    err->code = SL_OK;
    c->busy = true;
    enum sl_code rc = c->ops->frame(c->ctx, f, err);
    c->busy = false;
    if (rc == SL_OK)
        sl_control_consumed(c, f->channel, SL_FRAME_HEADER + f->len);
    else if (rc != SL_AGAIN && err->code != rc)
        sl_fail(err, rc, "%s", sl_code_text(rc));
    return rc;
}

static enum sl_code keep(struct sl_conn *c, const struct sl_frame *f, struct sl_error *err)
{
    uint64_t cost = SL_FRAME_HEADER + f->len;
    if (cost > c->kept_most - c->kept)
        return sl_fail(err, SL_E_LIMIT, "the peer has sent more than is kept for it on all channels together");
    sl_buf_add(&c->channels[f->channel].kept, f->data - SL_FRAME_HEADER, (size_t)cost);
    c->kept += cost;
    return SL_OK;
}

static enum sl_code data_frame(struct sl_conn *c, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_conn_channel *ch = &c->channels[f->channel];
    uint64_t cost = SL_FRAME_HEADER + f->len;
    if (c->bye_in)
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent a frame after it had said goodbye");
    if (cost > ch->may_come)
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent more on channel %u than it had credit for", f->channel);
    ch->may_come -= cost;
    enum sl_code rc = sl_buf_len(&ch->kept) ? SL_AGAIN : offer(c, f, err);
    return rc == SL_AGAIN ? keep(c, f, err) : rc;
}

/* One whole frame; its payload has its header in front. */
static enum sl_code dispatch(struct sl_conn *c, const struct sl_frame *f, bool inner, struct sl_error *err)
{
    bool packed = sl_is_packed(f->channel, f->type);
    if (!packed)
        c->bytes_in += SL_FRAME_HEADER + f->len;
    if (!inner && !packed && sl_buf_len(&c->inner))
        return sl_fail(err, SL_E_PROTOCOL, "the peer sent a frame in the middle of a compressed one");
    if (f->channel == 0)
        return sl_control_frame(c, f, inner, err);
    if (c->state != SL_CONN_OPEN)
        return sl_fail(err, SL_E_PROTOCOL, "the peer's first frame is not its greeting");
    return data_frame(c, f, err);
}

enum sl_code sl_conn_frames(struct sl_conn *c, const uint8_t *p, size_t n, bool inner, size_t *used, struct sl_error *err)
{
    size_t at = 0;
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && n - at >= SL_FRAME_HEADER) {
        rc = check_header(c, p + at, err);
        struct sl_frame f = frame_at(p + at);
        if (rc != SL_OK || n - at - SL_FRAME_HEADER < f.len)
            break;
        at += SL_FRAME_HEADER + f.len;
        rc = dispatch(c, &f, inner, err);
        if (rc == SL_OK && c->failed) {     /* the owner ended the session from within a handler */
            *err = c->error;
            rc = err->code;
        }
    }
    *used = at;
    return rc;
}

/* Moves what is missing of the frame begun in c->in; dispatches it when it is whole. */
static enum sl_code complete(struct sl_conn *c, const uint8_t **p, size_t *n, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (*n && sl_buf_len(&c->in)) {
        size_t have = sl_buf_len(&c->in), want = SL_FRAME_HEADER;
        if (have >= SL_FRAME_HEADER)
            want += frame_len(sl_buf_ptr(&c->in));
        size_t take = want - have < *n ? want - have : *n;
        sl_buf_add(&c->in, *p, take);
        *p += take;
        *n -= take;
        size_t used = 0;
        rc = sl_conn_frames(c, sl_buf_ptr(&c->in), have + take, false, &used, err);
        sl_buf_drop(&c->in, used);
        if (rc != SL_OK)
            break;
    }
    return rc;
}

static enum sl_code feed(struct sl_conn *c, const uint8_t *p, size_t n, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    size_t used = 0;
    if (c->state == SL_CONN_PREFACE) {
        rc = sl_preface_take(c, p, n, &used, err);
        if (rc != SL_OK || c->state == SL_CONN_PREFACE)
            return rc;
        p += used;
        n -= used;
    }
    rc = complete(c, &p, &n, err);
    if (rc != SL_OK || !n)
        return rc;
    rc = sl_conn_frames(c, p, n, false, &used, err);
    if (rc == SL_OK)
        sl_buf_add(&c->in, p + used, n - used);
    return rc;
}

static enum sl_code give_up(struct sl_conn *c, const struct sl_error *e, struct sl_error *err)
{
    sl_conn_settle(c, e);
    if (err)
        *err = c->error;
    return c->error.code;
}

enum sl_code sl_conn_feed(struct sl_conn *c, const void *data, size_t n, struct sl_error *err)
{
    struct sl_error e = { 0 };
    assert(!c->busy);
    if (c->failed && c->error.code == SL_E_PEER)
        sl_preface_strange(c, data, n, &c->error);
    if (!c->failed && (!n || feed(c, data, n, &e) == SL_OK))
        return SL_OK;
    return give_up(c, &e, err);
}

enum sl_code sl_conn_feed_eof(struct sl_conn *c, struct sl_error *err)
{
    struct sl_error e = { 0 };
    if (!c->failed && c->bye_in)
        return SL_OK;
    if (!c->failed && c->state == SL_CONN_PREFACE && sl_buf_len(&c->strange)) {
        sl_preface_strange(c, NULL, 0, &e);
    } else {
        sl_fail(&e, SL_E_CLOSED, "the connection was closed %s",
                c->state == SL_CONN_PREFACE ? "before the peer said anything" : "by the peer in the middle of the session");
    }
    c->peer_failed = true;               /* who has closed is not told about it */
    return give_up(c, &e, err);
}

enum sl_code sl_conn_resume(struct sl_conn *c, uint8_t channel, struct sl_error *err)
{
    struct sl_buf *kept = &c->channels[channel].kept;
    struct sl_error e = { 0 };
    assert(!c->busy && channel > 0 && channel < SL_CHANNELS);
    while (!c->failed && sl_buf_len(kept)) {
        struct sl_frame f = frame_at(sl_buf_ptr(kept));
        enum sl_code rc = offer(c, &f, &e);
        if (rc == SL_AGAIN)
            break;
        sl_buf_drop(kept, SL_FRAME_HEADER + f.len);
        c->kept -= SL_FRAME_HEADER + f.len;
        if (rc != SL_OK)
            return give_up(c, &e, err);
    }
    if (!sl_buf_len(kept))
        sl_buf_reset(kept, SL_KEPT_IDLE);
    return c->failed ? give_up(c, &e, err) : SL_OK;
}

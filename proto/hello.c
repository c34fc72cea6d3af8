/* SPDX-License-Identifier: ISC */
/*
 * hello - preface and HELLO: finding out whether the peer is ours, and what both can do. What is not ours is told by the
 * first bytes that it says, so that a person learns what answered.
 */
#include "config.h"
#include "proto/conn_priv.h"
#include "base/escape.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- preface ---- */

/* Beginnings by which what is not ours is known. */
static const struct {
    const char *start;
    size_t len;
    const char *what;
    bool http;
} known[] = {
    { "\0\0\0\5\1", 5, "an sftp client", false },  { "\0\0\0\5\2", 5, "an sftp server", false },
    { "GET ", 4, "an HTTP client", true },         { "POST ", 5, "an HTTP client", true },
    { "HEAD ", 5, "an HTTP client", true },        { "HTTP/", 5, "an HTTP server", false },
    { "SSH-", 4, "an SSH program", false },        { "@RSYNCD:", 8, "an rsync daemon or client", false },
};

static void answer_http(struct sl_conn *c)
{
    static const char answer[] = "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 43\r\n"
                                 "Connection: close\r\n\r\nThis is a superlifter server, not HTTP's.\r\n";
    if (!c->http_answered && c->role == SL_ROLE_SERVER)
        sl_buf_add(&c->out, answer, sizeof answer - 1);
    c->http_answered = true;
}

enum sl_code sl_preface_strange(struct sl_conn *c, const uint8_t *p, size_t n, struct sl_error *err)
{
    const char *wanted = c->role == SL_ROLE_SERVER ? "client" : "server";
    char shown[241];
    size_t have = sl_buf_len(&c->strange), left = SL_STRANGE_MAX - have;
    sl_buf_add(&c->strange, p, n < left ? n : left);
    have = sl_buf_len(&c->strange);
    const char *first = (const char *)sl_buf_ptr(&c->strange);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (have < known[i].len || memcmp(first, known[i].start, known[i].len) != 0)
            continue;
        if (known[i].http)
            answer_http(c);
        return sl_fail(err, SL_E_PEER, "the peer is not a superlifter %s but %s", wanted, known[i].what);
    }
    sl_escape(first, have < 48 ? have : 48, shown, sizeof shown);
    return sl_fail(err, SL_E_PEER, "the peer is not a superlifter %s; it begins with '%s'", wanted, shown);
}

enum sl_code sl_preface_take(struct sl_conn *c, const uint8_t *p, size_t n, size_t *used, struct sl_error *err)
{
    size_t have = sl_buf_len(&c->strange), want = SL_PREFACE_LEN - have;
    size_t take = n < want ? n : want;
    if (memcmp(p, &SL_PREFACE[have], take) != 0)
        return sl_preface_strange(c, p, n, err);
    sl_buf_add(&c->strange, p, take);
    *used = take;
    if (take == want) {
        sl_buf_clear(&c->strange);
        c->state = SL_CONN_HELLO;
    }
    return SL_OK;
}

/* ---- struct sl_hello ---- */

static size_t feature_count(const struct sl_hello *h)
{
    size_t n = 0;
    while (h->features && h->features[n])
        n++;
    return n;
}

void sl_hello_copy(struct sl_hello *to, const struct sl_hello *from)
{
    size_t n = feature_count(from);
    const char **features = sl_calloc(n + 1, sizeof *features);
    *to = *from;
    to->program = sl_strdup(from->program ? from->program : "");
    for (size_t i = 0; i < n; i++)
        features[i] = sl_strdup(from->features[i]);
    to->features = features;
}

void sl_hello_clear(struct sl_hello *h)
{
    for (size_t i = 0; h->features && h->features[i]; i++)
        free((void *)(uintptr_t)h->features[i]);
    free((void *)(uintptr_t)h->features);
    free((void *)(uintptr_t)h->program);
    *h = (struct sl_hello){ 0 };
}

bool sl_hello_has(const struct sl_hello *h, const char *feature)
{
    for (size_t i = 0; h->features && h->features[i]; i++)
        if (strcmp(h->features[i], feature) == 0)
            return true;
    return false;
}

/* ---- encode ---- */

static uint8_t wants_of(const struct sl_conn *c)
{
    return c->role == SL_ROLE_CLIENT && c->wanted ? sl_pack_wants(&c->self) : 0;
}

void sl_hello_greet(struct sl_conn *c)
{
    const struct sl_hello *h = &c->self;
    struct sl_buf b = { 0 };
    size_t n = feature_count(h), program_len = strlen(h->program);
    sl_w_uv(&b, h->protocol_min);
    sl_w_uv(&b, h->protocol_max);
    sl_w_uv(&b, h->frame_max);
    sl_w_uv(&b, h->window);
    sl_w_uv(&b, h->dirs_max);
    sl_w_u8(&b, wants_of(c));
    sl_w_bs(&b, h->program, program_len < SL_PROGRAM_MAX ? program_len : SL_PROGRAM_MAX);
    sl_w_uv(&b, n);
    for (size_t i = 0; i < n; i++)
        sl_w_bs(&b, h->features[i], strlen(h->features[i]));
    if (h->has_session)
        sl_w_bs(&b, h->session, sizeof h->session);
    sl_buf_add(&c->out, SL_PREFACE, SL_PREFACE_LEN);
    sl_conn_control(c, SL_CONTROL_HELLO, sl_buf_ptr(&b), sl_buf_len(&b));
    c->greeted = true;
    if (c->bye_out)
        sl_conn_control(c, SL_CONTROL_BYE, NULL, 0);
    sl_buf_clear(&b);
}

/* ---- decode ---- */

static bool feature_ok(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= '0' && name[i] <= '9') && name[i] != '-')
            return false;
    return len > 0;
}

static void read_features(struct sl_rd *r, struct sl_hello *h)
{
    size_t count = (size_t)sl_r_uv(r, SL_FEATURES_MAX);
    const char **features = sl_calloc(count + 1, sizeof *features);
    for (size_t i = 0; i < count && sl_r_ok(r); i++) {
        size_t len = 0;
        const char *name = (const char *)sl_r_bs(r, SL_FEATURE_MAX, &len);
        if (name && feature_ok(name, len))
            features[i] = sl_memdup0(name, len);
        else
            r->bad = true;
    }
    h->features = features;
}

static void read_session(struct sl_rd *r, struct sl_hello *h)
{
    size_t len = 0;
    const uint8_t *token = sl_r_left(r) ? sl_r_bs(r, SL_SESSION_LEN, &len) : NULL;
    h->has_session = token && len == SL_SESSION_LEN;
    if (h->has_session)
        memcpy(h->session, token, len);
    else if (len)
        r->bad = true;
}

/* Bytes behind the last known field are a later protocol's: they are passed over. */
static bool decode(const struct sl_frame *f, struct sl_hello *h, uint8_t *wants)
{
    struct sl_rd r;
    size_t len = 0;
    sl_r_init(&r, f->data, f->len);
    h->protocol_min = (uint32_t)sl_r_uv(&r, UINT32_MAX);
    h->protocol_max = (uint32_t)sl_r_uv(&r, UINT32_MAX);
    h->frame_max = (uint32_t)sl_r_uv(&r, UINT32_MAX);
    h->window = (uint32_t)sl_r_uv(&r, SL_WINDOW_MAX);
    h->dirs_max = (uint32_t)sl_r_uv(&r, UINT32_MAX);
    *wants = sl_r_u8(&r);
    const char *program = (const char *)sl_r_bs(&r, SL_PROGRAM_MAX, &len);
    read_features(&r, h);
    read_session(&r, h);
    if (!sl_r_ok(&r) || memchr(program, '\0', len))
        return false;
    h->program = sl_memdup0(program, len);
    return h->protocol_min >= 1 && h->protocol_min <= h->protocol_max && h->frame_max >= SL_FRAME_LEAST &&
           h->window >= SL_CREDIT_START;
}

static bool as_presumed(const struct sl_conn *c)
{
    for (size_t i = 0; c->presumed.features && c->self.features[i]; i++)
        if (sl_hello_has(&c->peer, c->self.features[i]) != sl_hello_has(&c->presumed, c->self.features[i]))
            return false;
    return true;
}

static enum sl_code negotiate(struct sl_conn *c, uint8_t wants, struct sl_error *err)
{
    const struct sl_hello *us = &c->self, *peer = &c->peer;
    if (peer->protocol_max < us->protocol_min || us->protocol_max < peer->protocol_min)
        return sl_fail(err, SL_E_VERSION, "no common protocol: here %u to %u, there %u to %u", us->protocol_min,
                       us->protocol_max, peer->protocol_min, peer->protocol_max);
    if (!as_presumed(c))
        return sl_fail(err, SL_E_VERSION, "the server is of another version than on the first connection");
    if (c->peer.frame_max > SL_FRAME_MAX)
        c->peer.frame_max = SL_FRAME_MAX;
    for (size_t i = 1; i < SL_CHANNELS; i++)
        c->channels[i].may_send += c->peer.window - SL_CREDIT_START;
    c->state = SL_CONN_OPEN;
    if (!c->greeted)
        sl_hello_greet(c);
    sl_pack_choose(c, c->role == SL_ROLE_CLIENT ? wants_of(c) : wants);
    return SL_OK;
}

enum sl_code sl_hello_take(struct sl_conn *c, const struct sl_frame *f, struct sl_error *err)
{
    uint8_t wants = 0;
    if (!decode(f, &c->peer, &wants))
        return sl_fail(err, SL_E_PROTOCOL, "the peer's greeting is malformed");
    enum sl_code rc = negotiate(c, wants, err);
    if (rc != SL_OK || !c->ops->hello)
        return rc;
    err->code = SL_OK;
    rc = c->ops->hello(c->ctx, &c->peer, err);
    if (rc != SL_OK && err->code != rc)
        sl_fail(err, rc, "%s", sl_code_text(rc));
    return rc;
}

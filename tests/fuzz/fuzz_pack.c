/* SPDX-License-Identifier: ISC */
/*
 * fuzz_pack - compressed frames behind a good greeting. Of the first byte, bit 0 says which compression, bit 1 whether the rest is
 * itself what has been compressed (plain frames, packed here) or is what gets compressed; the others how long the pieces are.
 */
#include "config.h"
#include "proto/conn_priv.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum sl_code take(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    (void)ctx;
    (void)err;
    return f->len % 7 == 6 ? SL_AGAIN : SL_OK;
}

static bool feed(struct sl_conn *c, uint8_t type, const uint8_t *p, size_t n)
{
    uint8_t head[SL_FRAME_HEADER];
    sl_frame_header(head, n, type, 0, 0);
    return sl_conn_feed(c, head, sizeof head, NULL) == SL_OK && sl_conn_feed(c, p, n, NULL) == SL_OK;
}

/* What the input compresses to, piece by piece. */
static void fuzz_packed(struct sl_conn *c, const struct sl_packing *how, const uint8_t *p, size_t n)
{
    static uint8_t to[65536];
    void *state = how->pack_new(SL_LEVEL_DEFAULT);
    size_t used = 0;
    for (bool more = true; more;) {
        size_t len = how->pack(state, p, n, &used, to, sizeof to, &more);
        if (!feed(c, how->control, to, len))
            break;
    }
    how->pack_free(state);
}

static void steered(void *ctx, const struct sl_steer *how)
{
    (void)ctx;
    (void)how;
}

static void asked(void *ctx, struct sl_line_view *own)
{
    (void)ctx;
    own->packs = true;
}

static void told(void *ctx, const struct sl_line_view *peer)
{
    (void)ctx;
    (void)peer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const features[] = { "zlib", "zstd", "steer", NULL };
    static const struct sl_conn_ops ops = { .frame = take, .steered = steered, .asked = asked, .told = told };
    struct sl_hello h = { 1, 1, SL_FRAME_MAX, SL_CREDIT_START, 0, "fuzz", features, false, { 0 } };
    if (!size)
        return 0;
    const struct sl_packing *how = sl_packing_of(data[0] & 1 ? SL_CONTROL_ZSTD : SL_CONTROL_DEFLATE);
    struct sl_conn *client = sl_conn_new(SL_ROLE_CLIENT, &h, -1, &ops, NULL), *c = sl_conn_new(SL_ROLE_SERVER, &h, -1, &ops, NULL);
    size_t len = 0, turn = 1u + (data[0] >> 2) * 64u;
    const uint8_t *greeting = sl_conn_output(client, &len);
    bool good = how && sl_conn_feed(c, greeting, len, NULL) == SL_OK;
    if (good && data[0] & 2)
        fuzz_packed(c, how, data + 1, size - 1);
    for (size_t at = 1; good && !(data[0] & 2) && at < size; at += turn)
        good = feed(c, how->control, data + at, size - at < turn ? size - at : turn);
    sl_conn_free(client);
    sl_conn_free(c);
    return 0;
}

/* SPDX-License-Identifier: ISC */
/* fuzz_conn - a connection of either role that is fed anything, in pieces of a size that the first byte says. */
#include "config.h"
#include "proto/conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum sl_code take(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    (void)err;
    return *(unsigned *)ctx += f->len ? f->data[0] & 1u : 1u, *(unsigned *)ctx % 3 ? SL_OK : SL_AGAIN;
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
    unsigned count = 0;
    size_t turn = size ? 1u + data[0] / 2u : 1, len = 0;
    struct sl_conn *c = sl_conn_new(size && data[0] & 1 ? SL_ROLE_CLIENT : SL_ROLE_SERVER, &h, 1, &ops, &count);
    for (size_t at = 1; at < size; at += turn) {
        sl_conn_feed(c, data + at, size - at < turn ? size - at : turn, NULL);
        sl_conn_resume(c, 1, NULL);
        (void)sl_conn_output(c, &len);
        sl_conn_sent(c, len);
    }
    sl_conn_free(c);
    return 0;
}

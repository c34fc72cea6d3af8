/* SPDX-License-Identifier: ISC */
/*
 * hostile_keeps - attacks on what the server keeps for requests that run or are to come: on all channels at once, as much of it as
 * fits, for as long as the peer likes. Its memory is measured around every attack.
 */
#include "config.h"
#include "tests/hostile.h"

#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 31, WINDOW = 262144, LEFT = 6000 /* of a channel's credit: no content is begun, but failures are told */ };
static const char features[] = SL_FEATURE_CHANNELS " " SL_FEATURE_ATTRS " " SL_FEATURE_READ_SOME " " SL_FEATURE_HOLD;

static void begin(struct peer *p)
{
    hello_with(p, WINDOW, 0, features);
    p->stingy = p->uncounted = true;
    for (uint8_t ch = 1; ch <= CHANNELS; ch++)
        peer_frame(p, ch, SL_MSG_ATTACH, "\0\0\0", 3);
    peer_lane(p, 1)->asked = 1;
    peer_flush(p, 2000);
}

/* Failures until no content can be sent for want of credit; how many that takes is seen on the first channel. */
static void leave_little(struct peer *p)
{
    struct lane *l = peer_lane(p, 1);
    unsigned n = 0;
    while (l->consumed < WINDOW - LEFT && !peer_over(p) && n < 20000) {
        for (int i = 0; i < 10; i++, n++)
            ask_open(p, 1, 99, 100, "n");
        outcome(p, 1, l->asked);
    }
    for (uint8_t ch = 2; ch <= CHANNELS; ch++)
        for (unsigned i = 0; i < n && !peer_over(p); i++) {
            peer_frame(p, ch, SL_MSG_OPEN_DIR, "\143\144\1n", 4);
            if (i % 500 == 0)
                peer_flush(p, 1000);
        }
    for (int i = 0; i < 40; i++)
        peer_move(p, 25);
}

/* As many ranges as a frame holds, of a file that is long enough, on each channel. */
static void many_ranges(struct peer *p, uint8_t type)
{
    struct sl_buf b = { 0 };
    struct sl_msg_name file = { 0, "file", 4 };
    struct sl_msg_chunks chunks = { .grain = 6, .hash_bytes = 8, .name = "file", .name_len = 4 };
    begin(p);
    leave_little(p);
    if (type == SL_MSG_CHUNKS) {
        sl_chunks_encode(&b, &chunks);
    } else {
        sl_name_encode(&b, &file);
        sl_w_uv(&b, 0);
        sl_w_uv(&b, INT64_MAX);
    }
    while (sl_buf_len(&b) + 2 <= SL_FRAME_MAX)
        sl_w_raw(&b, "\1\1", 2);
    for (uint8_t ch = 1; ch <= CHANNELS && !peer_over(p); ch++) {
        if (type == SL_MSG_CHUNKS)
            peer_frame(p, ch, SL_MSG_SEED, "12345678", 8);
        peer_frame(p, ch, type, sl_buf_ptr(&b), sl_buf_len(&b));
        peer_flush(p, 1000);
        peer_measure(p);
    }
    for (int i = 0; i < 10; i++)
        peer_move(p, 50);
    peer_measure(p);
    sl_buf_clear(&b);
}

static void ranges_to_read(struct peer *p)
{
    many_ranges(p, SL_MSG_READ_SOME);
}

static void ranges_to_hash(struct peer *p)
{
    many_ranges(p, SL_MSG_CHUNKS);
}

/* Sets of a MiB that wait for their thing, beside those of files that are being written. */
static void attributes(struct peer *p)
{
    static uint8_t piece[200000];
    struct sl_buf b = { 0 };
    begin(p);
    for (int round = 0; round < 2; round++)
        for (uint8_t ch = 1; ch <= CHANNELS && !peer_over(p); ch++) {
            for (int i = 0; i < 5; i++) {
                struct sl_msg_attrs m = { .flags = SL_ATTRS_XATTRS | SL_ATTRS_MORE | (i ? (uint32_t)SL_ATTRS_GOES_ON : 0), .piece = piece, .len = sizeof piece };
                sl_attrs_encode(&b, &m);
                peer_frame(p, ch, SL_MSG_ATTRS, sl_buf_ptr(&b), sl_buf_len(&b));
                sl_buf_clear(&b);
                peer_flush(p, 1000);
            }
            peer_move(p, 20);
            peer_measure(p);
        }
}

const struct attack keep_attacks[] = {
    { "flood-ranges-read", ranges_to_read, 0 }, { "flood-ranges-hash", ranges_to_hash, 0 }, { "flood-attributes", attributes, 0 }, { NULL, NULL, 0 },
};

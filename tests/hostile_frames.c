/* SPDX-License-Identifier: ISC */
/* hostile_frames - attacks by frames: lengths, channels, control, compression; and by half frames, against the deadlines. */
#include "config.h"
#include "tests/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Only a header: what it announces must not be waited for, nor kept room for. */
static void header_only(struct peer *p, size_t len, uint8_t type, uint8_t channel, const char *what)
{
    const uint8_t head[SL_FRAME_HEADER] = { (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, type, channel, 0 };
    peer_raw(p, head, sizeof head);
    want_end(p, what);
    peer_again(p);
}

static void lengths(struct peer *p)
{
    hello(p);
    header_only(p, SL_FRAME_MAX + 1, SL_MSG_DATA, 1, "262,145 bytes");
    hello(p);
    header_only(p, 0xffffff, SL_MSG_DATA, 1, "2^24-1 bytes");
    hello(p);
    header_only(p, 8193, 3, 0, "control of 8,193");
    hello(p);
    header_only(p, SL_FRAME_MAX + 1, 7, 0, "DEFLATE of 262,145");
    peer_raw(p, SL_PREFACE, SL_PREFACE_LEN);
    header_only(p, 8193, 1, 0, "HELLO of 8,193");
    for (unsigned ch = 16; ch < 256; ch += 239) {
        hello(p);
        header_only(p, 0, SL_MSG_MODULES, (uint8_t)ch, "no such channel");
    }
    hello(p);
}

static void control_types(struct peer *p)
{
    for (unsigned type = 8; type < 128; type += 17) {
        hello(p);
        control(p, (uint8_t)type, NULL, 0);
        want_end(p, "unknown");
        peer_again(p);
    }
    hello(p);
    for (unsigned type = 128; type < 256; type++)
        control(p, (uint8_t)type, "????", 4);
    want_alive(p, 1, "128 to 255 passed over");
}

static void control_payloads(struct peer *p)
{
    static const struct { const char *what; uint8_t type; const char *bytes; size_t len; } list[] = {
        { "PING of 7", 3, "1234567", 7 }, { "PING of 9", 3, "123456789", 9 }, { "PONG of 0", 4, "", 0 }, { "BYE of 1", 6, "x", 1 },
        { "CREDIT for 0", 2, "\0\1", 2 }, { "CREDIT for 16", 2, "\x10\1", 2 }, { "CREDIT of 2^63", 2, "\1\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", 11 },
        { "CREDIT of 2^31+1", 2, "\1\x81\x80\x80\x80\x08", 6 }, { "CREDIT cut", 2, "\1\x80", 2 }, { "CREDIT and more", 2, "\1\1\1", 3 },
        { "ERROR of nothing", 5, "", 0 }, { "ERROR 0", 5, "\0\0", 2 }, { "DEFLATE unasked", 7, "x", 1 },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        hello(p);
        control(p, list[i].type, list[i].bytes, list[i].len);
        want_end(p, list[i].what);
        peer_again(p);
    }
    hello(p);
    control(p, 6, NULL, 0);
    control(p, 6, NULL, 0);
    if (!peer_ends(p, 5000))
        bad(p, "IT GOES ON AFTER BYE TWICE");
}

/* ---- compression ---- */

struct squeeze { z_stream z; };

static void squeeze_begin(struct squeeze *s)
{
    memset(s, 0, sizeof *s);
    deflateInit(&s->z, 9);
}

/* One DEFLATE frame of these plain bytes. */
static void squeeze(struct squeeze *s, struct peer *p, const void *plain, size_t n)
{
    uint8_t *out = sl_malloc(n + 1024);
    s->z.next_in = (Bytef *)(uintptr_t)plain;
    s->z.avail_in = (uInt)n;
    s->z.next_out = out;
    s->z.avail_out = (uInt)n + 1024;
    deflate(&s->z, Z_SYNC_FLUSH);
    control(p, 7, out, n + 1024 - s->z.avail_out);
    free(out);
}

static void greet_zlib(struct peer *p, uint8_t wants)
{
    hello_with(p, 8 * 1024 * 1024, wants, "zlib");
}

/* One frame that would be 16 MiB of plain bytes. */
static void bomb(struct peer *p)
{
    struct squeeze s;
    size_t n = 16 * 1024 * 1024;
    uint8_t *zeros = sl_calloc(1, n);
    p->uncounted = true;
    greet_zlib(p, 0);
    squeeze_begin(&s);
    squeeze(&s, p, zeros, n);
    want_end(p, "16 MiB of zeros");
    deflateEnd(&s.z);
    peer_again(p);
    p->uncounted = true;
    greet_zlib(p, 0);
    squeeze_begin(&s);
    for (size_t at = 0; at + SL_FRAME_HEADER + 262144 < n; at += SL_FRAME_HEADER + 262144)
        memcpy(zeros + at, "\4\0\0\x18\1\0", SL_FRAME_HEADER);   /* whole frames: DATA of 256 KiB */
    squeeze(&s, p, zeros, n);
    want_end(p, "16 MiB of frames");
    deflateEnd(&s.z);
    free(zeros);
}

static void inner_frames(struct peer *p)
{
    static const struct { const char *what; const char *bytes; size_t len; } list[] = {
        { "DEFLATE in DEFLATE", "\0\0\1\7\0\0x", 7 }, { "HELLO in DEFLATE", "\0\0\0\1\0\0", 6 },
        { "a length over all", "\xff\xff\xff\x18\1\0", 6 }, { "channel 16", "\0\0\0\x3c\x10\0", 6 },
    };
    struct squeeze s;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        greet_zlib(p, 0);
        squeeze_begin(&s);
        squeeze(&s, p, list[i].bytes, list[i].len);
        want_end(p, list[i].what);
        deflateEnd(&s.z);
        peer_again(p);
    }
    greet_zlib(p, 0);
    squeeze_begin(&s);
    squeeze(&s, p, "\0\0\4\x3c\1\0xx", 8);       /* half of a frame, and something else between */
    ask_raw(p, 1, 60, NULL, 0);
    want_end(p, "a frame in the middle");
    deflateEnd(&s.z);
    peer_again(p);
    greet_zlib(p, 0);
    control(p, 7, "this is no zlib stream", 22);
    want_end(p, "garbage");
}

/* ---- half frames ---- */

/* Sends one byte a second of these. Returns the milliseconds until the server ended it; 0: it did not. */
static uint64_t drip(struct peer *p, const void *bytes, size_t n, unsigned seconds)
{
    const char *b = bytes;
    uint64_t start = sl_now_ms();
    for (size_t i = 0; i < n && sl_now_ms() - start < seconds * 1000; i++) {
        peer_raw(p, b + i, 1);
        peer_flush(p, 100);
        if (peer_ends(p, 1000))
            return sl_now_ms() - start;
    }
    return peer_ends(p, 1000) ? sl_now_ms() - start : 0;
}

static void judge_drip(struct peer *p, uint64_t ms, unsigned deadline_s, const char *what)
{
    if (!ms)
        bad(p, "%s: NOT ENDED BY THE DEADLINE OF %u s", what, deadline_s);
    else if (ms > deadline_s * 1000 + 3000)
        bad(p, "%s: ENDED ONLY AFTER %llu ms, THE DEADLINE IS %u s", what, (unsigned long long)ms, deadline_s);
    else if (ms + 200 < deadline_s * 1000)
        bad(p, "%s: ENDED EARLY, AFTER %llu ms", what, (unsigned long long)ms);
    else
        tell(p, "%s ended after %llu.%llu s; ", what, (unsigned long long)ms / 1000, (unsigned long long)ms % 1000 / 100);
}

static bool has_deadline(struct peer *p, unsigned seconds)
{
    if (!seconds || seconds > 10)
        tell(p, "not tried: the server's deadline is not known to be short");
    return seconds && seconds <= 10;
}

static void half_preface(struct peer *p)
{
    if (has_deadline(p, p->plan->handshake_s))
        judge_drip(p, drip(p, SL_PREFACE, SL_PREFACE_LEN, p->plan->handshake_s + 3), p->plan->handshake_s, "preface");
}

static void half_hello(struct peer *p)
{
    if (!has_deadline(p, p->plan->handshake_s))
        return;
    peer_raw(p, SL_PREFACE, SL_PREFACE_LEN);
    judge_drip(p, drip(p, "\0\x10\0\1\0\0\1\1\x80\x80\4\x80\x80", 13, p->plan->handshake_s + 3), p->plan->handshake_s, "HELLO");
}

static void silent(struct peer *p)
{
    if (has_deadline(p, p->plan->handshake_s))
        judge_drip(p, drip(p, "", 0, 0) + (peer_ends(p, (int)p->plan->handshake_s * 1000 + 3000) ? p->plan->handshake_s * 1000 : 0),
                   p->plan->handshake_s, "silence");
}

static void half_request(struct peer *p)
{
    if (!has_deadline(p, p->plan->idle_s))
        return;
    hello(p);
    peer_raw(p, "\0\0\x7f\x13\1\0\0\0\x7f", 9);
    uint64_t start = sl_now_ms();
    judge_drip(p, peer_ends(p, (int)p->plan->idle_s * 1000 + 3000) ? sl_now_ms() - start : 0, p->plan->idle_s, "half a request");
}

/* Bytes keep coming, but never a whole frame. */
static void dripped_request(struct peer *p)
{
    static const char half[64] = "\0\x7f\xff\x18\1\0";
    if (!has_deadline(p, p->plan->idle_s))
        return;
    hello(p);
    judge_drip(p, drip(p, half, sizeof half, p->plan->idle_s * 3 + 4), p->plan->idle_s, "a request, a byte a second");
}

const struct attack frame_attacks[] = {
    { "frame-length", lengths, 0 },          { "frame-control-types", control_types, 0 }, { "frame-control", control_payloads, 0 },
    { "frame-bomb", bomb, 0 },               { "frame-inner", inner_frames, 0 },          { "half-preface", half_preface, SLOW },
    { "half-hello", half_hello, SLOW },      { "half-silence", silent, SLOW },            { "half-request", half_request, SLOW },
    { "half-dripped", dripped_request, SLOW }, { NULL, NULL, 0 },
};

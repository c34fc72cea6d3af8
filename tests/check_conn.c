/* SPDX-License-Identifier: ISC */
/*
 * check_conn - two connections in one process, joined by a pump that moves a few bytes each way a turn. What no honest
 * peer writes is in check_frames.c, the greetings of strangers are in check_hello.c.
 */
#include "config.h"
#include "proto/conn.h"
#include "proto/wire.h"
#include "base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 3, WINDOW = SL_CREDIT_START };

static const char *const with_zlib[] = { "sparse", "zlib", NULL };
static const char *const with_both[] = { "sparse", "zlib", "zstd", NULL };
static const char *const without[] = { "sparse", NULL };

struct end {
    struct sl_conn *conn;
    uint32_t seed;
    uint64_t sent[SL_CHANNELS], got[SL_CHANNELS];     /* frames */
    size_t to_send;                                   /* bytes still to send on all channels */
    unsigned offers;
    unsigned refuse;                                  /* every such offer is refused; 0: none; 1: all */
    uint64_t pong;
    unsigned pongs, byes, hellos;
    enum sl_code answer;                              /* of the frame handler */
};

/* Length and content of a frame follow from its channel and number. */
static size_t length_of(uint8_t channel, uint64_t number)
{
    uint32_t h = (uint32_t)number * 2654435761u + channel;
    return number % 7 == 0 ? 0 : h % (number % 11 == 0 ? 20000 : 300);
}

static uint8_t byte_of(uint64_t number, size_t at)
{
    return number % 5 ? (uint8_t)("the same words again and again "[at % 31]) : (uint8_t)((at * 2654435761u + number) >> 13);
}

static enum sl_code on_frame(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    struct end *e = ctx;
    (void)err;
    if (e->answer != SL_OK)
        return e->answer;
    if (e->refuse && ++e->offers % e->refuse == 0)
        return SL_AGAIN;
    uint64_t n = e->got[f->channel]++;
    ck_assert_uint_eq(f->len, length_of(f->channel, n));
    ck_assert_uint_eq(f->type, 16 + n % 100);
    ck_assert_uint_eq(f->flags, n & 1);
    for (size_t i = 0; i < f->len; i++)              /* an assertion for each would take minutes */
        if (f->data[i] != byte_of(n, i))
            ck_abort_msg("frame %u of channel %u differs at %zu", (unsigned)n, f->channel, i);
    return SL_OK;
}

static enum sl_code on_hello(void *ctx, const struct sl_hello *peer, struct sl_error *err)
{
    (void)err;
    ((struct end *)ctx)->hellos++;
    ck_assert_str_eq(peer->program, "tester 1");
    return SL_OK;
}

static void on_pong(void *ctx, uint64_t token)
{
    ((struct end *)ctx)->pong = token;
    ((struct end *)ctx)->pongs++;
}

static void on_bye(void *ctx)
{
    ((struct end *)ctx)->byes++;
}

static const struct sl_conn_ops ops = { .frame = on_frame, .hello = on_hello, .pong = on_pong, .bye = on_bye };

static void open_end(struct end *e, enum sl_role role, int compress, const char *const *features)
{
    struct sl_hello h = { SL_PROTOCOL_MIN, SL_PROTOCOL_MAX, SL_FRAME_MAX, WINDOW, 100, "tester 1", features, false, { 0 } };
    *e = (struct end){ .conn = NULL };
    e->conn = sl_conn_new(role, &h, compress, &ops, e);
}

static void produce(struct end *e)
{
    for (uint8_t ch = 1; ch <= CHANNELS && e->to_send && sl_conn_queued(e->conn) < 100000; ch++) {
        uint64_t n = e->sent[ch];
        size_t len = length_of(ch, n);
        if (sl_conn_room(e->conn, ch) < len + 1)
            continue;
        uint8_t *p = sl_conn_begin(e->conn, len + 100);
        for (size_t i = 0; i < len; i++)
            p[i] = byte_of(n, i);
        sl_conn_finish(e->conn, ch, (uint8_t)(16 + n % 100), n & 1, len);
        e->sent[ch]++;
        e->to_send -= len < e->to_send ? len : e->to_send;
    }
}

/* Up to `turn` bytes from one to the other. */
static bool move(struct end *from, struct end *to, size_t turn)
{
    size_t len = 0;
    const uint8_t *p = sl_conn_output(from->conn, &len);
    struct sl_error err = { 0 };
    if (len > turn)
        len = turn;
    uint8_t *copy = len ? sl_malloc(len) : NULL;    /* so that a read beyond is found */
    if (len)
        memcpy(copy, p, len);
    sl_conn_sent(from->conn, len);
    enum sl_code rc = sl_conn_feed(to->conn, copy, len, &err);
    free(copy);
    if (rc != SL_OK)
        ck_abort_msg("%s", err.text);
    return len > 0;
}

/* Whether a kept frame was taken. */
static bool resume(struct end *e)
{
    bool taken = false;
    for (uint8_t ch = 1; ch <= CHANNELS; ch++) {
        uint64_t before = e->got[ch];
        if (sl_conn_resume(e->conn, ch, NULL) != SL_OK)
            ck_abort_msg("cannot resume");
        taken = taken || e->got[ch] != before;
    }
    return taken;
}

static void pump(struct end *a, struct end *b, size_t turn)
{
    for (unsigned idle = 0; idle < 3;) {
        produce(a);
        produce(b);
        bool moved = move(a, b, turn);
        moved = move(b, a, turn) || moved;
        moved = resume(a) || moved;
        moved = resume(b) || moved;
        idle = moved || a->to_send || b->to_send ? 0 : idle + 1;
    }
}

static void close_both(struct end *a, struct end *b)
{
    sl_conn_free(a->conn);
    sl_conn_free(b->conn);
}

static void check_all_arrived(const struct end *a, const struct end *b)
{
    for (int ch = 1; ch <= CHANNELS; ch++) {
        ck_assert_uint_gt(a->sent[ch], 0);
        ck_assert_uint_eq(a->sent[ch], b->got[ch]);
        ck_assert_uint_eq(b->sent[ch], a->got[ch]);
    }
}

static const size_t turns[] = { 1, 2, 3, 7, 4096, 1000000 };

/* _i: turns, and no compression, zlib or zstd, and frames refused now and then or not */
START_TEST(both_write_at_once)
{
    struct end a, b;
    size_t turn = turns[_i % 6];
    int how = _i / 6 % 3;
    open_end(&a, SL_ROLE_CLIENT, how == 0 ? 0 : how == 1 ? 6 : -1, how == 2 ? with_both : with_zlib);
    open_end(&b, SL_ROLE_SERVER, 0, with_both);
    a.refuse = b.refuse = _i / 18 ? 3 : 0;
    a.to_send = b.to_send = turn < 10 ? 100000 : 1500000;
    pump(&a, &b, turn);
    check_all_arrived(&a, &b);
    ck_assert_uint_eq(a.hellos + b.hellos, 2);
    ck_assert(sl_conn_bytes_out(a.conn) == sl_conn_bytes_in(b.conn));
    ck_assert(sl_conn_bytes_out(b.conn) == sl_conn_bytes_in(a.conn));
    ck_assert(sl_conn_has(a.conn, "zlib") && sl_conn_has(b.conn, "sparse") && !sl_conn_has(a.conn, "delta"));
    ck_assert_uint_eq(sl_conn_peer(a.conn)->window, WINDOW);
    close_both(&a, &b);
}
END_TEST

/* A second connection takes its peer to be as that of the first is: what both have may be used before it has greeted. One that has less or more
 * ends it. */
START_TEST(presumed_as_before)
{
    struct end first, there, a, b;
    struct sl_error err = { 0 };
    size_t len;
    open_end(&first, SL_ROLE_CLIENT, 0, with_zlib);
    open_end(&there, SL_ROLE_SERVER, 0, _i == 2 ? without : with_both);
    pump(&first, &there, 4096);
    open_end(&a, SL_ROLE_CLIENT, 0, with_zlib);
    open_end(&b, SL_ROLE_SERVER, 0, _i == 1 ? without : with_both);
    ck_assert(!sl_conn_has(a.conn, "sparse"));
    sl_conn_presume(a.conn, first.conn);
    ck_assert(!sl_conn_ready(a.conn) && sl_conn_has(a.conn, "sparse"));
    ck_assert_int_eq(sl_conn_has(a.conn, "zlib"), _i != 2);
    ck_assert(!sl_conn_has(a.conn, "zstd"));      /* this side has not */
    sl_conn_ping(a.conn, 7);
    move(&a, &b, 4096);
    const uint8_t *p = sl_conn_output(b.conn, &len);
    enum sl_code rc = sl_conn_feed(a.conn, p, len, &err);
    ck_assert_int_eq(rc, _i ? SL_E_VERSION : SL_OK);
    ck_assert_uint_eq(a.pongs, _i ? 0 : 1);
    close_both(&a, &b);
    close_both(&first, &there);
}
END_TEST

START_TEST(one_side_without_zlib)
{
    struct end a, b;
    open_end(&a, SL_ROLE_CLIENT, 6, _i ? without : with_zlib);
    open_end(&b, SL_ROLE_SERVER, 6, _i ? with_zlib : without);
    a.to_send = b.to_send = 100000;
    pump(&a, &b, 4096);
    check_all_arrived(&a, &b);
    ck_assert(!sl_conn_has(a.conn, "zlib") && !sl_conn_has(b.conn, "zlib"));
    close_both(&a, &b);
}
END_TEST

START_TEST(compression_shrinks_what_can_shrink)
{
    struct end a, b;
    size_t moved = 0, len = 0;
    uint8_t block[1000];
    memset(block, 'x', sizeof block);
    open_end(&a, SL_ROLE_CLIENT, 6, _i ? with_both : with_zlib);
    open_end(&b, SL_ROLE_SERVER, 0, with_both);
    pump(&a, &b, 4096);
    b.refuse = 1;
    for (int i = 0; i < 100; i++)
        sl_conn_send(a.conn, 1, 16, 0, block, sizeof block);
    for (;;) {
        const uint8_t *p = sl_conn_output(a.conn, &len);
        if (!len)
            break;
        ck_assert_int_eq(sl_conn_feed(b.conn, p, len, NULL), SL_OK);
        sl_conn_sent(a.conn, len);
        moved += len;
    }
    ck_assert_uint_lt(moved, 2000);
    ck_assert(sl_conn_bytes_in(b.conn) > 100000);
    close_both(&a, &b);
}
END_TEST

/* ---- steering ---- */

static struct sl_steer steered;
static unsigned steers;
static struct sl_line_view heard;

static void on_steered(void *ctx, const struct sl_steer *how)
{
    (void)ctx;
    steered = *how;
    steers++;
}

static void on_asked(void *ctx, struct sl_line_view *own)
{
    *own = (struct sl_line_view){ .packs = sl_conn_packing(((struct end *)ctx)->conn), .now_us = 7, .held_us = 6, .wire = 5 };
}

static void on_told(void *ctx, const struct sl_line_view *peer)
{
    (void)ctx;
    heard = *peer;
}

static const struct sl_conn_ops steer_ops = { .frame = on_frame, .hello = on_hello, .pong = on_pong, .bye = on_bye,
                                              .steered = on_steered, .asked = on_asked, .told = on_told };
static const char *const with_steer[] = { "sparse", "zlib", "zstd", "steer", NULL };

static void open_steered(struct end *e, enum sl_role role)
{
    struct sl_hello h = { SL_PROTOCOL_MIN, SL_PROTOCOL_MAX, SL_FRAME_MAX, WINDOW, 100, "tester 1", with_steer, false, { 0 } };
    *e = (struct end){ .conn = NULL };
    e->conn = sl_conn_new(role, &h, 0, &steer_ops, e);
}

/* On and off and on again in the middle, both ways, with frames on their way: nothing is lost or put in another order. _i: turns. */
START_TEST(compression_begins_and_ends)
{
    struct end a, b;
    struct sl_steer on = { .pack = SL_STEER_WHEN_HELD - 1, .level = 1, .rate = 5000 }, off = { .rate = 6000 };
    size_t turn = turns[2 + _i];
    open_steered(&a, SL_ROLE_CLIENT);
    open_steered(&b, SL_ROLE_SERVER);
    pump(&a, &b, turn);
    for (unsigned i = 0; i < 6; i++) {
        a.to_send = b.to_send = 30000;
        produce(&a);
        produce(&b);
        if (i % 2)
            sl_conn_unpacked(a.conn);
        else
            ck_assert(sl_conn_pack(a.conn, sl_conn_wants(a.conn), 1));
        sl_conn_steer(a.conn, i % 2 ? &off : &on);
        sl_conn_ask(a.conn);
        pump(&a, &b, turn);
        ck_assert_uint_eq(steers, i + 1);
        ck_assert_uint_eq(steered.rate, i % 2 ? 6000 : 5000);
        ck_assert(sl_conn_packing(b.conn) == !(i % 2) && heard.packs == !(i % 2) && heard.held_us == 6);
    }
    check_all_arrived(&a, &b);
    close_both(&a, &b);
}
END_TEST

/* What is to begin later is the owner's to begin; a level that would take minutes is not taken. */
START_TEST(steer_with_a_condition)
{
    struct end a, b;
    struct sl_steer later = { .pack = SL_STEER_WHEN_HELD | 3, .level = 22 };
    open_steered(&a, SL_ROLE_CLIENT);
    open_steered(&b, SL_ROLE_SERVER);
    pump(&a, &b, 4096);
    sl_conn_steer(a.conn, &later);
    pump(&a, &b, 4096);
    ck_assert(!sl_conn_packing(b.conn));
    ck_assert_uint_eq(steered.pack, later.pack);
    ck_assert_uint_eq(steered.level, 6);
    close_both(&a, &b);
}
END_TEST

/* A mark for what is not worth compressing: it is sent plain, in its place, and the mark is not sent. */
START_TEST(frames_as_they_are)
{
    struct end a, b;
    uint8_t block[1000];
    size_t moved = 0, len = 0;
    memset(block, 'x', sizeof block);
    open_end(&a, SL_ROLE_CLIENT, 6, with_zlib);
    open_end(&b, SL_ROLE_SERVER, 0, with_zlib);
    pump(&a, &b, 4096);
    b.refuse = 1;
    for (unsigned i = 0; i < 100; i++)
        sl_conn_send(a.conn, 1, 16, i / 10 % 2 ? SL_FRAME_AS_IS | 1 : 0, block, sizeof block);
    for (;;) {
        const uint8_t *p = sl_conn_output(a.conn, &len);
        if (!len)
            break;
        for (size_t at = 0; at < len; at += SL_FRAME_HEADER + ((size_t)p[at] << 16 | (size_t)p[at + 1] << 8 | p[at + 2]))
            ck_assert_uint_lt(p[at + 5], SL_FRAME_AS_IS);
        ck_assert_int_eq(sl_conn_feed(b.conn, p, len, NULL), SL_OK);
        sl_conn_sent(a.conn, len);
        moved += len;
    }
    ck_assert_uint_gt(moved, 50 * 1006);
    ck_assert_uint_lt(moved, 50 * 1006 + 3000);
    ck_assert(sl_conn_bytes_in(b.conn) > 100 * 1006);
    close_both(&a, &b);
}
END_TEST

START_TEST(steering_not_agreed)
{
    static const uint8_t frames[][14] = { { 0, 0, 3, 9, 0, 0, 0, 0, 0 }, { 0, 0, 0, 10, 0, 0 }, { 0, 0, 8, 11 } };
    struct end a, b;
    struct sl_error err = { 0 };
    open_end(&a, SL_ROLE_CLIENT, 0, with_zlib);
    open_end(&b, SL_ROLE_SERVER, 0, with_zlib);
    pump(&a, &b, 4096);
    ck_assert_int_eq(sl_conn_feed(b.conn, frames[_i], 6u + frames[_i][2], &err), SL_E_PROTOCOL);
    close_both(&a, &b);
}
END_TEST

/* Each by the wrong side, or malformed, though both have it. */
static const struct { bool to_client; uint8_t len; uint8_t bytes[15]; } misled[] = {
    { true, 9, { 0, 0, 3, 9, 0, 0, 0, 0, 0 } },          /* STEER to a client */
    { true, 6, { 0, 0, 0, 10, 0, 0 } },                  /* ASK to a client */
    { false, 15, { 0, 0, 9, 11, 0, 0 } },                /* LINE to a server */
    { false, 7, { 0, 0, 1, 10, 0, 0, 1 } },              /* an ASK with something in it */
    { false, 9, { 0, 0, 3, 9, 0, 0, 8, 0, 0 } },         /* an unknown way */
    { false, 9, { 0, 0, 3, 9, 0, 0, 4, 0, 0 } },         /* once held, but no way */
    { false, 9, { 0, 0, 3, 9, 0, 0, 1, 23, 0 } },        /* no such level */
    { false, 8, { 0, 0, 2, 9, 0, 0, 0, 0 } },            /* short */
    { true, 15, { 0, 0, 9, 11, 0, 0, 2 } },              /* neither yes nor no */
    { true, 14, { 0, 0, 8, 11, 0, 0 } },                 /* short */
};

START_TEST(steering_misled)
{
    struct end a, b;
    struct sl_error err = { 0 };
    open_steered(&a, SL_ROLE_CLIENT);
    open_steered(&b, SL_ROLE_SERVER);
    pump(&a, &b, 4096);
    struct end *to = misled[_i].to_client ? &a : &b;
    ck_assert_int_eq(sl_conn_feed(to->conn, misled[_i].bytes, misled[_i].len, &err), SL_E_PROTOCOL);
    close_both(&a, &b);
}
END_TEST

/* A client that asks without reading gets one answer when it reads again. */
START_TEST(many_asks_one_answer)
{
    struct end a, b;
    open_steered(&a, SL_ROLE_CLIENT);
    open_steered(&b, SL_ROLE_SERVER);
    pump(&a, &b, 4096);
    for (unsigned i = 0; i < 200000; i++) {
        sl_conn_ask(a.conn);
        move(&a, &b, 4096);
    }
    ck_assert_uint_lt(sl_conn_queued(b.conn), 3 * 1024 * 1024);
    close_both(&a, &b);
}
END_TEST

START_TEST(credit_holds_the_sender)
{
    struct end a, b;
    open_end(&a, SL_ROLE_CLIENT, 0, without);
    open_end(&b, SL_ROLE_SERVER, 0, without);
    pump(&a, &b, 4096);
    b.refuse = 1;
    uint8_t *block = sl_calloc(1, SL_FRAME_MAX);
    size_t room = sl_conn_room(a.conn, 2);
    ck_assert_uint_eq(room, WINDOW - SL_FRAME_HEADER);
    sl_conn_send(a.conn, 2, 16, 0, block, room - SL_FRAME_HEADER - 1);
    ck_assert_uint_eq(sl_conn_room(a.conn, 2), 1);
    sl_conn_send(a.conn, 2, 16, 0, block, 1);
    ck_assert_uint_eq(sl_conn_room(a.conn, 2), 0);
    ck_assert_uint_eq(sl_conn_room(a.conn, 3), room);
    while (move(&a, &b, 4096) || move(&b, &a, 4096)) {
    }
    ck_assert_uint_eq(sl_conn_room(a.conn, 2), 0);
    sl_conn_ping(a.conn, 77);
    move(&a, &b, 4096);
    move(&b, &a, 4096);
    ck_assert_uint_eq(a.pong, 77);       /* control passes although data waits */
    free(block);
    close_both(&a, &b);
}
END_TEST

START_TEST(bye_each_way)
{
    struct end a, b;
    open_end(&a, SL_ROLE_CLIENT, 6, with_zlib);
    open_end(&b, SL_ROLE_SERVER, 0, with_zlib);
    a.to_send = 1000;
    pump(&a, &b, 7);
    sl_conn_bye(a.conn);
    sl_conn_bye(a.conn);
    ck_assert_uint_eq(sl_conn_room(a.conn, 1), 0);
    b.to_send = 600000;                  /* the other side still answers, and gets credit for it */
    pump(&a, &b, 4096);
    ck_assert(b.byes == 1 && a.byes == 0 && sl_conn_closed(b.conn) && !sl_conn_closed(a.conn));
    ck_assert_uint_eq(a.got[1], b.sent[1]);
    ck_assert_int_eq(sl_conn_feed_eof(b.conn, NULL), SL_OK);
    sl_conn_bye(b.conn);
    pump(&a, &b, 4096);
    ck_assert_int_eq(sl_conn_feed_eof(a.conn, NULL), SL_OK);
    close_both(&a, &b);
}
END_TEST

START_TEST(end_without_bye)
{
    struct end a, b;
    struct sl_error err = { 0 };
    size_t len = 0;
    open_end(&a, SL_ROLE_CLIENT, 0, without);
    open_end(&b, SL_ROLE_SERVER, 0, without);
    pump(&a, &b, 4096);
    ck_assert_int_eq(sl_conn_feed_eof(a.conn, &err), SL_E_CLOSED);
    sl_conn_output(a.conn, &len);
    ck_assert_uint_eq(len, 0);
    close_both(&a, &b);
}
END_TEST

/* What the peer of e says of the end of the session. */
static enum sl_code told(struct end *e, struct end *peer, struct sl_error *err)
{
    size_t len = 0;
    const uint8_t *p = sl_conn_output(e->conn, &len);
    enum sl_code rc = sl_conn_feed(peer->conn, p, len, err);
    sl_conn_sent(e->conn, len);
    return rc;
}

START_TEST(errors_reach_the_peer)
{
    struct end a, b;
    struct sl_error err = { .code = SL_E_LIMIT, .text = "too much" }, got = { 0 };
    open_end(&a, SL_ROLE_CLIENT, _i ? 6 : 0, with_zlib);
    open_end(&b, SL_ROLE_SERVER, 0, with_zlib);
    pump(&a, &b, 4096);
    sl_conn_fail(b.conn, &err);
    sl_conn_fail(b.conn, &err);
    ck_assert_int_eq(told(&b, &a, &got), SL_E_LIMIT);
    ck_assert_str_eq(got.text, "too much");
    ck_assert_int_eq(got.side, SL_SIDE_SERVER);
    ck_assert_int_eq(sl_conn_feed(a.conn, "x", 1, NULL), SL_E_LIMIT);
    ck_assert_uint_eq(sl_conn_queued(a.conn), 0);
    ck_assert_uint_eq(sl_conn_room(a.conn, 1), 0);
    close_both(&a, &b);
}
END_TEST

START_TEST(handlers_end_the_session)
{
    struct end a, b;
    struct sl_error got = { 0 };
    open_end(&a, SL_ROLE_CLIENT, 0, without);
    open_end(&b, SL_ROLE_SERVER, 0, without);
    pump(&a, &b, 4096);
    b.answer = SL_E_BUSY;
    sl_conn_send(a.conn, 1, 16, 0, "", 0);
    ck_assert_int_eq(told(&a, &b, &got), SL_E_BUSY);
    ck_assert_str_ne(got.text, "");
    ck_assert_int_eq(sl_conn_resume(b.conn, 1, &got), SL_E_BUSY);
    ck_assert_int_eq(told(&b, &a, &got), SL_E_BUSY);
    close_both(&a, &b);
}
END_TEST

/* A window on each of fifteen channels was 120 MiB that a peer could make a server keep. */
START_TEST(keeps_four_windows_in_all)
{
    struct end a, b;
    struct sl_error err = { 0 };
    size_t n = 0, sent = 0;
    open_end(&a, SL_ROLE_CLIENT, 0, without);
    open_end(&b, SL_ROLE_SERVER, 0, without);
    b.refuse = 1;
    move(&a, &b, 1000000);
    move(&b, &a, 1000000);
    enum sl_code rc = SL_OK;
    for (uint8_t ch = 1; ch < SL_CHANNELS && rc == SL_OK; ch++)
        while (rc == SL_OK && sl_conn_room(a.conn, ch) >= 10000) {
            memset(sl_conn_begin(a.conn, 10000), 0, 10000);
            sl_conn_finish(a.conn, ch, 16, 0, 10000);
            const uint8_t *p = sl_conn_output(a.conn, &n);
            rc = sl_conn_feed(b.conn, p, n, &err);
            sl_conn_sent(a.conn, n);
            sent += n;
        }
    ck_assert_int_eq(rc, SL_E_LIMIT);
    ck_assert_uint_gt(sent, 4 * WINDOW - 20000);
    ck_assert_uint_le(sent, 4 * WINDOW + 20000);
    close_both(&a, &b);
}
END_TEST

/* Numbers from 16 on are for those who have agreed on them. */
START_TEST(more_channels_by_agreement)
{
    static const char *const with[] = { SL_FEATURE_CHANNELS, NULL };
    struct end a, b;
    struct sl_error err = { 0 };
    for (int agreed = 0; agreed < 2; agreed++) {
        uint8_t frame[SL_FRAME_HEADER] = { 0, 0, 0, 16, SL_CHANNELS - 1, 0 };
        open_end(&a, SL_ROLE_CLIENT, 0, with);
        open_end(&b, SL_ROLE_SERVER, 0, agreed ? with : without);
        move(&a, &b, 1000000);
        move(&b, &a, 1000000);
        ck_assert_uint_eq(sl_conn_channels(a.conn), agreed ? SL_CHANNELS : SL_CHANNELS_BASE);
        ck_assert_int_eq(sl_conn_feed(b.conn, frame, sizeof frame, &err), agreed ? SL_OK : SL_E_PROTOCOL);
        frame[4] = SL_CHANNELS;
        ck_assert_int_eq(sl_conn_feed(b.conn, frame, sizeof frame, &err), SL_E_PROTOCOL);
        close_both(&a, &b);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("conn");
    TCase *t = tcase_create("conn");
    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, more_channels_by_agreement);
    tcase_add_loop_test(t, both_write_at_once, 0, 36);
    tcase_add_loop_test(t, one_side_without_zlib, 0, 2);
    tcase_add_loop_test(t, presumed_as_before, 0, 3);
    tcase_add_loop_test(t, compression_shrinks_what_can_shrink, 0, 2);
    tcase_add_loop_test(t, compression_begins_and_ends, 0, 4);
    tcase_add_test(t, steer_with_a_condition);
    tcase_add_test(t, frames_as_they_are);
    tcase_add_loop_test(t, steering_not_agreed, 0, 3);
    tcase_add_loop_test(t, steering_misled, 0, sizeof misled / sizeof misled[0]);
    tcase_add_test(t, many_asks_one_answer);
    tcase_add_test(t, credit_holds_the_sender);
    tcase_add_test(t, bye_each_way);
    tcase_add_test(t, end_without_bye);
    tcase_add_loop_test(t, errors_reach_the_peer, 0, 2);
    tcase_add_test(t, handlers_end_the_session);
    tcase_add_test(t, keeps_four_windows_in_all);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

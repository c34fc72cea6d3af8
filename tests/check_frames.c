/* SPDX-License-Identifier: ISC */
/* check_frames - one connection, greeted as it should be, that is then fed frames that no honest peer writes. */
#include "config.h"
#include "proto/conn.h"
#include "base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = SL_CREDIT_START };

static const char *const with_zlib[] = { "zlib", NULL };

struct end {
    struct sl_conn *conn;
    bool refuse;
    uint64_t pong;
    unsigned pongs;
};

static enum sl_code on_frame(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    (void)f;
    (void)err;
    return ((struct end *)ctx)->refuse ? SL_AGAIN : SL_OK;
}

static void on_pong(void *ctx, uint64_t token)
{
    ((struct end *)ctx)->pong = token;
    ((struct end *)ctx)->pongs++;
}

static const struct sl_conn_ops ops = { .frame = on_frame, .pong = on_pong };

static void open_end(struct end *e, enum sl_role role)
{
    struct sl_hello h = { SL_PROTOCOL_MIN, SL_PROTOCOL_MAX, SL_FRAME_MAX, WINDOW, 100, "tester 1", with_zlib, false, { 0 } };
    *e = (struct end){ .conn = NULL };
    e->conn = sl_conn_new(role, &h, 0, &ops, e);
}

/* All that one has to say to the other; what that makes of it. */
static enum sl_code tell(struct end *e, struct end *peer, struct sl_error *err)
{
    size_t len = 0;
    enum sl_code rc = SL_OK;
    for (const uint8_t *p = sl_conn_output(e->conn, &len); len && rc == SL_OK; p = sl_conn_output(e->conn, &len)) {
        rc = sl_conn_feed(peer->conn, p, len, err);
        sl_conn_sent(e->conn, len);
    }
    return rc;
}

static void close_both(struct end *a, struct end *b)
{
    sl_conn_free(a->conn);
    sl_conn_free(b->conn);
}

static void put_frame(struct sl_buf *b, uint32_t len, uint8_t type, uint8_t channel, const void *data, size_t n)
{
    uint8_t h[] = { (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, type, channel, 0 };
    sl_buf_add(b, h, sizeof h);
    sl_buf_add(b, data, n);
}

static void greeted(struct end *e, struct end *client)
{
    open_end(client, SL_ROLE_CLIENT);
    open_end(e, SL_ROLE_SERVER);
    ck_assert_int_eq(tell(client, e, NULL), SL_OK);
    ck_assert_int_eq(tell(e, client, NULL), SL_OK);
}

static const struct { uint32_t len; uint8_t type, channel; const char *data; size_t n; } illegal[] = {
    { 1, 16, 16, "x", 1 },                               /* no such channel */
    { 0xffffff, 16, 1, "", 0 },                          /* refused at its header */
    { SL_FRAME_MAX + 1, 16, 1, "", 0 },
    { 8193, 3, 0, "", 0 },                               /* control frames are small */
    { 8193, 200, 0, "", 0 },
    { SL_FRAME_MAX + 1, 7, 0, "", 0 },
    { 0, 0, 0, "", 0 },                                  /* no such type */
    { 0, 8, 0, "", 0 },
    { 0, 1, 0, "", 0 },                                  /* a second HELLO */
    { 0, 2, 0, "", 0 },
    { 2, 2, 0, "\0\1", 2 },                              /* credit for channel 0 */
    { 2, 2, 0, "\20\1", 2 },
    { 3, 2, 0, "\1\1\1", 3 },
    { 3, 2, 0, "\1\200\0", 3 },                          /* 0 in two bytes */
    { 6, 2, 0, "\1\201\200\200\200\10", 6 },             /* 2 GiB and 1 */
    { 6, 2, 0, "\1\200\200\200\200\10", 6 },             /* 2 GiB on top of the window */
    { 11, 2, 0, "\1\377\377\377\377\377\377\377\377\377\1", 11 },
    { 7, 3, 0, "1234567", 7 },
    { 9, 3, 0, "123456789", 9 },
    { 0, 4, 0, "", 0 },
    { 1, 5, 0, "\1", 1 },
    { 2, 5, 0, "\0\0", 2 },                              /* error 0 */
    { 2, 5, 0, "\100\0", 2 },                            /* error 64 */
    { 1, 6, 0, "x", 1 },
    { 4, 7, 0, "junk", 4 },
};

START_TEST(illegal_frames)
{
    struct end e, client;
    struct sl_buf b = { 0 };
    struct sl_error err = { 0 };
    greeted(&e, &client);
    put_frame(&b, illegal[_i].len, illegal[_i].type, illegal[_i].channel, illegal[_i].data, illegal[_i].n);
    enum sl_code rc = SL_OK;
    for (size_t i = 0; i < sl_buf_len(&b) && rc == SL_OK; i++)
        rc = sl_conn_feed(e.conn, sl_buf_ptr(&b) + i, 1, &err);
    ck_assert_msg(rc == SL_E_PROTOCOL, "case %d: %d", _i, rc);
    ck_assert_int_eq(tell(&e, &client, &err), SL_E_PROTOCOL);
    sl_buf_clear(&b);
    close_both(&e, &client);
}
END_TEST

START_TEST(credit_overrun)
{
    struct end e, client;
    struct sl_buf b = { 0 };
    uint8_t *block = sl_calloc(1, SL_FRAME_MAX);
    greeted(&e, &client);
    e.refuse = true;
    put_frame(&b, WINDOW / 2, 16, 1, block, WINDOW / 2);
    ck_assert_int_eq(sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_OK);
    ck_assert_int_eq(sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_E_PROTOCOL);
    sl_buf_clear(&b);
    free(block);
    close_both(&e, &client);
}
END_TEST

START_TEST(empty_frames_cost_too)
{
    struct end e, client;
    struct sl_buf b = { 0 };
    greeted(&e, &client);
    e.refuse = true;
    put_frame(&b, 0, 16, 1, "", 0);
    for (unsigned i = 0; i < WINDOW / SL_FRAME_HEADER; i++)
        if (sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL) != SL_OK)
            ck_abort();
    ck_assert_int_eq(sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_E_PROTOCOL);
    sl_buf_clear(&b);
    close_both(&e, &client);
}
END_TEST

START_TEST(frames_after_bye)
{
    struct end e, client;
    struct sl_buf b = { 0 };
    greeted(&e, &client);
    put_frame(&b, 0, 6, 0, "", 0);
    put_frame(&b, 8, 3, 0, "12345678", 8);
    put_frame(&b, 2, 2, 0, "\1\1", 2);
    put_frame(&b, 0, 255, 0, "", 0);
    ck_assert_int_eq(sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_OK);
    sl_buf_reset(&b, 0);
    put_frame(&b, 0, _i ? 6 : 16, _i ? 0 : 1, "", 0);
    ck_assert_int_eq(sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_E_PROTOCOL);
    sl_buf_clear(&b);
    close_both(&e, &client);
}
END_TEST

START_TEST(pings_do_not_pile_up)
{
    struct end e, client;
    struct sl_buf b = { 0 };
    greeted(&e, &client);
    put_frame(&b, 8, 3, 0, "\0\0\0\0\0\0\0\5", 8);
    for (int i = 0; i < 100000; i++)
        if (sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL) != SL_OK)
            ck_abort();
    ck_assert_uint_le(sl_conn_queued(e.conn), 70000);
    sl_buf_reset(&b, 0);
    put_frame(&b, 8, 3, 0, "\0\0\0\0\0\0\0\6", 8);
    sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL);
    ck_assert_int_eq(tell(&e, &client, NULL), SL_OK);
    ck_assert_uint_eq(client.pong, 6);
    ck_assert_uint_lt(client.pongs, 6000);
    sl_buf_clear(&b);
    close_both(&e, &client);
}
END_TEST

START_TEST(known_later_is_passed_over)
{
    struct end e, client;
    struct sl_buf b = { 0 };
    greeted(&e, &client);
    put_frame(&b, 3, 128, 0, "abc", 3);
    put_frame(&b, 0, 255, 0, "", 0);
    ck_assert_int_eq(sl_conn_feed(e.conn, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_OK);
    sl_buf_clear(&b);
    close_both(&e, &client);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("frames");
    TCase *t = tcase_create("frames");
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, illegal_frames, 0, (int)(sizeof illegal / sizeof *illegal));
    tcase_add_test(t, credit_overrun);
    tcase_add_test(t, empty_frames_cost_too);
    tcase_add_loop_test(t, frames_after_bye, 0, 2);
    tcase_add_test(t, pings_do_not_pile_up);
    tcase_add_test(t, known_later_is_passed_over);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

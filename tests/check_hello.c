/* SPDX-License-Identifier: ISC */
/* check_hello - preface, HELLO and hostile compression: who the peer is, what is negotiated, what is refused. */
#include "config.h"
#include "proto/conn.h"
#include "proto/wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

static const char *const with_zlib[] = { "zlib", NULL };

static enum sl_code take(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    (void)f;
    (void)err;
    ++*(unsigned *)ctx;
    return SL_OK;
}

static const struct sl_conn_ops ops = { .frame = take };
static unsigned frames;

static struct sl_conn *open_conn(enum sl_role role)
{
    struct sl_hello h = { 1, 1, SL_FRAME_MAX, SL_CREDIT_START, 100, "tester 1", with_zlib, false, { 0 } };
    frames = 0;
    return sl_conn_new(role, &h, 0, &ops, &frames);
}

static void put_frame(struct sl_buf *b, uint8_t type, uint8_t channel, const void *data, size_t n)
{
    uint8_t h[] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, type, channel, 0 };
    sl_buf_add(b, h, sizeof h);
    sl_buf_add(b, data, n);
}

struct greeting {
    uint64_t min, max, frame_max, window, dirs, count;
    const char *program, *feature;
    const char *tail;
};
static const struct greeting usual = { 1, 1, 262144, 262144, 0, 1, "p", "zlib", "" };

static void put_hello(struct sl_buf *b, const struct greeting *g)
{
    struct sl_buf h = { 0 };
    sl_w_uv(&h, g->min);
    sl_w_uv(&h, g->max);
    sl_w_uv(&h, g->frame_max);
    sl_w_uv(&h, g->window);
    sl_w_uv(&h, g->dirs);
    sl_w_u8(&h, 0);
    sl_w_bs(&h, g->program, strlen(g->program));
    sl_w_uv(&h, g->count);
    for (uint64_t i = 0; i < g->count && i < 70; i++)
        sl_w_bs(&h, g->feature, strlen(g->feature));
    sl_w_raw(&h, g->tail, strlen(g->tail));
    put_frame(b, 1, 0, sl_buf_ptr(&h), sl_buf_len(&h));
    sl_buf_clear(&h);
}

/* ---- strangers ---- */

static const struct { enum sl_role role; const char *bytes; size_t len; const char *says; size_t answer; } strangers[] = {
    { SL_ROLE_SERVER, "\0\0\0\5\1\0\0\0\3", 9, "an sftp client", 0 },
    { SL_ROLE_SERVER, "GET / HTTP/1.1\r\n\r\n", 18, "an HTTP client", 12 },
    { SL_ROLE_SERVER, "POST / HTTP/1.1\r\n\r\n", 19, "an HTTP client", 12 },
    { SL_ROLE_SERVER, "SSH-2.0-x\r\n", 11, "an SSH program", 0 },
    { SL_ROLE_SERVER, "@RSYNCD: 31.0\n", 14, "an rsync daemon", 0 },
    { SL_ROLE_SERVER, "superlifted\n", 12, "'superlifted\\#012'", 0 },
    { SL_ROLE_CLIENT, "HTTP/1.1 400 Bad\r\n", 18, "an HTTP server", 0 },
    { SL_ROLE_CLIENT, "\0\0\0\5\2\0\0\0\3", 9, "an sftp server", 0 },
    { SL_ROLE_CLIENT, "Welcome!\n", 9, "'Welcome!\\#012'", 0 },
    { SL_ROLE_CLIENT, "s\33[2J", 5, "'s\\#033[2J'", 0 },
};

/* The whole at once, then byte by byte: the same is said in the end. */
static void meet(int i, size_t turn)
{
    struct sl_conn *c = open_conn(strangers[i].role);
    struct sl_error err = { 0 };
    size_t before = sl_conn_queued(c);
    for (size_t at = 0; at < strangers[i].len; at += turn) {
        size_t n = strangers[i].len - at < turn ? strangers[i].len - at : turn;
        if (sl_conn_feed(c, strangers[i].bytes + at, n, &err) == SL_OK)
            ck_assert_mem_eq(strangers[i].bytes, SL_PREFACE, at + n);
    }
    ck_assert_int_eq(err.code, SL_E_PEER);
    ck_assert_msg(strstr(err.text, strangers[i].says) != NULL, "%s", err.text);
    ck_assert_uint_eq(sl_buf_len(sl_conn_strange(c)), strangers[i].len);
    ck_assert_mem_eq(sl_buf_ptr(sl_conn_strange(c)), strangers[i].bytes, strangers[i].len);
    if (strangers[i].answer)
        ck_assert_mem_eq(sl_conn_output(c, &(size_t){ 0 }), "HTTP/1.0 400", 12);
    else
        ck_assert_uint_eq(sl_conn_queued(c), before);
    ck_assert_int_eq(sl_conn_feed_eof(c, &err), SL_E_PEER);
    sl_conn_free(c);
}

START_TEST(strangers_are_named)
{
    meet(_i, 1000);
    meet(_i, 1);
}
END_TEST

START_TEST(strangers_are_kept_within_a_limit)
{
    struct sl_conn *c = open_conn(SL_ROLE_CLIENT);
    char noise[1000];
    memset(noise, 'n', sizeof noise);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(sl_conn_feed(c, noise, sizeof noise, NULL), SL_E_PEER);
    ck_assert_uint_eq(sl_buf_len(sl_conn_strange(c)), 4096);
    sl_conn_free(c);
}
END_TEST

START_TEST(ends_before_the_preface)
{
    struct sl_error err = { 0 };
    struct sl_conn *c = open_conn(SL_ROLE_CLIENT);
    ck_assert_int_eq(sl_conn_feed_eof(c, &err), SL_E_CLOSED);
    sl_conn_free(c);
    c = open_conn(SL_ROLE_CLIENT);
    ck_assert_int_eq(sl_conn_feed(c, "super", 5, &err), SL_OK);
    ck_assert_int_eq(sl_conn_feed_eof(c, &err), SL_E_PEER);
    ck_assert_ptr_nonnull(strstr(err.text, "'super'"));
    sl_conn_free(c);
    c = open_conn(SL_ROLE_SERVER);
    ck_assert_int_eq(sl_conn_feed(c, SL_PREFACE, SL_PREFACE_LEN, &err), SL_OK);
    ck_assert_uint_eq(sl_conn_queued(c), 0);
    ck_assert_int_eq(sl_conn_feed_eof(c, &err), SL_E_CLOSED);
    sl_conn_free(c);
}
END_TEST

/* ---- HELLO ---- */

static enum sl_code greet(struct sl_conn *c, const struct greeting *g, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    sl_buf_add(&b, SL_PREFACE, SL_PREFACE_LEN);
    put_hello(&b, g);
    enum sl_code rc = sl_conn_feed(c, sl_buf_ptr(&b), sl_buf_len(&b), err);
    sl_buf_clear(&b);
    return rc;
}

START_TEST(requests_right_behind_the_greeting)
{
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    struct sl_buf b = { 0 };
    struct greeting g = usual;
    g.tail = "\20" "0123456789abcdef" "what a later protocol may add";
    g.window = 1u << 30;
    g.frame_max = UINT32_MAX;
    sl_buf_add(&b, SL_PREFACE, SL_PREFACE_LEN);
    put_hello(&b, &g);
    put_frame(&b, 35, 1, "", 0);
    put_frame(&b, 35, 2, "", 0);
    ck_assert_int_eq(sl_conn_feed(c, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_OK);
    ck_assert_uint_eq(frames, 2);
    ck_assert_uint_eq(sl_conn_peer(c)->frame_max, SL_FRAME_MAX);
    ck_assert_uint_eq(sl_conn_room(c, 1), SL_FRAME_MAX);
    ck_assert(sl_conn_has(c, "zlib"));
    ck_assert(sl_conn_peer(c)->has_session);
    ck_assert_mem_eq(sl_conn_peer(c)->session, "0123456789abcdef", SL_SESSION_LEN);
    sl_buf_clear(&b);
    sl_conn_free(c);
}
END_TEST

START_TEST(a_server_says_nothing_first)
{
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    size_t len = 0;
    ck_assert_uint_eq(sl_conn_room(c, 1), 0);
    sl_conn_ping(c, 1);
    sl_conn_bye(c);
    ck_assert_uint_eq(sl_conn_queued(c), 0);
    ck_assert_int_eq(greet(c, &usual, NULL), SL_OK);
    const uint8_t *p = sl_conn_output(c, &len);
    ck_assert_mem_eq(p, SL_PREFACE, SL_PREFACE_LEN);
    ck_assert_mem_eq(p + len - 6, "\0\0\0\6\0\0", 6);
    sl_conn_free(c);
}
END_TEST

START_TEST(session_tokens)
{
    static const struct { const char *tail; enum sl_code code; } tokens[] = {
        { "", SL_OK }, { "\20" "0123456789abcdef", SL_OK }, { "\20" "0123456789abcde", SL_E_PROTOCOL },
        { "\2ab", SL_E_PROTOCOL }, { "\21" "0123456789abcdefg", SL_E_PROTOCOL }, { "\177", SL_E_PROTOCOL },
    };
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct sl_conn *c = open_conn(SL_ROLE_SERVER);
        struct greeting g = usual;
        g.tail = tokens[i].tail;
        ck_assert_int_eq(greet(c, &g, NULL), tokens[i].code);
        if (tokens[i].code == SL_OK)
            ck_assert(sl_conn_peer(c)->has_session == (*g.tail != '\0'));
        sl_conn_free(c);
    }
}
END_TEST

START_TEST(malformed_greetings)
{
    struct greeting bad[12];
    for (size_t i = 0; i < 12; i++)
        bad[i] = usual;
    bad[0].min = 0;
    bad[1].min = 2;
    bad[2].frame_max = 65535;
    bad[3].window = 262143;
    bad[4].window = (1u << 30) + 1;
    bad[5].count = 65;
    bad[6].feature = "";
    bad[7].feature = "Zlib";
    bad[8].feature = "a-name-that-is-longer-than-32-bytes";
    bad[9].feature = "a b";
    bad[10].count = UINT64_MAX;
    bad[11].max = UINT64_MAX;
    for (size_t i = 0; i < 12; i++) {
        struct sl_conn *c = open_conn(SL_ROLE_SERVER);
        struct sl_error err = { 0 };
        size_t len = 0;
        ck_assert_msg(greet(c, &bad[i], &err) == SL_E_PROTOCOL, "case %zu", i);
        const uint8_t *p = sl_conn_output(c, &len);
        ck_assert_uint_gt(len, SL_PREFACE_LEN + SL_FRAME_HEADER);
        ck_assert_mem_eq(p, SL_PREFACE, SL_PREFACE_LEN);
        ck_assert_uint_eq(p[SL_PREFACE_LEN + 3], 5);
        struct sl_conn *client = open_conn(SL_ROLE_CLIENT);
        ck_assert_int_eq(sl_conn_feed(client, p, len, &err), SL_E_PROTOCOL);
        ck_assert_int_eq(err.side, SL_SIDE_SERVER);
        sl_conn_free(client);
        sl_conn_free(c);
    }
}
END_TEST

START_TEST(no_common_version)
{
    struct sl_conn *c = open_conn(_i ? SL_ROLE_SERVER : SL_ROLE_CLIENT);
    struct sl_error err = { 0 };
    struct greeting g = usual;
    g.min = 2;
    g.max = 9;
    ck_assert_int_eq(greet(c, &g, &err), SL_E_VERSION);
    ck_assert_ptr_nonnull(strstr(err.text, "here 1 to 1, there 2 to 9"));
    sl_conn_free(c);
}
END_TEST

START_TEST(something_before_the_greeting)
{
    static const struct { uint8_t type, channel; } first[] = { { 16, 1 }, { 3, 0 }, { 6, 0 }, { 7, 0 }, { 200, 0 } };
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    struct sl_buf b = { 0 };
    sl_buf_add(&b, SL_PREFACE, SL_PREFACE_LEN);
    put_frame(&b, first[_i].type, first[_i].channel, "12345678", 8);
    ck_assert_int_eq(sl_conn_feed(c, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_E_PROTOCOL);
    ck_assert_uint_eq(frames, 0);
    sl_buf_clear(&b);
    sl_conn_free(c);
}
END_TEST

/* ---- hostile compression ---- */

/* A DEFLATE frame with n bytes of plain text, the first of its stream. */
static enum sl_code feed_deflated(struct sl_conn *c, const void *plain, size_t n, int flush)
{
    struct sl_buf b = { 0 };
    z_stream z = { 0 };
    uLong bound = compressBound((uLong)n) + 100;
    ck_assert_int_eq(deflateInit(&z, 9), Z_OK);
    uint8_t *out = malloc(bound);
    ck_assert_ptr_nonnull(out);
    z.next_in = (Bytef *)(uintptr_t)plain;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)bound;
    deflate(&z, flush);
    put_frame(&b, 7, 0, out, bound - z.avail_out);
    deflateEnd(&z);
    enum sl_code rc = sl_conn_feed(c, sl_buf_ptr(&b), sl_buf_len(&b), NULL);
    free(out);
    sl_buf_clear(&b);
    return rc;
}

#ifdef HAVE_ZSTD
static const char *const with_zstd[] = { "zstd", NULL };

/* The same as a ZSTD frame. */
static enum sl_code feed_zstd(const void *plain, size_t n, int window, ZSTD_EndDirective flush)
{
    static uint8_t out[1 << 20];
    struct sl_hello h = { 1, 1, SL_FRAME_MAX, SL_CREDIT_START, 100, "tester 1", with_zstd, false, { 0 } };
    struct greeting g = usual;
    struct sl_buf b = { 0 };
    g.feature = "zstd";
    frames = 0;
    struct sl_conn *c = sl_conn_new(SL_ROLE_SERVER, &h, 0, &ops, &frames);
    ck_assert_int_eq(greet(c, &g, NULL), SL_OK);
    ZSTD_CCtx *z = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window);
    ZSTD_inBuffer in = { plain, n, 0 };
    ZSTD_outBuffer to = { out, sizeof out, 0 };
    ck_assert_uint_eq(ZSTD_compressStream2(z, &to, &in, flush), 0);
    ZSTD_freeCCtx(z);
    put_frame(&b, 8, 0, out, to.pos);
    enum sl_code rc = sl_conn_feed(c, sl_buf_ptr(&b), sl_buf_len(&b), NULL);
    sl_buf_clear(&b);
    sl_conn_free(c);
    return rc;
}

START_TEST(hostile_zstd)
{
    static const uint8_t zeros[8192];
    struct sl_buf b = { 0 };
    ck_assert_int_eq(feed_zstd("\0\0\0\20\1\0", 6, 17, ZSTD_e_flush), SL_OK);
    ck_assert_uint_eq(frames, 1);
    ck_assert_int_eq(feed_zstd("\0\0\0\20\1\0", 6, 17, ZSTD_e_end), SL_E_PROTOCOL);
    ck_assert_int_eq(feed_zstd("\0\0\0\20\1\0", 6, 24, ZSTD_e_flush), SL_E_PROTOCOL);  /* a window of 16 MiB */
    ck_assert_int_eq(feed_zstd("\0\0\0\10\0\0", 6, 17, ZSTD_e_flush), SL_E_PROTOCOL);  /* ZSTD in ZSTD */
    for (int i = 0; i < 1000; i++)
        put_frame(&b, 200, 0, zeros, sizeof zeros);
    ck_assert_int_eq(feed_zstd(sl_buf_ptr(&b), sl_buf_len(&b), 17, ZSTD_e_flush), SL_E_PROTOCOL);
    sl_buf_clear(&b);
}
END_TEST
#endif

START_TEST(illegal_inside_compression)
{
    static const struct { const char *plain; size_t n; int flush; } bad[] = {
        { "\0\0\0\7\0\0", 6, Z_SYNC_FLUSH },        /* DEFLATE in DEFLATE */
        { "\0\0\0\1\0\0", 6, Z_SYNC_FLUSH },        /* HELLO */
        { "\0\0\0\20\20\0", 6, Z_SYNC_FLUSH },      /* channel 16 */
        { "\377\377\377\20\1\0", 6, Z_SYNC_FLUSH },
        { "\0\0\0\20\1\0", 6, Z_FINISH },           /* the stream never ends */
    };
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    ck_assert_int_eq(greet(c, &usual, NULL), SL_OK);
    ck_assert_int_eq(feed_deflated(c, bad[_i].plain, bad[_i].n, bad[_i].flush), SL_E_PROTOCOL);
    sl_conn_free(c);
}
END_TEST

START_TEST(a_frame_within_a_compressed_one)
{
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    struct sl_buf b = { 0 };
    ck_assert_int_eq(greet(c, &usual, NULL), SL_OK);
    ck_assert_int_eq(feed_deflated(c, "\0\0\0\20\1", 5, Z_SYNC_FLUSH), SL_OK);
    put_frame(&b, 16, 1, "", 0);
    ck_assert_int_eq(sl_conn_feed(c, sl_buf_ptr(&b), sl_buf_len(&b), NULL), SL_E_PROTOCOL);
    sl_buf_clear(&b);
    sl_conn_free(c);
}
END_TEST

START_TEST(bombs_are_refused)
{
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    struct sl_buf b = { 0 };
    static const uint8_t zeros[8192];
    ck_assert_int_eq(greet(c, &usual, NULL), SL_OK);
    for (int i = 0; i < 1000; i++)                  /* 8 MB of control frames that cost no credit */
        put_frame(&b, 200, 0, zeros, sizeof zeros);
    ck_assert_int_eq(feed_deflated(c, sl_buf_ptr(&b), sl_buf_len(&b), Z_SYNC_FLUSH), SL_E_PROTOCOL);
    sl_buf_clear(&b);
    sl_conn_free(c);
}
END_TEST

/* 1 MiB in one frame, which is what there may be, and a byte more. */
START_TEST(a_compressed_frame_has_a_limit)
{
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    struct sl_buf b = { 0 };
    static const uint8_t zeros[8192];
    const size_t most = 1024 * 1024, last = most - 127 * (sizeof zeros + 6) - 6;
    ck_assert_int_eq(greet(c, &usual, NULL), SL_OK);
    for (int i = 0; i < 127; i++)
        put_frame(&b, 200, 0, zeros, sizeof zeros);
    put_frame(&b, 200, 0, zeros, last + (size_t)_i);
    ck_assert_uint_eq(sl_buf_len(&b), most + (size_t)_i);
    ck_assert_int_eq(feed_deflated(c, sl_buf_ptr(&b), sl_buf_len(&b), Z_SYNC_FLUSH), _i ? SL_E_PROTOCOL : SL_OK);
    sl_buf_clear(&b);
    sl_conn_free(c);
}
END_TEST

START_TEST(compression_not_agreed)
{
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    struct greeting g = usual;
    g.feature = "other";
    ck_assert_int_eq(greet(c, &g, NULL), SL_OK);
    ck_assert_int_eq(feed_deflated(c, "\0\0\0\20\1\0", 6, Z_SYNC_FLUSH), SL_E_PROTOCOL);
    sl_conn_free(c);
}
END_TEST

START_TEST(frames_in_compression_cost_credit)
{
    struct sl_conn *c = open_conn(SL_ROLE_SERVER);
    struct sl_buf b = { 0 };
    static const uint8_t zeros[SL_CREDIT_START];
    ck_assert_int_eq(greet(c, &usual, NULL), SL_OK);
    put_frame(&b, 16, 1, zeros, sizeof zeros);
    ck_assert_int_eq(feed_deflated(c, sl_buf_ptr(&b), sl_buf_len(&b), Z_SYNC_FLUSH), SL_E_PROTOCOL);
    ck_assert_uint_eq(frames, 0);
    sl_buf_clear(&b);
    sl_conn_free(c);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("hello");
    TCase *t = tcase_create("hello");
    suite_add_tcase(s, t);
    tcase_add_loop_test(t, strangers_are_named, 0, (int)(sizeof strangers / sizeof *strangers));
    tcase_add_test(t, strangers_are_kept_within_a_limit);
    tcase_add_test(t, ends_before_the_preface);
    tcase_add_test(t, requests_right_behind_the_greeting);
    tcase_add_test(t, a_server_says_nothing_first);
    tcase_add_test(t, session_tokens);
    tcase_add_test(t, malformed_greetings);
    tcase_add_loop_test(t, no_common_version, 0, 2);
    tcase_add_loop_test(t, something_before_the_greeting, 0, 5);
#ifdef HAVE_ZSTD
    tcase_add_test(t, hostile_zstd);
#endif
    tcase_add_loop_test(t, illegal_inside_compression, 0, 5);
    tcase_add_test(t, a_frame_within_a_compressed_one);
    tcase_add_test(t, bombs_are_refused);
    tcase_add_loop_test(t, a_compressed_frame_has_a_limit, 0, 2);
    tcase_add_test(t, compression_not_agreed);
    tcase_add_test(t, frames_in_compression_cost_credit);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

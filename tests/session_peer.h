/* SPDX-License-Identifier: ISC */
/* session_peer - for tests: a session in memory, the scratch directory as its root, and a client that remembers what it is
 * told; bytes go to and fro `turn` at a time. */
#ifndef SL_TESTS_SESSION_PEER_H
#define SL_TESTS_SESSION_PEER_H

#include "base/hash.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/session.h"
#include "tests/scratch.h"

/* ---- a client that remembers what it is told ---- */

struct answer { uint8_t type, channel, flags; struct sl_buf data; };

static struct {
    struct sl_session *s;
    struct sl_conn *c;
    struct sl_policy policy;
    struct answer *got;
    size_t count;
    size_t turn;                 /* bytes moved a turn, each way */
    bool featureless;            /* the client names no features */
    bool refuse;                 /* nothing is taken: credit runs out */
    struct sl_error error;       /* of the client's connection */
    enum sl_code served;         /* what the session said last */
    struct sl_entry_codec *enc, *dec;
    uint64_t asked, pong;
    int dir;
} t;

SCRATCH_UNUSED static void on_pong(void *ctx, uint64_t token)
{
    (void)ctx;
    t.pong = token;
}

SCRATCH_UNUSED static enum sl_code on_frame(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    (void)ctx;
    (void)err;
    if (t.refuse)
        return SL_AGAIN;
    t.got = sl_realloc(t.got, (t.count + 1) * sizeof *t.got);
    t.got[t.count] = (struct answer){ f->type, f->channel, f->flags, { 0 } };
    sl_buf_add(&t.got[t.count++].data, f->data, f->len);
    return SL_OK;
}

SCRATCH_UNUSED static enum sl_code on_hello(void *ctx, const struct sl_hello *peer, struct sl_error *err)
{
    (void)ctx;
    (void)peer;
    (void)err;
    return SL_OK;
}

static const struct sl_conn_ops ops = { .frame = on_frame, .hello = on_hello, .pong = on_pong };

SCRATCH_UNUSED static void forget(void)
{
    for (size_t i = 0; i < t.count; i++)
        sl_buf_clear(&t.got[i].data);
    free(t.got);
    t.got = NULL;
    t.count = 0;
}

SCRATCH_UNUSED static bool move(void)
{
    struct sl_error err = { 0 };
    size_t n = 0;
    bool moved = false;
    const uint8_t *p = sl_conn_output(t.c, &n);
    if (n && t.served == SL_OK) {
        n = n < t.turn ? n : t.turn;
        uint8_t *copy = sl_malloc(n);            /* of its own, so that a read beyond it is noticed */
        memcpy(copy, p, n);
        sl_conn_sent(t.c, n);
        t.served = sl_session_feed(t.s, copy, n, &err);
        free(copy);
        moved = true;
    }
    p = sl_session_output(t.s, &n);
    if (n) {
        n = n < t.turn ? n : t.turn;
        uint8_t *copy = sl_malloc(n);
        memcpy(copy, p, n);
        sl_session_sent(t.s, n);
        sl_conn_feed(t.c, copy, n, &t.error);
        free(copy);
        moved = true;
    }
    return moved;
}

SCRATCH_UNUSED static void pump(void)
{
    struct sl_error err = { 0 };
    bool more = true;
    while (more) {
        more = move();
        if (t.served == SL_OK) {
            enum sl_code rc = sl_session_step(t.s, &err);
            more = more || rc == SL_OK;
            if (rc != SL_OK && rc != SL_AGAIN)
                t.served = rc;
        }
    }
}

SCRATCH_UNUSED static void begin_with(size_t turn, uint32_t window)
{
    static const char *const features[] = { "zlib", SL_FEATURE_PARTS, SL_FEATURE_LINKS, SL_FEATURE_RENAME, SL_FEATURE_BACKUP, SL_FEATURE_REMOVE_AS, SL_FEATURE_SMALL, SL_FEATURE_CHANNELS, SL_FEATURE_READ_SOME, SL_FEATURE_HOLD, SL_FEATURE_STAGE_IN, SL_FEATURE_RESERVE, SL_FEATURE_GRID, SL_FEATURE_MARKS, SL_FEATURE_ATTRS, SL_FEATURE_FAKE_SUPER, SL_FEATURE_DEVICES, SL_FEATURE_WRITE_DEVICES, NULL }, *const none[] = { NULL };
    struct sl_hello hello = { SL_PROTOCOL_MIN, SL_PROTOCOL_MAX, SL_FRAME_MAX, window, 0, "tester 1", t.featureless ? none : features, false, { 0 } };
    t.turn = turn;
    t.served = SL_OK;
    t.error = (struct sl_error){ 0 };
    t.asked = 0;
    t.refuse = false;
    t.c = sl_conn_new(SL_ROLE_CLIENT, &hello, 0, &ops, NULL);
    t.s = sl_session_new(&t.policy);
    t.enc = sl_entry_codec_new();
    t.dec = sl_entry_codec_new();
}

SCRATCH_UNUSED static void begin(size_t turn)
{
    begin_with(turn, 1024 * 1024);
}

SCRATCH_UNUSED static void end(void)
{
    sl_session_free(t.s);
    sl_conn_free(t.c);
    sl_entry_codec_free(t.enc);
    sl_entry_codec_free(t.dec);
    forget();
}

SCRATCH_UNUSED static void setup(void)
{
    t.dir = scratch_make();
    t.policy = (struct sl_policy){ .account = true, .root = scratch_path, .rights = SL_RIGHT_ALL };
}

SCRATCH_UNUSED static void teardown(void)
{
    scratch_remove(t.dir);
}

/* ---- requests ---- */

SCRATCH_UNUSED static uint64_t send_raw(enum sl_msg type, const void *data, size_t n)
{
    while (sl_conn_room(t.c, 1) < n)
        ck_assert(move());
    sl_conn_send(t.c, 1, (uint8_t)type, 0, data, n);
    return type == SL_MSG_SKIP ? t.asked : ++t.asked;
}

SCRATCH_UNUSED static uint64_t send_buf(enum sl_msg type, struct sl_buf *b)
{
    uint64_t n = send_raw(type, sl_buf_len(b) ? sl_buf_ptr(b) : NULL, sl_buf_len(b));
    sl_buf_clear(b);
    return n;
}

SCRATCH_UNUSED static uint64_t attach_how(uint32_t id, enum sl_attach_how how, const char *module)
{
    struct sl_buf b = { 0 };
    struct sl_msg_attach m = { id, how, module, strlen(module), 0 };
    sl_attach_encode(&b, &m);
    return send_buf(SL_MSG_ATTACH, &b);
}

SCRATCH_UNUSED static uint64_t attach(void)
{
    return attach_how(0, SL_ATTACH_ROOT, "");
}

SCRATCH_UNUSED static uint64_t open_dir(uint32_t parent, uint32_t id, const char *name)
{
    struct sl_buf b = { 0 };
    struct sl_msg_open m = { parent, id, name, strlen(name) };
    sl_open_encode(&b, &m);
    return send_buf(SL_MSG_OPEN_DIR, &b);
}

SCRATCH_UNUSED static uint64_t close_dir(uint32_t id)
{
    struct sl_buf b = { 0 };
    sl_w_uv(&b, id);
    return send_buf(SL_MSG_CLOSE_DIR, &b);
}

SCRATCH_UNUSED static uint64_t list(uint32_t id, const char *name, uint32_t flags)
{
    struct sl_buf b = { 0 };
    struct sl_msg_list m = { id, flags, name, strlen(name) };
    sl_list_request_encode(&b, &m);
    return send_buf(SL_MSG_LIST, &b);
}

SCRATCH_UNUSED static uint64_t kept_in(const char *name)
{
    struct sl_buf b = { 0 };
    struct sl_msg_kept_in m = { name, strlen(name) };
    sl_kept_in_encode(&b, &m);
    return send_buf(SL_MSG_KEPT_IN, &b);
}

SCRATCH_UNUSED static uint64_t named(enum sl_msg type, uint32_t id, const char *name)
{
    struct sl_buf b = { 0 };
    struct sl_msg_name m = { id, name, strlen(name) };
    struct sl_msg_remove rm = { .id = id, .kind = SL_TYPE_FILE, .name = name, .name_len = strlen(name) };
    if (type == SL_MSG_REMOVE)
        sl_remove_encode(&b, &rm);
    else if (type == SL_MSG_READ) {
        sl_read_begin(&b, id);
        sl_read_add(&b, "", 0, name, strlen(name));
    } else if (type == SL_MSG_CHUNKS || type == SL_MSG_BASIS) {
        struct sl_msg_chunks c = { .id = id, .grain = 10, .hash_bytes = 8, .name = name, .name_len = strlen(name) };
        struct sl_msg_basis basis = { id, 0, name, strlen(name) };
        if (type == SL_MSG_CHUNKS)
            sl_chunks_encode(&b, &c);
        else
            sl_basis_encode(&b, &basis);
    } else
        sl_name_encode(&b, &m);
    if (type == SL_MSG_READ_RANGES || type == SL_MSG_READ_SOME)
        sl_w_raw(&b, "\0\1", 2);
    return send_buf(type, &b);
}

SCRATCH_UNUSED static struct sl_entry entry_of(enum sl_type type, const char *name, uint64_t size)
{
    return (struct sl_entry){ .type = type, .mode = 0640, .size = size, .mtime_s = 1000000000, .mtime_ns = 5, .name = name,
                              .name_len = strlen(name), .target = type == SL_TYPE_LINK ? "to/there" : NULL,
                              .target_len = type == SL_TYPE_LINK ? 8 : 0 };
}

SCRATCH_UNUSED static uint64_t make_in(uint32_t dir, enum sl_msg type, enum sl_type kind, const char *name, uint32_t flags, const char *data)
{
    uint8_t hash[SL_HASH_LEN];
    struct sl_buf b = { 0 };
    size_t n = data ? strlen(data) : 0;
    struct sl_msg_put m = { .id = dir, .meta = SL_META_MODE | SL_META_MTIME, .flags = flags, .entry = entry_of(kind, name, n) };
    if (type == SL_MSG_PUT) {
        sl_hash_once(data, n, hash);
        m.hash = hash;
    }
    sl_put_encode(&b, t.enc, &m);
    sl_buf_add(&b, data, n);
    return send_buf(type, &b);
}

SCRATCH_UNUSED static uint64_t make(enum sl_msg type, enum sl_type kind, const char *name, uint32_t flags, const char *data)
{
    return make_in(0, type, kind, name, flags, data);
}

/* ---- answers ---- */

SCRATCH_UNUSED static uint64_t request_of(const struct answer *a)
{
    struct sl_rd r;
    sl_r_init(&r, sl_buf_ptr(&a->data), sl_buf_len(&a->data));
    return sl_r_uv(&r, UINT64_MAX);
}

/* The code that request n failed with; SL_OK when it was confirmed instead. */
SCRATCH_UNUSED static enum sl_code result(uint64_t n)
{
    uint64_t done = 0;
    for (size_t i = 0; i < t.count; i++) {
        const struct answer *a = &t.got[i];
        struct sl_rd r;
        sl_r_init(&r, sl_buf_ptr(&a->data), sl_buf_len(&a->data));
        struct sl_msg_fail m;
        if (a->type == SL_MSG_FAIL && sl_fail_decode(&r, &m, NULL) == SL_OK && m.request == n)
            return m.code;
        if (a->type != SL_MSG_FAIL && a->type != SL_MSG_CONTENT && a->type != SL_MSG_MODULE && request_of(a) > done)
            done = request_of(a);
    }
    ck_assert_uint_ge(done, n);
    return SL_OK;
}

SCRATCH_UNUSED static const struct answer *find(uint8_t type)
{
    for (size_t i = 0; i < t.count; i++)
        if (t.got[i].type == type)
            return &t.got[i];
    return NULL;
}

/* The records of all LISTED frames as text: names, "." for END, "!" for errors. */
SCRATCH_UNUSED static void listing(char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < t.count; i++) {
        struct sl_rd r;
        struct sl_list_record m;
        if (t.got[i].type != SL_MSG_LISTED)
            continue;
        sl_r_init(&r, sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data));
        sl_r_uv(&r, UINT64_MAX);
        while (sl_r_left(&r)) {
            ck_assert_int_eq(sl_list_decode(t.dec, &r, &m, NULL), SL_OK);
            const char *text = m.kind == SL_LIST_ENTRY ? m.entry.name : m.kind == SL_LIST_END ? "." : "!";
            at += (size_t)snprintf(out + at, at < size ? size - at : 0, "%s%s", at ? " " : "", *text ? text : "/");
        }
    }
}

#endif

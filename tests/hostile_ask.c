/* SPDX-License-Identifier: ISC */
/* hostile_ask - requests of the hostile client, legal ones and such as no encoder makes, and what became of them. */
#include "config.h"
#include "tests/hostile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 10000, FLUSH_AT = 256 * 1024, WINDOW = 8 * 1024 * 1024 };

/* ---- verdicts ---- */

void tell(struct peer *p, const char *fmt, ...)
{
    va_list ap;
    size_t left = sizeof p->told - p->told_len;
    va_start(ap, fmt);
    int n = vsnprintf(p->told + p->told_len, left, fmt, ap);
    va_end(ap);
    if (n > 0)
        p->told_len += (size_t)n < left ? (size_t)n : left - 1;
}

/* What is bad is said first: it must not be cut off. */
void bad(struct peer *p, const char *fmt, ...)
{
    char text[160], rest[TOLD_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (strstr(p->told, text))
        return;
    snprintf(rest, sizeof rest, "%s", p->told);
    p->told_len = 0;
    tell(p, "%s; %s", text, rest);
    p->bad = true;
}

bool may(const struct peer *p, uint32_t rights)
{
    return (p->plan->rights & rights) == rights;
}

uint64_t if_may(const struct peer *p, uint32_t rights, uint64_t good)
{
    return may(p, rights) ? good : BIT(SL_E_RIGHTS);
}

/* ---- control ---- */

void control(struct peer *p, uint8_t type, const void *data, size_t n)
{
    peer_frame(p, 0, type, data, n);
}

void credit(struct peer *p, uint8_t ch, uint64_t bytes)
{
    uint8_t b[1 + SL_UV_MAX_BYTES] = { ch };
    control(p, 2, b, 1 + sl_uv_put(b + 1, bytes));
}

void hello_with(struct peer *p, uint32_t window, uint8_t wants, const char *features)
{
    struct sl_buf b = { 0 };
    sl_w_uv(&b, 1);
    sl_w_uv(&b, 1);
    sl_w_uv(&b, SL_FRAME_MAX);
    sl_w_uv(&b, window);
    sl_w_uv(&b, 0);
    sl_w_u8(&b, wants);
    sl_w_bs(&b, "hostile", 7);
    uint64_t count = *features ? 1 : 0;
    for (const char *c = features; *c; c++)
        count += *c == ' ';
    sl_w_uv(&b, count);
    for (const char *f = features; *f;) {
        size_t len = strcspn(f, " ");
        sl_w_bs(&b, f, len);
        f += len + (f[len] == ' ');
    }
    peer_raw(p, SL_PREFACE, SL_PREFACE_LEN);
    control(p, 1, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

void greet(struct peer *p)
{
    hello_with(p, WINDOW, 0, SL_FEATURE_PARTS " " SL_FEATURE_LINKS " " SL_FEATURE_RENAME " " SL_FEATURE_ATTRS " " SL_FEATURE_BACKUP " " SL_FEATURE_REMOVE_AS " " SL_FEATURE_READ_SOME " " SL_FEATURE_HOLD " " SL_FEATURE_STAGE_IN " " SL_FEATURE_RESERVE " " SL_FEATURE_DEVICES " " SL_FEATURE_WRITE_DEVICES);
}

void hello(struct peer *p)
{
    greet(p);
    want(p, 1, ask_attach(p, 1, 0), DONE, "attach");
    if (p->told_len && !p->bad)
        p->told_len -= strlen("attach DONE; ") < p->told_len ? strlen("attach DONE; ") : p->told_len;
    p->told[p->told_len] = '\0';
    peer_measure(p);
}

/* ---- requests ---- */

uint64_t ask_raw(struct peer *p, uint8_t ch, uint8_t type, const void *data, size_t n)
{
    struct lane *l = peer_lane(p, ch);
    peer_frame(p, ch, type, data, n);
    if (type != SL_MSG_SKIP)
        l->asked++;
    if (sl_buf_len(&p->tx) > FLUSH_AT)
        peer_flush(p, p->deaf ? 300 : ANSWER_MS);
    return l->asked;
}

uint64_t ask_buf(struct peer *p, uint8_t ch, uint8_t type, struct sl_buf *b)
{
    uint64_t n = ask_raw(p, ch, type, sl_buf_ptr(b), sl_buf_len(b));
    sl_buf_clear(b);
    return n;
}

uint64_t ask_module(struct peer *p, uint8_t ch, uint32_t id, const char *module)
{
    struct sl_buf b = { 0 };
    sl_w_uv(&b, id);
    sl_w_u8(&b, *module ? SL_ATTACH_MODULE : SL_ATTACH_ROOT);
    sl_w_bs(&b, module, strlen(module));
    return ask_buf(p, ch, SL_MSG_ATTACH, &b);
}

uint64_t ask_attach(struct peer *p, uint8_t ch, uint32_t id)
{
    return ask_module(p, ch, id, p->plan->module ? p->plan->module : "");
}

uint64_t ask_open(struct peer *p, uint8_t ch, uint32_t parent, uint32_t id, const char *name)
{
    struct sl_buf b = { 0 };
    sl_w_uv(&b, parent);
    sl_w_uv(&b, id);
    sl_w_bs(&b, name, strlen(name));
    return ask_buf(p, ch, SL_MSG_OPEN_DIR, &b);
}

uint64_t ask_close(struct peer *p, uint8_t ch, uint32_t id)
{
    struct sl_buf b = { 0 };
    sl_w_uv(&b, id);
    return ask_buf(p, ch, SL_MSG_CLOSE_DIR, &b);
}

uint64_t ask_list(struct peer *p, uint8_t ch, uint32_t id, const char *name, uint32_t flags)
{
    struct sl_buf b = { 0 };
    sl_w_uv(&b, id);
    sl_w_uv(&b, flags);
    sl_w_bs(&b, name, strlen(name));
    return ask_buf(p, ch, SL_MSG_LIST, &b);
}

uint64_t ask_move(struct peer *p, uint8_t ch, uint8_t type, const char *from, const char *to, uint8_t flags)
{
    struct sl_buf b = { 0 };
    struct sl_msg_move m = { .from = from, .to = to, .from_len = strlen(from), .to_len = strlen(to), .flags = flags };
    sl_move_encode(&b, &m);
    return ask_buf(p, ch, type, &b);
}

uint64_t ask_named(struct peer *p, uint8_t ch, uint8_t type, uint32_t id, const char *name)
{
    return ask_bytes(p, ch, type, id, name, strlen(name));
}

/* An entry by hand, without the codec that refuses what is illegal: 0 bytes of an owner's name. */
static void put_entry(struct sl_buf *b, enum sl_type type, const char *name, size_t len)
{
    sl_w_u8(b, (uint8_t)(type | 0x40));
    sl_w_u8(b, (uint8_t)(len < 15 ? len : 15));
    if (len >= 15)
        sl_w_uv(b, len - 15);
    sl_w_raw(b, name, len);
    sl_w_uv(b, 0640);
    for (int i = 0; i < 4; i++)
        sl_w_uv(b, 0);                   /* user, its name, group, its name */
    sl_w_uv(b, 0);
    if (type == SL_TYPE_FILE)
        sl_w_uv(b, 0);
    if (type == SL_TYPE_LINK)
        sl_w_bs(b, "t", 1);
}

static enum sl_type type_for(uint8_t msg)
{
    return msg == SL_MSG_MKDIR ? SL_TYPE_DIR : msg == SL_MSG_SYMLINK ? SL_TYPE_LINK : msg == SL_MSG_MKNOD ? SL_TYPE_FIFO
                                                                                                         : SL_TYPE_FILE;
}

/* Any verb with any bytes for a name. The entry is coded as the first of a channel. */
uint64_t ask_bytes(struct peer *p, uint8_t ch, uint8_t type, uint32_t id, const char *name, size_t len)
{
    struct sl_buf b = { 0 };
    uint8_t hash[SL_HASH_LEN];
    if (type == SL_MSG_CHUNKS)
        ask_raw(p, ch, SL_MSG_SEED, "hostile!", 8);
    sl_w_uv(&b, id);
    switch (type) {
    case SL_MSG_CHUNKS: sl_w_raw(&b, "\0\12\10", 3); sl_w_bs(&b, name, len); break;
    case SL_MSG_READ_SOME:
    case SL_MSG_READ_RANGES: sl_w_bs(&b, name, len); sl_w_raw(&b, "\0\1", 2); break;
    case SL_MSG_BASIS: sl_w_u8(&b, 0); sl_w_bs(&b, name, len); break;
    case SL_MSG_PART: sl_w_raw(&b, "\40" TOKEN, 1 + SL_TOKEN_LEN); sl_w_bs(&b, name, len); sl_w_raw(&b, "\0\1", 2); break;
    case SL_MSG_RELEASE: sl_w_u8(&b, SL_PUT_REPLACE); sl_w_bs(&b, name, len); break;
    case SL_MSG_BACKUP:
    case SL_MSG_LINK: sl_w_bs(&b, name, len); sl_w_raw(&b, "\0\1t\0", 4); break;
    case SL_MSG_RENAME: sl_w_bs(&b, "t", 1); sl_w_uv(&b, id); sl_w_bs(&b, name, len); sl_w_u8(&b, 0); break;
    case SL_MSG_DROP: sl_w_raw(&b, "\4" TOKEN, 1 + SL_TOKEN_LEN); sl_w_bs(&b, name, len); break;
    case SL_MSG_OPEN_DIR: sl_w_uv(&b, 77); sl_w_bs(&b, name, len); break;
    case SL_MSG_LIST: sl_w_uv(&b, SL_LIST_RECURSE); sl_w_bs(&b, name, len); break;
    case SL_MSG_REMOVE: sl_w_u8(&b, SL_TYPE_FILE); sl_w_bs(&b, name, len); break;
    case SL_MSG_GET_ATTRS: sl_w_uv(&b, SL_ATTRS_SETS); sl_w_bs(&b, name, len); break;
    case SL_MSG_HASH: sl_w_bs(&b, name, len); break;
    case SL_MSG_READ:
        sl_w_u8(&b, (uint8_t)(len < 15 ? len : 15));
        if (len >= 15)
            sl_w_uv(&b, len - 15);
        sl_w_raw(&b, name, len);
        break;
    default:
        sl_w_u8(&b, 0);
        sl_w_u8(&b, SL_PUT_REPLACE);
        put_entry(&b, type_for(type), name, len);
        sl_hash_once("", 0, hash);
        if (type == SL_MSG_PUT)
            sl_w_raw(&b, hash, sizeof hash);
        if (type == SL_MSG_JOIN)
            sl_w_raw(&b, TOKEN, SL_TOKEN_LEN);
    }
    return ask_buf(p, ch, type, &b);
}

uint64_t ask_attrs(struct peer *p, uint8_t ch, uint32_t flags, const char *name, const char *value)
{
    struct sl_buf b = { 0 }, set = { 0 };
    if (name)
        sl_attrs_add(&set, &(struct sl_attr){ name, strlen(name), (const uint8_t *)value, strlen(value) });
    struct sl_msg_attrs m = { .flags = flags, .piece = sl_buf_ptr(&set), .len = sl_buf_len(&set) };
    sl_attrs_encode(&b, &m);
    sl_buf_clear(&set);
    return ask_buf(p, ch, SL_MSG_ATTRS, &b);
}

uint64_t ask_part(struct peer *p, uint8_t ch, uint32_t id, const char *name, uint8_t flags, uint64_t from, uint64_t size)
{
    struct sl_buf b = { 0 };
    struct sl_msg_part m = { id, flags, TOKEN, name, strlen(name), from, size };
    sl_part_encode(&b, &m);
    return ask_buf(p, ch, SL_MSG_PART, &b);
}

uint64_t ask_drop(struct peer *p, uint8_t ch, uint32_t id, const char *name, uint8_t flags)
{
    struct sl_buf b = { 0 };
    struct sl_msg_drop m = { id, flags, TOKEN, name, strlen(name) };
    sl_drop_encode(&b, &m);
    return ask_buf(p, ch, SL_MSG_DROP, &b);
}

struct sl_entry entry_of(enum sl_type type, const char *name)
{
    return (struct sl_entry){ .type = type, .mode = 0640, .mtime_s = 1000000000, .name = name, .name_len = strlen(name),
                              .target = type == SL_TYPE_LINK ? "in" : NULL, .target_len = type == SL_TYPE_LINK ? 2 : 0,
                              .rdev_major = 1, .rdev_minor = 1 /* /dev/mem */ };
}

uint64_t ask_make(struct peer *p, uint8_t ch, uint8_t type, uint32_t id, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                  const char *content)
{
    struct sl_buf b = { 0 };
    uint8_t hash[SL_HASH_LEN];
    size_t n = content ? strlen(content) : 0;
    struct sl_msg_put m = { .id = id, .meta = meta, .flags = flags, .entry = *e };
    if (type == SL_MSG_PUT) {
        m.entry.size = n;
        sl_hash_once(content ? content : "", n, hash);
        m.hash = hash;
    }
    m.token = type == SL_MSG_JOIN ? TOKEN : NULL;
    /* A server that never lets this channel make anything does not follow its entries: each is the first then. */
    if (!(p->plan->rights & (SL_RIGHT_CREATE | SL_RIGHT_META))) {
        struct lane *l = peer_lane(p, ch);
        sl_entry_codec_free(l->enc);
        l->enc = sl_entry_codec_new();
    }
    sl_put_encode(&b, peer_lane(p, ch)->enc, &m);
    sl_buf_add(&b, content, n);
    return ask_buf(p, ch, type, &b);
}

uint64_t ask_simple(struct peer *p, uint8_t ch, uint8_t type, uint32_t id, const char *name, uint32_t flags)
{
    struct sl_entry e = entry_of(type_for(type), name);
    return ask_make(p, ch, type, id, &e, SL_META_MODE | SL_META_MTIME, flags, type == SL_MSG_PUT ? "made\n" : NULL);
}

/* ---- answers ---- */

static uint64_t known(const struct lane *l, uint64_t n)
{
    uint64_t kept = l->fail_count < FAILS_KEPT ? l->fail_count : FAILS_KEPT;
    for (uint64_t i = 0; i < kept; i++)
        if (l->fails[i].request == n)
            return BIT(l->fails[i].code);
    return l->done >= n ? DONE : 0;
}

static uint64_t end_of(const struct peer *p)
{
    return p->error == SL_E_PROTOCOL ? ENDED : GONE;
}

uint64_t outcome(struct peer *p, uint8_t ch, uint64_t n)
{
    struct lane *l = peer_lane(p, ch);
    uint64_t end = sl_now_ms() + ANSWER_MS, got;
    while (!(got = known(l, n)) && !p->eof && sl_now_ms() < end)
        if (peer_move(p, 50))
            end = sl_now_ms() + ANSWER_MS;
    return got ? got : p->eof ? end_of(p) : SILENT;
}

static const char *text_of(uint64_t bit, const struct peer *p, char *buf, size_t size)
{
    if (bit == DONE)
        return "DONE";
    if (bit == SILENT)
        return "NO ANSWER";
    if ((bit == ENDED || bit == GONE) && p->error)
        snprintf(buf, size, "ERROR %d", p->error);
    else if (bit == ENDED || bit == GONE)
        return "closed";
    else
        snprintf(buf, size, "FAIL %d", __builtin_ctzll(bit));
    return buf;
}

static void judge(struct peer *p, uint64_t got, uint64_t good, const char *what)
{
    char text[32];
    const char *was = text_of(got, p, text, sizeof text);
    if (got & good)
        tell(p, "%s %s; ", what, was);
    else
        bad(p, "%s: UNEXPECTED %s", what, was);
}

uint64_t want(struct peer *p, uint8_t ch, uint64_t n, uint64_t good, const char *what)
{
    uint64_t got = outcome(p, ch, n);
    judge(p, got, good, what);
    return got;
}

/* Nothing is said of a READ but its content; what is asked behind it is answered when that has come. */
uint64_t want_read(struct peer *p, uint8_t ch, uint32_t id, const char *name, uint64_t good, const char *what)
{
    struct lane *l = peer_lane(p, ch);
    uint64_t files = l->contents, failed = l->content_fails;
    uint64_t n = ask_named(p, ch, SL_MSG_READ, id, name), probe = ask_raw(p, ch, 60, NULL, 0);
    uint64_t got = outcome(p, ch, probe) == BIT(SL_E_UNSUPPORTED) ? known(l, n) : end_of(p);
    if (got == DONE || !got)
        got = l->content_fails > failed ? BIT(l->content_code) : l->contents > files ? DONE : SILENT;
    judge(p, got, good, what);
    return got;
}

void want_end(struct peer *p, const char *what)
{
    judge(p, peer_ends(p, ANSWER_MS) ? end_of(p) : SILENT, ENDED, what);
}

void want_alive(struct peer *p, uint8_t ch, const char *what)
{
    want(p, ch, ask_raw(p, ch, 60, NULL, 0), BIT(SL_E_UNSUPPORTED), what);
}

/* SPDX-License-Identifier: ISC */
/*
 * hostile_floods - attacks by mere number: against the server's memory (which is measured around every attack) and against its
 * time. Their size is scaled: --scale=1 is what a real attacker would do, a tenth of it is for every day.
 */
#include "config.h"
#include "tests/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { SMALL_WINDOW = 262144, LARGE_WINDOW = 1 << 30, SERVER_WINDOW = 8 * 1024 * 1024 };

static uint64_t scaled(const struct peer *p, double n)
{
    return (uint64_t)(n * p->plan->scale) + 1;
}

/* Gives the server time to work on what it has, without reading. */
static void let_work(struct peer *p, int ms)
{
    for (int i = 0; i < ms; i += 50) {
        peer_flush(p, 50);
        usleep(50000);
        peer_measure(p);
    }
}

/* ---- control ---- */

static void pings(struct peer *p)
{
    hello(p);
    p->deaf = true;
    uint64_t n = scaled(p, 1e6);
    for (uint64_t i = 0; i < n && !peer_over(p); i++) {
        control(p, 3, "12345678", 8);
        if (sl_buf_len(&p->tx) > SMALL_WINDOW && !peer_flush(p, 2000))
            break;
    }
    tell(p, "%llu sent without reading; ", (unsigned long long)n);
    p->deaf = false;
    want_alive(p, 1, "afterwards");
}

static void credits(struct peer *p)
{
    hello_with(p, SMALL_WINDOW, 0, "");
    uint64_t n = scaled(p, 1e6);
    for (uint64_t i = 0; i < n && !peer_over(p); i++) {
        credit(p, (uint8_t)(1 + i % 15), 1);
        if (sl_buf_len(&p->tx) > SMALL_WINDOW)
            peer_flush(p, 5000);
    }
    want(p, 1, ask_attach(p, 1, 0), DONE, "after many CREDITs of 1");
    for (int i = 0; i < 3; i++)
        credit(p, 2, (uint64_t)1 << 30);
    want_end(p, "three times 2^30");
}

/* More than the window on a channel that waits for credit itself. */
static void beyond_credit(struct peer *p)
{
    static const uint8_t zeros[65536];
    hello_with(p, SMALL_WINDOW, 0, "");
    p->stingy = true;
    ask_attach(p, 1, 0);
    for (int i = 0; i < 20000 && !peer_over(p); i++)     /* their answers are more than the window */
        ask_open(p, 1, 99, 100, "never-opened-and-so-refused");
    for (int i = 0; i < 400 && !peer_over(p); i++)
        ask_raw(p, 1, SL_MSG_DATA, zeros, sizeof zeros);
    want_end(p, "26 MB on one channel");
}

/* ---- what the server keeps ---- */

/* Makes a channel wait for credit, with requests that fail. */
static void block(struct peer *p, uint8_t ch)
{
    struct lane *l = peer_lane(p, ch);
    p->stingy = true;
    for (int i = 0; i < 10000 && !peer_over(p); i++)
        ask_open(p, ch, 99, 100, "never-opened");
    uint64_t was = 0;
    while (was != l->fail_count && !peer_over(p)) {      /* until it says no more */
        was = l->fail_count;
        for (int i = 0; i < 20; i++)
            peer_move(p, 10);
    }
}

/* Every channel waits, and every window is filled: 15 times 8 MiB, if it is kept. */
static void full_windows(struct peer *p)
{
    static const uint8_t zeros[65536];
    hello_with(p, SMALL_WINDOW, 0, "");
    for (uint8_t ch = 1; ch < LANES && !peer_over(p); ch++) {
        block(p, ch);
        for (int i = 0; i < 120 && !peer_over(p); i++)
            ask_raw(p, ch, SL_MSG_DATA, zeros, sizeof zeros);
        peer_flush(p, 2000);
        peer_measure(p);
    }
    tell(p, "%s; ", peer_over(p) ? "it was ended" : "all taken");
}

/* A window full of requests, each of which is answered with a text of 590 bytes, all at once. */
static void kept_requests(struct peer *p)
{
    hello_with(p, SMALL_WINDOW, 0, "");
    ask_attach(p, 1, 0);
    block(p, 1);
    for (int i = 0; i < (SERVER_WINDOW - 600000) / 10 && !peer_over(p); i++)
        ask_open(p, 1, 0, 1, "l");
    peer_flush(p, 2000);
    p->deaf = true;
    credit(p, 1, (uint64_t)1 << 30);
    let_work(p, 1000);
    tell(p, "%s; ", peer_over(p) ? "it was ended" : "all taken");
    p->deaf = false;
}

/* Requests that fail, without reading what they are answered, and with all the credit that there is. */
static void unread_failures(struct peer *p, uint8_t wants, const char *feature)
{
    hello_with(p, LARGE_WINDOW, wants, feature);
    ask_attach(p, 1, 0);
    peer_flush(p, 2000);
    p->deaf = true;
    uint64_t n = scaled(p, 2e7), i = 0;
    for (; i < n && !peer_over(p); i++) {
        peer_frame(p, 1, SL_MSG_OPEN_DIR, "\x63\1\1x", 4);
        if (sl_buf_len(&p->tx) > SMALL_WINDOW && !peer_flush(p, 1000))
            break;
    }
    peer_lane(p, 1)->asked += i;
    peer_measure(p);
    tell(p, "%llu sent; ", (unsigned long long)i);
}

static void unread(struct peer *p) { unread_failures(p, 0, ""); }
static void unread_compressed(struct peer *p)
{
    unread_failures(p, 1, "zlib");
}

/* Requests by the million, compressed to next to nothing: one reading of the server's becomes hundreds of MB of them. */
static void squeezed_requests(struct peer *p)
{
    enum { PLAIN = 1000000, OUT = 65536 };
    uint8_t *plain = sl_calloc(1, PLAIN), *out = sl_malloc(OUT);
    z_stream z = { 0 };
    p->uncounted = true;
    hello_with(p, LARGE_WINDOW, 0, "zlib");
    ask_attach(p, 1, 0);
    peer_flush(p, 2000);
    p->deaf = true;
    for (size_t at = 0; at + 10 <= PLAIN; at += 10)
        memcpy(plain + at, "\0\0\4\x11\1\0\x63\1\1x", 10);
    deflateInit(&z, 9);
    for (uint64_t i = 0, n = scaled(p, 1000); i < n && !peer_over(p); i++) {
        z.next_in = plain;
        z.avail_in = PLAIN;
        z.next_out = out;
        z.avail_out = OUT;
        deflate(&z, Z_SYNC_FLUSH);
        control(p, 7, out, OUT - z.avail_out);
    }
    deflateEnd(&z);
    let_work(p, 1000);
    free(plain);
    free(out);
}

static void unread_lists(struct peer *p)
{
    hello_with(p, LARGE_WINDOW, 0, "");
    ask_attach(p, 1, 0);
    peer_flush(p, 2000);
    p->deaf = true;
    for (int i = 0; i < 10000 && !peer_over(p); i++)
        ask_list(p, 1, 0, "", SL_LIST_RECURSE);
    let_work(p, 500);
}

static void unread_modules(struct peer *p)
{
    hello_with(p, LARGE_WINDOW, 0, "");
    ask_attach(p, 1, 0);
    peer_flush(p, 2000);
    p->deaf = true;
    uint64_t n = scaled(p, 1.3e6);
    for (uint64_t i = 0; i < n && !peer_over(p); i++)
        if (ask_raw(p, 1, SL_MSG_MODULES, NULL, 0), sl_buf_len(&p->tx) > SMALL_WINDOW)
            break;                       /* it takes no more */
    let_work(p, 1000);
    tell(p, "%llu asked; ", (unsigned long long)peer_lane(p, 1)->asked);
}

/* ---- owners ---- */

/* Entries, each of another owner with a name of 250 bytes, on every channel. */
static void owner_names(struct peer *p)
{
    char name[251];
    struct sl_entry e = entry_of(SL_TYPE_DIR, "dir");
    memset(name, 'o', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    e.user = e.group = name;
    hello(p);
    uint64_t each = scaled(p, 66000), last = 0;
    for (uint8_t ch = 1; ch < LANES && !peer_over(p); ch++) {
        if (ch > 1)
            ask_attach(p, ch, 0);
        for (uint32_t i = 1; i < each / 2 && !peer_over(p); i++) {
            snprintf(name, 12, "%010u", i);
            name[10] = 'o';
            e.uid = e.gid = i;
            last = ask_make(p, ch, SL_MSG_MKDIR, 0, &e, SL_META_UID | SL_META_GID, 0, NULL);
        }
        outcome(p, ch, last);
        peer_measure(p);
    }
    tell(p, "%llu names on each of 15 channels; ", (unsigned long long)each);
}

static void owner_questions(struct peer *p)
{
    char name[32];
    hello(p);
    uint64_t n = scaled(p, 70000), last = 0;
    for (uint64_t i = 1; i < n && !peer_over(p); i++) {
        struct sl_buf b = { 0 };
        snprintf(name, sizeof name, "nobody-%llu", (unsigned long long)i);
        struct sl_msg_owner m = { i % 2, (uint32_t)i, name, strlen(name) };
        sl_owner_encode(&b, &m);
        last = ask_buf(p, 1, SL_MSG_OWNER, &b);
    }
    want(p, 1, last, if_may(p, SL_RIGHT_LIST, DONE), "the last of many");
}

/* ---- time ---- */

/* Ids that all fall into one place of a table that is not keyed. */
static void colliding_ids(struct peer *p)
{
    hello(p);
    uint64_t last = 0;
    for (uint32_t i = 1; i < 4000; i++)
        ask_open(p, 1, 0, i << 16, "dir");
    last = ask_raw(p, 1, 60, NULL, 0);
    outcome(p, 1, last);
    uint64_t start = sl_now_ms();
    for (uint32_t i = 1; i <= 200; i++) {        /* always the one that all others lie behind */
        ask_close(p, 1, i << 16);
        ask_open(p, 1, 0, i << 16, "dir");
    }
    want_alive(p, 1, "after 200 closed and opened");
    uint64_t ms = sl_now_ms() - start;
    tell(p, "%llu ms; ", (unsigned long long)ms);
    if (ms > 500)
        bad(p, "200 COLLIDING IDS TOOK %llu ms", (unsigned long long)ms);
}

/* A deep chain of directories, used at both ends in turn: each descriptor was evicted and is opened again. */
static void deep_chain(struct peer *p)
{
    enum { DEEP = 250 };
    hello(p);
    ask_simple(p, 1, SL_MSG_MKDIR, 0, "h-deep", 0);
    ask_open(p, 1, 0, 1, "h-deep");
    for (uint32_t i = 1; i < DEEP; i++) {
        ask_simple(p, 1, SL_MSG_MKDIR, i, "d", 0);
        ask_open(p, 1, i, i + 1, "d");
    }
    for (uint32_t i = 0; i < 70; i++)
        ask_open(p, 1, 0, 3000 + i, "dir");
    want_alive(p, 1, "made");
    uint64_t start = sl_now_ms();
    for (uint32_t i = 0; i < 50; i++) {
        ask_open(p, 1, DEEP, 9999, "nothing");
        for (uint32_t k = 0; k < 70; k++)
            ask_open(p, 1, 3000 + k, 9999, "nothing");
    }
    want_alive(p, 1, "after 50 times");
    tell(p, "%llu ms; ", (unsigned long long)(sl_now_ms() - start));
}

/* A hole of 2^40 bytes is made with five requests and takes minutes to hash: the peer does not stay for that. */
static void endless_hash(struct peer *p)
{
    uint8_t hash[SL_HASH_LEN];
    struct sl_hash *h = sl_hash_new();
    uint8_t hole[SL_UV_MAX_BYTES];
    uint64_t size = UINT64_C(1) << 43;
    if (!may(p, SL_RIGHT_HASH)) {
        tell(p, "not tried: no right to hash; ");
        sl_hash_free(h);
        return;
    }
    hello(p);
    sl_hash_hole(h, size);
    sl_hash_end(h, hash);
    sl_hash_free(h);
    ask_simple(p, 1, SL_MSG_WRITE, 0, "h-hole", 0);
    ask_raw(p, 1, SL_MSG_HOLE, hole, sl_uv_put(hole, size));
    uint64_t made = ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash);
    want(p, 1, made, DONE | BIT(SL_E_EXISTS) | BIT(SL_E_RIGHTS) | BIT(SL_E_LIMIT) | BIT(SL_E_TOO_BIG), "a hole of 2^43");
    ask_named(p, 1, SL_MSG_HASH, 0, "h-hole");
    control(p, 6, NULL, 0);
    peer_flush(p, 2000);
    for (int i = 0; i < 10; i++)         /* what was left unread would be told to the server */
        peer_move(p, 20);
    tell(p, "HASH, BYE, and gone; ");
}

const struct attack flood_attacks[] = {
    { "flood-ping", pings, 0 },                    { "flood-credit", credits, 0 },             { "flood-beyond-credit", beyond_credit, 0 },
    { "flood-windows", full_windows, 0 },          { "flood-kept", kept_requests, WAITS },     { "flood-unread", unread, WAITS },
    { "flood-unread-compressed", unread_compressed, WAITS }, { "flood-squeezed", squeezed_requests, WAITS },
    { "flood-lists", unread_lists, WAITS },        { "flood-modules", unread_modules, WAITS }, { "flood-owner-names", owner_names, 0 },
    { "flood-owner-questions", owner_questions, 0 }, { "flood-colliding-ids", colliding_ids, 0 }, { "flood-deep", deep_chain, WRITES },
    { "flood-hash", endless_hash, WRITES },        { NULL, NULL, 0 },
};

/* SPDX-License-Identifier: ISC */
/* hostile_order - attacks by directory ids, by counts and lengths, and by requests out of order. */
#include "config.h"
#include "tests/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ids ---- */

static void ids(struct peer *p)
{
    uint64_t good = BIT(SL_E_INVALID);
    hello(p);
    want(p, 1, ask_open(p, 1, 9, 10, "dir"), good, "parent never opened");
    want(p, 1, ask_close(p, 1, 9), good, "close of one never opened");
    want(p, 1, ask_open(p, 1, 0, 0, "dir"), good, "the parent's own id");
    want(p, 1, ask_open(p, 1, 0, 1, "dir"), DONE, "dir as 1");
    want(p, 1, ask_open(p, 1, 0, 1, "many"), good, "1 again");
    want(p, 1, ask_close(p, 1, 0), DONE, "close of the root");
    want(p, 1, ask_close(p, 1, 0), good, "and again");
    want(p, 1, ask_open(p, 1, 0, 2, "dir"), good, "from the closed root");
    want(p, 1, ask_open(p, 1, 1, 0, "sub"), DONE, "a child as the root's old id");
    want(p, 1, ask_list(p, 1, 0, "", SL_LIST_RECURSE | SL_LIST_LINKS), if_may(p, SL_RIGHT_LIST, DONE), "list of it");
    want(p, 1, ask_open(p, 1, 1, SL_DIR_ID_MAX, "sub"), DONE, "id 2^32-1");
    want(p, 1, ask_close(p, 1, SL_DIR_ID_MAX), DONE, "close of it");
    want(p, 2, ask_open(p, 2, 1, 5, "sub"), good, "an id of another channel");
}

/* An id above 2^32 - 1, in each place where one may stand. */
static void ids_too_large(struct peer *p)
{
    static const uint8_t types[] = { SL_MSG_ATTACH, SL_MSG_OPEN_DIR, SL_MSG_CLOSE_DIR, SL_MSG_LIST, SL_MSG_HASH, SL_MSG_REMOVE };
    for (size_t i = 0; i < sizeof types; i++) {
        struct sl_buf b = { 0 };
        hello(p);
        sl_w_uv(&b, UINT64_C(1) << 32);
        if (types[i] == SL_MSG_LIST || types[i] == SL_MSG_OPEN_DIR || types[i] == SL_MSG_ATTACH)
            sl_w_uv(&b, 0);
        if (types[i] == SL_MSG_REMOVE)
            sl_w_u8(&b, 1);
        if (types[i] != SL_MSG_CLOSE_DIR)
            sl_w_bs(&b, "x", types[i] == SL_MSG_ATTACH ? 0 : 1);
        ask_buf(p, 1, types[i], &b);
        want_end(p, "id 2^32");
        peer_again(p);
    }
    hello(p);
}

static void many_opens(struct peer *p)
{
    hello(p);
    uint32_t n = (uint32_t)(1000000 * p->plan->scale);
    uint64_t last = 0;
    for (uint32_t i = 1; i <= n && !peer_over(p); i++) {
        last = ask_open(p, 1, 0, i, "dir");
        if (i % 65536 == 0)              /* or a busy server would rightly end it: more than the credit was sent */
            outcome(p, 1, last);
    }
    want(p, 1, last, BIT(SL_E_LIMIT), "the last of many");
    tell(p, "%u opened, %llu refused; ", n, (unsigned long long)peer_lane(p, 1)->by_code[SL_E_LIMIT]);
}

/* A chain of closed directories must count as well, or there is no end to it. */
static void closed_chain(struct peer *p)
{
    uint64_t last = 0;
    if (p->plan->scale < 1) {            /* to remove it takes a file system longer than all other attacks */
        tell(p, "not tried: for --scale=1; ");
        return;
    }
    hello(p);
    want(p, 1, ask_simple(p, 1, SL_MSG_MKDIR, 0, "h-chain", 0), DONE | BIT(SL_E_EXISTS), "mkdir");
    ask_open(p, 1, 0, 1, "h-chain");
    for (uint32_t i = 1; i < 6000 && !peer_over(p); i++) {
        ask_simple(p, 1, SL_MSG_MKDIR, i, "d", 0);
        last = ask_open(p, 1, i, i + 1, "d");
        ask_close(p, 1, i);
    }
    for (int i = 0; i < 10 && outcome(p, 1, last) == SILENT; i++)        /* every new one is opened from the top again */
        ;
    tell(p, "%llu refused for the limit; ", (unsigned long long)peer_lane(p, 1)->by_code[SL_E_LIMIT]);
    if (!peer_lane(p, 1)->by_code[SL_E_LIMIT])
        bad(p, "NO LIMIT TO CLOSED DIRECTORIES");
}

/* ---- counts and lengths: payloads that no encoder makes ---- */

#define P(type, bytes) { type, bytes, sizeof bytes - 1 }
static const struct { uint8_t type; const char *bytes; size_t len; } broken[] = {
    P(SL_MSG_OPEN_DIR, "\0\5\xff\xff\xff\xff\xff\xff\xff\xff\xff\1x"),        /* a name of 2^64-1 bytes */
    P(SL_MSG_OPEN_DIR, "\0\5\x80\x80\x80\x80\x80\x80\x80\x80\x80\1x"),        /* of 2^63 */
    P(SL_MSG_OPEN_DIR, "\0\5\x05""dir"),                                      /* beyond the payload */
    P(SL_MSG_OPEN_DIR, "\0\5\3dir!"),                                         /* trailing bytes */
    P(SL_MSG_OPEN_DIR, "\x80\0\5\3dir"),                                      /* a number longer than needed */
    P(SL_MSG_OPEN_DIR, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\5\3dir"),    /* more than 64 bits */
    P(SL_MSG_LIST, "\0\x80\x80\2\0"), P(SL_MSG_LIST, "\0\xff\xff\xff\xff\xff\1\0"), /* flags there are none of */
    P(SL_MSG_HOLE, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"),                 /* 2^63 bytes */
    P(SL_MSG_COMMIT, "0123456789abcde"), P(SL_MSG_COMMIT, "0123456789abcdefg"), P(SL_MSG_ABORT, "x"),
    P(SL_MSG_REMOVE, "\0\0\1x"), P(SL_MSG_REMOVE, "\0\x08\1x"), P(SL_MSG_OWNER, "\0\xff\xff\xff\xff\x1f\0"),
    P(SL_MSG_OWNER, "\0\1\3a\0b"), P(SL_MSG_SKIP, "\x80"), P(SL_MSG_SKIP, ""), P(SL_MSG_MODULES, "x"),
    P(SL_MSG_ATTACH, "\1\3\0"), P(SL_MSG_ATTACH, "\1\0\1x"), P(SL_MSG_ATTACH, "\1\2\3a/b"), P(SL_MSG_ATTACH, "\1\2\2.."),
    P(SL_MSG_ATTACH, "\1\2\0"), P(SL_MSG_ATTACH, ""), P(SL_MSG_CLOSE_DIR, ""), P(SL_MSG_HASH, "\0"),
    P(SL_MSG_SEED, "1234567"), P(SL_MSG_SEED, "123456789"), P(SL_MSG_CHUNKS, "\0\20\12\10\1x"), P(SL_MSG_CHUNKS, "\0\0\5\10\1x"),
    P(SL_MSG_CHUNKS, "\0\0\33\10\1x"), P(SL_MSG_CHUNKS, "\0\0\12\3\1x"), P(SL_MSG_CHUNKS, "\0\0\12\11\1x"),
    P(SL_MSG_CHUNKS, "\0\2\12\10\1x\0\1"), P(SL_MSG_CHUNKS, "\0\0\12\10\1x\0\0"), P(SL_MSG_CHUNKS, "\0\0\12\10\1x\0"),
    P(SL_MSG_CHUNKS, "\0\0\12\10\1x\1\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),      /* a range that ends beyond 2^63-1 */
    P(SL_MSG_READ_RANGES, "\0\1x"), P(SL_MSG_READ_RANGES, "\0\1x\0\0"), P(SL_MSG_READ_RANGES, "\0\1x\1"),
    P(SL_MSG_READ_SOME, "\0\1x\0"), P(SL_MSG_READ_SOME, "\0\1x\0\0"), P(SL_MSG_READ_SOME, "\0\1x\0\1\0\2"), P(SL_MSG_READ_SOME, "\0\1x\0\1\1\1"),
    P(SL_MSG_READ_SOME, "\0\1x\0\2\0\0"), P(SL_MSG_READ_SOME, "\0\1x\1\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),    /* ends beyond 2^63-1 */
    P(SL_MSG_BASIS, "\0\2\1x"), P(SL_MSG_BASIS, "\0\0\1x?"), P(SL_MSG_COPY, "\4\0\1"), P(SL_MSG_COPY, "\0\0\0"),
    P(SL_MSG_COPY, "\0\0\x81\x80\x40"), P(SL_MSG_COPY, "\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f\1"),
    P(SL_MSG_KEPT_IN, ""), P(SL_MSG_KEPT_IN, "\0"), P(SL_MSG_KEPT_IN, "\2.."), P(SL_MSG_KEPT_IN, "\3a/b"), P(SL_MSG_KEPT_IN, "\3a\0b"),
    P(SL_MSG_PART, ""), P(SL_MSG_PART, "\0\0" "0abc/efg" "\1f\0\1"), P(SL_MSG_PART, "\0\0" "0ab\0defg" "\1f\0\1"),
    P(SL_MSG_PART, "\0\0" "0abcdef" "\1f\0\1"), P(SL_MSG_PART, "\0\0" "0abcdefgh" "\1f\0\1"), P(SL_MSG_PART, "\0\0" "abcdefgh" "\1f\0\1"),
    P(SL_MSG_PART, "\0\0" "../../.." "\1f\0\1"), P(SL_MSG_PART, "\0\0" "0ABCDEFG" "\1f\0\1"), P(SL_MSG_PART, "\0\1" "0abcdefg" "\1f\0\1"),
    P(SL_MSG_PART, "\0\0" "0abcdefg" "\1f\2\1"),                           /* begins behind the end */
    P(SL_MSG_PART, "\0\0" "0abcdefg" "\1f\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"), P(SL_MSG_DROP, "\0\2" "0abcdefg" "\1f"),
    P(SL_MSG_DROP, "\0\0" "0abc.efg" "\1f"), P(SL_MSG_DROP, "\0\0" "0abcdefg" "\1f!"), P(SL_MSG_DROP, "\0\0" "0abcdefg" "\3a/b"),
    P(SL_MSG_ATTRS, ""), P(SL_MSG_ATTRS, "\4"), P(SL_MSG_ATTRS, "\200\4\0"), P(SL_MSG_ATTRS, "\0x"), P(SL_MSG_GET_ATTRS, "\0\0\3a/b"),
    P(SL_MSG_GET_ATTRS, "\0\200\4\1a"), P(SL_MSG_GET_ATTRS, "\0\0\1ax"),
    P(SL_MSG_BACKUP, ""), P(SL_MSG_BACKUP, "\0\1a\0\1b\10"), P(SL_MSG_BACKUP, "\0\1a\0\1b\4\1"), P(SL_MSG_BACKUP, "\0\1a\0\3a/b\0"),
    P(SL_MSG_RESERVE, ""), P(SL_MSG_RESERVE, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"), P(SL_MSG_RESERVE, "\1x"), P(SL_MSG_STAGE_IN, ""), P(SL_MSG_STAGE_IN, "\0x"),
    P(SL_MSG_RELEASE, ""), P(SL_MSG_RELEASE, "\0\2\1a"), P(SL_MSG_RELEASE, "\0\1\3a/b"), P(SL_MSG_RELEASE, "\0\1\1ax"),
    P(SL_MSG_LINK, ""), P(SL_MSG_LINK, "\0\1a\0\1b\2"), P(SL_MSG_RENAME, "\0\1a\0\1b"), P(SL_MSG_RENAME, "\0\1a\0\1b\0x"), P(SL_MSG_RENAME, "\0\2..\0\1b\0"),
    P(SL_MSG_KEPT_IN, "\1ab"), P(SL_MSG_KEEP, ""), P(SL_MSG_KEEP, "\0x"), P(SL_MSG_KEEP, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"),
};
/* Of requests with an entry: meta, flags, entry. */
static const struct { uint8_t type; const char *bytes; size_t len; } entries[] = {
    P(SL_MSG_MKDIR, "\0\x20\0\x42\1d\0\0\0\0\0\0"),                           /* meta there is none of */
    P(SL_MSG_MKDIR, "\0\0\x20\x42\1d\0\0\0\0\0\0"), P(SL_MSG_MKDIR, "\0\0\0\x40\1d\0\0\0\0\0\0"),  /* flag; type 0 */
    P(SL_MSG_MKDIR, "\0\0\0\xc2\1d\0\0\0\0\0\0"), P(SL_MSG_MKDIR, "\0\0\0\x41\1d\0\0\0\0\0\0\0"), /* bit 7; a file */
    P(SL_MSG_MKDIR, "\0\0\0\x42\x11""d\0\0\0\0\0\0"),                         /* shares a byte with no predecessor */
    P(SL_MSG_MKDIR, "\0\0\0\x42\xf1\xff\xff\3d\0\0\0\0\0\0"), P(SL_MSG_MKDIR, "\0\0\0\x42\x0f\xff\xff\3d\0\0\0\0\0\0"),
    P(SL_MSG_MKDIR, "\0\0\0\x42\1d\x80\x20\0\0\0\0\0"),                       /* mode 010000 */
    P(SL_MSG_MKDIR, "\0\0\0\x42\1d\0\xff\xff\xff\xff\x1f\0\0\0\0"),           /* user 2^33-1 */
    P(SL_MSG_MKDIR, "\0\0\0\x42\1d\0\5\xff\xff\3x\0\0\0"), P(SL_MSG_MKDIR, "\0\0\0\x42\1d\0\5\3a\0b\0\0\0"),
    P(SL_MSG_MKDIR, "\0\0\0\2\1d\0\0\0\0\0\0\x3b\x9a\xca\0"),                 /* 10^9 nanoseconds */
    P(SL_MSG_MKDIR, "\0\0\0\x62\1d\0\0\0\0\0"),                               /* same time, and no nanoseconds */
    P(SL_MSG_WRITE, "\0\0\0\x41\1f\0\0\0\0\0\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\1"),    /* size 2^63 */
    P(SL_MSG_SYMLINK, "\0\0\0\x43\1l\0\0\0\0\0\0\x80\x20"), P(SL_MSG_SYMLINK, "\0\0\0\x43\1l\0\0\0\0\0\0\3a\0b"),
    P(SL_MSG_MKNOD, "\0\0\0\x44\1c\0\0\0\0\0\0\xff\xff\xff\xff\x1f\0"), P(SL_MSG_MKNOD, "\0\0\0\x41\1c\0\0\0\0\0\0\0"),
    P(SL_MSG_SYMLINK, "\0\0\0\x46\1c\0\0\0\0\0\0"), P(SL_MSG_PUT, "\0\0\0\x41\1f\0\0\0\0\0\0\0short hash"),
    P(SL_MSG_JOIN, "\0\0\0\x41\1f\0\0\0\0\0\0\0" "0abcdef"), P(SL_MSG_JOIN, "\0\0\0\x41\1f\0\0\0\0\0\0\0" "0abc/efg"),
    P(SL_MSG_JOIN, "\0\0\x20\x41\1f\0\0\0\0\0\0\0" "0abcdefg"), P(SL_MSG_JOIN, "\0\0\0\x42\1d\0\0\0\0\0\0" "0abcdefg"),
    P(SL_MSG_SET_META, "\0\0\0"), P(SL_MSG_SET_META, "\0\0\0\xff"),
};
#undef P

static void malformed(struct peer *p)
{
    char what[32];
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        hello(p);
        ask_raw(p, 1, broken[i].type, broken[i].bytes, broken[i].len);
        snprintf(what, sizeof what, "%u.%zu", broken[i].type, i);
        want_end(p, what);
        peer_again(p);
    }
    hello(p);
}

static void malformed_entry(struct peer *p)
{
    char what[32];
    bool decoded = p->plan->rights & (SL_RIGHT_CREATE | SL_RIGHT_META);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        hello(p);
        uint64_t n = ask_raw(p, 1, entries[i].type, entries[i].bytes, entries[i].len);
        snprintf(what, sizeof what, "%u.%zu", entries[i].type, i);
        if (decoded)
            want_end(p, what);
        else
            want(p, 1, n, BIT(SL_E_RIGHTS), what);
        peer_again(p);
    }
    hello(p);
}

/* Lists of names to read: too many, none, and one that shares what is not there. */
static void read_lists(struct peer *p)
{
    struct sl_buf b = { 0 };
    uint64_t refused = if_may(p, SL_RIGHT_READ, BIT(SL_E_LIMIT) | BIT(SL_E_INVALID) | ENDED);
    hello(p);
    sl_w_uv(&b, 0);
    for (int i = 0; i < 4097; i++)
        sl_w_raw(&b, i ? "\x10" : "\1x", i ? 1 : 2);
    want(p, 1, ask_buf(p, 1, SL_MSG_READ, &b), refused, "4097 names");
    want(p, 1, ask_raw(p, 1, SL_MSG_READ, "\0", 1), refused, "no names");
    want(p, 1, ask_raw(p, 1, SL_MSG_READ, "\0\x21x", 3), refused, "shared with nothing");
    want(p, 1, ask_raw(p, 1, SL_MSG_READ, "\0\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\1x", 13), refused, "a name of 2^64 bytes");
}

static void put_sizes(struct peer *p)
{
    uint8_t hash[SL_HASH_LEN];
    struct sl_entry e = entry_of(SL_TYPE_FILE, "h-size");
    hello(p);
    struct sl_buf b = { 0 };
    char *large = sl_calloc(1, SL_PUT_MAX + 1);
    sl_hash_once("xy", 2, hash);
    e.size = INT64_MAX;
    struct sl_msg_put m = { .meta = 0, .entry = e, .hash = hash };
    struct lane *l = peer_lane(p, 1);
    sl_put_encode(&b, l->enc, &m);
    sl_buf_add(&b, "xy", 2);
    want(p, 1, ask_buf(p, 1, SL_MSG_PUT, &b), if_may(p, SL_RIGHT_CREATE, BIT(SL_E_INVALID) | ENDED), "size 2^63-1 of 2 bytes");
    if (!peer_over(p) && may(p, SL_RIGHT_CREATE)) {
        e.size = SL_PUT_MAX + 1;
        m.entry = e;
        sl_put_encode(&b, l->enc, &m);
        sl_buf_add(&b, large, SL_PUT_MAX + 1);
        ask_buf(p, 1, SL_MSG_PUT, &b);
        want_end(p, "131,073 bytes");
    }
    free(large);
}

/* ---- order ---- */

/* Nothing is attached: there are no directories, and no rights. */
static void before_attach(struct peer *p)
{
    uint64_t good = BIT(SL_E_RIGHTS) | BIT(SL_E_INVALID);
    greet(p);
    for (uint8_t type = SL_MSG_OPEN_DIR; type <= SL_MSG_HASH; type++) {
        char what[32];
        if (type == SL_MSG_SKIP || (type >= SL_MSG_DATA && type <= SL_MSG_ABORT) || type == SL_MSG_OWNER || type == SL_MSG_CLOSE_DIR)
            continue;
        snprintf(what, sizeof what, "type %u", type);
        want(p, 1, ask_bytes(p, 1, type, 0, "dir", 3), good, what);
    }
    for (uint8_t type = SL_MSG_PART; type <= SL_MSG_DROP; type++)
        want(p, 1, ask_bytes(p, 1, type, 0, "dir", 3), good, "parts");
    for (uint8_t type = SL_MSG_LINK; type <= SL_MSG_RENAME; type++)
        want(p, 1, ask_move(p, 1, type, "file", "h-o-moved", 0), good, "another name");
    want(p, 1, ask_move(p, 1, SL_MSG_BACKUP, "file", "h-o-moved", 0), good, "a backup");
    want(p, 1, ask_named(p, 1, SL_MSG_RELEASE, 0, "h-o-moved"), good, "a release");
    want(p, 1, ask_raw(p, 1, SL_MSG_STAGE_IN, "\0", 1), good, "staging");
    want(p, 1, ask_raw(p, 1, SL_MSG_RESERVE, "\1", 1), DONE | BIT(SL_E_INVALID), "room");
    want(p, 1, ask_close(p, 1, 0), good, "close");
    want(p, 1, ask_raw(p, 1, SL_MSG_OWNER, "\0\0\4root", 7), BIT(SL_E_RIGHTS), "owner");
}

static void attach_again(struct peer *p)
{
    static const char other[] = "\7\2\5other", home[] = "\7\1\0", root[] = "\7\0\0", nothing[] = "\7\2\7nothing";
    bool module = p->plan->module != NULL;
    uint64_t good = BIT(SL_E_INVALID) | BIT(SL_E_NO_MODULE);
    hello(p);
    want(p, 1, ask_raw(p, 1, SL_MSG_ATTACH, other, sizeof other - 1), good, "another module");
    want(p, 1, ask_raw(p, 1, SL_MSG_ATTACH, nothing, sizeof nothing - 1), good, "a module that is not there");
    if (module) {
        want(p, 1, ask_raw(p, 1, SL_MSG_ATTACH, home, sizeof home - 1), good, "home");
        want(p, 1, ask_raw(p, 1, SL_MSG_ATTACH, root, sizeof root - 1), good, "root");
        want(p, 2, ask_raw(p, 2, SL_MSG_ATTACH, root, sizeof root - 1), good, "root, first");
    } else {
        want(p, 1, ask_raw(p, 1, SL_MSG_ATTACH, home, sizeof home - 1), DONE, "home");
        want(p, 1, ask_list(p, 1, 7, "", SL_LIST_RECURSE), if_may(p, SL_RIGHT_LIST, DONE), "list of it");
    }
    want(p, 1, ask_attach(p, 1, 0), BIT(SL_E_INVALID), "the same id");
    if (peer_lane(p, 1)->rights != (p->plan->rights & 1023))
        bad(p, "RIGHTS ARE %u", peer_lane(p, 1)->rights);
}

static void write_order(struct peer *p)
{
    uint8_t hash[SL_HASH_LEN] = { 1 };
    uint64_t invalid = BIT(SL_E_INVALID);
    hello(p);
    want(p, 1, ask_raw(p, 1, SL_MSG_DATA, "x", 1), invalid, "DATA alone");
    want(p, 1, ask_raw(p, 1, SL_MSG_HOLE, "\5", 1), invalid, "HOLE alone");
    want(p, 1, ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash), invalid, "COMMIT alone");
    want(p, 1, ask_raw(p, 1, SL_MSG_ABORT, NULL, 0), invalid, "ABORT alone");
    want(p, 1, ask_raw(p, 1, SL_MSG_COPY, "\0\0\1", 3), invalid, "COPY alone");
    want(p, 1, ask_raw(p, 1, SL_MSG_KEEP, "\5", 1), invalid, "KEEP alone");
    want(p, 2, ask_attach(p, 2, 0), DONE, "a second channel");
    want(p, 2, ask_raw(p, 2, SL_MSG_KEPT_IN, "\2in", 3), if_may(p, SL_RIGHT_OVERWRITE | SL_RIGHT_DELETE, DONE), "KEPT_IN");
    want(p, 1, ask_named(p, 1, SL_MSG_BASIS, 0, "file"), if_may(p, SL_RIGHT_READ, invalid), "BASIS alone");
    if (may(p, SL_RIGHT_CREATE | SL_RIGHT_READ)) {
        ask_simple(p, 1, SL_MSG_WRITE, 0, "h-order", 0);
        want(p, 1, ask_raw(p, 1, SL_MSG_COPY, "\0\0\1", 3), invalid, "COPY of no basis");
        ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
        ask_simple(p, 1, SL_MSG_WRITE, 0, "h-order", 0);
        for (int i = 0; i < 4; i++)
            ask_named(p, 1, SL_MSG_BASIS, 0, "file");
        want(p, 1, ask_raw(p, 1, SL_MSG_COPY, "\3\0\1", 3), DONE, "COPY");
        want(p, 1, ask_raw(p, 1, SL_MSG_COPY, "\3\7\1", 3), BIT(SL_E_CHANGED), "COPY behind the end");
        want(p, 1, ask_raw(p, 1, SL_MSG_COPY, "\0\0\1", 3), DONE, "COPY, passed over");
        ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
        ask_simple(p, 1, SL_MSG_WRITE, 0, "h-order", 0);
        for (int i = 0; i < 4; i++)
            ask_named(p, 1, SL_MSG_BASIS, 0, "file");
        want(p, 1, ask_named(p, 1, SL_MSG_BASIS, 0, "file"), BIT(SL_E_LIMIT), "a fifth BASIS");
        ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    }
    want(p, 1, ask_simple(p, 1, SL_MSG_WRITE, 0, "h-order", 0), if_may(p, SL_RIGHT_CREATE, DONE), "WRITE");
    uint64_t again = ask_simple(p, 1, SL_MSG_WRITE, 0, "h-order2", 0), data = ask_raw(p, 1, SL_MSG_DATA, "x", 1);
    uint64_t commit = ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash);
    want(p, 1, again, if_may(p, SL_RIGHT_CREATE, invalid), "WRITE again");
    want(p, 1, data, DONE, "DATA, passed over");
    want(p, 1, commit, DONE, "COMMIT, passed over");
    ask_simple(p, 1, SL_MSG_WRITE, 0, "h-order", 0);
    ask_raw(p, 1, SL_MSG_DATA, "x", 1);
    want(p, 1, ask_raw(p, 1, SL_MSG_COMMIT, hash, sizeof hash), may(p, SL_RIGHT_CREATE) ? BIT(SL_E_CORRUPT) : DONE, "COMMIT, wrong hash");
    ask_simple(p, 1, SL_MSG_WRITE, 0, "h-order", 0);
    uint64_t first = ask_raw(p, 1, SL_MSG_HOLE, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9);
    uint64_t second = ask_raw(p, 1, SL_MSG_HOLE, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9);
    uint64_t end = ask_raw(p, 1, SL_MSG_ABORT, NULL, 0);
    want(p, 1, first, DONE | BIT(SL_E_TOO_BIG) | BIT(SL_E_INVALID) | BIT(SL_E_IO), "HOLE of 2^63-1");
    want(p, 1, second, DONE | BIT(SL_E_TOO_BIG), "twice");
    want(p, 1, end, DONE, "ABORT");
    ask_simple(p, 1, SL_MSG_WRITE, 0, "h-left", 0);      /* and goes: nothing of it may stay */
    ask_raw(p, 1, SL_MSG_DATA, "x", 1);
    want_alive(p, 1, "still there");
}

static void unknown_types(struct peer *p)
{
    char what[32];
    hello(p);
    for (unsigned type = 0; type < 256; type++)
        if (type < SL_MSG_ATTACH || (type > SL_MSG_STATFS && (type < SL_MSG_BACKUP || type > SL_MSG_STAGE_IN) && type != SL_MSG_READ_SOME)) {
            uint64_t n = ask_raw(p, 1, (uint8_t)type, "??", 2);
            snprintf(what, sizeof what, "type %u", type);
            if (outcome(p, 1, n) != BIT(SL_E_UNSUPPORTED))
                bad(p, "%s WAS NOT REFUSED", what);
        }
    want_alive(p, 1, "after all of them");
}

static void hello_order(struct peer *p)
{
    ask_attach(p, 1, 0);
    if (!peer_ends(p, 5000) || p->bytes_in)
        bad(p, "IT TALKS WITH A STRANGER");
    peer_again(p);
    peer_raw(p, SL_PREFACE, SL_PREFACE_LEN);
    ask_attach(p, 1, 0);
    want_end(p, "a request before HELLO");
    peer_again(p);
    hello(p);
    hello_with(p, 1 << 20, 0, "");
    want_end(p, "HELLO twice");
    peer_again(p);
    greet(p);
    control(p, 6, NULL, 0);
    ask_attach(p, 1, 0);
    want_end(p, "a request after BYE");
}

/* Uses up the credit of channel 1, but for about `left` bytes, with answers that are 27 bytes of text each. */
static void spend_credit(struct peer *p, uint64_t *spent, uint64_t window, uint64_t left)
{
    struct lane *l = peer_lane(p, 1);
    while (!peer_over(p) && *spent + left < window) {
        uint64_t was = l->consumed;
        outcome(p, 1, ask_open(p, 1, 99, 100, "x"));
        *spent += l->consumed - was;
    }
}

/* What one long request left behind must not get into the answer of the next: a listing, then content and a hash on the same
 * channel, with so little credit that a frame has no room for more than it should hold. */
static void list_then_read(struct peer *p)
{
    enum { WINDOW = 262144 };
    struct lane *l = peer_lane(p, 1);
    for (int hash = 0; hash < 2; hash++) {
        hello_with(p, WINDOW, 0, "");
        p->stingy = true;
        l = peer_lane(p, 1);
        outcome(p, 1, ask_attach(p, 1, 0));
        want(p, 1, ask_list(p, 1, 0, "many", SL_LIST_RECURSE), if_may(p, SL_RIGHT_LIST, DONE), "a long listing");
        uint64_t spent = l->consumed;
        if (hash) {
            want(p, 1, ask_named(p, 1, SL_MSG_HASH, 0, "file"), if_may(p, SL_RIGHT_HASH, DONE), "then a hash");
        } else {
            spend_credit(p, &spent, WINDOW, 8800);
            want_read(p, 1, 0, "nothing", if_may(p, SL_RIGHT_READ, BIT(SL_E_NOT_FOUND)), "then what is not there, with little credit");
        }
        if (!hash)
            peer_again(p);
    }
}

/* What is wrong in a HELLO; 262143 bytes of window are too few. */
static void hello_fields(struct peer *p)
{
    static const struct { const char *what, *bytes; size_t len; } bad_hellos[] = {
        { "version 0", "\0\1\x80\x80\4\x80\x80\x20\0\0\0\0", 12 }, { "versions 2 to 1", "\2\1\x80\x80\4\x80\x80\x20\0\0\0\0", 12 },
        { "frames of 65535", "\1\1\xff\xff\3\x80\x80\x20\0\0\0\0", 12 }, { "window of 262143", "\1\1\x80\x80\4\xff\xff\x0f\0\0\0\0", 12 },
        { "window over 2^30", "\1\1\x80\x80\4\x81\x80\x80\x80\4\0\0\0\0", 14 }, { "65 features", "\1\1\x80\x80\4\x80\x80\x20\0\0\0\x41\1a", 14 },
        { "2^63 features", "\1\1\x80\x80\4\x80\x80\x20\0\0\0\x80\x80\x80\x80\x80\x80\x80\x80\x80\1", 21 },
        { "a feature's name", "\1\1\x80\x80\4\x80\x80\x20\0\0\0\1\1A", 14 }, { "cut", "\1\1\x80\x80", 4 }, { "empty", "", 0 },
        { "NUL in the program", "\1\1\x80\x80\4\x80\x80\x20\0\0\3a\0b\0", 15 },
    };
    for (size_t i = 0; i < sizeof bad_hellos / sizeof bad_hellos[0]; i++) {
        peer_raw(p, SL_PREFACE, SL_PREFACE_LEN);
        control(p, 1, bad_hellos[i].bytes, bad_hellos[i].len);
        want_end(p, bad_hellos[i].what);
        peer_again(p);
    }
    peer_raw(p, SL_PREFACE, SL_PREFACE_LEN);
    control(p, 1, "\2\x7f\x80\x80\4\x80\x80\x20\0\0\0\0", 12);
    if (!peer_ends(p, 5000) || p->error != SL_E_VERSION)
        bad(p, "VERSIONS 2 TO 127: ERROR %d", p->error);
}

/* A module that may be attached once, and another behind it: the first must still count. */
static void two_modules(struct peer *p)
{
    struct peer *other = sl_calloc(1, sizeof *other);
    if (!p->plan->limited || !p->plan->module) {
        tell(p, "not tried: no --limited module; ");
        free(other);
        return;
    }
    greet(p);
    want(p, 1, ask_module(p, 1, 0, p->plan->limited), DONE, "the one that is limited");
    uint64_t second = ask_module(p, 2, 0, p->plan->module);
    want(p, 2, second, DONE | BIT(SL_E_INVALID) | BIT(SL_E_LIMIT), "another");
    peer_open(other, p->plan);
    greet(other);
    uint64_t got = outcome(other, 1, ask_module(other, 1, 0, p->plan->limited));
    if (got == DONE)
        bad(p, "TWO SESSIONS ARE IN A MODULE FOR ONE");
    peer_close(other);
    free(other);
}

/* Text for the server's log: it must neither begin a line nor move a cursor there (the test that starts the server looks). */
static void log_lines(struct peer *p)
{
    static const char text[] = "\x1c\x2f\033[2J\nsuperlifter-server: all is well\r\x9b" "31m\x7f........";
    hello(p);
    control(p, 5, text, 2 + 0x2f);
    if (!peer_ends(p, 5000))
        bad(p, "IT GOES ON AFTER AN ERROR");
}

const struct attack order_attacks[] = {
    { "ids", ids, 0 },                           { "ids-too-large", ids_too_large, 0 },   { "ids-too-many", many_opens, 0 },
    { "chain-of-closed-ids", closed_chain, WRITES }, { "count-malformed", malformed, 0 },    { "count-entries", malformed_entry, 0 },
    { "count-read", read_lists, 0 },             { "count-put", put_sizes, 0 },           { "order-before-attach", before_attach, 0 },
    { "order-attach-again", attach_again, 0 },   { "order-write", write_order, 0 },       { "order-unknown-types", unknown_types, 0 },
    { "order-hello", hello_order, 0 },           { "order-hello-fields", hello_fields, 0 }, { "order-log", log_lines, 0 },
    { "limit-two-modules", two_modules, 0 },
    { "order-list-then-read", list_then_read, 0 },
    { NULL, NULL, 0 },
};

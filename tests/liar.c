/* SPDX-License-Identifier: ISC */
/*
 * liar - a server whose chunk lists are wrong: it stands between a client and real servers.
 *
 *   liar other SERVER... -- SERVER...   what is asked on channel 3 goes to the second server, which has another tree: its lists are well
 *                                       formed and match what is not there, as if hashes had collided (the hash of
 *                                       the whole file stays the true one)
 *   liar huge|short|long|wide SERVER... lists of petabytes; of a byte less; of chunks that are longer than they may be; with a hole of 2^62 bytes
 *   liar up|down SERVER...              compressed frames to or from the server are garbage
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PREFACE = 12, HEAD = 6, HASH_CHANNEL = 3, CHUNKS = 37, FAIL = 65, CHUNKED = 72, CREDIT = 2, DEFLATE = 7, ZSTD = 8, BUF = 4 << 20, MARKS = 16 };

struct side { int in, out; uint8_t *buf; size_t len; bool greeted, eof; };
static struct side client = { .in = 0, .out = 1 }, servers[2];
static int count;
static const char *mode;
static size_t hash_bytes;                        /* of the list asked for last, and of its marks */
static uint8_t asked[1 << 16], true_hash[16];    /* CHUNKS that wait until the truth about the file is known */
static size_t asked_len;

static void put(struct side *s, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t k = write(s->out, p, n);
        if (k < 0 && errno != EINTR)
            exit(0);
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
    }
}

static void start(struct side *s, char **argv)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        exit(99);
    if (fork() == 0) {
        dup2(pair[1], 0);
        dup2(pair[1], 1);
        execv(argv[0], argv);
        _exit(99);
    }
    close(pair[1]);
    s->in = s->out = pair[0];
    s->buf = malloc(BUF);
    count++;
}

/* ---- lies ---- */

static size_t uv(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    for (; v >= 128; v >>= 7)
        p[n++] = (uint8_t)(v | 128);
    p[n++] = (uint8_t)v;
    return n;
}

/* The last frame of a list: its head stays, one record more or less is in it. */
static void lie(const uint8_t *f)
{
    uint8_t out[HEAD + 128];
    size_t n = HEAD, at = HEAD;
    while (f[at++] & 128)
        ;
    at += f[at] & 2 ? 17 : 1;
    memcpy(out, f, at);
    n = at;
    if (strcmp(mode, "wide") == 0) {
        n += uv(out + n, (uint64_t)1 << 63 | 1);
        out[2] = (uint8_t)(n - HEAD);
        out[0] = out[1] = 0;
        put(&client, out, n);
        return;
    }
    if (strcmp(mode, "short") == 0) {
        n += uv(out + n, 100 << 1);
    } else {
        n += uv(out + n, (uint64_t)1 << (strcmp(mode, "huge") == 0 ? 51 : 23));
    }
    memset(out + n, 7, hash_bytes);
    n += hash_bytes;
    out[0] = 0;
    out[1] = 0;
    out[2] = (uint8_t)(n - HEAD);
    put(&client, out, n);
}

/* ---- frames ---- */

/* Where the content hash stands in the last frame of a list; NULL: nowhere. */
static uint8_t *hash_in(uint8_t *f)
{
    size_t at = HEAD;
    if (f[3] != CHUNKED || !(f[5] & 1))
        return NULL;
    while (f[at++] & 128)
        ;
    return f[at] & 2 ? f + at + 1 : NULL;
}

static size_t length(const uint8_t *f)
{
    return HEAD + ((size_t)f[0] << 16 | (size_t)f[1] << 8 | (size_t)f[2]);
}

/* The first CHUNKS that waits goes to the second server. */
static void release(void)
{
    size_t n = length(asked);
    put(&servers[1], asked, n);
    asked_len -= n;
    memmove(asked, asked + n, asked_len);
}

/* Whether a frame is a compressed one that is to be made garbage; then it is. */
static bool garbled(uint8_t *f, size_t n, const char *when)
{
    if (strcmp(mode, when) != 0 || f[4] != 0 || (f[3] != DEFLATE && f[3] != ZSTD))
        return false;
    for (size_t i = HEAD; i < n; i++)
        f[i] = (uint8_t)(f[i] * 7 + i);
    return true;
}

static void from_server(int which, uint8_t *f, size_t n)
{
    if (garbled(f, n, "down") || strcmp(mode, "up") == 0 || strcmp(mode, "down") == 0) {
        put(&client, f, n);
        return;
    }
    uint8_t *hash = hash_in(f);
    if (count == 2 && hash && which == 0)
        memcpy(true_hash, hash, sizeof true_hash);
    if (count == 2 && hash && which == 1)
        memcpy(hash, true_hash, sizeof true_hash);
    if (count == 2 && which == 0 && asked_len && f[4] == HASH_CHANNEL && (f[3] == FAIL || (f[3] == CHUNKED && f[5] & 1)))
        release();
    uint8_t type = f[3], channel = f[4];
    bool hashes = channel == HASH_CHANNEL || (channel == 0 && type == CREDIT && f[HEAD] == HASH_CHANNEL);
    if (count == 2 && hashes != (which == 1))
        return;
    if (count == 1 && type == CHUNKED) {
        if (f[5] & 1)
            lie(f);
        return;
    }
    put(&client, f, n);
}

static void from_client(uint8_t *f, size_t n)
{
    garbled(f, n, "up");
    uint8_t type = f[3], channel = f[4];
    bool hashes = channel == HASH_CHANNEL || (channel == 0 && type == CREDIT && f[HEAD] == HASH_CHANNEL);
    if (channel == HASH_CHANNEL && type == CHUNKS) {
        size_t at = HEAD;
        while (f[at++] & 128)
            ;
        hash_bytes = f[at + 2] + (f[at] & MARKS ? 4u : 0);
    }
    put(&servers[0], f, n);
    if (count == 1)
        return;
    if (channel == HASH_CHANNEL && type == CHUNKS) {
        memcpy(asked + asked_len, f, n);
        asked_len += n;
    } else if (hashes || (channel == 0 && type != CREDIT)) {
        put(&servers[1], f, n);
    }
}

static void take(struct side *s, int which)
{
    size_t at = 0;
    ssize_t k = read(s->in, s->buf + s->len, BUF - s->len);
    if (k <= 0) {
        s->eof = true;
        return;
    }
    s->len += (size_t)k;
    if (!s->greeted && s->len < PREFACE)
        return;
    if (!s->greeted) {
        at = PREFACE;
        s->greeted = true;
        for (int i = 0; which < 0 && i < count; i++)
            put(&servers[i], s->buf, PREFACE);
        if (which == 0)
            put(&client, s->buf, PREFACE);
    }
    while (s->len - at >= HEAD) {
        uint8_t *f = s->buf + at;
        size_t n = length(f);
        if (s->len - at < n)
            break;
        if (which < 0)
            from_client(f, n);
        else
            from_server(which, f, n);
        at += n;
    }
    s->len -= at;
    memmove(s->buf, s->buf + at, s->len);
}

int main(int argc, char **argv)
{
    int second = 2;
    if (argc < 3)
        return 2;
    mode = argv[1];
    while (second < argc && strcmp(argv[second], "--") != 0)
        second++;
    argv[second] = NULL;
    start(&servers[0], argv + 2);
    if (second + 1 < argc)
        start(&servers[1], argv + second + 1);
    client.buf = malloc(BUF);
    while (!client.eof && !servers[0].eof) {
        struct pollfd fds[3] = { { client.in, POLLIN, 0 }, { servers[0].in, POLLIN, 0 }, { servers[1].in, POLLIN, 0 } };
        if (poll(fds, count == 2 && !servers[1].eof ? 3 : 2, -1) < 0 && errno != EINTR)
            return 1;
        if (fds[0].revents)
            take(&client, -1);
        for (int i = 0; i < count; i++)
            if (fds[1 + i].revents && !servers[i].eof)
                take(&servers[i], i);
    }
    return 0;
}

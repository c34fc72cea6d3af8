/* SPDX-License-Identifier: ISC */
/*
 * fuzz_requests - what a client that has greeted and attached may ask: the input is requests, each a byte for its type, one for
 * channel and the size of the step in which it is fed, two for its length, and its payload; of a type with the highest bit, which is none, the
 * first byte of that is the frame's flags. Of the channels those are used that a client has
 * for its jobs, and some of those for further listings, beyond what an old server knows. The tree is small and made anew each
 * time; every right is given, but of inputs of odd length: they are for a module that hides something, and in which
 * of every second length nothing may be replaced.
 */
#include "config.h"
#include "base/mem.h"
#include "proto/conn.h"
#include "proto/msg.h"
#include "subsystem/session.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4 };

static int forget(const char *path, const struct stat *st, int kind, struct FTW *f)
{
    (void)st;
    (void)kind;
    (void)f;
    (void)!remove(path);
    return 0;
}

static void put(int dir, const char *name, size_t n)
{
    static char text[20000];
    int fd = openat(dir, name, O_WRONLY | O_CREAT, 0644);
    if (write(fd, text, n) != (ssize_t)n)
        abort();
    close(fd);
}

/* Long, but of no content: what a killed process left, and what is in a directory for such. */
static void leave(int dir, const char *name)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT, 0600);
    if (ftruncate(fd, 70000) != 0)
        abort();
    close(fd);
}

static void fill(char *root)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, 64, "%.40s/slfuzzXXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(root))
        abort();
    int dir = open(root, O_RDONLY | O_DIRECTORY);
    mkdirat(dir, "d", 0755);
    put(dir, "a", 3);
    put(dir, "b", 20000);
    put(dir, "d/c", 0);
    leave(dir, "d/x");
    leave(dir, ".k.abcdefgh.slpart");
    leave(dir, ".p.0abcdefg.slpart");
    if (symlinkat("/etc", dir, "l") != 0)
        abort();
    close(dir);
}

static enum sl_code take(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    (void)ctx;
    (void)f;
    (void)err;
    return SL_OK;
}

/* To and fro until nothing moves. */
static bool exchange(struct sl_conn *c, struct sl_session *s, size_t turn)
{
    struct sl_error err = { 0 };
    size_t n = 0;
    const uint8_t *p;
    bool moved = true;
    while (moved) {
        moved = false;
        if ((p = sl_conn_output(c, &n)) != NULL && n) {
            n = n < turn ? n : turn;
            if (sl_session_feed(s, p, n, &err) != SL_OK)
                return false;
            sl_conn_sent(c, n);
            moved = true;
        }
        enum sl_code rc = sl_session_step(s, &err);
        if (rc != SL_OK && rc != SL_AGAIN)
            return false;
        moved = moved || rc == SL_OK;
        if ((p = sl_session_output(s, &n)) != NULL && n) {
            sl_conn_feed(c, p, n, &err);
            sl_session_sent(s, n);
            moved = true;
        }
    }
    return true;
}

static void read_config(struct sl_config *c, const char *root, const char *rights)
{
    struct sl_error err;
    char *text = sl_asprintf("[m]\npath = %s\nanonymous = yes\nallow = %s\nexclude = /b\nexclude = k\n", root, rights);
    sl_config_init(c);
    if (sl_config_parse(c, "f", text, strlen(text), &err) != SL_OK)
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const features[] = { "zlib", SL_FEATURE_PARTS, SL_FEATURE_LINKS, SL_FEATURE_RENAME, SL_FEATURE_ATTRS, SL_FEATURE_BACKUP, SL_FEATURE_REMOVE_AS, SL_FEATURE_SMALL, SL_FEATURE_CHANNELS, SL_FEATURE_STATFS, SL_FEATURE_FSYNC, SL_FEATURE_READ_SOME, SL_FEATURE_HOLD, SL_FEATURE_STAGE_IN, SL_FEATURE_RESERVE, SL_FEATURE_FAKE_SUPER, SL_FEATURE_SHA256, SL_FEATURE_MOUNTS, SL_FEATURE_DEVICES, SL_FEATURE_WRITE_DEVICES, SL_FEATURE_GRID, SL_FEATURE_MARKS, NULL };
    static const uint8_t channels[] = { 1, 2, 3, 1, 4, 15, 16, SL_CHANNELS - 1 };
    static const struct sl_conn_ops ops = { .frame = take };
    struct sl_hello hello = { 1, 1, SL_FRAME_MAX, SL_CREDIT_START, 0, "fuzz", features, false, { 0 } };
    char root[64];
    fill(root);
    struct sl_config config;
    read_config(&config, root, size & 2 ? "append-only" : "full");
    struct sl_who who = { .anonymous = true };
    struct sl_policy policy = { .account = size % 2 == 0, .root = root, .rights = SL_RIGHT_ALL, .config = &config, .who = &who };
    struct sl_session *s = sl_session_new(&policy);
    struct sl_conn *c = sl_conn_new(SL_ROLE_CLIENT, &hello, 0, &ops, NULL);
    for (size_t i = 0; i < sizeof channels; i++)
        sl_conn_send(c, channels[i], SL_MSG_ATTACH, 0, policy.account ? "\0\0\0" : "\0\2\1m", policy.account ? 3 : 4);
    bool well = exchange(c, s, 4096);
    for (size_t at = 0; well && at + HEAD <= size;) {
        size_t n = (size_t)data[at + 2] << 8 | data[at + 3], left = size - at - HEAD;
        uint8_t channel = channels[(data[at + 1] & 8 ? 4 : 0) + (data[at + 1] & 3)];
        n = n < left ? n : left;
        bool flagged = data[at] & 0x80 && n;
        if (sl_conn_room(c, channel) >= n)
            sl_conn_send(c, channel, data[at] & 0x7f, flagged ? data[at + HEAD] : 0, data + at + HEAD + flagged, n - flagged);
        if (!(data[at + 1] & 4))         /* else several travel together */
            well = exchange(c, s, 1u << (data[at + 1] >> 4));
        at += HEAD + n;
    }
    if (well)
        exchange(c, s, 65536);
    sl_session_free(s);
    sl_conn_free(c);
    sl_config_clear(&config);
    nftw(root, forget, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

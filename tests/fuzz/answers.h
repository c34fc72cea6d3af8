/* SPDX-License-Identifier: ISC */
/*
 * answers - for fuzz targets of the client: a transport whose other side is the input. A preface and frames, one of which comes whenever the
 * client has said something, or nothing for some turns. Chance is the same each time. To be included by one file.
 */
#ifndef SL_TESTS_FUZZ_ANSWERS_H
#define SL_TESTS_FUZZ_ANSWERS_H

#include "client/transport.h"
#include "proto/conn.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SILENT_TURNS = 4 };

static struct {
    const uint8_t *at, *end;
    int fd;          /* its side of the stream */
    unsigned silent; /* turns in which the client has said nothing */
    uint64_t random;
    const char *secret; /* what the client must not send; NULL: nothing */
} server;

/* In the place of the system's: the seed of what was recorded for the corpus has to come again. */
ssize_t getrandom(void *to, size_t n, unsigned flags)
{
    uint8_t *p = to;
    (void)flags;
    for (size_t i = 0; i < n; i++) {
        server.random = server.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        p[i] = (uint8_t)(server.random >> 56);
    }
    return (ssize_t)n;
}

/* The preface, a frame, or what is left. */
static size_t next_words(void)
{
    size_t left = (size_t)(server.end - server.at), n = SL_PREFACE_LEN;
    const uint8_t *p = server.at;
    if (left < SL_PREFACE_LEN || memcmp(p, SL_PREFACE, SL_PREFACE_LEN) != 0)
        n = left < SL_FRAME_HEADER ? left : SL_FRAME_HEADER + ((size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2]);
    return n < left ? n : left;
}

static void hear(void)
{
    static char buf[65536];
    ssize_t n;
    server.silent++;
    while ((n = recv(server.fd, buf, sizeof buf, MSG_DONTWAIT)) > 0) {
        server.silent = SILENT_TURNS;
        if (server.secret && memmem(buf, (size_t)n, server.secret, strlen(server.secret)))
            abort();
    }
}

static void speak(void)
{
    hear();
    if (server.silent < SILENT_TURNS)
        return;
    size_t n = next_words();
    server.silent = 0;
    ssize_t put = n ? send(server.fd, server.at, n, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
    if (put > 0)
        server.at += put;
    if (server.at == server.end)
        shutdown(server.fd, SHUT_WR);
}

/* Its standard error can always be read: the client looks at it in every turn. */
enum sl_code sl_transport_open(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o,
                               enum sl_transport_way way, struct sl_error *err)
{
    int pair[2], awake[2];
    (void)a;
    (void)o;
    (void)way;
    (void)err;
    if (server.fd >= 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0 || pipe(awake) != 0 ||
        write(awake[1], "", 1) != 1)
        abort();
    close(awake[1]);
    server.fd = pair[1];
    *t = (struct sl_transport){ .fd = pair[0], .out_fd = pair[0], .stderr_fd = awake[0], .control_fd = -1 };
    return SL_OK;
}

enum sl_code sl_transport_stderr(struct sl_transport *t, void (*sink)(const char *line))
{
    (void)t;
    (void)sink;
    speak();
    return SL_AGAIN;
}

enum sl_code sl_transport_autopsy(struct sl_transport *t, const struct sl_address *a, struct sl_error *err,
                                  int *rc_exit)
{
    (void)t;
    (void)a;
    *rc_exit = 12;
    return sl_fail(err, SL_E_CLOSED, "the server ended");
}

enum sl_code sl_transport_lane_autopsy(struct sl_transport *t, const struct sl_address *a, struct sl_error *err)
{
    (void)t;
    (void)a;
    return sl_fail(err, SL_E_CLOSED, "the server ended");
}

int sl_transport_close(struct sl_transport *t, unsigned grace_ms)
{
    (void)grace_ms;
    if (server.fd >= 0)
        hear();
    if (t->fd >= 0)
        close(t->fd);
    if (t->stderr_fd >= 0)
        close(t->stderr_fd);
    t->fd = t->out_fd = t->stderr_fd = -1;
    if (server.fd >= 0)
        close(server.fd);
    server.fd = -1;
    return 0;
}

void sl_transport_leave(struct sl_transport *t)
{
    sl_transport_close(t, 0);
}

static void answers_begin(const uint8_t *data, size_t size, const char *secret)
{
    server.at = data;
    server.end = data + size;
    server.fd = -1;
    server.silent = 0;
    server.random = 0;
    server.secret = secret && memmem(data, size, secret, strlen(secret)) ? NULL : secret; /* a server that knows it may be told it */
}

#endif

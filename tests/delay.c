/* SPDX-License-Identifier: ISC */
/*
 * delay - a long line: delay MS PORT listens on a free loopback port, whose number it prints, and passes every connection on to loopback port PORT,
 * every byte MS milliseconds late, in both directions. Ends with its standard input. How much it holds is bounded; beyond that
 * the sender waits. delay MS PORT connecting: a connection takes its round trip as well, as TCP's does: nothing is sent in the first
 * 2 * MS milliseconds of it by who made it, nor in the first 3 * MS by who was asked. delay MS PORT mute: on connections behind the first nothing
 * comes back, ever.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 64, PIECE = 65536, PIECES = 256 };

struct piece { int64_t due; size_t len, done; char data[PIECE]; };
struct way {                     /* one direction of a connection */
    int from, to;
    bool ended;                  /* no more comes */
    int64_t from_ms;             /* nothing is sent before */
    size_t head, count;
    struct piece *at[PIECES];
};

static struct way ways[2 * CONNECTIONS];
static size_t ways_len;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int loopback(uint16_t port, bool listening)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bad = fd < 0 || (listening ? bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 16) : connect(fd, (struct sockaddr *)&a, sizeof a));
    if (bad) {
        perror("delay");
        exit(1);
    }
    return fd;
}

static bool is_over(const struct way *w)
{
    return w->ended && !w->count;
}

/* Where the next connection goes: in the place of one that is over, if there is one. */
static struct way *place(void)
{
    for (size_t i = 0; i < ways_len; i += 2)
        if (is_over(&ways[i]) && is_over(&ways[i + 1])) {
            close(ways[i].from);
            close(ways[i].to);
            return &ways[i];
        }
    ways_len += 2;
    return &ways[ways_len - 2];
}

static void accept_one(int listener, uint16_t port, int64_t connecting, bool mute)
{
    static unsigned accepted;
    int a = accept(listener, NULL, NULL), b;
    if (a < 0 || ways_len == 2 * CONNECTIONS) {
        if (a >= 0)
            close(a);
        return;
    }
    b = loopback(port, false);
    fcntl(a, F_SETFL, O_NONBLOCK);
    fcntl(b, F_SETFL, O_NONBLOCK);
    struct way *w = place();
    w[0] = (struct way){ .from = a, .to = b, .from_ms = now_ms() + 2 * connecting };
    w[1] = (struct way){ .from = b, .to = a, .from_ms = mute && accepted++ ? INT64_MAX / 2 : now_ms() + 3 * connecting };
}

static void take(struct way *w, int64_t delay)
{
    if (w->ended || w->count == PIECES)
        return;
    struct piece *p = malloc(sizeof *p);
    ssize_t n = p ? read(w->from, p->data, sizeof p->data) : -1;
    if (n < 0 && errno == EAGAIN) {
        free(p);
        return;
    }
    w->ended = n <= 0;
    int64_t now = now_ms();
    p->due = (now > w->from_ms ? now : w->from_ms) + delay;
    p->len = n > 0 ? (size_t)n : 0;
    p->done = 0;
    w->at[(w->head + w->count++) % PIECES] = p;
}

/* An end is a piece of its own. */
static void give(struct way *w)
{
    while (w->count && w->at[w->head]->due <= now_ms()) {
        struct piece *p = w->at[w->head];
        if (!p->len)
            shutdown(w->to, SHUT_WR);
        while (p->done < p->len) {
            ssize_t n = send(w->to, p->data + p->done, p->len - p->done, MSG_NOSIGNAL);
            if (n < 0 && errno == EAGAIN)
                return;
            if (n < 0)
                break;
            p->done += (size_t)n;
        }
        free(p);
        w->head = (w->head + 1) % PIECES;
        w->count--;
    }
}

int main(int argc, char **argv)
{
    bool slow = argc == 4 && strcmp(argv[3], "connecting") == 0, mute = argc == 4 && strcmp(argv[3], "mute") == 0;
    if (argc != 3 && !slow && !mute)
        return 2;
    int64_t delay = atoi(argv[1]), connecting = slow ? delay : 0;
    uint16_t port = (uint16_t)atoi(argv[2]);
    int listener = loopback(0, true);
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    getsockname(listener, (struct sockaddr *)&a, &len);
    printf("%u\n", ntohs(a.sin_port));
    fflush(stdout);
    for (;;) {
        struct pollfd p[2 + 2 * CONNECTIONS] = { { .fd = 0, .events = POLLIN }, { .fd = listener, .events = POLLIN } };
        for (size_t i = 0; i < ways_len; i++)
            p[2 + i] = (struct pollfd){ .fd = ways[i].ended || ways[i].count == PIECES ? -1 : ways[i].from, .events = POLLIN };
        poll(p, 2 + ways_len, 1);
        char c;
        if (p[0].revents && read(0, &c, 1) <= 0)
            return 0;
        if (p[1].revents)
            accept_one(listener, port, connecting, mute);
        for (size_t i = 0; i < ways_len; i++) {
            take(&ways[i], delay);
            give(&ways[i]);
        }
    }
}

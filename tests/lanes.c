/* SPDX-License-Identifier: ISC */
/*
 * lanes - opens a host by a transport, asks for more of the same kind all at once, and sends a line through each: the other side runs
 * `cat`. Usage: lanes TRANSPORT CONFIG HOST HOW-MANY. Prints a line for each answer, and whether the first one works while the others
 * are under way and after they ended.
 */
#include "config.h"
#include "client/transport.h"
#include "base/io.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 20000, LANES_MAX = 64, BULK = 1024 * 1024 };

/* What is written to out has to come back from in. */
static bool echoes(int in, int out, size_t size)
{
    char *data = malloc(size), *back = malloc(size);
    size_t sent = 0, have = 0, n = 0;
    memset(data, 'x', size);
    while (have < size) {
        struct pollfd p[] = { { .fd = in, .events = POLLIN }, { .fd = sent < size ? out : -1, .events = POLLOUT } };
        if (poll(p, 2, WAIT_MS) <= 0)
            break;
        if (sent < size && sl_io_write(out, data + sent, size - sent, &n) == SL_OK)
            sent += n;
        enum sl_code rc = sl_io_read(in, back + have, size - have, &n);
        if (rc == SL_OK)
            have += n;
        else if (rc != SL_AGAIN)
            break;
    }
    bool same = have == size && memcmp(data, back, size) == 0;
    free(data);
    free(back);
    return same;
}

/* What the ssh program was refused it tells by its words. */
static void tell_refusal(const struct sl_transport_lane *l, const struct sl_address *a)
{
    struct sl_transport t = { .fd = l->fd, .out_fd = l->out_fd, .stderr_fd = l->stderr_fd, .control_fd = -1 };
    struct sl_error err = { 0 };
    enum sl_code rc = sl_transport_lane_autopsy(&t, a, &err);
    printf("no: %s: %s\n", sl_code_name(rc), err.text);
    sl_transport_close(&t, 0);
}

static void close_lane(const struct sl_transport_lane *l)
{
    close(l->fd);
    if (l->out_fd != l->fd)
        close(l->out_fd);
    if (l->stderr_fd >= 0)
        close(l->stderr_fd);
}

static int all_lanes(struct sl_transport *t, const struct sl_address *a, int wanted)
{
    struct sl_transport_lane lanes[LANES_MAX];
    struct sl_error err;
    uint32_t id;
    int good = 0;
    echoes(t->fd, t->out_fd, 1);         /* it is logged in */
    for (int i = 0; i < wanted; i++)
        if (sl_transport_more(t, &id, &err) != SL_OK)
            return printf("cannot ask: %s\n", err.text) * 0 + 1;
    /* The first one works meanwhile. */
    printf("first: %s\n", echoes(t->fd, t->out_fd, BULK) ? "echoes" : "silent");
    for (int i = 0; i < wanted;) {
        struct pollfd p = { .fd = t->control_fd, .events = POLLIN };
        enum sl_code rc = sl_transport_more_ready(t, &lanes[good], &err);
        if (rc == SL_AGAIN && poll(&p, 1, WAIT_MS) > 0)
            continue;
        i++;
        if (rc == SL_OK)
            good++;
        else
            printf("no: %s: %s\n", sl_code_name(rc), err.text);
        if (rc == SL_AGAIN || rc == SL_E_CLOSED)
            break;
    }
    bool open[LANES_MAX];
    for (int i = 0; i < good; i++) {
        open[i] = echoes(lanes[i].fd, lanes[i].out_fd, BULK);
        if (!open[i] && lanes[i].stderr_fd >= 0)
            tell_refusal(&lanes[i], a);
        else
            printf("lane: %s\n", open[i] ? "echoes" : "silent");
    }
    for (int i = 0; i < good; i++)
        if (open[i] || lanes[i].stderr_fd < 0)
            close_lane(&lanes[i]);
    printf("first: %s\n", echoes(t->fd, t->out_fd, BULK) ? "echoes" : "silent");
    return 0;
}

int main(int argc, char **argv)
{
    struct sl_options o = { .subsystem = "superlifter", .remote_path = "cat" };
    struct sl_address a;
    struct sl_transport t;
    struct sl_error err = { 0 };
    char text[300];
    signal(SIGPIPE, SIG_IGN);
    if (argc != 5 || atoi(argv[4]) > LANES_MAX)
        return 2;
    o.transport = strcmp(argv[1], "libssh") == 0 ? SL_TRANSPORT_LIBSSH : SL_TRANSPORT_SSH;
    o.ssh_config = argv[2];
    snprintf(text, sizeof text, "%s:", argv[3]);
    if (sl_address_parse(&a, text, &err) != SL_OK || sl_transport_open(&t, &a, &o, SL_WAY_COMMAND, &err) != SL_OK ||
        sl_transport_prepare(&t, &a, &o, &err) != SL_OK) {
        printf("%s\n", err.text);
        return 1;
    }
    int rc = all_lanes(&t, &a, atoi(argv[4]));
    printf("end: %d\n", sl_transport_close(&t, 5000));
    sl_address_clear(&a);
    return rc;
}

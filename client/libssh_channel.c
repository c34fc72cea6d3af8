/* SPDX-License-Identifier: ISC */
/*
 * libssh_channel - one channel: opened, asked for the server's program, then bytes both ways until both are at their end.
 *
 * Windows: libssh 0.10 grants 1.28 MB and no more, which at 100 ms is 6 MB/s. But a read of more than the window makes it grow to
 * that size: such reads are asked for here, into room that is hardly ever touched. libssh 0.11 has 2 MiB, whatever is asked.
 * No more is granted than the line's round trip has use for: what a server may send ahead of its reader waits in sshd's memory, and
 * costs it time.
 */
#include "config.h"
#include "client/libssh_channel.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/transport_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WINDOW_MIN = 2 * 1024 * 1024,
    WINDOW_MAX = 16 * 1024 * 1024,   /* 160 MB/s at 100 ms */
    WINDOW_A_MS = 256 * 1024,        /* of round trip: 268 MB/s */
    ROOM = WINDOW_MAX + 4 * 1024 * 1024,
    RESIDENT = 1024 * 1024,          /* more of that room is given back when it is empty */
    PACKET = 32758,                  /* what fits into a packet of an OpenSSH server */
    UP_MAX = 8 * PACKET,
    WORDS_MAX = 64 * 1024
};

/* ---- what libssh calls ---- */

static void lose_reader(struct sl_ssh_channel *c)
{
    sl_io_close(&c->fd);
    c->up_eof = true;
    c->down_start = c->down_end = 0;
    c->state = SL_SSH_OVER;
}

/* What the socket takes now. */
static size_t give(struct sl_ssh_channel *c, const void *data, size_t n)
{
    size_t put = 0, done = 0;
    enum sl_code rc = c->fd < 0 ? SL_E_CLOSED : SL_OK;
    while (rc == SL_OK && done < n) {
        rc = sl_io_write(c->fd, (const uint8_t *)data + done, n - done, &put);
        if (rc == SL_OK)
            done += put;
    }
    c->stuck = rc == SL_AGAIN;
    c->was_stuck |= c->stuck;
    if (rc != SL_OK && rc != SL_AGAIN) {
        lose_reader(c);
        return n;
    }
    c->pump->moved |= done > 0;
    return done;
}

static int on_data(ssh_session session, ssh_channel ch, void *data, uint32_t len, int is_stderr, void *ctx)
{
    struct sl_ssh_channel *c = ctx;
    (void)session;
    (void)ch;
    size_t taken = 0;
    if (is_stderr) {
        size_t room = WORDS_MAX - sl_buf_len(&c->pump->words);
        taken = len < room ? len : room;
        sl_buf_add(&c->pump->words, data, taken);
        c->words_left = taken < len;
    } else if (c->state == SL_SSH_OVER) {
        taken = len;
    } else if (!c->stuck && c->down_start == c->down_end) {
        taken = give(c, data, len);
        c->since_grown += taken;
    }
    return (int)taken;
}

static void on_eof(ssh_session session, ssh_channel ch, void *ctx)
{
    (void)session;
    (void)ch;
    ((struct sl_ssh_channel *)ctx)->remote_eof = true;
}

static void on_close(ssh_session session, ssh_channel ch, void *ctx)
{
    (void)session;
    (void)ch;
    ((struct sl_ssh_channel *)ctx)->remote_closed = true;
}

static void on_exit_status(ssh_session session, ssh_channel ch, int status, void *ctx)
{
    struct sl_ssh_channel *c = ctx;
    (void)session;
    (void)ch;
    if (c->id == 0)
        c->pump->exit_status = status;
}

static void on_exit_signal(ssh_session session, ssh_channel ch, const char *signal_name, int core, const char *text, const char *lang,
                           void *ctx)
{
    struct sl_ssh_channel *c = ctx;
    (void)session;
    (void)ch;
    (void)core;
    (void)text;
    (void)lang;
    (void)signal_name;
    if (c->id == 0)
        c->pump->exit_status = SL_SSH_FAILED;
}

/* ---- channels ---- */

void sl_ssh_channel_end(struct sl_ssh_channel *c)
{
    if (c->ch) {
        ssh_remove_channel_callbacks(c->ch, &c->callbacks);
        ssh_channel_free(c->ch);
    }
    sl_io_close(&c->fd);
    munmap(c->down, ROOM);
    free(c->up);
    free(c);
}

void sl_pump_refuse(struct sl_pump *p, uint32_t id, enum sl_code code, int exit_status, const char *text)
{
    struct sl_lane_answer a = { .id = id, .code = (int32_t)code, .exit_status = exit_status };
    snprintf(a.text, sizeof a.text, "%s", text);
    sl_lane_answer(p->job->control_fd, &a, NULL);
}

void sl_ssh_channel_open(struct sl_pump *p, uint32_t id)
{
    struct sl_ssh_channel *c = NULL;
    void *room = p->count < SL_SSH_PAIRS && p->pairs_used < SL_SSH_PAIRS
                     ? mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                     : MAP_FAILED;
    if (room == MAP_FAILED) {
        sl_pump_refuse(p, id, SL_E_LIMIT, SL_EXIT_NOT_LET_IN, "this session has no room for another channel");
        return;
    }
    c = sl_calloc(1, sizeof *c);
    *c = (struct sl_ssh_channel){ .pump = p, .id = id, .fd = -1, .asked_ms = sl_now_ms(), .window = WINDOW_MIN, .down = room, .up = sl_malloc(UP_MAX), .ch = ssh_channel_new(p->session) };
    c->callbacks = (struct ssh_channel_callbacks_struct){ .userdata = c,
                                                          .channel_data_function = on_data,
                                                          .channel_eof_function = on_eof,
                                                          .channel_close_function = on_close,
                                                          .channel_exit_status_function = on_exit_status,
                                                          .channel_exit_signal_function = on_exit_signal };
    ssh_callbacks_init(&c->callbacks);
    p->channels[p->count++] = c;
    if (!c->ch || ssh_set_channel_callbacks(c->ch, &c->callbacks) != SSH_OK) {
        sl_pump_refuse(p, id, SL_E_NO_MEMORY, SL_EXIT_BROKEN, "no memory for a channel");
        c->state = SL_SSH_OVER;
    }
    p->moved = true;
}

static void fail_channel(struct sl_ssh_channel *c, enum sl_code code, const char *what)
{
    char text[400];
    snprintf(text, sizeof text, "'%s': %s (%s)", c->pump->job->address->host, what, ssh_get_error(c->pump->session));
    sl_pump_refuse(c->pump, c->id, code, SL_EXIT_NOT_LET_IN, text);
    if (c->id == 0)
        c->pump->first_answered = true;
    c->state = SL_SSH_OVER;
}

static uint32_t window_max(const struct sl_pump *p)
{
    uint64_t useful = p->round_trip_ms * WINDOW_A_MS;
    return useful < WINDOW_MIN ? WINDOW_MIN : useful < WINDOW_MAX ? (uint32_t)useful : WINDOW_MAX;
}

/* Grants a window by asking for so much; what has come meanwhile may be the answer. A message for an eighth of it, not for every
 * packet. */
static void grow(struct sl_ssh_channel *c)
{
    if (c->stuck || c->down_start < c->down_end || c->remote_eof)
        return;
    if (c->was_stuck)
        c->window = c->window / 2 > WINDOW_MIN ? c->window / 2 : WINDOW_MIN;
    else
        c->window = c->window * 2 < window_max(c->pump) ? c->window * 2 : window_max(c->pump);
    c->was_stuck = false;
    c->since_grown = 0;
    int got = ssh_channel_read_timeout(c->ch, c->down, c->window, 0, 0);
    c->down_start = 0;
    c->down_end = got > 0 ? (size_t)got : 0;
}

static void start_channel(struct sl_ssh_channel *c)
{
    struct sl_pump *p = c->pump;
    int *pair = p->pairs[p->pairs_used++];
    struct sl_lane_answer a = { .id = c->id, .code = SL_OK, .fds = 1, .fell_back = c->fell_back };
    bool sent = sl_lane_answer(p->job->control_fd, &a, &pair[1]);
    sl_io_close(&pair[1]);
    c->fd = pair[0];
    pair[0] = -1;
    c->state = SL_SSH_RUNNING;
    if (c->id == 0)
        p->first_answered = true;
    if (!sent)
        lose_reader(c);
    else
        grow(c);
}

/* sshd opens a channel at once, so that the quickest answer is the line's round trip. */
static void learn_round_trip(struct sl_ssh_channel *c)
{
    uint64_t took = sl_now_ms() - c->asked_ms;
    if (!c->pump->first_answered || took < c->pump->round_trip_ms)
        c->pump->round_trip_ms = took;
}

/* One step of a channel that does not run yet. */
void sl_ssh_channel_advance(struct sl_ssh_channel *c)
{
    const struct sl_libssh_job *job = c->pump->job;
    const struct sl_options *o = job->options;
    const char *command = o->remote_path ? o->remote_path : SL_SERVER_COMMAND;
    int rc = c->state == SL_SSH_OPENING   ? ssh_channel_open_session(c->ch)
             : c->state == SL_SSH_ASKING  ? ssh_channel_request_subsystem(c->ch, o->subsystem)
                                   : ssh_channel_request_exec(c->ch, command);
    if (rc == SSH_AGAIN)
        return;
    c->pump->moved = true;
    if (rc == SSH_OK && c->state == SL_SSH_OPENING) {
        learn_round_trip(c);
        c->state = job->command || o->remote_path ? SL_SSH_COMMANDING : SL_SSH_ASKING;
    } else if (rc == SSH_OK)
        start_channel(c);
    else if (!ssh_is_connected(c->pump->session))
        c->pump->broken = true;
    else if (c->state == SL_SSH_ASKING) {
        c->state = SL_SSH_COMMANDING;
        c->fell_back = true;
    } else if (c->state == SL_SSH_OPENING)
        fail_channel(c, SL_E_LIMIT, "its ssh server refuses a channel");
    else
        fail_channel(c, SL_E_DENIED, "its ssh server refuses the subsystem and to run the command");
}

/* All that libssh has kept while the socket was full. Less at a time would let its buffer grow without end: it grants a new window
 * with every read. */
static void take_kept(struct sl_ssh_channel *c)
{
    int kept = ssh_channel_poll(c->ch, 0), got = 0;
    if (c->down_end > RESIDENT)
        madvise(c->down, ROOM, MADV_DONTNEED);
    if (kept > 0)
        got = ssh_channel_read_timeout(c->ch, c->down, kept < ROOM ? (uint32_t)kept : ROOM, 0, 0);
    c->down_start = 0;
    c->down_end = got > 0 ? (size_t)got : 0;
    c->stuck = false;
}

static void push_down(struct sl_ssh_channel *c)
{
    if (c->down_start == c->down_end && c->stuck)
        take_kept(c);
    if (c->down_start < c->down_end) {
        size_t put = give(c, c->down + c->down_start, c->down_end - c->down_start);
        c->down_start += put;
        c->since_grown += put;
        /* More may be where that came from. */
        if (c->state == SL_SSH_RUNNING && c->down_start >= c->down_end)
            c->stuck = true;
    }
    if (c->state == SL_SSH_RUNNING && c->since_grown >= c->window / 8)
        grow(c);
}

static bool drained(struct sl_ssh_channel *c)
{
    return c->down_start == c->down_end && !c->stuck && ssh_channel_poll(c->ch, 0) <= 0;
}

static void take_up(struct sl_ssh_channel *c)
{
    uint32_t window = ssh_channel_window_size(c->ch);
    size_t got = 0;
    if (c->up_start == c->up_end && !c->up_eof && window) {
        size_t room = window < UP_MAX ? window : UP_MAX;
        enum sl_code rc = sl_io_read(c->fd, c->up, room, &got);
        c->up_start = 0;
        c->up_end = rc == SL_OK ? got : 0;
        c->up_eof = rc != SL_OK && rc != SL_AGAIN;
        c->pump->moved |= rc != SL_AGAIN;
    }
    if (c->up_start < c->up_end && window) {
        size_t n = c->up_end - c->up_start;
        int put = ssh_channel_write(c->ch, c->up + c->up_start, (uint32_t)(n < window ? n : window));
        if (put > 0) {
            c->up_start += (size_t)put;
            c->pump->moved = true;
        }
    }
    if (c->up_eof && !c->eof_sent && c->up_start == c->up_end) {
        c->eof_sent = ssh_channel_send_eof(c->ch) == SSH_OK;
        c->pump->moved = true;
    }
}

/* Standard error that found no room before. */
static void take_words(struct sl_ssh_channel *c)
{
    char data[4096];
    size_t room = WORDS_MAX - sl_buf_len(&c->pump->words);
    if (!c->words_left || room < sizeof data)
        return;
    int got = ssh_channel_read_timeout(c->ch, data, sizeof data, 1, 0);
    c->words_left = got == (int)sizeof data;
    if (got > 0) {
        sl_buf_add(&c->pump->words, data, (size_t)got);
        c->pump->moved = true;
    }
}

void sl_ssh_channel_run(struct sl_ssh_channel *c, bool may_write)
{
    push_down(c);
    take_words(c);
    if (c->state == SL_SSH_RUNNING && may_write && !c->remote_closed)
        take_up(c);
    if (c->state != SL_SSH_RUNNING || !(c->remote_eof || c->remote_closed) || !drained(c))
        return;
    if (!c->shut) {
        shutdown(c->fd, SHUT_WR);
        c->shut = true;
    }
    if (c->remote_closed && !c->words_left)
        c->state = SL_SSH_OVER;
}

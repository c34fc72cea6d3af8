/* SPDX-License-Identifier: ISC */
/*
 * libssh_pump - channels of one session, each with a socketpair to the process that asked for it. One poll loop; nothing in it
 * blocks, so that a channel that is being opened, or whose reader is slow, does not hold up the others.
 *
 * Windows: libssh 0.10 grants 1.28 MB and no more, which at 100 ms is 6 MB/s. But a read of more than the window makes it grow to
 * that size: such reads are asked for here, into room that is hardly ever touched. libssh 0.11 has 2 MiB, whatever is asked.
 */
#include "config.h"
#include "client/libssh_priv.h"
#include "base/buf.h"
#include "base/confine.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/transport_priv.h"

#include <libssh/callbacks.h>
#include <libssh/server.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PAIRS = 32,                      /* channels that one session can have had; made before the filter forbids to make more */
    WINDOW_MIN = 2 * 1024 * 1024,
    WINDOW_MAX = 16 * 1024 * 1024,   /* 160 MB/s at 100 ms */
    ROOM = WINDOW_MAX + 4 * 1024 * 1024,
    RESIDENT = 1024 * 1024,          /* more of that room is given back when it is empty */
    PACKET = 32758,                  /* what fits into a packet of an OpenSSH server */
    UP_MAX = 8 * PACKET,
    SOCKET_BYTES = 1024 * 1024,
    WORDS_MAX = 64 * 1024,
    SSH_READ = 4096,                 /* libssh reads no more at once */
    READS_A_TURN = 256,
    SSH_FAILED = 255,
    LAST_WORDS_MS = 1000,
    TURN_MAX_MS = 60000
};

enum state { OPENING, ASKING, COMMANDING, RUNNING, OVER };

struct channel {
    struct pump *pump;
    uint32_t id;
    enum state state;
    ssh_channel ch;
    struct ssh_channel_callbacks_struct callbacks;
    int fd;                          /* -1 once the other end is done with */
    uint8_t *down;                   /* ROOM bytes of address space; what the socket did not take yet */
    size_t down_start, down_end;
    bool stuck;                      /* the socket is full: more waits in libssh's buffer */
    uint32_t window;                 /* what the server is granted: more for a reader that keeps up, less for one that does not */
    bool was_stuck;                  /* since it was granted last */
    uint64_t since_grown;
    uint8_t *up;                     /* UP_MAX; what the session did not take yet */
    size_t up_start, up_end;
    bool up_eof, eof_sent, remote_eof, remote_closed, shut, words_left, fell_back;
};

struct pump {
    const struct sl_libssh_job *job;
    ssh_session session;
    ssh_event event;
    struct channel *channels[PAIRS];
    size_t count;
    int pairs[PAIRS][2];
    size_t pairs_used;
    struct sl_buf words;             /* for standard error */
    bool moved, control_gone, broken, first_answered;
    int exit_status;
    uint64_t heard_ms;
    int alive_sent;
};

/* ---- what libssh calls ---- */

static void lose_reader(struct channel *c)
{
    sl_io_close(&c->fd);
    c->up_eof = true;
    c->down_start = c->down_end = 0;
    c->state = OVER;
}

/* What the socket takes now. */
static size_t give(struct channel *c, const void *data, size_t n)
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
    struct channel *c = ctx;
    (void)session;
    (void)ch;
    size_t taken = 0;
    if (is_stderr) {
        size_t room = WORDS_MAX - sl_buf_len(&c->pump->words);
        taken = len < room ? len : room;
        sl_buf_add(&c->pump->words, data, taken);
        c->words_left = taken < len;
    } else if (c->state == OVER) {
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
    ((struct channel *)ctx)->remote_eof = true;
}

static void on_close(ssh_session session, ssh_channel ch, void *ctx)
{
    (void)session;
    (void)ch;
    ((struct channel *)ctx)->remote_closed = true;
}

static void on_exit_status(ssh_session session, ssh_channel ch, int status, void *ctx)
{
    struct channel *c = ctx;
    (void)session;
    (void)ch;
    if (c->id == 0)
        c->pump->exit_status = status;
}

static void on_exit_signal(ssh_session session, ssh_channel ch, const char *signal_name, int core, const char *text, const char *lang,
                           void *ctx)
{
    struct channel *c = ctx;
    (void)session;
    (void)ch;
    (void)core;
    (void)text;
    (void)lang;
    (void)signal_name;
    if (c->id == 0)
        c->pump->exit_status = SSH_FAILED;
}

/* ---- channels ---- */

static void end_channel(struct channel *c)
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

static void refuse(struct pump *p, uint32_t id, enum sl_code code, int exit_status, const char *text)
{
    struct sl_lane_answer a = { .id = id, .code = (int32_t)code, .exit_status = exit_status };
    snprintf(a.text, sizeof a.text, "%s", text);
    sl_lane_answer(p->job->control_fd, &a, NULL);
}

static void open_channel(struct pump *p, uint32_t id)
{
    struct channel *c = NULL;
    void *room = p->count < PAIRS && p->pairs_used < PAIRS
                     ? mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                     : MAP_FAILED;
    if (room == MAP_FAILED) {
        refuse(p, id, SL_E_LIMIT, SL_EXIT_NOT_LET_IN, "this session has no room for another channel");
        return;
    }
    c = sl_calloc(1, sizeof *c);
    *c = (struct channel){ .pump = p, .id = id, .fd = -1, .window = WINDOW_MIN, .down = room, .up = sl_malloc(UP_MAX), .ch = ssh_channel_new(p->session) };
    c->callbacks = (struct ssh_channel_callbacks_struct){ .userdata = c,
                                                          .channel_data_function = on_data,
                                                          .channel_eof_function = on_eof,
                                                          .channel_close_function = on_close,
                                                          .channel_exit_status_function = on_exit_status,
                                                          .channel_exit_signal_function = on_exit_signal };
    ssh_callbacks_init(&c->callbacks);
    p->channels[p->count++] = c;
    if (!c->ch || ssh_set_channel_callbacks(c->ch, &c->callbacks) != SSH_OK) {
        refuse(p, id, SL_E_NO_MEMORY, SL_EXIT_BROKEN, "no memory for a channel");
        c->state = OVER;
    }
    p->moved = true;
}

static void fail_channel(struct channel *c, enum sl_code code, const char *what)
{
    char text[400];
    snprintf(text, sizeof text, "'%s': %s (%s)", c->pump->job->address->host, what, ssh_get_error(c->pump->session));
    refuse(c->pump, c->id, code, SL_EXIT_NOT_LET_IN, text);
    if (c->id == 0)
        c->pump->first_answered = true;
    c->state = OVER;
}

/* Grants a window by asking for so much; what has come meanwhile may be the answer. A message for an eighth of it, not for every
 * packet. */
static void grow(struct channel *c)
{
    if (c->stuck || c->down_start < c->down_end || c->remote_eof)
        return;
    if (c->was_stuck)
        c->window = c->window / 2 > WINDOW_MIN ? c->window / 2 : WINDOW_MIN;
    else
        c->window = c->window * 2 < WINDOW_MAX ? c->window * 2 : WINDOW_MAX;
    c->was_stuck = false;
    c->since_grown = 0;
    int got = ssh_channel_read_timeout(c->ch, c->down, c->window, 0, 0);
    c->down_start = 0;
    c->down_end = got > 0 ? (size_t)got : 0;
}

static void start_channel(struct channel *c)
{
    struct pump *p = c->pump;
    int *pair = p->pairs[p->pairs_used++];
    struct sl_lane_answer a = { .id = c->id, .code = SL_OK, .fds = 1, .fell_back = c->fell_back };
    bool sent = sl_lane_answer(p->job->control_fd, &a, &pair[1]);
    sl_io_close(&pair[1]);
    c->fd = pair[0];
    pair[0] = -1;
    c->state = RUNNING;
    if (c->id == 0)
        p->first_answered = true;
    if (!sent)
        lose_reader(c);
    else
        grow(c);
}

/* One step of a channel that does not run yet. */
static void advance(struct channel *c)
{
    const struct sl_libssh_job *job = c->pump->job;
    const struct sl_options *o = job->options;
    const char *command = o->remote_path ? o->remote_path : SL_SERVER_COMMAND;
    int rc = c->state == OPENING   ? ssh_channel_open_session(c->ch)
             : c->state == ASKING  ? ssh_channel_request_subsystem(c->ch, o->subsystem)
                                   : ssh_channel_request_exec(c->ch, command);
    if (rc == SSH_AGAIN)
        return;
    c->pump->moved = true;
    if (rc == SSH_OK && c->state == OPENING)
        c->state = job->command || o->remote_path ? COMMANDING : ASKING;
    else if (rc == SSH_OK)
        start_channel(c);
    else if (!ssh_is_connected(c->pump->session))
        c->pump->broken = true;
    else if (c->state == ASKING) {
        c->state = COMMANDING;
        c->fell_back = true;
    } else if (c->state == OPENING)
        fail_channel(c, SL_E_LIMIT, "its ssh server refuses a channel");
    else
        fail_channel(c, SL_E_DENIED, "its ssh server refuses the subsystem and to run the command");
}

/* All that libssh has kept while the socket was full. Less at a time would let its buffer grow without end: it grants a new window
 * with every read. */
static void take_kept(struct channel *c)
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

static void push_down(struct channel *c)
{
    if (c->down_start == c->down_end && c->stuck)
        take_kept(c);
    if (c->down_start < c->down_end) {
        size_t put = give(c, c->down + c->down_start, c->down_end - c->down_start);
        c->down_start += put;
        c->since_grown += put;
        /* More may be where that came from. */
        if (c->state == RUNNING && c->down_start >= c->down_end)
            c->stuck = true;
    }
    if (c->state == RUNNING && c->since_grown >= c->window / 8)
        grow(c);
}

static bool drained(struct channel *c)
{
    return c->down_start == c->down_end && !c->stuck && ssh_channel_poll(c->ch, 0) <= 0;
}

static void take_up(struct channel *c)
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
static void take_words(struct channel *c)
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

static void run_channel(struct channel *c, bool may_write)
{
    push_down(c);
    take_words(c);
    if (c->state == RUNNING && may_write && !c->remote_closed)
        take_up(c);
    if (c->state != RUNNING || !(c->remote_eof || c->remote_closed) || !drained(c))
        return;
    if (!c->shut) {
        shutdown(c->fd, SHUT_WR);
        c->shut = true;
    }
    if (c->remote_closed && !c->words_left)
        c->state = OVER;
}

/* ---- the loop ---- */

static bool pending_write(const struct pump *p)
{
    return ssh_get_poll_flags(p->session) & SSH_WRITE_PENDING;
}

static void step_channels(struct pump *p)
{
    for (size_t i = 0; i < p->count;) {
        struct channel *c = p->channels[i];
        if (c->state < RUNNING)
            advance(c);
        else if (c->state == RUNNING)
            run_channel(c, !pending_write(p));
        if (c->state == OVER) {
            end_channel(c);
            p->channels[i] = p->channels[--p->count];
            p->moved = true;
        } else
            i++;
    }
}

/* How many reads of libssh's what is there will take; one at least, which also writes. */
static int reads_there(int fd)
{
    int n = 0;
    if (ioctl(fd, FIONREAD, &n) != 0 || n <= 0)
        return 1;
    return n / SSH_READ + 1 < READS_A_TURN ? n / SSH_READ + 1 : READS_A_TURN;
}

static void step_session(struct pump *p, short revents)
{
    if (revents & POLLIN) {
        p->heard_ms = sl_now_ms();
        p->alive_sent = 0;
    }
    for (int i = reads_there(ssh_get_fd(p->session)); i > 0 && !p->broken; i--)
        p->broken = ssh_event_dopoll(p->event, 0) == SSH_ERROR || !ssh_is_connected(p->session);
}

static void step_control(struct pump *p)
{
    struct sl_lane_request r;
    while (sl_lane_asked(p->job->control_fd, &r, SL_LANE_NO_WAIT))
        open_channel(p, r.id);
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        p->control_gone = true;
}

static void step_words(struct pump *p)
{
    size_t put = 0;
    while (sl_buf_len(&p->words)) {
        enum sl_code rc = sl_io_write(STDERR_FILENO, sl_buf_ptr(&p->words), sl_buf_len(&p->words), &put);
        if (rc == SL_AGAIN)
            return;
        sl_buf_drop(&p->words, rc == SL_OK ? put : sl_buf_len(&p->words));
        p->moved = true;
    }
}

/* ServerAliveInterval. */
static int step_clock(struct pump *p)
{
    const struct sl_ssh_settings *s = p->job->settings;
    uint64_t now = sl_now_ms(), every = (uint64_t)s->alive_interval_s * 1000, due;
    if (!every)
        return TURN_MAX_MS;
    due = p->heard_ms + every * (uint64_t)(p->alive_sent + 1);
    if (now >= due && p->alive_sent >= s->alive_max) {
        sl_login_say("Timeout, server %s not responding.", p->job->address->host);
        p->broken = true;
        return 0;
    }
    if (now >= due) {
        ssh_send_keepalive(p->session);
        p->alive_sent++;
        due += every;
    }
    return due - now > TURN_MAX_MS ? TURN_MAX_MS : (int)(due - now);
}

static void turn(struct pump *p)
{
    enum { SESSION, CONTROL, WORDS, FIRST };
    struct pollfd fds[FIRST + PAIRS];
    bool writing = pending_write(p);
    int limit_ms = step_clock(p);
    fds[SESSION] = (struct pollfd){ .fd = ssh_get_fd(p->session), .events = (short)(POLLIN | (writing ? POLLOUT : 0)) };
    fds[CONTROL] = (struct pollfd){ .fd = p->control_gone ? -1 : p->job->control_fd, .events = POLLIN };
    fds[WORDS] = (struct pollfd){ .fd = sl_buf_len(&p->words) ? STDERR_FILENO : -1, .events = POLLOUT };
    for (size_t i = 0; i < p->count; i++) {
        struct channel *c = p->channels[i];
        bool up = c->state == RUNNING && !c->up_eof && c->up_start == c->up_end && !writing && ssh_channel_window_size(c->ch);
        bool down = c->state == RUNNING && (c->stuck || c->down_start < c->down_end);
        fds[FIRST + i] = (struct pollfd){ .fd = up || down ? c->fd : -1, .events = (short)((up ? POLLIN : 0) | (down ? POLLOUT : 0)) };
    }
    poll(fds, FIRST + p->count, p->moved ? 0 : limit_ms);
    p->moved = false;
    if (fds[SESSION].revents)
        step_session(p, fds[SESSION].revents);
    if (fds[CONTROL].revents)
        step_control(p);
    if (!p->broken)
        step_channels(p);
    step_words(p);
}

/* What the servers said at their end is the reason for it, mostly. */
static void last_words(struct pump *p)
{
    struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };
    for (step_words(p); sl_buf_len(&p->words) && poll(&fd, 1, LAST_WORDS_MS) > 0; step_words(p))
        ;
}

static int pump(struct pump *p)
{
    ssh_set_blocking(p->session, 0);
    sl_io_nonblock(STDERR_FILENO);
    p->event = ssh_event_new();
    ssh_event_add_session(p->event, p->session);
    p->heard_ms = sl_now_ms();
    open_channel(p, 0);
    while (p->count && !p->broken)
        turn(p);
    last_words(p);
    if (p->broken) {
        char text[400];
        snprintf(text, sizeof text, "'%s': its ssh server ended the connection (%s)", p->job->address->host, ssh_get_error(p->session));
        if (!p->first_answered)
            refuse(p, 0, SL_E_CLOSED, SL_EXIT_BROKEN, text);
        else
            sl_login_say("Connection closed by %s: %s", p->job->address->host, ssh_get_error(p->session));
        return SSH_FAILED;
    }
    ssh_event_remove_session(p->event, p->session);
    ssh_event_free(p->event);
    ssh_disconnect(p->session);
    return p->exit_status;
}

/* ---- before ---- */

static bool make_pairs(struct pump *p)
{
    int n = SOCKET_BYTES;
    for (size_t i = 0; i < PAIRS; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, p->pairs[i]) != 0)
            return false;
        for (int k = 0; k < 2; k++)
            setsockopt(p->pairs[i][k], SOL_SOCKET, SO_SNDBUF, &n, sizeof n);
    }
    return true;
}

/* A session that is logged in needs no file and no program any more: what a server could make of a fault in libssh ends here. */
static enum sl_code confine(struct sl_error *err)
{
    struct sl_confine_abilities done = { 0 };
    struct sl_confine *nothing = sl_confine_new();
    enum sl_code rc = sl_confine_begin(err);
    if (rc == SL_OK)
        rc = sl_confine_enter(nothing, SL_CONFINE_CLIENT, NULL, &done, err);
    sl_confine_free(nothing);
    return rc;
}

int sl_libssh_serve(const struct sl_libssh_job *job)
{
    struct sl_login l = { .job = job, .settings = job->settings };
    struct pump p = { .job = job };
    enum sl_code rc = sl_login(&l);
    if (rc == SL_OK && !make_pairs(&p))
        rc = sl_fail_errno(&l.err, errno, "cannot make socketpairs");
    if (rc == SL_OK && job->options->confinement != SL_CLIENT_CONFINEMENT_OFF)
        rc = confine(&l.err);
    if (rc != SL_OK) {
        struct sl_lane_answer a = { .code = (int32_t)rc, .exit_status = sl_transport_exit(rc), .unknown_host = l.unknown_host, .lasting = l.err.lasting };
        snprintf(a.text, sizeof a.text, "%s", l.err.text);
        sl_lane_answer(job->control_fd, &a, NULL);
        return SSH_FAILED;
    }
    p.session = l.session;
    return pump(&p);
}

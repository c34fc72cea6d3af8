/* SPDX-License-Identifier: ISC */
/*
 * libssh_pump - channels of one session, each with a socketpair to the process that asked for it. One poll loop; nothing in it
 * blocks, so that a channel that is being opened, or whose reader is slow, does not hold up the others.
 */
#include "config.h"
#include "client/libssh_channel.h"
#include "base/confine.h"
#include "base/io.h"
#include "client/transport_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SOCKET_BYTES = 1024 * 1024,
    SSH_READ = 4096,                 /* libssh reads no more at once */
    READS_A_TURN = 256,
    LAST_WORDS_MS = 1000,
    TURN_MAX_MS = 60000
};

/* ---- the loop ---- */

static bool pending_write(const struct sl_pump *p)
{
    return ssh_get_poll_flags(p->session) & SSH_WRITE_PENDING;
}

static void step_channels(struct sl_pump *p)
{
    for (size_t i = 0; i < p->count;) {
        struct sl_ssh_channel *c = p->channels[i];
        if (c->state < SL_SSH_RUNNING)
            sl_ssh_channel_advance(c);
        else if (c->state == SL_SSH_RUNNING)
            sl_ssh_channel_run(c, !pending_write(p));
        if (c->state == SL_SSH_OVER) {
            sl_ssh_channel_end(c);
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

static void step_session(struct sl_pump *p, short revents)
{
    if (revents & POLLIN) {
        p->heard_ms = sl_now_ms();
        p->alive_sent = 0;
    }
    for (int i = reads_there(ssh_get_fd(p->session)); i > 0 && !p->broken; i--)
        p->broken = ssh_event_dopoll(p->event, 0) == SSH_ERROR || !ssh_is_connected(p->session);
}

static void step_control(struct sl_pump *p)
{
    struct sl_lane_request r;
    while (sl_lane_asked(p->job->control_fd, &r, SL_LANE_NO_WAIT))
        sl_ssh_channel_open(p, r.id);
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        p->control_gone = true;
}

static void step_words(struct sl_pump *p)
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
static int step_clock(struct sl_pump *p)
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

static void turn(struct sl_pump *p)
{
    enum { SESSION, CONTROL, WORDS, FIRST };
    struct pollfd fds[FIRST + SL_SSH_PAIRS];
    bool writing = pending_write(p);
    int limit_ms = step_clock(p);
    fds[SESSION] = (struct pollfd){ .fd = ssh_get_fd(p->session), .events = (short)(POLLIN | (writing ? POLLOUT : 0)) };
    fds[CONTROL] = (struct pollfd){ .fd = p->control_gone ? -1 : p->job->control_fd, .events = POLLIN };
    fds[WORDS] = (struct pollfd){ .fd = sl_buf_len(&p->words) ? STDERR_FILENO : -1, .events = POLLOUT };
    for (size_t i = 0; i < p->count; i++) {
        struct sl_ssh_channel *c = p->channels[i];
        bool up = c->state == SL_SSH_RUNNING && !c->up_eof && c->up_start == c->up_end && !writing && ssh_channel_window_size(c->ch);
        bool down = c->state == SL_SSH_RUNNING && (c->stuck || c->down_start < c->down_end);
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
static void last_words(struct sl_pump *p)
{
    struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };
    for (step_words(p); sl_buf_len(&p->words) && poll(&fd, 1, LAST_WORDS_MS) > 0; step_words(p))
        ;
}

static int pump(struct sl_pump *p)
{
    ssh_set_blocking(p->session, 0);
    sl_io_nonblock(STDERR_FILENO);
    p->event = ssh_event_new();
    ssh_event_add_session(p->event, p->session);
    p->heard_ms = sl_now_ms();
    sl_ssh_channel_open(p, 0);
    while (p->count && !p->broken)
        turn(p);
    last_words(p);
    if (p->broken) {
        char text[400];
        snprintf(text, sizeof text, "'%s': its ssh server ended the connection (%s)", p->job->address->host, ssh_get_error(p->session));
        if (!p->first_answered)
            sl_pump_refuse(p, 0, SL_E_CLOSED, SL_EXIT_BROKEN, text);
        else
            sl_login_say("Connection closed by %s: %s", p->job->address->host, ssh_get_error(p->session));
        return SL_SSH_FAILED;
    }
    ssh_event_remove_session(p->event, p->session);
    ssh_event_free(p->event);
    ssh_disconnect(p->session);
    return p->exit_status;
}

/* ---- before ---- */

static bool make_pairs(struct sl_pump *p)
{
    int n = SOCKET_BYTES;
    for (size_t i = 0; i < SL_SSH_PAIRS; i++) {
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
    struct sl_pump p = { .job = job };
    enum sl_code rc = sl_login(&l);
    if (rc == SL_OK && !make_pairs(&p))
        rc = sl_fail_errno(&l.err, errno, "cannot make socketpairs");
    if (rc == SL_OK && job->options->confinement != SL_CLIENT_CONFINEMENT_OFF)
        rc = confine(&l.err);
    if (rc != SL_OK) {
        struct sl_lane_answer a = { .code = (int32_t)rc, .exit_status = sl_transport_exit(rc), .unknown_host = l.unknown_host, .lasting = l.err.lasting };
        snprintf(a.text, sizeof a.text, "%s", l.err.text);
        sl_lane_answer(job->control_fd, &a, NULL);
        return SL_SSH_FAILED;
    }
    p.session = l.session;
    return pump(&p);
}

/* SPDX-License-Identifier: ISC */
/*
 * server_loop - the poll loop of a session: reads whenever the peer sends (so neither side ever waits for the other to
 * read), works while there is work, writes what there is, and watches the deadlines.
 */
#include "config.h"
#include "subsystem/server_loop.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

enum { READ_MAX = 256 * 1024, PIPE_BYTES = 1024 * 1024, BACKLOG_MAX = 4 * 1024 * 1024, DRAIN_MS = 5000,
       PIECE_LEAST = 4096,              /* bytes of a frame that count as a movement; fewer would keep a session for ever */
       PROBE_MS = 5000, UNHEARD_MS = 120000 /* six PINGs of a client */ };

struct loop {
    struct sl_session *s;
    int in, out;
    const struct sl_serve_limits *limits;
    const volatile sig_atomic_t *drain;
    uint64_t start_ms, moved_ms, heard_ms, probed_ms;  /* heard: of the peer itself, or something went to it */
    uint64_t frames;                    /* bytes of whole frames when something moved last; and bytes since then */
    size_t pieces;
    bool draining, eof;
    sigset_t waiting;                   /* the signal mask while it waits: only then are signals let in */
    sigset_t working;
    char *buf;
    struct sl_pace pace_in, pace_out;   /* of this session alone */
};

/* ---- rates ---- */

static uint64_t rate_of(const struct loop *l, bool out)
{
    return out ? sl_session_rate_out(l->s) : sl_session_rate(l->s);
}

/* Nanoseconds until bytes may move this way. */
static uint64_t held_back(const struct loop *l, bool out, uint64_t now)
{
    const struct sl_pace *total = out ? l->limits->total_out : l->limits->total_in;
    uint64_t own = sl_pace_wait(out ? &l->pace_out : &l->pace_in, rate_of(l, out), now);
    uint64_t all = total ? sl_pace_wait(total, l->limits->total_rate, now) : 0;
    return own > all ? own : all;
}

static void moved_bytes(struct loop *l, bool out, uint64_t n)
{
    uint64_t rate = rate_of(l, out);
    struct sl_pace *total = out ? l->limits->total_out : l->limits->total_in;
    if (out)
        l->moved_ms = sl_now_ms();       /* what comes counts when it is something: see heard */
    if (!rate && !l->limits->total_rate)
        return;
    uint64_t now = sl_pace_now();
    sl_pace_moved(out ? &l->pace_out : &l->pace_in, rate, n, now);
    if (total)
        sl_pace_moved(total, l->limits->total_rate, n, now);
}

static bool limited(const struct loop *l)
{
    return sl_session_rate_out(l->s) || l->limits->total_rate;
}

static size_t piece(const struct loop *l, bool out)
{
    size_t own = sl_pace_piece(rate_of(l, out)), all = sl_pace_piece(l->limits->total_rate);
    return own < all ? own : all;
}

/* ---- bytes ---- */

/* What is to be sent. Compressing it is counted. */
static const uint8_t *output(const struct loop *l, size_t *len)
{
    if (!sl_session_packs(l->s))
        return sl_session_output(l->s, len);
    uint64_t start = sl_pace_now();
    const uint8_t *p = sl_session_output(l->s, len);
    sl_session_packed(l->s, (sl_pace_now() - start) / 1000);
    return p;
}

static size_t backlog(const struct loop *l)
{
    size_t len = 0;
    output(l, &len);
    return len;
}

/* *moved is set when room for more output was made. */
static enum sl_code flush(struct loop *l, bool *moved, struct sl_error *err)
{
    size_t len = 0, put = 0;
    const uint8_t *p;
    while ((p = output(l, &len)) != NULL && len) {
        if (limited(l) && held_back(l, true, sl_pace_now()))
            return SL_OK;
        if (limited(l) && len > piece(l, true))
            len = piece(l, true);
        enum sl_code rc = sl_io_write(l->out, p, len, &put);
        if (rc == SL_AGAIN)
            return SL_OK;
        if (rc != SL_OK)
            return errno == EPIPE || errno == ECONNRESET ? sl_fail(err, SL_E_CLOSED, "the peer closed the connection")
                                                        : sl_fail_errno(err, errno, "cannot send to the peer");
        sl_session_sent(l->s, put);
        *moved = true;
        l->heard_ms = l->moved_ms = sl_now_ms();     /* who reads lives */
        moved_bytes(l, true, put);
    }
    return SL_OK;
}

/* Whole frames move a session, or a good piece of one. */
static void heard(struct loop *l, size_t got)
{
    uint64_t frames = sl_session_heard(l->s);
    l->pieces += got;
    if (frames == l->frames && l->pieces < PIECE_LEAST)
        return;
    l->frames = frames;
    l->pieces = 0;
    l->heard_ms = l->moved_ms = sl_now_ms();
}

static enum sl_code receive(struct loop *l, struct sl_error *err)
{
    size_t got = 0;
    size_t most = limited(l) && piece(l, false) < READ_MAX ? piece(l, false) : READ_MAX;
    enum sl_code rc = sl_io_read(l->in, l->buf, most, &got);
    if (rc == SL_AGAIN)
        return SL_OK;
    if (rc == SL_EOF || (rc != SL_OK && errno == ECONNRESET)) {
        l->eof = true;
        return sl_session_feed_eof(l->s, err);
    }
    if (rc != SL_OK)
        return sl_fail_errno(err, errno, "cannot receive from the peer");
    moved_bytes(l, false, got);
    rc = sl_session_feed(l->s, l->buf, got, err);
    heard(l, got);
    return rc;
}

/* A peer that has said BYE and closed may be gone, or may read on. Long work has nothing to send that would show it. */
static void probe(struct loop *l)
{
    uint64_t now = sl_now_ms();
    if (!l->eof || now - l->probed_ms < PROBE_MS)
        return;
    l->probed_ms = now;
    sl_session_probe(l->s);
}

/* Milliseconds until the next deadline; -1: none. 0 once it has passed. */
static int until_deadline(const struct loop *l)
{
    bool greeted = sl_session_greeted(l->s);
    uint64_t limit = (uint64_t)(greeted ? l->limits->idle_timeout_s : l->limits->handshake_timeout_s) * 1000;
    uint64_t passed = sl_now_ms() - (greeted ? l->moved_ms : l->start_ms);
    if (!limit)
        return -1;
    if (passed >= limit)
        return 0;
    return limit - passed > 60000 ? 60000 : (int)(limit - passed);
}

static enum sl_code check_deadline(const struct loop *l, struct sl_error *err)
{
    if (until_deadline(l) != 0)
        return SL_OK;
    return sl_session_greeted(l->s) ? sl_fail(err, SL_E_TIMEOUT, "nothing moved for %u seconds", l->limits->idle_timeout_s)
                                    : sl_fail(err, SL_E_TIMEOUT, "no greeting within %u seconds",
                                              l->limits->handshake_timeout_s);
}

/* ms (-1: for ever), or the moment at which a rate lets bytes move, whichever is first. */
static int sooner(int ms, uint64_t ns)
{
    uint64_t until = ns / 1000000 + 1;
    return ns && (ms < 0 || until < (uint64_t)ms) ? (int)(until > 60000 ? 60000 : until) : ms;
}

static void waited(struct loop *l, uint64_t us, bool queued, bool listening)
{
    if (queued || sl_session_working(l->s))
        sl_session_waited(l->s, us, SL_WAIT_HELD);
    else if (listening)
        sl_session_waited(l->s, us, SL_WAIT_IDLE);
}

/* Work is movement, but not for a peer that seems to be gone: a client that lives says something every 20 seconds. Who has closed its
 * side, or is not listened to, can't. */
static void keep_working(struct loop *l, bool listening)
{
    uint64_t now = sl_now_ms();
    if (!listening)
        l->heard_ms = now;
    if (now - l->heard_ms < UNHEARD_MS)
        l->moved_ms = now;
    probe(l);
}

static enum sl_code wait_and_move(struct loop *l, bool working, struct sl_error *err)
{
    size_t waiting = backlog(l);
    uint64_t now = limited(l) ? sl_pace_now() : 0, in_ns = limited(l) ? held_back(l, false, now) : 0,
             out_ns = limited(l) && waiting ? held_back(l, true, now) : 0;
    struct pollfd p[2] = { { .fd = l->eof || in_ns || waiting > BACKLOG_MAX ? -1 : l->in, .events = POLLIN },
                           { .fd = out_ns ? -1 : waiting || l->eof ? l->out : -1, .events = waiting ? POLLOUT : 0 } };
    int ms = working ? 0 : until_deadline(l);
    ms = sooner(sooner(ms, in_ns), out_ns);
    struct timespec most = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
    if (working)
        keep_working(l, p[0].fd >= 0);
    uint64_t start = working ? 0 : sl_pace_now();
    if (ppoll(p, 2, ms < 0 ? NULL : &most, &l->waiting) < 0 && errno != EINTR)
        return sl_fail_errno(err, errno, "cannot wait for the peer");
    if (!working)
        waited(l, (sl_pace_now() - start) / 1000, waiting > 0, p[0].fd >= 0);
    if (p[0].fd >= 0 && p[0].revents)
        return receive(l, err);
    if (l->eof && p[1].revents & (POLLERR | POLLHUP))
        return sl_fail(err, SL_E_CLOSED, "the peer closed the connection");
    return SL_OK;
}

/* While descriptors are always ready, ppoll lets no signal in. */
static void let_signals_in(struct loop *l)
{
    sigprocmask(SIG_SETMASK, &l->waiting, NULL);
    sigprocmask(SIG_SETMASK, &l->working, NULL);
    if (*l->drain && !l->draining) {
        l->draining = true;
        sl_session_drain(l->s);
    }
}

static enum sl_code run(struct loop *l, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (rc == SL_OK) {
        let_signals_in(l);
        if (l->draining && !sl_session_greeted(l->s))
            return SL_OK;
        enum sl_code worked = sl_session_step(l->s, err);
        if (worked != SL_OK && worked != SL_AGAIN)
            return worked;
        bool moved = worked == SL_OK;    /* what waited for room may go on at once */
        rc = flush(l, &moved, err);
        if (rc == SL_OK && sl_session_over(l->s) && !backlog(l))
            return SL_OK;
        if (rc == SL_OK && !moved && !backlog(l))
            sl_session_rest(l->s);
        if (rc == SL_OK)
            rc = wait_and_move(l, moved, err);
        if (rc == SL_OK)
            rc = check_deadline(l, err);
    }
    return rc;
}

/* The last words (why the session ends) get a little time. */
static void last_words(struct loop *l)
{
    struct sl_error ignored;
    uint64_t end = sl_now_ms() + DRAIN_MS;
    bool moved;
    while (flush(l, &moved, &ignored) == SL_OK && backlog(l) && sl_now_ms() < end) {
        struct pollfd p = { .fd = l->out, .events = POLLOUT };
        poll(&p, 1, 100);
    }
}

/* A signal that came just before a wait would be noticed only after it: they are held back in between. */
static void block_signals(struct loop *l)
{
    sigprocmask(SIG_SETMASK, NULL, &l->waiting);
    l->working = l->waiting;
    sigaddset(&l->working, SIGTERM);
    sigaddset(&l->working, SIGINT);
    sigaddset(&l->working, SIGHUP);
    sigprocmask(SIG_SETMASK, &l->working, NULL);
}

enum sl_code sl_serve(int in_fd, int out_fd, const struct sl_policy *policy, const struct sl_serve_limits *limits,
                      const volatile sig_atomic_t *drain, struct sl_session_figures *figures, struct sl_error *err)
{
    struct loop l = { .in = in_fd, .out = out_fd, .limits = limits, .drain = drain };
    enum sl_code rc = sl_io_nonblock(in_fd);
    if (rc == SL_OK)
        rc = sl_io_nonblock(out_fd);
    if (rc != SL_OK)
        return sl_fail_errno(err, errno, "cannot use the connection");
    /* A pipe holds 64 KiB unless told; where it may not grow it stays so. */
    fcntl(in_fd, F_SETPIPE_SZ, PIPE_BYTES);
    fcntl(out_fd, F_SETPIPE_SZ, PIPE_BYTES);
    l.buf = sl_malloc(READ_MAX);
    l.start_ms = l.moved_ms = l.heard_ms = sl_now_ms();
    l.s = sl_session_new(policy);
    block_signals(&l);
    rc = run(&l, err);
    if (rc == SL_E_CLOSED && sl_session_over(l.s))
        rc = SL_OK;                      /* a peer need not stay for our goodbye */
    sigprocmask(SIG_SETMASK, &l.waiting, NULL);
    if (rc != SL_OK && rc != SL_E_CLOSED)
        last_words(&l);
    sl_session_figures(l.s, figures);
    sl_session_free(l.s);
    free(l.buf);
    return rc;
}

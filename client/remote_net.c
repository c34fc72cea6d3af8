/* SPDX-License-Identifier: ISC */
/* remote_net - moves the bytes of remote endpoints: one poll for all connections of a run. */
#include "config.h"
#include "client/remote_priv.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* A line that takes less than a PIECE_LEAST is not alive for it: what we send ends up in the system's buffers first, PINGs above all. */
enum { READ_MAX = 256 * 1024, PIECE_LEAST = 16 * 1024, POLL_MS = 1000, PING_MS = 20000, PINGS_MAX = 9, HANDSHAKE_S = 60, BYE_MS = 10000, LAST_WORDS_MS = 10000, HOLDS_MS = 20, WATCHED = 4 /* descriptors of one endpoint */ };

volatile int sl_remote_interrupted;

void sl_remote_relay(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

/* A refused lane is normal, and told where it was asked for (grow.c): the master's own word for it is not for the user. */
static void relay_of_master(const char *line)
{
    int end = 0;
    if (sscanf(line, "channel %*u: open failed: %n", &end) != 0 || !end)
        sl_remote_relay(line);
}

static void hear_words(struct sl_remote *r)
{
    bool master = r->t.shared.how == SL_SHARING_OWN && r->t.lanes;
    sl_transport_stderr(&r->t, master ? relay_of_master : sl_remote_relay);
}

/* What is to be sent. Compressing it is counted. */
static const uint8_t *output(struct sl_remote *r, size_t *len)
{
    if (!sl_conn_packs(r->conn))
        return sl_conn_output(r->conn, len);
    uint64_t start = sl_pace_now();
    const uint8_t *p = sl_conn_output(r->conn, len);
    r->line.packing_us += (sl_pace_now() - start) / 1000;
    return p;
}

static void alive(struct sl_remote *r)
{
    r->moved_ms = sl_now_ms();
    r->sent_since = 0;
    r->unanswered = 0;
}

/* Who does not take anything more may have said a lot that has not been read: content, or why. So that is read to its end first, unless nothing
 * comes for LAST_WORDS_MS. */
static enum sl_code deafened(struct sl_remote *r)
{
    r->deaf = true;
    r->deaf_ms = sl_now_ms();
    return SL_OK;
}

/* Everything that can be written now, is. */
static enum sl_code flush(struct sl_remote *r, bool *moved, struct sl_error *err)
{
    size_t len = 0, put = 0;
    const uint8_t *p;
    while (!r->deaf && (p = output(r, &len)) != NULL && len) {
        if (sl_remote_line_wait(r, true) || sl_taste_holds(r))
            return SL_OK;
        enum sl_code rc = sl_io_write(r->t.out_fd, p, sl_remote_line_piece(r, true, len), &put);
        if (rc == SL_AGAIN)
            return SL_OK;
        if (rc == SL_E_CLOSED)
            return deafened(r);
        if (rc != SL_OK)
            return sl_fail_errno(err, errno, "cannot send to '%s'", r->addr->host);
        sl_conn_sent(r->conn, put);
        r->wire_out += put;
        sl_remote_line_moved(r, true, put);
        r->sent_since += put;
        if (r->sent_since >= PIECE_LEAST)
            alive(r);
        *moved = true;
    }
    return SL_OK;
}

static enum sl_code receive(struct sl_remote *r, char *buf, bool *moved, struct sl_error *err)
{
    size_t got = 0;
    enum sl_code rc = sl_io_read(r->t.fd, buf, sl_remote_line_piece(r, false, READ_MAX), &got);
    if (rc == SL_AGAIN)
        return SL_OK;
    if (rc == SL_EOF || rc == SL_E_CLOSED) {
        r->eof = true;
        *moved = true;
        rc = sl_conn_feed_eof(r->conn, err);
        /* We say goodbye first, and then don't listen any more: a server that did is shutting down. */
        return rc != SL_OK ? rc : sl_fail(err, SL_E_CLOSED, "'%s' ended the session", r->addr->host);
    }
    if (rc != SL_OK)
        return sl_fail_errno(err, errno, "cannot receive from '%s'", r->addr->host);
    *moved = true;
    r->wire_in += got;
    sl_remote_line_moved(r, false, got);
    alive(r);
    sl_remote_line_got(r, got, got == READ_MAX);
    return sl_conn_feed(r->conn, buf, got, err);
}

/* Whether nothing moved for too long. A server that has greeted had a PING to answer by then: time that passed while this process was stopped
 * is not the server's. */
static bool dead(const struct sl_remote *r, uint64_t silent, bool due)
{
    if (!r->o->timeout_s)
        return due && r->unanswered >= PINGS_MAX;
    return silent >= (uint64_t)r->o->timeout_s * 1000 && (!sl_conn_ready(r->conn) || (due && r->unanswered));
}

static enum sl_code watch_clock(struct sl_remote *r, struct sl_error *err)
{
    uint64_t now = sl_now_ms(), silent = now - r->moved_ms, every = r->o->timeout_s ? (uint64_t)r->o->timeout_s * 500 : PING_MS;
    if (r->deaf && silent > LAST_WORDS_MS && now - r->deaf_ms > LAST_WORDS_MS)
        return sl_fail_errno(err, EPIPE, "cannot send to '%s'", r->addr->host);
    bool due = sl_conn_ready(r->conn) && silent >= every && (!r->unanswered || now - r->pinged_ms >= every);
    if (dead(r, silent, due))
        return sl_fail(err, SL_E_TIMEOUT, "nothing heard from '%s' for %llu seconds%s", r->addr->host, (unsigned long long)silent / 1000,
                       r->o->timeout_s ? " (--timeout)" : "");
    if (due) {
        sl_conn_ping(r->conn, now);
        r->pinged_ms = now;
        r->unanswered++;
    }
    return SL_OK;
}

static struct sl_remote *remote_of(struct sl_endpoint *e)
{
    return e && e->remote && ((struct sl_remote *)e)->t.fd >= 0 && !((struct sl_remote *)e)->eof ? (struct sl_remote *)e : NULL;
}

static enum sl_code pump_one(struct sl_remote *r, const struct pollfd *p, char *buf, bool *moved, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
        rc = receive(r, buf, moved, err);
    if (rc == SL_OK && !r->eof)
        rc = flush(r, moved, err);
    if (p[1].fd >= 0 && p[1].revents)
        hear_words(r);
    if (rc == SL_OK && !r->eof)
        rc = watch_clock(r, err);
    if (rc == SL_OK && !r->eof)
        sl_remote_line_look(r);
    if (rc != SL_OK)
        err->side = r->e.side;
    return rc;
}

/* ms, or until a rate lets bytes move. */
static int sooner(int ms, uint64_t ns)
{
    uint64_t until = ns / 1000000 + 1;
    return ns && until < (uint64_t)ms ? (int)until : ms;
}

/* Time spent waiting is counted for each side that was waited for. */
static int wait_for(struct pollfd *p, struct sl_remote *const *r, size_t count, int ms)
{
    uint64_t start = ms ? sl_pace_now() : 0;
    int n = poll(p, count * WATCHED, ms);
    int why = errno;
    uint64_t us = ms ? (sl_pace_now() - start) / 1000 : 0;
    for (size_t i = 0; us && i < count; i++)
        if (r[i])
            sl_remote_line_waited(r[i], us);
    errno = why;
    return n;
}

/* What of one endpoint is waited for; *ms: at most so long. */
static void watch(const struct sl_remote *r, struct pollfd *p, int *ms)
{
    for (int k = 0; k < WATCHED; k++)
        p[k] = (struct pollfd){ .fd = -1 };
    if (!r)
        return;
    uint64_t in_ns = sl_remote_line_wait(r, false), out_ns = sl_conn_queued(r->conn) ? sl_remote_line_wait(r, true) : 0;
    *ms = sooner(sooner(*ms, in_ns), out_ns);
    bool holds = sl_taste_holds(r);
    if (sl_taste_waits(r) && *ms > HOLDS_MS)
        *ms = HOLDS_MS;
    p[0] = (struct pollfd){ .fd = in_ns ? -1 : r->t.fd, .events = POLLIN };
    p[1] = (struct pollfd){ .fd = r->t.stderr_fd, .events = POLLIN };
    p[2] = (struct pollfd){ .fd = sl_conn_queued(r->conn) && !out_ns && !r->deaf && !holds ? r->t.out_fd : -1, .events = POLLOUT };
    p[3] = (struct pollfd){ .fd = r->beside_asked ? r->t.control_fd : -1, .events = POLLIN };
}

/* Its end was seen before, perhaps when nobody could act on it. */
static bool has_ended(const struct sl_endpoint *e)
{
    return e && e->remote && ((const struct sl_remote *)e)->eof;
}

static enum sl_code pump_failed(struct sl_remote *const *r, size_t i, size_t *which, struct sl_error *err)
{
    err->side = r[i]->e.side;
    *which = i;
    return err->code;
}

enum sl_code sl_remote_pump_all(struct sl_endpoint *const *all, size_t count, bool wait, size_t *which, struct sl_error *err)
{
    static char *buf;                       /* one for the process's life; it holds nothing between calls */
    struct sl_remote *r[SL_PUMP_MAX];
    struct pollfd p[SL_PUMP_MAX * WATCHED];
    bool moved = false;
    int ms = POLL_MS;
    if (!buf)
        buf = sl_malloc(READ_MAX);
    *which = SL_PUMP_MAX;
    for (size_t i = 0; i < count; i++) {
        r[i] = remote_of(all[i]);
        if (has_ended(all[i])) {
            *which = i;
            err->side = all[i]->side;
            return sl_fail(err, SL_E_CLOSED, "'%s' ended the session", ((struct sl_remote *)all[i])->addr->host);
        }
        if (r[i] && flush(r[i], &moved, err) != SL_OK)
            return pump_failed(r, i, which, err);
        watch(r[i], p + WATCHED * i, &ms);
    }
    if (wait_for(p, r, count, wait && !moved ? ms : 0) < 0 && errno != EINTR)
        return sl_fail_errno(err, errno, "cannot wait for the network");
    if (sl_remote_interrupted)
        return sl_fail(err, SL_E_CLOSED, "interrupted by signal %d", sl_remote_interrupted);
    for (size_t i = 0; i < count; i++)
        if (r[i] && pump_one(r[i], p + WATCHED * i, buf, &moved, err) != SL_OK)
            return pump_failed(r, i, which, err);
    return SL_OK;
}

enum sl_code sl_remote_pump(struct sl_endpoint *a, struct sl_endpoint *b, bool wait, struct sl_error *err)
{
    struct sl_endpoint *const both[] = { a, b };
    size_t which;
    return sl_remote_pump_all(both, 2, wait, &which, err);
}

bool sl_remote_answered(const struct sl_remote *r, enum sl_job job, uint64_t ticket)
{
    return r->e.acked[job] >= ticket || (r->sync && r->sync_failed);
}

enum sl_code sl_remote_wait_more(struct sl_remote *r, uint64_t since_ms, struct sl_error *err)
{
    unsigned limit_s = r->o->timeout_s ? (unsigned)r->o->timeout_s : HANDSHAKE_S;
    if (r->eof)
        return sl_fail(err, SL_E_CLOSED, "'%s' closed the connection", r->addr->host);
    enum sl_code rc = sl_remote_pump(&r->e, NULL, true, err);
    if (rc != SL_OK)
        return rc;
    /* A person may be typing a password: without --timeout only a peer that has spoken is hurried. */
    if ((r->o->timeout_s || sl_conn_ready(r->conn) || r->addr->kind == SL_ADDR_TCP) &&
        sl_now_ms() - since_ms > (uint64_t)limit_s * 1000)
        return sl_fail(err, SL_E_TIMEOUT, "'%s' did not answer within %u seconds", r->addr->host, limit_s);
    return SL_OK;
}

enum sl_code sl_remote_wait(struct sl_remote *r, enum sl_job job, uint64_t ticket, struct sl_error *err)
{
    uint64_t start = sl_now_ms();
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && !sl_remote_answered(r, job, ticket))
        rc = sl_remote_wait_more(r, start, err);
    return rc;
}

size_t sl_remote_queued(const struct sl_endpoint *e)
{
    return e->remote ? sl_conn_queued(((const struct sl_remote *)e)->conn) : 0;
}

void sl_remote_finish(struct sl_endpoint *e)
{
    struct sl_remote *r = remote_of(e);
    struct sl_error err;
    uint64_t start = sl_now_ms();
    if (!r || !sl_conn_ready(r->conn))
        return;
    /* Everything was confirmed: the server's own goodbye is not worth a round trip. */
    sl_conn_bye(r->conn);
    while (remote_of(e) && !r->deaf && sl_conn_queued(r->conn) && sl_now_ms() - start < BYE_MS)
        if (sl_remote_pump(e, NULL, true, &err) != SL_OK)
            return;
    r->left = !r->deaf && !sl_conn_queued(r->conn);
}

void sl_remote_traffic(const struct sl_endpoint *e, uint64_t *out, uint64_t *in)
{
    const struct sl_remote *r = (const struct sl_remote *)e;
    *out += e->remote ? r->wire_out : 0;
    *in += e->remote ? r->wire_in : 0;
}

uint64_t sl_remote_listed(const struct sl_endpoint *e)
{
    return e->remote ? ((const struct sl_remote *)e)->listed : 0;
}

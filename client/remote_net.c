/* SPDX-License-Identifier: ISC */
/* remote_net - brings a remote endpoint up and down and moves its bytes: one poll for both sides of a copy. */
#include "config.h"
#include "client/remote_priv.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line that takes less than a PIECE_LEAST is not alive for it: what we send ends up in the system's buffers first, PINGs above all. */
enum { READ_MAX = 256 * 1024, PIECE_LEAST = 16 * 1024, POLL_MS = 1000, PING_MS = 20000, PINGS_MAX = 9, HANDSHAKE_S = 60, BYE_MS = 10000, STRANGE_MS = 200, WATCHED = 4 /* descriptors of one endpoint */ };

static const uint32_t no_directory = 0xfffffffe;   /* an id that is never open: closing it is answered, and harmless */

volatile int sl_remote_interrupted;

static const char *const features[] = {
#ifdef HAVE_ZSTD
    "zstd",
#endif
    "zlib", "sparse", SL_FEATURE_STEER, SL_FEATURE_SHA256, SL_FEATURE_PARTS, NULL
};

static void relay(const char *line)
{
    fprintf(stderr, "%s\n", line);
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

/* Everything that can be written now, is. */
static enum sl_code flush(struct sl_remote *r, bool *moved, struct sl_error *err)
{
    size_t len = 0, put = 0;
    const uint8_t *p;
    while ((p = output(r, &len)) != NULL && len) {
        if (sl_remote_line_wait(r, true))
            return SL_OK;
        enum sl_code rc = sl_io_write(r->t.out_fd, p, sl_remote_line_piece(r, true, len), &put);
        if (rc == SL_AGAIN)
            return SL_OK;
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
        sl_transport_stderr(&r->t, relay);
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
    p[0] = (struct pollfd){ .fd = in_ns ? -1 : r->t.fd, .events = POLLIN };
    p[1] = (struct pollfd){ .fd = r->t.stderr_fd, .events = POLLIN };
    p[2] = (struct pollfd){ .fd = sl_conn_queued(r->conn) && !out_ns ? r->t.out_fd : -1, .events = POLLOUT };
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

static bool answered(const struct sl_remote *r, enum sl_job job, uint64_t ticket)
{
    return r->e.acked[job] >= ticket || (r->sync && r->sync_failed);
}

enum sl_code sl_remote_wait(struct sl_remote *r, enum sl_job job, uint64_t ticket, struct sl_error *err)
{
    uint64_t start = sl_now_ms();
    unsigned limit_s = r->o->timeout_s ? (unsigned)r->o->timeout_s : HANDSHAKE_S;
    while (!answered(r, job, ticket)) {
        if (r->eof)
            return sl_fail(err, SL_E_CLOSED, "'%s' closed the connection", r->addr->host);
        enum sl_code rc = sl_remote_pump(&r->e, NULL, true, err);
        if (rc != SL_OK)
            return rc;
        /* A person may be typing a password: without --timeout only a peer that has spoken is hurried. */
        if ((r->o->timeout_s || sl_conn_ready(r->conn) || r->addr->kind == SL_ADDR_TCP) &&
            sl_now_ms() - start > (uint64_t)limit_s * 1000)
            return sl_fail(err, SL_E_TIMEOUT, "'%s' did not answer within %u seconds", r->addr->host, limit_s);
    }
    return SL_OK;
}

/* --compress-choice leaves one of them. */
static bool chosen(const struct sl_options *o, const char *feature)
{
    bool packing = strcmp(feature, "zstd") == 0 || strcmp(feature, "zlib") == 0;
    if (strcmp(feature, SL_FEATURE_SHA256) == 0)
        return o->sha256;
    return !packing || !o->compress_choice || strcmp(feature, o->compress_choice) == 0;
}

static const char *const *offered(const struct sl_options *o, const char *left[])
{
    size_t n = 0;
    for (size_t i = 0; features[i]; i++)
        if (chosen(o, features[i]) && (!o->test_mask || !strstr(o->test_mask, features[i])))
            left[n++] = features[i];
    left[n] = NULL;
    return left;
}

static struct sl_remote *remote_new(enum sl_side side, const struct sl_address *a, const struct sl_options *o, int compress)
{
    struct sl_remote *r = sl_calloc(1, sizeof *r);
    const char *left[sizeof features / sizeof features[0]];
    struct sl_hello hello = { .protocol_min = SL_PROTOCOL_MIN, .protocol_max = SL_PROTOCOL_MAX, .frame_max = SL_FRAME_MAX,
                              .window = 8 * 1024 * 1024, .dirs_max = 0, .program = "superlifter " PACKAGE_VERSION,
                              .features = offered(o, left) };
    r->e.ops = &sl_remote_ops;
    r->e.side = side;
    r->e.remote = r->e.reads_ahead = r->e.verify = true;
    r->e.next_id = 1;
    r->e.digest = o->sha256 ? SL_HASH_SHA256 : SL_HASH_XXH128;
    r->addr = a;
    r->o = o;
    r->list_owners = !(o->owner || o->group) ? SL_LIST_NO_OWNER | SL_LIST_NUMERIC : o->numeric_ids ? SL_LIST_NUMERIC : 0;
    r->t.fd = r->t.out_fd = r->t.stderr_fd = r->t.control_fd = -1;
    r->moved_ms = sl_now_ms();
    r->compress = compress;
    r->conn = sl_conn_new(SL_ROLE_CLIENT, &hello, compress == SL_COMPRESS_AUTO ? 0 : compress, &sl_remote_conn_ops, r);
    for (int j = 0; j < SL_JOBS; j++) {
        r->enc[j] = sl_entry_codec_new();
        r->dec[j] = sl_entry_codec_new();
    }
    return r;
}

/* What the other side said instead of our preface, on one line. */
static enum sl_code show_strange(struct sl_remote *r, struct sl_error *err)
{
    static const char nologin[] = "This account is currently not available";
    const struct sl_buf *said = sl_conn_strange(r->conn);
    size_t n = said ? sl_buf_len(said) : 0;
    char text[400];
    if (n && memmem(sl_buf_ptr(said), n, nologin, sizeof nologin - 1))
        return sl_fail(err, SL_E_DENIED, "'%s': the account may not run anything there (%s)", r->addr->host, nologin);
    n = n > 200 ? 200 : n;
    while (n && (sl_buf_ptr(said)[n - 1] == '\n' || sl_buf_ptr(said)[n - 1] == '\r'))
        n--;
    sl_escape(n ? (const char *)sl_buf_ptr(said) : "", n, text, sizeof text);
    const char *but = strstr(err->text, " but ");        /* where the connection knew what it is */
    char what[120] = "";
    if (but)
        snprintf(what, sizeof what, "%s", but);
    return sl_fail(err, SL_E_PEER, "what answers at '%s' is not a superlifter server%s; it says: \"%s\"%s", r->addr->host, what,
                   text, r->addr->kind == SL_ADDR_SSH && !but ? " (is a login script talking?)" : "");
}

/* A stranger's first words may come in pieces: a moment more for the rest of the line. */
static void hear_out(struct sl_remote *r)
{
    char buf[1024];
    uint64_t end = sl_now_ms() + STRANGE_MS, now;
    size_t got = 0;
    while (!r->eof && (now = sl_now_ms()) < end) {
        struct pollfd p = { .fd = r->t.fd, .events = POLLIN };
        if (poll(&p, 1, (int)(end - now)) <= 0 || sl_io_read(r->t.fd, buf, sizeof buf, &got) != SL_OK)
            return;
        struct sl_error ignored;
        sl_conn_feed(r->conn, buf, got, &ignored);
    }
}

static int status_of(enum sl_code rc)
{
    if (rc == SL_E_VERSION)
        return 2;
    if (rc == SL_E_TIMEOUT)
        return 30;
    return rc == SL_E_PEER || rc == SL_E_CLOSED || rc == SL_E_PROTOCOL ? 12 : rc == SL_E_CONNECT ? 10 : 5;
}

static enum sl_code greeting(struct sl_remote *r, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && !sl_conn_ready(r->conn) && !r->eof)
        rc = sl_remote_pump(&r->e, NULL, true, err);
    return rc;
}

/* What the answer to the first request says. plain: it was none that needs a tree. */
static enum sl_code judge_handshake(const struct sl_remote *r, bool plain, struct sl_error *err)
{
    if (r->sync_failed && r->sync_ticket == 1)
        return (*err = r->sync_error).code;
    if (!plain && !r->attached)
        return sl_fail(err, SL_E_PROTOCOL, "the server confirmed what was asked for and did not say what it is");
    return SL_OK;
}

static enum sl_code handshake(struct sl_remote *r, struct sl_error *err, int *exit_status)
{
    r->sync = true;
    /* The first request of a channel carries its ATTACH; closing an id that is not open is answered, and harmless. */
    bool plain = r->addr->modules && !r->addr->module;
    uint64_t ticket = 1;
    enum sl_code rc = plain || r->o->sha256 ? greeting(r, err) : SL_OK;
    if (rc == SL_OK && r->o->sha256 && !sl_conn_has(r->conn, SL_FEATURE_SHA256))
        rc = sl_fail(err, SL_E_VERSION, "the server at '%s' has no sha256 (--checksum-choice)", r->addr->host);
    if (rc == SL_OK && !plain) {
        sl_w_uv(&r->scratch, no_directory);
        ticket = sl_remote_send(r, SL_JOB_LIST, SL_MSG_CLOSE_DIR, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch)) - 1;
        sl_buf_reset(&r->scratch, 4096);
    }
    if (rc == SL_OK && !plain)
        rc = sl_remote_wait(r, SL_JOB_LIST, ticket, err);
    if (rc == SL_OK)
        rc = judge_handshake(r, plain, err);
    r->sync = r->sync_failed = false;
    if (rc == SL_E_PEER)
        hear_out(r);
    if (rc == SL_E_PEER && sl_conn_strange(r->conn) && sl_buf_len(sl_conn_strange(r->conn)))
        rc = show_strange(r, err);
    if (rc != SL_OK)
        *exit_status = status_of(rc);
    return rc;
}

static void tell_why(const char *why)
{
    char *safe = sl_escape_dup(why, strlen(why));
    relay(safe);
    free(safe);
}

static enum sl_code open_once(struct sl_remote **out, enum sl_side side, const struct sl_address *a, const struct sl_options *o,
                              enum sl_transport_way way, void (*note)(const char *line), bool *fell_back, struct sl_error *err,
                              int *exit_status)
{
    struct sl_transport t;
    enum sl_code rc = sl_transport_open(&t, a, o, way, err);
    bool packed = t.compresses;
    struct sl_remote *r = remote_new(side, a, o, packed ? 0 : o->compress);
    r->t = t;
    *exit_status = sl_remote_interrupted ? 20 : r->t.failed_exit ? r->t.failed_exit : sl_transport_exit(rc);
    *fell_back = r->t.fell_back;
    if (a->kind == SL_ADDR_SSH && o->verbose && !o->quiet && !o->json && *r->t.why)
        tell_why(r->t.why);
    if (a->kind == SL_ADDR_SSH && o->verbose && !o->quiet && !o->json && *r->t.shared.why && o->lanes != 1)
        tell_why(r->t.shared.why);
    if (packed && o->verbose && rc == SL_OK)
        note("the ssh program compresses: superlifter does not as well");
    if (rc == SL_OK) {
        rc = handshake(r, err, exit_status);
        /* A peer that ended before it spoke: the ssh program knows why. */
        if (rc == SL_E_CLOSED && r->t.pid && !sl_conn_ready(r->conn) && !sl_remote_interrupted)
            rc = sl_transport_autopsy(&r->t, a, err, exit_status);
    }
    if (rc != SL_OK) {
        r->e.ops->free(&r->e);
        return rc;
    }
    r->t.relay = true;
    sl_transport_stderr(&r->t, relay);   /* what was kept until it was clear that a server answers */
    r->rtt_from_us = sl_pace_now() / 1000;
    sl_conn_ping(r->conn, r->rtt_from_us);
    *out = r;
    return SL_OK;
}

static enum sl_code open_some_way(struct sl_remote **out, enum sl_side side, const struct sl_address *a, const struct sl_options *o,
                                  void (*note)(const char *line), struct sl_error *err, int *exit_status)
{
    bool fell_back = false;
    enum sl_code rc = open_once(out, side, a, o, SL_WAY_SUBSYSTEM, note, &fell_back, err, exit_status);
    bool again = rc == SL_E_UNSUPPORTED && a->kind == SL_ADDR_SSH && !o->remote_path && !fell_back;
    if (again || fell_back) {
        char line[200];
        snprintf(line, sizeof line, "subsystem '%s' is refused there: trying the command superlifter-server", o->subsystem);
        note(line);
    }
    if (again)
        rc = open_once(out, side, a, o, SL_WAY_COMMAND, note, &fell_back, err, exit_status);
    return rc;
}

/* Sleeps as long as a busy server said, or until `end`. */
static bool come_again(const struct sl_error *busy, uint64_t end, void (*note)(const char *line))
{
    uint64_t now = sl_now_ms(), until = now + (uint64_t)busy->retry_s * 1000;
    char line[sizeof busy->text + 80];
    if (now >= end)
        return false;
    if (until > end)
        until = end;
    snprintf(line, sizeof line, "%s: trying again in %llu seconds", busy->text, (unsigned long long)((until - now + 999) / 1000));
    note(line);
    while (!sl_remote_interrupted && (now = sl_now_ms()) < until)
        poll(NULL, 0, (int)(until - now > 1000 ? 1000 : until - now));
    return !sl_remote_interrupted;
}

enum sl_code sl_remote_open(struct sl_endpoint **out, enum sl_side side, const struct sl_address *a,
                            const struct sl_options *o, void (*note)(const char *line), struct sl_error *err, int *exit_status)
{
    struct sl_remote *r = NULL;
    uint64_t end = sl_now_ms() + (uint64_t)o->wait_s * 1000;
    enum sl_code rc;
    do
        rc = open_some_way(&r, side, a, o, note, err, exit_status);
    while (rc != SL_OK && err->retry_s && come_again(err, end, note));
    if (rc == SL_OK) {
        *out = &r->e;
        return SL_OK;
    }
    if (err->retry_s) {
        size_t n = strlen(err->text);
        snprintf(err->text + n, sizeof err->text - n, o->wait_s ? " (--wait=%d is over)" : "; come again in %d seconds, or use --wait=SECONDS",
                 o->wait_s ? o->wait_s : (int)err->retry_s);
    }
    err->side = side;
    return rc;
}

/* ---- one more connection of the same kind ---- */

enum sl_code sl_remote_prepare(struct sl_endpoint *e, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    return sl_transport_prepare(&r->t, r->addr, r->o, err);
}

bool sl_remote_shares(const struct sl_endpoint *e)
{
    const struct sl_remote *r = (const struct sl_remote *)e;
    enum sl_ssh_sharing how = r->t.shared.how;
    return r->addr->kind == SL_ADDR_TCP || r->t.libssh || how == SL_SHARING_USERS || how == SL_SHARING_OWN;
}

enum sl_code sl_remote_ask_beside(struct sl_endpoint *first, struct sl_error *err)
{
    struct sl_remote *f = (struct sl_remote *)first;
    uint32_t id;
    enum sl_code rc = sl_transport_more(&f->t, &id, err);
    f->beside_asked += rc == SL_OK;
    return rc;
}

/* Its first request, with the channel's ATTACH in front, says that the server is there and lets it in. */
static struct sl_remote *begin_beside(const struct sl_remote *f, const struct sl_transport_lane *lane)
{
    struct sl_remote *r = remote_new(f->e.side, f->addr, f->o, f->compress);
    r->t.fd = lane->fd;
    r->t.out_fd = lane->out_fd;
    r->t.stderr_fd = lane->stderr_fd;
    r->sync = true;
    sl_w_uv(&r->scratch, no_directory);
    sl_remote_send(r, SL_JOB_LIST, SL_MSG_CLOSE_DIR, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 4096);
    return r;
}

enum sl_code sl_remote_take_beside(struct sl_endpoint **out, struct sl_endpoint *first, struct sl_error *err)
{
    struct sl_remote *f = (struct sl_remote *)first;
    struct sl_transport_lane lane;
    if (!f->beside_asked)
        return SL_AGAIN;
    enum sl_code rc = sl_transport_more_ready(&f->t, &lane, err);
    if (rc == SL_AGAIN)
        return rc;
    f->beside_asked = rc == SL_E_CLOSED ? 0 : f->beside_asked - 1;
    if (rc == SL_OK)
        *out = &begin_beside(f, &lane)->e;
    return rc;
}

enum sl_code sl_remote_greeted(struct sl_endpoint *e, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    if (!r->sync)
        return SL_OK;
    if (!answered(r, SL_JOB_LIST, 1))
        return r->eof ? sl_fail(err, SL_E_CLOSED, "'%s' closed the connection", r->addr->host) : SL_AGAIN;
    enum sl_code rc = judge_handshake(r, false, err);
    r->sync = r->sync_failed = false;
    r->t.relay = rc == SL_OK;
    return rc;
}

enum sl_code sl_remote_not_greeted(struct sl_endpoint *e, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    if ((r->t.stderr_fd < 0 && !sl_buf_len(&r->t.words)) || sl_conn_ready(r->conn) || sl_remote_interrupted)
        return err->code;
    return sl_transport_lane_autopsy(&r->t, r->addr, err);
}

enum sl_code sl_remote_beside(struct sl_endpoint **out, const struct sl_endpoint *first, const struct sl_transport_lane *lane,
                              struct sl_error *err)
{
    struct sl_remote *r = begin_beside((const struct sl_remote *)first, lane);
    enum sl_code rc = sl_remote_wait(r, SL_JOB_LIST, 1, err);
    if (rc == SL_OK)
        rc = sl_remote_greeted(&r->e, err);
    if (rc == SL_E_CLOSED)
        rc = sl_remote_not_greeted(&r->e, err);
    if (rc != SL_OK)
        r->e.ops->free(&r->e);
    else
        *out = &r->e;
    return rc;
}

const char *sl_remote_motd(const struct sl_endpoint *e, size_t *len)
{
    const struct sl_remote *r = (const struct sl_remote *)e;
    *len = r->motd_len;
    return r->motd ? r->motd : "";
}

enum sl_code sl_remote_modules(struct sl_endpoint *e,
                               void (*each)(void *ctx, const char *name, size_t name_len, const char *comment, size_t comment_len),
                               void *ctx, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    r->each_module = each;
    r->each_ctx = ctx;
    r->sync = true;
    uint64_t ticket = sl_remote_send(r, SL_JOB_LIST, SL_MSG_MODULES, NULL, 0);
    enum sl_code rc = sl_remote_wait(r, SL_JOB_LIST, ticket, err);
    if (rc == SL_OK && r->sync_failed)
        rc = (*err = r->sync_error).code;
    r->sync = r->sync_failed = false;
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
    while (remote_of(e) && sl_conn_queued(r->conn) && sl_now_ms() - start < BYE_MS)
        if (sl_remote_pump(e, NULL, true, &err) != SL_OK)
            break;
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

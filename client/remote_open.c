/* SPDX-License-Identifier: ISC */
/* remote_open - brings a remote endpoint up, the first of a session and those beside it. */
#include "config.h"
#include "client/remote_priv.h"
#include "client/run.h"
#include "client/charset_side.h"
#include "client/fake_super.h"
#include "client/files_from_far.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/mem.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STRANGE_MS = 200 };

static const uint32_t no_directory = 0xfffffffe;   /* an id that is never open: closing it is answered, and harmless */

static const char *const features[] = {
#ifdef HAVE_ZSTD
    "zstd",
#endif
    "zlib", "sparse", SL_FEATURE_STEER, SL_FEATURE_SHA256, SL_FEATURE_PARTS, SL_FEATURE_LINKS, SL_FEATURE_RENAME, SL_FEATURE_ATTRS,
    SL_FEATURE_BACKUP, SL_FEATURE_FSYNC, SL_FEATURE_REMOVE_AS, SL_FEATURE_FAKE_SUPER, SL_FEATURE_STATFS, SL_FEATURE_SMALL,
    SL_FEATURE_CHANNELS, SL_FEATURE_READ_SOME, SL_FEATURE_HOLD, SL_FEATURE_MOUNTS, SL_FEATURE_STAGE_IN, SL_FEATURE_RESERVE,
    SL_FEATURE_GRID, SL_FEATURE_MARKS, SL_FEATURE_DEVICES, SL_FEATURE_WRITE_DEVICES, NULL
};

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

enum { WINDOW = 8 * 1024 * 1024, WINDOW_LEAST = 1024 * 1024 };

/* Channels that a server may fill. What all of them take together does not grow with their number. */
static unsigned channels_of(enum sl_side side, const struct sl_options *o)
{
    return SL_JOBS + (side == SL_SIDE_DEST ? o->alternates.len : 0);
}

static uint32_t window_of(unsigned channels)
{
    uint32_t each = SL_KEPT_WINDOWS * WINDOW / channels;
    return each > WINDOW ? WINDOW : each < WINDOW_LEAST ? WINDOW_LEAST : each;
}

static struct sl_remote *remote_new(enum sl_side side, const struct sl_address *a, const struct sl_options *o, int compress)
{
    struct sl_remote *r = sl_calloc(1, sizeof *r);
    r->owners = sl_owner_answers_new(SL_OWNERS_MAX);
    const char *left[sizeof features / sizeof features[0]];
    struct sl_hello hello = { .protocol_min = SL_PROTOCOL_MIN, .protocol_max = SL_PROTOCOL_MAX, .frame_max = SL_FRAME_MAX,
                              .window = window_of(channels_of(side, o)), .dirs_max = 0, .program = "superlifter " PACKAGE_VERSION,
                              .features = offered(o, left), .has_session = true };
    memcpy(hello.session, o->session, sizeof hello.session);
    r->e.ops = &sl_remote_ops;
    r->e.side = side;
    r->e.remote = r->e.reads_ahead = r->e.verify = true;
    r->e.next_id = 1;
    r->e.digest = o->sha256 ? SL_HASH_SHA256 : SL_HASH_XXH128;
    sl_fake_super_side(o, &r->e);
    r->addr = a;
    r->o = o;
    r->e.no_atime = o->open_noatime;
    r->e.devices = r->e.side == SL_SIDE_SOURCE ? o->copy_devices : o->write_devices;
    r->list_owners = sl_layout_owners(o);
    r->t.fd = r->t.out_fd = r->t.stderr_fd = r->t.control_fd = -1;
    r->moved_ms = sl_now_ms();
    r->compress = compress;
    r->conn = sl_conn_new(SL_ROLE_CLIENT, &hello, compress == SL_COMPRESS_AUTO ? 0 : compress, &sl_remote_conn_ops, r);
    if (channels_of(side, o) > SL_KEPT_WINDOWS)
        sl_conn_keeps(r->conn, channels_of(side, o));
    for (int j = 0; j < SL_JOBS; j++) {
        r->enc[j] = sl_entry_codec_new();
        r->dec[j] = sl_entry_codec_new();
    }
    sl_listing_init(&r->listing, &r->e, sl_job_channel(SL_JOB_LIST), r->dec[SL_JOB_LIST]);
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

/* What the run will look for first; NULL: that is not known yet (a path from an account's home), or it is no run that begins so. */
static const char *first_place(const struct sl_remote *r)
{
    const struct sl_options *o = r->o;
    const char *path = r->addr->path;
    bool known = path[0] == '/' || r->addr->modules;
    if (!known || !o->dest || (o->files_from && sl_files_from_is_far(o->files_from)))
        return NULL;
    return !*path && r->e.side == SL_SIDE_SOURCE && (o->relative || o->files_from) ? "." : path;
}

/* The first request of a channel carries its ATTACH; closing an id that is not open is answered, and harmless. */
static void send_harmless(struct sl_remote *r)
{
    sl_w_uv(&r->scratch, no_directory);
    sl_remote_send(r, SL_JOB_LIST, SL_MSG_CLOSE_DIR, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 4096);
}

static enum sl_code handshake(struct sl_remote *r, struct sl_error *err, int *exit_status)
{
    r->sync = true;
    bool plain = r->addr->modules && !r->addr->module;
    enum sl_code rc = plain || r->o->sha256 || r->e.fake ? greeting(r, err) : SL_OK;
    if (rc == SL_OK && r->o->sha256 && !sl_conn_has(r->conn, SL_FEATURE_SHA256))
        rc = sl_fail(err, SL_E_VERSION, "the server at '%s' has no sha256 (--checksum-choice)", r->addr->host);
    if (rc == SL_OK && r->e.fake && !plain && !sl_conn_has(r->conn, SL_FEATURE_FAKE_SUPER))
        rc = sl_fail(err, SL_E_VERSION, "the server at '%s' can't keep owners and the like in attributes (--fake-super)", r->addr->host);
    const char *first = plain ? NULL : first_place(r);
    if (rc == SL_OK && first)
        sl_remote_place_first(r, first, r->e.side == SL_SIDE_DEST || r->o->files_from);
    else if (rc == SL_OK && !plain)
        send_harmless(r);
    if (rc == SL_OK && !plain)
        rc = sl_remote_wait(r, SL_JOB_LIST, 1, err);
    if (rc == SL_OK)
        rc = judge_handshake(r, plain, err);
    if (rc == SL_OK && r->o->hard_links && !plain && !sl_conn_has(r->conn, SL_FEATURE_LINKS))
        rc = sl_fail(err, SL_E_VERSION, "the server at '%s' can't make or tell hard links (--hard-links)", r->addr->host);
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
    sl_remote_relay(safe);
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
    sl_transport_stderr(&r->t, sl_remote_relay);   /* what was kept until it was clear that a server answers */
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

/* Its first request, with the channel's ATTACH in front, says that the server is there and lets it in. It is used at once: the answer takes a
 * round trip, and what is asked for meanwhile is there one earlier. Who is not let in is lost as any lane. */
static struct sl_remote *begin_beside(const struct sl_remote *f, const struct sl_transport_lane *lane)
{
    struct sl_remote *r = remote_new(f->e.side, f->addr, f->o, f->compress);
    r->t.fd = lane->fd;
    r->t.out_fd = lane->out_fd;
    r->t.stderr_fd = lane->stderr_fd;
    sl_remote_presume(r, f);
    r->begun_ms = sl_now_ms();
    sl_charset_wrap_beside(&r->e, &f->e);
    send_harmless(r);
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

bool sl_remote_waits(const struct sl_endpoint *e, uint64_t ms)
{
    const struct sl_remote *r = (const struct sl_remote *)e;
    return e->remote && r->presumed && !r->attached && sl_now_ms() - r->begun_ms >= ms;
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
        rc = judge_handshake(r, false, err);
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

enum sl_code sl_remote_statfs(struct sl_endpoint *e, uint32_t dir, struct sl_remote_statfs *out, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)e;
    struct sl_msg_statfs m = { dir };
    struct sl_buf b = { 0 };
    if (!sl_conn_has(r->conn, SL_FEATURE_STATFS))
        return sl_fail(err, SL_E_UNSUPPORTED, "the server can't tell");
    uint64_t start_us = sl_pace_now() / 1000;
    sl_statfs_encode(&b, &m);
    r->sync = true;
    r->statfs = out;
    uint64_t ticket = sl_remote_send(r, SL_JOB_LIST, SL_MSG_STATFS, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
    enum sl_code rc = sl_remote_wait(r, SL_JOB_LIST, ticket, err);
    if (rc == SL_OK && r->sync_failed)
        rc = (*err = r->sync_error).code;
    if (rc == SL_OK && r->statfs)
        rc = sl_fail(err, SL_E_PROTOCOL, "the server did not say what file system there is");
    r->sync = r->sync_failed = false;
    r->statfs = NULL;
    out->took_us = sl_pace_now() / 1000 - start_us;
    return rc;
}

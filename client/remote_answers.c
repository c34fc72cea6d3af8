/* SPDX-License-Identifier: ISC */
/*
 * remote_answers - what the server says, sorted to whom it concerns. Listing and content frames are taken one at a time:
 * while one is being used up the next is refused (SL_AGAIN), so it stays within the credit given.
 */
#include "config.h"
#include "client/remote_priv.h"
#include "client/charset_side.h"
#include "base/mem.h"
#include "base/ring.h"
#include "tree/fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sl_ring_push(struct sl_ring *r, uint64_t ticket, uint64_t count)
{
    if (r->len == r->cap)
        r->at = sl_ring_room(r->at, sizeof *r->at, &r->head, &r->cap, 16);
    uint64_t *slot = r->at[(r->head + r->len++) % r->cap];
    slot[0] = ticket;
    slot[1] = count;
}

void sl_ring_pop(struct sl_ring *r)
{
    r->head = (r->head + 1) % r->cap;
    r->len--;
}

bool sl_ring_is_front(const struct sl_ring *r, uint64_t ticket)
{
    return r->len && r->at[r->head][0] == ticket;
}

void sl_remote_acked(struct sl_remote *r, enum sl_job job, uint64_t ticket)
{
    if (ticket > r->e.acked[job] && ticket <= r->e.issued[job])
        r->e.acked[job] = ticket;
}

static enum sl_code bad(struct sl_error *err, const char *what)
{
    return sl_fail(err, SL_E_PROTOCOL, "the server sent a %s that nobody asked for", what);
}

void sl_remote_reason(const struct sl_remote *r, struct sl_error *out, enum sl_code code, const char *text, size_t len)
{
    *out = (struct sl_error){ .code = code, .side = r->e.side };
    snprintf(out->text, sizeof out->text, "%.*s", (int)len, len ? text : "");
    if (!len)
        snprintf(out->text, sizeof out->text, "%s", sl_code_text(code));
    if (code != SL_E_LINK && sl_charset_of(&r->e))   /* whose text is a target, that is to be looked at there */
        sl_charset_message(sl_charset_of(&r->e), out);
}

static void hash_answer(struct sl_remote *r, const struct sl_hash_answer *a)
{
    if (r->answers_len == r->answers_cap)
        r->answers = sl_ring_room(r->answers, sizeof *r->answers, &r->answers_head, &r->answers_cap, 16);
    r->answers[(r->answers_head + r->answers_len++) % r->answers_cap] = *a;
}

/* Whether what came before on this channel is still being used up: only then is the first request of a ring the one that a
 * failure may belong to. */
static bool in_use(const struct sl_remote *r, enum sl_job job)
{
    if (job == SL_JOB_LIST)
        return r->listing.have || r->listing.failed;
    return job == SL_JOB_WORK && r->reads.len && (r->read_failed || (r->content_have && sl_r_left(&r->content_rd)));
}

static enum sl_code on_fail(struct sl_remote *r, enum sl_job job, struct sl_rd *rd, struct sl_error *err)
{
    struct sl_msg_fail m;
    struct sl_error why;
    if (in_use(r, job))
        return SL_AGAIN;
    enum sl_code rc = sl_fail_decode(rd, &m, err);
    if (rc != SL_OK)
        return rc;
    sl_remote_reason(r, &why, m.code, m.text, m.text_len);
    if (r->presumed && !r->attached)         /* not let in: it never was a lane */
        return (*err = why).code;
    if (job == SL_JOB_LIST && sl_listing_fails(&r->listing, m.request, &why)) {
        sl_remote_acked(r, job, m.request);
    } else if (job == SL_JOB_WORK && sl_ring_is_front(&r->reads, m.request)) {
        r->read_failed = true;
        r->read_error = why;
    } else if (job == SL_JOB_HASH && sl_ring_is_front(&r->hashes, m.request)) {
        struct sl_hash_answer a = { .code = m.code, .err = why };
        sl_ring_pop(&r->hashes);
        hash_answer(r, &a);
    } else if (job == SL_JOB_HASH && sl_remote_chunks_failed(r, m.request, &why)) {
        sl_remote_acked(r, job, m.request);
    } else if (job == SL_JOB_HASH && (sl_remote_fetch_failed(r, m.request, &why) || sl_remote_attrs_failed(r, m.request, &why))) {
        ;
    } else if (job == SL_JOB_LOOK) {
        sl_remote_look_failed(r, m.request, &why);   /* or it is of a directory, which is seen by what is asked for in it */
    } else if (job == SL_JOB_LIST && sl_remote_place_fails(r, m.request, &why)) {
        ;
    } else if (r->sync) {
        if (!r->sync_failed) {
            r->sync_failed = true;
            r->sync_ticket = m.request;
            r->sync_error = why;
        }
    } else {
        if (job == SL_JOB_HASH && why.code != SL_E_INVALID) /* of an OPEN_DIR */
            r->e.unopened = why;
        if (r->e.failed)
            r->e.failed(r->e.ctx, &r->e, job, m.request, &why);
    }
    return SL_OK;
}

static void take_abilities(struct sl_remote *r, const struct sl_msg_attached *m)
{
    r->e.rights = m->rights;
    r->e.parts = sl_conn_has(r->conn, SL_FEATURE_PARTS) && m->rights & SL_RIGHT_CREATE && m->rights & SL_RIGHT_READ;
    r->e.attrs = sl_conn_has(r->conn, SL_FEATURE_ATTRS);
    r->e.links = sl_conn_has(r->conn, SL_FEATURE_LINKS) && m->rights & SL_RIGHT_CREATE && m->rights & SL_RIGHT_READ;
    r->e.syncs = sl_conn_has(r->conn, SL_FEATURE_FSYNC);
    r->e.stages_in = sl_conn_has(r->conn, SL_FEATURE_STAGE_IN);
    r->e.reserves = sl_conn_has(r->conn, SL_FEATURE_RESERVE);
    r->e.mounts = sl_conn_has(r->conn, SL_FEATURE_MOUNTS);
    r->e.reads_devices = m->flags & SL_ATTACHED_DEVICES;
    r->e.writes_devices = m->flags & SL_ATTACHED_WRITE_DEVICES;
    r->e.holds = sl_conn_has(r->conn, SL_FEATURE_HOLD);
    r->e.takes = sl_conn_has(r->conn, SL_FEATURE_REMOVE_AS);
    r->e.backups = sl_conn_has(r->conn, SL_FEATURE_BACKUP);
    r->e.renames = sl_conn_has(r->conn, SL_FEATURE_RENAME) && m->rights & SL_RIGHT_CREATE && m->rights & SL_RIGHT_RENAME;
    r->e.versions = sl_conn_has(r->conn, SL_FEATURE_PARTS) && m->rights & SL_RIGHT_READ;
    r->e.reads_some = sl_conn_has(r->conn, SL_FEATURE_READ_SOME) && m->rights & SL_RIGHT_READ && m->rights & SL_RIGHT_HASH;
    r->e.grids = sl_conn_has(r->conn, SL_FEATURE_GRID);
    r->e.marks = r->e.grids && sl_conn_has(r->conn, SL_FEATURE_MARKS);
    r->e.can_chown = m->flags & SL_ATTACHED_CHOWN && m->rights & SL_RIGHT_META;
    if (m->flags & SL_ATTACHED_FAKE && !r->e.fake && sl_conn_has(r->conn, SL_FEATURE_FAKE_SUPER))
        r->e.fake = SL_FAKE | SL_FAKE_ONLY;
    r->e.uid = m->uid;
}

void sl_remote_presume(struct sl_remote *r, const struct sl_remote *first)
{
    const struct sl_msg_attached m = { .rights = first->granted, .flags = first->granted_flags, .uid = first->e.uid };
    sl_conn_presume(r->conn, first->conn);
    r->presumed = true;
    r->granted = m.rights;
    r->granted_flags = m.flags;
    take_abilities(r, &m);
    r->e.can_chown = first->e.can_chown;
}

/* Beside another connection: what it may and can has been taken to be what that one may and can. */
static enum sl_code as_presumed(const struct sl_remote *r, const struct sl_msg_attached *m, struct sl_error *err)
{
    if (m->rights == r->granted && m->flags == r->granted_flags && m->uid == r->e.uid)
        return SL_OK;
    return sl_fail(err, SL_E_VERSION, "the server grants other rights than on the first connection");
}

static enum sl_code on_attached(struct sl_remote *r, enum sl_job job, struct sl_rd *rd, struct sl_error *err)
{
    struct sl_msg_attached m;
    enum sl_code rc = sl_attached_decode(rd, &m, err);
    if (rc != SL_OK)
        return rc;
    sl_remote_acked(r, job, m.request);
    if (r->attached)
        return SL_OK;
    r->attached = true;
    if (r->presumed) {
        r->t.relay = true;
        return as_presumed(r, &m, err);
    }
    r->granted = m.rights;
    r->granted_flags = m.flags;
    take_abilities(r, &m);
    r->enforced = m.flags & SL_ATTACHED_ENFORCED;
    r->home = sl_memdup0(m.home, m.home_len);
    r->motd = sl_memdup0(m.motd, m.motd_len);
    r->motd_len = m.motd_len;
    return SL_OK;
}

static enum sl_code on_listed(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err)
{
    enum sl_code rc = sl_listing_frame(&r->listing, f, err);
    if (rc == SL_OK)
        r->listed += f->len;
    return rc;
}

static enum sl_code on_content(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err)
{
    if (r->content_have || r->read_failed)
        return SL_AGAIN;
    if (!r->reads.len)
        return bad(err, "file's content");
    sl_buf_reset(&r->content_buf, SL_FRAME_MAX);
    sl_buf_add(&r->content_buf, f->data, f->len);
    sl_r_init(&r->content_rd, sl_buf_ptr(&r->content_buf), f->len);
    r->content_rd.hash_len = (uint8_t)sl_hash_size(r->e.digest);
    r->content_have = true;
    return SL_OK;
}

static enum sl_code on_hash_is(struct sl_remote *r, struct sl_rd *rd, struct sl_error *err)
{
    struct sl_msg_hash_is m;
    enum sl_code rc = sl_hash_is_decode(rd, &m, err);
    if (rc != SL_OK)
        return rc;
    if (!sl_ring_is_front(&r->hashes, m.request))
        return bad(err, "hash");
    struct sl_hash_answer a = { .code = SL_OK };
    memcpy(a.hash, m.hash, rd->hash_len);
    sl_ring_pop(&r->hashes);
    sl_remote_acked(r, SL_JOB_HASH, m.request);
    hash_answer(r, &a);
    return SL_OK;
}

static enum sl_code on_owner_is(struct sl_remote *r, enum sl_job job, struct sl_rd *rd, struct sl_error *err)
{
    struct sl_msg_owner_is m;
    enum sl_code rc = sl_owner_is_decode(rd, &m, err);
    if (rc != SL_OK)
        return rc;
    sl_remote_acked(r, job, m.request);
    return sl_owner_answers_take(r->owners, m.request, m.settable, m.number) ? SL_OK : bad(err, "owner");
}

static enum sl_code on_module(struct sl_remote *r, struct sl_rd *rd, struct sl_error *err)
{
    struct sl_msg_module m;
    enum sl_code rc = sl_module_decode(rd, &m, err);
    if (rc == SL_OK && r->each_module)
        r->each_module(r->each_ctx, m.name, m.name_len, m.comment, m.comment_len);
    return rc;
}

static enum sl_code on_statfs_is(struct sl_remote *r, enum sl_job job, struct sl_rd *rd, struct sl_error *err)
{
    struct sl_msg_statfs_is m;
    enum sl_code rc = sl_statfs_is_decode(rd, &m, err);
    if (rc != SL_OK)
        return rc;
    if (!r->statfs || m.request > r->e.issued[job])
        return bad(err, "file system");
    *r->statfs = (struct sl_remote_statfs){ .clock_us = (int64_t)((uint64_t)m.time_s * 1000000u) + m.time_ns / 1000, .total = m.total, .free = m.free,
                                            .files_free = m.files_free, .name_max = m.name_max, .read_only = m.read_only };
    memcpy(r->statfs->type, m.type, m.type_len);
    r->statfs = NULL;
    sl_remote_acked(r, job, m.request);
    return SL_OK;
}

static enum sl_code on_done(struct sl_remote *r, enum sl_job job, struct sl_rd *rd, struct sl_error *err)
{
    uint64_t n = sl_r_uv(rd, UINT64_MAX);
    if (!sl_r_done(rd) || n > r->e.issued[job])
        return bad(err, "confirmation");
    sl_remote_acked(r, job, n);
    return SL_OK;
}

static enum sl_code on_frame(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_remote *r = ctx;
    struct sl_rd rd;
    if (f->channel > SL_JOBS && f->channel < SL_CHANNELS && r->side_listings[f->channel])
        return sl_side_listing_frame(r, f, err);
    if (f->channel < 1 || f->channel > SL_JOBS)
        return bad(err, "frame");
    enum sl_job job = (enum sl_job)(f->channel - 1);
    sl_r_init(&rd, f->data, f->len);
    rd.hash_len = (uint8_t)sl_hash_size(r->e.digest);
    switch (f->type) {
    case SL_MSG_DONE:
        return on_done(r, job, &rd, err);
    case SL_MSG_FAIL:
        return on_fail(r, job, &rd, err);
    case SL_MSG_ATTACHED:
        return on_attached(r, job, &rd, err);
    case SL_MSG_LISTED:
        return job == SL_JOB_LIST ? on_listed(r, f, err) : job == SL_JOB_LOOK ? sl_remote_on_looked(r, f, err) : bad(err, "listing");
    case SL_MSG_CONTENT:
        return job == SL_JOB_WORK ? on_content(r, f, err) : job == SL_JOB_HASH ? sl_remote_on_fetched(r, f, err) : bad(err, "file's content");
    case SL_MSG_OWNER_IS:
        return on_owner_is(r, job, &rd, err);
    case SL_MSG_HASH_IS:
        return on_hash_is(r, &rd, err);
    case SL_MSG_CHUNKED:
        return job == SL_JOB_HASH ? sl_remote_on_chunked(r, f, err) : bad(err, "list of chunks");
    case SL_MSG_STATFS_IS:
        return on_statfs_is(r, job, &rd, err);
    case SL_MSG_ATTRS_ARE:
        return job == SL_JOB_HASH ? sl_remote_on_attrs(r, f, err) : bad(err, "set of attributes");
    case SL_MSG_MODULE:
        return on_module(r, &rd, err);
    default:
        return sl_fail(err, SL_E_PROTOCOL, "the server sent a message of unknown type %u", f->type);
    }
}

static enum sl_code on_hello(void *ctx, const struct sl_hello *peer, struct sl_error *err)
{
    (void)peer;
    (void)err;
    sl_remote_line_begin(ctx);
    return SL_OK;
}

static void on_pong(void *ctx, uint64_t token)
{
    struct sl_remote *r = ctx;
    r->ponged = token;
    if (!r->rtt_from_us || token != r->rtt_from_us)
        return;
    r->e.rtt_us = sl_pace_now() / 1000 - r->rtt_from_us;
    r->e.rtt_us += !r->e.rtt_us;
    r->rtt_from_us = 0;
    sl_taste_begin(r);
}

const struct sl_conn_ops sl_remote_conn_ops = { .frame = on_frame, .hello = on_hello, .pong = on_pong, .told = sl_remote_line_told };

/* SPDX-License-Identifier: ISC */
/*
 * remote_list - listings of a server. The first is that of the endpoint itself, on the channel of its listing job; others
 * run beside it on channels of their own (struct sl_lister), for trees that are read at the same time as the first.
 */
#include "config.h"
#include "client/remote_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sl_listing_init(struct sl_listing *l, struct sl_endpoint *e, uint8_t channel, struct sl_entry_codec *dec)
{
    *l = (struct sl_listing){ .e = e, .channel = channel, .dec = dec };
}

void sl_listing_asked(struct sl_listing *l, uint64_t ticket, const char *name)
{
    sl_ring_push(&l->asked, ticket, (uint64_t)(uintptr_t)sl_strdup(name));
}

static char *asked_for(const struct sl_listing *l)
{
    return (char *)(uintptr_t)l->asked.at[l->asked.head][1];
}

static void over(struct sl_listing *l)
{
    free(asked_for(l));
    sl_ring_pop(&l->asked);
    sl_listcheck_reset(&l->check);
}

void sl_listing_clear(struct sl_listing *l)
{
    while (l->asked.len)
        over(l);
    free(l->asked.at);
    sl_listcheck_clear(&l->check);
    sl_buf_clear(&l->buf);
}

/* ---- what the server says ---- */

static void acked(struct sl_listing *l, uint64_t ticket)
{
    if (ticket > l->e->acked[SL_JOB_LIST] && ticket <= l->e->issued[SL_JOB_LIST])
        l->e->acked[SL_JOB_LIST] = ticket;
}

enum sl_code sl_listing_frame(struct sl_listing *l, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_rd rd;
    if (l->have)
        return SL_AGAIN;
    sl_r_init(&rd, f->data, f->len);
    uint64_t request = sl_r_uv(&rd, UINT64_MAX);
    if (!sl_r_ok(&rd) || !sl_ring_is_front(&l->asked, request))
        return sl_fail(err, SL_E_PROTOCOL, "the server sent a listing that nobody asked for");
    size_t n = sl_r_left(&rd);
    sl_buf_reset(&l->buf, SL_FRAME_MAX);
    sl_buf_add(&l->buf, rd.p, n);
    sl_r_init(&l->rd, sl_buf_ptr(&l->buf), n);
    l->have = true;
    l->last = f->flags & SL_FLAG_LAST;
    if (l->last)
        acked(l, request);
    return SL_OK;
}

bool sl_listing_fails(struct sl_listing *l, uint64_t request, const struct sl_error *why)
{
    if (!sl_ring_is_front(&l->asked, request))
        return false;
    l->failed = true;
    l->error = *why;
    return true;
}

/* ---- as events ---- */

static enum sl_code event_of(struct sl_listing *l, struct sl_event *ev)
{
    const struct sl_list_record *m = &l->record;
    if (m->kind == SL_LIST_ENTRY) {
        ev->kind = SL_EVENT_ENTRY;
        ev->entry = m->entry;
    } else if (m->kind == SL_LIST_END) {
        ev->kind = SL_EVENT_END;
    } else {
        size_t n = m->text_len < sizeof ev->error.text - 1 ? m->text_len : sizeof ev->error.text - 1;
        ev->kind = SL_EVENT_ERROR;
        ev->error = (struct sl_error){ .code = m->code, .side = l->e->side };
        memcpy(ev->error.text, m->text, n);
        memcpy(l->error_name, m->name, m->name_len);
        l->error_name[m->name_len] = '\0';
        ev->name = l->error_name;
    }
    return SL_OK;
}

enum sl_code sl_listing_next(struct sl_listing *l, struct sl_conn *conn, struct sl_event *ev, struct sl_error *err)
{
    for (;;) {
        if (l->failed) {
            l->failed = false;
            over(l);
            *err = l->error;
            return err->code;
        }
        if (l->have && sl_r_left(&l->rd)) {
            enum sl_code rc = sl_list_decode(l->dec, &l->rd, &l->record, err);
            if (rc == SL_OK)
                rc = sl_listcheck_record(&l->check, asked_for(l), &l->record, err);
            if (rc == SL_OK)
                return event_of(l, ev);
            sl_conn_fail(conn, err);
            return SL_E_PROTOCOL;
        }
        bool last = l->have && l->last;
        l->have = l->last = false;
        if (last) {
            enum sl_code whole = sl_listcheck_end(&l->check, err);
            over(l);
            return whole == SL_OK ? SL_EOF : whole;
        }
        enum sl_code rc = sl_conn_resume(conn, l->channel, err);
        if (rc != SL_OK && rc != SL_AGAIN)
            return rc;
        if (!l->have && !l->failed)
            return SL_AGAIN;
    }
}

/* It is meant for the LIST that runs: with others queued behind it, it could meet the wrong one. */
bool sl_listing_skips(const struct sl_listing *l)
{
    return l->asked.len == 1 && !l->last;
}

/* ---- beside the first ---- */

enum { ROOM_LEAST = 512 /* an ATTACH in front of the first request */, TICKETS_MAX = 16384 };

struct sl_lister {
    struct sl_endpoint e;
    struct sl_remote *r;
    struct sl_listing listing;
    struct sl_entry_codec *dec;
    bool attached;
};

static struct sl_lister *self(struct sl_endpoint *e)
{
    return (struct sl_lister *)e;
}

static uint64_t send_scratch(struct sl_lister *l, enum sl_msg type)
{
    struct sl_remote *r = l->r;
    if (!l->attached) {
        sl_remote_attach(r, l->listing.channel);
        l->e.issued[SL_JOB_LIST]++;
        l->attached = true;
    }
    sl_conn_send(r->conn, l->listing.channel, (uint8_t)type, 0, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 64 * 1024);
    l->e.issued[SL_JOB_LIST] += type != SL_MSG_SKIP;
    return l->e.issued[SL_JOB_LIST];
}

static size_t lister_room(struct sl_endpoint *e, enum sl_job job)
{
    struct sl_lister *l = self(e);
    struct sl_endpoint *first = &l->r->e;
    size_t room = 0;
    if (job == SL_JOB_LIST && e->issued[job] - e->acked[job] <= TICKETS_MAX && first->ops->room(first, SL_JOB_LIST))
        room = sl_conn_room(l->r->conn, l->listing.channel);
    return room > ROOM_LEAST ? room - ROOM_LEAST : 0;
}

static void lister_open_dir(struct sl_endpoint *e, enum sl_job job, uint32_t parent, uint32_t id, const char *name)
{
    struct sl_msg_open m = { parent, id, name, strlen(name) };
    (void)job;
    sl_open_encode(&self(e)->r->scratch, &m);
    send_scratch(self(e), SL_MSG_OPEN_DIR);
}

static void lister_close_dir(struct sl_endpoint *e, enum sl_job job, uint32_t id)
{
    (void)job;
    sl_w_uv(&self(e)->r->scratch, id);
    send_scratch(self(e), SL_MSG_CLOSE_DIR);
}

static void lister_list(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_msg_list m = { dir, flags | e->tells, name, strlen(name) };
    sl_list_request_encode(&self(e)->r->scratch, &m);
    sl_listing_asked(&self(e)->listing, send_scratch(self(e), SL_MSG_LIST), name);
}

static enum sl_code lister_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    return sl_listing_next(&self(e)->listing, self(e)->r->conn, ev, err);
}

static void lister_skip(struct sl_endpoint *e, uint64_t number)
{
    struct sl_lister *l = self(e);
    if (!sl_listing_skips(&l->listing) || lister_room(e, SL_JOB_LIST) < 32)
        return;
    sl_w_uv(&l->r->scratch, number);
    send_scratch(l, SL_MSG_SKIP);
}

/* It is freed with the endpoint that it is beside. */
static void lister_free(struct sl_endpoint *e)
{
    (void)e;
}

static const struct sl_endpoint_ops lister_ops = {
    .free = lister_free,
    .room = lister_room,
    .open_dir = lister_open_dir,
    .close_dir = lister_close_dir,
    .list = lister_list,
    .list_next = lister_next,
    .list_skip = lister_skip,
};

struct sl_endpoint *sl_remote_lister(struct sl_endpoint *e)
{
    struct sl_remote *r = (struct sl_remote *)e;
    uint8_t channel = SL_JOBS + 1;
    unsigned most = sl_conn_channels(r->conn);
    while (channel < most && r->listers[channel])
        channel++;
    if (channel >= most)
        return NULL;
    struct sl_lister *l = r->listers[channel] = sl_calloc(1, sizeof *l);
    l->e = (struct sl_endpoint){ .ops = &lister_ops, .side = e->side, .remote = true, .rights = e->rights, .next_id = 1 };
    l->r = r;
    l->dec = sl_entry_codec_new();
    sl_listing_init(&l->listing, &l->e, channel, l->dec);
    return &l->e;
}

/* A directory that can't be opened makes the LIST below it fail: that is enough. */
static enum sl_code on_fail(struct sl_lister *l, struct sl_rd *rd, struct sl_error *err)
{
    struct sl_msg_fail m;
    struct sl_error why;
    if (l->listing.have || l->listing.failed)
        return SL_AGAIN;
    enum sl_code rc = sl_fail_decode(rd, &m, err);
    if (rc != SL_OK)
        return rc;
    sl_remote_reason(l->r, &why, m.code, m.text, m.text_len);
    if (sl_listing_fails(&l->listing, m.request, &why))
        acked(&l->listing, m.request);
    return SL_OK;
}

enum sl_code sl_lister_frame(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_lister *l = r->listers[f->channel];
    struct sl_msg_attached m;
    struct sl_rd rd;
    sl_r_init(&rd, f->data, f->len);
    enum sl_code rc = SL_OK;
    uint64_t n;
    switch (f->type) {
    case SL_MSG_DONE:
        n = sl_r_uv(&rd, UINT64_MAX);
        if (!sl_r_done(&rd) || n > l->e.issued[SL_JOB_LIST])
            return sl_fail(err, SL_E_PROTOCOL, "the server sent a confirmation that nobody asked for");
        acked(&l->listing, n);
        return SL_OK;
    case SL_MSG_ATTACHED:
        rc = sl_attached_decode(&rd, &m, err);
        if (rc == SL_OK)
            acked(&l->listing, m.request);
        return rc;
    case SL_MSG_FAIL:
        return on_fail(l, &rd, err);
    case SL_MSG_LISTED:
        rc = sl_listing_frame(&l->listing, f, err);
        if (rc == SL_OK)
            r->listed += f->len;
        return rc;
    default:
        return sl_fail(err, SL_E_PROTOCOL, "the server sent a message of type %u on a channel for listings", f->type);
    }
}

void sl_listers_clear(struct sl_remote *r)
{
    for (size_t i = 0; i < SL_CHANNELS; i++) {
        if (!r->listers[i])
            continue;
        sl_listing_clear(&r->listers[i]->listing);
        sl_entry_codec_free(r->listers[i]->dec);
        free(r->listers[i]);
    }
}

/* SPDX-License-Identifier: ISC */
/*
 * side_listing - further listings of a server, each on a channel of its own beside that of the endpoint's listing job: for trees that are read
 * at the same time as the first.
 */
#include "config.h"
#include "client/remote_priv.h"
#include "client/charset_side.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { TICKETS_MAX = 16384 };

struct sl_side_listing {
    struct sl_endpoint e;
    struct sl_remote *r;
    struct sl_listing listing;
    struct sl_entry_codec *dec;
    bool attached;
};

static struct sl_side_listing *self(struct sl_endpoint *e)
{
    return (struct sl_side_listing *)e;
}

static uint64_t send_scratch(struct sl_side_listing *l, enum sl_msg type)
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

static size_t side_room(struct sl_endpoint *e, enum sl_job job)
{
    struct sl_side_listing *l = self(e);
    struct sl_endpoint *first = &l->r->e;
    size_t room = 0;
    if (job == SL_JOB_LIST && e->issued[job] - e->acked[job] <= TICKETS_MAX && first->ops->room(first, SL_JOB_LIST))
        room = sl_conn_room(l->r->conn, l->listing.channel);
    return room > SL_ATTACH_ROOM ? room - SL_ATTACH_ROOM : 0;
}

static void side_open_dir(struct sl_endpoint *e, enum sl_job job, uint32_t parent, uint32_t id, const char *name)
{
    struct sl_msg_open m = { parent, id, name, strlen(name) };
    (void)job;
    sl_open_encode(&self(e)->r->scratch, &m);
    send_scratch(self(e), SL_MSG_OPEN_DIR);
}

static void side_close_dir(struct sl_endpoint *e, enum sl_job job, uint32_t id)
{
    (void)job;
    sl_w_uv(&self(e)->r->scratch, id);
    send_scratch(self(e), SL_MSG_CLOSE_DIR);
}

static void side_list(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_msg_list m = { dir, flags | e->tells, name, strlen(name) };
    sl_list_request_encode(&self(e)->r->scratch, &m);
    sl_listing_asked(&self(e)->listing, send_scratch(self(e), SL_MSG_LIST), name);
}

static enum sl_code side_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    return sl_listing_next(&self(e)->listing, self(e)->r->conn, ev, err);
}

static void side_skip(struct sl_endpoint *e, uint64_t number)
{
    struct sl_side_listing *l = self(e);
    if (!sl_listing_skips(&l->listing) || side_room(e, SL_JOB_LIST) < 32)
        return;
    sl_w_uv(&l->r->scratch, number);
    send_scratch(l, SL_MSG_SKIP);
}

/* It is freed with the endpoint that it is beside. */
static void side_free(struct sl_endpoint *e)
{
    (void)e;
}

static const struct sl_endpoint_ops side_ops = {
    .free = side_free,
    .room = side_room,
    .open_dir = side_open_dir,
    .close_dir = side_close_dir,
    .list = side_list,
    .list_next = side_next,
    .list_skip = side_skip,
};

struct sl_endpoint *sl_remote_side_listing(struct sl_endpoint *e)
{
    struct sl_remote *r = (struct sl_remote *)e;
    uint8_t channel = SL_JOBS + 1;
    unsigned most = sl_conn_channels(r->conn);
    while (channel < most && r->side_listings[channel])
        channel++;
    if (channel >= most)
        return NULL;
    struct sl_side_listing *l = r->side_listings[channel] = sl_calloc(1, sizeof *l);
    l->e = (struct sl_endpoint){ .ops = &side_ops, .side = e->side, .remote = true, .rights = e->rights, .next_id = 1 };
    l->r = r;
    l->dec = sl_entry_codec_new();
    sl_listing_init(&l->listing, &l->e, channel, l->dec);
    sl_charset_wrap_beside(&l->e, e);
    return &l->e;
}

/* A directory that can't be opened makes the LIST below it fail: that is enough. */
static enum sl_code on_fail(struct sl_side_listing *l, struct sl_rd *rd, struct sl_error *err)
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
        sl_listing_acked(&l->listing, m.request);
    return SL_OK;
}

enum sl_code sl_side_listing_frame(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_side_listing *l = r->side_listings[f->channel];
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
        sl_listing_acked(&l->listing, n);
        return SL_OK;
    case SL_MSG_ATTACHED:
        rc = sl_attached_decode(&rd, &m, err);
        if (rc == SL_OK)
            sl_listing_acked(&l->listing, m.request);
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

void sl_side_listings_clear(struct sl_remote *r)
{
    for (size_t i = 0; i < SL_CHANNELS; i++) {
        if (!r->side_listings[i])
            continue;
        sl_listing_clear(&r->side_listings[i]->listing);
        sl_entry_codec_free(r->side_listings[i]->dec);
        free(r->side_listings[i]);
    }
}

/* SPDX-License-Identifier: ISC */
/* remote_ops - the operations of an endpoint as frames: requests as such, directories, listings, owners. None of them waits. */
#include "config.h"
#include "client/remote_priv.h"
#include "base/mem.h"
#include "tree/fake.h"

#include <stdlib.h>
#include <string.h>

/* Above this much unsent output an endpoint has no room: the producer goes back to the loop. */
enum { QUEUED_MAX = 1024 * 1024, QUEUED_LEAST = 16 * 1024, QUEUED_TASTE = 256 * 1024, TICKETS_MAX = 16384 };

void sl_remote_attach(struct sl_remote *r, uint8_t channel)
{
    struct sl_msg_attach m = { .id = 0, .how = SL_ATTACH_ROOT, .module = "" };
    struct sl_buf b = { 0 };
    m.flags = r->e.digest == SL_HASH_SHA256 ? SL_ATTACH_SHA256 : 0;
    m.flags |= r->e.fake & SL_FAKE ? SL_ATTACH_FAKE : 0;
    m.flags |= r->e.fake & SL_FAKE_ONLY ? SL_ATTACH_FAKE_ONLY : 0;
    if (r->addr->modules) {
        m.how = SL_ATTACH_MODULE;
        m.module = r->addr->module;
        m.module_len = strlen(m.module);
    }
    sl_attach_encode(&b, &m);
    sl_conn_send(r->conn, channel, SL_MSG_ATTACH, 0, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

void sl_remote_attach_job(struct sl_remote *r, enum sl_job job)
{
    sl_remote_attach(r, sl_job_channel(job));
    r->e.issued[job]++;
    r->attached_job[job] = true;
}

uint64_t sl_remote_send(struct sl_remote *r, enum sl_job job, enum sl_msg type, const void *data, size_t n)
{
    if (!r->attached_job[job] && (r->addr->module || !r->addr->modules))
        sl_remote_attach_job(r, job);
    sl_conn_send(r->conn, sl_job_channel(job), (uint8_t)type, r->flags, data, n);
    return type == SL_MSG_SKIP ? r->e.issued[job] : ++r->e.issued[job];
}

uint64_t sl_remote_send_scratch(struct sl_remote *r, enum sl_job job, enum sl_msg type)
{
    uint64_t ticket = sl_remote_send(r, job, type, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 64 * 1024);
    return ticket;
}

enum { ROOM_LEAST = SL_PUT_MAX + 4096 /* what a small file takes: with less credit some action waits */ };

/* What waits for a rate is soon a matter of minutes, and a PING waits behind it. */
static size_t queued_max(const struct sl_remote *r)
{
    uint64_t second = r->o->bwlimit;
    if (r->taste.out && (!second || second > QUEUED_TASTE))
        return QUEUED_TASTE;
    return !second || second > QUEUED_MAX ? QUEUED_MAX : second < QUEUED_LEAST ? QUEUED_LEAST : (size_t)second;
}

static size_t remote_room(struct sl_endpoint *e, enum sl_job job)
{
    struct sl_remote *r = sl_remote_of(e);
    size_t room = 0;
    if (sl_conn_queued(r->conn) <= queued_max(r) && e->issued[job] - e->acked[job] <= TICKETS_MAX)
        room = sl_conn_room(r->conn, sl_job_channel(job));
    r->short_of_room |= room <= ROOM_LEAST && job == SL_JOB_WORK;
    return room > SL_ATTACH_ROOM ? room - SL_ATTACH_ROOM : 0;
}

static void remote_open_dir(struct sl_endpoint *e, enum sl_job job, uint32_t parent, uint32_t id, const char *name)
{
    struct sl_msg_open m = { parent, id, name, strlen(name) };
    sl_open_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_send_scratch(sl_remote_of(e), job, SL_MSG_OPEN_DIR);
}

static void remote_close_dir(struct sl_endpoint *e, enum sl_job job, uint32_t id)
{
    sl_w_uv(&sl_remote_of(e)->scratch, id);
    sl_remote_send_scratch(sl_remote_of(e), job, SL_MSG_CLOSE_DIR);
}

static void remote_list(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_remote *r = sl_remote_of(e);
    struct sl_msg_list m = { dir, flags | e->tells, name, strlen(name) };
    sl_list_request_encode(&r->scratch, &m);
    sl_listing_asked(&r->listing, sl_remote_send_scratch(r, SL_JOB_LIST, SL_MSG_LIST), name);
}

static enum sl_code remote_list_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    return sl_listing_next(&sl_remote_of(e)->listing, sl_remote_of(e)->conn, ev, err);
}

static void remote_list_skip(struct sl_endpoint *e, uint64_t number)
{
    struct sl_remote *r = sl_remote_of(e);
    if (!sl_listing_skips(&r->listing) || remote_room(e, SL_JOB_LIST) < 32)
        return;
    sl_w_uv(&r->scratch, number);
    sl_remote_send_scratch(r, SL_JOB_LIST, SL_MSG_SKIP);
}

static enum sl_code remote_owner(struct sl_endpoint *e, bool group, uint32_t number, const char *name, bool *settable,
                                 uint32_t *there)
{
    struct sl_remote *r = sl_remote_of(e);
    struct sl_owner_asked of = { group, number, name ? name : "" };
    const struct sl_owner_answer *a = sl_owner_answers_find(r->owners, &of);
    if (a && a->known) {
        *settable = a->settable;
        *there = a->there;
        return SL_OK;
    }
    if (a || remote_room(e, SL_JOB_WORK) < SL_OWNER_NAME_MAX + 32 || !sl_owner_answers_room(r->owners, e->acked[SL_JOB_WORK]))
        return SL_AGAIN;
    struct sl_msg_owner m = { group, number, of.name, strlen(of.name) };
    sl_owner_encode(&r->scratch, &m);
    sl_owner_answers_ask(r->owners, &of, sl_remote_send_scratch(r, SL_JOB_WORK, SL_MSG_OWNER));
    return SL_AGAIN;
}

static void remote_free(struct sl_endpoint *e)
{
    struct sl_remote *r = sl_remote_of(e);
    sl_conn_free(r->conn);
    for (int j = 0; j < SL_JOBS; j++) {
        sl_entry_codec_free(r->enc[j]);
        sl_entry_codec_free(r->dec[j]);
    }
    if (r->left)
        sl_transport_leave(&r->t);
    else
        sl_transport_close(&r->t, 2000);
    sl_buf_clear(&r->scratch);
    sl_buf_clear(&r->content_buf);
    sl_listing_clear(&r->listing);
    sl_side_listings_clear(r);
    sl_remote_chunks_clear(r);
    sl_remote_fetch_clear(r);
    sl_remote_attrs_clear(r);
    sl_remote_look_clear(r);
    free(r->reads.at);
    free(r->hashes.at);
    free(r->answers);
    sl_owner_answers_free(r->owners);
    free(r->home);
    sl_remote_place_free(r);
    free(r->motd);
    free(r);
}

const struct sl_endpoint_ops sl_remote_ops = {
    .free = remote_free,
    .place = sl_remote_place,
    .place_ahead = sl_remote_place_ahead,
    .placed = sl_remote_placed,
    .room = remote_room,
    .open_dir = remote_open_dir,
    .close_dir = remote_close_dir,
    .list = remote_list,
    .list_next = remote_list_next,
    .list_skip = remote_list_skip,
    .look = sl_remote_look,
    .owner = remote_owner,
    .read = sl_remote_read,
    .read_ranges = sl_remote_read_ranges,
    .read_part = sl_remote_read_part,
    .read_some = sl_remote_read_some, .read_early = sl_remote_read_early, .claim_early = sl_remote_claim_early,
    .piece = sl_remote_piece,
    .piece_taken = sl_remote_piece_taken,
    .hash = sl_remote_hash,
    .hash_next = sl_remote_hash_next,
    .chunks = sl_remote_chunks,
    .fetch = sl_remote_fetch,
    .attrs = sl_remote_attrs,
    .get_attrs = sl_remote_get_attrs,
    .work = sl_remote_work,
    .put = sl_remote_put,
    .write = sl_remote_write,
    .data = sl_remote_data,
    .hole = sl_remote_hole,
    .basis = sl_remote_basis,
    .copy = sl_remote_copy,
    .keep = sl_remote_keep,
    .commit = sl_remote_commit,
    .abort = sl_remote_abort,
    .part = sl_remote_part,
    .join = sl_remote_join,
    .drop = sl_remote_drop,
    .make = sl_remote_make,
    .set_meta = sl_remote_set_meta,
    .remove = sl_remote_remove,
    .take = sl_remote_take,
    .release = sl_remote_release,
    .stage_in = sl_remote_stage_in,
    .reserve = sl_remote_reserve,
    .link = sl_remote_link,
    .rename = sl_remote_rename,
    .backup = sl_remote_backup,
    .kept_in = sl_remote_kept_in,
};

/* SPDX-License-Identifier: ISC */
/*
 * remote_chunks - chunk lists of a server. What it claims is held to what was asked: each range filled exactly by chunks of legal
 * lengths. A list that lies is an error of that file; a frame that can't be read ends the session. Of a file that is much longer than it was
 * listed, which may have grown or have been made by an earlier run, the list is cut off there: what it takes is bounded.
 */
#include "config.h"
#include "client/remote_priv.h"
#include "base/ring.h"

#include <stdlib.h>
#include <string.h>

#define ABSURD (UINT64_C(1) << 50)   /* bytes that no file grows by */
enum { PIECES_LEAST = 4096, PIECES_MOST = 1 << 23 };  /* chunks and holes of one list that are always, and never, held */
enum { LONGER_MAX = 1 << 20 };       /* bytes by which a file may be longer than listed, besides a half: behind that the list is cut off */

struct sl_chunk_wait {
    uint64_t ticket;
    void *cookie;
    unsigned flags, grain, hash_bytes;
    struct sl_ranges ranges;         /* owned */
    size_t range;
    uint64_t at, end;                /* in the file; of the range, or of what a whole file may have */
    uint64_t over;                   /* bytes of the list that are behind where it is cut off */
    size_t most;                     /* chunks: behind so many the list is cut off, too */
    bool cut;                        /* end is where the list is cut off, not where something ends that was asked for */
    bool lies;                       /* told: the rest of it is passed over */
    struct sl_chunk_answer answer;
};

static struct sl_chunk_wait *front(struct sl_remote *r)
{
    return r->chunk_len ? &r->chunk_waits[r->chunk_head] : NULL;
}

static struct sl_chunk_wait *push(struct sl_remote *r)
{
    if (r->chunk_len == r->chunk_cap)
        r->chunk_waits = sl_ring_room(r->chunk_waits, sizeof *r->chunk_waits, &r->chunk_head, &r->chunk_cap, 16);
    return &r->chunk_waits[(r->chunk_head + r->chunk_len++) % r->chunk_cap];
}

static void pop(struct sl_remote *r)
{
    struct sl_chunk_wait *w = front(r);
    sl_ranges_clear(&w->ranges);
    sl_chunks_clear(&w->answer.chunks);
    r->chunk_head = (r->chunk_head + 1) % r->chunk_cap;
    r->chunk_len--;
}

void sl_remote_chunks_clear(struct sl_remote *r)
{
    while (r->chunk_len)
        pop(r);
    free(r->chunk_waits);
}

/* Eight times as many as there are of the wanted length, and as many holes: what is all pieces is sent whole. */
static size_t most_of(const struct sl_chunk_wait *w, uint64_t bytes)
{
    uint64_t n = (bytes >> w->grain) * 8 + w->ranges.len * 2 + PIECES_LEAST;
    return n < PIECES_MOST ? (size_t)n : PIECES_MOST;
}

static void send_seed(struct sl_remote *r)
{
    if (r->seeded)
        return;
    sl_w_u64(&r->scratch, r->e.seed);
    sl_remote_send(r, SL_JOB_HASH, SL_MSG_SEED, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 64 * 1024);
    r->seeded = true;
}

void sl_remote_chunks(struct sl_endpoint *e, uint32_t dir, const struct sl_chunk_ask *ask, void *cookie)
{
    struct sl_remote *r = (struct sl_remote *)e;
    struct sl_msg_chunks m = { .id = dir, .flags = (uint8_t)ask->flags, .grain = (uint8_t)ask->grain,
                               .hash_bytes = (uint8_t)ask->hash_bytes, .name = ask->name, .name_len = strlen(ask->name) };
    uint64_t end = 0;
    send_seed(r);
    struct sl_chunk_wait *w = push(r);
    *w = (struct sl_chunk_wait){ .cookie = cookie, .flags = ask->flags, .grain = ask->grain, .hash_bytes = ask->hash_bytes };
    w->end = ask->size + ask->size / 2 + LONGER_MAX;
    w->cut = true;
    sl_chunks_encode(&r->scratch, &m);
    for (size_t i = 0; i < ask->ranges.len; i++) {
        sl_range_add(&r->scratch, &end, ask->ranges.at[i].at, ask->ranges.at[i].len);
        sl_ranges_add(&w->ranges, ask->ranges.at[i].at, ask->ranges.at[i].len);
    }
    if (ask->ranges.len) {
        uint64_t longest = w->end;
        w->at = w->ranges.at[0].at;
        w->end = w->at + w->ranges.at[0].len;
        w->cut = ask->flags & SL_CHUNKS_PORTION && w->end > longest;
        if (w->cut)
            w->end = longest > w->at ? longest : w->at;
    }
    w->most = most_of(w, w->ranges.len ? sl_ranges_total(&w->ranges) : w->end);
    r->flags = sl_remote_reads(r);
    w->ticket = sl_remote_send(r, SL_JOB_HASH, SL_MSG_CHUNKS, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    r->flags = 0;
    sl_buf_reset(&r->scratch, 64 * 1024);
}

static void lie(struct sl_remote *r, struct sl_chunk_wait *w, const char *what)
{
    w->lies = true;
    w->answer.code = sl_fail(&w->answer.err, SL_E_PROTOCOL, "the server's list of chunks %s", what);
    w->answer.err.side = r->e.side;
    sl_chunks_clear(&w->answer.chunks);
}

/* The next range once this one is full. */
static void next_range(struct sl_chunk_wait *w)
{
    if (w->at < w->end || w->range + 1 >= w->ranges.len)
        return;
    const struct sl_range *range = &w->ranges.at[++w->range];
    w->at = range->at;
    w->end = range->at + range->len;
}

/* Whether a chunk can't be that long, or a hole can't be there. In a grid a block never crosses one of its lines, and is shorter only where data ends
 * or begins. */
static bool impossible(const struct sl_chunk_wait *w, const struct sl_chunk *c, const struct sl_chunk *last)
{
    uint64_t block = UINT64_C(1) << w->grain;
    if (c->hole)
        return (w->ranges.len && !(w->flags & SL_CHUNKS_PORTION)) || (last && last->hole);
    if (w->flags & SL_CHUNKS_GRID)
        return c->len > block - (c->at & (block - 1));
    return c->len > sl_grain_most(w->grain);
}

static bool too_short(const struct sl_chunk_wait *w, const struct sl_chunk *c, const struct sl_chunk *last)
{
    if (!last || last->hole || c->hole || last->at + last->len != c->at)
        return false;
    if (w->flags & SL_CHUNKS_GRID)
        return c->at & ((UINT64_C(1) << w->grain) - 1);
    return last->len < sl_grain_least(w->grain);
}

static void take(struct sl_remote *r, struct sl_chunk_wait *w, const struct sl_chunk_record *m)
{
    struct sl_chunk c = { .at = w->at, .len = m->len ? m->len : UINT64_C(1) << w->grain, .hash = m->hash, .mark = m->mark, .hole = m->hole };
    struct sl_chunks *l = &w->answer.chunks;
    const struct sl_chunk *last = l->len ? &l->at[l->len - 1] : NULL;
    if (c.len > w->end - w->at && !w->cut)
        lie(r, w, "does not fit what was asked for");
    else if (impossible(w, &c, last))
        lie(r, w, "has one of an impossible length");
    else if (too_short(w, &c, last))
        lie(r, w, "has one that is too short");
    w->answer.longer |= c.len > w->end - w->at || l->len == w->most;
    w->over += w->answer.longer ? c.len : 0;
    if (!w->lies && w->over > ABSURD)
        lie(r, w, "is of a much longer file than it listed");
    if (w->lies || w->answer.longer)
        return;
    sl_chunks_add(l, &c);
    w->at += c.len;
    next_range(w);
}

/* The list is complete: hands it over. */
static void deliver(struct sl_remote *r, struct sl_chunk_wait *w, const struct sl_msg_chunked *m)
{
    struct sl_chunk_answer *a = &w->answer;
    a->end = w->flags & SL_CHUNKS_PORTION && m->flags & SL_CHUNKED_END;
    if (!w->lies && !a->longer && w->ranges.len && !a->end && (w->range + 1 < w->ranges.len || w->at != w->end))
        lie(r, w, "is not complete");
    a->changed = m->flags & SL_CHUNKED_CHANGED;
    a->has_hash = m->flags & SL_CHUNKED_HASH;
    if (a->has_hash)
        memcpy(a->hash, m->hash, sl_hash_size(r->e.digest));
    if (r->e.chunked)
        r->e.chunked(r->e.ctx, &r->e, w->cookie, a);
    pop(r);
}

enum sl_code sl_remote_on_chunked(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_chunk_wait *w = front(r);
    struct sl_msg_chunked m = { .last = f->flags & SL_FLAG_LAST };
    struct sl_chunk_record record;
    struct sl_rd rd;
    sl_r_init(&rd, f->data, f->len);
    rd.hash_len = (uint8_t)sl_hash_size(r->e.digest);
    enum sl_code rc = sl_chunked_decode(&rd, &m, err);
    if (rc != SL_OK)
        return rc;
    if (!w || m.request != w->ticket)
        return sl_fail(err, SL_E_PROTOCOL, "the server sent a list of chunks that nobody asked for");
    const struct sl_chunk_form form = { w->flags, w->hash_bytes };
    while (rc == SL_OK && sl_r_left(&rd)) {
        rc = sl_chunk_record_next(&rd, &form, &record, err);
        if (rc == SL_OK && !w->lies)
            take(r, w, &record);
    }
    if (rc == SL_OK && m.last) {
        if (m.request > r->e.acked[SL_JOB_HASH])
            r->e.acked[SL_JOB_HASH] = m.request;
        deliver(r, w, &m);
    }
    return rc;
}

bool sl_remote_chunks_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err)
{
    struct sl_chunk_wait *w = front(r);
    if (!w || w->ticket != request)
        return false;
    w->answer.code = err->code;
    w->answer.err = *err;
    sl_chunks_clear(&w->answer.chunks);
    if (r->e.chunked)
        r->e.chunked(r->e.ctx, &r->e, w->cookie, &w->answer);
    pop(r);
    return true;
}

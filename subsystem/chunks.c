/* SPDX-License-Identifier: ISC */
/*
 * chunks - CHUNKS: the chunk list of a file, made a piece at a time while there is room for it. The server only reads and hashes; what is
 * equal to what, and what follows from it, is for the client to say.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEP = 1024 * 1024,                 /* bytes read in a step */
    FRAME_FULL = 32 * 1024,             /* records are sent when there are so many bytes of them */
    HEAD_MAX = 32                       /* of a frame: request, flags, hash */
};

enum sl_code sl_run_seed(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    (void)err;
    if (!ch->seed)
        ch->seed = sl_malloc(sizeof *ch->seed);
    sl_seed_init(ch->seed, q->seed);
    return SL_OK;
}

static enum sl_code to_range(void *ctx, uint64_t at, uint64_t len, struct sl_error *err)
{
    struct sl_channel *ch = ctx;
    return (ch->chunk_flags & SL_CHUNKS_PORTION ? sl_reader_portion : sl_reader_range)(&ch->reader, at, len, err);
}

static enum sl_code read_more(void *ctx, const uint8_t **data, size_t *got, uint64_t *hole, struct sl_error *err)
{
    return sl_reader_view(&((struct sl_channel *)ctx)->reader, data, got, hole, err);
}

static void put_chunk(void *ctx, const struct sl_chunk *c)
{
    struct sl_channel *ch = ctx;
    bool block = ch->chunk_flags & SL_CHUNKS_GRID && c->len == UINT64_C(1) << ch->lister.grain;
    struct sl_chunk_record r = { block && !c->hole ? 0 : c->len, c->hole, c->hash, c->mark };
    sl_chunk_record_put(&ch->records, &r, &(struct sl_chunk_form){ ch->chunk_flags, ch->chunk_hash_bytes });
}

static const struct sl_lister_ops ops = { to_range, read_more, put_chunk };

/* What the last frame tells of the file besides its chunks. */
static void put_end(struct sl_channel *ch, struct sl_msg_chunked *m, uint8_t *hash)
{
    bool end = !(ch->chunk_flags & SL_CHUNKS_PORTION) || sl_reader_at_end(&ch->reader);
    if (sl_reader_changed(&ch->reader))
        m->flags |= SL_CHUNKED_CHANGED;
    if (ch->chunk_flags & SL_CHUNKS_PORTION && end)
        m->flags |= SL_CHUNKED_END;
    if (!ch->lister.whole)
        return;
    if (end) {
        sl_lister_whole(&ch->lister, hash);
        m->flags |= SL_CHUNKED_HASH;
    } else {
        sl_carry_put(&ch->carry, &ch->reader, ch->lister.whole, ch->lister.hole);
        ch->lister.whole = NULL;
    }
}

/* One frame of what is there. */
static void send_records(struct sl_channel *ch, bool last)
{
    uint8_t hash[SL_HASH_MOST];
    struct sl_msg_chunked m = { .request = ch->requests, .last = last, .hash = hash, .hash_len = sl_hash_size(ch->s->digest) };
    if (last)
        put_end(ch, &m, hash);
    sl_chunked_encode(&ch->scratch, &m);
    size_t head = sl_buf_len(&ch->scratch), n = sl_buf_len(&ch->records);
    uint8_t *p = sl_conn_begin(ch->s->conn, head + n);
    memcpy(p, sl_buf_ptr(&ch->scratch), head);
    if (n)
        memcpy(p + head, sl_buf_ptr(&ch->records), n);
    sl_conn_finish(ch->s->conn, ch->number, SL_MSG_CHUNKED, last ? SL_FLAG_LAST : 0, head + n);
    sl_buf_reset(&ch->scratch, FRAME_FULL);
    sl_buf_reset(&ch->records, 4 * FRAME_FULL);
    if (last)
        ch->confirmed = ch->requests;
}

static enum sl_code chunks_step(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_error why = { 0 };
    enum sl_code rc = ch->listed ? SL_EOF : SL_OK;
    (void)err;
    for (uint64_t all = 0, n = 0; rc == SL_OK && all < STEP && sl_buf_len(&ch->records) < FRAME_FULL; all += n) {
        rc = sl_lister_step(&ch->lister, &n, &why);
        if (rc == SL_OK)
            rc = sl_spend(ch->s, SL_SPEND_HASHED, n, &why);
    }
    if (rc != SL_OK && rc != SL_EOF) {
        sl_channel_fail(ch, &why);
        return SL_EOF;
    }
    ch->listed = rc == SL_EOF;
    if (!ch->listed && sl_buf_len(&ch->records) < FRAME_FULL)
        return SL_OK;
    if (sl_conn_room(ch->s->conn, ch->number) < sl_buf_len(&ch->records) + HEAD_MAX || sl_conn_queued(ch->s->conn) > SL_OUTPUT_HIGH)
        return SL_AGAIN;
    send_records(ch, ch->listed);
    return rc;
}

enum sl_code sl_take_ranges(const struct sl_rd *rd, uint64_t from, struct sl_ranges *out, struct sl_error *err)
{
    struct sl_rd r = *rd;
    uint64_t end = from, at, len;
    sl_ranges_clear(out);
    while (out->len <= SL_RANGES_MAX && sl_range_next(&r, &end, &at, &len))
        sl_ranges_add(out, at, len);
    if (out->len <= SL_RANGES_MAX)
        return SL_OK;
    sl_ranges_clear(out);
    return sl_fail(err, SL_E_LIMIT, "more than %d ranges in one request", SL_RANGES_MAX);
}

/* Whether it is the first that is asked of this file: all of it, or its first portion. */
static bool is_first(const struct sl_msg_chunks *m)
{
    struct sl_rd r = m->ranges;
    uint64_t end = 0, at, len;
    return !sl_range_next(&r, &end, &at, &len) || (m->flags & SL_CHUNKS_PORTION && at == 0);
}

/* A file, as it is now, counts once on a channel, whatever lists are made of it. *counted: it does now. */
static enum sl_code count_file(struct sl_channel *ch, bool *counted, struct sl_error *err)
{
    uint64_t version = sl_reader_version(&ch->reader);
    for (unsigned i = 0; i < SL_PAID_MAX; i++)
        if (ch->paid[i] == version)
            return SL_OK;
    enum sl_code rc = sl_spend(ch->s, SL_SPEND_READ_FILE, 1, err);
    if (rc != SL_OK)
        return rc;
    *counted = true;
    ch->paid[ch->paid_next++ % SL_PAID_MAX] = version;
    return SL_OK;
}

/* What is to be listed, counted; who asks for what is not there is counted too. */
static enum sl_code open_file(struct sl_channel *ch, const struct sl_msg_chunks *m, bool *counted, struct sl_error *err)
{
    struct sl_error limit = { 0 };
    enum sl_code rc = sl_open_basis(ch, &ch->reader, m->id, ch->name, m->flags, err);
    if (rc == SL_OK && (rc = count_file(ch, counted, err)) != SL_OK)
        sl_channel_end_long(ch);
    else if (rc != SL_OK && is_first(m) && sl_spend(ch->s, SL_SPEND_READ_FILE, 1, &limit) != SL_OK)
        *err = limit;
    return rc != SL_OK ? err->code : SL_OK;
}

/* Before the first round: a run that went on from what was kept, and was cut too, left more. */
static void adopt(struct sl_channel *ch, const struct sl_msg_chunks *m)
{
    struct sl_error ignored = { 0 };
    int fd = -1;
    bool first = m->flags & SL_CHUNKS_KEPT && is_first(m);
    ch->searched_dir = m->id;
    if (first && ch->rights & SL_RIGHT_CREATE && !sl_hidden_kept(ch, m->id, ch->name) && sl_dirs_fd(ch->dirs, m->id, &fd, &ignored) == SL_OK)
        sl_kept_adopt(fd, ch->name, &ch->searched);
}

/* The hash of the whole file, where it is wanted: begun, or gone on with behind the portion before. */
static enum sl_code begin_hash(struct sl_channel *ch, const struct sl_msg_chunks *m, struct sl_error *err)
{
    struct sl_rd r = m->ranges;
    struct sl_carry carried;
    uint64_t end = 0, at, len;
    if (!(m->flags & SL_CHUNKS_HASH))
        return SL_OK;
    enum sl_code rc = sl_range_next(&r, &end, &at, &len) ? sl_reader_portion(&ch->reader, at, len, err) : SL_OK;
    if (rc == SL_OK)
        rc = sl_carry_take(&ch->carry, &ch->reader, ch->s->digest, &carried, err);
    if (rc == SL_OK)
        sl_lister_go_on(&ch->lister, carried.hash, carried.hole);
    return rc;
}

static enum sl_code agreed(const struct sl_channel *ch, const struct sl_msg_chunks *m, struct sl_error *err)
{
    if (!ch->seed)
        return sl_fail(err, SL_E_INVALID, "no SEED was sent on this channel");
    if (m->flags & (SL_CHUNKS_GRID | SL_CHUNKS_PORTION) && !sl_conn_has(ch->s->conn, SL_FEATURE_GRID))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature grid was not agreed on");
    if (m->flags & SL_CHUNKS_MARKS && !sl_conn_has(ch->s->conn, SL_FEATURE_MARKS))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature marks was not agreed on");
    return SL_OK;
}

enum sl_code sl_run_chunks(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_chunks *m = &q->chunks;
    struct sl_ranges ranges = { 0 };
    memcpy(ch->name, m->name, m->name_len);
    ch->name[m->name_len] = '\0';
    enum sl_code rc = agreed(ch, m, err);
    if (rc == SL_OK)
        rc = sl_take_ranges(&m->ranges, 0, &ranges, err);
    bool counted = false;
    if (rc == SL_OK)
        adopt(ch, m);
    if (rc == SL_OK)
        rc = open_file(ch, m, &counted, err);
    if (rc != SL_OK) {
        sl_ranges_clear(&ranges);
        return rc;
    }
    if (counted)
        sl_note(ch, SL_NOTE_TRANSFER, "chunks", m->id, ch->name);
    sl_lister_init(&ch->lister, &ops, ch, ch->seed, m->grain, m->hash_bytes);
    sl_lister_ranges(&ch->lister, &ranges);
    if (m->flags & SL_CHUNKS_GRID)
        sl_lister_grid(&ch->lister, m->flags & SL_CHUNKS_MARKS);
    ch->chunk_flags = m->flags;
    ch->chunk_hash_bytes = m->hash_bytes;
    rc = begin_hash(ch, m, err);
    if (rc != SL_OK) {
        sl_channel_end_long(ch);
        return rc;
    }
    ch->listed = false;
    sl_buf_reset(&ch->records, FRAME_FULL);
    ch->step = chunks_step;
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/* chunks - the messages of deltas: lists of chunks, content by ranges, what of a new file is copied from an old one. */
#include "config.h"
#include "proto/msg.h"

enum {
    CHUNKS_FLAGS = SL_CHUNKS_KEPT | SL_CHUNKS_HASH | SL_CHUNKS_GRID | SL_CHUNKS_PORTION | SL_CHUNKS_MARKS,
    CHUNKED_FLAGS = SL_CHUNKED_CHANGED | SL_CHUNKED_HASH | SL_CHUNKED_END,
    PART_FLAGS = SL_PUT_SPARSE | SL_PUT_FIRST,
    DROP_FLAGS = SL_PUT_REPLACE | SL_PUT_UNKEPT | SL_PUT_PARTIAL,
    GRAIN_MIN = 6, GRAIN_MAX = 26, HASH_MIN = 4, HASH_MAX = 8
};

static const char *read_name(struct sl_rd *r, size_t *n)
{
    const char *name = (const char *)sl_r_bs(r, SL_NAME_MAX, n);
    if (!name || !sl_name_ok(name, *n))
        r->bad = true;
    return name;
}

static enum sl_code fault(const char *what, struct sl_error *err)
{
    return sl_fail(err, SL_E_PROTOCOL, "the message %s is malformed", what);
}

/* ---- ranges ---- */

void sl_range_add(struct sl_buf *b, uint64_t *end, uint64_t at, uint64_t len)
{
    sl_w_uv(b, at - *end);
    sl_w_uv(b, len);
    *end = at + len;
}

bool sl_range_next(struct sl_rd *r, uint64_t *end, uint64_t *at, uint64_t *len)
{
    if (!sl_r_left(r))
        return false;
    uint64_t gap = sl_r_uv(r, INT64_MAX - *end);
    uint64_t n = sl_r_uv(r, INT64_MAX - *end - gap);
    if (!n)
        r->bad = true;
    if (!sl_r_ok(r))
        return false;
    *at = *end + gap;
    *len = n;
    *end = *at + n;
    return true;
}

/* Takes the rest of r as ranges between two offsets; false when it is malformed. */
static bool take_ranges_in(struct sl_rd *r, uint64_t from, uint64_t to, struct sl_rd *ranges)
{
    uint64_t end = from, at, len;
    *ranges = *r;
    while (sl_range_next(r, &end, &at, &len) && end <= to)
        ;
    return sl_r_done(r) && end <= to;
}

static bool take_ranges(struct sl_rd *r, struct sl_rd *ranges)
{
    return take_ranges_in(r, 0, INT64_MAX, ranges);
}

/* ---- CHUNKS ---- */

void sl_chunks_encode(struct sl_buf *b, const struct sl_msg_chunks *m)
{
    sl_w_uv(b, m->id);
    sl_w_u8(b, m->flags);
    sl_w_u8(b, m->grain);
    sl_w_u8(b, m->hash_bytes);
    sl_w_bs(b, m->name, m->name_len);
}

/* The whole file's hash goes with no ranges; a portion is one. */
static bool ranges_fit(uint8_t flags, const struct sl_rd *ranges)
{
    struct sl_rd r = *ranges;
    uint64_t end = 0, at, len;
    if (!(flags & SL_CHUNKS_PORTION))
        return !(flags & SL_CHUNKS_HASH) || !sl_r_left(&r);
    return sl_range_next(&r, &end, &at, &len) && !sl_r_left(&r);
}

enum sl_code sl_chunks_decode(struct sl_rd *r, struct sl_msg_chunks *m, struct sl_error *err)
{
    struct sl_msg_chunks got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.flags = sl_r_u8(r);
    got.grain = sl_r_u8(r);
    got.hash_bytes = sl_r_u8(r);
    got.name = read_name(r, &got.name_len);
    if (got.flags > CHUNKS_FLAGS || got.grain < GRAIN_MIN || got.grain > GRAIN_MAX || got.hash_bytes < HASH_MIN || got.hash_bytes > HASH_MAX)
        r->bad = true;
    if (got.flags & SL_CHUNKS_MARKS && !(got.flags & SL_CHUNKS_GRID))
        r->bad = true;
    if (!take_ranges(r, &got.ranges) || !ranges_fit(got.flags, &got.ranges))
        return fault("CHUNKS", err);
    *m = got;
    return SL_OK;
}

/* ---- READ_RANGES ---- */

void sl_read_ranges_encode(struct sl_buf *b, const struct sl_msg_read_ranges *m)
{
    sl_w_uv(b, m->id);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_read_ranges_decode(struct sl_rd *r, struct sl_msg_read_ranges *m, struct sl_error *err)
{
    struct sl_msg_read_ranges got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.name = read_name(r, &got.name_len);
    if (!take_ranges(r, &got.ranges) || !sl_r_left(&got.ranges))
        return fault("READ_RANGES", err);
    *m = got;
    return SL_OK;
}

/* ---- READ_SOME ---- */

void sl_read_some_encode(struct sl_buf *b, const struct sl_msg_read_some *m)
{
    sl_w_uv(b, m->id);
    sl_w_bs(b, m->name, m->name_len);
    sl_w_uv(b, m->from);
    sl_w_uv(b, m->len);
}

enum sl_code sl_read_some_decode(struct sl_rd *r, struct sl_msg_read_some *m, struct sl_error *err)
{
    struct sl_msg_read_some got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.name = read_name(r, &got.name_len);
    got.from = sl_r_uv(r, INT64_MAX);
    got.len = sl_r_uv(r, INT64_MAX - got.from);
    if (!sl_r_ok(r) || !got.len || !take_ranges_in(r, got.from, got.from + got.len, &got.ranges))
        return fault("READ_SOME", err);
    *m = got;
    return SL_OK;
}

/* ---- BASIS ---- */

void sl_basis_encode(struct sl_buf *b, const struct sl_msg_basis *m)
{
    sl_w_uv(b, m->id);
    sl_w_u8(b, m->flags);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_basis_decode(struct sl_rd *r, struct sl_msg_basis *m, struct sl_error *err)
{
    struct sl_msg_basis got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.flags = sl_r_u8(r);
    got.name = read_name(r, &got.name_len);
    if (!sl_r_done(r) || got.flags > SL_CHUNKS_KEPT)
        return fault("BASIS", err);
    *m = got;
    return SL_OK;
}

/* ---- COPY ---- */

void sl_copy_encode(struct sl_buf *b, const struct sl_msg_copy *m)
{
    sl_w_uv(b, m->basis);
    sl_w_uv(b, m->from);
    sl_w_uv(b, m->len);
}

enum sl_code sl_copy_decode(struct sl_rd *r, struct sl_msg_copy *m, struct sl_error *err)
{
    struct sl_msg_copy got = { .basis = (uint32_t)sl_r_uv(r, SL_BASES_OPEN_MAX - 1) };
    got.from = sl_r_uv(r, INT64_MAX - SL_COPY_MAX);
    got.len = (uint32_t)sl_r_uv(r, SL_COPY_MAX);
    if (!sl_r_done(r) || !got.len)
        return fault("COPY", err);
    *m = got;
    return SL_OK;
}

/* ---- PART ---- */

void sl_part_encode(struct sl_buf *b, const struct sl_msg_part *m)
{
    sl_w_uv(b, m->id);
    sl_w_u8(b, m->flags);
    sl_w_raw(b, m->token, SL_TOKEN_LEN);
    sl_w_bs(b, m->name, m->name_len);
    sl_w_uv(b, m->from);
    sl_w_uv(b, m->size);
}

enum sl_code sl_part_decode(struct sl_rd *r, struct sl_msg_part *m, struct sl_error *err)
{
    struct sl_msg_part got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.flags = sl_r_u8(r);
    got.token = sl_r_token(r);
    got.name = read_name(r, &got.name_len);
    got.from = sl_r_uv(r, INT64_MAX);
    got.size = sl_r_uv(r, INT64_MAX);
    if (!sl_r_done(r) || got.flags & ~PART_FLAGS || got.from > got.size)
        return fault("PART", err);
    *m = got;
    return SL_OK;
}

/* ---- DROP ---- */

void sl_drop_encode(struct sl_buf *b, const struct sl_msg_drop *m)
{
    sl_w_uv(b, m->id);
    sl_w_u8(b, m->flags);
    sl_w_raw(b, m->token, SL_TOKEN_LEN);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_drop_decode(struct sl_rd *r, struct sl_msg_drop *m, struct sl_error *err)
{
    struct sl_msg_drop got = { .id = (uint32_t)sl_r_uv(r, UINT32_MAX) };
    got.flags = sl_r_u8(r);
    got.token = sl_r_token(r);
    got.name = read_name(r, &got.name_len);
    if (!sl_r_done(r) || got.flags & ~DROP_FLAGS)
        return fault("DROP", err);
    *m = got;
    return SL_OK;
}

/* ---- KEPT_IN ---- */

void sl_kept_in_encode(struct sl_buf *b, const struct sl_msg_kept_in *m)
{
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_kept_in_decode(struct sl_rd *r, struct sl_msg_kept_in *m, struct sl_error *err)
{
    struct sl_msg_kept_in got = { 0 };
    got.name = read_name(r, &got.name_len);
    if (!sl_r_done(r))
        return fault("KEPT_IN", err);
    *m = got;
    return SL_OK;
}

/* ---- CHUNKED ---- */

void sl_chunked_encode(struct sl_buf *b, const struct sl_msg_chunked *m)
{
    sl_w_uv(b, m->request);
    if (!m->last)
        return;
    sl_w_u8(b, m->flags);
    if (m->flags & SL_CHUNKED_HASH)
        sl_w_hash(b, m->hash, m->hash_len);
}

enum sl_code sl_chunked_decode(struct sl_rd *r, struct sl_msg_chunked *m, struct sl_error *err)
{
    struct sl_msg_chunked got = { .request = sl_r_uv(r, UINT64_MAX), .last = m->last };
    got.flags = got.last ? sl_r_u8(r) : 0;
    if (got.flags & SL_CHUNKED_HASH)
        got.hash = sl_r_hash(r);
    if (!sl_r_ok(r) || !got.request || got.flags > CHUNKED_FLAGS)
        return fault("CHUNKED", err);
    *m = got;
    return SL_OK;
}

void sl_chunk_record_put(struct sl_buf *b, const struct sl_chunk_record *m, const struct sl_chunk_form *form)
{
    uint8_t hash[HASH_MAX];
    sl_w_uv(b, m->len << 1 | m->hole);
    if (m->hole)
        return;
    for (unsigned i = 0; i < form->hash_bytes; i++)
        hash[i] = (uint8_t)(m->hash >> (8 * (form->hash_bytes - 1 - i)));
    sl_w_raw(b, hash, form->hash_bytes);
    if (form->flags & SL_CHUNKS_MARKS)
        sl_w_u32(b, m->mark);
}

enum sl_code sl_chunk_record_next(struct sl_rd *r, const struct sl_chunk_form *form, struct sl_chunk_record *out, struct sl_error *err)
{
    uint64_t len = sl_r_uv(r, UINT64_MAX);
    struct sl_chunk_record got = { .len = len >> 1, .hole = len & 1 };
    const uint8_t *hash = got.hole ? NULL : sl_r_raw(r, form->hash_bytes);
    if (!got.hole && form->flags & SL_CHUNKS_MARKS)
        got.mark = sl_r_u32(r);
    if (!sl_r_ok(r) || (!got.len && (got.hole || !(form->flags & SL_CHUNKS_GRID))))
        return fault("CHUNKED", err);
    for (unsigned i = 0; hash && i < form->hash_bytes; i++)
        got.hash = got.hash << 8 | hash[i];
    *out = got;
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/*
 * content - READ: the content of many files as records, small files whole and many to a frame, read straight into the
 * output; READ_RANGES and READ_SOME: some of one file; HASH: the content hash of one. All a bounded piece of work at a time.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_MAX = 128 * 1024,             /* content bytes in one record */
    WHOLE_MAX = 64 * 1024,
    FRAME_FULL = 32 * 1024,             /* a frame this full is sent rather than begun on another file */
    TAIL_MAX = 1024,                    /* a hole, an end or a failure with its text */
    FRAME_LEAST = 8 * 1024,             /* no frame is begun with less room */
    HASH_STEP = 1024 * 1024,
    CHECKED_LAST = SL_HASH_MOST + 1     /* flags and hash behind a whole file */
};

/* The frame that a step fills. */
struct page {
    uint8_t *p;
    size_t len, max;
};

/* False: there is no room for one now. */
static bool page_begin(struct sl_channel *ch, struct page *pg)
{
    const size_t most = PIECE_MAX + TAIL_MAX + SL_CONTENT_HEAD;
    size_t room = sl_conn_room(ch->s->conn, ch->number);
    if (room < FRAME_LEAST || sl_conn_queued(ch->s->conn) > SL_OUTPUT_HIGH)
        return false;
    *pg = (struct page){ .max = room < most ? room : most };
    pg->p = sl_conn_begin(ch->s->conn, pg->max);
    return true;
}

static void page_end(struct sl_channel *ch, const struct page *pg)
{
    if (pg->len)
        sl_conn_finish(ch->s->conn, ch->number, SL_MSG_CONTENT, ch->as_is, pg->len);
    else
        sl_conn_abandon(ch->s->conn);
}

static size_t left(const struct page *pg)
{
    return pg->max - pg->len;
}

static void put_buf(struct sl_channel *ch, struct page *pg)
{
    assert(sl_buf_len(&ch->scratch) <= left(pg));
    memcpy(pg->p + pg->len, sl_buf_ptr(&ch->scratch), sl_buf_len(&ch->scratch));
    pg->len += sl_buf_len(&ch->scratch);
    sl_buf_reset(&ch->scratch, FRAME_FULL);
}

static void put_failed(struct sl_channel *ch, struct page *pg, const struct sl_error *why)
{
    sl_content_put_failed(&ch->scratch, why->code, why->text);
    put_buf(ch, pg);
}

static void put_end(struct sl_channel *ch, struct page *pg)
{
    uint8_t hash[SL_HASH_MOST];
    sl_hash_end(ch->hash, hash);
    uint8_t flags = (uint8_t)((sl_reader_changed(&ch->reader) ? SL_CONTENT_CHANGED : 0) | (ch->versioned ? SL_CONTENT_VERSION : 0) |
                              (ch->versioned && sl_reader_goes_on(&ch->reader) ? SL_CONTENT_MORE : 0));
    sl_content_put_end(&ch->scratch, flags, hash, sl_hash_size(ch->s->digest), sl_reader_version(&ch->reader));
    sl_reader_close(&ch->reader);
    put_buf(ch, pg);
}

/* Puts the head in front of n bytes that were read behind the room for the head of `planned` bytes. */
static void put_head(struct page *pg, enum sl_content_kind kind, size_t planned_head, size_t n)
{
    uint8_t head[SL_CONTENT_HEAD];
    size_t h = sl_content_head(head, kind, n);
    if (h != planned_head)
        memmove(pg->p + pg->len + h, pg->p + pg->len + planned_head, n);
    memcpy(pg->p + pg->len, head, h);
    pg->len += h + n;
}

static bool is_small(const struct sl_reader *r)
{
    return (uint64_t)r->st.st_size <= WHOLE_MAX && (r->st.st_size == 0 || r->st.st_blocks > 0);
}

/* A small file as one record. It may have holes: they are zeros then. */
static enum sl_code put_whole(struct sl_channel *ch, struct page *pg, struct sl_error *why)
{
    struct sl_reader *r = &ch->reader;
    size_t size = (size_t)r->st.st_size, n = 0, got = 0;
    uint8_t head[SL_CONTENT_HEAD], last[CHECKED_LAST];
    size_t h = sl_content_head(head, SL_CONTENT_WHOLE, size);
    uint8_t *to = pg->p + pg->len + h;
    while (n < size) {
        uint64_t hole = 0;
        got = 0;
        enum sl_code rc = sl_reader_next(r, to + n, size - n, &got, &hole, why);
        if (rc != SL_OK)
            return rc == SL_EOF ? sl_fail(why, SL_E_CHANGED, "the file became shorter while it was read") : rc;
        if (hole)
            memset(to + n, 0, (size_t)hole);
        n += hole ? (size_t)hole : got;
    }
    last[0] = sl_reader_changed(r) ? SL_CONTENT_CHANGED : 0;
    sl_hash_once_as(ch->s->digest, to, n, last + 1);
    put_head(pg, SL_CONTENT_WHOLE, h, n);
    size_t tail = 1 + sl_hash_size(ch->s->digest);
    memcpy(pg->p + pg->len, last, tail);
    pg->len += tail;
    sl_reader_close(r);
    return SL_OK;
}

/* One record of a file that is sent in pieces. */
static enum sl_code put_piece(struct sl_channel *ch, struct page *pg, struct sl_error *why)
{
    uint8_t head[SL_CONTENT_HEAD];
    size_t n = left(pg) - TAIL_MAX - SL_CONTENT_HEAD, got = 0;
    uint64_t hole = 0;
    n = n < PIECE_MAX ? n : PIECE_MAX;
    size_t h = sl_content_head(head, SL_CONTENT_DATA, n);
    uint8_t *to = pg->p + pg->len + h;
    enum sl_code rc = sl_reader_next(&ch->reader, to, n, &got, &hole, why);
    if (rc == SL_EOF) {
        put_end(ch, pg);
        return SL_OK;
    }
    if (rc != SL_OK)
        return rc;
    if (hole) {
        sl_hash_hole(ch->hash, hole);
        sl_content_put_hole(&ch->scratch, hole);
        put_buf(ch, pg);
        return SL_OK;
    }
    sl_hash_data(ch->hash, to, got);
    put_head(pg, SL_CONTENT_DATA, h, got);
    return SL_OK;
}

static enum sl_code open_next(struct sl_channel *ch, int dirfd, struct sl_error *why)
{
    enum sl_code rc = sl_open_for_reading(ch, &ch->reader, dirfd, ch->name, why);
    if (rc != SL_OK || !ch->small || ch->reader.end <= SL_SMALL_MAX)
        return rc;
    sl_reader_close(&ch->reader);
    return sl_fail(why, SL_E_TOO_BIG, "a file of at most %u bytes is expected", SL_SMALL_MAX);
}

/* Opens the next file that can be opened; failures are records. SL_EOF after the last. */
static enum sl_code next_file(struct sl_channel *ch, struct page *pg)
{
    struct sl_error why = { 0 };
    size_t n = 0;
    int fd = -1;
    enum sl_code rc = sl_read_next(&ch->names_rd, ch->name, &n);
    if (rc != SL_OK)
        return SL_EOF;
    rc = sl_dirs_fd(ch->dirs, ch->read_dir, &fd, &why);
    if (rc == SL_OK && sl_hidden(ch, ch->read_dir, ch->name, false))
        rc = sl_fail_errno(&why, ENOENT, "cannot open '%s'", ch->name);
    if (rc == SL_OK)
        rc = sl_spend(ch->s, SL_SPEND_READ_FILE, 1, &why);
    if (rc == SL_OK)
        rc = open_next(ch, fd, &why);
    if (rc != SL_OK) {
        put_failed(ch, pg, &why);
        return SL_OK;
    }
    sl_note(ch, SL_NOTE_TRANSFER, "read", ch->read_dir, ch->name);
    sl_hash_reset(ch->hash);
    return SL_OK;
}

/* One thing more into the page. SL_AGAIN: it doesn't fit this page. SL_EOF: nothing is left. */
static enum sl_code put_more(struct sl_channel *ch, struct page *pg)
{
    struct sl_reader *r = &ch->reader;
    struct sl_error why = { 0 };
    enum sl_code rc;
    if (left(pg) < TAIL_MAX + SL_CONTENT_HEAD + 1)
        return SL_AGAIN;
    if (r->fd < 0)
        return next_file(ch, pg);
    if (r->pos == 0 && is_small(r)) {
        if (left(pg) >= (size_t)r->st.st_size + SL_CONTENT_HEAD + CHECKED_LAST)
            rc = put_whole(ch, pg, &why);
        else if (pg->len)
            return SL_AGAIN;
        else
            rc = put_piece(ch, pg, &why);
    } else {
        rc = put_piece(ch, pg, &why);
    }
    if (rc != SL_OK) {
        sl_reader_close(r);
        put_failed(ch, pg, &why);
    }
    return SL_OK;
}

static enum sl_code read_step(struct sl_channel *ch, struct sl_error *err)
{
    struct page pg;
    enum sl_code rc = SL_OK;
    (void)err;
    if (!page_begin(ch, &pg))
        return SL_AGAIN;
    while (rc == SL_OK && pg.len < FRAME_FULL)
        rc = put_more(ch, &pg);
    page_end(ch, &pg);
    if (rc == SL_EOF)
        ch->confirmed = ch->requests;
    return rc == SL_EOF ? SL_EOF : SL_OK;
}

/* The whole list of names is checked before the first is opened. */
static enum sl_code check_names(struct sl_channel *ch, struct sl_error *err)
{
    char name[SL_NAME_MAX + 1] = "";
    size_t n = 0, count = 0;
    struct sl_rd r;
    enum sl_code rc = SL_OK;
    sl_r_init(&r, sl_buf_ptr(&ch->names), sl_buf_len(&ch->names));
    rc = sl_read_open(&r, &ch->read_dir);
    ch->names_rd = r;
    while (rc == SL_OK && (rc = sl_read_next(&r, name, &n)) == SL_OK)
        if (++count > SL_READ_NAMES_MAX)
            return sl_fail(err, SL_E_LIMIT, "more than %u files in one request", SL_READ_NAMES_MAX);
    return rc == SL_EOF && count ? SL_OK : sl_fail(err, SL_E_INVALID, "a malformed list of files to read");
}

enum sl_code sl_run_read(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    int fd = -1;
    sl_buf_reset(&ch->names, 64 * 1024);
    sl_buf_add(&ch->names, q->bytes.data, q->bytes.len);
    enum sl_code rc = check_names(ch, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, ch->read_dir, &fd, err);
    if (rc != SL_OK)
        return rc;
    ch->name[0] = '\0';
    ch->step = read_step;
    return SL_OK;
}

/* ---- READ_RANGES, READ_SOME ---- */

/* The next of a stretch, which is sent or only hashed. */
static enum sl_code next_of_stretch(struct sl_channel *ch, struct page *pg, struct sl_error *why)
{
    uint64_t at, len;
    bool sent;
    if (!sl_stretch_next(&ch->stretch, &at, &len, &sent)) {
        put_end(ch, pg);
        return SL_OK;
    }
    ch->silent = !sent;
    return sent ? sl_reader_range(&ch->reader, at, len, why) : sl_reader_part(&ch->reader, at, len, why);
}

/* The next range of the file, or its end. */
static enum sl_code next_range(struct sl_channel *ch, struct page *pg, struct sl_error *why)
{
    uint64_t at, len;
    if (ch->stretch.ranges)
        return next_of_stretch(ch, pg, why);
    if (sl_range_next(&ch->names_rd, &ch->range_end, &at, &len))
        return ch->holes ? sl_reader_part(&ch->reader, at, len, why) : sl_reader_range(&ch->reader, at, len, why);
    put_end(ch, pg);
    return SL_OK;
}

/* What is not sent counts as what is hashed does. */
static enum sl_code hash_on(struct sl_channel *ch, uint64_t *done, struct sl_error *why)
{
    uint64_t n = 0;
    enum sl_code rc = sl_reader_hash(&ch->reader, ch->hash, PIECE_MAX, &n, why);
    *done += n;
    if (rc == SL_OK || rc == SL_EOF)
        rc = sl_spend(ch->s, SL_SPEND_HASHED, n, why);
    return rc;
}

static enum sl_code ranges_step(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_reader *r = &ch->reader;
    struct sl_error why = { 0 };
    struct page pg;
    uint64_t hashed = 0;
    enum sl_code rc = SL_OK;
    (void)err;
    if (!page_begin(ch, &pg))
        return SL_AGAIN;
    while (rc == SL_OK && r->fd >= 0 && pg.len < FRAME_FULL && left(&pg) >= TAIL_MAX + SL_CONTENT_HEAD + 1 && hashed < HASH_STEP) {
        if (r->pos >= r->end)
            rc = next_range(ch, &pg, &why);
        else
            rc = ch->silent ? hash_on(ch, &hashed, &why) : put_piece(ch, &pg, &why);
    }
    if (rc != SL_OK) {
        sl_reader_close(r);
        put_failed(ch, &pg, &why);
    }
    page_end(ch, &pg);
    if (r->fd >= 0)
        return SL_OK;
    ch->confirmed = ch->requests;
    return SL_EOF;
}

/* The one file of a request. */
static enum sl_code open_one(struct sl_channel *ch, uint32_t dir, const char *name, size_t len, bool counts, struct sl_error *err)
{
    int fd = -1;
    memcpy(ch->name, name, len);
    ch->name[len] = '\0';
    enum sl_code rc = sl_dirs_fd(ch->dirs, dir, &fd, err);
    if (rc == SL_OK && counts)
        rc = sl_spend(ch->s, SL_SPEND_READ_FILE, 1, err);
    if (rc == SL_OK)
        rc = sl_open_for_reading(ch, &ch->reader, fd, ch->name, err);
    return rc;
}

/* The file that some of is read; nothing of it yet. */
static enum sl_code open_for_some(struct sl_channel *ch, uint32_t dir, const char *name, size_t len, bool counts, struct sl_error *err)
{
    enum sl_code rc = open_one(ch, dir, name, len, counts, err);
    if (rc != SL_OK)
        return rc;
    ch->reader.end = 0;
    ch->silent = false;
    ch->stretch = (struct sl_stretch){ 0 };
    sl_note(ch, SL_NOTE_TRANSFER, "read", dir, ch->name);
    sl_hash_reset(ch->hash);
    ch->step = ranges_step;
    return SL_OK;
}

/* What is only a part of what is new counts once, as the file that the last one was of. What may be a part of it that somebody chose does count. */
static bool is_several(const struct sl_msg_read_ranges *m)
{
    struct sl_rd r = m->ranges;
    uint64_t end = 0, at, len;
    return sl_range_next(&r, &end, &at, &len) && sl_range_next(&r, &end, &at, &len);
}

static enum sl_code count_ranges(struct sl_channel *ch, bool counted, struct sl_error *err)
{
    uint64_t version = sl_reader_version(&ch->reader);
    enum sl_code rc = counted || version == ch->some_version ? SL_OK : sl_spend(ch->s, SL_SPEND_READ_FILE, 1, err);
    if (rc == SL_OK)
        ch->some_version = version;
    return rc;
}

enum sl_code sl_run_read_ranges(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_read_ranges *m = &q->read_ranges;
    size_t ranges = sl_r_left(&m->ranges);
    bool several = is_several(m);
    enum sl_code rc = open_for_some(ch, m->id, m->name, m->name_len, !several, err);
    if (rc == SL_OK && (rc = count_ranges(ch, !several, err)) != SL_OK)
        sl_channel_end_long(ch);
    if (rc != SL_OK)
        return rc;
    sl_buf_reset(&ch->names, 64 * 1024);
    sl_buf_add(&ch->names, m->ranges.p, ranges);
    sl_r_init(&ch->names_rd, sl_buf_ptr(&ch->names), ranges);
    ch->range_end = 0;
    return SL_OK;
}

enum sl_code sl_run_read_some(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_read_some *m = &q->read_some;
    if (!sl_conn_has(ch->s->conn, SL_FEATURE_READ_SOME))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature read-some was not agreed on");
    enum sl_code rc = sl_take_ranges(&m->ranges, m->from, &ch->ranges, err);
    if (rc == SL_OK)
        rc = open_for_some(ch, m->id, m->name, m->name_len, true, err);
    if (rc != SL_OK) {
        sl_ranges_clear(&ch->ranges);
        return rc;
    }
    ch->stretch = (struct sl_stretch){ .ranges = &ch->ranges, .pos = m->from, .end = m->from + m->len };
    ch->versioned = true;
    return SL_OK;
}

/* ---- HASH ---- */

static void answer_hash(struct sl_channel *ch)
{
    uint8_t hash[SL_HASH_MOST];
    struct sl_msg_hash_is m = { ch->requests, hash, sl_hash_size(ch->s->digest) };
    sl_hash_end(ch->hash, hash);
    sl_hash_is_encode(&ch->scratch, &m);
    sl_channel_answer(ch, SL_MSG_HASH_IS, &ch->scratch);
    sl_buf_reset(&ch->scratch, FRAME_FULL);
}

/* A hole can be longer than the work of a step. */
static uint64_t hash_hole(struct sl_channel *ch)
{
    uint64_t n = ch->hole_left < HASH_STEP ? ch->hole_left : HASH_STEP;
    sl_hash_zeros(ch->hash, n);
    ch->hole_left -= n;
    return n;
}

static enum sl_code hash_step(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_error why = { 0 };
    uint64_t done = 0;
    enum sl_code rc = SL_OK;
    const uint8_t *data = NULL;
    (void)err;
    while (rc == SL_OK && done < HASH_STEP) {
        size_t got = 0;
        if (ch->hole_left) {
            done += got = hash_hole(ch);
            rc = sl_spend(ch->s, SL_SPEND_HASHED, got, &why);
            continue;
        }
        rc = sl_reader_view(&ch->reader, &data, &got, &ch->hole_left, &why);
        if (rc == SL_OK && got)
            sl_hash_data(ch->hash, data, got);
        if (rc == SL_OK)
            rc = sl_spend(ch->s, SL_SPEND_HASHED, got, &why);
        done += got;
    }
    if (rc == SL_OK)
        return SL_OK;
    if (rc == SL_EOF)
        answer_hash(ch);
    else
        sl_channel_fail(ch, &why);
    return SL_EOF;
}

enum sl_code sl_run_hash(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    enum sl_code rc = open_one(ch, q->name.id, q->name.name, q->name.name_len, true, err);
    if (rc != SL_OK)
        return rc;
    sl_note(ch, SL_NOTE_TRANSFER, "hash", q->name.id, ch->name);
    sl_hash_reset(ch->hash);
    ch->hole_left = 0;
    ch->step = hash_step;
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/* check_chunks - CHUNKS, READ_RANGES, BASIS and COPY of a session in memory: what is listed, sent and put together. */
#include "config.h"
#include "delta/lister.h"
#include "tests/session_peer.h"

enum { SIZE = 300000 };
static uint8_t content[SIZE];

static void fill(void)
{
    uint64_t x = 0x2545f4914f6cdd1d;
    for (size_t i = 0; i < SIZE; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        content[i] = (uint8_t)(x >> 24);
    }
    scratch_file(t.dir, "f", content, SIZE);
}

static uint64_t seed_is(uint64_t seed)
{
    struct sl_buf b = { 0 };
    sl_w_u64(&b, seed);
    return send_buf(SL_MSG_SEED, &b);
}

static uint64_t chunks(const char *name, uint8_t flags, uint8_t grain, const struct sl_range *ranges, size_t count)
{
    struct sl_buf b = { 0 };
    struct sl_msg_chunks m = { .flags = flags, .grain = grain, .hash_bytes = 8, .name = name, .name_len = strlen(name) };
    uint64_t end_of = 0;
    sl_chunks_encode(&b, &m);
    for (size_t i = 0; i < count; i++)
        sl_range_add(&b, &end_of, ranges[i].at, ranges[i].len);
    return send_buf(SL_MSG_CHUNKS, &b);
}

static uint64_t read_ranges(const char *name, const struct sl_range *ranges, size_t count)
{
    struct sl_buf b = { 0 };
    struct sl_msg_read_ranges m = { .name = name, .name_len = strlen(name) };
    uint64_t end_of = 0;
    sl_read_ranges_encode(&b, &m);
    for (size_t i = 0; i < count; i++)
        sl_range_add(&b, &end_of, ranges[i].at, ranges[i].len);
    return send_buf(SL_MSG_READ_RANGES, &b);
}

static uint64_t read_some(const char *name, uint64_t from, uint64_t len, const struct sl_range *ranges, size_t count)
{
    struct sl_buf b = { 0 };
    struct sl_msg_read_some m = { .name = name, .name_len = strlen(name), .from = from, .len = len };
    uint64_t end_of = from;
    sl_read_some_encode(&b, &m);
    for (size_t i = 0; i < count; i++)
        sl_range_add(&b, &end_of, ranges[i].at, ranges[i].len);
    return send_buf(SL_MSG_READ_SOME, &b);
}

static uint64_t basis(const char *name)
{
    return named(SL_MSG_BASIS, 0, name);
}

static uint64_t copy(unsigned which, uint64_t from, uint32_t len)
{
    struct sl_buf b = { 0 };
    struct sl_msg_copy m = { which, from, len };
    sl_copy_encode(&b, &m);
    return send_buf(SL_MSG_COPY, &b);
}

static uint64_t commit(const void *data, size_t n)
{
    uint8_t hash[SL_HASH_LEN];
    sl_hash_once(data, n, hash);
    return send_raw(SL_MSG_COMMIT, hash, sizeof hash);
}

static bool marked;          /* lists of a grid are */

/* All CHUNKED frames of request n, from the position `at`; returns whether the hash was there. */
static bool gather_from(uint64_t n, uint64_t at, unsigned grid, struct sl_chunks *out, uint8_t hash[SL_HASH_LEN], uint8_t *flags)
{
    bool have = false, last = false;
    for (size_t i = 0; i < t.count; i++) {
        struct sl_msg_chunked m = { .last = t.got[i].flags & SL_FLAG_LAST };
        struct sl_chunk_record c;
        struct sl_rd r;
        if (t.got[i].type != SL_MSG_CHUNKED)
            continue;
        sl_r_init(&r, sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data));
        ck_assert_int_eq(sl_chunked_decode(&r, &m, NULL), SL_OK);
        if (m.request != n)
            continue;
        ck_assert(!last);
        last = m.last;
        *flags = m.flags;
        if (m.flags & SL_CHUNKED_HASH) {
            memcpy(hash, m.hash, SL_HASH_LEN);
            have = true;
        }
        while (sl_r_left(&r)) {
            const struct sl_chunk_form form = { grid ? SL_CHUNKS_GRID | (marked ? (unsigned)SL_CHUNKS_MARKS : 0) : 0, 8 };
            ck_assert_int_eq(sl_chunk_record_next(&r, &form, &c, NULL), SL_OK);
            c.len = c.len ? c.len : UINT64_C(1) << grid;
            sl_chunks_add(out, &(struct sl_chunk){ at, c.len, c.hash, c.hole, c.mark });
            at += c.len;
        }
    }
    ck_assert(last);
    return have;
}

static bool gather(uint64_t n, struct sl_chunks *out, uint8_t hash[SL_HASH_LEN], uint8_t *flags)
{
    return gather_from(n, 0, 0, out, hash, flags);
}

/* The same list made here, without a session. */
static void expect_list(const struct sl_chunks *got, uint64_t seed, unsigned grain, uint64_t at, uint64_t len)
{
    struct sl_seed s;
    struct sl_chunker c;
    struct sl_chunk want;
    bool have;
    size_t i = 0;
    sl_seed_init(&s, seed);
    sl_chunker_init(&c, &s);
    sl_chunker_begin(&c, grain, at);
    for (uint64_t done = 0; done < len;) {
        done += sl_chunker_next(&c, content + at + done, (size_t)(len - done), &want, &have);
        if (!have)
            ck_assert(sl_chunker_end(&c, &want));
        ck_assert_uint_lt(i, got->len);
        ck_assert_uint_eq(got->at[i].len, want.len);
        ck_assert_uint_eq(got->at[i++].hash, want.hash);
    }
    ck_assert_uint_eq(i, got->len);
    sl_chunker_clear(&c);
}

/* ---- lists ---- */

static const size_t turns[] = { 1, 7, 4096 };
enum { TURNS = sizeof turns / sizeof turns[0] };

START_TEST(lists_a_file)
{
    struct sl_chunks got = { 0 };
    uint8_t hash[SL_HASH_LEN], mine[SL_HASH_LEN], flags = 0;
    fill();
    begin(turns[_i]);
    attach();
    uint64_t s = seed_is(77), n = chunks("f", SL_CHUNKS_HASH, 9, NULL, 0);
    pump();
    ck_assert_int_eq(result(s), SL_OK);
    ck_assert_int_eq(result(n), SL_OK);
    ck_assert(gather(n, &got, hash, &flags));
    expect_list(&got, 77, 9, 0, SIZE);
    sl_hash_once(content, SIZE, mine);
    ck_assert_mem_eq(hash, mine, sizeof mine);
    ck_assert_uint_eq(flags, SL_CHUNKED_HASH);
    sl_chunks_clear(&got);
    end();
}
END_TEST

START_TEST(lists_ranges)
{
    static const struct sl_range ranges[] = { { 1000, 5000 }, { 6000, 1 }, { SIZE - 70000, 70000 } };
    uint8_t hash[SL_HASH_LEN], flags = 0;
    fill();
    begin(4096);
    attach();
    seed_is(1);
    for (size_t i = 0; i < 3; i++) {
        struct sl_chunks got = { 0 };
        uint64_t n = chunks("f", 0, 8, &ranges[i], 1);
        pump();
        ck_assert(!gather(n, &got, hash, &flags));
        expect_list(&got, 1, 8, ranges[i].at, ranges[i].len);
        sl_chunks_clear(&got);
    }
    struct sl_chunks all = { 0 };
    uint64_t n = chunks("f", 0, 8, ranges, 3), total = 0;
    pump();
    gather(n, &all, hash, &flags);
    for (size_t i = 0; i < all.len; i++)
        total += all.at[i].len;
    ck_assert_uint_eq(total, 75001);
    sl_chunks_clear(&all);
    end();
}
END_TEST

START_TEST(lists_holes)
{
    struct sl_chunks got = { 0 };
    uint8_t hash[SL_HASH_LEN], mine[SL_HASH_LEN], flags = 0;
    int fd = openat(t.dir, "holes", O_WRONLY | O_CREAT, 0644);
    fill();
    ck_assert_int_eq(ftruncate(fd, 64 << 20), 0);
    ck_assert_int_eq(pwrite(fd, content, 4096, 16 << 20), 4096);
    close(fd);
    begin(4096);
    attach();
    seed_is(1);
    uint64_t n = chunks("holes", SL_CHUNKS_HASH, 14, NULL, 0);
    pump();
    ck_assert(gather(n, &got, hash, &flags));
    ck_assert_uint_eq(got.len, 3);
    ck_assert(got.at[0].hole && !got.at[1].hole && got.at[2].hole);
    ck_assert_uint_eq(got.at[0].len, 16 << 20);
    struct sl_hash *h = sl_hash_new();
    sl_hash_hole(h, 16 << 20);
    sl_hash_data(h, content, 4096);
    sl_hash_hole(h, (48 << 20) - 4096);
    sl_hash_end(h, mine);
    sl_hash_free(h);
    ck_assert_mem_eq(hash, mine, sizeof mine);
    sl_chunks_clear(&got);
    end();
}
END_TEST

static uint64_t portion(const char *name, uint8_t flags, uint64_t at, uint64_t len)
{
    struct sl_range range = { at, len };
    return chunks(name, flags | SL_CHUNKS_PORTION, 12, &range, 1);
}

/* Portions of a grid, with another list in between: all blocks, and the hash with the last. */
START_TEST(lists_portions)
{
    static const uint64_t ends[] = { 0, 8192, 100000, INT64_MAX };
    const uint8_t kind = SL_CHUNKS_GRID | SL_CHUNKS_HASH;
    struct sl_chunks got = { 0 };
    uint8_t hash[SL_HASH_LEN], mine[SL_HASH_LEN], flags = 0;
    uint64_t n[3];
    fill();
    begin(turns[_i]);
    attach();
    seed_is(77);
    for (size_t i = 0; i < 3; i++) {
        n[i] = portion("f", kind, ends[i], ends[i + 1] - ends[i]);
        chunks("f", SL_CHUNKS_HASH, 9, NULL, 0);
        portion("f", SL_CHUNKS_GRID, 4096, 1);
    }
    pump();
    for (size_t i = 0; i < 3; i++) {
        ck_assert(gather_from(n[i], ends[i], 12, &got, hash, &flags) == (i == 2));
        ck_assert_uint_eq(flags, i == 2 ? SL_CHUNKED_HASH | SL_CHUNKED_END : 0);
    }
    sl_hash_once(content, SIZE, mine);
    ck_assert_mem_eq(hash, mine, sizeof mine);
    uint64_t at = 0;
    for (size_t i = 0; i < got.len; i++) {
        ck_assert_uint_eq(got.at[i].at, at);
        at += got.at[i].len;
        ck_assert(at % 4096 == 0 || at == 100000 || at == SIZE);
    }
    ck_assert_uint_eq(at, SIZE);
    sl_chunks_clear(&got);
    end();
}
END_TEST

/* A hole that goes over the end of a portion is one hole in the hash. */
START_TEST(portions_split_holes)
{
    const uint8_t kind = SL_CHUNKS_GRID | SL_CHUNKS_HASH;
    struct sl_chunks got = { 0 };
    uint8_t hash[SL_HASH_LEN], mine[SL_HASH_LEN], flags = 0;
    int fd = openat(t.dir, "holes", O_WRONLY | O_CREAT, 0644);
    fill();
    ck_assert_int_eq(ftruncate(fd, 64 << 20), 0);
    ck_assert_int_eq(pwrite(fd, content, 4096, 16 << 20), 4096);
    close(fd);
    begin(4096);
    attach();
    seed_is(1);
    uint64_t a = portion("holes", kind, 0, 4 << 20), b = portion("holes", kind, 4 << 20, 28 << 20), c = portion("holes", kind, 32 << 20, 64 << 20);
    pump();
    ck_assert(!gather_from(a, 0, 12, &got, hash, &flags));
    ck_assert(!gather_from(b, 4 << 20, 12, &got, hash, &flags));
    ck_assert(gather_from(c, 32 << 20, 12, &got, hash, &flags));
    ck_assert_uint_eq(got.len, 5);
    struct sl_hash *h = sl_hash_new();
    sl_hash_hole(h, 16 << 20);
    sl_hash_data(h, content, 4096);
    sl_hash_hole(h, (48 << 20) - 4096);
    sl_hash_end(h, mine);
    sl_hash_free(h);
    ck_assert_mem_eq(hash, mine, sizeof mine);
    sl_chunks_clear(&got);
    end();
}
END_TEST

START_TEST(refuses_portions)
{
    const uint8_t kind = SL_CHUNKS_GRID | SL_CHUNKS_HASH;
    struct sl_chunks got = { 0 };
    uint8_t hash[SL_HASH_LEN], flags = 0;
    fill();
    scratch_file(t.dir, "g", content, SIZE);
    begin(4096);
    attach();
    seed_is(1);
    uint64_t none = portion("f", kind, 4096, 4096), a = portion("f", kind, 0, 4096), apart = portion("f", kind, 8192, 4096);
    uint64_t b = portion("f", kind, 0, 4096), other = portion("g", kind, 4096, 4096), gone = portion("f", kind, 4096, 4096);
    uint64_t behind = portion("f", SL_CHUNKS_GRID, SIZE + 1, 1), at_end = portion("f", SL_CHUNKS_GRID, SIZE, 1);
    pump();
    ck_assert_int_eq(result(none), SL_E_CHANGED);
    ck_assert_int_eq(result(a), SL_OK);
    ck_assert_int_eq(result(apart), SL_E_CHANGED);
    ck_assert_int_eq(result(b), SL_OK);
    ck_assert_int_eq(result(other), SL_E_CHANGED);
    ck_assert_int_eq(result(gone), SL_E_CHANGED);
    ck_assert_int_eq(result(behind), SL_OK);
    ck_assert(!gather_from(behind, SIZE + 1, 12, &got, hash, &flags));
    ck_assert_uint_eq(flags, SL_CHUNKED_END);
    ck_assert_int_eq(result(at_end), SL_OK);
    ck_assert(!gather_from(at_end, SIZE, 12, &got, hash, &flags));
    ck_assert_uint_eq(flags, SL_CHUNKED_END);
    ck_assert_uint_eq(got.len, 0);
    end();
    t.featureless = true;
    begin(4096);
    attach();
    seed_is(1);
    uint64_t grid = chunks("f", SL_CHUNKS_GRID, 12, NULL, 0), one = portion("f", 0, 0, 4096);
    uint64_t marks = chunks("f", SL_CHUNKS_GRID | SL_CHUNKS_MARKS, 12, NULL, 0);
    pump();
    ck_assert_int_eq(result(marks), SL_E_UNSUPPORTED);
    ck_assert_int_eq(result(grid), SL_E_UNSUPPORTED);
    ck_assert_int_eq(result(one), SL_E_UNSUPPORTED);
    end();
    t.featureless = false;
}
END_TEST

/* A mark is the upper half of the gear hash of a block's first 64 bytes; what is shorter has none. */
START_TEST(lists_marks)
{
    struct sl_chunks got = { 0 };
    uint8_t hash[SL_HASH_LEN], flags = 0;
    struct sl_seed s;
    fill();
    sl_seed_init(&s, 77);
    begin(turns[_i]);
    attach();
    seed_is(77);
    uint64_t all = portion("f", SL_CHUNKS_GRID | SL_CHUNKS_MARKS, 0, 100020);
    pump();
    marked = true;
    ck_assert(!gather_from(all, 0, 12, &got, hash, &flags));
    marked = false;
    ck_assert_uint_eq(got.len, 100020 / 4096 + 1);
    for (size_t i = 0; i < got.len; i++) {
        uint64_t h = 0;
        for (size_t k = 0; k < 64; k++)
            h = (h << 1) + s.gear[(uint8_t)content[got.at[i].at + k]];
        ck_assert_uint_eq(got.at[i].mark, (uint32_t)(h >> 32));
    }
    sl_chunks_clear(&got);
    uint64_t little = portion("f", SL_CHUNKS_GRID | SL_CHUNKS_MARKS, 0, 63);
    pump();
    marked = true;
    gather_from(little, 0, 12, &got, hash, &flags);
    marked = false;
    ck_assert(got.len == 1 && got.at[0].mark == 0);
    sl_chunks_clear(&got);
    end();
    struct sl_msg_chunks alone = { .flags = SL_CHUNKS_MARKS, .grain = 12, .hash_bytes = 8, .name = "f", .name_len = 1 };
    struct sl_buf b = { 0 };
    struct sl_rd r;
    sl_chunks_encode(&b, &alone);
    sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
    ck_assert_int_eq(sl_chunks_decode(&r, &alone, NULL), SL_E_PROTOCOL);
    sl_buf_clear(&b);
}
END_TEST

START_TEST(refuses_lists)
{
    static const struct sl_range beyond[] = { { SIZE - 10, 11 } }, far[] = { { INT64_MAX - 1, 1 } };
    fill();
    begin(4096);
    attach();
    uint64_t early = chunks("f", 0, 9, NULL, 0);
    seed_is(1);
    uint64_t none = chunks("nothing", 0, 9, NULL, 0), a = chunks("f", 0, 9, beyond, 1), b = chunks("f", 0, 9, far, 1);
    uint64_t c = read_ranges("nothing", beyond, 1), after = chunks("f", 0, 9, NULL, 0);
    pump();
    ck_assert_int_eq(result(early), SL_E_INVALID);
    ck_assert_int_eq(result(none), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(a), SL_E_CHANGED);
    ck_assert_int_eq(result(b), SL_E_CHANGED);
    ck_assert_int_eq(result(c), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(after), SL_OK);
    end();
}
END_TEST

START_TEST(an_empty_file_has_no_chunks)
{
    struct sl_chunks got = { 0 };
    uint8_t hash[SL_HASH_LEN], flags = 0;
    scratch_file(t.dir, "empty", "", 0);
    begin(4096);
    attach();
    seed_is(1);
    uint64_t n = chunks("empty", SL_CHUNKS_HASH, 9, NULL, 0);
    pump();
    ck_assert(gather(n, &got, hash, &flags));
    ck_assert_uint_eq(got.len, 0);
    end();
}
END_TEST

/* What begins behind the beginning is no way around the limit; and what was paid for is not paid for again, with others in between. */
START_TEST(portions_count_as_files)
{
    fill();
    scratch_file(t.dir, "g", content, SIZE);
    scratch_file(t.dir, "h", content, SIZE);
    t.policy.quota.files = 2;
    begin(4096);
    attach();
    seed_is(1);
    uint64_t sly = portion("f", SL_CHUNKS_GRID, 1, 4096), more = portion("f", SL_CHUNKS_GRID, 8192, 4096);
    uint64_t fair = portion("g", SL_CHUNKS_GRID, 0, 4096), on = portion("g", SL_CHUNKS_GRID, 4096, 4096), back = portion("f", SL_CHUNKS_GRID, 4096, 4096);
    uint64_t third = portion("h", SL_CHUNKS_GRID, 1, 4096), rest = portion("g", SL_CHUNKS_GRID, 8192, SIZE);
    pump();
    ck_assert_int_eq(result(sly), SL_OK);
    ck_assert_int_eq(result(more), SL_OK);
    ck_assert_int_eq(result(fair), SL_OK);
    ck_assert_int_eq(result(on), SL_OK);
    ck_assert_int_eq(result(back), SL_OK);
    ck_assert_int_eq(result(third), SL_E_LIMIT);
    ck_assert_int_eq(result(rest), SL_OK);
    end();
    t.policy.quota.files = 0;
}
END_TEST

START_TEST(hashing_is_limited)
{
    fill();
    t.policy.quota.hashed = SIZE + SIZE / 2;
    begin(4096);
    attach();
    seed_is(1);
    uint64_t one = chunks("f", 0, 9, NULL, 0), two = chunks("f", 0, 9, NULL, 0);
    pump();
    ck_assert_int_eq(result(one), SL_OK);
    ck_assert_int_eq(result(two), SL_E_LIMIT);
    end();
    t.policy.quota.hashed = 0;
}
END_TEST

/* ---- content by ranges ---- */

static size_t content_of(uint8_t *out, size_t max, enum sl_code *code)
{
    size_t n = 0;
    *code = SL_AGAIN;
    for (size_t i = 0; i < t.count; i++) {
        struct sl_content c;
        struct sl_rd r;
        if (t.got[i].type != SL_MSG_CONTENT)
            continue;
        sl_r_init(&r, sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data));
        while (sl_r_left(&r)) {
            ck_assert_int_eq(sl_content_decode(&r, &c, NULL), SL_OK);
            ck_assert_int_eq(*code, SL_AGAIN);
            ck_assert(c.kind == SL_CONTENT_DATA || c.kind == SL_CONTENT_END || c.kind == SL_CONTENT_FAILED);
            if (c.kind == SL_CONTENT_DATA) {
                ck_assert_uint_le(n + c.len, max);
                memcpy(out + n, c.data, c.len);
                n += c.len;
            } else {
                *code = c.kind == SL_CONTENT_END ? SL_OK : c.code;
            }
        }
    }
    return n;
}

START_TEST(reads_ranges)
{
    static const struct sl_range ranges[] = { { 0, 1 }, { 1, 9 }, { 100000, 150000 }, { SIZE - 1, 1 } };
    static uint8_t got[SIZE];
    enum sl_code code;
    fill();
    begin(turns[_i]);
    attach();
    uint64_t n = read_ranges("f", ranges, 4), after = named(SL_MSG_HASH, 0, "f");
    pump();
    ck_assert_int_eq(result(n), SL_OK);
    ck_assert_int_eq(result(after), SL_OK);
    ck_assert_uint_eq(content_of(got, sizeof got, &code), 150011);
    ck_assert_int_eq(code, SL_OK);
    ck_assert_mem_eq(got, content, 10);
    ck_assert_mem_eq(got + 10, content + 100000, 150000);
    ck_assert_mem_eq(got + 150010, content + SIZE - 1, 1);
    end();
}
END_TEST

START_TEST(ranges_behind_the_end_fail)
{
    static const struct sl_range ranges[] = { { 5, 5 }, { SIZE - 1, 2 } };
    uint8_t got[10];
    enum sl_code code;
    fill();
    begin(4096);
    attach();
    read_ranges("f", ranges, 2);
    pump();
    ck_assert_uint_eq(content_of(got, sizeof got, &code), 5);
    ck_assert_int_eq(code, SL_E_CHANGED);
    end();
}
END_TEST

/* ---- some of a stretch ---- */

/* END of the one READ_SOME that was answered. */
static struct sl_content end_of_some(uint8_t hash[SL_HASH_LEN])
{
    struct sl_content c = { 0 };
    struct sl_rd r;
    for (size_t i = 0; i < t.count; i++) {
        sl_r_init(&r, sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data));
        while (t.got[i].type == SL_MSG_CONTENT && sl_r_left(&r))
            ck_assert_int_eq(sl_content_decode(&r, &c, NULL), SL_OK);
    }
    ck_assert(c.kind == SL_CONTENT_END && c.flags & SL_CONTENT_VERSION && c.version);
    memcpy(hash, c.hash, SL_HASH_LEN);
    return c;
}

/* Of a stretch some is sent, at its beginning, in the middle and at its end, or nothing; the hash is that of all of it. */
START_TEST(reads_some)
{
    static const struct sl_range ranges[] = { { 1000, 1 }, { 70000, 150000 }, { SIZE - 7, 7 } };
    static uint8_t got[SIZE];
    uint8_t hash[SL_HASH_LEN], right[SL_HASH_LEN];
    enum sl_code code;
    fill();
    for (size_t count = 0; count <= 3; count++) {
        uint64_t len = count == 1 ? 2000 : SIZE - 1000, sent = 0;
        begin(turns[_i]);
        attach();
        uint64_t n = read_some("f", 1000, len, ranges, count), after = named(SL_MSG_HASH, 0, "f");
        pump();
        ck_assert_int_eq(result(n), SL_OK);
        ck_assert_int_eq(result(after), SL_OK);
        struct sl_content c = end_of_some(hash);
        ck_assert_int_eq(!!(c.flags & SL_CONTENT_MORE), count == 1);
        sl_hash_once(content + 1000, len, right);
        ck_assert_mem_eq(hash, right, sizeof hash);
        uint64_t have = content_of(got, sizeof got, &code);
        for (size_t i = 0; i < count; sent += ranges[i++].len)
            ck_assert_mem_eq(got + sent, content + ranges[i].at, ranges[i].len);
        ck_assert_uint_eq(have, sent);
        end();
    }
}
END_TEST

/* A hole counts as one where it is only hashed, as zeros where it is sent. */
START_TEST(reads_some_of_a_hole)
{
    enum { BLOCK = 65536, ALL = 4 * BLOCK };
    static const struct sl_range range = { 2 * BLOCK, BLOCK };
    static uint8_t got[ALL], zeros[BLOCK];
    uint8_t hash[SL_HASH_LEN], right[SL_HASH_LEN];
    struct sl_hash *h = sl_hash_new();
    enum sl_code code;
    fill();
    scratch_file(t.dir, "g", content, BLOCK);
    int fd = openat(t.dir, "g", O_WRONLY);
    ck_assert_int_eq(pwrite(fd, content, BLOCK, 3 * BLOCK), BLOCK);
    close(fd);
    begin(4096);
    attach();
    read_some("g", 0, ALL, &range, 1);
    pump();
    end_of_some(hash);
    ck_assert_uint_eq(content_of(got, sizeof got, &code), BLOCK);
    ck_assert_mem_eq(got, zeros, BLOCK);
    sl_hash_data(h, content, BLOCK);
    sl_hash_hole(h, BLOCK);
    sl_hash_data(h, zeros, BLOCK);
    sl_hash_data(h, content, BLOCK);
    sl_hash_end(h, right);
    ck_assert_mem_eq(hash, right, sizeof hash);
    sl_hash_free(h);
    end();
}
END_TEST

START_TEST(some_behind_the_end_fails)
{
    uint8_t got[10];
    enum sl_code code;
    fill();
    begin(4096);
    attach();
    read_some("f", SIZE - 5, 6, NULL, 0);
    pump();
    ck_assert_uint_eq(content_of(got, sizeof got, &code), 0);
    ck_assert_int_eq(code, SL_E_CHANGED);
    end();
    begin(4096);
    attach();
    uint64_t nothing = read_some("nothing", 0, 1, NULL, 0);
    pump();
    ck_assert_int_eq(result(nothing), SL_E_NOT_FOUND);
    end();
    t.featureless = true;
    begin(4096);
    attach();
    uint64_t n = read_some("f", 0, 1, NULL, 0);
    pump();
    ck_assert_int_eq(result(n), SL_E_UNSUPPORTED);
    end();
    t.featureless = false;
}
END_TEST

/* What is only hashed counts as that. */
START_TEST(some_is_limited)
{
    uint8_t got[10];
    enum sl_code code;
    fill();
    t.policy.quota.hashed = SIZE / 2;
    begin(4096);
    attach();
    read_some("f", 0, SIZE, NULL, 0);
    pump();
    content_of(got, sizeof got, &code);
    ck_assert_int_eq(code, SL_E_LIMIT);
    end();
    t.policy.quota.hashed = 0;
}
END_TEST

/* ---- put together ---- */

START_TEST(puts_a_file_together)
{
    static uint8_t want[SIZE];
    fill();
    memcpy(want, content + 200000, 100000);
    memcpy(want + 100000, "and something new", 17);
    memcpy(want + 100017, content, 50000);
    begin(turns[_i]);
    attach();
    uint64_t w = make(SL_MSG_WRITE, SL_TYPE_FILE, "f", SL_PUT_REPLACE, NULL), b = basis("f");
    uint64_t c1 = copy(0, 200000, 100000), d = send_raw(SL_MSG_DATA, "and something new", 17), c2 = copy(0, 0, 50000);
    uint64_t done = commit(want, 150017);
    pump();
    ck_assert_int_eq(result(w), SL_OK);
    ck_assert_int_eq(result(b), SL_OK);
    ck_assert_int_eq(result(c1), SL_OK);
    ck_assert_int_eq(result(d), SL_OK);
    ck_assert_int_eq(result(c2), SL_OK);
    ck_assert_int_eq(result(done), SL_OK);
    ck_assert(scratch_holds(t.dir, "f", want, 150017));
    ck_assert_int_eq(scratch_count(t.dir), 1);
    end();
}
END_TEST

START_TEST(wrong_content_changes_nothing)
{
    fill();
    begin(4096);
    attach();
    make(SL_MSG_WRITE, SL_TYPE_FILE, "f", SL_PUT_REPLACE, NULL);
    basis("f");
    copy(0, 1, 1000);
    uint64_t wrong = commit(content, 1000);
    make(SL_MSG_WRITE, SL_TYPE_FILE, "f", SL_PUT_REPLACE, NULL);
    uint64_t none = basis("nothing"), over = copy(0, 0, 10), end_of = commit(content, 10);
    make(SL_MSG_WRITE, SL_TYPE_FILE, "f", SL_PUT_REPLACE, NULL);
    basis("f");
    uint64_t behind = copy(0, SIZE - 5, 6), over2 = commit("", 0);
    uint64_t after = make(SL_MSG_PUT, SL_TYPE_FILE, "g", 0, "x");
    pump();
    ck_assert_int_eq(result(wrong), SL_E_CORRUPT);
    ck_assert_int_eq(result(none), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(over), SL_OK);
    ck_assert_int_eq(result(end_of), SL_OK);
    ck_assert_int_eq(result(behind), SL_E_CHANGED);
    ck_assert_int_eq(result(over2), SL_OK);
    ck_assert_int_eq(result(after), SL_OK);
    ck_assert(scratch_holds(t.dir, "f", content, SIZE));
    ck_assert_int_eq(scratch_count(t.dir), 2);
    end();
}
END_TEST

START_TEST(copies_are_counted)
{
    fill();
    t.policy.quota.stored = SIZE;
    begin(4096);
    attach();
    make(SL_MSG_WRITE, SL_TYPE_FILE, "g", 0, NULL);
    basis("f");
    uint64_t one = copy(0, 0, SIZE - 1), two = copy(0, 0, 2), done = commit("", 0);
    pump();
    ck_assert_int_eq(result(one), SL_OK);
    ck_assert_int_eq(result(two), SL_E_LIMIT);
    ck_assert_int_eq(result(done), SL_OK);
    ck_assert_int_eq(scratch_count(t.dir), 1);
    end();
    t.policy.quota.stored = 0;
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, lists_a_file, 0, TURNS);
    tcase_add_test(tc, lists_ranges);
    tcase_add_test(tc, lists_holes);
    tcase_add_loop_test(tc, lists_portions, 0, TURNS);
    tcase_add_loop_test(tc, lists_marks, 0, TURNS);
    tcase_add_test(tc, portions_split_holes);
    tcase_add_test(tc, refuses_portions);
    tcase_add_test(tc, refuses_lists);
    tcase_add_test(tc, an_empty_file_has_no_chunks);
    tcase_add_test(tc, portions_count_as_files);
    tcase_add_test(tc, hashing_is_limited);
    tcase_add_loop_test(tc, reads_ranges, 0, TURNS);
    tcase_add_loop_test(tc, reads_some, 0, TURNS);
    tcase_add_test(tc, reads_some_of_a_hole);
    tcase_add_test(tc, some_behind_the_end_fails);
    tcase_add_test(tc, some_is_limited);
    tcase_add_test(tc, ranges_behind_the_end_fail);
    tcase_add_loop_test(tc, puts_a_file_together, 0, TURNS);
    tcase_add_test(tc, wrong_content_changes_nothing);
    tcase_add_test(tc, copies_are_counted);
}

int main(void)
{
    return scratch_run("chunks", add);
}

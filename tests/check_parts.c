/* SPDX-License-Identifier: ISC */
/*
 * check_parts - PART, JOIN and DROP, and which version of a file ranges are of: over several channels, which are to each other what the channels
 * of several sessions are; what may not be done, and what a session that ends leaves.
 */
#include "config.h"
#include "base/hash.h"
#include "proto/msg.h"
#include "tests/scratch.h"
#include "tests/session_peer.h"
#include "tree/stage.h"

static const size_t turns[] = { 1, 2, 3, 7, 4096, 1 << 20 };
enum { TURNS = sizeof turns / sizeof turns[0], SIZE = 150000, CHANNELS = 4 };

static const char token[] = "0abcdefg";
static char content[SIZE];

static void fill(void)
{
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (char)(i * 13 + i / 257 + 1);
}

/* ---- requests of a channel; each has its numbers ---- */

static uint64_t asked[CHANNELS + 1];

static uint64_t send_on(uint8_t ch, enum sl_msg type, const void *data, size_t n)
{
    while (sl_conn_room(t.c, ch) < n)
        ck_assert(move());
    sl_conn_send(t.c, ch, (uint8_t)type, 0, data, n);
    return ++asked[ch];
}

static uint64_t send_buf_on(uint8_t ch, enum sl_msg type, struct sl_buf *b)
{
    uint64_t n = send_on(ch, type, sl_buf_ptr(b), sl_buf_len(b));
    sl_buf_clear(b);
    return n;
}

static void start(size_t turn)
{
    begin(turn);
    memset(asked, 0, sizeof asked);
    for (uint8_t ch = 1; ch <= CHANNELS; ch++)
        send_on(ch, SL_MSG_ATTACH, "\0\0\0", 3);
}

static uint64_t part_of(uint8_t ch, const char *name, const char *of, uint64_t from, uint64_t size, uint8_t flags)
{
    struct sl_buf b = { 0 };
    struct sl_msg_part m = { 0, flags, of, name, strlen(name), from, size };
    sl_part_encode(&b, &m);
    return send_buf_on(ch, SL_MSG_PART, &b);
}

static uint64_t part(uint8_t ch, uint64_t from, uint8_t flags)
{
    return part_of(ch, "f", token, from, SIZE, flags);
}

static uint64_t commit(uint8_t ch, const void *data, size_t n)
{
    uint8_t hash[SL_HASH_BYTES];
    sl_hash_once(data, n, hash);
    return send_on(ch, SL_MSG_COMMIT, hash, sizeof hash);
}

/* Of a channel whose entry context is as new. */
static uint64_t join_of(uint8_t ch, const char *name, uint64_t size, uint32_t mode, uint32_t meta, uint32_t flags)
{
    struct sl_buf b = { 0 };
    struct sl_entry_codec *enc = sl_entry_codec_new();
    struct sl_msg_put m = { .meta = meta, .flags = flags, .entry = entry_of(SL_TYPE_FILE, name, size), .token = token };
    m.entry.mode = mode;
    m.entry.uid = meta & SL_META_UID ? 12345 : 0;
    sl_put_encode(&b, ch == 1 ? t.enc : enc, &m);
    sl_entry_codec_free(enc);
    return send_buf_on(ch, SL_MSG_JOIN, &b);
}

static uint64_t join(uint8_t ch, uint64_t size, uint32_t flags)
{
    return join_of(ch, "f", size, 0640, SL_META_MODE | SL_META_MTIME, flags);
}

static uint64_t drop(uint8_t ch, uint8_t flags)
{
    struct sl_buf b = { 0 };
    struct sl_msg_drop m = { 0, flags, token, "f", 1 };
    sl_drop_encode(&b, &m);
    return send_buf_on(ch, SL_MSG_DROP, &b);
}

/* The code that request n of that channel failed with; SL_OK when it was confirmed instead. */
static enum sl_code result_on(uint8_t ch, uint64_t n)
{
    uint64_t done = 0;
    for (size_t i = 0; i < t.count; i++) {
        const struct answer *a = &t.got[i];
        struct sl_rd r;
        struct sl_msg_fail m;
        sl_r_init(&r, sl_buf_ptr(&a->data), sl_buf_len(&a->data));
        if (a->channel != ch || a->type == SL_MSG_CONTENT)
            continue;
        if (a->type == SL_MSG_FAIL && sl_fail_decode(&r, &m, NULL) == SL_OK && m.request == n)
            return m.code;
        if (a->type != SL_MSG_FAIL && request_of(a) > done)
            done = request_of(a);
    }
    ck_assert_uint_ge(done, n);
    return SL_OK;
}

#define WANT(ch, n, code) ck_assert_int_eq(result_on(ch, n), code)

static const char *staged(const char *name)
{
    static char temp[SL_NAME_MAX + 1];
    sl_stage_part_name(temp, name, token);
    return temp;
}

/* All of "f", by one channel, as one part. */
static void whole(uint8_t ch)
{
    uint64_t first = part(ch, 0, SL_PUT_FIRST);
    for (size_t at = 0, n; at < SIZE; at += n) {
        n = SIZE - at < 60000 ? SIZE - at : 60000;
        send_on(ch, SL_MSG_DATA, content + at, n);
    }
    uint64_t last = commit(ch, content, SIZE);
    pump();
    WANT(ch, first, SL_OK);
    WANT(ch, last, SL_OK);
}

/* ---- it works ---- */

START_TEST(is_written_by_four)
{
    enum { EACH = SIZE / CHANNELS };
    uint64_t commits[CHANNELS + 1], early;
    struct stat st;
    fill();
    scratch_file(t.dir, "f", "old", 3);
    start(turns[_i]);
    uint64_t first = part(1, 0, SL_PUT_FIRST);
    pump();
    WANT(1, first, SL_OK);
    for (uint8_t ch = 2; ch <= CHANNELS; ch++)
        part(ch, (uint64_t)EACH * (ch - 1u), 0);
    for (size_t at = 0; at < EACH; at += EACH / 10)
        for (uint8_t ch = CHANNELS; ch >= 1; ch--)
            send_on(ch, SL_MSG_DATA, content + EACH * (ch - 1u) + at, EACH / 10);
    pump();
    early = join(1, SIZE, SL_PUT_REPLACE);
    pump();
    WANT(1, early, SL_E_BUSY);
    ck_assert(scratch_holds(t.dir, "f", "old", 3));
    for (uint8_t ch = 1; ch <= CHANNELS; ch++)
        commits[ch] = commit(ch, content + EACH * (ch - 1u), EACH);
    pump();
    for (uint8_t ch = 1; ch <= CHANNELS; ch++)
        WANT(ch, commits[ch], SL_OK);
    uint64_t joined = join(2, SIZE, SL_PUT_REPLACE), again = join(1, SIZE, SL_PUT_REPLACE), data = send_on(3, SL_MSG_DATA, "x", 1);
    uint64_t late = part(4, 0, 0);
    pump();
    WANT(2, joined, SL_OK);
    WANT(1, again, SL_E_NOT_FOUND);
    WANT(3, data, SL_E_INVALID);
    WANT(4, late, SL_E_NOT_FOUND);
    ck_assert(scratch_holds(t.dir, "f", content, SIZE));
    ck_assert_int_eq(fstatat(t.dir, "f", &st, 0), 0);
    ck_assert(st.st_mtim.tv_sec == 1000000000 && (st.st_mode & 07777) == 0640);
    ck_assert_int_eq(scratch_count(t.dir), 1);
    end();
}
END_TEST

START_TEST(has_holes_and_copies)
{
    struct sl_buf b = { 0 };
    struct sl_hash *h = sl_hash_new();
    uint8_t hash[SL_HASH_BYTES];
    struct sl_msg_basis basis = { 0, 0, "basis", 5 };
    struct sl_msg_copy copy = { 0, 1000, 50000 };
    fill();
    scratch_file(t.dir, "basis", content, SIZE);
    start(turns[_i]);
    uint64_t first = part(1, 1000, SL_PUT_FIRST);
    sl_basis_encode(&b, &basis);
    send_buf_on(1, SL_MSG_BASIS, &b);
    sl_copy_encode(&b, &copy);
    send_buf_on(1, SL_MSG_COPY, &b);
    sl_w_uv(&b, SIZE - 51000);
    send_buf_on(1, SL_MSG_HOLE, &b);
    sl_hash_data(h, content + 1000, 50000);
    sl_hash_hole(h, SIZE - 51000);
    sl_hash_end(h, hash);
    uint64_t one = send_on(1, SL_MSG_COMMIT, hash, sizeof hash);
    pump();
    WANT(1, first, SL_OK);
    part(2, 0, 0);
    send_on(2, SL_MSG_DATA, content, 1000);
    uint64_t two = commit(2, content, 1000);
    pump();
    WANT(1, one, SL_OK);
    WANT(2, two, SL_OK);
    uint64_t joined = join(3, SIZE, 0);
    pump();
    WANT(3, joined, SL_OK);
    memset(content + 51000, 0, SIZE - 51000);
    ck_assert(scratch_holds(t.dir, "f", content, SIZE));
    sl_hash_free(h);
    end();
}
END_TEST

/* A wrong hash, or an ABORT, ends a part and leaves the file: it is written again. */
START_TEST(is_begun_again)
{
    fill();
    start(4096);
    part(1, 0, SL_PUT_FIRST);
    send_on(1, SL_MSG_DATA, "wrong, and longer", 17);
    uint64_t corrupt = commit(1, "right", 5);
    part(1, 0, 0);
    send_on(1, SL_MSG_DATA, "wrong", 5);
    uint64_t aborted = send_on(1, SL_MSG_ABORT, NULL, 0), missing = join(1, SIZE, 0), first = part(1, 0, SL_PUT_FIRST);
    send_on(1, SL_MSG_ABORT, NULL, 0);
    pump();
    WANT(1, corrupt, SL_E_CORRUPT);
    WANT(1, aborted, SL_OK);
    WANT(1, missing, SL_E_INVALID);      /* it is of another size */
    WANT(1, first, SL_E_EXISTS);
    ck_assert_int_eq(scratch_count(t.dir), 1);
    part(2, 0, 0);
    send_on(2, SL_MSG_DATA, content, 100000);
    send_on(2, SL_MSG_DATA, content + 100000, 50000);
    uint64_t last = commit(2, content, SIZE);
    pump();
    WANT(2, last, SL_OK);
    uint64_t joined = join(3, SIZE, 0);
    pump();
    WANT(3, joined, SL_OK);
    ck_assert(scratch_holds(t.dir, "f", content, SIZE));
    end();
}
END_TEST

/* ---- what may not be ---- */

START_TEST(ends_at_the_size)
{
    struct sl_buf b = { 0 };
    fill();
    start(4096);
    part_of(1, "f", token, 90, 100, SL_PUT_FIRST);
    uint64_t good = send_on(1, SL_MSG_DATA, content, 10), over = send_on(1, SL_MSG_DATA, content, 1);
    uint64_t passed = send_on(1, SL_MSG_DATA, content, 1), end_ = commit(1, content, 10);
    part_of(1, "f", token, 90, 100, 0);
    sl_w_uv(&b, INT64_MAX);
    uint64_t hole = send_buf_on(1, SL_MSG_HOLE, &b);
    send_on(1, SL_MSG_ABORT, NULL, 0);
    part_of(1, "f", token, 0, 100, 0);
    sl_w_uv(&b, 100);
    uint64_t keep = send_buf_on(1, SL_MSG_KEEP, &b);
    send_on(1, SL_MSG_ABORT, NULL, 0);
    uint64_t shorter = part_of(1, "f", token, 0, 99, 0);
    send_on(1, SL_MSG_ABORT, NULL, 0);
    uint64_t inplace = join(1, 100, SL_PUT_INPLACE);
    pump();
    WANT(1, good, SL_OK);
    WANT(1, over, SL_E_INVALID);
    WANT(1, passed, SL_OK);
    WANT(1, end_, SL_OK);
    WANT(1, hole, SL_E_INVALID);
    WANT(1, keep, SL_E_CHANGED);
    WANT(1, shorter, SL_E_INVALID);
    WANT(1, inplace, SL_E_INVALID);
    ck_assert_int_eq(t.served, SL_OK);
    end();
}
END_TEST

START_TEST(is_refused_what_is_not_its_own)
{
    fill();
    scratch_file(t.dir, "victim", "victim", 6);
    for (int i = 0; i < 3; i++) {
        enum sl_code why = i < 2 ? SL_E_TYPE : SL_E_DENIED;
        if (i == 0)
            ck_assert_int_eq(symlinkat("victim", t.dir, staged("f")), 0);
        else if (i == 1)
            ck_assert_int_eq(mkfifoat(t.dir, staged("f"), 0600), 0);
        else
            ck_assert_int_eq(linkat(t.dir, "victim", t.dir, staged("f"), 0), 0);
        start(4096);
        uint64_t begun = part(1, 0, 0), data = send_on(1, SL_MSG_DATA, "x", 1), end_ = send_on(1, SL_MSG_ABORT, NULL, 0);
        uint64_t first = part(2, 0, SL_PUT_FIRST), joined = join(3, 6, 0), dropped = drop(4, SL_PUT_UNKEPT);
        pump();
        WANT(1, begun, why);
        WANT(1, data, SL_OK);
        WANT(1, end_, SL_OK);
        WANT(2, first, SL_E_EXISTS);
        WANT(3, joined, why);
        WANT(4, dropped, why);
        end();
        ck_assert_int_eq(unlinkat(t.dir, staged("f"), 0), 0);
    }
    ck_assert(scratch_holds(t.dir, "victim", "victim", 6) && scratch_count(t.dir) == 1);
}
END_TEST

START_TEST(needs_its_rights)
{
    static const uint32_t sets[] = { SL_RIGHT_ALL & ~(uint32_t)SL_RIGHT_CREATE, SL_RIGHT_ALL & ~(uint32_t)SL_RIGHT_READ, SL_RIGHT_CREATE,
                                     SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH, 0 };
    fill();
    start(4096);
    whole(1);
    end();
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        t.policy.rights = sets[i];
        start(4096);
        uint64_t begun = part(1, 0, 0), other = part_of(2, "g", token, 0, 1, SL_PUT_FIRST), joined = join(3, SIZE, 0), dropped = drop(4, 0);
        pump();
        WANT(1, begun, SL_E_RIGHTS);
        WANT(2, other, SL_E_RIGHTS);
        WANT(3, joined, SL_E_RIGHTS);
        WANT(4, dropped, SL_E_RIGHTS);
        end();
        ck_assert_int_eq(scratch_count(t.dir), 1);
    }
}
END_TEST

/* With the rights of append-only nothing is replaced, by joining or dropping, nobody's files are given away and no bit is set that runs with
 * somebody's rights. */
START_TEST(is_held_to_append_only)
{
    struct stat st;
    fill();
    t.policy.rights = SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH | SL_RIGHT_CREATE | SL_RIGHT_SPECIAL;
    start(4096);
    scratch_file(t.dir, "f", "old", 3);
    whole(1);
    uint64_t joined = join(2, SIZE, SL_PUT_REPLACE);
    pump();
    WANT(2, joined, SL_E_RIGHTS);
    whole(1);
    uint64_t dropped = drop(2, SL_PUT_REPLACE | SL_PUT_PARTIAL);
    pump();
    WANT(2, dropped, SL_OK);
    ck_assert(scratch_holds(t.dir, "f", "old", 3) && scratch_count(t.dir) == 1);
    unlinkat(t.dir, "f", 0);
    whole(1);
    joined = join_of(3, "f", SIZE, 06755, SL_META_MODE | SL_META_UID, SL_PUT_REPLACE);
    pump();
    WANT(3, joined, SL_OK);
    ck_assert_int_eq(fstatat(t.dir, "f", &st, 0), 0);
    ck_assert((st.st_mode & 07777) == 0755 && st.st_uid == geteuid());
    end();
}
END_TEST

/* Neither is there a name that is a staged file's, nor one that the module excludes. */
START_TEST(makes_no_hidden_name)
{
    struct sl_error err = { 0 };
    struct sl_config config;
    struct sl_who who;
    struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
    char *text = sl_asprintf("[m]\npath = %s\nanonymous = yes\nallow = full\nexclude = *.key\n", scratch_path);
    sl_who_of_socket(&who, (struct sockaddr *)&peer, sizeof peer);
    sl_config_init(&config);
    ck_assert_msg(sl_config_parse(&config, "test.conf", text, strlen(text), &err) == SL_OK, "%s", err.text);
    t.policy = (struct sl_policy){ .rights = SL_RIGHT_ALL, .enforced = true, .config = &config, .who = &who };
    begin(4096);
    memset(asked, 0, sizeof asked);
    static const char *const names[] = { "a.key", ".f.0abcdefg.slpart", ".f.aaaaaaaa.slkept" };
    for (uint8_t ch = 1; ch <= 3; ch++)
        send_on(ch, SL_MSG_ATTACH, "\0\2\1m", 4);
    for (size_t i = 0; i < 3; i++) {
        const char *name = names[i];
        struct sl_buf b = { 0 };
        struct sl_msg_drop m = { 0, SL_PUT_PARTIAL, token, name, strlen(name) };
        uint64_t begun = part_of(1, name, token, 0, 1, SL_PUT_FIRST);
        send_on(1, SL_MSG_ABORT, NULL, 0);
        scratch_file(t.dir, staged(name), "x", 1);
        uint64_t joined = join_of(1, name, 1, 0600, 0, 0);
        sl_drop_encode(&b, &m);
        uint64_t dropped = send_buf_on(3, SL_MSG_DROP, &b);
        pump();
        WANT(1, begun, SL_E_RIGHTS);
        WANT(1, joined, SL_E_RIGHTS);
        WANT(3, dropped, SL_E_RIGHTS);
        ck_assert_int_eq(unlinkat(t.dir, staged(name), 0), 0);
    }
    ck_assert_int_eq(scratch_count(t.dir), 0);
    end();
    sl_config_clear(&config);
    free(text);
}
END_TEST

static int descriptors(void)
{
    int fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY), n = scratch_count(fd);
    close(fd);
    return n;
}

/* Parts count against what a session may make and store; many of them leave no descriptor open. */
START_TEST(counts)
{
    char of[] = "00000000";
    fill();
    start(4096);
    pump();
    int before = descriptors();
    for (int i = 0; i < 300; i++) {
        snprintf(of, sizeof of, "%08d", i);
        part_of(1, "f", of, 0, SIZE, SL_PUT_FIRST);
        send_on(1, SL_MSG_DATA, "x", 1);
        if (i % 2)
            commit(1, "x", 1);
        else
            send_on(1, SL_MSG_ABORT, NULL, 0);
        part_of(2, "f", of, SIZE - 1, SIZE, 0);
        send_on(2, SL_MSG_ABORT, NULL, 0);
    }
    pump();
    ck_assert_int_eq(descriptors(), before);
    ck_assert_int_eq(scratch_count(t.dir), 300);
    end();
    t.policy.quota.files = 3;
    t.policy.quota.stored = 10;
    start(4096);
    uint64_t n[6];
    n[0] = part(1, 0, SL_PUT_FIRST);
    n[1] = send_on(1, SL_MSG_DATA, content, 8);
    n[2] = commit(1, content, 8);
    part(1, 8, 0);
    n[3] = send_on(1, SL_MSG_DATA, content, 3);
    send_on(1, SL_MSG_ABORT, NULL, 0);
    n[4] = join(1, 7, 0);
    n[5] = part_of(1, "g", token, 0, 1, SL_PUT_FIRST);
    send_on(1, SL_MSG_ABORT, NULL, 0);
    pump();
    WANT(1, n[0], SL_OK);
    WANT(1, n[1], SL_OK);
    WANT(1, n[2], SL_OK);
    WANT(1, n[3], SL_E_LIMIT);
    WANT(1, n[4], SL_E_INVALID);
    WANT(1, n[5], SL_E_LIMIT);
    end();
    t.policy.quota.files = t.policy.quota.stored = 0;
}
END_TEST

START_TEST(needs_the_feature)
{
    for (int i = 0; i < 2; i++) {
        t.featureless = i == 0;
        t.policy.test_mask = i ? "parts" : NULL;
        start(4096);
        uint64_t begun = part(1, 0, SL_PUT_FIRST), joined = join(2, SIZE, 0), dropped = drop(3, 0);
        pump();
        WANT(1, begun, SL_E_UNSUPPORTED);
        WANT(2, joined, SL_E_UNSUPPORTED);
        WANT(3, dropped, SL_E_UNSUPPORTED);
        end();
    }
    t.featureless = false;
    t.policy.test_mask = NULL;
    ck_assert_int_eq(scratch_count(t.dir), 0);
}
END_TEST

/* ---- what is left ---- */

static uint64_t basis_kept(uint8_t ch)
{
    struct sl_buf b = { 0 };
    struct sl_msg_basis m = { .flags = SL_CHUNKS_KEPT, .name = "f", .name_len = 1 };
    sl_basis_encode(&b, &m);
    return send_buf_on(ch, SL_MSG_BASIS, &b);
}

static uint64_t copy(uint8_t ch, uint64_t from, uint32_t len)
{
    struct sl_buf b = { 0 };
    struct sl_msg_copy m = { 0, from, len };
    sl_copy_encode(&b, &m);
    return send_buf_on(ch, SL_MSG_COPY, &b);
}

/* A session that ends in the middle leaves the staged file; a later one goes on from it. */
START_TEST(is_gone_on_with_by_a_later_session)
{
    fill();
    start(4096);
    part(1, 0, SL_PUT_FIRST);
    send_on(1, SL_MSG_DATA, content, 70000);
    pump();
    part(2, 100000, 0);
    send_on(2, SL_MSG_DATA, content + 100000, 10000);
    pump();
    struct stat st;
    end();
    ck_assert_int_eq(fstatat(t.dir, staged("f"), &st, 0), 0);
    ck_assert_int_eq(st.st_size, 110000);
    start(4096);
    struct sl_buf b = { 0 };
    struct sl_msg_put m = { .meta = SL_META_MODE, .entry = entry_of(SL_TYPE_FILE, "f", SIZE) };
    sl_put_encode(&b, t.enc, &m);
    send_buf_on(1, SL_MSG_WRITE, &b);
    uint64_t kept = basis_kept(1);
    copy(1, 0, 70000);
    send_on(1, SL_MSG_DATA, content + 70000, 30000);
    copy(1, 100000, 10000);
    send_on(1, SL_MSG_DATA, content + 110000, SIZE - 110000);
    uint64_t last = commit(1, content, SIZE);
    pump();
    WANT(1, kept, SL_OK);
    WANT(1, last, SL_OK);
    ck_assert(scratch_holds(t.dir, "f", content, SIZE) && scratch_count(t.dir) == 1);
    end();
}
END_TEST

START_TEST(is_dropped)
{
    struct sl_buf b = { 0 };
    struct sl_msg_kept_in in = { "part", 4 };
    fill();
    start(4096);
    part(1, 0, SL_PUT_FIRST);
    send_on(1, SL_MSG_DATA, content, 70000);
    uint64_t busy = drop(2, 0);
    pump();
    WANT(2, busy, SL_E_BUSY);
    send_on(1, SL_MSG_ABORT, NULL, 0);
    pump();
    uint64_t kept = drop(2, 0), gone = drop(2, 0);
    pump();
    WANT(2, kept, SL_OK);
    WANT(2, gone, SL_E_NOT_FOUND);
    ck_assert_int_eq(scratch_count(t.dir), 1);
    whole(1);
    uint64_t joined = join(2, SIZE, 0);
    pump();
    WANT(2, joined, SL_OK);
    ck_assert_int_eq(scratch_count(t.dir), 1);   /* what was kept of it is gone too */
    whole(1);
    uint64_t removed = drop(2, SL_PUT_UNKEPT);
    pump();
    WANT(2, removed, SL_OK);
    ck_assert_int_eq(scratch_count(t.dir), 1);
    whole(1);
    sl_kept_in_encode(&b, &in);
    send_buf_on(3, SL_MSG_KEPT_IN, &b);
    uint64_t aside = drop(3, 0);
    pump();
    WANT(3, aside, SL_OK);
    int dir = openat(t.dir, "part", O_RDONLY | O_DIRECTORY);
    ck_assert(scratch_holds(dir, "f", content, SIZE));
    close(dir);
    whole(1);
    joined = join(3, SIZE, SL_PUT_REPLACE);
    pump();
    WANT(3, joined, SL_OK);
    ck_assert_int_eq(scratch_count(t.dir), 1);   /* and so is the directory */
    end();
}
END_TEST

/* ---- versions ---- */

static uint64_t version_of(uint8_t flags, bool *has)
{
    struct sl_buf b = { 0 };
    struct sl_msg_read_ranges m = { .name = "f", .name_len = 1 };
    uint64_t end_ = 0, version = 0;
    forget();
    sl_read_ranges_encode(&b, &m);
    sl_range_add(&b, &end_, 1, 2);
    sl_conn_send(t.c, 1, SL_MSG_READ_RANGES, flags, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
    pump();
    const struct answer *a = find(SL_MSG_CONTENT);
    struct sl_rd r;
    struct sl_content c = { 0 };
    ck_assert_ptr_nonnull(a);
    sl_r_init(&r, sl_buf_ptr(&a->data), sl_buf_len(&a->data));
    while (c.kind != SL_CONTENT_END)
        ck_assert_int_eq(sl_content_decode(&r, &c, NULL), SL_OK);
    ck_assert(sl_r_done(&r));
    *has = c.flags & SL_CONTENT_VERSION;
    version = c.version;
    return version;
}

START_TEST(tells_the_version)
{
    bool has = false;
    scratch_file(t.dir, "f", "content", 7);
    start(4096);
    uint64_t one = version_of(SL_FLAG_VERSION, &has);
    ck_assert(has && one);
    ck_assert_uint_eq(version_of(SL_FLAG_VERSION, &has), one);
    ck_assert(version_of(0, &has) == 0 && !has);
    end();
    start(7);
    ck_assert_uint_eq(version_of(SL_FLAG_VERSION, &has), one);
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000000000 } };
    ck_assert_int_eq(utimensat(t.dir, "f", times, 0), 0);
    uint64_t two = version_of(SL_FLAG_VERSION, &has);
    ck_assert_uint_ne(two, one);
    scratch_file(t.dir, "g", "content", 7);
    ck_assert_int_eq(utimensat(t.dir, "g", times, 0), 0);
    ck_assert_int_eq(renameat(t.dir, "g", t.dir, "f"), 0);
    ck_assert_uint_ne(version_of(SL_FLAG_VERSION, &has), two);
    end();
    t.featureless = true;
    start(4096);
    ck_assert(version_of(SL_FLAG_VERSION, &has) == 0 && !has);
    end();
    t.featureless = false;
}
END_TEST

/* Holes of a range are told where that is asked for, and only then. */
START_TEST(tells_holes)
{
    enum { BLOCK = 65536, ALL = 4 * BLOCK };
    static char zeros[ALL];
    fill();
    scratch_file(t.dir, "f", content, BLOCK);
    int fd = openat(t.dir, "f", O_WRONLY);
    ck_assert_int_eq(pwrite(fd, content, BLOCK, 3 * BLOCK), BLOCK);
    close(fd);
    for (int i = 0; i < 3; i++) {
        struct sl_buf b = { 0 };
        struct sl_msg_read_ranges m = { .name = "f", .name_len = 1 };
        struct sl_hash *h = sl_hash_new();
        uint8_t hash[SL_HASH_BYTES];
        uint64_t end_ = 0, data = 0, holes = 0;
        bool over = false;
        t.featureless = i == 2;
        start(4096);
        sl_read_ranges_encode(&b, &m);
        sl_range_add(&b, &end_, BLOCK / 2, 3 * BLOCK);
        sl_conn_send(t.c, 1, SL_MSG_READ_RANGES, i == 0 ? 0 : SL_FLAG_HOLES, sl_buf_ptr(&b), sl_buf_len(&b));
        sl_buf_clear(&b);
        pump();
        for (size_t k = 0; k < t.count; k++) {
            struct sl_rd r;
            struct sl_content c;
            sl_r_init(&r, sl_buf_ptr(&t.got[k].data), sl_buf_len(&t.got[k].data));
            while (t.got[k].type == SL_MSG_CONTENT && sl_r_left(&r)) {
                ck_assert_int_eq(sl_content_decode(&r, &c, NULL), SL_OK);
                data += c.kind == SL_CONTENT_DATA ? c.len : 0;
                holes += c.kind == SL_CONTENT_HOLE ? c.hole : 0;
                over = c.kind == SL_CONTENT_END;
                if (over)
                    memcpy(hash, c.hash, sizeof hash);
            }
        }
        uint8_t right[SL_HASH_BYTES];
        sl_hash_data(h, content + BLOCK / 2, BLOCK / 2);
        if (i == 1)
            sl_hash_hole(h, 2 * BLOCK);
        else
            sl_hash_data(h, zeros, 2 * BLOCK);
        sl_hash_data(h, content, BLOCK / 2);
        sl_hash_end(h, right);
        ck_assert(over && memcmp(hash, right, sizeof right) == 0);
        ck_assert_uint_eq(data, i == 1 ? BLOCK : 3 * BLOCK);
        ck_assert_uint_eq(holes, i == 1 ? 2 * BLOCK : 0);
        sl_hash_free(h);
        end();
    }
    t.featureless = false;
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, is_written_by_four, 0, TURNS);
    tcase_add_loop_test(tc, has_holes_and_copies, 0, TURNS);
    tcase_add_test(tc, is_begun_again);
    tcase_add_test(tc, ends_at_the_size);
    tcase_add_test(tc, is_refused_what_is_not_its_own);
    tcase_add_test(tc, needs_its_rights);
    tcase_add_test(tc, is_held_to_append_only);
    tcase_add_test(tc, makes_no_hidden_name);
    tcase_add_test(tc, counts);
    tcase_add_test(tc, needs_the_feature);
    tcase_add_test(tc, is_gone_on_with_by_a_later_session);
    tcase_add_test(tc, is_dropped);
    tcase_add_test(tc, tells_the_version);
    tcase_add_test(tc, tells_holes);
}

int main(void)
{
    return scratch_run("parts", add);
}

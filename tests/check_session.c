/* SPDX-License-Identifier: ISC */
/*
 * check_session - the server's session driven in memory, a few bytes a turn, on a real tree: every request, the rights that
 * each needs, and what no honest client sends.
 */
#include "config.h"
#include "subsystem/session.h"
#include "base/hash.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "tests/scratch.h"
#include "tests/session_peer.h"

#include <errno.h>

static const size_t turns[] = { 1, 2, 3, 7, 4096, 1 << 20 };
enum { TURNS = sizeof turns / sizeof turns[0] };

/* ---- tests ---- */

START_TEST(greets_and_attaches)
{
    struct sl_rd r;
    struct sl_msg_attached m;
    begin(turns[_i]);
    attach();
    pump();
    const struct answer *a = find(SL_MSG_ATTACHED);
    ck_assert_ptr_nonnull(a);
    sl_r_init(&r, sl_buf_ptr(&a->data), sl_buf_len(&a->data));
    ck_assert_int_eq(sl_attached_decode(&r, &m, NULL), SL_OK);
    ck_assert_uint_eq(m.rights, SL_RIGHT_ALL);
    ck_assert_uint_eq(m.home_len, 0);
    ck_assert(sl_session_greeted(t.s) && !sl_session_over(t.s));
    sl_conn_bye(t.c);
    pump();
    ck_assert(sl_session_over(t.s) && sl_conn_closed(t.c));
    end();
}
END_TEST

START_TEST(lists_in_order)
{
    char text[200];
    ck_assert_int_eq(mkdirat(t.dir, "b", 0755), 0);
    scratch_file(t.dir, "a", "1", 1);
    scratch_file(t.dir, "b/x", "1", 1);
    scratch_file(t.dir, "c", "1", 1);
    ck_assert_int_eq(mkdirat(t.dir, "d", 0755), 0);
    begin(turns[_i]);
    attach();
    list(0, "", SL_LIST_RECURSE);
    list(0, "b", SL_LIST_CHILDREN);
    list(0, "c", 0);
    uint64_t missing = list(0, "nothing", 0), last = list(0, "b", 0);
    pump();
    listing(text, sizeof text);
    ck_assert_str_eq(text, "/ a b x . c d . . b x . c b .");
    ck_assert_int_eq(result(missing), SL_E_NOT_FOUND);
    ck_assert_int_eq(result(last), SL_OK);
    end();
}
END_TEST

START_TEST(lists_within_the_credit)
{
    char name[64], *text = sl_malloc(1 << 20);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "file number %05d %040x", i, (unsigned)i * 2654435761u);
        scratch_file(t.dir, name, "", 0);
    }
    begin_with(4096, SL_CREDIT_START);
    attach();
    pump();
    t.refuse = true;
    for (int i = 0; i < 30; i++)
        list(0, "", SL_LIST_CHILDREN);
    pump();
    size_t len = 0;
    sl_session_output(t.s, &len);
    ck_assert_uint_eq(len, 0);                  /* it waits for credit; nothing piles up */
    t.refuse = false;
    struct sl_error err;
    for (int i = 0; i < 1000; i++) {
        sl_conn_resume(t.c, 1, &err);
        pump();
    }
    ck_assert_int_eq(result(31), SL_OK);
    listing(text, 1 << 20);
    end();
    free(text);
}
END_TEST

START_TEST(reads_files)
{
    static char big[300000];
    struct sl_buf b = { 0 };
    memset(big, 'x', sizeof big);
    scratch_file(t.dir, "big", big, sizeof big);
    scratch_file(t.dir, "small", "hello", 5);
    scratch_file(t.dir, "zero", "", 0);
    begin(turns[_i]);
    attach();
    sl_read_begin(&b, 0);
    sl_read_add(&b, "", 0, "big", 3);
    sl_read_add(&b, "big", 3, "none", 4);
    sl_read_add(&b, "none", 4, "small", 5);
    sl_read_add(&b, "small", 5, "zero", 4);
    send_buf(SL_MSG_READ, &b);
    pump();
    char kinds[16] = "";
    size_t bytes = 0;
    uint8_t hash[SL_HASH_LEN], seen[SL_HASH_LEN] = { 0 };
    sl_hash_once(big, sizeof big, hash);
    for (size_t i = 0; i < t.count; i++) {
        struct sl_rd r;
        struct sl_content c;
        sl_r_init(&r, sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data));
        while (t.got[i].type == SL_MSG_CONTENT && sl_r_left(&r)) {
            ck_assert_int_eq(sl_content_decode(&r, &c, NULL), SL_OK);
            if (c.kind == SL_CONTENT_DATA)
                bytes += c.len;
            else
                strcat(kinds, c.kind == SL_CONTENT_END ? "E" : c.kind == SL_CONTENT_FAILED ? "F" : "W");
            if (c.kind == SL_CONTENT_END)
                memcpy(seen, c.hash, sizeof seen);
        }
    }
    ck_assert_str_eq(kinds, "EFWW");
    ck_assert_uint_eq(bytes, sizeof big);
    ck_assert_mem_eq(seen, hash, sizeof hash);
    end();
}
END_TEST

START_TEST(writes_everything)
{
    uint8_t hash[SL_HASH_LEN];
    char target[32] = "";
    struct stat st;
    begin(turns[_i]);
    attach();
    make(SL_MSG_PUT, SL_TYPE_FILE, "file", 0, "content");
    make(SL_MSG_WRITE, SL_TYPE_FILE, "pieces", 0, NULL);
    send_raw(SL_MSG_DATA, "one", 3);
    send_raw(SL_MSG_DATA, "two", 3);
    sl_hash_once("onetwo", 6, hash);
    send_raw(SL_MSG_COMMIT, hash, sizeof hash);
    make(SL_MSG_MKDIR, SL_TYPE_DIR, "dir", 0, NULL);
    open_dir(0, 7, "dir");
    make_in(7, SL_MSG_SYMLINK, SL_TYPE_LINK, "link", 0, NULL);
    make(SL_MSG_MKNOD, SL_TYPE_FIFO, "fifo", 0, NULL);
    make(SL_MSG_SET_META, SL_TYPE_DIR, "dir", 0, NULL);
    close_dir(7);
    named(SL_MSG_HASH, 0, "pieces");
    uint64_t last = named(SL_MSG_REMOVE, 0, "fifo");
    pump();
    for (uint64_t i = 1; i <= last; i++)
        ck_assert_int_eq(result(i), SL_OK);
    ck_assert(scratch_holds(t.dir, "file", "content", 7));
    ck_assert(scratch_holds(t.dir, "pieces", "onetwo", 6));
    ck_assert_int_eq(fstatat(t.dir, "dir", &st, 0), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0640);
    ck_assert_int_eq(st.st_mtim.tv_sec, 1000000000);
    fchmodat(t.dir, "dir", 0755, 0);         /* what was asked for keeps its owner out */
    ck_assert_int_eq(readlinkat(t.dir, "dir/link", target, sizeof target - 1), 8);
    ck_assert_ptr_nonnull(find(SL_MSG_HASH_IS));
    ck_assert_int_eq(scratch_count(t.dir), 3);
    end();
}
END_TEST

START_TEST(keeps_the_old_file_when_the_hash_is_wrong)
{
    uint8_t wrong[SL_HASH_LEN] = { 1 };
    struct sl_buf b = { 0 };
    scratch_file(t.dir, "file", "old", 3);
    begin(4096);
    attach();
    struct sl_msg_put m = { .meta = SL_META_MODE, .flags = SL_PUT_REPLACE, .entry = entry_of(SL_TYPE_FILE, "file", 3), .hash = wrong };
    sl_put_encode(&b, t.enc, &m);
    sl_buf_add(&b, "new", 3);
    uint64_t put = send_buf(SL_MSG_PUT, &b);
    make(SL_MSG_WRITE, SL_TYPE_FILE, "file", SL_PUT_REPLACE, NULL);
    send_raw(SL_MSG_DATA, "new", 3);
    uint64_t commit = send_raw(SL_MSG_COMMIT, wrong, sizeof wrong);
    uint64_t exists = make(SL_MSG_PUT, SL_TYPE_FILE, "file", 0, "new");
    pump();
    ck_assert_int_eq(result(put), SL_E_CORRUPT);
    ck_assert_int_eq(result(commit), SL_E_CORRUPT);
    ck_assert_int_eq(result(exists), SL_E_EXISTS);
    ck_assert(scratch_holds(t.dir, "file", "old", 3));
    ck_assert_int_eq(scratch_count(t.dir), 1);
    end();
}
END_TEST

START_TEST(gives_up_a_file_half_written)
{
    begin(4096);
    attach();
    make(SL_MSG_WRITE, SL_TYPE_FILE, "file", 0, NULL);
    send_raw(SL_MSG_DATA, "half", 4);
    pump();
    ck_assert_int_eq(scratch_count(t.dir), 1);
    end();                                       /* as when the line is cut */
    ck_assert_int_eq(scratch_count(t.dir), 0);
}
END_TEST

START_TEST(passes_over_what_follows_a_failed_write)
{
    begin(4096);
    attach();
    uint64_t write = make_in(9, SL_MSG_WRITE, SL_TYPE_FILE, "file", 0, NULL);     /* directory 9 is not open */
    uint64_t data = send_raw(SL_MSG_DATA, "half", 4);
    uint64_t abort_ = send_raw(SL_MSG_ABORT, NULL, 0);
    uint64_t stray = send_raw(SL_MSG_DATA, "half", 4);
    make(SL_MSG_WRITE, SL_TYPE_FILE, "file", 0, NULL);
    uint64_t twice = make(SL_MSG_WRITE, SL_TYPE_FILE, "other", 0, NULL);
    uint64_t commit = send_raw(SL_MSG_COMMIT, "0123456789abcdef", 16);
    uint64_t after = make(SL_MSG_PUT, SL_TYPE_FILE, "after", 0, "x");
    pump();
    ck_assert_int_eq(result(write), SL_E_INVALID);
    ck_assert_int_eq(result(data), SL_OK);
    ck_assert_int_eq(result(abort_), SL_OK);
    ck_assert_int_eq(result(stray), SL_E_INVALID);
    ck_assert_int_eq(result(twice), SL_E_INVALID);
    ck_assert_int_eq(result(commit), SL_OK);
    ck_assert_int_eq(result(after), SL_OK);
    ck_assert_int_eq(scratch_count(t.dir), 1);
    end();
}
END_TEST

/* What each request needs; with everything but that it is refused, with that alone it is not. */
static const struct { enum sl_msg type; enum sl_type kind; uint32_t rights; } needs[] = {
    { SL_MSG_LIST, 0, SL_RIGHT_LIST },
    { SL_MSG_READ, 0, SL_RIGHT_READ },
    { SL_MSG_HASH, 0, SL_RIGHT_HASH },
    { SL_MSG_CHUNKS, 0, SL_RIGHT_HASH },
    { SL_MSG_READ_RANGES, 0, SL_RIGHT_READ },
    { SL_MSG_READ_SOME, 0, SL_RIGHT_READ | SL_RIGHT_HASH },
    { SL_MSG_BASIS, 0, SL_RIGHT_READ },
    { SL_MSG_REMOVE, 0, SL_RIGHT_DELETE },
    { SL_MSG_PUT, SL_TYPE_FILE, SL_RIGHT_CREATE },
    { SL_MSG_WRITE, SL_TYPE_FILE, SL_RIGHT_CREATE },
    { SL_MSG_MKDIR, SL_TYPE_DIR, SL_RIGHT_CREATE },
    { SL_MSG_SYMLINK, SL_TYPE_LINK, SL_RIGHT_CREATE },
    { SL_MSG_MKNOD, SL_TYPE_FIFO, SL_RIGHT_CREATE | SL_RIGHT_SPECIAL },
    { SL_MSG_SET_META, SL_TYPE_FILE, SL_RIGHT_META },
};
enum { NEEDS = sizeof needs / sizeof needs[0] };

static uint64_t ask(size_t i)
{
    enum sl_msg type = needs[i].type;
    if (type == SL_MSG_LIST)
        return list(0, "", 0);
    if (type == SL_MSG_CHUNKS)
        send_raw(SL_MSG_SEED, "12345678", 8);
    if (type == SL_MSG_BASIS)
        make(SL_MSG_WRITE, SL_TYPE_FILE, "fresh", 0, NULL);
    if (type == SL_MSG_READ || type == SL_MSG_HASH || type == SL_MSG_REMOVE || type >= SL_MSG_CHUNKS)
        return named(type, 0, "there");
    const char *name = type == SL_MSG_SET_META ? "there" : "fresh";
    return make(type, needs[i].kind, name, 0, type == SL_MSG_PUT ? "x" : NULL);
}

START_TEST(needs_its_rights)
{
    scratch_file(t.dir, "there", "1", 1);
    for (uint32_t bit = 1; bit <= SL_RIGHT_ALL; bit <<= 1) {
        if (!(needs[_i].rights & bit))
            continue;
        t.policy.rights = SL_RIGHT_ALL & ~bit;
        begin(4096);
        attach();
        uint64_t n = ask((size_t)_i);
        uint64_t after = make(SL_MSG_SET_META, SL_TYPE_FILE, "there", 0, NULL);    /* the entry context has moved on */
        pump();
        ck_assert_int_eq(result(n), SL_E_RIGHTS);
        if (bit != SL_RIGHT_META)
            ck_assert_int_eq(result(after), SL_OK);
        ck_assert_int_eq(scratch_count(t.dir), 1);
        end();
    }
    t.policy.rights = needs[_i].rights;
    begin(4096);
    attach();
    uint64_t n = ask((size_t)_i);
    pump();
    ck_assert_int_eq(t.served, SL_OK);
    if (needs[_i].type == SL_MSG_BASIS)          /* it has nothing to be written to */
        ck_assert_int_eq(result(n), SL_OK);
    else if (needs[_i].type != SL_MSG_READ && needs[_i].type != SL_MSG_READ_RANGES && needs[_i].type != SL_MSG_READ_SOME)    /* their content is the answer */
        ck_assert_int_eq(result(n), SL_OK);
    end();
}
END_TEST

START_TEST(does_not_overwrite_without_the_right)
{
    struct stat st;
    scratch_file(t.dir, "there", "old", 3);
    t.policy.rights = SL_RIGHT_CREATE | SL_RIGHT_LIST;
    begin(4096);
    attach();
    uint64_t there = make(SL_MSG_PUT, SL_TYPE_FILE, "there", SL_PUT_REPLACE, "new");
    uint64_t fresh = make(SL_MSG_PUT, SL_TYPE_FILE, "fresh", SL_PUT_REPLACE, "new");
    struct sl_buf b = { 0 };
    struct sl_msg_put m = { .meta = SL_META_MODE | SL_META_UID, .entry = entry_of(SL_TYPE_DIR, "dir", 0) };
    m.entry.mode = 06755;
    m.entry.uid = 12345;
    sl_put_encode(&b, t.enc, &m);
    uint64_t dir = send_buf(SL_MSG_MKDIR, &b);
    pump();
    ck_assert_int_eq(result(there), SL_E_RIGHTS);
    ck_assert_int_eq(result(fresh), SL_OK);
    ck_assert_int_eq(result(dir), SL_OK);
    ck_assert(scratch_holds(t.dir, "there", "old", 3));
    ck_assert_int_eq(fstatat(t.dir, "dir", &st, 0), 0);
    ck_assert_int_eq(st.st_mode & 06000, 0);
    ck_assert_uint_eq(st.st_uid, geteuid());
    end();
}
END_TEST

START_TEST(says_what_it_does_not_know)
{
    begin(4096);
    attach();
    uint64_t unknown = send_raw((enum sl_msg)60, "?", 1);
    uint64_t nowhere = list(3, "", 0), closed = close_dir(9), used = open_dir(0, 0, "x");
    uint64_t owner, link, file;
    ck_assert_int_eq(symlinkat("over/there", t.dir, "link"), 0);
    scratch_file(t.dir, "file", "", 0);
    link = open_dir(0, 5, "link");
    file = open_dir(0, 5, "file");
    struct sl_buf b = { 0 };
    struct sl_msg_owner m = { false, 0, "root", 4 };
    sl_owner_encode(&b, &m);
    owner = send_buf(SL_MSG_OWNER, &b);
    pump();
    ck_assert_int_eq(result(unknown), SL_E_UNSUPPORTED);
    ck_assert_int_eq(result(nowhere), SL_E_INVALID);
    ck_assert_int_eq(result(closed), SL_E_INVALID);
    ck_assert_int_eq(result(used), SL_E_INVALID);
    ck_assert_int_eq(result(link), SL_E_LINK);
    ck_assert_int_eq(result(file), SL_E_NOT_DIR);
    ck_assert_int_eq(result(owner), SL_OK);
    ck_assert_ptr_nonnull(find(SL_MSG_OWNER_IS));
    end();
}
END_TEST

/* Payloads that can't be decoded end the session, and the client is told. */
START_TEST(ends_with_a_malformed_request)
{
    static const struct { uint8_t type; const char *bytes; size_t len; } bad[] = {
        { SL_MSG_ATTACH, "", 0 },          { SL_MSG_OPEN_DIR, "\x00\x01\x02..", 5 }, { SL_MSG_OPEN_DIR, "\x00\x01\x03" "a/b", 6 },
        { SL_MSG_CLOSE_DIR, "\x80", 1 },   { SL_MSG_LIST, "\x00", 1 },               { SL_MSG_PUT, "\xff", 1 },
        { SL_MSG_COMMIT, "short", 5 },     { SL_MSG_REMOVE, "\x00\x09\x01" "a", 4 }, { SL_MSG_HASH, "\x00\x01" "a?", 4 },
        { SL_MSG_MODULES, "x", 1 },        { SL_MSG_SKIP, "", 0 },                   { SL_MSG_OWNER, "\x02\x00\x00", 3 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin(7);
        attach();
        send_raw((enum sl_msg)bad[i].type, bad[i].bytes, bad[i].len);
        pump();
        ck_assert_int_eq(t.served, SL_E_PROTOCOL);
        ck_assert_int_eq(t.error.code, SL_E_PROTOCOL);
        end();
    }
}
END_TEST

/* Where a link leads was told to who may only create, or nothing. */
START_TEST(tells_link_targets_to_who_may_list)
{
    ck_assert_int_eq(symlinkat("over/there", t.dir, "link"), 0);
    t.policy.rights = SL_RIGHT_CREATE;
    begin(4096);
    attach();
    uint64_t link = open_dir(0, 5, "link");
    pump();
    ck_assert_int_eq(result(link), SL_E_NOT_DIR);
    for (size_t i = 0; i < t.count; i++)
        ck_assert_ptr_null(memmem(sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data), "over", 4));
    end();
}
END_TEST

START_TEST(offers_modules_by_their_rules)
{
    struct sl_error err = { 0 };
    struct sl_config config;
    char *text = sl_asprintf("[open]\npath = %s\nanonymous = yes\ncomment = all of it\n[closed]\npath = %s\n"
                             "[far]\npath = %s\nanonymous = yes\nhosts allow = 192.0.2.0/24\n",
                             scratch_path, scratch_path, scratch_path);
    struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
    struct sl_who who;
    sl_who_of_socket(&who, (struct sockaddr *)&peer, sizeof peer);
    sl_config_init(&config);
    ck_assert_msg(sl_config_parse(&config, "test.conf", text, strlen(text), &err) == SL_OK, "%s", err.text);
    t.policy = (struct sl_policy){ .rights = SL_RIGHT_ALL, .enforced = true, .config = &config, .who = &who };
    begin(4096);
    uint64_t modules = send_raw(SL_MSG_MODULES, NULL, 0);
    uint64_t account = attach(), closed = attach_how(0, SL_ATTACH_MODULE, "closed"), far = attach_how(0, SL_ATTACH_MODULE, "far");
    uint64_t none_ = attach_how(0, SL_ATTACH_MODULE, "none"), good = attach_how(0, SL_ATTACH_MODULE, "open");
    uint64_t other = attach_how(1, SL_ATTACH_MODULE, "far"), put = make(SL_MSG_PUT, SL_TYPE_FILE, "x", 0, "x");
    pump();
    ck_assert_int_eq(result(modules), SL_OK);
    ck_assert_int_eq(result(account), SL_E_NO_MODULE);
    ck_assert_int_eq(result(closed), SL_E_NO_MODULE);
    ck_assert_int_eq(result(far), SL_E_NO_MODULE);
    ck_assert_int_eq(result(none_), SL_E_NO_MODULE);
    ck_assert_int_eq(result(good), SL_OK);
    ck_assert_int_eq(result(other), SL_E_INVALID);
    ck_assert_int_eq(result(put), SL_E_RIGHTS);
    size_t offered = 0;
    for (size_t i = 0; i < t.count; i++)
        offered += t.got[i].type == SL_MSG_MODULE;
    ck_assert_uint_eq(offered, 1);
    end();
    sl_config_clear(&config);
    free(text);
}
END_TEST

START_TEST(drains)
{
    begin(4096);
    attach();
    pump();
    uint64_t last = make(SL_MSG_PUT, SL_TYPE_FILE, "file", 0, "x");
    move();
    sl_session_drain(t.s);
    pump();
    ck_assert_int_eq(result(last), SL_OK);
    ck_assert(sl_session_over(t.s) && sl_conn_closed(t.c));
    end();
}
END_TEST

/* Both sides write as much as they may before either reads. */
START_TEST(does_not_hang_with_both_writing)
{
    char name[32];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "f%03d", i);
        scratch_file(t.dir, name, name, 4);
    }
    begin_with(turns[_i], SL_CREDIT_START);
    attach();
    uint64_t last = 0;
    for (int i = 0; i < 300; i++) {
        list(0, "", SL_LIST_CHILDREN | SL_LIST_NO_OWNER);
        snprintf(name, sizeof name, "n%03d", i);
        last = make(SL_MSG_PUT, SL_TYPE_FILE, name, 0, "some content");
    }
    pump();
    for (uint64_t i = 1; i <= last; i += 97)
        ck_assert_int_eq(result(i), SL_OK);
    ck_assert_int_eq(scratch_count(t.dir), 500);
    end();
}
END_TEST

/* What a listing left in the channel's scratch got into the answers of the READ or HASH behind it, and over the end of the frame
 * where there was little credit. */
START_TEST(lists_then_reads_and_hashes_on_one_channel)
{
    char name[64];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "file number %05d %040x", i, (unsigned)i * 2654435761u);
        scratch_file(t.dir, name, "", 0);
    }
    begin_with(4096, SL_CREDIT_START);
    attach();
    list(0, "", SL_LIST_CHILDREN);
    named(SL_MSG_READ, 0, "none");
    list(0, "", SL_LIST_CHILDREN);
    uint64_t hashed = named(SL_MSG_HASH, 0, name);
    pump();
    ck_assert_int_eq(t.served, SL_OK);
    ck_assert_int_eq(result(hashed), SL_OK);
    const struct answer *content = find(SL_MSG_CONTENT), *hash = find(SL_MSG_HASH_IS);
    struct sl_rd r;
    struct sl_content c;
    struct sl_msg_hash_is is;
    ck_assert(content && hash);
    sl_r_init(&r, sl_buf_ptr(&content->data), sl_buf_len(&content->data));
    ck_assert_int_eq(sl_content_decode(&r, &c, NULL), SL_OK);
    ck_assert_int_eq(c.kind, SL_CONTENT_FAILED);
    ck_assert_uint_eq(sl_r_left(&r), 0);
    sl_r_init(&r, sl_buf_ptr(&hash->data), sl_buf_len(&hash->data));
    ck_assert_int_eq(sl_hash_is_decode(&r, &is, NULL), SL_OK);
    end();
}
END_TEST

/* Answers are longer than what they answer: they piled up by the hundred MB for a peer that gave credit and did not read. */
START_TEST(begins_nothing_while_much_is_to_be_sent)
{
    struct sl_error err = { 0 };
    size_t n = 0;
    uint64_t last = 0;
    begin_with(1 << 20, 1 << 30);
    attach();
    pump();
    for (int i = 0; i < 100000; i++)
        last = open_dir(99, 1, "x");
    sl_conn_bye(t.c);
    const uint8_t *p = sl_conn_output(t.c, &n);
    ck_assert_int_eq(sl_session_feed(t.s, p, n, &err), SL_OK);
    sl_conn_sent(t.c, n);
    while (sl_session_step(t.s, &err) == SL_OK)
        ;
    sl_session_output(t.s, &n);
    ck_assert_uint_lt(n, 2 * 1024 * 1024);
    ck_assert(!sl_session_over(t.s));
    pump();
    ck_assert_int_eq(result(last), SL_E_INVALID);
    ck_assert(sl_session_over(t.s) && sl_conn_closed(t.c));
    end();
}
END_TEST

/* Names of 250 bytes on every channel were 280 MiB. */
START_TEST(remembers_names_within_bounds)
{
    char name[251];
    begin_with(1 << 20, 1 << 20);
    attach();
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct sl_msg_put m = { .meta = SL_META_UID | SL_META_GID, .entry = entry_of(SL_TYPE_FILE, "none", 0) };
    m.entry.user = m.entry.group = name;
    for (uint32_t i = 1; i < 32768 && t.served == SL_OK; i++) {
        struct sl_buf b = { 0 };
        m.entry.uid = m.entry.gid = i;
        sl_put_encode(&b, t.enc, &m);
        send_buf(SL_MSG_SET_META, &b);
        if (i % 256 == 0)
            pump();
    }
    ck_assert_int_eq(t.served, SL_E_LIMIT);
    end();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, greets_and_attaches, 0, TURNS);
    tcase_add_loop_test(tc, lists_in_order, 0, TURNS);
    tcase_add_test(tc, lists_within_the_credit);
    tcase_add_loop_test(tc, reads_files, 0, TURNS);
    tcase_add_loop_test(tc, writes_everything, 0, TURNS);
    tcase_add_test(tc, keeps_the_old_file_when_the_hash_is_wrong);
    tcase_add_test(tc, gives_up_a_file_half_written);
    tcase_add_test(tc, passes_over_what_follows_a_failed_write);
    tcase_add_loop_test(tc, needs_its_rights, 0, NEEDS);
    tcase_add_test(tc, does_not_overwrite_without_the_right);
    tcase_add_test(tc, says_what_it_does_not_know);
    tcase_add_test(tc, ends_with_a_malformed_request);
    tcase_add_test(tc, tells_link_targets_to_who_may_list);
    tcase_add_test(tc, offers_modules_by_their_rules);
    tcase_add_test(tc, lists_then_reads_and_hashes_on_one_channel);
    tcase_add_test(tc, begins_nothing_while_much_is_to_be_sent);
    tcase_add_test(tc, remembers_names_within_bounds);
    tcase_add_test(tc, drains);
    tcase_add_loop_test(tc, does_not_hang_with_both_writing, 2, TURNS);
}

int main(void)
{
    return scratch_run("session", add);
}

/* SPDX-License-Identifier: ISC */
/* check_rights - ways around rights that more than one request is needed for, each of which is closed. */
#include "config.h"
#include "base/attrs.h"
#include "tests/session_peer.h"
#include "tree/kept.h"

#include <sys/inotify.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static uint64_t attach_as(uint32_t id, uint8_t flags)
{
    struct sl_buf b = { 0 };
    struct sl_msg_attach m = { .id = id, .how = SL_ATTACH_ROOT, .module = "", .flags = flags };
    sl_attach_encode(&b, &m);
    return send_buf(SL_MSG_ATTACH, &b);
}

static uint64_t give_attr(const char *name, const char *value)
{
    struct sl_buf b = { 0 }, set = { 0 };
    sl_attrs_add(&set, &(struct sl_attr){ name, strlen(name), (const uint8_t *)value, strlen(value) });
    struct sl_msg_attrs m = { .flags = SL_ATTRS_XATTRS | SL_ATTRS_RSYNC, .piece = sl_buf_ptr(&set), .len = sl_buf_len(&set) };
    sl_attrs_encode(&b, &m);
    sl_buf_clear(&set);
    return send_buf(SL_MSG_ATTRS, &b);
}

/* What can't stand for another thing would be replaced by a file that does. */
START_TEST(metadata_replaces_nothing)
{
    struct stat st;
    ck_assert_int_eq(symlinkat("releases/1", t.dir, "current"), 0);
    for (int full = 0; full < 2; full++) {
        t.policy.rights = full ? SL_RIGHT_ALL : SL_RIGHT_ALL & ~(uint32_t)SL_RIGHT_OVERWRITE;
        begin(4096);
        attach_as(0, SL_ATTACH_FAKE);
        uint64_t n = make(SL_MSG_SET_META, SL_TYPE_LINK, "current", 0, NULL);
        pump();
        ck_assert_int_eq(result(n), full ? SL_OK : SL_E_RIGHTS);
        ck_assert_int_eq(fstatat(t.dir, "current", &st, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert_int_eq(S_ISLNK(st.st_mode) != 0, !full);
        end();
    }
}
END_TEST

/* What was checked for one way of taking attributes is not set in another. */
START_TEST(attributes_go_with_their_attach)
{
    t.policy.rights = SL_RIGHT_ALL & ~(uint32_t)SL_RIGHT_SPECIAL;
    begin(4096);
    attach_as(0, SL_ATTACH_FAKE);
    uint64_t given = give_attr("trusted.x", "1");
    attach_as(1, 0);
    uint64_t put = make_in(1, SL_MSG_PUT, SL_TYPE_FILE, "file", SL_PUT_REPLACE, "content");
    pump();
    ck_assert_int_eq(result(given), SL_OK);
    ck_assert_int_eq(result(put), SL_OK);
    int fd = openat(t.dir, "file", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_lt(fgetxattr(fd, "trusted.x", NULL, 0), 0);
    close(fd);
    end();
}
END_TEST

START_TEST(what_a_file_stands_for_is_the_servers_to_say)
{
    for (int fake = 0; fake < 2; fake++) {
        t.policy.rights = fake ? SL_RIGHT_ALL : SL_RIGHT_ALL & ~(uint32_t)SL_RIGHT_READ;
        begin(4096);
        attach_as(0, fake ? SL_ATTACH_FAKE : 0);
        uint64_t n = give_attr("user.rsync.%stat", "120777 0,0 0:0");
        pump();
        ck_assert_int_eq(result(n), SL_E_ATTRS);
        end();
    }
}
END_TEST

static uint64_t put_big(const char *name, uint32_t flags)
{
    static char text[70001];
    memset(text, 'a', sizeof text - 1);
    return make(SL_MSG_PUT, SL_TYPE_FILE, name, flags, text);
}

/* A file that one session has waiting is not another's to take away, which may only add. */
START_TEST(who_may_only_add_leaves_what_waits)
{
    t.policy.rights = SL_RIGHT_ALL;
    begin(1 << 20);
    attach();
    uint64_t held = put_big("x", SL_PUT_REPLACE | SL_PUT_HOLD);
    pump();
    ck_assert_int_eq(result(held), SL_OK);
    end();
    t.policy.rights = SL_RIGHT_LIST | SL_RIGHT_CREATE;
    begin(1 << 20);
    attach();
    uint64_t added = put_big("x", 0);
    pump();
    ck_assert_int_eq(result(added), SL_OK);
    ck_assert_int_eq(scratch_count(t.dir), 2);
    end();
}
END_TEST

/* The request that completes it. */
static uint64_t write_big(const char *name)
{
    static uint8_t data[70000];
    uint8_t hash[SL_HASH_LEN];
    sl_hash_once(data, sizeof data, hash);
    make(SL_MSG_WRITE, SL_TYPE_FILE, name, 0, NULL);
    send_raw(SL_MSG_DATA, data, sizeof data);
    return send_raw(SL_MSG_COMMIT, hash, sizeof hash);
}

/* Of what was kept of a name that is complete now only what the server can have kept itself goes. */
START_TEST(who_may_only_add_removes_nobody_elses)
{
    char kept[SL_NAME_MAX + 1];
    struct stat st;
    sl_kept_name(kept, "x");
    for (int own = 0; own < 2; own++) {
        if (!own && geteuid() != 0)
            continue;
        scratch_file(t.dir, kept, "kept", 4);
        if (!own)
            ck_assert_int_eq(fchownat(t.dir, kept, 12345, 12345, 0), 0);
        t.policy.rights = SL_RIGHT_CREATE;
        begin(1 << 20);
        attach();
        uint64_t n = write_big("x");
        pump();
        ck_assert_int_eq(result(n), SL_OK);
        ck_assert_int_eq(fstatat(t.dir, kept, &st, AT_SYMLINK_NOFOLLOW), own ? -1 : 0);
        end();
        unlinkat(t.dir, "x", 0);
        unlinkat(t.dir, kept, 0);
    }
}
END_TEST

/* ---- partial directories ---- */

static uint64_t release(const char *name)
{
    struct sl_buf b = { 0 };
    struct sl_msg_release m = { .flags = SL_PUT_REPLACE, .name = name, .name_len = strlen(name) };
    sl_release_encode(&b, &m);
    return send_buf(SL_MSG_RELEASE, &b);
}

/* What has a name in a directory that is called a partial one is not renamed by being released. */
START_TEST(releasing_is_renaming)
{
    struct stat st;
    const uint32_t without = SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE | SL_RIGHT_DELETE;
    ck_assert_int_eq(mkdirat(t.dir, "docs", 0755), 0);
    scratch_file(t.dir, "docs/secret", "secret", 6);
    for (int may = 0; may < 2; may++) {
        t.policy.rights = may ? without | SL_RIGHT_RENAME : without;
        begin(4096);
        attach();
        uint64_t in = kept_in("docs"), put = make(SL_MSG_PUT, SL_TYPE_FILE, "other", SL_PUT_HOLD, "content"), n = release("secret");
        pump();
        ck_assert_int_eq(result(in), SL_OK);
        ck_assert_int_eq(result(put), may ? SL_OK : SL_E_RIGHTS);
        ck_assert_int_eq(result(n), may ? SL_OK : SL_E_RIGHTS);
        ck_assert_int_eq(fstatat(t.dir, "secret", &st, AT_SYMLINK_NOFOLLOW), may ? 0 : -1);
        end();
    }
}
END_TEST

static uint64_t put_flagged(const char *name, const char *text)
{
    struct sl_buf b = { 0 };
    struct sl_entry e = entry_of(SL_TYPE_FILE, name, strlen(text));
    uint8_t hash[SL_HASH_BYTES];
    sl_hash_once(text, strlen(text), hash);
    struct sl_msg_put m = { .meta = SL_META_MODE, .flags = SL_PUT_REPLACE | SL_PUT_INPLACE, .entry = e, .hash = hash };
    sl_put_encode(&b, t.enc, &m);
    sl_w_raw(&b, text, strlen(text));
    sl_conn_send(t.c, 1, SL_MSG_PUT, SL_FLAG_DEVICES, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
    return ++t.asked;
}

/* Whatever ATTACHED said: only with the right is a device written, and else what has its name is replaced as ever. */
START_TEST(a_device_is_written_with_the_right_alone)
{
    const uint32_t some = SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE;
    const struct { uint32_t rights; bool written; enum sl_code result; } cases[] = {
        { SL_RIGHT_ALL, false, SL_OK }, { some, false, SL_OK }, { some | SL_RIGHT_DEVICE, true, SL_OK },
        { (some | SL_RIGHT_DEVICE) & ~(uint32_t)SL_RIGHT_OVERWRITE, false, SL_E_RIGHTS } };
    struct stat st;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unlinkat(t.dir, "null", 0);
        if (mknodat(t.dir, "null", S_IFCHR | 0600, makedev(1, 3)) != 0)
            return;                      /* only root can */
        t.policy.rights = cases[i].rights;
        begin(4096);
        attach();
        uint64_t listed = list(0, "", SL_LIST_CHILDREN | SL_LIST_DEVICE_SIZES), n = put_flagged("null", "content");
        pump();
        ck_assert_int_eq(result(listed), cases[i].written ? SL_OK : SL_E_RIGHTS);
        ck_assert_int_eq(result(n), cases[i].result);
        ck_assert_int_eq(fstatat(t.dir, "null", &st, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert_int_eq(S_ISCHR(st.st_mode) != 0, cases[i].written || cases[i].result != SL_OK);
        end();
    }
}
END_TEST

static void pump_some(int turns)
{
    struct sl_error err = { 0 };
    while (turns--) {
        move();
        sl_session_step(t.s, &err);
    }
}

/* A hole of a device of characters may be any number of zeros: meanwhile the server answers, and the end of the session ends it. */
START_TEST(holes_of_devices_go_in_steps)
{
    struct sl_error err = { 0 };
    struct sl_buf b = { 0 };
    if (mknodat(t.dir, "null", S_IFCHR | 0600, makedev(1, 3)) != 0)
        return;                          /* only root can */
    t.policy.rights = SL_RIGHT_ALL | SL_RIGHT_DEVICE;
    begin(1 << 20);
    attach();
    struct sl_entry e = entry_of(SL_TYPE_FILE, "null", 1 << 20);
    struct sl_msg_put m = { .meta = SL_META_MODE, .flags = SL_PUT_REPLACE | SL_PUT_INPLACE, .entry = e };
    sl_put_encode(&b, t.enc, &m);
    sl_conn_send(t.c, 1, SL_MSG_WRITE, SL_FLAG_DEVICES, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_reset(&b, 4096);
    sl_w_uv(&b, UINT64_C(1) << 50);
    sl_conn_send(t.c, 1, SL_MSG_HOLE, 0, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
    pump_some(5);
    sl_conn_ping(t.c, 77);
    pump_some(5);
    ck_assert_uint_eq(t.pong, 77);
    ck_assert_int_eq(sl_session_step(t.s, &err), SL_OK);       /* it still is at it */
    ck_assert_uint_eq(t.count, 1);                             /* ATTACHED */
    end();
}
END_TEST

/* ---- what a peer costs ---- */

static struct sl_entry_codec *codecs[5];

static void begin_all(void)
{
    begin(1 << 20);
    for (size_t i = 0; i < 5; i++)
        codecs[i] = sl_entry_codec_new();
}

static void end_all(void)
{
    end();
    for (size_t i = 0; i < 5; i++)
        sl_entry_codec_free(codecs[i]);
}

static void send_on(uint8_t channel, enum sl_msg type, struct sl_buf *b)
{
    sl_conn_send(t.c, channel, (uint8_t)type, 0, sl_buf_ptr(b), sl_buf_len(b));
    sl_buf_clear(b);
}

static void attach_on(uint8_t channel)
{
    struct sl_buf b = { 0 };
    struct sl_msg_attach m = { .how = SL_ATTACH_ROOT, .module = "" };
    sl_attach_encode(&b, &m);
    send_on(channel, SL_MSG_ATTACH, &b);
}

static void write_on(uint8_t channel, const char *name, uint32_t flags)
{
    struct sl_buf b = { 0 };
    struct sl_msg_put m = { .meta = SL_META_MODE, .flags = flags, .entry = entry_of(SL_TYPE_FILE, name, 0) };
    sl_put_encode(&b, codecs[channel], &m);
    send_on(channel, SL_MSG_WRITE, &b);
}

static void reserve_on(uint8_t channel, uint64_t n)
{
    struct sl_buf b = { 0 };
    sl_reserve_encode(&b, &n);
    send_on(channel, SL_MSG_RESERVE, &b);
}

static void data_on(uint8_t channel, size_t n)
{
    static const uint8_t some[65536];
    sl_conn_send(t.c, channel, SL_MSG_DATA, 0, some, n);
}

/* The code of the last FAIL on it; SL_OK: none came. */
static enum sl_code failed_on(uint8_t channel)
{
    enum sl_code code = SL_OK;
    for (size_t i = 0; i < t.count; i++) {
        struct sl_rd r;
        struct sl_msg_fail m;
        sl_r_init(&r, sl_buf_ptr(&t.got[i].data), sl_buf_len(&t.got[i].data));
        if (t.got[i].channel == channel && t.got[i].type == SL_MSG_FAIL && sl_fail_decode(&r, &m, NULL) == SL_OK)
            code = m.code;
    }
    return code;
}

/* Whether the file system can't take room ahead. */
static bool takes_no_room(void)
{
    begin_all();
    attach_on(1);
    write_on(1, "x", 0);
    reserve_on(1, 4096);
    pump();
    bool none = failed_on(1) == SL_E_UNSUPPORTED;
    end_all();
    return none;
}

/* All channels together take no more room ahead than the session may store; what is used is counted once. */
START_TEST(room_is_taken_once)
{
    t.policy.rights = SL_RIGHT_ALL;
    t.policy.quota.stored = 100000;
    if (takes_no_room())
        return;
    begin_all();
    for (uint8_t channel = 1; channel <= 4; channel++) {
        attach_on(channel);
        write_on(channel, channel == 1 ? "a" : channel == 2 ? "b" : "c", 0);
    }
    reserve_on(1, 60000);
    reserve_on(2, 60000);
    pump();
    ck_assert_int_eq(failed_on(1), SL_OK);
    ck_assert_int_eq(failed_on(2), SL_E_LIMIT);
    data_on(3, 50000);                   /* what one has taken another one can't store */
    data_on(1, 60000);                   /* that is paid for */
    pump();
    ck_assert_int_eq(failed_on(3), SL_E_LIMIT);
    ck_assert_int_eq(failed_on(1), SL_OK);
    data_on(1, 30000);
    data_on(4, 20000);
    pump();
    ck_assert_int_eq(failed_on(1), SL_OK);
    ck_assert_int_eq(failed_on(4), SL_E_LIMIT);
    end_all();
}
END_TEST

/* What is not used of it may be stored by others, when the file is over. */
START_TEST(room_is_given_back)
{
    t.policy.quota.stored = 100000;
    if (takes_no_room())
        return;
    begin_all();
    attach_on(1);
    attach_on(2);
    for (int i = 0; i < 5; i++) {
        write_on(1, "a", 0);
        reserve_on(1, 90000);
        data_on(1, 1000);
        sl_conn_send(t.c, 1, SL_MSG_ABORT, 0, "", 0);
    }
    write_on(2, "b", 0);
    data_on(2, 50000);
    pump();
    ck_assert_int_eq(failed_on(1), SL_OK);
    ck_assert_int_eq(failed_on(2), SL_OK);
    end_all();
}
END_TEST

/* In place holes are filled for good: that is stored, whatever becomes of the file. */
START_TEST(room_in_place_is_not_given_back)
{
    struct stat st;
    int fd = openat(t.dir, "sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
    t.policy.quota.stored = 100000;
    if (takes_no_room()) {
        close(fd);
        return;
    }
    begin_all();
    attach_on(1);
    for (int i = 0; i < 5; i++) {
        write_on(1, "sparse", SL_PUT_INPLACE | SL_PUT_REPLACE);
        reserve_on(1, 65536);
        sl_conn_send(t.c, 1, SL_MSG_ABORT, 0, "", 0);
    }
    pump();
    ck_assert_int_eq(failed_on(1), SL_E_LIMIT);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(st.st_size, 1 << 20);
    ck_assert_int_le(st.st_blocks * 512, 100000);
    end_all();
    close(fd);
}
END_TEST

/* What was taken first goes with the file's end, too, if less was asked for later. */
START_TEST(room_goes_however_often_it_was_taken)
{
    struct stat st;
    uint8_t hash[SL_HASH_LEN];
    static const uint8_t data[2];
    t.policy.quota.stored = 1 << 20;
    if (takes_no_room())
        return;
    sl_hash_once(data, sizeof data, hash);
    begin_all();
    attach_on(1);
    write_on(1, "a", 0);
    reserve_on(1, 500000);
    reserve_on(1, 1);
    data_on(1, sizeof data);
    sl_conn_send(t.c, 1, SL_MSG_COMMIT, 0, hash, sizeof hash);
    pump();
    ck_assert_int_eq(failed_on(1), SL_OK);
    ck_assert_int_eq(fstatat(t.dir, "a", &st, 0), 0);
    ck_assert_int_le(st.st_blocks * 512, 65536);
    end_all();
}
END_TEST

static uint64_t stage_in(uint32_t id)
{
    struct sl_buf b = { 0 };
    sl_stage_in_encode(&b, &id);
    return send_buf(SL_MSG_STAGE_IN, &b);
}

/* Whether anybody read a directory since the last time. */
static bool was_read(int watch)
{
    char events[4096] __attribute__((aligned(8)));
    return read(watch, events, sizeof events) > 0;
}

/* A small request that makes the server look at each name of a large directory does so once. */
START_TEST(staging_cleans_once)
{
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    ck_assert_int_eq(mkdirat(t.dir, "aside", 0755), 0);
    char *path = sl_asprintf("%s/aside", scratch_path);
    ck_assert_int_ge(inotify_add_watch(watch, path, IN_ACCESS), 0);
    free(path);
    begin(4096);
    attach();
    open_dir(0, 1, "aside");
    uint64_t n = stage_in(1);
    pump();
    ck_assert_int_eq(result(n), SL_OK);
    ck_assert(was_read(watch));
    for (int i = 0; i < 3; i++) {
        stage_in(0);
        n = stage_in(1);
    }
    pump();
    ck_assert_int_eq(result(n), SL_OK);
    ck_assert(!was_read(watch));
    end();
    close(watch);
}
END_TEST

static uint64_t chunks_kept(uint32_t id)
{
    struct sl_buf b = { 0 };
    struct sl_msg_chunks m = { .id = id, .flags = SL_CHUNKS_KEPT, .grain = 10, .hash_bytes = 8, .name = "x", .name_len = 1 };
    sl_chunks_encode(&b, &m);
    return send_buf(SL_MSG_CHUNKS, &b);
}

/* Events of one directory in a row are one. */
static unsigned count_read(int watch)
{
    static char events[65536] __attribute__((aligned(8)));
    unsigned n = 0;
    for (ssize_t got; (got = read(watch, events, sizeof events)) > 0;)
        n += (unsigned)got / sizeof(struct inotify_event);
    return n;
}

/* Nor does going to and fro between two have each of them searched with each request for what was kept. */
START_TEST(searching_for_what_was_kept_has_an_end)
{
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    static const char *const dirs[] = { "one", "two" };
    begin(4096);
    attach();
    send_raw(SL_MSG_SEED, "12345678", 8);
    for (uint32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(mkdirat(t.dir, dirs[i], 0755), 0);
        char *path = sl_asprintf("%s/%s", scratch_path, dirs[i]);
        ck_assert_int_ge(inotify_add_watch(watch, path, IN_ACCESS), 0);
        free(path);
        open_dir(0, i + 1, dirs[i]);
    }
    uint64_t n = 0;
    for (uint32_t i = 0; i < 400; i++)
        n = chunks_kept(1 + i % 2);
    pump();
    ck_assert_int_eq(result(n), SL_E_NOT_FOUND);
    unsigned read = count_read(watch);
    ck_assert_uint_ge(read, 2);
    ck_assert_uint_lt(read, 150);
    end();
    close(watch);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, metadata_replaces_nothing);
    tcase_add_test(tc, attributes_go_with_their_attach);
    tcase_add_test(tc, what_a_file_stands_for_is_the_servers_to_say);
    tcase_add_test(tc, who_may_only_add_leaves_what_waits);
    tcase_add_test(tc, who_may_only_add_removes_nobody_elses);
    tcase_add_test(tc, releasing_is_renaming);
    tcase_add_test(tc, holes_of_devices_go_in_steps);
    tcase_add_test(tc, room_is_taken_once);
    tcase_add_test(tc, room_is_given_back);
    tcase_add_test(tc, room_in_place_is_not_given_back);
    tcase_add_test(tc, room_goes_however_often_it_was_taken);
    tcase_add_test(tc, staging_cleans_once);
    tcase_add_test(tc, searching_for_what_was_kept_has_an_end);
    tcase_add_test(tc, a_device_is_written_with_the_right_alone);
}

int main(void)
{
    return scratch_run("rights", add);
}

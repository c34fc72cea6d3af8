/* SPDX-License-Identifier: ISC */
/* check_rights - ways around rights that more than one request is needed for, each of which is closed. */
#include "config.h"
#include "base/attrs.h"
#include "tests/session_peer.h"

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

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, metadata_replaces_nothing);
    tcase_add_test(tc, attributes_go_with_their_attach);
    tcase_add_test(tc, what_a_file_stands_for_is_the_servers_to_say);
    tcase_add_test(tc, who_may_only_add_leaves_what_waits);
}

int main(void)
{
    return scratch_run("rights", add);
}

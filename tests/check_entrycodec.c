/* SPDX-License-Identifier: ISC */
/* check_entrycodec - entries there and back: every type, what is left out, limits, and what a hostile peer may write. */
#include "config.h"
#include "proto/entrycodec.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sl_entry_codec *enc, *dec;
static struct sl_buf b;

static void setup(void)
{
    enc = sl_entry_codec_new();
    dec = sl_entry_codec_new();
    sl_buf_init(&b);
}

static void teardown(void)
{
    sl_entry_codec_free(enc);
    sl_entry_codec_free(dec);
    sl_buf_clear(&b);
}

static bool same_text(const char *a, const char *c)
{
    return a && c ? strcmp(a, c) == 0 : a == c;
}

static void check_same(const struct sl_entry *a, const struct sl_entry *e)
{
    ck_assert_int_eq(a->type, e->type);
    ck_assert_uint_eq(a->mode, e->mode);
    ck_assert(a->linked == e->linked);
    ck_assert_uint_eq(a->size, e->size);
    ck_assert_int_eq(a->mtime_s, e->mtime_s);
    ck_assert_uint_eq(a->mtime_ns, e->mtime_ns);
    ck_assert_uint_eq(a->uid, e->uid);
    ck_assert_uint_eq(a->gid, e->gid);
    ck_assert(same_text(a->user, e->user) && same_text(a->group, e->group));
    ck_assert_uint_eq(a->rdev_major, e->rdev_major);
    ck_assert_uint_eq(a->rdev_minor, e->rdev_minor);
    ck_assert_uint_eq(a->name_len, e->name_len);
    ck_assert_str_eq(a->name, e->name);
    ck_assert_uint_eq(a->target_len, e->target_len);
    ck_assert(same_text(a->target, e->target));
}

/* Sends e through both codecs; returns how many bytes it took. */
static size_t pass(const struct sl_entry *e)
{
    struct sl_rd r;
    struct sl_entry got;
    struct sl_error err;
    sl_buf_reset(&b, SIZE_MAX);
    sl_entry_encode(enc, &b, e);
    ck_assert_uint_le(sl_buf_len(&b), SL_ENTRY_BYTES_MAX);
    for (size_t cut = 0; cut < sl_buf_len(&b) && cut < 8; cut++) {
        struct sl_entry_codec *fresh = sl_entry_codec_new();
        sl_r_init(&r, sl_buf_ptr(&b), cut);
        ck_assert_int_eq(sl_entry_decode(fresh, &r, &got, true, &err), SL_E_PROTOCOL);
        sl_entry_codec_free(fresh);
    }
    sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
    ck_assert_int_eq(sl_entry_decode(dec, &r, &got, true, &err), SL_OK);
    ck_assert(sl_r_done(&r));
    check_same(e, &got);
    return sl_buf_len(&b);
}

static struct sl_entry file(const char *name)
{
    return (struct sl_entry){ .type = SL_TYPE_FILE, .mode = 0644, .size = 1000, .mtime_s = 1700000000, .uid = 1000,
                              .gid = 100, .user = "ann", .group = "users", .name = name, .name_len = strlen(name) };
}

START_TEST(every_type)
{
    for (int type = SL_TYPE_FILE; type <= SL_TYPE_SOCKET; type++) {
        struct sl_entry e = file("thing");
        e.type = (enum sl_type)type;
        e.size = type == SL_TYPE_FILE ? INT64_MAX : 0;
        e.mode = 07777;
        e.mtime_ns = 999999999;
        if (type == SL_TYPE_LINK) {
            e.target = "../else/where";
            e.size = e.target_len = strlen(e.target);
        }
        if (type == SL_TYPE_CHAR || type == SL_TYPE_BLOCK)
            e.rdev_major = e.rdev_minor = UINT32_MAX;
        pass(&e);
        pass(&e);
    }
}
END_TEST

START_TEST(only_differences_travel)
{
    struct sl_entry e = file("directory-entry-000");
    ck_assert_uint_gt(pass(&e), 40);
    e.name = "directory-entry-001";
    ck_assert_uint_eq(pass(&e), 6);      /* head, lengths, prefix - 15, one letter, size */
    e.name = "x";
    e.name_len = 1;
    e.mode = 0600;
    e.mtime_s += 1;
    ck_assert_uint_eq(pass(&e), 8);
    e.type = SL_TYPE_DIR;
    e.size = 0;
    pass(&e);
    e = file("y");
    e.mode = 0600;                       /* as of the last file, not of the directory */
    e.mtime_s += 1;
    ck_assert_uint_eq(pass(&e), 5);
}
END_TEST

START_TEST(owners_are_named_once)
{
    struct sl_entry e = file("a");
    e.uid = e.gid = 0;
    e.user = e.group = "root";
    pass(&e);
    ck_assert_ptr_nonnull(memmem(sl_buf_ptr(&b), sl_buf_len(&b), "root", 4));
    struct sl_entry other = file("b");
    other.user = NULL;
    pass(&other);
    pass(&e);
    ck_assert_ptr_null(memmem(sl_buf_ptr(&b), sl_buf_len(&b), "root", 4));
    pass(&other);
    for (unsigned i = 0; i < 3000; i++) {
        char name[16];
        snprintf(name, sizeof name, "u%u", i);
        other.uid = i + 5000;
        other.gid = UINT32_MAX - i;
        other.user = other.group = name;
        pass(&other);
    }
    pass(&e);
}
END_TEST

START_TEST(more_owners_than_are_remembered)
{
    struct sl_rd r;
    struct sl_entry got, e = file("a");
    for (unsigned i = 0; i < SL_OWNERS_MAX; i++) {
        e.uid = e.gid = i;
        e.user = i == SL_OWNERS_MAX - 1 ? NULL : "u";
        e.group = i < SL_OWNERS_MAX / 2 ? "g" : NULL;
        if (i >= SL_OWNERS_MAX / 2)
            e.user = NULL;
        sl_buf_reset(&b, SIZE_MAX);
        sl_entry_encode(enc, &b, &e);
        sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
        ck_assert_int_eq(sl_entry_decode(dec, &r, &got, false, NULL), SL_OK);
        ck_assert(sl_r_done(&r));
        check_same(&e, &got);
    }
}
END_TEST

START_TEST(times_of_all_kinds)
{
    static const int64_t times[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 1700000000, INT64_MIN, 0, INT64_MAX, INT64_MAX };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct sl_entry e = file("t");
        e.mtime_s = times[i];
        e.mtime_ns = i % 3 ? 0 : 5;
        pass(&e);
        pass(&e);
    }
}
END_TEST

START_TEST(longest_of_everything)
{
    char name[SL_NAME_MAX + 1], target[SL_TARGET_MAX + 1], user[SL_OWNER_NAME_MAX + 1], group[SL_OWNER_NAME_MAX + 1];
    memset(name, 'n', SL_NAME_MAX);
    memset(target, 't', SL_TARGET_MAX);
    memset(user, 'u', SL_OWNER_NAME_MAX);
    memset(group, 'g', SL_OWNER_NAME_MAX);
    name[SL_NAME_MAX] = target[SL_TARGET_MAX] = user[SL_OWNER_NAME_MAX] = group[SL_OWNER_NAME_MAX] = '\0';
    struct sl_entry e = { .type = SL_TYPE_LINK, .mode = 0777, .size = SL_TARGET_MAX, .mtime_s = INT64_MIN, .mtime_ns = 1,
                          .uid = UINT32_MAX, .gid = UINT32_MAX, .user = user, .group = group, .name = name,
                          .name_len = SL_NAME_MAX, .target = target, .target_len = SL_TARGET_MAX };
    pass(&e);
    e.name = "";
    e.name_len = 0;
    pass(&e);
    e = file("linked");
    e.linked = true;
    pass(&e);
}
END_TEST

START_TEST(hostile)
{
    /* head, lengths, name, then mode, uid, "", gid, "", time, ns, size: all new unless the head says otherwise */
    static const struct { const char *bytes; size_t len; const char *why; } bad[] = {
        { "\x82\x01" "a\0\0\0\0\0\0\0\0\0\0\0", 14, "a directory with several names" },
        { "\x78\x01" "a\0\0\0\0\0\0\0\0\0\0\0", 14, "type 0" },
        { "\x79\x01" "a\0", 4, "same time and no ns" },
        { "\x39\x01/\0", 4, "slash" },
        { "\x39\x01\0\0", 4, "NUL" },
        { "\x39\x01.\0", 4, "." },
        { "\x39\x02..\0", 5, ".." },
        { "\x39\x03" "a/b\0", 6, "slash inside" },
        { "\x39\x11" "a\0", 4, "prefix of nothing" },
        { "\x31\x01" "a\x80\x20\0", 6, "mode 010000" },
        { "\x19\x01" "a\0\x3b\x9a\xca\x00\0", 9, "a second of nanoseconds" },
        { "\x39\x01" "a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13, "size over 2^63" },
        { "\x29\x01" "a\x80\x80\x80\x80\x10\0\0\0\0", 12, "uid over 2^32" },
        { "\x29\x01" "a\x05\x02x\0\x05\0\0", 10, "NUL in a user's name" },
        { "\x3b\x01" "a\x02x\0", 6, "NUL in a target" },
        { "\x3b\x01" "a\x80\x20", 5, "target of 4096 bytes" },
        { "\x3c\x01" "a\x80\x80\x80\x80\x10\0", 9, "major over 2^32" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sl_entry_codec *c = sl_entry_codec_new();
        struct sl_entry got = { .size = 77 };
        struct sl_error err = { 0 };
        struct sl_rd r;
        sl_r_init(&r, bad[i].bytes, bad[i].len);
        ck_assert_msg(sl_entry_decode(c, &r, &got, false, &err) == SL_E_PROTOCOL, "%s", bad[i].why);
        ck_assert_int_eq(err.code, SL_E_PROTOCOL);
        ck_assert_uint_eq(got.size, 77);
        sl_entry_codec_free(c);
    }
}
END_TEST

START_TEST(empty_name_only_where_allowed)
{
    struct sl_entry got;
    struct sl_rd r;
    sl_r_init(&r, "\x39\x00\x00", 3);
    ck_assert_int_eq(sl_entry_decode(dec, &r, &got, true, NULL), SL_OK);
    sl_r_init(&r, "\x39\x00\x00", 3);
    ck_assert_int_eq(sl_entry_decode(dec, &r, &got, false, NULL), SL_E_PROTOCOL);
}
END_TEST

START_TEST(noise_never_harms)
{
    uint32_t x = 12345;
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t noise[64];
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
        struct sl_entry got;
        struct sl_rd r;
        sl_r_init(&r, noise, round % sizeof noise);
        if (sl_entry_decode(dec, &r, &got, round & 1, NULL) == SL_OK)
            ck_assert(got.name_len <= SL_NAME_MAX && strlen(got.name) == got.name_len && got.mode <= 07777);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("entrycodec");
    TCase *t = tcase_create("entrycodec");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, every_type);
    tcase_add_test(t, only_differences_travel);
    tcase_add_test(t, owners_are_named_once);
    tcase_add_test(t, more_owners_than_are_remembered);
    tcase_add_test(t, times_of_all_kinds);
    tcase_add_test(t, longest_of_everything);
    tcase_add_test(t, hostile);
    tcase_add_test(t, empty_name_only_where_allowed);
    tcase_add_test(t, noise_never_harms);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

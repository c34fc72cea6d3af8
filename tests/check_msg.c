/* SPDX-License-Identifier: ISC */
/* check_msg - every message there and back, cut short at every byte, with a byte too many, and with what is illegal. */
#include "config.h"
#include "proto/msg.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct sl_buf b;
static struct sl_rd r;
static struct sl_error err;

static void setup(void)
{
    sl_buf_init(&b);
}

static void teardown(void)
{
    sl_buf_clear(&b);
}

static struct sl_rd *reader(void)
{
    sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));
    return &r;
}

/* Whether a message that was just encoded is refused in every cut and with a tail; leaves the reader at its start. */
#define CHECK_SHAPE(word, type)                                                          \
    do {                                                                                 \
        struct type m_;                                                                  \
        for (size_t cut_ = 0; cut_ < sl_buf_len(&b); cut_++) {                           \
            sl_r_init(&r, sl_buf_ptr(&b), cut_);                                         \
            if (sl_##word##_decode(&r, &m_, &err) != SL_E_PROTOCOL)                      \
                ck_abort_msg(#word " cut to %zu bytes", cut_);                           \
        }                                                                                \
        sl_w_u8(&b, 0);                                                                  \
        ck_assert_int_eq(sl_##word##_decode(reader(), &m_, &err), SL_E_PROTOCOL);        \
        b.end--;                                                                         \
        reader();                                                                        \
    } while (0)

#define CHECK_REFUSED(word, type, bytes)                                                 \
    do {                                                                                 \
        struct type m_;                                                                  \
        sl_r_init(&r, bytes, sizeof bytes - 1);                                          \
        ck_assert_int_eq(sl_##word##_decode(&r, &m_, &err), SL_E_PROTOCOL);              \
    } while (0)

static bool is(const char *p, size_t n, const char *want)
{
    return n == strlen(want) && memcmp(p, want, n) == 0;
}

START_TEST(attach)
{
    struct sl_msg_attach m = { 7, SL_ATTACH_MODULE, "debian", 6, 0 }, got;
    sl_attach_encode(&b, &m);
    CHECK_SHAPE(attach, sl_msg_attach);
    ck_assert_int_eq(sl_attach_decode(&r, &got, &err), SL_OK);
    ck_assert(got.id == 7 && got.how == SL_ATTACH_MODULE && is(got.module, got.module_len, "debian"));
    m.flags = 1;
    sl_buf_reset(&b, 0);
    sl_attach_encode(&b, &m);
    sl_r_init(&r, sl_buf_ptr(&b), sl_buf_len(&b));       /* without its last byte it is another good one */
    ck_assert_int_eq(sl_attach_decode(&r, &got, &err), SL_OK);
    ck_assert(got.flags == 1 && is(got.module, got.module_len, "debian"));
    CHECK_REFUSED(attach, sl_msg_attach, "\0\2\1a\1\1");
    CHECK_REFUSED(attach, sl_msg_attach, "\0\2\1a\10");     /* no such flag */
    CHECK_REFUSED(attach, sl_msg_attach, "\0\2\1a\4");      /* one that needs another */
    CHECK_REFUSED(attach, sl_msg_attach, "\0\2\1a\0");      /* the usual one is not named */
    CHECK_REFUSED(attach, sl_msg_attach, "\0\3\1a");        /* no such way */
    CHECK_REFUSED(attach, sl_msg_attach, "\0\0\1a");        /* a module where none is meant */
    CHECK_REFUSED(attach, sl_msg_attach, "\0\2\0");
    CHECK_REFUSED(attach, sl_msg_attach, "\0\2\2..");
    CHECK_REFUSED(attach, sl_msg_attach, "\200\200\200\200\20\0\0");
}
END_TEST

START_TEST(attached)
{
    struct sl_msg_attached m = { 1, SL_RIGHT_ALL, SL_ATTACHED_CHOWN, 022, 1000, "home/ann", 8, "hello", 5 }, got;
    sl_attached_encode(&b, &m);
    CHECK_SHAPE(attached, sl_msg_attached);
    ck_assert_int_eq(sl_attached_decode(&r, &got, &err), SL_OK);
    ck_assert(got.request == 1 && got.rights == SL_RIGHT_ALL && got.flags == SL_ATTACHED_CHOWN && got.umask == 022);
    ck_assert(got.uid == 1000 && is(got.home, got.home_len, "home/ann") && is(got.motd, got.motd_len, "hello"));
    static const char *const homes[] = { "/a", "a/", "a//b", "..", "a/../b", "." };
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
        m.home = homes[i];
        m.home_len = strlen(homes[i]);
        sl_buf_reset(&b, 0);
        sl_attached_encode(&b, &m);
        ck_assert_msg(sl_attached_decode(reader(), &got, &err) == SL_E_PROTOCOL, "%s", homes[i]);
    }
    CHECK_REFUSED(attached, sl_msg_attached, "\0\0\0\0\0\0\0");    /* request 0 */
}
END_TEST

START_TEST(list_request)
{
    struct sl_msg_list m = { 3, SL_LIST_RECURSE | SL_LIST_CLEAN, "", 0 }, got;
    sl_list_request_encode(&b, &m);
    CHECK_SHAPE(list_request, sl_msg_list);
    ck_assert_int_eq(sl_list_request_decode(&r, &got, &err), SL_OK);
    ck_assert(got.id == 3 && got.flags == m.flags && got.name_len == 0);
    CHECK_REFUSED(list_request, sl_msg_list, "\0\200\200\2\0");     /* unknown flag */
    CHECK_REFUSED(list_request, sl_msg_list, "\0\0\1/");
}
END_TEST

START_TEST(names_and_directories)
{
    struct sl_msg_open m = { 1, UINT32_MAX, "sub", 3 }, got;
    sl_open_encode(&b, &m);
    CHECK_SHAPE(open, sl_msg_open);
    ck_assert_int_eq(sl_open_decode(&r, &got, &err), SL_OK);
    ck_assert(got.parent == 1 && got.id == UINT32_MAX && is(got.name, got.name_len, "sub"));
    CHECK_REFUSED(open, sl_msg_open, "\0\1\0");
    CHECK_REFUSED(open, sl_msg_open, "\0\1\1.");
    CHECK_REFUSED(open, sl_msg_open, "\0\1\2..");
    CHECK_REFUSED(open, sl_msg_open, "\0\1\3a/b");
    CHECK_REFUSED(open, sl_msg_open, "\0\1\3a\0b");
    CHECK_REFUSED(open, sl_msg_open, "\0\1\377\377\377\377\17");

    struct sl_msg_remove rm = { .id = 2, .kind = SL_TYPE_DIR, .name = "x", .name_len = 1 }, rgot;
    sl_buf_reset(&b, 0);
    sl_remove_encode(&b, &rm);
    CHECK_SHAPE(remove, sl_msg_remove);
    ck_assert_int_eq(sl_remove_decode(&r, &rgot, &err), SL_OK);
    ck_assert(rgot.id == 2 && rgot.kind == SL_TYPE_DIR && is(rgot.name, rgot.name_len, "x"));
    CHECK_REFUSED(remove, sl_msg_remove, "\0\0\1a");
    CHECK_REFUSED(remove, sl_msg_remove, "\0\10\1a");
    CHECK_REFUSED(remove, sl_msg_remove, "\0\11\1a");                    /* what belongs to 8 */
    CHECK_REFUSED(remove, sl_msg_remove, "\0\12\1a\0\0\0\0\0\0");         /* of a directory */

    struct sl_msg_name n = { 9, "f", 1 }, ngot;
    sl_buf_reset(&b, 0);
    sl_name_encode(&b, &n);
    CHECK_SHAPE(name, sl_msg_name);
    ck_assert_int_eq(sl_name_decode(&r, &ngot, &err), SL_OK);
    ck_assert(ngot.id == 9 && is(ngot.name, ngot.name_len, "f"));
}
END_TEST

START_TEST(owners)
{
    struct sl_msg_owner m = { true, 100, "users", 5 }, got;
    sl_owner_encode(&b, &m);
    CHECK_SHAPE(owner, sl_msg_owner);
    ck_assert_int_eq(sl_owner_decode(&r, &got, &err), SL_OK);
    ck_assert(got.group && got.number == 100 && is(got.name, got.name_len, "users"));
    CHECK_REFUSED(owner, sl_msg_owner, "\2\0\0");
    CHECK_REFUSED(owner, sl_msg_owner, "\0\0\1\0");

    static const struct sl_msg_owner_is all[] = { { 4, false, 0 }, { 4, true, 0 }, { UINT64_MAX, true, UINT32_MAX } };
    for (size_t i = 0; i < 3; i++) {
        struct sl_msg_owner_is is_got;
        sl_buf_reset(&b, 0);
        sl_owner_is_encode(&b, &all[i]);
        CHECK_SHAPE(owner_is, sl_msg_owner_is);
        ck_assert_int_eq(sl_owner_is_decode(&r, &is_got, &err), SL_OK);
        ck_assert(is_got.request == all[i].request && is_got.settable == all[i].settable && is_got.number == all[i].number);
    }
    CHECK_REFUSED(owner_is, sl_msg_owner_is, "\1\201\200\200\200\20");
}
END_TEST

START_TEST(answers)
{
    struct sl_msg_fail m = { 300, SL_E_NOT_FOUND, "gone", 4 }, got;
    sl_fail_encode(&b, &m);
    CHECK_SHAPE(fail, sl_msg_fail);
    ck_assert_int_eq(sl_fail_decode(&r, &got, &err), SL_OK);
    ck_assert(got.request == 300 && got.code == SL_E_NOT_FOUND && is(got.text, got.text_len, "gone"));
    sl_r_init(&r, "\1\77\0", 3);                                  /* a newer peer's code */
    ck_assert_int_eq(sl_fail_decode(&r, &got, &err), SL_OK);
    ck_assert_int_eq(got.code, SL_E_IO);
    CHECK_REFUSED(fail, sl_msg_fail, "\1\0\0");
    CHECK_REFUSED(fail, sl_msg_fail, "\1\100\0");
    CHECK_REFUSED(fail, sl_msg_fail, "\0\1\0");

    static char longest[SL_TEXT_MAX + 10];
    memset(longest, 't', sizeof longest);
    m.text = longest;
    m.text_len = sizeof longest;
    sl_buf_reset(&b, 0);
    sl_fail_encode(&b, &m);
    ck_assert_int_eq(sl_fail_decode(reader(), &got, &err), SL_OK);
    ck_assert_uint_eq(got.text_len, SL_TEXT_MAX);

    struct sl_msg_hash_is h = { 5, (const uint8_t *)"0123456789abcdef", 0 }, hgot;
    sl_buf_reset(&b, 0);
    sl_hash_is_encode(&b, &h);
    CHECK_SHAPE(hash_is, sl_msg_hash_is);
    ck_assert_int_eq(sl_hash_is_decode(&r, &hgot, &err), SL_OK);
    ck_assert_mem_eq(hgot.hash, h.hash, SL_HASH_LEN);

    struct sl_msg_module mod = { "pub", "for all", 3, 7 }, mgot;
    sl_buf_reset(&b, 0);
    sl_module_encode(&b, &mod);
    CHECK_SHAPE(module, sl_msg_module);
    ck_assert_int_eq(sl_module_decode(&r, &mgot, &err), SL_OK);
    ck_assert(is(mgot.name, mgot.name_len, "pub") && is(mgot.comment, mgot.comment_len, "for all"));
    CHECK_REFUSED(module, sl_msg_module, "\0\0");
    CHECK_REFUSED(module, sl_msg_module, "\7$(evil)\0");
    CHECK_REFUSED(module, sl_msg_module, "\3a b\0");
    CHECK_REFUSED(module, sl_msg_module, "\2-a\0");
    CHECK_REFUSED(module, sl_msg_module, "\2.a\0");

    char names[65];
    memset(names, 'a', sizeof names);
    mod = (struct sl_msg_module){ names, "", 64, 0 };
    sl_buf_reset(&b, 0);
    sl_module_encode(&b, &mod);
    ck_assert_int_eq(sl_module_decode(reader(), &mgot, &err), SL_OK);
    mod.name_len = 65;
    sl_buf_reset(&b, 0);
    sl_module_encode(&b, &mod);
    ck_assert_int_eq(sl_module_decode(reader(), &mgot, &err), SL_E_PROTOCOL);
}
END_TEST

START_TEST(reads)
{
    static const char *const names[] = { "alpha", "alphabet", "beta", "bet", "bet2" };
    char scratch[SL_NAME_MAX + 1] = "";
    uint32_t id = 0;
    size_t len = 0;
    sl_read_begin(&b, 77);
    for (size_t i = 0; i < 5; i++)
        sl_read_add(&b, i ? names[i - 1] : "", i ? strlen(names[i - 1]) : 0, names[i], strlen(names[i]));
    ck_assert_int_eq(sl_read_open(reader(), &id), SL_OK);
    ck_assert_uint_eq(id, 77);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(sl_read_next(&r, scratch, &len), SL_OK);
        ck_assert_uint_eq(len, strlen(names[i]));
        ck_assert_str_eq(scratch, names[i]);
    }
    ck_assert_int_eq(sl_read_next(&r, scratch, &len), SL_EOF);
    static const char *const bad[] = { "\1/", "\2..", "\2a", "\21a", "\1.", "\xff" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scratch[0] = '\0';
        sl_r_init(&r, bad[i], strlen(bad[i]));
        ck_assert_int_eq(sl_read_next(&r, scratch, &len), SL_E_PROTOCOL);
        ck_assert_int_eq(sl_read_next(&r, scratch, &len), SL_E_PROTOCOL);
    }
    sl_r_init(&r, "\x80", 1);
    ck_assert_int_eq(sl_read_open(&r, &id), SL_E_PROTOCOL);
}
END_TEST

START_TEST(listings)
{
    struct sl_entry_codec *enc = sl_entry_codec_new(), *dec = sl_entry_codec_new();
    struct sl_entry e = { .type = SL_TYPE_DIR, .mode = 0755, .name = "", .user = "ann" };
    struct sl_list_record got;
    sl_entry_encode(enc, &b, &e);
    sl_list_put_error(&b, SL_E_DENIED, "secret", 6, "cannot open");
    sl_list_put_error(&b, SL_E_IO, "", 0, "");
    sl_list_put_end(&b);
    reader();
    ck_assert_int_eq(sl_list_decode(dec, &r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_LIST_ENTRY && got.entry.type == SL_TYPE_DIR && got.entry.name_len == 0);
    ck_assert_str_eq(got.entry.user, "ann");
    ck_assert_int_eq(sl_list_decode(dec, &r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_LIST_ERROR && got.code == SL_E_DENIED && is(got.name, got.name_len, "secret"));
    ck_assert(is(got.text, got.text_len, "cannot open"));
    ck_assert_int_eq(sl_list_decode(dec, &r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_LIST_ERROR && got.name_len == 0 && got.text_len == 0);
    ck_assert_int_eq(sl_list_decode(dec, &r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_LIST_END && sl_r_done(&r));
    ck_assert_int_eq(sl_list_decode(dec, &r, &got, &err), SL_E_PROTOCOL);
    static const char *const bad[] = { "\20", "\200", "\10\1\1/\1x", "\10\377\1a\1x", "\10\1\5a" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sl_r_init(&r, bad[i], strlen(bad[i]));
        ck_assert_int_eq(sl_list_decode(dec, &r, &got, &err), SL_E_PROTOCOL);
    }
    sl_entry_codec_free(enc);
    sl_entry_codec_free(dec);
}
END_TEST

static enum sl_code decode_listed(const void *bytes, size_t n, struct sl_list_record *got)
{
    struct sl_entry_codec *dec = sl_entry_codec_new();
    sl_r_init(&r, bytes, n);
    enum sl_code rc = sl_list_decode(dec, &r, got, &err);
    got->entry.name = NULL;              /* the codec's */
    sl_entry_codec_free(dec);
    return rc;
}

START_TEST(links_in_listings)
{
    struct sl_entry_codec *enc = sl_entry_codec_new();
    struct sl_entry e = { .type = SL_TYPE_FILE, .name = "f", .name_len = 1, .dev = UINT64_MAX, .ino = UINT64_MAX, .names = UINT32_MAX };
    struct sl_list_record got;
    sl_list_put_entry(&b, enc, &e);
    ck_assert_uint_le(sl_buf_len(&b), SL_ENTRY_BYTES_MAX + SL_LINK_BYTES_MAX);
    for (size_t cut = sl_buf_len(&b) - 1; cut > 12; cut--)     /* without any of LINK it is an entry */
        ck_assert_int_eq(decode_listed(sl_buf_ptr(&b), cut, &got), SL_E_PROTOCOL);
    ck_assert_int_eq(decode_listed(sl_buf_ptr(&b), sl_buf_len(&b), &got), SL_OK);
    ck_assert(sl_r_done(&r) && got.entry.dev == UINT64_MAX && got.entry.ino == UINT64_MAX && got.entry.names == UINT32_MAX);
    sl_buf_reset(&b, SIZE_MAX);
    sl_entry_codec_free(enc);
    enc = sl_entry_codec_new();
    e.names = 1;
    sl_list_put_entry(&b, enc, &e);
    ck_assert_int_eq(decode_listed(sl_buf_ptr(&b), sl_buf_len(&b), &got), SL_OK);
    ck_assert(sl_r_done(&r) && got.entry.names == 0 && got.entry.dev == 0 && got.entry.ino == 0);
    sl_entry_codec_free(enc);
}
END_TEST

START_TEST(links_that_make_no_sense)
{
    /* A file "a" (mode, owners and time 0; no bytes) or directory, and LINK; then what is wrong. */
    static const struct { const char *bytes; size_t len; } bad[] = {
        { "\x39\1a\0\x10\1\1\1", 8 },               /* one name only */
        { "\x39\1a\0\x10\1\1\0", 8 },
        { "\x39\1a\0\x10\1\1\x80\x80\x80\x80\x10", 12 }, /* 2^32 names */
        { "\x39\1a\0\x10\1\1\x82\0", 9 },           /* not the shortest form */
        { "\x3a\1a\x10\1\1\2", 7 },                  /* of a directory */
        { "\x10\1\1\2", 4 },                          /* of nothing */
    };
    struct sl_list_record got;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_int_eq(decode_listed(bad[i].bytes, bad[i].len, &got), SL_E_PROTOCOL);
}
END_TEST

START_TEST(mounts_in_listings)
{
    struct sl_list_record got;
    ck_assert_int_eq(decode_listed("\x3a\1m\x28", 4, &got), SL_OK);
    ck_assert(sl_r_done(&r) && got.entry.mount && got.entry.type == SL_TYPE_DIR);
    ck_assert_int_eq(decode_listed("\x3a\1m", 3, &got), SL_OK);
    ck_assert(!got.entry.mount);
    ck_assert_int_eq(decode_listed("\x39\1a\0\x28", 5, &got), SL_E_PROTOCOL);   /* of a file */
    ck_assert_int_eq(decode_listed("\x28", 1, &got), SL_E_PROTOCOL);             /* of nothing */
}
END_TEST

START_TEST(sizes_of_devices_in_listings)
{
    struct sl_entry e = { .type = SL_TYPE_BLOCK, .name = "d", .name_len = 1, .rdev_major = 7, .size = 300 };
    struct sl_entry_codec *enc = sl_entry_codec_new(), *dec = sl_entry_codec_new();
    struct sl_list_record got;
    sl_list_put_entry(&b, enc, &e);
    ck_assert_int_eq(sl_list_decode(dec, reader(), &got, &err), SL_OK);
    ck_assert(sl_r_done(&r) && got.entry.size == 300 && got.entry.type == SL_TYPE_BLOCK && got.entry.rdev_major == 7);
    sl_entry_codec_free(enc);
    sl_entry_codec_free(dec);
    ck_assert_int_eq(decode_listed("\x3d\1d\7\0\x30\xac\2", 8, &got), SL_OK);
    ck_assert_uint_eq(got.entry.size, 300);
    ck_assert_int_eq(decode_listed("\x3d\1d\7\0", 5, &got), SL_OK);
    ck_assert_uint_eq(got.entry.size, 0);
    ck_assert_int_eq(decode_listed("\x3d\1d\7\0\x30\0", 7, &got), SL_E_PROTOCOL);     /* of nothing */
    ck_assert_int_eq(decode_listed("\x3d\1d\7\0\x30", 6, &got), SL_E_PROTOCOL);
    ck_assert_int_eq(decode_listed("\x3c\1d\7\0\x30\1", 7, &got), SL_E_PROTOCOL);     /* of one of characters */
    ck_assert_int_eq(decode_listed("\x39\1a\0\x30\1", 6, &got), SL_E_PROTOCOL);           /* of a file */
    ck_assert_int_eq(decode_listed("\x3d\1d\7\0\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 16, &got), SL_E_PROTOCOL);
}
END_TEST

static void put_data(enum sl_content_kind kind, const char *data)
{
    uint8_t head[SL_CONTENT_HEAD];
    size_t n = sl_content_head(head, kind, strlen(data));
    sl_w_raw(&b, head, n);
    sl_w_raw(&b, data, strlen(data));
}

START_TEST(contents)
{
    static const uint8_t hash[SL_HASH_LEN] = "0123456789abcde";
    struct sl_content got;
    put_data(SL_CONTENT_DATA, "some");
    sl_content_put_hole(&b, INT64_MAX);
    sl_content_put_end(&b, SL_CONTENT_CHANGED, hash, 0, 7);
    put_data(SL_CONTENT_WHOLE, "");
    sl_w_u8(&b, 0);
    sl_w_raw(&b, hash, sizeof hash);
    sl_content_put_failed(&b, SL_E_CHANGED, "it shrank");
    reader();
    ck_assert_int_eq(sl_content_decode(&r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_CONTENT_DATA && is((const char *)got.data, got.len, "some"));
    ck_assert_int_eq(sl_content_decode(&r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_CONTENT_HOLE && got.hole == INT64_MAX);
    ck_assert_int_eq(sl_content_decode(&r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_CONTENT_END && got.flags == SL_CONTENT_CHANGED && memcmp(got.hash, hash, sizeof hash) == 0);
    ck_assert_int_eq(sl_content_decode(&r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_CONTENT_WHOLE && got.len == 0 && got.flags == 0 && memcmp(got.hash, hash, sizeof hash) == 0);
    ck_assert_int_eq(sl_content_decode(&r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_CONTENT_FAILED && got.code == SL_E_CHANGED && is(got.text, got.text_len, "it shrank"));
    ck_assert(sl_r_done(&r));
    static const struct { const char *bytes; size_t n; } bad[] = {
        { "", 0 },           { "\0", 1 },           { "\6", 1 },
        { "\1\2a", 3 },      { "\2\0", 2 },         { "\2\377\377\377\377\377\377\377\377\377\1", 11 },
        { "\3\0short", 7 },  { "\4\0\0", 3 },       { "\5\1a\0short", 9 },
        { "\1\377\377\377\377\17", 6 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sl_r_init(&r, bad[i].bytes, bad[i].n);
        ck_assert_msg(sl_content_decode(&r, &got, &err) == SL_E_PROTOCOL, "case %zu", i);
    }
}
END_TEST

START_TEST(versions)
{
    static const uint8_t hash[SL_HASH_LEN] = "0123456789abcde";
    struct sl_content got;
    sl_content_put_end(&b, SL_CONTENT_VERSION, hash, 0, UINT64_MAX - 1);
    ck_assert_int_eq(sl_content_decode(reader(), &got, &err), SL_OK);
    ck_assert(got.kind == SL_CONTENT_END && got.version == UINT64_MAX - 1 && sl_r_done(&r));
    for (size_t cut = 0; cut < sl_buf_len(&b); cut++) {
        sl_r_init(&r, sl_buf_ptr(&b), cut);
        ck_assert_int_eq(sl_content_decode(&r, &got, &err), SL_E_PROTOCOL);
    }
    put_data(SL_CONTENT_WHOLE, "x");     /* it has none, whatever its flags say */
    sl_w_u8(&b, SL_CONTENT_VERSION);
    sl_w_raw(&b, hash, sizeof hash);
    reader();
    ck_assert_int_eq(sl_content_decode(&r, &got, &err), SL_OK);
    ck_assert_int_eq(sl_content_decode(&r, &got, &err), SL_OK);
    ck_assert(got.kind == SL_CONTENT_WHOLE && got.version == 0 && sl_r_done(&r));
}
END_TEST

/* Neither of them is eight characters of the alphabet with a digit in front. */
static const char *const bad_tokens[] = {
    "abcdefgh", "0abcde/g", "/abcdefg", "0abcdefG", "0abc.efg", "0abcde g", "0abcdef\xff", "0abcdef", "0\0bcdefg", "0abcdef\0", "../../..",
};

START_TEST(parts)
{
    struct sl_msg_part m = { 5, SL_PUT_SPARSE | SL_PUT_FIRST, "0abcdefg", "name", 4, 7, INT64_MAX }, got;
    sl_part_encode(&b, &m);
    CHECK_SHAPE(part, sl_msg_part);
    ck_assert_int_eq(sl_part_decode(&r, &got, &err), SL_OK);
    ck_assert(got.id == 5 && got.flags == 34 && got.from == 7 && got.size == INT64_MAX && is(got.name, got.name_len, "name"));
    ck_assert_mem_eq(got.token, "0abcdefg", SL_TOKEN_LEN);
    for (size_t i = 0; i < sizeof bad_tokens / sizeof *bad_tokens; i++) {
        char token[SL_TOKEN_LEN + 1] = "";
        memcpy(token, bad_tokens[i], strlen(bad_tokens[i]));
        m.token = token;
        sl_buf_reset(&b, 0);
        sl_part_encode(&b, &m);
        ck_assert_msg(sl_part_decode(reader(), &got, &err) == SL_E_PROTOCOL, "token %zu", i);
    }
    CHECK_REFUSED(part, sl_msg_part, "\0\1" "0abcdefg" "\1f\0\0");      /* flags that it has not */
    CHECK_REFUSED(part, sl_msg_part, "\0\20" "0abcdefg" "\1f\0\0");
    CHECK_REFUSED(part, sl_msg_part, "\0\0" "0abcdefg" "\1/\0\0");
    CHECK_REFUSED(part, sl_msg_part, "\0\0" "0abcdefg" "\2..\0\0");
    CHECK_REFUSED(part, sl_msg_part, "\0\0" "0abcdefg" "\0\0\0");
    CHECK_REFUSED(part, sl_msg_part, "\0\0" "0abcdefg" "\1f\2\1");      /* it begins behind the end */
    CHECK_REFUSED(part, sl_msg_part, "\0\0" "0abcdefg" "\1f\0\200\200\200\200\200\200\200\200\200\1");      /* 2^63 */
    CHECK_REFUSED(part, sl_msg_part, "\0\0" "0abcdef" "\1f\0\0");       /* seven */
    CHECK_REFUSED(part, sl_msg_part, "\0\0" "0abcdefgh" "\1f\0\0");
}
END_TEST

START_TEST(drops)
{
    struct sl_msg_drop m = { 5, SL_PUT_REPLACE | SL_PUT_PARTIAL, "9zzzzzz9", "name", 4 }, got;
    sl_drop_encode(&b, &m);
    CHECK_SHAPE(drop, sl_msg_drop);
    ck_assert_int_eq(sl_drop_decode(&r, &got, &err), SL_OK);
    ck_assert(got.id == 5 && got.flags == 9 && is(got.name, got.name_len, "name") && memcmp(got.token, "9zzzzzz9", SL_TOKEN_LEN) == 0);
    CHECK_REFUSED(drop, sl_msg_drop, "\0\2" "0abcdefg" "\1f");
    CHECK_REFUSED(drop, sl_msg_drop, "\0\0" "aabcdefg" "\1f");
    CHECK_REFUSED(drop, sl_msg_drop, "\0\0" "0abcdefg" "\3a/b");
}
END_TEST

START_TEST(moves)
{
    struct sl_msg_move m = { 5, 6, "from", "to", 4, 2, SL_PUT_REPLACE }, got;
    sl_move_encode(&b, &m);
    CHECK_SHAPE(move, sl_msg_move);
    ck_assert_int_eq(sl_move_decode(&r, &got, &err), SL_OK);
    ck_assert(got.from_id == 5 && got.to_id == 6 && got.flags == 1 && is(got.from, got.from_len, "from") && is(got.to, got.to_len, "to"));
    CHECK_REFUSED(move, sl_msg_move, "\0\1a\0\1b\2");                /* flags that it has not */
    CHECK_REFUSED(move, sl_msg_move, "\0\1/\0\1b\0");
    CHECK_REFUSED(move, sl_msg_move, "\0\1a\0\2..\0");
    CHECK_REFUSED(move, sl_msg_move, "\0\0\0\1b\0");
    CHECK_REFUSED(move, sl_msg_move, "\0\1a\0\0\0");
}
END_TEST

START_TEST(file_systems)
{
    struct sl_msg_statfs_is m = { .request = 3, .time_s = -1, .time_ns = 999999999, .total = UINT64_MAX, .free = 1, .files_free = 2, .name_max = 255,
                                  .read_only = true, .type = "xfs", .type_len = 3 }, got;
    sl_statfs_is_encode(&b, &m);
    CHECK_SHAPE(statfs_is, sl_msg_statfs_is);
    ck_assert_int_eq(sl_statfs_is_decode(&r, &got, &err), SL_OK);
    ck_assert(got.request == 3 && got.time_s == -1 && got.time_ns == 999999999 && got.total == UINT64_MAX && got.free == 1 && got.files_free == 2);
    ck_assert(got.name_max == 255 && got.read_only && is(got.type, got.type_len, "xfs"));
    CHECK_REFUSED(statfs_is, sl_msg_statfs_is, "\1\0\x3b\x9a\xca\0\0\0\0\0\0\0");     /* 10^9 nanoseconds */
    CHECK_REFUSED(statfs_is, sl_msg_statfs_is, "\1\0\0\0\0\0\0\0\0\0\2\0");              /* an unknown flag */
    CHECK_REFUSED(statfs_is, sl_msg_statfs_is, "\0\0\0\0\0\0\0\0\0\0\0\0");              /* of no request */
    CHECK_REFUSED(statfs, sl_msg_statfs, "\1\1");
}
END_TEST

START_TEST(backups)
{
    struct sl_msg_backup m = { { 5, 6, "from", "to", 4, 2, SL_PUT_REPLACE | SL_BACKUP_FLAG_AS }, 300, -7, 999999999 }, got;
    sl_backup_encode(&b, &m);
    CHECK_SHAPE(backup, sl_msg_backup);
    ck_assert_int_eq(sl_backup_decode(&r, &got, &err), SL_OK);
    ck_assert(got.names.from_id == 5 && got.names.to_id == 6 && got.names.flags == m.names.flags);
    ck_assert(got.size == 300 && got.mtime_s == -7 && got.mtime_ns == 999999999);
    CHECK_REFUSED(backup, sl_msg_backup, "\0\1a\0\1b\10");              /* flags that it has not */
    CHECK_REFUSED(backup, sl_msg_backup, "\0\1a\0\1b\4");               /* and what belongs to one */
    CHECK_REFUSED(backup, sl_msg_backup, "\0\1a\0\1b\4\1\0\77\377\377\377");
    CHECK_REFUSED(backup, sl_msg_backup, "\0\1a\0\1b\0\0");
    CHECK_REFUSED(backup, sl_msg_backup, "\0\1a\0\2..\0");
}
END_TEST

START_TEST(releases)
{
    struct sl_msg_release m = { 300, SL_PUT_REPLACE | SL_PUT_FSYNC, "film", 4 }, got;
    sl_release_encode(&b, &m);
    CHECK_SHAPE(release, sl_msg_release);
    ck_assert_int_eq(sl_release_decode(&r, &got, &err), SL_OK);
    ck_assert(got.id == 300 && got.flags == m.flags && got.name_len == 4 && memcmp(got.name, "film", 4) == 0);
    CHECK_REFUSED(release, sl_msg_release, "\0\2\1a");                   /* a flag that it has not */
    CHECK_REFUSED(release, sl_msg_release, "\0\200\1a");
    CHECK_REFUSED(release, sl_msg_release, "\0\0\0");
    CHECK_REFUSED(release, sl_msg_release, "\0\0\3a/b");
    CHECK_REFUSED(release, sl_msg_release, "\0\0\1ax");
}
END_TEST

static enum sl_code decode_number(const char *bytes, size_t n, bool id)
{
    struct sl_error why = { 0 };
    struct sl_rd rd;
    uint64_t len = 7;
    uint32_t dir = 7;
    sl_r_init(&rd, bytes, n);
    enum sl_code rc = id ? sl_stage_in_decode(&rd, &dir, &why) : sl_reserve_decode(&rd, &len, &why);
    ck_assert(rc == SL_OK || (len == 7 && dir == 7));
    return rc;
}

START_TEST(numbers)
{
    ck_assert_int_eq(decode_number("\0", 1, false), SL_OK);
    ck_assert_int_eq(decode_number("\377\377\377\377\377\377\377\377\177", 9, false), SL_OK);
    ck_assert_int_eq(decode_number("\200\200\200\200\200\200\200\200\200\1", 10, false), SL_E_PROTOCOL);     /* 2^63 */
    ck_assert_int_eq(decode_number("\377\377\377\377\17", 5, true), SL_OK);
    ck_assert_int_eq(decode_number("\200\200\200\200\20", 5, true), SL_E_PROTOCOL);                            /* 2^32 */
    for (int id = 0; id < 2; id++) {
        ck_assert_int_eq(decode_number("", 0, id), SL_E_PROTOCOL);
        ck_assert_int_eq(decode_number("\1x", 2, id), SL_E_PROTOCOL);
        ck_assert_int_eq(decode_number("\200", 1, id), SL_E_PROTOCOL);
    }
}
END_TEST

/* Encodes m; what the decoder makes of it as a request of that type, in a fresh context. */
static enum sl_code put(enum sl_msg type, const struct sl_msg_put *m, const char *tail, struct sl_msg_put *got)
{
    struct sl_entry_codec *enc = sl_entry_codec_new(), *dec = sl_entry_codec_new();
    sl_buf_reset(&b, SIZE_MAX);
    sl_put_encode(&b, enc, m);
    sl_w_raw(&b, tail, strlen(tail));
    enum sl_code rc = sl_put_decode(reader(), dec, type, got, &err);
    if (rc == SL_OK) {
        ck_assert_uint_eq(got->entry.name_len, m->entry.name_len);
        ck_assert_str_eq(got->entry.name, m->entry.name);
        got->entry.name = NULL;
    }
    sl_entry_codec_free(enc);
    sl_entry_codec_free(dec);
    return rc;
}

START_TEST(puts_of_all_kinds)
{
    static const enum sl_msg types[] = { SL_MSG_WRITE, SL_MSG_MKDIR, SL_MSG_SYMLINK, SL_MSG_MKNOD };
    struct sl_msg_put got, m = { .id = 5, .meta = SL_META_ALL, .flags = SL_PUT_REPLACE | SL_PUT_SPARSE | SL_PUT_FSYNC };
    m.entry = (struct sl_entry){ .type = SL_TYPE_FILE, .size = 4, .name = "f", .name_len = 1, .mode = 04755 };
    m.hash = (const uint8_t *)"0123456789abcdef";
    ck_assert_int_eq(put(SL_MSG_PUT, &m, "data", &got), SL_OK);
    ck_assert(got.id == 5 && got.meta == SL_META_ALL && got.flags == m.flags && is((const char *)got.data, got.data_len, "data"));
    ck_assert_mem_eq(got.hash, m.hash, SL_HASH_LEN);
    ck_assert_int_eq(put(SL_MSG_PUT, &m, "", &got), SL_OK);
    ck_assert_uint_eq(got.data_len, 0);
    ck_assert_int_eq(put(SL_MSG_WRITE, &m, "", &got), SL_E_PROTOCOL);       /* a hash that does not belong there */
    m.hash = NULL;
    ck_assert_int_eq(put(SL_MSG_PUT, &m, "", &got), SL_E_PROTOCOL);
    for (int type = SL_TYPE_FILE; type <= SL_TYPE_SOCKET; type++) {
        m.entry.type = (enum sl_type)type;
        m.entry.size = 0;
        m.entry.target = type == SL_TYPE_LINK ? "to" : NULL;
        m.entry.target_len = type == SL_TYPE_LINK ? 2 : 0;
        unsigned fits = 0;
        for (size_t i = 0; i < 4; i++)
            fits += put(types[i], &m, "", &got) == SL_OK;
        ck_assert_uint_eq(fits, 1);
        ck_assert_int_eq(put(SL_MSG_SET_META, &m, "", &got), SL_OK);
    }
}
END_TEST

START_TEST(joins)
{
    struct sl_msg_put got, m = { .id = 5, .meta = SL_META_ALL, .flags = SL_PUT_REPLACE, .token = "0abcdefg" };
    m.entry = (struct sl_entry){ .type = SL_TYPE_FILE, .size = 4, .name = "f", .name_len = 1 };
    ck_assert_int_eq(put(SL_MSG_JOIN, &m, "", &got), SL_OK);
    ck_assert(got.id == 5 && got.flags == SL_PUT_REPLACE && got.entry.size == 4);
    ck_assert_int_eq(put(SL_MSG_JOIN, &m, "x", &got), SL_E_PROTOCOL);
    ck_assert_int_eq(put(SL_MSG_WRITE, &m, "", &got), SL_E_PROTOCOL);       /* a token that does not belong there */
    m.flags = SL_PUT_FIRST;
    ck_assert_int_eq(put(SL_MSG_JOIN, &m, "", &got), SL_E_PROTOCOL);
    m.flags = 0;
    m.entry.type = SL_TYPE_DIR;
    ck_assert_int_eq(put(SL_MSG_JOIN, &m, "", &got), SL_E_PROTOCOL);
    m.entry.type = SL_TYPE_FILE;
    for (size_t i = 0; i < sizeof bad_tokens / sizeof *bad_tokens; i++) {
        char token[SL_TOKEN_LEN + 1] = "";
        memcpy(token, bad_tokens[i], strlen(bad_tokens[i]));
        m.token = token;
        ck_assert_msg(put(SL_MSG_JOIN, &m, "", &got) == SL_E_PROTOCOL, "token %zu", i);
    }
    m.token = NULL;
    ck_assert_int_eq(put(SL_MSG_JOIN, &m, "", &got), SL_E_PROTOCOL);
    ck_assert_int_eq(put(SL_MSG_JOIN, &m, "0abcdef", &got), SL_E_PROTOCOL);
    m.entry.name = "";
    m.entry.name_len = 0;
    ck_assert_int_eq(put(SL_MSG_JOIN, &m, "0abcdefg", &got), SL_E_PROTOCOL);
}
END_TEST

START_TEST(puts_hostile)
{
    struct sl_msg_put got, m = { .entry = { .type = SL_TYPE_DIR, .name = "" } };
    ck_assert_int_eq(put(SL_MSG_SET_META, &m, "", &got), SL_OK);
    ck_assert_int_eq(put(SL_MSG_MKDIR, &m, "", &got), SL_E_PROTOCOL);
    ck_assert_int_eq(put(SL_MSG_SET_META, &m, "x", &got), SL_E_PROTOCOL);
    m.meta = 32;
    ck_assert_int_eq(put(SL_MSG_SET_META, &m, "", &got), SL_E_PROTOCOL);
    m.meta = 0;
    m.flags = 32;
    ck_assert_int_eq(put(SL_MSG_SET_META, &m, "", &got), SL_E_PROTOCOL);
    m.flags = 0;
    m.entry.name = "..";
    m.entry.name_len = 2;
    ck_assert_int_eq(put(SL_MSG_MKDIR, &m, "", &got), SL_E_PROTOCOL);
    m.entry = (struct sl_entry){ .type = SL_TYPE_FILE, .name = "f", .name_len = 1 };
    m.hash = (const uint8_t *)"0123456789abcdef";
    char *much = malloc(SL_PUT_MAX + 2);
    ck_assert_ptr_nonnull(much);
    memset(much, 'x', SL_PUT_MAX + 1);
    much[SL_PUT_MAX] = '\0';
    ck_assert_int_eq(put(SL_MSG_PUT, &m, much, &got), SL_OK);
    much[SL_PUT_MAX] = 'x';
    much[SL_PUT_MAX + 1] = '\0';
    ck_assert_int_eq(put(SL_MSG_PUT, &m, much, &got), SL_E_PROTOCOL);
    free(much);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("msg");
    TCase *t = tcase_create("msg");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, attach);
    tcase_add_test(t, attached);
    tcase_add_test(t, list_request);
    tcase_add_test(t, names_and_directories);
    tcase_add_test(t, owners);
    tcase_add_test(t, answers);
    tcase_add_test(t, reads);
    tcase_add_test(t, listings);
    tcase_add_test(t, links_in_listings);
    tcase_add_test(t, links_that_make_no_sense);
    tcase_add_test(t, mounts_in_listings);
    tcase_add_test(t, sizes_of_devices_in_listings);
    tcase_add_test(t, contents);
    tcase_add_test(t, versions);
    tcase_add_test(t, parts);
    tcase_add_test(t, drops);
    tcase_add_test(t, moves);
    tcase_add_test(t, file_systems);
    tcase_add_test(t, backups);
    tcase_add_test(t, releases);
    tcase_add_test(t, numbers);
    tcase_add_test(t, joins);
    tcase_add_test(t, puts_of_all_kinds);
    tcase_add_test(t, puts_hostile);
    SRunner *run = srunner_create(s);
    srunner_run_all(run, CK_ENV);
    int failed = srunner_ntests_failed(run);
    srunner_free(run);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: ISC */
/* check_fake - what attributes say of files that stand for others: rsync's form, read and written, and what is none. */
#include "config.h"
#include "tree/fake.h"

#include "base/attrs.h"
#include "base/buf.h"
#include "tests/scratch.h"
#include "tree/attrs_acl.h"

#include <sys/sysmacros.h>

static bool parse(const char *text, mode_t real, struct stat *st)
{
    return sl_fake_parse(text, strlen(text), real, st);
}

START_TEST(texts)
{
    char text[SL_FAKE_TEXT_MAX];
    struct stat st = { 0 };
    ck_assert(parse("20644 1,300 4000000000:0", S_IFREG | 0600, &st));
    ck_assert(st.st_mode == (S_IFCHR | 0644) && major(st.st_rdev) == 1 && minor(st.st_rdev) == 300 &&
              st.st_uid == 4000000000u && !st.st_gid);
    ck_assert_uint_eq(sl_fake_text(text, &st), strlen("20644 1,300 4000000000:0"));
    ck_assert_str_eq(text, "20644 1,300 4000000000:0");
    ck_assert(parse("40755 0,0 4294967295:4294967295", S_IFDIR | 0700, &st));
    st = (struct stat){ .st_mode = S_IFSOCK | 07777,
                        .st_rdev = makedev(4294967295u, 4294967295u),
                        .st_uid = 4294967295u,
                        .st_gid = 4294967295u };
    ck_assert_uint_lt(sl_fake_text(text, &st), SL_FAKE_TEXT_MAX);
    ck_assert(sl_fake_parse(text, strlen(text), S_IFREG, &st));
}
END_TEST

static const char *const not_texts[] = { "",
                                         " ",
                                         "100644",
                                         "100644 0,0 0",
                                         "100644 0,0 0:",
                                         "100644 0,0 0:0 ",
                                         "100644 0,0 0:0x",
                                         " 100644 0,0 0:0",
                                         "100844 0,0 0:0",
                                         "100644 0;0 0:0",
                                         "100644 -1,0 0:0",
                                         "100644 0,0 4294967296:0",
                                         "99999999999999999999 0,0 0:0",
                                         "40755 0,0 0:0",
                                         "644 0,0 0:0",
                                         "150644 0,0 0:0",
                                         "1100644 0,0 0:0",
                                         "100644 0,0 0:99999999999999999999999" };
START_TEST(no_texts)
{
    struct stat st = { .st_uid = 7 };
    ck_assert(!parse(not_texts[_i], S_IFREG | 0600, &st));
    ck_assert(st.st_uid == 7 && !parse("100644 0,0 0:0", S_IFDIR | 0700, &st));
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *real, *as;
        uint32_t flags;
    } rows[] = { { "user.a", "user.a", 0 },
                 { "user.rsync.a", "user.rsync.a", 0 },
                 { "user.rsync.trusted.a", "trusted.a", 0 },
                 { "user.rsync.security.b", "security.b", 0 },
                 { "user.rsync.trusted.", "user.rsync.trusted.", 0 },
                 { "user.rsync.%stat", NULL, 0 },
                 { "user.rsync.%other", NULL, 0 },
                 { "trusted.a", "trusted.a", 0 },
                 { "trusted.a", NULL, SL_FAKE_ONLY },
                 { "user.rsync.trusted.a", NULL, SL_ATTRS_USER },
                 { "user.rsync.%aacl", SL_ACL_ACCESS, SL_ATTRS_ACLS },
                 { "user.rsync.%aacl", NULL, 0 },
                 { "user.rsync.%dacl", SL_ACL_DEFAULT, SL_ATTRS_ACLS },
                 { SL_ACL_ACCESS, NULL, SL_ATTRS_ACLS } };
    char real[SL_ATTR_NAME_MAX + 1], longest[SL_ATTR_NAME_MAX + 1];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *as = sl_fake_stands_for(rows[i].real, SL_ATTRS_XATTRS | SL_FAKE | rows[i].flags);
        ck_assert_msg((!as && !rows[i].as) || (as && rows[i].as && strcmp(as, rows[i].as) == 0), "%s is %s",
                      rows[i].real, as ? as : "none");
        if (as && strcmp(as, "trusted.a") != 0) {
            ck_assert(sl_fake_keeps(real, sizeof real, as));
            ck_assert_str_eq(real, rows[i].real);
        }
    }
    memset(longest, 'x', SL_ATTR_NAME_MAX);
    longest[SL_ATTR_NAME_MAX] = '\0';
    memcpy(longest, "trusted.", 8);
    ck_assert(!sl_fake_keeps(real, sizeof real, longest));
    memcpy(longest, "user.aaa", 8);
    ck_assert(sl_fake_keeps(real, sizeof real, longest));
}
END_TEST

/* What rsync 3.5 wrote. */
static const uint8_t kept[] = { 0x80, 0,    0, 0, 4, 0, 0, 0,    6,    0, 0, 0, 0x80, 0, 0, 0,
                                0xfe, 0xff, 0, 0, 6, 0, 0, 0x80, 0x21, 0, 0, 0, 4,    0, 0, 0 };
static const uint8_t kept_default[] = { 7, 0, 0, 0, 5, 0, 0, 0,    7, 0, 0, 0, 5, 0, 0, 0,
                                        1, 0, 0, 0, 7, 0, 0, 0x80, 2, 0, 0, 0, 4, 0, 0, 0 };

START_TEST(acls)
{
    static const uint8_t ours[] = { SL_ACL_USER, 6, 0xfe, 0xff, 3, 0, SL_ACL_GROUP_OBJ, 4, SL_ACL_GROUP, 4, 33, 0 };
    struct sl_buf set = { 0 }, back = { 0 };
    ck_assert(sl_acl_of_fake(&set, &(struct sl_acl_kept){ kept, sizeof kept, true, 0664 }, NULL));
    ck_assert_mem_eq(sl_buf_ptr(&set), ours, sizeof ours);
    struct sl_attr a = { SL_ACL_ACCESS, strlen(SL_ACL_ACCESS), sl_buf_ptr(&set), sl_buf_len(&set) };
    sl_acl_to_fake(&back, &a, 0664, NULL);
    ck_assert_uint_eq(sl_buf_len(&back), sizeof kept);
    ck_assert_mem_eq(sl_buf_ptr(&back), kept, sizeof kept);
    sl_buf_clear(&set);
    sl_buf_clear(&back);
    ck_assert(sl_acl_of_fake(&set, &(struct sl_acl_kept){ kept_default, sizeof kept_default, false, 0755 }, NULL));
    a = (struct sl_attr){ SL_ACL_DEFAULT, strlen(SL_ACL_DEFAULT), sl_buf_ptr(&set), sl_buf_len(&set) };
    sl_acl_to_fake(&back, &a, 0755, NULL);
    ck_assert_mem_eq(sl_buf_ptr(&back), kept_default, sizeof kept_default);
    sl_buf_clear(&set);
    sl_buf_clear(&back);
}
END_TEST

/* Whatever the bytes are, what comes of them is a set or nothing. */
START_TEST(acls_of_anything)
{
    uint8_t bytes[64];
    srand((unsigned)_i);
    for (unsigned round = 0; round < 2000; round++) {
        struct sl_buf acl = { 0 }, set = { 0 };
        size_t len = (size_t)rand() % sizeof bytes;
        bool access = rand() % 2;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(rand() % 3 ? 0 : rand());
        bool ok = sl_acl_of_fake(&acl, &(struct sl_acl_kept){ bytes, len, access, 0750 }, NULL);
        ck_assert(ok == (len >= 16 && len % 8 == 0));
        struct sl_attr a = { access ? SL_ACL_ACCESS : SL_ACL_DEFAULT, strlen(access ? SL_ACL_ACCESS : SL_ACL_DEFAULT),
                             sl_buf_ptr(&acl), sl_buf_len(&acl) };
        if (ok && a.value_len)
            sl_attrs_add(&set, &a);
        ck_assert_msg(sl_attrs_ok(sl_buf_ptr(&set), sl_buf_len(&set)), "round %u", round);
        sl_buf_clear(&acl);
        sl_buf_clear(&set);
    }
}
END_TEST

static void add_tests(TCase *c)
{
    tcase_add_test(c, texts);
    tcase_add_loop_test(c, no_texts, 0, sizeof not_texts / sizeof not_texts[0]);
    tcase_add_test(c, names);
    tcase_add_test(c, acls);
    tcase_add_loop_test(c, acls_of_anything, 0, 8);
}

int main(void)
{
    return scratch_run("fake", add_tests);
}

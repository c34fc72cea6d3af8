/* SPDX-License-Identifier: ISC */
/* check_attrs - sets of attributes: what is one, what a brief of one says, and sets read from and given to things of a real tree. */
#include "config.h"
#include "base/attrs.h"
#include "tree/attrs.h"
#include "tree/attrs_acl.h"
#include "tree/stage.h"
#include "tree/walk.h"

#include "tests/scratch.h"

#include <errno.h>
#include <sys/xattr.h>

static struct sl_error err;

/* ---- the form ---- */

static void put(struct sl_buf *b, const char *name, const void *value, size_t len)
{
    sl_attrs_add(b, &(struct sl_attr){ name, strlen(name), value, len });
}

static bool ok(const struct sl_buf *b)
{
    return sl_attrs_ok(sl_buf_ptr(b), sl_buf_len(b));
}

START_TEST(sets)
{
    static char long_name[300], value[SL_ATTR_VALUE_MAX + 1];
    struct sl_buf b = { 0 };
    struct sl_attr a;
    ck_assert(sl_attrs_ok(NULL, 0));
    put(&b, "trusted.x", "1", 1);
    put(&b, "user.a", "", 0);
    put(&b, "user.b", value, SL_ATTR_VALUE_MAX);
    ck_assert(ok(&b));
    ck_assert(sl_attrs_find(sl_buf_ptr(&b), sl_buf_len(&b), "user.b", &a) && a.value_len == SL_ATTR_VALUE_MAX);
    ck_assert(!sl_attrs_find(sl_buf_ptr(&b), sl_buf_len(&b), "user.c", &a));
    for (size_t n = 1; n < 40; n++)
        ck_assert_msg(!sl_attrs_ok(sl_buf_ptr(&b), n) || n == 12 || n == 20, "cut at %zu", n);
    put(&b, "user.b", "2", 1);
    ck_assert(!ok(&b));                  /* twice */
    sl_buf_reset(&b, 0);
    put(&b, "user.b", "", 0);
    put(&b, "user.a", "", 0);
    ck_assert(!ok(&b));                  /* out of order */
    memset(long_name, 'u', 256);
    struct { const char *name; size_t len; bool good; } names[] = {
        { "", 0, false }, { "user.x", 0, true }, { "system.posix_acl", 0, false }, { "system.nfs4_acl", 0, false }, { long_name, 0, false },
        { "user.v", SL_ATTR_VALUE_MAX + 1, false },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        sl_buf_reset(&b, 0);
        put(&b, names[i].name, value, names[i].len);
        ck_assert_msg(ok(&b) == names[i].good, "name %zu", i);
    }
    sl_buf_clear(&b);
}
END_TEST

START_TEST(kinds)
{
    ck_assert(sl_attr_is_of("user.a", 6, SL_ATTRS_XATTRS | SL_ATTRS_USER));
    ck_assert(!sl_attr_is_of("user.a", 6, SL_ATTRS_ACLS));
    ck_assert(!sl_attr_is_of("trusted.a", 9, SL_ATTRS_XATTRS | SL_ATTRS_USER));
    ck_assert(sl_attr_is_of("trusted.a", 9, SL_ATTRS_XATTRS));
    ck_assert(!sl_attr_is_of("system.a", 8, SL_ATTRS_SETS));
    ck_assert(sl_attr_is_of(SL_ACL_DEFAULT, sizeof SL_ACL_DEFAULT - 1, SL_ATTRS_ACLS));
    ck_assert(!sl_attr_is_of("user.rsync.%stat", 16, SL_ATTRS_XATTRS));
    ck_assert(sl_attr_is_of("user.rsync.%stat", 16, SL_ATTRS_XATTRS | SL_ATTRS_RSYNC));
    ck_assert(sl_attr_is_privileged("security.capability", 19) && !sl_attr_is_privileged("user.x", 6));
}
END_TEST

START_TEST(briefs)
{
    uint8_t set[1000];
    struct sl_attrs_brief a, b;
    struct sl_buf s = { 0 };
    memset(set, 'v', sizeof set);
    put(&s, "user.v", set, 200);
    sl_attrs_brief(&a, sl_buf_ptr(&s), sl_buf_len(&s));
    ck_assert_uint_eq(sl_attrs_brief_bytes(&a), sl_buf_len(&s));
    sl_attrs_brief(&b, NULL, 0);
    ck_assert(!sl_attrs_same(&a, &b) && sl_attrs_same(&b, &b) && sl_attrs_same(&a, &a));
    sl_buf_reset(&s, 0);
    put(&s, "user.v", set, 900);
    sl_attrs_brief(&a, sl_buf_ptr(&s), sl_buf_len(&s));
    ck_assert_uint_eq(sl_attrs_brief_bytes(&a), SL_ATTRS_HASH_LEN);
    set[5] = 'w';
    sl_buf_reset(&s, 0);
    put(&s, "user.v", set, 900);
    sl_attrs_brief(&b, sl_buf_ptr(&s), sl_buf_len(&s));
    ck_assert(a.len == b.len && !sl_attrs_same(&a, &b));
    b = (struct sl_attrs_brief){ .len = SL_ATTRS_UNKNOWN };
    ck_assert(!sl_attrs_same(&b, &b));
    sl_buf_clear(&s);
}
END_TEST

/* ---- ACLs ---- */

struct acl { const char *name; bool good; size_t count; struct sl_acl_entry e[5]; };

static const struct acl acls[] = {
    { SL_ACL_ACCESS, true, 3, { { 2, 7, 5, "ann", 3 }, { 4, 0, 0, NULL, 0 }, { 8, 1, 0, "", 0 } } },
    { SL_ACL_ACCESS, true, 1, { { 4, 7, 0, NULL, 0 } } },
    { SL_ACL_ACCESS, false, 1, { { 2, 7, 5, "", 0 } } },                               /* no owning group */
    { SL_ACL_ACCESS, false, 2, { { 4, 7, 0, NULL, 0 }, { 16, 7, 0, NULL, 0 } } },      /* the mask is in the mode */
    { SL_ACL_ACCESS, false, 2, { { 4, 7, 0, NULL, 0 }, { 4, 7, 0, NULL, 0 } } },
    { SL_ACL_ACCESS, false, 3, { { 2, 7, 5, "", 0 }, { 4, 7, 0, NULL, 0 }, { 2, 7, 5, "", 0 } } },
    { SL_ACL_ACCESS, false, 3, { { 2, 7, 6, "", 0 }, { 2, 7, 5, "", 0 }, { 4, 7, 0, NULL, 0 } } },
    { SL_ACL_ACCESS, false, 1, { { 4, 8, 0, NULL, 0 } } },
    { SL_ACL_ACCESS, false, 2, { { 2, 7, 5, "a\0b", 3 }, { 4, 7, 0, NULL, 0 } } },
    { SL_ACL_DEFAULT, true, 3, { { 1, 7, 0, NULL, 0 }, { 4, 5, 0, NULL, 0 }, { 32, 0, 0, NULL, 0 } } },
    { SL_ACL_DEFAULT, true, 5, { { 1, 7, 0, NULL, 0 }, { 4, 5, 0, NULL, 0 }, { 8, 4, 3, "", 0 }, { 16, 4, 0, NULL, 0 }, { 32, 0, 0, NULL, 0 } } },
    { SL_ACL_DEFAULT, false, 4, { { 1, 7, 0, NULL, 0 }, { 4, 5, 0, NULL, 0 }, { 8, 4, 3, "", 0 }, { 32, 0, 0, NULL, 0 } } },
    { SL_ACL_DEFAULT, false, 2, { { 1, 7, 0, NULL, 0 }, { 4, 5, 0, NULL, 0 } } },
    { SL_ACL_DEFAULT, false, 3, { { 1, 7, 0, NULL, 0 }, { 3, 5, 0, NULL, 0 }, { 32, 0, 0, NULL, 0 } } },
    { SL_ACL_DEFAULT, false, 0, { { 0 } } },
};

static void put_acl(struct sl_buf *set, const struct acl *acl)
{
    struct sl_buf value = { 0 };
    for (size_t i = 0; i < acl->count; i++)
        sl_acl_add(&value, &acl->e[i]);
    put(set, acl->name, sl_buf_ptr(&value), sl_buf_len(&value));
    sl_buf_clear(&value);
}

START_TEST(acl_forms)
{
    struct sl_buf b = { 0 };
    put_acl(&b, &acls[_i]);
    ck_assert(ok(&b) == acls[_i].good);
    sl_buf_clear(&b);
}
END_TEST

/* To the kernel's form and back: an access ACL loses and regains what is in the mode. */
START_TEST(acl_to_and_fro)
{
    struct sl_buf b = { 0 }, system = { 0 }, back = { 0 };
    struct sl_attr a;
    const struct acl *acl = &acls[_i];
    if (!acl->good)
        return;
    put_acl(&b, acl);
    ck_assert(sl_attrs_find(sl_buf_ptr(&b), sl_buf_len(&b), acl->name, &a));
    bool access = strcmp(acl->name, SL_ACL_ACCESS) == 0;
    sl_acl_to_system(&system, &a, 0754, NULL);
    ck_assert_uint_eq(sl_buf_len(&system), 4 + 8 * (acl->count + (access ? 3 : 0)));
    ck_assert(sl_acl_of_system(&back, sl_buf_ptr(&system), sl_buf_len(&system), access, NULL));
    size_t names = _i == 0 ? 3 : 0;      /* nobody was asked for them */
    ck_assert_uint_eq(sl_buf_len(&back), a.value_len - names);
    sl_buf_reset(&back, 0);
    ck_assert(!sl_acl_of_system(&back, sl_buf_ptr(&system), sl_buf_len(&system) - 1, access, NULL));
    sl_buf_clear(&b);
    sl_buf_clear(&system);
    sl_buf_clear(&back);
}
END_TEST

/* Whose number is another one here: 7 is called "ann" there, and ann is 9 here. */
static bool ask(void *ctx, bool group, char *name, uint32_t *number)
{
    (void)ctx;
    if (strcmp(name, "ann") == 0) {
        *number = 9;
        return true;
    }
    if (*name || *number != 9 || group)
        return false;
    strcpy(name, "ann");
    return true;
}

START_TEST(acl_names)
{
    static const struct acl acl = { SL_ACL_ACCESS, true, 5,
                                    { { 2, 5, 8, "", 0 }, { 2, 7, 8, "ann", 3 }, { 2, 1, 9, "", 0 }, { 4, 0, 0, NULL, 0 }, { 8, 1, 7, "ann", 3 } } };
    struct sl_owners *o = sl_owners_new_asking(ask, NULL);
    struct sl_buf b = { 0 }, system = { 0 }, back = { 0 };
    struct sl_attr a;
    put_acl(&b, &acl);
    ck_assert(sl_attrs_find(sl_buf_ptr(&b), sl_buf_len(&b), acl.name, &a));
    sl_acl_to_system(&system, &a, 0770, o);
    ck_assert(sl_acl_of_system(&back, sl_buf_ptr(&system), sl_buf_len(&system), true, o));
    static const uint8_t want[] = { 2, 5, 8, 0, 2, 7, 9, 3, 'a', 'n', 'n', 4, 0, 8, 1, 9, 0 };
    ck_assert_uint_eq(sl_buf_len(&back), sizeof want);
    ck_assert_mem_eq(sl_buf_ptr(&back), want, sizeof want);
    sl_buf_clear(&b);
    sl_buf_clear(&system);
    sl_buf_clear(&back);
    sl_owners_free(o);
}
END_TEST

/* ---- a real tree ---- */

/* Whether the file system of tests has attributes of users. */
static bool has_attrs(int top)
{
    scratch_file(top, "probe", "", 0);
    int fd = openat(top, "probe", O_RDONLY | O_CLOEXEC);
    bool yes = fsetxattr(fd, "user.probe", "", 0, 0) == 0;
    close(fd);
    return yes;
}

static bool has_acls(int top)
{
    struct sl_attr a = { SL_ACL_ACCESS, sizeof SL_ACL_ACCESS - 1, (const uint8_t *)"\4\4", 2 };
    struct sl_buf b = { 0 };
    int fd = openat(top, "probe", O_RDONLY | O_CLOEXEC);
    sl_acl_to_system(&b, &a, 0644, NULL);
    bool yes = fsetxattr(fd, SL_ACL_ACCESS, sl_buf_ptr(&b), sl_buf_len(&b), 0) == 0;
    sl_buf_clear(&b);
    close(fd);
    return yes;
}

static size_t read_of(int top, const char *name, uint32_t flags, struct sl_attrs_reader *r)
{
    struct stat st;
    r->flags = flags;
    ck_assert_int_eq(fstatat(top, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), 0);
    ck_assert_int_eq(sl_attrs_read(r, top, name, &st, &err), SL_OK);
    return sl_buf_len(&r->set);
}

static struct sl_attrs_want want_of(const struct sl_buf *set, uint32_t flags)
{
    return (struct sl_attrs_want){ .flags = flags, .set = sl_buf_ptr(set), .len = sl_buf_len(set) };
}

START_TEST(things)
{
    int top = scratch_make();
    if (has_attrs(top)) {
        static uint8_t large[2000];
        struct sl_buf set = { 0 };
        struct sl_attrs_reader r = { 0 };
        struct sl_entry e = { .type = SL_TYPE_FILE, .mode = 0444, .name = "f", .name_len = 1 };
        put(&set, "user.a", "1", 1);
        put(&set, "user.b", large, sizeof large);
        struct sl_attrs_want w = want_of(&set, SL_ATTRS_XATTRS | SL_ATTRS_USER);
        e.wants = &w;
        ck_assert_int_eq(sl_stage_put(top, &e, SL_META_MODE, 0, "x", 1, NULL, &err), SL_OK);
        ck_assert_uint_eq(read_of(top, "f", SL_ATTRS_XATTRS, &r), sl_buf_len(&set));
        ck_assert_mem_eq(sl_buf_ptr(&r.set), sl_buf_ptr(&set), sl_buf_len(&set));
        ck_assert_uint_eq(read_of(top, "f", SL_ATTRS_ACLS, &r), 0);
        /* A file that can't be written may yet be its owner's to change. */
        sl_buf_reset(&set, 0);
        put(&set, "user.c", "3", 1);
        w = want_of(&set, SL_ATTRS_XATTRS | SL_ATTRS_USER);
        ck_assert_int_eq(sl_meta_set_at(top, "f", &e, 0, NULL, &err), SL_OK);
        ck_assert_uint_eq(read_of(top, "f", SL_ATTRS_XATTRS, &r), sl_buf_len(&set));
        struct stat st;
        ck_assert_int_eq(fstatat(top, "f", &st, 0), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0444);
        /* A directory itself. */
        struct sl_entry d = { .type = SL_TYPE_DIR, .mode = 0700, .name = "", .wants = &w };
        ck_assert_int_eq(sl_meta_set_at(top, "", &d, 0, NULL, &err), SL_OK);
        ck_assert_uint_eq(read_of(top, "", SL_ATTRS_XATTRS, &r), sl_buf_len(&set));
        /* A link has none of users: it can't be given any, and nothing else of it fails. */
        struct sl_entry l = { .type = SL_TYPE_LINK, .name = "l", .name_len = 1, .target = "f", .target_len = 1, .wants = &w };
        ck_assert_int_eq(sl_stage_special(top, &l, 0, 0, NULL, &err), SL_E_ATTRS);
        ck_assert_int_eq(fstatat(top, "l", &st, AT_SYMLINK_NOFOLLOW), 0);
        ck_assert_uint_eq(read_of(top, "l", SL_ATTRS_XATTRS, &r), 0);
        sl_attrs_reader_clear(&r);
        sl_buf_clear(&set);
    }
    scratch_remove(top);
}
END_TEST

/* The numbered names of a set: each `step`th of some. */
static void put_numbered(struct sl_buf *b, unsigned step, const char *value)
{
    char name[16];
    for (unsigned i = 0; i < 60; i += step) {
        snprintf(name, sizeof name, "user.%02u", i);
        put(b, name, value, 1);
    }
}

/* Names that come before, between and behind those that are wanted go; those in common stay. */
START_TEST(others_go)
{
    int top = scratch_make();
    if (has_attrs(top)) {
        static const unsigned steps[] = { 1, 2, 3, 7, 60 };
        struct sl_attrs_reader r = { 0 };
        scratch_file(top, "f", "", 0);
        for (size_t i = 0; i < 25; i++) {
            struct sl_buf set = { 0 };
            struct sl_entry e = { .type = SL_TYPE_FILE, .name = "f", .name_len = 1 };
            put_numbered(&set, steps[i % 5], "x");
            put(&set, i % 2 ? "user.zz" : "user.z", "", 0);
            struct sl_attrs_want w = want_of(&set, SL_ATTRS_XATTRS | SL_ATTRS_USER);
            e.wants = &w;
            ck_assert_int_eq(sl_meta_set_at(top, "f", &e, 0, NULL, &err), SL_OK);
            ck_assert_uint_eq(read_of(top, "f", SL_ATTRS_XATTRS, &r), sl_buf_len(&set));
            ck_assert_mem_eq(sl_buf_ptr(&r.set), sl_buf_ptr(&set), sl_buf_len(&set));
            sl_buf_reset(&set, 0);
            put_numbered(&set, steps[i / 5], "y");
            w = want_of(&set, SL_ATTRS_XATTRS | SL_ATTRS_USER);
            ck_assert_int_eq(sl_meta_set_at(top, "f", &e, 0, NULL, &err), SL_OK);
            ck_assert_uint_eq(read_of(top, "f", SL_ATTRS_XATTRS, &r), sl_buf_len(&set));
            sl_buf_clear(&set);
        }
        sl_attrs_reader_clear(&r);
    }
    scratch_remove(top);
}
END_TEST

/* What a walk tells of it. */
START_TEST(walked)
{
    int top = scratch_make();
    struct sl_walk *w = NULL;
    struct sl_walk_event ev;
    size_t seen = 0;
    bool has = has_attrs(top);
    ck_assert_int_eq(sl_walk_new(&w, top, "", SL_WALK_RECURSE | SL_WALK_XATTRS, NULL, &err), SL_OK);
    while (sl_walk_next(w, &ev) == SL_OK)
        if (ev.kind == SL_WALK_ENTRY && strcmp(ev.entry.name, "probe") == 0) {
            seen++;
            ck_assert_uint_eq(ev.entry.attrs.len, has ? sizeof "user.probe" - 1 + 2 : 0);
        }
    ck_assert_uint_eq(seen, 1);
    sl_walk_free(w);
    scratch_remove(top);
}
END_TEST

static unsigned mode_of(int top, const char *name)
{
    struct stat st;
    ck_assert_int_eq(fstatat(top, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_mode & 07777;
}

START_TEST(acls_of_things)
{
    int top = scratch_make();
    if (has_attrs(top) && has_acls(top)) {
        struct sl_buf set = { 0 };
        struct sl_attrs_reader r = { 0 };
        struct sl_entry e = { .type = SL_TYPE_FILE, .mode = 0674, .name = "f", .name_len = 1 };
        put_acl(&set, &acls[0]);
        struct sl_attrs_want w = want_of(&set, SL_ATTRS_ACLS);
        e.wants = &w;
        ck_assert_int_eq(sl_stage_put(top, &e, SL_META_MODE, 0, "x", 1, NULL, &err), SL_OK);
        ck_assert_uint_eq(mode_of(top, "f"), 0674);
        ck_assert_uint_eq(read_of(top, "f", SL_ATTRS_ACLS, &r), sl_buf_len(&set) - 3);
        /* Without an ACL, the group has the mode's bits, which may be more than it had. */
        w.len = 0;
        e.mode = 0640;
        ck_assert_int_eq(sl_meta_set_at(top, "f", &e, SL_META_MODE, NULL, &err), SL_OK);
        ck_assert_uint_eq(mode_of(top, "f"), 0640);
        ck_assert_uint_eq(read_of(top, "f", SL_ATTRS_SETS, &r), 0);
        /* A directory with a default ACL, and what is made in it without any. */
        sl_buf_reset(&set, 0);
        put_acl(&set, &acls[10]);
        w = want_of(&set, SL_ATTRS_ACLS);
        struct sl_entry d = { .type = SL_TYPE_DIR, .mode = 0755, .name = "d", .name_len = 1, .wants = &w };
        ck_assert_int_eq(sl_stage_mkdir(top, &d, SL_META_MODE, NULL, &err), SL_OK);
        ck_assert_uint_eq(read_of(top, "d", SL_ATTRS_ACLS, &r), sl_buf_len(&set));
        int in = openat(top, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct sl_attrs_want none = { .flags = SL_ATTRS_ACLS };
        e.wants = &none;
        e.mode = 0664;
        ck_assert_int_eq(sl_stage_put(in, &e, SL_META_MODE, 0, "x", 1, NULL, &err), SL_OK);
        ck_assert_uint_eq(mode_of(in, "f"), 0664);
        ck_assert_uint_eq(read_of(in, "f", SL_ATTRS_ACLS, &r), 0);
        close(in);
        sl_attrs_reader_clear(&r);
        sl_buf_clear(&set);
    }
    scratch_remove(top);
}
END_TEST

/* Times of access, with and without others. */
START_TEST(times_of_access)
{
    int top = scratch_make();
    struct stat st;
    struct sl_attrs_want w = { .flags = SL_ATTRS_ATIME, .atime_s = 1000, .atime_ns = 5 };
    struct sl_entry e = { .type = SL_TYPE_FILE, .mode = 0600, .mtime_s = 77, .name = "f", .name_len = 1, .wants = &w };
    ck_assert_int_eq(sl_stage_put(top, &e, SL_META_MTIME, 0, "x", 1, NULL, &err), SL_OK);
    ck_assert_int_eq(fstatat(top, "f", &st, 0), 0);
    ck_assert(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_sec == 77);
    w.atime_s = 2000;
    e.mtime_s = 88;
    ck_assert_int_eq(sl_meta_set_at(top, "f", &e, 0, NULL, &err), SL_OK);
    ck_assert_int_eq(fstatat(top, "f", &st, 0), 0);
    ck_assert(st.st_atim.tv_sec == 2000 && st.st_mtim.tv_sec == 77);
    scratch_remove(top);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("attrs");
    TCase *t = tcase_create("attrs");
    const int n = (int)(sizeof acls / sizeof acls[0]);
    suite_add_tcase(s, t);
    tcase_add_test(t, sets);
    tcase_add_test(t, kinds);
    tcase_add_test(t, briefs);
    tcase_add_loop_test(t, acl_forms, 0, n);
    tcase_add_loop_test(t, acl_to_and_fro, 0, n);
    tcase_add_test(t, acl_names);
    tcase_add_test(t, things);
    tcase_add_test(t, others_go);
    tcase_add_test(t, walked);
    tcase_add_test(t, acls_of_things);
    tcase_add_test(t, times_of_access);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: ISC */
/* check_mapping - who is mapped to whom, also in ACLs, and names that a destination does or does not know. */
#include "config.h"
#include "client/alter_acls.h"
#include "client/mapping.h"

#include "tests/scratch.h"

static int answers_before;       /* how many questions stay open first */

static enum sl_code answer(struct sl_endpoint *e, bool group, uint32_t number, const char *name, bool *settable, uint32_t *there)
{
    (void)e;
    if (answers_before-- > 0)
        return SL_AGAIN;
    *settable = true;
    *there = strcmp(name, "known") == 0 ? group ? 77u : 7u : strcmp(name, "root") == 0 ? 0 : number;
    return SL_OK;
}

static const struct sl_endpoint_ops ops = { .owner = answer };
static struct sl_endpoint dest = { .ops = &ops };

/* UINT32_MAX: it is not mapped. */
static uint32_t find(const struct sl_mapping *m, uint32_t number, const char *name)
{
    uint32_t to = UINT32_MAX;
    return sl_mapping_find(m, number, name, &to) ? to : UINT32_MAX;
}

START_TEST(maps)
{
    struct sl_mapping *m = NULL;
    struct sl_error err = { 0 };
    ck_assert_int_eq(sl_mapping_parse(&m, "usermap", "0:known,10-20:1,bob:2,s*e:3,:4,300:root,x?[yz]:5,4000000000:6", &err), SL_OK);
    answers_before = 1;
    ck_assert_int_eq(sl_mapping_resolve(m, &dest, false, &err), SL_AGAIN);
    ck_assert_int_eq(sl_mapping_resolve(m, &dest, false, &err), SL_OK);
    ck_assert_uint_eq(find(m, 0, "root"), 7);
    ck_assert_uint_eq(find(m, 10, "bob"), 1);    /* the first that matches */
    ck_assert_uint_eq(find(m, 20, NULL), 1);
    ck_assert_uint_eq(find(m, 9, "bob"), 2);
    ck_assert_uint_eq(find(m, 21, "someone"), 3);
    ck_assert_uint_eq(find(m, 21, NULL), 4);
    ck_assert_uint_eq(find(m, 300, "x"), 0);
    ck_assert_uint_eq(find(m, 301, "xaz"), 5);
    ck_assert_uint_eq(find(m, 4000000000u, "x"), 6);
    ck_assert_uint_eq(find(m, 301, "xa"), UINT32_MAX);
    sl_mapping_free(m);
}
END_TEST

START_TEST(all)
{
    struct sl_mapping *m = sl_mapping_all("chown", "known");
    struct sl_error err = { 0 };
    answers_before = 0;
    ck_assert_int_eq(sl_mapping_resolve(m, &dest, true, &err), SL_OK);
    ck_assert_uint_eq(find(m, 0, NULL), 77);
    ck_assert_uint_eq(find(m, 5, "x"), 77);
    sl_mapping_free(m);
    m = sl_mapping_all("chown", "unknown");
    ck_assert_int_eq(sl_mapping_resolve(m, &dest, true, &err), SL_E_CONFIG);
    ck_assert_str_eq(err.text, "--chown: there is no group 'unknown' at the destination");
    sl_mapping_free(m);
}
END_TEST

START_TEST(refused)
{
    static const char *const texts[] = { "", "a", "a:", "1-:x", "-1:x,1-2-3:x", "1a:x", "1:x,", "4294967295:x", "99999999999:x", "a:b,,c:d" };
    struct sl_mapping *m = NULL;
    struct sl_error err = { 0 };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(sl_mapping_parse(&m, "usermap", texts[i], &err) == SL_E_CONFIG, "'%s' is taken", texts[i]);
    ck_assert_ptr_null(m);
}
END_TEST

static void put_acl(struct sl_buf *set, const struct sl_acl_entry *e, size_t n)
{
    struct sl_buf value = { 0 };
    for (size_t i = 0; i < n; i++)
        sl_acl_add(&value, &e[i]);
    sl_attrs_add(set, &(struct sl_attr){ SL_ACL_ACCESS, sizeof SL_ACL_ACCESS - 1, sl_buf_ptr(&value), sl_buf_len(&value) });
    sl_buf_clear(&value);
}

/* A number of the destination does not take the place of one that only the source means by it. */
START_TEST(in_acls)
{
    static const struct sl_acl_entry before[] = { { SL_ACL_USER, 7, 3, "ann", 3 }, { SL_ACL_USER, 0, 5, "bob", 3 }, { SL_ACL_USER, 1, 6, "cat", 3 },
                                                  { SL_ACL_USER, 4, 8, "", 0 }, { SL_ACL_GROUP_OBJ, 5, 0, NULL, 0 } };
    static const struct sl_acl_entry after[] = { { SL_ACL_USER, 7, 5, "", 0 }, { SL_ACL_USER, 0, 5, "bob", 3 }, { SL_ACL_USER, 1, 8, "", 0 },
                                                 { SL_ACL_USER, 4, 8, "", 0 }, { SL_ACL_GROUP_OBJ, 5, 0, NULL, 0 } };
    struct sl_options o = { .acls = true };
    struct sl_error err = { 0 };
    struct sl_buf set = { 0 }, wanted = { 0 }, out = { 0 };
    ck_assert_int_eq(sl_mapping_parse(&o.usermap, "usermap", "ann:5,6:8", &err), SL_OK);
    answers_before = 0;
    ck_assert_int_eq(sl_mapping_resolve(o.usermap, &dest, false, &err), SL_OK);
    put_acl(&set, before, sizeof before / sizeof before[0]);
    put_acl(&wanted, after, sizeof after / sizeof after[0]);
    ck_assert(sl_alter_acls_wanted(&o));
    sl_alter_acls(&o, sl_buf_ptr(&set), sl_buf_len(&set), &out);
    ck_assert_uint_eq(sl_buf_len(&out), sl_buf_len(&wanted));
    ck_assert_mem_eq(sl_buf_ptr(&out), sl_buf_ptr(&wanted), sl_buf_len(&wanted));
    ck_assert(sl_attrs_ok(sl_buf_ptr(&out), sl_buf_len(&out)));
    sl_buf_clear(&set);
    sl_buf_clear(&wanted);
    sl_buf_clear(&out);
    sl_mapping_free(o.usermap);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, maps);
    tcase_add_test(tc, all);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, in_acls);
}

int main(void)
{
    return scratch_run("mapping", add_tests);
}

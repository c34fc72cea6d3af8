/* SPDX-License-Identifier: ISC */
/* check_mapping - who is mapped to whom, and names that a destination does or does not know. */
#include "config.h"
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

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, maps);
    tcase_add_test(tc, all);
    tcase_add_test(tc, refused);
}

int main(void)
{
    return scratch_run("mapping", add_tests);
}

/* SPDX-License-Identifier: ISC */
/* check_chmod - what --chmod makes of modes; the values are rsync's. */
#include "config.h"
#include "client/chmod.h"

#include "tests/scratch.h"

static unsigned become(const char *list, unsigned mode, bool dir)
{
    struct sl_chmod c = { 0 };
    struct sl_error err = { 0 };
    ck_assert_msg(sl_chmod_add(&c, list, 022, &err) == SL_OK, "%s: %s", list, err.text);
    unsigned to = sl_chmod_apply(&c, mode, dir);
    sl_chmod_clear(&c);
    return to;
}

START_TEST(modes)
{
    static const struct {
        const char *list;
        unsigned mode, file, dir;
    } rows[] = {
        { "D2775,F664", 0600, 0664, 02775 },   { "Dg+s,ug+w,Fo-w,+X", 0646, 0664, 02777 },
        { "g=u", 06751, 04771, 04771 },        { "=u", 06751, 0755, 0755 },
        { "u=o", 06751, 02151, 02151 },        { "u-g,g+o", 06751, 06251, 06251 },
        { "g=u,o=g", 06751, 04777, 04777 },    { "-u", 06751, 06000, 06000 },
        { "a+s", 0, 06000, 06000 },            { "+s", 0, 04000, 04000 },
        { "o+s", 0, 04000, 04000 },            { "u=t", 07000, 03000, 03000 },
        { "a=t", 07000, 01000, 01000 },        { "u=rwx", 07751, 07751, 07751 },
        { "o=u", 07000, 06000, 06000 },        { "+ts", 0, 04000, 04000 },
        { "+st", 0, 05000, 05000 },            { "ugo=X", 0644, 0, 0111 },
        { "a=,+X", 0644, 0, 0111 },            { "a=,+X", 0744, 0111, 0111 },
        { "0", 07777, 0, 0 },                  { "07777", 0, 07777, 07777 },
        { "uD+w", 0444, 0444, 0644 },          { "=", 06777, 06000, 06000 },
        { "u=", 06777, 06077, 06077 },         { "+rwx", 0, 0755, 0755 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_msg(become(rows[i].list, rows[i].mode, false) == rows[i].file, "%s of %o: %o", rows[i].list, rows[i].mode,
                      become(rows[i].list, rows[i].mode, false));
        ck_assert_msg(become(rows[i].list, rows[i].mode, true) == rows[i].dir, "%s of directory %o: %o", rows[i].list,
                      rows[i].mode, become(rows[i].list, rows[i].mode, true));
    }
}
END_TEST

START_TEST(refused)
{
    static const char *const lists[] = { "",      "u",     "u+q",   "F,Dg+s",    "9",     "8",   "u=g+w", "D755F644", "a+rX,,u-w",
                                         "10000", "g=ug",  "u=gX",  "u=Xg",      "DF+r",  ",",   "u644",  "+r,",      "+8",
                                         "64 4",  "u =r",  "77777777777777777777" };
    struct sl_chmod c = { 0 };
    struct sl_error err = { 0 };
    ck_assert_int_eq(sl_chmod_add(&c, "600", 022, &err), SL_OK);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        ck_assert_msg(sl_chmod_add(&c, lists[i], 022, &err) == SL_E_CONFIG, "'%s' is taken", lists[i]);
    ck_assert_uint_eq(sl_chmod_apply(&c, 07777, false), 0600);
    ck_assert_uint_eq(sl_chmod_gives(&c), 0);
    ck_assert_int_eq(sl_chmod_add(&c, "Fu+s,Dg+s", 022, &err), SL_OK);
    ck_assert_uint_eq(sl_chmod_gives(&c), 04000);
    sl_chmod_clear(&c);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, modes);
    tcase_add_test(tc, refused);
}

int main(void)
{
    return scratch_run("chmod", add_tests);
}

/* SPDX-License-Identifier: ISC */
/* check_charset - --iconv: names of two charsets, hostile ones among them, and the order that a pair keeps or not. */
#include "config.h"
#include "client/charset.h"
#include "base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scratch.h"

static struct sl_error err;

static struct sl_charset *open_pair(const char *spec)
{
    struct sl_charset *c = NULL;
    ck_assert_int_eq(sl_charset_new(&c, spec, true, &err), SL_OK);
    return c;
}

/* There it is `there`, and here `here`; both ways. */
static void is(const char *spec, const char *here, const char *there)
{
    struct sl_charset *c = open_pair(spec);
    struct sl_charset_name n;
    ck_assert_int_eq(sl_charset_name(c, SL_CHARSET_HERE, there, strlen(there), &n, &err), SL_OK);
    ck_assert_str_eq(n.text, here);
    ck_assert_uint_eq(n.len, strlen(here));
    ck_assert_int_eq(sl_charset_name(c, SL_CHARSET_THERE, here, strlen(here), &n, &err), SL_OK);
    ck_assert_str_eq(n.text, there);
    sl_charset_free(c);
}

static void is_none(const char *spec, enum sl_charset_way way, const char *name, const char *why)
{
    struct sl_charset *c = open_pair(spec);
    struct sl_charset_name n = { .text = "as it was", .len = 9 };
    ck_assert_int_eq(sl_charset_name(c, way, name, strlen(name), &n, &err), SL_E_NAME);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot convert filename: '"));
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
    ck_assert_str_eq(n.text, "as it was");
    sl_charset_free(c);
}

static bool keeps(const char *spec)
{
    struct sl_charset *c = open_pair(spec);
    bool yes = sl_charset_keeps_order(c);
    sl_charset_free(c);
    return yes;
}

START_TEST(converts_names)
{
    is("UTF-8,ISO-8859-1", "plain", "plain");
    is("UTF-8,ISO-8859-1", "b\xc3\xa4r", "b\xe4r");
    is("ISO-8859-1,utf8", "b\xe4r", "b\xc3\xa4r");
    is("UTF-8,KOI8-R", "\xd0\xb0\xd1\x8f", "\xc1\xd1");
    is("UTF-8,EUC-JP", "\xe6\x97\xa5", "\xc6\xfc");
    is("UTF-8", "\xc3\xa4", "\xc3\xa4");
    is("UTF-8,ISO-2022-JP", "\xe6\x97\xa5", "\x1b$BF|\x1b(B"); /* what has a state is ended and begun anew */
}
END_TEST

START_TEST(refuses_what_is_no_name)
{
    const char *invalid = "Invalid or incomplete multibyte or wide character";
    is_none("UTF-8,ISO-8859-1", SL_CHARSET_THERE, "\xff", invalid);
    is_none("UTF-8,ISO-8859-1", SL_CHARSET_THERE, "a\xc3", invalid);         /* ends in the middle */
    is_none("UTF-8,ISO-8859-1", SL_CHARSET_THERE, "\xe2\x82\xac", invalid);  /* the euro */
    is_none("ISO-8859-1,UTF-8", SL_CHARSET_HERE, "\xe4", invalid);
    is_none("UTF-8", SL_CHARSET_HERE, "\xc0\xae\xc0\xae", invalid);          /* ".." in too many bytes */
    is_none("UTF-8,UTF-7", SL_CHARSET_HERE, "+AC4ALg-", "(");                /* ".." in disguise */
    is_none("UTF-8,UTF-7", SL_CHARSET_HERE, "a+AC8-b", "(");                 /* and a slash */
    is_none("UTF-8,UTF-7", SL_CHARSET_HERE, "+AAA-", "(");                   /* and a NUL */
    is_none("UTF-8,ISO-2022-JP", SL_CHARSET_THERE, "\xe3\x81\x8f", "it would be no name"); /* its second byte is a slash */
    is_none("UTF-8,UTF-16BE", SL_CHARSET_THERE, "a", "it would be no name");
}
END_TEST

/* Two names that mean the same there: only the one that comes back counts. */
START_TEST(no_two_names_become_one)
{
    is("UTF-8,UTF-7", "\xc3\xa4", "+AOQ-");
    is_none("UTF-8,UTF-7", SL_CHARSET_HERE, "+AOQ", "it does not come back the same");
    is_none("UTF-8,ISO-8859-1//TRANSLIT", SL_CHARSET_THERE, "\xe2\x82\xac", "(");
    is_none("UTF-8,ASCII//IGNORE", SL_CHARSET_THERE, "a\xc3\xa4", "(");
}
END_TEST

START_TEST(has_bounds)
{
    struct sl_charset *c = open_pair("UTF-8,ISO-8859-1");
    struct sl_charset_name n;
    char there[SL_NAME_MAX + 1];
    memset(there, 0xe4, SL_NAME_MAX);
    there[SL_NAME_MAX] = '\0';
    ck_assert_int_eq(sl_charset_name(c, SL_CHARSET_HERE, there, 127, &n, &err), SL_OK);
    ck_assert_uint_eq(n.len, 254);
    ck_assert_int_eq(sl_charset_name(c, SL_CHARSET_HERE, there, 128, &n, &err), SL_E_NAME);
    ck_assert_ptr_nonnull(strstr(err.text, "File name too long"));
    memset(there, 'a', SL_NAME_MAX);
    ck_assert_int_eq(sl_charset_name(c, SL_CHARSET_HERE, there, SL_NAME_MAX, &n, &err), SL_OK);
    ck_assert_uint_eq(n.len, SL_NAME_MAX);
    ck_assert_int_eq(sl_charset_name(c, SL_CHARSET_HERE, "", 0, &n, &err), SL_E_NAME);
    sl_charset_free(c);
}
END_TEST

static void path_is(const struct sl_charset *c, const char *here, const char *there)
{
    char *made = sl_charset_path(c, SL_CHARSET_HERE, there);
    if (here)
        ck_assert_str_eq(made, here);
    else
        ck_assert_ptr_null(made);
    free(made);
}

START_TEST(converts_paths)
{
    struct sl_charset *c = open_pair("UTF-8,ISO-8859-1");
    path_is(c, "", "");
    path_is(c, "/", "/");
    path_is(c, "../\xc3\xa4//./b/", "../\xe4//./b/");
    sl_charset_free(c);
    c = open_pair("ISO-8859-1,UTF-8");
    path_is(c, NULL, "a/\xe2\x82\xac/b");
    sl_charset_free(c);
    c = open_pair("UTF-8,UTF-7");
    path_is(c, NULL, "a/+AC4ALg-/b");
    sl_charset_free(c);
}
END_TEST

START_TEST(converts_targets)
{
    struct sl_charset *c = open_pair("UTF-8,ISO-8859-1");
    char text[SL_TARGET_MAX + 1];
    for (size_t i = 0; i < SL_TARGET_MAX; i++)
        text[i] = i % 100 == 99 ? '/' : (char)0xe4;
    text[SL_TARGET_MAX] = '\0';
    struct sl_entry e = { .type = SL_TYPE_LINK, .name = "l", .name_len = 1, .target = text, .target_len = SL_TARGET_MAX };
    ck_assert_ptr_null(sl_charset_target(c, SL_CHARSET_HERE, &e, &err));
    ck_assert_str_eq(err.text, "cannot convert symlink data for: 'l' (File name too long)");
    e.target = "\xe4/..";
    char *made = sl_charset_target(c, SL_CHARSET_HERE, &e, &err);
    ck_assert_str_eq(made, "\xc3\xa4/..");
    free(made);
    e.target = "\xe2\x82\xac";
    ck_assert_int_eq(sl_charset_entry_goes(c, &e, &err), SL_E_NAME);
    ck_assert_ptr_nonnull(strstr(err.text, "symlink data for: 'l' (Invalid"));
    sl_charset_free(c);
    ck_assert_int_eq(sl_charset_new(&c, "UTF-8,ISO-8859-1", false, &err), SL_OK); /* without -l nobody needs it */
    ck_assert_int_eq(sl_charset_entry_goes(c, &e, &err), SL_OK);
    sl_charset_free(c);
}
END_TEST

START_TEST(knows_which_keep_the_order)
{
    ck_assert(keeps("UTF-8,ISO-8859-1"));
    ck_assert(keeps("ISO-8859-1,UTF-8"));
    ck_assert(keeps("utf8,UTF-8"));
    ck_assert(keeps("KOI8-R,koi8r"));
    ck_assert(!keeps("UTF-8,KOI8-R"));
    ck_assert(!keeps("KOI8-R,UTF-8"));
    ck_assert(!keeps("UTF-8,CP1251"));
    ck_assert(!keeps("UTF-8,ISO-8859-15"));   /* the euro stands among others */
    ck_assert(!keeps("UTF-8,EUC-JP"));
    ck_assert(!keeps("UTF-8,GB18030"));
    ck_assert(!keeps("UTF-8,UTF-7"));         /* ASCII is not itself */
    ck_assert(!keeps("UTF-8,EBCDIC-US"));
}
END_TEST

/* Pairs that are said to keep it do: for all names of two characters that the single bytes have. */
START_TEST(the_order_is_kept)
{
    static const char *const specs[] = { "UTF-8,ISO-8859-1", "UTF-8,TIS-620", "UTF-8,ASCII", "UTF-8,ISO-8859-5", "UTF-8,CP1258", "UTF-8,TCVN",
                                         "GB18030,ISO-8859-1", "EUC-JP,ISO-8859-1", "UTF-8,ARMSCII-8", "UTF-8,CP1255" };
    for (size_t s = 0; s < sizeof specs / sizeof specs[0]; s++) {
        struct sl_charset *c = NULL;
        struct sl_charset_name last = { .len = 0 }, now;
        if (sl_charset_new(&c, specs[s], true, &err) != SL_OK || !sl_charset_keeps_order(c)) {
            sl_charset_free(c);
            continue;
        }
        for (unsigned i = 0x2020; i < 0x10000; i++) {
            char name[2] = { (char)(i >> 8), (char)i };
            if (!memchr(name, '/', 2) && name[1] && sl_charset_name(c, SL_CHARSET_HERE, name, 2, &now, &err) == SL_OK) {
                ck_assert_msg(strcmp(last.text, now.text) < 0, "%s: %04x", specs[s], i);
                last = now;
            }
        }
        sl_charset_free(c);
    }
}
END_TEST

START_TEST(converts_texts)
{
    struct sl_charset *c = open_pair("UTF-8,ASCII");
    size_t n = 0;
    char *made = sl_charset_lines(c, "- a\n- \xff\n\n+ b", 12, &n);
    ck_assert_str_eq(made, "- a\n- \xff\n\n+ b");
    ck_assert_uint_eq(n, 12);
    free(made);
    sl_charset_free(c);
    c = open_pair("UTF-8,ISO-8859-1");
    made = sl_charset_lines(c, "\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4\n", 9, &n);
    ck_assert_uint_eq(n, 17);
    ck_assert_mem_eq(made, "\xc3\xa4\xc3\xa4", 4);
    free(made);
    struct sl_error said = { .code = SL_E_IO, .text = "cannot open '\xe4'" };
    sl_charset_message(c, &said);
    ck_assert_str_eq(said.text, "cannot open '\xc3\xa4'");
    memset(said.text, 0xe4, sizeof said.text - 1); /* would be too long */
    sl_charset_message(c, &said);
    ck_assert_uint_eq(strlen(said.text), sizeof said.text - 1);
    sl_charset_free(c);
}
END_TEST

START_TEST(reads_its_option)
{
    struct sl_charset *c = NULL;
    setenv("LC_ALL", "C", 1);
    is(".,UTF-8", "a", "a");
    is_none(".,UTF-8", SL_CHARSET_HERE, "\xc3\xa4", "Invalid");
    is(",", "a", "a");
    is("UTF-8,UTF-8", "\xc3\xa4", "\xc3\xa4");
    ck_assert_int_eq(sl_charset_new(&c, "no-such,UTF-8", true, &err), SL_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "--iconv: the system has no conversion between 'no-such' and 'UTF-8'"));
    ck_assert_int_eq(sl_charset_new(&c, "a,b,c", true, &err), SL_E_CONFIG);
    ck_assert_ptr_null(c);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, converts_names);
    tcase_add_test(tc, refuses_what_is_no_name);
    tcase_add_test(tc, no_two_names_become_one);
    tcase_add_test(tc, has_bounds);
    tcase_add_test(tc, converts_paths);
    tcase_add_test(tc, converts_targets);
    tcase_add_test(tc, knows_which_keep_the_order);
    tcase_add_test(tc, the_order_is_kept);
    tcase_add_test(tc, converts_texts);
    tcase_add_test(tc, reads_its_option);
}

int main(void)
{
    return scratch_run("charset", add_tests);
}

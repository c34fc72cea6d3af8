/* SPDX-License-Identifier: ISC */
/* check_filter - patterns and rules against what rsync 3.5 makes of them. */
#include "config.h"
#include "base/mem.h"
#include "base/filter.h"
#include "scratch.h"

#include <time.h>

static const struct { const char *pattern, *text; bool yes; } wild[] = {
    { "foo", "foo", true },          { "foo", "bar", false },         { "", "", true },
    { "???", "foo", true },          { "??", "foo", false },          { "*", "foo", true },
    { "*", "", true },               { "f*", "foo", true },           { "*f", "foo", false },
    { "*foo*", "foo", true },        { "*ob*a*r*", "foobar", true },  { "*ab", "aaaaab", true },
    { "foo\\*", "foo*", true },      { "foo\\*bar", "foobar", false },{ "f\\\\oo", "f\\oo", true },
    { "*[al]?", "ball", true },      { "[ten]", "ten", false },       { "**[!te]", "ten", true },
    { "t[a-g]n", "ten", true },      { "t[!a-g]n", "ten", false },    { "t[^a-g]n", "ton", true },
    { "a[]]b", "a]b", true },        { "a[]-]b", "a-b", true },       { "a[]-]b", "aab", false },
    { "]", "]", true },              { "foo*bar", "foo/baz/bar", false }, { "foo**bar", "foo/baz/bar", true },
    { "foo?bar", "foo/bar", false }, { "foo[/]bar", "foo/bar", false },   { "foo[^x]bar", "foo/bar", false },
    { "**/foo", "foo", false },      { "**/foo", "/foo", true },      { "**/*", "a/b", true },
    { "*/*/*", "a/b", false },       { "*/*/*", "a/b/c", true },      { "a/**/b", "a/b", false },
    { "[[:alpha:]][[:digit:]]", "a1", true }, { "[[:digit:][:upper:]]", "a", false }, { "[[:xdigit:]]", "f", true },
    { "[[:nonesuch:]]", "a", false },{ "[a-c]b*", "abc", true },      { "[\\]]", "]", true },
    { "[\\-x]", "-", true },         { "[--A]", "-", true },          { "[a-", "a", false },
    { "[", "[", false },             { "a\\", "a", false },           { "*\\", "x\\", false },
    { "[a-]", "-", true },           { "[!]a]", "b", true },          { "[!]a]", "]", false },
    { "[[:]", ":", true },           { "[,-.]", "-", true },          { "-*-*-*-*-*-*-12-*-*-*-m-*-*-*",
                                                                        "-adobe-courier-bold-o-normal--12-120-75-75-m-70-iso8859-1", true },
    { "a*", "a/b", false },           { "a**", "a/b", true },           { "ab*ba", "aba", false },
    { "ab*ba", "abba", true },        { "ab**ba", "ab/ba", true },      { "*.tar.gz", "x.tar.gz", true },
    { "*.tar.gz", ".tar.g", false },  { "a?c*", "abc", true },          { "*b", "b", true },
    { "**/*a*b*g*n*t", "abcd/abcdefg/abcdefghijk/abcdefghijklmnop.txt", true },
};

START_TEST(wildcards)
{
    ck_assert_msg(sl_wildmatch(wild[_i].pattern, wild[_i].text) == wild[_i].yes, "'%s' against '%s'", wild[_i].pattern,
                  wild[_i].text);
}
END_TEST

/* One rule of exclusion, one path. */
static const struct { const char *pattern, *path; bool dir, yes; } single[] = {
    { "foo", "foo", false, true },        { "foo", "a/b/foo", false, true },   { "foo", "afoo", false, false },
    { "foo", "foo/bar", false, false },   { "/foo", "foo", false, true },      { "/foo", "a/foo", false, false },
    { "foo/", "foo", false, false },      { "foo/", "a/foo", true, true },     { "/foo/", "foo", true, true },
    { "a/b", "a/b", false, true },        { "a/b", "x/a/b", false, true },     { "a/b", "xa/b", false, false },
    { "/a/b", "x/a/b", false, false },    { "*.o", "x/y.o", false, true },     { "*.o", "y.oo", false, false },
    { "/*.o", "x/y.o", false, false },    { "*/b", "a/b", false, true },       { "*/b", "x/a/b", false, true },
    { "*/b", "b", false, false },         { "/*/b", "x/a/b", false, false },   { "**/b", "b", false, true },
    { "**/b", "x/a/b", false, true },     { "a/**", "a/b/c", false, true },    { "a/**", "a", true, false },
    { "a/**", "x/a/b", false, true },     { "/a/**", "x/a/b", false, false },  { "a/***", "a", true, true },
    { "a/***", "a", false, false },       { "a/***", "a/b/c", false, true },   { "/a/***", "x/a", true, false },
    { "a**c", "x/a/b/c", false, true },   { "a**c", "ab/xc", false, true },    { "**c", "x/ac", false, true },
    { "*", "anything", true, true },      { "a\\*b", "a\\*b", false, false },  { "a\\*b", "a*b", false, true },
    { "a\\b", "a\\b", false, true },      { "[ab]/?", "x/b/c", false, true },  { "+x", "+x", false, true },
    { "foo", "", true, false },           { "/", "foo", true, false },         { "*", "\377\001", false, true },
};

START_TEST(single_rules)
{
    struct sl_filter *f = sl_filter_new();
    ck_assert(sl_filter_empty(f));
    ck_assert_int_eq(sl_filter_add(f, single[_i].pattern, SL_FILTER_EXCLUDE, NULL), SL_OK);
    ck_assert(!sl_filter_empty(f));
    ck_assert_msg(sl_filter_excludes(f, single[_i].path, single[_i].dir) == single[_i].yes, "'%s' against '%s'",
                  single[_i].pattern, single[_i].path);
    sl_filter_free(f);
}
END_TEST

START_TEST(first_match_wins)
{
    struct sl_filter *f = sl_filter_new();
    sl_filter_add(f, "*.c", SL_FILTER_INCLUDE, NULL);
    sl_filter_add(f, "- /keep/", SL_FILTER_INCLUDE, NULL);
    sl_filter_add(f, "+ */", SL_FILTER_EXCLUDE, NULL);
    sl_filter_add(f, "*", SL_FILTER_EXCLUDE, NULL);
    ck_assert(!sl_filter_excludes(f, "a/x.c", false));
    ck_assert(sl_filter_excludes(f, "keep", true));
    ck_assert(!sl_filter_excludes(f, "a", true));
    ck_assert(sl_filter_excludes(f, "a/x.h", false));
    sl_filter_add(f, "!", SL_FILTER_EXCLUDE, NULL);
    ck_assert(sl_filter_empty(f));
    ck_assert(!sl_filter_excludes(f, "a/x.h", false));
    sl_filter_free(f);
}
END_TEST

START_TEST(rule_without_pattern)
{
    struct sl_error err = { 0 };
    struct sl_filter *f = sl_filter_new();
    ck_assert_int_eq(sl_filter_add(f, "- ", SL_FILTER_EXCLUDE, &err), SL_E_INVALID);
    ck_assert(err.text[0] != '\0');
    ck_assert(sl_filter_empty(f));
    sl_filter_free(f);
}
END_TEST

/* A matcher that goes back would not end here. */
START_TEST(time_is_bounded)
{
    char path[2001], pattern[402];
    for (size_t i = 0; i < 200; i++)
        memcpy(pattern + 2 * i, "*a", 2);
    memcpy(pattern + 400, "b", 2);
    memset(path, 'a', 2000);
    path[2000] = '\0';
    clock_t start = clock();
    ck_assert(!sl_wildmatch(pattern, path));
    ck_assert(!sl_wildmatch("x*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab", "xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab/"));
    ck_assert(!sl_wildmatch("**a**a**a**a**a**a**a**a**a**a**b", path));
    ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 5);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, wildcards, 0, sizeof wild / sizeof wild[0]);
    tcase_add_loop_test(tc, single_rules, 0, sizeof single / sizeof single[0]);
    tcase_add_test(tc, first_match_wins);
    tcase_add_test(tc, rule_without_pattern);
    tcase_add_test(tc, time_is_bounded);
}

int main(void)
{
    return scratch_run("filter", add);
}

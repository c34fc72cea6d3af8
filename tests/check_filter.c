/* SPDX-License-Identifier: ISC */
/* check_filter - patterns and rules against what rsync 3.5 makes of them. */
#include "config.h"
#include "base/mem.h"
#include "base/buf.h"
#include "base/filter.h"
#include "base/pattern.h"
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

/* What git 2.39 makes of a line (gitignore(5)), without its '!'. */
static const struct { const char *pattern, *path; bool dir, yes; } git[] = {
    { "foo", "a/foo", false, true },        { "foo/", "a/foo", false, false },       { "foo/", "a/foo", true, true },
    { "/foo", "a/foo", false, false },      { "/foo", "foo", false, true },          { "a/foo", "x/a/foo", false, false },
    { "a/foo", "a/foo", false, true },      { "**/foo", "foo", false, true },        { "**/foo", "a/b/foo", false, true },
    { "**/foo", "a/xfoo", false, false },   { "a/**/b", "a/b", false, true },        { "a/**/b", "a/x/y/b", false, true },
    { "a/**/b", "a/xb", false, false },     { "a/**/b", "ab", false, false },        { "a/**/**/b", "a/b", false, true },
    { "a/**/**/b", "a/x/b", false, true },  { "a/**", "a", true, false },            { "a/**", "a/b/c", false, true },
    { "/**", "a", false, true },            { "**", "a/b", false, true },            { "a**b/c", "a/b/c", false, false },
    { "a**b/c", "axxb/c", false, true },    { "a*/b", "a/x/b", false, false },       { "***/b", "x/y/b", false, true },
    { "foo**/bar", "foox/y/bar", false, true }, { "a\\*b", "a*b", false, true },     { "a\\b", "ab", false, true },
    { "a\\", "a", false, false },           { "a\\/", "a", true, false },            { "[ab", "[ab", false, false },
    { "x/[!a]", "x/b", false, true },       { "x[/]y", "x/y", false, false },        { "x?y", "x/y", false, false },
    { "*", ".x", false, true },             { "**/*.o", "a/b.o", false, true },      { "**/a/**/b/**/c", "a/b/c", false, true },
    { "**/a/**/b/**/c", "x/a/y/b/z/w/c", false, true }, { "**/a/**/b/**/c", "x/a/y/z/w/c", false, false },
    { "*/**/x", "a/x", false, true },       { "*/**/x", "x", false, false },         { "**\\/x", "x", false, false },
    { "**\\/x", "a/x", false, true },       { "/", "a", true, false },               { "", "a", false, false },
    { "//a", "a", false, false },           { "a//b", "a/b", false, false },         { "d/**/", "d/e/f", true, true },
    { "d/**/", "d", true, false },
};

static bool git_matches(const char *pattern, const char *path, bool dir)
{
    struct sl_pattern p;
    char *text = sl_asprintf("/top/%s", path);
    struct sl_subject s = { .path = text, .root = 4, .name = (size_t)(strrchr(text, '/') + 1 - text), .len = strlen(text), .is_dir = dir };
    sl_pattern_init_git(&p, pattern, strlen(pattern));
    bool yes = sl_pattern_match(&p, &s, 4);
    sl_pattern_clear(&p);
    free(text);
    return yes;
}

/* As it is, and made so long that the places are no bits of a number any more. */
START_TEST(as_git_has_them)
{
    const char *pattern = git[_i].pattern;
    ck_assert_msg(git_matches(pattern, git[_i].path, git[_i].dir) == git[_i].yes, "'%s' against '%s'", pattern, git[_i].path);
    if (!strchr(pattern, '/') || pattern[strlen(pattern) - 1] == '\\' || strchr(pattern, '/')[1] == '\0' || strncmp(pattern, "foo**", 5) == 0)
        return;                          /* in front of it, another name would make another pattern of it */
    bool anchored = pattern[0] == '/';
    char *longer = sl_asprintf("/[l]%0100d/%s", 0, pattern + anchored), *path = sl_asprintf("l%0100d/%s", 0, git[_i].path);
    ck_assert_msg(git_matches(longer, path, git[_i].dir) == git[_i].yes, "'%s' against '%s'", longer, path);
    free(longer);
    free(path);
}
END_TEST

START_TEST(time_of_git_is_bounded)
{
    struct sl_buf pattern = { 0 }, path = { 0 };
    for (int i = 0; i < 300; i++) {
        sl_buf_add(&pattern, "**/a*/", 6);
        sl_buf_add(&path, "aa/", 3);
    }
    sl_buf_add(&pattern, "b", 2);
    sl_buf_add(&path, "a", 2);
    clock_t start = clock();
    ck_assert(!git_matches((const char *)sl_buf_ptr(&pattern), (const char *)sl_buf_ptr(&path), false));
    ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 5);
    sl_buf_clear(&pattern);
    sl_buf_clear(&path);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, as_git_has_them, 0, sizeof git / sizeof git[0]);
    tcase_add_test(tc, time_of_git_is_bounded);
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

/* SPDX-License-Identifier: ISC */
/* check_rules - the language of filter rules: what each is taken for, what is refused and in which words; what merge files make of it. */
#include "config.h"
#include "base/buf.h"
#include "base/mem.h"
#include "client/view.h"
#include "client/options_select.h"
#include "scratch.h"

#include <stdlib.h>

enum { X = SL_RULE_INCLUDE, S = SL_RULE_SENDER, R = SL_RULE_RECEIVER };

static const struct { const char *text; enum sl_rule_kind kind; uint32_t flags; const char *rest; } good[] = {
    { "- a", SL_RULE_PATTERN, 0, "a" },             { "-_a", SL_RULE_PATTERN, 0, "a" },
    { "-  a", SL_RULE_PATTERN, 0, " a" },           { "- _a", SL_RULE_PATTERN, 0, "_a" },
    { "exclude a", SL_RULE_PATTERN, 0, "a" },       { "+ a b ", SL_RULE_PATTERN, X, "a b " },
    { "include,s a", SL_RULE_PATTERN, X | S, "a" }, { "-sr a", SL_RULE_PATTERN, S | R, "a" },
    { "-,/ a", SL_RULE_PATTERN, SL_RULE_ABSOLUTE, "a" }, { "-!p a", SL_RULE_PATTERN, SL_RULE_NEGATED | SL_RULE_PERISHABLE, "a" },
    { "H a", SL_RULE_PATTERN, S, "a" },             { "show a", SL_RULE_PATTERN, S | X, "a" },
    { "P a", SL_RULE_PATTERN, R, "a" },             { "risk a", SL_RULE_PATTERN, R | X, "a" },
    { "hide,! */", SL_RULE_PATTERN, S | SL_RULE_NEGATED, "*/" }, { "-x user.*", SL_RULE_PATTERN, SL_RULE_XATTR, "user.*" },
    { "-C", SL_RULE_CVS, 0, "" },                   { "+C", SL_RULE_CVS, X, "" },
    { "!", SL_RULE_CLEAR, 0, "" },                  { "clear", SL_RULE_CLEAR, 0, "" },
    { ". x", SL_RULE_MERGE, 0, "x" },               { "merge,- x", SL_RULE_MERGE, SL_RULE_BARE, "x" },
    { ": x", SL_RULE_DIR_MERGE, 0, "x" },           { "dir-merge,n+ x", SL_RULE_DIR_MERGE, SL_RULE_OWN | SL_RULE_BARE | X, "x" },
    { ":e /x", SL_RULE_DIR_MERGE, SL_RULE_SELF, "/x" },
    { ":C", SL_RULE_DIR_MERGE, SL_RULE_IN_CVS | SL_RULE_BARE | SL_RULE_WORDS | SL_RULE_OWN, ".cvsignore" },
};

START_TEST(rules_are_taken_apart)
{
    struct sl_rule r;
    ck_assert_int_eq(sl_rule_parse(&r, good[_i].text, strlen(good[_i].text), SL_RULE_FULL, 0, NULL), SL_OK);
    ck_assert_int_eq(r.kind, good[_i].kind);
    ck_assert_uint_eq(r.flags, good[_i].flags);
    ck_assert_uint_eq(r.len, strlen(good[_i].rest));
    ck_assert(memcmp(r.text, good[_i].rest, r.len) == 0);
}
END_TEST

static const struct { const char *text; uint32_t inherited; const char *expected; } refused[] = {
    { "foo", 0, "a rule is expected" },    { "excludes a", 0, "a rule is expected" }, { " - a", 0, "a rule is expected" },
    { "# a", 0, "a rule is expected" },    { "-a", 0, "expected modifiers" },         { "- ", 0, "a pattern is expected" },
    { "-", 0, "a pattern is expected" },   { "-n a", 0, "expected modifiers" },       { "-- a", 0, "expected modifiers" },
    { "Hs a", 0, "expected modifiers" },   { "HC", 0, "expected modifiers" },         { "-s,r a", 0, "expected modifiers" },
    { "! x", 0, "nothing is expected" },   { "!x", 0, "nothing is expected" },        { "clear x", 0, "nothing is expected" },
    { "-C x", 0, "nothing is expected" },  { ".", 0, "merge file is expected" },      { ": ", 0, "merge file is expected" },
    { ":! a", 0, "expected modifiers" },   { ":C- a", 0, "only one of the modifiers" },{ "dir-merge.x", 0, "a rule is expected" },
    { "H a", SL_RULE_SENDER, "no side" },  { "-r a", SL_RULE_SENDER, "no side" },
};

START_TEST(wrong_rules_say_what_was_expected)
{
    struct sl_rule r;
    struct sl_error err = { 0 };
    ck_assert_int_eq(sl_rule_parse(&r, refused[_i].text, strlen(refused[_i].text), SL_RULE_FULL, refused[_i].inherited, &err), SL_E_INVALID);
    ck_assert_msg(strstr(err.text, refused[_i].expected) != NULL, "'%s': %s", refused[_i].text, err.text);
}
END_TEST

START_TEST(old_style)
{
    struct sl_rule r;
    ck_assert_int_eq(sl_rule_parse(&r, "- x", 3, SL_RULE_OLD_INCLUDE, 0, NULL), SL_OK);
    ck_assert_uint_eq(r.flags, 0);
    ck_assert_int_eq(sl_rule_parse(&r, "-_x", 3, SL_RULE_OLD_INCLUDE, 0, NULL), SL_OK);
    ck_assert_uint_eq(r.len, 3);
    ck_assert_int_eq(sl_rule_parse(&r, "!", 1, SL_RULE_OLD_EXCLUDE, 0, NULL), SL_OK);
    ck_assert_int_eq(r.kind, SL_RULE_CLEAR);
    ck_assert_int_eq(sl_rule_parse(&r, "! ", 2, SL_RULE_OLD_EXCLUDE, 0, NULL), SL_OK);
    ck_assert_int_eq(r.kind, SL_RULE_PATTERN);
    /* In a file of patterns only CVS knows '!'. */
    ck_assert_int_eq(sl_rule_parse(&r, "!", 1, SL_RULE_FULL, SL_RULE_BARE, NULL), SL_OK);
    ck_assert_int_eq(r.kind, SL_RULE_PATTERN);
    ck_assert_int_eq(sl_rule_parse(&r, "!", 1, SL_RULE_FULL, SL_RULE_BARE | SL_RULE_IN_CVS, NULL), SL_OK);
    ck_assert_int_eq(r.kind, SL_RULE_CLEAR);
}
END_TEST

/* ---- files ---- */

static struct sl_filters *filters;
static struct sl_error err;

static enum sl_code read_text(const char *text, size_t len, uint32_t inherited)
{
    struct sl_rules_reading r = { .into = &filters->rules, .points = &filters->points, .inherited = inherited, .from0 = filters->from0 };
    err = (struct sl_error){ 0 };
    return sl_rules_text(&r, "rules", text, len, &err);
}
#define READ(text, inherited) read_text(text, sizeof text - 1, inherited)

static bool excludes(uint32_t side, const char *name, bool is_dir)
{
    struct sl_view *v = sl_view_new(filters, side);
    sl_view_begin(v, "/top/dir");
    bool yes = sl_view_excludes(v, name, is_dir, SL_VIEW_LIVING, NULL);
    sl_view_free(v);
    return yes;
}

START_TEST(lines_of_a_file)
{
    filters = sl_filters_new();
    ck_assert_int_eq(READ("# remark\n; remark\n\n- *.o\r\n+ /a b\n- /a*\nP last", 0), SL_OK);
    ck_assert_uint_eq(filters->rules.len, 4);
    ck_assert(excludes(S, "x.o", false));
    ck_assert(!excludes(S, "a b", false));
    ck_assert(excludes(R, "ac", false));
    ck_assert(excludes(R, "last", false) && !excludes(S, "last", false));
    ck_assert_str_eq(filters->rules.at[3].where, "rules:7");
    ck_assert_int_eq(READ("- x\n\nwrong secret\n", 0), SL_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "rules:3: a rule is expected"));
    ck_assert_ptr_null(strstr(err.text, "secret"));
    ck_assert_int_eq(READ("- a\n- b\0c\n", 0), SL_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "rules:2: no NUL byte"));
    ck_assert_int_eq(READ("- a\n- b\n!\n", 0), SL_OK);
    ck_assert(sl_filters_empty(filters));
    filters->from0 = true;
    ck_assert_int_eq(READ("- a\0- b\nc\0#x\0", 0), SL_OK);
    ck_assert_uint_eq(filters->rules.len, 2);
    ck_assert(excludes(S, "b\nc", false));
    sl_filters_free(filters);
}
END_TEST

START_TEST(words_of_a_file)
{
    filters = sl_filters_new();
    ck_assert_int_eq(READ("- foo + bar\n  -s\n x ! -\tbaz", SL_RULE_WORDS), SL_OK);
    ck_assert_uint_eq(filters->rules.len, 1);
    ck_assert(excludes(S, "baz", false));
    ck_assert_int_eq(READ("a #b\n- ", SL_RULE_WORDS | SL_RULE_BARE), SL_OK);
    ck_assert_uint_eq(filters->rules.len, 4);
    ck_assert(excludes(S, "#b", false) && excludes(S, "-", false));
    ck_assert_int_eq(READ("x\n\n y -", SL_RULE_WORDS), SL_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "rules:1:"));
    ck_assert_int_eq(READ("- x\n\n - y -", SL_RULE_WORDS), SL_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "rules:3: a pattern is expected"));
    sl_filters_free(filters);
}
END_TEST

START_TEST(cvs_patterns)
{
    setenv("HOME", "/nonexistent", 1);
    setenv("CVSIGNORE", "mine *.tmp", 1);
    filters = sl_filters_new();
    ck_assert_int_eq(sl_filters_add(filters, "--filter", "-C", SL_RULE_FULL, &err), SL_OK);
    ck_assert(excludes(S, "x.o", false) && excludes(S, ".git", true) && !excludes(S, ".git", false));
    ck_assert(excludes(S, "mine", false) && excludes(R, "#x", false) && excludes(S, "_$x", false));
    setenv("CVSIGNORE", "! only", 1);
    sl_filters_free(filters);
    filters = sl_filters_new();
    ck_assert_int_eq(sl_filters_add(filters, "--filter", "- first", SL_RULE_FULL, &err), SL_OK);
    ck_assert_int_eq(sl_filters_add(filters, "--filter", "-C", SL_RULE_FULL, &err), SL_OK);
    ck_assert(excludes(S, "first", false) && excludes(S, "only", false) && !excludes(S, "x.o", false));
    unsetenv("CVSIGNORE");
    sl_filters_free(filters);
}
END_TEST

/* ---- directories ---- */

struct tree_file { const char *path, *text; };

/* Gives what is needed: a directory's path with the name behind it. */
static enum sl_code give(struct sl_view *v, const struct tree_file *files)
{
    struct sl_view_file need;
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && sl_view_needs(v, &need)) {
        const char *dir = need.dir ? need.dir : sl_view_path(v);
        char *path = *dir || need.dir ? sl_asprintf("%s/%s", dir, need.name) : sl_strdup(need.name);
        const struct tree_file *f = files;
        while (f->path && strcmp(f->path, path) != 0)
            f++;
        rc = f->path ? sl_view_give(v, f->text, strlen(f->text), &err) : sl_view_give_none(v, &err);
        free(path);
    }
    return rc;
}

static struct sl_view *view_of(const char *rule)
{
    filters = sl_filters_new();
    ck_assert_int_eq(sl_filters_add(filters, "--filter", rule, SL_RULE_FULL, &err), SL_OK);
    struct sl_view *v = sl_view_new(filters, SL_RULE_SENDER);
    sl_view_begin(v, "/top/dir");
    return v;
}

static void done(struct sl_view *v)
{
    sl_view_free(v);
    sl_filters_free(filters);
}

static bool hides(struct sl_view *v, const char *name)
{
    return sl_view_excludes(v, name, false, SL_VIEW_LIVING, NULL);
}

START_TEST(merge_files_are_inherited)
{
    static const struct tree_file files[] = { { ".f", "- a\n- /b\n" }, { "d/.f", "+ a\n- /c\n" }, { "d/e/.f", "!\n- x\n" }, { 0 } };
    const char *why = NULL;
    struct sl_view *v = view_of(": .f");
    sl_view_enter(v, "");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(hides(v, "a") && hides(v, "b") && !hides(v, "c"));
    sl_view_enter(v, "d");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(!hides(v, "a") && !hides(v, "b") && hides(v, "c"));
    sl_view_enter(v, "e");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(!hides(v, "a") && !hides(v, "c"));
    ck_assert(sl_view_excludes(v, "x", true, SL_VIEW_LIVING, &why));
    ck_assert_str_eq(why, "d/e/.f:2");
    sl_view_leave(v);
    ck_assert(!hides(v, "x") && hides(v, "c"));
    sl_view_leave(v);
    ck_assert(hides(v, "a") && hides(v, "b") && !hides(v, "c"));
    done(v);
}
END_TEST

START_TEST(merge_files_of_their_own_directory)
{
    static const struct tree_file files[] = { { ".f", "a\nd/x" }, { "d/.f", "b" }, { 0 } };
    struct sl_view *v = view_of(":n- .f");
    sl_view_enter(v, "");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(hides(v, "a"));
    sl_view_enter(v, "d");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(!hides(v, "a") && hides(v, "b") && !hides(v, "x"));
    done(v);
}
END_TEST

START_TEST(merge_files_above)
{
    static const struct tree_file files[] = { { "/.f", "- /top/dir/a\n- /x" }, { "/top/.f", "- /dir/b" }, { ".f", "- /c" }, { 0 } };
    struct sl_view *v = view_of(": /.f");
    sl_view_enter(v, "");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(hides(v, "a") && hides(v, "b") && hides(v, "c") && !hides(v, "x"));
    sl_view_enter(v, "d");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(!hides(v, "a") && !hides(v, "c"));
    done(v);
    /* Not above the transfer. */
    v = view_of(": /other/.f");
    sl_view_enter(v, "");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(!hides(v, "a") && hides(v, "c"));
    done(v);
}
END_TEST

START_TEST(merge_files_in_merge_files)
{
    static const struct tree_file files[] = { { ".f", "- a\n. .g\n- c\n: .h\n" }, { ".g", "+ c\n- b\n" }, { "d/.h", "- x" }, { "e/.f", ". .f" },
                                              { "g/.f", ". .none" }, { "h/.f", "merge ../.f" }, { "i/.f", "- ok\n\n-secret" }, { 0 } };
    static const char *const wrong[][2] = { { "e", "no merge rule is expected" }, { "g", "g/.f:1: a merge file that is there" },
                                            { "h", "h/.f:1: the name of a merge file in the same directory" }, { "i", "i/.f:3:" } };
    struct sl_view *v = view_of(": .f");
    sl_view_enter(v, "");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(hides(v, "a") && hides(v, "b") && !hides(v, "c") && !hides(v, "x"));
    sl_view_enter(v, "d");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(hides(v, "x"));
    sl_view_leave(v);
    ck_assert(!hides(v, "x"));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        done(v);
        v = view_of(": .f");
        sl_view_enter(v, wrong[i][0]);
        ck_assert_int_eq(give(v, files), SL_E_CONFIG);
        ck_assert_msg(strstr(err.text, wrong[i][1]) != NULL, "%s", err.text);
        ck_assert_ptr_null(strstr(err.text, "secret"));
    }
    done(v);
}
END_TEST

START_TEST(a_merge_file_that_cannot_be_read)
{
    struct sl_view_file need;
    struct sl_view *v = view_of(": .f");
    sl_view_enter(v, "");
    ck_assert(sl_view_needs(v, &need));
    sl_view_give_up(v);
    ck_assert(!sl_view_needs(v, &need));
    ck_assert(hides(v, "anything"));
    sl_view_leave(v);
    ck_assert(!hides(v, "anything"));
    done(v);
}
END_TEST

START_TEST(what_is_above_counts_for_every_argument)
{
    static const struct tree_file files[] = { { "/top/.f", ": .g\n" }, { "a/.f", ": .own\n" }, { "a/.g", "- x" }, { "b/.g", "- y" },
                                              { "b/.own", "- z" }, { 0 } };
    struct sl_view *v = view_of(": /.f");
    sl_view_enter(v, "a");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(hides(v, "x"));
    sl_view_leave(v);
    sl_view_enter(v, "b");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(!hides(v, "x") && hides(v, "y") && !hides(v, "z"));
    done(v);
    struct sl_view_file need;
    v = view_of(": /.f");
    sl_view_enter(v, "a");
    ck_assert(sl_view_needs(v, &need) && need.dir);
    sl_view_give_up(v);
    sl_view_leave(v);
    sl_view_enter(v, "b");
    ck_assert_int_eq(give(v, files), SL_OK);
    ck_assert(hides(v, "anything"));
    sl_view_leave(v);
    sl_view_begin(v, "/other");
    ck_assert(!hides(v, "anything"));
    done(v);
}
END_TEST

/* So many of a line, in fresh memory; %zu in it is the number. */
static char *many(const char *line, size_t count)
{
    struct sl_buf b = { 0 };
    char one[600];
    for (size_t i = 0; i < count; i++)
        sl_buf_add(&b, one, (size_t)snprintf(one, sizeof one, line, i));
    sl_buf_add(&b, "", 1);
    char *out = sl_strdup((const char *)sl_buf_ptr(&b));
    sl_buf_clear(&b);
    return out;
}

/* What is given for .f in the top, in d and in d/e. */
static enum sl_code give_three(struct sl_view *v, const char *text)
{
    const struct tree_file files[] = { { ".f", text }, { "d/.f", text }, { "d/e/.f", text },
                                       { "g", "" }, { "d/g", "" }, { "d/e/g", "" }, { 0 } };
    static const char *const names[] = { "", "d", "e" };
    enum sl_code rc = SL_OK;
    for (size_t i = 0; rc == SL_OK && i < 3; i++) {
        sl_view_enter(v, names[i]);
        rc = give(v, files);
    }
    return rc;
}

static const struct { const char *line; size_t count; bool ok; const char *expected; } amounts[] = {
    { "-a%zu\n", 0, true, "" }, { "- a%zu\n", 33000, true, "" }, { "- a%zu\n", 34000, false, "d/e/.f: fewer rules are expected" },
    { "- a%zu\n", 100001, false, ".f: fewer rules are expected" }, { ". g%zu\n", 100001, false, ".f:1001: fewer rules are expected that merge another file" },
    { ": n%zu\n", 255, true, "" }, { ": n%zu\n", 256, false, ".f:256: no more than 256 names" },
    { "#%0500zu\n", 11000, true, "" }, { "#%0500zu\n", 12000, false, "d/e/.f: less text is expected" },
    { "!\n. g\n", 333, true, "" }, { "!\n. g\n", 334, false, "d/e/.f:666: fewer rules are expected that merge another file" },
    { ": %0255zu\n", 1, true, "" }, { ": %0256zu\n", 1, false, ".f:1: a name of at most 255 bytes" },
    { ": /x/%0256zu\n", 1, false, ".f:1: a name of at most 255 bytes" }, { ". %0256zu\n", 1, false, ".f:1: a name of at most 255 bytes" },
};

START_TEST(all_merge_files_together_are_bounded)
{
    char *text = many(amounts[_i].line, amounts[_i].count);
    struct sl_view *v = view_of(": .f");
    ck_assert_int_eq(give_three(v, text), amounts[_i].ok ? SL_OK : SL_E_CONFIG);
    if (!amounts[_i].ok)
        ck_assert_msg(strstr(err.text, amounts[_i].expected) != NULL, "%s", err.text);
    for (size_t i = 0; amounts[_i].ok && i < 3; i++)     /* what was left counts no more */
        sl_view_leave(v);
    if (amounts[_i].ok)
        ck_assert_int_eq(give_three(v, text), SL_OK);
    done(v);
    free(text);
}
END_TEST

/* Each rule says where it is from. */
START_TEST(long_paths_of_merge_files_count)
{
    char name[256] = "", path[16 * 256 + sizeof ".f"] = "";
    memset(name, 'n', 255);
    for (size_t i = 0; i < 16; i++)
        strcat(strcat(path, name), "/");
    strcat(path, ".f");
    for (size_t count = 3000; count <= 5000; count += 2000) {
        char *text = many("- a%zu\n", count);
        const struct tree_file files[] = { { path, text }, { 0 } };
        struct sl_view *v = view_of(": .f");
        sl_view_enter(v, "");
        for (size_t i = 0; i < 16; i++)
            sl_view_enter(v, name);
        ck_assert_int_eq(give(v, files), count == 3000 ? SL_OK : SL_E_CONFIG);
        done(v);
        free(text);
    }
}
END_TEST

START_TEST(names_of_merge_files_are_names)
{
    filters = sl_filters_new();
    char *rule = many(": %0256zu", 1);
    ck_assert_int_eq(sl_filters_add(filters, "--filter", rule, SL_RULE_FULL, &err), SL_E_INVALID);
    ck_assert_msg(strstr(err.text, "at most 255 bytes") != NULL, "%s", err.text);
    free(rule);
    sl_filters_free(filters);
}
END_TEST

START_TEST(sides_and_dying)
{
    filters = sl_filters_new();
    ck_assert_int_eq(READ("H h\nP p\nR r\n- r\n-p perish\n-/ dir/abs\n-/ /top/dir/whole\n", 0), SL_OK);
    ck_assert(excludes(S, "h", false) && !excludes(R, "h", false));
    ck_assert(!excludes(S, "p", false) && excludes(R, "p", false));
    ck_assert(excludes(S, "r", false) && !excludes(R, "r", false));
    ck_assert(excludes(S, "abs", false) && excludes(S, "whole", false) && !excludes(S, "top", false));
    struct sl_view *v = sl_view_new(filters, SL_RULE_RECEIVER);
    sl_view_begin(v, "");
    ck_assert(sl_view_excludes(v, "perish", false, SL_VIEW_LIVING, NULL));
    ck_assert(!sl_view_excludes(v, "perish", false, SL_VIEW_DYING, NULL));
    done(v);
    filters = sl_filters_new();
    filters->delete_excluded = true;
    ck_assert_int_eq(sl_filters_add(filters, "--exclude", "a", SL_RULE_OLD_EXCLUDE, NULL), SL_OK);
    ck_assert_int_eq(sl_filters_add(filters, "--filter", "-sr b", SL_RULE_FULL, NULL), SL_OK);
    ck_assert(excludes(S, "a", false) && !excludes(R, "a", false) && excludes(R, "b", false));
    sl_filters_free(filters);
}
END_TEST

START_TEST(absolute_paths)
{
    static const char *const paths[][2] = { { "/a/b", "/a/b" }, { "/a/./b//c/", "/a/b/c" }, { "/a/../../b", "/b" }, { "/", "" }, { "/..", "" } };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *is = sl_filters_absolute(paths[i][0]);
        ck_assert_str_eq(is, paths[i][1]);
        free(is);
    }
}
END_TEST

static const struct { const char *text; bool ok; int64_t want; } times[] = {
    { "@0", true, 0 }, { "@-5", true, -5 }, { "@1700000000", true, 1700000000 }, { "@", false, 0 }, { "@x", false, 0 },
    { "2024-02-29", true, 1709164800 }, { "2024-02-29 12:30", true, 1709209800 }, { "2024-02-29T12:30:01", true, 1709209801 },
    { "2023-02-29", false, 0 }, { "2024-13-01", false, 0 }, { "2024-2-1", false, 0 }, { "2024-02-29 12", false, 0 },
    { "2024-02-29 12:30:01x", false, 0 }, { "7d", true, 1000000 - 7 * 86400 }, { "90s", true, 999910 }, { "2w", true, 1000000 - 14 * 86400 },
    { "1h", true, 996400 }, { "5", false, 0 }, { "d", false, 0 }, { "7y", false, 0 }, { "7dd", false, 0 }, { "", false, 0 }, { "-1d", false, 0 },
};

START_TEST(times_of_options)
{
    int64_t is = 0;
    setenv("TZ", "UTC", 1);
    ck_assert_msg((sl_select_time(times[_i].text, 1000000, &is) == SL_OK) == times[_i].ok, "'%s'", times[_i].text);
    if (times[_i].ok)
        ck_assert_int_eq(is, times[_i].want);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, rules_are_taken_apart, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, wrong_rules_say_what_was_expected, 0, sizeof refused / sizeof refused[0]);
    tcase_add_test(tc, old_style);
    tcase_add_test(tc, lines_of_a_file);
    tcase_add_test(tc, words_of_a_file);
    tcase_add_test(tc, cvs_patterns);
    tcase_add_test(tc, merge_files_are_inherited);
    tcase_add_test(tc, merge_files_of_their_own_directory);
    tcase_add_test(tc, merge_files_above);
    tcase_add_test(tc, merge_files_in_merge_files);
    tcase_add_test(tc, a_merge_file_that_cannot_be_read);
    tcase_add_test(tc, what_is_above_counts_for_every_argument);
    tcase_add_loop_test(tc, all_merge_files_together_are_bounded, 0, sizeof amounts / sizeof amounts[0]);
    tcase_add_test(tc, long_paths_of_merge_files_count);
    tcase_add_test(tc, names_of_merge_files_are_names);
    tcase_add_test(tc, sides_and_dying);
    tcase_add_test(tc, absolute_paths);
    tcase_add_loop_test(tc, times_of_options, 0, sizeof times / sizeof times[0]);
}

int main(void)
{
    return scratch_run("rules", add);
}

/* SPDX-License-Identifier: ISC */
/* check_links - which links lead out of what is copied (the answers are rsync's), and their prefix. */
#include "config.h"
#include "client/links.h"

#include "tests/scratch.h"

START_TEST(unsafe)
{
    static const struct {
        const char *target, *path;
        bool unsafe;
    } rows[] = {
        { "", "a", true },          { "/", "a", true },           { "/a", "a/b/c", true },    { "b", "a", false },
        { "..", "a", true },        { "..", "d/a", false },       { "../x", "a", true },      { "../x", "d/a", false },
        { "../../x", "d/a", true }, { "../../x", "d/e/a", false }, { "./x", "a", false },     { "./../x", "d/a", true },
        { "x/..", "d/a", true },    { "x/../y", "d/e/a", true },  { "..//..//x", "d//e/a", false }, { "..x/y", "a", false },
        { "x/..y", "a", false },    { ".", "a", false },          { "../", "a", true },       { "../", "d/a", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(sl_link_unsafe(rows[i].target, rows[i].path) == rows[i].unsafe, "'%s' at '%s'", rows[i].target, rows[i].path);
}
END_TEST

static struct sl_entry link_to(const char *target)
{
    return (struct sl_entry){ .type = SL_TYPE_LINK, .target = target, .target_len = strlen(target), .size = strlen(target) };
}

START_TEST(munges)
{
    char room[SL_TARGET_MAX + 1], most[SL_TARGET_MAX + 1];
    struct sl_entry e = link_to("a/b"), file = { .type = SL_TYPE_FILE, .size = 7 };
    ck_assert(sl_link_munge(&e, room));
    ck_assert_str_eq(e.target, "/rsyncd-munged/a/b");
    ck_assert_uint_eq(e.size, 18);
    sl_link_unmunge(&e);
    ck_assert_str_eq(e.target, "a/b");
    ck_assert_uint_eq(e.target_len, 3);
    e = link_to("/rsyncd-munged/");
    sl_link_unmunge(&e);
    ck_assert_str_eq(e.target, "/rsyncd-munged/");
    ck_assert(sl_link_munge(&file, room));
    sl_link_unmunge(&file);
    ck_assert_uint_eq(file.size, 7);
    memset(most, 'x', sizeof most);
    most[SL_TARGET_MAX - 15] = '\0';
    e = link_to(most);
    ck_assert(sl_link_munge(&e, room));
    most[SL_TARGET_MAX - 15] = 'x';
    most[SL_TARGET_MAX - 14] = '\0';
    e = link_to(most);
    ck_assert(!sl_link_munge(&e, room));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, unsafe);
    tcase_add_test(tc, munges);
}

int main(void)
{
    return scratch_run("links", add_tests);
}

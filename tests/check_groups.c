/* SPDX-License-Identifier: ISC */
/* check_groups - names of one file: what belongs together, how long it is remembered, and what a million of them take.
 */
#include "config.h"
#include "client/groups.h"
#include "client/plan.h"
#include "scratch.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

#if defined __GLIBC_PREREQ && !defined __SANITIZE_ADDRESS__
#if __GLIBC_PREREQ(2, 33)
#define TELLS_MEMORY 1
#endif
#endif

static struct sl_entry file(uint64_t dev, uint64_t ino, uint32_t names)
{
    return (struct sl_entry){ .type = SL_TYPE_FILE, .size = 5, .mtime_s = 7, .dev = dev, .ino = ino, .names = names };
}

START_TEST(what_belongs_together)
{
    struct sl_groups *g = sl_groups_new(true);
    struct sl_entry e = file(1, 2, 3), same = e, other;
    struct sl_group *first = sl_groups_meet(g, &e);
    ck_assert_ptr_eq(sl_groups_meet(g, &same), first);
    ck_assert_uint_eq(first->left, 1);
    other = file(2, 2, 3);
    ck_assert_ptr_ne(sl_groups_meet(g, &other), first);
    other = file(1, 3, 3);
    ck_assert_ptr_ne(sl_groups_meet(g, &other), first);
    other = file(1, 2, 3);
    other.type = SL_TYPE_LINK; /* an inode is one thing only: somebody lies, or it was given out again */
    ck_assert_ptr_ne(sl_groups_meet(g, &other), first);
    other = file(1, 2, 3);
    other.mtime_ns = 1;
    ck_assert_ptr_ne(sl_groups_meet(g, &other), first);
    other = file(1, 2, 3);
    other.size = 6;
    ck_assert_ptr_null(sl_groups_find(g, &other));
    ck_assert_uint_eq(sl_groups_count(g), 5);
    sl_groups_free(g);
    sl_groups_free(NULL);
}
END_TEST

START_TEST(how_long)
{
    struct sl_groups *g = sl_groups_new(true);
    struct sl_entry e = file(1, 2, 2);
    struct sl_group *n = sl_groups_meet(g, &e);
    n->state = SL_GROUP_ON_ITS_WAY;
    sl_groups_done(g, n);
    ck_assert_uint_eq(sl_groups_count(g), 1); /* a name is to come */
    n = sl_groups_meet(g, &e);
    sl_groups_done(g, n);
    ck_assert_uint_eq(sl_groups_count(g), 1); /* the leader is not there yet */
    n->state = SL_GROUP_THERE;
    n->users = 1;
    sl_groups_done(g, n);
    ck_assert_uint_eq(sl_groups_count(g), 1); /* a link is under way */
    n->users = 0;
    sl_groups_done(g, n);
    ck_assert_uint_eq(sl_groups_count(g), 0);
    n = sl_groups_meet(g, &e); /* a third of two: it begins anew */
    ck_assert_uint_eq(n->state, SL_GROUP_NONE);
    sl_groups_free(g);
    g = sl_groups_new(false);
    n = sl_groups_meet(g, &e);
    n = sl_groups_meet(g, &e);
    n->state = SL_GROUP_THERE;
    sl_groups_done(g, n);
    n = sl_groups_meet(g, &e);
    ck_assert_uint_eq(n->state, SL_GROUP_THERE); /* names may be met twice: nothing is forgotten */
    ck_assert_uint_eq(n->left, 0);
    sl_groups_free(g);
}
END_TEST

START_TEST(paths)
{
    struct sl_groups *g = sl_groups_new(true);
    struct sl_entry one = file(1, 2, 9), two = file(1, 3, 9);
    struct sl_group *a = sl_groups_meet(g, &one), *b = sl_groups_meet(g, &two);
    static const struct {
        const char *path;
        size_t dir;
    } calls[] = { { "top", 0 }, { "d/e/name", 3 }, { "d/e/other", 3 }, { "d/f", 1 }, { "d/e/x", 3 } };
    for (size_t i = 0; i < 2 * sizeof calls / sizeof calls[0]; i++) {
        size_t at = i % (sizeof calls / sizeof calls[0]), len;
        sl_group_call(g, i % 2 ? a : b, calls[at].path, calls[at].dir);
        char *path = sl_group_path(i % 2 ? a : b);
        ck_assert_str_eq(path, calls[at].path);
        ck_assert(strncmp(sl_group_dir(i % 2 ? a : b, &len), path, calls[at].dir) == 0 && len == calls[at].dir);
        free(path);
    }
    sl_groups_free(g);
}
END_TEST

/* Half a million files of which one name has been met and one is to come, a thousand to a directory. */
START_TEST(a_million_names)
{
    enum { FILES = 500000 };
    struct sl_groups *g = sl_groups_new(true);
    char path[64];
#ifdef TELLS_MEMORY
    size_t before = mallinfo2().uordblks;
#endif
    for (unsigned i = 0; i < FILES; i++) {
        struct sl_entry e = file(64769, 1000000 + i, 2);
        struct sl_group *n = sl_groups_meet(g, &e);
        int dir = snprintf(path, sizeof path, "some/directory/%u", i / 1000);
        snprintf(path + dir, sizeof path - (size_t)dir, "/file-%06u.dat", i);
        sl_group_call(g, n, path, (size_t)dir);
        n->state = SL_GROUP_THERE;
        sl_groups_done(g, n);
    }
    ck_assert_uint_eq(sl_groups_count(g), FILES);
#ifdef TELLS_MEMORY
    size_t each = (mallinfo2().uordblks - before) / FILES;
    ck_assert_msg(each <= 180, "%zu bytes a file", each); /* what the manual says, and the name */
    if (getenv("VERBOSE"))
        printf("%zu bytes for a file with a name of 15\n", each);
#endif
    for (unsigned i = 0; i < FILES; i++) {
        struct sl_entry e = file(64769, 1000000 + i, 2);
        sl_groups_done(g, sl_groups_meet(g, &e));
    }
    ck_assert_uint_eq(sl_groups_count(g), 0);
    sl_groups_free(g);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, what_belongs_together);
    tcase_add_test(tc, how_long);
    tcase_add_test(tc, paths);
    tcase_add_test(tc, a_million_names);
}

int main(void)
{
    return scratch_run("groups", add);
}

/* SPDX-License-Identifier: ISC */
/* check_similar - which file of a directory a new one is compared with. */
#include "config.h"
#include "client/similar.h"

#include "tests/scratch.h"

static struct sl_entry file(const char *name, uint64_t size, int64_t mtime_s)
{
    return (struct sl_entry){
        .type = SL_TYPE_FILE, .name = name, .name_len = strlen(name), .size = size, .mtime_s = mtime_s
    };
}

static void add(struct sl_similar *s, const char *name, uint64_t size, int64_t mtime_s)
{
    struct sl_entry e = file(name, size, mtime_s);
    sl_similar_add(s, &e, 0);
}

static const char *find(const struct sl_similar *s, const char *name, uint64_t size, int64_t mtime_s)
{
    struct sl_entry e = file(name, size, mtime_s);
    const struct sl_similar_file *f = sl_similar_find(s, &e);
    return f ? f->name : "none";
}

START_TEST(finds)
{
    struct sl_similar *s = sl_similar_new();
    ck_assert_str_eq(find(s, "a", 5000, 1), "none");
    add(s, "linux-6.1.191.tar", 5000, 10);
    add(s, "linux-6.1.192.tar", 5000, 20);
    add(s, "linux-6.1.193.txt", 5000, 30);
    add(s, "something else", 7777, 40);
    add(s, "tiny", 1023, 50);
    ck_assert_str_eq(find(s, "no likeness at all", 7777, 40), "something else"); /* size and time */
    ck_assert_str_eq(find(s, "linux-6.1.193.tar", 6000, 99),
                     "linux-6.1.192.tar"); /* the suffix counts more; the later of two */
    ck_assert_str_eq(find(s, "linux-6.1.191.tar.bak", 6000, 99), "linux-6.1.191.tar");
    ck_assert_str_eq(find(s, "abcdefghijklmnopqrstuvwxyz0123456789-and-more", 6000, 99), "none");
    ck_assert_str_eq(find(s, "linux-6.1.192.tar", 1023, 20), "none"); /* too small to matter */
    ck_assert_str_eq(find(s, "tiny", 1023, 50), "none");
    sl_similar_free(s);
    sl_similar_free(NULL);
}
END_TEST

/* Names as long as they can be, and more than are remembered. */
START_TEST(bounds)
{
    char name[SL_NAME_MAX + 1];
    struct sl_similar *s = sl_similar_new();
    memset(name, 'x', SL_NAME_MAX);
    name[SL_NAME_MAX] = '\0';
    for (int i = 0; i < SL_SIMILAR_MAX + 10; i++) {
        snprintf(name + SL_NAME_MAX - 4, 5, "%04d", i);
        add(s, name, 5000, i);
    }
    ck_assert_uint_eq(s->len, SL_SIMILAR_MAX);
    snprintf(name + SL_NAME_MAX - 4, 5, "%04d", 7);
    ck_assert_str_eq(find(s, name, 9000, 0), name);
    snprintf(name + SL_NAME_MAX - 5, 6, "y%04d", 3);
    ck_assert_str_ne(find(s, name, 9000, 0), "none");
    ck_assert_str_eq(find(s, "x", 9000, 0), "none");
    sl_similar_free(s);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, finds);
    tcase_add_test(tc, bounds);
}

int main(void)
{
    return scratch_run("similar", add_tests);
}

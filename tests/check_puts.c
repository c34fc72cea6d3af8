/* SPDX-License-Identifier: ISC */
/* check_puts - the thread that writes small files: all are written, and answers keep their order. */
#include "config.h"
#include "client/local_puts.h"
#include "proto/msg.h"

#include "tests/scratch.h"

static struct sl_error none;

/* On a machine with one processor there is no thread, and nothing to test. */
static struct sl_puts *begun(void)
{
    return sl_puts_new();
}

static bool add_file(struct sl_puts *q, int top, unsigned i, const uint8_t *hash)
{
    char name[32], text[64];
    snprintf(name, sizeof name, "f%u", i);
    snprintf(text, sizeof text, "this is %u", i);
    struct sl_entry e = { .type = SL_TYPE_FILE, .mode = 0640, .size = strlen(text), .name = name, .name_len = strlen(name), .mtime_s = 1000 + i };
    struct sl_put_job job = { .dirfd = top, .entry = &e, .meta = SL_META_MODE | SL_META_MTIME, .flags = SL_PUT_REPLACE, .data = text,
                              .len = strlen(text), .hash = hash };
    return sl_puts_add(q, &job, i);
}

static void take_all(struct sl_puts *q, uint64_t *last, unsigned *bad)
{
    struct sl_put_done d;
    while (sl_puts_take(q, &d)) {
        ck_assert_uint_eq(d.ticket, *last + 1);
        *last = d.ticket;
        *bad += d.code != SL_OK;
        ck_assert(d.code == SL_OK || d.err.text[0]);
    }
}

START_TEST(writes_all_in_order)
{
    enum { FILES = 3000 };
    struct sl_puts *q = begun();
    int top = scratch_make();
    uint64_t last = 0;
    unsigned bad = 0;
    for (unsigned i = 1; q && i <= FILES; i++) {
        while (take_all(q, &last, &bad), sl_puts_full(q))
            sl_puts_help(q);
        if (i % 7)
            ck_assert(add_file(q, top, i, NULL));
        else
            sl_puts_answer(q, i, SL_OK, &none);
    }
    if (q) {
        sl_puts_finish(q);
        take_all(q, &last, &bad);
        ck_assert_uint_eq(last, FILES);
        ck_assert_uint_eq(bad, 0);
        ck_assert(!sl_puts_busy(q));
    }
    for (unsigned i = 1; q && i <= FILES; i++) {
        char name[32], want[64], got[64];
        struct stat st;
        snprintf(name, sizeof name, "f%u", i);
        snprintf(want, sizeof want, "this is %u", i);
        int fd = openat(top, name, O_RDONLY | O_CLOEXEC);
        ck_assert_int_eq(fd >= 0, i % 7 != 0);
        if (fd < 0)
            continue;
        ck_assert_int_eq(read(fd, got, sizeof got), (ssize_t)strlen(want));
        ck_assert_int_eq(memcmp(got, want, strlen(want)), 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0640);
        ck_assert_int_eq(st.st_mtim.tv_sec, 1000 + i);
        close(fd);
    }
    sl_puts_free(q);
    scratch_remove(top);
}
END_TEST

START_TEST(failures_keep_their_place)
{
    static const uint8_t wrong[SL_HASH_MOST] = { 1 };
    struct sl_puts *q = begun();
    int top = scratch_make();
    uint64_t last = 0;
    unsigned bad = 0;
    if (q) {
        ck_assert(add_file(q, top, 1, NULL));
        ck_assert(add_file(q, top, 2, wrong));
        sl_puts_answer(q, 3, SL_E_INVALID, &(struct sl_error){ .text = "no" });
        ck_assert(add_file(q, top, 4, NULL));
        sl_puts_finish(q);
        take_all(q, &last, &bad);
        ck_assert_uint_eq(last, 4);
        ck_assert_uint_eq(bad, 2);
        ck_assert_int_eq(faccessat(top, "f2", F_OK, 0), -1);
        ck_assert_int_eq(faccessat(top, "f4", F_OK, 0), 0);
    }
    sl_puts_free(q);
    scratch_remove(top);
}
END_TEST

/* What was begun is whole, and no descriptor is left. */
START_TEST(ends_in_the_middle)
{
    int top = scratch_make(), first = dup(top);
    close(first);
    for (int round = 0; round < 50; round++) {
        struct sl_puts *q = begun();
        for (unsigned i = 1; q && i <= 40; i++)
            ck_assert(add_file(q, top, i, NULL));
        sl_puts_free(q);
    }
    int now = dup(top);
    ck_assert_int_eq(now, first);
    close(now);
    int again = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fdopendir(again);
    for (struct dirent *e; (e = readdir(d));)
        ck_assert(strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || e->d_name[0] == 'f');
    closedir(d);
    scratch_remove(top);
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, writes_all_in_order);
    tcase_add_test(tc, failures_keep_their_place);
    tcase_add_test(tc, ends_in_the_middle);
}

int main(void)
{
    return scratch_run("puts", add);
}

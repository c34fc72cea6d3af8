/* SPDX-License-Identifier: ISC */
/* check_select - merge files of an endpoint that answers as it is told: which answers mean that there is none, and what reading ahead of
 * who uses a listing holds and waits for. */
#include "config.h"
#include "base/mem.h"
#include "client/ahead.h"
#include "client/select.h"
#include "client/stream.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FETCHES_MAX = 4096 };

static struct sl_error err;
static struct sl_filters *filters;
static struct sl_origin origin;

static struct {
    enum sl_code code;                   /* of a fetch; SL_AGAIN: it stays under way */
    unsigned dirs, listed;               /* a listing of so many directories with nothing in them; events given */
    struct sl_fetch *fetches[FETCHES_MAX];
    size_t fetched;
} fake;

static size_t room(struct sl_endpoint *e, enum sl_job job)
{
    (void)e;
    (void)job;
    return 65536;
}

static void open_dir(struct sl_endpoint *e, enum sl_job job, uint32_t parent, uint32_t id, const char *name)
{
    (void)e;
    (void)job;
    (void)parent;
    (void)id;
    (void)name;
}

static void close_dir(struct sl_endpoint *e, enum sl_job job, uint32_t id)
{
    (void)e;
    (void)job;
    (void)id;
}

static void fetch(struct sl_endpoint *e, uint32_t dir, const char *name, struct sl_fetch *f)
{
    (void)e;
    (void)dir;
    (void)name;
    ck_assert_uint_lt(fake.fetched, FETCHES_MAX);
    fake.fetches[fake.fetched++] = f;
    if (fake.code == SL_AGAIN)
        return;
    if (fake.code != SL_OK)
        sl_fail(&f->err, fake.code, "as told");
    sl_fetch_done(f, fake.code);
}

/* The top, and in it directory after directory, each with its END. */
static enum sl_code list_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *why)
{
    static char name[16];
    (void)e;
    (void)why;
    unsigned i = fake.listed++;
    *ev = (struct sl_event){ .kind = SL_EVENT_END };
    fake.listed %= fake.dirs * 2 + 3;    /* then the same once more */
    if (i > fake.dirs * 2)
        return i == fake.dirs * 2 + 1 ? SL_OK : SL_EOF;
    if (i && i % 2 == 0)
        return SL_OK;
    ev->kind = SL_EVENT_ENTRY;
    snprintf(name, sizeof name, "d%05u", i);
    ev->entry = (struct sl_entry){ .name = i ? name : "", .name_len = i ? strlen(name) : 0, .type = SL_TYPE_DIR };
    return SL_OK;
}

static const struct sl_endpoint_ops ops = { .room = room, .open_dir = open_dir, .close_dir = close_dir, .fetch = fetch, .list_next = list_next };
static struct sl_endpoint endpoint = { .ops = &ops, .remote = true };

static void begin(const char *rule)
{
    memset(&fake, 0, sizeof fake);
    filters = sl_filters_new();
    ck_assert_int_eq(sl_filters_add(filters, "--filter", rule, SL_RULE_FULL, &err), SL_OK);
    origin = (struct sl_origin){ .e = &endpoint, .base = "", .top = "/top" };
}

static const struct { enum sl_code code; bool none; } answers[] = {
    { SL_E_NOT_FOUND, true }, { SL_E_NOT_DIR, true }, { SL_OK, true }, { SL_E_INVALID, false }, { SL_E_LIMIT, false }, { SL_E_DENIED, false },
    { SL_E_TYPE, false }, { SL_E_TOO_BIG, false }, { SL_E_NAME, false },
};

START_TEST(only_what_is_not_there_says_nothing)
{
    const char *name;
    bool failed = false;
    begin(": .f");
    struct sl_select *s = sl_select_new(filters, &endpoint, SL_RULE_RECEIVER);
    fake.code = answers[_i].code;
    sl_select_enter(s, &origin, "");
    ck_assert_int_eq(sl_select_ready(s, &failed, &name, &err), SL_OK);
    ck_assert_int_eq(failed, !answers[_i].none);
    ck_assert_int_eq(sl_select_excludes(s, &origin, "x", false, SL_VIEW_LIVING, NULL), !answers[_i].none);
    sl_select_free(s);
    sl_filters_free(filters);
}
END_TEST

START_TEST(a_directory_that_is_not_open)
{
    struct sl_fetch f = { 0 };
    sl_fail(&f.err, SL_E_INVALID, "directory id 7 is not open");
    sl_fetch_explain(&f, &endpoint);
    ck_assert_int_eq(f.err.code, SL_E_INVALID);
    struct sl_endpoint e = endpoint;
    sl_fail(&e.unopened, SL_E_NOT_FOUND, "cannot open directory 'd': No such file or directory");
    sl_fetch_explain(&f, &e);
    ck_assert_int_eq(f.err.code, SL_E_NOT_FOUND);
    sl_fail(&f.err, SL_E_DENIED, "cannot read 'x'");
    sl_fetch_explain(&f, &e);
    ck_assert_int_eq(f.err.code, SL_E_DENIED);
}
END_TEST

START_TEST(texts_have_a_size_and_a_room)
{
    struct sl_fetch_room small = { .most = SL_FETCH_MAX };
    struct sl_fetch *f = sl_calloc(1, sizeof *f), *g = sl_calloc(1, sizeof *g);
    f->room = g->room = &small;
    ck_assert(sl_fetch_add(f, "", 0));
    ck_assert_uint_eq(small.used, 0);
    ck_assert(sl_fetch_add(f, NULL, SL_FETCH_MAX - 1));
    ck_assert(!sl_fetch_add(g, "xy", 2) && g->crowded && !g->err.code);
    ck_assert(!sl_fetch_add(g, "x", 1));
    sl_fetch_claim(f);
    ck_assert_uint_eq(small.used, 0);
    ck_assert(sl_fetch_add(f, "x", 1));
    ck_assert(f->text[0] == 0 && f->text[SL_FETCH_MAX - 1] == 'x');
    ck_assert(!sl_fetch_add(f, "x", 1));
    ck_assert_int_eq(f->err.code, SL_E_TOO_BIG);
    ck_assert_ptr_null(f->text);
    sl_fetch_drop(f);
    ck_assert(!sl_fetch_add(f, "x", 1));
    sl_fetch_done(f, SL_OK);
    sl_fetch_done(g, SL_OK);
    sl_fetch_drop(g);
}
END_TEST

/* ---- ahead ---- */

static bool one_list(const void *ctx, size_t n, struct sl_ahead_of *of)
{
    (void)ctx;
    *of = (struct sl_ahead_of){ &origin, "", "", true, false };
    return n == 0;
}

/* What the endpoint has still to do for those that were given up. */
static void finish_fetches(void)
{
    for (size_t i = 0; fake.code == SL_AGAIN && i < fake.fetched; i++)
        sl_fetch_done(fake.fetches[i], SL_E_NOT_FOUND);
}

static const enum sl_code ways[] = { SL_E_NOT_FOUND, SL_AGAIN };

/* What is there to be read is read, though nobody asks for the merge files that were asked for. */
START_TEST(nothing_waits_for_files_that_nobody_takes)
{
    struct sl_event ev;
    unsigned n = 0;
    enum sl_code rc;
    begin(": .f");
    fake.code = ways[_i];
    fake.dirs = 2000;
    struct sl_ahead *a = sl_ahead_new(filters, &endpoint, SL_RULE_SENDER, one_list, NULL);
    while ((rc = sl_ahead_next(a, &ev, &err)) == SL_OK)
        n++;
    ck_assert_int_eq(rc, SL_EOF);
    ck_assert_uint_eq(n, 2 * fake.dirs + 2);
    sl_ahead_free(a);
    finish_fetches();
    sl_filters_free(filters);
}
END_TEST

START_TEST(texts_ahead_are_bounded)
{
    static char text[SL_FETCH_MAX];
    struct sl_event ev;
    size_t held = 0;
    begin(": .f");
    fake.code = SL_AGAIN;
    fake.dirs = 1000;
    struct sl_ahead *a = sl_ahead_new(filters, &endpoint, SL_RULE_SENDER, one_list, NULL);
    ck_assert_int_eq(sl_ahead_next(a, &ev, &err), SL_OK);
    ck_assert_uint_gt(fake.fetched, 100);
    size_t asked = fake.fetched;
    for (size_t i = 0; i < asked; i++)
        sl_fetch_add(fake.fetches[i], text, sizeof text);
    for (size_t i = 0; i < asked; i++)
        held += fake.fetches[i]->cap;
    ck_assert_uint_ge(held, 1024 * 1024);
    ck_assert_uint_le(held, 16 * 1024 * 1024);
    struct sl_fetch *f = sl_ahead_take(a, "", ".f");
    ck_assert(f == fake.fetches[0] && f->len == sizeof text);
    ck_assert_ptr_null(sl_ahead_take(a, "d00199", ".f"));        /* it is asked for again */
    while (sl_ahead_next(a, &ev, &err) == SL_OK)
        ;
    sl_ahead_free(a);
    sl_fetch_drop(f);
    finish_fetches();
    sl_filters_free(filters);
}
END_TEST

/* Of several listings asked for the next are read while one is used, each entry below what its own is of. */
static bool three_lists(const void *ctx, size_t n, struct sl_ahead_of *of)
{
    static const char *const dirs[] = { "a", "b", "c" };
    size_t at = *(const size_t *)ctx + n;
    if (at >= 3)
        return false;
    *of = (struct sl_ahead_of){ &origin, dirs[at], "x", true, false };
    return true;
}

START_TEST(listings_are_read_ahead)
{
    struct sl_event ev;
    size_t at = 0;
    begin(": .f");
    fake.code = SL_AGAIN;
    fake.dirs = 2;
    struct sl_ahead *a = sl_ahead_new(filters, &endpoint, SL_RULE_SENDER, three_lists, &at);
    ck_assert_int_eq(sl_ahead_next(a, &ev, &err), SL_OK);
    ck_assert_uint_eq(fake.fetched, 9);
    ck_assert(sl_ahead_ended(a));
    for (; at < 3; at++) {
        unsigned n = at == 0;            /* one was taken */
        while (sl_ahead_next(a, &ev, &err) == SL_OK)
            n++;
        ck_assert_uint_eq(n, 2 * fake.dirs + 2);
    }
    ck_assert(!sl_ahead_ended(a));
    sl_fetch_drop(sl_ahead_take(a, "b/x/d00001", ".f"));
    ck_assert_ptr_null(sl_ahead_take(a, "a/x/d00001", ".f"));    /* passed over */
    sl_ahead_free(a);
    finish_fetches();
    sl_filters_free(filters);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, only_what_is_not_there_says_nothing, 0, sizeof answers / sizeof answers[0]);
    tcase_add_test(tc, a_directory_that_is_not_open);
    tcase_add_test(tc, texts_have_a_size_and_a_room);
    tcase_add_loop_test(tc, nothing_waits_for_files_that_nobody_takes, 0, sizeof ways / sizeof ways[0]);
    tcase_add_test(tc, texts_ahead_are_bounded);
    tcase_add_test(tc, listings_are_read_ahead);
}

int main(void)
{
    return scratch_run("select", add_tests);
}

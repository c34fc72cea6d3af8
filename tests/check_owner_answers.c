/* SPDX-License-Identifier: ISC */
/* check_owner_answers - what a server said of owners: each is found again, as many as there may be, and quickly. */
#include "config.h"
#include "client/owner_answers.h"
#include "scratch.h"

#include <stdio.h>
#include <time.h>

static bool has(const struct sl_owner_answers *t, bool group, uint32_t number, const char *name, uint32_t there)
{
    struct sl_owner_asked of = { group, number, name };
    const struct sl_owner_answer *a = sl_owner_answers_find(t, &of);
    return a && a->known && a->there == there;
}

static void ask(struct sl_owner_answers *t, bool group, uint32_t number, const char *name, uint64_t ticket)
{
    struct sl_owner_asked of = { group, number, name };
    ck_assert(sl_owner_answers_room(t, 0));
    ck_assert(!sl_owner_answers_find(t, &of));
    sl_owner_answers_ask(t, &of, ticket);
    ck_assert(!sl_owner_answers_find(t, &of)->known);
}

START_TEST(each_is_one_of_its_own)
{
    struct sl_owner_answers *t = sl_owner_answers_new(100);
    ask(t, false, 1, "", 10);
    ask(t, true, 1, "", 11);
    ask(t, false, 1, "one", 12);
    ask(t, false, 2, "one", 15);
    ck_assert(!sl_owner_answers_take(t, 9, true, 1));
    ck_assert(!sl_owner_answers_take(t, 13, true, 1));
    ck_assert(sl_owner_answers_take(t, 10, true, 100) && sl_owner_answers_take(t, 11, false, 101));
    ck_assert(!sl_owner_answers_take(t, 11, true, 7)); /* it has its answer */
    ck_assert(sl_owner_answers_take(t, 15, true, 103)); /* and 12 was refused */
    ck_assert(!sl_owner_answers_take(t, 12, true, 7));
    ck_assert(has(t, false, 1, "", 100) && has(t, true, 1, "", 101) && has(t, false, 2, "one", 103));
    ck_assert(!has(t, false, 1, "one", 7));
    sl_owner_answers_free(t);
}
END_TEST

START_TEST(starts_over_when_it_is_full)
{
    enum { MOST = 5 };
    struct sl_owner_answers *t = sl_owner_answers_new(MOST);
    for (uint32_t i = 0; i < MOST; i++)
        ask(t, false, i, "", i + 1);
    ck_assert(!sl_owner_answers_room(t, MOST - 1)); /* the last question is open */
    for (uint32_t i = 0; i < MOST; i++)
        ck_assert(sl_owner_answers_take(t, i + 1, true, i));
    ck_assert(has(t, false, 0, "", 0));
    ck_assert(sl_owner_answers_room(t, MOST));
    ck_assert(!has(t, false, 0, "", 0));
    ask(t, false, 7, "", MOST + 1);
    ck_assert(sl_owner_answers_take(t, MOST + 1, true, 70) && has(t, false, 7, "", 70));
    sl_owner_answers_free(t);
}
END_TEST

/* One by one through a list of them these would be two billion steps, some seconds. */
START_TEST(many_are_found_quickly)
{
    enum { MANY = 65536 };
    struct sl_owner_answers *t = sl_owner_answers_new(MANY);
    char name[16];
    clock_t start = clock();
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "user%u", i);
        ask(t, i & 1, i / 2, name, i + 1);
        ck_assert(sl_owner_answers_take(t, i + 1, true, i));
    }
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "user%u", i);
        ck_assert(has(t, i & 1, i / 2, name, i));
    }
    ck_assert(clock() - start < 2 * CLOCKS_PER_SEC);
    sl_owner_answers_free(t);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, each_is_one_of_its_own);
    tcase_add_test(tc, starts_over_when_it_is_full);
    tcase_add_test(tc, many_are_found_quickly);
}

int main(void)
{
    return scratch_run("owner_answers", add);
}

/* SPDX-License-Identifier: ISC */
/* check_slots - what counts as one connection, and who is let in when there is no room: the children are played by this process. */
#include "config.h"
#include "subsystem/slots.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HERE = 1, THERE = 2 };

static struct sl_slots *all;
static struct sl_config c;
static struct sl_module modules[2];
static struct sl_error err;
static pid_t next_pid;
static const uint8_t token[SL_SESSION_LEN] = "0123456789abcde", other[SL_SESSION_LEN] = "0123456789abcdf";

static void setup(void)
{
    all = sl_slots_new();
    ck_assert_ptr_nonnull(all);
    sl_config_init(&c);
    modules[0] = modules[1] = (struct sl_module){ 0 };
    modules[0].name = modules[1].name = (char *)(uintptr_t)"m";
    c.max_connections = 2;
    c.max_per_address = 0;
    c.max_lanes = 3;
    next_pid = 1000;
}

static void teardown(void)
{
    free(c.user);
    sl_slots_free(all);
}

static struct sl_source from(unsigned where)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000u + where) };
    return sl_source_of((struct sockaddr *)&a);
}

static enum sl_room room(unsigned where)
{
    struct sl_source s = from(where);
    return sl_slots_room(all, &c, &s, &err);
}

/* One more connection, whatever the room. */
static struct sl_slots_view comes(unsigned where)
{
    struct sl_source s = from(where);
    struct sl_slots_view v = { all, sl_slots_take(all, &s, 0, room(where)), 0 };
    sl_slots_begun(all, v.own, ++next_pid);
    return v;
}

/* Likewise; what its greeting leads to. */
static enum sl_code greets(unsigned where, const uint8_t *t, struct sl_slots_view *v)
{
    *v = comes(where);
    return sl_slots_greeted(v, &c, t, &err);
}

static enum sl_code admit(const struct sl_slots_view *v, unsigned module)
{
    struct sl_config with = c;
    with.modules = modules;
    with.module_count = 2;
    return sl_slots_admit(v, &with, &modules[module], &err);
}

START_TEST(counts_connections_without_a_token)
{
    struct sl_slots_view v;
    ck_assert_int_eq(greets(HERE, NULL, &v), SL_OK);
    ck_assert_int_eq(room(HERE), SL_ROOM);
    ck_assert_int_eq(greets(HERE, NULL, &v), SL_OK);
    ck_assert_int_eq(room(HERE), SL_ROOM_NONE);
    ck_assert_uint_eq(err.retry_s, c.retry_after_s);
    ck_assert(sl_slots_ended(all, next_pid) && !sl_slots_ended(all, next_pid));
    ck_assert_int_eq(room(HERE), SL_ROOM);
    ck_assert_uint_eq(sl_slots_used(all), 1);
}
END_TEST

START_TEST(counts_a_session_once)
{
    struct sl_slots_view v;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(greets(HERE, token, &v), SL_OK);
    ck_assert_int_eq(room(THERE), SL_ROOM);
    ck_assert_int_eq(greets(HERE, token, &v), SL_OK);        /* a fourth lane counts for itself */
    ck_assert_int_eq(room(THERE), SL_ROOM_NONE);
}
END_TEST

START_TEST(takes_the_token_of_another_source_for_another_session)
{
    struct sl_slots_view v;
    ck_assert_int_eq(greets(HERE, token, &v), SL_OK);
    ck_assert_int_eq(greets(THERE, token, &v), SL_OK);
    ck_assert_int_eq(room(HERE), SL_ROOM_FOR_LANE);
    ck_assert_int_eq(room(3), SL_ROOM_NONE);
}
END_TEST

START_TEST(lets_lanes_in_where_nobody_else_has_room)
{
    struct sl_slots_view first, v;
    ck_assert_int_eq(greets(HERE, token, &first), SL_OK);
    ck_assert_int_eq(greets(THERE, NULL, &v), SL_OK);
    ck_assert_int_eq(room(HERE), SL_ROOM_FOR_LANE);
    ck_assert_int_eq(greets(HERE, token, &v), SL_OK);
    ck_assert_int_eq(greets(HERE, other, &v), SL_E_LIMIT);
    ck_assert_uint_eq(err.retry_s, c.retry_after_s);
    ck_assert_int_eq(greets(HERE, NULL, &v), SL_E_LIMIT);
}
END_TEST

/* Whoever has a session can't fill the machine with connections that say nothing. */
START_TEST(bounds_those_that_have_not_greeted)
{
    struct sl_slots_view first, v;
    ck_assert_int_eq(greets(HERE, token, &first), SL_OK);
    ck_assert_int_eq(greets(THERE, NULL, &v), SL_OK);
    comes(HERE);
    ck_assert_int_eq(room(HERE), SL_ROOM_FOR_LANE);
    comes(HERE);
    ck_assert_int_eq(room(HERE), SL_ROOM_NONE);
}
END_TEST

START_TEST(counts_a_lane_whose_first_has_ended)
{
    struct sl_slots_view first, lane, v;
    ck_assert_int_eq(greets(HERE, token, &first), SL_OK);
    pid_t was = next_pid;
    ck_assert_int_eq(greets(HERE, token, &lane), SL_OK);
    ck_assert_int_eq(greets(THERE, NULL, &v), SL_OK);
    ck_assert(sl_slots_ended(all, was));
    ck_assert_int_eq(room(3), SL_ROOM_NONE);                 /* the lane and the other one */
    ck_assert_int_eq(room(HERE), SL_ROOM_FOR_LANE);
}
END_TEST

START_TEST(admits_a_session_once)
{
    struct sl_slots_view first, lane, elsewhere, stranger;
    c.max_connections = 10;
    modules[0].max_connections = 1;
    ck_assert_int_eq(greets(HERE, token, &first), SL_OK);
    ck_assert_int_eq(admit(&first, 0), SL_OK);
    ck_assert_int_eq(greets(HERE, token, &lane), SL_OK);
    ck_assert_int_eq(admit(&lane, 0), SL_OK);
    ck_assert_int_eq(greets(THERE, NULL, &stranger), SL_OK);
    ck_assert_int_eq(admit(&stranger, 0), SL_E_LIMIT);
    /* A token is none for another module. */
    modules[1].max_connections = 1;
    ck_assert_int_eq(admit(&stranger, 1), SL_OK);
    ck_assert_int_eq(greets(HERE, token, &elsewhere), SL_OK);
    ck_assert_int_eq(admit(&elsewhere, 1), SL_E_LIMIT);
}
END_TEST

/* The one that covered it goes, and the session is still counted: but for another module. */
START_TEST(counts_a_lane_for_its_module_when_that_one_ends)
{
    struct sl_slots_view other_module, first, lane, v;
    c.max_connections = 10;
    modules[0].max_connections = 1;
    ck_assert_int_eq(greets(HERE, token, &other_module), SL_OK);
    ck_assert_int_eq(admit(&other_module, 1), SL_OK);
    ck_assert_int_eq(greets(HERE, token, &first), SL_OK);
    pid_t was = next_pid;
    ck_assert_int_eq(admit(&first, 0), SL_OK);
    ck_assert_int_eq(greets(HERE, token, &lane), SL_OK);
    ck_assert_int_eq(admit(&lane, 0), SL_OK);
    ck_assert(sl_slots_ended(all, was));
    ck_assert_int_eq(greets(THERE, NULL, &v), SL_OK);
    ck_assert_int_eq(admit(&v, 0), SL_E_LIMIT);
}
END_TEST

/* Neither of two that have not greeted covers the other. */
START_TEST(counts_two_that_come_at_once)
{
    struct sl_slots_view a = comes(HERE), b = comes(HERE);
    ck_assert_int_eq(sl_slots_greeted(&a, &c, token, &err), SL_OK);
    ck_assert_int_eq(sl_slots_greeted(&b, &c, token, &err), SL_OK);
    ck_assert_int_eq(room(THERE), SL_ROOM);
    a = comes(THERE);
    ck_assert_int_eq(sl_slots_greeted(&a, &c, token, &err), SL_OK);
    ck_assert_int_eq(room(3), SL_ROOM_NONE);
}
END_TEST

START_TEST(refuses_a_lane_that_wants_another_module)
{
    struct sl_slots_view first, lane, v;
    ck_assert_int_eq(greets(HERE, token, &first), SL_OK);
    ck_assert_int_eq(admit(&first, 0), SL_OK);
    ck_assert_int_eq(greets(THERE, NULL, &v), SL_OK);
    ck_assert_int_eq(greets(HERE, token, &lane), SL_OK);
    ck_assert_int_eq(admit(&lane, 1), SL_E_LIMIT);           /* though the module has no limit: the server has none left */
}
END_TEST

/* What a child says of itself that was taken over. */
START_TEST(bounds_those_that_say_they_are_lanes)
{
    struct sl_config boundless = c;
    struct sl_slots_view v;
    boundless.max_lanes = 1000;
    for (int i = 0; i < 6; i++) {
        v = comes(HERE);
        ck_assert_int_eq(sl_slots_greeted(&v, &boundless, token, &err), SL_OK);
    }
    ck_assert_int_eq(room(THERE), SL_ROOM_NONE);
}
END_TEST

struct mappings { size_t writable, other; bool opened_up; };

/* What this process has of the shared memory. */
static struct mappings mapped(void)
{
    struct mappings m = { 0 };
    char line[512], rights[8];
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && fgets(line, sizeof line, f)) {
        unsigned long from, to;
        if (!strstr(line, "superlifter-slots") || sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3)
            continue;
        bool writable = rights[1] == 'w';
        *(writable ? &m.writable : &m.other) += to - from;
        m.opened_up |= !writable && mprotect((void *)(uintptr_t)from, to - from, PROT_READ | PROT_WRITE) == 0;
    }
    if (f)
        fclose(f);
    return m;
}

static bool is_writable(const void *page)
{
    char line[512], start[32];
    bool found = false;
    FILE *f = fopen("/proc/self/maps", "r");
    int n = snprintf(start, sizeof start, "%lx-", (unsigned long)(uintptr_t)page);
    while (f && fgets(line, sizeof line, f))
        found = found || (strncmp(line, start, (size_t)n) == 0 && strstr(line, " rw-s "));
    if (f)
        fclose(f);
    return found;
}

static void no_process(pid_t pid)
{
    (void)pid;
    _exit(3);
}

/* 0: it has a page to write in, and neither the rest nor a process's id. */
static int as_child(const struct sl_slots_view *v)
{
    sl_slots_child(v->all, v->own);
    struct mappings m = mapped();
    sl_slots_each(v->all, no_process);
    if (m.writable != (size_t)sysconf(_SC_PAGESIZE) || !m.other || m.opened_up || !is_writable(sl_slots_own_page(v)))
        return 1;
    return sl_slots_greeted(v, &c, token, &err) == SL_OK && admit(v, 0) == SL_OK ? 0 : 2;
}

START_TEST(leaves_a_child_its_own_word)
{
    struct sl_slots_view first, v;
    int how = -1;
    if (!mapped().other) {
        fprintf(stderr, "no memory can be sealed here: what a child can't write is not seen\n");
        return;
    }
    ck_assert_int_eq(greets(HERE, token, &first), SL_OK);
    ck_assert_int_eq(admit(&first, 0), SL_OK);
    ck_assert_int_eq(greets(THERE, NULL, &v), SL_OK);
    v = comes(HERE);
    pid_t pid = fork();
    if (!pid)
        _exit(as_child(&v));
    ck_assert_int_eq(waitpid(pid, &how, 0), pid);
    ck_assert_int_eq(how, 0);
    ck_assert_int_eq(room(HERE), SL_ROOM_FOR_LANE);          /* it joined, so it is not counted; the listener saw that */
    ck_assert(sl_slots_ended(all, next_pid));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("slots");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, counts_connections_without_a_token);
    tcase_add_test(t, counts_a_session_once);
    tcase_add_test(t, takes_the_token_of_another_source_for_another_session);
    tcase_add_test(t, lets_lanes_in_where_nobody_else_has_room);
    tcase_add_test(t, bounds_those_that_have_not_greeted);
    tcase_add_test(t, counts_a_lane_whose_first_has_ended);
    tcase_add_test(t, admits_a_session_once);
    tcase_add_test(t, counts_a_lane_for_its_module_when_that_one_ends);
    tcase_add_test(t, counts_two_that_come_at_once);
    tcase_add_test(t, refuses_a_lane_that_wants_another_module);
    tcase_add_test(t, bounds_those_that_say_they_are_lanes);
    tcase_add_test(t, leaves_a_child_its_own_word);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

/* SPDX-License-Identifier: ISC */
/* check_judge - when compression is begun and ended, by made-up figures of the two ends. */
#include "config.h"
#include "client/judge.h"
#include "scratch.h"

enum { MS = 1000, LIMIT = 100000000 };

static struct sl_judge j;
static struct sl_line_view s, r;

/* ms pass: the sender was held and packed for so many percent, the receiver was idle; so many bytes came, as so many plain ones. */
static enum sl_verdict pass(uint64_t ms, unsigned held, unsigned packing, unsigned idle, uint64_t wire, uint64_t plain)
{
    s.now_us += ms * MS;
    r.now_us += ms * MS;
    s.held_us += ms * MS / 100 * held;
    s.packing_us += ms * MS / 100 * packing;
    r.idle_us += ms * MS / 100 * idle;
    s.wire += wire, r.came_wire += wire;
    s.plain += plain, r.came_plain += plain;
    return sl_judge_look(&j, &s, &r);
}

static void start(enum sl_sender sender)
{
    s = r = (struct sl_line_view){ 0 };
    sl_judge_init(&j, sender, LIMIT);
}

static void begun(void)
{
    start(SL_SENDER_HERE);
    ck_assert_int_eq(pass(100, 90, 0, 90, 1000000, 1000000), SL_VERDICT_PACK);
    s.packs = true;
    ck_assert_int_eq(pass(100, 90, 5, 90, 1000000, 3000000), SL_VERDICT_KEEP);
}

START_TEST(a_slow_line)
{
    begun();
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(pass(100, 90, 5, 90, 1000000, 3000000), SL_VERDICT_KEEP);
}
END_TEST

/* Whoever is busy is what is waited for, not the line; a fast line is left alone; little says nothing. */
static const struct { unsigned ms, held, idle; uint64_t wire; } not_the_line[] = {
    { 100, 90, 10, 1000000 }, { 100, 10, 90, 1000000 }, { 100, 0, 0, 1000000 }, { 100, 90, 90, 20000000 }, { 100, 90, 90, 1000 },
    { 10, 90, 90, 1000000 },
};

START_TEST(other_than_a_slow_line)
{
    start(SL_SENDER_HERE);
    ck_assert_int_eq(pass(not_the_line[_i].ms, not_the_line[_i].held, 0, not_the_line[_i].idle, not_the_line[_i].wire,
                          not_the_line[_i].wire), SL_VERDICT_KEEP);
}
END_TEST

/* A far sender sees for itself whether it is held; what it was allowed is taken back when the receiver is what is waited for. */
START_TEST(a_far_sender)
{
    start(SL_SENDER_FAR);
    ck_assert_int_eq(pass(100, 0, 0, 90, 1000000, 1000000), SL_VERDICT_PACK);
    ck_assert_int_eq(pass(100, 0, 0, 90, 1000000, 1000000), SL_VERDICT_KEEP);
    ck_assert_int_eq(pass(100, 90, 0, 10, 1000000, 1000000), SL_VERDICT_PLAIN);
    ck_assert_int_eq(pass(100, 0, 0, 90, 1000000, 1000000), SL_VERDICT_PACK);
    s.packs = true;
    ck_assert_int_eq(pass(100, 90, 5, 90, 1000000, 3000000), SL_VERDICT_KEEP);
    ck_assert_int_eq(pass(100, 90, 5, 90, 1000000, 3000000), SL_VERDICT_KEEP);
}
END_TEST

/* _i 0: the compressor, 1: the other end is busy with it, and less gets through than before: off, and off for a while, longer each time. */
START_TEST(it_turns_out_wrong)
{
    unsigned held = _i ? 90 : 0, packing = _i ? 5 : 90, idle = _i ? 5 : 90;
    uint64_t rest[2] = { 0, 0 };
    begun();
    for (int turn = 0; turn < 2; turn++) {
        unsigned looks = 1;
        while (pass(100, held, packing, idle, 300000, 900000) == SL_VERDICT_KEEP)
            looks++;
        ck_assert_uint_eq(looks, 3);
        s.packs = false;
        while (pass(100, 90, 0, 90, 1000000, 1000000) == SL_VERDICT_KEEP)
            rest[turn]++;
        s.packs = true;
        pass(100, 90, 5, 90, 1000000, 3000000);
    }
    ck_assert_uint_ge(rest[0], 9);
    ck_assert_uint_ge(rest[1], 2 * rest[0]);
}
END_TEST

/* One bad look is a busy machine. */
START_TEST(a_moment_is_not_enough)
{
    begun();
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(pass(100, 0, 90, 90, 300000, 900000), SL_VERDICT_KEEP);
        ck_assert_int_eq(pass(100, 0, 90, 90, 300000, 900000), SL_VERDICT_KEEP);
        ck_assert_int_eq(pass(100, 90, 5, 90, 1000000, 3000000), SL_VERDICT_KEEP);
    }
}
END_TEST

/* The line has become faster than the compressor: without it is tried, and it stays so. */
START_TEST(the_line_becomes_faster)
{
    begun();
    enum sl_verdict v = SL_VERDICT_KEEP;
    for (int i = 0; i < 30 && v == SL_VERDICT_KEEP; i++)
        v = pass(100, 0, 95, 50, 3000000, 9000000);
    ck_assert_int_eq(v, SL_VERDICT_PLAIN);
    s.packs = false;
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(pass(100, 90, 0, 90, 50000000, 50000000), SL_VERDICT_KEEP);
}
END_TEST

/* The compressor is what is waited for, but the line carries no more than it did: it goes on. */
START_TEST(a_busy_machine_on_a_slow_line)
{
    begun();
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(pass(100, 0, 95, 90, 900000, 2700000), SL_VERDICT_KEEP);
}
END_TEST

/* Begun without knowing: nothing moves while the receiver copies; then it goes on if the line is what is waited for, and ends at once if not. */
START_TEST(on_trial)
{
    bool slow = _i == 0;
    start(SL_SENDER_HERE);
    sl_judge_try(&j);
    s.packs = true;
    ck_assert_int_eq(pass(400, 90, 10, 10, 1000000, 2000000), SL_VERDICT_KEEP);
    ck_assert_int_eq(pass(400, 90, 0, 0, 0, 0), SL_VERDICT_KEEP);
    ck_assert(j.trial);
    ck_assert_int_eq(pass(25, slow ? 60 : 20, 40, slow ? 70 : 10, 250000, 500000), slow ? SL_VERDICT_KEEP : SL_VERDICT_PLAIN);
    ck_assert(!j.trial);
    ck_assert(j.allowed == slow);
}
END_TEST

/* The caller saw by itself that a far sender's line is slow: no look takes it back before the sender has heard of it, however busy the receiver is. */
START_TEST(told_at_once)
{
    start(SL_SENDER_FAR);
    sl_judge_slow(&j, 10000000);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(pass(100, 0, 0, 5, 1000000, 1000000), SL_VERDICT_KEEP);
    s.packs = true;
    ck_assert_int_eq(pass(100, 90, 5, 90, 1000000, 3000000), SL_VERDICT_KEEP);
    ck_assert_int_eq(pass(100, 90, 5, 90, 1000000, 3000000), SL_VERDICT_KEEP);
    s.packs = false;
    ck_assert_int_eq(pass(100, 90, 0, 5, 1000000, 1000000), SL_VERDICT_PLAIN);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, on_trial, 0, 2);
    tcase_add_test(tc, told_at_once);
    tcase_add_test(tc, a_slow_line);
    tcase_add_loop_test(tc, other_than_a_slow_line, 0, sizeof not_the_line / sizeof not_the_line[0]);
    tcase_add_test(tc, a_far_sender);
    tcase_add_loop_test(tc, it_turns_out_wrong, 0, 2);
    tcase_add_test(tc, a_moment_is_not_enough);
    tcase_add_test(tc, the_line_becomes_faster);
    tcase_add_test(tc, a_busy_machine_on_a_slow_line);
}

int main(void)
{
    return scratch_run("judge", add);
}

/* SPDX-License-Identifier: ISC */
/* judge - see judge.h. doc/ARCHITECTURE.md has what was measured. */
#include "config.h"
#include "client/judge.h"

#define SECOND_US UINT64_C(1000000)

enum {
    LOOK_US = 40000,                /* less says nothing */
    MOVED_LEAST = 32 * 1024,        /* bytes within it, for the same reason */
    STRIKES = 3,                    /* a busy machine looks like a slow compressor for a moment */
    REST_US = 1000000,              /* doubled each time, up to REST_MOST_US */
    REST_MOST_US = 32000000
};

/* What happened between two looks: at the sender; how idle the receiver was; what it got, and in what time. */
struct span {
    uint64_t us, held, packing, packed;
    uint64_t there_us, idle, plain, wire;
};

static struct span span_of(const struct sl_judge *j, const struct sl_line_view *s, const struct sl_line_view *r)
{
    const struct sl_line_view *s0 = &j->sender, *r0 = &j->receiver;
    return (struct span){ .us = s->now_us - s0->now_us, .held = s->held_us - s0->held_us, .packing = s->packing_us - s0->packing_us,
                          .packed = s->plain - s0->plain, .there_us = r->now_us - r0->now_us, .idle = r->idle_us - r0->idle_us,
                          .plain = r->came_plain - r0->came_plain, .wire = r->came_wire - r0->came_wire };
}

static uint64_t rate(uint64_t bytes, uint64_t us)
{
    return bytes > UINT64_MAX / SECOND_US || !us ? UINT64_MAX : bytes * SECOND_US / us;
}

static bool most_of(uint64_t part, uint64_t whole, unsigned percent)
{
    return part >= whole / 100 * percent;
}

void sl_judge_init(struct sl_judge *j, enum sl_sender sender, uint64_t limit)
{
    *j = (struct sl_judge){ .far = sender == SL_SENDER_FAR, .limit = limit, .rest_us = REST_US };
}

/* Rates are taken where things arrive: what is sent at first only fills the buffers on the way. */
static enum sl_verdict begin(struct sl_judge *j, const struct span *w)
{
    uint64_t made = rate(w->wire, w->there_us);
    bool line = (j->far || most_of(w->held, w->us, 50)) && most_of(w->idle, w->there_us, 50) && made < j->limit;
    if (line == j->allowed || w->wire < MOVED_LEAST || (line && j->sender.now_us < j->not_before_us))
        return SL_VERDICT_KEEP;
    j->allowed = line;
    j->made = made;
    return line ? SL_VERDICT_PACK : SL_VERDICT_PLAIN;
}

static enum sl_verdict end(struct sl_judge *j, uint64_t rest_us)
{
    j->allowed = false;
    j->not_before_us = j->sender.now_us + rest_us;
    j->rest_us = j->rest_us * 2 > REST_MOST_US ? REST_MOST_US : j->rest_us * 2;
    return SL_VERDICT_PLAIN;
}

/* Wrong when either end is busy with it and less gets through than did without. Where the compressor is what is waited for and the line carries more
 * than it did, it has become faster: it is tried without, with no rest if that is seen to be slower. */
static enum sl_verdict go_on(struct sl_judge *j, const struct span *w)
{
    bool packer = most_of(w->packing, w->us, 70), unpacker = most_of(w->held, w->us, 50) && !most_of(w->idle, w->there_us, 25);
    if (!j->allowed)                     /* it has not heard yet */
        return SL_VERDICT_KEEP;
    if (j->trial && w->plain >= MOVED_LEAST) {
        j->trial = false;
        j->allowed = most_of(w->held, w->us, 33) && most_of(w->idle, w->there_us, 33);
        return j->allowed ? SL_VERDICT_KEEP : SL_VERDICT_PLAIN;
    }
    if (w->plain < MOVED_LEAST || (!packer && !unpacker)) {
        j->strikes = 0;
        return SL_VERDICT_KEEP;
    }
    if (packer)
        j->limit = (j->limit * 3 + rate(w->packed, w->packing)) / 4;
    j->strikes = rate(w->plain, w->there_us) < j->line_rate ? j->strikes + 1 : 0;
    if (j->strikes >= STRIKES)
        return end(j, j->rest_us);
    bool faster = rate(w->wire, w->there_us) / 3 * 2 > j->line_rate;
    return packer && faster && j->sender.now_us - j->since_us > j->rest_us ? end(j, 0) : SL_VERDICT_KEEP;
}

void sl_judge_slow(struct sl_judge *j, uint64_t made)
{
    j->allowed = j->early = true;
    j->made = made;
}

void sl_judge_try(struct sl_judge *j)
{
    j->allowed = j->trial = true;
}

enum sl_verdict sl_judge_look(struct sl_judge *j, const struct sl_line_view *sender, const struct sl_line_view *receiver)
{
    struct span w = span_of(j, sender, receiver);
    uint64_t least = j->trial ? LOOK_US / 2 : LOOK_US;
    if (w.us < least || w.there_us < least)
        return SL_VERDICT_KEEP;
    bool was = j->packing;
    j->sender = *sender;
    j->receiver = *receiver;
    j->packing = sender->packs;
    if (!j->packing)
        return j->early ? SL_VERDICT_KEEP : begin(j, &w);
    j->early = false;
    if (was)
        return go_on(j, &w);
    j->line_rate = rate(w.wire, w.there_us);
    j->since_us = sender->now_us;
    j->strikes = 0;
    return SL_VERDICT_KEEP;
}

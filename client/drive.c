/* SPDX-License-Identifier: ISC */
/* drive - planner, executor, deletion and network in turn, until all is done. */
#include "config.h"
#include "client/delay.h"
#include "client/delete_first.h"
#include "client/grow.h"
#include "client/remote.h"
#include "client/run.h"
#include "client/stop.h"
#include "client/wind_up.h"
#include "base/io.h"

#include <poll.h>

enum { FLUSH_AT = 256 * 1024, APART_MS = 4, SOON_MS = 10, TAKE_MS = 10000 };

/* So much that no lane has to wait for the planner, but not for long. */
static enum sl_code plan_ahead(struct sl_plan *p, struct sl_error *err)
{
    uint64_t until = sl_now_ms() + APART_MS;
    enum sl_code rc;
    bool any = false;
    do {
        rc = sl_plan_step(p, err);
        any |= rc == SL_OK;
        if (p->lanes_len > 1)
            sl_deal(p);
    } while (rc == SL_OK && p->lanes_len > 1 && sl_now_ms() < until);
    return rc == SL_AGAIN && any ? SL_OK : rc;
}

/* One turn of planner, executor and deletion. SL_OK: something moved. */
static enum sl_code turn(struct sl_plan *p, struct sl_error *err)
{
    enum sl_code plan = sl_delete_first_turn(p, plan_ahead(p, err));
    if (plan != SL_OK && plan != SL_AGAIN && plan != SL_EOF)
        return plan;
    enum sl_code exec = sl_exec_step(p, err);
    if (exec != SL_OK && exec != SL_AGAIN && exec != SL_EOF)
        return exec;
    if (plan == SL_OK || exec == SL_OK)
        return SL_OK;
    enum sl_code late = plan == SL_EOF && exec == SL_EOF ? sl_delay_step(p, err) : SL_AGAIN;
    return late == SL_EOF ? sl_delete_step(p, err) : late;
}

/* The line is gone, but what came over it is here: written, it need not be sent again. */
static void take_what_came(struct sl_plan *p)
{
    struct sl_error ignored;
    uint64_t until = sl_now_ms() + TAKE_MS;
    while (!p->dest->remote && !sl_remote_interrupted && sl_now_ms() < until && sl_exec_step(p, &ignored) == SL_OK)
        ;
}

/* The network has its turn when nothing else can go on, when much is to be sent, and at least every few milliseconds: while this side
 * reads and hashes, the other one has to know what it is asked for. */
enum sl_code sl_drive(struct sl_layout *l, struct sl_plan *p, struct sl_grow *g, struct sl_error *err)
{
    uint64_t last = sl_now_ms();
    for (;;) {
        if (sl_remote_interrupted)
            return sl_fail(err, SL_E_CLOSED, "interrupted by signal %d", sl_remote_interrupted);
        if (sl_stop_due(l->o))
            return sl_wind_up(p, g, err);
        sl_grow_turn(g);
        enum sl_code rc = turn(p, err);
        if (rc != SL_OK && rc != SL_AGAIN)
            return rc;
        sl_report_progress(l->report, &p->progress, false);
        if (rc == SL_AGAIN || sl_grow_queued(g) > FLUSH_AT || sl_now_ms() >= last + APART_MS) {
            /* Something is to be tried again in a moment. */
            bool soon = p->again.len > 0 && sl_queue_at(&p->again, 0)->kind != SL_ACT_LINK;
            if (rc == SL_AGAIN && soon)
                poll(NULL, 0, SOON_MS);
            rc = sl_grow_pump(g, rc == SL_AGAIN && !soon, err);
            if (rc == SL_E_CLOSED)
                take_what_came(p);
            if (rc != SL_OK)
                return rc;
            last = sl_now_ms();
        }
    }
}

/* SPDX-License-Identifier: ISC */
/* wind_up - see wind_up.h. */
#include "config.h"
#include "client/wind_up.h"
#include "base/io.h"
#include "client/take_source.h"

#include <poll.h>

enum { STOP_MS = 5000, SOON_MS = 10 };

enum sl_code sl_wind_up(struct sl_plan *p, struct sl_grow *g, struct sl_error *err)
{
    uint64_t until = sl_now_ms() + STOP_MS;
    bool left = true;
    while (left && sl_now_ms() < until) {
        left = false;
        for (size_t i = 0; i < p->lanes_len; i++) {
            struct sl_endpoint *e = p->lanes[i]->dest;
            while (e->acked[SL_JOB_WORK] < e->issued[SL_JOB_WORK] && e->ops->work(e) == SL_OK)
                ;
            left |= e->acked[SL_JOB_WORK] < e->issued[SL_JOB_WORK];
        }
        enum sl_code rc = sl_grow_pump(g, false, err);
        if (rc != SL_OK)
            return rc;
        sl_pending_reap(p);
        left |= sl_take_step(p);
        if (left)
            poll(NULL, 0, SOON_MS);
    }
    return sl_fail(err, SL_E_TIMEOUT, "stopped, because the time is over; the next run goes on from here");
}

/* SPDX-License-Identifier: ISC */
/* doctor_more - how many further connections of the same session a host grants. They are asked for one after the other,
 * so that no server takes it for an attack, and each has to greet before it counts. */
#include "config.h"
#include "client/doctor_priv.h"
#include "base/io.h"
#include "client/remote_priv.h"
#include "client/transport_priv.h"

#include <poll.h>
#include <stdio.h>

enum { ANSWER_MS = 20000 };

int sl_doctor_prepare(const struct sl_doctor *d)
{
    struct sl_remote *r = (struct sl_remote *)d->e[0];
    struct sl_error err;
    enum sl_code rc = sl_transport_prepare(&r->t, &d->a, &d->o, &err);
    return rc == SL_OK ? 0
                       : sl_doctor_failed(d, SL_STEP_CONNECTIONS, SL_EXIT_BROKEN, &err, "see what this machine lacks");
}

static enum sl_code one_more(struct sl_doctor *d, struct sl_error *err)
{
    struct sl_remote *r = (struct sl_remote *)d->e[0];
    struct sl_transport_lane lane;
    uint32_t id;
    uint64_t end = sl_now_ms() + ANSWER_MS, now;
    enum sl_code rc = sl_transport_more(&r->t, &id, err);
    if (rc != SL_OK)
        return rc;
    while ((rc = sl_transport_more_ready(&r->t, &lane, err)) == SL_AGAIN && (now = sl_now_ms()) < end &&
           !sl_remote_interrupted) {
        struct pollfd p = { .fd = r->t.control_fd, .events = POLLIN };
        poll(&p, 1, (int)(end - now));
    }
    if (rc == SL_AGAIN)
        return sl_fail(err, SL_E_TIMEOUT, "no answer within %d seconds", ANSWER_MS / 1000);
    if (rc == SL_OK)
        rc = sl_remote_beside(&d->e[d->count], d->e[0], &lane, err);
    d->count += rc == SL_OK;
    return rc;
}

void sl_doctor_connections(struct sl_doctor *d)
{
    struct sl_error err = { 0 };
    char why[sizeof err.text + 40] = "";
    if (d->a.modules && !d->a.module) {
        sl_doctor_skipped(d, SL_STEP_CONNECTIONS, "not asked for: they are of one module, and the address names none");
        return;
    }
    while (d->count <= SL_DOCTOR_MORE && one_more(d, &err) == SL_OK)
        ;
    size_t more = d->count - 1;
    bool all = more == SL_DOCTOR_MORE;
    if (!all)
        snprintf(why, sizeof why, "; the next is refused: %s", err.text);
    const struct sl_fact facts[] = { { SL_FACT_NUMBER, "granted", more, NULL },
                                     { SL_FACT_NUMBER, "asked", all ? more : more + 1, NULL },
                                     { SL_FACT_TEXT, "refusal", 0, all ? "" : err.text },
                                     { 0 } };
    sl_doctor_good(d, SL_STEP_CONNECTIONS, facts, "%zu more beside the first%s", more,
                   all ? " (no more are asked for)" : why);
}

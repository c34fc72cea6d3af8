/* SPDX-License-Identifier: ISC */
/*
 * retries - --retries: each attempt is a process of its own, and this one, which never speaks to a server, starts the
 * next. An attempt that was connected is confined and could not connect again; one that is new can, and what the last
 * one did it finds done by listing. What has to outlive an attempt is in memory that both share.
 */
#ifndef SL_CLIENT_RETRIES_H
#define SL_CLIENT_RETRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "client/options.h"
#include "client/report.h"

struct sl_attempts {
    unsigned in_row;        /* attempts that failed since one got on */
    uint64_t start_ms;      /* of the first */
    struct sl_stats before; /* what the attempts before did: only what adds up */
    uint64_t deleted;       /* entries, confirmed */
    bool told;              /* what is said once was said */
    bool once;              /* what is under way is not to be done twice: listing */
    bool again;             /* set by an attempt that ends: there is to be another one, */
    uint64_t delay_ms;      /* so much later */
};

/* What an attempt achieved. */
struct sl_achieved {
    const struct sl_stats *stats;
    uint64_t done;    /* entries made, written or deleted, confirmed */
    uint64_t deleted; /* of them */
};

/* Runs up to o->retries attempts more than one, with waits between them, and returns the exit status of the last. */
int sl_retries_run(const struct sl_options *o);

/* Whether such a failure may pass: the connection could not be made or was lost. */
bool sl_retries_may_pass(const struct sl_error *err);

/* Called once by an attempt that failed. got: NULL if it came to nothing. True: there will be another one, and
 * err->text says so. a: NULL without --retries. */
bool sl_retries_lost(struct sl_attempts *a, const struct sl_options *o, const struct sl_achieved *got,
                     struct sl_error *err);

/* Adds what the attempts before did to the figures of the last. */
void sl_retries_total(const struct sl_attempts *a, struct sl_stats *s);

#endif

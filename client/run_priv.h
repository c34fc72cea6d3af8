/* SPDX-License-Identifier: ISC */
/* run_priv - what the files of a run share. run.c: reaches both sides; run_listing.c and run_transfer.c: what is done then. */
#ifndef SL_CLIENT_RUN_PRIV_H
#define SL_CLIENT_RUN_PRIV_H

#include "client/run.h"

/* Both return the exit status; failures were told. */
int sl_run_listing(struct sl_layout *l, struct sl_error *err);
int sl_run_transfer(struct sl_layout *l, struct sl_error *err);

/* The exit status that follows from a session's failure. */
int sl_run_session_status(enum sl_code rc);
/* Tells it; if there is to be another attempt it is only a warning. */
void sl_run_tell_failure(struct sl_layout *l, const struct sl_error *err, bool again);
/* Adds what went over an endpoint's connection. */
void sl_run_traffic(struct sl_stats *s, const struct sl_endpoint *e);

#endif

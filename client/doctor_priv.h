/* SPDX-License-Identifier: ISC */
/* doctor_priv - what the files of --doctor share. doctor.c: the order of the steps, and the session; doctor_reach.c:
 * name, port and transport; doctor_failure.c: which step a failure belongs to; doctor_more.c: further connections;
 * doctor_there.c: file system and clock; doctor_measure.c: round trip and throughput; doctor_say.c: the lines. */
#ifndef SL_CLIENT_DOCTOR_PRIV_H
#define SL_CLIENT_DOCTOR_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "client/address.h"
#include "client/endpoint.h"
#include "client/options.h"

enum { SL_DOCTOR_MORE = 8 }; /* further connections that are asked for */

/* In the order in which they are gone; their names are an interface (superlifter(1)). */
enum sl_doctor_step {
    SL_STEP_NAME,
    SL_STEP_PORT,
    SL_STEP_TRANSPORT,
    SL_STEP_SSH,
    SL_STEP_HOST_KEY,
    SL_STEP_LOGIN,
    SL_STEP_START,
    SL_STEP_GREETING,
    SL_STEP_FEATURES,
    SL_STEP_TREE,
    SL_STEP_CONFINEMENT,
    SL_STEP_FILE_SYSTEM,
    SL_STEP_CLOCK,
    SL_STEP_ROUND_TRIP,
    SL_STEP_CONNECTIONS,
    SL_STEP_THROUGHPUT
};

struct sl_doctor {
    struct sl_options o; /* a copy; what it owns stays the caller's */
    struct sl_address a;
    char *host; /* owned; whose name is looked up: for SSH what the configuration makes of it */
    int port;
    bool elsewhere; /* this machine does not reach it itself: a proxy, or an unknown program does */
    bool foreign;   /* SSH by a program that is not OpenSSH's: it does not say how it got there */
    bool shared;    /* there may be a connection already that is used */
    struct sl_endpoint *e[SL_DOCTOR_MORE + 1];
    size_t count;
};

/* ---- doctor_say.c ---- */
enum sl_fact_kind { SL_FACT_END, SL_FACT_NUMBER, SL_FACT_TEXT, SL_FACT_WORDS /* with one space between */ };
struct sl_fact {
    enum sl_fact_kind kind;
    const char *key;
    uint64_t number;
    const char *text;
};
/* Each prints one step; facts (up to SL_FACT_END; NULL: none) are for --json only. */
void sl_doctor_good(const struct sl_doctor *d, enum sl_doctor_step step, const struct sl_fact *facts, const char *fmt,
                    ...) __attribute__((format(printf, 4, 5)));
/* What can't be told, or need not be. */
void sl_doctor_skipped(const struct sl_doctor *d, enum sl_doctor_step step, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* advice: what to do; "" for none. Returns status, rsync's exit status. */
int sl_doctor_failed(const struct sl_doctor *d, enum sl_doctor_step step, int status, const struct sl_error *err,
                     const char *advice);

/* ---- doctor_failure.c ---- */
struct sl_doctor_verdict {
    enum sl_doctor_step step;
    const char *advice;
};
/* To which step a failed opening belongs, by what the transports and the handshake report. */
struct sl_doctor_verdict sl_doctor_judge(const struct sl_address *a, const struct sl_error *err);

/* ---- doctor_reach.c ---- Each returns 0, or the exit status of the step that failed. */
void sl_doctor_ask_ssh(struct sl_doctor *d);
int sl_doctor_reach(const struct sl_doctor *d);
int sl_doctor_transport(const struct sl_doctor *d);

/* ---- doctor_more.c ---- */
/* Before this process is confined: prepares further connections. */
int sl_doctor_prepare(const struct sl_doctor *d);
void sl_doctor_connections(struct sl_doctor *d);

/* ---- doctor_there.c ---- */
/* The file system that the address is on, and the clock. */
int sl_doctor_there(const struct sl_doctor *d);

/* ---- doctor_measure.c ---- */
int sl_doctor_round_trip(const struct sl_doctor *d);
int sl_doctor_throughput(const struct sl_doctor *d);

#endif

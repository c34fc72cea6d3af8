/* SPDX-License-Identifier: ISC */
/*
 * doctor_measure - round trip and throughput. The latter reads pieces of a file that is there, over and over, on 1, 2,
 * 4 and 8 connections at once; what counts is what came over the wire. Nothing is written, here or there.
 */
#include "config.h"
#include "client/doctor_priv.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/remote_priv.h"
#include "client/transport_priv.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PINGS = 9, PING_MS = 10000, RUN_MS = 1500, DRAIN_MS = 30000, AHEAD = 8, NAP_MS = 100, ROOM_LEAST = 1024 };
#define PIECE_BYTES (1024u * 1024u)
#define FILE_LEAST (64u * 1024u) /* with less the requests would be measured */

/* ---- round trip ---- */

static enum sl_code one_ping(struct sl_remote *r, uint64_t token, uint64_t *us, struct sl_error *err)
{
    uint64_t start = sl_pace_now(), end = sl_now_ms() + PING_MS;
    enum sl_code rc = SL_OK;
    sl_conn_ping(r->conn, token);
    while (rc == SL_OK && r->ponged != token) {
        if (sl_now_ms() > end)
            return sl_fail(err, SL_E_TIMEOUT, "a ping was not answered within %d seconds", PING_MS / 1000);
        rc = sl_remote_pump(&r->e, NULL, true, err);
    }
    *us = (sl_pace_now() - start) / 1000;
    return rc;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static int lost(const struct sl_doctor *d, enum sl_doctor_step step, enum sl_code rc, const struct sl_error *err)
{
    return sl_doctor_failed(d, step, rc == SL_E_TIMEOUT ? SL_EXIT_SILENT : SL_EXIT_BROKEN, err,
                            "look into the log of that machine, and try again");
}

int sl_doctor_round_trip(const struct sl_doctor *d)
{
    struct sl_remote *r = (struct sl_remote *)d->e[0];
    struct sl_error err = { 0 };
    uint64_t us[PINGS] = { 0 };
    for (unsigned i = 0; i < PINGS; i++) {
        enum sl_code rc = one_ping(r, i + 1, &us[i], &err);
        if (rc != SL_OK)
            return lost(d, SL_STEP_ROUND_TRIP, rc, &err);
    }
    qsort(us, PINGS, sizeof us[0], by_size);
    const struct sl_fact facts[] = { { SL_FACT_NUMBER, "median_us", us[PINGS / 2], NULL },
                                     { SL_FACT_NUMBER, "least_us", us[0], NULL },
                                     { SL_FACT_NUMBER, "most_us", us[PINGS - 1], NULL },
                                     { 0 } };
    sl_doctor_good(d, SL_STEP_ROUND_TRIP, facts, "%.2f ms (the median of %d; %.2f to %.2f)",
                   (double)us[PINGS / 2] / 1000, PINGS, (double)us[0] / 1000, (double)us[PINGS - 1] / 1000);
    return 0;
}

/* ---- throughput ---- */

struct reader {
    struct sl_endpoint *e;
    uint32_t dir;     /* the directory of the file, open on its channel */
    uint64_t next;    /* where the next piece begins */
    unsigned waiting; /* pieces asked for and not complete */
};

static uint32_t open_base(struct sl_endpoint *e, const char *base)
{
    uint32_t at = 0;
    for (const char *p = base; *p; p += strcspn(p, "/"), p += *p == '/') {
        char *name = sl_memdup0(p, strcspn(p, "/"));
        uint32_t id = e->next_id++;
        e->ops->open_dir(e, SL_JOB_WORK, at, id, name);
        free(name);
        at = id;
    }
    return at;
}

static void ask_ahead(struct reader *r, const struct sl_place *file)
{
    while (r->waiting < AHEAD && r->e->ops->room(r->e, SL_JOB_WORK) > ROOM_LEAST) {
        uint64_t left = file->entry.size - r->next;
        struct sl_range piece = { .at = r->next, .len = left < PIECE_BYTES ? left : PIECE_BYTES };
        r->e->ops->read_ranges(r->e, r->dir, file->name, &piece, 1);
        r->next = piece.len == left ? 0 : r->next + piece.len;
        r->waiting++;
    }
}

static enum sl_code take_pieces(struct reader *r, struct sl_error *err)
{
    struct sl_piece p;
    enum sl_code rc;
    while (r->waiting && (rc = r->e->ops->piece(r->e, &p, err)) != SL_AGAIN) {
        if (rc != SL_OK)
            return rc;
        if (p.kind == SL_PIECE_FAILED)
            return (*err = p.error).code;
        r->waiting -= p.kind == SL_PIECE_END || p.kind == SL_PIECE_WHOLE;
        r->e->ops->piece_taken(r->e);
    }
    return SL_OK;
}

static uint64_t wire_in(const struct reader *r, size_t n)
{
    uint64_t out = 0, in = 0;
    for (size_t i = 0; i < n; i++)
        sl_remote_traffic(r[i].e, &out, &in);
    return in;
}

/* Until one of them has something. */
static void wait_for_any(const struct reader *r, size_t n)
{
    struct pollfd p[SL_DOCTOR_MORE + 1];
    for (size_t i = 0; i < n; i++) {
        const struct sl_remote *at = (const struct sl_remote *)r[i].e;
        p[i] = (struct pollfd){ .fd = at->t.fd, .events = POLLIN };
    }
    poll(p, (nfds_t)n, NAP_MS);
}

static enum sl_code turn(struct reader *r, size_t n, const struct sl_place *file, bool ask, struct sl_error *err)
{
    uint64_t before = wire_in(r, n);
    enum sl_code rc = SL_OK;
    for (size_t i = 0; i < n && rc == SL_OK; i++) {
        if (ask)
            ask_ahead(&r[i], file);
        rc = sl_remote_pump(r[i].e, NULL, false, err);
        if (rc == SL_OK)
            rc = take_pieces(&r[i], err);
    }
    if (rc == SL_OK && wire_in(r, n) == before)
        wait_for_any(r, n);
    return rc;
}

static bool any_waits(const struct reader *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (r[i].waiting)
            return true;
    return false;
}

/* What was asked for has to come, so that the next run begins with nothing under way; it counts as well. */
static enum sl_code run(struct reader *r, size_t n, const struct sl_place *file, uint64_t *rate, struct sl_error *err)
{
    uint64_t start_ns = sl_pace_now(), stop = sl_now_ms() + RUN_MS, before = wire_in(r, n);
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && (sl_now_ms() < stop || any_waits(r, n))) {
        if (sl_now_ms() > stop + DRAIN_MS)
            return sl_fail(err, SL_E_TIMEOUT, "what was asked for did not come within %d seconds", DRAIN_MS / 1000);
        rc = turn(r, n, file, sl_now_ms() < stop, err);
    }
    uint64_t us = (sl_pace_now() - start_ns) / 1000;
    *rate = (uint64_t)((double)(wire_in(r, n) - before) * 1e6 / (double)(us ? us : 1));
    return rc;
}

static int measure(const struct sl_doctor *d, const struct sl_place *file)
{
    struct reader r[SL_DOCTOR_MORE + 1];
    struct sl_error err = { 0 };
    for (size_t i = 0; i < d->count; i++)
        r[i] = (struct reader){ .e = d->e[i], .dir = open_base(d->e[i], file->base) };
    for (size_t n = 1; n <= SL_DOCTOR_MORE && n <= d->count; n *= 2) {
        uint64_t rate = 0;
        enum sl_code rc = run(r, n, file, &rate, &err);
        if (rc == SL_E_RIGHTS || rc == SL_E_DENIED || rc == SL_E_NOT_FOUND)
            return sl_doctor_failed(d, SL_STEP_THROUGHPUT, 23, &err, "name a file that may be read");
        if (rc != SL_OK)
            return lost(d, SL_STEP_THROUGHPUT, rc, &err);
        const struct sl_fact facts[] = { { SL_FACT_NUMBER, "connections", n, NULL },
                                         { SL_FACT_NUMBER, "bytes_per_s", rate, NULL },
                                         { 0 } };
        sl_doctor_good(d, SL_STEP_THROUGHPUT, facts, "%.1f MB/s from there with %zu connection%s", (double)rate / 1e6,
                       n, n == 1 ? "" : "s");
    }
    return 0;
}

int sl_doctor_throughput(const struct sl_doctor *d)
{
    struct sl_place file = { 0 };
    struct sl_error err = { 0 };
    int status = 0;
    if (!*d->a.path || (d->a.modules && !d->a.module)) {
        sl_doctor_skipped(d, SL_STEP_THROUGHPUT,
                          "not measured: that needs a file to read, as in --doctor HOST:FILE (some MB at least)");
        return 0;
    }
    enum sl_code rc = sl_remote_place(d->e[0], d->a.path, true, &file, &err);
    if (rc != SL_OK)
        return sl_doctor_failed(d, SL_STEP_THROUGHPUT, rc == SL_E_CLOSED ? SL_EXIT_BROKEN : 23, &err,
                                "name a file that is there and may be read");
    if (!file.exists) {
        sl_fail(&err, SL_E_NOT_FOUND, "there is no '%s'", d->a.path);
        status = sl_doctor_failed(d, SL_STEP_THROUGHPUT, 23, &err, "name a file that is there and may be read");
    } else if (file.entry.type != SL_TYPE_FILE || file.entry.size < FILE_LEAST) {
        sl_doctor_skipped(d, SL_STEP_THROUGHPUT, "not measured: '%s' is no file of at least %u KiB", d->a.path,
                          FILE_LEAST / 1024);
    } else {
        status = measure(d, &file);
    }
    sl_place_clear(&file);
    return status;
}

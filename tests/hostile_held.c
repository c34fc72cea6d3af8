/* SPDX-License-Identifier: ISC */
/*
 * hostile_held - half frames for as long as one likes (--hold=SECONDS): connections that say a byte a second, or
 * nothing, or a great frame but for its end, and that come back whenever the server has ended them. Every one must be
 * ended by the server's deadlines (--handshake, --idle); its processes and the listener must not grow; who asks
 * something in between is answered.
 */
#include "config.h"
#include "tests/hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OF_EACH = 4, LATE_MS = 3000, ASK_EVERY_S = 30, ANSWER_MS = 2000, GROWTH_KIB = 2048, PIECE = 4096 };

/* How a connection holds out, and what ends it. */
enum way { PREFACE, HELLO, SILENCE, REQUEST, LARGE_FRAME, PIECES, WAYS };
static const struct {
    const char *name;
    bool greets;
} ways[WAYS] = {
    { "half a preface", false },
    { "half a HELLO", false },
    { "silence", false },
    { "a request, a byte a second", true },
    { "a large frame without its end", true },
    { "4 KiB of a frame, now and then", true },
};

struct held {
    struct peer peer;
    enum way way;
    uint64_t start_ms, sent;
};

struct toll {
    uint64_t ended, longest_ms, shortest_ms;
};

/* ---- memory ---- */

struct memory {
    long session_kib, all_kib, listener_kib;
    unsigned sessions;
};

static long memory_of(long pid, const char *word)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, word, strlen(word)) == 0)
            kib = strtol(line + strlen(word), NULL, 10);
    if (f)
        fclose(f);
    return kib;
}

/* The most of any session, of all at once, and the listener's own, so far. */
static void measure(long listener, struct memory *m)
{
    char path[64];
    long pid, all = 0;
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", listener, listener);
    FILE *f = listener ? fopen(path, "re") : NULL;
    for (; f && fscanf(f, "%ld", &pid) == 1; n++) {
        long kib = memory_of(pid, "VmHWM:");
        all += memory_of(pid, "RssAnon:");
        m->session_kib = kib > m->session_kib ? kib : m->session_kib;
    }
    if (f)
        fclose(f);
    m->all_kib = all > m->all_kib ? all : m->all_kib;
    m->sessions = n > m->sessions ? n : m->sessions;
    m->listener_kib = listener ? memory_of(listener, "VmRSS:") : 0;
}

/* ---- one connection ---- */

static void begin(struct held *h, const struct plan *o)
{
    peer_open(&h->peer, o);
    h->sent = 0;
    if (h->way == HELLO)
        peer_raw(&h->peer, SL_PREFACE, SL_PREFACE_LEN);
    if (ways[h->way].greets)
        hello(&h->peer);
    h->start_ms = sl_now_ms();
    static const uint8_t head[SL_FRAME_HEADER] = {
        SL_FRAME_MAX >> 16 & 255, SL_FRAME_MAX >> 8 & 255, SL_FRAME_MAX & 255, 60, 1, 0
    };
    static const uint8_t most[SL_FRAME_MAX - 1];
    if (h->way == LARGE_FRAME || h->way == PIECES)
        peer_raw(&h->peer, head, sizeof head);
    if (h->way == LARGE_FRAME)
        peer_raw(&h->peer, most, sizeof most);
}

/* What it says in this second. */
static void hold(struct held *h, unsigned idle_s)
{
    static const char half[] = "\0\x10\0\1\0\0\1\1\x80\x80\4\x80\x80", request[] = "\0\x7f\xff\x18\1\0";
    static const char piece[PIECE];
    switch (h->way) {
    case PREFACE:
        if (h->sent < SL_PREFACE_LEN - 1)
            peer_raw(&h->peer, (const char *)SL_PREFACE + h->sent++, 1);
        break;
    case HELLO:
        if (h->sent < sizeof half - 1)
            peer_raw(&h->peer, half + h->sent++, 1);
        break;
    case REQUEST:
        peer_raw(&h->peer, h->sent < sizeof request - 1 ? request + h->sent : "", 1);
        h->sent++;
        break;
    case PIECES:
        if ((sl_now_ms() - h->start_ms) / 1000 >= h->sent * (idle_s / 2 + 1) && h->sent++ < SL_FRAME_MAX / PIECE - 1)
            peer_raw(&h->peer, piece, sizeof piece);
        break;
    case SILENCE:
    case LARGE_FRAME:
    case WAYS:
        break;
    }
    while (peer_move(&h->peer, 0))
        ;
}

static void judge_end(struct peer *p, struct held *h, struct toll *t)
{
    uint64_t ms = sl_now_ms() - h->start_ms;
    unsigned deadline_s = ways[h->way].greets ? p->plan->idle_s : p->plan->handshake_s;
    t->ended++;
    t->longest_ms = ms > t->longest_ms ? ms : t->longest_ms;
    t->shortest_ms = t->ended == 1 || ms < t->shortest_ms ? ms : t->shortest_ms;
    if (ms + 1500 < deadline_s * 1000)
        bad(p, "%s: ENDED EARLY, AFTER %llu ms (%s)", ways[h->way].name, (unsigned long long)ms, h->peer.error_text);
}

/* One that the server should have ended by now is a failure, once. */
static void judge_late(struct peer *p, struct held *h)
{
    unsigned deadline_s = ways[h->way].greets ? p->plan->idle_s : p->plan->handshake_s;
    uint64_t ms = sl_now_ms() - h->start_ms;
    if (h->way == PIECES || ms < deadline_s * 1000 + LATE_MS)
        return;
    bad(p, "%s: NOT ENDED AFTER %llu ms", ways[h->way].name, (unsigned long long)ms);
    h->start_ms = sl_now_ms();
}

/* ---- all of them ---- */

static void turn(struct peer *p, struct held *h, struct toll *tolls, const struct plan *o)
{
    hold(h, o->idle_s);
    if (!peer_over(&h->peer)) {
        judge_late(p, h);
        return;
    }
    judge_end(p, h, &tolls[h->way]);
    peer_close(&h->peer);
    begin(h, o);
}

static void ask_beside(struct peer *p, const struct plan *o, uint64_t *slowest_ms)
{
    struct peer *honest = sl_calloc(1, sizeof *honest);
    uint64_t start = sl_now_ms();
    peer_open(honest, o);
    hello(honest);
    want(honest, 1, ask_list(honest, 1, 0, "", 0), if_may(honest, SL_RIGHT_LIST, DONE), "a listing");
    peer_close(honest);
    uint64_t ms = sl_now_ms() - start;
    *slowest_ms = ms > *slowest_ms ? ms : *slowest_ms;
    if (honest->bad || ms > ANSWER_MS)
        bad(p, "AN HONEST CLIENT: %s %llu ms", honest->told, (unsigned long long)ms);
    free(honest);
}

static void tell_all(struct peer *p, const struct toll *tolls, const struct memory *first, const struct memory *m,
                     uint64_t slowest_ms)
{
    for (int w = 0; w < WAYS; w++)
        tell(p, "%s: %llu ended, after %llu.%llu to %llu.%llu s; ", ways[w].name, (unsigned long long)tolls[w].ended,
             (unsigned long long)tolls[w].shortest_ms / 1000, (unsigned long long)tolls[w].shortest_ms % 1000 / 100,
             (unsigned long long)tolls[w].longest_ms / 1000, (unsigned long long)tolls[w].longest_ms % 1000 / 100);
    tell(p, "an honest client beside them: %llu ms at most; ", (unsigned long long)slowest_ms);
    tell(p, "%u sessions, the largest %ld KiB, all of their own %ld KiB, listener %ld KiB and %ld KiB at the end; ",
         m->sessions, m->session_kib, m->all_kib, first->listener_kib, m->listener_kib);
}

static void hour(struct peer *p)
{
    struct held *held = sl_calloc(WAYS * OF_EACH, sizeof *held);
    struct toll tolls[WAYS] = { 0 };
    struct memory first = { 0 }, m = { 0 };
    struct plan o = *p->plan;
    uint64_t start = sl_now_ms(), slowest_ms = 0;
    long seconds = o.hold_s, listener = o.listener;
    alarm((unsigned)seconds + 60);
    o.listener = 0; /* which of its processes is whose can't be told among many */
    for (int i = 0; i < WAYS * OF_EACH; i++) {
        held[i].way = (enum way)(i % WAYS);
        begin(&held[i], &o);
    }
    measure(listener, &first);
    for (long s = 0; s < seconds; s++) {
        while (sl_now_ms() < start + (uint64_t)s * 1000)
            usleep(20000);
        for (int i = 0; i < WAYS * OF_EACH; i++)
            turn(p, &held[i], tolls, &o);
        if (s % ASK_EVERY_S == 0)
            ask_beside(p, &o, &slowest_ms);
        measure(listener, &m);
    }
    for (int i = 0; i < WAYS * OF_EACH; i++) {
        if (held[i].peer.bad)
            bad(p, "%s: %s", ways[held[i].way].name, held[i].peer.told);
        peer_close(&held[i].peer);
        m.session_kib = held[i].peer.peak_kib > m.session_kib ? held[i].peer.peak_kib : m.session_kib;
    }
    p->peak_kib = m.session_kib;
    if (m.listener_kib > first.listener_kib + GROWTH_KIB)
        bad(p, "THE LISTENER GREW FROM %ld TO %ld KiB", first.listener_kib, m.listener_kib);
    tell_all(p, tolls, &first, &m, slowest_ms);
    free(held);
}

const struct attack held_attacks[] = { { "held", hour, HOLDS | WAITS }, { NULL, NULL, 0 } };

/* SPDX-License-Identifier: ISC */
/*
 * judge - whether one direction of a connection is to be compressed, from what both of its ends tell of how they wait. Pure: no clock but
 * the ends' own, no connection.
 *
 * The line is what is waited for when, over the same time, the sender had something to send and could not, and the receiver had nothing to do.
 * Either alone says less: a sender also waits for a receiver that is busy, a receiver also for a sender that is.
 */
#ifndef SL_CLIENT_JUDGE_H
#define SL_CLIENT_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/line.h"

struct sl_judge {
    bool far;                        /* the sender is the peer: it begins when it is held itself */
    bool allowed;                    /* the caller was told to PACK, and not PLAIN since then */
    bool packing;                    /* the sender did, at the last look */
    unsigned strikes;                /* looks in a row at which it seemed wrong */
    bool early;                      /* it was told so by sl_judge_slow, and the sender has not done it yet */
    bool trial;                      /* it was begun without knowing the line, by sl_judge_try */
    uint64_t limit;                  /* bytes a second: a line that makes more is left alone */
    uint64_t made;                   /* bytes a second of the line when the caller was told to PACK */
    uint64_t line_rate;              /* what it made when it was found too slow */
    uint64_t rest_us, not_before_us; /* after compression turned out wrong: how long to leave it off; until when */
    uint64_t since_us;               /* when it was begun, by the sender's clock */
    struct sl_line_view sender, receiver; /* at the last look */
};

enum sl_verdict { SL_VERDICT_KEEP, SL_VERDICT_PACK, SL_VERDICT_PLAIN };

/* far: figures of a far sender are old where much is on the way, so its own part is left to it (SL_STEER_WHEN_HELD). limit: what a compressor may be expected to make, bytes a second; it is corrected when the compressor is seen to be slower. */
enum sl_sender { SL_SENDER_HERE, SL_SENDER_FAR };
void sl_judge_init(struct sl_judge *j, enum sl_sender sender, uint64_t limit);
/* The newest figures of both ends, from about the same time. Other than KEEP: the caller does that, and it is taken for done. */
enum sl_verdict sl_judge_look(struct sl_judge *j, const struct sl_line_view *sender, const struct sl_line_view *receiver);

/* It was seen otherwise that the line makes only so many bytes a second, and the caller has told a far sender to pack at once. */
void sl_judge_slow(struct sl_judge *j, uint64_t made);
/* The caller has begun to pack, although nothing is known of the line: the first look at moving content decides whether it goes on. */
void sl_judge_try(struct sl_judge *j);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * lane - what goes over the control socket (SOCK_SEQPACKET) between this process and the one that opens connections outside its
 * confinement: "one more", and a descriptor or the reason why not. Both ends are this program's.
 */
#ifndef SL_CLIENT_LANE_H
#define SL_CLIENT_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { SL_LANE_FDS = 3 };            /* in, out, standard error */

struct sl_lane_request { uint32_t id; };

struct sl_lane_answer {
    uint32_t id;                     /* of the request; 0 is the first connection, which nobody asks for */
    int32_t code;                    /* enum sl_code; SL_OK comes with descriptors */
    int32_t exit_status;             /* rsync's, for a failure */
    uint8_t fds;                     /* how many: 1: both ways in one */
    bool fell_back;                  /* the subsystem was refused, and the command is what runs */
    bool unknown_host;               /* the failure is that nobody may accept this host's key here */
    bool lasting;                    /* as in struct sl_error */
    char text[sizeof ((struct sl_error *)0)->text];
};

/* Whole messages; they never block for long: requests and answers are few. False: the other end is gone (or, for a receive
 * that does not wait, nothing is there: errno is EAGAIN). */
enum sl_lane_wait { SL_LANE_WAIT, SL_LANE_NO_WAIT };
bool sl_lane_ask(int fd, uint32_t id);
bool sl_lane_asked(int fd, struct sl_lane_request *r, enum sl_lane_wait wait);
/* The descriptors are borrowed. */
bool sl_lane_answer(int fd, const struct sl_lane_answer *a, const int *fds);
/* The descriptors become the caller's: a->fds of them, close-on-exec. */
bool sl_lane_answered(int fd, struct sl_lane_answer *a, int fds[SL_LANE_FDS], enum sl_lane_wait wait);

#endif

/* SPDX-License-Identifier: ISC */
/* capture - runs a program of this machine and keeps what it writes to standard output. No shell is involved. */
#ifndef SL_CLIENT_CAPTURE_H
#define SL_CLIENT_CAPTURE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

struct sl_capture {
    pid_t pid;               /* 0: not running */
    int fd;                  /* its standard output */
};

/* Starts argv[0], found by PATH, with standard input empty. with_errors: standard error goes the same way as standard output;
 * otherwise it stays where it is. SL_E_NOT_FOUND where there is no such program. */
enum sl_capture_errors { SL_CAPTURE_ERRORS_APART, SL_CAPTURE_ERRORS_TOO };
enum sl_code sl_capture_start(struct sl_capture *c, char *const *argv, enum sl_capture_errors errors, struct sl_error *err);

/* Reads to the end, at most 1 MiB and timeout_ms (0: as long as it takes), then waits for the program; what has not ended by
 * then is killed. Its output is added to *out. SL_OK with *exit_status (-1: ended by a signal), or SL_E_TIMEOUT. */
enum sl_code sl_capture_end(struct sl_capture *c, unsigned timeout_ms, struct sl_buf *out, int *exit_status);

#endif

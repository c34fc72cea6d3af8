/* SPDX-License-Identifier: ISC */
/* doctor - `--doctor HOST`: reaches a host step by step and says what works. Nothing there is changed. */
#ifndef SL_CLIENT_DOCTOR_H
#define SL_CLIENT_DOCTOR_H

#include "client/options.h"

/* Prints a line for each step to standard output, up to the first that makes the rest impossible. Returns 0, or rsync's
 * exit status of the step that failed. */
int sl_doctor(const struct sl_options *o);

#endif

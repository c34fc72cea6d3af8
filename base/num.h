/* SPDX-License-Identifier: ISC */
/* num - text to numbers: a minimum, a maximum, and the whole string or nothing. */
#ifndef SL_BASE_NUM_H
#define SL_BASE_NUM_H

#include <stdint.h>

#include "base/error.h"

/* Decimal digits only. SL_E_INVALID, with *out untouched, for anything else or out of min..max. */
enum sl_code sl_num_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);
enum sl_code sl_num_int(const char *text, int min, int max, int *out);
enum sl_code sl_num_octal(const char *text, uint32_t max, uint32_t *out);

/* A size as rsync takes it: digits, an optional fraction, and a suffix K M G T P (times 1024) or KB MB ... (times
 * 1000); KiB forms too; "+1"/"-1" at the end. Without a suffix the number counts units of `unit` bytes. */
enum sl_code sl_num_size(const char *text, uint64_t unit, uint64_t *out);

#endif

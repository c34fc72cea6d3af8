/* SPDX-License-Identifier: ISC */
/*
 * inplace - spans for a file that is written over its own basis, from its beginning to its end: nothing can be copied from where has been
 * written already. Following D. Rasch and R. Burns, "In-Place Rsync: File Synchronization for Mobile and Wireless Devices", USENIX 2003, but
 * without their reordering: what would be read too late is sent.
 */
#ifndef SL_DELTA_INPLACE_H
#define SL_DELTA_INPLACE_H

#include "delta/match.h"

/* Turns copies of `basis`, the file itself, into new data where an earlier span has written over what they would read. What stays at its
 * offset is not written and can be copied from later on. */
void sl_delta_in_place(struct sl_delta *d, unsigned basis);

/* In place of all rounds: the file's first `from` bytes are not looked at, the rest of `size` bytes is new. */
void sl_delta_append(struct sl_delta *d, uint64_t from, uint64_t size);

/* In place of all rounds: the file is to be what basis 0 is, whose list this is. */
void sl_delta_copy(struct sl_delta *d, const struct sl_chunks *basis);

#endif

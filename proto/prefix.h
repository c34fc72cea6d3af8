/* SPDX-License-Identifier: ISC */
/* prefix - a name as what it shares with the name before it and what it adds; used by entries and by READ. */
#ifndef SL_PROTO_PREFIX_H
#define SL_PROTO_PREFIX_H

#include "base/entry.h"
#include "proto/wire.h"

/* Appends name (at most SL_NAME_MAX bytes), told from prev. */
void sl_prefix_encode(struct sl_buf *b, const char *prev, size_t prev_len, const char *name, size_t len);

/* Reads the next name over the one before: scratch holds *len bytes when called, and the new name with a NUL behind it
 * afterwards. Sets r->bad, with scratch as it was, when it shares more than there is or is longer than SL_NAME_MAX. */
void sl_prefix_decode(struct sl_rd *r, char scratch[SL_NAME_MAX + 1], size_t *len);

#endif

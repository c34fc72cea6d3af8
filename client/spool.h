/* SPDX-License-Identifier: ISC */
/* spool - records kept for later and read back last first: in memory up to a mark, then in an unnamed temporary file. */
#ifndef SL_CLIENT_SPOOL_H
#define SL_CLIENT_SPOOL_H

#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"

struct sl_spool;
struct sl_spool *sl_spool_new(void);
void sl_spool_free(struct sl_spool *s);
/* Where older records go, from a time when files could still be made; NULL: none yet. Taken over. */
void sl_spool_give(struct sl_spool *s, FILE *file);
/* That file, for another one's records; NULL: there is none. Nothing may be in the spool that is wanted still. */
FILE *sl_spool_yield(struct sl_spool *s);
/* A record of n bytes (at most 64 KiB). Fails when the temporary file can't be written. */
enum sl_code sl_spool_push(struct sl_spool *s, const void *data, size_t n, struct sl_error *err);
/* Takes the newest record into out (replacing what it holds); SL_EOF when there is none. */
enum sl_code sl_spool_pop(struct sl_spool *s, struct sl_buf *out, struct sl_error *err);

#endif

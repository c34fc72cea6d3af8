/* SPDX-License-Identifier: ISC */
/* match_priv - spans as they are put together, for those who make them: match.c and grid.c. */
#ifndef SL_DELTA_MATCH_PRIV_H
#define SL_DELTA_MATCH_PRIV_H

#include "delta/match.h"

struct sl_spans { struct sl_span *at; size_t len, cap; };
/* Behind the last; one that continues it makes it longer. */
void sl_spans_put(struct sl_spans *s, const struct sl_span *span);
/* An unknown one, unless it is empty. */
void sl_spans_new(struct sl_spans *s, uint64_t from, uint64_t to);
/* They take the place of those of d: a round is over. */
void sl_spans_become(struct sl_spans *s, struct sl_delta *d);

#endif

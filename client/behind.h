/* SPDX-License-Identifier: ISC */
/*
 * behind - names behind links. What is named behind a link can't be listed by its path: its entry is asked for by the path that was found
 * (follow.h). Where the next names are going to be is known in most cases, so their entries are asked for ahead of their turn; where a
 * directory on the way proves to be another one, what was asked for is of no use.
 */
#ifndef SL_CLIENT_BEHIND_H
#define SL_CLIENT_BEHIND_H

#include "client/stream.h"

/* Asks for the entries of the next segments, if they seem to be behind a link. */
void sl_behind_foresee(struct sl_stream *s);
/* What was asked for, of a segment whose directory really is `real`; for sl_follow_of. NULL: nothing. */
struct sl_look **sl_behind_look(struct sl_segment *g, const char *real);
void sl_behind_forget(struct sl_segment *g);

#endif

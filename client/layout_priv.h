/* SPDX-License-Identifier: ISC */
/* layout_priv - what sources of a command line and those of a list are made streams by. */
#ifndef SL_CLIENT_LAYOUT_PRIV_H
#define SL_CLIENT_LAYOUT_PRIV_H

#include "client/run.h"

/* Whose place the next source is. fresh: it gets a stream of its own. */
struct sl_endpoint *sl_layout_source_endpoint(struct sl_layout *l, bool fresh);
/* front: of what was typed, the part that is not of the transfer. */
struct sl_origin *sl_layout_origin(struct sl_layout *l, struct sl_endpoint *e, const struct sl_place *p, const char *front);
struct sl_stream *sl_layout_stream(struct sl_layout *l, struct sl_endpoint *e);
/* What is in the directory at `p`, which was typed as `front`, goes to the destination's root. */
void sl_layout_content(struct sl_layout *l, struct sl_endpoint *e, const struct sl_place *p, const char *front);
/* Whether what was typed as `path` is a directory, and none are copied: then that is told. */
bool sl_layout_skips_dir(struct sl_layout *l, const struct sl_place *p, const char *path);
/* SL_E_NOT_FOUND, told as of `typed`. */
enum sl_code sl_layout_missing(struct sl_error *err, const char *typed);
/* Errors that end the run, with *exit_status; others are of one source. */
bool sl_layout_is_over(enum sl_code rc, int *exit_status);

/* --files-from: the list goes into one stream, from the directory that is the source, and directories in it whose content is meant (--no-relative)
 * into one each. */
enum sl_code sl_layout_list(struct sl_layout *l, const struct sl_address *a, struct sl_error *err);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * charset_side - an endpoint whose names are in another charset than those of the planner: a layer over its operations that converts what
 * goes in and what comes out, and nothing else. Everything above it has names of this side only, in their byte order.
 */
#ifndef SL_CLIENT_CHARSET_SIDE_H
#define SL_CLIENT_CHARSET_SIDE_H

#include "client/charset.h"
#include "client/endpoint.h"
#include "client/options.h"

/* From now on e's names are converted; c is borrowed for its life. NULL, or an endpoint that is converted already: nothing happens. */
void sl_charset_wrap(struct sl_endpoint *e, const struct sl_charset *c);
/* The same for one that is beside another, or of the same server: as that is. */
void sl_charset_wrap_beside(struct sl_endpoint *e, const struct sl_endpoint *first);

/* The charset of an endpoint's names; NULL: they are as they are. */
const struct sl_charset *sl_charset_of(const struct sl_endpoint *e);

/* Whether names that options give can be had there; c NULL: they can. SL_E_CONFIG. */
enum sl_code sl_charset_options_go(const struct sl_charset *c, const struct sl_options *o, struct sl_error *err);

/* What is read there and means names (rules): in the charset of this side. Fresh memory; NULL: it is as it is. */
char *sl_charset_rules(const struct sl_endpoint *e, const char *text, size_t len, size_t *out_len);

#endif

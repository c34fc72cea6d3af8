/* SPDX-License-Identifier: ISC */
/* charset_priv - what the files of the converting layer share. charset_side.c: requests; charset_list.c, charset_sorted.c: listings. */
#ifndef SL_CLIENT_CHARSET_PRIV_H
#define SL_CLIENT_CHARSET_PRIV_H

#include "client/charset_side.h"

struct sl_charset_list;

/* What an endpoint that is converted has besides. */
struct sl_charset_side {
    const struct sl_charset *c;             /* borrowed */
    const struct sl_endpoint_ops *inner;    /* what does the work, by the names of that side */
    struct sl_charset_list *list;           /* owned */
    struct sl_charset_name names[2];        /* of the request that is being made */
    struct sl_entry entry;                  /* likewise, its strings in names[0] and: */
    char *target;                           /* owned */
    char *kept_in;                          /* owned: what the endpoint borrowed */
};

/* An id that is never open: what can't be named is asked for there, and is answered as what failed. */
enum { SL_CHARSET_NOWHERE = 0x7ffffffe };

/* The name as it is there, in slot 0 or 1; "?" with *dir nowhere when it has none. "" is "". */
const char *sl_charset_there(struct sl_charset_side *s, unsigned slot, const char *name, uint32_t *dir);

struct sl_charset_list *sl_charset_list_new(const struct sl_charset *c);
void sl_charset_list_free(struct sl_charset_list *l);

/* The operations of endpoint.h. */
void sl_charset_list_ask(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags);
enum sl_code sl_charset_list_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err);
void sl_charset_list_skip(struct sl_endpoint *e, uint64_t number);

#endif

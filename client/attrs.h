/* SPDX-License-Identifier: ISC */
/* attrs - which extended attributes, ACLs and times of access a run keeps, and whether two things have the same ones. */
#ifndef SL_CLIENT_ATTRS_H
#define SL_CLIENT_ATTRS_H

#include "base/attrs.h"
#include "client/plan.h"

/* SL_E_VERSION: the options ask for some of this, and the server has none of it. */
enum sl_code sl_attrs_possible(const struct sl_options *o, const struct sl_endpoint *e, struct sl_error *err);

/* What the options ask for and the destination may: into p->attrs, and into the endpoints whose listings are to tell of it. Says what is left
 * for want of rights. Before anything is listed. */
void sl_attrs_agree(struct sl_plan *p);

/* What the source is asked for. */
uint32_t sl_attrs_of_source(const struct sl_plan *p);

/* For a listing: of all this it shows times of access. */
void sl_attrs_list(const struct sl_options *o, struct sl_endpoint *e);

/* Adds to changes and meta (SL_META_ATTRS, SL_META_ATIME) what of the attributes and the time of access of s is to be set on d. Where a
 * listing has only told hashes, that is SL_CHANGE_ATTRS, to be looked at by sl_attrs_judge before it is told. SL_AGAIN: an owner is not known yet. */
enum sl_code sl_attrs_compare(struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d, uint32_t *changes, uint32_t *meta);
struct sl_attr_sets { const uint8_t *there, *here; size_t there_len, here_len; };   /* of the source, of the destination */
/* Which of the letters stand for what differs between two whole sets. SL_AGAIN as above. */
enum sl_code sl_attrs_judge(struct sl_plan *p, const struct sl_attr_sets *sets, uint32_t *changes);
/* The same bits for something new, and for what is written anew over d (NULL: nothing). */
uint32_t sl_attrs_of_new(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d);

/* The failure that an entry's attributes can't be read, as its listing tells. */
void sl_attrs_unread(struct sl_plan *p, const struct sl_attrs_brief *attrs, const char *path);

#endif

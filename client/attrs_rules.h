/* SPDX-License-Identifier: ISC */
/* attrs_rules - filter rules with the modifier x: which extended attributes they leave out. ACLs are none of them. */
#ifndef SL_CLIENT_ATTRS_RULES_H
#define SL_CLIENT_ATTRS_RULES_H

#include "base/attrs.h"
#include "client/attrs.h"
#include "client/filters.h"

/* Whether there are any. */
bool sl_attrs_ruled(const struct sl_filters *f);
/* Whether they exclude an attribute: of the source it is not copied, of the destination it stays. side: SL_RULE_SENDER or SL_RULE_RECEIVER. */
bool sl_attrs_excluded(const struct sl_filters *f, const char *name, size_t len, uint32_t side);
/* Appends a set without what is excluded. */
void sl_attrs_without(const struct sl_filters *f, const uint8_t *set, size_t len, uint32_t side, struct sl_buf *out);
/* Appends what the destination is to have: the source's that neither side excludes, and its own that its side does. */
void sl_attrs_joined(const struct sl_filters *f, const struct sl_attr_sets *sets, struct sl_buf *out);

#endif

/* SPDX-License-Identifier: ISC */
/* owners - which user and group numbers were named in a context, and how. */
#ifndef SL_PROTO_OWNERS_H
#define SL_PROTO_OWNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_owner_table;

/* Holds at most max numbers, users and groups together. */
struct sl_owner_table *sl_owner_table_new(size_t max);
void sl_owner_table_free(struct sl_owner_table *t);

/* Whether the number was named; *name is then its name or NULL for none, good as long as the table. */
bool sl_owner_table_find(const struct sl_owner_table *t, bool group, uint32_t number, const char **name);

bool sl_owner_table_full(const struct sl_owner_table *t);

/* Remembers a number that was not named and returns the table's copy of the name, or NULL for one of no bytes. */
const char *sl_owner_table_add(struct sl_owner_table *t, bool group, uint32_t number, const char *name, size_t len);

/* Bytes that the table takes, about. */
size_t sl_owner_table_bytes(const struct sl_owner_table *t);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * sorter - any number of records in the order of listings, in bounded memory: what fits is sorted there, more goes to
 * an unnamed temporary file in sorted runs, which are merged when they are read. D. E. Knuth, The Art of Computer
 * Programming 3, 5.4.
 */
#ifndef SL_CLIENT_SORTER_H
#define SL_CLIENT_SORTER_H

#include <stddef.h>

#include "base/error.h"

struct sl_sorter;
struct sl_sorter_reader;

/* most: bytes of records that are kept in memory. */
struct sl_sorter *sl_sorter_new(size_t most);
/* The temporary file is made now, needed or not: for who can't make one later. */
enum sl_code sl_sorter_prepare(struct sl_sorter *n, struct sl_error *err);
void sl_sorter_free(struct sl_sorter *n);
/* A record is a path, a NUL, and what else belongs to it. Paths go by their names: a directory's content follows it. */
enum sl_code sl_sorter_add(struct sl_sorter *n, const char *record, size_t len, struct sl_error *err);
/* All are there: they can be read now, as often as wanted. */
enum sl_code sl_sorter_sort(struct sl_sorter *n, struct sl_error *err);

struct sl_sorter_reader *sl_sorter_read(const struct sl_sorter *n);
void sl_sorter_reader_free(struct sl_sorter_reader *r);
/* The next record, good until the next call. SL_EOF at the end. */
enum sl_code sl_sorter_next(struct sl_sorter_reader *r, const char **record, size_t *len, struct sl_error *err);

/* The order of two paths. */
int sl_sorter_order(const char *a, const char *b);

#endif

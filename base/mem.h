/* SPDX-License-Identifier: ISC */
/* mem - allocation that ends the process (message on standard error, exit 22 as rsync) when memory runs out. */
#ifndef SL_BASE_MEM_H
#define SL_BASE_MEM_H

#include <stddef.h>

void *sl_malloc(size_t n);
void *sl_calloc(size_t count, size_t size);
void *sl_realloc(void *p, size_t n);
char *sl_strdup(const char *s);
char *sl_memdup0(const void *data, size_t n);  /* n bytes and a NUL behind them */
char *sl_asprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: ISC */
/* detours - see detours.h. What is there is in order, and found by bisection. */
#include "config.h"
#include "client/detours.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sl_detours_add(struct sl_detours *d, const char *path, const char *real)
{
    if (d->len == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 8;
        d->at = sl_realloc(d->at, d->cap * sizeof *d->at);
    }
    d->at[d->len++] = (struct sl_detour){ sl_strdup(path), sl_strdup(real) };
}

void sl_detours_clear(struct sl_detours *d)
{
    for (size_t i = 0; i < d->len; i++) {
        free(d->at[i].path);
        free(d->at[i].real);
    }
    free(d->at);
    *d = (struct sl_detours){ 0 };
}

static int rank(const char *p, size_t len, size_t i)
{
    return i >= len ? -1 : p[i] == '/' ? 0 : (unsigned char)p[i];
}

/* The order of listings: a directory's content is right behind it. No byte of a name is 0. */
static int order(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i = 0;
    while (i < a_len && i < b_len && a[i] == b[i])
        i++;
    return rank(a, a_len, i) - rank(b, b_len, i);
}

const char *sl_detours_find(const struct sl_detours *d, const char *path, size_t len)
{
    size_t low = 0, high = d->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = order(path, len, d->at[middle].path, strlen(d->at[middle].path));
        if (c == 0)
            return d->at[middle].real;
        *(c < 0 ? &high : &low) = c < 0 ? middle : middle + 1;
    }
    return NULL;
}

char *sl_detours_real(const struct sl_detours *d, const char *path, size_t len)
{
    for (size_t n = d->len ? len : 0; n;) {
        const char *real = sl_detours_find(d, path, n);
        if (real)
            return sl_asprintf("%s%.*s", real, (int)(len - n), path + n);
        const char *slash = memrchr(path, '/', n);
        n = slash ? (size_t)(slash - path) : 0;
    }
    return NULL;
}

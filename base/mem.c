/* SPDX-License-Identifier: ISC */
/* mem - checked allocation. There is nothing sensible to do without memory, so nobody above has to try. */
#include "config.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *p)
{
    static const char msg[] = "superlifter: out of memory\n";
    if (p)
        return p;
    if (write(STDERR_FILENO, msg, sizeof msg - 1) < 0) {
        /* nobody left to tell */
    }
    _exit(22);
}

void *sl_malloc(size_t n)
{
    return checked(malloc(n ? n : 1));
}

void *sl_calloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *sl_realloc(void *p, size_t n)
{
    return checked(realloc(p, n ? n : 1));
}

char *sl_strdup(const char *s)
{
    return sl_memdup0(s, strlen(s));
}

char *sl_memdup0(const void *data, size_t n)
{
    char *p = sl_malloc(n + 1);
    if (n)
        memcpy(p, data, n);
    p[n] = '\0';
    return p;
}

char *sl_asprintf(const char *fmt, ...)
{
    va_list ap;
    char *p = NULL;
    va_start(ap, fmt);
    int n = vasprintf(&p, fmt, ap);
    va_end(ap);
    return checked(n < 0 ? NULL : p);
}

/* SPDX-License-Identifier: ISC */
/* differential_chance - numbers out of one number, texts that grow, and lists of options; see differential.h. */
#include "tests/differential.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what)
{
    fprintf(stderr, "differential: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* ---- chance and texts ---- */

uint64_t chance_next(struct chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

unsigned chance_of(struct chance *c, unsigned n)
{
    return (unsigned)(chance_next(c) % n);
}

bool chance_percent(struct chance *c, unsigned percent)
{
    return chance_of(c, 100) < percent;
}

void text_add(struct text *t, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (t->len + (size_t)n + 1 > t->cap) {
        t->cap = (t->len + (size_t)n + 1) * 2;
        t->at = realloc(t->at, t->cap);
    }
    vsnprintf(t->at + t->len, (size_t)n + 1, fmt, again);
    t->len += (size_t)n;
    va_end(again);
    va_end(ap);
}

void text_clear(struct text *t)
{
    free(t->at);
    *t = (struct text){ 0 };
}

bool text_same(const struct text *a, const struct text *b)
{
    return a->len == b->len && (!a->len || memcmp(a->at, b->at, a->len) == 0);
}

void option_add(struct options *o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (o->count < ARGS_MAX && vasprintf(&o->args[o->count++], fmt, ap) < 0)
        die("no memory");
    va_end(ap);
}

void option_own(struct options *o, const char *text)
{
    o->own[o->own_count++] = strdup(text);
}

bool option_given(const struct options *o, const char *front)
{
    for (size_t i = 0; i < o->count; i++)
        if (strncmp(o->args[i], front, strlen(front)) == 0)
            return true;
    return false;
}

void options_clear(struct options *o)
{
    for (size_t i = 0; i < o->count; i++)
        free(o->args[i]);
    for (size_t i = 0; i < o->own_count; i++)
        free(o->own[i]);
    free(o->file);
    free(o->list);
    free(o->home_ignore);
    free(o->cvsignore);
}

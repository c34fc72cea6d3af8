/* SPDX-License-Identifier: ISC */
#include "config.h"
#include "client/wildmatch.h"
#include "client/filter.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *name; int (*is)(int c); } classes[] = {
    { "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank }, { "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
    { "lower", islower }, { "print", isprint }, { "punct", ispunct }, { "space", isspace }, { "upper", isupper },
    { "xdigit", isxdigit },
};

static void set_add(uint8_t set[32], unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to; c++)
        set[c / 8] |= (uint8_t)(1u << c % 8);
}

/* "[:name:]" at p: adds the class and returns what is behind it; NULL if it is none. */
static const char *named_class(const char *p, uint8_t set[32])
{
    const char *end = strstr(p + 2, ":]");
    for (size_t i = 0; end && i < sizeof classes / sizeof classes[0]; i++) {
        size_t n = strlen(classes[i].name);
        if ((size_t)(end - p - 2) != n || memcmp(p + 2, classes[i].name, n) != 0)
            continue;
        for (unsigned c = 1; c < 128; c++)
            if (classes[i].is((int)c))
                set_add(set, c, c);
        return end + 2;
    }
    return NULL;
}

static const char *one_char(const char *p, unsigned *c)
{
    if (*p == '\\' && p[1])
        p++;
    *c = (uint8_t)*p;
    return p + 1;
}

/* The class whose '[' is in front of p; returns what is behind its ']', NULL if there is none. */
static const char *class_of(const char *p, uint8_t set[32])
{
    bool negated = *p == '!' || *p == '^', first = true;
    if (negated)
        p++;
    for (; *p && (*p != ']' || first); first = false) {
        unsigned from, to;
        if (p[0] == '[' && p[1] == ':') {
            const char *behind = named_class(p, set);
            if (!behind)
                return NULL;
            p = behind;
            continue;
        }
        p = one_char(p, &from);
        to = from;
        if (p[0] == '-' && p[1] && p[1] != ']')
            p = one_char(p + 1, &to);
        set_add(set, from, to);
    }
    for (size_t i = 0; negated && i < 32; i++)
        set[i] = (uint8_t)~set[i];
    set['/' / 8] &= (uint8_t)~(1u << '/' % 8);
    return *p ? p + 1 : NULL;
}

void sl_wild_compile(struct sl_wild *w, const char *pattern)
{
    size_t most = strlen(pattern) + 1;
    *w = (struct sl_wild){ .tokens = sl_calloc(most, sizeof *w->tokens) };
    for (const char *p = pattern; p && *p;) {
        struct sl_wild_token *t = &w->tokens[w->count++];
        if (*p == '*') {
            t->kind = p[1] == '*' ? SL_WILD_STARSTAR : SL_WILD_STAR;
            p += strspn(p, "*");
        } else if (*p == '?') {
            t->kind = SL_WILD_ANY;
            p++;
        } else if (*p == '[') {
            t->kind = SL_WILD_CLASS;
            p = class_of(p + 1, t->set);
            w->broken = !p;              /* and the loop ends */
        } else {
            unsigned c;
            p = one_char(p, &c);
            t->c = (uint8_t)c;
        }
    }
    w->now = sl_calloc(w->count + 1, sizeof *w->now);
    w->next = sl_calloc(w->count + 1, sizeof *w->next);
}

void sl_wild_clear(struct sl_wild *w)
{
    free(w->tokens);
    free(w->now);
    free(w->next);
    *w = (struct sl_wild){ 0 };
}

static bool is_star(const struct sl_wild_token *t)
{
    return t->kind == SL_WILD_STAR || t->kind == SL_WILD_STARSTAR;
}

/* A star may match nothing: whoever stands before it stands behind it as well. */
static void enter(const struct sl_wild *w, bool *set, size_t at)
{
    set[at] = true;
    while (at < w->count && is_star(&w->tokens[at]))
        set[++at] = true;
}

static bool takes(const struct sl_wild_token *t, uint8_t c)
{
    switch (t->kind) {
    case SL_WILD_CHAR:
        return t->c == c;
    case SL_WILD_ANY:
    case SL_WILD_STAR:
        return c != '/';
    case SL_WILD_CLASS:
        return t->set[c / 8] >> c % 8 & 1;
    case SL_WILD_STARSTAR:
        return true;
    }
    return false;
}

bool sl_wild_match(const struct sl_wild *w, const char *text, size_t len)
{
    bool *now = w->now, *next = w->next;
    if (w->broken)
        return false;
    memset(now, 0, (w->count + 1) * sizeof *now);
    enter(w, now, 0);
    for (size_t i = 0; i < len; i++) {
        bool any = false;
        memset(next, 0, (w->count + 1) * sizeof *next);
        for (size_t at = 0; at < w->count; at++) {
            const struct sl_wild_token *t = &w->tokens[at];
            if (!now[at] || !takes(t, (uint8_t)text[i]))
                continue;
            enter(w, next, is_star(t) ? at : at + 1);
            any = true;
        }
        if (!any)
            return false;
        bool *swap = now;
        now = next;
        next = swap;
    }
    return now[w->count];
}

bool sl_wildmatch(const char *pattern, const char *text)
{
    struct sl_wild w;
    sl_wild_compile(&w, pattern);
    bool yes = sl_wild_match(&w, text, strlen(text));
    sl_wild_clear(&w);
    return yes;
}

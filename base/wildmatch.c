/* SPDX-License-Identifier: ISC */
/* wildmatch - a pattern is a row of tokens, and matching keeps the set of places in it that the text may stand at: every byte is
 * looked at once for each place. Going back instead takes exponential time on patterns like "*a*a*a*b", and patterns come
 * from files that others write. */
#include "config.h"
#include "base/wildmatch.h"
#include "base/filter.h"
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

/* "[:name:]" at p. NULL: it must be one and is none that is known; p itself: it is not one ("[:" and a ']' that no ':' stands
 * before are members like others); else what is behind it. */
static const char *named_class(const char *p, uint8_t set[32])
{
    const char *end = strchr(p + 2, ']');
    if (!end)
        return NULL;
    if (end == p + 2 || end[-1] != ':')
        return p;
    size_t n = (size_t)(end - 1 - (p + 2));
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strlen(classes[i].name) != n || memcmp(p + 2, classes[i].name, n) != 0)
            continue;
        for (unsigned c = 1; c < 128; c++)
            if (classes[i].is((int)c))
                set_add(set, c, c);
        return end + 1;
    }
    return NULL;
}

/* One byte, or the one behind a backslash. NULL: there is none. */
static const char *one_char(const char *p, unsigned *c)
{
    if (*p == '\\')
        p++;
    *c = (uint8_t)*p;
    return *p ? p + 1 : NULL;
}

/* The class whose '[' is in front of p; returns what is behind its ']', NULL if there is none. A ']' in first place is a
 * member; a '-' is one unless a single byte stands before it, which may not be the end of a range or a named class. */
static const char *class_of(const char *p, uint8_t set[32])
{
    bool negated = *p == '!' || *p == '^', first = true;
    unsigned before = 0, c = 0;
    for (p += negated; *p != ']' || first; first = false) {
        bool range = *p == '-' && before && p[1] && p[1] != ']';
        const char *behind = !range && p[0] == '[' && p[1] == ':' ? named_class(p, set) : p;
        if (behind == p)
            p = one_char(p + range, &c);
        if (!behind || !p)
            return NULL;
        if (behind > p) {
            p = behind;
            before = 0;
            continue;
        }
        if (!range || c >= before)
            set_add(set, range ? before : c, c);
        before = range ? 0 : c;
    }
    for (size_t i = 0; negated && i < 32; i++)
        set[i] = (uint8_t)~set[i];
    set['/' / 8] &= (uint8_t)~(1u << '/' % 8);
    return p + 1;
}

/* The stars at p. */
static const char *stars(struct sl_wild *w, struct sl_wild_token *t, const char *p, const char *first)
{
    const char *behind = p + strspn(p, "*");
    (void)w;
    (void)first;
    t->kind = p[1] == '*' ? SL_WILD_STARSTAR : SL_WILD_STAR;
    return behind;
}

/* As git has them. first: where its own matcher begins, which is behind the plain bytes in front: stars there are as good as at the beginning. */
static const char *stars_git(struct sl_wild *w, struct sl_wild_token *t, const char *p, const char *first)
{
    const char *behind = p + strspn(p, "*");
    bool whole = behind - p > 1 && (p == first || p[-1] == '/') && (!*behind || *behind == '/' || (behind[0] == '\\' && behind[1] == '/'));
    t->kind = whole ? SL_WILD_STARSTAR : SL_WILD_STAR;
    t->skips = whole && *behind == '/';
    if (!t->skips || w->count < 3 || !t[-2].skips)
        return behind;
    *t = (struct sl_wild_token){ 0 };    /* the same once more */
    w->count--;
    return behind + 1;
}

typedef const char *take_stars(struct sl_wild *w, struct sl_wild_token *t, const char *p, const char *first);

static void compile(struct sl_wild *w, const char *pattern, take_stars *take)
{
    size_t most = strlen(pattern) + 1;
    const char *first = pattern + strcspn(pattern, "*?[\\");
    *w = (struct sl_wild){ .tokens = sl_calloc(most, sizeof *w->tokens) };
    for (const char *p = pattern; p && *p;) {
        struct sl_wild_token *t = &w->tokens[w->count++];
        if (*p == '*') {
            p = take(w, t, p, first);
        } else if (*p == '?') {
            t->kind = SL_WILD_ANY;
            p++;
        } else if (*p == '[') {
            t->kind = SL_WILD_CLASS;
            p = class_of(p + 1, t->set);
        } else {
            unsigned c;
            p = one_char(p, &c);
            t->c = (uint8_t)c;
        }
        w->broken = !p;                  /* and the loop ends */
    }
    while (w->head < w->count && w->tokens[w->head].kind == SL_WILD_CHAR)
        w->head++;
    for (size_t at = w->count; at > w->head && w->tokens[at - 1].kind == SL_WILD_CHAR && !(at > 1 && w->tokens[at - 2].skips); at--)
        w->tail++;
}

void sl_wild_compile(struct sl_wild *w, const char *pattern)
{
    compile(w, pattern, stars);
}

void sl_wild_compile_git(struct sl_wild *w, const char *pattern)
{
    compile(w, pattern, stars_git);
}

void sl_wild_clear(struct sl_wild *w)
{
    free(w->tokens);
    free(w->takes);
    free(w->now);
    free(w->next);
    *w = (struct sl_wild){ 0 };
}

bool sl_wild_whole(const char *pattern)
{
    struct sl_wild w;
    sl_wild_compile(&w, pattern);
    bool whole = !w.broken;
    sl_wild_clear(&w);
    return whole || !strpbrk(pattern, "*?[");        /* without wildcards it is text, and so is a backslash in it */
}

static bool is_star(const struct sl_wild_token *t)
{
    return t->kind == SL_WILD_STAR || t->kind == SL_WILD_STARSTAR;
}

/* A star may match nothing: whoever stands before it stands behind it as well; who comes to one that skips, behind the slash too. */
static void stay(const struct sl_wild *w, bool *set, size_t at)
{
    set[at] = true;
    while (at < w->count && is_star(&w->tokens[at]))
        set[++at] = true;
}

static void enter(const struct sl_wild *w, bool *set, size_t at)
{
    stay(w, set, at);
    if (at < w->count && w->tokens[at].skips)
        stay(w, set, at + 2);
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

static bool plain(const struct sl_wild_token *t, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (t[i].c != (uint8_t)text[i])
            return false;
    return true;
}

static void prepare_bits(struct sl_wild *w)
{
    w->takes = sl_calloc(256, sizeof *w->takes);
    for (size_t at = 0; at < w->count; at++) {
        if (is_star(&w->tokens[at]))
            w->stars |= (uint64_t)1 << at;
        if (w->tokens[at].skips)
            w->skips |= (uint64_t)1 << at;
        for (unsigned c = 0; c < 256; c++)
            if (takes(&w->tokens[at], (uint8_t)c))
                w->takes[c] |= (uint64_t)1 << at;
    }
}

/* Whoever stands before a star stands behind it as well; no two stars are side by side. */
static uint64_t with_stars(const struct sl_wild *w, uint64_t places)
{
    return places | (places & w->stars) << 1;
}

static uint64_t come(const struct sl_wild *w, uint64_t places)
{
    return with_stars(w, places | (places & w->skips) << 2);
}

/* What is between the plain bytes at both ends: tokens head..to against text. The places are the bits of a number: R. Baeza-Yates and
 * G. Gonnet, "A New Approach to Text Searching", CACM 35(10), 1992. */
static bool simulate_bits(struct sl_wild *w, size_t to, const char *text, size_t len)
{
    if (!w->takes)
        prepare_bits(w);
    uint64_t places = come(w, (uint64_t)1 << w->head), end = (uint64_t)1 << to;
    for (size_t i = 0; i < len && places; i++) {
        uint64_t took = places & w->takes[(uint8_t)text[i]] & (end - 1);
        places = with_stars(w, took & w->stars) | come(w, (took & ~w->stars) << 1);
    }
    return places & end;
}

/* The same for any number of places. */
static bool simulate(struct sl_wild *w, size_t to, const char *text, size_t len)
{
    if (!w->now) {
        w->now = sl_calloc(w->count + 1, sizeof *w->now);
        w->next = sl_calloc(w->count + 1, sizeof *w->next);
    }
    bool *now = w->now, *next = w->next;
    memset(now, 0, (w->count + 1) * sizeof *now);
    enter(w, now, w->head);
    for (size_t i = 0; i < len; i++) {
        bool any = false;
        memset(next, 0, (w->count + 1) * sizeof *next);
        for (size_t at = w->head; at < to; at++) {
            const struct sl_wild_token *t = &w->tokens[at];
            if (!now[at] || !takes(t, (uint8_t)text[i]))
                continue;
            if (is_star(t))
                stay(w, next, at);
            else
                enter(w, next, at + 1);
            any = true;
        }
        if (!any)
            return false;
        bool *swap = now;
        now = next;
        next = swap;
    }
    return now[to];
}

bool sl_wild_match(struct sl_wild *w, const char *text, size_t len)
{
    size_t to = w->count - w->tail;
    if (w->broken || len < w->head + w->tail || (w->tail && w->tokens[w->count - 1].c != (uint8_t)text[len - 1]) ||
        !plain(w->tokens, text, w->head) || !plain(w->tokens + to, text + len - w->tail, w->tail))
        return false;
    text += w->head;
    len -= w->head + w->tail;
    /* Most patterns are no more than one star beside plain bytes. */
    if (to - w->head == 1 && is_star(&w->tokens[w->head]))
        return w->tokens[w->head].kind == SL_WILD_STARSTAR || !memchr(text, '/', len);
    return w->count < 64 ? simulate_bits(w, to, text, len) : simulate(w, to, text, len);
}

bool sl_wildmatch(const char *pattern, const char *text)
{
    struct sl_wild w;
    sl_wild_compile(&w, pattern);
    bool yes = sl_wild_match(&w, text, strlen(text));
    sl_wild_clear(&w);
    return yes;
}

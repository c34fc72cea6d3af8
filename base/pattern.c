/* SPDX-License-Identifier: ISC */
/*
 * pattern - what a pattern is compared with follows from its form: without a slash the last name of the path; anchored
 * the whole path; otherwise the end of the path, from a slash on.
 */
#include "config.h"
#include "base/pattern.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sl_pattern_init(struct sl_pattern *p, const char *text, size_t n)
{
    *p = (struct sl_pattern){ .anchored = n && text[0] == '/' };
    if (n > 1 && text[n - 1] == '/') {
        p->dir_only = true;
        n--;
    }
    for (size_t i = 0; i < n; i++)
        p->slashes += text[i] == '/';
    p->text = sl_memdup0(text + p->anchored, n - p->anchored);
    p->len = n - p->anchored;
    p->wild = strpbrk(p->text, "*[?") != NULL;
    p->starstar = strstr(p->text, "**") != NULL;
    p->starstar_first = strncmp(p->text, "**", 2) == 0 && !p->anchored;
    p->stars3_last = p->len >= 3 && strcmp(p->text + p->len - 3, "***") == 0;
    if (p->wild)
        sl_wild_compile(&p->compiled, p->text);
}

void sl_pattern_init_git(struct sl_pattern *p, const char *text, size_t n)
{
    *p = (struct sl_pattern){ .git = true, .wild = true, .dir_only = n && text[n - 1] == '/' };
    n -= p->dir_only;
    p->anchored = memchr(text, '/', n) != NULL;
    bool slash = n && text[0] == '/';
    p->text = sl_memdup0(text + slash, n - slash);
    p->len = n - slash;
    sl_wild_compile_git(&p->compiled, p->text);
}

void sl_pattern_clear(struct sl_pattern *p)
{
    free(p->text);
    sl_wild_clear(&p->compiled);
    *p = (struct sl_pattern){ 0 };
}

static bool one_matches(struct sl_pattern *p, const char *text, size_t len)
{
    return p->wild ? sl_wild_match(&p->compiled, text, len) : len == p->len && memcmp(text, p->text, len) == 0;
}

/* Where the last n names of text begin, which is text itself when it has just so many; NULL: it has fewer. */
static const char *last_names(const char *text, size_t len, size_t n)
{
    for (const char *at = text + len; at > text; at--)
        if (at[-1] == '/' && --n == 0)
            return at;
    return n == 1 ? text : NULL;
}

/* The end of the path from any of its names on. */
static bool any_end_matches(struct sl_pattern *p, const char *text, size_t len)
{
    for (const char *at = text, *end = text + len; at;) {
        if (one_matches(p, at, (size_t)(end - at)))
            return true;
        at = memchr(at, '/', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    return false;
}

bool sl_pattern_match(struct sl_pattern *p, const struct sl_subject *s, size_t from)
{
    if (p->dir_only && !s->is_dir)
        return false;
    if (p->git)
        return p->anchored ? s->len > from && one_matches(p, s->path + from + 1, s->len - from - 1)
                           : one_matches(p, s->path + s->name, s->len - s->name);
    if (!p->slashes && !p->starstar)
        return one_matches(p, s->path + s->name, s->len - s->name);
    size_t at = p->anchored ? from + 1 : s->root + 1, end = s->len;
    if (at > end)
        return false;
    /* Two stars in front may take the slash there, three behind match the directory itself by the one behind it. */
    at -= p->starstar_first;
    end += s->is_dir && p->stars3_last;
    const char *text = s->path + at;
    if (p->anchored || p->starstar_first)
        return one_matches(p, text, end - at);
    if (p->starstar)
        return any_end_matches(p, text, end - at);
    const char *names = last_names(text, end - at, p->slashes + 1);
    return names && one_matches(p, names, end - at - (size_t)(names - text));
}

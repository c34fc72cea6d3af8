/* SPDX-License-Identifier: ISC */
/*
 * rsyncd_patterns - `exclude` and `filter` as our `exclude`, which has the same patterns but excludes only. To pass over an include
 * hides more, so it is safe; to pass over an exclusion is not. Clearing the list (`!`) is passed over too.
 */
#include "config.h"
#include "subsystem/rsyncd_priv.h"
#include "base/mem.h"
#include "base/wildmatch.h"

#include <stdlib.h>
#include <string.h>

/* The pattern as our parser reads it. A leading '#', which would begin a comment, becomes a class of one; that makes the rest
 * a pattern with wildcards, where a backslash quotes. */
static bool add(FILE *f, const char *pattern)
{
    bool hash = pattern[0] == '#';
    if (!sl_wild_whole(pattern))         /* rsync hides nothing by it; whoever wrote it meant to */
        return false;
    if (!*pattern || strcmp(pattern, "/") == 0 || strcmp(pattern, "!") == 0)
        return false;
    if (!sl_rsyncd_fits(pattern + hash) || (hash && strchr(pattern, '\\')))
        return false;
    fprintf(f, "exclude = %s%s\n", hash ? "[#]" : "", pattern + hash);
    return true;
}

struct words { const char *at; char *one; };

/* The next word into w->one; gap: what stands before it. False: there is none. */
static bool next_word(struct words *w, const char **gap, size_t *gap_len)
{
    static const char blanks[] = " \t\r\v\f";
    *gap = w->at;
    *gap_len = strspn(w->at, blanks);
    w->at += *gap_len;
    size_t n = strcspn(w->at, blanks);
    free(w->one);
    w->one = n ? sl_memdup0(w->at, n) : NULL;
    w->at += n;
    return n > 0;
}

enum rule { EXCLUDES, INCLUDES, PATTERN, CLEARS, OTHER };

/* A word that says of which kind the rule is, with the pattern behind it as the next word or, for rules of a filter, in the same
 * word behind '_'. */
static enum rule kind_of(const char *word, bool filter, const char **pattern)
{
    static const struct { const char *name; bool filter; enum rule rule; } kinds[] = {
        { "-", false, EXCLUDES }, { "+", false, INCLUDES }, { "exclude", true, EXCLUDES }, { "include", true, INCLUDES },
    };
    *pattern = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i].name);
        if ((kinds[i].filter && !filter) || strncmp(word, kinds[i].name, n) != 0 || (word[n] && !(filter && word[n] == '_')))
            continue;
        *pattern = word[n] ? word + n + 1 : NULL;
        return kinds[i].rule;
    }
    if (strcmp(word, "!") == 0)
        return CLEARS;
    return filter ? OTHER : PATTERN;
}

/* One rule; false: it may hide something and can't be written. rsync takes exactly one blank between the kind and the pattern. */
static bool rule(struct words *w, bool filter, FILE *f)
{
    const char *gap, *pattern;
    size_t n;
    enum rule kind = kind_of(w->one, filter, &pattern);
    if (kind == CLEARS)
        return true;
    if (kind == OTHER)
        return false;
    if (kind == PATTERN)
        return add(f, w->one);
    if (pattern)
        return kind == INCLUDES ? *pattern != '\0' : add(f, pattern);
    if (!next_word(w, &gap, &n) || n != 1 || *gap != ' ')
        return false;
    return kind == INCLUDES || add(f, w->one);
}

bool sl_rsyncd_patterns(const struct sl_rsyncd_line *l, FILE *f)
{
    struct words w = { .at = l->value };
    bool filter = l->key->id == SL_RSYNCD_FILTER, all = !l->vague;
    const char *gap;
    size_t n;
    while (!l->vague && next_word(&w, &gap, &n))
        all = rule(&w, filter, f) && all;
    free(w.one);
    return all;
}

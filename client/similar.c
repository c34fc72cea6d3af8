/* SPDX-License-Identifier: ISC */
/* similar - see similar.h. The time for one file is bounded by SL_SIMILAR_MAX names, most of which their letters alone
 * rule out. */
#include "config.h"
#include "client/similar.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIZE_LEAST = 1024, /* below that a delta costs what it saves */
    DISTANCE_MAX = 25, /* of names that are alike, their suffixes' distance counted ten times: rsync's limits */
    SUFFIX_WEIGHT = 10
};

struct sl_similar *sl_similar_new(void)
{
    return sl_calloc(1, sizeof(struct sl_similar));
}

void sl_similar_free(struct sl_similar *s)
{
    for (size_t i = 0; s && i < s->len; i++)
        free(s->at[i].name);
    free(s ? s->at : NULL);
    free(s);
}

/* Which characters occur, by their lowest six bits. */
static uint64_t letters_of(const char *name)
{
    uint64_t set = 0;
    for (; *name; name++)
        set |= UINT64_C(1) << ((unsigned char)*name % 64);
    return set;
}

void sl_similar_add(struct sl_similar *s, const struct sl_entry *e, size_t alternate)
{
    if (e->size < SIZE_LEAST || s->len == SL_SIMILAR_MAX)
        return;
    if (s->len == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 16;
        s->at = sl_realloc(s->at, s->cap * sizeof *s->at);
    }
    s->at[s->len++] = (struct sl_similar_file){ sl_strdup(e->name), e->size, e->mtime_s, letters_of(e->name), alternate };
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions and changes that make b of a; anything above most when there are more. */
static unsigned distance(const char *a, const char *b, unsigned most)
{
    unsigned row[SL_NAME_MAX + 2];
    size_t la = strlen(a), lb = strlen(b);
    if (la > SL_NAME_MAX || lb > SL_NAME_MAX || (la > lb ? la - lb : lb - la) > most)
        return most + 1;
    for (size_t j = 0; j <= lb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned diagonal = row[0], best = row[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(change, 1 + least(row[j], row[j - 1]));
            best = least(best, row[j]);
        }
        if (best > most)
            return most + 1;
    }
    return row[lb];
}

/* From the last dot on; "" when there is none but a leading one. */
static const char *suffix_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? dot : "";
}

static unsigned unlike(const struct sl_similar_file *f, const char *name, uint64_t letters, unsigned most)
{
    uint64_t only_one = f->letters ^ letters;
    if ((unsigned)__builtin_popcountll(only_one) > 2 * most)
        return most + 1;
    unsigned suffix = distance(suffix_of(f->name), suffix_of(name), most / SUFFIX_WEIGHT) * SUFFIX_WEIGHT;
    return suffix > most ? suffix : suffix + distance(f->name, name, most - suffix);
}

const struct sl_similar_file *sl_similar_find(const struct sl_similar *s, const struct sl_entry *e)
{
    const struct sl_similar_file *found = NULL;
    uint64_t letters = letters_of(e->name);
    unsigned most = DISTANCE_MAX;
    if (e->size < SIZE_LEAST)
        return NULL;
    for (size_t i = 0; i < s->len; i++)
        if (s->at[i].size == e->size && s->at[i].mtime_s == e->mtime_s)
            return &s->at[i];
    for (size_t i = 0; i < s->len; i++) {
        unsigned d = unlike(&s->at[i], e->name, letters, most);
        if (d > most)
            continue;
        most = d; /* of several that are as near, the last: versions sort that way */
        found = &s->at[i];
    }
    return found;
}

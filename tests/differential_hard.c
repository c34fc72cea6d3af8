/* SPDX-License-Identifier: ISC */
/*
 * differential_hard - --hard-links: names of one file within directories and across them, of files and of symbolic
 * links; destinations that have the same links, some of them, others or none. Which name the others are linked to is
 * each tool's own; what comes out is not.
 */
#include "tests/differential.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 1000 };

static size_t collect(struct node *n, struct node **to, size_t count)
{
    for (size_t i = 0; i < n->count && count < NODES_MAX; i++)
        if (n->children[i]->type == 'd')
            count = collect(n->children[i], to, count);
        else
            to[count++] = n->children[i];
    return count;
}

/* Makes one like the other but for its name. */
static void make_alike(struct node *n, const struct node *other)
{
    n->type = other->type;
    n->mode = other->mode;
    n->mtime_s = other->mtime_s;
    n->mtime_ns = other->mtime_ns;
    n->content = other->content;
    n->size = other->size;
    free(n->text);
    n->text = other->text ? strdup(other->text) : NULL;
}

static bool is_alike(const struct node *a, const struct node *b)
{
    return a->type == b->type && a->mode == b->mode && a->mtime_s == b->mtime_s && a->content == b->content &&
           a->size == b->size && (!a->text || strcmp(a->text, b->text) == 0);
}

/* A merge file stays one. */
static bool is_special(const struct node *n)
{
    return n->type == 'f' && n->text;
}

static void link_source(struct chance *c, struct node *n)
{
    struct node *all[NODES_MAX];
    size_t count = collect(n, all, 0);
    unsigned groups = chance_of(c, 6);
    for (unsigned g = 1; g <= groups && count > 1; g++) {
        struct node *first = all[chance_of(c, (unsigned)count)];
        bool twins = chance_percent(c, 20);
        if (first->group || first->twin)
            continue;
        for (unsigned more = 1 + chance_of(c, 3); more; more--) {
            struct node *other = all[chance_of(c, (unsigned)count)];
            if (other == first || other->group || other->twin || is_special(other))
                continue;
            make_alike(other, first);
            *(twins ? &other->twin : &other->group) = *(twins ? &first->twin : &first->group) = g;
        }
    }
}

/* Names that are no longer alike were taken apart, and others at random. Twins may have been one file. */
static void link_dest(struct chance *c, struct node *n)
{
    struct node *all[NODES_MAX];
    size_t count = collect(n, all, 0);
    unsigned apart = chance_percent(c, 40) ? 0 : chance_percent(c, 50) ? 30 : 100;
    bool twins = chance_percent(c, 50);
    for (size_t i = 0; i < count; i++) {
        if (all[i]->twin && twins)
            all[i]->group = 100 + all[i]->twin;
        if (chance_percent(c, apart))
            all[i]->group = 0;
        for (size_t k = 0; k < i && all[i]->group; k++)
            if (all[k]->group == all[i]->group) {
                if (!is_alike(all[k], all[i]))
                    all[i]->group = 0;
                break;
            }
    }
}

/* An excluded name that stayed would stay linked to what it was linked to, and that is or is not the name that is kept.
 */
static void exclude(struct chance *c, struct options *o)
{
    option_add(o, "--exclude=%s", tree_name(c));
    option_add(o, "--delete-excluded");
}

static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    bool ignore_times = chance_percent(c, 10);
    (void)source;
    option_add(o, "-H");
    if (ignore_times)
        option_add(o, "-I");
    if (chance_percent(c, 50))
        option_add(o, "--delete");
    if (!ignore_times && chance_percent(c, 15))
        option_add(o, "-c");
    if (chance_percent(c, 5))
        option_add(o, "--existing");
    if (chance_percent(c, 15))
        exclude(c, o);
    if (chance_percent(c, 10))
        option_add(o, chance_percent(c, 50) ? "--max-size=1000" : "--min-size=1000");
    if (chance_percent(c, 10))
        option_add(o, "-R");
    if (chance_percent(c, 10))
        option_add(o, "--no-whole-file");
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    bool all = chance_percent(c, 80);
    option_add(o, all ? "-ai" : "-rli");
    /* Without -p the mode is that of the name that the others are linked to. */
    o->fields = TREE_LINKS | (all ? TREE_TIMES | TREE_MODES : 0);
    o->slash = chance_percent(c, 80);
    add_options(c, o, source);
    option_own(o, "--allow-empty-source");
    o->frail = true;
    o->foretold = !chance_percent(c, 50);
    o->settled = all && !option_given(o, "-I");
}

const struct profile profile_hard = { .name = "hard", .options = make_options, .add = add_options, .source = link_source, .dest = link_dest };

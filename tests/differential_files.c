/* SPDX-License-Identifier: ISC */
/* differential_files - --files-from: names that are there and names that are not, on the way and at the end, in any
 * order and twice. */
#include "tests/differential.h"

#include <stdlib.h>
#include <string.h>

/* One path of the tree, now and then one that goes on into nothing; but not with --recursive, where a name in a
 * directory that is copied whole is not looked at here. */
static void add_path(struct chance *c, struct text *t, const struct node *n, bool recurse)
{
    const char *front = chance_percent(c, 10) ? "/" : chance_percent(c, 5) ? "../" : "";
    text_add(t, "%s", front);
    for (bool first = true;; first = false) {
        const struct node *child = n->count ? n->children[chance_of(c, (unsigned)n->count)] : NULL;
        if (!child && recurse)
            return;
        if (!child) {
            text_add(t, "%s%s", first ? "" : "/", tree_name(c));
            return;
        }
        text_add(t, "%s%s", first ? "" : chance_percent(c, 3) ? "//" : "/", child->name);
        n = child;
        if (child->type != 'd' || chance_percent(c, 40))
            break;
    }
    if (n->type == 'd' && recurse && chance_percent(c, 20))
        text_add(t, "/");
}

/* -r has to be among the options by now, or is not meant. */
static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    struct text t = { 0 };
    bool recurse = option_given(o, "-r");
    option_add(o, "--files-from=list");
    if (chance_percent(c, 40))
        option_add(o, chance_percent(c, 50) ? "--ignore-missing-args" : "--delete-missing-args");
    if (recurse && chance_percent(c, 30))
        option_add(o, "--delete");
    if (recurse && chance_percent(c, 20))
        option_add(o, "--exclude=%s", tree_name(c));
    for (unsigned n = 1 + chance_of(c, 6); n; n--) {
        add_path(c, &t, source, recurse);
        text_add(&t, "\n");
    }
    o->list = t.at;
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    bool all = chance_percent(c, 75);
    option_add(o, all ? "-a" : "-l");
    o->fields |= all ? TREE_TIMES : 0;
    o->slash = true;
    if (chance_percent(c, 40))
        option_add(o, "-r");
    add_options(c, o, source);
    option_own(o, "--allow-empty-source");
}

const struct profile profile_files = { .name = "files", .options = make_options, .add = add_options };

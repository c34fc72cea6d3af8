/* SPDX-License-Identifier: ISC */
/* differential_place - where files are until they have their names, and when they get them: --delay-updates, --temp-dir,
 * --preallocate, with what else has to do with that. Also the itemised lines, as a set. */
#include "tests/differential.h"

#include <string.h>

#define PICK(c, a) a[chance_of(c, sizeof a / sizeof a[0])]

static bool has_links(const struct node *n)
{
    bool any = n->group != 0;
    for (size_t i = 0; i < n->count && !any; i++)
        any = has_links(n->children[i]);
    return any;
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    static const char *const deletions[] = { "--delete", "--delete-before", "--delete-excluded", "--force" };
    bool all = chance_percent(c, 80), links = has_links(source);
    option_add(o, all ? "-ai" : "-rli");
    o->fields |= all ? TREE_TIMES : 0;
    o->slash = chance_percent(c, 75);
    if (links)
        option_add(o, "-H");
    if (links)
        o->fields = (o->fields | TREE_LINKS) & ~(all ? 0u : (unsigned)TREE_MODES);
    bool delayed = chance_percent(c, 65);
    if (delayed)
        option_add(o, "--delay-updates");
    if (delayed && chance_percent(c, 25))
        option_add(o, "--partial-dir=.part");
    if (chance_percent(c, 40))
        option_add(o, "--temp-dir=/dev/shm");
    if (chance_percent(c, 30))
        option_add(o, "--preallocate");
    if (chance_percent(c, 20))
        option_add(o, "-S");
    if (chance_percent(c, 20))
        option_add(o, "--no-whole-file");
    if (chance_percent(c, 15))
        option_add(o, "--fsync");
    if (chance_percent(c, 15))
        option_add(o, chance_percent(c, 50) ? "-x" : "-xx");
    if (chance_percent(c, 15))
        option_add(o, "-c");
    const char *deletion = chance_percent(c, 60) ? PICK(c, deletions) : NULL;
    if (deletion)
        option_add(o, "%s", deletion);
    o->quiet_times = deletion && strcmp(deletion, "--delete-before") == 0;
    int way = (int)chance_of(c, 3);
    o->far_source = way == 1;
    o->far_dest = way == 2;
    o->lines = !links;             /* which name leads is each tool's own */
    o->frail = links;
    option_own(o, "--allow-empty-source");
}

static void link_source(struct chance *c, struct node *n)
{
    if (chance_percent(c, 50))
        profile_hard.source(c, n);
}

const struct profile profile_place = { .name = "place", .options = make_options, .source = link_source };

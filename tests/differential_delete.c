/* SPDX-License-Identifier: ISC */
/* differential_delete - when and what is deleted: before, after, of directories that only are named, and what makes way
 * for something else. Also the itemised lines, as a set. */
#include "tests/differential.h"

#include <string.h>

#define PICK(c, a) a[chance_of(c, sizeof a / sizeof a[0])]

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    (void)source;
    static const char *const deletions[] = { "--delete",          "--delete-before", "--delete-before",
                                             "--delete-excluded", "--delete-after",  "--force" };
    bool all = chance_percent(c, 80);
    bool flat = chance_percent(c, 25);
    option_add(o, flat ? "-dlptgoDi" : all ? "-ai" : "-rli");
    o->fields |= all || flat ? TREE_TIMES : 0;
    o->slash = chance_percent(c, 75);
    const char *deletion = PICK(c, deletions);
    option_add(o, "%s", deletion);
    /* What a deletion does to a directory's time is not told of here, so that -n tells what a run does. */
    o->unlike = strcmp(deletion, "--delete-before") == 0 ? ".d..t...... " : NULL;
    if (chance_percent(c, 20))
        option_add(o, "--force");
    unsigned excludes = chance_percent(c, 40) ? 1 + chance_of(c, 2) : 0;
    for (unsigned n = excludes; n; n--)
        option_add(o, "--exclude=%s%s", tree_name(c), chance_percent(c, 30) ? "/" : "");
    if (excludes && chance_percent(c, 25))
        option_add(o, "--filter=P %s", tree_name(c));
    if (chance_percent(c, 8))
        option_add(o, "--existing");
    /* Not --ignore-existing: rsync then looks into what is no directory, and fails. Nor -n where something is excluded:
     * it tells of directories that stay because of that. */
    if (!excludes && chance_percent(c, 25))
        option_add(o, "-n");
    o->way = (enum way)chance_of(c, 3);
    o->lines = true;
    option_own(o, "--allow-empty-source");
}

const struct profile profile_delete = { "delete", make_options, NULL };

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
    int way = (int)chance_of(c, 3);
    o->far_source = way == 1;
    o->far_dest = way == 2;
    o->lines = true;
    option_own(o, "--allow-empty-source");
}

const struct profile profile_delete = { .name = "delete", .options = make_options };

/* ---- what is replaced or deleted has a second name ---- */

static void make_backup_options(struct chance *c, struct options *o, const struct node *source)
{
    (void)source;
    static const char *const dirs[] = { ".bk", "bk/of/today", "../bk", "../bk/x" };
    static const char *const deletions[] = { "--delete", "--delete-before", "--delete-excluded", "--force" };
    bool all = chance_percent(c, 85), aside = chance_percent(c, 55);
    const char *dir = PICK(c, dirs);
    option_add(o, all ? "-aib" : "-rlib");
    /* A directory of the destination in which rsync makes one late has the time of that. */
    o->fields |= all && !(aside && dir[0] != '.') && !(aside && dir[1] == 'b') ? TREE_TIMES : 0;
    o->slash = (aside && dir[1] == '.') || chance_percent(c, 75);
    if (aside)
        option_add(o, "--backup-dir=%s", dir);
    /* Trees have a "foo~", and where that is a directory rsync deletes it to make room for a backup of "foo". */
    if (!aside || chance_percent(c, 30))
        option_add(o, "--suffix=%s", chance_percent(c, 50) ? ".old" : "-b");
    const char *deletion = chance_percent(c, 60) ? PICK(c, deletions) : NULL;
    if (deletion)
        option_add(o, "%s", deletion);
    o->unlike = deletion && strcmp(deletion, "--delete-before") == 0 ? ".d..t...... " : NULL;
    /* rsync 3.5 can't look at a copy that it has made in "..". */
    if (chance_percent(c, 15) && !(aside && dir[1] == '.'))
        option_add(o, "--inplace");
    if (chance_percent(c, 15))
        option_add(o, "-c");
    if (chance_percent(c, 15))
        option_add(o, "--exclude=%s", tree_name(c));
    int way = (int)chance_of(c, 3);
    o->far_source = way == 1;
    o->far_dest = way == 2;
    o->lines = true;
    option_own(o, "--allow-empty-source");
}

const struct profile profile_backup = { .name = "backup", .options = make_backup_options };

/* SPDX-License-Identifier: ISC */
/* differential_delete - when and what is deleted: before, after, of directories that only are named, and what makes way
 * for something else. Also the itemised lines, as a set. */
#include "tests/differential.h"

#include <string.h>

#define PICK(c, a) a[chance_of(c, sizeof a / sizeof a[0])]

static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    (void)source;
    static const char *const deletions[] = { "--delete",          "--delete-before", "--delete-before",
                                             "--delete-excluded", "--delete-after",  "--force" };
    option_add(o, "%s", PICK(c, deletions));
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
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    bool all = chance_percent(c, 80);
    bool flat = chance_percent(c, 25);
    option_add(o, flat ? "-dlptgoDi" : all ? "-ai" : "-rli");
    o->fields |= all || flat ? TREE_TIMES : 0;
    o->slash = chance_percent(c, 75);
    add_options(c, o, source);
    /* What a deletion does to a directory's time is not told of here, so that -n tells what a run does. */
    o->quiet_times = option_given(o, "--delete-before");
    int way = (int)chance_of(c, 3);
    o->far_source = way == 1;
    o->far_dest = way == 2;
    o->lines = true;
    option_own(o, "--allow-empty-source");
}

const struct profile profile_delete = { .name = "delete", .options = make_options, .add = add_options };

/* ---- what is replaced or deleted has a second name ---- */

/* A directory outside the destination needs SRC/. */
static void add_backup_options(struct chance *c, struct options *o, const struct node *source)
{
    (void)source;
    static const char *const dirs[] = { ".bk", "bk/of/today", "../bk", "../bk/x" };
    static const char *const deletions[] = { "--delete", "--delete-before", "--delete-excluded", "--force" };
    bool aside = chance_percent(c, 55);
    const char *dir = dirs[chance_of(c, o->slash ? 4 : 2)];
    option_add(o, "-b");
    if (aside)
        option_add(o, "--backup-dir=%s", dir);
    /* Trees have a "foo~", and where that is a directory rsync deletes it to make room for a backup of "foo". */
    if (!aside || chance_percent(c, 30))
        option_add(o, "--suffix=%s", chance_percent(c, 50) ? ".old" : "-b");
    if (chance_percent(c, 60))
        option_add(o, "%s", PICK(c, deletions));
    /* rsync 3.5 can't look at a copy that it has made in "..". */
    if (chance_percent(c, 15) && !(aside && dir[1] == '.'))
        option_add(o, "--inplace");
    if (chance_percent(c, 15))
        option_add(o, "-c");
    if (chance_percent(c, 15))
        option_add(o, "--exclude=%s", tree_name(c));
}

static void make_backup_options(struct chance *c, struct options *o, const struct node *source)
{
    bool all = chance_percent(c, 85);
    option_add(o, all ? "-ai" : "-rli");
    o->slash = chance_percent(c, 80);
    add_backup_options(c, o, source);
    /* A directory of the destination in which rsync makes one late has the time of that. */
    bool within = option_given(o, "--backup-dir=b") || option_given(o, "--backup-dir=.b");
    o->fields |= all && !within ? TREE_TIMES : 0;
    o->quiet_times = option_given(o, "--delete-before");
    int way = (int)chance_of(c, 3);
    o->far_source = way == 1;
    o->far_dest = way == 2;
    o->lines = true;
    option_own(o, "--allow-empty-source");
}

const struct profile profile_backup = { .name = "backup", .options = make_backup_options, .add = add_backup_options };

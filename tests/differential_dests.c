/* SPDX-License-Identifier: ISC */
/* differential_dests - --compare-dest, --copy-dest, --link-dest: other trees beside the destination, each an edited copy of
 * the source; what is linked to what, and the lines of -i. */
#include "tests/differential.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREES_MAX = 4 };

static const char *const kinds[] = { "compare-dest", "copy-dest", "link-dest" };

/* How many trees there are follows from the options: one of them may be missing. */
static unsigned trees_of(const struct options *o)
{
    unsigned n = 0;
    for (size_t i = 0; i < o->count; i++)
        n += strstr(o->args[i], "-dest=") && !strstr(o->args[i], "missing");
    return n;
}

/* Links in the place of directories, or of links that are followed to some, lead nowhere: rsync would go through them. */
static void no_detours(struct node *n, const struct node *source, bool follows)
{
    for (size_t i = 0; i < n->count; i++)
        for (size_t k = 0; k < source->count; k++) {
            struct node *here = n->children[i];
            const struct node *there = source->children[k];
            if ((there->type != 'd' && !(follows && there->type == 'l')) || strcmp(here->name, there->name) != 0)
                continue;
            if (here->type == 'd')
                no_detours(here, there, follows);
            else if (here->type == 'l')
                memset(here->text, '-', strlen(here->text));
        }
}

/* Modes here and there, which edits leave alone. */
static void touch_modes(struct chance *c, struct node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        struct node *child = n->children[i];
        if (chance_percent(c, 8) && child->type != 'l')
            child->mode ^= 0011;
        if (child->type == 'd')
            touch_modes(c, child);
    }
}

static void more(struct chance *c, const struct node *source, const struct options *o, int at, tree_special *special)
{
    for (unsigned i = 0; i < trees_of(o); i++) {
        char name[16];
        struct node *tree = tree_copy(source);
        if (chance_percent(c, 80))
            tree_edit(c, tree, special);
        touch_modes(c, tree);
        no_detours(tree, source, option_given(o, "-k") || option_given(o, "-L") || option_given(o, "--copy-unsafe-links"));
        snprintf(name, sizeof name, "alt%u", i);
        if (o->slash) {
            tree_write(tree, at, name);
        } else {
            mkdirat(at, name, 0755);
            int dir = openat(at, name, O_RDONLY | O_DIRECTORY);
            tree_write(tree, dir, "src");
            close(dir);
        }
        tree_forget_groups();
        tree_free(tree);
    }
    /* Nothing of it but the alternates: as a snapshot begins. */
    if (o->empty) {
        int dir = openat(at, "src", O_RDONLY | O_DIRECTORY);
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
        tree_remove(path);
        close(dir);
        unlinkat(at, "src", AT_REMOVEDIR);
    }
}

static void add_rest(struct chance *c, struct options *o)
{
    static const char *const some[] = { "-c", "-I",     "--size-only",    "-u", "--existing", "--ignore-existing", "-m",
                                        "-W", "--no-W", "--exclude=*.o", "-n", "--exclude=a" };
    if (chance_percent(c, 50))
        option_add(o, "--delete");
    for (unsigned n = chance_percent(c, 50) ? 0 : 1 + chance_of(c, 2); n; n--)
        option_add(o, "%s", some[chance_of(c, sizeof some / sizeof some[0])]);
}

static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    unsigned kind = chance_of(c, 3), trees = 1 + chance_of(c, chance_percent(c, 60) ? 1 : TREES_MAX);
    (void)source;
    for (unsigned i = 0; i < trees; i++)
        option_add(o, "--%s=%salt%u", kinds[kind], o->slash ? "../" : "", i);
    if (chance_percent(c, 5))
        option_add(o, "--%s=missing", kinds[kind]);
    add_rest(c, o);
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    static const char *const bases[] = { "-a", "-a", "-a", "-a", "-rlt", "-rlp", "-rl", "-rt" };
    const char *base = bases[chance_of(c, sizeof bases / sizeof bases[0])];
    option_add(o, "%s", base);
    option_add(o, "-ii");
    o->fields |= (strchr(base, 't') || strchr(base, 'a') ? TREE_TIMES : 0) | TREE_LINKS;
    o->runs = chance_percent(c, 25) ? 2 : 1;
    o->slash = chance_percent(c, 65);
    o->empty = chance_percent(c, 50);
    /* rsync gives a copy the mode of the link whose place it takes. */
    if (!o->empty && !strchr(base, 'p') && !strchr(base, 'a'))
        o->fields &= ~(unsigned)TREE_MODES;
    add_options(c, o, source);
    o->unlike_23 = option_given(o, "--ignore-existing");
    /* rsync sets the time of what stays in the way of a directory. */
    if (option_given(o, "--ignore-existing"))
        o->fields |= TREE_STAYED;
    /* rsync foretells deletions that it then does not do: of directories in which something is excluded. */
    o->lines = !(option_given(o, "-n") && option_given(o, "--exclude="));
    o->far_source = chance_percent(c, 25);
    o->far_dest = chance_percent(c, 40);
    option_own(o, "--allow-empty-source");
}

const struct profile profile_dests = { .name = "dests", .options = make_options, .add = add_options, .more = more };

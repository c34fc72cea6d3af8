/* SPDX-License-Identifier: ISC */
/*
 * differential_every - what the other profiles have, together: each case takes some of them, and of each some of its
 * options; trees are dressed as those profiles dress theirs. What is not put together, and what then is not compared, stands in the two
 * tables below and nowhere else.
 */
#include "tests/differential.h"

#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

enum { OPTIONS_MOST = 10 };

#define PICK(c, a) a[chance_of(c, sizeof a / sizeof a[0])]

static const struct part {
    const struct profile *of;
    unsigned percent;
} parts[] = {
    { &profile_filters, 40 }, { &profile_files, 12 }, { &profile_hard, 35 },   { &profile_dests, 25 },
    { &profile_attrs, 25 },   { &profile_words, 45 }, { &profile_delete, 55 }, { &profile_backup, 25 },
    { &profile_rest, 40 },
};
enum { PARTS = sizeof parts / sizeof parts[0] };

static bool in[PARTS]; /* of the present case */

static bool has(const struct profile *p)
{
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].of == p)
            return in[i];
    return false;
}

static bool attributes_work(void)
{
    return setxattr(".", "user.probe", "1", 1, 0) == 0 && removexattr(".", "user.probe") == 0;
}

static void begin(struct chance *c)
{
    unsigned count = 0;
    while (count < 2) {
        count = 0;
        for (size_t i = 0; i < PARTS; i++)
            count += in[i] = chance_percent(c, parts[i].percent);
    }
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].of == &profile_attrs && !attributes_work())
            in[i] = false;
}

/* ---- trees ---- */

static bool special(struct chance *c, struct node *n)
{
    return has(&profile_filters) && profile_filters.special(c, n);
}

static void link_source(struct chance *c, struct node *n)
{
    if (has(&profile_hard))
        profile_hard.source(c, n);
    /* Links of alternates are not followed, and rsync gives a directory that is a link at the source other attributes; listed as differences. */
    if (has(&profile_files) && !has(&profile_dests) && !has(&profile_attrs))
        profile_files.source(c, n);
}

/* Two files that are alike are not one at the destination: what they are given would be the last one's. */
static void part_twins(struct node *n)
{
    n->twin = 0;
    for (size_t i = 0; i < n->count; i++)
        part_twins(n->children[i]);
}

static void link_dest(struct chance *c, struct node *n)
{
    if (has(&profile_words) || has(&profile_attrs))
        part_twins(n);
    if (has(&profile_hard))
        profile_hard.dest(c, n);
    if (has(&profile_rest))
        profile_rest.dest(c, n);
}

static void more(struct chance *c, const struct node *source, const struct options *o, int at, tree_special *kind)
{
    if (has(&profile_dests))
        profile_dests.more(c, source, o, at, kind);
}

static void dress(uint64_t number, const char *path, bool source)
{
    if (has(&profile_attrs))
        profile_attrs.dress(number, path, source);
}

static void finish(struct chance *c, const struct options *o)
{
    if (has(&profile_words))
        profile_words.finish(c, o);
    if (has(&profile_rest))
        profile_rest.finish(c, o);
}

/* ---- what is not put together ---- */

/* Options by how they begin. */
static const struct pair {
    const char *a, *b;
} apart[] = {
    /* Both refuse to be told of two times of deletion. */
    { "--delete", "--delete" },
    { "--ignore-missing-args", "--delete-missing-args" },
    /* Different kinds of alternates are refused by both. */
    { "--compare-dest", "--copy-dest" }, { "--compare-dest", "--link-dest" }, { "--copy-dest", "--link-dest" },
    /* A link to nowhere is an error at the source, after which nothing is deleted; rsync has deleted by then. */
    { "-k", "--delete" }, { "-L", "--delete" }, { "--copy-unsafe-links", "--delete" },
    /* Which of the names of one file is written anew is each tool's own, and that one is backed up. */
    { "-b", "-H" },
    /* What makes way for what an alternate has is backed up, too; listed as a difference. */
    { "-b", "--compare-dest" }, { "-b", "--link-dest" },
    /* Links that lead out are backed up, too; listed as a difference. */
    { "-b", "--safe-links" },
    /* rsync makes some of the names of what an alternate has as it should be, and not others. */
    { "-H", "--compare-dest" },
    /* A link in the place of a directory that was deleted first is an alternate's; rsync looks at these only where nothing was in the way. */
    { "--delete-before", "--copy-dest" }, { "--delete-before", "--link-dest" }, { "--delete-before", "--compare-dest" },
    /* rsync deletes nothing more once it has looked into what is no directory. */
    { "--ignore-existing", "--delete" },
    /* Backups are made with all that the account may, which root may not. */
    { "-b", "--no-super" },
    /* Which name of a file is looked at is each tool's own, and that one may be newer. */
    { "-H", "-u" },
    /* rsync leaves some of the names out where a directory was in the way; listed as a difference. */
    { "-H", "--existing" },
    /* Which name of a file leads, and has the content that passes for the same, is each tool's own. */
    { "-H", "--size-only" },
    /* So is which name is looked for in alternates. */
    { "-H", "--link-dest" },
    /* rsync deletes backups with this where a rule does not protect them, and backs up those in the destination. */
    { "-b", "--delete-after" },
    /* With --no-super the modes of directories are listed as a difference: ACLs go with them, and links keep owners. */
    { "--no-super", "-A" }, { "--no-super", "-H" },
    /* A group that becomes root's is not told of by rsync. */
    { "--no-super", "--groupmap" },
    /* As in add_base. */
    { "-X", "--no-p" }, { "-A", "--no-p" },
    /* Where attributes change rsync sets the time, too, also within the window. */
    { "-@", "-X" }, { "-@", "-A" },
    /* rsync 3.5 can't look at a copy that it has made in "..". */
    { "--inplace", "--backup-dir=.." }, { "--append", "--backup-dir=.." },
    /* It takes the rule away that keeps what is behind the links. */
    { "-K", "--filter=!" },
    /* It neither backs up nor deletes what is behind the links, and says that it does. */
    { "-K", "-b" },
    /* The last one counts with rsync, --append-verify here. */
    { "--append", "--append" },
    /* What is behind a link that is kept is not known of names in a list, and is told as new. */
    { "-K", "--files-from" },
    /* And is copied, not linked, where an alternate has it. */
    { "-K", "--link-dest" },
    /* Of what an alternate has rsync takes files from the source and no links, also where they were there already. */
    { "--remove-source-files", "--link-dest" }, { "--remove-source-files", "--compare-dest" },
    /* rsync looks at who may execute a directory when it compares it with an alternate's. */
    { "-E", "--copy-dest" }, { "-E", "--compare-dest" }, { "-E", "--link-dest" },
    /* rsync -n does not know that a directory stays that has backups in it. */
    { "-b", "-n" },
    /* Refused here, and why is told. */
    { "--write-devices", "-H" }, { "--write-devices", "--link-dest" }, { "--write-devices", "--delay-updates" },
    { "--write-devices", "-b" }, { "--write-devices", "--copy-dest" }, { "--write-devices", "--compare-dest" },
    { "--write-devices", "--fake-super" }, { "--write-devices", "--partial-dir" },
    { "--remove-source-files", "-L" }, { "--remove-source-files", "-k" }, { "--remove-source-files", "--copy-unsafe-links" },
    { "-x", "-L" }, { "-x", "-k" }, { "-x", "--copy-unsafe-links" }, { "--copy-devices", "-L" },
    { "--copy-devices", "-k" }, { "--copy-devices", "--copy-unsafe-links" }, { "--copy-devices", "--remove-source-files" },
    /* ACLs go with the mode of the file that a link becomes, and that is each tool's own. */
    { "--fake-super", "-A" }, { "--fake-super", "--no-p" }, { "--fake-super", "-H" },
    /* Which name of a file is looked at is each tool's own, and that one may be passed over. */
    { "-H", "--append" },
    /* rsync leaves out a file when there is one that is similar and not shorter; listed as a difference. */
    { "--append", "-y" }, { "--append", "--fuzzy" },
    /* rsync leaves out a file of which only an alternate has as much; listed as a difference. */
    { "--append", "--compare-dest" }, { "--append", "--copy-dest" }, { "--append", "--link-dest" },
    /* rsync reads a directory's merge file behind the first name in it, and obeys it elsewhere then. */
    { "--files-from", "--filter=:" }, { "--files-from", "--filter=dir-merge" }, { "--files-from", "--filter=-C" },
    { "--files-from", "-F" }, { "--files-from", "-C" },
    /* What an alternate has goes from the destination, merge files included, of which rsync does not know then what they protected. */
    { "--compare-dest", "--delete-after" },
    /* rsync keeps a directory on the way to what is missing, and tells of it. */
    { "-m", "--delete-missing-args" },
    /* And gives an excluded one of the list its mode where something missing was in it. */
    { "--filter=-", "--delete-missing-args" }, { "--exclude", "--delete-missing-args" },
    /* A link on the way that it does not imply rsync goes through at the destination; listed as a difference. */
    { "--files-from", "--no-implied-dirs" },
};

static bool begins(const char *s, const char *front)
{
    return strncmp(s, front, strlen(front)) == 0;
}

static bool meets(const struct pair *p, size_t count, const char *a, const char *b)
{
    for (size_t i = 0; i < count; i++)
        if ((begins(a, p[i].a) && begins(b, p[i].b)) || (begins(b, p[i].a) && begins(a, p[i].b)))
            return true;
    return false;
}

static bool is_apart(const char *a, const char *b)
{
    return meets(apart, sizeof apart / sizeof apart[0], a, b) || strcmp(a, b) == 0;
}

/* Of the options from number `from` on, the first and some others stay; none that does not go with those before it, and
 * none at all where that is the first. */
static void thin(struct chance *c, struct options *o, size_t from)
{
    size_t kept = from;
    bool break_off = false;
    for (size_t i = from; i < o->count; i++) {
        bool stays = !break_off && (i == from || (chance_percent(c, 60) && kept < OPTIONS_MOST));
        for (size_t k = 0; k < kept; k++)
            stays &= !is_apart(o->args[k], o->args[i]);
        if (stays)
            o->args[kept++] = o->args[i];
        else
            free(o->args[i]);
        if (kept == from) /* without the first the others mean something else */
            break_off = true;
    }
    o->count = kept;
}

/* ---- what is compared ---- */

/* Takes an option away; whether it was given. */
static bool take_option(struct options *o, const char *option)
{
    for (size_t i = 0; i < o->count; i++)
        if (strcmp(o->args[i], option) == 0) {
            free(o->args[i]);
            memmove(o->args + i, o->args + i + 1, (--o->count - i) * sizeof *o->args);
            return true;
        }
    return false;
}


/* Whether -a or a letter of the first option, which is what is copied at all, says so. */
static bool base_has(const struct options *o, char letter)
{
    return strchr(o->args[0], 'a') || strchr(o->args[0], letter);
}

static bool excludes(const struct options *o)
{
    return option_given(o, "--exclude") || option_given(o, "--filter") || option_given(o, "-F") || option_given(o, "-C") ||
           option_given(o, "--include");
}

/* Whether line is a directory above the one at other, or comes again there. */
static bool is_above(const char *line, size_t n, const char *other)
{
    n -= n && line[n - 1] == '/';
    const char *start = line;
    for (; n && *line == '/'; n--)
        line++;
    bool later = other > start;
    while (*other == '/')
        other++;
    return strncmp(line, other, n) == 0 && (other[n] == '/' || (other[n] == '\n' && later));
}

/* With -m rsync keeps a directory of a list that is empty in the end, where it comes behind a name in it; and one that is empty in a directory
 * that the list names twice. */
static void drop_dirs_above(struct options *o)
{
    struct text t = { 0 };
    for (const char *p = o->list, *end; *p; p = end + 1) {
        bool above = false;
        end = strchr(p, '\n');
        for (const char *q = o->list; *q; q = strchr(q, '\n') + 1)
            above |= is_above(p, (size_t)(end - p), q);
        if (!above)
            text_add(&t, "%.*s", (int)(end + 1 - p), p);
    }
    free(o->list);
    o->list = t.at;
}

/* How the tools run, and what is left out because of that. */
static void compare_runs(struct options *o)
{
    bool within = option_given(o, "--backup-dir=b") || option_given(o, "--backup-dir=.b"), dry = option_given(o, "-n");
    /* rsync backs up the backups of the run before; listed as a difference. */
    if (within)
        o->runs = 1;
    /* rsync makes it before or after it looks at the destination. */
    o->quiet_root = within;
    o->takes = option_given(o, "--remove-source-files");
    o->settled &= !o->takes;
    o->runs = o->takes ? 1 : o->runs;
    /* Where mode and ACL change, it takes rsync two runs. */
    o->twice = option_given(o, "-A") && !option_given(o, "-b") && !o->takes && !dry;
    o->runs = o->twice && option_given(o, "--chmod") ? 1 : o->runs;
    /* The older backup of what has to be compared first is not deleted here: it may have been that file's. */
    o->runs = option_given(o, "-b") && option_given(o, "-c") && option_given(o, "--delete-excluded") ? 1 : o->runs;
    /* With --numeric-ids rsync maps whom ACLs name where it does not list piece by piece; listed as a difference. */
    if (option_given(o, "-A") && option_given(o, "--numeric-ids") &&
        (option_given(o, "--usermap") || option_given(o, "--groupmap") || option_given(o, "--chown"))) {
        o->fields &= ~(unsigned)TREE_ATTRS;
        o->lines = false;
    }
    /* What is made in --temp-dir keeps the default ACL of that with rsync; listed as a difference. */
    if (option_given(o, "--temp-dir") && !option_given(o, "-A"))
        o->fields &= ~(unsigned)TREE_ATTRS;
    /* Nor does it get there in one run where modes change, and a second one would back up what the first one made, or has no source any more. */
    if (option_given(o, "-A") && (option_given(o, "-b") || o->takes))
        o->fields &= ~(unsigned)TREE_ATTRS;
    /* Without -H names of one file are backed up when another one has changed it in place, or before. */
    if (option_given(o, "-b") && (option_given(o, "--inplace") || option_given(o, "--append")) && !option_given(o, "-H"))
        o->fields &= ~(unsigned)(TREE_MODES | TREE_OWNERS | TREE_ATTRS | TREE_TIMES);
    /* Of several names the one that leads is each tool's own, and so is its time where that is not set. */
    if (option_given(o, "-H") && (option_given(o, "-@") || option_given(o, "-J")))
        o->fields |= TREE_SINGLE;
    /* rsync gives a new file the mode of one that is similar; listed as a difference. */
    if (!(base_has(o, 'p') && !option_given(o, "--no-p")) && (option_given(o, "-y") || option_given(o, "--fuzzy")))
        o->fields &= ~(unsigned)(TREE_MODES | TREE_ATTRS);
    /* rsync 3.5 sets the mode of a link that is kept, which fails, and the time of the link, not of the directory; listed as a difference. */
    o->unlike_23 |= option_given(o, "-K");
    if (option_given(o, "-K"))
        o->fields |= TREE_BEHIND;
    /* Without -o and -g rsync writes down owners that come from nowhere; and ACLs go as said above. */
    if (option_given(o, "--fake-super") && (has(&profile_attrs) || !(base_has(o, 'o') && base_has(o, 'g'))))
        o->fields &= ~(unsigned)TREE_ATTRS;
    /* A directory in which something was done has its old time then, or the source's, which is the same within the window. */
    if (option_given(o, "-@"))
        o->fields |= TREE_WINDOW;
    /* rsync gives what it copies of a device no time, and copies it again each time; listed as a difference. */
    if (option_given(o, "--copy-devices")) {
        o->fields |= TREE_NULL;
        o->runs = 1;
    }
    /* It sets the time of what stays in the way of a directory. */
    if (option_given(o, "--ignore-existing"))
        o->fields |= TREE_STAYED;
    /* rsync 3.5 writes zeros over what it appends to with -S: it is not given that. */
    bool appends = option_given(o, "--append");
    if (appends && take_option(o, "-S"))
        option_own(o, "-S");
    /* The copy that is made for a backup gets the default ACL of the directory from rsync, and no attributes. */
    if (option_given(o, "-b") && (appends || option_given(o, "--inplace")))
        o->fields &= ~(unsigned)TREE_ATTRS;
    /* Without -o it belongs to who runs rsync; listed as a difference. */
    if (option_given(o, "-b") && (appends || option_given(o, "--inplace")) && !(base_has(o, 'o') && base_has(o, 'g')))
        o->fields &= ~(unsigned)TREE_OWNERS;
    /* What has an owner already need not have it written down, too. */
    if (option_given(o, "--fake-super") && !o->empty)
        o->fields &= ~(unsigned)(TREE_ATTRS | TREE_OWNERS);
    /* What things are is in an attribute, and the mode of the file that has it is each tool's own. */
    if (option_given(o, "--fake-super"))
        o->fields &= ~(unsigned)TREE_MODES;
    /* An excluded directory of a list hides what is below it here where that is listed with it; listed as a difference. */
    if (o->list && (option_given(o, "-m") || (excludes(o) && option_given(o, "-r"))))
        drop_dirs_above(o);
    /* A name of a file that is not in the list is written, too, where the file is not written anew, as each tool chooses. */
    if (o->list && option_given(o, "-H"))
        o->fields = (o->fields & ~(unsigned)TREE_LINKS) | TREE_EVEN;
}

static void compare(struct chance *c, struct options *o)
{
    bool excluding = excludes(o);
    bool times = base_has(o, 't') && !option_given(o, "--no-t"), perms = base_has(o, 'p') && !option_given(o, "--no-p");
    bool alternates = has(&profile_dests), dry = option_given(o, "-n");
    o->fields |= TREE_LINKS | TREE_OWNERS | (times ? TREE_TIMES : 0) | (has(&profile_attrs) || option_given(o, "--fake-super") ? TREE_ATTRS : 0);
    /* The mode is that of the name that the others are linked to; of a copy, that of the link whose place it takes. */
    if (!perms && (option_given(o, "-H") || (alternates && !o->empty)))
        o->fields &= ~(unsigned)TREE_MODES;
    /* A directory of the destination in which rsync makes one late has the time of that. */
    if (option_given(o, "--backup-dir=b") || option_given(o, "--backup-dir=.b"))
        o->fields &= ~(unsigned)TREE_TIMES;
    /* A directory that becomes setgid is that before or after something is made in it. */
    if (option_given(o, "--chmod") && !base_has(o, 'g'))
        o->fields &= ~(unsigned)TREE_OWNERS;
    /* Attributes that are not kept are those of the name that the others are linked to, or of a file that need not be written anew. */
    bool touches = option_given(o, "-H") || o->far_source || o->far_dest || option_given(o, "--no-whole-file") || option_given(o, "--no-W");
    bool follows = option_given(o, "-k") || option_given(o, "-L") || option_given(o, "--copy-unsafe-links");
    if (touches && !option_given(o, "-AX"))
        o->fields &= ~(unsigned)TREE_ATTRS;
    /* rsync loses long attributes of what a link leads to. */
    if (follows)
        o->fields &= ~(unsigned)TREE_ATTRS;
    /* What is not made at the destination is not looked at. */
    o->unlike_23 |= follows && option_given(o, "--existing");
    if (touches && !(base_has(o, 'o') && base_has(o, 'g')))
        o->fields &= ~(unsigned)TREE_OWNERS;
    /* Where less is written anew, fewer directories get the time of that. */
    if (touches && (option_given(o, "-O") || option_given(o, "--files-from") || option_given(o, "-b")))
        o->fields &= ~(unsigned)TREE_TIMES;
    /* What has another time and the same content keeps its owner, where rsync writes it anew as nobody in particular. */
    if (option_given(o, "--no-super"))
        o->fields &= ~(unsigned)TREE_OWNERS;
    /* With --no-super directories get their modes; listed as a difference. */
    if ((touches && !perms) || option_given(o, "--no-super"))
        o->fields &= ~(unsigned)(TREE_MODES | TREE_ATTRS);
    /* A name in a list that is excluded is not looked for; listed as a difference. */
    o->unlike_23 |= option_given(o, "--files-from") && excluding;
    /* rsync -n looks for attributes of what it has only said that it makes. */
    o->unlike_23 |= dry && alternates && has(&profile_attrs);
    /* A name that stays and is excluded, or in a directory that is not gone into, is linked to one name or the other. */
    if (option_given(o, "-H") && ((excluding && !option_given(o, "--delete-excluded")) || !(base_has(o, 'r') || option_given(o, "-r"))))
        o->fields = (o->fields & ~(unsigned)TREE_LINKS) | TREE_EVEN;
    /* rsync then foretells deletions that it does not do: of directories in which something is excluded, or a backup. */
    bool stays = excluding || (option_given(o, "-b") && !option_given(o, "--backup-dir"));
    o->lines = !(dry && stays && option_given(o, "--delete"));
    /* What a deletion does to a directory's time is not told of, so that -n tells what a run does. */
    o->quiet_times = option_given(o, "--delete-before");
    o->linked = has(&profile_hard);
    o->frail = option_given(o, "-H");
    /* A destination that is not there is not told of by -n --existing, as with rsync. */
    /* Nor can it be foretold what a file needs by the second of its names there, where the first was looked at before. */
    bool way = option_given(o, "-H") && o->quiet_times; /* what is in the way of a name that leads is deleted by then, but not with -n */
    o->foretold = !dry && !way && (option_given(o, "-H") || !has(&profile_hard)) && !(o->empty && option_given(o, "--existing")) && chance_percent(c, 50);
    o->settled = !dry && times && !option_given(o, "-I") && !option_given(o, "-ii") &&
                 !(option_given(o, "-b") && option_given(o, "--delete-excluded")) && !(excluding && option_given(o, "--delete")) && chance_percent(c, 50);
}

/* ---- options ---- */

static void add_base(struct chance *c, struct options *o)
{
    static const char *const bases[] = { "-a", "-a", "-a", "-a", "-a", "-a", "-rlpt", "-rlt", "-rl", "-rlp", "-rt", "-dlptgoD" };
    static const char *const flat[] = { "-a", "-a", "-l", "-lpt", "-lptgo" };
    /* With -X or -A and without -p, rsync 3.5 gives a file whose attributes change the source's mode and does not say so. */
    bool perms = has(&profile_attrs);
    o->slash = has(&profile_files) || chance_percent(c, 75);
    option_add(o, "%s", perms ? "-a" : has(&profile_files) ? PICK(c, flat) : PICK(c, bases));
    if (has(&profile_files) && chance_percent(c, 40))
        option_add(o, "-r");
}

/* rsync always runs here. The path of -R is another from afar; who munges, too; and root's groups there can't be known,
 * which is told. */
static bool goes_far(const struct options *o)
{
    return !option_given(o, "-R") && !option_given(o, "--munge-links") && !option_given(o, "--no-super") && !option_given(o, "--fake-super");
}

static void option_first(struct options *o, size_t at, const char *text)
{
    option_add(o, "%s", text);
    char *one = o->args[o->count - 1];
    memmove(o->args + at + 1, o->args + at, (o->count - 1 - at) * sizeof *o->args);
    o->args[at] = one;
}

/* What goes with everything. Drawn without a draw of the case's, so that the cases stay what they were but for it. */
static void add_late(const struct chance *c, struct options *o)
{
    static const char *const some[] = { "-z", "-W", "--partial", "--checksum-choice=xxh128", "--iconv=UTF-8,ISO-8859-1", "--write-devices", "--max-size=1000", "--min-size=600",
                                        "--max-size=4K", "--max-delete=1000", "--open-noatime", "--timeout=100", "--no-motd", "--super" };
    struct chance own = { c->state ^ 0x6c8e9cf570932bd5u };
    if (!chance_percent(&own, 25))
        return;
    const char *one = PICK(&own, some);
    for (size_t i = 0; i < o->count; i++)
        if (is_apart(o->args[i], one))
            return;
    option_add(o, "%s", one);
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    unsigned at = chance_of(c, PARTS);
    add_base(c, o);
    size_t based = o->count;
    for (size_t i = 0; i < PARTS; i++, at = (at + 1) % PARTS)
        if (in[at]) {
            size_t from = o->count;
            parts[at].of->add(c, o, source);
            thin(c, o, from);
        }
    add_late(c, o);
    if (o->file && (strstr(o->file, "\n!\n") || strncmp(o->file, "!\n", 2) == 0)) /* as with --filter=! */
        take_option(o, "-K");
    if (option_given(o, "-K"))
        option_first(o, based, "--filter=P kept.*");
    /* Trees have a "foo~", and where that is a directory rsync deletes it to make room for a backup of "foo". */
    if (option_given(o, "-b") && !option_given(o, "--backup-dir") && !option_given(o, "--suffix"))
        option_add(o, "--suffix=.old");
    option_add(o, chance_percent(c, 85) ? "-i" : "-ii");
    /* A list with one file makes a file of a destination that is not there, with rsync. */
    o->empty = has(&profile_dests) && !has(&profile_files) && chance_percent(c, 40);
    o->runs = has(&profile_dests) && chance_percent(c, 20) ? 2 : 1;
    int way = (int)chance_of(c, 4);
    o->far_source = way == 1 && goes_far(o);
    o->far_dest = way == 2 && goes_far(o);
    option_own(o, "--allow-empty-source");
    compare(c, o);
    compare_runs(o);
}

const struct profile profile_every = { .name = "every",
                                       .begin = begin,
                                       .options = make_options,
                                       .special = special,
                                       .source = link_source,
                                       .dest = link_dest,
                                       .more = more,
                                       .dress = dress,
                                       .finish = finish };

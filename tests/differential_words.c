/* SPDX-License-Identifier: ISC */
/* differential_words - modes, owners and times that are not those of the source, and links that are followed or are not. */
#include "tests/differential.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_root(void)
{
    return geteuid() == 0;
}

/* ---- trees that there is something to be said of ---- */

static uint64_t seed_of(uint64_t seed, const char *path)
{
    for (; *path; path++)
        seed = (seed ^ (unsigned char)*path) * 1099511628211u;
    return seed;
}

static bool follows(const struct options *o)
{
    return option_given(o, "-k") || option_given(o, "-L") || option_given(o, "--copy-unsafe-links");
}

static void dress_one(struct chance *c, const char *path, int at, const char *name, const struct stat *st, const struct options *o)
{
    static const unsigned modes[] = { 0644, 0755, 0640, 0600, 0444, 0751, 0666, 0711, 01777, 0500, 0700 };
    static const uid_t owners[] = { 0, 0, 1, 2, 5, 12345, 65534 };
    uid_t uid = owners[chance_of(c, 7)], gid = owners[chance_of(c, 7)];
    /* Held back by --no-super, rsync leaves directories as writable as it needed them. */
    unsigned mode = modes[chance_of(c, sizeof modes / sizeof modes[0])] | (S_ISDIR(st->st_mode) ? 0700 : 0);
    /* Nanoseconds that differ count here, and not with rsync: only one side has any, and only of
     * files that have one name: with several, which one of them is looked at first is each tool's own. Nor with attributes: where only
     * these differ, rsync sets the time, too. */
    bool source = strncmp(path, "src", 3) == 0 && S_ISREG(st->st_mode) && !option_given(o, "-H") && !option_given(o, "-A") && !option_given(o, "-X");
    bool own = !(S_ISLNK(st->st_mode) && follows(o));
    long ns = source && chance_percent(c, 20) ? (long)chance_of(c, 1000000000) : 0;
    int64_t late = chance_percent(c, 20) ? (int64_t)chance_of(c, 5) : 0;
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = st->st_mtim.tv_sec + late, .tv_nsec = ns } };
    if (own && is_root() && fchownat(at, name, uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
        perror(name);
    if (!S_ISLNK(st->st_mode) && (is_root() || S_ISREG(st->st_mode)) && fchmodat(at, name, mode, 0) != 0)
        perror(name);
    if (utimensat(at, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        perror(name);
}

/* Links that lead out of the tree, to files, directories and nothing; never around to where they are, for rsync goes round forty times. */
static void link_out(struct chance *c, int at, const char *path)
{
    static const char *const targets[] = { "out/f", "out/d", "out/d/e", "out/nowhere", "out/d/up", "out/d/chain", "out/d/../f", "out/f/no" };
    struct timespec times[2] = { { .tv_sec = 1600000000 }, { .tv_sec = 1600000000 } };
    struct text t = { 0 };
    text_add(&t, "../");
    for (const char *p = path; *p; p++)
        if (*p == '/')
            text_add(&t, "../");
    text_add(&t, "%s", targets[chance_of(c, sizeof targets / sizeof targets[0])]);
    if (symlinkat(t.at, at, "way") == 0)
        utimensat(at, "way", times, AT_SYMLINK_NOFOLLOW);
    text_clear(&t);
}

static void make_out(void)
{
    static const char *const files[] = { "out/f", "out/d/x", "out/d/e/y" };
    struct timespec times[2] = { { .tv_sec = 1600000000 }, { .tv_sec = 1600000000 } };
    mkdir("out", 0755);
    mkdir("out/d", 0750);
    mkdir("out/d/e", 0755);
    for (size_t i = 0; i < 3; i++) {
        FILE *f = fopen(files[i], "w");
        if (f) {
            fprintf(f, "%s\n", files[i]);
            fclose(f);
        }
        utimensat(AT_FDCWD, files[i], times, 0);
    }
    if (symlink("../f", "out/d/up") != 0 || symlink("up", "out/d/chain") != 0)
        perror("out");
    utimensat(AT_FDCWD, "out/d/up", times, AT_SYMLINK_NOFOLLOW);
    utimensat(AT_FDCWD, "out/d/chain", times, AT_SYMLINK_NOFOLLOW);
    utimensat(AT_FDCWD, "out/d/e", times, 0);
    utimensat(AT_FDCWD, "out/d", times, 0);
}

/* A link to somewhere, now and then out of the tree. */
static void link_one(struct chance *c, int at)
{
    static const char *const targets[] = { "a", "../a", "../../b", "b/../a", "/etc/hostname", "/rsyncd-munged/a", "/rsyncd-munged//x", "..", "./a", "sub/.." };
    struct timespec times[2] = { { .tv_sec = 1600000000 }, { .tv_sec = 1600000000 + chance_of(c, 3) } };
    if (symlinkat(targets[chance_of(c, sizeof targets / sizeof targets[0])], at, "link") == 0)
        utimensat(at, "link", times, AT_SYMLINK_NOFOLLOW);
}

/* Where links are followed they are root's: rsync 3.5 reads no merge file behind one of somebody else's.
 * front: so much of path is not of the tree, so that the same is done at each. */
static void dress(uint64_t seed, const char *path, size_t front, const struct options *o)
{
    DIR *d = opendir(path);
    struct dirent *e;
    while (d && (e = readdir(d)) != NULL) {
        char below[4096];
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        struct chance c = { seed_of(seed, below + front) };
        if (lstat(below, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            dress(seed, below, front, o);
        if (chance_percent(&c, 40))
            dress_one(&c, below, dirfd(d), e->d_name, &st, o);
    }
    struct chance c = { seed_of(seed + 1, path + front) };
    struct stat st;
    if (d && stat(path, &st) == 0 && chance_percent(&c, 30)) {
        struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st.st_mtim };
        if (!follows(o))
            link_one(&c, dirfd(d));
        if (strncmp(path, "src", 3) == 0)
            link_out(&c, dirfd(d), path);
        futimens(dirfd(d), times);
    }
    if (d)
        closedir(d);
}

static void dress_tree(uint64_t seed, const char *path, const struct options *o)
{
    dress(seed, path, strlen(path), o);
}

static void finish(struct chance *c, const struct options *o)
{
    uint64_t seed = chance_next(c), other = chance_percent(c, 50) ? seed : chance_next(c);
    make_out();
    dress_tree(seed, "src", o);
    for (unsigned i = 0; i < 2; i++) {
        char path[32];
        snprintf(path, sizeof path, "dst.%c/src", 'a' + i);
        dress_tree(other, path, o);
        for (unsigned k = 0; k < 2; k++) { /* alternates, if there are any */
            snprintf(path, sizeof path, "dst.%c/alt%u%s", 'a' + i, k, o->slash ? "" : "/src");
            dress_tree(other, path, o);
        }
    }
}

/* ---- options ---- */

static void chmod_item(struct chance *c, struct text *t)
{
    static const char *const kinds[] = { "", "", "", "D", "F" };
    text_add(t, "%s", kinds[chance_of(c, 5)]);
    if (chance_percent(c, 15)) {
        text_add(t, "%o", chance_of(c, chance_percent(c, 80) ? 01000 : 010000));
        return;
    }
    for (unsigned n = chance_of(c, 3); n; n--)
        text_add(t, "%c", "ugoa"[chance_of(c, 4)]);
    text_add(t, "%c", "+-="[chance_of(c, 3)]);
    if (chance_percent(c, 20)) {
        text_add(t, "%c", "ugo"[chance_of(c, 3)]);
        return;
    }
    for (unsigned n = chance_of(c, 4); n; n--)
        text_add(t, "%c", "rwxXst"[chance_of(c, 6)]);
}

static void add_chmod(struct chance *c, struct options *o)
{
    struct text t = { 0 };
    for (unsigned n = 1 + chance_of(c, 3); n; n--) {
        chmod_item(c, &t);
        if (n > 1)
            text_add(&t, ",");
    }
    option_add(o, "--chmod=%s", t.at);
    text_clear(&t);
}

static const char *owner(struct chance *c, bool group)
{
    static const char *const names[2][5] = { { "root", "bin", "nobody", "4321", "games" },
                                             { "root", "bin", "nogroup", "4321", "games" } };
    return names[group][chance_of(c, 5)];
}

static void add_map(struct chance *c, struct options *o, bool group)
{
    static const char *const from[] = { "0", "1", "*", "d*", "", "root", "daemon", "bin", "0-4", "2-70000", "sy?" , "12345" };
    struct text t = { 0 };
    for (unsigned n = 1 + chance_of(c, 3); n; n--)
        text_add(&t, "%s:%s%s", from[chance_of(c, sizeof from / sizeof from[0])], owner(c, group), n > 1 ? "," : "");
    option_add(o, "--%smap=%s", group ? "group" : "user", t.at);
    text_clear(&t);
}

static void add_owners(struct chance *c, struct options *o)
{
    unsigned kind = chance_of(c, 5);
    if (kind == 0)
        option_add(o, "--chown=%s:%s", owner(c, false), owner(c, true));
    else if (kind == 1)
        option_add(o, chance_percent(c, 50) ? "--chown=%s" : "--chown=:%s", "games");
    if (kind == 2 || kind == 3)
        add_map(c, o, false);
    if (kind == 3 || kind == 4)
        add_map(c, o, true);
    if (chance_percent(c, 15))
        option_add(o, "--numeric-ids");
}

static void add_metadata(struct chance *c, struct options *o)
{
    bool held = is_root() && chance_percent(c, 8);
    if (held)
        option_add(o, "--no-super");
    if (!held && chance_percent(c, 50))
        add_chmod(c, o);
    if (!held && chance_percent(c, 10))
        add_chmod(c, o);
    if (is_root() && chance_percent(c, 50))
        add_owners(c, o);
    if (chance_percent(c, 20))
        option_add(o, "-E");
    if (chance_percent(c, 20))
        option_add(o, "-O");
    if (chance_percent(c, 20))
        option_add(o, "-J");
    if (chance_percent(c, 25))
        option_add(o, "-@%u", 1 + chance_of(c, 4));
    if (chance_percent(c, 20))
        option_add(o, "--no-p");
    if (chance_percent(c, 10))
        option_add(o, "-c");
    if (chance_percent(c, 10))
        option_add(o, "-u");
}

static void add_links(struct chance *c, struct options *o)
{
    if (chance_percent(c, 50)) {
        unsigned which = 1 + chance_of(c, 7);
        if (which & 1)
            option_add(o, "-k");
        if (which & 2)
            option_add(o, "--copy-unsafe-links");
        if (which == 4 || which == 5)
            option_add(o, "-L");
        if (chance_percent(c, 30))
            option_add(o, "--exclude=%s", chance_percent(c, 30) ? "way/" : tree_name(c));
    }
    if (chance_percent(c, 30))
        option_add(o, "--safe-links");
    if (chance_percent(c, 20))
        option_add(o, "--munge-links");
}

static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    (void)source;
    add_metadata(c, o);
    add_links(c, o);
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    option_add(o, chance_percent(c, 80) ? "-a" : chance_percent(c, 50) ? "-rlt" : "-rlpt");
    o->fields |= TREE_TIMES | TREE_OWNERS;
    o->slash = chance_percent(c, 60);
    add_options(c, o, source);
    option_add(o, "-i");
    bool dry = chance_percent(c, 10), timed = strcmp(o->args[0], "-a") == 0 || o->args[0][strlen(o->args[0]) - 1] == 't';
    if (dry)
        option_add(o, "-n");
    o->foretold = !dry;
    o->settled = !dry && timed;
    /* rsync has deleted something by the time it meets a link that leads nowhere. */
    if (!follows(o) && chance_percent(c, 30))
        option_add(o, "--delete");
    option_own(o, "--allow-empty-source");
    o->lines = true;
}

const struct profile profile_words = { .name = "words", .options = make_options, .add = add_options, .finish = finish };

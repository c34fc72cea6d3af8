/* SPDX-License-Identifier: ISC */
/*
 * differential_rest - what no other profile has: links that are kept where the source has directories, files that are
 * shorter at the destination or are gone from the source in the end, where files wait for their names, devices and
 * fifos, owners that are only written down. For "every".
 */
#include "tests/differential.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ---- trees ---- */

/* Some files of the destination are what the source's begin with, and some go on where those end. */
static void shorten(struct chance *c, struct node *n)
{
    for (size_t i = 0; i < n->count; i++) {
        struct node *child = n->children[i];
        if (child->type == 'd')
            shorten(c, child);
        bool some = child->type == 'f' && !child->text && !child->group && chance_percent(c, 20);
        if (some && chance_percent(c, 80))
            child->size = child->size / 2;
        else if (some)
            child->size = child->size + 100;
        if (some && chance_percent(c, 70))
            child->mtime_s -= 86400;
    }
}

static uint64_t seed_of(uint64_t seed, const char *path)
{
    for (; *path; path++)
        seed = (seed ^ (unsigned char)*path) * 1099511628211u;
    return seed;
}

/* A fifo and a device, or something else of that name. */
static void make_special(struct chance *c, int at)
{
    static const char *const names[] = { "pipe", "null" };
    struct timespec times[2] = { { .tv_sec = 1600000000 }, { .tv_sec = 1600000000 + chance_of(c, 3) } };
    const char *name = names[chance_of(c, 2)];
    unsigned kind = chance_of(c, 10);
    int rc = -1;
    if (kind < 4)
        rc = mkfifoat(at, name, 0644);
    else if (kind < 8)
        rc = mknodat(at, name, S_IFCHR | 0600, makedev(1, chance_percent(c, 70) ? 3 : 5));
    else if (kind < 9)
        rc = symlinkat("a", at, name);
    else
        rc = mkdirat(at, name, 0755);
    if (rc == 0)
        utimensat(at, name, times, AT_SYMLINK_NOFOLLOW);
}

static void add_specials(uint64_t seed, const char *path, size_t front, bool source)
{
    DIR *d = opendir(path);
    struct dirent *e;
    struct stat st;
    if (!d)
        return;
    while ((e = readdir(d)) != NULL) {
        char below[4096];
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.' && lstat(below, &st) == 0 && S_ISDIR(st.st_mode))
            add_specials(seed, below, front, source);
    }
    struct chance c = { seed_of(seed, path + front) };
    if (!source && chance_percent(&c, 50))
        c.state++;
    if (fstat(dirfd(d), &st) == 0 && chance_percent(&c, 20)) {
        struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, st.st_mtim };
        make_special(&c, dirfd(d));
        futimens(dirfd(d), times);
    }
    closedir(d);
}

/* In the place of a directory of the destination a link to it, under a name that is protected. */
static void put_behind_links(uint64_t seed, const char *path)
{
    struct dirent **found;
    struct stat st;
    int at = open(path, O_RDONLY | O_DIRECTORY);
    int n = at >= 0 ? scandirat(at, ".", &found, NULL, alphasort) : 0;
    bool there = at >= 0 && fstat(at, &st) == 0;
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, there ? st.st_mtim : (struct timespec){ 0 } };
    for (int i = 0; i < n; i++) {
        struct chance c = { seed_of(seed, found[i]->d_name) };
        char kept[300];
        snprintf(kept, sizeof kept, "kept.%s", found[i]->d_name);
        if (found[i]->d_name[0] != '.' && fstatat(at, found[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
            chance_percent(&c, 50) && renameat(at, found[i]->d_name, at, kept) == 0 && symlinkat(kept, at, found[i]->d_name) != 0)
            perror(kept);
        free(found[i]);
    }
    if (n > 0)
        free(found);
    if (there)
        futimens(at, times);
    if (at >= 0)
        close(at);
}

/* With --fake-super links, devices and fifos are files at the destination; rsync makes these of what was there, too. */
static void drop_links(const char *path)
{
    struct dirent **found;
    struct stat st;
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
    int at = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    int n = at >= 0 && fstat(at, &st) == 0 ? scandirat(at, ".", &found, NULL, alphasort) : 0;
    times[1] = at >= 0 ? st.st_mtim : times[0];
    for (int i = 0; i < n; i++) {
        char below[4096];
        snprintf(below, sizeof below, "%s/%s", path, found[i]->d_name);
        bool own = strcmp(found[i]->d_name, ".") == 0 || strcmp(found[i]->d_name, "..") == 0;
        if (!own && lstat(below, &st) == 0 && S_ISDIR(st.st_mode))
            drop_links(below);
        else if (!own && !S_ISREG(st.st_mode))
            unlink(below);
        free(found[i]);
    }
    if (n > 0)
        free(found);
    if (at >= 0)
        futimens(at, times);
    if (at >= 0)
        close(at);
}

static void finish(struct chance *c, const struct options *o)
{
    static const char *const dests[] = { "dst.a/src", "dst.b/src" };
    uint64_t seed = chance_next(c);
    bool specials = chance_percent(c, 60);
    if (specials)
        add_specials(seed, "src", 3, true);
    for (int i = 0; i < 2; i++) {
        if (specials)
            add_specials(seed, dests[i], strlen(dests[i]), false);
        if (option_given(o, "--fake-super"))
            drop_links(i ? "dst.b" : "dst.a");
        if (option_given(o, "-K"))
            put_behind_links(seed, dests[i]);
    }
}

/* ---- options ---- */

static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    static const char *const some[] = { "-K",
                                        "-K",
                                        "--remove-source-files",
                                        "--remove-source-files",
                                        "--append",
                                        "--append-verify",
                                        "--delay-updates",
                                        "--delay-updates",
                                        "--temp-dir=/dev/shm",
                                        "--preallocate",
                                        "--fuzzy",
                                        "-yy",
                                        "-xx",
                                        "-x",
                                        "--copy-devices",
                                        "--fake-super",
                                        "--partial-dir=.part",
                                        "--inplace",
                                        "-S",
                                        "--no-whole-file",
                                        "--fsync",
                                        "-R",
                                        "--no-implied-dirs",
                                        "--ignore-existing",
                                        "--size-only",
                                        "--no-D",
                                        "--no-devices",
                                        "--no-specials",
                                        "--no-links",
                                        "--no-t",
                                        "--mkpath",
                                        "--ignore-errors" };
    (void)source;
    for (unsigned n = 1 + chance_of(c, 4); n; n--)
        option_add(o, "%s", some[chance_of(c, sizeof some / sizeof some[0])]);
}

const struct profile profile_rest = { .name = "rest", .add = add_options, .dest = shorten, .finish = finish };

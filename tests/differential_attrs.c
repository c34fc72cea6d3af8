/* SPDX-License-Identifier: ISC */
/* differential_attrs - -X and -A: attributes and ACLs, most of them alike on both sides, and what both tools make of them. */
#include "tests/differential.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

enum { NAMES_ROOM = 65536, ACL_ROOM = 256 };

static void die(const char *what, const char *name)
{
    fprintf(stderr, "differential: %s '%s': %s\n", what, name, strerror(errno));
    exit(2);
}

/* ---- giving them ---- */

static void give(const char *path, const char *name, const void *value, size_t n)
{
    if (lsetxattr(path, name, value, n, 0) != 0)
        die(name, path);
}

static void give_some(struct chance *c, const char *path, bool link)
{
    static const char *const all[] = { "user.a", "user.b", "user.longer name", "user.rsync.%x", "trusted.t", "security.s" };
    static const size_t sizes[] = { 0, 1, 1, 20, 150, 230, 240, 300, 700 };
    char value[2000];
    for (unsigned left = chance_of(c, 4); left; left--) {
        const char *name = all[chance_of(c, geteuid() == 0 ? 6 : 4)];
        size_t n = sizes[chance_of(c, sizeof sizes / sizeof sizes[0])];
        memset(value, 'a' + (int)chance_of(c, 3), n);
        if (!link || name[0] == 't')
            give(path, name, value, n);
    }
}

static void put(unsigned char **p, unsigned tag, unsigned perms, unsigned id)
{
    const unsigned char e[8] = { (unsigned char)tag, 0, (unsigned char)perms, 0, (unsigned char)id, (unsigned char)(id >> 8),
                                 (unsigned char)(id >> 16), (unsigned char)(id >> 24) };
    memcpy(*p, e, sizeof e);
    *p += sizeof e;
}

/* The kernel's form: owner, users, group, groups, mask, others. The owner keeps the right to write. */
static void give_acl(struct chance *c, const char *path, const char *name)
{
    static const unsigned ids[] = { 1, 2, 5, 1234, 70000 };
    unsigned char acl[ACL_ROOM] = { 2 }, *p = acl + 4;
    bool named = false;
    put(&p, 1, 6 | chance_of(c, 2), UINT32_MAX);
    for (size_t i = 0; i < 5; i++)
        if (chance_percent(c, 25) && (named = true))
            put(&p, 2, chance_of(c, 8), ids[i]);
    put(&p, 4, chance_of(c, 8), UINT32_MAX);
    for (size_t i = 0; i < 5; i++)
        if (chance_percent(c, 20) && (named = true))
            put(&p, 8, chance_of(c, 8), ids[i]);
    if (named || chance_percent(c, 20))
        put(&p, 16, chance_of(c, 8), UINT32_MAX);
    put(&p, 32, chance_of(c, 8), UINT32_MAX);
    give(path, name, acl, (size_t)(p - acl));
}

static uint64_t seed, side;              /* of the tree that nftw walks; it takes no context */
static size_t front;

static int dress_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
    (void)f;
    (void)kind;
    const struct timespec times[2] = { st->st_atim, st->st_mtim };
    uint64_t h = seed;
    for (const char *p = path + front; *p; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    struct chance c = { h };
    bool link = S_ISLNK(st->st_mode);
    if (side && chance_percent(&c, 30))  /* this one differs */
        c.state += side;
    if (chance_percent(&c, 60))
        give_some(&c, path, link);
    if (!link && chance_percent(&c, 40))
        give_acl(&c, path, ACL_ACCESS);
    if (S_ISDIR(st->st_mode) && chance_percent(&c, 40))
        give_acl(&c, path, ACL_DEFAULT);
    if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) != 0)
        die("cannot set time of", path);
    return 0;
}

static void dress(uint64_t number, const char *path, bool source)
{
    seed = number;
    side = source ? 0 : 1;
    front = strlen(path);
    if (nftw(path, dress_one, 16, FTW_PHYS) != 0)
        die("cannot walk", path);
}

/* ---- telling of them ---- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Without entries of an ACL for whom it has one already: only the first counts, and the system takes both. Its new length. */
static ssize_t once_each(unsigned char *acl, ssize_t len)
{
    enum { HEAD = 4, ENTRY = 8 };
    ssize_t end = HEAD;
    for (ssize_t at = HEAD; at + ENTRY <= len; at += ENTRY) {
        bool again = false;
        for (ssize_t k = HEAD; k < end; k += ENTRY)
            again |= memcmp(acl + k, acl + at, 2) == 0 && memcmp(acl + k + 4, acl + at + 4, 4) == 0;
        if (!again) {
            memmove(acl + end, acl + at, ENTRY);
            end += ENTRY;
        }
    }
    return end;
}

/* For qsort: by tag and number, as the system shows an ACL that was set in that order. */
static int by_whom(const void *a, const void *b)
{
    const unsigned char *x = a, *y = b;
    static const int bytes[] = { 1, 0, 7, 6, 5, 4 };
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
        if (x[bytes[i]] != y[bytes[i]])
            return x[bytes[i]] < y[bytes[i]] ? -1 : 1;
    return 0;
}

void tree_attrs(const char *path, struct text *out)
{
    static char names[NAMES_ROOM], value[NAMES_ROOM];
    const char *list[100];
    size_t count = 0;
    ssize_t n = llistxattr(path, names, sizeof names);
    for (const char *p = names; n > 0 && p < names + n; p += strlen(p) + 1)
        list[count++] = p;
    qsort(list, count, sizeof *list, by_bytes);
    for (size_t i = 0; i < count; i++) {
        ssize_t len = lgetxattr(path, list[i], value, sizeof value);
        if (len > 4 && strncmp(list[i], "system.posix_acl", 16) == 0) {
            len = once_each((unsigned char *)value, len);
            qsort(value + 4, (size_t)(len - 4) / 8, 8, by_whom);
        }
        text_add(out, " [%s=", list[i]);
        for (ssize_t k = 0; k < len && k < 60; k++)
            text_add(out, "%02x", (unsigned char)value[k]);
        text_add(out, ":%zd]", len);
    }
}

/* ---- options ---- */

static void add_options(struct chance *c, struct options *o, const struct node *source)
{
    static const char *const kinds[] = { "-X", "-A", "-AX", "-AX", "-AXX" };
    static const char *const more[] = { "-c", "-I", "--inplace", "-u", "--numeric-ids", "--existing",
                                        "-S", "--size-only" };
    (void)source;
    unsigned kind = chance_of(c, 5);
    option_add(o, "%s", kinds[kind]);
    /* A file whose time alone differs is not written then: of what is not kept it has its own still. */
    if (kind > 1 && chance_percent(c, 20))
        option_add(o, "--no-whole-file");
    if (chance_percent(c, 40))
        option_add(o, "%s", more[chance_of(c, sizeof more / sizeof more[0])]);
    if (chance_percent(c, 30))
        option_add(o, "--delete");
    if (chance_percent(c, 20))
        option_add(o, "-n");
}

static void make_options(struct chance *c, struct options *o, const struct node *source)
{
    /* With -X and without -p, rsync 3.5 gives a file whose attributes change the source's mode and does not say so. */
    option_add(o, chance_percent(c, 75) ? "-a" : "-rlpt");
    option_add(o, chance_percent(c, 85) ? "-i" : "-ii");
    o->slash = chance_percent(c, 50);
    add_options(c, o, source);
    o->fields |= TREE_TIMES | TREE_ATTRS;
    o->output = true;
    option_own(o, "--allow-empty-source");
}

const struct profile profile_attrs = { .name = "attrs", .options = make_options, .add = add_options, .dress = dress };

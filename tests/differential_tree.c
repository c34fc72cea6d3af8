/* SPDX-License-Identifier: ISC */
/* differential_tree - trees out of chance, as they are in memory and on disk; see differential.h. */
#include "tests/differential.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEPTH_MAX = 4, WIDE_MAX = 6, LATEST = 1700000000, TRIES = 500 };

static void die(const char *what, const char *name)
{
    fprintf(stderr, "differential: %s '%s': %s\n", what, name, strerror(errno));
    exit(2);
}

const char *tree_name(struct chance *c)
{
    static const char *const names[] = { "a",   "b",   "c",    "d",   "e",    "foo",  "bar", "x.o", "y.o",
                                         "z.c", "a b", "core", "CVS", "tags", "foo~", "A",   "aa",  "ab",
                                         "a[b", "q?",  "b\\c", "-n",  "#x",   ".hid", "a*",  "dir", "sub" };
    return names[chance_of(c, sizeof names / sizeof names[0])];
}

static bool has(const struct node *n, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->children[i]->name, name) == 0)
            return true;
    return false;
}

static void stamp(struct chance *c, struct node *n)
{
    n->mtime_s = 1600000000 + (int64_t)chance_of(c, 1000) * 86400;
    n->mtime_ns = 0;
}

static void fill_file(struct chance *c, struct node *n)
{
    static const size_t sizes[] = { 0, 1, 10, 999, 1000, 1024, 1025, 5000 };
    n->type = 'f';
    n->mode = chance_percent(c, 80) ? 0644 : 0755;
    n->content = chance_next(c) | 1;
    n->size = sizes[chance_of(c, sizeof sizes / sizeof sizes[0])];
}

static struct node *fresh(struct chance *c, unsigned depth, tree_special *special);

static void fill_dir(struct chance *c, struct node *n, unsigned depth, tree_special *special)
{
    unsigned wide = chance_of(c, WIDE_MAX + 1);
    n->type = 'd';
    n->mode = chance_percent(c, 85) ? 0755 : 0750;
    for (unsigned i = 0; i < wide; i++) {
        struct node *child = fresh(c, depth + 1, special);
        if (has(n, child->name)) {
            tree_free(child);
            continue;
        }
        n->children = realloc(n->children, (n->count + 1) * sizeof *n->children);
        n->children[n->count++] = child;
    }
}

static struct node *fresh(struct chance *c, unsigned depth, tree_special *special)
{
    struct node *n = calloc(1, sizeof *n);
    unsigned kind = chance_of(c, 100);
    snprintf(n->name, sizeof n->name, "%s", tree_name(c));
    stamp(c, n);
    if (special && special(c, n)) {
        n->type = 'f';
        n->mode = 0644;
        n->size = strlen(n->text);
    } else if (kind < 40 && depth < DEPTH_MAX && !strpbrk(n->name, "*[?\\")) {
        fill_dir(c, n, depth, special);
    } else if (kind < 92) {
        fill_file(c, n);
    } else {
        n->type = 'l';
        n->mode = 0777;
        n->text = strdup(tree_name(c));
    }
    return n;
}

struct node *tree_make(struct chance *c, tree_special *special)
{
    struct node *n = calloc(1, sizeof *n);
    stamp(c, n);
    do {
        fill_dir(c, n, 0, special);
    } while (n->count < 2);
    return n;
}

void tree_free(struct node *n)
{
    for (size_t i = 0; i < n->count; i++)
        tree_free(n->children[i]);
    free(n->children);
    free(n->text);
    free(n);
}

struct node *tree_copy(const struct node *from)
{
    struct node *n = malloc(sizeof *n);
    *n = *from;
    n->text = from->text ? strdup(from->text) : NULL;
    n->children = from->count ? malloc(from->count * sizeof *n->children) : NULL;
    for (size_t i = 0; i < from->count; i++)
        n->children[i] = tree_copy(from->children[i]);
    return n;
}

static void drop(struct node *n, size_t i)
{
    tree_free(n->children[i]);
    memmove(n->children + i, n->children + i + 1, (--n->count - i) * sizeof *n->children);
}

static void put(struct node *n, struct node *child)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->children[i]->name, child->name) == 0)
            drop(n, i--);
    n->children = realloc(n->children, (n->count + 1) * sizeof *n->children);
    n->children[n->count++] = child;
}

/* Other content; of a special file other content of its kind. */
static void refill(struct chance *c, struct node *n, tree_special *special)
{
    struct node other = { 0 };
    stamp(c, n);
    for (int i = 0; n->text && i < TRIES && (!special(c, &other) || strcmp(other.name, n->name) != 0); i++) {
        free(other.text);
        other.text = NULL;
    }
    free(n->text);
    n->text = other.text;
    if (!n->text) { /* also what has such a content under a name of its own, as a hard link does */
        fill_file(c, n);
        return;
    }
    n->size = strlen(n->text);
}

static void edit(struct chance *c, struct node *n, unsigned depth, tree_special *special)
{
    for (size_t i = 0; i < n->count; i++) {
        struct node *child = n->children[i];
        unsigned kind = chance_of(c, 100);
        if (kind < 15)
            drop(n, i--);
        else if (kind < 25 && child->type == 'f')
            refill(c, child, special);
        else if (kind < 30)
            stamp(c, child);
        else if (child->type == 'd')
            edit(c, child, depth + 1, special);
    }
    for (unsigned more = chance_of(c, 3); more; more--)
        put(n, fresh(c, depth + 1, special));
}

void tree_edit(struct chance *c, struct node *n, tree_special *special)
{
    edit(c, n, 0, special);
}

/* ---- on disk ---- */

static void write_file(const struct node *n, int at, const char *name)
{
    char block[8192];
    struct chance c = { n->content };
    for (size_t i = 0; !n->text && i < n->size; i++)
        block[i] = (char)chance_next(&c);
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, n->text ? n->text : block, n->size) != (ssize_t)n->size || fchmod(fd, n->mode) != 0)
        die("cannot write", name);
    close(fd);
}

static void write_dir(const struct node *n, int at, const char *name)
{
    int fd = mkdirat(at, name, 0700) == 0 ? openat(at, name, O_RDONLY | O_DIRECTORY) : -1;
    if (fd < 0)
        die("cannot make", name);
    for (size_t i = 0; i < n->count; i++)
        tree_write(n->children[i], fd, n->children[i]->name);
    fchmod(fd, n->mode);
    close(fd);
}

/* The first name of each group that was written, so that the others can be linked to it. */
static int *written;
static size_t written_len;

static void write_group(const struct node *n, int at, const char *name)
{
    while (written_len <= n->group) {
        written = realloc(written, (written_len + 1) * sizeof *written);
        written[written_len++] = -1;
    }
    if (written[n->group] < 0)
        written[n->group] = openat(at, name, O_PATH | O_NOFOLLOW);
}

static bool link_to_group(const struct node *n, int at, const char *name)
{
    char path[40];
    if (!n->group || n->group >= written_len || written[n->group] < 0)
        return false;
    snprintf(path, sizeof path, "/proc/self/fd/%d", written[n->group]);
    if (linkat(AT_FDCWD, path, at, name, AT_SYMLINK_FOLLOW) != 0)
        die("cannot make a hard link", name);
    return true;
}

void tree_forget_groups(void)
{
    for (size_t i = 0; i < written_len; i++)
        if (written[i] >= 0)
            close(written[i]);
    written_len = 0;
}

void tree_write(const struct node *n, int at, const char *name)
{
    if (link_to_group(n, at, name))
        return;
    struct timespec times[2] = { { .tv_sec = n->mtime_s, .tv_nsec = n->mtime_ns },
                                 { .tv_sec = n->mtime_s, .tv_nsec = n->mtime_ns } };
    if (n->type == 'd')
        write_dir(n, at, name);
    else if (n->type == 'f')
        write_file(n, at, name);
    else if (symlinkat(n->text, at, name) != 0)
        die("cannot link", name);
    if (utimensat(at, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        die("cannot set time of", name);
    if (n->group)
        write_group(n, at, name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_dots(const struct dirent *d)
{
    return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static uint64_t hash_of(const char *path)
{
    uint64_t h = 14695981039346656037u;
    char block[8192];
    ssize_t got;
    int fd = open(path, O_RDONLY | O_NOFOLLOW);
    while (fd >= 0 && (got = read(fd, block, sizeof block)) > 0)
        for (ssize_t i = 0; i < got; i++)
            h = (h ^ (unsigned char)block[i]) * 1099511628211u;
    if (fd >= 0)
        close(fd);
    return h;
}

/* Names met in this listing, of files that have several. */
static struct met {
    ino_t ino;
    char *name;
} * met;
static size_t met_len;

static const char *first_of(ino_t ino, const char *name)
{
    for (size_t i = 0; i < met_len; i++)
        if (met[i].ino == ino)
            return met[i].name;
    met = realloc(met, (met_len + 1) * sizeof *met);
    met[met_len++] = (struct met){ ino, strdup(name) };
    return name;
}

static bool is_backup_dir(const char *shown)
{
    return strncmp(shown, "bk", 2) == 0 || strncmp(shown, "src/bk", 6) == 0 || strncmp(shown, "src/.bk", 7) == 0 ||
           strncmp(shown, ".bk", 3) == 0;
}

/* The directory behind a link, and the link, as differential_rest.c makes them. */
static bool is_kept(const char *path, const struct stat *st)
{
    const char *name = strrchr(path, '/');
    char target[8] = "";
    bool behind = S_ISDIR(st->st_mode) && name && strncmp(name + 1, "kept.", 5) == 0;
    return behind || (S_ISLNK(st->st_mode) && readlink(path, target, sizeof target - 1) > 0 && strncmp(target, "kept.", 5) == 0);
}

/* Whether it is a link to a directory beside it, or such a directory: where the source has directories of both names, they write into one. */
static bool is_behind(const char *path, const struct stat *st)
{
    const char *slash = strrchr(path, '/');
    char around[4096], target[4096];
    struct stat there;
    if (!slash || strncmp(path, "dst.", 4) != 0)
        return false;
    if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlink(path, target, sizeof target - 1);
        return n > 0 && !memchr(target, '/', (size_t)n) && stat(path, &there) == 0 && S_ISDIR(there.st_mode);
    }
    snprintf(around, sizeof around, "%.*s", (int)(slash - path), path);
    DIR *d = S_ISDIR(st->st_mode) ? opendir(around) : NULL;
    bool yes = false;
    for (struct dirent *e; d && !yes && (e = readdir(d));) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
        yes = n > 0 && strlen(slash + 1) == (size_t)n && memcmp(target, slash + 1, (size_t)n) == 0;
    }
    if (d)
        closedir(d);
    return yes;
}

static bool has_some(const char *path, bool (*is)(const char *path, const struct stat *st))
{
    char below[4096];
    struct stat st;
    if (lstat(path, &st) != 0)
        return false;
    bool yes = is(path, &st);
    DIR *d = S_ISDIR(st.st_mode) && !yes ? opendir(path) : NULL;
    for (struct dirent *e; d && !yes && (e = readdir(d));) {
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        yes = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && has_some(below, is);
    }
    if (d)
        closedir(d);
    return yes;
}

static bool is_twin(const char *path, const struct stat *st)
{
    return S_ISLNK(st->st_mode) && is_behind(path, st) && !is_kept(path, st);
}

bool tree_has_twins(const char *path)
{
    return has_some(path, is_twin);
}

static bool is_named_twice(const char *path, const struct stat *st)
{
    (void)path;
    return !S_ISDIR(st->st_mode) && st->st_nlink > 1;
}

bool tree_has_names(const char *path)
{
    return has_some(path, is_named_twice);
}

static bool is_dir_in(const char *root, const char *rest)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s%s", root, rest);
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Whether the source has a directory where this is. */
static bool is_in_the_way(const char *path, const struct stat *st)
{
    const char *slash = strchr(path, '/');
    return slash && !S_ISDIR(st->st_mode) && strncmp(path, "dst.", 4) == 0 && (is_dir_in("", slash + 1) || is_dir_in("src", slash));
}

/* Whether a file has more names in one of the destinations than in the other. */
static bool is_uneven(const char *path, const struct stat *st)
{
    char other[4096];
    struct stat there;
    if (S_ISDIR(st->st_mode) || strncmp(path, "dst.", 4) != 0)
        return false;
    snprintf(other, sizeof other, "%s", path);
    other[4] = other[4] == 'a' ? 'b' : 'a';
    return lstat(other, &there) == 0 && there.st_nlink != st->st_nlink;
}

static void list_one(const char *path, const char *shown, unsigned fields, struct text *out)
{
    struct stat st;
    char target[4096] = "";
    if (lstat(path, &st) != 0)
        die("cannot look at", path);
    bool link = S_ISLNK(st.st_mode), file = S_ISREG(st.st_mode);
    /* They get what the directory has when they are made, which is before or after that changed. */
    if (S_ISDIR(st.st_mode) && is_backup_dir(shown))
        fields = 0;
    /* What is behind a link that is kept has its own mode and time, or the source's; listed as a difference. */
    if (is_kept(path, &st))
        fields = 0;
    if (fields & TREE_BEHIND && is_behind(path, &st))
        fields &= ~(unsigned)(TREE_TIMES | TREE_MODES | TREE_OWNERS);
    if (fields & TREE_EVEN && is_uneven(path, &st))
        fields = 0;
    const char *last = strrchr(shown, '/');
    last = last ? last + 1 : shown;
    if (fields & TREE_NULL && (file || S_ISCHR(st.st_mode)) && (strcmp(last, "null") == 0 || strcmp(last, "pipe") == 0))
        fields &= ~(unsigned)TREE_TIMES;
    if (fields & TREE_WINDOW && S_ISDIR(st.st_mode))
        fields &= ~(unsigned)TREE_TIMES;
    if (fields & TREE_STAYED && is_in_the_way(path, &st))
        fields &= ~(unsigned)TREE_TIMES;
    if (fields & TREE_SINGLE && !S_ISDIR(st.st_mode) && st.st_nlink > 1)
        fields &= ~(unsigned)TREE_TIMES;
    if (link && readlink(path, target, sizeof target - 1) < 0)
        die("cannot read link", path);
    text_add(out, "%s %o", *shown ? shown : ".", (unsigned)(st.st_mode & S_IFMT));
    if (fields & TREE_MODES && !link)
        text_add(out, " %o", (unsigned)(st.st_mode & 07777));
    if (fields & TREE_OWNERS)
        text_add(out, " %lu:%lu", (unsigned long)st.st_uid, (unsigned long)st.st_gid);
    if (file)
        text_add(out, " %lld %016llx", (long long)st.st_size, (unsigned long long)hash_of(path));
    if (link)
        text_add(out, " -> %s", target);
    if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
        text_add(out, " %u:%u", major(st.st_rdev), minor(st.st_rdev));
    if (fields & TREE_LINKS && !S_ISDIR(st.st_mode) && st.st_nlink > 1)
        text_add(out, " = %s", first_of(st.st_ino, shown));
    if (fields & TREE_ATTRS)
        tree_attrs(path, out);
    /* What either tool changed just now and has no other time for is no difference. */
    if (fields & TREE_TIMES && *shown && st.st_mtim.tv_sec > LATEST)
        text_add(out, " now");
    else if (fields & TREE_TIMES && *shown)
        text_add(out, " %lld.%09ld", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    text_add(out, "\n");
}

static void list(const char *path, const char *shown, unsigned fields, struct text *out)
{
    struct dirent **found;
    struct stat st;
    list_one(path, shown, fields, out);
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return;
    int n = scandir(path, &found, not_dots, by_name);
    if (n < 0)
        die("cannot read", path);
    for (int i = 0; i < n; i++) {
        struct text p = { 0 }, s = { 0 };
        text_add(&p, "%s/%s", path, found[i]->d_name);
        text_add(&s, "%s%s%s", shown, *shown ? "/" : "", found[i]->d_name);
        list(p.at, s.at, fields, out);
        text_clear(&p);
        text_clear(&s);
        free(found[i]);
    }
    free(found);
}

void tree_list(const char *path, unsigned fields, struct text *out)
{
    list(path, "", fields, out);
    while (met_len)
        free(met[--met_len].name);
}

void tree_remove(const char *path)
{
    struct dirent **found;
    int n = scandir(path, &found, not_dots, NULL);
    for (int i = 0; i < n; i++) {
        struct text p = { 0 };
        struct stat st;
        text_add(&p, "%s/%s", path, found[i]->d_name);
        if (lstat(p.at, &st) == 0 && S_ISDIR(st.st_mode))
            tree_remove(p.at);
        else
            unlink(p.at);
        text_clear(&p);
        free(found[i]);
    }
    if (n >= 0)
        free(found);
    rmdir(path);
}

void tree_keep(const char *from, const char *to)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("cp", "cp", "-a", from, to, (char *)NULL);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
        die("cannot copy", from);
}

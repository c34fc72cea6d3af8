/* SPDX-License-Identifier: ISC */
/*
 * treecmp - for end-to-end tests: compares two trees and prints what differs; knows nothing of the code that it checks.
 * Usage: treecmp [-o] [-t] [-d] [-s SECONDS] A B. Compared: names, type, mode, owner and group (not with -o),
 * modification time to the nanosecond (not with -t; -d: not of directories; -s: times from SECONDS on are all "now" and
 * alike), content, link targets, device numbers. Exit 0 same, 1 different, 2 trouble.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, SHOWN = 150 };

static bool no_owner, no_time, no_dir_time;
static long long now_from = INT64_MAX;
static long differences;
static char *path; /* of what is compared, for messages */
static size_t path_len;

static void differ(const char *what, const char *detail)
{
    /* Names may hold anything: one line a difference, for TAP. */
    printf("# %s: ", what);
    for (size_t i = path_len > SHOWN ? path_len - SHOWN : 0; i < path_len; i++)
        putchar(path[i] > ' ' && path[i] < 0x7f ? path[i] : '?');
    printf("%s%s\n", *detail ? ": " : "", detail);
    differences++;
}

static void differ_numbers(const char *what, unsigned long long a, unsigned long long b, bool octal)
{
    char text[100];
    snprintf(text, sizeof text, octal ? "%llo, %llo" : "%llu, %llu", a, b);
    differ(what, text);
}

static void die(const char *what)
{
    fprintf(stderr, "treecmp: %s: %s: %s\n", what, path ? path : "", strerror(errno));
    exit(2);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a directory, sorted, with NULL behind the last. */
static char **names_of(int fd)
{
    size_t n = 0, cap = 16;
    char **names = malloc(cap * sizeof *names);
    DIR *dir = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir || !names)
        die("cannot read directory");
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (n + 1 == cap && !(names = realloc(names, (cap *= 2) * sizeof *names)))
            die("no memory");
        if (!(names[n++] = strdup(e->d_name)))
            die("no memory");
    }
    closedir(dir);
    qsort(names, n, sizeof *names, by_bytes);
    names[n] = NULL;
    return names;
}

static void free_names(char **names)
{
    for (size_t i = 0; names[i]; i++)
        free(names[i]);
    free(names);
}

/* Where data may be from at on: what both files have as a hole is not read. */
static off_t data_from(int fd, off_t at, off_t size)
{
    off_t next = lseek(fd, at, SEEK_DATA);
    return next >= 0 ? next : errno == ENXIO ? size : at;
}

static bool same_block(int a, int b, off_t at, size_t n)
{
    static char x[BLOCK], y[BLOCK];
    for (size_t have = 0; have < n;) {
        ssize_t i = pread(a, x + have, n - have, at + (off_t)have), j = pread(b, y + have, n - have, at + (off_t)have);
        if (i <= 0 || i != j)
            return false;
        have += (size_t)i;
    }
    return memcmp(x, y, n) == 0;
}

static void compare_content(int da, int db, const char *name, off_t size)
{
    int a = openat(da, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC),
        b = openat(db, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (a < 0 || b < 0)
        die("cannot open");
    for (off_t at = 0; at < size;) {
        off_t i = data_from(a, at, size), j = data_from(b, at, size);
        at = i < j ? i : j;
        size_t n = size - at > BLOCK ? (size_t)BLOCK : (size_t)(size - at);
        if (n && !same_block(a, b, at, n)) {
            differ_numbers("content", (unsigned long long)at, (unsigned long long)size, false);
            break;
        }
        at += (off_t)n;
    }
    close(a);
    close(b);
}

static void compare_targets(int da, int db, const char *name)
{
    char a[4097], b[4097];
    ssize_t i = readlinkat(da, name, a, sizeof a), j = readlinkat(db, name, b, sizeof b);
    if (i < 0 || j < 0)
        die("cannot read link");
    if (i != j || memcmp(a, b, (size_t)i) != 0)
        differ("link target", "");
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return (a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec) || (a->tv_sec >= now_from && b->tv_sec >= now_from);
}

static void compare_stat(const struct stat *a, const struct stat *b)
{
    bool dir = S_ISDIR(a->st_mode);
    if (!S_ISLNK(a->st_mode) && (a->st_mode & 07777) != (b->st_mode & 07777))
        differ_numbers("mode", a->st_mode & 07777, b->st_mode & 07777, true);
    if (!no_owner && a->st_uid != b->st_uid)
        differ_numbers("owner", a->st_uid, b->st_uid, false);
    if (!no_owner && a->st_gid != b->st_gid)
        differ_numbers("group", a->st_gid, b->st_gid, false);
    if (!no_time && !(dir && no_dir_time) && !same_time(&a->st_mtim, &b->st_mtim)) {
        char text[100];
        snprintf(text, sizeof text, "%lld.%09ld, %lld.%09ld", (long long)a->st_mtim.tv_sec, a->st_mtim.tv_nsec,
                 (long long)b->st_mtim.tv_sec, b->st_mtim.tv_nsec);
        differ("time", text);
    }
}

static void compare_dirs(int a, int b);

static void descend(int da, int db, const char *name)
{
    int a = openat(da, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int b = openat(db, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (a < 0 || b < 0)
        die("cannot open directory");
    compare_dirs(a, b);
    close(a);
    close(b);
}

static void compare_entry(int da, int db, const char *name)
{
    struct stat a, b;
    if (fstatat(da, name, &a, AT_SYMLINK_NOFOLLOW) != 0 || fstatat(db, name, &b, AT_SYMLINK_NOFOLLOW) != 0)
        die("cannot stat");
    if ((a.st_mode & S_IFMT) != (b.st_mode & S_IFMT)) {
        differ_numbers("type", a.st_mode & S_IFMT, b.st_mode & S_IFMT, true);
        return;
    }
    compare_stat(&a, &b);
    if (S_ISDIR(a.st_mode))
        descend(da, db, name);
    else if (S_ISLNK(a.st_mode))
        compare_targets(da, db, name);
    else if (S_ISREG(a.st_mode) && a.st_size != b.st_size)
        differ_numbers("size", (unsigned long long)a.st_size, (unsigned long long)b.st_size, false);
    else if (S_ISREG(a.st_mode))
        compare_content(da, db, name, a.st_size);
    else if ((S_ISCHR(a.st_mode) || S_ISBLK(a.st_mode)) && a.st_rdev != b.st_rdev)
        differ_numbers("device", a.st_rdev, b.st_rdev, false);
}

static size_t push_path(const char *name)
{
    size_t before = path_len, n = strlen(name);
    path = realloc(path, path_len + n + 2);
    if (!path)
        abort();
    if (path_len)
        path[path_len++] = '/';
    memcpy(path + path_len, name, n + 1);
    path_len += n;
    return before;
}

static void compare_dirs(int a, int b)
{
    char **x = names_of(a), **y = names_of(b);
    for (size_t i = 0, j = 0; x[i] || y[j];) {
        int order = !x[i] ? 1 : !y[j] ? -1 : strcmp(x[i], y[j]);
        size_t before = push_path(order <= 0 ? x[i] : y[j]);
        if (order < 0)
            differ("only in first", "");
        else if (order > 0)
            differ("only in second", "");
        else
            compare_entry(a, b, x[i]);
        path_len = before;
        i += order <= 0;
        j += order >= 0;
    }
    free_names(x);
    free_names(y);
}

int main(int argc, char **argv)
{
    struct rlimit many;
    for (int c; (c = getopt(argc, argv, "otds:")) != -1;) {
        no_owner |= c == 'o';
        no_time |= c == 't';
        no_dir_time |= c == 'd';
        if (c == 's')
            now_from = atoll(optarg);
        if (c == '?')
            return 2;
    }
    if (argc - optind != 2) {
        fputs("usage: treecmp [-otd] [-s SECONDS] A B\n", stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &many) == 0) {
        many.rlim_cur = many.rlim_max;
        setrlimit(RLIMIT_NOFILE, &many);
    }
    int a = open(argv[optind], O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        b = open(argv[optind + 1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (a < 0 || b < 0)
        die("cannot open a top directory");
    struct stat x, y;
    if (fstat(a, &x) != 0 || fstat(b, &y) != 0)
        die("cannot stat");
    push_path(".");
    compare_stat(&x, &y);
    path_len = 0;
    compare_dirs(a, b);
    free(path);
    close(a);
    close(b);
    return differences ? 1 : 0;
}

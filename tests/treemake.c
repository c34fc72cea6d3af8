/* SPDX-License-Identifier: ISC */
/*
 * treemake - for end-to-end tests: fills a new directory with everything that a tree may hold: all types, modes, odd
 * names, times with nanoseconds, a path longer than PATH_MAX. Usage: treemake DIR. Devices and foreign owners only for
 * root; what cannot be made here is named on standard error as "# no ...".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEPTH = 24, LONG_NAME = 200, MANY = 300 };

static long stamp_count;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "treemake: %s '%s': %s\n", what, name, strerror(errno));
    exit(2);
}

static void skipped(const char *what)
{
    fprintf(stderr, "# no %s: %s\n", what, strerror(errno));
}

/* A time of its own for every entry: past, before 1970, far ahead, all with odd nanoseconds. */
static void stamp(int dir, const char *name)
{
    static const long long seconds[] = { 1700000000, 1, -86400, 4102444800, 1234567890 };
    long i = stamp_count++;
    struct timespec t[2] = { { .tv_sec = 1600000000 },
                             { .tv_sec = (time_t)(seconds[i % 5] + i), .tv_nsec = (i * 7654321 + 1) % 1000000000 } };
    if (utimensat(dir, name, t, AT_SYMLINK_NOFOLLOW) != 0)
        die("cannot set time of", name);
}

static int make_dir(int at, const char *name)
{
    if (mkdirat(at, name, 0755) != 0)
        die("cannot make directory", name);
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        die("cannot open", name);
    return fd;
}

static void make_file(int dir, const char *name, size_t size, unsigned mode)
{
    static char block[65536];
    static unsigned long long seed = 88172645463325252ull;
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        die("cannot make", name);
    while (size) {
        size_t n = size > sizeof block ? sizeof block : size;
        for (size_t i = 0; i < n; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            block[i] = (char)(seed >> 32);
        }
        if (write(fd, block, n) != (ssize_t)n)
            die("cannot write", name);
        size -= n;
    }
    if (fchmod(fd, (mode_t)mode) != 0)
        die("cannot set mode of", name);
    close(fd);
    stamp(dir, name);
}

static void make_sizes(int top)
{
    static const size_t sizes[] = { 0,      1,      4095,   4096,   4097,    65535,  65536,
                                    131071, 131072, 131073, 262144, 1048577, 5000001 };
    char name[40];
    int dir = make_dir(top, "sizes");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        snprintf(name, sizeof name, "size-%zu", sizes[i]);
        make_file(dir, name, sizes[i], 0644);
    }
    close(dir);
    stamp(top, "sizes");
}

static void make_names(int top)
{
    static const char *const names[] = { "-leading-dash",
                                         "--delete",
                                         " space",
                                         "space ",
                                         "a\nb",
                                         "tab\t",
                                         "\xff\xfe",
                                         "caf\xc3\xa9",
                                         "cafe\xcc\x81",
                                         "quote'",
                                         "quote\"",
                                         "back\\slash",
                                         "$HOME",
                                         "`id`",
                                         ";x",
                                         "*",
                                         "?",
                                         "[a]",
                                         "a:b",
                                         ".hidden",
                                         "...",
                                         "..a",
                                         "\x01\x1b[31m",
                                         "~",
                                         "#",
                                         "%41",
                                         "x.slpart",
                                         "con",
                                         "\xf0\x9f\x98\x80" };
    char longest[256];
    int dir = make_dir(top, "names");
    memset(longest, 'n', 255);
    longest[255] = '\0';
    make_file(dir, longest, 10, 0644);
    memset(longest, 'd', 255);
    close(make_dir(dir, longest));
    stamp(dir, longest);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        make_file(dir, names[i], i, 0644);
    close(make_dir(dir, "-d\ne\xff"));
    stamp(dir, "-d\ne\xff");
    close(dir);
    stamp(top, "names");
}

static void make_modes(int top)
{
    static const unsigned modes[] = { 0400, 0444, 0600, 0640, 0755, 0777, 04755, 02755, 06711, 01644, 0200 };
    static const unsigned dir_modes[] = { 0700, 0755, 01777, 02755, 0555, 0500 };
    char name[40];
    int dir = make_dir(top, "modes");
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (!(modes[i] & 0400) && geteuid() != 0)
            continue; /* its own owner could not read it */
        snprintf(name, sizeof name, "file-%04o", modes[i]);
        make_file(dir, name, 100, modes[i]);
    }
    for (size_t i = 0; i < sizeof dir_modes / sizeof dir_modes[0]; i++) {
        snprintf(name, sizeof name, "dir-%04o", dir_modes[i]);
        int sub = make_dir(dir, name);
        make_file(sub, "inside", 10, 0644);
        if (fchmod(sub, (mode_t)dir_modes[i]) != 0)
            die("cannot set mode of", name);
        close(sub);
        stamp(dir, name);
    }
    close(dir);
    stamp(top, "modes");
}

static void make_links(int top)
{
    static const char *const targets[][2] = { { "to-file", "../sizes/size-1" },
                                              { "to-dir", "../sizes" },
                                              { "dangling", "no such thing" },
                                              { "absolute", "/etc/passwd" },
                                              { "loop", "loop" },
                                              { "up", "../../../../.." },
                                              { "odd", "a\nb\xff" },
                                              { "dot", "." } };
    char longest[4096];
    int dir = make_dir(top, "links");
    memset(longest, 't', 4095);
    for (size_t i = 255; i < 4095; i += 256)
        longest[i] = '/';
    longest[4095] = '\0';
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (symlinkat(targets[i][1], dir, targets[i][0]) != 0)
            die("cannot make link", targets[i][0]);
        stamp(dir, targets[i][0]);
    }
    if (symlinkat(longest, dir, "longest") == 0)
        stamp(dir, "longest");
    else
        skipped("link target of 4095 bytes");
    close(dir);
    stamp(top, "links");
}

/* A socket's address has room for a short path only: goes there. */
static void make_socket(int dir)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "socket" };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fchdir(dir) != 0 || bind(fd, (struct sockaddr *)&sun, sizeof sun) != 0)
        skipped("socket");
    else
        stamp(dir, "socket");
    close(fd);
}

static void make_specials(int top)
{
    int dir = make_dir(top, "specials");
    if (mkfifoat(dir, "fifo", 0640) != 0)
        die("cannot make", "fifo");
    stamp(dir, "fifo");
    make_socket(dir);
    if (geteuid() == 0 && mknodat(dir, "char", S_IFCHR | 0620, makedev(1, 3)) == 0 &&
        mknodat(dir, "block", S_IFBLK | 0600, makedev(7, 300)) == 0) {
        stamp(dir, "char");
        stamp(dir, "block");
    } else {
        skipped("devices");
    }
    close(dir);
    stamp(top, "specials");
}

static void make_owners(int top)
{
    static const struct {
        const char *name;
        uid_t uid;
        gid_t gid;
    } owners[] = { { "named", 1, 1 }, { "unnamed", 54321, 65432 } };
    if (geteuid() != 0)
        return;
    int dir = make_dir(top, "owners");
    for (size_t i = 0; i < 2; i++) {
        make_file(dir, owners[i].name, 5, 0644);
        if (fchownat(dir, owners[i].name, owners[i].uid, owners[i].gid, 0) != 0)
            skipped("foreign owners");
        stamp(dir, owners[i].name);
    }
    close(dir);
    stamp(top, "owners");
}

/* 24 directories with names of 200 bytes: a path of 4800. */
static void make_deep(int at, int depth)
{
    char name[LONG_NAME + 1];
    memset(name, 'a' + depth % 26, LONG_NAME);
    name[LONG_NAME] = '\0';
    int dir = make_dir(at, name);
    make_file(dir, "leaf", (size_t)depth, 0644);
    if (depth < DEPTH)
        make_deep(dir, depth + 1);
    close(dir);
    stamp(at, name);
}

static void make_many(int top)
{
    char name[40];
    int dir = make_dir(top, "many");
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "file %d", i);
        make_file(dir, name, (size_t)(i % 7) * 100, 0644);
    }
    close(dir);
    stamp(top, "many");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: treemake DIR\n", stderr);
        return 2;
    }
    umask(022);
    int top = make_dir(AT_FDCWD, argv[1]);
    make_sizes(top);
    make_names(top);
    make_modes(top);
    make_links(top);
    make_specials(top);
    make_owners(top);
    make_many(top);
    make_deep(top, 1);
    close(make_dir(top, "empty"));
    stamp(top, "empty");
    stamp(top, ".");
    close(top);
    return 0;
}

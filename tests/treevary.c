/* SPDX-License-Identifier: ISC */
/*
 * treevary - for comparisons: two trees from a number, the second like the first but for edits of every kind: content,
 * size, time, mode, owner, link target, device number, type, missing, additional. Usage: treevary SEED SRC DST. The
 * same number makes the same trees; times are whole seconds, because rsync and superlifter differ about the rest.
 * Owners and devices only for root.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { DEPTH_MAX = 4, WIDTH_MAX = 9, PATH_ROOM = 4096 };
enum kind { FILE_, DIR_, LINK_, FIFO_, DEVICE_, KINDS };

struct thing {
    enum kind kind;
    unsigned mode, owner, size, seed, device;
    int64_t time;
    char target[32];
};

static uint64_t state;

static unsigned below(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 16) % n);
}

static int chance(unsigned percent)
{
    return below(100) < percent;
}

static void die(const char *what, const char *path)
{
    fprintf(stderr, "treevary: cannot %s '%s': %s\n", what, path, strerror(errno));
    exit(2);
}

/* ---- what there may be ---- */

static void name_of(unsigned i, char *out, size_t size)
{
    static const char *const odd[] = { " a",       "b ", "new\nline", "esc\033[7m", "\303\244\303\266",
                                       "\377\376", "-n", "*",         "\\#012",     "a\\b",
                                       "#x",       "%n" };
    if (below(4))
        snprintf(out, size, "f%u", i);
    else
        snprintf(out, size, "%s%u", odd[below(sizeof odd / sizeof odd[0])], i);
}

static enum kind some_kind(void)
{
    static const enum kind kinds[] = { FILE_, FILE_, FILE_, FILE_, DIR_, DIR_, LINK_, LINK_, FIFO_, DEVICE_ };
    enum kind k = kinds[below(sizeof kinds / sizeof kinds[0])];
    return k == DEVICE_ && geteuid() != 0 ? FIFO_ : k;
}

static int64_t some_time(void)
{
    return 1000000000 + (int64_t)below(500) * 86400;
}

static unsigned some_mode(enum kind k)
{
    static const unsigned modes[] = { 0644, 0600, 0755, 0640, 0444, 0664 },
                          dirs[] = { 0755, 0700, 0775, 0711, 01777, 02755 };
    return k == DIR_ ? dirs[below(6)] : modes[below(6)];
}

static void fill(struct thing *t, enum kind k)
{
    *t = (struct thing){
        .kind = k, .mode = some_mode(k), .seed = below(1u << 30), .device = below(3) + 1, .time = some_time()
    };
    t->owner = geteuid() == 0 && chance(15) ? 1000 + below(3) : 0;
    t->size = below(3) ? below(200) : below(3000) * 50;
    snprintf(t->target, sizeof t->target, "to%u", below(50));
}

static void edit(struct thing *t)
{
    if (chance(25))
        t->time = some_time();
    if (chance(15))
        t->mode = some_mode(t->kind);
    if (geteuid() == 0 && chance(10))
        t->owner = 1000 + below(3);
    if (chance(15))
        t->seed++;
    if (chance(15))
        t->size = below(3) ? below(200) : t->size + below(300);
    if (chance(20))
        snprintf(t->target, sizeof t->target, "to%u", below(50));
    if (chance(20))
        t->device = below(3) + 1;
}

/* ---- on disk ---- */

static void write_file(const char *path, const struct thing *t)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    unsigned x = t->seed;
    if (fd < 0)
        die("make", path);
    char *data = malloc(t->size + 1);
    for (unsigned i = 0; i < t->size; i++)
        data[i] = (char)((x = x * 1103515245 + 12345) >> 16);
    if (write(fd, data, t->size) != (ssize_t)t->size)
        die("write", path);
    free(data);
    close(fd);
}

static void make(const char *path, const struct thing *t)
{
    int rc = 0;
    switch (t->kind) {
    case FILE_:
        write_file(path, t);
        break;
    case DIR_:
        rc = mkdir(path, 0700);
        break;
    case LINK_:
        rc = symlink(t->target, path);
        break;
    case FIFO_:
        rc = mkfifo(path, 0600);
        break;
    case DEVICE_:
        rc = mknod(path, S_IFCHR | 0600, makedev(1, t->device));
        break;
    case KINDS:
        break;
    }
    if (rc != 0)
        die("make", path);
}

/* When all in it is made. */
static void finish(const char *path, const struct thing *t)
{
    struct timespec times[2] = { { .tv_sec = t->time }, { .tv_sec = t->time } };
    if (t->owner && lchown(path, t->owner, t->owner) != 0)
        die("give away", path);
    if (t->kind != LINK_ && chmod(path, t->mode) != 0)
        die("set the mode of", path);
    if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) != 0)
        die("set the time of", path);
}

/* ---- two trees ---- */

/* A directory's content; src or dst may be NULL: there is no such tree here. */
static void grow(const char *src, const char *dst, unsigned depth)
{
    unsigned n = below(WIDTH_MAX) + (depth == 0 ? 6 : 0);
    for (unsigned i = 0; i < n; i++) {
        char name[64], a[PATH_ROOM], b[PATH_ROOM];
        struct thing s, d;
        name_of(i, name, sizeof name);
        fill(&s, depth < DEPTH_MAX ? some_kind() : FILE_);
        d = s;
        if (chance(8))
            fill(&d, some_kind());
        else if (chance(60))
            edit(&d);
        int in_src = src && (chance(85) || !dst), in_dst = dst && (chance(80) || !src);
        snprintf(a, sizeof a, "%s/%s", src ? src : "", name);
        snprintf(b, sizeof b, "%s/%s", dst ? dst : "", name);
        if (in_src)
            make(a, &s);
        if (in_dst)
            make(b, &d);
        int down_a = in_src && s.kind == DIR_, down_b = in_dst && d.kind == DIR_;
        if (down_a || down_b)
            grow(down_a ? a : NULL, down_b ? b : NULL, depth + 1);
        if (in_src)
            finish(a, &s);
        if (in_dst)
            finish(b, &d);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: treevary SEED SRC DST\n", stderr);
        return 2;
    }
    struct thing top = { .kind = DIR_, .mode = 0755 };
    state = strtoull(argv[1], NULL, 10) * 2654435769u + 88172645463325252ull;
    for (int i = 0; i < 20; i++)
        below(2);
    make(argv[2], &top);
    make(argv[3], &top);
    grow(argv[2], argv[3], 0);
    top.time = some_time();
    finish(argv[2], &top);
    if (below(2))
        top.time = some_time();
    finish(argv[3], &top);
    return 0;
}

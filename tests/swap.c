/* SPDX-License-Identifier: ISC */
/*
 * swap - a racing process for tests: in DIR it exchanges a directory `d` with a symbolic link `ld` to OUTSIDE/dir, and a file `f`
 * with a link `lf` to OUTSIDE/secret, and the staged file of parts of `p` with such a link, as fast as it can until it is killed. What an attack
 * removed it makes again.
 * Usage: swap DIR OUTSIDE. It says "ready" when all is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOOK_EVERY = 64, EXCHANGE = 2 /* RENAME_EXCHANGE */ };

#define PARTS ".p.0abcdefg.slpart"
#define PARTS_LINK ".p.9abcdefg.slpart"

static const char inside[] = "inside\n";
static char dir_target[4096], file_target[4096];
static int at;

static void die(const char *what)
{
    fprintf(stderr, "swap: %s: %s\n", what, strerror(errno));
    exit(2);
}

static mode_t type_of(const char *name)
{
    struct stat st;
    return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_mode & S_IFMT : 0;
}

/* Complete from the first moment. */
static void write_inside(const char *name)
{
    int fd = openat(at, "new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, inside, sizeof inside - 1) < 0)
        die("new");
    close(fd);
    renameat(at, "new", at, name);
}

/* One of each pair is a link, the other is not. */
static void repair(const char *a, const char *b, mode_t real, const char *target)
{
    mode_t ta = type_of(a), tb = type_of(b);
    if ((ta == real && tb == S_IFLNK) || (tb == real && ta == S_IFLNK))
        return;
    if (ta != real && tb != real) {
        unlinkat(at, a, 0);
        if (real == S_IFDIR)
            mkdirat(at, a, 0755);
        else
            write_inside(a);
        ta = real;
    }
    const char *link = ta == real ? b : a;
    unlinkat(at, link, 0);
    if (symlinkat(target, at, link) != 0 && errno != EEXIST)
        die(link);
}

static void repair_all(void)
{
    char name[8];
    repair("d", "ld", S_IFDIR, dir_target);
    repair("f", "lf", S_IFREG, file_target);
    repair(PARTS, PARTS_LINK, S_IFREG, file_target);
    snprintf(name, sizeof name, "%s/in", type_of("d") == S_IFDIR ? "d" : "ld");
    if (!type_of(name))
        write_inside(name);
}

int main(int argc, char **argv)
{
    if (argc != 3 || (at = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        die("usage: swap DIR OUTSIDE");
    snprintf(dir_target, sizeof dir_target, "%s/dir", argv[2]);
    snprintf(file_target, sizeof file_target, "%s/secret", argv[2]);
    repair_all();
    puts("ready");
    fflush(stdout);
    for (unsigned long i = 1;; i++) {
        syscall(SYS_renameat2, at, "d", at, "ld", EXCHANGE);
        syscall(SYS_renameat2, at, "f", at, "lf", EXCHANGE);
        syscall(SYS_renameat2, at, PARTS, at, PARTS_LINK, EXCHANGE);
        if (i % LOOK_EVERY == 0)
            repair_all();
    }
}

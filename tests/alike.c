/* SPDX-License-Identifier: ISC */
/*
 * alike - for LD_PRELOAD: whoever looks at a file that is no directory finds that it is one and the same for all of
 * them, with many names: so a server lists what a liar would.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>

static int lie(int rc, struct stat *st)
{
    if (rc == 0 && !S_ISDIR(st->st_mode)) {
        st->st_dev = 7;
        st->st_ino = 7;
        st->st_nlink = 3;
    }
    return rc;
}

int fstatat(int dir, const char *restrict name, struct stat *restrict st, int flags)
{
    static int (*real)(int, const char *, struct stat *, int);
    if (!real && !(real = (int (*)(int, const char *, struct stat *, int))dlsym(RTLD_NEXT, "fstatat")))
        abort();
    return lie(real(dir, name, st, flags), st);
}

int fstatat64(int dir, const char *restrict name, struct stat64 *restrict st, int flags)
{
    return fstatat(dir, name, (struct stat *)st, flags);
}

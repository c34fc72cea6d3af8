/* SPDX-License-Identifier: ISC */
/*
 * kept - interrupted files. A staged file is locked by the process that writes it (an open file description lock: it goes with the last
 * descriptor, however the process ends), so that one that is still being written is never taken for a dead run's.
 */
#include "config.h"
#include "tree/kept.h"

#include "base/hash.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whether a process holds it; where the file system has no locks, nobody can say: it does then. */
static bool held(int fd)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_OFD_GETLK, &l) != 0 || l.l_type != F_UNLCK;
}

static bool ours(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_uid == geteuid() && st->st_size >= (off_t)SL_KEPT_LEAST;
}

/* The directory that things are kept in: a new descriptor, or -1. A link of that name is not followed. */
static int open_in(int dirfd, const char *in, bool make)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if (!in)
        return fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
    int fd = openat(dirfd, in, flags);
    if (fd < 0 && errno == ENOENT && make && mkdirat(dirfd, in, 0700) == 0)
        fd = openat(dirfd, in, flags);
    return fd;
}

static void name_in(char kept[SL_NAME_MAX + 1], const char *name, const char *in)
{
    if (in)
        memcpy(kept, name, strlen(name) + 1);
    else
        sl_kept_name(kept, name);
}

/* What is under temp is kept of `name` from now on, or is gone. The larger of the two stays. */
static void put_aside(int dirfd, const char *temp, const struct stat *st, const char *name, const char *in)
{
    char kept[SL_NAME_MAX + 1];
    struct stat old;
    int to = open_in(dirfd, in, true);
    name_in(kept, name, in);
    bool larger = to >= 0 && fstatat(to, kept, &old, AT_SYMLINK_NOFOLLOW) == 0 && ours(&old) && old.st_size >= st->st_size;
    if (to < 0 || larger || renameat(dirfd, temp, to, kept) != 0)
        unlinkat(dirfd, temp, 0);
    sl_io_close(&to);
}

static void keep(struct sl_stage *s)
{
    struct sl_error ignored = { 0 };
    struct stat st;
    if (s->fd < 0 || s->pos < SL_KEPT_LEAST || sl_stage_flush(s, &ignored) != SL_OK || fstat(s->fd, &st) != 0 || fchmod(s->fd, 0600) != 0) {
        sl_stage_abort(s);
        return;
    }
    put_aside(s->dirfd, s->temp, &st, s->name, s->kept_in);
    sl_io_close(&s->fd);
    sl_io_close(&s->dirfd);
}

void sl_kept_end(struct sl_stage *s, uint32_t flags)
{
    if (s->inplace)
        sl_stage_abort(s);               /* it stays where it is */
    else if (s->fd >= 0 && flags & SL_KEPT_NAMED)
        sl_stage_partial(s, flags);
    else if (flags & SL_KEPT_NOTHING)
        sl_stage_abort(s);
    else
        keep(s);
}

/* ---- what killed processes left ---- */

/* A staged file's name without its affixes. */
static bool name_of_temp(char name[SL_NAME_MAX + 1], const char *temp)
{
    size_t len = strlen(temp), affix = SL_STAGE_AFFIX_LEN;
    if (!sl_stage_is_temp(temp, len) || strcmp(temp + len - strlen(SL_STAGE_SUFFIX), SL_STAGE_SUFFIX) != 0)
        return false;
    memcpy(name, temp + 1, len - affix);
    name[len - affix] = '\0';
    return true;
}

static void adopt(int dirfd, const char *temp, const char *in)
{
    char name[SL_NAME_MAX + 1];
    struct stat st;
    if (!name_of_temp(name, temp))
        return;
    int fd = openat(dirfd, temp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && ours(&st) && !held(fd))
        put_aside(dirfd, temp, &st, name, in);
    sl_io_close(&fd);
}

static void search(int dirfd, const char *in)
{
    DIR *d = NULL;
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || !(d = fdopendir(fd))) {
        sl_io_close(&fd);
        return;
    }
    for (struct dirent *e; (e = readdir(d));)
        adopt(dirfd, e->d_name, in);
    closedir(d);
}

static bool search_once(int dirfd, struct sl_kept_searched *searched)
{
    struct stat st;
    if (fstat(dirfd, &st) != 0 || (searched->any && searched->dev == st.st_dev && searched->ino == st.st_ino))
        return false;
    *searched = (struct sl_kept_searched){ searched->in, st.st_dev, st.st_ino, true };
    search(dirfd, searched->in);
    return true;
}

static enum sl_code open_kept(struct sl_reader *r, int dirfd, const char *name, const char *in, struct sl_error *err)
{
    char kept[SL_NAME_MAX + 1];
    int from = open_in(dirfd, in, false);
    if (from < 0)
        return sl_fail(err, SL_E_NOT_FOUND, "nothing is kept of '%s'", name);
    name_in(kept, name, in);
    enum sl_code rc = sl_reader_open(r, from, kept, err);
    sl_io_close(&from);
    return rc;
}

enum sl_code sl_kept_open(struct sl_reader *r, int dirfd, const char *name, bool may_change, struct sl_kept_searched *searched,
                          struct sl_error *err)
{
    enum sl_code rc = open_kept(r, dirfd, name, searched->in, err);
    if (rc == SL_E_NOT_FOUND && may_change && search_once(dirfd, searched))
        rc = open_kept(r, dirfd, name, searched->in, err);
    if (rc == SL_OK && !ours(&r->st)) {
        sl_reader_close(r);
        rc = sl_fail(err, SL_E_NOT_FOUND, "nothing is kept of '%s'", name);
    }
    return rc;
}

void sl_kept_remove(int dirfd, const char *name, const char *in)
{
    char kept[SL_NAME_MAX + 1];
    struct stat st;
    int from = open_in(dirfd, in, false);
    name_in(kept, name, in);
    if (from >= 0 && (!in || (fstatat(from, kept, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))) && unlinkat(from, kept, 0) == 0 && in)
        unlinkat(dirfd, in, AT_REMOVEDIR);
    sl_io_close(&from);
}

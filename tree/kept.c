/* SPDX-License-Identifier: ISC */
/*
 * kept - interrupted files. A staged file is locked by the process that writes it (an open file description lock: it goes with the last
 * descriptor, however the process ends), so that one that is still being written is never taken for a dead run's.
 */
#include "config.h"
#include "tree/kept.h"

#include "base/hash.h"
#include "base/io.h"
#include "tree/away.h"
#include "tree/hold.h"

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

int sl_kept_dir(int dirfd, const char *in, bool make)
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

/* How much of a file is there: parts may be missing in the middle. */
static off_t amount(const struct stat *st)
{
    off_t blocks = (off_t)st->st_blocks * 512;
    return blocks < st->st_size ? blocks : st->st_size;
}

/* What is under temp is kept of `name` from now on, or is gone. The one of which there is more stays. */
static void put_aside(int dirfd, const char *temp, const struct stat *st, const char *name, const char *in)
{
    char kept[SL_NAME_MAX + 1];
    struct stat old;
    int to = sl_kept_dir(dirfd, in, true);
    name_in(kept, name, in);
    bool larger = to >= 0 && fstatat(to, kept, &old, AT_SYMLINK_NOFOLLOW) == 0 && ours(&old) && amount(&old) >= amount(st);
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
    struct sl_error ignored = { 0 };
    if (s->stays)
        sl_stage_abort(s);               /* it stays where it is */
    else if (s->away && (s->fd < 0 || flags & SL_KEPT_NOTHING || sl_away_home(s, &ignored) != SL_OK))
        sl_stage_abort(s);               /* copying it would take its time, and the one that waits is gone */
    else if (s->fd >= 0 && flags & SL_KEPT_NAMED && !(flags & SL_KEPT_NOTHING) && sl_stage_unchanged(s))
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

static void adopt(int dirfd, const char *temp, const struct sl_kept_searched *searched)
{
    char name[SL_NAME_MAX + 1];
    struct stat st;
    if (!name_of_temp(name, temp) || (searched->in && searched->hidden && searched->hidden(searched->hidden_ctx, name)))
        return;
    int fd = openat(dirfd, temp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0 && ours(&st) && !held(fd))
        put_aside(dirfd, temp, &st, name, searched->in);
    sl_io_close(&fd);
}

/* The same for what was written in parts of `name`. Between two parts nobody holds it, so it is held here: none begins meanwhile. */
static void adopt_parts(int dirfd, const char *temp, const char *name, const char *in)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct stat st;
    if (fstatat(dirfd, temp, &st, AT_SYMLINK_NOFOLLOW) != 0 || !ours(&st))
        return;
    int fd = openat(dirfd, temp, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &l) == 0 && fstat(fd, &st) == 0 && ours(&st))
        put_aside(dirfd, temp, &st, name, in);
    sl_io_close(&fd);
}

static void found(int dirfd, const char *temp, const char *name, struct sl_kept_searched *searched)
{
    if (!sl_stage_is_part(temp))
        adopt(dirfd, temp, searched);
    else if (sl_stage_is_part_of(temp, name))
        adopt_parts(dirfd, temp, name, searched->in);
    else if (searched->parts_len < SL_KEPT_PARTS)
        memcpy(searched->parts[searched->parts_len++], temp, strlen(temp) + 1);
}

static void search(int dirfd, const char *name, struct sl_kept_searched *searched)
{
    DIR *d = NULL;
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || !(d = fdopendir(fd))) {
        sl_io_close(&fd);
        return;
    }
    for (struct dirent *e; (e = readdir(d));)
        found(dirfd, e->d_name, name, searched);
    closedir(d);
}

/* The parts of `name` among those of other names that the search came by. */
static bool search_parts(int dirfd, const char *name, struct sl_kept_searched *searched)
{
    bool any = false;
    for (unsigned i = searched->parts_len; i-- > 0;) {
        if (!sl_stage_is_part_of(searched->parts[i], name))
            continue;
        adopt_parts(dirfd, searched->parts[i], name, searched->in);
        memmove(searched->parts[i], searched->parts[--searched->parts_len], sizeof searched->parts[i]);
        any = true;
    }
    return any;
}

/* Whether it may be searched, which it was not just before. */
static bool goes_on(struct sl_kept_searched *s, const struct stat *st)
{
    for (unsigned i = 0; i < s->before_len; i++)
        if (s->before[i].dev == st->st_dev && s->before[i].ino == st->st_ino)
            return s->again++ < SL_KEPT_AGAIN;
    s->before[s->before_at] = (struct sl_kept_dir_id){ st->st_dev, st->st_ino };
    s->before_at = (s->before_at + 1) % SL_KEPT_BEFORE;
    s->before_len += s->before_len < SL_KEPT_BEFORE;
    return true;
}

static bool search_once(int dirfd, const char *name, struct sl_kept_searched *searched)
{
    struct stat st;
    if (fstat(dirfd, &st) != 0)
        return false;
    if (searched->any && searched->dev == st.st_dev && searched->ino == st.st_ino)
        return search_parts(dirfd, name, searched);
    if (!goes_on(searched, &st))
        return false;
    searched->dev = st.st_dev;
    searched->ino = st.st_ino;
    searched->any = true;
    searched->parts_len = 0;
    search(dirfd, name, searched);
    return true;
}

static enum sl_code open_kept(struct sl_reader *r, int dirfd, const char *name, const char *in, struct sl_error *err)
{
    char kept[SL_NAME_MAX + 1];
    int from = sl_kept_dir(dirfd, in, false);
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
    enum sl_code rc = searched->in ? SL_E_NOT_FOUND : sl_hold_open(r, dirfd, name, err);
    if (rc == SL_OK)                     /* root's may be another's by now */
        return rc;
    rc = open_kept(r, dirfd, name, searched->in, err);
    if (rc == SL_E_NOT_FOUND && may_change && search_once(dirfd, name, searched))
        rc = open_kept(r, dirfd, name, searched->in, err);
    if (rc == SL_OK && !ours(&r->st)) {
        sl_reader_close(r);
        rc = sl_fail(err, SL_E_NOT_FOUND, "nothing is kept of '%s'", name);
    }
    return rc;
}

void sl_kept_adopt(int dirfd, const char *name, struct sl_kept_searched *searched)
{
    search_once(dirfd, name, searched);
}

/* Whether that can have been kept here. In a partial directory it has a name like any other, and there is the right to delete. */
static bool may_go(int fd, const char *kept, const char *in)
{
    struct stat st;
    return fstatat(fd, kept, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && (in || st.st_uid == geteuid());
}

void sl_kept_remove(int dirfd, const char *name, const char *in)
{
    char kept[SL_NAME_MAX + 1];
    int from = sl_kept_dir(dirfd, in, false);
    name_in(kept, name, in);
    if (from >= 0 && may_go(from, kept, in) && unlinkat(from, kept, 0) == 0 && in)
        unlinkat(dirfd, in, AT_REMOVEDIR);
    sl_io_close(&from);
}

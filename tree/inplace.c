/* SPDX-License-Identifier: ISC */
/* inplace - see inplace.h. Opened without following links, and looked at again when it is open: the name may have
 * changed hands in between. */
#include "config.h"
#include "tree/inplace.h"
#include "tree/device.h"

#include "base/io.h"
#include "base/mem.h"
#include "tree/meta.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TRIES_MAX = 100, /* of a name that comes and goes meanwhile */
    ZEROS = 64 * 1024
};

static enum sl_code cannot(const struct sl_stage *s, const char *what, struct sl_error *err)
{
    return sl_fail_errno(err, errno, "cannot %s '%s' in place", what, s->name);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return S_ISREG(b->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* One's own file that its mode protects from its owner too is opened up for as long as it takes to open it: what is open may be written whatever the
 * mode. Held meanwhile, so that another one of that name is not touched. */
static int open_own(const struct sl_stage *s, const struct stat *st, int flags)
{
    struct stat is;
    int fd = -1, held = st->st_uid == geteuid() && !(st->st_mode & S_IWUSR) ? openat(s->dirfd, s->name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (held < 0 || fstat(held, &is) != 0 || !same_file(st, &is) || sl_meta_chmod(held, (is.st_mode & 07777) | S_IWUSR) != 0) {
        sl_io_close(&held);
        errno = EACCES;
        return -1;
    }
    fd = openat(s->dirfd, s->name, flags);
    int why = errno;
    bool back = sl_meta_chmod(held, is.st_mode & 07777) == 0;
    if (fd >= 0 && (!back || fstat(fd, &is) != 0 || !same_file(st, &is))) {
        sl_io_close(&fd);
        why = EACCES;
    }
    sl_io_close(&held);
    errno = why;
    return fd;
}

/* The file that is there, if it is one. Only what is a file is opened: opening alone wakes who waits at a fifo. */
static enum sl_code open_old(struct sl_stage *s, uint32_t how, struct sl_error *err)
{
    const int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    struct stat st;
    if (fstatat(s->dirfd, s->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return cannot(s, "write", err);
    if (how & SL_STAGE_DEVICE && sl_is_device(&st))
        return sl_device_open(s, &st, err);
    if (S_ISREG(st.st_mode) && (s->fd = openat(s->dirfd, s->name, flags)) < 0 && errno == EACCES)
        s->fd = open_own(s, &st, flags);
    if (S_ISREG(st.st_mode) && s->fd < 0 && errno != ELOOP && errno != ENXIO)
        return cannot(s, "write", err);
    if (s->fd < 0)
        return sl_fail(err, SL_E_TYPE, "'%s' is not a regular file", s->name);
    if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        sl_io_close(&s->fd);
        return sl_fail(err, SL_E_TYPE, "'%s' is not a regular file", s->name);
    }
    return SL_OK;
}

enum sl_code sl_inplace_open(struct sl_stage *s, mode_t mode, uint32_t flags, bool *made, struct sl_error *err)
{
    const int create = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    enum sl_code rc = SL_E_NOT_FOUND;
    struct stat st;
    *made = false;
    for (int tries = TRIES_MAX; tries && rc == SL_E_NOT_FOUND; tries--) {
        if ((s->fd = openat(s->dirfd, s->name, create, mode)) >= 0) {
            *made = true;
            rc = SL_OK;
        } else if (errno != EEXIST || !(flags & SL_STAGE_REPLACE)) {
            return sl_fail_errno(err, errno, "cannot create '%s'", s->name);
        } else {
            rc = open_old(s, flags, err);
        }
    }
    if (rc == SL_OK && fstat(s->fd, &st) != 0) {
        rc = cannot(s, "look at", err);
        sl_io_close(&s->fd);
    }
    if (rc != SL_OK)
        return rc;
    s->inplace = s->stays = s->unshared = true;
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    if (!s->device)
        s->old_size = (uint64_t)st.st_size;
    return SL_OK;
}

bool sl_inplace_is(const struct sl_stage *s, int fd)
{
    struct stat st;
    return s->inplace && fstat(fd, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino;
}

enum sl_code sl_inplace_named(const struct sl_stage *s, struct sl_error *err)
{
    struct stat st;
    if (fstatat(s->dirfd, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
        return SL_OK;
    return sl_fail(err, SL_E_CHANGED, "'%s' was removed or replaced while it was written in place", s->name);
}

static enum sl_code write_zeros(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    uint8_t *zeros = sl_calloc(1, ZEROS);
    for (size_t k; n && rc == SL_OK; n -= k) {
        k = n < ZEROS ? (size_t)n : ZEROS;
        if (sl_io_write_all(s->fd, zeros, k) != SL_OK)
            rc = cannot(s, "write", err);
    }
    free(zeros);
    return rc;
}

enum sl_code sl_inplace_hole(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    uint64_t end = s->sparse && s->reserved > s->old_size ? s->reserved : s->old_size;
    uint64_t old = s->pos < end ? end - s->pos : 0;
    uint64_t cleared = n < old || s->device ? n : old;
    if (!cleared || fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->pos, (off_t)cleared) == 0)
        return SL_OK;
    /* Of a device only whole blocks can be cleared, and of one of characters nothing. */
    return s->device || errno == EOPNOTSUPP || errno == ENOSYS ? write_zeros(s, cleared, err) : cannot(s, "clear a part of", err);
}

enum sl_code sl_inplace_length(const struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    struct stat st;
    if (!s->inplace)
        return sl_fail(err, SL_E_CHANGED, "'%s' is no file that can be written in place", s->name);
    if (s->device || fstat(s->fd, &st) != 0)
        return s->device ? sl_fail(err, SL_E_CHANGED, "'%s' is a device, to which nothing is appended", s->name) : cannot(s, "look at", err);
    bool by_another = (uint64_t)st.st_size > n && st.st_nlink > 1;
    return (uint64_t)st.st_size == n || by_another ? SL_OK : sl_fail(err, SL_E_CHANGED, "'%s' is not as long as it was", s->name);
}

/* SPDX-License-Identifier: ISC */
/*
 * part - see part.h. The locks are those of open file descriptions: they hold between processes and between two stages
 * of one, and go with the last descriptor. A staged file is only trusted when it is open, locked and still what has its
 * name: in this order.
 */
#include "config.h"
#include "tree/part.h"

#include "base/io.h"
#include "tree/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { OPEN = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };

static enum sl_code check_names(const char *name, const char *token, struct sl_error *err)
{
    if (!sl_name_ok(name, strlen(name)))
        return sl_fail(err, SL_E_NAME, "'%s' is not a name", name);
    return sl_token_ok(token) ? SL_OK : sl_fail(err, SL_E_NAME, "'%.8s' does not name parts of '%s'", token, name);
}

static enum sl_code begin(struct sl_stage *s, int dirfd, const char *name, const char *token, struct sl_error *err)
{
    enum sl_code rc = check_names(name, token, err);
    *s = (struct sl_stage){ .dirfd = -1, .fd = -1 };
    if (rc != SL_OK)
        return rc;
    if ((s->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0)) < 0)
        return sl_fail_errno(err, errno, "cannot write parts of '%s'", name);
    memcpy(s->name, name, strlen(name) + 1);
    sl_stage_part_name(s->temp, name, token);
    return SL_OK;
}

static void give_up(struct sl_stage *s)
{
    sl_io_close(&s->fd);
    sl_io_close(&s->dirfd);
}

static enum sl_code wrong_type(const struct sl_stage *s, struct sl_error *err)
{
    return sl_fail(err, SL_E_TYPE, "the parts of '%s' are no regular file", s->name);
}

/* Only what is a file is opened: opening alone wakes who waits at a fifo. */
static enum sl_code open_staged(struct sl_stage *s, int access, struct sl_error *err)
{
    struct stat st;
    if (fstatat(s->dirfd, s->temp, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return sl_fail_errno(err, errno, "cannot look at the parts of '%s'", s->name);
    if (!S_ISREG(st.st_mode))
        return wrong_type(s, err);
    s->fd = openat(s->dirfd, s->temp, access | OPEN);
    if (s->fd < 0 && (errno == ELOOP || errno == ENXIO))
        return wrong_type(s, err);
    return s->fd < 0 ? sl_fail_errno(err, errno, "cannot open the parts of '%s'", s->name) : SL_OK;
}

/* Confined to writing, the kernel makes the file before it finds out that it may not be read. */
static enum sl_code make_staged(struct sl_stage *s, struct sl_error *err)
{
    s->fd = openat(s->dirfd, s->temp, O_RDWR | O_CREAT | O_EXCL | OPEN, 0600);
    if (s->fd >= 0)
        return SL_OK;
    enum sl_code rc = sl_fail_errno(err, errno, "cannot create '%s'", s->name);
    if (rc == SL_E_DENIED)
        unlinkat(s->dirfd, s->temp, 0);
    return rc;
}

static enum sl_code lock(const struct sl_stage *s, short how, struct sl_error *err)
{
    struct flock l = { .l_type = how, .l_whence = SEEK_SET };
    if (fcntl(s->fd, F_OFD_SETLK, &l) == 0)
        return SL_OK;
    if (errno == EAGAIN || errno == EACCES)
        return sl_fail(err, SL_E_BUSY,
                       how == F_WRLCK ? "a part of '%s' is being written" : "the parts of '%s' are being joined",
                       s->name);
    return sl_fail(err, SL_E_UNSUPPORTED, "the file system has no locks for parts of '%s'", s->name);
}

/* Whether what is open and locked is nobody else's and nothing else: it may have lost the name to a file of that name
 * before it was locked. */
static enum sl_code check(const struct sl_stage *s, struct stat *st, struct sl_error *err)
{
    struct stat named;
    if (fstat(s->fd, st) != 0)
        return sl_fail_errno(err, errno, "cannot look at the parts of '%s'", s->name);
    if (!S_ISREG(st->st_mode))
        return wrong_type(s, err);
    if (st->st_uid != geteuid() || st->st_nlink > 1)
        return sl_fail(err, SL_E_DENIED, "the parts of '%s' are not this user's alone", s->name);
    if (fstatat(s->dirfd, s->temp, &named, AT_SYMLINK_NOFOLLOW) != 0 || named.st_dev != st->st_dev ||
        named.st_ino != st->st_ino)
        return sl_fail(err, SL_E_CHANGED, "the parts of '%s' were joined or dropped", s->name);
    return SL_OK;
}

/* ---- a part ---- */

static enum sl_code go_to(struct sl_stage *s, const struct sl_part *p, const struct stat *st, struct sl_error *err)
{
    if (p->from > p->size || p->size > INT64_MAX || (uint64_t)st->st_size > p->size)
        return sl_fail(err, SL_E_INVALID, "a part goes beyond the end of '%s'", s->name);
    if (lseek(s->fd, (off_t)p->from, SEEK_SET) < 0)
        return sl_fail_errno(err, errno, "cannot write '%s'", s->name);
    s->part = s->stays = true;
    s->pos = s->out = p->from;
    s->size = p->size;
    s->old_size = (uint64_t)st->st_size;
    return SL_OK;
}

/* A file of which a part can't be written is of no use, if it is there for that: a file system that gives it to
 * somebody else has no parts either. */
enum sl_code sl_part_begin(struct sl_stage *s, int dirfd, const struct sl_part *p, struct sl_error *err)
{
    struct stat st;
    enum sl_code rc = begin(s, dirfd, p->name, p->token, err);
    if (rc == SL_OK)
        rc = p->first ? make_staged(s, err) : open_staged(s, O_RDWR, err);
    if (rc == SL_OK)
        rc = lock(s, F_RDLCK, err);
    if (rc == SL_OK)
        rc = check(s, &st, err);
    if (rc == SL_E_DENIED && p->first && s->fd >= 0)
        rc = sl_fail(err, SL_E_UNSUPPORTED, "the file system does not give this user the parts of '%s'", s->name);
    if (rc == SL_OK)
        rc = go_to(s, p, &st, err);
    if (rc == SL_OK)
        return SL_OK;
    if (p->first && s->fd >= 0)
        unlinkat(s->dirfd, s->temp, 0);
    give_up(s);
    return rc;
}

enum sl_code sl_part_end(struct sl_stage *s, struct sl_error *err)
{
    if (s->fd < 0 || !s->part)
        return sl_fail(err, SL_E_INVALID, "no part is open");
    enum sl_code rc = sl_stage_flush(s, err);
    int fd = s->fd;
    s->fd = -1;
    if (close(fd) != 0 && errno != EINTR &&
        rc == SL_OK) /* a remote file system may tell only now that there is no room */
        rc = sl_fail_errno(err, errno, "cannot write '%s'", s->name);
    sl_stage_abort(s);
    return rc;
}

/* ---- all of them ---- */

/* The staged file as if one had written it, with nobody else at it. */
static enum sl_code open_whole(struct sl_stage *s, int dirfd, const char *name, const char *token, struct sl_error *err)
{
    struct stat st;
    enum sl_code rc = begin(s, dirfd, name, token, err);
    if (rc == SL_OK)
        rc = open_staged(s, O_WRONLY, err);
    if (rc == SL_OK)
        rc = lock(s, F_WRLCK, err);
    if (rc == SL_OK)
        rc = check(s, &st, err);
    if (rc == SL_OK)
        s->pos = (uint64_t)st.st_size;
    else
        give_up(s);
    return rc;
}

static enum sl_code check_size(const struct sl_stage *s, const struct sl_entry *e, struct sl_error *err)
{
    return s->pos == e->size ? SL_OK
                             : sl_fail(err, SL_E_INVALID, "the parts of '%s' are %llu bytes of %llu", s->name,
                                       (unsigned long long)s->pos, (unsigned long long)e->size);
}

enum sl_code sl_part_join(int dirfd, const struct sl_join *j, struct sl_owners *owners, struct sl_error *err)
{
    struct sl_entry e = *j->entry;
    struct sl_stage s;
    uint32_t meta = j->meta;
    if (j->flags & SL_STAGE_INPLACE)
        return sl_fail(err, SL_E_INVALID, "parts of '%s' are not written in place", e.name);
    enum sl_code rc = open_whole(&s, dirfd, e.name, j->token, err);
    if (rc == SL_OK)
        rc = check_size(&s, &e, err);
    int hold = rc == SL_OK ? fcntl(s.fd, F_DUPFD_CLOEXEC, 0)
                           : -1; /* the lock, until the name is given: s.fd is closed before */
    if (rc == SL_OK && hold < 0)
        rc = sl_fail_errno(err, errno, "cannot join the parts of '%s'", e.name);
    if (rc != SL_OK) {
        give_up(&s);
        return rc;
    }
    if (!(meta & SL_META_MODE)) {
        meta |= SL_META_MODE | SL_META_UMASK;
        e.mode = (e.mode & 0777) | 0600;
    }
    s.kept_in = j->kept_in;
    rc = sl_stage_commit(&s, &e, meta, j->flags, owners, err);
    sl_io_close(&hold);
    return rc;
}

enum sl_code sl_part_drop(int dirfd, const struct sl_drop *d, struct sl_error *err)
{
    struct sl_stage s;
    enum sl_code rc = open_whole(&s, dirfd, d->name, d->token, err);
    if (rc != SL_OK)
        return rc;
    s.kept_in = d->kept_in;
    sl_stage_watch(&s);
    sl_kept_end(&s, d->flags);
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/* away - see away.h. What is copied is staged anew, beside its place, and takes over from the first one when it is all there. */
#include "config.h"
#include "tree/away.h"

#include "base/io.h"
#include "base/mem.h"
#include "tree/reader.h"
#include "tree/stage_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 128 * 1024, STEP = 2 * 1024 * 1024, NAMES_MOST = 65536 };

struct sl_homing {
    struct sl_reader from;
    struct sl_stage to;
};

enum sl_code sl_away_begin(struct sl_stage *s, const struct sl_away *where, const struct sl_entry *e, uint32_t meta,
                           struct sl_error *err)
{
    if (where->away < 0)
        return sl_stage_begin(s, where->dirfd, e, meta, err);
    *s = (struct sl_stage){ .fd = -1, .away = true, .away_fd = -1 };
    s->dirfd = fcntl(where->dirfd, F_DUPFD_CLOEXEC, 0);
    s->away_fd = fcntl(where->away, F_DUPFD_CLOEXEC, 0);
    enum sl_code rc = s->dirfd < 0 || s->away_fd < 0 ? sl_fail_errno(err, errno, "cannot create '%s'", e->name)
                                                     : sl_stage_create(s, e, meta, NULL, err);
    if (rc == SL_OK) {
        sl_stage_lock(s->fd);
        return rc;
    }
    sl_io_close(&s->dirfd);
    sl_io_close(&s->away_fd);
    return rc;
}

enum sl_code sl_away_put(int dirfd, const struct sl_away_put *p, struct sl_owners *owners, struct sl_error *err)
{
    struct sl_stage s;
    if (p->flags & SL_STAGE_INPLACE || (p->away < 0 && !(p->flags & SL_STAGE_HOLD)))
        return sl_stage_put(dirfd, p->entry, p->meta, p->flags, p->data, p->n, owners, err);
    enum sl_code rc = sl_away_begin(&s, &(struct sl_away){ dirfd, p->away }, p->entry, p->meta, err);
    if (rc != SL_OK)
        return rc;
    s.sparse = p->flags & SL_STAGE_SPARSE;
    s.kept_in = p->in;
    rc = sl_stage_write(&s, p->data, p->n, err);
    return rc == SL_OK ? sl_stage_commit(&s, p->entry, p->meta, p->flags, owners, err) : rc;
}

/* ---- coming home ---- */

/* It is beside its place, under s->temp, and s->fd is that file. */
static void is_home(struct sl_stage *s)
{
    s->away = false;
    sl_io_close(&s->away_fd);
}

/* Where it was staged others may have been at it. */
static bool is_it(const struct sl_stage *s, const struct stat *st)
{
    struct stat ours;
    return fstat(s->fd, &ours) == 0 && ours.st_dev == st->st_dev && ours.st_ino == st->st_ino;
}

static enum sl_code not_it(const struct sl_stage *s, struct sl_error *err)
{
    return sl_fail(err, SL_E_CHANGED, "what was staged of '%s' was replaced by another", s->name);
}

/* It is like the first one in all that was said of that, its mode included. */
static enum sl_code begin_second(const struct sl_stage *s, struct sl_homing *h, const struct sl_entry *e, struct sl_error *err)
{
    struct sl_error ignored = { 0 };
    enum sl_code rc = sl_stage_begin(&h->to, s->dirfd, e, SL_META_MODE, err);
    if (rc != SL_OK)
        return rc;
    if (fchmod(h->to.fd, h->from.st.st_mode & 0777) != 0)
        rc = sl_fail_errno(err, errno, "cannot set the mode of what is to be '%s'", s->name);
    h->to.sparse = s->sparse;
    if (rc == SL_OK && s->reserved)
        rc = sl_stage_reserve(&h->to, s->pos, &ignored);
    if (rc == SL_OK || rc == SL_E_UNSUPPORTED)
        return SL_OK;
    if (ignored.code)
        *err = ignored;
    sl_stage_abort(&h->to);
    return rc;
}

static enum sl_code begin_copy(struct sl_stage *s, struct sl_error *err)
{
    struct sl_entry e = { .type = SL_TYPE_FILE, .name = s->name, .name_len = strlen(s->name), .mode = 0600 };
    struct sl_homing *h = sl_calloc(1, sizeof *h);
    enum sl_code rc = sl_reader_open(&h->from, s->away_fd, s->temp, err);
    if (rc == SL_OK && (rc = is_it(s, &h->from.st) ? begin_second(s, h, &e, err) : not_it(s, err)) != SL_OK)
        sl_reader_close(&h->from);
    if (rc != SL_OK) {
        free(h);
        return rc;
    }
    s->homing = h;
    return SL_AGAIN;
}

enum sl_code sl_away_home(struct sl_stage *s, struct sl_error *err)
{
    if (!s->away)
        return SL_OK;
    if (s->homing)
        return SL_AGAIN;
    struct stat st;
    enum sl_code rc = sl_stage_end_content(s, err);
    if (rc != SL_OK)
        return rc;
    if (renameat(s->away_fd, s->temp, s->dirfd, s->temp) == 0) {
        is_home(s);                      /* what goes wrong now removes it there */
        s->came_home = true;
        return fstatat(s->dirfd, s->temp, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_it(s, &st) ? SL_OK : not_it(s, err);
    }
    if (errno != EXDEV)
        return sl_fail_errno(err, errno, "cannot bring '%s' home from where it was staged", s->name);
    return begin_copy(s, err);
}

static enum sl_code copy_some(struct sl_homing *h, uint64_t *bytes, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    uint8_t *buf = sl_malloc(PIECE);
    while (rc == SL_OK && *bytes < STEP) {
        size_t got = 0;
        uint64_t hole = 0;
        rc = sl_reader_next(&h->from, buf, PIECE, &got, &hole, err);
        if (rc == SL_OK)
            rc = hole ? sl_stage_hole(&h->to, hole, err) : sl_stage_write(&h->to, buf, got, err);
        *bytes += got;
    }
    free(buf);
    return rc;
}

static void take_over(struct sl_stage *s)
{
    struct sl_homing *h = s->homing;
    unlinkat(s->away_fd, s->temp, 0);
    sl_io_close(&s->fd);
    s->fd = h->to.fd;
    memcpy(s->temp, h->to.temp, sizeof s->temp);
    s->hole_at_end = false;
    s->reserved = h->to.reserved;
    sl_io_close(&h->to.dirfd);
    sl_reader_close(&h->from);
    free(h);
    s->homing = NULL;
    is_home(s);
    s->came_home = true;
}

enum sl_code sl_away_step(struct sl_stage *s, uint64_t *bytes, struct sl_error *err)
{
    *bytes = 0;
    if (!s->homing)
        return SL_OK;
    enum sl_code rc = copy_some(s->homing, bytes, err);
    if (rc == SL_OK)
        return SL_AGAIN;
    if (rc == SL_EOF)
        rc = sl_stage_flush(&s->homing->to, err);
    if (rc == SL_OK)
        take_over(s);
    return rc;
}

void sl_away_end(struct sl_stage *s)
{
    struct sl_homing *h = s->homing;
    if (h) {
        sl_reader_close(&h->from);
        sl_stage_abort(&h->to);
        free(h);
        s->homing = NULL;
    }
    if (s->away)
        is_home(s);
}

/* ---- what dead runs left ---- */

void sl_away_clean(int fd)
{
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = again < 0 ? NULL : fdopendir(again);
    if (!d) {
        sl_io_close(&again);
        return;
    }
    struct dirent *e;
    for (unsigned n = 0; n < NAMES_MOST && (e = readdir(d)); n++)
        sl_stage_clean(fd, e->d_name);
    closedir(d);
}

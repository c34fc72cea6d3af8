/* SPDX-License-Identifier: ISC */
/* stage_copy - content that is another file's: shared with it, or read and written. */
#include "config.h"
#include "tree/stage_priv.h"
#include "base/mem.h"
#include "tree/inplace.h"

#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COPY_PIECE = 64 * 1024 };

static enum sl_code ended(const struct sl_stage *s, struct sl_error *err)
{
    return sl_fail(err, SL_E_CHANGED, "the file that '%s' is put together from became shorter", s->name);
}

/* Reads exactly n bytes. */
static enum sl_code read_at(const struct sl_stage *s, int fd, uint64_t from, void *data, size_t n, struct sl_error *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = pread(fd, (char *)data + done, n - done, (off_t)(from + done));
        if (k == 0)
            return ended(s, err);
        if (k < 0 && errno != EINTR)
            return sl_fail_errno(err, errno, "cannot read what '%s' is put together from", s->name);
        done += k > 0 ? (size_t)k : 0;
    }
    return SL_OK;
}

static bool may_share(const struct sl_stage *s, uint64_t from, uint64_t n)
{
    return !s->unshared && !s->sparse && from % SL_STAGE_BLOCK == 0 && s->pos % SL_STAGE_BLOCK == 0 && n % SL_STAGE_BLOCK == 0;
}

/* Shares n bytes with the other file. What then is in the staged file is its own: it is hashed from there. */
static bool share(struct sl_stage *s, int fd, uint64_t from, uint64_t n)
{
    struct file_clone_range r = { .src_fd = fd, .src_offset = from, .src_length = n, .dest_offset = s->pos };
    if (ioctl(s->fd, FICLONERANGE, &r) == 0)
        return true;
    s->unshared = true;
    return false;
}

/* The next n bytes are there: they are read from fd, for the hash. */
static enum sl_code pass(struct sl_stage *s, int fd, uint64_t n, struct sl_hash *h, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    for (size_t k; n && rc == SL_OK; n -= k) {
        k = n < SL_STAGE_WRITE_AT_ONCE ? (size_t)n : SL_STAGE_WRITE_AT_ONCE;
        rc = read_at(s, fd, s->pos, s->buf, k, err);
        if (rc == SL_OK && h)
            sl_hash_data(h, s->buf, k);
        s->pos += k;
    }
    s->hole_at_end = false;
    return rc == SL_OK && lseek(s->fd, (off_t)s->pos, SEEK_SET) < 0 ? sl_stage_write_failed(s, err) : rc;
}

/* Zeros that become holes are looked for in what was read; else it is read to where it is written from. */
static enum sl_code copy_some(struct sl_stage *s, int fd, uint64_t from, size_t n, struct sl_hash *h, struct sl_error *err)
{
    uint8_t aside[COPY_PIECE], *to = s->sparse ? aside : s->buf + s->buf_len;
    enum sl_code rc = read_at(s, fd, from, to, n, err);
    if (rc == SL_OK && h)
        sl_hash_data(h, to, n);
    if (rc != SL_OK)
        return rc;
    return s->sparse ? sl_stage_put_sparse(s, aside, n, err) : sl_stage_took(s, n, err);
}

static enum sl_code copy(struct sl_stage *s, int fd, uint64_t from, uint64_t n, struct sl_hash *h, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    if (!s->buf)
        s->buf = sl_malloc(SL_STAGE_WRITE_AT_ONCE);
    if (from == s->pos && sl_inplace_is(s, fd)) {    /* a stretch of the file itself that stays where it is */
        rc = sl_stage_write_buf(s, err);
        return rc == SL_OK ? pass(s, fd, n, h, err) : rc;
    }
    if (may_share(s, from, n) && (rc = sl_stage_write_buf(s, err)) == SL_OK && share(s, fd, from, n))
        return pass(s, s->fd, n, h, err);
    for (size_t k; n && rc == SL_OK; from += k, n -= k) {
        size_t most = s->sparse ? COPY_PIECE : sl_stage_buf_room(s);
        k = n < most ? (size_t)n : most;
        rc = copy_some(s, fd, from, k, h, err);
    }
    return rc;
}

enum sl_code sl_stage_copy(struct sl_stage *s, int fd, uint64_t from, uint64_t n, struct sl_hash *h, struct sl_error *err)
{
    if (s->fd < 0)
        return sl_stage_not_begun(err);
    enum sl_code rc = sl_stage_fits(s, n, err);
    if (rc == SL_OK)
        rc = copy(s, fd, from, n, h, err);
    if (rc != SL_OK)
        sl_stage_abort(s);
    return rc;
}

enum sl_code sl_stage_keep(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    if (s->fd < 0)
        return sl_stage_not_begun(err);
    enum sl_code rc = s->pos ? sl_fail(err, SL_E_INVALID, "'%s' was begun already", s->name) : sl_inplace_length(s, n, err);
    if (rc == SL_OK && lseek(s->fd, (off_t)n, SEEK_SET) < 0)
        rc = sl_stage_write_failed(s, err);
    if (rc == SL_OK)
        s->pos = n;
    else
        sl_stage_abort(s);
    return rc;
}

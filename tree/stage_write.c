/* SPDX-License-Identifier: ISC */
/* stage_write - content that is given: written in large pieces, zeros left out, written out in time. */
#include "config.h"
#include "tree/stage_priv.h"
#include "base/io.h"
#include "tree/inplace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRITE_OUT_EVERY = 8 * 1024 * 1024 };

enum sl_code sl_stage_write_failed(const struct sl_stage *s, struct sl_error *err)
{
    return sl_fail_errno(err, errno, "cannot write '%s'", s->name);
}

/* Where it will replace another file, ext4 writes all of it out when it is renamed, while this process waits (its option auto_da_alloc). What is
 * written out in the meantime is not waited for. Measured: 1 GiB with few changes takes a fifth less in all. `to`: written up to here. */
static void write_out(struct sl_stage *s, uint64_t to)
{
    struct stat st;
    if ((s->inplace && !s->device) || to < s->out + WRITE_OUT_EVERY)
        return;
    if (s->device)                       /* it is waited for in the end: not for all of it */
        s->looked = s->replaces = true;
    if (!s->looked)
        s->replaces = fstatat(s->dirfd, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    s->looked = true;
    if (s->replaces)
        (void)sync_file_range(s->fd, (off_t)s->out, (off_t)(to - s->out), SYNC_FILE_RANGE_WRITE);
    s->out = to;
}

enum sl_code sl_stage_write_buf(struct sl_stage *s, struct sl_error *err)
{
    size_t n = s->buf_len;
    s->buf_len = 0;
    if (n && sl_io_write_all(s->fd, s->buf, n) != SL_OK)
        return sl_stage_write_failed(s, err);
    write_out(s, s->pos);
    return SL_OK;
}

/* How much fits the buffer before it is written: writes end at multiples of its size, wherever the pieces do. A file written in pieces of
 * a few KiB at odd places takes twice the time. */
size_t sl_stage_buf_room(const struct sl_stage *s)
{
    return SL_STAGE_WRITE_AT_ONCE - (size_t)(s->pos % SL_STAGE_WRITE_AT_ONCE);
}

/* k bytes more are in the buffer. */
enum sl_code sl_stage_took(struct sl_stage *s, size_t k, struct sl_error *err)
{
    s->buf_len += k;
    s->pos += k;
    s->hole_at_end = s->hole_at_end && k == 0;
    return s->pos % SL_STAGE_WRITE_AT_ONCE == 0 ? sl_stage_write_buf(s, err) : SL_OK;
}

enum sl_code sl_stage_put_data(struct sl_stage *s, const uint8_t *data, size_t n, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    if (!s->buf) {
        if (sl_io_write_all(s->fd, data, n) != SL_OK)
            return sl_stage_write_failed(s, err);
        s->pos += n;
        s->hole_at_end = s->hole_at_end && n == 0;
        write_out(s, s->pos);
        return SL_OK;
    }
    for (size_t k; n && rc == SL_OK; data += k, n -= k) {
        k = sl_stage_buf_room(s) < n ? sl_stage_buf_room(s) : n;
        memcpy(s->buf + s->buf_len, data, k);
        rc = sl_stage_took(s, k, err);
    }
    return rc;
}

static enum sl_code put_hole(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    enum sl_code rc = sl_stage_write_buf(s, err);
    if (rc != SL_OK)
        return rc;
    if (n > (uint64_t)INT64_MAX - s->pos) {
        errno = EFBIG;
        return sl_stage_write_failed(s, err);
    }
    if ((s->stays || (s->reserved && s->sparse)) && (rc = sl_inplace_hole(s, n, err)) != SL_OK)
        return rc;
    if (n && lseek(s->fd, (off_t)(s->pos + n), SEEK_SET) < 0)
        return sl_stage_write_failed(s, err);
    s->pos += n;
    s->hole_at_end = s->hole_at_end || n > 0;
    return SL_OK;
}

/* The next piece of data, cut at the file's blocks. */
static size_t piece(const struct sl_stage *s, size_t done, size_t n)
{
    size_t to_edge = SL_STAGE_BLOCK - (size_t)((s->pos + done) % SL_STAGE_BLOCK);
    return to_edge < n - done ? to_edge : n - done;
}

static bool is_zero_block(const uint8_t *p, size_t n)
{
    return n == SL_STAGE_BLOCK && p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* Runs of whole zero blocks become holes, what is between them is written at once. */
enum sl_code sl_stage_put_sparse(struct sl_stage *s, const uint8_t *p, size_t n, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (n && rc == SL_OK) {
        size_t k = piece(s, 0, n), run = k;
        bool zero = is_zero_block(p, k);
        while (run < n && (k = piece(s, run, n), is_zero_block(p + run, k) == zero))
            run += k;
        rc = zero ? put_hole(s, run, err) : sl_stage_put_data(s, p, run, err);
        p += run;
        n -= run;
    }
    return rc;
}

/* In place: somebody else may write to it too, so that it is looked at in the end. */
static bool is_longer(const struct sl_stage *s)
{
    struct stat st;
    return s->inplace && (fstat(s->fd, &st) != 0 || (uint64_t)st.st_size > s->pos);
}

/* An end in a hole is not there until the size is set; nor is that of a file that was longer. A part that has the file's end sets the size of
 * all: that cuts off nothing, whatever the others have written meanwhile. */
static bool sets_size(const struct sl_stage *s)
{
    if (s->device)
        return false;
    if (s->part)
        return s->hole_at_end && s->pos == s->size;
    return s->hole_at_end || s->reserved > s->pos || is_longer(s);
}

enum sl_code sl_stage_end_content(struct sl_stage *s, struct sl_error *err)
{
    enum sl_code rc = sl_stage_write_buf(s, err);
    free(s->buf);
    s->buf = NULL;
    if (rc != SL_OK)
        return rc;
    if (sets_size(s) && ftruncate(s->fd, (off_t)s->pos) != 0)
        return sl_stage_write_failed(s, err);
    return SL_OK;
}

enum sl_code sl_stage_not_begun(struct sl_error *err)
{
    return sl_fail(err, SL_E_INVALID, "no staged file is open");
}

/* A part ends with its file at the latest. */
enum sl_code sl_stage_fits(const struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    if (!s->part || n <= s->size - s->pos)
        return SL_OK;
    return sl_fail(err, SL_E_INVALID, "a part goes beyond the end of '%s'", s->name);
}

enum sl_code sl_stage_reserve(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    if (s->fd < 0)
        return sl_stage_not_begun(err);
    if (n > INT64_MAX)
        return sl_fail(err, SL_E_TOO_BIG, "'%s' would be too big", s->name);
    if (s->device)
        return sl_fail(err, SL_E_UNSUPPORTED, "no room is taken ahead on '%s', which is a device", s->name);
    /* ext4 makes no holes behind the end of a file. */
    int how = s->sparse && !s->stays ? 0 : FALLOC_FL_KEEP_SIZE;
    if (n && fallocate(s->fd, how, 0, (off_t)n) != 0) {
        if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL)
            return sl_fail(err, SL_E_UNSUPPORTED, "the file system can't take room for '%s' ahead", s->name);
        enum sl_code rc = sl_fail_errno(err, errno, "cannot take room for '%s' ahead, %llu bytes", s->name, (unsigned long long)n);
        s->reserved = n > s->reserved ? n : s->reserved;     /* some of it there may be */
        sl_stage_abort(s);
        return rc;
    }
    s->reserved = n > s->reserved ? n : s->reserved;
    s->unshared = true;
    return SL_OK;
}

enum sl_code sl_stage_write(struct sl_stage *s, const void *data, size_t n, struct sl_error *err)
{
    if (s->fd < 0)
        return sl_stage_not_begun(err);
    enum sl_code rc = sl_stage_fits(s, n, err);
    if (rc == SL_OK)
        rc = s->sparse ? sl_stage_put_sparse(s, data, n, err) : sl_stage_put_data(s, data, n, err);
    if (rc != SL_OK)
        sl_stage_abort(s);
    return rc;
}

enum sl_code sl_stage_hole(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    if (s->fd < 0)
        return sl_stage_not_begun(err);
    enum sl_code rc = sl_stage_fits(s, n, err);
    if (rc == SL_OK)
        rc = put_hole(s, n, err);
    if (rc != SL_OK)
        sl_stage_abort(s);
    return rc;
}

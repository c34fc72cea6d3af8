/* SPDX-License-Identifier: ISC */
/*
 * reader - reads one regular file in order. Where the file has fewer blocks than bytes the system is asked where the
 * holes are; other files cost no such questions. Whether the file was changed meanwhile is for the caller to ask at the
 * end.
 */
#include "config.h"
#include "tree/reader.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "tree/window.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STAT_BLOCK = 512,
    WINDOW_LEAST = 256 * 1024    /* what is shorter is read as quickly */
};

struct sl_reader_view {
    struct sl_window window;
    bool refused;                /* there is none for this file */
    uint8_t *buf;                /* then, and for what is short; owned */
    size_t buf_size;
};

#define NO_HOLES UINT64_MAX

static enum sl_code wrong_type(const char *name, struct sl_error *err)
{
    return sl_fail(err, SL_E_TYPE, "'%s' is not a regular file", name);
}

bool sl_reader_has_holes(const struct sl_reader *r)
{
    return !r->device && (int64_t)r->st.st_blocks * STAT_BLOCK < r->st.st_size;
}

/* Only what is a file is opened: opening alone wakes who waits at a fifo, starts a watchdog, rewinds a tape. What takes its place in
 * between is still found out, but then it was opened. */
enum sl_code sl_reader_open(struct sl_reader *r, int dirfd, const char *name, struct sl_error *err)
{
    *r = (struct sl_reader){ .fd = -1 };
    if (fstatat(dirfd, name, &r->st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(r->st.st_mode))
        return wrong_type(name, err);
    int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && (errno == ELOOP || errno == ENXIO)) /* a link; a socket, or a device that is not there */
        return wrong_type(name, err);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot open '%s'", name);
    if (fstat(fd, &r->st) != 0) {
        enum sl_code rc = sl_fail_errno(err, errno, "cannot look at '%s'", name);
        sl_io_close(&fd);
        return rc;
    }
    if (!S_ISREG(r->st.st_mode)) {
        sl_io_close(&fd);
        return wrong_type(name, err);
    }
    r->fd = fd;
    r->end = (uint64_t)r->st.st_size;
    r->data_end = sl_reader_has_holes(r) ? 0 : NO_HOLES;
    return SL_OK;
}

/* A character device may do anything when it is opened, and has no size. Opening a block device without reading does nothing. */
enum sl_code sl_reader_open_device(struct sl_reader *r, int dirfd, const char *name, struct sl_error *err)
{
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !(S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)))
        return sl_reader_open(r, dirfd, name, err);
    bool block = S_ISBLK(st.st_mode);
    *r = (struct sl_reader){ .fd = -1, .device = true, .data_end = NO_HOLES };
    int fd = openat(dirfd, name, (block ? O_RDONLY | O_NONBLOCK : O_PATH) | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot open '%s'", name);
    off_t size = block ? lseek(fd, 0, SEEK_END) : 0;
    if (size < 0 || fstat(fd, &r->st) != 0 || r->st.st_rdev != st.st_rdev || (r->st.st_mode & S_IFMT) != (st.st_mode & S_IFMT)) {
        enum sl_code rc = size < 0 ? sl_fail_errno(err, errno, "cannot tell the size of '%s'", name) : wrong_type(name, err);
        sl_io_close(&fd);
        return rc;
    }
    r->fd = fd;
    r->st.st_size = size;
    r->end = (uint64_t)size;
    return SL_OK;
}

uint64_t sl_reader_device_size(int dirfd, const char *name)
{
    struct sl_error ignored;
    struct sl_reader r;
    if (sl_reader_open_device(&r, dirfd, name, &ignored) != SL_OK)
        return 0;
    sl_reader_close(&r);
    return r.end;
}

void sl_reader_no_atime(const struct sl_reader *r)
{
    int flags = fcntl(r->fd, F_GETFL);
    if (flags >= 0)
        (void)fcntl(r->fd, F_SETFL, flags | O_NOATIME);
}

static enum sl_code shorter(struct sl_error *err)
{
    return sl_fail(err, SL_E_CHANGED, "the file became shorter while it was read");
}

/* No data behind the position: a hole to the end, if the end is still there. */
static enum sl_code last_hole(struct sl_reader *r, uint64_t *hole, struct sl_error *err)
{
    struct stat now;
    if (fstat(r->fd, &now) != 0)
        return sl_fail_errno(err, errno, "cannot look at the file");
    if (now.st_size < r->st.st_size)
        return shorter(err);
    *hole = r->end - r->pos;
    r->pos = r->end;
    return SL_OK;
}

/* At the end of an extent: finds the next one, and gives the hole before it if there is one. */
static enum sl_code next_extent(struct sl_reader *r, uint64_t *hole, struct sl_error *err)
{
    off_t data = lseek(r->fd, (off_t)r->pos, SEEK_DATA);
    if (data < 0 && errno == ENXIO)
        return last_hole(r, hole, err);
    off_t end = data < 0 ? -1 : lseek(r->fd, data, SEEK_HOLE);
    if (end < 0) {
        r->data_end = NO_HOLES;
        return SL_OK;
    }
    uint64_t begin = (uint64_t)data < r->end ? (uint64_t)data : r->end;
    *hole = begin - r->pos;
    r->pos = begin;
    r->data_end = (uint64_t)end < r->end ? (uint64_t)end : r->end;
    return SL_OK;
}

static enum sl_code read_at(const struct sl_reader *r, uint64_t at, char *data, size_t n, struct sl_error *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = pread(r->fd, data + done, n - done, (off_t)(at + done));
        if (k == 0)
            return shorter(err);
        if (k < 0 && errno != EINTR)
            return sl_fail_errno(err, errno, "cannot read");
        done += k > 0 ? (size_t)k : 0;
    }
    return SL_OK;
}

static enum sl_code read_data(struct sl_reader *r, char *data, size_t n, size_t *got, struct sl_error *err)
{
    uint64_t end = r->data_end < r->end ? r->data_end : r->end;
    size_t want = end - r->pos < n ? (size_t)(end - r->pos) : n;
    enum sl_code rc = read_at(r, r->pos, data, want, err);
    if (rc != SL_OK)
        return rc;
    r->pos += want;
    *got = want;
    return SL_OK;
}

/* At the position is a *hole, or data where there is none. */
static enum sl_code find_data(struct sl_reader *r, uint64_t *hole, struct sl_error *err)
{
    *hole = 0;
    if (r->pos >= r->end)
        return SL_EOF;
    return r->pos >= r->data_end ? next_extent(r, hole, err) : SL_OK;
}

enum sl_code sl_reader_next(struct sl_reader *r, void *data, size_t n, size_t *got, uint64_t *hole,
                            struct sl_error *err)
{
    enum sl_code rc = find_data(r, hole, err);
    *got = 0;
    return rc != SL_OK || *hole ? rc : read_data(r, data, n, got, err);
}

/* ---- without copying ---- */

static struct sl_reader_view *view_of(struct sl_reader *r)
{
    if (!r->view)
        r->view = sl_calloc(1, sizeof *r->view);
    return r->view;
}

/* Whether a window has what is at `at`: n bytes, or as many of the `left` as there are in one. */
static bool in_window(struct sl_reader *r, uint64_t at, size_t n, uint64_t left)
{
    struct sl_reader_view *v = r->view;
    uint64_t len = left < SL_WINDOW_BYTES ? left : SL_WINDOW_BYTES;
    if (sl_window_has(&v->window, at) && (!n || sl_window_has(&v->window, at + n - 1)))
        return true;
    sl_window_close(&v->window);
    if (v->refused || r->device || left < WINDOW_LEAST)
        return false;
    v->refused = !sl_window_open(&v->window, r->fd, at, n > len ? n : (size_t)len);
    return !v->refused;
}

/* What a window had was not there any more. */
static enum sl_code broken(const struct sl_reader *r, struct sl_error *err)
{
    struct stat now;
    if (fstat(r->fd, &now) == 0 && now.st_size >= r->st.st_size)
        return sl_fail(err, SL_E_IO, "cannot read");
    return shorter(err);
}

static uint8_t *room_for(struct sl_reader_view *v, size_t n)
{
    if (v->buf_size < n) {
        free(v->buf);
        v->buf = sl_malloc(n);
        v->buf_size = n;
    }
    return v->buf;
}

enum sl_code sl_reader_view(struct sl_reader *r, const uint8_t **data, size_t *got, uint64_t *hole, struct sl_error *err)
{
    struct sl_reader_view *v = view_of(r);
    if (v->window.broken)
        return broken(r, err);
    *got = 0;
    enum sl_code rc = find_data(r, hole, err);
    if (rc != SL_OK || *hole)
        return rc;
    uint64_t end = r->data_end < r->end ? r->data_end : r->end;
    if (in_window(r, r->pos, 0, end - r->pos)) {
        uint64_t there = v->window.at + v->window.len, to = end < there ? end : there;
        *data = sl_window_byte(&v->window, r->pos);
        *got = to - r->pos < SL_READER_VIEW_MAX ? (size_t)(to - r->pos) : SL_READER_VIEW_MAX;
        r->pos += *got;
        return SL_OK;
    }
    size_t most = r->st.st_size < SL_READER_VIEW_MAX ? (size_t)r->st.st_size : SL_READER_VIEW_MAX;
    *data = room_for(v, most);
    return read_data(r, (char *)v->buf, most, got, err);
}

const uint8_t *sl_reader_bytes(struct sl_reader *r, uint64_t at, size_t n, struct sl_error *err)
{
    struct sl_reader_view *v = view_of(r);
    uint64_t size = (uint64_t)r->st.st_size;
    if (v->window.broken || at > size || n > size - at) {
        (void)(v->window.broken ? broken(r, err) : shorter(err));
        return NULL;
    }
    if (in_window(r, at, n, size - at))
        return sl_window_byte(&v->window, at);
    return read_at(r, at, (char *)room_for(v, n), n, err) == SL_OK ? v->buf : NULL;
}

enum sl_code sl_reader_range(struct sl_reader *r, uint64_t at, uint64_t len, struct sl_error *err)
{
    if (at > (uint64_t)r->st.st_size || len > (uint64_t)r->st.st_size - at)
        return shorter(err);
    r->pos = at;
    r->end = at + len;
    r->data_end = NO_HOLES;
    return SL_OK;
}

enum sl_code sl_reader_part(struct sl_reader *r, uint64_t at, uint64_t len, struct sl_error *err)
{
    enum sl_code rc = sl_reader_range(r, at, len, err);
    if (rc == SL_OK && sl_reader_has_holes(r))
        r->data_end = 0;
    return rc;
}

enum sl_code sl_reader_portion(struct sl_reader *r, uint64_t at, uint64_t len, struct sl_error *err)
{
    uint64_t size = (uint64_t)r->st.st_size, from = at < size ? at : size;
    return sl_reader_part(r, from, len < size - from ? len : size - from, err);
}

enum sl_code sl_reader_hash(struct sl_reader *r, struct sl_hash *h, size_t most, uint64_t *done, struct sl_error *err)
{
    const uint8_t *piece = NULL;
    enum sl_code rc = SL_OK;
    for (*done = 0; rc == SL_OK && *done < most;) {
        size_t got = 0;
        uint64_t hole = 0;
        rc = sl_reader_view(r, &piece, &got, &hole, err);
        if (rc != SL_OK)
            break;
        if (hole)
            sl_hash_hole(h, hole);
        else
            sl_hash_data(h, piece, got);
        *done += got;
    }
    return rc;
}

uint64_t sl_reader_version(const struct sl_reader *r)
{
    const struct stat *st = &r->st;
    const uint64_t said[] = { (uint64_t)st->st_dev,          (uint64_t)st->st_ino,          (uint64_t)st->st_size,        (uint64_t)st->st_mtim.tv_sec,
                              (uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_ctim.tv_sec, (uint64_t)st->st_ctim.tv_nsec };
    uint8_t hash[SL_HASH_BYTES];
    uint64_t version;
    sl_hash_once(said, sizeof said, hash);
    memcpy(&version, hash, sizeof version);
    return version ? version : 1;
}

bool sl_reader_changed(const struct sl_reader *r)
{
    struct stat now;
    if (r->device)                       /* nobody can tell */
        return false;
    if (fstat(r->fd, &now) != 0 || (r->view && r->view->window.broken))
        return true;
    if (now.st_size != r->st.st_size || now.st_mtim.tv_sec != r->st.st_mtim.tv_sec || now.st_mtim.tv_nsec != r->st.st_mtim.tv_nsec)
        return true;
    bool touched = now.st_ctim.tv_sec != r->st.st_ctim.tv_sec || now.st_ctim.tv_nsec != r->st.st_ctim.tv_nsec;
    bool other_name_went = now.st_nlink && now.st_nlink < r->st.st_nlink;    /* that says nothing of its content */
    return touched && !other_name_went;
}

void sl_reader_close(struct sl_reader *r)
{
    if (r->view) {
        sl_window_close(&r->view->window);
        free(r->view->buf);
        free(r->view);
        r->view = NULL;
    }
    sl_io_close(&r->fd);
}

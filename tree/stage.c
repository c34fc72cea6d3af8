/* SPDX-License-Identifier: ISC */
/*
 * stage - how entries are made and replaced: aside under a staged name, complete, then renamed. The idea is the lock
 * file's of version control systems. Every function here that fails has removed what it made, except a new directory.
 */
#include "config.h"
#include "tree/stage_priv.h"

#include "base/attrs.h"
#include "base/io.h"
#include "base/mem.h"
#include "tree/inplace.h"
#include "tree/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

enum {
    BLOCK = 4096,    /* what file systems can leave out, and share */
    COPY_PIECE = 64 * 1024,
    WRITE_OUT_EVERY = 8 * 1024 * 1024,
    WRITE_AT_ONCE = 256 * 1024
};

/* ---- the name at last ---- */

int sl_stage_rename_new(int from_fd, const char *from, int to_fd, const char *to)
{
    if (syscall(SYS_renameat2, from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (linkat(from_fd, from, to_fd, to, 0) != 0) /* file systems without that flag */
        return -1;
    unlinkat(from_fd, from, 0);
    return 0;
}

static bool is_dir(int dirfd, const char *name)
{
    struct stat st;
    return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* temp becomes name, or is removed. */
enum sl_code sl_stage_give_name(int dirfd, const char *temp, const char *name, uint32_t flags, struct sl_error *err)
{
    int rc = flags & SL_STAGE_REPLACE ? renameat(dirfd, temp, dirfd, name) : sl_stage_rename_new(dirfd, temp, dirfd, name);
    if (rc == 0)
        return SL_OK;
    int why = errno;
    unlinkat(dirfd, temp, 0);
    if (why == EEXIST && is_dir(dirfd, name))
        why = EISDIR;
    return sl_fail_errno(err, why, "cannot rename staged file to '%s'", name);
}

/* ---- creating ---- */

/* Whether a new file has its owner from birth. Without the tables, a name may yet map to another number. */
static bool own(const struct sl_entry *e, uint32_t meta, struct sl_owners *owners)
{
    if (!(meta & (SL_META_UID | SL_META_GID)))
        return true;
    uint32_t uid = owners ? sl_owners_uid(owners, e->uid, e->user) : e->uid;
    uint32_t gid = owners ? sl_owners_gid(owners, e->gid, e->group) : e->gid;
    bool sure_uid = owners || !e->user || uid == 0, sure_gid = owners || !e->group || gid == 0;
    bool my_uid = geteuid() != 0 || (uid == 0 && sure_uid);
    bool my_gid = (gid == getegid() && sure_gid) || (owners && !sl_owners_can_gid(owners, gid));
    return (!(meta & SL_META_UID) || my_uid) && (!(meta & SL_META_GID) || my_gid);
}

/* Whether the mode can be given when the file is created: not before its owner is right, for until then the content is
 * nobody else's to read. */
bool sl_stage_born_with_mode(const struct sl_entry *e, uint32_t meta, struct sl_owners *owners)
{
    if (e->wants && e->wants->flags & SL_ATTRS_ACLS) /* the mode without its ACL gives the group too much, or an inherited one others */
        return false;
    return !(meta & SL_META_MODE) || (!(e->mode & 07000) && own(e, meta, owners));
}

mode_t sl_stage_first_mode(const struct sl_entry *e, uint32_t meta, bool born)
{
    if (!born)
        return 0600;
    return (e->mode & 0777) | (meta & SL_META_MODE ? 0 : 0600);
}

enum sl_code sl_stage_check_name(const struct sl_entry *e, struct sl_error *err)
{
    return sl_name_ok(e->name, e->name_len) ? SL_OK : sl_fail(err, SL_E_NAME, "'%s' is not a name", e->name);
}

/* Needs s->dirfd, which it borrows; fills the rest. owners may be NULL. */
static enum sl_code create(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
                           struct sl_error *err)
{
    const int flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    s->born_with_mode = sl_stage_born_with_mode(e, meta, owners);
    const mode_t mode = sl_stage_first_mode(e, meta, s->born_with_mode);
    enum sl_code rc = sl_stage_check_name(e, err);
    if (rc != SL_OK)
        return rc;
    memcpy(s->name, e->name, e->name_len + 1);
    int tries = SL_STAGE_TRIES_MAX, access = O_RDWR;
    do {
        sl_stage_temp_name(s->temp, s->name);
        s->fd = openat(s->dirfd, s->temp, flags | access, mode);
        if (s->fd < 0 && errno == EACCES && access == O_RDWR) {
            /* Confined to writing, what is shared can't be read back. The kernel makes the file before it finds that out. */
            unlinkat(s->dirfd, s->temp, 0);
            access = O_WRONLY;
            s->unshared = true;
            errno = EEXIST;
        }
    } while (s->fd < 0 && errno == EEXIST && --tries);
    return s->fd < 0 ? sl_fail_errno(err, errno, "cannot create '%s'", s->name) : SL_OK;
}

/* Says that it is being written, as long as this process lives (tree/kept.h). Without locks nothing is lost but that. */
static void lock(int fd)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    (void)fcntl(fd, F_OFD_SETLK, &l);
}

enum sl_code sl_stage_begin(struct sl_stage *s, int dirfd, const struct sl_entry *e, uint32_t meta,
                            struct sl_error *err)
{
    *s = (struct sl_stage){ .dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0), .fd = -1 };
    if (s->dirfd < 0)
        return sl_fail_errno(err, errno, "cannot create '%s'", e->name);
    enum sl_code rc = create(s, e, meta, NULL, err);
    if (rc != SL_OK)
        sl_io_close(&s->dirfd);
    else
        lock(s->fd);
    return rc;
}

enum sl_code sl_stage_begin_inplace(struct sl_stage *s, int dirfd, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                                    struct sl_error *err)
{
    struct sl_error other = { 0 };
    bool made = false, born = sl_stage_born_with_mode(e, meta, NULL);
    enum sl_code rc = sl_stage_check_name(e, err);
    *s = (struct sl_stage){ .dirfd = -1, .fd = -1 };
    if (rc != SL_OK)
        return rc;
    if ((s->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0)) < 0)
        return sl_fail_errno(err, errno, "cannot create '%s'", e->name);
    memcpy(s->name, e->name, e->name_len + 1);
    rc = sl_inplace_open(s, sl_stage_first_mode(e, meta, born), flags, &made, &other);
    s->made = made;
    s->born_with_mode = made && born;
    if (rc == SL_OK)
        return rc;
    sl_io_close(&s->dirfd);
    if (rc == SL_E_TYPE)
        return sl_stage_begin(s, dirfd, e, meta, err);
    *err = other;
    return rc;
}

/* ---- content ---- */

/* Removes the staged file, unless it stays; errno and the directory's descriptor are kept. */
static void discard(struct sl_stage *s)
{
    int keep = errno;
    free(s->buf);
    s->buf = NULL;
    sl_io_close(&s->fd);
    if (!s->stays)
        unlinkat(s->dirfd, s->temp, 0);
    errno = keep;
}

static enum sl_code write_failed(const struct sl_stage *s, struct sl_error *err)
{
    return sl_fail_errno(err, errno, "cannot write '%s'", s->name);
}

/* Where it will replace another file, ext4 writes all of it out when it is renamed, while this process waits (its option auto_da_alloc). What is
 * written out in the meantime is not waited for. Measured: 1 GiB with few changes takes a fifth less in all. `to`: written up to here. */
static void write_out(struct sl_stage *s, uint64_t to)
{
    struct stat st;
    if (s->inplace || to < s->out + WRITE_OUT_EVERY)
        return;
    if (!s->looked)
        s->replaces = fstatat(s->dirfd, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    s->looked = true;
    if (s->replaces)
        (void)sync_file_range(s->fd, (off_t)s->out, (off_t)(to - s->out), SYNC_FILE_RANGE_WRITE);
    s->out = to;
}

static enum sl_code write_buf(struct sl_stage *s, struct sl_error *err)
{
    size_t n = s->buf_len;
    s->buf_len = 0;
    if (n && sl_io_write_all(s->fd, s->buf, n) != SL_OK)
        return write_failed(s, err);
    write_out(s, s->pos);
    return SL_OK;
}

/* How much fits the buffer before it is written: writes end at multiples of its size, wherever the pieces do. A file written in pieces of
 * a few KiB at odd places takes twice the time. */
static size_t buf_room(const struct sl_stage *s)
{
    return WRITE_AT_ONCE - (size_t)(s->pos % WRITE_AT_ONCE);
}

/* k bytes more are in the buffer. */
static enum sl_code took(struct sl_stage *s, size_t k, struct sl_error *err)
{
    s->buf_len += k;
    s->pos += k;
    s->hole_at_end = s->hole_at_end && k == 0;
    return s->pos % WRITE_AT_ONCE == 0 ? write_buf(s, err) : SL_OK;
}

static enum sl_code put_data(struct sl_stage *s, const uint8_t *data, size_t n, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    if (!s->buf) {
        if (sl_io_write_all(s->fd, data, n) != SL_OK)
            return write_failed(s, err);
        s->pos += n;
        s->hole_at_end = s->hole_at_end && n == 0;
        write_out(s, s->pos);
        return SL_OK;
    }
    for (size_t k; n && rc == SL_OK; data += k, n -= k) {
        k = buf_room(s) < n ? buf_room(s) : n;
        memcpy(s->buf + s->buf_len, data, k);
        rc = took(s, k, err);
    }
    return rc;
}

static enum sl_code put_hole(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    enum sl_code rc = write_buf(s, err);
    if (rc != SL_OK)
        return rc;
    if (n > (uint64_t)INT64_MAX - s->pos) {
        errno = EFBIG;
        return write_failed(s, err);
    }
    if (s->stays && (rc = sl_inplace_hole(s, n, err)) != SL_OK)
        return rc;
    if (n && lseek(s->fd, (off_t)(s->pos + n), SEEK_SET) < 0)
        return write_failed(s, err);
    s->pos += n;
    s->hole_at_end = s->hole_at_end || n > 0;
    return SL_OK;
}

/* The next piece of data, cut at the file's blocks. */
static size_t piece(const struct sl_stage *s, size_t done, size_t n)
{
    size_t to_edge = BLOCK - (size_t)((s->pos + done) % BLOCK);
    return to_edge < n - done ? to_edge : n - done;
}

static bool is_zero_block(const uint8_t *p, size_t n)
{
    return n == BLOCK && p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* Runs of whole zero blocks become holes, what is between them is written at once. */
static enum sl_code put_sparse(struct sl_stage *s, const uint8_t *p, size_t n, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (n && rc == SL_OK) {
        size_t k = piece(s, 0, n), run = k;
        bool zero = is_zero_block(p, k);
        while (run < n && (k = piece(s, run, n), is_zero_block(p + run, k) == zero))
            run += k;
        rc = zero ? put_hole(s, run, err) : put_data(s, p, run, err);
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
    return s->part ? s->hole_at_end && s->pos == s->size : s->hole_at_end || is_longer(s);
}

static enum sl_code end_content(struct sl_stage *s, struct sl_error *err)
{
    enum sl_code rc = write_buf(s, err);
    free(s->buf);
    s->buf = NULL;
    if (rc != SL_OK)
        return rc;
    if (sets_size(s) && ftruncate(s->fd, (off_t)s->pos) != 0)
        return write_failed(s, err);
    return SL_OK;
}

static enum sl_code not_begun(struct sl_error *err)
{
    return sl_fail(err, SL_E_INVALID, "no staged file is open");
}

/* A part ends with its file at the latest. */
static enum sl_code fits(const struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    if (!s->part || n <= s->size - s->pos)
        return SL_OK;
    return sl_fail(err, SL_E_INVALID, "a part goes beyond the end of '%s'", s->name);
}

enum sl_code sl_stage_write(struct sl_stage *s, const void *data, size_t n, struct sl_error *err)
{
    if (s->fd < 0)
        return not_begun(err);
    enum sl_code rc = fits(s, n, err);
    if (rc == SL_OK)
        rc = s->sparse ? put_sparse(s, data, n, err) : put_data(s, data, n, err);
    if (rc != SL_OK)
        sl_stage_abort(s);
    return rc;
}

enum sl_code sl_stage_hole(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    if (s->fd < 0)
        return not_begun(err);
    enum sl_code rc = fits(s, n, err);
    if (rc == SL_OK)
        rc = put_hole(s, n, err);
    if (rc != SL_OK)
        sl_stage_abort(s);
    return rc;
}

/* ---- content of another file ---- */

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
    return !s->unshared && !s->sparse && from % BLOCK == 0 && s->pos % BLOCK == 0 && n % BLOCK == 0;
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

/* What is shared is read back from the staged file, for the hash. */
static enum sl_code hash_shared(struct sl_stage *s, uint64_t n, struct sl_hash *h, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    for (size_t k; n && rc == SL_OK; n -= k) {
        k = n < WRITE_AT_ONCE ? (size_t)n : WRITE_AT_ONCE;
        rc = read_at(s, s->fd, s->pos, s->buf, k, err);
        if (rc == SL_OK && h)
            sl_hash_data(h, s->buf, k);
        s->pos += k;
    }
    s->hole_at_end = false;
    return rc == SL_OK && lseek(s->fd, (off_t)s->pos, SEEK_SET) < 0 ? write_failed(s, err) : rc;
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
    return s->sparse ? put_sparse(s, aside, n, err) : took(s, n, err);
}

/* A stretch of the file itself that stays where it is. */
static enum sl_code stay(struct sl_stage *s, int fd, uint64_t n, struct sl_hash *h, struct sl_error *err)
{
    enum sl_code rc = write_buf(s, err);
    for (size_t k; n && rc == SL_OK; n -= k) {
        k = n < WRITE_AT_ONCE ? (size_t)n : WRITE_AT_ONCE;
        rc = read_at(s, fd, s->pos, s->buf, k, err);
        if (rc == SL_OK && h)
            sl_hash_data(h, s->buf, k);
        s->pos += k;
    }
    s->hole_at_end = false;
    return rc == SL_OK && lseek(s->fd, (off_t)s->pos, SEEK_SET) < 0 ? write_failed(s, err) : rc;
}

static enum sl_code copy(struct sl_stage *s, int fd, uint64_t from, uint64_t n, struct sl_hash *h, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    if (!s->buf)
        s->buf = sl_malloc(WRITE_AT_ONCE);
    if (from == s->pos && sl_inplace_is(s, fd))
        return stay(s, fd, n, h, err);
    if (may_share(s, from, n) && (rc = write_buf(s, err)) == SL_OK && share(s, fd, from, n))
        return hash_shared(s, n, h, err);
    for (size_t k; n && rc == SL_OK; from += k, n -= k) {
        size_t most = s->sparse ? COPY_PIECE : buf_room(s);
        k = n < most ? (size_t)n : most;
        rc = copy_some(s, fd, from, k, h, err);
    }
    return rc;
}

enum sl_code sl_stage_copy(struct sl_stage *s, int fd, uint64_t from, uint64_t n, struct sl_hash *h, struct sl_error *err)
{
    if (s->fd < 0)
        return not_begun(err);
    enum sl_code rc = fits(s, n, err);
    if (rc == SL_OK)
        rc = copy(s, fd, from, n, h, err);
    if (rc != SL_OK)
        sl_stage_abort(s);
    return rc;
}

enum sl_code sl_stage_keep(struct sl_stage *s, uint64_t n, struct sl_error *err)
{
    if (s->fd < 0)
        return not_begun(err);
    enum sl_code rc = s->pos ? sl_fail(err, SL_E_INVALID, "'%s' was begun already", s->name) : sl_inplace_length(s, n, err);
    if (rc == SL_OK && lseek(s->fd, (off_t)n, SEEK_SET) < 0)
        rc = write_failed(s, err);
    if (rc == SL_OK)
        s->pos = n;
    else
        sl_stage_abort(s);
    return rc;
}

/* ---- commit ---- */

/* The file system's own choices (group of the directory, default ACL) show in the stat. A mode that goes through the
 * umask is left as creating the file gave it: the system knows default ACLs, which then hold instead. */
static enum sl_code set_meta(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
                             struct sl_error *err)
{
    struct stat st;
    if ((meta & SL_META_UMASK) && s->born_with_mode)
        meta &= ~(uint32_t)SL_META_MODE;
    if (!(meta & (SL_META_UID | SL_META_GID | SL_META_MODE)) && !e->wants)
        return sl_meta_set_fd(s->fd, NULL, e, meta, owners, err);
    if (fstat(s->fd, &st) != 0)
        return sl_fail_errno(err, errno, "cannot look at staged file of '%s'", s->name);
    st.st_mtim.tv_nsec = -1; /* writing changed it: set it whatever it was */
    return sl_meta_set_fd(s->fd, &st, e, meta, owners, err);
}

/* Everything from the last byte to the name; the directory's descriptor stays open. Some attributes may be missing (SL_E_ATTRS). */
static enum sl_code finish(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                           struct sl_owners *owners, struct sl_error *err)
{
    enum sl_code attrs = SL_OK, rc = end_content(s, err);
    if (rc == SL_OK)
        rc = set_meta(s, e, meta, owners, err);
    if (rc == SL_E_ATTRS) {
        attrs = rc;
        rc = SL_OK;
    }
    if (rc == SL_OK && flags & SL_STAGE_FSYNC && fsync(s->fd) != 0)
        rc = write_failed(s, err);
    if (rc != SL_OK) {
        discard(s);
        return rc;
    }
    int fd = s->fd;
    s->fd = -1;
    if (close(fd) != 0 && errno != EINTR) { /* a remote file system may tell only now that there is no room */
        rc = write_failed(s, err);
        discard(s);
        return rc;
    }
    if (!s->inplace)
        rc = sl_stage_give_name(s->dirfd, s->temp, s->name, flags, err);
    if (rc == SL_OK && flags & SL_STAGE_FSYNC && (!s->inplace || s->made))
        rc = sl_stage_sync_dir(s, err);
    return rc == SL_OK ? attrs : rc;
}

enum sl_code sl_stage_commit(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                             struct sl_owners *owners, struct sl_error *err)
{
    if (s->fd < 0)
        return not_begun(err);
    bool long_one = s->pos >= SL_KEPT_LEAST;
    enum sl_code rc = finish(s, e, meta, flags, owners, err);
    if ((rc == SL_OK || rc == SL_E_ATTRS) && long_one)
        sl_kept_remove(s->dirfd, s->name, s->kept_in);
    sl_io_close(&s->dirfd);
    return rc;
}

void sl_stage_abort(struct sl_stage *s)
{
    struct sl_error ignored = { 0 };
    if (s->fd >= 0 && s->stays)          /* what came is of use to the next run */
        write_buf(s, &ignored);
    if (s->fd >= 0)
        discard(s);
    sl_io_close(&s->dirfd);
}

enum sl_code sl_stage_flush(struct sl_stage *s, struct sl_error *err)
{
    return end_content(s, err);
}

void sl_stage_partial(struct sl_stage *s, uint32_t flags)
{
    struct sl_error ignored = { 0 };
    if (end_content(s, &ignored) == SL_OK)
        sl_stage_give_name(s->dirfd, s->temp, s->name, flags, &ignored);
    else
        unlinkat(s->dirfd, s->temp, 0);
    sl_io_close(&s->fd);
    sl_io_close(&s->dirfd);
}

struct bytes { const void *data; size_t n; };

static enum sl_code put_inplace(int dirfd, const struct sl_entry *e, uint32_t meta, uint32_t flags, const struct bytes *b,
                                struct sl_owners *owners, struct sl_error *err)
{
    struct sl_stage s;
    enum sl_code rc = sl_stage_begin_inplace(&s, dirfd, e, meta, flags, err);
    if (rc != SL_OK)
        return rc;
    s.sparse = flags & SL_STAGE_SPARSE;
    rc = sl_stage_write(&s, b->data, b->n, err);
    return rc == SL_OK ? sl_stage_commit(&s, e, meta, flags, owners, err) : rc;
}

enum sl_code sl_stage_put(int dirfd, const struct sl_entry *e, uint32_t meta, uint32_t flags, const void *data,
                          size_t n, struct sl_owners *owners, struct sl_error *err)
{
    struct sl_stage s = { .dirfd = dirfd, .fd = -1 };
    if (flags & SL_STAGE_INPLACE)
        return put_inplace(dirfd, e, meta, flags, &(struct bytes){ data, n }, owners, err);
    enum sl_code rc = create(&s, e, meta, owners, err);
    if (rc != SL_OK)
        return rc;
    rc = flags & SL_STAGE_SPARSE ? put_sparse(&s, data, n, err) : put_data(&s, data, n, err);
    if (rc == SL_OK)
        return finish(&s, e, meta, flags, owners, err);
    discard(&s);
    return rc;
}

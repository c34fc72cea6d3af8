/* SPDX-License-Identifier: ISC */
/* stage_commit - the end of a staged file: metadata, then the name; or it is removed. */
#include "config.h"
#include "tree/stage_priv.h"
#include "base/attrs.h"
#include "base/io.h"
#include "tree/away.h"
#include "tree/device.h"
#include "tree/hold.h"
#include "tree/inplace.h"
#include "tree/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

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

/* Removes the staged file, unless it stays; errno and the directory's descriptor are kept. */
void sl_stage_discard(struct sl_stage *s)
{
    int keep = errno;
    struct stat st;
    free(s->buf);
    s->buf = NULL;
    if (s->stays && s->reserved && fstat(s->fd, &st) == 0)       /* what was reserved behind its end goes */
        (void)!ftruncate(s->fd, st.st_size);
    sl_io_close(&s->fd);
    if (!s->stays)
        unlinkat(sl_away_dir(s), s->temp, 0);
    sl_away_end(s);
    errno = keep;
}

/* The file system's own choices (group of the directory, default ACL) show in the stat. A mode that goes through the
 * umask is left as creating the file gave it: the system knows default ACLs, which then hold instead. */
static enum sl_code set_meta(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
                             struct sl_error *err)
{
    struct stat st;
    struct sl_entry made = *e;
    bool gets_acl = e->wants && e->wants->flags & SL_ATTRS_ACLS;
    if (s->came_home && !gets_acl && sl_stage_inherit_acl(s, err) != SL_OK)
        return err->code;
    if ((meta & SL_META_UMASK) && s->born_with_mode && !s->came_home)
        meta &= ~(uint32_t)SL_META_MODE;
    sl_stage_inherit(s->dirfd, &made, &meta);
    e = &made;
    if (!(meta & (SL_META_UID | SL_META_GID | SL_META_MODE)) && !e->wants)
        return sl_meta_set_fd(s->fd, NULL, e, meta, owners, err);
    if (fstat(s->fd, &st) != 0)
        return sl_fail_errno(err, errno, "cannot look at staged file of '%s'", s->name);
    st.st_mtim.tv_nsec = -1; /* writing changed it: set it whatever it was */
    return sl_meta_set_fd(s->fd, &st, e, meta, owners, err);
}

/* Where nobody did it in steps before. */
static enum sl_code bring_home(struct sl_stage *s, struct sl_error *err)
{
    uint64_t bytes;
    enum sl_code rc = sl_away_home(s, err);
    while (rc == SL_AGAIN)
        rc = sl_away_step(s, &bytes, err);
    return rc;
}

/* Everything from the last byte to the name; the directory's descriptor stays open. Some attributes may be missing (SL_E_ATTRS). */
enum sl_code sl_stage_finish(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                           struct sl_owners *owners, struct sl_error *err)
{
    enum sl_code attrs = SL_OK, rc = sl_stage_end_content(s, err);
    if (rc == SL_OK)
        rc = bring_home(s, err);
    if (rc == SL_OK)
        rc = set_meta(s, e, meta, owners, err);
    if (rc == SL_E_ATTRS) {
        attrs = rc;
        rc = SL_OK;
    }
    if (rc == SL_OK && s->device)
        rc = sl_device_sync(s, err);
    else if (rc == SL_OK && flags & SL_STAGE_FSYNC && fsync(s->fd) != 0)
        rc = sl_stage_write_failed(s, err);
    if (rc != SL_OK) {
        sl_stage_discard(s);
        return rc;
    }
    int fd = s->fd;
    s->fd = -1;
    if (close(fd) != 0 && errno != EINTR) { /* a remote file system may tell only now that there is no room */
        rc = sl_stage_write_failed(s, err);
        sl_stage_discard(s);
        return rc;
    }
    if (flags & SL_STAGE_HOLD)
        rc = sl_hold_keep(s, err);
    else if (!s->inplace)
        rc = sl_stage_give_name(s->dirfd, s->temp, s->name, flags, err);
    else if (!s->device)
        rc = sl_inplace_named(s, err);
    if (rc == SL_OK && flags & SL_STAGE_FSYNC && !(flags & SL_STAGE_HOLD) && (!s->inplace || s->made))
        rc = sl_stage_sync_dir(s, err);
    return rc == SL_OK ? attrs : rc;
}

/* What was kept of it is of no use any more. It may have been replaced by what waits now. */
static void forget_kept(const struct sl_stage *s, uint32_t flags)
{
    if (!(flags & SL_STAGE_HOLD) && flags & SL_STAGE_REPLACE)    /* who may not replace it may not take away what is to */
        sl_hold_forget(s->dirfd, s->name);
    if (s->searched && !s->searched->in)
        sl_kept_adopt(s->dirfd, s->name, s->searched);
    if (!(flags & SL_STAGE_HOLD) || !s->kept_in)
        sl_kept_remove(s->dirfd, s->name, s->kept_in);
}

enum sl_code sl_stage_commit(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                             struct sl_owners *owners, struct sl_error *err)
{
    if (s->fd < 0)
        return sl_stage_not_begun(err);
    bool long_one = s->pos >= SL_KEPT_LEAST;
    enum sl_code rc = sl_stage_finish(s, e, meta, flags, owners, err);
    if ((rc == SL_OK || rc == SL_E_ATTRS) && long_one)
        forget_kept(s, flags);
    sl_io_close(&s->dirfd);
    return rc;
}

void sl_stage_abort(struct sl_stage *s)
{
    struct sl_error ignored = { 0 };
    if (s->fd >= 0 && s->stays)          /* what came is of use to the next run */
        sl_stage_write_buf(s, &ignored);
    if (s->fd >= 0)
        sl_stage_discard(s);
    sl_io_close(&s->dirfd);
}

enum sl_code sl_stage_flush(struct sl_stage *s, struct sl_error *err)
{
    return sl_stage_end_content(s, err);
}

static struct sl_stage_there look(const struct sl_stage *s)
{
    struct stat st;
    if (fstatat(s->dirfd, s->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return (struct sl_stage_there){ .known = errno == ENOENT };
    return (struct sl_stage_there){ true, true, st.st_dev, st.st_ino, st.st_size, st.st_ctim };
}

void sl_stage_watch(struct sl_stage *s)
{
    s->there = look(s);
}

bool sl_stage_unchanged(const struct sl_stage *s)
{
    struct sl_stage_there now = look(s);
    const struct sl_stage_there *was = &s->there;
    if (!was->known || !now.known || was->any != now.any)
        return false;
    return !now.any || (was->dev == now.dev && was->ino == now.ino && was->size == now.size && was->changed.tv_sec == now.changed.tv_sec &&
                        was->changed.tv_nsec == now.changed.tv_nsec);
}

void sl_stage_partial(struct sl_stage *s, uint32_t flags)
{
    struct sl_error ignored = { 0 };
    if (sl_stage_end_content(s, &ignored) == SL_OK)
        sl_stage_give_name(s->dirfd, s->temp, s->name, flags, &ignored);
    else
        unlinkat(s->dirfd, s->temp, 0);
    sl_io_close(&s->fd);
    sl_io_close(&s->dirfd);
}

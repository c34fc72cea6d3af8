/* SPDX-License-Identifier: ISC */
/* stage_special - what has no content: links, devices, fifos, sockets and directories; and removing. */
#include "config.h"
#include "tree/stage_priv.h"
#include "base/io.h"

#include "base/attrs.h"
#include "tree/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int make_once(int dirfd, const char *temp, const struct sl_entry *e, mode_t mode)
{
    static const mode_t formats[] = {
        [SL_TYPE_CHAR] = S_IFCHR, [SL_TYPE_BLOCK] = S_IFBLK, [SL_TYPE_FIFO] = S_IFIFO, [SL_TYPE_SOCKET] = S_IFSOCK
    };
    if (e->type == SL_TYPE_LINK)
        return symlinkat(e->target, dirfd, temp);
    bool device = e->type == SL_TYPE_CHAR || e->type == SL_TYPE_BLOCK;
    return mknodat(dirfd, temp, formats[e->type] | mode, device ? makedev(e->rdev_major, e->rdev_minor) : 0);
}

static enum sl_code check_special(const struct sl_entry *e, struct sl_error *err)
{
    if (e->type < SL_TYPE_LINK || e->type > SL_TYPE_SOCKET)
        return sl_fail(err, SL_E_INVALID, "'%s' is no link, device, fifo or socket", e->name);
    if (e->type == SL_TYPE_LINK && (!e->target || !*e->target))
        return sl_fail(err, SL_E_INVALID, "symbolic link '%s' has no target", e->name);
    return sl_stage_check_name(e, err);
}

/* A file that stands for it, under a staged name. */
static enum sl_code make_fake(int dirfd, char temp[SL_NAME_MAX + 1], const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
                              struct sl_error *err)
{
    int fd, tries = SL_STAGE_TRIES_MAX;
    if (!(meta & SL_META_MODE))
        meta |= SL_META_MODE | SL_META_UMASK;
    do {
        sl_stage_temp_name(temp, e->name);
        fd = openat(dirfd, temp, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EEXIST && --tries);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot create '%s'", e->name);
    enum sl_code rc = e->type == SL_TYPE_LINK ? sl_io_write_all(fd, e->target, strlen(e->target)) : SL_OK;
    if (rc != SL_OK)
        sl_fail_errno(err, errno, "cannot write '%s'", e->name);
    else
        rc = sl_meta_set_fd(fd, NULL, e, meta, owners, err);
    if (close(fd) != 0 && errno != EINTR && (rc == SL_OK || rc == SL_E_ATTRS))
        rc = sl_fail_errno(err, errno, "cannot write '%s'", e->name);
    if (rc != SL_OK && rc != SL_E_ATTRS)
        unlinkat(dirfd, temp, 0);
    return rc;
}

static enum sl_code special_fake(int dirfd, const struct sl_entry *e, uint32_t meta, uint32_t flags, struct sl_owners *owners, struct sl_error *err)
{
    char temp[SL_NAME_MAX + 1];
    enum sl_code rc = make_fake(dirfd, temp, e, meta, owners, err);
    if (rc != SL_OK && rc != SL_E_ATTRS)
        return rc;
    enum sl_code named = sl_stage_give_name(dirfd, temp, e->name, flags, err);
    return named == SL_OK ? rc : named;
}

/* To who asked it is a change of metadata: the directory's time stays. */
static enum sl_code keeping_times(int dirfd, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners, struct sl_error *err)
{
    struct stat st;
    bool known = fstat(dirfd, &st) == 0;
    enum sl_code rc = special_fake(dirfd, e, meta, SL_STAGE_REPLACE, owners, err);
    const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, known ? st.st_mtim : (struct timespec){ .tv_nsec = UTIME_OMIT } };
    if (known && futimens(dirfd, times) != 0 && errno == EBADF)
        (void)utimensat(dirfd, "", times, AT_EMPTY_PATH);
    return rc;
}

enum sl_code sl_stage_fake_over(int dirfd, const char *name, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners, struct sl_error *err)
{
    struct sl_entry is, made = *e;
    char target[SL_TARGET_MAX + 1];
    enum sl_code rc = sl_meta_stat(dirfd, name, NULL, &is, target, NULL, err);
    if (rc != SL_OK)
        return rc;
    if (is.type != e->type)
        return sl_fail(err, SL_E_TYPE, "'%s' is of another type", name);
    made.mode = meta & SL_META_MODE ? e->mode : is.mode;
    made.uid = meta & SL_META_UID ? e->uid : is.uid;
    made.user = meta & SL_META_UID ? e->user : NULL;
    made.gid = meta & SL_META_GID ? e->gid : is.gid;
    made.group = meta & SL_META_GID ? e->group : NULL;
    made.mtime_s = meta & SL_META_MTIME ? e->mtime_s : is.mtime_s;
    made.mtime_ns = meta & SL_META_MTIME ? e->mtime_ns : is.mtime_ns;
    made.target = is.target;
    made.target_len = is.target_len;
    made.rdev_major = is.rdev_major;
    made.rdev_minor = is.rdev_minor;
    return keeping_times(dirfd, &made, (meta | SL_META_ALL) & ~(uint32_t)SL_META_UMASK, owners, err);
}

enum sl_code sl_stage_special(int dirfd, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                              struct sl_owners *owners, struct sl_error *err)
{
    char temp[SL_NAME_MAX + 1];
    int made, tries = SL_STAGE_TRIES_MAX;
    enum sl_code rc = check_special(e, err);
    if (rc != SL_OK)
        return rc;
    if (meta & SL_META_FAKE)
        return special_fake(dirfd, e, meta, flags, owners, err);
    bool born = sl_stage_born_with_mode(e, meta, owners);
    do {
        sl_stage_temp_name(temp, e->name);
        made = make_once(dirfd, temp, e, sl_stage_first_mode(e, meta, born));
    } while (made != 0 && errno == EEXIST && --tries);
    if (made != 0)
        return sl_fail_errno(err, errno, "cannot create '%s'", e->name);
    struct sl_entry as = *e;
    if ((meta & SL_META_UMASK) && born)
        meta &= ~(uint32_t)SL_META_MODE;
    sl_stage_inherit(dirfd, &as, &meta);
    rc = meta || e->wants ? sl_meta_set_at(dirfd, temp, &as, meta, owners, err) : SL_OK;
    if (rc == SL_OK || rc == SL_E_ATTRS) {
        enum sl_code named = sl_stage_give_name(dirfd, temp, e->name, flags, err);
        return named == SL_OK ? rc : named;
    }
    unlinkat(dirfd, temp, 0);
    return rc;
}

enum sl_code sl_stage_mkdir(int dirfd, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
                            struct sl_error *err)
{
    struct sl_entry made = *e;
    struct stat st;
    enum sl_code rc = sl_stage_check_name(e, err);
    if (rc != SL_OK)
        return rc;
    made.type = SL_TYPE_DIR;
    made.mode |= 0700;
    bool acls = e->wants && e->wants->flags & SL_ATTRS_ACLS;     /* before it has its own, the mode alone could give too much */
    if (mkdirat(dirfd, e->name, acls ? 0700 : made.mode & 0777) != 0)
        return sl_fail_errno(err, errno, "cannot create directory '%s'", e->name);
    meta &= ~(uint32_t)SL_META_MTIME;
    if ((meta & SL_META_UMASK) && !(made.mode & 07000))
        meta &= ~(uint32_t)SL_META_MODE;
    else if (meta & SL_META_UMASK && fstatat(dirfd, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        made.mode = (made.mode & 07000) | (st.st_mode & 02777);
        meta &= ~(uint32_t)SL_META_UMASK;
    }
    if (!(meta & (SL_META_MODE | SL_META_UID | SL_META_GID)) && !e->wants)
        return SL_OK;
    return sl_meta_set_at(dirfd, e->name, &made, meta, owners, err);
}

enum sl_code sl_stage_remove(int dirfd, const char *name, enum sl_type kind, struct sl_error *err)
{
    if (!sl_name_ok(name, strlen(name)))
        return sl_fail(err, SL_E_NAME, "'%s' is not a name", name);
    if (unlinkat(dirfd, name, kind == SL_TYPE_DIR ? AT_REMOVEDIR : 0) == 0)
        return SL_OK;
    int why = kind == SL_TYPE_DIR && errno == EEXIST ? ENOTEMPTY : errno; /* POSIX allows either */
    return sl_fail_errno(err, why, "cannot remove '%s'", name);
}

enum sl_code sl_stage_remove_as(int dirfd, const char *name, const struct sl_entry *as, uint32_t meta, struct sl_error *err)
{
    struct sl_entry is;
    enum sl_code rc = meta & SL_META_FAKE ? sl_fake_stat(dirfd, name, NULL, &is, NULL, NULL, err)
                                          : sl_meta_stat(dirfd, name, NULL, &is, NULL, NULL, err);
    if (rc != SL_OK)
        return rc;
    bool same = is.type == as->type && is.mtime_s == as->mtime_s && is.mtime_ns == as->mtime_ns;
    if (!same || is.type == SL_TYPE_DIR || (is.type == SL_TYPE_FILE && is.size != as->size))
        return sl_fail(err, SL_E_CHANGED, "'%s' changed since it was listed, so it stays", name);
    return sl_stage_remove(dirfd, name, is.type, err);
}

enum sl_code sl_stage_sync_dir(const struct sl_stage *s, struct sl_error *err)
{
    int fd = openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        return SL_OK;
    enum sl_code rc = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL) ? SL_OK : sl_fail_errno(err, errno, "cannot sync the directory of '%s'", s->name);
    sl_io_close(&fd);
    return rc;
}

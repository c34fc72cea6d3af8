/* SPDX-License-Identifier: ISC */
/*
 * meta - entries from stat and back. What is to be changed is worked out first (struct change) and then applied with
 * the calls that this needs and no others. A thing named by a name is changed through a descriptor that was opened
 * without following a link and looked at, so that a link put in its place meanwhile leads nowhere.
 */
#include "config.h"
#include "tree/meta.h"

#include "base/io.h"
#include "tree/attrs.h"
#include "tree/fake.h"
#include "tree/stage_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

enum { SETID = S_ISUID | S_ISGID };

struct change {
    bool owner, mode, times_now, mode_known;
    const struct sl_attrs_want *wants; /* NULL: no attributes */
    uid_t uid; /* -1: stays */
    gid_t gid;
    mode_t bits;
    struct timespec times[2];
    bool fake, keeps;                  /* of a tree that stands for another one; its attribute is needed */
    mode_t as_mode;
    char text[SL_FAKE_TEXT_MAX];
};

static atomic_int umask_kept = -1;

uint32_t sl_meta_umask(void)
{
    int kept = atomic_load(&umask_kept);
    if (kept >= 0)
        return (uint32_t)kept;
    mode_t mask = umask(0);
    umask(mask);
    return mask;
}

void sl_meta_keep_umask(void)
{
    atomic_store(&umask_kept, (int)sl_meta_umask());
}

/* ---- from the system ---- */

static enum sl_type type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return SL_TYPE_FILE;
    case S_IFDIR:
        return SL_TYPE_DIR;
    case S_IFLNK:
        return SL_TYPE_LINK;
    case S_IFCHR:
        return SL_TYPE_CHAR;
    case S_IFBLK:
        return SL_TYPE_BLOCK;
    case S_IFIFO:
        return SL_TYPE_FIFO;
    case S_IFSOCK:
        return SL_TYPE_SOCKET;
    default:
        return SL_TYPE_NONE;
    }
}

void sl_entry_of_stat(struct sl_entry *e, const struct stat *st, struct sl_owners *owners)
{
    bool sized = S_ISREG(st->st_mode) || S_ISLNK(st->st_mode);
    bool device = S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode);
    e->type = type_of(st->st_mode);
    e->mode = st->st_mode & 07777;
    e->linked = S_ISREG(st->st_mode) && st->st_nlink > 1;
    e->size = sized ? (uint64_t)st->st_size : 0;
    e->mtime_s = st->st_mtim.tv_sec;
    e->mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
    e->uid = st->st_uid;
    e->gid = st->st_gid;
    e->user = owners ? sl_owners_user(owners, e->uid) : NULL;
    e->group = owners ? sl_owners_group(owners, e->gid) : NULL;
    e->rdev_major = device ? major(st->st_rdev) : 0;
    e->rdev_minor = device ? minor(st->st_rdev) : 0;
    e->names = 0;
    e->dev = e->ino = 0;
    e->atime_s = st->st_atim.tv_sec;
    e->atime_ns = (uint32_t)st->st_atim.tv_nsec;
    e->attrs.len = 0;
    e->wants = NULL;
}

static int stat_at(int dirfd, const char *name, struct stat *st)
{
    return fstatat(dirfd, name, st, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH));
}

/* For messages: a directory itself has no name here. */
static const char *shown(const char *name)
{
    return *name ? name : ".";
}

static enum sl_code read_target(int dirfd, const char *name, char *target, size_t *len, struct sl_error *err)
{
    ssize_t n = readlinkat(dirfd, name, target, SL_TARGET_MAX + 1);
    if (n < 0 && errno == EINVAL)
        return sl_fail(err, SL_E_CHANGED, "'%s' is no symbolic link any more", name);
    if (n < 0)
        return sl_fail_errno(err, errno, "cannot read symbolic link '%s'", name);
    if ((size_t)n > SL_TARGET_MAX)
        return sl_fail(err, SL_E_NAME, "the target of symbolic link '%s' is too long", name);
    target[n] = '\0';
    *len = (size_t)n;
    return SL_OK;
}

enum sl_code sl_meta_stat(int dirfd, const char *name, struct sl_owners *owners, struct sl_entry *e, char *target,
                          struct stat *st, struct sl_error *err)
{
    struct stat now;
    size_t target_len = 0;
    if (stat_at(dirfd, name, &now) != 0)
        return sl_fail_errno(err, errno, "cannot look at '%s'", shown(name));
    bool link = S_ISLNK(now.st_mode) && target;
    if (link) {
        enum sl_code rc = read_target(dirfd, name, target, &target_len, err);
        if (rc != SL_OK)
            return rc;
        now.st_size = (off_t)target_len; /* some file systems say 0 */
    }
    sl_entry_of_stat(e, &now, owners);
    e->name = name;
    e->name_len = strlen(name);
    e->target = link ? target : NULL;
    e->target_len = target_len;
    if (st)
        *st = now;
    return SL_OK;
}

/* ---- what is to be changed ---- */

static void plan_owner(struct change *c, const struct stat *st, const struct sl_entry *e, uint32_t meta,
                       struct sl_owners *owners)
{
    c->uid = (uid_t)-1;
    c->gid = (gid_t)-1;
    if (meta & SL_META_UID) {
        uint32_t uid = owners ? sl_owners_uid(owners, e->uid, e->user) : e->uid;
        if ((!st || st->st_uid != uid) && (!owners || sl_owners_can_uid(owners, uid)))
            c->uid = uid;
    }
    if (meta & SL_META_GID) {
        uint32_t gid = owners ? sl_owners_gid(owners, e->gid, e->group) : e->gid;
        if ((!st || st->st_gid != gid) && (!owners || sl_owners_can_gid(owners, gid)))
            c->gid = gid;
    }
    c->owner = c->uid != (uid_t)-1 || c->gid != (gid_t)-1;
}

/* A mode that goes through the umask is what creating the thing gives, where a directory also inherits setgid. A change
 * of owner takes setuid and setgid away: they are put back after it. */
static void plan_mode(struct change *c, const struct stat *st, const struct sl_entry *e, uint32_t meta)
{
    if (!(meta & SL_META_MODE) || e->type == SL_TYPE_LINK)
        return;
    c->bits = e->mode & 07777;
    if (meta & SL_META_UMASK) {
        c->bits &= ~(mode_t)sl_meta_umask();
        if (st && S_ISDIR(st->st_mode))
            c->bits |= st->st_mode & S_ISGID;
    }
    c->mode_known = true;
    c->mode = !st || (st->st_mode & 07777) != c->bits || (c->owner && (c->bits & SETID));
}

static void plan_times(struct change *c, const struct stat *st, const struct sl_entry *e, uint32_t meta)
{
    const struct timespec stays = { .tv_nsec = UTIME_OMIT };
    const struct sl_attrs_want *w = e->wants;
    bool atime = w && w->flags & SL_ATTRS_ATIME;
    bool mtime =
        (meta & SL_META_MTIME) && (!st || st->st_mtim.tv_sec != e->mtime_s || st->st_mtim.tv_nsec != (long)e->mtime_ns);
    c->times[0] = atime ? (struct timespec){ w->atime_s, (long)w->atime_ns } : stays;
    c->times[1] = mtime ? (struct timespec){ e->mtime_s, (long)e->mtime_ns } : stays;
    c->times_now = atime || mtime;
}

static void plan(struct change *c, const struct stat *st, const struct sl_entry *e, uint32_t meta,
                 struct sl_owners *owners)
{
    *c = (struct change){ .wants = e->wants && e->wants->flags & SL_ATTRS_SETS ? e->wants : NULL };
    plan_owner(c, st, e, meta, owners);
    plan_mode(c, st, e, meta);
    plan_times(c, st, e, meta);
}

/* What it is to stand for, from what it stands for now; real: what the system has of it. */
static void plan_fake(struct change *c, const struct stat *real, const struct stat *now, const struct sl_entry *e, uint32_t meta,
                      struct sl_owners *owners)
{
    struct stat as = *now;
    bool dir = S_ISDIR(real->st_mode), device = e->type == SL_TYPE_CHAR || e->type == SL_TYPE_BLOCK;
    mode_t bits = e->type == SL_TYPE_LINK ? 0777 : now->st_mode & 07777;
    if (meta & SL_META_MODE && e->type != SL_TYPE_LINK)
        bits = (e->mode & 07777 & ~(mode_t)(meta & SL_META_UMASK ? sl_meta_umask() : 0)) | (meta & SL_META_UMASK && dir ? now->st_mode & S_ISGID : 0);
    as.st_mode = sl_fake_mode(e->type, bits);
    as.st_rdev = device ? makedev(e->rdev_major, e->rdev_minor) : 0;
    if (meta & SL_META_UID)
        as.st_uid = owners ? sl_owners_uid(owners, e->uid, e->user) : e->uid;
    if (meta & SL_META_GID)
        as.st_gid = owners ? sl_owners_gid(owners, e->gid, e->group) : e->gid;
    c->fake = c->mode_known = true;
    c->bits = e->type == SL_TYPE_LINK ? 0600 : (bits & 0777) | (dir ? 0700 : 0600);
    c->mode = (real->st_mode & 07777) != c->bits;
    c->keeps = as.st_mode != ((real->st_mode & S_IFMT) | c->bits) || as.st_uid != real->st_uid || as.st_gid != real->st_gid;
    c->as_mode = as.st_mode;
    sl_fake_text(c->text, &as);
}

/* ---- applying it ---- */

/* The plain call on a descriptor refuses one that is for the path only (O_PATH); that needs a call of another form. */
static int set_owner(int fd, const struct change *c)
{
    int rc = fchown(fd, c->uid, c->gid);
    return rc != 0 && errno == EBADF ? fchownat(fd, "", c->uid, c->gid, AT_EMPTY_PATH) : rc;
}

int sl_meta_chmod(int fd, mode_t bits)
{
    char path[40];
    if (fchmod(fd, bits) == 0)
        return 0;
    if (errno != EBADF)
        return -1;
    if (syscall(SYS_fchmodat2, fd, "", bits, AT_EMPTY_PATH) == 0)
        return 0;
    if (errno != ENOSYS && errno != EINVAL)
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd); /* before Linux 6.6 */
    return chmod(path, bits);
}

static int set_times(int fd, const struct change *c)
{
    int rc = futimens(fd, c->times);
    return rc != 0 && errno == EBADF ? utimensat(fd, "", c->times, AT_EMPTY_PATH) : rc;
}

/* After the owner, for a change of owner takes capabilities away; the ACL right before the mode, with which it is one. */
static enum sl_code set_attrs(int fd, struct change *c, const char *name, struct sl_owners *owners, struct sl_error *err)
{
    struct sl_error other = { 0 };
    struct stat st;
    enum sl_code rc = SL_OK, acls = SL_OK;
    bool touched = false;
    if (!c->mode_known && fstat(fd, &st) == 0)
        c->bits = st.st_mode & 07777;
    if (c->wants->flags & SL_ATTRS_XATTRS)
        rc = sl_attrs_set(fd, c->wants, name, err);
    if (c->wants->flags & SL_ATTRS_ACLS)
        acls = sl_attrs_set_acls(fd, c->wants, &c->bits, &touched, name, owners, rc == SL_OK ? err : &other);
    c->mode |= touched;
    return rc == SL_OK ? acls : rc;
}

static int set_kept(int fd, const struct change *c)
{
    char now[SL_FAKE_TEXT_MAX];
    size_t n = strlen(c->text);
    ssize_t has = sl_attrs_get_one(fd, "", SL_FAKE_STAT, now, sizeof now);
    if (!c->keeps)
        return has < 0 && errno != ERANGE ? 0 : sl_attrs_set_one(fd, SL_FAKE_STAT, NULL, 0);
    return has == (ssize_t)n && memcmp(now, c->text, n) == 0 ? 0 : sl_attrs_set_one(fd, SL_FAKE_STAT, c->text, n);
}

/* The mode first: without it, its owner could be kept from setting the attribute. */
static enum sl_code apply_fake(int fd, struct change *c, const char *name, struct sl_owners *owners, struct sl_error *err)
{
    struct sl_attrs_want w;
    enum sl_code rc = SL_OK, acls = SL_OK;
    if (c->mode && sl_meta_chmod(fd, c->bits) != 0)
        return sl_fail_errno(err, errno, "cannot set the mode of '%s'", name);
    if (set_kept(fd, c) != 0)
        return sl_fail_errno(err, errno, "cannot keep owner and mode of '%s' in an attribute (--fake-super)", name);
    if (c->wants) {
        w = *c->wants;
        w.flags |= SL_FAKE;
        if (w.flags & SL_ATTRS_XATTRS)
            rc = sl_attrs_set(fd, &w, name, err);
        if (w.flags & SL_ATTRS_ACLS)
            acls = sl_attrs_keep_acls(fd, &w, c->as_mode, name, owners, rc == SL_OK ? err : NULL);
    }
    if (c->times_now && set_times(fd, c) != 0)
        return sl_fail_errno(err, errno, "cannot set the times of '%s'", name);
    return rc == SL_OK ? acls : rc;
}

/* All that is planned; a failure does not keep the rest from being done, and the first one is told. Without its owner a
 * file must not get setuid or setgid: they would give away another's rights. */
static enum sl_code apply(int fd, struct change *c, const char *name, struct sl_owners *owners, struct sl_error *err)
{
    struct sl_error why = { 0 };
    enum sl_code rc = SL_OK, attrs = SL_OK;
    if (c->fake)
        return apply_fake(fd, c, shown(name), owners, err);
    if (c->owner && set_owner(fd, c) != 0) {
        rc = sl_fail_errno(err, errno, "cannot set the owner of '%s'", shown(name));
        c->bits &= ~(mode_t)SETID;
    }
    if (c->wants)
        attrs = set_attrs(fd, c, shown(name), owners, &why);
    if (c->mode && sl_meta_chmod(fd, c->bits) != 0 && rc == SL_OK)
        rc = sl_fail_errno(err, errno, "cannot set the mode of '%s'", shown(name));
    if (c->times_now && set_times(fd, c) != 0 && rc == SL_OK)
        rc = sl_fail_errno(err, errno, "cannot set the times of '%s'", shown(name));
    if (rc == SL_OK && attrs != SL_OK && err)
        *err = why;
    return rc == SL_OK ? attrs : rc;
}

enum sl_code sl_meta_set_fd(int fd, const struct stat *st, const struct sl_entry *e, uint32_t meta,
                            struct sl_owners *owners, struct sl_error *err)
{
    struct change c;
    struct stat real, now;
    plan(&c, st, e, meta & SL_META_FAKE ? meta & SL_META_MTIME : meta, owners);
    if (meta & SL_META_FAKE) {
        if (fstat(fd, &real) != 0)
            return sl_fail_errno(err, errno, "cannot look at '%s'", shown(e->name ? e->name : ""));
        now = real;
        if (sl_fake_look(fd, "", &now, NULL) != SL_OK)           /* it is written anew */
            now = real;
        plan_fake(&c, &real, &now, e, meta, owners);
    }
    return apply(fd, &c, e->name ? e->name : "", owners, err);
}

/* What has attributes is opened for reading where it may be: that needs no /proc. */
static int open_as(int dirfd, const char *name, const struct stat *was, const struct change *c)
{
    int fd = -1;
    if ((c->wants || c->fake) && (S_ISREG(was->st_mode) || S_ISDIR(was->st_mode)))
        fd = openat(dirfd, *name ? name : ".", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        fd = *name ? openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
    return fd;
}

static enum sl_code set_by_path(int dirfd, const char *name, const struct stat *was, struct change *c, const char *told,
                                struct sl_owners *owners, struct sl_error *err)
{
    struct stat st;
    if (!*name && !c->wants && !c->fake)
        return apply(dirfd, c, told, owners, err);
    int fd = open_as(dirfd, name, was, c);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot open '%s'", told);
    enum sl_code rc;
    if (fstat(fd, &st) != 0)
        rc = sl_fail_errno(err, errno, "cannot look at '%s'", told);
    else if (st.st_dev != was->st_dev || st.st_ino != was->st_ino || (st.st_mode & S_IFMT) != (was->st_mode & S_IFMT))
        rc = sl_fail(err, SL_E_CHANGED, "'%s' was replaced by another", told);
    else
        rc = apply(fd, c, told, owners, err);
    sl_io_close(&fd);
    return rc;
}

/* A link, device or the like can't stand for another one: something that can takes its place. */
static enum sl_code set_fake_at(int dirfd, const char *name, const struct stat *real, const struct sl_entry *e, uint32_t meta,
                                struct sl_owners *owners, struct sl_error *err)
{
    struct change c;
    struct stat now = *real;
    const char *told = e->name && *e->name ? e->name : shown(name);
    if (!S_ISREG(real->st_mode) && !S_ISDIR(real->st_mode))
        return sl_stage_fake_over(dirfd, name, e, meta, owners, err);
    enum sl_code rc = sl_fake_look(dirfd, name, &now, err);
    if (rc == SL_E_INVALID)              /* it says nothing, and is written anew */
        now = *real;
    else if (rc != SL_OK)
        return rc;
    if (type_of(now.st_mode) != e->type)
        return sl_fail(err, SL_E_TYPE, "'%s' is of another type", told);
    plan(&c, real, e, meta & SL_META_MTIME, owners);
    plan_fake(&c, real, &now, e, meta, owners);
    return set_by_path(dirfd, name, real, &c, told, owners, err);
}

/* A new directory that gets its mode late gets what it would have had when it was made: the default ACL of its own directory counts, and setgid is
 * inherited. */
static void as_made(int dirfd, const struct stat *st, struct sl_entry *e, uint32_t *meta)
{
    uint32_t before = *meta;
    if (S_ISDIR(st->st_mode))
        sl_stage_inherit(dirfd, e, meta);
    if (*meta != before)
        e->mode |= st->st_mode & S_ISGID;
}

enum sl_code sl_meta_set_at(int dirfd, const char *name, const struct sl_entry *e, uint32_t meta,
                            struct sl_owners *owners, struct sl_error *err)
{
    struct stat st;
    struct change c;
    struct sl_entry late = *e;
    const char *told = e->name && *e->name ? e->name : shown(name); /* name may be a staged one */
    if (stat_at(dirfd, name, &st) != 0)
        return sl_fail_errno(err, errno, "cannot look at '%s'", told);
    if (meta & SL_META_FAKE)
        return set_fake_at(dirfd, name, &st, e, meta, owners, err);
    if (type_of(st.st_mode) != e->type)
        return sl_fail(err, SL_E_TYPE, "'%s' is of another type", told);
    if (*name)
        as_made(dirfd, &st, &late, &meta);
    plan(&c, &st, &late, meta, owners);
    if (c.owner || c.mode || c.wants || (c.times_now && !*name))
        return set_by_path(dirfd, name, &st, &c, told, owners, err);
    if (c.times_now && utimensat(dirfd, name, c.times, AT_SYMLINK_NOFOLLOW) != 0)
        return sl_fail_errno(err, errno, "cannot set the times of '%s'", told);
    return SL_OK;
}

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
#include "tree/attrs.h"
#include "tree/attrs_acl.h"
#include "tree/fake.h"
#include "tree/away.h"
#include "tree/device.h"
#include "tree/inplace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    if (meta & SL_META_FAKE)
        return !(meta & SL_META_MODE);
    if (e->wants && e->wants->flags & SL_ATTRS_ACLS) /* the mode without its ACL gives the group too much, or an inherited one others */
        return false;
    return !(meta & SL_META_MODE) || (!(e->mode & 07000) && own(e, meta, owners));
}

void sl_stage_inherit(int dirfd, struct sl_entry *e, uint32_t *meta)
{
    mode_t bits = 0;
    if (!(*meta & SL_META_UMASK) || !(*meta & SL_META_MODE) || *meta & SL_META_FAKE)
        return;
    uint8_t *acl = sl_malloc(SL_ATTR_VALUE_MAX);
    ssize_t n = sl_attrs_get_one(dirfd, "", SL_ACL_DEFAULT, acl, SL_ATTR_VALUE_MAX);
    if (n > 0 && sl_acl_leaves(acl, (size_t)n, &bits)) {
        e->mode &= bits | 07000;
        *meta &= ~(uint32_t)SL_META_UMASK;
    }
    free(acl);
}

enum sl_code sl_stage_inherit_acl(const struct sl_stage *s, struct sl_error *err)
{
    uint8_t *acl = sl_malloc(SL_ATTR_VALUE_MAX);
    struct stat st;
    ssize_t n = sl_attrs_get_one(s->dirfd, "", SL_ACL_DEFAULT, acl, SL_ATTR_VALUE_MAX);
    int rc = fstat(s->fd, &st);
    bool has = rc == 0 && n > 0 && sl_acl_inherited(acl, (size_t)n, st.st_mode);
    if (rc == 0 && (has || sl_attrs_get_one(s->fd, "", SL_ACL_ACCESS, NULL, 0) > 0))
        rc = sl_attrs_set_one(s->fd, SL_ACL_ACCESS, has ? acl : NULL, has ? (size_t)n : 0);
    free(acl);
    return rc == 0 ? SL_OK : sl_fail_errno(err, errno, "cannot give '%s' the ACL that its directory gives", s->name);
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

enum sl_code sl_stage_create(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
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
        s->fd = openat(sl_away_dir(s), s->temp, flags | access, mode);
        if (s->fd < 0 && errno == EACCES && access == O_RDWR) {
            /* Confined to writing, what is shared can't be read back. The kernel makes the file before it finds that out. */
            unlinkat(sl_away_dir(s), s->temp, 0);
            access = O_WRONLY;
            s->unshared = true;
            errno = EEXIST;
        }
    } while (s->fd < 0 && errno == EEXIST && --tries);
    return s->fd < 0 ? sl_fail_errno(err, errno, "cannot create '%s'", s->name) : SL_OK;
}

void sl_stage_lock(int fd)
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
    enum sl_code rc = sl_stage_create(s, e, meta, NULL, err);
    if (rc != SL_OK)
        sl_io_close(&s->dirfd);
    else
        sl_stage_lock(s->fd);
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
    if (rc == SL_OK && s->device && (rc = sl_device_fits(s, e->size, &other)) != SL_OK)
        sl_io_close(&s->fd);
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

/* ---- all of it at once ---- */

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
    enum sl_code rc = sl_stage_create(&s, e, meta, owners, err);
    if (rc != SL_OK)
        return rc;
    rc = flags & SL_STAGE_SPARSE ? sl_stage_put_sparse(&s, data, n, err) : sl_stage_put_data(&s, data, n, err);
    if (rc == SL_OK)
        return sl_stage_finish(&s, e, meta, flags, owners, err);
    sl_stage_discard(&s);
    return rc;
}

/* SPDX-License-Identifier: ISC */
/* fake - see fake.h. What the attribute says is believed only as far as the thing itself can stand for it. */
#include "config.h"
#include "tree/fake.h"

#include "base/attrs.h"
#include "base/io.h"
#include "base/num.h"
#include "tree/attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PREFIX "user.rsync."
#define ACL_ACCESS PREFIX "%aacl"
#define ACL_DEFAULT PREFIX "%dacl"

static const char *shown(const char *name)
{
    return *name ? name : ".";
}

/* ---- the text ---- */

struct reading {
    const char *p, *end;
    bool bad;
};

static uint32_t number(struct reading *r, unsigned base, char behind)
{
    uint64_t v = 0;
    const char *first = r->p;
    for (; r->p < r->end && *r->p >= '0' && *r->p < (char)('0' + base) && v <= UINT32_MAX; r->p++)
        v = v * base + (uint64_t)(*r->p - '0');
    r->bad = r->bad || r->p == first || v > UINT32_MAX || (behind ? r->p == r->end || *r->p != behind : r->p != r->end);
    r->p += behind && r->p < r->end;
    return (uint32_t)v;
}

static bool possible(mode_t mode, mode_t real)
{
    bool known = S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) ||
                 S_ISSOCK(mode);
    return known && !S_ISDIR(mode) == !S_ISDIR(real);
}

bool sl_fake_parse(const char *text, size_t len, mode_t real, struct stat *st)
{
    struct reading r = { text, text + len, false };
    uint32_t mode = number(&r, 8, ' '), high = number(&r, 10, ','), low = number(&r, 10, ' ');
    uint32_t uid = number(&r, 10, ':'), gid = number(&r, 10, '\0');
    if (r.bad || mode > 0177777 || !possible(mode, real))
        return false;
    st->st_mode = mode;
    st->st_rdev = makedev(high, low);
    st->st_uid = uid;
    st->st_gid = gid;
    return true;
}

size_t sl_fake_text(char out[SL_FAKE_TEXT_MAX], const struct stat *st)
{
    int n = snprintf(out, SL_FAKE_TEXT_MAX, "%o %u,%u %u:%u", st->st_mode, major(st->st_rdev), minor(st->st_rdev),
                     st->st_uid, st->st_gid);
    return (size_t)n;
}

/* ---- looking ---- */

/* What its owner may not read was not written so. */
static bool has_none(int why, const struct stat *st)
{
    return why == ENODATA || why == EOPNOTSUPP || (why == EACCES && !(st->st_mode & S_IRUSR));
}

enum sl_code sl_fake_look(int dirfd, const char *name, struct stat *st, struct sl_error *err)
{
    char text[SL_FAKE_TEXT_MAX];
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        return SL_OK;
    ssize_t n = sl_attrs_get_one(dirfd, name, SL_FAKE_STAT, text, sizeof text);
    if (n < 0 && has_none(errno, st))
        return SL_OK;
    if (n < 0 && errno != ERANGE)
        return sl_fail_errno(err, errno, "cannot read the attribute '%s' of '%s'", SL_FAKE_STAT, shown(name));
    if (n >= 0 && sl_fake_parse(text, (size_t)n, st->st_mode, st))
        return SL_OK;
    return sl_fail(err, SL_E_INVALID, "the attribute '%s' of '%s' is not what rsync writes there", SL_FAKE_STAT,
                   shown(name));
}

static enum sl_code read_target(int dirfd, const char *name, char *target, size_t *len, struct sl_error *err)
{
    struct stat st;
    size_t n = 0, got = 0;
    int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot read symbolic link '%s'", name);
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    enum sl_code rc = SL_OK;
    while (regular && n <= SL_TARGET_MAX && (rc = sl_io_read(fd, target + n, SL_TARGET_MAX + 1 - n, &got)) == SL_OK)
        n += got;
    int why = errno;
    sl_io_close(&fd);
    if (!regular)
        return sl_fail(err, SL_E_CHANGED, "'%s' is no file any more", name);
    if (rc != SL_OK && rc != SL_EOF)
        return sl_fail_errno(err, why, "cannot read symbolic link '%s'", name);
    if (!n || n > SL_TARGET_MAX || memchr(target, '\0', n))
        return sl_fail(err, SL_E_INVALID, "what '%s' has is no target of a symbolic link", name);
    target[n] = '\0';
    *len = n;
    return SL_OK;
}

enum sl_code sl_fake_stat(int dirfd, const char *name, struct sl_owners *owners, struct sl_entry *e, char *target,
                          struct stat *st, struct sl_error *err)
{
    struct stat now;
    size_t len = 0;
    enum sl_code rc = sl_meta_stat(dirfd, name, owners, e, target, &now, err);
    if (rc != SL_OK)
        return rc;
    struct stat as = now;
    rc = sl_fake_look(dirfd, name, &as, err);
    bool link = rc == SL_OK && S_ISLNK(as.st_mode) && !S_ISLNK(now.st_mode);
    if (link && target)
        rc = read_target(dirfd, name, target, &len, err);
    if (rc != SL_OK)
        return rc;
    sl_entry_of_stat(e, &as, owners);
    if (link) {
        e->target = target;
        e->target_len = len;
        as.st_size = target ? (off_t)len : as.st_size;
        e->size = (uint64_t)as.st_size;
    }
    if (st)
        *st = as;
    return SL_OK;
}

mode_t sl_fake_mode(enum sl_type type, uint32_t bits)
{
    static const mode_t types[] = {
        [SL_TYPE_FILE] = S_IFREG,  [SL_TYPE_DIR] = S_IFDIR,  [SL_TYPE_LINK] = S_IFLNK,   [SL_TYPE_CHAR] = S_IFCHR,
        [SL_TYPE_BLOCK] = S_IFBLK, [SL_TYPE_FIFO] = S_IFIFO, [SL_TYPE_SOCKET] = S_IFSOCK
    };
    return types[type] | (bits & 07777);
}

/* ---- names of attributes ---- */

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static bool is_disguised(const char *rest)
{
    return (begins(rest, "trusted.") && rest[8]) || (begins(rest, "security.") && rest[9]);
}

const char *sl_fake_stands_for(const char *real, uint32_t flags)
{
    const char *as = real;
    if (strcmp(real, ACL_ACCESS) == 0)
        as = SL_ACL_ACCESS;
    else if (strcmp(real, ACL_DEFAULT) == 0)
        as = SL_ACL_DEFAULT;
    else if (begins(real, PREFIX "%"))
        return NULL;
    else if (begins(real, PREFIX) && is_disguised(real + strlen(PREFIX)))
        as = real + strlen(PREFIX);
    else if (!begins(real, "user.") && (flags & SL_FAKE_ONLY || begins(real, "system.")))
        return NULL;
    return sl_attr_is_of(as, strlen(as), flags) ? as : NULL;
}

bool sl_fake_keeps(char real[], size_t room, const char *name)
{
    const char *fixed = strcmp(name, SL_ACL_ACCESS) == 0    ? ACL_ACCESS
                        : strcmp(name, SL_ACL_DEFAULT) == 0 ? ACL_DEFAULT
                                                            : NULL;
    const char *before = begins(name, "user.") ? "" : PREFIX;
    int n = fixed ? snprintf(real, room, "%s", fixed) : snprintf(real, room, "%s%s", before, name);
    return n > 0 && (size_t)n < room;
}

/* SPDX-License-Identifier: ISC */
/* attrs - see attrs.h. What could not be read or set is one failure of the thing; it never keeps the rest from being done. */
#include "config.h"
#include "tree/attrs.h"

#include "base/io.h"
#include "base/mem.h"
#include "tree/attrs_acl.h"
#include "tree/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FDS "/proc/self/fd"

enum { SMALL = 512, PATH_ROOM = sizeof FDS + 16 + SL_NAME_MAX + 1 };

/* ---- one thing and the calls on it ---- */

struct thing {
    int fd;                      /* -1: by the path */
    bool last_is_link;           /* the path's last component is not to be followed; it is one name, the rest is a descriptor */
    char path[PATH_ROOM];
};

/* A descriptor that is for the path only has none of these calls. */
static void by_fd(struct thing *t, int fd)
{
    t->fd = fd;
    t->last_is_link = false;
    if (fgetxattr(fd, "user.", NULL, 0) < 0 && errno == EBADF) {
        snprintf(t->path, sizeof t->path, FDS "/%d", fd);
        t->fd = -1;
    }
}

static void by_name(struct thing *t, int dirfd, const char *name)
{
    t->fd = -1;
    t->last_is_link = true;
    snprintf(t->path, sizeof t->path, FDS "/%d/%s", dirfd, name);
}

static ssize_t list(const struct thing *t, char *to, size_t size)
{
    return t->fd >= 0 ? flistxattr(t->fd, to, size) : t->last_is_link ? llistxattr(t->path, to, size) : listxattr(t->path, to, size);
}

static ssize_t get(const struct thing *t, const char *name, void *to, size_t size)
{
    return t->fd >= 0        ? fgetxattr(t->fd, name, to, size)
           : t->last_is_link ? lgetxattr(t->path, name, to, size)
                             : getxattr(t->path, name, to, size);
}

static int set(const struct thing *t, const char *name, const void *value, size_t size)
{
    return t->fd >= 0 ? fsetxattr(t->fd, name, value, size, 0) : setxattr(t->path, name, value, size, 0);
}

static int drop(const struct thing *t, const char *name)
{
    return t->fd >= 0 ? fremovexattr(t->fd, name) : removexattr(t->path, name);
}

/* ---- reading ---- */

/* Names into b, each with its NUL; false: errno says why. What has none, or can have none, has none. */
static bool read_names(const struct thing *t, struct sl_buf *b)
{
    sl_buf_reset(b, SL_ATTR_VALUE_MAX);
    ssize_t n = list(t, (char *)sl_buf_reserve(b, SMALL), SMALL);
    if (n < 0 && errno == ERANGE)
        n = list(t, (char *)sl_buf_reserve(b, SL_ATTR_VALUE_MAX), SL_ATTR_VALUE_MAX);
    if (n < 0 && errno == EOPNOTSUPP)
        n = 0;
    if (n > 0)
        sl_buf_commit(b, (size_t)n);
    return n >= 0;
}

/* A value into b, which has only that; -1: errno says why. */
static ssize_t read_value(const struct thing *t, const char *name, struct sl_buf *b)
{
    sl_buf_reset(b, SL_ATTR_VALUE_MAX);
    ssize_t n = get(t, name, sl_buf_reserve(b, SMALL), SMALL);
    if (n < 0 && errno == ERANGE)
        n = get(t, name, sl_buf_reserve(b, SL_ATTR_VALUE_MAX), SL_ATTR_VALUE_MAX);
    if (n > 0)
        sl_buf_commit(b, (size_t)n);
    return n;
}

struct chosen { const char *as, *real; };   /* what it counts as; the name that the system has for it */

static int by_bytes(const void *a, const void *b)
{
    const struct chosen *x = a, *y = b;
    int c = strcmp(x->as, y->as);
    return c ? c : (x->as == x->real) - (y->as == y->real);      /* what is kept in another one comes first */
}

static const char *counts_as(const char *real, size_t len, uint32_t flags)
{
    if (flags & SL_FAKE)
        return sl_fake_stands_for(real, flags);
    return sl_attr_is_of(real, len, flags) ? real : NULL;
}

/* The names in b that are of these kinds, in order; the array is the caller's. */
static struct chosen *chosen(const struct sl_buf *b, uint32_t flags, size_t *count)
{
    struct chosen *at = NULL;
    const char *p = (const char *)sl_buf_ptr(b), *as;
    *count = 0;
    for (size_t left = sl_buf_len(b), n; left; p += n + 1, left -= n + 1) {
        n = strlen(p);
        if (n > SL_ATTR_NAME_MAX || !(as = counts_as(p, n, flags)))
            continue;
        if (!at)
            at = sl_malloc(left * sizeof *at);
        at[(*count)++] = (struct chosen){ as, p };
    }
    if (*count > 1)
        qsort(at, *count, sizeof *at, by_bytes);
    return at;
}

static const char *shown(const char *name)
{
    return *name ? name : ".";
}

static enum sl_code too_much(const char *name, struct sl_error *err)
{
    return sl_fail(err, SL_E_TOO_BIG, "the attributes of '%s' are too much", shown(name));
}

static bool read_acl(struct sl_attrs_reader *r, const struct chosen *c, mode_t mode, struct sl_buf *acl)
{
    bool access = strcmp(c->as, SL_ACL_ACCESS) == 0;
    const uint8_t *value = sl_buf_ptr(&r->value);
    size_t len = sl_buf_len(&r->value);
    return c->as == c->real ? sl_acl_of_system(acl, value, len, access, r->owners)
                            : sl_acl_of_fake(acl, &(struct sl_acl_kept){ value, len, access, mode }, r->owners);
}

/* Puts one that is there into the set. */
static enum sl_code add(struct sl_attrs_reader *r, const struct chosen *c, mode_t mode, const char *name, struct sl_error *err)
{
    struct sl_attr a = { c->as, strlen(c->as), sl_buf_ptr(&r->value), sl_buf_len(&r->value) };
    struct sl_buf acl = { 0 };
    bool is_acl = sl_attr_is_acl(c->as, a.name_len), ok = true;
    if (is_acl) {
        ok = read_acl(r, c, mode, &acl);
        a.value = sl_buf_ptr(&acl);
        a.value_len = sl_buf_len(&acl);
    }
    enum sl_code rc = ok ? SL_OK : sl_fail(err, SL_E_IO, "the ACL of '%s' is of no known form", shown(name));
    if (rc == SL_OK && (a.value_len > SL_ATTR_VALUE_MAX || sl_buf_len(&r->set) + a.name_len + a.value_len + 8 > SL_ATTRS_MAX))
        rc = too_much(name, err);
    if (rc == SL_OK && !(is_acl && !a.value_len))
        sl_attrs_add(&r->set, &a);
    sl_buf_clear(&acl);
    return rc;
}

static enum sl_code read_set(struct sl_attrs_reader *r, const struct thing *t, mode_t mode, const char *name, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    size_t count = 0;
    if (!read_names(t, &r->names))
        return sl_fail_errno(err, errno, "cannot list the attributes of '%s'", shown(name));
    struct chosen *names = sl_buf_len(&r->names) ? chosen(&r->names, r->flags, &count) : NULL;
    for (size_t i = 0; i < count && rc == SL_OK; i++) {
        if (i && strcmp(names[i].as, names[i - 1].as) == 0)
            continue;
        if (read_value(t, names[i].real, &r->value) >= 0)
            rc = add(r, &names[i], mode, name, err);
        else if (errno != ENODATA)
            rc = sl_fail_errno(err, errno, "cannot read the attribute '%s' of '%s'", names[i].real, shown(name));
    }
    free(names);
    return rc;
}

static bool has_proc(void)
{
    struct stat st;
    return fstatat(AT_FDCWD, FDS, &st, 0) == 0;
}

/* Without /proc. */
static enum sl_code read_opened(struct sl_attrs_reader *r, int dirfd, const char *name, const struct stat *st, struct sl_error *err)
{
    struct thing t;
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        return sl_fail(err, SL_E_UNSUPPORTED, "the attributes of '%s' can't be read without /proc", shown(name));
    int fd = openat(dirfd, *name ? name : ".", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot read the attributes of '%s'", shown(name));
    by_fd(&t, fd);
    enum sl_code rc = read_set(r, &t, st->st_mode, name, err);
    sl_io_close(&fd);
    return rc;
}

enum sl_code sl_attrs_read(struct sl_attrs_reader *r, int dirfd, const char *name, const struct stat *st, struct sl_error *err)
{
    struct thing t;
    sl_buf_reset(&r->set, SL_ATTR_VALUE_MAX);
    if (S_ISLNK(st->st_mode) && (r->flags & SL_ATTRS_USER || !(r->flags & SL_ATTRS_XATTRS)))
        return SL_OK;                    /* a link has neither an ACL nor any of users */
    if (*name)
        by_name(&t, dirfd, name);
    else
        by_fd(&t, dirfd);
    enum sl_code rc = read_set(r, &t, st->st_mode, name, err);
    if (rc == SL_E_NOT_FOUND && !has_proc())
        rc = read_opened(r, dirfd, name, st, err);
    if (rc != SL_OK)
        sl_buf_reset(&r->set, 0);
    return rc;
}

ssize_t sl_attrs_get_one(int dirfd, const char *name, const char *attr, void *to, size_t size)
{
    struct thing t;
    if (*name)
        by_name(&t, dirfd, name);
    else
        by_fd(&t, dirfd);
    ssize_t n = get(&t, attr, to, size);
    if (n >= 0 || errno != ENOENT || has_proc())
        return n;
    int fd = openat(dirfd, *name ? name : ".", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    n = fgetxattr(fd, attr, to, size);
    sl_io_close(&fd);
    return n;
}

void sl_attrs_read_brief(struct sl_attrs_reader *r, int dirfd, const char *name, const struct stat *st, struct sl_attrs_brief *out)
{
    enum sl_code rc = sl_attrs_read(r, dirfd, name, st, NULL);
    if (rc == SL_OK)
        sl_attrs_brief(out, sl_buf_ptr(&r->set), sl_buf_len(&r->set));
    else
        *out = (struct sl_attrs_brief){ .len = SL_ATTRS_UNKNOWN, .bytes = { (uint8_t)rc } };
}

void sl_attrs_reader_clear(struct sl_attrs_reader *r)
{
    sl_buf_clear(&r->set);
    sl_buf_clear(&r->names);
    sl_buf_clear(&r->value);
}

/* ---- setting ---- */

int sl_attrs_set_one(int fd, const char *attr, const void *value, size_t len)
{
    struct thing t;
    by_fd(&t, fd);
    if (value)
        return set(&t, attr, value, len);
    return drop(&t, attr) == 0 || errno == ENODATA || errno == EOPNOTSUPP ? 0 : -1;
}

struct setting {
    struct thing t;
    int fd;
    const char *name;            /* of the thing, for messages */
    mode_t mode;                 /* to be put back */
    bool opened_up;
    struct sl_buf value;         /* room */
    enum sl_code rc;
    struct sl_error *err;
};

static void failed(struct setting *s, const char *what, const char *attr)
{
    int why = errno;
    if (s->rc == SL_OK)
        sl_fail_errno(s->err, why, "cannot %s the attribute '%s' of '%s'", what, attr, s->name);
    if (s->rc == SL_OK && s->err)
        s->err->code = SL_E_ATTRS;
    s->rc = SL_E_ATTRS;
}

/* A file's owner needs the right to write it for its attributes, too. */
static bool open_up(struct setting *s)
{
    struct stat st;
    if (errno != EACCES || s->opened_up || fstat(s->fd, &st) != 0 || st.st_mode & S_IWUSR || S_ISLNK(st.st_mode))
        return false;
    s->mode = st.st_mode & 07777;
    s->opened_up = sl_meta_chmod(s->fd, s->mode | S_IWUSR) == 0;
    return s->opened_up;
}

static void set_one(struct setting *s, const char *attr, const void *value, size_t len)
{
    ssize_t n = read_value(&s->t, attr, &s->value);
    if (n == (ssize_t)len && (!n || memcmp(sl_buf_ptr(&s->value), value, len) == 0))
        return;
    if (set(&s->t, attr, value, len) != 0 && !(open_up(s) && set(&s->t, attr, value, len) == 0))
        failed(s, "set", attr);
}

static void drop_one(struct setting *s, const char *attr)
{
    if (drop(&s->t, attr) != 0 && errno != ENODATA && !(open_up(s) && drop(&s->t, attr) == 0))
        failed(s, "remove", attr);
}

/* What is there and what is wanted stand in one order: both are gone through once. Of a tree that stands for another one, only what is
 * kept is anybody's to remove. */
static void drop_others(struct setting *s, const struct sl_attrs_want *want)
{
    struct sl_buf names = { 0 };
    struct sl_attrs_rd r;
    struct sl_attr a;
    size_t count = 0;
    struct chosen *list = NULL;
    uint32_t flags = want->flags | (want->flags & SL_FAKE ? SL_FAKE_ONLY : 0);
    if (read_names(&s->t, &names))
        list = chosen(&names, flags & ~(uint32_t)SL_ATTRS_ACLS, &count);
    else if (errno != EOPNOTSUPP)        /* without any there are none to go */
        failed(s, "list", "*");
    sl_attrs_open(&r, want->set, want->len);
    bool more = sl_attrs_next(&r, &a);
    for (size_t i = 0; i < count; i++) {
        struct sl_attr there = { .name = list[i].as, .name_len = strlen(list[i].as) };
        while (more && sl_attr_order(&a, &there) < 0)
            more = sl_attrs_next(&r, &a);
        if (!more || sl_attr_order(&a, &there) != 0)
            drop_one(s, list[i].real);
    }
    free(list);
    sl_buf_clear(&names);
}

static enum sl_code end(struct setting *s)
{
    if (s->opened_up)
        sl_meta_chmod(s->fd, s->mode);
    sl_buf_clear(&s->value);
    return s->rc;
}

static void begin(struct setting *s, int fd, const char *name, struct sl_error *err)
{
    *s = (struct setting){ .fd = fd, .name = name, .err = err };
    by_fd(&s->t, fd);
}

static void give_one(struct setting *s, const struct sl_attr *a, uint32_t flags)
{
    char attr[SL_ATTR_NAME_MAX + 1], real[SL_ATTR_NAME_MAX + 1];
    memcpy(attr, a->name, a->name_len);
    attr[a->name_len] = '\0';
    if (!(flags & SL_FAKE)) {
        set_one(s, attr, a->value, a->value_len);
    } else if (sl_fake_keeps(real, sizeof real, attr)) {
        set_one(s, real, a->value, a->value_len);
    } else {
        errno = ENAMETOOLONG;
        failed(s, "keep", attr);
    }
}

enum sl_code sl_attrs_set(int fd, const struct sl_attrs_want *want, const char *name, struct sl_error *err)
{
    struct sl_attrs_rd r;
    struct sl_attr a;
    struct setting s;
    begin(&s, fd, name, err);
    drop_others(&s, want);
    sl_attrs_open(&r, want->set, want->len);
    while (sl_attrs_next(&r, &a))
        if (!sl_attr_is_acl(a.name, a.name_len) && sl_attr_is_of(a.name, a.name_len, want->flags))
            give_one(&s, &a, want->flags);
    return end(&s);
}

/* ---- ACLs ---- */

static bool has(const struct setting *s, const char *attr)
{
    return get(&s->t, attr, NULL, 0) >= 0;
}

static void set_access(struct setting *s, const struct sl_attr *a, mode_t *bits, bool *touched, struct sl_owners *owners)
{
    struct sl_buf acl = { 0 };
    sl_acl_to_system(&acl, a, *bits, owners);
    ssize_t n = read_value(&s->t, SL_ACL_ACCESS, &s->value);
    if (n != (ssize_t)sl_buf_len(&acl) || memcmp(sl_buf_ptr(&s->value), sl_buf_ptr(&acl), (size_t)n) != 0) {
        *touched = true;
        if (set(&s->t, SL_ACL_ACCESS, sl_buf_ptr(&acl), sl_buf_len(&acl)) != 0) {
            failed(s, "set", SL_ACL_ACCESS);
            *bits &= ~(mode_t)070 | sl_acl_group_perms(a) << 3;
        }
    }
    sl_buf_clear(&acl);
}

/* Until its end the mask holds; then the group has what the mask was. */
static void drop_access(struct setting *s, mode_t bits, bool *touched)
{
    struct stat st;
    if (!has(s, SL_ACL_ACCESS) || fstat(s->fd, &st) != 0)
        return;
    *touched = true;
    if ((st.st_mode & 0777 & ~bits) && sl_meta_chmod(s->fd, (st.st_mode & 07777) & (bits | 07000)) != 0)
        failed(s, "remove", SL_ACL_ACCESS);
    else
        drop_one(s, SL_ACL_ACCESS);
}

static void set_default(struct setting *s, const struct sl_attr *a, struct sl_owners *owners)
{
    struct sl_buf acl = { 0 };
    sl_acl_to_system(&acl, a, 0, owners);
    set_one(s, SL_ACL_DEFAULT, sl_buf_ptr(&acl), sl_buf_len(&acl));
    sl_buf_clear(&acl);
}

enum sl_code sl_attrs_set_acls(int fd, const struct sl_attrs_want *want, mode_t *bits, bool *touched, const char *name,
                               struct sl_owners *owners, struct sl_error *err)
{
    struct sl_attr a;
    struct setting s;
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
        return SL_OK;
    begin(&s, fd, name, err);
    if (sl_attrs_find(want->set, want->len, SL_ACL_ACCESS, &a))
        set_access(&s, &a, bits, touched, owners);
    else
        drop_access(&s, *bits, touched);
    if (sl_attrs_find(want->set, want->len, SL_ACL_DEFAULT, &a))
        set_default(&s, &a, owners);
    else if (S_ISDIR(st.st_mode) && has(&s, SL_ACL_DEFAULT))
        drop_one(&s, SL_ACL_DEFAULT);
    return end(&s);
}

/* ---- ACLs that are kept ---- */

static void keep_acl(struct setting *s, const struct sl_attrs_want *want, const char *which, mode_t bits, struct sl_owners *owners)
{
    char real[SL_ATTR_NAME_MAX + 1];
    struct sl_buf acl = { 0 };
    struct sl_attr a;
    sl_fake_keeps(real, sizeof real, which);
    if (sl_attrs_find(want->set, want->len, which, &a)) {
        sl_acl_to_fake(&acl, &a, bits, owners);
        set_one(s, real, sl_buf_ptr(&acl), sl_buf_len(&acl));
    } else if (has(s, real)) {
        drop_one(s, real);
    }
    sl_buf_clear(&acl);
}

enum sl_code sl_attrs_keep_acls(int fd, const struct sl_attrs_want *want, mode_t mode, const char *name, struct sl_owners *owners,
                                struct sl_error *err)
{
    struct setting s;
    if (S_ISLNK(mode))
        return SL_OK;
    begin(&s, fd, name, err);
    keep_acl(&s, want, SL_ACL_ACCESS, mode, owners);
    if (S_ISDIR(mode))
        keep_acl(&s, want, SL_ACL_DEFAULT, mode, owners);
    return end(&s);
}

/* SPDX-License-Identifier: ISC */
/*
 * attrs - the form of a set of extended attributes, and of an ACL within it: what trees read and set, what the wire
 * carries, what the planner compares.
 *
 * A set is bytes: for each attribute uv length and name, uv length and value (uv: doc/PROTOCOL.md), names in ascending
 * byte order, none twice. No attributes are no bytes. So two things have the same attributes when their sets are the
 * same bytes, and a hash of it stands for a long one.
 *
 * ACLs (Linux's, of POSIX 1003.1e draft 17) are in it under the names that the kernel has for them, but in a form of
 * their own, because the kernel's has only numbers: each entry is u8 tag, u8 permissions and, where it is of a user or
 * group, uv number and its name. An access ACL has no entries of the owner, of others and no mask: these are in the mode.
 */
#ifndef SL_BASE_ATTRS_H
#define SL_BASE_ATTRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/entry.h"

#define SL_ATTR_NAME_MAX 255u
#define SL_ATTR_VALUE_MAX 65536u             /* as the system has it; of an ACL in its form here too */
#define SL_ATTRS_MAX (1024u * 1024u)         /* bytes of a set: what one thing may make both sides hold */
#define SL_ACL_ACCESS "system.posix_acl_access"
#define SL_ACL_DEFAULT "system.posix_acl_default"

/* Which attributes are meant; the values are those of LIST, ATTRS and GET_ATTRS. */
enum sl_attrs_flag {
    SL_ATTRS_NUMERIC = 8,        /* owners in ACLs without their names */
    SL_ATTRS_XATTRS = 128,       /* extended attributes, but those whose names begin with "system." */
    SL_ATTRS_ACLS = 256,
    SL_ATTRS_ATIME = 512,        /* time of the last access; not of directories */
    SL_ATTRS_USER = 1024,        /* with XATTRS: only those whose names begin with "user." */
    SL_ATTRS_RSYNC = 2048,       /* with XATTRS: rsync's own, "user.rsync.%...", too */
    SL_ATTRS_SETS = SL_ATTRS_XATTRS | SL_ATTRS_ACLS,
    SL_ATTRS_ALL = SL_ATTRS_NUMERIC | SL_ATTRS_SETS | SL_ATTRS_ATIME | SL_ATTRS_USER | SL_ATTRS_RSYNC
};

struct sl_attr {
    const char *name;            /* borrowed, not NUL-terminated */
    size_t name_len;
    const uint8_t *value;
    size_t value_len;
};

/* What a thing is to have of the kinds that flags name: everything in the set, and nothing else. Borrowed. */
struct sl_attrs_want {
    uint32_t flags;              /* enum sl_attrs_flag */
    const uint8_t *set;
    size_t len;
    int64_t atime_s;             /* with ATIME */
    uint32_t atime_ns;
};

/* Whether an attribute of that name is of these kinds. */
bool sl_attr_is_of(const char *name, size_t len, uint32_t flags);
bool sl_attr_is_acl(const char *name, size_t len);
/* Whether setting it takes more than owning the file: neither "user." nor an ACL. */
bool sl_attr_is_privileged(const char *name, size_t len);

/* Whether it is a set, all lengths, names and ACLs included. Nothing below may be asked of one that is not. */
bool sl_attrs_ok(const uint8_t *set, size_t len);

/* The order in a set. */
int sl_attr_order(const struct sl_attr *a, const struct sl_attr *b);

/* Attributes one by one. */
struct sl_attrs_rd { const uint8_t *p, *end; };
void sl_attrs_open(struct sl_attrs_rd *r, const uint8_t *set, size_t len);
bool sl_attrs_next(struct sl_attrs_rd *r, struct sl_attr *a);
/* The one of that name; false: there is none. */
bool sl_attrs_find(const uint8_t *set, size_t len, const char *name, struct sl_attr *a);
/* Appends one to a set; in order, the caller sees to it. */
void sl_attrs_add(struct sl_buf *b, const struct sl_attr *a);

/* A short stand-in of a set in entries; of none: len 0. */
void sl_attrs_brief(struct sl_attrs_brief *out, const uint8_t *set, size_t len);
bool sl_attrs_same(const struct sl_attrs_brief *a, const struct sl_attrs_brief *b);

/* ---- ACLs ---- */
enum sl_acl_tag {                /* the kernel's values */
    SL_ACL_USER_OBJ = 1, SL_ACL_USER = 2, SL_ACL_GROUP_OBJ = 4, SL_ACL_GROUP = 8, SL_ACL_MASK = 16, SL_ACL_OTHER = 32
};
struct sl_acl_entry {
    uint8_t tag, perms;          /* perms: 4 read, 2 write, 1 execute */
    uint32_t id;                 /* USER, GROUP; else 0 */
    const char *name;            /* of id; borrowed, not NUL-terminated */
    size_t name_len;             /* 0: none */
};
struct sl_acl_rd { const uint8_t *p, *end; };
void sl_acl_open(struct sl_acl_rd *r, const struct sl_attr *a);
/* The next entry, of a value that sl_attrs_ok has seen. Ascending by tag, then by number, of which there may be several:
 * what is a number of the destination already need not be who has that number at the source. The first counts. */
bool sl_acl_next(struct sl_acl_rd *r, struct sl_acl_entry *e);
/* The order of a set: by tag, then by number; those of one number stay in the order that they have. */
void sl_acl_sort(struct sl_acl_entry *list, size_t n);
/* The same, and of those of one number the first only. How many are left. */
size_t sl_acl_settle(struct sl_acl_entry *list, size_t n);
void sl_acl_add(struct sl_buf *b, const struct sl_acl_entry *e);

#endif

/* SPDX-License-Identifier: ISC */
/* entry - one directory entry with its metadata: what trees list, what the wire carries, what the planner compares. */
#ifndef SL_BASE_ENTRY_H
#define SL_BASE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sl_type {            /* the values are those of the wire */
    SL_TYPE_NONE = 0,
    SL_TYPE_FILE = 1,
    SL_TYPE_DIR = 2,
    SL_TYPE_LINK = 3,     /* symbolic link */
    SL_TYPE_CHAR = 4,
    SL_TYPE_BLOCK = 5,
    SL_TYPE_FIFO = 6,
    SL_TYPE_SOCKET = 7
};

#define SL_NAME_MAX 255u          /* bytes in a name, as on every Linux file system */
#define SL_TARGET_MAX 4095u       /* bytes in a link's target */
#define SL_OWNER_NAME_MAX 255u    /* bytes in the name of a user or group */
#define SL_MODULE_NAME_MAX 64     /* bytes in a module's name */

/* The extended attributes and ACLs of a thing (base/attrs.h) as listings tell of them: the set itself where it is short, a
 * hash of a longer one. */
#define SL_ATTRS_SHORT 232u       /* bytes; a longer set costs a question of its own where it is not the same on both sides */
#define SL_ATTRS_HASH_LEN 16u     /* XXH3-128 */
#define SL_ATTRS_UNKNOWN UINT32_MAX
struct sl_attrs_brief {
    uint32_t len;                 /* of the set; 0: there are none; SL_ATTRS_UNKNOWN: they can't be read, bytes[0] is why (enum sl_code) */
    uint8_t bytes[SL_ATTRS_SHORT];
};
/* How many of the bytes mean something. */
static inline size_t sl_attrs_brief_bytes(const struct sl_attrs_brief *b)
{
    return b->len == SL_ATTRS_UNKNOWN ? 1 : b->len <= SL_ATTRS_SHORT ? b->len : SL_ATTRS_HASH_LEN;
}

struct sl_attrs_want;             /* base/attrs.h */

struct sl_entry {
    enum sl_type type;
    uint32_t mode;                /* permission bits with setuid, setgid, sticky: 07777 */
    bool mount;                   /* a directory of another file system than the listing's, in listings that were to tell */
    bool linked;                  /* a regular file that has other names too (hard links); only listings tell */
    uint64_t size;                /* bytes; 0 unless a regular file; for links the target's length */
    int64_t mtime_s;
    uint32_t mtime_ns;            /* 0..999999999 */
    uint32_t uid, gid;
    const char *user, *group;     /* names of uid and gid, or NULL; borrowed from a table that outlives the entry */
    uint32_t rdev_major, rdev_minor; /* devices only */
    const char *name;             /* borrowed, NUL-terminated; one component, or "" for the listed directory itself */
    size_t name_len;
    const char *target;           /* links only; borrowed, NUL-terminated */
    size_t target_len;
    /* Which file it is, of anything but a directory that has several names (hard links), in listings that were to tell: */
    uint32_t names;               /* how many; 0: that is not told */
    uint64_t dev, ino;            /* the same for all of them, and for no other file of that side */
    int64_t atime_s;              /* 0 unless a listing was asked for it */
    uint32_t atime_ns;
    struct sl_attrs_brief attrs;  /* likewise */
    const struct sl_attrs_want *wants;   /* of what is made or changed: the attributes that it gets, too; borrowed, NULL: none */
};

/* Which metadata of an entry a request sets. */
enum sl_meta {
    SL_META_MODE = 1,
    SL_META_UMASK = 2,            /* the mode goes through the umask of the side that writes */
    SL_META_MTIME = 4,
    SL_META_UID = 8,              /* user by name, else by number */
    SL_META_GID = 16,
    SL_META_ALL = 31
};

/* One component: 1..SL_NAME_MAX bytes, not "." or "..", no '/', no NUL. */
bool sl_name_ok(const char *name, size_t len);

/* A module's name: 1 to 64 letters, digits, '.', '_' and '-', and neither '.' nor '-' first. */
bool sl_module_name_ok(const char *name, size_t len);

/* What tells the staged files of one name apart, of those that are written in parts (tree/part.h): SL_TOKEN_LEN characters
 * a-z 0-9, the first a digit. Not NUL-terminated. */
#define SL_TOKEN_LEN 8u
bool sl_token_ok(const char *token);

/* The order of listings: of the names' bytes; <0, 0, >0. */
int sl_entry_order(const struct sl_entry *a, const struct sl_entry *b);

#endif

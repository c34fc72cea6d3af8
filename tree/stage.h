/* SPDX-License-Identifier: ISC */
/*
 * stage - the only way a file gets its name: written aside as .NAME.RANDOM.slpart in the same directory, given its
 * metadata, renamed. Until sl_stage_commit nothing of that name changes; sl_stage_abort (or a crash) leaves the old file.
 */
#ifndef SL_TREE_STAGE_H
#define SL_TREE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "base/entry.h"
#include "base/error.h"
#include "base/hash.h"
#include "tree/meta.h"

#define SL_STAGE_SUFFIX ".slpart"
#define SL_KEPT_SUFFIX ".slkept"         /* tree/kept.h */
#define SL_HOLD_SUFFIX ".slheld"         /* tree/hold.h */
#define SL_STAGE_AFFIX_LEN (sizeof "." - 1 + sizeof ".abcdefgh" - 1 + sizeof SL_STAGE_SUFFIX - 1)   /* around the name */
#define SL_STAGE_STALE_S (24 * 3600)     /* a staged file untouched for this long, and ours, is a dead run's */

struct sl_stage_there {      /* what has a name, or that nothing has */
    bool known, any;
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec changed; /* by its inode */
};

struct sl_kept_searched;
struct sl_stage {
    int dirfd;               /* own duplicate; -1 when unused */
    int fd;
    char name[SL_NAME_MAX + 1];
    char temp[SL_NAME_MAX + 1];
    uint64_t pos;            /* bytes written, holes and what is in buf counted */
    uint8_t *buf;            /* pieces of a file that is put together, to be written at once; owned, NULL without copies */
    size_t buf_len;
    bool hole_at_end;
    uint64_t out;            /* it is being written out up to here */
    bool made;               /* in place: it was made, and is new */
    bool looked, replaces;   /* whether something of its name is there: was looked for, and is */
    struct sl_stage_there there; /* what had its name when sl_stage_watch was called */
    bool unshared;           /* the file system can't share content between files */
    bool born_with_mode;     /* its mode was given when it was created, as far as the umask let it */
    const char *kept_in;     /* after begin, for the caller to set (tree/kept.h); borrowed */
    struct sl_kept_searched *searched; /* likewise: what killed processes left of it goes as well; NULL: that is not looked for */
    bool came_home;          /* it was made in another directory (tree/away.h) */
    bool away;               /* it is in directory away_fd, not beside its place (tree/away.h) */
    int away_fd;
    struct sl_homing *homing;/* it is being copied from there; owned */
    uint64_t reserved;       /* so much room was taken for it ahead (sl_stage_reserve) */
    bool inplace;            /* it is the file itself (tree/inplace.h): there is no temp */
    bool device;             /* in place: and that is a device (tree/device.h) */
    dev_t dev;               /* in place: which file */
    ino_t ino;
    uint64_t old_size;       /* of a file that stays: there may be other bytes up to here */
    bool stays;              /* what is written is left as it is, whatever happens: in place, and parts */
    bool part;               /* it is a part of a file that is to be `size` bytes long (tree/part.h) */
    uint64_t size;
    bool sparse;             /* false after begin; the caller may set it: zero blocks then become holes (SL_STAGE_SPARSE) */
};

/* The values are those of enum sl_put_flag. FSYNC, of a commit: the file is on the disk before it has its name, and that is before commit returns.
 * HOLD, of a commit: it is complete, and waits for its name (tree/hold.h); only a directory of that name is in its way. DEVICE, of a begin in place: what
 * has the name may be a device, and is written then. */
enum sl_stage_flag { SL_STAGE_REPLACE = 1, SL_STAGE_SPARSE = 2, SL_STAGE_INPLACE = 16, SL_STAGE_FSYNC = 64, SL_STAGE_HOLD = 128, SL_STAGE_DEVICE = 256 };

/* Creates the staged file (mode 0600 or, where that is safe, the final one, so that commit need not set it). Without
 * SL_META_MODE a new file gets the mode of e, user may read and write, through the umask. */
enum sl_code sl_stage_begin(struct sl_stage *s, int dirfd, const struct sl_entry *e, uint32_t meta, struct sl_error *err);
/* The same, but the file of that name is written where it is (tree/inplace.h), if it is one or there is none; SL_STAGE_REPLACE: it may be one.
 * A failure, abort or the like then leave what was written so far; nothing is held back from those who read it meanwhile. */
enum sl_code sl_stage_begin_inplace(struct sl_stage *s, int dirfd, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                                    struct sl_error *err);
/* Takes room for n bytes before any content comes, so that a full disk is told now. What of it is not used is given back in the end; with `sparse`
 * holes are, too. SL_E_UNSUPPORTED: the file system can't; nothing has changed then. Another failure aborts. */
enum sl_code sl_stage_reserve(struct sl_stage *s, uint64_t n, struct sl_error *err);
/* Content, in order. A failure aborts: the staged file is gone and only sl_stage_abort may follow (it then does nothing). */
enum sl_code sl_stage_write(struct sl_stage *s, const void *data, size_t n, struct sl_error *err);
enum sl_code sl_stage_hole(struct sl_stage *s, uint64_t n, struct sl_error *err);
/* The next n bytes of content are those of another file at `from`; shared with it where the file system can and both are in place for it.
 * SL_E_CHANGED when that file ends before. What was put here is added to h, unless that is NULL. In place, what comes from the same file at the
 * same offset is only read; from a later offset it is what is there then, from an earlier one what was written. */
enum sl_code sl_stage_copy(struct sl_stage *s, int fd, uint64_t from, uint64_t n, struct sl_hash *h, struct sl_error *err);
/* In place, as the first content: all that the file has, n bytes, stays as it is and is not looked at; SL_E_CHANGED when it is not n bytes. */
enum sl_code sl_stage_keep(struct sl_stage *s, uint64_t n, struct sl_error *err);
/* Metadata, then the name: replaces a non-directory only with SL_STAGE_REPLACE, else it is one atomic step that fails with
 * SL_E_EXISTS. A directory in the way is SL_E_IS_DIR. On failure the staged file is gone and the old one is as it was; but SL_E_ATTRS, here
 * and below, is told of what was made and has its name, only without some of its attributes. */
enum sl_code sl_stage_commit(struct sl_stage *s, const struct sl_entry *e, uint32_t meta, uint32_t flags,
                             struct sl_owners *owners, struct sl_error *err);
void sl_stage_abort(struct sl_stage *s);

/* Writes what is held back, and sets the size where the content ends in a hole: the file then is what was given so far. */
enum sl_code sl_stage_flush(struct sl_stage *s, struct sl_error *err);
/* Gives what was written so far its name, without its metadata; SL_STAGE_REPLACE as in sl_stage_commit. Like sl_stage_abort it does not fail. */
void sl_stage_partial(struct sl_stage *s, uint32_t flags);
/* Notes what has its name now; and whether that is so still. Who ends late must not put part of a file where somebody else has put all of it. */
void sl_stage_watch(struct sl_stage *s);
bool sl_stage_unchanged(const struct sl_stage *s);

/* All of the above for content in memory, with the fewest system calls. */
enum sl_code sl_stage_put(int dirfd, const struct sl_entry *e, uint32_t meta, uint32_t flags, const void *data, size_t n,
                          struct sl_owners *owners, struct sl_error *err);

/* A symlink, device, fifo or socket is made under a staged name, given its metadata and renamed likewise. */
enum sl_code sl_stage_special(int dirfd, const struct sl_entry *e, uint32_t meta, uint32_t flags, struct sl_owners *owners,
                              struct sl_error *err);

/* mkdir with the metadata of e; the mode has at least u+rwx while `meta` is not applied later by sl_meta_set_at; times are not
 * set. SL_E_EXISTS also when it is a directory. */
enum sl_code sl_stage_mkdir(int dirfd, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners, struct sl_error *err);

/* unlinkat; kind SL_TYPE_DIR removes an empty directory. */
enum sl_code sl_stage_remove(int dirfd, const char *name, enum sl_type kind, struct sl_error *err);

/* The same of what is no directory, if type, time and (of a file) size are those of `as`; else SL_E_CHANGED. meta: SL_META_FAKE, or 0. */
enum sl_code sl_stage_remove_as(int dirfd, const char *name, const struct sl_entry *as, uint32_t meta, struct sl_error *err);

/* A staged name for name (sl_name_ok), which is cut to fit: .NAME.RANDOM.slpart, another one each time. */
void sl_stage_temp_name(char temp[SL_NAME_MAX + 1], const char *name);
/* The staged name for name of a file that is written in parts; a new token for one. */
void sl_stage_part_name(char temp[SL_NAME_MAX + 1], const char *name, const char token[SL_TOKEN_LEN]);
void sl_stage_token(char token[SL_TOKEN_LEN]);
/* Whether temp is a name of that kind, for any name or for this one. */
bool sl_stage_is_part(const char *temp);
bool sl_stage_is_part_of(const char *temp, const char *name);
/* Whether a name has the form of a staged or a kept file's. */
bool sl_stage_is_temp(const char *name, size_t len);
/* Whether the owner, type and age of a staged file say that a dead run left it: of this euid, no directory, ctime
 * SL_STAGE_STALE_S or more before now_s (seconds since 1970). */
bool sl_stage_is_stale(const struct stat *st, int64_t now_s);
/* Removes name if it has a staged or kept file's form and is stale; that it can't be removed is not told. */
void sl_stage_clean(int dirfd, const char *name);

#endif

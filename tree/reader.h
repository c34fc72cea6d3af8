/* SPDX-License-Identifier: ISC */
/* reader - the content of one regular file, holes told apart from data (SEEK_DATA, SEEK_HOLE) and never read. */
#ifndef SL_TREE_READER_H
#define SL_TREE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"

struct sl_reader {
    int fd;                  /* -1 when closed */
    struct stat st;          /* at open */
    bool device;             /* it is a device (sl_reader_open_device); st.st_size is how much can be read of it */
    uint64_t end;            /* where reading ends: the size at open, or the end of a range */
    uint64_t pos;            /* bytes given so far, holes counted */
    uint64_t data_end;       /* end of the extent that pos is in; UINT64_MAX when holes were found not to be told */
    struct sl_reader_view *view;   /* of sl_reader_view; owned. NULL: not used yet */
};

/* Opens name in dirfd without following links and without blocking on a fifo; SL_E_TYPE unless it is a regular file. */
enum sl_code sl_reader_open(struct sl_reader *r, int dirfd, const char *name, struct sl_error *err);

/* The same, but a block device is one too, with all that is on it; a character device, which is not opened, is an empty one. */
enum sl_code sl_reader_open_device(struct sl_reader *r, int dirfd, const char *name, struct sl_error *err);
/* How much can be read of one; 0 where that can't be told. */
uint64_t sl_reader_device_size(int dirfd, const char *name);

/* Reading is not to change its time of access, where this process may say so: of its own files, or as root. */
void sl_reader_no_atime(const struct sl_reader *r);

/* Up to n bytes of data at the position (*got > 0, *hole == 0), or a whole hole (*hole > 0, *got == 0), or SL_EOF at the
 * end. A file that became shorter is SL_E_CHANGED. Reads less than n only at the end of an extent or of the file. */
enum sl_code sl_reader_next(struct sl_reader *r, void *data, size_t n, size_t *got, uint64_t *hole, struct sl_error *err);

/* The same, but the data stays where it is: *data holds until the next call, or until r is closed. In pieces of up to SL_READER_VIEW_MAX bytes. Where the
 * file becomes shorter while they are used they may have zeros: the next call, or sl_reader_changed, says so. */
enum { SL_READER_VIEW_MAX = 128 * 1024 };
enum sl_code sl_reader_view(struct sl_reader *r, const uint8_t **data, size_t *got, uint64_t *hole, struct sl_error *err);

/* n > 0 bytes at `at`, wherever the position is: they stay where they are until the next call of this or of sl_reader_view. NULL: *err; SL_E_CHANGED when
 * the file does not reach that far. Holes are zeros. */
const uint8_t *sl_reader_bytes(struct sl_reader *r, uint64_t at, size_t n, struct sl_error *err);

/* Whether it may have holes. */
bool sl_reader_has_holes(const struct sl_reader *r);

/* Whether the file, as it was at open, goes on behind what is read. */
static inline bool sl_reader_goes_on(const struct sl_reader *r) { return r->end < (uint64_t)r->st.st_size; }

/* Reads on from `at`, for len bytes; holes are read as zeros. SL_E_CHANGED when the file does not reach that far. */
enum sl_code sl_reader_range(struct sl_reader *r, uint64_t at, uint64_t len, struct sl_error *err);

/* The same, but holes are told apart. */
enum sl_code sl_reader_part(struct sl_reader *r, uint64_t at, uint64_t len, struct sl_error *err);

/* The same, and where the file ends before, so does what is read; it may be nothing. */
enum sl_code sl_reader_portion(struct sl_reader *r, uint64_t at, uint64_t len, struct sl_error *err);

/* Whether the file, as it was at open, has been read to its end. */
static inline bool sl_reader_at_end(const struct sl_reader *r) { return r->pos >= (uint64_t)r->st.st_size; }

/* Reads on, into h only: holes are told apart in it as sl_reader_next tells them. At most about `most` bytes of data; *done is what was read.
 * SL_EOF: at the end, as sl_reader_next. */
enum sl_code sl_reader_hash(struct sl_reader *r, struct sl_hash *h, size_t most, uint64_t *done, struct sl_error *err);

/* Which version of which file it was at open, as a number that others who open the same on this machine get too; never 0. */
uint64_t sl_reader_version(const struct sl_reader *r);

/* Whether size, mtime or ctime changed since open. */
bool sl_reader_changed(const struct sl_reader *r);

void sl_reader_close(struct sl_reader *r);

#endif

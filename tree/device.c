/* SPDX-License-Identifier: ISC */
/* device - see device.h. */
#include "config.h"
#include "tree/device.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool sl_is_device(const struct stat *st)
{
    return S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode);
}

static bool same_device(const struct stat *a, const struct stat *b)
{
    return (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT) && a->st_rdev == b->st_rdev;
}

/* O_EXCL: the system refuses a block device that a file system or something like it is using. A device of characters that takes no more at the
 * moment is not waited for: who serves one run would serve nothing else meanwhile. */
enum sl_code sl_device_open(struct sl_stage *s, const struct stat *st, struct sl_error *err)
{
    bool block = S_ISBLK(st->st_mode);
    struct stat is;
    int fd = openat(s->dirfd, s->name, O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | (block ? O_EXCL : 0));
    if (fd < 0 && errno == EBUSY)
        return sl_fail_errno(err, errno, "cannot write device '%s', which is in use", s->name);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot write device '%s'", s->name);
    off_t size = block ? lseek(fd, 0, SEEK_END) : 0;
    if (size < 0 || (block && lseek(fd, 0, SEEK_SET) != 0)) {
        enum sl_code rc = sl_fail_errno(err, errno, "cannot tell the size of device '%s'", s->name);
        sl_io_close(&fd);
        return rc;
    }
    if (fstat(fd, &is) != 0 || !same_device(st, &is)) {
        sl_io_close(&fd);
        return sl_fail(err, SL_E_TYPE, "'%s' is another thing by now", s->name);
    }
    s->fd = fd;
    s->device = true;
    s->old_size = (uint64_t)size;
    return SL_OK;
}

static bool is_block(const struct sl_stage *s)
{
    struct stat st;
    return fstat(s->fd, &st) == 0 && S_ISBLK(st.st_mode);
}

enum sl_code sl_device_fits(const struct sl_stage *s, uint64_t size, struct sl_error *err)
{
    if (size <= s->old_size || !is_block(s))
        return SL_OK;
    return sl_fail(err, SL_E_TOO_BIG, "device '%s' holds %llu bytes, and this is %llu: nothing is written", s->name,
                   (unsigned long long)s->old_size, (unsigned long long)size);
}

enum sl_code sl_device_sync(const struct sl_stage *s, struct sl_error *err)
{
    if (fsync(s->fd) == 0 || !is_block(s))
        return SL_OK;
    return sl_fail_errno(err, errno, "cannot write device '%s'", s->name);
}

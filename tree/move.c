/* SPDX-License-Identifier: ISC */
/* move - see move.h. A link that replaces something is made under a staged name and renamed: link(2) never replaces. */
#include "config.h"
#include "tree/move.h"

#include "base/entry.h"
#include "tree/stage_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_dir(int dirfd, const char *name)
{
    struct stat st;
    return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static enum sl_code check(const struct sl_move *m, struct sl_error *err)
{
    const char *bad = !sl_name_ok(m->from, strlen(m->from)) ? m->from : !sl_name_ok(m->to, strlen(m->to)) ? m->to : NULL;
    if (bad)
        return sl_fail(err, SL_E_NAME, "'%s' is not a name", bad);
    if (is_dir(m->from_fd, m->from))
        return sl_fail(err, SL_E_IS_DIR, "'%s' is a directory", m->from);
    return SL_OK;
}

/* What a system call said, but that a directory in the way is told as one. */
static enum sl_code failed(const struct sl_move *m, int why, const char *verb, struct sl_error *err)
{
    if ((why == EEXIST || why == EISDIR) && is_dir(m->to_fd, m->to))
        return sl_fail_errno(err, EISDIR, "cannot %s '%s' to '%s'", verb, m->from, m->to);
    return sl_fail_errno(err, why, "cannot %s '%s' to '%s'", verb, m->from, m->to);
}

/* Renaming one name of a file to another of the same does nothing, by POSIX: the staged name then is still there. */
static enum sl_code link_over(const struct sl_move *m, struct sl_error *err)
{
    char temp[SL_NAME_MAX + 1];
    int made, tries = SL_STAGE_TRIES_MAX;
    do {
        sl_stage_temp_name(temp, m->to);
        made = linkat(m->from_fd, m->from, m->to_fd, temp, 0);
    } while (made != 0 && errno == EEXIST && --tries);
    if (made != 0)
        return failed(m, errno, "link", err);
    int rc = renameat(m->to_fd, temp, m->to_fd, m->to), why = errno;
    unlinkat(m->to_fd, temp, 0);
    return rc == 0 ? SL_OK : failed(m, why, "link", err);
}

enum sl_code sl_move_link(const struct sl_move *m, struct sl_error *err)
{
    enum sl_code rc = check(m, err);
    if (rc != SL_OK)
        return rc;
    if (linkat(m->from_fd, m->from, m->to_fd, m->to, 0) == 0)
        return SL_OK;
    return errno == EEXIST && m->flags & SL_STAGE_REPLACE ? link_over(m, err) : failed(m, errno, "link", err);
}

/* Two names of one file. Where case does not count, one name looks like two: "f" and "F" of a directory are never taken for them. */
static bool two_names(const struct sl_move *m)
{
    struct stat a, b, from, to;
    if (fstatat(m->from_fd, m->from, &a, AT_SYMLINK_NOFOLLOW) != 0 || fstatat(m->to_fd, m->to, &b, AT_SYMLINK_NOFOLLOW) != 0 ||
        a.st_ino != b.st_ino || a.st_dev != b.st_dev || a.st_nlink < 2)
        return false;
    bool beside = fstat(m->from_fd, &from) != 0 || fstat(m->to_fd, &to) != 0 || (from.st_ino == to.st_ino && from.st_dev == to.st_dev);
    return !beside || strcasecmp(m->from, m->to) != 0;
}

enum sl_code sl_move_rename(const struct sl_move *m, struct sl_error *err)
{
    enum sl_code rc = check(m, err);
    if (rc != SL_OK)
        return rc;
    int done;
    if (m->flags & SL_STAGE_REPLACE && two_names(m))     /* rename(2) would do nothing, by POSIX */
        done = unlinkat(m->from_fd, m->from, 0);
    else if (m->flags & SL_STAGE_REPLACE)
        done = renameat(m->from_fd, m->from, m->to_fd, m->to);
    else
        done = sl_stage_rename_new(m->from_fd, m->from, m->to_fd, m->to);
    return done == 0 ? SL_OK : failed(m, errno, "rename", err);
}

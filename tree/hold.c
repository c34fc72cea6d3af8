/* SPDX-License-Identifier: ISC */
/* hold - see hold.h. Everything is a rename within one file system; what is renamed is looked at first, for names of
 * that form may be anybody's who can write to the directory. */
#include "config.h"
#include "tree/hold.h"

#include "base/io.h"
#include "tree/kept.h"
#include "tree/stage_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void name_in(char held[SL_NAME_MAX + 1], const char *name, const char *in)
{
    if (in)
        memcpy(held, name, strlen(name) + 1);
    else
        sl_hold_name(held, name);
}

static enum sl_code open_place(int dirfd, const char *in, const char *name, int *fd, struct sl_error *err)
{
    *fd = sl_kept_dir(dirfd, in, true);
    if (*fd >= 0)
        return SL_OK;
    return sl_fail_errno(err, errno, "cannot open '%s', for '%s' to wait in", in ? in : ".", name);
}

/* It would wait in vain, as long as the directory is there. */
static enum sl_code not_in_the_way(const struct sl_stage *s, struct sl_error *err)
{
    struct stat st;
    bool dir = fstatat(s->dirfd, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    return dir ? sl_fail_errno(err, EISDIR, "cannot rename staged file to '%s'", s->name) : SL_OK;
}

enum sl_code sl_hold_keep(struct sl_stage *s, struct sl_error *err)
{
    char held[SL_NAME_MAX + 1];
    int fd = -1;
    enum sl_code rc = not_in_the_way(s, err);
    if (rc == SL_OK)
        rc = open_place(s->dirfd, s->kept_in, s->name, &fd, err);
    name_in(held, s->name, s->kept_in);
    if (rc == SL_OK && renameat(s->dirfd, s->temp, fd, held) != 0)
        rc = sl_fail_errno(err, errno, "cannot rename staged file of '%s'", s->name);
    if (rc != SL_OK)
        unlinkat(s->dirfd, s->temp, 0);
    sl_io_close(&fd);
    return rc;
}

/* ---- its name ---- */

static enum sl_code check(int fd, const char *held, const char *name, struct sl_error *err)
{
    struct stat st;
    if (fstatat(fd, held, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return sl_fail_errno(err, errno, "what waited for the name '%s' can't be had", name);
    return S_ISREG(st.st_mode) ? SL_OK : sl_fail(err, SL_E_TYPE, "what waits for the name '%s' is no regular file", name);
}

static enum sl_code rename_failed(int dirfd, const char *name, struct sl_error *err)
{
    struct stat st;
    int why = errno;
    if (why == EEXIST && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
        why = EISDIR;
    return sl_fail_errno(err, why, "cannot rename what waits to '%s'", name);
}

/* A name that is a second one of the same file already is left as it is by rename(2), and so is the first. */
static enum sl_code give_name(int fd, const char *held, int dirfd, const struct sl_release *r, struct sl_error *err)
{
    int rc = r->flags & SL_STAGE_REPLACE ? renameat(fd, held, dirfd, r->name)
                                         : sl_stage_rename_new(fd, held, dirfd, r->name);
    if (rc != 0)
        return rename_failed(dirfd, r->name, err);
    /* Another session's may wait by now: only what is the same file goes. */
    struct stat left, given;
    if (fstatat(fd, held, &left, AT_SYMLINK_NOFOLLOW) == 0 && fstatat(dirfd, r->name, &given, AT_SYMLINK_NOFOLLOW) == 0 &&
        left.st_dev == given.st_dev && left.st_ino == given.st_ino)
        unlinkat(fd, held, 0);
    return SL_OK;
}

enum sl_code sl_hold_release(int dirfd, const struct sl_release *r, struct sl_error *err)
{
    char held[SL_NAME_MAX + 1];
    if (!sl_name_ok(r->name, strlen(r->name)))
        return sl_fail(err, SL_E_NAME, "'%s' is not a name", r->name);
    int fd = sl_kept_dir(dirfd, r->in, false);
    if (fd < 0)
        return sl_fail_errno(err, errno, "what waited for the name '%s' can't be had", r->name);
    name_in(held, r->name, r->in);
    enum sl_code rc = check(fd, held, r->name, err);
    if (rc == SL_OK)
        rc = give_name(fd, held, dirfd, r, err);
    sl_io_close(&fd);
    if (rc == SL_OK && r->in)
        unlinkat(dirfd, r->in, AT_REMOVEDIR);
    if (rc == SL_OK && r->flags & SL_STAGE_FSYNC) {
        struct sl_stage s = { .dirfd = dirfd };
        memcpy(s.name, r->name, strlen(r->name) + 1);
        rc = sl_stage_sync_dir(&s, err);
    }
    return rc;
}

/* ---- a second one ---- */

static enum sl_code link_to(int from_fd, const char *from, int to_fd, const struct sl_hold_link *l, struct sl_error *err)
{
    char held[SL_NAME_MAX + 1], temp[SL_NAME_MAX + 1];
    const char *to = l->move.to;
    int made, tries = SL_STAGE_TRIES_MAX;
    do {
        sl_stage_temp_name(temp, to);
        made = linkat(from_fd, from, to_fd, temp, 0);
    } while (made != 0 && errno == EEXIST && --tries);
    if (made != 0)
        return sl_fail_errno(err, errno, "cannot link '%s' to '%s'", l->move.from, to);
    name_in(held, to, l->to_in);
    int rc = renameat(to_fd, temp, to_fd, held), why = errno;
    unlinkat(to_fd, temp, 0);
    return rc == 0 ? SL_OK : sl_fail_errno(err, why, "cannot link '%s' to '%s'", l->move.from, to);
}

enum sl_code sl_hold_link(const struct sl_hold_link *l, struct sl_error *err)
{
    char held[SL_NAME_MAX + 1];
    const struct sl_move *m = &l->move;
    int from = -1, to = -1;
    const char *bad = !sl_name_ok(m->from, strlen(m->from)) ? m->from : !sl_name_ok(m->to, strlen(m->to)) ? m->to : NULL;
    if (bad)
        return sl_fail(err, SL_E_NAME, "'%s' is not a name", bad);
    enum sl_code rc = open_place(m->from_fd, l->from_in, m->from, &from, err);
    if (rc == SL_OK)
        rc = open_place(m->to_fd, l->to_in, m->to, &to, err);
    name_in(held, m->from, l->from_in);
    if (rc == SL_OK)
        rc = check(from, held, m->from, err);
    if (rc == SL_OK)
        rc = link_to(from, held, to, l, err);
    sl_io_close(&from);
    sl_io_close(&to);
    return rc;
}

/* ---- what earlier runs left ---- */

/* It was given its owner: root finds it all the same. It is only compared with. */
enum sl_code sl_hold_open(struct sl_reader *r, int dirfd, const char *name, struct sl_error *err)
{
    char held[SL_NAME_MAX + 1];
    struct sl_error ignored = { 0 };
    sl_hold_name(held, name);
    enum sl_code rc = sl_reader_open(r, dirfd, held, &ignored);
    if (rc != SL_OK)
        return sl_fail(err, SL_E_NOT_FOUND, "nothing waits for the name '%s'", name);
    bool ours = S_ISREG(r->st.st_mode) && (geteuid() == 0 || r->st.st_uid == geteuid());
    if (ours && r->st.st_size >= (off_t)SL_KEPT_LEAST)
        return SL_OK;
    sl_reader_close(r);
    return sl_fail(err, SL_E_NOT_FOUND, "nothing waits for the name '%s'", name);
}

void sl_hold_forget(int dirfd, const char *name)
{
    char held[SL_NAME_MAX + 1];
    struct stat st;
    sl_hold_name(held, name);
    if (fstatat(dirfd, held, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && (geteuid() == 0 || st.st_uid == geteuid()))
        unlinkat(dirfd, held, 0);
}

/* SPDX-License-Identifier: ISC */
/* trusted - see trusted.h. The rule on links is that of rsync 3.5 for its own files (a module's configuration, filters,
 * a log). */
#include "config.h"
#include "base/trusted.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { LINKS_MAX = 40 };

struct walk {
    const char *told; /* the path as it was named */
    char *rest;       /* owned: what is still to come */
    int at;           /* the directory that it is relative to */
    unsigned links;
};

static bool may_follow(const struct stat *st)
{
    return st->st_uid == 0 || st->st_uid == geteuid();
}

/* /dev/null, by which an administrator says "none". */
static bool is_null(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* Puts the text of a link in front of what comes behind it. */
static enum sl_code follow(struct walk *w, int link, const char *behind, struct sl_error *err)
{
    char text[PATH_MAX];
    struct stat st;
    if (fstat(link, &st) != 0 || !S_ISLNK(st.st_mode))
        return sl_fail_errno(err, ENOTDIR, "cannot open '%s'", w->told);
    if (!may_follow(&st))
        return sl_fail(err, SL_E_LINK, "cannot open '%s': a symbolic link on the way belongs to user %lu", w->told,
                       (unsigned long)st.st_uid);
    ssize_t n = readlinkat(link, "", text, sizeof text);
    if (n <= 0 || (size_t)n == sizeof text || ++w->links > LINKS_MAX)
        return sl_fail_errno(err, n < 0 ? errno : ELOOP, "cannot open '%s'", w->told);
    char *rest = sl_asprintf("%.*s/%s", (int)n, text, behind);
    free(w->rest);
    w->rest = rest;
    return SL_OK;
}

/* From the top again, for an absolute path. */
static enum sl_code start(struct walk *w, struct sl_error *err)
{
    if (w->rest[0] != '/')
        return SL_OK;
    sl_io_close(&w->at);
    w->at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return w->at < 0 ? sl_fail_errno(err, errno, "cannot open '%s'", w->told) : SL_OK;
}

/* One component that is not the last. */
static enum sl_code enter(struct walk *w, const char *name, const char *behind, struct sl_error *err)
{
    struct stat st;
    int next = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
        return sl_fail_errno(err, errno, "cannot open '%s'", w->told);
    if (fstat(next, &st) == 0 && S_ISDIR(st.st_mode)) {
        char *rest = sl_strdup(behind);
        free(w->rest);
        w->rest = rest;
        sl_io_close(&w->at);
        w->at = next;
        return SL_OK;
    }
    enum sl_code rc = follow(w, next, behind, err);
    sl_io_close(&next);
    return rc == SL_OK ? start(w, err) : rc;
}

/* The last one. SL_AGAIN: it was a link, and there is more to come. */
static enum sl_code finish(struct walk *w, const char *name, int flags, mode_t mode, int *fd, struct sl_error *err)
{
    struct stat st;
    int got = openat(w->at, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
    if (got < 0 && errno == ELOOP) {
        int link = openat(w->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        enum sl_code rc = link < 0 ? sl_fail_errno(err, errno, "cannot open '%s'", w->told) : follow(w, link, "", err);
        sl_io_close(&link);
        rc = rc == SL_OK ? start(w, err) : rc;
        return rc == SL_OK ? SL_AGAIN : rc;
    }
    if (got < 0)
        return sl_fail_errno(err, errno, "cannot open '%s'", w->told);
    if (fstat(got, &st) != 0 || !(S_ISREG(st.st_mode) || is_null(&st))) {
        sl_io_close(&got);
        return sl_fail(err, SL_E_TYPE, "cannot open '%s': it is no regular file", w->told);
    }
    *fd = got;
    return SL_OK;
}

/* One component more. SL_AGAIN: there is more to come. */
static enum sl_code step(struct walk *w, int flags, mode_t mode, int *fd, struct sl_error *err)
{
    const char *name = w->rest + strspn(w->rest, "/"), *end = name + strcspn(name, "/"),
               *behind = end + strspn(end, "/");
    if (!*name)
        return sl_fail(err, SL_E_TYPE, "cannot open '%s': it is no regular file", w->told);
    char *one = sl_memdup0(name, (size_t)(end - name));
    bool last = !*behind;
    enum sl_code rc = last ? finish(w, one, flags, mode, fd, err) : enter(w, one, behind, err);
    free(one);
    return !last && rc == SL_OK ? SL_AGAIN : rc;
}

enum sl_code sl_trusted_open(const char *path, int flags, mode_t mode, int *fd, struct sl_error *err)
{
    struct walk w = { .told = path,
                      .rest = sl_strdup(path),
                      .at = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC) };
    enum sl_code rc = w.at < 0 ? sl_fail_errno(err, errno, "cannot open '%s'", path) : SL_AGAIN;
    while (rc == SL_AGAIN)
        rc = step(&w, flags, mode, fd, err);
    free(w.rest);
    sl_io_close(&w.at);
    return rc;
}

/* SPDX-License-Identifier: ISC */
/* local_place - paths that the user typed, which are the system's to resolve. */
#include "config.h"
#include "client/local_priv.h"
#include "base/mem.h"
#include "client/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sl_code open_root(struct sl_local *l, const char *path, struct sl_place *out, struct sl_error *err)
{
    int fd = sl_dirs_open_root(path);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot open directory '%s'", path);
    uint32_t id = l->e.next_id++;
    enum sl_code rc = sl_dirs_root(l->dirs, id, fd, err);
    if (rc == SL_OK) {
        out->root = id;
        out->top = sl_filters_absolute(path);
    }
    return rc;
}

static void fill(struct sl_place *out, const struct stat *st, const char *name)
{
    sl_entry_of_stat(&out->entry, st, NULL);
    out->exists = true;
    out->dev = st->st_dev;
    out->ino = st->st_ino;
    out->base = sl_strdup("");
    out->name = sl_strdup(name);
}

static enum sl_code place_split(struct sl_local *l, const char *path, struct sl_place *out, struct sl_error *err)
{
    char *a = sl_strdup(path), *b = sl_strdup(path);
    size_t n = strlen(b);
    while (n > 1 && b[n - 1] == '/')
        b[--n] = '\0';
    const char *name = basename(b);
    struct stat st;
    enum sl_code rc = strlen(name) > SL_NAME_MAX ? sl_fail_errno(err, ENAMETOOLONG, "cannot use '%s'", path)
                                                 : open_root(l, dirname(a), out, err);
    if (rc == SL_OK) {
        int fd = -1;
        rc = sl_dirs_fd(l->dirs, out->root, &fd, err);
        if (rc == SL_OK && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            fill(out, &st, name);
        else if (rc == SL_OK && errno == ENOENT) {
            out->base = sl_strdup("");
            out->name = sl_strdup(name);
        } else if (rc == SL_OK)
            rc = sl_fail_errno(err, errno, "cannot look at '%s'", path);
    }
    free(a);
    free(b);
    return rc;
}

/* The same place by its real path below "/". */
static enum sl_code place_from_slash(struct sl_local *l, const char *path, struct sl_place *p, struct sl_error *err)
{
    char *copy = sl_strdup(path), *real = realpath(*p->name ? dirname(copy) : copy, NULL);
    enum sl_code rc = real ? SL_OK : sl_fail_errno(err, errno, "cannot resolve '%s'", path);
    if (rc == SL_OK && !l->slash) {
        int fd = sl_dirs_open_root("/");                         /* confined, this process may only look for what is below it */
        uint32_t id = l->e.next_id++;
        rc = fd < 0 ? sl_fail_errno(err, errno, "cannot open directory '/'") : sl_dirs_root(l->dirs, id, fd, err);
        l->slash = rc == SL_OK ? id : 0;
    }
    if (rc == SL_OK) {
        p->root = l->slash;
        free(p->base);
        p->base = sl_strdup(real + 1);
    }
    free(copy);
    free(real);
    return rc;
}

enum sl_code sl_local_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_place p = { 0 };
    struct stat st;
    const char *use = *path ? path : ".";
    bool there = stat(use, &st) == 0;
    char *real = NULL;
    enum sl_code rc;
    if (!there && errno == EACCES)
        return sl_fail_errno(err, errno, "cannot look at '%s'", use);
    if (there && S_ISDIR(st.st_mode) && (follow || sl_path_names_directory(use))) {
        rc = open_root(l, use, &p, err);
        if (rc == SL_OK)
            fill(&p, &st, "");
    } else if (there && sl_path_names_directory(use)) {
        rc = sl_fail_errno(err, ENOTDIR, "'%s'", use);
    } else if (there && follow) {
        real = realpath(use, NULL);
        rc = real ? place_split(l, real, &p, err) : sl_fail_errno(err, errno, "cannot resolve '%s'", use);
    } else {
        rc = place_split(l, use, &p, err);
    }
    if (rc == SL_OK && l->from_slash)
        rc = place_from_slash(l, real ? real : use, &p, err);
    free(real);
    if (rc == SL_OK)
        *out = p;
    else
        sl_place_clear(&p);
    return rc;
}

void sl_local_from_slash(struct sl_endpoint *e)
{
    sl_local_of(e)->from_slash = true;
}

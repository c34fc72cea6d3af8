/* SPDX-License-Identifier: ISC */
/* slashes - see slashes.h. Following itself is follow.c's. */
#include "config.h"
#include "client/slashes.h"
#include "base/mem.h"
#include "client/files_from.h"
#include "client/typed.h"

#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A path of this machine without the slash that would follow the link. */
static bool is_link(const char *path)
{
    struct stat st;
    size_t n = strlen(path);
    while (n > 1 && (path[n - 1] == '/' || (path[n - 1] == '.' && path[n - 2] == '/')))
        n--;
    char *bare = sl_memdup0(path, n);
    bool yes = lstat(bare, &st) == 0 && S_ISLNK(st.st_mode);
    free(bare);
    return yes;
}

/* The part of paths that was looked at already, which most of a list have in common. */
struct seen {
    const char *top;
    char *last; /* owned: the last path; NULL */
};

/* Whether one of the directories on the way to what is called `path` below the top is a link. */
static bool is_behind(struct seen *seen, const char *path)
{
    bool yes = false;
    const char *last = seen->last ? seen->last : "";
    size_t same = 0;
    while (path[same] && path[same] == last[same])
        same++;
    for (const char *slash = strchr(path, '/'); slash && !yes; slash = strchr(slash + 1, '/')) {
        size_t n = (size_t)(slash - path);
        char *dir = n && n >= same ? sl_asprintf("%s%s%.*s", seen->top, *seen->top ? "/" : "", (int)n, path) : NULL;
        yes = dir && is_link(dir);
        free(dir);
    }
    free(seen->last);
    seen->last = sl_strdup(path);
    return yes;
}

static bool is_link_below(void *ctx, const char *path, bool content)
{
    struct seen *seen = ctx;
    if (is_behind(seen, path))
        return true;
    char *whole = *seen->top ? sl_asprintf("%s/%s", seen->top, path) : sl_strdup(path);
    bool yes = content && is_link(whole);
    free(whole);
    return yes;
}

static bool of_list(const struct sl_layout *l)
{
    struct seen seen = { .top = l->count ? l->addresses[0].path : "" };
    bool yes = sl_files_from_any(l->list, is_link_below, &seen);
    free(seen.last);
    return yes;
}

/* Directories of the part that becomes the path of the transfer. */
static bool of_way(const char *path)
{
    const char *rest;
    char *front = sl_typed_front(path, &rest);
    struct seen seen = { .top = front };
    bool yes = is_behind(&seen, rest);
    free(seen.last);
    free(front);
    return yes;
}

static bool of_argument(const struct sl_layout *l, const char *path)
{
    return *path && (l->remote_source ? strchr(path, '/') != NULL : (sl_path_names_directory(path) && is_link(path)) || of_way(path));
}

bool sl_slashes_any(const struct sl_layout *l)
{
    if (l->list)
        return l->remote_source || of_list(l);
    for (size_t i = 0; l->o->relative && i < l->count; i++)
        if (of_argument(l, l->addresses[i].path))
            return true;
    return false;
}

enum sl_code sl_slashes_check(const struct sl_options *o, const char *name, enum sl_slashes_where where, struct sl_error *err)
{
    if (!o->one_fs && !o->remove_source_files && !o->copy_devices)
        return SL_OK;
    return sl_fail(err, SL_E_CONFIG, "'%s' is a symbolic link %s, and %s doesn't go with that", name,
                   where == SL_SLASHES_END ? "that the slash follows" : "on the way",
                   o->one_fs ? "-x" : o->remove_source_files ? "--remove-source-files" : "--copy-devices");
}

/* SPDX-License-Identifier: ISC */
/* slashes - see slashes.h. Following itself is follow.c's. */
#include "config.h"
#include "client/slashes.h"
#include "base/mem.h"
#include "client/files_from.h"

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

static bool is_link_below(void *ctx, const char *path)
{
    const char *top = ctx;
    char *whole = *top ? sl_asprintf("%s/%s", top, path) : sl_strdup(path);
    bool yes = is_link(whole);
    free(whole);
    return yes;
}

static bool of_argument(const struct sl_layout *l, const char *path)
{
    return *path && sl_path_names_directory(path) && (l->remote_source || is_link(path));
}

bool sl_slashes_any(const struct sl_layout *l)
{
    if (l->list)
        return l->remote_source || (l->count && sl_files_from_content(l->list, is_link_below, l->addresses[0].path));
    for (size_t i = 0; l->o->relative && i < l->count; i++)
        if (of_argument(l, l->addresses[i].path))
            return true;
    return false;
}

enum sl_code sl_slashes_check(const struct sl_options *o, const char *name, struct sl_error *err)
{
    if (!o->one_fs && !o->remove_source_files && !o->copy_devices)
        return SL_OK;
    return sl_fail(err, SL_E_CONFIG, "'%s' is a symbolic link that the slash follows, and %s doesn't go with that", name,
                   o->one_fs ? "-x" : o->remove_source_files ? "--remove-source-files" : "--copy-devices");
}

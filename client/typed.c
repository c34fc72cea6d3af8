/* SPDX-License-Identifier: ISC */
/* typed - see typed.h. */
#include "config.h"
#include "client/typed.h"
#include "base/mem.h"
#include "client/endpoint.h"

#include <stdlib.h>
#include <string.h>

const char *sl_typed_next(const char *path, size_t *n)
{
    for (;; path += *n + (path[*n] == '/')) {
        *n = strcspn(path, "/");
        if (!*path || (*n && !(*n == 1 && path[0] == '.')))
            return path;
    }
}

char *sl_typed_front(const char *path, const char **rest)
{
    const char *mark = strstr(path, "/./");
    if (mark) {
        *rest = mark + 3;
        return sl_memdup0(path, (size_t)(mark - path) + 1);
    }
    *rest = path;
    return sl_strdup(path[0] == '/' ? "/" : "./");
}

static char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return sl_strdup(sl_path_names_directory(path) ? "." : slash ? slash + 1 : path);
}

/* The slash in front stays, unless the path begins behind a "/./". */
static char *relative_name(const char *path)
{
    const char *rest;
    size_t n;
    free(sl_typed_front(path, &rest));
    char *out = sl_strdup(rest == path && *path == '/' ? "/" : "");
    for (rest = sl_typed_next(rest, &n); n; rest = sl_typed_next(rest + n, &n)) {
        char *longer = sl_asprintf("%s%s%.*s", out, *out && strcmp(out, "/") != 0 ? "/" : "", (int)n, rest);
        free(out);
        out = longer;
    }
    if (*out)
        return out;
    free(out);
    return sl_strdup(".");
}

char *sl_typed_name(const char *path, enum sl_typed_how how)
{
    return how == SL_TYPED_RELATIVE ? relative_name(path) : last_name(path);
}

/* SPDX-License-Identifier: ISC */
/* filters - see filters.h. */
#include "config.h"
#include "client/filters.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sl_filters *sl_filters_new(void)
{
    return sl_calloc(1, sizeof(struct sl_filters));
}

void sl_filters_free(struct sl_filters *f)
{
    if (!f)
        return;
    sl_rules_clear(&f->rules);
    sl_points_clear(&f->points, 0);
    for (size_t i = 0; i < f->parents_len; i++) {
        free(f->parents[i].dir);
        free(f->parents[i].name);
        free(f->parents[i].text);
    }
    free(f->parents);
    free(f);
}

static struct sl_rules_reading reading(struct sl_filters *f, enum sl_rule_style style)
{
    return (struct sl_rules_reading){ .into = &f->rules,
                                      .points = &f->points,
                                      .style = style,
                                      .from0 = f->from0,
                                      .delete_excluded = f->delete_excluded };
}

enum sl_code sl_filters_add(struct sl_filters *f, const char *option, const char *rule, enum sl_rule_style style,
                            struct sl_error *err)
{
    struct sl_rules_reading r = reading(f, style);
    return sl_rules_option(&r, option, rule, err);
}

enum sl_code sl_filters_add_gitignore(struct sl_filters *f, struct sl_error *err)
{
    struct sl_rules_reading r = reading(f, SL_RULE_FULL);
    return sl_rules_gitignore(&r, err);
}

enum sl_code sl_filters_add_file(struct sl_filters *f, const char *path, enum sl_rule_style style, struct sl_error *err)
{
    struct sl_rules_reading r = reading(f, style);
    return sl_rules_file(&r, path, err);
}

bool sl_filters_empty(const struct sl_filters *f)
{
    return f->rules.len == 0;
}

/* ---- paths ---- */

/* Appends the components of path to out, which is an absolute path without a '/' at its end. */
static void walk_path(char *out, const char *path)
{
    while (*path) {
        size_t n = strcspn(path, "/"), end = strlen(out);
        if (n == 2 && memcmp(path, "..", 2) == 0) {
            char *slash = strrchr(out, '/');
            if (slash)
                *slash = '\0';
        } else if (n && !(n == 1 && path[0] == '.')) {
            out[end] = '/';
            memcpy(out + end + 1, path, n);
            out[end + 1 + n] = '\0';
        }
        path += n + (path[n] == '/');
    }
}

static char *join(const char *from, const char *path)
{
    char *out = sl_calloc(1, strlen(from) + strlen(path) + 2);
    if (*path != '/')
        walk_path(out, from);
    walk_path(out, path);
    return out;
}

char *sl_filters_absolute(const char *path)
{
    char *here = *path == '/' ? NULL : getcwd(NULL, 0);
    char *out = join(here ? here : "", path);
    free(here);
    return out;
}

static bool is_above(const char *dir, const char *path)
{
    size_t n = strlen(dir);
    return strncmp(dir, path, n) == 0 && path[n] == '/';
}

char *sl_filters_scan_from(const struct sl_point *p, const char *first)
{
    char *file = join(first, p->scan);
    char *slash = strrchr(file, '/');
    if (slash)
        *slash = '\0';
    if (slash && is_above(file, first))
        return file;
    free(file);
    return NULL;
}

/* ---- files above a local tree ---- */

static void read_parent(struct sl_filters *f, const char *dir, size_t dir_len, const char *name)
{
    struct sl_filters_parent p = { .dir = sl_memdup0(dir, dir_len), .name = sl_strdup(name) };
    struct sl_fetch file = { 0 };
    int at = open(dir_len ? p.dir : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    p.code = at < 0 ? sl_fail_errno(&file.err, errno, "cannot open") : sl_fetch_file(&file, at, name);
    sl_io_close(&at);
    if (p.code != SL_OK)
        sl_error_context(&file.err, "'%s/%s'", p.dir, name);
    p.err = file.err;
    p.text = file.text;
    p.len = file.len;
    f->parents = sl_realloc(f->parents, (f->parents_len + 1) * sizeof *f->parents);
    f->parents[f->parents_len++] = p;
}

static void read_parent_once(struct sl_filters *f, const char *path, size_t len, const char *name)
{
    char *dir = sl_memdup0(path, len);
    if (!sl_filters_parent(f, dir, name))
        read_parent(f, dir, len, name);
    free(dir);
}

void sl_filters_read_parents(struct sl_filters *f, const char *path)
{
    for (size_t i = 0; i < f->points.len; i++) {
        const struct sl_point *p = &f->points.at[i];
        if (p->gone || !p->scan || p->flags & SL_RULE_OWN)
            continue;
        for (size_t n = 0; n <= strlen(path); n++)
            if (path[n] == '/' || !path[n])
                read_parent_once(f, path, n, p->name);
    }
}

const struct sl_filters_parent *sl_filters_parent(const struct sl_filters *f, const char *dir, const char *name)
{
    for (size_t i = 0; i < f->parents_len; i++)
        if (strcmp(f->parents[i].dir, dir) == 0 && strcmp(f->parents[i].name, name) == 0)
            return &f->parents[i];
    return NULL;
}

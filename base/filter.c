/* SPDX-License-Identifier: ISC */
/*
 * filter - a list of include and exclude rules. What a rule is compared with follows from its form, as rsync(1) describes
 * under "PATTERN MATCHING RULES": without a slash the last name of the path; anchored the whole path; otherwise the end
 * of the path, from a slash on.
 */
#include "config.h"
#include "base/filter.h"
#include "base/mem.h"
#include "base/wildmatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rule {
    bool include, dir_only, anchored;
    bool wild;               /* has wildcards: compiled; else text is compared as it is */
    bool starstar, starstar_first, stars3_last;
    size_t slashes;          /* in the pattern, but for one at its end */
    char *text;              /* owned: without the slashes at its ends */
    size_t len;
    struct sl_wild compiled;
};

struct sl_filter {
    struct rule *rules;
    size_t count;
    char *buf;               /* a path with what a rule puts around it */
    size_t buf_size;
};

struct sl_filter *sl_filter_new(void)
{
    return sl_calloc(1, sizeof(struct sl_filter));
}

static void forget(struct sl_filter *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->rules[i].text);
        sl_wild_clear(&f->rules[i].compiled);
    }
    f->count = 0;
}

void sl_filter_free(struct sl_filter *f)
{
    if (!f)
        return;
    forget(f);
    free(f->rules);
    free(f->buf);
    free(f);
}

bool sl_filter_empty(const struct sl_filter *f)
{
    return f->count == 0;
}

/* ---- rules ---- */

static void add_pattern(struct sl_filter *f, const char *pattern, bool include)
{
    struct rule r = { .include = include };
    size_t n = strlen(pattern);
    if (n > 1 && pattern[n - 1] == '/') {
        r.dir_only = true;
        n--;
    }
    for (size_t i = 0; i < n; i++)
        r.slashes += pattern[i] == '/';
    r.anchored = pattern[0] == '/';
    r.text = sl_memdup0(pattern + r.anchored, n - r.anchored);
    r.len = n - r.anchored;
    r.wild = strpbrk(r.text, "*[?") != NULL;
    r.starstar = strstr(r.text, "**") != NULL;
    r.starstar_first = strncmp(r.text, "**", 2) == 0 && !r.anchored;
    r.stars3_last = r.len >= 3 && strcmp(r.text + r.len - 3, "***") == 0;
    if (r.wild)
        sl_wild_compile(&r.compiled, r.text);
    f->rules = sl_realloc(f->rules, (f->count + 1) * sizeof *f->rules);
    f->rules[f->count++] = r;
}

enum sl_code sl_filter_add(struct sl_filter *f, const char *rule, enum sl_filter_verdict default_kind, struct sl_error *err)
{
    bool include = default_kind == SL_FILTER_INCLUDE;
    if (strcmp(rule, "!") == 0) {
        forget(f);
        return SL_OK;
    }
    if ((rule[0] == '+' || rule[0] == '-') && rule[1] == ' ') {
        include = rule[0] == '+';
        rule += 2;
    }
    if (!*rule)
        return sl_fail(err, SL_E_INVALID, "an empty filter pattern");
    add_pattern(f, rule, include);
    return SL_OK;
}

static enum sl_code add_lines(struct sl_filter *f, FILE *in, const char *path, enum sl_filter_verdict kind, struct sl_error *err)
{
    char *line = NULL;
    size_t size = 0, number = 0;
    ssize_t n;
    enum sl_code rc = SL_OK;
    errno = 0;
    while (rc == SL_OK && (n = getline(&line, &size, in)) >= 0) {
        number++;
        while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            line[--n] = '\0';
        if (!n || line[0] == '#' || line[0] == ';')
            continue;
        if (strlen(line) != (size_t)n)
            rc = sl_fail(err, SL_E_INVALID, "%s:%zu: there is a NUL byte in the line", path, number);
        else if (sl_filter_add(f, line, kind, err) != SL_OK)
            rc = sl_fail(err, SL_E_INVALID, "%s:%zu: an empty filter pattern", path, number);
    }
    if (rc == SL_OK && ferror(in))
        rc = sl_fail_errno(err, errno, "cannot read '%s'", path);
    free(line);
    return rc;
}

enum sl_code sl_filter_add_file(struct sl_filter *f, const char *path, enum sl_filter_verdict default_kind, struct sl_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *in = standard ? stdin : fopen(path, "re");
    if (!in)
        return sl_fail_errno(err, errno, "cannot open filter file '%s'", path);
    enum sl_code rc = add_lines(f, in, path, default_kind, err);
    if (!standard)
        fclose(in);
    return rc;
}

/* ---- matching ---- */

/* Where the last n names of the path begin; the whole path when it has fewer: NULL. */
static const char *last_names(const char *path, size_t len, size_t n)
{
    for (const char *p = path + len; p > path; p--)
        if (p[-1] == '/' && --n == 0)
            return p;
    return n == 1 ? path : NULL;
}

static bool literal_matches(const struct rule *r, const char *text, size_t len)
{
    return len == r->len && memcmp(text, r->text, len) == 0;
}

static bool one_matches(const struct rule *r, const char *text, size_t len)
{
    return r->wild ? sl_wild_match(&r->compiled, text, len) : literal_matches(r, text, len);
}

/* The path as the rule sees it: a pattern that begins with two stars may take a slash in front, one that ends in three
 * stars matches the directory itself by one behind. */
static const char *dressed(struct sl_filter *f, const struct rule *r, const char *path, size_t *len, bool is_dir)
{
    bool front = r->starstar_first, behind = is_dir && r->stars3_last;
    if (!front && !behind)
        return path;
    if (*len + 3 > f->buf_size) {
        f->buf_size = *len + 256;
        f->buf = sl_realloc(f->buf, f->buf_size);
    }
    char *to = f->buf;
    if (front)
        *to++ = '/';
    memcpy(to, path, *len);
    to += *len;
    if (behind)
        *to++ = '/';
    *to = '\0';
    *len = (size_t)(to - f->buf);
    return f->buf;
}

static bool matches(struct sl_filter *f, const struct rule *r, const char *path, const char *name, bool is_dir)
{
    if (r->dir_only && !is_dir)
        return false;
    if (!r->slashes && !r->starstar)
        return one_matches(r, name, strlen(name));
    size_t len = strlen(path);
    const char *text = dressed(f, r, path, &len, is_dir);
    if (r->anchored || r->starstar_first)
        return one_matches(r, text, len);
    if (!r->starstar) {
        const char *from = last_names(text, len, r->slashes + 1);
        return from && one_matches(r, from, len - (size_t)(from - text));
    }
    for (const char *from = text; from; from = strchr(from, '/') ? strchr(from, '/') + 1 : NULL)
        if (one_matches(r, from, len - (size_t)(from - text)))
            return true;
    return false;
}

bool sl_filter_excludes(const struct sl_filter *filter, const char *path, bool is_dir)
{
    struct sl_filter *f = (struct sl_filter *)(uintptr_t)filter;     /* its buffers for matching change */
    if (!f->count || !*path)
        return false;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (size_t i = 0; i < f->count; i++)
        if (matches(f, &f->rules[i], path, name, is_dir))
            return !f->rules[i].include;
    return false;
}

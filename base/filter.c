/* SPDX-License-Identifier: ISC */
/* filter - a list of include and exclude patterns. */
#include "config.h"
#include "base/filter.h"
#include "base/mem.h"
#include "base/pattern.h"

#include <stdlib.h>
#include <string.h>

struct rule {
    bool include;
    struct sl_pattern pattern;
};

struct sl_filter {
    struct rule *rules;
    size_t count;
    char *buf;               /* "/PATH/" */
    size_t buf_size;
};

struct sl_filter *sl_filter_new(void)
{
    return sl_calloc(1, sizeof(struct sl_filter));
}

static void forget(struct sl_filter *f)
{
    for (size_t i = 0; i < f->count; i++)
        sl_pattern_clear(&f->rules[i].pattern);
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
    f->rules = sl_realloc(f->rules, (f->count + 1) * sizeof *f->rules);
    struct rule *r = &f->rules[f->count++];
    r->include = include;
    sl_pattern_init(&r->pattern, rule, strlen(rule));
    return SL_OK;
}

static void subject_of(struct sl_filter *f, const char *path, bool is_dir, struct sl_subject *s)
{
    size_t n = strlen(path);
    if (n + 3 > f->buf_size) {
        f->buf_size = n + 256;
        f->buf = sl_realloc(f->buf, f->buf_size);
    }
    f->buf[0] = '/';
    memcpy(f->buf + 1, path, n);
    memcpy(f->buf + 1 + n, "/", 2);
    const char *slash = memrchr(f->buf, '/', n + 1);
    *s = (struct sl_subject){ .path = f->buf, .len = n + 1, .name = (size_t)(slash - f->buf) + 1, .is_dir = is_dir };
}

bool sl_filter_excludes(const struct sl_filter *filter, const char *path, bool is_dir)
{
    struct sl_filter *f = (struct sl_filter *)(uintptr_t)filter;     /* its buffers for matching change */
    struct sl_subject s;
    if (!f->count || !*path)
        return false;
    subject_of(f, path, is_dir, &s);
    for (size_t i = 0; i < f->count; i++)
        if (sl_pattern_match(&f->rules[i].pattern, &s, 0))
            return !f->rules[i].include;
    return false;
}

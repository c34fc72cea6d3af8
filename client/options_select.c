/* SPDX-License-Identifier: ISC */
/* options_select - see options_select.h. */
#include "config.h"
#include "client/options_select.h"
#include "base/mem.h"
#include "base/num.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEPTH_MAX = 1000000 };

void sl_select_args_clear(struct sl_select_args *a)
{
    free(a->at);
    *a = (struct sl_select_args){ 0 };
}

/* ---- rules ---- */

static void note(struct sl_select_args *a, enum sl_option_id id, const char *value)
{
    a->at = sl_realloc(a->at, (a->len + 1) * sizeof *a->at);
    a->at[a->len++] = (struct sl_select_arg){ id, value };
}

/* The first -F looks for merge files, the second leaves them out, as with rsync. */
static void filter_files(struct sl_select_args *a)
{
    static const char *const rules[] = { ": /.rsync-filter", "- .rsync-filter" };
    if (a->filter_files < 2)
        note(a, SL_ID_FILTER, rules[a->filter_files++]);
}

static enum sl_code add(struct sl_filters *f, const struct sl_select_arg *a, struct sl_error *err)
{
    switch ((int)a->id) {
    case SL_ID_FILTER:
        return sl_filters_add(f, "--filter", a->value, SL_RULE_FULL, err);
    case SL_ID_GITIGNORE:
        return sl_filters_add_gitignore(f, err);
    case SL_ID_EXCLUDE:
        return sl_filters_add(f, "--exclude", a->value, SL_RULE_OLD_EXCLUDE, err);
    case SL_ID_INCLUDE:
        return sl_filters_add(f, "--include", a->value, SL_RULE_OLD_INCLUDE, err);
    case SL_ID_EXCLUDE_FROM:
        return sl_filters_add_file(f, a->value, SL_RULE_OLD_EXCLUDE, err);
    default:
        return sl_filters_add_file(f, a->value, SL_RULE_OLD_INCLUDE, err);
    }
}

enum sl_code sl_select_settle(struct sl_options *o, const struct sl_select_args *a, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    o->filters->from0 = o->from0;
    o->filters->delete_excluded = o->delete_excluded;
    for (size_t i = 0; rc == SL_OK && i < a->len; i++)
        rc = add(o->filters, &a->at[i], err);
    if (rc == SL_OK && o->filter_test)
        rc = sl_filters_add_file(o->filters, o->filter_test, SL_RULE_FULL, err);
    if (rc == SL_OK && a->cvs)
        rc = sl_filters_add(o->filters, "--cvs-exclude", ":C", SL_RULE_FULL, err);
    if (rc == SL_OK && a->cvs)
        rc = sl_filters_add(o->filters, "--cvs-exclude", "-C", SL_RULE_FULL, err);
    return rc;
}

bool sl_select_goes_with_test(const char *name)
{
    static const char *const names[] = { "filter-test", "filter",          "filter-files", "exclude",
                                         "include",     "exclude-from",    "include-from", "cvs-exclude",
                                         "gitignore",   "from0",       "delete-excluded", "help",         "version" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* ---- times ---- */

/* Digits, as many as said, at *p. */
static bool digits(const char **p, int n, int least, int most, int *out)
{
    int v = 0;
    for (int i = 0; i < n; i++, ++*p) {
        if (!isdigit((unsigned char)**p))
            return false;
        v = v * 10 + (**p - '0');
    }
    *out = v;
    return v >= least && v <= most;
}

static bool sign(const char **p, const char *of)
{
    if (!**p || !strchr(of, **p))
        return false;
    ++*p;
    return true;
}

static bool calendar(const char *p, int64_t *out)
{
    struct tm t = { .tm_isdst = -1 };
    if (!digits(&p, 4, 1, 9999, &t.tm_year) || !sign(&p, "-") || !digits(&p, 2, 1, 12, &t.tm_mon) || !sign(&p, "-") ||
        !digits(&p, 2, 1, 31, &t.tm_mday))
        return false;
    if (sign(&p, " T") && (!digits(&p, 2, 0, 23, &t.tm_hour) || !sign(&p, ":") || !digits(&p, 2, 0, 59, &t.tm_min)))
        return false;
    if (sign(&p, ":") && !digits(&p, 2, 0, 59, &t.tm_sec))
        return false;
    int day = t.tm_mday;
    t.tm_year -= 1900;
    t.tm_mon--;
    time_t v = mktime(&t);
    *out = v;
    return !*p && t.tm_mday == day; /* the 30th of February is another day */
}

static bool ago(const char *text, int64_t now_s, int64_t *out)
{
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 } };
    uint64_t n = 0;
    size_t len = strspn(text, "0123456789");
    char *number = sl_memdup0(text, len);
    bool ok = text[len] && !text[len + 1] && sl_num_u64(number, 0, 1000000000, &n) == SL_OK;
    free(number);
    for (size_t i = 0; ok && i < sizeof units / sizeof units[0]; i++)
        if (units[i].letter == text[len]) {
            *out = now_s - (int64_t)(n * units[i].seconds);
            return true;
        }
    return false;
}

enum sl_code sl_select_time(const char *text, int64_t now_s, int64_t *out)
{
    uint64_t n = 0;
    if (text[0] == '@') {
        bool before = text[1] == '-'; /* 1970 */
        if (sl_num_u64(text + 1 + before, 0, INT64_MAX, &n) != SL_OK)
            return SL_E_INVALID;
        *out = before ? -(int64_t)n : (int64_t)n;
        return SL_OK;
    }
    return ago(text, now_s, out) || calendar(text, out) ? SL_OK : SL_E_INVALID;
}

/* ---- values ---- */

static enum sl_code size(const char *option, const char *value, struct sl_size_limit *out, struct sl_error *err)
{
    if (sl_num_size(value, 1, &out->bytes) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "%s: '%s' is not a size like 500, 1.5m, 10KB or 2GiB-1", option, value);
    out->given = true;
    return SL_OK;
}

static enum sl_code when(const char *option, const char *value, struct sl_time_limit *out, struct sl_error *err)
{
    if (sl_select_time(value, (int64_t)time(NULL), &out->s) != SL_OK)
        return sl_fail(err, SL_E_CONFIG,
                       "%s: '%s' is not a time like '2024-02-29', '2024-02-29 12:30', @1700000000 or 7d", option,
                       value);
    out->given = true;
    return SL_OK;
}

enum sl_code sl_select_take(struct sl_options *o, struct sl_select_args *a, enum sl_option_id id, const char *value,
                            struct sl_error *err)
{
    switch ((int)id) {
    case SL_ID_FILTER:
    case SL_ID_EXCLUDE:
    case SL_ID_INCLUDE:
    case SL_ID_EXCLUDE_FROM:
    case SL_ID_INCLUDE_FROM:
        note(a, id, value);
        return SL_OK;
    case SL_ID_GITIGNORE:
        o->gitignore = true;
        note(a, id, value);
        return SL_OK;
    case SL_ID_FILTER_FILES:
        filter_files(a);
        return SL_OK;
    case SL_ID_CVS:
        a->cvs = true;
        return SL_OK;
    case SL_ID_MAX_SIZE:
        return size("--max-size", value, &o->max_size, err);
    case SL_ID_MIN_SIZE:
        return size("--min-size", value, &o->min_size, err);
    case SL_ID_NEWER:
        return when("--newer-than", value, &o->newer_than, err);
    case SL_ID_OLDER:
        return when("--older-than", value, &o->older_than, err);
    case SL_ID_MAX_DEPTH:
        if (sl_num_int(value, 1, DEPTH_MAX, &o->max_depth) != SL_OK)
            return sl_fail(err, SL_E_CONFIG, "--max-depth: '%s' is not a number from 1 to %d", value, DEPTH_MAX);
        return SL_OK;
    default:
        return SL_EOF;
    }
}

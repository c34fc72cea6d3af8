/* SPDX-License-Identifier: ISC */
/* options_backup - what is deleted at most, and what the options of --backup come to together. */
#include "config.h"
#include "client/options_select.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

/* A pattern that stands for this text alone. */
static char *literal(const char *front, const char *text)
{
    size_t n = strlen(front);
    char *out = sl_calloc(1, n + 2 * strlen(text) + 1);
    bool wild = strpbrk(text, "*?[");
    memcpy(out, front, n);
    for (; *text; text++) {
        if (wild && strchr("*?[\\", *text))
            out[n++] = '\\';
        out[n++] = *text;
    }
    return out;
}

static bool goes_up(const char *path)
{
    size_t n;
    for (; *path; path += n + (path[n] == '/')) {
        n = strcspn(path, "/");
        if (n == 2 && path[0] == '.' && path[1] == '.')
            return true;
    }
    return false;
}

/* A directory that is in use is not to be taken for too much. dir NULL: backups by their suffix. */
static enum sl_code protect(struct sl_options *o, const char *option, const char *dir, struct sl_error *err)
{
    if (!dir && o->delete_excluded)
        return SL_OK;
    while (dir && dir[0] == '.' && dir[1] == '/')
        dir += 2;
    if (dir && (*dir == '/' || !*dir || goes_up(dir)))
        return SL_OK;
    char *rule = literal(dir ? "P /" : "P *", dir ? dir : o->suffix);
    for (size_t n = strlen(rule); dir && n > 3 && rule[n - 1] == '/';)
        rule[--n] = '\0';
    enum sl_code rc = sl_filters_add(o->filters, option, rule, SL_RULE_FULL, err);
    free(rule);
    return rc;
}

enum sl_code sl_backup_settle(struct sl_options *o, struct sl_error *err)
{
    o->backup |= o->backup_dir != NULL;
    if (!o->suffix)
        o->suffix = o->backup_dir ? "" : "~";
    if (strchr(o->suffix, '/'))
        return sl_fail(err, SL_E_CONFIG, "--suffix: '%s' is no part of a name", o->suffix);
    if (o->temp_dir && o->del && protect(o, "--temp-dir", o->temp_dir, err) != SL_OK)
        return SL_E_CONFIG;
    if (!o->backup)
        return SL_OK;
    if (!*o->suffix && !o->backup_dir)
        return sl_fail(err, SL_E_CONFIG, "--suffix can't be empty without --backup-dir");
    if (o->inplace && o->retries)
        return sl_fail(
            err, SL_E_CONFIG,
            "--backup of files that are written --inplace doesn't go with --retries: the next attempt would back up "
            "what the last one left half written");
    o->omit_dir_times |= !o->backup_dir;
    return o->del ? protect(o, o->backup_dir ? "--backup-dir" : "--backup", o->backup_dir, err) : SL_OK;
}

enum sl_code sl_take_max_delete(struct sl_options *o, const char *value, struct sl_error *err)
{
    char number[24] = "";
    size_t n = strlen(value);
    o->max_delete_given = strcmp(value, "-1") != 0; /* rsync's word for no limit */
    o->max_delete_percent = n && value[n - 1] == '%';
    if (!o->max_delete_given)
        return SL_OK;
    if (n - o->max_delete_percent < sizeof number)
        memcpy(number, value, n - o->max_delete_percent);
    if (sl_num_u64(number, 0, o->max_delete_percent ? 100 : UINT64_MAX, &o->max_delete) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "--max-delete: '%s' is neither a number nor one from 0%% to 100%%", value);
    return SL_OK;
}

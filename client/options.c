/* SPDX-License-Identifier: ISC */
/*
 * options - the command line by the table of options_table.c, option by option.
 */
#include "config.h"
#include "client/options_priv.h"
#include "client/completion.h"
#include "client/options_alternates.h"
#include "client/options_each.h"
#include "client/options_metadata.h"
#include "client/options_output.h"
#include "client/options_table.h"
#include "client/options_transfer.h"
#include "client/stop.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { SECONDS_MAX = 7 * 86400 };

static const char archive_letters[SL_ARCHIVE_LETTERS + 1] = "rlptgo";

#define AT(member) offsetof(struct sl_options, member)

static bool *flag_at(struct sl_options *o, const struct sl_option_row *row)
{
    return (bool *)((char *)o + row->offset);
}

static void set_devices(struct sl_options *o, bool on)
{
    o->devices = o->specials = on;
}

void sl_options_set_archive(struct sl_options *o)
{
    o->recurse = o->links = o->perms = o->times = o->group = o->owner = true;
    set_devices(o, true);
}

/* An option with a value or a meaning of its own. */
static enum sl_code call(struct sl_parse *p, const struct sl_option_row *row, const char *value)
{
    struct sl_options *o = p->o;
    enum sl_code rc = sl_select_take(o, &p->select, row->id, value, p->err);
    if (rc == SL_EOF)
        rc = sl_transfer_take(o, row->id, value, p->err);
    if (rc == SL_EOF)
        rc = sl_alternates_take(o, row->id, value, p->err);
    if (rc == SL_EOF)
        rc = sl_metadata_take(o, row->id, value, p->err);
    if (rc == SL_EOF)
        rc = sl_output_take(o, row, value, p->err);
    if (rc == SL_EOF)
        rc = sl_stop_take(o, row->id, value, p->err);
    if (rc != SL_EOF)
        return rc;
    switch (row->id) {
    case SL_ID_ARCHIVE:
        sl_options_set_archive(o);
        p->archive_part = true;
        return SL_OK;
    case SL_ID_D:
        set_devices(o, true);
        p->archive_part = true;
        return SL_OK;
    case SL_ID_P:
        o->partial = o->progress = true;
        return SL_OK;
    case SL_ID_MAX_DELETE:
        return sl_take_max_delete(o, value, p->err);
    case SL_ID_SUFFIX:
        o->suffix = value;
        return SL_OK;
    case SL_ID_ICONV:
        o->iconv = value;
        return SL_OK;
    case SL_ID_COMPLETION_TABLE:
        free(o->show);
        o->show = sl_completion_table();
        return SL_OK;
    case SL_ID_HELP:
        p->help = true;
        return SL_OK;
    case SL_ID_VERSION:
        p->version = true;
        return SL_OK;
    default:
        return SL_OK;                    /* SL_ID_NONE */
    }
}

static enum sl_code lacking(const struct sl_option_row *row, struct sl_error *err)
{
    char letter[8] = "";
    if (row->letter)
        snprintf(letter, sizeof letter, " (-%c)", row->letter);
    return sl_fail(err, SL_E_CONFIG, "option --%s%s is not supported by this version of superlifter%s%s", row->name, letter,
                   row->help ? ": " : "", row->help ? row->help : "");
}

static enum sl_code number(const struct sl_option_row *row, const char *value, int *out, struct sl_error *err)
{
    int most = strcmp(row->name, "port") == 0 ? 65535 : SECONDS_MAX;
    if (sl_num_int(value, 0, most, out) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "--%s: '%s' is not a number from 0 to %d", row->name, value, most);
    return SL_OK;
}

/* What says how to reach a host, and how to tell of it. */
static bool goes_with_doctor(const char *name)
{
    static const char *const names[] = {
        "doctor", "json", "verbose", "no-config", "rsh", "remote-path", "rsync-path", "subsystem", "transport", "ssh-config", "port", "ipv4", "ipv6",
        "timeout", "contimeout", "wait", "confinement", "bwlimit", "compress", "compress-choice", "zc", "compress-level", "zl",
        "checksum-choice", "cc", "test-without", "help", "version" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static enum sl_code apply(struct sl_parse *p, const struct sl_option_row *row, const char *value)
{
    char *at = (char *)p->o + row->offset;
    if (!goes_with_doctor(row->name))
        p->foreign = row->name;
    if (!sl_select_goes_with_test(row->name))
        p->no_rule = row->name;
    switch (row->kind) {
    case SL_OPT_ON:
        if (row->offset == AT(append) || row->offset == AT(append_verify))
            p->o->append = p->o->append_verify = false;   /* the later one is meant */
        *flag_at(p->o, row) = true;
        p->recurse_given |= row->offset == AT(recurse);
        p->no_relative &= row->offset != AT(relative);
        p->no_dirs &= row->offset != AT(dirs);
        if (row->letter && strchr(archive_letters, row->letter))
            p->archive_part = true;
        if (row->offset == AT(devices) || row->offset == AT(specials))
            p->archive_part = true;
        return SL_OK;
    case SL_OPT_OFF:
        *flag_at(p->o, row) = false;
        return SL_OK;
    case SL_OPT_COUNT:
        ++*(int *)(void *)at;
        return SL_OK;
    case SL_OPT_TEXT:
        if (!*value)
            return sl_fail(p->err, SL_E_CONFIG, "--%s needs a value", row->name);
        memcpy(at, &value, sizeof value);
        return SL_OK;
    case SL_OPT_NUMBER:
        return number(row, value, (int *)(void *)at, p->err);
    case SL_OPT_CALL:
        return call(p, row, value);
    case SL_OPT_ALREADY:
        return SL_OK;
    case SL_OPT_LACKING:
        return lacking(row, p->err);
    }
    return SL_OK;
}

/* ---- --no-OPTION ---- */

static void negate(struct sl_parse *p, const struct sl_option_row *row)
{
    struct sl_options *o = p->o;
    const char *at = row->letter ? strchr(archive_letters, row->letter) : NULL;
    if (at)
        p->negated[at - archive_letters] = true;
    p->no_relative |= row->offset == AT(relative) && row->kind == SL_OPT_ON;
    p->no_dirs |= row->offset == AT(dirs) && row->kind == SL_OPT_ON;
    p->recurse_given &= row->offset != AT(recurse) || row->kind != SL_OPT_ON;
    p->no_devices |= row->id == SL_ID_D || row->offset == AT(devices);
    p->no_specials |= row->id == SL_ID_D || row->offset == AT(specials);
    if (row->kind == SL_OPT_LACKING || row->kind == SL_OPT_ALREADY)
        return;                  /* it is off, or is as it is */
    if (row->id == SL_ID_D) {
        set_devices(o, false);
    } else if (row->id == SL_ID_SUPER) {
        o->super = -1;
        o->fake_super = false;
    } else if (row->id == SL_ID_ICONV) {
        o->iconv = "-";
    } else if (row->id == SL_ID_BWLIMIT) {
        o->bwlimit = 0;
    } else if (row->id == SL_ID_COMPRESS) {
        o->compress = 0;
    } else if (row->offset == AT(human) && row->kind == SL_OPT_COUNT) {
        o->human = -1;           /* no separators either, as with rsync */
    } else if (row->kind == SL_OPT_COUNT || row->kind == SL_OPT_NUMBER) {
        *(int *)(void *)((char *)o + row->offset) = 0;
    } else {
        *flag_at(o, row) = false;
        o->append_verify &= row->offset != AT(append);   /* as with rsync */
    }
}

bool sl_option_negatable(const struct sl_option_row *row)
{
    switch (row->kind) {
    case SL_OPT_ON:
    case SL_OPT_COUNT:
    case SL_OPT_NUMBER:
    case SL_OPT_ALREADY:
        return true;
    case SL_OPT_LACKING:
        return !row->arg;
    case SL_OPT_CALL:
        return row->id == SL_ID_D || row->id == SL_ID_COMPRESS || row->id == SL_ID_BWLIMIT || row->id == SL_ID_SUPER || row->id == SL_ID_ICONV;
    case SL_OPT_OFF:
    case SL_OPT_TEXT:
        return false;
    }
    return false;
}

/* ---- all of them ---- */

static enum sl_code take_one(void *ctx, const struct sl_option_taken *t)
{
    struct sl_parse *p = ctx;
    if (t->negated)
        negate(p, t->row);
    else
        return apply(p, t->row, t->value);
    return SL_OK;
}

static bool says_how_to_reach(const char *name)
{
    static const char *const names[] = { "rsh", "remote-path", "rsync-path", "subsystem", "transport", "ssh-config", "port", "ipv4", "ipv6" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static enum sl_code take_way(void *ctx, const struct sl_option_taken *t)
{
    return says_how_to_reach(t->row->name) ? take_one(ctx, t) : SL_OK;
}

/* What a configuration says, before the command line does. */
static enum sl_code parse_earlier(struct sl_parse *p, const struct sl_earlier *e)
{
    size_t first = 0;
    enum sl_code rc = sl_options_each(e->count, e->words, e->reach_only ? take_way : take_one, p, &first, p->err);
    bool shows = p->help || p->version || p->o->show || p->o->doctor || p->o->filter_test || p->o->no_config || p->o->reach_only;
    if (rc == SL_OK && shows)
        rc = sl_fail(p->err, SL_E_CONFIG, "options that only show something belong on the command line");
    if (rc == SL_OK && first < (size_t)e->count)
        rc = sl_fail(p->err, SL_E_CONFIG, "'%s' is no option", e->words[first]);
    if (rc != SL_OK)
        sl_error_context(p->err, "%s", e->told);
    return rc;
}

enum sl_options_result sl_options_parse(struct sl_options *o, int argc, char **argv, struct sl_error *err)
{
    return sl_options_parse_behind(o, NULL, 0, &(struct sl_command_line){ argc, argv }, err);
}

enum sl_options_result sl_options_parse_behind(struct sl_options *o, const struct sl_earlier *earlier, size_t count,
                                               const struct sl_command_line *line, struct sl_error *err)
{
    int argc = line->argc;
    char **argv = line->argv;
    size_t first = 0;
    struct sl_parse p = { .o = o, .err = err };
    *o = (struct sl_options){ .implied_dirs = true, .motd = true, .subsystem = "superlifter", .address_family = AF_UNSPEC,
                              .compress = SL_COMPRESS_AUTO };
    o->filters = sl_filters_new();
    o->as_is = sl_suffixes_new();
    if (argc == 2 && strcmp(argv[1], "-h") == 0)
        return SL_OPTIONS_HELP;
    for (size_t i = 0; i < count; i++)
        if (parse_earlier(&p, &earlier[i]) != SL_OK) {
            sl_select_args_clear(&p.select);
            return SL_OPTIONS_BAD;
        }
    const char *configured_rsh = o->rsh;
    o->rsh = NULL;
    p.foreign = p.no_rule = NULL;
    enum sl_code rc = sl_options_each(argc, argv, take_one, &p, &first, err);
    o->del |= o->delete_excluded || o->delete_after || o->delete_before;
    if (rc == SL_OK && !p.help && !p.version && !o->show)
        rc = sl_select_settle(o, &p.select, err);
    sl_select_args_clear(&p.select);
    if (rc != SL_OK)
        return SL_OPTIONS_BAD;
    if (p.help)
        return SL_OPTIONS_HELP;
    if (p.version)
        return SL_OPTIONS_VERSION;
    if (o->show)
        return SL_OPTIONS_SHOW;
    size_t n = (size_t)argc - first;
    o->sources = argv + first;
    o->source_count = n > 1 ? n - 1 : n;
    o->dest = n > 1 ? argv[argc - 1] : NULL;
    return sl_options_settle(&p, configured_rsh) == SL_OK ? SL_OPTIONS_RUN : SL_OPTIONS_BAD;
}

void sl_options_clear(struct sl_options *o)
{
    sl_filters_free(o->filters);
    o->filters = NULL;
    sl_suffixes_free(o->as_is);
    o->as_is = NULL;
    sl_metadata_clear(o);
    free(o->show);
    o->show = NULL;
}

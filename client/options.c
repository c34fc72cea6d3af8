/* SPDX-License-Identifier: ISC */
/*
 * options - the command line by the table of options_table.c, and what follows from several options together.
 */
#include "config.h"
#include "client/options.h"
#include "client/completion.h"
#include "client/options_alternates.h"
#include "client/options_each.h"
#include "client/options_metadata.h"
#include "client/options_output.h"
#include "client/options_select.h"
#include "client/options_table.h"
#include "client/options_transfer.h"
#include "client/stop.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { SECONDS_MAX = 7 * 86400 };

/* What the command line has said so far, beside the options themselves. */
struct parse {
    struct sl_options *o;
    bool archive_part;           /* one of -rlptgoD was given */
    bool negated[6];             /* --no-r ... : by place in archive_letters */
    bool no_devices, no_specials;
    bool recurse_given, no_relative, no_dirs;
    bool help, version;
    struct sl_select_args select;
    const char *foreign;         /* the last option that has nothing to do with --doctor */
    const char *no_rule;         /* and with --filter-test */
    struct sl_error *err;
};

static const char archive_letters[] = "rlptgo";

#define AT(member) offsetof(struct sl_options, member)

static bool *flag_at(struct sl_options *o, const struct sl_option_row *row)
{
    return (bool *)((char *)o + row->offset);
}

static void set_devices(struct sl_options *o, bool on)
{
    o->devices = o->specials = on;
}

static void set_archive(struct sl_options *o)
{
    o->recurse = o->links = o->perms = o->times = o->group = o->owner = true;
    set_devices(o, true);
}

/* An option with a value or a meaning of its own. */
static enum sl_code call(struct parse *p, const struct sl_option_row *row, const char *value)
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
        set_archive(o);
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

static enum sl_code apply(struct parse *p, const struct sl_option_row *row, const char *value)
{
    char *at = (char *)p->o + row->offset;
    if (!goes_with_doctor(row->name))
        p->foreign = row->name;
    if (!sl_select_goes_with_test(row->name))
        p->no_rule = row->name;
    switch (row->kind) {
    case SL_OPT_ON:
        *flag_at(p->o, row) = true;
        p->recurse_given |= row->offset == AT(recurse);
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

static void negate(struct parse *p, const struct sl_option_row *row)
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
        return row->id == SL_ID_D || row->id == SL_ID_COMPRESS || row->id == SL_ID_BWLIMIT || row->id == SL_ID_SUPER;
    case SL_OPT_OFF:
    case SL_OPT_TEXT:
        return false;
    }
    return false;
}

/* ---- all of them ---- */

static enum sl_code take_one(void *ctx, const struct sl_option_taken *t)
{
    struct parse *p = ctx;
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
static enum sl_code parse_earlier(struct parse *p, const struct sl_earlier *e)
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

/* ---- what follows from several ---- */

static void imply_archive(struct parse *p)
{
    struct sl_options *o = p->o;
    bool *parts[] = { &o->recurse, &o->links, &o->perms, &o->times, &o->group, &o->owner };
    if (p->archive_part || !o->dest || o->dirs || o->files_from)
        return;
    set_archive(o);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (p->negated[i])
            *parts[i] = false;
    o->devices = !p->no_devices;
    o->specials = !p->no_specials;
}

/* As with rsync, wherever on the line it stands. */
static void imply_of_list(struct parse *p)
{
    struct sl_options *o = p->o;
    if (!o->files_from)
        return;
    o->relative = !p->no_relative;
    o->dirs = !p->no_dirs;
    o->recurse = p->recurse_given;
}

static void imply_others(struct sl_options *o)
{
    if (o->acls)
        o->perms = true;                 /* an ACL and its mode are one thing */
    if (o->append || o->append_verify)
        o->inplace = true;
}

/* As with rsync, the environment says where for --partial, and what is kept there is neither sent nor deleted. */
static enum sl_code settle_partial_dir(struct sl_options *o, struct sl_error *err)
{
    static const char *const names[] = { "SUPERLIFTER_PARTIAL_DIR", "RSYNC_PARTIAL_DIR" };
    char rule[SL_NAME_MAX + 8];
    for (size_t i = 0; i < 2 && o->partial && !o->inplace && !*o->partial_dir; i++) {
        const char *value = getenv(names[i]);
        if (value && *value && sl_transfer_partial_dir(o, names[i], value, err) != SL_OK)
            return SL_E_CONFIG;
    }
    if (!*o->partial_dir)
        return SL_OK;
    if (o->inplace || o->no_resume)
        return sl_fail(err, SL_E_CONFIG, "--partial-dir doesn't go with %s", o->no_resume ? "--no-resume" : "--inplace or --append");
    snprintf(rule, sizeof rule, "-srp %s/", o->partial_dir);
    return sl_filters_add(o->filters, "--partial-dir", rule, SL_RULE_FULL, err);
}

static enum sl_code check_doctor(const struct parse *p, struct sl_error *err)
{
    if (p->o->source_count)
        return sl_fail(err, SL_E_CONFIG, "--doctor looks at one host and copies nothing: '%s' doesn't go with it", p->o->sources[0]);
    if (p->foreign)
        return sl_fail(err, SL_E_CONFIG, "--doctor copies nothing: --%s doesn't go with it", p->foreign);
    return SL_OK;
}

static enum sl_code check_filter_test(struct parse *p, struct sl_error *err)
{
    struct sl_options *o = p->o;
    o->source_count += o->dest != NULL;          /* all are paths */
    o->dest = NULL;
    if (p->no_rule)
        return sl_fail(err, SL_E_CONFIG, "--filter-test copies nothing: --%s doesn't go with it", p->no_rule);
    if (!o->source_count)
        return sl_fail(err, SL_E_CONFIG, "--filter-test needs a PATH to judge");
    return SL_OK;
}

/* Whether a file can be read by each of several attempts: pipes can't, standard input included. */
static bool read_once(const char *path)
{
    struct stat st;
    return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

static enum sl_code check_list(const struct sl_options *o, struct sl_error *err)
{
    const char *colon = strchr(o->files_from, ':');
    if (o->source_count != 1)
        return sl_fail(err, SL_E_CONFIG, "--files-from needs one source, a directory: '%s' doesn't go with it", o->sources[1]);
    if (colon && !memchr(o->files_from, '/', (size_t)(colon - o->files_from)))
        return sl_fail(err, SL_E_CONFIG, "--files-from: '%s' is on another host; only a file of this one can be read: ssh HOST cat FILE, a pipe and "
                       "--files-from=- do it (./%s is a file of that name here)", o->files_from, o->files_from);
    if (o->retries && read_once(o->files_from))
        return sl_fail(err, SL_E_CONFIG, "--files-from=%s can be read only once: --retries doesn't go with it", o->files_from);
    return SL_OK;
}

static enum sl_code check(const struct sl_options *o, struct sl_error *err)
{
    if (!o->source_count)
        return sl_fail(err, SL_E_CONFIG, "no source is given (see superlifter --help)");
    if (o->one_fs > 1)
        return sl_fail(err, SL_E_CONFIG, "-x is not supported twice by this version of superlifter: a mount point itself can't be told from other directories; leave it out by --exclude");
    if (o->one_fs && (o->copy_links || o->copy_dirlinks || o->copy_unsafe_links))
        return sl_fail(err, SL_E_CONFIG, "-x: what file system a symbolic link leads to can't be seen: -L, -k and --copy-unsafe-links don't go with it");
    if (o->files_from && check_list(o, err) != SL_OK)
        return SL_E_CONFIG;
    if (o->del && !o->recurse && !o->dirs)
        return sl_fail(err, SL_E_CONFIG, "--delete does not work without --recursive (-r) or --dirs (-d)");
    if (o->remove_source_files && (o->copy_links || o->copy_dirlinks || o->copy_unsafe_links))
        return sl_fail(err, SL_E_CONFIG, "--remove-source-files doesn't go with %s: what a link leads to would go, not the link",
                       o->copy_links ? "--copy-links" : o->copy_dirlinks ? "--copy-dirlinks" : "--copy-unsafe-links");
    if (o->remove_source_files && o->del && o->retries)
        return sl_fail(err, SL_E_CONFIG, "--remove-source-files with --delete doesn't go with --retries: the next attempt would delete what the last one moved");
    if (o->delete_before && o->delete_after)
        return sl_fail(err, SL_E_CONFIG, "--delete-before and --delete-after don't go together");
    if ((o->append || o->append_verify) && o->whole_file > 0)
        return sl_fail(err, SL_E_CONFIG, "%s sends the rest of a file: --whole-file doesn't go with it", o->append ? "--append" : "--append-verify");
    if (o->lanes > 1 && o->bwlimit)
        return sl_fail(err, SL_E_CONFIG, "--bwlimit is held by one connection: --lanes=%d doesn't go with it", o->lanes);
    if (o->partial && o->no_resume)
        return sl_fail(err, SL_E_CONFIG, "--no-resume keeps nothing of an interrupted file: --partial (-P) doesn't go with it");
    if (o->json && (o->out_format || o->itemize))
        return sl_fail(err, SL_E_CONFIG, "--json has a form of its own: --out-format and -i don't go with it");
    if (o->json && o->all_to_stderr)
        return sl_fail(err, SL_E_CONFIG, "--json writes to standard output: --stderr=all (--msgs2stderr) doesn't go with it");
    return SL_OK;
}

/* The environment is nearer to a run than a configuration is. */
static void environment(struct sl_options *o, const char *configured_rsh)
{
    static const char *const names[] = { "SUPERLIFTER_RSH", "RSYNC_RSH" };
    for (size_t i = 0; i < 2 && !o->rsh; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            o->rsh = value;
    }
    if (!o->rsh)
        o->rsh = configured_rsh;
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
    struct parse p = { .o = o, .err = err };
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
    imply_archive(&p);
    imply_of_list(&p);
    imply_others(o);
    environment(o, configured_rsh);
    if (o->doctor)
        return check_doctor(&p, err) == SL_OK ? SL_OPTIONS_RUN : SL_OPTIONS_BAD;
    if (o->filter_test)
        return check_filter_test(&p, err) == SL_OK ? SL_OPTIONS_RUN : SL_OPTIONS_BAD;
    if (settle_partial_dir(o, err) != SL_OK || sl_backup_settle(o, err) != SL_OK)
        return SL_OPTIONS_BAD;
    return check(o, err) == SL_OK ? SL_OPTIONS_RUN : SL_OPTIONS_BAD;
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

/* ---- --help ---- */

static void add_text(struct sl_buf *b, const char *text)
{
    sl_buf_add(b, text, strlen(text));
}

/* Two letters of rsync's have no long name of rsync's. */
bool sl_option_letter_only(const struct sl_option_row *row)
{
    return row->id == SL_ID_D || row->id == SL_ID_P;
}

static void add_row(struct sl_buf *b, const struct sl_option_row *row)
{
    char left[80], line[200];
    bool letter_only = sl_option_letter_only(row);
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c%s", row->letter, letter_only ? "" : ", ");
    snprintf(left, sizeof left, "%s%s%s%s%s", letter, letter_only ? "" : "--", letter_only ? "" : row->name, row->arg ? "=" : "",
             row->arg ? row->arg : "");
    snprintf(line, sizeof line, "  %-30s %s\n", left, row->help);
    add_text(b, line);
}

void sl_options_help(char **out)
{
    struct sl_buf b = { 0 };
    add_text(&b, "superlifter " PACKAGE_VERSION " makes one directory tree like another\n\n"
                 "Usage: superlifter [OPTION]... SRC... DST\n"
                 "       superlifter [OPTION]... SRC              lists it\n"
                 "       superlifter [OPTION]... --doctor HOST    says what works there\n"
                 "       superlifter --filter-test RULES PATH...  says what rules make of paths\n\n"
                 "SRC and DST are\n"
                 "  PATH                                         local\n"
                 "  [USER@]HOST:PATH                             SSH, relative to the login directory\n"
                 "  ssh://[USER@]HOST[:PORT]/PATH                SSH, absolute (/~/PATH: login directory)\n"
                 "  superlifter://HOST[:PORT]/MODULE/PATH        TCP\n"
                 "  superlifter+ssh://[USER@]HOST[:PORT]/MODULE/PATH\n"
                 "A slash behind SRC means what is in it, as with rsync.\n\n"
                 "Options\n");
    for (size_t i = 0; i < sl_option_count; i++)
        if (sl_option_rows[i].help && sl_option_rows[i].kind != SL_OPT_LACKING)
            add_row(&b, &sl_option_rows[i]);
    add_text(&b, "\nMost can be turned off by --no-OPTION, as in -a --no-owner. Exit statuses are rsync's. See superlifter(1).\n");
    *out = sl_memdup0(sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

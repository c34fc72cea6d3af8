/* SPDX-License-Identifier: ISC */
/* options_settle - what follows from several options together, and what does not go together. */
#include "config.h"
#include "client/options_priv.h"
#include "client/fake_super.h"
#include "client/files_from_far.h"
#include "client/options_alternates.h"
#include "client/options_transfer.h"
#include "client/write_devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void imply_archive(struct sl_parse *p)
{
    struct sl_options *o = p->o;
    bool *parts[] = { &o->recurse, &o->links, &o->perms, &o->times, &o->group, &o->owner };
    if (p->archive_part || !o->dest || o->dirs || o->files_from)
        return;
    sl_options_set_archive(o);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (p->negated[i])
            *parts[i] = false;
    o->devices = !p->no_devices;
    o->specials = !p->no_specials;
}

/* As with rsync, wherever on the line it stands. */
static void imply_of_list(struct sl_parse *p)
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
    if (o->append || o->append_verify || o->write_devices)
        o->inplace = true;
    if (o->compress_none)
        o->compress = 0;
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
        return sl_fail(err, SL_E_CONFIG, "--partial-dir doesn't go with %s", o->no_resume ? "--no-resume" : o->write_devices ? "--write-devices" : "--inplace or --append");
    snprintf(rule, sizeof rule, "-srp %s/", o->partial_dir);
    return sl_filters_add(o->filters, "--partial-dir", rule, SL_RULE_FULL, err);
}

static enum sl_code check_doctor(const struct sl_parse *p, struct sl_error *err)
{
    if (p->o->source_count)
        return sl_fail(err, SL_E_CONFIG, "--doctor looks at one host and copies nothing: '%s' doesn't go with it", p->o->sources[0]);
    if (p->foreign)
        return sl_fail(err, SL_E_CONFIG, "--doctor copies nothing: --%s doesn't go with it", p->foreign);
    return SL_OK;
}

static enum sl_code check_filter_test(struct sl_parse *p, struct sl_error *err)
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
    if (o->source_count != 1)
        return sl_fail(err, SL_E_CONFIG, "--files-from needs one source, a directory: '%s' doesn't go with it", o->sources[1]);
    bool far = sl_files_from_is_far(o->files_from);
    if (!far && o->retries && read_once(o->files_from))
        return sl_fail(err, SL_E_CONFIG, "--files-from=%s can be read only once: --retries doesn't go with it", o->files_from);
    return SL_OK;
}

static enum sl_code check(const struct sl_options *o, struct sl_error *err)
{
    if (!o->source_count)
        return sl_fail(err, SL_E_CONFIG, "no source is given (see superlifter --help)");
    if (o->copy_devices && (o->copy_links || o->copy_dirlinks || o->copy_unsafe_links || o->remove_source_files))
        return sl_fail(err, SL_E_CONFIG, "--copy-devices doesn't go with %s", o->remove_source_files ? "--remove-source-files: no device is removed" : "-L, -k and --copy-unsafe-links");
    if (o->write_devices && sl_write_devices_check(o, err) != SL_OK)
        return SL_E_CONFIG;
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
    if (o->delay_updates && o->inplace)
        return sl_fail(err, SL_E_CONFIG, "--delay-updates doesn't go with %s: what is written in place can't wait for its name",
                       o->append ? "--append" : o->append_verify ? "--append-verify" : o->write_devices ? "--write-devices" : "--inplace");
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

/* As with rsync, the environment may say what names are in. */
static void settle_iconv(struct sl_options *o)
{
    static const char *const names[] = { "SUPERLIFTER_ICONV", "RSYNC_ICONV" };
    for (size_t i = 0; i < 2 && !o->iconv; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            o->iconv = value;
    }
    if (o->iconv && strcmp(o->iconv, "-") == 0)
        o->iconv = NULL;
}

enum sl_code sl_options_settle(struct sl_parse *p, const char *configured_rsh)
{
    struct sl_options *o = p->o;
    imply_archive(p);
    imply_of_list(p);
    imply_others(o);
    environment(o, configured_rsh);
    settle_iconv(o);
    if (o->doctor)
        return check_doctor(p, p->err);
    if (o->filter_test)
        return check_filter_test(p, p->err);
    if (settle_partial_dir(o, p->err) != SL_OK || sl_backup_settle(o, p->err) != SL_OK || sl_fake_super_settle(o, p->err) != SL_OK)
        return SL_E_CONFIG;
    return check(o, p->err);
}

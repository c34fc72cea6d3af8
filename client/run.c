/* SPDX-License-Identifier: ISC */
/* run - from options to exit status: addresses, connections, confinement. */
#include "config.h"
#include "client/run_priv.h"
#include "client/attrs.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/charset_side.h"
#include "client/confine_client.h"
#include "client/fake_super.h"
#include "client/files_from_far.h"
#include "client/delay.h"
#include "client/grow.h"
#include "client/links.h"
#include "client/permit.h"
#include "client/remote.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOG_FAILED = 11 };

static struct sl_report *notes_to;       /* sl_remote_open's note hook has no context */

static void note(const char *line)
{
    struct sl_error err = { .code = SL_E_UNSUPPORTED };
    snprintf(err.text, sizeof err.text, "%s", line);
    sl_report_warning(notes_to, &err, NULL);
}

void sl_run_tell_failure(struct sl_layout *l, const struct sl_error *err, bool again)
{
    if (again)
        sl_report_warning(l->report, err, NULL);
    else
        sl_report_error(l->report, err, NULL);
}

int sl_run_session_status(enum sl_code rc)
{
    return sl_remote_interrupted ? 20 : rc == SL_E_TIMEOUT ? 30 : rc == SL_E_CONFIG ? 1 : rc == SL_E_VERSION || rc == SL_E_PEER ? 2 : 12;
}

/* ssh has an option of its own for it. */
static enum sl_code check_bind(const struct sl_layout *l, struct sl_error *err)
{
    enum sl_address_kind source = l->addresses[0].kind, dest = l->o->dest ? l->dest_address.kind : SL_ADDR_LOCAL;
    if (source == SL_ADDR_SSH || dest == SL_ADDR_SSH)
        return sl_fail(err, SL_E_CONFIG, "--address is for superlifter:// only; over SSH use -e 'ssh -b %s'", l->o->bind_address);
    if (source == SL_ADDR_LOCAL && dest == SL_ADDR_LOCAL)
        return sl_fail(err, SL_E_CONFIG, "--address: nothing is connected to between local trees");
    return SL_OK;
}

static enum sl_code check_port(const struct sl_layout *l, struct sl_error *err)
{
    if (l->addresses[0].kind == SL_ADDR_SSH || (l->o->dest && l->dest_address.kind == SL_ADDR_SSH))
        return sl_fail(err, SL_E_CONFIG, "--port is for superlifter:// only; over SSH use ssh://HOST:%d/PATH or -e 'ssh -p %d'", l->o->port, l->o->port);
    return SL_OK;
}

static enum sl_code names_no_module(const char *text, struct sl_error *err)
{
    return sl_fail(err, SL_E_CONFIG, "'%s' names no module", text);
}

static enum sl_code parse_addresses(struct sl_layout *l, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    l->addresses = sl_calloc(l->o->source_count, sizeof *l->addresses);
    for (size_t i = 0; i < l->o->source_count && rc == SL_OK; i++) {
        rc = sl_address_parse(&l->addresses[i], l->o->sources[i], err);
        l->count += rc == SL_OK;
        if (rc == SL_OK && l->o->dest && l->addresses[i].modules && !l->addresses[i].module)
            rc = names_no_module(l->o->sources[i], err);
        if (rc == SL_OK && i && !sl_address_same_host(&l->addresses[0], &l->addresses[i]))
            rc = sl_fail(err, SL_E_CONFIG, "all SRC must be on one host: '%s' and '%s' are not", l->o->sources[0], l->o->sources[i]);
    }
    if (rc == SL_OK && l->o->dest)
        rc = sl_address_parse(&l->dest_address, l->o->dest, err);
    if (rc == SL_OK && l->o->dest && l->dest_address.modules && !l->dest_address.module)
        rc = names_no_module(l->o->dest, err);
    if (rc == SL_OK && l->o->munge_links && l->o->dest)
        rc = sl_links_may_munge(l->addresses[0].kind != SL_ADDR_LOCAL, l->dest_address.kind != SL_ADDR_LOCAL, err);
    if (rc == SL_OK && l->o->bind_address)
        rc = check_bind(l, err);
    if (rc == SL_OK && l->o->port)
        rc = check_port(l, err);
    bool local = rc == SL_OK && l->o->dest && l->addresses[0].kind == SL_ADDR_LOCAL && l->dest_address.kind == SL_ADDR_LOCAL;
    if (local && l->o->bwlimit)
        return sl_fail(err, SL_E_CONFIG, "--bwlimit: nothing is sent between local trees, so there is no rate to hold");
    return rc;
}

static void read_above_one(struct sl_filters *f, const struct sl_address *a)
{
    if (a->kind != SL_ADDR_LOCAL)
        return;
    char *path = sl_filters_absolute(a->path);
    sl_filters_read_parents(f, path);
    free(path);
}

static struct sl_files_from_how list_how(const struct sl_options *o)
{
    return (struct sl_files_from_how){ .file = o->files_from, .from0 = o->from0, .relative = o->relative, .recurse = o->recurse,
                                       .flags = sl_layout_flags(o, false) };
}

static enum sl_code read_list(struct sl_layout *l, struct sl_error *err)
{
    const struct sl_files_from_how how = list_how(l->o);
    if (!how.file)
        return SL_OK;
    return sl_files_from_is_far(how.file) ? sl_files_from_far_check(l, err) : sl_files_from_read(&l->list, &how, err);
}

/* Merge files above a local tree, while they can be read. */
static void read_above(struct sl_layout *l)
{
    for (size_t i = 0; i < l->count; i++)
        read_above_one(l->o->filters, &l->addresses[i]);
    if (l->o->dest)
        read_above_one(l->o->filters, &l->dest_address);
}

static void show_motd(struct sl_layout *l, struct sl_endpoint *e)
{
    size_t n = 0;
    const char *text = sl_remote_motd(e, &n);
    if (n && l->o->motd && !(l->attempts && l->attempts->told))
        sl_report_motd(l->report, text, n);
}

/* Whether it has all that the options ask of a server. */
static enum sl_code suits(const struct sl_layout *l, const struct sl_endpoint *e, struct sl_error *err, int *exit_status)
{
    bool tree = !(l->addresses[0].modules && !l->addresses[0].module) || l->o->dest;
    enum sl_code rc = tree ? sl_attrs_possible(l->o, e, err) : SL_OK;
    if (rc == SL_OK && l->o->copy_devices && e->side == SL_SIDE_SOURCE && !e->reads_devices)
        rc = sl_fail(err, SL_E_CONFIG, "--copy-devices: the server at the source reads no devices: this account is confined there and lacks the right device, or it is too old");
    if (rc == SL_OK && l->o->write_devices && e->side == SL_SIDE_DEST && !e->writes_devices)
        rc = sl_fail(err, SL_E_CONFIG, "--write-devices: the server at the destination writes to no devices: this account is confined there and lacks the right device, or may not overwrite, or the server is too old");
    if (rc == SL_OK && tree && l->o->one_fs > 1 && !e->mounts)
        rc = sl_fail(err, SL_E_CONFIG, "-x twice: the server at the %s is too old for it", e->side == SL_SIDE_SOURCE ? "source" : "destination");
    if (rc == SL_OK && tree && l->charset && l->o->one_fs && !e->mounts && !sl_charset_keeps_order(l->charset))
        rc = sl_fail(err, SL_E_CONFIG, "-x with --iconv between these charsets: the server at the %s is too old for it",
                     e->side == SL_SIDE_SOURCE ? "source" : "destination");
    if (rc != SL_OK)
        *exit_status = sl_run_session_status(rc);
    return rc;
}

static enum sl_code open_sides(struct sl_layout *l, struct sl_error *err, int *exit_status)
{
    const struct sl_address *s = &l->addresses[0], *d = &l->dest_address;
    enum sl_code rc = SL_OK;
    if (s->kind != SL_ADDR_LOCAL) {
        rc = sl_remote_open(&l->remote_source, SL_SIDE_SOURCE, s, l->o, note, err, exit_status);
        if (rc == SL_OK)
            show_motd(l, l->remote_source);
        if (rc == SL_OK)
            rc = suits(l, l->remote_source, err, exit_status);
        sl_charset_wrap(l->remote_source, l->charset);
    }
    if (rc != SL_OK || !l->o->dest || d->kind == SL_ADDR_LOCAL)
        return rc;
    rc = sl_remote_open(&l->dest, SL_SIDE_DEST, d, l->o, note, err, exit_status);
    if (rc == SL_OK)
        show_motd(l, l->dest);
    if (rc == SL_OK)
        rc = suits(l, l->dest, err, exit_status);
    sl_charset_wrap(l->dest, l->charset);
    return rc;
}

/* What has to be before this process is confined, and after. */
static enum sl_code settle_in(struct sl_layout *l, struct sl_error *err, int *exit_status)
{
    bool remote = l->addresses[0].kind != SL_ADDR_LOCAL;
    bool local_dest = l->o->dest && l->dest_address.kind == SL_ADDR_LOCAL;
    bool told = l->attempts && l->attempts->told;
    if (told)
        ;                                /* by an attempt before */
    else if (l->remote_source && !(l->addresses[0].modules && !l->addresses[0].module))
        sl_permit_tell(l->o, l->report, l->remote_source, l->dest);
    else if (l->dest)
        sl_permit_tell(l->o, l->report, NULL, l->dest);
    if (l->o->dest && (remote || !local_dest)) /* without --delete, too, directories in the way of something are noted in it */
        l->spool_file = sl_io_temporary();
    for (size_t i = 0; i < SL_DELAY_SPOOLS && l->o->delay_updates && (remote || !local_dest); i++)
        l->delay_files[i] = sl_io_temporary();
    sl_grow_prepare(l);
    const struct sl_files_from_how how = list_how(l->o);
    bool far = how.file && sl_files_from_is_far(how.file);
    enum sl_code rc = far ? sl_files_from_far_begin(l, &how, err) : SL_OK;
    if (rc == SL_OK)
        rc = sl_client_confine(l, err);
    *exit_status = 1;
    if (rc == SL_OK && far && (rc = sl_files_from_far_read(l, err)) != SL_OK)
        *exit_status = rc == SL_E_CLOSED || rc == SL_E_TIMEOUT || rc == SL_E_PROTOCOL ? sl_run_session_status(rc) : 1;
    if (rc == SL_OK && local_dest)
        l->dest = sl_local_new(SL_SIDE_DEST, remote, l->helper);
    if (rc == SL_OK && local_dest)
        l->dest->devices = l->o->write_devices;
    if (rc == SL_OK && local_dest)
        sl_fake_super_side(l->o, l->dest);
    if (rc == SL_OK && local_dest && !remote)
        sl_charset_wrap(l->dest, l->charset);
    if (rc == SL_OK && local_dest && l->o->keep_dirlinks)
        sl_local_from_slash(l->dest);
    return rc;
}

void sl_run_traffic(struct sl_stats *s, const struct sl_endpoint *e)
{
    sl_remote_traffic(e, &s->wire_out, &s->wire_in);
    s->list_bytes += sl_remote_listed(e);
}

/* What listing has begun to print is not to be begun again. */
static bool only_shows(const struct sl_options *o)
{
    return o->dry_run || o->list_only || !o->dest;
}

int sl_run(const struct sl_options *o)
{
    return sl_run_attempt(o, NULL);
}

int sl_run_attempt(const struct sl_options *o, struct sl_attempts *a)
{
    struct sl_layout l = { .o = o, .attempts = a, .start_ms = sl_now_ms() };
    struct sl_error err = { 0 };
    int status = 1;
    enum sl_code rc = parse_addresses(&l, &err);
    bool push = rc == SL_OK && o->dest && l.dest_address.kind != SL_ADDR_LOCAL;
    l.report = notes_to = sl_report_new(o, push);
    if (rc == SL_OK && (rc = sl_report_log_open(l.report, &err)) != SL_OK)
        status = LOG_FAILED;
    if (rc == SL_OK)
        rc = read_list(&l, &err);
    if (rc == SL_OK && o->iconv)
        rc = sl_charset_new(&l.charset, o->iconv, o->links, &err);
    if (rc == SL_OK)
        rc = sl_charset_options_go(l.charset, o, &err);
    if (rc == SL_OK)
        read_above(&l);
    if (rc == SL_OK)
        rc = open_sides(&l, &err, &status);
    if (rc == SL_OK)
        rc = settle_in(&l, &err, &status);
    if (rc == SL_OK && a)
        a->once = only_shows(o);
    if (rc != SL_OK)
        sl_run_tell_failure(&l, &err, sl_retries_lost(a, o, NULL, &err));
    else
        status = o->dest && !o->list_only ? sl_run_transfer(&l, &err) : sl_run_listing(&l, &err);
    if (rc == SL_OK && l.remote_source)
        sl_remote_finish(l.remote_source);
    if (!a || !a->again)
        sl_report_conclude(l.report, status);
    sl_layout_clear(&l);
    sl_charset_free(l.charset);
    sl_helper_stop(l.helper);
    if (l.spool_file)
        fclose(l.spool_file);
    for (size_t i = 0; i < SL_DELAY_SPOOLS; i++)
        if (l.delay_files[i])
            fclose(l.delay_files[i]);
    sl_report_free(l.report);
    return status;
}

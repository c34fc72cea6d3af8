/* SPDX-License-Identifier: ISC */
/* layout_dest - the destination: an existing directory, a directory to be made, or the new name of one file. */
#include "config.h"
#include "client/run.h"
#include "base/mem.h"
#include "client/alter.h"
#include "client/backup.h"
#include "client/delay.h"
#include "client/staging.h"
#include "client/remote.h"
#include "client/superuser.h"
#include "client/take_source.h"
#include "proto/msg.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_in_slash(const char *path)
{
    size_t n = strlen(path);
    return n && path[n - 1] == '/';
}

/* Waits until the destination has answered everything. */
static enum sl_code confirmed(struct sl_endpoint *e, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && e->acked[SL_JOB_WORK] < e->issued[SL_JOB_WORK])
        rc = sl_remote_pump(e, NULL, true, err);
    return rc;
}

struct capture { bool failed; struct sl_error err; };

static void captured(void *ctx, struct sl_endpoint *e, enum sl_job job, uint64_t ticket, const struct sl_error *err)
{
    struct capture *c = ctx;
    (void)e;
    (void)ticket;
    if (job != SL_JOB_WORK || c->failed)
        return;
    c->failed = true;
    c->err = *err;
}

/* mkdir of the place's name; waits for the answer. */
static enum sl_code make_dir(struct sl_endpoint *e, const struct sl_place *at, struct sl_error *err)
{
    struct sl_cursor c;
    struct capture hook = { 0 };
    uint32_t id = 0;
    struct sl_entry entry = { .type = SL_TYPE_DIR, .mode = 0777, .name = at->name, .name_len = strlen(at->name) };
    enum sl_code rc;
    e->failed = captured;
    e->ctx = &hook;
    sl_cursor_init(&c, e, SL_JOB_WORK, at->root, at->base);
    while ((rc = sl_cursor_goto(&c, "", 0, &id)) == SL_AGAIN)
        if (sl_remote_pump(e, NULL, true, err) != SL_OK)
            break;
    if (rc == SL_OK) {
        struct sl_new n = { .dir = id, .meta = SL_META_MODE | SL_META_UMASK, .entry = &entry };
        e->ops->make(e, &n);
        while (c.depth) {
            struct sl_cursor_step *s = &c.steps[--c.depth];
            e->ops->close_dir(e, SL_JOB_WORK, s->id);
            free(s->name);
        }
        rc = confirmed(e, err);
    }
    sl_cursor_clear(&c);
    e->failed = NULL;
    if (rc == SL_OK && hook.failed) {
        *err = hook.err;
        rc = hook.err.code;
    }
    return rc;
}

/* The place of path, its missing parents made where --mkpath allows. */
static enum sl_code place_dest(struct sl_layout *l, const char *path, struct sl_place *out, struct sl_error *err)
{
    struct sl_endpoint *e = l->dest;
    enum sl_code rc = e->ops->place(e, path, true, out, err);
    if (rc != SL_E_NOT_FOUND || !l->o->mkpath || l->o->dry_run)
        return rc;
    char *copy = sl_strdup(path), *parent = dirname(copy);
    struct sl_place up = { 0 };
    struct sl_error why = *err;
    if (strcmp(parent, path) != 0 && strcmp(parent, ".") != 0) {
        rc = place_dest(l, parent, &up, err);
        if (rc == SL_OK && !up.exists) {
            rc = make_dir(e, &up, err);
            l->dirs_made += rc == SL_OK;
        }
        sl_place_clear(&up);
        if (rc == SL_OK)
            rc = e->ops->place(e, path, true, out, err);
    } else {
        *err = why;
    }
    free(copy);
    return rc;
}

static char *below(const struct sl_place *p)
{
    if (!p->name[0])
        return sl_strdup(p->base);
    return p->base[0] ? sl_asprintf("%s/%s", p->base, p->name) : sl_strdup(p->name);
}

/* The destination's listing: all of it, or only what the arguments name. */
static void list_dest(struct sl_layout *l, struct sl_plan *p)
{
    bool removes = l->o->del || l->o->force;
    uint32_t extra = (l->o->dry_run ? 0 : SL_LIST_CLEAN) | sl_layout_identity(l);
    extra |= l->o->write_devices ? SL_LIST_DEVICE_SIZES : 0;
    if (p->dest_new || p->blind)
        return;
    /* What is mounted there is written into; only nothing in it is deleted. */
    p->dest_stream.without = SL_LIST_DEVICES | (l->dest->mounts ? SL_LIST_ONE_FS : SL_LIST_MOUNTS);
    if (removes && !(l->contents && l->o->relative))     /* what goes may be a directory with something in it */
        extra |= SL_LIST_RECURSE;
    if (l->o->keep_dirlinks) {
        p->dest_stream.follow = sl_follow_new(l->o, l->dest, sl_layout_flags(l->o, false) | extra);
        sl_follow_on_demand(p->dest_stream.follow);
    }
    p->dest_stream.passes_unnamed = !removes;
    if (removes)
        sl_stream_select(&p->dest_stream, l->o->filters, SL_RULE_RECEIVER);
    if (p->dest_stream.follow)
        sl_stream_foresee(&p->dest_stream);
    if (l->list && !l->contents) {
        l->feeds[1] = sl_files_from_feed(l->list, &p->dest_stream, &p->dest_origin, true);
        sl_files_from_filter(l->feeds[1], l->o->filters);
        sl_files_from_extra(l->feeds[1], extra);
    } else if (!l->contents) {
        sl_layout_items(l, &p->dest_stream, &p->dest_origin, extra);
    }
    if (!l->contents)
        return;
    struct sl_segment seg = { .origin = &p->dest_origin, .dir = sl_strdup(""), .name = sl_strdup(""),
                              .flags = sl_layout_flags(l->o, true) | extra };
    sl_stream_add(&p->dest_stream, &seg);
}

static char *top_below(const struct sl_place *p)
{
    return p->name[0] ? sl_asprintf("%s/%s", p->top, p->name) : sl_strdup(p->top);
}

static bool one_file(const struct sl_layout *l)
{
    return l->count == 1 && l->items_len == 1 && !l->items[0].dir && !l->o->relative;
}

/* A copy onto itself would truncate nothing here, but it is never meant. */
static enum sl_code not_same(const struct sl_layout *l, const char *dest, const struct sl_place *d, struct sl_error *err)
{
    struct stat a, b;
    if (l->dest->remote || l->remote_source)
        return SL_OK;
    for (size_t i = 0; i < l->count; i++) {
        const char *src = l->addresses[i].path;
        char *name = sl_strdup(src), *into = sl_asprintf("%s/%s", dest, basename(name));
        bool same = stat(*src ? src : ".", &a) == 0 &&
                    ((d->exists && stat(*dest ? dest : ".", &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino) ||
                     (!S_ISDIR(a.st_mode) && stat(into, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino));
        free(name);
        free(into);
        if (same)
            return sl_fail(err, SL_E_CONFIG, "source and destination are the same %s: '%s'", S_ISDIR(a.st_mode) ? "directory" : "file", src);
    }
    return SL_OK;
}

/* What merge files protect at the destination can only be known by who may read them. */
static enum sl_code may_read_rules(const struct sl_layout *l, struct sl_error *err)
{
    const struct sl_points *points = &l->o->filters->points;
    for (size_t i = 0; (l->o->del || l->o->force) && !(l->dest->rights & SL_RIGHT_READ) && i < points->len; i++) {
        const struct sl_point *p = &points->at[i];
        if (!p->gone && (!(p->flags & SL_RULE_SIDES) || p->flags & SL_RULE_RECEIVER))
            return sl_fail(err, SL_E_RIGHTS, "there is no right to read at the destination, where merge files '%s' may protect what is to be "
                                             "deleted; with the modifier s they are of the source only", p->name);
    }
    return SL_OK;
}

/* It is seen from the directory that is the destination, or that the one file is in. */
static enum sl_code find_backup_dir(struct sl_layout *l, struct sl_plan *p, bool dir, struct sl_error *err)
{
    if (!l->o->backup_dir || p->dest_new)
        return SL_OK;
    char *copy = sl_strdup(l->dest_address.path);
    enum sl_code rc = sl_backup_find(p, dir ? l->dest_address.path : dirname(copy), err);
    free(copy);
    return rc;
}

static enum sl_code find_temp_dir(struct sl_layout *l, struct sl_plan *p, bool dir, struct sl_error *err)
{
    const char *temp = l->o->temp_dir;
    if (!temp || (*temp != '/' && p->dest_new && l->o->dry_run))
        return SL_OK;
    char *copy = sl_strdup(l->dest_address.path);
    enum sl_code rc = sl_staging_find(p, dir || p->dest_new ? l->dest_address.path : dirname(copy), err);
    free(copy);
    return rc;
}

enum sl_code sl_layout_dest(struct sl_layout *l, struct sl_plan *p, struct sl_error *err, int *exit_status)
{
    struct sl_place d = { 0 };
    const char *path = l->dest_address.path;
    enum sl_code rc = place_dest(l, path, &d, err);
    *exit_status = 3;
    if (rc != SL_OK) {
        err->side = l->dest->side;
        if (rc == SL_E_NOT_FOUND && !l->o->mkpath)
            sl_fail(err, rc, "the directory that '%s' is to stand in does not exist (--mkpath makes it)", l->dest_address.text);
        *exit_status = rc == SL_E_CLOSED || rc == SL_E_PROTOCOL ? 12 : rc == SL_E_TIMEOUT ? 30 : rc == SL_E_NOT_DIR ? 3 : 11;
        return rc;
    }
    bool dir = d.exists && d.entry.type == SL_TYPE_DIR;
    rc = not_same(l, path, &d, err);
    if (rc == SL_OK)
        rc = sl_backup_check(l->o, l->dest, err);
    if (rc == SL_OK)
        rc = sl_delay_check(l->o, l->dest, err);
    if (rc == SL_OK)
        rc = sl_staging_check(l->o, l->dest, err);
    if (rc == SL_OK && l->o->fsync && !l->dest->syncs)
        rc = sl_fail(err, SL_E_CONFIG, "--fsync: the server at the destination is too old for it, so nothing is copied");
    if (rc == SL_OK && l->remote_source)
        rc = sl_take_check(l->o, l->remote_source, err);
    if (rc == SL_OK)
        rc = may_read_rules(l, err);
    if (rc == SL_OK)
        rc = sl_superuser_begin(l->o, l->dest, err);
    if (rc == SL_OK)
        rc = sl_alter_prepare(l->o, l->dest, err);
    *exit_status = rc == SL_OK ? 3 : 1;
    if (rc == SL_OK && !dir && one_file(l) && !ends_in_slash(path)) {
        l->rename_to = sl_strdup(d.name);
        p->dest_origin = (struct sl_origin){ .e = l->dest, .root = d.root, .base = sl_strdup(d.base), .top = sl_strdup(d.top) };
    } else if (rc == SL_OK && d.exists && !dir) {
        rc = sl_fail(err, SL_E_NOT_DIR, "destination '%s' is not a directory", l->dest_address.text);
    } else if (rc == SL_OK) {
        p->dest_origin = (struct sl_origin){ .e = l->dest, .root = d.root, .base = below(&d), .top = top_below(&d) };
        p->dest_new = !d.exists;
        p->blind = !(l->dest->rights & SL_RIGHT_LIST);
        if (p->dest_new && !l->o->dry_run && (rc = make_dir(l->dest, &d, err)) != SL_OK) {
            sl_error_context(err, "cannot make '%s'", path);
            *exit_status = 11;
        }
        if (rc == SL_OK && p->dest_new)
            sl_report_created_dir(l->report, path, l->dirs_made + 1);
    }
    if (rc == SL_OK) {
        rc = find_backup_dir(l, p, dir, err);
    }
    if (rc == SL_OK && (rc = find_temp_dir(l, p, dir, err)) != SL_OK)
        *exit_status = 1;
    if (rc == SL_OK) {
        sl_layout_named(l);
        list_dest(l, p);
        rc = sl_layout_alternates(l, p, err);
        *exit_status = rc == SL_E_CONFIG ? 1 : rc == SL_E_TIMEOUT ? 30 : 12;
    } else {
        err->side = *exit_status == 1 ? SL_SIDE_HERE : l->dest->side;
    }
    sl_place_clear(&d);
    return rc;
}

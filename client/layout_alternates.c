/* SPDX-License-Identifier: ISC */
/*
 * layout_alternates - where --compare-dest, --copy-dest and --link-dest lead, and their listings. A path that is not absolute
 * starts at the destination directory itself: behind a symbolic link at the directory that it leads to.
 */
#include "config.h"
#include "client/run.h"
#include "client/options_alternates.h"
#include "base/mem.h"
#include "client/remote.h"
#include "proto/msg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the path ---- */

/* Cuts the last name off. */
static void up(char *dir)
{
    size_t n = strlen(dir);
    while (n && dir[n - 1] == '/')
        n--;
    while (n && dir[n - 1] != '/')
        n--;
    dir[n] = '\0';
}

static const char *behind_slashes(const char *p)
{
    return p + strspn(p, "/");
}

/* dir is not there, or has no links in it: "..", which nobody could resolve, takes its last name off. */
static const char *take_up(char *dir, const char *path)
{
    for (;;) {
        if (strncmp(path, "./", 2) == 0) {
            path = behind_slashes(path + 1);
        } else if ((strncmp(path, "../", 3) == 0 || strcmp(path, "..") == 0) && *dir && strcmp(dir, "/") != 0) {
            up(dir);
            path = behind_slashes(path + 2);
        } else {
            return path;
        }
    }
}

char *sl_alternate_path(const char *dir, bool plain, const char *path)
{
    if (*path == '/')
        return sl_strdup(path);
    char *at = sl_strdup(dir);
    if (plain)
        path = take_up(at, path);
    size_t n = strlen(at);
    char *out = !n ? sl_strdup(*path ? path : ".") : sl_asprintf("%s%s%s", at, at[n - 1] == '/' ? "" : "/", path);
    free(at);
    return out;
}

/* The directory that they are relative to. */
static char *relative_to(const struct sl_layout *l, const struct sl_plan *p)
{
    if (l->dest->remote)
        return sl_asprintf("/%s", p->dest_origin.base);
    char *dir = sl_strdup(l->dest_address.path);
    if (l->rename_to)
        up(dir);
    return dir;
}

/* ---- one of them ---- */

/* rsync's words. SL_EOF: it is passed over. */
static enum sl_code place(struct sl_layout *l, const char *typed, const char *path, struct sl_place *out, struct sl_error *err)
{
    const char *option = sl_alternates_option(l->o->alternates.kind);
    enum sl_code rc = l->dest->ops->place(l->dest, path, true, out, err);
    if (rc == SL_E_CLOSED || rc == SL_E_PROTOCOL || rc == SL_E_TIMEOUT)
        return rc;
    bool there = rc == SL_OK && out->exists;
    if (there && out->entry.type == SL_TYPE_DIR && !out->name[0])
        return SL_OK;
    struct sl_error why = { .code = SL_E_NOT_FOUND, .side = l->dest->side };
    if (rc != SL_OK && rc != SL_E_NOT_FOUND && rc != SL_E_NOT_DIR)
        snprintf(why.text, sizeof why.text, "--%s arg can't be used: %.150s: %.300s", option, typed, err->text);
    else
        snprintf(why.text, sizeof why.text, "--%s arg %s: %.400s", option, there || rc == SL_E_NOT_DIR ? "is not a dir" : "does not exist", typed);
    sl_report_warning(l->report, &why, NULL);
    if (rc == SL_OK)
        sl_place_clear(out);
    return SL_EOF;
}

/* A listing of its own on the same connection, or of the same tree. */
static enum sl_code lister(struct sl_layout *l, struct sl_endpoint **out, struct sl_error *err)
{
    if (!l->dest->remote)
        return sl_local_beside(out, l->dest, err);
    *out = sl_remote_side_listing(l->dest);
    if (*out)
        return SL_OK;
    return sl_fail(err, SL_E_CONFIG, "--%s: the server there can't list so many directories beside each other (11 at most)",
                   sl_alternates_option(l->o->alternates.kind));
}

static void list(struct sl_layout *l, struct sl_alternate *t)
{
    struct sl_stream *s = &t->stream;
    uint32_t flags = sl_layout_flags(l->o, true) | sl_layout_identity(l);
    sl_stream_init(s, t->lists);
    s->passes_unnamed = true;
    s->without = SL_LIST_ONE_FS | SL_LIST_MOUNTS | SL_LIST_DEVICES | SL_LIST_DEVICE_SIZES;
    if (l->list && !l->contents) {
        t->feed = sl_files_from_feed(l->list, s, &t->origin, true);
        sl_files_from_filter(t->feed, l->o->filters);
        sl_files_from_extra(t->feed, sl_layout_identity(l));
    } else if (!l->contents) {
        sl_layout_items(l, s, &t->origin, sl_layout_identity(l));
    } else {
        struct sl_segment seg = { .origin = &t->origin, .dir = sl_strdup(""), .name = sl_strdup(""), .flags = flags, .optional = true };
        sl_stream_add(s, &seg);
    }
}

uint32_t sl_layout_identity(const struct sl_layout *l)
{
    return l->o->alternates.kind == SL_ALTERNATE_LINK && l->dest->links ? SL_LIST_LINKS : 0;
}

/* ---- all of them ---- */

static void warn(struct sl_layout *l, const char *what)
{
    struct sl_error why = { .code = SL_E_UNSUPPORTED, .side = l->dest->side };
    snprintf(why.text, sizeof why.text, "--%s: %s", sl_alternates_option(l->o->alternates.kind), what);
    sl_report_warning(l->report, &why, NULL);
}

/* Whether they are of use; says what is not. */
static bool usable(struct sl_layout *l)
{
    const struct sl_endpoint *d = l->dest;
    if (!l->o->alternates.len)
        return false;
    if (!(d->rights & SL_RIGHT_LIST)) {
        warn(l, "without the right to list there, it is not looked at");
        return false;
    }
    if (l->o->alternates.kind == SL_ALTERNATE_LINK && !d->links)
        warn(l, "no hard links can be made there (the server has no such request, or the right to read or to create is missing): what is the same is copied");
    if ((d->rights & (SL_RIGHT_READ | SL_RIGHT_HASH)) != (SL_RIGHT_READ | SL_RIGHT_HASH))
        warn(l, "without the rights to read and to hash there, nothing is copied there: it is sent");
    return true;
}

static char *path_of(const struct sl_layout *l, const struct sl_plan *p, const char *dir, const char *typed)
{
    return sl_alternate_path(dir, l->dest->remote || (p->dest_new && l->o->dry_run), typed);
}

static enum sl_code add(struct sl_layout *l, struct sl_plan *p, const char *dir, const char *typed, struct sl_error *err)
{
    struct sl_place at = { 0 };
    char *path = path_of(l, p, dir, typed);
    enum sl_code rc = place(l, typed, path, &at, err);
    free(path);
    if (rc != SL_OK)
        return rc == SL_EOF ? SL_OK : rc;
    struct sl_alternate *t = &p->alternates.at[p->alternates.len++];
    *t = (struct sl_alternate){ .origin = { .e = l->dest, .root = at.root, .base = sl_strdup(at.base), .top = sl_strdup(p->dest_origin.top) } };
    sl_place_clear(&at);
    return SL_OK;
}

enum sl_code sl_layout_alternates(struct sl_layout *l, struct sl_plan *p, struct sl_error *err)
{
    const struct sl_alternate_dirs *dirs = &l->o->alternates;
    struct sl_alternates *all = &p->alternates;
    enum sl_code rc = SL_OK;
    if (!usable(l))
        return SL_OK;
    char *dir = relative_to(l, p);
    all->kind = dirs->kind;
    all->at = sl_calloc(dirs->len, sizeof *all->at);
    for (unsigned i = 0; i < dirs->len && l->dest->remote; i++) {
        char *path = path_of(l, p, dir, dirs->at[i]);
        l->dest->ops->place_ahead(l->dest, path, true);
        free(path);
    }
    for (unsigned i = 0; i < dirs->len && rc == SL_OK; i++)
        rc = add(l, p, dir, dirs->at[i], err);
    free(dir);
    if (rc == SL_OK && l->dest->remote)
        rc = l->dest->ops->placed(l->dest, err);
    /* A local listing has the roots that are known when it begins. */
    for (size_t i = 0; i < all->len && rc == SL_OK; i++) {
        rc = lister(l, &all->at[i].lists, err);
        if (rc == SL_OK)
            all->at[i].origin.e = all->at[i].lists;
    }
    for (size_t i = 0; i < all->len && rc == SL_OK; i++)
        list(l, &all->at[i]);
    return rc;
}

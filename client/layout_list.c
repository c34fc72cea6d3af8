/* SPDX-License-Identifier: ISC */
/* layout_list - see layout_priv.h: a list's names to streams. files_from.c feeds the one of names. */
#include "config.h"
#include "client/layout_priv.h"
#include "base/mem.h"
#include "client/files_from_far.h"

#include <stdlib.h>
#include <string.h>

/* Whether the list, being of the other side, may name only what is in a source that is here: with the options that follow links anywhere the
 * user has said otherwise. */
static bool is_bound(const struct sl_layout *l)
{
    return sl_files_from_is_far(l->o->files_from) && !l->remote_source && l->o->confinement != SL_CLIENT_CONFINEMENT_OFF && !sl_follow_wanted(l->o);
}

static bool is_inside(const struct sl_place *p, const struct sl_place *of)
{
    size_t n = strlen(of->base);
    return p->root == of->root && (!n || (strncmp(p->base, of->base, n) == 0 && (!p->base[n] || p->base[n] == '/')));
}

/* A link may have led to it. Without any the places have roots of their own, and say nothing. */
static enum sl_code check_content(struct sl_layout *l, struct sl_endpoint *e, const struct sl_address *a, const struct sl_place *p, struct sl_error *err)
{
    struct sl_place source = { 0 };
    if (!is_bound(l) || !l->slashes)
        return SL_OK;
    enum sl_code rc = e->ops->place(e, *a->path ? a->path : ".", true, &source, err);
    if (rc == SL_OK && !is_inside(p, &source))
        rc = sl_fail(err, SL_E_DENIED, "a link leads out of the source, and a list of the other side may name only what is in that (see --confinement)");
    sl_place_clear(&source);
    return rc;
}

/* "DIR/" of a list without the paths: as such a source. What is missing is told, and the others are copied. */
static enum sl_code add_content(struct sl_layout *l, const struct sl_address *a, const char *name, struct sl_error *err)
{
    char *path = *a->path ? sl_asprintf("%s/%s", a->path, name) : sl_strdup(name);
    struct sl_endpoint *e = sl_layout_source_endpoint(l, true);
    struct sl_place p = { 0 };
    struct sl_error why = { 0 };
    int ignored;
    enum sl_code rc = e->ops->place(e, path, true, &p, &why);
    bool gone = rc == SL_E_NOT_FOUND || (rc == SL_OK && !p.exists);
    if (gone)
        rc = l->o->ignore_missing_args || l->o->delete_missing_args ? SL_OK : sl_layout_missing(&why, path);
    else if (rc == SL_OK && p.entry.type != SL_TYPE_DIR)
        rc = sl_fail(&why, SL_E_NOT_DIR, "'%s' is not a directory", path);
    else if (rc == SL_OK && (rc = check_content(l, e, a, &p, &why)) != SL_OK)
        ;
    else if (rc == SL_OK && !sl_layout_skips_dir(l, &p, "."))
        sl_layout_content(l, e, &p, path);
    if (rc != SL_OK && sl_layout_is_over(rc, &ignored)) {
        *err = why;
    } else if (rc != SL_OK) {
        why.side = SL_SIDE_SOURCE;
        sl_report_error(l->report, &why, path);
        l->failed = true;
        rc = SL_OK;
    }
    sl_place_clear(&p);
    free(path);
    return rc;
}

static enum sl_code add_names(struct sl_layout *l, const struct sl_address *a, struct sl_error *err)
{
    struct sl_endpoint *e = sl_layout_source_endpoint(l, true);
    struct sl_place p = { 0 };
    enum sl_code rc = e->ops->place(e, *a->path ? a->path : ".", true, &p, err);
    if (rc == SL_OK && !p.exists)
        rc = sl_layout_missing(err, a->text);
    else if (rc == SL_OK && p.entry.type != SL_TYPE_DIR)
        rc = sl_fail(err, SL_E_NOT_DIR, "with --files-from '%s' has to be a directory", a->text);
    if (rc == SL_OK) {
        struct sl_stream *s = sl_layout_stream(l, e);
        l->feeds[0] = sl_files_from_feed(l->list, s, sl_layout_origin(l, e, &p, a->path), false);
        sl_files_from_filter(l->feeds[0], l->o->filters);
        if (s->follow && is_bound(l))
            sl_follow_within(s->follow, p.base);
    }
    sl_place_clear(&p);
    return rc;
}

enum sl_code sl_layout_list(struct sl_layout *l, const struct sl_address *a, struct sl_error *err)
{
    size_t count = sl_files_from_contents(l->list);
    bool names = !count || !sl_files_from_is_empty(l->list);
    if (l->remote_source && count + names > 1)
        return sl_fail(err, SL_E_CONFIG, "only one name in a list of a remote source may end in '/' without --relative, and no other may stand beside it");
    enum sl_code rc = names ? add_names(l, a, err) : SL_OK;
    for (size_t i = 0; rc == SL_OK && i < count; i++)
        rc = add_content(l, a, sl_files_from_content(l->list, i), err);
    return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * layout_source - source arguments to streams. "DIR/" contributes its content, "DIR" itself by its name; with -R the typed
 * path becomes the path at the destination, with the directories on the way as entries of their own.
 */
#include "config.h"
#include "client/layout_priv.h"
#include "client/typed.h"
#include "client/fake_super.h"
#include "base/mem.h"
#include "client/alter.h"
#include "client/charset_side.h"
#include "client/slashes.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_AHEAD = 64 };

/* Names are of use to owners and to ACLs. */
uint32_t sl_layout_owners(const struct sl_options *o)
{
    bool owners = o->owner || o->group;
    bool names = (owners || o->acls) && !o->numeric_ids;
    return (owners ? 0 : SL_LIST_NO_OWNER) | (names ? 0 : SL_LIST_NUMERIC);
}

uint32_t sl_layout_flags(const struct sl_options *o, bool content)
{
    uint32_t f = o->recurse ? SL_LIST_RECURSE : o->dirs && content ? SL_LIST_CHILDREN : 0;
    f |= o->one_fs ? SL_LIST_ONE_FS | SL_LIST_MOUNTS : 0;      /* what of it holds for which side: sl_stream.without */
    f |= o->copy_devices ? SL_LIST_DEVICES : 0;
    f |= o->hard_links && o->dest ? SL_LIST_LINKS : 0;
    return f | sl_layout_owners(o);
}

/* A local tree lists one thing at a time: each stream has its own, and all named arguments are one stream. */
struct sl_endpoint *sl_layout_source_endpoint(struct sl_layout *l, bool fresh)
{
    if (l->remote_source)
        return l->remote_source;
    if (!fresh && l->items_len)
        return l->items[0].origin->e;
    l->locals = sl_realloc(l->locals, (l->locals_len + 1) * sizeof *l->locals);
    l->locals[l->locals_len++] = sl_local_new(SL_SIDE_SOURCE, l->o->dest && l->dest_address.kind != SL_ADDR_LOCAL, l->helper);
    sl_fake_super_side(l->o, l->locals[l->locals_len - 1]);
    if (sl_follow_wanted(l->o) || l->slashes)
        sl_local_from_slash(l->locals[l->locals_len - 1]);
    return l->locals[l->locals_len - 1];
}

struct sl_origin *sl_layout_origin(struct sl_layout *l, struct sl_endpoint *e, const struct sl_place *p, const char *front)
{
    struct sl_origin *o = sl_calloc(1, sizeof *o);
    *o = (struct sl_origin){ .e = e, .root = p->root, .base = sl_strdup(p->base), .front = sl_strdup(front), .top = sl_strdup(p->top) };
    l->origins = sl_realloc(l->origins, (l->origins_len + 1) * sizeof *l->origins);
    l->origins[l->origins_len++] = o;
    return o;
}

struct sl_stream *sl_layout_stream(struct sl_layout *l, struct sl_endpoint *e)
{
    struct sl_stream *s = sl_malloc(sizeof *s);
    sl_stream_init(s, e);
    s->hides = true;
    s->without = e->mounts ? 0 : SL_LIST_MOUNTS;
    e->devices = l->o->copy_devices;
    s->leaves_mounts = l->o->one_fs > 1;
    s->follow = sl_follow_wanted(l->o) || l->slashes ? sl_follow_new(l->o, e, sl_layout_flags(l->o, false)) : NULL;
    s->unmunges = l->o->munge_links && l->o->dest && !l->remote_source;
    s->munged = l->o->munge_links && l->o->dest && l->remote_source ? sl_malloc(SL_TARGET_MAX + 1) : NULL;
    s->alters = sl_alter_wanted(l->o) ? l->o : NULL;
    s->goes = sl_charset_of(e) ? NULL : l->charset;
    s->max_depth = (unsigned)l->o->max_depth;
    sl_stream_select(s, l->o->filters, SL_RULE_SENDER);
    if (s->follow)
        sl_stream_foresee(s);
    l->streams = sl_realloc(l->streams, (l->streams_len + 1) * sizeof *l->streams);
    l->streams[l->streams_len++] = s;
    return s;
}

static struct sl_layout_item *item_new(struct sl_layout *l, struct sl_origin *o, const char *typed, bool dir)
{
    l->items = sl_realloc(l->items, (l->items_len + 1) * sizeof *l->items);
    struct sl_layout_item *it = &l->items[l->items_len++];
    *it = (struct sl_layout_item){ .origin = o, .typed = sl_strdup(typed), .dir = dir };
    it->flags = sl_layout_flags(l->o, false);
    return it;
}

static void item_part(struct sl_layout_item *it, const char *p, size_t n)
{
    it->parts = sl_realloc(it->parts, (it->parts_len + 1) * sizeof *it->parts);
    it->parts[it->parts_len++] = sl_memdup0(p, n);
}

enum sl_code sl_layout_missing(struct sl_error *err, const char *typed)
{
    err->side = SL_SIDE_SOURCE;
    return sl_fail(err, SL_E_NOT_FOUND, "cannot find '%s': no such file or directory", typed);
}

static bool passes_missing(const struct sl_layout *l)
{
    return l->o->ignore_missing_args || l->o->delete_missing_args;
}

bool sl_layout_skips_dir(struct sl_layout *l, const struct sl_place *p, const char *path)
{
    if (p->entry.type != SL_TYPE_DIR || l->o->recurse || l->o->dirs || !l->o->dest)
        return false;
    char *name = sl_typed_name(path, l->o->relative ? SL_TYPED_RELATIVE : SL_TYPED_LAST);
    sl_report_note(l->report, 0, "skipping directory %s", name);
    free(name);
    return true;
}

void sl_layout_content(struct sl_layout *l, struct sl_endpoint *e, const struct sl_place *p, const char *front)
{
    struct sl_segment seg = { .origin = sl_layout_origin(l, e, p, front), .dir = sl_strdup(""), .name = sl_strdup(""),
                              .flags = sl_layout_flags(l->o, true) };
    if (!l->o->dest && !l->o->recurse)
        seg.flags |= SL_LIST_CHILDREN;
    sl_stream_add(sl_layout_stream(l, e), &seg);
    l->contents++;
}

static void add_named(struct sl_layout *l, struct sl_endpoint *e, const struct sl_place *p, const struct sl_address *a)
{
    const char *slash = strrchr(a->path, '/');
    char *front = sl_memdup0(a->path, slash ? (size_t)(slash - a->path) : 0);
    item_part(item_new(l, sl_layout_origin(l, e, p, front), a->text, p->entry.type == SL_TYPE_DIR), p->name, strlen(p->name));
    free(front);
}

/* Whether it becomes an item: it has a name that is there, or that is to be missing. */
static bool is_named(const struct sl_layout *l, const struct sl_place *p)
{
    return p->name[0] && (p->exists || l->o->delete_missing_args);
}

/* The place of what was typed. Whether it is an item is known only then, and all items are of one endpoint: a place of
 * another is looked for again. */
static enum sl_code place_source(struct sl_layout *l, const char *path, struct sl_endpoint **e, struct sl_place *p,
                                 struct sl_error *err)
{
    bool content = sl_path_names_directory(path);
    *e = sl_layout_source_endpoint(l, content);
    enum sl_code rc = (*e)->ops->place(*e, path, content, p, err);
    if (rc != SL_OK || !is_named(l, p) || !l->items_len || *e == l->items[0].origin->e)
        return rc;
    sl_place_clear(p);
    *p = (struct sl_place){ 0 };
    *e = l->items[0].origin->e;
    rc = (*e)->ops->place(*e, path, content, p, err);
    return rc != SL_OK || is_named(l, p) ? rc : sl_fail(err, SL_E_CHANGED, "'%s' changed while it was looked for", path);
}

/* An argument that is a link and is followed: whether it counts as a directory. */
static enum sl_code led_to(struct sl_layout *l, struct sl_endpoint *e, const struct sl_address *a, struct sl_place *p, struct sl_error *err)
{
    struct sl_place there = { 0 };
    bool slash = l->slashes && sl_path_names_directory(a->path);
    if (p->entry.type != SL_TYPE_LINK || !(l->o->copy_links || l->o->copy_dirlinks || slash))
        return SL_OK;
    enum sl_code rc = e->ops->place(e, a->path, true, &there, err);
    if (rc == SL_OK && there.exists && there.entry.type == SL_TYPE_DIR)
        p->entry.type = SL_TYPE_DIR;
    sl_place_clear(&there);
    return rc == SL_E_CLOSED || rc == SL_E_PROTOCOL || rc == SL_E_TIMEOUT ? rc : SL_OK;      /* a link to nothing is told by its listing */
}

static enum sl_code add_plain(struct sl_layout *l, const struct sl_address *a, struct sl_error *err)
{
    struct sl_endpoint *e;
    struct sl_place p = { 0 };
    enum sl_code rc = place_source(l, a->path, &e, &p, err);
    if (rc != SL_OK)
        sl_place_clear(&p);
    if (rc != SL_OK)
        return rc == SL_E_NOT_FOUND && passes_missing(l) ? SL_OK : rc;
    if (p.exists && p.name[0] && sl_path_names_directory(a->path) && p.entry.type != SL_TYPE_DIR)
        rc = sl_fail(err, SL_E_NOT_DIR, "'%s' is not a directory", a->path);
    else if (!p.exists && l->o->delete_missing_args && p.name[0])
        add_named(l, e, &p, a);          /* its listing fails, and what the destination has of that name goes */
    else if (p.exists && (rc = led_to(l, e, a, &p, err)) != SL_OK)
        ;
    else if (!p.exists)
        rc = passes_missing(l) ? SL_OK : sl_layout_missing(err, a->text);
    else if (!sl_layout_skips_dir(l, &p, a->path)) {
        if (!p.name[0])
            sl_layout_content(l, e, &p, a->path);
        else
            add_named(l, e, &p, a);
    }
    sl_place_clear(&p);
    return rc;
}

static enum sl_code relative_parts(struct sl_layout_item *it, const char *rest, struct sl_error *err)
{
    size_t n;
    for (rest = sl_typed_next(rest, &n); n; rest = sl_typed_next(rest + n, &n)) {
        if (n == 2 && rest[0] == '.' && rest[1] == '.')
            return sl_fail(err, SL_E_CONFIG, "'%s': \"..\" cannot be part of a path with --relative", it->typed);
        item_part(it, rest, n);
    }
    return SL_OK;
}

static enum sl_code add_relative(struct sl_layout *l, const struct sl_address *a, struct sl_error *err)
{
    struct sl_place whole = { 0 }, front = { 0 };
    const char *rest;
    size_t first;
    char *base = sl_typed_front(a->path, &rest);
    sl_typed_next(rest, &first);
    struct sl_endpoint *e = sl_layout_source_endpoint(l, !first);
    enum sl_code rc = e->ops->place(e, a->path[0] ? a->path : ".", false, &whole, err);
    bool gone = rc == SL_E_NOT_FOUND || (rc == SL_OK && !whole.exists);
    if (gone)
        rc = passes_missing(l) ? SL_OK : sl_layout_missing(err, a->text);
    if (rc == SL_OK && !gone)
        rc = led_to(l, e, a, &whole, err);
    if (rc == SL_OK && (gone ? l->o->delete_missing_args : !sl_layout_skips_dir(l, &whole, a->path))) {
        rc = e->ops->place(e, base, true, &front, err);
        if (rc == SL_OK && !front.exists)       /* its place is then of the directory around it */
            rc = sl_layout_missing(err, a->text);
        if (rc == SL_OK) {
            struct sl_layout_item *it = item_new(l, sl_layout_origin(l, e, &front, base), a->text, whole.entry.type == SL_TYPE_DIR);
            it->slash = sl_path_names_directory(a->path);
            it->flags = sl_layout_flags(l->o, it->slash);
            rc = relative_parts(it, rest, err);
            if (rc == SL_OK && !it->parts_len) {
                l->items_len--;
                free(it->typed);
                sl_layout_content(l, e, &front, base);
            }
        }
    }
    free(base);
    sl_place_clear(&whole);
    sl_place_clear(&front);
    return rc;
}

static int item_order(const void *a, const void *b)
{
    const struct sl_layout_item *x = a, *y = b;
    for (size_t i = 0; i < x->parts_len && i < y->parts_len; i++) {
        int c = strcmp(x->parts[i], y->parts[i]);
        if (c)
            return c;
    }
    return (x->parts_len > y->parts_len) - (x->parts_len < y->parts_len);
}

static size_t common(const struct sl_layout_item *a, const struct sl_layout_item *b)
{
    size_t n = 0;
    while (n < a->parts_len && n < b->parts_len && strcmp(a->parts[n], b->parts[n]) == 0)
        n++;
    return n;
}

static void item_clear(struct sl_layout_item *it)
{
    for (size_t i = 0; i < it->parts_len; i++)
        free(it->parts[i]);
    free(it->parts);
    free(it->typed);
}

static char *join(char **parts, size_t n)
{
    size_t len = 1;
    for (size_t i = 0; i < n; i++)
        len += strlen(parts[i]) + 1;
    char *out = sl_calloc(1, len);
    for (size_t i = 0; i < n; i++) {
        if (i)
            strcat(out, "/");
        strcat(out, parts[i]);
    }
    return out;
}

/* What rules of the command line exclude: else directories on the way to it would be made. */
static bool hidden(const struct sl_layout *l, const struct sl_layout_item *it)
{
    if (it->parts_len < 2 || sl_filters_empty(l->o->filters))
        return false;
    struct sl_view *v = sl_view_new(l->o->filters, SL_RULE_SENDER);
    char *path = join(it->parts, it->parts_len);
    sl_view_begin(v, it->origin->top);
    bool yes = sl_view_excludes(v, path, it->dir, SL_VIEW_LIVING, NULL);
    free(path);
    sl_view_free(v);
    return yes;
}

/* Two arguments for one name are an error, but with -R, where they are one thing. The items are in order. */
static enum sl_code check_names(const struct sl_layout *l, struct sl_error *err)
{
    for (size_t i = 1; !l->o->relative && i < l->items_len; i++) {
        const struct sl_layout_item *last = &l->items[i - 1], *it = &l->items[i];
        if (item_order(last, it) == 0 && strcmp(last->typed, it->typed) != 0)
            return sl_fail(err, SL_E_CONFIG, "two sources for one name: '%s' and '%s'", last->typed, it->typed);
    }
    return SL_OK;
}

/* Each name once; with -R one inside another is part of it already. It can't fail: the items are moved and cleared on the way. */
static void merge_items(struct sl_layout *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->items_len; i++) {
        struct sl_layout_item *it = &l->items[i], *last = kept ? &l->items[kept - 1] : NULL;
        size_t same = last ? common(last, it) : 0;
        if (last && same == last->parts_len && same == it->parts_len) {
            last->slash |= it->slash;
            last->flags |= it->flags;
            last->dir |= it->dir;
        }
        bool behind = last && !last->dir && same == last->parts_len && same < it->parts_len;
        if (hidden(l, it))
            item_clear(it);
        else if (behind) {                           /* a link, that names behind it make a directory */
            item_clear(last);
            *last = *it;
        } else if (last && same == last->parts_len && (same == it->parts_len || (l->o->recurse && last->dir)))
            item_clear(it);
        else
            l->items[kept++] = *it;
    }
    l->items_len = kept;
}

static enum sl_code settle(struct sl_layout *l, struct sl_error *err)
{
    if (l->items_len > 1)
        qsort(l->items, l->items_len, sizeof *l->items, item_order);
    enum sl_code rc = check_names(l, err);
    if (rc == SL_OK)
        merge_items(l);
    return rc;
}

/* The segments of one item: the directories on the way that the item before did not open, then the item. */
static void add_item(struct sl_stream *s, const struct sl_layout_item *it, const struct sl_layout_item *last, struct sl_origin *o,
                     uint32_t extra, bool optional, char *as)
{
    size_t open = last ? common(last, it) : 0, was = last ? last->parts_len - 1 : 0;
    open = open > it->parts_len - 1 ? it->parts_len - 1 : open;
    open = open > was ? was : open;
    for (size_t i = open; i < it->parts_len; i++) {
        bool final = i + 1 == it->parts_len;
        struct sl_segment seg = { .origin = o, .dir = join(it->parts, i), .name = sl_strdup(it->parts[i]), .optional = optional };
        seg.flags = final ? it->flags | extra : (it->flags | extra) & ~(uint32_t)(SL_LIST_RECURSE | SL_LIST_CHILDREN);
        seg.keep_open = !final;
        seg.close_before = i == open ? (unsigned)(was - open) : 0;
        seg.as = final && as ? as : NULL;
        seg.slash = final && it->slash;
        sl_stream_add(s, &seg);
    }
}

void sl_layout_items(const struct sl_layout *l, struct sl_stream *s, struct sl_origin *dest, uint32_t extra)
{
    for (size_t i = 0; i < l->items_len; i++)
        add_item(s, &l->items[i], i ? &l->items[i - 1] : NULL, dest ? dest : l->items[i].origin, extra, dest != NULL, NULL);
}

void sl_layout_named(struct sl_layout *l)
{
    if (!l->items_len)
        return;
    struct sl_stream *s = sl_layout_stream(l, l->items[0].origin->e);
    if (l->rename_to) {
        struct sl_layout_item *it = &l->items[0];
        it->origin->rename_from = sl_strdup(it->parts[0]);
        add_item(s, it, NULL, it->origin, 0, false, l->rename_to);
        free(it->parts[0]);
        it->parts[0] = sl_strdup(l->rename_to);
        return;
    }
    sl_layout_items(l, s, NULL, 0);
}

bool sl_layout_is_over(enum sl_code rc, int *exit_status)
{
    bool over = rc == SL_E_CONFIG || rc == SL_E_PROTOCOL || rc == SL_E_CLOSED || rc == SL_E_TIMEOUT;
    if (over)
        *exit_status = rc == SL_E_CONFIG ? 1 : rc == SL_E_TIMEOUT ? 30 : 12;
    return over;
}

/* What add_relative and add_plain will look for of the next arguments, from *next on. Without this each takes a round trip or two. */
static void announce(struct sl_layout *l, size_t at, size_t *next)
{
    const struct sl_options *o = l->o;
    struct sl_endpoint *e = l->remote_source;
    bool more = e && !l->list && l->count > 1;
    for (; more && *next < l->count && *next < at + ARGUMENTS_AHEAD; ++*next) {
        const char *path = l->addresses[*next].path, *rest;
        char *front = o->relative ? sl_typed_front(path, &rest) : NULL;
        more = e->ops->place_ahead(e, o->relative && !*path ? "." : path, false);
        if (front)
            more = e->ops->place_ahead(e, front, true);
        if (o->copy_links || o->copy_dirlinks)
            more = e->ops->place_ahead(e, path, true);
        free(front);
    }
}

enum sl_code sl_layout_sources(struct sl_layout *l, struct sl_error *err, int *exit_status)
{
    enum sl_code rc = SL_OK;
    size_t announced = 0;
    l->slashes = sl_slashes_any(l);
    for (size_t i = 0; i < l->count; i++) {
        struct sl_error why = { 0 };
        announce(l, i, &announced);
        rc = l->list ? sl_layout_list(l, &l->addresses[i], &why) : l->o->relative ? add_relative(l, &l->addresses[i], &why) : add_plain(l, &l->addresses[i], &why);
        if (sl_layout_is_over(rc, exit_status)) {
            *err = why;
            return rc;
        }
        if (rc != SL_OK) {
            why.side = SL_SIDE_SOURCE;
            sl_report_error(l->report, &why, l->addresses[i].text);
            l->failed = true;
        }
    }
    rc = announced ? l->remote_source->ops->placed(l->remote_source, err) : SL_OK;
    if (sl_layout_is_over(rc, exit_status))
        return rc;
    rc = settle(l, err);
    if (rc == SL_OK && l->remote_source && l->contents + (l->items_len > 0) > 1)
        rc = sl_fail(err, SL_E_CONFIG, "only one remote SRC may end in '/', and no other may stand beside it");
    if (rc != SL_OK)
        *exit_status = 1;
    return rc;
}

void sl_layout_prune(const struct sl_layout *l, struct sl_merge *m, const struct sl_origin *dest)
{
    if (l->list && !l->o->delete_missing_args)
        sl_merge_hold_ways(m);
    if (!l->o->prune_empty_dirs)
        return;
    sl_merge_prune(m);
    for (size_t i = 0; i < l->streams_len; i++) {
        struct sl_stream *s = l->streams[i];
        s->protects = sl_filters_empty(l->o->filters) ? NULL : sl_select_new(l->o->filters, s->e, SL_RULE_RECEIVER);
        s->protected_at = dest;
    }
}

void sl_layout_share_rules(const struct sl_layout *l, struct sl_stream *dest)
{
    const struct sl_options *o = l->o;
    for (size_t i = 0; (o->delete_after || o->gitignore) && dest->select && i < l->streams_len; i++) {
        if (!o->delete_after)
            sl_select_keep_git(l->streams[i]->select, dest->select);
        else
            sl_select_keep(l->streams[i]->select, o->min_size.given ? o->min_size.bytes : 0, o->max_size.given ? o->max_size.bytes : UINT64_MAX);
        sl_select_use(dest->select, l->streams[i]->select);
    }
}

/* What sl_layout_sources and sl_layout_dest have laid out. */
static void clear_laid_out(struct sl_layout *l)
{
    for (size_t i = 0; i < l->items_len; i++)
        item_clear(&l->items[i]);
    for (size_t i = 0; i < 2; i++)
        sl_files_from_feed_free(l->feeds[i]);
    for (size_t i = 0; i < l->streams_len; i++) {
        sl_stream_clear(l->streams[i]);
        free(l->streams[i]);
    }
    for (size_t i = 0; i < l->origins_len; i++) {
        free(l->origins[i]->base);
        free(l->origins[i]->front);
        free(l->origins[i]->top);
        free(l->origins[i]->rename_from);
        free(l->origins[i]);
    }
    for (size_t i = 0; i < l->locals_len; i++)
        l->locals[i]->ops->free(l->locals[i]);
    free(l->items);
    free(l->streams);
    free(l->origins);
    free(l->locals);
}

void sl_layout_again(struct sl_layout *l)
{
    clear_laid_out(l);
    l->items = NULL;
    l->streams = NULL;
    l->origins = NULL;
    l->locals = NULL;
    l->feeds[0] = l->feeds[1] = NULL;
    l->items_len = l->streams_len = l->origins_len = l->locals_len = l->contents = 0;
    l->dirs_made = 0;
    l->rename_to = NULL;
    l->failed = false;
}

void sl_layout_clear(struct sl_layout *l)
{
    clear_laid_out(l);
    sl_files_from_free(l->list);
    if (l->remote_source)
        l->remote_source->ops->free(l->remote_source);
    if (l->dest)
        l->dest->ops->free(l->dest);
    for (size_t i = 0; i < l->count; i++)
        sl_address_clear(&l->addresses[i]);
    sl_address_clear(&l->dest_address);
    free(l->addresses);
}

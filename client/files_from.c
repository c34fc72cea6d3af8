/* SPDX-License-Identifier: ISC */
/* files_from - see files_from.h: a list on its way into a stream. files_from_read.c has how it was read. */
#include "config.h"
#include "client/files_from_priv.h"
#include "base/io.h"
#include "base/mem.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

struct item {
    char *path;        /* owned, with what is in front behind it; NULL: none */
    const char *front; /* in it */
    bool content;
    bool around;                /* names in it are in the list too: a link there is the directory that it leads to */
};

struct sl_files_from_feed {
    struct sl_files_from *f;
    struct sl_sorter_reader *reader;
    const struct sl_origin *at;
    bool dest;
    uint32_t extra;
    struct sl_view *view; /* global rules; NULL: none */
    struct item next;
    char *open;                 /* owned: the path of the directory that is kept open, "" for none */
    char *covered;              /* owned: the last item whose content is listed anyway; NULL */
    struct sl_origin **origins; /* owned: a table by front, open addressing; slots are NULL or taken */
    size_t origins_len, origins_cap;
    uint64_t key;               /* of the table, random: a far list chooses the fronts, and could make all of them collide */
};

/* ---- feeding ---- */

static void item_clear(struct item *i)
{
    free(i->path);
    *i = (struct item){ 0 };
}

/* Whether rules of the command line exclude it, be it a file or a directory: then nothing on the way to it is listed
 * either. */
static bool excluded(struct sl_files_from_feed *feed, const char *path)
{
    return feed->view && sl_view_excludes(feed->view, path, false, SL_VIEW_LIVING, NULL) &&
           sl_view_excludes(feed->view, path, true, SL_VIEW_LIVING, NULL);
}

/* From now on what is in the item's directory is listed with it. */
static void cover(struct sl_files_from_feed *feed, const struct item *it)
{
    free(feed->covered);
    feed->covered = feed->f->how.recurse || it->content ? sl_strdup(it->path) : NULL;
}

/* The next one that is not the same as the one before, and not in a directory that is listed whole. A name that comes
 * again may ask for more. */
static enum sl_code read_item(struct sl_files_from_feed *feed, struct item *last, struct item *out, struct sl_error *err)
{
    const char *record;
    size_t len;
    enum sl_code rc;
    while ((rc = sl_sorter_next(feed->reader, &record, &len, err)) == SL_OK) {
        if (last && strcmp(record, last->path) == 0) {
            last->content |= sl_list_is_content(record, len);
            cover(feed, last);
            continue;
        }
        if (feed->covered && sl_list_inside(record, feed->covered)) {
            if (last)
                last->around = true;
            continue; /* without --recursive it is one of that directory's own entries: check_one */
        }
        if (excluded(feed, record))
            continue;
        char *path = sl_memdup0(record, len);
        *out = (struct item){ .path = path, .front = path + strlen(path) + 1, .content = sl_list_is_content(record, len) };
        return SL_OK;
    }
    return rc;
}

/* FNV-1a from a key in the place of its own. */
static uint64_t hash_of(uint64_t key, const char *text)
{
    uint64_t h = key;
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 1099511628211u;
    return h ^ h >> 32;
}

static struct sl_origin **slot_of(const struct sl_files_from_feed *feed, struct sl_origin **table, size_t cap, const char *front)
{
    size_t i = hash_of(feed->key, front) & (cap - 1);
    while (table[i] && strcmp(table[i]->front_below, front) != 0)
        i = (i + 1) & (cap - 1);
    return &table[i];
}

/* The place of a front in the table, which has room for it. */
static struct sl_origin **find(struct sl_files_from_feed *feed, const char *front)
{
    if (feed->origins_len * 2 >= feed->origins_cap) {
        size_t cap = feed->origins_cap ? feed->origins_cap * 2 : 16;
        struct sl_origin **fresh = sl_calloc(cap, sizeof *fresh);
        for (size_t i = 0; i < feed->origins_cap; i++)
            if (feed->origins[i])
                *slot_of(feed, fresh, cap, feed->origins[i]->front_below) = feed->origins[i];
        free(feed->origins);
        feed->origins = fresh;
        feed->origins_cap = cap;
    }
    return slot_of(feed, feed->origins, feed->origins_cap, front);
}

static struct sl_origin *origin_of(struct sl_files_from_feed *feed, const char *front)
{
    const struct sl_origin *at = feed->at;
    if (feed->dest)
        front = "";
    struct sl_origin **slot = find(feed, front);
    if (*slot)
        return *slot;
    struct sl_origin *o = sl_calloc(1, sizeof *o);
    *o = (struct sl_origin){ .e = at->e, .root = at->root, .front_below = sl_strdup(front) };
    o->base = *front && *at->base ? sl_asprintf("%s/%s", at->base, front) : sl_strdup(*front ? front : at->base);
    o->top = *front ? sl_asprintf("%s/%s", at->top, front) : sl_strdup(at->top);
    o->front = at->front ? sl_asprintf("%s%s%s", at->front, *front ? "/" : "", front) : NULL;
    *slot = o;
    feed->origins_len++;
    return o;
}

/* How many directories of a path are not in its first n bytes, which end with one. */
static unsigned closed(const char *open, size_t n)
{
    unsigned count = !n && *open;
    for (const char *p = open + n; *p; p++)
        count += *p == '/';
    return count;
}

/* How many bytes of the path are directories that are open already: as many names as both begin with, but not all of
 * the path. */
static size_t shared(const char *open, const char *path)
{
    size_t n = 0, i = 0;
    for (; path[i]; i++) {
        if (path[i] == '/' && (!open[i] || open[i] == '/'))
            n = i;
        if (path[i] != open[i])
            break;
    }
    return n;
}

static void add(struct sl_files_from_feed *feed, struct sl_stream *s, struct sl_segment seg, const char *path,
                size_t end)
{
    const char *slash = memrchr(path, '/', end);
    size_t from = slash ? (size_t)(slash - path) + 1 : 0;
    seg.dir = sl_memdup0(path, from ? from - 1 : 0);
    seg.name = sl_memdup0(path + from, end - from);
    seg.flags |= seg.keep_open ? feed->extra & ~(uint32_t)SL_LIST_RECURSE : feed->extra;
    seg.optional = feed->dest;
    sl_stream_add(s, &seg);
}

/* Most names are in the directory of the one before. */
static void keep_open(struct sl_files_from_feed *feed, const char *path, size_t n)
{
    if (strncmp(feed->open, path, n) == 0 && !feed->open[n])
        return;
    free(feed->open);
    feed->open = sl_memdup0(path, n);
}

/* The segments of an item: directories on the way that are not open, then itself; `stays` when the next one is inside
 * it. */
static void add_item(struct sl_files_from_feed *feed, struct sl_stream *s, const struct item *it, bool stays)
{
    const struct sl_files_from_how *how = &feed->f->how;
    uint32_t way = how->flags & ~(uint32_t)(SL_LIST_RECURSE | SL_LIST_CHILDREN);
    struct sl_origin *o = origin_of(feed, it->front);
    size_t n = shared(feed->open, it->path), len = strlen(it->path);
    unsigned close = closed(feed->open, n);
    for (size_t end = n + (n > 0); end < len;) {
        const char *slash = memchr(it->path + end, '/', len - end);
        if (!slash)
            break;
        add(feed, s, (struct sl_segment){ .origin = o, .flags = way, .keep_open = true, .close_before = close },
            it->path, (size_t)(slash - it->path));
        end = (size_t)(slash - it->path) + 1;
        close = 0;
    }
    uint32_t flags = it->content && !stays ? how->flags | (how->recurse ? 0 : SL_LIST_CHILDREN) : how->flags;
    add(feed, s,
        (struct sl_segment){
            .origin = o, .flags = stays ? way : flags, .keep_open = stays, .wanted = stays, .slash = (it->content || it->around) && !stays, .close_before = close },
        it->path, len);
    const char *slash = memrchr(it->path, '/', len);
    keep_open(feed, it->path, stays ? len : slash ? (size_t)(slash - it->path) : 0);
}

static enum sl_code more(void *ctx, struct sl_stream *s, struct sl_error *err)
{
    struct sl_files_from_feed *feed = ctx;
    struct item it = feed->next;
    feed->next = (struct item){ 0 };
    enum sl_code rc = it.path ? SL_OK : read_item(feed, NULL, &it, err);
    if (rc != SL_OK)
        return rc;
    cover(feed, &it);
    rc = read_item(feed, &it, &feed->next, err);
    if (rc == SL_OK || rc == SL_EOF) {
        add_item(feed, s, &it, rc == SL_OK && sl_list_inside(feed->next.path, it.path));
        rc = SL_OK;
    }
    item_clear(&it);
    return rc;
}

struct sl_files_from_feed *sl_files_from_feed(struct sl_files_from *f, struct sl_stream *s, const struct sl_origin *at,
                                              bool dest)
{
    struct sl_files_from_feed *feed = sl_calloc(1, sizeof *feed);
    feed->f = f;
    sl_random(&feed->key, sizeof feed->key);
    feed->reader = sl_sorter_read(f->sorter);
    feed->at = at;
    feed->dest = dest;
    feed->open = sl_strdup("");
    s->more = more;
    s->more_ctx = feed;
    return feed;
}

bool sl_files_from_any(struct sl_files_from *f, bool (*is)(void *ctx, const char *path, bool content), void *ctx)
{
    struct sl_sorter_reader *r = sl_sorter_read(f->sorter);
    struct sl_error ignored;
    const char *record;
    size_t len;
    bool yes = false;
    while (!yes && sl_sorter_next(r, &record, &len, &ignored) == SL_OK) {
        const char *front = record + strlen(record) + 1;
        char *path = sl_asprintf("%s%s%s", front, *front ? "/" : "", record);
        yes = is(ctx, path, sl_list_is_content(record, len));
        free(path);
    }
    sl_sorter_reader_free(r);
    for (size_t i = 0; !yes && i < f->contents_len; i++)
        yes = is(ctx, f->contents[i], true);
    return yes;
}

size_t sl_files_from_contents(const struct sl_files_from *f)
{
    return f->contents_len;
}

const char *sl_files_from_content(const struct sl_files_from *f, size_t i)
{
    return f->contents[i];
}

bool sl_files_from_is_empty(const struct sl_files_from *f)
{
    return !f->names;
}

void sl_files_from_filter(struct sl_files_from_feed *feed, const struct sl_filters *filters)
{
    if (sl_filters_empty(filters))
        return;
    feed->view = sl_view_new(filters, SL_RULE_SENDER);
    sl_view_begin(feed->view, feed->at->top);
}

void sl_files_from_extra(struct sl_files_from_feed *feed, uint32_t extra)
{
    feed->extra = extra;
}

void sl_files_from_feed_free(struct sl_files_from_feed *feed)
{
    if (!feed)
        return;
    sl_sorter_reader_free(feed->reader);
    sl_view_free(feed->view);
    item_clear(&feed->next);
    free(feed->open);
    free(feed->covered);
    for (size_t i = 0; i < feed->origins_cap; i++) {
        if (!feed->origins[i])
            continue;
        free(feed->origins[i]->base);
        free(feed->origins[i]->top);
        free(feed->origins[i]->front);
        free(feed->origins[i]->front_below);
        free(feed->origins[i]);
    }
    free(feed->origins);
    free(feed);
}

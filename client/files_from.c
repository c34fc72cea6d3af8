/* SPDX-License-Identifier: ISC */
/*
 * files_from - see files_from.h. A record of the sorted list is the path in the transfer, then what is in front of it
 * below the source, then 'c' where a '/' at the end asks for a directory's content; each with a NUL behind it.
 */
#include "config.h"
#include "client/files_from.h"
#include "base/mem.h"
#include "proto/msg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_MEMORY = 16 * 1024 * 1024 };

struct sl_files_from {
    struct sl_files_from_how how;
    struct sl_sorter *sorter;
};

struct item {
    char *path, *front; /* owned; path NULL: none */
    bool content;
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
};

/* ---- reading ---- */

struct parts {
    const char *at;
    size_t len;
};

/* Takes '.', '..' and doubled slashes out of a line. mark: how many components are in front of the first "/./". */
static size_t split(const char *line, struct parts *parts, size_t most, size_t *mark)
{
    size_t n = 0;
    bool marked = false;
    for (const char *p = line; *p; p += strspn(p, "/")) {
        size_t len = strcspn(p, "/");
        bool dot = len == 1 && p[0] == '.';
        if (dot && !marked && p != line && p[1] == '/') {
            marked = true;
            *mark = n;
        } else if (len == 2 && memcmp(p, "..", 2) == 0) {
            n -= n > 0;
            *mark = *mark > n ? n : *mark;
        } else if (len && !dot && n < most) {
            parts[n++] = (struct parts){ p, len };
        }
        p += len;
    }
    return n;
}

static char *put_parts(char *to, const struct parts *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            *to++ = '/';
        memcpy(to, parts[i].at, parts[i].len);
        to += parts[i].len;
    }
    *to++ = '\0';
    return to;
}

static bool asks_for_content(const char *line, size_t n)
{
    return line[n - 1] == '/' || (n >= 2 && strcmp(line + n - 2, "/.") == 0);
}

static enum sl_code take_line(struct sl_files_from *f, const char *line, size_t n, unsigned long number,
                              struct sl_error *err)
{
    size_t most = n / 2 + 1, mark = 0;
    struct parts *parts = sl_calloc(most, sizeof *parts);
    char *record = sl_malloc(n + 5), *end;
    size_t count = split(line, parts, most, &mark);
    enum sl_code rc = SL_OK;
    if (count && !f->how.relative)
        mark = count - 1;
    for (size_t i = 0; rc == SL_OK && i < count; i++)
        if (parts[i].len > SL_NAME_MAX)
            rc = sl_fail(err, SL_E_CONFIG, "%s:%lu: a name of at most %u bytes is expected", f->how.file, number,
                         SL_NAME_MAX);
    if (rc == SL_OK && mark >= count)
        rc = sl_fail(err, SL_E_CONFIG, "%s:%lu: the name of something in the source is expected", f->how.file, number);
    if (rc == SL_OK) {
        end = put_parts(record, parts + mark, count - mark);
        end = put_parts(end, parts, mark);
        if (asks_for_content(line, n))
            *end++ = 'c';
        *end++ = '\0'; /* so that what is compared ends */
        rc = sl_sorter_add(f->sorter, record, (size_t)(end - record), err);
    }
    free(record);
    free(parts);
    return rc;
}

static enum sl_code take_lines(struct sl_files_from *f, FILE *in, struct sl_error *err)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t got;
    enum sl_code rc = SL_OK;
    for (unsigned long number = 1; rc == SL_OK && (got = getdelim(&line, &size, f->how.from0 ? '\0' : '\n', in)) > 0;
         number++) {
        size_t n = (size_t)got;
        n -= line[n - 1] == (f->how.from0 ? '\0' : '\n');
        n -= !f->how.from0 && n && line[n - 1] == '\r';
        line[n] = '\0';
        if (!n || line[0] == '#' || line[0] == ';')
            continue;
        rc = strlen(line) != n ? sl_fail(err, SL_E_CONFIG, "%s:%lu: no NUL byte is expected (--from0 allows them)",
                                         f->how.file, number)
                               : take_line(f, line, n, number, err);
    }
    if (rc == SL_OK && ferror(in))
        rc = sl_fail_errno(err, errno, "cannot read '%s'", f->how.file);
    free(line);
    return rc;
}

static bool inside(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* Whether a record asks for a directory's content. */
static bool is_content(const char *record, size_t len)
{
    return record[len - 2] == 'c' && record[len - 3] == '\0';
}

struct named { /* a record of the list */
    char *path, *front; /* owned; NULL: none */
};

static void note(struct named *n, const char *record)
{
    free(n->path);
    free(n->front);
    *n = (struct named){ sl_strdup(record), sl_strdup(record + strlen(record) + 1) };
}

static enum sl_code two_sources(const struct sl_files_from *f, const struct named *first, const char *record,
                                struct sl_error *err)
{
    const char *front = record + strlen(record) + 1;
    return sl_fail(err, SL_E_CONFIG, "%s: two sources for one name: '%s%s%s' and '%s%s%s'", f->how.file, first->front,
                   *first->front ? "/./" : "", first->path, front, *front ? "/./" : "", record);
}

/* Without --recursive a directory's own entries can't be listed and what is in one of them as well: they would come in
 * two orders. And what is in a directory of the transfer is of one place. */
static enum sl_code check_one(const struct sl_files_from *f, const struct named *last, const struct named *whole,
                              const char *record, bool content, struct sl_error *err)
{
    const char *front = record + strlen(record) + 1;
    bool in = whole->path && inside(record, whole->path);
    if (!f->how.recurse && in && (content || strchr(record + strlen(whole->path) + 1, '/')))
        return sl_fail(err, SL_E_CONFIG,
                       "%s: '%s%s' is not expected beside '%s/', which asks for what is in that directory (use "
                       "--recursive, or name that too)",
                       f->how.file, record, content ? "/" : "", whole->path);
    if ((in || (whole->path && strcmp(record, whole->path) == 0)) && strcmp(front, whole->front) != 0)
        return two_sources(f, whole, record, err);
    if (content && last->path && strcmp(record, last->path) == 0 && strcmp(front, last->front) != 0)
        return two_sources(f, last, record, err);
    return SL_OK;
}

static enum sl_code check_list(const struct sl_files_from *f, struct sl_error *err)
{
    struct sl_sorter_reader *r = sl_sorter_read(f->sorter);
    struct named last = { 0 }, whole = { 0 }; /* whole: what is in it is listed */
    const char *record;
    size_t len;
    enum sl_code rc;
    while ((rc = sl_sorter_next(r, &record, &len, err)) == SL_OK) {
        bool content = is_content(record, len);
        if ((rc = check_one(f, &last, &whole, record, content, err)) != SL_OK)
            break;
        if (content || (f->how.recurse && !(whole.path && inside(record, whole.path))))
            note(&whole, record);
        note(&last, record);
    }
    free(last.path);
    free(last.front);
    free(whole.path);
    free(whole.front);
    sl_sorter_reader_free(r);
    return rc == SL_EOF ? SL_OK : rc;
}

enum sl_code sl_files_from_read(struct sl_files_from **out, const struct sl_files_from_how *how, struct sl_error *err)
{
    bool standard = strcmp(how->file, "-") == 0;
    FILE *in = standard ? stdin : fopen(how->file, "re");
    if (!in)
        return sl_fail_errno(err, errno, "cannot open the list '%s'", how->file);
    struct sl_files_from *f = sl_calloc(1, sizeof *f);
    f->how = *how;
    f->how.file = standard ? "standard input" : how->file;
    f->sorter = sl_sorter_new(IN_MEMORY);
    enum sl_code rc = take_lines(f, in, err);
    if (!standard)
        fclose(in);
    if (rc == SL_OK)
        rc = sl_sorter_sort(f->sorter, err);
    if (rc == SL_OK)
        rc = check_list(f, err);
    if (rc == SL_OK)
        *out = f;
    else
        sl_files_from_free(f);
    return rc;
}

void sl_files_from_free(struct sl_files_from *f)
{
    if (!f)
        return;
    sl_sorter_free(f->sorter);
    free(f);
}

/* ---- feeding ---- */

static void item_clear(struct item *i)
{
    free(i->path);
    free(i->front);
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
            last->content |= is_content(record, len);
            cover(feed, last);
            continue;
        }
        if (feed->covered && inside(record, feed->covered))
            continue; /* without --recursive it is one of that directory's own entries: check_one */
        if (excluded(feed, record))
            continue;
        const char *front = record + strlen(record) + 1;
        *out = (struct item){ sl_strdup(record), sl_strdup(front), is_content(record, len) };
        return SL_OK;
    }
    return rc;
}

static uint64_t hash_of(const char *text)
{
    uint64_t h = 14695981039346656037u;
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * 1099511628211u;
    return h;
}

static struct sl_origin **slot_of(struct sl_origin **table, size_t cap, const char *front)
{
    size_t i = hash_of(front) & (cap - 1);
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
                *slot_of(fresh, cap, feed->origins[i]->front_below) = feed->origins[i];
        free(feed->origins);
        feed->origins = fresh;
        feed->origins_cap = cap;
    }
    return slot_of(feed->origins, feed->origins_cap, front);
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

static size_t depth_of(const char *path)
{
    size_t n = *path != '\0';
    for (; *path; path++)
        n += *path == '/';
    return n;
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

/* The segments of an item: directories on the way that are not open, then itself; `stays` when the next one is inside
 * it. */
static void add_item(struct sl_files_from_feed *feed, struct sl_stream *s, const struct item *it, bool stays)
{
    const struct sl_files_from_how *how = &feed->f->how;
    uint32_t way = how->flags & ~(uint32_t)(SL_LIST_RECURSE | SL_LIST_CHILDREN);
    struct sl_origin *o = origin_of(feed, it->front);
    size_t n = shared(feed->open, it->path), len = strlen(it->path);
    char *common = sl_memdup0(it->path, n);
    unsigned close = (unsigned)(depth_of(feed->open) - depth_of(common));
    free(common);
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
            .origin = o, .flags = stays ? way : flags, .keep_open = stays, .wanted = stays, .close_before = close },
        it->path, len);
    const char *slash = strrchr(it->path, '/');
    free(feed->open);
    feed->open = sl_memdup0(it->path, stays ? len : slash ? (size_t)(slash - it->path) : 0);
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
        add_item(feed, s, &it, rc == SL_OK && inside(feed->next.path, it.path));
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
    feed->reader = sl_sorter_read(f->sorter);
    feed->at = at;
    feed->dest = dest;
    feed->open = sl_strdup("");
    s->more = more;
    s->more_ctx = feed;
    return feed;
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

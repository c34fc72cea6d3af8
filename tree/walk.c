/* SPDX-License-Identifier: ISC */
/*
 * walk - a listing as a step machine: a stack of levels, one for each directory on the way down, each with its names
 * sorted. A directory costs an open, a stat that proves it is the one that was listed, and one reading of its names; an
 * entry costs one stat. Descriptors: the start's and those of the deepest levels; one that was given up is had back
 * through ".." of the directory below it, believed only if device and inode are those of before (the way down by names
 * is for when it isn't).
 */
#include "config.h"
#include "tree/walk.h"
#include "tree/reader.h"

#include "base/io.h"
#include "base/mem.h"
#include "tree/attrs.h"
#include "tree/fake.h"
#include "tree/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FDS_MAX = 64 };

enum state { ENTER, LIST, LOST };

struct level {
    enum state state;
    int fd; /* -1: not entered, or given up for now */
    dev_t dev;
    ino_t ino;
    uint64_t number;
    const char *name; /* in the names of the level above */
    size_t path_len;  /* of its path in walk->path; only when something may be hidden */
    struct sl_names names;
};

struct sl_walk {
    uint32_t flags;
    struct sl_owners *owners; /* NULL: no names are wanted */
    struct level *levels;     /* levels[0] is the start and keeps its descriptor */
    size_t depth, cap;
    size_t first_open; /* of levels[1..] those from here on have descriptors */
    uint64_t number;   /* of the next directory */
    bool started;
    int why; /* errno of opening the start, or of having the top's descriptor back */
    struct sl_entry start;
    struct sl_names_scratch scratch;
    struct sl_attrs_reader attrs;
    sl_walk_hidden *hidden; /* NULL: nothing is */
    void *hidden_ctx;
    char *path;
    size_t path_cap;
    /* The last, because they are not cleared, which for walks of one file each takes a twelfth of the time. */
    char start_name[SL_NAME_MAX + 1];
    char target[SL_TARGET_MAX + 1];
};

/* ---- descriptors ---- */

static struct level *top(struct sl_walk *w)
{
    return &w->levels[w->depth - 1];
}

/* Gives up the highest descriptor that can be had back; the top and its parent stay. */
static bool evict(struct sl_walk *w)
{
    if (w->first_open + 2 >= w->depth)
        return false;
    sl_io_close(&w->levels[w->first_open++].fd);
    return true;
}

/* Opens name as l if it is the directory that l was when it was looked at; else errno, ESTALE for another one. */
static int open_same(int parent, const char *name, int flags, const struct level *l)
{
    struct stat st;
    int fd = openat(parent, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        errno = ESTALE;
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0) {
        if (st.st_dev == l->dev && st.st_ino == l->ino)
            return fd;
        errno = ESTALE;
    }
    sl_io_close(&fd);
    return -1;
}

/* Down by names from the start. */
static int descend(struct sl_walk *w, const struct level *to)
{
    int at = w->levels[0].fd, fd = -1;
    for (const struct level *l = &w->levels[1]; l <= to; l++) {
        fd = open_same(at, l->name, O_PATH, l);
        if (at != w->levels[0].fd)
            sl_io_close(&at);
        if (fd < 0)
            return -1;
        at = fd;
    }
    return fd;
}

/* Sees to it that the top has its descriptor again; below is that of the directory which just ended, or -1. A thing
 * that only serves as a parent from now on needs no right to be read. */
static void regain(struct sl_walk *w, int below)
{
    struct level *l = top(w);
    if (l->fd >= 0 || l->state != LIST || w->depth == 1)
        return;
    if (below >= 0)
        l->fd = open_same(below, "..", O_PATH, l);
    if (l->fd < 0)
        l->fd = descend(w, l);
    if (l->fd < 0) {
        l->state = LOST;
        w->why = errno;
    }
    w->first_open = w->depth - 1;
}

/* ---- levels ---- */

static void push(struct sl_walk *w, const char *name, const struct stat *st, bool enter)
{
    if (w->depth == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 16;
        w->levels = sl_realloc(w->levels, w->cap * sizeof *w->levels);
    }
    w->levels[w->depth++] = (struct level){ .state = enter ? ENTER : LIST,
                                            .fd = -1,
                                            .dev = st->st_dev,
                                            .ino = st->st_ino,
                                            .number = w->number++,
                                            .name = name };
}

static void pop(struct sl_walk *w)
{
    struct level *l = top(w);
    int fd = l->fd;
    sl_names_clear(&l->names);
    w->depth--;
    if (w->first_open > w->depth)
        w->first_open = w->depth ? w->depth : 1;
    if (w->depth)
        regain(w, fd);
    sl_io_close(&fd);
}

static int open_level(struct sl_walk *w, const struct level *l)
{
    int parent = w->levels[w->depth - 2].fd;
    if (w->depth - w->first_open >= FDS_MAX)
        evict(w);
    int fd = open_same(parent, l->name, O_RDONLY, l);
    while (fd < 0 && (errno == EMFILE || errno == ENFILE) && evict(w))
        fd = open_same(parent, l->name, O_RDONLY, l);
    return fd;
}

static enum sl_code failed(struct sl_walk_event *ev, const char *what, const struct level *l, int why)
{
    const char *name = *l->name ? l->name : ".";
    ev->kind = SL_WALK_ERROR;
    ev->name = "";
    if (why == ESTALE)
        sl_fail(&ev->error, SL_E_CHANGED, "directory '%s' was replaced by another", name);
    else
        sl_fail_errno(&ev->error, why, "cannot %s directory '%s'", what, name);
    return ev->error.code;
}

/* SL_OK, or ev tells why it can't be listed, or not to its end. */
static enum sl_code enter(struct sl_walk *w, struct sl_walk_event *ev)
{
    struct level *l = top(w);
    l->state = LIST;
    if (w->depth > 1) {
        l->fd = open_level(w, l);
        w->why = errno;
    }
    if (l->fd < 0)
        return failed(ev, "open", l, w->why);
    int why = sl_names_read(&l->names, &w->scratch, l->fd, w->flags & SL_WALK_CLEAN);
    return why ? failed(ev, "read", l, why) : SL_OK;
}

/* ---- events ---- */

static enum sl_code entry_failed(struct sl_walk_event *ev, const char *name)
{
    ev->kind = SL_WALK_ERROR;
    ev->name = name;
    return SL_OK;
}

/* A directory has no other names, whatever its count says. */
static void note_names(struct sl_entry *e, const struct stat *st)
{
    if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
        return;
    e->names = st->st_nlink < UINT32_MAX ? (uint32_t)st->st_nlink : UINT32_MAX;
    e->dev = st->st_dev;
    e->ino = st->st_ino;
}

static void report(struct sl_walk *w, struct sl_walk_event *ev, const struct stat *st)
{
    struct sl_entry *e = &ev->entry;
    ev->kind = SL_WALK_ENTRY;
    if (w->flags & SL_WALK_NO_OWNER)
        e->uid = e->gid = 0;
    if (w->flags & SL_WALK_LINKS)
        note_names(e, st);
    e->mount = false;
    if (e->type != SL_TYPE_DIR)
        return;
    bool other = w->depth && st->st_dev != w->levels[0].dev, far = other && w->flags & SL_WALK_ONE_FS;
    e->mount = other && w->flags & SL_WALK_MOUNTS;
    bool wanted = w->depth ? w->flags & SL_WALK_RECURSE : w->flags & (SL_WALK_RECURSE | SL_WALK_CHILDREN);
    push(w, e->name, st, wanted && !far);
}

/* Puts name behind the path of the top; its length then. */
static size_t path_of(struct sl_walk *w, const char *name)
{
    size_t at = top(w)->path_len, len = strlen(name);
    if (at + len + 2 > w->path_cap) {
        w->path_cap = (at + len + 2) * 2;
        w->path = sl_realloc(w->path, w->path_cap);
    }
    if (at)
        w->path[at++] = '/';
    memcpy(w->path + at, name, len + 1);
    return at + len;
}

void sl_walk_hide(struct sl_walk *w, sl_walk_hidden *hidden, void *ctx)
{
    w->hidden = hidden;
    w->hidden_ctx = ctx;
    if (w->depth)
        top(w)->path_len = path_of(w, w->start_name);
}

static bool hides(struct sl_walk *w, const char *name, bool is_dir)
{
    if (!w->hidden)
        return false;
    path_of(w, name);
    return w->hidden(w->hidden_ctx, w->path, is_dir);
}

static void read_attrs(struct sl_walk *w, int dirfd, const char *name, const struct stat *st, struct sl_entry *e)
{
    if (w->attrs.flags & SL_ATTRS_SETS)
        sl_attrs_read_brief(&w->attrs, dirfd, name, st, &e->attrs);
}

static enum sl_code look(struct sl_walk *w, int dirfd, const char *name, struct sl_entry *e, struct stat *st, struct sl_error *err)
{
    return w->flags & SL_FAKE ? sl_fake_stat(dirfd, name, w->owners, e, w->target, st, err)
                              : sl_meta_stat(dirfd, name, w->owners, e, w->target, st, err);
}

/* A device is told as the file that it can be read as; or how much is on it. */
static void as_file(const struct sl_walk *w, int dirfd, const char *name, struct sl_entry *e)
{
    if (w->flags & SL_WALK_DEVICE_SIZES && e->type == SL_TYPE_BLOCK)
        e->size = sl_reader_device_size(dirfd, name);
    if (!(w->flags & SL_WALK_DEVICES) || (e->type != SL_TYPE_BLOCK && e->type != SL_TYPE_CHAR))
        return;
    e->size = e->type == SL_TYPE_BLOCK ? sl_reader_device_size(dirfd, name) : 0;
    e->type = SL_TYPE_FILE;
    e->rdev_major = e->rdev_minor = 0;
}

/* The next name of the top; SL_EOF when there is none. */
static enum sl_code next_name(struct sl_walk *w, struct sl_walk_event *ev)
{
    struct level *l = top(w);
    struct stat st;
    while (l->names.at < l->names.count) {
        const char *name = l->names.list[l->names.at++].text;
        enum sl_code rc = look(w, l->fd, name, &ev->entry, &st, &ev->error);
        if (rc == SL_E_NOT_FOUND)
            continue;
        if (rc != SL_OK && hides(w, name, true))
            continue;
        if (rc != SL_OK)
            return entry_failed(ev, name);
        size_t depth = w->depth;
        if (hides(w, name, S_ISDIR(st.st_mode)))
            continue;
        as_file(w, l->fd, name, &ev->entry);
        read_attrs(w, l->fd, name, &st, &ev->entry);
        report(w, ev, &st);
        if (w->depth > depth)
            top(w)->path_len = w->hidden ? strlen(w->path) : 0;
        return SL_OK;
    }
    return SL_EOF;
}

/* What was left of a directory that can't be had back is not reported: one error stands for it. */
static bool lost(struct sl_walk *w, struct sl_walk_event *ev)
{
    struct level *l = top(w);
    bool left = l->names.at < l->names.count;
    l->state = LIST;
    l->names.at = l->names.count;
    if (left)
        failed(ev, "open", l, w->why);
    return left;
}

enum sl_code sl_walk_next(struct sl_walk *w, struct sl_walk_event *ev)
{
    if (!w->started) {
        w->started = true;
        ev->kind = SL_WALK_ENTRY;
        ev->entry = w->start;
        return SL_OK;
    }
    if (!w->depth)
        return SL_EOF;
    if (top(w)->state == ENTER && enter(w, ev) != SL_OK)
        return SL_OK;
    if (top(w)->state == LOST && lost(w, ev))
        return SL_OK;
    if (next_name(w, ev) == SL_OK)
        return SL_OK;
    pop(w);
    ev->kind = SL_WALK_END;
    return SL_OK;
}

void sl_walk_skip(struct sl_walk *w, uint64_t number)
{
    size_t i = w->depth;
    while (i && w->levels[i - 1].number > number)
        i--;
    if (!i || w->levels[i - 1].number != number)
        return;
    for (i--; i < w->depth; i++) {
        struct level *l = &w->levels[i];
        l->names.at = l->names.count;
        if (l->state == ENTER)
            l->state = LIST;
    }
}

static void open_start(struct sl_walk *w, int dirfd)
{
    struct level *l = &w->levels[0];
    if (l->state != ENTER)
        return;
    l->fd = open_same(dirfd, *w->start_name ? w->start_name : ".", O_RDONLY, l);
    w->why = errno;
}

enum sl_code sl_walk_new(struct sl_walk **out, int dirfd, const char *name, uint32_t flags, struct sl_owners *owners,
                         struct sl_error *err)
{
    struct sl_walk_event ev;
    struct stat st;
    size_t len = strlen(name);
    if (len && !sl_name_ok(name, len))
        return sl_fail(err, SL_E_NAME, "'%s' is not a name", name);
    struct sl_walk *w = sl_malloc(sizeof *w);
    memset(w, 0, offsetof(struct sl_walk, start_name));
    w->flags = flags;
    w->owners = flags & (SL_WALK_NUMERIC | SL_WALK_NO_OWNER) ? NULL : owners;
    w->attrs.flags = flags & (SL_ATTRS_ALL | SL_FAKE | SL_FAKE_ONLY);
    w->attrs.owners = flags & SL_WALK_NUMERIC ? NULL : owners;
    w->first_open = 1;
    memcpy(w->start_name, name, len + 1);
    enum sl_code rc = look(w, dirfd, w->start_name, &ev.entry, &st, err);
    if (rc != SL_OK) {
        sl_walk_free(w);
        return rc;
    }
    as_file(w, dirfd, w->start_name, &ev.entry);
    read_attrs(w, dirfd, w->start_name, &st, &ev.entry);
    report(w, &ev, &st);
    w->start = ev.entry;
    if (w->depth)
        open_start(w, dirfd);
    *out = w;
    return SL_OK;
}

void sl_walk_free(struct sl_walk *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->depth; i++) {
        sl_io_close(&w->levels[i].fd);
        sl_names_clear(&w->levels[i].names);
    }
    free(w->levels);
    free(w->path);
    sl_names_scratch_clear(&w->scratch);
    sl_attrs_reader_clear(&w->attrs);
    free(w);
}

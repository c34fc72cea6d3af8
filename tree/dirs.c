/* SPDX-License-Identifier: ISC */
/*
 * dirs - the table of open directories. A node knows its parent and its own name; nodes with a descriptor are in a list
 * by last use, from whose old end descriptors are taken back. Nothing here resolves more than one name at a time, and
 * no symbolic link is ever followed.
 */
#include "config.h"
#include "tree/dirs.h"

#include "base/entry.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dir {
    struct dir *parent; /* NULL: a root */
    struct dir *down;   /* the way back while a chain of evicted ones is reopened */
    struct dir *older, *newer;
    size_t refs; /* nodes opened from this one, and one while the id is in use */
    dev_t dev;
    ino_t ino;
    uint32_t id;
    int fd; /* -1: evicted */
    char name[];
};

struct sl_dirs {
    struct dir **slots; /* by id: open addressing, 1 << bits of them, at most half full */
    size_t cap, used;
    unsigned bits;
    uint64_t factor; /* random: a peer chooses the ids, and must not know which fall on one slot (as in proto/owners.c) */
    size_t nodes, nodes_max; /* all alive, also those whose id was closed: else a chain of closed ones had no bound */
    size_t fds, fds_max;
    struct dir *oldest, *newest;
};

/* ---- ids ---- */

static size_t slot_of(const struct sl_dirs *d, uint32_t id)
{
    size_t i = (size_t)(((uint64_t)id + 1) * d->factor >> (64 - d->bits));
    while (d->slots[i] && d->slots[i]->id != id)
        i = (i + 1) & (d->cap - 1);
    return i;
}

static struct dir *find(const struct sl_dirs *d, uint32_t id)
{
    return d->slots[slot_of(d, id)];
}

static void grow(struct sl_dirs *d)
{
    struct dir **old = d->slots;
    size_t cap = d->cap;
    d->cap = (size_t)1 << ++d->bits;
    d->slots = sl_calloc(d->cap, sizeof *d->slots);
    for (size_t i = 0; i < cap; i++)
        if (old[i])
            d->slots[slot_of(d, old[i]->id)] = old[i];
    free(old);
}

static void enter_id(struct sl_dirs *d, struct dir *n)
{
    if ((d->used + 1) * 2 > d->cap)
        grow(d);
    d->slots[slot_of(d, n->id)] = n;
    d->used++;
}

/* Those behind the freed slot are put in again, so that no search ends too early. */
static void leave_id(struct sl_dirs *d, uint32_t id)
{
    size_t i = slot_of(d, id);
    d->slots[i] = NULL;
    d->used--;
    for (i = (i + 1) & (d->cap - 1); d->slots[i]; i = (i + 1) & (d->cap - 1)) {
        struct dir *n = d->slots[i];
        d->slots[i] = NULL;
        d->slots[slot_of(d, n->id)] = n;
    }
}

/* ---- descriptors ---- */

static void unlist(struct sl_dirs *d, struct dir *n)
{
    *(n->older ? &n->older->newer : &d->oldest) = n->newer;
    *(n->newer ? &n->newer->older : &d->newest) = n->older;
    n->older = n->newer = NULL;
}

static void list_newest(struct sl_dirs *d, struct dir *n)
{
    n->older = d->newest;
    n->newer = NULL;
    *(d->newest ? &d->newest->newer : &d->oldest) = n;
    d->newest = n;
}

static void touch(struct sl_dirs *d, struct dir *n)
{
    if (!n->parent || d->newest == n)
        return;
    unlist(d, n);
    list_newest(d, n);
}

static void drop_fd(struct sl_dirs *d, struct dir *n)
{
    if (n->fd < 0)
        return;
    if (n->parent) {
        unlist(d, n);
        d->fds--;
    }
    sl_io_close(&n->fd);
}

/* Takes the least recently used descriptor back, unless it is the one that is needed now. */
static bool evict(struct sl_dirs *d, const struct dir *keep)
{
    struct dir *n = d->oldest;
    if (n == keep)
        n = n->newer;
    if (!n)
        return false;
    drop_fd(d, n);
    return true;
}

static int open_once(int parent, const char *name)
{
    const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags | O_RDONLY);
    /* One that may only be searched still serves as the parent of what is below it. */
    return fd < 0 && errno == EACCES ? openat(parent, name, flags | O_PATH) : fd;
}

/* Opens n->name below its parent, whose descriptor is open; errno is set on failure. */
static bool open_node(struct sl_dirs *d, struct dir *n, struct stat *st)
{
    touch(d, n->parent);
    if (d->fds >= d->fds_max)
        evict(d, n->parent);
    int fd = open_once(n->parent->fd, n->name);
    while (fd < 0 && (errno == EMFILE || errno == ENFILE) && evict(d, n->parent))
        fd = open_once(n->parent->fd, n->name);
    if (fd >= 0 && fstat(fd, st) != 0)
        sl_io_close(&fd);
    if (fd < 0)
        return false;
    n->fd = fd;
    d->fds++;
    list_newest(d, n);
    return true;
}

static enum sl_code changed(const struct dir *n, struct sl_error *err)
{
    return sl_fail(err, SL_E_CHANGED, "directory '%s' was replaced by another", n->name);
}

static enum sl_code reopen_one(struct sl_dirs *d, struct dir *n, struct sl_error *err)
{
    struct stat st;
    if (!open_node(d, n, &st)) {
        if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
            return changed(n, err);
        return sl_fail_errno(err, errno, "cannot open directory '%s' again", n->name);
    }
    if (st.st_dev == n->dev && st.st_ino == n->ino)
        return SL_OK;
    drop_fd(d, n);
    return changed(n, err);
}

/* Makes n->fd valid: up to the nearest ancestor that is open, and down again. */
static enum sl_code ensure_open(struct sl_dirs *d, struct dir *n, struct sl_error *err)
{
    struct dir *at = n;
    n->down = NULL;
    while (at->fd < 0) {
        at->parent->down = at;
        at = at->parent;
    }
    touch(d, at);
    for (at = at->down; at; at = at->down) {
        enum sl_code rc = reopen_one(d, at, err);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

/* ---- nodes ---- */

static struct dir *node_new(struct sl_dirs *d, struct dir *parent, uint32_t id, const char *name)
{
    size_t len = strlen(name);
    struct dir *n = sl_calloc(1, sizeof *n + len + 1);
    memcpy(n->name, name, len + 1);
    n->parent = parent;
    n->id = id;
    n->fd = -1;
    n->refs = 1;
    if (parent)
        parent->refs++;
    d->nodes++;
    return n;
}

static void node_release(struct sl_dirs *d, struct dir *n)
{
    while (n && --n->refs == 0) {
        struct dir *parent = n->parent;
        drop_fd(d, n);
        d->nodes--;
        free(n);
        n = parent;
    }
}

struct sl_dirs *sl_dirs_new(size_t ids_max, size_t fds_max)
{
    struct sl_dirs *d = sl_calloc(1, sizeof *d);
    d->nodes_max = ids_max;
    d->fds_max = fds_max < 4 ? 4 : fds_max;
    sl_random(&d->factor, sizeof d->factor);
    d->factor |= 1;
    d->bits = 6;
    d->cap = (size_t)1 << d->bits;
    d->slots = sl_calloc(d->cap, sizeof *d->slots);
    return d;
}

void sl_dirs_free(struct sl_dirs *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->cap; i++)
        node_release(d, d->slots[i]);
    free(d->slots);
    free(d);
}

static enum sl_code check_new(const struct sl_dirs *d, uint32_t id, struct sl_error *err)
{
    if (find(d, id))
        return sl_fail(err, SL_E_INVALID, "directory id %lu is in use", (unsigned long)id);
    if (d->nodes >= d->nodes_max)
        return sl_fail(err, SL_E_LIMIT, "too many open directories");
    return SL_OK;
}

int sl_dirs_open_root(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 && errno == EACCES ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : fd;
}

enum sl_code sl_dirs_root(struct sl_dirs *d, uint32_t id, int fd, struct sl_error *err)
{
    enum sl_code rc = check_new(d, id, err);
    if (rc != SL_OK) {
        sl_io_close(&fd);
        return rc;
    }
    struct dir *n = node_new(d, NULL, id, "");
    n->fd = fd;
    enter_id(d, n);
    return SL_OK;
}

enum sl_code sl_dirs_share_roots(struct sl_dirs *to, const struct sl_dirs *from, struct sl_error *err)
{
    for (size_t i = 0; i < from->cap; i++) {
        const struct dir *n = from->slots[i];
        if (!n || n->parent)
            continue;
        int fd = fcntl(n->fd, F_DUPFD_CLOEXEC, 0);
        enum sl_code rc = fd < 0 ? sl_fail_errno(err, errno, "cannot share a directory") : sl_dirs_root(to, n->id, fd, err);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

/* What stood in the way of opening name: a link is told by its target. One that would be cut is refused, for a cut
 * target names something else. */
static enum sl_code explain(int parent, const char *name, int why, struct sl_error *err)
{
    char target[sizeof err->text];
    if (why != ELOOP && why != ENOTDIR)
        return sl_fail_errno(err, why, "cannot open directory '%s'", name);
    ssize_t n = readlinkat(parent, name, target, sizeof target);
    if (n < 0)
        return sl_fail_errno(err, ENOTDIR, "cannot open directory '%s'", name);
    if ((size_t)n >= sizeof target)
        return sl_fail(err, SL_E_NAME, "the target of symbolic link '%s' is too long to follow", name);
    return sl_fail(err, SL_E_LINK, "%.*s", (int)n, target);
}

enum sl_code sl_dirs_open(struct sl_dirs *d, uint32_t parent, uint32_t id, const char *name, struct sl_error *err)
{
    struct dir *p = find(d, parent);
    struct stat st;
    if (!p)
        return sl_fail(err, SL_E_INVALID, "directory id %lu is not open", (unsigned long)parent);
    if (!sl_name_ok(name, strlen(name)))
        return sl_fail(err, SL_E_NAME, "'%s' is not a name", name);
    enum sl_code rc = check_new(d, id, err);
    if (rc == SL_OK)
        rc = ensure_open(d, p, err);
    if (rc != SL_OK)
        return rc;
    struct dir *n = node_new(d, p, id, name);
    if (!open_node(d, n, &st)) {
        rc = explain(p->fd, name, errno, err);
        node_release(d, n);
        return rc;
    }
    n->dev = st.st_dev;
    n->ino = st.st_ino;
    enter_id(d, n);
    return SL_OK;
}

enum sl_code sl_dirs_close(struct sl_dirs *d, uint32_t id, struct sl_error *err)
{
    struct dir *n = find(d, id);
    if (!n)
        return sl_fail(err, SL_E_INVALID, "directory id %lu is not open", (unsigned long)id);
    leave_id(d, id);
    node_release(d, n);
    return SL_OK;
}

enum sl_code sl_dirs_fd(struct sl_dirs *d, uint32_t id, int *fd, struct sl_error *err)
{
    struct dir *n = find(d, id);
    if (!n)
        return sl_fail(err, SL_E_INVALID, "directory id %lu is not open", (unsigned long)id);
    enum sl_code rc = ensure_open(d, n, err);
    if (rc == SL_OK)
        *fd = n->fd;
    return rc;
}

/* The end of text before out[at], as much as there is room for; where it begins. */
static size_t put_before(char *out, size_t at, const char *text, size_t len)
{
    size_t take = len < at ? len : at;
    memcpy(out + at - take, text + len - take, take);
    return at - take;
}

size_t sl_dirs_path(const struct sl_dirs *d, uint32_t id, char *out, size_t size)
{
    if (!size)
        return 0;
    size_t at = size - 1, length = 0;
    out[at] = '\0';
    for (const struct dir *n = find(d, id); n && n->parent; n = n->parent) {
        size_t len = strlen(n->name);
        if (length)
            at = put_before(out, at, "/", 1);
        at = put_before(out, at, n->name, len);
        length += (length ? 1 : 0) + len;
    }
    memmove(out, out + at, size - at);
    if (length > size - 1)
        memcpy(out, "...", size - 1 < 3 ? size - 1 : 3);
    return length;
}

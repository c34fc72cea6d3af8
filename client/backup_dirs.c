/* SPDX-License-Identifier: ISC */
/*
 * backup_dirs - the directories below --backup-dir. Each lane makes those that it comes to, each time that it comes to them: one that is there is no
 * failure. They are like those of the destination; where this run gives such a one other metadata, when it leaves it, they get that at once.
 */
#include "config.h"
#include "client/backup_priv.h"
#include "base/mem.h"
#include "client/plan_priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- what they get ---- */

/* Of the open directory number i, from the root. The level has a reference of its own. */
static struct sl_backup_like *of_level(struct sl_plan *p, size_t i)
{
    struct sl_level *l = &p->levels[i];
    if (l->like)
        return l->like;
    struct sl_backup_like *n = l->like = sl_calloc(1, sizeof *n);
    uint32_t meta = l->has_source ? l->meta & (SL_META_MODE | SL_META_UID | SL_META_GID) : 0;
    *n = (struct sl_backup_like){ .refs = 1, .up = i ? of_level(p, i - 1) : NULL, .meta = meta };
    n->mode = meta & SL_META_MODE ? l->entry.mode : l->there_mode;
    n->uid = meta & SL_META_UID ? l->entry.uid : l->there_uid;
    n->gid = meta & SL_META_GID ? l->entry.gid : l->there_gid;
    n->user = meta & SL_META_UID ? l->entry.user : NULL;
    n->group = meta & SL_META_GID ? l->entry.group : NULL;
    sl_backup_like_also(n->up);
    return n;
}

struct sl_backup_like *sl_backup_like(struct sl_plan *p, size_t dir_len)
{
    if (!p->depth || sl_plan_level(p)->path_len != dir_len)
        return NULL;
    return sl_backup_like_also(of_level(p, p->depth - 1));
}

struct sl_backup_like *sl_backup_like_also(struct sl_backup_like *n)
{
    if (n)
        n->refs++;
    return n;
}

void sl_backup_like_drop(struct sl_backup_like *n)
{
    while (n && !--n->refs) {
        struct sl_backup_like *up = n->up;
        free(n);
        n = up;
    }
}

/* ---- making them ---- */

static struct sl_lane_backup *of_lane(struct sl_lane *l)
{
    struct sl_plan *p = l->plan;
    if (l->backup || !p->backup)
        return l->backup;
    l->backup = sl_calloc(1, sizeof *l->backup);
    sl_cursor_init(&l->backup->to, l->dest, SL_JOB_WORK, p->backup->root, p->backup->base);
    sl_cursor_init(&l->backup->like, l->dest, SL_JOB_WORK, p->dest_origin.root, p->dest_origin.base);
    l->backup->like.detours = &p->detours;
    l->backup->made = sl_strdup("");
    return l->backup;
}

void sl_backup_lane_clear(struct sl_lane *l)
{
    if (!l->backup)
        return;
    sl_cursor_clear(&l->backup->to);
    sl_cursor_clear(&l->backup->like);
    free(l->backup->made);
    free(l->backup->mkdirs);
    free(l->backup);
    l->backup = NULL;
}

/* How much of path, in whole components, is made already. */
static size_t made_of(const char *made, const char *path)
{
    size_t n = 0, i = 0;
    for (; path[i] && path[i] == made[i]; i++)
        if (path[i] == '/')
            n = i;
    bool whole = (!made[i] || made[i] == '/') && (!path[i] || path[i] == '/');
    return whole ? i : n;
}

/* The tickets of MKDIRs, of which one that finds a directory is no failure. What is answered is forgotten. */
static void note_mkdir(struct sl_lane *l)
{
    struct sl_lane_backup *b = l->backup;
    size_t kept = 0;
    for (size_t i = 0; i < b->mkdirs_len; i++)
        if (b->mkdirs[i] > l->dest->acked[SL_JOB_WORK])
            b->mkdirs[kept++] = b->mkdirs[i];
    b->mkdirs_len = kept;
    if (kept == b->mkdirs_cap) {
        b->mkdirs_cap = kept ? kept * 2 : 16;
        b->mkdirs = sl_realloc(b->mkdirs, b->mkdirs_cap * sizeof *b->mkdirs);
    }
    b->mkdirs[b->mkdirs_len++] = l->dest->issued[SL_JOB_WORK];
}

bool sl_backup_is_mkdir(const struct sl_lane *l, uint64_t ticket)
{
    const struct sl_lane_backup *b = l->backup;
    bool is = b && b->making;
    for (size_t i = 0; b && i < b->mkdirs_len; i++)
        is |= b->mkdirs[i] == ticket;
    return is;
}

static void make(struct sl_lane *l, const struct sl_entry *e, uint32_t meta, uint32_t to)
{
    l->backup->making = true;            /* a local tree tells within the call what fails */
    l->dest->ops->make(l->dest, &(struct sl_new){ .dir = to, .meta = meta, .entry = e });
    l->backup->making = false;
    note_mkdir(l);
}

/* What the directory that ends at path[len] gets in this run; NULL: nothing. */
static const struct sl_backup_like *like_at(const struct sl_backup_like *of_whole, const char *path, size_t len)
{
    for (path += len; of_whole && *path; path++)
        of_whole = *path == '/' ? of_whole->up : of_whole;
    return of_whole && of_whole->meta ? of_whole : NULL;
}

/* The directory path[0..len) below --backup-dir; the first `own` bytes of it are of --backup-dir itself, the rest is
 * called as in the destination, and is like what is there, as it will be when this run has left it. */
static enum sl_code make_one(struct sl_lane *l, const char *path, size_t len, size_t own, const struct sl_backup_like *of_whole)
{
    struct sl_lane_backup *b = l->backup;
    size_t up = sl_path_dir_len(path, len), skip = own ? own + 1 : 0;
    char *name = sl_memdup0(path + up + (up > 0), len - up - (up > 0));
    struct sl_entry e = { .type = SL_TYPE_DIR, .mode = 0777, .name = name, .name_len = strlen(name) };
    const struct sl_backup_like *will = len > own ? like_at(of_whole, path, len) : NULL;
    uint32_t to = 0, like = 0;
    bool kept = len > own && sl_detours_find(&l->plan->detours, path + skip, len - skip);
    bool plain = len <= own || kept;     /* where a link stands for it (-K) it is made plain */
    enum sl_code rc = sl_cursor_goto(&b->to, path, up, &to);
    if (rc == SL_OK && !plain && !will)
        rc = sl_cursor_goto(&b->like, path + skip, up > skip ? up - skip : 0, &like);
    if (rc == SL_OK && l->dest->ops->room(l->dest, SL_JOB_WORK) < SL_BACKUP_ROOM)
        rc = SL_AGAIN;
    if (rc == SL_OK && plain) {
        make(l, &e, SL_META_MODE | SL_META_UMASK, to);
    } else if (rc == SL_OK && will) {
        e.mode = will->mode;
        e.uid = will->uid;
        e.gid = will->gid;
        e.user = will->user;
        e.group = will->group;
        make(l, &e, SL_META_MODE | SL_META_UID | SL_META_GID, to);
    } else if (rc == SL_OK) {
        l->dest->ops->backup(l->dest, &(struct sl_names){ like, to, name, name, 0 }, NULL);
    }
    free(name);
    return rc;
}

static enum sl_code make_all(struct sl_lane *l, const char *path, size_t own, const struct sl_backup_like *like)
{
    struct sl_lane_backup *b = l->backup;
    size_t whole = strlen(path);
    for (size_t at = made_of(b->made, path); at < whole;) {
        size_t from = at + (path[at] == '/'), end = from + strcspn(path + from, "/");
        enum sl_code rc = make_one(l, path, end, own, like);
        if (rc != SL_OK)
            return rc;
        free(b->made);
        b->made = sl_memdup0(path, end);
        at = end;
    }
    return SL_OK;
}

enum sl_code sl_backup_dirs(struct sl_lane *l, const struct sl_action *a, uint32_t *id)
{
    struct sl_lane_backup *b = of_lane(l);
    char *dir = sl_memdup0(a->path, a->dir_len), *path = sl_backup_joined(l->plan->backup->missing, dir);
    enum sl_code rc = make_all(l, path, strlen(l->plan->backup->missing), a->like);
    if (rc == SL_OK)
        rc = sl_cursor_goto(&b->to, path, strlen(path), id);
    free(path);
    free(dir);
    return rc;
}

/* The next time all directories are gone through again, so that each failure is told as what it is. */
void sl_backup_dirs_again(struct sl_lane *l)
{
    if (!l->backup)
        return;
    free(l->backup->made);
    l->backup->made = sl_strdup("");
}

/* SPDX-License-Identifier: ISC */
/* backup - see backup.h. */
#include "config.h"
#include "client/backup_priv.h"
#include "client/backup.h"
#include "client/delay.h"
#include "base/mem.h"
#include "client/info.h"
#include "client/plan_priv.h"
#include "tree/backup.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

/* ---- where ---- */

enum sl_code sl_backup_check(const struct sl_options *o, const struct sl_endpoint *dest, struct sl_error *err)
{
    if (!o->backup)
        return SL_OK;
    if (!dest->backups)
        sl_fail(err, SL_E_CONFIG, "--backup: the server at the destination is too old for it, so nothing is copied");
    else if (!(dest->rights & SL_RIGHT_LIST))
        sl_fail(err, SL_E_CONFIG, "--backup needs the right to list, or it can't be known what is replaced");
    else
        return SL_OK;
    err->side = dest->side;
    return SL_E_CONFIG;
}

char *sl_backup_joined(const char *a, const char *b)
{
    return *a && *b ? sl_asprintf("%s%s%s", a, a[strlen(a) - 1] == '/' ? "" : "/", b) : sl_strdup(*a ? a : b);
}

/* The last component of *path becomes the first of *missing. */
static void go_up(char **path, char **missing)
{
    char *a = sl_strdup(*path), *b = sl_strdup(*path), *up = sl_strdup(dirname(a)),
         *rest = sl_backup_joined(basename(b), *missing);
    free(a);
    free(b);
    free(*path);
    free(*missing);
    *path = up;
    *missing = rest;
}

static bool has_dots(const char *path)
{
    for (; *path; path += strcspn(path, "/"), path += *path == '/')
        if (strcspn(path, "/") == 2 && path[0] == '.' && path[1] == '.')
            return true;
    return false;
}

static enum sl_code find(struct sl_endpoint *e, char **path, char **missing, struct sl_place *at, struct sl_error *err)
{
    for (;;) {
        struct sl_error why = { 0 };
        enum sl_code rc = e->ops->place(e, *path, true, at, &why);
        if (rc == SL_OK && at->exists && at->entry.type == SL_TYPE_DIR)
            return has_dots(*missing) ? sl_fail(err, SL_E_NOT_FOUND,
                                                "--backup-dir: there is no '..' of what is not there: '%s'", *missing)
                                      : SL_OK;
        bool gone = rc == SL_E_NOT_FOUND || (rc == SL_OK && !at->exists);
        if (rc == SL_OK && at->exists)
            why.code = rc = sl_fail(&why, SL_E_NOT_DIR, "'%s' is not a directory", *path);
        sl_place_clear(at);
        if (!gone || strcmp(*path, "/") == 0 || strcmp(*path, ".") == 0) {
            *err = why;
            sl_error_context(err, "--backup-dir");
            return rc == SL_OK ? SL_E_NOT_FOUND : rc;
        }
        go_up(path, missing);
    }
}

enum sl_code sl_backup_find(struct sl_plan *p, const char *from, struct sl_error *err)
{
    const char *dir = p->o->backup_dir;
    char *path = *dir == '/' ? sl_strdup(dir) : sl_backup_joined(*from ? from : ".", dir), *missing = sl_strdup("");
    struct sl_place at = { 0 };
    enum sl_code rc = find(p->dest, &path, &missing, &at, err);
    if (rc == SL_OK) {
        p->backup = sl_calloc(1, sizeof *p->backup);
        *p->backup = (struct sl_backup_place){ .root = at.root,
                                               .base = at.name[0] ? sl_backup_joined(at.base, at.name) : sl_strdup(at.base),
                                               .missing = missing,
                                               .shown = sl_backup_joined(dir, "/") };
        missing = NULL;
    } else {
        err->side = p->dest->side;
    }
    sl_place_clear(&at);
    free(missing);
    free(path);
    return rc;
}

void sl_backup_clear(struct sl_plan *p)
{
    if (!p->backup)
        return;
    free(p->backup->base);
    free(p->backup->missing);
    free(p->backup->shown);
    free(p->backup);
    p->backup = NULL;
}

/* ---- of what ---- */

bool sl_backup_wanted(const struct sl_options *o, enum sl_type type, const char *name)
{
    size_t n = strlen(name), s = o->backup ? strlen(o->suffix) : 0;
    bool is_one = n > s && strcmp(name + n - s, o->suffix) == 0;
    return o->backup && type != SL_TYPE_DIR && (o->backup_dir || !is_one);
}

static void note_beside(struct sl_level *l, const char *name)
{
    if (l->backed_up_len && strcmp(l->backed_up[l->backed_up_len - 1], name) == 0)
        return;
    l->backed_up = sl_realloc(l->backed_up, (l->backed_up_len + 1) * sizeof *l->backed_up);
    l->backed_up[l->backed_up_len++] = sl_strdup(name);
}

void sl_backup_level_clear(struct sl_level *l)
{
    while (l->backed_up_len)
        free(l->backed_up[--l->backed_up_len]);
    free(l->backed_up);
    l->backed_up = NULL;
}

static int by_name(const void *key, const void *name)
{
    return strcmp(key, *(char *const *)name);
}

/* What is deleted before anything is copied is an older one. */
bool sl_backup_is_new(const struct sl_plan *p, const struct sl_entry *d)
{
    const struct sl_level *l = sl_plan_level((struct sl_plan *)(uintptr_t)p);
    size_t n = strlen(d->name), s = strlen(p->o->suffix);
    if (!l->backed_up_len || p->pass == SL_PASS_LOOK || n <= s || strcmp(d->name + n - s, p->o->suffix) != 0)
        return false;
    char *of = sl_memdup0(d->name, n - s);
    bool is = bsearch(of, l->backed_up, l->backed_up_len, sizeof *l->backed_up, by_name);
    free(of);
    return is;
}

void sl_backup_mark(struct sl_plan *p, struct sl_action *a, const struct sl_entry *d)
{
    if (!p->o->backup || d->type == SL_TYPE_DIR)
        return;
    a->backs_up = true;
    if (sl_backup_stays(p->o) && p->o->del)
        note_beside(sl_plan_level(p), a->entry.name);
    a->like = p->o->backup_dir && !a->like ? sl_backup_like(p, a->dir_len) : a->like;
    a->old_size = d->type == SL_TYPE_LINK ? d->target_len : d->type == SL_TYPE_FILE ? d->size : 0;
    a->old_mtime_s = d->mtime_s;
    a->old_mtime_ns = d->mtime_ns;
}

/* An id that is never open: a backup that can't have its name is asked for there, so that what it was for is not done either. */
enum { NOWHERE = 0x7ffffffd };

/* Whether its backup would have a name that is longer than any can be. */
static bool is_nameless(const struct sl_plan *p, const char *name)
{
    return strlen(name) + strlen(p->o->suffix) > SL_NAME_MAX;
}

char *sl_backup_shown(const struct sl_plan *p, const struct sl_action *a)
{
    if (!a->backs_up)
        return NULL;
    return sl_asprintf("%s%s%s", p->backup ? p->backup->shown : "", a->path, p->o->suffix);
}

/* ---- asking ---- */

/* An earlier time that this was done may have gone well without our being told: then what is there is no more what
 * there was. */
static bool may_be_done(const struct sl_action *a)
{
    return a->redo || a->retried || a->in_one || a->losses;
}

static void tell(struct sl_plan *p, const struct sl_action *a)
{
    char *shown = sl_backup_shown(p, a);
    if (!may_be_done(a))
        sl_report_info(p->report, SL_INFO_BACKUP, "backed up %s to %s", a->path, shown);
    free(shown);
}

enum sl_code sl_backup_send(struct sl_lane *l, struct sl_action *a, uint32_t dir, size_t need)
{
    struct sl_plan *p = l->plan;
    uint32_t to = dir;
    if (!a->backs_up || a->backup_asked || a->kind == SL_ACT_META || sl_delay_holds(p, a))
        return SL_OK;
    if (!l->backup_from) {
        l->backup_from = l->dest->issued[SL_JOB_WORK] + 1;
        l->backup_to = UINT64_MAX;
    }
    enum sl_code rc = p->backup ? sl_backup_dirs(l, a, &to) : SL_OK;
    if (rc == SL_OK && l->dest->ops->room(l->dest, SL_JOB_WORK) < SL_BACKUP_ROOM + need)
        rc = SL_AGAIN;
    if (rc != SL_OK)
        return rc;
    bool in_place = p->o->inplace && a->kind == SL_ACT_FILE, again = may_be_done(a);
    char *name = sl_asprintf("%s%s", a->entry.name, p->o->suffix);
    struct sl_entry as = { .size = a->old_size, .mtime_s = a->old_mtime_s, .mtime_ns = a->old_mtime_ns };
    bool nameless = is_nameless(p, a->entry.name);
    struct sl_names n = { nameless ? (uint32_t)NOWHERE : dir, to, a->entry.name, nameless ? a->entry.name : name, SL_PUT_REPLACE };
    n.flags |= (in_place ? (uint32_t)SL_BACKUP_COPY : 0) | (again ? (uint32_t)SL_BACKUP_AS : 0);
    if (!nameless)
        tell(p, a);
    a->backup_asked = true;
    l->dest->ops->backup(l->dest, &n, again ? &as : NULL);
    l->backup_to = l->dest->issued[SL_JOB_WORK];
    free(name);
    return SL_OK;
}

/* ---- failures ---- */

bool sl_backup_failure(struct sl_lane *l, struct sl_pending *n, uint64_t ticket, const struct sl_error *why)
{
    struct sl_plan *p = l->plan;
    uint64_t from = n ? n->backup_from : l->backup_from, to = n ? n->backup_to : l->backup_to;
    bool *failed = n ? &n->backup_failed : &l->backup_failed;
    const char *path = n ? n->path : l->current;
    bool joins = (n ? n->kind : l->queue.len ? sl_queue_at(&l->queue, 0)->kind : SL_ACT_NOTHING) == SL_ACT_JOIN;
    if (!from || ticket < from)
        return false;
    if (ticket > to) /* what it was for */
        return *failed && !joins;
    sl_backup_dirs_again(l);
    if (!*failed && !joins) { /* a file that is not joined is sent once more, whole */
        struct sl_error err = *why;
        const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
        if (name && is_nameless(p, name)) {
            sl_fail(&err, SL_E_NAME, "'%s%s' is not a name for a backup of '%s'", name, p->o->suffix, name);
            err.side = why->side;
        }
        sl_error_context(&err, "no backup, so it is left as it is");
        p->failed = true;
        sl_plan_entry_failed(p, &err, path);
    }
    *failed = true;
    return true;
}

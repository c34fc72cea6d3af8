/* SPDX-License-Identifier: ISC */
/* level - where the merge stands: the path, the directories on the way down, and the actions that are queued from there. */
#include "config.h"
#include "client/info.h"
#include "client/links.h"
#include "client/plan_priv.h"
#include "base/mem.h"

#include <string.h>

static void path_room(struct sl_plan *p, size_t n)
{
    if (n <= p->path_cap)
        return;
    while (p->path_cap < n)
        p->path_cap *= 2;
    p->path = sl_realloc(p->path, p->path_cap);
}

/* Puts name behind the first dir_len bytes of the path; the new length. */
size_t sl_plan_path_put(struct sl_plan *p, size_t dir_len, const struct sl_entry *e)
{
    path_room(p, dir_len + e->name_len + 2);
    size_t n = dir_len;
    if (n)
        p->path[n++] = '/';
    memcpy(p->path + n, e->name, e->name_len + 1);
    return n + e->name_len;
}

struct sl_level *sl_plan_level(struct sl_plan *p)
{
    return &p->levels[p->depth - 1];
}

struct sl_level *sl_plan_enter(struct sl_plan *p, size_t path_len)
{
    if (p->depth == p->levels_cap) {
        p->levels_cap = p->levels_cap ? p->levels_cap * 2 : 32;
        p->levels = sl_realloc(p->levels, p->levels_cap * sizeof *p->levels);
    }
    struct sl_level *l = &p->levels[p->depth++];
    *l = (struct sl_level){ .path_len = path_len };
    return l;
}

void sl_plan_level_entry(struct sl_level *l, const struct sl_entry *s, struct sl_origin *origin)
{
    l->has_source = true;
    l->entry = *s;
    l->entry.name = l->entry.target = NULL;
    l->entry.name_len = l->entry.target_len = 0;
    l->origin = origin;
}

void sl_plan_level_there(struct sl_level *l, const struct sl_entry *d)
{
    l->there_mode = d->mode;
    l->there_uid = d->uid;
    l->there_gid = d->gid;
}

bool sl_plan_level_early(const struct sl_plan *p, const struct sl_entry *s, const struct sl_entry *d)
{
    if (p->dest->fake)
        return false;
    bool closed = p->dest->uid != 0 && (d->mode & 0300) != 0300;
    return closed || (p->o->perms && p->pass != SL_PASS_LOOK && s->mode & 02000 && !(d->mode & 02000));
}

/* ---- actions ---- */

size_t sl_path_dir_len(const char *path, size_t n)
{
    const char *slash = memrchr(path, '/', n);
    return slash ? (size_t)(slash - path) : 0;
}

struct sl_action *sl_plan_push_dir(struct sl_plan *p, enum sl_action_kind kind, const struct sl_level *l)
{
    struct sl_action *a = sl_queue_push(&p->queue);
    sl_action_fill(a, kind, p->path, l->path_len, sl_path_dir_len(p->path, l->path_len), &l->entry, l->origin);
    a->real = l->real ? sl_strdup(l->real) : NULL;
    return a;
}

void sl_plan_touch(struct sl_plan *p)
{
    struct sl_level *l = sl_plan_level(p);
    l->touched = true;
    if (!l->readonly || l->made)
        return;
    struct sl_action *a = sl_plan_push_dir(p, SL_ACT_META, l);
    a->entry.mode |= 0700;
    a->meta = SL_META_MODE;
    a->quiet = true;
    l->made = true;
    l->meta |= SL_META_MODE;
}

struct sl_action *sl_plan_push(struct sl_plan *p, enum sl_action_kind kind, const struct sl_entry *e, struct sl_origin *origin)
{
    size_t dir_len = sl_plan_level(p)->path_len;
    if (kind != SL_ACT_NOTHING && kind != SL_ACT_META && kind != SL_ACT_COMPARE)
        sl_plan_touch(p);
    size_t n = sl_plan_path_put(p, dir_len, e);
    struct sl_action *a = sl_queue_push(&p->queue);
    sl_action_fill(a, kind, p->path, n, dir_len, e, origin);
    a->real = p->real ? sl_strdup(p->real) : NULL;
    p->path[dir_len] = '\0';
    return a;
}

enum sl_update sl_plan_direction(const struct sl_plan *p)
{
    return p->dest->remote ? SL_UPDATE_SENT : SL_UPDATE_RECEIVED;
}

/* NULL, or why a file is left alone. A time is that of a whole second. */
static const char *out_of_limits(const struct sl_options *o, const struct sl_entry *s)
{
    if (s->type != SL_TYPE_FILE)
        return NULL;
    if (o->max_size.given && s->size > o->max_size.bytes)
        return "over max-size";
    if (o->min_size.given && s->size < o->min_size.bytes)
        return "under min-size";
    if (o->newer_than.given && (s->mtime_s < o->newer_than.s || (s->mtime_s == o->newer_than.s && !s->mtime_ns)))
        return "not newer";
    if (o->older_than.given && s->mtime_s >= o->older_than.s)
        return "not older";
    return NULL;
}

static bool within_limits(struct sl_plan *p, const struct sl_entry *s)
{
    const char *why = out_of_limits(p->o, s);
    if (!why)
        return true;
    sl_plan_path_put(p, sl_plan_level(p)->path_len, s);
    sl_report_note(p->report, 2, "%s is %s", p->path, why);
    p->path[sl_plan_level(p)->path_len] = '\0';
    return false;
}

/* Without -r and -d: those on the way to what was named. And, as with rsync, one that an argument is a link to, if --copy-unsafe-links alone makes a
 * directory of it: it was none when arguments were looked at. It stays empty. */
static bool dir_wanted(const struct sl_plan *p)
{
    const struct sl_options *o = p->o;
    bool late = p->real && o->copy_unsafe_links && !o->copy_links && !o->copy_dirlinks;
    return o->recurse || o->dirs || p->way || late;
}

bool sl_plan_type_wanted(const struct sl_plan *p, const struct sl_entry *s)
{
    const struct sl_options *o = p->o;
    bool devices = o->devices && o->super >= 0;
    return s->type == SL_TYPE_FILE || (s->type == SL_TYPE_DIR && dir_wanted(p)) || (s->type == SL_TYPE_LINK && o->links) ||
               ((s->type == SL_TYPE_CHAR || s->type == SL_TYPE_BLOCK) && devices) ||
               ((s->type == SL_TYPE_FIFO || s->type == SL_TYPE_SOCKET) && o->specials);
}

/* --safe-links: says so when it is not, in rsync's words. */
static bool is_safe(struct sl_plan *p, const struct sl_entry *s)
{
    size_t keep = sl_plan_level(p)->path_len;
    sl_plan_path_put(p, keep, s);
    bool unsafe = sl_link_unsafe(s->target, p->path);
    if (unsafe && sl_info_level(p->o, SL_INFO_NAME))
        sl_report_info(p->report, SL_INFO_NAME, "ignoring unsafe symlink \"%s\" -> \"%s\"", p->path, s->target);
    p->path[keep] = '\0';
    return !unsafe;
}

bool sl_plan_wanted(struct sl_plan *p, const struct sl_entry *s)
{
    const struct sl_options *o = p->o;
    if (sl_plan_type_wanted(p, s) && s->type == SL_TYPE_LINK && o->safe_links)
        return is_safe(p, s);
    if (sl_plan_type_wanted(p, s))
        return within_limits(p, s);
    sl_plan_path_put(p, sl_plan_level(p)->path_len, s);
    if (s->type == SL_TYPE_DIR)
        sl_report_note(p->report, 0, "skipping directory %s", p->path);
    else
        sl_report_info(p->report, SL_INFO_NONREG, "skipping non-regular file \"%s\"", p->path);
    p->path[sl_plan_level(p)->path_len] = '\0';
    return false;
}

bool sl_plan_told(const struct sl_plan *p, uint32_t changes)
{
    const struct sl_options *o = p->o;
    return changes || o->itemize > 1 || o->json || o->out_format || sl_info_level(o, SL_INFO_NAME) > 1;
}

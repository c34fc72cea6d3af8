/* SPDX-License-Identifier: ISC */
/*
 * view - see view.h. The absolute path of what is asked about stands in one buffer with a '/' in front of every name,
 * so that a rule of any directory is held against the end of it that begins there. The rules of merge files hang, file
 * by file, at the point of the rule that named the file, the deepest directory's first.
 */
#include "config.h"
#include "client/view.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Merge files name and merge each other as often as they like, and each directory on the way down has its own: what
 * keeps that finite, and matching too, is how much there may be of all of them at a time. A rule that merges another
 * file is a question, and moves the rules behind it. */
enum { RULES_MAX = 100000, TEXT_MAX = 16 * SL_MERGE_FILE_MAX, MERGES_MAX = 1000 };

struct list { /* what one merge file says */
    struct sl_rules rules;
    size_t text;     /* bytes that were read for it, and that say where its rules are from */
    size_t merges;   /* rules that merge another file */
    size_t at;       /* where its directory ends in the path */
    size_t depth;    /* of its directory; 0: above the transfer */
    struct list *up; /* of a directory further up, or NULL */
};

struct frame {
    size_t len;    /* of the directory's path */
    size_t points; /* how many there were above it */
};

struct sl_view {
    const struct sl_filters *f;
    uint32_t side;
    bool reads_all;
    char *path;      /* owned */
    size_t cap, top; /* top: length of the top's own path */
    struct frame *frames;
    size_t depth, frames_cap;
    size_t blocked;          /* depth from which on all is excluded; 0: none is */
    bool parents_failed;     /* a merge file above the tree can't be read: all of the tree is excluded */
    struct sl_points points; /* those of the command line (borrowed texts), and of merge files */
    struct list **lists;     /* by point: the deepest; owned */
    size_t lists_cap;
    size_t rules, text, merges; /* of all lists */
    /* what is needed */
    size_t next;          /* point */
    char *parent;         /* owned: the directory above the top that is looked into for it; NULL: not begun or over */
    bool parents;         /* of this tree are read */
    struct list *waiting; /* has a pending rule: number `pending` */
    size_t pending;
    bool asked;
};

struct sl_view *sl_view_new(const struct sl_filters *f, uint32_t side)
{
    struct sl_view *v = sl_calloc(1, sizeof *v);
    v->f = f;
    v->side = side;
    v->path = sl_calloc(1, v->cap = 256);
    return v;
}

void sl_view_read_all(struct sl_view *v)
{
    v->reads_all = true;
}

static void drop_list(struct sl_view *v, size_t point)
{
    struct list *l = v->lists[point];
    v->lists[point] = l->up;
    v->rules -= l->rules.len;
    v->text -= l->text;
    v->merges -= l->merges;
    sl_rules_clear(&l->rules);
    free(l);
}

static void drop_points(struct sl_view *v, size_t from)
{
    for (size_t i = from; i < v->points.len; i++)
        while (v->lists[i])
            drop_list(v, i);
    sl_points_clear(&v->points, from);
}

void sl_view_free(struct sl_view *v)
{
    if (!v)
        return;
    drop_points(v, 0);
    free(v->points.at);
    free(v->lists);
    free(v->frames);
    free(v->parent);
    free(v->path);
    free(v);
}

static void path_room(struct sl_view *v, size_t n)
{
    if (n <= v->cap)
        return;
    v->cap = n * 2;
    v->path = sl_realloc(v->path, v->cap);
}

/* Room in `lists` for every point. */
static void follow_points(struct sl_view *v)
{
    if (v->points.len <= v->lists_cap)
        return;
    size_t cap = v->points.len * 2;
    v->lists = sl_realloc(v->lists, cap * sizeof *v->lists);
    memset(v->lists + v->lists_cap, 0, (cap - v->lists_cap) * sizeof *v->lists);
    v->lists_cap = cap;
}

static void copy_points(struct sl_view *v)
{
    const struct sl_points *from = &v->f->points;
    v->points.at = sl_realloc(v->points.at, (from->len + 1) * sizeof *v->points.at);
    v->points.cap = from->len + 1;
    for (size_t i = 0; i < from->len; i++) {
        v->points.at[i] = from->at[i];
        v->points.at[i].name = sl_strdup(from->at[i].name);
        v->points.at[i].scan = from->at[i].scan ? sl_strdup(from->at[i].scan) : NULL;
    }
    v->points.len = from->len;
    follow_points(v);
}

void sl_view_begin(struct sl_view *v, const char *top)
{
    drop_points(v, 0);
    copy_points(v);
    v->top = strlen(top);
    path_room(v, v->top + 2);
    memcpy(v->path, top, v->top + 1);
    v->depth = v->blocked = 0;
    v->next = v->points.len;
    v->parents = v->parents_failed = false;
    v->waiting = NULL;
    v->asked = false;
}

size_t sl_view_depth(const struct sl_view *v)
{
    return v->depth;
}

static size_t here(const struct sl_view *v)
{
    return v->depth ? v->frames[v->depth - 1].len : v->top;
}

const char *sl_view_path(struct sl_view *v)
{
    size_t n = here(v);
    v->path[n] = '\0';
    return v->path + v->top + (n > v->top);
}

/* Puts "/NAME/" behind the open directory; the length without the last slash. */
static size_t put(struct sl_view *v, const char *name)
{
    size_t at = here(v), n = strlen(name);
    path_room(v, at + n + 3);
    v->path[at] = '/';
    memcpy(v->path + at + 1, name, n);
    memcpy(v->path + at + 1 + n, "/", 2);
    return at + 1 + n;
}

void sl_view_enter(struct sl_view *v, const char *name)
{
    size_t len = *name ? put(v, name) : v->top;
    if (v->depth == v->frames_cap) {
        v->frames_cap = v->frames_cap ? v->frames_cap * 2 : 16;
        v->frames = sl_realloc(v->frames, v->frames_cap * sizeof *v->frames);
    }
    v->frames[v->depth++] = (struct frame){ .len = len, .points = v->points.len };
    v->next = 0;
}

void sl_view_leave(struct sl_view *v)
{
    struct frame *fr = &v->frames[v->depth - 1];
    drop_points(v, fr->points);
    for (size_t i = 0; i < v->points.len; i++)
        while (v->lists[i] && v->lists[i]->depth == v->depth)
            drop_list(v, i);
    if (v->blocked == v->depth)
        v->blocked = 0;
    v->depth--;
    v->next = v->points.len;
}

/* ---- merge files ---- */

static bool wanted(const struct sl_view *v, const struct sl_point *p)
{
    return !p->gone && (v->reads_all || !(p->flags & SL_RULE_SIDES) || p->flags & v->side);
}

/* The next pending rule of what was just read. */
static bool find_pending(struct sl_view *v)
{
    for (size_t i = v->pending; v->waiting && i < v->waiting->rules.len; i++)
        if (v->waiting->rules.at[i].pending) {
            v->pending = i;
            return true;
        }
    v->waiting = NULL;
    return false;
}

/* Down one more directory from `parent`, as long as that is above the first directory of the transfer. */
static bool next_parent(struct sl_view *v, const char *first)
{
    size_t n = strlen(v->parent);
    size_t more = strcspn(first + n + 1, "/");
    free(v->parent);
    v->parent = first[n + 1 + more] ? sl_memdup0(first, n + 1 + more) : NULL;
    return v->parent != NULL;
}

/* The first directory of the transfer: the top when its own content is sent, else what is sent of it, whatever its name
 * is. */
static char *first_dir(struct sl_view *v)
{
    return sl_memdup0(v->path, v->frames[0].len);
}

static bool needs_parent(struct sl_view *v)
{
    char *first = first_dir(v);
    bool yes = v->parent && next_parent(v, first);
    while (!yes && !v->parents) {
        size_t i = v->next++;
        if (i >= v->points.len) {
            v->parents = true;
            v->next = 0;
        } else if (wanted(v, &v->points.at[i]) && v->points.at[i].scan && !(v->points.at[i].flags & SL_RULE_OWN)) {
            v->parent = sl_filters_scan_from(&v->points.at[i], first);
            yes = v->parent != NULL;
        }
    }
    free(first);
    return yes;
}

bool sl_view_needs(struct sl_view *v, struct sl_view_file *file)
{
    if (!v->asked && find_pending(v)) {
        v->asked = true;
    } else if (!v->asked && v->depth && !v->parents && needs_parent(v)) {
        v->asked = true;
    } else if (!v->asked) {
        while (v->next < v->points.len && !wanted(v, &v->points.at[v->next]))
            v->next++;
        if (!v->depth || v->next == v->points.len)
            return false;
        v->next++;
        v->asked = true;
    }
    file->dir = v->waiting ? NULL : v->parent;
    file->git = !v->waiting && v->points.at[v->next - 1].flags & SL_RULE_GIT;
    file->name = v->waiting ? v->waiting->rules.at[v->pending].pending : v->points.at[v->next - 1].name;
    return true;
}

static char *called(const struct sl_view *v, const char *name)
{
    const char *dir = v->parent ? v->parent : v->path + v->top + (here(v) > v->top);
    size_t n = v->parent ? strlen(dir) : here(v) - (size_t)(dir - v->path);
    return n || v->parent ? sl_asprintf("%.*s/%s", (int)n, dir, name) : sl_strdup(name);
}

/* Whether what is read stands above the tree: it, and the points that it adds, stay until the tree is over. */
static bool into_parents(const struct sl_view *v)
{
    return v->waiting ? !v->waiting->depth : v->parent != NULL;
}

/* Into the list l, or into `into`, which is to take a place in it. */
static enum sl_code read_rules(struct sl_view *v, struct list *l, struct sl_rules *into, const char *name, uint32_t flags,
                               const char *text, size_t len, struct sl_error *err)
{
    char *file = called(v, name);
    size_t room = TEXT_MAX - v->text, where = strlen(file);
    size_t most = RULES_MAX - v->rules, merges = MERGES_MAX - v->merges;
    if (len <= room && (room - len) / (where + 1) < most)
        most = (room - len) / (where + 1);
    struct sl_rules_reading r = { .into = into,
                                  .points = &v->points,
                                  .inherited = flags,
                                  .from0 = v->f->from0,
                                  .delete_excluded = v->f->delete_excluded,
                                  .in_tree = true,
                                  .most = most,
                                  .merges = merges };
    enum sl_code rc = len > room
                          ? sl_fail(err, SL_E_CONFIG, "%s: less text is expected in merge files from the top down", file)
                          : sl_rules_text(&r, file, text, len, err);
    if (rc == SL_OK) {
        l->text += len + into->len * (where + 1);
        v->text += len + into->len * (where + 1);
        l->merges += merges - r.merges;
        v->merges += merges - r.merges;
    }
    follow_points(v);
    free(file);
    if (into_parents(v))
        v->frames[0].points = v->points.len;
    return rc == SL_OK ? SL_OK : (err->code = SL_E_CONFIG);
}

static enum sl_code give_pending(struct sl_view *v, const char *text, size_t len, struct sl_error *err)
{
    struct sl_rules fresh = { 0 };
    struct sl_rules_entry *e = &v->waiting->rules.at[v->pending];
    enum sl_code rc = read_rules(v, v->waiting, &fresh, e->pending, e->pending_flags, text, len, err);
    size_t count = 0;
    for (size_t i = 0; rc == SL_OK && i < fresh.len; i++)
        count += fresh.at[i].pending != NULL;
    if (rc == SL_OK && count)
        rc = sl_fail(err, SL_E_CONFIG, "%s: no merge rule is expected in a file that a directory's merge file merges",
                     e->pending);
    if (rc == SL_OK) {
        if (fresh.cleared)
            v->pending = 0;
        v->rules -= v->waiting->rules.len;
        sl_rules_splice(&v->waiting->rules, v->pending, &fresh);
        v->rules += v->waiting->rules.len;
    }
    sl_rules_clear(&fresh);
    return rc;
}

enum sl_code sl_view_give(struct sl_view *v, const char *text, size_t len, struct sl_error *err)
{
    v->asked = false;
    if (v->waiting)
        return give_pending(v, text, len, err);
    size_t point = v->next - 1;
    struct list *l = sl_calloc(1, sizeof *l);
    l->at = v->parent ? strlen(v->parent) : here(v);
    l->depth = v->parent ? 0 : v->depth;
    l->up = v->lists[point];
    v->lists[point] = l;
    char *name = sl_strdup(v->points.at[point].name);
    enum sl_code rc = read_rules(v, l, &l->rules, name, v->points.at[point].flags, text, len, err);
    v->rules += l->rules.len;
    free(name);
    v->waiting = l;
    v->pending = 0;
    return rc;
}

enum sl_code sl_view_give_none(struct sl_view *v, struct sl_error *err)
{
    v->asked = false;
    if (!v->waiting)
        return SL_OK;
    const struct sl_rules_entry *e = &v->waiting->rules.at[v->pending];
    return sl_fail(err, SL_E_CONFIG, "%s: a merge file that is there is expected", e->where);
}

void sl_view_give_up(struct sl_view *v)
{
    v->asked = false;
    if (into_parents(v)) {               /* nothing of the tree is sent: what is above it need not be looked for any more */
        v->parents_failed = v->parents = true;
        free(v->parent);
        v->parent = NULL;
        v->next = 0;
    }
    if (v->waiting) {
        free(v->waiting->rules.at[v->pending].pending);
        v->waiting->rules.at[v->pending].pending = NULL;
        v->waiting->rules.at[v->pending].flags = SL_RULE_XATTR; /* matches no file */
    }
    if (!v->blocked)
        v->blocked = v->depth;
}

/* ---- the verdict ---- */

struct question {
    struct sl_subject s;
    uint32_t ignored; /* rules with one of these flags do not count */
};

static bool counts(const struct sl_view *v, const struct question *q, const struct sl_rules_entry *e)
{
    return !(e->flags & q->ignored) && (!(e->flags & SL_RULE_SIDES) || e->flags & v->side);
}

/* What belongs to git itself is nothing that its rules are about. at: where the path from the rule's directory on begins. */
static bool is_gits(const struct question *q, size_t at)
{
    const char *p = q->s.path + at, *end = q->s.path + q->s.len;
    for (size_t n; p < end; p += n) {
        n = 1 + strcspn(p + 1, "/");
        if (n == 5 && memcmp(p, "/.git", 5) == 0)
            return true;
    }
    return false;
}

static bool matches(const struct question *q, struct sl_rules_entry *e, size_t at)
{
    if (e->pattern.git)
        return sl_pattern_match(&e->pattern, &q->s, at) && !is_gits(q, at);
    if (!(e->flags & SL_RULE_ABSOLUTE))
        return sl_pattern_match(&e->pattern, &q->s, at);
    struct sl_subject whole = q->s;
    whole.root = 0;
    return sl_pattern_match(&e->pattern, &whole, 0);
}

/* The entry that decides, or NULL. at: where anchored patterns begin. Rules within rules are as deep as merge files
 * define points in merge files of the same way down. */
static const struct sl_rules_entry *decides(const struct sl_view *v, struct question *q, const struct sl_rules *r,
                                            size_t at)
{
    for (size_t i = 0; i < r->len; i++) {
        struct sl_rules_entry *e = &r->at[i];
        const struct sl_rules_entry *found = NULL;
        if (!counts(v, q, e))
            continue;
        if (e->point < 0) {
            if (matches(q, e, at) != ((e->flags & SL_RULE_NEGATED) != 0))
                return e;
            continue;
        }
        bool own = v->points.at[e->point].flags & SL_RULE_OWN;
        for (struct list *l = v->lists[e->point]; l && !found; l = l->rules.cleared ? NULL : l->up)
            if (!own || l->depth == v->depth)
                found = decides(v, q, &l->rules, l->at);
        if (found)
            return found;
    }
    return NULL;
}

bool sl_view_excludes_at(struct sl_view *v, size_t depth, const char *name)
{
    size_t now = v->depth;
    v->depth = depth;
    bool yes = sl_view_excludes(v, name, false, SL_VIEW_LIVING, NULL);
    v->depth = now;
    return yes;
}

bool sl_view_excludes(struct sl_view *v, const char *name, bool is_dir, enum sl_view_when when, const char **why)
{
    struct question q = { .ignored = SL_RULE_XATTR | (when == SL_VIEW_DYING ? (uint32_t)SL_RULE_PERISHABLE : 0) };
    size_t len = put(v, name);
    const char *slash = memrchr(v->path, '/', len);
    q.s = (struct sl_subject){
        .path = v->path, .root = v->top, .name = (size_t)(slash - v->path) + 1, .len = len, .is_dir = is_dir
    };
    const struct sl_rules_entry *e = decides(v, &q, &v->f->rules, v->top);
    if (why)
        *why = e ? e->where : NULL;
    return v->blocked || v->parents_failed || (e && !(e->flags & SL_RULE_INCLUDE));
}

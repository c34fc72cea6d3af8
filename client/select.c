/* SPDX-License-Identifier: ISC */
/* select - see select.h. */
#include "config.h"
#include "client/select.h"
#include "base/mem.h"
#include "client/ahead.h"
#include "client/charset_side.h"
#include "client/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sl_select {
    const struct sl_filters *f;
    struct sl_endpoint *e;
    struct sl_view *view;
    const char *top; /* of the tree that the view is of; borrowed; NULL: none yet */
    const struct sl_origin *origin;
    struct sl_cursor cursor;
    struct sl_ahead *ahead;      /* borrowed; NULL */
    struct sl_fetch *fetch; /* owned; NULL: nothing is under way */
    char failed[SL_NAME_MAX + 1];
    struct real {
        size_t depth;
        char *path;
    } * real; /* owned, its paths too: open directories that links led to */
    size_t real_len;
    bool keeps, sent_git;   /* sent_git: of the sent ones only those of git's count */
    uint64_t least, most;
    struct kept {
        char *name, *text;
        size_t len, depth;
    } * kept; /* owned, its texts too; of the directories on the way down */
    size_t kept_len;
    const struct sl_select **sent; /* owned; borrowed each */
    size_t sent_len;
};

struct sl_select *sl_select_new(const struct sl_filters *f, struct sl_endpoint *e, uint32_t side)
{
    struct sl_select *s = sl_calloc(1, sizeof *s);
    s->f = f;
    s->e = e;
    s->view = sl_view_new(f, side);
    sl_cursor_init(&s->cursor, e, SL_JOB_HASH, 0, "");
    return s;
}

static void forget(struct sl_select *s, size_t depth)
{
    while (s->kept_len && s->kept[s->kept_len - 1].depth > depth) {
        free(s->kept[--s->kept_len].name);
        free(s->kept[s->kept_len].text);
    }
}

static void forget_real(struct sl_select *s, size_t depth)
{
    while (s->real_len && s->real[s->real_len - 1].depth > depth)
        free(s->real[--s->real_len].path);
}

void sl_select_free(struct sl_select *s)
{
    if (!s)
        return;
    forget(s, 0);
    forget_real(s, 0);
    free(s->real);
    free(s->kept);
    free(s->sent);
    sl_view_free(s->view);
    sl_cursor_clear(&s->cursor);
    if (s->fetch)
        sl_fetch_drop(s->fetch);
    free(s);
}

void sl_select_keep(struct sl_select *s, uint64_t least, uint64_t most)
{
    s->keeps = true;
    sl_view_read_all(s->view);
    s->least = least;
    s->most = most;
}

void sl_select_keep_git(struct sl_select *s, struct sl_select *dest)
{
    s->keeps = true;
    s->most = UINT64_MAX;
    dest->sent_git = true;
}

void sl_select_use(struct sl_select *s, const struct sl_select *of)
{
    s->sent = sl_realloc(s->sent, (s->sent_len + 1) * sizeof *s->sent);
    s->sent[s->sent_len++] = of;
}

static void keep(struct sl_select *s, const char *name, const char *text, size_t len)
{
    s->kept = sl_realloc(s->kept, (s->kept_len + 1) * sizeof *s->kept);
    s->kept[s->kept_len++] = (struct kept){ sl_strdup(name), sl_memdup0(text, len), len, sl_view_depth(s->view) };
}

/* What was read of that name in the directory that is open in `of`, which may be further down by now. A file is judged
 * here, when all the rules of its directory are there. */
static const struct kept *find_sent(const struct sl_select *s, const struct sl_select *of, const struct sl_view_file *file)
{
    const char *name = file->name;
    const char *path = sl_view_path(s->view), *there = sl_view_path(of->view);
    size_t n = strlen(path), depth = sl_view_depth(s->view);
    if (strncmp(path, there, n) != 0 || (n && there[n] && there[n] != '/'))
        return NULL;
    for (size_t i = 0; i < of->kept_len; i++) {
        const struct kept *k = &of->kept[i];
        if (k->depth != depth || strcmp(k->name, name) != 0)
            continue;
        if (file->git)                   /* it says what it says, sent or not */
            return k;
        if (k->len >= of->least && k->len <= of->most)
            return sl_view_excludes_at(of->view, depth, name) ? NULL : k;
    }
    return NULL;
}

static bool give_sent(struct sl_select *s, const struct sl_view_file *file, enum sl_code *rc, struct sl_error *err)
{
    for (size_t i = 0; !file->dir && (file->git || !s->sent_git) && i < s->sent_len; i++) {
        const struct kept *k = find_sent(s, s->sent[i], file);
        if (k) {
            *rc = sl_view_give(s->view, k->text, k->len, err);
            return true;
        }
    }
    if (!file->git || !s->sent_len)
        return false;
    *rc = sl_view_give_none(s->view, err);
    return true;
}

/* Another argument may be of another place. */
static void begin(struct sl_select *s, const struct sl_origin *o)
{
    s->origin = o;
    if (sl_view_depth(s->view) || (s->top && strcmp(s->top, o->top) == 0))
        return;
    s->top = o->top;
    sl_view_begin(s->view, o->top);
}

void sl_select_enter(struct sl_select *s, const struct sl_origin *o, const char *name)
{
    begin(s, o);
    sl_view_enter(s->view, name);
}

void sl_select_real(struct sl_select *s, const char *path)
{
    s->real = sl_realloc(s->real, (s->real_len + 1) * sizeof *s->real);
    s->real[s->real_len++] = (struct real){ sl_view_depth(s->view), sl_strdup(path) };
}

void sl_select_leave(struct sl_select *s)
{
    if (sl_view_depth(s->view))
        sl_view_leave(s->view);
    forget_real(s, sl_view_depth(s->view));
    forget(s, sl_view_depth(s->view));
}

bool sl_select_excludes(struct sl_select *s, const struct sl_origin *o, const char *name, bool is_dir,
                        enum sl_view_when when, const char **why)
{
    begin(s, o);
    return sl_view_excludes(s->view, name, is_dir, when, why);
}

/* ---- merge files ---- */

void sl_select_ahead(struct sl_select *s, struct sl_ahead *a)
{
    s->ahead = a;
}

static enum sl_code ask(struct sl_select *s, const struct sl_view_file *file)
{
    const char *path = sl_view_path(s->view);
    bool real = !file->dir && s->real_len && s->real[s->real_len - 1].depth == sl_view_depth(s->view);
    uint32_t id = 0;
    if (real)
        path = s->real[s->real_len - 1].path;
    else if (s->ahead && !file->dir && (s->fetch = sl_ahead_take(s->ahead, path, file->name)) != NULL)
        return SL_OK;
    enum sl_code rc = sl_cursor_move(&s->cursor, s->e, s->origin->root, file->dir || real ? "" : s->origin->base);
    if (file->dir)
        path = file->dir + (*file->dir == '/');
    if (rc == SL_OK)
        rc = sl_cursor_goto(&s->cursor, path, strlen(path), &id);
    if (rc != SL_OK || s->e->ops->room(s->e, SL_JOB_HASH) < SL_NAME_MAX + 64)
        return SL_AGAIN;
    s->fetch = sl_calloc(1, sizeof *s->fetch);
    s->e->ops->fetch(s->e, id, file->name, s->fetch);
    return SL_OK;
}

/* What can't be read, or is in a directory that can't be opened, may say something: what is not there can't. */
static bool is_none(enum sl_code code)
{
    return code == SL_E_NOT_FOUND || code == SL_E_NOT_DIR;
}

struct answer {
    enum sl_code code;
    const char *text;
    size_t len;
    const struct sl_error *err;
};

static enum sl_code decide(struct sl_select *s, const struct sl_view_file *file, struct answer a, bool *failed,
                           struct sl_error *err)
{
    if (a.code == SL_OK && s->keeps && !file->dir)
        keep(s, file->name, a.len ? a.text : "", a.len);
    if (a.code == SL_OK)
        return sl_view_give(s->view, a.len ? a.text : "", a.len, err);
    bool no_file = a.code == SL_E_LINK || a.code == SL_E_IS_DIR || a.code == SL_E_TYPE;
    if (is_none(a.code) || (file->git && no_file))       /* git reads none of these either */
        return sl_view_give_none(s->view, err);
    snprintf(s->failed, sizeof s->failed, "%s", file->name);
    *err = *a.err;
    *failed = true;
    sl_view_give_up(s->view);
    return SL_OK;
}

/* --iconv: names in a file of that side's tree are in its charset. */
static enum sl_code answered(struct sl_select *s, const struct sl_view_file *file, struct answer a, bool *failed,
                             struct sl_error *err)
{
    char *turned = a.code == SL_OK ? sl_charset_rules(s->e, a.text, a.len, &a.len) : NULL;
    a.text = turned ? turned : a.text;
    enum sl_code rc = decide(s, file, a, failed, err);
    free(turned);
    return rc;
}

static enum sl_code give_parent(struct sl_select *s, const struct sl_view_file *file, bool *failed,
                                struct sl_error *err)
{
    const struct sl_filters_parent *p = sl_filters_parent(s->f, file->dir, file->name);
    if (!p)
        return sl_view_give_none(s->view, err);
    return answered(s, file, (struct answer){ p->code, p->text, p->len, &p->err }, failed, err);
}

enum sl_code sl_select_ready(struct sl_select *s, bool *failed, const char **name, struct sl_error *err)
{
    struct sl_view_file file;
    enum sl_code rc = SL_OK;
    *failed = false;
    *name = s->failed;
    while (rc == SL_OK && !*failed && sl_view_needs(s->view, &file)) {
        if (file.dir && !s->e->remote) {
            rc = give_parent(s, &file, failed, err);
            continue;
        }
        if (!s->fetch && give_sent(s, &file, &rc, err))
            continue;
        if (!s->fetch && (rc = ask(s, &file)) != SL_OK)
            return rc;
        if (!s->fetch->done)
            return SL_AGAIN;
        struct sl_fetch *f = s->fetch;
        s->fetch = NULL;
        rc = answered(s, &file, (struct answer){ f->code, f->text, f->len, &f->err }, failed, err);
        sl_fetch_drop(f);
    }
    return rc;
}

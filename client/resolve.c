/* SPDX-License-Identifier: ISC */
/*
 * resolve - see resolve.h. All components up to the next ".." are looked at in one go; what is in front of the first that
 * is a link is real then, and the link's text takes its place (way.h).
 */
#include "config.h"
#include "client/resolve.h"
#include "client/way.h"
#include "base/mem.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_AT_ONCE = 64 };

struct sl_resolve {
    struct sl_cursor *c;
    uint32_t flags;
    struct sl_way way;
    struct sl_look **looks; /* owned: one for each of the first of todo, or one for done itself */
    size_t looks_len, asked;
    char *path; /* owned */
    struct sl_entry entry;
    bool over; /* it is known: */
    enum sl_code code;
    struct sl_error why;
    struct sl_look *content; /* owned: of a directory; NULL */
};

struct sl_resolve *sl_resolve_new(struct sl_cursor *c, uint32_t flags, const char *dir, const char *target)
{
    struct sl_resolve *r = sl_calloc(1, sizeof *r);
    r->c = c;
    r->flags = flags;
    if (*target != '/')
        sl_way_done(&r->way, dir);
    sl_way_todo(&r->way, target);
    return r;
}

static void drop_looks(struct sl_resolve *r)
{
    for (size_t i = 0; i < r->looks_len; i++)
        sl_look_drop(r->looks[i]);
    free(r->looks);
    r->looks = NULL;
    r->looks_len = r->asked = 0;
}

void sl_resolve_free(struct sl_resolve *r)
{
    if (!r)
        return;
    drop_looks(r);
    sl_look_drop(r->content);
    sl_way_clear(&r->way);
    free(r->path);
    free(r);
}

/* Asks for what is not asked for yet; SL_AGAIN: no room now. */
static enum sl_code ask(struct sl_resolve *r)
{
    struct sl_endpoint *e = r->c->e;
    sl_way_climb(&r->way);
    if (!r->looks) {
        r->looks_len = sl_way_reach(&r->way);
        r->looks_len += !r->looks_len;           /* the directory itself */
        r->looks_len = r->looks_len < NAMES_AT_ONCE ? r->looks_len : NAMES_AT_ONCE;
        r->looks = sl_calloc(r->looks_len, sizeof(struct sl_look *));
        for (size_t i = 0; i < r->looks_len; i++)
            r->looks[i] = sl_look_new();
    }
    for (; r->asked < r->looks_len; r->asked++) {
        char *dir = sl_way_path(&r->way, r->asked);
        uint32_t id = 0;
        enum sl_code rc = sl_cursor_goto(r->c, dir, strlen(dir), &id);
        free(dir);
        if (rc != SL_OK || e->ops->room(e, SL_JOB_LOOK) < SL_NAME_MAX + 64)
            return SL_AGAIN;
        e->ops->look(e, id, r->way.todo.len ? r->way.todo.at[r->asked] : "", r->flags, r->looks[r->asked]);
    }
    return SL_OK;
}

static enum sl_code nothing(const struct sl_look *k, struct sl_error *err)
{
    if (k->code == SL_E_NOT_FOUND || (k->code == SL_OK && !k->len))
        return sl_fail(err, SL_E_LINK, "it leads to nothing");
    *err = k->err;
    return k->code == SL_E_NOT_FOUND ? SL_E_LINK : k->code;
}

/* What was seen, in its order. SL_EOF: it is found; SL_OK: there is more to be asked. */
static enum sl_code see(struct sl_resolve *r, struct sl_error *err)
{
    for (size_t i = 0; i < r->looks_len; i++) {
        const struct sl_look *k = r->looks[i];
        if (k->code != SL_OK || !k->len || k->at[0].error)
            return nothing(k, err);
        const struct sl_entry *e = &k->at[0].entry;
        if (e->type == SL_TYPE_LINK)
            return sl_way_expand(&r->way, e->target ? e->target : "", err);
        bool last = r->way.todo.len <= 1;
        if (!last && e->type != SL_TYPE_DIR)
            return sl_fail(err, SL_E_LINK, "it leads to nothing");
        if (last) {
            r->entry = *e;
            r->path = sl_way_path(&r->way, r->way.todo.len);
            return SL_EOF;
        }
        sl_way_advance(&r->way, 1);
    }
    return SL_OK;
}

static bool all_there(const struct sl_resolve *r)
{
    for (size_t i = 0; i < r->looks_len; i++)
        if (!r->looks[i]->done)
            return false;
    return true;
}

enum sl_code sl_resolve_step(struct sl_resolve *r, const char **path, struct sl_entry *e, struct sl_error *err)
{
    while (!r->over) {
        bool too_long = sl_way_too_long(&r->way);
        if (!too_long && (ask(r) != SL_OK || !all_there(r)))
            return SL_AGAIN;
        enum sl_code rc = too_long ? sl_fail(&r->why, SL_E_LINK, "it leads to nothing") : see(r, &r->why);
        drop_looks(r);
        r->over = rc != SL_OK;
        r->code = rc == SL_EOF ? SL_OK : rc;
    }
    if (r->code != SL_OK) {
        *err = r->why;
        return r->code;
    }
    *path = r->path;
    *e = r->entry;
    e->name = e->target = NULL;
    e->name_len = e->target_len = 0;
    return SL_OK;
}

bool sl_resolve_look(struct sl_resolve *r, uint32_t flags, struct sl_look_room *room)
{
    struct sl_endpoint *e = r->c->e;
    uint32_t id = 0;
    if (!sl_resolve_dir(r) || r->content)
        return false;
    const char *slash = strrchr(r->path, '/');
    if (sl_cursor_goto(r->c, r->path, slash ? (size_t)(slash - r->path) : 0, &id) != SL_OK || e->ops->room(e, SL_JOB_LOOK) < SL_NAME_MAX + 64)
        return false;
    r->content = sl_look_new();
    r->content->room = room;
    e->ops->look(e, id, slash ? slash + 1 : r->path, flags | SL_LIST_CHILDREN, r->content);
    return true;
}

const char *sl_resolve_dir(const struct sl_resolve *r)
{
    return r->over && r->code == SL_OK && r->entry.type == SL_TYPE_DIR ? r->path : NULL;
}

struct sl_look *sl_resolve_content(const struct sl_resolve *r)
{
    return r->content;
}

struct sl_look *sl_resolve_take(struct sl_resolve *r)
{
    struct sl_look *k = r->content;
    r->content = NULL;
    return k;
}

/* SPDX-License-Identifier: ISC */
/* foresight - see foresight.h. Depth first, as it is used: what is near comes before what is far. */
#include "config.h"
#include "client/foresight.h"
#include "base/mem.h"
#include "client/resolve.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

enum { DIRS_MAX = 256, LINKS_MAX = 256, LINKED_MAX = 3 /* links inside each other: they may lead back */ };

static void walk(struct sl_foresight *f, struct sl_look *k, size_t from, const char *real, const char *path, unsigned linked);

static char *join(const char *dir, const char *name)
{
    return *dir ? sl_asprintf("%s/%s", dir, name) : sl_strdup(name);
}

static void walk_below(struct sl_foresight *f, struct sl_look *k, const char *real, const char *path, const char *name, unsigned linked)
{
    char *below = join(path, name);
    walk(f, k, 1, real, below, linked);
    free(below);
}

static void see_dir(struct sl_foresight *f, struct sl_look_item *i, const char *real, const char *path, unsigned linked)
{
    struct sl_endpoint *e = f->c->e;
    uint32_t id = 0;
    f->dirs++;
    if (i->below && !i->below->done)
        return;
    if (i->below) {
        char *dir = join(real, i->entry.name);
        walk_below(f, i->below, dir, path, i->entry.name, linked);
        free(dir);
        return;
    }
    f->full = sl_cursor_goto(f->c, real, strlen(real), &id) != SL_OK || e->ops->room(e, SL_JOB_LOOK) < SL_NAME_MAX + 64;
    if (f->full)
        return;
    i->below = sl_look_new();
    i->below->room = f->room;
    e->ops->look(e, id, i->entry.name, f->flags | SL_LIST_CHILDREN, i->below);
}

static void see_link(struct sl_foresight *f, struct sl_look_item *i, const char *real, const char *path, unsigned linked)
{
    struct sl_error ignored = { 0 };
    struct sl_entry there;
    const char *dir;
    f->links++;
    if (!i->link)
        i->link = sl_resolve_new(f->c, f->flags & ~(uint32_t)SL_LIST_CLEAN, real, i->entry.target);
    if (sl_resolve_step(i->link, &dir, &there, &ignored) != SL_OK || there.type != SL_TYPE_DIR)
        return;
    f->dirs++;
    sl_resolve_look(i->link, f->flags, f->room);
    struct sl_look *content = sl_resolve_content(i->link);
    if (content && linked < LINKED_MAX)
        walk_below(f, content, dir, path, i->entry.name, linked + 1);
}

static void walk(struct sl_foresight *f, struct sl_look *k, size_t from, const char *real, const char *path, unsigned linked)
{
    if (!k->done || k->crowded || k->code != SL_OK)
        return;
    sl_look_mark(k, from);
    for (size_t m = k->marked; m < k->marks_len && !f->full; m++) {
        struct sl_look_item *i = &k->at[k->marks[m]];
        f->full = f->dirs >= DIRS_MAX || f->links >= LINKS_MAX;
        if (f->full || i->error)
            continue;
        if (i->entry.type == SL_TYPE_DIR)
            see_dir(f, i, real, path, linked);
        else if (i->entry.target && f->may(f->ctx, path, &i->entry))
            see_link(f, i, real, path, linked);
    }
}

void sl_foresight_look(struct sl_foresight *f, struct sl_look *k, size_t from, const char *real, const char *path)
{
    walk(f, k, from, real, path, 0);
}

/* SPDX-License-Identifier: ISC */
/* fuzzy - --fuzzy in the planner: which files of a directory are remembered, and what the new ones in it are compared with. */
#include "config.h"
#include "client/plan_priv.h"
#include "base/mem.h"

#include <string.h>

bool sl_plan_looks_for_similar(const struct sl_plan *p)
{
    bool both_here = !p->dest->remote && !p->source.streams[0]->e->remote;
    return p->o->fuzzy && (p->o->whole_file < 0 || (p->o->whole_file == 0 && !both_here));
}

void sl_plan_note_similar(struct sl_plan *p, const struct sl_entry *d)
{
    struct sl_level *l = sl_plan_level(p);
    if (d->type != SL_TYPE_FILE || !sl_plan_looks_for_similar(p))
        return;
    if (!l->similar)
        l->similar = sl_similar_new();
    sl_similar_add(l->similar, d);
}

void sl_plan_choose_similar(struct sl_plan *p, struct sl_level *l)
{
    for (size_t i = 0; l->waiting && i < p->queue.len; i++) {
        struct sl_action *a = sl_queue_at(&p->queue, i);
        if (!a->waits || a->dir_len != l->path_len || memcmp(a->path, p->path, l->path_len) != 0)
            continue;
        const struct sl_similar_file *f = l->similar ? sl_similar_find(l->similar, &a->entry) : NULL;
        a->similar = f ? sl_strdup(f->name) : NULL;
        a->similar_size = f ? f->size : 0;
        a->waits = false;
        l->waiting--;
    }
}

void sl_plan_choose_now(struct sl_plan *p)
{
    for (size_t i = 0; i < p->depth; i++)
        sl_plan_choose_similar(p, &p->levels[i]);
}

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

static void note(struct sl_plan *p, const struct sl_entry *e, size_t alternate)
{
    struct sl_level *l = sl_plan_level(p);
    if (e->type != SL_TYPE_FILE || !sl_plan_looks_for_similar(p))
        return;
    if (!l->similar)
        l->similar = sl_similar_new();
    sl_similar_add(l->similar, e, alternate);
}

void sl_plan_note_similar(struct sl_plan *p, const struct sl_entry *d)
{
    note(p, d, 0);
}

static void passed(void *ctx, size_t number, const struct sl_entry *e)
{
    note(ctx, e, number);
}

void sl_plan_similar_alternates(struct sl_plan *p)
{
    if (p->o->fuzzy < 2 || !sl_plan_looks_for_similar(p))
        return;
    p->alternates.passes = passed;
    p->alternates.passes_ctx = p;
}

bool sl_plan_waits_for_similar(struct sl_plan *p)
{
    bool alternates = p->alternates.passes && sl_alternates_any(&p->alternates, p->depth);
    return (sl_plan_level(p)->in_dest || alternates) && sl_plan_looks_for_similar(p);
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
        a->similar_alternate = f ? f->alternate : 0;
        a->waits = false;
        l->waiting--;
    }
}

void sl_plan_choose_now(struct sl_plan *p)
{
    for (size_t i = 0; i < p->depth; i++)
        sl_plan_choose_similar(p, &p->levels[i]);
}

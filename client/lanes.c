/* SPDX-License-Identifier: ISC */
/* lanes - the lanes of a plan: each has its own endpoints, queue and cursors (doc/ARCHITECTURE.md, "Lanes"). */
#include "config.h"
#include "client/exec_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct sl_lane *sl_lane_add(struct sl_plan *p, struct sl_endpoint *dest)
{
    struct sl_lane *l = sl_calloc(1, sizeof *l);
    struct sl_endpoint *first = p->source.streams[0]->e;
    l->plan = p;
    l->dest = dest;
    sl_cursor_init(&l->write_at, dest, SL_JOB_WORK, p->dest_origin.root, p->dest_origin.base);
    sl_cursor_init(&l->hash_here, dest, SL_JOB_HASH, p->dest_origin.root, p->dest_origin.base);
    sl_cursor_init(&l->read_at, first, SL_JOB_WORK, 0, "");
    sl_cursor_init(&l->hash_there, first, SL_JOB_HASH, 0, "");
    dest->failed = sl_exec_failed;
    dest->ctx = l;
    p->lanes = sl_realloc(p->lanes, (p->lanes_len + 1) * sizeof(struct sl_lane *));
    p->lanes[p->lanes_len++] = l;
    return l;
}

struct sl_endpoint *sl_lane_source(const struct sl_lane *l, struct sl_endpoint *of)
{
    for (size_t i = 0; i < l->twins_len; i++)
        if (l->twins[i].of == of)
            return l->twins[i].own;
    return of;
}

void sl_lane_twin(struct sl_lane *l, struct sl_endpoint *of, struct sl_endpoint *own)
{
    l->twins = sl_realloc(l->twins, (l->twins_len + 1) * sizeof *l->twins);
    l->twins[l->twins_len++] = (struct sl_twin){ of, own };
}

/* Nothing comes from its endpoints any more. */
static void lane_free(struct sl_lane *l)
{
    for (size_t i = 0; i < l->pending_len; i++)
        sl_pending_clear(sl_pending_at(l, i));
    sl_queue_clear(&l->queue);
    sl_cursor_clear(&l->write_at);
    sl_cursor_clear(&l->read_at);
    sl_cursor_clear(&l->hash_there);
    sl_cursor_clear(&l->hash_here);
    free(l->pending);
    free(l->twins);
    free(l);
}

void sl_lanes_clear(struct sl_plan *p)
{
    for (size_t i = 0; i < p->lanes_len; i++)
        lane_free(p->lanes[i]);
    free(p->lanes);
    p->lanes = NULL;
    p->lanes_len = 0;
}

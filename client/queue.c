/* SPDX-License-Identifier: ISC */
/* queue - the ring of actions between planner and executor. */
#include "config.h"
#include "client/plan.h"
#include "client/backup.h"
#include "client/take_source.h"
#include "base/mem.h"
#include "base/ring.h"

#include <stdlib.h>
#include <string.h>

struct sl_action *sl_queue_push(struct sl_queue *q)
{
    if (q->len == q->cap)
        q->at = sl_ring_room(q->at, sizeof *q->at, &q->head, &q->cap, 64);
    struct sl_action *a = &q->at[(q->head + q->len++) % q->cap];
    *a = (struct sl_action){ 0 };
    return a;
}

void sl_queue_take(struct sl_queue *q, struct sl_action *out)
{
    *out = *sl_queue_at(q, 0);
    q->head = (q->head + 1) % q->cap;
    q->len--;
    if (q->issued)
        q->issued--;
}

void sl_queue_pop(struct sl_queue *q)
{
    struct sl_action a;
    sl_queue_take(q, &a);
    sl_action_clear(&a);
}

void sl_queue_clear(struct sl_queue *q)
{
    while (q->len)
        sl_queue_pop(q);
    free(q->at);
    *q = (struct sl_queue){ 0 };
}

void sl_action_fill(struct sl_action *a, enum sl_action_kind kind, const char *path, size_t path_len, size_t dir_len,
                    const struct sl_entry *e, struct sl_origin *origin)
{
    *a = (struct sl_action){ .kind = kind, .dir_len = dir_len, .origin = origin, .entry = *e, .source_size = e->size };
    a->path = sl_memdup0(path, path_len);
    a->entry.name = a->path + (dir_len ? dir_len + 1 : 0);
    a->entry.name_len = strlen(a->entry.name);
    if (e->type == SL_TYPE_LINK && e->target) {
        a->target = sl_memdup0(e->target, e->target_len);
        a->entry.target = a->target;
    } else {
        a->entry.target = NULL;
        a->entry.target_len = 0;
    }
}

void sl_action_clear(struct sl_action *a)
{
    sl_delta_job_free(a->delta);
    sl_attrs_job_free(a->attrs);
    sl_take_forget(a->taken);
    free(a->path);
    free(a->real);
    free(a->target);
    free(a->similar);
    sl_backup_like_drop(a->like);
    if (a->pick)
        free(a->pick->ask);
    free(a->pick);
}

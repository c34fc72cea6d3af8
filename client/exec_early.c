/* SPDX-License-Identifier: ISC */
/*
 * exec_early - what of a delta's content is asked for before all of it: by the first piece it is found out how fast the line is (remote_taste.c), and
 * where it seems that the file was appended to, that piece is under way while the sides still compare. When it turns out to be not what is needed
 * next, it was in vain: a megabyte at most on a near line.
 */
#include "config.h"
#include "client/exec_priv.h"

enum { RANGES_ASKED = 8192 /* in one request for content */ };

void sl_exec_early(struct sl_lane *l, struct sl_action *a)
{
    struct sl_delta_job *j = a->delta;
    struct sl_endpoint *e = sl_lane_source(l, a->origin->e);
    uint64_t from = 0;
    uint32_t id = 0;
    if (!e->taste || !e->ops->read_early || l->plan->spreads || j->early.len || j->append || a->copied || !sl_delta_job_seems_appended(j, &from))
        return;
    if (j->size - from <= e->taste || sl_exec_move_to(l, &l->read_at, a, &id) != SL_OK || e->ops->room(e, SL_JOB_WORK) < SL_NAME_MAX + 128)
        return;
    j->early = (struct sl_range){ from, e->taste };
    e->ops->read_early(e, id, j->name, &j->early);
}

/* What was asked for early is the first of what is needed. */
static void claim(struct sl_delta_job *j, struct sl_endpoint *e)
{
    const struct sl_range *first = &j->of_source.at[0];
    if (first->at != j->early.at || first->len < j->early.len || !e->ops->claim_early(e))
        return;
    sl_ranges_split(&j->of_source, 0, j->early.len);
    j->asked_content = 1;
    j->reads = 1;
}

size_t sl_exec_ranges_now(struct sl_delta_job *j, struct sl_endpoint *e)
{
    if (j->early.len && !j->asked_content)
        claim(j, e);
    size_t left = j->of_source.len - j->asked_content, n = 0;
    if (e->taste && !j->append && j->reads)
        return 0;
    if (!e->taste || j->append)
        return left < RANGES_ASKED ? left : RANGES_ASKED;
    for (uint64_t most = e->taste; most && n < left && n < RANGES_ASKED; n++) {
        sl_ranges_split(&j->of_source, j->asked_content + n, most);
        most -= j->of_source.at[j->asked_content + n].len;
        left = j->of_source.len - j->asked_content;
    }
    return n;
}

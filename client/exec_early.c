/* SPDX-License-Identifier: ISC */
/*
 * exec_early - what of a delta's content is asked for before all of it: by the first piece it is found out how fast the line is (remote_taste.c), and
 * where it seems that the file was appended to, that piece is under way while the sides still compare. When it turns out to be not what is needed
 * next, it was in vain: some megabytes at most, and no more than a small part of what was found alike.
 */
#include "config.h"
#include "client/exec_priv.h"

enum {
    RANGES_ASKED = 3000,             /* in one request for content, so that it fits the smallest frame that a server may want */
    EARLY_STEP = 1024 * 1024, EARLY_MOST = 6 * 1024 * 1024, PART_OF_LIKE = 32
};

/* How much of what seems new may be asked for: the first piece, and where the line is slow some more, as long as that is little beside what was found alike. */
static uint64_t allowed(const struct sl_endpoint *e, uint64_t like)
{
    uint64_t part = like / PART_OF_LIKE;
    return e->taste ? e->taste : !e->slow ? 0 : part < EARLY_MOST ? part : EARLY_MOST;
}

void sl_exec_early(struct sl_lane *l, struct sl_action *a)
{
    struct sl_delta_job *j = a->delta;
    struct sl_endpoint *e = sl_lane_source(l, a->origin->e);
    uint64_t from = 0, like = 0;
    uint32_t id = 0;
    if (!e->ops->read_early || l->plan->spreads || j->append || a->copied || !sl_delta_job_seems_appended(j, &from, &like))
        return;
    uint64_t most = allowed(e, like), step = e->taste ? e->taste : EARLY_STEP;
    if (j->early.len + step > most || j->size - from <= j->early.len + step)
        return;
    if (sl_exec_move_to(l, &l->read_at, a, &id) != SL_OK || e->ops->room(e, SL_JOB_WORK) < SL_NAME_MAX + 128)
        return;
    struct sl_range next = { from + j->early.len, step };
    uint64_t number = e->ops->read_early(e, id, j->name, &next, j->early_number);
    if (!number)
        return;
    j->early_number = number;
    j->early = (struct sl_range){ from, j->early.len + step };
    j->early_reads++;
}

/* What was asked for early is the first of what is needed. */
static void claim(struct sl_delta_job *j, struct sl_endpoint *e)
{
    const struct sl_range *first = &j->of_source.at[0];
    if (first->at != j->early.at || first->len < j->early.len || !e->ops->claim_early(e, j->early_number))
        return;
    sl_ranges_split(&j->of_source, 0, j->early.len);
    j->asked_content = 1;
    j->reads = j->early_reads;
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

/* SPDX-License-Identifier: ISC */
/* delta_job - one file's rounds. What can't be had of a basis makes it no basis; what can't be had of the source is the file's failure. */
#include "config.h"
#include "client/delta_job_priv.h"
#include "base/mem.h"
#include "delta/inplace.h"
#include "delta/portion.h"
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

enum {
    RANGES_MAX = 3000,           /* in one request, so that it fits the smallest frame that a server may want */
    SPANS_MAX = 1 << 18,         /* of a delta that gets another round */
    ROOM_HEAD = SL_NAME_MAX + 64
};

struct sl_delta_job *sl_delta_job_new(const char *name, uint64_t size)
{
    struct sl_delta_job *j = sl_calloc(1, sizeof *j);
    j->name = sl_strdup(name);
    j->size = size;
    sl_delta_init(&j->delta);
    for (unsigned i = 0; i < sizeof j->asks / sizeof j->asks[0]; i++)
        j->asks[i] = (struct sl_job_list){ j, i };
    return j;
}

void sl_delta_job_basis(struct sl_delta_job *j, const char *name, unsigned flags, uint64_t size)
{
    j->bases[j->bases_len++] = (struct sl_job_basis){ .name = sl_strdup(name), .flags = flags, .size = size };
}

void sl_delta_job_elsewhere(struct sl_delta_job *j)
{
    j->bases[j->bases_len - 1].elsewhere = true;
}

void sl_delta_job_copy(struct sl_delta_job *j)
{
    j->copying = true;
}

void sl_delta_job_append(struct sl_delta_job *j, uint64_t from)
{
    j->append = from;
    j->done = true;
    sl_delta_append(&j->delta, from, j->size);
}

struct sl_delta_job *sl_delta_job_portion(const struct sl_delta_job *of, uint64_t from, uint64_t len)
{
    struct sl_delta_job *j = sl_delta_job_new(of->name, len);
    for (unsigned b = 0; b < of->bases_len; b++) {
        j->bases[b] = of->bases[b];
        j->bases[b].name = sl_strdup(of->bases[b].name);
    }
    j->bases_len = of->bases_len;
    sl_portion_spans(&of->delta, from, len, &j->delta);
    j->done = j->decided = true;
    return j;
}

void sl_job_clear_lists(struct sl_delta_job *j)
{
    memset(j->asked_ranges, 0, sizeof j->asked_ranges);
    sl_chunks_clear(&j->source);
    sl_ranges_clear(&j->of_source);
    for (unsigned b = 0; b < j->bases_len; b++) {
        sl_chunks_clear(&j->lists[b]);
        sl_ranges_clear(&j->of_bases[b]);
    }
}

void sl_delta_job_free(struct sl_delta_job *j)
{
    if (!j)
        return;
    sl_job_clear_lists(j);
    sl_hash_free(j->grid.sum);
    for (unsigned b = 0; b < j->bases_len; b++)
        free(j->bases[b].name);
    sl_delta_clear(&j->delta);
    free(j->name);
    free(j);
}

/* ---- asking ---- */

static bool is_first(const struct sl_delta_job *j)
{
    return j->delta.rounds == 0;
}

/* In later rounds a basis of which nothing is unused has nothing to give. */
static bool wanted(const struct sl_delta_job *j, unsigned b)
{
    return !j->bases[b].gone && (is_first(j) || j->of_bases[b].len);
}

/* Whether all that there may be to compare with is what an interrupted run kept, and it is not known yet if there is any: most files
 * have nothing, and their source need not be read for that. */
bool sl_job_only_hoped_for(const struct sl_delta_job *j)
{
    if (!is_first(j))
        return false;
    for (unsigned b = 0; b < j->bases_len; b++)
        if (!(j->bases[b].flags & SL_CHUNKS_KEPT) || j->bases[b].answered)
            return false;
    return true;
}

/* Whether nothing is left to compare with. */
bool sl_job_hopeless(const struct sl_delta_job *j)
{
    for (unsigned b = 0; b < j->bases_len; b++)
        if (!j->bases[b].gone)
            return false;
    return true;
}

bool sl_delta_job_asks(const struct sl_delta_job *j)
{
    if (j->done)
        return false;
    if (j->grid.on)
        return sl_job_grid_asks(j);
    for (unsigned b = 0; b < j->bases_len; b++)
        if ((!j->asked[b] && wanted(j, b)) || j->grid.tail[1 + b])
            return true;
    if (j->grid.tail[0])
        return true;
    return !j->copying && !j->asked_source && !sl_job_only_hoped_for(j) && !(is_first(j) && sl_job_hopeless(j));
}

uint64_t sl_job_largest_basis(const struct sl_delta_job *j)
{
    uint64_t n = 0;
    for (unsigned b = 0; b < j->bases_len; b++)
        n = j->bases[b].size > n ? j->bases[b].size : n;
    return n;
}

enum { COPY_GRAIN = 26, COPY_HASH = 4 };   /* of a copy only its holes and its hash are wanted */

static void first_round(struct sl_delta_job *j, const struct sl_job_sides *s)
{
    uint64_t basis = sl_job_largest_basis(j);
    if (j->copying) {
        j->grain = COPY_GRAIN;
        j->hash_bytes = COPY_HASH;
        return;
    }
    j->grain = sl_delta_first_grain(j->size > basis ? j->size : basis);
    j->hash_bytes = sl_delta_hash_bytes(j->size, basis, j->grain);
    j->expected = (j->size + basis) >> j->grain;
    sl_job_grid_begin(j, s, basis);
}

enum sl_code sl_job_ask_list(struct sl_delta_job *j, const struct sl_job_sides *s, const struct sl_job_want *want)
{
    const struct sl_job_basis *b = want->which ? &j->bases[want->which - 1] : NULL;
    struct sl_endpoint *e = b ? s->dest : s->source;
    uint32_t dir = !b ? s->source_dir : b->elsewhere ? s->other_dir : s->dest_dir;
    struct sl_chunk_ask q = { .name = b ? b->name : j->name, .size = b ? b->size : j->size, .flags = want->flags, .grain = want->grain,
                              .hash_bytes = want->hash_bytes, .ranges = *want->ranges, .trail = want->trail };
    if (e->ops->room(e, SL_JOB_HASH) < ROOM_HEAD + want->ranges->len * SL_RANGE_BYTES_MAX)
        return SL_AGAIN;
    j->waiting++;
    e->ops->chunks(e, dir, &q, &j->asks[want->which]);
    return SL_OK;
}

/* A list in as many requests as its ranges take; their answers come in this order. */
static enum sl_code ask(struct sl_delta_job *j, const struct sl_job_sides *s, unsigned which, const struct sl_ranges *ranges, unsigned flags)
{
    struct sl_ranges some = { 0 };
    struct sl_job_want want = { which, flags | (j->blocks ? (unsigned)SL_CHUNKS_GRID : 0), j->grain, j->hash_bytes, &some, NULL };
    enum sl_code rc = is_first(j) && !ranges->len ? sl_job_ask_list(j, s, &want) : SL_OK;
    for (size_t *done = &j->asked_ranges[which]; rc == SL_OK && *done < ranges->len; *done += rc == SL_OK ? some.len : 0) {
        some.at = ranges->at + *done;
        some.len = ranges->len - *done < RANGES_MAX ? ranges->len - *done : RANGES_MAX;
        rc = sl_job_ask_list(j, s, &want);
    }
    return rc;
}

enum sl_code sl_delta_job_ask(struct sl_delta_job *j, const struct sl_job_sides *s)
{
    enum sl_code rc = SL_OK;
    if (is_first(j) && !j->grain)
        first_round(j, s);
    if (j->grid.on)
        return sl_job_grid_ask(j, s);
    /* The basis first: where it is remote and can't be read, nothing has been read for it yet. */
    for (unsigned b = 0; b < j->bases_len && rc == SL_OK; b++) {
        if (!j->asked[b] && wanted(j, b)) {
            rc = ask(j, s, 1 + b, &j->of_bases[b], j->bases[b].flags | (j->copying ? (unsigned)SL_CHUNKS_HASH : 0));
            j->asked[b] = rc == SL_OK;
        }
        if (rc == SL_OK)
            rc = sl_job_ask_tail(j, s, 1 + b);
    }
    if (rc == SL_OK && !j->copying && !j->asked_source && !sl_job_only_hoped_for(j)) {
        rc = ask(j, s, 0, &j->of_source, is_first(j) ? SL_CHUNKS_HASH : 0);
        j->asked_source = rc == SL_OK;
    }
    return rc == SL_OK ? sl_job_ask_tail(j, s, 0) : rc;
}

/* ---- answers ---- */

static void note_lie(struct sl_delta_job *j, const struct sl_chunk_answer *a)
{
    if (a->code != SL_E_PROTOCOL)
        return;
    j->lied = j->useless = true;
    j->err = a->err;
}

static void take_chunks(const struct sl_delta_job *j, struct sl_chunks *to, struct sl_chunk_answer *a)
{
    for (size_t i = 0; j->collide && !(j->grid.on && j->grid.trails) && i < a->chunks.len; i++)
        a->chunks.at[i].hash = 0;
    for (size_t i = 0; to->len && i < a->chunks.len; i++)
        sl_chunks_add(to, &a->chunks.at[i]);
    if (to->len)
        return;
    *to = a->chunks;
    a->chunks = (struct sl_chunks){ 0 };
}

static void take_source(struct sl_delta_job *j, struct sl_chunk_answer *a)
{
    note_lie(j, a);
    if (a->code != SL_OK) {
        j->failed_source = true;
        return;
    }
    j->useless |= a->changed || a->longer || (is_first(j) && !j->grid.on && !a->has_hash);
    j->has_hash |= a->has_hash;
    if (a->has_hash)
        memcpy(j->hash, a->hash, sizeof j->hash);
    if (j->grid.sum)
        sl_job_sum(j, a);
    take_chunks(j, &j->source, a);
}

static void take_basis(struct sl_delta_job *j, unsigned b, struct sl_chunk_answer *a)
{
    note_lie(j, a);
    j->bases[b].answered = true;
    if (a->code != SL_OK || a->changed || (a->longer && j->grid.on)) {
        j->bases[b].gone = true;
        sl_chunks_clear(&j->lists[b]);
        sl_ranges_clear(&j->delta.unused[b]);
        return;
    }
    if (j->bases[b].gone)
        return;
    if (j->copying && a->has_hash)
        memcpy(j->hash, a->hash, sizeof j->hash);
    j->has_hash |= j->copying && a->has_hash;
    take_chunks(j, &j->lists[b], a);
}

void sl_delta_job_chunked(void *ctx, struct sl_endpoint *e, void *cookie, struct sl_chunk_answer *a)
{
    const struct sl_job_list *c = cookie;
    struct sl_delta_job *j = c->job;
    (void)ctx;
    (void)e;
    j->waiting--;
    if (j->grid.on && sl_job_trail_refused(j, c->which, a))
        return;
    if (c->which)
        take_basis(j, c->which - 1, a);
    else
        take_source(j, a);
    if (j->grid.on)
        sl_job_grid_answered(j, c->which, a);
}

/* ---- rounds ---- */

void sl_job_finish(struct sl_delta_job *j)
{
    j->done = true;
    bool copies = false;
    for (unsigned b = 0; j->inplace && b < j->bases_len; b++)
        if (!(j->bases[b].flags & SL_CHUNKS_KEPT))
            sl_delta_in_place(&j->delta, b);
    for (size_t i = 0; i < j->delta.len; i++)
        copies |= j->delta.spans[i].kind == SL_SPAN_COPY;
    j->useless |= !copies || j->failed_source || !j->has_hash;
    sl_job_clear_lists(j);
    sl_delta_settle(&j->delta);
}

/* What the basis has now is what the listing said of it, or the file is sent whole. */
static void copy_basis(struct sl_delta_job *j)
{
    sl_delta_copy(&j->delta, &j->lists[0]);
    j->done = true;
    j->useless |= !j->has_hash || j->bases[0].gone || sl_delta_size(&j->delta) != j->size;
    sl_job_clear_lists(j);
}

static void size_hashes(struct sl_delta_job *j)
{
    uint64_t basis = 0, source = sl_ranges_total(&j->of_source);
    for (unsigned b = 0; b < j->bases_len; b++)
        basis += sl_ranges_total(&j->of_bases[b]);
    j->hash_bytes = sl_delta_hash_bytes(source, basis, j->grain);
    j->expected = (source + basis) >> j->grain;
}

size_t sl_delta_job_memory(const struct sl_delta_job *j)
{
    size_t chunks = j->source.len, ranges = j->of_source.len;
    for (unsigned b = 0; b < j->bases_len; b++) {
        chunks += j->lists[b].len;
        ranges += j->of_bases[b].len + j->delta.unused[b].len;
    }
    if (!j->done && j->expected > chunks)
        chunks = (size_t)j->expected;
    return chunks * sizeof(struct sl_chunk) + ranges * sizeof(struct sl_range) + j->delta.len * sizeof(struct sl_span);
}

/* All lists are given back and the ranges of the next round set. A sample is taken of a side whose list travels. */
void sl_job_next_round(struct sl_delta_job *j, unsigned grain, bool sample, const struct sl_job_sides *s)
{
    struct sl_ranges unknown = { 0 };
    sl_job_clear_lists(j);
    j->coarser = j->sampling ? j->coarser : j->grain;
    j->grain = grain;
    j->sampling = sample;
    sl_delta_unknown(&j->delta, &unknown);
    for (unsigned b = 0; b < j->bases_len; b++) {
        const struct sl_ranges *unused = &j->delta.unused[b];
        if (sample && !s->source->remote)
            sl_delta_sample(unused, grain, &j->of_bases[b]);
        else
            for (size_t i = 0; i < unused->len; i++)
                sl_ranges_add(&j->of_bases[b], unused->at[i].at, unused->at[i].len);
        j->asked[b] = false;
    }
    if (sample && s->source->remote) {
        sl_delta_sample(&unknown, grain, &j->of_source);
        sl_ranges_clear(&unknown);
    } else {
        j->of_source = unknown;
    }
    j->asked_source = false;
    size_hashes(j);
}

bool sl_job_too_many(const struct sl_delta *d)
{
    if (d->len > SPANS_MAX)
        return true;
    for (unsigned b = 0; b < SL_BASES_MAX; b++)
        if (d->unused[b].len > SPANS_MAX)
            return true;
    return false;
}

static void only_edges(const struct sl_delta_job *j, struct sl_ranges *r, uint64_t size)
{
    struct sl_ranges some = { 0 };
    sl_delta_edges(r, size, j->coarser, &some);
    sl_ranges_clear(r);
    *r = some;
}

/* All of what is left does not pay; what lies beside the matches does, perhaps. */
static void edges_or_end(struct sl_delta_job *j, unsigned grain, const struct sl_job_sides *s)
{
    if (!sl_delta_edges_pay(&j->delta, j->sampling ? j->coarser : j->grain, grain, &s->line)) {
        sl_job_finish(j);
        return;
    }
    sl_job_next_round(j, grain, false, s);
    j->edges = true;
    only_edges(j, &j->of_source, sl_delta_size(&j->delta));
    for (unsigned b = 0; b < j->bases_len; b++)
        only_edges(j, &j->of_bases[b], j->bases[b].size);
    size_hashes(j);
}

/* Whether what was sampled is found in what was listed whole: of the bases' samples, of any. */
static bool sample_hits(const struct sl_delta_job *j, const struct sl_job_sides *s)
{
    bool hits = s->source->remote && sl_delta_sample_hits(&j->source, j->lists, j->bases_len, s->key);
    for (unsigned b = 0; !s->source->remote && b < j->bases_len; b++)
        hits |= sl_delta_sample_hits(&j->lists[b], &j->source, 1, s->key);
    return hits;
}

static void sampled(struct sl_delta_job *j, const struct sl_job_sides *s)
{
    if (sample_hits(j, s))
        sl_job_next_round(j, j->grain, false, s);
    else
        edges_or_end(j, j->grain, s);
}

/* Lists that do not fill what was asked for are of another file than the round before: it was replaced meanwhile. */
static bool fills(const struct sl_delta_job *j)
{
    uint64_t n = 0;
    for (size_t i = 0; i < j->source.len; i++)
        n += j->grid.tailed && j->source.at[i].at >= j->grid.asked_to[0] ? 0 : j->source.at[i].len;
    return is_first(j) || n == sl_ranges_total(&j->of_source);
}

static void compare(struct sl_delta_job *j, uint64_t key)
{
    const struct sl_chunk *last = j->source.len ? &j->source.at[j->source.len - 1] : NULL;
    if (j->grid.tailed && last)
        sl_delta_extend(&j->delta, last->at + last->len);
    j->grid.tailed = false;
    if (j->blocks)
        sl_grid_round(&j->delta, &j->source, j->lists, j->bases_len);
    else
        sl_delta_round(&j->delta, &j->source, j->lists, j->bases_len, key);
}

/* After a round: another one, or the end. */
static void go_on(struct sl_delta_job *j, const struct sl_job_sides *s)
{
    unsigned grain = j->grain;
    bool blocks = false;
    enum sl_next next = SL_NEXT_STOP;
    if (!sl_job_too_many(&j->delta))
        next = j->grid.fits ? sl_grid_next(&j->delta, j->grain, &s->line, &grain, &blocks) : sl_delta_next(&j->delta, j->grain, &s->line, &grain);
    if (j->edges && !sl_job_too_many(&j->delta))
        edges_or_end(j, grain, s);
    else if (next == SL_NEXT_STOP || j->edges)
        sl_job_finish(j);
    else if (next == SL_NEXT_SAMPLE && s->source->remote && s->dest->remote)
        edges_or_end(j, grain, s);       /* one whole list would travel for a sample of the other */
    else if (j->grid.fits)
        sl_job_grid_refine(j, grain, blocks);
    else
        sl_job_next_round(j, grain, next == SL_NEXT_SAMPLE, s);
}

void sl_delta_job_settle(struct sl_delta_job *j, const struct sl_job_sides *s)
{
    if (j->done || j->waiting || sl_delta_job_asks(j))
        return;
    if (j->copying) {
        copy_basis(j);
        return;
    }
    if (j->failed_source || j->useless || sl_job_hopeless(j) || !(j->grid.on || fills(j) || j->sampling)) {
        j->useless = true;
        sl_job_finish(j);
    } else if (j->grid.on) {
        sl_job_grid_settle(j, s);
    } else if (j->sampling) {
        sampled(j, s);
    } else {
        compare(j, s->key);
        go_on(j, s);
    }
}

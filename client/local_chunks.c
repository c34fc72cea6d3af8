/* SPDX-License-Identifier: ISC */
/*
 * local_chunks - chunk lists of the local tree: asked for like a remote one's and made in between, a piece at a time, so that both sides
 * read and hash at the same time. The file is opened when it is asked for: its directory may be closed before its turn comes.
 */
#include "config.h"
#include "client/local_priv.h"
#include "base/mem.h"
#include "base/ring.h"

#include <stdlib.h>

enum { STEP = 1024 * 1024 };        /* bytes read between two looks at the network */

static struct sl_local_list *first(struct sl_local *l)
{
    return &l->lists[l->lists_head];
}

static struct sl_local_list *push(struct sl_local *l)
{
    if (l->lists_len == l->lists_cap)
        l->lists = sl_ring_room(l->lists, sizeof *l->lists, &l->lists_head, &l->lists_cap, 16);
    return &l->lists[(l->lists_head + l->lists_len++) % l->lists_cap];
}

/* Before the first round: a run that went on from what was kept, and was cut too, left more. */
static void adopt(struct sl_local *l, uint32_t dir, const struct sl_chunk_ask *ask)
{
    struct sl_error ignored = { 0 };
    int fd = -1;
    bool begins = !ask->ranges.len || (ask->flags & SL_CHUNKS_PORTION && ask->ranges.at[0].at == 0);
    if (ask->flags & SL_CHUNKS_KEPT && begins && sl_dirs_fd(l->dirs, dir, &fd, &ignored) == SL_OK)
        sl_kept_adopt(fd, ask->name, &l->searched);
}

void sl_local_chunks(struct sl_endpoint *e, uint32_t dir, const struct sl_chunk_ask *ask, void *cookie)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_local_list *q = push(l);
    *q = (struct sl_local_list){ .reader = { .fd = -1 }, .ask = *ask, .cookie = cookie };
    q->ask.ranges = (struct sl_ranges){ 0 };
    for (size_t i = 0; i < ask->ranges.len; i++)
        sl_ranges_add(&q->ask.ranges, ask->ranges.at[i].at, ask->ranges.at[i].len);
    adopt(l, dir, ask);
    q->code = sl_local_open_basis(l, &q->reader, dir, ask->name, ask->flags, &q->err);
    sl_local_answer(l, SL_JOB_HASH, SL_OK, NULL);
}

/* ---- making them ---- */

static enum sl_code to_range(void *ctx, uint64_t at, uint64_t len, struct sl_error *err)
{
    struct sl_local_list *q = first(ctx);
    return (q->ask.flags & SL_CHUNKS_PORTION ? sl_reader_portion : sl_reader_range)(&q->reader, at, len, err);
}

static enum sl_code read_more(void *ctx, const uint8_t **data, size_t *got, uint64_t *hole, struct sl_error *err)
{
    return sl_reader_view(&first(ctx)->reader, data, got, hole, err);
}

static void put_chunk(void *ctx, const struct sl_chunk *c)
{
    sl_chunks_add(&((struct sl_local *)ctx)->answer.chunks, c);
}

static const struct sl_lister_ops ops = { to_range, read_more, put_chunk };

/* The hash of the whole file: begun, or gone on with behind the portion before. */
static enum sl_code begin_hash(struct sl_local *l, struct sl_local_list *q, struct sl_error *err)
{
    struct sl_carry carried;
    enum sl_code rc = SL_OK;
    if (!(q->ask.flags & SL_CHUNKS_HASH))
        return SL_OK;
    if (q->ask.flags & SL_CHUNKS_PORTION)
        rc = sl_reader_portion(&q->reader, q->ask.ranges.at[0].at, q->ask.ranges.at[0].len, err);
    if (rc == SL_OK)
        rc = sl_carry_take(&l->carry, &q->reader, l->e.digest, &carried, err);
    if (rc == SL_OK)
        sl_lister_go_on(&l->lister, carried.hash, carried.hole);
    return rc;
}

const struct sl_seed *sl_local_seed(struct sl_local *l)
{
    if (!l->seed) {
        l->seed = sl_malloc(sizeof *l->seed);
        sl_seed_init(l->seed, l->e.seed);
    }
    return l->seed;
}

static enum sl_code begin(struct sl_local *l, struct sl_local_list *q, struct sl_error *err)
{
    if (q->ask.trail && sl_reader_has_holes(&q->reader))
        return sl_fail(err, SL_E_UNSUPPORTED, "a file with holes is not followed");
    sl_lister_init(&l->lister, &ops, l, sl_local_seed(l), q->ask.grain, q->ask.hash_bytes);
    if (q->ask.flags & SL_CHUNKS_GRID)
        sl_lister_grid(&l->lister, q->ask.flags & SL_CHUNKS_MARKS);
    enum sl_code rc = begin_hash(l, q, err);
    sl_lister_ranges(&l->lister, &q->ask.ranges);
    return rc;
}

/* ---- following another file's blocks ---- */

static const uint8_t *bytes_at(void *ctx, uint64_t at, size_t n, struct sl_error *err)
{
    return sl_reader_bytes(&first(ctx)->reader, at, n, err);
}

static const struct sl_trail_ops trail_ops = { bytes_at };

/* The file's hash, where it is wanted, up to there, or some of it: SL_AGAIN. */
static enum sl_code hash_to(struct sl_local *l, struct sl_reader *r, uint64_t to, uint64_t *done, struct sl_error *err)
{
    uint64_t most = r->pos + STEP, begun = r->pos;
    while (l->lister.whole && r->pos < to && r->pos < most) {
        size_t n = to - r->pos < SL_READER_VIEW_MAX ? (size_t)(to - r->pos) : SL_READER_VIEW_MAX;
        const uint8_t *p = sl_reader_bytes(r, r->pos, n, err);
        if (!p)
            return err->code;
        sl_hash_data(l->lister.whole, p, n);
        r->pos += n;
    }
    *done += r->pos - begun;
    if (l->lister.whole && r->pos < to)
        return SL_AGAIN;
    r->pos = to > r->pos ? to : r->pos;
    return SL_OK;
}

static enum sl_code follow(struct sl_local *l, struct sl_local_list *q, uint64_t *done, struct sl_error *err)
{
    struct sl_trail *t = q->ask.trail;
    struct sl_trail_in in = { &trail_ops, l, l->seed, &l->answer.chunks };
    t->size = (uint64_t)q->reader.st.st_size;
    enum sl_code rc = sl_trail_step(t, &in, done, err);
    if (rc != SL_OK && rc != SL_EOF)
        return rc;
    enum sl_code hashed = hash_to(l, &q->reader, sl_trail_position(t), done, err);
    return hashed == SL_OK ? rc : hashed == SL_AGAIN ? SL_OK : hashed;
}

static void pop(struct sl_local *l)
{
    struct sl_local_list *q = first(l);
    sl_reader_close(&q->reader);
    sl_ranges_clear(&q->ask.ranges);
    sl_lister_clear(&l->lister);
    sl_chunks_clear(&l->answer.chunks);
    l->lists_head = (l->lists_head + 1) % l->lists_cap;
    l->lists_len--;
}

/* The first list is done, or can't be: hands it over. */
static void deliver(struct sl_local *l, enum sl_code rc, const struct sl_error *err)
{
    struct sl_local_list *q = first(l);
    struct sl_chunk_answer *a = &l->answer;
    a->code = rc;
    a->err = *err;
    a->err.side = l->e.side;
    a->changed = rc == SL_OK && sl_reader_changed(&q->reader);
    a->end = rc == SL_OK && q->ask.flags & SL_CHUNKS_PORTION && sl_reader_at_end(&q->reader);
    a->has_hash = rc == SL_OK && l->lister.whole && (a->end || !(q->ask.flags & SL_CHUNKS_PORTION));
    if (a->has_hash) {
        sl_lister_whole(&l->lister, a->hash);
    } else if (rc == SL_OK && l->lister.whole) {
        sl_carry_put(&l->carry, &q->reader, l->lister.whole, l->lister.hole);
        l->lister.whole = NULL;
    }
    if (l->e.chunked)
        l->e.chunked(l->e.ctx, &l->e, q->cookie, a);
    pop(l);
}

enum sl_code sl_local_work(struct sl_endpoint *e)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    if (!l->lists_len)
        return sl_local_reap(l);
    struct sl_local_list *q = first(l);
    if (q->code != SL_OK) {
        err = q->err;
        deliver(l, q->code, &err);
        return SL_OK;
    }
    enum sl_code rc = l->lister.ops ? SL_OK : begin(l, q, &err);
    for (uint64_t all = 0, n = 0; rc == SL_OK && all < STEP; all += n)
        rc = q->ask.trail ? follow(l, q, &n, &err) : sl_lister_step(&l->lister, &n, &err);
    if (rc == SL_OK)
        return SL_OK;
    deliver(l, rc == SL_EOF ? SL_OK : rc, &err);
    return SL_OK;
}

void sl_local_chunks_clear(struct sl_local *l)
{
    while (l->lists_len)
        pop(l);
    sl_carry_clear(&l->carry);
    free(l->lists);
    free(l->seed);
}

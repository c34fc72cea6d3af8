/* SPDX-License-Identifier: ISC */
/* lister - reads, cuts and hashes stretch by stretch; a hole ends a stretch, and so does a range. */
#include "config.h"
#include "delta/lister.h"
#include "base/mem.h"

#include <stdlib.h>

void sl_lister_init(struct sl_lister *l, const struct sl_lister_ops *ops, void *ctx, const struct sl_seed *seed, unsigned grain,
                    unsigned hash_bytes)
{
    *l = (struct sl_lister){ .ops = ops, .ctx = ctx, .grain = grain };
    l->mask = hash_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * hash_bytes)) - 1;
    sl_chunker_init(&l->chunker, seed);
}

void sl_lister_ranges(struct sl_lister *l, struct sl_ranges *ranges)
{
    l->ranges = *ranges;
    *ranges = (struct sl_ranges){ 0 };
}

void sl_lister_grid(struct sl_lister *l, bool marks)
{
    l->grid = true;
    l->chunker.marks = marks;
}

void sl_lister_go_on(struct sl_lister *l, struct sl_hash *hash, uint64_t hole)
{
    l->whole = hash;
    l->hole = hole;
}

static void hash_hole(struct sl_lister *l)
{
    if (l->hole)
        sl_hash_hole(l->whole, l->hole);
    l->hole = 0;
}

void sl_lister_whole(struct sl_lister *l, uint8_t *out)
{
    hash_hole(l);
    sl_hash_end(l->whole, out);
}

void sl_lister_clear(struct sl_lister *l)
{
    if (!l->ops)
        return;
    sl_chunker_clear(&l->chunker);
    sl_ranges_clear(&l->ranges);
    sl_hash_free(l->whole);
    *l = (struct sl_lister){ 0 };
}

static void give(struct sl_lister *l, struct sl_chunk *c)
{
    c->hash &= l->mask;
    l->ops->chunk(l->ctx, c);
}

static void end_stretch(struct sl_lister *l)
{
    struct sl_chunk c;
    if (l->open && sl_chunker_end(&l->chunker, &c))
        give(l, &c);
    l->open = false;
}

static void take_hole(struct sl_lister *l, uint64_t hole)
{
    struct sl_chunk c = { .at = l->pos, .len = hole, .hole = true };
    end_stretch(l);
    l->ops->chunk(l->ctx, &c);
    if (l->whole)
        l->hole += hole;
    l->pos += hole;
}

static void take_data(struct sl_lister *l, const uint8_t *data, size_t n)
{
    struct sl_chunk c;
    bool have;
    if (!l->open)
        (l->grid ? sl_chunker_begin_grid : sl_chunker_begin)(&l->chunker, l->grain, l->pos);
    l->open = true;
    if (l->whole) {
        hash_hole(l);
        sl_hash_data(l->whole, data, n);
    }
    l->pos += n;
    while (n) {
        size_t k = sl_chunker_next(&l->chunker, data, n, &c, &have);
        if (have)
            give(l, &c);
        data += k;
        n -= k;
    }
}

/* The next range, if there is one. */
static enum sl_code next_range(struct sl_lister *l, struct sl_error *err)
{
    if (l->next == l->ranges.len)
        return SL_EOF;
    const struct sl_range *r = &l->ranges.at[l->next++];
    l->pos = r->at;
    return l->ops->range(l->ctx, r->at, r->len, err);
}

enum sl_code sl_lister_step(struct sl_lister *l, uint64_t *done, struct sl_error *err)
{
    const uint8_t *data = NULL;
    size_t got = 0;
    uint64_t hole = 0;
    enum sl_code rc = SL_OK;
    *done = 0;
    if (l->ranges.len && !l->next && (rc = next_range(l, err)) != SL_OK)
        return rc;
    rc = l->ops->read(l->ctx, &data, &got, &hole, err);
    if (rc == SL_EOF) {
        end_stretch(l);
        return next_range(l, err);
    }
    if (rc != SL_OK)
        return rc;
    if (hole)
        take_hole(l, hole);
    else
        take_data(l, data, got);
    *done = got;
    return SL_OK;
}

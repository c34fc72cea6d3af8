/* SPDX-License-Identifier: ISC */
/* chunk - lists of chunks and of ranges, and what makes the first of a stream of bytes. */
#include "config.h"
#include "delta/chunk.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 16 };

void sl_chunks_add(struct sl_chunks *l, const struct sl_chunk *c)
{
    if (l->len == l->cap) {
        l->cap = l->cap ? l->cap * 2 : FIRST;
        l->at = sl_realloc(l->at, l->cap * sizeof *l->at);
    }
    l->at[l->len++] = *c;
}

void sl_chunks_clear(struct sl_chunks *l)
{
    free(l->at);
    *l = (struct sl_chunks){ 0 };
}

void sl_ranges_split(struct sl_ranges *r, size_t i, uint64_t len)
{
    struct sl_range whole = r->at[i];
    if (whole.len <= len)
        return;
    if (r->len == r->cap)
        r->at = sl_realloc(r->at, (r->cap *= 2) * sizeof *r->at);
    memmove(r->at + i + 1, r->at + i, (r->len - i) * sizeof *r->at);
    r->len++;
    r->at[i].len = len;
    r->at[i + 1] = (struct sl_range){ whole.at + len, whole.len - len };
}

void sl_ranges_add(struct sl_ranges *r, uint64_t at, uint64_t len)
{
    struct sl_range *last = r->len ? &r->at[r->len - 1] : NULL;
    assert(!last || at >= last->at + last->len);
    if (last && at == last->at + last->len) {
        last->len += len;
        return;
    }
    if (r->len == r->cap) {
        r->cap = r->cap ? r->cap * 2 : FIRST;
        r->at = sl_realloc(r->at, r->cap * sizeof *r->at);
    }
    r->at[r->len++] = (struct sl_range){ at, len };
}

void sl_ranges_clear(struct sl_ranges *r)
{
    free(r->at);
    *r = (struct sl_ranges){ 0 };
}

uint64_t sl_ranges_total(const struct sl_ranges *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->len; i++)
        n += r->at[i].len;
    return n;
}

/* ---- of a stream ---- */

void sl_chunker_init(struct sl_chunker *c, const struct sl_seed *seed)
{
    *c = (struct sl_chunker){ .hash = sl_keyed_new(seed->secret) };
    sl_cut_init(&c->cut, seed, SL_GRAIN_MIN);
}

void sl_chunker_clear(struct sl_chunker *c)
{
    sl_keyed_free(c->hash);
    *c = (struct sl_chunker){ 0 };
}

void sl_chunker_begin(struct sl_chunker *c, unsigned grain, uint64_t at)
{
    sl_cut_init(&c->cut, c->cut.seed, grain);
    c->at = at;
    c->len = 0;
    c->split = false;
    c->mark = 0;
}

void sl_chunker_begin_grid(struct sl_chunker *c, unsigned grain, uint64_t at)
{
    sl_chunker_begin(c, grain, at);
    sl_cut_grid(&c->cut, at);
}

static void put_aside(struct sl_chunker *c, const uint8_t *data, size_t n)
{
    if (!c->split)
        sl_keyed_reset(c->hash);
    c->split = true;
    sl_keyed_data(c->hash, data, n);
}

static void give(struct sl_chunker *c, struct sl_chunk *out)
{
    out->at = c->at;
    out->len = c->len;
    out->hole = false;
    out->mark = c->marks && c->len >= SL_MARK_BYTES ? (uint32_t)(c->mark >> 32) : 0;
    c->at += c->len;
    c->len = 0;
    c->split = false;
    c->mark = 0;
}

static void roll_mark(struct sl_chunker *c, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n && c->len + i < SL_MARK_BYTES; i++)
        c->mark = (c->mark << 1) + c->cut.seed->gear[data[i]];
}

size_t sl_chunker_next(struct sl_chunker *c, const uint8_t *data, size_t n, struct sl_chunk *out, bool *have)
{
    size_t k = sl_cut_next(&c->cut, data, n, have);
    if (c->marks)
        roll_mark(c, data, k);
    c->len += k;
    if (!*have || c->split)
        put_aside(c, data, k);
    if (*have) {
        out->hash = c->split ? sl_keyed_end(c->hash) : sl_keyed_once(c->cut.seed->secret, data, k);
        give(c, out);
    }
    return k;
}

bool sl_chunker_end(struct sl_chunker *c, struct sl_chunk *out)
{
    sl_cut_restart(&c->cut);
    if (!c->len)
        return false;
    out->hash = sl_keyed_end(c->hash);
    give(c, out);
    return true;
}

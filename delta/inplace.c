/* SPDX-License-Identifier: ISC */
/* inplace - see inplace.h. Linear in the number of spans but for one search in what stays for each copy from before. */
#include "config.h"
#include "delta/inplace.h"
#include "base/mem.h"

#include <stdlib.h>

enum { FIRST = 16 };

struct spans {
    struct sl_span *at;
    size_t len, cap;
};

static void put(struct spans *s, const struct sl_span *span)
{
    struct sl_span *last = s->len ? &s->at[s->len - 1] : NULL;
    if (last && last->kind == SL_SPAN_NEW && span->kind == SL_SPAN_NEW) {
        last->len += span->len;
        return;
    }
    if (s->len == s->cap) {
        s->cap = s->cap ? s->cap * 2 : FIRST;
        s->at = sl_realloc(s->at, s->cap * sizeof *s->at);
    }
    s->at[s->len++] = *span;
}

/* The first range that ends behind `at`. */
static size_t first_behind(const struct sl_ranges *r, uint64_t at)
{
    size_t low = 0, high = r->len;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->at[mid].at + r->at[mid].len > at)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

/* n bytes of a copy from its offset `done` on. */
static void put_part(struct spans *out, const struct sl_span *s, enum sl_span_kind kind, uint64_t done, uint64_t n)
{
    struct sl_span part = { .kind = kind, .at = s->at + done, .len = n };
    if (kind == SL_SPAN_COPY) {
        part.basis = s->basis;
        part.from = s->from + done;
    }
    if (n)
        put(out, &part);
}

/* A copy from before: only what stays is still there. */
static void put_late(struct spans *out, const struct sl_span *s, const struct sl_ranges *stays)
{
    uint64_t done = 0;
    for (size_t i = first_behind(stays, s->from); i < stays->len && stays->at[i].at < s->from + s->len; i++) {
        const struct sl_range *r = &stays->at[i];
        uint64_t begin = r->at > s->from ? r->at - s->from : 0, end = r->at + r->len - s->from;
        end = end < s->len ? end : s->len;
        put_part(out, s, SL_SPAN_NEW, done, begin - done);
        put_part(out, s, SL_SPAN_COPY, begin, end - begin);
        done = end;
    }
    put_part(out, s, SL_SPAN_NEW, done, s->len - done);
}

void sl_delta_in_place(struct sl_delta *d, unsigned basis)
{
    struct spans out = { 0 };
    struct sl_ranges stays = { 0 };
    for (size_t i = 0; i < d->len; i++) {
        const struct sl_span *s = &d->spans[i];
        bool own = s->kind == SL_SPAN_COPY && s->basis == basis;
        if (own && s->from < s->at) {
            put_late(&out, s, &stays);
            continue;
        }
        if (own && s->from == s->at)
            sl_ranges_add(&stays, s->at, s->len);
        put(&out, s);
    }
    sl_ranges_clear(&stays);
    free(d->spans);
    d->spans = out.at;
    d->len = out.len;
    d->cap = out.cap;
}

void sl_delta_append(struct sl_delta *d, uint64_t from, uint64_t size)
{
    struct spans out = { 0 };
    if (size > from)
        put(&out, &(struct sl_span){ .kind = SL_SPAN_NEW, .at = from, .len = size - from });
    free(d->spans);
    d->spans = out.at;
    d->len = out.len;
    d->cap = out.cap;
}

void sl_delta_copy(struct sl_delta *d, const struct sl_chunks *basis)
{
    struct spans out = { 0 };
    for (size_t i = 0; i < basis->len; i++) {
        const struct sl_chunk *c = &basis->at[i];
        put(&out, &(struct sl_span){ .kind = c->hole ? SL_SPAN_HOLE : SL_SPAN_COPY, .at = c->at, .len = c->len, .from = c->at });
    }
    free(d->spans);
    d->spans = out.at;
    d->len = out.len;
    d->cap = out.cap;
}

/* SPDX-License-Identifier: ISC */
/* portion - see portion.h. */
#include "config.h"
#include "delta/portion.h"
#include "base/mem.h"

#include <stdlib.h>

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The number of the span that `at` is in. */
static size_t find(const struct sl_delta *d, uint64_t at)
{
    size_t low = 0, high = d->len;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (d->spans[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t sl_portion_len(const struct sl_delta *d, uint64_t from, const struct sl_portion_most *most, uint64_t *sent)
{
    uint64_t len = 0;
    size_t ranges = 0;
    *sent = 0;
    for (size_t i = find(d, from); i < d->len && len < most->len; i++) {
        const struct sl_span *s = &d->spans[i];
        uint64_t n = least(s->at + s->len - (from + len), most->len - len);
        if (s->kind == SL_SPAN_NEW) {
            if (*sent == most->sent || ranges == most->ranges)
                break;
            n = least(n, most->sent - *sent);
            *sent += n;
            ranges++;
        }
        len += n;
        if (from + len < s->at + s->len)
            break;
    }
    return len;
}

static void put(struct sl_delta *d, const struct sl_span *s)
{
    if (d->len == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 8;
        d->spans = sl_realloc(d->spans, d->cap * sizeof *d->spans);
    }
    d->spans[d->len++] = *s;
}

void sl_portion_spans(const struct sl_delta *d, uint64_t from, uint64_t len, struct sl_delta *out)
{
    for (size_t i = find(d, from); i < d->len && d->spans[i].at < from + len; i++) {
        struct sl_span s = d->spans[i];
        uint64_t cut = s.at < from ? from - s.at : 0;
        s.at += cut;
        s.from += s.kind == SL_SPAN_COPY ? cut : 0;
        s.len = least(s.len - cut, from + len - s.at);
        put(out, &s);
    }
    out->rounds = d->rounds;
}

bool sl_stretch_next(struct sl_stretch *s, uint64_t *at, uint64_t *len, bool *sent)
{
    const struct sl_range *r = s->next < s->ranges->len ? &s->ranges->at[s->next] : NULL;
    if (s->pos >= s->end)
        return false;
    *at = s->pos;
    *sent = r && r->at <= s->pos;
    *len = *sent ? r->len : (r ? r->at : s->end) - s->pos;
    s->pos += *len;
    s->next += *sent;
    return true;
}

/* SPDX-License-Identifier: ISC */
/* buf - the one growable buffer. Draining moves no bytes; room is made by moving only when the end is reached. */
#include "config.h"
#include "base/buf.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void sl_buf_init(struct sl_buf *b)
{
    *b = (struct sl_buf){ 0 };
}

void sl_buf_clear(struct sl_buf *b)
{
    free(b->data);
    sl_buf_init(b);
}

uint8_t *sl_buf_reserve(struct sl_buf *b, size_t n)
{
    if (b->cap - b->end >= n && b->data)
        return b->data + b->end;
    size_t len = sl_buf_len(b);
    assert(n <= SIZE_MAX / 4 - len);
    if (b->start >= b->cap / 2 && b->cap - len >= n && b->data) {
        memmove(b->data, b->data + b->start, len);
    } else {
        size_t cap = b->cap ? b->cap : 256;
        while (cap < len + n)
            cap *= 2;
        uint8_t *fresh = sl_malloc(cap);
        if (len)
            memcpy(fresh, b->data + b->start, len);
        free(b->data);
        b->data = fresh;
        b->cap = cap;
    }
    b->start = 0;
    b->end = len;
    return b->data + b->end;
}

void sl_buf_commit(struct sl_buf *b, size_t n)
{
    assert(n <= b->cap - b->end);
    b->end += n;
}

void sl_buf_add(struct sl_buf *b, const void *data, size_t n)
{
    if (!n)
        return;
    memcpy(sl_buf_reserve(b, n), data, n);
    b->end += n;
}

void sl_buf_drop(struct sl_buf *b, size_t n)
{
    assert(n <= sl_buf_len(b));
    b->start += n;
    if (b->start == b->end)
        b->start = b->end = 0;
}

void sl_buf_reset(struct sl_buf *b, size_t keep)
{
    if (b->cap > keep)
        sl_buf_clear(b);
    b->start = b->end = 0;
}

/* SPDX-License-Identifier: ISC */
/*
 * owners - a hash table with linear probing, never more than half full. A peer chooses the numbers, so the hash is
 * multiply-shift with a random odd factor (Dietzfelbinger and others, "A reliable randomized algorithm for the
 * closest-pair problem", 1997): it can't be made to collide by somebody who does not know the factor.
 */
#include "config.h"
#include "proto/owners.h"
#include "base/io.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { NAME_COST = 24 };         /* bytes: the NUL, and what the allocator adds and rounds up to */

struct owner {
    uint64_t key;                /* number, kind, and a bit that tells it from a free slot */
    char *name;                  /* owned; NULL for none */
};

struct sl_owner_table {
    struct owner *slots;
    unsigned bits;               /* 1 << bits slots */
    size_t count, max;
    size_t name_bytes;           /* with what their allocation costs */
    uint64_t factor;
};

static uint64_t key_of(bool group, uint32_t number)
{
    return (uint64_t)1 << 33 | (uint64_t)group << 32 | number;
}

/* The slot of the key, or the free one where it would go. */
static struct owner *slot_of(const struct sl_owner_table *t, uint64_t key)
{
    size_t mask = ((size_t)1 << t->bits) - 1;
    size_t i = (size_t)(key * t->factor >> (64 - t->bits));
    while (t->slots[i].key && t->slots[i].key != key)
        i = (i + 1) & mask;
    return &t->slots[i];
}

struct sl_owner_table *sl_owner_table_new(size_t max)
{
    struct sl_owner_table *t = sl_calloc(1, sizeof *t);
    sl_random(&t->factor, sizeof t->factor);
    t->factor |= 1;
    t->bits = 4;
    t->max = max;
    t->slots = sl_calloc((size_t)1 << t->bits, sizeof *t->slots);
    return t;
}

void sl_owner_table_free(struct sl_owner_table *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < (size_t)1 << t->bits; i++)
        free(t->slots[i].name);
    free(t->slots);
    free(t);
}

bool sl_owner_table_find(const struct sl_owner_table *t, bool group, uint32_t number, const char **name)
{
    const struct owner *o = slot_of(t, key_of(group, number));
    if (!o->key)
        return false;
    *name = o->name;
    return true;
}

bool sl_owner_table_full(const struct sl_owner_table *t)
{
    return t->count >= t->max;
}

static void grow(struct sl_owner_table *t)
{
    struct owner *old = t->slots;
    size_t n = (size_t)1 << t->bits++;
    t->slots = sl_calloc((size_t)1 << t->bits, sizeof *t->slots);
    for (size_t i = 0; i < n; i++)
        if (old[i].key)
            *slot_of(t, old[i].key) = old[i];
    free(old);
}

const char *sl_owner_table_add(struct sl_owner_table *t, bool group, uint32_t number, const char *name, size_t len)
{
    assert(!sl_owner_table_full(t));
    if (++t->count > (size_t)1 << (t->bits - 1))
        grow(t);
    struct owner *o = slot_of(t, key_of(group, number));
    assert(!o->key);
    o->key = key_of(group, number);
    o->name = len ? sl_memdup0(name, len) : NULL;
    t->name_bytes += len ? len + NAME_COST : 0;
    return o->name;
}

size_t sl_owner_table_bytes(const struct sl_owner_table *t)
{
    return sizeof *t->slots * ((size_t)1 << t->bits) + t->name_bytes;
}

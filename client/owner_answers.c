/* SPDX-License-Identifier: ISC */
/*
 * owner_answers - see owner_answers.h. The answers stand in the order in which they were asked for, and a table of their
 * places, never more than half full, says where. A source chooses numbers and names, so the hash is keyed; and so there
 * is an end to what is remembered. Answers come in order: the open questions are those from `first_open` on.
 */
#include "config.h"
#include "client/owner_answers.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 255, SLOTS_LEAST = 32 };

struct one {
    struct sl_owner_answer answer;
    bool group;
    uint32_t number;
    char *name; /* owned */
    uint64_t ticket;
};

struct sl_owner_answers {
    struct one *at;
    size_t len, cap, max, first_open;
    uint32_t *slots; /* a place plus 1; 0: free */
    size_t slots_len; /* a power of two */
    uint8_t secret[SL_SECRET_BYTES];
};

struct sl_owner_answers *sl_owner_answers_new(size_t max)
{
    struct sl_owner_answers *t = sl_calloc(1, sizeof *t);
    t->max = max;
    t->slots_len = SLOTS_LEAST;
    t->slots = sl_calloc(t->slots_len, sizeof *t->slots);
    sl_random(t->secret, sizeof t->secret);
    return t;
}

static void clear(struct sl_owner_answers *t)
{
    for (size_t i = 0; i < t->len; i++)
        free(t->at[i].name);
    memset(t->slots, 0, t->slots_len * sizeof *t->slots);
    t->len = t->first_open = 0;
}

void sl_owner_answers_free(struct sl_owner_answers *t)
{
    if (!t)
        return;
    clear(t);
    free(t->at);
    free(t->slots);
    free(t);
}

static uint64_t hash_of(const struct sl_owner_answers *t, const struct sl_owner_asked *of)
{
    uint8_t key[1 + sizeof of->number + NAME_MOST] = { of->group };
    size_t len = strnlen(of->name, NAME_MOST);
    memcpy(key + 1, &of->number, sizeof of->number);
    memcpy(key + 1 + sizeof of->number, of->name, len);
    return sl_keyed_once(t->secret, key, 1 + sizeof of->number + len);
}

static bool is_of(const struct one *o, const struct sl_owner_asked *of)
{
    return o->group == of->group && o->number == of->number && strcmp(o->name, of->name) == 0;
}

/* The slot of it, or the free one where it would go. */
static uint32_t *slot_of(const struct sl_owner_answers *t, const struct sl_owner_asked *of)
{
    size_t i = hash_of(t, of) & (t->slots_len - 1);
    while (t->slots[i] && !is_of(&t->at[t->slots[i] - 1], of))
        i = (i + 1) & (t->slots_len - 1);
    return &t->slots[i];
}

const struct sl_owner_answer *sl_owner_answers_find(const struct sl_owner_answers *t, const struct sl_owner_asked *of)
{
    uint32_t place = *slot_of(t, of);
    return place ? &t->at[place - 1].answer : NULL;
}

static bool is_open(const struct sl_owner_answers *t, uint64_t acked)
{
    return t->first_open < t->len && t->at[t->len - 1].ticket > acked;
}

bool sl_owner_answers_room(struct sl_owner_answers *t, uint64_t acked)
{
    if (t->len < t->max)
        return true;
    if (is_open(t, acked))
        return false;
    clear(t);
    return true;
}

static void grow(struct sl_owner_answers *t)
{
    t->slots_len *= 2;
    free(t->slots);
    t->slots = sl_calloc(t->slots_len, sizeof *t->slots);
    for (size_t i = 0; i < t->len; i++) {
        struct sl_owner_asked of = { t->at[i].group, t->at[i].number, t->at[i].name };
        *slot_of(t, &of) = (uint32_t)i + 1;
    }
}

void sl_owner_answers_ask(struct sl_owner_answers *t, const struct sl_owner_asked *of, uint64_t ticket)
{
    assert(t->len < t->max);
    if (t->len == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 16;
        t->at = sl_realloc(t->at, t->cap * sizeof *t->at);
    }
    if (t->len * 2 >= t->slots_len)
        grow(t);
    uint32_t *slot = slot_of(t, of);
    assert(!*slot);
    t->at[t->len++] = (struct one){ .group = of->group, .number = of->number, .name = sl_strdup(of->name), .ticket = ticket };
    *slot = (uint32_t)t->len;
}

/* What was asked before it has no answer any more: it was refused. */
bool sl_owner_answers_take(struct sl_owner_answers *t, uint64_t ticket, bool settable, uint32_t there)
{
    size_t i = t->first_open;
    while (i < t->len && t->at[i].ticket < ticket)
        i++;
    if (i == t->len || t->at[i].ticket != ticket)
        return false;
    t->at[i].answer = (struct sl_owner_answer){ true, settable, there };
    t->first_open = i + 1;
    return true;
}

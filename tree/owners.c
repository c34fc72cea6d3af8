/* SPDX-License-Identifier: ISC */
/*
 * owners - names of users and groups by number, and numbers here of names there. Every question goes to the system's
 * name service once, for that may be a question to a network; the answers, also "unknown", are kept in open-addressed
 * tables. What a peer can choose does not fill them without end: of names there the table starts over; of numbers that
 * nobody has here (an ACL can name any) so many are remembered, and of all others one for each place of an array. The hash
 * is keyed, so that nobody can choose them to lie in one place.
 */
#include "config.h"
#include "tree/meta.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAPPED_MAX = 65536, UNKNOWN_MAX = 65536, SPARE = 65536 };

enum kind { USER, GROUP };

struct slot {
    char *name;      /* names: what the number is called, or NULL; maps: the name there */
    uint32_t number; /* names: here; maps: there */
    uint32_t here;   /* maps: the answer */
    bool used;
};

struct table {
    struct slot *slots;
    size_t cap, used; /* cap is a power of two, at most half full */
};

struct sl_owners {
    struct table names[2], maps[2];
    size_t unknown[2];           /* of names: numbers without one */
    uint64_t *spare[2];          /* those beyond UNKNOWN_MAX, plus 1, each where its hash says; owned, NULL before */
    uint8_t secret[SL_SECRET_BYTES];
    uint32_t euid, egid;
    gid_t *groups;
    size_t group_count;
    sl_account_ask *ask;
    void *ask_ctx;
};

/* ---- tables ---- */

static size_t hash_of(const struct sl_owners *o, uint32_t number, const char *name)
{
    uint8_t key[sizeof number + SL_OWNER_NAME_MAX];
    size_t len = name ? strnlen(name, SL_OWNER_NAME_MAX) : 0;
    memcpy(key, &number, sizeof number);
    memcpy(key + sizeof number, name ? name : "", len);
    return (size_t)sl_keyed_once(o->secret, key, sizeof number + len);
}

/* Where (number, name) is or would be; name NULL: the number alone decides. */
static struct slot *look(const struct sl_owners *o, const struct table *t, uint32_t number, const char *name)
{
    size_t i = hash_of(o, number, name) & (t->cap - 1);
    while (t->slots[i].used && (t->slots[i].number != number || (name && strcmp(t->slots[i].name, name) != 0)))
        i = (i + 1) & (t->cap - 1);
    return &t->slots[i];
}

static void table_init(struct table *t)
{
    t->cap = 32;
    t->used = 0;
    t->slots = sl_calloc(t->cap, sizeof *t->slots);
}

static void table_clear(struct table *t)
{
    for (size_t i = 0; i < t->cap; i++)
        free(t->slots[i].name);
    free(t->slots);
}

static void table_grow(const struct sl_owners *o, struct table *t, bool by_name)
{
    struct table bigger = { .cap = t->cap * 2, .used = t->used };
    bigger.slots = sl_calloc(bigger.cap, sizeof *bigger.slots);
    for (size_t i = 0; i < t->cap; i++)
        if (t->slots[i].used)
            *look(o, &bigger, t->slots[i].number, by_name ? t->slots[i].name : NULL) = t->slots[i];
    free(t->slots);
    *t = bigger;
}

static struct slot *table_add(const struct sl_owners *o, struct table *t, const struct slot *s, bool by_name)
{
    if ((t->used + 1) * 2 > t->cap)
        table_grow(o, t, by_name);
    struct slot *at = look(o, t, s->number, by_name ? s->name : NULL);
    *at = *s;
    t->used++;
    return at;
}

/* ---- what callers see ---- */

struct sl_owners *sl_owners_new(void)
{
    return sl_owners_new_asking(sl_account_ask_system, NULL);
}

struct sl_owners *sl_owners_new_asking(sl_account_ask *ask, void *ctx)
{
    struct sl_owners *o = sl_calloc(1, sizeof *o);
    o->ask = ask;
    o->ask_ctx = ctx;
    sl_random(o->secret, sizeof o->secret);
    for (int k = USER; k <= GROUP; k++) {
        table_init(&o->names[k]);
        table_init(&o->maps[k]);
    }
    o->euid = (uint32_t)geteuid();
    o->egid = (uint32_t)getegid();
    int n = getgroups(0, NULL);
    o->groups = sl_calloc(n > 0 ? (size_t)n : 1, sizeof *o->groups);
    n = n > 0 ? getgroups(n, o->groups) : 0;
    o->group_count = n > 0 ? (size_t)n : 0;
    return o;
}

void sl_owners_free(struct sl_owners *o)
{
    if (!o)
        return;
    for (int k = USER; k <= GROUP; k++) {
        table_clear(&o->names[k]);
        table_clear(&o->maps[k]);
        free(o->spare[k]);
    }
    free(o->groups);
    free(o);
}

static uint64_t *spare_of(struct sl_owners *o, enum kind kind, uint32_t number)
{
    if (!o->spare[kind])
        o->spare[kind] = sl_calloc(SPARE, sizeof *o->spare[kind]);
    return &o->spare[kind][hash_of(o, number, NULL) % SPARE];
}

static const char *name_of(struct sl_owners *o, enum kind kind, uint32_t number)
{
    struct table *t = &o->names[kind];
    struct slot *s = look(o, t, number, NULL);
    if (s->used)
        return s->name;
    struct slot fresh = { .number = number, .used = true };
    char name[SL_OWNER_NAME_MAX + 1] = "";
    uint64_t *spare = o->unknown[kind] < UNKNOWN_MAX ? NULL : spare_of(o, kind, number);
    if (spare && *spare == (uint64_t)number + 1)
        return NULL;
    if (o->ask(o->ask_ctx, kind == GROUP, name, &number)) {
        fresh.name = sl_strdup(name);
    } else if (spare) {
        *spare = (uint64_t)number + 1;
        return NULL;
    } else {
        o->unknown[kind]++;
    }
    return table_add(o, t, &fresh, false)->name;
}

static uint32_t number_here(struct sl_owners *o, enum kind kind, uint32_t number, const char *name)
{
    if (number == 0 || !name || !*name)
        return number;
    struct table *t = &o->maps[kind];
    struct slot *s = look(o, t, number, name);
    if (s->used)
        return s->here;
    if (t->used >= MAPPED_MAX) {
        table_clear(t);
        table_init(t);
    }
    struct slot fresh = { .number = number, .here = number, .used = true, .name = sl_strdup(name) };
    uint32_t here = number;
    char asked[SL_OWNER_NAME_MAX + 1] = "";
    size_t len = strlen(name);
    if (len <= SL_OWNER_NAME_MAX) {
        memcpy(asked, name, len + 1);
        if (o->ask(o->ask_ctx, kind == GROUP, asked, &here))
            fresh.here = here;
    }
    return table_add(o, t, &fresh, true)->here;
}

const char *sl_owners_user(struct sl_owners *o, uint32_t uid)
{
    return name_of(o, USER, uid);
}

const char *sl_owners_group(struct sl_owners *o, uint32_t gid)
{
    return name_of(o, GROUP, gid);
}

uint32_t sl_owners_uid(struct sl_owners *o, uint32_t uid, const char *user)
{
    return number_here(o, USER, uid, user);
}

uint32_t sl_owners_gid(struct sl_owners *o, uint32_t gid, const char *group)
{
    return number_here(o, GROUP, gid, group);
}

bool sl_owners_can_uid(const struct sl_owners *o, uint32_t uid)
{
    (void)uid;
    return o->euid == 0;
}

bool sl_owners_can_gid(const struct sl_owners *o, uint32_t gid)
{
    if (o->euid == 0 || gid == o->egid)
        return true;
    for (size_t i = 0; i < o->group_count; i++)
        if (o->groups[i] == gid)
            return true;
    return false;
}

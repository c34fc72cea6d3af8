/* SPDX-License-Identifier: ISC */
/*
 * owners - names of users and groups by number, and numbers here of names there. Every question goes to the system's
 * name service once, for that may be a question to a network; the answers, also "unknown", are kept in open-addressed
 * tables.
 */
#include "config.h"
#include "tree/meta.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The mapping table is filled by names that a peer chose: it starts over when it has so many. */
enum { MAPPED_MAX = 65536 };

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
    uint32_t euid, egid;
    gid_t *groups;
    size_t group_count;
    sl_account_ask *ask;
    void *ask_ctx;
};

/* ---- tables ---- */

static size_t hash_of(uint32_t number, const char *name)
{
    uint32_t h = number * 2654435761u;
    for (; name && *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h ^ h >> 15;
}

/* Where (number, name) is or would be; name NULL: the number alone decides. */
static struct slot *look(const struct table *t, uint32_t number, const char *name)
{
    size_t i = hash_of(number, name) & (t->cap - 1);
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

static void table_grow(struct table *t, bool by_name)
{
    struct table bigger = { .cap = t->cap * 2, .used = t->used };
    bigger.slots = sl_calloc(bigger.cap, sizeof *bigger.slots);
    for (size_t i = 0; i < t->cap; i++)
        if (t->slots[i].used)
            *look(&bigger, t->slots[i].number, by_name ? t->slots[i].name : NULL) = t->slots[i];
    free(t->slots);
    *t = bigger;
}

static struct slot *table_add(struct table *t, const struct slot *s, bool by_name)
{
    if ((t->used + 1) * 2 > t->cap)
        table_grow(t, by_name);
    struct slot *at = look(t, s->number, by_name ? s->name : NULL);
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
    }
    free(o->groups);
    free(o);
}

static const char *name_of(struct sl_owners *o, enum kind kind, uint32_t number)
{
    struct table *t = &o->names[kind];
    struct slot *s = look(t, number, NULL);
    if (!s->used) {
        struct slot fresh = { .number = number, .used = true };
        char name[SL_OWNER_NAME_MAX + 1] = "";
        if (o->ask(o->ask_ctx, kind == GROUP, name, &number))
            fresh.name = sl_strdup(name);
        s = table_add(t, &fresh, false);
    }
    return s->name;
}

static uint32_t number_here(struct sl_owners *o, enum kind kind, uint32_t number, const char *name)
{
    if (number == 0 || !name || !*name)
        return number;
    struct table *t = &o->maps[kind];
    struct slot *s = look(t, number, name);
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
    return table_add(t, &fresh, true)->here;
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

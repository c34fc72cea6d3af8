/* SPDX-License-Identifier: ISC */
#include "config.h"
#include "client/look.h"
#include "base/mem.h"

#include <stdlib.h>

struct sl_look *sl_look_new(void)
{
    return sl_calloc(1, sizeof(struct sl_look));
}

void sl_look_drop(struct sl_look *k)
{
    if (!k)
        return;
    if (k->asked && !k->done) {
        k->dropped = true;
        return;
    }
    for (size_t i = 0; i < k->len; i++) {
        free((char *)(uintptr_t)k->at[i].entry.name);
        free((char *)(uintptr_t)k->at[i].entry.target);
        free(k->at[i].error);
    }
    free(k->at);
    free(k);
}

void sl_look_asked(struct sl_look *k)
{
    k->asked = true;
}

static struct sl_look_item *item_new(struct sl_look *k)
{
    if (k->dropped || k->err.code)
        return NULL;
    if (k->len == SL_LOOK_MAX) {
        sl_fail(&k->err, SL_E_LIMIT, "a directory that a link leads to has more than %d entries", SL_LOOK_MAX);
        return NULL;
    }
    if (k->len == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 4;
        k->at = sl_realloc(k->at, k->cap * sizeof *k->at);
    }
    struct sl_look_item *i = &k->at[k->len++];
    *i = (struct sl_look_item){ .error = NULL };
    return i;
}

void sl_look_add(struct sl_look *k, const struct sl_entry *e)
{
    struct sl_look_item *i = item_new(k);
    if (!i)
        return;
    i->entry = *e;
    i->entry.name = sl_memdup0(e->name, e->name_len);
    i->entry.target = e->target ? sl_memdup0(e->target, e->target_len) : NULL;
}

void sl_look_add_error(struct sl_look *k, const char *name, const struct sl_error *err)
{
    struct sl_look_item *i = item_new(k);
    if (!i)
        return;
    i->entry.name = sl_strdup(name);
    i->error = sl_malloc(sizeof *i->error);
    *i->error = *err;
}

void sl_look_done(struct sl_look *k, enum sl_code code)
{
    k->done = true;
    k->code = k->err.code && code == SL_OK ? k->err.code : code;
    if (k->dropped)
        sl_look_drop(k);
}

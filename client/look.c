/* SPDX-License-Identifier: ISC */
/* look - see look.h. */
#include "config.h"
#include "client/look.h"
#include "base/mem.h"
#include "client/charset.h"
#include "client/resolve.h"

#include <stdlib.h>
#include <string.h>

struct sl_look *sl_look_new(void)
{
    return sl_calloc(1, sizeof(struct sl_look));
}

static void clear_items(struct sl_look *k)
{
    for (size_t i = 0; i < k->len; i++) {
        free((char *)(uintptr_t)k->at[i].entry.name);
        free((char *)(uintptr_t)k->at[i].entry.target);
        free(k->at[i].error);
        sl_look_drop(k->at[i].below);
        sl_resolve_free(k->at[i].link);
    }
    free(k->at);
    k->at = NULL;
    k->len = k->cap = 0;
}

static void leave_room(struct sl_look *k)
{
    if (k->room)
        k->room->used -= k->held;
    k->held = 0;
}

void sl_look_drop(struct sl_look *k)
{
    if (!k)
        return;
    leave_room(k);
    k->room = NULL;
    if (k->asked && !k->done) {
        k->dropped = true;
        return;
    }
    clear_items(k);
    free(k->marks);
    free(k);
}

struct sl_look *sl_look_claim(struct sl_look *k)
{
    bool crowded = k && k->crowded;
    if (k && !crowded) {
        leave_room(k);
        k->room = NULL;
    }
    if (crowded)
        sl_look_drop(k);
    return crowded ? NULL : k;
}

/* The last item has its strings. */
static void count(struct sl_look *k)
{
    if (!k->room || !k->len)
        return;
    const struct sl_look_item *i = &k->at[k->len - 1];
    size_t n = sizeof *i + i->entry.name_len + i->entry.target_len + (i->error ? sizeof *i->error : 0);
    k->held += n;
    k->room->used += n;
    k->crowded = k->room->used > SL_LOOK_ROOM;
    if (!k->crowded)
        return;
    leave_room(k);
    clear_items(k);
}

void sl_look_mark(struct sl_look *k, size_t from)
{
    size_t count = 0;
    for (size_t i = 0; !k->marks && i < k->len; i++)
        count += k->at[i].entry.type == SL_TYPE_DIR || k->at[i].entry.type == SL_TYPE_LINK;
    if (!k->marks) {
        k->marks = sl_calloc(count + 1, sizeof *k->marks);
        for (size_t i = 0; i < k->len; i++)
            if (k->at[i].entry.type == SL_TYPE_DIR || k->at[i].entry.type == SL_TYPE_LINK)
                k->marks[k->marks_len++] = i;
    }
    while (k->marked < k->marks_len && k->marks[k->marked] < from)
        k->marked++;
}

void sl_look_asked(struct sl_look *k)
{
    k->asked = true;
}

static struct sl_look_item *item_new(struct sl_look *k)
{
    if (k->dropped || k->crowded || k->err.code)
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

/* --iconv: the entry as it is here, or an error. */
static void turn(const struct sl_charset *c, const struct sl_entry *e, struct sl_look_item *i)
{
    struct sl_charset_name name;
    struct sl_error err = { 0 };
    char *target = NULL;
    i->entry = *e;
    i->entry.target = NULL;
    if (sl_charset_entry_here(c, e, &name, &target, &err) == SL_OK) {
        i->entry.name = sl_memdup0(name.text, name.len);
        i->entry.name_len = name.len;
        i->entry.target = target;
        i->entry.target_len = target ? strlen(target) : 0;
        return;
    }
    i->entry.name = sl_memdup0(e->name, e->name_len);
    i->unnamed = true;
    i->error = sl_malloc(sizeof *i->error);
    *i->error = err;
}

void sl_look_add(struct sl_look *k, const struct sl_entry *e)
{
    struct sl_look_item *i = item_new(k);
    if (!i)
        return;
    if (k->charset) {
        turn(k->charset, e, i);
        count(k);
        return;
    }
    i->entry = *e;
    i->entry.name = sl_memdup0(e->name, e->name_len);
    i->entry.target = e->target ? sl_memdup0(e->target, e->target_len) : NULL;
    count(k);
}

void sl_look_add_error(struct sl_look *k, const char *name, const struct sl_error *err)
{
    struct sl_look_item *i = item_new(k);
    if (!i)
        return;
    struct sl_charset_name here;
    bool turned = k->charset && *name && sl_charset_name(k->charset, SL_CHARSET_HERE, name, strlen(name), &here, NULL) == SL_OK;
    i->entry.name = sl_strdup(turned ? here.text : name);
    i->error = sl_malloc(sizeof *i->error);
    *i->error = *err;
    if (k->charset)
        sl_charset_message(k->charset, i->error);
    count(k);
}

static int item_order(const void *a, const void *b)
{
    const struct sl_look_item *x = a, *y = b;
    return strcmp(x->entry.name, y->entry.name);
}

void sl_look_done(struct sl_look *k, enum sl_code code)
{
    k->done = true;
    k->code = k->err.code && code == SL_OK ? k->err.code : code;
    if (k->charset && k->len > 2 && !sl_charset_keeps_order(k->charset))
        qsort(k->at + 1, k->len - 1, sizeof *k->at, item_order);
    if (k->dropped)
        sl_look_drop(k);
}

/* SPDX-License-Identifier: ISC */
/* alter_acls - see alter_acls.h. */
#include "config.h"
#include "client/alter_acls.h"
#include "base/mem.h"
#include "client/mapping.h"

#include <stdlib.h>
#include <string.h>

bool sl_alter_acls_wanted(const struct sl_options *o)
{
    return o->acls && !o->numeric_ids && (o->usermap || o->groupmap);
}

static void map_entry(const struct sl_options *o, struct sl_acl_entry *e)
{
    const struct sl_mapping *m = e->tag == SL_ACL_USER ? o->usermap : e->tag == SL_ACL_GROUP ? o->groupmap : NULL;
    char name[SL_OWNER_NAME_MAX + 1];
    if (!m)
        return;
    if (e->name_len)
        memcpy(name, e->name, e->name_len);
    name[e->name_len] = '\0';
    if (sl_mapping_find(m, e->id, name, &e->id))
        e->name_len = 0;
}

static void map_acl(const struct sl_options *o, const struct sl_attr *a, struct sl_buf *out)
{
    struct sl_acl_rd r;
    struct sl_acl_entry e, *list = sl_calloc(a->value_len / 2 + 1, sizeof *list);
    size_t n = 0;
    sl_acl_open(&r, a);
    while (sl_acl_next(&r, &e)) {
        map_entry(o, &e);
        list[n++] = e;
    }
    sl_acl_sort(list, n);
    for (size_t i = 0; i < n; i++)
        sl_acl_add(out, &list[i]);
    free(list);
}

void sl_alter_acls(const struct sl_options *o, const uint8_t *set, size_t len, struct sl_buf *out)
{
    struct sl_attrs_rd r;
    struct sl_attr a;
    struct sl_buf acl = { 0 };
    sl_attrs_open(&r, set, len);
    while (sl_attrs_next(&r, &a)) {
        if (sl_attr_is_acl(a.name, a.name_len)) {
            sl_buf_reset(&acl, SL_ATTR_VALUE_MAX);
            map_acl(o, &a, &acl);
            a.value = sl_buf_ptr(&acl);
            a.value_len = sl_buf_len(&acl);
        }
        sl_attrs_add(out, &a);
    }
    sl_buf_clear(&acl);
}

void sl_alter_acls_brief(const struct sl_options *o, struct sl_attrs_brief *b)
{
    struct sl_buf out = { 0 };
    if (!b->len || b->len > SL_ATTRS_SHORT)
        return;
    sl_alter_acls(o, b->bytes, b->len, &out);
    sl_attrs_brief(b, sl_buf_ptr(&out), sl_buf_len(&out));
    sl_buf_clear(&out);
}

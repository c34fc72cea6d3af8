/* SPDX-License-Identifier: ISC */
/* attrs - see attrs.h. A set is checked once, whole; what reads it afterwards relies on that. */
#include "config.h"
#include "base/attrs.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define USER_PREFIX "user."
#define SYSTEM_PREFIX "system."
#define RSYNC_PREFIX "user.rsync.%"

static bool begins(const char *name, size_t len, const char *prefix)
{
    size_t n = strlen(prefix);
    return len > n && memcmp(name, prefix, n) == 0;
}

static bool is(const char *name, size_t len, const char *other)
{
    return len == strlen(other) && memcmp(name, other, len) == 0;
}

bool sl_attr_is_acl(const char *name, size_t len)
{
    return is(name, len, SL_ACL_ACCESS) || is(name, len, SL_ACL_DEFAULT);
}

bool sl_attr_is_privileged(const char *name, size_t len)
{
    return !begins(name, len, USER_PREFIX) && !sl_attr_is_acl(name, len);
}

bool sl_attr_is_of(const char *name, size_t len, uint32_t flags)
{
    if (sl_attr_is_acl(name, len))
        return flags & SL_ATTRS_ACLS;
    if (!(flags & SL_ATTRS_XATTRS) || begins(name, len, SYSTEM_PREFIX))
        return false;
    if (!(flags & SL_ATTRS_RSYNC) && begins(name, len, RSYNC_PREFIX))
        return false;
    return !(flags & SL_ATTRS_USER) || begins(name, len, USER_PREFIX);
}

/* ---- bytes ---- */

/* At most 32 bits, in shortest form. */
static bool get_uv(const uint8_t **p, const uint8_t *end, uint32_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 35 && *p < end; shift += 7) {
        uint8_t b = *(*p)++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b & 0x80)
            continue;
        *out = (uint32_t)v;
        return v <= UINT32_MAX && (b || !shift);
    }
    return false;
}

static void put_uv(struct sl_buf *b, uint32_t v)
{
    uint8_t *p = sl_buf_reserve(b, 5);
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        p[n++] = (uint8_t)(v | 0x80);
    p[n++] = (uint8_t)v;
    sl_buf_commit(b, n);
}

static const uint8_t *get_bytes(const uint8_t **p, const uint8_t *end, size_t max, size_t *len)
{
    uint32_t n = 0;
    if (!get_uv(p, end, &n) || n > max || n > (size_t)(end - *p))
        return NULL;
    const uint8_t *at = *p;
    *p += n;
    *len = n;
    return at;
}

static void put_bytes(struct sl_buf *b, const void *data, size_t n)
{
    put_uv(b, (uint32_t)n);
    sl_buf_add(b, data, n);
}

/* ---- sets ---- */

static bool get_attr(const uint8_t **p, const uint8_t *end, struct sl_attr *a)
{
    const uint8_t *name = get_bytes(p, end, SL_ATTR_NAME_MAX, &a->name_len);
    const uint8_t *value = name ? get_bytes(p, end, SL_ATTR_VALUE_MAX, &a->value_len) : NULL;
    a->name = (const char *)name;
    a->value = value;
    return value != NULL;
}

int sl_attr_order(const struct sl_attr *a, const struct sl_attr *b)
{
    size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
    int c = memcmp(a->name, b->name, n);
    return c ? c : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

void sl_attrs_open(struct sl_attrs_rd *r, const uint8_t *set, size_t len)
{
    *r = (struct sl_attrs_rd){ set, set ? set + len : set };
}

bool sl_attrs_next(struct sl_attrs_rd *r, struct sl_attr *a)
{
    return r->p < r->end && get_attr(&r->p, r->end, a);
}

bool sl_attrs_find(const uint8_t *set, size_t len, const char *name, struct sl_attr *a)
{
    struct sl_attrs_rd r;
    sl_attrs_open(&r, set, len);
    while (sl_attrs_next(&r, a))
        if (is(a->name, a->name_len, name))
            return true;
    return false;
}

void sl_attrs_add(struct sl_buf *b, const struct sl_attr *a)
{
    put_bytes(b, a->name, a->name_len);
    put_bytes(b, a->value, a->value_len);
}

void sl_attrs_brief(struct sl_attrs_brief *out, const uint8_t *set, size_t len)
{
    *out = (struct sl_attrs_brief){ .len = (uint32_t)len };
    if (len <= SL_ATTRS_SHORT && len)
        memcpy(out->bytes, set, len);
    else if (len)
        sl_hash_once(set, len, out->bytes);
}

bool sl_attrs_same(const struct sl_attrs_brief *a, const struct sl_attrs_brief *b)
{
    return a->len == b->len && a->len != SL_ATTRS_UNKNOWN && memcmp(a->bytes, b->bytes, sl_attrs_brief_bytes(a)) == 0;
}

/* ---- ACLs ---- */

static bool has_id(uint8_t tag)
{
    return tag == SL_ACL_USER || tag == SL_ACL_GROUP;
}

static bool get_entry(const uint8_t **p, const uint8_t *end, struct sl_acl_entry *e)
{
    const uint8_t *name = NULL;
    if (end - *p < 2)
        return false;
    *e = (struct sl_acl_entry){ .tag = (*p)[0], .perms = (*p)[1] };
    *p += 2;
    if (!has_id(e->tag))
        return true;
    if (!get_uv(p, end, &e->id) || !(name = get_bytes(p, end, SL_OWNER_NAME_MAX, &e->name_len)))
        return false;
    e->name = (const char *)name;
    return true;
}

void sl_acl_open(struct sl_acl_rd *r, const struct sl_attr *a)
{
    *r = (struct sl_acl_rd){ a->value, a->value + a->value_len };
}

bool sl_acl_next(struct sl_acl_rd *r, struct sl_acl_entry *e)
{
    return r->p < r->end && get_entry(&r->p, r->end, e);
}

static int order(const struct sl_acl_entry *x, const struct sl_acl_entry *y)
{
    if (x->tag != y->tag)
        return x->tag < y->tag ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

struct placed {
    struct sl_acl_entry e;
    size_t place;
};

static int by_place(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int c = order(&x->e, &y->e);
    return c ? c : (x->place > y->place) - (x->place < y->place);
}

void sl_acl_sort(struct sl_acl_entry *list, size_t n)
{
    struct placed *all = sl_calloc(n + 1, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = (struct placed){ list[i], i };
    qsort(all, n, sizeof *all, by_place);
    for (size_t i = 0; i < n; i++)
        list[i] = all[i].e;
    free(all);
}

size_t sl_acl_settle(struct sl_acl_entry *list, size_t n)
{
    size_t left = 0;
    sl_acl_sort(list, n);
    for (size_t i = 0; i < n; i++)
        if (!left || order(&list[left - 1], &list[i]) != 0)
            list[left++] = list[i];
    return left;
}

void sl_acl_add(struct sl_buf *b, const struct sl_acl_entry *e)
{
    sl_buf_add(b, &e->tag, 1);
    sl_buf_add(b, &e->perms, 1);
    if (!has_id(e->tag))
        return;
    put_uv(b, e->id);
    put_bytes(b, e->name, e->name_len);
}

/* Each tag at its place, those of the owner and the like once; those of one tag by ascending number. A default ACL says all that the
 * system asks of one: with somebody named it has a mask. */
static bool acl_ok(const struct sl_attr *a)
{
    const bool access = is(a->name, a->name_len, SL_ACL_ACCESS);
    const unsigned base = SL_ACL_USER_OBJ | SL_ACL_GROUP_OBJ | SL_ACL_OTHER, named = SL_ACL_USER | SL_ACL_GROUP;
    const unsigned all = access ? (unsigned)SL_ACL_GROUP_OBJ | named : base | named | SL_ACL_MASK;
    const uint8_t *p = a->value, *end = p + a->value_len;
    struct sl_acl_entry e, last = { 0 };
    unsigned seen = 0;
    while (p < end) {
        if (!get_entry(&p, end, &e) || !(e.tag & all) || e.tag & (e.tag - 1) || e.perms > 7 || order(&last, &e) > 0 || (last.tag == e.tag && !has_id(e.tag)))
            return false;
        if (e.name_len && memchr(e.name, '\0', e.name_len))
            return false;
        seen |= e.tag;
        last = e;
    }
    if (access)
        return seen & SL_ACL_GROUP_OBJ;
    return (seen & base) == base && (!(seen & named) || seen & SL_ACL_MASK);
}

static bool name_ok(const struct sl_attr *a)
{
    return a->name_len && !memchr(a->name, '\0', a->name_len) &&
           (!begins(a->name, a->name_len, SYSTEM_PREFIX) || sl_attr_is_acl(a->name, a->name_len));
}

bool sl_attrs_ok(const uint8_t *set, size_t len)
{
    const uint8_t *p = set, *end = len ? set + len : set;
    struct sl_attr a, last = { 0 };
    while (p < end) {
        if (!get_attr(&p, end, &a) || !name_ok(&a) || (last.name && sl_attr_order(&a, &last) <= 0))
            return false;
        if (sl_attr_is_acl(a.name, a.name_len) && !acl_ok(&a))
            return false;
        last = a;
    }
    return len <= SL_ATTRS_MAX;
}

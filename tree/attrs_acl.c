/* SPDX-License-Identifier: ISC */
/*
 * attrs_acl - see attrs_acl.h. The kernel's form, little-endian (linux/posix_acl_xattr.h): u32 2, then for each entry
 * u16 tag, u16 permissions, u32 number.
 */
#include "config.h"
#include "tree/attrs_acl.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 4, ENTRY = 8, FORM = 2 };
#define NO_ID 0xffffffffu

static uint32_t get(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;
    while (n--)
        v = v << 8 | p[n];
    return v;
}

static void put(struct sl_buf *b, uint32_t v, unsigned n)
{
    for (; n--; v >>= 8)
        sl_buf_add(b, &(uint8_t){ (uint8_t)v }, 1);
}

static bool is_named(uint32_t tag)
{
    return tag == SL_ACL_USER || tag == SL_ACL_GROUP;
}

static const char *name_of(const struct sl_acl_entry *e, struct sl_owners *owners)
{
    if (!owners || !is_named(e->tag))
        return NULL;
    return e->tag == SL_ACL_USER ? sl_owners_user(owners, e->id) : sl_owners_group(owners, e->id);
}

/* What the mode says already is left out of an access ACL. */
static bool in_mode(const struct sl_acl_entry *e)
{
    return e->tag == SL_ACL_USER_OBJ || e->tag == SL_ACL_MASK || e->tag == SL_ACL_OTHER;
}

static bool is_form(const uint8_t *value, size_t len)
{
    return len >= HEAD && (len - HEAD) % ENTRY == 0 && get(value, 4) == FORM;
}

bool sl_acl_leaves(const uint8_t *value, size_t len, mode_t *bits)
{
    if (!is_form(value, len))
        return false;
    mode_t owner = 0, group = 0, mask = 0, other = 0;
    bool masked = false;
    for (const uint8_t *p = value + HEAD; p < value + len; p += ENTRY) {
        uint32_t tag = get(p, 2);
        mode_t perms = (mode_t)get(p + 2, 2) & 7;
        owner = tag == SL_ACL_USER_OBJ ? perms : owner;
        group = tag == SL_ACL_GROUP_OBJ ? perms : group;
        other = tag == SL_ACL_OTHER ? perms : other;
        mask = tag == SL_ACL_MASK ? perms : mask;
        masked |= tag == SL_ACL_MASK;
    }
    *bits = owner << 6 | (masked ? mask : group) << 3 | other;
    return true;
}

bool sl_acl_inherited(uint8_t *value, size_t len, mode_t mode)
{
    bool masked = false;
    if (!is_form(value, len))
        return false;
    for (const uint8_t *p = value + HEAD; p < value + len; p += ENTRY)
        masked |= get(p, 2) == SL_ACL_MASK;
    for (uint8_t *p = value + HEAD; p < value + len; p += ENTRY) {
        uint32_t tag = get(p, 2);
        if (tag == SL_ACL_USER_OBJ)
            p[2] &= (uint8_t)(mode >> 6 & 7);
        else if (tag == (masked ? SL_ACL_MASK : SL_ACL_GROUP_OBJ))
            p[2] &= (uint8_t)(mode >> 3 & 7);
        else if (tag == SL_ACL_OTHER)
            p[2] &= (uint8_t)(mode & 7);
    }
    return true;
}

bool sl_acl_of_system(struct sl_buf *out, const uint8_t *value, size_t len, bool access, struct sl_owners *owners)
{
    if (!is_form(value, len))
        return false;
    size_t count = (len - HEAD) / ENTRY;
    bool more = false;
    struct sl_acl_entry *list = sl_calloc(count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = value + HEAD + i * ENTRY;
        struct sl_acl_entry *e = &list[i];
        e->tag = (uint8_t)get(p, 2);
        e->perms = (uint8_t)(get(p + 2, 2) & 7);
        e->id = is_named(e->tag) ? get(p + 4, 4) : 0;
        e->name = name_of(e, owners);
        e->name_len = e->name ? strlen(e->name) : 0;
        more = more || is_named(e->tag) || e->tag == SL_ACL_MASK;
    }
    count = sl_acl_settle(list, count);
    for (size_t i = 0; i < count && (more || !access); i++)
        if (!access || !in_mode(&list[i]))
            sl_acl_add(out, &list[i]);
    free(list);
    return true;
}

/* ---- and back ---- */

static uint32_t id_here(const struct sl_acl_entry *e, struct sl_owners *owners)
{
    char name[SL_OWNER_NAME_MAX + 1];
    if (!owners)
        return e->id;
    if (e->name_len)
        memcpy(name, e->name, e->name_len);
    name[e->name_len] = '\0';
    return e->tag == SL_ACL_USER ? sl_owners_uid(owners, e->id, name) : sl_owners_gid(owners, e->id, name);
}

/* Appends the entries of a value, with the numbers that are theirs here, to n others; how many there are then. */
static size_t take_all(struct sl_acl_entry *list, size_t n, const struct sl_attr *a, struct sl_owners *owners)
{
    struct sl_acl_rd r;
    struct sl_acl_entry e;
    sl_acl_open(&r, a);
    while (sl_acl_next(&r, &e)) {
        e.id = is_named(e.tag) ? id_here(&e, owners) : 0;
        list[n++] = e;
    }
    return n;
}

/* An access ACL's entries that follow from the mode. */
static size_t from_mode(struct sl_acl_entry *list, mode_t bits)
{
    list[0] = (struct sl_acl_entry){ .tag = SL_ACL_USER_OBJ, .perms = (bits >> 6) & 7 };
    list[1] = (struct sl_acl_entry){ .tag = SL_ACL_MASK, .perms = (bits >> 3) & 7 };
    list[2] = (struct sl_acl_entry){ .tag = SL_ACL_OTHER, .perms = bits & 7 };
    return 3;
}

void sl_acl_to_system(struct sl_buf *out, const struct sl_attr *a, mode_t bits, struct sl_owners *owners)
{
    struct sl_acl_entry *list = sl_calloc(a->value_len / 2 + 3, sizeof *list);
    bool access = a->name_len == sizeof SL_ACL_ACCESS - 1;
    size_t n = access ? from_mode(list, bits) : 0;
    n = sl_acl_settle(list, take_all(list, n, a, owners));
    put(out, FORM, 4);
    for (size_t i = 0; i < n; i++) {
        put(out, list[i].tag, 2);
        put(out, list[i].perms, 2);
        put(out, is_named(list[i].tag) ? list[i].id : NO_ID, 4);
    }
    free(list);
}

unsigned sl_acl_group_perms(const struct sl_attr *a)
{
    struct sl_acl_rd r;
    struct sl_acl_entry e;
    sl_acl_open(&r, a);
    while (sl_acl_next(&r, &e))
        if (e.tag == SL_ACL_GROUP_OBJ)
            return e.perms;
    return 0;
}

/* ---- as rsync keeps it ---- */

enum { KEPT_HEAD = 16, KEPT_ENTRY = 8, AS_MODE = 0x80 };
#define KEPT_USER 0x80000000u

static const uint8_t head_tags[] = { SL_ACL_USER_OBJ, SL_ACL_GROUP_OBJ, SL_ACL_MASK, SL_ACL_OTHER };

static uint8_t of_mode(uint8_t tag, mode_t mode)
{
    unsigned shift = tag == SL_ACL_USER_OBJ ? 6 : tag == SL_ACL_OTHER ? 0 : 3;
    return (mode >> shift) & 7;
}

static size_t read_head(struct sl_acl_entry *list, const struct sl_acl_kept *k, size_t named)
{
    size_t n = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t v = get(k->value + i * 4, 4);
        bool said = v != AS_MODE;
        if (head_tags[i] == SL_ACL_MASK && !said && !named)
            continue;
        list[n++] = (struct sl_acl_entry){ .tag = head_tags[i], .perms = said ? v & 7 : of_mode(head_tags[i], k->mode) };
    }
    return n;
}

static struct sl_acl_entry read_kept(const uint8_t *p, struct sl_owners *owners)
{
    uint32_t perms = get(p + 4, 4);
    struct sl_acl_entry e = { .tag = perms & KEPT_USER ? SL_ACL_USER : SL_ACL_GROUP, .perms = perms & 7, .id = get(p, 4) };
    e.name = name_of(&e, owners);
    e.name_len = e.name ? strlen(e.name) : 0;
    return e;
}

bool sl_acl_of_fake(struct sl_buf *out, const struct sl_acl_kept *k, struct sl_owners *owners)
{
    if (k->len < KEPT_HEAD || (k->len - KEPT_HEAD) % KEPT_ENTRY)
        return false;
    size_t named = (k->len - KEPT_HEAD) / KEPT_ENTRY;
    struct sl_acl_entry *list = sl_calloc(named + 4, sizeof *list);
    size_t n = read_head(list, k, named);
    bool more = named || get(k->value + 8, 4) != AS_MODE;
    for (size_t i = 0; i < named; i++)
        list[n++] = read_kept(k->value + KEPT_HEAD + i * KEPT_ENTRY, owners);
    n = sl_acl_settle(list, n);
    for (size_t i = 0; i < n && (more || !k->access); i++)
        if (!(k->access && in_mode(&list[i])))
            sl_acl_add(out, &list[i]);
    free(list);
    return true;
}

/* An access ACL without its mask would be taken for one without a group of its own. */
static uint32_t head_value(uint8_t tag, const struct sl_acl_entry *list, size_t n, bool access, mode_t mode)
{
    uint32_t v = access && tag == SL_ACL_MASK ? of_mode(tag, mode) : (uint32_t)AS_MODE;
    for (size_t i = 0; i < n; i++)
        if (list[i].tag == tag)
            v = list[i].perms;
    return v;
}

void sl_acl_to_fake(struct sl_buf *out, const struct sl_attr *a, mode_t mode, struct sl_owners *owners)
{
    struct sl_acl_entry *list = sl_calloc(a->value_len / 2 + 1, sizeof *list);
    bool access = a->name_len == sizeof SL_ACL_ACCESS - 1;
    size_t n = 0;
    n = sl_acl_settle(list, take_all(list, n, a, owners));
    for (unsigned i = 0; i < 4; i++)
        put(out, head_value(head_tags[i], list, n, access, mode), 4);
    for (size_t i = 0; i < n; i++) {
        if (!is_named(list[i].tag))
            continue;
        put(out, list[i].id, 4);
        put(out, list[i].perms | (list[i].tag == SL_ACL_USER ? KEPT_USER : 0), 4);
    }
    free(list);
}

/* SPDX-License-Identifier: ISC */
/*
 * entrycodec - entries as differences from the one before. Both directions keep the same state and change it in the same
 * order, so nothing about it ever travels. Which metadata a request wants is not known here.
 */
#include "config.h"
#include "proto/entrycodec.h"
#include "proto/owners.h"
#include "proto/prefix.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_MASK = 0x07, SAME_MODE = 0x08, SAME_OWNER = 0x10, SAME_MTIME = 0x20, NO_NS = 0x40, LINKED = 0x80 };
enum { MODE_MAX = 07777, NS_MAX = 999999999 };

struct sl_entry_codec {
    char name[SL_NAME_MAX + 1];
    size_t name_len;
    uint32_t mode[SL_TYPE_SOCKET + 1];   /* of the last entry of each type */
    uint32_t uid, gid;
    const char *user, *group;            /* the table's */
    bool owned;                          /* an owner was written: before, "the same" would lose the names of 0 */
    int64_t mtime_s;
    uint32_t mtime_ns;
    struct sl_owner_table *owners;
    char target[SL_TARGET_MAX + 1];
    struct sl_attrs_brief attrs;
};

struct sl_entry_codec *sl_entry_codec_new(void)
{
    struct sl_entry_codec *c = sl_calloc(1, sizeof *c);
    c->owners = sl_owner_table_new(SL_OWNERS_MAX);
    return c;
}

void sl_entry_codec_free(struct sl_entry_codec *c)
{
    if (!c)
        return;
    sl_owner_table_free(c->owners);
    free(c);
}

size_t sl_entry_codec_bytes(const struct sl_entry_codec *c)
{
    return sl_owner_table_bytes(c->owners);
}

struct sl_attrs_brief *sl_entry_codec_attrs(struct sl_entry_codec *c)
{
    return &c->attrs;
}

static bool is_device(enum sl_type type)
{
    return type == SL_TYPE_CHAR || type == SL_TYPE_BLOCK;
}

/* ---- encode ---- */

static uint8_t head_of(const struct sl_entry_codec *c, const struct sl_entry *e)
{
    unsigned head = e->type;
    if (e->mode == c->mode[e->type])
        head |= SAME_MODE;
    if (c->owned && e->uid == c->uid && e->gid == c->gid)
        head |= SAME_OWNER;
    if (e->mtime_s == c->mtime_s && e->mtime_ns == c->mtime_ns)
        head |= SAME_MTIME;
    else if (e->mtime_ns == 0)
        head |= NO_NS;
    if (e->linked)
        head |= LINKED;
    return (uint8_t)head;
}

static void encode_owner(struct sl_entry_codec *c, struct sl_buf *b, bool group, uint32_t number, const char *name)
{
    const char *known = NULL;
    sl_w_uv(b, number);
    if (sl_owner_table_find(c->owners, group, number, &known) || sl_owner_table_full(c->owners))
        return;
    size_t len = name ? strlen(name) : 0;
    if (len > SL_OWNER_NAME_MAX)
        len = 0;
    sl_w_bs(b, name, len);
    sl_owner_table_add(c->owners, group, number, name, len);
}

/* Differences wrap around: any two times are representable, and the decoder adds in the same arithmetic. */
static void encode_mtime(const struct sl_entry_codec *c, struct sl_buf *b, const struct sl_entry *e, uint8_t head)
{
    sl_w_sv(b, (int64_t)((uint64_t)e->mtime_s - (uint64_t)c->mtime_s));
    if (!(head & NO_NS))
        sl_w_u32(b, e->mtime_ns);
}

static void encode_rest(struct sl_buf *b, const struct sl_entry *e)
{
    if (e->type == SL_TYPE_FILE)
        sl_w_uv(b, e->size);
    if (e->type == SL_TYPE_LINK)
        sl_w_bs(b, e->target, e->target ? e->target_len : 0);
    if (is_device(e->type)) {
        sl_w_uv(b, e->rdev_major);
        sl_w_uv(b, e->rdev_minor);
    }
}

void sl_entry_encode(struct sl_entry_codec *c, struct sl_buf *b, const struct sl_entry *e)
{
    assert(e->type >= SL_TYPE_FILE && e->type <= SL_TYPE_SOCKET && e->mode <= MODE_MAX && e->mtime_ns <= NS_MAX);
    assert(!e->linked || e->type == SL_TYPE_FILE);
    assert(e->name_len <= SL_NAME_MAX && e->target_len <= SL_TARGET_MAX);
    uint8_t head = head_of(c, e);
    sl_w_u8(b, head);
    sl_prefix_encode(b, c->name, c->name_len, e->name, e->name_len);
    if (!(head & SAME_MODE))
        sl_w_uv(b, e->mode);
    if (!(head & SAME_OWNER)) {
        encode_owner(c, b, false, e->uid, e->user);
        encode_owner(c, b, true, e->gid, e->group);
    }
    if (!(head & SAME_MTIME))
        encode_mtime(c, b, e, head);
    encode_rest(b, e);
    memcpy(c->name, e->name, e->name_len);
    c->name_len = e->name_len;
    c->mode[e->type] = e->mode;
    c->owned = true;
    c->uid = e->uid;
    c->gid = e->gid;
    c->mtime_s = e->mtime_s;
    c->mtime_ns = e->mtime_ns;
}

/* ---- decode ---- */

static bool head_ok(uint8_t head)
{
    unsigned type = head & TYPE_MASK;
    return type != SL_TYPE_NONE && (!(head & LINKED) || type == SL_TYPE_FILE) && (head & (SAME_MTIME | NO_NS)) != (SAME_MTIME | NO_NS);
}

static uint32_t decode_owner(struct sl_entry_codec *c, struct sl_rd *r, bool group, const char **name)
{
    size_t len = 0;
    uint32_t number = (uint32_t)sl_r_uv(r, UINT32_MAX);
    *name = NULL;
    if (!sl_r_ok(r) || sl_owner_table_find(c->owners, group, number, name) || sl_owner_table_full(c->owners))
        return number;
    const char *text = (const char *)sl_r_bs(r, SL_OWNER_NAME_MAX, &len);
    if (text && memchr(text, '\0', len))
        r->bad = true;
    if (sl_r_ok(r))
        *name = sl_owner_table_add(c->owners, group, number, text, len);
    return number;
}

static void decode_mtime(struct sl_entry_codec *c, struct sl_rd *r, uint8_t head)
{
    c->mtime_s = (int64_t)((uint64_t)c->mtime_s + (uint64_t)sl_r_sv(r));
    c->mtime_ns = head & NO_NS ? 0 : sl_r_u32(r);
    if (c->mtime_ns > NS_MAX)
        r->bad = true;
}

static void decode_target(struct sl_entry_codec *c, struct sl_rd *r, struct sl_entry *e)
{
    size_t len = 0;
    const uint8_t *text = sl_r_bs(r, SL_TARGET_MAX, &len);
    if (!text || memchr(text, '\0', len)) {
        r->bad = true;
        return;
    }
    memcpy(c->target, text, len);
    c->target[len] = '\0';
    e->target = c->target;
    e->size = e->target_len = len;
}

static void decode_rest(struct sl_entry_codec *c, struct sl_rd *r, struct sl_entry *e)
{
    if (e->type == SL_TYPE_FILE)
        e->size = sl_r_uv(r, INT64_MAX);
    if (e->type == SL_TYPE_LINK)
        decode_target(c, r, e);
    if (is_device(e->type)) {
        e->rdev_major = (uint32_t)sl_r_uv(r, UINT32_MAX);
        e->rdev_minor = (uint32_t)sl_r_uv(r, UINT32_MAX);
    }
}

static void decode_fields(struct sl_entry_codec *c, struct sl_rd *r, struct sl_entry *e, uint8_t head)
{
    sl_prefix_decode(r, c->name, &c->name_len);
    if (!(head & SAME_MODE))
        c->mode[e->type] = (uint32_t)sl_r_uv(r, MODE_MAX);
    if (!(head & SAME_OWNER)) {
        c->uid = decode_owner(c, r, false, &c->user);
        c->gid = decode_owner(c, r, true, &c->group);
    }
    if (!(head & SAME_MTIME))
        decode_mtime(c, r, head);
    decode_rest(c, r, e);
}

enum sl_code sl_entry_decode(struct sl_entry_codec *c, struct sl_rd *r, struct sl_entry *e, bool allow_empty,
                             struct sl_error *err)
{
    struct sl_entry got = { 0 };
    uint8_t head = sl_r_u8(r);
    if (!sl_r_ok(r) || !head_ok(head))
        return sl_fail(err, SL_E_PROTOCOL, "an entry begins with an illegal byte");
    got.type = (enum sl_type)(head & TYPE_MASK);
    decode_fields(c, r, &got, head);
    if (!sl_r_ok(r))
        return sl_fail(err, SL_E_PROTOCOL, "an entry is cut short or out of range");
    if (!sl_name_ok(c->name, c->name_len) && !(allow_empty && c->name_len == 0))
        return sl_fail(err, SL_E_PROTOCOL, "an entry's name is not one path component");
    got.name = c->name;
    got.name_len = c->name_len;
    got.linked = head & LINKED;
    got.mode = c->mode[got.type];
    got.uid = c->uid;
    got.gid = c->gid;
    got.user = c->user;
    got.group = c->group;
    got.mtime_s = c->mtime_s;
    got.mtime_ns = c->mtime_ns;
    *e = got;
    return SL_OK;
}

/* SPDX-License-Identifier: ISC */
/*
 * msg - payloads of the small messages, encode above decode, fields in the order in which they travel. A decoder checks
 * everything before it hands out anything. Listings, READ, content and the PUT family are in listing.c and content.c.
 */
#include "config.h"
#include "proto/msg.h"

#include <string.h>

enum { HOME_MAX = SL_TARGET_MAX };

/* The end of every decoder: the whole payload, or nothing. */
static enum sl_code whole(const struct sl_rd *r, const char *what, struct sl_error *err)
{
    return sl_r_done(r) ? SL_OK : sl_fail(err, SL_E_PROTOCOL, "the message %s is malformed", what);
}

static const char *read_text(struct sl_rd *r, size_t max, size_t *n)
{
    return (const char *)sl_r_bs(r, max, n);
}

static uint32_t read_u32(struct sl_rd *r)
{
    return (uint32_t)sl_r_uv(r, UINT32_MAX);
}

static uint64_t read_request(struct sl_rd *r)
{
    uint64_t v = sl_r_uv(r, UINT64_MAX);
    if (v == 0)
        r->bad = true;
    return v;
}

static const char *read_name(struct sl_rd *r, size_t *n)
{
    const char *name = read_text(r, SL_NAME_MAX, n);
    if (!name || !sl_name_ok(name, *n))
        r->bad = true;
    return name;
}

static size_t cut(size_t n)
{
    return n < SL_TEXT_MAX ? n : SL_TEXT_MAX;
}

/* ---- ATTACH ---- */

void sl_attach_encode(struct sl_buf *b, const struct sl_msg_attach *m)
{
    sl_w_uv(b, m->id);
    sl_w_u8(b, (uint8_t)m->how);
    sl_w_bs(b, m->module, m->module_len);
    if (m->flags)
        sl_w_u8(b, m->flags);
}

enum sl_code sl_attach_decode(struct sl_rd *r, struct sl_msg_attach *m, struct sl_error *err)
{
    struct sl_msg_attach got = { .id = read_u32(r) };
    uint8_t how = sl_r_u8(r);
    got.module = read_text(r, SL_NAME_MAX, &got.module_len);
    got.how = (enum sl_attach_how)how;
    bool usual = sl_r_left(r) == 0;
    got.flags = usual ? 0 : sl_r_u8(r);
    bool wrong = (!usual && !got.flags) || got.flags & ~(unsigned)SL_ATTACH_FLAGS || (got.flags & SL_ATTACH_FAKE_ONLY && !(got.flags & SL_ATTACH_FAKE));
    if (wrong || how > SL_ATTACH_MODULE || !got.module)
        r->bad = true;
    else if (how == SL_ATTACH_MODULE ? !sl_name_ok(got.module, got.module_len) : got.module_len != 0)
        r->bad = true;
    enum sl_code rc = whole(r, "ATTACH", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- ATTACHED ---- */

void sl_attached_encode(struct sl_buf *b, const struct sl_msg_attached *m)
{
    sl_w_uv(b, m->request);
    sl_w_uv(b, m->rights);
    sl_w_uv(b, m->flags);
    sl_w_uv(b, m->umask);
    sl_w_uv(b, m->uid);
    sl_w_bs(b, m->home, m->home_len);
    sl_w_bs(b, m->motd, cut(m->motd_len));
}

/* A path of legal components, with one slash between two, or nothing. */
static bool home_ok(const char *path, size_t n)
{
    if (n == 0)
        return true;
    for (;;) {
        const char *slash = memchr(path, '/', n);
        size_t len = slash ? (size_t)(slash - path) : n;
        if (!sl_name_ok(path, len))
            return false;
        if (!slash)
            return true;
        path += len + 1;
        n -= len + 1;
    }
}

enum sl_code sl_attached_decode(struct sl_rd *r, struct sl_msg_attached *m, struct sl_error *err)
{
    struct sl_msg_attached got = { .request = read_request(r) };
    got.rights = read_u32(r);
    got.flags = read_u32(r);
    got.umask = (uint32_t)sl_r_uv(r, 07777);
    got.uid = read_u32(r);
    got.home = read_text(r, HOME_MAX, &got.home_len);
    got.motd = read_text(r, SL_TEXT_MAX, &got.motd_len);
    if (!got.home || !home_ok(got.home, got.home_len))
        r->bad = true;
    enum sl_code rc = whole(r, "ATTACHED", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- LIST ---- */

enum { LIST_FLAGS = SL_LIST_RECURSE | SL_LIST_CHILDREN | SL_LIST_ONE_FS | SL_LIST_NUMERIC | SL_LIST_NO_OWNER | SL_LIST_CLEAN |
                  SL_LIST_LINKS | SL_LIST_MOUNTS | SL_LIST_DEVICES | SL_LIST_DEVICE_SIZES | SL_LIST_ATTRS };

void sl_list_request_encode(struct sl_buf *b, const struct sl_msg_list *m)
{
    sl_w_uv(b, m->id);
    sl_w_uv(b, m->flags);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_list_request_decode(struct sl_rd *r, struct sl_msg_list *m, struct sl_error *err)
{
    struct sl_msg_list got = { .id = read_u32(r) };
    got.flags = (uint32_t)sl_r_uv(r, LIST_FLAGS);
    got.name = read_text(r, SL_NAME_MAX, &got.name_len);
    if (got.flags & ~(uint32_t)LIST_FLAGS || !got.name || (got.name_len && !sl_name_ok(got.name, got.name_len)))
        r->bad = true;
    enum sl_code rc = whole(r, "LIST", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- OPEN_DIR ---- */

void sl_open_encode(struct sl_buf *b, const struct sl_msg_open *m)
{
    sl_w_uv(b, m->parent);
    sl_w_uv(b, m->id);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_open_decode(struct sl_rd *r, struct sl_msg_open *m, struct sl_error *err)
{
    struct sl_msg_open got = { .parent = read_u32(r) };
    got.id = read_u32(r);
    got.name = read_name(r, &got.name_len);
    enum sl_code rc = whole(r, "OPEN_DIR", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- REMOVE ---- */

void sl_remove_encode(struct sl_buf *b, const struct sl_msg_remove *m)
{
    sl_w_uv(b, m->id);
    sl_w_u8(b, (uint8_t)(m->kind | (m->only_as ? SL_REMOVE_AS : 0)));
    sl_w_bs(b, m->name, m->name_len);
    if (!m->only_as)
        return;
    sl_w_uv(b, m->size);
    sl_w_sv(b, m->mtime_s);
    sl_w_u32(b, m->mtime_ns);
}

enum sl_code sl_remove_decode(struct sl_rd *r, struct sl_msg_remove *m, struct sl_error *err)
{
    struct sl_msg_remove got = { .id = read_u32(r) };
    uint8_t kind = sl_r_u8(r);
    got.only_as = kind & SL_REMOVE_AS;
    kind &= (uint8_t)~SL_REMOVE_AS;
    got.kind = (enum sl_type)kind;
    got.name = read_name(r, &got.name_len);
    if (got.only_as) {
        got.size = sl_r_uv(r, INT64_MAX);
        got.mtime_s = sl_r_sv(r);
        got.mtime_ns = sl_r_u32(r);
        r->bad = r->bad || got.mtime_ns >= 1000000000u || kind == SL_TYPE_DIR;
    }
    if (kind < SL_TYPE_FILE || kind > SL_TYPE_SOCKET)
        r->bad = true;
    enum sl_code rc = whole(r, "REMOVE", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- OWNER ---- */

void sl_owner_encode(struct sl_buf *b, const struct sl_msg_owner *m)
{
    sl_w_u8(b, m->group ? 1 : 0);
    sl_w_uv(b, m->number);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_owner_decode(struct sl_rd *r, struct sl_msg_owner *m, struct sl_error *err)
{
    uint8_t kind = sl_r_u8(r);
    struct sl_msg_owner got = { .group = kind == 1, .number = read_u32(r) };
    got.name = read_text(r, SL_OWNER_NAME_MAX, &got.name_len);
    if (kind > 1 || !got.name || memchr(got.name, '\0', got.name_len))
        r->bad = true;
    enum sl_code rc = whole(r, "OWNER", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- OWNER_IS ---- */

void sl_owner_is_encode(struct sl_buf *b, const struct sl_msg_owner_is *m)
{
    sl_w_uv(b, m->request);
    sl_w_uv(b, m->settable ? (uint64_t)m->number + 1 : 0);
}

enum sl_code sl_owner_is_decode(struct sl_rd *r, struct sl_msg_owner_is *m, struct sl_error *err)
{
    struct sl_msg_owner_is got = { .request = read_request(r) };
    uint64_t v = sl_r_uv(r, (uint64_t)UINT32_MAX + 1);
    got.settable = v > 0;
    got.number = v ? (uint32_t)(v - 1) : 0;
    enum sl_code rc = whole(r, "OWNER_IS", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- LINK, RENAME ---- */

void sl_move_encode(struct sl_buf *b, const struct sl_msg_move *m)
{
    sl_w_uv(b, m->from_id);
    sl_w_bs(b, m->from, m->from_len);
    sl_w_uv(b, m->to_id);
    sl_w_bs(b, m->to, m->to_len);
    sl_w_u8(b, m->flags);
}

static struct sl_msg_move read_move(struct sl_rd *r, unsigned flags)
{
    struct sl_msg_move got = { .from_id = read_u32(r) };
    got.from = read_name(r, &got.from_len);
    got.to_id = read_u32(r);
    got.to = read_name(r, &got.to_len);
    got.flags = sl_r_u8(r);
    if (got.flags & ~flags)
        r->bad = true;
    return got;
}

enum sl_code sl_move_decode(struct sl_rd *r, struct sl_msg_move *m, struct sl_error *err)
{
    struct sl_msg_move got = read_move(r, SL_PUT_REPLACE | SL_PUT_HOLD);
    enum sl_code rc = whole(r, "LINK or RENAME", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- BACKUP ---- */

void sl_backup_encode(struct sl_buf *b, const struct sl_msg_backup *m)
{
    sl_move_encode(b, &m->names);
    if (!(m->names.flags & SL_BACKUP_FLAG_AS))
        return;
    sl_w_uv(b, m->size);
    sl_w_sv(b, m->mtime_s);
    sl_w_u32(b, m->mtime_ns);
}

enum sl_code sl_backup_decode(struct sl_rd *r, struct sl_msg_backup *m, struct sl_error *err)
{
    struct sl_msg_backup got = { .names = read_move(r, SL_BACKUP_FLAGS) };
    if (got.names.flags & SL_BACKUP_FLAG_AS) {
        got.size = sl_r_uv(r, INT64_MAX);
        got.mtime_s = sl_r_sv(r);
        got.mtime_ns = sl_r_u32(r);
        r->bad = r->bad || got.mtime_ns >= 1000000000u;
    }
    enum sl_code rc = whole(r, "BACKUP", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- HASH ---- */

void sl_name_encode(struct sl_buf *b, const struct sl_msg_name *m)
{
    sl_w_uv(b, m->id);
    sl_w_bs(b, m->name, m->name_len);
}

enum sl_code sl_name_decode(struct sl_rd *r, struct sl_msg_name *m, struct sl_error *err)
{
    struct sl_msg_name got = { .id = read_u32(r) };
    got.name = read_name(r, &got.name_len);
    enum sl_code rc = whole(r, "HASH", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- HASH_IS ---- */

void sl_hash_is_encode(struct sl_buf *b, const struct sl_msg_hash_is *m)
{
    sl_w_uv(b, m->request);
    sl_w_hash(b, m->hash, m->hash_len);
}

enum sl_code sl_hash_is_decode(struct sl_rd *r, struct sl_msg_hash_is *m, struct sl_error *err)
{
    struct sl_msg_hash_is got = { .request = read_request(r) };
    got.hash = sl_r_hash(r);
    enum sl_code rc = whole(r, "HASH_IS", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- STATFS ---- */

void sl_statfs_encode(struct sl_buf *b, const struct sl_msg_statfs *m)
{
    sl_w_uv(b, m->id);
}

enum sl_code sl_statfs_decode(struct sl_rd *r, struct sl_msg_statfs *m, struct sl_error *err)
{
    struct sl_msg_statfs got = { .id = read_u32(r) };
    enum sl_code rc = whole(r, "STATFS", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- STATFS_IS ---- */

enum { READ_ONLY = 1, NANOSECONDS = 1000000000 };

void sl_statfs_is_encode(struct sl_buf *b, const struct sl_msg_statfs_is *m)
{
    sl_w_uv(b, m->request);
    sl_w_sv(b, m->time_s);
    sl_w_u32(b, m->time_ns);
    sl_w_uv(b, m->total);
    sl_w_uv(b, m->free);
    sl_w_uv(b, m->files_free);
    sl_w_uv(b, m->name_max);
    sl_w_u8(b, m->read_only ? READ_ONLY : 0);
    sl_w_bs(b, m->type, m->type_len < SL_FS_TYPE_MAX ? m->type_len : SL_FS_TYPE_MAX);
}

enum sl_code sl_statfs_is_decode(struct sl_rd *r, struct sl_msg_statfs_is *m, struct sl_error *err)
{
    struct sl_msg_statfs_is got = { .request = read_request(r) };
    got.time_s = sl_r_sv(r);
    got.time_ns = sl_r_u32(r);
    got.total = sl_r_uv(r, UINT64_MAX);
    got.free = sl_r_uv(r, UINT64_MAX);
    got.files_free = sl_r_uv(r, UINT64_MAX);
    got.name_max = read_u32(r);
    uint8_t flags = sl_r_u8(r);
    got.read_only = flags & READ_ONLY;
    got.type = read_text(r, SL_FS_TYPE_MAX, &got.type_len);
    if (got.time_ns >= NANOSECONDS || flags & ~READ_ONLY)
        r->bad = true;
    enum sl_code rc = whole(r, "STATFS_IS", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- FAIL ---- */

void sl_fail_encode(struct sl_buf *b, const struct sl_msg_fail *m)
{
    sl_w_uv(b, m->request);
    sl_w_code(b, m->code);
    sl_w_bs(b, m->text, cut(m->text_len));
}

enum sl_code sl_fail_decode(struct sl_rd *r, struct sl_msg_fail *m, struct sl_error *err)
{
    struct sl_msg_fail got = { .request = read_request(r) };
    got.code = sl_r_code(r);
    got.text = read_text(r, SL_TEXT_MAX, &got.text_len);
    enum sl_code rc = whole(r, "FAIL", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

/* ---- MODULE ---- */

void sl_module_encode(struct sl_buf *b, const struct sl_msg_module *m)
{
    sl_w_bs(b, m->name, m->name_len);
    sl_w_bs(b, m->comment, cut(m->comment_len));
}

enum sl_code sl_module_decode(struct sl_rd *r, struct sl_msg_module *m, struct sl_error *err)
{
    struct sl_msg_module got = { 0 };
    got.name = read_name(r, &got.name_len);
    if (got.name && !sl_module_name_ok(got.name, got.name_len))
        r->bad = true;
    got.comment = read_text(r, SL_TEXT_MAX, &got.comment_len);
    enum sl_code rc = whole(r, "MODULE", err);
    if (rc == SL_OK)
        *m = got;
    return rc;
}

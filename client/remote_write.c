/* SPDX-License-Identifier: ISC */
/* remote_write - what is made and changed at a server, as frames. */
#include "config.h"
#include "client/remote_priv.h"

#include <string.h>

/* A shorter frame costs more when it ends a run of compressed ones than it saves. */
enum { AS_IS_LEAST = 4096 };

static void new_head(struct sl_remote *r, const struct sl_new *n, const uint8_t *hash)
{
    struct sl_msg_put m = { .id = n->dir, .meta = n->meta & SL_META_ALL, .flags = n->flags & 0xff, .entry = *n->entry, .hash = hash,
                            .hash_len = sl_hash_size(r->e.digest) };
    sl_put_encode(&r->scratch, r->enc[SL_JOB_WORK], &m);
}

static uint8_t devices_of(const struct sl_new *n)
{
    return n->flags & SL_PUT_DEVICE ? SL_FLAG_DEVICES : 0;
}

void sl_remote_put(struct sl_endpoint *e, const struct sl_new *n, const void *data, size_t len, const uint8_t *hash)
{
    struct sl_remote *r = sl_remote_of(e);
    if (!r->attached_job[SL_JOB_WORK])
        sl_remote_attach_job(r, SL_JOB_WORK);
    new_head(r, n, hash);
    size_t head = sl_buf_len(&r->scratch);
    uint8_t *p = sl_conn_begin(r->conn, head + len);
    memcpy(p, sl_buf_ptr(&r->scratch), head);
    if (len)
        memcpy(p + head, data, len);
    uint8_t flags = len >= AS_IS_LEAST && sl_remote_as_is(r, n->entry->name) ? SL_FRAME_AS_IS : 0;
    sl_conn_finish(r->conn, sl_job_channel(SL_JOB_WORK), SL_MSG_PUT, flags | devices_of(n), head + len);
    sl_buf_reset(&r->scratch, 64 * 1024);
    e->issued[SL_JOB_WORK]++;
}

void sl_remote_write(struct sl_endpoint *e, const struct sl_new *n)
{
    new_head(sl_remote_of(e), n, NULL);
    sl_remote_of(e)->flags = devices_of(n);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_WRITE);
    sl_remote_of(e)->flags = 0;
    sl_remote_of(e)->writes_as_is = sl_remote_as_is(sl_remote_of(e), n->entry->name);
}

void sl_remote_data(struct sl_endpoint *e, const void *data, size_t len)
{
    struct sl_remote *r = sl_remote_of(e);
    sl_remote_line_data(r);
    r->flags = len >= AS_IS_LEAST && r->writes_as_is ? SL_FRAME_AS_IS : 0;
    sl_remote_send(r, SL_JOB_WORK, SL_MSG_DATA, data, len);
    r->flags = 0;
}

void sl_remote_hole(struct sl_endpoint *e, uint64_t len)
{
    sl_w_uv(&sl_remote_of(e)->scratch, len);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_HOLE);
}

void sl_remote_basis(struct sl_endpoint *e, uint32_t dir, const char *name, unsigned flags)
{
    struct sl_msg_basis m = { .id = dir, .flags = (uint8_t)flags, .name = name, .name_len = strlen(name) };
    sl_basis_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_of(e)->flags = sl_remote_reads(sl_remote_of(e)) & SL_FLAG_DEVICES;
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_BASIS);
    sl_remote_of(e)->flags = 0;
}

void sl_remote_copy(struct sl_endpoint *e, unsigned basis, uint64_t from, uint32_t len)
{
    struct sl_msg_copy m = { basis, from, len };
    sl_remote_of(e)->taste.copied += len;
    sl_copy_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_COPY);
}

void sl_remote_keep(struct sl_endpoint *e, uint64_t len)
{
    sl_w_uv(&sl_remote_of(e)->scratch, len);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_KEEP);
}

void sl_remote_kept_in(struct sl_endpoint *e, const char *name)
{
    static const enum sl_job jobs[] = { SL_JOB_WORK, SL_JOB_HASH };
    struct sl_msg_kept_in m = { name, strlen(name) };
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        sl_kept_in_encode(&sl_remote_of(e)->scratch, &m);
        sl_remote_send_scratch(sl_remote_of(e), jobs[i], SL_MSG_KEPT_IN);
    }
}

/* Its lists come by themselves. */
enum sl_code sl_remote_work(struct sl_endpoint *e)
{
    (void)e;
    return SL_AGAIN;
}

void sl_remote_commit(struct sl_endpoint *e, const uint8_t *hash)
{
    sl_remote_send(sl_remote_of(e), SL_JOB_WORK, SL_MSG_COMMIT, hash, sl_hash_size(e->digest));
}

void sl_remote_abort(struct sl_endpoint *e)
{
    sl_remote_send(sl_remote_of(e), SL_JOB_WORK, SL_MSG_ABORT, NULL, 0);
}

void sl_remote_part(struct sl_endpoint *e, const struct sl_new *n, const char *token, uint64_t from)
{
    struct sl_remote *r = sl_remote_of(e);
    struct sl_msg_part m = { .id = n->dir, .flags = n->flags & (SL_PUT_SPARSE | SL_PUT_FIRST), .token = token, .name = n->entry->name,
                             .name_len = n->entry->name_len, .from = from, .size = n->entry->size };
    sl_part_encode(&r->scratch, &m);
    sl_remote_send_scratch(r, SL_JOB_WORK, SL_MSG_PART);
    r->writes_as_is = sl_remote_as_is(r, n->entry->name);
}

void sl_remote_join(struct sl_endpoint *e, const struct sl_new *n, const char *token)
{
    struct sl_remote *r = sl_remote_of(e);
    struct sl_msg_put m = { .id = n->dir, .meta = n->meta & SL_META_ALL, .flags = n->flags & ~(uint32_t)SL_PUT_FIRST, .entry = *n->entry, .token = token };
    sl_put_encode(&r->scratch, r->enc[SL_JOB_WORK], &m);
    sl_remote_send_scratch(r, SL_JOB_WORK, SL_MSG_JOIN);
}

void sl_remote_drop(struct sl_endpoint *e, uint32_t dir, const char *name, const char *token, uint32_t flags)
{
    struct sl_msg_drop m = { .id = dir, .flags = flags & (SL_PUT_REPLACE | SL_PUT_UNKEPT | SL_PUT_PARTIAL), .token = token, .name = name,
                             .name_len = strlen(name) };
    sl_drop_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_DROP);
}

void sl_remote_make(struct sl_endpoint *e, const struct sl_new *n)
{
    enum sl_type t = n->entry->type;
    new_head(sl_remote_of(e), n, NULL);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, t == SL_TYPE_DIR ? SL_MSG_MKDIR : t == SL_TYPE_LINK ? SL_MSG_SYMLINK : SL_MSG_MKNOD);
}

void sl_remote_set_meta(struct sl_endpoint *e, const struct sl_new *n)
{
    new_head(sl_remote_of(e), n, NULL);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_SET_META);
}

void sl_remote_remove(struct sl_endpoint *e, uint32_t dir, enum sl_type kind, const char *name)
{
    struct sl_msg_remove m = { .id = dir, .kind = kind == SL_TYPE_DIR ? SL_TYPE_DIR : SL_TYPE_FILE, .name = name, .name_len = strlen(name) };
    sl_remove_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_REMOVE);
}

static void move(struct sl_endpoint *e, const struct sl_names *n, enum sl_msg type)
{
    struct sl_msg_move m = { .from_id = n->from_dir, .to_id = n->to_dir, .from = n->from, .to = n->to, .from_len = strlen(n->from),
                             .to_len = strlen(n->to), .flags = n->flags & (SL_PUT_REPLACE | SL_PUT_HOLD) };
    sl_move_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, type);
}

void sl_remote_link(struct sl_endpoint *e, const struct sl_names *n)
{
    move(e, n, SL_MSG_LINK);
}

void sl_remote_rename(struct sl_endpoint *e, const struct sl_names *n)
{
    move(e, n, SL_MSG_RENAME);
}

void sl_remote_stage_in(struct sl_endpoint *e, uint32_t dir)
{
    sl_stage_in_encode(&sl_remote_of(e)->scratch, &dir);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_STAGE_IN);
}

void sl_remote_reserve(struct sl_endpoint *e, uint64_t len)
{
    sl_reserve_encode(&sl_remote_of(e)->scratch, &len);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_RESERVE);
}

void sl_remote_release(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_msg_release m = { .id = dir, .flags = flags & (SL_PUT_REPLACE | SL_PUT_FSYNC), .name = name, .name_len = strlen(name) };
    sl_release_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_RELEASE);
}

void sl_remote_take(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_entry *as)
{
    struct sl_msg_remove m = { .id = dir, .kind = as->type, .name = name, .name_len = strlen(name), .only_as = true,
                               .size = as->size, .mtime_s = as->mtime_s, .mtime_ns = as->mtime_ns };
    sl_remove_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_REMOVE);
}

void sl_remote_backup(struct sl_endpoint *e, const struct sl_names *n, const struct sl_entry *as)
{
    struct sl_msg_backup m = { .names = { n->from_dir, n->to_dir, n->from, n->to, strlen(n->from), strlen(n->to), (uint8_t)n->flags } };
    if (as) {
        m.size = as->size;
        m.mtime_s = as->mtime_s;
        m.mtime_ns = as->mtime_ns;
    }
    sl_backup_encode(&sl_remote_of(e)->scratch, &m);
    sl_remote_send_scratch(sl_remote_of(e), SL_JOB_WORK, SL_MSG_BACKUP);
}

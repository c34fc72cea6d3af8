/* SPDX-License-Identifier: ISC */
/* remote_ops - the operations of an endpoint as frames. None of them waits. */
#include "config.h"
#include "client/remote_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Above this much unsent output an endpoint has no room: the producer goes back to the loop. */
enum { QUEUED_MAX = 1024 * 1024, QUEUED_LEAST = 16 * 1024, TICKETS_MAX = 16384 };

static struct sl_remote *self(struct sl_endpoint *e)
{
    return (struct sl_remote *)e;
}

void sl_remote_attach(struct sl_remote *r, uint8_t channel)
{
    struct sl_msg_attach m = { .id = 0, .how = SL_ATTACH_ROOT, .module = "", .hash = r->e.digest == SL_HASH_SHA256 };
    struct sl_buf b = { 0 };
    if (r->addr->modules) {
        m.how = SL_ATTACH_MODULE;
        m.module = r->addr->module;
        m.module_len = strlen(m.module);
    }
    sl_attach_encode(&b, &m);
    sl_conn_send(r->conn, channel, SL_MSG_ATTACH, 0, sl_buf_ptr(&b), sl_buf_len(&b));
    sl_buf_clear(&b);
}

static void attach_job(struct sl_remote *r, enum sl_job job)
{
    sl_remote_attach(r, sl_job_channel(job));
    r->e.issued[job]++;
    r->attached_job[job] = true;
}

uint64_t sl_remote_send(struct sl_remote *r, enum sl_job job, enum sl_msg type, const void *data, size_t n)
{
    if (!r->attached_job[job] && (r->addr->module || !r->addr->modules))
        attach_job(r, job);
    sl_conn_send(r->conn, sl_job_channel(job), (uint8_t)type, r->flags, data, n);
    return type == SL_MSG_SKIP ? r->e.issued[job] : ++r->e.issued[job];
}

static uint64_t send_scratch(struct sl_remote *r, enum sl_job job, enum sl_msg type)
{
    uint64_t ticket = sl_remote_send(r, job, type, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 64 * 1024);
    return ticket;
}

/* A shorter frame costs more when it ends a run of compressed ones than it saves. */
enum { AS_IS_LEAST = 4096 };

/* The first frame of a channel has its ATTACH in front. */
enum { ATTACH_ROOM = 512, ROOM_LEAST = SL_PUT_MAX + 4096 /* what a small file takes: with less credit some action waits */ };

/* What waits for a rate is soon a matter of minutes, and a PING waits behind it. */
static size_t queued_max(const struct sl_remote *r)
{
    uint64_t second = r->o->bwlimit;
    return !second || second > QUEUED_MAX ? QUEUED_MAX : second < QUEUED_LEAST ? QUEUED_LEAST : (size_t)second;
}

static size_t remote_room(struct sl_endpoint *e, enum sl_job job)
{
    struct sl_remote *r = self(e);
    size_t room = 0;
    if (sl_conn_queued(r->conn) <= queued_max(r) && e->issued[job] - e->acked[job] <= TICKETS_MAX)
        room = sl_conn_room(r->conn, sl_job_channel(job));
    r->short_of_room |= room <= ROOM_LEAST && job == SL_JOB_WORK;
    return room > ATTACH_ROOM ? room - ATTACH_ROOM : 0;
}

static void remote_open_dir(struct sl_endpoint *e, enum sl_job job, uint32_t parent, uint32_t id, const char *name)
{
    struct sl_msg_open m = { parent, id, name, strlen(name) };
    sl_open_encode(&self(e)->scratch, &m);
    send_scratch(self(e), job, SL_MSG_OPEN_DIR);
}

static void remote_close_dir(struct sl_endpoint *e, enum sl_job job, uint32_t id)
{
    sl_w_uv(&self(e)->scratch, id);
    send_scratch(self(e), job, SL_MSG_CLOSE_DIR);
}

static void remote_list(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_remote *r = self(e);
    struct sl_msg_list m = { dir, flags | e->tells, name, strlen(name) };
    sl_list_request_encode(&r->scratch, &m);
    sl_listing_asked(&r->listing, send_scratch(r, SL_JOB_LIST, SL_MSG_LIST), name);
}

static enum sl_code remote_list_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    return sl_listing_next(&self(e)->listing, self(e)->conn, ev, err);
}

static void remote_list_skip(struct sl_endpoint *e, uint64_t number)
{
    struct sl_remote *r = self(e);
    if (!sl_listing_skips(&r->listing) || remote_room(e, SL_JOB_LIST) < 32)
        return;
    sl_w_uv(&r->scratch, number);
    send_scratch(r, SL_JOB_LIST, SL_MSG_SKIP);
}

/* Whether content of that name is to be sent as it is. */
static bool as_is(const struct sl_remote *r, const char *name)
{
    return r->compress != 0 && sl_suffixes_match(r->o->as_is, name);
}

static void read_some(struct sl_remote *r, uint32_t dir, const char *const *names, size_t count, uint8_t flags)
{
    sl_read_begin(&r->scratch, dir);
    for (size_t i = 0; i < count; i++)
        sl_read_add(&r->scratch, i ? names[i - 1] : "", i ? strlen(names[i - 1]) : 0, names[i], strlen(names[i]));
    r->flags = flags | sl_remote_reads(r);
    sl_ring_push(&r->reads, send_scratch(r, SL_JOB_WORK, SL_MSG_READ), count);
    r->flags = 0;
}

enum { READ_HEAD = 32 /* bytes that one more request costs at most */ };

/* A request for each run of names that are alike in whether to compress them. That is worth something only with room for it. */
static void remote_read(struct sl_endpoint *e, uint32_t dir, const char *const *names, size_t count)
{
    struct sl_remote *r = self(e);
    size_t used = 0, from = 0;
    for (size_t i = 0; i < count; i++)
        used += strlen(names[i]) + READ_HEAD;
    bool apart = sl_conn_has(r->conn, SL_FEATURE_STEER) && sl_conn_room(r->conn, sl_job_channel(SL_JOB_WORK)) > used + ATTACH_ROOM;
    for (size_t i = 1; i <= count; i++) {
        bool mark = apart && as_is(r, names[from]);
        if (i < count && (!apart || as_is(r, names[i]) == mark))
            continue;
        read_some(r, dir, names + from, i - from, mark ? SL_FLAG_AS_IS : 0);
        from = i;
    }
}

static void read_ranges(struct sl_remote *r, uint32_t dir, const char *name, const struct sl_range *ranges, size_t count, uint8_t flags)
{
    struct sl_msg_read_ranges m = { .id = dir, .name = name, .name_len = strlen(name) };
    uint64_t end = 0;
    sl_read_ranges_encode(&r->scratch, &m);
    for (size_t i = 0; i < count; i++)
        sl_range_add(&r->scratch, &end, ranges[i].at, ranges[i].len);
    r->flags = flags | sl_remote_reads(r) | (as_is(r, name) && sl_conn_has(r->conn, SL_FEATURE_STEER) ? SL_FLAG_AS_IS : 0);
    sl_ring_push(&r->reads, send_scratch(r, SL_JOB_WORK, SL_MSG_READ_RANGES), 1);
    r->flags = 0;
}

static void remote_read_ranges(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *ranges, size_t count)
{
    struct sl_remote *r = self(e);
    read_ranges(r, dir, name, ranges, count, sl_conn_has(r->conn, SL_FEATURE_PARTS) ? SL_FLAG_VERSION : 0);
}

static void remote_read_part(struct sl_endpoint *e, uint32_t dir, const char *name, uint64_t from, uint64_t len)
{
    read_ranges(self(e), dir, name, &(struct sl_range){ from, len }, 1, SL_FLAG_VERSION | SL_FLAG_HOLES);
}

static void file_over(struct sl_remote *r)
{
    uint64_t *front = r->reads.at[r->reads.head];
    if (--front[1] == 0) {
        if (front[0] > r->e.acked[SL_JOB_WORK])
            r->e.acked[SL_JOB_WORK] = front[0];
        sl_ring_pop(&r->reads);
        r->read_failed = false;
    }
}

static void piece_of(struct sl_remote *r, const struct sl_content *c)
{
    static const enum sl_piece_kind kinds[] = {
        [SL_CONTENT_DATA] = SL_PIECE_DATA,     [SL_CONTENT_HOLE] = SL_PIECE_HOLE,   [SL_CONTENT_END] = SL_PIECE_END,
        [SL_CONTENT_FAILED] = SL_PIECE_FAILED, [SL_CONTENT_WHOLE] = SL_PIECE_WHOLE,
    };
    struct sl_piece *p = &r->piece;
    *p = (struct sl_piece){ .kind = kinds[c->kind] };
    p->data = c->data;
    p->len = c->len;
    p->hole = c->hole;
    p->hash = c->hash;
    p->changed = c->flags & SL_CONTENT_CHANGED;
    p->version = c->version;
    p->more = c->flags & SL_CONTENT_MORE;
    if (p->kind == SL_PIECE_FAILED) {
        size_t n = c->text_len < sizeof p->error.text - 1 ? c->text_len : sizeof p->error.text - 1;
        p->error = (struct sl_error){ .code = c->code, .side = r->e.side };
        memcpy(p->error.text, c->text, n);
    }
    if (p->kind != SL_PIECE_DATA && p->kind != SL_PIECE_HOLE)
        file_over(r);
}

static enum sl_code next_piece(struct sl_remote *r, struct sl_error *err)
{
    struct sl_content c;
    for (;;) {
        if (r->read_failed) {
            r->piece = (struct sl_piece){ .kind = SL_PIECE_FAILED, .error = r->read_error };
            file_over(r);
            return SL_OK;
        }
        if (r->content_have && sl_r_left(&r->content_rd)) {
            enum sl_code rc = r->reads.len ? sl_content_decode(&r->content_rd, &c, err)
                                           : sl_fail(err, SL_E_PROTOCOL, "the server sent more content than was asked for");
            if (rc == SL_OK)
                piece_of(r, &c);
            return rc;
        }
        r->content_have = false;
        enum sl_code rc = sl_conn_resume(r->conn, sl_job_channel(SL_JOB_WORK), err);
        if (rc != SL_OK && rc != SL_AGAIN)
            return rc;
        if (!r->content_have && !r->read_failed)
            return SL_AGAIN;
    }
}

static enum sl_code remote_piece(struct sl_endpoint *e, struct sl_piece *out, struct sl_error *err)
{
    struct sl_remote *r = self(e);
    if (!r->piece_have) {
        enum sl_code rc = next_piece(r, err);
        if (rc != SL_OK)
            return rc;
        r->piece_have = true;
    }
    *out = r->piece;
    return SL_OK;
}

static void remote_piece_taken(struct sl_endpoint *e)
{
    self(e)->piece_have = false;
}

static void remote_hash(struct sl_endpoint *e, uint32_t dir, const char *name)
{
    struct sl_remote *r = self(e);
    struct sl_msg_name m = { dir, name, strlen(name) };
    sl_name_encode(&r->scratch, &m);
    r->flags = sl_remote_reads(r);
    sl_ring_push(&r->hashes, send_scratch(r, SL_JOB_HASH, SL_MSG_HASH), 0);
    r->flags = 0;
}

static enum sl_code remote_hash_next(struct sl_endpoint *e, uint8_t out[SL_HASH_MOST], struct sl_error *err)
{
    struct sl_remote *r = self(e);
    if (!r->answers_len)
        return SL_AGAIN;
    struct sl_hash_answer *a = &r->answers[r->answers_head];
    r->answers_head = (r->answers_head + 1) % r->answers_cap;
    r->answers_len--;
    if (a->code == SL_OK)
        memcpy(out, a->hash, sizeof a->hash);
    else
        *err = a->err;
    return a->code;
}

static void new_head(struct sl_remote *r, const struct sl_new *n, const uint8_t *hash)
{
    struct sl_msg_put m = { .id = n->dir, .meta = n->meta & SL_META_ALL, .flags = n->flags, .entry = *n->entry, .hash = hash,
                            .hash_len = sl_hash_size(r->e.digest) };
    sl_put_encode(&r->scratch, r->enc[SL_JOB_WORK], &m);
}

static void remote_put(struct sl_endpoint *e, const struct sl_new *n, const void *data, size_t len, const uint8_t *hash)
{
    struct sl_remote *r = self(e);
    if (!r->attached_job[SL_JOB_WORK])
        attach_job(r, SL_JOB_WORK);
    new_head(r, n, hash);
    size_t head = sl_buf_len(&r->scratch);
    uint8_t *p = sl_conn_begin(r->conn, head + len);
    memcpy(p, sl_buf_ptr(&r->scratch), head);
    if (len)
        memcpy(p + head, data, len);
    uint8_t flags = len >= AS_IS_LEAST && as_is(r, n->entry->name) ? SL_FRAME_AS_IS : 0;
    sl_conn_finish(r->conn, sl_job_channel(SL_JOB_WORK), SL_MSG_PUT, flags, head + len);
    sl_buf_reset(&r->scratch, 64 * 1024);
    e->issued[SL_JOB_WORK]++;
}

static void remote_write(struct sl_endpoint *e, const struct sl_new *n)
{
    new_head(self(e), n, NULL);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_WRITE);
    self(e)->writes_as_is = as_is(self(e), n->entry->name);
}

static void remote_data(struct sl_endpoint *e, const void *data, size_t len)
{
    struct sl_remote *r = self(e);
    r->flags = len >= AS_IS_LEAST && r->writes_as_is ? SL_FRAME_AS_IS : 0;
    sl_remote_send(r, SL_JOB_WORK, SL_MSG_DATA, data, len);
    r->flags = 0;
}

static void remote_hole(struct sl_endpoint *e, uint64_t len)
{
    sl_w_uv(&self(e)->scratch, len);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_HOLE);
}

static void remote_basis(struct sl_endpoint *e, uint32_t dir, const char *name, unsigned flags)
{
    struct sl_msg_basis m = { .id = dir, .flags = (uint8_t)flags, .name = name, .name_len = strlen(name) };
    sl_basis_encode(&self(e)->scratch, &m);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_BASIS);
}

static void remote_copy(struct sl_endpoint *e, unsigned basis, uint64_t from, uint32_t len)
{
    struct sl_msg_copy m = { basis, from, len };
    sl_copy_encode(&self(e)->scratch, &m);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_COPY);
}

static void remote_keep(struct sl_endpoint *e, uint64_t len)
{
    sl_w_uv(&self(e)->scratch, len);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_KEEP);
}

static void remote_kept_in(struct sl_endpoint *e, const char *name)
{
    static const enum sl_job jobs[] = { SL_JOB_WORK, SL_JOB_HASH };
    struct sl_msg_kept_in m = { name, strlen(name) };
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        sl_kept_in_encode(&self(e)->scratch, &m);
        send_scratch(self(e), jobs[i], SL_MSG_KEPT_IN);
    }
}

/* Its lists come by themselves. */
static enum sl_code remote_work(struct sl_endpoint *e)
{
    (void)e;
    return SL_AGAIN;
}

static void remote_commit(struct sl_endpoint *e, const uint8_t *hash)
{
    sl_remote_send(self(e), SL_JOB_WORK, SL_MSG_COMMIT, hash, sl_hash_size(e->digest));
}

static void remote_abort(struct sl_endpoint *e)
{
    sl_remote_send(self(e), SL_JOB_WORK, SL_MSG_ABORT, NULL, 0);
}

static void remote_part(struct sl_endpoint *e, const struct sl_new *n, const char *token, uint64_t from)
{
    struct sl_remote *r = self(e);
    struct sl_msg_part m = { .id = n->dir, .flags = n->flags & (SL_PUT_SPARSE | SL_PUT_FIRST), .token = token, .name = n->entry->name,
                             .name_len = n->entry->name_len, .from = from, .size = n->entry->size };
    sl_part_encode(&r->scratch, &m);
    send_scratch(r, SL_JOB_WORK, SL_MSG_PART);
    r->writes_as_is = as_is(r, n->entry->name);
}

static void remote_join(struct sl_endpoint *e, const struct sl_new *n, const char *token)
{
    struct sl_remote *r = self(e);
    struct sl_msg_put m = { .id = n->dir, .meta = n->meta & SL_META_ALL, .flags = n->flags & ~(uint32_t)SL_PUT_FIRST, .entry = *n->entry, .token = token };
    sl_put_encode(&r->scratch, r->enc[SL_JOB_WORK], &m);
    send_scratch(r, SL_JOB_WORK, SL_MSG_JOIN);
}

static void remote_drop(struct sl_endpoint *e, uint32_t dir, const char *name, const char *token, uint32_t flags)
{
    struct sl_msg_drop m = { .id = dir, .flags = flags & (SL_PUT_REPLACE | SL_PUT_UNKEPT | SL_PUT_PARTIAL), .token = token, .name = name,
                             .name_len = strlen(name) };
    sl_drop_encode(&self(e)->scratch, &m);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_DROP);
}

static void remote_make(struct sl_endpoint *e, const struct sl_new *n)
{
    enum sl_type t = n->entry->type;
    new_head(self(e), n, NULL);
    send_scratch(self(e), SL_JOB_WORK, t == SL_TYPE_DIR ? SL_MSG_MKDIR : t == SL_TYPE_LINK ? SL_MSG_SYMLINK : SL_MSG_MKNOD);
}

static void remote_set_meta(struct sl_endpoint *e, const struct sl_new *n)
{
    new_head(self(e), n, NULL);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_SET_META);
}

static void remote_remove(struct sl_endpoint *e, uint32_t dir, enum sl_type kind, const char *name)
{
    struct sl_msg_remove m = { .id = dir, .kind = kind == SL_TYPE_DIR ? SL_TYPE_DIR : SL_TYPE_FILE, .name = name, .name_len = strlen(name) };
    sl_remove_encode(&self(e)->scratch, &m);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_REMOVE);
}

static void move(struct sl_endpoint *e, const struct sl_names *n, enum sl_msg type)
{
    struct sl_msg_move m = { .from_id = n->from_dir, .to_id = n->to_dir, .from = n->from, .to = n->to, .from_len = strlen(n->from),
                             .to_len = strlen(n->to), .flags = n->flags & SL_PUT_REPLACE };
    sl_move_encode(&self(e)->scratch, &m);
    send_scratch(self(e), SL_JOB_WORK, type);
}

static void remote_link(struct sl_endpoint *e, const struct sl_names *n)
{
    move(e, n, SL_MSG_LINK);
}

static void remote_rename(struct sl_endpoint *e, const struct sl_names *n)
{
    move(e, n, SL_MSG_RENAME);
}

static void remote_take(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_entry *as)
{
    struct sl_msg_remove m = { .id = dir, .kind = as->type, .name = name, .name_len = strlen(name), .only_as = true,
                               .size = as->size, .mtime_s = as->mtime_s, .mtime_ns = as->mtime_ns };
    sl_remove_encode(&self(e)->scratch, &m);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_REMOVE);
}

static void remote_backup(struct sl_endpoint *e, const struct sl_names *n, const struct sl_entry *as)
{
    struct sl_msg_backup m = { .names = { n->from_dir, n->to_dir, n->from, n->to, strlen(n->from), strlen(n->to), (uint8_t)n->flags } };
    if (as) {
        m.size = as->size;
        m.mtime_s = as->mtime_s;
        m.mtime_ns = as->mtime_ns;
    }
    sl_backup_encode(&self(e)->scratch, &m);
    send_scratch(self(e), SL_JOB_WORK, SL_MSG_BACKUP);
}

static struct sl_owner_answer *find_owner(struct sl_remote *r, bool group, uint32_t number, const char *name)
{
    for (size_t i = 0; i < r->owners_len; i++) {
        struct sl_owner_answer *a = &r->owners[i];
        if (a->group == group && a->number == number && strcmp(a->name, name) == 0)
            return a;
    }
    return NULL;
}

static enum sl_code remote_owner(struct sl_endpoint *e, bool group, uint32_t number, const char *name, bool *settable,
                                 uint32_t *there)
{
    struct sl_remote *r = self(e);
    name = name ? name : "";
    struct sl_owner_answer *a = find_owner(r, group, number, name);
    if (a && a->known) {
        *settable = a->settable;
        *there = a->there;
        return SL_OK;
    }
    if (a || remote_room(e, SL_JOB_WORK) < SL_OWNER_NAME_MAX + 32)
        return SL_AGAIN;
    if (r->owners_len == r->owners_cap) {
        r->owners_cap = r->owners_cap ? r->owners_cap * 2 : 16;
        r->owners = sl_realloc(r->owners, r->owners_cap * sizeof *r->owners);
    }
    struct sl_msg_owner m = { group, number, name, strlen(name) };
    sl_owner_encode(&r->scratch, &m);
    struct sl_owner_answer fresh = { .group = group, .number = number, .name = sl_strdup(name) };
    fresh.ticket = send_scratch(r, SL_JOB_WORK, SL_MSG_OWNER);
    r->owners[r->owners_len++] = fresh;
    return SL_AGAIN;
}

static void remote_free(struct sl_endpoint *e)
{
    struct sl_remote *r = self(e);
    sl_conn_free(r->conn);
    for (int j = 0; j < SL_JOBS; j++) {
        sl_entry_codec_free(r->enc[j]);
        sl_entry_codec_free(r->dec[j]);
    }
    for (size_t i = 0; i < r->owners_len; i++)
        free(r->owners[i].name);
    sl_transport_close(&r->t, 2000);
    sl_buf_clear(&r->scratch);
    sl_buf_clear(&r->content_buf);
    sl_listing_clear(&r->listing);
    sl_listers_clear(r);
    sl_remote_chunks_clear(r);
    sl_remote_fetch_clear(r);
    sl_remote_attrs_clear(r);
    sl_remote_look_clear(r);
    free(r->reads.at);
    free(r->hashes.at);
    free(r->answers);
    free(r->owners);
    free(r->home);
    free(r->motd);
    free(r);
}

const struct sl_endpoint_ops sl_remote_ops = {
    .free = remote_free,           .place = sl_remote_place,       .room = remote_room,           .open_dir = remote_open_dir,
    .close_dir = remote_close_dir, .list = remote_list,            .list_next = remote_list_next, .list_skip = remote_list_skip,
    .read = remote_read,           .read_ranges = remote_read_ranges, .piece = remote_piece,      .piece_taken = remote_piece_taken,
    .hash = remote_hash,           .hash_next = remote_hash_next,  .chunks = sl_remote_chunks,    .work = remote_work,
    .put = remote_put,             .write = remote_write,          .data = remote_data,           .hole = remote_hole,
    .basis = remote_basis,         .copy = remote_copy,            .commit = remote_commit,       .abort = remote_abort,
    .make = remote_make,           .set_meta = remote_set_meta,    .remove = remote_remove,       .owner = remote_owner,
    .keep = remote_keep,           .kept_in = remote_kept_in,      .part = remote_part,           .join = remote_join,
    .drop = remote_drop,           .read_part = remote_read_part, .fetch = sl_remote_fetch,   .look = sl_remote_look,
    .link = remote_link,           .rename = remote_rename,     .attrs = sl_remote_attrs,    .get_attrs = sl_remote_get_attrs,
    .backup = remote_backup,       .take = remote_take,
};

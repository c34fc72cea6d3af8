/* SPDX-License-Identifier: ISC */
/* remote_read - a server's content and hashes: how they are asked for, and how what came is handed on. */
#include "config.h"
#include "client/remote_priv.h"

#include <string.h>

/* Whether content of that name is to be sent as it is. */
bool sl_remote_as_is(const struct sl_remote *r, const char *name)
{
    return r->compress != 0 && sl_suffixes_match(r->o->as_is, name);
}

/* Something else is read: what was asked for early is not in its place any more. */
static void forget_early(struct sl_remote *r)
{
    r->forgotten |= r->early != 0;
}

static void read_some(struct sl_remote *r, uint32_t dir, const char *const *names, size_t count, uint8_t flags)
{
    sl_read_begin(&r->scratch, dir);
    for (size_t i = 0; i < count; i++)
        sl_read_add(&r->scratch, i ? names[i - 1] : "", i ? strlen(names[i - 1]) : 0, names[i], strlen(names[i]));
    r->flags = flags | sl_remote_reads(r);
    forget_early(r);
    sl_ring_push(&r->reads, sl_remote_send_scratch(r, SL_JOB_WORK, SL_MSG_READ), count);
    r->flags = 0;
}

enum { READ_HEAD = 32 /* bytes that one more request costs at most */ };

/* A request for each run of names that are alike in whether to compress them. That is worth something only with room for it. */
void sl_remote_read(struct sl_endpoint *e, uint32_t dir, const char *const *names, size_t count)
{
    struct sl_remote *r = sl_remote_of(e);
    size_t used = 0, from = 0;
    for (size_t i = 0; i < count; i++)
        used += strlen(names[i]) + READ_HEAD;
    bool apart = sl_conn_has(r->conn, SL_FEATURE_STEER) && sl_conn_room(r->conn, sl_job_channel(SL_JOB_WORK)) > used + SL_ATTACH_ROOM;
    for (size_t i = 1; i <= count; i++) {
        bool mark = apart && sl_remote_as_is(r, names[from]);
        if (i < count && (!apart || sl_remote_as_is(r, names[i]) == mark))
            continue;
        read_some(r, dir, names + from, i - from, mark ? SL_FLAG_AS_IS : 0);
        from = i;
    }
}

static uint8_t read_flags(const struct sl_remote *r, const char *name)
{
    return sl_remote_reads(r) | (sl_remote_as_is(r, name) && sl_conn_has(r->conn, SL_FEATURE_STEER) ? SL_FLAG_AS_IS : 0);
}

static void read_ranges(struct sl_remote *r, uint32_t dir, const char *name, const struct sl_range *ranges, size_t count, uint8_t flags)
{
    struct sl_msg_read_ranges m = { .id = dir, .name = name, .name_len = strlen(name) };
    uint64_t end = 0;
    sl_read_ranges_encode(&r->scratch, &m);
    for (size_t i = 0; i < count; i++)
        sl_range_add(&r->scratch, &end, ranges[i].at, ranges[i].len);
    r->flags = flags | read_flags(r, name);
    forget_early(r);
    sl_ring_push(&r->reads, sl_remote_send_scratch(r, SL_JOB_WORK, SL_MSG_READ_RANGES), 1);
    r->flags = 0;
}

void sl_remote_read_ranges(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *ranges, size_t count)
{
    struct sl_remote *r = sl_remote_of(e);
    sl_taste_wanted(r);
    read_ranges(r, dir, name, ranges, count, sl_conn_has(r->conn, SL_FEATURE_PARTS) ? SL_FLAG_VERSION : 0);
}

uint64_t sl_remote_read_early(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *range, uint64_t behind)
{
    struct sl_remote *r = sl_remote_of(e);
    if (r->early != behind)              /* those of another file, which has come to nothing */
        forget_early(r);
    if (r->early != behind || r->forgotten)
        return 0;
    r->early = 0;                        /* it does not put those before it out of their place */
    sl_remote_read_ranges(e, dir, name, range, 1);
    r->early_last = r->e.issued[SL_JOB_WORK];
    return r->early = behind ? behind : r->early_last;
}

bool sl_remote_claim_early(struct sl_endpoint *e, uint64_t early)
{
    struct sl_remote *r = sl_remote_of(e);
    bool holds = early && r->early == early && !r->forgotten;
    r->early = holds ? 0 : r->early;
    return holds;
}

void sl_remote_read_part(struct sl_endpoint *e, uint32_t dir, const char *name, uint64_t from, uint64_t len)
{
    read_ranges(sl_remote_of(e), dir, name, &(struct sl_range){ from, len }, 1, SL_FLAG_VERSION | SL_FLAG_HOLES);
}

void sl_remote_read_some(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *all, const struct sl_ranges *ranges)
{
    struct sl_remote *r = sl_remote_of(e);
    struct sl_msg_read_some m = { .id = dir, .name = name, .name_len = strlen(name), .from = all->at, .len = all->len };
    uint64_t end = all->at;
    sl_read_some_encode(&r->scratch, &m);
    for (size_t i = 0; i < ranges->len; i++)
        sl_range_add(&r->scratch, &end, ranges->at[i].at, ranges->at[i].len);
    r->flags = read_flags(r, name);
    forget_early(r);
    sl_ring_push(&r->reads, sl_remote_send_scratch(r, SL_JOB_WORK, SL_MSG_READ_SOME), 1);
    r->flags = 0;
}

static void file_over(struct sl_remote *r)
{
    uint64_t *front = r->reads.at[r->reads.head];
    if (--front[1] == 0) {
        sl_remote_acked(r, SL_JOB_WORK, front[0]);
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

static bool is_early(const struct sl_remote *r)
{
    const uint64_t *front = r->reads.len ? r->reads.at[r->reads.head] : NULL;
    return r->early && front && front[0] >= r->early && front[0] <= r->early_last;
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

enum sl_code sl_remote_piece(struct sl_endpoint *e, struct sl_piece *out, struct sl_error *err)
{
    struct sl_remote *r = sl_remote_of(e);
    while (!r->piece_have) {
        bool early = is_early(r);
        enum sl_code rc = early && !r->forgotten ? SL_AGAIN : next_piece(r, err);
        if (rc != SL_OK)
            return rc;
        r->piece_have = !early;
        if (early && !is_early(r))
            r->early = 0, r->forgotten = false;
    }
    *out = r->piece;
    return SL_OK;
}

void sl_remote_piece_taken(struct sl_endpoint *e)
{
    sl_remote_of(e)->piece_have = false;
}

void sl_remote_hash(struct sl_endpoint *e, uint32_t dir, const char *name)
{
    struct sl_remote *r = sl_remote_of(e);
    struct sl_msg_name m = { dir, name, strlen(name) };
    sl_name_encode(&r->scratch, &m);
    r->flags = sl_remote_reads(r);
    sl_ring_push(&r->hashes, sl_remote_send_scratch(r, SL_JOB_HASH, SL_MSG_HASH), 0);
    r->flags = 0;
}

enum sl_code sl_remote_hash_next(struct sl_endpoint *e, uint8_t out[SL_HASH_MOST], struct sl_error *err)
{
    struct sl_remote *r = sl_remote_of(e);
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

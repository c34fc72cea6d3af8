/* SPDX-License-Identifier: ISC */
/*
 * local - the endpoint that is a tree of this machine. Every operation is carried out within its call. Paths that the user
 * typed are the system's to resolve; everything below them goes by directory descriptor and one name (tree/).
 */
#include "config.h"
#include "client/local_priv.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/charset_side.h"
#include "client/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCAL_IDS = 1u << 20, LOCAL_FDS = 128, WHOLE_MAX = SL_PUT_MAX, BUSY_EVERY = 512 /* pieces */, HOLE_STEP = 64 * 1024 * 1024 };

static struct sl_local *self(struct sl_endpoint *e)
{
    return sl_local_of(e);
}

static void local_free(struct sl_endpoint *e)
{
    struct sl_local *l = self(e);
    sl_walk_free(l->walk);
    if (l->reading)
        sl_reader_close(&l->reader);
    sl_puts_free(l->puts);
    sl_local_write_end(l);
    sl_io_close(&l->away);
    sl_local_chunks_clear(l);
    sl_local_attrs_clear(l);
    sl_ranges_clear(&l->ranges);
    sl_dirs_free(l->dirs);
    sl_owners_free(l->owners);
    sl_hash_free(l->hash);
    sl_hash_free(l->hash_state);
    free(l->buf);
    free(l);
}

/* ---- tickets ---- */

static void answer(struct sl_local *l, enum sl_job job, uint64_t ticket, enum sl_code rc, const struct sl_error *err)
{
    l->e.acked[job] = ticket;
    if (rc != SL_OK && l->e.failed)
        l->e.failed(l->e.ctx, &l->e, job, ticket, err);
}

static bool take_answers(struct sl_local *l)
{
    struct sl_put_done done;
    bool any = false;
    while (sl_puts_take(l->puts, &done)) {
        answer(l, SL_JOB_WORK, done.ticket, done.code, &done.err);
        any = true;
    }
    return any;
}

void sl_local_place_for_answer(struct sl_local *l)
{
    while (take_answers(l), sl_puts_full(l->puts))
        sl_puts_help(l->puts);
}

enum sl_code sl_local_reap(struct sl_local *l)
{
    if (!l->puts || !sl_puts_busy(l->puts))
        return SL_AGAIN;
    if (!take_answers(l)) {
        sl_puts_help(l->puts);
        take_answers(l);
    }
    return SL_OK;
}

void sl_local_settle(struct sl_local *l)
{
    if (!l->puts)
        return;
    sl_puts_finish(l->puts);
    take_answers(l);
}

void sl_local_answer(struct sl_local *l, enum sl_job job, enum sl_code rc, const struct sl_error *err)
{
    uint64_t ticket = ++l->e.issued[job];
    if (job == SL_JOB_WORK && l->puts)
        sl_local_place_for_answer(l);
    if (job == SL_JOB_WORK && l->puts && sl_puts_busy(l->puts))
        sl_puts_answer(l->puts, ticket, rc, err);
    else
        answer(l, job, ticket, rc, err);
}

static size_t local_room(struct sl_endpoint *e, enum sl_job job)
{
    (void)e;
    (void)job;
    return SL_FRAME_MAX;
}

static void local_open_dir(struct sl_endpoint *e, enum sl_job job, uint32_t parent, uint32_t id, const char *name)
{
    struct sl_error err = { 0 };
    enum sl_code rc = sl_dirs_open(self(e)->dirs, parent, id, name, &err);
    if (job == SL_JOB_HASH && rc != SL_OK && rc != SL_E_INVALID)
        e->unopened = err;
    sl_local_answer(self(e), job, rc, &err);
}

static void local_close_dir(struct sl_endpoint *e, enum sl_job job, uint32_t id)
{
    sl_dirs_close(self(e)->dirs, id, NULL);     /* an id whose opening failed is not open: that was told */
    sl_local_answer(self(e), job, SL_OK, NULL);
}

/* ---- listing ---- */

static void local_list(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_local *l = self(e);
    int fd = -1;
    l->walk_code = sl_dirs_fd(l->dirs, dir, &fd, &l->walk_error);
    if (l->walk_code == SL_OK)
        l->walk_code = sl_walk_new(&l->walk, fd, name, flags | e->tells | e->fake, l->owners, &l->walk_error);
    l->listing = true;
}

static enum sl_code local_list_next(struct sl_endpoint *e, struct sl_event *ev, struct sl_error *err)
{
    struct sl_local *l = self(e);
    if (!l->listing)
        return SL_AGAIN;
    enum sl_code rc = l->walk_code;
    if (rc != SL_OK) {
        l->listing = false;
        *err = l->walk_error;
        return rc;
    }
    rc = sl_walk_next(l->walk, &l->walked);
    if (rc == SL_EOF) {
        sl_walk_free(l->walk);
        l->walk = NULL;
        l->listing = false;
        return SL_EOF;
    }
    ev->kind = l->walked.kind == SL_WALK_ENTRY ? SL_EVENT_ENTRY : l->walked.kind == SL_WALK_END ? SL_EVENT_END : SL_EVENT_ERROR;
    if (ev->kind == SL_EVENT_ENTRY)
        ev->entry = l->walked.entry;
    if (ev->kind == SL_EVENT_ERROR) {
        ev->error = l->walked.error;
        ev->error.side = e->side;
        ev->name = l->walked.name;
    }
    return SL_OK;
}

static void local_list_skip(struct sl_endpoint *e, uint64_t number)
{
    if (self(e)->walk)
        sl_walk_skip(self(e)->walk, number);
}

/* ---- reading ---- */

enum sl_code sl_local_open(struct sl_local *l, struct sl_reader *r, int dirfd, const char *name, struct sl_error *err)
{
    enum sl_code rc = l->e.devices ? sl_reader_open_device(r, dirfd, name, err) : sl_reader_open(r, dirfd, name, err);
    if (rc == SL_OK && l->e.no_atime)
        sl_reader_no_atime(r);
    return rc;
}

static void failed_piece(struct sl_local *l, const struct sl_error *err)
{
    l->piece = (struct sl_piece){ .kind = SL_PIECE_FAILED, .error = *err };
    l->piece.error.side = l->e.side;
    l->have_piece = true;
}

static bool by_ranges(const struct sl_local *l)
{
    return l->ranges.len || l->stretch.ranges;
}

static void start_reading(struct sl_local *l, uint32_t dir, const char *name)
{
    struct sl_error err = { 0 };
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &err);
    if (rc == SL_OK)
        rc = sl_local_open(l, &l->reader, fd, name, &err);
    l->reading = rc == SL_OK;
    if (rc == SL_OK && by_ranges(l))
        l->reader.end = 0;
    l->have_piece = l->silent = false;
    if (rc != SL_OK)
        failed_piece(l, &err);
    else if (l->e.verify)
        sl_hash_reset(l->hash);
    sl_local_answer(l, SL_JOB_WORK, SL_OK, NULL);
}

static void local_read(struct sl_endpoint *e, uint32_t dir, const char *const *names, size_t count)
{
    (void)count;
    sl_ranges_clear(&self(e)->ranges);
    self(e)->stretch.ranges = NULL;
    start_reading(self(e), dir, names[0]);
}

static void local_read_ranges(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *ranges, size_t count)
{
    struct sl_local *l = self(e);
    sl_ranges_clear(&l->ranges);
    for (size_t i = 0; i < count; i++)
        sl_ranges_add(&l->ranges, ranges[i].at, ranges[i].len);
    l->range = 0;
    l->holes = false;
    l->stretch.ranges = NULL;
    start_reading(l, dir, name);
}

static void local_read_part(struct sl_endpoint *e, uint32_t dir, const char *name, uint64_t from, uint64_t len)
{
    local_read_ranges(e, dir, name, &(struct sl_range){ from, len }, 1);
    self(e)->holes = true;
}

static void local_read_some(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *all, const struct sl_ranges *ranges)
{
    struct sl_local *l = self(e);
    sl_ranges_clear(&l->ranges);
    for (size_t i = 0; i < ranges->len; i++)
        sl_ranges_add(&l->ranges, ranges->at[i].at, ranges->at[i].len);
    l->stretch = (struct sl_stretch){ .ranges = &l->ranges, .pos = all->at, .end = all->at + all->len };
    start_reading(l, dir, name);
}

static void finish_reading(struct sl_local *l, struct sl_piece *p)
{
    p->changed = sl_reader_changed(&l->reader);
    p->version = by_ranges(l) ? sl_reader_version(&l->reader) : 0;
    p->more = by_ranges(l) && sl_reader_goes_on(&l->reader);
    p->hash = l->e.verify ? l->digest : NULL;
    sl_reader_close(&l->reader);
    l->reading = false;
}

/* A file that fits one buffer and was not begun yet comes whole. */
static bool whole(struct sl_local *l, struct sl_error *err, enum sl_code *rc)
{
    struct sl_reader *r = &l->reader;
    if (r->pos != 0 || by_ranges(l) || (uint64_t)r->st.st_size > WHOLE_MAX || (r->st.st_size > 0 && r->st.st_blocks == 0))
        return false;
    size_t got = 0, n = 0;
    uint64_t hole = 0;
    while (n < (size_t)r->st.st_size) {
        *rc = sl_reader_next(r, l->buf + n, WHOLE_MAX - n, &got, &hole, err);
        if (*rc == SL_EOF)
            break;
        if (*rc != SL_OK)
            return true;
        if (hole)
            memset(l->buf + n, 0, (size_t)hole);
        n += hole ? (size_t)hole : got;
        got = 0;
    }
    *rc = SL_OK;
    l->piece = (struct sl_piece){ .kind = SL_PIECE_WHOLE, .data = l->buf, .len = n };
    if (l->e.verify)
        sl_hash_once_as(l->e.digest, l->buf, n, l->digest);
    finish_reading(l, &l->piece);
    return true;
}

/* Goes to the next range. SL_EOF: there is none. */
static enum sl_code next_range(struct sl_local *l, struct sl_error *err)
{
    uint64_t at, len;
    bool sent = !l->holes;
    if (l->stretch.ranges) {
        if (!sl_stretch_next(&l->stretch, &at, &len, &sent))
            return SL_EOF;
        l->silent = !sent;
    } else {
        if (l->range >= l->ranges.len)
            return SL_EOF;
        at = l->ranges.at[l->range].at;
        len = l->ranges.at[l->range++].len;
    }
    return sent ? sl_reader_range(&l->reader, at, len, err) : sl_reader_part(&l->reader, at, len, err);
}

/* What is only hashed: a bounded piece of it. The piece that is made of it has no data: so the network has its turn. */
static enum sl_code hash_on(struct sl_local *l, struct sl_error *err)
{
    uint64_t done = 0;
    return sl_reader_hash(&l->reader, l->hash, SL_LOCAL_HASH_STEP, &done, err);
}

static enum sl_code next_piece(struct sl_local *l, struct sl_error *err)
{
    size_t got = 0;
    uint64_t hole = 0;
    enum sl_code rc = SL_OK;
    if (whole(l, err, &rc))
        return rc;
    for (;;) {
        rc = l->silent ? hash_on(l, err) : sl_reader_next(&l->reader, l->buf, SL_LOCAL_PIECE, &got, &hole, err);
        if (rc != SL_EOF || (rc = next_range(l, err)) != SL_OK)
            break;
    }
    if (rc == SL_EOF) {
        l->piece = (struct sl_piece){ .kind = SL_PIECE_END };
        if (l->e.verify)
            sl_hash_end(l->hash, l->digest);
        finish_reading(l, &l->piece);
        return SL_OK;
    }
    if (rc != SL_OK)
        return rc;
    if (hole) {
        l->piece = (struct sl_piece){ .kind = SL_PIECE_HOLE, .hole = hole };
        if (l->e.verify)
            sl_hash_hole(l->hash, hole);
    } else {
        l->piece = (struct sl_piece){ .kind = SL_PIECE_DATA, .data = l->buf, .len = got };
        if (l->e.verify)
            sl_hash_data(l->hash, l->buf, got);
    }
    return SL_OK;
}

static enum sl_code local_piece(struct sl_endpoint *e, struct sl_piece *out, struct sl_error *err)
{
    struct sl_local *l = self(e);
    struct sl_error why = { 0 };
    (void)err;
    if (!l->have_piece) {
        if (!l->reading)
            return SL_AGAIN;
        if (next_piece(l, &why) != SL_OK) {
            sl_reader_close(&l->reader);
            l->reading = false;
            failed_piece(l, &why);
        }
        l->have_piece = true;
    }
    *out = l->piece;
    return SL_OK;
}

static void local_piece_taken(struct sl_endpoint *e)
{
    self(e)->have_piece = false;
}

/* ---- hashes ---- */

/* A hole is one piece, however long it is. */
static void hash_hole(struct sl_local *l, uint64_t left)
{
    while (left) {
        uint64_t n = left < HOLE_STEP ? left : HOLE_STEP;
        sl_hash_zeros(l->hash_state, n);
        left -= n;
        if (left && l->e.busy)
            l->e.busy(l->e.busy_ctx);
    }
}

static enum sl_code hash_file(struct sl_local *l, int dirfd, const char *name, struct sl_error *err)
{
    struct sl_reader r;
    const uint8_t *data = NULL;
    size_t got = 0;
    uint64_t hole = 0;
    enum sl_code rc = sl_local_open(l, &r, dirfd, name, err);
    if (rc != SL_OK)
        return rc;
    sl_hash_reset(l->hash_state);
    for (unsigned turn = 1; (rc = sl_reader_view(&r, &data, &got, &hole, err)) == SL_OK; turn++) {
        if (l->e.busy && turn % BUSY_EVERY == 0)
            l->e.busy(l->e.busy_ctx);
        if (hole)
            hash_hole(l, hole);
        else
            sl_hash_data(l->hash_state, data, got);
        got = 0;
    }
    sl_reader_close(&r);
    if (rc != SL_EOF)
        return rc;
    sl_hash_end(l->hash_state, l->hash_out);
    return SL_OK;
}

static void local_hash(struct sl_endpoint *e, uint32_t dir, const char *name)
{
    struct sl_local *l = self(e);
    int fd = -1;
    l->hash_code = sl_dirs_fd(l->dirs, dir, &fd, &l->hash_error);
    if (l->hash_code == SL_OK)
        l->hash_code = hash_file(l, fd, name, &l->hash_error);
    sl_local_answer(l, SL_JOB_HASH, SL_OK, NULL);
}

static enum sl_code local_hash_next(struct sl_endpoint *e, uint8_t out[SL_HASH_MOST], struct sl_error *err)
{
    struct sl_local *l = self(e);
    enum sl_code rc = l->hash_code;
    if (rc == SL_OK)
        memcpy(out, l->hash_out, sizeof l->hash_out);
    else if (rc != SL_AGAIN)
        *err = l->hash_error;
    l->hash_code = SL_AGAIN;
    return rc;
}

static enum sl_code local_owner(struct sl_endpoint *e, bool group, uint32_t number, const char *name, bool *settable,
                                uint32_t *there)
{
    struct sl_owners *o = self(e)->owners;
    *there = group ? sl_owners_gid(o, number, name) : sl_owners_uid(o, number, name);
    *settable = e->fake || (group ? sl_owners_can_gid(o, *there) : sl_owners_can_uid(o, *there));
    return SL_OK;
}

static const struct sl_endpoint_ops local_ops = {
    .free = local_free,           .place = sl_local_place,        .room = local_room,           .open_dir = local_open_dir,
    .close_dir = local_close_dir, .list = local_list,           .list_next = local_list_next, .list_skip = local_list_skip,
    .read = local_read,           .read_ranges = local_read_ranges, .piece = local_piece,     .piece_taken = local_piece_taken,
    .hash = local_hash,           .hash_next = local_hash_next, .chunks = sl_local_chunks,    .work = sl_local_work,
    .put = sl_local_put,          .write = sl_local_write,      .data = sl_local_data,        .hole = sl_local_hole,
    .basis = sl_local_basis,      .copy = sl_local_copy,        .commit = sl_local_commit,    .abort = sl_local_abort,
    .hash_blocks = sl_local_hash_blocks, .keep = sl_local_keep,        .kept_in = sl_local_kept_in,  .part = sl_local_part,        .join = sl_local_join,
    .drop = sl_local_drop,        .read_part = local_read_part, .read_some = local_read_some, .fetch = sl_local_fetch, .look = sl_local_look,
    .make = sl_local_make,        .set_meta = sl_local_set_meta, .remove = sl_local_remove,   .owner = local_owner,
    .attrs = sl_local_attrs,      .get_attrs = sl_local_get_attrs,
    .link = sl_local_link,        .rename = sl_local_rename,    .backup = sl_local_backup,    .take = sl_local_take,       .release = sl_local_release,  .stage_in = sl_local_stage_in, .reserve = sl_local_reserve,
};

void sl_local_digest(struct sl_endpoint *e, enum sl_hash_kind kind)
{
    struct sl_local *l = self(e);
    e->digest = kind;
    sl_hash_choose(l->hash, kind);
    sl_hash_choose(l->hash_state, kind);
}

struct sl_endpoint *sl_local_new(enum sl_side side, bool verify, struct sl_helper *names)
{
    struct sl_local *l = sl_calloc(1, sizeof *l);
    l->e.ops = &local_ops;
    l->e.side = side;
    l->e.verify = verify;
    l->e.rights = SL_RIGHT_ALL;
    l->e.parts = l->e.versions = l->e.reads_some = l->e.attrs = l->e.links = l->e.renames = l->e.backups = l->e.takes = l->e.syncs = l->e.holds = true;
    l->e.grids = l->e.stages_in = l->e.reserves = l->e.mounts = l->e.reads_devices = l->e.writes_devices = true;
    l->away = -1;
    l->e.uid = (uint32_t)geteuid();
    l->e.can_chown = l->e.uid == 0;
    l->e.next_id = 1;
    l->names = names;
    l->dirs = sl_dirs_new(LOCAL_IDS, LOCAL_FDS);
    l->owners = names ? sl_owners_new_asking(sl_account_ask_helper, names) : sl_owners_new();
    l->hash = sl_hash_new();
    l->buf = sl_malloc(SL_LOCAL_PIECE);
    l->hash_state = sl_hash_new();
    l->hash_code = SL_AGAIN;
    l->reader.fd = -1;
    return &l->e;
}

enum sl_code sl_local_beside(struct sl_endpoint **out, const struct sl_endpoint *first, struct sl_error *err)
{
    const struct sl_local *f = (const struct sl_local *)first;
    struct sl_endpoint *e = sl_local_new(first->side, first->verify, f->names);
    enum sl_code rc = sl_dirs_share_roots(sl_local_of(e)->dirs, f->dirs, err);
    e->next_id = first->next_id;
    e->no_atime = first->no_atime;
    e->fake = first->fake;
    e->can_chown = first->can_chown;
    e->devices = first->devices;
    e->seed = first->seed;
    sl_local_digest(e, first->digest);
    sl_local_of(e)->searched.in = f->searched.in;
    if (rc != SL_OK)
        e->ops->free(e);
    else
        *out = e;
    if (rc == SL_OK)
        sl_charset_wrap_beside(e, first);
    return rc;
}

void sl_place_clear(struct sl_place *p)
{
    free(p->base);
    free(p->name);
    free(p->top);
    *p = (struct sl_place){ 0 };
}

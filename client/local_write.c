/* SPDX-License-Identifier: ISC */
/* local_write - the local endpoint's operations that change its tree, each carried out within its call. */
#include "config.h"
#include "client/local_priv.h"
#include "base/io.h"
#include "tree/fake.h"
#include "tree/away.h"
#include "tree/hold.h"
#include "tree/move.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum {
    PUTS_LEAST = 64,             /* small files before a thread for them pays */
    BUSY_EVERY = 32              /* steps */
};

static void close_bases(struct sl_local *l)
{
    while (l->bases_len)
        sl_io_close(&l->bases[--l->bases_len]);
}

static void write_clear(struct sl_local *l)
{
    if (l->staging)
        sl_stage_abort(&l->stage);
    l->staging = false;
    close_bases(l);
}

void sl_local_write_end(struct sl_local *l)
{
    if (l->staging)
        sl_kept_end(&l->stage, l->w_flags);
    l->staging = false;
    close_bases(l);
}

enum sl_code sl_local_open_basis(struct sl_local *l, struct sl_reader *r, uint32_t dir, const char *name, unsigned flags, struct sl_error *err)
{
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, err);
    if (rc != SL_OK)
        return rc;
    return flags & SL_CHUNKS_KEPT ? sl_kept_open(r, fd, name, true, &l->searched, err) : sl_local_open(l, r, fd, name, err);
}

static uint32_t meta_of(const struct sl_local *l, const struct sl_new *n)
{
    return n->meta | (l->e.fake & SL_FAKE ? SL_META_FAKE : 0);
}

static enum sl_code in_dir(struct sl_local *l, const struct sl_new *n, int *fd, struct sl_error *err)
{
    return sl_dirs_fd(l->dirs, n->dir, fd, err);
}

/* Owners become numbers of this machine, if they can be set at all. */
static uint32_t resolve_owners(struct sl_local *l, struct sl_entry *e, uint32_t meta)
{
    if (meta & SL_META_UID)
        e->uid = sl_owners_uid(l->owners, e->uid, e->user);
    if (meta & SL_META_UID && !sl_owners_can_uid(l->owners, e->uid))
        meta &= ~(uint32_t)SL_META_UID;
    if (meta & SL_META_GID)
        e->gid = sl_owners_gid(l->owners, e->gid, e->group);
    if (meta & SL_META_GID && !sl_owners_can_gid(l->owners, e->gid))
        meta &= ~(uint32_t)SL_META_GID;
    e->user = e->group = NULL;
    return meta;
}

/* Whether the other thread does it. */
static bool put_beside(struct sl_local *l, const struct sl_new *n, const void *data, size_t len, const uint8_t *hash)
{
    struct sl_error err;
    struct sl_entry made = *n->entry;
    struct sl_put_job job = { .entry = &made, .flags = n->flags, .data = data, .len = len, .hash = hash, .kind = l->e.digest };
    if (++l->put_count == PUTS_LEAST)
        l->puts = sl_puts_new();
    if (!l->puts || l->e.fake || l->away >= 0 || l->attrs_there || l->unbacked || n->flags & (SL_PUT_INPLACE | SL_PUT_HOLD) || sl_dirs_fd(l->dirs, n->dir, &job.dirfd, &err) != SL_OK)
        return false;
    made.wants = NULL;
    job.meta = resolve_owners(l, &made, n->meta);
    sl_local_place_for_answer(l);
    if (!sl_puts_add(l->puts, &job, l->e.issued[SL_JOB_WORK] + 1))
        return false;
    l->e.issued[SL_JOB_WORK]++;
    return true;
}

void sl_local_put(struct sl_endpoint *e, const struct sl_new *n, const void *data, size_t len, const uint8_t *hash)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    uint8_t mine[SL_HASH_MOST];
    struct sl_entry made = *n->entry;
    int fd = -1;
    enum sl_code rc = SL_OK;
    if (put_beside(l, n, data, len, hash))
        return;
    sl_local_attrs_take(l, &made);
    if (sl_local_unbacked(l))
        return;
    if (hash) {
        sl_hash_once_as(e->digest, data, len, mine);
        if (memcmp(mine, hash, sl_hash_size(e->digest)) != 0)
            rc = sl_fail(&err, SL_E_CORRUPT, "content of '%s' does not match its hash", n->entry->name);
    }
    if (rc == SL_OK)
        rc = in_dir(l, n, &fd, &err);
    struct sl_away_put p = { &made, meta_of(l, n), n->flags, data, len, l->searched.in, l->away };
    if (rc == SL_OK)
        rc = sl_away_put(fd, &p, l->owners, &err);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

static void remember(struct sl_local *l, const struct sl_new *n)
{
    memcpy(l->w_name, n->entry->name, n->entry->name_len + 1);
    l->w_entry = *n->entry;
    l->w_entry.name = l->w_name;
    l->w_meta = meta_of(l, n);
    l->w_flags = n->flags;
}

void sl_local_write(struct sl_endpoint *e, const struct sl_new *n)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    int fd = -1;
    if (sl_local_unbacked(l))
        return;
    remember(l, n);
    sl_local_attrs_hold(l);
    enum sl_code rc = in_dir(l, n, &fd, &err);
    if (rc == SL_OK)
        rc = n->flags & SL_PUT_INPLACE ? sl_stage_begin_inplace(&l->stage, fd, &l->w_entry, l->w_meta, n->flags, &err)
                                       : sl_away_begin(&l->stage, &(struct sl_away){ fd, l->away }, &l->w_entry, l->w_meta, &err);
    l->staging = rc == SL_OK;
    if (l->staging && n->flags & SL_PUT_PARTIAL)
        sl_stage_watch(&l->stage);
    l->stage.sparse = n->flags & SL_PUT_SPARSE;
    l->stage.kept_in = l->searched.in;
    l->stage.searched = &l->searched;
    l->hashing = l->e.verify;
    sl_hash_choose(l->hash, l->e.digest);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

/* ---- in parts ---- */

void sl_local_part(struct sl_endpoint *e, const struct sl_new *n, const char *token, uint64_t from)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    struct sl_part p = { .name = l->w_name, .token = token, .from = from, .size = n->entry->size, .first = n->flags & SL_PUT_FIRST };
    int fd = -1;
    remember(l, n);
    enum sl_code rc = in_dir(l, n, &fd, &err);
    if (rc == SL_OK)
        rc = sl_part_begin(&l->stage, fd, &p, &err);
    l->staging = rc == SL_OK;
    l->stage.sparse = n->flags & SL_PUT_SPARSE;
    l->hashing = l->e.verify;
    sl_hash_choose(l->hash, l->e.digest);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_join(struct sl_endpoint *e, const struct sl_new *n, const char *token)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    struct sl_entry made = *n->entry;
    struct sl_join j = { .entry = &made, .token = token, .meta = meta_of(l, n), .flags = n->flags, .kept_in = l->searched.in };
    int fd = -1;
    sl_local_settle(l);
    sl_local_attrs_take(l, &made);
    if (sl_local_unbacked(l))
        return;
    enum sl_code rc = in_dir(l, n, &fd, &err);
    if (rc == SL_OK)
        rc = sl_part_join(fd, &j, l->owners, &err);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_drop(struct sl_endpoint *e, uint32_t dir, const char *name, const char *token, uint32_t flags)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    struct sl_drop d = { .name = name, .token = token, .flags = flags, .kept_in = l->searched.in };
    int fd = -1;
    sl_local_settle(l);
    if (l->staging && l->stage.part)     /* of a run that has failed: it has no other end, and would hold the file */
        sl_local_write_end(l);
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &err);
    if (rc == SL_OK)
        rc = sl_part_drop(fd, &d, &err);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

/* ---- content ---- */

static void give_up_writing(struct sl_local *l, enum sl_code rc)
{
    if (rc != SL_OK)
        write_clear(l);
}

void sl_local_data(struct sl_endpoint *e, const void *data, size_t len)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    enum sl_code rc = l->staging ? sl_stage_write(&l->stage, data, len, &err) : SL_OK;
    if (l->staging && l->hashing)
        sl_hash_data(l->hash, data, len);
    give_up_writing(l, rc);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_hole(struct sl_endpoint *e, uint64_t len)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    enum sl_code rc = l->staging ? sl_stage_hole(&l->stage, len, &err) : SL_OK;
    if (l->staging && l->hashing)
        sl_hash_hole(l->hash, len);
    give_up_writing(l, rc);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_basis(struct sl_endpoint *e, uint32_t dir, const char *name, unsigned flags)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    struct sl_reader r;
    enum sl_code rc = SL_OK;
    l->hashing = true;
    if (l->staging) {
        rc = sl_local_open_basis(l, &r, dir, name, flags, &err);
        if (rc == SL_OK)
            l->bases[l->bases_len++] = r.fd;
        give_up_writing(l, rc);
    }
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_copy(struct sl_endpoint *e, unsigned basis, uint64_t from, uint32_t len)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    enum sl_code rc = SL_OK;
    if (l->staging)
        rc = sl_stage_copy(&l->stage, l->bases[basis], from, len, l->hash, &err);
    give_up_writing(l, rc);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_kept_in(struct sl_endpoint *e, const char *name)
{
    sl_local_of(e)->searched.in = name;
}

void sl_local_stage_in(struct sl_endpoint *e, uint32_t dir)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &err);
    if (rc == SL_OK && (fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        rc = sl_fail_errno(&err, errno, "cannot open the directory for staged files again");
    if (rc == SL_OK) {
        sl_io_close(&l->away);
        l->away = fd;
        sl_away_clean(fd);
    }
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_reserve(struct sl_endpoint *e, uint64_t len)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    enum sl_code rc = l->staging ? sl_stage_reserve(&l->stage, len, &err) : SL_OK;
    if (rc != SL_E_UNSUPPORTED)
        give_up_writing(l, rc);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_keep(struct sl_endpoint *e, uint64_t len)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    enum sl_code rc = l->staging ? sl_stage_keep(&l->stage, len, &err) : SL_OK;
    give_up_writing(l, rc);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_hash_blocks(struct sl_endpoint *e, unsigned grain)
{
    struct sl_local *l = sl_local_of(e);
    sl_hash_by_blocks(l->hash, sl_local_seed(l)->secret, grain);
    l->hashing = true;
    sl_local_answer(l, SL_JOB_WORK, SL_OK, NULL);
}

/* It was staged on another file system: a long one takes its time. */
static enum sl_code bring_home(struct sl_local *l, struct sl_error *err)
{
    uint64_t bytes;
    enum sl_code rc = sl_away_home(&l->stage, err);
    for (unsigned turn = 1; rc == SL_AGAIN; turn++) {
        if (l->e.busy && turn % BUSY_EVERY == 0)
            l->e.busy(l->e.busy_ctx);
        rc = sl_away_step(&l->stage, &bytes, err);
    }
    return rc;
}

void sl_local_commit(struct sl_endpoint *e, const uint8_t *hash)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    enum sl_code rc = SL_OK;
    if (l->unbacked)
        write_clear(l);
    if (sl_local_unbacked(l))
        return;
    if (l->staging && hash) {
        uint8_t mine[SL_HASH_MOST];
        sl_hash_end(l->hash, mine);
        if (memcmp(mine, hash, sl_hash_size(e->digest)) != 0)
            rc = sl_fail(&err, SL_E_CORRUPT, "content of '%s' does not match its hash", l->w_name);
        give_up_writing(l, rc);
    }
    if (l->staging && !l->stage.part)
        give_up_writing(l, rc = bring_home(l, &err));
    if (l->staging && l->stage.part)
        rc = sl_part_end(&l->stage, &err);
    else if (l->staging)
        rc = sl_stage_commit(&l->stage, &l->w_entry, l->w_meta, l->w_flags, l->owners, &err);
    l->staging = false;
    close_bases(l);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_abort(struct sl_endpoint *e)
{
    struct sl_local *l = sl_local_of(e);
    write_clear(l);
    sl_local_answer(l, SL_JOB_WORK, SL_OK, NULL);
}

void sl_local_make(struct sl_endpoint *e, const struct sl_new *n)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    struct sl_entry made = *n->entry;
    int fd = -1;
    sl_local_attrs_take(l, &made);
    if (n->entry->type != SL_TYPE_DIR && sl_local_unbacked(l))
        return;
    enum sl_code rc = in_dir(l, n, &fd, &err);
    if (rc == SL_OK && made.type == SL_TYPE_DIR)
        rc = sl_stage_mkdir(fd, &made, meta_of(l, n), l->owners, &err);
    else if (rc == SL_OK)
        rc = sl_stage_special(fd, &made, meta_of(l, n), n->flags, l->owners, &err);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_set_meta(struct sl_endpoint *e, const struct sl_new *n)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    struct sl_entry made = *n->entry;
    int fd = -1;
    sl_local_settle(l);
    sl_local_attrs_take(l, &made);
    enum sl_code rc = in_dir(l, n, &fd, &err);
    if (rc == SL_OK)
        rc = sl_meta_set_at(fd, made.name, &made, meta_of(l, n), l->owners, &err);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_remove(struct sl_endpoint *e, uint32_t dir, enum sl_type kind, const char *name)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    int fd = -1;
    sl_local_settle(l);
    if (sl_local_unbacked(l))
        return;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &err);
    if (rc == SL_OK)
        rc = sl_stage_remove(fd, name, kind, &err);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_release(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    struct sl_release r = { .name = name, .in = l->searched.in, .flags = flags };
    int fd = -1;
    if (sl_local_unbacked(l))
        return;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &err);
    if (rc == SL_OK)
        rc = sl_hold_release(fd, &r, &err);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

void sl_local_take(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_entry *as)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    int fd = -1;
    sl_local_settle(l);
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &err);
    if (rc == SL_OK)
        rc = sl_stage_remove_as(fd, name, as, l->e.fake & SL_FAKE ? SL_META_FAKE : 0, &err);
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

static enum sl_code move(struct sl_local *l, const struct sl_names *n, enum sl_code (*how)(const struct sl_move *m, struct sl_error *err),
                         struct sl_error *err)
{
    struct sl_move m = { .from_fd = -1, .from = n->from, .to = n->to, .flags = n->flags };
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(l->dirs, n->from_dir, &fd, err);
    if (rc == SL_OK && (m.from_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)   /* one descriptor is lent at a time */
        rc = sl_fail_errno(err, errno, "cannot open the directory of '%s' again", n->from);
    if (rc == SL_OK)
        rc = sl_dirs_fd(l->dirs, n->to_dir, &m.to_fd, err);
    if (rc == SL_OK && n->flags & SL_PUT_HOLD)
        rc = sl_hold_link(&(struct sl_hold_link){ m, l->searched.in, l->searched.in }, err);
    else if (rc == SL_OK)
        rc = how(&m, err);
    sl_io_close(&m.from_fd);
    return rc;
}

void sl_local_link(struct sl_endpoint *e, const struct sl_names *n)
{
    struct sl_error err = { 0 };
    sl_local_settle(sl_local_of(e));
    if (sl_local_unbacked(sl_local_of(e)))
        return;
    sl_local_answer(sl_local_of(e), SL_JOB_WORK, move(sl_local_of(e), n, sl_move_link, &err), &err);
}

void sl_local_rename(struct sl_endpoint *e, const struct sl_names *n)
{
    struct sl_error err = { 0 };
    sl_local_settle(sl_local_of(e));
    sl_local_answer(sl_local_of(e), SL_JOB_WORK, move(sl_local_of(e), n, sl_move_rename, &err), &err);
}

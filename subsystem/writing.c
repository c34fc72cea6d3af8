/* SPDX-License-Identifier: ISC */
/*
 * writing - requests that change the tree. Files are staged and get their name when they are complete and their hash is
 * right (tree/stage.h). What the rights do not cover is kept back where the rest still makes sense: without `overwrite`
 * nothing is replaced, without `meta` nobody's files are given away and no setuid bit is set.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "tree/fake.h"

#include "base/io.h"
#include "base/mem.h"
#include "tree/away.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOLE_STEP = 4 * 1024 * 1024 };   /* bytes of a device that are written before other channels have their turn */

bool sl_limit(const struct sl_channel *ch, struct sl_entry *e, uint32_t *meta, uint32_t *flags)
{
    if (!(ch->rights & SL_RIGHT_META)) {
        *meta &= ~(uint32_t)(SL_META_UID | SL_META_GID);
        e->mode &= 0777;
    }
    *meta |= ch->fake & SL_FAKE ? SL_META_FAKE : 0;
    if (!(*flags & SL_PUT_REPLACE) || ch->rights & SL_RIGHT_OVERWRITE)
        return false;
    *flags &= ~(uint32_t)SL_PUT_REPLACE;
    return true;
}

enum sl_code sl_told(enum sl_code rc, bool kept_back, const char *name, struct sl_error *err)
{
    if (rc == SL_E_EXISTS && kept_back)
        return sl_fail(err, SL_E_RIGHTS, "'%s' exists, and the right to overwrite is missing", name);
    return rc;
}

static enum sl_code check_hash(const struct sl_channel *ch, const uint8_t *mine, const uint8_t *sent, const char *name,
                               struct sl_error *err)
{
    if (memcmp(mine, sent, sl_hash_size(ch->s->digest)) == 0)
        return SL_OK;
    return sl_fail(err, SL_E_CORRUPT, "content of '%s' does not match its hash", name);
}

enum sl_code sl_run_put(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_put *m = &q->put;
    struct sl_entry e = m->entry;
    uint32_t meta = m->meta, flags = sl_devices_written(ch, m->flags);
    uint8_t mine[SL_HASH_MOST];
    int fd = -1;
    bool kept_back = sl_limit(ch, &e, &meta, &flags);
    if (e.type != SL_TYPE_FILE || e.size != m->data_len)
        return sl_fail(err, SL_E_INVALID, "'%s' is no whole file", e.name);
    sl_hash_once_as(ch->s->digest, m->data, m->data_len, mine);
    enum sl_code rc = check_hash(ch, mine, m->hash, e.name, err);
    if (rc == SL_OK)
        rc = sl_may_write_so(ch, m->flags, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK)
        rc = sl_spend(ch->s, SL_SPEND_MADE_FILE, 1, err);
    if (rc == SL_OK)
        rc = sl_spend(ch->s, SL_SPEND_STORED, m->data_len, err);
    struct sl_away_put p = { &e, meta, flags, m->data, m->data_len, sl_held_in(ch, m->id, e.name), ch->away };
    if (rc == SL_OK)
        rc = sl_away_put(fd, &p, ch->s->owners, err);
    if (rc == SL_OK)
        sl_note(ch, SL_NOTE_TRANSFER, "write", m->id, e.name);
    return sl_told(rc, kept_back, e.name, err);
}

/* ---- a file in pieces ---- */

void sl_bases_close(struct sl_channel *ch)
{
    while (ch->bases_len)
        sl_io_close(&ch->bases[--ch->bases_len]);
}

/* The last to have a large file open that was replaced frees it: 80 ms for 1 GiB. Its writer need not wait for that. */
static void close_replaced(struct sl_channel *ch)
{
    if (ch->bases_len) {
        sl_session_rest(ch->s);
        ch->s->replaced = ch->bases[0];
        ch->bases[0] = -1;
    }
    sl_bases_close(ch);
}

void sl_writing_dead(struct sl_channel *ch)
{
    if (ch->writing == SL_WRITING)
        sl_stage_abort(&ch->stage);
    ch->writing = SL_WRITING_DEAD;
    sl_store_end(ch, false);
    sl_bases_close(ch);
}

enum sl_code sl_run_write(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_put *m = &q->put;
    int fd = -1;
    if (ch->writing != SL_WRITING_NOT)
        return sl_fail(err, SL_E_INVALID, "another file is being written on this channel");
    if (m->entry.type != SL_TYPE_FILE)
        return sl_fail(err, SL_E_INVALID, "'%s' is no file", m->entry.name);
    ch->w_entry = m->entry;
    memcpy(ch->w_name, m->entry.name, m->entry.name_len + 1);
    ch->w_entry.name = ch->w_name;
    ch->w_entry.target = NULL;
    ch->w_meta = m->meta;
    ch->w_flags = sl_devices_written(ch, m->flags);
    ch->w_kept_back = sl_limit(ch, &ch->w_entry, &ch->w_meta, &ch->w_flags);
    sl_attrs_hold(ch);
    enum sl_code rc = sl_may_write_so(ch, m->flags, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK)
        rc = sl_spend(ch->s, SL_SPEND_MADE_FILE, 1, err);
    if (rc == SL_OK && ch->w_flags & SL_PUT_INPLACE)
        rc = sl_stage_begin_inplace(&ch->stage, fd, &ch->w_entry, ch->w_meta, ch->w_flags, err);
    else if (rc == SL_OK)
        rc = sl_away_begin(&ch->stage, &(struct sl_away){ fd, ch->away }, &ch->w_entry, ch->w_meta, err);
    if (rc != SL_OK)
        return rc;
    sl_note(ch, SL_NOTE_TRANSFER, "write", m->id, ch->w_name);
    if (ch->w_flags & SL_PUT_PARTIAL)
        sl_stage_watch(&ch->stage);
    ch->stage.sparse = ch->w_flags & SL_PUT_SPARSE;
    ch->stage.kept_in = ch->searched.in;
    ch->stage.searched = &ch->searched;
    if (sl_hidden_kept(ch, m->id, ch->w_name)) {
        ch->stage.kept_in = NULL;
        ch->w_flags |= SL_PUT_UNKEPT;
    }
    sl_hash_reset(ch->w_hash);
    ch->writing = SL_WRITING;
    return SL_OK;
}

static enum sl_code not_begun(struct sl_error *err)
{
    return sl_fail(err, SL_E_INVALID, "no file is being written on this channel");
}

enum sl_code sl_run_data(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    if (ch->writing == SL_WRITING_NOT)
        return not_begun(err);
    if (ch->writing == SL_WRITING_DEAD)
        return SL_OK;
    sl_hash_data(ch->w_hash, q->bytes.data, q->bytes.len);
    enum sl_code rc = sl_store(ch, q->bytes.len, err);
    if (rc == SL_OK)
        rc = sl_stage_write(&ch->stage, q->bytes.data, q->bytes.len, err);
    if (rc != SL_OK)
        sl_writing_dead(ch);
    return rc;
}

static enum sl_code hole(struct sl_channel *ch, uint64_t n, struct sl_error *err)
{
    enum sl_code rc = sl_stage_hole(&ch->stage, n, err);
    if (rc != SL_OK)
        sl_writing_dead(ch);
    return rc;
}

/* On a device, where zeros may have to be written for it, without an end on one of characters. */
static enum sl_code hole_step(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_error why = { 0 };
    uint64_t n = ch->w_hole_left < HOLE_STEP ? ch->w_hole_left : HOLE_STEP;
    (void)err;
    ch->w_hole_left -= n;
    if (hole(ch, n, &why) != SL_OK) {
        sl_channel_fail(ch, &why);
        return SL_EOF;
    }
    return ch->w_hole_left ? SL_OK : SL_EOF;
}

enum sl_code sl_run_hole(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    if (ch->writing == SL_WRITING_NOT)
        return not_begun(err);
    if (ch->writing == SL_WRITING_DEAD)
        return SL_OK;
    sl_hash_hole(ch->w_hash, q->hole);
    /* Where room was taken ahead, what is left out takes it all the same. */
    const struct sl_stage *s = &ch->stage;
    uint64_t room = !s->sparse && s->reserved > s->pos ? s->reserved - s->pos : 0;
    if (s->device)                       /* it may be zeros that are written there */
        room = q->hole;
    enum sl_code rc = sl_store(ch, room < q->hole ? room : q->hole, err);
    if (rc != SL_OK) {
        sl_writing_dead(ch);
        return rc;
    }
    if (!s->device || q->hole <= HOLE_STEP)
        return hole(ch, q->hole, err);
    ch->w_hole_left = q->hole;
    ch->step = hole_step;
    return SL_OK;
}

enum sl_code sl_run_keep(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    if (ch->writing == SL_WRITING_NOT)
        return not_begun(err);
    if (ch->writing == SL_WRITING_DEAD)
        return SL_OK;
    const struct sl_stage *s = &ch->stage;
    uint64_t room = s->reserved > s->pos ? s->reserved - s->pos : 0;
    enum sl_code rc = sl_store(ch, room < q->keep ? room : q->keep, err);       /* what was a hole in it takes room now */
    if (rc == SL_OK)
        rc = sl_stage_keep(&ch->stage, q->keep, err);
    if (rc != SL_OK)
        sl_writing_dead(ch);
    return rc;
}

enum sl_code sl_open_basis(struct sl_channel *ch, struct sl_reader *r, uint32_t dir, const char *name, uint8_t flags, struct sl_error *err)
{
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(ch->dirs, dir, &fd, err);
    if (rc != SL_OK)
        return rc;
    if (flags & SL_CHUNKS_KEPT && sl_hidden_kept(ch, dir, name))
        return sl_fail(err, SL_E_NOT_FOUND, "nothing is kept of '%s'", name);
    ch->searched_dir = dir;
    if (flags & SL_CHUNKS_KEPT)
        return sl_kept_open(r, fd, name, ch->rights & SL_RIGHT_CREATE, &ch->searched, err);
    return sl_open_for_reading(ch, r, fd, name, err);
}

/* A basis that can't be had spoils the file: what is copied from it would be missing. */
enum sl_code sl_run_basis(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_basis *m = &q->basis;
    char name[SL_NAME_MAX + 1];
    struct sl_reader r;
    if (ch->writing == SL_WRITING_NOT)
        return not_begun(err);
    if (ch->writing == SL_WRITING_DEAD)
        return SL_OK;
    memcpy(name, m->name, m->name_len);
    name[m->name_len] = '\0';
    enum sl_code rc = ch->bases_len < SL_BASES_OPEN_MAX ? sl_open_basis(ch, &r, m->id, name, m->flags, err)
                                                        : sl_fail(err, SL_E_LIMIT, "more than %u files to copy from", SL_BASES_OPEN_MAX);
    if (rc == SL_OK)
        ch->bases[ch->bases_len++] = r.fd;
    else
        sl_writing_dead(ch);
    return rc;
}

enum sl_code sl_run_kept_in(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_kept_in *m = &q->kept_in;
    if (ch->writing != SL_WRITING_NOT)
        return sl_fail(err, SL_E_INVALID, "a file is being written on this channel");
    if (sl_stage_is_temp(m->name, m->name_len))
        return sl_fail(err, SL_E_NAME, "'%.*s' is no name for a directory", (int)m->name_len, m->name);
    memcpy(ch->kept_in, m->name, m->name_len);
    ch->kept_in[m->name_len] = '\0';
    ch->searched.in = ch->kept_in;
    ch->searched.hidden = sl_hidden_left;
    ch->searched.hidden_ctx = ch;
    return SL_OK;
}

enum sl_code sl_run_copy(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_copy *m = &q->copy;
    if (ch->writing == SL_WRITING_NOT)
        return not_begun(err);
    if (ch->writing == SL_WRITING_DEAD)
        return SL_OK;
    enum sl_code rc = m->basis < ch->bases_len ? sl_store(ch, m->len, err)
                                               : sl_fail(err, SL_E_INVALID, "there is no file %u to copy from", m->basis);
    if (rc == SL_OK)
        rc = sl_stage_copy(&ch->stage, ch->bases[m->basis], m->from, m->len, ch->w_hash, err);
    if (rc != SL_OK)
        sl_writing_dead(ch);
    return rc;
}

/* The file being written ends: it gets its name, unless something was wrong with it. */
static enum sl_code give(struct sl_channel *ch, enum sl_code rc, struct sl_error *err)
{
    if (rc == SL_OK && ch->stage.part)
        rc = sl_part_end(&ch->stage, err);
    else if (rc == SL_OK)
        rc = sl_stage_commit(&ch->stage, &ch->w_entry, ch->w_meta, ch->w_flags, ch->s->owners, err);
    else
        sl_stage_abort(&ch->stage);
    sl_store_end(ch, rc == SL_OK || rc == SL_E_ATTRS);
    ch->writing = SL_WRITING_NOT;
    close_replaced(ch);
    return sl_told(rc, ch->w_kept_back, ch->w_name, err);
}

/* It was staged on another file system, and is copied. */
static enum sl_code home_step(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_error why = { 0 };
    uint64_t bytes = 0;
    (void)err;
    enum sl_code rc = sl_away_step(&ch->stage, &bytes, &why);
    if (rc == SL_AGAIN)
        return SL_OK;
    rc = give(ch, rc, &why);
    if (rc != SL_OK)
        sl_channel_fail(ch, &why);
    return SL_EOF;
}

enum sl_code sl_run_commit(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    uint8_t mine[SL_HASH_MOST];
    enum sl_writing was = ch->writing;
    if (was == SL_WRITING_NOT)
        return not_begun(err);
    if (was == SL_WRITING_DEAD) {
        ch->writing = SL_WRITING_NOT;
        return SL_OK;
    }
    sl_hash_end(ch->w_hash, mine);
    enum sl_code rc = check_hash(ch, mine, q->hash, ch->w_name, err);
    if (rc == SL_OK && !ch->stage.part)
        rc = sl_away_home(&ch->stage, err);
    if (rc == SL_AGAIN) {
        ch->step = home_step;
        return SL_OK;
    }
    return give(ch, rc, err);
}

enum sl_code sl_run_abort(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    (void)q;
    if (ch->writing == SL_WRITING_NOT)
        return not_begun(err);
    if (ch->writing == SL_WRITING)
        sl_stage_abort(&ch->stage);
    sl_store_end(ch, false);
    ch->writing = SL_WRITING_NOT;
    sl_bases_close(ch);
    return SL_OK;
}

/* ---- everything else that has a name ---- */

/* A directory that was made just now. The oldest of too many is forgotten: its times then stay as they are. */
static void remember(struct sl_channel *ch, int dir_fd, const char *name)
{
    struct stat st;
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
        return;
    if (ch->fresh_len == SL_FRESH_MAX)
        memmove(ch->fresh, ch->fresh + 1, --ch->fresh_len * sizeof *ch->fresh);
    if (ch->fresh_len == ch->fresh_cap) {
        ch->fresh_cap = ch->fresh_cap ? ch->fresh_cap * 2 : 16;
        ch->fresh = sl_realloc(ch->fresh, ch->fresh_cap * sizeof *ch->fresh);
    }
    ch->fresh[ch->fresh_len++] = (struct sl_fresh){ st.st_dev, st.st_ino };
}

enum sl_code sl_run_make(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_put *m = &q->put;
    struct sl_entry e = m->entry;
    uint32_t meta = m->meta, flags = m->flags;
    int fd = -1;
    bool kept_back = sl_limit(ch, &e, &meta, &flags);
    enum sl_code rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK)
        rc = sl_spend(ch->s, SL_SPEND_MADE_FILE, 1, err);
    if (rc == SL_OK && e.type == SL_TYPE_DIR)
        rc = sl_stage_mkdir(fd, &e, meta, ch->s->owners, err);
    else if (rc == SL_OK)
        rc = sl_stage_special(fd, &e, meta, flags, ch->s->owners, err);
    if ((rc == SL_OK || rc == SL_E_ATTRS) && e.type == SL_TYPE_DIR && !(ch->rights & SL_RIGHT_META))
        remember(ch, fd, e.name);
    if (rc == SL_OK)
        sl_note(ch, SL_NOTE_TRANSFER, "make", m->id, e.name);
    return sl_told(rc, kept_back, e.name, err);
}

/* What of a directory the channel made itself may be set, once, without the right to change metadata: a directory's times can
 * only be given when everything is in it. */
static enum sl_code set_fresh(struct sl_channel *ch, int dir_fd, const struct sl_msg_put *m, struct sl_error *err)
{
    struct sl_entry e = m->entry;
    uint32_t meta = m->meta, flags = 0;
    struct stat st;
    int fd = openat(dir_fd, *e.name ? e.name : ".", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    size_t i = ch->fresh_len;
    if (fd < 0 || fstat(fd, &st) != 0)
        i = 0;
    while (i && (ch->fresh[i - 1].dev != st.st_dev || ch->fresh[i - 1].ino != st.st_ino))
        i--;
    enum sl_code rc = i ? SL_OK : sl_fail(err, SL_E_RIGHTS, "not allowed here: the right to set metadata is missing");
    sl_limit(ch, &e, &meta, &flags);
    if (rc == SL_OK)
        rc = sl_meta_set_at(fd, "", &e, meta, ch->s->owners, err);
    if (i)
        memmove(&ch->fresh[i - 1], &ch->fresh[i], (--ch->fresh_len - (i - 1)) * sizeof *ch->fresh);
    sl_io_close(&fd);
    return rc;
}

/* What can't stand for another thing is replaced by something that can: that is more than its metadata. */
static enum sl_code may_stand_in(const struct sl_channel *ch, int dir_fd, const char *name, struct sl_error *err)
{
    const uint32_t needed = SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE;
    struct stat st;
    if (!(ch->fake & SL_FAKE) || (ch->rights & needed) == needed || fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 ||
        S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        return SL_OK;
    return sl_fail(err, SL_E_RIGHTS, "not allowed here: '%s' would be replaced by a file that stands for it, and the right to create or overwrite is missing", name);
}

enum sl_code sl_run_set_meta(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(ch->dirs, q->put.id, &fd, err);
    if (rc == SL_OK && ch->lesser)
        rc = set_fresh(ch, fd, &q->put, err);
    else if (rc == SL_OK && (rc = may_stand_in(ch, fd, q->put.entry.name, err)) == SL_OK)
        rc = sl_meta_set_at(fd, q->put.entry.name, &q->put.entry, q->put.meta | (ch->fake & SL_FAKE ? SL_META_FAKE : 0), ch->s->owners, err);
    return rc;
}

enum sl_code sl_run_remove(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    char name[SL_NAME_MAX + 1];
    int fd = -1;
    memcpy(name, q->remove.name, q->remove.name_len);
    name[q->remove.name_len] = '\0';
    enum sl_code rc = sl_dirs_fd(ch->dirs, q->remove.id, &fd, err);
    struct sl_entry as = { .type = q->remove.kind, .size = q->remove.size, .mtime_s = q->remove.mtime_s, .mtime_ns = q->remove.mtime_ns };
    if (rc == SL_OK && q->remove.only_as && !sl_conn_has(ch->s->conn, SL_FEATURE_REMOVE_AS))
        rc = sl_fail(err, SL_E_UNSUPPORTED, "the feature remove-as was not agreed on");
    if (rc == SL_OK)
        rc = q->remove.only_as ? sl_stage_remove_as(fd, name, &as, ch->fake & SL_FAKE ? SL_META_FAKE : 0, err) : sl_stage_remove(fd, name, q->remove.kind, err);
    if (rc == SL_OK) {
        ch->s->figures.removed++;
        sl_note(ch, SL_NOTE_TRANSFER, "remove", q->remove.id, name);
    }
    return rc;
}

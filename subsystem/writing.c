/* SPDX-License-Identifier: ISC */
/*
 * writing - requests that change the tree. Files are staged and get their name when they are complete and their hash is
 * right (tree/stage.h). What the rights do not cover is kept back where the rest still makes sense: without `overwrite`
 * nothing is replaced, without `meta` nobody's files are given away and no setuid bit is set.
 */
#include "config.h"
#include "subsystem/session_priv.h"

#include <string.h>

/* What of a new thing the rights allow. Returns whether replacing was kept back. */
static bool limit(const struct sl_channel *ch, struct sl_entry *e, uint32_t *meta, uint32_t *flags)
{
    if (!(ch->rights & SL_RIGHT_META)) {
        *meta &= ~(uint32_t)(SL_META_UID | SL_META_GID);
        e->mode &= 0777;
    }
    if (!(*flags & SL_PUT_REPLACE) || ch->rights & SL_RIGHT_OVERWRITE)
        return false;
    *flags &= ~(uint32_t)SL_PUT_REPLACE;
    return true;
}

/* Where only the missing right made the name's being taken a failure, the failure says so. */
static enum sl_code told(enum sl_code rc, bool kept_back, const char *name, struct sl_error *err)
{
    if (rc == SL_E_EXISTS && kept_back)
        return sl_fail(err, SL_E_RIGHTS, "'%s' exists, and the right to overwrite is missing", name);
    return rc;
}

static enum sl_code check_hash(const uint8_t *mine, const uint8_t *sent, const char *name, struct sl_error *err)
{
    if (memcmp(mine, sent, SL_HASH_LEN) == 0)
        return SL_OK;
    return sl_fail(err, SL_E_CORRUPT, "content of '%s' does not match its hash", name);
}

enum sl_code sl_run_put(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_put *m = &q->put;
    struct sl_entry e = m->entry;
    uint32_t meta = m->meta, flags = m->flags;
    uint8_t mine[SL_HASH_LEN];
    int fd = -1;
    bool kept_back = limit(ch, &e, &meta, &flags);
    if (e.type != SL_TYPE_FILE || e.size != m->data_len)
        return sl_fail(err, SL_E_INVALID, "'%s' is no whole file", e.name);
    sl_hash_once(m->data, m->data_len, mine);
    enum sl_code rc = check_hash(mine, m->hash, e.name, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK)
        rc = sl_stage_put(fd, &e, meta, flags, m->data, m->data_len, ch->s->owners, err);
    return told(rc, kept_back, e.name, err);
}

/* ---- a file in pieces ---- */

void sl_writing_dead(struct sl_channel *ch)
{
    if (ch->writing == SL_WRITING)
        sl_stage_abort(&ch->stage);
    ch->writing = SL_WRITING_DEAD;
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
    ch->w_flags = m->flags;
    ch->w_kept_back = limit(ch, &ch->w_entry, &ch->w_meta, &ch->w_flags);
    enum sl_code rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK)
        rc = sl_stage_begin(&ch->stage, fd, &ch->w_entry, ch->w_meta, err);
    if (rc != SL_OK)
        return rc;
    ch->stage.sparse = ch->w_flags & SL_PUT_SPARSE;
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
    enum sl_code rc = sl_stage_write(&ch->stage, q->bytes.data, q->bytes.len, err);
    if (rc != SL_OK)
        sl_writing_dead(ch);
    return rc;
}

enum sl_code sl_run_hole(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    if (ch->writing == SL_WRITING_NOT)
        return not_begun(err);
    if (ch->writing == SL_WRITING_DEAD)
        return SL_OK;
    sl_hash_hole(ch->w_hash, q->hole);
    enum sl_code rc = sl_stage_hole(&ch->stage, q->hole, err);
    if (rc != SL_OK)
        sl_writing_dead(ch);
    return rc;
}

enum sl_code sl_run_commit(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    uint8_t mine[SL_HASH_LEN];
    enum sl_writing was = ch->writing;
    if (was == SL_WRITING_NOT)
        return not_begun(err);
    if (was == SL_WRITING_DEAD) {
        ch->writing = SL_WRITING_NOT;
        return SL_OK;
    }
    sl_hash_end(ch->w_hash, mine);
    enum sl_code rc = check_hash(mine, q->hash, ch->w_name, err);
    if (rc == SL_OK)
        rc = sl_stage_commit(&ch->stage, &ch->w_entry, ch->w_meta, ch->w_flags, ch->s->owners, err);
    else
        sl_stage_abort(&ch->stage);
    ch->writing = SL_WRITING_NOT;
    return told(rc, ch->w_kept_back, ch->w_name, err);
}

enum sl_code sl_run_abort(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    (void)q;
    if (ch->writing == SL_WRITING_NOT)
        return not_begun(err);
    if (ch->writing == SL_WRITING)
        sl_stage_abort(&ch->stage);
    ch->writing = SL_WRITING_NOT;
    return SL_OK;
}

/* ---- everything else that has a name ---- */

enum sl_code sl_run_make(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_put *m = &q->put;
    struct sl_entry e = m->entry;
    uint32_t meta = m->meta, flags = m->flags;
    int fd = -1;
    bool kept_back = limit(ch, &e, &meta, &flags);
    enum sl_code rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK && e.type == SL_TYPE_DIR)
        rc = sl_stage_mkdir(fd, &e, meta, ch->s->owners, err);
    else if (rc == SL_OK)
        rc = sl_stage_special(fd, &e, meta, flags, ch->s->owners, err);
    return told(rc, kept_back, e.name, err);
}

enum sl_code sl_run_set_meta(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(ch->dirs, q->put.id, &fd, err);
    if (rc == SL_OK)
        rc = sl_meta_set_at(fd, q->put.entry.name, &q->put.entry, q->put.meta, ch->s->owners, err);
    return rc;
}

enum sl_code sl_run_remove(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    char name[SL_NAME_MAX + 1];
    int fd = -1;
    memcpy(name, q->remove.name, q->remove.name_len);
    name[q->remove.name_len] = '\0';
    enum sl_code rc = sl_dirs_fd(ch->dirs, q->remove.id, &fd, err);
    if (rc == SL_OK)
        rc = sl_stage_remove(fd, name, q->remove.kind, err);
    return rc;
}

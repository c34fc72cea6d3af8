/* SPDX-License-Identifier: ISC */
/*
 * parts - requests of a file that several connections write, each some of it (tree/part.h). A part is begun here and goes on as a file in pieces does
 * (writing.c). A session knows of no other's parts, and nothing is remembered of one that is over: the client knows when all are there.
 */
#include "config.h"
#include "subsystem/session_priv.h"

#include <string.h>

static enum sl_code check_had(const struct sl_channel *ch, struct sl_error *err)
{
    return sl_conn_has(ch->s->conn, SL_FEATURE_PARTS) ? SL_OK : sl_fail(err, SL_E_UNSUPPORTED, "files in parts were not agreed on");
}

/* The directory of a file that counts as one more made. */
static enum sl_code begin(struct sl_channel *ch, uint32_t id, int *fd, struct sl_error *err)
{
    enum sl_code rc = check_had(ch, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, id, fd, err);
    return rc == SL_OK ? sl_spend(ch->s, SL_SPEND_MADE_FILE, 1, err) : rc;
}

enum sl_code sl_run_part(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_part *m = &q->part;
    struct sl_part p = { .name = ch->w_name, .token = m->token, .from = m->from, .size = m->size, .first = m->flags & SL_PUT_FIRST };
    int fd = -1;
    if (ch->writing != SL_WRITING_NOT)
        return sl_fail(err, SL_E_INVALID, "another file is being written on this channel");
    memcpy(ch->w_name, m->name, m->name_len);
    ch->w_name[m->name_len] = '\0';
    enum sl_code rc = begin(ch, m->id, &fd, err);
    if (rc == SL_OK)
        rc = sl_part_begin(&ch->stage, fd, &p, err);
    if (rc != SL_OK)
        return rc;
    sl_note(ch, SL_NOTE_TRANSFER, "write a part of", m->id, ch->w_name);
    ch->stage.sparse = m->flags & SL_PUT_SPARSE;
    ch->w_flags = 0;
    ch->w_kept_back = false;
    sl_hash_reset(ch->w_hash);
    ch->writing = SL_WRITING;
    return SL_OK;
}

enum sl_code sl_run_join(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_put *m = &q->put;
    struct sl_entry e = m->entry;
    struct sl_join j = { .entry = &e, .token = m->token, .meta = m->meta, .flags = m->flags, .kept_in = ch->searched.in };
    int fd = -1;
    bool kept_back = sl_limit(ch, &e, &j.meta, &j.flags);
    if (sl_hidden_kept(ch, m->id, e.name))
        j.kept_in = NULL;
    enum sl_code rc = sl_may_write_so(ch, m->flags & SL_PUT_HOLD, err);
    if (rc == SL_OK)
        rc = begin(ch, m->id, &fd, err);
    if (rc == SL_OK)
        rc = sl_part_join(fd, &j, ch->s->owners, err);
    if (rc == SL_OK)
        sl_note(ch, SL_NOTE_TRANSFER, "write", m->id, e.name);
    return sl_told(rc, kept_back, e.name, err);
}

enum sl_code sl_run_drop(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_drop *m = &q->drop;
    char name[SL_NAME_MAX + 1];
    struct sl_drop d = { .name = name, .token = m->token, .flags = m->flags, .kept_in = ch->searched.in };
    int fd = -1;
    memcpy(name, m->name, m->name_len);
    name[m->name_len] = '\0';
    if (ch->unbacked)                    /* what there is no backup of stays as it is */
        d.flags &= ~(uint32_t)SL_PUT_PARTIAL;
    if (!(ch->rights & SL_RIGHT_OVERWRITE))
        d.flags &= ~(uint32_t)SL_PUT_REPLACE;
    if (sl_hidden_kept(ch, m->id, name)) {
        d.kept_in = NULL;
        d.flags |= SL_PUT_UNKEPT;
    }
    enum sl_code rc = check_had(ch, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    return rc == SL_OK ? sl_part_drop(fd, &d, err) : rc;
}

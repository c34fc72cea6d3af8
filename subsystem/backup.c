/* SPDX-License-Identifier: ISC */
/*
 * backup - the request BACKUP (tree/backup.h). Where it fails, the next request of the channel that would put something
 * in that place or take something away fails as well: so a client need not wait for its answer, and nothing is lost of
 * which there is no backup.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "tree/fake.h"

#include "base/io.h"

#include <fcntl.h>
#include <string.h>

void sl_backup_failed(struct sl_channel *ch)
{
    ch->unbacked = true;
}

bool sl_unbacked(struct sl_channel *ch, enum sl_msg type)
{
    bool replaces = type == SL_MSG_PUT || type == SL_MSG_WRITE || type == SL_MSG_COMMIT || type == SL_MSG_JOIN ||
                    type == SL_MSG_SYMLINK || type == SL_MSG_MKNOD || type == SL_MSG_REMOVE || type == SL_MSG_RENAME ||
                    type == SL_MSG_LINK || type == SL_MSG_RELEASE;
    if (!ch->unbacked || !replaces)
        return false;
    ch->unbacked = false;
    if (type == SL_MSG_COMMIT && ch->writing != SL_WRITING_NOT)
        sl_run_abort(ch, NULL, NULL);
    return true;
}

static enum sl_code step(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_error why = { 0 };
    uint64_t bytes = 0;
    (void)err;
    enum sl_code rc = sl_backup_step(&ch->backup, &bytes, &why);
    if (rc == SL_AGAIN && (rc = sl_spend(ch->s, SL_SPEND_STORED, bytes, &why)) == SL_OK)
        return SL_OK;
    if (rc != SL_OK) {
        sl_backup_end(&ch->backup);
        sl_backup_failed(ch);
        sl_channel_fail(ch, &why);
    }
    return SL_EOF;
}

static enum sl_code begin(struct sl_channel *ch, const struct sl_msg_backup *m, struct sl_backup_what *w,
                          struct sl_error *err)
{
    int fd = -1;
    enum sl_code rc = sl_may_make(ch, m->names.to_id, w->move.to, false, err);
    if (rc == SL_OK)                     /* of a directory it becomes one */
        rc = sl_may_make(ch, m->names.to_id, w->move.to, true, err);
    if (rc == SL_OK)
        rc = sl_spend(ch->s, SL_SPEND_MADE_FILE, 1, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->names.from_id, &fd, err);
    if (rc == SL_OK && (w->move.from_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        rc = sl_fail(err, SL_E_LIMIT, "cannot open the directory of '%s' again", w->move.from);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->names.to_id, &w->move.to_fd, err);
    return rc == SL_OK ? sl_backup_begin(&ch->backup, w, err) : rc;
}

static void name_it(char out[SL_NAME_MAX + 1], const char *name, size_t len)
{
    memcpy(out, name, len);
    out[len] = '\0';
}

enum sl_code sl_run_backup(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_backup *m = &q->backup;
    char from[SL_NAME_MAX + 1], to[SL_NAME_MAX + 1];
    bool kept_back = m->names.flags & SL_PUT_REPLACE && !(ch->rights & SL_RIGHT_OVERWRITE);
    struct sl_backup_what w = { .move = { .from_fd = -1, .to_fd = -1, .from = from, .to = to },
                                .flags = m->names.flags,
                                .meta = ch->rights & SL_RIGHT_META ? SL_BACKUP_META : SL_BACKUP_META & ~(uint32_t)(SL_META_UID | SL_META_GID),
                                .special = ch->rights & SL_RIGHT_SPECIAL,
                                .owners = ch->s->owners,
                                .size = m->size,
                                .mtime_s = m->mtime_s,
                                .mtime_ns = m->mtime_ns };
    name_it(from, m->names.from, m->names.from_len);
    name_it(to, m->names.to, m->names.to_len);
    w.meta |= ch->fake & SL_FAKE ? SL_META_FAKE : 0;
    w.move.flags = kept_back ? 0 : m->names.flags & SL_PUT_REPLACE;
    enum sl_code rc = sl_conn_has(ch->s->conn, SL_FEATURE_BACKUP)
                          ? begin(ch, m, &w, err)
                          : sl_fail(err, SL_E_UNSUPPORTED, "the feature backup was not agreed on");
    sl_io_close(&w.move.from_fd);
    if (rc == SL_AGAIN)
        ch->step = step;
    if (rc == SL_OK || rc == SL_AGAIN)
        sl_note(ch, SL_NOTE_TRANSFER, "backup", m->names.to_id, to);
    return rc == SL_AGAIN ? SL_OK : sl_told(rc, kept_back, to, err);
}

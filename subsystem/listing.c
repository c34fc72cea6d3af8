/* SPDX-License-Identifier: ISC */
/* listing - LIST: walks a tree and sends what it finds, a frame of records a step, as fast as the peer gives credit. */
#include "config.h"
#include "subsystem/session_priv.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_TARGET = 32 * 1024, RECORD_MAX = SL_ENTRY_BYTES_MAX + SL_LINK_BYTES_MAX + SL_LIST_MORE_MAX + sizeof ((struct sl_error *)0)->text };

static void put_event(struct sl_channel *ch, const struct sl_walk_event *ev)
{
    switch (ev->kind) {
    case SL_WALK_ENTRY:
        sl_list_put_entry(&ch->scratch, ch->out, &ev->entry);
        sl_list_put_attrs(ch->out, &ch->scratch, &ev->entry.attrs);
        if (ch->list_atimes && ev->entry.type != SL_TYPE_DIR)
            sl_list_put_atime(&ch->scratch, &ev->entry);
        break;
    case SL_WALK_END:
        sl_list_put_end(&ch->scratch);
        break;
    case SL_WALK_ERROR:
        sl_list_put_error(&ch->scratch, ev->error.code, ev->name, strlen(ev->name), ev->error.text);
        break;
    }
}

static enum sl_code list_step(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_conn *conn = ch->s->conn;
    struct sl_walk_event ev;
    enum sl_code rc = SL_OK;
    (void)err;
    size_t room = sl_conn_room(conn, ch->number);
    if (room < RECORD_MAX + SL_UV_MAX_BYTES || sl_conn_queued(conn) > SL_OUTPUT_HIGH)
        return SL_AGAIN;
    size_t full = (room < FRAME_TARGET ? room : FRAME_TARGET) - RECORD_MAX;
    sl_buf_reset(&ch->scratch, 2 * FRAME_TARGET);
    sl_w_uv(&ch->scratch, ch->requests);
    while (sl_buf_len(&ch->scratch) <= full && (rc = sl_walk_next(ch->walk, &ev)) == SL_OK)
        put_event(ch, &ev);
    bool last = rc == SL_EOF;
    sl_conn_send(conn, ch->number, SL_MSG_LISTED, last ? SL_FLAG_LAST : 0, sl_buf_ptr(&ch->scratch),
                 sl_buf_len(&ch->scratch));
    if (last)
        ch->confirmed = ch->requests;
    return rc;
}

/* What is excluded by the type that it has. */
static bool start_hidden(struct sl_channel *ch, uint32_t dir, int fd)
{
    struct stat st;
    bool is_dir = fstatat(fd, ch->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    return sl_hidden(ch, dir, ch->name, is_dir);
}

/* What the walk's paths are held against begins at the module's root. */
static void hide(struct sl_channel *ch, uint32_t dir)
{
    if (!ch->module || !ch->module->exclude)
        return;
    free(ch->list_base);
    ch->list_base = sl_malloc(SL_PATH_MAX);
    sl_dirs_path(ch->dirs, dir, ch->list_base, SL_PATH_MAX);
    sl_walk_hide(ch->walk, sl_hidden_in_walk, ch);
}

enum sl_code sl_run_list(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_list *m = &q->list;
    uint32_t flags = m->flags;
    int fd = -1;
    memcpy(ch->name, m->name, m->name_len);
    ch->name[m->name_len] = '\0';
    if (!(ch->rights & SL_RIGHT_CREATE))
        flags &= ~(uint32_t)SL_LIST_CLEAN;
    ch->list_atimes = flags & SL_ATTRS_ATIME;
    enum sl_code rc = sl_attrs_may_read(ch, flags, err);
    if (rc == SL_OK)
        rc = sl_devices_listed(ch, flags, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK && *ch->name && start_hidden(ch, m->id, fd))
        rc = sl_fail_errno(err, ENOENT, "cannot look at '%s'", ch->name);
    if (rc == SL_OK)
        rc = sl_walk_new(&ch->walk, fd, ch->name, flags | ch->fake, ch->s->owners, err);
    if (rc != SL_OK)
        return rc;
    hide(ch, m->id);
    ch->step = list_step;
    return SL_OK;
}

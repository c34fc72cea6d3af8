/* SPDX-License-Identifier: ISC */
/*
 * attrs - ATTRS: the attributes that the next request's thing is to have, kept until it comes; GET_ATTRS: a thing's whole set.
 * What a peer may set is decided here: it takes the right to change metadata, and what is more than its owner's (anything but
 * "user." and ACLs) also the right to make special files, as root. The other kinds are then left as they are.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "tree/attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sl_code check_had(const struct sl_channel *ch, struct sl_error *err)
{
    return sl_conn_has(ch->s->conn, SL_FEATURE_ATTRS) ? SL_OK : sl_fail(err, SL_E_UNSUPPORTED, "attributes were not agreed on");
}

static bool privileged(const struct sl_channel *ch)
{
    return ch->fake || (geteuid() == 0 && ch->rights & SL_RIGHT_SPECIAL);      /* kept, they give nobody anything */
}

void sl_attrs_forget(struct sl_channel *ch)
{
    ch->attrs_there = ch->attrs_begun = false;
    sl_buf_reset(&ch->attrs_set, SL_ATTRS_PIECE);
}

/* All pieces are there. */
static enum sl_code check(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_attrs_want *w = &ch->attrs;
    struct sl_attrs_rd r;
    struct sl_attr a;
    w->set = sl_buf_ptr(&ch->attrs_set);
    w->len = sl_buf_len(&ch->attrs_set);
    if (!sl_attrs_ok(w->set, w->len))
        return sl_fail(err, SL_E_INVALID, "what came is no set of attributes");
    sl_attrs_open(&r, w->set, w->len);
    while (sl_attrs_next(&r, &a)) {
        if (!sl_attr_is_of(a.name, a.name_len, w->flags))
            return sl_fail(err, SL_E_INVALID, "the attribute '%.*s' is of a kind that was not named", (int)a.name_len, a.name);
        /* What says what a file stands for is the server's to write; and it can make of content what a listing tells. */
        if (a.name_len > 12 && memcmp(a.name, "user.rsync.%", 12) == 0 && (ch->fake || !(ch->rights & SL_RIGHT_READ)))
            return sl_fail(err, SL_E_RIGHTS, "not allowed here: to set '%.*s'", (int)a.name_len, a.name);
        if (sl_attr_is_privileged(a.name, a.name_len) && !privileged(ch))
            return sl_fail(err, SL_E_RIGHTS, "not allowed here: to set '%.*s' takes root and the right to create special files", (int)a.name_len, a.name);
    }
    if (!privileged(ch))
        w->flags |= SL_ATTRS_USER;
    return sl_spend(ch->s, SL_SPEND_STORED, w->len, err);
}

enum sl_code sl_run_attrs(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_attrs *m = &q->attrs;
    bool first = !(m->flags & SL_ATTRS_GOES_ON);
    if (first)
        sl_attrs_forget(ch);
    enum sl_code rc = check_had(ch, err);
    if (rc == SL_OK && !first && !ch->attrs_begun)
        return SL_OK;                    /* what went wrong was told with a piece before */
    if (rc == SL_OK && m->len > SL_ATTRS_MAX - sl_buf_len(&ch->attrs_set))
        rc = sl_fail(err, SL_E_TOO_BIG, "a set of attributes of more than %u bytes", SL_ATTRS_MAX);
    if (first)
        ch->attrs = (struct sl_attrs_want){ .flags = m->flags & SL_ATTRS_ALL, .atime_s = m->atime_s, .atime_ns = m->atime_ns };
    ch->attrs_begun = true;
    if (rc == SL_OK)
        sl_buf_add(&ch->attrs_set, m->piece, m->len);
    if (rc == SL_OK && !(m->flags & SL_ATTRS_MORE)) {
        rc = check(ch, err);
        ch->attrs_begun = false;
        ch->attrs_there = rc == SL_OK;
    }
    if (rc == SL_OK)
        return SL_OK;
    sl_attrs_forget(ch);
    err->code = SL_E_ATTRS;              /* what it belongs to goes on without */
    return SL_E_ATTRS;
}

void sl_attrs_take(struct sl_channel *ch, struct sl_entry *e)
{
    e->wants = ch->attrs_there ? &ch->attrs : NULL;
    ch->attrs_there = false;
}

void sl_attrs_hold(struct sl_channel *ch)
{
    struct sl_buf other = ch->w_set;
    if (!ch->w_entry.wants)
        return;
    ch->w_set = ch->attrs_set;
    ch->attrs_set = other;
    ch->w_attrs = ch->attrs;
    ch->w_entry.wants = &ch->w_attrs;
}

/* ---- reading ---- */

static enum sl_code step(struct sl_channel *ch, struct sl_error *err)
{
    struct sl_conn *conn = ch->s->conn;
    struct sl_msg_attrs_are m = { .request = ch->requests, .piece = sl_buf_ptr(&ch->records) };
    size_t left = sl_buf_len(&ch->records), room = sl_conn_room(conn, ch->number);
    (void)err;
    m.len = left < SL_ATTRS_PIECE ? left : SL_ATTRS_PIECE;
    if (room < m.len + SL_UV_MAX_BYTES || sl_conn_queued(conn) > SL_OUTPUT_HIGH)
        return SL_AGAIN;
    sl_buf_reset(&ch->scratch, 2 * SL_ATTRS_PIECE);
    sl_attrs_are_encode(&ch->scratch, &m);
    bool last = m.len == left;
    sl_conn_send(conn, ch->number, SL_MSG_ATTRS_ARE, last ? SL_FLAG_LAST : 0, sl_buf_ptr(&ch->scratch), sl_buf_len(&ch->scratch));
    sl_buf_drop(&ch->records, m.len);
    if (last)
        ch->confirmed = ch->requests;
    return last ? SL_EOF : SL_OK;
}

enum sl_code sl_attrs_may_read(const struct sl_channel *ch, uint32_t flags, struct sl_error *err)
{
    enum sl_code rc = flags & SL_LIST_ATTRS ? check_had(ch, err) : SL_OK;
    if (rc == SL_OK && flags & SL_ATTRS_XATTRS && !(ch->rights & SL_RIGHT_READ))
        rc = sl_fail(err, SL_E_RIGHTS, "not allowed here: extended attributes are content, and the right to read is missing");
    return rc;
}

enum sl_code sl_run_get_attrs(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_get_attrs *m = &q->get_attrs;
    struct sl_attrs_reader r = { .flags = m->flags | ch->fake, .owners = m->flags & SL_ATTRS_NUMERIC ? NULL : ch->s->owners };
    char name[SL_NAME_MAX + 1];
    struct stat st;
    int fd = -1;
    memcpy(name, m->name, m->name_len);
    name[m->name_len] = '\0';
    enum sl_code rc = sl_attrs_may_read(ch, m->flags | SL_ATTRS_ACLS, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0)
        rc = sl_fail_errno(err, errno, "cannot look at '%s'", name);
    if (rc == SL_OK)
        rc = sl_attrs_read(&r, fd, name, &st, err);
    if (rc == SL_OK) {
        sl_buf_reset(&ch->records, SL_ATTRS_PIECE);
        sl_buf_add(&ch->records, sl_buf_ptr(&r.set), sl_buf_len(&r.set));
        ch->step = step;
    }
    sl_attrs_reader_clear(&r);
    return rc;
}

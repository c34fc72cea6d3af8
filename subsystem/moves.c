/* SPDX-License-Identifier: ISC */
/*
 * moves - requests with two names: LINK and RENAME (tree/move.h). The table (requests.c) has looked at the rights and at the name that is there;
 * the one that is made has to be allowed here.
 */
#include "config.h"
#include "subsystem/session_priv.h"

#include "base/io.h"
#include "tree/hold.h"
#include "tree/move.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct two {                         /* the names as strings; the first directory's descriptor is a duplicate */
    char from[SL_NAME_MAX + 1], to[SL_NAME_MAX + 1];
    struct sl_move move;
    bool kept_back;                  /* replacing: the right is missing */
};

static void name_it(char out[SL_NAME_MAX + 1], const char *name, size_t len)
{
    memcpy(out, name, len);
    out[len] = '\0';
}

/* The table of directories lends one descriptor at a time. */
static enum sl_code find_both(struct sl_channel *ch, const struct sl_msg_move *m, struct two *t, struct sl_error *err)
{
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(ch->dirs, m->from_id, &fd, err);
    if (rc == SL_OK && (t->move.from_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        rc = sl_fail_errno(err, errno, "cannot open the directory of '%s' again", t->from);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->to_id, &t->move.to_fd, err);
    return rc;
}

static enum sl_code begin(struct sl_channel *ch, const struct sl_msg_move *m, const char *feature, struct two *t, struct sl_error *err)
{
    *t = (struct two){ .move = { .from_fd = -1, .to_fd = -1, .flags = m->flags } };
    t->move.from = t->from;
    t->move.to = t->to;
    name_it(t->from, m->from, m->from_len);
    name_it(t->to, m->to, m->to_len);
    t->kept_back = m->flags & SL_PUT_REPLACE && !(ch->rights & SL_RIGHT_OVERWRITE);
    if (t->kept_back)
        t->move.flags = 0;
    if (!sl_conn_has(ch->s->conn, feature))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature %s was not agreed on", feature);
    enum sl_code rc = sl_may_make(ch, m->to_id, t->to, false, err);
    if (rc == SL_OK)
        rc = sl_spend(ch->s, SL_SPEND_MADE_FILE, 1, err);
    return rc == SL_OK ? find_both(ch, m, t, err) : rc;
}

static enum sl_code end(struct sl_channel *ch, const struct sl_msg_move *m, const char *verb, struct two *t, enum sl_code rc, struct sl_error *err)
{
    sl_io_close(&t->move.from_fd);
    if (rc == SL_OK)
        sl_note(ch, SL_NOTE_TRANSFER, verb, m->to_id, t->to);
    return sl_told(rc, t->kept_back, t->to, err);
}

static enum sl_code link_held(struct sl_channel *ch, const struct sl_msg_move *m, const struct two *t, struct sl_error *err)
{
    enum sl_code rc = sl_may_write_so(ch, m->flags, err);
    struct sl_hold_link l = { .move = t->move, .from_in = sl_held_in(ch, m->from_id, t->from), .to_in = sl_held_in(ch, m->to_id, t->to) };
    return rc == SL_OK ? sl_hold_link(&l, err) : rc;
}

enum sl_code sl_run_link(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    struct two t;
    enum sl_code rc = begin(ch, &q->move, SL_FEATURE_LINKS, &t, err);
    if (rc == SL_OK && q->move.flags & SL_PUT_HOLD)
        rc = link_held(ch, &q->move, &t, err);
    else if (rc == SL_OK)
        rc = sl_move_link(&t.move, err);
    return end(ch, &q->move, "link", &t, rc, err);
}

enum sl_code sl_run_rename(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    struct two t;
    enum sl_code rc = begin(ch, &q->move, SL_FEATURE_RENAME, &t, err);
    if (rc == SL_OK && q->move.flags & SL_PUT_HOLD)
        rc = sl_fail(err, SL_E_INVALID, "what is renamed does not wait for its name");
    if (rc == SL_OK)
        rc = sl_move_rename(&t.move, err);
    if (rc == SL_OK)
        sl_note(ch, SL_NOTE_TRANSFER, "rename", q->move.from_id, t.from);
    return end(ch, &q->move, "to", &t, rc, err);
}

/* SPDX-License-Identifier: ISC */
/*
 * placing - files that are complete and wait for their names (tree/hold.h): RELEASE, and what it takes to have one wait.
 * Nothing is remembered of them here.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "tree/hold.h"

#include <string.h>

/* In place: without `overwrite` nobody could go on with what was once begun, nor mend it. Waiting: what waits replaces
 * what an earlier session left waiting of that name. */
enum sl_code sl_may_write_so(const struct sl_channel *ch, uint32_t flags, struct sl_error *err)
{
    if (flags & SL_PUT_HOLD && !sl_conn_has(ch->s->conn, SL_FEATURE_HOLD))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature hold was not agreed on");
    if (flags & SL_PUT_HOLD && flags & SL_PUT_INPLACE)
        return sl_fail(err, SL_E_INVALID, "what is written in place does not wait for its name");
    if (!(flags & (SL_PUT_INPLACE | SL_PUT_HOLD)) || ch->rights & SL_RIGHT_OVERWRITE)
        return SL_OK;
    return sl_fail(err, SL_E_RIGHTS, "not allowed here: the right to overwrite is missing");
}

const char *sl_held_in(struct sl_channel *ch, uint32_t dir, const char *name)
{
    return sl_hidden_kept(ch, dir, name) ? NULL : ch->searched.in;
}

enum sl_code sl_run_release(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    const struct sl_msg_release *m = &q->release;
    char name[SL_NAME_MAX + 1];
    struct sl_release r = { .name = name, .flags = m->flags };
    int fd = -1;
    memcpy(name, m->name, m->name_len);
    name[m->name_len] = '\0';
    r.in = sl_held_in(ch, m->id, name);
    enum sl_code rc = sl_may_write_so(ch, SL_PUT_HOLD, err);
    if (rc == SL_OK)
        rc = sl_dirs_fd(ch->dirs, m->id, &fd, err);
    if (rc == SL_OK)
        rc = sl_hold_release(fd, &r, err);
    if (rc == SL_OK)
        sl_note(ch, SL_NOTE_TRANSFER, "put in place", m->id, name);
    return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * placing - where files are until they have their names: STAGE_IN (tree/away.h), room for them: RESERVE, and those that are
 * complete and wait (tree/hold.h): RELEASE. Nothing is remembered of what waits.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "base/io.h"
#include "tree/away.h"
#include "tree/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* In place: without `overwrite` nobody could go on with what was once begun, nor mend it. Waiting: what waits replaces
 * what an earlier session left waiting of that name. In a partial directory it has a name like any other there: whatever has
 * it would be renamed. */
enum sl_code sl_may_write_so(const struct sl_channel *ch, uint32_t flags, struct sl_error *err)
{
    if (flags & SL_PUT_HOLD && !sl_conn_has(ch->s->conn, SL_FEATURE_HOLD))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature hold was not agreed on");
    if (flags & SL_PUT_HOLD && flags & SL_PUT_INPLACE)
        return sl_fail(err, SL_E_INVALID, "what is written in place does not wait for its name");
    if (flags & (SL_PUT_INPLACE | SL_PUT_HOLD) && !(ch->rights & SL_RIGHT_OVERWRITE))
        return sl_fail(err, SL_E_RIGHTS, "not allowed here: the right to overwrite is missing");
    if (flags & SL_PUT_HOLD && *ch->kept_in && !(ch->rights & SL_RIGHT_RENAME))
        return sl_fail(err, SL_E_RIGHTS, "not allowed here: nothing waits in '%s', for the right to rename is missing", ch->kept_in);
    return SL_OK;
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

enum sl_code sl_store(struct sl_channel *ch, uint64_t n, struct sl_error *err)
{
    const struct sl_stage *s = &ch->stage;
    uint64_t room = s->reserved > s->pos ? s->reserved - s->pos : 0, paid = room < ch->prepaid ? room : ch->prepaid;
    paid = paid < n ? paid : n;
    enum sl_code rc = sl_spend(ch->s, SL_SPEND_STORED, n - paid, err);
    if (rc == SL_OK)
        ch->prepaid -= paid;
    return rc;
}

void sl_store_end(struct sl_channel *ch, bool complete)
{
    const struct sl_stage *s = &ch->stage;
    uint64_t back = ch->prepaid, behind = complete && s->reserved > s->pos ? s->reserved - s->pos : 0;
    if (s->stays && back > behind)       /* in place, holes were filled that nobody makes again */
        back = behind;
    ch->s->figures.stored -= back;
    ch->prepaid = 0;
}

/* What is reserved counts at once: of several channels, too, no more room is taken than may be stored. */
static enum sl_code take_room(struct sl_channel *ch, uint64_t n, struct sl_error *err)
{
    uint64_t more = n > ch->prepaid ? n - ch->prepaid : 0;
    enum sl_code rc = sl_spend(ch->s, SL_SPEND_STORED, more, err);
    if (rc != SL_OK)
        return rc;
    rc = sl_stage_reserve(&ch->stage, n, err);
    if (rc == SL_OK)
        ch->prepaid += more;
    else if (rc == SL_E_UNSUPPORTED || !ch->stage.stays)
        ch->s->figures.stored -= more;
    return rc;
}

enum sl_code sl_run_reserve(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    if (!sl_conn_has(ch->s->conn, SL_FEATURE_RESERVE))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature reserve was not agreed on");
    if (ch->writing == SL_WRITING_NOT)
        return sl_fail(err, SL_E_INVALID, "no file is being written on this channel");
    if (ch->writing == SL_WRITING_DEAD)
        return SL_OK;
    if (ch->s->quota.stored && ch->stage.part)       /* nobody would give back what is behind its end */
        return sl_fail(err, SL_E_UNSUPPORTED, "no room is taken ahead for a part where what is stored is limited");
    enum sl_code rc = take_room(ch, q->reserve, err);
    if (rc != SL_OK && rc != SL_E_UNSUPPORTED)
        sl_writing_dead(ch);
    return rc;
}

/* That takes a look at each name there: a peer gets it once for each of a few directories, however often it asks. */
static void clean_once(struct sl_session *s, int fd)
{
    struct stat st;
    if (s->cleaned_len == SL_CLEANED_MAX || fstat(fd, &st) != 0)
        return;
    for (unsigned i = 0; i < s->cleaned_len; i++)
        if (s->cleaned[i].dev == st.st_dev && s->cleaned[i].ino == st.st_ino)
            return;
    s->cleaned[s->cleaned_len++] = (struct sl_fresh){ st.st_dev, st.st_ino };
    sl_away_clean(fd);
}

enum sl_code sl_run_stage_in(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    int fd = -1;
    if (!sl_conn_has(ch->s->conn, SL_FEATURE_STAGE_IN))
        return sl_fail(err, SL_E_UNSUPPORTED, "the feature stage-in was not agreed on");
    if (ch->writing != SL_WRITING_NOT)
        return sl_fail(err, SL_E_INVALID, "a file is being written on this channel");
    enum sl_code rc = sl_dirs_fd(ch->dirs, q->id, &fd, err);
    if (rc == SL_OK && (fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        rc = sl_fail_errno(err, errno, "cannot open the directory for staged files again");
    if (rc != SL_OK)
        return rc;
    sl_io_close(&ch->away);
    ch->away = fd;
    clean_once(ch->s, fd);
    return SL_OK;
}

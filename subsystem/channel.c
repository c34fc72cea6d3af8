/* SPDX-License-Identifier: ISC */
/* channel - one channel's state and its answers. Success is told by DONE for many requests at once; it never overtakes the
 * answer of an earlier request. */
#include "config.h"
#include "subsystem/session_priv.h"
#include "base/io.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct sl_channel *sl_channel_new(struct sl_session *s, uint8_t number)
{
    struct sl_channel *ch = sl_calloc(1, sizeof *ch);
    ch->s = s;
    ch->number = number;
    ch->dirs = sl_dirs_new(SL_DIRS_MAX, SL_DIR_FDS);
    ch->in = sl_entry_codec_new();
    ch->out = sl_entry_codec_new();
    ch->hash = sl_hash_new();
    ch->w_hash = sl_hash_new();
    ch->reader.fd = ch->backup.reader.fd = ch->away = -1;
    return ch;
}

void sl_channel_free(struct sl_channel *ch)
{
    if (!ch)
        return;
    sl_channel_end_long(ch);
    if (ch->writing == SL_WRITING)
        sl_kept_end(&ch->stage, ch->unbacked ? ch->w_flags & ~(uint32_t)SL_PUT_PARTIAL : ch->w_flags);
    sl_io_close(&ch->away);
    sl_dirs_free(ch->dirs);
    sl_entry_codec_free(ch->in);
    sl_entry_codec_free(ch->out);
    sl_hash_free(ch->hash);
    sl_hash_free(ch->w_hash);
    sl_buf_clear(&ch->waiting);
    sl_buf_clear(&ch->scratch);
    sl_buf_clear(&ch->names);
    sl_buf_clear(&ch->records);
    sl_buf_clear(&ch->attrs_set);
    sl_buf_clear(&ch->w_set);
    sl_bases_close(ch);
    sl_carry_clear(&ch->carry);
    free(ch->seed);
    free(ch->fresh);
    free(ch->list_base);
    free(ch);
}

void sl_channel_end_long(struct sl_channel *ch)
{
    sl_walk_free(ch->walk);
    ch->walk = NULL;
    if (ch->reader.fd >= 0)
        sl_reader_close(&ch->reader);
    sl_backup_end(&ch->backup);
    sl_lister_clear(&ch->lister);
    sl_ranges_clear(&ch->ranges);
    sl_buf_reset(&ch->records, 64 * 1024);
    ch->step = NULL;
    /* The next one adds to it: what this one left would get into its answers, and over the end of its frames. */
    sl_buf_reset(&ch->scratch, 64 * 1024);
}

/* An answer of its own says that every request before it succeeded or was told to have failed; a FAIL says nothing. */
static void sent(struct sl_channel *ch, uint8_t type)
{
    if (type == SL_MSG_ATTACHED || type == SL_MSG_OWNER_IS || type == SL_MSG_HASH_IS || type == SL_MSG_STATFS_IS)
        ch->confirmed = ch->requests;
}

void sl_channel_answer(struct sl_channel *ch, enum sl_msg type, const struct sl_buf *payload)
{
    size_t len = sl_buf_len(payload);
    assert(!ch->have_waiting);
    if (len && sl_conn_room(ch->s->conn, ch->number) >= len) {
        sl_conn_send(ch->s->conn, ch->number, (uint8_t)type, 0, sl_buf_ptr(payload), len);
        sent(ch, (uint8_t)type);
        return;
    }
    sl_buf_reset(&ch->waiting, 64 * 1024);
    sl_buf_add(&ch->waiting, sl_buf_ptr(payload), len);
    ch->waiting_type = (uint8_t)type;
    ch->have_waiting = true;
}

void sl_channel_fail(struct sl_channel *ch, const struct sl_error *err)
{
    struct sl_buf b = { 0 };
    struct sl_msg_fail m = { ch->requests, err->code, err->text, strlen(err->text) };
    sl_fail_encode(&b, &m);
    sl_channel_answer(ch, SL_MSG_FAIL, &b);
    sl_buf_clear(&b);
}

bool sl_channel_flush(struct sl_channel *ch)
{
    if (!ch->have_waiting)
        return true;
    size_t len = sl_buf_len(&ch->waiting);
    if (sl_conn_room(ch->s->conn, ch->number) < len)
        return false;
    sl_conn_send(ch->s->conn, ch->number, ch->waiting_type, 0, sl_buf_ptr(&ch->waiting), len);
    ch->have_waiting = false;
    sent(ch, ch->waiting_type);
    return true;
}

void sl_channel_confirm(struct sl_channel *ch)
{
    uint8_t p[SL_UV_MAX_BYTES];
    if (ch->confirmed == ch->requests || sl_channel_busy(ch))
        return;
    size_t len = sl_uv_put(p, ch->requests);
    if (sl_conn_room(ch->s->conn, ch->number) < len)
        return;
    sl_conn_send(ch->s->conn, ch->number, SL_MSG_DONE, 0, p, len);
    ch->confirmed = ch->requests;
}

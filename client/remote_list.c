/* SPDX-License-Identifier: ISC */
/* remote_list - a listing of a server: its answers, as events. */
#include "config.h"
#include "client/remote_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sl_listing_init(struct sl_listing *l, struct sl_endpoint *e, uint8_t channel, struct sl_entry_codec *dec)
{
    *l = (struct sl_listing){ .e = e, .channel = channel, .dec = dec };
}

void sl_listing_asked(struct sl_listing *l, uint64_t ticket, const char *name)
{
    sl_ring_push(&l->asked, ticket, (uint64_t)(uintptr_t)sl_strdup(name));
}

static char *asked_for(const struct sl_listing *l)
{
    return (char *)(uintptr_t)l->asked.at[l->asked.head][1];
}

static void over(struct sl_listing *l)
{
    free(asked_for(l));
    sl_ring_pop(&l->asked);
    sl_listcheck_reset(&l->check);
}

void sl_listing_clear(struct sl_listing *l)
{
    while (l->asked.len)
        over(l);
    free(l->asked.at);
    sl_listcheck_clear(&l->check);
    sl_buf_clear(&l->buf);
}

/* ---- what the server says ---- */

void sl_listing_acked(struct sl_listing *l, uint64_t ticket)
{
    if (ticket > l->e->acked[SL_JOB_LIST] && ticket <= l->e->issued[SL_JOB_LIST])
        l->e->acked[SL_JOB_LIST] = ticket;
}

enum sl_code sl_listing_frame(struct sl_listing *l, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_rd rd;
    if (l->have || l->failed)            /* one thing after the other */
        return SL_AGAIN;
    sl_r_init(&rd, f->data, f->len);
    uint64_t request = sl_r_uv(&rd, UINT64_MAX);
    if (!sl_r_ok(&rd) || !sl_ring_is_front(&l->asked, request))
        return sl_fail(err, SL_E_PROTOCOL, "the server sent a listing that nobody asked for");
    size_t n = sl_r_left(&rd);
    sl_buf_reset(&l->buf, SL_FRAME_MAX);
    sl_buf_add(&l->buf, rd.p, n);
    sl_r_init(&l->rd, sl_buf_ptr(&l->buf), n);
    l->have = true;
    l->last = f->flags & SL_FLAG_LAST;
    if (l->last)
        sl_listing_acked(l, request);
    return SL_OK;
}

bool sl_listing_fails(struct sl_listing *l, uint64_t request, const struct sl_error *why)
{
    if (!sl_ring_is_front(&l->asked, request))
        return false;
    l->failed = true;
    l->error = *why;
    return true;
}

/* ---- as events ---- */

static enum sl_code event_of(struct sl_listing *l, struct sl_event *ev)
{
    const struct sl_list_record *m = &l->record;
    if (m->kind == SL_LIST_ENTRY) {
        ev->kind = SL_EVENT_ENTRY;
        ev->entry = m->entry;
    } else if (m->kind == SL_LIST_END) {
        ev->kind = SL_EVENT_END;
    } else {
        size_t n = m->text_len < sizeof ev->error.text - 1 ? m->text_len : sizeof ev->error.text - 1;
        ev->kind = SL_EVENT_ERROR;
        ev->error = (struct sl_error){ .code = m->code, .side = l->e->side };
        memcpy(ev->error.text, m->text, n);
        memcpy(l->error_name, m->name, m->name_len);
        l->error_name[m->name_len] = '\0';
        ev->name = l->error_name;
    }
    return SL_OK;
}

enum sl_code sl_listing_next(struct sl_listing *l, struct sl_conn *conn, struct sl_event *ev, struct sl_error *err)
{
    for (;;) {
        if (l->failed) {
            l->failed = false;
            over(l);
            *err = l->error;
            return err->code;
        }
        if (l->have && sl_r_left(&l->rd)) {
            enum sl_code rc = sl_list_decode(l->dec, &l->rd, &l->record, err);
            if (rc == SL_OK)
                rc = sl_listcheck_record(&l->check, asked_for(l), &l->record, err);
            if (rc == SL_OK)
                return event_of(l, ev);
            sl_conn_fail(conn, err);
            return SL_E_PROTOCOL;
        }
        bool last = l->have && l->last;
        l->have = l->last = false;
        if (last) {
            enum sl_code whole = sl_listcheck_end(&l->check, err);
            over(l);
            return whole == SL_OK ? SL_EOF : whole;
        }
        enum sl_code rc = sl_conn_resume(conn, l->channel, err);
        if (rc != SL_OK && rc != SL_AGAIN)
            return rc;
        if (!l->have && !l->failed)
            return SL_AGAIN;
    }
}

/* It is meant for the LIST that runs: with others queued behind it, it could meet the wrong one. */
bool sl_listing_skips(const struct sl_listing *l)
{
    return l->asked.len == 1 && !l->last;
}

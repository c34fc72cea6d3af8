/* SPDX-License-Identifier: ISC */
/*
 * remote_look - one thing of a server, or a directory with its own entries, by a LIST on a channel of its own: the listing
 * that runs may be far ahead, and its answers come in order.
 */
#include "config.h"
#include "client/look.h"
#include "client/remote_priv.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sl_look_wait {
    uint64_t ticket;
    struct sl_look *k; /* borrowed until it is done */
    char *name;        /* owned: what was asked for */
    struct sl_look_wait *next;
};

static void finish(struct sl_remote *r, enum sl_code code)
{
    struct sl_look_wait *w = r->looks;
    r->looks = w->next;
    if (!r->looks)
        r->looks_end = &r->looks;
    sl_remote_acked(r, SL_JOB_LOOK, w->ticket);
    w->k->err.side = r->e.side;
    sl_look_done(w->k, code);
    sl_listcheck_reset(&r->look_check);
    free(w->name);
    free(w);
}

void sl_remote_look(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_look *k)
{
    struct sl_remote *r = (struct sl_remote *)e;
    struct sl_msg_list m = { dir, flags | e->tells, name, strlen(name) };
    struct sl_look_wait *w = sl_calloc(1, sizeof *w);
    sl_look_asked(k);
    sl_list_request_encode(&r->scratch, &m);
    w->ticket = sl_remote_send(r, SL_JOB_LOOK, SL_MSG_LIST, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 64 * 1024);
    w->k = k;
    w->name = sl_strdup(name);
    if (!r->looks_end)
        r->looks_end = &r->looks;
    *r->looks_end = w;
    r->looks_end = &w->next;
}

static void take(struct sl_remote *r, struct sl_look *k, const struct sl_list_record *m)
{
    char name[SL_NAME_MAX + 1];
    struct sl_error err = { .code = m->code, .side = r->e.side };
    if (m->kind == SL_LIST_ENTRY)
        sl_look_add(k, &m->entry);
    if (m->kind != SL_LIST_ERROR)
        return;
    snprintf(err.text, sizeof err.text, "%.*s", (int)m->text_len, m->text_len ? m->text : "");
    memcpy(name, m->name, m->name_len);
    name[m->name_len] = '\0';
    sl_look_add_error(k, name, &err);
}

enum sl_code sl_remote_on_looked(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_rd rd;
    struct sl_list_record m;
    enum sl_code rc = SL_OK;
    sl_r_init(&rd, f->data, f->len);
    uint64_t request = sl_r_uv(&rd, UINT64_MAX);
    if (!sl_r_ok(&rd) || !r->looks || r->looks->ticket != request)
        return sl_fail(err, SL_E_PROTOCOL, "the server sent a listing that nobody asked for");
    r->listed += f->len;
    while (rc == SL_OK && sl_r_left(&rd)) {
        rc = sl_list_decode(r->dec[SL_JOB_LOOK], &rd, &m, err);
        if (rc == SL_OK)
            rc = sl_listcheck_record(&r->look_check, r->looks->name, &m, err);
        if (rc == SL_OK)
            take(r, r->looks->k, &m);
    }
    if (rc == SL_OK && f->flags & SL_FLAG_LAST && (rc = sl_listcheck_end(&r->look_check, err)) == SL_OK)
        finish(r, SL_OK);
    return rc;
}

bool sl_remote_look_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err)
{
    if (!r->looks || r->looks->ticket != request)
        return false;
    r->looks->k->err = *err;
    finish(r, err->code);
    return true;
}

void sl_remote_look_clear(struct sl_remote *r)
{
    while (r->looks)
        finish(r, SL_E_CLOSED);
    sl_listcheck_clear(&r->look_check);
}

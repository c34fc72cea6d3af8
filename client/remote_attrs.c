/* SPDX-License-Identifier: ISC */
/* remote_attrs - attributes to and from a server: pieces ahead of the request that they belong to, and whole sets that were asked for on the
 * channel of the hashes, where they are not behind any content. */
#include "config.h"
#include "client/remote_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct sl_attrs_wait {
    uint64_t ticket;
    struct sl_fetch *f;          /* borrowed until it is done */
    struct sl_buf set;           /* what came so far */
    struct sl_attrs_wait *next;
};

void sl_remote_attrs(struct sl_endpoint *e, const struct sl_attrs_want *w, size_t from, size_t n)
{
    struct sl_remote *r = (struct sl_remote *)e;
    uint32_t piece = (from ? SL_ATTRS_GOES_ON : 0) | (from + n < w->len ? SL_ATTRS_MORE : 0);
    struct sl_msg_attrs m = { .flags = (w->flags & ~(uint32_t)SL_ATTRS_NUMERIC) | piece, .atime_s = w->atime_s, .atime_ns = w->atime_ns,
                              .piece = w->set + from, .len = n };
    sl_attrs_encode(&r->scratch, &m);
    sl_remote_send(r, SL_JOB_WORK, SL_MSG_ATTRS, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 64 * 1024);
}

void sl_remote_get_attrs(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_fetch *f)
{
    struct sl_remote *r = (struct sl_remote *)e;
    struct sl_attrs_wait *w = sl_calloc(1, sizeof *w), **at = &r->attrs_waits;
    struct sl_msg_get_attrs m = { .id = dir, .flags = flags & ~(uint32_t)SL_ATTRS_ATIME, .name = name, .name_len = strlen(name) };
    sl_get_attrs_encode(&r->scratch, &m);
    w->ticket = sl_remote_send(r, SL_JOB_HASH, SL_MSG_GET_ATTRS, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    sl_buf_reset(&r->scratch, 64 * 1024);
    w->f = f;
    while (*at)
        at = &(*at)->next;
    *at = w;
}

static void finish(struct sl_remote *r, enum sl_code code)
{
    struct sl_attrs_wait *w = r->attrs_waits;
    struct sl_fetch *f = w->f;
    r->attrs_waits = w->next;
    sl_remote_acked(r, SL_JOB_HASH, w->ticket);
    f->err.side = r->e.side;
    f->len = sl_buf_len(&w->set);
    f->text = f->len ? sl_memdup0(sl_buf_ptr(&w->set), f->len) : NULL;
    sl_buf_clear(&w->set);
    sl_fetch_done(f, code);
    free(w);
}

enum sl_code sl_remote_on_attrs(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_attrs_wait *w = r->attrs_waits;
    struct sl_msg_attrs_are m;
    struct sl_rd rd;
    sl_r_init(&rd, f->data, f->len);
    enum sl_code rc = sl_attrs_are_decode(&rd, &m, err);
    if (rc != SL_OK)
        return rc;
    if (!w || w->ticket != m.request)
        return sl_fail(err, SL_E_PROTOCOL, "the server sent attributes that nobody asked for");
    if (m.len > SL_ATTRS_MAX - sl_buf_len(&w->set))
        return sl_fail(err, SL_E_PROTOCOL, "the server sent more attributes than a set may have");
    sl_buf_add(&w->set, m.piece, m.len);
    if (f->flags & SL_FLAG_LAST)
        finish(r, SL_OK);
    return SL_OK;
}

bool sl_remote_attrs_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err)
{
    if (!r->attrs_waits || r->attrs_waits->ticket != request)
        return false;
    r->attrs_waits->f->err = *err;
    finish(r, err->code);
    return true;
}

void sl_remote_attrs_clear(struct sl_remote *r)
{
    while (r->attrs_waits)
        finish(r, SL_E_CLOSED);
}

/* SPDX-License-Identifier: ISC */
/*
 * remote_fetch - the whole content of a small file of a server, by a READ on the channel of the hashes: it is not in
 * order with what is being copied, and must not be behind it. What is longer than a small file is not sent by a server
 * that knows `small`; what another sends is taken from the line and forgotten, as far as that can be waited for.
 */
#include "config.h"
#include "client/remote_priv.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(SL_FETCH_MAX == SL_SMALL_MAX, "a server that knows small files sends those that are taken");
enum { PASSED_MAX = 64 * 1024 * 1024, RECORD = 16 };

struct sl_fetch_wait {
    uint64_t ticket;
    struct sl_fetch *f;   /* borrowed until it is done */
    struct sl_hash *hash; /* owned */
    uint64_t passed;      /* bytes that came, some for each record */
    struct sl_fetch_wait *next;
};

static void finish(struct sl_remote *r, enum sl_code code)
{
    struct sl_fetch_wait *w = r->fetches;
    r->fetches = w->next;
    if (!r->fetches)
        r->fetches_end = &r->fetches;
    sl_remote_acked(r, SL_JOB_HASH, w->ticket);
    w->f->err.side = r->e.side;
    sl_fetch_done(w->f, code);
    sl_hash_free(w->hash);
    free(w);
}

void sl_remote_fetch(struct sl_endpoint *e, uint32_t dir, const char *name, struct sl_fetch *f)
{
    struct sl_remote *r = (struct sl_remote *)e;
    struct sl_fetch_wait *w = sl_calloc(1, sizeof *w);
    sl_read_begin(&r->scratch, dir);
    sl_read_add(&r->scratch, "", 0, name, strlen(name));
    r->flags = sl_remote_reads(r) | (sl_conn_has(r->conn, SL_FEATURE_SMALL) ? SL_FLAG_SMALL : 0);
    w->ticket = sl_remote_send(r, SL_JOB_HASH, SL_MSG_READ, sl_buf_ptr(&r->scratch), sl_buf_len(&r->scratch));
    r->flags = 0;
    sl_buf_reset(&r->scratch, 64 * 1024);
    w->f = f;
    w->hash = sl_hash_new();
    sl_hash_choose(w->hash, r->e.digest);
    sl_hash_reset(w->hash);
    if (!r->fetches_end)
        r->fetches_end = &r->fetches;
    *r->fetches_end = w;
    r->fetches_end = &w->next;
}

static void take(struct sl_fetch_wait *w, const void *data, uint64_t len)
{
    if (!sl_fetch_add(w->f, data, len))
        return;
    if (data)
        sl_hash_data(w->hash, data, (size_t)len);
    else
        sl_hash_hole(w->hash, len);
}

static void end(struct sl_remote *r, const struct sl_content *c)
{
    struct sl_fetch_wait *w = r->fetches;
    uint8_t hash[SL_HASH_MOST];
    struct sl_error *err = &w->f->err;
    bool all = !w->f->dropped && !w->f->crowded && !err->code;
    sl_hash_end(w->hash, hash);
    if (all && c->flags & SL_CONTENT_CHANGED)
        sl_fail(err, SL_E_CHANGED, "it changed while it was read");
    else if (all && memcmp(hash, c->hash, sl_hash_size(r->e.digest)) != 0)
        sl_fail(err, SL_E_CORRUPT, "what came of it is not what its hash says");
    finish(r, err->code);
}

/* Whether it goes on for ever, or as if it did: a READ can't be called back. */
static enum sl_code check_length(struct sl_remote *r, const struct sl_content *c, struct sl_error *err)
{
    struct sl_fetch_wait *w = r->fetches;
    w->passed += (c->kind == SL_CONTENT_DATA ? c->len : 0) + RECORD;
    if (w->f->err.code == SL_E_TOO_BIG && sl_conn_has(r->conn, SL_FEATURE_SMALL))
        return sl_fail(err, SL_E_PROTOCOL, "the server sent more of a merge file than was asked for");
    if (w->passed > PASSED_MAX)
        return sl_fail(err, SL_E_TOO_BIG, "a merge file of at most %d bytes is expected; the server sent %d and goes on",
                       SL_FETCH_MAX, PASSED_MAX);
    return SL_OK;
}

static enum sl_code take_record(struct sl_remote *r, const struct sl_content *c, struct sl_error *err)
{
    struct sl_fetch_wait *w = r->fetches;
    switch (c->kind) {
    case SL_CONTENT_WHOLE:
    case SL_CONTENT_DATA:
        take(w, c->data, c->len);
        break;
    case SL_CONTENT_HOLE:
        take(w, NULL, c->hole);
        break;
    case SL_CONTENT_FAILED:
        sl_fail(&w->f->err, c->code, "%.*s", (int)c->text_len, c->text_len ? c->text : "");
        break;
    case SL_CONTENT_END:
        break;
    }
    if (c->kind == SL_CONTENT_WHOLE || c->kind == SL_CONTENT_END)
        end(r, c);
    else if (c->kind == SL_CONTENT_FAILED)
        finish(r, c->code);
    else
        return check_length(r, c, err);
    return SL_OK;
}

enum sl_code sl_remote_on_fetched(struct sl_remote *r, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_rd rd;
    struct sl_content c;
    enum sl_code rc = SL_OK;
    sl_r_init(&rd, f->data, f->len);
    rd.hash_len = (uint8_t)sl_hash_size(r->e.digest);
    while (rc == SL_OK && sl_r_left(&rd)) {
        rc = r->fetches ? sl_content_decode(&rd, &c, err)
                        : sl_fail(err, SL_E_PROTOCOL, "the server sent a file's content that nobody asked for");
        if (rc == SL_OK)
            rc = take_record(r, &c, err);
    }
    return rc;
}

bool sl_remote_fetch_failed(struct sl_remote *r, uint64_t request, const struct sl_error *err)
{
    if (!r->fetches || r->fetches->ticket != request)
        return false;
    struct sl_fetch *f = r->fetches->f;
    f->err = *err;
    sl_fetch_explain(f, &r->e);
    finish(r, f->err.code);
    return true;
}

void sl_remote_fetch_clear(struct sl_remote *r)
{
    while (r->fetches)
        finish(r, SL_E_CLOSED);
}

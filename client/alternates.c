/* SPDX-License-Identifier: ISC */
/* alternates - keeps further listings in step with the merge; see alternates.h. */
#include "config.h"
#include "client/alternates.h"

#include <stdlib.h>

void sl_alternates_clear(struct sl_alternates *a)
{
    for (size_t i = 0; i < a->len; i++) {
        struct sl_alternate *t = &a->at[i];
        sl_stream_clear(&t->stream);
        sl_files_from_feed_free(t->feed);
        free(t->origin.base);
        free(t->origin.top);
        if (t->lists)
            t->lists->ops->free(t->lists);
    }
    free(a->at);
    *a = (struct sl_alternates){ 0 };
}

enum sl_code sl_alternates_begin(struct sl_alternates *a, struct sl_error *err)
{
    struct sl_event *ev;
    bool all = true;
    for (size_t i = 0; i < a->len; i++) {       /* each is asked before one is waited for */
        enum sl_code rc = sl_stream_peek(&a->at[i].stream, &ev, err);
        if (rc != SL_OK && rc != SL_EOF && rc != SL_AGAIN)
            return rc;
        all &= rc != SL_AGAIN;
        a->at[i].level = 1;
    }
    return all ? SL_OK : SL_AGAIN;
}

bool sl_alternates_any(const struct sl_alternates *a, size_t depth)
{
    for (size_t i = 0; i < a->len; i++)
        if (a->at[i].level == depth)
            return true;
    return false;
}

static void pass(const struct sl_alternates *a, struct sl_alternate *t, const struct sl_event *ev)
{
    if (a->passes && ev->kind == SL_EVENT_ENTRY && ev->entry.type == SL_TYPE_FILE)
        a->passes(a->passes_ctx, (size_t)(t - a->at) + 1, &ev->entry);
    sl_stream_drop(&t->stream);
}

/* What can't be listed there is not there, as with rsync. */
static enum sl_code seek(const struct sl_alternates *a, struct sl_alternate *t, const struct sl_entry *s, struct sl_error *err)
{
    struct sl_event *ev;
    enum sl_code rc;
    t->now = NULL;
    while ((rc = sl_stream_peek(&t->stream, &ev, err)) == SL_OK && ev->kind != SL_EVENT_END) {
        int order = ev->kind == SL_EVENT_ERROR ? -1 : sl_entry_order(&ev->entry, s);
        if (order == 0)
            t->now = &ev->entry;
        if (order >= 0)
            break;
        pass(a, t, ev);
    }
    return rc == SL_EOF ? SL_OK : rc;
}

enum sl_code sl_alternates_seek(struct sl_alternates *a, size_t depth, const struct sl_entry *s, struct sl_error *err)
{
    for (size_t i = 0; i < a->len; i++) {
        struct sl_alternate *t = &a->at[i];
        enum sl_code rc = t->level == depth ? seek(a, t, s, err) : SL_OK;
        if (rc != SL_OK)
            return rc;
        if (t->level != depth)
            t->now = NULL;
    }
    return SL_OK;
}

void sl_alternates_enter(struct sl_alternates *a, size_t depth)
{
    for (size_t i = 0; i < a->len; i++) {
        struct sl_alternate *t = &a->at[i];
        if (t->level == depth && t->now && t->now->type == SL_TYPE_DIR) {
            sl_stream_pop(&t->stream);
            t->level++;
        }
        t->now = NULL;
    }
}

static enum sl_code drain(const struct sl_alternates *a, struct sl_alternate *t, struct sl_error *err)
{
    struct sl_event *ev;
    enum sl_code rc;
    while ((rc = sl_stream_peek(&t->stream, &ev, err)) == SL_OK && ev->kind != SL_EVENT_END)
        pass(a, t, ev);
    return rc == SL_EOF ? SL_OK : rc;
}

enum sl_code sl_alternates_leave(struct sl_alternates *a, size_t depth, struct sl_error *err)
{
    for (size_t i = 0; i < a->len; i++) {
        enum sl_code rc = a->at[i].level == depth && (depth > 1 || a->passes) ? drain(a, &a->at[i], err) : SL_OK;
        if (rc != SL_OK)
            return rc;
    }
    for (size_t i = 0; i < a->len; i++) {
        struct sl_alternate *t = &a->at[i];
        if (t->level != depth)
            continue;
        if (depth > 1 && t->stream.have)
            sl_stream_pop(&t->stream);
        t->level--;
    }
    return SL_OK;
}

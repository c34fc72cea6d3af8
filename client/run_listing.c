/* SPDX-License-Identifier: ISC */
/* run_listing - a run without a destination: entries, or modules. */
#include "config.h"
#include "client/run_priv.h"
#include "client/attrs.h"
#include "client/remote.h"
#include "base/io.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void each_module(void *ctx, const char *name, size_t name_len, const char *comment, size_t comment_len)
{
    sl_report_module(ctx, name, name_len, comment, comment_len);
}

struct list_path { char *text; size_t len, cap; size_t *marks; size_t depth, depth_cap; };

static void list_enter(struct list_path *lp, size_t mark)
{
    if (lp->depth == lp->depth_cap) {
        lp->depth_cap = lp->depth_cap ? lp->depth_cap * 2 : 32;
        lp->marks = sl_realloc(lp->marks, lp->depth_cap * sizeof *lp->marks);
    }
    lp->marks[lp->depth++] = mark;
}

static void list_entry(struct sl_layout *l, struct sl_merge *m, struct list_path *lp, struct sl_event *ev)
{
    size_t mark = lp->len, need = lp->len + ev->entry.name_len + 2;
    if (need > lp->cap)
        lp->text = sl_realloc(lp->text, lp->cap = need * 2);
    if (lp->len)
        lp->text[lp->len++] = '/';
    memcpy(lp->text + lp->len, ev->entry.name, ev->entry.name_len + 1);
    lp->len += ev->entry.name_len;
    bool dir = ev->entry.type == SL_TYPE_DIR;
    sl_stats_entry(&l->listed, &ev->entry);
    sl_report_list(l->report, &ev->entry, lp->text);
    if (dir)
        list_enter(lp, mark);
    else
        lp->len = mark;
    sl_merge_pop(m);
}

static int list_all(struct sl_layout *l, struct sl_error *err)
{
    struct sl_merge m;
    struct sl_event *ev = NULL;
    struct sl_origin *origin = NULL;
    struct list_path lp = { .text = sl_calloc(1, 4096), .cap = 4096 };
    enum sl_code rc;
    bool root = false, failed = l->failed;
    sl_merge_init(&m, l->streams, l->streams_len);
    sl_layout_prune(l, &m, NULL);
    for (;;) {
        rc = sl_merge_peek(&m, &ev, &origin, err);
        if (rc == SL_AGAIN && (rc = sl_remote_pump(l->remote_source, NULL, true, err)) == SL_OK)
            continue;
        if (!root && l->streams_len && l->streams[0]->has_root) {
            sl_stats_entry(&l->listed, &l->streams[0]->root);
            sl_report_list(l->report, &l->streams[0]->root, ".");
        }
        root |= l->streams_len && l->streams[0]->has_root;
        if (rc != SL_OK)
            break;
        if (ev->kind == SL_EVENT_ENTRY) {
            list_entry(l, &m, &lp, ev);
        } else {
            if (ev->kind == SL_EVENT_ERROR) {
                failed = true;
                sl_report_error(l->report, &ev->error, ev->name);
            } else if (lp.depth) {
                lp.len = lp.marks[--lp.depth];
            }
            sl_merge_pop(&m);
        }
    }
    sl_merge_clear(&m);
    free(lp.text);
    free(lp.marks);
    if (rc != SL_EOF) {
        sl_report_error(l->report, err, NULL);
        return sl_run_session_status(rc);
    }
    return failed ? 23 : 0;
}

/* As with rsync: a listing, too, has figures for those who ask. */
static void finish_list(struct sl_layout *l, int status)
{
    if (l->remote_source)
        sl_run_traffic(&l->listed, l->remote_source);
    l->listed.elapsed_ms = l->listed.list_ms = sl_now_ms() - l->start_ms;
    sl_report_end(l->report, &l->listed, status);
}

int sl_run_listing(struct sl_layout *l, struct sl_error *err)
{
    int status = 0;
    enum sl_code rc;
    if (l->addresses[0].modules && !l->addresses[0].module) {
        rc = sl_remote_modules(l->remote_source, each_module, l->report, err);
        if (rc != SL_OK) {
            sl_report_error(l->report, err, NULL);
            return sl_run_session_status(rc);
        }
        return 0;
    }
    rc = sl_layout_sources(l, err, &status);
    if (rc != SL_OK) {
        sl_report_error(l->report, err, NULL);
        return status;
    }
    sl_layout_named(l);
    for (size_t i = 0; i < l->streams_len; i++)
        sl_attrs_list(l->o, l->streams[i]->e);
    sl_report_start(l->report);
    status = list_all(l, err);
    finish_list(l, status);
    return status;
}

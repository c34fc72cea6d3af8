/* SPDX-License-Identifier: ISC */
/*
 * deletion - the last phase: what the destination has too much of goes, deepest first, or nothing of it at all. Then what
 * had to wait for a directory to make way is made.
 */
#include "config.h"
#include "client/backup.h"
#include "client/hard.h"
#include "client/plan_priv.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MAX = 8192 };

static void refuse(struct sl_plan *p, enum sl_code code, const char *fmt, uint64_t n)
{
    struct sl_error err = { .code = code, .side = p->dest->side };
    p->delete_refused = true;
    snprintf(err.text, sizeof err.text, fmt, n);
    if (code == SL_E_LIMIT)
        sl_report_error(p->report, &err, NULL);
    else
        sl_plan_entry_failed(p, &err, NULL);
}

static bool is_too_many(const struct sl_plan *p)
{
    uint64_t most = p->o->max_delete, all = p->deleted_before + p->dest_entries;
    if (p->o->max_delete_percent)
        most = all / 100 * most + all % 100 * most / 100;
    return p->o->max_delete_given && p->deleted_before + p->delete_count > most;
}

/* Whether the deletions may be done; says why not. What only makes way for something else does not go because the source lacks it. */
static bool allowed(struct sl_plan *p)
{
    if (!p->delete_count || p->delete_refused)
        return false;
    bool unsure = !p->o->ignore_errors && (p->o->del || p->o->delete_missing_args);
    if (unsure && p->source_error)
        refuse(p, SL_E_IO, "the source could not be read completely: nothing is deleted (%" PRIu64 " entries stay)", p->delete_count);
    else if (unsure && p->vanished && p->stats.errors)
        refuse(p, SL_E_IO, "there were errors: nothing is deleted (%" PRIu64 " entries stay)", p->delete_count);
    else if (p->o->del && !p->top_entries && !p->o->allow_empty_source)
        refuse(p, SL_E_INVALID, "the source is empty: nothing is deleted (%" PRIu64 " entries stay); --allow-empty-source allows it",
               p->delete_count);
    else if (is_too_many(p))
        refuse(p, SL_E_LIMIT, "%" PRIu64 " entries would be deleted, more than --max-delete allows: none is", p->delete_count);
    return !p->delete_refused;
}

static void note_stays(struct sl_plan *p, const uint8_t *rec, size_t n)
{
    free(p->stays);
    p->stays = sl_memdup0(rec + 1, n - 1);
}

/* What is protected and was met last is in this directory, if anything that is protected is. */
static bool stays(const struct sl_plan *p, const char *path, size_t len)
{
    return p->stays && strncmp(p->stays, path, len) == 0 && (p->stays[len] == '/' || !p->stays[len]);
}

static bool around(const char *dir, size_t n, const char *path)
{
    return strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n]);
}

/* -K: it is what a kept link leads to, or around it, or in it. */
static bool led_to(const struct sl_plan *p, const char *path, size_t len)
{
    const char *base = p->dest_origin.base;
    bool found = false;
    char *full = sl_asprintf("%s%s%.*s", base, *base ? "/" : "", (int)len, path);
    for (size_t i = 0; i < p->detours.len && !found; i++) {
        const char *real = p->detours.at[i].real;
        found = around(full, strlen(full), real) || around(real, strlen(real), full);
    }
    free(full);
    return found;
}

static void queue_delete(struct sl_plan *p, const uint8_t *rec, size_t n)
{
    const char *path = (const char *)rec + 2;
    size_t len = n - 2, dir = sl_path_dir_len(path, len);
    if (p->detours.len && led_to(p, path, len)) {
        if (rec[1] == SL_TYPE_DIR)
            sl_report_note(p->report, 0, "a kept link leads there, so it is not deleted: %.*s", (int)len, path);
        return;
    }
    if (rec[1] == SL_TYPE_DIR && stays(p, path, len)) {
        sl_report_note(p->report, 0, "cannot delete non-empty directory: %.*s", (int)len, path);
        return;
    }
    struct sl_entry e = { .type = (enum sl_type)rec[1] };
    struct sl_action *a = sl_queue_push(&p->queue);
    sl_action_fill(a, SL_ACT_REMOVE, path, len, dir, &e, &p->dest_origin);
    a->update = SL_UPDATE_DELETED;
    a->quiet = rec[0] == 'w';
    a->backs_up = sl_backup_wanted(p->o, e.type, a->entry.name);
}

static void queue_meta(struct sl_plan *p, const uint8_t *rec, size_t n)
{
    uint64_t head[4];
    memcpy(head, rec + 1, sizeof head);
    const char *path = (const char *)rec + 1 + sizeof head;
    size_t len = n - 1 - sizeof head, dir = sl_path_dir_len(path, len);
    struct sl_entry e = { .type = SL_TYPE_DIR, .mode = (uint32_t)head[1], .mtime_s = (int64_t)head[2], .mtime_ns = (uint32_t)head[3] };
    struct sl_action *a = sl_queue_push(&p->queue);
    sl_action_fill(a, SL_ACT_META, path, len, dir, &e, &p->dest_origin);
    a->meta = rec[0] == 'o' ? SL_META_MODE : (uint32_t)head[0] & (SL_META_MODE | SL_META_MTIME);
    a->closing = rec[0] != 'o';
    a->quiet = true;
}

/* Metadata of the directory in which a deferred entry is made. */
static struct sl_action *queue_around(struct sl_plan *p, const struct sl_action *made, uint32_t meta, uint32_t mode)
{
    struct sl_entry e = { .type = SL_TYPE_DIR, .mode = mode, .mtime_s = made->dir_mtime_s, .mtime_ns = made->dir_mtime_ns };
    struct sl_action *a = sl_queue_push(&p->queue);
    sl_action_fill(a, SL_ACT_META, made->path, made->dir_len, sl_path_dir_len(made->path, made->dir_len), &e, &p->dest_origin);
    a->meta = meta;
    a->quiet = true;
    return a;
}

static void queue_one_deferred(struct sl_plan *p, const struct sl_action *a)
{
    if (a->dir_readonly)
        queue_around(p, a, SL_META_MODE, a->dir_mode | 0700);
    struct sl_action *made = sl_queue_push(&p->queue);
    *made = *a;
    sl_hard_deferred(p, made);
    if (a->dir_meta)
        queue_around(p, a, a->dir_meta, a->dir_mode)->closing = true;
}

/* rsync's words. */
static const char *kind_words(enum sl_type type)
{
    switch (type) {
    case SL_TYPE_LINK:
        return "symlink";
    case SL_TYPE_CHAR:
    case SL_TYPE_BLOCK:
        return "device file";
    case SL_TYPE_FIFO:
    case SL_TYPE_SOCKET:
        return "special file";
    case SL_TYPE_NONE:
    case SL_TYPE_FILE:
    case SL_TYPE_DIR:
        break;
    }
    return "regular file";
}

/* What waited for a directory to go. */
static void queue_deferred(struct sl_plan *p)
{
    for (size_t i = 0; i < p->deferred_len; i++) {
        struct sl_action *a = &p->deferred[i];
        if ((p->o->del || p->o->force) && !p->delete_refused && !a->blocked) {
            queue_one_deferred(p, a);
            continue;
        }
        struct sl_error err = { .code = SL_E_NOT_EMPTY, .side = p->dest->side };
        if (!a->blocked && p->pass != SL_PASS_REST)     /* else that was told where it was to be deleted */
            sl_report_note(p->report, 0, "cannot delete non-empty directory: %s", a->path);
        snprintf(err.text, sizeof err.text, "could not make way for new %s: %s", kind_words(a->entry.type), a->path);
        sl_plan_entry_failed(p, &err, a->path);
        sl_action_clear(a);
    }
    p->deferred_len = 0;
}

enum sl_code sl_delete_step(struct sl_plan *p, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    enum sl_code rc = SL_OK;
    bool any = false;
    if (!(p->pass == SL_PASS_REST && !p->o->existing) && allowed(p)) {
        while (p->queue.len < QUEUE_MAX && (rc = sl_spool_pop(p->deletions, &b, err)) == SL_OK) {
            any = true;
            if (sl_buf_ptr(&b)[0] == 'd' || sl_buf_ptr(&b)[0] == 'w')
                queue_delete(p, sl_buf_ptr(&b), sl_buf_len(&b));
            else if (sl_buf_ptr(&b)[0] == 'k')
                note_stays(p, sl_buf_ptr(&b), sl_buf_len(&b));
            else
                queue_meta(p, sl_buf_ptr(&b), sl_buf_len(&b));
        }
    }
    sl_buf_clear(&b);
    if (rc != SL_OK && rc != SL_EOF)
        return rc;
    if (any)
        return SL_OK;
    if (!p->deferred_len)
        return SL_EOF;
    queue_deferred(p);
    return p->queue.len ? SL_OK : SL_EOF;
}

/* SPDX-License-Identifier: ISC */
/*
 * delay - see delay.h. The end goes in steps, each when the one before it is confirmed: directories that may not be
 * written are opened up, the outer ones first; files get their names; directories get their times, and modes where they
 * were opened up, the inner ones first.
 */
#include "config.h"
#include "client/delay.h"
#include "client/exec_priv.h"
#include "client/groups.h"
#include "client/plan_priv.h"
#include "client/take_source.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FILES_AT_ONCE = 8192, DIRS_AT_ONCE = 1024 };
enum { OPENING, RELEASING, CLOSING, OVER };

struct sl_delay {
    struct sl_spool *files;  /* of each that waits: struct file, its path, its taken source (take_source.h) if any */
    struct sl_spool *dirs;   /* struct dir and the path; inner ones before those around them */
    struct sl_spool *opened; /* the same, taken from there */
    unsigned state;
};

struct file {
    uint64_t path_len, old_size;
    int64_t old_mtime_s;
    uint32_t old_mtime_ns;
    bool backs_up, takes;
};

struct dir {
    uint32_t meta, mode;
    int64_t mtime_s;
    uint32_t mtime_ns;
    bool opens; /* it has to be opened up */
    bool own;   /* this run made it */
};

/* ---- before ---- */

enum sl_code sl_delay_check(const struct sl_options *o, const struct sl_endpoint *dest, struct sl_error *err)
{
    const uint32_t needed = SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE;
    if (!o->delay_updates)
        return SL_OK;
    if (!dest->holds)
        sl_fail(err, SL_E_CONFIG, "--delay-updates: the server at the destination is too old for it, so nothing is copied");
    else if ((dest->rights & needed) != needed)
        sl_fail(err, SL_E_CONFIG, "--delay-updates needs the rights to create and to overwrite at the destination, so nothing is copied");
    else
        return SL_OK;
    err->side = dest->side;
    return SL_E_CONFIG;
}

void sl_delay_init(struct sl_plan *p, FILE **files)
{
    if (!p->o->delay_updates || p->o->dry_run)
        return;
    struct sl_delay *d = p->delay = sl_calloc(1, sizeof *d);
    struct sl_spool **spools[SL_DELAY_SPOOLS] = { &d->files, &d->dirs, &d->opened };
    for (size_t i = 0; i < SL_DELAY_SPOOLS; i++) {
        *spools[i] = sl_spool_new();
        sl_spool_give(*spools[i], files[i]);
        files[i] = NULL;
    }
    p->holds = true;
}

void sl_delay_clear(struct sl_plan *p)
{
    struct sl_delay *d = p->delay;
    if (!d)
        return;
    sl_spool_free(d->files);
    sl_spool_free(d->dirs);
    sl_spool_free(d->opened);
    free(d);
    p->delay = NULL;
}

bool sl_delay_holds(const struct sl_plan *p, const struct sl_action *a)
{
    if (!p->holds)
        return false;
    if (a->kind == SL_ACT_LINK)
        return a->role.group && a->role.group->waits;
    return a->kind == SL_ACT_FILE || a->kind == SL_ACT_JOIN;
}

/* ---- noting ---- */

static void note(struct sl_plan *p, struct sl_spool *s, struct sl_buf *b, const char *path)
{
    struct sl_error err = { 0 };
    if (sl_spool_push(s, sl_buf_ptr(b), sl_buf_len(b), &err) != SL_OK)
        sl_plan_entry_failed(p, &err, path);
    sl_buf_clear(b);
}

/* Who may not set metadata may do so once, of a directory that it made. */
uint32_t sl_delay_dir(struct sl_plan *p, const struct sl_level *l, uint32_t meta)
{
    struct sl_buf b = { 0 };
    bool once = l->own && !(p->dest->rights & SL_RIGHT_META);
    bool shut = p->dest->uid != 0 && (l->entry.mode & 0300) != 0300;
    if (!p->holds || !(l->touched || l->made) || !l->has_source)
        return meta;
    struct dir d = { .meta = (once ? meta : meta & SL_META_MTIME) | (shut ? (uint32_t)SL_META_MODE : 0), .mode = l->entry.mode,
                     .mtime_s = l->entry.mtime_s, .mtime_ns = l->entry.mtime_ns, .opens = shut && !once, .own = l->own };
    if (!d.meta)
        return meta;
    sl_buf_add(&b, &d, sizeof d);
    sl_buf_add(&b, p->path, l->path_len);
    note(p, p->delay->dirs, &b, p->path);
    return once ? 0 : meta;
}

void sl_delay_mark(struct sl_lane *l, struct sl_pending *n, const struct sl_action *a)
{
    n->waits = sl_delay_holds(l->plan, a) && a->seq && n->ticket != l->failed_ticket;     /* without a number it is done once more */
    n->backs_up = a->backs_up;
    n->old_size = a->old_size;
    n->old_mtime_s = a->old_mtime_s;
    n->old_mtime_ns = a->old_mtime_ns;
}

void sl_delay_confirmed(struct sl_plan *p, struct sl_pending *n)
{
    struct sl_buf b = { 0 };
    const char *path = n->link ? n->link->path : n->path;
    bool waits = n->waits && n->changed && !n->failed && path;
    if (n->role.group && !n->role.follows && n->seq)
        n->role.group->waits = waits;
    if (!waits)
        return;
    struct file f = { .path_len = strlen(path), .old_size = n->old_size, .old_mtime_s = n->old_mtime_s, .old_mtime_ns = n->old_mtime_ns,
                      .backs_up = n->backs_up, .takes = n->source_taken };
    sl_buf_add(&b, &f, sizeof f);
    sl_buf_add(&b, path, f.path_len);
    if (f.takes)
        sl_take_write(n->source_taken, &b);
    note(p, p->delay->files, &b, path);
    sl_take_forget(n->source_taken);
    n->source_taken = NULL;
}

/* ---- the end ---- */

static struct sl_action *queue(struct sl_plan *p, enum sl_action_kind kind, const char *path, size_t len, enum sl_type type)
{
    struct sl_entry e = { .type = type };
    struct sl_action *a = sl_queue_push(&p->queue);
    sl_action_fill(a, kind, path, len, sl_path_dir_len(path, len), &e, &p->dest_origin);
    a->quiet = true;
    return a;
}

static void queue_file(struct sl_plan *p, const struct sl_buf *b)
{
    struct file f;
    memcpy(&f, sl_buf_ptr(b), sizeof f);
    const uint8_t *rest = sl_buf_ptr(b) + sizeof f;
    struct sl_action *a = queue(p, SL_ACT_RELEASE, (const char *)rest, f.path_len, SL_TYPE_FILE);
    a->flags = SL_PUT_REPLACE;
    a->backs_up = f.backs_up;
    a->old_size = f.old_size;
    a->old_mtime_s = f.old_mtime_s;
    a->old_mtime_ns = f.old_mtime_ns;
    if (f.takes)
        a->taken = sl_take_read(rest + f.path_len, sl_buf_len(b) - sizeof f - f.path_len);
}

static void queue_dir(struct sl_plan *p, const struct sl_buf *b, bool opens)
{
    struct dir d;
    memcpy(&d, sl_buf_ptr(b), sizeof d);
    struct sl_action *a = queue(p, SL_ACT_META, (const char *)sl_buf_ptr(b) + sizeof d, sl_buf_len(b) - sizeof d, SL_TYPE_DIR);
    a->meta = opens ? (uint32_t)SL_META_MODE : d.meta;
    a->entry.mode = opens ? d.mode | 0700 : d.mode;
    a->entry.mtime_s = d.mtime_s;
    a->entry.mtime_ns = d.mtime_ns;
    a->own_dir = d.own;
    a->closing = !opens;
}

/* A directory that has to be opened up is; and each goes to the next spool, from which they come in the other order. */
static enum sl_code open_up(struct sl_plan *p, struct sl_error *err)
{
    struct sl_delay *d = p->delay;
    struct sl_buf b = { 0 };
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && p->queue.len < DIRS_AT_ONCE && (rc = sl_spool_pop(d->dirs, &b, err)) == SL_OK) {
        struct dir one;
        memcpy(&one, sl_buf_ptr(&b), sizeof one);
        if (one.opens)
            queue_dir(p, &b, true);
        rc = sl_spool_push(d->opened, sl_buf_ptr(&b), sl_buf_len(&b), err);
    }
    sl_buf_clear(&b);
    return rc;
}

static enum sl_code release(struct sl_plan *p, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    enum sl_code rc = SL_OK;
    while (p->queue.len < FILES_AT_ONCE && (rc = sl_spool_pop(p->delay->files, &b, err)) == SL_OK)
        queue_file(p, &b);
    sl_buf_clear(&b);
    return rc;
}

static enum sl_code close_up(struct sl_plan *p, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    enum sl_code rc = SL_OK;
    while (p->queue.len < DIRS_AT_ONCE && (rc = sl_spool_pop(p->delay->opened, &b, err)) == SL_OK)
        queue_dir(p, &b, false);
    sl_buf_clear(&b);
    return rc;
}

enum sl_code sl_delay_step(struct sl_plan *p, struct sl_error *err)
{
    static enum sl_code (*const steps[])(struct sl_plan *, struct sl_error *) = { open_up, release, close_up };
    struct sl_delay *d = p->delay;
    p->holds = false; /* what is made from now on has waited long enough */
    while (d && d->state != OVER) {
        enum sl_code rc = steps[d->state](p, err);
        if (rc != SL_OK && rc != SL_EOF)
            return rc;
        d->state += rc == SL_EOF;
        if (p->queue.len)
            return SL_OK;
    }
    return SL_EOF;
}

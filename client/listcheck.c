/* SPDX-License-Identifier: ISC */
/* listcheck - see listcheck.h. */
#include "config.h"
#include "client/listcheck.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sl_listcheck_reset(struct sl_listcheck *c)
{
    sl_buf_reset(&c->names, 64 * 1024);
    c->depth = 0;
    c->started = c->over = false;
}

void sl_listcheck_clear(struct sl_listcheck *c)
{
    sl_buf_clear(&c->names);
    free(c->starts);
    *c = (struct sl_listcheck){ 0 };
}

static enum sl_code wrong(struct sl_error *err, const char *what)
{
    return sl_fail(err, SL_E_PROTOCOL, "the server's listing %s", what);
}

/* Makes name the last one of the innermost directory. */
static void set_last(struct sl_listcheck *c, const char *name, size_t len)
{
    size_t start = c->starts[c->depth - 1];
    c->names.end = c->names.start + start;
    sl_buf_add(&c->names, name, len);
    sl_buf_add(&c->names, "", 1);
}

static void enter(struct sl_listcheck *c)
{
    if (c->depth == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 32;
        c->starts = sl_realloc(c->starts, c->cap * sizeof *c->starts);
    }
    c->starts[c->depth++] = sl_buf_len(&c->names);
    set_last(c, "", 0);
}

static void leave(struct sl_listcheck *c)
{
    c->names.end = c->names.start + c->starts[--c->depth];
    c->over = c->depth == 0;
}

static enum sl_code entry(struct sl_listcheck *c, const char *asked, const struct sl_entry *e, struct sl_error *err)
{
    if (!c->started) {
        c->started = true;
        if (strcmp(e->name, asked) != 0)
            return wrong(err, "is of something else than was asked for");
        if (!*asked && e->type != SL_TYPE_DIR)
            return wrong(err, "says that a directory is none");
    } else {
        const char *last = (const char *)sl_buf_ptr(&c->names) + c->starts[c->depth - 1];
        /* strcmp orders by bytes; names have no NUL in them. */
        if (e->name_len == 0 || strcmp(e->name, last) <= 0)
            return wrong(err, "is out of order");
        set_last(c, e->name, e->name_len);
    }
    if (e->type == SL_TYPE_DIR)
        enter(c);
    else if (!c->depth)
        c->over = true;
    return SL_OK;
}

enum sl_code sl_listcheck_record(struct sl_listcheck *c, const char *asked, const struct sl_list_record *m, struct sl_error *err)
{
    if (c->over || (!c->depth && (c->started || m->kind != SL_LIST_ENTRY)))
        return wrong(err, "has records behind its end, or before its beginning");
    switch (m->kind) {
    case SL_LIST_ENTRY:
        return entry(c, asked, &m->entry, err);
    case SL_LIST_END:
        leave(c);
        return SL_OK;
    case SL_LIST_ERROR:
        return SL_OK;
    }
    return SL_OK;
}

enum sl_code sl_listcheck_end(const struct sl_listcheck *c, struct sl_error *err)
{
    return c->over ? SL_OK : wrong(err, "ends in the middle");
}

/* SPDX-License-Identifier: ISC */
/* local_fetch - the whole content of a small file, such as a merge file. It is read apart from what is being copied. */
#include "config.h"
#include "client/local_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sl_fetch_claim(struct sl_fetch *f)
{
    if (f->room)
        f->room->used -= f->cap;
    f->room = NULL;
}

static void forget(struct sl_fetch *f)
{
    sl_fetch_claim(f);
    free(f->text);
    f->text = NULL;
    f->len = f->cap = 0;
}

void sl_fetch_drop(struct sl_fetch *f)
{
    forget(f);
    if (f->done)
        free(f);
    else
        f->dropped = true;
}

static bool grow(struct sl_fetch *f, size_t need)
{
    size_t cap = need > f->cap * 2 ? need : f->cap * 2;
    if (need <= f->cap)
        return true;
    if (f->room && cap - f->cap > f->room->most - f->room->used) {
        f->crowded = true;
        forget(f);
        return false;
    }
    if (f->room)
        f->room->used += cap - f->cap;
    f->text = sl_realloc(f->text, f->cap = cap);
    return true;
}

bool sl_fetch_add(struct sl_fetch *f, const void *data, uint64_t len)
{
    if (f->dropped || f->crowded || f->err.code)
        return false;
    if (len > SL_FETCH_MAX - f->len) {
        sl_fail(&f->err, SL_E_TOO_BIG, "a file of at most %d bytes is expected", SL_FETCH_MAX);
        forget(f);
        return false;
    }
    if (!grow(f, f->len + (size_t)len))
        return false;
    if (!len)
        return true;
    if (data)
        memcpy(f->text + f->len, data, (size_t)len);
    else
        memset(f->text + f->len, 0, (size_t)len);
    f->len += (size_t)len;
    return true;
}

/* That the directory of a number is not open says less than why it was not opened, or the one around it. */
void sl_fetch_explain(struct sl_fetch *f, const struct sl_endpoint *e)
{
    if (f->err.code == SL_E_INVALID && e->unopened.code)
        f->err = e->unopened;
}

void sl_fetch_done(struct sl_fetch *f, enum sl_code code)
{
    f->done = true;
    f->code = code;
    if (f->dropped)
        sl_fetch_drop(f);
}

enum { PIECE = 64 * 1024 };

static enum sl_code read_whole(struct sl_reader *r, struct sl_fetch *f)
{
    char piece[PIECE];
    size_t got = 0;
    uint64_t hole = 0;
    enum sl_code rc;
    while ((rc = sl_reader_next(r, piece, sizeof piece, &got, &hole, &f->err)) == SL_OK)
        if (!sl_fetch_add(f, hole ? NULL : piece, hole ? hole : got))
            return f->err.code;
    if (rc == SL_EOF && sl_reader_changed(r))
        return sl_fail(&f->err, SL_E_CHANGED, "it changed while it was read");
    return rc == SL_EOF ? SL_OK : rc;
}

enum sl_code sl_fetch_file(struct sl_fetch *f, int dirfd, const char *name)
{
    struct sl_reader r;
    enum sl_code rc = sl_reader_open(&r, dirfd, name, &f->err);
    if (rc != SL_OK)
        return rc;
    rc = read_whole(&r, f);
    sl_reader_close(&r);
    return rc;
}

void sl_local_fetch(struct sl_endpoint *e, uint32_t dir, const char *name, struct sl_fetch *f)
{
    struct sl_local *l = sl_local_of(e);
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &f->err);
    if (rc == SL_OK) {
        rc = sl_fetch_file(f, fd, name);
    } else {
        sl_fetch_explain(f, e);
        rc = f->err.code;
    }
    f->err.side = e->side;
    sl_local_answer(l, SL_JOB_HASH, SL_OK, NULL);
    sl_fetch_done(f, rc);
}

/* SPDX-License-Identifier: ISC */
/* local_fetch - the whole content of a small file, such as a merge file. It is read apart from what is being copied. */
#include "config.h"
#include "client/local_priv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sl_fetch_drop(struct sl_fetch *f)
{
    if (!f->done) {
        f->dropped = true;
        return;
    }
    free(f->text);
    free(f);
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

static enum sl_code read_whole(struct sl_reader *r, struct sl_fetch *f)
{
    size_t got = 0;
    uint64_t hole = 0;
    enum sl_code rc;
    f->text = sl_malloc(SL_FETCH_MAX + 1);
    while ((rc = sl_reader_next(r, f->text + f->len, SL_FETCH_MAX + 1 - f->len, &got, &hole, &f->err)) == SL_OK) {
        if (got + hole > SL_FETCH_MAX - f->len)
            return sl_fail(&f->err, SL_E_TOO_BIG, "a file of at most %d bytes is expected", SL_FETCH_MAX);
        if (hole)
            memset(f->text + f->len, 0, (size_t)hole);
        f->len += got + (size_t)hole;
        got = 0;
    }
    if (rc == SL_EOF && sl_reader_changed(r))
        return sl_fail(&f->err, SL_E_CHANGED, "it changed while it was read");
    return rc == SL_EOF ? SL_OK : rc;
}

void sl_local_fetch(struct sl_endpoint *e, uint32_t dir, const char *name, struct sl_fetch *f)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_reader r;
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &f->err);
    if (rc != SL_OK) {
        sl_fetch_explain(f, e);
        rc = f->err.code;
    } else if ((rc = sl_reader_open(&r, fd, name, &f->err)) == SL_OK) {
        rc = read_whole(&r, f);
        sl_reader_close(&r);
    }
    f->err.side = e->side;
    sl_local_answer(l, SL_JOB_HASH, SL_OK, NULL);
    sl_fetch_done(f, rc);
}

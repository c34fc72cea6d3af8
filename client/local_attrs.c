/* SPDX-License-Identifier: ISC */
/* local_attrs - the local endpoint's operations on attributes: what is to be set is kept for the operation that it belongs to. */
#include "config.h"
#include "client/local_priv.h"
#include "base/mem.h"
#include "tree/attrs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

void sl_local_attrs(struct sl_endpoint *e, const struct sl_attrs_want *w, size_t from, size_t n)
{
    struct sl_local *l = sl_local_of(e);
    if (!from)
        sl_buf_reset(&l->attrs_set, SL_ATTRS_PIECE);
    sl_buf_add(&l->attrs_set, w->set + from, n);
    l->attrs = *w;
    l->attrs.set = sl_buf_ptr(&l->attrs_set);
    l->attrs_there = from + n == w->len;
    sl_local_answer(l, SL_JOB_WORK, SL_OK, NULL);
}

void sl_local_attrs_take(struct sl_local *l, struct sl_entry *e)
{
    e->wants = l->attrs_there ? &l->attrs : NULL;
    l->attrs_there = false;
}

void sl_local_attrs_hold(struct sl_local *l)
{
    struct sl_buf other = l->w_set;
    sl_local_attrs_take(l, &l->w_entry);
    if (!l->w_entry.wants)
        return;
    l->w_set = l->attrs_set;
    l->attrs_set = other;
    l->w_attrs = l->attrs;
    l->w_entry.wants = &l->w_attrs;
}

void sl_local_attrs_clear(struct sl_local *l)
{
    sl_buf_clear(&l->attrs_set);
    sl_buf_clear(&l->w_set);
}

void sl_local_get_attrs(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_fetch *f)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_attrs_reader r = { .flags = flags | l->e.fake, .owners = flags & SL_ATTRS_NUMERIC ? NULL : l->owners };
    struct stat st;
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &f->err);
    if (rc == SL_OK && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0)
        rc = sl_fail_errno(&f->err, errno, "cannot look at '%s'", name);
    if (rc == SL_OK)
        rc = sl_attrs_read(&r, fd, name, &st, &f->err);
    if (rc == SL_OK) {
        f->len = sl_buf_len(&r.set);
        f->text = f->len ? sl_memdup0(sl_buf_ptr(&r.set), f->len) : NULL;
    }
    sl_attrs_reader_clear(&r);
    f->err.side = e->side;
    sl_local_answer(l, SL_JOB_HASH, SL_OK, NULL);
    sl_fetch_done(f, rc);
}

/* SPDX-License-Identifier: ISC */
/* local_backup - the local endpoint's backups, each made within its call, and what is not done when there is none. */
#include "config.h"
#include "client/local_priv.h"
#include "base/io.h"
#include "tree/backup.h"
#include "tree/fake.h"

#include <errno.h>
#include <fcntl.h>

enum { BUSY_EVERY = 32 /* steps */ };

static enum sl_code copy(struct sl_local *l, struct sl_backup *b, struct sl_error *err)
{
    uint64_t bytes = 0;
    enum sl_code rc = SL_AGAIN;
    for (unsigned turn = 1; rc == SL_AGAIN; turn++) {
        if (l->e.busy && turn % BUSY_EVERY == 0)
            l->e.busy(l->e.busy_ctx);
        rc = sl_backup_step(b, &bytes, err);
    }
    return rc;
}

void sl_local_backup(struct sl_endpoint *e, const struct sl_names *n, const struct sl_entry *as)
{
    struct sl_local *l = sl_local_of(e);
    struct sl_error err = { 0 };
    struct sl_backup b;
    struct sl_backup_what w = {
        .move = { .from_fd = -1, .from = n->from, .to = n->to, .flags = n->flags & SL_PUT_REPLACE }, .flags = n->flags,
        .meta = SL_BACKUP_META | (l->e.fake & SL_FAKE ? SL_META_FAKE : 0), .special = true, .owners = l->owners
    };
    int fd = -1;
    sl_local_settle(l);
    if (as) {
        w.size = as->size;
        w.mtime_s = as->mtime_s;
        w.mtime_ns = as->mtime_ns;
    }
    enum sl_code rc = sl_dirs_fd(l->dirs, n->from_dir, &fd, &err);
    if (rc == SL_OK && (w.move.from_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0) /* one descriptor is lent at a time */
        rc = sl_fail_errno(&err, errno, "cannot open the directory of '%s' again", n->from);
    if (rc == SL_OK)
        rc = sl_dirs_fd(l->dirs, n->to_dir, &w.move.to_fd, &err);
    if (rc == SL_OK && (rc = sl_backup_begin(&b, &w, &err)) == SL_AGAIN)
        rc = copy(l, &b, &err);
    sl_io_close(&w.move.from_fd);
    l->unbacked = rc != SL_OK;
    sl_local_answer(l, SL_JOB_WORK, rc, &err);
}

bool sl_local_unbacked(struct sl_local *l)
{
    struct sl_error err = { 0 };
    if (!l->unbacked)
        return false;
    l->unbacked = false;
    sl_local_answer(l, SL_JOB_WORK, sl_fail(&err, SL_E_INVALID, "not done, because there is no backup"), &err);
    return true;
}

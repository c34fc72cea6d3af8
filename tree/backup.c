/* SPDX-License-Identifier: ISC */
/* backup - see backup.h. A link costs nothing and leaves no moment without the file; what has none is copied through a
 * stage. */
#include "config.h"
#include "tree/backup.h"

#include "base/attrs.h"
#include "base/mem.h"
#include "tree/fake.h"
#include "tree/meta.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 128 * 1024, STEP = 2 * 1024 * 1024 };
static bool is_as(const struct sl_backup_what *w, const struct stat *st)
{
    return (uint64_t)st->st_size == w->size && st->st_mtim.tv_sec == w->mtime_s &&
           (uint32_t)st->st_mtim.tv_nsec == w->mtime_ns;
}

/* Who makes it has to get into it. */
static enum sl_code make_dir(const struct sl_backup_what *w, struct sl_entry *e, struct sl_error *err)
{
    struct stat st;
    const char *to = w->move.to;
    if (mkdirat(w->move.to_fd, to, 0700) != 0) {
        int why = errno;
        bool there = why == EEXIST && fstatat(w->move.to_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
        return there ? SL_OK : sl_fail_errno(err, why, "cannot make directory '%s'", to);
    }
    e->mode |= geteuid() && !(w->meta & SL_META_FAKE) ? 0700 : 0;
    return sl_meta_set_at(w->move.to_fd, to, e, w->meta, w->owners, err);
}

/* Whether another file system, another owner or too many names are in the way of a link, not something that is of a
 * copy, too. */
static bool copy_may_do(enum sl_code why)
{
    return why == SL_E_UNSUPPORTED || why == SL_E_DENIED || why == SL_E_LIMIT;
}

/* All that a link would have; a directory's default ACL is not of it. privileged: also what may only be of somebody's. */
static enum sl_code read_attrs(struct sl_backup *b, bool privileged, struct sl_error *err)
{
    bool fake = b->meta & SL_META_FAKE;
    b->attrs.flags = SL_ATTRS_SETS | SL_ATTRS_NUMERIC | (privileged ? 0 : (uint32_t)SL_ATTRS_USER) | (fake ? SL_FAKE : (uint32_t)SL_ATTRS_RSYNC);
    return sl_attrs_read(&b->attrs, b->reader.fd, "", &b->reader.st, err);
}

/* What is copied has to be what was looked at: else it would get the mode of another file. */
static enum sl_code begin_copy(struct sl_backup *b, const struct sl_backup_what *w, const struct stat *was, struct sl_error *err)
{
    enum sl_code rc = sl_reader_open(&b->reader, w->move.from_fd, w->move.from, err);
    if (rc != SL_OK)
        return rc;
    const struct stat *st = &b->reader.st;
    if (st->st_dev != was->st_dev || st->st_ino != was->st_ino)
        rc = sl_fail(err, SL_E_CHANGED, "'%s' was replaced by another", w->move.from);
    else
        rc = read_attrs(b, !b->bare, err);
    if (rc == SL_OK)
        rc = sl_stage_begin(&b->stage, w->move.to_fd, &b->entry, b->meta, err);
    if (rc == SL_OK)
        return SL_AGAIN;
    sl_attrs_reader_clear(&b->attrs);
    sl_reader_close(&b->reader);
    return rc;
}

enum sl_code sl_backup_begin(struct sl_backup *b, const struct sl_backup_what *w, struct sl_error *err)
{
    struct stat st;
    char target[SL_TARGET_MAX + 1];
    const struct sl_move *m = &w->move;
    *b = (struct sl_backup){ .reader.fd = -1, .stage = { .fd = -1, .dirfd = -1 }, .flags = m->flags };
    if (!sl_name_ok(m->from, strlen(m->from)) || !sl_name_ok(m->to, strlen(m->to)))
        return sl_fail(err, SL_E_NAME, "'%s' is not a name for a backup of '%s'", m->to, m->from);
    bool fake = w->meta & SL_META_FAKE;
    enum sl_code rc = fake ? sl_fake_stat(m->from_fd, m->from, NULL, &b->entry, target, &st, err)
                           : sl_meta_stat(m->from_fd, m->from, NULL, &b->entry, target, &st, err);
    if (rc == SL_E_NOT_FOUND || (rc == SL_OK && w->flags & SL_BACKUP_AS && !is_as(w, &st)))
        return SL_OK;
    if (rc != SL_OK)
        return rc;
    memcpy(b->name, m->to, strlen(m->to) + 1);
    b->entry.name = b->name;
    b->entry.name_len = strlen(b->name);
    b->meta = w->meta;
    b->owners = w->owners;
    /* What would run with its owner's rights has to have that owner. */
    b->bare = !(w->meta & SL_META_UID) || (!fake && geteuid() != 0 && st.st_uid != geteuid());
    if (b->bare)
        b->entry.mode &= 0777;
    if (b->entry.type == SL_TYPE_DIR)
        return make_dir(w, &b->entry, err);
    if (!(w->flags & SL_BACKUP_COPY) || b->entry.type != SL_TYPE_FILE) {
        rc = sl_move_link(m, err);
        if (rc == SL_OK || !copy_may_do(rc))
            return rc;
    }
    *err = (struct sl_error){ 0 };
    if (b->entry.type == SL_TYPE_FILE)
        return begin_copy(b, w, &st, err);
    if (b->entry.type != SL_TYPE_LINK && !w->special && !fake)
        return sl_fail(err, SL_E_RIGHTS, "not allowed here: '%s' can't be linked, and the right to make special files is missing", m->from);
    return sl_stage_special(m->to_fd, &b->entry, b->meta, m->flags, b->owners, err);
}

/* An attribute that can't be had there is no reason to go without a backup; its mode then gives no more than the ACL did. */
static enum sl_code commit(struct sl_backup *b, struct sl_error *err)
{
    struct sl_error missing = { 0 };
    struct sl_attrs_want w = { .flags = b->attrs.flags & SL_ATTRS_ALL, .set = sl_buf_ptr(&b->attrs.set), .len = sl_buf_len(&b->attrs.set) };
    b->entry.wants = &w;
    enum sl_code rc = sl_stage_commit(&b->stage, &b->entry, b->meta, b->flags, b->owners, &missing);
    b->entry.wants = NULL;
    sl_attrs_reader_clear(&b->attrs);
    if (rc == SL_E_ATTRS)
        return SL_OK;
    if (rc != SL_OK)
        *err = missing;
    return rc;
}

static enum sl_code finish(struct sl_backup *b, struct sl_error *err)
{
    bool changed = sl_reader_changed(&b->reader);
    sl_reader_close(&b->reader);
    if (!changed)
        return commit(b, err);
    sl_attrs_reader_clear(&b->attrs);
    sl_stage_abort(&b->stage);
    return sl_fail(err, SL_E_CHANGED, "what '%s' is a backup of changed while it was copied", b->name);
}

enum sl_code sl_backup_step(struct sl_backup *b, uint64_t *bytes, struct sl_error *err)
{
    uint64_t done = 0;
    enum sl_code rc = SL_OK;
    *bytes = 0;
    if (b->ended)
        return finish(b, err);
    uint8_t *buf = sl_malloc(PIECE);
    while (rc == SL_OK && done < STEP) {
        size_t got = 0;
        uint64_t hole = 0;
        rc = sl_reader_next(&b->reader, buf, PIECE, &got, &hole, err);
        if (rc == SL_OK)
            rc = hole ? sl_stage_hole(&b->stage, hole, err) : sl_stage_write(&b->stage, buf, got, err);
        done += got;
    }
    free(buf);
    *bytes = done;
    b->ended = rc == SL_EOF;             /* what it has is counted before it gets its name */
    if (rc == SL_OK || rc == SL_EOF)
        return SL_AGAIN;
    sl_backup_end(b);
    return rc;
}

void sl_backup_end(struct sl_backup *b)
{
    if (b->reader.fd < 0)
        return;
    sl_attrs_reader_clear(&b->attrs);
    sl_reader_close(&b->reader);
    sl_stage_abort(&b->stage);
}

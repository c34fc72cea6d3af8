/* SPDX-License-Identifier: ISC */
/*
 * requests - the table of what a peer may ask: how each request is decoded, which rights it needs, who carries it out. A
 * payload is decoded whole before anything acts on it, also where a right is missing: entries are coded against the one
 * before. A request that can't be decoded ends the session; one that fails is answered with FAIL.
 */
#include "config.h"
#include "subsystem/session_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef enum sl_code decode_fn(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err);

#define DECODER(name, member, call) \
    static enum sl_code name(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err) \
    { \
        (void)ch; \
        return call(r, &q->member, err); \
    }
DECODER(decode_attach, attach, sl_attach_decode)
DECODER(decode_open, open, sl_open_decode)
DECODER(decode_list, list, sl_list_request_decode)
DECODER(decode_remove, remove, sl_remove_decode)
DECODER(decode_owner, owner, sl_owner_decode)
DECODER(decode_name, name, sl_name_decode)
DECODER(decode_chunks, chunks, sl_chunks_decode)
DECODER(decode_read_ranges, read_ranges, sl_read_ranges_decode)
DECODER(decode_read_some, read_some, sl_read_some_decode)
DECODER(decode_basis, basis, sl_basis_decode)
DECODER(decode_copy, copy, sl_copy_decode)
DECODER(decode_kept_in, kept_in, sl_kept_in_decode)
DECODER(decode_part, part, sl_part_decode)
DECODER(decode_drop, drop, sl_drop_decode)
DECODER(decode_move, move, sl_move_decode)
DECODER(decode_statfs, statfs, sl_statfs_decode)
DECODER(decode_attrs, attrs, sl_attrs_decode)
DECODER(decode_get_attrs, get_attrs, sl_get_attrs_decode)
DECODER(decode_backup, backup, sl_backup_decode)
DECODER(decode_release, release, sl_release_decode)
DECODER(decode_reserve, reserve, sl_reserve_decode)
DECODER(decode_stage_in, id, sl_stage_in_decode)

static enum sl_code whole(const struct sl_rd *r, const char *what, struct sl_error *err)
{
    return sl_r_done(r) ? SL_OK : sl_fail(err, SL_E_PROTOCOL, "the peer sent a malformed %s", what);
}

static enum sl_code decode_id(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err)
{
    (void)ch;
    q->id = (uint32_t)sl_r_uv(r, SL_DIR_ID_MAX);
    return whole(r, "CLOSE_DIR", err);
}

static enum sl_code decode_bytes(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err)
{
    (void)ch;
    (void)err;
    q->bytes.len = sl_r_left(r);
    q->bytes.data = sl_r_raw(r, q->bytes.len);
    return SL_OK;
}

static enum sl_code decode_hole(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err)
{
    (void)ch;
    q->hole = sl_r_uv(r, INT64_MAX);
    return whole(r, "HOLE", err);
}

static enum sl_code decode_keep(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err)
{
    (void)ch;
    q->keep = sl_r_uv(r, INT64_MAX);
    return whole(r, "KEEP", err);
}

static enum sl_code decode_hash(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err)
{
    (void)ch;
    q->hash = sl_r_hash(r);
    return whole(r, "COMMIT", err);
}

static enum sl_code decode_seed(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err)
{
    (void)ch;
    q->seed = sl_r_u64(r);
    return whole(r, "SEED", err);
}

static enum sl_code decode_nothing(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err)
{
    (void)ch;
    (void)q;
    return whole(r, "request that has no content", err);
}

static enum sl_code decode_new(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, enum sl_msg type,
                               struct sl_error *err)
{
    return sl_put_decode(r, ch->in, type, &q->put, err);
}
#define NEW_DECODER(name, type) \
    static enum sl_code name(struct sl_channel *ch, struct sl_rd *r, union sl_request *q, struct sl_error *err) \
    { \
        return decode_new(ch, r, q, type, err); \
    }
NEW_DECODER(decode_put, SL_MSG_PUT)
NEW_DECODER(decode_write, SL_MSG_WRITE)
NEW_DECODER(decode_mkdir, SL_MSG_MKDIR)
NEW_DECODER(decode_symlink, SL_MSG_SYMLINK)
NEW_DECODER(decode_mknod, SL_MSG_MKNOD)
NEW_DECODER(decode_set_meta, SL_MSG_SET_META)
NEW_DECODER(decode_join, SL_MSG_JOIN)

/* ---- the small requests ---- */

static enum sl_code run_open(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    char name[SL_NAME_MAX + 1];
    memcpy(name, q->open.name, q->open.name_len);
    name[q->open.name_len] = '\0';
    enum sl_code rc = sl_dirs_open(ch->dirs, q->open.parent, q->open.id, name, err);
    if (rc == SL_E_LINK && !(ch->rights & SL_RIGHT_LIST))    /* where it leads is a part of a listing */
        return sl_fail_errno(err, ENOTDIR, "cannot open directory '%s'", name);
    return rc;
}

static enum sl_code run_close(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    return sl_dirs_close(ch->dirs, q->id, err);
}

static enum sl_code run_owner(struct sl_channel *ch, const union sl_request *q, struct sl_error *err)
{
    struct sl_owners *o = ch->s->owners;
    struct sl_msg_owner_is m = { .request = ch->requests };
    struct sl_buf b = { 0 };
    char name[SL_OWNER_NAME_MAX + 1];
    (void)err;
    memcpy(name, q->owner.name, q->owner.name_len);
    name[q->owner.name_len] = '\0';
    m.number = q->owner.group ? sl_owners_gid(o, q->owner.number, name) : sl_owners_uid(o, q->owner.number, name);
    m.settable = q->owner.group ? sl_owners_can_gid(o, m.number) : sl_owners_can_uid(o, m.number);
    m.settable = m.settable || ch->fake;
    sl_owner_is_encode(&b, &m);
    sl_channel_answer(ch, SL_MSG_OWNER_IS, &b);
    sl_buf_clear(&b);
    return SL_OK;
}

/* ---- the table ---- */

/* Where in a request a name of the tree stands. READ has many and LIST one of a type not yet known: they see to it themselves,
 * by the same sl_hidden. */
enum names { NAMES_NOTHING, NAMES_OPENED, NAMES_ENTRY, NAMES_PART, NAMES_RELEASED, NAMES_DROP, NAMES_EXISTING_ENTRY, NAMES_REMOVED, NAMES_FILE, NAMES_CHUNKS, NAMES_RANGES, NAMES_SOME, NAMES_BASIS, NAMES_MOVED, NAMES_ATTRS, NAMES_BACKED_UP };

static const struct sl_request_kind {
    const char *name;                /* NULL: no request has this number */
    uint32_t rights;                 /* all of them are needed */
    uint32_t lesser;                 /* or these, for what the channel made itself; 0: no */
    enum names names;
    bool entry;                      /* it carries an entry */
    decode_fn *decode;
    sl_request_run *run;
} kinds[] = {
    [SL_MSG_ATTACH] = { "attach", 0, 0, NAMES_NOTHING, false, decode_attach, sl_run_attach },
    [SL_MSG_OPEN_DIR] = { "open a directory", 0, 0, NAMES_OPENED, false, decode_open, run_open },
    [SL_MSG_CLOSE_DIR] = { "close a directory", 0, 0, NAMES_NOTHING, false, decode_id, run_close },
    [SL_MSG_LIST] = { "list", SL_RIGHT_LIST, 0, NAMES_NOTHING, false, decode_list, sl_run_list },
    [SL_MSG_READ] = { "read", SL_RIGHT_READ, 0, NAMES_NOTHING, false, decode_bytes, sl_run_read },
    [SL_MSG_PUT] = { "create", SL_RIGHT_CREATE, 0, NAMES_ENTRY, true, decode_put, sl_run_put },
    [SL_MSG_WRITE] = { "create", SL_RIGHT_CREATE, 0, NAMES_ENTRY, true, decode_write, sl_run_write },
    [SL_MSG_DATA] = { "write", 0, 0, NAMES_NOTHING, false, decode_bytes, sl_run_data },       /* WRITE was asked for its rights */
    [SL_MSG_HOLE] = { "write", 0, 0, NAMES_NOTHING, false, decode_hole, sl_run_hole },
    [SL_MSG_COMMIT] = { "write", 0, 0, NAMES_NOTHING, false, decode_hash, sl_run_commit },
    [SL_MSG_ABORT] = { "write", 0, 0, NAMES_NOTHING, false, decode_nothing, sl_run_abort },
    [SL_MSG_MKDIR] = { "create", SL_RIGHT_CREATE, 0, NAMES_ENTRY, true, decode_mkdir, sl_run_make },
    [SL_MSG_SYMLINK] = { "create", SL_RIGHT_CREATE, 0, NAMES_ENTRY, true, decode_symlink, sl_run_make },
    [SL_MSG_MKNOD] = { "create special files", SL_RIGHT_CREATE | SL_RIGHT_SPECIAL, 0, NAMES_ENTRY, true, decode_mknod, sl_run_make },
    [SL_MSG_SET_META] = { "set metadata", SL_RIGHT_META, SL_RIGHT_CREATE, NAMES_EXISTING_ENTRY, true, decode_set_meta, sl_run_set_meta },
    [SL_MSG_REMOVE] = { "delete", SL_RIGHT_DELETE, 0, NAMES_REMOVED, false, decode_remove, sl_run_remove },
    [SL_MSG_OWNER] = { "ask for owners", SL_RIGHT_LIST, 0, NAMES_NOTHING, false, decode_owner, run_owner },
    [SL_MSG_HASH] = { "hash", SL_RIGHT_HASH, 0, NAMES_FILE, false, decode_name, sl_run_hash },
    [SL_MSG_SEED] = { "hash", 0, 0, NAMES_NOTHING, false, decode_seed, sl_run_seed },
    [SL_MSG_CHUNKS] = { "hash", SL_RIGHT_HASH, 0, NAMES_CHUNKS, false, decode_chunks, sl_run_chunks },
    [SL_MSG_READ_RANGES] = { "read", SL_RIGHT_READ, 0, NAMES_RANGES, false, decode_read_ranges, sl_run_read_ranges },
    /* The hash of what is not sent is a hash. */
    [SL_MSG_READ_SOME] = { "read some of a file: to read and hash", SL_RIGHT_READ | SL_RIGHT_HASH, 0, NAMES_SOME, false, decode_read_some,
                           sl_run_read_some },
    [SL_MSG_BASIS] = { "read", SL_RIGHT_READ, 0, NAMES_BASIS, false, decode_basis, sl_run_basis },
    [SL_MSG_COPY] = { "write", 0, 0, NAMES_NOTHING, false, decode_copy, sl_run_copy },        /* BASIS was asked for its rights */
    [SL_MSG_KEEP] = { "write", 0, 0, NAMES_NOTHING, false, decode_keep, sl_run_keep },
    /* What is kept there replaces what has its name, and goes with the next COMMIT. */
    [SL_MSG_KEPT_IN] = { "keep files in a partial directory: to overwrite and delete", SL_RIGHT_OVERWRITE | SL_RIGHT_DELETE, 0, NAMES_NOTHING,
                         false, decode_kept_in, sl_run_kept_in },
    /* Whoever begins a part reads the staged file, for a lock and for what is shared with another; the others are for who may begin one. */
    [SL_MSG_PART] = { "write in parts: to create and read", SL_RIGHT_CREATE | SL_RIGHT_READ, 0, NAMES_PART, false, decode_part, sl_run_part },
    [SL_MSG_JOIN] = { "write in parts: to create and read", SL_RIGHT_CREATE | SL_RIGHT_READ, 0, NAMES_ENTRY, true, decode_join, sl_run_join },
    [SL_MSG_DROP] = { "write in parts: to create and read", SL_RIGHT_CREATE | SL_RIGHT_READ, 0, NAMES_DROP, false, decode_drop, sl_run_drop },
    /* A second name is a way to read it, and to write it in place. */
    [SL_MSG_LINK] = { "link: to create and read", SL_RIGHT_CREATE | SL_RIGHT_READ, 0, NAMES_MOVED, false, decode_move, sl_run_link },
    [SL_MSG_RENAME] = { "rename: to rename and create", SL_RIGHT_RENAME | SL_RIGHT_CREATE, 0, NAMES_MOVED, false, decode_move, sl_run_rename },
    [SL_MSG_STATFS] = { "list", SL_RIGHT_LIST, 0, NAMES_NOTHING, false, decode_statfs, sl_run_statfs },
    [SL_MSG_ATTRS] = { "set attributes: to set metadata", SL_RIGHT_META, 0, NAMES_NOTHING, false, decode_attrs, sl_run_attrs },
    [SL_MSG_GET_ATTRS] = { "list", SL_RIGHT_LIST, 0, NAMES_ATTRS, false, decode_get_attrs, sl_run_get_attrs },
    /* The same; and a copy can be read by whom the first one is kept from. */
    [SL_MSG_BACKUP] = { "make backups: to create and read", SL_RIGHT_CREATE | SL_RIGHT_READ, 0, NAMES_BACKED_UP, false, decode_backup, sl_run_backup },
    /* Who could not replace what waits of another session may not have it wait; see sl_may_write_so. */
    [SL_MSG_RELEASE] = { "put held files in their places: to create and overwrite", SL_RIGHT_CREATE | SL_RIGHT_OVERWRITE, 0, NAMES_RELEASED, false,
                         decode_release, sl_run_release },
    [SL_MSG_RESERVE] = { "write", 0, 0, NAMES_NOTHING, false, decode_reserve, sl_run_reserve },
    [SL_MSG_STAGE_IN] = { "create", SL_RIGHT_CREATE, 0, NAMES_NOTHING, false, decode_stage_in, sl_run_stage_in },
    [SL_MSG_MODULES] = { "list modules", 0, 0, NAMES_NOTHING, false, decode_nothing, sl_run_modules },
};

static const struct sl_request_kind *kind_of(uint8_t type)
{
    return type < sizeof kinds / sizeof kinds[0] && kinds[type].name ? &kinds[type] : NULL;
}

static enum sl_code skip(struct sl_channel *ch, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_rd r;
    sl_r_init(&r, f->data, f->len);
    uint64_t number = sl_r_uv(&r, UINT64_MAX);
    enum sl_code rc = whole(&r, "SKIP", err);
    if (rc == SL_OK && ch->walk)
        sl_walk_skip(ch->walk, number);
    return rc;
}

/* A peer that can never make or change anything need not have its entries remembered: their owners' names take memory. */
static bool undecoded(const struct sl_channel *ch, const struct sl_request_kind *k)
{
    return k->entry && !(ch->rights & (SL_RIGHT_CREATE | SL_RIGHT_META));
}

/* The directory, the name ("" for none) and what is known of the type of what a request names. */
static const char *named(const struct sl_request_kind *k, const union sl_request *q, uint32_t *dir, bool *is_dir, char *scratch)
{
    const char *name = "";
    size_t len = 0;
    *is_dir = false;
    *dir = 0;
    switch (k->names) {
    case NAMES_NOTHING:
        break;
    case NAMES_OPENED:
        *dir = q->open.parent, name = q->open.name, len = q->open.name_len, *is_dir = true;
        break;
    case NAMES_ENTRY:
    case NAMES_EXISTING_ENTRY:
        *dir = q->put.id, name = q->put.entry.name, len = q->put.entry.name_len, *is_dir = q->put.entry.type == SL_TYPE_DIR;
        break;
    case NAMES_PART:
        *dir = q->part.id, name = q->part.name, len = q->part.name_len;
        break;
    case NAMES_RELEASED:
        *dir = q->release.id, name = q->release.name, len = q->release.name_len;
        break;
    case NAMES_DROP:
        *dir = q->drop.id, name = q->drop.name, len = q->drop.name_len;
        break;
    case NAMES_REMOVED:
        *dir = q->remove.id, name = q->remove.name, len = q->remove.name_len, *is_dir = q->remove.kind == SL_TYPE_DIR;
        break;
    case NAMES_FILE:
        *dir = q->name.id, name = q->name.name, len = q->name.name_len;
        break;
    case NAMES_CHUNKS:
        *dir = q->chunks.id, name = q->chunks.name, len = q->chunks.name_len;
        break;
    case NAMES_RANGES:
        *dir = q->read_ranges.id, name = q->read_ranges.name, len = q->read_ranges.name_len;
        break;
    case NAMES_SOME:
        *dir = q->read_some.id, name = q->read_some.name, len = q->read_some.name_len;
        break;
    case NAMES_BASIS:
        *dir = q->basis.id, name = q->basis.name, len = q->basis.name_len;
        break;
    case NAMES_MOVED:
        *dir = q->move.from_id, name = q->move.from, len = q->move.from_len;
        break;
    case NAMES_ATTRS:
        *dir = q->get_attrs.id, name = q->get_attrs.name, len = q->get_attrs.name_len;
        break;
    case NAMES_BACKED_UP:
        *dir = q->backup.names.from_id, name = q->backup.names.from, len = q->backup.names.from_len;
        break;
    }
    memcpy(scratch, name, len);
    scratch[len] = '\0';
    return scratch;
}

static enum sl_code missing(const struct sl_request_kind *k, struct sl_error *err)
{
    return sl_fail(err, SL_E_RIGHTS, "not allowed here: the right to %s is missing", k->name);
}

static enum sl_code refuse(struct sl_channel *ch, const struct sl_request_kind *k, uint32_t dir, const char *name,
                           struct sl_error *err)
{
    char what[160];
    bool early = k == &kinds[SL_MSG_LIST] && !ch->asked_list;    /* a client may ask for one thing before it can know its rights */
    ch->asked_list |= early;
    if (early)
        return missing(k, err);
    snprintf(what, sizeof what, "refused to %s (rule: %s, line %u)", k->name, ch->rule ? ch->rule : "--allow", ch->rule_line);
    sl_note(ch, SL_NOTE_REFUSED, what, dir, name);
    ch->s->figures.refused++;
    return missing(k, err);
}

enum sl_code sl_may_make(struct sl_channel *ch, uint32_t dir, const char *name, bool is_dir, struct sl_error *err)
{
    if (!sl_hidden(ch, dir, name, is_dir))
        return SL_OK;
    sl_note(ch, SL_NOTE_REFUSED, "refused to create an excluded name", dir, name);
    return sl_fail(err, SL_E_RIGHTS, "not allowed here: '%s' is excluded", name);
}

/* Rights first, then whether there is such a name for this peer: a name that is excluded is answered like one that is not
 * there, but for making one, which has to fail for a reason of its own. */
static enum sl_code allowed(struct sl_channel *ch, const struct sl_request_kind *k, const union sl_request *q, struct sl_error *err)
{
    char scratch[SL_NAME_MAX + 1];
    uint32_t dir;
    bool is_dir;
    uint32_t needed = k->rights & ~(ch->fake ? (uint32_t)SL_RIGHT_SPECIAL : 0);      /* then no special file is made */
    bool all = (needed & ch->rights) == needed;
    ch->lesser = !all && k->lesser && (k->lesser & ch->rights) == k->lesser;
    const char *name = undecoded(ch, k) ? (dir = 0, "") : named(k, q, &dir, &is_dir, scratch);
    if (!all && !ch->lesser)
        return refuse(ch, k, dir, name, err);
    if (!*name)
        return SL_OK;
    if (k->names >= NAMES_ENTRY && k->names <= NAMES_DROP)       /* dropping may give the name, too */
        return sl_may_make(ch, dir, name, is_dir, err);
    if (!sl_hidden(ch, dir, name, is_dir))
        return SL_OK;
    return sl_fail_errno(err, ENOENT, k->names == NAMES_OPENED ? "cannot open directory '%s'"
                                      : k->names >= NAMES_FILE ? "cannot open '%s'"
                                      : k->names == NAMES_REMOVED ? "cannot remove '%s'" : "cannot look at '%s'", name);
}

/* A channel remembers what owners are called as long as the session lasts. */
static enum sl_code check_names(const struct sl_session *s, struct sl_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < SL_CHANNELS; i++)
        bytes += s->channels[i] ? sl_entry_codec_bytes(s->channels[i]->in) : 0;
    return bytes <= SL_NAME_BYTES_MAX ? SL_OK : sl_fail(err, SL_E_LIMIT, "the names of owners take more than %d MiB", SL_NAME_BYTES_MAX >> 20);
}

enum sl_code sl_request_frame(struct sl_channel *ch, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_error why = { 0 };
    union sl_request q;
    struct sl_rd r;
    enum sl_code rc;
    if (f->type == SL_MSG_SKIP)
        return skip(ch, f, err);
    if (sl_channel_busy(ch))
        return SL_AGAIN;
    ch->requests++;
    const struct sl_request_kind *k = kind_of(f->type);
    if (!k) {
        sl_fail(&why, SL_E_UNSUPPORTED, "request type %u is not known here", f->type);
        sl_channel_fail(ch, &why);
        return SL_OK;
    }
    sl_r_init(&r, f->data, f->len);
    r.hash_len = (uint8_t)sl_hash_size(ch->s->digest);
    rc = undecoded(ch, k) ? SL_OK : k->decode(ch, &r, &q, err);
    if (rc == SL_OK && k->entry)
        rc = check_names(ch->s, err);
    if (rc != SL_OK)
        return rc;
    if (k->entry && !undecoded(ch, k))
        sl_attrs_take(ch, &q.put.entry);
    ch->devices = f->flags & SL_FLAG_DEVICES && sl_may_devices(ch);
    ch->no_atime = f->flags & SL_FLAG_NO_ATIME && sl_conn_has(ch->s->conn, SL_FEATURE_ATTRS);
    bool reads = f->type == SL_MSG_READ || f->type == SL_MSG_READ_RANGES || f->type == SL_MSG_READ_SOME;
    ch->as_is = f->flags & SL_FLAG_AS_IS && reads ? SL_FRAME_AS_IS : 0;
    ch->small = f->type == SL_MSG_READ && f->flags & SL_FLAG_SMALL && sl_conn_has(ch->s->conn, SL_FEATURE_SMALL);
    bool more = f->type == SL_MSG_READ_RANGES && sl_conn_has(ch->s->conn, SL_FEATURE_PARTS);
    ch->versioned = more && f->flags & SL_FLAG_VERSION;
    ch->holes = more && f->flags & SL_FLAG_HOLES;
    rc = allowed(ch, k, &q, &why);
    if (sl_unbacked(ch, (enum sl_msg)f->type) && rc == SL_OK)
        rc = sl_fail(&why, SL_E_INVALID, "not done, because there is no backup");
    if (rc == SL_OK)
        rc = k->run(ch, &q, &why);
    if (rc != SL_OK && why.retry_s) {    /* no room for this peer at all */
        *err = why;
        return rc;
    }
    if (rc != SL_OK) {
        if (f->type == SL_MSG_WRITE || f->type == SL_MSG_PART || (f->type == SL_MSG_BASIS && ch->writing != SL_WRITING_NOT))
            sl_writing_dead(ch);
        if (f->type == SL_MSG_BACKUP)
            sl_backup_failed(ch);
        sl_channel_fail(ch, &why);
    } else if (ch->requests - ch->confirmed >= SL_CONFIRM_EVERY) {
        sl_channel_confirm(ch);
    }
    return SL_OK;
}

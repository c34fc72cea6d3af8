/* SPDX-License-Identifier: ISC */
/*
 * charset_side - see charset_side.h. A name that can't be converted does not get this far: listings leave it out, sources are looked at
 * before (stream.c), and paths that were typed are converted when they are looked for. Should one come all the same, its request goes to a
 * directory that is never open, and fails as any other.
 */
#include "config.h"
#include "client/charset_priv.h"
#include "base/mem.h"
#include "client/look.h"

#include <stdlib.h>
#include <string.h>

static struct sl_charset_side *side(const struct sl_endpoint *e)
{
    return e->charset;
}

const char *sl_charset_there(struct sl_charset_side *s, unsigned slot, const char *name, uint32_t *dir)
{
    if (!*name)
        return "";
    if (sl_charset_name(s->c, SL_CHARSET_THERE, name, strlen(name), &s->names[slot], NULL) == SL_OK)
        return s->names[slot].text;
    *dir = SL_CHARSET_NOWHERE;
    return "?";
}

/* ---- places ---- */

static enum sl_code cannot(struct sl_error *err, const char *what)
{
    return sl_fail(err, SL_E_NAME, "cannot convert filename: '%s' (--iconv)", what);
}

/* The string as it is here; it is left alone where it can't be. */
static bool turn(const struct sl_charset *c, char **text)
{
    char *made = *text ? sl_charset_path(c, SL_CHARSET_HERE, *text) : NULL;
    if (*text && !made)
        return false;
    free(*text);
    *text = made;
    return true;
}

/* A path to a server is converted; one of this machine is as the system has it, and so is the way to where it starts. */
static enum sl_code side_place(struct sl_endpoint *e, const char *path, bool follow, struct sl_place *out, struct sl_error *err)
{
    const struct sl_charset *c = side(e)->c;
    struct sl_place p = { 0 };
    char *there = e->remote ? sl_charset_path(c, SL_CHARSET_THERE, path) : sl_strdup(path);
    if (!there)
        return cannot(err, path);
    enum sl_code rc = side(e)->inner->place(e, there, follow, &p, err);
    free(there);
    if (rc != SL_OK)
        return rc;
    if (!turn(c, &p.base) || !turn(c, &p.name) || (e->remote && !turn(c, &p.top))) {
        sl_place_clear(&p);
        return cannot(err, path);
    }
    *out = p;
    return SL_OK;
}

static bool side_place_ahead(struct sl_endpoint *e, const char *path, bool follow)
{
    char *there = e->remote ? sl_charset_path(side(e)->c, SL_CHARSET_THERE, path) : NULL;
    bool more = there && side(e)->inner->place_ahead(e, there, follow);
    free(there);
    return more;
}

static enum sl_code side_placed(struct sl_endpoint *e, struct sl_error *err)
{
    return e->remote ? side(e)->inner->placed(e, err) : SL_OK;
}

static size_t side_room(struct sl_endpoint *e, enum sl_job job)
{
    return side(e)->inner->room(e, job);
}

static void side_open_dir(struct sl_endpoint *e, enum sl_job job, uint32_t parent, uint32_t id, const char *name)
{
    name = sl_charset_there(side(e), 0, name, &parent);
    side(e)->inner->open_dir(e, job, parent, id, name);
}

static void side_close_dir(struct sl_endpoint *e, enum sl_job job, uint32_t id)
{
    side(e)->inner->close_dir(e, job, id);
}

static void side_look(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_look *k)
{
    k->charset = side(e)->c;
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->look(e, dir, name, flags, k);
}

static void side_free(struct sl_endpoint *e)
{
    struct sl_charset_side *s = side(e);
    e->charset = NULL;
    e->ops = s->inner;
    e->ops->free(e);
    sl_charset_list_free(s->list);
    free(s->target);
    free(s->kept_in);
    free(s);
}

/* ---- reading ---- */

static void side_read(struct sl_endpoint *e, uint32_t dir, const char *const *names, size_t count)
{
    struct sl_charset_name *made = sl_calloc(count, sizeof *made);
    const char **there = sl_calloc(count, sizeof *there);
    for (size_t i = 0; i < count; i++) {
        const char *name = sl_charset_there(side(e), 0, names[i], &dir);
        memcpy(made[i].text, name, strlen(name) + 1);
        there[i] = made[i].text;
    }
    side(e)->inner->read(e, dir, there, count);
    free(there);
    free(made);
}

static void side_read_ranges(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *ranges, size_t count)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->read_ranges(e, dir, name, ranges, count);
}

static void side_read_part(struct sl_endpoint *e, uint32_t dir, const char *name, uint64_t from, uint64_t len)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->read_part(e, dir, name, from, len);
}

static void side_read_some(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_range *all, const struct sl_ranges *ranges)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->read_some(e, dir, name, all, ranges);
}

static enum sl_code side_piece(struct sl_endpoint *e, struct sl_piece *out, struct sl_error *err)
{
    enum sl_code rc = side(e)->inner->piece(e, out, err);
    if (rc == SL_OK && out->kind == SL_PIECE_FAILED)
        sl_charset_message(side(e)->c, &out->error);
    return rc;
}

static void side_hash(struct sl_endpoint *e, uint32_t dir, const char *name)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->hash(e, dir, name);
}

static void side_fetch(struct sl_endpoint *e, uint32_t dir, const char *name, struct sl_fetch *f)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->fetch(e, dir, name, f);
}

static void side_get_attrs(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_fetch *f)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->get_attrs(e, dir, name, flags, f);
}

static void side_chunks(struct sl_endpoint *e, uint32_t dir, const struct sl_chunk_ask *ask, void *cookie)
{
    struct sl_chunk_ask there = *ask;
    there.name = sl_charset_there(side(e), 0, ask->name, &dir);
    side(e)->inner->chunks(e, dir, &there, cookie);
}

/* ---- writing ---- */

/* The same with the entry's name and target as they are there; good until the next one. */
static struct sl_new there_new(struct sl_endpoint *e, const struct sl_new *n)
{
    struct sl_charset_side *s = side(e);
    struct sl_new made = *n;
    made.entry = &s->entry;
    s->entry = *n->entry;
    s->entry.name = sl_charset_there(s, 0, n->entry->name ? n->entry->name : "", &made.dir);
    s->entry.name_len = strlen(s->entry.name);
    if (n->entry->type != SL_TYPE_LINK || !n->entry->target)
        return made;
    free(s->target);
    s->target = sl_charset_target(s->c, SL_CHARSET_THERE, n->entry, NULL);
    if (!s->target)
        made.dir = SL_CHARSET_NOWHERE;
    s->entry.target = s->target ? s->target : "?";
    s->entry.target_len = strlen(s->entry.target);
    return made;
}

static void side_put(struct sl_endpoint *e, const struct sl_new *n, const void *data, size_t len, const uint8_t *hash)
{
    struct sl_new made = there_new(e, n);
    side(e)->inner->put(e, &made, data, len, hash);
}

static void side_write(struct sl_endpoint *e, const struct sl_new *n)
{
    struct sl_new made = there_new(e, n);
    side(e)->inner->write(e, &made);
}

static void side_basis(struct sl_endpoint *e, uint32_t dir, const char *name, unsigned flags)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->basis(e, dir, name, flags);
}

static void side_kept_in(struct sl_endpoint *e, const char *name)
{
    uint32_t dir = 0;
    free(side(e)->kept_in);
    side(e)->kept_in = sl_strdup(sl_charset_there(side(e), 0, name, &dir));
    side(e)->inner->kept_in(e, side(e)->kept_in);
}

static void side_part(struct sl_endpoint *e, const struct sl_new *n, const char *token, uint64_t from)
{
    struct sl_new made = there_new(e, n);
    side(e)->inner->part(e, &made, token, from);
}

static void side_join(struct sl_endpoint *e, const struct sl_new *n, const char *token)
{
    struct sl_new made = there_new(e, n);
    side(e)->inner->join(e, &made, token);
}

static void side_drop(struct sl_endpoint *e, uint32_t dir, const char *name, const char *token, uint32_t flags)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->drop(e, dir, name, token, flags);
}

static void side_make(struct sl_endpoint *e, const struct sl_new *n)
{
    struct sl_new made = there_new(e, n);
    side(e)->inner->make(e, &made);
}

static void side_set_meta(struct sl_endpoint *e, const struct sl_new *n)
{
    struct sl_new made = there_new(e, n);
    side(e)->inner->set_meta(e, &made);
}

static void side_remove(struct sl_endpoint *e, uint32_t dir, enum sl_type kind, const char *name)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->remove(e, dir, kind, name);
}

static struct sl_names there_names(struct sl_endpoint *e, const struct sl_names *n)
{
    struct sl_names made = *n;
    made.from = sl_charset_there(side(e), 0, n->from, &made.from_dir);
    made.to = sl_charset_there(side(e), 1, n->to, &made.to_dir);
    return made;
}

static void side_link(struct sl_endpoint *e, const struct sl_names *n)
{
    struct sl_names made = there_names(e, n);
    side(e)->inner->link(e, &made);
}

static void side_rename(struct sl_endpoint *e, const struct sl_names *n)
{
    struct sl_names made = there_names(e, n);
    side(e)->inner->rename(e, &made);
}

static void side_backup(struct sl_endpoint *e, const struct sl_names *n, const struct sl_entry *as)
{
    struct sl_names made = there_names(e, n);
    side(e)->inner->backup(e, &made, as);
}

static void side_release(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->release(e, dir, name, flags);
}

static void side_take(struct sl_endpoint *e, uint32_t dir, const char *name, const struct sl_entry *as)
{
    name = sl_charset_there(side(e), 0, name, &dir);
    side(e)->inner->take(e, dir, name, as);
}

/* ---- what has no names ---- */

static void side_piece_taken(struct sl_endpoint *e) { side(e)->inner->piece_taken(e); }
static enum sl_code side_work(struct sl_endpoint *e) { return side(e)->inner->work(e); }
static void side_data(struct sl_endpoint *e, const void *data, size_t len) { side(e)->inner->data(e, data, len); }
static void side_hole(struct sl_endpoint *e, uint64_t len) { side(e)->inner->hole(e, len); }
static void side_stage_in(struct sl_endpoint *e, uint32_t dir) { side(e)->inner->stage_in(e, dir); }
static void side_reserve(struct sl_endpoint *e, uint64_t len) { side(e)->inner->reserve(e, len); }
static void side_copy(struct sl_endpoint *e, unsigned basis, uint64_t from, uint32_t len) { side(e)->inner->copy(e, basis, from, len); }
static void side_keep(struct sl_endpoint *e, uint64_t len) { side(e)->inner->keep(e, len); }
static void side_hash_blocks(struct sl_endpoint *e, unsigned grain) { side(e)->inner->hash_blocks(e, grain); }
static void side_commit(struct sl_endpoint *e, const uint8_t *hash) { side(e)->inner->commit(e, hash); }
static void side_abort(struct sl_endpoint *e) { side(e)->inner->abort(e); }

static enum sl_code side_hash_next(struct sl_endpoint *e, uint8_t out[SL_HASH_MOST], struct sl_error *err)
{
    return side(e)->inner->hash_next(e, out, err);
}

static void side_attrs(struct sl_endpoint *e, const struct sl_attrs_want *w, size_t from, size_t n)
{
    side(e)->inner->attrs(e, w, from, n);
}

static enum sl_code side_owner(struct sl_endpoint *e, bool group, uint32_t number, const char *name, bool *settable, uint32_t *there)
{
    return side(e)->inner->owner(e, group, number, name, settable, there);
}

static const struct sl_endpoint_ops side_ops = {
    .free = side_free,
    .place = side_place,
    .place_ahead = side_place_ahead,
    .placed = side_placed,
    .room = side_room,
    .open_dir = side_open_dir,
    .close_dir = side_close_dir,
    .list = sl_charset_list_ask,
    .list_next = sl_charset_list_next,
    .list_skip = sl_charset_list_skip,
    .look = side_look,
    .read = side_read,
    .read_ranges = side_read_ranges,
    .read_part = side_read_part,
    .read_some = side_read_some,
    .piece = side_piece,
    .piece_taken = side_piece_taken,
    .hash = side_hash,
    .hash_next = side_hash_next,
    .fetch = side_fetch,
    .get_attrs = side_get_attrs,
    .attrs = side_attrs,
    .chunks = side_chunks,
    .work = side_work,
    .put = side_put,
    .write = side_write,
    .data = side_data,
    .hole = side_hole,
    .kept_in = side_kept_in,
    .stage_in = side_stage_in,
    .reserve = side_reserve,
    .basis = side_basis,
    .copy = side_copy,
    .keep = side_keep,
    .hash_blocks = side_hash_blocks,
    .commit = side_commit,
    .abort = side_abort,
    .part = side_part,
    .join = side_join,
    .drop = side_drop,
    .make = side_make,
    .set_meta = side_set_meta,
    .remove = side_remove,
    .link = side_link,
    .rename = side_rename,
    .release = side_release,
    .take = side_take,
    .backup = side_backup,
    .owner = side_owner,
};

void sl_charset_wrap(struct sl_endpoint *e, const struct sl_charset *c)
{
    if (!c || !e || e->charset)
        return;
    struct sl_charset_side *s = sl_calloc(1, sizeof *s);
    s->c = c;
    s->inner = e->ops;
    s->list = sl_charset_list_new(c);
    e->charset = s;
    e->ops = &side_ops;
}

void sl_charset_wrap_beside(struct sl_endpoint *e, const struct sl_endpoint *first)
{
    sl_charset_wrap(e, sl_charset_of(first));
}

enum sl_code sl_charset_options_go(const struct sl_charset *c, const struct sl_options *o, struct sl_error *err)
{
    const struct { const char *option, *value; } all[] = { { "partial-dir", o->partial_dir }, { "suffix", o->suffix },
                                                           { "backup-dir", o->backup_dir },   { "temp-dir", o->temp_dir } };
    for (size_t i = 0; c && i < sizeof all / sizeof all[0]; i++) {
        char *made = all[i].value ? sl_charset_path(c, SL_CHARSET_THERE, all[i].value) : NULL;
        if (all[i].value && !made)
            return sl_fail(err, SL_E_CONFIG, "--%s: '%s' can't be converted to the other side's charset (--iconv)", all[i].option, all[i].value);
        free(made);
    }
    return SL_OK;
}

const struct sl_charset *sl_charset_of(const struct sl_endpoint *e)
{
    return e->charset ? e->charset->c : NULL;
}

char *sl_charset_rules(const struct sl_endpoint *e, const char *text, size_t len, size_t *out_len)
{
    return e->charset && len ? sl_charset_lines(e->charset->c, text, len, out_len) : NULL;
}

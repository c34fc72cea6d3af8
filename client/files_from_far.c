/* SPDX-License-Identifier: ISC */
/*
 * files_from_far - see files_from_far.h. The file is read as any other: by requests, with what the rights there allow,
 * and its content is verified; no more of it is held than a line.
 */
#include "config.h"
#include "client/files_from_far.h"
#include "base/mem.h"
#include "client/cursor.h"
#include "client/remote.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool sl_files_from_is_far(const char *file)
{
    const char *colon = strchr(file, ':');
    return colon && !memchr(file, '/', (size_t)(colon - file));
}

/* ---- which side ---- */

static bool is_url(const char *file)
{
    return strstr(file, "://") != NULL;
}

/* "[USER@]HOST:...": the user and the host are this side's. */
static bool names_host(const char *file, const struct sl_address *side)
{
    const char *colon = strchr(file, ':'), *at = memchr(file, '@', (size_t)(colon - file)), *host = at ? at + 1 : file;
    size_t n = (size_t)(colon - host);
    bool user = !at || (side->user && strlen(side->user) == (size_t)(at - file) &&
                        strncmp(side->user, file, (size_t)(at - file)) == 0);
    return user && side->host && strlen(side->host) == n && strncasecmp(side->host, host, n) == 0;
}

static bool same_url(const char *file, const struct sl_address *side)
{
    struct sl_address a = { 0 };
    bool same = sl_address_parse(&a, file, NULL) == SL_OK && sl_address_same_host(&a, side);
    sl_address_clear(&a);
    return same;
}

static bool is_of(const char *file, const struct sl_address *side)
{
    if (side->kind == SL_ADDR_LOCAL)
        return false;
    return *file == ':' || (is_url(file) ? same_url(file, side) : names_host(file, side));
}

/* NULL: neither. Of two other hosts ":FILE" is on the source's. */
static const struct sl_address *side_of(const struct sl_layout *l)
{
    const char *file = l->o->files_from;
    if (is_of(file, &l->addresses[0]))
        return &l->addresses[0];
    return l->o->dest && is_of(file, &l->dest_address) ? &l->dest_address : NULL;
}

enum sl_code sl_files_from_far_check(const struct sl_layout *l, struct sl_error *err)
{
    const char *file = l->o->files_from;
    if (side_of(l))
        return SL_OK;
    if (*file == ':')
        return sl_fail(err, SL_E_CONFIG, "--files-from=%s is on the other side, and there is none", file);
    return sl_fail(err, SL_E_CONFIG,
                   "--files-from: '%s' is on a host that this run does not go to; only a file of this one or of SRC or "
                   "DST can be read "
                   "(./%s is a file of that name here)",
                   file, file);
}

/* The path there, as typed; fresh memory. */
static char *path_of(const char *file)
{
    struct sl_address a = { 0 };
    if (!is_url(file))
        return sl_strdup(strchr(file, ':') + 1);
    char *path = sl_address_parse(&a, file, NULL) == SL_OK ? sl_strdup(a.path) : sl_strdup("");
    sl_address_clear(&a);
    return path;
}

/* ---- reading ---- */

struct reading {
    struct sl_files_from *list;
    struct sl_endpoint *e;
    struct sl_hash *hash;
    bool over;
};

/* A server can say that a hole has no end. More zeros than these say nothing new: within a line they are too many, and as ends of names (--from0)
 * all but the first are of names that are empty. */
enum { ZEROS_MOST = 2 * 1024 * 1024 };

static enum sl_code take_hole(struct reading *r, uint64_t n, struct sl_error *err)
{
    static const char zeros[4096];
    enum sl_code rc = SL_OK;
    sl_hash_hole(r->hash, n);
    n = n < ZEROS_MOST ? n : ZEROS_MOST;
    for (size_t k; n && rc == SL_OK; n -= k) {
        k = n < sizeof zeros ? (size_t)n : sizeof zeros;
        rc = sl_files_from_add(r->list, zeros, k, err);
    }
    return rc;
}

static enum sl_code verify(struct reading *r, const struct sl_piece *p, struct sl_error *err)
{
    uint8_t mine[SL_HASH_MOST];
    r->over = true;
    sl_hash_end(r->hash, mine);
    if (!p->hash || memcmp(mine, p->hash, sl_hash_size(r->e->digest)) == 0)
        return SL_OK;
    return sl_fail(err, SL_E_CORRUPT, "the list's content does not match its hash");
}

static enum sl_code take(struct reading *r, const struct sl_piece *p, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    switch (p->kind) {
    case SL_PIECE_WHOLE:
    case SL_PIECE_DATA:
        sl_hash_data(r->hash, p->data, p->len);
        rc = sl_files_from_add(r->list, p->data, p->len, err);
        return rc == SL_OK && p->kind == SL_PIECE_WHOLE ? verify(r, p, err) : rc;
    case SL_PIECE_HOLE:
        return take_hole(r, p->hole, err);
    case SL_PIECE_END:
        return verify(r, p, err);
    case SL_PIECE_FAILED:
        *err = p->error;
        return p->error.code;
    }
    return rc;
}

static enum sl_code pump(struct sl_endpoint *e, struct sl_error *err)
{
    return sl_remote_pump(e, NULL, true, err);
}

static enum sl_code go_to(struct sl_cursor *c, struct sl_endpoint *e, uint32_t *id, struct sl_error *err)
{
    enum sl_code rc;
    while ((rc = sl_cursor_goto(c, "", 0, id)) == SL_AGAIN)
        if ((rc = pump(e, err)) != SL_OK)
            return rc;
    return rc;
}

static enum sl_code read_at(struct reading *r, const struct sl_place *p, struct sl_error *err)
{
    struct sl_cursor c;
    struct sl_piece piece;
    const char *names[1] = { p->name };
    uint32_t id = 0;
    sl_cursor_init(&c, r->e, SL_JOB_WORK, p->root, p->base);
    enum sl_code rc = go_to(&c, r->e, &id, err);
    if (rc == SL_OK)
        r->e->ops->read(r->e, id, names, 1);
    while (rc == SL_OK && !r->over) {
        rc = r->e->ops->piece(r->e, &piece, err);
        if (rc == SL_AGAIN) {
            rc = pump(r->e, err);
            continue;
        }
        if (rc == SL_OK)
            rc = take(r, &piece, err);
        r->e->ops->piece_taken(r->e);
    }
    sl_cursor_clear(&c);
    return rc;
}

enum sl_code sl_files_from_far_begin(struct sl_layout *l, const struct sl_files_from_how *how, struct sl_error *err)
{
    struct sl_files_from_how far = *how;
    far.secret = true;
    far.charset = l->charset;
    l->list = sl_files_from_begin(&far, l->o->files_from);
    return sl_files_from_prepare(l->list, err);
}

enum sl_code sl_files_from_far_read(struct sl_layout *l, struct sl_error *err)
{
    struct reading r = { .list = l->list,
                         .e = side_of(l) == &l->dest_address ? l->dest : l->remote_source,
                         .hash = sl_hash_new() };
    struct sl_place p = { 0 };
    char *path = path_of(l->o->files_from);
    sl_hash_choose(r.hash, r.e->digest);
    sl_hash_reset(r.hash);
    enum sl_code rc = r.e->ops->place(r.e, path, true, &p, err);
    if (rc == SL_OK && !p.exists)
        rc = sl_fail(err, SL_E_NOT_FOUND, "cannot open the list '%s': No such file or directory", l->o->files_from);
    else if (rc == SL_OK && p.entry.type != SL_TYPE_FILE)
        rc = sl_fail(err, SL_E_TYPE, "the list '%s' is no file", l->o->files_from);
    if (rc == SL_OK)
        rc = read_at(&r, &p, err);
    if (rc == SL_OK)
        rc = sl_files_from_end(l->list, err);
    if (rc != SL_OK && err->side == SL_SIDE_HERE)
        err->side = r.e->side;
    sl_place_clear(&p);
    sl_hash_free(r.hash);
    free(path);
    return rc;
}

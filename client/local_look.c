/* SPDX-License-Identifier: ISC */
/* local_look - one thing, or a directory with its own entries, by a walk of its own: the listing that runs is not touched. */
#include "config.h"
#include "client/local_priv.h"
#include "client/look.h"

static enum sl_code walk(struct sl_local *l, uint32_t dir, const char *name, uint32_t flags, struct sl_look *k)
{
    struct sl_walk *w = NULL;
    struct sl_walk_event ev;
    int fd = -1;
    enum sl_code rc = sl_dirs_fd(l->dirs, dir, &fd, &k->err);
    if (rc == SL_OK)
        rc = sl_walk_new(&w, fd, name, flags | l->e.tells | l->e.fake, l->owners, &k->err);
    while (rc == SL_OK && (rc = sl_walk_next(w, &ev)) == SL_OK) {
        if (ev.kind == SL_WALK_ENTRY)
            sl_look_add(k, &ev.entry);
        else if (ev.kind == SL_WALK_ERROR)
            sl_look_add_error(k, ev.name, &ev.error);
    }
    sl_walk_free(w);
    return rc == SL_EOF ? SL_OK : rc;
}

void sl_local_look(struct sl_endpoint *e, uint32_t dir, const char *name, uint32_t flags, struct sl_look *k)
{
    struct sl_local *l = sl_local_of(e);
    enum sl_code rc = walk(l, dir, name, flags, k);
    k->err.side = e->side;
    sl_local_answer(l, SL_JOB_LOOK, SL_OK, NULL);
    sl_look_done(k, rc);
}

/* SPDX-License-Identifier: ISC */
/* behind - see behind.h. */
#include "config.h"
#include "client/behind.h"
#include "base/mem.h"
#include "client/look.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_AHEAD = 256 };

/* Where the directories that will be kept open are, from the top down; NULL: not behind a link. */
struct ways {
    char **at; /* owned, and each */
    size_t len;
};

static void push(struct ways *w, const char *dir, const char *name)
{
    w->at = sl_realloc(w->at, (w->len + 1) * sizeof *w->at);
    w->at[w->len++] = !dir ? NULL : !name ? sl_strdup(dir) : *dir ? sl_asprintf("%s/%s", dir, name) : sl_strdup(name);
}

static const char *last(const struct ways *w)
{
    return w->len ? w->at[w->len - 1] : NULL;
}

static void pop(struct ways *w, size_t count)
{
    while (count-- && w->len)
        free(w->at[--w->len]);
}

void sl_behind_forget(struct sl_segment *g)
{
    sl_look_drop(g->look);
    free(g->look_in);
    g->look = NULL;
    g->look_in = NULL;
}

struct sl_look **sl_behind_look(struct sl_segment *g, const char *real)
{
    return g->look && real && strcmp(g->look_in, real) == 0 ? &g->look : NULL;
}

/* False: there is no room for more. */
static bool ask(struct sl_stream *s, struct sl_segment *g, const char *dir)
{
    if (g->look && strcmp(g->look_in, dir) == 0)
        return true;
    sl_behind_forget(g);
    g->look = sl_follow_look(s->follow, g->origin->root, dir, g->name);
    if (g->look)
        g->look_in = sl_strdup(dir);
    return g->look;
}

void sl_behind_foresee(struct sl_stream *s)
{
    const char *links[NAMES_AHEAD];
    struct ways w = { 0 };
    bool room = s->follow && s->e->remote;
    if (room && s->ahead)
        sl_ahead_ways(s->ahead, sl_follow_outside(s->follow), links, NAMES_AHEAD);
    for (size_t i = 0; room && i < s->kept_len; i++)
        push(&w, s->kept[i].real, NULL);
    for (size_t i = 0; room && i < NAMES_AHEAD && s->at + i < s->asked; i++) {
        struct sl_segment *g = &s->segments[s->at + i];
        const char *link = i && s->ahead ? links[i - 1] : NULL;
        if (i) {
            pop(&w, g->close_before);
            room = !last(&w) || g->optional || ask(s, g, last(&w)); /* what a destination has may change until then */
        }
        if (g->keep_open)
            push(&w, link ? link : last(&w), link ? NULL : g->name);
    }
    pop(&w, w.len);
    free(w.at);
}

/* SPDX-License-Identifier: ISC */
/*
 * way - a path on its way through symbolic links: the names that are known to be real, and those behind them, which are still to be
 * looked at. ".." is our own bookkeeping, and never leaves the root. Who looks, and how, is the caller's.
 */
#ifndef SL_CLIENT_WAY_H
#define SL_CLIENT_WAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct sl_way_names {
    char **at;
    size_t len;
};

struct sl_way { /* all zero: at the root, with nothing to do */
    struct sl_way_names done, todo;
    unsigned links; /* met so far */
};

void sl_way_clear(struct sl_way *w);
/* Appends the names of path, "." left out, to those that are real, or to those that are not looked at. */
void sl_way_done(struct sl_way *w, const char *path);
void sl_way_todo(struct sl_way *w, const char *path);

/* Whether a name of todo is longer than any can be: nothing has it, and it can't be asked for. */
bool sl_way_too_long(const struct sl_way *w);
/* How many of todo can be looked at in one go: up to the next "..". */
size_t sl_way_reach(const struct sl_way *w);
/* Each ".." in front of todo takes the last of done away. */
void sl_way_climb(struct sl_way *w);
/* The first n of todo are real. */
void sl_way_advance(struct sl_way *w, size_t n);
/* The first of todo is a link: its text takes its place, from the root if it begins there. SL_E_LOOP, SL_E_NAME: there are too many of them, or
 * too many names. */
enum sl_code sl_way_expand(struct sl_way *w, const char *text, struct sl_error *err);

/* The path of what is real and the first `more` of todo, "" for the root. Fresh memory. */
char *sl_way_path(const struct sl_way *w, size_t more);

#endif

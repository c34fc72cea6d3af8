/* SPDX-License-Identifier: ISC */
/*
 * view - what filter rules say at one place of one tree: the rules of the command line, and those of the merge files of
 * the directories on the way down. A view reads nothing itself: it tells which file it needs, and is given the text.
 */
#ifndef SL_CLIENT_VIEW_H
#define SL_CLIENT_VIEW_H

#include "client/filters.h"

struct sl_view;

/* side: SL_RULE_SENDER or SL_RULE_RECEIVER. f is borrowed and does not change any more. */
struct sl_view *sl_view_new(const struct sl_filters *f, uint32_t side);
void sl_view_free(struct sl_view *v);

/* Merge files of the other side only are asked for as well; they decide nothing here. */
void sl_view_read_all(struct sl_view *v);

/* A tree begins whose top, from where paths of the transfer count, is the absolute path `top` ("" is /). No directory
 * is open. */
void sl_view_begin(struct sl_view *v, const char *top);
/* Goes into a directory of the open one; the first is the top itself, whose name is "". What it needs is to be given
 * then. */
void sl_view_enter(struct sl_view *v, const char *name);
void sl_view_leave(struct sl_view *v);
size_t sl_view_depth(const struct sl_view *v);
/* Of the open directory, from the top: "" or "a/b". */
const char *sl_view_path(struct sl_view *v);

/* The next merge file that is needed: its name, and its directory: an absolute path, or NULL for the open one. False:
 * none. */
struct sl_view_file {
    const char *name, *dir;
    bool git; /* of --gitignore: it is the source's that counts */
};
bool sl_view_needs(struct sl_view *v, struct sl_view_file *file);
/* The answer: its text; or there is none; or there is one that can't be read: all in the directory counts as excluded
 * then, on both sides. SL_E_CONFIG: a rule in it is wrong; file, line and what was expected. Or there is more in all
 * the files on the way down than can be held. */
enum sl_code sl_view_give(struct sl_view *v, const char *text, size_t len, struct sl_error *err);
enum sl_code sl_view_give_none(struct sl_view *v, struct sl_error *err);
void sl_view_give_up(struct sl_view *v);

/* Whether an entry of the open directory (its name, or the path of something below it) is excluded: hidden, or protected. dying: the directory is being deleted, and
 * perishable rules do not count. why, unless NULL: which rule said so ("FILE:LINE" or an option), or NULL when none
 * matched. */
enum sl_view_when { SL_VIEW_LIVING, SL_VIEW_DYING };
bool sl_view_excludes(struct sl_view *v, const char *name, bool is_dir, enum sl_view_when when, const char **why);
/* The same of a file of the directory that is `depth` deep on the way down. */
bool sl_view_excludes_at(struct sl_view *v, size_t depth, const char *name);

#endif

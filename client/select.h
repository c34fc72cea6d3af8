/* SPDX-License-Identifier: ISC */
/*
 * select - the filter rules of one stream: keeps a view (client/view.h) in step with the listing, and fetches the merge
 * files that it needs from the directories as they are entered.
 */
#ifndef SL_CLIENT_SELECT_H
#define SL_CLIENT_SELECT_H

#include "client/cursor.h"
#include "client/view.h"

struct sl_origin;
struct sl_select;
struct sl_ahead;

/* f is borrowed. side: SL_RULE_SENDER: what is excluded is hidden; SL_RULE_RECEIVER: it is protected. */
struct sl_select *sl_select_new(const struct sl_filters *f, struct sl_endpoint *e, uint32_t side);
void sl_select_free(struct sl_select *s);

/* Whom to ask for merge files first; borrowed. */
void sl_select_ahead(struct sl_select *s, struct sl_ahead *a);

/* --delete-after: a merge file that is sent stands at the destination before rules are asked there. Keeps the text of
 * those that are not hidden, and least to most bytes long, as long as their directory is open; and uses, in the same
 * directory, what others kept. */
void sl_select_keep(struct sl_select *s, uint64_t least, uint64_t most);
void sl_select_use(struct sl_select *s, const struct sl_select *of);
/* --gitignore without that: the same of .gitignore files alone, sent or not. dest is going to use them. */
void sl_select_keep_git(struct sl_select *s, struct sl_select *dest);

/* The listing goes into a directory of the open one; where it is from. name "": the top itself. And leaves it. */
void sl_select_enter(struct sl_select *s, const struct sl_origin *o, const char *name);
/* The directory just entered really is there, below the origin's root: links were followed on the way. */
void sl_select_real(struct sl_select *s, const char *path);
void sl_select_leave(struct sl_select *s);

/* Whether all that is needed to judge the open directory is there: SL_OK, or SL_AGAIN: not yet. SL_E_CONFIG: a rule is
 * wrong. *failed: a merge file (name: borrowed) can't be read: to be told once. */
enum sl_code sl_select_ready(struct sl_select *s, bool *failed, const char **name, struct sl_error *err);
/* why: as of sl_view_excludes. */
bool sl_select_excludes(struct sl_select *s, const struct sl_origin *o, const char *name, bool is_dir,
                        enum sl_view_when when, const char **why);

#endif

/* SPDX-License-Identifier: ISC */
/* filters - the rules of a command line, in their order. What they say about a tree is asked of a view (client/view.h).
 */
#ifndef SL_CLIENT_FILTERS_H
#define SL_CLIENT_FILTERS_H

#include "client/rules.h"

enum { SL_MERGE_FILE_MAX = 1024 * 1024 }; /* bytes in a merge file of a tree; a longer one can't be read */

struct sl_filters_parent { /* a merge file in a directory above a local tree, read before this process is confined */
    char *dir, *name;      /* owned; dir is absolute */
    char *text;            /* owned */
    size_t len;
    enum sl_code code; /* SL_OK, or why there is no text: err */
    struct sl_error err;
};

struct sl_filters {
    struct sl_rules rules;
    struct sl_points points;
    bool from0, delete_excluded; /* to be set before anything is added */
    struct sl_filters_parent *parents;
    size_t parents_len;
};

struct sl_filters *sl_filters_new(void);
void sl_filters_free(struct sl_filters *f);

/* One rule of option `option` (for errors, and to say who decided). SL_E_INVALID: what was expected, and where. */
enum sl_code sl_filters_add(struct sl_filters *f, const char *option, const char *rule, enum sl_rule_style style,
                            struct sl_error *err);
/* --gitignore. */
enum sl_code sl_filters_add_gitignore(struct sl_filters *f, struct sl_error *err);
/* A file of them; "-" is standard input. */
enum sl_code sl_filters_add_file(struct sl_filters *f, const char *path, enum sl_rule_style style,
                                 struct sl_error *err);
/* Whether nothing is ever left out. */
bool sl_filters_empty(const struct sl_filters *f);

/* The directory that a dir-merge rule begins to look in, of which `first`, the first directory of the transfer, has to
 * be below: an absolute path without "." and "..", in fresh memory; NULL: it is not above. */
char *sl_filters_scan_from(const struct sl_point *p, const char *first);
/* Reads what dir-merge rules that give a path want of the directories above path (absolute) and of itself, each file once. */
void sl_filters_read_parents(struct sl_filters *f, const char *path);
const struct sl_filters_parent *sl_filters_parent(const struct sl_filters *f, const char *dir, const char *name);

/* An absolute path as it was typed, but for "." and ".." and doubled slashes, in fresh memory; "" is the top. No link
 * is followed. */
char *sl_filters_absolute(const char *path);

#endif

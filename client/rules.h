/* SPDX-License-Identifier: ISC */
/* rules - a list of filter rules, and what is read into one: an option, a file, a merge file of a directory. */
#ifndef SL_CLIENT_RULES_H
#define SL_CLIENT_RULES_H

#include "base/pattern.h"
#include "client/rule.h"

struct sl_rules_entry {
    uint32_t flags; /* enum sl_rule_flag */
    struct sl_pattern pattern;
    int point;     /* of a dir-merge rule: its number among the points; -1: none */
    char *pending; /* owned: a merge file of the same directory that takes this place when it has been read; NULL */
    uint32_t pending_flags;
    char *where; /* owned: "FILE:LINE", or the option */
};

struct sl_rules {
    struct sl_rules_entry *at; /* owned */
    size_t len, cap;
    bool cleared; /* by a '!': what directories above say counts no more */
};

struct sl_point { /* where the rules of a directory's merge file take their place */
    char *name;   /* owned: of the file, one component */
    char *scan;   /* owned: the path that the rule gave, whose directories down to the transfer's are looked into first;
                     NULL */
    uint32_t flags; /* what rules in it inherit */
    bool gone;      /* its rule was cleared */
};

struct sl_points {
    struct sl_point *at; /* owned */
    size_t len, cap;
};

struct sl_rules_reading {
    struct sl_rules *into;
    struct sl_points *points;
    enum sl_rule_style style;
    uint32_t inherited;
    bool from0;           /* lines end in NUL bytes */
    bool delete_excluded; /* plain rules are of the sending side only */
    bool in_tree;         /* a file of the tree: merge files that it names are of the same directory, and pending */
    size_t most;          /* in_tree: how many rules `into` may have */
    size_t merges;        /* in_tree: how many more of them may merge another file */
    unsigned depth;       /* of merge files in merge files */
};

enum { SL_POINTS_MAX = 256 }; /* file names of dir-merge rules, of which each directory is asked for each */

void sl_rules_clear(struct sl_rules *r);
void sl_points_clear(struct sl_points *p, size_t from);

/* One rule of an option. SL_E_INVALID: what was expected. An empty one is none, as with rsync. */
enum sl_code sl_rules_option(struct sl_rules_reading *r, const char *option, const char *text, struct sl_error *err);
/* What a file says; file is what it is called in errors ("FILE:LINE: what was expected"). */
enum sl_code sl_rules_text(struct sl_rules_reading *r, const char *file, const char *text, size_t len,
                           struct sl_error *err);
/* --gitignore: a dir-merge rule for .gitignore. SL_E_INVALID: there is another one for that name. */
enum sl_code sl_rules_gitignore(struct sl_rules_reading *r, struct sl_error *err);
/* A rule that has one of git's patterns, behind the others. */
void sl_rules_push_git(struct sl_rules_reading *r, uint32_t flags, const char *text, size_t len, const char *where);
/* A file of this machine by its path; "-" is standard input. */
enum sl_code sl_rules_file(struct sl_rules_reading *r, const char *path, struct sl_error *err);
/* Puts the rules of `what` in the place of number `at`, a pending one; what is empty then. */
void sl_rules_splice(struct sl_rules *r, size_t at, struct sl_rules *what);

#endif

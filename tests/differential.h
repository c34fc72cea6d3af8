/* SPDX-License-Identifier: ISC */
/*
 * differential - for the test against rsync: a case is a number, and all of it follows from that number: a tree, what
 * was changed in a copy of it, and options. Both tools start from the same two trees, and what comes out is compared.
 * Nothing of the project's code is in here.
 */
#ifndef SL_TESTS_DIFFERENTIAL_H
#define SL_TESTS_DIFFERENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- chance ---- SplitMix64 */
struct chance {
    uint64_t state;
};
uint64_t chance_next(struct chance *c);
/* From 0 to n - 1. */
unsigned chance_of(struct chance *c, unsigned n);
/* Whether a thing of so many percent happens. */
bool chance_percent(struct chance *c, unsigned percent);

/* ---- texts ---- */
struct text {
    char *at;
    size_t len, cap;
};
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_clear(struct text *t);
bool text_same(const struct text *a, const struct text *b);

/* ---- trees ---- */
struct node {
    char type; /* 'd', 'f', 'l', 'p' */
    char name[64];
    unsigned mode;
    int64_t mtime_s;
    long mtime_ns;
    uint64_t content; /* seed of it; 0: text */
    size_t size;
    char *text; /* of a file or link; owned */
    unsigned group; /* of names of one file, which are alike; 0: it has no other */
    unsigned twin;  /* of files that are alike and are not one; 0: none */
    struct node **children;
    size_t count;
};
/* What a profile makes of chance beyond plain names: fills in a file of its own (a merge file, say). False: an ordinary
 * one. */
typedef bool tree_special(struct chance *c, struct node *n);
struct node *tree_make(struct chance *c, tree_special *special);
struct node *tree_copy(const struct node *from);
/* Changes, removes, adds and swaps things here and there. */
void tree_edit(struct chance *c, struct node *n, tree_special *special);
void tree_write(const struct node *n, int at, const char *name);
/* The next tree's groups are others. */
void tree_forget_groups(void);
void tree_free(struct node *n);
/* A name out of a few, so that trees and patterns meet. */
const char *tree_name(struct chance *c);

/* What a directory holds, a line for each entry: path, type, mode, size, hash of the content or target, and time if
 * wanted. */
/* TREE_LINKS: of what has several names in the tree, the first. TREE_SINGLE: no times of that. TREE_NULL: none of
 * files in the place of devices ("null", "pipe"), and of these devices. TREE_EVEN: nothing but type and content of a file that has more names in one
 * destination than in the other. TREE_BEHIND: no modes, times and owners of directories that links beside them lead to, and of these links.
 * TREE_STAYED: no times of what is in the way of a directory. TREE_WINDOW: no times of directories. */
enum tree_fields { TREE_TIMES = 1, TREE_MODES = 2, TREE_LINKS = 4, TREE_ATTRS = 8, TREE_OWNERS = 16, TREE_SINGLE = 32, TREE_NULL = 64, TREE_EVEN = 128, TREE_BEHIND = 256, TREE_STAYED = 512, TREE_WINDOW = 1024 };
/* Adds the extended attributes and ACLs of one thing. */
void tree_attrs(const char *path, struct text *out);
/* Of directories below one of the names that backups go to in these cases ("bk", ".bk") only that they are there. */
void tree_list(const char *path, unsigned fields, struct text *out);
/* Whether one directory of the tree has two names in it, one of which is a link (but for those of differential_rest.c). */
bool tree_has_twins(const char *path);
/* Whether a file of the tree has several names. */
bool tree_has_names(const char *path);
void tree_remove(const char *path);
/* Makes `to` the same as `from`, in all that is kept of a tree. */
void tree_keep(const char *from, const char *to);

/* ---- cases ---- */
enum { ARGS_MAX = 64 };
struct options {
    char *args[ARGS_MAX]; /* owned; what both tools are given */
    size_t count;
    char *own[8]; /* owned; superlifter only: where its caution differs by intent */
    size_t own_count;
    unsigned fields;   /* enum tree_fields: what is to be equal */
    bool frail;        /* rsync breaks off now and then, or hangs: then there is nothing to compare with */
    bool foretold;     /* with -n superlifter says the lines that it says without */
    bool settled;      /* run once more, superlifter has nothing to say */
    bool output;       /* what is printed is to be equal too, as a set of lines, where neither fails */
    bool slash;        /* SRC/, not SRC */
    bool unlike_23;    /* where rsync alone ends with 23 nothing is compared: it trips over what it leaves */
    bool lines;        /* itemised lines are compared, too, as a set */
    bool empty;        /* there is nothing at the destination */
    unsigned runs;     /* of each tool, one after the other; 0: one */
    bool far_source, far_dest; /* superlifter has a server there */
    bool quiet_times; /* but for the times of directories */
    bool quiet_root;  /* but for the time of the destination */
    bool unlike;      /* only that both end well is compared */
    bool twice;       /* rsync runs a second time before its tree is looked at, where the first time is not as superlifter's */
    bool takes;       /* files of the source may be gone after a run: each tool gets all of it */
    bool linked; /* and those of names that have others: which of them is told as what is each tool's own */
    char *file;        /* owned; the content of ./rules, or NULL */
    char *list;        /* owned; of ./list, or NULL */
    char *home_ignore; /* owned; of ./home/.cvsignore, or NULL */
    char *cvsignore;   /* owned; the variable, or NULL */
};
void option_add(struct options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void option_own(struct options *o, const char *text);
/* Whether an option that begins so is there. */
bool option_given(const struct options *o, const char *front);
void options_clear(struct options *o);

/* ---- what the tools print ---- */
enum lines_kind {
    LINES_ALL,
    LINES_ITEMS, /* itemised ones, each once, less what is unlike and what rsync tells in dry runs only */
    LINES_ALIKE, /* all, less the latter */
    LINES_CHANGES /* all, less what is said of things that are left alone each time */
};
/* Adds the lines of a file, sorted. */
void lines_add(const char *path, enum lines_kind kind, const struct options *o, struct text *out);
/* Prints lines that only one of two sorted texts has. */
void lines_show_difference(const char *a, const char *b);
void lines_show(const char *front, const char *text);

/* ---- runs ---- exit status; 256: a signal, or it hung */
int run_rsync(const struct options *o, const char *dest);
/* Whether the last run of rsync said this. */
bool run_said(const char *what);
bool own_said(const char *what);
/* rsync makes directories of backups in two processes, and now and then one is in the other's way: then it fails, and
 * leaves a file as it was. */
bool run_raced(void);
/* The case proper, and what is asked of superlifter besides; said is what was wrong with that, or nothing. */
int run_superlifter(const struct options *o, const char *dest, struct text *said);

struct profile {
    const char *name;
    /* Called first of all; NULL: nothing. */
    void (*begin)(struct chance *c);
    void (*options)(struct chance *c, struct options *o, const struct node *source);
    /* What of these is its own, each option with a chance and the first of them what the profile is about: "every" draws from them. */
    void (*add)(struct chance *c, struct options *o, const struct node *source);
    tree_special *special;
    /* What a profile does to a source that was made, and to a destination that was made of it; NULL: nothing. */
    void (*source)(struct chance *c, struct node *n);
    void (*dest)(struct chance *c, struct node *n);
    /* More trees, beside the destination's, at dst.a or dst.b: by `at`; NULL: none. The same for both. */
    void (*more)(struct chance *c, const struct node *source, const struct options *o, int at, tree_special *special);
    /* What is done to each tree once it is on disk; NULL: nothing. The same number does the same to all but the source. */
    void (*dress)(uint64_t number, const char *path, bool source);
    /* What is done to both trees, src and those below dst.a and dst.b, when they are written; NULL: nothing. */
    void (*finish)(struct chance *c, const struct options *o);
};
extern const struct profile profile_filters, profile_files, profile_hard, profile_dests, profile_attrs, profile_words,
    profile_delete, profile_backup, profile_place, profile_rest, profile_every;

#endif

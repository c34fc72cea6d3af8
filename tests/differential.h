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
void tree_free(struct node *n);
/* A name out of a few, so that trees and patterns meet. */
const char *tree_name(struct chance *c);

/* What a directory holds, a line for each entry: path, type, mode, size, hash of the content or target, and time if
 * wanted. */
enum tree_fields { TREE_TIMES = 1, TREE_MODES = 2 };
void tree_list(const char *path, unsigned fields, struct text *out);
void tree_remove(const char *path);

/* ---- cases ---- */
enum { ARGS_MAX = 64 };
enum way { WAY_LOCAL, WAY_PUSH, WAY_PULL }; /* how superlifter reaches its trees; rsync always has both here */
struct options {
    char *args[ARGS_MAX]; /* owned; what both tools are given */
    size_t count;
    char *own[8]; /* owned; superlifter only: where its caution differs by intent */
    size_t own_count;
    unsigned fields;   /* enum tree_fields: what is to be equal */
    bool slash;        /* SRC/, not SRC */
    bool lines;        /* with -i: the lines are to be equal too, in any order, where all went well */
    const char *unlike; /* but those that begin so; NULL: none */
    enum way way;
    char *file;        /* owned; the content of ./rules, or NULL */
    char *home_ignore; /* owned; of ./home/.cvsignore, or NULL */
    char *cvsignore;   /* owned; the variable, or NULL */
};
void option_add(struct options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void option_own(struct options *o, const char *text);

struct profile {
    const char *name;
    void (*options)(struct chance *c, struct options *o, const struct node *source);
    tree_special *special;
};
extern const struct profile profile_filters, profile_files, profile_delete, profile_backup;

#endif

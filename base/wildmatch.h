/* SPDX-License-Identifier: ISC */
/* wildmatch - shell patterns as rsync has them, compiled, and matched in time pattern x text. */
#ifndef SL_BASE_WILDMATCH_H
#define SL_BASE_WILDMATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_wild_token {
    enum sl_wild_kind { SL_WILD_CHAR, SL_WILD_ANY, SL_WILD_CLASS, SL_WILD_STAR, SL_WILD_STARSTAR } kind;
    uint8_t c;                   /* CHAR */
    uint8_t set[32];             /* CLASS: one bit a byte; never '/' */
    bool skips;                  /* STARSTAR in front of a '/', as git has it: both may stand for nothing */
};

struct sl_wild {
    struct sl_wild_token *tokens;    /* owned */
    size_t count;
    size_t head, tail;           /* tokens in front and behind that are plain bytes */
    bool broken;                 /* a class or a backslash without its end matches nothing, as in rsync */
    uint64_t *takes, stars, skips;   /* owned; of a pattern with less than 64 places, a bit for each: those that take a byte, by byte; stars; skipping ones */
    bool *now, *next;            /* owned; of a longer one: places in the pattern, for matching */
};

/* '*' any number of bytes but '/'; two or more stars: also '/'; '?' one byte but '/'; [a-z], [!a], [^a], [[:alpha:]]; a
 * backslash makes the next byte itself. */
void sl_wild_compile(struct sl_wild *w, const char *pattern);
/* The same as git has them for a path (gitignore(5)): two or more stars are one, unless they are a whole component: then they are any number of
 * components, also none where a '/' follows. A backslash is none of text in patterns without wildcards either. */
void sl_wild_compile_git(struct sl_wild *w, const char *pattern);
void sl_wild_clear(struct sl_wild *w);
/* False for a pattern with wildcards that is broken: rsync takes it, and it hides nothing. */
bool sl_wild_whole(const char *pattern);
/* Whether the whole text matches. The simulation of a nondeterministic automaton by sets of states: K. Thompson, "Regular
 * Expression Search Algorithm", CACM 11(6), 1968. */
bool sl_wild_match(struct sl_wild *w, const char *text, size_t len);

#endif

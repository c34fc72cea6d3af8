/* SPDX-License-Identifier: ISC */
/*
 * rule - the text of one filter rule, taken apart: what kind it is, its modifiers, its pattern or file name. The
 * language is rsync's (rsync(1), "FILTER RULES IN DEPTH" and what follows); superlifter(1) tells where this differs.
 */
#ifndef SL_CLIENT_RULE_H
#define SL_CLIENT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum sl_rule_kind {
    SL_RULE_PATTERN,   /* + - H S P R */
    SL_RULE_CVS,       /* -C: the patterns that CVS ignores */
    SL_RULE_MERGE,     /* . */
    SL_RULE_DIR_MERGE, /* : */
    SL_RULE_CLEAR      /* ! */
};

enum sl_rule_flag {
    SL_RULE_INCLUDE = 1,
    SL_RULE_SENDER = 2,
    SL_RULE_RECEIVER = 4, /* neither: both sides */
    SL_RULE_SIDES = SL_RULE_SENDER | SL_RULE_RECEIVER,
    SL_RULE_NEGATED = 8,     /* ! */
    SL_RULE_PERISHABLE = 16, /* p: not in directories that are being deleted */
    SL_RULE_ABSOLUTE = 32,   /* /: of the whole path, not only of the transfer's */
    SL_RULE_XATTR = 64,      /* x: of names of attributes, never of files */
    /* of merge files */
    SL_RULE_BARE = 128,   /* - or +: each line is a pattern, INCLUDE says of which kind */
    SL_RULE_WORDS = 256,  /* w: rules are parted by white space */
    SL_RULE_OWN = 512,    /* n: not inherited by directories below */
    SL_RULE_SELF = 1024,  /* e: the file excludes itself */
    SL_RULE_IN_CVS = 2048, /* C: read as CVS does, where a lone ! clears */
    SL_RULE_GIT = 4096     /* lines are git's, of which the last one that matches counts (client/gitignore.c) */
};

/* How a rule is written: in full; as --exclude and --include have it (a pattern, or "- PATTERN", "+ PATTERN", "!"); or
 * by the flags of the merge file that it stands in. */
enum sl_rule_style { SL_RULE_FULL, SL_RULE_OLD_EXCLUDE, SL_RULE_OLD_INCLUDE };

struct sl_rule {
    enum sl_rule_kind kind;
    uint32_t flags;
    const char *text; /* borrowed from what was parsed: pattern or file name */
    size_t len;
};

/* inherited: the flags of the merge file that the text stands in, or 0. SL_E_INVALID with what was expected; the text
 * itself is not told: it may be of a file that is nobody's business. */
enum sl_code sl_rule_parse(struct sl_rule *r, const char *text, size_t len, enum sl_rule_style style,
                           uint32_t inherited, struct sl_error *err);

/* Whether a word is the beginning of a rule whose pattern or file name is still to come: for files whose rules are
 * parted by white space. */
bool sl_rule_goes_on(const char *word, size_t len);

#endif

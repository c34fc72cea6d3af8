/* SPDX-License-Identifier: ISC */
/*
 * pattern - one include or exclude pattern as rsync(1) describes them under "PATTERN MATCHING RULES". Anchored by a
 * leading '/', tied to several names by an inner one; "*" stops at '/', "**" does not, "?" is one character but '/',
 * [classes]; "dir/" with three stars is dir and all below; a '/' at the end matches directories only. Without wildcards
 * it is compared as text, and a backslash in it is one.
 */
#ifndef SL_BASE_PATTERN_H
#define SL_BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/wildmatch.h"

struct sl_pattern {
    bool dir_only, anchored;
    bool wild; /* has wildcards: compiled; else text is compared as it is */
    bool starstar, starstar_first, stars3_last;
    bool git; /* one of git's: anchored, or of the last name */
    size_t slashes; /* in the pattern, but for one at its end */
    char *text;     /* owned: without the slashes at its ends */
    size_t len;
    struct sl_wild compiled;
};

/* What a pattern is held against: path[0..len) with a '/' in front of every name and one more behind (not counted). A
 * pattern that is not anchored sees what is behind path[root]; name is where the last name begins. */
struct sl_subject {
    const char *path;
    size_t root, name, len;
    bool is_dir;
};

void sl_pattern_init(struct sl_pattern *p, const char *text, size_t len);
/* A line of a .gitignore file, without '!': with a '/' that is not its last byte it is held against the whole path from `from` on. */
void sl_pattern_init_git(struct sl_pattern *p, const char *text, size_t len);
void sl_pattern_clear(struct sl_pattern *p);
/* from: where in the path the '/' is that an anchored pattern begins with. Time is bounded by pattern x path
 * (base/wildmatch.h). */
bool sl_pattern_match(struct sl_pattern *p, const struct sl_subject *s, size_t from);

#endif

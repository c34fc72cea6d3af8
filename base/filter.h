/* SPDX-License-Identifier: ISC */
/* filter - a plain list of include and exclude patterns (base/pattern.h), the first that matches wins: what a module hides. The client's
 * rules, which can do more, are client/filters.h. */
#ifndef SL_BASE_FILTER_H
#define SL_BASE_FILTER_H

#include <stdbool.h>

#include "base/error.h"

struct sl_filter;
struct sl_filter *sl_filter_new(void);
void sl_filter_free(struct sl_filter *f);

/* One rule as --exclude (include = SL_FILTER_EXCLUDE) or --include takes it: a bare pattern, or "+ PAT" / "- PAT", or "!" to
 * clear the list, as rsync's exclude options do. SL_E_INVALID with what is wrong. */
enum sl_filter_verdict { SL_FILTER_EXCLUDE, SL_FILTER_INCLUDE };
enum sl_code sl_filter_add(struct sl_filter *f, const char *rule, enum sl_filter_verdict default_kind, struct sl_error *err);
/* Whether path (relative to the root of the transfer, no leading slash) is excluded. */
bool sl_filter_excludes(const struct sl_filter *f, const char *path, bool is_dir);
bool sl_filter_empty(const struct sl_filter *f);

/* rsync's wildmatch, for tests: pattern against text. */
bool sl_wildmatch(const char *pattern, const char *text);

#endif

/* SPDX-License-Identifier: ISC */
/* fuzz_filter - the input's lines are patterns and rules, but for the last, which is the path that they are held
 * against: as a module's list, as a file of rules, and as the merge file of each directory on the way. */
#include "config.h"
#include "base/filter.h"
#include "base/mem.h"
#include "client/view.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_list(char *text)
{
    struct sl_filter *f = sl_filter_new();
    char *line = text;
    for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        sl_filter_add(f, line, SL_FILTER_EXCLUDE, NULL);
        *end = '\n';
    }
    bool file = sl_filter_excludes(f, line, false), dir = sl_filter_excludes(f, line, true);
    if (sl_filter_empty(f) && (file || dir))
        abort();
    sl_filter_free(f);
}

/* Goes down the last line's names; each directory has all of the text as its merge file, and as what that merges. */
static void as_merge_files(const char *text, size_t size, const char *options)
{
    struct sl_filters *f = sl_filters_new();
    struct sl_error err;
    const char *last = strrchr(text, '\n');
    if ((*options ? sl_filters_add(f, "--filter", options, SL_RULE_FULL, &err) : sl_filters_add_gitignore(f, &err)) != SL_OK)
        abort();
    struct sl_view *v = sl_view_new(f, SL_RULE_SENDER);
    sl_view_begin(v, "/top");
    sl_view_enter(v, "");
    enum sl_code rc = SL_OK;
    for (const char *at = last ? last + 1 : text; rc == SL_OK && *at && sl_view_depth(v) < 20;) {
        char name[300] = "";
        struct sl_view_file need;
        for (int i = 0; rc == SL_OK && i < 50 && sl_view_needs(v, &need); i++)
            rc = sl_view_give(v, text, size, &err);
        size_t n = strcspn(at, "/");
        memcpy(name, at, n < sizeof name ? n : sizeof name - 1);
        if (rc == SL_OK && *name && !sl_view_needs(v, &need)) {
            sl_view_excludes(v, name, true, SL_VIEW_DYING, NULL);
            sl_view_enter(v, name);
        }
        at += n + (at[n] == '/');
    }
    while (sl_view_depth(v))
        sl_view_leave(v);
    sl_view_free(v);
    sl_filters_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n = size < 8192 ? size : 8192;
    char *text = sl_memdup0(data, n);
    as_list(text);
    as_merge_files(text, n, ": .f");
    as_merge_files(text, n, ":wn .f");
    as_merge_files(text, n, ":C");
    as_merge_files(text, n, "");         /* --gitignore */
    free(text);
    return 0;
}

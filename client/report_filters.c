/* SPDX-License-Identifier: ISC */
/* report_filters - --filter-test: says of paths whether rules exclude them, and which rule it is. Merge files of
 * directories are read in the working directory, where the paths are taken to be. */
#include "config.h"
#include "client/report_filters.h"
#include "base/escape.h"
#include "base/mem.h"
#include "client/select.h"
#include "client/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct side {
    struct sl_select *select;
    bool excluded;
    char *why; /* owned: the rule; NULL: none matched */
    char *of;  /* owned: the directory of the path that was excluded by it; NULL: the path itself */
};

static void verdict_clear(struct side *s)
{
    free(s->why);
    free(s->of);
    s->why = s->of = NULL;
    s->excluded = false;
}

static enum sl_code ready(struct side *s, struct sl_error *err)
{
    bool failed = false;
    const char *name = NULL;
    enum sl_code rc = sl_select_ready(s->select, &failed, &name, err);
    if (rc == SL_OK && failed)
        sl_error_context(err, "cannot use the merge file '%s'", name);
    return failed ? err->code : rc;
}

/* Goes down the path until something on it is excluded. */
static enum sl_code judge(struct side *s, const struct sl_origin *o, const char *path, struct sl_error *err)
{
    char *left = sl_strdup(path), *at = left;
    size_t entered = 1;
    verdict_clear(s);
    sl_select_enter(s->select, o, "");
    enum sl_code rc = ready(s, err);
    for (at += strspn(at, "/"); rc == SL_OK && *at && !s->excluded; entered++) {
        size_t n = strcspn(at, "/");
        char *next = at + n + strspn(at + n, "/");
        bool dir = at[n] == '/';
        const char *why = NULL;
        at[n] = '\0';
        s->excluded = sl_select_excludes(s->select, o, at, dir, SL_VIEW_LIVING, &why);
        free(s->why);
        s->why = why ? sl_strdup(why) : NULL;
        if (s->excluded && *next)
            s->of = sl_memdup0(path, (size_t)(at + n - left) + 1);
        sl_select_enter(s->select, o, at);
        if (!s->excluded && *next)
            rc = ready(s, err);
        at = next;
    }
    while (entered--)
        sl_select_leave(s->select);
    free(left);
    return rc;
}

static void say(const char *text)
{
    char *safe = sl_escape_dup(text, strlen(text));
    fputs(safe, stdout);
    free(safe);
}

static void say_why(const struct side *s)
{
    fputs(": ", stdout);
    say(s->why ? s->why : "no rule");
    if (s->of) {
        fputs(", of ", stdout);
        say(s->of);
    }
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void tell(const struct side *sends, const struct side *receives, const char *path)
{
    fputs(sends->excluded ? "excluded " : "included ", stdout);
    say(path);
    say_why(sends);
    if (!same_text(sends->why, receives->why) || !same_text(sends->of, receives->of)) {
        fputs(receives->excluded ? "; at the destination protected" : "; at the destination not protected", stdout);
        say_why(receives);
    }
    putchar('\n');
}

static enum sl_code test_all(const struct sl_options *o, struct sl_error *err)
{
    struct sl_endpoint *e = sl_local_new(SL_SIDE_HERE, false, NULL);
    struct sl_place here = { 0 };
    struct side sends = { .select = sl_select_new(o->filters, e, SL_RULE_SENDER) };
    struct side receives = { .select = sl_select_new(o->filters, e, SL_RULE_RECEIVER) };
    enum sl_code rc = e->ops->place(e, "./", true, &here, err);
    struct sl_origin origin = { .e = e, .root = here.root, .base = here.base, .top = here.top };
    if (rc == SL_OK)
        sl_filters_read_parents(o->filters, here.top);
    for (size_t i = 0; rc == SL_OK && i < o->source_count; i++) {
        rc = judge(&sends, &origin, o->sources[i], err);
        if (rc == SL_OK)
            rc = judge(&receives, &origin, o->sources[i], err);
        if (rc == SL_OK)
            tell(&sends, &receives, o->sources[i]);
    }
    verdict_clear(&sends);
    verdict_clear(&receives);
    sl_select_free(sends.select);
    sl_select_free(receives.select);
    sl_place_clear(&here);
    e->ops->free(e);
    return rc;
}

int sl_filter_test(const struct sl_options *o)
{
    struct sl_error err = { 0 };
    if (test_all(o, &err) == SL_OK)
        return 0;
    fflush(stdout);
    char *safe = sl_escape_dup(err.text, strlen(err.text));
    fprintf(stderr, "superlifter: %s\n", safe);
    free(safe);
    return 1;
}

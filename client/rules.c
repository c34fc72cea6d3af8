/* SPDX-License-Identifier: ISC */
/* rules - see rules.h. */
#include "config.h"
#include "client/rules.h"
#include "client/gitignore.h"
#include "base/buf.h"
#include "base/entry.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

/* What CVS ignores, in rsync's form of it (rsync(1), --cvs-exclude). */
static const char cvs_patterns[] = "RCS SCCS CVS CVS.adm RCSLOG cvslog.* tags TAGS .make.state .nse_depinfo *~ #* .#* "
                                   ",* _$* *$ *.old *.bak *.BAK *.orig *.rej "
                                   ".del-* *.a *.olb *.o *.obj *.so *.exe *.Z *.elc *.ln core .svn/ .git/ .hg/ .bzr/";

static void entry_clear(struct sl_rules_entry *e)
{
    sl_pattern_clear(&e->pattern);
    free(e->pending);
    free(e->where);
}

static void empty(struct sl_rules *r)
{
    for (size_t i = 0; i < r->len; i++)
        entry_clear(&r->at[i]);
    r->len = 0;
}

void sl_rules_clear(struct sl_rules *r)
{
    empty(r);
    free(r->at);
    *r = (struct sl_rules){ 0 };
}

void sl_points_clear(struct sl_points *p, size_t from)
{
    while (p->len > from) {
        free(p->at[--p->len].name);
        free(p->at[p->len].scan);
    }
    if (from)
        return;
    free(p->at);
    *p = (struct sl_points){ 0 };
}

static struct sl_rules_entry *room(struct sl_rules *r, size_t more)
{
    if (r->len + more > r->cap) {
        r->cap = (r->len + more) * 2;
        r->at = sl_realloc(r->at, r->cap * sizeof *r->at);
    }
    return &r->at[r->len];
}

static struct sl_rules_entry *push(struct sl_rules *r, uint32_t flags, const char *where)
{
    struct sl_rules_entry *e = room(r, 1);
    r->len++;
    *e = (struct sl_rules_entry){ .flags = flags, .point = -1, .where = sl_strdup(where) };
    return e;
}

static void push_pattern(struct sl_rules *r, uint32_t flags, const char *text, size_t len, const char *where)
{
    sl_pattern_init(&push(r, flags, where)->pattern, text, len);
}

void sl_rules_splice(struct sl_rules *r, size_t at, struct sl_rules *what)
{
    size_t from = what->cleared ? at + 1 : 0;
    for (size_t i = 0; i < from; i++)
        entry_clear(&r->at[i]);
    if (!from)
        entry_clear(&r->at[at]);
    room(r, what->len);
    size_t behind = r->len - at - 1, front = from ? 0 : at;
    memmove(r->at + front + what->len, r->at + at + 1, behind * sizeof *r->at);
    if (what->len)
        memcpy(r->at + front, what->at, what->len * sizeof *r->at);
    r->len = front + what->len + behind;
    r->cleared |= what->cleared;
    free(what->at);
    *what = (struct sl_rules){ 0 };
}

/* ---- one rule ---- */

static uint32_t sides(const struct sl_rules_reading *r, uint32_t flags)
{
    return r->delete_excluded && !(flags & SL_RULE_SIDES) ? flags | SL_RULE_SENDER : flags;
}

static void forget_all(struct sl_rules_reading *r)
{
    for (size_t i = 0; i < r->into->len; i++)
        if (r->into->at[i].point >= 0)
            r->points->at[r->into->at[i].point].gone = true;
    empty(r->into);
    r->into->cleared = true;
}

/* The last name of a path. */
static const char *base_name(const struct sl_rule *rule, size_t *len)
{
    const char *slash = memrchr(rule->text, '/', rule->len);
    const char *base = slash ? slash + 1 : rule->text;
    *len = rule->len - (size_t)(base - rule->text);
    return base;
}

static enum sl_code too_long(struct sl_error *err)
{
    return sl_fail(err, SL_E_INVALID, "a name of at most %u bytes is expected", SL_NAME_MAX);
}

static enum sl_code add_point(struct sl_rules_reading *r, const struct sl_rule *rule, const char *where,
                              struct sl_error *err)
{
    struct sl_points *p = r->points;
    size_t n;
    const char *name = base_name(rule, &n);
    if (!n || (n == 1 && name[0] == '.') || (n == 2 && memcmp(name, "..", 2) == 0))
        return sl_fail(err, SL_E_INVALID, "the name of a file is expected behind the last '/'");
    if (n > SL_NAME_MAX)
        return too_long(err);
    for (size_t i = 0; i < p->len; i++)
        if (!p->at[i].gone && strlen(p->at[i].name) == n && memcmp(p->at[i].name, name, n) == 0)
            return (p->at[i].flags ^ rule->flags) & SL_RULE_GIT
                       ? sl_fail(err, SL_E_INVALID, "--gitignore reads " GITIGNORE " files: no other rule for them is expected") : SL_OK;
    if (p->len == SL_POINTS_MAX)
        return sl_fail(err, SL_E_INVALID, "no more than %d names of merge files are expected", SL_POINTS_MAX);
    if (p->len == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 4;
        p->at = sl_realloc(p->at, p->cap * sizeof *p->at);
    }
    push(r->into, rule->flags & SL_RULE_SIDES, where)->point = (int)p->len;
    p->at[p->len++] =
        (struct sl_point){ .name = sl_memdup0(name, n),
                           .flags = rule->flags & ~(uint32_t)SL_RULE_SELF,
                           .scan = name > rule->text && !r->in_tree ? sl_memdup0(rule->text, rule->len) : NULL };
    return SL_OK;
}

static enum sl_code words(struct sl_rules *into, uint32_t flags, const char *file, const char *text,
                          struct sl_error *err)
{
    struct sl_rules_reading r = { .into = into, .inherited = flags | SL_RULE_BARE | SL_RULE_WORDS | SL_RULE_IN_CVS };
    return sl_rules_text(&r, file, text, strlen(text), err);
}

/* The built-in list, $HOME/.cvsignore, $CVSIGNORE: a '!' clears what of these was before it. */
static enum sl_code add_cvs(struct sl_rules_reading *r, uint32_t flags, struct sl_error *err)
{
    struct sl_rules list = { 0 };
    const char *home = getenv("HOME"), *more = getenv("CVSIGNORE");
    flags = sides(r, flags);
    enum sl_code rc = words(&list, flags | SL_RULE_PERISHABLE, "the list of --cvs-exclude", cvs_patterns, err);
    if (rc == SL_OK && home && *home) {
        char *path = sl_asprintf("%s/.cvsignore", home);
        struct sl_rules_reading file = { .into = &list,
                                         .inherited = flags | SL_RULE_BARE | SL_RULE_WORDS | SL_RULE_IN_CVS };
        rc = sl_rules_file(&file, path, err);
        rc = rc == SL_E_NOT_FOUND ? SL_OK : rc;
        free(path);
    }
    if (rc == SL_OK && more)
        rc = words(&list, flags, "CVSIGNORE", more, err);
    if (rc == SL_OK && list.len) {
        memcpy(room(r->into, list.len), list.at, list.len * sizeof *list.at);
        r->into->len += list.len;
        list.len = 0;
    }
    sl_rules_clear(&list);
    return rc;
}

static enum sl_code merge(struct sl_rules_reading *r, const struct sl_rule *rule, const char *where,
                          struct sl_error *err)
{
    if (r->depth >= DEPTH_MAX)
        return sl_fail(err, SL_E_INVALID, "merge files within merge files are not expected deeper than %d", DEPTH_MAX);
    char *path = sl_memdup0(rule->text, rule->len);
    enum sl_code rc = SL_OK;
    if (r->in_tree && strchr(path, '/')) {
        rc = sl_fail(err, SL_E_INVALID, "the name of a merge file in the same directory is expected, without a '/'");
    } else if (r->in_tree && rule->len > SL_NAME_MAX) {
        rc = too_long(err);
    } else if (r->in_tree && !r->merges) {
        rc = sl_fail(err, SL_E_INVALID, "fewer rules are expected that merge another file");
    } else if (r->in_tree) {
        r->merges--;
        struct sl_rules_entry *e = push(r->into, 0, where);
        e->pending = path;
        e->pending_flags = rule->flags & ~(uint32_t)SL_RULE_SELF;
        path = NULL;
    } else {
        struct sl_rules_reading file = *r;
        file.style = SL_RULE_FULL;
        file.inherited = rule->flags & ~(uint32_t)SL_RULE_SELF;
        file.depth++;
        rc = sl_rules_file(&file, path, err);
    }
    free(path);
    return rc;
}

static enum sl_code add(struct sl_rules_reading *r, const struct sl_rule *rule, const char *where, struct sl_error *err)
{
    if (rule->flags & SL_RULE_XATTR && (r->in_tree || rule->kind == SL_RULE_DIR_MERGE))
        return sl_fail(err, SL_E_INVALID, "rules of attributes (x) are expected on the command line and in files that it merges, not in the tree");
    size_t n;
    if ((rule->kind == SL_RULE_MERGE || rule->kind == SL_RULE_DIR_MERGE) && rule->flags & SL_RULE_SELF) {
        const char *name = base_name(rule, &n);
        if (n)
            push_pattern(r->into, sides(r, 0), name, n, where);
    }
    switch (rule->kind) {
    case SL_RULE_PATTERN:
        push_pattern(r->into, sides(r, rule->flags), rule->text, rule->len, where);
        return SL_OK;
    case SL_RULE_CVS:
        return add_cvs(r, rule->flags, err);
    case SL_RULE_CLEAR:
        forget_all(r);
        return SL_OK;
    case SL_RULE_MERGE:
        return merge(r, rule, where, err);
    case SL_RULE_DIR_MERGE:
        return add_point(r, rule, where, err);
    }
    return SL_OK;
}

static enum sl_code take(struct sl_rules_reading *r, const char *text, size_t len, const char *where,
                         struct sl_error *err)
{
    struct sl_rule rule;
    struct sl_error why = { 0 };
    enum sl_code rc = memchr(text, '\0', len) ? sl_fail(&why, SL_E_INVALID, "no NUL byte is expected")
                                              : sl_rule_parse(&rule, text, len, r->style, r->inherited, &why);
    if (rc == SL_OK)
        return add(r, &rule, where, err);
    return sl_fail(err, rc, "%s: %s", where, why.text);
}

enum sl_code sl_rules_gitignore(struct sl_rules_reading *r, struct sl_error *err)
{
    const struct sl_rule rule = { .kind = SL_RULE_DIR_MERGE, .flags = SL_RULE_GIT, .text = GITIGNORE, .len = strlen(GITIGNORE) };
    return add_point(r, &rule, "--gitignore", err);
}

void sl_rules_push_git(struct sl_rules_reading *r, uint32_t flags, const char *text, size_t len, const char *where)
{
    sl_pattern_init_git(&push(r->into, sides(r, flags), where)->pattern, text, len);
}

/* The pointers of add's own errors: they name the rule's place as well. */
static enum sl_code placed(enum sl_code rc, const char *where, struct sl_error *err)
{
    if (rc != SL_OK && err && strncmp(err->text, where, strlen(where)) != 0)
        sl_error_context(err, "%s", where);
    return rc;
}

enum sl_code sl_rules_option(struct sl_rules_reading *r, const char *option, const char *text, struct sl_error *err)
{
    if (!*text)
        return SL_OK;
    char *where = sl_asprintf("%s '%s'", option, text);
    enum sl_code rc = placed(take(r, text, strlen(text), where, err), where, err);
    free(where);
    return rc;
}

/* ---- files ---- */

struct lines {
    const char *text;
    size_t len, at;
    unsigned number; /* of the line that the next one begins on */
};

static bool line_ends(const struct sl_rules_reading *r, char c)
{
    return r->from0 ? c == '\0' : c == '\n' || c == '\r';
}

static size_t next_line(const struct sl_rules_reading *r, struct lines *l, const char **out, unsigned *number)
{
    const char *from = l->text + l->at;
    size_t n = 0;
    while (l->at + n < l->len && !line_ends(r, from[n]))
        n++;
    *out = from;
    *number = l->number;
    bool crlf = l->at + n + 1 < l->len && from[n] == '\r' && from[n + 1] == '\n';
    l->number += !crlf;
    l->at += n + 1;
    return n;
}

static size_t next_word(struct lines *l, const char **out, unsigned *number)
{
    size_t n = 0;
    for (; l->at < l->len && isspace((unsigned char)l->text[l->at]); l->at++)
        l->number += l->text[l->at] == '\n';
    while (l->at + n < l->len && !isspace((unsigned char)l->text[l->at + n]))
        n++;
    *out = l->text + l->at;
    *number = l->number;
    l->at += n;
    return n;
}

/* A word, and the next one too where a rule's name alone came first: both with a space between, in fresh memory. */
static enum sl_code take_words(struct sl_rules_reading *r, struct lines *l, const char *file, struct sl_error *err)
{
    const char *word, *more;
    unsigned number, ignored;
    size_t n = next_word(l, &word, &number);
    if (!n)
        return SL_OK;
    bool goes_on = r->style == SL_RULE_FULL && !(r->inherited & SL_RULE_BARE) && sl_rule_goes_on(word, n);
    size_t m = goes_on ? next_word(l, &more, &ignored) : 0;
    char *rule = m ? sl_asprintf("%.*s %.*s", (int)n, word, (int)m, more) : sl_memdup0(word, n);
    char *where = sl_asprintf("%s:%u", file, number);
    enum sl_code rc = placed(take(r, rule, m ? n + 1 + m : n, where, err), where, err);
    free(where);
    free(rule);
    return rc;
}

static enum sl_code take_line(struct sl_rules_reading *r, struct lines *l, const char *file, struct sl_error *err)
{
    const char *line;
    unsigned number;
    size_t n = next_line(r, l, &line, &number);
    if (!n || line[0] == '#' || line[0] == ';')
        return SL_OK;
    char *where = sl_asprintf("%s:%u", file, number);
    enum sl_code rc = placed(take(r, line, n, where, err), where, err);
    free(where);
    return rc;
}

enum sl_code sl_rules_text(struct sl_rules_reading *r, const char *file, const char *text, size_t len,
                           struct sl_error *err)
{
    struct lines l = { .text = text, .len = len, .number = 1 };
    enum sl_code rc = SL_OK;
    if (r->inherited & SL_RULE_GIT)
        return sl_gitignore_text(r, file, text, len, err);
    while (rc == SL_OK && l.at < l.len) {
        rc = r->inherited & SL_RULE_WORDS ? take_words(r, &l, file, err) : take_line(r, &l, file, err);
        if (rc == SL_OK && r->in_tree && r->into->len > r->most)
            rc = sl_fail(err, SL_E_INVALID, "%s: fewer rules are expected in merge files from the top down", file);
    }
    return rc;
}

static enum sl_code read_all(FILE *in, struct sl_buf *b, const char *path, struct sl_error *err)
{
    char piece[8192];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, in)) > 0)
        sl_buf_add(b, piece, n);
    return ferror(in) ? sl_fail_errno(err, errno, "cannot read '%s'", path) : SL_OK;
}

enum sl_code sl_rules_file(struct sl_rules_reading *r, const char *path, struct sl_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    struct sl_buf b = { 0 };
    errno = 0;
    FILE *in = standard ? stdin : fopen(path, "re");
    if (!in)
        return sl_fail_errno(err, errno, "cannot open filter file '%s'", path);
    enum sl_code rc = read_all(in, &b, path, err);
    if (!standard)
        fclose(in);
    if (rc == SL_OK)
        rc = sl_rules_text(r, standard ? "standard input" : path, (const char *)sl_buf_ptr(&b), sl_buf_len(&b), err);
    sl_buf_clear(&b);
    return rc;
}

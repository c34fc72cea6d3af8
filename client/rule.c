/* SPDX-License-Identifier: ISC */
/* rule - see rule.h: names and modifiers are tables. */
#include "config.h"
#include "client/rule.h"

#include <string.h>

/* What the rules in a merge file have from it. */
enum { PASSED_ON = SL_RULE_SIDES | SL_RULE_PERISHABLE | SL_RULE_ABSOLUTE | SL_RULE_XATTR };

static const struct name {
    char letter;
    const char *word;
    enum sl_rule_kind kind;
    uint32_t flags;
    const char *modifiers;
} names[] = {
    { '-', "exclude", SL_RULE_PATTERN, 0, "/!Csrpx" },
    { '+', "include", SL_RULE_PATTERN, SL_RULE_INCLUDE, "/!Csrpx" },
    { 'H', "hide", SL_RULE_PATTERN, SL_RULE_SENDER, "/!px" },
    { 'S', "show", SL_RULE_PATTERN, SL_RULE_SENDER | SL_RULE_INCLUDE, "/!px" },
    { 'P', "protect", SL_RULE_PATTERN, SL_RULE_RECEIVER, "/!px" },
    { 'R', "risk", SL_RULE_PATTERN, SL_RULE_RECEIVER | SL_RULE_INCLUDE, "/!px" },
    { '.', "merge", SL_RULE_MERGE, 0, "-+Cenw/srpx" },
    { ':', "dir-merge", SL_RULE_DIR_MERGE, 0, "-+Cenw/srpx" },
    { '!', "clear", SL_RULE_CLEAR, 0, "" },
};

static uint32_t flag_of(char modifier)
{
    static const struct {
        char letter;
        uint32_t flags;
    } flags[] = {
        { '/', SL_RULE_ABSOLUTE },
        { '!', SL_RULE_NEGATED },
        { 's', SL_RULE_SENDER },
        { 'r', SL_RULE_RECEIVER },
        { 'p', SL_RULE_PERISHABLE },
        { 'x', SL_RULE_XATTR },
        { '-', SL_RULE_BARE },
        { '+', SL_RULE_BARE | SL_RULE_INCLUDE },
        { 'C', SL_RULE_IN_CVS | SL_RULE_BARE | SL_RULE_WORDS | SL_RULE_OWN },
        { 'e', SL_RULE_SELF },
        { 'n', SL_RULE_OWN },
        { 'w', SL_RULE_WORDS },
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (flags[i].letter == modifier)
            return flags[i].flags;
    return 0;
}

static bool separates(char c)
{
    return c == ' ' || c == '_';
}

/* The rule's name at text, and where it ends: a word has to be followed by ',', ' ', '_' or nothing. */
static const struct name *name_at(const char *text, size_t len, size_t *end)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i].word);
        if (len >= n && memcmp(text, names[i].word, n) == 0 && (len == n || text[n] == ',' || separates(text[n]))) {
            *end = n;
            return &names[i];
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (len && text[0] == names[i].letter) {
            *end = 1;
            return &names[i];
        }
    return NULL;
}

static enum sl_code bad_modifier(const struct name *n, struct sl_error *err)
{
    if (!*n->modifiers)
        return sl_fail(err, SL_E_INVALID, "nothing is expected behind '%c'", n->letter);
    return sl_fail(err, SL_E_INVALID, "behind '%c' are expected modifiers (of %s), then a space or '_'", n->letter,
                   n->modifiers);
}

/* Modifiers up to the space or '_', or to the end. */
static enum sl_code take_modifiers(struct sl_rule *r, const struct name *n, const char *text, size_t len, size_t *at,
                                   struct sl_error *err)
{
    size_t i = *at;
    i += i < len && text[i] == ',';
    for (; i < len && !separates(text[i]); i++) {
        uint32_t flag = strchr(n->modifiers, text[i]) && text[i] ? flag_of(text[i]) : 0;
        if (!flag)
            return bad_modifier(n, err);
        if (flag & SL_RULE_BARE && r->flags & SL_RULE_BARE)
            return sl_fail(err, SL_E_INVALID, "only one of the modifiers -, + and C is expected");
        if (text[i] == 'C' && r->kind == SL_RULE_PATTERN)
            r->kind = SL_RULE_CVS;
        else
            r->flags |= flag;
    }
    *at = i;
    return SL_OK;
}

static enum sl_code check(const struct sl_rule *r, struct sl_error *err)
{
    bool none = !r->len;
    switch (r->kind) {
    case SL_RULE_CLEAR:
        return none ? SL_OK : sl_fail(err, SL_E_INVALID, "nothing is expected behind '!'");
    case SL_RULE_CVS:
        return none ? SL_OK : sl_fail(err, SL_E_INVALID, "nothing is expected behind the modifier C");
    case SL_RULE_PATTERN:
        return none ? sl_fail(err, SL_E_INVALID, "a pattern is expected") : SL_OK;
    case SL_RULE_MERGE:
    case SL_RULE_DIR_MERGE:
        return none && !(r->flags & SL_RULE_IN_CVS) ? sl_fail(err, SL_E_INVALID, "the name of a merge file is expected")
                                                    : SL_OK;
    }
    return SL_OK;
}

static enum sl_code full(struct sl_rule *r, const char *text, size_t len, uint32_t inherited, struct sl_error *err)
{
    size_t at = 0;
    const struct name *n = name_at(text, len, &at);
    if (!n)
        return sl_fail(err, SL_E_INVALID,
                       "a rule is expected: one of + - H S P R . : ! or include, exclude, hide, show, protect, risk, "
                       "merge, dir-merge, clear");
    *r = (struct sl_rule){ .kind = n->kind, .flags = n->flags };
    enum sl_code rc = take_modifiers(r, n, text, len, &at, err);
    if (rc != SL_OK)
        return rc;
    at += at < len;
    r->text = text + at;
    r->len = len - at;
    if ((rc = check(r, err)) != SL_OK)
        return rc;
    if (inherited & SL_RULE_SIDES && r->flags & SL_RULE_SIDES)
        return sl_fail(err, SL_E_INVALID, "no side (s, r, H, S, P, R) is expected in a file whose merge rule says one");
    r->flags |= inherited & PASSED_ON;
    if (r->kind != SL_RULE_MERGE && r->kind != SL_RULE_DIR_MERGE)
        return SL_OK;
    if (!r->len) {
        r->text = ".cvsignore";
        r->len = strlen(r->text);
    }
    return SL_OK;
}

/* What is written before the pattern in the old style. */
static bool old_prefix(const char *text, size_t len)
{
    return len >= 2 && (text[0] == '-' || text[0] == '+') && text[1] == ' ';
}

enum sl_code sl_rule_parse(struct sl_rule *r, const char *text, size_t len, enum sl_rule_style style,
                           uint32_t inherited, struct sl_error *err)
{
    bool bare = inherited & SL_RULE_BARE;
    if (style == SL_RULE_FULL && !bare)
        return full(r, text, len, inherited, err);
    bool clears = len == 1 && text[0] == '!' && (!bare || inherited & SL_RULE_IN_CVS);
    bool include = bare ? inherited & SL_RULE_INCLUDE : style == SL_RULE_OLD_INCLUDE;
    if (!bare && old_prefix(text, len)) {
        include = text[0] == '+';
        text += 2;
        len -= 2;
    }
    *r = (struct sl_rule){ .kind = clears ? SL_RULE_CLEAR : SL_RULE_PATTERN, .text = text, .len = clears ? 0 : len };
    r->flags = (inherited & PASSED_ON) | (include ? (uint32_t)SL_RULE_INCLUDE : 0);
    return check(r, err);
}

bool sl_rule_goes_on(const char *word, size_t len)
{
    size_t at = 0;
    struct sl_error ignored;
    const struct name *n = name_at(word, len, &at);
    if (!n || n->kind == SL_RULE_CLEAR)
        return false;
    struct sl_rule r = { .kind = n->kind };
    return take_modifiers(&r, n, word, len, &at, &ignored) == SL_OK && at == len && r.kind != SL_RULE_CVS &&
           !(r.flags & SL_RULE_IN_CVS);
}

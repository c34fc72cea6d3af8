/* SPDX-License-Identifier: ISC */
/* gitignore - see gitignore.h. How git takes a line apart is followed to the letter, down to what it makes of
 * backslashes and spaces. */
#include "config.h"
#include "client/gitignore.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Spaces at the end are none of the pattern, unless a backslash stands in front of one. */
static size_t without_spaces(const char *line, size_t len)
{
    size_t end = len, n = 0;
    bool spaces = false;
    for (; n < len; n++) {
        if (line[n] == ' ' && !spaces)
            end = n;
        spaces = line[n] == ' ';
        if (line[n] == '\\' && ++n == len)
            return len;
    }
    return spaces ? end : len;
}

static void take_line(struct sl_rules_reading *r, const char *line, size_t len, const char *where)
{
    const char *nul = memchr(line, '\0', len);
    uint32_t flags = 0;
    len = without_spaces(line, nul ? (size_t)(nul - line) : len);
    if (len && line[0] == '!') {
        flags |= SL_RULE_INCLUDE;
        line++;
        len--;
    }
    sl_rules_push_git(r, flags, line, len, where);
}

static void reverse(struct sl_rules_entry *at, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct sl_rules_entry swap = at[i];
        at[i] = at[n - 1 - i];
        at[n - 1 - i] = swap;
    }
}

enum sl_code sl_gitignore_text(struct sl_rules_reading *r, const char *file, const char *text, size_t len,
                               struct sl_error *err)
{
    size_t from = r->into->len;
    unsigned number = 1;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    for (const char *end = text + len, *stop; text < end; text = stop + 1, number++) {
        stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop ? stop : end;
        size_t n = (size_t)(stop - text);
        if (!n || text[0] == '#')
            continue;
        n -= text[n - 1] == '\r';
        char *where = sl_asprintf("%s:%u", file, number);
        take_line(r, text, n, where);
        free(where);
        if (r->in_tree && r->into->len > r->most)
            return sl_fail(err, SL_E_INVALID, "%s: fewer rules are expected in merge files from the top down", file);
    }
    if (r->into->len > from)
        reverse(r->into->at + from, r->into->len - from);
    return SL_OK;
}

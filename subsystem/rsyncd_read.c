/* SPDX-License-Identifier: ISC */
/*
 * rsyncd_read - the lines of an rsyncd.conf, taken as rsync 3.5.0 takes them, which is not always what its manual says: `;` begins
 * a comment too, comments are not continued, a section that is opened again goes on, whatever stands behind `]` is passed over,
 * a backslash continues a line also with blanks behind it, %% stays %%. A module has the defaults as they are where it is opened;
 * a text that nobody has set then, not even to nothing, is what the default is at the end of the file.
 */
#include "config.h"
#include "subsystem/rsyncd_priv.h"
#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Beyond: time grows with modules times the length of the values that they inherit. */
enum { LINE_LEN_MAX = 16384, SECTIONS_MAX = 4096 + 1 };

struct reader {
    struct sl_rsyncd_file *f;
    const char *name, *at, *end;
    size_t current;              /* section */
    unsigned line, begun;        /* physical lines: the next one's number less 1; where the logical line began */
    struct sl_error *err;
};

bool sl_rsyncd_blank(char c)
{
    return c && strchr(" \t\r\v\f", c);
}

static char *trimmed(const char *from, const char *to)
{
    while (from < to && sl_rsyncd_blank(*from))
        from++;
    while (to > from && sl_rsyncd_blank(to[-1]))
        to--;
    return sl_memdup0(from, (size_t)(to - from));
}

static void squeeze(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++)
        if (!sl_rsyncd_blank(*at))
            *to++ = *at;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
}

/* rsync replaces %NAME% by a variable of its environment if there is one, and else leaves it; what is done with %% depends on
 * its version. */
static bool is_vague(const char *value)
{
    for (const char *at = value; (at = strchr(at, '%')) != NULL; at++)
        if (at[1] == '%' || ((isalpha((unsigned char)at[1]) || at[1] == '_') && strchr(at + 1, '%')))
            return true;
    return false;
}

static enum sl_code wrong(const struct reader *r, const char *what)
{
    return sl_fail(r->err, SL_E_CONFIG, "%s:%u: %s", r->name, r->begun, what);
}

/* ---- sections and their lines ---- */

static size_t add_section(struct sl_rsyncd_file *f, char *name, unsigned line)
{
    f->sections = sl_realloc(f->sections, (f->count + 1) * sizeof *f->sections);
    struct sl_rsyncd_section *s = &f->sections[f->count];
    *s = (struct sl_rsyncd_section){ .name = name, .line = line };
    if (f->count)
        memcpy(s->set, f->sections[0].set, sizeof s->set);
    return f->count++;
}

static void fill_in(struct sl_rsyncd_file *f)
{
    for (size_t i = 1; i < f->count; i++)
        for (size_t id = SL_RSYNCD_TEXTS; id < SL_RSYNCD_IDS; id++)
            if (!f->sections[i].set[id])
                f->sections[i].set[id] = f->sections[0].set[id];
}

static size_t find_section(const struct sl_rsyncd_file *f, const char *name)
{
    for (size_t i = 1; i < f->count; i++)
        if (sl_rsyncd_same(f->sections[i].name, name))
            return i;
    return 0;
}

static enum sl_code open_section(struct reader *r, const char *text)
{
    const char *end = strchr(text, ']');
    if (!end)
        return wrong(r, "a section without ']'");
    char *name = trimmed(text + 1, end);
    squeeze(name);
    enum sl_code rc = SL_OK;
    size_t found = find_section(r->f, name);
    if (!*name || strchr(name, '/'))
        rc = wrong(r, "rsync takes no section of this name");
    else if (sl_rsyncd_same(name, "global") || found)
        r->current = found;
    else if (r->f->count == SECTIONS_MAX)
        rc = wrong(r, "there are more than 4096 modules");
    else {
        r->current = add_section(r->f, name, r->begun);
        return SL_OK;
    }
    free(name);
    return rc;
}

/* Takes over l. Of a key that is the daemon's, rsync reads only what stands outside of the modules. */
static void add_line(struct reader *r, struct sl_rsyncd_line l)
{
    struct sl_rsyncd_section *s = &r->f->sections[r->current];
    struct sl_rsyncd_line *one = sl_malloc(sizeof *one);
    l.line = r->begun;
    l.vague = l.value && is_vague(l.value);
    l.refused = l.key && l.key->id == SL_RSYNCD_REFUSE ? sl_rsyncd_refused(l.value) : 0;
    *one = l;
    if (s->last)
        s->last->next = one;
    else
        s->first = one;
    s->last = one;
    if (!one->key && one->name[0] == '&' && !r->f->directive)
        r->f->directive = one;
    if (one->key && (!one->key->global || r->current == 0))
        s->set[one->key->id] = one;
}

static enum sl_code directive(struct reader *r, const char *text)
{
    size_t n = 1;
    while ((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z'))
        n++;
    if (!((n == 8 && strncasecmp(text, "&include", n) == 0) || (n == 6 && strncasecmp(text, "&merge", n) == 0)))
        return wrong(r, "rsync knows no directive but &include and &merge");
    add_line(r, (struct sl_rsyncd_line){ .name = sl_memdup0(text, n), .value = trimmed(text + n, text + strlen(text)) });
    return SL_OK;
}

static enum sl_code parameter(struct reader *r, const char *text)
{
    const char *equals = strchr(text, '='), *end = text + strlen(text);
    struct sl_rsyncd_line l = { .name = trimmed(text, equals ? equals : end) };
    if (equals && !*l.name) {
        free(l.name);
        return wrong(r, "there is no name before '='");
    }
    l.value = equals ? trimmed(equals + 1, end) : NULL;
    l.key = equals ? sl_rsyncd_key(l.name) : NULL;
    add_line(r, l);
    return SL_OK;
}

/* ---- lines of the file ---- */

/* Appends a line; true: it goes on in the next one. */
static bool physical_line(struct reader *r, struct sl_buf *b)
{
    const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at)), *to = stop ? stop : r->end;
    const char *last = to;
    while (last > r->at && sl_rsyncd_blank(last[-1]))
        last--;
    bool more = stop && last > r->at && last[-1] == '\\';
    sl_buf_add(b, r->at, (size_t)((more ? last - 1 : to) - r->at));
    r->at = stop ? stop + 1 : r->end;
    r->line++;
    return more;
}

/* The first character says what kind of line it is, before it is known how far it goes. */
static char first_of(const struct reader *r)
{
    const char *at = r->at;
    while (at < r->end && sl_rsyncd_blank(*at))
        at++;
    return at < r->end ? *at : '\n';
}

static enum sl_code logical_line(struct reader *r, struct sl_buf *b)
{
    char first = first_of(r);
    bool comment = strchr("#;\n", first) != NULL;
    r->begun = r->line + 1;
    sl_buf_reset(b, LINE_LEN_MAX);
    while (physical_line(r, b) && !comment && r->at < r->end && sl_buf_len(b) <= LINE_LEN_MAX)
        continue;
    if (comment)
        return SL_OK;
    if (sl_buf_len(b) > LINE_LEN_MAX)
        return wrong(r, "the line is longer than 16384 bytes");
    sl_buf_add(b, "", 1);
    const char *text = (const char *)sl_buf_ptr(b);
    while (sl_rsyncd_blank(*text))
        text++;
    if (first == '[')
        return open_section(r, text);
    return first == '&' ? directive(r, text) : parameter(r, text);
}

enum sl_code sl_rsyncd_read(struct sl_rsyncd_file *f, const char *name, const char *text, size_t len, struct sl_error *err)
{
    struct reader r = { .f = f, .name = name, .at = text, .end = text + len, .err = err };
    struct sl_buf b = { 0 };
    enum sl_code rc = SL_OK;
    *f = (struct sl_rsyncd_file){ 0 };
    add_section(f, sl_strdup(""), 0);
    if (len && memchr(text, '\0', len))
        rc = sl_fail(err, SL_E_CONFIG, "%s: there is a NUL byte in it", name);
    while (rc == SL_OK && r.at < r.end)
        rc = logical_line(&r, &b);
    fill_in(f);
    sl_buf_clear(&b);
    return rc;
}

static void clear_section(struct sl_rsyncd_section *s)
{
    for (struct sl_rsyncd_line *l = s->first, *next; l; l = next) {
        next = l->next;
        free(l->name);
        free(l->value);
        free(l);
    }
    free(s->name);
    free(s->ours);
}

void sl_rsyncd_clear(struct sl_rsyncd_file *f)
{
    for (size_t i = 0; i < f->count; i++)
        clear_section(&f->sections[i]);
    free(f->sections);
    *f = (struct sl_rsyncd_file){ 0 };
}

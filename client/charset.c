/* SPDX-License-Identifier: ISC */
/*
 * charset - see charset.h. iconv(3) converts; what it makes is believed only when it makes the same of it backwards, which also finds
 * what it drops or replaces. Where all of ASCII is itself on both sides, names of nothing else cost a look at their bytes.
 */
#include "config.h"
#include "client/charset.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ONE_MAX = 16 }; /* bytes of what one byte is elsewhere: more than any charset needs */

struct sl_charset {
    iconv_t cd[2]; /* by way */
    bool plain;    /* ASCII is ASCII on both sides */
    bool ordered;
    bool links;
};

/* ---- iconv ---- */

/* 0 or an errno value. Nothing is left over from one call for the next. */
static int convert(iconv_t cd, const char *in, size_t n, char *out, size_t cap, size_t *len)
{
    char *from = (char *)(uintptr_t)in, *to = out;
    size_t left = cap;
    iconv(cd, NULL, NULL, NULL, NULL);
    size_t inexact = iconv(cd, &from, &n, &to, &left);
    if (inexact == (size_t)-1)
        return errno == E2BIG ? ENAMETOOLONG : EILSEQ;
    if (inexact)
        return EILSEQ;
    if (iconv(cd, NULL, NULL, &to, &left) == (size_t)-1)
        return ENAMETOOLONG;
    *len = cap - left;
    return 0;
}

static bool is_ascii(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] >= 0x80 || !text[i])
            return false;
    return true;
}

/* The same, and backwards. NULL: it is as it should be; else why not. */
static const char *there_and_back(const struct sl_charset *c, enum sl_charset_way way, const char *in, size_t n, char *out, size_t cap, size_t *len)
{
    enum sl_charset_way back_way = way == SL_CHARSET_HERE ? SL_CHARSET_THERE : SL_CHARSET_HERE;
    size_t back_len = 0;
    if (c->plain && n <= cap && is_ascii(in, n)) {
        memcpy(out, in, n);
        *len = n;
        return NULL;
    }
    int no = convert(c->cd[way], in, n, out, cap, len);
    if (no)
        return strerror(no);
    char *back = sl_malloc(n + 1);
    no = convert(c->cd[back_way], out, *len, back, n + 1, &back_len);
    bool same = !no && back_len == n && memcmp(back, in, n) == 0;
    free(back);
    return same ? NULL : "it does not come back the same";
}

/* ---- what is known of two charsets ---- */

/* Of one byte. 0: it is no character, or only the beginning of one. */
static size_t one(const struct sl_charset *c, enum sl_charset_way way, unsigned byte, char out[ONE_MAX])
{
    char in = (char)byte;
    size_t len = 0;
    return there_and_back(c, way, &in, 1, out, ONE_MAX, &len) ? 0 : len;
}

static bool is_plain(const struct sl_charset *c)
{
    char out[ONE_MAX];
    for (unsigned byte = 1; byte < 0x80; byte++)
        for (int way = SL_CHARSET_HERE; way <= SL_CHARSET_THERE; way++)
            if (one(c, (enum sl_charset_way)way, byte, out) != 1 || (unsigned char)out[0] != byte)
                return false;
    return true;
}

/* Whether the characters of one byte come in the order of their bytes, none of them is how another begins, and no byte only begins one:
 * then the names of that side do, too. */
static bool is_ordered(const struct sl_charset *c, enum sl_charset_way way)
{
    char last[ONE_MAX], now[ONE_MAX];
    size_t last_len = 0;
    for (unsigned byte = 0x80; byte < 0x100; byte++) {
        size_t len = one(c, way, byte, now);
        if (!len)
            continue;
        size_t less = len < last_len ? len : last_len;
        if (last_len && memcmp(last, now, less) >= 0)
            return false;
        memcpy(last, now, len);
        last_len = len;
    }
    return last_len != 0;
}

/* A byte that begins a character of several is none by itself: with one of them the side has more than one byte can say. */
static bool is_of_single_bytes(const struct sl_charset *c, enum sl_charset_way way)
{
    char out[ONE_MAX];
    for (unsigned byte = 0x80; byte < 0x100; byte++) {
        char in = (char)byte, *from = &in, *to = out;
        size_t n = 1, left = sizeof out;
        iconv(c->cd[way], NULL, NULL, NULL, NULL);
        if (iconv(c->cd[way], &from, &n, &to, &left) == (size_t)-1 && errno == EINVAL)
            return false;
    }
    return true;
}

/* "utf8" and "UTF-8" are one. */
static bool same_charset(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, "-_");
        b += strspn(b, "-_");
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (!*a)
            return true;
    }
}

static bool keeps_order(const struct sl_charset *c, const char *here, const char *there)
{
    if (same_charset(here, there))
        return true;
    for (int way = SL_CHARSET_HERE; c->plain && way <= SL_CHARSET_THERE; way++)
        if (is_of_single_bytes(c, (enum sl_charset_way)way) && is_ordered(c, (enum sl_charset_way)way))
            return true;
    return false;
}

bool sl_charset_keeps_order(const struct sl_charset *c)
{
    return c->ordered;
}

/* ---- beginning and end ---- */

/* The program itself stays in the C locale. */
static char *of_locale(void)
{
    locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    char *name = sl_strdup(l ? nl_langinfo_l(CODESET, l) : "US-ASCII");
    if (l)
        freelocale(l);
    return name;
}

static char *charset_of(const char *text, size_t n)
{
    return n == 0 || (n == 1 && *text == '.') ? of_locale() : sl_memdup0(text, n);
}

static enum sl_code open_both(struct sl_charset *c, const char *here, const char *there, struct sl_error *err)
{
    c->cd[SL_CHARSET_HERE] = iconv_open(here, there);
    c->cd[SL_CHARSET_THERE] = iconv_open(there, here);
    if (c->cd[SL_CHARSET_HERE] != (iconv_t)-1 && c->cd[SL_CHARSET_THERE] != (iconv_t)-1)
        return SL_OK;
    return sl_fail(err, SL_E_CONFIG, "--iconv: the system has no conversion between '%s' and '%s' (iconv --list shows what it knows)", here, there);
}

enum sl_code sl_charset_new(struct sl_charset **out, const char *spec, bool links, struct sl_error *err)
{
    size_t n = strcspn(spec, ",");
    const char *rest = spec[n] ? spec + n + 1 : spec;
    char *here = charset_of(spec, n), *there = charset_of(rest, strlen(rest));
    struct sl_charset *c = sl_calloc(1, sizeof *c);
    c->cd[0] = c->cd[1] = (iconv_t)-1;
    c->links = links;
    enum sl_code rc = open_both(c, here, there, err);
    if (rc == SL_OK) {
        c->plain = is_plain(c);
        c->ordered = keeps_order(c, here, there);
        *out = c;
    } else {
        sl_charset_free(c);
    }
    free(here);
    free(there);
    return rc;
}

void sl_charset_free(struct sl_charset *c)
{
    if (!c)
        return;
    for (int way = SL_CHARSET_HERE; way <= SL_CHARSET_THERE; way++)
        if (c->cd[way] != (iconv_t)-1)
            iconv_close(c->cd[way]);
    free(c);
}

/* ---- names ---- */

static enum sl_code no_name(struct sl_error *err, const char *name, size_t len, const char *why)
{
    return sl_fail(err, SL_E_NAME, "cannot convert filename: '%.*s' (%s)", (int)len, name, why);
}

enum sl_code sl_charset_name(const struct sl_charset *c, enum sl_charset_way way, const char *name, size_t len, struct sl_charset_name *out,
                             struct sl_error *err)
{
    struct sl_charset_name made;
    const char *why = there_and_back(c, way, name, len, made.text, SL_NAME_MAX, &made.len);
    if (!why && !sl_name_ok(made.text, made.len))
        why = "it would be no name";
    if (why)
        return no_name(err, name, len, why);
    made.text[made.len] = '\0';
    memcpy(out->text, made.text, made.len + 1);
    out->len = made.len;
    return SL_OK;
}

static bool is_dots(const char *p, size_t n)
{
    return (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.');
}

/* "" and the names that mean a place stay. */
static bool component(const struct sl_charset *c, enum sl_charset_way way, const char *p, size_t n, struct sl_charset_name *out)
{
    struct sl_error err;
    if (n && !is_dots(p, n))
        return sl_charset_name(c, way, p, n, out, &err) == SL_OK;
    memcpy(out->text, p, n);
    out->len = n;
    return true;
}

char *sl_charset_path(const struct sl_charset *c, enum sl_charset_way way, const char *path)
{
    size_t most = strlen(path) * 4 + SL_NAME_MAX + 2, len = 0;
    char *out = sl_malloc(most);
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        struct sl_charset_name part;
        if (!component(c, way, p, n, &part)) {
            free(out);
            return NULL;
        }
        if (len + part.len + 2 > most)
            out = sl_realloc(out, most = (most + part.len) * 2);
        memcpy(out + len, part.text, part.len);
        len += part.len;
        p += n;
        if (*p)
            out[len++] = *p++;
    }
    out[len] = '\0';
    return out;
}

char *sl_charset_target(const struct sl_charset *c, enum sl_charset_way way, const struct sl_entry *e, struct sl_error *err)
{
    char *made = sl_charset_path(c, way, e->target);
    bool fits = made && strlen(made) <= SL_TARGET_MAX;
    if (fits)
        return made;
    const char *why = strerror(made ? ENAMETOOLONG : EILSEQ);
    free(made);
    if (!c->links)
        return sl_strdup(e->target);
    sl_fail(err, SL_E_NAME, "cannot convert symlink data for: '%s' (%s)", e->name, why);
    return NULL;
}

enum sl_code sl_charset_entry_here(const struct sl_charset *c, const struct sl_entry *e, struct sl_charset_name *name, char **target,
                                   struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    *name = (struct sl_charset_name){ .len = 0 };
    if (e->name_len)
        rc = sl_charset_name(c, SL_CHARSET_HERE, e->name, e->name_len, name, err);
    *target = NULL;
    if (rc == SL_OK && e->target && !(*target = sl_charset_target(c, SL_CHARSET_HERE, e, err)))
        rc = SL_E_NAME;
    return rc;
}

enum sl_code sl_charset_entry_goes(const struct sl_charset *c, const struct sl_entry *e, struct sl_error *err)
{
    struct sl_charset_name name;
    enum sl_code rc = sl_charset_name(c, SL_CHARSET_THERE, e->name, e->name_len, &name, err);
    if (rc != SL_OK || e->type != SL_TYPE_LINK || !c->links || !e->target)
        return rc;
    char *target = sl_charset_target(c, SL_CHARSET_THERE, e, err);
    rc = target ? SL_OK : SL_E_NAME;
    free(target);
    return rc;
}

/* ---- texts ---- */

/* Appends a line of a text. */
static void add_line(const struct sl_charset *c, const char *line, size_t n, char **out, size_t *len, size_t *cap)
{
    size_t room = n * 4 + ONE_MAX, got = n;
    if (*len + room > *cap)
        *out = sl_realloc(*out, *cap = (*len + room) * 2);
    bool made = !there_and_back(c, SL_CHARSET_HERE, line, n, *out + *len, room, &got) && !memchr(*out + *len, '\n', got);
    if (!made) {
        memcpy(*out + *len, line, n);
        got = n;
    }
    *len += got;
}

char *sl_charset_lines(const struct sl_charset *c, const char *text, size_t len, size_t *out_len)
{
    size_t cap = len + ONE_MAX, n = 0;
    char *out = sl_malloc(cap);
    for (const char *p = text, *end = text + len; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t line = (size_t)((stop ? stop : end) - p);
        add_line(c, p, line, &out, &n, &cap);
        if (n + 2 > cap)
            out = sl_realloc(out, cap = (cap + 2) * 2);
        if (stop)
            out[n++] = '\n';
        p += line + (stop != NULL);
    }
    out = sl_realloc(out, n + 1);
    out[n] = '\0';
    *out_len = n;
    return out;
}

void sl_charset_message(const struct sl_charset *c, struct sl_error *err)
{
    char made[sizeof err->text];
    size_t n = 0;
    if (there_and_back(c, SL_CHARSET_HERE, err->text, strlen(err->text), made, sizeof made - 1, &n) || memchr(made, '\0', n))
        return;
    memcpy(err->text, made, n);
    err->text[n] = '\0';
}

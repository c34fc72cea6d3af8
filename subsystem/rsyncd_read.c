/* SPDX-License-Identifier: ISC */
/* rsyncd_read - an rsyncd.conf in memory, as rsync reads it: keys without regard to case and blanks, a backslash at the end of a
 * line joins it with the next, settings in front of the first module are every module's default. */
#include "config.h"
#include "subsystem/rsyncd_priv.h"
#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FILE_MAX = 1024 * 1024 };

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    for (size_t n = strlen(text); n && isspace((unsigned char)text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

static char *folded(const char *key)
{
    char *out = sl_strdup(key), *to = out;
    for (const char *at = key; *at; at++)
        if (!isspace((unsigned char)*at) && *at != '_')
            *to++ = (char)tolower((unsigned char)*at);
    *to = '\0';
    return out;
}

static struct sl_rsyncd_section *add_section(struct sl_rsyncd *r, const char *name, unsigned line)
{
    r->sections = sl_realloc(r->sections, (r->count + 1) * sizeof *r->sections);
    struct sl_rsyncd_section *s = &r->sections[r->count++];
    *s = (struct sl_rsyncd_section){ .name = name ? sl_strdup(name) : NULL, .line = line };
    return s;
}

static void add_setting(struct sl_rsyncd_section *s, const char *key, const char *value, unsigned line)
{
    s->settings = sl_realloc(s->settings, (s->count + 1) * sizeof *s->settings);
    s->settings[s->count++] = (struct sl_rsyncd_setting){ folded(key), sl_strdup(key), sl_strdup(value), line };
}

/* [global] goes back to the first section; a module that is named twice goes on. */
static size_t section_of(struct sl_rsyncd *r, const char *name, unsigned line)
{
    if (strcasecmp(name, "global") == 0)
        return 0;
    for (size_t i = 1; i < r->count; i++)
        if (strcasecmp(r->sections[i].name, name) == 0)
            return i;
    add_section(r, name, line);
    return r->count - 1;
}

static enum sl_code take_line(struct sl_rsyncd *r, size_t *at, char *line, const char *file, unsigned number, struct sl_error *err)
{
    char *text = trim(line), *eq = strchr(text, '=');
    if (!*text || *text == '#' || *text == ';')
        return SL_OK;
    if (*text == '&') {                  /* &include DIR, &merge FILE: kept as a setting of its own */
        char *space = text + strcspn(text, " \t");
        bool more = *space != '\0';
        *space = '\0';
        add_setting(&r->sections[*at], text, more ? trim(space + 1) : "", number);
        return SL_OK;
    }
    if (*text == '[') {
        char *end = strchr(text, ']');
        if (!end || end == text + 1)
            return sl_fail(err, SL_E_CONFIG, "%s:%u: a section is written [NAME]", file, number);
        *end = '\0';
        *at = section_of(r, trim(text + 1), number);
        return SL_OK;
    }
    if (!eq)
        return sl_fail(err, SL_E_CONFIG, "%s:%u: this is neither `key = value` nor `[module]`", file, number);
    *eq = '\0';
    add_setting(&r->sections[*at], trim(text), trim(eq + 1), number);
    return SL_OK;
}

/* The next line with what a backslash joins to it; false at the end. */
static bool next_line(const char *text, size_t len, size_t *at, struct sl_buf *line, unsigned *lines)
{
    bool joined = true;
    sl_buf_reset(line, 4096);
    *lines = 0;
    if (*at >= len)
        return false;
    while (joined && *at < len) {
        const char *end = memchr(text + *at, '\n', len - *at);
        size_t n = end ? (size_t)(end - text) - *at : len - *at, used = n;
        while (used && (text[*at + used - 1] == '\r' || text[*at + used - 1] == ' '))
            used--;
        joined = used && text[*at + used - 1] == '\\';
        sl_buf_add(line, text + *at, joined ? used - 1 : n);
        *at += n + 1;
        ++*lines;
    }
    sl_buf_add(line, "", 1);
    return true;
}

enum sl_code sl_rsyncd_read(struct sl_rsyncd *r, const char *name, const char *text, size_t len, struct sl_error *err)
{
    struct sl_buf line = { 0 };
    size_t at = 0, section = 0;
    unsigned number = 1, lines = 0;
    enum sl_code rc = SL_OK;
    *r = (struct sl_rsyncd){ 0 };
    add_section(r, NULL, 0);
    if (len > FILE_MAX)
        return sl_fail(err, SL_E_CONFIG, "'%s' is longer than %d bytes", name, FILE_MAX);
    if (len && memchr(text, '\0', len))
        return sl_fail(err, SL_E_CONFIG, "there is a NUL byte in '%s'", name);
    while (rc == SL_OK && next_line(text, len, &at, &line, &lines)) {
        rc = take_line(r, &section, line.data ? (char *)line.data + line.start : (char *)"", name, number, err);
        number += lines;
    }
    sl_buf_clear(&line);
    return rc;
}

void sl_rsyncd_clear(struct sl_rsyncd *r)
{
    for (size_t i = 0; i < r->count; i++) {
        for (size_t k = 0; k < r->sections[i].count; k++) {
            free(r->sections[i].settings[k].key);
            free(r->sections[i].settings[k].shown);
            free(r->sections[i].settings[k].value);
        }
        free(r->sections[i].settings);
        free(r->sections[i].name);
    }
    free(r->sections);
    *r = (struct sl_rsyncd){ 0 };
}

/* The last one counts, as in rsync. */
static const char *last_of(const struct sl_rsyncd_section *s, const char *key)
{
    for (size_t i = s->count; i-- > 0;)
        if (strcmp(s->settings[i].key, key) == 0)
            return s->settings[i].value;
    return NULL;
}

const char *sl_rsyncd_get(const struct sl_rsyncd *r, const struct sl_rsyncd_section *s, const char *key)
{
    const char *own = last_of(s, key);
    return own ? own : last_of(&r->sections[0], key);
}

bool sl_rsyncd_yes(const char *value, bool otherwise)
{
    if (!value)
        return otherwise;
    if (strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0)
        return true;
    return strcasecmp(value, "no") == 0 || strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0 ? false : otherwise;
}

/* SPDX-License-Identifier: ISC */
/* keyvalue - see keyvalue.h. */
#include "config.h"
#include "base/keyvalue.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LEN_MAX = 4096, FILE_LEN_MAX = 4 * 1024 * 1024, KEY_LEN_MAX = 40, READ_BYTES = 65536 };

enum sl_code sl_keyvalue_wrong(struct sl_keyvalue *k, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return sl_fail(k->err, SL_E_CONFIG, "%s:%u: %s", k->file, k->line, text);
}

/* ---- blanks and comments ---- */

/* Without the blanks around it; inside, each run of blanks becomes one. */
static void squeeze(char *text)
{
    char *to = text;
    for (char *at = text; *at; at++)
        if (!sl_text_blank(*at))
            *to++ = *at;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    while (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}

static char *trim(char *text)
{
    while (sl_text_blank(*text))
        text++;
    for (size_t n = strlen(text); n && sl_text_blank(text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

/* The quote that ends the one at text; NULL: it is none, or stays open. */
static char *closing(char *text)
{
    for (char *at = text + 1; (*text == '\'' || *text == '"') && *at; at++)
        if (*at == *text)
            return at;
        else if (*text == '"' && *at == '\\' && at[1])
            at++;
    return NULL;
}

/* A comment begins a line, or stands behind a blank. */
static void cut_comment(char *text, bool quotes)
{
    for (char *at = text; *at; at++) {
        char *end = quotes ? closing(at) : NULL;
        if (end) {
            at = end;
        } else if (quotes && *at == '\\' && at[1]) {
            at++;
        } else if ((*at == '#' || (*at == ';' && at == text)) && (at == text || sl_text_blank(at[-1]))) {
            *at = '\0';
            return;
        }
    }
}

/* ---- lines ---- */

static enum sl_code section(struct sl_keyvalue *k, char *text)
{
    size_t n = strlen(text);
    if (text[n - 1] != ']')
        return sl_keyvalue_wrong(k, "a section is written [NAME]");
    text[n - 1] = '\0';
    return k->section(k, trim(text + 1));
}

static enum sl_code line(struct sl_keyvalue *k, char *text)
{
    text = trim(text);
    cut_comment(text, k->quotes);
    text = trim(text);
    if (!*text)
        return SL_OK;
    if (*text == '[')
        return section(k, text);
    char *value = strchr(text, '=');
    if (!value)
        return sl_keyvalue_wrong(k, "this is neither `key = value` nor `%s`", k->sections);
    *value++ = '\0';
    squeeze(text);
    if (strlen(text) > KEY_LEN_MAX)
        return sl_keyvalue_wrong(k, "unknown key '%.*s...'", KEY_LEN_MAX, text);
    return k->assign(k, text, trim(value));
}

enum sl_code sl_keyvalue_parse(struct sl_keyvalue *k, const char *text, size_t len)
{
    enum sl_code rc = SL_OK;
    for (size_t at = 0; rc == SL_OK && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        k->line++;
        if (n > LINE_LEN_MAX)
            return sl_keyvalue_wrong(k, "the line is longer than %d bytes", LINE_LEN_MAX);
        if (memchr(text + at, '\0', n))
            return sl_keyvalue_wrong(k, "there is a NUL byte in the line");
        char *copy = sl_memdup0(text + at, n);
        rc = line(k, copy);
        free(copy);
        at += n + 1;
    }
    return rc;
}

enum sl_code sl_keyvalue_take(struct sl_buf *b, int fd, const char *file, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    size_t got = 0;
    while (rc == SL_OK && sl_buf_len(b) <= FILE_LEN_MAX) {
        rc = sl_io_read(fd, sl_buf_reserve(b, READ_BYTES), READ_BYTES, &got);
        if (rc == SL_OK)
            sl_buf_commit(b, got);
    }
    if (rc == SL_OK)
        rc = sl_fail(err, SL_E_CONFIG, "'%s' is longer than %d bytes", file, FILE_LEN_MAX);
    else if (rc == SL_EOF)
        rc = SL_OK;
    else
        rc = sl_fail_errno(err, errno, "cannot read '%s'", file);
    sl_io_close(&fd);
    return rc;
}

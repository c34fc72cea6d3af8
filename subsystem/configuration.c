/* SPDX-License-Identifier: ISC */
/*
 * configuration - a strict parser of our own: libraries for this form cut long lines, merge sections of one name, or take
 * an unknown key for granted, and here each of these would open a tree to somebody.
 */
#include "config.h"
#include "subsystem/config_priv.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/trusted.h"
#include "proto/msg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_LEN_MAX = 4096, FILE_LEN_MAX = 4 * 1024 * 1024, NAME_LEN_MAX = 64, KEY_LEN_MAX = 40, RIGHTS_DEFAULT =
       SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH };

/* Line 0: what is wrong stands on the command line, and `file` is the option. */
static enum sl_code place(struct sl_config_parser *p)
{
    if (p->line && p->key)
        sl_error_context(p->err, "%s", p->key);
    if (p->line)
        sl_error_context(p->err, "%s:%u", p->file, p->line);
    else
        sl_error_context(p->err, "%s", p->file);
    return p->err->code;
}

enum sl_code sl_config_wrong(struct sl_config_parser *p, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sl_fail(p->err, SL_E_CONFIG, "%s", text);
    return place(p);
}

enum sl_code sl_config_told(struct sl_config_parser *p, enum sl_code rc)
{
    return rc == SL_OK ? SL_OK : place(p);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Without the blanks around it; inside, each run of blanks becomes one. */
static void squeeze(char *text)
{
    char *to = text;
    for (char *at = text; *at; at++)
        if (!is_blank(*at))
            *to++ = *at;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    while (to > text && to[-1] == ' ')
        to--;
    *to = '\0';
}

static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    for (size_t n = strlen(text); n && is_blank(text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

/* ---- sections and lines ---- */

bool sl_config_name_ok(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return n && n <= NAME_LEN_MAX && !name[n] && name[0] != '.' && name[0] != '-';
}

static enum sl_code end_section(struct sl_config_parser *p)
{
    if (p->m && !p->m->path) {
        p->line = p->m->line;
        return sl_config_wrong(p, "module '%s' has no path", p->m->name);
    }
    if (p->m && p->m->anonymous && !p->m->rights && !p->m->grant_count) {
        p->line = p->m->anonymous_line;
        return sl_config_wrong(p, "module '%s' is anonymous, but nobody gets any right in it: set `allow`", p->m->name);
    }
    return SL_OK;
}

struct sl_module *sl_config_add_module(struct sl_config *c, const char *name)
{
    c->modules = sl_realloc(c->modules, (c->module_count + 1) * sizeof *c->modules);
    struct sl_module *m = &c->modules[c->module_count++];
    *m = (struct sl_module){ .name = sl_strdup(name), .comment = sl_strdup(""), .rights = RIGHTS_DEFAULT,
                             .listed = true };
    return m;
}

static enum sl_code section(struct sl_config_parser *p, char *text)
{
    size_t n = strlen(text);
    unsigned here = p->line;
    enum sl_code rc = end_section(p);
    if (rc != SL_OK)
        return rc;
    p->line = here;
    if (text[n - 1] != ']')
        return sl_config_wrong(p, "a section is written [NAME]");
    text[n - 1] = '\0';
    text = trim(text + 1);
    if (!sl_config_name_ok(text))
        return sl_config_wrong(p, "'%s' is no name for a module: up to %d letters, digits, '.', '_' and '-'", text, NAME_LEN_MAX);
    const struct sl_module *before = sl_config_module(p->c, text, strlen(text));
    if (before)
        return sl_config_wrong(p, "module '%s' is there already, in line %u", text, before->line);
    p->m = sl_config_add_module(p->c, text);
    p->m->line = p->line;
    p->seen = 0;
    return SL_OK;
}

/* A comment begins a line, or stands behind a blank. */
static void cut_comment(char *text)
{
    for (char *at = text; *at; at++)
        if ((*at == '#' || (*at == ';' && at == text)) && (at == text || is_blank(at[-1]))) {
            *at = '\0';
            return;
        }
}

static enum sl_code line(struct sl_config_parser *p, char *text)
{
    text = trim(text);
    cut_comment(text);
    text = trim(text);
    if (!*text)
        return SL_OK;
    if (*text == '[')
        return section(p, text);
    char *value = strchr(text, '=');
    if (!value)
        return sl_config_wrong(p, "this is neither `key = value` nor `[module]`");
    *value++ = '\0';
    squeeze(text);
    if (strlen(text) > KEY_LEN_MAX)
        return sl_config_wrong(p, "unknown key '%.*s...'", KEY_LEN_MAX, text);
    return sl_config_assign(p, text, trim(value));
}

enum sl_code sl_config_parse(struct sl_config *c, const char *name, const char *text, size_t len, struct sl_error *err)
{
    struct sl_error unseen;
    struct sl_config_parser p = { .c = c, .file = name, .err = err ? err : &unseen };
    enum sl_code rc = SL_OK;
    for (size_t at = 0; rc == SL_OK && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        p.line++;
        if (n > LINE_LEN_MAX)
            return sl_config_wrong(&p, "the line is longer than %d bytes", LINE_LEN_MAX);
        if (memchr(text + at, '\0', n))
            return sl_config_wrong(&p, "there is a NUL byte in the line");
        char *copy = sl_memdup0(text + at, n);
        rc = line(&p, copy);
        free(copy);
        at += n + 1;
    }
    return rc == SL_OK ? end_section(&p) : rc;
}

enum sl_code sl_config_set(struct sl_config *c, const char *told, const char *key, const char *value, struct sl_error *err)
{
    struct sl_error unseen;
    struct sl_config_parser p = { .c = c, .file = told, .err = err ? err : &unseen };
    return sl_config_assign(&p, key, value);
}

static enum sl_code take(struct sl_buf *b, int fd, const char *file, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    size_t got = 0;
    while (rc == SL_OK && sl_buf_len(b) <= FILE_LEN_MAX) {
        rc = sl_io_read(fd, sl_buf_reserve(b, 65536), 65536, &got);
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

enum sl_code sl_config_file(struct sl_buf *b, const char *file, struct sl_error *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? sl_fail_errno(err, errno, "cannot open '%s'", file) : take(b, fd, file, err);
}

enum sl_code sl_config_read(struct sl_config *c, const char *file, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    int fd = -1;
    enum sl_code rc = sl_trusted_open(file, O_RDONLY, 0, &fd, err);
    if (rc == SL_OK)
        rc = take(&b, fd, file, err);
    if (rc == SL_OK)
        rc = sl_config_parse(c, file, sl_buf_len(&b) ? (const char *)sl_buf_ptr(&b) : "", sl_buf_len(&b), err);
    sl_buf_clear(&b);
    if (rc == SL_OK)
        c->file = (free(c->file), sl_strdup(file));
    return rc;
}

/* ---- the rest ---- */

void sl_config_init(struct sl_config *c)
{
    *c = (struct sl_config){ .user = sl_strdup("nobody"), .max_connections = 200, .max_per_address = 40, .retry_after_s = 30,
                             .handshake_timeout_s = 30, .idle_timeout_s = 600, .session_memory = 1u << 30,
                             .session_cpu_s = 4 * 3600, .log_level = -1, .log_facility = -1 };
}

void sl_config_clear(struct sl_config *c)
{
    for (size_t i = 0; i < c->module_count; i++) {
        struct sl_module *m = &c->modules[i];
        free(m->name);
        free(m->path);
        free(m->comment);
        sl_config_grants_clear(m);
        sl_filter_free(m->exclude);
        for (size_t k = 0; k < m->exclude_count; k++)
            free(m->excludes[k]);
        free(m->excludes);
        sl_net_list_clear(&m->hosts_allow);
        sl_net_list_clear(&m->hosts_deny);
    }
    for (size_t i = 0; i < c->listen_count; i++)
        free(c->listens[i].text);
    free(c->modules);
    free(c->listens);
    free(c->file);
    free(c->user);
    free(c->motd);
    *c = (struct sl_config){ 0 };
}

const struct sl_module *sl_config_module(const struct sl_config *c, const char *name, size_t len)
{
    for (size_t i = 0; i < c->module_count; i++)
        if (strlen(c->modules[i].name) == len && memcmp(c->modules[i].name, name, len) == 0)
            return &c->modules[i];
    return NULL;
}

struct sl_quota sl_quota_least(const struct sl_quota *a, const struct sl_quota *b)
{
    struct sl_quota out = *a;
    const uint64_t other[] = { b->sent, b->stored, b->hashed, b->files, b->rate };
    uint64_t *mine[] = { &out.sent, &out.stored, &out.hashed, &out.files, &out.rate };
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
        if (other[i] && (!*mine[i] || other[i] < *mine[i]))
            *mine[i] = other[i];
    return out;
}

/* SPDX-License-Identifier: ISC */
/*
 * configuration - a strict parser of our own (the form of its lines is base/keyvalue.c): libraries for this form cut long lines, merge
 * sections of one name, or take an unknown key for granted, and here each of these would open a tree to somebody.
 */
#include "config.h"
#include "subsystem/config_priv.h"
#include "base/buf.h"
#include "base/keyvalue.h"
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

enum { RIGHTS_DEFAULT =
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

/* ---- sections and lines ---- */

bool sl_config_name_ok(const char *name)
{
    return sl_module_name_ok(name, strlen(name));
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

static enum sl_code section(struct sl_keyvalue *k, char *name)
{
    struct sl_config_parser *p = k->ctx;
    enum sl_code rc = end_section(p);
    if (rc != SL_OK)
        return rc;
    p->line = k->line;
    if (!sl_config_name_ok(name))
        return sl_config_wrong(p, "'%s' is no name for a module: up to %d letters, digits, '.', '_' and '-'", name, SL_MODULE_NAME_MAX);
    const struct sl_module *before = sl_config_module(p->c, name, strlen(name));
    if (before)
        return sl_config_wrong(p, "module '%s' is there already, in line %u", name, before->line);
    p->m = sl_config_add_module(p->c, name);
    p->m->line = p->line;
    p->seen = 0;
    return SL_OK;
}

static enum sl_code assign(struct sl_keyvalue *k, const char *key, const char *value)
{
    struct sl_config_parser *p = k->ctx;
    p->line = k->line;
    return sl_config_assign(p, key, value);
}

enum sl_code sl_config_parse(struct sl_config *c, const char *name, const char *text, size_t len, struct sl_error *err)
{
    struct sl_error unseen;
    struct sl_config_parser p = { .c = c, .file = name, .err = err ? err : &unseen };
    struct sl_keyvalue k = { .file = name, .sections = "[module]", .ctx = &p, .err = p.err, .section = section, .assign = assign };
    enum sl_code rc = sl_keyvalue_parse(&k, text, len);
    return rc == SL_OK ? end_section(&p) : rc;
}

enum sl_code sl_config_set(struct sl_config *c, const char *told, const char *key, const char *value, struct sl_error *err)
{
    struct sl_error unseen;
    struct sl_config_parser p = { .c = c, .file = told, .err = err ? err : &unseen };
    return sl_config_assign(&p, key, value);
}

enum sl_code sl_config_file(struct sl_buf *b, const char *file, struct sl_error *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? sl_fail_errno(err, errno, "cannot open '%s'", file) : sl_keyvalue_take(b, fd, file, err);
}

enum sl_code sl_config_read(struct sl_config *c, const char *file, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    int fd = -1;
    enum sl_code rc = sl_trusted_open(file, O_RDONLY, 0, &fd, err);
    if (rc == SL_OK)
        rc = sl_keyvalue_take(&b, fd, file, err);
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
    *c = (struct sl_config){ .user = sl_strdup("nobody"), .max_connections = 200, .max_per_address = 40, .max_lanes = 10, .retry_after_s = 30,
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

/* SPDX-License-Identifier: ISC */
/*
 * configuration - a strict parser of our own: libraries for this form cut long lines, merge sections of one name, or take
 * an unknown key for granted, and here each of these would open a tree to somebody.
 */
#include "config.h"
#include "subsystem/configuration.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "proto/msg.h"
#include "subsystem/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_LEN_MAX = 4096, FILE_LEN_MAX = 4 * 1024 * 1024, NAME_LEN_MAX = 64, KEY_LEN_MAX = 40, RIGHTS_DEFAULT =
       SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH, PORT_DEFAULT = 8730 };

struct parser {
    struct sl_config *c;
    struct sl_module *m;         /* NULL before the first section */
    const char *file;
    unsigned line;
    uint32_t seen;               /* keys of this section, by their place in the table */
    struct sl_error *err;
};

static enum sl_code wrong(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static enum sl_code wrong(struct parser *p, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return sl_fail(p->err, SL_E_CONFIG, "%s:%u: %s", p->file, p->line, text);
}

/* Puts file and line in front of what a parser of values said. */
static enum sl_code told(struct parser *p, enum sl_code rc)
{
    if (rc != SL_OK)
        sl_error_context(p->err, "%s:%u", p->file, p->line);
    return rc;
}

/* ---- values ---- */

typedef enum sl_code set_fn(struct parser *p, const char *value);

static enum sl_code to_bool(struct parser *p, const char *value, bool *out)
{
    static const char *const words[] = { "no", "yes", "false", "true", "0", "1" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(value, words[i]) != 0)
            continue;
        *out = i & 1;
        return SL_OK;
    }
    return wrong(p, "'%s' is neither yes nor no", value);
}

static enum sl_code to_unsigned(struct parser *p, const char *value, unsigned least, unsigned most, unsigned *out)
{
    uint64_t n = 0;
    if (sl_num_u64(value, least, most, &n) != SL_OK)
        return wrong(p, "'%s' is not a number from %u to %u", value, least, most);
    *out = (unsigned)n;
    return SL_OK;
}

static void replace(char **at, const char *value)
{
    free(*at);
    *at = sl_strdup(value);
}

static enum sl_code set_listen(struct parser *p, const char *value)
{
    return told(p, sl_config_listen(p->c, value, p->err));
}

static enum sl_code set_user(struct parser *p, const char *value)
{
    replace(&p->c->user, value);
    p->c->user_given = true;
    return SL_OK;
}

static enum sl_code set_motd(struct parser *p, const char *value)
{
    if (value[0] != '/')
        return wrong(p, "'%s' is not an absolute path", value);
    replace(&p->c->motd, value);
    return SL_OK;
}

static enum sl_code set_namespace(struct parser *p, const char *value)
{
    if (strcmp(value, "account") != 0 && strcmp(value, "modules") != 0)
        return wrong(p, "'%s' is neither account nor modules", value);
    p->c->namespace_modules = value[0] == 'm';
    return SL_OK;
}

/* Not 0: in a module that is no limit, and here it would refuse everybody. */
static enum sl_code set_total(struct parser *p, const char *value)
{
    return to_unsigned(p, value, 1, SL_CONNECTIONS_MAX, &p->c->max_connections);
}

static enum sl_code set_handshake(struct parser *p, const char *value)
{
    return to_unsigned(p, value, 0, 86400, &p->c->handshake_timeout_s);
}

static enum sl_code set_idle(struct parser *p, const char *value)
{
    return to_unsigned(p, value, 0, 7 * 86400, &p->c->idle_timeout_s);
}

static enum sl_code set_path(struct parser *p, const char *value)
{
    if (value[0] != '/' && strncmp(value, "%h", 2) != 0)
        return wrong(p, "'%s' is not an absolute path", value);
    for (const char *at = value; (at = strchr(at, '%')) != NULL; at += 2)
        if (!at[1] || !strchr("uh%", at[1]))
            return wrong(p, "'%s': only %%u, %%h and %%%% are known", value);
    replace(&p->m->path, value);
    return SL_OK;
}

static enum sl_code set_comment(struct parser *p, const char *value)
{
    replace(&p->m->comment, value);
    return SL_OK;
}

static enum sl_code set_allow(struct parser *p, const char *value)
{
    return told(p, sl_rights_parse(value, &p->m->rights, p->err));
}

static enum sl_code set_anonymous(struct parser *p, const char *value)
{
    return to_bool(p, value, &p->m->anonymous);
}

static enum sl_code set_hosts_allow(struct parser *p, const char *value)
{
    return told(p, sl_net_list_parse(&p->m->hosts_allow, value, p->err));
}

static enum sl_code set_hosts_deny(struct parser *p, const char *value)
{
    return told(p, sl_net_list_parse(&p->m->hosts_deny, value, p->err));
}

static enum sl_code set_most(struct parser *p, const char *value)
{
    return to_unsigned(p, value, 0, SL_CONNECTIONS_MAX, &p->m->max_connections);
}

/* ---- keys ---- */

static const struct key {
    const char *name;
    bool global, repeats;
    set_fn *set;                 /* NULL: of a later version */
} keys[] = {
    { "listen", true, true, set_listen },
    { "user", true, false, set_user },
    { "motd", true, false, set_motd },
    { "ssh namespace", true, false, set_namespace },
    { "max connections", true, false, set_total },
    { "handshake timeout", true, false, set_handshake },
    { "idle timeout", true, false, set_idle },
    { "path", false, false, set_path },
    { "comment", false, false, set_comment },
    { "allow", false, false, set_allow },
    { "anonymous", false, false, set_anonymous },
    { "hosts allow", false, false, set_hosts_allow },
    { "hosts deny", false, false, set_hosts_deny },
    { "max connections", false, false, set_most },
    { "grant", false, true, NULL },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static enum sl_code assign(struct parser *p, const char *key, const char *value)
{
    bool global = !p->m, elsewhere = false;
    for (unsigned i = 0; i < KEYS; i++) {
        if (strcasecmp(keys[i].name, key) != 0)
            continue;
        if (keys[i].global != global) {
            elsewhere = true;
            continue;
        }
        if (!keys[i].set)
            return wrong(p, "'%s' is not supported by this version", key);
        if (p->seen & 1u << i && !keys[i].repeats)
            return wrong(p, "'%s' is given twice", key);
        p->seen |= 1u << i;
        if (!*value && keys[i].set != set_comment)
            return wrong(p, "'%s' has no value", key);
        if (*value == '#')               /* printed behind a blank, it would be read as a comment */
            return wrong(p, "the value of '%s' begins with '#': a comment needs a blank before it", key);
        return keys[i].set(p, value);
    }
    if (elsewhere)
        return wrong(p, global ? "'%s' belongs into a [module]" : "'%s' belongs before the first [module]", key);
    return wrong(p, "unknown key '%s'", key);
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

static bool module_name_ok(const char *name)
{
    size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return n && n <= NAME_LEN_MAX && !name[n] && name[0] != '.' && name[0] != '-';
}

static enum sl_code end_section(struct parser *p)
{
    if (p->m && !p->m->path) {
        p->line = p->m->line;
        return wrong(p, "module '%s' has no path", p->m->name);
    }
    return SL_OK;
}

static struct sl_module *add_module(struct sl_config *c, const char *name)
{
    c->modules = sl_realloc(c->modules, (c->module_count + 1) * sizeof *c->modules);
    struct sl_module *m = &c->modules[c->module_count++];
    *m = (struct sl_module){ .name = sl_strdup(name), .comment = sl_strdup(""), .rights = RIGHTS_DEFAULT };
    return m;
}

static enum sl_code section(struct parser *p, char *text)
{
    size_t n = strlen(text);
    unsigned here = p->line;
    enum sl_code rc = end_section(p);
    if (rc != SL_OK)
        return rc;
    p->line = here;
    if (text[n - 1] != ']')
        return wrong(p, "a section is written [NAME]");
    text[n - 1] = '\0';
    text = trim(text + 1);
    if (!module_name_ok(text))
        return wrong(p, "'%s' is no name for a module: up to %d letters, digits, '.', '_' and '-'", text, NAME_LEN_MAX);
    const struct sl_module *before = sl_config_module(p->c, text, strlen(text));
    if (before)
        return wrong(p, "module '%s' is there already, in line %u", text, before->line);
    p->m = add_module(p->c, text);
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

static enum sl_code line(struct parser *p, char *text)
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
        return wrong(p, "this is neither `key = value` nor `[module]`");
    *value++ = '\0';
    squeeze(text);
    if (strlen(text) > KEY_LEN_MAX)
        return wrong(p, "unknown key '%.*s...'", KEY_LEN_MAX, text);
    return assign(p, text, trim(value));
}

enum sl_code sl_config_parse(struct sl_config *c, const char *name, const char *text, size_t len, struct sl_error *err)
{
    struct sl_error unseen;
    struct parser p = { .c = c, .file = name, .err = err ? err : &unseen };
    enum sl_code rc = SL_OK;
    for (size_t at = 0; rc == SL_OK && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        p.line++;
        if (n > LINE_LEN_MAX)
            return wrong(&p, "the line is longer than %d bytes", LINE_LEN_MAX);
        if (memchr(text + at, '\0', n))
            return wrong(&p, "there is a NUL byte in the line");
        char *copy = sl_memdup0(text + at, n);
        rc = line(&p, copy);
        free(copy);
        at += n + 1;
    }
    return rc == SL_OK ? end_section(&p) : rc;
}

enum sl_code sl_config_read(struct sl_config *c, const char *file, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    enum sl_code rc = SL_OK;
    size_t got = 0;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot open '%s'", file);
    while (rc == SL_OK && sl_buf_len(&b) <= FILE_LEN_MAX) {
        rc = sl_io_read(fd, sl_buf_reserve(&b, 65536), 65536, &got);
        if (rc == SL_OK)
            sl_buf_commit(&b, got);
    }
    if (rc == SL_OK)
        rc = sl_fail(err, SL_E_CONFIG, "'%s' is longer than %d bytes", file, FILE_LEN_MAX);
    else if (rc != SL_EOF)
        rc = sl_fail_errno(err, errno, "cannot read '%s'", file);
    else
        rc = sl_config_parse(c, file, sl_buf_len(&b) ? (const char *)sl_buf_ptr(&b) : "", sl_buf_len(&b), err);
    sl_io_close(&fd);
    sl_buf_clear(&b);
    if (rc == SL_OK)
        replace(&c->file, file);
    return rc;
}

/* ---- the rest ---- */

void sl_config_init(struct sl_config *c)
{
    *c = (struct sl_config){ .user = sl_strdup("nobody"), .max_connections = 200, .handshake_timeout_s = 30,
                             .idle_timeout_s = 600 };
}

void sl_config_clear(struct sl_config *c)
{
    for (size_t i = 0; i < c->module_count; i++) {
        struct sl_module *m = &c->modules[i];
        free(m->name);
        free(m->path);
        free(m->comment);
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

/* A path as the configuration file has to have it. */
static char *percent_doubled(const char *path)
{
    char *out = sl_malloc(2 * strlen(path) + 1), *to = out;
    for (; *path; path++) {
        if (*path == '%')
            *to++ = '%';
        *to++ = *path;
    }
    *to = '\0';
    return out;
}

enum sl_code sl_config_export(struct sl_config *c, const char *spec, struct sl_error *err)
{
    const char *eq = strchr(spec, '=');
    struct stat st;
    if (!eq || !eq[1])
        return sl_fail(err, SL_E_CONFIG, "--export '%s': it is written NAME=DIR", spec);
    char *name = sl_memdup0(spec, (size_t)(eq - spec)), *real = NULL;
    enum sl_code rc = SL_OK;
    if (!module_name_ok(name))
        rc = sl_fail(err, SL_E_CONFIG, "--export: '%s' is no name for a module", name);
    else if (sl_config_module(c, name, strlen(name)))
        rc = sl_fail(err, SL_E_CONFIG, "--export: module '%s' is there already", name);
    else if (!(real = realpath(eq + 1, NULL)) || stat(real, &st) != 0)
        rc = sl_fail_errno(err, errno, "--export: cannot use '%s'", eq + 1);
    else if (!S_ISDIR(st.st_mode))
        rc = sl_fail(err, SL_E_CONFIG, "--export: '%s' is not a directory", eq + 1);
    if (rc == SL_OK) {
        struct sl_module *m = add_module(c, name);
        m->path = percent_doubled(real);
        m->anonymous = true;
    }
    free(name);
    free(real);
    return rc;
}

/* PORT; ADDR:PORT; [ADDR]:PORT; ADDR without a port if it can't be taken for one. */
static void split_listen(char *text, const char **addr, const char **port)
{
    char *colon = strrchr(text, ':');
    *addr = NULL;
    *port = NULL;
    if (text[0] == '[' && strchr(text, ']')) {
        char *end = strchr(text, ']');
        *end = '\0';
        *addr = text + 1;
        *port = end[1] == ':' ? end + 2 : end[1] ? "" : NULL;
    } else if (colon && strchr(text, ':') == colon) {
        *colon = '\0';
        *addr = text;
        *port = colon + 1;
    } else if (!colon && !text[strspn(text, "0123456789")]) {
        *port = text;
    } else {
        *addr = text;
    }
    if (*addr && (!**addr || strcmp(*addr, "*") == 0))
        *addr = NULL;
}

enum sl_code sl_config_listen(struct sl_config *c, const char *spec, struct sl_error *err)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
    struct sl_listen l = { .text = sl_strdup(spec) };
    char *copy = sl_strdup(spec), service[8];
    const char *addr, *port_text;
    uint64_t port = PORT_DEFAULT;
    enum sl_code rc = SL_OK;
    split_listen(copy, &addr, &port_text);
    if (port_text && sl_num_u64(port_text, 0, 65535, &port) != SL_OK)
        rc = sl_fail(err, SL_E_CONFIG, "'%s': a port is a number from 0 to 65535", spec);
    snprintf(service, sizeof service, "%u", (unsigned)port);
    if (rc == SL_OK && !addr) {          /* every address: IPv6's takes IPv4 in as well */
        struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT, .sin6_port = htons((uint16_t)port) };
        memcpy(&l.addr, &any, sizeof any);
        l.len = sizeof any;
    } else if (rc == SL_OK) {
        int why = getaddrinfo(addr, service, &hints, &found);
        if (why)
            rc = sl_fail(err, SL_E_CONFIG, "cannot listen on '%s': %s", spec, gai_strerror(why));
        else {
            memcpy(&l.addr, found->ai_addr, found->ai_addrlen);
            l.len = found->ai_addrlen;
            freeaddrinfo(found);
        }
    }
    free(copy);
    if (rc != SL_OK) {
        free(l.text);
        return rc;
    }
    c->listens = sl_realloc(c->listens, (c->listen_count + 1) * sizeof *c->listens);
    c->listens[c->listen_count++] = l;
    return SL_OK;
}

static void print_nets(FILE *f, const char *key, const struct sl_net_list *list)
{
    char text[INET6_ADDRSTRLEN];
    if (!list->count)
        return;
    fprintf(f, "%s =", key);
    for (size_t i = 0; i < list->count; i++)
        fprintf(f, " %s/%u", sl_net_text(&list->nets[i], text), list->nets[i].bits);
    fputc('\n', f);
}

static void print_module(FILE *f, const struct sl_module *m)
{
    char *rights = sl_rights_text(m->rights);
    fprintf(f, "\n[%s]\npath = %s\n", m->name, m->path);
    if (*m->comment)
        fprintf(f, "comment = %s\n", m->comment);
    fprintf(f, "allow = %s\nanonymous = %s\n", rights, m->anonymous ? "yes" : "no");
    print_nets(f, "hosts allow", &m->hosts_allow);
    print_nets(f, "hosts deny", &m->hosts_deny);
    fprintf(f, "max connections = %u\n", m->max_connections);
    free(rights);
}

char *sl_config_text(const struct sl_config *c)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f)
        return sl_strdup("");
    if (!c->listen_count)
        fprintf(f, "listen = %d\n", PORT_DEFAULT);
    for (size_t i = 0; i < c->listen_count; i++)
        fprintf(f, "listen = %s\n", c->listens[i].text);
    fprintf(f, "user = %s\n", c->user);
    if (c->motd)
        fprintf(f, "motd = %s\n", c->motd);
    fprintf(f, "ssh namespace = %s\n", c->namespace_modules ? "modules" : "account");
    fprintf(f, "max connections = %u\nhandshake timeout = %u\nidle timeout = %u\n", c->max_connections, c->handshake_timeout_s,
            c->idle_timeout_s);
    for (size_t i = 0; i < c->module_count; i++)
        print_module(f, &c->modules[i]);
    fclose(f);
    return text;
}

bool sl_module_admits(const struct sl_module *m, const struct sockaddr *peer)
{
    if (sl_net_list_has(&m->hosts_allow, peer))
        return true;
    if (sl_net_list_has(&m->hosts_deny, peer))
        return false;
    return m->hosts_allow.count == 0;
}

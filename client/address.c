/* SPDX-License-Identifier: ISC */
/*
 * address - takes SRC and DST apart. What ends up in the argv of ssh (host, user) is checked here, once: nothing that
 * ssh or a program given with -e could take for an option gets through.
 */
#include "config.h"
#include "client/address.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A piece of the text as typed; p is NULL where the piece was not given. */
struct piece {
    const char *p;
    size_t len;
};

struct scheme {
    const char *word;
    enum sl_address_kind kind;
    bool modules;
    const char *instead; /* not ours: what to use; NULL when it is ours */
};

/* Other words before "://" stay host names: scripts write "$HOST:/$DIR" with a DIR that starts with '/'. */
static const struct scheme schemes[] = {
    { "ssh", SL_ADDR_SSH, false, NULL },
    { "superlifter", SL_ADDR_TCP, true, NULL },
    { "superlifter+ssh", SL_ADDR_SSH, true, NULL },
    { "rsync", SL_ADDR_TCP, true, "superlifter://HOST/MODULE/PATH, for a host that runs superlifter-server" },
    { "sftp", SL_ADDR_SSH, false, "ssh://[USER@]HOST[:PORT]/PATH" },
    { "scp", SL_ADDR_SSH, false, "ssh://[USER@]HOST[:PORT]/PATH" },
    { "file", SL_ADDR_LOCAL, false, "the path alone" },
    { "http", SL_ADDR_TCP, false, "superlifter://HOST/MODULE/PATH" },
    { "https", SL_ADDR_TCP, false, "superlifter://HOST/MODULE/PATH" },
    { "ftp", SL_ADDR_TCP, false, "superlifter://HOST/MODULE/PATH" },
};

static const char bad_percent[] = "a '%' without two hexadecimal digits behind it (%25 is a '%')";

static enum sl_code bad(const struct sl_address *a, const char *why, struct sl_error *err)
{
    return sl_fail(err, SL_E_CONFIG, "bad address '%s': %s", a->text, why);
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* A piece of a URL with its %XX decoded; NULL for a '%' that is none, and for %00. */
static char *decode(struct piece in)
{
    char *out = sl_malloc(in.len + 1), *end = out;
    for (size_t i = 0; i < in.len; i++) {
        if (in.p[i] != '%') {
            *end++ = in.p[i];
            continue;
        }
        int high = in.len - i > 2 ? hex(in.p[i + 1]) : -1, low = in.len - i > 2 ? hex(in.p[i + 2]) : -1;
        if (high < 0 || low < 0 || high + low == 0) {
            free(out);
            return NULL;
        }
        *end++ = (char)(high * 16 + low);
        i += 2;
    }
    *end = '\0';
    return out;
}

/* What a host and a user have in common. */
static enum sl_code check_word(const struct sl_address *a, const char *what, const char *word, struct sl_error *err)
{
    if (!*word)
        return sl_fail(err, SL_E_CONFIG, "bad address '%s': the %s is empty", a->text, what);
    if (*word == '-')
        return sl_fail(err, SL_E_CONFIG, "bad address '%s': a %s does not start with '-'", a->text, what);
    for (const char *p = word; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '/')
            return sl_fail(err, SL_E_CONFIG, "bad address '%s': a character in the %s that cannot be there", a->text,
                           what);
    return SL_OK;
}

/* [USER@]HOST[:PORT] as pieces, the host without its brackets; p is NULL of what is not there. */
struct authority {
    struct piece user, host, port;
};

static enum sl_code split_authority(const struct sl_address *a, struct piece in, struct authority *out,
                                    struct sl_error *err)
{
    *out = (struct authority){ 0 };
    const char *end = in.p + in.len, *at = in.len ? memrchr(in.p, '@', in.len) : NULL, *host = at ? at + 1 : in.p;
    if (at)
        out->user = (struct piece){ in.p, (size_t)(at - in.p) };
    const char *host_end, *rest;
    if (host < end && *host == '[') {
        host_end = memchr(host, ']', (size_t)(end - host));
        if (!host_end)
            return bad(a, "'[' without ']'", err);
        host++;
        rest = host_end + 1;
    } else {
        host_end = memchr(host, ':', (size_t)(end - host));
        rest = host_end = host_end ? host_end : end;
    }
    out->host = (struct piece){ host, (size_t)(host_end - host) };
    if (rest < end && *rest != ':')
        return bad(a, "something stands between ']' and what follows", err);
    if (rest < end)
        out->port = (struct piece){ rest + 1, (size_t)(end - rest - 1) };
    return SL_OK;
}

/* Fills user, host and port. url: %XX is decoded. */
static enum sl_code take_authority(struct sl_address *a, const struct authority *au, bool url, struct sl_error *err)
{
    if (au->user.p)
        a->user = url ? decode(au->user) : sl_memdup0(au->user.p, au->user.len);
    a->host = url ? decode(au->host) : sl_memdup0(au->host.p ? au->host.p : "", au->host.len);
    if ((au->user.p && !a->user) || !a->host)
        return bad(a, bad_percent, err);
    enum sl_code rc = check_word(a, "host", a->host, err);
    if (rc == SL_OK && a->user)
        rc = check_word(a, "user", a->user, err);
    if (rc != SL_OK || !au->port.p)
        return rc;
    char *port = sl_memdup0(au->port.p, au->port.len);
    if (sl_num_int(port, 1, 65535, &a->port) != SL_OK)
        rc = bad(a, "the port is a number from 1 to 65535", err);
    free(port);
    return rc;
}

/* What stands behind the host in ssh://HOST/PATH: /~/ is the login directory, and so is nothing at all. */
static enum sl_code take_ssh_path(struct sl_address *a, struct piece path, struct sl_error *err)
{
    if (path.len >= 2 && memcmp(path.p, "/~", 2) == 0 && (path.len == 2 || path.p[2] == '/')) {
        size_t skip = path.len == 2 ? 2 : 3;
        path.p += skip;
        path.len -= skip;
    }
    a->path = decode(path);
    return a->path ? SL_OK : bad(a, bad_percent, err);
}

/* /MODULE/PATH; nothing or "/" alone asks for the list of modules. */
static enum sl_code take_module_path(struct sl_address *a, struct piece path, struct sl_error *err)
{
    struct piece module = { path.p + (path.len > 0), path.len ? path.len - 1 : 0 };
    const char *slash = module.len ? memchr(module.p, '/', module.len) : NULL;
    struct piece rest = { "", 0 };
    if (slash) {
        rest = (struct piece){ slash + 1, module.len - (size_t)(slash + 1 - module.p) };
        module.len = (size_t)(slash - module.p);
    }
    a->path = decode(rest);
    if (module.len || slash)
        a->module = decode(module);
    if (!a->path || ((module.len || slash) && !a->module))
        return bad(a, bad_percent, err);
    if (a->module && (!*a->module || strchr(a->module, '/')))
        return bad(a, "the module has no name", err);
    return SL_OK;
}

static enum sl_code parse_url(struct sl_address *a, const struct scheme *s, const char *rest, struct sl_error *err)
{
    if (s->instead)
        return sl_fail(err, SL_E_CONFIG, "bad address '%s': '%s://' is not ours; use %s", a->text, s->word, s->instead);
    size_t n = strcspn(rest, "/");
    struct authority au;
    enum sl_code rc = split_authority(a, (struct piece){ rest, n }, &au, err);
    if (rc != SL_OK)
        return rc;
    a->kind = s->kind;
    a->modules = s->modules;
    if (s->kind == SL_ADDR_TCP && au.user.p)
        return bad(a, "TCP knows no users; use superlifter+ssh://USER@HOST/MODULE/PATH", err);
    rc = take_authority(a, &au, true, err);
    if (rc != SL_OK)
        return rc;
    struct piece path = { rest + n, strlen(rest + n) };
    return s->modules ? take_module_path(a, path, err) : take_ssh_path(a, path, err);
}

/* The ':' that ends a host, or NULL where text is a local path: a '/' comes first, or there is none. */
static const char *host_colon(const char *text)
{
    size_t user = strcspn(text, "@/:[");
    const char *host = text[user] == '@' ? text + user + 1 : text;
    if (*host == '[') {
        size_t n = strcspn(host, "]/");
        return host[n] == ']' && host[n + 1] == ':' ? host + n + 1 : NULL;
    }
    const char *end = text + strcspn(text, "/:");
    return *end == ':' ? end : NULL;
}

static enum sl_code parse_scp(struct sl_address *a, const char *colon, struct sl_error *err)
{
    struct authority au;
    if (colon[1] == ':')
        return bad(
            a,
            "HOST::MODULE is not ours; use superlifter://HOST/MODULE/PATH (TCP) or superlifter+ssh://HOST/MODULE/PATH; "
            "an IPv6 address goes into brackets",
            err);
    enum sl_code rc = split_authority(a, (struct piece){ a->text, (size_t)(colon - a->text) }, &au, err);
    if (rc == SL_OK)
        rc = take_authority(a, &au, false, err);
    a->kind = SL_ADDR_SSH;
    a->path = sl_strdup(colon + 1);
    return rc;
}

static const struct scheme *find_scheme(const char *text, const char **rest)
{
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t n = strlen(schemes[i].word);
        if (strncasecmp(text, schemes[i].word, n) == 0 && strncmp(text + n, "://", 3) == 0) {
            *rest = text + n + 3;
            return &schemes[i];
        }
    }
    return NULL;
}

static enum sl_code parse_local(struct sl_address *a, struct sl_error *err)
{
    /* An empty argument is an unset variable in a script far more often than it is the working directory. */
    if (!*a->text)
        return bad(a, "an empty path (the working directory is '.')", err);
    a->kind = SL_ADDR_LOCAL;
    a->path = sl_strdup(a->text);
    return SL_OK;
}

enum sl_code sl_address_parse(struct sl_address *a, const char *text, struct sl_error *err)
{
    struct sl_address fresh = { .text = sl_strdup(text) };
    const char *rest = NULL, *colon;
    const struct scheme *s = find_scheme(fresh.text, &rest);
    enum sl_code rc;
    if (s)
        rc = parse_url(&fresh, s, rest, err);
    else if ((colon = host_colon(fresh.text)) != NULL)
        rc = parse_scp(&fresh, colon, err);
    else
        rc = parse_local(&fresh, err);
    if (rc == SL_OK)
        *a = fresh;
    else
        sl_address_clear(&fresh);
    return rc;
}

void sl_address_clear(struct sl_address *a)
{
    free(a->user);
    free(a->host);
    free(a->module);
    free(a->path);
    free(a->text);
    *a = (struct sl_address){ 0 };
}

static bool same_text(const char *x, const char *y)
{
    return x && y ? strcmp(x, y) == 0 : x == y;
}

bool sl_address_same_host(const struct sl_address *a, const struct sl_address *b)
{
    if (a->kind != b->kind || a->modules != b->modules || a->port != b->port)
        return false;
    if (a->host && b->host ? strcasecmp(a->host, b->host) != 0 : a->host != b->host)
        return false;
    return same_text(a->user, b->user) && same_text(a->module, b->module);
}

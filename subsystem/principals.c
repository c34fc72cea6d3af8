/* SPDX-License-Identifier: ISC */
/* principals - see principals.h. */
#include "config.h"
#include "subsystem/principals.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "subsystem/sshkeys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AUTH_MAX = 64 * 1024 };

/* ---- who it is ---- */

bool sl_who_set_addr(struct sl_who *w, const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    char bare[INET6_ADDRSTRLEN + 1];
    size_t n = strcspn(text, "% ");              /* a zone says which link, not who */
    if (!n || n >= sizeof bare)
        return false;
    memcpy(bare, text, n);
    bare[n] = '\0';
    if (inet_pton(AF_INET, bare, &v4.sin_addr) == 1)
        memcpy(&w->addr, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, bare, &v6.sin6_addr) == 1)
        memcpy(&w->addr, &v6, sizeof v6);
    else
        return false;
    w->addr_known = true;
    return true;
}

/* One line of what sshd exposes: a method, and of public keys the key. */
static void take_method(struct sl_who *w, const char *line, size_t len)
{
    static const char publickey[] = "publickey ";
    char print[SL_FINGERPRINT_SIZE] = "";
    size_t n = sizeof publickey - 1;
    if (len > n && memcmp(line, publickey, n) == 0 && sl_fingerprint(line + n, len - n, print)) {
        w->keys = sl_realloc(w->keys, (w->key_count + 1) * sizeof *w->keys);
        w->keys[w->key_count++] = sl_strdup(print);
    }
    const char *space = memchr(line, ' ', len);
    char *longer = sl_asprintf("%s%s%.*s%s%s", w->methods ? w->methods : "", w->methods ? "," : "",
                               (int)(space ? space - line : (ptrdiff_t)len), line, *print ? "=" : "", print);
    free(w->methods);
    w->methods = longer;
}

/* sshd writes that file for the session and names it; what is not a plain file is not its. */
static void take_methods(struct sl_who *w, const char *file)
{
    struct stat st;
    struct sl_buf b = { 0 };
    size_t got = 0;
    int fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        enum sl_code rc;
        do {
            rc = sl_io_read(fd, sl_buf_reserve(&b, 4096), 4096, &got);
            if (rc == SL_OK)
                sl_buf_commit(&b, got);
        } while (rc == SL_OK && sl_buf_len(&b) < AUTH_MAX);
        w->keys_known = rc == SL_EOF;
    }
    sl_io_close(&fd);
    const char *at = (const char *)sl_buf_ptr(&b), *end = at + sl_buf_len(&b);
    while (w->keys_known && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        if (n)
            take_method(w, at, n);
        at += n + 1;
    }
    sl_buf_clear(&b);
}

static void take_groups(struct sl_who *w)
{
    int n = getgroups(0, NULL);
    w->groups = sl_calloc((size_t)(n > 0 ? n : 0) + 1, sizeof *w->groups);
    n = n > 0 ? getgroups(n, w->groups) : 0;
    w->group_count = n > 0 ? (size_t)n : 0;
    w->groups[w->group_count++] = getegid();
}

void sl_who_of_login(struct sl_who *w, const char *as)
{
    const char *from = getenv("SSH_CONNECTION"), *auth = getenv("SSH_USER_AUTH");
    const struct passwd *pw = getpwuid(geteuid());
    *w = (struct sl_who){ .as = as ? sl_strdup(as) : NULL };
    w->user = pw ? sl_strdup(pw->pw_name) : sl_asprintf("#%lu", (unsigned long)geteuid());
    take_groups(w);
    if (from)
        sl_who_set_addr(w, from);
    if (auth)
        take_methods(w, auth);
}

void sl_who_of_socket(struct sl_who *w, const struct sockaddr *addr, socklen_t len)
{
    *w = (struct sl_who){ .anonymous = true };
    w->addr_known = (addr->sa_family == AF_INET || addr->sa_family == AF_INET6) && len <= sizeof w->addr;
    if (w->addr_known)
        memcpy(&w->addr, addr, len);
}

void sl_who_clear(struct sl_who *w)
{
    for (size_t i = 0; i < w->key_count; i++)
        free(w->keys[i]);
    free(w->keys);
    free(w->groups);
    free(w->user);
    free(w->methods);
    free(w->as);
    *w = (struct sl_who){ 0 };
}

const char *sl_who_addr(const struct sl_who *w, char *text, size_t size)
{
    const void *at = w->addr.ss_family == AF_INET ? (const void *)&((const struct sockaddr_in *)(const void *)&w->addr)->sin_addr
                                                  : (const void *)&((const struct sockaddr_in6 *)(const void *)&w->addr)->sin6_addr;
    if (!w->addr_known || !inet_ntop(w->addr.ss_family, at, text, (socklen_t)size))
        snprintf(text, size, "unknown");
    /* An IPv4 peer of an IPv6 socket is an IPv4 peer. */
    if (strncmp(text, "::ffff:", 7) == 0 && strchr(text, '.'))
        memmove(text, text + 7, strlen(text + 7) + 1);
    return text;
}

/* ---- what it may do ---- */

const char *sl_principal_prefix(enum sl_principal_kind kind)
{
    static const char *const prefixes[] = { [SL_BY_USER] = "user:", [SL_BY_GROUP] = "group:", [SL_BY_KEY] = "key:", [SL_BY_AS] = "as:",
                                            [SL_BY_ADDR] = "addr:" };
    return prefixes[kind];
}

enum verdict { NO, YES, UNKNOWN };

static enum verdict in_group(const char *name, const struct sl_who *w, struct sl_decision *d)
{
    errno = 0;
    const struct group *gr = getgrnam(name);
    if (!gr) {
        snprintf(d->why, sizeof d->why, "there is no group '%.60s'", name);
        return UNKNOWN;
    }
    for (size_t i = 0; i < w->group_count; i++)
        if (w->groups[i] == gr->gr_gid)
            return YES;
    return NO;
}

static enum verdict has_key(const char *print, const struct sl_who *w, struct sl_decision *d)
{
    if (!w->keys_known) {
        snprintf(d->why, sizeof d->why, "the rule asks for a key, and sshd does not tell which was used (ExposeAuthInfo)");
        return UNKNOWN;
    }
    for (size_t i = 0; i < w->key_count; i++)
        if (strcmp(w->keys[i], print) == 0)
            return YES;
    return NO;
}

static enum verdict comes_from(const struct sl_principal *p, const struct sl_who *w, struct sl_decision *d)
{
    const struct sl_net_list one = { (struct sl_net *)&p->net, 1 };
    if (!w->addr_known) {
        snprintf(d->why, sizeof d->why, "the rule asks for an address, and the peer's is not known");
        return UNKNOWN;
    }
    return sl_net_list_has(&one, (const struct sockaddr *)&w->addr) ? YES : NO;
}

static enum verdict is(const struct sl_principal *p, const struct sl_who *w, struct sl_decision *d)
{
    if (w->anonymous && p->kind != SL_BY_ADDR)
        return NO;
    switch (p->kind) {
    case SL_BY_USER:
        return w->user && strcmp(w->user, p->name) == 0 ? YES : NO;
    case SL_BY_GROUP:
        return in_group(p->name, w, d);
    case SL_BY_KEY:
        return has_key(p->name, w, d);
    case SL_BY_AS:
        return w->as && strcmp(w->as, p->name) == 0 ? YES : NO;
    case SL_BY_ADDR:
        return comes_from(p, w, d);
    }
    return UNKNOWN;
}

static void decided(struct sl_decision *d, bool admitted, uint32_t rights, const char *rule, unsigned line)
{
    d->admitted = admitted && rights;
    d->rights = d->admitted ? rights : 0;
    d->rule = rule;
    d->line = line;
}

/* By rsync's order: a match in allow admits; else a match in deny refuses; else refused if there is an allow list. True: d is
 * a refusal. */
static bool hosts_refuse(const struct sl_module *m, const struct sl_who *w, struct sl_decision *d)
{
    const struct sockaddr *a = (const struct sockaddr *)&w->addr;
    if (!m->hosts_allow.count && !m->hosts_deny.count)
        return false;
    if (!w->addr_known) {
        decided(d, false, 0, m->hosts_allow.count ? "hosts allow" : "hosts deny",
                m->hosts_allow.count ? m->hosts_allow_line : m->hosts_deny_line);
        snprintf(d->why, sizeof d->why, "the peer's address is not known");
        return true;
    }
    if (sl_net_list_has(&m->hosts_allow, a))
        return false;
    if (sl_net_list_has(&m->hosts_deny, a))
        decided(d, false, 0, "hosts deny", m->hosts_deny_line);
    else if (m->hosts_allow.count)
        decided(d, false, 0, "hosts allow", m->hosts_allow_line);
    else
        return false;
    return true;
}

void sl_decide(const struct sl_module *m, const struct sl_who *w, struct sl_decision *d)
{
    *d = (struct sl_decision){ 0 };
    if (w->anonymous && !m->anonymous) {
        decided(d, false, 0, "anonymous", m->anonymous_line);
        return;
    }
    if (hosts_refuse(m, w, d))
        return;
    for (size_t i = 0; i < m->grant_count; i++)
        for (size_t k = 0; k < m->grants[i].who_count; k++) {
            enum verdict v = is(&m->grants[i].who[k], w, d);
            if (v == NO)
                continue;
            decided(d, v == YES, m->grants[i].rights, "grant", m->grants[i].line);
            return;
        }
    decided(d, true, m->rights, "allow", m->allow_line);
}

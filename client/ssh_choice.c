/* SPDX-License-Identifier: ISC */
/*
 * ssh_choice - the rule of --transport=auto: libssh only where it does everything that the user's configuration says for this
 * host. ssh itself resolves that configuration (ssh -G), twice at once: with the user's files, and with none, so that what
 * differs from ssh's own defaults is known whatever its version.
 */
#include "config.h"
#include "client/ssh_choice.h"
#include "base/buf.h"
#include "base/mem.h"
#include "client/capture.h"
#include "client/ssh_ciphers.h"
#include "client/ssh_socket.h"
#include "client/transport_libssh.h"
#include "client/transport_priv.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RESOLVE_MS = 10000 };

void sl_ssh_choice_clear(struct sl_ssh_choice *c)
{
    sl_ssh_settings_clear(&c->settings);
    free(c->ciphers);
}

/* ---- what ssh says ---- */

/* False, with one line in why: ssh does not say. */
static bool ask_ssh(struct sl_ssh_question *q, const char **said, char **plain, char *why, size_t size)
{
    static char *const nothing[] = { "ssh", "-F", "none", "-T", "-G", "--", "localhost", NULL };
    struct sl_capture none = { .fd = -1 };
    struct sl_buf out = { 0 };
    struct sl_error err;
    int status = -1;
    sl_ssh_ask(q);
    enum sl_code rc = q->run.pid ? sl_capture_start(&none, nothing, SL_CAPTURE_ERRORS_APART, &err) : SL_E_NOT_FOUND;
    if (rc == SL_OK)
        rc = sl_capture_end(&none, RESOLVE_MS, &out, &status);
    *plain = sl_memdup0(sl_buf_len(&out) ? (const char *)sl_buf_ptr(&out) : "", sl_buf_len(&out));
    sl_buf_clear(&out);
    *said = sl_ssh_said(q, RESOLVE_MS);
    if (rc == SL_OK && status == 0 && *said)
        return true;
    snprintf(why, size, "%s", *said ? "ssh -F none -G failed" : q->why);
    return false;
}

/* ---- what depends on more than a keyword ---- */

static bool has_marker(FILE *f)
{
    char *line = NULL;
    size_t cap = 0;
    bool found = false;
    while (!found && getline(&line, &cap, f) > 0)
        found = line[strspn(line, " \t")] == '@';
    free(line);
    return found;
}

/* The files of one list that exist: at most one, which stays in the list with its name complete, and no line with a marker. */
static bool settle_known(const struct sl_ssh_settings *s, struct sl_ssh_names *files, char *why, size_t size)
{
    struct sl_ssh_names there = { 0 };
    char *first = NULL;
    for (size_t i = 0; i < files->len && !*why; i++) {
        char *path = sl_ssh_settings_path(s, files->at[i]);
        FILE *f = path && strcmp(files->at[i], "none") != 0 ? fopen(path, "re") : NULL;
        if (!path)
            snprintf(why, size, "'%s' names a file in a way that is not known here", files->at[i]);
        if (!first && path)
            first = sl_strdup(path);
        if (f) {
            sl_ssh_names_add(&there, path, strlen(path));
            if (has_marker(f))
                snprintf(why, size, "'%s' has a line with a marker (@revoked, @cert-authority)", path);
            fclose(f);
        }
        free(path);
    }
    if (there.len > 1 && !*why)
        snprintf(why, size, "there are two files of known hosts, '%s' and '%s'", there.at[0], there.at[1]);
    if (!there.len && first)
        sl_ssh_names_add(&there, first, strlen(first));
    free(first);
    sl_ssh_names_clear(files);
    *files = there;
    return !*why;
}

static bool file_says(const char *path, const char *words)
{
    char *line = NULL;
    size_t cap = 0;
    bool found = false;
    FILE *f = fopen(path, "re");
    while (f && !found && getline(&line, &cap, f) > 0)
        found = strstr(line, words) != NULL;
    free(line);
    if (f)
        fclose(f);
    return found;
}

static bool has_ticket(void)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/krb5cc_%u", (unsigned)getuid());
    return getenv("KRB5CCNAME") || access(path, F_OK) == 0 || file_says("/etc/krb5.conf", "default_ccache_name");
}

static bool has_agent(const struct sl_ssh_settings *s)
{
    const char *path = getenv("SSH_AUTH_SOCK");
    return s->agent ? strcmp(s->agent, "none") != 0 : path && *path;
}

/* A key on a token: libssh 0.10 can use it only through an agent. */
static bool is_token_key(const char *path)
{
    char name[4200];
    size_t n = strlen(path);
    snprintf(name, sizeof name, "%s.pub", path);
    return access(path, F_OK) == 0 && ((n > 3 && strcmp(path + n - 3, "_sk") == 0) || file_says(name, "sk-"));
}

static bool settle_identities(struct sl_ssh_settings *s, char *why, size_t size)
{
    struct sl_ssh_names complete = { 0 };
    for (size_t i = 0; i < s->identities.len && !*why; i++) {
        char *path = sl_ssh_settings_path(s, s->identities.at[i]);
        if (!path)
            snprintf(why, size, "IdentityFile %.80s: it names a file in a way that is not known here", s->identities.at[i]);
        else if (is_token_key(path) && !has_agent(s))
            snprintf(why, size, "'%s' is a key on a token, and there is no agent", path);
        if (path)
            sl_ssh_names_add(&complete, path, strlen(path));
        free(path);
    }
    sl_ssh_names_clear(&s->identities);
    s->identities = complete;
    return !*why;
}

static bool settle_agent(struct sl_ssh_settings *s, char *why, size_t size)
{
    if (s->agent && strcmp(s->agent, "SSH_AUTH_SOCK") == 0) {
        free(s->agent);
        s->agent = NULL;
    }
    if (s->agent && strcmp(s->agent, "none") != 0) {
        char *path = *s->agent == '$' ? NULL : sl_ssh_settings_path(s, s->agent);
        if (!path)
            snprintf(why, size, "IdentityAgent %.80s: it names a socket in a way that is not known here", s->agent);
        free(s->agent);
        s->agent = path;
    }
    if (!*why && s->identities_only && has_agent(s))
        snprintf(why, size, "IdentitiesOnly yes, and there is an agent");
    return !*why;
}

/* ssh itself asks no more than that: where somebody listens, it goes through. */
static bool master_lives(const char *said)
{
    char path[SL_SSH_SOCKET_MAX];
    sl_ssh_setting(said, "controlpath", path, sizeof path);
    return sl_ssh_socket_lives(path);
}

/* ---- the decision ---- */

static bool settle(struct sl_ssh_settings *s, const char *said, char *why, size_t size)
{
    if (s->gssapi && has_ticket())
        snprintf(why, size, "GSSAPIAuthentication yes, and there may be a ticket");
    else if (s->control_path && master_lives(said))
        snprintf(why, size, "a shared connection to that host is alive");
    return !*why && settle_known(s, &s->known_user, why, size) && settle_known(s, &s->known_global, why, size) &&
           settle_agent(s, why, size) && settle_identities(s, why, size) && sl_libssh_can(s, why, size);
}

static bool resolve(struct sl_ssh_choice *c, struct sl_ssh_question *q)
{
    const char *said = NULL;
    char *plain = NULL;
    sl_ssh_settings_init(&c->settings);
    bool good = ask_ssh(q, &said, &plain, c->why, sizeof c->why) &&
                sl_ssh_settings_read(&c->settings, said, plain, c->why, sizeof c->why) &&
                settle(&c->settings, said, c->why, sizeof c->why);
    free(plain);
    return good;
}

enum sl_code sl_ssh_choose(struct sl_ssh_choice *c, struct sl_ssh_question *q, struct sl_error *err)
{
    const struct sl_options *o = q->options;
    *c = (struct sl_ssh_choice){ 0 };
    if (o->transport == SL_TRANSPORT_SSH) {
        snprintf(c->why, sizeof c->why, "--transport=ssh");
        return SL_OK;
    }
    bool asked = o->transport == SL_TRANSPORT_LIBSSH;
    if (!sl_libssh_built() || o->rsh) {
        snprintf(c->why, sizeof c->why,
                 !sl_libssh_built() ? "this build has no libssh" : "a program is named (-e, SUPERLIFTER_RSH or RSYNC_RSH)");
        return asked ? sl_fail(err, SL_E_CONFIG, "--transport=libssh: %s", c->why) : SL_OK;
    }
    c->libssh = resolve(c, q) && (asked || sl_libssh_prefers_alike(&c->settings, c->why, sizeof c->why));
    if (!c->libssh && asked)
        return sl_fail(err, SL_E_CONFIG, "'%s': libssh would not do all that is configured: %s; use --transport=ssh", q->address->host, c->why);
    if (!c->libssh && c->settings.ciphers && !(c->settings.named & SL_NAMED_CIPHERS))
        c->ciphers = sl_ssh_ciphers_fast_first(c->settings.ciphers);
    if (c->libssh)
        snprintf(c->why, sizeof c->why, asked ? "--transport=libssh" : "it does all that is configured");
    return SL_OK;
}

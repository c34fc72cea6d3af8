/* SPDX-License-Identifier: ISC */
/*
 * libssh_login - a session that is connected, by the settings that ssh -G resolved and by nothing else: libssh reads no configuration
 * file.
 */
#include "config.h"
#include "client/libssh_priv.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/ssh_ciphers.h"
#include "client/transport_priv.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HANDSHAKE_S = 120 };

void sl_login_say(const char *fmt, ...)
{
    char line[1200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    fprintf(stderr, "%s\n", line);
}

/* ---- algorithms ---- */

/* ---- settings ---- */

/* libssh replaces % in paths; these are complete. */
static int set_path(ssh_session s, enum ssh_options_e option, const char *path)
{
    struct sl_buf b = { 0 };
    for (const char *p = path; *p; p++)
        sl_buf_add(&b, *p == '%' ? "%%" : p, *p == '%' ? 2 : 1);
    sl_buf_add(&b, "", 1);
    int rc = ssh_options_set(s, option, (const char *)sl_buf_ptr(&b));
    sl_buf_clear(&b);
    return rc;
}

static const char *algorithms_refused(ssh_session session, const struct sl_ssh_settings *s)
{
    char *ciphers = s->ciphers ? s->named & SL_NAMED_CIPHERS ? sl_strdup(s->ciphers) : sl_ssh_ciphers_fast_first(s->ciphers) : NULL;
    const struct { enum ssh_options_e option; const char *list, *name; } all[] = {
        { SSH_OPTIONS_CIPHERS_C_S, ciphers, "Ciphers" },   { SSH_OPTIONS_CIPHERS_S_C, ciphers, "Ciphers" },
        { SSH_OPTIONS_HMAC_C_S, s->macs, "MACs" },         { SSH_OPTIONS_HMAC_S_C, s->macs, "MACs" },
        { SSH_OPTIONS_KEY_EXCHANGE, s->kex, "KexAlgorithms" },
        { SSH_OPTIONS_HOSTKEYS, s->host_keys, "HostKeyAlgorithms" },
        { SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, s->pubkey_types, "PubkeyAcceptedAlgorithms" },
    };
    const char *refused = NULL;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && !refused; i++)
        if (all[i].list && ssh_options_set(session, all[i].option, all[i].list) != SSH_OK)
            refused = all[i].name;
    free(ciphers);
    return refused;
}

/* A name alone: libssh takes a list if it knows one of it. */
static const char *first_unknown(ssh_session session, enum ssh_options_e option, const char *list, char *name, size_t size)
{
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',') {
        snprintf(name, size, "%.*s", (int)strcspn(p, ","), p);
        if (ssh_options_set(session, option, name) != SSH_OK)
            return name;
    }
    return NULL;
}

bool sl_libssh_can(const struct sl_ssh_settings *s, char *why, size_t size)
{
    const struct { enum ssh_options_e option; const char *list, *name; bool named; } all[] = {
        { SSH_OPTIONS_CIPHERS_C_S, s->ciphers, "Ciphers", s->named & SL_NAMED_CIPHERS },
        { SSH_OPTIONS_HMAC_C_S, s->macs, "MACs", s->named & SL_NAMED_MACS },
        { SSH_OPTIONS_KEY_EXCHANGE, s->kex, "KexAlgorithms", s->named & SL_NAMED_KEX },
        { SSH_OPTIONS_HOSTKEYS, s->host_keys, "HostKeyAlgorithms", s->named & SL_NAMED_HOST_KEYS },
        { SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, s->pubkey_types, "PubkeyAcceptedAlgorithms", s->named & SL_NAMED_PUBKEY_TYPES },
    };
    char name[80];
    ssh_session session = ssh_new();
    ssh_options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &(int){ SSH_LOG_NOLOG });
    for (size_t i = 0; i < sizeof all / sizeof all[0] && !*why; i++)
        if (all[i].named && first_unknown(session, all[i].option, all[i].list, name, sizeof name))
            snprintf(why, size, "%s names %s, which libssh does not know", all[i].name, name);
    const char *refused = *why ? NULL : algorithms_refused(session, s);
    if (refused)
        snprintf(why, size, "libssh knows none of %s", refused);
    ssh_free(session);
    return !*why;
}

bool sl_libssh_prefers_alike(const struct sl_ssh_settings *s, char *why, size_t size)
{
    char name[80] = "";
    ssh_session session = ssh_new();
    ssh_options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &(int){ SSH_LOG_NOLOG });
    snprintf(name, sizeof name, "%.*s", (int)strcspn(s->kex ? s->kex : "", ","), s->kex ? s->kex : "");
    bool known = !*name || ssh_options_set(session, SSH_OPTIONS_KEY_EXCHANGE, name) == SSH_OK;
    if (!known)
        snprintf(why, size, "ssh prefers the key exchange %s, which libssh does not know", name);
    ssh_free(session);
    return known;
}

static const char *known_file(const struct sl_ssh_names *files)
{
    return files->len ? files->at[0] : "/dev/null";
}

static enum sl_code configure(struct sl_login *l, int fd)
{
    const struct sl_ssh_settings *s = l->settings;
    int off = 0, strict = 1;
    long limit_s = l->job->options->contimeout_s ? l->job->options->contimeout_s : s->connect_timeout_s ? s->connect_timeout_s : HANDSHAKE_S;
    ssh_session session = l->session = ssh_new();
    if (!session)
        return sl_fail(&l->err, SL_E_NO_MEMORY, "no memory");
    bool good = ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &off) == SSH_OK &&
                ssh_options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &(int){ SSH_LOG_NOLOG }) == SSH_OK &&
                ssh_options_set(session, SSH_OPTIONS_HOST, s->hostname) == SSH_OK &&
                ssh_options_set(session, SSH_OPTIONS_PORT, &s->port) == SSH_OK &&
                ssh_options_set(session, SSH_OPTIONS_USER, s->user) == SSH_OK &&
                ssh_options_set(session, SSH_OPTIONS_FD, &fd) == SSH_OK &&
                ssh_options_set(session, SSH_OPTIONS_STRICTHOSTKEYCHECK, &strict) == SSH_OK &&
                ssh_options_set(session, SSH_OPTIONS_COMPRESSION, "no") == SSH_OK &&
                ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &limit_s) == SSH_OK &&
                set_path(session, SSH_OPTIONS_KNOWNHOSTS, known_file(&s->known_user)) == SSH_OK &&
                set_path(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, known_file(&s->known_global)) == SSH_OK;
    if (good && s->agent && strcmp(s->agent, "none") != 0)
        good = set_path(session, SSH_OPTIONS_IDENTITY_AGENT, s->agent) == SSH_OK;
    const char *refused = good ? algorithms_refused(session, s) : NULL;
    if (!good || refused)
        return sl_fail(&l->err, SL_E_CONFIG, "'%s': libssh does not take the configuration: %s", s->hostname,
                       refused ? refused : ssh_get_error(session));
    return SL_OK;
}

/* ---- the connection ---- */

static enum sl_code connect_host(struct sl_login *l, int *fd)
{
    const struct sl_ssh_settings *s = l->settings;
    struct sl_options o = *l->job->options;
    struct sl_address at = { .kind = SL_ADDR_TCP, .host = s->hostname, .port = s->port };
    struct sl_transport t = { .fd = -1 };
    o.contimeout_s = o.contimeout_s ? o.contimeout_s : s->connect_timeout_s;
    o.address_family = s->family;
    enum sl_code rc = sl_transport_tcp(&t, &at, &o, &l->err);
    if (rc != SL_OK)
        return rc;
    /* libssh takes "would block" of a write for the end of the connection. */
    fcntl(t.fd, F_SETFL, fcntl(t.fd, F_GETFL) & ~O_NONBLOCK);
    setsockopt(t.fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ s->tcp_keepalive }, sizeof(int));
    *fd = t.fd;
    return SL_OK;
}

static enum sl_code exchange_keys(struct sl_login *l)
{
    long unlimited = 0;
    if (ssh_connect(l->session) == SSH_OK) {
        ssh_options_set(l->session, SSH_OPTIONS_TIMEOUT, &unlimited);
        return SL_OK;
    }
    const char *text = ssh_get_error(l->session);
    if (strstr(text, "Timeout") || strstr(text, "timeout"))
        return sl_fail(&l->err, l->job->options->contimeout_s ? SL_E_TIMEOUT : SL_E_CONNECT, "'%s': its ssh server did not answer in time",
                       l->settings->hostname);
    bool ended = strstr(text, "closed") || strstr(text, "disconnect") || strstr(text, "reset") || strstr(text, "banner");
    sl_fail(&l->err, ended ? SL_E_CLOSED : SL_E_CONNECT, "'%s': %s (%s)", l->settings->hostname,
            ended ? "its ssh server ended the connection" : "no agreement with its ssh server", text);
    l->err.lasting = !ended;
    return l->err.code;
}

enum sl_code sl_login(struct sl_login *l)
{
    int fd = -1;
    enum sl_code rc = connect_host(l, &fd);
    if (rc == SL_OK && (rc = configure(l, fd)) != SL_OK)
        sl_io_close(&fd);
    if (rc == SL_OK)
        rc = exchange_keys(l);
    if (rc == SL_OK)
        rc = sl_login_check_host(l);
    return rc == SL_OK ? sl_login_authenticate(l) : rc;
}

/* SPDX-License-Identifier: ISC */
/* doctor_reach - name, port and transport of --doctor: what can be said before anybody logs in. */
#include "config.h"
#include "client/doctor_priv.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/pace.h"
#include "client/capture.h"
#include "client/ssh_choice.h"
#include "client/transport_priv.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ASK_MS = 10000, PROBE_S = 15, ADDRESSES_MAX = 400 };

/* ---- what ssh makes of the host ---- */

static void take_line(struct sl_doctor *d, const char *line)
{
    const char *value = strchr(line, ' ');
    size_t n = value ? (size_t)(value - line) : 0;
    if (!value++)
        return;
    if (n == 8 && strncmp(line, "hostname", n) == 0) {
        free(d->host);
        d->host = sl_strdup(value);
    } else if (n == 4 && strncmp(line, "port", n) == 0) {
        sl_num_int(value, 1, 65535, &d->port);
    } else if ((n == 9 && strncmp(line, "proxyjump", n) == 0) || (n == 12 && strncmp(line, "proxycommand", n) == 0)) {
        d->elsewhere |= strcmp(value, "none") != 0;
    } else if (n == 11 && strncmp(line, "controlpath", n) == 0) {
        d->shared |= strcmp(value, "none") != 0;
    }
}

static void take_lines(struct sl_doctor *d, const struct sl_buf *said)
{
    char *text = sl_memdup0(sl_buf_ptr(said), sl_buf_len(said)), *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        take_line(d, line);
    free(text);
}

void sl_doctor_ask_ssh(struct sl_doctor *d)
{
    struct sl_capture c;
    struct sl_buf said = { 0 };
    struct sl_error err;
    int status = -1;
    char **argv = sl_ssh_question_argv(&d->a, &d->o);
    d->foreign = !argv;
    if (argv && sl_capture_start(&c, argv, SL_CAPTURE_ERRORS_TOO, &err) == SL_OK &&
        sl_capture_end(&c, ASK_MS, &said, &status) == SL_OK && status == 0 && sl_buf_len(&said))
        take_lines(d, &said);
    else
        d->elsewhere = true;
    sl_argv_free(argv);
    sl_buf_clear(&said);
}

/* ---- name and port ---- */

static void numeric(const struct addrinfo *ai, char *out, size_t size)
{
    if (getnameinfo(ai->ai_addr, ai->ai_addrlen, out, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(out, size, "?");
}

static void all_numeric(const struct addrinfo *list, char *out, size_t size)
{
    char one[80];
    size_t len = 0;
    out[0] = '\0';
    for (const struct addrinfo *ai = list; ai && len + sizeof one < size; ai = ai->ai_next) {
        numeric(ai, one, sizeof one);
        len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "", one);
    }
}

/* As the transport would; but with a limit where none is given, because what is silent is to be told soon. */
static enum sl_code probe(const struct sl_doctor *d, const char *at, uint64_t *us, struct sl_error *err)
{
    struct sl_options o = d->o;
    struct sl_address a = { .kind = SL_ADDR_TCP, .host = (char *)at, .port = d->port };
    struct sl_transport t = { .fd = -1 };
    o.contimeout_s = o.contimeout_s ? o.contimeout_s : PROBE_S;
    uint64_t start = sl_pace_now();
    enum sl_code rc = sl_transport_tcp(&t, &a, &o, err);
    *us = (sl_pace_now() - start) / 1000;
    sl_io_close(&t.fd);
    return rc;
}

static int look_at_port(const struct sl_doctor *d, const struct addrinfo *list)
{
    char at[80] = "";
    struct sl_error err = { 0 };
    uint64_t us = 0;
    enum sl_code rc = SL_E_CONNECT;
    for (const struct addrinfo *ai = list; ai && rc != SL_OK; ai = ai->ai_next) {
        numeric(ai, at, sizeof at);
        rc = probe(d, at, &us, &err);
    }
    const struct sl_fact facts[] = { { SL_FACT_TEXT, "address", 0, at },
                                     { SL_FACT_NUMBER, "port", (uint64_t)d->port, NULL },
                                     { SL_FACT_NUMBER, "connect_us", us, NULL },
                                     { 0 } };
    if (rc == SL_OK)
        sl_doctor_good(d, SL_STEP_PORT, facts, "port %d of %s answers after %.1f ms", d->port, at, (double)us / 1000);
    else if (d->shared)
        sl_doctor_skipped(d, SL_STEP_PORT, "%s; but ssh may share a connection that is there already (ControlPath)",
                          err.text);
    else
        return sl_doctor_failed(
            d, SL_STEP_PORT, rc == SL_E_TIMEOUT && !d->o.contimeout_s ? SL_EXIT_UNREACHABLE : sl_transport_exit(rc),
            &err,
            d->a.kind == SL_ADDR_SSH
                ? "see whether sshd runs there and on which port (ssh://HOST:PORT/ or Port in the ssh "
                  "configuration), and whether a firewall is between"
                : "see whether superlifter-server listens there and on which port (superlifter://HOST:PORT/, "
                  "8730 unless told), and whether a firewall is between");
    return 0;
}

int sl_doctor_reach(const struct sl_doctor *d)
{
    char port[8], all[ADDRESSES_MAX];
    struct sl_error err;
    struct addrinfo *list = NULL, hints = { .ai_family = d->o.address_family, .ai_socktype = SOCK_STREAM };
    if (d->elsewhere) {
        sl_doctor_skipped(d, SL_STEP_NAME, "'%s': a proxy or a program of its own finds the way, not this machine",
                          d->a.host);
        return 0;
    }
    snprintf(port, sizeof port, "%d", d->port);
    int gai = getaddrinfo(d->host, port, &hints, &list);
    if (gai != 0) {
        sl_fail(&err, SL_E_CONNECT, "'%s' has no address: %s", d->host,
                gai == EAI_SYSTEM ? strerror(errno) : gai_strerror(gai));
        return sl_doctor_failed(d, SL_STEP_NAME, SL_EXIT_UNREACHABLE, &err,
                                "check the spelling, the name server, and HostName in the ssh configuration");
    }
    all_numeric(list, all, sizeof all);
    const struct sl_fact facts[] = { { SL_FACT_TEXT, "host", 0, d->host },
                                     { SL_FACT_WORDS, "addresses", 0, all },
                                     { 0 } };
    if (strcmp(d->host, d->a.host) != 0)
        sl_doctor_good(d, SL_STEP_NAME, facts, "'%s' is '%s' by the ssh configuration, with address %s", d->a.host,
                       d->host, all);
    else
        sl_doctor_good(d, SL_STEP_NAME, facts, "'%s' has address %s", d->host, all);
    int status = look_at_port(d, list);
    freeaddrinfo(list);
    return status;
}

/* ---- transport ---- */

int sl_doctor_transport(const struct sl_doctor *d)
{
    struct sl_ssh_choice c;
    struct sl_ssh_question q;
    struct sl_error err = { 0 };
    if (d->a.kind == SL_ADDR_TCP) {
        const struct sl_fact tcp[] = { { SL_FACT_TEXT, "transport", 0, "tcp" }, { 0 } };
        sl_doctor_good(d, SL_STEP_TRANSPORT, tcp, "TCP, without encryption");
        return 0;
    }
    sl_ssh_question_init(&q, &d->a, &d->o);
    enum sl_code rc = sl_ssh_choose(&c, &q, &err);
    const struct sl_fact facts[] = { { SL_FACT_TEXT, "transport", 0, c.libssh ? "libssh" : "ssh" },
                                     { SL_FACT_TEXT, "why", 0, c.why },
                                     { 0 } };
    if (rc == SL_OK)
        sl_doctor_good(d, SL_STEP_TRANSPORT, facts, "%s: %s", c.libssh ? "libssh" : "the ssh program", c.why);
    sl_ssh_choice_clear(&c);
    sl_ssh_question_clear(&q);
    return rc == SL_OK
               ? 0
               : sl_doctor_failed(d, SL_STEP_TRANSPORT, SL_EXIT_CONFIG, &err, sl_doctor_judge(&d->a, &err).advice);
}

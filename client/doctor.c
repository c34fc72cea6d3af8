/* SPDX-License-Identifier: ISC */
/* doctor - the steps of --doctor in their order. The session is opened as every run opens it, so that what is told is
 * what a copy meets. */
#include "config.h"
#include "client/doctor.h"
#include "base/escape.h"
#include "base/helper.h"
#include "base/mem.h"
#include "client/confine_client.h"
#include "client/doctor_priv.h"
#include "client/remote_priv.h"
#include "client/run.h"
#include "client/transport_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INTERRUPTED = 20, WORDS_MAX = 600 };

/* HOST alone is over SSH. What has a slash and is no address is a path. */
static enum sl_code parse(struct sl_doctor *d, struct sl_error *err)
{
    const char *text = d->o.doctor;
    enum sl_code rc = sl_address_parse(&d->a, text, err);
    if (rc != SL_OK || d->a.kind != SL_ADDR_LOCAL)
        return rc;
    if (strchr(text, '/') || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return sl_fail(err, SL_E_CONFIG, "--doctor: '%s' is a path of this machine; name a host", text);
    char *host = sl_asprintf("%s:", text);
    sl_address_clear(&d->a);
    rc = sl_address_parse(&d->a, host, err);
    free(host);
    return rc;
}

static void settle_host(struct sl_doctor *d)
{
    d->host = sl_strdup(d->a.host);
    d->port = d->a.port ? d->a.port : d->a.kind == SL_ADDR_SSH ? 22 : d->o.port ? d->o.port : SL_PORT_DEFAULT;
    if (d->a.kind == SL_ADDR_SSH)
        sl_doctor_ask_ssh(d);
}

/* ---- the session ---- */

/* What sl_remote_open says on the way: a refused subsystem, a busy server. */
static void note(const char *line)
{
    char *safe = sl_escape_dup(line, strlen(line));
    fprintf(stderr, "%s\n", safe);
    free(safe);
}

/* What a later failure, or none, says of the steps in front of it. */
static void tell_passed(const struct sl_doctor *d, enum sl_doctor_step before)
{
    if (d->a.kind != SL_ADDR_SSH || d->foreign)
        return;
    if (before > SL_STEP_HOST_KEY)
        sl_doctor_good(d, SL_STEP_HOST_KEY, NULL, "accepted by the rules of the ssh configuration");
    if (before > SL_STEP_LOGIN)
        sl_doctor_good(d, SL_STEP_LOGIN, NULL, "logged in");
}

static void tell_start(const struct sl_doctor *d)
{
    const struct sl_transport *t = &((const struct sl_remote *)d->e[0])->t;
    bool command = d->o.remote_path || t->fell_back || (!t->libssh && !t->subsystem);
    const char *program = d->o.remote_path ? d->o.remote_path : SL_SERVER_COMMAND;
    const struct sl_fact facts[] = { { SL_FACT_TEXT, "by", 0, command ? "command" : "subsystem" },
                                     { SL_FACT_TEXT, "name", 0, command ? program : d->o.subsystem },
                                     { SL_FACT_TEXT, "transport", 0, t->libssh ? "libssh" : "ssh" },
                                     { 0 } };
    if (command)
        sl_doctor_good(d, SL_STEP_START, facts, "by the command %s%s", program,
                       d->o.remote_path || d->foreign ? "" : "; the subsystem is not there (superlifter-sshd enable switches it on)");
    else
        sl_doctor_good(d, SL_STEP_START, facts, "by the subsystem '%s'", d->o.subsystem);
}

static int open_session(struct sl_doctor *d)
{
    struct sl_error err = { 0 };
    int status = 0;
    if (sl_remote_open(&d->e[0], SL_SIDE_SOURCE, &d->a, &d->o, note, &err, &status) != SL_OK) {
        struct sl_doctor_verdict v = sl_doctor_judge(&d->a, &err);
        tell_passed(d, v.step);
        return sl_doctor_failed(d, v.step, status, &err, v.advice);
    }
    d->count = 1;
    tell_passed(d, SL_STEP_START);
    if (d->a.kind == SL_ADDR_SSH)
        tell_start(d);
    return 0;
}

/* ---- what the server says of itself ---- */

static void tell_greeting(const struct sl_doctor *d)
{
    const struct sl_hello *h = sl_conn_peer(((const struct sl_remote *)d->e[0])->conn);
    uint32_t version = h->protocol_max < SL_PROTOCOL_MAX ? h->protocol_max : SL_PROTOCOL_MAX;
    char words[WORDS_MAX] = "";
    for (size_t i = 0, len = 0; h->features && h->features[i] && len + 40 < sizeof words; i++)
        len += (size_t)snprintf(words + len, sizeof words - len, "%s%s", len ? " " : "", h->features[i]);
    const struct sl_fact greeting[] = { { SL_FACT_TEXT, "program", 0, h->program },
                                        { SL_FACT_NUMBER, "protocol", version, NULL },
                                        { 0 } };
    const struct sl_fact features[] = { { SL_FACT_WORDS, "features", 0, words },
                                        { SL_FACT_NUMBER, "window", h->window, NULL },
                                        { 0 } };
    sl_doctor_good(d, SL_STEP_GREETING, greeting, "'%s' answers, protocol version %u", h->program, version);
    sl_doctor_good(d, SL_STEP_FEATURES, features, "%s", *words ? words : "none");
}

static void rights_words(uint32_t rights, char *out, size_t size)
{
    static const char *const names[] = { "list",   "read", "create",  "overwrite", "delete",
                                         "rename", "meta", "special", "hash",      "publish" };
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (rights >> i & 1)
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "", names[i]);
}

static void count_module(void *ctx, const char *name, size_t name_len, const char *comment, size_t comment_len)
{
    (void)name, (void)name_len, (void)comment, (void)comment_len;
    ++*(uint64_t *)ctx;
}

static int tell_modules(const struct sl_doctor *d)
{
    uint64_t count = 0;
    struct sl_error err = { 0 };
    enum sl_code rc = sl_remote_modules(d->e[0], count_module, &count, &err);
    const struct sl_fact facts[] = { { SL_FACT_NUMBER, "modules", count, NULL }, { 0 } };
    if (rc != SL_OK)
        return sl_doctor_failed(d, SL_STEP_TREE, rc == SL_E_TIMEOUT ? SL_EXIT_SILENT : SL_EXIT_NOT_LET_IN, &err,
                                "name a module in the address");
    sl_doctor_good(d, SL_STEP_TREE, facts, "%llu module%s offered; with one in the address its rights are told",
                   (unsigned long long)count, count == 1 ? " is" : "s are");
    return 0;
}

static int tell_tree(const struct sl_doctor *d)
{
    const struct sl_remote *r = (const struct sl_remote *)d->e[0];
    char words[120];
    if (d->a.modules && !d->a.module)
        return tell_modules(d);
    rights_words(r->e.rights, words, sizeof words);
    const struct sl_fact facts[] = { { SL_FACT_WORDS, "rights", 0, words },
                                     { SL_FACT_NUMBER, "uid", r->e.uid, NULL },
                                     { SL_FACT_TEXT, "home", 0, r->home },
                                     { 0 } };
    sl_doctor_good(d, SL_STEP_TREE, facts, "rights: %s; as user number %u",
                   r->e.rights == SL_RIGHT_ALL ? "all"
                   : *words                    ? words
                                               : "none",
                   r->e.uid);
    if (r->enforced)
        sl_doctor_good(d, SL_STEP_CONFINEMENT, NULL,
                       "the server says that these rights bind: nothing else can be done there by this way");
    else
        sl_doctor_skipped(d, SL_STEP_CONFINEMENT,
                          "not told: the server does not say that these rights are all that can be done there");
    return 0;
}

/* ---- all of it ---- */

static int confine(const struct sl_doctor *d, struct sl_helper **helper)
{
    struct sl_error err = { 0 };
    struct sl_address at = d->a;
    struct sl_layout l = { .o = &d->o, .addresses = &at, .count = 1, .remote_source = d->e[0] };
    enum sl_code rc = sl_client_confine(&l, &err);
    *helper = l.helper;
    return rc == SL_OK ? 0
                       : sl_doctor_failed(d, SL_STEP_CONNECTIONS, SL_EXIT_CONFIG, &err, "use --confinement=available");
}

static int examine(struct sl_doctor *d, struct sl_helper **helper)
{
    int status = sl_doctor_reach(d);
    if (!status)
        status = sl_doctor_transport(d);
    if (!status)
        status = open_session(d);
    if (status)
        return status;
    tell_greeting(d);
    status = tell_tree(d);
    if (!status)
        status = sl_doctor_there(d);
    if (!status)
        status = sl_doctor_prepare(d);
    if (!status)
        status = confine(d, helper);
    if (!status)
        status = sl_doctor_round_trip(d);
    if (status)
        return status;
    sl_doctor_connections(d);
    return sl_doctor_throughput(d);
}

int sl_doctor(const struct sl_options *o)
{
    struct sl_doctor d = { .o = *o };
    struct sl_error err = { 0 };
    struct sl_helper *helper = NULL;
    if (d.o.compress == SL_COMPRESS_AUTO)
        d.o.compress = 0; /* the line is looked at, not the compressor */
    if (parse(&d, &err) != SL_OK) {
        char *safe = sl_escape_dup(err.text, strlen(err.text));
        fprintf(stderr, "superlifter: %s\n", safe);
        free(safe);
        return SL_EXIT_CONFIG;
    }
    settle_host(&d);
    int status = examine(&d, &helper);
    while (d.count) {
        struct sl_endpoint *e = d.e[--d.count];
        sl_remote_finish(e);
        e->ops->free(e);
    }
    sl_helper_stop(helper);
    free(d.host);
    sl_address_clear(&d.a);
    return sl_remote_interrupted ? INTERRUPTED : status;
}

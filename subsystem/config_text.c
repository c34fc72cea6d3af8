/* SPDX-License-Identifier: ISC */
/* config_text - the effective settings as a configuration file, which can be read again. */
#include "config.h"
#include "subsystem/configuration.h"
#include "base/mem.h"
#include "subsystem/log.h"
#include "subsystem/principals.h"
#include "subsystem/rights.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { PORT_DEFAULT = 8730 };

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

static void print_grant(FILE *f, const struct sl_grant *g)
{
    char *rights = sl_rights_text(g->rights);
    fprintf(f, "grant = %s to", rights);
    for (size_t i = 0; i < g->who_count; i++)
        fprintf(f, " %s%s", sl_principal_prefix(g->who[i].kind), g->who[i].name);
    fputc('\n', f);
    free(rights);
}

static void print_quota(FILE *f, const struct sl_quota *q)
{
    const struct { const char *key; uint64_t value; } rows[] = {
        { "max sent", q->sent }, { "max stored", q->stored }, { "max hashed", q->hashed }, { "max files", q->files },
        { "bwlimit", q->rate } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].value)
            fprintf(f, "%s = %" PRIu64 "\n", rows[i].key, rows[i].value);
}

static void print_module(FILE *f, const struct sl_module *m)
{
    char *rights = sl_rights_text(m->rights);
    fprintf(f, "\n[%s]\npath = %s\n", m->name, m->path);
    if (*m->comment)
        fprintf(f, "comment = %s\n", m->comment);
    fprintf(f, "allow = %s\nanonymous = %s\nlist = %s\n", rights, m->anonymous ? "yes" : "no", m->listed ? "yes" : "no");
    if (m->owners_kept)
        fputs("owner = xattr\n", f);
    for (size_t i = 0; i < m->grant_count; i++)
        print_grant(f, &m->grants[i]);
    print_nets(f, "hosts allow", &m->hosts_allow);
    print_nets(f, "hosts deny", &m->hosts_deny);
    for (size_t i = 0; i < m->exclude_count; i++)
        fprintf(f, "exclude = %s\n", m->excludes[i]);
    fprintf(f, "max connections = %u\n", m->max_connections);
    print_quota(f, &m->quota);
    free(rights);
}

char *sl_config_text(const struct sl_config *c)
{
    static const char *const confinement[] = { "available", "required", "off" };
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
    fprintf(f, "max connections = %u\nmax connections per address = %u\nmax lanes = %u\nretry after = %u\n", c->max_connections,
            c->max_per_address, c->max_lanes, c->retry_after_s);
    fprintf(f, "handshake timeout = %u\nidle timeout = %u\n", c->handshake_timeout_s, c->idle_timeout_s);
    fprintf(f, "confinement = %s\nsession memory = %" PRIu64 "\nsession cpu = %u\n", confinement[c->confinement],
            c->session_memory, c->session_cpu_s);
    print_quota(f, &c->quota);
    if (c->total_rate)
        fprintf(f, "total bwlimit = %" PRIu64 "\n", c->total_rate);
    if (c->log_level >= 0)
        fprintf(f, "log level = %s\n", sl_log_level_name(c->log_level));
    if (c->log_facility >= 0)
        fprintf(f, "log facility = %s\n", sl_log_facility_name(c->log_facility));
    for (size_t i = 0; i < c->module_count; i++)
        print_module(f, &c->modules[i]);
    fclose(f);
    return text;
}

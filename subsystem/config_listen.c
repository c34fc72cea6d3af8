/* SPDX-License-Identifier: ISC */
/* config_listen - what options may add to the configuration: where to listen, directories to export. */
#include "config.h"
#include "subsystem/config_priv.h"
#include "base/mem.h"
#include "base/num.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PORT_DEFAULT = 8730 };

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
    if (!sl_config_name_ok(name))
        rc = sl_fail(err, SL_E_CONFIG, "--export: '%s' is no name for a module", name);
    else if (sl_config_module(c, name, strlen(name)))
        rc = sl_fail(err, SL_E_CONFIG, "--export: module '%s' is there already", name);
    else if (!(real = realpath(eq + 1, NULL)) || stat(real, &st) != 0)
        rc = sl_fail_errno(err, errno, "--export: cannot use '%s'", eq + 1);
    else if (!S_ISDIR(st.st_mode))
        rc = sl_fail(err, SL_E_CONFIG, "--export: '%s' is not a directory", eq + 1);
    if (rc == SL_OK) {
        struct sl_module *m = sl_config_add_module(c, name);
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

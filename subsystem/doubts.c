/* SPDX-License-Identifier: ISC */
/* doubts - see doubts.h. None of it opens anything: a rule on a group that does not exist refuses, a user that does not
 * keeps a listener from starting. But an administrator would rather know before. */
#include "config.h"
#include "subsystem/doubts.h"
#include "base/io.h"
#include "base/trusted.h"
#include "subsystem/principals.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct hearer {
    void (*tell)(const char *text);
};

__attribute__((format(printf, 2, 3))) static void doubt(const struct hearer *h, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    h->tell(text);
}

static void doubt_motd(const struct hearer *h, const struct sl_config *c)
{
    struct sl_error err = { 0 };
    int fd = -1;
    if (c->motd && sl_trusted_open(c->motd, O_RDONLY, 0, &fd, &err) != SL_OK)
        doubt(h, "motd: %s", err.text);
    sl_io_close(&fd);
}

static void doubt_path(const struct hearer *h, const struct sl_module *m)
{
    struct stat st;
    if (strchr(m->path, '%'))
        return;
    if (stat(m->path, &st) != 0)
        doubt(h, "module '%s': '%s': %s", m->name, m->path, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        doubt(h, "module '%s': '%s' is not a directory", m->name, m->path);
}

static void doubt_grants(const struct hearer *h, const struct sl_module *m)
{
    for (size_t i = 0; i < m->grant_count; i++)
        for (size_t k = 0; k < m->grants[i].who_count; k++) {
            const struct sl_principal *who = &m->grants[i].who[k];
            if (who->kind == SL_BY_USER && !getpwnam(who->name))
                doubt(h, "module '%s', line %u: there is no user '%s'", m->name, m->grants[i].line, who->name);
            if (who->kind == SL_BY_GROUP && !getgrnam(who->name))
                doubt(h, "module '%s', line %u: there is no group '%s', and whoever comes to this line is refused",
                      m->name, m->grants[i].line, who->name);
        }
}

void sl_config_doubts(const struct sl_config *c, void (*tell)(const char *text))
{
    const struct hearer h = { tell };
    if (!getpwnam(c->user))
        doubt(&h, "user: there is no user '%s', and a listener started by root would not start", c->user);
    doubt_motd(&h, c);
    for (size_t i = 0; i < c->module_count; i++) {
        doubt_path(&h, &c->modules[i]);
        doubt_grants(&h, &c->modules[i]);
    }
}

/* SPDX-License-Identifier: ISC */
/* doubts - see doubts.h. A rule on a group that does not exist refuses, a user that does not
 * keeps a listener from starting. But an administrator would rather know before. */
#include "config.h"
#include "subsystem/doubts.h"
#include "base/io.h"
#include "base/trusted.h"
#include "proto/msg.h"
#include "subsystem/become.h"
#include "subsystem/principals.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

static bool doubt_path(const struct hearer *h, const struct sl_module *m)
{
    struct stat st;
    if (strchr(m->path, '%'))
        return true;
    if (stat(m->path, &st) != 0)
        doubt(h, "module '%s': '%s': %s", m->name, m->path, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        doubt(h, "module '%s': '%s' is not a directory", m->name, m->path);
    else
        return true;
    return false;
}

/* What keeps the user that a listener becomes from listing the directory, or from making something in it: errno, or 0. A process of its own
 * becomes that user. */
static int kept_from(const struct sl_config *c, const char *path, bool writing)
{
    struct sl_error err = { 0 };
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        if (sl_become(c, &err) != SL_OK)
            _exit(0);                    /* that is told elsewhere */
        bool may = writing ? faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0;
        _exit(may ? 0 : errno);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static void doubt_user(const struct hearer *h, const struct sl_config *c, const struct sl_module *m)
{
    const char *what = "list";
    if (geteuid() != 0 || !m->anonymous || strchr(m->path, '%') || !getpwnam(c->user))
        return;
    int why = m->rights & SL_RIGHT_LIST ? kept_from(c, m->path, false) : 0;
    if (!why && m->rights & SL_RIGHT_CREATE) {
        what = "write in";
        why = kept_from(c, m->path, true);
    }
    if (why)
        doubt(h, "module '%s': user '%s', whom a listener becomes, can't %s '%s': %s", m->name, c->user, what, m->path, strerror(why));
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
        if (doubt_path(&h, &c->modules[i]))
            doubt_user(&h, c, &c->modules[i]);
        doubt_grants(&h, &c->modules[i]);
    }
}

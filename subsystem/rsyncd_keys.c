/* SPDX-License-Identifier: ISC */
/* rsyncd_keys - what each key of rsyncd.conf comes to here: every key that the manual of rsync 3.5.0 has, in one table. */
#include "config.h"
#include "subsystem/rsyncd_priv.h"
#include "base/escape.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#define DAEMON(kind, id) true, SL_RSYNCD_##kind, SL_RSYNCD_##id
#define MODULE(kind, id) false, SL_RSYNCD_##kind, SL_RSYNCD_##id

static const struct sl_rsyncd_key keys[] = {
    { "motd file", DAEMON(TAKEN, MOTD), NULL },
    { "pid file", DAEMON(NOTED, OTHER), "an option of superlifter-server: --pid-file=FILE" },
    { "port", DAEMON(TAKEN, PORT), NULL },
    { "address", DAEMON(TAKEN, ADDRESS), NULL },
    { "socket options", DAEMON(NOTED, OTHER), "not needed: the system adapts its buffers" },
    { "listen backlog", DAEMON(NOTED, OTHER), "not needed: the listener's own is large enough" },
    { "daemon chroot", DAEMON(TAKEN, CHROOT), NULL },
    { "daemon uid", DAEMON(NOTED, OTHER), "there is one user for all: see `user`" },
    { "daemon gid", DAEMON(NOTED, OTHER), "the groups are those of `user`" },
    { "proxy protocol", DAEMON(TAKEN, PROXY), NULL },
    { "proxy protocol hosts", DAEMON(NOTED, OTHER), "there is no proxy protocol here" },

    { "path", MODULE(TAKEN, PATH), NULL },
    { "comment", MODULE(TAKEN, COMMENT), NULL },
    { "list", MODULE(TAKEN, LIST), NULL },
    { "read only", MODULE(TAKEN, READ_ONLY), NULL },
    { "write only", MODULE(TAKEN, WRITE_ONLY), NULL },
    { "max connections", MODULE(TAKEN, MAX), NULL },
    { "timeout", MODULE(TAKEN, TIMEOUT), NULL },
    { "uid", MODULE(TAKEN, UID), NULL },
    { "gid", MODULE(NOTED, GID), "the groups are those of `user`, all of them: look at what `id` says of that user" },
    { "hosts allow", MODULE(TAKEN, ALLOW), NULL },
    { "hosts deny", MODULE(TAKEN, DENY), NULL },
    { "auth users", MODULE(TAKEN, USERS), NULL },
    { "refuse options", MODULE(TAKEN, REFUSE), NULL },
    { "exclude", MODULE(TAKEN, EXCLUDE), NULL },
    { "filter", MODULE(TAKEN, FILTER), NULL },
    { "syslog facility", MODULE(TAKEN, FACILITY), NULL },
    { "transfer logging", MODULE(TAKEN, TRANSFERS), NULL },

    { "include", MODULE(NOTED, OTHER), "nothing is excepted from `exclude` here: what this names may be hidden" },
    { "include from", MODULE(NOTED, OTHER), "nothing is excepted from `exclude` here: what this names may be hidden" },
    { "exclude from", MODULE(CLOSES, EXCLUDE_FROM), "write each pattern of that file as a line `exclude = PATTERN`" },
    { "pre-xfer exec", MODULE(CLOSES, PRE), "no commands are run, and this one may have kept somebody out" },
    { "early exec", MODULE(CLOSES, EARLY), "no commands are run, and this one may have kept somebody out" },
    { "post-xfer exec", MODULE(NOTED, OTHER), "no commands are run; the log has a line for each session" },

    { "use chroot", MODULE(NOTED, OTHER), "not needed: no symbolic link is followed and every name is looked up below the module's "
      "directory; see also `confinement`" },
    { "insecure links", MODULE(NOTED, OTHER), "no symbolic links are followed here" },
    { "munge symlinks", MODULE(NOTED, OTHER), "links are not changed, for none is followed; undo what rsync has changed: its "
      "munge-symlinks --unmunge" },
    { "numeric ids", MODULE(NOTED, OTHER), "the client decides: --numeric-ids" },
    { "name converter", MODULE(NOTED, OTHER), "names are those of the system's user database" },
    { "fake super", MODULE(TAKEN, FAKE), NULL },
    { "charset", MODULE(NOTED, OTHER), "names are bytes and are not converted" },
    { "incoming chmod", MODULE(NOTED, OTHER), "modes are those that the client sets, less the server's umask" },
    { "outgoing chmod", MODULE(NOTED, OTHER), "modes are shown as they are" },
    { "open noatime", MODULE(NOTED, OTHER), "mount the file system with noatime or relatime" },
    { "temp dir", MODULE(NOTED, OTHER), "a new file is written beside its place, and renamed" },
    { "dont compress", MODULE(NOTED, OTHER), "the client decides" },
    { "ignore errors", MODULE(NOTED, OTHER), "the client decides: --ignore-errors" },
    { "ignore nonreadable", MODULE(NOTED, OTHER), "the names of files that can't be read are seen here: `exclude` what is not to be "
      "seen" },
    { "lock file", MODULE(NOTED, OTHER), "not needed: connections are counted without it, for each module by itself; for all "
      "modules together there is `max connections` before the first" },

    { "secrets file", MODULE(NOTED, OTHER), "there are no passwords here: who logs in does so over SSH" },
    { "strict modes", MODULE(NOTED, OTHER), "there are no passwords here" },
    { "auth digest", MODULE(NOTED, OTHER), "there are no passwords here" },
    { "reverse lookup", MODULE(NOTED, OTHER), "names of hosts are not used" },
    { "forward lookup", MODULE(NOTED, OTHER), "names of hosts are not used" },

    { "log file", MODULE(NOTED, OTHER), "the log is the system's; with the option --log-stderr, standard error" },
    { "syslog tag", MODULE(NOTED, OTHER), "the tag is superlifter-server" },
    { "log format", MODULE(NOTED, OTHER), "the lines of the log have one form" },
    { "max verbosity", MODULE(NOTED, OTHER), "clients have no influence on the log; see `log level`" },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

bool sl_rsyncd_same(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (sl_rsyncd_blank(*a))
            a++;
        while (sl_rsyncd_blank(*b))
            b++;
        if (!*a || tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return !*a && !*b;
    }
}

const struct sl_rsyncd_key *sl_rsyncd_key_at(size_t i)
{
    return i < KEYS ? &keys[i] : NULL;
}

const struct sl_rsyncd_key *sl_rsyncd_key(const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (sl_rsyncd_same(keys[i].name, name))
            return &keys[i];
    return NULL;
}

bool sl_rsyncd_given(const struct sl_rsyncd_line *l)
{
    return l && *l->value;
}

bool sl_rsyncd_bool(const struct sl_rsyncd_line *l, bool by_default, bool strict)
{
    static const char *const words[] = { "no", "yes", "false", "true", "0", "1" };
    if (!l)
        return by_default;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(words[i], l->value) == 0)
            return i & 1;
    return strict;
}

bool sl_rsyncd_number(const struct sl_rsyncd_line *l, unsigned most, unsigned *out)
{
    uint64_t n = 0;
    const char *at = l->value;
    for (; *at >= '0' && *at <= '9'; at++)
        n = n > most ? n : n * 10 + (uint64_t)(*at - '0');
    *out = n < most ? (unsigned)n : most;
    return at > l->value;
}

bool sl_rsyncd_fits(const char *text)
{
    size_t n = strlen(text);
    if (!n || n > SL_RSYNCD_VALUE_MAX || sl_rsyncd_blank(text[0]) || sl_rsyncd_blank(text[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (iscntrl((unsigned char)text[i]) || (text[i] == '#' && (i == 0 || text[i - 1] == ' ')))
            return false;
    return true;
}

/* What is shown of a value is for people, and the lines of a configuration are not endless. */
static void print_shown(FILE *f, const char *text)
{
    char shown[1024];
    size_t n = strlen(text), whole = sl_escape(text, n, shown, sizeof shown);
    fprintf(f, "%s%s", shown, whole >= sizeof shown ? "..." : "");
}

static void print_line(FILE *f, const struct sl_rsyncd_line *l)
{
    print_shown(f, l->name);
    if (l->value) {
        fputs(l->name[0] == '&' ? " " : " = ", f);
        print_shown(f, l->value);
    }
    fprintf(f, " (line %u)", l->line);
}

void sl_rsyncd_note(FILE *f, const struct sl_rsyncd_line *l, const char *fmt, ...)
{
    va_list ap;
    fputs("# ", f);
    print_line(f, l);
    fputs(": ", f);
    va_start(ap, fmt);
    vfprintf(f, fmt, ap);
    va_end(ap);
    fputc('\n', f);
}

void sl_rsyncd_unknown(FILE *f, const struct sl_rsyncd_line *l)
{
    fputs("# unknown in rsyncd.conf: ", f);
    print_line(f, l);
    fputc('\n', f);
}

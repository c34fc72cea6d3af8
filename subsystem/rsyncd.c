/* SPDX-License-Identifier: ISC */
/*
 * rsyncd - writes what rsyncd_read.c read as our configuration. One table has every key of rsyncd.conf(5) as of rsync 3.5; what
 * is not in it is told as unknown.
 */
#include "config.h"
#include "subsystem/rsyncd.h"
#include "base/escape.h"
#include "base/mem.h"
#include "base/num.h"
#include "subsystem/log.h"
#include "subsystem/rsyncd_priv.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 64, VALUE_SHOWN = 400 };

/* NULL: it is converted, or is nothing to speak of. */
static const struct { const char *key, *why; } keys[] = {
    { "motdfile", NULL }, { "port", NULL }, { "address", NULL }, { "comment", NULL }, { "path", NULL }, { "maxconnections", NULL },
    { "syslogfacility", NULL }, { "readonly", NULL }, { "writeonly", NULL }, { "list", NULL }, { "uid", NULL }, { "exclude", NULL },
    { "authusers", NULL }, { "hostsallow", NULL }, { "hostsdeny", NULL }, { "transferlogging", NULL }, { "timeout", NULL },
    { "refuseoptions", NULL }, { "include", NULL }, { "filter", NULL }, { "excludefrom", NULL }, { "includefrom", NULL },
    { "pidfile", "use superlifter-server --pid-file=FILE" },
    { "socketoptions", "sockets are set up as the protocol needs them" },
    { "listenbacklog", "it is always large" },
    { "usechroot", "sessions are confined by the kernel (Landlock); a request can't name what is outside" },
    { "daemonchroot", "use RootDirectory= of the systemd unit" },
    { "proxyprotocol", "a PROXY header is not taken" },
    { "proxyprotocolhosts", "a PROXY header is not taken" },
    { "nameconverter", "names of owners come from the system's own service" },
    { "numericids", "the client decides (--numeric-ids)" },
    { "mungesymlinks", "links are neither followed nor changed" },
    { "insecurelinks", "links are not followed by the server" },
    { "charset", "names are bytes" },
    { "logfile", "it logs to the system log, or with -e to standard error" },
    { "syslogtag", "the tag is superlifter-server" },
    { "maxverbosity", "the client's verbosity costs the server nothing" },
    { "lockfile", "connections are counted in memory" },
    { "opennoatime", "not in this version" },
    { "gid", "the groups of `user` are taken" },
    { "daemonuid", "see `user`" },
    { "daemongid", "see `user`" },
    { "fakesuper", "not in this version" },
    { "incomingchmod", "not in this version: the client sets modes" },
    { "outgoingchmod", "not in this version: the client sets modes" },
    { "secretsfile", "there are no passwords: use SSH and its keys" },
    { "authdigest", "there are no passwords: use SSH and its keys" },
    { "strictmodes", "there are no passwords: use SSH and its keys" },
    { "reverselookup", "addresses are not looked up" },
    { "forwardlookup", "addresses are not looked up" },
    { "ignoreerrors", "the client decides, and deletes nothing after an error" },
    { "ignorenonreadable", "what can't be read is told" },
    { "logformat", "the session line has a form of its own: see superlifter-server(8)" },
    { "dontcompress", "what does not get smaller is sent as it is" },
    { "earlyexec", "no programs are run" }, { "pre-xferexec", "no programs are run" }, { "post-xferexec", "no programs are run" },
    { "tempdir", "files are staged beside their place" },
    { "&include", "not followed: convert that file too" },
    { "&merge", "not followed: convert that file too" },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

void sl_rsyncd_comment(FILE *f, const char *key, const char *value, const char *why)
{
    char safe[VALUE_SHOWN], name[VALUE_SHOWN];
    sl_escape(value, strlen(value), safe, sizeof safe);
    sl_escape(key, strlen(key), name, sizeof name);
    fprintf(f, "# %s = %s: %s\n", name, safe, why);
}

static void comments(FILE *f, const struct sl_rsyncd_section *s)
{
    for (size_t i = 0; i < s->count; i++) {
        size_t k = 0;
        while (k < KEYS && strcmp(keys[k].key, s->settings[i].key) != 0)
            k++;
        if (k == KEYS)
            sl_rsyncd_comment(f, s->settings[i].shown, s->settings[i].value, "unknown in rsyncd.conf");
        else if (keys[k].why)
            sl_rsyncd_comment(f, s->settings[i].shown, s->settings[i].value, keys[k].why);
    }
}

/* What a value of our file can be: one line, no comment in it. */
static bool plain(const char *value)
{
    return *value && *value != '#' && !strstr(value, " #") && sl_rsyncd_plain(value);
}

/* ---- the global part ---- */

/* The one user that all modules have, or NULL. */
static const char *common_user(const struct sl_rsyncd *r)
{
    const char *user = NULL;
    for (size_t i = 1; i < r->count; i++) {
        const char *own = sl_rsyncd_get(r, &r->sections[i], "uid");
        own = own ? own : "nobody";
        if (user && strcmp(user, own) != 0)
            return NULL;
        user = own;
    }
    return user;
}

static void put_user(FILE *f, const struct sl_rsyncd *r)
{
    const char *user = common_user(r);
    if (r->count > 1 && !user) {
        fputs("# uid: the modules have several; one listener has one user. Start one for each, with a file of its own\n", f);
        return;
    }
    if (user && (strcmp(user, "root") == 0 || strcmp(user, "0") == 0))
        fputs("# uid = root: as root, strangers would be served with its rights to all files. If that is meant:\n#user = root\n", f);
    else if (user && plain(user) && user[strspn(user, "0123456789")])
        fprintf(f, "user = %s\n", user);
    else if (user)
        sl_rsyncd_comment(f, "uid", user, "`user` takes a name");
}

static void put_global(FILE *f, const struct sl_rsyncd *r)
{
    const struct sl_rsyncd_section *g = &r->sections[0];
    const char *port = sl_rsyncd_get(r, g, "port"), *address = sl_rsyncd_get(r, g, "address"), *motd = sl_rsyncd_get(r, g, "motdfile");
    const char *facility = sl_rsyncd_get(r, g, "syslogfacility"), *timeout = sl_rsyncd_get(r, g, "timeout");
    int seconds = 0;
    if (port)
        sl_rsyncd_comment(f, "port", port, "superlifter's port is 8730; both can listen on one machine");
    if (address)
        sl_rsyncd_comment(f, "address", address, "if it is an address of this machine: listen = ADDRESS:8730");
    if (motd && motd[0] == '/' && plain(motd))
        fprintf(f, "motd = %s\n", motd);
    put_user(f, r);
    if (facility && sl_log_facility_of(facility) >= 0)
        fprintf(f, "log facility = %s\n", sl_log_facility_name(sl_log_facility_of(facility)));
    else if (facility)
        sl_rsyncd_comment(f, "syslog facility", facility, "not one that there is here");
    if (sl_rsyncd_yes(sl_rsyncd_get(r, g, "transferlogging"), false))
        fputs("log level = VERBOSE\n", f);
    if (timeout && sl_num_int(timeout, 1, 604800, &seconds) == SL_OK)
        fprintf(f, "idle timeout = %d\n", seconds);
    comments(f, g);
}

/* ---- a module ---- */

/* A name that ours can have; told when it had to be changed. Fresh memory. */
static char *module_name(FILE *f, const struct sl_rsyncd *r, size_t index)
{
    char *name = sl_strdup(r->sections[index].name);
    bool changed = strlen(name) > NAME_MAX_LEN - 8;
    if (changed)
        name[NAME_MAX_LEN - 8] = '\0';
    for (char *c = name; *c; c++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *c) || (c == name && (*c == '.' || *c == '-'))) {
            *c = '_';
            changed = true;
        }
    if (!changed)
        return name;
    char *unique = sl_asprintf("%s.%zu", name, index);
    sl_rsyncd_comment(f, "module", r->sections[index].name, "a name of letters, digits, '.', '_' and '-' was put in its place");
    free(name);
    return unique;
}

/* Whether rsync would have refused deletion. */
static bool refuses_delete(const char *options)
{
    return options && (strstr(options, "delete") || strchr(options, '*'));
}

static void put_rights(FILE *f, const struct sl_rsyncd *r, const struct sl_rsyncd_section *s, bool *closed)
{
    bool read_only = sl_rsyncd_yes(sl_rsyncd_get(r, s, "readonly"), true), write_only = sl_rsyncd_yes(sl_rsyncd_get(r, s, "writeonly"), false);
    const char *users = sl_rsyncd_get(r, s, "authusers"), *refuse = sl_rsyncd_get(r, s, "refuseoptions");
    if (refuse && *refuse)
        sl_rsyncd_comment(f, "refuse options", refuse, refuses_delete(refuse) && !read_only ? "deleting is not among the rights" : "the server takes no options");
    if (users && *users) {
        sl_rsyncd_users(f, users, read_only, refuses_delete(refuse));
        fputs("allow = none\n", f);
        *closed = true;
        return;
    }
    if (read_only && write_only) {
        fputs("# read only and write only\nallow = none\n", f);
        *closed = true;
    } else if (read_only) {
        fputs("allow = read-only\n", f);
    } else if (write_only) {
        fputs("# write only: files can be put there once; rsync let them be replaced as well\nallow = drop-box\n", f);
    } else {
        fputs("# EVERYBODY who gets in may change this module, as with rsync\n", f);
        fprintf(f, "allow = list read hash create overwrite rename meta special%s\n", refuses_delete(refuse) ? "" : " delete");
    }
}

/* What selects files in ways that ours does not know. */
static void put_selection(FILE *f, const struct sl_rsyncd *r, const struct sl_rsyncd_section *s, bool *closed)
{
    static const struct { const char *key, *shown; } rules[] = {
        { "filter", "filter" }, { "include", "include" }, { "includefrom", "include from" }, { "excludefrom", "exclude from" } };
    const char *exclude = sl_rsyncd_get(r, s, "exclude");
    if (exclude && *exclude)
        sl_rsyncd_excludes(f, exclude, closed);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const char *value = sl_rsyncd_get(r, s, rules[i].key);
        if (!value || !*value)
            continue;
        sl_rsyncd_comment(f, rules[i].shown, value, "there is only `exclude`, with patterns, so nobody gets in over TCP until it is written so");
        *closed = true;
    }
}

/* Variables of the environment (%NAME%) are not put in: it would be another tree than somebody thinks. */
static bool usable(const char *path)
{
    return path && path[0] == '/' && plain(path) && !strchr(path, '%');
}

static void put_connections(FILE *f, const char *value, bool *closed)
{
    int n = 0;
    if (!value)
        return;
    if (value[0] == '-') {
        sl_rsyncd_comment(f, "max connections", value, "that switches the module off");
        *closed = true;
    } else if (sl_num_int(value, 0, 10000, &n) == SL_OK) {
        fprintf(f, "max connections = %d\n", n);
    } else {
        sl_rsyncd_comment(f, "max connections", value, "not a number from 0 to 10000");
        *closed = true;
    }
}

static void put_module(FILE *f, const struct sl_rsyncd *r, size_t index)
{
    const struct sl_rsyncd_section *s = &r->sections[index];
    const char *path = sl_rsyncd_get(r, s, "path"), *text = sl_rsyncd_get(r, s, "comment");
    bool closed = false;
    fputc('\n', f);
    if (!usable(path)) {
        sl_rsyncd_comment(f, "module", s->name, "left out, because of its path");
        sl_rsyncd_comment(f, "path", path ? path : "", "not absolute, or with a %VARIABLE%, or not to be written on one line");
        return;
    }
    char *name = module_name(f, r, index);
    fprintf(f, "[%s]\n", name);
    free(name);
    fprintf(f, "path = %s\n", path);
    if (text && plain(text))
        fprintf(f, "comment = %s\n", text);
    put_rights(f, r, s, &closed);
    if (!sl_rsyncd_yes(sl_rsyncd_get(r, s, "list"), true))
        fputs("list = no\n", f);
    sl_rsyncd_hosts(f, sl_rsyncd_get(r, s, "hostsallow"), sl_rsyncd_get(r, s, "hostsdeny"), &closed);
    put_selection(f, r, s, &closed);
    put_connections(f, sl_rsyncd_get(r, s, "maxconnections"), &closed);
    fprintf(f, "anonymous = %s\n", closed ? "no" : "yes");
    comments(f, s);
}

enum sl_code sl_rsyncd_convert(const char *name, const char *text, size_t len, char **out, struct sl_error *err)
{
    struct sl_rsyncd r;
    char *made = NULL, safe[VALUE_SHOWN];
    size_t size = 0;
    enum sl_code rc = sl_rsyncd_read(&r, name, text, len, err);
    FILE *f = rc == SL_OK ? open_memstream(&made, &size) : NULL;
    if (rc == SL_OK && !f)
        rc = sl_fail(err, SL_E_NO_MEMORY, "no memory for the configuration");
    if (f) {
        sl_escape(name, strlen(name), safe, sizeof safe);
        fprintf(f, "# From %s. Read it before you use it; superlifter-server --check-config says what it comes to.\n", safe);
        put_global(f, &r);
        for (size_t i = 1; i < r.count; i++)
            put_module(f, &r, i);
        fclose(f);
        *out = made;
    }
    sl_rsyncd_clear(&r);
    return rc;
}

/* SPDX-License-Identifier: ISC */
/*
 * rsyncd - what stands before the modules, and the whole. The converted text is to be read by a person before it is used: it is for
 * a start, not for a round trip.
 */
#include "config.h"
#include "subsystem/rsyncd.h"
#include "base/escape.h"
#include "base/mem.h"
#include "subsystem/configuration.h"
#include "subsystem/log.h"
#include "subsystem/rsyncd_priv.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LEN_MAX = 4 * 1024 * 1024, NAME_LEN_MAX = 64, PORT_DEFAULT = 8730, PORT_MAX = 65535, IDLE_MAX = 7 * 86400 };

static const struct sl_rsyncd_line *set(const struct sl_rsyncd_file *f, enum sl_rsyncd_id id)
{
    return f->sections[0].set[id];
}

/* ---- keys of the daemon ---- */

static bool is_address(const char *text)
{
    uint8_t addr[16];
    return inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, addr) == 1;
}

/* A name is not looked up when the configuration is made, and to listen everywhere would be to listen to more. */
static void put_listen(const struct sl_rsyncd_file *f, FILE *out)
{
    const struct sl_rsyncd_line *address = set(f, SL_RSYNCD_ADDRESS), *port = set(f, SL_RSYNCD_PORT);
    unsigned number = 0;
    bool own = sl_rsyncd_given(port) && sl_rsyncd_number(port, PORT_MAX + 1, &number) && number && number <= PORT_MAX;
    const char *at = sl_rsyncd_given(address) ? address->value : NULL;
    if (sl_rsyncd_given(port))
        sl_rsyncd_note(out, port, "%s", own ? "clients of rsync can't be served; while rsync listens there, choose another port"
                       : "not a port");
    if (!own)
        number = PORT_DEFAULT;
    if (at && !is_address(at)) {
        sl_rsyncd_note(out, address, "not an address: write the one that is meant");
        at = "127.0.0.1";
    }
    if (at)
        fprintf(out, strchr(at, ':') ? "listen = [%s]:%u\n" : "listen = %s:%u\n", at, number);
    else if (own)
        fprintf(out, "listen = %u\n", number);
}

static void put_motd(const struct sl_rsyncd_file *f, FILE *out)
{
    const struct sl_rsyncd_line *motd = set(f, SL_RSYNCD_MOTD), *chroot = set(f, SL_RSYNCD_CHROOT);
    if (!sl_rsyncd_given(motd))
        return;
    char *path = sl_asprintf("%s%s", sl_rsyncd_given(chroot) ? chroot->value : "", motd->value);
    if (motd->value[0] == '/' && path[0] == '/' && !motd->vague && !(chroot && chroot->vague) && sl_rsyncd_fits(path))
        fprintf(out, "motd = %s\n", path);
    else
        sl_rsyncd_note(out, motd, "not an absolute path that can be written here");
    free(path);
}

static void put_daemon(const struct sl_rsyncd_file *f, FILE *out)
{
    const struct sl_rsyncd_line *chroot = set(f, SL_RSYNCD_CHROOT), *proxy = set(f, SL_RSYNCD_PROXY);
    if (chroot)
        sl_rsyncd_note(out, chroot, "it stands in front of the paths; see also `confinement`");
    if (sl_rsyncd_bool(proxy, false, true))
        sl_rsyncd_note(out, proxy, "there is no proxy protocol here; a proxy's clients would all have its address");
}

/* ---- keys of modules that are the daemon's here ---- */

/* Its value if all modules have the same; without modules, what would be their default. *differ: they have not. NULL also where it
 * is not set, which is the same as rsync's default. */
static const struct sl_rsyncd_line *agreed(const struct sl_rsyncd_file *f, enum sl_rsyncd_id id, const char *by_default,
                                           bool *differ)
{
    const struct sl_rsyncd_line *first = f->sections[f->count > 1].set[id];
    const char *value = sl_rsyncd_given(first) ? first->value : by_default;
    *differ = false;
    for (size_t i = 2; i < f->count && !*differ; i++) {
        const struct sl_rsyncd_line *other = f->sections[i].set[id];
        *differ = other != first && strcmp(sl_rsyncd_given(other) ? other->value : by_default, value) != 0;
    }
    return *differ || !sl_rsyncd_given(first) ? NULL : first;
}

static void put_user(const struct sl_rsyncd_file *f, FILE *out)
{
    bool differ;
    const struct sl_rsyncd_line *uid = agreed(f, SL_RSYNCD_UID, "nobody", &differ);
    if (differ) {
        fputs("# The modules have more than one uid. Here one user serves all of them: choose one that may read them.\n", out);
    } else if (uid && (strcmp(uid->value, "root") == 0 || strcmp(uid->value, "0") == 0)) {
        sl_rsyncd_note(out, uid, "strangers are not served as root: choose a user that may read what is served");
    } else if (uid && (uid->vague || isdigit((unsigned char)uid->value[0]) || !sl_rsyncd_fits(uid->value))) {
        sl_rsyncd_note(out, uid, "write the name of a user");
    } else if (uid) {
        fprintf(out, "user = %s\n", uid->value);
    }
}

static void put_timeout(const struct sl_rsyncd_file *f, FILE *out)
{
    bool differ;
    unsigned seconds = 0;
    const struct sl_rsyncd_line *timeout = agreed(f, SL_RSYNCD_TIMEOUT, "0", &differ);
    if (differ)
        fputs("# The modules have more than one timeout. Here `idle timeout` holds for all of them.\n", out);
    else if (timeout && sl_rsyncd_number(timeout, IDLE_MAX, &seconds))
        fprintf(out, "idle timeout = %u\n", seconds);
    else if (timeout)
        sl_rsyncd_note(out, timeout, "not a number of seconds");
}

static void put_log(const struct sl_rsyncd_file *f, FILE *out)
{
    bool differ, transfers = false;
    const struct sl_rsyncd_line *facility = agreed(f, SL_RSYNCD_FACILITY, "daemon", &differ);
    for (size_t i = f->count > 1; i < f->count && !transfers; i++)
        transfers = sl_rsyncd_bool(f->sections[i].set[SL_RSYNCD_TRANSFERS], false, false);
    if (transfers)
        fputs("log level = VERBOSE\n", out);
    if (differ)
        fputs("# The modules have more than one syslog facility. Here `log facility` holds for all of them.\n", out);
    else if (facility && sl_log_facility_of(facility->value) < 0)
        sl_rsyncd_note(out, facility, "not one of %s", SL_LOG_FACILITIES);
    else if (facility)
        fprintf(out, "log facility = %s\n", sl_log_facility_name(sl_log_facility_of(facility->value)));
}

void sl_rsyncd_globals(const struct sl_rsyncd_file *f, FILE *out)
{
    static void (*const parts[])(const struct sl_rsyncd_file *, FILE *) = { put_listen, put_user, put_motd, put_timeout, put_log,
                                                                           put_daemon };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        parts[i](f, out);
    sl_rsyncd_notes(&f->sections[0], out);
}

/* ---- comments ---- */

void sl_rsyncd_notes(const struct sl_rsyncd_section *s, FILE *out)
{
    for (const struct sl_rsyncd_line *l = s->first; l; l = l->next)
        if (!l->key && !l->value)
            sl_rsyncd_note(out, l, "without '=': rsync passes over it");
        else if (!l->key && l->name[0] == '&')
            sl_rsyncd_note(out, l, "not followed: put what stands there in its place, and convert the whole");
        else if (!l->key)
            sl_rsyncd_unknown(out, l);
        else if (l->key->global && *s->name)
            sl_rsyncd_note(out, l, "in a module, where rsync passes over it");
        else if (l->key->kind == SL_RSYNCD_NOTED)
            sl_rsyncd_note(out, l, "%s", l->key->note);
}

/* ---- names ---- */

static bool is_free(const struct sl_rsyncd_file *f, const char *name)
{
    for (size_t i = 1; i < f->count; i++)
        if (f->sections[i].ours && strcmp(f->sections[i].ours, name) == 0)
            return false;
    return true;
}

static bool name_ok(const char *name)
{
    size_t n = strlen(name);
    return n <= NAME_LEN_MAX && name[0] != '.' && name[0] != '-' &&
           n == strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
}

/* Each other character becomes '-'; a name that is taken gets the number of its line behind it. */
static char *near_name(const struct sl_rsyncd_file *f, const struct sl_rsyncd_section *s)
{
    char *name = sl_asprintf("%.50s", s->name);
    for (char *at = name; *at; at++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *at))
            *at = '-';
    if (name[0] == '.' || name[0] == '-')
        name[0] = '_';
    if (is_free(f, name))
        return name;
    char *longer = sl_asprintf("%s-%u", name, s->line);
    free(name);
    if (is_free(f, longer))
        return longer;
    free(longer);
    return NULL;
}

/* Those that can stay come first: nobody gets the name of another. */
void sl_rsyncd_names(struct sl_rsyncd_file *f)
{
    for (size_t i = 1; i < f->count; i++)
        if (name_ok(f->sections[i].name))
            f->sections[i].ours = sl_strdup(f->sections[i].name);
    for (size_t i = 1; i < f->count; i++)
        if (!f->sections[i].ours)
            f->sections[i].ours = near_name(f, &f->sections[i]);
}

/* ---- the whole ---- */

static enum sl_code put_all(const struct sl_rsyncd_file *f, const char *name, FILE *out, struct sl_error *err)
{
    char *shown = sl_escape_dup(name, strlen(name));
    fprintf(out, "# Converted from %.512s. Read it before you use it: what is marked CLOSED or WARNING, and which user serves.\n\n", shown);
    free(shown);
    sl_rsyncd_globals(f, out);
    for (size_t i = 1; i < f->count; i++) {
        sl_rsyncd_module(f, &f->sections[i], out);
        if (ftell(out) > FILE_LEN_MAX)
            return sl_fail(err, SL_E_CONFIG, "%s: it would become a configuration of more than %d bytes", name, FILE_LEN_MAX);
    }
    return SL_OK;
}

enum sl_code sl_rsyncd_convert(const char *name, const char *text, size_t len, char **out, struct sl_error *err)
{
    struct sl_rsyncd_file f;
    char *made = NULL;
    size_t size = 0;
    enum sl_code rc = sl_rsyncd_read(&f, name, text, len, err);
    FILE *to = rc == SL_OK ? open_memstream(&made, &size) : NULL;
    if (rc == SL_OK && !to)
        rc = sl_fail_errno(err, errno, "cannot convert '%s'", name);
    if (rc == SL_OK) {
        sl_rsyncd_names(&f);
        rc = put_all(&f, name, to, err);
    }
    if (to && fclose(to) != 0 && rc == SL_OK)
        rc = sl_fail(err, SL_E_NO_MEMORY, "cannot convert '%s': no memory", name);
    sl_rsyncd_clear(&f);
    if (rc == SL_OK)
        *out = made;
    else
        free(made);
    return rc;
}

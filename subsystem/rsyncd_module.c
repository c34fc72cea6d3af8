/* SPDX-License-Identifier: ISC */
/*
 * rsyncd_module - a module of rsyncd.conf as one of ours. Each rule writes what it comes to, or a reason why the module has to be
 * closed; a closed one says what it would be, for the administrator to take over.
 */
#include "config.h"
#include "subsystem/rsyncd_priv.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/configuration.h"
#include "subsystem/rights.h"

#include <stdlib.h>
#include <string.h>

struct text { FILE *f; char *text; size_t size; };

struct module {
    const struct sl_rsyncd_file *file;
    const struct sl_rsyncd_section *s;
    uint32_t rights;
    bool hosts_allow;
    struct text keys, reasons;   /* lines of the configuration; comments that say why it is closed */
};

static bool begin(struct text *t)
{
    t->f = open_memstream(&t->text, &t->size);
    return t->f != NULL;
}

static const struct sl_rsyncd_line *set(const struct module *m, enum sl_rsyncd_id id)
{
    return m->s->set[id];
}

/* ---- what rsync restricts by ---- */

static void take_hosts_allow(struct module *m)
{
    const struct sl_rsyncd_line *l = set(m, SL_RSYNCD_ALLOW);
    size_t left = 0;
    if (!sl_rsyncd_given(l))
        return;
    char *nets = sl_rsyncd_nets(l, SL_RSYNCD_LETS_IN, m->keys.f, &left);
    m->hosts_allow = true;
    if (!*nets)
        fputs("# Nothing of `hosts allow` can be taken, so it is an address that nobody has.\n", m->keys.f);
    fprintf(m->keys.f, "hosts allow = %s\n", *nets ? nets : "255.255.255.255");
    free(nets);
}

/* rsync lets in whom neither list names; here, whoever is not in a `hosts allow` is refused. So behind one, a lost part of a `hosts
 * deny` loses nothing. */
static void take_hosts_deny(struct module *m)
{
    const struct sl_rsyncd_line *l = set(m, SL_RSYNCD_DENY);
    size_t left = 0;
    if (!sl_rsyncd_given(l))
        return;
    char *nets = sl_rsyncd_nets(l, SL_RSYNCD_KEEPS_OUT, m->keys.f, &left);
    if (left && !m->hosts_allow)
        sl_rsyncd_note(m->reasons.f, l, "not all of it can be taken");
    if (m->hosts_allow && strcmp(nets, "0.0.0.0/0 ::/0") != 0)
        fputs("# rsync also lets in whom neither list names; here only whom `hosts allow` names.\n", m->keys.f);
    if (*nets)
        fprintf(m->keys.f, "hosts deny = %s\n", nets);
    free(nets);
}

static void take_patterns(struct module *m)
{
    static const enum sl_rsyncd_id ids[] = { SL_RSYNCD_FILTER, SL_RSYNCD_EXCLUDE };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct sl_rsyncd_line *l = set(m, ids[i]);
        if (sl_rsyncd_given(l) && !sl_rsyncd_patterns(l, m->keys.f))
            sl_rsyncd_note(m->reasons.f, l, "not all that it hides can be written as `exclude`");
    }
}

static void take_most(struct module *m)
{
    const struct sl_rsyncd_line *l = set(m, SL_RSYNCD_MAX);
    unsigned n = 0;
    if (!sl_rsyncd_given(l))
        return;
    if (l->value[0] == '-')
        sl_rsyncd_note(m->reasons.f, l, "the module is switched off");
    else if (!sl_rsyncd_number(l, SL_CONNECTIONS_MAX, &n))
        sl_rsyncd_note(m->keys.f, l, "not a number; there is no limit here but that for all modules together");
    else if (n)
        fprintf(m->keys.f, "max connections = %u\n", n);
}

/* Commands and files that restrict, without an equivalent; what rsync's environment would say. */
static void take_rest(struct module *m)
{
    static const struct { enum sl_rsyncd_id id; const char *why; } vague[] = {
        { SL_RSYNCD_REFUSE, "only the environment of rsync says what is refused" },
        { SL_RSYNCD_PATH, "only rsync knows what %...% means; here %u is the user that serves (over SSH, the account), %h its home" },
    };
    const struct sl_rsyncd_key *key;
    for (size_t i = 0; (key = sl_rsyncd_key_at(i)) != NULL; i++)
        if (key->kind == SL_RSYNCD_CLOSES && sl_rsyncd_given(set(m, key->id)))
            sl_rsyncd_note(m->reasons.f, set(m, key->id), "%s", key->note);
    for (size_t i = 0; i < sizeof vague / sizeof vague[0]; i++)
        if (set(m, vague[i].id) && set(m, vague[i].id)->vague)
            sl_rsyncd_note(m->reasons.f, set(m, vague[i].id), "%s", vague[i].why);
}

/* What the daemon as a whole does to it. */
static void take_daemon(struct module *m)
{
    const struct sl_rsyncd_line *const *of = m->file->sections[0].set;
    bool hosts = sl_rsyncd_given(set(m, SL_RSYNCD_ALLOW)) || sl_rsyncd_given(set(m, SL_RSYNCD_DENY));
    if (m->file->directive)
        sl_rsyncd_note(m->reasons.f, m->file->directive, "not followed, and may restrict this module");
    if (hosts && sl_rsyncd_bool(of[SL_RSYNCD_PROXY], false, true))
        sl_rsyncd_note(m->reasons.f, of[SL_RSYNCD_PROXY], "here all would come from the proxy's address, which `hosts allow` and "
                       "`hosts deny` would judge");
    if (of[SL_RSYNCD_CHROOT] && of[SL_RSYNCD_CHROOT]->vague)
        sl_rsyncd_note(m->reasons.f, of[SL_RSYNCD_CHROOT], "only rsync knows what %%...%% means");
}

static void take_users(struct module *m)
{
    const struct sl_rsyncd_line *l = set(m, SL_RSYNCD_USERS);
    if (sl_rsyncd_given(l))
        sl_rsyncd_note(m->reasons.f, l, "there are no passwords here, so nobody is served over TCP");
}

/* ---- rights ---- */

static void explain_refused(const struct module *m, FILE *out)
{
    const struct sl_rsyncd_line *refuse = set(m, SL_RSYNCD_REFUSE);
    if (!sl_rsyncd_given(refuse))
        return;
    char *gone = sl_rights_text(refuse->refused);
    if (refuse->refused)
        sl_rsyncd_note(out, refuse, "here rights are refused, not options: %s", gone);
    else
        sl_rsyncd_note(out, refuse, "no right stands for it");
    free(gone);
}

static void print_open(const struct module *m, const char *rights, FILE *out)
{
    if (m->rights & ~(uint32_t)(SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH))
        fprintf(out, "# WARNING: as in rsync, %s may write here. Nobody has to log in.\n",
                m->hosts_allow ? "whoever comes from an address in `hosts allow`" : "whoever can reach the port");
    fprintf(out, "allow = %s\nanonymous = yes\n", rights);
}

/* It says what it would be; but with users, their grants say that. */
static void print_closed(const struct module *m, const char *rights, FILE *out)
{
    if (*m->reasons.text)
        fprintf(out, "# CLOSED, for it would let in more than rsync does:\n%s", m->reasons.text);
    else
        fputs("# CLOSED: rsync allows neither reading nor writing here.\n", out);
    if (m->rights && !sl_rsyncd_given(set(m, SL_RSYNCD_USERS)))
        fprintf(out, "# When that is dealt with, in place of the next two lines: allow = %s, anonymous = yes\n", rights);
    fputs("allow = none\nanonymous = no\n", out);
    sl_rsyncd_grants(m->s, out);
}

static void print_rights(const struct module *m, FILE *out)
{
    char *text = sl_rights_text(m->rights);
    explain_refused(m, out);
    if (*m->reasons.text || !m->rights)
        print_closed(m, text, out);
    else
        print_open(m, text, out);
    free(text);
}

/* ---- path and comment ---- */

/* The directory: below the daemon's chroot; "/./", where rsync divides the path, is one slash; a percent sign is two. NULL: none
 * that can be written. */
static char *path_of(const struct module *m)
{
    const struct sl_rsyncd_line *chroot = m->file->sections[0].set[SL_RSYNCD_CHROOT], *l = set(m, SL_RSYNCD_PATH);
    const char *base = sl_rsyncd_given(chroot) ? chroot->value : "";
    if (!sl_rsyncd_given(l) || l->value[0] != '/' || (*base && *base != '/'))
        return NULL;
    char *whole = sl_asprintf("%s%s", base, l->value), *out = sl_malloc(2 * strlen(whole) + 1), *to = out;
    for (const char *at = whole; *at; at++) {
        while (strncmp(at, "/./", 3) == 0 || strncmp(at, "//", 2) == 0)
            at += at[1] == '.' ? 2 : 1;
        if (*at == '%')
            *to++ = '%';
        *to++ = *at;
    }
    *to = '\0';
    free(whole);
    if (sl_rsyncd_fits(out))
        return out;
    free(out);
    return NULL;
}

static void print_head(const struct module *m, const char *path, FILE *out)
{
    const struct sl_rsyncd_line *comment = set(m, SL_RSYNCD_COMMENT);
    fprintf(out, "\n[%s]\n", m->s->ours);
    if (strcmp(m->s->ours, m->s->name) != 0)
        fputs("# Another name than in rsync, where it has characters that none has here.\n", out);
    fprintf(out, "path = %s\n", path);
    if (!sl_rsyncd_given(comment))
        return;
    if (!comment->vague && sl_rsyncd_fits(comment->value))
        fprintf(out, "comment = %s\n", comment->value);
    else
        sl_rsyncd_note(out, comment, "can't be written in a configuration");
}

static void print_left_out(const struct sl_rsyncd_section *s, FILE *out)
{
    const struct sl_rsyncd_line *path = s->set[SL_RSYNCD_PATH];
    const struct sl_rsyncd_line head = { .name = s->name, .line = s->line };
    fputc('\n', out);
    sl_rsyncd_note(out, &head, "a module that is left out: %s", !s->ours ? "no name for it is free"
                   : sl_rsyncd_given(path) ? "its path can't be written here" : "it has no path");
    if (sl_rsyncd_given(path))
        sl_rsyncd_note(out, path, "a path is absolute, and has no '#' behind a blank and no control characters");
}

static void take_all(struct module *m)
{
    static void (*const rules[])(struct module *) = { take_daemon, take_users, take_hosts_allow, take_hosts_deny, take_patterns,
                                                      take_most, take_rest };
    m->rights = sl_rsyncd_rights(m->s);
    if (!sl_rsyncd_bool(set(m, SL_RSYNCD_LIST), true, false))
        fputs("list = no\n", m->keys.f);
    if (sl_rsyncd_bool(set(m, SL_RSYNCD_FAKE), false, false))
        fputs("owner = xattr\n", m->keys.f);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        rules[i](m);
    fflush(m->keys.f);
    fflush(m->reasons.f);
}

void sl_rsyncd_module(const struct sl_rsyncd_file *f, const struct sl_rsyncd_section *s, FILE *out)
{
    struct module m = { .file = f, .s = s };
    char *path = s->ours ? path_of(&m) : NULL;
    if (!path) {
        print_left_out(s, out);
        return;
    }
    if (begin(&m.keys) && begin(&m.reasons)) {
        take_all(&m);
        print_head(&m, path, out);
        print_rights(&m, out);
        fputs(m.keys.text, out);
        sl_rsyncd_notes(s, out);
    }
    if (m.keys.f)
        fclose(m.keys.f);
    if (m.reasons.f)
        fclose(m.reasons.f);
    free(m.keys.text);
    free(m.reasons.text);
    free(path);
}

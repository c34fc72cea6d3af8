/* SPDX-License-Identifier: ISC */
/*
 * host_options - see host_options.h. Each key is an option of the command line, so that there is one place where values
 * are judged. As in ssh_config the first section that matches counts before those behind it; what stands before all
 * sections counts least.
 */
#include "config.h"
#include "client/host_options.h"
#include "base/keyvalue.h"
#include "base/mem.h"
#include "base/trusted.h"
#include "client/address.h"
#include "client/options_each.h"
#include "client/transport_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOT_SEEN = 0, HOSTS_MAX = 16 };

static const struct {
    const char *key, *option;
} keys[] = {
    { "subsystem", "--subsystem" },
    { "remote path", "--remote-path" },
    { "transport", "--transport" },
    { "ssh config", "--ssh-config" },
    { "rsh", "--rsh" },
    { "port", "--port" },
    { "options", NULL }, /* more than once */
};

struct reader {
    char *hosts[HOSTS_MAX]; /* of the run; owned */
    size_t hosts_len;
    bool no_config, reach_only;
    const char *file;
    struct sl_host_options *out;
    bool in_section, matches; /* the section that is open */
    size_t section_at;        /* where its lines begin in out */
    uint32_t seen;            /* keys of this section */
};

/* ---- hosts of the run ---- */

static void add_host(struct reader *r, const char *text, bool alone)
{
    struct sl_address a;
    bool good = sl_address_parse(&a, text, NULL) == SL_OK;
    const char *host = good && a.kind != SL_ADDR_LOCAL ? a.host : alone && *text ? text : NULL;
    if (host && r->hosts_len < HOSTS_MAX)
        r->hosts[r->hosts_len++] = sl_strdup(host);
    if (good)
        sl_address_clear(&a);
}

static enum sl_code look(void *ctx, const struct sl_option_taken *t)
{
    static const char *const without[] = { "no-config", "help", "version", "completion-table" };
    struct reader *r = ctx;
    if (strcmp(t->row->name, "doctor") == 0 && !t->negated)
        add_host(r, t->value, true);
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        r->no_config |= strcmp(t->row->name, without[i]) == 0 && !t->negated;
    r->reach_only |= strcmp(t->row->name, "reach-only") == 0 && !t->negated;
    return SL_OK;
}

/* False: the line can't be understood. */
static bool find_hosts(struct reader *r, const struct sl_command_line *line)
{
    size_t n = (size_t)line->argc, first = 0;
    struct sl_error unseen;
    char **copy = sl_calloc(n + 1, sizeof *copy);
    memcpy(copy, line->argv, n * sizeof *copy);
    bool good = sl_options_each(line->argc, copy, look, r, &first, &unseen) == SL_OK;
    /* All sources are on one host. */
    if (good && first < n)
        add_host(r, copy[first], false);
    if (good && n - first > 1)
        add_host(r, copy[n - 1], false);
    free(copy);
    return good;
}

/* ---- the file ---- */

/* patterns: with blanks between them. */
static bool matches(const struct reader *r, const char *patterns)
{
    char *copy = sl_strdup(patterns), *rest = copy, *pattern;
    bool yes = false;
    while ((pattern = strsep(&rest, " \t")))
        for (size_t i = 0; i < r->hosts_len && !yes; i++)
            yes = fnmatch(pattern, r->hosts[i], FNM_CASEFOLD) == 0;
    free(copy);
    return yes;
}

/* The section is over: as it counts less than those before it, it comes in front of them. */
static void end_section(struct reader *r)
{
    struct sl_host_options *h = r->out;
    size_t n = h->len - r->section_at;
    static const size_t size = sizeof *h->at;
    if (!r->in_section || !n)
        return;
    struct sl_earlier *moved = sl_malloc(n * size);
    size_t front = 0; /* behind what is for all runs */
    while (front < r->section_at && !h->at[front].of_host)
        front++;
    memcpy(moved, h->at + r->section_at, n * size);
    memmove(h->at + front + n, h->at + front, (r->section_at - front) * size);
    memcpy(h->at + front, moved, n * size);
    free(moved);
}

static enum sl_code section(struct sl_keyvalue *k, char *name)
{
    struct reader *r = k->ctx;
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:*?[]! \t";
    if (!*name || name[strspn(name, good)])
        return sl_keyvalue_wrong(k, "'%s' is no pattern for hosts", name);
    end_section(r);
    r->in_section = true;
    r->matches = matches(r, name);
    r->section_at = r->out->len;
    r->seen = NOT_SEEN;
    return SL_OK;
}

static char *with_home(const char *value)
{
    const char *home = getenv("HOME");
    return home && value[0] == '~' && value[1] == '/' ? sl_asprintf("%s%s", home, value + 1) : sl_strdup(value);
}

static struct sl_earlier *add_line(struct reader *r, const struct sl_keyvalue *k, char **words)
{
    struct sl_host_options *h = r->out;
    h->at = sl_realloc(h->at, (h->len + 1) * sizeof *h->at);
    struct sl_earlier *e = &h->at[h->len++];
    *e = (struct sl_earlier){ .told = sl_asprintf("%s:%u", k->file, k->line),
                              .words = words,
                              .of_host = r->in_section,
                              .reach_only = r->reach_only };
    while (words[e->count])
        e->count++;
    return e;
}

/* As many words as there are, checked for being options also where the section does not concern this run. */
static enum sl_code options(struct sl_keyvalue *k, const char *value, char ***words)
{
    char *line = sl_asprintf("superlifter %s", value);
    struct sl_error unseen;
    enum sl_code rc = sl_rsh_words(line, words, &unseen);
    free(line);
    return rc == SL_OK ? SL_OK : sl_keyvalue_wrong(k, "options: a quote is not closed, or a backslash ends the line");
}

static enum sl_code ignore(void *ctx, const struct sl_option_taken *t)
{
    (void)ctx;
    (void)t;
    return SL_OK;
}

static enum sl_code check_words(struct sl_keyvalue *k, char **words)
{
    struct sl_error why;
    size_t first = 0, n = 0;
    while (words[n])
        n++;
    if (sl_options_each((int)n, words, ignore, NULL, &first, &why) != SL_OK)
        return sl_keyvalue_wrong(k, "%s", why.text);
    return first < n ? sl_keyvalue_wrong(k, "'%s' is no option", words[first]) : SL_OK;
}

static enum sl_code assign(struct sl_keyvalue *k, const char *key, const char *value)
{
    struct reader *r = k->ctx;
    char **words = NULL;
    size_t i = 0;
    while (i < sizeof keys / sizeof keys[0] && strcmp(keys[i].key, key) != 0)
        i++;
    if (i == sizeof keys / sizeof keys[0])
        return sl_keyvalue_wrong(k, "unknown key '%s'", key);
    if (!*value)
        return sl_keyvalue_wrong(k, "%s: there is no value", key);
    if (keys[i].option && r->seen & 1u << i)
        return sl_keyvalue_wrong(k, "%s is said twice in one section", key);
    r->seen |= 1u << i;
    if (keys[i].option) {
        char *path = with_home(value);
        words = sl_calloc(3, sizeof *words);
        words[0] = sl_strdup("superlifter");
        words[1] = sl_asprintf("%s=%s", keys[i].option, path);
        free(path);
    } else if (options(k, value, &words) != SL_OK) {
        return SL_E_CONFIG;
    }
    enum sl_code rc = check_words(k, words);
    if (rc == SL_OK && (r->matches || !r->in_section))
        add_line(r, k, words);
    else
        sl_argv_free(words);
    return rc;
}

/* Whoever can write it can name programs that are run. */
static enum sl_code only_mine(int fd, const char *file, struct sl_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return sl_fail_errno(err, errno, "cannot look at '%s'", file);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return sl_fail(err, SL_E_DENIED,
                       "'%s' belongs to user %lu, not to this one: it is not used (--no-config runs without it)", file,
                       (unsigned long)st.st_uid);
    if (st.st_mode & 022)
        return sl_fail(err, SL_E_DENIED, "'%s' can be written by others (mode %04o): it is not used; chmod go-w", file,
                       (unsigned)(st.st_mode & 07777));
    return SL_OK;
}

/* Fresh memory; NULL: nowhere. */
static char *path_of(void)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (base && *base == '/')
        return sl_asprintf("%s/superlifter/config", base);
    return home && *home == '/' ? sl_asprintf("%s/.config/superlifter/config", home) : NULL;
}

static enum sl_code read_file(struct reader *r, struct sl_error *err)
{
    struct sl_buf b = { 0 };
    struct sl_keyvalue k = {
        .file = r->file, .sections = "[host pattern]", .quotes = true, .ctx = r, .err = err, .section = section, .assign = assign
    };
    int fd = -1;
    enum sl_code rc = sl_trusted_open(r->file, O_RDONLY, 0, &fd, err);
    /* As with ssh one that can't be seen, as another user's after su, is none. */
    if (rc == SL_E_NOT_FOUND || rc == SL_E_NOT_DIR || rc == SL_E_DENIED)
        return SL_OK;
    if (rc != SL_OK)
        return rc;
    rc = only_mine(fd, r->file, err);
    if (rc == SL_OK)
        rc = sl_keyvalue_take(&b, fd, r->file, err);
    else
        close(fd);
    if (rc == SL_OK)
        rc = sl_keyvalue_parse(&k, sl_buf_len(&b) ? (const char *)sl_buf_ptr(&b) : "", sl_buf_len(&b));
    if (rc == SL_OK)
        end_section(r);
    sl_buf_clear(&b);
    return rc;
}

enum sl_code sl_host_options_read(struct sl_host_options *h, const struct sl_command_line *line, struct sl_error *err)
{
    struct reader r = { .out = h };
    char *file = path_of();
    enum sl_code rc = SL_OK;
    struct sl_error unseen;
    *h = (struct sl_host_options){ 0 };
    r.file = file;
    bool good = find_hosts(&r, line);
    /* Of a line that is wrong it is told as what is for all runs says; what is wrong here as well is not the first thing to tell. */
    if (file && !r.no_config && read_file(&r, good ? err : &unseen) != SL_OK && good)
        rc = SL_E_CONFIG;
    for (size_t i = 0; i < r.hosts_len; i++)
        free(r.hosts[i]);
    free(file);
    return rc;
}

void sl_host_options_clear(struct sl_host_options *h)
{
    for (size_t i = 0; i < h->len; i++) {
        free((char *)(uintptr_t)h->at[i].told);
        sl_argv_free(h->at[i].words);
    }
    free(h->at);
    *h = (struct sl_host_options){ 0 };
}

/* SPDX-License-Identifier: ISC */
/*
 * transport_ssh - the argv of the ssh program. Nothing here goes through a shell of this machine; COMMAND goes through
 * the account's shell on the other one, as ssh has it.
 */
#include "config.h"
#include "client/transport_priv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/ssh_words.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct words {
    char **at; /* NULL-terminated as soon as there is one */
    size_t len;
};

static void add_word(struct words *w, char *owned)
{
    w->at = sl_realloc(w->at, (w->len + 2) * sizeof *w->at);
    w->at[w->len++] = owned;
    w->at[w->len] = NULL;
}

static void add(struct words *w, const char *word)
{
    add_word(w, sl_strdup(word));
}

void sl_argv_free(char **argv)
{
    for (size_t i = 0; argv && argv[i]; i++)
        free(argv[i]);
    free(argv);
}

/* One byte of a word that starts at *p, unquoted into b; *quote is the open quote or 0. False: a backslash is last. */
static bool take_byte(struct sl_buf *b, const char **p, char *quote)
{
    char c = *(*p)++;
    if (*quote ? c == *quote : c == '\'' || c == '"') {
        *quote = *quote ? '\0' : c;
        return true;
    }
    bool escapes = c == '\\' && (!*quote || (*quote == '"' && (**p == '"' || **p == '\\')));
    if (escapes && !**p)
        return false;
    if (escapes)
        c = *(*p)++;
    sl_buf_add(b, &c, 1);
    return true;
}

enum sl_code sl_rsh_words(const char *command, char ***argv, struct sl_error *err)
{
    struct words w = { 0 };
    struct sl_buf b;
    bool whole = true;
    char quote = '\0';
    sl_buf_init(&b);
    for (const char *p = command; *p && whole;) {
        if (sl_text_blank(*p)) {
            p++;
            continue;
        }
        while (*p && whole && (quote || !sl_text_blank(*p)))
            whole = take_byte(&b, &p, &quote);
        add_word(&w, sl_memdup0(sl_buf_len(&b) ? (const char *)sl_buf_ptr(&b) : "", sl_buf_len(&b)));
        sl_buf_reset(&b, 256);
    }
    sl_buf_clear(&b);
    if (whole && !quote && w.len && *w.at[0]) {
        *argv = w.at;
        return SL_OK;
    }
    sl_argv_free(w.at);
    return sl_fail(err, SL_E_CONFIG, "bad command '%s' (-e): %s", command,
                   quote    ? "a quote is not closed"
                   : !whole ? "a backslash ends it"
                            : "no program is named");
}

bool sl_ssh_is_openssh(const char *program)
{
    const char *slash = strrchr(program, '/');
    return strcmp(slash ? slash + 1 : program, "ssh") == 0;
}

static void add_number(struct words *w, const char *before, int n)
{
    add_word(w, sl_asprintf("%s%d", before, n));
}

/* Options right behind the program's name: for -p, -l and -o ssh keeps the first value it meets, so that the address
 * wins over the words of -e. No forwarding and no terminal: the stream is all that this session is for. */
static void add_openssh_options(struct words *w, const struct sl_address *a, const struct sl_options *o)
{
    static const char *const always[] = { "-a", "-x", "-T", "-o", "ClearAllForwardings=yes" };
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        add(w, always[i]);
    if (o->ssh_config) {
        add(w, "-F");
        add(w, o->ssh_config);
    }
    if (o->address_family == AF_INET || o->address_family == AF_INET6)
        add(w, o->address_family == AF_INET ? "-4" : "-6");
    if (o->contimeout_s) {
        add(w, "-o");
        add_number(w, "ConnectTimeout=", o->contimeout_s);
    }
    if (a->port) {
        add(w, "-p");
        add_number(w, "", a->port);
    }
    if (a->user) {
        add(w, "-l");
        add(w, a->user);
    }
}

static void add_rest(struct words *w, char **words)
{
    for (size_t i = 1; words[i]; i++)
        add(w, words[i]);
}

static const char *command_of(const struct sl_options *o)
{
    return o->remote_path ? o->remote_path : SL_SERVER_COMMAND;
}

/* command: NULL for the subsystem. */
static void add_request(struct words *w, const struct sl_address *a, const char *command, const struct sl_options *o)
{
    if (!command)
        add(w, "-s");
    add(w, "--");
    add(w, a->host);
    add(w, command ? command : o->subsystem);
}

static void build_openssh(struct words *w, char **words, const struct sl_address *a, const struct sl_options *o,
                          const char *command)
{
    add(w, words[0]);
    add_openssh_options(w, a, o);
    add_rest(w, words);
    add_request(w, a, command, o);
}

char **sl_ssh_question_argv(const struct sl_address *a, const struct sl_options *o)
{
    char **words = NULL;
    struct words w = { 0 };
    struct sl_error ignored;
    if (sl_rsh_words(o->rsh ? o->rsh : "ssh", &words, &ignored) != SL_OK)
        return NULL;
    if (sl_ssh_is_openssh(words[0])) {
        add(&w, words[0]);
        add(&w, "-G");
        add_openssh_options(&w, a, o);
        add_rest(&w, words);
        add(&w, "--");
        add(&w, a->host);
    }
    sl_argv_free(words);
    return w.at;
}

static void build_other(struct words *w, char **words, const struct sl_address *a, const char *command)
{
    add(w, words[0]);
    add_rest(w, words);
    if (a->user) {
        add(w, "-l");
        add(w, a->user);
    }
    add(w, a->host);
    add(w, command);
}

/* Puts words behind the program's name; takes argv and what is in `front` over. */
static char **put_in_front(char **argv, struct words *front)
{
    size_t n = 0;
    while (argv[n])
        n++;
    argv = sl_realloc(argv, (n + front->len + 1) * sizeof *argv);
    memmove(argv + 1 + front->len, argv + 1, n * sizeof *argv);
    memcpy(argv + 1, front->at, front->len * sizeof *argv);
    free(front->at);
    return argv;
}

static void add_option(struct words *w, const char *name, const char *value)
{
    add(w, "-o");
    add_word(w, sl_asprintf("%s=%s", name, value));
}

/* -S, not -o ControlPath=...: there a blank or a quote in the path would mean something. A percent sign does in both. */
static void add_socket(struct words *w, const char *path)
{
    struct sl_buf b;
    sl_buf_init(&b);
    for (; *path; path++)
        sl_buf_add(&b, *path == '%' ? "%%" : path, *path == '%' ? 2 : 1);
    add(w, "-S");
    add_word(w, sl_memdup0(sl_buf_len(&b) ? (const char *)sl_buf_ptr(&b) : "", sl_buf_len(&b)));
    sl_buf_clear(&b);
}

char **sl_ssh_argv_option(char **argv, const char *name, const char *value)
{
    struct words w = { 0 };
    add_option(&w, name, value);
    return put_in_front(argv, &w);
}

char **sl_ssh_argv_master(char **argv, const char *socket)
{
    struct words w = { 0 };
    add_option(&w, "ControlMaster", "yes");
    add_option(&w, "ControlPersist", "no");
    add_socket(&w, socket);
    return put_in_front(argv, &w);
}

/* Where the master is gone, or refuses, ssh would log in by itself: it cannot with a proxy that ends at once, and asks nobody. */
static void add_lane_options(struct words *w, const char *socket)
{
    add_option(w, "ControlMaster", "no");
    add_option(w, "ProxyCommand", "false");
    add_option(w, "BatchMode", "yes");
    add_option(w, "LogLevel", "ERROR");
    add_socket(w, socket);
}

enum sl_code sl_ssh_lane_argv(const struct sl_address *a, const struct sl_options *o, enum sl_transport_way way, const char *socket,
                              char ***argv, struct sl_error *err)
{
    char **words = NULL;
    struct words w = { 0 }, front = { 0 };
    enum sl_code rc = sl_rsh_words(o->rsh ? o->rsh : "ssh", &words, err);
    if (rc != SL_OK)
        return rc;
    bool use_command = way == SL_WAY_COMMAND || o->remote_path;
    char **left = sl_ssh_words_for_lane(words + 1);
    add(&w, words[0]);
    add_openssh_options(&w, a, o);
    for (size_t i = 0; left[i]; i++)
        add(&w, left[i]);
    add_request(&w, a, use_command ? command_of(o) : NULL, o);
    add_lane_options(&front, socket);
    *argv = put_in_front(w.at, &front);
    sl_argv_free(left);
    sl_argv_free(words);
    return SL_OK;
}

enum sl_code sl_ssh_argv(const struct sl_address *a, const struct sl_options *o, enum sl_transport_way way,
                         char ***argv, bool *subsystem, struct sl_error *err)
{
    char **words = NULL;
    struct words w = { 0 };
    enum sl_code rc = sl_rsh_words(o->rsh ? o->rsh : "ssh", &words, err);
    if (rc != SL_OK)
        return rc;
    const char *command = command_of(o);
    bool openssh = sl_ssh_is_openssh(words[0]), use_command = !openssh || way == SL_WAY_COMMAND || o->remote_path;
    if (openssh)
        build_openssh(&w, words, a, o, use_command ? command : NULL);
    else if (a->port)
        rc = sl_fail(err, SL_E_CONFIG, "no way to tell '%s' the port of '%s': put it into the words of -e", words[0],
                     a->text);
    else
        build_other(&w, words, a, command);
    sl_argv_free(words);
    if (rc == SL_OK) {
        *argv = w.at;
        *subsystem = !use_command;
    }
    return rc;
}

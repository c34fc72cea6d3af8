/* SPDX-License-Identifier: ISC */
/* args - see args.h: one table makes the parser and the help. */
#include "config.h"
#include "subsystem/args.h"
#include "base/num.h"
#include "subsystem/log.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { WEEK_S = 7 * 86400 };

enum { OPT_ROOT = 256, OPT_ALLOW, OPT_MODULE, OPT_AS, OPT_CONFIG, OPT_DAEMON, OPT_LISTEN, OPT_NO_DETACH, OPT_EXPORT, OPT_CHECK,
       OPT_EXPLAIN, OPT_CONVERT, OPT_STDIO, OPT_INETD, OPT_IDLE, OPT_HANDSHAKE, OPT_PID, OPT_TEST, OPT_VERSION, OPT_HELP, OPT_CONFINEMENT,
       OPT_SENT, OPT_STORED, OPT_HASHED, OPT_FILES, OPT_RATE, OPT_LOG_STDERR = 'e', OPT_LOG_FACILITY = 'f', OPT_LOG_LEVEL = 'l' };

static const struct option_row {
    const char *name, *arg;
    int id;
    const char *help;                    /* NULL: not shown */
} rows[] = {
    { "root", "DIR", OPT_ROOT, "export DIR as the whole namespace (%u user, %h home, %% percent)" },
    { "allow", "LIST", OPT_ALLOW, "rights in it: read-only, append-only, drop-box, full, none, or a list of rights" },
    { "module", "NAME", OPT_MODULE, "offer only this module of the configuration file (repeatable)" },
    { "as", "NAME", OPT_AS, "who the peer is, for `grant ... as:NAME`; from a forced command" },
    { "config", "FILE", OPT_CONFIG, "configuration file; default " SYSCONFDIR "/superlifter/superlifter.conf" },
    { "daemon", NULL, OPT_DAEMON, "listen for TCP connections" },
    { "listen", "ADDR:PORT", OPT_LISTEN, "listen there instead (repeatable; a port alone: on every address)" },
    { "export", "NAME=DIR", OPT_EXPORT, "a read-only anonymous module (repeatable)" },
    { "no-detach", NULL, OPT_NO_DETACH, "stay in the foreground and log to standard error" },
    { "foreground", NULL, OPT_NO_DETACH, "the same" },
    { "pid-file", "FILE", OPT_PID, "write the listener's process id there" },
    { "check-config", NULL, OPT_CHECK, "print the effective settings, or what is wrong with them, and exit" },
    { "explain", "QUERY", OPT_EXPLAIN, "user=,group=,key=,as=,addr=,module=,path=: which rule decides" },
    { "convert-rsyncd", "FILE", OPT_CONVERT, "print an rsyncd.conf as a configuration for this program" },
    { "stdio", NULL, OPT_STDIO, "serve standard input and output, whatever they are" },
    { "inetd", NULL, OPT_INETD, "serve the network socket on standard input" },
    { "confinement", "HOW", OPT_CONFINEMENT, "required, available (the default) or off" },
    { "max-sent", "SIZE", OPT_SENT, "bytes that a session may be sent" },
    { "max-stored", "SIZE", OPT_STORED, "bytes of content that a session may write" },
    { "max-hashed", "SIZE", OPT_HASHED, "bytes that a session may have hashed" },
    { "max-files", "NUM", OPT_FILES, "files that a session may open and make" },
    { "bwlimit", "RATE", OPT_RATE, "bytes a second of a session, each way" },
    { "idle-timeout", "SECONDS", OPT_IDLE, "end a session in which nothing moves; 0: never" },
    { "handshake-timeout", "SECONDS", OPT_HANDSHAKE, "end a session that has not greeted; 0: never" },
    { "log-facility", "FACILITY", OPT_LOG_FACILITY, "or -f: of the system log; default AUTH" },
    { "log-level", "LEVEL", OPT_LOG_LEVEL, "or -l: QUIET FATAL ERROR INFO VERBOSE DEBUG; default INFO" },
    { "log-stderr", NULL, OPT_LOG_STDERR, "or -e: log to standard error, never to the system log" },
    { "test-without", "FEATURE", OPT_TEST, NULL },
    { "version", NULL, OPT_VERSION, "print the version" },
    { "help", NULL, OPT_HELP, "print this" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

void sl_args_help(FILE *f)
{
    fputs("superlifter-server " PACKAGE_VERSION ", the server of superlifter\n\n"
          "Usage: superlifter-server [OPTION]...           on a pipe or socket: serves it (sshd, inetd)\n"
          "       superlifter-server --daemon [OPTION]...  listens for TCP connections\n"
          "       superlifter-server --check-config [--config=FILE]\n\n",
          f);
    for (size_t i = 0; i < ROWS; i++) {
        char left[64];
        if (!rows[i].help)
            continue;
        snprintf(left, sizeof left, "--%s%s%s", rows[i].name, rows[i].arg ? "=" : "", rows[i].arg ? rows[i].arg : "");
        fprintf(f, "  %-28s %s\n", left, rows[i].help);
    }
}

static enum sl_code append(const char **list, size_t *count, const char *value, const char *what, struct sl_error *err)
{
    if (*count == SL_ARGS_LIST_MAX)
        return sl_fail(err, SL_E_CONFIG, "more than %d times --%s", SL_ARGS_LIST_MAX, what);
    list[(*count)++] = value;
    list[*count] = NULL;
    return SL_OK;
}

static enum sl_code take_option(struct sl_args *a, int id, const char *value, struct sl_error *err)
{
    switch (id) {
    case OPT_ROOT: a->root = value; break;
    case OPT_ALLOW: a->allow = value; break;
    case OPT_MODULE: return append(a->modules, &a->module_count, value, "module", err);
    case OPT_AS: a->as = value; break;
    case OPT_CONFIG: a->config = value; break;
    case OPT_DAEMON: a->daemon = true; break;
    case OPT_LISTEN: return append(a->listens, &a->listen_count, value, "listen", err);
    case OPT_NO_DETACH: a->no_detach = true; break;
    case OPT_LOG_STDERR: a->log_stderr = true; break;
    case OPT_LOG_FACILITY: a->log_facility = value; break;
    case OPT_LOG_LEVEL: a->log_level = value; break;
    case OPT_EXPORT: return append(a->exports, &a->export_count, value, "export", err);
    case OPT_CHECK: a->check_config = true; break;
    case OPT_EXPLAIN: a->explain = value; break;
    case OPT_CONVERT: a->convert = value; break;
    case OPT_STDIO: a->stdio = true; break;
    case OPT_INETD: a->inetd = true; break;
    case OPT_CONFINEMENT: a->confinement = value; break;
    case OPT_SENT: a->sent = value; break;
    case OPT_STORED: a->stored = value; break;
    case OPT_HASHED: a->hashed = value; break;
    case OPT_FILES: a->files = value; break;
    case OPT_RATE: a->rate = value; break;
    case OPT_IDLE: a->idle = value; break;
    case OPT_HANDSHAKE: a->handshake = value; break;
    case OPT_PID: a->pid_file = value; break;
    case OPT_TEST: a->test_mask = value; break;
    case OPT_VERSION: a->version = true; break;
    case OPT_HELP: a->help = true; break;
    default: return sl_fail(err, SL_E_CONFIG, "see superlifter-server --help");
    }
    return SL_OK;
}

static enum sl_code check_args(const struct sl_args *a, struct sl_error *err)
{
    if (a->daemon + a->stdio + a->inetd > 1)
        return sl_fail(err, SL_E_CONFIG, "--daemon, --stdio and --inetd exclude each other");
    if (a->daemon && (a->root || a->allow || a->module_count || a->as))
        return sl_fail(err, SL_E_CONFIG, "--root, --allow, --module and --as are for one peer; a listener takes modules or --export NAME=DIR");
    if (!a->daemon && !a->check_config && (a->listen_count || a->export_count || a->pid_file || a->no_detach))
        return sl_fail(err, SL_E_CONFIG, "--listen, --export, --pid-file and --no-detach are for --daemon");
    if (a->root && a->module_count)
        return sl_fail(err, SL_E_CONFIG, "--root and --module exclude each other");
    if (a->allow && a->module_count)
        return sl_fail(err, SL_E_CONFIG, "the rights of a module are those of the configuration file: --allow is for --root");
    return SL_OK;
}

/* What getopt_long did not take. With an unknown letter in the middle of a word it has not moved on: `word` is the one before. */
static enum sl_code refused(int id, const char *word, struct sl_error *err)
{
    if (id == ':')
        return sl_fail(err, SL_E_CONFIG, "option '%s' needs a value", word);
    if (optopt >= OPT_ROOT)
        return sl_fail(err, SL_E_CONFIG, "option '%s' takes no value", word);
    if (optopt)
        return sl_fail(err, SL_E_CONFIG, "unknown option '-%c' (see superlifter-server --help)", optopt);
    return sl_fail(err, SL_E_CONFIG, "unknown option '%s' (see superlifter-server --help)", word);
}

enum sl_code sl_args_parse(struct sl_args *a, int argc, char **argv, struct sl_error *err)
{
    struct option longs[ROWS + 1] = { { 0 } };
    enum sl_code rc = SL_OK;
    int id;
    for (size_t i = 0; i < ROWS; i++)
        longs[i] = (struct option){ rows[i].name, rows[i].arg ? required_argument : no_argument, NULL, rows[i].id };
    opterr = 0;
    while (rc == SL_OK && (id = getopt_long(argc, argv, ":ef:l:", longs, NULL)) != -1) {
        if (id == '?' || id == ':')
            return refused(id, argv[optind - 1], err);
        rc = take_option(a, id, optarg, err);
    }
    if (rc == SL_OK && optind < argc)
        rc = sl_fail(err, SL_E_CONFIG, "unexpected argument '%s' (see superlifter-server --help)", argv[optind]);
    return rc == SL_OK ? check_args(a, err) : rc;
}

/* ---- configuration ---- */

static enum sl_code seconds(const char *text, const char *option, unsigned *out, struct sl_error *err)
{
    uint64_t n = 0;
    if (text && sl_num_u64(text, 0, WEEK_S, &n) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "--%s: '%s' is not a number of seconds up to a week", option, text);
    if (text)
        *out = (unsigned)n;
    return SL_OK;
}

/* The options that say the same as a key do not get a parser of their own: they are a line of the file. */
static enum sl_code as_keys(const struct sl_args *a, struct sl_config *c, struct sl_error *err)
{
    const struct { const char *option, *key, *value; } said[] = {
        { "--confinement", "confinement", a->confinement }, { "--max-sent", "max sent", a->sent },
        { "--max-stored", "max stored", a->stored }, { "--max-hashed", "max hashed", a->hashed },
        { "--max-files", "max files", a->files }, { "--bwlimit", "bwlimit", a->rate },
        { "--log-level", "log level", a->log_level }, { "--log-facility", "log facility", a->log_facility },
    };
    enum sl_code rc = SL_OK;
    for (size_t i = 0; rc == SL_OK && i < sizeof said / sizeof said[0]; i++)
        if (said[i].value)
            rc = sl_config_set(c, said[i].option, said[i].key, said[i].value, err);
    return rc;
}

enum sl_code sl_args_configure(const struct sl_args *a, struct sl_config *c, struct sl_error *err)
{
    const char *file = a->config ? a->config : SYSCONFDIR "/superlifter/superlifter.conf";
    enum sl_code rc = sl_config_read(c, file, err);
    if (rc == SL_E_NOT_FOUND && !a->config)
        rc = SL_OK;
    for (size_t i = 0; rc == SL_OK && i < a->export_count; i++)
        rc = sl_config_export(c, a->exports[i], err);
    if (rc == SL_OK && a->listen_count) {
        for (size_t i = 0; i < c->listen_count; i++)
            free(c->listens[i].text);
        c->listen_count = 0;
    }
    for (size_t i = 0; rc == SL_OK && i < a->listen_count; i++)
        rc = sl_config_listen(c, a->listens[i], err);
    if (rc == SL_OK)
        rc = seconds(a->idle, "idle-timeout", &c->idle_timeout_s, err);
    if (rc == SL_OK)
        rc = seconds(a->handshake, "handshake-timeout", &c->handshake_timeout_s, err);
    return rc == SL_OK ? as_keys(a, c, err) : rc;
}

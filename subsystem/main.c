/* SPDX-License-Identifier: ISC */
/* main - superlifter-server: its options, the way it was started, and what the peer may reach because of both. */
#include "config.h"
#include "base/mem.h"
#include "base/num.h"
#include "proto/msg.h"
#include "subsystem/listener.h"
#include "subsystem/log.h"
#include "subsystem/policy.h"
#include "subsystem/rights.h"
#include "subsystem/startmode.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 1, EXIT_FILES = 3, EXIT_NETWORK = 10, EXIT_SIGNAL = 20, LIST_MAX = 64 };

struct args {
    bool daemon, stdio, inetd, no_detach, check_config, log_stderr;
    const char *root, *allow, *config, *pid_file, *test_mask, *idle, *handshake;
    const char *modules[LIST_MAX + 1], *listens[LIST_MAX + 1], *exports[LIST_MAX + 1];
    size_t module_count, listen_count, export_count;
};

/* ---- options ---- */

enum { OPT_ROOT = 256, OPT_ALLOW, OPT_MODULE, OPT_CONFIG, OPT_DAEMON, OPT_LISTEN, OPT_NO_DETACH, OPT_EXPORT, OPT_CHECK, OPT_STDIO,
       OPT_INETD, OPT_IDLE, OPT_HANDSHAKE, OPT_PID, OPT_TEST, OPT_VERSION, OPT_HELP, OPT_LOG_STDERR = 'e' };

static const struct option_row {
    const char *name, *arg;
    int id;
    const char *help;                    /* NULL: not shown */
} rows[] = {
    { "root", "DIR", OPT_ROOT, "export DIR as the whole namespace (%u user, %h home, %% percent)" },
    { "allow", "LIST", OPT_ALLOW, "rights in it: read-only, append-only, drop-box, full, or a list of rights" },
    { "module", "NAME", OPT_MODULE, "offer only this module of the configuration file (repeatable)" },
    { "config", "FILE", OPT_CONFIG, "configuration file; default " SYSCONFDIR "/superlifter/superlifter.conf" },
    { "daemon", NULL, OPT_DAEMON, "listen for TCP connections" },
    { "listen", "ADDR:PORT", OPT_LISTEN, "listen there instead (repeatable; a port alone: on every address)" },
    { "export", "NAME=DIR", OPT_EXPORT, "a read-only anonymous module (repeatable)" },
    { "no-detach", NULL, OPT_NO_DETACH, "stay in the foreground and log to standard error" },
    { "foreground", NULL, OPT_NO_DETACH, NULL },
    { "log-stderr", NULL, OPT_LOG_STDERR, "or -e: never log to the system log" },
    { "pid-file", "FILE", OPT_PID, "write the listener's process id there" },
    { "check-config", NULL, OPT_CHECK, "print the effective settings, or what is wrong with them, and exit" },
    { "stdio", NULL, OPT_STDIO, "serve standard input and output, whatever they are" },
    { "inetd", NULL, OPT_INETD, "serve the network socket on standard input" },
    { "idle-timeout", "SECONDS", OPT_IDLE, "end a session in which nothing moves; 0: never" },
    { "handshake-timeout", "SECONDS", OPT_HANDSHAKE, "end a session that has not greeted; 0: never" },
    { "test-without", "FEATURE", OPT_TEST, NULL },
    { "version", NULL, OPT_VERSION, "print the version" },
    { "help", NULL, OPT_HELP, "print this" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void help(FILE *f)
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
    if (*count == LIST_MAX)
        return sl_fail(err, SL_E_CONFIG, "more than %d times --%s", LIST_MAX, what);
    list[(*count)++] = value;
    list[*count] = NULL;
    return SL_OK;
}

static enum sl_code take_option(struct args *a, int id, const char *value, struct sl_error *err)
{
    switch (id) {
    case OPT_ROOT: a->root = value; break;
    case OPT_ALLOW: a->allow = value; break;
    case OPT_MODULE: return append(a->modules, &a->module_count, value, "module", err);
    case OPT_CONFIG: a->config = value; break;
    case OPT_DAEMON: a->daemon = true; break;
    case OPT_LISTEN: return append(a->listens, &a->listen_count, value, "listen", err);
    case OPT_NO_DETACH: a->no_detach = true; break;
    case OPT_LOG_STDERR: a->log_stderr = true; break;
    case OPT_EXPORT: return append(a->exports, &a->export_count, value, "export", err);
    case OPT_CHECK: a->check_config = true; break;
    case OPT_STDIO: a->stdio = true; break;
    case OPT_INETD: a->inetd = true; break;
    case OPT_IDLE: a->idle = value; break;
    case OPT_HANDSHAKE: a->handshake = value; break;
    case OPT_PID: a->pid_file = value; break;
    case OPT_TEST: a->test_mask = value; break;
    case OPT_VERSION: puts("superlifter-server " PACKAGE_VERSION); exit(0);
    case OPT_HELP: help(stdout); exit(0);
    default: return sl_fail(err, SL_E_CONFIG, "see superlifter-server --help");
    }
    return SL_OK;
}

static enum sl_code check_args(const struct args *a, struct sl_error *err)
{
    if (a->daemon + a->stdio + a->inetd > 1)
        return sl_fail(err, SL_E_CONFIG, "--daemon, --stdio and --inetd exclude each other");
    if (a->daemon && (a->root || a->allow || a->module_count))
        return sl_fail(err, SL_E_CONFIG, "--root, --allow and --module are for one peer; a listener takes modules or --export NAME=DIR");
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

static enum sl_code parse(struct args *a, int argc, char **argv, struct sl_error *err)
{
    struct option longs[ROWS + 1] = { { 0 } };
    enum sl_code rc = SL_OK;
    int id;
    for (size_t i = 0; i < ROWS; i++)
        longs[i] = (struct option){ rows[i].name, rows[i].arg ? required_argument : no_argument, NULL, rows[i].id };
    opterr = 0;
    while (rc == SL_OK && (id = getopt_long(argc, argv, ":e", longs, NULL)) != -1) {
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
    if (text && sl_num_u64(text, 0, 7 * 86400, &n) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "--%s: '%s' is not a number of seconds up to a week", option, text);
    if (text)
        *out = (unsigned)n;
    return SL_OK;
}

/* The file and the options that stand for parts of it. */
static enum sl_code configure(void *ctx, struct sl_config *c, struct sl_error *err)
{
    const struct args *a = ctx;
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
    return rc;
}

static int print_config(const struct sl_config *c)
{
    char *text = sl_config_text(c);
    fputs(text, stdout);
    free(text);
    for (size_t i = 0; i < c->module_count; i++) {
        const struct sl_module *m = &c->modules[i];
        if (!strchr(m->path, '%') && access(m->path, F_OK) != 0)
            sl_log(SL_LOG_NOTICE, "warning: module '%s': '%s': %s", m->name, m->path, strerror(errno));
    }
    return fflush(stdout) == 0 ? 0 : EXIT_USAGE;
}

/* ---- the ways to serve ---- */

static volatile sig_atomic_t drain;

static void on_drain(int sig)
{
    drain = sig;
}

static int failed(const struct sl_error *err, int status)
{
    sl_log(SL_LOG_ERROR, "%s", err->text);
    return status;
}

static enum sl_code check_root(const char *root, struct sl_error *err)
{
    struct stat st;
    if (stat(root, &st) != 0 || access(root, X_OK) != 0)
        return sl_fail_errno(err, errno, "cannot use --root '%s'", root);
    return S_ISDIR(st.st_mode) ? SL_OK : sl_fail_errno(err, ENOTDIR, "cannot use --root '%s'", root);
}

static int serve_stdio(const struct args *a, const struct sl_config *c)
{
    struct sl_error err = { 0 };
    char *root = NULL;
    struct sl_policy policy = { .account = !a->module_count && (a->root || !c->namespace_modules), .rights = SL_RIGHT_ALL,
                                .enforced = a->root || a->allow || a->module_count || getenv("SSH_ORIGINAL_COMMAND"),
                                .only = a->module_count ? a->modules : NULL, .config = c, .test_mask = a->test_mask };
    struct sl_serve_limits limits = { c->handshake_timeout_s, c->idle_timeout_s };
    if (a->allow && sl_rights_parse(a->allow, &policy.rights, &err) != SL_OK)
        return failed(&err, EXIT_USAGE);
    for (size_t i = 0; i < a->module_count; i++)
        if (!sl_config_module(c, a->modules[i], strlen(a->modules[i]))) {
            sl_fail(&err, SL_E_CONFIG, "--module: there is no module '%s' in the configuration", a->modules[i]);
            return failed(&err, EXIT_USAGE);
        }
    if (a->root && sl_policy_expand(a->root, &root, &err) != SL_OK)
        return failed(&err, EXIT_USAGE);
    if (root && check_root(root, &err) != SL_OK) {
        free(root);
        return failed(&err, EXIT_FILES);
    }
    policy.root = root;
    /* Modules are not offered beside an exported tree: it is the whole namespace. */
    if (a->root)
        policy.config = NULL;
    enum sl_code rc = sl_serve(0, 1, &policy, &limits, &drain, &err);
    free(root);
    if ((rc == SL_OK || rc == SL_E_CLOSED) && drain)
        return EXIT_SIGNAL;
    return sl_served_status(rc, &err, "");
}

static int serve_inetd(const struct args *a, const struct sl_config *c)
{
    struct sl_error err = { 0 };
    struct sl_peer_options o = { .config = c, .test_mask = a->test_mask, .drain = &drain };
    /* Standard error is the socket as well, unless told otherwise: nothing may be said there. */
    if (!a->log_stderr)
        sl_log_open(SL_LOG_SYSLOG);
    /* A superserver that runs as root must not serve strangers as root. */
    if (sl_become(c, &err) != SL_OK)
        return failed(&err, EXIT_USAGE);
    return sl_served_status(sl_serve_peer(0, &o, &err), &err, "");
}

static int serve_listening(struct args *a, struct sl_config *c, int first, int count)
{
    struct sl_error err = { 0 };
    struct sl_listener_options o = { .config = c, .reload = configure, .reload_ctx = a, .fd_first = first, .fd_count = count,
                                     .detach = !count && !a->no_detach, .log_stderr = a->log_stderr, .pid_file = a->pid_file,
                                     .test_mask = a->test_mask };
    enum sl_code rc = sl_listen(&o, &err);
    if (rc == SL_OK)
        return 0;
    return failed(&err, rc == SL_E_CONNECT ? EXIT_NETWORK : EXIT_USAGE);
}

static int serve(struct args *a, struct sl_config *c)
{
    struct sl_start_facts f = { .daemon = a->daemon, .stdio = a->stdio, .inetd = a->inetd };
    sl_start_gather(&f);
    switch (sl_start_decide(&f)) {
    case SL_START_USAGE:
        help(stderr);
        return EXIT_USAGE;
    case SL_START_STDIO:
        return serve_stdio(a, c);
    case SL_START_INETD:
        return serve_inetd(a, c);
    case SL_START_LISTENING:
        return serve_listening(a, c, 0, 1);
    case SL_START_ACTIVATED:
        return serve_listening(a, c, 3, f.listen_fds);
    case SL_START_DAEMON:
        return serve_listening(a, c, 0, 0);
    }
    return EXIT_USAGE;
}

/* Descriptors 0 to 2 are open from here on: a file opened later must not be taken for one of them. */
static void fill_standard_fds(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

int main(int argc, char **argv)
{
    struct args a = { 0 };
    struct sl_error err = { 0 };
    struct sl_config c;
    struct sigaction sa = { .sa_handler = on_drain };
    fill_standard_fds();
    sl_log_open(SL_LOG_STDERR);
    if (parse(&a, argc, argv, &err) != SL_OK)
        return failed(&err, EXIT_USAGE);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);            /* a file over the limit is an error of that file, and its staged one is removed */
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGHUP, &sa, NULL);
    sl_config_init(&c);
    int status;
    if (configure(&a, &c, &err) != SL_OK)
        status = failed(&err, EXIT_USAGE);
    else if (a.check_config)
        status = print_config(&c);
    else
        status = serve(&a, &c);
    sl_config_clear(&c);
    return status;
}

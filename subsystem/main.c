/* SPDX-License-Identifier: ISC */
/* main - superlifter-server: the way it was started, and what the peer may reach because of it. */
#include "config.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/standard.h"
#include "proto/conn.h"
#include "proto/msg.h"
#include "subsystem/args.h"
#include "subsystem/become.h"
#include "subsystem/doubts.h"
#include "subsystem/explain.h"
#include "subsystem/listener.h"
#include "subsystem/log.h"
#include "subsystem/policy.h"
#include "subsystem/rights.h"
#include "subsystem/rsyncd.h"
#include "subsystem/serving.h"
#include "subsystem/shell.h"
#include "subsystem/startmode.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 1, EXIT_FILES = 3, EXIT_NETWORK = 10 };

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

/* The same, where a client may wait: sshd throws away what a subsystem says on standard error, so it is said in the protocol as well. */
static int refused(const struct sl_error *err, int status)
{
    struct sl_error why = { .code = SL_E_DENIED };
    struct sl_buf words = { 0 };
    size_t put = 0;
    if (getenv("SSH_CONNECTION") && !isatty(0) && !isatty(1)) {
        snprintf(why.text, sizeof why.text, "it can't start: %.400s", err->text);
        sl_conn_refusal(&words, &why);
        sl_io_write(1, sl_buf_ptr(&words), sl_buf_len(&words), &put);
        sl_buf_clear(&words);
    }
    return failed(err, status);
}

/* ---- what only looks ---- */

/* The exit status, once all is written. */
static int told(void)
{
    return sl_standard_end("superlifter-server", 0, EXIT_USAGE);
}

static void warn(const char *text)
{
    sl_log(SL_LOG_ERROR, "warning: %s", text);
}

static int print_config(const struct sl_config *c)
{
    struct sl_confine_abilities have = sl_confine_abilities();
    const char *lacks = sl_guard_lacks(&have, SL_RIGHT_ALL);
    char *text = sl_config_text(c);
    fputs(text, stdout);
    free(text);
    printf("\n# configuration file: %s%s", c->file ? c->file : SYSCONFDIR "/superlifter/superlifter.conf", c->file ? "" : " (is not there)");
    printf("\n# confinement here: Landlock ABI %d, system call filter: %s%s%s\n", have.landlock, have.seccomp ? "yes" : "no",
           lacks ? "; " : "", lacks ? lacks : "");
    sl_config_doubts(c, warn);
    return told();
}

static int explain(const struct sl_args *a, const struct sl_config *c)
{
    struct sl_error err = { 0 };
    char *text = NULL;
    if (sl_explain(c, a->explain, &text, &err) != SL_OK)
        return failed(&err, EXIT_USAGE);
    fputs(text, stdout);
    free(text);
    return told();
}

static int convert(const struct sl_args *a)
{
    struct sl_error err = { 0 };
    struct sl_buf b = { 0 };
    char *text = NULL;
    enum sl_code rc = sl_config_file(&b, a->convert, &err);
    if (rc == SL_OK)
        rc = sl_rsyncd_convert(a->convert, sl_buf_len(&b) ? (const char *)sl_buf_ptr(&b) : "", sl_buf_len(&b), &text, &err);
    sl_buf_clear(&b);
    if (rc != SL_OK)
        return failed(&err, rc == SL_E_CONFIG ? EXIT_USAGE : EXIT_FILES);
    fputs(text, stdout);
    free(text);
    return told();
}

/* ---- the ways to serve ---- */

static enum sl_code check_root(const char *root, struct sl_error *err)
{
    struct stat st;
    if (stat(root, &st) != 0 || access(root, X_OK) != 0)
        return sl_fail_errno(err, errno, "cannot use --root '%s'", root);
    return S_ISDIR(st.st_mode) ? SL_OK : sl_fail_errno(err, ENOTDIR, "cannot use --root '%s'", root);
}

/* Rights and root of the plain namespace, and that the modules named are there. */
static int set_policy(const struct sl_args *a, const struct sl_config *c, struct sl_policy *p, char **root)
{
    struct sl_error err = { 0 };
    if (a->allow && sl_rights_parse(a->allow, &p->rights, &err) != SL_OK)
        return refused(&err, EXIT_USAGE);
    p->limited = a->allow;
    for (size_t i = 0; i < a->module_count; i++)
        if (!sl_config_module(c, a->modules[i], strlen(a->modules[i]))) {
            sl_fail(&err, SL_E_CONFIG, "--module: there is no module '%s' in the configuration", a->modules[i]);
            return refused(&err, EXIT_USAGE);
        }
    if (a->root && sl_policy_expand(a->root, root, &err) != SL_OK)
        return refused(&err, EXIT_USAGE);
    if (*root && check_root(*root, &err) != SL_OK)
        return refused(&err, EXIT_FILES);
    p->root = *root;
    /* Modules are not offered beside an exported tree: it is the whole namespace. */
    if (a->root)
        p->config = NULL;
    return 0;
}

static int serve_stdio(const struct sl_args *a, const struct sl_config *c)
{
    char *root = NULL;
    struct sl_who who;
    bool modules = a->modules_only || c->namespace_modules;
    struct sl_policy policy = { .account = !a->module_count && (a->root || !modules), .rights = SL_RIGHT_ALL,
                                .enforced = a->root || a->allow || a->module_count || a->as || a->shell || getenv("SSH_ORIGINAL_COMMAND"),
                                .only = a->module_count ? a->modules : NULL, .config = c, .who = &who, .quota = c->quota,
                                .test_mask = a->test_mask };
    struct sl_serve_limits limits = { .handshake_timeout_s = c->handshake_timeout_s, .idle_timeout_s = c->idle_timeout_s };
    sl_who_of_login(&who, a->as);
    int status = set_policy(a, c, &policy, &root);
    if (status == 0)
        status = sl_serve_one(0, 1, &policy, &limits, c, &drain);
    sl_who_clear(&who);
    free(root);
    return status;
}

static int serve_inetd(const struct sl_args *a, const struct sl_config *c)
{
    struct sl_error err = { 0 };
    struct sl_peer_options o = { .config = c, .test_mask = a->test_mask, .drain = &drain };
    /* Standard error is the socket as well, unless told otherwise: nothing may be said there. */
    if (!a->log_stderr)
        sl_log_open(SL_LOG_SYSLOG, -1, -1);
    /* A superserver that runs as root must not serve strangers as root. */
    if (sl_become(c, &err) != SL_OK)
        return failed(&err, EXIT_USAGE);
    return sl_serve_peer(0, &o);
}

static enum sl_code reload(void *ctx, struct sl_config *out, struct sl_error *err)
{
    return sl_args_configure(ctx, out, err);
}

static int serve_listening(struct sl_args *a, struct sl_config *c, int first, int count)
{
    struct sl_error err = { 0 };
    struct sl_listener_options o = { .config = c, .reload = reload, .reload_ctx = a, .fd_first = first, .fd_count = count,
                                     .detach = !count && !a->no_detach, .log_stderr = a->log_stderr, .pid_file = a->pid_file,
                                     .test_mask = a->test_mask, .ended = &drain };
    enum sl_code rc = sl_listen(&o, &err);
    if (rc == SL_OK)
        return 0;
    return failed(&err, rc == SL_E_CONNECT ? EXIT_NETWORK : EXIT_USAGE);
}

static int serve(struct sl_args *a, struct sl_config *c)
{
    struct sl_start_facts f = { .daemon = a->daemon, .stdio = a->stdio, .inetd = a->inetd };
    sl_start_gather(&f);
    switch (sl_start_decide(&f)) {
    case SL_START_USAGE:
        sl_args_help(stderr);
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

static void watch_signals(void)
{
    static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
    struct sigaction sa = { .sa_handler = on_drain };
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);            /* a file over the limit is an error of that file, and its staged one is removed */
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        sigaction(ends[i], &sa, NULL);
}

/* Where a person or an init system looks: errors on standard error; over SSH to the system log as well. */
static void open_log(const struct sl_args *a, const struct sl_config *c)
{
    bool session = !a->daemon && !a->check_config && !a->explain && !isatty(0);
    sl_log_open(session && !a->log_stderr ? SL_LOG_BOTH : SL_LOG_STDERR, c->log_level, c->log_facility);
}

static int run(struct sl_args *a)
{
    struct sl_error err = { 0 };
    struct sl_config c;
    int status;
    sl_config_init(&c);
    enum sl_code rc = sl_args_configure(a, &c, &err);
    open_log(a, &c);
    if (rc != SL_OK)
        status = a->check_config || a->explain ? failed(&err, EXIT_USAGE) : refused(&err, EXIT_USAGE);
    else if (a->check_config)
        status = print_config(&c);
    else if (a->explain)
        status = explain(a, &c);
    else
        status = serve(a, &c);
    sl_config_clear(&c);
    return status;
}

/* As the login shell of an account: `-c COMMAND` is all that sshd says, and the command is this program's own. */
static int run_as_shell(int argc, char **argv)
{
    struct sl_args a = { 0 };
    struct sl_error err = { 0 };
    struct sl_words words = { 0 };
    bool forced = getenv("SSH_ORIGINAL_COMMAND") != NULL;
    sl_shell_environment();
    if (argc != 3 || strcmp(argv[1], "-c") != 0) {
        sl_fail(&err, SL_E_DENIED, "this account is only for superlifter");
        return failed(&err, EXIT_USAGE);
    }
    enum sl_code rc = sl_shell_words(argv[2], forced, &words, &err);
    if (rc == SL_OK)
        rc = sl_args_parse(&a, words.argc, words.argv, &err);
    a.shell = a.stdio = true;
    a.modules_only = true;               /* a forced --root is a namespace of its own */
    int status;
    if (rc == SL_OK && (a.daemon || a.inetd || a.check_config || a.explain || a.convert || a.help || a.version))
        rc = sl_fail(&err, SL_E_DENIED, "a login shell only serves");
    status = rc == SL_OK ? run(&a) : failed(&err, EXIT_USAGE);
    sl_words_clear(&words);
    return status;
}

int main(int argc, char **argv)
{
    struct sl_args a = { 0 };
    struct sl_error err = { 0 };
    if (!sl_standard_fill())
        return EXIT_FILES;
    watch_signals();
    if (sl_shell_called(argc ? argv[0] : NULL))
        return run_as_shell(argc, argv);
    if (sl_args_parse(&a, argc, argv, &err) != SL_OK)
        return refused(&err, EXIT_USAGE);
    if (a.help || a.version) {
        if (a.help)
            sl_args_help(stdout);
        else
            puts("superlifter-server " PACKAGE_VERSION);
        return told();
    }
    return a.convert ? convert(&a) : run(&a);
}

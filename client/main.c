/* SPDX-License-Identifier: ISC */
/* main - the client's entry: signals, options, and the exit status. */
#include "config.h"
#include "base/standard.h"
#include "base/io.h"
#include "client/doctor.h"
#include "client/host_options.h"
#include "client/options.h"
#include "client/remote.h"
#include "client/report.h"
#include "client/report_filters.h"
#include "client/retries.h"
#include "client/run.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAD_OPTIONS = 1, FILE_IO = 11 };

static void on_signal(int signo)
{
    sl_remote_interrupted = signo;
}

static void catch_signals(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction sa = { .sa_handler = on_signal };
    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct sigaction old;
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(ends[i], &sa, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

static int help(void)
{
    char *text = NULL;
    sl_options_help(&text);
    fputs(text, stdout);
    free(text);
    return 0;
}

/* A script that reads JSON is told in JSON, wherever on the line it asked for that, and where its configuration does. */
static bool wants_json(int argc, char **argv, bool configured)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            return true;
        else if (strcmp(argv[i], "--no-json") == 0 || strcmp(argv[i], "--no-config") == 0)
            configured = false;
    return configured;
}

static int refuse(const struct sl_error *err, bool json)
{
    struct sl_options o = { .json = json };
    struct sl_report *r = sl_report_new(&o, false);
    sl_report_error(r, err, NULL);
    sl_report_conclude(r, BAD_OPTIONS);
    sl_report_free(r);
    return BAD_OPTIONS;
}

/* --outbuf, before anything is written. */
static void set_buffer(char how)
{
    if (how)
        setvbuf(stdout, NULL, how == 'N' ? _IONBF : how == 'L' ? _IOLBF : _IOFBF, BUFSIZ);
}

int main(int argc, char **argv)
{
    struct sl_options o = { 0 };
    struct sl_host_options configured;
    struct sl_command_line line = { argc, argv };
    struct sl_error err = { 0 };
    int status = BAD_OPTIONS;
    if (!sl_standard_fill())
        return FILE_IO;
    catch_signals();
    enum sl_options_result how = SL_OPTIONS_BAD;
    if (sl_host_options_read(&configured, &line, &err) == SL_OK)
        how = sl_options_parse_behind(&o, configured.at, configured.len, &line, &err);
    switch (how) {
    case SL_OPTIONS_RUN:
        set_buffer(o.outbuf);
        sl_random(o.session, sizeof o.session);
        status = o.doctor ? sl_doctor(&o) : o.filter_test ? sl_filter_test(&o) : o.retries ? sl_retries_run(&o) : sl_run(&o);
        break;
    case SL_OPTIONS_HELP:
        status = help();
        break;
    case SL_OPTIONS_VERSION:
        puts("superlifter " PACKAGE_VERSION ", protocol version 1");
        status = 0;
        break;
    case SL_OPTIONS_SHOW:
        fputs(o.show, stdout);
        status = 0;
        break;
    case SL_OPTIONS_BAD:
        status = refuse(&err, wants_json(argc, argv, o.json));
        break;
    }
    status = sl_standard_end("superlifter", status, FILE_IO);
    sl_options_clear(&o);
    sl_host_options_clear(&configured);
    return status;
}

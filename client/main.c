/* SPDX-License-Identifier: ISC */
/* main - the client's entry: signals, options, and the exit status. */
#include "config.h"
#include "base/escape.h"
#include "client/doctor.h"
#include "client/options.h"
#include "client/remote.h"
#include "client/retries.h"
#include "client/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Words of a file with patterns may be in it. */
static void refuse(const struct sl_error *err)
{
    char *safe = sl_escape_dup(err->text, strlen(err->text));
    fprintf(stderr, "superlifter: %s\n", safe);
    free(safe);
}

/* --outbuf, before anything is written. */
static void set_buffer(char how)
{
    if (how)
        setvbuf(stdout, NULL, how == 'N' ? _IONBF : how == 'L' ? _IOLBF : _IOFBF, BUFSIZ);
}

int main(int argc, char **argv)
{
    struct sl_options o;
    struct sl_error err = { 0 };
    int status = 1;
    catch_signals();
    switch (sl_options_parse(&o, argc, argv, &err)) {
    case SL_OPTIONS_RUN:
        set_buffer(o.outbuf);
        status = o.doctor ? sl_doctor(&o) : o.retries ? sl_retries_run(&o) : sl_run(&o);
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
        refuse(&err);
        break;
    }
    if (fflush(stdout) != 0 && status == 0)
        status = 11;
    sl_options_clear(&o);
    return status;
}

/* SPDX-License-Identifier: ISC */
/*
 * fuzz_look - what a server may answer where links are followed: listings on the channel for looks, beside the one that runs; and where names are
 * converted. The client lists, so that it writes nothing; the first byte of the input says which links it follows, the rest is the server (answers.h).
 */
#include "config.h"
#include "client/options.h"
#include "client/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGUMENTS_MAX = 6 };

static const char *const jobs[][ARGUMENTS_MAX] = {
    { "-rL", "host:tree/" },
    { "-rlk", "host:tree/" },
    { "-rl", "--copy-unsafe-links", "host:tree/" },
    { "-rLX", "host:tree/la" },
    { "-rl", "--iconv=UTF-8,ISO-8859-1", "host:tree/" },
    { "-rl", "--iconv=UTF-8,KOI8-R", "host:tree/" },
    { "-rL", "--iconv=UTF-8,KOI8-R", "host:tree/" },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *argv[ARGUMENTS_MAX + 6] = { "superlifter", "--confinement=off", "--lanes=1", "--list-only", "-e", "fuzz" };
    int argc = 6;
    struct sl_options o;
    struct sl_error err = { 0 };
    if (!size)
        return 0;
    signal(SIGPIPE, SIG_IGN);
    for (const char *const *a = jobs[data[0] % (sizeof jobs / sizeof jobs[0])]; *a; a++)
        argv[argc++] = (char *)(uintptr_t)*a;
    answers_begin(data + 1, size - 1, NULL);
    if (sl_options_parse(&o, argc, argv, &err) != SL_OPTIONS_RUN)
        abort();
    sl_run(&o);
    fflush(stdout);
    sl_options_clear(&o);
    return 0;
}

/* SPDX-License-Identifier: ISC */
/* shell - see shell.h. Nothing is executed: the words become this program's own options. */
#include "config.h"
#include "subsystem/shell.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _-+=.,:/@%";

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool sl_shell_called(const char *argv0)
{
    const char *name = argv0 ? base_of(argv0) : "";
    return strcmp(name + (name[0] == '-'), "superlifter-shell") == 0;
}

enum sl_code sl_shell_words(const char *command, bool forced, struct sl_words *out, struct sl_error *err)
{
    struct sl_words w = { .text = sl_strdup(command), .argv = sl_calloc(WORDS_MAX + 1, sizeof *w.argv) };
    enum sl_code rc = SL_OK;
    char *save = NULL;
    if (command[strspn(command, plain)])
        rc = sl_fail(err, SL_E_DENIED, "this account runs superlifter-server only, in plain words without quotes");
    for (char *word = strtok_r(w.text, " ", &save); rc == SL_OK && word; word = strtok_r(NULL, " ", &save)) {
        if (w.argc == WORDS_MAX)
            rc = sl_fail(err, SL_E_DENIED, "more than %d words", WORDS_MAX);
        else
            w.argv[w.argc++] = word;
    }
    if (rc == SL_OK && (!w.argc || strcmp(base_of(w.argv[0]), "superlifter-server") != 0))
        rc = sl_fail(err, SL_E_DENIED, "this account runs superlifter-server only");
    if (rc == SL_OK && !forced && w.argc > 1)
        rc = sl_fail(err, SL_E_DENIED, "superlifter-server takes options here only from a forced command");
    if (rc == SL_OK)
        *out = w;
    else
        sl_words_clear(&w);
    return rc;
}

void sl_words_clear(struct sl_words *w)
{
    free(w->text);
    free(w->argv);
    *w = (struct sl_words){ 0 };
}

void sl_shell_environment(void)
{
    static const char *const names[] = { "SSH_CONNECTION", "SSH_CLIENT", "SSH_USER_AUTH", "SSH_ORIGINAL_COMMAND", "HOME", "USER",
                                         "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ" };
    enum { NAMES = sizeof names / sizeof names[0] };
    char *values[NAMES];
    for (size_t i = 0; i < NAMES; i++) {
        const char *value = getenv(names[i]);
        values[i] = value ? sl_strdup(value) : NULL;
    }
    clearenv();
    for (size_t i = 0; i < NAMES; i++) {
        if (values[i])
            setenv(names[i], values[i], 1);
        free(values[i]);
    }
}

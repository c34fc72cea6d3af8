/* SPDX-License-Identifier: ISC */
/* shell - superlifter-server as a login shell, called superlifter-shell: for accounts that are for nothing else. sshd runs
 * every command, forced or not, and every subsystem as `SHELL -c COMMAND`. */
#ifndef SL_SUBSYSTEM_SHELL_H
#define SL_SUBSYSTEM_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct sl_words {
    char *text;                  /* owned; the words point into it */
    char **argv;                 /* owned; NULL-terminated */
    int argc;
};

/* Whether this program was called as the login shell. */
bool sl_shell_called(const char *argv0);

/* COMMAND must be superlifter-server, with or without a path in front, and nothing else; with options only where it was forced,
 * for then the administrator wrote them. Words are separated by blanks; whatever a shell would not take as it is, quotes too,
 * is refused. SL_E_DENIED with what is wrong. */
enum sl_code sl_shell_words(const char *command, bool forced, struct sl_words *out, struct sl_error *err);
void sl_words_clear(struct sl_words *w);

/* Leaves of the environment what sshd says of the session, the account's name and home, and the language. */
void sl_shell_environment(void);

#endif

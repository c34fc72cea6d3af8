/* SPDX-License-Identifier: ISC */
/* ssh_prompt - asks a person: on the terminal, or by the program that SSH_ASKPASS names. */
#ifndef SL_CLIENT_SSH_PROMPT_H
#define SL_CLIENT_SSH_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

enum sl_prompt_kind {
    SL_PROMPT_SECRET,        /* what is typed is not shown */
    SL_PROMPT_SHOWN
};

/* One line into answer, without its end; false where nobody can be asked or nobody answers. As ssh does: on /dev/tty, and by
 * SSH_ASKPASS where there is no terminal but a DISPLAY; SSH_ASKPASS_REQUIRE=never, prefer or force changes that. */
bool sl_prompt(enum sl_prompt_kind kind, const char *question, char *answer, size_t size);

/* Whether there is anybody to ask at all. */
bool sl_prompt_possible(void);

#endif

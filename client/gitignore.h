/* SPDX-License-Identifier: ISC */
/* gitignore - --gitignore: the lines of a .gitignore file as rules (gitignore(5)). */
#ifndef SL_CLIENT_GITIGNORE_H
#define SL_CLIENT_GITIGNORE_H

#include "client/rules.h"

#define GITIGNORE ".gitignore"

/* Of rules the first that matches counts, of git's lines the last: so they come in reverse. What stands there is never
 * wrong; SL_E_INVALID: there is too much of it. */
enum sl_code sl_gitignore_text(struct sl_rules_reading *r, const char *file, const char *text, size_t len,
                               struct sl_error *err);

#endif

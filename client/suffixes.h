/* SPDX-License-Identifier: ISC */
/* suffixes - which files are not worth compressing, by their names: --skip-compress. */
#ifndef SL_CLIENT_SUFFIXES_H
#define SL_CLIENT_SUFFIXES_H

#include <stdbool.h>

#include "base/error.h"

struct sl_suffixes;
/* rsync's list. */
struct sl_suffixes *sl_suffixes_new(void);
void sl_suffixes_free(struct sl_suffixes *s);
/* Suffixes without their dots, separated by slashes; [abc] is one of these bytes. An empty list is none. SL_E_CONFIG, and s as it was: a
 * bracket without its other half, or an empty pair. */
enum sl_code sl_suffixes_set(struct sl_suffixes *s, const char *list, struct sl_error *err);
/* Whether a name ends in a dot and one of them. Letters are alike in both cases. */
bool sl_suffixes_match(const struct sl_suffixes *s, const char *name);

#endif

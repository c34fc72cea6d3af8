/* SPDX-License-Identifier: ISC */
/* chmod - the modes of --chmod: what a source's permissions are taken for. rsync's grammar. */
#ifndef SL_CLIENT_CHMOD_H
#define SL_CLIENT_CHMOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sl_chmod_item;
struct sl_chmod {
    struct sl_chmod_item *at; /* owned */
    size_t len;
};

/* Adds the items of a list like "Dg+s,ug+w,Fo-w,+X" or "D2775,F664". umask: of this process, for items that name
 * nobody. SL_E_CONFIG: the list, and nothing of it is added. */
enum sl_code sl_chmod_add(struct sl_chmod *c, const char *list, uint32_t umask, struct sl_error *err);
void sl_chmod_clear(struct sl_chmod *c);

/* What becomes of a mode (07777). */
uint32_t sl_chmod_apply(const struct sl_chmod *c, uint32_t mode, bool dir);
/* Which of setuid, setgid and sticky are given to files whatever they had. */
uint32_t sl_chmod_gives(const struct sl_chmod *c);

#endif

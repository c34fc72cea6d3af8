/* SPDX-License-Identifier: ISC */
/*
 * charset - --iconv: names of this side and of the other one, each in a charset of its own. A name counts only if it comes back
 * the same: so what was converted is found again by its converted name, and no two names become one.
 */
#ifndef SL_CLIENT_CHARSET_H
#define SL_CLIENT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/entry.h"
#include "base/error.h"

struct sl_charset;
enum sl_charset_way { SL_CHARSET_HERE, SL_CHARSET_THERE };   /* from there to here; from here to there */

struct sl_charset_name {
    char text[SL_NAME_MAX + 1];
    size_t len;
};

/* spec: LOCAL,REMOTE; or one for both. "." or nothing: the locale's. Before this process is confined: converters are files of the
 * system. links: targets of links have to be converted as well. SL_E_CONFIG. */
enum sl_code sl_charset_new(struct sl_charset **out, const char *spec, bool links, struct sl_error *err);
void sl_charset_free(struct sl_charset *c);

/* Whether names in byte order there are in byte order here, too. */
bool sl_charset_keeps_order(const struct sl_charset *c);

/* One component of a path. SL_E_NAME: it can't be converted, is none any more, or does not come back the same; the text is rsync's. */
enum sl_code sl_charset_name(const struct sl_charset *c, enum sl_charset_way way, const char *name, size_t len, struct sl_charset_name *out,
                             struct sl_error *err);
/* A path, or a link's target: component by component. Fresh memory; NULL: it can't be. */
char *sl_charset_path(const struct sl_charset *c, enum sl_charset_way way, const char *path);
/* The same of the target of link e, which is not longer than a target may be. NULL: *err says so; where targets need not be converted: a copy. */
char *sl_charset_target(const struct sl_charset *c, enum sl_charset_way way, const struct sl_entry *e, struct sl_error *err);
/* An entry of that side as it is here: its name (a thing without one has none) and a link's target (fresh memory; NULL: there is none). */
enum sl_code sl_charset_entry_here(const struct sl_charset *c, const struct sl_entry *e, struct sl_charset_name *name, char **target,
                                   struct sl_error *err);
/* Whether an entry of this side can have a name, and a target, there. */
enum sl_code sl_charset_entry_goes(const struct sl_charset *c, const struct sl_entry *e, struct sl_error *err);

/* A text of the other side (a file of rules): lines that can't be converted stay as they are; they name nothing that has a name here.
 * Fresh memory. */
char *sl_charset_lines(const struct sl_charset *c, const char *text, size_t len, size_t *out_len);
/* A message of the other side, if it can be converted. */
void sl_charset_message(const struct sl_charset *c, struct sl_error *err);

#endif

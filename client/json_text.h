/* SPDX-License-Identifier: ISC */
/* json_text - an object as one line that does nothing to a terminal. */
#ifndef SL_CLIENT_JSON_TEXT_H
#define SL_CLIENT_JSON_TEXT_H

#include <jansson.h>

/* Fresh memory; NULL where it can't be told. DEL and the control characters from U+0080 to U+009F, which JSON lets
 * stand, are escaped. */
char *sl_json_text(const json_t *o);

#endif

/* SPDX-License-Identifier: ISC */
/* mapping - --usermap, --groupmap and --chown: which owner at the destination stands for which at the source. rsync's
 * form: FROM:TO[,FROM:TO...], FROM a name, a pattern, a number, LOW-HIGH or nothing; the first that matches counts. */
#ifndef SL_CLIENT_MAPPING_H
#define SL_CLIENT_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "client/endpoint.h"

struct sl_mapping;

/* option: "usermap" or "groupmap", for messages. group: which it is. Neither text is needed afterwards. SL_E_CONFIG. */
enum sl_code sl_mapping_parse(struct sl_mapping **out, const char *option, const char *text, struct sl_error *err);
/* "*:TO". */
struct sl_mapping *sl_mapping_all(const char *option, const char *to);
void sl_mapping_free(struct sl_mapping *m);

/* Finds out the numbers of the names on the right, at the destination. SL_AGAIN: not all are known yet. SL_E_CONFIG:
 * there is none of that name. */
enum sl_code sl_mapping_resolve(struct sl_mapping *m, struct sl_endpoint *dest, bool group, struct sl_error *err);
/* Whether an owner of the source (name NULL: none) is mapped; *to: to what. After sl_mapping_resolve. */
bool sl_mapping_find(const struct sl_mapping *m, uint32_t number, const char *name, uint32_t *to);

#endif

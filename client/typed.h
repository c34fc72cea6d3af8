/* SPDX-License-Identifier: ISC */
/* typed - a source's path as it was typed: its parts, and what it is called. */
#ifndef SL_CLIENT_TYPED_H
#define SL_CLIENT_TYPED_H

#include <stddef.h>

/* The next component of a path that is not "." or empty: where it begins; its length is 0 at the end. */
const char *sl_typed_next(const char *path, size_t *n);

/* Cuts a path for -R: returns what stays in front ("/", "./", or all before "/./"), fresh memory; *rest is what becomes the path of the transfer. */
char *sl_typed_front(const char *path, const char **rest);

/* What it is called in a message: its last name, or, with -R, its path; "." where it has none. Fresh memory. */
enum sl_typed_how { SL_TYPED_LAST, SL_TYPED_RELATIVE };
char *sl_typed_name(const char *path, enum sl_typed_how how);

#endif

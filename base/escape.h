/* SPDX-License-Identifier: ISC */
/* escape - what comes from a peer or a file name is made safe before a person or a log sees it. */
#ifndef SL_BASE_ESCAPE_H
#define SL_BASE_ESCAPE_H

#include <stddef.h>

/* Writes at most size bytes with the NUL. Control characters (C0, DEL, C1) and bytes that are not UTF-8 become \#ooo
 * (three octal digits, as rsync prints them); printable UTF-8 stays. Returns the length that a large enough buffer
 * would have had. A result that does not fit ends at a whole escape. */
size_t sl_escape(const char *in, size_t len, char *out, size_t size);

enum sl_escape_flag {
    SL_ESCAPE_NAME = 1,      /* a backslash that would look like the beginning of \#ooo becomes one: the name can be had back */
    SL_ESCAPE_8BIT = 2       /* bytes from 0xa0 on stay, UTF-8 or not; control characters do not */
};
size_t sl_escape_as(const char *in, size_t len, unsigned flags, char *out, size_t size);

/* The same as sl_escape into fresh memory; the caller frees. */
char *sl_escape_dup(const char *in, size_t len);

/* The length of the valid UTF-8 sequence at p (n >= 1 bytes), or 0. */
size_t sl_utf8_len(const unsigned char *p, size_t n);

#endif

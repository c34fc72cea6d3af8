/* SPDX-License-Identifier: ISC */
/* text - blanks between words, the last line of what a program said, columns that a character takes. */
#ifndef SL_BASE_TEXT_H
#define SL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A blank, a tab, or what ends a line. */
bool sl_text_blank(char c);

/* The last line with anything in it, escaped (base/escape.h); "" without. At most size bytes with the NUL. */
void sl_text_last_line(const char *text, size_t len, char *out, size_t size);

/* The columns that the character at p (n >= 1 bytes, UTF-8) takes on a terminal, at most: 2 for those of East Asia, for pictures and
 * for whatever is not known to be narrow, else 1. *len: its bytes; 1 for one that is no UTF-8. */
unsigned sl_text_columns(const unsigned char *p, size_t n, size_t *len);

#endif

/* SPDX-License-Identifier: ISC */
/* format - the escapes of --out-format and --log-file-format: %['][-][WIDTH][']LETTER. */
#ifndef SL_CLIENT_FORMAT_H
#define SL_CLIENT_FORMAT_H

#include <stdbool.h>

/* Whether format has %LETTER, with marks and width or without. */
bool sl_format_has(const char *format, char letter);

#endif

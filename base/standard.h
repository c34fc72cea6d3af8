/* SPDX-License-Identifier: ISC */
/* standard - standard input, output and error of a process: that they are there, and that nothing written was lost. */
#ifndef SL_BASE_STANDARD_H
#define SL_BASE_STANDARD_H

#include <stdbool.h>

/* Opens /dev/null for those of descriptors 0 to 2 that are closed: a file opened later would be taken for one of them. To be
 * called before anything is opened. False: one is closed and stays so; nothing may be opened then. */
bool sl_standard_fill(void);

/* At the end of a process that would exit with `status`: writes what standard output still holds. Where anything of it, or of
 * standard error, could not be written that is said, after the name of the program; then a status of 0 becomes `lost`. */
int sl_standard_end(const char *program, int status, int lost);

#endif

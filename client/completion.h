/* SPDX-License-Identifier: ISC */
/* completion - the options as the completion of shells needs them; the scripts themselves are in client/completion/. */
#ifndef SL_CLIENT_COMPLETION_H
#define SL_CLIENT_COMPLETION_H

/* A line for each option that is supported and shown: letter, name, name of its value, what the value can be, help,
 * with tabs between them. A letter or name that there is not is empty. What the value can be: "file", "dir", "host", or
 * "=" and words with blanks between them, or nothing. Names with "no-" in front stand in lines of their own, without
 * help. Fresh memory. */
char *sl_completion_table(void);

#endif

/* SPDX-License-Identifier: ISC */
/* ssh_ciphers - which of the ciphers that are allowed this processor does fast. */
#ifndef SL_CLIENT_SSH_CIPHERS_H
#define SL_CLIENT_SSH_CIPHERS_H

/* The same names, those first that this processor does fast; the caller frees. ChaCha20 comes first in ssh's own list; with instructions
 * for AES its GCM is two to three times as fast. */
char *sl_ssh_ciphers_fast_first(const char *list);

#endif

/* SPDX-License-Identifier: ISC */
/* ssh_ciphers - which of the ciphers that are allowed this processor does fast. */
#ifndef SL_CLIENT_SSH_CIPHERS_H
#define SL_CLIENT_SSH_CIPHERS_H

/* The same names, those first that this processor does fast; the caller frees. ChaCha20 comes first in ssh's own list; with instructions
 * for AES its GCM is two to three times as fast. */
char *sl_ssh_ciphers_fast_first(const char *list);

/* What `ssh -G` said (NULL: nothing) names the ciphers of ssh's own default, in its order: the same, those first that are fast; the caller frees.
 * NULL: the user's configuration names others, and they stay as they are; or the order is as it should be. */
char *sl_ssh_ciphers_instead(const char *said);

#endif

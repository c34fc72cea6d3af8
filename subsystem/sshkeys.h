/* SPDX-License-Identifier: ISC */
/* sshkeys - fingerprints of the public keys in what sshd's ExposeAuthInfo tells. */
#ifndef SL_SUBSYSTEM_SSHKEYS_H
#define SL_SUBSYSTEM_SSHKEYS_H

#include <stdbool.h>
#include <stddef.h>

#define SL_FINGERPRINT_SIZE 56u      /* "SHA256:", 43 characters, NUL, and some */

/* Whether this build can compute fingerprints (libcrypto was there). */
bool sl_fingerprints_there(void);

/* "ssh-ed25519 AAAA...", as in a public key file, to "SHA256:...", as ssh-keygen -l prints it; of a certificate that of
 * the key which it certifies. False when it is no key. len: of the line, without its end. */
bool sl_fingerprint(const char *line, size_t len, char out[SL_FINGERPRINT_SIZE]);

#endif

/* SPDX-License-Identifier: ISC */
/* fuzz_login - what a login brings: the words of a command, a key as sshd tells it, an address. */
#include "config.h"
#include "base/mem.h"
#include "subsystem/principals.h"
#include "subsystem/shell.h"
#include "subsystem/sshkeys.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = sl_memdup0(data, size), key[SL_FINGERPRINT_SIZE], address[INET6_ADDRSTRLEN + 8];
    struct sl_words w;
    struct sl_error err;
    struct sl_who who = { 0 };
    if (sl_fingerprint(text, size, key) && strncmp(key, "SHA256:", 7) != 0)
        abort();
    for (int forced = 0; forced < 2; forced++)
        if (sl_shell_words(text, forced, &w, &err) == SL_OK) {
            if (w.argc < 1 || w.argv[w.argc] || (!forced && w.argc > 1) || strpbrk(text, "'\"\\$`;&|<>()*?[]{}!~#\n"))
                abort();
            sl_words_clear(&w);
        }
    if (sl_who_set_addr(&who, text) && strcmp(sl_who_addr(&who, address, sizeof address), "unknown") == 0)
        abort();
    sl_who_clear(&who);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: ISC */
/* ssh_ciphers - which of the ciphers that are allowed this processor does fast. */
#include "config.h"
#include "client/ssh_ciphers.h"
#include "base/buf.h"
#include "base/mem.h"
#include "client/ssh_question.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

static bool fast_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("aes");
#elif defined(__aarch64__)
    return getauxval(AT_HWCAP) & HWCAP_AES;
#else
    return false;
#endif
}

static bool in_list(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == n && memcmp(p, name, n) == 0)
            return true;
    return false;
}

static void add_name(struct sl_buf *b, const char *name, size_t n)
{
    if (sl_buf_len(b))
        sl_buf_add(b, ",", 1);
    sl_buf_add(b, name, n);
}

char *sl_ssh_ciphers_fast_first(const char *list)
{
    static const char *const first[] = { "aes128-gcm@openssh.com", "aes256-gcm@openssh.com" };
    struct sl_buf b = { 0 };
    if (!fast_aes())
        return sl_strdup(list);
    for (size_t i = 0; i < 2; i++)
        if (in_list(list, first[i]))
            add_name(&b, first[i], strlen(first[i]));
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        char *name = sl_memdup0(p, strcspn(p, ","));
        if (strcmp(name, first[0]) != 0 && strcmp(name, first[1]) != 0)
            add_name(&b, name, strlen(name));
        free(name);
    }
    char *out = sl_memdup0(sl_buf_len(&b) ? (const char *)sl_buf_ptr(&b) : "", sl_buf_len(&b));
    sl_buf_clear(&b);
    return out;
}

char *sl_ssh_ciphers_instead(const char *said)
{
    /* OpenSSH 6.5 to 9.9, and from 10.0. */
    static const char *const defaults[] = {
        "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr",
    };
    char list[512];
    if (!said)
        return NULL;
    sl_ssh_setting(said, "ciphers", list, sizeof list);
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (fast_aes() && strcmp(list, defaults[i]) == 0)
            return sl_ssh_ciphers_fast_first(list);
    return NULL;
}

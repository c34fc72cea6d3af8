/* SPDX-License-Identifier: ISC */
/*
 * sshkeys - the fingerprint of a key is the SHA-256 of its blob (RFC 4253, section 6.6), in base64 without padding, as
 * OpenSSH shows it. The blob of a certificate (PROTOCOL.certkeys) holds a nonce and then the fields of the key: the plain
 * blob is put together from them.
 */
#include "config.h"
#include "subsystem/sshkeys.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if HAVE_LIBCRYPTO

#include <openssl/evp.h>

enum { LINE_MAX_LEN = 64 * 1024, DIGEST = 32 };

static const char cert_mark[] = "-cert-v01@openssh.com";

struct blob { const uint8_t *at; size_t left; };

static bool take(struct blob *b, const uint8_t **data, size_t *len)
{
    if (b->left < 4)
        return false;
    size_t n = (size_t)b->at[0] << 24 | (size_t)b->at[1] << 16 | (size_t)b->at[2] << 8 | b->at[3];
    if (n > b->left - 4)
        return false;
    *data = b->at + 4;
    *len = n;
    b->at += 4 + n;
    b->left -= 4 + n;
    return true;
}

static void put(struct sl_buf *out, const void *data, size_t len)
{
    const uint8_t head[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };
    sl_buf_add(out, head, sizeof head);
    sl_buf_add(out, data, len);
}

/* How many fields make up a key of this type; 0: unknown. */
static int fields_of(const char *type)
{
    static const struct { const char *type; int fields; } table[] = {
        { "ssh-rsa", 2 }, { "ssh-ed25519", 1 }, { "ecdsa-sha2-nistp256", 2 }, { "ecdsa-sha2-nistp384", 2 },
        { "ecdsa-sha2-nistp521", 2 }, { "sk-ssh-ed25519@openssh.com", 2 }, { "sk-ecdsa-sha2-nistp256@openssh.com", 3 },
        { "ssh-dss", 4 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].type, type) == 0)
            return table[i].fields;
    return 0;
}

/* "ssh-ed25519-cert-v01@openssh.com" is "ssh-ed25519"; "sk-..." keep the domain behind it. NULL: no certificate's type. */
static char *plain_type(const uint8_t *type, size_t len)
{
    size_t mark = sizeof cert_mark - 1;
    if (len <= mark || len > 100 || memcmp(type + len - mark, cert_mark, mark) != 0)
        return NULL;
    char *front = sl_memdup0(type, len - mark);
    char *out = strncmp(front, "sk-", 3) == 0 ? sl_asprintf("%s@openssh.com", front) : sl_strdup(front);
    free(front);
    return out;
}

/* The plain key's blob out of a certificate's. False when it is none. */
static bool certified(const uint8_t *data, size_t len, struct sl_buf *out)
{
    struct blob b = { data, len };
    const uint8_t *field;
    size_t n;
    if (!take(&b, &field, &n))
        return false;
    char *type = plain_type(field, n);
    int fields = type ? fields_of(type) : 0;
    bool well = fields && take(&b, &field, &n);          /* the nonce */
    if (well)
        put(out, type, strlen(type));
    for (int i = 0; well && i < fields; i++) {
        well = take(&b, &field, &n);
        if (well)
            put(out, field, n);
    }
    free(type);
    return well;
}

/* The blob behind its own type's name: a line whose two names differ is not what sshd writes. */
static bool decode(const char *line, size_t len, struct sl_buf *out)
{
    const char *space = memchr(line, ' ', len);
    const uint8_t *type;
    size_t type_len, text = 0, pad = 0;
    if (!space || len > LINE_MAX_LEN)
        return false;
    const char *b64 = space + 1;
    while (b64 + text < line + len && b64[text] != ' ')
        text++;
    if (!text || text % 4)
        return false;
    while (pad < 2 && b64[text - 1 - pad] == '=')
        pad++;
    char *copy = sl_memdup0(b64, text);
    int n = EVP_DecodeBlock(sl_buf_reserve(out, text), (const unsigned char *)copy, (int)text);
    free(copy);
    if (n < 0 || (size_t)n < pad)
        return false;
    sl_buf_commit(out, (size_t)n - pad);
    struct blob b = { sl_buf_ptr(out), sl_buf_len(out) };
    return take(&b, &type, &type_len) && type_len == (size_t)(space - line) && memcmp(type, line, type_len) == 0;
}

bool sl_fingerprints_there(void)
{
    return true;
}

bool sl_fingerprint(const char *line, size_t len, char out[SL_FINGERPRINT_SIZE])
{
    struct sl_buf blob = { 0 }, plain = { 0 };
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    bool well = decode(line, len, &blob);
    if (well) {
        const struct sl_buf *of = certified(sl_buf_ptr(&blob), sl_buf_len(&blob), &plain) ? &plain : &blob;
        well = EVP_Digest(sl_buf_ptr(of), sl_buf_len(of), digest, &digest_len, EVP_sha256(), NULL) == 1 && digest_len == DIGEST;
    }
    if (well) {
        memcpy(out, "SHA256:", 7);
        int n = EVP_EncodeBlock((unsigned char *)out + 7, digest, DIGEST);
        while (n && out[7 + n - 1] == '=')
            n--;
        out[7 + n] = '\0';
    }
    sl_buf_clear(&blob);
    sl_buf_clear(&plain);
    return well;
}

#else

bool sl_fingerprints_there(void)
{
    return false;
}

bool sl_fingerprint(const char *line, size_t len, char out[SL_FINGERPRINT_SIZE])
{
    (void)line;
    (void)len;
    (void)out;
    return false;
}

#endif

/* SPDX-License-Identifier: ISC */
/* options_transfer - see options_transfer.h. */
#include "config.h"
#include "client/options_transfer.h"
#include "base/hash.h"
#include "base/num.h"
#include "proto/line.h"

#include <limits.h>
#include <string.h>
#include <sys/socket.h>

enum { COMPRESS_DEFAULT = -1, LEVEL_MAX = 22 };

/* *at: which of the words it is. */
static enum sl_code one_of(const char *option, const char *value, const char *const words[3], int *at, struct sl_error *err)
{
    for (*at = 0; *at < 3; (*at)++)
        if (strcmp(words[*at], value) == 0)
            return SL_OK;
    return sl_fail(err, SL_E_CONFIG, "--%s: '%s' is not one of %s, %s, %s", option, value, words[0], words[1], words[2]);
}

static enum sl_code take_confinement(struct sl_options *o, const char *value, struct sl_error *err)
{
    static const char *const words[3] = { "available", "required", "off" };
    int at;
    enum sl_code rc = one_of("confinement", value, words, &at, err);
    if (rc == SL_OK)
        o->confinement = (enum sl_client_confinement)at;
    return rc;
}

static enum sl_code take_transport(struct sl_options *o, const char *value, struct sl_error *err)
{
    static const char *const words[3] = { "auto", "libssh", "ssh" };
    int at;
    enum sl_code rc = one_of("transport", value, words, &at, err);
    if (rc == SL_OK)
        o->transport = (enum sl_transport_name)at;
    return rc;
}

static enum sl_code take_lanes(struct sl_options *o, const char *value, struct sl_error *err)
{
    if (strcmp(value, "auto") == 0)
        o->lanes = 0;
    else if (sl_num_int(value, 1, SL_LANES_MAX, &o->lanes) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "--lanes: '%s' is neither auto nor a number from 1 to %d", value, SL_LANES_MAX);
    return SL_OK;
}

/* As with rsync, to choose how is to ask for it. */
static enum sl_code choose_compression(struct sl_options *o, const char *value, struct sl_error *err)
{
    bool zstd = strcmp(value, "zstd") == 0, zlib = strcmp(value, "zlib") == 0;
#ifndef HAVE_ZSTD
    if (zstd)
        return sl_fail(err, SL_E_CONFIG, "--compress-choice: this build has no zstd; use zlib");
#endif
    o->compress_none = strcmp(value, "none") == 0;
    if (o->compress_none)
        return SL_OK;
    if (!zstd && !zlib && strcmp(value, "auto") != 0)
        return sl_fail(err, SL_E_CONFIG, "--compress-choice: '%s' is not known here; use zstd, zlib, auto or none", value);
    o->compress_choice = zstd ? "zstd" : zlib ? "zlib" : NULL;
    o->compress = o->compress > 0 ? o->compress : COMPRESS_DEFAULT;
    return SL_OK;
}

/* As with rsync, in whole KiB, and from half of one on; 0 is no limit. */
static enum sl_code take_bwlimit(struct sl_options *o, const char *value, struct sl_error *err)
{
    uint64_t bytes = 0;
    if (sl_num_size(value, 1024, &bytes) != SL_OK || (bytes && bytes < 512) || bytes > SL_LINE_RATE_MAX - 1024)
        return sl_fail(err, SL_E_CONFIG, "--bwlimit: '%s' is not a rate like 500, 1.5m or 0 (512 bytes a second at least)", value);
    o->bwlimit = (bytes + 512) / 1024 * 1024;
    return SL_OK;
}

/* rsync's form NAME,NAME tells the hash that verifies what was sent from that of --checksum: here they are one. */
static enum sl_code choose_hash(struct sl_options *o, const char *value, struct sl_error *err)
{
    const char *comma = strchr(value, ',');
    size_t n = comma ? (size_t)(comma - value) : strlen(value);
    bool sha256 = n == 6 && strncmp(value, "sha256", n) == 0;
    bool usual = (n == 6 && strncmp(value, "xxh128", n) == 0) || (n == 4 && strncmp(value, "auto", n) == 0);
    if (comma && (strlen(comma + 1) != n || strncmp(value, comma + 1, n) != 0))
        return sl_fail(err, SL_E_CONFIG, "--checksum-choice: '%s': one hash is used for both here; name one", value);
    if (n == 4 && strncmp(value, "none", n) == 0)
        return sl_fail(err, SL_E_CONFIG, "--checksum-choice: none is not possible: every file is verified before it gets its name");
    if (!sha256 && !usual)
        return sl_fail(err, SL_E_CONFIG, "--checksum-choice: '%.*s' is not known here; use xxh128, sha256 or auto", (int)n, value);
    if (sha256 && !sl_hash_has(SL_HASH_SHA256))
        return sl_fail(err, SL_E_CONFIG, "--checksum-choice: this build has no sha256 (it was made without libcrypto)");
    o->sha256 = sha256;
    return SL_OK;
}

/* As with rsync, a level that there is not is the nearest one, and -1 the usual one. */
static enum sl_code take_level(struct sl_options *o, const char *value, struct sl_error *err)
{
    int level = 0;
    if (sl_num_int(value, INT_MIN, INT_MAX, &level) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "--compress-level: '%s' is not a number", value);
    o->compress = level > LEVEL_MAX ? LEVEL_MAX : level < COMPRESS_DEFAULT ? 1 : level;
    return SL_OK;
}

enum sl_code sl_transfer_partial_dir(struct sl_options *o, const char *said_by, const char *value, struct sl_error *err)
{
    size_t n = strlen(value);
    while (n > 1 && value[n - 1] == '/')
        n--;
    if (*value == '/')
        return sl_fail(err, SL_E_CONFIG, "%s: '%s' is absolute; only a name, of a directory beside each file, is possible", said_by, value);
    if (!sl_name_ok(value, n) || strpbrk(value, "*?[\\"))
        return sl_fail(err, SL_E_CONFIG, "%s: '%s' is not one plain name", said_by, value);
    memcpy(o->partial_dir, value, n);
    o->partial_dir[n] = '\0';
    return SL_OK;
}

enum sl_code sl_transfer_take(struct sl_options *o, enum sl_option_id id, const char *value, struct sl_error *err)
{
    switch (id) {
    case SL_ID_WHOLE:
    case SL_ID_NO_WHOLE:
        o->whole_file = id == SL_ID_WHOLE ? 1 : -1;
        return SL_OK;
    case SL_ID_PARTIAL_DIR:
        return sl_transfer_partial_dir(o, "--partial-dir", value, err);
    case SL_ID_COMPRESS:
        o->compress = o->compress > 0 ? o->compress : COMPRESS_DEFAULT;
        return SL_OK;
    case SL_ID_COMPRESS_LEVEL:
        return take_level(o, value, err);
    case SL_ID_COMPRESS_CHOICE:
        return choose_compression(o, value, err);
    case SL_ID_SKIP_COMPRESS:
        return sl_suffixes_set(o->as_is, value, err);
    case SL_ID_BWLIMIT:
        return take_bwlimit(o, value, err);
    case SL_ID_CHECKSUM_CHOICE:
        return choose_hash(o, value, err);
    case SL_ID_IPV4:
    case SL_ID_IPV6:
        o->address_family = id == SL_ID_IPV4 ? AF_INET : AF_INET6;
        return SL_OK;
    case SL_ID_CONFINEMENT:
        return take_confinement(o, value, err);
    case SL_ID_TRANSPORT:
        return take_transport(o, value, err);
    case SL_ID_LANES:
        return take_lanes(o, value, err);
    default:
        return SL_EOF;
    }
}

/* SPDX-License-Identifier: ISC */
/* error - codes, their names and texts, and how an sl_error is filled. It never prints. */
#include "config.h"
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
} codes[SL_E_MAX + 1] = {
    [SL_OK] = { "ok", "no error" },
    [SL_E_IO] = { "io", "input/output error" },
    [SL_E_NOT_FOUND] = { "not-found", "no such file or directory" },
    [SL_E_EXISTS] = { "exists", "exists already" },
    [SL_E_DENIED] = { "denied", "permission denied" },
    [SL_E_RIGHTS] = { "rights", "not allowed by the rights granted" },
    [SL_E_NOT_DIR] = { "not-dir", "not a directory" },
    [SL_E_IS_DIR] = { "is-dir", "is a directory" },
    [SL_E_LINK] = { "link", "is a symbolic link" },
    [SL_E_NOT_EMPTY] = { "not-empty", "directory not empty" },
    [SL_E_NO_SPACE] = { "no-space", "no space left on device" },
    [SL_E_QUOTA] = { "quota", "disk quota exceeded" },
    [SL_E_READ_ONLY] = { "read-only", "read-only file system" },
    [SL_E_NAME] = { "name", "file name too long or not allowed" },
    [SL_E_INVALID] = { "invalid", "invalid request" },
    [SL_E_UNSUPPORTED] = { "unsupported", "not supported" },
    [SL_E_CHANGED] = { "changed", "changed while it was used" },
    [SL_E_CORRUPT] = { "corrupt", "content does not match its hash" },
    [SL_E_TYPE] = { "type", "wrong type of file" },
    [SL_E_NO_MODULE] = { "no-module", "no such module" },
    [SL_E_LIMIT] = { "limit", "a limit was reached" },
    [SL_E_BUSY] = { "busy", "busy" },
    [SL_E_TOO_BIG] = { "too-big", "file too large" },
    [SL_E_NO_MEMORY] = { "no-memory", "out of memory" },
    [SL_E_PROTOCOL] = { "protocol", "protocol error" },
    [SL_E_VERSION] = { "version", "no common protocol version" },
    [SL_E_PEER] = { "peer", "the peer is not superlifter" },
    [SL_E_CLOSED] = { "closed", "connection closed" },
    [SL_E_TIMEOUT] = { "timeout", "timed out" },
    [SL_E_CONFIG] = { "config", "configuration error" },
    [SL_E_CONNECT] = { "connect", "cannot connect" },
    [SL_E_LOOP] = { "loop", "too many symbolic links" },
    [SL_E_ATTRS] = { "attributes", "some attributes could not be set" },
};

static const struct {
    int sys_errno;
    enum sl_code code;
} errnos[] = {
    { ENOENT, SL_E_NOT_FOUND },   { EEXIST, SL_E_EXISTS },     { EACCES, SL_E_DENIED },
    { EPERM, SL_E_DENIED },       { ENOTDIR, SL_E_NOT_DIR },   { EISDIR, SL_E_IS_DIR },
    { ELOOP, SL_E_LINK },         { ENOTEMPTY, SL_E_NOT_EMPTY },{ ENOSPC, SL_E_NO_SPACE },
    { EDQUOT, SL_E_QUOTA },       { EROFS, SL_E_READ_ONLY },   { ENAMETOOLONG, SL_E_NAME },
    { EINVAL, SL_E_INVALID },     { EOPNOTSUPP, SL_E_UNSUPPORTED }, { ENOSYS, SL_E_UNSUPPORTED },
    { EXDEV, SL_E_UNSUPPORTED },
    { EBUSY, SL_E_BUSY },         { ETXTBSY, SL_E_BUSY },      { EFBIG, SL_E_TOO_BIG },
    { ENOMEM, SL_E_NO_MEMORY },   { EPIPE, SL_E_CLOSED },      { ECONNRESET, SL_E_CLOSED },
    { ETIMEDOUT, SL_E_TIMEOUT },  { ECONNREFUSED, SL_E_CONNECT }, { EMLINK, SL_E_LIMIT },
    { EMFILE, SL_E_LIMIT },       { ENFILE, SL_E_LIMIT },      { EAGAIN, SL_AGAIN },
    { ESTALE, SL_E_CHANGED },     { EHOSTUNREACH, SL_E_CONNECT }, { ENETUNREACH, SL_E_CONNECT },
    { ENETDOWN, SL_E_CONNECT },
};

enum sl_code sl_code_of_errno(int sys_errno)
{
    for (size_t i = 0; i < sizeof errnos / sizeof errnos[0]; i++)
        if (errnos[i].sys_errno == sys_errno)
            return errnos[i].code;
    return SL_E_IO;
}

static bool known(enum sl_code code)
{
    return (int)code >= 0 && code <= SL_E_MAX;
}

const char *sl_code_name(enum sl_code code)
{
    return known(code) ? codes[code].name : "unknown";
}

const char *sl_code_text(enum sl_code code)
{
    return known(code) ? codes[code].text : "unknown error";
}

static void fill(struct sl_error *err, enum sl_code code, int sys_errno, const char *fmt, va_list ap)
{
    err->code = code;
    err->sys_errno = sys_errno;
    err->side = SL_SIDE_HERE;
    err->retry_s = 0;
    err->lasting = false;
    vsnprintf(err->text, sizeof err->text, fmt, ap);
}

enum sl_code sl_fail(struct sl_error *err, enum sl_code code, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        fill(err, code, 0, fmt, ap);
        va_end(ap);
    }
    return code;
}

enum sl_code sl_fail_errno(struct sl_error *err, int sys_errno, const char *fmt, ...)
{
    enum sl_code code = sl_code_of_errno(sys_errno);
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        fill(err, code, sys_errno, fmt, ap);
        va_end(ap);
        size_t n = strlen(err->text);
        snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(sys_errno));
    }
    return code;
}

void sl_error_context(struct sl_error *err, const char *fmt, ...)
{
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    size_t n = strlen(err->text);
    snprintf(err->text + n, sizeof err->text - n, ": %s", old);
}

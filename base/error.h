/* SPDX-License-Identifier: ISC */
/*
 * error - result codes, and the one structure that carries what a user sees.
 *
 * Functions that can fail return an sl_code; SL_OK is 0. Results go through pointers that a failure leaves
 * untouched. A struct sl_error is filled once, where the fault is born; callers may put context in front.
 * The numeric values of codes 1..63 are part of the wire protocol (doc/PROTOCOL.md) and never change.
 */
#ifndef SL_BASE_ERROR_H
#define SL_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

enum sl_code {
    SL_OK = 0,
    SL_E_IO = 1,          /* anything of the system that has no code of its own */
    SL_E_NOT_FOUND = 2,   /* ENOENT */
    SL_E_EXISTS = 3,      /* EEXIST */
    SL_E_DENIED = 4,      /* EACCES, EPERM: the system says no */
    SL_E_RIGHTS = 5,      /* the configured rights say no */
    SL_E_NOT_DIR = 6,     /* ENOTDIR */
    SL_E_IS_DIR = 7,      /* EISDIR */
    SL_E_LINK = 8,        /* a symlink where none is followed; text is the link's target */
    SL_E_NOT_EMPTY = 9,   /* ENOTEMPTY */
    SL_E_NO_SPACE = 10,   /* ENOSPC */
    SL_E_QUOTA = 11,      /* EDQUOT */
    SL_E_READ_ONLY = 12,  /* EROFS */
    SL_E_NAME = 13,       /* a name that is too long or not a name */
    SL_E_INVALID = 14,    /* a request or value that makes no sense */
    SL_E_UNSUPPORTED = 15,/* not in this build, or not on this file system */
    SL_E_CHANGED = 16,    /* the object changed while it was used */
    SL_E_CORRUPT = 17,    /* a hash did not match */
    SL_E_TYPE = 18,       /* not the type of file that the request needs */
    SL_E_NO_MODULE = 19,  /* no such module, or not for this peer */
    SL_E_LIMIT = 20,      /* a limit was reached; try later or less */
    SL_E_BUSY = 21,       /* EBUSY, ETXTBSY */
    SL_E_TOO_BIG = 22,    /* EFBIG */
    SL_E_NO_MEMORY = 23,
    SL_E_PROTOCOL = 24,   /* the peer broke the protocol */
    SL_E_VERSION = 25,    /* no common protocol version */
    SL_E_PEER = 26,       /* what answers is not ours */
    SL_E_CLOSED = 27,     /* the connection ended */
    SL_E_TIMEOUT = 28,
    SL_E_CONFIG = 29,     /* a configuration or usage error */
    SL_E_CONNECT = 30,    /* could not reach the other side */
    SL_E_LOOP = 31,       /* too many symlinks on the way */
    SL_E_ATTRS = 32,      /* everything is done but for some extended attributes or an ACL */
    SL_E_MAX = 32,
    SL_AGAIN = 64,        /* would block: a result, not an error; never on the wire */
    SL_EOF = 65           /* nothing more: a result, not an error; never on the wire */
};

enum sl_side { SL_SIDE_HERE = 0, SL_SIDE_SOURCE, SL_SIDE_DEST, SL_SIDE_SERVER };

struct sl_error {
    enum sl_code code;
    int sys_errno;        /* 0 where no system call failed */
    enum sl_side side;
    unsigned retry_s;     /* of a server that is busy: come again in so many seconds; 0: not that */
    bool lasting;         /* of a connection that could not be made: another attempt would meet the same */
    char text[600];       /* "cannot open 'a/b': Permission denied", not yet escaped for a terminal */
};

/* No error. Its text, of which only the first byte counts then, is left as it is: for where this is done for each entry of a tree. */
static inline void sl_error_none(struct sl_error *err)
{
    err->code = SL_OK;
    err->sys_errno = 0;
    err->side = SL_SIDE_HERE;
    err->retry_s = 0;
    err->lasting = false;
    err->text[0] = '\0';
}

/* The code for an errno value; SL_E_IO for those without one of their own. */
enum sl_code sl_code_of_errno(int sys_errno);

/* A short stable identifier such as "not-found", for --json and logs; never NULL. */
const char *sl_code_name(enum sl_code code);

/* A sentence part such as "no such file or directory", for messages whose text is empty; never NULL. */
const char *sl_code_text(enum sl_code code);

/* Fills *err (NULL is allowed) with code and formatted text and returns code. */
enum sl_code sl_fail(struct sl_error *err, enum sl_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: code from sys_errno, text "TEXT: strerror". */
enum sl_code sl_fail_errno(struct sl_error *err, int sys_errno, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "CONTEXT: " in front of err->text. */
void sl_error_context(struct sl_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

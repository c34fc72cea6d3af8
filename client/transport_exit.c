/* SPDX-License-Identifier: ISC */
/* transport_exit - rsync's exit status for a connection that failed; apart, because a test has its own transport. */
#include "config.h"
#include "client/transport_priv.h"

int sl_transport_exit(enum sl_code code)
{
    switch ((int)code) {
    case SL_E_TIMEOUT:
        return SL_EXIT_CONTIMEOUT;
    case SL_E_CONFIG:
        return SL_EXIT_CONFIG;
    case SL_E_DENIED:
    case SL_E_NOT_FOUND:
    case SL_E_UNSUPPORTED:
    case SL_E_LIMIT:
        return SL_EXIT_NOT_LET_IN;
    case SL_E_CLOSED:
        return SL_EXIT_BROKEN;
    default:
        return SL_EXIT_UNREACHABLE;
    }
}

/* SPDX-License-Identifier: ISC */
/* log - see log.h. One call writes one line: what a peer sent can neither begin another line nor move a terminal's cursor. */
#include "config.h"
#include "subsystem/log.h"
#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static enum sl_log_to log_to;

void sl_log_open(enum sl_log_to to)
{
    log_to = to;
    if (to == SL_LOG_SYSLOG)
        openlog("superlifter-server", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void sl_log(enum sl_log_level level, const char *fmt, ...)
{
    char text[1024], safe[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sl_escape(text, strlen(text), safe, sizeof safe);
    if (log_to == SL_LOG_SYSLOG)
        syslog(level == SL_LOG_ERROR ? LOG_ERR : LOG_NOTICE, "%s", safe);
    else
        fprintf(stderr, "superlifter-server: %s\n", safe);
}

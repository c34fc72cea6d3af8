/* SPDX-License-Identifier: ISC */
/* log - see log.h. The one place where the server prints. */
#include "config.h"
#include "subsystem/log.h"
#include "base/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>
#include <time.h>

static struct {
    enum sl_log_to to;
    int level, facility;
    bool opened;
    struct sl_helper *helper;
} state = { SL_LOG_STDERR, SL_LOG_INFO, LOG_AUTH, false, NULL };

static const char *const levels[] = { "QUIET", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG" };

static const struct { const char *name; int facility; } facilities[] = {
    { "AUTH", LOG_AUTH }, { "AUTHPRIV", LOG_AUTHPRIV }, { "DAEMON", LOG_DAEMON }, { "USER", LOG_USER }, { "LOCAL0", LOG_LOCAL0 },
    { "LOCAL1", LOG_LOCAL1 }, { "LOCAL2", LOG_LOCAL2 }, { "LOCAL3", LOG_LOCAL3 }, { "LOCAL4", LOG_LOCAL4 },
    { "LOCAL5", LOG_LOCAL5 }, { "LOCAL6", LOG_LOCAL6 }, { "LOCAL7", LOG_LOCAL7 },
};
enum { LEVELS = sizeof levels / sizeof levels[0], FACILITIES = sizeof facilities / sizeof facilities[0] };

int sl_log_level_of(const char *name)
{
    for (int i = 0; i < LEVELS; i++)
        if (strcasecmp(levels[i], name) == 0)
            return i;
    /* sftp-server has three of them. */
    return strncasecmp(name, "DEBUG", 5) == 0 && strlen(name) == 6 && strchr("123", name[5]) ? SL_LOG_DEBUG : -1;
}

int sl_log_facility_of(const char *name)
{
    for (int i = 0; i < FACILITIES; i++)
        if (strcasecmp(facilities[i].name, name) == 0)
            return facilities[i].facility;
    return -1;
}

const char *sl_log_level_name(int level)
{
    return level >= 0 && level < LEVELS ? levels[level] : "";
}

const char *sl_log_facility_name(int facility)
{
    for (int i = 0; i < FACILITIES; i++)
        if (facilities[i].facility == facility)
            return facilities[i].name;
    return "";
}

void sl_log_open(enum sl_log_to to, int level, int facility)
{
    state.to = to;
    if (level >= 0)
        state.level = level;
    if (facility >= 0)
        state.facility = facility;
    if (state.opened)
        closelog();
    state.opened = to != SL_LOG_STDERR;
    if (state.opened)
        tzset();                         /* its file is read now, and not where it is out of reach */
    if (state.opened)
        openlog("superlifter-server", LOG_PID | LOG_NDELAY, state.facility);
}

void sl_log_through(struct sl_helper *h)
{
    state.helper = h;
}

static void to_syslog(int level, const char *text)
{
    static const int priorities[] = { LOG_ERR, LOG_CRIT, LOG_ERR, LOG_INFO, LOG_INFO, LOG_DEBUG };
    syslog(priorities[level], "%s", text);
}

bool sl_log_serve(struct sl_helper_message *m)
{
    unsigned level = m->kind - SL_LOG_KIND;
    if (level < LEVELS)
        to_syslog((int)level, m->text);
    return false;
}

static void send_to_syslog(enum sl_log_level level, const char *text)
{
    struct sl_helper_message m = { .kind = SL_LOG_KIND + (uint32_t)level };
    if (!state.helper) {
        to_syslog((int)level, text);
        return;
    }
    size_t n = strnlen(text, sizeof m.text - 1);
    memcpy(m.text, text, n);
    sl_helper_tell(state.helper, &m);
}

bool sl_log_wants(enum sl_log_level level)
{
    return (int)level <= state.level;
}

void sl_log(enum sl_log_level level, const char *fmt, ...)
{
    char text[1024], safe[2048];
    va_list ap;
    if (!sl_log_wants(level))
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sl_escape(text, strlen(text), safe, sizeof safe);
    if (state.to != SL_LOG_STDERR)
        send_to_syslog(level, safe);
    if (state.to == SL_LOG_STDERR || (state.to == SL_LOG_BOTH && level <= SL_LOG_ERROR))
        fprintf(stderr, "superlifter-server: %s\n", safe);
}

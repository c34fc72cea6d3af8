/* SPDX-License-Identifier: ISC */
/* log - what the server has to say, on standard error or to the system log, with the levels of sftp-server. What comes from
 * peers is escaped here, whoever brings it. */
#ifndef SL_SUBSYSTEM_LOG_H
#define SL_SUBSYSTEM_LOG_H

#include <stdbool.h>

#include "base/helper.h"

enum sl_log_level { SL_LOG_QUIET, SL_LOG_FATAL, SL_LOG_ERROR, SL_LOG_INFO /* a line a session */,
                    SL_LOG_VERBOSE /* a line for each transfer and refusal */, SL_LOG_DEBUG };
#define SL_LOG_LEVELS "QUIET FATAL ERROR INFO VERBOSE DEBUG"
#define SL_LOG_FACILITIES "AUTH AUTHPRIV DAEMON USER LOCAL0 ... LOCAL7"

enum sl_log_to {
    SL_LOG_STDERR,               /* all of it */
    SL_LOG_SYSLOG,
    SL_LOG_BOTH                  /* all to the system log, errors on standard error too: over SSH, where the user sees them */
};

/* -1: no such name. Case does not matter. */
int sl_log_level_of(const char *name);
int sl_log_facility_of(const char *name);
const char *sl_log_level_name(int level);
const char *sl_log_facility_name(int facility);

/* level and facility -1: as they were (INFO and AUTH in the beginning). */
void sl_log_open(enum sl_log_to to, int level, int facility);
/* From now on the system log is reached through h, whose serve function passes kinds >= SL_LOG_KIND on to sl_log_serve. */
enum { SL_LOG_KIND = 64 };
void sl_log_through(struct sl_helper *h);
bool sl_log_serve(struct sl_helper_message *m);

bool sl_log_wants(enum sl_log_level level);
void sl_log(enum sl_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

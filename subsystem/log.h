/* SPDX-License-Identifier: ISC */
/* log - what the server has to say: on standard error, or to the system log once the listener is detached. What comes from
 * peers is escaped. */
#ifndef SL_SUBSYSTEM_LOG_H
#define SL_SUBSYSTEM_LOG_H

enum sl_log_to { SL_LOG_STDERR, SL_LOG_SYSLOG };
enum sl_log_level { SL_LOG_ERROR, SL_LOG_NOTICE };

void sl_log_open(enum sl_log_to to);
void sl_log(enum sl_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif

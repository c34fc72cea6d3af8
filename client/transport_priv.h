/* SPDX-License-Identifier: ISC */
/* transport_priv - what the files of the transports share. transport.c: life and standard error; transport_ssh.c: the
 * argv of ssh; transport_spawn.c: a program on socketpairs; transport_libssh.c: a session of our
 * own; transport_lanes.c: one more of the same kind; transport_tcp.c: TCP; autopsy.c: why ssh ended. */
#ifndef SL_CLIENT_TRANSPORT_PRIV_H
#define SL_CLIENT_TRANSPORT_PRIV_H

#include "client/transport.h"

#define SL_PORT_DEFAULT 8730
#define SL_SERVER_COMMAND "superlifter-server"
#define SL_WORDS_MAX 16384u /* bytes of standard error that are kept: the newest */

/* rsync's exit statuses */
enum { SL_EXIT_CONFIG = 1, SL_EXIT_NOT_LET_IN = 5, SL_EXIT_UNREACHABLE = 10, SL_EXIT_BROKEN = 12, SL_EXIT_SILENT = 30, SL_EXIT_CONTIMEOUT = 35 };

/* ---- transport_ssh.c ---- */
/* A NULL-terminated argv, owned (sl_argv_free). */
void sl_argv_free(char **argv);
/* The words of an -e command: '...' literal, "..." with \" and \\, a backslash elsewhere takes the next byte as it is.
 * No other character means anything. SL_E_CONFIG: a quote or backslash without its other half, or no word at all. */
enum sl_code sl_rsh_words(const char *command, char ***argv, struct sl_error *err);
/* The argv that reaches a; *subsystem tells whether it asks for a subsystem. */
enum sl_code sl_ssh_argv(const struct sl_address *a, const struct sl_options *o, enum sl_transport_way way,
                         char ***argv, bool *subsystem, struct sl_error *err);

/* Whether a program is OpenSSH's ssh, by its name. */
bool sl_ssh_is_openssh(const char *program);

/* Puts "-o NAME=VALUE" behind the program's name; takes argv over and returns it. */
char **sl_ssh_argv_option(char **argv, const char *name, const char *value);
/* Makes OpenSSH's ssh the master of a private control socket, which ends with its last channel; takes argv over and returns it. The
 * words of -e come behind that: ssh takes the first of two that contradict each other. */
char **sl_ssh_argv_master(char **argv, const char *socket);
/* The argv of one more channel of the connection whose master has that socket. It never logs in. */
enum sl_code sl_ssh_lane_argv(const struct sl_address *a, const struct sl_options *o, enum sl_transport_way way, const char *socket,
                              char ***argv, struct sl_error *err);

/* The argv that makes OpenSSH's ssh print its configuration for a; NULL where the program is another. */
char **sl_ssh_question_argv(const struct sl_address *a, const struct sl_options *o);

/* ---- transport_spawn.c ---- */
/* In a child: handlers and ignored signals are as a shell would leave them. */
void sl_spawn_signals(void);
/* Runs argv with standard input and output on a socketpair each and standard error on a pipe: sets fd, out_fd, stderr_fd
 * and pid.
 */
enum sl_code sl_transport_spawn(struct sl_transport *t, char *const *argv, struct sl_error *err);

/* ---- transport_tcp.c ---- */
enum sl_code sl_transport_tcp(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o,
                              struct sl_error *err);

/* ---- transport_lanes.c ---- */
/* Before the ssh program is started: sets t->shared; where a private master is to be, also starts the process that opens further
 * connections, which makes the directory for the socket (t->shared.socket) and removes it, whatever becomes of this process. */
void sl_transport_share(struct sl_transport *t, struct sl_ssh_question *q, enum sl_transport_way way);
/* The client's end of it: what it had made is removed when this returns. */
void sl_transport_end_broker(struct sl_transport *t);

/* ---- transport.c ---- */
/* Waits up to ms for the program to end, taking in its standard error; then pid is 0 and status set. False: it runs on.
 */
bool sl_transport_wait(struct sl_transport *t, unsigned ms);

#endif

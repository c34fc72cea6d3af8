/* SPDX-License-Identifier: ISC */
/*
 * transport_libssh - an SSH session of our own in a forked process: it logs in, and pumps between channels of that session and
 * socketpairs. libssh's types stay in client/libssh_*.c; here is what the rest needs of them.
 */
#ifndef SL_CLIENT_TRANSPORT_LIBSSH_H
#define SL_CLIENT_TRANSPORT_LIBSSH_H

#include "client/ssh_settings.h"
#include "client/transport.h"

/* What the forked process is to do. */
struct sl_libssh_job {
    const struct sl_address *address;
    const struct sl_options *options;
    const struct sl_ssh_settings *settings;
    bool command;                /* run a command, do not ask for the subsystem */
    bool leave_unknown;          /* a host that is not known is the ssh program's: nothing is asked */
    int control_fd;              /* requests and answers (client/lane.h) */
};

/* Whether this build has libssh. */
bool sl_libssh_built(void);

/* Whether libssh knows the algorithms that these settings name. False with one line in why. */
bool sl_libssh_can(const struct sl_ssh_settings *s, char *why, size_t size);

/* Whether libssh knows the key exchange that ssh prefers, be that ssh's default or the user's own list: the first name in it. False with one line in
 * why. */
bool sl_libssh_prefers_alike(const struct sl_ssh_settings *s, char *why, size_t size);

/* The process's life: logs in, answers request 0 by the first channel, serves to the end; its words go to standard error. Returns
 * its exit status: the first server's, or 255. */
int sl_libssh_serve(const struct sl_libssh_job *job);

/* Forks that process and waits for its first channel. *left: the host is not known, and job->leave_unknown said what then
 * (SL_E_DENIED, nothing was asked). On failure *err has one line and t->failed_exit rsync's status for it. */
enum sl_code sl_transport_libssh(struct sl_transport *t, const struct sl_libssh_job *job, bool *left, struct sl_error *err);

#endif

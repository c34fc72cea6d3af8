/* SPDX-License-Identifier: ISC */
/*
 * transport - a bidirectional byte stream to a server: the ssh program (subsystem, or a command), libssh, or TCP. Descriptors are
 * non-blocking and close-on-exec; in and out may be the same.
 */
#ifndef SL_CLIENT_TRANSPORT_H
#define SL_CLIENT_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "client/address.h"
#include "client/options.h"
#include "client/ssh_sharing.h"

struct sl_transport {
    int fd;                  /* what comes; -1 when closed */
    int out_fd;              /* what goes; the same as fd on a network socket */
    int stderr_fd;           /* the program's standard error, -1 without: drain it (sl_transport_stderr) */
    pid_t pid;               /* the program, or 0 */
    bool is_ssh;             /* it is OpenSSH's, or a libssh session of our own */
    bool subsystem;          /* the request was for a subsystem: a fallback is possible */
    struct sl_buf words;     /* what the program said on standard error so far, up to 16 KiB kept */
    bool relay;              /* pass standard error on (escaped, line by line) as it comes; set once the peer has spoken */
    bool hurried;            /* ssh was told --contimeout: "timed out" is that one's */
    int status;              /* the program's wait status, once pid is 0 again */
    int control_fd;          /* to the process that opens more of the same kind, -1 without */
    pid_t broker;            /* that process where it is not `pid`, or 0 */
    uint32_t lanes;          /* how many were asked for */
    bool libssh;             /* an SSH session of our own, not the ssh program's */
    bool compresses;         /* the ssh program compresses what it carries; asked only where o->compress */
    bool fell_back;          /* the subsystem was refused and the command runs: no second try is needed */
    int failed_exit;         /* rsync's exit status for a failed open; 0: by its code (sl_transport_exit) */
    char why[240];           /* SSH: which of the two, and why; one line, for -v */
    struct sl_ssh_shared shared; /* by the ssh program: how more connections are made */
};

/* Opens the stream; *t needs no value before, and is closed again after a failure. SSH: argv from o->rsh (split into words
 * with quotes, executed directly) or "ssh". Where the first word's last component is "ssh": -p PORT, -l USER, -4 or -6
 * come before `--` HOST; `-s HOST SUBSYSTEM`, or HOST COMMAND for SL_WAY_COMMAND or o->remote_path. Any other program
 * gets [-l USER] HOST COMMAND, as rsync calls it; an address with a port is SL_E_CONFIG then. TCP: all addresses of the
 * name in turn, o->contimeout_s for each, TCP_NODELAY, keepalive; o->port where the address has none.
 * SL_E_CONNECT or SL_E_TIMEOUT name host and port, or the program that could not be run. SSH through libssh (ssh_choice.h) waits
 * until the server's channel is there, and asks what ssh would ask; what fails is returned, with t->failed_exit. */
enum sl_transport_way { SL_WAY_SUBSYSTEM, SL_WAY_COMMAND };
enum sl_code sl_transport_open(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o,
                               enum sl_transport_way way, struct sl_error *err);

/* Reads what standard error has, keeps or relays it. SL_AGAIN when there is no more now, SL_EOF when it was closed (the
 * descriptor is closed then). Relayed text goes to `sink` one whole line a call, escaped. */
enum sl_code sl_transport_stderr(struct sl_transport *t, void (*sink)(const char *line));

/* After the stream ended before the server spoke: waits shortly for the program and says why, from its status and words:
 * host unknown, refused, authentication, host key, subsystem refused (SL_E_UNSUPPORTED: try SL_WAY_COMMAND), command not
 * found, nologin. Fills *err with one line naming the host; *rc_exit gets rsync's exit status for it: 10 not reached, 35
 * not within --contimeout, 5 not let in or no server there, 12 a stream that broke. Never SL_OK. */
enum sl_code sl_transport_autopsy(struct sl_transport *t, const struct sl_address *a, struct sl_error *err, int *rc_exit);

/* rsync's exit status for a connection that failed so. */
int sl_transport_exit(enum sl_code code);

/* ---- one more connection of the same kind, to the same server ---- */

/*
 * Over libssh: another channel of the same session. By OpenSSH's ssh: another channel of the same login, through a private master
 * that is set up when the transport is opened unless o->lanes is 1, or through the user's own where one is alive (ssh_sharing.h); never
 * another login. By another program: the same command once more. TCP: another connection.
 *
 * They may be asked for once the first one's server has spoken: before that there may be no login that could be shared.
 *
 * sl_transport_prepare has to be called before this process is confined (nothing is opened in it then): it starts the process that
 * opens connections, where there is none yet. sl_transport_more asks for one and does not wait; several may be under way, and
 * are answered in any order. sl_transport_more_ready takes an answer, if there is one: poll t->control_fd for POLLIN.
 *
 * What the ssh program is refused is told by its words only, after its descriptors were handed over: the stream ends before the
 * server spoke, and sl_transport_lane_autopsy says why (sl_remote_beside does).
 */
enum sl_code sl_transport_prepare(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o, struct sl_error *err);

/* *id: what the answer will have. SL_E_UNSUPPORTED where nothing was prepared, or the login cannot be shared: *err says why. */
enum sl_code sl_transport_more(struct sl_transport *t, uint32_t *id, struct sl_error *err);

struct sl_transport_lane {
    uint32_t id;
    int fd, out_fd;          /* the caller's; the same where one does for both ways; non-blocking */
    int stderr_fd;           /* the caller's; -1 where its words come with those of the first one */
};

/* SL_OK: a connection. SL_AGAIN: no answer yet. Any other code but SL_E_CLOSED: the answer for lane->id is no, *err says why (a
 * server's limit is normal); SL_E_CLOSED: there will be no answer any more. */
enum sl_code sl_transport_more_ready(struct sl_transport *t, struct sl_transport_lane *lane, struct sl_error *err);

/* After a lane of a program ended before its server spoke: why, from what it said on t->stderr_fd, which is read to its end, for some
 * seconds at most. t is the lane's alone, without a pid. SL_E_LIMIT: the server's limit of channels (MaxSessions), which is
 * normal. Never SL_OK. */
enum sl_code sl_transport_lane_autopsy(struct sl_transport *t, const struct sl_address *a, struct sl_error *err);

/* Closes; waits up to grace_ms for the program, then ends it (by its pid). Returns its wait status or 0. */
int sl_transport_close(struct sl_transport *t, unsigned grace_ms);
/* The same after an orderly end, when all is confirmed and the last word is said. How OpenSSH's ssh, or our own session, closes the last channel takes
 * another round trip: that is not waited for, it is ended when it has read the word. Any other program ends by itself: it may have something to do
 * after that. */
void sl_transport_leave(struct sl_transport *t);

#endif

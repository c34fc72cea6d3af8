/* SPDX-License-Identifier: ISC */
/* args - superlifter-server's options. They come from the administrator (sshd_config, authorized_keys, an init system) or from
 * the user whose account it is, never from a peer. */
#ifndef SL_SUBSYSTEM_ARGS_H
#define SL_SUBSYSTEM_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "subsystem/configuration.h"

enum { SL_ARGS_LIST_MAX = 64 };

struct sl_args {
    bool daemon, stdio, inetd, no_detach, check_config, log_stderr, version, help;
    bool shell;                          /* called as the account's login shell: it can do nothing else */
    bool modules_only;                   /* as by `ssh namespace = modules` */
    const char *root, *allow, *config, *pid_file, *test_mask, *as, *explain, *convert;
    const char *idle, *handshake, *confinement, *log_level, *log_facility, *sent, *stored, *hashed, *files, *rate;
    const char *modules[SL_ARGS_LIST_MAX + 1], *listens[SL_ARGS_LIST_MAX + 1], *exports[SL_ARGS_LIST_MAX + 1];
    size_t module_count, listen_count, export_count;
};

/* Strings are borrowed from argv. SL_E_CONFIG with what is wrong. */
enum sl_code sl_args_parse(struct sl_args *a, int argc, char **argv, struct sl_error *err);
/* The configuration file, and the options that stand for parts of it, on top of the defaults in c. */
enum sl_code sl_args_configure(const struct sl_args *a, struct sl_config *c, struct sl_error *err);
void sl_args_help(FILE *f);

#endif

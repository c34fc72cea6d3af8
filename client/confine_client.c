/* SPDX-License-Identifier: ISC */
/*
 * confine_client - see confine_client.h. What is confined is this process: ssh and other transports were started before and
 * are as they were. A server that got hold of this process could write where the destination is, read where the source is,
 * and talk to the servers that are connected already.
 */
#include "config.h"
#include "client/confine_client.h"
#include "base/confine.h"
#include "base/mem.h"
#include "client/slashes.h"
#include "client/typed.h"
#include "tree/accounts.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { READING = SL_CONFINE_LIST | SL_CONFINE_READ,
       WRITING = READING | SL_CONFINE_WRITE | SL_CONFINE_REMOVE_DIR | SL_CONFINE_SPECIAL };

/* A destination that is not there yet, or is a file, is made beside others: the directory around it is what is written. A link
 * to a file leads to where the file is. */
static enum sl_code add_dest(struct sl_confine *c, const char *path, struct sl_error *err)
{
    struct stat st;
    char *real = stat(path, &st) == 0 && !S_ISDIR(st.st_mode) ? realpath(path, NULL) : NULL;
    char *at = sl_strdup(real ? real : *path ? path : ".");
    free(real);
    while (stat(at, &st) != 0 || !S_ISDIR(st.st_mode)) {
        char *up = sl_strdup(at), *parent = sl_strdup(dirname(up));
        bool top = strcmp(parent, at) == 0;
        free(up);
        free(at);
        at = parent;
        if (top)
            break;
    }
    enum sl_code rc = sl_confine_path(c, at, WRITING, err);
    free(at);
    return rc;
}

/* A link may not make more possible than its first name does (Landlock's rule for what it calls reparenting). */
static enum sl_code add_alternate(struct sl_confine *c, const struct sl_options *o, const char *dir, bool plain, const char *typed,
                                  struct sl_error *err)
{
    char *path = sl_alternate_path(dir, plain, typed);
    enum sl_code rc = sl_confine_path(c, path, o->alternates.kind == SL_ALTERNATE_LINK ? (uint32_t)WRITING : (uint32_t)READING, err);
    free(path);
    return rc;
}

/* The trees of --link-dest and the like. What is no directory yet may become one, or be the name of one file in the directory around it. */
static enum sl_code add_alternates(struct sl_confine *c, const struct sl_options *o, const char *dest, struct sl_error *err)
{
    struct stat st;
    bool there = stat(*dest ? dest : ".", &st) == 0 && S_ISDIR(st.st_mode);
    char *copy = sl_strdup(dest), *around = dirname(copy);
    enum sl_code rc = SL_OK;
    for (unsigned i = 0; i < o->alternates.len && rc == SL_OK; i++) {
        rc = add_alternate(c, o, dest, !there, o->alternates.at[i], err);
        if (rc == SL_OK && !there)
            rc = add_alternate(c, o, around, false, o->alternates.at[i], err);
    }
    free(copy);
    return rc;
}

/* --backup-dir, --temp-dir. */
static enum sl_code add_dir(struct sl_confine *c, const char *dest, const char *dir, struct sl_error *err)
{
    struct stat st;
    char *copy = sl_strdup(*dest ? dest : ".");
    const char *from = stat(copy, &st) == 0 && !S_ISDIR(st.st_mode) ? dirname(copy) : copy;
    char *path = *dir == '/' ? sl_strdup(dir) : sl_asprintf("%s/%s", from, dir);
    enum sl_code rc = add_dest(c, path, err);
    free(path);
    free(copy);
    return rc;
}

/* --remove-source-files: a file goes out of the directory around it. */
static enum sl_code add_taken(struct sl_confine *c, const char *path, struct sl_error *err)
{
    struct stat st;
    char *copy = sl_strdup(*path ? path : ".");
    const char *at = lstat(copy, &st) == 0 && !S_ISDIR(st.st_mode) && copy[strlen(copy) - 1] != '/' ? dirname(copy) : copy;
    enum sl_code rc = sl_confine_path(c, at, READING | SL_CONFINE_WRITE, err);
    free(copy);
    return rc;
}

/* -R: merge files of the directories on the way to an argument are read, too; -F is one of these rules. */
static enum sl_code add_ways(const struct sl_layout *l, struct sl_confine *c, const char *path, struct sl_error *err)
{
    const char *rest;
    enum sl_code rc = SL_OK;
    if (!l->o->relative || !l->o->filters->points.len)
        return rc;
    char *front = sl_typed_front(path, &rest);
    for (const char *slash = strchr(rest, '/'); rc == SL_OK && slash; slash = strchr(slash + 1, '/')) {
        char *dir = sl_memdup0(path, (size_t)(slash - path));
        bool is_front = slash == rest || strcmp(dir, ".") == 0;
        rc = is_front ? SL_OK : sl_confine_path(c, dir, READING, err);
        free(dir);
    }
    free(front);
    return rc;
}

static bool all_here(const struct sl_layout *l)
{
    return !l->remote_source && !(l->dest && l->dest->remote);
}

static enum sl_code add_trees(const struct sl_layout *l, struct sl_confine *c, struct sl_error *err)
{
    enum sl_code rc = SL_OK;
    for (size_t i = 0; rc == SL_OK && i < l->count; i++)
        if (l->addresses[i].kind == SL_ADDR_LOCAL)
            rc = l->o->remove_source_files ? add_taken(c, l->addresses[i].path, err)
                                           : sl_confine_path(c, sl_follow_wanted(l->o) || (l->list && sl_slashes_any(l)) ? "/" : *l->addresses[i].path ? l->addresses[i].path : ".", READING, err);
    for (size_t i = 0; rc == SL_OK && i < l->count; i++)
        if (l->addresses[i].kind == SL_ADDR_LOCAL)
            rc = add_ways(l, c, l->addresses[i].path, err);
    if (rc == SL_OK && l->o->remove_source_files && sl_follow_wanted(l->o))
        rc = sl_confine_path(c, "/", READING, err);
    if (rc == SL_OK && l->o->dest && l->dest_address.kind == SL_ADDR_LOCAL)
        rc = add_dest(c, l->dest_address.path, err);
    if (rc == SL_OK && l->o->dest && l->dest_address.kind == SL_ADDR_LOCAL)
        rc = add_alternates(c, l->o, l->dest_address.path, err);
    if (rc == SL_OK && l->o->backup_dir && l->o->dest && l->dest_address.kind == SL_ADDR_LOCAL)
        rc = add_dir(c, l->dest_address.path, l->o->backup_dir, err);
    if (rc == SL_OK && l->o->temp_dir && l->o->dest && l->dest_address.kind == SL_ADDR_LOCAL)
        rc = add_dir(c, l->dest_address.path, l->o->temp_dir, err);
    return rc;
}

static const char *lacks(const struct sl_confine_abilities *have)
{
    if (!have->landlock)
        return "no Landlock in this kernel";
    if (have->landlock < SL_LANDLOCK_MOVES)
        return "only an early form of Landlock in this kernel";
    return have->seccomp ? NULL : "no filter of system calls";
}

enum sl_code sl_client_confine(struct sl_layout *l, struct sl_error *err)
{
    struct sl_confine_abilities have = sl_confine_abilities();
    bool required = l->o->confinement == SL_CLIENT_CONFINEMENT_REQUIRED;
    if (l->o->confinement == SL_CLIENT_CONFINEMENT_OFF || all_here(l))
        return SL_OK;
    if (required && lacks(&have))
        return sl_fail(err, SL_E_CONFIG, "--confinement=required, and there is %s", lacks(&have));
    /* What the C library reads once and keeps. */
    tzset();
    struct sl_confine *c = sl_confine_new();
    struct sl_confine_abilities done = { 0 };
    enum sl_code rc = add_trees(l, c, err);
    if (rc == SL_OK)
        rc = sl_confine_begin(err);
    if (rc == SL_OK && !l->helper)
        rc = sl_helper_start(&l->helper, sl_account_serve, err);
    if (rc == SL_OK)
        rc = sl_confine_enter(c, SL_CONFINE_CLIENT, NULL, &done, err);
    sl_confine_free(c);
    if (rc == SL_OK && required && !done.landlock)
        rc = sl_fail(err, SL_E_CONFIG, "--confinement=required, and the kernel takes no further layer of Landlock");
    if (rc != SL_OK)
        err->side = SL_SIDE_HERE;
    return rc;
}

/* SPDX-License-Identifier: ISC */
/* doctor_there - the file system that the address leads to, how much room there is, and what time it is there. */
#include "config.h"
#include "client/doctor_priv.h"
#include "base/mem.h"
#include "client/remote_priv.h"
#include "client/transport_priv.h"
#include "proto/msg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The directory that a place is in, or that it is. */
static uint32_t open_place(struct sl_endpoint *e, const struct sl_place *p)
{
    uint32_t at = p->root;
    const char *last = p->exists && p->entry.type == SL_TYPE_DIR ? p->name : "";
    char *path = sl_asprintf("%s/%s", p->base, last);
    for (const char *s = path + strspn(path, "/"); *s; s += strcspn(s, "/"), s += strspn(s, "/")) {
        char *name = sl_memdup0(s, strcspn(s, "/"));
        uint32_t id = e->next_id++;
        e->ops->open_dir(e, SL_JOB_LIST, at, id, name);
        free(name);
        at = id;
    }
    free(path);
    return at;
}

static void say_file_system(const struct sl_doctor *d, const struct sl_remote_statfs *fs)
{
    const struct sl_fact facts[] = { { SL_FACT_TEXT, "file_system", 0, fs->type },
                                     { SL_FACT_NUMBER, "name_max", fs->name_max, NULL },
                                     { SL_FACT_NUMBER, "read_only", fs->read_only, NULL },
                                     { fs->total ? SL_FACT_NUMBER : SL_FACT_END, "bytes_total", fs->total, NULL },
                                     { SL_FACT_NUMBER, "bytes_free", fs->free, NULL },
                                     { SL_FACT_NUMBER, "names_free", fs->files_free, NULL },
                                     { 0 } };
    char room[120] = "how much room there is it tells those who may write";
    if (fs->total)
        snprintf(room, sizeof room, "%.1f of %.1f GB are free", (double)fs->free / 1e9, (double)fs->total / 1e9);
    if (fs->total && fs->files_free)
        snprintf(room + strlen(room), sizeof room - strlen(room), ", for %" PRIu64 " files", fs->files_free);
    sl_doctor_good(d, SL_STEP_FILE_SYSTEM, facts, "%s%s, names of up to %u bytes; %s", fs->type, fs->read_only ? " (read-only)" : "", fs->name_max,
                   room);
}

/* It may have been at any time between question and answer: half the way back is the best guess. */
static void say_clock(const struct sl_doctor *d, const struct sl_remote_statfs *fs)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t here_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 - (int64_t)(fs->took_us / 2);
    bool ahead = fs->clock_us > here_us;
    uint64_t off_us = ahead ? (uint64_t)fs->clock_us - (uint64_t)here_us : (uint64_t)here_us - (uint64_t)fs->clock_us;
    const struct sl_fact facts[] = { { SL_FACT_NUMBER, "difference_us", off_us, NULL },
                                     { SL_FACT_TEXT, "direction", 0, ahead ? "ahead" : "behind" },
                                     { SL_FACT_NUMBER, "uncertainty_us", fs->took_us / 2, NULL },
                                     { 0 } };
    if (off_us <= fs->took_us / 2 + 1000)
        sl_doctor_good(d, SL_STEP_CLOCK, facts, "as here, as far as can be told (within %.3f s)", (double)fs->took_us / 2e6);
    else
        sl_doctor_good(d, SL_STEP_CLOCK, facts, "%.3f s %s this machine's", (double)off_us / 1e6, ahead ? "ahead of" : "behind");
}

int sl_doctor_there(const struct sl_doctor *d)
{
    struct sl_endpoint *e = d->e[0];
    struct sl_place place = { 0 };
    struct sl_remote_statfs fs;
    struct sl_error err = { 0 };
    if (d->a.modules && !d->a.module)
        return 0;
    enum sl_code rc = sl_remote_place(e, d->a.path, true, &place, &err);
    if (rc == SL_OK)
        rc = sl_remote_statfs(e, open_place(e, &place), &fs, &err);
    sl_place_clear(&place);
    if (rc == SL_OK) {
        say_file_system(d, &fs);
        say_clock(d, &fs);
        return 0;
    }
    if (rc == SL_E_CLOSED || rc == SL_E_TIMEOUT || rc == SL_E_PROTOCOL)
        return sl_doctor_failed(d, SL_STEP_FILE_SYSTEM, rc == SL_E_TIMEOUT ? SL_EXIT_SILENT : SL_EXIT_BROKEN, &err, "look into the log of that machine, and try again");
    sl_doctor_skipped(d, SL_STEP_FILE_SYSTEM, "not told: %s", err.text);
    return 0;
}

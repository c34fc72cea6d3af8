/* SPDX-License-Identifier: ISC */
/*
 * session - bytes of one peer to requests on local trees. Frames are executed as they arrive; what takes longer (LIST, READ,
 * HASH, CHUNKS and the like: sl_long_step) goes on a step at a time, the channels taking turns, so that control frames are read in between.
 */
#include "config.h"
#include "subsystem/session_priv.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "dev"
#endif

enum { HELD_LOOK_US = 50000, WINDOW = 8 * 1024 * 1024, BEGUN_MAX = 4096 /* requests begun at a time, before signals and other channels have their turn */ };

static const char *const features[] = {
#ifdef HAVE_ZSTD
    "zstd",
#endif
    "zlib", "sparse", SL_FEATURE_STEER, SL_FEATURE_SHA256, SL_FEATURE_PARTS, SL_FEATURE_LINKS, SL_FEATURE_RENAME, SL_FEATURE_ATTRS,
    SL_FEATURE_BACKUP, SL_FEATURE_FSYNC, SL_FEATURE_REMOVE_AS, SL_FEATURE_FAKE_SUPER, SL_FEATURE_STATFS, SL_FEATURE_SMALL,
    SL_FEATURE_CHANNELS, SL_FEATURE_READ_SOME, SL_FEATURE_HOLD, SL_FEATURE_MOUNTS, SL_FEATURE_STAGE_IN, SL_FEATURE_RESERVE,
    SL_FEATURE_GRID, SL_FEATURE_MARKS, SL_FEATURE_DEVICES, SL_FEATURE_WRITE_DEVICES
};
enum { FEATURES = sizeof features / sizeof features[0] };

static struct sl_channel *channel(struct sl_session *s, uint8_t number)
{
    if (!s->channels[number])
        s->channels[number] = sl_channel_new(s, number);
    return s->channels[number];
}

/* Nothing is begun while much is to be sent: the answers of a window full of requests can be many times as large. */
static enum sl_code on_frame(void *ctx, const struct sl_frame *f, struct sl_error *err)
{
    struct sl_session *s = ctx;
    struct sl_channel *ch = channel(s, f->channel);
    if (f->type != SL_MSG_SKIP && (sl_conn_queued(s->conn) > SL_OUTPUT_HIGH || s->begun++ >= BEGUN_MAX))
        return SL_AGAIN;
    return sl_request_frame(ch, f, err);
}

static enum sl_code on_hello(void *ctx, const struct sl_hello *peer, struct sl_error *err)
{
    struct sl_session *s = ctx;
    const struct sl_policy *p = s->policy;
    s->line = (struct sl_line_view){ 0 };
    s->greeted_us = sl_pace_now() / 1000;
    return p->greeted ? p->greeted(p->admit_ctx, peer->has_session ? peer->session : NULL, err) : SL_OK;
}

static void on_steered(void *ctx, const struct sl_steer *how)
{
    struct sl_session *s = ctx;
    s->steered_rate = how->rate;
    s->steered = *how;
    s->steered_at = s->line;
    s->steered_at.now_us = sl_pace_now() / 1000;
}

/* Half of the time waiting is what the peer asked for; a little time, so that one long wait is not taken for it. */
static void look_held(struct sl_session *s)
{
    uint64_t now = sl_pace_now() / 1000, span = now - s->steered_at.now_us, held = s->line.held_us - s->steered_at.held_us;
    if (span < HELD_LOOK_US)
        return;
    if (held >= span / 2 && sl_conn_pack(s->conn, s->steered.pack, s->steered.level))
        s->steered.pack = 0;
    s->steered_at = s->line;
    s->steered_at.now_us = now;
}

void sl_session_waited(struct sl_session *s, uint64_t us, enum sl_session_wait what)
{
    if (what == SL_WAIT_IDLE)
        s->line.idle_us += us;
    else
        s->line.held_us += us;
    if (s->steered.pack & SL_STEER_WHEN_HELD)
        look_held(s);
}

void sl_session_packed(struct sl_session *s, uint64_t us)
{
    s->line.packing_us += us;
}

static void on_asked(void *ctx, struct sl_line_view *own)
{
    struct sl_session *s = ctx;
    *own = s->line;
    own->packs = sl_conn_packing(s->conn);
    own->now_us = sl_pace_now() / 1000 - s->greeted_us;
    own->plain = sl_conn_plain_sent(s->conn);
    own->wire = s->figures.bytes_out;
    own->came_plain = sl_conn_bytes_in(s->conn);
    own->came_wire = s->figures.bytes_in;
}

static const struct sl_conn_ops ops = { .frame = on_frame, .hello = on_hello, .steered = on_steered, .asked = on_asked };

/* The login directory below "/": of the environment that the login gave, else where the process stands. */
static char *home_of(void)
{
    const char *home = getenv("HOME");
    char *cwd = NULL;
    if (!home || home[0] != '/')
        home = cwd = getcwd(NULL, 0);
    if (!home)
        home = "";
    while (*home == '/')
        home++;
    char *out = sl_strdup(home);
    for (size_t n = strlen(out); n && out[n - 1] == '/'; n--)
        out[n - 1] = '\0';
    free(cwd);
    return out;
}

static bool masked(const char *mask, const char *feature)
{
    size_t n = strlen(feature);
    for (const char *at = mask; at && (at = strstr(at, feature)); at += n)
        if ((at == mask || at[-1] == ',') && (at[n] == ',' || !at[n]))
            return true;
    return false;
}

struct sl_session *sl_session_new(const struct sl_policy *policy)
{
    struct sl_session *s = sl_calloc(1, sizeof *s);
    const char *left[FEATURES + 1] = { NULL };
    size_t n = 0;
    for (size_t i = 0; i < FEATURES; i++)
        if ((strcmp(features[i], SL_FEATURE_SHA256) != 0 || sl_hash_has(SL_HASH_SHA256)) && !masked(policy->test_mask, features[i]))
            left[n++] = features[i];
    struct sl_hello hello = { .protocol_min = SL_PROTOCOL_MIN, .protocol_max = SL_PROTOCOL_MAX, .frame_max = SL_FRAME_MAX,
                              .window = WINDOW, .dirs_max = SL_DIRS_MAX,
                              .program = "superlifter-server " PACKAGE_VERSION, .features = left };
    s->policy = policy;
    s->replaced = -1;
    s->quota = policy->quota;
    s->conn = sl_conn_new(SL_ROLE_SERVER, &hello, 0, &ops, s);
    s->owners = policy->ask ? sl_owners_new_asking(policy->ask, policy->ask_ctx) : sl_owners_new();
    s->home = home_of();
    return s;
}

void sl_session_rest(struct sl_session *s)
{
    sl_io_close(&s->replaced);
}

void sl_session_free(struct sl_session *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SL_CHANNELS; i++)
        sl_channel_free(s->channels[i]);
    sl_session_rest(s);
    sl_conn_free(s->conn);
    sl_owners_free(s->owners);
    free(s->home);
    free(s);
}

/* ---- limits ---- */

enum sl_code sl_spend(struct sl_session *s, enum sl_spend what, uint64_t n, struct sl_error *err)
{
    const struct { const char *name; uint64_t limit; uint64_t *used; } rows[] = {
        [SL_SPEND_STORED] = { "max stored", s->quota.stored, &s->figures.stored },
        [SL_SPEND_HASHED] = { "max hashed", s->quota.hashed, &s->figures.hashed },
        [SL_SPEND_READ_FILE] = { "max files", s->quota.files, &s->figures.files_read },
        [SL_SPEND_MADE_FILE] = { "max files", s->quota.files, &s->figures.files_made },
    };
    bool files = what >= SL_SPEND_READ_FILE;
    uint64_t used = files ? s->figures.files_read + s->figures.files_made : *rows[what].used, limit = rows[what].limit;
    if (limit && (used > limit || n > limit - used))
        return sl_fail(err, SL_E_LIMIT, "more than this session may have (%s = %llu)", rows[what].name, (unsigned long long)limit);
    *rows[what].used += n;
    return SL_OK;
}

/* What is sent can't be told before it is: the session ends behind the limit. */
static enum sl_code check_sent(struct sl_session *s, struct sl_error *err)
{
    if (!s->quota.sent || s->figures.bytes_out <= s->quota.sent)
        return SL_OK;
    sl_fail(err, SL_E_LIMIT, "more was sent than this session may have (max sent = %llu)", (unsigned long long)s->quota.sent);
    sl_conn_fail(s->conn, err);
    return SL_E_LIMIT;
}

uint64_t sl_session_rate(const struct sl_session *s)
{
    return s->quota.rate;
}

uint64_t sl_session_rate_out(const struct sl_session *s)
{
    uint64_t own = s->quota.rate, peer = s->steered_rate;
    return own && (!peer || own < peer) ? own : peer;
}

bool sl_session_working(const struct sl_session *s)
{
    for (size_t i = 0; i < SL_CHANNELS; i++)
        if (s->channels[i] && (sl_channel_busy(s->channels[i]) || sl_conn_kept(s->conn, (uint8_t)i)))
            return true;
    return false;
}

bool sl_session_packs(const struct sl_session *s)
{
    return sl_conn_packs(s->conn);
}

void sl_session_figures(const struct sl_session *s, struct sl_session_figures *out)
{
    *out = s->figures;
}

void sl_note(struct sl_channel *ch, enum sl_session_note kind, const char *what, uint32_t dir, const char *name)
{
    const struct sl_policy *p = ch->s->policy;
    char path[512], text[sizeof path + 400];
    if (!p->note || (kind == SL_NOTE_TRANSFER && !p->note_transfers))
        return;
    sl_dirs_path(ch->dirs, dir, path, sizeof path);
    snprintf(text, sizeof text, "%s '%s%s%s%s%s'", what, ch->module ? ch->module->name : "", ch->module ? "/" : "", path,
             *path && *name ? "/" : "", name);
    p->note(p->note_ctx, kind, text);
}

static bool idle(const struct sl_session *s)
{
    for (size_t i = 0; i < SL_CHANNELS; i++) {
        const struct sl_channel *ch = s->channels[i];
        if (ch && (sl_channel_busy(ch) || sl_conn_kept(s->conn, ch->number) || ch->confirmed != ch->requests))
            return false;
    }
    return true;
}

/* What a batch of input or of work leaves to be said: confirmations, and goodbye when there is nothing more to do. */
static void settle(struct sl_session *s)
{
    for (size_t i = 0; i < SL_CHANNELS; i++)
        if (s->channels[i])
            sl_channel_confirm(s->channels[i]);
    if (!s->bye && (sl_conn_closed(s->conn) || (s->draining && sl_conn_ready(s->conn))) && idle(s)) {
        sl_conn_bye(s->conn);
        s->bye = true;
    }
}

enum sl_code sl_session_feed(struct sl_session *s, const void *data, size_t n, struct sl_error *err)
{
    s->figures.bytes_in += n;
    s->begun = 0;
    enum sl_code rc = sl_conn_feed(s->conn, data, n, err);
    if (rc == SL_OK)
        settle(s);
    return rc;
}

enum sl_code sl_session_feed_eof(struct sl_session *s, struct sl_error *err)
{
    return sl_conn_feed_eof(s->conn, err);
}

/* One piece of work of one channel. */
static enum sl_code step(struct sl_session *s, struct sl_channel *ch, struct sl_error *err)
{
    if (!sl_channel_flush(ch))
        return SL_AGAIN;
    if (ch->step) {
        enum sl_code rc = ch->step(ch, err);
        if (rc != SL_EOF)
            return rc;
        sl_channel_end_long(ch);
    } else if (sl_conn_queued(s->conn) > SL_OUTPUT_HIGH) {
        return SL_AGAIN;
    }
    s->begun = 0;
    return sl_conn_resume(s->conn, ch->number, err);
}

enum sl_code sl_session_step(struct sl_session *s, struct sl_error *err)
{
    bool moved = false;
    enum sl_code within = check_sent(s, err);
    if (within != SL_OK)
        return within;
    for (size_t i = 0; i < SL_CHANNELS; i++) {
        struct sl_channel *ch = s->channels[s->turn];
        s->turn = (uint8_t)((s->turn + 1) % SL_CHANNELS);
        if (!ch || (!sl_channel_busy(ch) && !sl_conn_kept(s->conn, ch->number)))
            continue;
        enum sl_code rc = step(s, ch, err);
        if (rc != SL_OK && rc != SL_AGAIN)
            return rc;
        moved = moved || rc == SL_OK;
    }
    settle(s);
    return moved ? SL_OK : SL_AGAIN;
}

const uint8_t *sl_session_output(struct sl_session *s, size_t *len)
{
    return sl_conn_output(s->conn, len);
}

void sl_session_sent(struct sl_session *s, size_t n)
{
    s->figures.bytes_out += n;
    sl_conn_sent(s->conn, n);
}

bool sl_session_over(const struct sl_session *s)
{
    return s->bye && (sl_conn_closed(s->conn) || s->draining);
}

bool sl_session_greeted(const struct sl_session *s)
{
    return sl_conn_ready(s->conn);
}

uint64_t sl_session_heard(const struct sl_session *s)
{
    return sl_conn_bytes_in(s->conn);
}

void sl_session_probe(struct sl_session *s)
{
    sl_conn_ping(s->conn, 0);
}

void sl_session_drain(struct sl_session *s)
{
    s->draining = true;
    settle(s);
}

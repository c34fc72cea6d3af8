/* SPDX-License-Identifier: ISC */
/* report_json - the lines of --json. The names of types and members are an interface: superlifter(1) lists them. */
#include "config.h"
#include "base/entry.h"
#include "base/escape.h"
#include "base/mem.h"
#include "client/json_text.h"
#include "client/report_priv.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static void set_number(json_t *o, const char *key, uint64_t n)
{
    json_object_set_new(o, key, json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n));
}

static void set_text(json_t *o, const char *key, const char *text)
{
    json_object_set_new(o, key, json_string(text));
}

static char *base64(const char *data, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *p = (const unsigned char *)data;
    char *out = sl_malloc((len + 2) / 3 * 4 + 1), *to = out;
    for (size_t i = 0; i < len; i += 3) {
        unsigned left = len - i < 3 ? (unsigned)(len - i) : 3;
        unsigned v = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);
        for (unsigned k = 0; k < 4; k++)
            *to++ = (char)(k <= left ? letters[v >> (18 - 6 * k) & 63] : '=');
    }
    *to = '\0';
    return out;
}

/* Bytes that need not be UTF-8: then the member is the escaped form, and KEY_b64 beside it has them as they are. */
static void set_bytes(json_t *o, const char *key, const char *data, size_t len)
{
    json_t *text = json_stringn(data, len);
    if (text) {
        json_object_set_new(o, key, text);
        return;
    }
    char *escaped = sl_escape_dup(data, len), *coded = base64(data, len), *name = sl_asprintf("%s_b64", key);
    set_text(o, key, escaped);
    set_text(o, name, coded);
    free(name);
    free(coded);
    free(escaped);
}

static void set_optional(json_t *o, const char *key, const char *text)
{
    if (text)
        set_bytes(o, key, text, strlen(text));
}

static json_t *line_of(const char *type)
{
    json_t *o = json_object();
    set_text(o, "type", type);
    return o;
}

/* Writes o as one line and drops it. */
static void put(struct sl_report *r, json_t *o)
{
    char *text = sl_json_text(o);
    json_decref(o);
    if (!text)
        return;
    sl_report_add(r, "%s", text);
    sl_report_put(r);
    free(text);
}

static const char *kind_name(enum sl_type type)
{
    static const char *const names[] = { "none", "file", "dir", "symlink", "char-device", "block-device", "fifo", "socket" };
    return names[type];
}

static void set_target(json_t *o, const struct sl_entry *e)
{
    if (e->type == SL_TYPE_LINK && e->target)
        set_bytes(o, "target", e->target, e->target_len);
}

/* ---- lines ---- */

static const char *action_name(const struct sl_report_item *item)
{
    switch (item->update) {
    case SL_UPDATE_NONE:
        return item->changes ? "meta" : "none";
    case SL_UPDATE_SENT:
        return "send";
    case SL_UPDATE_RECEIVED:
        return "receive";
    case SL_UPDATE_LOCAL:
        return "create";
    case SL_UPDATE_COPIED:
        return "copy";
    case SL_UPDATE_TAKEN:
        return "link";
    case SL_UPDATE_LINKED:
        return item->leader ? "link" : "none";
    case SL_UPDATE_DELETED:
        return "delete";
    }
    return "none";
}

void sl_json_item(struct sl_report *r, const struct sl_report_item *item)
{
    char letters[SL_ITEMIZE_LEN + 1];
    json_t *o = line_of("entry");
    sl_itemize(item, letters);
    set_bytes(o, "path", item->path, strlen(item->path));
    set_text(o, "action", action_name(item));
    set_text(o, "kind", kind_name(item->entry->type));
    set_text(o, "itemize", letters);
    set_number(o, "size", item->entry->size);
    set_number(o, "bytes", item->bytes);
    if (item->backup)
        set_bytes(o, "backup", item->backup, strlen(item->backup));
    if (item->update != SL_UPDATE_DELETED)
        set_target(o, item->entry);
    set_optional(o, "link_to", item->leader);
    put(r, o);
}

void sl_json_error(struct sl_report *r, const char *type, const struct sl_error *err, const char *path, const char *message)
{
    static const char *const sides[] = { "here", "source", "dest", "server" };
    char *escaped = sl_escape_dup(message, strlen(message));
    json_t *o = line_of(type);
    set_text(o, "code", sl_code_name(err->code));
    set_text(o, "side", sides[err->side]);
    set_optional(o, "path", path);
    set_text(o, "message", escaped);
    put(r, o);
    free(escaped);
}

void sl_json_note(struct sl_report *r, const char *type, const char *text, size_t len)
{
    json_t *o = line_of(type);
    set_bytes(o, "message", text, len);
    put(r, o);
}

void sl_json_removed(struct sl_report *r, const char *path)
{
    json_t *o = line_of("removed");
    set_bytes(o, "path", path, strlen(path));
    put(r, o);
}

void sl_json_list(struct sl_report *r, const struct sl_entry *e, const char *path)
{
    char mode[8];
    json_t *o = line_of("list");
    snprintf(mode, sizeof mode, "%04o", (unsigned)(e->mode & 07777));
    set_bytes(o, "path", path, strlen(path));
    set_text(o, "kind", kind_name(e->type));
    set_text(o, "mode", mode);
    set_number(o, "size", e->size);
    json_object_set_new(o, "mtime_s", json_integer((json_int_t)e->mtime_s));
    set_number(o, "mtime_ns", e->mtime_ns);
    if (r->o->atimes && e->type != SL_TYPE_DIR) {
        json_object_set_new(o, "atime_s", json_integer((json_int_t)e->atime_s));
        set_number(o, "atime_ns", e->atime_ns);
    }
    set_number(o, "uid", e->uid);
    set_number(o, "gid", e->gid);
    set_optional(o, "user", e->user);
    set_optional(o, "group", e->group);
    set_target(o, e);
    if (e->type == SL_TYPE_CHAR || e->type == SL_TYPE_BLOCK) {
        set_number(o, "rdev_major", e->rdev_major);
        set_number(o, "rdev_minor", e->rdev_minor);
    }
    put(r, o);
}

void sl_json_module(struct sl_report *r, const char *name, size_t name_len, const char *comment, size_t comment_len)
{
    json_t *o = line_of("module");
    set_bytes(o, "name", name, name_len);
    set_bytes(o, "comment", comment, comment_len);
    put(r, o);
}

static void set_kinds(json_t *o, const char *key, const uint64_t by_type[8])
{
    json_t *kinds = json_object();
    for (enum sl_type t = SL_TYPE_FILE; t <= SL_TYPE_SOCKET; t++)
        set_number(kinds, kind_name(t), by_type[t]);
    json_object_set_new(o, key, kinds);
}

void sl_json_summary(struct sl_report *r, const struct sl_stats *s, int exit_status)
{
    const struct { const char *key; uint64_t n; } numbers[] = {
        { "files_sent", s->files_sent }, { "total_size", s->total_size }, { "sent_size", s->sent_size },
        { "literal", s->literal },       { "matched", s->matched },       { "list_bytes", s->list_bytes },
        { "list_ms", s->list_ms },       { "wire_out", s->wire_out },     { "wire_in", s->wire_in },
        { "elapsed_ms", s->elapsed_ms }, { "errors", s->errors },
    };
    json_t *o = line_of("summary");
    set_kinds(o, "entries", s->entries);
    set_kinds(o, "created", s->created);
    set_kinds(o, "deleted", s->deleted);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        set_number(o, numbers[i].key, numbers[i].n);
    json_object_set_new(o, "exit_status", json_integer(exit_status));
    json_object_set_new(o, "dry_run", json_boolean(r->o->dry_run));
    put(r, o);
}

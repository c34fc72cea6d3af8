/* SPDX-License-Identifier: ISC */
/*
 * entrycodec - entries as bytes. An entry carries only what differs from the one before it in the same context (a
 * context is one direction of one channel): name prefix, mode, owner, modification time. A user or group name travels
 * once, with its number. The layout is doc/PROTOCOL.md, "Entries".
 */
#ifndef SL_PROTO_ENTRYCODEC_H
#define SL_PROTO_ENTRYCODEC_H

#include "base/entry.h"
#include "base/error.h"
#include "proto/wire.h"

#define SL_OWNERS_MAX 65536u             /* users and groups named in one context; of any more only numbers travel */

struct sl_entry_codec;

struct sl_entry_codec *sl_entry_codec_new(void);
void sl_entry_codec_free(struct sl_entry_codec *c);

/* At most this many bytes for one entry, for room checks: name + target + both owner names + numbers. */
#define SL_ENTRY_BYTES_MAX (SL_NAME_MAX + SL_TARGET_MAX + 2 * SL_OWNER_NAME_MAX + 96)

/* Appends e to b and remembers it as the one before. */
void sl_entry_encode(struct sl_entry_codec *c, struct sl_buf *b, const struct sl_entry *e);

/* Reads one entry whose first byte is still unread. Names and target are the codec's and stay until the next call; owner
 * names stay as long as the codec. allow_empty: a name of no bytes (the listed directory itself) is legal.
 * SL_E_PROTOCOL for anything that is not a whole, legal entry (type 1..7, name by sl_name_ok, ns < 10^9, mode <= 07777);
 * the context is of no use any more then. An entry must be decoded once only: the context moves on with it. */
enum sl_code sl_entry_decode(struct sl_entry_codec *c, struct sl_rd *r, struct sl_entry *e, bool allow_empty,
                             struct sl_error *err);

/* The attributes told of last in this context, for the records of listings that have them. */
struct sl_attrs_brief *sl_entry_codec_attrs(struct sl_entry_codec *c);

/* Bytes that the names of owners take, about. */
size_t sl_entry_codec_bytes(const struct sl_entry_codec *c);

#endif

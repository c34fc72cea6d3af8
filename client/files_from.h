/* SPDX-License-Identifier: ISC */
/* files_from - --files-from: a list of names below the one source becomes segments of a stream, few at a time, in the
 * order of listings. */
#ifndef SL_CLIENT_FILES_FROM_H
#define SL_CLIENT_FILES_FROM_H

#include "client/sorter.h"
#include "client/stream.h"

struct sl_files_from;      /* a list, as it was read */
struct sl_files_from_feed; /* it, on its way into one stream */

struct sl_files_from_how {
    const char *file; /* "-": standard input */
    bool from0, relative, recurse;
    const struct sl_charset *charset; /* of the host that it is on; borrowed; NULL: names are as they are */
    bool secret; /* errors don't say what is in it: it is not of this machine */
    uint32_t flags; /* of LIST, for what is named */
};

/* Reads all of it. SL_E_CONFIG: file, line and what was expected. */
enum sl_code sl_files_from_read(struct sl_files_from **out, const struct sl_files_from_how *how, struct sl_error *err);
/* The same of one that comes in pieces. told: what it is called; borrowed for its life. Lines are of at most 1 MiB. prepare: what is needed for a
 * long one is made now, because this process can't later. */
struct sl_files_from *sl_files_from_begin(const struct sl_files_from_how *how, const char *told);
enum sl_code sl_files_from_prepare(struct sl_files_from *f, struct sl_error *err);
enum sl_code sl_files_from_add(struct sl_files_from *f, const void *data, size_t len, struct sl_error *err);
enum sl_code sl_files_from_end(struct sl_files_from *f, struct sl_error *err);
void sl_files_from_free(struct sl_files_from *f);
/* Whether there is a name, below the source, of which `is` says so. content: it has a slash behind it. */
bool sl_files_from_any(struct sl_files_from *f, bool (*is)(void *ctx, const char *path, bool content), void *ctx);

/* --no-relative: directories below the source whose content is named ("DIR/"; "" is the source itself), and whether nothing else is. Borrowed. */
size_t sl_files_from_contents(const struct sl_files_from *f);
const char *sl_files_from_content(const struct sl_files_from *f, size_t i);
bool sl_files_from_is_empty(const struct sl_files_from *f);

/* Lets the list flow into a stream: of the source, whose directory `at` is (dest false), or of the same names at the
 * destination. What global rules exclude is left out (filters: borrowed). extra: more flags of LIST. */
struct sl_files_from_feed *sl_files_from_feed(struct sl_files_from *f, struct sl_stream *s, const struct sl_origin *at,
                                              bool dest);
void sl_files_from_filter(struct sl_files_from_feed *feed, const struct sl_filters *filters);
void sl_files_from_extra(struct sl_files_from_feed *feed, uint32_t extra);
void sl_files_from_feed_free(struct sl_files_from_feed *feed);

#endif

/* SPDX-License-Identifier: ISC */
/*
 * files_from_read - see files_from.h: the text of a list, in pieces. A record of the sorted list is the path in the
 * transfer, then what is in front of it below the source, then 'c' where a '/' at the end asks for a directory's
 * content; each with a NUL behind it.
 */
#include "config.h"
#include "client/files_from_priv.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONTENTS_MOST = 64, FEW_PARTS = 64, IN_MEMORY = 16 * 1024 * 1024, PIECE = 64 * 1024, LINE_MOST = 1024 * 1024 };

struct parts {
    const char *at;
    size_t len;
};

/* Takes '.', '..' and doubled slashes out of a line. mark: how many components are in front of the first "/./". */
static size_t split(const char *line, struct parts *parts, size_t most, size_t *mark)
{
    size_t n = 0;
    bool marked = false;
    for (const char *p = line; *p; p += strspn(p, "/")) {
        size_t len = strcspn(p, "/");
        bool dot = len == 1 && p[0] == '.';
        if (dot && !marked && p != line && p[1] == '/') {
            marked = true;
            *mark = n;
        } else if (len == 2 && memcmp(p, "..", 2) == 0) {
            n -= n > 0;
            *mark = *mark > n ? n : *mark;
        } else if (len && !dot && n < most) {
            parts[n++] = (struct parts){ p, len };
        }
        p += len;
    }
    return n;
}

static char *put_parts(char *to, const struct parts *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            *to++ = '/';
        memcpy(to, parts[i].at, parts[i].len);
        to += parts[i].len;
    }
    *to++ = '\0';
    return to;
}

static bool asks_for_content(const char *line, size_t n)
{
    return line[n - 1] == '/' || strcmp(line, ".") == 0 || (n >= 2 && strcmp(line + n - 2, "/.") == 0);
}

/* Each is a stream of its own. One that is named again asks for nothing else. */
static enum sl_code take_content(struct sl_files_from *f, const struct parts *parts, size_t count, size_t n, unsigned long number, struct sl_error *err)
{
    char *path = sl_calloc(1, n + 1);
    if (count)
        put_parts(path, parts, count);
    for (size_t i = 0; i < f->contents_len; i++)
        if (strcmp(f->contents[i], path) == 0) {
            free(path);
            return SL_OK;
        }
    if (f->contents_len == CONTENTS_MOST) {
        free(path);
        return sl_fail(err, SL_E_CONFIG, "%s:%lu: without --relative at most %d names may end in a slash", f->how.file, number, CONTENTS_MOST);
    }
    f->contents = sl_realloc(f->contents, (f->contents_len + 1) * sizeof *f->contents);
    f->contents[f->contents_len++] = path;
    return SL_OK;
}

static enum sl_code take_line(struct sl_files_from *f, const char *line, size_t n, unsigned long number,
                              struct sl_error *err)
{
    size_t most = n / 2 + 1, mark = 0;
    struct parts few[FEW_PARTS], *many = most > FEW_PARTS ? sl_calloc(most, sizeof *many) : NULL, *parts = many ? many : few;
    char *record, *end;
    size_t count = split(line, parts, most, &mark);
    enum sl_code rc = SL_OK;
    if (count && !f->how.relative)
        mark = count - 1;
    for (size_t i = 0; rc == SL_OK && i < count; i++)
        if (parts[i].len > SL_NAME_MAX)
            rc = sl_fail(err, SL_E_CONFIG, "%s:%lu: a name of at most %u bytes is expected", f->how.file, number,
                         SL_NAME_MAX);
    bool content = !f->how.relative && asks_for_content(line, n);
    if (rc == SL_OK && content)
        rc = take_content(f, parts, count, n, number, err);
    else if (rc == SL_OK && mark >= count)
        rc = sl_fail(err, SL_E_CONFIG, "%s:%lu: the name of something in the source is expected", f->how.file, number);
    if (rc == SL_OK && !content) {
        f->names++;
        sl_buf_reset(&f->record, LINE_MOST);
        record = end = (char *)sl_buf_reserve(&f->record, n + 5);
        end = put_parts(end, parts + mark, count - mark);
        end = put_parts(end, parts, mark);
        if (asks_for_content(line, n))
            *end++ = 'c';
        *end++ = '\0'; /* so that what is compared ends */
        rc = sl_sorter_add(f->sorter, record, (size_t)(end - record), err);
    }
    free(many);
    return rc;
}

/* --iconv: the list is of the other side. A name that is none here could be that of something else if it was taken as it is. */
static enum sl_code take_converted(struct sl_files_from *f, const char *line, size_t n, struct sl_error *err)
{
    if (!f->how.charset)
        return take_line(f, line, n, f->number, err);
    char *here = sl_charset_path(f->how.charset, SL_CHARSET_HERE, line);
    enum sl_code rc = here ? take_line(f, here, strlen(here), f->number, err)
                           : sl_fail(err, SL_E_CONFIG, "%s:%lu: cannot convert filename (--iconv)", f->how.file, f->number);
    free(here);
    return rc;
}

/* A line without its end. */
static enum sl_code line_over(struct sl_files_from *f, struct sl_error *err)
{
    size_t n = sl_buf_len(&f->line);
    sl_buf_add(&f->line, "", 1);
    char *line = (char *)sl_buf_ptr(&f->line);
    n -= !f->how.from0 && n && line[n - 1] == '\r';
    line[n] = '\0';
    f->number++;
    enum sl_code rc = SL_OK;
    if (strlen(line) != n)
        rc = sl_fail(err, SL_E_CONFIG, "%s:%lu: no NUL byte is expected (--from0 allows them)", f->how.file, f->number);
    else if (n && line[0] != '#' && line[0] != ';')
        rc = take_converted(f, line, n, err);
    sl_buf_reset(&f->line, LINE_MOST);
    return rc;
}

enum sl_code sl_files_from_add(struct sl_files_from *f, const void *data, size_t len, struct sl_error *err)
{
    const char *p = data, *end = p + len;
    enum sl_code rc = SL_OK;
    while (rc == SL_OK && p < end) {
        const char *stop = memchr(p, f->how.from0 ? '\0' : '\n', (size_t)(end - p));
        size_t n = (size_t)((stop ? stop : end) - p);
        if (n > LINE_MOST - sl_buf_len(&f->line))
            return sl_fail(err, SL_E_CONFIG, "%s:%lu: a name is expected, and this line is of more than %d bytes",
                           f->how.file, f->number + 1, LINE_MOST);
        sl_buf_add(&f->line, p, n);
        p += n + (stop != NULL);
        if (stop)
            rc = line_over(f, err);
    }
    return rc;
}

static enum sl_code take_file(struct sl_files_from *f, FILE *in, struct sl_error *err)
{
    char *piece = sl_malloc(PIECE);
    enum sl_code rc = SL_OK;
    size_t n;
    while (rc == SL_OK && (n = fread(piece, 1, PIECE, in)) > 0)
        rc = sl_files_from_add(f, piece, n, err);
    if (rc == SL_OK && ferror(in))
        rc = sl_fail_errno(err, errno, "cannot read '%s'", f->how.file);
    free(piece);
    return rc;
}

struct named {                /* a record of the list */
    const char *path, *front; /* in bytes; NULL: none */
    struct sl_buf bytes;
};

static void note(struct named *n, const char *record, size_t len)
{
    sl_buf_reset(&n->bytes, LINE_MOST);
    sl_buf_add(&n->bytes, record, len);
    n->path = (const char *)sl_buf_ptr(&n->bytes);
    n->front = n->path + strlen(n->path) + 1;
}

static enum sl_code two_sources(const struct sl_files_from *f, const struct named *first, const char *record,
                                struct sl_error *err)
{
    const char *front = record + strlen(record) + 1;
    if (f->how.secret)
        return sl_fail(err, SL_E_CONFIG, "%s: two sources for one name", f->how.file);
    return sl_fail(err, SL_E_CONFIG, "%s: two sources for one name: '%s%s%s' and '%s%s%s'", f->how.file, first->front,
                   *first->front ? "/./" : "", first->path, front, *front ? "/./" : "", record);
}

/* Without --recursive a directory's own entries can't be listed and what is in one of them as well: they would come in
 * two orders. And what is in a directory of the transfer is of one place. */
static enum sl_code check_one(const struct sl_files_from *f, const struct named *last, const struct named *whole,
                              const char *record, bool content, struct sl_error *err)
{
    const char *front = record + strlen(record) + 1;
    bool in = whole->path && sl_list_inside(record, whole->path);
    if (!f->how.recurse && in && (content || strchr(record + strlen(whole->path) + 1, '/')))
        return f->how.secret
                   ? sl_fail(err, SL_E_CONFIG,
                             "%s: a name is not expected beside that of a directory whose content it is in (use "
                             "--recursive)",
                             f->how.file)
                   : sl_fail(err, SL_E_CONFIG,
                             "%s: '%s%s' is not expected beside '%s/', which asks for what is in that directory (use "
                             "--recursive, or name that too)",
                             f->how.file, record, content ? "/" : "", whole->path);
    if ((in || (whole->path && strcmp(record, whole->path) == 0)) && strcmp(front, whole->front) != 0)
        return two_sources(f, whole, record, err);
    if (content && last->path && strcmp(record, last->path) == 0 && strcmp(front, last->front) != 0)
        return two_sources(f, last, record, err);
    return SL_OK;
}

static enum sl_code check_list(const struct sl_files_from *f, struct sl_error *err)
{
    struct sl_sorter_reader *r = sl_sorter_read(f->sorter);
    struct named last = { 0 }, whole = { 0 }; /* whole: what is in it is listed */
    const char *record;
    size_t len;
    enum sl_code rc;
    while ((rc = sl_sorter_next(r, &record, &len, err)) == SL_OK) {
        bool content = sl_list_is_content(record, len);
        if ((rc = check_one(f, &last, &whole, record, content, err)) != SL_OK)
            break;
        if (content || (f->how.recurse && !(whole.path && sl_list_inside(record, whole.path))))
            note(&whole, record, len);
        note(&last, record, len);
    }
    sl_buf_clear(&last.bytes);
    sl_buf_clear(&whole.bytes);
    sl_sorter_reader_free(r);
    return rc == SL_EOF ? SL_OK : rc;
}

struct sl_files_from *sl_files_from_begin(const struct sl_files_from_how *how, const char *told)
{
    struct sl_files_from *f = sl_calloc(1, sizeof *f);
    f->how = *how;
    f->how.file = told;
    f->sorter = sl_sorter_new(IN_MEMORY);
    return f;
}

enum sl_code sl_files_from_prepare(struct sl_files_from *f, struct sl_error *err)
{
    return sl_sorter_prepare(f->sorter, err);
}

enum sl_code sl_files_from_end(struct sl_files_from *f, struct sl_error *err)
{
    enum sl_code rc = sl_buf_len(&f->line) ? line_over(f, err) : SL_OK;
    if (rc == SL_OK)
        rc = sl_sorter_sort(f->sorter, err);
    return rc == SL_OK ? check_list(f, err) : rc;
}

enum sl_code sl_files_from_read(struct sl_files_from **out, const struct sl_files_from_how *how, struct sl_error *err)
{
    bool standard = strcmp(how->file, "-") == 0;
    FILE *in = standard ? stdin : fopen(how->file, "re");
    if (!in)
        return sl_fail_errno(err, errno, "cannot open the list '%s'", how->file);
    struct sl_files_from *f = sl_files_from_begin(how, standard ? "standard input" : how->file);
    enum sl_code rc = take_file(f, in, err);
    if (!standard)
        fclose(in);
    if (rc == SL_OK)
        rc = sl_files_from_end(f, err);
    if (rc == SL_OK)
        *out = f;
    else
        sl_files_from_free(f);
    return rc;
}

void sl_files_from_free(struct sl_files_from *f)
{
    if (!f)
        return;
    sl_sorter_free(f->sorter);
    for (size_t i = 0; i < f->contents_len; i++)
        free(f->contents[i]);
    free(f->contents);
    sl_buf_clear(&f->line);
    sl_buf_clear(&f->record);
    free(f);
}

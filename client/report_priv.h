/* SPDX-License-Identifier: ISC */
/* report_priv - what the files of the report share. */
#ifndef SL_CLIENT_REPORT_PRIV_H
#define SL_CLIENT_REPORT_PRIV_H

#include <stdarg.h>

#include "base/buf.h"
#include "client/report.h"

#define SL_SAMPLES 25u

struct sl_report {
    const struct sl_options *o;
    bool sending;                /* the source is here: rsync's word for it */
    const char *format;          /* of an entry's line; NULL: entries have none */
    int with_i;                  /* that format has %i; with -ii 2: unchanged entries too */
    bool format_of_deleted;      /* it has %i or %o: deletions are told in it too */
    FILE *out, *err;             /* borrowed */
    bool ended;                  /* the summary was given */
    bool mute;                   /* what comes up will be told another time */
    bool terminal;               /* out is one: progress may be drawn */
    struct sl_buf line;          /* the line being made */
    size_t grown;                /* bytes of it that escaping has added */
    int log_fd;                  /* of --log-file; -1: none */
    const char *log_format;      /* of an entry's line there; "": entries have none */
    struct sl_buf log_line;
    /* progress */
    bool drawn;                  /* a progress line stands on the terminal */
    uint64_t start_ms, drawn_ms;
    uint64_t shown_bytes, shown_files;   /* the most that was drawn */
    unsigned shown_percent;
    struct sl_sample { uint64_t ms, bytes; } samples[SL_SAMPLES];   /* ring, for the rate of the last seconds */
    unsigned samples_len, samples_next;
};

/* ---- report.c ---- */
void sl_report_add(struct sl_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Escaped, as -8 says; of a name every byte can be had back from it. */
void sl_report_add_name(struct sl_report *r, const char *name, size_t len);
void sl_report_add_text(struct sl_report *r, const char *text, size_t len);
/* Sends the line, with a newline, over whatever progress is drawn. */
void sl_report_put(struct sl_report *r);

/* ---- itemize.c ---- */
#define SL_ITEMIZE_LEN 11
#define SL_MODE_LEN 10
void sl_itemize(const struct sl_report_item *item, char out[SL_ITEMIZE_LEN + 1]);
/* "drwxr-xr-x" */
void sl_mode_text(const struct sl_entry *e, char out[SL_MODE_LEN + 1]);
/* "2026/01/31 12:00:00" with sep ' ', in local time; a time that can't be told in it as its seconds. */
#define SL_TIME_LEN 32
void sl_time_text(int64_t seconds, char sep, char out[SL_TIME_LEN]);

/* ---- report_format.c ---- */
/* Adds the line that format makes of item. */
void sl_report_add_format(struct sl_report *r, const struct sl_report_item *item, const char *format);
/* The path with '/' behind a directory's. */
void sl_report_add_path(struct sl_report *r, const struct sl_report_item *item);

/* ---- report_log.c: nothing happens without a log ---- */
/* One line, escaped already. */
void sl_report_log_bytes(struct sl_report *r, const void *text, size_t len);
void sl_report_log(struct sl_report *r, const char *text);
void sl_report_log_item(struct sl_report *r, const struct sl_report_item *item);
void sl_report_log_end(struct sl_report *r, const struct sl_stats *s, int exit_status);
void sl_report_log_status(struct sl_report *r, int exit_status);
void sl_report_log_close(struct sl_report *r);

/* ---- stats.c ---- */
#define SL_NUMBER_LEN 40
/* 1,234,567; or with human 1: 1.23M; 2: powers of 1024; -1: 1234567. */
const char *sl_number(uint64_t n, int human, char out[SL_NUMBER_LEN]);
/* The same with that many decimals, separators in front of them. */
const char *sl_decimal(double x, int decimals, int human, char out[SL_NUMBER_LEN]);
void sl_report_stats(struct sl_report *r, const struct sl_stats *s);

/* ---- progress.c ---- */
/* Takes the progress line off the terminal. */
void sl_progress_erase(struct sl_report *r);

/* ---- report_json.c ---- */
void sl_json_item(struct sl_report *r, const struct sl_report_item *item);
/* type: "error" or "warning"; message without the side, not yet escaped. */
void sl_json_error(struct sl_report *r, const char *type, const struct sl_error *err, const char *path, const char *message);
void sl_json_note(struct sl_report *r, const char *type, const char *text, size_t len);
void sl_json_removed(struct sl_report *r, const char *path);
void sl_json_list(struct sl_report *r, const struct sl_entry *e, const char *path);
void sl_json_module(struct sl_report *r, const char *name, size_t name_len, const char *comment, size_t comment_len);
void sl_json_summary(struct sl_report *r, const struct sl_stats *s, int exit_status);

#endif

/* SPDX-License-Identifier: ISC */
/* options - the client's command line: one table that makes the parser, --help, completion and the manual's list. */
#ifndef SL_CLIENT_OPTIONS_H
#define SL_CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"
#include "base/error.h"
#include "client/filters.h"
#include "client/suffixes.h"
#include "proto/conn.h"

struct sl_chmod;
struct sl_mapping;

enum sl_tristate { SL_UNSET = -1, SL_NO = 0, SL_YES = 1 };

enum sl_client_confinement { SL_CLIENT_CONFINEMENT_AVAILABLE, SL_CLIENT_CONFINEMENT_REQUIRED, SL_CLIENT_CONFINEMENT_OFF };

#define SL_COMPRESS_AUTO (-2)     /* where the line is slower than the compressor */
#define SL_LANES_MAX 32
enum sl_transport_name { SL_TRANSPORT_AUTO, SL_TRANSPORT_LIBSSH, SL_TRANSPORT_SSH };

enum sl_info {                    /* kinds of messages: --info */
    SL_INFO_BACKUP, SL_INFO_DEL, SL_INFO_FLIST, SL_INFO_NAME, SL_INFO_NONREG, SL_INFO_PROGRESS, SL_INFO_REMOVE, SL_INFO_SKIP, SL_INFO_STATS, SL_INFO_KINDS
};

enum sl_alternate_kind { SL_ALTERNATE_NONE, SL_ALTERNATE_COMPARE, SL_ALTERNATE_COPY, SL_ALTERNATE_LINK };
#define SL_ALTERNATES_MAX 20      /* rsync's limit */
struct sl_alternate_dirs {        /* --compare-dest, --copy-dest, --link-dest */
    enum sl_alternate_kind kind;
    const char *at[SL_ALTERNATES_MAX];   /* as typed; borrowed from argv */
    unsigned len;
};

struct sl_options {
    /* what is copied */
    bool recurse, links, perms, times, group, owner, devices, specials, numeric_ids;
    bool hard_links;              /* -H */
    int xattrs;                   /* count of -X */
    bool acls;                    /* -A; implies perms */
    bool atimes;                  /* -U */
    bool open_noatime;
    bool sparse;                  /* -S */
    struct sl_chmod *chmod;       /* owned; NULL: none */
    struct sl_mapping *usermap, *groupmap;   /* owned; NULL: none */
    bool chowns_user, chowns_group;   /* these are of --chown */
    bool safe_links, munge_links;
    bool copy_links, copy_dirlinks, copy_unsafe_links, keep_dirlinks;
    bool executability;           /* -E */
    bool omit_dir_times, omit_link_times;
    bool fake_super, remote_fake_super, remote_super;    /* --fake-super; of -M: --fake-super, --super */
    bool fake_source, fake_dest;  /* what follows from them */
    int super;                    /* 1: --super; -1: --no-super; 0: as the account is */
    bool dirs;                    /* -d */
    bool relative;                /* -R */
    bool implied_dirs;            /* default true */
    int one_fs;                   /* count of -x */
    bool mkpath;
    struct sl_filters *filters;   /* owned; may be empty, never NULL */
    bool from0;                   /* -0 */
    bool gitignore;
    const char *files_from;       /* NULL unless given */
    bool ignore_missing_args, delete_missing_args;
    struct sl_size_limit { bool given; uint64_t bytes; } max_size, min_size;
    struct sl_time_limit { bool given; int64_t s; } newer_than, older_than;
    bool prune_empty_dirs;        /* -m */
    int max_depth;                /* 0: none */
    /* what counts as different */
    bool update, checksum, ignore_times, size_only, existing, ignore_existing;
    bool modify_window_given;
    int modify_window;            /* seconds by which times may differ; below 0: their nanoseconds count */
    int whole_file;               /* 1: -W; -1: --no-whole-file; 0: whole between local trees only */
    struct sl_alternate_dirs alternates;
    /* deletion */
    bool del;                     /* --delete and its other names */
    bool delete_excluded, delete_after, delete_before;   /* imply it */
    bool ignore_errors;           /* it is done though the source could not be read in full */
    bool force;                   /* a directory makes way for something else, with all that is in it */
    bool allow_empty_source;
    bool max_delete_given;
    uint64_t max_delete;
    bool max_delete_percent;      /* it is a share of what the destination has */
    bool remove_source_files;
    bool fsync, delay_updates, preallocate, copy_devices, write_devices;
    const char *temp_dir;         /* NULL: none */
    bool backup;                  /* -b; what --backup-dir implies */
    const char *backup_dir;       /* NULL: beside each file */
    const char *suffix;           /* never NULL; NULL while the command line is read: not given */
    /* output */
    int verbose;                  /* count of -v */
    bool quiet, dry_run, list_only, json, stats, progress;
    uint8_t info[SL_INFO_KINDS];  /* what --info says of each: its level + 1; 0: nothing. See sl_info_level */
    bool motd;                    /* default true; --no-motd */
    int itemize;                  /* count of -i */
    int human;                    /* count of -h; -1: --no-h, not even separators */
    const char *iconv;            /* LOCAL,REMOTE; NULL: names are as they are. "-" while the command line is read */
    const char *out_format;       /* NULL unless given; borrowed from argv */
    const char *log_file;         /* NULL: none */
    const char *log_format;       /* of its lines; NULL: as usual, "": none for entries */
    char outbuf;                  /* of standard output: 'N'one, 'L'ine, 'B'lock; 0: as the C library has it */
    bool all_to_stderr;           /* --stderr=all */
    bool eight_bit;               /* -8: high bytes are not escaped */
    /* connection */
    const char *rsh;              /* -e; else $SUPERLIFTER_RSH, $RSYNC_RSH; NULL: ssh */
    const char *remote_path;      /* NULL: use the subsystem */
    const char *subsystem;        /* "superlifter" */
    enum sl_transport_name transport;
    int lanes;                    /* connections for content besides the first; 1: the first alone, 0: as it pays */
    const char *ssh_config;       /* NULL: the user's and the system's */
    const char *bind_address;     /* --address; NULL: any */
    int port;                     /* --port, 0: not given */
    int address_family;           /* AF_UNSPEC; -4, -6 */
    int timeout_s, contimeout_s;  /* 0: none given */
    int64_t stop_at;              /* when the run ends itself, seconds since 1970; 0: when it is done */
    int wait_s;                   /* how long to come again to a server that is busy; 0: not at all */
    int retries;                  /* attempts more than one, in a row without getting on */
    enum sl_client_confinement confinement;
    int compress;                 /* 0: no; -1: -z, at the usual level; or a level; SL_COMPRESS_AUTO */
    uint64_t bwlimit;             /* bytes a second that each side sends at most; 0: no limit */
    struct sl_suffixes *as_is;    /* owned: suffixes of files that are not compressed */
    bool sha256;                  /* --checksum-choice */
    bool compress_none;           /* --compress-choice=none, whatever else is said of it */
    const char *compress_choice;  /* NULL: the best that both sides have; zstd or zlib */
    bool no_resume;               /* interrupted files are not kept, and what is kept is not used */
    bool partial;                 /* -P, --partial: an interrupted file gets its name, as far as it came */
    int fuzzy;                    /* count of -y */
    char partial_dir[SL_NAME_MAX + 1];   /* in which interrupted files are kept, beside each; "" */
    bool inplace;                 /* files are written where they are; what --append and --append-verify imply */
    bool append, append_verify;   /* only files that are shorter at the destination get their rest; verify: all of them is compared */
    const char *test_mask;        /* --test-without=FEATURE[,...]: features not to offer; for tests, not in --help.
                                   * chunk-hashes: all of them are taken for the same */
    uint8_t session[SL_SESSION_LEN];   /* the token of all connections of this run; by chance, not from the command line */
    bool no_config;               /* the user's configuration was not read */
    bool reach_only;              /* of the configuration only counts how a host is reached; for completion, not in --help */
    const char *filter_test;      /* --filter-test: a file of rules; the sources are paths to be judged by them, and nothing is copied */
    const char *doctor;           /* --doctor: an address to look at; nothing is copied then */
    /* arguments */
    char **sources;               /* borrowed from argv */
    size_t source_count;
    const char *dest;             /* NULL: list */
    char *show;                   /* owned: a text that was asked for instead of a run; NULL */
};

enum sl_options_result { SL_OPTIONS_RUN, SL_OPTIONS_HELP, SL_OPTIONS_VERSION, SL_OPTIONS_SHOW, SL_OPTIONS_BAD };

/* Parses argv (getopt_long, permuting, "--" ends options; --no-OPTION turns things off as in rsync; combined short ones).
 * Applies what follows from several together: SRC and DST and none of -rlptgoD given means -a (not with -d); -P is
 * --partial --progress; --list-only or no DST lists. BAD: *err has one line naming the option and, for an option of rsync
 * that we lack, what to use instead. Never prints, never exits. */
enum sl_options_result sl_options_parse(struct sl_options *o, int argc, char **argv, struct sl_error *err);

/* The same behind what a configuration says: each is a line of it, that the command line comes after. Words are borrowed for o's life. */
struct sl_earlier {
    const char *told;             /* "FILE:LINE", for messages */
    char **words;                 /* as an argv: the first is no option; NULL-terminated, and reordered */
    int count;
    bool of_host;                 /* not for all runs */
    bool reach_only;              /* only what says how a host is reached counts */
};
struct sl_command_line { int argc; char **argv; };
enum sl_options_result sl_options_parse_behind(struct sl_options *o, const struct sl_earlier *earlier, size_t count,
                                               const struct sl_command_line *line, struct sl_error *err);
void sl_options_clear(struct sl_options *o);

/* The text of --help (from the table), and the option names one a line for completion and the manual's test; static. */
void sl_options_help(char **out);        /* fresh memory, the caller frees */

#endif

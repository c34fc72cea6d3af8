/* SPDX-License-Identifier: ISC */
/* differential_lines - what the tools print: which lines of it, and how two such texts differ; see differential.h. */
#include "tests/differential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN = 20 };

static const char *line_end(const char *p)
{
    const char *end = strchr(p, '\n');
    return end ? end : p + strlen(p);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **sorted(const char *text, size_t *count)
{
    char **lines = NULL;
    *count = 0;
    for (const char *end; *text; text = end + (*end == '\n')) {
        end = line_end(text);
        lines = realloc(lines, (*count + 1) * sizeof *lines);
        lines[(*count)++] = strndup(text, (size_t)(end - text));
    }
    if (*count)
        qsort(lines, *count, sizeof *lines, by_text);
    return lines;
}

static void free_lines(char **lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(lines[i]);
    free(lines);
}

void lines_show_difference(const char *a, const char *b)
{
    size_t n, m, i = 0, k = 0;
    char **x = sorted(a, &n), **y = sorted(b, &m);
    for (int shown = 0; (i < n || k < m) && shown < SHOWN;) {
        int order = i == n ? 1 : k == m ? -1 : strcmp(x[i], y[k]);
        if (order)
            printf("#   %s %s\n", order < 0 ? "rsync:      " : "superlifter:", order < 0 ? x[i] : y[k]);
        shown += order != 0;
        i += order <= 0;
        k += order >= 0;
    }
    free_lines(x, n);
    free_lines(y, m);
}

void lines_show(const char *front, const char *text)
{
    for (const char *p = text; *p; p = line_end(p) + (*line_end(p) == '\n'))
        printf("#   %s%.*s\n", front, (int)(line_end(p) - p), p);
}

/* A line of -i; who sends is shown by it, but not compared. */
static bool is_item(const char *line)
{
    return (strlen(line) > 11 && strchr("<>ch.", line[0]) && strchr("fdLDS", line[1]) && line[11] == ' ') ||
           strncmp(line, "*deleting", 9) == 0;
}

/* What rsync 3.5 tells only when it runs dry: of a file whose ACL and mode change the mode, and of a link or device
 * that is made anew its attributes. */
static void told_when_dry(char *line)
{
    if (strlen(line) <= 11)
        return;
    if (line[0] == 'c' && line[2] == 'c')
        line[9] = line[10] = '.';
    if (line[9] == 'a' && line[5] == 'p')
        line[5] = '.';
}

static bool begins(const char *line, const char *front)
{
    return strncmp(line, front, strlen(front)) == 0;
}

/* Takes the time out of a directory's line; false: nothing else is in it. */
static bool drop_time(char *line)
{
    if (!begins(line, ".d"))
        return true;
    line[4] = '.';
    return strspn(line + 2, ". ") < 10;
}

/* Takes attributes out of a line; false: nothing else is in it. */
static bool drop_attrs(char *line)
{
    if (strlen(line) > 11 && line[10] == 'x')
        line[10] = '.';
    return line[0] != '.' || strspn(line + 2, ". ") < 10;
}

/* With --no-super rsync tells of a directory's mode that it does not set; listed as a difference. False: of nothing else. */
static bool drop_mode(char *line, const struct options *o)
{
    if (!begins(line, ".d") || strlen(line) <= 11 || line[5] != 'p')
        return true;
    line[5] = '.';
    if (strspn(line + 2, ".") < 9)
        return true;
    memset(line + 2, ' ', 9);
    return option_given(o, "-ii");
}

/* rsync compares an ACL whose users were mapped in the order of those at the source, and tells of it again and again. */
static bool drop_mapped_acl(char *line, const struct options *o)
{
    bool maps = option_given(o, "--usermap") || option_given(o, "--groupmap") || option_given(o, "--chown");
    if (!maps || strlen(line) <= 11 || line[9] != 'a')
        return true;
    line[9] = '.';
    return line[0] != '.' || strspn(line + 2, ". ") < 9;
}

/* Whether what the line is of has several names, at the source or at either destination. */
static bool has_names(const char *line)
{
    static const char *const fronts[] = { "", "src/", "dst.a/", "dst.b/", "dst.a/src/", "dst.b/src/" };
    char name[4096], path[4200];
    struct stat st;
    snprintf(name, sizeof name, "%s", line + 12);
    char *end = strstr(name, " => "), *arrow = strstr(name, " -> ");
    *(end ? end : arrow ? arrow : name + strcspn(name, "\n")) = '\0';
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        snprintf(path, sizeof path, "%s%s", fronts[i], name);
        if (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) && st.st_nlink > 1)
            return true;
    }
    return false;
}

/* Whether at the destination it is a link that is kept: rsync tells of that. */
static bool is_kept(const char *line, const struct options *o)
{
    char path[4200];
    struct stat st;
    size_t n = strcspn(line + 12, "\n");
    snprintf(path, sizeof path, "dst.b/%s%.*s", o->slash ? "src/" : "", (int)(n && line[12 + n - 1] == '/' ? n - 1 : n), line + 12);
    return begins(line, ".d") && lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* Whether it is of a backup that is there all the same: rsync deletes the older one, and then makes the new one. */
static bool is_backed_up_again(const char *line, const struct options *o)
{
    char path[4200];
    struct stat st;
    size_t n = strcspn(line, "\n");
    snprintf(path, sizeof path, "dst.b/%s%.*s", o->slash ? "src/" : "", n > 12 ? (int)(n - 12) : 0, line + 12);
    return option_given(o, "-b") && begins(line, "*deleting ") && lstat(path, &st) == 0;
}

/* A character device that --write-devices may have written: rsync writes it each time, and nothing is written here that is there already. */
static bool is_written_device(const char *line, const struct options *o)
{
    size_t n = strlen(line);
    return option_given(o, "--write-devices") && n > 5 && line[1] == 'f' && (strcmp(line + n - 5, "pipe\n") == 0 || strcmp(line + n - 5, "null\n") == 0);
}

static bool is_compared(char *line, const struct options *o)
{
    if (is_written_device(line, o))
        return false;
    /* Where nothing comes into a destination that is not there, rsync looks for no alternate of it; with --mkpath it
     * is there by then. */
    bool is_second = option_given(o, "--existing") && begins(line, ".d          ");
    if (o->empty && (begins(line, "cd") || is_second || option_given(o, "--mkpath")) && begins(line + 11, " ./\n"))
        return false;
    if (is_backed_up_again(line, o))
        return false;
    if (option_given(o, "-K") && is_kept(line, o))
        return false;
    /* rsync tells of a file twice that it verifies and then sends as a whole. */
    if (option_given(o, "--append-verify") && begins(line, ">f") && !begins(line, ">f+"))
        memset(line + 2, '.', 9);
    /* It tells again and again of privileged attributes that a file of the destination really has, and leaves them there. */
    if (option_given(o, "--fake-super") && is_item(line) && !drop_attrs(line))
        return false;
    if (is_item(line) && !drop_mapped_acl(line, o))
        return false;
    if (option_given(o, "--no-super") && is_item(line) && !drop_mode(line, o))
        return false;
    bool untimed = o->quiet_times || (o->quiet_root && begins(line + 11, " ./\n"));
    return is_item(line) && !(o->linked && has_names(line)) && (!untimed || drop_time(line));
}

static bool is_wanted(char *line, enum lines_kind kind, const struct options *o)
{
    if (kind == LINES_ALIKE || kind == LINES_ITEMS)
        told_when_dry(line);
    if (kind == LINES_CHANGES)
        return !begins(line, "skipping ") && !begins(line, "cannot delete non-empty directory: ") &&
               !strstr(line, "-dest arg does not exist: ");
    line[0] = kind == LINES_ITEMS && line[0] == '<' ? '>' : line[0];
    return kind != LINES_ITEMS || is_compared(line, o);
}

void lines_add(const char *path, enum lines_kind kind, const struct options *o, struct text *out)
{
    char **lines = NULL, *line = NULL;
    size_t count = 0, room = 0;
    FILE *f = fopen(path, "r");
    while (f && getline(&line, &room, f) > 0)
        if (is_wanted(line, kind, o)) {
            lines = realloc(lines, (count + 1) * sizeof *lines);
            lines[count++] = strdup(line);
        }
    if (f)
        fclose(f);
    if (count)
        qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++)
        if (kind != LINES_ITEMS || i + 1 == count || strcmp(lines[i], lines[i + 1]) != 0)
            text_add(out, "%s%s", kind == LINES_ALIKE ? "| " : "", lines[i]);
    free_lines(lines, count);
    free(line);
}

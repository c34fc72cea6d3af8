/* SPDX-License-Identifier: ISC */
/* ssh_prompt - see ssh_prompt.h. It runs in the transport's own process only. */
#include "config.h"
#include "client/ssh_prompt.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ASKPASS_USUAL "/usr/bin/ssh-askpass"

static bool requires(const char *word)
{
    const char *value = getenv("SSH_ASKPASS_REQUIRE");
    return value && strcmp(value, word) == 0;
}

static bool has_display(void)
{
    const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    return (x && *x) || (wayland && *wayland);
}

static int open_terminal(void)
{
    return requires("force") || (requires("prefer") && has_display()) ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static bool has_askpass(void)
{
    return !requires("never") && (requires("force") || has_display());
}

bool sl_prompt_possible(void)
{
    int fd = open_terminal();
    bool possible = fd >= 0 || has_askpass();
    sl_io_close(&fd);
    return possible;
}

/* ---- the terminal ---- */

static int terminal = -1;            /* with its echo off; for the signals that end this process meanwhile */
static struct termios before;

static void restore_and_end(int signo)
{
    tcsetattr(terminal, TCSAFLUSH, &before);
    signal(signo, SIG_DFL);
    raise(signo);
}

static void hide(int fd)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    struct termios quiet;
    if (tcgetattr(fd, &before) != 0)
        return;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    terminal = fd;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        signal(ends[i], restore_and_end);
    tcsetattr(fd, TCSAFLUSH, &quiet);
}

static void show(int fd)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    if (terminal < 0)
        return;
    tcsetattr(fd, TCSAFLUSH, &before);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        signal(ends[i], SIG_DFL);
    terminal = -1;
    (void)!write(fd, "\n", 1);
}

static bool read_line(int fd, char *answer, size_t size)
{
    size_t n = 0;
    char c = '\0';
    ssize_t got;
    while ((got = read(fd, &c, 1)) == 1 && c != '\n')
        if (n + 1 < size)
            answer[n++] = c;
    answer[n] = '\0';
    return got == 1 || n;
}

static bool ask_terminal(int fd, enum sl_prompt_kind kind, const char *question, char *answer, size_t size)
{
    (void)!write(fd, question, strlen(question));
    if (kind == SL_PROMPT_SECRET)
        hide(fd);
    bool answered = read_line(fd, answer, size);
    show(fd);
    return answered;
}

/* ---- SSH_ASKPASS ---- */

static bool ask_program(const char *question, char *answer, size_t size)
{
    const char *named = getenv("SSH_ASKPASS");
    char *const argv[] = { (char *)(named && *named ? named : ASKPASS_USUAL), (char *)question, NULL };
    struct sl_capture c;
    struct sl_buf out = { 0 };
    struct sl_error err;
    int status = -1;
    bool answered = sl_capture_start(&c, argv, SL_CAPTURE_ERRORS_APART, &err) == SL_OK &&
                    sl_capture_end(&c, 0, &out, &status) == SL_OK && status == 0;
    if (answered) {
        const char *text = sl_buf_len(&out) ? (const char *)sl_buf_ptr(&out) : "";
        size_t n = 0;
        while (n < sl_buf_len(&out) && text[n] != '\n' && text[n] != '\r')
            n++;
        snprintf(answer, size, "%.*s", (int)n, text);
        if (sl_buf_len(&out))
            explicit_bzero(sl_buf_ptr(&out), sl_buf_len(&out));
    }
    sl_buf_clear(&out);
    return answered;
}

bool sl_prompt(enum sl_prompt_kind kind, const char *question, char *answer, size_t size)
{
    int fd = open_terminal();
    bool answered = false;
    if (fd >= 0)
        answered = ask_terminal(fd, kind, question, answer, size);
    else if (has_askpass())
        answered = ask_program(question, answer, size);
    sl_io_close(&fd);
    return answered;
}

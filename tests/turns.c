/* SPDX-License-Identifier: ISC */
/*
 * turns - how often a run waits for the other side: turns FILE COMMAND [ARGUMENT...] runs COMMAND with its standard input and output passed through.
 * What COMMAND says is held back until nothing has come from the other side for 20 ms, and each time that it is let go is a turn. Their number is in
 * FILE.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUIET_MS = 20, PIECE = 65536 };

static void all(int fd, const char *data, size_t n)
{
    for (ssize_t k; n; data += k, n -= (size_t)k)
        if ((k = write(fd, data, n)) < 0)
            exit(1);
}

/* Reads what there is behind *n bytes. Whether more may come. */
static bool more(int fd, char **data, size_t *n)
{
    *data = realloc(*data, *n + PIECE);
    ssize_t k = *data ? read(fd, *data + *n, PIECE) : -1;
    *n += k > 0 ? (size_t)k : 0;
    return k > 0;
}

static void tell(FILE *f, unsigned turns)
{
    rewind(f);
    if (fprintf(f, "%u\n", turns) < 0 || fflush(f) != 0)
        exit(1);
}

/* Passes on until COMMAND has said its last. */
static void pass(int to, int from, FILE *f)
{
    unsigned turns = 0;
    char *in = NULL, *held = NULL;
    size_t in_len = 0, held_len = 0;
    struct pollfd fds[2] = { { .fd = 0, .events = POLLIN }, { .fd = from, .events = POLLIN } };
    while (fds[1].fd >= 0 || held_len) {
        int rc = poll(fds, 2, held_len ? QUIET_MS : -1);
        if (rc < 0 && errno != EINTR)
            exit(1);
        if (rc > 0 && fds[1].revents && !more(from, &held, &held_len))
            fds[1].fd = -1;
        if (rc > 0 && fds[0].revents && !more(0, &in, &in_len)) {
            fds[0].fd = -1;
            close(to);
        }
        if (in_len)
            all(to, in, in_len);
        if (held_len && !in_len && (rc == 0 || fds[0].fd < 0 || fds[1].fd < 0)) {
            tell(f, ++turns);
            all(1, held, held_len);
            held_len = 0;
        }
        in_len = 0;
    }
    free(in);
    free(held);
}

int main(int argc, char **argv)
{
    int to[2], from[2];
    FILE *f = argc < 3 ? NULL : fopen(argv[1], "w");
    if (!f || pipe(to) != 0 || pipe(from) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        if (dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0)
            _exit(1);
        close(to[0]), close(to[1]), close(from[0]), close(from[1]);
        execvp(argv[2], argv + 2);
        _exit(1);
    }
    close(to[0]), close(from[1]);
    pass(to[1], from[0], f);
    waitpid(pid, NULL, 0);
    return 0;
}

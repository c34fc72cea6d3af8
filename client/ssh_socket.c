/* SPDX-License-Identifier: ISC */
/* ssh_socket - see ssh_socket.h. */
#include "config.h"
#include "client/ssh_socket.h"
#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* While it binds, ssh puts a dot and 16 letters behind the name. */
enum { BINDING = 17, REMOVALS = 200, REMOVAL_NAP_MS = 5 };

static const char below[] = "/superlifter-XXXXXX", name[] = "/s";

_Static_assert(sizeof((struct sockaddr_un *)0)->sun_path == SL_SSH_SOCKET_MAX, "the room for a socket's path");

bool sl_ssh_socket_lives(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    if (!*path || strlen(path) >= sizeof at.sun_path)
        return false;
    memcpy(at.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* EAGAIN: one that has much to do, and a full queue. */
    bool lives = fd >= 0 && (connect(fd, (struct sockaddr *)&at, sizeof at) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return lives;
}

static enum sl_code make_in(const char *place, char *path, struct sl_error *err)
{
    char dir[SL_SSH_SOCKET_MAX];
    /* ssh takes ${...} for a variable, and there is no way to tell it that none is meant. */
    if (*place != '/' || strstr(place, "${"))
        return sl_fail(err, SL_E_NAME, "'%s' is no place for a control socket", place);
    if (strlen(place) + strlen(below) + strlen(name) + BINDING >= SL_SSH_SOCKET_MAX)
        return sl_fail(err, SL_E_NAME, "'%s' is too long for the path of a control socket", place);
    snprintf(dir, sizeof dir, "%s%s", place, below);
    if (!mkdtemp(dir))
        return sl_fail_errno(err, errno, "cannot make a directory in '%s'", place);
    snprintf(path, SL_SSH_SOCKET_MAX, "%.*s%s", (int)(SL_SSH_SOCKET_MAX - sizeof name), dir, name);
    return SL_OK;
}

enum sl_code sl_ssh_socket_make(char path[SL_SSH_SOCKET_MAX], struct sl_error *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *temporary = getenv("TMPDIR");
    if (runtime && *runtime && make_in(runtime, path, err) == SL_OK)
        return SL_OK;
    return make_in(temporary && *temporary ? temporary : "/tmp", path, err);
}

/* The socket, or what ssh calls it while it binds. */
static bool is_socket(const char *entry)
{
    size_t n = sizeof name - 2;
    return strncmp(entry, name + 1, n) == 0 && (entry[n] == '\0' || entry[n] == '.');
}

/* Others may have put something else in its place meanwhile: a link, a directory of theirs. False: so it is. */
static bool empty(const char *dir)
{
    struct stat st;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() ? fdopendir(fd) : NULL;
    if (!d) {
        sl_io_close(&fd);
        return false;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (is_socket(e->d_name))
            unlinkat(fd, e->d_name, 0);
    closedir(d);
    return true;
}

void sl_ssh_socket_remove(const char *path)
{
    char dir[SL_SSH_SOCKET_MAX];
    snprintf(dir, sizeof dir, "%.*s", (int)(strlen(path) - strlen(name)), path);
    for (int i = 0; i < REMOVALS; i++) {
        if (!empty(dir) || rmdir(dir) == 0 || (errno != ENOTEMPTY && errno != EEXIST))
            return;
        poll(NULL, 0, REMOVAL_NAP_MS);
    }
}
